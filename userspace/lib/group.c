// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <stdlib.h>

#include "internal.h"

static int show(struct bindery_context *context, struct bindery_group *group,
		const struct bindery_ioc_device *device)
{
	struct bindery_ioc_show *raw = &group->raw;
	int ret;

	*raw = (struct bindery_ioc_show){
		.size = sizeof(*raw),
		.device = (uintptr_t)device,
		.device_size = sizeof(*device),
		.member_size = sizeof(struct bindery_ioc_member),
		.members = (uintptr_t)group->members->entries,
		.num_members = group->members->room,
		.error = bindery_error_record_prepare(&context->error),
	};
	ret = bindery_ioctl(context->fd, BINDERY_SHOW, raw);
	raw->out_holder_comm[sizeof(raw->out_holder_comm) - 1] = '\0';
	raw->out_holder_label[sizeof(raw->out_holder_label) - 1] = '\0';
	return bindery_error_record_finish(&context->error, ret);
}

int bindery_group_show(struct bindery_context *context,
		       const struct bindery_reference *device,
		       struct bindery_group **group)
{
	struct bindery_group *new = calloc(1, sizeof(*new));
	struct bindery_ioc_device raw;
	unsigned int attempt = 0;
	int ret;

	if (!new)
		return bindery_error_record_fail(&context->error, -ENOMEM);
	ret = bindery_reference_to_uapi(device, &raw);
	if (!ret) {
		new->members = bindery_members_new(MEMBERS_ROOM);
		ret = new->members ? 0 : -ENOMEM;
	}
	if (ret) {
		bindery_error_record_fail(&context->error, ret);
		goto err_free;
	}
	do
		ret = show(context, new, &raw);
	while (!ret && bindery_members_must_grow(&new->members,
						 new->raw.num_members,
						 attempt++));
	if (ret)
		goto err_free;
	bindery_members_set_count(new->members, new->raw.num_members, ret);
	new->num_members = new->raw.num_members;
	*group = new;
	return 0;

err_free:
	bindery_group_free(new);
	return ret;
}

void bindery_group_free(struct bindery_group *group)
{
	if (!group)
		return;
	bindery_members_free(group->members);
	free(group);
}

uint32_t bindery_group_get_number(const struct bindery_group *group)
{
	return group->raw.out_group;
}

enum bindery_group_state
bindery_group_get_state(const struct bindery_group *group)
{
	return group->raw.out_state;
}

uint32_t bindery_group_get_num_claims(const struct bindery_group *group)
{
	return group->raw.out_num_claims;
}

uint32_t bindery_group_get_num_members(const struct bindery_group *group)
{
	return group->num_members;
}

pid_t bindery_group_get_holder_pid(const struct bindery_group *group)
{
	return group->raw.out_holder_pid;
}

const char *bindery_group_get_holder_comm(const struct bindery_group *group)
{
	return group->raw.out_holder_comm;
}

const char *bindery_group_get_holder_label(const struct bindery_group *group)
{
	return group->raw.out_holder_label;
}

struct bindery_id
bindery_group_get_claim_id(const struct bindery_group *group)
{
	return bindery_id_from_uapi(group->raw.out_claim_id);
}

struct bindery_id
bindery_group_get_delegation_id(const struct bindery_group *group)
{
	return group->delegation_id;
}

uint32_t bindery_group_get_claim_flags(const struct bindery_group *group)
{
	return group->raw.out_claim_flags;
}

uint64_t bindery_group_get_generation(const struct bindery_group *group)
{
	return group->raw.out_generation;
}

const struct bindery_members *
bindery_group_get_members(const struct bindery_group *group)
{
	return group->members;
}
