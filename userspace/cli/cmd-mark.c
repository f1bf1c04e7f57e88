// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <string.h>

#include "cli.h"

/* Somebody who marks without end is not waited for without end. */
#define ATTEMPTS 16

static bool parse_event(const char *text, enum bindery_event *event)
{
	for (int i = 0; i <= BINDERY_EVENT_DETACH_FAILED; i++) {
		if (strcmp(text, bindery_event_symbol(i)))
			continue;
		*event = i;
		return true;
	}
	return false;
}

/* What is not found has no generation: the kernel says why. */
static uint64_t find_generation(struct bindery_claim *claim,
				const struct bindery_bdf *bdf)
{
	const struct bindery_members *members;
	struct bindery_status *status;
	uint64_t generation = 0;

	if (bindery_claim_get_status(claim, &status))
		return 0;
	members = bindery_status_get_members(status);
	for (size_t i = 0; i < bindery_members_get_count(members); i++) {
		const struct bindery_member *member = bindery_members_get(members, i);
		struct bindery_bdf other = bindery_member_get_bdf(member);

		if (!bindery_bdf_compare(bdf, &other))
			generation = bindery_member_get_generation(member);
	}
	bindery_status_free(status);
	return generation;
}

static bool is_stale(struct bindery_claim *claim)
{
	return bindery_error_record_get_code(bindery_claim_get_error(claim)) ==
	       BINDERY_ERROR_STALE;
}

static int mark(const struct options *options, struct bindery_claim *claim,
		const struct bindery_reference *device,
		enum bindery_event event, struct bindery_mark *result)
{
	bool given = options_given(options, OPTION_GENERATION);
	uint64_t generation = options->generation;
	struct bindery_bdf bdf = { 0 };
	struct bindery_host *host;
	int ret;

	if (!given && !bindery_host_new(NULL, &host)) {
		bindery_host_find_device(host, device, &bdf);
		bindery_host_free(host);
	}
	for (int i = 0; i < ATTEMPTS; i++) {
		if (!given)
			generation = find_generation(claim, &bdf);
		ret = bindery_claim_mark(claim, device, event, generation,
					 result);
		if (!ret || given || !is_stale(claim))
			break;
	}
	return ret;
}

static int mark_and_print(const struct options *options,
			  struct bindery_claim *claim,
			  const struct argument *argument,
			  enum bindery_event event)
{
	struct json_object *document;
	struct bindery_mark result;

	if (mark(options, claim, &argument->device, event, &result))
		return report_named(options, &argument->device, argument->text,
				    bindery_claim_get_error(claim));
	document = json_object_new_object();
	put_string(document, "device", argument->text);
	put_string(document, "event", bindery_event_symbol(event));
	put_assignment(document, result.assignment, result.users, result.id);
	put_number(document, "generation", (int64_t)result.generation);
	document_print(options, document);
	return STATUS_DONE;
}

static int open_and_mark(const struct options *options,
			 const struct argument *argument,
			 enum bindery_event event)
{
	bool by_id = options_given(options, OPTION_CLAIM);
	struct bindery_context *context;
	struct bindery_claim *claim;
	int ret = open_context(options, &context);

	if (ret)
		return ret;
	ret = bindery_claim_open(context, by_id ? &options->claim : NULL,
				 by_id ? NULL : &argument->device, &claim);
	if (ret) {
		ret = report_named(options, by_id ? NULL : &argument->device,
				   argument->text,
				   bindery_context_get_error(context));
	} else {
		ret = mark_and_print(options, claim, argument, event);
		bindery_claim_free(claim);
	}
	bindery_context_free(context);
	return ret;
}

static int event_error(const struct options *options, const char *text)
{
	char events[256] = "";
	size_t length = 0;

	for (int i = 0; i <= BINDERY_EVENT_DETACH_FAILED; i++)
		length += (size_t)snprintf(events + length,
					   sizeof(events) - length, "%s %s",
					   i ? "," : "", bindery_event_symbol(i));
	return usage_error(options->verb, "'%s' is no event:%s", text, events);
}

int run_mark(struct options *options)
{
	struct argument argument;
	enum bindery_event event;
	int ret;

	if (options->num_arguments != 2)
		return usage_error(options->verb, "a device and an event are needed");
	if (!parse_event(options->arguments[1], &event))
		return event_error(options, options->arguments[1]);
	ret = argument_parse(options, options->arguments[0], &argument);
	if (!ret)
		ret = open_and_mark(options, &argument, event);
	return ret;
}
