// SPDX-License-Identifier: GPL-2.0-only
/*
 * Who may do what: it is decided when /dev/bindery is opened, and for some
 * calls once more when they are made.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "kselftest_harness.h"
#include "fixture.h"

#define NODE	"/dev/bindery"

FIXTURE(rights) {
	COMMON;
	mode_t mode;
};

FIXTURE_SETUP(rights)
{
	struct stat st;

	COMMON_SETUP();
	ASSERT_EQ(0, stat(NODE, &st));
	self->mode = st.st_mode & 0777;
}

FIXTURE_TEARDOWN(rights)
{
	chmod(NODE, self->mode);
	COMMON_TEARDOWN();
}

/* What somebody without rights does, in a child: 0 if all is as it has to be */
struct visit {
	int (*become)(void);
	int control;		/* -1: open it there */
	int claim;
	struct request *request;
	const char *bdf;
};

static int expect(const char *what, int expected, int got)
{
	if (expected == got)
		return 0;
	note("%s returned %d, not %d", what, got, expected);
	return 1;
}

static int refused(const char *what, int ret,
		   const struct bindery_ioc_error *error)
{
	return expect(what, -EPERM, ret) +
	       error_is(error, BINDERY_ERROR_NOT_PERMITTED,
			BINDERY_STEP_REQUEST, EPERM);
}

/* Both operations, and those of the second that ask for more. */
static int may_not_recover(int control, struct visit *visit)
{
	const uint8_t *id = visit->request->cmd.out_claim_id;
	struct answer answer;
	int wrong;

	wrong = refused("RECOVER, REPAIR",
			recover(control, BINDERY_RECOVER_REPAIR, NULL,
				visit->bdf, &answer), &answer.error) +
		refused("RECOVER, RELEASE by a device",
			recover(control, BINDERY_RECOVER_RELEASE, NULL,
				visit->bdf, &answer), &answer.error) +
		refused("RECOVER, RELEASE by id",
			recover(control, BINDERY_RECOVER_RELEASE, id, NULL,
				&answer), &answer.error);
	return wrong + refused("RECOVER, RELEASE with FORCE",
			       recover_with(control, BINDERY_RECOVER_RELEASE,
					    id, NULL, &answer,
					    BINDERY_RELEASE_FORCE, 0),
			       &answer.error);
}

static int may_not_change(int control, struct visit *visit)
{
	struct request request = *visit->request;
	struct answer answer;
	int wrong;

	request.cmd.devices = (uintptr_t)request.devices;
	request.cmd.members = (uintptr_t)request.members;
	request.cmd.error = (uintptr_t)&request.error;
	wrong = refused("ACQUIRE", acquire(control, &request),
			&request.error) +
		refused("ADOPT", adopt(control, &request), &request.error) +
		refused("OPEN_CLAIM by a device",
			open_claim(control, NULL, visit->bdf, &answer),
			&answer.error) +
		refused("OPEN_CLAIM by id",
			open_claim(control, visit->request->cmd.out_claim_id,
				   NULL, &answer), &answer.error);
	return wrong + may_not_recover(control, visit);
}

static int may_only_look(int control, struct visit *visit)
{
	struct bindery_ioc_info info = { .size = sizeof(info) };
	struct answer answer;

	return expect("INFO", 0, call(control, BINDERY_INFO, &info)) +
	       expect("INFO's rights", BINDERY_RIGHTS_READ, info.out_rights) +
	       expect("SHOW", 0, show(control, visit->bdf, &answer)) +
	       may_not_change(control, visit);
}

static int visit(int socket, void *arg)
{
	struct visit *visit = arg;
	int control = visit->control;

	(void)socket;
	if (visit->become && visit->become()) {
		note("cannot drop rights: %m");
		return 99;
	}
	if (control < 0)
		control = control_open();
	if (control < 0)
		return 98;
	return may_only_look(control, visit);
}

static int run_as(FIXTURE_DATA(rights) *self,
		  int (*run)(int socket, void *arg), int (*become)(void),
		  int control)
{
	struct visit arg = { become, control, self->claim, &self->request,
			     self->first };

	if (child_start(&self->child, run, &arg))
		return -1;
	return child_wait(&self->child);
}

static int run_visit(FIXTURE_DATA(rights) *self, int (*become)(void),
		     int control)
{
	return run_as(self, visit, become, control);
}

/* Leave a claim of which no file is open. */
static int leave_kept(FIXTURE_DATA(rights) *self)
{
	int claim;

	self->request.cmd.flags = BINDERY_ACQUIRE_KEEP;
	claim = acquire(self->control, &self->request);
	if (claim < 0)
		return claim;
	close_claim(claim);
	return BECOMES(KEPT) ? 0 : -ETIMEDOUT;
}

static int release_what_is_kept(FIXTURE_DATA(rights) *self)
{
	if (!IS(KEPT))
		note("it is not kept any more");
	return recover(self->control, BINDERY_RECOVER_RELEASE,
		       self->request.cmd.out_claim_id, NULL, &self->answer);
}

TEST_F(rights, G5_the_node_is_for_root_alone)
{
	EXPECT_EQ(0600, self->mode);
	EXPECT_EQ(98, run_visit(self, become_nobody, -1));
}

TEST_F(rights, G5_an_open_file_says_what_it_may_do)
{
	struct bindery_ioc_info info = { .size = sizeof(info) };

	ASSERT_EQ(0, call(self->control, BINDERY_INFO, &info));
	EXPECT_EQ(BINDERY_RIGHTS_FULL, info.out_rights);
}

static int may_check(int socket, void *arg)
{
	struct visit *visit = arg;

	(void)socket;
	if (visit->become())
		return 99;
	return check(control_open(), visit->request) ? 1 : 0;
}

TEST_F(rights, G5_an_ordinary_user_who_can_open_it_may_only_look)
{
	ASSERT_EQ(0, chmod(NODE, 0666));
	EXPECT_EQ(0, run_visit(self, become_nobody, -1));
	EXPECT_EQ(0, run_as(self, may_check, become_nobody, -1));
}

TEST_F(rights, G5_root_without_the_capability_may_only_look)
{
	EXPECT_EQ(0, run_visit(self, drop_sys_admin, -1));
}

TEST_F(rights, G5_root_of_a_user_namespace_may_only_look)
{
	ASSERT_EQ(0, chmod(NODE, 0666));
	EXPECT_EQ(0, run_visit(self, enter_user_namespace, -1));
}

/* What there is to open, to adopt and to release is not theirs either. */
TEST_F(rights, G5_a_kept_claim_stays_with_those_who_have_rights)
{
	ASSERT_EQ(0, chmod(NODE, 0666));
	ASSERT_EQ(0, leave_kept(self));
	EXPECT_EQ(0, run_visit(self, become_nobody, -1));
	EXPECT_EQ(0, run_visit(self, drop_sys_admin, -1));
	EXPECT_EQ(0, run_visit(self, enter_user_namespace, -1));
	EXPECT_EQ(0, release_what_is_kept(self));
}

static int open_for_parent(int socket, void *arg)
{
	int value, control;

	(void)arg;
	if (drop_sys_admin())
		return 99;
	control = control_open();
	if (control < 0 || send_fd(socket, control))
		return 98;
	return hear(socket, &value);
}

/* The file has no rights, whatever those have who got it. */
TEST_F(rights, G5_a_file_opened_without_rights_gives_none_to_root)
{
	int control;

	ASSERT_EQ(0, child_start(&self->child, open_for_parent, NULL));
	control = receive_fd(self->child.socket);
	ASSERT_LE(0, control);
	EXPECT_EQ(0, run_visit(self, NULL, control));
	close(control);
}

static int use_control(int socket, void *arg)
{
	struct visit *visit = arg;
	struct answer answer;
	int claim;

	(void)socket;
	if (visit->become())
		return 99;
	claim = acquire(visit->control, visit->request);
	if (claim < 0)
		return 1;
	return expect("OPEN_CLAIM", 0, open_claim(visit->control, NULL,
						  visit->bdf, &answer) < 0) +
	       expect("RELEASE", 0, release(claim, &answer));
}

/* As with every file: the right is the file's. */
TEST_F(rights, G5_a_file_opened_with_rights_keeps_them)
{
	EXPECT_EQ(0, run_as(self, use_control, become_nobody, self->control));
	EXPECT_EQ(0, run_as(self, use_control, drop_sys_admin, self->control));
	EXPECT_EQ(0, run_as(self, use_control, enter_user_namespace,
			    self->control));
}

static int use_recover(int socket, void *arg)
{
	struct visit *visit = arg;

	(void)socket;
	if (visit->become())
		return 99;
	return may_not_recover(visit->control, visit);
}

/* It may load modules, and takes from others what they kept. */
TEST_F(rights, G5_recovering_needs_the_capability_at_the_call)
{
	ASSERT_EQ(0, leave_kept(self));
	EXPECT_EQ(0, run_as(self, use_recover, become_nobody, self->control));
	EXPECT_EQ(0, run_as(self, use_recover, drop_sys_admin, self->control));
	EXPECT_EQ(0, run_as(self, use_recover, enter_user_namespace,
			    self->control));
	EXPECT_EQ(0, release_what_is_kept(self));
}

/* Nothing of the control file; of a claim's calls, those that take nothing. */
static int may_use_claim(int claim, struct visit *visit)
{
	struct bindery_ioc_info info = { .size = sizeof(info) };
	struct answer answer, was;
	struct bindery_ioc_member *member;
	int wrong;

	member = status_member(claim, visit->bdf, &was);
	if (!member)
		return 90;
	wrong = expect("MARK", 0, mark(claim, visit->bdf,
				       BINDERY_EVENT_ATTACH_OK,
				       member->out_generation, &answer)) +
		refused("KEEP", keep_told(claim, BINDERY_KEEP_ON, &answer),
			&answer.error) +
		refused("BIND", bind_claim(claim, &answer, 0, 0),
			&answer.error) +
		refused("RELEASE with FORCE",
			release_with(claim, &answer, BINDERY_RELEASE_FORCE, 0,
				     0), &answer.error) +
		expect("INFO of a claim", -ENOTTY,
		       call(claim, BINDERY_INFO, &info)) +
		expect("ACQUIRE of a claim", -ENOTTY,
		       call(claim, BINDERY_ACQUIRE, &visit->request->cmd));
	wrong += expect("STATUS", 0, status(claim, &answer)) +
		 expect("the claim's flags", 0, answer.status.out_flags);
	return wrong + expect("RELEASE", 0, release(claim, &answer));
}

static int use_inherited(int socket, void *arg)
{
	struct visit *visit = arg;

	(void)socket;
	if (visit->become())
		return 99;
	return may_use_claim(visit->claim, visit);
}

static int use_received(int socket, void *arg)
{
	struct visit *visit = arg;

	close(visit->claim);
	if (visit->become())
		return 99;
	return may_use_claim(receive_fd(socket), visit);
}

static int get_claim(FIXTURE_DATA(rights) *self, uint32_t flags)
{
	self->request.cmd.flags = flags;
	self->claim = acquire(self->control, &self->request);
	return self->claim < 0 ? self->claim : 0;
}

typedef int (*become_t)(void);

static const become_t without_rights[] = {
	become_nobody, drop_sys_admin, enter_user_namespace,
};

TEST_F(rights, G5_C11_an_inherited_claim_can_be_marked_and_released)
{
	for (int i = 0; i < 3; i++) {
		ASSERT_EQ(0, get_claim(self, 0));
		EXPECT_EQ(0, run_as(self, use_inherited, without_rights[i],
				    -1));
		EXPECT_EQ(-ESTALE, status(self->claim, &self->answer));
		EXPECT_EQ(0, snapshot_compare(&self->before));
	}
}

/* The receiver has the last file of it. */
TEST_F(rights, G5_C11_a_claim_that_was_passed_can_be_marked_and_released)
{
	struct visit arg = { NULL, -1, -1, &self->request, self->first };

	for (int i = 0; i < 3; i++) {
		ASSERT_EQ(0, get_claim(self, 0));
		arg.become = without_rights[i];
		arg.claim = self->claim;
		ASSERT_EQ(0, child_start(&self->child, use_received, &arg));
		ASSERT_EQ(0, send_fd(self->child.socket, self->claim));
		close_claim(self->claim);
		EXPECT_EQ(0, child_wait(&self->child));
		EXPECT_EQ(0, snapshot_compare(&self->before));
	}
}

static int use_reserved(int socket, void *arg)
{
	struct visit *visit = arg;
	struct answer answer;

	(void)socket;
	if (visit->become())
		return 99;
	return refused("BIND", bind_claim(visit->claim, &answer, 0, 0),
		       &answer.error) +
	       expect("STATUS", 0, status(visit->claim, &answer)) +
	       expect("its state", BINDERY_GROUP_RESERVED,
		      answer.status.out_state);
}

TEST_F(rights, G5_T15_binding_needs_the_capability_at_the_call)
{
	ASSERT_EQ(0, get_claim(self, BINDERY_ACQUIRE_RESERVE_ONLY));
	for (int i = 0; i < 3; i++)
		EXPECT_EQ(0, run_as(self, use_reserved, without_rights[i],
				    -1));
	EXPECT_EQ(0, snapshot_compare_untouched(&self->before));
	EXPECT_EQ(0, bind_claim(self->claim, &self->answer, 0, 0));
	EXPECT_EQ(0, release(self->claim, &self->answer));
}

TEST_HARNESS_MAIN
