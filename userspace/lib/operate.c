// SPDX-License-Identifier: LGPL-2.1-or-later
/* What is done on a claim, or on a claim or group that nobody has open. */
#include <errno.h>

#include "internal.h"

/* Among members of the groups there may be new ones until the call. */
#define SLACK 64

/* Asked first, because what follows cannot be asked twice. */
static uint32_t count_members(struct bindery_claim *claim)
{
	struct bindery_ioc_status ioc;
	struct bindery_members *members;
	uint32_t count;

	if (bindery_status_ask(claim, &ioc, &members))
		return 0;
	count = (uint32_t)members->count;
	bindery_members_free(members);
	return count;
}

int bindery_claim_release(struct bindery_claim *claim, uint32_t flags,
			  uint32_t deadline_ms, uint64_t generation,
			  struct bindery_members **results)
{
	struct bindery_ioc_release ioc = {
		.size = sizeof(ioc),
		.flags = flags,
		.member_size = sizeof(struct bindery_ioc_member),
		.deadline_ms = deadline_ms,
		.generation = generation,
	};
	struct bindery_members *list;
	int ret;

	if (results)
		*results = NULL;
	list = bindery_members_new(count_members(claim) + SLACK);
	if (!list)
		return bindery_error_record_fail(&claim->error, -ENOMEM);
	ioc.members = (uintptr_t)list->entries;
	ioc.num_members = list->room;
	ioc.error = bindery_error_record_prepare(&claim->error);
	ret = bindery_ioctl(claim->fd, BINDERY_RELEASE, &ioc);
	bindery_error_record_finish(&claim->error, ret);
	bindery_members_set_count(list, ioc.num_members, ret);
	bindery_members_give(list, results);
	return ret;
}

int bindery_claim_bind(struct bindery_claim *claim, uint32_t flags,
		       uint32_t deadline_ms, struct bindery_members **members)
{
	struct bindery_ioc_bind ioc = {
		.size = sizeof(ioc),
		.flags = flags,
		.member_size = sizeof(struct bindery_ioc_member),
		.deadline_ms = deadline_ms,
	};
	struct bindery_members *list;
	int ret;

	if (members)
		*members = NULL;
	list = bindery_members_new(count_members(claim) + SLACK);
	if (!list)
		return bindery_error_record_fail(&claim->error, -ENOMEM);
	ioc.members = (uintptr_t)list->entries;
	ioc.num_members = list->room;
	ioc.error = bindery_error_record_prepare(&claim->error);
	ret = bindery_ioctl(claim->fd, BINDERY_BIND, &ioc);
	bindery_error_record_finish(&claim->error, ret);
	bindery_members_set_count(list, ioc.num_members, ret);
	bindery_members_give(list, members);
	return ret;
}

int bindery_claim_mark(struct bindery_claim *claim,
		       const struct bindery_reference *device,
		       enum bindery_event event, uint64_t generation,
		       struct bindery_mark *mark)
{
	struct bindery_ioc_device raw;
	struct bindery_ioc_mark ioc = {
		.size = sizeof(ioc),
		.device = (uintptr_t)&raw,
		.device_size = sizeof(raw),
		.event = event,
		.generation = generation,
	};
	int ret = bindery_reference_to_uapi(device, &raw);

	if (ret)
		return bindery_error_record_fail(&claim->error, ret);
	ioc.error = bindery_error_record_prepare(&claim->error);
	ret = bindery_ioctl(claim->fd, BINDERY_MARK, &ioc);
	bindery_error_record_finish(&claim->error, ret);
	if (ret || !mark)
		return ret;
	*mark = (struct bindery_mark){
		.id = bindery_id_from_uapi(ioc.out_assignment_id),
		.assignment = ioc.out_assignment,
		.users = ioc.out_users,
		.generation = ioc.out_generation,
	};
	return 0;
}

int bindery_claim_keep(struct bindery_claim *claim, enum bindery_keep policy)
{
	struct bindery_ioc_keep ioc = {
		.size = sizeof(ioc),
		.policy = policy,
		.error = bindery_error_record_prepare(&claim->error),
	};
	int ret = bindery_ioctl(claim->fd, BINDERY_KEEP, &ioc);

	return bindery_error_record_finish(&claim->error, ret);
}

int bindery_name_claim(const struct bindery_id *id,
		       const struct bindery_reference *device,
		       struct bindery_ioc_device *raw,
		       uint8_t raw_id[BINDERY_ID_SIZE], __u64 *pointer,
		       __u32 *size)
{
	if (id)
		bindery_id_to_uapi(id, raw_id);
	if (!device)
		return 0;
	*pointer = (uintptr_t)raw;
	*size = sizeof(*raw);
	return bindery_reference_to_uapi(device, raw);
}

static int recover(struct bindery_context *context,
		   struct bindery_ioc_recover *ioc,
		   struct bindery_members **members)
{
	struct bindery_members *list = bindery_members_new(MEMBERS_ONCE);
	int ret;

	if (!list)
		return bindery_error_record_fail(&context->error, -ENOMEM);
	ioc->size = sizeof(*ioc);
	ioc->members = (uintptr_t)list->entries;
	ioc->num_members = list->room;
	ioc->member_size = sizeof(struct bindery_ioc_member);
	ioc->error = bindery_error_record_prepare(&context->error);
	ret = bindery_ioctl(context->fd, BINDERY_RECOVER, ioc);
	bindery_error_record_finish(&context->error, ret);
	bindery_members_set_count(list, ioc->num_members, ret);
	bindery_members_give(list, members);
	return ret;
}

int bindery_group_repair(struct bindery_context *context,
			 const struct bindery_reference *device,
			 uint32_t deadline_ms,
			 struct bindery_members **members)
{
	struct bindery_ioc_device raw;
	struct bindery_ioc_recover ioc = {
		.operation = BINDERY_RECOVER_REPAIR,
		.device = (uintptr_t)&raw,
		.device_size = sizeof(raw),
		.deadline_ms = deadline_ms,
	};
	int ret = bindery_reference_to_uapi(device, &raw);

	if (members)
		*members = NULL;
	return ret ? bindery_error_record_fail(&context->error, ret) :
		     recover(context, &ioc, members);
}

int bindery_claim_release_kept(struct bindery_context *context,
			       const struct bindery_id *id,
			       const struct bindery_reference *device,
			       uint32_t flags, uint32_t deadline_ms,
			       struct bindery_members **results)
{
	struct bindery_ioc_device raw;
	struct bindery_ioc_recover ioc = {
		.flags = flags,
		.operation = BINDERY_RECOVER_RELEASE,
		.deadline_ms = deadline_ms,
	};
	int ret;

	if (results)
		*results = NULL;
	ret = bindery_name_claim(id, device, &raw, ioc.id, &ioc.device,
				 &ioc.device_size);
	return ret ? bindery_error_record_fail(&context->error, ret) :
		     recover(context, &ioc, results);
}
