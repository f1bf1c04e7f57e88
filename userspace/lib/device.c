// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "internal.h"

#define DEVICES		"sys/bus/pci/devices"
#define CLASS_HOST	0x0600
#define CLASS_BRIDGE	0x0604
#define CLASS_CARDBUS	0x0607
#define CONFIG_HEADER	0x0e

struct bindery_device {
	struct bindery_bdf bdf;
	struct bindery_path path;	/* without steps: none */
	bool has_group;
	bool has_pf;
	uint32_t group;
	struct bindery_bdf pf;
	int numa_node;
	bool has_header;
	unsigned char header;
	bool has_vfs;
	uint32_t class_code;
	uint16_t vendor;
	uint16_t device_id;
	char driver[BINDERY_NAME_SIZE];
};

struct bindery_devices {
	struct bindery_device *list;
	size_t count;
	size_t room;
};

static struct bindery_device *add_device(struct bindery_devices *devices)
{
	struct bindery_device *list;
	size_t room = devices->room ? devices->room * 2 : 64;

	if (devices->count == devices->room) {
		list = reallocarray(devices->list, room, sizeof(*list));
		if (!list)
			return NULL;
		devices->list = list;
		devices->room = room;
	}
	list = &devices->list[devices->count++];
	memset(list, 0, sizeof(*list));
	return list;
}

static unsigned long read_number(int dir, const char *path)
{
	unsigned long number = 0;

	return sysfs_read_number(dir, path, &number) ? 0 : number;
}

static void read_group(int dir, struct bindery_device *device)
{
	char name[BINDERY_NAME_SIZE], *end;

	if (sysfs_read_name(dir, "iommu_group", name, sizeof(name)))
		return;
	device->group = (uint32_t)strtoul(name, &end, 10);
	device->has_group = end != name && !*end;
}

/* From the directory of all devices: the PF of the one that is called @name. */
static bool read_pf(int devices, const char *name, struct bindery_bdf *pf)
{
	char link[BINDERY_BDF_SIZE + sizeof("/physfn")];
	char target[BINDERY_NAME_SIZE];

	snprintf(link, sizeof(link), "%s/physfn", name);
	return !sysfs_read_name(devices, link, target, sizeof(target)) &&
	       !bindery_bdf_parse(target, pf);
}

/*
 * The way to it, by links alone: nothing of a device itself is read, which could
 * wake it. A VF with a bus number that its PF has not hangs off a bus that no
 * bridge leads to.
 */
bool device_read_path(int devices, const char *name,
		      const struct bindery_bdf *bdf, struct bindery_path *path)
{
	struct bindery_bdf pf;
	char target[PATH_MAX];

	if (read_pf(devices, name, &pf) && pf.bus != bdf->bus)
		return false;
	return !sysfs_read_target(devices, name, target, sizeof(target)) &&
	       !bindery_path_from_link(target, path);
}

static void read_numa_node(int dir, struct bindery_device *device)
{
	char text[16];

	device->numa_node = -1;
	if (!sysfs_read(dir, "numa_node", text, sizeof(text)) && *text)
		device->numa_node = (int)strtol(text, NULL, 10);
}

/* To read its registers would wake it, and the bridges above. */
static bool is_asleep(int dir)
{
	char status[16];

	return !sysfs_read(dir, "power/runtime_status", status,
			   sizeof(status)) && !strcmp(status, "suspended");
}

/* Which kind of registers it has: 0 is an endpoint's. */
static void read_header(int dir, struct bindery_device *device)
{
	unsigned char config[CONFIG_HEADER + 1];

	if (is_asleep(dir) || sysfs_read_bytes(dir, "config", config, sizeof(config)) !=
	    sizeof(config))
		return;
	device->has_header = true;
	device->header = config[CONFIG_HEADER] & 0x7f;
}

/* What cannot be read, such as of a device that is going, stays empty. */
static void read_device(int dir, struct bindery_device *device)
{
	device->vendor = (uint16_t)read_number(dir, "vendor");
	device->device_id = (uint16_t)read_number(dir, "device");
	device->class_code = (uint32_t)read_number(dir, "class");
	device->has_vfs = read_number(dir, "sriov_numvfs");
	read_group(dir, device);
	read_numa_node(dir, device);
	read_header(dir, device);
	sysfs_read_name(dir, "driver", device->driver, sizeof(device->driver));
}

static int visit_device(int dir, const char *name, void *argument)
{
	struct bindery_device *device;
	struct bindery_bdf bdf;
	int fd;

	if (bindery_bdf_parse(name, &bdf))
		return 0;
	fd = sysfs_open(dir, name);
	if (fd < 0)
		return 0;
	device = add_device(argument);
	if (device) {
		device->bdf = bdf;
		device->has_pf = read_pf(dir, name, &device->pf);
		device_read_path(dir, name, &bdf, &device->path);
		read_device(fd, device);
	}
	close(fd);
	return device ? 0 : -ENOMEM;
}

static int compare(const void *a, const void *b)
{
	return bindery_bdf_compare(&((const struct bindery_device *)a)->bdf,
				   &((const struct bindery_device *)b)->bdf);
}

int bindery_host_get_devices(const struct bindery_host *host,
			     struct bindery_devices **devices)
{
	struct bindery_devices *new = calloc(1, sizeof(*new));
	int ret;

	if (!new)
		return -ENOMEM;
	sysfs_shortage_clear();
	ret = sysfs_each(host->root, DEVICES, visit_device, new);
	if (!ret)
		ret = sysfs_shortage();
	if (ret) {
		bindery_devices_free(new);
		return ret;
	}
	if (new->count)
		qsort(new->list, new->count, sizeof(*new->list), compare);
	*devices = new;
	return 0;
}

void bindery_devices_free(struct bindery_devices *devices)
{
	if (!devices)
		return;
	free(devices->list);
	free(devices);
}

size_t bindery_devices_get_count(const struct bindery_devices *devices)
{
	return devices->count;
}

const struct bindery_device *
bindery_devices_get(const struct bindery_devices *devices, size_t index)
{
	return index < devices->count ? &devices->list[index] : NULL;
}

struct bindery_bdf bindery_device_get_bdf(const struct bindery_device *device)
{
	return device->bdf;
}

bool bindery_device_get_path(const struct bindery_device *device,
			     struct bindery_path *path)
{
	if (device->path.num_steps)
		*path = device->path;
	return device->path.num_steps;
}

bool bindery_device_get_group(const struct bindery_device *device,
			      uint32_t *group)
{
	if (device->has_group)
		*group = device->group;
	return device->has_group;
}

bool bindery_device_get_pf(const struct bindery_device *device,
			   struct bindery_bdf *pf)
{
	if (device->has_pf)
		*pf = device->pf;
	return device->has_pf;
}

const char *bindery_device_get_driver(const struct bindery_device *device)
{
	return device->driver;
}

int bindery_device_read_override(const struct bindery_device *device,
				 const struct bindery_host *host, char *name,
				 size_t size)
{
	char path[sizeof(DEVICES) + BINDERY_BDF_SIZE + 32];
	char bdf[BINDERY_BDF_SIZE];
	int ret;

	bindery_bdf_format(&device->bdf, bdf);
	snprintf(path, sizeof(path), "%s/%s/driver_override", DEVICES, bdf);
	ret = sysfs_read(host->root, path, name, size);
	if (!ret && strcmp(name, "(null)"))
		return 0;
	*name = '\0';
	return ret;
}

uint32_t bindery_device_get_class(const struct bindery_device *device)
{
	return device->class_code;
}

uint16_t bindery_device_get_vendor(const struct bindery_device *device)
{
	return device->vendor;
}

uint16_t bindery_device_get_device_id(const struct bindery_device *device)
{
	return device->device_id;
}

int bindery_device_get_numa_node(const struct bindery_device *device)
{
	return device->numa_node;
}

bool bindery_device_is_bridge(const struct bindery_device *device)
{
	uint32_t class_code = device->class_code >> 8;

	return class_code == CLASS_HOST || class_code == CLASS_BRIDGE;
}

bool bindery_device_is_eligible(const struct bindery_device *device)
{
	/* Where its header is not known, its class has to do. */
	bool is_endpoint = device->has_header ? !device->header :
			   device->class_code >> 8 != CLASS_CARDBUS;

	return device->has_group && !bindery_device_is_bridge(device) &&
	       is_endpoint && !device->has_vfs;
}

const struct bindery_device *
bindery_devices_find(const struct bindery_devices *devices,
		     const struct bindery_bdf *bdf)
{
	struct bindery_device key = { .bdf = *bdf };

	if (!devices->count)
		return NULL;
	return bsearch(&key, devices->list, devices->count,
		       sizeof(*devices->list), compare);
}

void bindery_devices_keep(struct bindery_devices *devices, device_wanted wanted,
			  void *argument)
{
	size_t kept = 0;

	for (size_t i = 0; i < devices->count; i++)
		if (wanted(&devices->list[i], argument))
			devices->list[kept++] = devices->list[i];
	devices->count = kept;
}
