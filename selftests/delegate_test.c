// SPDX-License-Identifier: GPL-2.0-only
/*
 * Control files for some groups and operations: who has one can do what is on
 * its list and nothing else, without any right of its own.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>

#include "kselftest_harness.h"
#include "delegation.h"

DELEGATION_FIXTURE(delegate)

TEST_F(delegate, G4_each_operation_is_a_right_of_its_own)
{
	struct delegation *dg = &self->dg;
	struct visit visit = { .request = &dg->request, .bdf = dg->first,
			       .code = BINDERY_ERROR_OPERATION };

	for (uint32_t bit = 1; bit <= BINDERY_OPERATION_OPEN_CLAIM; bit <<= 1) {
		for (int i = 0; i < 2; i++) {
			visit.operations = i ? ALL & ~bit : bit;
			if (!visit.operations)
				continue;
			dg->file = delegate_to(dg, visit.operations, dg->first);
			ASSERT_LE(0, dg->file);
			visit.file = dg->file;
			visit.become = without_rights[i];
			EXPECT_EQ(0, visit_in_child(dg, in_child, &visit)) {
				TH_LOG("operations %#x", visit.operations);
			}
			close(dg->file);
		}
	}
	dg->file = -1;
}

TEST_F(delegate, G4_whoever_has_the_file_has_its_rights)
{
	struct delegation *dg = &self->dg;
	struct visit visit = { .operations = ALL, .request = &dg->request,
			       .bdf = dg->first };

	dg->file = visit.file = delegate_to(dg, ALL, dg->first);
	ASSERT_LE(0, dg->file);
	for (int i = 0; i < NUM_BECOME; i++) {
		visit.become = without_rights[i];
		EXPECT_EQ(0, visit_in_child(dg, in_child, &visit));
	}
	/* nor does the issuer get more out of it */
	EXPECT_EQ(0, all_calls(&visit));
}

TEST_F(delegate, G4_another_group_is_out_of_reach)
{
	struct delegation *dg = &self->dg;
	struct visit visit = { .request = &dg->rest, .bdf = dg->foreign,
			       .code = BINDERY_ERROR_FOREIGN_GROUP };

	dg->file = visit.file = delegate_to(dg, ALL, dg->first);
	ASSERT_LE(0, dg->file);
	for (int i = 0; i < NUM_BECOME; i++) {
		visit.become = without_rights[i];
		EXPECT_EQ(0, visit_in_child(dg, in_child, &visit));
	}
	/* one device too many spoils it */
	visit.request = &dg->request;
	request_add(&dg->request, dg->foreign);
	EXPECT_EQ(0, request_is("CHECK", &visit, 0, check, 0));
	EXPECT_EQ(0, request_is("ACQUIRE", &visit, 0, acquire, 0));
	EXPECT_EQ(0, request_is("ADOPT", &visit, 0, adopt, 0));
}

TEST_F(delegate, G4_a_file_without_rights_delegates_nothing)
{
	struct delegation *dg = &self->dg;
	struct bindery_ioc_info info = { .size = sizeof(info) };

	delegated_init(&dg->delegated, ALL, dg->first, NULL);
	dg->claim = acquire(dg->control, &dg->request);
	ASSERT_LE(0, dg->claim);
	EXPECT_EQ(-ENOTTY, call(dg->claim, BINDERY_DELEGATE,
				&dg->delegated.cmd));
	EXPECT_EQ(-ENOTTY, call(dg->claim, BINDERY_REVOKE, &dg->revoke));
	EXPECT_EQ(0, release(dg->claim, &dg->answer));
	ASSERT_EQ(0, drop_sys_admin());
	dg->file = control_open();
	ASSERT_LE(0, dg->file);
	ASSERT_EQ(0, call(dg->file, BINDERY_INFO, &info));
	EXPECT_EQ(BINDERY_RIGHTS_READ, info.out_rights);
	EXPECT_EQ(-EPERM, give(dg->file, &dg->delegated));
	EXPECT_EQ(BINDERY_ERROR_NOT_PERMITTED, dg->delegated.error.out_code);
	EXPECT_EQ(-EPERM, revoke_with(dg->file, &dg->revoke, &dg->error,
				      NO_ID, dg->file, 0, 0));
	EXPECT_EQ(BINDERY_ERROR_NOT_PERMITTED, dg->error.out_code);
}

static int flag_refused(const char *what, int ret, struct request *request)
{
	return expect(what, -EPERM, ret) +
	       expect("its code", BINDERY_ERROR_FLAG, request->error.out_code);
}

TEST_F(delegate, G4_keep_repair_and_snapshots_are_refused)
{
	struct delegation *dg = &self->dg;
	static const uint32_t flags[] = { BINDERY_ACQUIRE_KEEP,
					  BINDERY_ACQUIRE_REPAIR };

	dg->file = delegate_to(dg, ALL, dg->first);
	ASSERT_LE(0, dg->file);
	for (int i = 0; i < 2; i++) {
		dg->request.cmd.flags = flags[i];
		EXPECT_EQ(0, flag_refused("ACQUIRE", acquire(dg->file,
				&dg->request), &dg->request));
		EXPECT_EQ(0, flag_refused("CHECK", check(dg->file,
				&dg->request), &dg->request));
		EXPECT_EQ(0, flag_refused("ADOPT", adopt(dg->file,
				&dg->request), &dg->request));
	}
	dg->request.cmd.flags = 0;
	request_native(&dg->request, TEST_NATIVE, "");
	EXPECT_EQ(0, flag_refused("ADOPT with natives", adopt(dg->file,
			&dg->request), &dg->request));
}

TEST_F(delegate, G4_no_module_is_loaded)
{
	struct delegation *dg = &self->dg;

	module_unload("vfio_pci");
	ASSERT_FALSE(module_is_loaded("vfio_pci"));
	request_group(&dg->request, &dg->group, "");
	dg->file = delegate_to(dg, ALL, dg->first);
	ASSERT_LE(0, dg->file);
	EXPECT_EQ(-EPERM, acquire(dg->file, &dg->request));
	EXPECT_EQ(0, error_is(&dg->request.error, BINDERY_ERROR_NOT_LOADED,
			      BINDERY_STEP_VALIDATE, EPERM, dg->first,
			      VFIO_PCI));
	EXPECT_EQ(-EPERM, check(dg->file, &dg->request));
	EXPECT_EQ(BINDERY_ERROR_NOT_LOADED, dg->request.error.out_code);
	EXPECT_FALSE(module_is_loaded("vfio_pci"));

	/* nor by who binds what they reserved */
	ASSERT_EQ(0, module_load("vfio_pci"));
	dg->request.cmd.flags = BINDERY_ACQUIRE_RESERVE_ONLY;
	dg->claim = acquire(dg->file, &dg->request);
	ASSERT_LE(0, dg->claim);
	ASSERT_EQ(0, module_unload("vfio_pci"));
	EXPECT_EQ(-EPERM, bind_claim(dg->claim, &dg->answer, 0, 0));
	EXPECT_EQ(BINDERY_ERROR_NOT_LOADED, dg->answer.error.out_code);
	EXPECT_FALSE(module_is_loaded("vfio_pci"));
	EXPECT_EQ(0, release(dg->claim, &dg->answer));
}

static int use_claim(int socket, void *arg)
{
	struct visit *visit = arg;
	struct answer answer;
	int claim, wrong;

	(void)socket;
	if (visit->become())
		return 99;
	visit->request->cmd.flags = BINDERY_ACQUIRE_RESERVE_ONLY;
	claim = acquire(visit->file, visit->request);
	if (claim < 0)
		return 98;
	wrong = expect("BIND", -EPERM, bind_claim(claim, &answer, 0, 0)) +
		expect("KEEP", -EPERM, keep_told(claim, BINDERY_KEEP_ON,
						 &answer)) +
		expect("RELEASE with FORCE", -EPERM,
		       release_with(claim, &answer, BINDERY_RELEASE_FORCE, 0,
				    0)) +
		expect("STATUS", 0, status(claim, &answer));
	return wrong + expect("RELEASE", 0, release(claim, &answer));
}

TEST_F(delegate, G5_its_claims_authorise_no_more_than_others)
{
	struct delegation *dg = &self->dg;
	struct visit visit = { .request = &dg->request };

	dg->file = visit.file = delegate_to(dg, ALL, dg->first);
	ASSERT_LE(0, dg->file);
	for (int i = 0; i < NUM_BECOME; i++) {
		visit.become = without_rights[i];
		EXPECT_EQ(0, visit_in_child(dg, use_claim, &visit));
	}
}

/* All that a VM's monitor needs of a claim; no call of a control file. */
static int run_guest(int socket, void *arg)
{
	struct bindery_ioc_member *member;
	struct visit *visit = arg;
	struct answer answer;
	int claim, wrong = 0;

	(void)socket;
	if (visit->become())
		return 99;
	claim = acquire(visit->file, visit->request);
	if (claim < 0)
		return 98;
	member = status_member(claim, visit->bdf, &answer);
	if (!member)
		return 97;
	wrong += expect("MARK", 0, mark(claim, visit->bdf,
					BINDERY_EVENT_ATTACH_OK,
					member->out_generation, &answer));
	for (unsigned int nr = 0; nr < 0x40; nr++) {
		uint32_t structure[256] = { sizeof(structure) };

		wrong += expect("a number of the other file", -ENOTTY,
				call(claim, _IO(BINDERY_IOC_TYPE, nr),
				     structure));
	}
	return wrong + expect("RELEASE", 0,
			      release_with(claim, &answer,
					   BINDERY_RELEASE_DEFER, 0, 0));
}

TEST_F(delegate, G4_its_claims_are_enough_to_run_a_guest)
{
	struct delegation *dg = &self->dg;
	struct visit visit = { .request = &dg->request, .bdf = dg->first,
			       .become = become_nobody };

	dg->file = visit.file = delegate_to(dg, BINDERY_OPERATION_ACQUIRE,
					    dg->first);
	ASSERT_LE(0, dg->file);
	EXPECT_EQ(0, visit_in_child(dg, run_guest, &visit));
}

static int foreign_claim(struct delegation *dg, const uint8_t *id)
{
	int wrong;

	wrong = expect("OPEN_CLAIM by a device", -EPERM,
		       open_claim(dg->file, NULL, dg->first, &dg->answer)) +
		expect("its code", BINDERY_ERROR_FOREIGN_CLAIM,
		       dg->answer.error.out_code);
	return wrong + expect("OPEN_CLAIM by id", -EPERM,
			      open_claim(dg->file, id, NULL, &dg->answer)) +
	       expect("its code", BINDERY_ERROR_FOREIGN_CLAIM,
		      dg->answer.error.out_code);
}

TEST_F(delegate, G4_claims_of_others_stay_theirs)
{
	struct delegation *dg = &self->dg;
	struct delegated other;
	int file;

	dg->file = delegate_to(dg, ALL, dg->first);
	ASSERT_LE(0, dg->file);
	dg->claim = acquire(dg->control, &dg->request);
	ASSERT_LE(0, dg->claim);
	EXPECT_EQ(0, foreign_claim(dg, dg->request.cmd.out_claim_id));
	EXPECT_EQ(0, release(dg->claim, &dg->answer));

	/* the same rights, but not the same delegation */
	delegated_init(&other, ALL, dg->first, NULL);
	file = give(dg->control, &other);
	ASSERT_LE(0, file);
	dg->claim = acquire(file, &dg->request);
	ASSERT_LE(0, dg->claim);
	EXPECT_EQ(0, foreign_claim(dg, dg->request.cmd.out_claim_id));
	EXPECT_LE(0, open_claim(file, NULL, dg->first, &dg->answer));
	EXPECT_LE(0, open_claim(file, dg->request.cmd.out_claim_id, NULL,
				&dg->answer));
	EXPECT_EQ(0, release(dg->claim, &dg->answer));
	close(file);
}

TEST_F(delegate, G4_a_kept_claim_of_others_is_not_adopted)
{
	struct delegation *dg = &self->dg;

	dg->file = delegate_to(dg, ALL, dg->first);
	ASSERT_LE(0, dg->file);
	dg->request.cmd.flags = BINDERY_ACQUIRE_KEEP;
	dg->claim = acquire(dg->control, &dg->request);
	ASSERT_LE(0, dg->claim);
	close_claim(dg->claim);
	ASSERT_TRUE(wait_until(group_is(dg->control, dg->first,
					BINDERY_GROUP_KEPT)));
	dg->request.cmd.flags = 0;
	EXPECT_EQ(-EPERM, adopt(dg->file, &dg->request));
	EXPECT_EQ(BINDERY_ERROR_FOREIGN_CLAIM,
		  dg->request.error.out_code);
	EXPECT_TRUE(group_is(dg->control, dg->first, BINDERY_GROUP_KEPT));
	dg->claim = open_claim(dg->control, NULL, dg->first,
				 &dg->answer);
	ASSERT_LE(0, dg->claim);
	EXPECT_EQ(0, release(dg->claim, &dg->answer));
}

TEST_HARNESS_MAIN
