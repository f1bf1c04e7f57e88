// SPDX-License-Identifier: GPL-2.0-only
/*
 * The error codes of claims: what is told, by each call that can meet them, and
 * the claim is as it was.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "kselftest_harness.h"
#include "fixture.h"

FIXTURE(claim) {
	COMMON;
	struct snapshot now;
	struct answer was, is;
};

FIXTURE_SETUP(claim)
{
	COMMON_SETUP(.label = "for a test");
}

FIXTURE_TEARDOWN(claim)
{
	COMMON_TEARDOWN();
}

static int get_claim(FIXTURE_DATA(claim) *self, uint32_t flags)
{
	self->request.cmd.flags = flags;
	self->claim = acquire(self->control, &self->request);
	return self->claim < 0 ? self->claim : 0;
}

static int look(FIXTURE_DATA(claim) *self)
{
	return snapshot_take(&self->now) ? -1 :
	       self->claim < 0 ? show(self->control, self->first, &self->was) :
	       status(self->claim, &self->was);
}

static bool same_claim(FIXTURE_DATA(claim) *self)
{
	if (self->claim < 0)
		return group_is(self->control, self->first,
				self->was.show.out_state);
	return !status(self->claim, &self->is) &&
	       self->is.status.out_generation ==
	       self->was.status.out_generation &&
	       self->is.status.out_state == self->was.status.out_state;
}

struct told {
	struct expected error;
	uint32_t class;
	bool group;		/* is named */
	bool holder;
};

/* What a call returned and told, and that all is as when look() was called. */
static int refused(FIXTURE_DATA(claim) *self, int ret,
		   const struct bindery_ioc_error *error,
		   const struct told *told)
{
	bool group = error->out_flags & BINDERY_ERROR_HAS_GROUP;
	bool holder = error->out_flags & BINDERY_ERROR_HAS_HOLDER;
	int wrong = error_compare(error, &told->error) +
		    (ret != -told->error.err) +
		    (error->out_class != told->class) +
		    (told->group && (!group ||
				     error->out_group != self->group.id)) +
		    (holder != told->holder) +
		    (holder && (error->out_holder_pid != getpid() ||
				strcmp(error->out_holder_label, "for a test")));

	if (wrong)
		note("returned %d, class %u, flags %x, group %u, holder %d",
		     ret, error->out_class, error->out_flags, error->out_group,
		     error->out_holder_pid);
	if (!same_claim(self)) {
		note("the claim has changed");
		wrong++;
	}
	return wrong + snapshot_compare_untouched(&self->now);
}

#define TOLD(ret, _class, group, holder, ...)				\
	refused(self, ret, &self->answer.error, &(struct told) {	\
		{ __VA_ARGS__ }, BINDERY_ERROR_CLASS_##_class, group,	\
		holder })

TEST_F(claim, T8_C4_a_release_of_what_has_changed_since)
{
	ASSERT_EQ(0, get_claim(self, 0));
	ASSERT_EQ(0, look(self));
	EXPECT_EQ(0, TOLD(release_with(self->claim, &self->answer, 0, 0,
				       self->was.status.out_generation + 1),
			  RETRY, false, false, BINDERY_ERROR_STALE,
			  BINDERY_STEP_REQUEST, ESTALE));
}

static struct bindery_ioc_member *last_member(FIXTURE_DATA(claim) *self)
{
	return member_of(self->was.members, self->was.num_members, self->last);
}

TEST_F(claim, T8_C4_a_mark_of_what_has_changed_since)
{
	ASSERT_EQ(0, get_claim(self, 0));
	ASSERT_EQ(0, look(self));
	ASSERT_NE(NULL, last_member(self));
	EXPECT_EQ(0, TOLD(mark(self->claim, self->last, BINDERY_EVENT_ATTACH_OK,
			       last_member(self)->out_generation + 1,
			       &self->answer),
			  RETRY, true, false, BINDERY_ERROR_STALE,
			  BINDERY_STEP_REQUEST, ESTALE, self->last));
}

TEST_F(claim, T8_C7_an_event_that_the_state_does_not_allow)
{
	ASSERT_EQ(0, get_claim(self, 0));
	ASSERT_EQ(0, look(self));
	ASSERT_NE(NULL, last_member(self));
	EXPECT_EQ(0, TOLD(mark(self->claim, self->last,
			       BINDERY_EVENT_GUEST_READY,
			       last_member(self)->out_generation,
			       &self->answer),
			  ASK, true, false, BINDERY_ERROR_TRANSITION,
			  BINDERY_STEP_REQUEST, EINVAL, self->last));
}

TEST_F(claim, T8_no_claim_of_that_id)
{
	static const uint8_t id[BINDERY_ID_SIZE] = { 1 };

	ASSERT_EQ(0, get_claim(self, 0));
	ASSERT_EQ(0, look(self));
	EXPECT_EQ(0, TOLD(open_claim(self->control, id, NULL, &self->answer),
			  ASK, false, false, BINDERY_ERROR_NO_CLAIM,
			  BINDERY_STEP_RESOLVE, ENOENT));
	EXPECT_EQ(0, TOLD(recover(self->control, BINDERY_RECOVER_RELEASE, id,
				  NULL, &self->answer),
			  ASK, false, false, BINDERY_ERROR_NO_CLAIM,
			  BINDERY_STEP_RESOLVE, ENOENT));
}

TEST_F(claim, T8_no_claim_on_that_device)
{
	ASSERT_EQ(0, look(self));
	EXPECT_EQ(0, TOLD(open_claim(self->control, NULL, self->last,
				     &self->answer),
			  ASK, true, false, BINDERY_ERROR_NO_CLAIM,
			  BINDERY_STEP_RESOLVE, ENOENT));
	EXPECT_EQ(0, TOLD(recover(self->control, BINDERY_RECOVER_RELEASE, NULL,
				  self->last, &self->answer),
			  ASK, true, false, BINDERY_ERROR_NO_CLAIM,
			  BINDERY_STEP_RESOLVE, ENOENT));
}

TEST_F(claim, T8_C2_several_claims_on_that_device)
{
	ASSERT_EQ(0, get_claim(self, BINDERY_ACQUIRE_SHARED));
	ASSERT_EQ(0, get_claim(self, BINDERY_ACQUIRE_SHARED));
	ASSERT_EQ(0, look(self));
	EXPECT_EQ(0, TOLD(open_claim(self->control, NULL, self->last,
				     &self->answer),
			  ASK, true, false, BINDERY_ERROR_AMBIGUOUS,
			  BINDERY_STEP_RESOLVE, EINVAL));
	EXPECT_EQ(0, TOLD(recover(self->control, BINDERY_RECOVER_RELEASE, NULL,
				  self->last, &self->answer),
			  ASK, true, false, BINDERY_ERROR_AMBIGUOUS,
			  BINDERY_STEP_RESOLVE, EINVAL));
}

TEST_F(claim, T8_C5_a_claim_to_be_recovered_that_is_open)
{
	ASSERT_EQ(0, get_claim(self, 0));
	ASSERT_EQ(0, look(self));
	EXPECT_EQ(0, TOLD(recover(self->control, BINDERY_RECOVER_RELEASE, NULL,
				  self->last, &self->answer),
			  RETRY, false, true, BINDERY_ERROR_BUSY,
			  BINDERY_STEP_RESERVE, EBUSY));
}

TEST_F(claim, T8_C6_a_device_to_be_adopted_that_is_not_on_vfio)
{
	char *native = snapshot_device(&self->before, self->last)->driver;
	struct told told = {
		{ BINDERY_ERROR_NOT_ON_VFIO, BINDERY_STEP_VALIDATE, EBUSY,
		  self->last, native },
		BINDERY_ERROR_CLASS_ASK, true
	};
	int ret;

	for (unsigned int i = 0; i < self->group.num - 1; i++)
		ASSERT_EQ(0, pci_move(self->group.bdf[i], VFIO_PCI));
	ASSERT_EQ(0, look(self));
	ret = adopt(self->control, &self->request);
	EXPECT_EQ(0, refused(self, ret, &self->request.error, &told));
	ASSERT_EQ(0, snapshot_move_back(&self->before, &self->group));
}

/* Its transaction is inside the last member's probe. */
TEST_F(claim, T8_T15_what_cannot_be_done_while_a_transaction_runs)
{
	request_group(&self->request, &self->group, TEST_TARGET);
	ASSERT_EQ(0, knob(TEST_TARGET, "hold_probe", self->last));
	ASSERT_EQ(0, get_claim(self, BINDERY_ACQUIRE_NOWAIT));
	ASSERT_TRUE(knob_holds(TEST_TARGET));
	EXPECT_EQ(-EBUSY, bind_claim(self->claim, &self->answer, 0, 0));
	EXPECT_EQ(0, error_is(&self->answer.error, BINDERY_ERROR_STATE,
			      BINDERY_STEP_REQUEST, EBUSY));
	EXPECT_EQ(BINDERY_ERROR_CLASS_RETRY, self->answer.error.out_class);
	EXPECT_EQ(-EBUSY, mark(self->claim, self->last, BINDERY_EVENT_ATTACH_OK,
			       1, &self->answer));
	EXPECT_EQ(0, error_is(&self->answer.error, BINDERY_ERROR_STATE,
			      BINDERY_STEP_REQUEST, EBUSY));
	EXPECT_TRUE(IS(BINDING));
	ASSERT_EQ(0, knob(TEST_TARGET, "hold_probe", ""));
	EXPECT_TRUE(BECOMES(HELD));
}

#define ENDED(ret)							\
	((ret) + ESTALE + error_is(&self->answer.error,			\
				   BINDERY_ERROR_RELEASED,		\
				   BINDERY_STEP_REQUEST, ESTALE))

TEST_F(claim, T8_a_released_claim_says_so)
{
	struct answer *answer = &self->answer;

	ASSERT_EQ(0, get_claim(self, 0));
	ASSERT_EQ(0, release(self->claim, answer));
	EXPECT_EQ(0, ENDED(release(self->claim, answer)));
	EXPECT_EQ(0, ENDED(status(self->claim, answer)));
	EXPECT_EQ(0, ENDED(bind_claim(self->claim, answer, 0, 0)));
	EXPECT_EQ(0, ENDED(keep_told(self->claim, BINDERY_KEEP_ON, answer)));
	EXPECT_EQ(0, ENDED(mark(self->claim, self->last,
				BINDERY_EVENT_ATTACH_OK, 1, answer)));
	EXPECT_EQ(BINDERY_ERROR_CLASS_ASK, answer->error.out_class);
	EXPECT_EQ(0, snapshot_compare(&self->before));
}

TEST_HARNESS_MAIN
