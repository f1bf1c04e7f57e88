// SPDX-License-Identifier: GPL-2.0-only
/*
 * Members on different slots are worked on at the same time, functions of one
 * slot one after the other. The test drivers can wait for each other inside
 * their callbacks: those who wait for more than there are have failed.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kselftest_harness.h"
#include "lib.h"

/* A callback takes so long that another one beside it would be noticed. */
#define PAUSE_MS	"30"
/* An ACQUIRE needs far less, and a repair that is held waits for it. */
#define REPAIR_MS	5000
#define OVERDUE_MS	(2000 * slowness())

FIXTURE(parallel) {
	int control;
	int claim;
	unsigned int num_groups;
	unsigned int num_slots;
	struct group groups[8];		/* their endpoints */
	struct snapshot before;
	struct request request;
	struct answer answer;
	struct child child;
};

static unsigned int count_slots(const struct group *group)
{
	unsigned int slots = 0;

	for (unsigned int i = 0; i < group->num; i++)
		slots += !i || !pci_same_slot(group->bdf[i - 1], group->bdf[i]);
	return slots;
}

/* The endpoints of a group; none if one of them is on another driver. */
static void read_endpoints(struct group *endpoints, int id)
{
	struct group group;

	endpoints->num = 0;
	endpoints->id = id;
	if (group_read(&group, id))
		return;
	for (unsigned int i = 0; i < group.num; i++) {
		if (pci_is_bridge(group.bdf[i]))
			continue;
		if (!pci_is_on(group.bdf[i], TEST_NATIVE)) {
			endpoints->num = 0;
			return;
		}
		memcpy(endpoints->bdf[endpoints->num++], group.bdf[i],
		       BDF_SIZE);
	}
}

/* All groups that can be used, the one with the most slots first. */
static void find_groups(FIXTURE_DATA(parallel) *self)
{
	struct group *groups = self->groups;
	char all[MAX_DEVICES][BDF_SIZE];
	int num = pci_list(all, MAX_DEVICES);
	int last = -1;

	for (int i = 0; i < num && self->num_groups < 8; i++) {
		if (pci_group(all[i]) == last)
			continue;
		last = pci_group(all[i]);
		read_endpoints(&groups[self->num_groups], last);
		if (!groups[self->num_groups].num)
			continue;
		if (count_slots(&groups[self->num_groups]) >
		    count_slots(&groups[0])) {
			groups[7] = groups[0];
			groups[0] = groups[self->num_groups];
			groups[self->num_groups] = groups[7];
		}
		self->num_groups++;
	}
}

static void ask_for(FIXTURE_DATA(parallel) *self, unsigned int from,
		    unsigned int to)
{
	request_init(&self->request, TEST_TARGET);
	for (unsigned int i = from; i < to; i++)
		for (unsigned int j = 0; j < self->groups[i].num; j++)
			request_add(&self->request, self->groups[i].bdf[j]);
}

FIXTURE_SETUP(parallel)
{
	self->control = control_open();
	ASSERT_LE(0, self->control);
	find_groups(self);
	if (self->num_groups < 3 || count_slots(&self->groups[0]) < 3)
		SKIP(return, "not three groups on " TEST_NATIVE
			     ", one of them of three slots");
	for (unsigned int i = 0; i < self->num_groups; i++)
		self->num_slots += count_slots(&self->groups[i]);
	ASSERT_EQ(0, module_load(TEST_TARGET));
	knobs_reset();
	ASSERT_EQ(0, snapshot_take(&self->before));
	ask_for(self, 0, self->num_groups);
}

FIXTURE_TEARDOWN(parallel)
{
	knobs_reset();
	for (unsigned int i = 0; i < self->num_groups; i++)
		EXPECT_EQ(BINDERY_GROUP_FREE,
			  close_claims(self->control, self->groups[i].bdf[0]));
	EXPECT_EQ(0, snapshot_compare(&self->before));
}

/* The next callbacks, so many, return when all of them have begun. */
static void let_meet(const char *module, const char *what, unsigned int number)
{
	char text[16];

	snprintf(text, sizeof(text), "%u", number);
	knob(module, "met", "0");
	knob(module, "not_met", "0");
	knob(module, what, text);
}

static bool have_met(const char *module, unsigned int number)
{
	if (knob_read(module, "met") == (int)number &&
	    !knob_read(module, "not_met"))
		return true;
	note("%s: %d of %u callbacks met, %d waited in vain", module,
	     knob_read(module, "met"), number, knob_read(module, "not_met"));
	return false;
}

static int acquire_all(FIXTURE_DATA(parallel) *self)
{
	self->claim = acquire(self->control, &self->request);
	return self->claim < 0 ? self->claim : 0;
}

TEST_F_TIMEOUT(parallel, T14_slots_leave_their_drivers_at_once, 100)
{
	let_meet(TEST_NATIVE, "rendezvous_remove", self->num_slots);
	ASSERT_EQ(0, acquire_all(self));
	EXPECT_TRUE(have_met(TEST_NATIVE, self->num_slots));
}

/* The first member of a group may have been bound before the others. */
TEST_F_TIMEOUT(parallel, T14_slots_of_a_group_are_bound_at_once, 100)
{
	unsigned int others = count_slots(&self->groups[0]) - 1;

	ask_for(self, 0, 1);
	knob(TEST_TARGET, "rendezvous_skip", "1");
	let_meet(TEST_TARGET, "rendezvous_probe", others);
	ASSERT_EQ(0, acquire_all(self));
	EXPECT_TRUE(have_met(TEST_TARGET, others));
}

TEST_F_TIMEOUT(parallel, T14_slots_of_several_groups_are_bound_at_once, 100)
{
	let_meet(TEST_TARGET, "rendezvous_probe", self->num_groups);
	ASSERT_EQ(0, acquire_all(self));
	EXPECT_TRUE(have_met(TEST_TARGET, self->num_groups));
}

TEST_F_TIMEOUT(parallel, T14_slots_leave_their_targets_at_once, 100)
{
	ASSERT_EQ(0, acquire_all(self));
	let_meet(TEST_TARGET, "rendezvous_remove", self->num_slots);
	EXPECT_EQ(0, release(self->claim, &self->answer));
	EXPECT_TRUE(have_met(TEST_TARGET, self->num_slots));
}

TEST_F_TIMEOUT(parallel, T14_slots_are_restored_at_once, 100)
{
	ASSERT_EQ(0, acquire_all(self));
	let_meet(TEST_NATIVE, "rendezvous_probe", self->num_slots);
	EXPECT_EQ(0, release(self->claim, &self->answer));
	EXPECT_TRUE(have_met(TEST_NATIVE, self->num_slots));
}

TEST_F_TIMEOUT(parallel, T14_a_rollback_restores_slots_at_once, 100)
{
	struct group *last = &self->groups[self->num_groups - 1];

	knob(TEST_TARGET, "fail", last->bdf[last->num - 1]);
	let_meet(TEST_NATIVE, "rendezvous_probe", self->num_slots);
	EXPECT_EQ(-EIO, acquire_all(self));
	EXPECT_TRUE(have_met(TEST_NATIVE, self->num_slots));
	EXPECT_EQ(0, snapshot_compare(&self->before));
}

static bool is_stuck(FIXTURE_DATA(parallel) *self, const char *bdf)
{
	const struct bindery_ioc_member *member;

	if (status(self->claim, &self->answer))
		return false;
	member = member_of(self->answer.members, self->answer.num_members,
			   bdf);
	return member && member->out_flags & BINDERY_MEMBER_STUCK;
}

/* The group waits for both. */
TEST_F_TIMEOUT(parallel, W3_two_repairs_that_hang_return_one_after_the_other,
	       100)
{
	const struct group *group = &self->groups[0];
	const char *first = group->bdf[0], *last = group->bdf[group->num - 1];
	char both[2 * BDF_SIZE];

	ask_for(self, 0, 1);
	self->request.cmd.deadline_ms = REPAIR_MS;
	ASSERT_EQ(0, acquire_all(self));
	ASSERT_EQ(0, pci_unbind(first));
	ASSERT_EQ(0, pci_unbind(last));
	snprintf(both, sizeof(both), "%s %s", first, last);
	ASSERT_EQ(0, knob(TEST_TARGET, "hold_probe", both));
	EXPECT_EQ(-EBUSY, recover(self->control, BINDERY_RECOVER_REPAIR, NULL,
				  first, &self->answer));
	EXPECT_EQ(BINDERY_ERROR_STUCK, self->answer.error.out_code);
	ASSERT_EQ(0, knob(TEST_TARGET, "hold_probe", last));
	EXPECT_TRUE(wait_until(!is_stuck(self, first)));
	EXPECT_TRUE(is_stuck(self, last));
	EXPECT_EQ(BINDERY_GROUP_STUCK, group_state(self->control, first));
	ASSERT_EQ(0, knob(TEST_TARGET, "hold_probe", ""));
	EXPECT_TRUE(wait_until(group_is(self->control, first,
					BINDERY_GROUP_HELD)));
	EXPECT_EQ(0, release(self->claim, &self->answer));
}

/*
 * Two unbinds are overdue. The first member's lock holds up the rollback, and
 * one of them returns meanwhile: too late for that pass, but not for the next.
 */
TEST_F_TIMEOUT(parallel, T12_who_returns_in_a_rollback_waits_for_nobody_else,
	       100)
{
	static const char step[] = "bindery_member_aim";
	const struct group *group = &self->groups[0];
	const char *first = group->bdf[0], *second = group->bdf[1];
	const char *last = group->bdf[group->num - 1];
	char both[2 * BDF_SIZE];

	ASSERT_EQ(0, module_load(TEST_HOLD));
	ASSERT_EQ(0, watch_function(step));
	ask_for(self, 0, 1);
	self->request.cmd.deadline_ms = OVERDUE_MS;
	snprintf(both, sizeof(both), "%s %s", second, last);
	ASSERT_EQ(0, knob(TEST_NATIVE, "hold_remove", both));
	ASSERT_EQ(0, acquire_in_child(&self->child, self->control,
				      &self->request));
	ASSERT_TRUE(wait_until(knob_read(TEST_NATIVE, "waiting") == 2));
	ASSERT_TRUE(wait_until(pci_is_on(first, "")));
	ASSERT_EQ(0, knob(TEST_NATIVE, "lock", first));
	ASSERT_TRUE(wait_until(watch_hits(step)));
	knob(TEST_NATIVE, "hold_remove", last);
	EXPECT_TRUE(wait_until(knob_read(TEST_NATIVE, "waiting") == 2));
	watch_end();
	knob(TEST_NATIVE, "lock", "");
	EXPECT_TRUE(wait_until(pci_is_on(second, TEST_NATIVE)));
	EXPECT_EQ(1, knob_read(TEST_NATIVE, "waiting"));
	EXPECT_TRUE(wait_until(group_is(self->control, first,
					BINDERY_GROUP_STUCK)));
	knob(TEST_NATIVE, "hold_remove", "");
	child_kill(&self->child);
}

/* The devices of a log of a test driver, in its order. */
struct log {
	unsigned int num;
	char bdf[MAX_MEMBERS][BDF_SIZE];
};

static int log_read(struct log *log, const char *module, const char *what)
{
	char path[256], text[4096], done[32];
	char *rest = text, *line;

	log->num = 0;
	snprintf(path, sizeof(path), "/sys/module/%s/parameters/log", module);
	if (read_file(path, text, sizeof(text)))
		return -1;
	while ((line = strsep(&rest, "\n")) && log->num < MAX_MEMBERS)
		if (sscanf(line, "%31s %15s", done, log->bdf[log->num]) == 2 &&
		    !strcmp(done, what))
			log->num++;
	return log->num;
}

/* Of each slot, one function after the other; sign 1: the higher ones last. */
static int out_of_order(const char *module, const char *what, int sign)
{
	struct log log;
	int wrong = 0;

	if (log_read(&log, module, what) <= 0)
		return -1;
	for (unsigned int i = 0; i < log.num; i++)
		for (unsigned int j = i + 1; j < log.num; j++)
			if (pci_same_slot(log.bdf[i], log.bdf[j]) &&
			    sign * strcmp(log.bdf[i], log.bdf[j]) > 0) {
				note("%s: %s of %s before %s", module, what,
				     log.bdf[i], log.bdf[j]);
				wrong++;
			}
	return wrong;
}

static void pause_each(const char *ms)
{
	knob(TEST_NATIVE, "pause_ms", ms);
	knob(TEST_TARGET, "pause_ms", ms);
}

TEST_F(parallel, T14_functions_of_a_slot_go_one_after_the_other)
{
	pause_each(PAUSE_MS);
	ASSERT_EQ(0, acquire_all(self));
	EXPECT_EQ(0, out_of_order(TEST_NATIVE, "remove", -1));
	EXPECT_EQ(0, out_of_order(TEST_TARGET, "probe", 1));
	ASSERT_EQ(0, release(self->claim, &self->answer));
	EXPECT_EQ(0, out_of_order(TEST_TARGET, "remove", -1));
	EXPECT_EQ(0, out_of_order(TEST_NATIVE, "probe", 1));
	EXPECT_EQ(0, knob_read(TEST_NATIVE, "overlaps"));
	EXPECT_EQ(0, knob_read(TEST_TARGET, "overlaps"));
	/* Which would have been seen: others did meet. */
	EXPECT_LT(1, knob_read(TEST_NATIVE, "most"));
	EXPECT_LT(1, knob_read(TEST_TARGET, "most"));
}

TEST_F(parallel, T14_SERIAL_is_one_after_the_other)
{
	pause_each(PAUSE_MS);
	self->request.cmd.flags = BINDERY_ACQUIRE_SERIAL;
	ASSERT_EQ(0, acquire_all(self));
	EXPECT_EQ(1, knob_read(TEST_NATIVE, "most"));
	EXPECT_EQ(1, knob_read(TEST_TARGET, "most"));
	EXPECT_EQ(0, out_of_order(TEST_NATIVE, "remove", -1));
	EXPECT_EQ(0, out_of_order(TEST_TARGET, "probe", 1));
}

TEST_HARNESS_MAIN
