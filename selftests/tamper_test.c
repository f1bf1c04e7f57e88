// SPDX-License-Identifier: GPL-2.0-only
/*
 * Members that somebody else binds, unbinds or overrides while they are
 * claimed: it is told, it is put right when that is asked for, and a release
 * does not make it worse.
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "kselftest_harness.h"
#include "fixture.h"

#define STUB	"pci-stub"
#define FOREIGN	"nobody"

#define TAMPERED_DRIVER		BINDERY_MEMBER_TAMPERED_DRIVER
#define TAMPERED_OVERRIDE	BINDERY_MEMBER_TAMPERED_OVERRIDE
#define TAMPERED		(TAMPERED_DRIVER | TAMPERED_OVERRIDE)

/* What has not happened by then does not happen by itself. */
#define A_WHILE_MS	300
/* An ACQUIRE needs far less, and a repair that is held waits for it. */
#define REPAIR_MS	5000

FIXTURE(tamper) {
	COMMON;
};

FIXTURE_SETUP(tamper)
{
	COMMON_SETUP(.driver = TEST_NATIVE);
	ASSERT_EQ(0, module_load("pci_stub"));
}

FIXTURE_TEARDOWN(tamper)
{
	EXPECT_EQ(0, common_rest(&self->common));
	EXPECT_EQ(0, snapshot_move_back(&self->before, &self->group));
	COMMON_TEARDOWN();
}

static int hold(FIXTURE_DATA(tamper) *self, uint32_t flags)
{
	self->request.cmd.flags = flags;
	self->claim = acquire(self->control, &self->request);
	if (self->claim < 0)
		return self->claim;
	return status(self->claim, &self->answer) ?:
	       snapshot_take(&self->held);
}

/* What STATUS tells of tampering with a member. */
static uint32_t tampering(struct common *self, const char *bdf)
{
	const struct bindery_ioc_member *member;

	if (status(self->claim, &self->answer))
		return ~0U;
	member = member_of(self->answer.members, self->answer.num_members,
			   bdf);
	return member ? member->out_flags & TAMPERED : ~0U;
}

/* Of members but this one. */
static int others_tampered(struct common *self, const char *bdf)
{
	int others = 0;

	for (unsigned int i = 0; i < self->group.num; i++)
		if (strcmp(self->group.bdf[i], bdf))
			others += tampering(self, self->group.bdf[i]) != 0;
	return others;
}

static bool is_told(int claim, int ms)
{
	struct pollfd poll_claim = { claim, POLLPRI, 0 };

	return poll(&poll_claim, 1, ms) == 1 && poll_claim.revents & POLLPRI;
}

static int error_of(FIXTURE_DATA(tamper) *self, const char *bdf)
{
	const struct bindery_ioc_member *member =
		member_of(self->answer.members, self->answer.num_members, bdf);

	return member ? member->out_errno : -1;
}

static bool is_left(const char *bdf, const char *driver, const char *override)
{
	text_t text;

	pci_read(bdf, "driver_override", text);
	return pci_is_on(bdf, driver) && !strcmp(text, override);
}

/* All but this one are as before. */
static int others_differ(FIXTURE_DATA(tamper) *self, const char *bdf)
{
	struct device_state *was;
	int differ = 0;

	for (unsigned int i = 0; i < self->group.num; i++) {
		was = snapshot_device(&self->before, self->group.bdf[i]);
		if (strcmp(was->bdf, bdf))
			differ += !is_left(was->bdf, was->driver,
					   was->override);
	}
	return differ;
}

TEST_F(tamper, W3_a_claim_that_nobody_touched_tells_of_nothing)
{
	ASSERT_EQ(0, hold(self, 0));
	EXPECT_FALSE(is_told(self->claim, A_WHILE_MS));
	for (unsigned int i = 0; i < self->group.num; i++) {
		EXPECT_EQ(0, tampering(&self->common, self->group.bdf[i]));
	}
	EXPECT_EQ(0, release(self->claim, &self->answer));
}

TEST_F(tamper, W3_a_foreign_unbind_is_seen_at_once_and_undone_by_the_release)
{
	uint64_t generation;

	for (unsigned int i = 0; i < self->group.num; i++) {
		const char *bdf = self->group.bdf[i];

		ASSERT_EQ(0, hold(self, 0));
		generation = claim_generation(self->claim);
		EXPECT_FALSE(is_told(self->claim, 0));
		ASSERT_EQ(0, pci_unbind(bdf));
		EXPECT_TRUE(is_told(self->claim, 0));
		EXPECT_EQ(TAMPERED_DRIVER, tampering(&self->common, bdf));
		EXPECT_LT(generation, self->answer.status.out_generation);
		EXPECT_EQ(0, others_tampered(&self->common, bdf));
		EXPECT_FALSE(is_told(self->claim, 0));
		release(self->claim, &self->answer);
		close_claim(self->claim);
		EXPECT_EQ(0, snapshot_compare(&self->before));
	}
}

/* Nothing of the kernel's makes a noise when an override is written. */
TEST_F(tamper, W3_a_foreign_override_is_seen_by_status)
{
	for (unsigned int i = 0; i < self->group.num; i++) {
		const char *bdf = self->group.bdf[i];

		ASSERT_EQ(0, hold(self, 0));
		ASSERT_EQ(0, pci_override(bdf, FOREIGN));
		EXPECT_EQ(TAMPERED_OVERRIDE, tampering(&self->common, bdf));
		EXPECT_EQ(0, others_tampered(&self->common, bdf));

		/* Put back by who did it: the release finds all as it was. */
		ASSERT_EQ(0, pci_override(bdf, VFIO_PCI));
		EXPECT_EQ(0, release(self->claim, &self->answer));
		close_claim(self->claim);
		EXPECT_EQ(0, snapshot_compare(&self->before));
	}
}

TEST_F(tamper, W3_an_override_that_was_taken_back_in_time_is_not_seen)
{
	ASSERT_EQ(0, hold(self, 0));
	ASSERT_EQ(0, pci_override(self->last, FOREIGN));
	ASSERT_EQ(0, pci_override(self->last, VFIO_PCI));
	EXPECT_EQ(0, tampering(&self->common, self->last));
	EXPECT_EQ(0, release(self->claim, &self->answer));
}

TEST_F(tamper, W3_a_release_leaves_a_foreign_override_and_tells_of_it)
{
	for (unsigned int i = 0; i < self->group.num; i++) {
		const char *bdf = self->group.bdf[i];

		ASSERT_EQ(0, hold(self, 0));
		ASSERT_EQ(0, pci_override(bdf, FOREIGN));
		EXPECT_NE(0, release(self->claim, &self->answer));
		EXPECT_EQ(BINDERY_ERROR_OVERRIDE, self->answer.error.out_code);
		EXPECT_LT(0, error_of(self, bdf));
		EXPECT_TRUE(is_left(bdf, "", FOREIGN));
		EXPECT_EQ(0, others_differ(self, bdf));
		close_claim(self->claim);
		EXPECT_EQ(BINDERY_GROUP_FREE, group_state(self->control, bdf));
		ASSERT_EQ(0, snapshot_move_back(&self->before, &self->group));
	}
}

TEST_F(tamper, W3_a_release_leaves_a_foreign_driver_and_tells_of_it)
{
	for (unsigned int i = 0; i < self->group.num; i++) {
		const char *bdf = self->group.bdf[i];

		ASSERT_EQ(0, hold(self, 0));
		ASSERT_EQ(0, pci_move(bdf, STUB));
		EXPECT_TRUE(is_told(self->claim, 0));
		EXPECT_EQ(TAMPERED, tampering(&self->common, bdf));
		EXPECT_NE(0, release(self->claim, &self->answer));
		EXPECT_EQ(BINDERY_ERROR_OVERRIDE, self->answer.error.out_code);
		EXPECT_LT(0, error_of(self, bdf));
		EXPECT_TRUE(is_left(bdf, STUB, STUB));
		EXPECT_EQ(0, others_differ(self, bdf));
		close_claim(self->claim);
		ASSERT_EQ(0, snapshot_move_back(&self->before, &self->group));
	}
}

TEST_F(tamper, W3_closing_a_claim_leaves_a_foreign_override_too)
{
	ASSERT_EQ(0, hold(self, 0));
	ASSERT_EQ(0, pci_override(self->last, FOREIGN));
	close_claim(self->claim);
	EXPECT_TRUE(wait_until(STATE() ==
			       BINDERY_GROUP_FREE));
	EXPECT_TRUE(is_left(self->last, "", FOREIGN));
	EXPECT_EQ(0, others_differ(self, self->last));
}

TEST_F(tamper, W3_recover_puts_members_back_on_their_targets)
{
	for (unsigned int i = 0; i < self->group.num; i++) {
		const char *bdf = self->group.bdf[i];

		ASSERT_EQ(0, hold(self, 0));
		ASSERT_EQ(0, pci_unbind(bdf));
		ASSERT_EQ(0, pci_override(bdf, FOREIGN));
		EXPECT_EQ(TAMPERED, tampering(&self->common, bdf));
		EXPECT_EQ(0, recover(self->control, BINDERY_RECOVER_REPAIR,
				     NULL, self->first, &self->answer));
		EXPECT_TRUE(is_left(bdf, VFIO_PCI, VFIO_PCI));
		EXPECT_EQ(BINDERY_GROUP_HELD, group_state(self->control, bdf));
		EXPECT_EQ(0, release(self->claim, &self->answer));
		close_claim(self->claim);
		EXPECT_EQ(0, snapshot_compare(&self->before));
	}
}

TEST_F(tamper, W3_recover_takes_a_member_back_from_an_ordinary_driver)
{
	ASSERT_EQ(0, hold(self, 0));
	ASSERT_EQ(0, pci_move(self->last, TEST_NATIVE));
	EXPECT_EQ(TAMPERED, tampering(&self->common, self->last));
	EXPECT_EQ(0, recover(self->control, BINDERY_RECOVER_REPAIR, NULL,
			     self->first, &self->answer));
	EXPECT_TRUE(is_left(self->last, VFIO_PCI, VFIO_PCI));
	EXPECT_EQ(0, release(self->claim, &self->answer));
	EXPECT_EQ(0, snapshot_compare(&self->before));
}

TEST_F(tamper, W3_recover_of_what_nobody_touched_changes_nothing)
{
	ASSERT_EQ(0, hold(self, 0));
	EXPECT_EQ(0, recover(self->control, BINDERY_RECOVER_REPAIR, NULL,
			     self->first, &self->answer));
	EXPECT_EQ(0, snapshot_compare_untouched(&self->held));
	EXPECT_EQ(0, release(self->claim, &self->answer));
}

/* A VFIO driver may have a user. */
TEST_F(tamper, W3_recover_takes_no_member_from_another_vfio_driver)
{
	ASSERT_EQ(0, hold(self, 0));
	ASSERT_EQ(0, pci_move(self->last, TEST_TARGET));
	ASSERT_EQ(0, snapshot_take(&self->held));
	EXPECT_NE(0, recover(self->control, BINDERY_RECOVER_REPAIR, NULL,
			     self->first, &self->answer));
	EXPECT_EQ(0, snapshot_compare_untouched(&self->held));
	ASSERT_EQ(0, pci_move(self->last, VFIO_PCI));
	EXPECT_EQ(0, release(self->claim, &self->answer));
	EXPECT_EQ(0, snapshot_compare(&self->before));
}

/* Somebody who does it again means it. */
TEST_F(tamper, W3_a_claim_with_repair_binds_a_member_again_once)
{
	ASSERT_EQ(0, hold(self, BINDERY_ACQUIRE_REPAIR));
	for (unsigned int i = 0; i < self->group.num; i++) {
		const char *bdf = self->group.bdf[i];

		ASSERT_EQ(0, pci_unbind(bdf));
		EXPECT_TRUE(is_told(self->claim, 0));
		EXPECT_TRUE(wait_until(is_left(bdf, VFIO_PCI, VFIO_PCI)));
		EXPECT_TRUE(wait_until(group_state(self->control, bdf) ==
				       BINDERY_GROUP_HELD));
	}
	EXPECT_NE(~0U, tampering(&self->common, self->last));
	ASSERT_EQ(0, pci_unbind(self->last));
	EXPECT_EQ(TAMPERED_DRIVER, tampering(&self->common, self->last));
	usleep(A_WHILE_MS * 1000);
	EXPECT_TRUE(is_left(self->last, "", VFIO_PCI));
	release(self->claim, &self->answer);
	EXPECT_EQ(0, snapshot_compare(&self->before));
}

TEST_F(tamper, W3_who_unbinds_during_a_repair_is_told_of_and_repaired_too)
{
	ASSERT_EQ(0, module_load(TEST_HOLD));
	ASSERT_EQ(0, hold(self, BINDERY_ACQUIRE_REPAIR));
	ASSERT_EQ(0, knob(TEST_HOLD, "hold", "bindery_member_repair"));
	ASSERT_EQ(0, pci_unbind(self->first));
	EXPECT_TRUE(knob_holds(TEST_HOLD));
	ASSERT_EQ(0, pci_unbind(self->last));
	EXPECT_EQ(TAMPERED_DRIVER, tampering(&self->common, self->last));
	knob(TEST_HOLD, "hold", "");
	EXPECT_TRUE(wait_until(!tampering(&self->common, self->last)));
	EXPECT_TRUE(wait_until(!tampering(&self->common, self->first)));
	EXPECT_EQ(0, snapshot_compare(&self->held));
	EXPECT_EQ(0, release(self->claim, &self->answer));
}

/* Nothing can begin before what is overdue has returned. */
TEST_F(tamper, W3_who_unbinds_beside_a_stuck_repair_is_repaired_after_it)
{
	request_group(&self->request, &self->group, TEST_TARGET);
	self->request.cmd.deadline_ms = REPAIR_MS;
	ASSERT_EQ(0, hold(self, BINDERY_ACQUIRE_REPAIR));
	ASSERT_EQ(0, knob(TEST_TARGET, "hold_probe", self->first));
	ASSERT_EQ(0, pci_unbind(self->first));
	EXPECT_TRUE(knob_holds(TEST_TARGET));
	EXPECT_TRUE(BECOMES(STUCK));
	ASSERT_EQ(0, pci_unbind(self->last));
	EXPECT_EQ(TAMPERED_DRIVER, tampering(&self->common, self->last));
	ASSERT_EQ(0, knob(TEST_TARGET, "hold_probe", ""));
	EXPECT_TRUE(wait_until(!tampering(&self->common, self->last)));
	EXPECT_EQ(0, tampering(&self->common, self->first));
	EXPECT_EQ(0, snapshot_compare(&self->held));
	EXPECT_EQ(0, release(self->claim, &self->answer));
}

/* Functions of a slot come one after the other, and this one is not the first. */
TEST_F(tamper, W3_who_came_after_a_stuck_repair_is_repaired_after_it)
{
	if (self->group.num < 3)
		SKIP(return, "nobody stays bound while two are repaired");
	request_group(&self->request, &self->group, TEST_TARGET);
	self->request.cmd.deadline_ms = REPAIR_MS;
	ASSERT_EQ(0, module_load(TEST_HOLD));
	ASSERT_EQ(0, hold(self, BINDERY_ACQUIRE_REPAIR));
	ASSERT_EQ(0, knob(TEST_HOLD, "hold", "bindery_repair_work"));
	ASSERT_EQ(0, knob(TEST_TARGET, "hold_probe", self->first));
	ASSERT_EQ(0, pci_unbind(self->first));
	EXPECT_TRUE(knob_holds(TEST_HOLD));
	ASSERT_EQ(0, pci_unbind(self->last));
	knob(TEST_HOLD, "hold", "");
	EXPECT_TRUE(knob_holds(TEST_TARGET));
	EXPECT_TRUE(BECOMES(STUCK));
	EXPECT_TRUE(pci_is_on(self->last, ""));
	ASSERT_EQ(0, knob(TEST_TARGET, "hold_probe", ""));
	EXPECT_TRUE(wait_until(!tampering(&self->common, self->last)));
	EXPECT_EQ(0, tampering(&self->common, self->first));
	EXPECT_EQ(0, snapshot_compare(&self->held));
	EXPECT_EQ(0, release(self->claim, &self->answer));
}

/* One alone goes first. What would hang as well is not waited for in turn. */
TEST_F(tamper, W3_a_repair_that_hangs_leaves_the_others_for_later)
{
	request_group(&self->request, &self->group, TEST_TARGET);
	self->request.cmd.deadline_ms = REPAIR_MS;
	ASSERT_EQ(0, hold(self, 0));
	for (unsigned int i = 0; i < self->group.num; i++)
		ASSERT_EQ(0, pci_unbind(self->group.bdf[i]));
	ASSERT_EQ(0, knob(TEST_TARGET, "hold_probe", self->first));
	EXPECT_EQ(-EBUSY, recover(self->control, BINDERY_RECOVER_REPAIR, NULL,
				  self->first, &self->answer));
	EXPECT_EQ(BINDERY_ERROR_STUCK, self->answer.error.out_code);
	EXPECT_EQ(BINDERY_GROUP_STUCK, STATE());
	for (unsigned int i = 1; i < self->group.num; i++)
		EXPECT_TRUE(pci_is_on(self->group.bdf[i], ""));
	ASSERT_EQ(0, knob(TEST_TARGET, "hold_probe", ""));
	EXPECT_TRUE(BECOMES(HELD));
	EXPECT_EQ(0, recover(self->control, BINDERY_RECOVER_REPAIR, NULL,
			     self->first, &self->answer));
	EXPECT_EQ(0, snapshot_compare(&self->held));
	EXPECT_EQ(0, release(self->claim, &self->answer));
}

TEST_F(tamper, W3_C9_the_others_go_back_when_a_claim_ends_beside_a_stuck_repair)
{
	request_group(&self->request, &self->group, TEST_TARGET);
	self->request.cmd.deadline_ms = REPAIR_MS;
	ASSERT_EQ(0, hold(self, 0));
	ASSERT_EQ(0, knob(TEST_TARGET, "hold_probe", self->first));
	ASSERT_EQ(0, pci_unbind(self->first));
	EXPECT_EQ(-EBUSY, recover(self->control, BINDERY_RECOVER_REPAIR, NULL,
				  self->first, &self->answer));
	EXPECT_EQ(BINDERY_ERROR_STUCK, self->answer.error.out_code);
	close_claim(self->claim);
	for (unsigned int i = 1; i < self->group.num; i++)
		EXPECT_TRUE(wait_until(pci_is_on(self->group.bdf[i],
						 TEST_NATIVE)));
	EXPECT_TRUE(BECOMES(STUCK));
	ASSERT_EQ(0, knob(TEST_TARGET, "hold_probe", ""));
	COMES_BACK();
}

/* The repair of the first member hangs. */
static int repair_hangs(FIXTURE_DATA(tamper) *self)
{
	int ret = knob(TEST_HOLD, "hold", "bindery_member_repair");

	ret = ret ?: pci_unbind(self->first);
	return ret ?: recover(self->control, BINDERY_RECOVER_REPAIR, NULL,
			      self->first, &self->answer);
}

TEST_F(tamper, W3_C9_a_late_repair_is_none_once_the_claim_has_ended)
{
	request_group(&self->request, &self->group, TEST_TARGET);
	self->request.cmd.deadline_ms = REPAIR_MS;
	ASSERT_EQ(0, module_load(TEST_HOLD));
	ASSERT_EQ(0, hold(self, 0));
	EXPECT_EQ(-EBUSY, repair_hangs(self));
	close_claim(self->claim);
	EXPECT_TRUE(wait_until(pci_is_on(self->last, TEST_NATIVE)));
	ASSERT_EQ(0, knob(TEST_TARGET, "hold_probe", self->first));
	knob(TEST_HOLD, "hold", "");
	COMES_BACK();
	ASSERT_EQ(0, knob(TEST_TARGET, "hold_probe", ""));
}

TEST_F(tamper, W3_C9_a_user_beside_a_stuck_repair_is_waited_for)
{
	ASSERT_EQ(0, module_load(TEST_HOLD));
	self->request.cmd.deadline_ms = REPAIR_MS;
	ASSERT_EQ(0, hold(self, 0));
	ASSERT_EQ(0, vfio_open(&self->user, self->last));
	EXPECT_EQ(-EBUSY, repair_hangs(self));
	close_claim(self->claim);
	EXPECT_TRUE(BECOMES(DRAINING));
	usleep(A_WHILE_MS * 1000);
	EXPECT_TRUE(pci_is_on(self->last, VFIO_PCI));
	vfio_close(&self->user);
	EXPECT_TRUE(wait_until(pci_is_on(self->last, TEST_NATIVE)));
	EXPECT_TRUE(BECOMES(STUCK));
	knob(TEST_HOLD, "hold", "");
	COMES_BACK();
}

/* It cannot be asked to go; the others leave their targets, and wait for it. */
TEST_F(tamper, W3_C9_a_user_of_who_stays_beside_a_stuck_repair_is_waited_for)
{
	const char *other = self->group.bdf[1];

	if (self->group.num < 3)
		SKIP(return, "the group has less than three members");
	ASSERT_EQ(0, module_load(TEST_HOLD));
	ASSERT_EQ(0, pci_move(self->last, VFIO_PCI));
	self->request.cmd.deadline_ms = REPAIR_MS;
	ASSERT_EQ(0, hold(self, 0));
	ASSERT_EQ(0, vfio_open(&self->user, self->last));
	EXPECT_EQ(-EBUSY, repair_hangs(self));
	EXPECT_EQ(-ETIMEDOUT, release_with(self->claim, &self->answer,
					   BINDERY_RELEASE_FORCE, A_WHILE_MS,
					   0));
	EXPECT_TRUE(wait_until(pci_is_on(other, "")));
	EXPECT_TRUE(BECOMES(DRAINING));
	EXPECT_TRUE(pci_is_on(self->last, VFIO_PCI));
	vfio_close(&self->user);
	EXPECT_TRUE(wait_until(pci_is_on(other, TEST_NATIVE)));
	EXPECT_TRUE(BECOMES(STUCK));
	knob(TEST_HOLD, "hold", "");
	EXPECT_TRUE(BECOMES(FREE));
	ASSERT_EQ(0, snapshot_move_back(&self->before, &self->group));
}

TEST_F(tamper, W3_a_claim_without_repair_leaves_a_member_unbound)
{
	ASSERT_EQ(0, hold(self, 0));
	ASSERT_EQ(0, pci_unbind(self->last));
	usleep(A_WHILE_MS * 1000);
	EXPECT_TRUE(is_left(self->last, "", VFIO_PCI));
	EXPECT_EQ(TAMPERED_DRIVER, tampering(&self->common, self->last));
	release(self->claim, &self->answer);
	EXPECT_EQ(0, snapshot_compare(&self->before));
}

/* On their targets before the claim, which is not to move them. */
FIXTURE(untouched) {
	COMMON;
};

FIXTURE_VARIANT(untouched) {
	int (*take)(int control, struct request *request);
};

FIXTURE_VARIANT_ADD(untouched, acquired) {
	.take = acquire,
};

FIXTURE_VARIANT_ADD(untouched, adopted) {
	.take = adopt,
};

FIXTURE_SETUP(untouched)
{
	COMMON_SETUP(.driver = TEST_NATIVE);
	ASSERT_EQ(0, group_move(&self->group, VFIO_PCI));
	ASSERT_EQ(0, snapshot_take(&self->held));
	self->claim = variant->take(self->control, &self->request);
	ASSERT_LE(0, self->claim);
}

FIXTURE_TEARDOWN(untouched)
{
	EXPECT_EQ(0, common_rest(&self->common));
	EXPECT_EQ(0, snapshot_move_back(&self->before, &self->group));
	COMMON_TEARDOWN();
}

TEST_F(untouched, W3_an_override_that_changes_is_told_and_put_right)
{
	ASSERT_EQ(0, pci_override(self->last, FOREIGN));
	EXPECT_EQ(TAMPERED_OVERRIDE, tampering(&self->common, self->last));
	EXPECT_EQ(0, others_tampered(&self->common, self->last));
	ASSERT_EQ(0, pci_unbind(self->last));
	EXPECT_EQ(TAMPERED, tampering(&self->common, self->last));
	EXPECT_EQ(0, recover(self->control, BINDERY_RECOVER_REPAIR, NULL,
			     self->last, &self->answer));
	EXPECT_EQ(0, tampering(&self->common, self->last));
	EXPECT_EQ(0, snapshot_compare(&self->held));
}

TEST_F(untouched, W3_an_override_that_changes_is_told_by_the_release_and_stays)
{
	const struct bindery_ioc_member *member;

	ASSERT_EQ(0, pci_override(self->last, FOREIGN));
	EXPECT_EQ(0, release(self->claim, &self->answer));
	member = member_of(self->answer.members, self->answer.num_members,
			   self->last);
	ASSERT_NE(NULL, member);
	EXPECT_EQ(TAMPERED_OVERRIDE, member->out_flags & TAMPERED);
	EXPECT_TRUE(is_left(self->last, VFIO_PCI, FOREIGN));
}

TEST_HARNESS_MAIN
