/* SPDX-License-Identifier: GPL-2.0-only */
/* One event, as the journal has it and as a message tells it. */
#ifndef BINDERY_EVENT_H
#define BINDERY_EVENT_H

#include <linux/bits.h>

#include "bindery_private.h"

/* Each field is the attribute of that name, where has says so. */
struct bindery_event_record {
	u64 has;			/* a bit for each BINDERY_A_* */
	u64 seq;
	u64 time_ns;
	u64 txn;
	u64 generation;
	u64 duration_ns;
	u32 type;
	u32 group;
	u32 step;
	u32 code;
	s32 errno;
	u32 state;
	u32 old_state;
	u32 flags;
	u32 role;
	u32 assignment;
	u32 mark;
	u32 users;
	u32 pid;
	u32 abi;
	u32 num_groups;
	u32 num_members;
	u32 files;
	struct bindery_ioc_bdf device;
	u8 claim_id[BINDERY_ID_SIZE];
	u8 assignment_id[BINDERY_ID_SIZE];
	u8 delegation_id[BINDERY_ID_SIZE];
	char name[32];
	char driver[BINDERY_NAME_SIZE];	/* or NATIVE_DRIVER or OVERRIDE */
	char target[BINDERY_NAME_SIZE];
	char comm[BINDERY_COMM_SIZE];
	char label[BINDERY_LABEL_SIZE];
};

static_assert(BINDERY_A_MAX < 64);

static inline bool bindery_event_has(const struct bindery_event_record *event,
				     unsigned int attr)
{
	return event->has & BIT_ULL(attr);
}

/* event.c: the journal, for netlink.c */
u64 bindery_journal_newest(void);
u64 bindery_journal_oldest(void);
const struct bindery_event_record *bindery_journal_at(u64 seq);

/* netlink.c */
void bindery_netlink_tell(const struct bindery_event_record *event);

#endif
