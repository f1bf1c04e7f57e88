/* SPDX-License-Identifier: GPL-2.0-only */
/* What a VFIO driver on vfio_pci_core has to have, and no more. */
#ifndef VFIO_OPS_H
#define VFIO_OPS_H

#include <linux/vfio.h>
#include <linux/vfio_pci_core.h>
#ifdef TEST_HAVE_BIND_IOMMUFD
#include <linux/iommufd.h>
#endif

static int vfio_ops_open_device(struct vfio_device *core)
{
	struct vfio_pci_core_device *vdev =
		container_of(core, struct vfio_pci_core_device, vdev);
	int ret;

	ret = vfio_pci_core_enable(vdev);
	if (!ret)
		vfio_pci_core_finish_enable(vdev);
	return ret;
}

static const struct vfio_device_ops vfio_ops = {
	.name = KBUILD_MODNAME,
	.init = vfio_pci_core_init_dev,
	.release = vfio_pci_core_release_dev,
	.open_device = vfio_ops_open_device,
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

static inline int vfio_ops_register(struct pci_dev *pdev)
{
	struct vfio_pci_core_device *vdev;
	int ret;

	vdev = vfio_alloc_device(vfio_pci_core_device, vdev, &pdev->dev,
				 &vfio_ops);
	if (IS_ERR(vdev))
		return PTR_ERR(vdev);
	dev_set_drvdata(&pdev->dev, vdev);
	ret = vfio_pci_core_register_device(vdev);
	if (ret)
		vfio_put_device(&vdev->vdev);
	return ret;
}

static inline void vfio_ops_unregister(struct pci_dev *pdev)
{
	struct vfio_pci_core_device *vdev = dev_get_drvdata(&pdev->dev);

	if (!vdev)
		return;
	vfio_pci_core_unregister_device(vdev);
	vfio_put_device(&vdev->vdev);
}

#endif
