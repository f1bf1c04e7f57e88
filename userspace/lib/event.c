// SPDX-License-Identifier: LGPL-2.1-or-later
#include <stdlib.h>

#include "netlink.h"

void bindery_event_record_free(struct bindery_event_record *record)
{
	free(record);
}

bool bindery_event_record_has(const struct bindery_event_record *record,
			      enum bindery_attr attribute)
{
	return netlink_has(&record->message, attribute);
}

uint64_t
bindery_event_record_get_sequence(const struct bindery_event_record *record)
{
	return record->message.seq;
}

uint64_t
bindery_event_record_get_num_lost(const struct bindery_event_record *record)
{
	return record->num_lost;
}

enum bindery_event_type
bindery_event_record_get_type(const struct bindery_event_record *record)
{
	return record->message.type;
}

uint64_t
bindery_event_record_get_time_ns(const struct bindery_event_record *record)
{
	return record->message.time_ns;
}

uint64_t
bindery_event_record_get_transaction(const struct bindery_event_record *record)
{
	return record->message.txn;
}

struct bindery_id
bindery_event_record_get_claim_id(const struct bindery_event_record *record)
{
	return record->message.claim_id;
}

struct bindery_id bindery_event_record_get_delegation_id(
			const struct bindery_event_record *record)
{
	return record->message.delegation_id;
}

bool bindery_event_record_get_group(const struct bindery_event_record *record,
				    uint32_t *group)
{
	if (!netlink_has(&record->message, BINDERY_A_GROUP))
		return false;
	*group = record->message.group;
	return true;
}

bool bindery_event_record_get_device(const struct bindery_event_record *record,
				     struct bindery_bdf *device)
{
	if (!netlink_has(&record->message, BINDERY_A_DEVICE))
		return false;
	*device = record->message.device;
	return true;
}

const char *
bindery_event_record_get_name(const struct bindery_event_record *record)
{
	return record->message.name;
}

enum bindery_step
bindery_event_record_get_step(const struct bindery_event_record *record)
{
	return record->message.step;
}

enum bindery_error
bindery_event_record_get_code(const struct bindery_event_record *record)
{
	return record->message.code;
}

int bindery_event_record_get_errno(const struct bindery_event_record *record)
{
	return record->message.error;
}

enum bindery_group_state
bindery_event_record_get_state(const struct bindery_event_record *record)
{
	return record->message.state;
}

enum bindery_group_state
bindery_event_record_get_old_state(const struct bindery_event_record *record)
{
	return record->message.old_state;
}

const char *
bindery_event_record_get_driver(const struct bindery_event_record *record)
{
	return record->message.driver;
}

const char *
bindery_event_record_get_override(const struct bindery_event_record *record)
{
	return record->message.override;
}

const char *
bindery_event_record_get_target(const struct bindery_event_record *record)
{
	return record->message.target;
}

uint32_t
bindery_event_record_get_flags(const struct bindery_event_record *record)
{
	return record->message.flags;
}

enum bindery_role
bindery_event_record_get_role(const struct bindery_event_record *record)
{
	return record->message.role;
}

enum bindery_assignment
bindery_event_record_get_assignment(const struct bindery_event_record *record)
{
	return record->message.assignment;
}

struct bindery_id bindery_event_record_get_assignment_id(
			const struct bindery_event_record *record)
{
	return record->message.assignment_id;
}

enum bindery_event
bindery_event_record_get_mark(const struct bindery_event_record *record)
{
	return record->message.mark;
}

uint32_t
bindery_event_record_get_users(const struct bindery_event_record *record)
{
	return record->message.users;
}

pid_t bindery_event_record_get_pid(const struct bindery_event_record *record)
{
	return record->message.pid;
}

const char *
bindery_event_record_get_comm(const struct bindery_event_record *record)
{
	return record->message.comm;
}

const char *
bindery_event_record_get_label(const struct bindery_event_record *record)
{
	return record->message.label;
}

uint64_t
bindery_event_record_get_duration_ns(const struct bindery_event_record *record)
{
	return record->message.duration_ns;
}

uint64_t
bindery_event_record_get_generation(const struct bindery_event_record *record)
{
	return record->message.generation;
}

uint32_t
bindery_event_record_get_abi_version(const struct bindery_event_record *record)
{
	return record->message.abi;
}

uint32_t
bindery_event_record_get_num_groups(const struct bindery_event_record *record)
{
	return record->message.num_groups;
}

uint32_t
bindery_event_record_get_num_members(const struct bindery_event_record *record)
{
	return record->message.num_members;
}

uint32_t
bindery_event_record_get_vfio_files(const struct bindery_event_record *record)
{
	return record->message.vfio_files;
}
