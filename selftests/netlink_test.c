// SPDX-License-Identifier: GPL-2.0-only
/*
 * Events of the generic netlink family, each seen from what causes it, with
 * numbers without gaps. What can be read later: netlink_dump_test.
 */
#include <errno.h>
#include <string.h>

#include "netlink_fixture.h"

TEST_F(netlink, W4_a_transaction_is_told_from_its_beginning_to_its_commit)
{
	unsigned int steps[BINDERY_STEP_RESTORE + 1] = {};
	uint64_t txn;

	ACQUIRE();
	HEAR(GROUP);
	EXPECT_STATES(FREE, BINDING);
	HEAR(TXN_BEGIN);
	EXPECT_TRUE(TELLS(&self->told, TXN));
	txn = NUMBER(&self->told, TXN);
	EXPECT_ID(&self->told);
	EXPECT_NUMBER(getpid(), PID);
	EXPECT_TEXT(OWNER, LABEL);
	EXPECT_NUMBER(1, NUM_GROUPS);
	for (unsigned int i = 0; i < 3 * self->group.num; i++) {
		HEAR(STEP);
		steps[NUMBER(&self->told, STEP)]++;
		EXPECT_NUMBER(txn, TXN);
		EXPECT_NUMBER(0, ERRNO);
		EXPECT_NUMBER(self->group.id, GROUP);
		EXPECT_TEXT(TEST_NATIVE, NATIVE_DRIVER);
		EXPECT_TEXT(TEST_TARGET, TARGET);
		EXPECT_TRUE(TELLS(&self->told, DURATION_NS));
		EXPECT_TRUE(TELLS(&self->told, DEVICE));
	}
	EXPECT_EQ(self->group.num, steps[BINDERY_STEP_OVERRIDE]);
	EXPECT_EQ(self->group.num, steps[BINDERY_STEP_UNBIND]);
	EXPECT_EQ(self->group.num, steps[BINDERY_STEP_BIND]);
	HEAR(GROUP);
	EXPECT_STATES(BINDING, HELD);
	HEAR(COMMIT);
	EXPECT_NUMBER(txn, TXN);
	EXPECT_ID(&self->told);
	EXPECT_LT(0, NUMBER(&self->told, DURATION_NS));
	HEAR(CLAIM);
	EXPECT_ID(&self->told);
	EXPECT_NUMBER(BINDERY_GROUP_HELD, STATE);
	EXPECT_NUMBER(0, FLAGS);
}

TEST_F(netlink, W4_a_rollback_is_told_with_its_cause_and_its_steps)
{
	unsigned int restored = 0;
	uint64_t txn;

	ASSERT_EQ(0, knob(TEST_TARGET, "fail", self->last));
	ASSERT_EQ(0, knob(TEST_TARGET, "fail_errno", "28"));
	EXPECT_EQ(-ENOSPC, acquire(self->control, &self->request));
	HEAR(ROLLBACK);
	txn = NUMBER(&self->told, TXN);
	EXPECT_STREQ(self->last, self->told.bdf);
	EXPECT_NUMBER(self->group.id, GROUP);
	EXPECT_NUMBER(BINDERY_ERROR_BIND, CODE);
	EXPECT_NUMBER(BINDERY_STEP_BIND, STEP);
	EXPECT_NUMBER(ENOSPC, ERRNO);
	EXPECT_TEXT(TEST_TARGET, DRIVER);
	while (restored < self->group.num) {
		HEAR(STEP);
		EXPECT_NUMBER(txn, TXN);
		restored += NUMBER(&self->told, STEP) == BINDERY_STEP_RESTORE;
	}
	HEAR(RESTORED);
	EXPECT_STATES(BINDING, FREE);
}

/* Which would only have to be undone too. */
TEST_F(netlink, T1_W4_after_a_member_that_is_refused_none_is_bound)
{
	unsigned int bound = 0;

	ASSERT_LE(3, self->group.num);
	ASSERT_EQ(0, knob(TEST_TARGET, "fail", self->group.bdf[1]));
	EXPECT_GT(0, acquire(self->control, &self->request));
	do {
		HEAR(STEP);
		bound += NUMBER(&self->told, STEP) == BINDERY_STEP_BIND;
	} while (NUMBER(&self->told, STEP) != BINDERY_STEP_RESTORE);
	/* Itself, and the one before it. */
	EXPECT_EQ(2, bound);
}

TEST_F(netlink, W4_a_release_is_told_until_all_is_restored)
{
	ACQUIRE();
	ASSERT_EQ(0, release(self->claim, &self->answer));
	HEAR(RELEASE);
	EXPECT_ID(&self->told);
	EXPECT_TEXT(OWNER, LABEL);
	EXPECT_NUMBER(self->group.num, NUM_MEMBERS);
	HEAR(GROUP);
	EXPECT_STATES(HELD, DRAINING);
	EXPECT_ID(&self->told);
	HEAR(GROUP);
	EXPECT_STATES(DRAINING, RESTORING);
	HEAR(STEP);
	EXPECT_FALSE(TELLS(&self->told, TXN));
	EXPECT_ID(&self->told);
	HEAR(RESTORED);
	EXPECT_STATES(RESTORING, FREE);
	EXPECT_ID(&self->told);
}

TEST_F(netlink, W4_a_reservation_is_told)
{
	self->request.cmd.flags = BINDERY_ACQUIRE_RESERVE_ONLY;
	ACQUIRE();
	HEAR(GROUP);
	EXPECT_STATES(FREE, RESERVED);
	HEAR(CLAIM);
	EXPECT_NUMBER(BINDERY_GROUP_RESERVED, STATE);
	ASSERT_EQ(0, release(self->claim, &self->answer));
	HEAR(RELEASE);
	HEAR(GROUP);
	EXPECT_STATES(RESERVED, FREE);
}

TEST_F(netlink, W4_a_release_that_a_VFIO_user_delays_is_told_once)
{
	request_group(&self->request, &self->group, VFIO_PCI);
	ACQUIRE();
	ASSERT_EQ(0, vfio_open(&self->user, self->first));
	ASSERT_EQ(0, release_with(self->claim, &self->answer,
				  BINDERY_RELEASE_DEFER, 0, 0));
	HEAR(DEFERRED);
	EXPECT_NUMBER(self->group.id, GROUP);
	EXPECT_NUMBER(BINDERY_ERROR_IN_USE, CODE);
	EXPECT_NUMBER(BINDERY_GROUP_DRAINING, STATE);
	EXPECT_NUMBER(self->group.num, NUM_MEMBERS);
	EXPECT_ID(&self->told);
	/* further looks find the same */
	EXPECT_EQ(-EAGAIN, reader_hear(&self->events, &self->told, 500));
	vfio_close(&self->user);
	self->user = vfio_none;
	HEAR(RESTORED);
}

TEST_F(netlink, W4_marks_are_told_and_the_one_that_makes_it_invalid)
{
	ACQUIRE();
	HEAR(CLAIM);
	ASSERT_EQ(0, make_ready(self));
	HEAR(MARKED);
	EXPECT_MEMBER(self->first);
	EXPECT_NUMBER(BINDERY_EVENT_ATTACH_OK, MARK);
	EXPECT_NUMBER(BINDERY_ASSIGNMENT_PENDING, ASSIGNMENT);
	EXPECT_NUMBER(0, USERS);
	HEAR(MARKED);
	EXPECT_NUMBER(BINDERY_EVENT_GUEST_READY, MARK);
	EXPECT_NUMBER(1, USERS);
	EXPECT_EQ(0, memcmp(self->told.assignment_id,
			    self->answer.mark.out_assignment_id,
			    BINDERY_ID_SIZE));
	EXPECT_ID(&self->told);
	ASSERT_EQ(0, mark_member(self, self->first,
				 BINDERY_EVENT_GUEST_FAILED));
	HEAR(INVALID);
	EXPECT_MEMBER(self->first);
	EXPECT_NUMBER(BINDERY_EVENT_GUEST_FAILED, MARK);
	EXPECT_NUMBER(BINDERY_ASSIGNMENT_INVALID, ASSIGNMENT);
	/* it stays so: no news but the mark */
	ASSERT_EQ(0, mark_member(self, self->first,
				 BINDERY_EVENT_GUEST_FAILED));
	HEAR(MARKED);
	EXPECT_NUMBER(BINDERY_ASSIGNMENT_INVALID, ASSIGNMENT);
}

TEST_F(netlink, W4_tampering_is_told_with_what_is_there_now)
{
	ACQUIRE();
	ASSERT_EQ(0, pci_unbind(self->last));
	HEAR(TAMPER);
	EXPECT_MEMBER(self->last);
	EXPECT_NUMBER(BINDERY_MEMBER_TAMPERED_DRIVER, FLAGS);
	EXPECT_FALSE(TELLS(&self->told, DRIVER));
	EXPECT_TEXT(TEST_TARGET, TARGET);
	EXPECT_ID(&self->told);
	ASSERT_EQ(0, pci_override(self->last, "nobody"));
	ASSERT_EQ(0, status(self->claim, &self->answer));
	HEAR(TAMPER);
	EXPECT_MEMBER(self->last);
	EXPECT_NUMBER(BINDERY_MEMBER_TAMPERED_OVERRIDE, FLAGS);
	EXPECT_TEXT("nobody", OVERRIDE);
	ASSERT_EQ(0, recover(self->control, BINDERY_RECOVER_REPAIR, NULL,
			     self->last, &self->answer));
	HEAR(GROUP);
	EXPECT_STATES(HELD, BINDING);
	HEAR(STEP);
	EXPECT_MEMBER(self->last);
	HEAR(GROUP);
	EXPECT_STATES(BINDING, HELD);
}

TEST_F(netlink, W4_a_member_that_goes_and_comes_is_told)
{
	ACQUIRE();
	ASSERT_EQ(0, make_ready(self));
	ASSERT_EQ(0, pci_write(self->first, "remove", "1"));
	HEAR(REMOVED);
	EXPECT_MEMBER(self->first);
	EXPECT_NUMBER(BINDERY_ROLE_REQUESTED, ROLE);
	EXPECT_ID(&self->told);
	HEAR(INVALID);
	EXPECT_MEMBER(self->first);
	EXPECT_NUMBER(BINDERY_ERROR_REMOVED, CODE);
	EXPECT_NUMBER(BINDERY_ASSIGNMENT_READY, ASSIGNMENT);
	EXPECT_NUMBER(1, USERS);
	ASSERT_EQ(0, write_file("/sys/bus/pci/rescan", "1"));
	HEAR(ADDED);
	EXPECT_MEMBER(self->first);
	EXPECT_NUMBER(BINDERY_ROLE_ADDED, ROLE);
	EXPECT_TEXT(TEST_TARGET, TARGET);
	EXPECT_ID(&self->told);
	ASSERT_EQ(0, release(self->claim, &self->answer));
	ASSERT_EQ(0, snapshot_move_back(&self->before, &self->group));
}

TEST_F(netlink, W4_a_callback_that_is_stuck_is_told_and_that_it_returned)
{
	ASSERT_EQ(-ETIMEDOUT, overdue(self->control, &self->request,
				      TEST_TARGET, "hold_probe", self->last));
	HEAR_OF(STUCK, self->last);
	EXPECT_MEMBER(self->last);
	EXPECT_NUMBER(BINDERY_STEP_BIND, STEP);
	EXPECT_TEXT(TEST_TARGET, TARGET);
	EXPECT_TRUE(TELLS(&self->told, CLAIM_ID));
	ASSERT_TRUE(wait_until(group_is(self->control, self->first,
					BINDERY_GROUP_STUCK)));
	HEAR(GROUP);
	while (NUMBER(&self->told, STATE) != BINDERY_GROUP_STUCK)
		HEAR(GROUP);
	ASSERT_EQ(0, knob(TEST_TARGET, "hold_probe", ""));
	HEAR_OF(LATE, self->last);
	EXPECT_MEMBER(self->last);
	EXPECT_NUMBER(BINDERY_STEP_BIND, STEP);
	EXPECT_NUMBER(0, ERRNO);
	EXPECT_LT(SHORT_MS * 1000000ULL, NUMBER(&self->told, DURATION_NS));
	HEAR(RESTORED);
	EXPECT_STATES(RESTORING, FREE);
}

TEST_F(netlink, W4_a_claim_that_is_kept_and_opened_again_is_told)
{
	self->request.cmd.flags = BINDERY_ACQUIRE_KEEP;
	ACQUIRE();
	HEAR(CLAIM);
	EXPECT_NUMBER(BINDERY_CLAIM_KEEP, FLAGS);
	close_claim(self->claim);
	HEAR(KEPT);
	EXPECT_STATES(HELD, KEPT);
	EXPECT_ID(&self->told);
	self->claim = open_claim(self->control, NULL, self->first,
				 &self->answer);
	ASSERT_LE(0, self->claim);
	HEAR(GROUP);
	EXPECT_STATES(KEPT, HELD);
	HEAR(CLAIM);
	EXPECT_ID(&self->told);
	ASSERT_EQ(0, release(self->claim, &self->answer));
	HEAR(RELEASE);
}

TEST_F(netlink, W4_a_member_that_cannot_be_restored_is_told)
{
	ACQUIRE();
	knob(TEST_NATIVE, "fail_errno", "28");
	knob(TEST_NATIVE, "fail", self->last);
	EXPECT_EQ(-EIO, release(self->claim, &self->answer));
	HEAR(DEGRADED);
	EXPECT_STATES(RESTORING, DEGRADED);
	EXPECT_STREQ(self->last, self->told.bdf);
	EXPECT_NUMBER(ENOSPC, ERRNO);
	knobs_reset();
	EXPECT_EQ(0, recover(self->control, BINDERY_RECOVER_REPAIR, NULL,
			     self->last, &self->answer));
	HEAR(RESTORED);
}

TEST_HARNESS_MAIN
