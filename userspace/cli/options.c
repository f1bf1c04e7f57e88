// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"

static const struct option_row option_rows[] = {
	{ OPTION_COMPANIONS, 'c', "companions", NULL,
	  "move members on native drivers that were not named too" },
	{ OPTION_SINGLE_GROUP, 's', "single-group", NULL,
	  "refuse devices of more than one IOMMU group" },
	{ OPTION_TARGET, 't', "target", "DRIVER[:MODULE]",
	  "target of devices that name none; else the one made for each, or vfio-pci" },
	{ OPTION_LABEL, 'l', "label", "TEXT",
	  "who is asking, shown to others, at most 64 bytes" },
	{ OPTION_DEADLINE, 'd', "deadline", "SECONDS",
	  "how long it may take, moving and restoring each: 0.001 to 3600, default 60" },
	{ OPTION_TARGET, 0, "driver", "DRIVER[:MODULE]",
	  "the same as --target" },
	{ OPTION_FORCE, 'f', "force", "[=USE,...]",
	  "move devices also that the host uses, in any way or in these" },
	{ OPTION_OWNER, 'o', "owner", "USER[:GROUP]",
	  "who owns the device nodes of the groups and devices" },
	{ OPTION_MODE, 'm', "mode", "MODE",
	  "permissions of these nodes, such as 0660" },
	{ OPTION_FIX, 'F', "fix", NULL,
	  "give them back to the drivers that the kernel finds for them" },
	{ OPTION_SHARED, 'S', "shared", NULL,
	  "share the groups with other claims that do so too" },
	{ OPTION_SERIAL, 0, "serial", NULL,
	  "move one device after another" },
	{ OPTION_REPAIR, 'r', "repair", NULL,
	  "bind again, once, what somebody else unbinds" },
	{ OPTION_SEALED, 0, "sealed", NULL,
	  "take bindery-vfio, which nobody can unbind, instead of vfio-pci" },
	{ OPTION_HOLDERS_ONLY, 0, "holders-only", NULL,
	  "let only who has the claim open the devices; with --sealed" },
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
	{ OPTION_SINCE, 's', "since", "NUMBER",
	  "begin with that event, as far as the journal has it" },
	{ OPTION_COUNT, 'n', "count", "NUMBER",
	  "so many events; of the journal the last ones" },
	{ OPTION_TIMEOUT, 't', "timeout", "SECONDS",
	  "end after that time: 0.001 to 2000000" },
	{ OPTION_PROGRESS, 'p', "progress", NULL,
	  "tell what is waited for, also if there is no terminal" },
	{ OPTION_TREE, 'T', "tree", NULL,
	  "draw the PCI tree, with groups, drivers and claims" },
	{ OPTION_DOT, 0, "dot", NULL, "the same for graphviz" },
	{ OPTION_SVG, 0, "svg", NULL, "the same as SVG" },
	{ OPTION_VENDOR, 0, "vendor", "VENDOR",
	  "only of this vendor: 8086, or a part of its name" },
	{ OPTION_DEVICE, 0, "device", "DEVICE",
	  "only such as 10d3 or 8086:10d3, or with this in their name" },
	{ OPTION_CLASS, 0, "class", "CLASS",
	  "only of this class: 02, 0200, 020000, or a part of its name" },
	{ OPTION_DRIVER, 0, "driver", "DRIVER",
	  "only on this driver; none: on none" },
	{ OPTION_NUMA, 0, "numa", "NODE", "only at this NUMA node" },
	{ OPTION_ELIGIBLE, 'e', "eligible", NULL,
	  "only what could be given to a guest" },
	{ OPTION_ON_DRIVER, 0, "driver", "DRIVER",
	  "until it is on this driver; any: whichever" },
	{ OPTION_NODE, 'n', "node", NULL,
	  "until there is what it is used by: a node in /dev, an interface" },
	{ OPTION_UNTIL, 'd', "deadline", "SECONDS",
	  "how long to wait: 0.001 to 3600, default 60" },
	{ OPTION_OPERATIONS, 0, "ops", "OPERATION,...",
	  "of show, check, acquire, adopt, open-claim; default all" },
	{ OPTION_MAX_CLAIMS, 0, "max-claims", "NUMBER",
	  "claims that may hold devices at once" },
	{ OPTION_MAX_TRANSACTIONS, 0, "max-transactions", "NUMBER",
	  "transactions that may run at once" },
	{ OPTION_SOCKET, 0, "socket", "PATH",
	  "hand it to who listens at this Unix socket" },
	{ OPTION_END_CLAIMS, 'r', "release", NULL,
	  "end the claims that were made through it, too" },
	{ OPTION_JSON, 'j', "json", NULL,
	  "print JSON, one document on a line" },
	{ OPTION_HELP, 'h', "help", NULL, "print this help" },
};

#define NUM_ROWS ARRAY_SIZE(option_rows)

bool options_given(const struct options *options, enum option_bit bit)
{
	return options->given & bit;
}

/* A command may end with 2 too. */
int usage_status(const struct verb *verb)
{
	return verb->has_command ? STATUS_EXEC_FAILED : STATUS_USAGE;
}

/* What was typed may hold anything. */
static void print_escaped(const char *line)
{
	struct json_object *escaped = escaped_string(line);

	fprintf(stderr, "%s\n", json_object_get_string(escaped));
	json_object_put(escaped);
}

int usage_error(const struct verb *verb, const char *format, ...)
{
	va_list arguments;
	char *text;

	va_start(arguments, format);
	if (vasprintf(&text, format, arguments) < 0)
		abort();
	va_end(arguments);
	fprintf(stderr, "bindery %s: ", verb->name);
	print_escaped(text);
	free(text);
	fprintf(stderr, "Try 'bindery help %s'.\n", verb->name);
	return usage_status(verb);
}

const struct option_row *options_next(const struct verb *verb,
				      const struct option_row *row)
{
	for (row = row ? row + 1 : option_rows; row < option_rows + NUM_ROWS;
	     row++)
		if (verb->options & row->bit)
			return row;
	return NULL;
}

/* An int of ms is what poll(2) takes. */
#define TIMEOUT_MAX_MS	2000000000

/* From 0.001 up to @max_ms. */
static bool parse_seconds(const char *text, uint32_t max_ms, uint32_t *ms)
{
	double seconds;
	char *end;

	/* Neither blanks nor hex, as in all other numbers. */
	if (text[strspn(text, "0123456789.")])
		return false;
	seconds = strtod(text, &end);
	if (end == text || *end || !(seconds >= 0.001) ||
	    seconds * 1000 > max_ms)
		return false;
	*ms = (uint32_t)(seconds * 1000);
	return true;
}

static bool parse_number(const char *text, uint64_t *number)
{
	char *end;

	errno = 0;
	*number = strtoull(text, &end, 10);
	return *text >= '0' && *text <= '9' && !*end && !errno;
}

static bool parse_limit(const char *text, uint32_t max, uint32_t *limit)
{
	uint64_t number;

	if (!parse_number(text, &number) || !number || number > max)
		return false;
	*limit = (uint32_t)number;
	return true;
}

static bool parse_node(const char *text, int *node)
{
	uint64_t number;

	if (!parse_number(text, &number) || number > INT_MAX)
		return false;
	*node = (int)number;
	return true;
}

/* What is wrong with the value of an option, if anything. */
static int take_value(const struct verb *verb, enum option_bit bit,
		      struct options *options)
{
	switch (bit) {
	case OPTION_TARGET:
		if (!names_driver(optarg))
			return usage_error(verb, NO_DRIVER_NAMED, optarg);
		options->target = optarg;
		break;
	case OPTION_LABEL:
		options->label = optarg;
		break;
	case OPTION_FORCE:
		if (!guards_parse(optarg, &options->forced))
			return guards_error(verb, optarg);
		break;
	case OPTION_OWNER:
		if (!node_parse_owner(optarg, &options->owner, &options->group))
			return usage_error(verb, "'%s' names no user or group",
					   optarg);
		break;
	case OPTION_MODE:
		if (!node_parse_mode(optarg, &options->mode))
			return usage_error(verb, "'%s' is no mode from 0 to 0777",
					   optarg);
		break;
	case OPTION_NATIVE:
		if (!names_driver(optarg))
			return usage_error(verb, NO_DRIVER_NAMED, optarg);
		options->native = optarg;
		break;
	case OPTION_NATIVE_OVERRIDE:
		options->native_override = optarg;
		break;
	case OPTION_VENDOR:
		options->vendor = optarg;
		break;
	case OPTION_DEVICE:
		options->device = optarg;
		break;
	case OPTION_CLASS:
		options->class_code = optarg;
		break;
	case OPTION_DRIVER:
	case OPTION_ON_DRIVER:
		if (!*optarg)
			return usage_error(verb, NO_DRIVER_NAMED, optarg);
		options->driver = optarg;
		break;
	case OPTION_NUMA:
		if (!parse_node(optarg, &options->numa))
			return usage_error(verb, "'%s' is no NUMA node", optarg);
		break;
	case OPTION_UNTIL:
	case OPTION_DEADLINE:
		if (!parse_seconds(optarg, BINDERY_DEADLINE_MAX_MS,
				   &options->deadline_ms))
			return usage_error(verb, "'%s' is no number of seconds from 0.001 to %d",
					   optarg, BINDERY_DEADLINE_MAX_MS / 1000);
		break;
	case OPTION_GENERATION:
		if (!parse_number(optarg, &options->generation))
			return usage_error(verb, "'%s' is no generation", optarg);
		break;
	case OPTION_SINCE:
		if (!parse_number(optarg, &options->since) || !options->since)
			return usage_error(verb, "'%s' is no number of an event",
					   optarg);
		break;
	case OPTION_COUNT:
		if (!parse_number(optarg, &options->count) || !options->count)
			return usage_error(verb, "'%s' is no number of events",
					   optarg);
		break;
	case OPTION_TIMEOUT:
		if (!parse_seconds(optarg, TIMEOUT_MAX_MS, &options->timeout_ms))
			return usage_error(verb, "'%s' is no number of seconds from 0.001 to %d",
					   optarg, TIMEOUT_MAX_MS / 1000);
		break;
	case OPTION_CLAIM:
		if (bindery_id_parse(optarg, &options->claim) ||
		    !bindery_id_is_set(&options->claim))
			return usage_error(verb, "'%s' is no id of a claim", optarg);
		break;
	case OPTION_OPERATIONS:
		if (!operations_parse(optarg, &options->operations))
			return usage_error(verb, "'%s' has a word that is no operation",
					   optarg);
		break;
	case OPTION_MAX_CLAIMS:
		if (!parse_limit(optarg, BINDERY_DELEGATE_MAX_CLAIMS,
				 &options->max_claims))
			return usage_error(verb, "'%s' is no number of claims from 1 to %d",
					   optarg, BINDERY_DELEGATE_MAX_CLAIMS);
		break;
	case OPTION_MAX_TRANSACTIONS:
		if (!parse_limit(optarg, BINDERY_DELEGATE_MAX_TRANSACTIONS,
				 &options->max_transactions))
			return usage_error(verb, "'%s' is no number of transactions from 1 to %d",
					   optarg,
					   BINDERY_DELEGATE_MAX_TRANSACTIONS);
		break;
	case OPTION_SOCKET:
		/* That would be one in no directory, for anybody to listen at. */
		if (!*optarg)
			return usage_error(verb, "'%s' names no socket", optarg);
		options->socket = optarg;
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
			.has_arg = !row->value ? no_argument :
				   *row->value == '[' ? optional_argument :
							required_argument,
			.val = LONG_BASE + (int)i,
		};
		if (!row->letter)
			continue;
		*letters++ = row->letter;
		if (row->value)
			*letters++ = ':';
		if (row->value && *row->value == '[')
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

/* Its message quotes what was typed: it is caught, and escaped. */
static int next_option(int argc, char **argv, const char *letters,
		       const struct option *longs)
{
	FILE *terminal = stderr, *message;
	char *text = NULL;
	size_t size;
	int value;

	message = open_memstream(&text, &size);
	if (!message)
		abort();
	stderr = message;
	value = getopt_long(argc, argv, letters, longs, NULL);
	stderr = terminal;
	fclose(message);
	text[strcspn(text, "\n")] = '\0';
	if (*text)
		print_escaped(text);
	free(text);
	return value;
}

bool options_parse(const struct verb *verb, int argc, char **argv,
		   struct options *options)
{
	struct option longs[NUM_ROWS + 1];
	char letters[3 * NUM_ROWS + 1], name[32], *given_name = argv[0];
	bool valid = true;
	int value;

	*options = (struct options){ .verb = verb, .print = &print_text,
				     .out = stdout, .owner = (uid_t)-1,
				     .group = (gid_t)-1, .mode = (mode_t)-1 };
	for (int i = 1; i < argc && !options->command; i++) {
		if (strcmp(argv[i], "--") || !verb->has_command)
			continue;
		options->command = argv + i + 1;
		argc = i;
	}
	make_tables(verb, longs, letters);
	/* getopt(3) begins its messages with that. */
	snprintf(name, sizeof(name), "bindery %s", verb->name);
	argv[0] = name;
	optind = 0;
	while (valid && (value = next_option(argc, argv, letters, longs)) != -1) {
		const struct option_row *row = find_row(verb, value);

		if (!row)
			fprintf(stderr, "Try 'bindery help %s'.\n", verb->name);
		else
			options->given |= row->bit;
		valid = row && !take_value(verb, row->bit, options);
	}
	argv[0] = given_name;
	options->arguments = argv + optind;
	options->num_arguments = argc - optind;
	return valid;
}
