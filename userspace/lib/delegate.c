// SPDX-License-Identifier: LGPL-2.1-or-later
/* Control files for some groups and operations, and passing them on. */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "internal.h"

int bindery_context_delegate(struct bindery_context *context,
			     const struct bindery_request *request,
			     uint32_t operations, uint32_t max_claims,
			     uint32_t max_transactions, int *fd,
			     struct bindery_id *id)
{
	struct bindery_ioc_delegate ioc = {
		.size = sizeof(ioc),
		.devices = (uintptr_t)request->devices,
		.num_devices = request->num_devices > UINT32_MAX ?
			       UINT32_MAX : (uint32_t)request->num_devices,
		.device_size = sizeof(struct bindery_ioc_device),
		.operations = operations,
		.max_claims = max_claims,
		.max_transactions = max_transactions,
	};
	int ret;

	memcpy(ioc.label, request->raw.label, sizeof(ioc.label));
	ioc.error = bindery_error_record_prepare(&context->error);
	ret = bindery_ioctl(context->fd, BINDERY_DELEGATE, &ioc);
	bindery_error_record_finish(&context->error, ret);
	if (ret)
		return ret;
	*fd = ioc.out_control_fd;
	if (id)
		*id = bindery_id_from_uapi(ioc.out_delegation_id);
	return 0;
}

int bindery_context_revoke(struct bindery_context *context,
			   const struct bindery_id *id, int fd, uint32_t flags,
			   uint32_t deadline_ms, uint32_t *num_claims)
{
	struct bindery_ioc_revoke ioc = {
		.size = sizeof(ioc),
		.flags = flags,
		.control_fd = fd,
		.deadline_ms = deadline_ms,
	};
	int ret;

	if (id)
		bindery_id_to_uapi(id, ioc.id);
	ioc.error = bindery_error_record_prepare(&context->error);
	ret = bindery_ioctl(context->fd, BINDERY_REVOKE, &ioc);
	bindery_error_record_finish(&context->error, ret);
	if (num_claims)
		*num_claims = ioc.out_num_claims;
	return ret;
}

/* Room for one file, aligned as the message wants it. */
union fd_message {
	struct cmsghdr head;
	char bytes[CMSG_SPACE(sizeof(int))];
};

int bindery_fd_send(int socket, int fd)
{
	union fd_message message = { .bytes = { 0 } };
	char byte = 0;
	struct iovec data = { &byte, 1 };
	struct msghdr header = {
		.msg_iov = &data,
		.msg_iovlen = 1,
		.msg_control = &message,
		.msg_controllen = sizeof(message),
	};

	message.head.cmsg_level = SOL_SOCKET;
	message.head.cmsg_type = SCM_RIGHTS;
	message.head.cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(&message.head), &fd, sizeof(fd));
	return sendmsg(socket, &header, MSG_NOSIGNAL) < 0 ? -errno : 0;
}

/* What nobody asked for would stay open for ever. */
static void close_files(const struct cmsghdr *head)
{
	size_t size = head->cmsg_len - CMSG_LEN(0);

	for (size_t at = 0; at + sizeof(int) <= size; at += sizeof(int)) {
		int fd;

		memcpy(&fd, CMSG_DATA(head) + at, sizeof(fd));
		close(fd);
	}
}

int bindery_fd_receive(int socket, int *fd)
{
	union fd_message message = { .bytes = { 0 } };
	char byte;
	struct iovec data = { &byte, 1 };
	struct msghdr header = {
		.msg_iov = &data,
		.msg_iovlen = 1,
		.msg_control = &message,
		.msg_controllen = sizeof(message),
	};
	const struct cmsghdr *head;
	ssize_t got = recvmsg(socket, &header, MSG_CMSG_CLOEXEC);

	if (got < 0)
		return -errno;
	if (!got)
		return -EPIPE;
	head = CMSG_FIRSTHDR(&header);
	if (!head || head->cmsg_level != SOL_SOCKET ||
	    head->cmsg_type != SCM_RIGHTS)
		return -EBADMSG;
	if (head->cmsg_len != CMSG_LEN(sizeof(int)) ||
	    header.msg_flags & MSG_CTRUNC) {
		close_files(head);
		return -EBADMSG;
	}
	memcpy(fd, CMSG_DATA(head), sizeof(*fd));
	return 0;
}
