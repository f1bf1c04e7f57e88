// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <stdlib.h>

#include "internal.h"

static int ask(struct bindery_claim *claim, struct bindery_ioc_status *ioc,
	       struct bindery_members *members)
{
	int ret;

	*ioc = (struct bindery_ioc_status){
		.size = sizeof(*ioc),
		.members = (uintptr_t)members->entries,
		.num_members = members->room,
		.member_size = sizeof(struct bindery_ioc_member),
		.error = bindery_error_record_prepare(&claim->error),
	};
	ret = bindery_ioctl(claim->fd, BINDERY_STATUS, ioc);
	ioc->out_holder_comm[sizeof(ioc->out_holder_comm) - 1] = '\0';
	ioc->out_label[sizeof(ioc->out_label) - 1] = '\0';
	return bindery_error_record_finish(&claim->error, ret);
}

int bindery_status_ask(struct bindery_claim *claim,
		       struct bindery_ioc_status *ioc,
		       struct bindery_members **members)
{
	struct bindery_members *list = bindery_members_new(MEMBERS_ROOM);
	unsigned int attempt = 0;
	int ret;

	if (!list)
		return bindery_error_record_fail(&claim->error, -ENOMEM);
	do
		ret = ask(claim, ioc, list);
	while (!ret && bindery_members_must_grow(&list, ioc->num_members,
						 attempt++));
	if (ret) {
		bindery_members_free(list);
		return ret;
	}
	bindery_members_set_count(list, ioc->num_members, ret);
	*members = list;
	return 0;
}

int bindery_claim_get_status(struct bindery_claim *claim,
			     struct bindery_status **status)
{
	struct bindery_status *new = calloc(1, sizeof(*new));
	int ret;

	if (!new)
		return bindery_error_record_fail(&claim->error, -ENOMEM);
	ret = bindery_status_ask(claim, &new->raw, &new->members);
	if (ret) {
		free(new);
		return ret;
	}
	*status = new;
	return 0;
}

void bindery_status_free(struct bindery_status *status)
{
	if (!status)
		return;
	bindery_members_free(status->members);
	free(status->groups);
	free(status);
}

struct bindery_id bindery_status_get_id(const struct bindery_status *status)
{
	return bindery_id_from_uapi(status->raw.out_id);
}

enum bindery_group_state
bindery_status_get_state(const struct bindery_status *status)
{
	return status->raw.out_state;
}

uint32_t bindery_status_get_flags(const struct bindery_status *status)
{
	return status->raw.out_flags;
}

uint64_t bindery_status_get_generation(const struct bindery_status *status)
{
	return status->raw.out_generation;
}

uint32_t bindery_status_get_num_groups(const struct bindery_status *status)
{
	return status->raw.out_num_groups;
}

pid_t bindery_status_get_holder_pid(const struct bindery_status *status)
{
	return status->raw.out_holder_pid;
}

const char *bindery_status_get_holder_comm(const struct bindery_status *status)
{
	return status->raw.out_holder_comm;
}

const char *bindery_status_get_label(const struct bindery_status *status)
{
	return status->raw.out_label;
}

struct bindery_id
bindery_status_get_delegation_id(const struct bindery_status *status)
{
	return status->delegation_id;
}

const uint32_t *bindery_status_get_groups(const struct bindery_status *status,
					  size_t *count)
{
	*count = status->groups_count;
	return status->groups;
}

const struct bindery_members *
bindery_status_get_members(const struct bindery_status *status)
{
	return status->members;
}
