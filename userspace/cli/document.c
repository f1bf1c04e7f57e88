// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdlib.h>
#include <string.h>

#include "cli.h"

/*
 * Names of tasks and paths may hold any bytes: nothing reaches a terminal, or
 * breaks JSON, that is not printable ASCII.
 */
struct json_object *escaped_string(const char *text)
{
	struct json_object *string;
	char *escaped = NULL;
	size_t size;
	FILE *out = open_memstream(&escaped, &size);

	if (!out)
		abort();
	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;

		if (c == '\\')
			fputs("\\\\", out);
		else if (c < ' ' || c > '~')
			fprintf(out, "\\x%02x", c);
		else
			fputc(c, out);
	}
	fclose(out);
	string = json_object_new_string(escaped);
	free(escaped);
	return string;
}

/* What is not there is null. */
void put_string(struct json_object *object, const char *key, const char *text)
{
	json_object_object_add(object, key,
			       text && *text ? escaped_string(text) : NULL);
}

void put_number(struct json_object *object, const char *key, int64_t number)
{
	json_object_object_add(object, key, json_object_new_int64(number));
}

void put_bool(struct json_object *object, const char *key, bool value)
{
	json_object_object_add(object, key, json_object_new_boolean(value));
}

void put_bdf(struct json_object *object, const char *key, struct bindery_bdf bdf)
{
	char text[BINDERY_BDF_SIZE];

	bindery_bdf_format(&bdf, text);
	put_string(object, key, text);
}

void put_ids(struct json_object *object, uint32_t class_code, uint16_t vendor,
	     uint16_t device)
{
	char text[16];

	snprintf(text, sizeof(text), "%06x", class_code);
	put_string(object, "class", text);
	snprintf(text, sizeof(text), "%04x:%04x", vendor, device);
	put_string(object, "id", text);
}

void put_holder(struct json_object *object, pid_t pid, const char *comm,
		const char *label)
{
	struct json_object *holder = json_object_new_object();

	put_number(holder, "pid", pid);
	put_string(holder, "comm", comm);
	put_string(holder, "label", label);
	json_object_object_add(object, "holder", holder);
}

static struct json_object *user_object(pid_t pid, const char *comm)
{
	struct json_object *user = json_object_new_object();

	put_number(user, "pid", pid);
	put_string(user, "comm", comm);
	return user;
}

void put_opener(struct json_object *object, pid_t pid, const char *comm)
{
	json_object_object_add(object, "opener", user_object(pid, comm));
}

void put_flags(struct json_object *object, uint32_t flags,
	       const char *(*symbol)(uint32_t flag))
{
	struct json_object *list = json_object_new_array();

	for (uint32_t flag = 1; flag; flag <<= 1) {
		const char *text = symbol(flags & flag);

		if (text)
			json_object_array_add(list, json_object_new_string(text));
	}
	json_object_object_add(object, "flags", list);
}

void put_id(struct json_object *object, const char *key, struct bindery_id id)
{
	char text[BINDERY_ID_TEXT_SIZE];

	bindery_id_format(&id, text);
	put_string(object, key, bindery_id_is_set(&id) ? text : NULL);
}

/* A number that counts from 1; 0 is none. */
static void put_generation(struct json_object *object, uint64_t generation)
{
	json_object_object_add(object, "generation", generation ?
			       json_object_new_uint64(generation) : NULL);
}

void put_assignment(struct json_object *object,
		    enum bindery_assignment assignment, uint32_t users,
		    struct bindery_id id)
{
	struct json_object *life = NULL;

	if (assignment != BINDERY_ASSIGNMENT_NONE) {
		life = json_object_new_object();
		put_string(life, "state", bindery_assignment_symbol(assignment));
		put_number(life, "users", users);
		put_id(life, "id", id);
	}
	json_object_object_add(object, "assignment", life);
}

/* A claim that ended meanwhile has nothing to tell. */
void put_claim(struct json_object *document, struct bindery_claim *claim)
{
	struct json_object *object;
	struct bindery_status *status;

	if (bindery_claim_get_status(claim, &status))
		return;
	object = json_object_new_object();
	put_id(object, "id", bindery_status_get_id(status));
	put_string(object, "label", bindery_status_get_label(status));
	put_number(object, "groups", bindery_status_get_num_groups(status));
	put_string(object, "state",
		   bindery_group_state_symbol(bindery_status_get_state(status)));
	put_flags(object, bindery_status_get_flags(status),
		  bindery_claim_flag_symbol);
	put_generation(object, bindery_status_get_generation(status));
	json_object_object_add(document, "claim", object);
	bindery_status_free(status);
}

/* State, claims and holder of a group. */
void put_group_claims(struct json_object *object,
		      const struct bindery_group *group)
{
	struct json_object *claim;

	put_string(object, "state",
		   bindery_group_state_symbol(bindery_group_get_state(group)));
	put_number(object, "claims", bindery_group_get_num_claims(group));
	json_object_object_add(object, "holder", NULL);
	json_object_object_add(object, "claim", NULL);
	put_generation(object, bindery_group_get_generation(group));
	if (!bindery_group_get_num_claims(group))
		return;
	claim = json_object_new_object();
	put_id(claim, "id", bindery_group_get_claim_id(group));
	put_flags(claim, bindery_group_get_claim_flags(group),
		  bindery_claim_flag_symbol);
	put_id(claim, "delegation", bindery_group_get_delegation_id(group));
	json_object_object_add(object, "claim", claim);
	put_holder(object, bindery_group_get_holder_pid(group),
		   bindery_group_get_holder_comm(group),
		   bindery_group_get_holder_label(group));
}

static void put_guards(struct json_object *object, struct bindery_bdf bdf,
		       const struct bindery_guards *guards)
{
	struct json_object *list = json_object_new_array();

	for (size_t i = 0; i < bindery_guards_get_count(guards); i++) {
		const struct bindery_guard *guard = bindery_guards_get(guards, i);
		struct bindery_bdf other = bindery_guard_get_bdf(guard);

		if (!bindery_bdf_compare(&bdf, &other))
			json_object_array_add(list,
				escaped_string(bindery_guard_get_what(guard)));
	}
	json_object_object_add(object, "in_use", list);
}

static void put_result(struct json_object *object, int error)
{
	json_object_object_add(object, "errno",
			       error ? json_object_new_int(error) : NULL);
	put_string(object, "reason", error ? strerror(error) : NULL);
}

static void put_life(struct json_object *object,
		     const struct bindery_member *member)
{
	put_assignment(object, bindery_member_get_assignment(member),
		       bindery_member_get_users(member),
		       bindery_member_get_assignment_id(member));
	put_generation(object, bindery_member_get_generation(member));
}

/* Who has it open is known of a sealed member only. */
static void put_vfio(struct json_object *object,
		     const struct bindery_member *member)
{
	struct json_object *vfio;

	if (!(bindery_member_get_flags(member) & BINDERY_MEMBER_SEALED))
		return;
	vfio = json_object_new_object();
	put_number(vfio, "files", bindery_member_get_vfio_files(member));
	put_number(vfio, "opens", bindery_member_get_vfio_opens(member));
	put_number(vfio, "closes", bindery_member_get_vfio_closes(member));
	json_object_object_add(vfio, "opener", NULL);
	if (bindery_member_get_vfio_files(member))
		put_opener(vfio, bindery_member_get_opener_pid(member),
			   bindery_member_get_opener_comm(member));
	json_object_object_add(object, "vfio", vfio);
}

static void put_facts(struct json_object *object,
		      const struct bindery_member *member)
{
	if (bindery_member_get_flags(member) & BINDERY_MEMBER_PCI) {
		put_ids(object, bindery_member_get_class(member),
			bindery_member_get_vendor(member),
			bindery_member_get_device_id(member));
	} else {
		put_string(object, "class", NULL);
		put_string(object, "id", NULL);
	}
}

static struct json_object *member_object(const struct bindery_member *member,
					 unsigned int fields,
					 const struct bindery_guards *guards)
{
	struct json_object *object = json_object_new_object();
	enum bindery_error blocker = bindery_member_get_blocker(member);

	put_string(object, "device", bindery_member_get_name(member));
	put_number(object, "group", bindery_member_get_group(member));
	put_string(object, "state", bindery_group_state_symbol(
			bindery_member_get_group_state(member)));
	put_string(object, "role",
		   bindery_role_symbol(bindery_member_get_role(member)));
	put_string(object, "action",
		   bindery_action_symbol(bindery_member_get_action(member)));
	put_string(object, "driver", bindery_member_get_driver(member));
	put_string(object, "target", bindery_member_get_target(member));
	put_string(object, "override", bindery_member_get_override(member));
	put_string(object, "native_driver",
		   bindery_member_get_native_driver(member));
	put_string(object, "native_override",
		   bindery_member_get_native_override(member));
	if (fields & MEMBER_FACTS)
		put_facts(object, member);
	if (fields & MEMBER_LIFE) {
		put_life(object, member);
		put_vfio(object, member);
	}
	put_flags(object, bindery_member_get_flags(member),
		  bindery_member_flag_symbol);
	put_string(object, "blocker",
		   blocker ? bindery_error_symbol(blocker) : NULL);
	if (fields & MEMBER_RESULT)
		put_result(object, bindery_member_get_errno(member));
	if (guards)
		put_guards(object, bindery_member_get_bdf(member), guards);
	return object;
}

void put_members(struct json_object *document,
		 const struct bindery_members *members, unsigned int fields,
		 const struct bindery_guards *guards)
{
	struct json_object *list = json_object_new_array();

	for (size_t i = 0; members && i < bindery_members_get_count(members); i++)
		json_object_array_add(list,
			member_object(bindery_members_get(members, i), fields,
				      guards));
	json_object_object_add(document, "members", list);
	if (members && !bindery_members_is_complete(members))
		put_bool(document, "members_complete", false);
}

void put_users(struct json_object *document, const struct bindery_users *users)
{
	struct json_object *list = json_object_new_array();

	for (size_t i = 0; i < bindery_users_get_count(users); i++) {
		const struct bindery_user *user = bindery_users_get(users, i);

		json_object_array_add(list,
			user_object(bindery_user_get_pid(user),
				    bindery_user_get_comm(user)));
	}
	json_object_object_add(document, "users", list);
}

void document_print(const struct options *options, struct json_object *document)
{
	options->print->document(options->out, document);
	json_object_put(document);
}
