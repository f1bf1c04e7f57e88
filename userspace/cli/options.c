// SPDX-License-Identifier: GPL-2.0-or-later
#include <getopt.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"

static const struct option_row {
	enum option_bit bit;
	char letter;		/* 0: it has none */
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
	{ OPTION_SHARED, 'S', "shared", NULL,
	  "share the groups with other claims that do so too" },
	{ OPTION_SERIAL, 0, "serial", NULL,
	  "move one device after another" },
	{ OPTION_REPAIR, 'r', "repair", NULL,
	  "bind again, once, what somebody else unbinds" },
	{ OPTION_KEEP, 'k', "keep", NULL,
	  "end at once, and leave the devices held until 'release'" },
	{ OPTION_NATIVE, 'n', "native", "DRIVER[:MODULE]",
	  "what the end puts back; none: no driver" },
	{ OPTION_NATIVE_OVERRIDE, 0, "native-override", "NAME",
	  "the driver_override that the end puts back" },
	{ OPTION_WAIT, 'w', "wait", NULL,
	  "wait for VFIO users to close, up to the deadline" },
	{ OPTION_DEFER, 'D', "defer", NULL,
	  "let the kernel restore when the last VFIO user has closed" },
	{ OPTION_ASK, 'f', "force", NULL,
	  "ask VFIO users to go; who does not stays, and the group is stuck" },
	{ OPTION_GENERATION, 'g', "generation", "NUMBER",
	  "fail if the member has another generation by now" },
	{ OPTION_CLAIM, 'C', "claim", "ID",
	  "the claim, where several share the device" },
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
		char left[48], letter[] = { '-', row->letter, ',', '\0' };

		if (!(verb->options & row->bit))
			continue;
		snprintf(left, sizeof(left), "%3s --%s%s%s",
			 row->letter ? letter : "", row->name,
			 row->value ? " " : "", row->value ? row->value : "");
		printf("  %-30s  %s\n", left, row->help);
	}
	if (*verb->arguments)
		fputs("\nA DEVICE is 0000:01:00.0, a path as 0000:00/01/00, or VF 2 of a PF as\n"
		      "vf:0000:01:00.0:2; ',id=8086:10d3' behind it checks what it is.\n",
		      stdout);
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

static bool parse_number(const char *text, uint64_t *number)
{
	char *end;

	*number = strtoull(text, &end, 0);
	return *text >= '0' && *text <= '9' && !*end;
}

/* What is wrong with the value of an option, if anything. */
static int take_value(const struct verb *verb, enum option_bit bit,
		      struct options *options)
{
	switch (bit) {
	case OPTION_TARGET:
		options->target = optarg;
		break;
	case OPTION_LABEL:
		options->label = optarg;
		break;
	case OPTION_NATIVE:
		options->native = optarg;
		break;
	case OPTION_NATIVE_OVERRIDE:
		options->native_override = optarg;
		break;
	case OPTION_DEADLINE:
		if (!parse_deadline(optarg, &options->deadline_ms))
			return usage_error(verb, "'%s' is no number of seconds from 0.001 to %d",
					   optarg, BINDERY_DEADLINE_MAX_MS / 1000);
		break;
	case OPTION_GENERATION:
		if (!parse_number(optarg, &options->generation))
			return usage_error(verb, "'%s' is no generation", optarg);
		break;
	case OPTION_CLAIM:
		if (bindery_id_parse(optarg, &options->claim))
			return usage_error(verb, "'%s' is no id of a claim", optarg);
		break;
	case OPTION_JSON:
		options->print = &print_json;
		break;
	default:
		break;
	}
	return STATUS_DONE;
}

/* Above every letter: the row of a long option. */
#define LONG_BASE 256

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
			.val = LONG_BASE + (int)i,
		};
		if (!row->letter)
			continue;
		*letters++ = row->letter;
		if (row->value)
			*letters++ = ':';
	}
	*letters = '\0';
	*longs = (struct option){ 0 };
}

static const struct option_row *find_row(const struct verb *verb, int value)
{
	if (value >= LONG_BASE)
		return &option_rows[value - LONG_BASE];
	for (size_t i = 0; i < NUM_ROWS; i++)
		if (option_rows[i].letter == value &&
		    verb->options & option_rows[i].bit)
			return &option_rows[i];
	return NULL;
}

bool options_parse(const struct verb *verb, int argc, char **argv,
		   struct options *options)
{
	struct option longs[NUM_ROWS + 1];
	char letters[2 * NUM_ROWS + 1];
	int value;

	*options = (struct options){ .verb = verb, .print = &print_text,
				     .out = stdout };
	for (int i = 1; i < argc && !options->command; i++) {
		if (strcmp(argv[i], "--") || !verb->has_command)
			continue;
		options->command = argv + i + 1;
		argc = i;
	}
	make_tables(verb, longs, letters);
	optind = 0;
	while ((value = getopt_long(argc, argv, letters, longs, NULL)) != -1) {
		const struct option_row *row = find_row(verb, value);

		if (!row) {
			fprintf(stderr, "Try 'bindery help %s'.\n", verb->name);
			return false;
		}
		options->given |= row->bit;
		if (take_value(verb, row->bit, options))
			return false;
	}
	options->arguments = argv + optind;
	options->num_arguments = argc - optind;
	return true;
}
