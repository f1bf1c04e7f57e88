// SPDX-License-Identifier: LGPL-2.1-or-later
/* What a device shares with others, and how it can be reset. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"

#define CONFIG_SIZE		256
#define CONFIG_STATUS		0x06
#define CONFIG_STATUS_CAPS	0x10
#define CONFIG_CAPS		0x34
#define CAP_MSIX		0x11
/* Capabilities take four bytes, behind a header of 64; a longer list is a loop. */
#define CAPS_MAX		((CONFIG_SIZE - 64) / 4)

struct bdf_list {
	struct bindery_bdf *list;
	size_t count;
};

struct bindery_topology {
	char resets[BINDERY_NAME_SIZE];
	bool has_msix;		/* it is known how many */
	uint32_t msix;
	struct bdf_list functions;
	struct bdf_list reset;
};

static int add(struct bdf_list *bdfs, const struct bindery_device *device)
{
	struct bindery_bdf *list;

	list = reallocarray(bdfs->list, bdfs->count + 1, sizeof(*list));
	if (!list)
		return -ENOMEM;
	bdfs->list = list;
	list[bdfs->count++] = bindery_device_get_bdf(device);
	return 0;
}

static bool is_vf(const struct bindery_device *device)
{
	struct bindery_bdf pf;

	return bindery_device_get_pf(device, &pf);
}

/* VFs have numbers of their own, whatever slots these are. */
static bool share_slot(const struct bindery_device *a,
		       const struct bindery_device *b)
{
	struct bindery_bdf bdf_a = bindery_device_get_bdf(a);
	struct bindery_bdf bdf_b = bindery_device_get_bdf(b);

	if (is_vf(a) || is_vf(b))
		return !bindery_bdf_compare(&bdf_a, &bdf_b);
	bdf_a.function = 0;
	bdf_b.function = 0;
	return !bindery_bdf_compare(&bdf_a, &bdf_b);
}

/* Is it on the bus of the other one, or below it? */
static bool is_behind(const struct bindery_device *device,
		      const struct bindery_path *bus)
{
	struct bindery_path path;

	if (!bindery_device_get_path(device, &path) ||
	    path.num_steps < bus->num_steps)
		return false;
	path.num_steps = bus->num_steps - 1;
	for (size_t i = path.num_steps; i < BINDERY_PATH_MAX; i++)
		path.steps[i] = bus->steps[i];
	path.num_steps = bus->num_steps;
	return !bindery_path_compare(&path, bus);
}

/* A PF takes its VFs along, wherever they are. */
static bool is_hit(const struct bindery_devices *devices,
		   const struct bindery_device *device,
		   const struct bindery_path *bus)
{
	const struct bindery_device *pf;
	struct bindery_bdf bdf;

	if (is_behind(device, bus))
		return true;
	if (!bindery_device_get_pf(device, &bdf))
		return false;
	pf = bindery_devices_find(devices, &bdf);
	return pf && is_behind(pf, bus);
}

static bool share_group(const struct bindery_device *a,
			const struct bindery_device *b)
{
	uint32_t group_a, group_b;

	return bindery_device_get_group(a, &group_a) &&
	       bindery_device_get_group(b, &group_b) && group_a == group_b;
}

/* There is a bridge above that resets its bus; a VF has no bus to reset. */
static bool find_bus(const struct bindery_device *device,
		     struct bindery_path *bus)
{
	return !is_vf(device) && bindery_device_get_path(device, bus) &&
	       bus->num_steps > 1;
}

static int find_others(struct bindery_topology *topology,
		       const struct bindery_devices *devices,
		       const struct bindery_device *device)
{
	struct bindery_path bus;
	bool has_bus = find_bus(device, &bus);
	int ret = 0;

	for (size_t i = 0; !ret && i < bindery_devices_get_count(devices); i++) {
		const struct bindery_device *other;

		other = bindery_devices_get(devices, i);
		if (share_slot(device, other))
			ret = add(&topology->functions, other);
		if (!ret && has_bus && other != device &&
		    !share_group(device, other) && is_hit(devices, other, &bus))
			ret = add(&topology->reset, other);
	}
	return ret;
}

/* Most of it is for root only; then nothing is known. */
static void read_msix(struct bindery_topology *topology, int dir)
{
	unsigned char config[CONFIG_SIZE];
	ssize_t length = sysfs_read_bytes(dir, "config", config, CONFIG_SIZE);
	unsigned int at;

	if (length < CONFIG_SIZE)
		return;
	topology->has_msix = true;
	if (!(config[CONFIG_STATUS] & CONFIG_STATUS_CAPS))
		return;
	at = config[CONFIG_CAPS] & ~3U;
	for (int i = 0; i < CAPS_MAX && at >= 64; i++) {
		if (config[at] == CAP_MSIX) {
			topology->msix = ((config[at + 2] |
				config[at + 3] << 8) & 0x7ff) + 1U;
			return;
		}
		at = config[at + 1] & ~3U;
	}
}

static void read_facts(struct bindery_topology *topology,
		       const struct bindery_host *host,
		       const struct bindery_bdf *bdf)
{
	char text[BINDERY_BDF_SIZE], path[128];
	int dir;

	bindery_bdf_format(bdf, text);
	snprintf(path, sizeof(path), "sys/bus/pci/devices/%s", text);
	dir = sysfs_open(host->root, path);
	if (dir < 0)
		return;
	if (sysfs_read(dir, "reset_method", topology->resets,
		       sizeof(topology->resets)))
		topology->resets[0] = '\0';
	read_msix(topology, dir);
	sysfs_close(dir);
}

int bindery_topology_new(const struct bindery_host *host,
			 const struct bindery_devices *devices,
			 const struct bindery_bdf *bdf,
			 struct bindery_topology **topology)
{
	const struct bindery_device *device = bindery_devices_find(devices, bdf);
	struct bindery_topology *new;
	int ret;

	if (!device)
		return -ENODEV;
	new = calloc(1, sizeof(*new));
	if (!new)
		return -ENOMEM;
	read_facts(new, host, bdf);
	ret = find_others(new, devices, device);
	if (ret)
		bindery_topology_free(new);
	else
		*topology = new;
	return ret;
}

void bindery_topology_free(struct bindery_topology *topology)
{
	if (!topology)
		return;
	free(topology->functions.list);
	free(topology->reset.list);
	free(topology);
}

const char *
bindery_topology_get_reset_methods(const struct bindery_topology *topology)
{
	return topology->resets;
}

bool bindery_topology_get_msix(const struct bindery_topology *topology,
			       uint32_t *vectors)
{
	if (topology->has_msix)
		*vectors = topology->msix;
	return topology->has_msix;
}

const struct bindery_bdf *
bindery_topology_get_slot(const struct bindery_topology *topology,
			  size_t *count)
{
	*count = topology->functions.count;
	return topology->functions.list;
}

const struct bindery_bdf *
bindery_topology_get_bus_reset(const struct bindery_topology *topology,
			       size_t *count)
{
	*count = topology->reset.count;
	return topology->reset.list;
}
