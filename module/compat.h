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

#endif
