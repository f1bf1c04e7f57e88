// SPDX-License-Identifier: LGPL-2.1-or-later
/* What a VFIO user opens of a device. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"

/* The kernel made no node if there is no number. */
static int visit_cdev(int dir, const char *name, void *argument)
{
	struct bindery_device_nodes *nodes = argument;
	char path[NAME_MAX + 8];

	snprintf(path, sizeof(path), "%s/dev", name);
	if (sysfs_has(dir, path))
		snprintf(nodes->device, sizeof(nodes->device),
			 "/dev/vfio/devices/%.40s", name);
	return 0;
}

static void find_group(const struct bindery_host *host, unsigned long number,
		       struct bindery_device_nodes *nodes)
{
	static const char *const prefixes[] = { "", "noiommu-" };
	char path[PATH_MAX];

	for (size_t i = 0; i < 2; i++) {
		snprintf(path, sizeof(path), "sys/class/vfio/%s%lu",
			 prefixes[i], number);
		if (!sysfs_has(host->root, path))
			continue;
		snprintf(nodes->group, sizeof(nodes->group), "/dev/vfio/%s%lu",
			 prefixes[i], number);
		return;
	}
}

int bindery_host_find_nodes(const struct bindery_host *host,
			    const struct bindery_bdf *bdf,
			    struct bindery_device_nodes *nodes)
{
	char text[BINDERY_BDF_SIZE], path[PATH_MAX], number[NAME_MAX + 1];
	int ret;

	*nodes = (struct bindery_device_nodes){ 0 };
	bindery_bdf_format(bdf, text);
	snprintf(path, sizeof(path), "sys/bus/pci/devices/%s", text);
	if (!sysfs_has(host->root, path))
		return -ENODEV;
	snprintf(path, sizeof(path), "sys/bus/pci/devices/%s/iommu_group", text);
	if (!sysfs_read_name(host->root, path, number, sizeof(number)))
		find_group(host, strtoul(number, NULL, 10), nodes);
	snprintf(path, sizeof(path), "sys/bus/pci/devices/%s/vfio-dev", text);
	ret = sysfs_each(host->root, path, visit_cdev, nodes);
	return ret == -ENOENT ? 0 : ret;
}
