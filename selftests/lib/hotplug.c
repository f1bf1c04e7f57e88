// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hotplug.h"

#define ADDED	"pci_bus_add_device"
#define REMOVE	"pci_stop_and_remove_bus_device"
#define EDU(_id, _place, _bdf)						\
	{ _id, "driver=edu,id=" _id ",bus=" _place, _bdf, TEST_NATIVE }
#define TESTDEV(_id, _place, _bdf)					\
	{ _id, "driver=pci-testdev,id=" _id ",bus=" _place, _bdf, TEST_NATIVE }

static const struct scene scenes[] = {
	{
		/* ports without ACS */
		.machine = "hotplug",
		.anchor = "0000:00:03.0",
		.newcomer = EDU("n1", "p4", "0000:07:00.0"),
		.newcomer_otherwise = "driver=pci-testdev,id=n1,bus=p4",
		.bridge = { "n2", "driver=x3130-upstream,id=n2,bus=p6",
			    "0000:09:00.0", "pcieport" },
		.members = {
			EDU("e1", "p1", "0000:04:00.0"),
			TESTDEV("e2", "p2", "0000:05:00.0"),
			EDU("e3", "p3", "0000:06:00.0"),
		},
		.num_members = 3,
		.moved = EDU("e3", "p5", "0000:08:00.0"),
	}, {
		/* a conventional bus */
		.machine = "hotplug",
		.anchor = "0000:02:00.0",
		.newcomer = EDU("n1", "pb1,addr=5", "0000:03:05.0"),
		.newcomer_otherwise = "driver=pci-testdev,id=n1,bus=pb1,addr=5",
		.bridge = { "n2", "driver=pci-bridge,id=n2,bus=pb1,addr=7,"
			    "chassis_nr=33,shpc=off", "0000:03:07.0", "" },
		.members = {
			EDU("b1", "pb1,addr=1", "0000:03:01.0"),
			TESTDEV("b2", "pb1,addr=2", "0000:03:02.0"),
		},
		.num_members = 2,
		.moved = TESTDEV("b2", "pb1,addr=9", "0000:03:09.0"),
	}, {
		/* real drivers */
		.machine = "ports",
		.anchor = "0000:00:01.0",
		.newcomer = { "n1", "driver=e1000e,id=n1,bus=rp3",
			      "0000:03:00.0", "e1000e",
			      "e1000e:e1000_probe" },
		.newcomer_otherwise = "driver=edu,id=n1,bus=rp3",
		/*
		 * Not the disk is the last, which comes and goes at any moment:
		 * nvme of 6.1 crashes when removed while it probes.
		 */
		.members = {
			{ "disk", "driver=nvme,id=disk,bus=rp2,serial=n1,drive=n1",
			  "0000:02:00.0", "nvme", "nvme:nvme_probe" },
			{ "nic", "driver=e1000e,id=nic,bus=rp1",
			  "0000:01:00.0", "e1000e", "e1000e:e1000_probe" },
		},
		.num_members = 2,
		.moved = { "nic", "driver=e1000e,id=nic,bus=rp4",
			   "0000:04:00.0", "e1000e", "e1000e:e1000_probe" },
	},
};

/*
 * The first one of this machine, or that of the device in the environment;
 * NULL: none.
 */
const struct scene *scene_choose(void)
{
	const char *machine = getenv("BINDERY_MACHINE");
	const char *wanted = getenv("BINDERY_TEST_DEVICE");

	for (size_t i = 0; machine && i < sizeof(scenes) / sizeof(*scenes); i++)
		if (!strcmp(scenes[i].machine, machine) &&
		    (!wanted || !strcmp(scenes[i].anchor, wanted)))
			return &scenes[i];
	return NULL;
}

/* It is on the bus when this returns; its probe may go on. */
int plug_in(int qmp, const struct plug *plug)
{
	int ret = qmp_device_add(qmp, plug->properties);

	if (ret)
		return ret;
	return wait_until(pci_exists(plug->bdf)) ? 0 : -ETIMEDOUT;
}

/* A device leaves its group when its directory is gone already. */
static bool has_left(const char *bdf, int group)
{
	char path[96];

	snprintf(path, sizeof(path), "/sys/kernel/iommu_groups/%d/devices/%s",
		 group, bdf);
	return !pci_exists(bdf) && access(path, F_OK);
}

int plug_out(int qmp, const struct plug *plug)
{
	int group = pci_group(plug->bdf);
	int ret = qmp_device_del(qmp, plug->id);

	if (ret)
		return ret;
	return wait_until(has_left(plug->bdf, group)) &&
	       wait_until(!qmp_has_device(qmp, plug->id)) ? 0 : -ETIMEDOUT;
}

static int put_back(const struct plug *plug, int qmp)
{
	int ret = 0;

	if (!pci_exists(plug->bdf))
		ret = plug_in(qmp, plug);
	if (!ret && !wait_until(!is_natural(plug)))
		ret = -EBUSY;
	return ret;
}

/* Devices are as they were at first. */
int hotplug_tidy(struct hotplug *hp)
{
	const struct scene *scene = hp->scene;
	const struct plug *guests[] = {
		&scene->newcomer, &scene->bridge, &scene->moved,
	};
	int ret = 0;

	for (int i = 0; i < 3 && !ret; i++)
		if (guests[i]->id && pci_exists(guests[i]->bdf))
			ret = plug_out(hp->qmp, guests[i]);
	for (unsigned int i = 0; i < scene->num_members && !ret; i++)
		ret = put_back(&scene->members[i], hp->qmp);
	return ret;
}

/* -ENODEV: not on this machine. */
int hotplug_begin(struct hotplug *hp)
{
	int ret;

	hp->scene = scene_choose();
	if (!hp->scene)
		return -ENODEV;
	hp->newcomer = &hp->scene->newcomer;
	hp->first = &hp->scene->members[0];
	hp->last = &hp->scene->members[hp->scene->num_members - 1];
	hp->qmp = qmp_open();
	if (hp->qmp < 0)
		return hp->qmp;
	hp->control = control_open();
	if (hp->control < 0)
		return hp->control;
	ret = module_load("vfio_pci") ?: module_load(TEST_TARGET) ?:
	      module_load(TEST_NATIVE);
	if (ret)
		return ret;
	knobs_reset();
	request_endpoints(&hp->request, pci_group(hp->first->bdf), "");
	return snapshot_take(&hp->before) ?: probes_watch(hp->newcomer);
}

/* How many things are not as they were. */
int hotplug_end(struct hotplug *hp)
{
	int state, wrong;

	if (!hp->scene)
		return 0;
	knobs_reset();
	state = close_claims(hp->control, hp->scene->anchor);
	wrong = state != BINDERY_GROUP_FREE;
	if (wrong)
		note("the group's state is %d", state);
	wrong += hotplug_tidy(hp) != 0;
	watch_end();
	close(hp->qmp);
	close(hp->control);
	return wrong + snapshot_compare(&hp->before);
}

int hotplug_state(struct hotplug *hp)
{
	return group_state(hp->control, hp->scene->anchor);
}

bool hotplug_is(struct hotplug *hp, int state)
{
	return hotplug_state(hp) == state;
}

/* All of the group that can be asked for. */
void request_endpoints(struct request *request, int group, const char *target)
{
	struct group all;

	request_init(request, target);
	if (group_read(&all, group))
		return;
	for (unsigned int i = 0; i < all.num; i++)
		if (!pci_is_bridge(all.bdf[i]))
			request_add(request, all.bdf[i]);
}

/* Count what its native driver is offered from now on. */
int probes_watch(const struct plug *plug)
{
	if (plug->probe)
		return watch_function(plug->probe);
	return knob(plug->native, "log", "");
}

int probes_of(const struct plug *plug)
{
	if (plug->probe)
		return watch_hits(strchr(plug->probe, ':') + 1);
	return knob_count(plug->native, "probe", plug->bdf);
}

int removals_watch(void)
{
	return watch_function(REMOVE);
}

/* It was not only asked for. */
bool removal_began(void)
{
	return watch_hits(REMOVE) > 0;
}

int additions_watch(void)
{
	return watch_function(ADDED);
}

/* All have been told of a device that want to know. */
bool addition_ended(void)
{
	return watch_hits(ADDED) > 0;
}

/* Empty: by nothing. */
bool is_overridden(const char *bdf, const char *name)
{
	text_t override;

	if (pci_read(bdf, "driver_override", override))
		return false;
	return !strcmp(override, name[0] ? name : "(null)");
}

/* How many things are not as they are where nobody claims. */
int is_natural(const struct plug *plug)
{
	return !pci_is_on(plug->bdf, plug->native) +
	       !is_overridden(plug->bdf, "");
}

bool came_back(const struct plug *plug)
{
	return !is_natural(plug);
}

/* What a claim has to tell of a newcomer that it has taken. */
int not_taken(const struct bindery_ioc_member *member,
		     const struct plug *plug, const char *target)
{
	int wrong = member_compare(member, BINDERY_ROLE_ADDED,
				   BINDERY_ACTION_MOVE, target, 0);

	if (!member)
		return wrong;
	if (strcmp(member->out_target, target) ||
	    strcmp(member->out_override, target) ||
	    !is_overridden(plug->bdf, target)) {
		note("%s: target '%s', override '%s'", plug->bdf,
		     member->out_target, member->out_override);
		wrong++;
	}
	if (!(member->out_flags & BINDERY_MEMBER_VFIO)) {
		note("%s has no VFIO device", plug->bdf);
		wrong++;
	}
	return wrong;
}

/* It comes, to a group whose claim is in answer: what is wrong then. */
int comes_to(struct hotplug *hp, const char *target)
{
	const struct plug *plug = hp->newcomer;
	int before = probes_of(plug);

	if (plug_in(hp->qmp, plug) || !wait_until(!pci_is_on(plug->bdf, "")))
		return -1;
	if (show(hp->control, plug->bdf, &hp->answer))
		return -1;
	if (probes_of(plug) != before) {
		note("%s was offered to its native driver", plug->bdf);
		return -1;
	}
	return not_taken(member_of(hp->answer.members,
				   hp->answer.num_members, plug->bdf), plug,
			 target);
}

/* To a group that takes nobody: it goes where it would without us. */
int comes_naturally(struct hotplug *hp)
{
	const struct plug *plug = hp->newcomer;

	if (plug_in(hp->qmp, plug))
		return -1;
	return wait_until(!is_natural(plug)) ? 0 : -1;
}

/* All but those that went are as at first. */
int others_differ(struct hotplug *hp)
{
	struct snapshot others = snapshot_copy(&hp->before);
	int differences = 0;

	for (unsigned int i = 0; i < others.num; i++) {
		if (pci_exists(others.devices[i].bdf))
			continue;
		note("%s is gone", others.devices[i].bdf);
		others.devices[i] = others.devices[--others.num];
		i--;
	}
	for (unsigned int i = 0; i < hp->scene->num_members; i++)
		if (pci_exists(hp->scene->members[i].bdf))
			differences += is_natural(&hp->scene->members[i]);
	return differences + snapshot_compare(&others);
}

/* How many members that are there are not on this target, of a claim. */
int not_held(struct hotplug *hp, const char *target)
{
	int wrong = 0;

	for (unsigned int i = 0; i < hp->scene->num_members; i++) {
		const char *bdf = hp->scene->members[i].bdf;

		if (!pci_exists(bdf) || (pci_is_on(bdf, target) &&
					 is_overridden(bdf, target)))
			continue;
		note("%s is not on its target", bdf);
		wrong++;
	}
	return wrong;
}
