// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <linux/vfio.h>

#include "lib.h"

#define PAGE	4096
#define IOVA	0x100000

static int map_memory(int container)
{
	struct vfio_iommu_type1_dma_map map = {
		.argsz = sizeof(map),
		.flags = VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE,
		.iova = IOVA,
		.size = PAGE,
	};
	void *memory = mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);

	if (memory == MAP_FAILED)
		return -errno;
	map.vaddr = (uintptr_t)memory;
	return ioctl(container, VFIO_IOMMU_MAP_DMA, &map) ? -errno : 0;
}

static int open_container(struct vfio_user *user, const char *bdf)
{
	struct vfio_group_status status = { .argsz = sizeof(status) };
	char path[64];

	user->container = open("/dev/vfio/vfio", O_RDWR | O_CLOEXEC);
	snprintf(path, sizeof(path), "/dev/vfio/%d", pci_group(bdf));
	user->group = open(path, O_RDWR | O_CLOEXEC);
	if (user->container < 0 || user->group < 0 ||
	    ioctl(user->group, VFIO_GROUP_GET_STATUS, &status))
		return -errno;
	if (!(status.flags & VFIO_GROUP_FLAGS_VIABLE))
		return -EPERM;
	if (ioctl(user->group, VFIO_GROUP_SET_CONTAINER, &user->container) ||
	    ioctl(user->container, VFIO_SET_IOMMU, VFIO_TYPE1v2_IOMMU))
		return -errno;
	return map_memory(user->container);
}

/* The device answers: its configuration space has the vendor sysfs tells. */
static int read_vendor(struct vfio_user *user, const char *bdf)
{
	struct vfio_region_info region = {
		.argsz = sizeof(region),
		.index = VFIO_PCI_CONFIG_REGION_INDEX,
	};
	uint16_t vendor = 0;
	text_t text;

	if (ioctl(user->device, VFIO_DEVICE_GET_REGION_INFO, &region))
		return -errno;
	if (pread(user->device, &vendor, sizeof(vendor), region.offset) !=
	    sizeof(vendor))
		return -EIO;
	pci_read(bdf, "vendor", text);
	return strtoul(text, NULL, 16) == vendor ? 0 : -EIO;
}

int vfio_open(struct vfio_user *user, const char *bdf)
{
	int ret;

	*user = (struct vfio_user) { -1, -1, -1 };
	ret = open_container(user, bdf);
	if (!ret) {
		user->device = ioctl(user->group, VFIO_GROUP_GET_DEVICE_FD,
				     bdf);
		ret = user->device < 0 ? -errno : read_vendor(user, bdf);
	}
	if (ret)
		vfio_close(user);
	return ret;
}

void vfio_close(struct vfio_user *user)
{
	if (user->device >= 0)
		close(user->device);
	if (user->group >= 0)
		close(user->group);
	if (user->container >= 0)
		close(user->container);
	*user = (struct vfio_user) { -1, -1, -1 };
}
