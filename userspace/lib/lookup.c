// SPDX-License-Identifier: LGPL-2.1-or-later
/* Names that the host has for devices, other than their place on the bus. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"

/* Devices stacked on each other, such as LVM on RAID on partitions. */
#define DEPTH_MAX 8

struct lookup {
	const struct bindery_host *host;
	struct bindery_bdf *list;
	size_t count;
	int depth;
	bool has_group;
	bool bridges;		/* of the group, instead of its endpoints */
	uint32_t group;
};

static int add_bdf(struct lookup *lookup, const struct bindery_bdf *bdf)
{
	struct bindery_bdf *list;

	list = reallocarray(lookup->list, lookup->count + 1, sizeof(*list));
	if (!list)
		return -ENOMEM;
	lookup->list = list;
	list[lookup->count++] = *bdf;
	return 0;
}

/* The last function on the way to what a link points to. */
static bool last_bdf(int dir, const char *path, struct bindery_bdf *bdf)
{
	char target[PATH_MAX], *save;
	bool found = false;

	if (sysfs_read_target(dir, path, target, sizeof(target)))
		return false;
	for (char *name = strtok_r(target, "/", &save); name;
	     name = strtok_r(NULL, "/", &save))
		found |= !bindery_bdf_parse(name, bdf);
	return found;
}

static int add_link(struct lookup *lookup, int dir, const char *path)
{
	struct bindery_bdf bdf;

	return last_bdf(dir, path, &bdf) ? add_bdf(lookup, &bdf) : 0;
}

static int add_class(struct lookup *lookup, const char *class,
		     const char *name);

static int visit_lower(int dir, const char *name, void *argument)
{
	static const char prefix[] = "lower_";

	(void)dir;
	if (strncmp(name, prefix, strlen(prefix)))
		return 0;
	return add_class(argument, "net", name + strlen(prefix));
}

static int visit_slave(int dir, const char *name, void *argument)
{
	(void)dir;
	return add_class(argument, "block", name);
}

/* A disk with several paths belongs to a subsystem that links to them. */
static int visit_path(int dir, const char *name, void *argument)
{
	return add_link(argument, dir, name);
}

static int add_below(struct lookup *lookup, const char *path, const char *below,
		     sysfs_visit visit)
{
	char dir[PATH_MAX + sizeof("/slaves")];
	int ret;

	snprintf(dir, sizeof(dir), "%s%s", path, below);
	lookup->depth++;
	ret = sysfs_each(lookup->host->root, dir, visit, lookup);
	lookup->depth--;
	return ret == -ENOENT ? 0 : ret;
}

/* Of what is stacked on others: all that are below it. */
static int add_class(struct lookup *lookup, const char *class,
		     const char *name)
{
	char path[PATH_MAX];
	struct bindery_bdf bdf;
	int ret;

	snprintf(path, sizeof(path), "sys/class/%s/%s", class, name);
	if (lookup->depth > DEPTH_MAX || strchr(name, '/') || *name == '.' ||
	    !sysfs_has(lookup->host->root, path))
		return 0;
	if (last_bdf(lookup->host->root, path, &bdf))
		return add_bdf(lookup, &bdf);
	if (!strcmp(class, "net"))
		return add_below(lookup, path, "", visit_lower);
	ret = add_below(lookup, path, "/slaves", visit_slave);
	return ret ? ret : add_below(lookup, path, "/device", visit_path);
}

static bool parse_group(const char *text, uint32_t *group)
{
	unsigned long number;

	if (!*text || strspn(text, "0123456789") != strlen(text))
		return false;
	errno = 0;
	number = strtoul(text, NULL, 10);
	*group = (uint32_t)number;
	return !errno && number <= UINT32_MAX;
}

/* By its number, which tells also what links in /dev lead to. */
static int add_node(struct lookup *lookup, const char *text)
{
	char path[64], name[BINDERY_NAME_SIZE];
	unsigned int major, minor;
	bool is_block;

	if (sysfs_node(lookup->host->root, text, &is_block, &major, &minor))
		return 0;
	snprintf(path, sizeof(path), "sys/dev/%s/%u:%u",
		 is_block ? "block" : "char", major, minor);
	if (!is_block)
		return add_link(lookup, lookup->host->root, path);
	if (sysfs_read_name(lookup->host->root, path, name, sizeof(name)))
		return 0;
	return add_class(lookup, "block", name);
}

static int add_file(struct lookup *lookup, const char *text)
{
	static const char cdev[] = "/dev/vfio/devices/";
	static const char group[] = "/dev/vfio/";
	int ret;

	if (!strncmp(text, cdev, strlen(cdev)))
		return add_class(lookup, "vfio-dev", text + strlen(cdev));
	if (!strncmp(text, group, strlen(group))) {
		lookup->has_group = parse_group(text + strlen(group),
						&lookup->group);
		return 0;
	}
	ret = add_class(lookup, "block", text + strlen("/dev/"));
	return ret || lookup->count ? ret : add_node(lookup, text);
}

static int find(struct lookup *lookup, const char *text)
{
	static const char group[] = "group:";
	int ret;

	if (!strncmp(text, group, strlen(group))) {
		lookup->has_group = parse_group(text + strlen(group),
						&lookup->group);
		return lookup->has_group ? 0 : -EINVAL;
	}
	if (!strncmp(text, "/dev/", strlen("/dev/")))
		return add_file(lookup, text);
	if (!*text || strchr(text, '/'))
		return -EINVAL;
	lookup->has_group = parse_group(text, &lookup->group);
	ret = add_class(lookup, "net", text);
	return ret ? ret : add_class(lookup, "block", text);
}

static bool is_named(const struct bindery_device *device, void *argument)
{
	struct bindery_bdf bdf = bindery_device_get_bdf(device);
	const struct lookup *lookup = argument;
	uint32_t group;

	for (size_t i = 0; i < lookup->count; i++)
		if (!bindery_bdf_compare(&bdf, &lookup->list[i]))
			return true;
	return lookup->has_group &&
	       bindery_device_is_bridge(device) == lookup->bridges &&
	       bindery_device_get_group(device, &group) &&
	       group == lookup->group;
}

static int keep_named(struct lookup *lookup, struct bindery_devices **devices)
{
	struct bindery_devices *found;
	int ret = bindery_host_get_devices(lookup->host, &found);

	if (ret)
		return ret;
	bindery_devices_keep(found, is_named, lookup);
	if (!bindery_devices_get_count(found)) {
		bindery_devices_free(found);
		return -ENODEV;
	}
	*devices = found;
	return 0;
}

int bindery_host_lookup(const struct bindery_host *host, const char *name,
			struct bindery_devices **devices)
{
	struct lookup lookup = { .host = host };
	int ret = find(&lookup, name);

	if (!ret)
		ret = keep_named(&lookup, devices);
	if (ret == -ENODEV && lookup.has_group) {
		lookup.bridges = true;
		ret = keep_named(&lookup, devices);
	}
	free(lookup.list);
	return ret;
}
