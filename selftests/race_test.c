// SPDX-License-Identifier: GPL-2.0-only
/*
 * Transactions while others do all that makes the kernel bind drivers: no
 * claim is ever given whose members are not on their targets, and nothing is
 * left behind.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/utsname.h>

#include "kselftest_harness.h"
#include "lib.h"

#define STUB_ID		"/sys/bus/pci/drivers/pci-stub/"
#define MAX_ADVERSARIES	3

FIXTURE(race) {
	int control;
	struct group group;
	struct snapshot before;
	struct request request;
	struct answer answer;
	struct child children[MAX_ADVERSARIES];
	unsigned int num_children;
	volatile long *acts;	/* shared with the adversaries */
};

FIXTURE_SETUP(race)
{
	self->control = control_open();
	ASSERT_LE(0, self->control);
	if (group_choose(&self->group, NULL))
		SKIP(return, "no group of endpoints on native drivers");
	ASSERT_EQ(0, module_load("vfio_pci"));
	ASSERT_EQ(0, module_load("pci_stub"));
	knobs_reset();
	ASSERT_EQ(0, snapshot_take(&self->before));
	request_group(&self->request, &self->group, "");
	self->acts = mmap(NULL, getpagesize(), PROT_READ | PROT_WRITE,
			  MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, self->acts);
}

static void write_identities(const struct group *group, const char *file)
{
	text_t vendor, device;
	char id[300];

	for (unsigned int i = 0; i < group->num; i++) {
		pci_read(group->bdf[i], "vendor", vendor);
		pci_read(group->bdf[i], "device", device);
		snprintf(id, sizeof(id), "%s %s", vendor + 2, device + 2);
		write_file(file, id);
	}
}

static void stop_adversaries(FIXTURE_DATA(race) *self)
{
	while (self->num_children)
		child_kill(&self->children[--self->num_children]);
	write_identities(&self->group, STUB_ID "remove_id");
}

FIXTURE_TEARDOWN(race)
{
	stop_adversaries(self);
	EXPECT_EQ(BINDERY_GROUP_FREE,
		  close_claims(self->control, self->group.bdf[0]));
	EXPECT_EQ(0, snapshot_compare(&self->before));
}

/*
 * Before 6.2 VFIO warns when two members are the first of their group at once.
 * The first member is bound before the others, so it alone is safe there.
 */
static bool probes_can_meet(void)
{
	struct utsname name;
	int major, minor;

	uname(&name);
	return sscanf(name.release, "%d.%d", &major, &minor) == 2 &&
	       (major > 6 || (major == 6 && minor >= 2));
}

static void ask_for_probes(const struct group *group)
{
	unsigned int num = probes_can_meet() ? group->num : 1;

	for (unsigned int i = 0; i < num; i++)
		pci_drivers_probe(group->bdf[i]);
}

/* A driver that would take such a device as soon as nobody has it. */
static void add_identities(const struct group *group)
{
	write_identities(group, STUB_ID "new_id");
	write_identities(group, STUB_ID "remove_id");
}

static void rescan(const struct group *group)
{
	(void)group;
	write_file("/sys/bus/pci/rescan", "1");
}

static void reload_native(const struct group *group)
{
	(void)group;
	module_unload(TEST_NATIVE);
	module_load(TEST_NATIVE);
}

struct act {
	void (*act)(const struct group *group);
	const struct group *group;
	volatile long *count;
};

static int act_for_ever(int socket, void *arg)
{
	struct act *act = arg;

	(void)socket;
	/* The pauses are for the emulator, which a rescan keeps from its timers */
	for (;;) {
		act->act(act->group);
		++*act->count;
		usleep(1000);
	}
	return 0;
}

static int start_adversary(FIXTURE_DATA(race) *self,
			   void (*act)(const struct group *group))
{
	volatile long *count = &self->acts[self->num_children];
	struct act arg = { act, &self->group, count };

	if (child_start(&self->children[self->num_children++], act_for_ever,
			&arg))
		return -1;
	return wait_until(*count > 0) ? 0 : -1;
}

static int num_rounds(int fallback)
{
	const char *text = getenv("ROUNDS");

	return text ? atoi(text) : fallback;
}

/* Whether each of them acted since the counts were noted. */
static bool all_acted(FIXTURE_DATA(race) *self, const long *noted)
{
	for (unsigned int i = 0; i < self->num_children; i++)
		if (self->acts[i] == noted[i])
			return false;
	return true;
}

static void note_acts(FIXTURE_DATA(race) *self, long *noted)
{
	for (unsigned int i = 0; i < self->num_children; i++)
		noted[i] = self->acts[i];
}

static int not_on_target(const struct group *group)
{
	int wrong = 0;
	text_t driver, override;

	for (unsigned int i = 0; i < group->num; i++) {
		pci_driver(group->bdf[i], driver);
		pci_read(group->bdf[i], "driver_override", override);
		if (!strcmp(driver, VFIO_PCI) && !strcmp(override, VFIO_PCI))
			continue;
		note("%s is claimed, on '%s', override '%s'", group->bdf[i],
		     driver, override);
		wrong++;
	}
	return wrong;
}

static int overridden(const struct group *group)
{
	int wrong = 0;
	text_t override;

	for (unsigned int i = 0; i < group->num; i++) {
		pci_read(group->bdf[i], "driver_override", override);
		if (!strcmp(override, "(null)"))
			continue;
		note("%s is left with override '%s'", group->bdf[i], override);
		wrong++;
	}
	return wrong;
}

/* How many of the transactions had all adversaries inside, or -1. */
static int transact(FIXTURE_DATA(race) *self, int rounds)
{
	long noted[MAX_ADVERSARIES];
	int claim, met = 0;

	for (int i = 0; i < rounds; i++) {
		note_acts(self, noted);
		claim = acquire(self->control, &self->request);
		if (claim < 0 || not_on_target(&self->group))
			return -1;
		met += all_acted(self, noted);
		if (!wait_until(all_acted(self, noted)) ||
		    not_on_target(&self->group) ||
		    release(claim, &self->answer))
			return -1;
		close_claim(claim);
		if (snapshot_compare(&self->before))
			return -1;
	}
	note("%d of %d transactions had all adversaries inside", met, rounds);
	return met;
}

TEST_F_TIMEOUT(race, T11_no_driver_slips_in_between, 100)
{
	ASSERT_EQ(0, start_adversary(self, ask_for_probes));
	ASSERT_EQ(0, start_adversary(self, add_identities));
	EXPECT_LE(1, transact(self, num_rounds(30)));
}

TEST_F_TIMEOUT(race, T11_no_driver_slips_in_when_the_bus_is_scanned, 100)
{
	ASSERT_EQ(0, start_adversary(self, ask_for_probes));
	ASSERT_EQ(0, start_adversary(self, rescan));
	EXPECT_LE(1, transact(self, num_rounds(30) / 2));
}

/* While the native driver comes and goes, an ACQUIRE may fail. */
TEST_F_TIMEOUT(race, T11_a_native_driver_that_comes_and_goes, 100)
{
	int claims = 0, rounds = num_rounds(30);
	long noted[MAX_ADVERSARIES];
	int claim;

	if (group_choose(&self->group, TEST_NATIVE))
		SKIP(return, "no group of devices on " TEST_NATIVE);
	request_group(&self->request, &self->group, "");
	ASSERT_EQ(0, start_adversary(self, ask_for_probes));
	ASSERT_EQ(0, start_adversary(self, reload_native));
	for (int i = 0; i < rounds; i++) {
		claim = acquire(self->control, &self->request);
		if (claim >= 0) {
			claims++;
			note_acts(self, noted);
			ASSERT_EQ(0, not_on_target(&self->group));
			ASSERT_TRUE(wait_until(all_acted(self, noted)));
			ASSERT_EQ(0, not_on_target(&self->group));
			release(claim, &self->answer);
			close_claim(claim);
		}
		ASSERT_TRUE(wait_until(group_state(self->control,
						   self->group.bdf[0]) ==
				       BINDERY_GROUP_FREE));
		ASSERT_EQ(0, overridden(&self->group));
	}
	stop_adversaries(self);
	TH_LOG("%d of %d transactions gave a claim", claims, rounds);
	EXPECT_LT(0, claims);
	/* Who saw it without driver left it so. */
	wait_until(!module_is_loaded(TEST_NATIVE) ||
		   !module_unload(TEST_NATIVE));
	ASSERT_EQ(0, module_load(TEST_NATIVE));
}

TEST_HARNESS_MAIN
