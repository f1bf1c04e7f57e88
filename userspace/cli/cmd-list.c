// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdlib.h>

#include "cli.h"

static struct json_object *device_object(const struct bindery_device *device)
{
	struct json_object *object = json_object_new_object();
	struct bindery_path path;
	char text[BINDERY_PATH_SIZE];

	put_bdf(object, "device", bindery_device_get_bdf(device));
	put_string(object, "driver", bindery_device_get_driver(device));
	put_string(object, "override", bindery_device_get_override(device));
	put_ids(object, bindery_device_get_class(device),
		bindery_device_get_vendor(device),
		bindery_device_get_device_id(device));
	put_string(object, "path", NULL);
	if (bindery_device_get_path(device, &path)) {
		bindery_path_format(&path, text);
		put_string(object, "path", text);
	}
	return object;
}

/* Without the module, or when the group is gone meanwhile, nothing is known. */
static void put_state(struct json_object *object,
		      struct bindery_context *context, struct bindery_bdf bdf)
{
	static const char *const keys[] = {
		"state", "claims", "holder", "claim", "generation"
	};
	struct bindery_reference device = { .bdf = bdf };
	struct bindery_group *group;

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		json_object_object_add(object, keys[i], NULL);
	if (!context || bindery_group_show(context, &device, &group))
		return;
	put_group_claims(object, group);
	bindery_group_free(group);
}

static struct json_object *group_object(const struct bindery_devices *devices,
					uint32_t number,
					struct bindery_context *context)
{
	struct json_object *object = json_object_new_object();
	struct json_object *list = json_object_new_array();
	uint32_t group;

	put_number(object, "group", number);
	for (size_t i = 0; i < bindery_devices_get_count(devices); i++) {
		const struct bindery_device *device;

		device = bindery_devices_get(devices, i);
		if (!bindery_device_get_group(device, &group) || group != number)
			continue;
		if (!json_object_array_length(list))
			put_state(object, context, bindery_device_get_bdf(device));
		json_object_array_add(list, device_object(device));
	}
	json_object_object_add(object, "devices", list);
	return object;
}

static int compare(const void *a, const void *b)
{
	uint32_t number_a = *(const uint32_t *)a;
	uint32_t number_b = *(const uint32_t *)b;

	return (number_a > number_b) - (number_a < number_b);
}

static struct json_object *group_list(const struct bindery_devices *devices,
				      struct bindery_context *context)
{
	size_t count = bindery_devices_get_count(devices), groups = 0;
	struct json_object *list = json_object_new_array();
	uint32_t *numbers = calloc(count + 1, sizeof(*numbers));

	if (!numbers)
		abort();
	for (size_t i = 0; i < count; i++)
		groups += bindery_device_get_group(
			bindery_devices_get(devices, i), &numbers[groups]);
	qsort(numbers, groups, sizeof(*numbers), compare);
	for (size_t i = 0; i < groups; i++)
		if (!i || numbers[i] != numbers[i - 1])
			json_object_array_add(list, group_object(devices,
							numbers[i], context));
	free(numbers);
	return list;
}

static int run_list(struct options *options)
{
	struct json_object *document;
	struct bindery_context *context = NULL;
	struct bindery_devices *devices;
	struct bindery_host *host;
	int ret = bindery_host_new(NULL, &host);

	if (ret)
		return report_failure(options, -ret, "sysfs");
	ret = bindery_host_get_devices(host, &devices);
	bindery_host_free(host);
	if (ret)
		return report_failure(options, -ret, "/sys/bus/pci/devices");
	ret = bindery_context_new(&context);
	if (ret)
		fputs(ret == -EACCES || ret == -EPERM ?
		      "bindery: /dev/bindery may not be opened: states are unknown\n" :
		      "bindery: the module is not loaded (modprobe bindery): states are unknown\n",
		      stderr);
	document = json_object_new_object();
	put_bool(document, "module", context);
	json_object_object_add(document, "groups", group_list(devices, context));
	document_print(options, document);
	bindery_devices_free(devices);
	bindery_context_free(context);
	return STATUS_DONE;
}

const struct verb verb_list = {
	.name = "list",
	.arguments = "",
	.summary = "List the PCI devices that are in an IOMMU group",
	.options = OPTIONS_ALL,
	.run = run_list,
};
