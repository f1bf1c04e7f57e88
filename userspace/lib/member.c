// SPDX-License-Identifier: LGPL-2.1-or-later
#include "internal.h"

struct bindery_bdf bindery_member_get_bdf(const struct bindery_member *member)
{
	return bindery_bdf_from_uapi(&member->raw.out_device);
}

const char *bindery_member_get_name(const struct bindery_member *member)
{
	return member->raw.out_name;
}

uint32_t bindery_member_get_group(const struct bindery_member *member)
{
	return member->raw.out_group;
}

enum bindery_group_state
bindery_member_get_group_state(const struct bindery_member *member)
{
	return member->raw.out_group_state;
}

enum bindery_role bindery_member_get_role(const struct bindery_member *member)
{
	return member->raw.out_role;
}

enum bindery_action
bindery_member_get_action(const struct bindery_member *member)
{
	return member->raw.out_action;
}

uint32_t bindery_member_get_flags(const struct bindery_member *member)
{
	return member->raw.out_flags;
}

enum bindery_error
bindery_member_get_blocker(const struct bindery_member *member)
{
	return member->raw.out_blocker;
}

int bindery_member_get_errno(const struct bindery_member *member)
{
	return member->raw.out_errno;
}

uint32_t bindery_member_get_class(const struct bindery_member *member)
{
	return member->raw.out_class;
}

uint16_t bindery_member_get_vendor(const struct bindery_member *member)
{
	return member->raw.out_vendor;
}

uint16_t bindery_member_get_device_id(const struct bindery_member *member)
{
	return member->raw.out_device_id;
}

uint16_t
bindery_member_get_subsystem_vendor(const struct bindery_member *member)
{
	return member->raw.out_subsystem_vendor;
}

uint16_t
bindery_member_get_subsystem_device(const struct bindery_member *member)
{
	return member->raw.out_subsystem_device;
}

const char *bindery_member_get_driver(const struct bindery_member *member)
{
	return member->raw.out_driver;
}

const char *bindery_member_get_override(const struct bindery_member *member)
{
	return member->raw.out_override;
}

const char *bindery_member_get_target(const struct bindery_member *member)
{
	return member->raw.out_target;
}

const char *
bindery_member_get_native_driver(const struct bindery_member *member)
{
	return member->raw.out_native_driver;
}

const char *
bindery_member_get_native_override(const struct bindery_member *member)
{
	return member->raw.out_native_override;
}

enum bindery_assignment
bindery_member_get_assignment(const struct bindery_member *member)
{
	return member->raw.out_assignment;
}

struct bindery_id
bindery_member_get_assignment_id(const struct bindery_member *member)
{
	return bindery_id_from_uapi(member->raw.out_assignment_id);
}

uint32_t bindery_member_get_users(const struct bindery_member *member)
{
	return member->raw.out_users;
}

uint64_t bindery_member_get_generation(const struct bindery_member *member)
{
	return member->raw.out_generation;
}

uint32_t bindery_member_get_vfio_files(const struct bindery_member *member)
{
	return member->raw.out_vfio_files;
}

uint32_t bindery_member_get_vfio_opens(const struct bindery_member *member)
{
	return member->raw.out_vfio_opens;
}

uint32_t bindery_member_get_vfio_closes(const struct bindery_member *member)
{
	return member->raw.out_vfio_closes;
}

pid_t bindery_member_get_opener_pid(const struct bindery_member *member)
{
	return member->raw.out_opener_pid;
}

const char *
bindery_member_get_opener_comm(const struct bindery_member *member)
{
	return member->raw.out_opener_comm;
}
