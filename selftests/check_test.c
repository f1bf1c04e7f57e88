// SPDX-License-Identifier: GPL-2.0-only
/* Which members a request covers, and that CHECK only looks. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "kselftest_harness.h"
#include "fixture.h"

FIXTURE(check) {
	COMMON;
	int uevents;
	struct modules modules;
};

FIXTURE_SETUP(check)
{
	COMMON_SETUP();
	self->uevents = uevents_open();
	ASSERT_LE(0, self->uevents);
}

FIXTURE_TEARDOWN(check)
{
	COMMON_TEARDOWN();
}

TEST_F(check, T3_check_changes_nothing_that_can_be_seen)
{
	struct request undeclared;

	ASSERT_EQ(0, modules_take(&self->modules));
	if (watch_changes())
		SKIP(return, "the kernel has no kprobe events");
	uevents_print(self->uevents);

	EXPECT_EQ(0, check(self->control, &self->request));
	request_init(&undeclared, "");
	request_add(&undeclared, self->first);
	undeclared.cmd.flags = BINDERY_ACQUIRE_COMPANIONS;
	EXPECT_EQ(0, check(self->control, &undeclared));
	undeclared.cmd.flags = 0;
	if (self->group.num > 1)
		EXPECT_EQ(-EBUSY, check(self->control, &undeclared));
	request_group(&undeclared, &self->group, "no-such-driver");
	EXPECT_EQ(0, check(self->control, &undeclared));

	EXPECT_EQ(0, changes_seen());
	EXPECT_EQ(0, uevents_print(self->uevents));
	EXPECT_EQ(0, modules_compare(&self->modules));
	EXPECT_EQ(0, snapshot_compare_untouched(&self->before));

	/* The same eyes do see an ACQUIRE. */
	ASSERT_LE(0, acquire(self->control, &self->request));
	EXPECT_LT(0, changes_seen());
	EXPECT_LT(0, uevents_print(self->uevents));
	EXPECT_NE(0, snapshot_compare_untouched(&self->before));
}

TEST_F(check, T3_check_plans_what_acquire_does)
{
	struct bindery_ioc_member *plan, *done;
	struct request asked;

	request_group(&asked, &self->group, "");
	ASSERT_EQ(0, check(self->control, &asked));
	ASSERT_LE(0, acquire(self->control, &self->request));
	ASSERT_EQ(self->request.cmd.num_members, asked.cmd.num_members);
	for (unsigned int i = 0; i < asked.cmd.num_members; i++) {
		plan = &asked.members[i];
		done = &self->request.members[i];
		EXPECT_EQ(0, member_compare(done, plan->out_role,
					    plan->out_action,
					    plan->out_target, 0));
		EXPECT_STREQ(plan->out_name, done->out_name);
		EXPECT_STREQ(plan->out_target, done->out_target);
		EXPECT_STREQ(plan->out_native_driver, done->out_native_driver);
		EXPECT_STREQ(plan->out_driver, plan->out_native_driver);
		EXPECT_EQ(BINDERY_GROUP_FREE, plan->out_group_state);
	}
}

TEST_F(check, T3_a_target_not_loaded_is_a_line_of_the_plan)
{
	struct bindery_ioc_member *member = self->request.members;

	ASSERT_TRUE(wait_until(!module_unload("vfio_pci")));
	ASSERT_EQ(0, check(self->control, &self->request));
	EXPECT_FALSE(module_is_loaded("vfio_pci"));
	for (unsigned int i = 0; i < self->group.num; i++) {
		EXPECT_TRUE(member[i].out_flags & BINDERY_MEMBER_TARGET_ABSENT);
		EXPECT_EQ(BINDERY_ACTION_MOVE, member[i].out_action);
		EXPECT_STREQ(VFIO_PCI, member[i].out_target);
	}
	EXPECT_LE(0, acquire(self->control, &self->request));
	EXPECT_TRUE(module_is_loaded("vfio_pci"));
	EXPECT_FALSE(member[0].out_flags & BINDERY_MEMBER_TARGET_ABSENT);
}

TEST_F(check, T3_check_of_a_claimed_group_names_the_holder)
{
	struct bindery_ioc_error *error = &self->request.error;

	snprintf(self->request.cmd.label, BINDERY_LABEL_SIZE, "the first");
	ASSERT_LE(0, acquire(self->control, &self->request));
	EXPECT_EQ(-EBUSY, check(self->control, &self->request));
	EXPECT_EQ(0, error_is(error, BINDERY_ERROR_BUSY, BINDERY_STEP_RESERVE,
			      EBUSY));
	EXPECT_EQ(getpid(), error->out_holder_pid);
	EXPECT_STREQ("the first", error->out_holder_label);
	EXPECT_STREQ("check_test", error->out_holder_comm);
}

TEST_F(check, T6_undeclared_members_are_listed_with_their_drivers)
{
	struct device_state *state;

	if (self->group.num < 2)
		SKIP(return, "the group has one member");
	request_init(&self->request, "");
	request_add(&self->request, self->first);
	EXPECT_EQ(-EBUSY, acquire(self->control, &self->request));
	state = snapshot_device(&self->before, self->group.bdf[1]);
	EXPECT_EQ(0, error_is(&self->request.error, BINDERY_ERROR_UNDECLARED,
			      BINDERY_STEP_VALIDATE, EBUSY, self->group.bdf[1],
			      state->driver));
	EXPECT_EQ(self->group.num, self->request.cmd.num_members);
	for (unsigned int i = 1; i < self->group.num; i++) {
		state = snapshot_device(&self->before, self->group.bdf[i]);
		EXPECT_EQ(0, member_compare(
			member_of(self->request.members, self->group.num,
				  state->bdf),
			BINDERY_ROLE_NONE, BINDERY_ACTION_NONE, state->driver,
			BINDERY_ERROR_UNDECLARED));
	}
	EXPECT_EQ(0, snapshot_compare_untouched(&self->before));
}

TEST_F(check, T6_companions_are_moved_too)
{
	request_init(&self->request, TEST_TARGET);
	request_add_to(&self->request, self->last, VFIO_PCI);
	self->request.cmd.flags = BINDERY_ACQUIRE_COMPANIONS;
	ACQUIRE();
	EXPECT_TRUE(pci_is_on(self->last, VFIO_PCI));
	for (unsigned int i = 0; i < self->group.num - 1; i++)
		EXPECT_EQ(0, member_compare(
			member_of(self->request.members, self->group.num,
				  self->group.bdf[i]),
			BINDERY_ROLE_COMPANION, BINDERY_ACTION_MOVE,
			TEST_TARGET, 0));
	ASSERT_EQ(0, release(self->claim, &self->answer));
}

/* Everything that binds drivers by itself, or for somebody who asks it. */
static void tempt(const char *bdf, const char *module)
{
	pci_drivers_probe(bdf);
	module_load(module);
	pci_drivers_probe(bdf);
}

TEST_F(check, T6_a_driverless_neighbour_is_parked)
{
	struct device_state *state = snapshot_device(&self->before, self->last);
	text_t module, override;

	if (self->group.num < 2)
		SKIP(return, "the group has one member");
	ASSERT_EQ(0, pci_module(self->last, module));
	ASSERT_EQ(0, pci_unbind(self->last));
	ASSERT_EQ(0, snapshot_take(&self->changed));
	self->request.cmd.num_devices--;
	ACQUIRE();
	EXPECT_EQ(0, member_compare(member_of(self->request.members,
					      self->group.num, self->last),
				    BINDERY_ROLE_PARKED, BINDERY_ACTION_PARK,
				    "", 0));

	EXPECT_EQ(0, module_unload(module));
	tempt(self->last, module);
	EXPECT_TRUE(pci_is_on(self->last, ""));
	EXPECT_NE(0, pci_bind(self->last, state->driver));
	pci_read(self->last, "driver_override", override);
	EXPECT_STREQ("bindery-parked", override);

	ASSERT_EQ(0, release(self->claim, &self->answer));
	EXPECT_EQ(0, snapshot_compare(&self->changed));
	ASSERT_EQ(0, snapshot_move_back(&self->before, &self->group));
}

TEST_F(check, T6_a_parked_neighbour_keeps_its_override)
{
	if (self->group.num < 2)
		SKIP(return, "the group has one member");
	ASSERT_EQ(0, pci_unbind(self->last));
	ASSERT_EQ(0, pci_override(self->last, "foo"));
	ASSERT_EQ(0, snapshot_take(&self->changed));
	self->request.cmd.num_devices--;
	ACQUIRE();
	ASSERT_EQ(0, release(self->claim, &self->answer));
	EXPECT_EQ(0, snapshot_compare(&self->changed));
	ASSERT_EQ(0, snapshot_move_back(&self->before, &self->group));
}

TEST_F(check, T6_a_neighbour_that_leaves_dma_alone_is_exempt)
{
	if (self->group.num < 2)
		SKIP(return, "the group has one member");
	ASSERT_EQ(0, module_load("pci_stub"));
	ASSERT_EQ(0, pci_move(self->last, "pci-stub"));
	ASSERT_EQ(0, snapshot_take(&self->changed));
	self->request.cmd.num_devices--;
	ACQUIRE();
	EXPECT_EQ(0, member_compare(member_of(self->request.members,
					      self->group.num, self->last),
				    BINDERY_ROLE_EXEMPT, BINDERY_ACTION_NONE,
				    "pci-stub", 0));
	ASSERT_EQ(0, release(self->claim, &self->answer));
	EXPECT_EQ(0, snapshot_untouched(&self->changed, self->last));
	ASSERT_EQ(0, snapshot_move_back(&self->before, &self->group));
}

TEST_HARNESS_MAIN
