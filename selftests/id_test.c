// SPDX-License-Identifier: GPL-2.0-only
/* The ids of claims and assignments, and the generations they are seen in. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "kselftest_harness.h"
#include "fixture.h"

#define NUM_IDS		32

COMMON_FIXTURE(id, .flags = BINDERY_ACQUIRE_SHARED)

static const uint8_t no_id[BINDERY_ID_SIZE];

TEST_F(id, C3_each_claim_has_an_id_of_its_own_that_all_calls_tell)
{
	uint8_t ids[NUM_IDS][BINDERY_ID_SIZE];
	const size_t size = BINDERY_ID_SIZE;

	for (int i = 0; i < NUM_IDS; i++) {
		ACQUIRE();
		memcpy(ids[i], self->request.cmd.out_claim_id, size);
		EXPECT_TRUE(id_is_uuid(ids[i]));
		for (int j = 0; j < i; j++)
			EXPECT_NE(0, memcmp(ids[i], ids[j], size));
		ASSERT_EQ(0, status(self->claim, &self->answer));
		EXPECT_EQ(0, memcmp(ids[i], self->answer.status.out_id, size));
		ASSERT_EQ(0, show(self->control, self->first, &self->answer));
		EXPECT_EQ(0, memcmp(ids[0], self->answer.show.out_claim_id,
				    size));
	}
	ASSERT_EQ(BINDERY_GROUP_FREE, close_claims(self->control, self->first));
	ASSERT_EQ(0, show(self->control, self->first, &self->answer));
	EXPECT_EQ(0, memcmp(no_id, self->answer.show.out_claim_id, size));
}

/* Of the last member, as this claim sees it. */
static int assignment_id(int claim, const char *bdf,
			 uint8_t id[BINDERY_ID_SIZE])
{
	struct bindery_ioc_member *member;
	struct answer answer;

	member = status_member(claim, bdf, &answer);
	if (!member)
		return -1;
	memcpy(id, member->out_assignment_id, BINDERY_ID_SIZE);
	return member->out_assignment;
}

TEST_F(id, C3_an_assignment_keeps_its_id_while_anything_holds_the_device)
{
	uint8_t id[BINDERY_ID_SIZE], now[BINDERY_ID_SIZE];

	ACQUIRE();
	ASSERT_EQ(BINDERY_ASSIGNMENT_RESERVED,
		  assignment_id(self->claim, self->last, id));
	EXPECT_TRUE(id_is_uuid(id));
	self->second = acquire(self->control, &self->request);
	ASSERT_LE(0, self->second);
	ASSERT_EQ(BINDERY_ASSIGNMENT_RESERVED,
		  assignment_id(self->second, self->last, now));
	EXPECT_EQ(0, memcmp(id, now, sizeof(id)));
	ASSERT_EQ(0, release(self->claim, &self->answer));
	ASSERT_EQ(BINDERY_ASSIGNMENT_RESERVED,
		  assignment_id(self->second, self->last, now));
	EXPECT_EQ(0, memcmp(id, now, sizeof(id)));

	ASSERT_EQ(0, release(self->second, &self->answer));
	ACQUIRE();
	ASSERT_EQ(BINDERY_ASSIGNMENT_RESERVED,
		  assignment_id(self->claim, self->last, now));
	EXPECT_TRUE(id_is_uuid(now));
	EXPECT_NE(0, memcmp(id, now, sizeof(id)));
}

TEST_F(id, C3_each_device_has_an_assignment_of_its_own)
{
	struct bindery_ioc_member *member = self->answer.members;

	ACQUIRE();
	ASSERT_EQ(0, status(self->claim, &self->answer));
	for (unsigned int i = 0; i < self->answer.num_members; i++) {
		EXPECT_TRUE(id_is_uuid(member[i].out_assignment_id));
		EXPECT_EQ(0, member[i].out_users);
		for (unsigned int j = 0; j < i; j++)
			EXPECT_NE(0, memcmp(member[i].out_assignment_id,
					    member[j].out_assignment_id,
					    BINDERY_ID_SIZE));
	}
}

TEST_F(id, C4_a_release_with_a_stale_generation_changes_nothing)
{
	uint64_t stale, now;

	ACQUIRE();
	stale = claim_generation(self->claim);
	EXPECT_NE(0, stale);
	EXPECT_EQ(stale, claim_generation(self->claim));
	ASSERT_NE(NULL, status_member(self->claim, self->last, &self->answer));
	ASSERT_EQ(0, mark(self->claim, self->last, BINDERY_EVENT_ATTACH_OK,
			  status_member(self->claim, self->last,
					&self->answer)->out_generation,
			  &self->answer));
	now = claim_generation(self->claim);
	EXPECT_NE(stale, now);

	ASSERT_EQ(0, snapshot_take(&self->held));
	EXPECT_EQ(-ESTALE, release_with(self->claim, &self->answer, 0, 0,
					stale));
	EXPECT_EQ(BINDERY_ERROR_STALE, self->answer.error.out_code);
	EXPECT_EQ(-ESTALE, release_with(self->claim, &self->answer, 0, 0,
					now + 1));
	EXPECT_EQ(BINDERY_ERROR_STALE, self->answer.error.out_code);
	EXPECT_EQ(now, claim_generation(self->claim));
	EXPECT_EQ(0, snapshot_compare_untouched(&self->held));
	EXPECT_EQ(0, release_with(self->claim, &self->answer, 0, 0, now));
}

TEST_F(id, C4_a_mark_with_a_stale_generation_changes_nothing)
{
	struct bindery_ioc_member *member;
	uint64_t stale, wrong[3];

	ACQUIRE();
	member = status_member(self->claim, self->last, &self->answer);
	ASSERT_NE(NULL, member);
	stale = member->out_generation;
	ASSERT_EQ(0, mark(self->claim, self->last, BINDERY_EVENT_ATTACH_OK,
			  stale, &self->answer));
	wrong[0] = stale;
	wrong[1] = 0;
	wrong[2] = self->answer.mark.out_generation + 1;
	for (int i = 0; i < 3; i++) {
		EXPECT_EQ(-ESTALE, mark(self->claim, self->last,
					BINDERY_EVENT_GUEST_READY, wrong[i],
					&self->answer));
		EXPECT_EQ(BINDERY_ERROR_STALE, self->answer.error.out_code);
	}
	member = status_member(self->claim, self->last, &self->answer);
	ASSERT_NE(NULL, member);
	EXPECT_EQ(BINDERY_ASSIGNMENT_PENDING, member->out_assignment);
	EXPECT_EQ(0, member->out_users);
	EXPECT_EQ(wrong[2] - 1, member->out_generation);
}

TEST_HARNESS_MAIN
