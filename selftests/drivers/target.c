// SPDX-License-Identifier: GPL-2.0-only
/*
 * A VFIO driver for any device, on vfio_pci_core, whose probe does as a test
 * says. It has no alias, so that nothing ever chooses it by itself.
 */
#include <linux/vfio.h>
#include <linux/vfio_pci_core.h>
#ifdef TEST_HAVE_BIND_IOMMUFD
#include <linux/iommufd.h>
#endif

#include "knobs.h"
#include "target.h"

/* Take the device and make no VFIO device of it. */
static struct knob silent;
module_param_cb(silent, &knob_ops, &silent, 0644);

static int target_open_device(struct vfio_device *core)
{
	struct vfio_pci_core_device *vdev =
		container_of(core, struct vfio_pci_core_device, vdev);
	int ret;

	ret = vfio_pci_core_enable(vdev);
	if (!ret)
		vfio_pci_core_finish_enable(vdev);
	return ret;
}

static const struct vfio_device_ops target_ops = {
	.name = "bindery_test_target",
	.init = vfio_pci_core_init_dev,
	.release = vfio_pci_core_release_dev,
	.open_device = target_open_device,
	.close_device = vfio_pci_core_close_device,
	.ioctl = vfio_pci_core_ioctl,
	.device_feature = vfio_pci_core_ioctl_feature,
	.read = vfio_pci_core_read,
	.write = vfio_pci_core_write,
	.mmap = vfio_pci_core_mmap,
	.request = vfio_pci_core_request,
	.match = vfio_pci_core_match,
#ifdef TEST_HAVE_REGION_INFO
	.get_region_info_caps = vfio_pci_ioctl_get_region_info,
#endif
#ifdef TEST_HAVE_MATCH_TOKEN
	.match_token_uuid = vfio_pci_core_match_token_uuid,
#endif
#ifdef TEST_HAVE_BIND_IOMMUFD
	.bind_iommufd = vfio_iommufd_physical_bind,
	.unbind_iommufd = vfio_iommufd_physical_unbind,
	.attach_ioas = vfio_iommufd_physical_attach_ioas,
#endif
#ifdef TEST_HAVE_DETACH_IOAS
	.detach_ioas = vfio_iommufd_physical_detach_ioas,
#endif
};

static int target_probe(struct pci_dev *pdev, const struct pci_device_id *id)
{
	struct vfio_pci_core_device *vdev;
	int ret;

	ret = knobs_probe(&pdev->dev);
	if (ret || knob_names(&silent, &pdev->dev))
		return ret;
	vdev = vfio_alloc_device(vfio_pci_core_device, vdev, &pdev->dev,
				 &target_ops);
	if (IS_ERR(vdev))
		return PTR_ERR(vdev);
	dev_set_drvdata(&pdev->dev, vdev);
	ret = vfio_pci_core_register_device(vdev);
	if (ret)
		vfio_put_device(&vdev->vdev);
	return ret;
}

static void target_remove(struct pci_dev *pdev)
{
	struct vfio_pci_core_device *vdev = dev_get_drvdata(&pdev->dev);

	knobs_remove(&pdev->dev);
	if (!vdev)
		return;
	vfio_pci_core_unregister_device(vdev);
	vfio_put_device(&vdev->vdev);
}

static const struct pci_device_id target_ids[] = {
	{ PCI_DRIVER_OVERRIDE_DEVICE_VFIO(PCI_ANY_ID, PCI_ANY_ID) },
	{}
};

static struct pci_driver target_driver = {
	.name = "bindery_test_target",
	.id_table = target_ids,
	.probe = target_probe,
	.remove = target_remove,
	.err_handler = &vfio_pci_core_err_handlers,
	.driver_managed_dma = true,
};

static int __init target_init(void)
{
	int ret = pci_register_driver(&target_driver);

	if (ret)
		return ret;
	ret = pci_register_driver(&other_driver);
	if (ret)
		pci_unregister_driver(&target_driver);
	return ret;
}

static void __exit target_exit(void)
{
	pci_unregister_driver(&other_driver);
	pci_unregister_driver(&target_driver);
	knobs_exit();
}

module_init(target_init);
module_exit(target_exit);

MODULE_DESCRIPTION("VFIO drivers that can be told to fail, for the tests of bindery");
MODULE_AUTHOR("The bindery authors");
MODULE_LICENSE("GPL");
