// SPDX-License-Identifier: GPL-2.0-only
/* What one transaction does, and that a release undoes exactly that. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "kselftest_harness.h"
#include "fixture.h"

COMMON_FIXTURE(txn)

/* Acquire, look, release, and compare with what was before. */
#define ACQUIRE_AND_RELEASE(request) do {				\
	int __claim;							\
									\
	ASSERT_EQ(0, snapshot_take(&self->changed));			\
	__claim = acquire(self->control, request);			\
	ASSERT_LE(0, __claim);						\
	EXPECT_TRUE(group_is_on(&self->group, VFIO_PCI));		\
	ASSERT_EQ(0, release(__claim, &self->answer));			\
	EXPECT_EQ(0, snapshot_compare(&self->changed));			\
} while (0)

TEST_F(txn, T1_all_members_move_to_vfio_pci_and_back)
{
	int claim = acquire(self->control, &self->request);

	ASSERT_LE(0, claim);
	EXPECT_TRUE(group_is_on(&self->group, VFIO_PCI));
	EXPECT_EQ(self->group.num, self->request.cmd.num_members);
	EXPECT_EQ(BINDERY_GROUP_HELD, STATE());
	for (unsigned int i = 0; i < self->group.num; i++) {
		ASSERT_EQ(0, vfio_open(&self->user, self->group.bdf[i]));
		vfio_close(&self->user);
	}
	ASSERT_EQ(0, release(claim, &self->answer));
	EXPECT_EQ(0, snapshot_compare(&self->before));
}

TEST_F(txn, T1_results_describe_each_member)
{
	struct bindery_ioc_member *member;
	struct device_state *state;

	ASSERT_LE(0, acquire(self->control, &self->request));
	for (unsigned int i = 0; i < self->group.num; i++) {
		member = member_of(self->request.members,
				   self->request.cmd.num_members,
				   self->group.bdf[i]);
		state = snapshot_device(&self->before, self->group.bdf[i]);
		ASSERT_EQ(0, member_compare(member, BINDERY_ROLE_REQUESTED,
					    BINDERY_ACTION_MOVE, VFIO_PCI, 0));
		EXPECT_STREQ(state->bdf, member->out_name);
		EXPECT_STREQ(state->driver, member->out_native_driver);
		EXPECT_STREQ("", member->out_native_override);
		EXPECT_STREQ(VFIO_PCI, member->out_override);
		EXPECT_STREQ(VFIO_PCI, member->out_target);
		EXPECT_EQ(self->group.id, member->out_group);
		EXPECT_EQ(BINDERY_GROUP_HELD, member->out_group_state);
		EXPECT_TRUE(member->out_flags & BINDERY_MEMBER_VFIO);
	}
}

TEST_F(txn, T4_a_member_on_the_target_before_survives_rollback_and_release)
{
	if (self->group.num < 2)
		SKIP(return, "the group has one member");
	ASSERT_EQ(0, pci_move(self->first, TEST_TARGET));
	ASSERT_EQ(0, snapshot_take(&self->changed));
	request_group(&self->request, &self->group, TEST_TARGET);

	ASSERT_EQ(0, knob(TEST_TARGET, "fail", self->last));
	EXPECT_EQ(-EIO, acquire(self->control, &self->request));
	EXPECT_EQ(0, snapshot_untouched(&self->changed, self->first));
	EXPECT_EQ(0, snapshot_compare(&self->changed));

	ASSERT_EQ(0, knob(TEST_TARGET, "fail", ""));
	ACQUIRE();
	EXPECT_EQ(0, member_compare(member_of(self->request.members,
					      self->group.num, self->first),
				    BINDERY_ROLE_PREBOUND, BINDERY_ACTION_NONE,
				    TEST_TARGET, 0));
	ASSERT_EQ(0, release(self->claim, &self->answer));
	EXPECT_EQ(0, snapshot_untouched(&self->changed, self->first));
	EXPECT_EQ(0, snapshot_compare(&self->changed));
	ASSERT_EQ(0, snapshot_move_back(&self->before, &self->group));
}

TEST_F(txn, T5_override_foo_comes_back)
{
	ASSERT_EQ(0, pci_override(self->first, "foo"));
	ACQUIRE_AND_RELEASE(&self->request);
	EXPECT_STREQ("foo", snapshot_device(&self->changed,
					    self->first)->override);
	ASSERT_EQ(0, pci_override(self->first, ""));
}

TEST_F(txn, T5_an_override_that_names_the_native_driver_comes_back)
{
	ASSERT_EQ(0, pci_override(self->first,
				  snapshot_device(&self->before,
						  self->first)->driver));
	ACQUIRE_AND_RELEASE(&self->request);
	ASSERT_EQ(0, pci_override(self->first, ""));
}

TEST_F(txn, T5_a_long_override_comes_back_whole)
{
	struct bindery_ioc_member *member;
	char name[101];

	memset(name, 'x', 100);
	name[100] = 0;
	ASSERT_EQ(0, pci_override(self->first, name));
	ACQUIRE_AND_RELEASE(&self->request);
	member = member_of(self->request.members, self->group.num, self->first);
	ASSERT_NE(NULL, member);
	EXPECT_TRUE(member->out_flags & BINDERY_MEMBER_TRUNCATED);
	EXPECT_EQ(BINDERY_NAME_SIZE - 1, strlen(member->out_native_override));
	ASSERT_EQ(0, pci_override(self->first, ""));
}

TEST_F(txn, T5_a_device_without_driver_is_without_again)
{
	ASSERT_EQ(0, pci_unbind(self->last));
	ACQUIRE_AND_RELEASE(&self->request);
	ASSERT_EQ(0, pci_override(self->last, "foo"));
	ACQUIRE_AND_RELEASE(&self->request);
	ASSERT_EQ(0, snapshot_move_back(&self->before, &self->group));
}

TEST_F(txn, T5_power_control_comes_back)
{
	struct device_state *state = snapshot_device(&self->before,
						     self->first);
	bool on = !strcmp(state->power, "on");

	ASSERT_EQ(0, pci_write(self->first, "power/control",
			       on ? "auto" : "on"));
	ACQUIRE_AND_RELEASE(&self->request);
	ASSERT_EQ(0, pci_write(self->first, "power/control", state->power));
	ACQUIRE_AND_RELEASE(&self->request);
}

TEST_F(txn, T9_a_group_on_its_targets_before_is_acquired_untouched)
{
	ASSERT_EQ(0, group_move(&self->group, VFIO_PCI));
	ASSERT_EQ(0, vfio_open(&self->user, self->last));
	ASSERT_EQ(0, snapshot_take(&self->changed));

	ACQUIRE();
	for (unsigned int i = 0; i < self->group.num; i++)
		EXPECT_EQ(BINDERY_ROLE_PREBOUND,
			  self->request.members[i].out_role);
	EXPECT_EQ(0, release(self->claim, &self->answer));
	EXPECT_EQ(0, snapshot_compare_untouched(&self->changed));

	vfio_close(&self->user);
	ASSERT_EQ(0, snapshot_move_back(&self->before, &self->group));
}

TEST_F(txn, T9_a_member_joins_others_that_a_vfio_user_has_open)
{
	if (self->group.num < 2)
		SKIP(return, "the group has one member");
	for (unsigned int i = 1; i < self->group.num; i++)
		ASSERT_EQ(0, pci_move(self->group.bdf[i], VFIO_PCI));
	ASSERT_EQ(0, pci_unbind(self->first));
	ASSERT_EQ(0, vfio_open(&self->user, self->last));

	ACQUIRE();
	EXPECT_TRUE(pci_is_on(self->first, VFIO_PCI));
	EXPECT_EQ(-EBUSY, release(self->claim, &self->answer));
	EXPECT_EQ(0, error_is(&self->answer.error, BINDERY_ERROR_IN_USE,
			      BINDERY_STEP_FENCE, EBUSY));
	EXPECT_TRUE(pci_is_on(self->first, VFIO_PCI));

	vfio_close(&self->user);
	EXPECT_EQ(0, release(self->claim, &self->answer));
	EXPECT_TRUE(pci_is_on(self->first, ""));
	ASSERT_EQ(0, snapshot_move_back(&self->before, &self->group));
}

TEST_F(txn, T13_a_twin_in_another_group_is_never_touched)
{
	char twin[BDF_SIZE], id[300];
	text_t vendor, device;

	if (pci_find_twin(self->first, twin))
		SKIP(return, "no second device of the same identity");
	ACQUIRE();
	EXPECT_EQ(0, snapshot_untouched(&self->before, twin));
	ASSERT_EQ(0, release(self->claim, &self->answer));
	EXPECT_EQ(0, snapshot_untouched(&self->before, twin));

	/* Nobody added the identity: there is none to be removed. */
	pci_read(self->first, "vendor", vendor);
	pci_read(self->first, "device", device);
	snprintf(id, sizeof(id), "%s %s", vendor + 2, device + 2);
	EXPECT_EQ(-ENODEV, write_file("/sys/bus/pci/drivers/vfio-pci/remove_id",
				      id));
}

TEST_F(txn, T16_each_device_has_its_own_target)
{
	if (self->group.num < 2)
		SKIP(return, "the group has one member");
	request_init(&self->request, "");
	request_add_to(&self->request, self->first, TEST_TARGET);
	for (unsigned int i = 1; i < self->group.num; i++)
		request_add(&self->request, self->group.bdf[i]);
	ACQUIRE();
	EXPECT_TRUE(pci_is_on(self->first, TEST_TARGET));
	EXPECT_TRUE(pci_is_on(self->last, VFIO_PCI));
	ASSERT_EQ(0, vfio_open(&self->user, self->first));
	vfio_close(&self->user);
	ASSERT_EQ(0, release(self->claim, &self->answer));
}

TEST_F(txn, T16_a_request_can_name_another_default_target)
{
	request_init(&self->request, TEST_TARGET);
	for (unsigned int i = 0; i < self->group.num; i++)
		request_add_to(&self->request, self->group.bdf[i],
			       i ? "" : VFIO_PCI);
	ASSERT_LE(0, acquire(self->control, &self->request));
	EXPECT_TRUE(pci_is_on(self->first, VFIO_PCI));
	for (unsigned int i = 1; i < self->group.num; i++)
		EXPECT_TRUE(pci_is_on(self->group.bdf[i], TEST_TARGET));
}

TEST_HARNESS_MAIN
