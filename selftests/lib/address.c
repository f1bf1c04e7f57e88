// SPDX-License-Identifier: GPL-2.0-only
/* The ways to name a device, and what it is, as sysfs shows them. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib.h"

#define DEVICES	"/sys/bus/pci/devices"

/*
 * A device's path, as its place in sysfs shows it: the root bus, each bridge,
 * the device.
 */
int device_path(const char *bdf, struct bindery_ioc_device *device)
{
	char link[256], place[PATH_MAX];
	struct bindery_ioc_bdf at;
	char *rest = place, *name;
	unsigned int domain, bus;

	memset(device, 0, sizeof(*device));
	device->address = BINDERY_ADDRESS_PATH;
	snprintf(link, sizeof(link), DEVICES "/%s", bdf);
	if (!realpath(link, place))
		return -errno;
	while ((name = strsep(&rest, "/"))) {
		if (sscanf(name, "pci%x:%x", &domain, &bus) == 2) {
			device->bdf.domain = domain;
			device->bdf.bus = bus;
		} else if (strchr(name, '.')) {
			at = pci_address(name);
			device->steps[device->num_steps++] =
				at.slot << 3 | at.function;
		}
	}
	return device->num_steps ? 0 : -ENOENT;
}

/* The virtual function of that index, if there is one. */
bool pci_vf(const char *pf, unsigned int index, char vf[BDF_SIZE])
{
	char path[256];

	snprintf(path, sizeof(path), DEVICES "/%s/virtfn%u", pf, index);
	return !link_name(path, vf, BDF_SIZE);
}

/* Of an attribute that is a hexadecimal number; 0 if there is none. */
unsigned int pci_number(const char *bdf, const char *attribute)
{
	text_t text;

	return pci_read(bdf, attribute, text) ? 0 : strtoul(text, NULL, 16);
}

/* The Device Serial Number capability, 0 if there is none. */
static uint64_t serial_of(const char *bdf)
{
	uint32_t head, words[2];
	char path[256];
	int at = 0x100, fd;
	uint64_t serial = 0;

	snprintf(path, sizeof(path), DEVICES "/%s/config", bdf);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	while (at >= 0x100 && pread(fd, &head, 4, at) == 4 && head) {
		if ((head & 0xffff) == 3 && pread(fd, words, 8, at + 4) == 8)
			serial = (uint64_t)words[1] << 32 | words[0];
		at = head >> 20;
	}
	close(fd);
	return serial;
}

/* What the device is: all that a call can expect. */
struct bindery_ioc_device device_identity(const char *bdf)
{
	struct bindery_ioc_device device = {
		.bdf = pci_address(bdf),
		.flags = BINDERY_EXPECT_ID | BINDERY_EXPECT_SUBSYSTEM,
		.vendor = pci_number(bdf, "vendor"),
		.device_id = pci_number(bdf, "device"),
		.subsystem_vendor = pci_number(bdf, "subsystem_vendor"),
		.subsystem_device = pci_number(bdf, "subsystem_device"),
	};

	device.serial = serial_of(bdf);
	if (device.serial)
		device.flags |= BINDERY_EXPECT_SERIAL;
	return device;
}
