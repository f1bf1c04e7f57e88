// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli.h"

static void put_group(struct json_object *document,
		      const struct bindery_group *group)
{
	put_number(document, "group", bindery_group_get_number(group));
	put_group_claims(document, group);
	put_members(document, bindery_group_get_members(group),
		    MEMBER_FACTS | MEMBER_LIFE, NULL);
}

static int show(const struct options *options,
		const struct bindery_reference *device)
{
	struct json_object *document;
	struct bindery_context *context;
	struct bindery_group *group;
	int ret = open_context(options, &context);

	if (ret)
		return ret;
	document = json_object_new_object();
	ret = bindery_group_show(context, device, &group);
	if (ret) {
		report_record(document, bindery_context_get_error(context), NULL);
	} else {
		put_group(document, group);
		bindery_group_free(group);
	}
	document_print(options, document);
	bindery_context_free(context);
	return ret ? STATUS_FAILED : STATUS_DONE;
}

static int run_show(struct options *options)
{
	struct argument argument;
	int ret;

	if (options->num_arguments > 1)
		return usage_error(&verb_show, "more than one device was named");
	ret = argument_parse(options, options->arguments[0], &argument);
	if (!ret)
		ret = show(options, &argument.device);
	return ret;
}

const struct verb verb_show = {
	.name = "show",
	.arguments = "DEVICE",
	.summary = "Show the IOMMU group of a device, with its members",
	.options = OPTIONS_ALL,
	.run = run_show,
};
