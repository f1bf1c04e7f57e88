// SPDX-License-Identifier: LGPL-2.1-or-later
/* What a native driver made of a function: interfaces, block devices, nodes. */
#include <stdio.h>
#include <string.h>

#include "internal.h"

#define CLASS_STORAGE	0x01
#define CLASS_NETWORK	0x02
/* usb disks are this deep: hub, port, interface, host, target, unit, block */
#define DEPTH_MAX	12

struct hunt_node {
	const struct bindery_host *host;
	const char *subsystem;	/* NULL: of any, with a node in /dev */
	char *node;
	size_t size;
	int depth;
};

static int take_name(char *line, void *argument)
{
	static const char key[] = "DEVNAME=";
	const struct hunt_node *hunt = argument;

	if (strncmp(line, key, strlen(key)))
		return 0;
	line[strcspn(line, "\n")] = '\0';
	snprintf(hunt->node, hunt->size, "/dev/%s", line + strlen(key));
	return 1;
}

/* Interfaces have no node: the name is all there is. */
static bool is_it(const struct hunt_node *hunt, int dir, const char *name)
{
	char subsystem[BINDERY_NAME_SIZE];

	if (sysfs_read_name(dir, "subsystem", subsystem, sizeof(subsystem)))
		return false;
	if (hunt->subsystem && strcmp(hunt->subsystem, subsystem))
		return false;
	if (!strcmp(subsystem, "net")) {
		snprintf(hunt->node, hunt->size, "%s", name);
		return true;
	}
	if (sysfs_each_line(dir, "uevent", take_name, (void *)hunt) == 1 &&
	    sysfs_has(hunt->host->root, hunt->node + 1))
		return true;
	hunt->node[0] = '\0';
	return false;
}

/*
 * Not into the functions behind a bridge, nor where VFIO has its node, which may
 * come while we are here: whether that is what it is used by is not for us.
 */
static int visit(int dir, const char *name, void *argument)
{
	struct hunt_node *hunt = argument;
	struct bindery_bdf bdf;
	int below, found;

	if (hunt->depth > DEPTH_MAX || !bindery_bdf_parse(name, &bdf) ||
	    !strcmp(name, "vfio-dev"))
		return 0;
	below = sysfs_open_below(dir, name);
	if (below < 0)
		return 0;
	found = is_it(hunt, below, name);
	if (!found) {
		hunt->depth++;
		found = sysfs_each(below, ".", visit, hunt);
		hunt->depth--;
	}
	sysfs_close(below);
	/* What goes while it is looked at is not found. */
	return found == 1;
}

bool device_node_find(const struct bindery_host *host, int dir,
		      uint32_t class_code, char *node, size_t size)
{
	struct hunt_node hunt = {
		.host = host,
		.node = node,
		.size = size,
	};

	node[0] = '\0';
	if (class_code >> 16 == CLASS_STORAGE)
		hunt.subsystem = "block";
	else if (class_code >> 16 == CLASS_NETWORK)
		hunt.subsystem = "net";
	return sysfs_each(dir, ".", visit, &hunt) == 1;
}
