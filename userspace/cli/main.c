// SPDX-License-Identifier: GPL-2.0-or-later
#include <string.h>

#include "cli.h"

/* Takes options without a verb for the verb that they stand for. */
static const char *verb_name(const char *word)
{
	if (!strcmp(word, "--help") || !strcmp(word, "-h"))
		return "help";
	return word;
}

static int check_arguments(const struct options *options)
{
	int min, max;

	verb_count_arguments(options->verb, &min, &max);
	if (options->num_arguments && !max)
		return usage_error(options->verb, "it takes no arguments");
	if (!options->num_arguments && min)
		return usage_error(options->verb, "no %s was named",
				   strstr(options->verb->arguments, "DEVICE") ?
				   "device" : "delegation");
	if (options->num_arguments < min)
		return usage_error(options->verb, "it needs %s",
				   options->verb->arguments);
	if (options->num_arguments > max)
		return usage_error(options->verb, "it takes no more than %d argument%s",
				   max, max > 1 ? "s" : "");
	return STATUS_DONE;
}

static int run_raw(const struct verb *verb, int argc, char **argv)
{
	struct options options = {
		.verb = verb, .print = &print_text, .out = stdout,
		.arguments = argv + 1, .num_arguments = argc - 1,
	};

	return verb->run(&options);
}

static int run_verb(const struct verb *verb, int argc, char **argv)
{
	struct options options;
	int ret;

	if (verb->is_raw)
		return run_raw(verb, argc, argv);
	if (!options_parse(verb, argc, argv, &options))
		return usage_status(verb);
	if (options_given(&options, OPTION_HELP)) {
		help_print(verb);
		return STATUS_DONE;
	}
	ret = check_arguments(&options);
	return ret ? ret : verb->run(&options);
}

int main(int argc, char **argv)
{
	const struct verb *verb;

	output_begin();
	if (argc < 2) {
		help_print_all(stderr);
		return STATUS_USAGE;
	}
	if (!strcmp(argv[1], "--version") || !strcmp(argv[1], "-V")) {
		printf("bindery %s\n", bindery_get_version());
		return output_finish(NULL, STATUS_DONE);
	}
	verb = verb_find(verb_name(argv[1]));
	if (!verb)
		return help_no_verb(argv[1]);
	return output_finish(verb, run_verb(verb, argc - 1, argv + 1));
}
