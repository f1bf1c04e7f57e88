// SPDX-License-Identifier: GPL-2.0-or-later
/* How a device is named on a command line: see DEVICES in bindery(8). */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"

/* As the library, and BB:SS.F for domain 0000. */
static int parse_bdf(const char *text, struct bindery_bdf *bdf)
{
	char full[BINDERY_BDF_SIZE];
	const char *colon = strchr(text, ':');

	if (!colon || strchr(colon + 1, ':'))
		return bindery_bdf_parse(text, bdf);
	if (snprintf(full, sizeof(full), "0000:%s", text) >= (int)sizeof(full))
		return -EINVAL;
	return bindery_bdf_parse(full, bdf);
}

static int parse_path(const char *text, struct bindery_reference *device)
{
	struct bindery_host *host;
	int ret = bindery_path_parse(text, &device->path);

	device->address = BINDERY_ADDRESS_PATH;
	if (ret || device->path.has_root)
		return ret;
	ret = bindery_host_new(NULL, &host);
	if (ret)
		return ret;
	ret = bindery_host_complete_path(host, &device->path);
	bindery_host_free(host);
	return ret == -ENODEV ? -ENXIO : ret;
}

static void add_candidate(struct address *address,
			  const struct bindery_device *device)
{
	struct bindery_bdf bdf = bindery_device_get_bdf(device);
	size_t length = strlen(address->candidates);
	char text[BINDERY_BDF_SIZE];

	bindery_bdf_format(&bdf, text);
	snprintf(address->candidates + length,
		 sizeof(address->candidates) - length, "%s%s",
		 length ? ", " : "", text);
}

static bool is_one_group(const struct bindery_devices *devices)
{
	uint32_t first, group;

	if (!bindery_device_get_group(bindery_devices_get(devices, 0), &first))
		return false;
	for (size_t i = 1; i < bindery_devices_get_count(devices); i++)
		if (!bindery_device_get_group(bindery_devices_get(devices, i),
					      &group) || group != first)
			return false;
	return true;
}

/* Where the group is what is meant, any device of it will do. */
static int choose(const struct bindery_devices *devices,
		  struct address *address, struct bindery_bdf *bdf)
{
	*bdf = bindery_device_get_bdf(bindery_devices_get(devices, 0));
	if (bindery_devices_get_count(devices) == 1 ||
	    (address->by_group && is_one_group(devices)))
		return 0;
	address->candidates[0] = '\0';
	for (size_t i = 0; i < bindery_devices_get_count(devices); i++)
		add_candidate(address, bindery_devices_get(devices, i));
	return -EEXIST;
}

static int parse_name(const char *text, struct address *address,
		      struct bindery_bdf *bdf)
{
	struct bindery_devices *devices;
	struct bindery_host *host;
	int ret = bindery_host_new(NULL, &host);

	if (ret)
		return ret;
	ret = bindery_host_lookup(host, text, &devices);
	bindery_host_free(host);
	if (ret)
		return ret;
	ret = choose(devices, address, bdf);
	bindery_devices_free(devices);
	return ret;
}

/* PF:INDEX, the PF as a BDF or by a name of the host's */
static int parse_vf(char *text, struct address *address,
		    struct bindery_reference *device)
{
	char *colon = strrchr(text, ':'), *end;
	unsigned long vf;

	if (!colon || colon[1] < '0' || colon[1] > '9')
		return -EINVAL;
	vf = strtoul(colon + 1, &end, 10);
	if (*end || vf > UINT16_MAX)
		return -EINVAL;
	*colon = '\0';
	device->address = BINDERY_ADDRESS_VF;
	device->vf = (uint32_t)vf;
	if (!parse_bdf(text, &device->bdf))
		return 0;
	return strchr(text, ':') ? -EINVAL :
				   parse_name(text, address, &device->bdf);
}

/* A colon is in no name of the host's, but for that of a group. */
static bool is_name(const char *text)
{
	return !strncmp(text, "group:", 6) || !strchr(text, ':');
}

int address_parse(struct address *address, const char *text,
		  struct bindery_reference *device)
{
	char copy[256];

	if (!strncmp(text, "vf:", 3)) {
		if (snprintf(copy, sizeof(copy), "%s", text + 3) >=
		    (int)sizeof(copy))
			return -EINVAL;
		return parse_vf(copy, address, device);
	}
	if (!strncmp(text, "path:", 5))
		return parse_path(text + 5, device);
	if (!strncmp(text, "/dev/", 5))
		return parse_name(text, address, &device->bdf);
	if (strchr(text, '/'))
		return parse_path(text, device);
	if (!parse_bdf(text, &device->bdf))
		return 0;
	return is_name(text) ? parse_name(text, address, &device->bdf) :
			       -EINVAL;
}

int address_report(const struct options *options, const struct address *address,
		   const char *text, int error)
{
	const char *remedy = "begin it with one, as in 0000:00/01/00";
	char message[sizeof(address->candidates) + 64];

	switch (error) {
	case -ENOTUNIQ:
		return report_argument(options, text,
				       "the path has no root bus, and this machine has several",
				       remedy);
	case -ENXIO:
		return report_argument(options, text,
				       "the path has no root bus, and none can be found",
				       remedy);
	case -EEXIST:
		snprintf(message, sizeof(message),
			 "it means several devices: %s", address->candidates);
		return report_argument(options, text, message,
				       "name the one that is meant by its BDF");
	case -ENODEV:
		return report_argument(options, text, "no PCI device has this name",
				       "see 'bindery list', or DEVICES in bindery(8)");
	case -EINVAL:
		return report_argument(options, text, address->wrong ?
				       address->wrong :
				       bindery_error_sentence(BINDERY_ERROR_ADDRESS),
				       address->wrong ? address->remedy :
				       "write it as 0000:01:00.0, slot up to 1f and function up to 7, or see DEVICES in bindery(8)");
	default:
		return report_failure(options, -error, text);
	}
}
