// SPDX-License-Identifier: GPL-2.0-or-later
/* An event on a line: what monitor and log print. */
#include <errno.h>

#include "cli.h"

static void put_u64(struct json_object *object, const char *key, uint64_t number)
{
	json_object_object_add(object, key, json_object_new_uint64(number));
}

/* Nothing is there that the event does not tell. */
static void put_text(struct json_object *object, const char *key,
		     const char *text)
{
	if (*text)
		put_string(object, key, text);
}

static void put_place(struct json_object *object,
		      const struct bindery_event_record *record)
{
	struct bindery_id id = bindery_event_record_get_claim_id(record);
	struct bindery_id delegation;
	struct bindery_bdf device;
	uint32_t group;

	if (bindery_event_record_has(record, BINDERY_A_TXN))
		put_u64(object, "transaction",
			bindery_event_record_get_transaction(record));
	if (bindery_event_record_get_device(record, &device))
		put_bdf(object, "device", device);
	else
		put_text(object, "device",
			 bindery_event_record_get_name(record));
	if (bindery_event_record_get_group(record, &group))
		put_number(object, "group", group);
	if (bindery_id_is_set(&id))
		put_id(object, "claim", id);
	delegation = bindery_event_record_get_delegation_id(record);
	if (bindery_id_is_set(&delegation))
		put_id(object, "delegation", delegation);
}

static void put_outcome(struct json_object *object,
			const struct bindery_event_record *record)
{
	enum bindery_error code = bindery_event_record_get_code(record);

	if (bindery_event_record_has(record, BINDERY_A_STEP))
		put_string(object, "step", bindery_step_symbol(
				bindery_event_record_get_step(record)));
	if (code != BINDERY_ERROR_NONE)
		put_string(object, "code", bindery_error_symbol(code));
	if (bindery_event_record_has(record, BINDERY_A_ERRNO))
		put_number(object, "errno",
			   bindery_event_record_get_errno(record));
	if (bindery_event_record_has(record, BINDERY_A_DURATION_NS))
		put_u64(object, "duration_ns",
			bindery_event_record_get_duration_ns(record));
}

static void put_states(struct json_object *object,
		       const struct bindery_event_record *record)
{
	if (bindery_event_record_has(record, BINDERY_A_OLD_STATE))
		put_string(object, "old_state", bindery_group_state_symbol(
				bindery_event_record_get_old_state(record)));
	if (bindery_event_record_has(record, BINDERY_A_STATE))
		put_string(object, "state", bindery_group_state_symbol(
				bindery_event_record_get_state(record)));
	if (bindery_event_record_has(record, BINDERY_A_ROLE))
		put_string(object, "role", bindery_role_symbol(
				bindery_event_record_get_role(record)));
	put_text(object, "driver", bindery_event_record_get_driver(record));
	put_text(object, "override", bindery_event_record_get_override(record));
	put_text(object, "target", bindery_event_record_get_target(record));
	if (bindery_event_record_has(record, BINDERY_A_FLAGS))
		put_flags(object, bindery_event_record_get_flags(record),
			  bindery_event_record_get_type(record) ==
			  BINDERY_EVENT_TYPE_TAMPER ?
			  bindery_member_flag_symbol :
			  bindery_claim_flag_symbol);
}

static void put_guest(struct json_object *object,
		      const struct bindery_event_record *record)
{
	if (bindery_event_record_has(record, BINDERY_A_MARK))
		put_string(object, "mark", bindery_event_symbol(
				bindery_event_record_get_mark(record)));
	if (bindery_event_record_has(record, BINDERY_A_ASSIGNMENT))
		put_assignment(object,
			       bindery_event_record_get_assignment(record),
			       bindery_event_record_get_users(record),
			       bindery_event_record_get_assignment_id(record));
}

static bool is_of_vfio(const struct bindery_event_record *record)
{
	switch (bindery_event_record_get_type(record)) {
	case BINDERY_EVENT_TYPE_VFIO_OPENED:
	case BINDERY_EVENT_TYPE_VFIO_CLOSED:
	case BINDERY_EVENT_TYPE_VFIO_REFUSED:
		return true;
	default:
		return false;
	}
}

/* Who holds the claim, or who uses the device. */
static void put_process(struct json_object *object,
			const struct bindery_event_record *record)
{
	pid_t pid = bindery_event_record_get_pid(record);
	const char *comm = bindery_event_record_get_comm(record);

	if (!bindery_event_record_has(record, BINDERY_A_PID))
		return;
	if (is_of_vfio(record))
		put_opener(object, pid, comm);
	else
		put_holder(object, pid, comm,
			   bindery_event_record_get_label(record));
}

static void put_counts(struct json_object *object,
		       const struct bindery_event_record *record)
{
	if (bindery_event_record_has(record, BINDERY_A_NUM_GROUPS))
		put_number(object, "groups",
			   bindery_event_record_get_num_groups(record));
	if (bindery_event_record_has(record, BINDERY_A_NUM_MEMBERS))
		put_number(object, "members",
			   bindery_event_record_get_num_members(record));
	if (bindery_event_record_has(record, BINDERY_A_VFIO_FILES))
		put_number(object, "vfio_files",
			   bindery_event_record_get_vfio_files(record));
	if (bindery_event_record_has(record, BINDERY_A_ABI))
		put_number(object, "abi",
			   bindery_event_record_get_abi_version(record));
}

static void print_line(const struct options *options,
		       struct json_object *object)
{
	options->print->line(options->out, object);
	json_object_put(object);
}

/* Cannot be overlooked: beside the events, and where errors are told. */
void event_print_lost(const struct options *options, uint64_t first,
		      uint64_t count)
{
	struct json_object *object = json_object_new_object();

	put_u64(object, "seq", first);
	put_string(object, "event",
		   bindery_event_type_symbol(BINDERY_EVENT_TYPE_LOST));
	put_u64(object, "lost", count);
	put_u64(object, "last", first + count - 1);
	print_line(options, object);
	fprintf(stderr, "bindery: lost: %ju events, from %ju to %ju\n",
		(uintmax_t)count, (uintmax_t)first,
		(uintmax_t)(first + count - 1));
}

void event_print(const struct options *options,
		 const struct bindery_event_record *record)
{
	struct json_object *object = json_object_new_object();

	put_u64(object, "seq", bindery_event_record_get_sequence(record));
	put_u64(object, "time_ns", bindery_event_record_get_time_ns(record));
	put_string(object, "event", bindery_event_type_symbol(
			bindery_event_record_get_type(record)));
	put_place(object, record);
	put_outcome(object, record);
	put_states(object, record);
	put_guest(object, record);
	put_process(object, record);
	put_counts(object, record);
	print_line(options, object);
}

/* Why there are no events, where there is a module. */
int event_report(const struct options *options, int error)
{
	struct json_object *document = json_object_new_object();
	int status = STATUS_FAILED;

	switch (error) {
	case ENOENT:
		report_own(document, NULL, "network-namespace", error,
			   "events are told in the initial network namespace only",
			   "run it there");
		break;
	case ENODEV:
		report_own(document, NULL, "no-module", error,
			   "the module was unloaded", "run modprobe bindery");
		status = STATUS_NO_MODULE;
		break;
	case EPERM:
	case EACCES:
		report_own(document, NULL, "not-permitted", error,
			   "events may not be read",
			   "run it with CAP_SYS_ADMIN in the initial user namespace");
		break;
	case ESTALE:
		report_own(document, NULL, "stale", error,
			   "there is no event of that number yet: numbers begin anew with each load of the module",
			   "leave out --since, or look with bindery log");
		break;
	default:
		json_object_put(document);
		return report_failure(options, error, "events");
	}
	document_print(options, document);
	return status;
}
