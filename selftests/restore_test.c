// SPDX-License-Identifier: GPL-2.0-only
/* Restores that fail in part, and how the rest comes back later. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "kselftest_harness.h"
#include "fixture.h"

#define PROBE_DEFER	"517"
#define MODPROBE	"/proc/sys/kernel/modprobe"

FIXTURE(restore) {
	COMMON;
};

FIXTURE_SETUP(restore)
{
	COMMON_SETUP(.driver = TEST_NATIVE);
	if (self->group.num < 2)
		SKIP(return, "no group of two devices on " TEST_NATIVE);
	ACQUIRE();
}

FIXTURE_TEARDOWN(restore)
{
	write_file(MODPROBE, "/sbin/modprobe");
	COMMON_TEARDOWN();
}

/* Everything as before, but this member without a driver. */
static int all_but(FIXTURE_DATA(restore) *self, const char *bdf)
{
	struct device_state *state;

	self->changed = snapshot_copy(&self->before);
	state = snapshot_device(&self->changed, bdf);
	state->driver[0] = 0;
	return snapshot_compare(&self->changed);
}

/* RELEASE, with a native driver that refuses this member. */
static int release_refused(FIXTURE_DATA(restore) *self, const char *bdf)
{
	knob(TEST_NATIVE, "fail_errno", "28");
	knob(TEST_NATIVE, "fail", bdf);
	return release(self->claim, &self->answer);
}

TEST_F(restore, C8_each_member_is_tried_and_the_first_failure_told)
{
	struct bindery_ioc_member *member;

	knob(TEST_NATIVE, "log", "");
	EXPECT_EQ(-EIO, release_refused(self, self->group.bdf[1]));
	EXPECT_EQ(0, error_is(&self->answer.error, BINDERY_ERROR_DEGRADED,
			      BINDERY_STEP_RESTORE, EIO, self->group.bdf[1],
			      TEST_NATIVE));
	for (unsigned int i = 0; i < self->group.num; i++) {
		member = member_of(self->answer.members,
				   self->answer.num_members,
				   self->group.bdf[i]);
		ASSERT_NE(NULL, member);
		EXPECT_EQ(i == 1 ? ENOSPC : 0, member->out_errno);
		EXPECT_STREQ(i == 1 ? "" : TEST_NATIVE, member->out_driver);
		EXPECT_EQ(1, knob_count(TEST_NATIVE, "probe", member->out_name));
	}
	EXPECT_EQ(0, all_but(self, self->group.bdf[1]));
	EXPECT_EQ(BINDERY_GROUP_DEGRADED, STATE());
	knob(TEST_NATIVE, "fail", "");
	EXPECT_EQ(0, pci_drivers_probe(self->group.bdf[1]));
	EXPECT_TRUE(BECOMES(FREE));
}

/* Whatever a driver says, it is not taken for what we mean by that errno. */
TEST_F(restore, C8_a_native_probe_may_return_any_errno)
{
	static const int errnos[] = { EBUSY, EAGAIN, ENOENT, ENXIO, EUSERS };
	struct bindery_ioc_member *member;
	char text[16];

	for (unsigned int i = 0; i < sizeof(errnos) / sizeof(*errnos); i++) {
		snprintf(text, sizeof(text), "%d", errnos[i]);
		knob(TEST_NATIVE, "fail", self->last);
		knob(TEST_NATIVE, "fail_errno", text);
		EXPECT_EQ(-EIO, release(self->claim, &self->answer));
		EXPECT_EQ(0, error_is(&self->answer.error,
				      BINDERY_ERROR_DEGRADED,
				      BINDERY_STEP_RESTORE, EIO, self->last,
				      TEST_NATIVE));
		member = member_of(self->answer.members,
				   self->answer.num_members, self->last);
		ASSERT_NE(NULL, member);
		EXPECT_EQ(errnos[i], member->out_errno);
		/* nobody can tell a deferred probe from a driver's EAGAIN */
		if (errnos[i] == EAGAIN) {
			EXPECT_STREQ(TEST_NATIVE, member->out_override);
		} else {
			EXPECT_EQ(0, all_but(self, self->last));
		}
		EXPECT_EQ(BINDERY_GROUP_DEGRADED, STATE());
		close_claim(self->claim);
		knob(TEST_NATIVE, "fail", "");
		ACQUIRE();
	}
	EXPECT_EQ(0, release(self->claim, &self->answer));
}

TEST_F(restore, T1_a_rollback_that_is_not_complete_says_so)
{
	ASSERT_EQ(0, release(self->claim, &self->answer));
	close_claim(self->claim);
	ASSERT_EQ(0, module_load(TEST_TARGET));
	knob(TEST_NATIVE, "fail_errno", "28");
	knob(TEST_NATIVE, "fail", self->first);
	knob(TEST_TARGET, "fail_errno", "5");
	knob(TEST_TARGET, "fail", self->last);
	request_group(&self->request, &self->group, TEST_TARGET);
	self->claim = acquire(self->control, &self->request);
	EXPECT_EQ(-EIO, self->claim);
	EXPECT_EQ(0, error_is(&self->request.error, BINDERY_ERROR_BIND,
			      BINDERY_STEP_BIND, EIO, self->last, TEST_TARGET));
	EXPECT_NE(0, self->request.error.out_flags & BINDERY_ERROR_INCOMPLETE);
	EXPECT_EQ(BINDERY_GROUP_DEGRADED, STATE());
	EXPECT_EQ(0, all_but(self, self->first));
	knob(TEST_NATIVE, "fail", "");
	EXPECT_EQ(0, pci_bind(self->first, TEST_NATIVE));
	EXPECT_TRUE(BECOMES(FREE));
}

TEST_F(restore, C8_several_members_can_fail)
{
	int failed = 0;

	EXPECT_EQ(-EIO, release_refused(self, "*"));
	EXPECT_EQ(0, error_is(&self->answer.error, BINDERY_ERROR_DEGRADED,
			      BINDERY_STEP_RESTORE, EIO, self->first));
	for (unsigned int i = 0; i < self->answer.num_members; i++)
		failed += self->answer.members[i].out_errno == ENOSPC;
	EXPECT_EQ(self->group.num, failed);
	knob(TEST_NATIVE, "fail", "");
	/* One that comes back by itself has the others tried again. */
	EXPECT_EQ(0, pci_bind(self->last, TEST_NATIVE));
	COMES_BACK();
}

TEST_F(restore, C8_the_next_acquire_repairs)
{
	EXPECT_EQ(-EIO, release_refused(self, self->last));
	EXPECT_EQ(BINDERY_GROUP_DEGRADED, STATE());
	knob(TEST_NATIVE, "fail", "");
	ACQUIRE();
	EXPECT_EQ(0, member_compare(member_of(self->request.members,
					      self->group.num, self->last),
				    BINDERY_ROLE_REQUESTED,
				    BINDERY_ACTION_MOVE, VFIO_PCI, 0));
	ASSERT_EQ(0, release(self->claim, &self->answer));
	EXPECT_EQ(0, snapshot_compare(&self->before));
}

TEST_F(restore, C8_what_stays_broken_refuses_the_next_acquire)
{
	EXPECT_EQ(-EIO, release_refused(self, self->last));
	EXPECT_EQ(-EIO, check(self->control, &self->request));
	EXPECT_EQ(BINDERY_ERROR_DEGRADED, self->request.error.out_code);
	EXPECT_EQ(-EIO, acquire(self->control, &self->request));
	EXPECT_EQ(0, error_is(&self->request.error, BINDERY_ERROR_DEGRADED,
			      BINDERY_STEP_RESERVE, EIO));
	EXPECT_EQ(BINDERY_ERROR_CLASS_HOST, self->request.error.out_class);
	EXPECT_EQ(BINDERY_GROUP_DEGRADED, STATE());
	EXPECT_EQ(0, all_but(self, self->last));
	knob(TEST_NATIVE, "fail", "");
	EXPECT_EQ(0, pci_bind(self->last, TEST_NATIVE));
}

/* Nobody needs to acquire the group for it. */
TEST_F(restore, C8_RECOVER_tells_what_is_broken_and_repairs_it)
{
	struct answer *answer = &self->answer;
	struct bindery_ioc_member *member;

	EXPECT_EQ(-EIO, release_refused(self, self->last));
	EXPECT_EQ(-EIO, recover(self->control, BINDERY_RECOVER_REPAIR, NULL,
				self->first, answer));
	EXPECT_EQ(0, error_is(&answer->error, BINDERY_ERROR_DEGRADED,
			      BINDERY_STEP_RESTORE, EIO, self->last));
	EXPECT_EQ(BINDERY_ERROR_CLASS_HOST, answer->error.out_class);
	EXPECT_EQ(self->group.num, answer->num_members);
	member = member_of(answer->members, answer->num_members, self->last);
	ASSERT_NE(NULL, member);
	EXPECT_EQ(ENOSPC, member->out_errno);
	EXPECT_EQ(0, all_but(self, self->last));
	EXPECT_EQ(BINDERY_GROUP_DEGRADED, STATE());
	knob(TEST_NATIVE, "fail", "");
	EXPECT_EQ(0, recover(self->control, BINDERY_RECOVER_REPAIR, NULL,
			     self->first, answer));
	EXPECT_EQ(BINDERY_GROUP_FREE, STATE());
	EXPECT_EQ(0, snapshot_compare(&self->before));
	/* What needs none is left alone. */
	ASSERT_EQ(0, snapshot_take(&self->changed));
	EXPECT_EQ(0, recover(self->control, BINDERY_RECOVER_REPAIR, NULL,
			     self->first, answer));
	EXPECT_EQ(0, snapshot_compare_untouched(&self->changed));
}

TEST_F(restore, C8_C1_the_owner_need_not_live_for_it)
{
	knob(TEST_NATIVE, "fail", self->last);
	close_claim(self->claim);
	EXPECT_TRUE(BECOMES(DEGRADED));
	EXPECT_EQ(0, all_but(self, self->last));
	knob(TEST_NATIVE, "fail", "");
	EXPECT_EQ(0, pci_bind(self->last, TEST_NATIVE));
	EXPECT_TRUE(BECOMES(FREE));
}

/* A probe of any other device has the kernel try it again. */
TEST_F(restore, C8_a_deferred_native_probe_is_awaited)
{
	char twin[BDF_SIZE];

	if (pci_find_twin(self->first, twin))
		SKIP(return, "no second device of the same identity");
	knob(TEST_NATIVE, "fail", self->last);
	knob(TEST_NATIVE, "fail_errno", PROBE_DEFER);
	EXPECT_NE(0, release(self->claim, &self->answer));
	EXPECT_EQ(0, error_is(&self->answer.error, BINDERY_ERROR_DEGRADED,
			      BINDERY_STEP_RESTORE, EIO, self->last));
	EXPECT_EQ(BINDERY_GROUP_DEGRADED, STATE());
	knob(TEST_NATIVE, "fail", "");
	ASSERT_EQ(0, pci_move(twin, TEST_NATIVE));
	ASSERT_EQ(0, pci_override(twin, ""));
	COMES_BACK();
}

/* The kernel forgets such a probe when something else is bound. */
TEST_F(restore, T5_a_device_whose_probe_was_deferred_goes_back_to_none)
{
	ASSERT_EQ(0, release(self->claim, &self->answer));
	knob(TEST_NATIVE, "fail", self->last);
	knob(TEST_NATIVE, "fail_errno", PROBE_DEFER);
	ASSERT_EQ(0, pci_unbind(self->last));
	pci_drivers_probe(self->last);
	ACQUIRE();
	EXPECT_TRUE(pci_is_on(self->last, VFIO_PCI));
	knobs_reset();
	EXPECT_EQ(0, release(self->claim, &self->answer));
	EXPECT_EQ(0, all_but(self, self->last));
	EXPECT_EQ(0, pci_drivers_probe(self->last));
	EXPECT_EQ(0, snapshot_compare(&self->before));
}

TEST_F(restore, C8_a_native_module_unloaded_meanwhile_is_loaded)
{
	EXPECT_EQ(0, module_unload(TEST_NATIVE));
	EXPECT_EQ(0, release(self->claim, &self->answer));
	EXPECT_TRUE(module_is_loaded(TEST_NATIVE));
	EXPECT_EQ(0, snapshot_compare(&self->before));
}

TEST_F(restore, C8_a_native_module_that_cannot_be_loaded_may_come_later)
{
	EXPECT_EQ(0, module_unload(TEST_NATIVE));
	ASSERT_EQ(0, write_file(MODPROBE, "/bin/false"));
	EXPECT_NE(0, release(self->claim, &self->answer));
	EXPECT_EQ(0, error_is(&self->answer.error, BINDERY_ERROR_DEGRADED,
			      BINDERY_STEP_RESTORE, EIO, self->first,
			      TEST_NATIVE));
	EXPECT_EQ(BINDERY_GROUP_DEGRADED, STATE());
	for (unsigned int i = 0; i < self->group.num; i++)
		EXPECT_TRUE(pci_is_on(self->group.bdf[i], ""));
	ASSERT_EQ(0, write_file(MODPROBE, "/sbin/modprobe"));
	ASSERT_EQ(0, module_load(TEST_NATIVE));
	COMES_BACK();
}

/* Of what is somebody else's then, not more is left than that. */
TEST_F(restore, C8_power_control_comes_back_in_spite_of_a_foreign_override)
{
	struct device_state *state;

	ASSERT_EQ(0, release(self->claim, &self->answer));
	self->changed = snapshot_copy(&self->before);
	state = snapshot_device(&self->changed, self->last);
	ASSERT_EQ(0, pci_write(self->last, "power/control", "auto"));
	self->claim = acquire(self->control, &self->request);
	ASSERT_LE(0, self->claim);
	ASSERT_EQ(0, pci_override(self->last, "foo"));
	EXPECT_EQ(-EBUSY, release(self->claim, &self->answer));
	strcpy(state->power, "auto");
	strcpy(state->override, "foo");
	state->driver[0] = 0;
	EXPECT_EQ(0, snapshot_compare(&self->changed));
	EXPECT_EQ(0, snapshot_move_back(&self->before, &self->group));
	EXPECT_EQ(0, pci_write(self->last, "power/control",
			       snapshot_device(&self->before,
					       self->last)->power));
}

/* What is somebody else's by then is left to that somebody, and told. */
TEST_F(restore, C8_a_foreign_override_is_left_alone_and_told)
{
	struct bindery_ioc_member *member;

	ASSERT_EQ(0, pci_override(self->last, "foo"));
	EXPECT_EQ(-EBUSY, release(self->claim, &self->answer));
	EXPECT_EQ(0, error_is(&self->answer.error, BINDERY_ERROR_OVERRIDE,
			      BINDERY_STEP_RESTORE, EBUSY, self->last));
	member = member_of(self->answer.members, self->answer.num_members,
			   self->last);
	ASSERT_NE(NULL, member);
	EXPECT_EQ(EBUSY, member->out_errno);
	EXPECT_STREQ("foo", member->out_override);
	self->changed = snapshot_copy(&self->before);
	strcpy(snapshot_device(&self->changed, self->last)->override, "foo");
	snapshot_device(&self->changed, self->last)->driver[0] = 0;
	EXPECT_EQ(0, snapshot_compare(&self->changed));
	EXPECT_EQ(0, snapshot_move_back(&self->before, &self->group));
}

TEST_HARNESS_MAIN
