// SPDX-License-Identifier: GPL-2.0-only
/* A claim that outlives its last file, and the ways back to it. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "kselftest_harness.h"
#include "fixture.h"

FIXTURE(keep) {
	COMMON;
	struct request other;
	uint8_t id[BINDERY_ID_SIZE];
	uint32_t how;		/* it is released */
};

FIXTURE_SETUP(keep)
{
	COMMON_SETUP(.label = "the keeper", .flags = BINDERY_ACQUIRE_KEEP);
	request_group(&self->other, &self->group, "");
}

FIXTURE_TEARDOWN(keep)
{
	vfio_close(&self->user);
	release_kept(self->control, self->first);
	COMMON_TEARDOWN();
}

/* Acquire, note what is held, and close. */
#define ACQUIRE_AND_CLOSE() do {					\
	self->claim = acquire(self->control, &self->request);		\
	ASSERT_LE(0, self->claim);					\
	memcpy(self->id, self->request.cmd.out_claim_id,		\
	       sizeof(self->id));					\
	ASSERT_EQ(0, snapshot_take(&self->held));			\
	close_claim(self->claim);					\
	ASSERT_TRUE(BECOMES(KEPT));					\
} while (0)

/* The last act of most tests: all is as it was before. */
#define RELEASE_AND_COMPARE(claim) do {					\
	ASSERT_EQ(0, release(claim, &self->answer));			\
	EXPECT_EQ(0, snapshot_compare(&self->before));			\
} while (0)

#define RECOVER(id, bdf)						\
	recover(self->control, BINDERY_RECOVER_RELEASE, id, bdf,	\
		&self->answer)

TEST_F(keep, C5_a_claim_acquired_to_be_kept_outlives_its_last_file)
{
	struct bindery_ioc_show *shown = &self->answer.show;

	ACQUIRE();
	ASSERT_EQ(0, status(self->claim, &self->answer));
	EXPECT_EQ(BINDERY_CLAIM_KEEP, self->answer.status.out_flags);
	EXPECT_EQ(BINDERY_GROUP_HELD, self->answer.status.out_state);
	ASSERT_EQ(0, snapshot_take(&self->held));
	close_claim(self->claim);

	ASSERT_TRUE(BECOMES(KEPT));
	EXPECT_EQ(0, snapshot_compare_untouched(&self->held));
	ASSERT_EQ(0, show(self->control, self->last, &self->answer));
	EXPECT_EQ(1, shown->out_num_claims);
	EXPECT_EQ(BINDERY_CLAIM_KEEP | BINDERY_CLAIM_CLOSED,
		  shown->out_claim_flags);
	EXPECT_STREQ("the keeper", shown->out_holder_label);
	EXPECT_EQ(0, memcmp(self->request.cmd.out_claim_id,
			    shown->out_claim_id, BINDERY_ID_SIZE));
	EXPECT_EQ(0, RECOVER(shown->out_claim_id, NULL));
	EXPECT_EQ(BINDERY_GROUP_FREE, STATE());
	EXPECT_EQ(0, snapshot_compare(&self->before));
}

TEST_F(keep, C5_a_claim_can_be_told_later_to_be_kept_or_not)
{
	self->request.cmd.flags = 0;
	ACQUIRE();
	EXPECT_EQ(0, keep(self->claim, BINDERY_KEEP_ON));
	EXPECT_EQ(0, keep(self->claim, BINDERY_KEEP_ON));
	ASSERT_EQ(0, status(self->claim, &self->answer));
	EXPECT_EQ(BINDERY_CLAIM_KEEP, self->answer.status.out_flags);
	ASSERT_EQ(0, snapshot_take(&self->held));
	close_claim(self->claim);
	ASSERT_TRUE(BECOMES(KEPT));
	EXPECT_EQ(0, snapshot_compare_untouched(&self->held));

	self->claim = open_claim(self->control, NULL, self->first,
				 &self->answer);
	ASSERT_LE(0, self->claim);
	EXPECT_EQ(0, keep(self->claim, BINDERY_KEEP_OFF));
	ASSERT_EQ(0, status(self->claim, &self->answer));
	EXPECT_EQ(0, self->answer.status.out_flags);
	close_claim(self->claim);
	ASSERT_TRUE(BECOMES(FREE));
	EXPECT_EQ(0, snapshot_compare(&self->before));
}

static int own(int socket, void *arg)
{
	FIXTURE_DATA(keep) *self = arg;
	int ret = acquire(self->control, &self->request);

	tell(socket, ret);
	return hear(socket, &ret);
}

/* Here the file is closed by the death of who has it. */
TEST_F(keep, C5_C11_a_new_process_takes_over_from_one_that_was_killed)
{
	int ret;

	ASSERT_EQ(0, child_start(&self->child, own, self));
	ASSERT_EQ(0, hear(self->child.socket, &ret));
	ASSERT_LE(0, ret);
	ASSERT_EQ(0, snapshot_take(&self->held));
	child_kill(&self->child);
	ASSERT_TRUE(BECOMES(KEPT));
	self->claim = open_claim(self->control, NULL, self->last,
				 &self->answer);
	ASSERT_LE(0, self->claim);
	EXPECT_EQ(BINDERY_GROUP_HELD, STATE());
	EXPECT_EQ(0, snapshot_compare_untouched(&self->held));
	RELEASE_AND_COMPARE(self->claim);
}

TEST_F(keep, C5_a_kept_group_can_be_acquired_by_nobody)
{
	ACQUIRE_AND_CLOSE();
	for (int i = 0; i < 2; i++) {
		self->other.cmd.flags = i ? BINDERY_ACQUIRE_SHARED : 0;
		EXPECT_EQ(-EBUSY, acquire(self->control, &self->other));
		EXPECT_EQ(0, error_is(&self->other.error, BINDERY_ERROR_BUSY,
				      BINDERY_STEP_RESERVE, EBUSY));
		EXPECT_STREQ("the keeper", self->other.error.out_holder_label);
		EXPECT_EQ(-EBUSY, check(self->control, &self->other));
		EXPECT_EQ(BINDERY_ERROR_BUSY, self->other.error.out_code);
	}
	EXPECT_EQ(BINDERY_GROUP_KEPT, STATE());
	EXPECT_EQ(0, snapshot_compare_untouched(&self->held));
	EXPECT_EQ(0, RECOVER(self->id, NULL));
}

/* By its id and by each of its devices. */
TEST_F(keep, C5_a_kept_claim_is_opened_again)
{
	const uint8_t *id;
	const char *bdf;

	ACQUIRE_AND_CLOSE();
	for (unsigned int i = 0; i <= self->group.num; i++) {
		id = i ? NULL : self->id;
		bdf = i ? self->group.bdf[i - 1] : NULL;
		self->claim = open_claim(self->control, id, bdf, &self->answer);
		ASSERT_LE(0, self->claim);
		EXPECT_EQ(0, memcmp(self->id, self->answer.opened.out_claim_id,
				    BINDERY_ID_SIZE));
		EXPECT_EQ(BINDERY_GROUP_HELD, STATE());
		ASSERT_EQ(0, status(self->claim, &self->answer));
		EXPECT_EQ(0, memcmp(self->id, self->answer.status.out_id,
				    BINDERY_ID_SIZE));
		EXPECT_EQ(BINDERY_CLAIM_KEEP, self->answer.status.out_flags);
		EXPECT_EQ(self->group.num, self->answer.num_members);
		EXPECT_EQ(0, snapshot_compare_untouched(&self->held));
		close_claim(self->claim);
		ASSERT_TRUE(BECOMES(KEPT));
	}
	EXPECT_EQ(0, snapshot_compare_untouched(&self->held));
	EXPECT_EQ(0, RECOVER(NULL, self->last));
	EXPECT_EQ(0, snapshot_compare(&self->before));
}

/* Not only kept ones: one more file of the same claim. */
TEST_F(keep, C11_a_claim_that_is_open_is_opened_once_more)
{
	self->request.cmd.flags = 0;
	ACQUIRE();
	ASSERT_EQ(0, snapshot_take(&self->held));
	self->second = open_claim(self->control,
				  self->request.cmd.out_claim_id, NULL,
				  &self->answer);
	ASSERT_LE(0, self->second);
	close_claim(self->claim);
	EXPECT_EQ(BINDERY_GROUP_HELD, STATE());
	EXPECT_EQ(0, snapshot_compare_untouched(&self->held));
	self->claim = open_claim(self->control, NULL, self->first,
				 &self->answer);
	ASSERT_LE(0, self->claim);
	ASSERT_EQ(0, release(self->second, &self->answer));
	EXPECT_EQ(-ESTALE, status(self->claim, &self->answer));
	EXPECT_EQ(BINDERY_ERROR_RELEASED, self->answer.error.out_code);
	EXPECT_EQ(-ESTALE, keep(self->claim, BINDERY_KEEP_ON));
	EXPECT_EQ(0, snapshot_compare(&self->before));
}

TEST_F(keep, C5_a_claim_that_is_not_there_cannot_be_opened_or_released)
{
	static const uint8_t no_such_id[BINDERY_ID_SIZE] = { 1 };

	EXPECT_EQ(-ENOENT, open_claim(self->control, no_such_id, NULL,
				      &self->answer));
	EXPECT_EQ(BINDERY_ERROR_NO_CLAIM, self->answer.error.out_code);
	EXPECT_EQ(-ENOENT, open_claim(self->control, NULL, self->first,
				      &self->answer));
	EXPECT_EQ(BINDERY_ERROR_NO_CLAIM, self->answer.error.out_code);
	EXPECT_EQ(-ENOENT, RECOVER(no_such_id, NULL));
	EXPECT_EQ(BINDERY_ERROR_NO_CLAIM, self->answer.error.out_code);
	EXPECT_EQ(-ENOENT, RECOVER(NULL, self->first));
	EXPECT_EQ(BINDERY_ERROR_NO_CLAIM, self->answer.error.out_code);

	/* Nor can one that has ended. */
	ACQUIRE();
	ASSERT_EQ(0, release(self->claim, &self->answer));
	EXPECT_EQ(-ENOENT, open_claim(self->control,
				      self->request.cmd.out_claim_id, NULL,
				      &self->answer));
	EXPECT_EQ(BINDERY_ERROR_NO_CLAIM, self->answer.error.out_code);
}

TEST_F(keep, C5_where_several_claims_share_a_device_its_name_is_not_enough)
{
	self->request.cmd.flags |= BINDERY_ACQUIRE_SHARED;
	self->other.cmd.flags = self->request.cmd.flags;
	ACQUIRE();
	self->second = acquire(self->control, &self->other);
	ASSERT_LE(0, self->second);
	EXPECT_EQ(-EINVAL, open_claim(self->control, NULL, self->first,
				      &self->answer));
	EXPECT_EQ(BINDERY_ERROR_AMBIGUOUS, self->answer.error.out_code);
	ASSERT_EQ(0, snapshot_take(&self->held));
	close_claim(self->claim);
	EXPECT_EQ(BINDERY_GROUP_HELD, STATE());
	close_claim(self->second);
	ASSERT_TRUE(BECOMES(KEPT));
	EXPECT_EQ(-EINVAL, RECOVER(NULL, self->first));
	EXPECT_EQ(BINDERY_ERROR_AMBIGUOUS, self->answer.error.out_code);

	EXPECT_EQ(0, RECOVER(self->other.cmd.out_claim_id, NULL));
	EXPECT_EQ(BINDERY_GROUP_KEPT, STATE());
	EXPECT_EQ(0, snapshot_compare_untouched(&self->held));
	EXPECT_EQ(0, RECOVER(NULL, self->first));
	EXPECT_EQ(BINDERY_GROUP_FREE, STATE());
}

/* One of two claims is kept: the group is, whichever is closed first. */
TEST_F(keep, C5_a_group_is_kept_by_those_of_its_claims_that_are)
{
	for (int i = 0; i < 2; i++) {
		self->request.cmd.flags = BINDERY_ACQUIRE_SHARED |
					  BINDERY_ACQUIRE_KEEP;
		self->other.cmd.flags = BINDERY_ACQUIRE_SHARED;
		ACQUIRE();
		self->second = acquire(self->control, &self->other);
		ASSERT_LE(0, self->second);
		ASSERT_EQ(0, snapshot_take(&self->held));
		close_claim(i ? self->claim : self->second);
		EXPECT_EQ(BINDERY_GROUP_HELD, STATE());
		close_claim(i ? self->second : self->claim);
		ASSERT_TRUE(BECOMES(KEPT));
		EXPECT_EQ(0, snapshot_compare_untouched(&self->held));
		ASSERT_EQ(0, show(self->control, self->first, &self->answer));
		EXPECT_EQ(1, self->answer.show.out_num_claims);
		EXPECT_EQ(0, memcmp(self->request.cmd.out_claim_id,
				    self->answer.show.out_claim_id,
				    BINDERY_ID_SIZE));
		EXPECT_EQ(0, RECOVER(NULL, self->first));
		EXPECT_EQ(0, snapshot_compare(&self->before));
	}
}

TEST_F(keep, C5_adopting_a_kept_group_opens_its_claim_again)
{
	ACQUIRE_AND_CLOSE();
	self->other.cmd.label[0] = 0;
	self->claim = adopt(self->control, &self->other);
	ASSERT_LE(0, self->claim);
	EXPECT_EQ(BINDERY_GROUP_HELD, STATE());
	EXPECT_EQ(0, memcmp(self->id, self->other.cmd.out_claim_id,
			    BINDERY_ID_SIZE));
	ASSERT_EQ(0, status(self->claim, &self->answer));
	EXPECT_EQ(0, memcmp(self->id, self->answer.status.out_id,
			    BINDERY_ID_SIZE));
	EXPECT_EQ(0, snapshot_compare_untouched(&self->held));
	/* What the first owner changed is what a release undoes. */
	RELEASE_AND_COMPARE(self->claim);
}

TEST_F(keep, C5_a_claim_with_an_open_file_is_not_to_be_recovered)
{
	ACQUIRE();
	ASSERT_EQ(0, snapshot_take(&self->held));
	EXPECT_EQ(-EBUSY, RECOVER(self->request.cmd.out_claim_id, NULL));
	EXPECT_EQ(BINDERY_ERROR_BUSY, self->answer.error.out_code);
	EXPECT_EQ(-EBUSY, RECOVER(NULL, self->last));
	EXPECT_EQ(BINDERY_ERROR_BUSY, self->answer.error.out_code);
	EXPECT_EQ(0, snapshot_compare_untouched(&self->held));
	EXPECT_EQ(0, status(self->claim, &self->answer));
	RELEASE_AND_COMPARE(self->claim);
}

TEST_F(keep, C5_C9_a_kept_group_in_use_is_released_as_its_user_allows)
{
	ACQUIRE_AND_CLOSE();
	ASSERT_EQ(0, vfio_hold(&self->user, self->last, VFIO_PART_DEVICE));
	EXPECT_EQ(-EBUSY, RECOVER(self->id, NULL));
	EXPECT_EQ(BINDERY_ERROR_IN_USE, self->answer.error.out_code);
	EXPECT_EQ(BINDERY_GROUP_KEPT, STATE());
	EXPECT_EQ(-EBUSY, recover_with(self->control, BINDERY_RECOVER_RELEASE,
				       self->id, NULL, &self->answer,
				       BINDERY_RELEASE_WAIT, 100));
	EXPECT_EQ(BINDERY_ERROR_IN_USE, self->answer.error.out_code);
	EXPECT_EQ(BINDERY_GROUP_KEPT, STATE());
	EXPECT_EQ(0, snapshot_compare_untouched(&self->held));
	EXPECT_EQ(0, recover_with(self->control, BINDERY_RECOVER_RELEASE,
				  self->id, NULL, &self->answer,
				  BINDERY_RELEASE_DEFER, 0));
	EXPECT_EQ(BINDERY_GROUP_DRAINING, STATE());
	EXPECT_EQ(0, snapshot_compare_untouched(&self->held));
	vfio_close(&self->user);
	COMES_BACK();
}

static int release_kept_one(int socket, void *arg)
{
	FIXTURE_DATA(keep) *self = arg;

	tell(socket, recover_with(self->control, BINDERY_RECOVER_RELEASE,
				  self->id, NULL, &self->answer, self->how, 0));
	return self->answer.error.out_code;
}

/* Somebody opens the claim in the last moment. */
static int release_too_late(FIXTURE_DATA(keep) *self, uint32_t how, int *code)
{
	int ret = -1;

	*code = -1;
	self->how = how;
	if (module_load(TEST_HOLD) ||
	    knob(TEST_HOLD, "hold", "bindery_claim_end_told") ||
	    child_start(&self->child, release_kept_one, self))
		return -1;
	if (knob_holds(TEST_HOLD))
		self->claim = open_claim(self->control, self->id, NULL,
					 &self->answer);
	knob(TEST_HOLD, "hold", "");
	hear(self->child.socket, &ret);
	*code = child_wait(&self->child);
	return self->claim < 0 ? self->claim : ret;
}

/* It saw a user, which would not have kept it from ending the claim. */
TEST_F(keep, C5_C9_who_may_defer_is_told_that_the_claim_was_opened)
{
	int code;

	ACQUIRE_AND_CLOSE();
	ASSERT_EQ(0, vfio_hold(&self->user, self->last, VFIO_PART_DEVICE));
	EXPECT_EQ(-EBUSY,
		  release_too_late(self, BINDERY_RELEASE_DEFER, &code));
	EXPECT_EQ(BINDERY_ERROR_BUSY, code);
	EXPECT_EQ(BINDERY_GROUP_HELD, STATE());
	vfio_close(&self->user);
	RELEASE_AND_COMPARE(self->claim);
}

/* Neither then nor later. */
TEST_F(keep, C5_C9_force_that_was_refused_forces_nobody)
{
	int code;

	ACQUIRE_AND_CLOSE();
	EXPECT_EQ(-EBUSY,
		  release_too_late(self, BINDERY_RELEASE_FORCE, &code));
	EXPECT_EQ(BINDERY_ERROR_BUSY, code);
	EXPECT_EQ(BINDERY_GROUP_HELD, STATE());

	EXPECT_EQ(0, keep(self->claim, BINDERY_KEEP_OFF));
	ASSERT_EQ(0, vfio_hold(&self->user, self->last, VFIO_PART_DEVICE));
	close_claim(self->claim);
	/* Once the user has been seen; else it is waited for in an unbind. */
	request_group(&self->other, &self->group, TEST_TARGET);
	EXPECT_EQ(-EBUSY, acquire(self->control, &self->other));
	EXPECT_EQ(BINDERY_ERROR_IN_USE, self->other.error.out_code);
	EXPECT_EQ(BINDERY_GROUP_DRAINING, STATE());
	EXPECT_EQ(0, snapshot_compare_untouched(&self->held));
	vfio_close(&self->user);
	COMES_BACK();
}

TEST_F(keep, C5_a_claim_that_is_only_reserved_is_not_kept)
{
	self->request.cmd.flags |= BINDERY_ACQUIRE_RESERVE_ONLY;
	ACQUIRE();
	EXPECT_EQ(BINDERY_GROUP_RESERVED, STATE());
	close_claim(self->claim);
	EXPECT_TRUE(BECOMES(FREE));
	EXPECT_EQ(0, snapshot_compare_untouched(&self->before));
}

TEST_F(keep, C5_C7_an_assignment_survives_without_a_file)
{
	struct bindery_ioc_member *member;
	static const uint32_t events[] = {
		BINDERY_EVENT_ATTACH_OK, BINDERY_EVENT_GUEST_READY,
		BINDERY_EVENT_ADD_USER,
	};
	uint64_t generation;
	uint8_t id[BINDERY_ID_SIZE];

	ACQUIRE();
	member = status_member(self->claim, self->last, &self->answer);
	ASSERT_NE(NULL, member);
	generation = member->out_generation;
	for (size_t i = 0; i < ARRAY_SIZE(events); i++) {
		ASSERT_EQ(0, mark(self->claim, self->last, events[i],
				  generation, &self->answer));
		generation = self->answer.mark.out_generation;
	}
	memcpy(id, self->answer.mark.out_assignment_id, sizeof(id));
	close_claim(self->claim);
	ASSERT_TRUE(BECOMES(KEPT));
	self->claim = open_claim(self->control, NULL, self->last,
				 &self->answer);
	ASSERT_LE(0, self->claim);
	member = status_member(self->claim, self->last, &self->answer);
	ASSERT_NE(NULL, member);
	EXPECT_EQ(BINDERY_ASSIGNMENT_READY, member->out_assignment);
	EXPECT_EQ(2, member->out_users);
	EXPECT_EQ(0, memcmp(id, member->out_assignment_id, sizeof(id)));
	RELEASE_AND_COMPARE(self->claim);
}

TEST_F(keep, C5_C12_a_kept_group_keeps_the_modules)
{
	int ret;

	ASSERT_EQ(0, child_start(&self->child, own, self));
	ASSERT_EQ(0, hear(self->child.socket, &ret));
	ASSERT_LE(0, ret);
	child_kill(&self->child);
	ASSERT_TRUE(BECOMES(KEPT));
	ASSERT_EQ(0, snapshot_take(&self->held));
	close(self->control);
	for (int i = 0; i < 20; i++) {
		EXPECT_EQ(-EWOULDBLOCK, module_unload("bindery"));
		EXPECT_EQ(-EWOULDBLOCK, module_unload("vfio_pci"));
	}
	EXPECT_EQ(0, snapshot_compare_untouched(&self->held));
	self->control = control_open();
	ASSERT_LE(0, self->control);
	EXPECT_EQ(0, RECOVER(NULL, self->first));
	close(self->control);
	EXPECT_TRUE(wait_until(!module_unload("bindery")));
	EXPECT_EQ(0, module_unload("vfio_pci"));
	EXPECT_EQ(0, snapshot_compare(&self->before));
	ASSERT_EQ(0, module_load("bindery"));
	ASSERT_TRUE(wait_until((self->control = control_open()) >= 0));
}

static int expect(const char *what, int expected, int got)
{
	if (expected == got)
		return 0;
	note("%s returned %d, not %d", what, got, expected);
	return 1;
}

/* With files that were opened by somebody who had all rights. */
static int without_capability(int socket, void *arg)
{
	FIXTURE_DATA(keep) *self = arg;
	struct answer *answer = &self->answer;
	int wrong;

	(void)socket;
	if (drop_sys_admin())
		return 99;
	wrong = expect("KEEP", -EPERM,
		       keep_told(self->claim, BINDERY_KEEP_ON, answer)) +
		expect("its code", BINDERY_ERROR_NOT_PERMITTED,
		       answer->error.out_code) +
		expect("RECOVER", -EPERM,
		       RECOVER(self->request.cmd.out_claim_id, NULL)) +
		expect("its code", BINDERY_ERROR_NOT_PERMITTED,
		       answer->error.out_code);
	close(self->control);
	self->control = control_open();
	return wrong + expect("OPEN_CLAIM", -EPERM,
			      open_claim(self->control, NULL, self->first,
					 answer)) +
		expect("ADOPT", -EPERM, adopt(self->control, &self->other));
}

TEST_F(keep, G5_keeping_and_recovering_need_the_capability_at_the_call)
{
	self->request.cmd.flags = 0;
	ACQUIRE();
	ASSERT_EQ(0, child_start(&self->child, without_capability, self));
	EXPECT_EQ(0, child_wait(&self->child));
	ASSERT_EQ(0, status(self->claim, &self->answer));
	EXPECT_EQ(0, self->answer.status.out_flags);
	RELEASE_AND_COMPARE(self->claim);
}

TEST_HARNESS_MAIN
