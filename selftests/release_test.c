// SPDX-License-Identifier: GPL-2.0-only
/* What a release does about those who still have a device open. */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "kselftest_harness.h"
#include "fixture.h"

#define SHORT_MS	200
#define FORCE_MS	1000
#define FAR_MS		120000

FIXTURE(release) {
	COMMON;
	struct request other;
};

FIXTURE_SETUP(release)
{
	COMMON_SETUP();
	request_group(&self->other, &self->group, "");
	ACQUIRE();
	ASSERT_EQ(0, vfio_hold(&self->user, self->last, VFIO_PART_DEVICE));
	ASSERT_EQ(0, snapshot_take(&self->held));
}

FIXTURE_TEARDOWN(release)
{
	COMMON_TEARDOWN();
}

#define RELEASE(flags, ms) \
	release_with(self->claim, &self->answer, flags, ms, 0)

/* The claim lives, and nobody has noticed anything. */
static int lives_on(FIXTURE_DATA(release) *self)
{
	int ret = status(self->claim, &self->answer);

	if (ret)
		note("STATUS returned %d", ret);
	if (self->answer.status.out_state != BINDERY_GROUP_HELD)
		note("the state is %u", self->answer.status.out_state);
	return !!ret + (self->answer.status.out_state != BINDERY_GROUP_HELD) +
	       !!vfio_works(&self->user, self->last) +
	       snapshot_compare_untouched(&self->held);
}

TEST_F(release, C9_a_vfio_user_refuses_the_release_and_the_claim_lives_on)
{
	EXPECT_EQ(-EBUSY, RELEASE(0, 0));
	EXPECT_EQ(0, error_is(&self->answer.error, BINDERY_ERROR_IN_USE,
			      BINDERY_STEP_FENCE, EBUSY));
	EXPECT_EQ(0, lives_on(self));
	vfio_close(&self->user);
	EXPECT_EQ(0, RELEASE(0, 0));
	EXPECT_EQ(0, snapshot_compare(&self->before));
}

TEST_F(release, C9_a_release_that_waits_does_so_until_its_deadline)
{
	EXPECT_EQ(-EBUSY, RELEASE(BINDERY_RELEASE_WAIT, SHORT_MS));
	EXPECT_EQ(BINDERY_ERROR_IN_USE, self->answer.error.out_code);
	EXPECT_EQ(0, lives_on(self));
	EXPECT_EQ(-EBUSY, RELEASE(0, 0));
	EXPECT_EQ(0, lives_on(self));
}

#define IS_BUSY(ret)	((ret) == -EBUSY &&				\
			 self->answer.error.out_code == BINDERY_ERROR_BUSY)

/* The parent's look whether it is waiting may have been in its way. */
static int wait_and_release(int socket, void *arg)
{
	FIXTURE_DATA(release) *self = arg;
	int ret;

	/* What the parent has open is not to be in use by a child. */
	vfio_close(&self->user);
	tell(socket, 0);
	do
		ret = RELEASE(BINDERY_RELEASE_WAIT, 0);
	while (IS_BUSY(ret));
	tell(socket, ret);
	return 0;
}

TEST_F(release, C9_a_release_that_waits_returns_when_the_user_has_closed)
{
	struct pollfd told;
	int ret;

	ASSERT_EQ(0, child_start(&self->child, wait_and_release, self));
	ASSERT_EQ(0, hear(self->child.socket, &ret));
	told = (struct pollfd) { self->child.socket, POLLIN };
	EXPECT_EQ(0, poll(&told, 1, SHORT_MS));
	EXPECT_EQ(0, snapshot_compare_untouched(&self->held));
	vfio_close(&self->user);
	ASSERT_EQ(0, hear(self->child.socket, &ret));
	EXPECT_EQ(0, ret);
	EXPECT_EQ(0, child_wait(&self->child));
	EXPECT_EQ(BINDERY_GROUP_FREE, STATE());
	EXPECT_EQ(0, snapshot_compare(&self->before));
	EXPECT_EQ(-ESTALE, status(self->claim, &self->answer));
}

/* Two releases of one claim: one does it, the other is told. */
TEST_F(release, C9_while_a_release_waits_another_is_busy)
{
	int ret;

	ASSERT_EQ(0, child_start(&self->child, wait_and_release, self));
	ASSERT_EQ(0, hear(self->child.socket, &ret));
	EXPECT_TRUE(wait_until(IS_BUSY(RELEASE(0, 0))));
	EXPECT_EQ(0, snapshot_compare_untouched(&self->held));
	vfio_close(&self->user);
	ASSERT_EQ(0, hear(self->child.socket, &ret));
	EXPECT_EQ(0, ret);
	EXPECT_EQ(0, child_wait(&self->child));
	EXPECT_EQ(0, snapshot_compare(&self->before));
}

/* Who waits and is killed has not ended the claim. */
TEST_F(release, C9_a_release_that_waits_can_be_killed)
{
	int ret;

	ASSERT_EQ(0, child_start(&self->child, wait_and_release, self));
	ASSERT_EQ(0, hear(self->child.socket, &ret));
	EXPECT_TRUE(wait_until(IS_BUSY(RELEASE(0, 0))));
	child_kill(&self->child);
	EXPECT_TRUE(wait_until(RELEASE(0, 0) == -EBUSY &&
			       self->answer.error.out_code ==
			       BINDERY_ERROR_IN_USE));
	EXPECT_EQ(0, lives_on(self));
	vfio_close(&self->user);
	EXPECT_EQ(0, RELEASE(0, 0));
}

TEST_F(release, C9_a_deferred_release_ends_with_the_last_user)
{
	EXPECT_EQ(0, RELEASE(BINDERY_RELEASE_DEFER, 0));
	EXPECT_EQ(-ESTALE, status(self->claim, &self->answer));
	EXPECT_EQ(BINDERY_ERROR_RELEASED, self->answer.error.out_code);
	EXPECT_EQ(BINDERY_GROUP_DRAINING, STATE());
	EXPECT_EQ(0, vfio_works(&self->user, self->last));
	EXPECT_EQ(0, snapshot_compare_untouched(&self->held));
	vfio_close(&self->user);
	COMES_BACK();
}

TEST_F(release, C9_a_deferred_release_without_users_restores_too)
{
	vfio_close(&self->user);
	EXPECT_EQ(0, RELEASE(BINDERY_RELEASE_DEFER, 0));
	COMES_BACK();
}

TEST_F(release, C9_only_one_policy_can_be_asked_for)
{
	for (uint32_t flags = 0; flags < 8; flags++) {
		if (!(flags & (flags - 1)))
			continue;
		EXPECT_EQ(-EINVAL, RELEASE(flags, SHORT_MS));
		EXPECT_EQ(BINDERY_ERROR_ARGUMENT, self->answer.error.out_code);
	}
	EXPECT_EQ(0, lives_on(self));
}

static int force_without_capability(int socket, void *arg)
{
	FIXTURE_DATA(release) *self = arg;
	int ret;

	(void)socket;
	if (drop_sys_admin())
		return 99;
	ret = RELEASE(BINDERY_RELEASE_FORCE, SHORT_MS);
	if (ret == -EPERM &&
	    self->answer.error.out_code == BINDERY_ERROR_NOT_PERMITTED)
		return 0;
	note("returned %d, code %u", ret, self->answer.error.out_code);
	return 1;
}

TEST_F(release, G5_C9_force_needs_the_capability_at_the_call)
{
	ASSERT_EQ(0, child_start(&self->child, force_without_capability, self));
	EXPECT_EQ(0, child_wait(&self->child));
	EXPECT_EQ(0, lives_on(self));
}

/* Who does not listen keeps the device; only the claim is gone. */
TEST_F(release, C9_force_and_a_user_who_ignores_it)
{
	struct bindery_ioc_error *error = &self->answer.error;
	struct bindery_ioc_member *member;
	char bdf[BDF_SIZE];

	EXPECT_EQ(-ETIMEDOUT, RELEASE(BINDERY_RELEASE_FORCE, FORCE_MS));
	EXPECT_EQ(BINDERY_ERROR_DEADLINE, error->out_code);
	/* Unless the deadline passed before the device was come to. */
	if (error->out_flags & BINDERY_ERROR_HAS_DEVICE) {
		pci_text(&error->out_device, bdf);
		EXPECT_STREQ(self->last, bdf);
	}
	EXPECT_EQ(-ESTALE, status(self->claim, &self->answer));
	EXPECT_TRUE(BECOMES(STUCK));
	ASSERT_EQ(0, show(self->control, self->first, &self->answer));
	member = member_of(self->answer.members, self->answer.num_members,
			   self->last);
	ASSERT_NE(NULL, member);
	EXPECT_TRUE(member->out_flags & BINDERY_MEMBER_STUCK);
	EXPECT_EQ(0, vfio_works(&self->user, self->last));

	self->other.cmd.members = 0;
	self->other.cmd.deadline_ms = SHORT_MS;
	EXPECT_EQ(-EBUSY, acquire(self->control, &self->other));
	EXPECT_EQ(BINDERY_ERROR_STUCK, self->other.error.out_code);

	vfio_close(&self->user);
	COMES_BACK();
}

static int obey(int socket, void *arg)
{
	FIXTURE_DATA(release) *self = arg;

	close(self->claim);
	return vfio_obey(&self->user, socket);
}

TEST_F(release, C9_force_and_a_user_who_obeys)
{
	int ret;

	ASSERT_EQ(0, child_start(&self->child, obey, self));
	ASSERT_EQ(0, hear(self->child.socket, &ret));
	vfio_close(&self->user);
	EXPECT_EQ(0, RELEASE(BINDERY_RELEASE_FORCE, 0));
	EXPECT_EQ(0, child_wait(&self->child));
	EXPECT_EQ(BINDERY_GROUP_FREE, STATE());
	EXPECT_EQ(0, snapshot_compare(&self->before));
}

/* Anew, without a user, and the first member was on its target before. */
static int acquire_beside(FIXTURE_DATA(release) *self, struct snapshot *moved)
{
	int ret;

	vfio_close(&self->user);
	ret = RELEASE(0, 0);
	close_claim(self->claim);
	ret = ret ?: pci_move(self->first, VFIO_PCI);
	ret = ret ?: snapshot_take(moved);
	if (ret)
		return ret;
	self->claim = acquire(self->control, &self->request);
	return self->claim < 0 ? self->claim : 0;
}

/*
 * One that was on its target before stays there, and as long as it is in use no
 * native driver can have the others.
 */
TEST_F(release, C9_force_and_a_user_of_a_member_that_stays)
{
	struct snapshot moved;

	if (self->group.num < 2)
		SKIP(return, "the group has one member");
	ASSERT_EQ(0, acquire_beside(self, &moved));
	ASSERT_EQ(0, vfio_hold(&self->user, self->first, VFIO_PART_DEVICE));

	EXPECT_EQ(-ETIMEDOUT, RELEASE(BINDERY_RELEASE_FORCE, FORCE_MS));
	EXPECT_EQ(BINDERY_ERROR_DEADLINE, self->answer.error.out_code);
	EXPECT_TRUE(BECOMES(DRAINING));
	EXPECT_EQ(0, vfio_works(&self->user, self->first));
	vfio_close(&self->user);
	EXPECT_TRUE(BECOMES(FREE));
	EXPECT_EQ(0, snapshot_compare(&moved));
	ASSERT_EQ(0, snapshot_move_back(&self->before, &self->group));
}

static int defer_it(int socket, void *arg)
{
	FIXTURE_DATA(release) *self = arg;

	tell(socket, RELEASE(BINDERY_RELEASE_DEFER, 0));
	return self->answer.error.out_code;
}

/* He comes when the others have left their targets, and nobody was in use. */
TEST_F(release, C9_a_deferred_release_and_who_opens_a_member_that_stays)
{
	struct snapshot moved;
	int ret = -1;

	if (self->group.num < 2)
		SKIP(return, "the group has one member");
	ASSERT_EQ(0, module_load(TEST_HOLD));
	ASSERT_EQ(0, acquire_beside(self, &moved));
	ASSERT_EQ(0, knob(TEST_HOLD, "hold", "bindery_member_restore"));
	ASSERT_EQ(0, child_start(&self->child, defer_it, self));
	EXPECT_TRUE(knob_holds(TEST_HOLD));
	EXPECT_EQ(0, vfio_hold(&self->user, self->first, VFIO_PART_DEVICE));
	knob(TEST_HOLD, "hold", "");

	EXPECT_EQ(0, hear(self->child.socket, &ret));
	EXPECT_EQ(0, ret);
	EXPECT_EQ(BINDERY_ERROR_NONE, child_wait(&self->child));
	EXPECT_TRUE(BECOMES(DRAINING));
	vfio_close(&self->user);
	EXPECT_TRUE(BECOMES(FREE));
	EXPECT_EQ(0, snapshot_compare(&moved));
	ASSERT_EQ(0, snapshot_move_back(&self->before, &self->group));
}

TEST_F(release, C9_force_without_users_is_an_ordinary_release)
{
	vfio_close(&self->user);
	EXPECT_EQ(0, RELEASE(BINDERY_RELEASE_FORCE, 0));
	EXPECT_EQ(BINDERY_GROUP_FREE, STATE());
	EXPECT_EQ(0, snapshot_compare(&self->before));
}

/* A group that is drained is taken back as it is, under its user. */
TEST_F(release, C9_a_group_that_drains_is_acquired_without_a_rebind)
{
	struct bindery_ioc_member *member;
	uint8_t id[BINDERY_ID_SIZE];

	ASSERT_NE(NULL, (member = status_member(self->claim, self->last,
						&self->answer)));
	memcpy(id, member->out_assignment_id, sizeof(id));
	close_claim(self->claim);
	ASSERT_EQ(BINDERY_GROUP_DRAINING, STATE());
	self->claim = acquire(self->control, &self->other);
	ASSERT_LE(0, self->claim);
	EXPECT_EQ(BINDERY_GROUP_HELD, STATE());
	EXPECT_EQ(0, snapshot_compare_untouched(&self->held));
	EXPECT_NE(0, memcmp(self->request.cmd.out_claim_id,
			    self->other.cmd.out_claim_id, BINDERY_ID_SIZE));
	/* C3: something has held the device all the time. */
	ASSERT_NE(NULL, (member = status_member(self->claim, self->last,
						&self->answer)));
	EXPECT_EQ(0, memcmp(id, member->out_assignment_id, sizeof(id)));
	EXPECT_EQ(0, vfio_works(&self->user, self->last));

	vfio_close(&self->user);
	ASSERT_EQ(0, vfio_open(&self->user, self->first));
	vfio_close(&self->user);
	EXPECT_EQ(BINDERY_GROUP_HELD, STATE());
	EXPECT_EQ(0, snapshot_compare_untouched(&self->held));
	ASSERT_EQ(0, RELEASE(0, 0));
	EXPECT_EQ(0, snapshot_compare(&self->before));
}

TEST_F(release, C9_a_group_that_drains_is_not_acquired_for_other_targets)
{
	close_claim(self->claim);
	ASSERT_EQ(BINDERY_GROUP_DRAINING, STATE());
	request_group(&self->other, &self->group, TEST_TARGET);
	/* Longer than a test may take: a user that is known is not awaited. */
	self->other.cmd.deadline_ms = FAR_MS;
	EXPECT_EQ(-EBUSY, acquire(self->control, &self->other));
	EXPECT_EQ(0, error_is(&self->other.error, BINDERY_ERROR_IN_USE,
			      BINDERY_STEP_RESERVE, EBUSY));
	EXPECT_EQ(BINDERY_GROUP_DRAINING, STATE());
	EXPECT_EQ(0, snapshot_compare_untouched(&self->held));
	vfio_close(&self->user);
	EXPECT_TRUE(BECOMES(FREE));
}

/* What a claim proves has to be true when it is given. */
TEST_F(release, C9_T10_a_group_that_lost_a_member_is_not_taken_back)
{
	if (self->group.num < 2)
		SKIP(return, "the group has one member");
	close_claim(self->claim);
	ASSERT_EQ(BINDERY_GROUP_DRAINING, STATE());
	ASSERT_EQ(0, pci_unbind(self->first));
	self->other.cmd.deadline_ms = SHORT_MS;
	EXPECT_EQ(-EBUSY, acquire(self->control, &self->other));
	EXPECT_TRUE(pci_is_on(self->first, ""));
	EXPECT_EQ(BINDERY_GROUP_DRAINING, STATE());

	ASSERT_EQ(0, pci_bind(self->first, VFIO_PCI));
	self->claim = acquire(self->control, &self->other);
	ASSERT_LE(0, self->claim);
	EXPECT_EQ(0, vfio_works(&self->user, self->last));
	vfio_close(&self->user);
	EXPECT_EQ(0, RELEASE(0, 0));
	EXPECT_EQ(0, snapshot_compare(&self->before));
}

TEST_F(release, C12_a_group_that_drains_keeps_the_modules)
{
	close(self->control);
	close_claim(self->claim);
	EXPECT_EQ(-EWOULDBLOCK, module_unload("bindery"));
	EXPECT_EQ(-EWOULDBLOCK, module_unload("vfio_pci"));
	EXPECT_EQ(0, snapshot_compare_untouched(&self->held));
	vfio_close(&self->user);
	EXPECT_TRUE(wait_until(!module_unload("bindery")));
	EXPECT_EQ(0, snapshot_compare(&self->before));
	ASSERT_EQ(0, module_load("bindery"));
	ASSERT_TRUE(wait_until((self->control = control_open()) >= 0));
}

/* Over two groups. */
FIXTURE(batch) {
	COMMON;
	struct group groups[2];
};

FIXTURE_SETUP(batch)
{
	COMMON_SETUP();
	self->groups[0] = self->group;
	if (group_choose_other(&self->groups[1], &self->group, NULL))
		SKIP(return, "no two groups of endpoints on native drivers");
	for (unsigned int i = 0; i < self->groups[1].num; i++)
		request_add(&self->request, self->groups[1].bdf[i]);
	ACQUIRE();
}

FIXTURE_TEARDOWN(batch)
{
	EXPECT_EQ(0, common_rest(&self->common));
	EXPECT_EQ(BINDERY_GROUP_FREE,
		  close_claims(self->control, self->groups[1].bdf[0]));
	COMMON_TEARDOWN();
}

/* Whichever group the device is in. */
TEST_F(batch, C8_a_device_that_fails_in_one_group_stops_no_other)
{
	struct bindery_ioc_member *member;
	const char *bad;
	bool failed;

	for (int i = 0; i < 2; i++)
		if (strcmp(snapshot_device(&self->before,
					   self->groups[i].bdf[0])->driver,
			   TEST_NATIVE))
			SKIP(return, "not on " TEST_NATIVE);
	for (int i = 0; i < 2; i++) {
		bad = self->groups[i].bdf[0];
		ASSERT_EQ(0, knob(TEST_NATIVE, "fail_errno", "28"));
		ASSERT_EQ(0, knob(TEST_NATIVE, "fail", bad));
		EXPECT_EQ(-EIO, release(self->claim, &self->answer));
		EXPECT_EQ(0, error_is(&self->answer.error,
				      BINDERY_ERROR_DEGRADED,
				      BINDERY_STEP_RESTORE, EIO, bad,
				      TEST_NATIVE));
		EXPECT_EQ(self->request.cmd.num_members,
			  self->answer.num_members);
		for (unsigned int j = 0; j < self->answer.num_members; j++) {
			member = &self->answer.members[j];
			failed = !strcmp(bad, member->out_name);
			EXPECT_EQ(failed ? ENOSPC : 0, member->out_errno);
			EXPECT_STREQ(failed ? "" : TEST_NATIVE,
				     member->out_driver);
		}
		self->changed = snapshot_copy(&self->before);
		snapshot_device(&self->changed, bad)->driver[0] = 0;
		EXPECT_EQ(0, snapshot_compare(&self->changed));
		EXPECT_EQ(BINDERY_GROUP_DEGRADED,
			  group_state(self->control, bad));
		EXPECT_EQ(BINDERY_GROUP_FREE,
			  group_state(self->control, self->groups[!i].bdf[0]));
		ASSERT_EQ(0, knob(TEST_NATIVE, "fail", ""));
		close_claim(self->claim);
		ACQUIRE();
	}
}

/* One group in use refuses the release of both: the claim is one thing. */
TEST_F(batch, C9_a_user_in_one_group_refuses_the_release_of_all)
{
	struct vfio_user user;
	struct snapshot held;

	for (int i = 0; i < 2; i++) {
		ASSERT_EQ(0, vfio_open(&user, self->groups[i].bdf[0]));
		ASSERT_EQ(0, snapshot_take(&held));
		EXPECT_EQ(-EBUSY, release(self->claim, &self->answer));
		EXPECT_EQ(BINDERY_ERROR_IN_USE, self->answer.error.out_code);
		EXPECT_EQ(self->groups[i].id, self->answer.error.out_group);
		EXPECT_EQ(0, status(self->claim, &self->answer));
		EXPECT_EQ(0, snapshot_compare_untouched(&held));
		vfio_close(&user);
	}
	EXPECT_EQ(0, release(self->claim, &self->answer));
}

/* Deferred, each group comes back when its own users are gone. */
TEST_F(batch, C9_a_deferred_release_waits_for_each_group_by_itself)
{
	struct vfio_user user;

	ASSERT_EQ(0, vfio_open(&user, self->groups[0].bdf[0]));
	EXPECT_EQ(0, release_with(self->claim, &self->answer,
				  BINDERY_RELEASE_DEFER, 0, 0));
	EXPECT_TRUE(wait_until(group_is(self->control, self->groups[1].bdf[0],
					BINDERY_GROUP_FREE)));
	EXPECT_EQ(BINDERY_GROUP_DRAINING,
		  group_state(self->control, self->groups[0].bdf[0]));
	vfio_close(&user);
	EXPECT_TRUE(wait_until(group_is(self->control, self->groups[0].bdf[0],
					BINDERY_GROUP_FREE)));
	EXPECT_EQ(0, snapshot_compare(&self->before));
}

TEST_HARNESS_MAIN
