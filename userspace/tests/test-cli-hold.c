// SPDX-License-Identifier: GPL-2.0-or-later
/* What is held until a signal, or while a command runs. */
#include <errno.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>

#include "cli.h"

/* What the next call fails with, unless it is 0; the tool is a child of ours. */
static int signalfd_errno, create_errno, wait_errno;
/* A group is removed, something happens, and the claim is released. */
static bool group_goes;

int __real_signalfd(int fd, const sigset_t *signals, int flags);
int __wrap_signalfd(int fd, const sigset_t *signals, int flags);
int __real_epoll_create1(int flags);
int __wrap_epoll_create1(int flags);
int __real_epoll_wait(int set, struct epoll_event *events, int num, int ms);
int __wrap_epoll_wait(int set, struct epoll_event *events, int num, int ms);

static bool fails(int *error)
{
	errno = *error;
	*error = 0;
	return errno;
}

int __wrap_signalfd(int fd, const sigset_t *signals, int flags)
{
	return fails(&signalfd_errno) ? -1 : __real_signalfd(fd, signals, flags);
}

int __wrap_epoll_create1(int flags)
{
	return fails(&create_errno) ? -1 : __real_epoll_create1(flags);
}

/* The claim's, which is not that of signals. */
static int tell_of_claim(struct epoll_event *event)
{
	static int times;

	if (++times == 3)
		mock.fail[MOCK_STATUS] = ESTALE;
	*event = (struct epoll_event) { EPOLLHUP, { .fd = -1 } };
	return 1;
}

int __wrap_epoll_wait(int set, struct epoll_event *events, int num, int ms)
{
	if (group_goes)
		return tell_of_claim(events);
	return fails(&wait_errno) ? -1 :
	       __real_epoll_wait(set, events, num, ms);
}

static void start_claimable(void)
{
	signalfd_errno = 0;
	create_errno = 0;
	wait_errno = 0;
	group_goes = false;
	mock_reset();
	cli_use_tree(NULL);
	mock_member(0, "e1000e", BINDERY_ROLE_REQUESTED, BINDERY_ACTION_MOVE);
}

static int acquire_until(const char *line, int signal_number)
{
	pid_t child = cli_start(line);

	EXPECT(cli_wait_for("held"));
	kill(child, signal_number);
	return cli_wait(child);
}

TEST(U2_acquire_holds_until_a_signal_and_restores)
{
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP };

	start_claimable();
	for (size_t i = 0; i < 3; i++)
		EXPECT_INT(acquire_until("acquire 0000:01:00.0", signals[i]), 0);
	EXPECT_HAS(cli_out(), "restored: yes\n");
	EXPECT_HAS(cli_out(),
		   "claim: id 00112233-4455-6677-8899-aabbccddeeff");
}

TEST(U2_acquire_outlives_a_hangup_under_nohup)
{
	pid_t child;

	start_claimable();
	cli_ignore_hangup(true);
	child = cli_start("acquire 0000:01:00.0");
	cli_ignore_hangup(false);
	EXPECT(cli_wait_for("held"));
	kill(child, SIGHUP);
	EXPECT(!cli_wait_for_briefly("restoring"));
	kill(child, SIGTERM);
	EXPECT_INT(cli_wait(child), 0);
}

TEST(U2_acquire_prints_a_document_for_each_end_of_the_claim)
{
	start_claimable();
	EXPECT_INT(acquire_until("acquire --json 0000:01:00.0", SIGTERM), 0);
	EXPECT_TEXT(json_at(cli_json(0), "claim.label"), "vm 1");
	EXPECT_TEXT(json_at(cli_json(0), "members.0.driver"),
		    "e1000e");
	EXPECT_TEXT(json_at(cli_json(1), "restored"), "true");
	EXPECT(!cli_json(2));
}

TEST(U2_who_cannot_hear_signals_does_not_hold)
{
	start_claimable();
	signalfd_errno = EMFILE;
	EXPECT_INT(cli_run("acquire 0000:01:00.0"), 1);
	EXPECT_TEXT(cli_err(), "bindery: system: signals: Too many open files\n");
	EXPECT_HAS(cli_out(), "restored: yes\n");
	EXPECT_INT(mock.count[MOCK_RELEASE], 1);
	mock_fail(MOCK_RELEASE, EIO, BINDERY_ERROR_DEGRADED,
		  BINDERY_ERROR_CLASS_HOST, BINDERY_STEP_RESTORE);
	signalfd_errno = 0;
	create_errno = ENFILE;
	EXPECT_INT(cli_run("acquire 0000:01:00.0"), 3);
	EXPECT_HAS(cli_err(), "signals: Too many open files in system\n");
}

TEST(U2_who_cannot_wait_for_an_end_restores)
{
	start_claimable();
	wait_errno = ENOMEM;
	EXPECT_INT(cli_run("acquire 0000:01:00.0"), 0);
	EXPECT_TEXT(cli_err(), "bindery: held; end with Ctrl-C\n"
		    "bindery: epoll_wait: Cannot allocate memory\n"
		    "bindery: restoring\n");
	EXPECT_HAS(cli_out(), "restored: yes\n");
}

TEST(U2_what_only_interrupts_the_waiting_does_not_end_it)
{
	start_claimable();
	wait_errno = EINTR;
	EXPECT_INT(acquire_until("acquire 0000:01:00.0", SIGTERM), 0);
	EXPECT_TEXT(cli_err(), "bindery: held; end with Ctrl-C\n"
		    "bindery: restoring\n");
}

TEST(C5_the_end_of_a_claim_is_seen_also_after_a_group_was_removed)
{
	start_claimable();
	group_goes = true;
	EXPECT_INT(cli_run("acquire 0000:01:00.0"), 0);
	EXPECT_TEXT(cli_err(), "bindery: held; end with Ctrl-C\n"
		    "bindery: all devices of a group were removed\n"
		    "bindery: the claim was released by somebody else\n");
	EXPECT_INT(mock.count[MOCK_STATUS], 4);
}

TEST(C8_a_restore_that_fails_ends_with_3_and_tells_of_each_member)
{
	start_claimable();
	mock.members[0].out_errno = ENODEV;
	mock_fail(MOCK_RELEASE, EIO, BINDERY_ERROR_DEGRADED,
		  BINDERY_ERROR_CLASS_HOST, BINDERY_STEP_RESTORE);
	EXPECT_INT(acquire_until("acquire 0000:01:00.0", SIGINT), 3);
	EXPECT_HAS(cli_out(), "No such device");
	EXPECT_HAS(cli_err(), "restore: degraded: ");
	EXPECT_INT(cli_run("exec 0000:01:00.0 -- true"), 125);
	EXPECT_INT(cli_run("exec 0000:01:00.0 -- false"), 1);
}

TEST(U2_a_release_kept_by_a_vfio_user_names_it)
{
	start_claimable();
	cli_use_tree(tree_new());
	tree_link("proc/12/fd/3", "/dev/vfio/5");
	tree_file("proc/12/comm", "qemu\n");
	mock_fail(MOCK_RELEASE, EBUSY, BINDERY_ERROR_IN_USE,
		  BINDERY_ERROR_CLASS_RETRY, BINDERY_STEP_FENCE);
	mock.error.out_flags = BINDERY_ERROR_HAS_GROUP;
	mock.error.out_group = 5;
	EXPECT_INT(acquire_until("acquire --json 0000:01:00.0", SIGINT), 3);
	EXPECT_TEXT(json_at(cli_json(1), "users.0.comm"), "qemu");
	EXPECT_TEXT(json_at(cli_json(1), "users.0.pid"), "12");
	EXPECT_TEXT(json_at(cli_json(1), "error.code"), "in-use");
	EXPECT_HAS(json_at(cli_json(1), "error.remedy"),
		   "restores by itself");
	tree_free();
}

TEST(U3_exec_ends_as_its_command_does)
{
	start_claimable();
	EXPECT_INT(cli_run("exec 0000:01:00.0 -- true"), 0);
	EXPECT_TEXT(cli_out(), "");
	EXPECT_TEXT(cli_err(), "");
	EXPECT_INT(cli_run("exec 0000:01:00.0 -- sh -c exit\t42"), 42);
	EXPECT_INT(cli_run("exec 0000:01:00.0 -- sh -c kill\t-9\t$$"), 137);
	EXPECT_INT(cli_run("exec 0000:01:00.0 -- /nonexistent"), 127);
	EXPECT_INT(cli_run("exec 0000:01:00.0 -- /etc/passwd"), 126);
}

TEST(U3_options_after_the_dashes_are_the_commands)
{
	start_claimable();
	EXPECT_INT(cli_run("exec 0000:01:00.0 --label x -- echo --json -- a"), 0);
	EXPECT_TEXT(cli_out(), "--json -- a\n");
}

TEST(U3_the_command_inherits_the_claim_and_its_number)
{
	start_claimable();
	EXPECT_INT(cli_run("exec 0000:01:00.0 -- sh -c "
			   "readlink\t/proc/self/fd/$BINDERY_CLAIM_FD"), 0);
	EXPECT_TEXT(cli_out(), "anon_inode:[eventfd]\n");
}

TEST(U3_the_commands_signals_are_not_blocked)
{
	start_claimable();
	EXPECT_INT(cli_run("exec 0000:01:00.0 -- sh -c kill\t-TERM\t$$"), 143);
}

TEST(U3_signals_are_forwarded)
{
	static const struct {
		int number;
		int status;
	} cases[] = { { SIGTERM, 3 }, { SIGINT, 4 }, { SIGHUP, 5 } };

	start_claimable();
	for (size_t i = 0; i < 3; i++) {
		pid_t child = cli_start("exec 0000:01:00.0 -- sh -c "
			"trap\t'exit\t3'\tTERM;trap\t'exit\t4'\tINT;"
			"trap\t'exit\t5'\tHUP;echo\tready>&2;"
			"i=0;while\t[\t$i\t-lt\t200\t];do\t"
			"i=$((i+1));sleep\t0.05;done");

		EXPECT(cli_wait_for("ready"));
		kill(child, cases[i].number);
		EXPECT_INT(cli_wait(child), cases[i].status);
	}
}

TEST(U3_a_claim_that_lives_on_in_a_descendant_is_not_released)
{
	start_claimable();
	mock_fail(MOCK_RELEASE, EIO, BINDERY_ERROR_DEGRADED,
		  BINDERY_ERROR_CLASS_HOST, BINDERY_STEP_RESTORE);
	EXPECT_INT(cli_run("exec 0000:01:00.0 -- sh -c sleep\t2&"), 0);
	EXPECT_HAS(cli_err(), "lives on in other processes");
	EXPECT_HAS(cli_err(), "users:\n  PID");
	EXPECT(!strstr(cli_err(), "degraded"));
}

TEST(U3_exec_writes_its_documents_to_standard_error)
{
	start_claimable();
	EXPECT_INT(cli_run("exec --json 0000:01:00.0 -- echo hello"), 0);
	EXPECT_TEXT(cli_out(), "hello\n");
	EXPECT_HAS(cli_err(), "\"claim\":{");
	EXPECT_HAS(cli_err(), "\n{\"restored\":true");
}
