// SPDX-License-Identifier: GPL-2.0-or-later
/* The kernel moves what it is told to; what the host uses is found here. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"

#define ALL_KINDS	UINT32_MAX

/* USE,USE...; without any, all of them. */
bool guards_parse(const char *text, uint32_t *kinds)
{
	enum bindery_guard_kind kind;
	uint32_t found = 0;
	bool valid = true;
	char *copy, *save;

	if (!text) {
		*kinds = ALL_KINDS;
		return true;
	}
	copy = strdup(text);
	if (!copy)
		abort();
	for (char *word = strtok_r(copy, ",", &save); word && valid;
	     word = strtok_r(NULL, ",", &save)) {
		/* The rest are warnings, which refuse nothing. */
		valid = !bindery_guard_kind_parse(word, &kind) &&
			kind <= BINDERY_GUARD_OPEN;
		if (valid)
			found |= 1U << kind;
	}
	free(copy);
	*kinds |= found;
	return valid && found;
}

int guards_error(const struct verb *verb, const char *text)
{
	char kinds[256] = "";
	size_t length = 0;

	for (int i = BINDERY_GUARD_MOUNT; i <= BINDERY_GUARD_OPEN; i++)
		length += (size_t)snprintf(kinds + length,
					   sizeof(kinds) - length, "%s %s",
					   length ? "," : "",
					   bindery_guard_kind_symbol(i));
	return usage_error(verb, "'%s' is not a list of uses:%s", text, kinds);
}

bool guard_refuses(const struct options *options,
		   const struct bindery_guard *guard)
{
	return !bindery_guard_is_warning(guard) &&
	       !(options->forced & (1U << bindery_guard_get_kind(guard)));
}

bool guards_refuse(const struct options *options,
		   const struct bindery_guards *guards)
{
	for (size_t i = 0; i < bindery_guards_get_count(guards); i++)
		if (guard_refuses(options, bindery_guards_get(guards, i)))
			return true;
	return false;
}

static void warn_guards(const struct bindery_guards *guards)
{
	for (size_t i = 0; i < bindery_guards_get_count(guards); i++) {
		const struct bindery_guard *guard = bindery_guards_get(guards, i);
		struct bindery_bdf bdf = bindery_guard_get_bdf(guard);
		char text[BINDERY_BDF_SIZE];

		if (!bindery_guard_is_warning(guard))
			continue;
		bindery_bdf_format(&bdf, text);
		warn_device(text, bindery_guard_get_what(guard));
	}
}

static int refuse_guards(const struct options *options,
			 const struct bindery_members *plan,
			 const struct bindery_guards *guards)
{
	struct json_object *document = json_object_new_object();

	put_members(document, plan, 0, guards);
	report_guards(options, document, guards);
	document_print(options, document);
	return STATUS_FAILED;
}

static int refuse_plan(const struct transaction *transaction,
		       const struct bindery_members *plan)
{
	struct json_object *document = json_object_new_object();

	put_members(document, plan, 0, NULL);
	transaction_report(transaction, document, plan);
	document_print(transaction->options, document);
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
	warn_guards(guards);
	if (guards_refuse(transaction->options, guards))
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
	for (size_t i = 0; i < named; i++) {
		struct bindery_reference device;

		device = bindery_request_get_device(request, i);
		if (!bindery_host_find_device(transaction->host, &device,
					      &bdfs[count]))
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

static int check_plan(const struct transaction *transaction,
		      const struct bindery_members *plan)
{
	struct bindery_guards *guards = NULL;
	int ret = bindery_guards_find(transaction->host, plan, &guards);

	return check_found(transaction, ret, plan, guards);
}

int guards_check(const struct transaction *transaction)
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
		ret = refuse_plan(transaction, plan);
	bindery_members_free(plan);
	return ret;
}
