// SPDX-License-Identifier: GPL-2.0-only
/* Physical functions with virtual ones, and those. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kselftest_harness.h"
#include "lib.h"

FIXTURE(sriov) {
	int control;
	char pf[BDF_SIZE];
	char vf[BDF_SIZE];
	struct snapshot before;
	struct request request;
	struct answer answer;
};

static bool has_vfs(const char *bdf)
{
	text_t text;

	return !pci_read(bdf, "sriov_numvfs", text) && atoi(text) > 0;
}

static int first_vf(const char *pf, char vf[BDF_SIZE])
{
	char path[256];

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/virtfn0", pf);
	return link_name(path, vf, BDF_SIZE);
}

FIXTURE_SETUP(sriov)
{
	char all[MAX_DEVICES][BDF_SIZE];
	int num = pci_list(all, MAX_DEVICES);
	int i = 0;

	self->control = control_open();
	ASSERT_LE(0, self->control);
	while (i < num && !has_vfs(all[i]))
		i++;
	if (i == num)
		SKIP(return, "no device with virtual functions");
	memcpy(self->pf, all[i], BDF_SIZE);
	ASSERT_EQ(0, first_vf(self->pf, self->vf));
	ASSERT_EQ(0, module_load("vfio_pci"));
	ASSERT_EQ(0, snapshot_take(&self->before));
	request_init(&self->request, "");
}

FIXTURE_TEARDOWN(sriov)
{
	EXPECT_EQ(BINDERY_GROUP_FREE, close_claims(self->control, self->vf));
	EXPECT_EQ(0, snapshot_compare(&self->before));
}

TEST_F(sriov, T8_a_physical_function_with_virtual_ones_is_refused)
{
	struct bindery_ioc_member *member;

	request_add(&self->request, self->pf);
	EXPECT_EQ(-EBUSY, check(self->control, &self->request));
	EXPECT_EQ(-EBUSY, acquire(self->control, &self->request));
	EXPECT_EQ(0, error_is(&self->request.error, BINDERY_ERROR_PF_HAS_VFS,
			      BINDERY_STEP_VALIDATE, EBUSY, self->pf));
	EXPECT_EQ(0, snapshot_compare_untouched(&self->before));
	member = member_of(self->request.members, self->request.cmd.num_members,
			   self->pf);
	ASSERT_NE(NULL, member);
	EXPECT_TRUE(member->out_flags & BINDERY_MEMBER_PF);
	EXPECT_EQ(BINDERY_ERROR_PF_HAS_VFS, member->out_blocker);
}

TEST_F(sriov, T1_a_virtual_function_moves_and_comes_back)
{
	struct bindery_ioc_member *member;
	int claim;

	request_add(&self->request, self->vf);
	claim = acquire(self->control, &self->request);
	ASSERT_LE(0, claim);
	EXPECT_TRUE(pci_is_on(self->vf, VFIO_PCI));
	member = member_of(self->request.members, self->request.cmd.num_members,
			   self->vf);
	ASSERT_NE(NULL, member);
	EXPECT_TRUE(member->out_flags & BINDERY_MEMBER_VF);
	EXPECT_EQ(0, snapshot_untouched(&self->before, self->pf));
	ASSERT_EQ(0, release(claim, &self->answer));
}

TEST_HARNESS_MAIN
