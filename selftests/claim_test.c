// SPDX-License-Identifier: GPL-2.0-only
/* A claim lives as long as a file of it, and no longer. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "kselftest_harness.h"
#include "fixture.h"

COMMON_FIXTURE(claim, .label = "claim test")

TEST_F(claim, C1_closing_the_claim_restores)
{
	ACQUIRE();
	close_claim(self->claim);
	COMES_BACK();
}

/* The machine's own limit for a program is what ends a run that hangs. */
#define HOURS		(24 * 3600)

/* At any moment inside of ACQUIRE and RELEASE; others do not count. */
TEST_F_TIMEOUT(claim, C1_an_owner_killed_at_any_moment_leaves_nothing, HOURS)
{
	int wanted = num_rounds(500);
	struct kills kills = { 0 };
	long within = owner_needs(self->control, &self->request);

	ASSERT_LT(0, within);
	srandom(getpid());
	while (kills_inside(&kills) < wanted &&
	       kills_tried(&kills) < KILLS_AT_MOST(wanted)) {
		ASSERT_EQ(0, owner_kill(self->control, &self->request,
					self->first, &within, &kills));
		ASSERT_TRUE(BECOMES(FREE));
		ASSERT_EQ(0, snapshot_compare(&self->before)) {
			kills_print(&kills);
		}
	}
	kills_print(&kills);
	EXPECT_EQ(wanted, kills_inside(&kills));
	if (wanted < 200)
		return;
	EXPECT_LT(0, kills.acquiring);
	EXPECT_LT(0, kills.releasing);
}

TEST_F(claim, C1_exec_closes_the_claim)
{
	int sockets[2];
	pid_t pid;

	ACQUIRE();
	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM, 0, sockets));
	pid = fork();
	if (!pid) {
		dup2(sockets[1], 0);
		close(sockets[0]);
		execl("/bin/cat", "cat", NULL);
		_exit(127);
	}
	close(sockets[1]);
	close_claim(self->claim);
	EXPECT_TRUE(BECOMES(FREE));
	EXPECT_EQ(0, waitpid(pid, NULL, WNOHANG));
	EXPECT_EQ(0, snapshot_compare(&self->before));
	close(sockets[0]);
	waitpid(pid, NULL, 0);
}

TEST_F(claim, C1_a_duplicate_keeps_the_claim)
{
	int copy;

	ACQUIRE();
	copy = fcntl(self->claim, F_DUPFD_CLOEXEC, 0);
	ASSERT_LE(0, copy);
	close_claim(self->claim);
	EXPECT_EQ(BINDERY_GROUP_HELD, STATE());
	EXPECT_EQ(0, status(copy, &self->answer));
	close(copy);
	EXPECT_TRUE(BECOMES(FREE));
}

static int inherit(int socket, void *arg)
{
	int value;

	(void)arg;
	tell(socket, 0);
	return hear(socket, &value);
}

TEST_F(claim, C1_C11_a_child_keeps_the_claim)
{
	struct snapshot held;
	int ret;

	ACQUIRE();
	ASSERT_EQ(0, snapshot_take(&held));
	ASSERT_EQ(0, child_start(&self->child, inherit, NULL));
	ASSERT_EQ(0, hear(self->child.socket, &ret));
	close_claim(self->claim);
	EXPECT_EQ(BINDERY_GROUP_HELD, STATE());
	EXPECT_EQ(0, snapshot_compare_untouched(&held));
	child_kill(&self->child);
	EXPECT_TRUE(BECOMES(FREE));
}

TEST_F(claim, C1_C11_a_claim_on_its_way_through_a_socket_lives)
{
	struct snapshot held;
	int sockets[2];

	ACQUIRE();
	ASSERT_EQ(0, snapshot_take(&held));
	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM, 0, sockets));
	ASSERT_EQ(0, send_fd(sockets[0], self->claim));
	close_claim(self->claim);
	EXPECT_EQ(BINDERY_GROUP_HELD, STATE());
	self->claim = receive_fd(sockets[1]);
	ASSERT_LE(0, self->claim);
	EXPECT_EQ(0, status(self->claim, &self->answer));
	EXPECT_EQ(0, snapshot_compare_untouched(&held));

	/* And dies there, if nobody takes it out. */
	ASSERT_EQ(0, send_fd(sockets[0], self->claim));
	close(self->claim);
	EXPECT_EQ(BINDERY_GROUP_HELD, STATE());
	close(sockets[0]);
	close(sockets[1]);
	EXPECT_TRUE(BECOMES(FREE));
}

TEST_F(claim, C1_status_describes_the_claim)
{
	uint8_t first_id[16];

	ACQUIRE();
	ASSERT_EQ(0, status(self->claim, &self->answer));
	EXPECT_EQ(1, self->answer.status.out_num_groups);
	EXPECT_EQ(getpid(), self->answer.status.out_holder_pid);
	EXPECT_STREQ("claim_test", self->answer.status.out_holder_comm);
	EXPECT_STREQ("claim test", self->answer.status.out_label);
	EXPECT_EQ(self->group.num, self->answer.num_members);
	EXPECT_EQ(4, self->answer.status.out_id[6] >> 4);
	EXPECT_EQ(2, self->answer.status.out_id[8] >> 6);
	memcpy(first_id, self->answer.status.out_id, 16);
	ASSERT_EQ(0, release(self->claim, &self->answer));

	ACQUIRE();
	ASSERT_EQ(0, status(self->claim, &self->answer));
	EXPECT_NE(0, memcmp(first_id, self->answer.status.out_id, 16));
}

TEST_F(claim, C2_show_tells_holder_and_roles)
{
	struct bindery_ioc_show *shown = &self->answer.show;

	ASSERT_EQ(0, show(self->control, self->last, &self->answer));
	EXPECT_EQ(BINDERY_GROUP_FREE, shown->out_state);
	EXPECT_EQ(0, shown->out_num_claims);
	EXPECT_EQ(self->group.num, self->answer.num_members);
	ASSERT_LE(0, acquire(self->control, &self->request));
	ASSERT_EQ(0, show(self->control, self->last, &self->answer));
	EXPECT_EQ(BINDERY_GROUP_HELD, shown->out_state);
	EXPECT_EQ(self->group.id, shown->out_group);
	EXPECT_EQ(1, shown->out_num_claims);
	EXPECT_EQ(getpid(), shown->out_holder_pid);
	EXPECT_STREQ("claim_test", shown->out_holder_comm);
	EXPECT_STREQ("claim test", shown->out_holder_label);
	for (unsigned int i = 0; i < self->group.num; i++)
		EXPECT_EQ(0, member_compare(&self->answer.members[i],
					    BINDERY_ROLE_REQUESTED,
					    BINDERY_ACTION_MOVE, VFIO_PCI, 0));
}

TEST_F(claim, C1_C9_a_vfio_user_outlives_the_owner)
{
	struct bindery_ioc_error *error = &self->request.error;
	struct snapshot held;
	int ret;

	ASSERT_EQ(0, acquire_in_child(&self->child, self->control,
				      &self->request));
	ASSERT_EQ(0, hear(self->child.socket, &ret));
	ASSERT_LE(0, ret);
	ASSERT_EQ(0, vfio_open(&self->user, self->last));
	ASSERT_EQ(0, snapshot_take(&held));
	child_kill(&self->child);
	EXPECT_EQ(BINDERY_GROUP_DRAINING, STATE());

	strcpy(self->request.cmd.target, TEST_TARGET);
	self->request.cmd.deadline_ms = 100;
	EXPECT_EQ(-EBUSY, acquire(self->control, &self->request));
	EXPECT_EQ(0, error_is(error, BINDERY_ERROR_IN_USE,
			      BINDERY_STEP_RESERVE, EBUSY));
	EXPECT_EQ(BINDERY_GROUP_DRAINING, STATE());
	EXPECT_EQ(0, snapshot_compare_untouched(&held));

	vfio_close(&self->user);
	COMES_BACK();
}

TEST_F(claim, C9_release_is_refused_while_a_vfio_user_is_in)
{
	struct snapshot held;

	ACQUIRE();
	ASSERT_EQ(0, vfio_open(&self->user, self->first));
	ASSERT_EQ(0, snapshot_take(&held));
	EXPECT_EQ(-EBUSY, release(self->claim, &self->answer));
	EXPECT_EQ(0, error_is(&self->answer.error, BINDERY_ERROR_IN_USE,
			      BINDERY_STEP_FENCE, EBUSY));
	EXPECT_EQ(0, status(self->claim, &self->answer));
	EXPECT_EQ(BINDERY_GROUP_HELD, STATE());
	EXPECT_EQ(0, snapshot_compare_untouched(&held));
	vfio_close(&self->user);
	ASSERT_EQ(0, vfio_open(&self->user, self->first));
	vfio_close(&self->user);
	EXPECT_EQ(0, release(self->claim, &self->answer));
}

TEST_F(claim, C12_modules_stay_while_the_claim_lives)
{
	text_t module;

	ASSERT_EQ(0, pci_module(self->first, module));
	ACQUIRE();
	close(self->control);
	EXPECT_EQ(-EWOULDBLOCK, module_unload("bindery"));
	EXPECT_EQ(-EWOULDBLOCK, module_unload("vfio_pci"));
	ASSERT_EQ(0, status(self->claim, &self->answer));
	ASSERT_EQ(0, release(self->claim, &self->answer));
	close_claim(self->claim);
	EXPECT_TRUE(wait_until(!module_unload("bindery")));
	EXPECT_EQ(0, module_unload("vfio_pci"));
	EXPECT_EQ(0, snapshot_compare(&self->before));
	ASSERT_EQ(0, module_load("bindery"));
	ASSERT_TRUE(wait_until((self->control = control_open()) >= 0));
}

TEST_F(claim, C12_a_restore_keeps_the_module)
{
	ACQUIRE();
	ASSERT_EQ(0, vfio_open(&self->user, self->first));
	close(self->control);
	close_claim(self->claim);
	EXPECT_EQ(-EWOULDBLOCK, module_unload("bindery"));
	vfio_close(&self->user);
	EXPECT_TRUE(wait_until(!module_unload("bindery")));
	EXPECT_EQ(0, snapshot_compare(&self->before));
	ASSERT_EQ(0, module_load("bindery"));
	ASSERT_TRUE(wait_until((self->control = control_open()) >= 0));
}

TEST_HARNESS_MAIN
