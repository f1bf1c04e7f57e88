// SPDX-License-Identifier: GPL-2.0-only
/*
 * The states of a group: a test for each way out of each of them, named after
 * it. What passes too fast to be asked for is seen in the module's trace.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "kselftest_harness.h"
#include "fixture.h"

FIXTURE(state) {
	COMMON;
};

FIXTURE_SETUP(state)
{
	COMMON_SETUP(.driver = TEST_NATIVE, .target = TEST_TARGET);
	if (states_forget())
		SKIP(return, "the kernel has no trace events");
}

/* Members that were removed are there again, on their native driver. */
static bool bring_back(FIXTURE_DATA(state) *self)
{
	write_file("/sys/bus/pci/rescan", "1");
	if (!wait_until(group_is_on(&self->group, TEST_NATIVE)))
		return false;
	snapshot_renumber(&self->before);
	return true;
}

FIXTURE_TEARDOWN(state)
{
	if (_metadata->exit_code == KSFT_FAIL)
		states_print(self->group.id);
	knobs_reset();
	vfio_close(&self->user);
	release_kept(self->control, self->first);
	if (pci_group(self->first) < 0)
		bring_back(self);
	COMMON_TEARDOWN();
}

#define PASSED(from, to) states_passed(self->group.id, from, to)
#define OVERDUE(module, what, bdf)					\
	overdue(self->control, &self->request, module, what, bdf)

/* --- how the tests begin -------------------------------------------------- */

static bool is_held(FIXTURE_DATA(state) *self)
{
	self->claim = acquire(self->control, &self->request);
	return self->claim >= 0 && STATE() == BINDERY_GROUP_HELD &&
	       group_is_on(&self->group, TEST_TARGET);
}

static bool is_reserved(FIXTURE_DATA(state) *self)
{
	self->request.cmd.flags = BINDERY_ACQUIRE_RESERVE_ONLY;
	self->claim = acquire(self->control, &self->request);
	self->request.cmd.flags = 0;
	return self->claim >= 0 && STATE() == BINDERY_GROUP_RESERVED;
}

static bool is_kept(FIXTURE_DATA(state) *self)
{
	if (!is_held(self) || keep(self->claim, BINDERY_KEEP_ON))
		return false;
	close_claim(self->claim);
	return BECOMES(KEPT);
}

/* With a VFIO user that outlives the claim. */
static bool is_draining(FIXTURE_DATA(state) *self)
{
	if (!is_held(self) || vfio_open(&self->user, self->last))
		return false;
	close_claim(self->claim);
	return BECOMES(DRAINING);
}

static bool is_degraded(FIXTURE_DATA(state) *self)
{
	if (!is_held(self) || knob(TEST_NATIVE, "fail", self->last))
		return false;
	return release(self->claim, &self->answer) == -EIO &&
	       STATE() == BINDERY_GROUP_DEGRADED;
}

static bool is_gone(FIXTURE_DATA(state) *self)
{
	if (!is_held(self))
		return false;
	for (unsigned int i = 0; i < self->group.num; i++)
		if (pci_write(self->group.bdf[i], "remove", "1"))
			return false;
	return wait_until(!status(self->claim, &self->answer) &&
			  self->answer.status.out_state == BINDERY_GROUP_GONE);
}

/* --- FREE ----------------------------------------------------------------- */

TEST_F(state, T15_FREE_by_RESERVE_to_RESERVED)
{
	ASSERT_TRUE(is_reserved(self));
	EXPECT_EQ(1, PASSED("free", "reserved"));
	EXPECT_EQ(1, PASSED(NULL, NULL));
	EXPECT_EQ(0, snapshot_compare_untouched(&self->before));
}

TEST_F(state, C1_FREE_by_ACQUIRE_to_HELD)
{
	ASSERT_TRUE(is_held(self));
	EXPECT_EQ(1, PASSED("free", "binding"));
	EXPECT_EQ(1, PASSED("binding", "held"));
	EXPECT_EQ(2, PASSED(NULL, NULL));
}

TEST_F(state, C6_FREE_by_ADOPT_to_HELD)
{
	struct snapshot on_vfio;

	ASSERT_EQ(0, group_move(&self->group, TEST_TARGET));
	ASSERT_EQ(0, snapshot_take(&on_vfio));
	self->claim = adopt(self->control, &self->request);
	ASSERT_LE(0, self->claim);
	EXPECT_EQ(BINDERY_GROUP_HELD, STATE());
	EXPECT_EQ(1, PASSED(NULL, "held"));
	ASSERT_EQ(0, release(self->claim, &self->answer));
	EXPECT_TRUE(BECOMES(FREE));
	EXPECT_EQ(0, snapshot_compare_untouched(&on_vfio));
	ASSERT_EQ(0, snapshot_move_back(&self->before, &self->group));
}

/* --- RESERVED ------------------------------------------------------------- */

TEST_F(state, T15_RESERVED_by_BIND_to_HELD)
{
	ASSERT_TRUE(is_reserved(self));
	ASSERT_EQ(0, bind_claim(self->claim, &self->answer, 0, 0));
	EXPECT_EQ(BINDERY_GROUP_HELD, STATE());
	EXPECT_TRUE(group_is_on(&self->group, TEST_TARGET));
	EXPECT_EQ(1, PASSED("reserved", "binding"));
	EXPECT_EQ(1, PASSED("binding", "held"));
}

TEST_F(state, T15_RESERVED_by_RELEASE_to_FREE)
{
	ASSERT_TRUE(is_reserved(self));
	ASSERT_EQ(0, release(self->claim, &self->answer));
	EXPECT_EQ(BINDERY_GROUP_FREE, STATE());
	EXPECT_EQ(1, PASSED("reserved", NULL));
	EXPECT_EQ(0, PASSED("binding", NULL));
	EXPECT_EQ(0, snapshot_compare_untouched(&self->before));
}

TEST_F(state, T15_RESERVED_by_last_close_to_FREE)
{
	int copy;

	ASSERT_TRUE(is_reserved(self));
	copy = fcntl(self->claim, F_DUPFD_CLOEXEC, 0);
	ASSERT_LE(0, copy);
	close_claim(self->claim);
	EXPECT_EQ(BINDERY_GROUP_RESERVED, STATE());
	close(copy);
	EXPECT_TRUE(BECOMES(FREE));
	EXPECT_EQ(0, PASSED("binding", NULL));
	EXPECT_EQ(0, snapshot_compare_untouched(&self->before));
}

/* --- BINDING -------------------------------------------------------------- */

TEST_F(state, T1_BINDING_by_rollback_to_FREE)
{
	knob(TEST_TARGET, "fail", self->last);
	EXPECT_EQ(-EIO, acquire(self->control, &self->request));
	EXPECT_EQ(BINDERY_GROUP_FREE, STATE());
	EXPECT_EQ(1, PASSED("free", "binding"));
	EXPECT_EQ(1, PASSED(NULL, "free"));
	EXPECT_EQ(0, PASSED(NULL, "held"));
	EXPECT_EQ(0, snapshot_compare(&self->before));
}

TEST_F(state, T15_BINDING_by_rollback_to_RESERVED)
{
	ASSERT_TRUE(is_reserved(self));
	knob(TEST_TARGET, "fail", self->last);
	EXPECT_EQ(-EIO, bind_claim(self->claim, &self->answer, 0, 0));
	EXPECT_EQ(BINDERY_GROUP_RESERVED, STATE());
	EXPECT_EQ(1, PASSED("reserved", "binding"));
	EXPECT_EQ(2, PASSED(NULL, "reserved"));
	EXPECT_EQ(0, PASSED(NULL, "held"));
	EXPECT_EQ(0, PASSED(NULL, "free"));
	EXPECT_EQ(0, snapshot_compare(&self->before));
}

TEST_F(state, T12_BINDING_by_overdue_callback_to_STUCK)
{
	EXPECT_EQ(-ETIMEDOUT, OVERDUE(TEST_TARGET, "hold_probe", self->last));
	EXPECT_TRUE(BECOMES(STUCK));
	/* More than once if the first deadline was over before the callback. */
	EXPECT_NE(0, PASSED("binding", "stuck"));
	EXPECT_EQ(0, PASSED(NULL, "held"));
}

/* --- HELD ----------------------------------------------------------------- */

TEST_F(state, C1_HELD_by_last_claim_to_DRAINING)
{
	int other;

	self->request.cmd.flags = BINDERY_ACQUIRE_SHARED;
	ASSERT_TRUE(is_held(self));
	other = acquire(self->control, &self->request);
	ASSERT_LE(0, other);
	ASSERT_EQ(0, vfio_open(&self->user, self->first));
	close_claim(self->claim);
	ASSERT_EQ(0, show(self->control, self->first, &self->answer));
	EXPECT_EQ(BINDERY_GROUP_HELD, self->answer.show.out_state);
	EXPECT_EQ(1, self->answer.show.out_num_claims);
	EXPECT_EQ(0, PASSED("held", NULL));
	close_claim(other);
	EXPECT_TRUE(BECOMES(DRAINING));
	EXPECT_EQ(1, PASSED("held", "draining"));
	EXPECT_TRUE(group_is_on(&self->group, TEST_TARGET));
}

TEST_F(state, C5_HELD_with_keep_to_KEPT)
{
	struct snapshot held;

	ASSERT_TRUE(is_held(self));
	ASSERT_EQ(0, snapshot_take(&held));
	ASSERT_EQ(0, keep(self->claim, BINDERY_KEEP_ON));
	EXPECT_EQ(BINDERY_GROUP_HELD, STATE());
	close_claim(self->claim);
	EXPECT_TRUE(BECOMES(KEPT));
	EXPECT_EQ(1, PASSED("held", "kept"));
	EXPECT_EQ(0, PASSED(NULL, "draining"));
	EXPECT_EQ(0, snapshot_compare_untouched(&held));
	EXPECT_EQ(0, recover(self->control, BINDERY_RECOVER_RELEASE, NULL,
			     self->first, &self->answer));
}

TEST_F(state, W2_HELD_by_last_member_gone_to_GONE)
{
	struct pollfd poll_claim;

	ASSERT_TRUE(is_gone(self));
	EXPECT_EQ(1, PASSED("held", "gone"));
	poll_claim = (struct pollfd) { self->claim, POLLPRI };
	EXPECT_EQ(1, poll(&poll_claim, 1, 0));
	EXPECT_NE(0, poll_claim.revents & POLLHUP);
	for (unsigned int i = 0; i < self->answer.num_members; i++)
		EXPECT_NE(0, self->answer.members[i].out_flags &
			  BINDERY_MEMBER_REMOVED);
	EXPECT_EQ(-ENODEV, STATE());
}

/* --- KEPT ----------------------------------------------------------------- */

TEST_F(state, C5_KEPT_by_OPEN_CLAIM_to_HELD)
{
	struct snapshot held;

	ASSERT_TRUE(is_kept(self));
	ASSERT_EQ(0, snapshot_take(&held));
	self->claim = open_claim(self->control, self->request.cmd.out_claim_id,
				 NULL, &self->answer);
	ASSERT_LE(0, self->claim);
	EXPECT_EQ(BINDERY_GROUP_HELD, STATE());
	EXPECT_EQ(1, PASSED("kept", "held"));
	EXPECT_EQ(0, snapshot_compare_untouched(&held));
	ASSERT_EQ(0, release(self->claim, &self->answer));
	EXPECT_EQ(0, snapshot_compare(&self->before));
}

TEST_F(state, C5_KEPT_by_ADOPT_to_HELD)
{
	struct snapshot held;
	uint8_t id[BINDERY_ID_SIZE];

	ASSERT_TRUE(is_kept(self));
	memcpy(id, self->request.cmd.out_claim_id, sizeof(id));
	ASSERT_EQ(0, snapshot_take(&held));
	self->claim = adopt(self->control, &self->request);
	ASSERT_LE(0, self->claim);
	EXPECT_EQ(BINDERY_GROUP_HELD, STATE());
	EXPECT_EQ(1, PASSED("kept", "held"));
	EXPECT_EQ(0, memcmp(id, self->request.cmd.out_claim_id, sizeof(id)));
	EXPECT_EQ(0, snapshot_compare_untouched(&held));
	ASSERT_EQ(0, release(self->claim, &self->answer));
	EXPECT_EQ(0, snapshot_compare(&self->before));
}

TEST_F(state, C5_KEPT_by_RELEASE_to_FREE)
{
	ASSERT_TRUE(is_kept(self));
	ASSERT_EQ(0, recover(self->control, BINDERY_RECOVER_RELEASE,
			     self->request.cmd.out_claim_id, NULL,
			     &self->answer));
	EXPECT_EQ(BINDERY_GROUP_FREE, STATE());
	EXPECT_EQ(1, PASSED("kept", "draining"));
	EXPECT_EQ(1, PASSED("draining", "restoring"));
	EXPECT_EQ(1, PASSED("restoring", "free"));
	EXPECT_EQ(0, snapshot_compare(&self->before));
}

/* --- DRAINING ------------------------------------------------------------- */

TEST_F(state, C9_DRAINING_by_last_user_to_RESTORING)
{
	ASSERT_TRUE(is_draining(self));
	EXPECT_TRUE(group_is_on(&self->group, TEST_TARGET));
	EXPECT_EQ(0, PASSED(NULL, "restoring"));
	vfio_close(&self->user);
	EXPECT_TRUE(BECOMES(FREE));
	EXPECT_LE(1, PASSED("draining", "restoring"));
	EXPECT_EQ(0, snapshot_compare(&self->before));
}

TEST_F(state, C9_DRAINING_by_ACQUIRE_same_targets_to_HELD)
{
	struct snapshot draining;

	ASSERT_TRUE(is_draining(self));
	ASSERT_EQ(0, snapshot_take(&draining));
	ASSERT_TRUE(is_held(self));
	EXPECT_EQ(2, PASSED(NULL, "held"));
	EXPECT_EQ(0, PASSED(NULL, "restoring"));
	EXPECT_EQ(0, snapshot_compare_untouched(&draining));

	/* And it still knows what was there before the first claim. */
	vfio_close(&self->user);
	EXPECT_EQ(0, snapshot_compare_untouched(&draining));
	ASSERT_EQ(0, release(self->claim, &self->answer));
	EXPECT_EQ(0, snapshot_compare(&self->before));
}

TEST_F(state, C9_DRAINING_other_targets_is_refused)
{
	struct snapshot draining;

	ASSERT_EQ(0, module_load("vfio_pci"));
	ASSERT_TRUE(is_draining(self));
	ASSERT_EQ(0, snapshot_take(&draining));
	request_group(&self->request, &self->group, VFIO_PCI);
	self->request.cmd.deadline_ms = 200;
	EXPECT_EQ(-EBUSY, acquire(self->control, &self->request));
	EXPECT_EQ(BINDERY_ERROR_IN_USE, self->request.error.out_code);
	EXPECT_EQ(BINDERY_GROUP_DRAINING, STATE());
	EXPECT_EQ(0, snapshot_compare_untouched(&draining));
	vfio_close(&self->user);
	EXPECT_TRUE(BECOMES(FREE));
}

/* --- RESTORING ------------------------------------------------------------ */

TEST_F(state, C1_RESTORING_to_FREE)
{
	ASSERT_TRUE(is_held(self));
	knob(TEST_NATIVE, "hold_probe", self->first);
	close_claim(self->claim);
	EXPECT_TRUE(BECOMES(RESTORING));
	knob(TEST_NATIVE, "hold_probe", "");
	EXPECT_TRUE(BECOMES(FREE));
	EXPECT_EQ(1, PASSED("restoring", "free"));
	EXPECT_EQ(0, snapshot_compare(&self->before));
}

TEST_F(state, C8_RESTORING_to_DEGRADED)
{
	ASSERT_TRUE(is_degraded(self));
	EXPECT_EQ(1, PASSED("restoring", "degraded"));
	EXPECT_TRUE(pci_is_on(self->last, ""));
	EXPECT_TRUE(pci_is_on(self->first, TEST_NATIVE));
	knob(TEST_NATIVE, "fail", "");
	EXPECT_EQ(0, pci_drivers_probe(self->last));
	EXPECT_TRUE(BECOMES(FREE));
}

TEST_F(state, T12_RESTORING_to_STUCK)
{
	ASSERT_TRUE(is_held(self));
	knob(TEST_NATIVE, "hold_probe", self->first);
	EXPECT_EQ(-ETIMEDOUT, release_within(self->claim, &self->answer, 200));
	EXPECT_TRUE(BECOMES(STUCK));
	EXPECT_EQ(1, PASSED("restoring", "stuck"));
}

/* --- STUCK, DEGRADED, GONE ------------------------------------------------ */

TEST_F(state, T12_STUCK_by_return_to_FREE)
{
	EXPECT_EQ(-ETIMEDOUT, OVERDUE(TEST_NATIVE, "hold_remove", self->first));
	ASSERT_TRUE(BECOMES(STUCK));
	EXPECT_EQ(0, PASSED(NULL, "free"));
	knob(TEST_NATIVE, "hold_remove", "");
	EXPECT_TRUE(BECOMES(FREE));
	EXPECT_EQ(1, PASSED("stuck", NULL));
	EXPECT_EQ(1, PASSED(NULL, "free"));
	EXPECT_EQ(0, snapshot_compare(&self->before));
}

TEST_F(state, C8_DEGRADED_by_REPAIR_to_FREE)
{
	ASSERT_TRUE(is_degraded(self));
	EXPECT_EQ(-EIO, recover(self->control, BINDERY_RECOVER_REPAIR, NULL,
				self->first, &self->answer));
	EXPECT_EQ(BINDERY_ERROR_DEGRADED, self->answer.error.out_code);
	EXPECT_EQ(BINDERY_GROUP_DEGRADED, STATE());
	knob(TEST_NATIVE, "fail", "");
	EXPECT_EQ(0, recover(self->control, BINDERY_RECOVER_REPAIR, NULL,
			     self->first, &self->answer));
	EXPECT_TRUE(BECOMES(FREE));
	EXPECT_LE(1, PASSED("degraded", NULL));
	EXPECT_EQ(0, snapshot_compare(&self->before));
}

TEST_F(state, C8_DEGRADED_by_native_bind_to_FREE)
{
	ASSERT_TRUE(is_degraded(self));
	knob(TEST_NATIVE, "fail", "");
	EXPECT_EQ(BINDERY_GROUP_DEGRADED, STATE());
	EXPECT_EQ(0, pci_bind(self->last, TEST_NATIVE));
	EXPECT_TRUE(BECOMES(FREE));
	EXPECT_LE(1, PASSED("degraded", NULL));
	EXPECT_EQ(0, snapshot_compare(&self->before));
}

TEST_F(state, C8_DEGRADED_by_ACQUIRE_to_HELD)
{
	ASSERT_TRUE(is_degraded(self));
	knob(TEST_NATIVE, "fail", "");
	ASSERT_TRUE(is_held(self));
	EXPECT_LE(1, PASSED("degraded", NULL));
	ASSERT_EQ(0, release(self->claim, &self->answer));
	EXPECT_EQ(0, snapshot_compare(&self->before));
}

TEST_F(state, W2_GONE_by_last_close_to_FREE)
{
	ASSERT_TRUE(is_gone(self));
	close_claim(self->claim);
	EXPECT_TRUE(wait_until(PASSED(NULL, "free") == 1));
	EXPECT_EQ(1, PASSED("gone", NULL));

	/* What comes to its place is of no claim. */
	ASSERT_TRUE(bring_back(self));
	EXPECT_EQ(BINDERY_GROUP_FREE, STATE());
	ASSERT_TRUE(is_held(self));
	ASSERT_EQ(0, release(self->claim, &self->answer));
}

int main(int argc, char **argv)
{
	states_watch();
	return test_harness_run(argc, argv);
}
