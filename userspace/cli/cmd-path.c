// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>

#include "cli.h"

struct search {
	const struct options *options;
	const struct bindery_host *host;
	const struct bindery_devices *devices;
};

static int find(const struct search *search, const char *text,
		struct json_object *list)
{
	const struct bindery_device *device;
	struct json_object *object;
	char path_text[BINDERY_PATH_SIZE];
	struct bindery_path path;
	struct bindery_bdf bdf;
	int ret = device_find(search->options, search->host, text, &bdf);

	if (ret)
		return ret;
	device = bindery_devices_find(search->devices, &bdf);
	/* It has come since they were listed. */
	if (!device)
		return report_code(search->options, text,
				   BINDERY_ERROR_NO_DEVICE,
				   BINDERY_STEP_RESOLVE, ENODEV);
	if (!bindery_device_get_path(device, &path))
		return report_argument(search->options, text,
				       "no path leads to this device",
				       "name a VF with a bus number of its own as vf:PF:INDEX");
	object = json_object_new_object();
	put_bdf(object, "device", bdf);
	bindery_path_format(&path, path_text);
	put_string(object, "path", path_text);
	json_object_array_add(list, object);
	return STATUS_DONE;
}

/* All or nothing is told: a list with gaps is of no use to a script. */
static int find_all(const struct search *search)
{
	struct json_object *document = json_object_new_object();
	struct json_object *list = json_object_new_array();
	int ret = STATUS_DONE;

	json_object_object_add(document, "paths", list);
	for (int i = 0; !ret && i < search->options->num_arguments; i++)
		ret = find(search, search->options->arguments[i], list);
	if (ret)
		json_object_put(document);
	else
		document_print(search->options, document);
	return ret;
}

int run_path(struct options *options)
{
	struct bindery_devices *devices;
	struct bindery_host *host;
	int ret = bindery_host_new(NULL, &host);

	if (ret)
		return report_failure(options, -ret, "sysfs");
	ret = bindery_host_get_devices(host, &devices);
	if (ret) {
		ret = report_failure(options, -ret, "/sys/bus/pci/devices");
	} else {
		struct search search = { options, host, devices };

		ret = find_all(&search);
		bindery_devices_free(devices);
	}
	bindery_host_free(host);
	return ret;
}
