// SPDX-License-Identifier: GPL-2.0-or-later
/* What was not written was not told: that is a failure, and no result. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"

static bool had_pipe_signal;
static int failure;	/* errno of the first that failed */

/*
 * A standard file that the caller has closed must not become the next file
 * that is opened, and get there what was meant for a reader. Writing to what
 * takes its place fails, and a command finds it closed.
 */
static void occupy_standard_files(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd >= 0)
		close(fd);
}

/* A reader that is gone must not end what has to be finished. */
void output_begin(void)
{
	occupy_standard_files();
	had_pipe_signal = signal(SIGPIPE, SIG_IGN) != SIG_IGN;
}

/* For a command, which decides that for itself. */
void output_yield(void)
{
	if (had_pipe_signal)
		signal(SIGPIPE, SIG_DFL);
}

void output_failed(int error)
{
	if (!failure)
		failure = error;
}

void output_flush(FILE *out)
{
	if (fflush(out))
		output_failed(errno);
}

bool output_has_failed(FILE *out)
{
	output_flush(out);
	return ferror(out);
}

/* All is done: end as any writer does whose reader had enough. */
static void end_quietly(void)
{
	fflush(stderr);
	signal(SIGPIPE, SIG_DFL);
	raise(SIGPIPE);
}

/* Without a verb nothing else than standard output is written to. */
int output_finish(const struct verb *verb, int status)
{
	bool has_command = verb && verb->has_command;

	if (output_has_failed(stdout)) {
		if (failure == EPIPE && had_pipe_signal && !has_command)
			end_quietly();
		fprintf(stderr, "bindery: standard output: %s\n",
			strerror(failure ? failure : EIO));
		if (!status)
			return has_command ? STATUS_EXEC_FAILED : STATUS_FAILED;
	}
	/* Where their results go. */
	if (has_command && !status && output_has_failed(stderr))
		return STATUS_EXEC_FAILED;
	return status;
}
