// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "internal.h"

/* Neither ACQUIRE nor RELEASE can be asked twice for the same members. */
#define ACQUIRE_ROOM	1024
#define RELEASE_SLACK	64

static struct bindery_claim *claim_new(int fd)
{
	struct bindery_claim *claim = calloc(1, sizeof(*claim));

	if (!claim)
		return NULL;
	claim->fd = fd;
	bindery_error_record_prepare(&claim->error);
	return claim;
}

static int acquire(struct bindery_context *context,
		   const struct bindery_request *request,
		   struct bindery_claim *claim, struct bindery_members *members)
{
	struct bindery_ioc_acquire ioc;
	int ret;

	bindery_request_encode(request, &ioc);
	ioc.members = (uintptr_t)members->entries;
	ioc.num_members = members->room;
	ioc.error = bindery_error_record_prepare(&context->error);
	ret = bindery_ioctl(context->fd, BINDERY_ACQUIRE, &ioc);
	bindery_error_record_finish(&context->error, ret);
	bindery_members_set_count(members, ioc.num_members, ret);
	if (!ret)
		claim->fd = ioc.out_claim_fd;
	return ret;
}

/* After success the whole list can still be had, by STATUS. */
static void complete(struct bindery_claim *claim,
		     struct bindery_members **members)
{
	struct bindery_ioc_status ioc;
	struct bindery_members *all;

	if (bindery_status_ask(claim, &ioc, &all))
		return;
	bindery_members_free(*members);
	*members = all;
}

int bindery_claim_acquire(struct bindery_context *context,
			  const struct bindery_request *request,
			  struct bindery_claim **claim,
			  struct bindery_members **members)
{
	struct bindery_members *list = bindery_members_new(ACQUIRE_ROOM);
	struct bindery_claim *new = claim_new(-1);
	int ret = -ENOMEM;

	if (members)
		*members = NULL;
	if (list && new)
		ret = acquire(context, request, new, list);
	if (!ret && !list->complete)
		complete(new, &list);
	if (list)
		bindery_members_give(list, members);
	if (ret)
		bindery_claim_free(new);
	else
		*claim = new;
	return ret;
}

int bindery_claim_new_from_fd(int fd, struct bindery_claim **claim)
{
	struct bindery_claim *new = claim_new(fd);
	struct bindery_ioc_status ioc;
	struct bindery_members *members;
	int ret;

	if (!new)
		return -ENOMEM;
	ret = bindery_status_ask(new, &ioc, &members);
	if (ret) {
		free(new);
		return ret;
	}
	bindery_members_free(members);
	*claim = new;
	return 0;
}

void bindery_claim_free(struct bindery_claim *claim)
{
	if (!claim)
		return;
	if (claim->fd >= 0)
		close(claim->fd);
	free(claim);
}

int bindery_claim_get_fd(const struct bindery_claim *claim)
{
	return claim->fd;
}

const struct bindery_error_record *
bindery_claim_get_error(const struct bindery_claim *claim)
{
	return &claim->error;
}

/* Asked first, because the release itself cannot be asked twice. */
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

int bindery_claim_release(struct bindery_claim *claim, uint32_t deadline_ms,
			  struct bindery_members **results)
{
	struct bindery_ioc_release ioc = { .size = sizeof(ioc) };
	struct bindery_members *list;
	int ret;

	if (results)
		*results = NULL;
	list = bindery_members_new(count_members(claim) + RELEASE_SLACK);
	if (!list)
		return -ENOMEM;
	ioc.members = (uintptr_t)list->entries;
	ioc.num_members = list->room;
	ioc.member_size = sizeof(struct bindery_ioc_member);
	ioc.deadline_ms = deadline_ms;
	ioc.error = bindery_error_record_prepare(&claim->error);
	ret = bindery_ioctl(claim->fd, BINDERY_RELEASE, &ioc);
	bindery_error_record_finish(&claim->error, ret);
	bindery_members_set_count(list, ioc.num_members, ret);
	bindery_members_give(list, results);
	return ret;
}
