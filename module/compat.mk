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
