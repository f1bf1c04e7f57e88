// SPDX-License-Identifier: GPL-2.0-or-later
/* Delegation by the library, and by the tool. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "internal.h"
#include "mock.h"
#include "tap.h"

static const struct bindery_reference device_1 = { .bdf = { .bus = 1 } };

static struct bindery_context *context;
static struct bindery_request *request;
static struct bindery_id id;

static void start(void)
{
	mock_reset();
	EXPECT_INT(bindery_context_new(&context), 0);
	EXPECT_INT(bindery_request_new(&request), 0);
	EXPECT_INT(bindery_request_add_device(request, &device_1, NULL, NULL),
		   0);
	bindery_request_set_label(request, "broker");
}

static void finish(void)
{
	bindery_request_free(request);
	bindery_context_free(context);
}

TEST(G4_delegation_passes_what_is_asked_for)
{
	char text[BINDERY_ID_TEXT_SIZE];
	int fd = -1;

	start();
	EXPECT_INT(bindery_context_delegate(context, request,
					    BINDERY_OPERATION_ADOPT, 3, 2, &fd,
					    &id), 0);
	EXPECT_INT(mock.delegate.operations, BINDERY_OPERATION_ADOPT);
	EXPECT_INT(mock.delegate.max_claims, 3);
	EXPECT_INT(mock.delegate.max_transactions, 2);
	EXPECT_INT(mock.delegate.num_devices, 1);
	EXPECT_INT(mock.devices[0].bdf.bus, 1);
	EXPECT_TEXT(mock.delegate.label, "broker");
	EXPECT(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	bindery_id_format(&id, text);
	EXPECT_TEXT(text, MOCK_ID);
	close(fd);
	finish();
}

TEST(G4_a_refused_delegation_gives_nothing)
{
	int fd = 77;

	start();
	mock_fail(MOCK_DELEGATE, EPERM, BINDERY_ERROR_OPERATION,
		  BINDERY_ERROR_CLASS_ASK, BINDERY_STEP_REQUEST);
	EXPECT_INT(bindery_context_delegate(context, request, 1, 0, 0, &fd,
					    NULL), -EPERM);
	EXPECT_INT(fd, 77);
	EXPECT_INT(bindery_error_record_get_code(
			bindery_context_get_error(context)),
		   BINDERY_ERROR_OPERATION);
	finish();
}

TEST(G4_revocation_names_an_id_or_a_file)
{
	static const struct bindery_id some = { .bytes = { 1, 2 } };
	uint32_t claims = 0;

	start();
	EXPECT_INT(bindery_context_revoke(context, &some, -1,
					  BINDERY_REVOKE_RELEASE, 500, &claims),
		   0);
	EXPECT_INT(claims, 2);
	EXPECT_INT(mock.revoke.id[1], 2);
	EXPECT_INT(mock.revoke.flags, BINDERY_REVOKE_RELEASE);
	EXPECT_INT(mock.revoke.deadline_ms, 500);
	EXPECT_INT(bindery_context_revoke(context, NULL, 5, 0, 0, NULL), 0);
	EXPECT_INT(mock.revoke.id[1], 0);
	EXPECT_INT(mock.revoke.control_fd, 5);
	mock_fail(MOCK_REVOKE, ENOENT, BINDERY_ERROR_NO_DELEGATION,
		  BINDERY_ERROR_CLASS_ASK, BINDERY_STEP_REQUEST);
	EXPECT_INT(bindery_context_revoke(context, NULL, 5, 0, 0, &claims),
		   -ENOENT);
	EXPECT_INT(claims, 0);
	finish();
}

TEST(G4_a_context_is_made_of_a_file)
{
	struct bindery_info *info;
	int fd = open("/dev/null", O_RDWR);

	start();
	bindery_context_free(context);
	EXPECT_INT(bindery_context_new_from_fd(fd, &context), 0);
	EXPECT_INT(bindery_context_get_fd(context), fd);
	EXPECT(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	EXPECT_INT(bindery_context_get_info(context, &info), 0);
	EXPECT_INT(bindery_info_get_operations(info), BINDERY_OPERATION_SHOW);
	EXPECT_INT(bindery_info_get_num_groups(info), 8);
	EXPECT_INT(bindery_info_get_max_claims(info), 9);
	EXPECT_INT(bindery_info_get_max_transactions(info), 10);
	EXPECT_INT(bindery_info_get_num_claims(info), 11);
	EXPECT_INT(bindery_info_get_num_transactions(info), 12);
	id = bindery_info_get_delegation_id(info);
	EXPECT(!memcmp(id.bytes, mock_id, sizeof(mock_id)));
	bindery_info_free(info);
	finish();
}

TEST(G4_a_file_that_was_revoked_makes_no_context)
{
	int fd = open("/dev/null", O_RDWR);

	start();
	bindery_context_free(context);
	context = NULL;
	mock.fail[MOCK_INFO] = EPERM;
	EXPECT_INT(bindery_context_new_from_fd(fd, &context), -EPERM);
	EXPECT(!context);
	EXPECT_INT(close(fd), 0);
	mock.fail[MOCK_INFO] = 0;
	EXPECT_INT(bindery_context_new_from_fd(-1, &context), -EBADF);
	EXPECT(!context);
	finish();
}

TEST(G4_files_are_passed_over_a_socket)
{
	int sockets[2], fd = -1;
	char byte = 0;

	EXPECT_INT(socketpair(AF_UNIX, SOCK_STREAM, 0, sockets), 0);
	EXPECT_INT(bindery_fd_send(sockets[0], STDIN_FILENO), 0);
	EXPECT_INT(bindery_fd_receive(sockets[1], &fd), 0);
	EXPECT(fd > STDERR_FILENO && fcntl(fd, F_GETFD) & FD_CLOEXEC);
	close(fd);
	fd = 77;
	EXPECT_INT(write(sockets[0], &byte, 1), 1);
	EXPECT_INT(bindery_fd_receive(sockets[1], &fd), -EBADMSG);
	close(sockets[0]);
	EXPECT_INT(bindery_fd_receive(sockets[1], &fd), -EPIPE);
	EXPECT_INT(bindery_fd_send(sockets[1], STDIN_FILENO), -EPIPE);
	EXPECT_INT(bindery_fd_receive(-1, &fd), -EBADF);
	EXPECT_INT(fd, 77);
	close(sockets[1]);
}

TEST(G4_operations_have_symbols)
{
	EXPECT_TEXT(bindery_operation_symbol(BINDERY_OPERATION_SHOW), "show");
	EXPECT_TEXT(bindery_operation_symbol(BINDERY_OPERATION_CHECK), "check");
	EXPECT_TEXT(bindery_operation_symbol(BINDERY_OPERATION_ACQUIRE),
		    "acquire");
	EXPECT_TEXT(bindery_operation_symbol(BINDERY_OPERATION_ADOPT), "adopt");
	EXPECT_TEXT(bindery_operation_symbol(BINDERY_OPERATION_OPEN_CLAIM),
		    "open-claim");
	EXPECT_TEXT(bindery_operation_symbol(0x80), "unknown");
}

