// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <linux/capability.h>

#include "lib.h"

#define NOBODY	65534

time_t now_seconds(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec;
}

int slowness(void)
{
	const char *text = getenv("KSFT_SLOWNESS");
	int factor = text ? atoi(text) : 1;

	return factor > 0 ? factor : 1;
}

int num_rounds(int fallback)
{
	const char *text = getenv("ROUNDS");
	int rounds = (text ? atoi(text) : fallback) / slowness();

	return rounds > 0 ? rounds : 1;
}

int child_start(struct child *child, int (*run)(int socket, void *arg),
		void *arg)
{
	int sockets[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets))
		return -errno;
	child->pid = fork();
	if (!child->pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		close(sockets[0]);
		_exit(run(sockets[1], arg));
	}
	close(sockets[1]);
	child->socket = sockets[0];
	return child->pid < 0 ? -errno : 0;
}

/* Its exit status; 128 and more: killed by a signal. */
int child_wait(struct child *child)
{
	int status;

	if (waitpid(child->pid, &status, 0) != child->pid)
		return -errno;
	close(child->socket);
	return WIFEXITED(status) ? WEXITSTATUS(status) :
				   128 + WTERMSIG(status);
}

void child_kill(struct child *child)
{
	kill(child->pid, SIGKILL);
	child_wait(child);
}

int tell(int socket, int value)
{
	return write(socket, &value, sizeof(value)) == sizeof(value) ? 0 : -EIO;
}

int hear(int socket, int *value)
{
	return read(socket, value, sizeof(*value)) == sizeof(*value) ? 0 : -EIO;
}

int send_fd(int socket, int fd)
{
	char control[CMSG_SPACE(sizeof(int))] = { 0 };
	char byte = 0;
	struct iovec iov = { &byte, 1 };
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control),
	};
	struct cmsghdr *head = CMSG_FIRSTHDR(&msg);

	head->cmsg_level = SOL_SOCKET;
	head->cmsg_type = SCM_RIGHTS;
	head->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(head), &fd, sizeof(int));
	return sendmsg(socket, &msg, 0) == 1 ? 0 : -errno;
}

int receive_fd(int socket)
{
	char control[CMSG_SPACE(sizeof(int))];
	char byte;
	struct iovec iov = { &byte, 1 };
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control),
	};
	struct cmsghdr *head;
	int fd;

	if (recvmsg(socket, &msg, MSG_CMSG_CLOEXEC) != 1)
		return -EIO;
	head = CMSG_FIRSTHDR(&msg);
	if (!head || head->cmsg_type != SCM_RIGHTS)
		return -EIO;
	memcpy(&fd, CMSG_DATA(head), sizeof(int));
	return fd;
}

#define COUNTS	"GCOV_PREFIX"

/* An ordinary user, without any capability. */
int become_nobody(void)
{
	if (syscall(SYS_setgroups, 0, NULL) || setresgid(NOBODY, NOBODY, NOBODY) ||
	    setresuid(NOBODY, NOBODY, NOBODY))
		return -errno;
	/* A tool that counts its lines (gcov) complains of files of root's. */
	if (getenv(COUNTS) && setenv(COUNTS, "/tmp/nobody", 1))
		return -errno;
	/* As a file's owner may do without rights */
	return prctl(PR_SET_DUMPABLE, 1) ? -errno : 0;
}

/* root by name only. */
int drop_sys_admin(void)
{
	struct __user_cap_header_struct head = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};
	struct __user_cap_data_struct data[2];

	if (syscall(SYS_capget, &head, data))
		return -errno;
	data[0].effective &= ~(1U << CAP_SYS_ADMIN);
	data[0].permitted &= ~(1U << CAP_SYS_ADMIN);
	data[0].inheritable &= ~(1U << CAP_SYS_ADMIN);
	return syscall(SYS_capset, &head, data) ? -errno : 0;
}

/* root there, with all capabilities, and nobody here. */
int enter_user_namespace(void)
{
	if (unshare(CLONE_NEWUSER))
		return -errno;
	return 0;
}
