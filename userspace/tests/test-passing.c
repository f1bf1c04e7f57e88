// SPDX-License-Identifier: GPL-2.0-or-later
/* Who receives a file does not know what the other end sends. */
#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "internal.h"
#include "tap.h"

#define MAX_FILES 8

static int sockets[2];

static void start(void)
{
	EXPECT_INT(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets),
		   0);
}

static void finish(void)
{
	close(sockets[0]);
	close(sockets[1]);
}

/* The lowest number that a file would get now: more are open if it is higher. */
static int next_number(void)
{
	int fd = dup(STDIN_FILENO);

	close(fd);
	return fd;
}

static void send_files(size_t count)
{
	union {
		struct cmsghdr head;
		char bytes[CMSG_SPACE(MAX_FILES * sizeof(int))];
	} control = { .bytes = { 0 } };
	char byte = 0;
	struct iovec data = { &byte, 1 };
	struct msghdr message = {
		.msg_iov = &data,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = CMSG_SPACE(count * sizeof(int)),
	};
	int fd = STDIN_FILENO;

	control.head.cmsg_level = SOL_SOCKET;
	control.head.cmsg_type = SCM_RIGHTS;
	control.head.cmsg_len = CMSG_LEN(count * sizeof(int));
	for (size_t i = 0; i < count; i++)
		memcpy(CMSG_DATA(&control.head) + i * sizeof(fd), &fd,
		       sizeof(fd));
	EXPECT_INT(sendmsg(sockets[0], &message, 0), 1);
}

TEST(G4_one_file_is_taken)
{
	int fd = -1, before;

	start();
	before = next_number();
	send_files(1);
	EXPECT_INT(bindery_fd_receive(sockets[1], &fd), 0);
	EXPECT_INT(fd, before);
	close(fd);
	finish();
}

TEST(G4_of_files_that_were_not_asked_for_none_stays_open)
{
	int fd = 77, before;

	start();
	before = next_number();
	for (size_t count = 2; count <= MAX_FILES; count++) {
		send_files(count);
		EXPECT_INT(bindery_fd_receive(sockets[1], &fd), -EBADMSG);
		EXPECT_INT(fd, 77);
		EXPECT_INT(next_number(), before);
	}
	finish();
}
