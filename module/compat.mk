# SPDX-License-Identifier: GPL-2.0-only
# What the kernel's headers declare, asked by compiling, never by version.

ifeq ($(wildcard $(srctree)/include/linux/cleanup.h),)
$(error bindery needs <linux/cleanup.h>: Linux 6.1.59, 6.5 or newer)
endif
ifeq ($(shell grep -s GENL_MCAST_CAP_SYS_ADMIN \
	$(srctree)/include/net/genetlink.h),)
$(error bindery needs GENL_MCAST_CAP_SYS_ADMIN: Linux 6.1.68, 6.6.7 or newer)
endif

# $(call bindery-probe,FLAG,HEADER,EXPRESSION): -DFLAG if it compiles
bindery-probe = $(shell echo '$(pound)include <$(2)>\nint probe = $(3);' | \
	sed 's/\\n/\n/' | $(CC) $(NOSTDINC_FLAGS) $(LINUXINCLUDE) \
	$(KBUILD_CPPFLAGS) $(KBUILD_CFLAGS) $(KBUILD_CFLAGS_MODULE) \
	-DKBUILD_MODNAME='"probe"' -fsyntax-only -x c - >/dev/null 2>&1 && \
	echo -D$(1))

# struct pci_dev has its own driver_override, under device_lock. Gone with
# "PCI: use generic driver_override infrastructure" (10a4206a2401), which
# stable kernels have too, so that no version number tells.
ccflags-y += $(call bindery-probe,BINDERY_HAVE_PCI_OVERRIDE,linux/pci.h,\
	sizeof(((struct pci_dev *)0)->driver_override))

# What a dump was asked for: in struct genl_info since 6.7, with an accessor.
ccflags-y += $(call bindery-probe,BINDERY_HAVE_GENL_INFO_DUMP,net/genetlink.h,\
	sizeof(genl_info_dump((struct netlink_callback *)0)))

# A device that the IOMMU's DMA API serves says so in a flag: a bit field where
# struct device has one (6.12), then one with accessors (7.3); before both, by
# its dma_ops.
ccflags-y += $(call bindery-probe,BINDERY_HAVE_DMA_IOMMU_FLAG,linux/device.h,\
	sizeof(dev_dma_iommu((struct device *)0)))
ccflags-y += $(call bindery-probe,BINDERY_HAVE_DMA_IOMMU,linux/device.h,\
	sizeof(((struct device *)0)->dma_iommu + 0))

# $(call bindery-vfio-op,FLAG,MEMBER): -DFLAG if VFIO drivers have that operation
bindery-vfio-op = $(call bindery-probe,$(1),linux/vfio.h,\
	sizeof(((struct vfio_device_ops *)0)->$(2)))

# "vfio-iommufd: Support iommufd for physical VFIO devices" (a4d1f91db502)
ccflags-y += $(call bindery-vfio-op,BINDERY_HAVE_VFIO_BIND_IOMMUFD,bind_iommufd)
# detaching came with device nodes (8cfa7186021e), PASIDs in 6.15
ccflags-y += $(call bindery-vfio-op,BINDERY_HAVE_VFIO_DETACH_IOAS,detach_ioas)
ccflags-y += $(call bindery-vfio-op,BINDERY_HAVE_VFIO_PASID,pasid_attach_ioas)
# VFIO_DEVICE_GET_REGION_INFO became an operation of its own in 6.19, as did
# what exports a region as a dma-buf
ccflags-y += $(call bindery-vfio-op,BINDERY_HAVE_VFIO_REGION_INFO,\
	get_region_info_caps)
ccflags-y += $(call bindery-vfio-op,BINDERY_HAVE_VFIO_MATCH_TOKEN,\
	match_token_uuid)
ccflags-y += $(call bindery-probe,BINDERY_HAVE_VFIO_PCI_OPS,linux/vfio_pci_core.h,\
	sizeof(((struct vfio_pci_core_device *)0)->pci_ops))
