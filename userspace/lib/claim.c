// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "internal.h"

static struct bindery_claim *claim_new(int fd)
{
	struct bindery_claim *claim = calloc(1, sizeof(*claim));

	if (!claim)
		return NULL;
	claim->fd = fd;
	bindery_error_record_prepare(&claim->error);
	return claim;
}

static int acquire(struct bindery_context *context, unsigned long number,
		   struct bindery_ioc_acquire *ioc, struct bindery_claim *claim,
		   struct bindery_members *members)
{
	int ret;

	ioc->members = (uintptr_t)members->entries;
	ioc->num_members = members->room;
	ioc->error = bindery_error_record_prepare(&context->error);
	ret = bindery_ioctl(context->fd, number, ioc);
	bindery_error_record_finish(&context->error, ret);
	bindery_members_set_count(members, ioc->num_members, ret);
	if (ret)
		return ret;
	claim->fd = ioc->out_claim_fd;
	claim->id = bindery_id_from_uapi(ioc->out_claim_id);
	return 0;
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

static int make_claim(struct bindery_context *context, unsigned long number,
		      struct bindery_ioc_acquire *ioc,
		      struct bindery_claim **claim,
		      struct bindery_members **members)
{
	struct bindery_members *list = bindery_members_new(MEMBERS_ONCE);
	struct bindery_claim *new = claim_new(-1);
	int ret = -ENOMEM;

	if (members)
		*members = NULL;
	if (list && new)
		ret = acquire(context, number, ioc, new, list);
	else
		bindery_error_record_fail(&context->error, ret);
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

int bindery_claim_acquire(struct bindery_context *context,
			  const struct bindery_request *request,
			  struct bindery_claim **claim,
			  struct bindery_members **members)
{
	struct bindery_ioc_acquire ioc;

	bindery_request_encode(request, &ioc);
	return make_claim(context, BINDERY_ACQUIRE, &ioc, claim, members);
}

int bindery_claim_adopt(struct bindery_context *context,
			const struct bindery_request *request,
			struct bindery_claim **claim,
			struct bindery_members **members)
{
	struct bindery_ioc_acquire ioc;

	bindery_request_encode(request, &ioc);
	ioc.natives = (uintptr_t)request->natives;
	if (request->natives)
		ioc.native_size = sizeof(*request->natives);
	return make_claim(context, BINDERY_ADOPT, &ioc, claim, members);
}

int bindery_claim_open(struct bindery_context *context,
		       const struct bindery_id *id,
		       const struct bindery_reference *device,
		       struct bindery_claim **claim)
{
	struct bindery_ioc_open_claim ioc = { .size = sizeof(ioc) };
	struct bindery_claim *new;
	struct bindery_ioc_device raw;
	int ret;

	ret = bindery_name_claim(id, device, &raw, ioc.id, &ioc.device,
				 &ioc.device_size);
	if (ret)
		return bindery_error_record_fail(&context->error, ret);
	new = claim_new(-1);
	if (!new)
		return bindery_error_record_fail(&context->error, -ENOMEM);
	ioc.error = bindery_error_record_prepare(&context->error);
	ret = bindery_ioctl(context->fd, BINDERY_OPEN_CLAIM, &ioc);
	bindery_error_record_finish(&context->error, ret);
	if (ret) {
		bindery_claim_free(new);
		return ret;
	}
	new->fd = ioc.out_claim_fd;
	new->id = bindery_id_from_uapi(ioc.out_claim_id);
	*claim = new;
	return 0;
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
	if (!ret) {
		bindery_members_free(members);
		ret = fcntl(fd, F_SETFD, FD_CLOEXEC) ? -errno : 0;
	}
	if (ret) {
		free(new);
		return ret;
	}
	new->id = bindery_id_from_uapi(ioc.out_id);
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

struct bindery_id bindery_claim_get_id(const struct bindery_claim *claim)
{
	return claim->id;
}

const struct bindery_error_record *
bindery_claim_get_error(const struct bindery_claim *claim)
{
	return &claim->error;
}
