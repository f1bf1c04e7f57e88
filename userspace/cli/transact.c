// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>

#include "cli.h"

/* What check, acquire and exec need. */
int transaction_prepare(struct transaction *transaction,
			struct options *options)
{
	int ret;

	*transaction = (struct transaction){ .options = options };
	ret = arguments_to_request(options, &transaction->request);
	if (ret)
		return ret;
	ret = bindery_host_new(NULL, &transaction->host);
	if (ret)
		return report_failure(options, -ret, "sysfs");
	return open_context(options, &transaction->context);
}

void transaction_free(struct transaction *transaction)
{
	bindery_claim_free(transaction->claim);
	bindery_request_free(transaction->request);
	bindery_context_free(transaction->context);
	bindery_host_free(transaction->host);
}

/* Did a transaction that failed leave something undone? */
static int failure_status(const struct bindery_error_record *record)
{
	enum bindery_error code = bindery_error_record_get_code(record);

	if (bindery_error_record_get_step(record) < BINDERY_STEP_OVERRIDE &&
	    code != BINDERY_ERROR_DEGRADED)
		return STATUS_FAILED;
	if (code == BINDERY_ERROR_DEADLINE || code == BINDERY_ERROR_DEGRADED ||
	    bindery_error_record_is_incomplete(record))
		return STATUS_INCOMPLETE;
	return STATUS_FAILED;
}

static int refuse_guards(const struct options *options,
			 const struct bindery_members *plan,
			 const struct bindery_guards *guards)
{
	struct json_object *document = json_object_new_object();

	put_members(document, plan, 0, guards);
	report_guards(document, guards);
	document_print(options, document);
	return STATUS_FAILED;
}

static int refuse_plan(const struct options *options,
		       const struct bindery_error_record *record,
		       const struct bindery_members *plan)
{
	struct json_object *document = json_object_new_object();

	put_members(document, plan, 0, NULL);
	report_record(document, record, plan);
	document_print(options, document);
	return STATUS_FAILED;
}

static int check_found(const struct transaction *transaction, int error,
		       const struct bindery_members *plan,
		       struct bindery_guards *guards)
{
	int ret = STATUS_DONE;

	if (error)
		return report_failure(transaction->options, -error,
				      "what the host uses");
	if (bindery_guards_get_count(guards))
		ret = refuse_guards(transaction->options, plan, guards);
	bindery_guards_free(guards);
	return ret;
}

static bool may_move(const struct transaction *transaction,
		     const struct bindery_member *member)
{
	uint32_t flags = bindery_member_get_flags(member);

	return options_given(transaction->options, OPTION_COMPANIONS) &&
	       flags & BINDERY_MEMBER_PCI && !(flags & BINDERY_MEMBER_BRIDGE);
}

/*
 * A group that is busy now may be free within the deadline, and what ACQUIRE
 * will then move is not known yet: everything that it might is looked at.
 */
static int check_possible(const struct transaction *transaction,
			  const struct bindery_members *plan)
{
	const struct bindery_request *request = transaction->request;
	size_t named = bindery_request_get_num_devices(request), count = 0;
	size_t members = plan ? bindery_members_get_count(plan) : 0;
	struct bindery_guards *guards = NULL;
	struct bindery_bdf *bdfs;
	int ret;

	bdfs = calloc(named + members + 1, sizeof(*bdfs));
	if (!bdfs)
		return report_failure(transaction->options, ENOMEM,
				      "what the host uses");
	while (count < named) {
		bdfs[count] = bindery_request_get_device(request, count);
		count++;
	}
	for (size_t i = 0; i < members; i++) {
		const struct bindery_member *member = bindery_members_get(plan, i);

		if (may_move(transaction, member))
			bdfs[count++] = bindery_member_get_bdf(member);
	}
	ret = bindery_guards_find_devices(transaction->host, bdfs, count,
					  &guards);
	free(bdfs);
	return check_found(transaction, ret, plan, guards);
}

/* The kernel moves what it is told to; what the host uses is found here. */
static int check_plan(const struct transaction *transaction,
		      const struct bindery_members *plan)
{
	struct bindery_guards *guards = NULL;
	int ret = bindery_guards_find(transaction->host, plan, &guards);

	return check_found(transaction, ret, plan, guards);
}

static int check_guards(const struct transaction *transaction)
{
	const struct bindery_error_record *record;
	struct bindery_members *plan;
	int ret;

	ret = bindery_request_check(transaction->context, transaction->request,
				    &plan);
	record = bindery_context_get_error(transaction->context);
	if (!ret && plan)
		ret = check_plan(transaction, plan);
	else if (bindery_error_record_get_class(record) ==
		 BINDERY_ERROR_CLASS_RETRY)
		ret = check_possible(transaction, plan);
	else if (ret)
		ret = refuse_plan(transaction->options, record, plan);
	bindery_members_free(plan);
	return ret;
}

static void put_claim(struct json_object *document,
		      struct bindery_claim *claim)
{
	struct json_object *object;
	struct bindery_status *status;

	if (bindery_claim_get_status(claim, &status))
		return;
	object = json_object_new_object();
	put_string(object, "id", bindery_status_get_id(status));
	put_string(object, "label", bindery_status_get_label(status));
	put_number(object, "groups", bindery_status_get_num_groups(status));
	json_object_object_add(document, "claim", object);
	bindery_status_free(status);
}

int transaction_acquire(struct transaction *transaction)
{
	const struct bindery_error_record *record;
	struct json_object *document;
	struct bindery_members *members;
	int ret = STATUS_DONE;

	if (!options_given(transaction->options, OPTION_FORCE))
		ret = check_guards(transaction);
	if (ret)
		return ret;
	ret = bindery_claim_acquire(transaction->context, transaction->request,
				    &transaction->claim, &members);
	record = bindery_context_get_error(transaction->context);
	document = json_object_new_object();
	if (!ret)
		put_claim(document, transaction->claim);
	put_members(document, members, 0, NULL);
	if (ret) {
		report_record(document, record, members);
		ret = failure_status(record);
	}
	document_print(transaction->options, document);
	bindery_members_free(members);
	return ret;
}

/* Who keeps the release from being done? */
static void put_vfio_users(const struct transaction *transaction,
			   struct json_object *document,
			   const struct bindery_error_record *record,
			   const struct bindery_members *results)
{
	struct bindery_users *users;
	uint32_t group;

	if (!bindery_error_record_get_group(record, &group)) {
		if (!results)
			return;
		group = bindery_member_get_group(bindery_members_get(results, 0));
	}
	if (bindery_users_find_vfio(transaction->host, group, &users))
		return;
	put_users(document, users);
	bindery_users_free(users);
}

/* What is not done yet, the kernel will do. */
static void report_release(struct json_object *document,
			   const struct bindery_error_record *record,
			   const struct bindery_members *results)
{
	struct json_object *error;

	report_record(document, record, results);
	error = json_object_object_get(document, "error");
	if (bindery_error_record_get_code(record) == BINDERY_ERROR_IN_USE)
		put_string(error, "remedy",
			   "end that user; the kernel then restores by itself");
	if (bindery_error_record_get_code(record) == BINDERY_ERROR_DEADLINE)
		put_string(error, "remedy",
			   "the restore goes on by itself; look with bindery show");
}

/*
 * Waits for the restore. What is not done then, the kernel does when the last
 * file of the claim and the last VFIO user are gone.
 */
int transaction_release(struct transaction *transaction)
{
	struct json_object *document = json_object_new_object();
	const struct bindery_error_record *record;
	struct bindery_members *results;
	int ret;

	ret = bindery_claim_release(transaction->claim,
				    transaction->options->deadline_ms,
				    &results);
	record = bindery_claim_get_error(transaction->claim);
	put_bool(document, "restored", !ret);
	put_members(document, results, MEMBER_RESULT, NULL);
	if (ret && bindery_error_record_get_code(record) ==
		   BINDERY_ERROR_IN_USE)
		put_vfio_users(transaction, document, record, results);
	if (ret)
		report_release(document, record, results);
	document_print(transaction->options, document);
	bindery_members_free(results);
	return ret ? STATUS_INCOMPLETE : STATUS_DONE;
}
