// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "picture.h"

/* What is there; what of it is wanted; and what to call it. */
struct list {
	struct bindery_host *host;
	struct bindery_devices *all;
	struct bindery_devices *wanted;
	struct bindery_names *names;
	struct bindery_context *context;	/* NULL: states are unknown */
	bool has_module;
	struct bindery_groups *groups;	/* NULL: to be asked for one by one */
};

static void put_place(struct json_object *object, const struct list *list,
		      const struct bindery_device *device)
{
	struct bindery_bdf bdf = bindery_device_get_bdf(device);
	int node = bindery_device_get_numa_node(device);
	struct bindery_topology *topology;
	struct bindery_path path;
	char text[BINDERY_PATH_SIZE];

	json_object_object_add(object, "numa",
			       node < 0 ? NULL : json_object_new_int(node));
	if (bindery_topology_new(list->host, list->all, &bdf, &topology))
		topology = NULL;
	put_slot(object, topology);
	bindery_topology_free(topology);
	put_string(object, "path", NULL);
	if (bindery_device_get_path(device, &path)) {
		bindery_path_format(&path, text);
		put_string(object, "path", text);
	}
}

/* Whether a driver may have its devices for long, as far as is known. */
static bool is_moving(struct json_object *group)
{
	static const enum bindery_group_state states[] = {
		BINDERY_GROUP_BINDING, BINDERY_GROUP_RESTORING,
		BINDERY_GROUP_STUCK,
	};
	const char *state = json_object_get_string(
		json_object_object_get(group, "state"));

	for (size_t i = 0; state && i < ARRAY_SIZE(states); i++)
		if (!strcmp(state, bindery_group_state_symbol(states[i])))
			return true;
	return false;
}

/* That of one that moves may have to be waited for, and is ours anyway. */
static void put_override(struct json_object *object, const struct list *list,
			 const struct bindery_device *device, bool moving)
{
	char name[BINDERY_NAME_SIZE] = "";

	if (!moving)
		bindery_device_read_override(device, list->host, name,
					     sizeof(name));
	put_string(object, "override", name);
}

static struct json_object *device_object(const struct list *list,
					 const struct bindery_device *device,
					 bool moving)
{
	struct json_object *object = json_object_new_object();
	char name[DEVICE_NAME_SIZE];

	put_bdf(object, "device", bindery_device_get_bdf(device));
	put_string(object, "driver", bindery_device_get_driver(device));
	put_override(object, list, device, moving);
	put_ids(object, bindery_device_get_class(device),
		bindery_device_get_vendor(device),
		bindery_device_get_device_id(device));
	put_place(object, list, device);
	device_name(list->names, device, name);
	put_string(object, "name", name);
	return object;
}

/* Is it one of those that were dumped? The others are free. */
static void put_dumped(struct json_object *object,
		       const struct bindery_groups *groups, uint32_t number)
{
	const struct bindery_group *group;

	for (size_t i = 0; i < bindery_groups_get_count(groups); i++) {
		group = bindery_groups_get(groups, i);
		if (bindery_group_get_number(group) != number)
			continue;
		put_group_claims(object, group);
		return;
	}
	put_string(object, "state",
		   bindery_group_state_symbol(BINDERY_GROUP_FREE));
	put_number(object, "claims", 0);
}

/*
 * Without the module, or when the group is gone meanwhile, nothing is known.
 * Who may not dump can still ask for each group.
 */
static void put_state(struct json_object *object, const struct list *list,
		      uint32_t number, struct bindery_bdf bdf)
{
	static const char *const keys[] = {
		"state", "claims", "holder", "claim", "generation"
	};
	struct bindery_reference device = { .bdf = bdf };
	struct bindery_group *group;

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		json_object_object_add(object, keys[i], NULL);
	if (list->groups) {
		put_dumped(object, list->groups, number);
		return;
	}
	if (!list->context ||
	    bindery_group_show(list->context, &device, &group))
		return;
	put_group_claims(object, group);
	bindery_group_free(group);
}

static struct json_object *group_object(const struct list *list,
					uint32_t number)
{
	struct json_object *object = json_object_new_object();
	struct json_object *devices = json_object_new_array();
	uint32_t group;

	put_number(object, "group", number);
	for (size_t i = 0; i < bindery_devices_get_count(list->wanted); i++) {
		const struct bindery_device *device;

		device = bindery_devices_get(list->wanted, i);
		if (!bindery_device_get_group(device, &group) || group != number)
			continue;
		if (!json_object_array_length(devices))
			put_state(object, list, number,
				  bindery_device_get_bdf(device));
		json_object_array_add(devices,
				      device_object(list, device,
						    is_moving(object)));
	}
	json_object_object_add(object, "devices", devices);
	return object;
}

static int compare(const void *a, const void *b)
{
	uint32_t number_a = *(const uint32_t *)a;
	uint32_t number_b = *(const uint32_t *)b;

	return (number_a > number_b) - (number_a < number_b);
}

static struct json_object *group_list(const struct list *list)
{
	size_t count = bindery_devices_get_count(list->wanted), groups = 0;
	struct json_object *array = json_object_new_array();
	uint32_t *numbers = calloc(count + 1, sizeof(*numbers));

	if (!numbers)
		abort();
	for (size_t i = 0; i < count; i++)
		groups += bindery_device_get_group(
			bindery_devices_get(list->wanted, i), &numbers[groups]);
	qsort(numbers, groups, sizeof(*numbers), compare);
	for (size_t i = 0; i < groups; i++)
		if (!i || numbers[i] != numbers[i - 1])
			json_object_array_add(array,
					      group_object(list, numbers[i]));
	free(numbers);
	return array;
}

/* As all are where there is no IOMMU, or it is off. */
static struct json_object *ungrouped_list(const struct list *list)
{
	size_t count = bindery_devices_get_count(list->wanted);
	struct json_object *array = json_object_new_array();
	const struct bindery_device *device;
	uint32_t group;

	for (size_t i = 0; i < count; i++) {
		device = bindery_devices_get(list->wanted, i);
		if (!bindery_device_get_group(device, &group))
			json_object_array_add(array, device_object(list, device,
								   false));
	}
	return array;
}

#define NO_GROUPS \
	"no device is in an IOMMU group, so none can be given to a guest"
#define IOMMU_ON \
	"switch the IOMMU on in the firmware (VT-d, AMD-Vi) and, for Intel, with intel_iommu=on on the kernel command line"

static void warn_no_groups(const struct list *list)
{
	size_t count = bindery_devices_get_count(list->all), groups = 0;
	uint32_t group;

	for (size_t i = 0; i < count; i++)
		groups += bindery_device_get_group(
			bindery_devices_get(list->all, i), &group);
	if (!count)
		fputs("bindery: there are no PCI devices\n", stderr);
	else if (!groups)
		fprintf(stderr, "bindery: %s; %s\n", NO_GROUPS, IOMMU_ON);
}

static int set_filter(const struct options *options,
		      struct bindery_filter *filter)
{
	int ret = 0;

	if (options_given(options, OPTION_VENDOR))
		ret = bindery_filter_set_vendor(filter, options->vendor);
	if (!ret && options_given(options, OPTION_DEVICE))
		ret = bindery_filter_set_device(filter, options->device);
	if (!ret && options_given(options, OPTION_CLASS))
		ret = bindery_filter_set_class(filter, options->class_code);
	if (!ret && options_given(options, OPTION_DRIVER))
		ret = bindery_filter_set_driver(filter, options->driver);
	if (options_given(options, OPTION_NUMA))
		bindery_filter_set_numa_node(filter, options->numa);
	if (options_given(options, OPTION_ELIGIBLE))
		bindery_filter_set_eligible(filter);
	return ret;
}

static int filter_devices(const struct options *options, struct list *list)
{
	struct bindery_filter *filter;
	int ret = bindery_filter_new(&filter);

	if (!ret)
		ret = set_filter(options, filter);
	if (!ret)
		ret = bindery_devices_filter(list->wanted, filter);
	bindery_filter_free(filter);
	if (ret == -EINVAL)
		return usage_error(options->verb, "nothing is to be looked for");
	return ret ? report_failure(options, -ret, "no filter") : STATUS_DONE;
}

static int read_host(const struct options *options, struct list *list)
{
	int ret = bindery_host_new(NULL, &list->host);

	if (ret)
		return report_failure(options, -ret, "sysfs");
	ret = bindery_host_get_devices(list->host, &list->all);
	if (!ret)
		ret = bindery_host_get_devices(list->host, &list->wanted);
	if (ret)
		return report_failure(options, -ret, "/sys/bus/pci/devices");
	ret = bindery_names_new(&list->names);
	if (ret)
		return report_failure(options, -ret, "no names");
	return filter_devices(options, list);
}

static void open_module(struct list *list)
{
	int ret = open_states(&list->context);

	list->has_module = ret != -ENOENT && ret != -ENXIO && ret != -ENODEV;
	if (ret)
		warn_no_states(-ret);
	else if (bindery_groups_dump(&list->groups))
		list->groups = NULL;
}

int run_list(struct options *options)
{
	struct json_object *document;
	struct list list = { 0 };
	int ret = read_host(options, &list);

	if (!ret) {
		open_module(&list);
		document = json_object_new_object();
		put_bool(document, "module", list.has_module);
		json_object_object_add(document, "groups", group_list(&list));
		json_object_object_add(document, "ungrouped",
				       ungrouped_list(&list));
		document_print(options, document);
		warn_no_groups(&list);
	}
	bindery_groups_free(list.groups);
	bindery_context_free(list.context);
	bindery_names_free(list.names);
	bindery_devices_free(list.wanted);
	bindery_devices_free(list.all);
	bindery_host_free(list.host);
	return ret;
}
