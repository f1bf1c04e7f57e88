// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <stdlib.h>

#include "internal.h"

struct bindery_info {
	struct bindery_ioc_info raw;
};

int bindery_context_get_info(struct bindery_context *context,
			     struct bindery_info **info)
{
	struct bindery_info *new = calloc(1, sizeof(*new));
	int ret;

	if (!new)
		return bindery_error_record_fail(&context->error, -ENOMEM);
	bindery_error_record_prepare(&context->error);
	new->raw.size = sizeof(new->raw);
	ret = bindery_ioctl(context->fd, BINDERY_INFO, &new->raw);
	bindery_error_record_finish(&context->error, ret);
	if (ret) {
		free(new);
		return ret;
	}
	new->raw.out_version[sizeof(new->raw.out_version) - 1] = '\0';
	*info = new;
	return 0;
}

void bindery_info_free(struct bindery_info *info)
{
	free(info);
}

uint32_t bindery_info_get_abi_version(const struct bindery_info *info)
{
	return info->raw.out_abi_version;
}

const char *bindery_info_get_version(const struct bindery_info *info)
{
	return info->raw.out_version;
}

enum bindery_rights bindery_info_get_rights(const struct bindery_info *info)
{
	return info->raw.out_rights;
}

uint32_t bindery_info_get_kernel_facts(const struct bindery_info *info)
{
	return info->raw.out_kernel;
}

uint64_t bindery_info_get_features(const struct bindery_info *info)
{
	return info->raw.out_features;
}

uint32_t bindery_info_get_max_devices(const struct bindery_info *info)
{
	return info->raw.out_max_devices;
}

uint32_t bindery_info_get_max_label(const struct bindery_info *info)
{
	return info->raw.out_max_label;
}

uint32_t bindery_info_get_max_name(const struct bindery_info *info)
{
	return info->raw.out_max_name;
}

uint32_t bindery_info_get_deadline_default_ms(const struct bindery_info *info)
{
	return info->raw.out_deadline_default_ms;
}

uint32_t bindery_info_get_deadline_max_ms(const struct bindery_info *info)
{
	return info->raw.out_deadline_max_ms;
}

uint32_t bindery_info_get_max_path(const struct bindery_info *info)
{
	return info->raw.out_max_path;
}

uint32_t bindery_info_get_max_stuck(const struct bindery_info *info)
{
	return info->raw.out_max_stuck;
}

uint32_t bindery_info_get_operations(const struct bindery_info *info)
{
	return info->raw.out_operations;
}

uint32_t bindery_info_get_num_groups(const struct bindery_info *info)
{
	return info->raw.out_num_groups;
}

uint32_t bindery_info_get_max_claims(const struct bindery_info *info)
{
	return info->raw.out_max_claims;
}

uint32_t bindery_info_get_max_transactions(const struct bindery_info *info)
{
	return info->raw.out_max_transactions;
}

uint32_t bindery_info_get_num_claims(const struct bindery_info *info)
{
	return info->raw.out_num_claims;
}

uint32_t bindery_info_get_num_transactions(const struct bindery_info *info)
{
	return info->raw.out_num_transactions;
}

struct bindery_id
bindery_info_get_delegation_id(const struct bindery_info *info)
{
	return bindery_id_from_uapi(info->raw.out_delegation_id);
}
