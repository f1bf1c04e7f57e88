// SPDX-License-Identifier: GPL-2.0-only
/*
 * When each transaction set its first override and when it committed, from
 * bindery's tracepoints: a trace buffer of our own, whose clock is
 * CLOCK_MONOTONIC, so that other processes can tell what they did meanwhile.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "adversary.h"

#define INSTANCE	"/sys/kernel/tracing/instances/bindery_test"
#define EVENTS		INSTANCE "/events/bindery/"

/* A file to read from; an earlier test may have left the instance. */
int windows_open(void)
{
	int ret = mkdir(INSTANCE, 0700) && errno != EEXIST ? -errno : 0;

	ret = ret ?: write_file(INSTANCE "/trace_clock", "mono");
	ret = ret ?: write_file(EVENTS "bindery_txn/enable", "1");
	ret = ret ?: write_file(EVENTS "bindery_step/enable", "1");
	ret = ret ?: write_file(INSTANCE "/trace", "\n");
	if (ret)
		return ret;
	ret = open(INSTANCE "/trace_pipe", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	return ret < 0 ? -errno : ret;
}

void windows_close(int windows)
{
	if (windows < 0)
		return;
	write_file(EVENTS "enable", "0");
	close(windows);
	rmdir(INSTANCE);
}

/* "  task-pid [cpu] flags seconds.microseconds: event: text" */
static int64_t line_time(const char *line, const char *event)
{
	long long seconds, us;
	const char *at = event - 1;

	while (at > line && at[-1] != ' ')
		at--;
	if (sscanf(at, "%lld.%lld:", &seconds, &us) != 2)
		return 0;
	return (seconds * 1000000 + us) * 1000;
}

/* A release sets overrides, too: those of a transaction follow its begin. */
static void parse_line(const char *line, struct window *window, bool *open)
{
	const char *txn = strstr(line, "bindery_txn:");
	const char *step = strstr(line, "bindery_step:");

	if (txn && strstr(txn, ": begin")) {
		*window = (struct window) { 0 };
		*open = true;
	}
	if (txn && *open && strstr(txn, ": commit")) {
		window->commit = line_time(line, txn);
		*open = false;
	}
	if (step && *open && !window->override &&
	    strstr(step, " step=override "))
		window->override = line_time(line, step);
}

/* The last transaction that has begun; to be called when that is over. */
int window_read(int windows, struct window *window)
{
	char text[8192];
	size_t len = 0;
	bool open = false;
	ssize_t got;
	char *end;

	*window = (struct window) { 0 };
	while ((got = read(windows, text + len, sizeof(text) - 1 - len)) > 0) {
		char *line = text;

		len += got;
		text[len] = 0;
		while ((end = strchr(line, '\n'))) {
			*end = 0;
			parse_line(line, window, &open);
			line = end + 1;
		}
		len -= line - text;
		memmove(text, line, len);
		if (len == sizeof(text) - 1)
			return -EMSGSIZE;
	}
	return window->override && window->commit ? 0 : -ENODATA;
}
