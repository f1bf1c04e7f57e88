// SPDX-License-Identifier: LGPL-2.1-or-later
/* The only user of netlink sockets. */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <netlink/genl/ctrl.h>
#include <netlink/genl/genl.h>
#include <netlink/netlink.h>

#include "netlink.h"

/* A dump is made while it is asked for: far beyond what one takes. */
#define DUMP_SECONDS	10

/* What a reader may fall behind before it has to ask the journal. */
#define MONITOR_ROOM	(1024 * 1024)

/* libnl keeps no errno; these are the ones that callers tell apart. */
static int to_errno(int error)
{
	switch (error < 0 ? -error : error) {
	case NLE_SUCCESS:
		return 0;
	case NLE_AGAIN:
		return -EAGAIN;
	case NLE_NOMEM:
		return -ENOBUFS;
	case NLE_OBJ_NOTFOUND:
		return -ENOENT;
	case NLE_PERM:
		return -EPERM;
	case NLE_NOACCESS:
		return -EACCES;
	case NLE_AF_NOSUPPORT:
	case NLE_PROTO_MISMATCH:
		return -EPROTONOSUPPORT;
	default:
		return -EIO;
	}
}

/* Of one conversation; libnl gives its callbacks one pointer. */
struct reading {
	int family;
	netlink_visit visit;
	void *argument;
	int error;		/* the first */
	bool interrupted;
	bool done;
};

static int open_family(struct nl_sock **socket, int *family)
{
	struct nl_sock *new = nl_socket_alloc();
	int ret;

	*socket = NULL;
	if (!new)
		return -ENOMEM;
	errno = 0;
	ret = genl_connect(new);
	if (ret && netlink_lacks_files()) {
		ret = -errno;
		nl_socket_free(new);
		return ret;
	}
	if (!ret)
		ret = genl_ctrl_resolve(new, BINDERY_GENL_NAME);
	if (ret < 0) {
		nl_socket_free(new);
		return to_errno(ret);
	}
	*family = ret;
	*socket = new;
	return 0;
}

/* Only the kernel is believed: others could send to our port too. */
static int on_message_in(struct nl_msg *message, void *argument)
{
	(void)argument;
	return nlmsg_get_src(message)->nl_pid ? NL_SKIP : NL_OK;
}

static void fail(struct reading *reading, int error)
{
	if (!reading->error)
		reading->error = error;
}

static void visit(struct reading *reading, struct nlmsghdr *header)
{
	uint32_t groups[BINDERY_CLAIM_GROUPS];
	struct netlink_message message;
	int ret = netlink_parse(header, &message, groups);

	if (!ret)
		ret = reading->visit(&message, reading->argument);
	fail(reading, ret);
}

/* The module goes: nothing will ever come again from that family. */
static void on_control(struct reading *reading, struct nlmsghdr *header)
{
	struct nlattr *family;

	if (genlmsg_hdr(header)->cmd != CTRL_CMD_DELFAMILY)
		return;
	family = nlmsg_find_attr(header, GENL_HDRLEN, CTRL_ATTR_FAMILY_ID);
	if (family && nla_get_u16(family) == reading->family)
		fail(reading, -ENODEV);
}

static int on_valid(struct nl_msg *message, void *argument)
{
	struct nlmsghdr *header = nlmsg_hdr(message);
	struct reading *reading = argument;

	if (!genlmsg_valid_hdr(header, 0))
		fail(reading, -EPROTO);
	else if (header->nlmsg_type == GENL_ID_CTRL)
		on_control(reading, header);
	else if (header->nlmsg_type == reading->family && !reading->error)
		visit(reading, header);
	/* What follows a failure is read too, and dropped. */
	return NL_OK;
}

static int on_interrupted(struct nl_msg *message, void *argument)
{
	struct reading *reading = argument;

	(void)message;
	reading->interrupted = true;
	return NL_OK;
}

/* A dump that failed on the way says so in its last message. */
static int on_finish(struct nl_msg *message, void *argument)
{
	struct nlmsghdr *header = nlmsg_hdr(message);
	struct reading *reading = argument;
	int error = 0;

	if (nlmsg_datalen(header) >= (int)sizeof(error))
		memcpy(&error, nlmsg_data(header), sizeof(error));
	if (error < 0)
		fail(reading, error);
	reading->done = true;
	return NL_STOP;
}

static int on_error(struct sockaddr_nl *from, struct nlmsgerr *error,
		    void *argument)
{
	struct reading *reading = argument;

	(void)from;
	fail(reading, error->error);
	reading->done = true;
	return NL_STOP;
}

static void set_callbacks(struct nl_sock *socket, struct reading *reading)
{
	struct nl_cb *callbacks = nl_socket_get_cb(socket);

	nl_cb_set(callbacks, NL_CB_MSG_IN, NL_CB_CUSTOM, on_message_in, NULL);
	nl_cb_set(callbacks, NL_CB_VALID, NL_CB_CUSTOM, on_valid, reading);
	nl_cb_set(callbacks, NL_CB_DUMP_INTR, NL_CB_CUSTOM, on_interrupted,
		  reading);
	nl_cb_set(callbacks, NL_CB_FINISH, NL_CB_CUSTOM, on_finish, reading);
	nl_cb_err(callbacks, NL_CB_CUSTOM, on_error, reading);
	nl_cb_put(callbacks);
}

static int ask(struct nl_sock *socket, int family, enum bindery_cmd command,
	       const struct netlink_filter *filter)
{
	struct nl_msg *message = nlmsg_alloc();
	int ret = -NLE_NOMEM;

	if (!message)
		return -ENOMEM;
	if (genlmsg_put(message, NL_AUTO_PORT, NL_AUTO_SEQ, family, 0,
			NLM_F_DUMP, command, BINDERY_GENL_VERSION)) {
		ret = 0;
		if (filter->size)
			ret = nla_put(message, filter->attribute, filter->size,
				      filter->data);
		if (!ret)
			ret = nl_send_auto(socket, message);
	}
	nlmsg_free(message);
	return ret < 0 ? to_errno(ret) : 0;
}

static int read_dump(struct nl_sock *socket, struct reading *reading)
{
	int ret = 0;

	set_callbacks(socket, reading);
	while (ret >= 0 && !reading->done)
		ret = nl_recvmsgs_default(socket);
	if (reading->error)
		return reading->error;
	ret = to_errno(ret < 0 ? ret : 0);
	return ret == -EAGAIN ? -ETIMEDOUT : ret;
}

/* -EAGAIN: something changed on the way. */
int netlink_dump(enum bindery_cmd command, const struct netlink_filter *filter,
		 netlink_visit visit_message, void *argument)
{
	struct timeval limit = { .tv_sec = DUMP_SECONDS };
	struct reading reading = {
		.visit = visit_message,
		.argument = argument,
	};
	struct nl_sock *socket;
	int ret = open_family(&socket, &reading.family);

	if (ret)
		return ret;
	setsockopt(nl_socket_get_fd(socket), SOL_SOCKET, SO_RCVTIMEO, &limit,
		   sizeof(limit));
	ret = ask(socket, reading.family, command, filter);
	if (!ret)
		ret = read_dump(socket, &reading);
	nl_socket_free(socket);
	if (!ret && reading.interrupted)
		return -EAGAIN;
	return ret;
}

static int join(struct nl_sock *socket)
{
	int ret = genl_ctrl_resolve_grp(socket, BINDERY_GENL_NAME,
					BINDERY_MCGRP_EVENTS);

	/* The controller's own group has the controller's number. */
	if (ret >= 0)
		ret = nl_socket_add_memberships(socket, ret, GENL_ID_CTRL, 0);
	return ret < 0 ? to_errno(ret) : 0;
}

/* As much as is allowed; only the privileged may exceed the limit. */
static void make_room(struct nl_sock *socket)
{
	int fd = nl_socket_get_fd(socket), size = MONITOR_ROOM;

	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)))
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
}

int netlink_subscribe(struct nl_sock **socket, int *family)
{
	struct nl_sock *new;
	int ret = open_family(&new, family);

	if (ret)
		return ret;
	nl_socket_disable_seq_check(new);
	make_room(new);
	ret = join(new);
	if (!ret)
		ret = to_errno(nl_socket_set_nonblocking(new));
	if (ret)
		nl_socket_free(new);
	else
		*socket = new;
	return ret;
}

/*
 * One message, if there is one: else -EAGAIN. -ENOBUFS: some were lost.
 * -ENODEV: the module was unloaded.
 */
int netlink_receive(struct nl_sock *socket, int family,
		    netlink_visit visit_message, void *argument)
{
	struct reading reading = {
		.family = family,
		.visit = visit_message,
		.argument = argument,
	};
	int ret;

	set_callbacks(socket, &reading);
	ret = nl_recvmsgs_default(socket);
	if (reading.error)
		return reading.error;
	return ret < 0 ? to_errno(ret) : 0;
}
