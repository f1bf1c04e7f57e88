// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "tool.h"

static void read_back(int file, char *text, size_t size)
{
	ssize_t len = pread(file, text, size - 1, 0);

	text[len < 0 ? 0 : len] = 0;
}

const char *err_now(struct run *run)
{
	read_back(run->files[1], run->err, sizeof(run->err));
	return run->err;
}

const char *out_now(struct run *run)
{
	read_back(run->files[0], run->out, sizeof(run->out));
	return run->out;
}

int run_start(struct run *run, int (*become)(void), char **argv)
{
	snprintf(run->verb, sizeof(run->verb), "%s", argv[1]);
	run->files[0] = memfd_create("stdout", MFD_CLOEXEC);
	run->files[1] = memfd_create("stderr", MFD_CLOEXEC);
	run->pid = fork();
	if (run->pid)
		return run->pid < 0 ? -errno : 0;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	dup2(run->files[0], STDOUT_FILENO);
	dup2(run->files[1], STDERR_FILENO);
	if (become && become())
		_exit(99);
	execvp(argv[0], argv);
	_exit(98);
}

/* Documents are left in the log, where the host finds and validates them. */
static void note_documents(const struct run *run, const char *text)
{
	for (; strchr(text, '\n'); text = strchr(text, '\n') + 1)
		if (*text == '{')
			printf("# document %s: %.*s\n", run->verb,
			       (int)strcspn(text, "\n"), text);
	fflush(stdout);
}

int run_end(struct run *run)
{
	int status;

	if (waitpid(run->pid, &status, 0) != run->pid)
		return -1000;
	run->pid = 0;
	out_now(run);
	err_now(run);
	note_documents(run, run->out);
	note_documents(run, run->err);
	close(run->files[0]);
	close(run->files[1]);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

int run_whole(struct run *run, int (*become)(void), char **argv)
{
	int ret = run_start(run, become, argv);

	return ret ? ret : run_end(run);
}

bool has(const char *text, const char *wanted)
{
	if (strstr(text, wanted))
		return true;
	note("no '%s' in '%.600s'", wanted, text);
	return false;
}


/* JSON, as far as one has to read it to know that it is some. */
static const char *json_value(const char *at);

static const char *json_blank(const char *at)
{
	return at + strspn(at, " \t\n");
}

static const char *json_string(const char *at)
{
	if (*at++ != '"')
		return NULL;
	for (; *at && *at != '"'; at++)
		if (*at < ' ' || (*at == '\\' && !*++at))
			return NULL;
	return *at ? at + 1 : NULL;
}

static const char *json_key(const char *at)
{
	at = json_string(json_blank(at));
	at = at ? json_blank(at) : NULL;
	return at && *at == ':' ? at + 1 : NULL;
}

static const char *json_list(const char *at, char end, bool keys)
{
	if (*json_blank(at) == end)
		return json_blank(at) + 1;
	while (true) {
		at = keys ? json_key(at) : at;
		at = at ? json_value(at) : NULL;
		at = at ? json_blank(at) : NULL;
		if (!at || *at == end)
			return at ? at + 1 : NULL;
		if (*at++ != ',')
			return NULL;
	}
}

static const char *json_value(const char *at)
{
	static const char *const words[] = { "null", "true", "false" };
	size_t digits;

	at = json_blank(at);
	if (*at == '{' || *at == '[')
		return json_list(at + 1, *at == '{' ? '}' : ']', *at == '{');
	if (*at == '"')
		return json_string(at);
	for (int i = 0; i < 3; i++)
		if (!strncmp(at, words[i], strlen(words[i])))
			return at + strlen(words[i]);
	digits = strspn(at, "-0123456789");
	return digits ? at + digits : NULL;
}

int documents(const char *text)
{
	const char *at = text, *end;
	int count = 0;

	while (*at) {
		end = json_value(at);
		if (!end || *at != '{' || *end != '\n' ||
		    memchr(at, '\n', end - at)) {
			note("no JSON: %.600s", at);
			return -1;
		}
		at = end + 1;
		count++;
	}
	return count;
}
