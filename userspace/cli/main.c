// SPDX-License-Identifier: GPL-2.0-or-later
#include <string.h>

#include "cli.h"

static const struct verb *const verbs[] = {
	&verb_list,
	&verb_show,
	&verb_check,
	&verb_acquire,
	&verb_exec,
	&verb_adopt,
	&verb_release,
	&verb_mark,
	&verb_repair,
};

static void print_usage(FILE *out)
{
	fputs("Usage: bindery VERB [OPTION]... [ARGUMENT]...\n"
	      "Move PCI devices to VFIO and back, each set as one transaction.\n\n",
	      out);
	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++)
		fprintf(out, "  %-9s %s\n", verbs[i]->name, verbs[i]->summary);
	fputs("  help      print this help, or that of a verb\n\n"
	      "'bindery --version' tells the version. See bindery(1).\n", out);
}

static const struct verb *find_verb(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++)
		if (!strcmp(verbs[i]->name, name))
			return verbs[i];
	fprintf(stderr, "bindery: '%s' is no verb; try 'bindery help'\n", name);
	return NULL;
}

static int run_help(const char *name)
{
	const struct verb *verb;

	if (!name) {
		print_usage(stdout);
		return STATUS_DONE;
	}
	verb = find_verb(name);
	if (!verb)
		return STATUS_USAGE;
	options_help(verb);
	return STATUS_DONE;
}

static int run_verb(const struct verb *verb, int argc, char **argv)
{
	struct options options;

	if (!options_parse(verb, argc, argv, &options))
		return STATUS_USAGE;
	if (options_given(&options, OPTION_HELP)) {
		options_help(verb);
		return STATUS_DONE;
	}
	if (options.num_arguments && !*verb->arguments)
		return usage_error(verb, "it takes no arguments");
	if (!options.num_arguments && *verb->arguments)
		return usage_error(verb, "no device was named");
	return verb->run(&options);
}

int main(int argc, char **argv)
{
	const struct verb *verb;

	if (argc < 2) {
		print_usage(stderr);
		return STATUS_USAGE;
	}
	if (!strcmp(argv[1], "help") || !strcmp(argv[1], "--help") ||
	    !strcmp(argv[1], "-h"))
		return run_help(argc > 2 ? argv[2] : NULL);
	if (!strcmp(argv[1], "--version") || !strcmp(argv[1], "-V")) {
		printf("bindery %s\n", bindery_get_version());
		return STATUS_DONE;
	}
	verb = find_verb(argv[1]);
	return verb ? run_verb(verb, argc - 1, argv + 1) : STATUS_USAGE;
}
