// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <netlink/genl/ctrl.h>
#include <netlink/handlers.h>
#include <netlink/netlink.h>

#include "netmock.h"

#define FAMILY		0x1c
#define MESSAGES	3000

struct netmock netmock;

/* What is NULL is an overflow. */
static struct nl_msg *messages[BINDERY_CMD_MAX + 1][MESSAGES];
static unsigned int counts[BINDERY_CMD_MAX + 1], next_event;
static uint64_t forgotten;
static int event_fd = -1;
static struct nl_sock *event_socket;
static struct nl_msg *request;

int __wrap_genl_connect(struct nl_sock *sk);
int __wrap_genl_ctrl_resolve(struct nl_sock *sk, const char *name);
int __wrap_genl_ctrl_resolve_grp(struct nl_sock *sk, const char *name,
				 const char *group);
int __wrap_nl_socket_add_memberships(struct nl_sock *sk, int group, ...);
int __wrap_nl_socket_set_nonblocking(const struct nl_sock *sk);
int __wrap_nl_socket_get_fd(const struct nl_sock *sk);
int __real_nl_socket_set_nonblocking(const struct nl_sock *sk);
int __real_nl_socket_get_fd(const struct nl_sock *sk);

void netmock_reset(void)
{
	for (int i = 0; i <= BINDERY_CMD_MAX; i++) {
		while (counts[i])
			nlmsg_free(messages[i][--counts[i]]);
	}
	memset(&netmock, 0, sizeof(netmock));
	next_event = 0;
	forgotten = 0;
	nlmsg_free(request);
	request = NULL;
	if (event_fd >= 0)
		close(event_fd);
	event_fd = eventfd(0, EFD_SEMAPHORE | EFD_NONBLOCK);
}

static struct nl_msg *put(enum bindery_cmd queue, struct nl_msg *message)
{
	if (counts[queue] == MESSAGES)
		abort();
	messages[queue][counts[queue]++] = message;
	if (queue == BINDERY_CMD_EVENT)
		eventfd_write(event_fd, 1);
	return message;
}

struct nl_msg *netmock_add(enum bindery_cmd command)
{
	struct nl_msg *message = nlmsg_alloc_size(16384);

	genlmsg_put(message, 0, 0, FAMILY, 0, 0, command,
		    BINDERY_GENL_VERSION);
	return put(command, message);
}

static void put_event(struct nl_msg *message, uint64_t seq,
		      enum bindery_event_type type)
{
	nla_put_u64(message, BINDERY_A_SEQ, seq);
	nla_put_u64(message, BINDERY_A_TIME_NS, 1000 * seq);
	nla_put_u32(message, BINDERY_A_TYPE, type);
}

void netmock_happen_unheard(uint64_t seq, enum bindery_event_type type)
{
	put_event(netmock_add(BINDERY_CMD_JOURNAL_GET), seq, type);
}

void netmock_happen(uint64_t seq, enum bindery_event_type type)
{
	netmock_happen_unheard(seq, type);
	put_event(netmock_add(BINDERY_CMD_EVENT), seq, type);
}

void netmock_forget(uint64_t before)
{
	forgotten = before;
}

void netmock_overflow(void)
{
	put(BINDERY_CMD_EVENT, NULL);
}

void netmock_unload(void)
{
	struct nl_msg *message = nlmsg_alloc();

	genlmsg_put(message, 0, 0, GENL_ID_CTRL, 0, 0, CTRL_CMD_DELFAMILY, 2);
	nla_put_u16(message, CTRL_ATTR_FAMILY_ID, FAMILY);
	put(BINDERY_CMD_EVENT, message);
	netmock.has_family = false;
}

/* What a dump answers is put together behind each other. */
struct answer {
	unsigned char bytes[1 << 20];
	size_t length;
};

static void append(struct answer *answer, const struct nlmsghdr *header,
		   unsigned int flags)
{
	const struct nlmsghdr *asked = nlmsg_hdr(request);
	struct nlmsghdr *copy = (void *)(answer->bytes + answer->length);

	if (answer->length + header->nlmsg_len > sizeof(answer->bytes))
		abort();
	memcpy(copy, header, header->nlmsg_len);
	copy->nlmsg_flags = (uint16_t)(flags | NLM_F_MULTI);
	copy->nlmsg_seq = asked->nlmsg_seq + netmock.sequence;
	copy->nlmsg_pid = asked->nlmsg_pid;
	answer->length += NLMSG_ALIGN(header->nlmsg_len);
}

static void append_number(struct answer *answer, int type, int number)
{
	struct nl_msg *message = nlmsg_alloc_simple(type, 0);
	struct nlmsgerr error = { .error = number };

	if (type == NLMSG_ERROR)
		nlmsg_append(message, &error, sizeof(error), 0);
	else
		nlmsg_append(message, &number, sizeof(number), 0);
	append(answer, nlmsg_hdr(message), 0);
	nlmsg_free(message);
}

static void append_empty(struct answer *answer, int type)
{
	struct nl_msg *message = nlmsg_alloc_simple(type, 0);

	append(answer, nlmsg_hdr(message), 0);
	nlmsg_free(message);
}

static uint64_t number_of(struct nl_msg *message, int attribute)
{
	struct nlattr *found;

	found = nlmsg_find_attr(nlmsg_hdr(message), GENL_HDRLEN, attribute);
	return found ? nla_get_u64(found) : 0;
}

static uint64_t newest(void)
{
	unsigned int count = counts[BINDERY_CMD_JOURNAL_GET];

	return count ? number_of(messages[BINDERY_CMD_JOURNAL_GET][count - 1],
				 BINDERY_A_SEQ) : 0;
}

/* As the kernel does it: with what is oldest and newest now. */
static void append_journal(struct answer *answer, struct nl_msg *message,
			   unsigned int flags)
{
	uint64_t seq = number_of(message, BINDERY_A_SEQ);
	struct nl_msg *copy;

	if (seq < netmock.since || seq < forgotten)
		return;
	copy = nlmsg_convert(nlmsg_hdr(message));
	nlmsg_expand(copy, 16384);
	nla_put_u64(copy, BINDERY_A_OLDEST, forgotten ? forgotten : 1);
	nla_put_u64(copy, BINDERY_A_NEWEST, newest());
	append(answer, nlmsg_hdr(copy), flags);
	nlmsg_free(copy);
}

/* Only the kernel sends them, with the numbers of the request. */
static void append_raw(struct answer *answer)
{
	const struct nlmsghdr *asked = nlmsg_hdr(request);
	struct nlmsghdr *header = (void *)(answer->bytes + answer->length);
	int rest = (int)netmock.raw_size;

	if (netmock.raw_size > sizeof(answer->bytes) / 2)
		abort();
	memcpy(header, netmock.raw, netmock.raw_size);
	answer->length += NLMSG_ALIGN(netmock.raw_size);
	for (; nlmsg_ok(header, rest); header = nlmsg_next(header, &rest)) {
		header->nlmsg_seq = asked->nlmsg_seq;
		header->nlmsg_pid = asked->nlmsg_pid;
	}
}

static void append_all(struct answer *answer, enum bindery_cmd command)
{
	unsigned int flags = 0;

	if (netmock.raw_size)
		append_raw(answer);
	if (netmock.interrupted) {
		netmock.interrupted--;
		flags = NLM_F_DUMP_INTR;
	}
	for (unsigned int i = 0; i < counts[command]; i++)
		if (command == BINDERY_CMD_JOURNAL_GET)
			append_journal(answer, messages[command][i], flags);
		else
			append(answer, nlmsg_hdr(messages[command][i]), flags);
	if (netmock.odd_type)
		append_empty(answer, netmock.odd_type);
	append_number(answer, NLMSG_DONE, -netmock.done_error);
}

static int give(const void *bytes, size_t length, unsigned char **buffer)
{
	*buffer = malloc(length);
	if (!*buffer)
		return -NLE_NOMEM;
	memcpy(*buffer, bytes, length);
	return (int)length;
}

static int receive_event(unsigned char **buffer)
{
	struct nl_msg *message;
	eventfd_t one;

	if (eventfd_read(event_fd, &one) ||
	    next_event == counts[BINDERY_CMD_EVENT])
		return -NLE_AGAIN;
	message = messages[BINDERY_CMD_EVENT][next_event++];
	if (!message)
		return -NLE_NOMEM;
	return give(nlmsg_hdr(message), nlmsg_hdr(message)->nlmsg_len, buffer);
}

static int receive(struct nl_sock *sk, struct sockaddr_nl *from,
		   unsigned char **buffer, struct ucred **credentials)
{
	static struct answer answer;

	(void)credentials;
	*from = (struct sockaddr_nl){ .nl_family = AF_NETLINK,
				      .nl_pid = netmock.sender };
	if (sk == event_socket)
		return receive_event(buffer);
	if (!request || netmock.silent)
		return -NLE_AGAIN;
	answer.length = 0;
	if (netmock.dump_error)
		append_number(&answer, NLMSG_ERROR, -netmock.dump_error);
	else
		append_all(&answer, genlmsg_hdr(nlmsg_hdr(request))->cmd);
	nlmsg_free(request);
	request = NULL;
	return give(answer.bytes, answer.length - netmock.cut, buffer);
}

static int send_request(struct nl_sock *sk, struct nl_msg *message)
{
	struct nlmsghdr *header = nlmsg_hdr(message);

	(void)sk;
	if (header->nlmsg_type != FAMILY ||
	    (header->nlmsg_flags & NLM_F_DUMP) != NLM_F_DUMP)
		abort();
	netmock.dumps[genlmsg_hdr(header)->cmd]++;
	netmock.since = number_of(message, BINDERY_A_SEQ);
	nlmsg_free(request);
	request = nlmsg_convert(header);
	return (int)header->nlmsg_len;
}

int __wrap_genl_connect(struct nl_sock *sk)
{
	struct nl_cb *callbacks = nl_socket_get_cb(sk);

	if (netmock.connect_error) {
		nl_cb_put(callbacks);
		errno = netmock.connect_errno;
		return netmock.connect_error;
	}
	nl_cb_overwrite_recv(callbacks, receive);
	nl_cb_overwrite_send(callbacks, send_request);
	nl_cb_put(callbacks);
	if (sk == event_socket)
		event_socket = NULL;
	return 0;
}

int __wrap_genl_ctrl_resolve(struct nl_sock *sk, const char *name)
{
	(void)sk;
	if (!netmock.has_family || strcmp(name, BINDERY_GENL_NAME))
		return -NLE_OBJ_NOTFOUND;
	return FAMILY;
}

int __wrap_genl_ctrl_resolve_grp(struct nl_sock *sk, const char *name,
				 const char *group)
{
	(void)sk;
	if (strcmp(name, BINDERY_GENL_NAME) ||
	    strcmp(group, BINDERY_MCGRP_EVENTS))
		return -NLE_OBJ_NOTFOUND;
	return 7;
}

int __wrap_nl_socket_add_memberships(struct nl_sock *sk, int group, ...)
{
	if (group != 7)
		abort();
	event_socket = sk;
	return netmock.join_error;
}

int __wrap_nl_socket_set_nonblocking(const struct nl_sock *sk)
{
	if (sk == event_socket)
		return netmock.nonblocking_error;
	return __real_nl_socket_set_nonblocking(sk);
}

int __wrap_nl_socket_get_fd(const struct nl_sock *sk)
{
	return sk == event_socket ? event_fd : __real_nl_socket_get_fd(sk);
}
