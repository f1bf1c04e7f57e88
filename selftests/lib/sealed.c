// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>

#include <linux/vfio.h>

#include "sealed.h"

/* The whole request, and how it is held then. */
int seal(struct common *common, uint32_t flags)
{
	common->request.cmd.flags = BINDERY_ACQUIRE_SEALED | flags;
	common->claim = acquire(common->control, &common->request);
	if (common->claim < 0)
		return common->claim;
	return snapshot_take(&common->held);
}

bool is_sealed(const struct bindery_ioc_member *member)
{
	return member && member->out_flags & BINDERY_MEMBER_SEALED &&
	       !strcmp(member->out_driver, SEALED);
}

const struct bindery_ioc_member *member_now(struct common *common,
					    const char *bdf)
{
	return status_member(common->claim, bdf, &common->answer);
}

int open_again(struct common *common, const char *bdf)
{
	int device = ioctl(common->user.group, VFIO_GROUP_GET_DEVICE_FD, bdf);

	return device < 0 ? -errno : device;
}

/* VFIO_DEVICE_BIND_IOMMUFD, which older headers lack. */
struct node_bound {
	uint32_t argsz, flags;
	int32_t iommufd;
	uint32_t out_devid;
};

#define BIND_IOMMUFD	_IO(VFIO_TYPE, VFIO_BASE + 18)

int node_bind(const char *bdf)
{
	struct node_bound bound = { .argsz = sizeof(bound) };
	int device = vfio_node_open(bdf), ret = 0;

	if (device < 0)
		return device;
	bound.iommufd = open("/dev/iommu", O_RDWR | O_CLOEXEC);
	if (bound.iommufd < 0 || ioctl(device, BIND_IOMMUFD, &bound))
		ret = -errno;
	close(bound.iommufd);
	if (ret)
		close(device);
	return ret ?: device;
}

int hears(struct child *child)
{
	int value;

	return hear(child->socket, &value) ? -EPIPE : value;
}
