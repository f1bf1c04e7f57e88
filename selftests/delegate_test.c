// SPDX-License-Identifier: GPL-2.0-only
/*
 * Control files for some groups and operations: who has one can do what is on
 * its list and nothing else, without any right of its own, until it is revoked.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>

#include "kselftest_harness.h"
#include "lib.h"

#define ALL	(BINDERY_OPERATION_SHOW | BINDERY_OPERATION_CHECK | \
		 BINDERY_OPERATION_ACQUIRE | BINDERY_OPERATION_ADOPT | \
		 BINDERY_OPERATION_OPEN_CLAIM)
#define NO_ID	((const uint8_t[BINDERY_ID_SIZE]) { 0 })

struct delegated {
	struct bindery_ioc_delegate cmd;
	struct bindery_ioc_device devices[2];
	struct bindery_ioc_error error;
};

FIXTURE(delegate) {
	int control;
	int file;		/* a delegated one */
	int claim;
	struct group group, other;
	char *first, *foreign;
	struct snapshot before;
	struct delegated delegated;
	struct bindery_ioc_revoke revoke;
	struct bindery_ioc_error error;
	struct request request;		/* of the group that is delegated */
	struct request rest;		/* of the other one */
	struct answer answer;
	struct child child;
};

static void delegated_init(struct delegated *d, uint32_t operations,
			   const char *first, const char *second)
{
	memset(d, 0, sizeof(*d));
	d->cmd.size = sizeof(d->cmd);
	d->cmd.devices = (uintptr_t)d->devices;
	d->cmd.device_size = sizeof(d->devices[0]);
	d->cmd.operations = operations;
	d->cmd.error = (uintptr_t)&d->error;
	d->error.size = sizeof(d->error);
	snprintf(d->cmd.label, sizeof(d->cmd.label), "a broker");
	if (first)
		d->devices[d->cmd.num_devices++].bdf = pci_address(first);
	if (second)
		d->devices[d->cmd.num_devices++].bdf = pci_address(second);
}

static int give(int control, struct delegated *d)
{
	int ret = call(control, BINDERY_DELEGATE, &d->cmd);

	if (!ret && !(fcntl(d->cmd.out_control_fd, F_GETFD) & FD_CLOEXEC))
		return -EPROTO;
	if (ret && d->cmd.out_control_fd != -1)
		return -EPROTO;
	return ret ?: d->cmd.out_control_fd;
}

/* One for the group of this device. */
static int delegate_to(FIXTURE_DATA(delegate) *self, uint32_t operations,
		       const char *bdf)
{
	delegated_init(&self->delegated, operations, bdf, NULL);
	return give(self->control, &self->delegated);
}

static int revoke_with(int control, struct bindery_ioc_revoke *cmd,
		       struct bindery_ioc_error *error, const uint8_t *id,
		       int file, uint32_t flags, unsigned int ms)
{
	memset(error, 0, sizeof(*error));
	error->size = sizeof(*error);
	*cmd = (struct bindery_ioc_revoke) {
		.size = sizeof(*cmd),
		.flags = flags,
		.control_fd = file,
		.deadline_ms = ms,
		.error = (uintptr_t)error,
	};
	memcpy(cmd->id, id, sizeof(cmd->id));
	return call(control, BINDERY_REVOKE, cmd);
}

static int take_back(FIXTURE_DATA(delegate) *self, int file, uint32_t flags,
		  unsigned int ms)
{
	return revoke_with(self->control, &self->revoke, &self->error, NO_ID,
			   file, flags, ms);
}

FIXTURE_SETUP(delegate)
{
	self->file = -1;
	self->control = control_open();
	ASSERT_LE(0, self->control);
	if (group_choose(&self->group, TEST_NATIVE) ||
	    group_choose_other(&self->other, &self->group, TEST_NATIVE))
		SKIP(return, "not two groups of devices on " TEST_NATIVE);
	self->first = self->group.bdf[0];
	self->foreign = self->other.bdf[0];
	ASSERT_EQ(0, module_load(TEST_TARGET));
	knobs_reset();
	ASSERT_EQ(0, snapshot_take(&self->before));
	request_group(&self->request, &self->group, TEST_TARGET);
	request_group(&self->rest, &self->other, TEST_TARGET);
}

FIXTURE_TEARDOWN(delegate)
{
	knobs_reset();
	EXPECT_EQ(BINDERY_GROUP_FREE, close_claims(self->control, self->first));
	EXPECT_TRUE(wait_until(group_is(self->control, self->foreign,
					BINDERY_GROUP_FREE)));
	if (self->file >= 0)
		close(self->file);
	EXPECT_EQ(0, snapshot_compare(&self->before));
}

/* --- every call of a control file, as somebody may find it ---------------- */

struct visit {
	int (*become)(void);
	int file;
	uint32_t operations;	/* that it may do; others fail so: */
	uint32_t code;
	struct request *request;
	const char *bdf;
	const uint8_t *id;	/* of a claim that is there, or NULL */
};

static int expect(const char *what, int expected, int got)
{
	if (expected == got)
		return 0;
	note("%s: %d, not %d", what, got, expected);
	return 1;
}

static int judge(const char *what, const struct visit *visit,
		 uint32_t operation, int ret, int allowed,
		 const struct bindery_ioc_error *error)
{
	if (operation & visit->operations)
		return expect(what, allowed, ret);
	return expect(what, -EPERM, ret) +
	       expect("its code", visit->code, error->out_code) +
	       expect("its class", BINDERY_ERROR_CLASS_ASK, error->out_class);
}

/* The members of what is not theirs are not shown. */
static int request_is(const char *what, const struct visit *visit,
		      uint32_t operation,
		      int (*run)(int control, struct request *request),
		      int allowed)
{
	struct request request = *visit->request;
	struct answer answer;
	int ret, wrong;

	request.cmd.devices = (uintptr_t)request.devices;
	request.cmd.members = (uintptr_t)request.members;
	request.cmd.error = (uintptr_t)&request.error;
	ret = run(visit->file, &request);
	if (ret >= 0 && run != check) {
		wrong = expect("RELEASE of it", 0, release(ret, &answer));
		close_claim(ret);
		ret = 0;
	} else {
		wrong = 0;
	}
	if (!(operation & visit->operations))
		wrong += expect("members", 0, request.cmd.num_members);
	return wrong + judge(what, visit, operation, ret, allowed,
			     &request.error);
}

static int never(const char *what, const struct visit *visit, int ret,
		 const struct bindery_ioc_error *error)
{
	struct visit none = *visit;

	none.operations = 0;
	if (none.code != BINDERY_ERROR_REVOKED)
		none.code = BINDERY_ERROR_OPERATION;
	return judge(what, &none, 0, ret, 0, error);
}

/* What nobody gets by a delegated file. */
static int may_never(const struct visit *visit)
{
	struct bindery_ioc_revoke cmd;
	struct bindery_ioc_error error;
	struct delegated again;
	struct answer answer;
	int wrong;

	delegated_init(&again, BINDERY_OPERATION_SHOW, visit->bdf, NULL);
	wrong = never("RECOVER, REPAIR", visit,
		      recover(visit->file, BINDERY_RECOVER_REPAIR, NULL,
			      visit->bdf, &answer), &answer.error) +
		never("RECOVER, RELEASE", visit,
		      recover(visit->file, BINDERY_RECOVER_RELEASE, visit->id,
			      visit->bdf, &answer), &answer.error) +
		never("DELEGATE", visit, give(visit->file, &again),
		      &again.error);
	return wrong + never("REVOKE", visit,
			     revoke_with(visit->file, &cmd, &error, NO_ID,
					 visit->file, 0, 0), &error);
}

static int all_calls(const struct visit *visit)
{
	struct answer answer;
	int ret, wrong;

	wrong = judge("SHOW", visit, BINDERY_OPERATION_SHOW,
		      show(visit->file, visit->bdf, &answer), 0, &answer.error);
	wrong += request_is("CHECK", visit, BINDERY_OPERATION_CHECK, check, 0);
	wrong += request_is("ACQUIRE", visit, BINDERY_OPERATION_ACQUIRE,
			    acquire, 0);
	wrong += request_is("ADOPT", visit, BINDERY_OPERATION_ADOPT, adopt,
			    -EBUSY);
	ret = open_claim(visit->file, NULL, visit->bdf, &answer);
	wrong += judge("OPEN_CLAIM", visit, BINDERY_OPERATION_OPEN_CLAIM, ret,
		       -ENOENT, &answer.error);
	return wrong + may_never(visit);
}

static int in_child(int socket, void *arg)
{
	struct visit *visit = arg;

	(void)socket;
	if (visit->become())
		return 99;
	return all_calls(visit);
}

static int nobody_elsewhere(void)
{
	return become_nobody() ?: enter_user_namespace();
}

typedef int (*become_t)(void);

static const become_t without_rights[] = {
	become_nobody, drop_sys_admin, enter_user_namespace, nobody_elsewhere,
};
#define NUM_BECOME	4

static int run_child(FIXTURE_DATA(delegate) *self,
		     int (*run)(int socket, void *arg), struct visit *visit)
{
	if (child_start(&self->child, run, visit))
		return -1;
	return child_wait(&self->child);
}

TEST_F(delegate, G4_each_operation_is_a_right_of_its_own)
{
	struct visit visit = { .request = &self->request, .bdf = self->first,
			       .code = BINDERY_ERROR_OPERATION };

	for (uint32_t bit = 1; bit <= BINDERY_OPERATION_OPEN_CLAIM; bit <<= 1) {
		for (int i = 0; i < 2; i++) {
			visit.operations = i ? ALL & ~bit : bit;
			if (!visit.operations)
				continue;
			self->file = delegate_to(self, visit.operations,
						 self->first);
			ASSERT_LE(0, self->file);
			visit.file = self->file;
			visit.become = without_rights[i];
			EXPECT_EQ(0, run_child(self, in_child, &visit)) {
				TH_LOG("operations %#x", visit.operations);
			}
			close(self->file);
		}
	}
	self->file = -1;
}

TEST_F(delegate, G4_whoever_has_the_file_has_its_rights)
{
	struct visit visit = { .operations = ALL, .request = &self->request,
			       .bdf = self->first };

	self->file = visit.file = delegate_to(self, ALL, self->first);
	ASSERT_LE(0, self->file);
	for (int i = 0; i < NUM_BECOME; i++) {
		visit.become = without_rights[i];
		EXPECT_EQ(0, run_child(self, in_child, &visit));
	}
	/* nor does the issuer get more out of it */
	EXPECT_EQ(0, all_calls(&visit));
}

TEST_F(delegate, G4_another_group_is_out_of_reach)
{
	struct visit visit = { .request = &self->rest, .bdf = self->foreign,
			       .code = BINDERY_ERROR_FOREIGN_GROUP };

	self->file = visit.file = delegate_to(self, ALL, self->first);
	ASSERT_LE(0, self->file);
	for (int i = 0; i < NUM_BECOME; i++) {
		visit.become = without_rights[i];
		EXPECT_EQ(0, run_child(self, in_child, &visit));
	}
	/* one device too many spoils it */
	visit.request = &self->request;
	request_add(&self->request, self->foreign);
	EXPECT_EQ(0, request_is("CHECK", &visit, 0, check, 0));
	EXPECT_EQ(0, request_is("ACQUIRE", &visit, 0, acquire, 0));
	EXPECT_EQ(0, request_is("ADOPT", &visit, 0, adopt, 0));
}

TEST_F(delegate, G4_a_file_without_rights_delegates_nothing)
{
	struct bindery_ioc_info info = { .size = sizeof(info) };

	delegated_init(&self->delegated, ALL, self->first, NULL);
	self->claim = acquire(self->control, &self->request);
	ASSERT_LE(0, self->claim);
	EXPECT_EQ(-ENOTTY, call(self->claim, BINDERY_DELEGATE,
				&self->delegated.cmd));
	EXPECT_EQ(-ENOTTY, call(self->claim, BINDERY_REVOKE, &self->revoke));
	EXPECT_EQ(0, release(self->claim, &self->answer));
	ASSERT_EQ(0, drop_sys_admin());
	self->file = control_open();
	ASSERT_LE(0, self->file);
	ASSERT_EQ(0, call(self->file, BINDERY_INFO, &info));
	EXPECT_EQ(BINDERY_RIGHTS_READ, info.out_rights);
	EXPECT_EQ(-EPERM, give(self->file, &self->delegated));
	EXPECT_EQ(BINDERY_ERROR_NOT_PERMITTED, self->delegated.error.out_code);
	EXPECT_EQ(-EPERM, revoke_with(self->file, &self->revoke, &self->error,
				      NO_ID, self->file, 0, 0));
	EXPECT_EQ(BINDERY_ERROR_NOT_PERMITTED, self->error.out_code);
}

/* --- what is asked for ---------------------------------------------------- */

static int flag_refused(const char *what, int ret, struct request *request)
{
	return expect(what, -EPERM, ret) +
	       expect("its code", BINDERY_ERROR_FLAG, request->error.out_code);
}

TEST_F(delegate, G4_keep_repair_and_snapshots_are_refused)
{
	static const uint32_t flags[] = { BINDERY_ACQUIRE_KEEP,
					  BINDERY_ACQUIRE_REPAIR };

	self->file = delegate_to(self, ALL, self->first);
	ASSERT_LE(0, self->file);
	for (int i = 0; i < 2; i++) {
		self->request.cmd.flags = flags[i];
		EXPECT_EQ(0, flag_refused("ACQUIRE", acquire(self->file,
				&self->request), &self->request));
		EXPECT_EQ(0, flag_refused("CHECK", check(self->file,
				&self->request), &self->request));
		EXPECT_EQ(0, flag_refused("ADOPT", adopt(self->file,
				&self->request), &self->request));
	}
	self->request.cmd.flags = 0;
	request_native(&self->request, TEST_NATIVE, "");
	EXPECT_EQ(0, flag_refused("ADOPT with natives", adopt(self->file,
			&self->request), &self->request));
}

TEST_F(delegate, G4_no_module_is_loaded)
{
	module_unload("vfio_pci");
	ASSERT_FALSE(module_is_loaded("vfio_pci"));
	request_group(&self->request, &self->group, "");
	self->file = delegate_to(self, ALL, self->first);
	ASSERT_LE(0, self->file);
	EXPECT_EQ(-EPERM, acquire(self->file, &self->request));
	EXPECT_EQ(0, error_is(&self->request.error, BINDERY_ERROR_NOT_LOADED,
			      BINDERY_STEP_VALIDATE, EPERM, self->first,
			      VFIO_PCI));
	EXPECT_EQ(-EPERM, check(self->file, &self->request));
	EXPECT_EQ(BINDERY_ERROR_NOT_LOADED, self->request.error.out_code);
	EXPECT_FALSE(module_is_loaded("vfio_pci"));

	/* nor by who binds what they reserved */
	ASSERT_EQ(0, module_load("vfio_pci"));
	self->request.cmd.flags = BINDERY_ACQUIRE_RESERVE_ONLY;
	self->claim = acquire(self->file, &self->request);
	ASSERT_LE(0, self->claim);
	ASSERT_EQ(0, module_unload("vfio_pci"));
	EXPECT_EQ(-EPERM, bind_claim(self->claim, &self->answer, 0, 0));
	EXPECT_EQ(BINDERY_ERROR_NOT_LOADED, self->answer.error.out_code);
	EXPECT_FALSE(module_is_loaded("vfio_pci"));
	EXPECT_EQ(0, release(self->claim, &self->answer));
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
	struct visit visit = { .request = &self->request };

	self->file = visit.file = delegate_to(self, ALL, self->first);
	ASSERT_LE(0, self->file);
	for (int i = 0; i < NUM_BECOME; i++) {
		visit.become = without_rights[i];
		EXPECT_EQ(0, run_child(self, use_claim, &visit));
	}
}

static int foreign_claim(FIXTURE_DATA(delegate) *self, const uint8_t *id)
{
	int wrong;

	wrong = expect("OPEN_CLAIM by a device", -EPERM,
		       open_claim(self->file, NULL, self->first,
				  &self->answer)) +
		expect("its code", BINDERY_ERROR_FOREIGN_CLAIM,
		       self->answer.error.out_code);
	return wrong + expect("OPEN_CLAIM by id", -EPERM,
			      open_claim(self->file, id, NULL,
					 &self->answer)) +
	       expect("its code", BINDERY_ERROR_FOREIGN_CLAIM,
		      self->answer.error.out_code);
}

TEST_F(delegate, G4_claims_of_others_stay_theirs)
{
	struct delegated other;
	int file;

	self->file = delegate_to(self, ALL, self->first);
	ASSERT_LE(0, self->file);
	self->claim = acquire(self->control, &self->request);
	ASSERT_LE(0, self->claim);
	EXPECT_EQ(0, foreign_claim(self, self->request.cmd.out_claim_id));
	EXPECT_EQ(0, release(self->claim, &self->answer));

	/* the same rights, but not the same delegation */
	delegated_init(&other, ALL, self->first, NULL);
	file = give(self->control, &other);
	ASSERT_LE(0, file);
	self->claim = acquire(file, &self->request);
	ASSERT_LE(0, self->claim);
	EXPECT_EQ(0, foreign_claim(self, self->request.cmd.out_claim_id));
	EXPECT_LE(0, open_claim(file, NULL, self->first, &self->answer));
	EXPECT_LE(0, open_claim(file, self->request.cmd.out_claim_id, NULL,
				&self->answer));
	EXPECT_EQ(0, release(self->claim, &self->answer));
	close(file);
}

TEST_F(delegate, G4_a_kept_claim_of_others_is_not_adopted)
{
	self->file = delegate_to(self, ALL, self->first);
	ASSERT_LE(0, self->file);
	self->request.cmd.flags = BINDERY_ACQUIRE_KEEP;
	self->claim = acquire(self->control, &self->request);
	ASSERT_LE(0, self->claim);
	close_claim(self->claim);
	ASSERT_TRUE(wait_until(group_is(self->control, self->first,
					BINDERY_GROUP_KEPT)));
	self->request.cmd.flags = 0;
	EXPECT_EQ(-EPERM, adopt(self->file, &self->request));
	EXPECT_EQ(BINDERY_ERROR_FOREIGN_CLAIM,
		  self->request.error.out_code);
	EXPECT_TRUE(group_is(self->control, self->first, BINDERY_GROUP_KEPT));
	self->claim = open_claim(self->control, NULL, self->first,
				 &self->answer);
	ASSERT_LE(0, self->claim);
	EXPECT_EQ(0, release(self->claim, &self->answer));
}

/* --- revocation ----------------------------------------------------------- */

static int all_revoked(FIXTURE_DATA(delegate) *self, int file)
{
	struct bindery_ioc_info info = { .size = sizeof(info) };
	struct visit visit = { .file = file, .request = &self->request,
			       .bdf = self->first,
			       .code = BINDERY_ERROR_REVOKED };

	return expect("INFO", -EPERM, call(file, BINDERY_INFO, &info)) +
	       all_calls(&visit);
}

TEST_F(delegate, G4_nothing_is_left_after_revocation)
{
	self->file = delegate_to(self, ALL, self->first);
	ASSERT_LE(0, self->file);
	self->claim = acquire(self->file, &self->request);
	ASSERT_LE(0, self->claim);
	EXPECT_EQ(0, take_back(self, self->file, 0, 0));
	EXPECT_EQ(1, self->revoke.out_num_claims);
	EXPECT_EQ(0, all_revoked(self, self->file));

	/* the claim lives on */
	EXPECT_EQ(0, status(self->claim, &self->answer));
	EXPECT_EQ(BINDERY_GROUP_HELD, self->answer.status.out_state);

	EXPECT_EQ(0, take_back(self, self->file, BINDERY_REVOKE_RELEASE, 0));
	EXPECT_EQ(0, self->revoke.out_num_claims);
	EXPECT_EQ(-ESTALE, status(self->claim, &self->answer));
	EXPECT_TRUE(wait_until(group_is(self->control, self->first,
					BINDERY_GROUP_FREE)));
}

TEST_F(delegate, G4_claims_are_released_by_id_when_the_file_is_closed)
{
	self->file = delegate_to(self, ALL, self->first);
	ASSERT_LE(0, self->file);
	self->claim = acquire(self->file, &self->request);
	ASSERT_LE(0, self->claim);
	close(self->file);
	self->file = -1;
	EXPECT_EQ(0, revoke_with(self->control, &self->revoke, &self->error,
				 self->delegated.cmd.out_delegation_id, -1,
				 BINDERY_REVOKE_RELEASE, 0));
	EXPECT_EQ(-ESTALE, status(self->claim, &self->answer));
	close_claim(self->claim);
	EXPECT_TRUE(wait_until(revoke_with(self->control, &self->revoke,
			&self->error, self->delegated.cmd.out_delegation_id,
			-1, 0, 0) == -ENOENT));
	EXPECT_EQ(BINDERY_ERROR_NO_DELEGATION, self->error.out_code);
}

TEST_F(delegate, G4_only_a_delegation_can_be_revoked)
{
	static const uint8_t id[BINDERY_ID_SIZE] = { 1, 2, 3 };
	const int files[] = { -1, 0, self->control };

	for (int i = 0; i < 3; i++) {
		EXPECT_EQ(-ENOENT, take_back(self, files[i], 0, 0));
		EXPECT_EQ(BINDERY_ERROR_NO_DELEGATION, self->error.out_code);
	}
	EXPECT_EQ(-ENOENT, revoke_with(self->control, &self->revoke,
				       &self->error, id, -1, 0, 0));
	self->file = delegate_to(self, ALL, self->first);
	ASSERT_LE(0, self->file);
	EXPECT_EQ(-EOPNOTSUPP, take_back(self, self->file, 2, 0));
	EXPECT_EQ(-EINVAL, take_back(self, self->file, 0,
				  BINDERY_DEADLINE_MAX_MS + 1));
	EXPECT_EQ(0, show(self->file, self->first, &self->answer));
}

/* Until its native driver is told to go on; the child tells how it ended. */
static int hang(FIXTURE_DATA(delegate) *self)
{
	knob(TEST_NATIVE, "hold_remove", self->first);
	if (acquire_in_child(&self->child, self->file, &self->request))
		return -1;
	return wait_until(knob_read(TEST_NATIVE, "waiting")) ? 0 : -1;
}

TEST_F_TIMEOUT(delegate, G4_revoke_waits_for_a_call_in_flight, 60)
{
	int result = 0;

	self->file = delegate_to(self, ALL, self->first);
	ASSERT_LE(0, self->file);
	ASSERT_EQ(0, hang(self));
	EXPECT_EQ(-ETIMEDOUT, take_back(self, self->file, 0, 100));
	EXPECT_EQ(BINDERY_ERROR_DEADLINE, self->error.out_code);
	EXPECT_EQ(0, all_revoked(self, self->file));
	knob(TEST_NATIVE, "hold_remove", "");
	EXPECT_EQ(0, take_back(self, self->file, 0, 0));
	EXPECT_EQ(1, self->revoke.out_num_claims);
	EXPECT_EQ(0, hear(self->child.socket, &result));
	EXPECT_LE(0, result);
	EXPECT_TRUE(group_is(self->control, self->first, BINDERY_GROUP_HELD));
	child_kill(&self->child);
}

TEST_F_TIMEOUT(delegate, G4_revoke_with_release_undoes_a_call_in_flight, 60)
{
	int result = 0;

	self->file = delegate_to(self, ALL, self->first);
	ASSERT_LE(0, self->file);
	ASSERT_EQ(0, hang(self));
	EXPECT_EQ(-ETIMEDOUT, take_back(self, self->file, BINDERY_REVOKE_RELEASE,
				     100));
	knob(TEST_NATIVE, "hold_remove", "");
	EXPECT_EQ(0, take_back(self, self->file, BINDERY_REVOKE_RELEASE, 0));
	EXPECT_EQ(0, self->revoke.out_num_claims);
	EXPECT_EQ(0, hear(self->child.socket, &result));
	EXPECT_GT(0, result);
	child_kill(&self->child);
	EXPECT_TRUE(wait_until(group_is(self->control, self->first,
					BINDERY_GROUP_FREE)));
}

/* It is told at once, though the group is not free yet. */
TEST_F_TIMEOUT(delegate, G4_revoke_ends_a_wait_for_a_group, 60)
{
	struct child waiting;
	int result = 0;
	int all = self->control;

	self->file = delegate_to(self, ALL, self->first);
	ASSERT_LE(0, self->file);
	knob(TEST_NATIVE, "hold_remove", self->first);
	ASSERT_EQ(0, acquire_in_child(&self->child, all, &self->request));
	ASSERT_TRUE(wait_until(knob_read(TEST_NATIVE, "waiting")));
	ASSERT_EQ(0, acquire_in_child(&waiting, self->file, &self->request));
	EXPECT_EQ(0, poll(&(struct pollfd) { waiting.socket, POLLIN, 0 }, 1,
			  200));
	EXPECT_EQ(0, take_back(self, self->file, 0, 0));
	EXPECT_EQ(0, hear(waiting.socket, &result));
	EXPECT_EQ(-EPERM, result);
	EXPECT_EQ(1, knob_read(TEST_NATIVE, "waiting"));
	child_kill(&waiting);
	knob(TEST_NATIVE, "hold_remove", "");
	EXPECT_EQ(0, hear(self->child.socket, &result));
	EXPECT_LE(0, result);
	child_kill(&self->child);
}

/* --- groups, not numbers -------------------------------------------------- */

static int replug(const char *bdf)
{
	if (pci_write(bdf, "remove", "1") || !wait_until(!pci_exists(bdf)))
		return -1;
	if (write_file("/sys/bus/pci/rescan", "1"))
		return -1;
	return wait_until(pci_is_on(bdf, TEST_NATIVE)) ? 0 : -1;
}

TEST_F(delegate, G4_devices_that_come_back_are_not_the_same_group)
{
	struct visit visit = { .request = &self->rest, .bdf = self->foreign,
			       .code = BINDERY_ERROR_FOREIGN_GROUP };
	int was = pci_group(self->foreign);

	if (self->other.num != 1)
		SKIP(return, "no group of one device");
	self->file = visit.file = delegate_to(self, ALL, self->foreign);
	ASSERT_LE(0, self->file);
	EXPECT_EQ(0, show(self->file, self->foreign, &self->answer));
	ASSERT_EQ(0, replug(self->foreign));
	/* its number is not free while the delegation holds the old one */
	EXPECT_NE(was, pci_group(self->foreign));
	visit.become = become_nobody;
	EXPECT_EQ(0, run_child(self, in_child, &visit));
	close(self->file);
	self->file = -1;
	/* and is free, and used again, afterwards */
	ASSERT_EQ(0, replug(self->foreign));
	note("group %d is now %d", was, pci_group(self->foreign));
	snapshot_renumber(&self->before);
}

/* --- limits --------------------------------------------------------------- */

static int info_is(int file, uint32_t claims, uint32_t txns)
{
	struct bindery_ioc_info info = { .size = sizeof(info) };

	return expect("INFO", 0, call(file, BINDERY_INFO, &info)) +
	       expect("claims", claims, info.out_num_claims) +
	       expect("transactions", txns, info.out_num_transactions);
}

static int limit_hit(int ret, struct request *request)
{
	return expect("one too many", -EDQUOT, ret) +
	       expect("its code", BINDERY_ERROR_LIMIT,
		      request->error.out_code) +
	       expect("its class", BINDERY_ERROR_CLASS_RETRY,
		      request->error.out_class);
}

TEST_F(delegate, G4_claims_are_limited)
{
	delegated_init(&self->delegated, ALL, self->first, self->foreign);
	self->delegated.cmd.max_claims = 1;
	self->file = give(self->control, &self->delegated);
	ASSERT_LE(0, self->file);
	EXPECT_EQ(2, self->delegated.cmd.out_num_groups);
	for (int i = 0; i < 3; i++) {
		self->claim = acquire(self->file, &self->request);
		ASSERT_LE(0, self->claim);
		EXPECT_EQ(0, info_is(self->file, 1, 0));
		EXPECT_EQ(0, limit_hit(acquire(self->file, &self->rest),
				       &self->rest));
		EXPECT_EQ(0, release(self->claim, &self->answer));
		EXPECT_EQ(0, info_is(self->file, 0, 0));
	}
	/* one that fails leaves nothing behind */
	knob(TEST_TARGET, "fail", self->first);
	EXPECT_GT(0, acquire(self->file, &self->request));
	EXPECT_EQ(0, info_is(self->file, 0, 0));
}

TEST_F_TIMEOUT(delegate, G4_running_transactions_are_limited, 60)
{
	int result;

	delegated_init(&self->delegated, ALL, self->first, self->foreign);
	self->delegated.cmd.max_transactions = 1;
	self->file = give(self->control, &self->delegated);
	ASSERT_LE(0, self->file);
	ASSERT_EQ(0, hang(self));
	EXPECT_EQ(0, info_is(self->file, 1, 1));
	EXPECT_EQ(0, limit_hit(acquire(self->file, &self->rest), &self->rest));
	knob(TEST_NATIVE, "hold_remove", "");
	EXPECT_EQ(0, hear(self->child.socket, &result));
	EXPECT_EQ(0, info_is(self->file, 1, 0));
	self->claim = acquire(self->file, &self->rest);
	EXPECT_LE(0, self->claim);
	EXPECT_EQ(0, release(self->claim, &self->answer));
	child_kill(&self->child);
}

/* --- the file itself ------------------------------------------------------ */

static int use_received(int socket, void *arg)
{
	struct visit *visit = arg;

	close(visit->file);
	if (visit->become())
		return 99;
	visit->file = receive_fd(socket);
	return visit->file < 0 ? 98 : all_calls(visit);
}

TEST_F(delegate, G4_it_is_passed_over_a_socket)
{
	struct visit visit = { .operations = ALL, .request = &self->request,
			       .bdf = self->first };

	for (int i = 0; i < NUM_BECOME; i++) {
		visit.become = without_rights[i];
		visit.file = delegate_to(self, ALL, self->first);
		ASSERT_LE(0, visit.file);
		ASSERT_EQ(0, child_start(&self->child, use_received, &visit));
		ASSERT_EQ(0, send_fd(self->child.socket, visit.file));
		close(visit.file);
		EXPECT_EQ(0, child_wait(&self->child));
	}
}

static int issue(int socket, void *arg)
{
	struct delegated *d = arg;
	int control = control_open();

	return give(control, d) < 0 || send_fd(socket, d->cmd.out_control_fd);
}

TEST_F(delegate, G4_it_outlives_its_issuer)
{
	delegated_init(&self->delegated, ALL, self->first, NULL);
	ASSERT_EQ(0, child_start(&self->child, issue, &self->delegated));
	self->file = receive_fd(self->child.socket);
	ASSERT_LE(0, self->file);
	ASSERT_EQ(0, child_wait(&self->child));
	self->claim = acquire(self->file, &self->request);
	EXPECT_LE(0, self->claim);
	/* whoever has all rights can revoke it */
	EXPECT_EQ(0, take_back(self, self->file, BINDERY_REVOKE_RELEASE, 0));
	EXPECT_EQ(0, all_revoked(self, self->file));
}

TEST_F(delegate, G4_it_tells_its_rights_and_limits)
{
	const uint32_t operations = BINDERY_OPERATION_SHOW |
				    BINDERY_OPERATION_ACQUIRE;
	struct bindery_ioc_info info = { .size = sizeof(info) };
	struct bindery_ioc_info full = { .size = sizeof(full) };

	delegated_init(&self->delegated, operations, self->first, NULL);
	self->delegated.cmd.max_claims = 3;
	self->delegated.cmd.max_transactions = 2;
	self->file = give(self->control, &self->delegated);
	ASSERT_LE(0, self->file);
	ASSERT_EQ(0, call(self->file, BINDERY_INFO, &info));
	EXPECT_EQ(BINDERY_RIGHTS_DELEGATED, info.out_rights);
	EXPECT_EQ(operations, info.out_operations);
	EXPECT_EQ(1, info.out_num_groups);
	EXPECT_EQ(3, info.out_max_claims);
	EXPECT_EQ(2, info.out_max_transactions);
	EXPECT_EQ(0, memcmp(info.out_delegation_id,
			    self->delegated.cmd.out_delegation_id,
			    BINDERY_ID_SIZE));
	EXPECT_TRUE(id_is_uuid(info.out_delegation_id));
	ASSERT_EQ(0, call(self->control, BINDERY_INFO, &full));
	EXPECT_EQ(0, full.out_operations);
	EXPECT_EQ(BINDERY_DELEGATE_MAX_CLAIMS, full.out_max_claims);
	EXPECT_EQ(BINDERY_DELEGATE_MAX_TRANSACTIONS,
		  full.out_max_transactions);
	EXPECT_EQ(0, memcmp(full.out_delegation_id, NO_ID, BINDERY_ID_SIZE));
	EXPECT_NE(0, full.out_features & BINDERY_FEATURE_DELEGATE);
}

static bool fdinfo_has(int file, const char *line)
{
	char path[64], text[1024];

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", file);
	if (read_file(path, text, sizeof(text)) < 0)
		return false;
	if (strstr(text, line))
		return true;
	note("no line \"%s\" in: %s", line, text);
	return false;
}

TEST_F(delegate, G4_fdinfo_tells_what_it_is)
{
	char groups[64];

	self->file = delegate_to(self, ALL, self->first);
	ASSERT_LE(0, self->file);
	snprintf(groups, sizeof(groups), "bindery-groups:\t%d\n",
		 self->group.id);
	EXPECT_TRUE(fdinfo_has(self->file, groups));
	EXPECT_TRUE(fdinfo_has(self->file, "bindery-delegation:\t"));
	EXPECT_TRUE(fdinfo_has(self->file, "bindery-operations:\t0x1f\n"));
	EXPECT_TRUE(fdinfo_has(self->file, "bindery-label:\ta broker\n"));
	EXPECT_TRUE(fdinfo_has(self->file, "bindery-claims:\t0 of 256\n"));
	EXPECT_TRUE(fdinfo_has(self->file, "bindery-transactions:\t0 of 16\n"));
	EXPECT_TRUE(fdinfo_has(self->file, "bindery-revoked:\t0"));
	EXPECT_EQ(0, take_back(self, self->file, 0, 0));
	EXPECT_TRUE(fdinfo_has(self->file, "bindery-revoked:\t1"));
}

/* --- DELEGATE itself ------------------------------------------------------ */

#define REFUSED(_err, _code, ...) do {					\
	delegated_init(d, ALL, self->first, NULL);			\
	__VA_ARGS__;							\
	EXPECT_EQ(-(_err), give(self->control, d));			\
	EXPECT_EQ(BINDERY_ERROR_##_code, d->error.out_code);		\
} while (0)

TEST_F(delegate, G4_what_is_delegated_has_to_make_sense)
{
	struct delegated *d = &self->delegated;

	REFUSED(EINVAL, ARGUMENT, d->cmd.operations = 0);
	REFUSED(EOPNOTSUPP, ARGUMENT, d->cmd.operations = ALL + 1);
	REFUSED(EOPNOTSUPP, ARGUMENT, d->cmd.flags = 1);
	REFUSED(EOPNOTSUPP, ARGUMENT, d->cmd.__reserved = 1);
	REFUSED(EINVAL, EMPTY_LIST, d->cmd.num_devices = 0);
	REFUSED(EINVAL, ARGUMENT, d->cmd.device_size = 1);
	REFUSED(EFAULT, FAULT, d->cmd.devices = 16);
	REFUSED(E2BIG, TOO_MANY, d->cmd.num_devices = BINDERY_MAX_DEVICES + 1);
	REFUSED(E2BIG, TOO_MANY,
		d->cmd.max_claims = BINDERY_DELEGATE_MAX_CLAIMS + 1);
	REFUSED(E2BIG, TOO_MANY, d->cmd.max_transactions =
		BINDERY_DELEGATE_MAX_TRANSACTIONS + 1);
	REFUSED(ENODEV, NO_DEVICE, d->devices[0].bdf.domain = 0xfffff);
	REFUSED(EINVAL, ADDRESS, d->devices[0].bdf.slot = 99);
	REFUSED(EINVAL, LABEL, d->cmd.label[0] = 1);
	REFUSED(EINVAL, DUPLICATE, d->devices[1] = d->devices[0];
		d->cmd.num_devices = 2);
	REFUSED(EINVAL, NAME, d->devices[0].target[0] = '/');
}

TEST_HARNESS_MAIN
