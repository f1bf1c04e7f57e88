// SPDX-License-Identifier: GPL-2.0-only
/* Physical functions with virtual ones, and those. */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kselftest_harness.h"
#include "sealed.h"

FIXTURE(sriov) {
	int control;
	char pf[BDF_SIZE];		/* its VFs have drivers */
	char vf[BDF_SIZE];		/* the first of them */
	text_t num_vfs;
	char bare[BDF_SIZE];		/* a VF to which none is offered */
	struct snapshot before;
	struct request request;
	struct answer answer;
};

static bool has_vfs(const char *bdf)
{
	text_t text;

	return !pci_read(bdf, "sriov_numvfs", text) && atoi(text) > 0;
}

static int virtual_function(const char *pf, int index, char vf[BDF_SIZE])
{
	char path[256];

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/virtfn%d", pf,
		 index);
	return link_name(path, vf, BDF_SIZE);
}

/* Physical functions of both kinds, as far as there are any. */
static void find_functions(FIXTURE_DATA(sriov) *self)
{
	char all[MAX_DEVICES][BDF_SIZE], vf[BDF_SIZE];
	int num = pci_list(all, MAX_DEVICES);

	for (int i = 0; i < num; i++) {
		if (!has_vfs(all[i]) || virtual_function(all[i], 0, vf))
			continue;
		if (pci_is_on(vf, "")) {
			memcpy(self->bare, vf, BDF_SIZE);
			continue;
		}
		memcpy(self->pf, all[i], BDF_SIZE);
		memcpy(self->vf, vf, BDF_SIZE);
	}
}

FIXTURE_SETUP(sriov)
{
	self->control = control_open();
	ASSERT_LE(0, self->control);
	find_functions(self);
	if (!self->pf[0] || !self->bare[0])
		SKIP(return, "no virtual functions with and without drivers");
	ASSERT_EQ(0, pci_read(self->pf, "sriov_numvfs", self->num_vfs));
	ASSERT_EQ(0, module_load("vfio_pci"));
	ASSERT_EQ(0, module_load(TEST_NATIVE));
	ASSERT_EQ(0, snapshot_take(&self->before));
	request_init(&self->request, "");
}

FIXTURE_TEARDOWN(sriov)
{
	EXPECT_EQ(BINDERY_GROUP_FREE, close_claims(self->control, self->vf));
	EXPECT_EQ(0, snapshot_compare(&self->before));
}

TEST_F(sriov, G1_a_PF_with_VFs_is_refused)
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
	EXPECT_NE(0, member->out_flags & BINDERY_MEMBER_PF);
	EXPECT_EQ(BINDERY_ERROR_PF_HAS_VFS, member->out_blocker);

	self->request.cmd.flags = BINDERY_ACQUIRE_RESERVE_ONLY;
	EXPECT_EQ(-EBUSY, acquire(self->control, &self->request));
	EXPECT_EQ(BINDERY_ERROR_PF_HAS_VFS, self->request.error.out_code);
	EXPECT_EQ(BINDERY_GROUP_FREE, group_state(self->control, self->pf));
}

/* There and back. */
static int cycle(FIXTURE_DATA(sriov) *self, const char *bdf)
{
	int claim, ret;

	request_init(&self->request, "");
	request_add(&self->request, bdf);
	claim = acquire(self->control, &self->request);
	if (claim < 0 || !pci_is_on(bdf, VFIO_PCI))
		return -1;
	ret = release(claim, &self->answer);
	close_claim(claim);
	return ret;
}

TEST_F(sriov, G1_T1_a_VF_moves_and_comes_back)
{
	struct bindery_ioc_member *member;

	ASSERT_EQ(0, cycle(self, self->vf));
	EXPECT_EQ(0, snapshot_compare(&self->before));
	EXPECT_EQ(0, snapshot_untouched(&self->before, self->pf));
	member = member_of(self->answer.members, self->answer.num_members,
			   self->vf);
	ASSERT_NE(NULL, member);
	EXPECT_NE(0, member->out_flags & BINDERY_MEMBER_VF);
}

/* autoprobe is off: nothing but an override lets a driver have it. */
TEST_F(sriov, G1_T5_a_VF_that_no_driver_is_offered_to_goes_back_to_none)
{
	ASSERT_EQ(0, cycle(self, self->bare));
	EXPECT_TRUE(pci_is_on(self->bare, ""));
	EXPECT_EQ(0, snapshot_compare(&self->before));
}

TEST_F(sriov, G1_T5_a_VF_goes_back_to_what_an_override_gave_it)
{
	struct snapshot bound;

	ASSERT_EQ(0, pci_override(self->bare, TEST_NATIVE));
	ASSERT_EQ(0, pci_bind(self->bare, TEST_NATIVE));
	ASSERT_EQ(0, snapshot_take(&bound));
	ASSERT_EQ(0, cycle(self, self->bare));
	EXPECT_EQ(0, snapshot_compare(&bound));

	/* Also when that override is gone since. */
	ASSERT_EQ(0, pci_override(self->bare, ""));
	ASSERT_EQ(0, snapshot_take(&bound));
	ASSERT_EQ(0, cycle(self, self->bare));
	EXPECT_EQ(0, snapshot_compare(&bound));
	ASSERT_EQ(0, pci_unbind(self->bare));
}

/* Again as many as there were, on their drivers. */
static bool enable_again(FIXTURE_DATA(sriov) *self)
{
	if (pci_write(self->pf, "sriov_numvfs", self->num_vfs))
		return false;
	snapshot_renumber(&self->before);
	return wait_until(!snapshot_compare(&self->before));
}

static bool is_gone(FIXTURE_DATA(sriov) *self, int claim)
{
	return !status(claim, &self->answer) &&
	       self->answer.status.out_state == BINDERY_GROUP_GONE;
}

static bool hangs_up(int claim)
{
	struct pollfd fd = { claim, POLLPRI };

	return poll(&fd, 1, 0) == 1 && fd.revents & POLLHUP;
}

TEST_F(sriov, G1_W2_VFs_that_are_disabled_leave_their_claims)
{
	char other[BDF_SIZE];
	int bound, reserved;

	ASSERT_EQ(0, virtual_function(self->pf, 1, other));
	request_add(&self->request, self->vf);
	bound = acquire(self->control, &self->request);
	ASSERT_LE(0, bound);
	request_init(&self->request, "");
	request_add(&self->request, other);
	self->request.cmd.flags = BINDERY_ACQUIRE_RESERVE_ONLY;
	reserved = acquire(self->control, &self->request);
	ASSERT_LE(0, reserved);

	ASSERT_EQ(0, pci_write(self->pf, "sriov_numvfs", "0"));
	EXPECT_TRUE(wait_until(is_gone(self, bound)));
	EXPECT_TRUE(wait_until(is_gone(self, reserved)));
	EXPECT_TRUE(hangs_up(bound));
	EXPECT_TRUE(hangs_up(reserved));
	EXPECT_NE(0, bind_claim(reserved, &self->answer, 0, 0));

	/* Those that come instead are of no claim, also while it is open. */
	EXPECT_TRUE(enable_again(self));
	EXPECT_EQ(BINDERY_GROUP_FREE, group_state(self->control, self->vf));
	close_claim(bound);
	EXPECT_EQ(0, cycle(self, self->vf));
	EXPECT_EQ(0, release(reserved, &self->answer));
	EXPECT_EQ(0, cycle(self, other));
}

/* A transaction that nobody waited for has failed. */
static bool has_failed(FIXTURE_DATA(sriov) *self, int claim)
{
	return status(claim, &self->answer);
}

TEST_F(sriov, G1_VFs_that_come_before_the_unbind_keep_their_PF)
{
	int claim;

	ASSERT_EQ(0, module_load(TEST_HOLD));
	ASSERT_EQ(0, pci_write(self->pf, "sriov_numvfs", "0"));
	request_add(&self->request, self->pf);
	self->request.cmd.flags = BINDERY_ACQUIRE_NOWAIT;
	ASSERT_EQ(0, knob(TEST_HOLD, "hold", "bindery_member_unbind"));
	claim = acquire(self->control, &self->request);
	ASSERT_LE(0, claim);
	EXPECT_TRUE(knob_holds(TEST_HOLD));
	EXPECT_EQ(0, pci_write(self->pf, "sriov_numvfs", self->num_vfs));
	knob(TEST_HOLD, "hold", "");

	EXPECT_TRUE(wait_until(has_failed(self, claim)));
	EXPECT_EQ(0, error_is(&self->answer.error, BINDERY_ERROR_PF_HAS_VFS,
			      BINDERY_STEP_UNBIND, EBUSY, self->pf));
	close_claim(claim);
	snapshot_renumber(&self->before);
	EXPECT_TRUE(wait_until(!snapshot_compare(&self->before)));
}

#define ENABLE_SRIOV	"/sys/module/vfio_pci/parameters/enable_sriov"
#define SEALED_SRIOV	"/sys/module/bindery_vfio/parameters/enable_sriov"

/* The PF is claimed; its VFIO user gives it a VF. */
static int claim_pf(FIXTURE_DATA(sriov) *self)
{
	int claim;

	if (pci_write(self->pf, "sriov_numvfs", "0"))
		return -1;
	request_add(&self->request, self->pf);
	claim = acquire(self->control, &self->request);
	if (claim < 0 || write_file(ENABLE_SRIOV, "1") ||
	    pci_write(self->pf, "sriov_numvfs", "1"))
		return -1;
	return claim;
}

/* When it has no VFs of VFIO's any more. */
static bool leaves_target(FIXTURE_DATA(sriov) *self)
{
	bool ret = !pci_write(self->pf, "sriov_numvfs", "0") &&
		   wait_until(group_is(self->control, self->pf,
				       BINDERY_GROUP_FREE));

	write_file(ENABLE_SRIOV, "0");
	return ret && enable_again(self);
}

TEST_F(sriov, G1_C9_a_claimed_PF_waits_for_the_VFs_it_was_given)
{
	struct bindery_ioc_member *member;
	int claim = claim_pf(self);

	ASSERT_LE(0, claim);
	ASSERT_EQ(0, status(claim, &self->answer));
	member = member_of(self->answer.members, self->answer.num_members,
			   self->pf);
	ASSERT_NE(NULL, member);
	EXPECT_NE(0, member->out_flags & BINDERY_MEMBER_PF);

	EXPECT_EQ(-EBUSY, release(claim, &self->answer));
	EXPECT_EQ(BINDERY_ERROR_IN_USE, self->answer.error.out_code);
	EXPECT_EQ(BINDERY_GROUP_HELD, group_state(self->control, self->pf));
	close_claim(claim);
	EXPECT_TRUE(wait_until(group_state(self->control, self->pf) ==
			       BINDERY_GROUP_DRAINING));
	EXPECT_TRUE(pci_is_on(self->pf, VFIO_PCI));

	EXPECT_TRUE(leaves_target(self));
}

/* A worker has seen that there is no user, and no VF. */
TEST_F(sriov, G1_C9_VFs_that_come_before_the_target_is_left_keep_it)
{
	int claim;

	ASSERT_EQ(0, module_load(TEST_HOLD));
	ASSERT_EQ(0, pci_write(self->pf, "sriov_numvfs", "0"));
	request_add(&self->request, self->pf);
	claim = acquire(self->control, &self->request);
	ASSERT_LE(0, claim);
	ASSERT_EQ(0, knob(TEST_HOLD, "hold", "bindery_member_unbind_target"));
	close_claim(claim);
	EXPECT_TRUE(knob_holds(TEST_HOLD));
	ASSERT_EQ(0, write_file(ENABLE_SRIOV, "1"));
	EXPECT_EQ(0, pci_write(self->pf, "sriov_numvfs", "1"));
	knob(TEST_HOLD, "hold", "");
	EXPECT_TRUE(wait_until(group_is(self->control, self->pf,
					BINDERY_GROUP_DRAINING)));
	EXPECT_TRUE(has_vfs(self->pf));
	EXPECT_TRUE(pci_is_on(self->pf, VFIO_PCI));
	EXPECT_TRUE(leaves_target(self));
}

TEST_F(sriov, G1_W3_a_PF_that_was_given_VFs_elsewhere_is_not_repaired)
{
	const char *native = snapshot_device(&self->before, self->pf)->driver;
	int claim;

	ASSERT_EQ(0, pci_write(self->pf, "sriov_numvfs", "0"));
	request_add(&self->request, self->pf);
	claim = acquire(self->control, &self->request);
	ASSERT_LE(0, claim);
	ASSERT_EQ(0, pci_move(self->pf, native));
	ASSERT_EQ(0, pci_write(self->pf, "sriov_numvfs", self->num_vfs));
	EXPECT_EQ(-EBUSY, recover(self->control, BINDERY_RECOVER_REPAIR, NULL,
				  self->pf, &self->answer));
	EXPECT_TRUE(has_vfs(self->pf));
	EXPECT_TRUE(pci_is_on(self->pf, native));

	ASSERT_EQ(0, pci_write(self->pf, "sriov_numvfs", "0"));
	EXPECT_EQ(0, recover(self->control, BINDERY_RECOVER_REPAIR, NULL,
			     self->pf, &self->answer));
	EXPECT_TRUE(pci_is_on(self->pf, VFIO_PCI));
	EXPECT_EQ(0, release(claim, &self->answer));
	close_claim(claim);
	EXPECT_TRUE(enable_again(self));
}

TEST_F(sriov, G1_L1_a_VF_is_sealed_and_comes_back)
{
	struct vfio_user user;
	int claim;

	request_add(&self->request, self->vf);
	self->request.cmd.flags = BINDERY_ACQUIRE_SEALED |
				  BINDERY_ACQUIRE_HOLDERS_ONLY;
	claim = acquire(self->control, &self->request);
	ASSERT_LE(0, claim);
	EXPECT_TRUE(pci_is_on(self->vf, SEALED));
	EXPECT_NE(0, pci_unbind(self->vf));
	EXPECT_EQ(0, vfio_open(&user, self->vf));
	vfio_close(&user);
	EXPECT_EQ(0, release(claim, &self->answer));
	EXPECT_EQ(0, snapshot_compare(&self->before));
}

/* As with vfio-pci: not unless the driver is told to, and VFs are VFIO's then. */
TEST_F(sriov, G1_L4_a_sealed_PF_gives_VFs_to_its_own_driver)
{
	int claim;

	ASSERT_EQ(0, pci_write(self->pf, "sriov_numvfs", "0"));
	request_add(&self->request, self->pf);
	self->request.cmd.flags = BINDERY_ACQUIRE_SEALED;
	claim = acquire(self->control, &self->request);
	ASSERT_LE(0, claim);
	EXPECT_EQ(-ENOENT, pci_write(self->pf, "sriov_numvfs", "1"));
	ASSERT_EQ(0, write_file(SEALED_SRIOV, "1"));
	ASSERT_EQ(0, pci_write(self->pf, "sriov_numvfs", "1"));
	EXPECT_TRUE(wait_until(pci_is_on(self->vf, SEALED)));
	EXPECT_EQ(-EBUSY, release(claim, &self->answer));
	EXPECT_EQ(BINDERY_ERROR_IN_USE, self->answer.error.out_code);
	ASSERT_EQ(0, pci_write(self->pf, "sriov_numvfs", "0"));
	EXPECT_EQ(0, release(claim, &self->answer));
	EXPECT_EQ(0, write_file(SEALED_SRIOV, "0"));
	EXPECT_TRUE(enable_again(self));
}

/* VFIO itself takes the VFs of its PFs: they are on their target before. */
TEST_F(sriov, G1_C6_a_VF_of_a_claimed_PF_is_claimed_for_itself)
{
	struct bindery_ioc_member *member;
	int pf = claim_pf(self), vf;

	ASSERT_LE(0, pf);
	EXPECT_TRUE(wait_until(pci_is_on(self->vf, VFIO_PCI)));
	request_init(&self->request, "");
	request_add(&self->request, self->vf);
	vf = acquire(self->control, &self->request);
	ASSERT_LE(0, vf);
	member = member_of(self->request.members, self->request.cmd.num_members,
			   self->vf);
	EXPECT_EQ(0, member_compare(member, BINDERY_ROLE_PREBOUND,
				    BINDERY_ACTION_NONE, VFIO_PCI, 0));

	ASSERT_EQ(0, pci_write(self->pf, "sriov_numvfs", "0"));
	EXPECT_TRUE(wait_until(is_gone(self, vf)));
	close_claim(vf);
	EXPECT_EQ(0, release(pf, &self->answer));
	write_file(ENABLE_SRIOV, "0");
	EXPECT_TRUE(enable_again(self));
}

TEST_HARNESS_MAIN
