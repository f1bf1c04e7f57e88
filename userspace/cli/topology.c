// SPDX-License-Identifier: GPL-2.0-or-later
/* What sysfs adds to what the kernel module tells of members. */
#include <errno.h>
#include <string.h>

#include "cli.h"

/* NULL: it is not one of them. */
const struct bindery_device *devices_find(const struct bindery_devices *devices,
					  const struct bindery_bdf *bdf)
{
	for (size_t i = 0; i < bindery_devices_get_count(devices); i++) {
		const struct bindery_device *device;
		struct bindery_bdf other;

		device = bindery_devices_get(devices, i);
		other = bindery_device_get_bdf(device);
		if (!bindery_bdf_compare(bdf, &other))
			return device;
	}
	return NULL;
}

static void put_bdfs(struct json_object *object, const char *key,
		     const struct bindery_bdf *bdfs, size_t count)
{
	struct json_object *list = json_object_new_array();
	char text[BINDERY_BDF_SIZE];

	for (size_t i = 0; i < count; i++) {
		bindery_bdf_format(&bdfs[i], text);
		json_object_array_add(list, json_object_new_string(text));
	}
	json_object_object_add(object, key, list);
}

/* One that is alone in its slot has nothing to be kept together with. */
void put_slot(struct json_object *object,
	      const struct bindery_topology *topology)
{
	const struct bindery_bdf *bdfs = NULL;
	size_t count = 0;

	if (topology)
		bdfs = bindery_topology_get_slot(topology, &count);
	put_bdfs(object, "slot_functions", bdfs, count > 1 ? count : 0);
}

static void put_resets(struct json_object *object,
		       const struct bindery_topology *topology)
{
	struct json_object *list = json_object_new_array();
	char text[BINDERY_NAME_SIZE] = "", *save;
	const struct bindery_bdf *bdfs = NULL;
	size_t count = 0;

	if (topology) {
		snprintf(text, sizeof(text), "%s",
			 bindery_topology_get_reset_methods(topology));
		bdfs = bindery_topology_get_bus_reset(topology, &count);
	}
	for (char *word = strtok_r(text, " ", &save); word;
	     word = strtok_r(NULL, " ", &save))
		json_object_array_add(list, escaped_string(word));
	json_object_object_add(object, "resets", list);
	put_bdfs(object, "bus_reset_hits", bdfs, count);
}

static void put_numa_node(struct json_object *object, int node)
{
	json_object_object_add(object, "numa",
			       node < 0 ? NULL : json_object_new_int(node));
}

static void put_msix(struct json_object *object,
		     const struct bindery_topology *topology)
{
	uint32_t vectors = 0;
	bool known = topology && bindery_topology_get_msix(topology, &vectors);

	json_object_object_add(object, "msix",
			       known ? json_object_new_int64(vectors) : NULL);
}

/* What is no PCI device, or is gone by now, has none of it. */
static void put_member_topology(const struct bindery_host *host,
				const struct bindery_devices *devices,
				struct json_object *object)
{
	struct json_object *name = json_object_object_get(object, "device");
	struct bindery_topology *topology = NULL;
	const struct bindery_device *device = NULL;
	struct bindery_bdf bdf;

	if (name && !bindery_bdf_parse(json_object_get_string(name), &bdf)) {
		device = bindery_devices_find(devices, &bdf);
		if (bindery_topology_new(host, devices, &bdf, &topology))
			topology = NULL;
	}
	put_numa_node(object, device ? bindery_device_get_numa_node(device) : -1);
	put_msix(object, topology);
	put_slot(object, topology);
	put_resets(object, topology);
	bindery_topology_free(topology);
}

void put_topology(const struct bindery_host *host, struct json_object *document)
{
	struct json_object *members = json_object_object_get(document, "members");
	struct bindery_devices *devices;

	if (!members || bindery_host_get_devices(host, &devices))
		return;
	for (size_t i = 0; i < json_object_array_length(members); i++)
		put_member_topology(host, devices,
				    json_object_array_get_idx(members, i));
	bindery_devices_free(devices);
}
