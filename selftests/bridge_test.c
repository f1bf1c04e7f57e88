// SPDX-License-Identifier: GPL-2.0-only
/* Groups that have bridges in them. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "kselftest_harness.h"
#include "lib.h"

FIXTURE(bridge) {
	int control;
	struct group group;
	struct group endpoints;
	char bridge[BDF_SIZE];
	struct snapshot before;
	struct request request;
	struct answer answer;
};

/* A group with a bridge and something on a native driver. */
static bool split(FIXTURE_DATA(bridge) *self, int id)
{
	bool native = false;
	text_t driver;
	char *bdf;

	if (group_read(&self->group, id))
		return false;
	self->endpoints.num = 0;
	self->bridge[0] = 0;
	for (unsigned int i = 0; i < self->group.num; i++) {
		bdf = self->group.bdf[i];
		pci_driver(bdf, driver);
		if (pci_is_bridge(bdf)) {
			memcpy(self->bridge, bdf, BDF_SIZE);
			continue;
		}
		memcpy(self->endpoints.bdf[self->endpoints.num++], bdf,
		       BDF_SIZE);
		native |= driver[0] != 0;
	}
	return self->bridge[0] && native;
}

FIXTURE_SETUP(bridge)
{
	char all[MAX_DEVICES][BDF_SIZE];
	int num = pci_list(all, MAX_DEVICES);
	int i = 0;

	self->control = control_open();
	ASSERT_LE(0, self->control);
	while (i < num && !split(self, pci_group(all[i])))
		i++;
	if (i == num)
		SKIP(return, "no group with a bridge and an endpoint");
	ASSERT_EQ(0, module_load("vfio_pci"));
	ASSERT_EQ(0, module_load(TEST_NATIVE));
	ASSERT_EQ(0, snapshot_take(&self->before));
	request_group(&self->request, &self->endpoints, "");
}

FIXTURE_TEARDOWN(bridge)
{
	EXPECT_EQ(BINDERY_GROUP_FREE, close_claims(self->control,
						   self->bridge));
	EXPECT_EQ(0, snapshot_compare(&self->before));
}

TEST_F(bridge, T6_bridges_of_a_group_are_exempt)
{
	struct bindery_ioc_member *member;
	struct vfio_user user;
	int claim;

	claim = acquire(self->control, &self->request);
	ASSERT_LE(0, claim);
	EXPECT_EQ(self->group.num, self->request.cmd.num_members);
	for (unsigned int i = 0; i < self->group.num; i++) {
		member = &self->request.members[i];
		if (!pci_is_bridge(member->out_name)) {
			EXPECT_STREQ(VFIO_PCI, member->out_driver);
			continue;
		}
		EXPECT_EQ(BINDERY_ROLE_EXEMPT, member->out_role);
		EXPECT_EQ(BINDERY_ACTION_NONE, member->out_action);
		EXPECT_TRUE(member->out_flags & BINDERY_MEMBER_BRIDGE);
		EXPECT_EQ(0, snapshot_untouched(&self->before,
						member->out_name));
	}
	ASSERT_EQ(0, vfio_open(&user, self->endpoints.bdf[0]));
	vfio_close(&user);
	ASSERT_EQ(0, release(claim, &self->answer));
	EXPECT_EQ(0, snapshot_untouched(&self->before, self->bridge));
}

TEST_F(bridge, T7_a_bridge_cannot_be_asked_for)
{
	request_add(&self->request, self->bridge);
	EXPECT_EQ(-EINVAL, check(self->control, &self->request));
	EXPECT_EQ(-EINVAL, acquire(self->control, &self->request));
	EXPECT_EQ(0, error_is(&self->request.error,
			      BINDERY_ERROR_NOT_ENDPOINT,
			      BINDERY_STEP_VALIDATE, EINVAL, self->bridge));
	EXPECT_EQ(0, snapshot_compare_untouched(&self->before));
}

TEST_F(bridge, T6_a_bridge_on_a_driver_of_its_own_refuses_the_group)
{
	text_t driver;

	pci_driver(self->bridge, driver);
	ASSERT_EQ(0, pci_move(self->bridge, TEST_NATIVE));
	EXPECT_EQ(-EBUSY, acquire(self->control, &self->request));
	EXPECT_EQ(0, error_is(&self->request.error,
			      BINDERY_ERROR_BRIDGE_DRIVER,
			      BINDERY_STEP_VALIDATE, EBUSY, self->bridge,
			      TEST_NATIVE));
	ASSERT_EQ(0, snapshot_move_back(&self->before, &self->group));
}

TEST_HARNESS_MAIN
