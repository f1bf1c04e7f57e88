// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>

#include "cli.h"

/* What check, acquire, exec and adopt need. */
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
	bindery_nodes_free(transaction->nodes);
	bindery_request_free(transaction->request);
	bindery_context_free(transaction->context);
	bindery_host_free(transaction->host);
}

void transaction_report(const struct transaction *transaction,
			struct json_object *document,
			const struct bindery_members *members)
{
	report_request(transaction->options, transaction->request, document,
		       bindery_context_get_error(transaction->context),
		       members);
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

/*
 * Only now, so that nothing stays held whose id nobody was told. A claim that
 * was kept before ends with this process, unless it is kept again.
 */
static int settle(const struct transaction *transaction, bool was_kept)
{
	bool keep = options_given(transaction->options, OPTION_KEEP);

	if (!keep && !was_kept)
		return 0;
	return bindery_claim_keep(transaction->claim,
				  keep ? BINDERY_KEEP_ON : BINDERY_KEEP_OFF);
}

static bool is_kept(struct bindery_claim *claim)
{
	struct bindery_status *status;
	bool kept;

	if (bindery_claim_get_status(claim, &status))
		return false;
	kept = bindery_status_get_flags(status) & BINDERY_CLAIM_KEEP;
	bindery_status_free(status);
	return kept;
}

/* What was kept before stays kept. */
static int undo(const struct transaction *transaction, bool was_kept)
{
	int ret;

	if (was_kept)
		ret = bindery_claim_keep(transaction->claim, BINDERY_KEEP_ON);
	else
		ret = bindery_claim_release(transaction->claim, 0,
					    transaction->options->deadline_ms,
					    0, NULL);
	return ret ? STATUS_INCOMPLETE : STATUS_FAILED;
}

static int finish(struct transaction *transaction, bool was_kept,
		  const struct bindery_members *members)
{
	struct json_object *document = json_object_new_object();
	int ret = settle(transaction, was_kept);

	if (!ret)
		put_claim(document, transaction->claim);
	put_members(document, members, 0, NULL);
	if (ret)
		report_record(document,
			      bindery_claim_get_error(transaction->claim), NULL);
	document_print(transaction->options, document);
	if (ret || output_has_failed(transaction->options->out))
		return undo(transaction, was_kept);
	return STATUS_DONE;
}

static int fail(const struct transaction *transaction,
		const struct bindery_members *members)
{
	struct json_object *document = json_object_new_object();
	const struct bindery_error_record *record;

	record = bindery_context_get_error(transaction->context);
	put_members(document, members, 0, NULL);
	if (bindery_error_record_get_code(record) == BINDERY_ERROR_IN_USE)
		put_vfio_users(transaction->host, document, record, members);
	transaction_report(transaction, document, members);
	document_print(transaction->options, document);
	return failure_status(record);
}

int transaction_acquire(struct transaction *transaction)
{
	struct bindery_members *members;
	struct progress progress;
	int ret = STATUS_DONE;

	/* To force everything is not to look. */
	if (transaction->options->forced != UINT32_MAX)
		ret = guards_check(transaction);
	if (!ret)
		ret = nodes_watch(transaction);
	if (ret)
		return ret;
	progress_begin(&progress, transaction->options, NULL);
	ret = bindery_claim_acquire(transaction->context, transaction->request,
				    &transaction->claim, &members);
	progress_end(&progress);
	if (!ret)
		warn_unsealed(transaction->options, members);
	if (ret)
		ret = fail(transaction, members);
	else if (nodes_finish(transaction, members))
		ret = undo(transaction, false);
	else
		ret = finish(transaction, false, members);
	bindery_members_free(members);
	return ret;
}

#define OPTIONS_OF_NEW	(OPTION_LABEL | OPTION_SHARED | OPTION_REPAIR | \
			 OPTION_NATIVE | OPTION_NATIVE_OVERRIDE)

static void warn_kept(const struct options *options)
{
	if (options->given & OPTIONS_OF_NEW)
		fputs("bindery: a kept claim is taken over as it is; options are not looked at\n",
		      stderr);
}

int transaction_adopt(struct transaction *transaction)
{
	struct bindery_members *members;
	bool was_kept;
	int ret;

	ret = bindery_claim_adopt(transaction->context, transaction->request,
				  &transaction->claim, &members);
	if (ret) {
		ret = fail(transaction, members);
	} else {
		was_kept = is_kept(transaction->claim);
		if (was_kept)
			warn_kept(transaction->options);
		ret = finish(transaction, was_kept, members);
	}
	bindery_members_free(members);
	return ret;
}
