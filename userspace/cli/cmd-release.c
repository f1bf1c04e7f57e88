// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdlib.h>

#include "cli.h"

struct release {
	const struct options *options;
	struct bindery_context *context;
	struct bindery_claim **claims;
	size_t num_claims;
};

/* By its id, or by a device of it. */
static int open_argument(const struct release *release, const char *text,
			 struct bindery_claim **claim)
{
	const struct bindery_reference *device = NULL;
	struct argument argument;
	struct bindery_id id;
	int ret;

	if (!bindery_id_parse(text, &id)) {
		/* The kernel takes all zeros for no id. */
		if (!bindery_id_is_set(&id))
			return report_code(release->options, text,
					   BINDERY_ERROR_NO_CLAIM,
					   BINDERY_STEP_RESOLVE, ENOENT);
		ret = bindery_claim_open(release->context, &id, NULL, claim);
	} else {
		ret = argument_parse(release->options, text, &argument);
		if (ret)
			return ret;
		device = &argument.device;
		ret = bindery_claim_open(release->context, NULL, device,
					 claim);
	}
	if (ret)
		return report_named(release->options, device, text,
				    bindery_context_get_error(release->context));
	return STATUS_DONE;
}

/* Several devices of one claim are named as often as one. */
static bool is_open(const struct release *release,
		    const struct bindery_claim *claim)
{
	struct bindery_id id = bindery_claim_get_id(claim);

	for (size_t i = 0; i < release->num_claims; i++) {
		struct bindery_id other = bindery_claim_get_id(release->claims[i]);

		if (!bindery_id_compare(&id, &other))
			return true;
	}
	return false;
}

/* All of them first: after a release its devices name no claim any more. */
static int open_claims(struct release *release)
{
	const struct options *options = release->options;
	int status = STATUS_DONE;

	for (int i = 0; i < options->num_arguments; i++) {
		struct bindery_claim *claim;

		if (open_argument(release, options->arguments[i], &claim))
			status = STATUS_FAILED;
		else if (is_open(release, claim))
			bindery_claim_free(claim);
		else
			release->claims[release->num_claims++] = claim;
	}
	return status;
}

static uint32_t release_flags(const struct options *options)
{
	uint32_t flags = 0;

	if (options_given(options, OPTION_WAIT))
		flags |= BINDERY_RELEASE_WAIT;
	if (options_given(options, OPTION_DEFER))
		flags |= BINDERY_RELEASE_DEFER;
	if (options_given(options, OPTION_ASK))
		flags |= BINDERY_RELEASE_FORCE;
	return flags;
}

/* Every claim is tried; the worst that came of one is what is told. */
static int release_claims(struct release *release)
{
	const struct options *options = release->options;
	int status = open_claims(release), ret;
	struct bindery_host *host;

	ret = bindery_host_new(NULL, &host);
	if (ret)
		return report_failure(options, -ret, "sysfs");
	for (size_t i = 0; i < release->num_claims; i++) {
		ret = claim_release(options, host, release->claims[i],
				    release_flags(options));
		if (status < ret)
			status = ret;
	}
	bindery_host_free(host);
	return status;
}

int run_release(struct options *options)
{
	struct release release = { .options = options };
	uint32_t flags = release_flags(options);
	int ret;

	if (flags & (flags - 1))
		return usage_error(options->verb, "--wait, --defer or --force: only one");
	ret = open_context(options, &release.context);
	if (ret)
		return ret;
	release.claims = calloc((size_t)options->num_arguments,
				sizeof(struct bindery_claim *));
	if (release.claims) {
		ret = release_claims(&release);
		for (size_t i = 0; i < release.num_claims; i++)
			bindery_claim_free(release.claims[i]);
	} else {
		ret = report_failure(options, ENOMEM, "no claims");
	}
	free(release.claims);
	bindery_context_free(release.context);
	return ret;
}
