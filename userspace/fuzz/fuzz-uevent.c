// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Events of devices: parts, each of a byte that says who sent it, two for its
 * size, and the message.
 */
#include <errno.h>
#include <linux/netlink.h>
#include <string.h>
#include <sys/socket.h>

#include "fuzz.h"
#include "internal.h"
#include "../tests/tree.h"

static struct fuzz_input events;

ssize_t __wrap_recvmsg(int fd, struct msghdr *message, int flags);

static size_t next_size(void)
{
	size_t size = (size_t)(events.data[1] | events.data[2] << 8);

	return size > events.size - 3 ? events.size - 3 : size;
}

static void put_sender(struct msghdr *message, uint8_t from)
{
	struct cmsghdr *control = CMSG_FIRSTHDR(message);
	struct ucred who = { .uid = from & 1 };

	control->cmsg_level = SOL_SOCKET;
	control->cmsg_type = SCM_CREDENTIALS;
	control->cmsg_len = CMSG_LEN(sizeof(who));
	memcpy(CMSG_DATA(control), &who, sizeof(who));
	message->msg_controllen = CMSG_SPACE(sizeof(who));
	((struct sockaddr_nl *)message->msg_name)->nl_pid = from & 2;
}

ssize_t __wrap_recvmsg(int fd, struct msghdr *message, int flags)
{
	size_t size, fits;

	(void)fd;
	(void)flags;
	if (events.size < 3) {
		errno = EAGAIN;
		return -1;
	}
	size = next_size();
	fits = message->msg_iov->iov_len;
	if (fits > size)
		fits = size;
	put_sender(message, events.data[0]);
	memcpy(message->msg_iov->iov_base, events.data + 3, fits);
	events.data += 3 + size;
	events.size -= 3 + size;
	return (ssize_t)fits;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct bindery_host *host;
	struct bindery_nodes *nodes;

	if (!host)
		host = fuzz_host();
	events = (struct fuzz_input){ data, size };
	HOLDS(!bindery_nodes_watch(host, &nodes));
	/* All of it is read, and of no member there is a node. */
	HOLDS(bindery_nodes_settle(nodes, &bindery_members_none) == -ENOENT);
	HOLDS(events.size < 3);
	bindery_nodes_free(nodes);
	return 0;
}
