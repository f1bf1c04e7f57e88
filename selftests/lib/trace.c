// SPDX-License-Identifier: GPL-2.0-only
/* States that a group passes through too fast to be asked for. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "lib.h"

#define TRACING	"/sys/kernel/tracing/"
#define EVENTS	TRACING "events/bindery/enable"

/* What was traced is forgotten when its file is truncated. */
int states_forget(void)
{
	int fd = open(TRACING "trace", O_WRONLY | O_TRUNC | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	close(fd);
	return 0;
}

/* From now on: for a program, as it costs more than most of its tests. */
int states_watch(void)
{
	return write_file(EVENTS, "1");
}

void states_unwatch(void)
{
	write_file(EVENTS, "0");
	states_forget();
}

/* A line of the trace that tells of this step. */
static bool leads(const char *line, int group, const char *from,
		  const char *to)
{
	const char *at = strstr(line, " group=");
	char left[32], entered[32];
	int of;

	return at && sscanf(at, " group=%d %31s -> %31s", &of, left,
			    entered) == 3 &&
	       of == group && (!from || !strcmp(left, from)) &&
	       (!to || !strcmp(entered, to));
}

/* How often the group went from one state straight to the other; NULL: any. */
int states_passed(int group, const char *from, const char *to)
{
	FILE *f = fopen(TRACING "trace", "re");
	char line[512];
	int passed = 0;

	if (!f)
		return -1;
	while (fgets(line, sizeof(line), f))
		passed += leads(line, group, from, to);
	fclose(f);
	return passed;
}

#define LAST_LINES	20

/* The last that was seen of a group, its steps too, for who finds a failure. */
void states_print(int group)
{
	FILE *f = fopen(TRACING "trace", "re");
	char line[512], mark[32], last[LAST_LINES][128];
	unsigned int num = 0;
	char *at;

	snprintf(mark, sizeof(mark), " group=%d ", group);
	while (f && fgets(line, sizeof(line), f))
		if (strstr(line, mark) && (at = strstr(line, "bindery_")))
			snprintf(last[num++ % LAST_LINES], sizeof(last[0]),
				 "%.*s", (int)strcspn(at, "\n"), at);
	if (f)
		fclose(f);
	for (unsigned int i = num > LAST_LINES ? num - LAST_LINES : 0; i < num;
	     i++)
		note("%s", last[i % LAST_LINES]);
}
