/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the family's messages carry, and how they are had. */
#ifndef BINDERY_LIB_NETLINK_H
#define BINDERY_LIB_NETLINK_H

#include <errno.h>

#include "internal.h"

struct nl_sock;

/*
 * To libnl having no file left is a failure like any other. Set errno to 0
 * before what is to be told apart.
 */
static inline bool netlink_lacks_files(void)
{
	return errno == EMFILE || errno == ENFILE;
}

struct netlink_message {
	uint64_t present;	/* a bit for each enum bindery_attr */
	uint64_t seq, oldest, newest, time_ns, txn, duration_ns, generation;
	uint32_t type, group, step, code, state, old_state, flags, role, action;
	uint32_t assignment, mark, users, abi, reason;
	uint32_t num_groups, num_members, num_claims;
	uint32_t vfio_files, vfio_opens, vfio_closes;
	int32_t error, pid;
	struct bindery_bdf device;
	struct bindery_id claim_id, assignment_id, delegation_id;
	char name[BINDERY_NAME_SIZE];
	char driver[BINDERY_NAME_SIZE];
	char override[BINDERY_NAME_SIZE];
	char target[BINDERY_NAME_SIZE];
	char native_driver[BINDERY_NAME_SIZE];
	char native_override[BINDERY_NAME_SIZE];
	char comm[BINDERY_COMM_SIZE];
	char label[BINDERY_LABEL_SIZE];
	/* All groups of a claim; only while the message is visited. */
	const uint32_t *groups;
	size_t groups_count;
};

static inline bool netlink_has(const struct netlink_message *message,
			       enum bindery_attr attribute)
{
	return message->present & (1ULL << attribute);
}

/* 0, or what the reading ends with. */
typedef int (*netlink_visit)(const struct netlink_message *message,
			     void *argument);

/* The one attribute that a request may have; size 0: none. */
struct netlink_filter {
	int attribute;
	int size;
	const void *data;
};

/* message.c */
struct nlmsghdr;
int netlink_parse(struct nlmsghdr *header, struct netlink_message *message,
		  uint32_t groups[BINDERY_CLAIM_GROUPS]);

/* netlink.c: the only user of sockets */
int netlink_dump(enum bindery_cmd command, const struct netlink_filter *filter,
		 netlink_visit visit, void *argument);
int netlink_subscribe(struct nl_sock **socket, int *family);
int netlink_receive(struct nl_sock *socket, int family, netlink_visit visit,
		    void *argument);

/* dump.c: from its beginning each time, until nothing changed on the way */
int netlink_dump_whole(enum bindery_cmd command,
		       const struct netlink_filter *filter, netlink_visit visit,
		       void (*clear)(void *list), void *list);

/* event.c */
struct bindery_event_record {
	struct netlink_message message;
	uint64_t num_lost;
	struct bindery_event_record *next;	/* in a monitor's queue */
};

#endif
