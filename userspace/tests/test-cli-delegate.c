// SPDX-License-Identifier: GPL-2.0-or-later
/* What the tool does with delegations, as issuer and as user of one. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "bindery.h"
#include "cli.h"

#define SOCKET "/tmp/bindery-test-delegate"

static void start(void)
{
	mock_reset();
	mock_member(0, "vfio-pci", BINDERY_ROLE_REQUESTED, BINDERY_ACTION_MOVE);
	cli_use_tree(NULL);
	unsetenv("BINDERY_CONTROL_FD");
}

TEST(G4_U2_usage_errors_of_delegate_and_revoke)
{
	static const char *const lines[] = {
		"delegate", "delegate 01:00.0", "delegate 01:00.0 --",
		"delegate --ops fly 01:00.0 -- true",
		"delegate --ops show, 01:00.0 -- true",
		"delegate --ops open-claim-and-more 01:00.0 -- true",
		"delegate --max-claims 0 01:00.0 -- true",
		"delegate --max-transactions x 01:00.0 -- true",
		"delegate nothing -- true",
	};

	start();
	for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++)
		if (cli_run(lines[i]) != 125)
			test_fail(__FILE__, __LINE__, "'%s'", lines[i]);
	EXPECT_INT(cli_run("delegate --socket '' 01:00.0"), 125);
	EXPECT_TEXT(cli_err(), "bindery delegate: '' names no socket\nTry 'bindery help delegate'.\n");
	EXPECT_INT(cli_run("revoke"), 2);
	EXPECT_INT(cli_run("revoke " MOCK_ID " xyz"), 2);
	EXPECT_TEXT(cli_err(), "bindery revoke: 'xyz' is no id of a delegation\nTry 'bindery help revoke'.\n");
	EXPECT_INT(mock.count[MOCK_DELEGATE], 0);
	EXPECT_INT(mock.count[MOCK_REVOKE], 0);
}

TEST(G4_the_command_inherits_the_control_file)
{
	start();
	EXPECT_INT(cli_run("delegate --ops show,acquire --max-claims 3 --max-transactions 2 --label web 01:00.0 -- sh -c test\t-e\t/proc/self/fd/$BINDERY_CONTROL_FD&&exit\t7"),
		   7);
	EXPECT_INT(mock.delegate.operations,
		   BINDERY_OPERATION_SHOW | BINDERY_OPERATION_ACQUIRE);
	EXPECT_INT(mock.delegate.max_claims, 3);
	EXPECT_INT(mock.delegate.max_transactions, 2);
	EXPECT_TEXT(mock.delegate.label, "web");
	EXPECT_INT(cli_run("delegate 01:00.0 -- sh -c test\t$BINDERY_DELEGATION_ID\t=\t" MOCK_ID),
		   0);
	EXPECT_INT(mock.delegate.operations, 0x1f);
	EXPECT_INT(cli_run("delegate 01:00.0 -- /nowhere"), 127);
	EXPECT_INT(cli_run("delegate 01:00.0 -- /"), 126);
}

TEST(G4_a_refused_delegation_runs_nothing)
{
	start();
	mock_fail(MOCK_DELEGATE, EPERM, BINDERY_ERROR_OPERATION,
		  BINDERY_ERROR_CLASS_ASK, BINDERY_STEP_REQUEST);
	EXPECT_INT(cli_run("delegate 01:00.0 -- true"), 125);
}

TEST(G4_what_was_typed_is_told_without_control_characters)
{
	start();
	EXPECT_INT(cli_run("delegate 01:00.0 -- no\033where"), 127);
	EXPECT_HAS(cli_err(), "bindery: no\\x1bwhere: No such file or directory\n");
	EXPECT_INT(cli_run("exec 01:00.0 -- no\033where"), 127);
	EXPECT_HAS(cli_err(), "bindery: no\\x1bwhere: No such file or directory\n");
}

TEST(G4_nothing_is_delegated_where_no_socket_can_be)
{
	char line[256];

	start();
	snprintf(line, sizeof(line), "delegate --json --socket /%0108d 01:00.0",
		 0);
	EXPECT_INT(cli_run(line), 125);
	EXPECT_HAS(cli_err(), "the path of a socket has at most 107 bytes");
	EXPECT_INT(mock.count[MOCK_DELEGATE], 0);
}

TEST(G4_the_file_goes_to_who_listens)
{
	struct sockaddr_un address = { AF_UNIX, SOCKET };
	int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int client, fd = -1;

	start();
	unlink(SOCKET);
	EXPECT_INT(cli_run("delegate --socket " SOCKET " 01:00.0"), 125);
	EXPECT_INT(bind(listener, (struct sockaddr *)&address,
			sizeof(address)), 0);
	EXPECT_INT(listen(listener, 1), 0);
	EXPECT_INT(cli_run("delegate --json --socket " SOCKET " 01:00.0"), 0);
	client = accept(listener, NULL, NULL);
	EXPECT_INT(bindery_fd_receive(client, &fd), 0);
	EXPECT(fd >= 0);
	close(fd);
	close(client);
	close(listener);
	unlink(SOCKET);
}

TEST(G4_revoke_tells_what_lives_on)
{
	start();
	EXPECT_INT(cli_run("revoke --json " MOCK_ID), 0);
	EXPECT_INT(mock.revoke.flags, 0);
	EXPECT_INT(cli_run("revoke --release --deadline 2 " MOCK_ID), 0);
	EXPECT_INT(mock.revoke.flags, BINDERY_REVOKE_RELEASE);
	EXPECT_INT(mock.revoke.deadline_ms, 2000);
	mock_fail(MOCK_REVOKE, ENOENT, BINDERY_ERROR_NO_DELEGATION,
		  BINDERY_ERROR_CLASS_ASK, BINDERY_STEP_REQUEST);
	EXPECT_INT(cli_run("revoke --json " MOCK_ID), 1);
}

TEST(G4_what_is_revoked_is_told_as_such_also_when_calls_run_on)
{
	start();
	mock_fail(MOCK_REVOKE, ETIMEDOUT, BINDERY_ERROR_DEADLINE,
		  BINDERY_ERROR_CLASS_RETRY, BINDERY_STEP_REQUEST);
	EXPECT_INT(cli_run("revoke --json " MOCK_ID), 1);
	EXPECT_TEXT(json_at(cli_json(0), "revoked"), "true");
	EXPECT(!json_at(cli_json(0), "claims"));
	EXPECT_TEXT(json_at(cli_json(0), "error.code"), "deadline");
	EXPECT_INT(cli_run("revoke " MOCK_ID), 1);
	EXPECT_HAS(cli_out(), "revoked: yes\n");
	EXPECT_HAS(cli_err(), "revoke it again");
	mock_fail(MOCK_REVOKE, ENOENT, BINDERY_ERROR_NO_DELEGATION,
		  BINDERY_ERROR_CLASS_ASK, BINDERY_STEP_REQUEST);
	EXPECT_INT(cli_run("revoke --json " MOCK_ID), 1);
	EXPECT_TEXT(json_at(cli_json(0), "revoked"), "false");
}

TEST(G4_no_delegation_has_an_id_of_zeros)
{
	start();
	EXPECT_INT(cli_run("revoke --json 00000000-0000-0000-0000-000000000000"),
		   1);
	EXPECT_TEXT(json_at(cli_json(0), "error.code"), "no-delegation");
	EXPECT_INT(mock.count[MOCK_REVOKE], 0);
}

TEST(G4_revoke_asks_for_delegations)
{
	start();
	EXPECT_INT(cli_run("revoke"), 2);
	EXPECT_HAS(cli_err(), "no delegation was named");
	EXPECT_INT(cli_run("release"), 2);
	EXPECT_HAS(cli_err(), "no device was named");
}

TEST(G4_an_inherited_control_file_is_used)
{
	char number[16];
	int fd = open("/dev/null", O_RDWR);

	start();
	mock.open_errno = EACCES;
	EXPECT_INT(cli_run("show 01:00.0"), 1);
	snprintf(number, sizeof(number), "%d", fd);
	setenv("BINDERY_CONTROL_FD", number, 1);
	EXPECT_INT(cli_run("show 01:00.0"), 0);
	cli_use_tree(tree_new());
	tree_pci("0000:01:00.0", "vfio-pci", "5");
	mock.num_claims = 1;
	EXPECT_INT(cli_run("list -j"), 0);
	EXPECT_TEXT(json_at(cli_json(0), "groups.0.claim.id"), MOCK_ID);
	EXPECT_INT(cli_run("show --dot"), 0);
	EXPECT_HAS(cli_out(), "vm 1");
	EXPECT_INT(cli_run("complete release 0011"), 0);
	EXPECT_HAS(cli_out(), MOCK_ID);
	unsetenv("BINDERY_CONTROL_FD");
	EXPECT_INT(cli_run("list"), 0);
	EXPECT_HAS(cli_err(), "/dev/bindery may not be opened");
	tree_free();
	close(fd);
}

/* It is closed at the command's exec, and its number is free for the claim. */
TEST(G4_the_command_of_exec_is_told_of_no_control_file)
{
	char number[16];
	int fd = open("/dev/null", O_RDWR);

	start();
	snprintf(number, sizeof(number), "%d", fd);
	setenv("BINDERY_CONTROL_FD", number, 1);
	setenv("BINDERY_DELEGATION_ID", MOCK_ID, 1);
	EXPECT_INT(cli_run("exec 01:00.0 -- sh -c "
			   "echo\t${BINDERY_CONTROL_FD-no}\t${BINDERY_DELEGATION_ID-no}"),
		   0);
	EXPECT_TEXT(cli_out(), "no no\n");
	unsetenv("BINDERY_CONTROL_FD");
	unsetenv("BINDERY_DELEGATION_ID");
	close(fd);
}

TEST(G4_who_may_open_nothing_else_looks_through_it)
{
	int fd = open("/dev/null", O_RDWR);
	char number[16];

	start();
	cli_use_tree(tree_new());
	tree_pci("0000:01:00.0", "vfio-pci", "5");
	mock.state = BINDERY_GROUP_HELD;
	mock.open_errno = EACCES;
	EXPECT_INT(cli_run("list --json"), 0);
	EXPECT_HAS(cli_err(), "states are unknown: /dev/bindery may not be opened; ");
	snprintf(number, sizeof(number), "%d", fd);
	setenv("BINDERY_CONTROL_FD", number, 1);
	EXPECT_INT(cli_run("list --json"), 0);
	EXPECT_TEXT(cli_err(), "");
	EXPECT_TEXT(json_at(cli_json(0), "groups.0.state"), "held");
	EXPECT_INT(cli_run("show --tree"), 0);
	EXPECT_TEXT(cli_err(), "");
	EXPECT_INT(cli_run("complete release ''"), 0);
	unsetenv("BINDERY_CONTROL_FD");
	close(fd);
	mock.open_errno = EMFILE;
	EXPECT_INT(cli_run("list --json"), 0);
	EXPECT_HAS(cli_err(), "states are unknown: /dev/bindery: Too many open files\n");
	EXPECT_TEXT(json_at(cli_json(0), "module"), "true");
	cli_use_tree(NULL);
	tree_free();
}

TEST(G4_what_is_no_control_file_is_told_as_such)
{
	static const char *const numbers[] = {
		"", "-1", "0x0", "3x", "2147483648", "18446744073709551616",
		"999999",
	};

	start();
	for (size_t i = 0; i < sizeof(numbers) / sizeof(*numbers); i++) {
		setenv("BINDERY_CONTROL_FD", numbers[i], 1);
		EXPECT_INT(cli_run("show 01:00.0"), 1);
		EXPECT_TEXT(cli_err(),
			    "bindery: system: BINDERY_CONTROL_FD names no control file of bindery: Bad file descriptor\n");
	}
	setenv("BINDERY_CONTROL_FD", "0", 1);
	mock.fail[MOCK_INFO] = ENOTTY;
	EXPECT_INT(cli_run("show 01:00.0"), 1);
	EXPECT_TEXT(cli_err(),
		    "bindery: system: BINDERY_CONTROL_FD names no control file of bindery: Inappropriate ioctl for device\n");
	unsetenv("BINDERY_CONTROL_FD");
	EXPECT_INT(cli_run("show 01:00.0"), 1);
	EXPECT_HAS(cli_err(), "compare the versions");
}

