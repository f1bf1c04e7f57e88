// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli.h"

/* A group that was asked for does not tell it; null to who may not dump. */
static void put_delegation(struct json_object *document, struct bindery_id id)
{
	struct json_object *object = json_object_object_get(document, "claim");
	const struct bindery_status *claim;
	struct bindery_claims *claims;

	if (!object || bindery_claims_dump(&id, &claims))
		return;
	claim = bindery_claims_get(claims, 0);
	if (claim)
		put_id(object, "delegation",
		       bindery_status_get_delegation_id(claim));
	bindery_claims_free(claims);
}

static void put_group(struct json_object *document,
		      const struct bindery_group *group)
{
	put_number(document, "group", bindery_group_get_number(group));
	put_group_claims(document, group);
	put_delegation(document, bindery_group_get_claim_id(group));
	put_members(document, bindery_group_get_members(group),
		    MEMBER_FACTS | MEMBER_LIFE, NULL);
	put_variants(document, bindery_group_get_members(group));
}

/* Nothing is missing without them but these. */
static void put_host_facts(struct json_object *document)
{
	struct bindery_host *host;

	if (bindery_host_new(NULL, &host))
		return;
	put_topology(host, document);
	bindery_host_free(host);
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
		report_missing(document, bindery_context_get_error(context),
			       device, options->arguments[0]);
	} else {
		put_group(document, group);
		put_host_facts(document);
		bindery_group_free(group);
	}
	document_print(options, document);
	bindery_context_free(context);
	return ret ? STATUS_FAILED : STATUS_DONE;
}

int run_show(struct options *options)
{
	struct argument argument;
	int ret;

	if (options->given & OPTIONS_PICTURE)
		return picture_show(options);
	if (!options->num_arguments)
		return usage_error(options->verb,
				   "no device was named, and no picture asked for");
	ret = argument_parse(options, options->arguments[0], &argument);
	if (!ret)
		ret = show(options, &argument.device);
	return ret;
}
