/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef NETMOCK_H
#define NETMOCK_H

#include <linux/bindery_netlink.h>
#include <netlink/attr.h>
#include <netlink/genl/genl.h>
#include <netlink/msg.h>

/*
 * A kernel's netlink that tells what it was fed: sockets of libnl are never
 * connected, and what they send and receive ends here. Everything else is
 * libnl's own. Without a family, as after the reset, there is no module.
 */
struct netmock {
	bool has_family;
	int connect_errno;		/* with that: */
	int connect_error;		/* of libnl, negative, as the next two */
	int join_error;
	int nonblocking_error;
	int dump_error;			/* errno, in the answer's beginning */
	int done_error;			/* errno, in its end */
	unsigned int interrupted;	/* so many dumps */
	bool silent;			/* no answer to a dump */
	int odd_type;			/* of an empty message before its end */
	size_t cut;			/* so many bytes are missing at its end */
	const void *raw;		/* messages that it begins with */
	size_t raw_size;
	uint32_t sequence;		/* it differs from the request's by this */
	unsigned int dumps[BINDERY_CMD_MAX + 1];
	uint64_t since;			/* what the last request wanted */
	uint32_t sender;		/* port that messages come from */
};

extern struct netmock netmock;

void netmock_reset(void);

/*
 * A message to be filled in: of a dump, or with BINDERY_CMD_EVENT of the
 * multicast group. That of the journal is cut to what is wanted, by SEQ.
 */
struct nl_msg *netmock_add(enum bindery_cmd command);
/* An event of that number, also in the journal, or only there. */
void netmock_happen(uint64_t seq, enum bindery_event_type type);
void netmock_happen_unheard(uint64_t seq, enum bindery_event_type type);
void netmock_forget(uint64_t before);
void netmock_overflow(void);
void netmock_unload(void);

#endif
