// SPDX-License-Identifier: LGPL-2.1-or-later
/* What the module knows, all of one kind at once. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "netlink.h"

/* What changes all the time is at some point not asked for again. */
#define DUMP_ATTEMPTS	16

struct list {
	size_t size;			/* of an entry */
	size_t count;
	size_t room;
	char *entries;
	uint64_t newest;
};

struct bindery_groups {
	struct list list;
};

struct bindery_claims {
	struct list list;
};

struct bindery_journal {
	struct list list;
	uint64_t oldest;
};

static void *entry(const struct list *list, size_t index)
{
	return index < list->count ? list->entries + index * list->size : NULL;
}

/* A new entry, all zeros. */
static void *add(struct list *list)
{
	if (list->count == list->room) {
		size_t room = list->room ? 2 * list->room : 16;
		char *entries = reallocarray(list->entries, room, list->size);

		if (!entries)
			return NULL;
		list->entries = entries;
		list->room = room;
	}
	return memset(list->entries + list->count++ * list->size, 0,
		      list->size);
}

int netlink_dump_whole(enum bindery_cmd command,
		       const struct netlink_filter *filter, netlink_visit visit,
		       void (*clear)(void *list), void *list)
{
	static const struct netlink_filter all;
	int ret = -EAGAIN;

	for (int i = 0; ret == -EAGAIN && i < DUMP_ATTEMPTS; i++) {
		clear(list);
		ret = netlink_dump(command, filter ? filter : &all, visit,
				   list);
	}
	return ret;
}

static void clear_list(void *argument)
{
	struct list *list = argument;

	list->count = 0;
}

static void clear_claims(void *argument)
{
	struct list *list = argument;

	for (size_t i = 0; i < list->count; i++) {
		struct bindery_status *claim = entry(list, i);

		free(claim->groups);
	}
	list->count = 0;
}

static int visit_claim(const struct netlink_message *message, void *argument)
{
	struct list *list = argument;
	struct bindery_status *claim = NULL;
	struct bindery_id id;
	uint32_t *groups;

	if (list->count) {
		claim = entry(list, list->count - 1);
		id = bindery_id_from_uapi(claim->raw.out_id);
	}
	/* One with very many groups has several messages. */
	if (!claim || bindery_id_compare(&id, &message->claim_id)) {
		claim = add(list);
		if (!claim)
			return -ENOMEM;
	}
	claim->members = &bindery_members_none;
	bindery_id_to_uapi(&message->claim_id, claim->raw.out_id);
	claim->raw.out_state = message->state;
	claim->raw.out_flags = message->flags;
	claim->raw.out_generation = message->generation;
	claim->raw.out_num_groups = message->num_groups;
	claim->raw.out_holder_pid = message->pid;
	memcpy(claim->raw.out_holder_comm, message->comm,
	       sizeof(message->comm));
	memcpy(claim->raw.out_label, message->label, sizeof(message->label));
	claim->delegation_id = message->delegation_id;
	list->newest = message->newest;
	if (!message->groups_count)
		return 0;
	groups = reallocarray(claim->groups,
			      claim->groups_count + message->groups_count,
			      sizeof(*groups));
	if (!groups)
		return -ENOMEM;
	memcpy(groups + claim->groups_count, message->groups,
	       message->groups_count * sizeof(*groups));
	claim->groups = groups;
	claim->groups_count += message->groups_count;
	return 0;
}

int bindery_claims_dump(const struct bindery_id *id,
			struct bindery_claims **claims)
{
	struct bindery_claims *new = calloc(1, sizeof(*new));
	struct netlink_filter filter = {
		.attribute = BINDERY_A_CLAIM_ID,
		.size = sizeof(*id),
		.data = id,
	};
	int ret;

	if (!new)
		return -ENOMEM;
	new->list.size = sizeof(struct bindery_status);
	ret = netlink_dump_whole(BINDERY_CMD_CLAIM_GET, id ? &filter : NULL,
				 visit_claim, clear_claims, &new->list);
	if (ret)
		bindery_claims_free(new);
	else
		*claims = new;
	return ret;
}

void bindery_claims_free(struct bindery_claims *claims)
{
	if (!claims)
		return;
	clear_claims(&claims->list);
	free(claims->list.entries);
	free(claims);
}

size_t bindery_claims_get_count(const struct bindery_claims *claims)
{
	return claims->list.count;
}

const struct bindery_status *
bindery_claims_get(const struct bindery_claims *claims, size_t index)
{
	return entry(&claims->list, index);
}

uint64_t bindery_claims_get_newest(const struct bindery_claims *claims)
{
	return claims->list.newest;
}

static int visit_group(const struct netlink_message *message, void *argument)
{
	struct list *list = argument;
	struct bindery_group *group = add(list);

	if (!group)
		return -ENOMEM;
	group->members = &bindery_members_none;
	group->num_members = message->num_members;
	group->raw.out_group = message->group;
	group->raw.out_state = message->state;
	group->raw.out_num_claims = message->num_claims;
	group->raw.out_generation = message->generation;
	bindery_id_to_uapi(&message->claim_id, group->raw.out_claim_id);
	list->newest = message->newest;
	return 0;
}

/* A claim's id, and who made it, never change: so this is never wrong. */
static void put_holder(struct bindery_group *group,
		       const struct bindery_claims *claims)
{
	struct bindery_ioc_show *raw = &group->raw;

	for (size_t i = 0; i < claims->list.count; i++) {
		const struct bindery_status *claim = entry(&claims->list, i);

		if (memcmp(claim->raw.out_id, raw->out_claim_id,
			   sizeof(raw->out_claim_id)))
			continue;
		raw->out_claim_flags = claim->raw.out_flags;
		raw->out_holder_pid = claim->raw.out_holder_pid;
		memcpy(raw->out_holder_comm, claim->raw.out_holder_comm,
		       sizeof(raw->out_holder_comm));
		memcpy(raw->out_holder_label, claim->raw.out_label,
		       sizeof(raw->out_holder_label));
		group->delegation_id = claim->delegation_id;
		return;
	}
}

static int put_holders(const struct list *groups)
{
	struct bindery_claims *claims;
	int ret;

	if (!groups->count)
		return 0;
	ret = bindery_claims_dump(NULL, &claims);
	if (ret)
		return ret;
	for (size_t i = 0; i < groups->count; i++)
		put_holder(entry(groups, i), claims);
	bindery_claims_free(claims);
	return 0;
}

int bindery_groups_dump(struct bindery_groups **groups)
{
	struct bindery_groups *new = calloc(1, sizeof(*new));
	int ret;

	if (!new)
		return -ENOMEM;
	new->list.size = sizeof(struct bindery_group);
	ret = netlink_dump_whole(BINDERY_CMD_GROUP_GET, NULL, visit_group,
				 clear_list, &new->list);
	if (!ret)
		ret = put_holders(&new->list);
	if (ret)
		bindery_groups_free(new);
	else
		*groups = new;
	return ret;
}

void bindery_groups_free(struct bindery_groups *groups)
{
	if (!groups)
		return;
	free(groups->list.entries);
	free(groups);
}

size_t bindery_groups_get_count(const struct bindery_groups *groups)
{
	return groups->list.count;
}

const struct bindery_group *
bindery_groups_get(const struct bindery_groups *groups, size_t index)
{
	return entry(&groups->list, index);
}

uint64_t bindery_groups_get_newest(const struct bindery_groups *groups)
{
	return groups->list.newest;
}

static int visit_event(const struct netlink_message *message, void *argument)
{
	struct bindery_journal *journal = argument;
	struct bindery_event_record *record = add(&journal->list);

	if (!record)
		return -ENOMEM;
	record->message = *message;
	record->message.groups = NULL;
	journal->list.newest = message->newest;
	if (message->oldest > journal->oldest)
		journal->oldest = message->oldest;
	return 0;
}

int bindery_journal_dump(uint64_t since, struct bindery_journal **journal)
{
	struct bindery_journal *new = calloc(1, sizeof(*new));
	struct netlink_filter filter = {
		.attribute = BINDERY_A_SEQ,
		.size = since ? sizeof(since) : 0,
		.data = &since,
	};
	int ret;

	if (!new)
		return -ENOMEM;
	new->list.size = sizeof(struct bindery_event_record);
	/* What happens meanwhile is no reason to ask again: it has numbers. */
	ret = netlink_dump(BINDERY_CMD_JOURNAL_GET, &filter, visit_event, new);
	if (ret && ret != -EAGAIN) {
		bindery_journal_free(new);
		return ret;
	}
	*journal = new;
	return 0;
}

void bindery_journal_free(struct bindery_journal *journal)
{
	if (!journal)
		return;
	free(journal->list.entries);
	free(journal);
}

size_t bindery_journal_get_count(const struct bindery_journal *journal)
{
	return journal->list.count;
}

const struct bindery_event_record *
bindery_journal_get(const struct bindery_journal *journal, size_t index)
{
	return entry(&journal->list, index);
}

uint64_t bindery_journal_get_oldest(const struct bindery_journal *journal)
{
	return journal->oldest;
}

uint64_t bindery_journal_get_newest(const struct bindery_journal *journal)
{
	return journal->list.newest;
}

/* The list of members grows in place: its entries are part of it. */
static struct bindery_member *add_member(struct bindery_members **members)
{
	struct bindery_members *old = *members, *new;
	uint32_t room = old->room ? 2 * old->room : 16;

	if (old->count < old->room)
		return &old->entries[old->count++];
	new = bindery_members_new(room);
	if (!new)
		return NULL;
	memcpy(new->entries, old->entries, old->count * sizeof(*new->entries));
	new->count = old->count + 1;
	new->complete = true;
	bindery_members_free(old);
	*members = new;
	return &new->entries[new->count - 1];
}

static void put_names(struct bindery_ioc_member *raw,
		      const struct netlink_message *message)
{
	memcpy(raw->out_name, message->name, sizeof(raw->out_name));
	memcpy(raw->out_driver, message->driver, sizeof(raw->out_driver));
	memcpy(raw->out_override, message->override,
	       sizeof(raw->out_override));
	memcpy(raw->out_target, message->target, sizeof(raw->out_target));
	memcpy(raw->out_native_driver, message->native_driver,
	       sizeof(raw->out_native_driver));
	memcpy(raw->out_native_override, message->native_override,
	       sizeof(raw->out_native_override));
}

static int visit_member(const struct netlink_message *message, void *argument)
{
	struct bindery_member *member = add_member(argument);

	if (!member)
		return -ENOMEM;
	member->raw = (struct bindery_ioc_member){
		.out_device = bindery_bdf_to_uapi(&message->device),
		.out_group = message->group,
		.out_group_state = message->state,
		.out_role = message->role,
		.out_action = message->action,
		.out_flags = message->flags,
		.out_blocker = message->code,
		.out_errno = message->error,
		.out_assignment = message->assignment,
		.out_users = message->users,
		.out_generation = message->generation,
	};
	bindery_id_to_uapi(&message->assignment_id,
			   member->raw.out_assignment_id);
	member->raw.out_vfio_files = message->vfio_files;
	member->raw.out_vfio_opens = message->vfio_opens;
	member->raw.out_vfio_closes = message->vfio_closes;
	member->raw.out_opener_pid = message->pid;
	memcpy(member->raw.out_opener_comm, message->comm,
	       sizeof(message->comm));
	put_names(&member->raw, message);
	return 0;
}

static void clear_members(void *argument)
{
	struct bindery_members **members = argument;

	(*members)->count = 0;
}

int bindery_members_dump(const uint32_t *group,
			 struct bindery_members **members)
{
	struct bindery_members *new = bindery_members_new(MEMBERS_ROOM);
	struct netlink_filter filter = {
		.attribute = BINDERY_A_GROUP,
		.size = sizeof(*group),
		.data = group,
	};
	int ret;

	if (!new)
		return -ENOMEM;
	new->complete = true;
	ret = netlink_dump_whole(BINDERY_CMD_MEMBER_GET, group ? &filter : NULL,
				 visit_member, clear_members, &new);
	if (ret)
		bindery_members_free(new);
	else
		*members = new;
	return ret;
}
