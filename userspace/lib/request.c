// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"

/*
 * What does not fit is cut without a NUL: the kernel refuses that with the
 * same typed error as any other bad name.
 */
void bindery_string_encode(char *field, size_t size, const char *text)
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
	free(request->natives);
	free(request);
}

static int make_room(struct bindery_request *request)
{
	size_t room = request->room ? request->room * 2 : 16;
	struct bindery_ioc_device *devices;
	struct bindery_ioc_native *natives;

	if (request->num_devices < request->room)
		return 0;
	devices = reallocarray(request->devices, room, sizeof(*devices));
	if (!devices)
		return -ENOMEM;
	request->devices = devices;
	natives = reallocarray(request->natives, room, sizeof(*natives));
	if (!natives)
		return -ENOMEM;
	request->natives = natives;
	request->room = room;
	return 0;
}

int bindery_request_add_device(struct bindery_request *request,
			       const struct bindery_reference *device,
			       const char *target, const char *module)
{
	struct bindery_ioc_device raw;
	int ret = bindery_reference_to_uapi(device, &raw);

	if (!ret)
		ret = make_room(request);
	if (ret)
		return ret;
	bindery_string_encode(raw.target, sizeof(raw.target), target);
	bindery_string_encode(raw.module, sizeof(raw.module), module);
	request->devices[request->num_devices] = raw;
	request->natives[request->num_devices++] =
		(struct bindery_ioc_native){ 0 };
	return 0;
}

int bindery_request_set_native(struct bindery_request *request, size_t index,
			       const char *driver, const char *module,
			       const char *override)
{
	struct bindery_ioc_native *native;

	if (index >= request->num_devices)
		return -EINVAL;
	native = &request->natives[index];
	native->flags = BINDERY_NATIVE_RESTORE;
	bindery_string_encode(native->driver, sizeof(native->driver), driver);
	bindery_string_encode(native->module, sizeof(native->module), module);
	bindery_string_encode(native->override, sizeof(native->override),
			      override);
	return 0;
}

size_t bindery_request_get_num_devices(const struct bindery_request *request)
{
	return request->num_devices;
}

struct bindery_reference
bindery_request_get_device(const struct bindery_request *request, size_t index)
{
	return bindery_reference_from_uapi(&request->devices[index]);
}

void bindery_request_set_target(struct bindery_request *request,
				const char *target, const char *module)
{
	struct bindery_ioc_acquire *raw = &request->raw;

	bindery_string_encode(raw->target, sizeof(raw->target), target);
	bindery_string_encode(raw->module, sizeof(raw->module), module);
}

void bindery_request_set_label(struct bindery_request *request,
			       const char *label)
{
	struct bindery_ioc_acquire *raw = &request->raw;

	bindery_string_encode(raw->label, sizeof(raw->label), label);
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
		return bindery_error_record_fail(&context->error, -ENOMEM);
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
