// SPDX-License-Identifier: GPL-2.0-only
/* A device's life in a guest: one table, as the uapi header shows it. */
#include "bindery_private.h"

#define NUM_STATES	(BINDERY_ASSIGNMENT_REMOVED + 1)
#define NUM_EVENTS	(BINDERY_EVENT_DETACH_FAILED + 1)

enum change {
	REFUSED,		/* what the table does not name */
	TO_NONE,
	TO_RESERVED,
	TO_PENDING,
	TO_READY,		/* with its first user */
	TO_INVALID,		/* without users */
	TO_REMOVED,
	STAY,
	ONE_MORE,
	ONE_LESS,		/* but the last has to be detached */
	LAST_TO_INVALID,	/* others still use it: refused */
};

#define EVENT(name)	BINDERY_EVENT_##name

static const u8 table[NUM_STATES][NUM_EVENTS] = {
	[BINDERY_ASSIGNMENT_NONE] = {
		[EVENT(RESERVE)] = TO_RESERVED,
	},
	[BINDERY_ASSIGNMENT_RESERVED] = {
		[EVENT(ATTACH_OK)] = TO_PENDING,
		[EVENT(ATTACH_FAILED)] = TO_REMOVED,
		[EVENT(DROP_USER)] = TO_NONE,
	},
	[BINDERY_ASSIGNMENT_PENDING] = {
		[EVENT(GUEST_READY)] = TO_READY,
		[EVENT(GUEST_FAILED)] = TO_INVALID,
		[EVENT(DETACH_OK)] = TO_NONE,
		[EVENT(DETACH_FAILED)] = TO_INVALID,
	},
	[BINDERY_ASSIGNMENT_READY] = {
		[EVENT(GUEST_READY)] = STAY,
		[EVENT(GUEST_FAILED)] = TO_INVALID,
		[EVENT(ADD_USER)] = ONE_MORE,
		[EVENT(DROP_USER)] = ONE_LESS,
		[EVENT(DETACH_OK)] = TO_NONE,
		[EVENT(DETACH_FAILED)] = LAST_TO_INVALID,
	},
	[BINDERY_ASSIGNMENT_INVALID] = {
		[EVENT(GUEST_FAILED)] = STAY,
		[EVENT(DETACH_OK)] = TO_NONE,
		[EVENT(DETACH_FAILED)] = STAY,
	},
	[BINDERY_ASSIGNMENT_REMOVED] = {
		[EVENT(DROP_USER)] = TO_NONE,
		[EVENT(DETACH_OK)] = TO_NONE,
	},
};

static int enter(struct bindery_assigned *assigned,
		 enum bindery_assignment state, unsigned int users)
{
	assigned->state = state;
	assigned->users = users;
	return 0;
}

/* The id ends with the assignment; who still counted as a user lost it. */
static int leave(struct bindery_assigned *assigned)
{
	assigned->users_lost = assigned->users > 1;
	assigned->id = uuid_null;
	return enter(assigned, BINDERY_ASSIGNMENT_NONE, 0);
}

static int add_user(struct bindery_assigned *assigned)
{
	if (assigned->users >= BINDERY_USERS_MAX)
		return -E2BIG;
	assigned->users++;
	return 0;
}

static int drop_user(struct bindery_assigned *assigned)
{
	if (assigned->users <= 1)
		return -EINVAL;
	assigned->users--;
	return 0;
}

/* A new one, unless there is one: false. */
bool bindery_assignment_begin(struct bindery_assigned *assigned)
{
	if (assigned->state != BINDERY_ASSIGNMENT_NONE)
		return false;
	uuid_gen(&assigned->id);
	assigned->users_lost = false;
	enter(assigned, BINDERY_ASSIGNMENT_RESERVED, 0);
	return true;
}

/* -EINVAL: not in this state, -E2BIG: too many users; nothing changed then. */
int bindery_assignment_next(struct bindery_assigned *assigned, u32 event)
{
	if (event >= NUM_EVENTS)
		return -EINVAL;
	switch (table[assigned->state][event]) {
	case TO_NONE:
		return leave(assigned);
	case TO_RESERVED:
		bindery_assignment_begin(assigned);
		return 0;
	case TO_PENDING:
		return enter(assigned, BINDERY_ASSIGNMENT_PENDING, 0);
	case TO_READY:
		return enter(assigned, BINDERY_ASSIGNMENT_READY, 1);
	case TO_INVALID:
		return enter(assigned, BINDERY_ASSIGNMENT_INVALID, 0);
	case TO_REMOVED:
		return enter(assigned, BINDERY_ASSIGNMENT_REMOVED, 0);
	case STAY:
		return 0;
	case ONE_MORE:
		return add_user(assigned);
	case ONE_LESS:
		return drop_user(assigned);
	case LAST_TO_INVALID:
		if (assigned->users > 1)
			return -EINVAL;
		return enter(assigned, BINDERY_ASSIGNMENT_INVALID, 0);
	default:
		return -EINVAL;
	}
}
