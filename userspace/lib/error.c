// SPDX-License-Identifier: LGPL-2.1-or-later
#include <string.h>

#include "internal.h"

uint64_t bindery_error_record_prepare(struct bindery_error_record *record)
{
	memset(record, 0, sizeof(*record));
	record->raw.size = sizeof(record->raw);
	return (uintptr_t)&record->raw;
}

int bindery_error_record_finish(struct bindery_error_record *record, int ret)
{
	struct bindery_ioc_error *raw = &record->raw;

	raw->out_holder_comm[sizeof(raw->out_holder_comm) - 1] = '\0';
	raw->out_holder_label[sizeof(raw->out_holder_label) - 1] = '\0';
	raw->out_name[sizeof(raw->out_name) - 1] = '\0';
	if (ret < 0 && !raw->out_errno)
		raw->out_errno = -ret;
	return ret;
}

/* Of a call that the kernel was never asked for; nothing of the last is left. */
int bindery_error_record_fail(struct bindery_error_record *record, int error)
{
	bindery_error_record_prepare(record);
	return bindery_error_record_finish(record, error);
}

enum bindery_error
bindery_error_record_get_code(const struct bindery_error_record *record)
{
	return record->raw.out_code;
}

enum bindery_error_class
bindery_error_record_get_class(const struct bindery_error_record *record)
{
	return record->raw.out_class;
}

enum bindery_step
bindery_error_record_get_step(const struct bindery_error_record *record)
{
	return record->raw.out_step;
}

int bindery_error_record_get_errno(const struct bindery_error_record *record)
{
	return record->raw.out_errno;
}

bool bindery_error_record_get_device(const struct bindery_error_record *record,
				     struct bindery_bdf *device)
{
	if (!(record->raw.out_flags & BINDERY_ERROR_HAS_DEVICE))
		return false;
	*device = bindery_bdf_from_uapi(&record->raw.out_device);
	return true;
}

bool bindery_error_record_get_group(const struct bindery_error_record *record,
				    uint32_t *group)
{
	if (!(record->raw.out_flags & BINDERY_ERROR_HAS_GROUP))
		return false;
	*group = record->raw.out_group;
	return true;
}

bool bindery_error_record_has_holder(const struct bindery_error_record *record)
{
	return record->raw.out_flags & BINDERY_ERROR_HAS_HOLDER;
}

bool
bindery_error_record_is_incomplete(const struct bindery_error_record *record)
{
	return record->raw.out_flags & BINDERY_ERROR_INCOMPLETE;
}

pid_t
bindery_error_record_get_holder_pid(const struct bindery_error_record *record)
{
	return record->raw.out_holder_pid;
}

const char *
bindery_error_record_get_holder_comm(const struct bindery_error_record *record)
{
	return record->raw.out_holder_comm;
}

const char *
bindery_error_record_get_holder_label(const struct bindery_error_record *record)
{
	return record->raw.out_holder_label;
}

const char *
bindery_error_record_get_name(const struct bindery_error_record *record)
{
	return record->raw.out_name;
}
