// SPDX-License-Identifier: GPL-2.0-only
/* A claim on a group that somebody else has moved to VFIO drivers. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "kselftest_harness.h"
#include "fixture.h"

FIXTURE(adopt) {
	COMMON;
	struct snapshot moved;
	int uevents;
};

FIXTURE_SETUP(adopt)
{
	COMMON_SETUP(.label = "the adopter");
	ASSERT_EQ(0, group_move(&self->group, VFIO_PCI));
	ASSERT_EQ(0, snapshot_take(&self->moved));
}

FIXTURE_TEARDOWN(adopt)
{
	EXPECT_EQ(0, common_rest(&self->common));
	EXPECT_EQ(0, snapshot_move_back(&self->before, &self->group));
	COMMON_TEARDOWN();
}

#define ADOPT() do {							\
	self->claim = adopt(self->control, &self->request);		\
	ASSERT_LE(0, self->claim);					\
} while (0)

/* To be adopted, with what each of its devices was before. */
static void request_natives(FIXTURE_DATA(adopt) *self)
{
	const struct device_state *state;

	request_init(&self->request, "");
	for (unsigned int i = 0; i < self->group.num; i++) {
		request_add(&self->request, self->group.bdf[i]);
		state = snapshot_device(&self->before, self->group.bdf[i]);
		request_native(&self->request, state->driver, "");
	}
}

/*
 * As it was before somebody moved it. Only power/control, which VFIO drivers
 * change and of which an entry says nothing, is as it was when it was adopted.
 */
static void expect_native(struct snapshot *expected,
			  struct snapshot *before, const char *bdf)
{
	struct device_state *state = snapshot_device(expected, bdf);
	text_t power;

	memcpy(power, state->power, sizeof(power));
	*state = *snapshot_device(before, bdf);
	memcpy(state->power, power, sizeof(power));
}

TEST_F(adopt, C6_adopting_changes_nothing_that_can_be_seen)
{
	struct bindery_ioc_member *member = self->request.members;

	self->uevents = uevents_open();
	ASSERT_LE(0, self->uevents);
	if (watch_changes())
		SKIP(return, "the kernel has no kprobe events");
	uevents_print(self->uevents);

	ADOPT();
	EXPECT_EQ(0, changes_seen());
	EXPECT_EQ(0, uevents_print(self->uevents));
	EXPECT_EQ(0, snapshot_compare_untouched(&self->moved));

	EXPECT_EQ(BINDERY_GROUP_HELD, STATE());
	EXPECT_TRUE(id_is_uuid(self->request.cmd.out_claim_id));
	EXPECT_EQ(self->group.num, self->request.cmd.num_members);
	for (unsigned int i = 0; i < self->group.num; i++)
		EXPECT_EQ(0, member_compare(&member[i], BINDERY_ROLE_PREBOUND,
					    BINDERY_ACTION_NONE, VFIO_PCI, 0));
	ASSERT_EQ(0, status(self->claim, &self->answer));
	EXPECT_EQ(BINDERY_CLAIM_ADOPTED, self->answer.status.out_flags);
	EXPECT_STREQ("the adopter", self->answer.status.out_label);
	EXPECT_EQ(getpid(), self->answer.status.out_holder_pid);

	/* The same eyes do see a change. */
	ASSERT_EQ(0, release(self->claim, &self->answer));
	ASSERT_EQ(0, pci_unbind(self->first));
	EXPECT_LT(0, changes_seen());
	EXPECT_LT(0, uevents_print(self->uevents));
}

/* By its release, by its last close, and twice. */
TEST_F(adopt, C6_the_end_of_the_claim_leaves_the_devices_where_they_were)
{
	for (int i = 0; i < 2; i++) {
		ADOPT();
		if (!i)
			ASSERT_EQ(0, release(self->claim, &self->answer));
		close_claim(self->claim);
		EXPECT_TRUE(BECOMES(FREE));
		EXPECT_EQ(0, snapshot_compare_untouched(&self->moved));
	}
}

TEST_F(adopt, C6_an_override_that_was_not_ours_stays_too)
{
	ASSERT_EQ(0, pci_override(self->first, ""));
	ASSERT_EQ(0, snapshot_take(&self->moved));
	ADOPT();
	EXPECT_EQ(0, snapshot_compare_untouched(&self->moved));
	ASSERT_EQ(0, release(self->claim, &self->answer));
	EXPECT_EQ(0, snapshot_compare_untouched(&self->moved));
}

TEST_F(adopt, C6_one_device_stands_for_its_group)
{
	request_init(&self->request, "");
	request_add(&self->request, self->last);
	ADOPT();
	EXPECT_EQ(self->group.num, self->request.cmd.num_members);
	EXPECT_EQ(BINDERY_GROUP_HELD, STATE());
	ASSERT_EQ(0, release(self->claim, &self->answer));
	EXPECT_EQ(0, snapshot_compare_untouched(&self->moved));
}

/* A virtual machine that runs already: it does not notice. */
TEST_F(adopt, C6_a_device_in_use_can_be_adopted)
{
	ASSERT_EQ(0, vfio_open(&self->user, self->last));
	ADOPT();
	EXPECT_EQ(BINDERY_GROUP_HELD, STATE());
	EXPECT_EQ(0, snapshot_compare_untouched(&self->moved));
	/* Nothing would be unbound, so that the user is in nobody's way. */
	ASSERT_EQ(0, release(self->claim, &self->answer));
	EXPECT_EQ(BINDERY_GROUP_FREE, STATE());
	EXPECT_EQ(0, vfio_works(&self->user, self->last));
	EXPECT_EQ(0, snapshot_compare_untouched(&self->moved));
}

/* But what is to be restored has to be unbound first. */
TEST_F(adopt, C6_C9_a_device_in_use_is_restored_when_it_is_closed)
{
	request_natives(self);
	ASSERT_EQ(0, vfio_open(&self->user, self->last));
	ADOPT();
	EXPECT_EQ(-EBUSY, release(self->claim, &self->answer));
	EXPECT_EQ(BINDERY_ERROR_IN_USE, self->answer.error.out_code);
	EXPECT_EQ(0, vfio_works(&self->user, self->last));
	EXPECT_EQ(0, snapshot_compare_untouched(&self->moved));
	close_claim(self->claim);
	EXPECT_EQ(BINDERY_GROUP_DRAINING, STATE());
	EXPECT_EQ(0, snapshot_compare_untouched(&self->moved));
	vfio_close(&self->user);
	EXPECT_TRUE(BECOMES(FREE));
	for (unsigned int i = 0; i < self->group.num; i++)
		expect_native(&self->moved, &self->before, self->group.bdf[i]);
	EXPECT_EQ(0, snapshot_compare(&self->moved));
}

/* Whatever the VFIO driver is; the request names none. */
TEST_F(adopt, C6_a_device_on_another_vfio_driver_can_be_adopted)
{
	ASSERT_EQ(0, module_load(TEST_TARGET));
	ASSERT_EQ(0, pci_move(self->last, TEST_TARGET));
	ASSERT_EQ(0, snapshot_take(&self->moved));
	ADOPT();
	EXPECT_EQ(0, member_compare(member_of(self->request.members,
					      self->group.num, self->last),
				    BINDERY_ROLE_PREBOUND, BINDERY_ACTION_NONE,
				    TEST_TARGET, 0));
	EXPECT_EQ(-EWOULDBLOCK, module_unload(TEST_TARGET));
	ASSERT_EQ(0, release(self->claim, &self->answer));
	EXPECT_EQ(0, snapshot_compare_untouched(&self->moved));
}

/* Each member in turn, on its native driver and on none. */
TEST_F(adopt, C6_a_member_that_is_not_on_vfio_refuses_the_group)
{
	struct bindery_ioc_member *member;
	const char *bdf, *driver;
	struct snapshot now;

	for (unsigned int i = 0; i < 2 * self->group.num; i++) {
		bdf = self->group.bdf[i / 2];
		driver = snapshot_device(&self->before, bdf)->driver;
		ASSERT_EQ(0, i % 2 ? pci_move(bdf, driver) : pci_unbind(bdf));
		ASSERT_EQ(0, snapshot_take(&now));
		EXPECT_EQ(-EBUSY, adopt(self->control, &self->request));
		EXPECT_EQ(0, error_is(&self->request.error,
				      BINDERY_ERROR_NOT_ON_VFIO,
				      BINDERY_STEP_VALIDATE, EBUSY, bdf));
		member = member_of(self->request.members,
				   self->request.cmd.num_members, bdf);
		ASSERT_NE(NULL, member);
		EXPECT_EQ(BINDERY_ERROR_NOT_ON_VFIO, member->out_blocker);
		EXPECT_EQ(BINDERY_GROUP_FREE, STATE());
		EXPECT_EQ(0, snapshot_compare_untouched(&now));
		ASSERT_EQ(0, pci_move(bdf, VFIO_PCI));
	}
}

TEST_F(adopt, C6_a_group_that_is_claimed_is_refused_with_its_holder)
{
	struct request other;

	ADOPT();
	request_group(&other, &self->group, "");
	for (int i = 0; i < 2; i++) {
		other.cmd.flags = i ? BINDERY_ACQUIRE_SHARED : 0;
		EXPECT_EQ(-EBUSY, adopt(self->control, &other));
		EXPECT_EQ(0, error_is(&other.error, BINDERY_ERROR_BUSY,
				      BINDERY_STEP_RESERVE, EBUSY));
		EXPECT_EQ(getpid(), other.error.out_holder_pid);
		EXPECT_STREQ("adopt_test", other.error.out_holder_comm);
		EXPECT_STREQ("the adopter", other.error.out_holder_label);
		EXPECT_EQ(-EBUSY, acquire(self->control, &other));
		EXPECT_EQ(BINDERY_ERROR_BUSY, other.error.out_code);
	}
	EXPECT_EQ(0, snapshot_compare_untouched(&self->moved));
	ASSERT_EQ(0, release(self->claim, &self->answer));
	EXPECT_EQ(0, snapshot_compare_untouched(&self->moved));
}

TEST_F(adopt, C6_an_adopted_group_can_be_shared)
{
	struct request other;
	int second;

	self->request.cmd.flags = BINDERY_ACQUIRE_SHARED;
	ADOPT();
	request_group(&other, &self->group, "");
	other.cmd.flags = BINDERY_ACQUIRE_SHARED;
	second = acquire(self->control, &other);
	ASSERT_LE(0, second);
	ASSERT_EQ(0, release(self->claim, &self->answer));
	EXPECT_EQ(BINDERY_GROUP_HELD, STATE());
	ASSERT_EQ(0, release(second, &self->answer));
	EXPECT_EQ(0, snapshot_compare_untouched(&self->moved));
}

TEST_F(adopt, C6_with_the_natives_given_a_release_restores_them)
{
	struct bindery_ioc_member *member;
	const struct device_state *state;

	request_natives(self);
	strcpy(self->request.natives[0].override, "foo");
	ADOPT();
	EXPECT_EQ(0, snapshot_compare_untouched(&self->moved));
	for (unsigned int i = 0; i < self->group.num; i++) {
		state = snapshot_device(&self->before, self->group.bdf[i]);
		member = member_of(self->request.members, self->group.num,
				   self->group.bdf[i]);
		ASSERT_NE(NULL, member);
		EXPECT_STREQ(state->driver, member->out_native_driver);
		EXPECT_STREQ(i ? "" : "foo", member->out_native_override);
	}
	ASSERT_EQ(0, release(self->claim, &self->answer));
	for (unsigned int i = 0; i < self->group.num; i++)
		expect_native(&self->moved, &self->before, self->group.bdf[i]);
	strcpy(snapshot_device(&self->moved, self->first)->override, "foo");
	EXPECT_EQ(0, snapshot_compare(&self->moved));
	EXPECT_EQ(0, pci_override(self->first, ""));
}

TEST_F(adopt, C6_with_the_natives_given_the_last_close_restores_them)
{
	request_natives(self);
	ADOPT();
	close_claim(self->claim);
	EXPECT_TRUE(BECOMES(FREE));
	for (unsigned int i = 0; i < self->group.num; i++)
		expect_native(&self->moved, &self->before, self->group.bdf[i]);
	EXPECT_EQ(0, snapshot_compare(&self->moved));
}

/* One comes back, one was without a driver, others are left. */
TEST_F(adopt, C6_each_device_is_restored_as_its_entry_says)
{
	struct snapshot expected = snapshot_copy(&self->moved);

	if (self->group.num < 3)
		SKIP(return, "the group has fewer than three members");
	request_natives(self);
	expect_native(&expected, &self->before, self->group.bdf[0]);
	expect_native(&expected, &self->before, self->group.bdf[1]);
	self->request.natives[1].driver[0] = 0;
	snapshot_device(&expected, self->group.bdf[1])->driver[0] = 0;
	for (unsigned int i = 2; i < self->group.num; i++)
		memset(&self->request.natives[i], 0,
		       sizeof(self->request.natives[i]));
	ADOPT();
	ASSERT_EQ(0, release(self->claim, &self->answer));
	EXPECT_EQ(0, snapshot_compare(&expected));
	for (unsigned int i = 2; i < self->group.num; i++)
		EXPECT_EQ(0, snapshot_untouched(&self->moved,
						self->group.bdf[i]));
}

TEST_F(adopt, C6_a_claim_can_be_adopted_to_be_kept)
{
	self->request.cmd.flags = BINDERY_ACQUIRE_KEEP;
	ADOPT();
	close_claim(self->claim);
	EXPECT_TRUE(BECOMES(KEPT));
	self->claim = open_claim(self->control, NULL, self->first,
				 &self->answer);
	ASSERT_LE(0, self->claim);
	ASSERT_EQ(0, status(self->claim, &self->answer));
	EXPECT_EQ(BINDERY_CLAIM_ADOPTED | BINDERY_CLAIM_KEEP,
		  self->answer.status.out_flags);
	ASSERT_EQ(0, release(self->claim, &self->answer));
	EXPECT_EQ(0, snapshot_compare_untouched(&self->moved));
}

TEST_F(adopt, C12_an_adopted_group_keeps_the_modules)
{
	ADOPT();
	close(self->control);
	EXPECT_EQ(-EWOULDBLOCK, module_unload("bindery"));
	EXPECT_EQ(-EWOULDBLOCK, module_unload("vfio_pci"));
	ASSERT_EQ(0, release(self->claim, &self->answer));
	close_claim(self->claim);
	self->control = control_open();
	ASSERT_LE(0, self->control);
	EXPECT_EQ(0, snapshot_compare_untouched(&self->moved));
}

/* It is not left to the release to find that out. */
TEST_F(adopt, C6_a_native_driver_that_is_none_is_refused_before_anything)
{
	request_natives(self);
	strcpy(self->request.natives[0].driver, "a/slash");
	EXPECT_EQ(-EINVAL, adopt(self->control, &self->request));
	EXPECT_EQ(BINDERY_ERROR_NAME, self->request.error.out_code);
	EXPECT_EQ(BINDERY_GROUP_FREE, STATE());
	EXPECT_EQ(0, snapshot_compare_untouched(&self->moved));
}

TEST_HARNESS_MAIN
