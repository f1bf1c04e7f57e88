// SPDX-License-Identifier: GPL-2.0-or-later
#include <getopt.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"

static const struct option_row {
	enum option_bit bit;
	char letter;
	const char *name;
	const char *value;
	const char *help;
} option_rows[] = {
	{ OPTION_COMPANIONS, 'c', "companions", NULL,
	  "move members on native drivers that were not named too" },
	{ OPTION_SINGLE_GROUP, 's', "single-group", NULL,
	  "refuse devices of more than one IOMMU group" },
	{ OPTION_TARGET, 't', "target", "DRIVER[:MODULE]",
	  "target of devices that name none, default vfio-pci" },
	{ OPTION_LABEL, 'l', "label", "TEXT",
	  "who is asking, shown to others, at most 64 bytes" },
	{ OPTION_DEADLINE, 'd', "deadline", "SECONDS",
	  "how long moving and restoring may take, each" },
	{ OPTION_FORCE, 'f', "force", NULL,
	  "move devices also that the host uses" },
	{ OPTION_JSON, 'j', "json", NULL,
	  "print JSON, one document on a line" },
	{ OPTION_HELP, 'h', "help", NULL, "print this help" },
};

#define NUM_ROWS ARRAY_SIZE(option_rows)

bool options_given(const struct options *options, enum option_bit bit)
{
	return options->given & bit;
}

int usage_error(const struct verb *verb, const char *format, ...)
{
	va_list arguments;

	fprintf(stderr, "bindery %s: ", verb->name);
	va_start(arguments, format);
	vfprintf(stderr, format, arguments);
	va_end(arguments);
	fprintf(stderr, "\nTry 'bindery help %s'.\n", verb->name);
	return STATUS_USAGE;
}

void options_help(const struct verb *verb)
{
	printf("Usage: bindery %s [OPTION]... %s\n%s.\n\n", verb->name,
	       verb->arguments, verb->summary);
	for (size_t i = 0; i < NUM_ROWS; i++) {
		const struct option_row *row = &option_rows[i];
		char left[48];

		if (!(verb->options & row->bit))
			continue;
		snprintf(left, sizeof(left), "-%c, --%s%s%s", row->letter,
			 row->name, row->value ? " " : "",
			 row->value ? row->value : "");
		printf("  %-30s  %s\n", left, row->help);
	}
}

static bool parse_deadline(const char *text, uint32_t *deadline_ms)
{
	double seconds;
	char *end;

	seconds = strtod(text, &end);
	if (end == text || *end || !(seconds >= 0.001) ||
	    seconds * 1000 > BINDERY_DEADLINE_MAX_MS)
		return false;
	*deadline_ms = (uint32_t)(seconds * 1000);
	return true;
}

static bool take_option(const struct verb *verb, const struct option_row *row,
			struct options *options)
{
	options->given |= row->bit;
	if (row->bit == OPTION_TARGET)
		options->target = optarg;
	if (row->bit == OPTION_LABEL)
		options->label = optarg;
	if (row->bit == OPTION_JSON)
		options->print = &print_json;
	if (row->bit == OPTION_DEADLINE &&
	    !parse_deadline(optarg, &options->deadline_ms)) {
		usage_error(verb, "'%s' is no number of seconds from 0.001 to %d",
			    optarg, BINDERY_DEADLINE_MAX_MS / 1000);
		return false;
	}
	return true;
}

static void make_tables(const struct verb *verb, struct option *longs,
			char *letters)
{
	for (size_t i = 0; i < NUM_ROWS; i++) {
		const struct option_row *row = &option_rows[i];

		if (!(verb->options & row->bit))
			continue;
		*longs++ = (struct option){
			.name = row->name,
			.has_arg = row->value ? required_argument : no_argument,
			.val = row->letter,
		};
		*letters++ = row->letter;
		if (row->value)
			*letters++ = ':';
	}
	*letters = '\0';
	*longs = (struct option){ 0 };
}

bool options_parse(const struct verb *verb, int argc, char **argv,
		   struct options *options)
{
	struct option longs[NUM_ROWS + 1];
	char letters[2 * NUM_ROWS + 1];
	int letter;

	*options = (struct options){ .print = &print_text, .out = stdout };
	for (int i = 1; i < argc && !options->command; i++) {
		if (strcmp(argv[i], "--") || !verb->has_command)
			continue;
		options->command = argv + i + 1;
		argc = i;
	}
	make_tables(verb, longs, letters);
	optind = 0;
	while ((letter = getopt_long(argc, argv, letters, longs, NULL)) != -1) {
		size_t i = 0;

		while (i < NUM_ROWS && option_rows[i].letter != letter)
			i++;
		if (i == NUM_ROWS) {
			fprintf(stderr, "Try 'bindery help %s'.\n", verb->name);
			return false;
		}
		if (!take_option(verb, &option_rows[i], options))
			return false;
	}
	options->arguments = argv + optind;
	options->num_arguments = argc - optind;
	return true;
}
