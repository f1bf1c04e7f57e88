// SPDX-License-Identifier: GPL-2.0-only
/*
 * The states of groups and claims: a test for each way out of each of them,
 * named after it, as module/DESIGN.md lists them. What passes too fast to be
 * asked for is seen in the module's trace.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "kselftest_harness.h"
#include "fixture.h"

/* An ACQUIRE needs far less, and a repair that is held waits for it. */
#define REPAIR_MS	5000

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

#define RELEASE_KEPT(id, bdf)						\
	recover(self->control, BINDERY_RECOVER_RELEASE, id, bdf,	\
		&self->answer)
#define REPAIR()							\
	recover(self->control, BINDERY_RECOVER_REPAIR, NULL,		\
		self->first, &self->answer)

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

static bool remove_all(FIXTURE_DATA(state) *self)
{
	for (unsigned int i = 0; i < self->group.num; i++)
		if (pci_write(self->group.bdf[i], "remove", "1"))
			return false;
	return true;
}

/* The claim tells it: there is no device to ask of. */
static bool claim_tells(FIXTURE_DATA(state) *self, uint32_t state)
{
	return !status(self->claim, &self->answer) &&
	       self->answer.status.out_state == state;
}

static bool is_gone(FIXTURE_DATA(state) *self)
{
	return is_held(self) && remove_all(self) &&
	       wait_until(claim_tells(self, BINDERY_GROUP_GONE));
}

/* A transaction that nobody waits for is at the last member's probe. */
static bool is_binding(FIXTURE_DATA(state) *self, uint32_t flags)
{
	knob(TEST_TARGET, "hold_probe", self->last);
	self->request.cmd.flags = BINDERY_ACQUIRE_NOWAIT | flags;
	self->claim = acquire(self->control, &self->request);
	self->request.cmd.flags = 0;
	return self->claim >= 0 && knob_holds(TEST_TARGET) &&
	       STATE() == BINDERY_GROUP_BINDING;
}

/* --- FREE ----------------------------------------------------------------- */

TEST_F(state, T15_FREE_by_RESERVE_to_RESERVED)
{
	ASSERT_TRUE(is_reserved(self));
	EXPECT_EQ(1, PASSED("free", "reserved"));
	EXPECT_EQ(1, PASSED(NULL, NULL));
	EXPECT_EQ(0, snapshot_compare_untouched(&self->before));
}

TEST_F(state, C1_FREE_by_ACQUIRE_to_BINDING)
{
	ASSERT_TRUE(is_binding(self, 0));
	EXPECT_EQ(1, PASSED("free", "binding"));
	EXPECT_EQ(1, PASSED(NULL, NULL));
	EXPECT_FALSE(group_is_on(&self->group, TEST_NATIVE));
}

TEST_F(state, C6_FREE_by_ADOPT_to_BINDING)
{
	struct snapshot on_vfio;

	ASSERT_EQ(0, group_move(&self->group, TEST_TARGET));
	ASSERT_EQ(0, snapshot_take(&on_vfio));
	self->claim = adopt(self->control, &self->request);
	ASSERT_LE(0, self->claim);
	EXPECT_EQ(BINDERY_GROUP_HELD, STATE());
	EXPECT_EQ(1, PASSED("free", "binding"));
	EXPECT_EQ(1, PASSED("binding", "held"));
	ASSERT_EQ(0, release(self->claim, &self->answer));
	EXPECT_TRUE(BECOMES(FREE));
	EXPECT_EQ(0, snapshot_compare_untouched(&on_vfio));
	ASSERT_EQ(0, snapshot_move_back(&self->before, &self->group));
}

/* --- RESERVED ------------------------------------------------------------- */

TEST_F(state, T15_RESERVED_by_BIND_to_BINDING)
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

TEST_F(state, W2_RESERVED_by_removal_to_GONE)
{
	ASSERT_TRUE(is_reserved(self));
	ASSERT_TRUE(remove_all(self));
	EXPECT_TRUE(wait_until(claim_tells(self, BINDERY_GROUP_GONE)));
	EXPECT_EQ(1, PASSED("reserved", "gone"));
	EXPECT_NE(0, bind_claim(self->claim, &self->answer, 0, 0));
	close_claim(self->claim);
	EXPECT_TRUE(wait_until(PASSED("gone", "free") == 1));
}

/* --- BINDING -------------------------------------------------------------- */

TEST_F(state, C1_BINDING_by_commit_to_HELD)
{
	ASSERT_TRUE(is_held(self));
	EXPECT_EQ(1, PASSED("free", "binding"));
	EXPECT_EQ(1, PASSED("binding", "held"));
	EXPECT_EQ(2, PASSED(NULL, NULL));
}

/* Its last file was closed before. */
TEST_F(state, C5_BINDING_by_commit_to_KEPT)
{
	ASSERT_TRUE(is_binding(self, BINDERY_ACQUIRE_KEEP));
	close_claim(self->claim);
	EXPECT_EQ(BINDERY_GROUP_BINDING, STATE());
	knob(TEST_TARGET, "hold_probe", "");
	EXPECT_TRUE(BECOMES(KEPT));
	EXPECT_EQ(0, PASSED(NULL, "draining"));
	EXPECT_TRUE(group_is_on(&self->group, TEST_TARGET));
	EXPECT_EQ(0, RELEASE_KEPT(NULL, self->first));
}

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

TEST_F(state, T1_BINDING_by_rollback_to_DEGRADED)
{
	knob(TEST_NATIVE, "fail", self->first);
	knob(TEST_TARGET, "fail", self->last);
	EXPECT_EQ(-EIO, acquire(self->control, &self->request));
	EXPECT_EQ(BINDERY_GROUP_DEGRADED, STATE());
	EXPECT_EQ(1, PASSED("binding", "degraded"));
	EXPECT_EQ(0, PASSED(NULL, "held"));
	knob(TEST_NATIVE, "fail", "");
	EXPECT_EQ(0, REPAIR());
	EXPECT_EQ(0, snapshot_compare(&self->before));
}

/* Somebody opens a member that is on its target already. */
TEST_F(state, C9_BINDING_by_rollback_to_DRAINING)
{
	ASSERT_TRUE(is_binding(self, 0));
	ASSERT_TRUE(wait_until(pci_is_on(self->first, TEST_TARGET)));
	ASSERT_EQ(0, vfio_open(&self->user, self->first));
	knob(TEST_TARGET, "fail", self->last);
	knob(TEST_TARGET, "hold_probe", "");
	EXPECT_TRUE(BECOMES(DRAINING));
	EXPECT_EQ(1, PASSED("binding", "draining"));
	EXPECT_EQ(0, PASSED(NULL, "held"));
	EXPECT_TRUE(pci_is_on(self->first, TEST_TARGET));
	vfio_close(&self->user);
	COMES_BACK();
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

TEST_F(state, C5_HELD_by_last_close_to_KEPT)
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
	EXPECT_EQ(0, RELEASE_KEPT(NULL, self->first));
}

TEST_F(state, W2_HELD_by_removal_to_GONE)
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

TEST_F(state, W3_HELD_by_repair_to_BINDING)
{
	ASSERT_TRUE(is_held(self));
	ASSERT_EQ(0, pci_unbind(self->last));
	EXPECT_EQ(0, REPAIR());
	EXPECT_EQ(BINDERY_GROUP_HELD, STATE());
	EXPECT_EQ(1, PASSED("held", "binding"));
	EXPECT_EQ(2, PASSED("binding", "held"));
	EXPECT_TRUE(group_is_on(&self->group, TEST_TARGET));
	ASSERT_EQ(0, release(self->claim, &self->answer));
	EXPECT_EQ(0, snapshot_compare(&self->before));
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

/* By another shared claim, which ends first. */
TEST_F(state, C5_C2_KEPT_by_another_claim_to_HELD)
{
	self->request.cmd.flags = BINDERY_ACQUIRE_SHARED;
	ASSERT_TRUE(is_kept(self));
	ASSERT_TRUE(is_held(self));
	EXPECT_EQ(1, PASSED("kept", "held"));
	EXPECT_EQ(1, PASSED("free", "binding"));
	close_claim(self->claim);
	EXPECT_TRUE(BECOMES(KEPT));
	EXPECT_EQ(0, RELEASE_KEPT(NULL, self->first));
	EXPECT_EQ(0, snapshot_compare(&self->before));
}

static void check_release_kept(struct __test_metadata *_metadata,
			       FIXTURE_DATA(state) *self, const uint8_t *id,
			       const char *bdf)
{
	ASSERT_TRUE(is_kept(self));
	ASSERT_EQ(0, RELEASE_KEPT(id, bdf));
	EXPECT_EQ(BINDERY_GROUP_FREE, STATE());
	EXPECT_EQ(1, PASSED("kept", "draining"));
	EXPECT_EQ(1, PASSED("draining", "restoring"));
	EXPECT_EQ(1, PASSED("restoring", "free"));
	EXPECT_EQ(0, snapshot_compare(&self->before));
}

TEST_F(state, C5_KEPT_by_RELEASE_of_its_id_to_DRAINING)
{
	check_release_kept(_metadata, self, self->request.cmd.out_claim_id,
			   NULL);
}

TEST_F(state, C5_KEPT_by_RELEASE_of_a_device_to_DRAINING)
{
	check_release_kept(_metadata, self, NULL, self->last);
}

TEST_F(state, C5_W2_KEPT_by_removal_to_GONE)
{
	uint8_t *id = self->request.cmd.out_claim_id;

	ASSERT_TRUE(is_kept(self));
	ASSERT_TRUE(remove_all(self));
	EXPECT_TRUE(wait_until(PASSED("kept", "gone") == 1));
	self->claim = open_claim(self->control, id, NULL, &self->answer);
	ASSERT_LE(0, self->claim);
	EXPECT_TRUE(claim_tells(self, BINDERY_GROUP_GONE));
	EXPECT_EQ(0, release(self->claim, &self->answer));
	EXPECT_EQ(1, PASSED("gone", "free"));
}

TEST_F(state, C5_W3_KEPT_by_repair_to_BINDING)
{
	ASSERT_TRUE(is_kept(self));
	ASSERT_EQ(0, pci_unbind(self->last));
	EXPECT_EQ(0, REPAIR());
	EXPECT_EQ(BINDERY_GROUP_KEPT, STATE());
	EXPECT_EQ(1, PASSED("kept", "binding"));
	EXPECT_TRUE(group_is_on(&self->group, TEST_TARGET));
	EXPECT_EQ(0, RELEASE_KEPT(NULL, self->first));
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

TEST_F(state, C1_RESTORING_by_success_to_FREE)
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

TEST_F(state, C8_RESTORING_by_failure_to_DEGRADED)
{
	ASSERT_TRUE(is_degraded(self));
	EXPECT_EQ(1, PASSED("restoring", "degraded"));
	EXPECT_TRUE(pci_is_on(self->last, ""));
	EXPECT_TRUE(pci_is_on(self->first, TEST_NATIVE));
	knob(TEST_NATIVE, "fail", "");
	EXPECT_EQ(0, pci_drivers_probe(self->last));
	EXPECT_TRUE(BECOMES(FREE));
}

TEST_F(state, T12_RESTORING_by_overdue_callback_to_STUCK)
{
	ASSERT_TRUE(is_held(self));
	knob(TEST_NATIVE, "hold_probe", self->first);
	EXPECT_EQ(-ETIMEDOUT, release_within(self->claim, &self->answer, 200));
	EXPECT_TRUE(BECOMES(STUCK));
	EXPECT_EQ(1, PASSED("restoring", "stuck"));
}

/* --- STUCK, DEGRADED, GONE ------------------------------------------------ */

TEST_F(state, T12_STUCK_by_return_to_DRAINING)
{
	EXPECT_EQ(-ETIMEDOUT, OVERDUE(TEST_NATIVE, "hold_remove", self->first));
	ASSERT_TRUE(BECOMES(STUCK));
	EXPECT_EQ(0, PASSED(NULL, "free"));
	knob(TEST_NATIVE, "hold_remove", "");
	EXPECT_TRUE(BECOMES(FREE));
	EXPECT_EQ(1, PASSED("stuck", NULL));
	EXPECT_EQ(1, PASSED("stuck", "draining"));
	EXPECT_EQ(1, PASSED(NULL, "free"));
	EXPECT_EQ(0, snapshot_compare(&self->before));
}

/* It was the callback of a repair. */
TEST_F(state, T12_W3_STUCK_by_return_to_HELD)
{
	self->request.cmd.deadline_ms = REPAIR_MS;
	ASSERT_TRUE(is_held(self));
	ASSERT_EQ(0, pci_unbind(self->last));
	knob(TEST_TARGET, "hold_probe", self->last);
	EXPECT_NE(0, REPAIR());
	EXPECT_TRUE(BECOMES(STUCK));
	EXPECT_EQ(1, PASSED("binding", "stuck"));
	knob(TEST_TARGET, "hold_probe", "");
	EXPECT_TRUE(BECOMES(HELD));
	EXPECT_EQ(1, PASSED("stuck", "held"));
	EXPECT_TRUE(group_is_on(&self->group, TEST_TARGET));
	ASSERT_EQ(0, release(self->claim, &self->answer));
	EXPECT_EQ(0, snapshot_compare(&self->before));
}

TEST_F(state, C8_DEGRADED_by_RECOVER_to_DRAINING)
{
	ASSERT_TRUE(is_degraded(self));
	EXPECT_EQ(-EIO, REPAIR());
	EXPECT_EQ(BINDERY_ERROR_DEGRADED, self->answer.error.out_code);
	EXPECT_EQ(BINDERY_GROUP_DEGRADED, STATE());
	knob(TEST_NATIVE, "fail", "");
	EXPECT_EQ(0, REPAIR());
	EXPECT_TRUE(BECOMES(FREE));
	EXPECT_LE(1, PASSED("degraded", "draining"));
	EXPECT_EQ(0, snapshot_compare(&self->before));
}

TEST_F(state, C8_DEGRADED_by_native_bind_to_DRAINING)
{
	ASSERT_TRUE(is_degraded(self));
	knob(TEST_NATIVE, "fail", "");
	EXPECT_EQ(BINDERY_GROUP_DEGRADED, STATE());
	EXPECT_EQ(0, pci_bind(self->last, TEST_NATIVE));
	EXPECT_TRUE(BECOMES(FREE));
	EXPECT_LE(1, PASSED("degraded", "draining"));
	EXPECT_EQ(0, snapshot_compare(&self->before));
}

TEST_F(state, C8_DEGRADED_by_ACQUIRE_to_DRAINING)
{
	ASSERT_TRUE(is_degraded(self));
	knob(TEST_NATIVE, "fail", "");
	ASSERT_TRUE(is_held(self));
	EXPECT_LE(1, PASSED("degraded", "draining"));
	ASSERT_EQ(0, release(self->claim, &self->answer));
	EXPECT_EQ(0, snapshot_compare(&self->before));
}

TEST_F(state, W2_GONE_by_last_close_to_FREE)
{
	ASSERT_TRUE(is_gone(self));
	close_claim(self->claim);
	EXPECT_TRUE(wait_until(PASSED(NULL, "free") == 1));
	EXPECT_EQ(1, PASSED("gone", "free"));

	/* What comes to its place is of no claim. */
	ASSERT_TRUE(bring_back(self));
	EXPECT_EQ(BINDERY_GROUP_FREE, STATE());
	ASSERT_TRUE(is_held(self));
	ASSERT_EQ(0, release(self->claim, &self->answer));
}

/* --- claims --------------------------------------------------------------- */

/* What MARK says of it, which only a claim that is live may do. */
static uint32_t mark_code(FIXTURE_DATA(state) *self)
{
	mark(self->claim, self->first, BINDERY_EVENT_ADD_USER, 1,
	     &self->answer);
	return self->answer.error.out_code;
}

#define NOT_LIVE_YET	BINDERY_ERROR_STATE
#define LIVE		BINDERY_ERROR_STALE
#define OVER		BINDERY_ERROR_RELEASED

static bool hangs_up(int claim)
{
	struct pollfd fd = { claim, POLLPRI };

	return poll(&fd, 1, 0) == 1 && fd.revents & POLLHUP;
}

static bool has_ended(FIXTURE_DATA(state) *self)
{
	return status(self->claim, &self->answer) == -ESTALE &&
	       mark_code(self) == OVER && hangs_up(self->claim);
}

TEST_F(state, T15_claim_NEW_by_RESERVE_to_RESERVED_by_RELEASE_to_ENDED)
{
	ASSERT_TRUE(is_reserved(self));
	EXPECT_TRUE(claim_tells(self, BINDERY_GROUP_RESERVED));
	EXPECT_EQ(NOT_LIVE_YET, mark_code(self));
	ASSERT_EQ(0, release(self->claim, &self->answer));
	EXPECT_TRUE(has_ended(self));
}

TEST_F(state, C1_claim_NEW_by_ACQUIRE_to_BINDING_by_commit_to_LIVE)
{
	ASSERT_TRUE(is_binding(self, 0));
	EXPECT_TRUE(claim_tells(self, BINDERY_GROUP_BINDING));
	EXPECT_EQ(NOT_LIVE_YET, mark_code(self));
	EXPECT_EQ(-EBUSY, bind_claim(self->claim, &self->answer, 0, 0));
	knob(TEST_TARGET, "hold_probe", "");
	EXPECT_TRUE(BECOMES(HELD));
	EXPECT_EQ(LIVE, mark_code(self));
}

TEST_F(state, C1_claim_LIVE_by_RELEASE_to_ENDED)
{
	ASSERT_TRUE(is_held(self));
	EXPECT_EQ(LIVE, mark_code(self));
	ASSERT_EQ(0, release(self->claim, &self->answer));
	EXPECT_TRUE(has_ended(self));
}

TEST_F(state, T15_claim_BINDING_by_rollback_to_FAILED)
{
	ASSERT_TRUE(is_binding(self, 0));
	knob(TEST_TARGET, "fail", self->last);
	knob(TEST_TARGET, "hold_probe", "");
	EXPECT_TRUE(BECOMES(FREE));
	EXPECT_EQ(-EIO, status(self->claim, &self->answer));
	EXPECT_EQ(BINDERY_ERROR_BIND, self->answer.error.out_code);
	EXPECT_EQ(OVER, mark_code(self));
	EXPECT_TRUE(hangs_up(self->claim));
}

/* And from there it may go on as if nothing had been tried. */
TEST_F(state, T15_claim_RESERVED_by_BIND_by_rollback_to_RESERVED_or_LIVE)
{
	ASSERT_TRUE(is_reserved(self));
	knob(TEST_TARGET, "fail", self->last);
	EXPECT_EQ(-EIO, bind_claim(self->claim, &self->answer, 0, 0));
	EXPECT_TRUE(claim_tells(self, BINDERY_GROUP_RESERVED));
	EXPECT_EQ(NOT_LIVE_YET, mark_code(self));
	EXPECT_FALSE(hangs_up(self->claim));
	knob(TEST_TARGET, "fail", "");
	EXPECT_EQ(0, bind_claim(self->claim, &self->answer, 0, 0));
	EXPECT_EQ(LIVE, mark_code(self));
}

/* RELEASE tells the transaction, which ends it. */
TEST_F(state, C1_claim_BINDING_by_RELEASE_to_ENDED)
{
	ASSERT_TRUE(is_binding(self, 0));
	EXPECT_EQ(-ETIMEDOUT, release_within(self->claim, &self->answer, 200));
	EXPECT_FALSE(hangs_up(self->claim));
	knob(TEST_TARGET, "hold_probe", "");
	EXPECT_TRUE(BECOMES(FREE));
	EXPECT_TRUE(has_ended(self));
}

int main(int argc, char **argv)
{
	states_watch();
	return test_harness_run(argc, argv);
}
