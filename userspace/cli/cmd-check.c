// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli.h"

static int print_plan(const struct transaction *transaction,
		      const struct bindery_members *plan,
		      const struct bindery_guards *guards, bool possible)
{
	struct json_object *document = json_object_new_object();
	bool in_use = guards && guards_refuse(transaction->options, guards);
	const char *missing = target_missing(transaction->host, plan);
	bool all = possible && !in_use && !missing;

	put_bool(document, "possible", all);
	put_members(document, plan, 0, guards);
	put_topology(transaction->host, document);
	if (!possible)
		transaction_report(transaction, document, plan);
	else if (in_use)
		report_guards(transaction->options, document, guards);
	else if (missing)
		put_no_target(document, missing);
	document_print(transaction->options, document);
	if (all)
		warn_unsealed(transaction->options, plan);
	return all ? STATUS_DONE : STATUS_FAILED;
}

static int check(const struct transaction *transaction)
{
	struct bindery_guards *guards = NULL;
	struct bindery_members *plan;
	int failure, ret = 0;

	failure = bindery_request_check(transaction->context,
					transaction->request, &plan);
	if (plan)
		ret = bindery_guards_find(transaction->host, plan, &guards);
	if (ret)
		ret = report_failure(transaction->options, -ret,
				     "what the host uses");
	else
		ret = print_plan(transaction, plan, guards, !failure);
	bindery_guards_free(guards);
	bindery_members_free(plan);
	return ret;
}

int run_check(struct options *options)
{
	struct transaction transaction;
	int ret = transaction_prepare(&transaction, options);

	if (!ret)
		ret = check(&transaction);
	transaction_free(&transaction);
	return ret;
}
