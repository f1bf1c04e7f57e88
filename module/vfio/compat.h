/* SPDX-License-Identifier: GPL-2.0-only */
/* Where the kernels' VFIO differs, for drivers on vfio_pci_core. */
#ifndef BINDERY_VFIO_COMPAT_H
#define BINDERY_VFIO_COMPAT_H

#include <linux/vfio.h>
#include <linux/vfio_pci_core.h>
#ifdef BINDERY_HAVE_VFIO_BIND_IOMMUFD
#include <linux/iommufd.h>
#endif

#ifdef BINDERY_HAVE_VFIO_REGION_INFO
#define VFIO_OPS_REGION_INFO						\
	.get_region_info_caps = vfio_pci_ioctl_get_region_info,
#else
#define VFIO_OPS_REGION_INFO
#endif

#ifdef BINDERY_HAVE_VFIO_MATCH_TOKEN
#define VFIO_OPS_MATCH_TOKEN						\
	.match_token_uuid = vfio_pci_core_match_token_uuid,
#else
#define VFIO_OPS_MATCH_TOKEN
#endif

#ifdef BINDERY_HAVE_VFIO_BIND_IOMMUFD
#define VFIO_OPS_IOMMUFD						\
	.bind_iommufd = vfio_iommufd_physical_bind,			\
	.unbind_iommufd = vfio_iommufd_physical_unbind,			\
	.attach_ioas = vfio_iommufd_physical_attach_ioas,
#else
#define VFIO_OPS_IOMMUFD
#endif

#ifdef BINDERY_HAVE_VFIO_DETACH_IOAS
#define VFIO_OPS_DETACH							\
	.detach_ioas = vfio_iommufd_physical_detach_ioas,
#else
#define VFIO_OPS_DETACH
#endif

#ifdef BINDERY_HAVE_VFIO_PASID
#define VFIO_OPS_PASID							\
	.pasid_attach_ioas = vfio_iommufd_physical_pasid_attach_ioas,	\
	.pasid_detach_ioas = vfio_iommufd_physical_pasid_detach_ioas,
#else
#define VFIO_OPS_PASID
#endif

/* All that vfio_pci_core offers, but for opening and closing. */
#define VFIO_OPS_OF_CORE						\
	.init = vfio_pci_core_init_dev,					\
	.release = vfio_pci_core_release_dev,				\
	.ioctl = vfio_pci_core_ioctl,					\
	.device_feature = vfio_pci_core_ioctl_feature,			\
	.read = vfio_pci_core_read,					\
	.write = vfio_pci_core_write,					\
	.mmap = vfio_pci_core_mmap,					\
	.request = vfio_pci_core_request,				\
	VFIO_OPS_REGION_INFO						\
	VFIO_OPS_MATCH_TOKEN						\
	VFIO_OPS_IOMMUFD						\
	VFIO_OPS_DETACH							\
	VFIO_OPS_PASID

/* What a PCI device can do beyond that, before it is registered. */
static inline void vfio_compat_prepare(struct vfio_pci_core_device *vdev)
{
#ifdef BINDERY_HAVE_VFIO_PCI_OPS
	static const struct vfio_pci_device_ops pci_ops = {
		.get_dmabuf_phys = vfio_pci_core_get_dmabuf_phys,
	};

	vdev->pci_ops = &pci_ops;
#endif
}

#endif
