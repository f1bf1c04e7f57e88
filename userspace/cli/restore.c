// SPDX-License-Identifier: GPL-2.0-or-later
/* The end of a claim: what came of it, and who stands in its way. */
#include <errno.h>

#include "cli.h"

void put_group_users(const struct bindery_host *host,
		     struct json_object *document, uint32_t group)
{
	struct bindery_users *users;

	if (bindery_users_find_vfio(host, group, &users))
		return;
	put_users(document, users);
	bindery_users_free(users);
}

/* Who keeps the group from being taken, or from being given back? */
void put_vfio_users(const struct bindery_host *host,
		    struct json_object *document,
		    const struct bindery_error_record *record,
		    const struct bindery_members *members)
{
	const struct bindery_member *first = NULL;
	uint32_t group;

	if (members)
		first = bindery_members_get(members, 0);
	if (!bindery_error_record_get_group(record, &group)) {
		if (!first)
			return;
		group = bindery_member_get_group(first);
	}
	put_group_users(host, document, group);
}

/* Was the failure met before anything was begun? */
static bool lives_on(const struct bindery_error_record *record)
{
	switch (bindery_error_record_get_code(record)) {
	case BINDERY_ERROR_NONE:
	case BINDERY_ERROR_ARGUMENT:
	case BINDERY_ERROR_NOT_PERMITTED:
	case BINDERY_ERROR_IN_USE:
	case BINDERY_ERROR_LOCKED:
	case BINDERY_ERROR_BUSY:
	case BINDERY_ERROR_STALE:
	case BINDERY_ERROR_NO_MEMORY:
		return true;
	default:
		return false;
	}
}

/* What is not done yet, the kernel will do. */
static void report_release(struct json_object *document,
			   const struct bindery_error_record *record,
			   const struct bindery_members *results,
			   const char *in_use)
{
	struct json_object *error;

	report_record(document, record, results);
	error = json_object_object_get(document, "error");
	if (bindery_error_record_get_code(record) == BINDERY_ERROR_IN_USE)
		put_string(error, "remedy", in_use);
	if (bindery_error_record_get_code(record) == BINDERY_ERROR_DEADLINE)
		put_string(error, "remedy",
			   "the restore goes on by itself; look with bindery show");
}

/* Somebody else released it, and has been told what came of it. */
static bool was_released(int ret, const struct bindery_error_record *record)
{
	if (!ret || bindery_error_record_get_code(record) !=
		    BINDERY_ERROR_RELEASED)
		return false;
	fputs("bindery: the claim was released by somebody else\n", stderr);
	return true;
}

/*
 * Waits for the restore. What is not done then, the kernel does when the last
 * file of the claim and the last VFIO user are gone.
 */
int transaction_release(struct transaction *transaction)
{
	const struct bindery_error_record *record;
	struct json_object *document;
	struct bindery_members *results;
	struct progress progress;
	int ret;

	progress_begin(&progress, transaction->options, transaction->claim);
	ret = bindery_claim_release(transaction->claim, 0,
				    transaction->options->deadline_ms, 0,
				    &results);
	progress_end(&progress);
	record = bindery_claim_get_error(transaction->claim);
	if (was_released(ret, record)) {
		bindery_members_free(results);
		return STATUS_DONE;
	}
	document = json_object_new_object();
	put_bool(document, "restored", !ret);
	put_members(document, results, MEMBER_RESULT, NULL);
	if (ret && bindery_error_record_get_code(record) ==
		   BINDERY_ERROR_IN_USE)
		put_vfio_users(transaction->host, document, record, results);
	if (ret)
		report_release(document, record, results,
			       "end that user; the kernel then restores by itself");
	document_print(transaction->options, document);
	bindery_members_free(results);
	return ret ? STATUS_INCOMPLETE : STATUS_DONE;
}

/* After a release that waits for nobody there may still be something to do. */
static bool is_restored(const struct bindery_members *results)
{
	for (size_t i = 0; results && i < bindery_members_get_count(results); i++)
		if (bindery_member_get_group_state(
			    bindery_members_get(results, i)) !=
		    BINDERY_GROUP_FREE)
			return false;
	return true;
}

int claim_release(const struct options *options,
		  const struct bindery_host *host,
		  struct bindery_claim *claim, uint32_t flags)
{
	struct json_object *document = json_object_new_object();
	const struct bindery_error_record *record;
	struct bindery_members *results;
	struct progress progress;
	bool restored, released, others;
	int ret;

	put_claim(document, claim);
	progress_begin(&progress, options, claim);
	ret = bindery_claim_release(claim, flags, options->deadline_ms, 0,
				    &results);
	progress_end(&progress);
	record = bindery_claim_get_error(claim);
	others = was_released(ret, record);
	ret = others ? 0 : ret;
	released = !ret || !lives_on(record);
	restored = !ret && is_restored(results);
	put_bool(document, "released", released);
	if (others)
		json_object_object_add(document, "restored", NULL);
	else
		put_bool(document, "restored", restored);
	put_members(document, results, MEMBER_RESULT, NULL);
	if (!restored)
		put_vfio_users(host, document, record, results);
	if (ret)
		report_release(document, record, results,
			       "end that user, or use --wait, --defer or --force");
	document_print(options, document);
	bindery_members_free(results);
	if (ret)
		return released ? STATUS_INCOMPLETE : STATUS_FAILED;
	return STATUS_DONE;
}
