// SPDX-License-Identifier: GPL-2.0-only
/*
 * A reference to a VFIO device, as who has opened the device's own node holds
 * one until it is bound to an iommufd, on kernels without such nodes too.
 */
#include <linux/completion.h>
#include <linux/module.h>
#include <linux/string.h>
#include <linux/vfio_pci_core.h>

#include "target.h"

static struct vfio_device *opened;

/* What vfio_device_put_registration() does, which is not exported. */
static void close_it(void)
{
	if (opened && refcount_dec_and_test(&opened->refcount))
		complete(&opened->comp);
	opened = NULL;
}

static int open_it(struct device *dev)
{
	struct vfio_pci_core_device *core;
	int ret = -ENODEV;

	device_lock(dev);
	if (dev->driver == &target_driver.driver) {
		core = dev_get_drvdata(dev);
		opened = &core->vdev;
		refcount_inc(&opened->refcount);
		ret = 0;
	}
	device_unlock(dev);
	return ret;
}

/* A device that the target driver is on, or an empty line. */
static int opened_set(const char *value, const struct kernel_param *kp)
{
	char name[32];
	struct device *dev;
	int ret;

	strscpy(name, value, sizeof(name));
	close_it();
	if (!*strim(name))
		return 0;
	dev = bus_find_device_by_name(&pci_bus_type, NULL, strim(name));
	if (!dev)
		return -ENOENT;
	ret = open_it(dev);
	put_device(dev);
	return ret;
}

static const struct kernel_param_ops opened_ops = {
	.set = opened_set,
};

module_param_cb(opened, &opened_ops, NULL, 0200);
