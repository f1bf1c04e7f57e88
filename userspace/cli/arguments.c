// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"

/* As the library, and BB:SS.F for domain 0000. */
int argument_parse_bdf(const char *text, struct bindery_bdf *bdf)
{
	char full[BINDERY_BDF_SIZE];
	const char *colon = strchr(text, ':');

	if (!colon || strchr(colon + 1, ':'))
		return bindery_bdf_parse(text, bdf);
	if (snprintf(full, sizeof(full), "0000:%s", text) >= (int)sizeof(full))
		return -EINVAL;
	return bindery_bdf_parse(full, bdf);
}

/* Cuts DRIVER[:MODULE] in two. */
static char *split_target(char *target)
{
	char *colon = target ? strchr(target, ':') : NULL;

	if (!colon)
		return NULL;
	*colon = '\0';
	return colon + 1;
}

/* DEVICE[=DRIVER[:MODULE]] */
static int add_argument(const struct options *options,
			struct bindery_request *request, const char *argument)
{
	char *text = strdup(argument), *target, *module;
	struct bindery_bdf bdf;
	int ret;

	if (!text)
		return -ENOMEM;
	target = strchr(text, '=');
	if (target)
		*target++ = '\0';
	module = split_target(target);
	ret = argument_parse_bdf(text, &bdf);
	if (ret)
		report_address(options, text);
	else
		ret = bindery_request_add_device(request, &bdf, target, module);
	free(text);
	return ret;
}

static int set_target(struct bindery_request *request, const char *argument)
{
	char *target = strdup(argument);

	if (!target)
		return -ENOMEM;
	bindery_request_set_target(request, target, split_target(target));
	free(target);
	return 0;
}

static uint32_t request_flags(const struct options *options)
{
	uint32_t flags = 0;

	if (options_given(options, OPTION_COMPANIONS))
		flags |= BINDERY_ACQUIRE_COMPANIONS;
	if (options_given(options, OPTION_SINGLE_GROUP))
		flags |= BINDERY_ACQUIRE_SINGLE_GROUP;
	return flags;
}

int arguments_to_request(const struct options *options,
			 struct bindery_request **request)
{
	struct bindery_request *new;
	int ret = bindery_request_new(&new);

	if (ret)
		return report_failure(options, -ret, "no request");
	for (int i = 0; !ret && i < options->num_arguments; i++)
		ret = add_argument(options, new, options->arguments[i]);
	if (!ret && options->target)
		ret = set_target(new, options->target);
	if (ret) {
		bindery_request_free(new);
		return STATUS_FAILED;
	}
	bindery_request_set_flags(new, request_flags(options));
	bindery_request_set_label(new, options->label);
	bindery_request_set_deadline_ms(new, options->deadline_ms);
	*request = new;
	return STATUS_DONE;
}
