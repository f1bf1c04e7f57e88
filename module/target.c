// SPDX-License-Identifier: GPL-2.0-only
/* Drivers, by name: looked at, pinned, loaded. */
#include <linux/kmod.h>
#include <linux/module.h>
#include <linux/slab.h>

#include "bindery_private.h"

struct bindery_target *bindery_target_new(const char *name, const char *module)
{
	struct bindery_target *target;

	target = kzalloc(sizeof(*target), GFP_KERNEL_ACCOUNT);
	if (!target)
		return NULL;
	kref_init(&target->ref);
	strscpy(target->name, name, sizeof(target->name));
	strscpy(target->module, module, sizeof(target->module));
	return target;
}

static void target_free(struct kref *ref)
{
	struct bindery_target *target =
		container_of(ref, struct bindery_target, ref);

	if (target->drv)
		bindery_driver_put(target->drv);
	kfree(target);
}

void bindery_target_get(struct bindery_target *target)
{
	kref_get(&target->ref);
}

void bindery_target_put(struct bindery_target *target)
{
	if (target)
		kref_put(&target->ref, target_free);
}

static bool id_is_for_device(const struct pci_device_id *id,
			     const struct pci_dev *pdev)
{
	return (id->vendor == PCI_ANY_ID || id->vendor == pdev->vendor) &&
	       (id->device == PCI_ANY_ID || id->device == pdev->device) &&
	       (id->subvendor == PCI_ANY_ID ||
		id->subvendor == pdev->subsystem_vendor) &&
	       (id->subdevice == PCI_ANY_ID ||
		id->subdevice == pdev->subsystem_device) &&
	       !((id->class ^ pdev->class) & id->class_mask);
}

struct look {
	const char *name;
	struct pci_dev *pdev;
	u32 blocker;
};

/*
 * An override alone makes any driver match any device, and pci-stub leaves DMA
 * alone too: a VFIO driver is one whose table says so, for this device.
 */
static int look_at_driver(struct device_driver *driver, void *data)
{
	struct pci_driver *drv = to_pci_driver(driver);
	const struct pci_device_id *id = drv->id_table;
	struct look *look = data;

	if (strcmp(driver->name, look->name))
		return 0;
	look->blocker = BINDERY_ERROR_TARGET_NOT_VFIO;
	if (!drv->driver_managed_dma || !id)
		return 1;
	for (; id->vendor || id->subvendor || id->class_mask; id++) {
		if (!(id->override_only & PCI_ID_F_VFIO_DRIVER_OVERRIDE))
			continue;
		look->blocker = BINDERY_ERROR_TARGET_MISMATCH;
		if (id_is_for_device(id, look->pdev)) {
			look->blocker = BINDERY_ERROR_NONE;
			break;
		}
	}
	return 1;
}

/*
 * Why this driver cannot be the device's target; NO_TARGET: is not there. Does
 * not sleep.
 */
u32 bindery_target_blocker(const char *name, struct pci_dev *pdev)
{
	struct look look = {
		.name = name,
		.pdev = pdev,
		.blocker = BINDERY_ERROR_NO_TARGET,
	};

	bus_for_each_drv(&pci_bus_type, NULL, &look, look_at_driver);
	return look.blocker;
}

static int is_ordinary_driver(struct device_driver *drv, void *data)
{
	return drv == data && !to_pci_driver(drv)->driver_managed_dma;
}

/*
 * The device is on a driver that does DMA of its own. Takes no device_lock,
 * which would disturb whoever resets it just now; looking the driver up by
 * its address keeps it there while we look at it.
 */
bool bindery_device_is_ordinary(struct device *dev)
{
	struct device_driver *drv = READ_ONCE(dev->driver);

	if (!drv || !dev_is_pci(dev))
		return drv;
	return bus_for_each_drv(&pci_bus_type, NULL, drv, is_ordinary_driver);
}

static int is_pf_of_vfio(struct device *dev, void *pf)
{
	return dev == pf && READ_ONCE(dev->driver) &&
	       !bindery_device_is_ordinary(dev);
}

/*
 * Its PF's VFIO user made it, and vfio-pci keeps others from it. A VF that was
 * removed still points to its PF, which may be gone: only the iterator knows
 * that it is not.
 */
bool bindery_device_is_vf_of_vfio(struct device *dev)
{
	struct pci_dev *vf;

	if (!dev_is_pci(dev))
		return false;
	vf = to_pci_dev(dev);
	return bindery_pci_is_vf(vf) &&
	       bus_for_each_dev(&pci_bus_type, NULL, &vf->physfn->dev,
				is_pf_of_vfio);
}

struct find {
	const char *name;
	struct device_driver *drv;
};

/*
 * The iterator holds the driver's node, and unregistering waits for that: the
 * module cannot go away between the look at its name and the reference.
 */
static int pin_driver(struct device_driver *drv, void *data)
{
	struct find *find = data;

	if (strcmp(drv->name, find->name))
		return 0;
	if (try_module_get(drv->owner))
		find->drv = drv;
	return 1;
}

/* The driver of that name with a reference to its module, or NULL. */
struct device_driver *bindery_driver_get(const char *name)
{
	struct find find = { .name = name };

	bus_for_each_drv(&pci_bus_type, NULL, &find, pin_driver);
	return find.drv;
}

void bindery_driver_put(struct device_driver *drv)
{
	module_put(drv->owner);
}

/* Pin a target for as long as it lives; load its module if need be, and may. */
int bindery_target_pin(struct bindery_target *target, bool load)
{
	if (!target->drv)
		target->drv = bindery_driver_get(target->name);
	if (target->drv)
		return 0;
	if (!load)
		return -ENOENT;
	request_module("%s", target->module);
	target->drv = bindery_driver_get(target->name);
	return target->drv ? 0 : -ENOENT;
}
