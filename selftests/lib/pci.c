// SPDX-License-Identifier: GPL-2.0-only
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib.h"

#define DEVICES	"/sys/bus/pci/devices"
#define DRIVERS	"/sys/bus/pci/drivers"
#define GROUPS	"/sys/kernel/iommu_groups"

int pci_read(const char *bdf, const char *attribute, text_t text)
{
	char path[256];

	snprintf(path, sizeof(path), DEVICES "/%s/%s", bdf, attribute);
	return read_file(path, text, sizeof(text_t));
}

int pci_write(const char *bdf, const char *attribute, const char *text)
{
	char path[256];

	snprintf(path, sizeof(path), DEVICES "/%s/%s", bdf, attribute);
	return write_file(path, text);
}

/* Empty: none. */
void pci_driver(const char *bdf, text_t name)
{
	char path[256];

	snprintf(path, sizeof(path), DEVICES "/%s/driver", bdf);
	link_name(path, name, sizeof(text_t));
}

bool pci_is_on(const char *bdf, const char *driver)
{
	text_t name;

	pci_driver(bdf, name);
	return !strcmp(name, driver);
}

bool pci_is_bridge(const char *bdf)
{
	text_t class;

	return !pci_read(bdf, "class", class) &&
	       (!strncmp(class, "0x0604", 6) || !strncmp(class, "0x0600", 6));
}

bool pci_is(const char *bdf, const char *vendor, const char *device)
{
	text_t text;

	return !pci_read(bdf, "vendor", text) && !strcmp(text, vendor) &&
	       !pci_read(bdf, "device", text) && !strcmp(text, device);
}

bool pci_exists(const char *bdf)
{
	char path[256];

	snprintf(path, sizeof(path), DEVICES "/%s", bdf);
	return !access(path, F_OK);
}

/* The same but for the function. */
bool pci_same_slot(const char *a, const char *b)
{
	return !strncmp(a, b, strrchr(a, '.') - a);
}

/* The number of its IOMMU group, -1 if it is in none. */
int pci_group(const char *bdf)
{
	char path[256];
	text_t name;

	snprintf(path, sizeof(path), DEVICES "/%s/iommu_group", bdf);
	return link_name(path, name, sizeof(name)) ? -1 : atoi(name);
}

/* The PCI devices in a directory, in the order of their addresses. */
static int list_devices(const char *path, char (*bdf)[BDF_SIZE],
			unsigned int max)
{
	struct dirent **entries;
	unsigned int num = 0, part;
	int found = scandir(path, &entries, NULL, alphasort);

	for (int i = 0; i < found; i++) {
		if (sscanf(entries[i]->d_name, "%x:%x:%x.%x", &part, &part,
			   &part, &part) == 4 && num < max)
			snprintf(bdf[num++], BDF_SIZE, "%.15s",
				 entries[i]->d_name);
		free(entries[i]);
	}
	if (found >= 0)
		free(entries);
	return num;
}

int pci_list(char (*bdf)[BDF_SIZE], unsigned int max)
{
	return list_devices(DEVICES, bdf, max);
}

int pci_find(const char *vendor, const char *device, char (*bdf)[BDF_SIZE],
	     unsigned int max)
{
	char all[MAX_DEVICES][BDF_SIZE];
	int listed = pci_list(all, MAX_DEVICES);
	unsigned int num = 0;

	for (int i = 0; i < listed; i++)
		if (pci_is(all[i], vendor, device) && num < max)
			memcpy(bdf[num++], all[i], BDF_SIZE);
	return num;
}

/* A device with the same identity in another group. */
int pci_find_twin(const char *bdf, char twin[BDF_SIZE])
{
	char found[MAX_DEVICES][BDF_SIZE];
	text_t vendor, device;
	int num;

	if (pci_read(bdf, "vendor", vendor) || pci_read(bdf, "device", device))
		return -ENODEV;
	num = pci_find(vendor, device, found, MAX_DEVICES);
	for (int i = 0; i < num; i++) {
		if (pci_group(found[i]) == pci_group(bdf))
			continue;
		memcpy(twin, found[i], BDF_SIZE);
		return 0;
	}
	return -ENOENT;
}

/* Empty: none. */
int pci_override(const char *bdf, const char *name)
{
	return pci_write(bdf, "driver_override", name[0] ? name : "\n");
}

int pci_unbind(const char *bdf)
{
	return pci_write(bdf, "driver/unbind", bdf);
}

int pci_bind(const char *bdf, const char *driver)
{
	char path[256];

	snprintf(path, sizeof(path), DRIVERS "/%s/bind", driver);
	return write_file(path, bdf);
}

int pci_drivers_probe(const char *bdf)
{
	return write_file("/sys/bus/pci/drivers_probe", bdf);
}

/* The module of the driver it is on. */
int pci_module(const char *bdf, text_t name)
{
	char path[256];

	snprintf(path, sizeof(path), DEVICES "/%s/driver/module", bdf);
	return link_name(path, name, sizeof(text_t));
}

/* To another driver, as an administrator does it. */
int pci_move(const char *bdf, const char *driver)
{
	text_t on;
	int ret = pci_override(bdf, driver);

	pci_driver(bdf, on);
	if (!ret && on[0])
		ret = pci_unbind(bdf);
	return ret ? ret : pci_bind(bdf, driver);
}

struct bindery_ioc_bdf pci_address(const char *bdf)
{
	struct bindery_ioc_bdf address = { 0 };
	unsigned int domain, bus, slot, function;

	if (sscanf(bdf, "%x:%x:%x.%x", &domain, &bus, &slot, &function) == 4) {
		address.domain = domain;
		address.bus = bus;
		address.slot = slot;
		address.function = function;
	}
	return address;
}

void pci_text(const struct bindery_ioc_bdf *address, char bdf[BDF_SIZE])
{
	snprintf(bdf, BDF_SIZE, "%04x:%02x:%02x.%x", address->domain & 0xffff,
		 address->bus, address->slot & 0x1f, address->function & 7);
}

int group_read(struct group *group, int id)
{
	char path[64];

	memset(group, 0, sizeof(*group));
	group->id = id;
	snprintf(path, sizeof(path), GROUPS "/%d/devices", id);
	group->num = list_devices(path, group->bdf, MAX_MEMBERS);
	return group->num ? 0 : -ENOENT;
}

/* All of the group are endpoints, on drivers, or on this one. */
static bool is_suitable(const struct group *group, const char *driver)
{
	text_t on;

	for (unsigned int i = 0; i < group->num; i++) {
		pci_driver(group->bdf[i], on);
		if (!on[0] || (driver && strcmp(on, driver)) ||
		    pci_is_bridge(group->bdf[i]))
			return false;
	}
	return true;
}

/* The suitable group with the most members, but not that one. */
static int choose(struct group *group, const char *driver, int but)
{
	char all[MAX_DEVICES][BDF_SIZE];
	int listed = pci_list(all, MAX_DEVICES);
	struct group candidate;

	group->num = 0;
	for (int i = 0; i < listed; i++)
		if (!group_read(&candidate, pci_group(all[i])) &&
		    candidate.id != but && candidate.num > group->num &&
		    is_suitable(&candidate, driver))
			*group = candidate;
	return group->num ? 0 : -ENOENT;
}

/*
 * The group to test with: that of the device in the environment, or the one
 * with the most members, all endpoints on native drivers, or on this one.
 */
int group_choose(struct group *group, const char *driver)
{
	const char *wanted = getenv("BINDERY_TEST_DEVICE");

	if (!wanted)
		return choose(group, driver, -1);
	return group_read(group, pci_group(wanted)) ?:
	       is_suitable(group, driver) ? 0 : -ENOENT;
}

/* The largest of the other groups that is as suitable. */
int group_choose_other(struct group *other, const struct group *group,
		       const char *driver)
{
	return choose(other, driver, group->id);
}

/* Two groups of one device each, both on that driver; -ENODEV. */
int group_choose_singles(struct group *one, struct group *two,
			 const char *driver)
{
	struct group *const singles[] = { one, two };
	char all[MAX_DEVICES][BDF_SIZE];
	int listed = pci_list(all, MAX_DEVICES), found = 0;

	for (int i = 0; i < listed && found < 2; i++)
		if (pci_is_on(all[i], driver) &&
		    !group_read(singles[found], pci_group(all[i])) &&
		    singles[found]->num == 1)
			found++;
	return found == 2 ? 0 : -ENODEV;
}
