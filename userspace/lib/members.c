// SPDX-License-Identifier: LGPL-2.1-or-later
#include <assert.h>
#include <stdlib.h>

#include "internal.h"

/* New members can appear between two calls; at some point we stop asking. */
#define GROW_ATTEMPTS	8
#define GROW_SLACK	16

static_assert(sizeof(struct bindery_member) ==
	      sizeof(struct bindery_ioc_member), "entries go to the kernel");

struct bindery_members bindery_members_none = { .complete = true };

struct bindery_members *bindery_members_new(uint32_t room)
{
	struct bindery_members *members;

	members = calloc(1, sizeof(*members) + room * sizeof(*members->entries));
	if (members)
		members->room = room;
	return members;
}

static void terminate(struct bindery_ioc_member *raw)
{
	raw->out_name[sizeof(raw->out_name) - 1] = '\0';
	raw->out_driver[sizeof(raw->out_driver) - 1] = '\0';
	raw->out_override[sizeof(raw->out_override) - 1] = '\0';
	raw->out_target[sizeof(raw->out_target) - 1] = '\0';
	raw->out_native_driver[sizeof(raw->out_native_driver) - 1] = '\0';
	raw->out_native_override[sizeof(raw->out_native_override) - 1] = '\0';
}

/*
 * A call that failed early may not have written the count, which then still
 * tells the room: what was filled in has a name.
 */
void bindery_members_set_count(struct bindery_members *members,
			       uint32_t count, int ret)
{
	members->complete = count <= members->room;
	members->count = members->complete ? count : members->room;
	for (size_t i = 0; i < members->count; i++) {
		if (ret && !members->entries[i].raw.out_name[0]) {
			members->count = i;
			break;
		}
		terminate(&members->entries[i].raw);
	}
}

/* Frees a list that was too short; its successor has room for @count. */
bool bindery_members_must_grow(struct bindery_members **members,
			       uint32_t count, unsigned int attempt)
{
	struct bindery_members *bigger;

	if (count <= (*members)->room || attempt >= GROW_ATTEMPTS)
		return false;
	bigger = bindery_members_new(count + GROW_SLACK);
	if (!bigger)
		return false;
	bindery_members_free(*members);
	*members = bigger;
	return true;
}

/* For calls that tell of members on failure too. */
void bindery_members_give(struct bindery_members *members,
			  struct bindery_members **out)
{
	if (!out || !members->count) {
		bindery_members_free(members);
		members = NULL;
	}
	if (out)
		*out = members;
}

void bindery_members_free(struct bindery_members *members)
{
	free(members);
}

size_t bindery_members_get_count(const struct bindery_members *members)
{
	return members->count;
}

bool bindery_members_is_complete(const struct bindery_members *members)
{
	return members->complete;
}

const struct bindery_member *
bindery_members_get(const struct bindery_members *members, size_t index)
{
	return index < members->count ? &members->entries[index] : NULL;
}
