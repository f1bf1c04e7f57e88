// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"

static struct json_object *stray_object(const struct bindery_stray *stray)
{
	struct bindery_bdf bdf = bindery_stray_get_bdf(stray);
	struct json_object *object = json_object_new_object();
	char text[BINDERY_BDF_SIZE], command[64];
	uint32_t group;

	put_bdf(object, "device", bdf);
	json_object_object_add(object, "group", NULL);
	if (bindery_stray_get_group(stray, &group))
		put_number(object, "group", group);
	put_string(object, "reason", bindery_stray_reason_symbol(
			bindery_stray_get_reason(stray)));
	put_string(object, "driver", bindery_stray_get_driver(stray));
	put_string(object, "override", bindery_stray_get_override(stray));
	bindery_bdf_format(&bdf, text);
	snprintf(command, sizeof(command), "bindery strays --fix %s", text);
	put_string(object, "fix", command);
	return object;
}

/* Nothing but the kernel's refusals makes a record: it may be an older one. */
static bool is_of(const struct bindery_error_record *record, int error)
{
	return bindery_error_record_get_code(record) &&
	       bindery_error_record_get_errno(record) == error;
}

/* What the fix of one came to; the error record tells more, if there is one. */
static int fix(const struct options *options, const struct bindery_host *host,
	       struct bindery_context *context,
	       const struct bindery_stray *stray)
{
	const struct bindery_error_record *record;
	struct json_object *document;
	char text[BINDERY_BDF_SIZE];
	struct bindery_bdf bdf = bindery_stray_get_bdf(stray);
	struct bindery_reference device = { .bdf = bdf };
	struct progress progress;
	uint32_t group;
	int ret;

	progress_begin_group(&progress, options, &device);
	ret = bindery_stray_fix(host, context, stray, options->deadline_ms);
	progress_end(&progress);
	bindery_bdf_format(&bdf, text);
	document = json_object_new_object();
	put_string(document, "device", text);
	put_bool(document, "fixed", !ret || ret == -EALREADY);
	record = bindery_context_get_error(context);
	if (ret == -EALREADY)
		ret = 0;
	else if (ret && is_of(record, -ret))
		report_record(document, record, NULL);
	else if (ret)
		report_own(document, text, ret == -EBUSY ? "in-use" : "system",
			   -ret, strerror(-ret), ret == -EBUSY ?
			   "end what uses it; processes that have it open are listed" :
			   NULL);
	if (ret == -EBUSY && bindery_stray_get_group(stray, &group))
		put_group_users(host, document, group);
	document_print(options, document);
	return ret ? STATUS_FAILED : STATUS_DONE;
}

/* Is it one of those that were named, if any were? */
static bool is_named(const struct bindery_stray *stray,
		     const struct bindery_bdf *named, int count)
{
	struct bindery_bdf bdf = bindery_stray_get_bdf(stray);

	for (int i = 0; i < count; i++)
		if (!bindery_bdf_compare(&named[i], &bdf))
			return true;
	return !count;
}

static int show(const struct options *options,
		const struct bindery_strays *strays,
		const struct bindery_bdf *named)
{
	struct json_object *document = json_object_new_object();
	struct json_object *list = json_object_new_array();

	for (size_t i = 0; i < bindery_strays_get_count(strays); i++) {
		const struct bindery_stray *stray = bindery_strays_get(strays, i);

		if (is_named(stray, named, options->num_arguments))
			json_object_array_add(list, stray_object(stray));
	}
	put_number(document, "count", (int64_t)json_object_array_length(list));
	json_object_object_add(document, "strays", list);
	document_print(options, document);
	return STATUS_DONE;
}

static int fix_all(const struct options *options,
		   const struct bindery_host *host,
		   struct bindery_context *context,
		   const struct bindery_strays *strays,
		   const struct bindery_bdf *named)
{
	int status = STATUS_DONE, ret;
	bool found = false;

	for (size_t i = 0; i < bindery_strays_get_count(strays); i++) {
		const struct bindery_stray *stray = bindery_strays_get(strays, i);

		if (!is_named(stray, named, options->num_arguments))
			continue;
		found = true;
		ret = fix(options, host, context, stray);
		if (status < ret)
			status = ret;
	}
	return found ? status : show(options, strays, named);
}

static int run(const struct options *options, const struct bindery_host *host,
	       struct bindery_context *context, const struct bindery_bdf *named)
{
	struct bindery_strays *strays;
	int ret = bindery_strays_find(host, context, &strays);

	if (ret)
		return report_failure(options, -ret, "strays");
	if (options_given(options, OPTION_FIX))
		ret = fix_all(options, host, context, strays, named);
	else
		ret = show(options, strays, named);
	bindery_strays_free(strays);
	return ret;
}

/* All addresses first: a wrong one fixes nothing. */
static int resolve(const struct options *options,
		   const struct bindery_host *host, struct bindery_bdf *named)
{
	for (int i = 0; i < options->num_arguments; i++) {
		int ret = device_find(options, host, options->arguments[i],
				      &named[i]);

		if (ret)
			return ret;
	}
	return STATUS_DONE;
}

int run_strays(struct options *options)
{
	struct bindery_context *context = NULL;
	struct bindery_host *host = NULL;
	struct bindery_bdf *named;
	int ret;

	if (options_given(options, OPTION_DEADLINE) &&
	    !options_given(options, OPTION_FIX))
		return usage_error(options->verb, "--deadline needs --fix");
	named = calloc((size_t)options->num_arguments + 1, sizeof(*named));
	if (!named)
		abort();
	ret = bindery_host_new(NULL, &host);
	if (ret)
		ret = report_failure(options, -ret, "sysfs");
	if (!ret)
		ret = resolve(options, host, named);
	if (!ret)
		ret = open_context(options, &context);
	if (!ret)
		ret = run(options, host, context, named);
	bindery_context_free(context);
	bindery_host_free(host);
	free(named);
	return ret;
}
