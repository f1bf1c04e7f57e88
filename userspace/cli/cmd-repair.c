// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli.h"

/* Is what was to be repaired still broken? */
static int failure_status(const struct bindery_error_record *record)
{
	switch (bindery_error_record_get_code(record)) {
	case BINDERY_ERROR_DEADLINE:
	case BINDERY_ERROR_DEGRADED:
	case BINDERY_ERROR_BIND:
	case BINDERY_ERROR_UNBIND:
		return STATUS_INCOMPLETE;
	default:
		return STATUS_FAILED;
	}
}

static int repair(const struct options *options,
		  struct bindery_context *context, const char *text)
{
	const struct bindery_error_record *record;
	struct json_object *document;
	struct bindery_members *members;
	struct argument argument;
	struct progress progress;
	int ret = argument_parse(options, text, &argument);

	if (ret)
		return ret;
	progress_begin_group(&progress, options, &argument.device);
	ret = bindery_group_repair(context, &argument.device,
				   options->deadline_ms, &members);
	progress_end(&progress);
	record = bindery_context_get_error(context);
	document = json_object_new_object();
	put_string(document, "device", argument.text);
	put_bool(document, "repaired", !ret);
	put_members(document, members, MEMBER_RESULT, NULL);
	if (ret) {
		report_record(document, record, members);
		report_missing(document, record, &argument.device,
			       argument.text);
		ret = failure_status(record);
	}
	document_print(options, document);
	bindery_members_free(members);
	return ret;
}

int run_repair(struct options *options)
{
	struct bindery_context *context;
	int status = open_context(options, &context), ret;

	if (status)
		return status;
	for (int i = 0; i < options->num_arguments; i++) {
		ret = repair(options, context, options->arguments[i]);
		if (status < ret)
			status = ret;
	}
	bindery_context_free(context);
	return status;
}
