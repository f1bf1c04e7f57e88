// SPDX-License-Identifier: GPL-2.0-only
/* The groups of this machine that processes act on, and one that none does. */
#include <stdio.h>
#include <string.h>

#include "hotplug.h"
#include "torture.h"

struct ledger_device *ledger_device(const char *bdf)
{
	struct ledger *ledger = &arena->ledger;

	for (unsigned int i = 0; i < ledger->num; i++)
		if (!strcmp(ledger->devices[i].bdf, bdf))
			return &ledger->devices[i];
	return NULL;
}

void disturb(const char *bdf)
{
	struct ledger_device *device = ledger_device(bdf);

	if (device)
		atomic_store(&device->disturbed, true);
}

void disturb_all(void)
{
	for (unsigned int i = 0; i < arena->ledger.num; i++)
		atomic_store(&arena->ledger.devices[i].disturbed, true);
}

const char *any_anchor(void)
{
	return arena->places[chance(arena->num_places)].anchor;
}

/* The endpoints that are in the group now. */
int group_of(const char *anchor, struct group *group)
{
	unsigned int num = 0;

	if (group_read(group, pci_group(anchor)))
		return -1;
	for (unsigned int i = 0; i < group->num; i++)
		if (ledger_device(group->bdf[i]))
			memmove(group->bdf[num++], group->bdf[i], BDF_SIZE);
	group->num = num;
	return num ? 0 : -1;
}

bool any_endpoint(char bdf[BDF_SIZE])
{
	const char *anchor = any_anchor();
	unsigned int which = chance(MAX_MEMBERS);
	struct group group;

	if (group_of(anchor, &group))
		return false;
	memcpy(bdf, group.bdf[which % group.num], BDF_SIZE);
	return true;
}

static struct ledger_device *add_device(const char *bdf, const char *native)
{
	struct ledger *ledger = &arena->ledger;
	struct ledger_device *device = &ledger->devices[ledger->num++];

	snprintf(device->bdf, sizeof(device->bdf), "%s", bdf);
	snprintf(device->native, sizeof(device->native), "%s", native);
	return device;
}

static void add_module(const char *bdf)
{
	text_t name;

	if (pci_module(bdf, name))
		return;
	for (unsigned int i = 0; i < arena->num_modules; i++)
		if (!strcmp(arena->modules[i], name))
			return;
	if (arena->num_modules < 4)
		memcpy(arena->modules[arena->num_modules++], name,
		       sizeof(name));
}

static unsigned int num_endpoints(const struct group *group)
{
	unsigned int num = 0;

	for (unsigned int i = 0; i < group->num; i++)
		num += !pci_is_bridge(group->bdf[i]) &&
		       !pci_is_on(group->bdf[i], "");
	return num;
}

/* A bridge, if there is one: that stays. */
static void add_place(const struct group *group)
{
	struct place *place = &arena->places[arena->num_places++];
	unsigned int anchor = 0;
	text_t driver;

	for (unsigned int i = 0; i < group->num; i++) {
		if (pci_is_bridge(group->bdf[i])) {
			anchor = i;
			continue;
		}
		pci_driver(group->bdf[i], driver);
		add_device(group->bdf[i], driver);
		add_module(group->bdf[i]);
	}
	memcpy(place->anchor, group->bdf[anchor], BDF_SIZE);
}

static bool has_place(const struct group *group)
{
	for (unsigned int i = 0; i < arena->num_places; i++)
		if (pci_group(arena->places[i].anchor) == group->id)
			return true;
	return false;
}

static void find_places(void)
{
	char all[MAX_DEVICES][BDF_SIZE];
	int listed = pci_list(all, MAX_DEVICES);
	struct group group;

	for (int i = 0; i < listed && arena->num_places < MAX_GROUPS; i++) {
		if (group_read(&group, pci_group(all[i])) ||
		    !num_endpoints(&group) || has_place(&group) ||
		    arena->ledger.num + group.num > LEDGER_DEVICES - MAX_PLUGS)
			continue;
		add_place(&group);
	}
}

/* The last of many groups is left alone by all who choose. */
static void leave_one(void)
{
	const char *anchor;

	if (arena->num_places < 3)
		return;
	anchor = arena->places[--arena->num_places].anchor;
	for (unsigned int i = 0; i < arena->ledger.num; i++)
		if (pci_group(arena->ledger.devices[i].bdf) ==
		    pci_group(anchor))
			arena->ledger.devices[i].bystander = true;
}

static void add_guest(const struct plug *plug)
{
	add_device(plug->bdf, plug->native)->guest = true;
}

static void find_plugs(void)
{
	const struct scene *scene = scene_choose();
	const struct plug *last;

	if (!scene)
		return;
	last = &scene->members[scene->num_members - 1];
	if (!ledger_device(last->bdf))
		return;
	ledger_device(last->bdf)->comes_and_goes = true;
	add_guest(&scene->newcomer);
	add_guest(&scene->moved);
	arena->scene = scene;
	memcpy(arena->scene_anchor, scene->anchor, BDF_SIZE);
}

int stage_prepare(void)
{
	find_places();
	if (!arena->num_places)
		return -1;
	leave_one();
	find_plugs();
	return 0;
}
