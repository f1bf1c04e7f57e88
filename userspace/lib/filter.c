// SPDX-License-Identifier: LGPL-2.1-or-later
/* Which devices somebody wants to see; no vendor is built in. */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"

#define NO_DRIVER "none"

/* NULL, or false: anything. */
struct bindery_filter {
	char *vendor;
	char *device;
	char *class_code;
	char *driver;
	bool has_numa;
	int numa;
	bool eligible;
};

int bindery_filter_new(struct bindery_filter **filter)
{
	*filter = calloc(1, sizeof(**filter));
	return *filter ? 0 : -ENOMEM;
}

void bindery_filter_free(struct bindery_filter *filter)
{
	if (!filter)
		return;
	free(filter->vendor);
	free(filter->device);
	free(filter->class_code);
	free(filter->driver);
	free(filter);
}

static int set(char **field, const char *text)
{
	char *copy;

	if (!*text)
		return -EINVAL;
	copy = strdup(text);
	if (!copy)
		return -ENOMEM;
	free(*field);
	*field = copy;
	return 0;
}

int bindery_filter_set_vendor(struct bindery_filter *filter, const char *text)
{
	return set(&filter->vendor, text);
}

int bindery_filter_set_device(struct bindery_filter *filter, const char *text)
{
	return set(&filter->device, text);
}

int bindery_filter_set_class(struct bindery_filter *filter, const char *text)
{
	return set(&filter->class_code, text);
}

int bindery_filter_set_driver(struct bindery_filter *filter, const char *text)
{
	return set(&filter->driver, text);
}

void bindery_filter_set_numa_node(struct bindery_filter *filter, int node)
{
	filter->has_numa = true;
	filter->numa = node;
}

void bindery_filter_set_eligible(struct bindery_filter *filter)
{
	filter->eligible = true;
}

/* Just so many hex digits, 0x before them or not. */
static bool is_hex(const char **text, size_t length)
{
	const char *digits = *text;

	if (digits[0] == '0' && tolower((unsigned char)digits[1]) == 'x')
		digits += 2;
	if (strlen(digits) != length ||
	    strspn(digits, "0123456789abcdefABCDEF") != length)
		return false;
	*text = digits;
	return true;
}

static bool is_id(const char *text, uint16_t id)
{
	return strtoul(text, NULL, 16) == id;
}

struct match {
	const struct bindery_filter *filter;
	struct bindery_names *names;
};

static bool match_vendor(const struct match *match, const char *text,
			 uint16_t vendor)
{
	char name[BINDERY_PCI_NAME_SIZE];

	if (is_hex(&text, 4))
		return is_id(text, vendor);
	return bindery_names_get_vendor(match->names, vendor, name) &&
	       strcasestr(name, text);
}

/* VVVV:DDDD, DDDD or a part of the name. */
static bool match_device(const struct match *match, const char *text,
			 uint16_t vendor, uint16_t device)
{
	char name[BINDERY_PCI_NAME_SIZE];
	const char *colon = strchr(text, ':');
	char first[8];

	if (colon && colon - text < (int)sizeof(first)) {
		const char *id = first, *second = colon + 1;

		snprintf(first, sizeof(first), "%.*s", (int)(colon - text), text);
		if (is_hex(&id, 4) && is_hex(&second, 4))
			return is_id(id, vendor) && is_id(second, device);
	}
	if (is_hex(&text, 4))
		return is_id(text, device);
	return bindery_names_get_device(match->names, vendor, device, name) &&
	       strcasestr(name, text);
}

/* The first two, four or all six digits of the code, or a part of its name. */
static bool match_class(const struct match *match, const char *text,
			uint32_t class_code)
{
	char name[BINDERY_PCI_NAME_SIZE];
	char code[16];

	snprintf(code, sizeof(code), "%06x", class_code);
	if (is_hex(&text, 2) || is_hex(&text, 4) || is_hex(&text, 6))
		return !strncasecmp(code, text, strlen(text));
	return bindery_names_get_class(match->names, class_code, name) &&
	       strcasestr(name, text);
}

static bool match_driver(const char *text, const char *driver)
{
	return driver_is_same(text, *driver ? driver : NO_DRIVER);
}

static bool is_wanted(const struct bindery_device *device, void *argument)
{
	const struct match *match = argument;
	const struct bindery_filter *filter = match->filter;
	uint16_t vendor = bindery_device_get_vendor(device);

	if (filter->vendor && !match_vendor(match, filter->vendor, vendor))
		return false;
	if (filter->device &&
	    !match_device(match, filter->device, vendor,
			  bindery_device_get_device_id(device)))
		return false;
	if (filter->class_code &&
	    !match_class(match, filter->class_code,
			 bindery_device_get_class(device)))
		return false;
	if (filter->driver &&
	    !match_driver(filter->driver, bindery_device_get_driver(device)))
		return false;
	if (filter->has_numa &&
	    filter->numa != bindery_device_get_numa_node(device))
		return false;
	return !filter->eligible || bindery_device_is_eligible(device);
}

int bindery_devices_filter(struct bindery_devices *devices,
			   const struct bindery_filter *filter)
{
	struct match match = { .filter = filter };
	int ret = bindery_names_new(&match.names);

	if (ret)
		return ret;
	bindery_devices_keep(devices, is_wanted, &match);
	bindery_names_free(match.names);
	return 0;
}
