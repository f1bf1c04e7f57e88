// SPDX-License-Identifier: GPL-2.0-only
/* Physical functions whose virtual ones come to their own group. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "kselftest_harness.h"
#include "lib.h"

#define ENABLE_SRIOV	"/sys/module/vfio_pci/parameters/enable_sriov"

FIXTURE(sriov_group) {
	int control, claim;
	char pf[BDF_SIZE];
	char vf[BDF_SIZE];		/* the first of two */
	char peer[BDF_SIZE];		/* another endpoint of the group */
	struct snapshot before;		/* without virtual functions */
	struct snapshot full;		/* with them, on their driver */
	struct request request;
	struct answer answer;
};

static bool find_peer(FIXTURE_DATA(sriov_group) *self)
{
	struct group group;

	if (group_read(&group, pci_group(self->pf)))
		return false;
	for (unsigned int i = 0; i < group.num; i++) {
		memcpy(self->peer, group.bdf[i], BDF_SIZE);
		if (strcmp(self->peer, self->pf) &&
		    !pci_is_bridge(self->peer) && !pci_is_on(self->peer, ""))
			return true;
	}
	return false;
}

/* One that can have virtual functions, and has none yet. */
static bool find_pf(FIXTURE_DATA(sriov_group) *self)
{
	char all[MAX_DEVICES][BDF_SIZE];
	int num = pci_list(all, MAX_DEVICES);
	text_t text;

	for (int i = 0; i < num; i++) {
		memcpy(self->pf, all[i], BDF_SIZE);
		if (!pci_read(self->pf, "sriov_numvfs", text) &&
		    !atoi(text) && find_peer(self))
			return true;
	}
	return false;
}

static int set_vfs(FIXTURE_DATA(sriov_group) *self, const char *num)
{
	return pci_write(self->pf, "sriov_numvfs", num);
}

/* Their driver is tried by the time that the write returns. */
static bool have_vfs(FIXTURE_DATA(sriov_group) *self)
{
	return !set_vfs(self, "2") && pci_vf(self->pf, 0, self->vf) &&
	       wait_until(!pci_is_on(self->vf, ""));
}

FIXTURE_SETUP(sriov_group)
{
	self->control = control_open();
	ASSERT_LE(0, self->control);
	if (!find_pf(self))
		SKIP(return, "no physical function shares its group");
	ASSERT_EQ(0, module_load("vfio_pci"));
	ASSERT_EQ(0, snapshot_take(&self->before));
	ASSERT_TRUE(have_vfs(self));
	ASSERT_EQ(pci_group(self->pf), pci_group(self->vf));
	ASSERT_EQ(0, snapshot_take(&self->full));
}

FIXTURE_TEARDOWN(sriov_group)
{
	set_vfs(self, "0");
	EXPECT_EQ(0, write_file(ENABLE_SRIOV, "0"));
	EXPECT_EQ(BINDERY_GROUP_FREE, close_claims(self->control, self->pf));
	EXPECT_EQ(0, snapshot_compare(&self->before));
}

static void ask_for(FIXTURE_DATA(sriov_group) *self, const char *bdf)
{
	request_init(&self->request, "");
	request_add(&self->request, bdf);
	self->request.cmd.flags = BINDERY_ACQUIRE_COMPANIONS;
}

static struct bindery_ioc_member *planned(FIXTURE_DATA(sriov_group) *self,
					  const char *bdf)
{
	return member_of(self->request.members, self->request.cmd.num_members,
			 bdf);
}

/* The other virtual function and the peer are in the way of it as well. */
TEST_F(sriov_group, G1_T6_a_VF_alone_is_refused_and_its_PF_named)
{
	ask_for(self, self->vf);
	self->request.cmd.flags = 0;
	EXPECT_EQ(-EBUSY, check(self->control, &self->request));
	EXPECT_EQ(-EBUSY, acquire(self->control, &self->request));
	EXPECT_EQ(0, error_is(&self->request.error, BINDERY_ERROR_UNDECLARED,
			      BINDERY_STEP_VALIDATE, EBUSY, self->pf, "igb"));
	EXPECT_EQ(BINDERY_ERROR_UNDECLARED,
		  planned(self, self->peer)->out_blocker);
	EXPECT_EQ(0, planned(self, self->vf)->out_blocker);
	EXPECT_EQ(0, snapshot_compare_untouched(&self->full));
}

/* Whichever of its devices is asked for: to move the PF would end the VF. */
TEST_F(sriov_group, G1_T6_with_companions_the_PF_with_VFs_refuses_its_group)
{
	const char *const all[] = { self->vf, self->pf, self->peer };

	for (int i = 0; i < 3; i++) {
		ask_for(self, all[i]);
		EXPECT_EQ(-EBUSY, check(self->control, &self->request));
		EXPECT_EQ(-EBUSY, acquire(self->control, &self->request));
		EXPECT_EQ(0, error_is(&self->request.error,
				      BINDERY_ERROR_PF_HAS_VFS,
				      BINDERY_STEP_VALIDATE, EBUSY, self->pf));
		EXPECT_EQ(BINDERY_ERROR_PF_HAS_VFS,
			  planned(self, self->pf)->out_blocker);
		EXPECT_NE(0, planned(self, self->pf)->out_flags &
			  BINDERY_MEMBER_PF);
		EXPECT_NE(0, planned(self, self->vf)->out_flags &
			  BINDERY_MEMBER_VF);
	}
	self->request.cmd.flags |= BINDERY_ACQUIRE_RESERVE_ONLY;
	EXPECT_EQ(-EBUSY, acquire(self->control, &self->request));
	EXPECT_EQ(BINDERY_GROUP_FREE, group_state(self->control, self->pf));
	EXPECT_EQ(0, snapshot_compare_untouched(&self->full));
}

/* All of the group but its bridges, as the refusal above asks for. */
static int claim_without_vfs(FIXTURE_DATA(sriov_group) *self)
{
	if (set_vfs(self, "0"))
		return -1;
	ask_for(self, self->peer);
	self->claim = acquire(self->control, &self->request);
	return self->claim < 0 || !pci_is_on(self->pf, VFIO_PCI) ||
	       !pci_is_on(self->peer, VFIO_PCI);
}

TEST_F(sriov_group, G1_T1_without_VFs_all_move_and_the_PF_comes_back_able)
{
	ASSERT_EQ(0, claim_without_vfs(self));
	EXPECT_EQ(0, release(self->claim, &self->answer));
	EXPECT_EQ(0, snapshot_compare(&self->before));
	EXPECT_TRUE(have_vfs(self));
	EXPECT_EQ(0, snapshot_compare(&self->full));
}

/* Its user, for whom vfio-pci keeps all others from them. */
static bool have_vfs_on_vfio(FIXTURE_DATA(sriov_group) *self)
{
	return !write_file(ENABLE_SRIOV, "1") && !set_vfs(self, "1") &&
	       pci_vf(self->pf, 0, self->vf) &&
	       wait_until(pci_is_on(self->vf, VFIO_PCI)) &&
	       pci_group(self->vf) == pci_group(self->pf);
}

/* They come to the group without being members of its claim. */
TEST_F(sriov_group, G1_C9_VFs_of_a_claimed_PF_come_to_its_group_and_delay_it)
{
	struct vfio_user user;

	ASSERT_EQ(0, claim_without_vfs(self));
	ASSERT_TRUE(have_vfs_on_vfio(self));
	EXPECT_EQ(0, status(self->claim, &self->answer));
	EXPECT_EQ(BINDERY_GROUP_HELD, self->answer.status.out_state);
	EXPECT_EQ(self->request.cmd.num_members, self->answer.num_members);
	ASSERT_EQ(0, vfio_open(&user, self->peer));
	ask_for(self, self->vf);
	EXPECT_EQ(-EBUSY, acquire(self->control, &self->request));
	EXPECT_EQ(BINDERY_ERROR_BUSY, self->request.error.out_code);
	EXPECT_EQ(getpid(), self->request.error.out_holder_pid);
	EXPECT_EQ(-EBUSY, release(self->claim, &self->answer));
	vfio_close(&user);
	EXPECT_EQ(-EBUSY, release(self->claim, &self->answer));
	EXPECT_EQ(BINDERY_ERROR_IN_USE, self->answer.error.out_code);

	close_claim(self->claim);
	EXPECT_TRUE(wait_until(group_is(self->control, self->pf,
					BINDERY_GROUP_DRAINING)));
	EXPECT_TRUE(pci_is_on(self->peer, VFIO_PCI));
	ASSERT_EQ(0, set_vfs(self, "0"));
	EXPECT_TRUE(wait_until(group_is(self->control, self->pf,
					BINDERY_GROUP_FREE)));
	EXPECT_EQ(0, snapshot_compare(&self->before));
}

/* The PF and its VF by somebody else, not the peer; then all is claimed. */
static int claim_given(FIXTURE_DATA(sriov_group) *self, struct snapshot *given)
{
	if (set_vfs(self, "0") || pci_move(self->pf, VFIO_PCI) ||
	    !have_vfs_on_vfio(self) || snapshot_take(given))
		return -1;
	ask_for(self, self->vf);
	request_add(&self->request, self->pf);
	self->claim = acquire(self->control, &self->request);
	return self->claim < 0 || !pci_is_on(self->peer, VFIO_PCI);
}

static int take_back(FIXTURE_DATA(sriov_group) *self)
{
	return set_vfs(self, "0") || pci_override(self->pf, "") ||
	       pci_unbind(self->pf) || pci_bind(self->pf, "igb");
}

TEST_F(sriov_group, G1_T4_a_PF_on_VFIO_and_its_VF_stay_and_the_rest_moves)
{
	struct snapshot given;

	ASSERT_EQ(0, claim_given(self, &given));
	EXPECT_EQ(0, member_compare(planned(self, self->pf),
				    BINDERY_ROLE_PREBOUND, BINDERY_ACTION_NONE,
				    VFIO_PCI, 0));
	EXPECT_EQ(0, member_compare(planned(self, self->vf),
				    BINDERY_ROLE_PREBOUND, BINDERY_ACTION_NONE,
				    VFIO_PCI, 0));
	EXPECT_EQ(0, member_compare(planned(self, self->peer),
				    BINDERY_ROLE_COMPANION, BINDERY_ACTION_MOVE,
				    VFIO_PCI, 0));
	EXPECT_EQ(0, release(self->claim, &self->answer));
	EXPECT_EQ(0, snapshot_compare(&given));
	EXPECT_EQ(0, snapshot_untouched(&given, self->pf));
	EXPECT_EQ(0, snapshot_untouched(&given, self->vf));
	EXPECT_EQ(0, take_back(self));
}

TEST_F(sriov_group, G1_W2_a_VF_that_its_PF_ends_leaves_the_claim_of_its_group)
{
	struct snapshot given;

	ASSERT_EQ(0, claim_given(self, &given));
	ASSERT_EQ(0, set_vfs(self, "0"));
	ASSERT_FALSE(pci_exists(self->vf));
	EXPECT_EQ(0, status(self->claim, &self->answer));
	EXPECT_EQ(BINDERY_GROUP_HELD, self->answer.status.out_state);
	EXPECT_EQ(0, release(self->claim, &self->answer));
	EXPECT_EQ(0, snapshot_untouched(&given, self->pf));
	EXPECT_EQ(0, take_back(self));
}

TEST_HARNESS_MAIN
