// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <regex.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rows.h"

#define MAX_WORDS	16
#define HEX(count)	"[0-9a-f]{" #count "}"

/* The first group stays, the rest is replaced. */
static const struct {
	const char *pattern;
	const char *text;
} masks[] = {
	{ "()" HEX(8) "-" HEX(4) "-" HEX(4) "-" HEX(4) "-" HEX(12), "ID" },
	{ "((pid|generation|generation:|event|transaction|duration_ns) )[0-9]+",
	  "N" },
	/* A cell of GENERATION, before that of FLAGS */
	{ "(  )[0-9]+ +pci", "N  pci" },
	{ "(^|\n)[0-9]+  [0-9]+\\.[0-9]+", "N  T" },
	/* A table of one user, whose number makes its width */
	{ "(users:\n  )PID +COMM\n  [0-9]+ +", "N  " },
};

static void mask(char *text, size_t size, const char *pattern,
		 const char *instead)
{
	regmatch_t match[2];
	regex_t regex;
	char *copy, *end;
	int flags = 0;

	if (regcomp(&regex, pattern, REG_EXTENDED))
		abort();
	for (; !regexec(&regex, text, 2, match, flags); flags = REG_NOTBOL) {
		end = text + match[1].rm_eo;
		copy = strdup(text + match[0].rm_eo);
		size -= end - text;
		text = end + snprintf(end, size, "%s", instead);
		size -= strlen(instead);
		snprintf(text, size, "%s", copy);
		free(copy);
	}
	regfree(&regex);
}

static void mask_all(char *text, size_t size)
{
	for (size_t i = 0; i < sizeof(masks) / sizeof(*masks); i++)
		mask(text, size, masks[i].pattern, masks[i].text);
}

static void split(char *line, char **words)
{
	int num = 0;

	words[num++] = TOOL;
	for (char *word = strtok(line, " "); word && num < MAX_WORDS - 1;
	     word = strtok(NULL, " "))
		words[num++] = strcmp(word, "''") ? word : "";
	words[num] = NULL;
}

/* Lines of it, as they would stand in the table. */
static void note_text(const char *what, const char *text)
{
	size_t length;

	for (; *text; text += length + (text[length] == '\n')) {
		length = strcspn(text, "\n");
		note("%s: %.*s", what, (int)length, text);
	}
}

static bool differs(const char *what, const char *wanted, const char *text)
{
	if (!strcmp(text, wanted ? wanted : ""))
		return false;
	note_text(what, text);
	return true;
}

static bool is_wrong(struct run *run, const struct row *row)
{
	char line[256], *words[MAX_WORDS];
	bool wrong = false;
	int status;

	snprintf(line, sizeof(line), "%s", row->line);
	split(line, words);
	status = run_whole(run, row->become, words);
	mask_all(run->out, sizeof(run->out));
	mask_all(run->err, sizeof(run->err));
	wrong |= differs("out", row->out, run->out);
	wrong |= differs("err", row->err, run->err);
	if (status != row->status || wrong)
		note("status %d, not %d, or another text: %s %s", status,
		     row->status, TOOL, row->line);
	return status != row->status || wrong;
}

int rows_run(struct run *run, const struct row *rows, size_t num)
{
	int wrong = 0;

	for (size_t i = 0; i < num; i++)
		wrong += is_wrong(run, &rows[i]);
	return wrong;
}

int output_is_full(void)
{
	int full = open("/dev/full", O_WRONLY);

	return full < 0 || dup2(full, STDOUT_FILENO) < 0;
}

int output_is_closed(void)
{
	return close(STDOUT_FILENO);
}

/* A pipe that nobody reads from any more. */
int output_is_unread(void)
{
	int pipes[2];

	if (pipe(pipes) || dup2(pipes[1], STDOUT_FILENO) < 0)
		return -errno;
	signal(SIGPIPE, SIG_DFL);
	close(pipes[1]);
	return close(pipes[0]);
}

int words_begin(struct words *words)
{
	const char *machine = getenv("BINDERY_MACHINE");
	int ret;

	words->control = -1;
	if (!machine || strcmp(machine, MACHINE))
		return 1;
	setenv("LC_ALL", "C", 1);
	ret = module_load("vfio_pci") ?: module_load(TEST_TARGET);
	if (ret)
		return ret;
	knobs_reset();
	words->control = control_open();
	return words->control < 0 ? words->control :
				    snapshot_take(&words->before);
}

/* How many things are not as they were. */
int words_end(struct words *words)
{
	int differences;

	knobs_reset();
	differences = !wait_until(group_is(words->control, ALONE,
					   BINDERY_GROUP_FREE));
	close(words->control);
	return differences + snapshot_compare(&words->before);
}
