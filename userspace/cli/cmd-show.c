// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli.h"

static void put_group(struct json_object *document,
		      const struct bindery_group *group)
{
	put_number(document, "group", bindery_group_get_number(group));
	put_string(document, "state",
		   bindery_group_state_symbol(bindery_group_get_state(group)));
	put_number(document, "claims", bindery_group_get_num_claims(group));
	if (bindery_group_get_num_claims(group))
		put_holder(document, bindery_group_get_holder_pid(group),
			   bindery_group_get_holder_comm(group),
			   bindery_group_get_holder_label(group));
	else
		json_object_object_add(document, "holder", NULL);
	put_members(document, bindery_group_get_members(group), MEMBER_FACTS,
		    NULL);
}

static int run_show(struct options *options)
{
	struct json_object *document;
	struct bindery_context *context;
	struct bindery_group *group;
	struct bindery_bdf bdf;
	int ret;

	if (options->num_arguments > 1)
		return usage_error(&verb_show, "more than one device was named");
	if (argument_parse_bdf(options->arguments[0], &bdf))
		return report_address(options, options->arguments[0]);
	ret = open_context(options, &context);
	if (ret)
		return ret;
	document = json_object_new_object();
	ret = bindery_group_show(context, &bdf, &group);
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

const struct verb verb_show = {
	.name = "show",
	.arguments = "DEVICE",
	.summary = "Show the IOMMU group of a device, with its members",
	.options = OPTIONS_ALL,
	.run = run_show,
};
