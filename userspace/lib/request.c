// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"

/*
 * What does not fit is cut without a NUL: the kernel refuses that with the
 * same typed error as any other bad name.
 */
static void encode_string(char *field, size_t size, const char *text)
{
	size_t length = text ? strnlen(text, size) : 0;

	memset(field, 0, size);
	if (length)
		memcpy(field, text, length);
}

int bindery_request_new(struct bindery_request **request)
{
	struct bindery_request *new = calloc(1, sizeof(*new));

	if (!new)
		return -ENOMEM;
	*request = new;
	return 0;
}

void bindery_request_free(struct bindery_request *request)
{
	if (!request)
		return;
	free(request->devices);
	free(request);
}

static int make_room(struct bindery_request *request)
{
	size_t room = request->room ? request->room * 2 : 16;
	struct bindery_ioc_device *devices;

	if (request->num_devices < request->room)
		return 0;
	devices = reallocarray(request->devices, room, sizeof(*devices));
	if (!devices)
		return -ENOMEM;
	request->devices = devices;
	request->room = room;
	return 0;
}

int bindery_request_add_device(struct bindery_request *request,
			       const struct bindery_bdf *bdf,
			       const char *target, const char *module)
{
	struct bindery_ioc_device *device;

	if (make_room(request))
		return -ENOMEM;
	device = &request->devices[request->num_devices++];
	*device = (struct bindery_ioc_device){
		.address = BINDERY_ADDRESS_BDF,
		.bdf = bindery_bdf_to_uapi(bdf),
	};
	encode_string(device->target, sizeof(device->target), target);
	encode_string(device->module, sizeof(device->module), module);
	return 0;
}

size_t bindery_request_get_num_devices(const struct bindery_request *request)
{
	return request->num_devices;
}

struct bindery_bdf
bindery_request_get_device(const struct bindery_request *request, size_t index)
{
	return bindery_bdf_from_uapi(&request->devices[index].bdf);
}

void bindery_request_set_target(struct bindery_request *request,
				const char *target, const char *module)
{
	struct bindery_ioc_acquire *raw = &request->raw;

	encode_string(raw->target, sizeof(raw->target), target);
	encode_string(raw->module, sizeof(raw->module), module);
}

void bindery_request_set_label(struct bindery_request *request,
			       const char *label)
{
	struct bindery_ioc_acquire *raw = &request->raw;

	encode_string(raw->label, sizeof(raw->label), label);
}

void bindery_request_set_flags(struct bindery_request *request, uint32_t flags)
{
	request->raw.flags = flags;
}

void bindery_request_set_deadline_ms(struct bindery_request *request,
				     uint32_t deadline_ms)
{
	request->raw.deadline_ms = deadline_ms;
}

void bindery_request_encode(const struct bindery_request *request,
			    struct bindery_ioc_acquire *ioc)
{
	*ioc = request->raw;
	ioc->size = sizeof(*ioc);
	ioc->devices = (uintptr_t)request->devices;
	ioc->num_devices = (uint32_t)request->num_devices;
	ioc->device_size = sizeof(*request->devices);
	ioc->member_size = sizeof(struct bindery_ioc_member);
	ioc->out_claim_fd = -1;
}

int bindery_request_check(struct bindery_context *context,
			  const struct bindery_request *request,
			  struct bindery_members **plan)
{
	struct bindery_members *members = bindery_members_new(MEMBERS_ROOM);
	struct bindery_ioc_acquire ioc;
	unsigned int attempt = 0;
	int ret;

	if (plan)
		*plan = NULL;
	if (!members)
		return -ENOMEM;
	do {
		bindery_request_encode(request, &ioc);
		ioc.members = (uintptr_t)members->entries;
		ioc.num_members = members->room;
		ioc.error = bindery_error_record_prepare(&context->error);
		ret = bindery_ioctl(context->fd, BINDERY_CHECK, &ioc);
		bindery_error_record_finish(&context->error, ret);
	} while (bindery_members_must_grow(&members, ioc.num_members,
					   attempt++));
	bindery_members_set_count(members, ioc.num_members, ret);
	bindery_members_give(members, plan);
	return ret;
}
