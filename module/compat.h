/* SPDX-License-Identifier: GPL-2.0-only */
/* With compat.c the only place where kernels differ. */
#ifndef BINDERY_COMPAT_H
#define BINDERY_COMPAT_H

#include <linux/device.h>
#include <linux/dma-map-ops.h>
#include <linux/pci.h>
#include <linux/pm_runtime.h>
#include <net/genetlink.h>

#include <linux/bindery.h>

/*
 * The override's string may be read and replaced between lock and unlock,
 * under device_lock; nothing in between may sleep.
 */
#ifdef BINDERY_HAVE_PCI_OVERRIDE
static inline void bindery_override_lock(struct device *dev)
{
	device_lock_assert(dev);
}

static inline void bindery_override_unlock(struct device *dev)
{
	device_lock_assert(dev);
}

static inline const char **bindery_override_string(struct device *dev)
{
	return &to_pci_dev(dev)->driver_override;
}
#else
static inline void bindery_override_lock(struct device *dev)
	__acquires(&dev->driver_override.lock)
{
	device_lock_assert(dev);
	spin_lock(&dev->driver_override.lock);
}

static inline void bindery_override_unlock(struct device *dev)
	__releases(&dev->driver_override.lock)
{
	spin_unlock(&dev->driver_override.lock);
}

static inline const char **bindery_override_string(struct device *dev)
{
	lockdep_assert_held(&dev->driver_override.lock);
	return &dev->driver_override.name;
}
#endif

void bindery_override_free(const char *old);
void bindery_override_exit(void);

static inline bool bindery_runtime_auto(struct device *dev)
{
#ifdef CONFIG_PM
	return dev->power.runtime_auto;
#else
	return true;
#endif
}

/*
 * The IOMMU decides at a device's arrival, by the domain that its group is in
 * just then, whether its DMA API serves the device, and does not look again. One
 * that came while a VFIO user or a fence had the group would use addresses that
 * its group does not map. Under device_lock, before its driver is bound.
 */
static inline void bindery_dma_as(struct device *dev, struct device *neighbour)
{
	device_lock_assert(dev);
#if defined(BINDERY_HAVE_DMA_IOMMU_FLAG)
	if (dev_dma_iommu(neighbour))
		dev_set_dma_iommu(dev);
#elif defined(BINDERY_HAVE_DMA_IOMMU)
	if (neighbour->dma_iommu)
		dev->dma_iommu = true;
#else
	if (!dev->dma_ops)
		set_dma_ops(dev, neighbour->dma_ops);
#endif
}

/* What a dump was asked for, by the numbers of attributes. */
static inline struct nlattr **bindery_dump_attrs(struct netlink_callback *cb)
{
#ifdef BINDERY_HAVE_GENL_INFO_DUMP
	return genl_info_dump(cb)->attrs;
#else
	return genl_dumpit_info(cb)->attrs;
#endif
}

/* VFIO_GROUP is an option since 6.2, with IOMMUFD; before, always on. */
static inline u32 bindery_kernel_facts(void)
{
	u32 facts = 0;

	if (IS_ENABLED(CONFIG_VFIO_GROUP) || !IS_ENABLED(CONFIG_IOMMUFD))
		facts |= BINDERY_KERNEL_VFIO_GROUP;
	if (IS_ENABLED(CONFIG_VFIO_DEVICE_CDEV))
		facts |= BINDERY_KERNEL_VFIO_CDEV;
	return facts;
}

/* Where VFIO differs, for drivers on vfio_pci_core. */
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
#ifdef BINDERY_HAVE_VFIO_PCI_OPS
#define VFIO_PREPARE(vdev) do {						\
	static const struct vfio_pci_device_ops vfio_pci_ops = {	\
		.get_dmabuf_phys = vfio_pci_core_get_dmabuf_phys,	\
	};								\
									\
	(vdev)->pci_ops = &vfio_pci_ops;				\
} while (0)
#else
#define VFIO_PREPARE(vdev)	do { } while (0)
#endif

#endif
