// SPDX-License-Identifier: GPL-2.0-only
/*
 * The end of a delegation: nothing is left of it after REVOKE, nor for devices
 * that went and came back.
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "kselftest_harness.h"
#include "delegation.h"

#define FORCE_MS	1000

DELEGATION_FIXTURE(revoke)

TEST_F(revoke, G4_nothing_is_left_after_revocation)
{
	struct delegation *dg = &self->dg;

	dg->file = delegate_to(dg, ALL, dg->first);
	ASSERT_LE(0, dg->file);
	dg->claim = acquire(dg->file, &dg->request);
	ASSERT_LE(0, dg->claim);
	EXPECT_EQ(0, take_back(dg, dg->file, 0, 0));
	EXPECT_EQ(1, dg->revoke.out_num_claims);
	EXPECT_EQ(0, all_revoked(dg, dg->file));

	/* the claim lives on */
	EXPECT_EQ(0, status(dg->claim, &dg->answer));
	EXPECT_EQ(BINDERY_GROUP_HELD, dg->answer.status.out_state);

	EXPECT_EQ(0, take_back(dg, dg->file, BINDERY_REVOKE_RELEASE, 0));
	EXPECT_EQ(0, dg->revoke.out_num_claims);
	EXPECT_EQ(-ESTALE, status(dg->claim, &dg->answer));
	EXPECT_TRUE(wait_until(group_is(dg->control, dg->first,
					BINDERY_GROUP_FREE)));
}

TEST_F(revoke, G4_claims_are_released_by_id_when_the_file_is_closed)
{
	struct delegation *dg = &self->dg;

	dg->file = delegate_to(dg, ALL, dg->first);
	ASSERT_LE(0, dg->file);
	dg->claim = acquire(dg->file, &dg->request);
	ASSERT_LE(0, dg->claim);
	close(dg->file);
	dg->file = -1;
	EXPECT_EQ(0, revoke_with(dg->control, &dg->revoke, &dg->error,
				 dg->delegated.cmd.out_delegation_id, -1,
				 BINDERY_REVOKE_RELEASE, 0));
	EXPECT_EQ(-ESTALE, status(dg->claim, &dg->answer));
	close_claim(dg->claim);
	EXPECT_TRUE(wait_until(revoke_with(dg->control, &dg->revoke,
			&dg->error, dg->delegated.cmd.out_delegation_id,
			-1, 0, 0) == -ENOENT));
	EXPECT_EQ(BINDERY_ERROR_NO_DELEGATION, dg->error.out_code);
}

TEST_F(revoke, G4_only_a_delegation_can_be_revoked)
{
	struct delegation *dg = &self->dg;
	static const uint8_t id[BINDERY_ID_SIZE] = { 1, 2, 3 };
	const int files[] = { -1, 0, dg->control };

	for (int i = 0; i < 3; i++) {
		EXPECT_EQ(-ENOENT, take_back(dg, files[i], 0, 0));
		EXPECT_EQ(BINDERY_ERROR_NO_DELEGATION, dg->error.out_code);
	}
	EXPECT_EQ(-ENOENT, revoke_with(dg->control, &dg->revoke,
				       &dg->error, id, -1, 0, 0));
	dg->file = delegate_to(dg, ALL, dg->first);
	ASSERT_LE(0, dg->file);
	EXPECT_EQ(-EOPNOTSUPP, take_back(dg, dg->file, 2, 0));
	EXPECT_EQ(-EINVAL, take_back(dg, dg->file, 0,
				  BINDERY_DEADLINE_MAX_MS + 1));
	EXPECT_EQ(0, show(dg->file, dg->first, &dg->answer));
}

TEST_F_TIMEOUT(revoke, G4_revoke_waits_for_a_call_in_flight, 60)
{
	struct delegation *dg = &self->dg;
	int result = 0;

	dg->file = delegate_to(dg, ALL, dg->first);
	ASSERT_LE(0, dg->file);
	ASSERT_EQ(0, hang(dg));
	EXPECT_EQ(-ETIMEDOUT, take_back(dg, dg->file, 0, 100));
	EXPECT_EQ(BINDERY_ERROR_DEADLINE, dg->error.out_code);
	EXPECT_EQ(0, all_revoked(dg, dg->file));
	knob(TEST_NATIVE, "hold_remove", "");
	EXPECT_EQ(0, take_back(dg, dg->file, 0, 0));
	EXPECT_EQ(1, dg->revoke.out_num_claims);
	EXPECT_EQ(0, hear(dg->child.socket, &result));
	EXPECT_LE(0, result);
	EXPECT_TRUE(group_is(dg->control, dg->first, BINDERY_GROUP_HELD));
	child_kill(&dg->child);
}

TEST_F_TIMEOUT(revoke, G4_revoke_with_release_undoes_a_call_in_flight, 60)
{
	struct delegation *dg = &self->dg;
	int result = 0;

	dg->file = delegate_to(dg, ALL, dg->first);
	ASSERT_LE(0, dg->file);
	ASSERT_EQ(0, hang(dg));
	EXPECT_EQ(-ETIMEDOUT, take_back(dg, dg->file, BINDERY_REVOKE_RELEASE,
				     100));
	knob(TEST_NATIVE, "hold_remove", "");
	EXPECT_EQ(0, take_back(dg, dg->file, BINDERY_REVOKE_RELEASE, 0));
	EXPECT_EQ(0, dg->revoke.out_num_claims);
	EXPECT_EQ(0, hear(dg->child.socket, &result));
	EXPECT_GT(0, result);
	child_kill(&dg->child);
	EXPECT_TRUE(wait_until(group_is(dg->control, dg->first,
					BINDERY_GROUP_FREE)));
}

static int let_go(int socket, void *arg)
{
	struct delegation *dg = arg;

	tell(socket, release(dg->claim, &dg->answer));
	return dg->answer.error.out_code;
}

static int let_go_by_force(int socket, void *arg)
{
	struct delegation *dg = arg;

	tell(socket, release_with(dg->claim, &dg->answer, BINDERY_RELEASE_FORCE,
				  FORCE_MS, 0));
	return dg->answer.error.out_code;
}

static int claim_delegated(struct delegation *dg)
{
	dg->file = delegate_to(dg, ALL, dg->first);
	if (dg->file < 0)
		return dg->file;
	dg->claim = acquire(dg->file, &dg->request);
	return dg->claim < 0 ? dg->claim : 0;
}

/* The claim has ended when that is about to end it. What it returns. */
static int release_too_late(struct delegation *dg,
			    int (*how)(int socket, void *arg), int *code)
{
	int ret = 1;

	*code = -1;
	if (module_load(TEST_HOLD) ||
	    knob(TEST_HOLD, "hold", "bindery_claim_end_told") ||
	    child_start(&dg->child, how, dg))
		return ret;
	if (!knob_holds(TEST_HOLD) ||
	    take_back(dg, dg->file, BINDERY_REVOKE_RELEASE, 0))
		note("it was not too late");
	else
		ret = 0;
	knob(TEST_HOLD, "hold", "");
	if (!ret)
		hear(dg->child.socket, &ret);
	*code = child_wait(&dg->child);
	return ret;
}

/* What is left of the group's use then is somebody else's. */
TEST_F_TIMEOUT(revoke, G4_C9_revoke_with_release_beside_a_release, 60)
{
	struct delegation *dg = &self->dg;
	struct vfio_user user;
	int code, other;

	dg->request.cmd.flags = BINDERY_ACQUIRE_SHARED;
	ASSERT_EQ(0, claim_delegated(dg));
	other = acquire(dg->control, &dg->request);
	ASSERT_LE(0, other);
	ASSERT_EQ(0, vfio_open(&user, dg->first));
	EXPECT_EQ(0, release_too_late(dg, let_go, &code));
	EXPECT_EQ(BINDERY_ERROR_NONE, code);
	EXPECT_TRUE(group_is(dg->control, dg->first, BINDERY_GROUP_HELD));
	vfio_close(&user);
	EXPECT_EQ(0, release(other, &dg->answer));
	close_claim(other);
}

/* The user, for whom the restore waits already, is asked to go all the same. */
TEST_F_TIMEOUT(revoke, G4_C9_revoke_with_release_beside_one_with_force, 60)
{
	struct delegation *dg = &self->dg;
	struct vfio_user user;
	int code;

	ASSERT_EQ(0, module_load(SEALED_MODULE));
	/* VFIO tells when a device is closed only if it is sealed */
	for (int sealed = 0; sealed < 2; sealed++) {
		request_group(&dg->request, &dg->group,
			      sealed ? "" : TEST_TARGET);
		if (sealed)
			dg->request.cmd.flags |= BINDERY_ACQUIRE_SEALED;
		ASSERT_EQ(0, claim_delegated(dg));
		ASSERT_EQ(0, vfio_open(&user, dg->first));
		EXPECT_EQ(-ETIMEDOUT,
			  release_too_late(dg, let_go_by_force, &code));
		EXPECT_EQ(BINDERY_ERROR_DEADLINE, code);
		EXPECT_TRUE(wait_until(group_is(dg->control, dg->first,
						BINDERY_GROUP_STUCK)));
		vfio_close(&user);
		EXPECT_TRUE(wait_until(group_is(dg->control, dg->first,
						BINDERY_GROUP_FREE)));
		close_claim(dg->claim);
		close(dg->file);
	}
	dg->claim = -1;
	dg->file = -1;
}

/* It is told at once, though the group is not free yet. */
TEST_F_TIMEOUT(revoke, G4_revoke_ends_a_wait_for_a_group, 60)
{
	struct delegation *dg = &self->dg;
	struct child waiting;
	int result = 0;
	int all = dg->control;

	dg->file = delegate_to(dg, ALL, dg->first);
	ASSERT_LE(0, dg->file);
	knob(TEST_NATIVE, "hold_remove", dg->first);
	ASSERT_EQ(0, acquire_in_child(&dg->child, all, &dg->request));
	ASSERT_TRUE(wait_until(knob_read(TEST_NATIVE, "waiting")));
	ASSERT_EQ(0, acquire_in_child(&waiting, dg->file, &dg->request));
	EXPECT_EQ(0, poll(&(struct pollfd) { waiting.socket, POLLIN, 0 }, 1,
			  200));
	EXPECT_EQ(0, take_back(dg, dg->file, 0, 0));
	EXPECT_EQ(0, hear(waiting.socket, &result));
	EXPECT_EQ(-EPERM, result);
	EXPECT_EQ(1, knob_read(TEST_NATIVE, "waiting"));
	child_kill(&waiting);
	knob(TEST_NATIVE, "hold_remove", "");
	EXPECT_EQ(0, hear(dg->child.socket, &result));
	EXPECT_LE(0, result);
	child_kill(&dg->child);
}

static int replug(const char *bdf)
{
	if (pci_write(bdf, "remove", "1") || !wait_until(!pci_exists(bdf)))
		return -1;
	if (write_file("/sys/bus/pci/rescan", "1"))
		return -1;
	return wait_until(pci_is_on(bdf, TEST_NATIVE)) ? 0 : -1;
}

TEST_F(revoke, G4_devices_that_come_back_are_not_the_same_group)
{
	struct delegation *dg = &self->dg;
	struct visit visit = { .request = &dg->rest, .bdf = dg->foreign,
			       .code = BINDERY_ERROR_FOREIGN_GROUP };
	int was = pci_group(dg->foreign);

	if (dg->other.num != 1)
		SKIP(return, "no group of one device");
	dg->file = visit.file = delegate_to(dg, ALL, dg->foreign);
	ASSERT_LE(0, dg->file);
	EXPECT_EQ(0, show(dg->file, dg->foreign, &dg->answer));
	ASSERT_EQ(0, replug(dg->foreign));
	/* its number is not free while the delegation holds the old one */
	EXPECT_NE(was, pci_group(dg->foreign));
	visit.become = become_nobody;
	EXPECT_EQ(0, visit_in_child(dg, in_child, &visit));
	close(dg->file);
	dg->file = -1;
	/* and is free, and used again, afterwards */
	ASSERT_EQ(0, replug(dg->foreign));
	note("group %d is now %d", was, pci_group(dg->foreign));
	snapshot_renumber(&dg->before);
}

TEST_HARNESS_MAIN
