// SPDX-License-Identifier: LGPL-2.1-or-later
/* Is a device what was expected of it? As the module looks, from outside. */
#include <errno.h>
#include <stdio.h>

#include "internal.h"

#define CONFIG_SIZE	4096
#define CONFIG_BASIC	256	/* behind it are extended capabilities */
#define CONFIG_CUT	64	/* all that others than root may read */
#define CAP_SERIAL	0x0003
#define CAP_SIZE	12
#define CAPS_MAX	((CONFIG_SIZE - CONFIG_BASIC) / 8)

static bool is_number(int dir, const char *name, unsigned long wanted,
		      int *error)
{
	unsigned long number;
	int ret = sysfs_read_number(dir, name, &number);

	if (ret && !*error)
		*error = ret;
	return !ret && number == wanted;
}

static uint32_t read_u32(const unsigned char *bytes)
{
	return bytes[0] | bytes[1] << 8 | bytes[2] << 16 |
	       (uint32_t)bytes[3] << 24;
}

/* 0 if it has none. */
static uint64_t find_serial(const unsigned char *config, size_t size)
{
	size_t at = CONFIG_BASIC;

	for (int i = 0; i < CAPS_MAX && at >= CONFIG_BASIC &&
	     at + CAP_SIZE <= size; i++) {
		uint32_t header = read_u32(config + at);

		if ((header & 0xffff) == CAP_SERIAL)
			return (uint64_t)read_u32(config + at + 8) << 32 |
			       read_u32(config + at + 4);
		at = header >> 20 & ~3U;
	}
	return 0;
}

static bool is_serial(int dir, uint64_t wanted, int *error)
{
	unsigned char config[CONFIG_SIZE];
	ssize_t length = sysfs_read_bytes(dir, "config", config,
					  sizeof(config));

	if (length >= 0 && length <= CONFIG_CUT)
		length = -EACCES;
	if (length < 0 && !*error)
		*error = (int)length;
	return length >= 0 && wanted &&
	       find_serial(config, (size_t)length) == wanted;
}

static bool is_expected(int dir, const struct bindery_reference *device,
			int *error)
{
	if (device->expect & BINDERY_EXPECT_ID &&
	    (!is_number(dir, "vendor", device->vendor, error) ||
	     !is_number(dir, "device", device->device_id, error)))
		return false;
	if (device->expect & BINDERY_EXPECT_SUBSYSTEM &&
	    (!is_number(dir, "subsystem_vendor", device->subsystem_vendor,
			error) ||
	     !is_number(dir, "subsystem_device", device->subsystem_device,
			error)))
		return false;
	return !(device->expect & BINDERY_EXPECT_SERIAL) ||
	       is_serial(dir, device->serial, error);
}

int bindery_host_check_device(const struct bindery_host *host,
			      const struct bindery_reference *device,
			      const struct bindery_bdf *bdf)
{
	char text[BINDERY_BDF_SIZE], path[128];
	int dir, error = 0;
	bool expected;

	bindery_bdf_format(bdf, text);
	snprintf(path, sizeof(path), "sys/bus/pci/devices/%s", text);
	dir = sysfs_open(host->root, path);
	if (dir < 0)
		return dir == -ENOENT ? -ENODEV : dir;
	expected = is_expected(dir, device, &error);
	sysfs_close(dir);
	if (expected)
		return 0;
	return error ? error : -ESTALE;
}
