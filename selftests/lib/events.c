// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "events.h"

static bool is_listening(struct events *events)
{
	const char *at = strstr(err_now(&events->run), "from event ");

	return at && sscanf(at, "from event %lu", &events->first) == 1;
}

int events_begin(struct events *events)
{
	char *arguments[] = { TOOL, "monitor", "--json", NULL };
	int ret = run_start(&events->run, NULL, arguments);

	if (!ret && !wait_until(is_listening(events)))
		ret = -ETIMEDOUT;
	return ret;
}

/* All that it has printed; the caller frees it. */
static char *text_of(struct events *events)
{
	struct stat file;
	ssize_t len;
	char *text;

	if (fstat(events->run.files[0], &file))
		return NULL;
	text = malloc(file.st_size + 1);
	len = text ? pread(events->run.files[0], text, file.st_size, 0) : -1;
	if (len < 0) {
		free(text);
		return NULL;
	}
	text[len] = 0;
	return text;
}

/* A line is {"seq":N,"time_ns":... or {"seq":N,"event":"lost","lost":K,... */
static void count_line(const char *line, struct event_count *count)
{
	static const char lost_key[] = "\"event\":\"lost\",\"lost\":";
	uint64_t seq = 0, lost = 1;
	const char *at;

	if (sscanf(line, "{\"seq\":%lu,", &seq) != 1) {
		note("no event: %.200s", line);
		count->gaps++;
		return;
	}
	at = strstr(line, lost_key);
	if (at)
		lost = strtoull(at + strlen(lost_key), NULL, 10);
	if (at)
		count->lost += lost;
	else
		count->present++;
	if (seq != count->last + 1) {
		note("%lu comes after %lu", seq, count->last);
		count->gaps++;
	}
	count->last = seq + lost - 1;
}

static void count_lines(struct events *events, struct event_count *count)
{
	char *text = text_of(events), *save, *line;

	*count = (struct event_count) { .last = events->first - 1 };
	if (!text)
		return;
	/* What has no end yet is not a line. */
	if (strrchr(text, '\n'))
		*strrchr(text, '\n') = 0;
	else
		*text = 0;
	for (line = strtok_r(text, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save))
		count_line(line, count);
	free(text);
}

static bool has_told(struct events *events, uint64_t last,
		     struct event_count *count)
{
	count_lines(events, count);
	return count->last >= last;
}

int events_end(struct events *events, uint64_t last, struct event_count *count)
{
	bool told;

	told = wait_until(has_told(events, last, count));
	kill(events->run.pid, SIGTERM);
	/* Its file is needed still: run_end() would close it. */
	return told ? 0 : -ETIMEDOUT;
}

unsigned int events_with(struct events *events, const char *part)
{
	char *text = text_of(events), *at = text;
	unsigned int count = 0;

	while (at && (at = strstr(at, part))) {
		count++;
		at = strchr(at, '\n');
	}
	free(text);
	return count;
}

/* The newest that the journal has now. */
uint64_t events_newest(void)
{
	char *arguments[] = { TOOL, "log", "--json", "-n", "1", NULL };
	struct run run;
	uint64_t seq = 0;

	if (run_whole(&run, NULL, arguments) ||
	    sscanf(run.out, "{\"seq\":%lu,", &seq) != 1)
		note("no journal: %.200s %.200s", run.out, run.err);
	return seq;
}
