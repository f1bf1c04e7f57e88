// SPDX-License-Identifier: GPL-2.0-only
/*
 * Drivers whose callbacks do not return until they are told to: nobody waits
 * for them but their own group, which repairs itself in the end.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "kselftest_harness.h"
#include "fixture.h"

#define DEADLINE_MS	5000
/* What is promised to callers; a callback that is held takes far longer. */
#define PROMISED_MS(deadline) (2 * (deadline) * slowness())
#define SHORT_MS	200
#define MAX_GROUPS	3

FIXTURE(stuck) {
	COMMON;
	struct group groups[MAX_GROUPS];	/* the first as above */
	struct request all;		/* of all groups */
};

static unsigned int find_groups(FIXTURE_DATA(stuck) *self)
{
	char all[MAX_DEVICES][BDF_SIZE];
	int num = pci_list(all, MAX_DEVICES);
	unsigned int found = 1;

	self->groups[0] = self->group;
	for (int i = 0; i < num && found < MAX_GROUPS; i++)
		if (pci_is_on(all[i], TEST_NATIVE) &&
		    pci_group(all[i]) != self->group.id)
			group_read(&self->groups[found++], pci_group(all[i]));
	return found;
}

FIXTURE_SETUP(stuck)
{
	COMMON_SETUP(.driver = TEST_NATIVE, .target = TEST_TARGET);
	if (find_groups(self) < MAX_GROUPS)
		SKIP(return, "not three groups of devices on " TEST_NATIVE);
	request_init(&self->all, TEST_TARGET);
	for (unsigned int i = 0; i < MAX_GROUPS; i++)
		for (unsigned int j = 0; j < self->groups[i].num; j++)
			request_add(&self->all, self->groups[i].bdf[j]);
}

FIXTURE_TEARDOWN(stuck)
{
	EXPECT_EQ(0, common_rest(&self->common));
	for (unsigned int i = 1; i < MAX_GROUPS; i++)
		EXPECT_EQ(BINDERY_GROUP_FREE,
			  close_claims(self->control, self->groups[i].bdf[0]));
	COMMON_TEARDOWN();
}

static bool is_in(FIXTURE_DATA(stuck) *self, const char *bdf, int state)
{
	return group_is(self->control, bdf, state);
}

#define COMES_TO(bdf, state) wait_until(is_in(self, bdf, BINDERY_GROUP_##state))

/* The groups but the first are as they were. */
static bool others_free(FIXTURE_DATA(stuck) *self)
{
	for (unsigned int i = 1; i < MAX_GROUPS; i++)
		if (!is_in(self, self->groups[i].bdf[0], BINDERY_GROUP_FREE) ||
		    !pci_is_on(self->groups[i].bdf[0], TEST_NATIVE))
			return false;
	return true;
}

/* This member is overdue, and none of its neighbours is. */
static bool only_stuck(FIXTURE_DATA(stuck) *self, const char *bdf)
{
	struct bindery_ioc_member *member;
	bool is;

	if (show(self->control, bdf, &self->answer))
		return false;
	for (unsigned int i = 0; i < self->answer.num_members; i++) {
		member = &self->answer.members[i];
		is = member->out_flags & BINDERY_MEMBER_STUCK;
		if (is == !strcmp(member->out_name, bdf))
			continue;
		note("%s: stuck is %d", member->out_name, is);
		return false;
	}
	return true;
}

static void check_time(struct __test_metadata *_metadata, const char *what,
		       long since, long deadline_ms)
{
	long took = clock_ms() - since;

	note("%s: %ld ms, the deadline was %ld", what, took, deadline_ms);
	EXPECT_GE(PROMISED_MS(deadline_ms), took);
}

/* Who is named in the error, which has to be of a deadline; 0: it is. */
static int overdue_device(const struct bindery_ioc_error *error,
			  char named[BDF_SIZE])
{
	pci_text(&error->out_device, named);
	return (error->out_code != BINDERY_ERROR_DEADLINE) +
	       !(error->out_flags & BINDERY_ERROR_HAS_DEVICE);
}

/* --- what the caller gets ------------------------------------------------- */

static void check_acquire(struct __test_metadata *_metadata,
			  FIXTURE_DATA(stuck) *self, const char *module,
			  const char *what, uint32_t step)
{
	long start;

	start = clock_ms();
	EXPECT_EQ(-ETIMEDOUT, overdue_after(self->control, &self->request,
					    module, what, self->last,
					    DEADLINE_MS));
	/* Each call that came too early had half of the next one's. */
	check_time(_metadata, what, start,
		   2 * self->request.cmd.deadline_ms - DEADLINE_MS);
	EXPECT_EQ(1, knob_read(module, "waiting"));
	EXPECT_EQ(0, error_is(&self->request.error, BINDERY_ERROR_DEADLINE,
			      step, ETIMEDOUT, self->last));
	EXPECT_TRUE(BECOMES(STUCK));
	EXPECT_TRUE(only_stuck(self, self->last));
	knob(module, what, "");
	COMES_BACK();
}

TEST_F_TIMEOUT(stuck, T12_an_acquire_whose_unbind_is_held, 100)
{
	check_acquire(_metadata, self, TEST_NATIVE, "hold_remove",
		      BINDERY_STEP_UNBIND);
}

TEST_F_TIMEOUT(stuck, T12_an_acquire_whose_bind_is_held, 100)
{
	check_acquire(_metadata, self, TEST_TARGET, "hold_probe",
		      BINDERY_STEP_BIND);
}

static void check_release(struct __test_metadata *_metadata,
			  FIXTURE_DATA(stuck) *self, const char *module,
			  const char *what)
{
	char named[BDF_SIZE];
	long start;

	self->claim = acquire(self->control, &self->all);
	ASSERT_LE(0, self->claim);
	knob(module, what, self->first);
	start = clock_ms();
	EXPECT_EQ(-ETIMEDOUT, release_within(self->claim, &self->answer,
					     DEADLINE_MS));
	check_time(_metadata, what, start, DEADLINE_MS);
	EXPECT_EQ(0, overdue_device(&self->answer.error, named));
	EXPECT_STREQ(self->first, named);

	EXPECT_TRUE(BECOMES(STUCK));
	EXPECT_TRUE(only_stuck(self, self->first));
	EXPECT_TRUE(wait_until(others_free(self)));
	knob(module, what, "");
	COMES_BACK();
}

TEST_F_TIMEOUT(stuck, T12_a_release_whose_unbind_is_held, 100)
{
	check_release(_metadata, self, TEST_TARGET, "hold_remove");
}

TEST_F_TIMEOUT(stuck, T12_a_release_whose_native_bind_is_held, 100)
{
	check_release(_metadata, self, TEST_NATIVE, "hold_probe");
}

/* --- the others ----------------------------------------------------------- */

static int cycle(FIXTURE_DATA(stuck) *self, const struct group *group)
{
	struct request request;
	int claim, ret;

	request_group(&request, group, TEST_TARGET);
	claim = acquire(self->control, &request);
	if (claim < 0)
		return claim;
	ret = release(claim, &self->answer);
	close_claim(claim);
	return ret;
}

static void check_others(struct __test_metadata *_metadata,
			 FIXTURE_DATA(stuck) *self, const char *module,
			 const char *what)
{
	EXPECT_EQ(-ETIMEDOUT, overdue(self->control, &self->all, module, what,
				      self->last));
	EXPECT_TRUE(wait_until(others_free(self)));
	EXPECT_TRUE(BECOMES(STUCK));
	EXPECT_TRUE(only_stuck(self, self->last));
	for (int round = 0; round < 3; round++)
		for (unsigned int i = 1; i < MAX_GROUPS; i++)
			EXPECT_EQ(0, cycle(self, &self->groups[i]));
	EXPECT_EQ(BINDERY_GROUP_STUCK, STATE());
	EXPECT_EQ(1, knob_read(module, "waiting"));
	knob(module, what, "");
	COMES_BACK();
}

TEST_F(stuck, T12_other_groups_come_back_while_an_unbind_is_held)
{
	check_others(_metadata, self, TEST_NATIVE, "hold_remove");
}

TEST_F(stuck, T12_other_groups_come_back_while_a_bind_is_held)
{
	check_others(_metadata, self, TEST_TARGET, "hold_probe");
}

/* In whatever order they return. */
TEST_F_TIMEOUT(stuck, T12_several_groups_are_stuck_at_once, 100)
{
	char held[128], named[BDF_SIZE];
	long start;

	snprintf(held, sizeof(held), "%s %s %s", self->last,
		 self->groups[1].bdf[0], self->groups[2].bdf[0]);
	knob(TEST_NATIVE, "hold_remove", held);
	self->all.cmd.deadline_ms = DEADLINE_MS;
	start = clock_ms();
	EXPECT_EQ(-ETIMEDOUT, acquire(self->control, &self->all));
	check_time(_metadata, "three of hold_remove", start, DEADLINE_MS);
	ASSERT_EQ(3, knob_read(TEST_NATIVE, "waiting"));
	EXPECT_EQ(0, overdue_device(&self->all.error, named));
	EXPECT_NE(NULL, strstr(held, named)) {
		TH_LOG("%s is named, of %s", named, held);
	}
	for (unsigned int i = 0; i < MAX_GROUPS; i++)
		EXPECT_TRUE(COMES_TO(self->groups[i].bdf[0], STUCK));
	EXPECT_TRUE(only_stuck(self, named));

	snprintf(held, sizeof(held), "%s %s", self->last,
		 self->groups[2].bdf[0]);
	knob(TEST_NATIVE, "hold_remove", held);
	EXPECT_TRUE(COMES_TO(self->groups[1].bdf[0], FREE));
	EXPECT_EQ(0, cycle(self, &self->groups[1]));

	knob(TEST_NATIVE, "hold_remove", self->groups[2].bdf[0]);
	EXPECT_TRUE(BECOMES(FREE));
	EXPECT_EQ(0, cycle(self, &self->group));
	EXPECT_TRUE(is_in(self, self->groups[2].bdf[0],
			      BINDERY_GROUP_STUCK));

	knob(TEST_NATIVE, "hold_remove", "");
	EXPECT_TRUE(COMES_TO(self->groups[2].bdf[0], FREE));
	EXPECT_EQ(0, snapshot_compare(&self->before));
}

/* --- the group that is stuck ---------------------------------------------- */

static void refuses_stuck(struct __test_metadata *_metadata,
			  FIXTURE_DATA(stuck) *self, uint32_t flags)
{
	self->request.cmd.flags = flags;
	self->request.cmd.deadline_ms = SHORT_MS;
	EXPECT_EQ(-EBUSY, acquire(self->control, &self->request));
	EXPECT_EQ(BINDERY_ERROR_STUCK, self->request.error.out_code);
	EXPECT_EQ(BINDERY_ERROR_CLASS_RETRY, self->request.error.out_class);
}

TEST_F(stuck, T12_nothing_new_begins_on_a_group_that_is_stuck)
{
	EXPECT_EQ(-ETIMEDOUT, overdue(self->control, &self->request,
				      TEST_NATIVE, "hold_remove", self->last));
	ASSERT_TRUE(BECOMES(STUCK));
	refuses_stuck(_metadata, self, 0);
	refuses_stuck(_metadata, self, BINDERY_ACQUIRE_RESERVE_ONLY);
	refuses_stuck(_metadata, self, BINDERY_ACQUIRE_SHARED);
	EXPECT_EQ(-EBUSY, check(self->control, &self->request));
	EXPECT_EQ(BINDERY_ERROR_STUCK, self->request.error.out_code);
	EXPECT_EQ(-EBUSY, recover(self->control, BINDERY_RECOVER_REPAIR, NULL,
				  self->first, &self->answer));
	EXPECT_EQ(BINDERY_ERROR_STUCK, self->answer.error.out_code);

	/* Nor on others together with it. */
	self->all.cmd.deadline_ms = SHORT_MS;
	EXPECT_EQ(-EBUSY, acquire(self->control, &self->all));
	EXPECT_TRUE(others_free(self));
	EXPECT_EQ(BINDERY_GROUP_STUCK, STATE());
	knob(TEST_NATIVE, "hold_remove", "");
	EXPECT_TRUE(BECOMES(FREE));
}

/*
 * The first member's lock holds up the rollback, while the callback of the
 * last one returns, at different moments.
 */
TEST_F_TIMEOUT(stuck, T12_a_callback_that_returns_during_the_rollback, 100)
{
	int ret;

	self->request.cmd.deadline_ms = DEADLINE_MS / 5;
	for (int ms = 0; ms <= 300; ms += 100) {
		knob(TEST_NATIVE, "hold_remove", self->last);
		ASSERT_EQ(0, acquire_in_child(&self->child, self->control,
					      &self->request));
		ASSERT_TRUE(knob_holds(TEST_NATIVE));
		knob(TEST_NATIVE, "lock", self->first);
		ASSERT_TRUE(wait_until(knob_read(TEST_NATIVE, "waiting") == 2));
		ASSERT_EQ(0, hear(self->child.socket, &ret));
		EXPECT_EQ(-ETIMEDOUT, ret);
		usleep(ms * 1000);
		knob(TEST_NATIVE, "hold_remove", "");
		ASSERT_TRUE(knob_holds(TEST_NATIVE));
		knob(TEST_NATIVE, "lock", "");
		ASSERT_TRUE(BECOMES(FREE));
		EXPECT_EQ(0, snapshot_compare(&self->before));
		child_kill(&self->child);
	}
}

/*
 * The first member's lock holds up the restore until it is given up, and is let
 * go before that is seen: the next of its slot has missed a step, but nothing
 * is overdue.
 */
TEST_F_TIMEOUT(stuck, T12_a_function_that_misses_a_step_of_its_restore, 100)
{
	static const char work[] = "bindery_member_work";
	int hits;

	if (!pci_same_slot(self->first, self->group.bdf[1]))
		SKIP(return, "the group's first slot has one function");
	ASSERT_EQ(0, module_load(TEST_HOLD));
	ACQUIRE();
	ASSERT_EQ(0, knob(TEST_NATIVE, "lock", self->first));
	ASSERT_TRUE(knob_holds(TEST_NATIVE));
	ASSERT_EQ(0, knob(TEST_HOLD, "hold", "cancel_work"));
	EXPECT_EQ(-ETIMEDOUT, release_within(self->claim, &self->answer,
					     SHORT_MS));
	EXPECT_TRUE(knob_holds(TEST_HOLD));
	ASSERT_EQ(0, watch_function(work));
	hits = watch_hits(work);
	knob(TEST_NATIVE, "lock", "");
	EXPECT_TRUE(wait_until(watch_hits(work) > hits));
	usleep(SHORT_MS * 1000);
	watch_end();
	knob(TEST_HOLD, "hold", "");
	COMES_BACK();
}

TEST_F(stuck, T12_a_member_that_is_removed_from_the_bus_when_it_returns)
{
	const char *bdf = self->groups[1].bdf[0];

	request_group(&self->request, &self->groups[1], TEST_TARGET);
	EXPECT_EQ(-ETIMEDOUT, overdue(self->control, &self->request,
				      TEST_TARGET, "hold_probe", bdf));
	ASSERT_TRUE(COMES_TO(bdf, STUCK));
	/* It has to wait for the callback too. */
	knob(TEST_TARGET, "hold_probe", "");
	EXPECT_EQ(0, pci_write(bdf, "remove", "1"));
	EXPECT_TRUE(wait_until(!knob_read(TEST_TARGET, "waiting")));
	write_file("/sys/bus/pci/rescan", "1");
	EXPECT_TRUE(wait_until(pci_is_on(bdf, TEST_NATIVE)));
	snapshot_renumber(&self->before);
	EXPECT_EQ(0, cycle(self, &self->groups[1]));
}

TEST_F(stuck, C12_the_modules_stay_while_a_callback_is_overdue)
{
	EXPECT_EQ(-ETIMEDOUT, overdue(self->control, &self->request,
				      TEST_TARGET, "hold_probe", self->last));
	ASSERT_TRUE(BECOMES(STUCK));
	close(self->control);
	EXPECT_EQ(-EWOULDBLOCK, module_unload("bindery"));
	EXPECT_EQ(-EWOULDBLOCK, module_unload(TEST_TARGET));
	self->control = control_open();
	ASSERT_LE(0, self->control);
	EXPECT_EQ(BINDERY_GROUP_STUCK, STATE());
	knob(TEST_TARGET, "hold_probe", "");
	EXPECT_TRUE(BECOMES(FREE));
}

/* --- a caller that is gone ------------------------------------------------ */

TEST_F(stuck, C1_a_caller_killed_when_its_group_is_stuck)
{
	int ret;

	knob(TEST_NATIVE, "hold_remove", self->last);
	self->request.cmd.deadline_ms = DEADLINE_MS / 5;
	ASSERT_EQ(0, acquire_in_child(&self->child, self->control,
				      &self->request));
	ASSERT_EQ(0, hear(self->child.socket, &ret));
	EXPECT_EQ(-ETIMEDOUT, ret);
	child_kill(&self->child);
	EXPECT_TRUE(BECOMES(STUCK));
	knob(TEST_NATIVE, "hold_remove", "");
	COMES_BACK();
}

static int own_and_release(int socket, void *arg)
{
	FIXTURE_DATA(stuck) *self = arg;
	int claim = acquire(self->control, &self->all), ret;

	tell(socket, claim);
	if (claim < 0 || hear(socket, &ret))
		return 1;
	release_within(claim, &self->answer, 60000);
	return 0;
}

/* RELEASE goes on without the one who asked for it. */
TEST_F(stuck, C1_a_caller_killed_inside_release)
{
	int ret;

	ASSERT_EQ(0, child_start(&self->child, own_and_release, self));
	ASSERT_EQ(0, hear(self->child.socket, &ret));
	ASSERT_LE(0, ret);
	knob(TEST_NATIVE, "hold_probe", self->first);
	ASSERT_EQ(0, tell(self->child.socket, 0));
	ASSERT_TRUE(knob_holds(TEST_NATIVE));
	child_kill(&self->child);
	EXPECT_TRUE(wait_until(others_free(self)));
	EXPECT_EQ(1, knob_read(TEST_NATIVE, "waiting"));
	knob(TEST_NATIVE, "hold_probe", "");
	COMES_BACK();
}

/* Its claim is gone with it, whatever holds up the restore. */
TEST_F(stuck, C1_an_owner_killed_whose_devices_do_not_come_back)
{
	int ret;

	ASSERT_EQ(0, acquire_in_child(&self->child, self->control,
				      &self->all));
	ASSERT_EQ(0, hear(self->child.socket, &ret));
	ASSERT_LE(0, ret);
	knob(TEST_TARGET, "hold_remove", self->first);
	child_kill(&self->child);
	EXPECT_TRUE(wait_until(others_free(self)));
	EXPECT_TRUE(wait_until(knob_read(TEST_TARGET, "waiting") == 1));
	knob(TEST_TARGET, "hold_remove", "");
	COMES_BACK();
}

#define OVERDUE_MS	(2000 * slowness())

/* Who comes while an unbind is overdue has the device until he closes it. */
static int user_comes(FIXTURE_DATA(stuck) *self, const char *bdf, int state)
{
	int wrong = vfio_open(&self->user, bdf) != 0;

	knob(TEST_HOLD, "hold", "");
	wrong += !wait_until(is_in(self, bdf, state));
	wrong += vfio_works(&self->user, bdf) != 0;
	wrong += !pci_is_on(bdf, VFIO_PCI);
	vfio_close(&self->user);
	return wrong + !COMES_TO(bdf, FREE);
}

TEST_F(stuck, C9_a_late_unbind_of_a_target_leaves_it_to_its_user)
{
	const char *bdf = self->groups[1].bdf[0];

	ASSERT_EQ(0, module_load(TEST_HOLD));
	request_init(&self->request, "");
	request_add(&self->request, bdf);
	self->request.cmd.deadline_ms = OVERDUE_MS;
	ACQUIRE();
	ASSERT_EQ(0, knob(TEST_HOLD, "hold", "bindery_member_unbind_target"));
	close_claim(self->claim);
	EXPECT_TRUE(knob_holds(TEST_HOLD));
	EXPECT_TRUE(COMES_TO(bdf, STUCK));
	EXPECT_EQ(0, user_comes(self, bdf, BINDERY_GROUP_DRAINING));
}

TEST_F(stuck, C9_a_late_unbind_of_a_native_driver_leaves_it_to_its_user)
{
	const char *bdf = self->groups[1].bdf[0];

	ASSERT_EQ(0, module_load(TEST_HOLD));
	ASSERT_EQ(0, module_load("vfio_pci"));
	ASSERT_EQ(0, pci_move(bdf, VFIO_PCI));
	request_init(&self->request, TEST_TARGET);
	request_add(&self->request, bdf);
	self->request.cmd.deadline_ms = OVERDUE_MS;
	ASSERT_EQ(0, knob(TEST_HOLD, "hold", "bindery_member_unbind"));
	EXPECT_EQ(-ETIMEDOUT, acquire(self->control, &self->request));
	EXPECT_TRUE(COMES_TO(bdf, STUCK));
	/* nothing is to be unbound, so that there is nothing to wait for */
	EXPECT_EQ(0, user_comes(self, bdf, BINDERY_GROUP_FREE));
	EXPECT_EQ(0, pci_move(bdf, TEST_NATIVE));
	EXPECT_EQ(0, pci_override(bdf, ""));
}

/* It has been told that the bind failed, and its group is waited for. */
TEST_F(stuck, C9_a_late_bind_is_none)
{
	const char *bdf = self->groups[1].bdf[0];

	ASSERT_EQ(0, module_load(TEST_HOLD));
	request_init(&self->request, TEST_TARGET);
	request_add(&self->request, bdf);
	self->request.cmd.deadline_ms = OVERDUE_MS;
	ASSERT_EQ(0, knob(TEST_HOLD, "hold", "bindery_member_bind"));
	EXPECT_EQ(-ETIMEDOUT, acquire(self->control, &self->request));
	EXPECT_TRUE(COMES_TO(bdf, STUCK));
	knob(TEST_TARGET, "hold_probe", bdf);
	knob(TEST_HOLD, "hold", "");
	EXPECT_TRUE(COMES_TO(bdf, FREE));
	EXPECT_TRUE(pci_is_on(bdf, TEST_NATIVE));
	knob(TEST_TARGET, "hold_probe", "");
}

TEST_HARNESS_MAIN
