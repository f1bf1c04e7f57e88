// SPDX-License-Identifier: GPL-2.0-only
/* Who may do what: it is decided when /dev/bindery is opened. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "kselftest_harness.h"
#include "lib.h"

#define NODE	"/dev/bindery"

FIXTURE(rights) {
	int control;
	int claim;
	struct group group;
	char *first;
	struct snapshot before;
	struct request request;
	struct answer answer;
	struct child child;
	mode_t mode;
};

FIXTURE_SETUP(rights)
{
	struct stat st;

	self->control = control_open();
	ASSERT_LE(0, self->control);
	ASSERT_EQ(0, stat(NODE, &st));
	self->mode = st.st_mode & 0777;
	if (group_choose(&self->group, NULL))
		SKIP(return, "no group of endpoints on native drivers");
	self->first = self->group.bdf[0];
	ASSERT_EQ(0, module_load("vfio_pci"));
	ASSERT_EQ(0, snapshot_take(&self->before));
	request_group(&self->request, &self->group, "");
}

FIXTURE_TEARDOWN(rights)
{
	chmod(NODE, self->mode);
	EXPECT_EQ(BINDERY_GROUP_FREE, close_claims(self->control, self->first));
	EXPECT_EQ(0, snapshot_compare(&self->before));
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

static int may_only_look(int control, struct visit *visit)
{
	struct bindery_ioc_info info = { .size = sizeof(info) };
	struct answer answer;
	int wrong;

	wrong = expect("INFO", 0, call(control, BINDERY_INFO, &info)) +
		expect("INFO's rights", BINDERY_RIGHTS_READ, info.out_rights) +
		expect("SHOW", 0, show(control, visit->bdf, &answer)) +
		expect("CHECK", 0, check(control, visit->request)) +
		expect("ACQUIRE", -EPERM, acquire(control, visit->request));
	return wrong + error_is(&visit->request->error,
				BINDERY_ERROR_NOT_PERMITTED,
				BINDERY_STEP_REQUEST, EPERM);
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

static int run_visit(FIXTURE_DATA(rights) *self, int (*become)(void),
		     int control)
{
	struct visit arg = { become, control, -1, &self->request, self->first };

	if (child_start(&self->child, visit, &arg))
		return -1;
	return child_wait(&self->child);
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

TEST_F(rights, G5_an_ordinary_user_who_can_open_it_may_only_look)
{
	ASSERT_EQ(0, chmod(NODE, 0666));
	EXPECT_EQ(0, run_visit(self, become_nobody, -1));
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

	(void)socket;
	if (become_nobody())
		return 99;
	return acquire(visit->control, visit->request) < 0;
}

/* As with every file: the right is the file's. */
TEST_F(rights, G5_a_file_opened_with_rights_keeps_them)
{
	struct visit arg = { NULL, self->control, -1, &self->request,
			     self->first };

	ASSERT_EQ(0, child_start(&self->child, use_control, &arg));
	EXPECT_EQ(0, child_wait(&self->child));
}

static int use_claim(int socket, void *arg)
{
	struct visit *visit = arg;
	struct bindery_ioc_info info = { .size = sizeof(info) };
	int claim = visit->claim;
	struct answer answer;
	int wrong;

	(void)socket;
	if (become_nobody())
		return 99;
	wrong = expect("STATUS", 0, status(claim, &answer)) +
		expect("INFO of a claim", -ENOTTY,
		       call(claim, BINDERY_INFO, &info)) +
		expect("ACQUIRE of a claim", -ENOTTY,
		       call(claim, BINDERY_ACQUIRE, &visit->request->cmd)) +
		expect("SHOW of a claim", -ENOTTY,
		       call(claim, BINDERY_SHOW, &answer.show));
	return wrong + expect("RELEASE", 0, release(claim, &answer));
}

TEST_F(rights, G5_a_claim_can_be_asked_and_released_by_anybody)
{
	struct visit arg = { .request = &self->request };

	self->claim = acquire(self->control, &self->request);
	ASSERT_LE(0, self->claim);
	arg.claim = self->claim;
	ASSERT_EQ(0, child_start(&self->child, use_claim, &arg));
	EXPECT_EQ(0, child_wait(&self->child));
	EXPECT_EQ(-ESTALE, status(self->claim, &self->answer));
	EXPECT_EQ(0, snapshot_compare(&self->before));
}

TEST_HARNESS_MAIN
