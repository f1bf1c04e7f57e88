// SPDX-License-Identifier: GPL-2.0-only
/* All who act on devices and know nothing of bindery. */
#include <stdlib.h>
#include <string.h>

#include "adversary.h"
#include "hotplug.h"
#include "torture.h"

/* Of those in acts.c, the first ones. */
enum { ASK_FOR_PROBE, RELOAD_NATIVE, OFFER_TO_STUB, RESCAN };

/* A removal that was begun goes on, however long it has been waited for. */
static void remove_device(int qmp, const struct plug *plug)
{
	struct ledger_device *device = ledger_device(plug->bdf);
	int ret;

	atomic_store(&device->leaving, true);
	record_begin(KIND_PLUG_OUT, "%s", plug->bdf);
	ret = record_end(plug_out(qmp, plug), 0);
	if (!ret)
		atomic_store(&device->leaving, false);
}

static void add_device(int qmp, const struct plug *plug)
{
	record_begin(KIND_PLUG_IN, "%s", plug->bdf);
	if (!record_end(plug_in(qmp, plug), 0))
		atomic_store(&ledger_device(plug->bdf)->leaving, false);
}

/* A device that comes here, or there. */
static void plug_one(int qmp, const struct plug *here, const struct plug *there)
{
	bool elsewhere = !chance(3);

	if (pci_exists(here->bdf))
		remove_device(qmp, here);
	else if (there && pci_exists(there->bdf))
		remove_device(qmp, there);
	else
		add_device(qmp, there && elsewhere ? there : here);
}

int plugger(int socket, void *arg)
{
	const struct scene *scene = arena->scene;
	int qmp = qmp_open();

	(void)socket;
	(void)arg;
	if (qmp < 0)
		return 1;
	for (unsigned int act = 0; !atomic_load(&arena->stop); act++) {
		chance_next(act);
		if (chance(2))
			plug_one(qmp, &scene->newcomer, NULL);
		else
			plug_one(qmp, &scene->members[scene->num_members - 1],
				 &scene->moved);
		usleep(chance(300) * 1000);
	}
	close(qmp);
	return 0;
}

/* Its devices are those of the beginning, wherever they were. */
int plugs_put_back(void)
{
	struct hotplug hp = { .scene = arena->scene, .qmp = qmp_open() };
	int ret;

	if (hp.qmp < 0)
		return hp.qmp;
	for (unsigned int i = 0; i < arena->ledger.num; i++)
		if (arena->ledger.devices[i].guest ||
		    arena->ledger.devices[i].comes_and_goes)
			atomic_store(&arena->ledger.devices[i].leaving, true);
	ret = hotplug_tidy(&hp);
	close(hp.qmp);
	return ret;
}

static void act(struct stage *stage, unsigned int which, enum kind kind)
{
	record_begin(kind, "%s of %s", kinds[which].name, stage->group.bdf[0]);
	record_end(kinds[which].act(stage, 0), 0);
}

/* Only a driver that nobody needs now can go. */
static void reload_target(void)
{
	int ret;

	record_begin(KIND_RELOAD_TARGET, "%s", "");
	ret = module_unload(TEST_TARGET);
	usleep(chance(20000));
	record_end(ret ?: module_load(TEST_TARGET), 0);
}

static void reload(struct stage *stage)
{
	if (chance(2)) {
		reload_target();
		return;
	}
	disturb_all();
	act(stage, RELOAD_NATIVE, KIND_RELOAD);
	/* What it could not load again while somebody held a device. */
	for (unsigned int i = 0; i < stage->num_modules; i++)
		module_load(stage->modules[i]);
}

/* What has no driver for a moment would be free for a stub. */
static bool may_offer(void)
{
	return !mood(MOOD_RELOADS) && !mood(MOOD_PLUGS);
}

static void act_outside(struct stage *stage)
{
	unsigned int which = chance(5);

	if (which == RELOAD_NATIVE) {
		if (mood(MOOD_RELOADS))
			reload(stage);
	} else if (mood(MOOD_OUTSIDERS)) {
		if (which == OFFER_TO_STUB && may_offer())
			act(stage, OFFER_TO_STUB, KIND_OUTSIDER);
		else if (which == RESCAN)
			act(stage, RESCAN, KIND_OUTSIDER);
		else
			act(stage, ASK_FOR_PROBE, KIND_OUTSIDER);
	}
}

static struct stage *make_stage(void)
{
	struct group none = { 0 };
	struct stage *stage = stage_open(&none);

	if (!stage)
		return NULL;
	stage->num_modules = arena->num_modules;
	for (unsigned int i = 0; i < arena->num_modules; i++)
		memcpy(stage->modules[i], arena->modules[i], sizeof(text_t));
	srandom(chance(RAND_MAX));
	return stage;
}

int outsider(int socket, void *arg)
{
	struct stage *stage = make_stage();

	(void)socket;
	(void)arg;
	if (!stage || module_load("pci_stub"))
		return 1;
	for (unsigned int i = 0; !atomic_load(&arena->stop); i++) {
		chance_next(i);
		if (!group_of(any_anchor(), &stage->group))
			act_outside(stage);
		usleep(chance(60000));
	}
	return 0;
}

/* One device in an episode is all that it is after. */
int hostile(int socket, void *arg)
{
	struct ledger_device *victim;
	char bdf[BDF_SIZE];

	(void)socket;
	(void)arg;
	if (!any_endpoint(bdf) || module_load("pci_stub"))
		return 1;
	victim = ledger_device(bdf);
	disturb(bdf);
	srandom(chance(RAND_MAX));
	while (!atomic_load(&arena->stop)) {
		if (random() % 2) {
			record_begin(KIND_OVERRIDE, "%s", bdf);
			record_end(act_override(bdf, victim->native), 0);
		} else {
			record_begin(KIND_REBIND, "%s", bdf);
			record_end(act_rebind(bdf, victim->native), 0);
		}
		usleep(random() % 200000);
	}
	return 0;
}
