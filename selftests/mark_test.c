// SPDX-License-Identifier: GPL-2.0-only
/*
 * The life of a device in a guest: every event in every state, as the table in
 * linux/bindery.h has it, and what a device's assignment means for its claims.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "kselftest_harness.h"
#include "fixture.h"

#define NONE		BINDERY_ASSIGNMENT_NONE
#define RESERVED	BINDERY_ASSIGNMENT_RESERVED
#define PENDING		BINDERY_ASSIGNMENT_PENDING
#define READY		BINDERY_ASSIGNMENT_READY
#define INVALID		BINDERY_ASSIGNMENT_INVALID
#define REMOVED		BINDERY_ASSIGNMENT_REMOVED

FIXTURE(mark) {
	COMMON;
};

FIXTURE_SETUP(mark)
{
	COMMON_SETUP(.flags = BINDERY_ACQUIRE_SHARED);
	ACQUIRE();
}

FIXTURE_TEARDOWN(mark)
{
	COMMON_TEARDOWN();
}

/* A member's assignment, as STATUS tells it. */
struct assignment {
	uint32_t state, users;
	uint64_t generation;
	uint8_t id[BINDERY_ID_SIZE];
	bool users_lost;
};

static int read_assignment(int claim, const char *bdf, struct assignment *now)
{
	struct bindery_ioc_member *member;
	struct answer answer;

	member = status_member(claim, bdf, &answer);
	if (!member)
		return -1;
	now->state = member->out_assignment;
	now->users = member->out_users;
	now->generation = member->out_generation;
	now->users_lost = member->out_flags & BINDERY_MEMBER_USERS_LOST;
	memcpy(now->id, member->out_assignment_id, sizeof(now->id));
	return 0;
}

/* MARK with the generation that STATUS tells just now. */
static int mark_now(FIXTURE_DATA(mark) *self, uint32_t event)
{
	struct assignment now;

	if (read_assignment(self->claim, self->last, &now))
		return -EPROTO;
	return mark(self->claim, self->last, event, now.generation,
		    &self->answer);
}

/* Bring the device, which is RESERVED, to a state with that many users. */
static int bring_to(FIXTURE_DATA(mark) *self, uint32_t state, uint32_t users)
{
	int ret = 0;

	if (state == NONE)
		return mark_now(self, BINDERY_EVENT_DROP_USER);
	if (state == REMOVED)
		return mark_now(self, BINDERY_EVENT_ATTACH_FAILED);
	if (state != RESERVED)
		ret = mark_now(self, BINDERY_EVENT_ATTACH_OK);
	if (!ret && state == INVALID)
		ret = mark_now(self, BINDERY_EVENT_GUEST_FAILED);
	if (!ret && state == READY)
		ret = mark_now(self, BINDERY_EVENT_GUEST_READY);
	for (uint32_t i = 1; !ret && state == READY && i < users; i++)
		ret = mark_now(self, BINDERY_EVENT_ADD_USER);
	return ret;
}

static int differs(const char *what, uint64_t expected, uint64_t got)
{
	if (expected == got)
		return 0;
	note("%s should be %llu, is %llu", what, (unsigned long long)expected,
	     (unsigned long long)got);
	return 1;
}

/* What the call told and what STATUS tells is the same, and as it should. */
static int told(FIXTURE_DATA(mark) *self, uint32_t state, uint32_t users)
{
	const struct bindery_ioc_mark *cmd = &self->answer.mark;
	static const uint8_t none[BINDERY_ID_SIZE];
	struct assignment now;

	if (read_assignment(self->claim, self->last, &now))
		return 1;
	return differs("the state", state, now.state) +
	       differs("users", users, now.users) +
	       differs("the state told", state, cmd->out_assignment) +
	       differs("users told", users, cmd->out_users) +
	       differs("the generation told", now.generation,
		       cmd->out_generation) +
	       differs("ids that differ", 0, !!memcmp(now.id,
			cmd->out_assignment_id, sizeof(now.id))) +
	       differs("having an id", state != NONE,
		       !!memcmp(now.id, none, sizeof(none)));
}

/* An event that is allowed, and the state it leads to. */
static int goes(FIXTURE_DATA(mark) *self, uint32_t from, uint32_t users,
		uint32_t event, uint32_t to, uint32_t users_then)
{
	struct assignment was, now;
	int differences, ret = bring_to(self, from, users);

	if (ret || read_assignment(self->claim, self->last, &was)) {
		note("cannot get there: %d", ret);
		return 1;
	}
	differences = differs("the state before", from, was.state) +
		differs("users before", users, was.users) +
		differs("the errno", 0, -mark_now(self, event)) +
		told(self, to, users_then);
	ret = read_assignment(self->claim, self->last, &now);
	if (from != NONE && to != NONE)
		differences += differs("a change of the id", 0, !!memcmp(
				now.id, was.id, sizeof(was.id)));
	differences += differs("the loss of users", to == NONE && users > 1,
			       now.users_lost);
	return differences + !!ret;
}

/* An event that is not in the table changes nothing. */
static int refuses(FIXTURE_DATA(mark) *self, uint32_t from, uint32_t users,
		   uint32_t event)
{
	struct assignment was, now;
	int differences, ret = bring_to(self, from, users);

	if (ret || read_assignment(self->claim, self->last, &was)) {
		note("cannot get there: %d", ret);
		return 1;
	}
	differences = differs("the state before", from, was.state) +
		differs("users before", users, was.users) +
		differs("the errno", EINVAL, -mark_now(self, event)) +
		differs("the code", BINDERY_ERROR_TRANSITION,
			self->answer.error.out_code);
	if (read_assignment(self->claim, self->last, &now))
		return differences + 1;
	return differences + differs("the state", was.state, now.state) +
	       differs("users", was.users, now.users) +
	       differs("the generation", was.generation, now.generation) +
	       differs("a change of the id", 0, !!memcmp(now.id, was.id,
							 sizeof(was.id)));
}

#define GOES(state, users, event, name, to, users_then)			\
TEST_F(mark, C7_##state##_##event##_##name)				\
{									\
	uint32_t __event = BINDERY_EVENT_##event;			\
									\
	EXPECT_EQ(0, goes(self, state, users, __event, to, users_then)); \
}

#define REFUSES(state, users, event, name)				\
TEST_F(mark, C7_##state##_##event##_##name)				\
{									\
	uint32_t __event = BINDERY_EVENT_##event;			\
									\
	EXPECT_EQ(0, refuses(self, state, users, __event));		\
}

GOES(NONE, 0, RESERVE, reserves_it_again, RESERVED, 0)
REFUSES(NONE, 0, ATTACH_OK, is_refused)
REFUSES(NONE, 0, ATTACH_FAILED, is_refused)
REFUSES(NONE, 0, GUEST_READY, is_refused)
REFUSES(NONE, 0, GUEST_FAILED, is_refused)
REFUSES(NONE, 0, ADD_USER, is_refused)
REFUSES(NONE, 0, DROP_USER, is_refused)
REFUSES(NONE, 0, DETACH_OK, is_refused)
REFUSES(NONE, 0, DETACH_FAILED, is_refused)

REFUSES(RESERVED, 0, RESERVE, is_refused_as_it_is)
GOES(RESERVED, 0, ATTACH_OK, waits_for_the_guest, PENDING, 0)
GOES(RESERVED, 0, ATTACH_FAILED, is_to_be_released, REMOVED, 0)
REFUSES(RESERVED, 0, GUEST_READY, is_refused_before_it_is_attached)
REFUSES(RESERVED, 0, GUEST_FAILED, is_refused_before_it_is_attached)
REFUSES(RESERVED, 0, ADD_USER, is_refused_before_it_is_attached)
GOES(RESERVED, 0, DROP_USER, ends_the_assignment, NONE, 0)
REFUSES(RESERVED, 0, DETACH_OK, is_refused_before_it_is_attached)
REFUSES(RESERVED, 0, DETACH_FAILED, is_refused_before_it_is_attached)

REFUSES(PENDING, 0, RESERVE, is_refused)
REFUSES(PENDING, 0, ATTACH_OK, is_refused_as_it_is)
REFUSES(PENDING, 0, ATTACH_FAILED, is_refused_as_it_is_attached)
GOES(PENDING, 0, GUEST_READY, is_used_by_the_first, READY, 1)
GOES(PENDING, 0, GUEST_FAILED, was_never_seen, INVALID, 0)
REFUSES(PENDING, 0, ADD_USER, is_refused_while_the_guest_is_asked)
REFUSES(PENDING, 0, DROP_USER, is_refused_while_the_guest_is_asked)
GOES(PENDING, 0, DETACH_OK, ends_the_assignment, NONE, 0)
GOES(PENDING, 0, DETACH_FAILED, is_in_a_state_nobody_knows, INVALID, 0)

REFUSES(READY, 1, RESERVE, is_refused)
REFUSES(READY, 1, ATTACH_OK, is_refused_as_it_is_attached)
REFUSES(READY, 1, ATTACH_FAILED, is_refused_as_it_is_attached)
GOES(READY, 1, GUEST_READY, changes_nothing, READY, 1)
GOES(READY, 3, GUEST_READY, leaves_the_count_alone, READY, 3)
GOES(READY, 1, GUEST_FAILED, was_lost_by_the_guest, INVALID, 0)
GOES(READY, 2, GUEST_FAILED, was_lost_by_all_users, INVALID, 0)
GOES(READY, 1, ADD_USER, counts_one_more, READY, 2)
GOES(READY, 2, DROP_USER, counts_one_less, READY, 1)
REFUSES(READY, 1, DROP_USER, by_the_last_is_refused_before_it_is_detached)
GOES(READY, 1, DETACH_OK, ends_the_assignment, NONE, 0)
GOES(READY, 3, DETACH_OK, by_one_of_several_tells_that_users_were_lost, NONE, 0)
GOES(READY, 1, DETACH_FAILED, by_the_last_leaves_nobody_knows_what, INVALID, 0)
REFUSES(READY, 2, DETACH_FAILED, by_one_of_several_is_refused_as_it_is_in_use)

REFUSES(INVALID, 0, RESERVE, is_refused_before_it_is_detached)
REFUSES(INVALID, 0, ATTACH_OK, is_refused_before_it_is_detached)
REFUSES(INVALID, 0, ATTACH_FAILED, is_refused_before_it_is_detached)
REFUSES(INVALID, 0, GUEST_READY, is_refused_before_it_is_detached)
GOES(INVALID, 0, GUEST_FAILED, changes_nothing, INVALID, 0)
REFUSES(INVALID, 0, ADD_USER, is_refused_before_it_is_detached)
REFUSES(INVALID, 0, DROP_USER, is_refused_before_it_is_detached)
GOES(INVALID, 0, DETACH_OK, ends_the_assignment, NONE, 0)
GOES(INVALID, 0, DETACH_FAILED, may_be_tried_again, INVALID, 0)

REFUSES(REMOVED, 0, RESERVE, is_refused_before_it_is_released)
REFUSES(REMOVED, 0, ATTACH_OK, is_refused_before_it_is_released)
REFUSES(REMOVED, 0, ATTACH_FAILED, is_refused_before_it_is_released)
REFUSES(REMOVED, 0, GUEST_READY, is_refused_before_it_is_released)
REFUSES(REMOVED, 0, GUEST_FAILED, is_refused_before_it_is_released)
REFUSES(REMOVED, 0, ADD_USER, is_refused_before_it_is_released)
GOES(REMOVED, 0, DROP_USER, ends_the_assignment, NONE, 0)
GOES(REMOVED, 0, DETACH_OK, ends_the_assignment, NONE, 0)
REFUSES(REMOVED, 0, DETACH_FAILED, is_refused_before_it_is_released)

TEST_F(mark, C3_an_assignment_that_begins_again_has_a_new_id)
{
	struct assignment was, now;

	ASSERT_EQ(0, read_assignment(self->claim, self->last, &was));
	EXPECT_EQ(RESERVED, was.state);
	ASSERT_EQ(0, bring_to(self, READY, 1));
	ASSERT_EQ(0, mark_now(self, BINDERY_EVENT_DETACH_OK));
	ASSERT_EQ(0, mark_now(self, BINDERY_EVENT_RESERVE));
	ASSERT_EQ(0, read_assignment(self->claim, self->last, &now));
	EXPECT_TRUE(id_is_uuid(now.id));
	EXPECT_NE(0, memcmp(was.id, now.id, sizeof(was.id)));
	EXPECT_EQ(0, memcmp(self->answer.mark.out_assignment_id, now.id,
			    sizeof(now.id)));
}

TEST_F(mark, C4_each_change_of_an_assignment_changes_the_generations)
{
	static const uint32_t events[] = {
		BINDERY_EVENT_ATTACH_OK, BINDERY_EVENT_GUEST_READY,
		BINDERY_EVENT_ADD_USER, BINDERY_EVENT_DROP_USER,
		BINDERY_EVENT_DETACH_OK, BINDERY_EVENT_RESERVE,
	};
	uint64_t seen[ARRAY_SIZE(events)], claims[ARRAY_SIZE(events)];
	struct assignment other, now;

	ASSERT_EQ(0, read_assignment(self->claim, self->first, &other));
	for (size_t i = 0; i < ARRAY_SIZE(events); i++) {
		ASSERT_EQ(0, mark_now(self, events[i]));
		ASSERT_EQ(0, read_assignment(self->claim, self->last, &now));
		EXPECT_EQ(now.generation, self->answer.mark.out_generation);
		seen[i] = now.generation;
		claims[i] = claim_generation(self->claim);
		for (size_t j = 0; j < i; j++) {
			EXPECT_NE(seen[j], seen[i]);
			EXPECT_NE(claims[j], claims[i]);
		}
	}
	if (self->group.num < 2)
		return;
	/* What happens to one member is not a change of another. */
	ASSERT_EQ(0, read_assignment(self->claim, self->first, &now));
	EXPECT_EQ(other.generation, now.generation);
	EXPECT_EQ(RESERVED, now.state);
}

TEST_F(mark, C7_an_assignment_belongs_to_the_device_and_all_its_claims)
{
	struct assignment mine, theirs;

	self->second = acquire(self->control, &self->request);
	ASSERT_LE(0, self->second);
	ASSERT_EQ(0, bring_to(self, READY, 2));
	ASSERT_EQ(0, read_assignment(self->claim, self->last, &mine));
	ASSERT_EQ(0, read_assignment(self->second, self->last, &theirs));
	EXPECT_EQ(READY, theirs.state);
	EXPECT_EQ(2, theirs.users);
	EXPECT_EQ(mine.generation, theirs.generation);
	EXPECT_EQ(0, memcmp(mine.id, theirs.id, sizeof(mine.id)));

	/* And outlives the claim that brought it there. */
	ASSERT_EQ(0, release(self->claim, &self->answer));
	ASSERT_EQ(0, read_assignment(self->second, self->last, &theirs));
	EXPECT_EQ(READY, theirs.state);
	EXPECT_EQ(2, theirs.users);
	EXPECT_EQ(0, memcmp(mine.id, theirs.id, sizeof(mine.id)));
	EXPECT_EQ(-ESTALE, mark(self->claim, self->last,
				BINDERY_EVENT_ADD_USER, theirs.generation,
				&self->answer));
	EXPECT_EQ(BINDERY_ERROR_RELEASED, self->answer.error.out_code);
	ASSERT_EQ(0, mark(self->second, self->last, BINDERY_EVENT_ADD_USER,
			  theirs.generation, &self->answer));
	EXPECT_EQ(3, self->answer.mark.out_users);
}

TEST_F(mark, C7_a_device_that_the_claim_does_not_hold_cannot_be_marked)
{
	struct assignment now;
	char twin[BDF_SIZE];

	ASSERT_EQ(0, read_assignment(self->claim, self->last, &now));
	EXPECT_EQ(-ENODEV, mark(self->claim, "0000:7f:1f.7",
				BINDERY_EVENT_ATTACH_OK, now.generation,
				&self->answer));
	EXPECT_EQ(BINDERY_ERROR_NO_DEVICE, self->answer.error.out_code);
	if (!pci_find_twin(self->last, twin)) {
		EXPECT_EQ(-ENODEV, mark(self->claim, twin,
					BINDERY_EVENT_ATTACH_OK,
					now.generation, &self->answer));
		EXPECT_EQ(BINDERY_ERROR_NO_DEVICE, self->answer.error.out_code);
	}
	EXPECT_EQ(RESERVED, now.state);
}

/* Nobody but who has it already gets a device that no guest has seen. */
TEST_F(mark, C7_an_invalid_device_cannot_be_joined)
{
	struct bindery_ioc_member *member;

	ASSERT_EQ(0, bring_to(self, INVALID, 0));
	ASSERT_EQ(0, snapshot_take(&self->held));
	EXPECT_EQ(-EBUSY, acquire(self->control, &self->request));
	EXPECT_EQ(BINDERY_ERROR_INVALID, self->request.error.out_code);
	EXPECT_EQ(-EBUSY, check(self->control, &self->request));
	EXPECT_EQ(BINDERY_ERROR_INVALID, self->request.error.out_code);
	member = member_of(self->request.members, self->request.cmd.num_members,
			   self->last);
	ASSERT_NE(NULL, member);
	EXPECT_EQ(BINDERY_ERROR_INVALID, member->out_blocker);
	EXPECT_EQ(0, snapshot_compare_untouched(&self->held));
	EXPECT_EQ(0, told(self, INVALID, 0));

	/* It is the state, not the device: detached, it can be joined. */
	ASSERT_EQ(0, mark_now(self, BINDERY_EVENT_DETACH_OK));
	self->second = acquire(self->control, &self->request);
	EXPECT_LE(0, self->second);
	EXPECT_EQ(0, snapshot_compare_untouched(&self->held));
}

TEST_F(mark, C7_an_invalid_device_that_drains_cannot_be_taken_back)
{
	ASSERT_EQ(0, bring_to(self, INVALID, 0));
	ASSERT_EQ(0, vfio_hold(&self->user, self->last, VFIO_PART_DEVICE));
	ASSERT_EQ(0, snapshot_take(&self->held));
	close_claim(self->claim);
	EXPECT_EQ(BINDERY_GROUP_DRAINING, STATE());
	self->request.cmd.deadline_ms = 100;
	EXPECT_EQ(-EBUSY, acquire(self->control, &self->request));
	EXPECT_EQ(BINDERY_ERROR_INVALID, self->request.error.out_code);
	EXPECT_EQ(BINDERY_GROUP_DRAINING, STATE());
	EXPECT_EQ(0, snapshot_compare_untouched(&self->held));
	vfio_close(&self->user);
	COMES_BACK();
}

TEST_F(mark, C5_C7_an_invalid_device_stays_so_while_its_claim_is_kept)
{
	struct assignment was, now;

	ASSERT_EQ(0, bring_to(self, INVALID, 0));
	ASSERT_EQ(0, read_assignment(self->claim, self->last, &was));
	ASSERT_EQ(0, keep(self->claim, BINDERY_KEEP_ON));
	close_claim(self->claim);
	ASSERT_TRUE(BECOMES(KEPT));
	self->claim = open_claim(self->control, NULL, self->first,
				 &self->answer);
	ASSERT_LE(0, self->claim);
	ASSERT_EQ(0, read_assignment(self->claim, self->last, &now));
	EXPECT_EQ(INVALID, now.state);
	EXPECT_EQ(0, memcmp(was.id, now.id, sizeof(was.id)));
	ASSERT_EQ(0, release(self->claim, &self->answer));
}

/* Whatever was marked, and a new claim begins anew. */
TEST_F(mark, C7_a_device_can_be_released_in_every_state)
{
	static const uint32_t states[] = {
		NONE, RESERVED, PENDING, READY, INVALID, REMOVED,
	};
	struct assignment now;

	for (size_t i = 0; i < ARRAY_SIZE(states); i++) {
		ASSERT_EQ(0, bring_to(self, states[i], 2));
		ASSERT_EQ(0, release(self->claim, &self->answer));
		EXPECT_EQ(0, snapshot_compare(&self->before));
		ACQUIRE();
		ASSERT_EQ(0, read_assignment(self->claim, self->last, &now));
		EXPECT_EQ(RESERVED, now.state);
		EXPECT_EQ(0, now.users);
	}
}

TEST_F_TIMEOUT(mark, C7_users_are_counted_up_to_their_maximum, 110)
{
	struct assignment now;
	uint64_t generation;
	int ret = 0;

	ASSERT_EQ(0, bring_to(self, READY, 1));
	generation = self->answer.mark.out_generation;
	for (int i = 1; !ret && i < BINDERY_USERS_MAX; i++) {
		ret = mark(self->claim, self->last, BINDERY_EVENT_ADD_USER,
			   generation, &self->answer);
		generation = self->answer.mark.out_generation;
	}
	ASSERT_EQ(0, ret);
	EXPECT_EQ(0, told(self, READY, BINDERY_USERS_MAX));
	EXPECT_EQ(-E2BIG, mark_now(self, BINDERY_EVENT_ADD_USER));
	EXPECT_EQ(BINDERY_ERROR_TOO_MANY, self->answer.error.out_code);
	ASSERT_EQ(0, read_assignment(self->claim, self->last, &now));
	EXPECT_EQ(BINDERY_USERS_MAX, now.users);
	EXPECT_EQ(generation, now.generation);
	EXPECT_EQ(0, mark_now(self, BINDERY_EVENT_DROP_USER));
	EXPECT_EQ(0, told(self, READY, BINDERY_USERS_MAX - 1));
}

TEST_HARNESS_MAIN
