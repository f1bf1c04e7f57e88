// SPDX-License-Identifier: GPL-2.0-only
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <linux/vfio.h>

#include "lib.h"

#define PAGE	4096
#define IOVA	0x100000

#define BAR	VFIO_PCI_BAR0_REGION_INDEX

const struct vfio_user vfio_none = {
	.container = -1, .group = -1, .device = -1, .map = MAP_FAILED,
	.copy.pid = -1,
};

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
int vfio_works(struct vfio_user *user, const char *bdf)
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

	*user = vfio_none;
	ret = open_container(user, bdf);
	if (!ret) {
		user->device = ioctl(user->group, VFIO_GROUP_GET_DEVICE_FD,
				     bdf);
		ret = user->device < 0 ? -errno : vfio_works(user, bdf);
	}
	if (ret)
		vfio_close(user);
	return ret;
}

static void close_file(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static void close_files(struct vfio_user *user)
{
	close_file(&user->device);
	close_file(&user->group);
	close_file(&user->container);
}

void vfio_close(struct vfio_user *user)
{
	close_files(user);
	if (user->map != MAP_FAILED)
		munmap(user->map, PAGE);
	if (user->copy.pid > 0)
		child_kill(&user->copy);
	*user = vfio_none;
}

static int hold_copy(int socket, void *arg)
{
	int device = *(int *)arg;
	int value;

	/* Nothing else that the parent has open may live on here. */
	dup2(device, 0);
	dup2(socket, 3);
	close_range(4, ~0U, 0);
	tell(3, 0);
	return hear(3, &value);
}

static int copy_device(struct vfio_user *user)
{
	int ret = child_start(&user->copy, hold_copy, &user->device);
	int value;

	return ret ? ret : hear(user->copy.socket, &value);
}

/* The first page of a region in memory. */
static int map_device(struct vfio_user *user)
{
	struct vfio_region_info region = {
		.argsz = sizeof(region),
		.index = BAR,
	};

	if (ioctl(user->device, VFIO_DEVICE_GET_REGION_INFO, &region))
		return -errno;
	if (!(region.flags & VFIO_REGION_INFO_FLAG_MMAP))
		return -ENODEV;
	user->map = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED,
			 user->device, region.offset);
	return user->map == MAP_FAILED ? -errno : 0;
}

/* Open the device, and keep nothing of it but this. */
int vfio_hold(struct vfio_user *user, const char *bdf, enum vfio_part part)
{
	int ret = vfio_open(user, bdf);

	if (ret)
		return ret;
	if (part == VFIO_PART_COPY)
		ret = copy_device(user);
	if (part == VFIO_PART_MAPPING)
		ret = map_device(user);
	if (part == VFIO_PART_GROUP) {
		close_file(&user->device);
		return 0;
	}
	if (part != VFIO_PART_DEVICE)
		close_file(&user->device);
	close_file(&user->group);
	close_file(&user->container);
	if (ret)
		vfio_close(user);
	return ret;
}

/* The device's own node, bound to no iommufd; -ENOENT if there are none. */
int vfio_node_open(const char *bdf)
{
	char path[PATH_MAX];
	struct dirent *entry;
	int fd = -ENOENT;
	DIR *dir;

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/vfio-dev", bdf);
	dir = opendir(path);
	while (dir && fd == -ENOENT && (entry = readdir(dir))) {
		if (entry->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "/dev/vfio/devices/%s",
			 entry->d_name);
		fd = open(path, O_RDWR | O_CLOEXEC);
		if (fd < 0)
			fd = -errno;
	}
	if (dir)
		closedir(dir);
	return fd;
}

/* The kernel writes there when it wants the device back. */
int vfio_request_event(struct vfio_user *user, int eventfd)
{
	char buffer[sizeof(struct vfio_irq_set) + sizeof(eventfd)] = { 0 };
	struct vfio_irq_set *set = (struct vfio_irq_set *)buffer;

	set->argsz = sizeof(buffer);
	set->flags = VFIO_IRQ_SET_DATA_EVENTFD | VFIO_IRQ_SET_ACTION_TRIGGER;
	set->index = VFIO_PCI_REQ_IRQ_INDEX;
	set->count = 1;
	memcpy(set->data, &eventfd, sizeof(eventfd));
	return ioctl(user->device, VFIO_DEVICE_SET_IRQS, set) ? -errno : 0;
}

/*
 * A child that does as a machine monitor: it closes the device when it is asked
 * to. It tells 0 when it listens.
 */
int vfio_obey(struct vfio_user *user, int socket)
{
	struct pollfd asked = { eventfd(0, EFD_CLOEXEC), POLLIN };

	if (asked.fd < 0 || vfio_request_event(user, asked.fd))
		return 99;
	tell(socket, 0);
	if (poll(&asked, 1, WAIT_SECONDS * 1000) != 1)
		return 98;
	vfio_close(user);
	return 0;
}
