// SPDX-License-Identifier: GPL-2.0-only
/*
 * A VFIO driver whose devices cannot be unbound through sysfs, and that tells
 * bindery.ko when they are opened and closed. Everything else is vfio_pci_core.
 */
#include <linux/module.h>
#include <linux/pci.h>
#include <linux/vfio_pci_core.h>

#include "../compat.h"
#include "../seal.h"

static bool enable_sriov;
#ifdef CONFIG_PCI_IOV
module_param(enable_sriov, bool, 0644);
MODULE_PARM_DESC(enable_sriov, "Let VFs be enabled, as vfio-pci's parameter does");
#endif

struct sealed_device {
	struct vfio_pci_core_device core;
	struct bindery_seal seal;
	const struct bindery_seal_ops *ops;	/* pinned while it is open */
};

static struct sealed_device *of(struct vfio_device *vdev)
{
	return container_of(vdev, struct sealed_device, core.vdev);
}

/* bindery.ko, pinned; NULL: it is not loaded, and nobody has a claim. */
static const struct bindery_seal_ops *get_bindery(void)
{
	return symbol_get(bindery_seal_ops);
}

static void put_bindery(void)
{
	symbol_put(bindery_seal_ops);
}

static void leave(struct sealed_device *sealed)
{
	if (!sealed->ops)
		return;
	sealed->ops->close(&sealed->seal);
	sealed->ops = NULL;
	put_bindery();
}

/* The first file of a device, by its group or its own node. */
static int sealed_open_device(struct vfio_device *vdev)
{
	struct sealed_device *sealed = of(vdev);
	const struct bindery_seal_ops *ops = get_bindery();
	int ret = ops ? ops->open(&sealed->seal) : 0;

	if (ret) {
		put_bindery();
		return ret;
	}
	sealed->ops = ops;
	ret = vfio_pci_core_enable(&sealed->core);
	if (ret) {
		leave(sealed);
		return ret;
	}
	vfio_pci_core_finish_enable(&sealed->core);
	if (ops)
		ops->opened(&sealed->seal);
	return 0;
}

/* Its last file; whoever owns the group's DMA lets go of it a moment later. */
static void sealed_close_device(struct vfio_device *vdev)
{
	vfio_pci_core_close_device(vdev);
	leave(of(vdev));
}

/*
 * Each time a file is asked for by a group's: the only thing that VFIO has the
 * driver do when it gives another file of a device that is open already.
 */
static int sealed_match(struct vfio_device *vdev, char *buf)
{
	const struct bindery_seal_ops *ops;
	int ret = vfio_pci_core_match(vdev, buf);
	int err;

	if (ret <= 0)
		return ret;
	ops = get_bindery();
	if (!ops)
		return ret;
	err = ops->ask(&of(vdev)->seal);
	put_bindery();
	return err ?: ret;
}

/* vfio_pci_core has VFs bound to the driver that their PF's calls itself. */
static const struct vfio_device_ops sealed_ops = {
	.name = BINDERY_VFIO,
	.open_device = sealed_open_device,
	.close_device = sealed_close_device,
	.match = sealed_match,
	VFIO_OPS_OF_CORE
};

static int sealed_probe(struct pci_dev *pdev, const struct pci_device_id *id)
{
	struct sealed_device *sealed;
	int ret;

	if (bindery_seal_is_denied(pdev)) {
		pci_warn(pdev, "vfio-pci denies this device, and so do I\n");
		return -EINVAL;
	}
	sealed = vfio_alloc_device(sealed_device, core.vdev, &pdev->dev,
				   &sealed_ops);
	if (IS_ERR(sealed))
		return PTR_ERR(sealed);
	sealed->seal.pdev = pdev;
	sealed->seal.files = &sealed->core.vdev.open_count;
	INIT_LIST_HEAD(&sealed->seal.node);
	VFIO_PREPARE(&sealed->core);
	dev_set_drvdata(&pdev->dev, &sealed->core);
	ret = vfio_pci_core_register_device(&sealed->core);
	if (ret)
		vfio_put_device(&sealed->core.vdev);
	return ret;
}

static void sealed_remove(struct pci_dev *pdev)
{
	struct vfio_pci_core_device *core = dev_get_drvdata(&pdev->dev);

	vfio_pci_core_unregister_device(core);
	vfio_put_device(&core->vdev);
}

static int sealed_sriov_configure(struct pci_dev *pdev, int num_vfs)
{
	if (!enable_sriov)
		return -ENOENT;
	return vfio_pci_core_sriov_configure(dev_get_drvdata(&pdev->dev),
					     num_vfs);
}

/* No alias: nothing is to choose this driver unless it is named. */
static const struct pci_device_id sealed_ids[] = {
	{ PCI_DRIVER_OVERRIDE_DEVICE_VFIO(PCI_ANY_ID, PCI_ANY_ID) },
	{}
};

static struct pci_driver sealed_driver = {
	.name = BINDERY_VFIO,
	.id_table = sealed_ids,
	.probe = sealed_probe,
	.remove = sealed_remove,
	.sriov_configure = sealed_sriov_configure,
	.err_handler = &vfio_pci_core_err_handlers,
	.driver_managed_dma = true,
	.driver = {
		.suppress_bind_attrs = true,
	},
};
module_pci_driver(sealed_driver);

MODULE_DESCRIPTION("VFIO driver of claims that cannot be broken");
MODULE_AUTHOR("The bindery authors");
MODULE_LICENSE("GPL");
MODULE_VERSION(BINDERY_VERSION);
