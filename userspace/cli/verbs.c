// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * All verbs. Help, completions (see complete.c) and the tests of the manual
 * are made from this table: a new verb is one row here, its run_VERB() in
 * cmd-VERB.c, a section of bindery(8), and a schema of what it prints.
 *
 * Words of arguments: DEVICE... is completed with devices, ID with claims,
 * EVENT with events of mark, VERB with verbs; [] may be left out, ... is
 * any number.
 */
#include <string.h>

#include "cli.h"

#define EXITS_READ	(EXIT_DONE | EXIT_FAILED | EXIT_USAGE)
#define EXITS_KERNEL	(EXITS_READ | EXIT_NO_MODULE)
#define EXITS_CHANGE	(EXITS_KERNEL | EXIT_INCOMPLETE)
#define EXITS_SOME	(EXIT_DONE | EXIT_FAILED_SOME | EXIT_USAGE | \
			 EXIT_NO_MODULE)
#define EXITS_WAIT	(EXIT_ABSENT | EXIT_NO_DRIVER | EXIT_NO_NODE)
#define EXITS_EXEC	(EXIT_EXEC_FAILED | EXIT_EXEC_DENIED | \
			 EXIT_EXEC_NOT_FOUND)

const struct verb verbs[] = {
	{ "list", "", "List PCI devices by IOMMU group, with their drivers",
	  OPTIONS_ALL | OPTIONS_FILTER, EXITS_READ, .run = run_list },
	{ "show", "[DEVICE]",
	  "Show the IOMMU group of a device, or a picture of all",
	  OPTIONS_ALL | OPTIONS_PICTURE, EXITS_KERNEL, .by_group = true,
	  .run = run_show },
	{ "check", "DEVICE[=DRIVER[:MODULE]]...",
	  "Tell what acquire would do, and change nothing",
	  OPTIONS_REQUEST, EXITS_KERNEL, .driver = DRIVER_TARGET,
	  .run = run_check },
	{ "acquire", "DEVICE[=DRIVER[:MODULE]]...",
	  "Move devices to VFIO until Ctrl-C, then put them back",
	  OPTIONS_ACQUIRE | OPTION_KEEP, EXITS_CHANGE, .driver = DRIVER_TARGET,
	  .run = run_acquire },
	{ "exec", "DEVICE[=DRIVER[:MODULE]]... -- COMMAND [ARGUMENT]...",
	  "Move devices to VFIO while a command runs",
	  OPTIONS_ACQUIRE, EXITS_EXEC | EXIT_EXEC_ENDED, .driver = DRIVER_TARGET,
	  .has_command = true, .run = run_exec },
	{ "adopt", "DEVICE[=DRIVER[:MODULE]]...",
	  "Claim devices that are on VFIO drivers already",
	  OPTIONS_HOLD | OPTION_KEEP | OPTION_NATIVE | OPTION_NATIVE_OVERRIDE |
	  OPTION_PROGRESS, EXITS_CHANGE, .driver = DRIVER_NATIVE, .run = run_adopt },
	{ "release", "DEVICE|ID...",
	  "End claims, and put their devices back",
	  OPTIONS_ALL | OPTION_WAIT | OPTION_DEFER | OPTION_ASK |
	  OPTION_DEADLINE | OPTION_PROGRESS, EXITS_SOME | EXIT_INCOMPLETE,
	  .by_group = true, .run = run_release },
	{ "mark", "DEVICE EVENT",
	  "Record what happened to a device in a guest",
	  OPTIONS_ALL | OPTION_GENERATION | OPTION_CLAIM, EXITS_KERNEL,
	  .run = run_mark },
	{ "repair", "DEVICE...",
	  "Put right what a restore or somebody else left wrong",
	  OPTIONS_ALL | OPTION_DEADLINE | OPTION_PROGRESS,
	  EXITS_SOME | EXIT_INCOMPLETE, .by_group = true, .run = run_repair },
	{ "strays", "[DEVICE]...",
	  "List devices that are on VFIO, or meant for it, and nobody's",
	  OPTIONS_ALL | OPTION_FIX | OPTION_DEADLINE | OPTION_PROGRESS,
	  EXITS_SOME, .run = run_strays },
	{ "path", "DEVICE...",
	  "Tell the PCI path of a device, and the device of a path",
	  OPTIONS_ALL, EXITS_READ, .run = run_path },
	{ "wait", "DEVICE",
	  "Wait until a device is there, here or in a guest",
	  OPTIONS_ALL | OPTION_ON_DRIVER | OPTION_NODE | OPTION_UNTIL,
	  EXITS_READ | EXITS_WAIT, .run = run_wait },
	{ "monitor", "", "Print each event as it happens",
	  OPTIONS_ALL | OPTION_SINCE | OPTION_COUNT | OPTION_TIMEOUT,
	  EXITS_KERNEL, .run = run_monitor },
	{ "log", "", "Print the last events that the module remembers",
	  OPTIONS_ALL | OPTION_SINCE | OPTION_COUNT, EXITS_KERNEL,
	  .run = run_log },
	{ "delegate", "DEVICE... [-- COMMAND [ARGUMENT]...]",
	  "Run a command that may use these groups, and nothing else",
	  OPTIONS_ALL | OPTION_OPERATIONS | OPTION_MAX_CLAIMS |
	  OPTION_MAX_TRANSACTIONS | OPTION_SOCKET | OPTION_LABEL,
	  EXIT_DONE | EXITS_EXEC | EXIT_EXEC_BECOMES,
	  .has_command = true, .by_group = true, .run = run_delegate },
	{ "revoke", "DELEGATION...", "Take back what was delegated",
	  OPTIONS_ALL | OPTION_END_CLAIMS | OPTION_DEADLINE, EXITS_SOME,
	  .run = run_revoke },
	{ "help", "[VERB]", "Print this help, or that of a verb",
	  OPTIONS_ALL, EXITS_READ, .run = run_help },
	/* For the shells; not shown. */
	{ "complete", "[WORD]...", NULL, OPTION_HELP, EXIT_DONE,
	  .is_raw = true, .run = run_complete },
};

const size_t num_verbs = ARRAY_SIZE(verbs);

const struct exit_row exit_rows[] = {
	{ EXIT_DONE, "0", "done" },
	{ EXIT_FAILED, "1",
	  "failed; nothing was changed, or what was changed is undone" },
	{ EXIT_FAILED_SOME, "1",
	  "failed, for one at least; what was done for others stays" },
	{ EXIT_USAGE, "2", "the command line is wrong" },
	{ EXIT_INCOMPLETE, "3", "failed, and a restore is incomplete" },
	{ EXIT_NO_MODULE, "4",
	  "there is no /dev/bindery: the module is not loaded" },
	{ EXIT_ABSENT, "5", "by the deadline the device was not there" },
	{ EXIT_NO_DRIVER, "6",
	  "it was there, without a driver or on another one" },
	{ EXIT_NO_NODE, "7", "it was on its driver, without a node" },
	{ EXIT_EXEC_FAILED, "125",
	  "bindery failed, of a wrong command line too" },
	{ EXIT_EXEC_DENIED, "126", "the command cannot be executed" },
	{ EXIT_EXEC_NOT_FOUND, "127", "the command was not found" },
	{ EXIT_EXEC_ENDED, "N",
	  "as the command ended; 128 + the signal that killed it" },
	{ EXIT_EXEC_BECOMES, "N", "as the command ends, which bindery becomes" },
};

const size_t num_exit_rows = ARRAY_SIZE(exit_rows);

const struct verb *verb_find(const char *name)
{
	for (size_t i = 0; i < num_verbs; i++)
		if (!strcmp(verbs[i].name, name))
			return &verbs[i];
	return NULL;
}

/* What follows "--" is no argument. */
bool verb_has_dashes(const char *word)
{
	return !strncmp(word, "-- ", 3) || !strncmp(word, "[-- ", 4);
}

/* How many arguments the synopsis allows. */
void verb_count_arguments(const struct verb *verb, int *min, int *max)
{
	const char *word = verb->arguments;

	*min = 0;
	*max = 0;
	while (*word && !verb_has_dashes(word)) {
		size_t length = strcspn(word, " ");

		*min += *word != '[';
		if (length > 3 && !strncmp(word + length - 3, "...", 3))
			*max = INT_MAX;
		else
			*max += 1;
		word += length;
		word += *word == ' ';
	}
}
