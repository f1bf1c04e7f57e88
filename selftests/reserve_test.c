// SPDX-License-Identifier: GPL-2.0-only
/*
 * The two halves of an ACQUIRE: RESERVE_ONLY arbitrates and touches nothing,
 * BIND does the rest. And NOWAIT, which waits for neither.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "kselftest_harness.h"
#include "fixture.h"

#define SHORT_MS	200
#define PAUSE_MS	"30"

COMMON_FIXTURE(reserve, .driver = TEST_NATIVE, .target = TEST_TARGET,
	       .label = "reserve test")

static int reserve(FIXTURE_DATA(reserve) *self)
{
	self->request.cmd.flags = BINDERY_ACQUIRE_RESERVE_ONLY;
	self->claim = acquire(self->control, &self->request);
	self->request.cmd.flags = 0;
	return self->claim < 0 ? self->claim : 0;
}

/* --- RESERVE_ONLY --------------------------------------------------------- */

TEST_F(reserve, T15_a_reservation_touches_nothing)
{
	int uevents = uevents_open();

	ASSERT_LE(0, uevents);
	ASSERT_EQ(0, watch_changes());
	uevents_print(uevents);
	ASSERT_EQ(0, reserve(self));
	EXPECT_EQ(BINDERY_GROUP_RESERVED, STATE());
	ASSERT_EQ(0, status(self->claim, &self->answer));
	EXPECT_EQ(BINDERY_GROUP_RESERVED, self->answer.status.out_state);
	EXPECT_EQ(0, changes_seen());
	ASSERT_EQ(0, release(self->claim, &self->answer));
	EXPECT_EQ(BINDERY_GROUP_FREE, STATE());
	EXPECT_EQ(0, changes_seen());
	EXPECT_EQ(0, uevents_print(uevents));
	EXPECT_EQ(0, snapshot_compare_untouched(&self->before));

	/* The same eyes see the other half. */
	ASSERT_EQ(0, reserve(self));
	ASSERT_EQ(0, bind_claim(self->claim, &self->answer, 0, 0));
	EXPECT_LT(0, changes_seen());
	EXPECT_LT(0, uevents_print(uevents));
}

TEST_F(reserve, T15_a_reservation_keeps_others_out_and_names_its_holder)
{
	struct request other;
	struct bindery_ioc_error *error = &other.error;

	ASSERT_EQ(0, reserve(self));
	request_group(&other, &self->group, TEST_TARGET);
	for (int round = 0; round < 3; round++) {
		other.cmd.flags = round == 1 ? BINDERY_ACQUIRE_RESERVE_ONLY : 0;
		EXPECT_EQ(-EBUSY, round == 2 ? check(self->control, &other) :
					       acquire(self->control, &other));
		EXPECT_EQ(BINDERY_ERROR_BUSY, error->out_code);
		EXPECT_EQ(getpid(), error->out_holder_pid);
		EXPECT_STREQ("reserve_test", error->out_holder_comm);
		EXPECT_STREQ("reserve test", error->out_holder_label);
	}
	EXPECT_EQ(0, snapshot_compare_untouched(&self->before));
	ASSERT_EQ(0, release(self->claim, &self->answer));
	EXPECT_LE(0, acquire(self->control, &other));
}

/* What ACQUIRE would refuse is not reserved. */
TEST_F(reserve, T15_a_reservation_validates)
{
	struct request some;

	if (self->group.num < 2)
		SKIP(return, "the group has one member");
	request_init(&some, TEST_TARGET);
	request_add(&some, self->first);
	some.cmd.flags = BINDERY_ACQUIRE_RESERVE_ONLY;
	EXPECT_EQ(-EBUSY, acquire(self->control, &some));
	EXPECT_EQ(BINDERY_ERROR_UNDECLARED, some.error.out_code);
	EXPECT_EQ(BINDERY_GROUP_FREE, STATE());
	some.cmd.flags |= BINDERY_ACQUIRE_COMPANIONS;
	self->claim = acquire(self->control, &some);
	ASSERT_LE(0, self->claim);
	EXPECT_EQ(BINDERY_GROUP_RESERVED, STATE());
	ASSERT_EQ(0, bind_claim(self->claim, &self->answer, 0, 0));
	EXPECT_TRUE(group_is_on(&self->group, TEST_TARGET));
}

TEST_F(reserve, T15_a_reservation_dies_with_its_holder)
{
	int ret;

	self->request.cmd.flags = BINDERY_ACQUIRE_RESERVE_ONLY;
	ASSERT_EQ(0, acquire_in_child(&self->child, self->control,
				      &self->request));
	ASSERT_EQ(0, hear(self->child.socket, &ret));
	ASSERT_LE(0, ret);
	EXPECT_EQ(BINDERY_GROUP_RESERVED, STATE());
	child_kill(&self->child);
	EXPECT_TRUE(BECOMES(FREE));
	EXPECT_EQ(0, snapshot_compare_untouched(&self->before));
}

TEST_F(reserve, C5_a_reservation_is_not_kept)
{
	ASSERT_EQ(0, reserve(self));
	ASSERT_EQ(0, keep(self->claim, BINDERY_KEEP_ON));
	close_claim(self->claim);
	EXPECT_TRUE(BECOMES(FREE));
}

/* --- BIND ----------------------------------------------------------------- */

TEST_F(reserve, T15_BIND_moves_all_members)
{
	struct bindery_ioc_member *member;

	ASSERT_EQ(0, reserve(self));
	ASSERT_EQ(0, bind_claim(self->claim, &self->answer, 0, 0));
	EXPECT_EQ(BINDERY_GROUP_HELD, STATE());
	EXPECT_EQ(self->group.num, self->answer.num_members);
	for (unsigned int i = 0; i < self->group.num; i++) {
		member = member_of(self->answer.members,
				   self->answer.num_members,
				   self->group.bdf[i]);
		EXPECT_EQ(0, member_compare(member, BINDERY_ROLE_REQUESTED,
					    BINDERY_ACTION_MOVE, TEST_TARGET,
					    0));
	}
	ASSERT_EQ(0, release(self->claim, &self->answer));
	EXPECT_EQ(0, snapshot_compare(&self->before));
}

TEST_F(reserve, T15_BIND_of_what_is_bound_changes_nothing)
{
	struct snapshot held;

	ACQUIRE();
	ASSERT_EQ(0, snapshot_take(&held));
	EXPECT_EQ(0, bind_claim(self->claim, &self->answer, 0, 0));
	EXPECT_EQ(0, snapshot_compare_untouched(&held));
	ASSERT_EQ(0, release(self->claim, &self->answer));
	EXPECT_EQ(-ESTALE, bind_claim(self->claim, &self->answer, 0, 0));
	EXPECT_EQ(BINDERY_ERROR_RELEASED, self->answer.error.out_code);
}

/* Each member's probe fails once; the claim outlives all that. */
TEST_F(reserve, T15_a_BIND_that_failed_may_be_tried_again)
{
	ASSERT_EQ(0, reserve(self));
	for (unsigned int i = 0; i < self->group.num; i++) {
		knob(TEST_TARGET, "fail", self->group.bdf[i]);
		EXPECT_EQ(-EIO, bind_claim(self->claim, &self->answer, 0, 0));
		EXPECT_EQ(0, error_is(&self->answer.error, BINDERY_ERROR_BIND,
				      BINDERY_STEP_BIND, EIO,
				      self->group.bdf[i]));
		EXPECT_EQ(BINDERY_GROUP_RESERVED, STATE());
		EXPECT_EQ(0, snapshot_compare(&self->before));
		EXPECT_EQ(-EBUSY, acquire(self->control, &self->request));
		EXPECT_EQ(BINDERY_ERROR_BUSY, self->request.error.out_code);
	}
	knob(TEST_TARGET, "fail", "");
	EXPECT_EQ(0, bind_claim(self->claim, &self->answer, 0, 0));
	EXPECT_TRUE(group_is_on(&self->group, TEST_TARGET));
}

/* What was moved since the reservation is found as it is at BIND. */
TEST_F(reserve, T15_BIND_restores_what_it_found)
{
	struct snapshot moved;

	ASSERT_EQ(0, reserve(self));
	ASSERT_EQ(0, pci_unbind(self->first));
	ASSERT_EQ(0, pci_override(self->first, "foo"));
	ASSERT_EQ(0, snapshot_take(&moved));
	ASSERT_EQ(0, bind_claim(self->claim, &self->answer, 0, 0));
	EXPECT_TRUE(group_is_on(&self->group, TEST_TARGET));
	ASSERT_EQ(0, release(self->claim, &self->answer));
	EXPECT_EQ(0, snapshot_compare(&moved));
	ASSERT_EQ(0, snapshot_move_back(&self->before, &self->group));
}

/* BIND with a deadline that is long enough to get to the held probe. */
static int bind_held(FIXTURE_DATA(reserve) *self, const char *bdf)
{
	int ret;

	for (unsigned int ms = SHORT_MS; ms < 20000; ms *= 2) {
		knob(TEST_TARGET, "hold_probe", bdf);
		ret = bind_claim(self->claim, &self->answer, 0, ms);
		if (knob_read(TEST_TARGET, "waiting"))
			return ret;
		knob(TEST_TARGET, "hold_probe", "");
		if (!BECOMES(RESERVED))
			return -ENOTSUP;
	}
	return -ENOTSUP;
}

TEST_F(reserve, T12_a_BIND_that_is_held_is_back_in_time)
{
	ASSERT_EQ(0, reserve(self));
	EXPECT_EQ(-ETIMEDOUT, bind_held(self, self->last));
	EXPECT_EQ(0, error_is(&self->answer.error, BINDERY_ERROR_DEADLINE,
			      BINDERY_STEP_BIND, ETIMEDOUT, self->last));
	EXPECT_TRUE(BECOMES(STUCK));
	knob(TEST_TARGET, "hold_probe", "");
	EXPECT_TRUE(BECOMES(RESERVED));
	EXPECT_EQ(0, snapshot_compare(&self->before));
	EXPECT_EQ(0, bind_claim(self->claim, &self->answer, 0, 0));
}

TEST_F(reserve, T14_a_SERIAL_BIND_is_one_after_the_other)
{
	knob(TEST_NATIVE, "pause_ms", PAUSE_MS);
	knob(TEST_TARGET, "pause_ms", PAUSE_MS);
	ASSERT_EQ(0, reserve(self));
	ASSERT_EQ(0, bind_claim(self->claim, &self->answer,
				BINDERY_ACQUIRE_SERIAL, 0));
	EXPECT_EQ(1, knob_read(TEST_NATIVE, "most"));
	EXPECT_EQ(1, knob_read(TEST_TARGET, "most"));
}

/* --- NOWAIT --------------------------------------------------------------- */

/* Whether the claim has something to tell; what, is in revents. */
static short poll_claim(int claim, int ms)
{
	struct pollfd fd = { claim, POLLPRI };

	return poll(&fd, 1, ms) < 0 ? POLLNVAL : fd.revents;
}

/* A transaction runs, and waits for this member's probe. */
static int begin(FIXTURE_DATA(reserve) *self, const char *bdf)
{
	knob(TEST_TARGET, "hold_probe", bdf);
	self->request.cmd.flags = BINDERY_ACQUIRE_NOWAIT;
	self->claim = acquire(self->control, &self->request);
	if (self->claim < 0)
		return self->claim;
	return knob_holds(TEST_TARGET) ? 0 : -EIO;
}

/* The end of a transaction that has committed is told once more. */
static bool nothing_new(int claim, struct answer *answer)
{
	return !status(claim, answer) && !poll_claim(claim, 0);
}

TEST_F(reserve, T15_NOWAIT_returns_while_the_transaction_runs)
{
	ASSERT_EQ(0, begin(self, self->last));
	EXPECT_EQ(BINDERY_GROUP_BINDING, STATE());
	ASSERT_EQ(0, status(self->claim, &self->answer));
	EXPECT_EQ(BINDERY_GROUP_BINDING, self->answer.status.out_state);
	EXPECT_EQ(0, poll_claim(self->claim, 0));
	EXPECT_EQ(-EBUSY, bind_claim(self->claim, &self->answer, 0, 0));
	EXPECT_EQ(BINDERY_ERROR_STATE, self->answer.error.out_code);

	knob(TEST_TARGET, "hold_probe", "");
	EXPECT_EQ(POLLPRI, poll_claim(self->claim, WAIT_SECONDS * 1000));
	EXPECT_TRUE(BECOMES(HELD));
	ASSERT_EQ(0, status(self->claim, &self->answer));
	EXPECT_EQ(BINDERY_GROUP_HELD, self->answer.status.out_state);
	EXPECT_TRUE(group_is_on(&self->group, TEST_TARGET));
	EXPECT_TRUE(wait_until(nothing_new(self->claim, &self->answer)));
	ASSERT_EQ(0, release(self->claim, &self->answer));
}

TEST_F(reserve, T15_what_a_member_is_is_told_once_it_is_known)
{
	struct bindery_ioc_member *member;

	ASSERT_EQ(0, module_load(TEST_HOLD));
	ASSERT_EQ(0, reserve(self));
	ASSERT_EQ(0, knob(TEST_HOLD, "hold", "bindery_member_snapshot"));
	ASSERT_EQ(0, bind_claim(self->claim, &self->answer,
				BINDERY_ACQUIRE_NOWAIT, 0));
	EXPECT_TRUE(knob_holds(TEST_HOLD));
	member = status_member(self->claim, self->last, &self->answer);
	ASSERT_NE(NULL, member);
	EXPECT_EQ(BINDERY_ROLE_NONE, member->out_role);
	EXPECT_NE(0, member->out_flags & BINDERY_MEMBER_UNKNOWN);

	knob(TEST_HOLD, "hold", "");
	EXPECT_TRUE(BECOMES(HELD));
	member = status_member(self->claim, self->last, &self->answer);
	ASSERT_NE(NULL, member);
	EXPECT_EQ(BINDERY_ROLE_REQUESTED, member->out_role);
	EXPECT_EQ(0, member->out_flags & BINDERY_MEMBER_UNKNOWN);
	ASSERT_EQ(0, release(self->claim, &self->answer));
}

TEST_F(reserve, T15_NOWAIT_tells_the_failure_through_STATUS)
{
	knob(TEST_TARGET, "fail", self->last);
	ASSERT_EQ(0, begin(self, self->first));
	ASSERT_EQ(0, status(self->claim, &self->answer));
	knob(TEST_TARGET, "hold_probe", "");
	EXPECT_NE(0, poll_claim(self->claim, WAIT_SECONDS * 1000) & POLLPRI);
	EXPECT_TRUE(BECOMES(FREE));
	for (int round = 0; round < 2; round++) {
		EXPECT_EQ(-EIO, status(self->claim, &self->answer));
		EXPECT_EQ(0, error_is(&self->answer.error, BINDERY_ERROR_BIND,
				      BINDERY_STEP_BIND, EIO, self->last,
				      TEST_TARGET));
	}
	EXPECT_NE(0, poll_claim(self->claim, 0) & POLLHUP);
	EXPECT_EQ(0, snapshot_compare(&self->before));

	/* The others do not have to wait for this file to be closed. */
	knob(TEST_TARGET, "fail", "");
	self->request.cmd.flags = 0;
	EXPECT_LE(0, acquire(self->control, &self->request));
}

TEST_F(reserve, T15_NOWAIT_is_refused_when_the_group_is_not_free)
{
	struct request other;

	ASSERT_EQ(0, begin(self, self->last));
	request_group(&other, &self->group, TEST_TARGET);
	other.cmd.flags = BINDERY_ACQUIRE_NOWAIT;
	EXPECT_EQ(-EBUSY, acquire(self->control, &other));
	EXPECT_EQ(BINDERY_ERROR_BUSY, other.error.out_code);
	EXPECT_EQ(1, knob_read(TEST_TARGET, "waiting"));
}

TEST_F(reserve, T15_NOWAIT_has_a_deadline_too)
{
	self->request.cmd.deadline_ms = 5000 * slowness();
	ASSERT_EQ(0, begin(self, self->last));
	EXPECT_TRUE(BECOMES(STUCK));
	knob(TEST_TARGET, "hold_probe", "");
	EXPECT_TRUE(BECOMES(FREE));
	EXPECT_EQ(-ETIMEDOUT, status(self->claim, &self->answer));
	EXPECT_EQ(0, error_is(&self->answer.error, BINDERY_ERROR_DEADLINE,
			      BINDERY_STEP_BIND, ETIMEDOUT, self->last));
	EXPECT_EQ(0, snapshot_compare(&self->before));
}

TEST_F(reserve, T15_BIND_need_not_wait_either)
{
	ASSERT_EQ(0, reserve(self));
	knob(TEST_TARGET, "hold_probe", self->first);
	ASSERT_EQ(0, bind_claim(self->claim, &self->answer,
				BINDERY_ACQUIRE_NOWAIT, 0));
	ASSERT_TRUE(knob_holds(TEST_TARGET));
	EXPECT_EQ(BINDERY_GROUP_BINDING, STATE());
	ASSERT_EQ(0, status(self->claim, &self->answer));
	knob(TEST_TARGET, "fail", self->last);
	knob(TEST_TARGET, "hold_probe", "");
	EXPECT_EQ(POLLPRI, poll_claim(self->claim, WAIT_SECONDS * 1000));
	EXPECT_TRUE(BECOMES(RESERVED));
	EXPECT_EQ(-EIO, status(self->claim, &self->answer));
	EXPECT_EQ(BINDERY_ERROR_BIND, self->answer.error.out_code);

	/* Which is forgotten when it is tried again. */
	knob(TEST_TARGET, "fail", "");
	ASSERT_EQ(0, bind_claim(self->claim, &self->answer, 0, 0));
	EXPECT_EQ(0, status(self->claim, &self->answer));
	EXPECT_EQ(BINDERY_GROUP_HELD, STATE());
}

TEST_F(reserve, C1_closing_the_claim_aborts_what_runs)
{
	for (unsigned int i = 0; i < self->group.num; i++) {
		ASSERT_EQ(0, begin(self, self->group.bdf[i]));
		close_claim(self->claim);
		EXPECT_FALSE(STATE() == BINDERY_GROUP_FREE);
		EXPECT_EQ(1, knob_read(TEST_TARGET, "waiting"));
		knob(TEST_TARGET, "hold_probe", "");
		COMES_BACK();
		/* the first was alone, and nobody came after it */
		if (i == 0 && self->group.num > 1)
			EXPECT_EQ(0, knob_count(TEST_TARGET, "probe",
						self->last));
	}
}

/*
 * After its last look whether it is to go on: while the last member, of a group
 * that was bound first, is verified.
 */
TEST_F(reserve, C1_closing_the_claim_aborts_what_is_about_to_commit)
{
	static const char verify[] = "bindery_member_verify";
	char twin[BDF_SIZE];
	int hits;

	ASSERT_EQ(0, pci_find_twin(self->first, twin));
	ASSERT_LT(0, strcmp(twin, self->last));
	request_add(&self->request, twin);
	ASSERT_EQ(0, begin(self, self->last));
	ASSERT_TRUE(wait_until(pci_is_on(twin, TEST_TARGET)));
	ASSERT_EQ(0, knob(TEST_NATIVE, "lock", twin));
	ASSERT_TRUE(knob_holds(TEST_NATIVE));
	ASSERT_EQ(0, watch_function(verify));
	hits = watch_hits(verify);
	knob(TEST_TARGET, "hold_probe", "");
	ASSERT_TRUE(wait_until(watch_hits(verify) > hits +
			       (int)self->group.num));
	close_claim(self->claim);
	ASSERT_EQ(0, knob(TEST_NATIVE, "lock", ""));
	EXPECT_TRUE(wait_until(group_is(self->control, twin,
					BINDERY_GROUP_FREE)));
	COMES_BACK();
	EXPECT_TRUE(pci_is_on(twin, TEST_NATIVE));
}

static int run_release(int socket, void *arg)
{
	FIXTURE_DATA(reserve) *self = arg;
	int ret = release_within(self->claim, &self->answer, 60000);

	tell(socket, ret);
	return 0;
}

/* RELEASE waits for the end of the rollback as for that of a restore. */
TEST_F(reserve, C1_RELEASE_aborts_what_runs)
{
	int ret;

	ASSERT_EQ(0, begin(self, self->last));
	EXPECT_EQ(-ETIMEDOUT, release_within(self->claim, &self->answer,
					     SHORT_MS));
	EXPECT_EQ(BINDERY_ERROR_DEADLINE, self->answer.error.out_code);
	knob(TEST_TARGET, "hold_probe", "");
	COMES_BACK();

	close_claim(self->claim);
	ASSERT_EQ(0, begin(self, self->last));
	ASSERT_EQ(0, child_start(&self->child, run_release, self));
	EXPECT_EQ(0, poll(&(struct pollfd) { self->child.socket, POLLIN }, 1,
			  SHORT_MS));
	knob(TEST_TARGET, "hold_probe", "");
	ASSERT_EQ(0, hear(self->child.socket, &ret));
	EXPECT_EQ(0, ret);
	EXPECT_EQ(BINDERY_GROUP_FREE, STATE());
	EXPECT_EQ(0, snapshot_compare(&self->before));
	child_kill(&self->child);
}

TEST_HARNESS_MAIN
