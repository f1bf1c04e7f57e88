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
#include "fixture.h"

#define SHORT_MS	200

FIXTURE(deadline) {
	COMMON;
};

FIXTURE_SETUP(deadline)
{
	COMMON_SETUP(.driver = TEST_NATIVE, .target = TEST_TARGET);
	states_forget();
}

FIXTURE_TEARDOWN(deadline)
{
	if (_metadata->exit_code == KSFT_FAIL)
		states_print(self->group.id);
	COMMON_TEARDOWN();
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
		COMES_BACK();
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
		COMES_BACK();
	}
}

TEST_F(deadline, T12_while_it_is_overdue_the_group_is_stuck)
{
	struct bindery_ioc_member *member;

	ASSERT_EQ(-ETIMEDOUT, OVERDUE(TEST_TARGET, "hold_probe",
				      self->last));
	ASSERT_TRUE(BECOMES(STUCK));
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
	EXPECT_TRUE(BECOMES(FREE));
}

TEST_F(deadline, T12_a_late_callback_that_fails_changes_nothing_more)
{
	ASSERT_EQ(0, knob(TEST_TARGET, "fail", self->last));
	ASSERT_EQ(-ETIMEDOUT, OVERDUE(TEST_TARGET, "hold_probe",
				      self->last));
	ASSERT_EQ(0, knob(TEST_TARGET, "hold_probe", ""));
	COMES_BACK();
}

TEST_F(deadline, T12_a_release_whose_native_probe_takes_too_long)
{
	ACQUIRE();
	ASSERT_EQ(0, knob(TEST_NATIVE, "hold_probe", self->first));
	EXPECT_EQ(-ETIMEDOUT, release_within(self->claim, &self->answer,
					     SHORT_MS));
	EXPECT_EQ(BINDERY_ERROR_DEADLINE, self->answer.error.out_code);
	ASSERT_TRUE(knob_holds(TEST_NATIVE));
	EXPECT_TRUE(BECOMES(STUCK));
	EXPECT_EQ(-ESTALE, status(self->claim, &self->answer));
	ASSERT_EQ(0, knob(TEST_NATIVE, "hold_probe", ""));
	COMES_BACK();
}

TEST_F(deadline, T12_a_release_whose_target_takes_too_long)
{
	ACQUIRE();
	ASSERT_EQ(0, knob(TEST_TARGET, "hold_remove", self->last));
	EXPECT_EQ(-ETIMEDOUT, release_within(self->claim, &self->answer,
					     SHORT_MS));
	EXPECT_EQ(BINDERY_ERROR_DEADLINE, self->answer.error.out_code);
	ASSERT_EQ(0, knob(TEST_TARGET, "hold_remove", ""));
	EXPECT_TRUE(BECOMES(FREE));
}

/* How long callbacks may take at least, whatever the deadline. */
#define PATIENCE_MS	1000

/* The restore that comes later has the time that its claim was given. */
TEST_F(deadline, T12_C9_the_deadline_of_a_refused_release_hurries_nobody)
{
	ACQUIRE();
	ASSERT_EQ(0, vfio_hold(&self->user, self->last, VFIO_PART_DEVICE));
	EXPECT_EQ(-EBUSY, release_within(self->claim, &self->answer, SHORT_MS));
	EXPECT_EQ(BINDERY_ERROR_IN_USE, self->answer.error.out_code);
	vfio_close(&self->user);
	ASSERT_EQ(0, knob(TEST_NATIVE, "hold_probe", self->first));
	close_claim(self->claim);
	ASSERT_TRUE(knob_holds(TEST_NATIVE));
	usleep((PATIENCE_MS + SHORT_MS) * 1000);
	EXPECT_TRUE(IS(RESTORING));
	ASSERT_EQ(0, knob(TEST_NATIVE, "hold_probe", ""));
	COMES_BACK();
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
		ASSERT_TRUE(knob_holds(module));
		child_kill(&self->child);
		EXPECT_EQ(1, knob_read(module, "waiting"));
		EXPECT_FALSE(IS(FREE));
		ASSERT_EQ(0, knob(module, what, ""));
		COMES_BACK();
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
		ASSERT_TRUE(knob_holds(TEST_TARGET));
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
		EXPECT_TRUE(BECOMES(FREE));
	}
}

int main(int argc, char **argv)
{
	states_watch();
	return test_harness_run(argc, argv);
}
