// SPDX-License-Identifier: GPL-2.0-only
/*
 * Driver callbacks that take long: the caller is told in time which device it
 * is, or dies in peace, and everything comes back by itself.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "kselftest_harness.h"
#include "lib.h"

#define SHORT_MS	200

FIXTURE(deadline) {
	int control;
	int claim;
	struct group group;
	char *first, *last;
	struct snapshot before;
	struct request request;
	struct answer answer;
	struct child child;
};

FIXTURE_SETUP(deadline)
{
	self->control = control_open();
	ASSERT_LE(0, self->control);
	if (group_choose(&self->group, TEST_NATIVE))
		SKIP(return, "no group of devices on " TEST_NATIVE);
	self->first = self->group.bdf[0];
	self->last = self->group.bdf[self->group.num - 1];
	ASSERT_EQ(0, module_load(TEST_TARGET));
	knobs_reset();
	ASSERT_EQ(0, snapshot_take(&self->before));
	request_group(&self->request, &self->group, TEST_TARGET);
	states_watch();
}

FIXTURE_TEARDOWN(deadline)
{
	if (_metadata->exit_code == KSFT_FAIL)
		states_print(self->group.id);
	states_unwatch();
	knobs_reset();
	EXPECT_EQ(BINDERY_GROUP_FREE, close_claims(self->control, self->first));
	EXPECT_EQ(0, snapshot_compare(&self->before));
}

static bool has_state(int control, const char *bdf, int state)
{
	return group_state(control, bdf) == state;
}

static bool is_free(int control, const char *bdf)
{
	return has_state(control, bdf, BINDERY_GROUP_FREE);
}

#define OVERDUE(module, what, bdf)					\
	overdue(self->control, &self->request, module, what, bdf)

TEST_F(deadline, T12_an_unbind_of_each_member_that_takes_too_long)
{
	for (unsigned int i = 0; i < self->group.num; i++) {
		EXPECT_EQ(-ETIMEDOUT, OVERDUE(TEST_NATIVE, "hold_remove",
					      self->group.bdf[i]));
		EXPECT_EQ(0, error_is(&self->request.error,
				      BINDERY_ERROR_DEADLINE,
				      BINDERY_STEP_UNBIND, ETIMEDOUT,
				      self->group.bdf[i]));
		EXPECT_EQ(BINDERY_ERROR_CLASS_RETRY,
			  self->request.error.out_class);
		ASSERT_EQ(0, knob(TEST_NATIVE, "hold_remove", ""));
		EXPECT_TRUE(wait_until(is_free(self->control, self->first)));
		EXPECT_EQ(0, snapshot_compare(&self->before));
	}
}

TEST_F(deadline, T12_a_bind_of_each_member_that_takes_too_long)
{
	for (unsigned int i = 0; i < self->group.num; i++) {
		EXPECT_EQ(-ETIMEDOUT, OVERDUE(TEST_TARGET, "hold_probe",
					      self->group.bdf[i]));
		EXPECT_EQ(0, error_is(&self->request.error,
				      BINDERY_ERROR_DEADLINE,
				      BINDERY_STEP_BIND, ETIMEDOUT,
				      self->group.bdf[i]));
		ASSERT_EQ(0, knob(TEST_TARGET, "hold_probe", ""));
		EXPECT_TRUE(wait_until(is_free(self->control, self->first)));
		EXPECT_EQ(0, snapshot_compare(&self->before));
	}
}

TEST_F(deadline, T12_while_it_is_overdue_the_group_is_stuck)
{
	struct bindery_ioc_member *member;

	ASSERT_EQ(-ETIMEDOUT, OVERDUE(TEST_TARGET, "hold_probe",
				      self->last));
	ASSERT_TRUE(wait_until(has_state(self->control, self->first,
					 BINDERY_GROUP_STUCK)));
	ASSERT_EQ(0, show(self->control, self->first, &self->answer));
	EXPECT_EQ(0, self->answer.show.out_num_claims);
	member = member_of(self->answer.members, self->answer.num_members,
			   self->last);
	ASSERT_NE(NULL, member);
	EXPECT_NE(0, member->out_flags & BINDERY_MEMBER_STUCK);
	EXPECT_EQ(BINDERY_ROLE_REQUESTED, member->out_role);
	self->request.cmd.deadline_ms = SHORT_MS;
	EXPECT_EQ(-EBUSY, acquire(self->control, &self->request));
	EXPECT_EQ(BINDERY_ERROR_STUCK, self->request.error.out_code);
	EXPECT_EQ(-EWOULDBLOCK, module_unload("bindery"));
	ASSERT_EQ(0, knob(TEST_TARGET, "hold_probe", ""));
	EXPECT_TRUE(wait_until(is_free(self->control, self->first)));
}

TEST_F(deadline, T12_a_late_callback_that_fails_changes_nothing_more)
{
	ASSERT_EQ(0, knob(TEST_TARGET, "fail", self->last));
	ASSERT_EQ(-ETIMEDOUT, OVERDUE(TEST_TARGET, "hold_probe",
				      self->last));
	ASSERT_EQ(0, knob(TEST_TARGET, "hold_probe", ""));
	EXPECT_TRUE(wait_until(is_free(self->control, self->first)));
	EXPECT_EQ(0, snapshot_compare(&self->before));
}

TEST_F(deadline, T12_a_release_whose_native_probe_takes_too_long)
{
	self->claim = acquire(self->control, &self->request);
	ASSERT_LE(0, self->claim);
	ASSERT_EQ(0, knob(TEST_NATIVE, "hold_probe", self->first));
	EXPECT_EQ(-ETIMEDOUT, release_within(self->claim, &self->answer,
					     SHORT_MS));
	EXPECT_EQ(BINDERY_ERROR_DEADLINE, self->answer.error.out_code);
	ASSERT_TRUE(wait_until(knob_read(TEST_NATIVE, "waiting") == 1));
	EXPECT_TRUE(wait_until(has_state(self->control, self->first,
					 BINDERY_GROUP_STUCK)));
	EXPECT_EQ(-ESTALE, status(self->claim, &self->answer));
	ASSERT_EQ(0, knob(TEST_NATIVE, "hold_probe", ""));
	EXPECT_TRUE(wait_until(is_free(self->control, self->first)));
	EXPECT_EQ(0, snapshot_compare(&self->before));
}

TEST_F(deadline, T12_a_release_whose_target_takes_too_long)
{
	self->claim = acquire(self->control, &self->request);
	ASSERT_LE(0, self->claim);
	ASSERT_EQ(0, knob(TEST_TARGET, "hold_remove", self->last));
	EXPECT_EQ(-ETIMEDOUT, release_within(self->claim, &self->answer,
					     SHORT_MS));
	EXPECT_EQ(BINDERY_ERROR_DEADLINE, self->answer.error.out_code);
	ASSERT_EQ(0, knob(TEST_TARGET, "hold_remove", ""));
	EXPECT_TRUE(wait_until(is_free(self->control, self->first)));
}

/* Its callback is still held when the caller is gone. */
TEST_F(deadline, C1_a_caller_killed_inside_acquire_leaves_nothing)
{
	const char *module, *what;

	for (unsigned int i = 0; i < 2 * self->group.num; i++) {
		module = i % 2 ? TEST_NATIVE : TEST_TARGET;
		what = i % 2 ? "hold_remove" : "hold_probe";
		ASSERT_EQ(0, knob(module, what, self->group.bdf[i / 2]));
		ASSERT_EQ(0, acquire_in_child(&self->child, self->control,
					      &self->request));
		ASSERT_TRUE(wait_until(knob_read(module, "waiting") == 1));
		child_kill(&self->child);
		EXPECT_EQ(1, knob_read(module, "waiting"));
		EXPECT_FALSE(is_free(self->control, self->first));
		ASSERT_EQ(0, knob(module, what, ""));
		EXPECT_TRUE(wait_until(is_free(self->control, self->first)));
		EXPECT_EQ(0, snapshot_compare(&self->before));
	}
}

/* Two at once: the second waits for the first, and is refused or next. */
TEST_F(deadline, T2_two_callers_are_never_both_inside)
{
	struct child second;
	int ret, pid;

	for (int fails = 0; fails < 2; fails++) {
		knob(TEST_TARGET, "fail", fails ? self->last : "");
		knob(TEST_TARGET, "fail_times", "1");
		knob(TEST_TARGET, "hold_probe", self->last);
		ASSERT_EQ(0, acquire_in_child(&self->child, self->control,
					      &self->request));
		ASSERT_TRUE(wait_until(knob_read(TEST_TARGET,
						 "waiting") == 1));
		ASSERT_EQ(0, acquire_in_child(&second, self->control,
					      &self->request));
		ASSERT_EQ(0, poll(&(struct pollfd) { second.socket, POLLIN }, 1,
				  100));
		knob(TEST_TARGET, "hold_probe", "");
		ASSERT_EQ(0, hear(self->child.socket, &ret));
		EXPECT_EQ(fails, ret == -EIO);
		ASSERT_EQ(0, hear(second.socket, &ret));
		ASSERT_EQ(0, hear(second.socket, &pid));
		EXPECT_EQ(fails ? 0 : -EBUSY, ret < 0 ? ret : 0);
		EXPECT_EQ(fails ? 0 : self->child.pid, pid);
		child_kill(&self->child);
		child_kill(&second);
		EXPECT_TRUE(wait_until(is_free(self->control, self->first)));
	}
}

TEST_HARNESS_MAIN
