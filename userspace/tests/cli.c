// SPDX-License-Identifier: GPL-2.0-or-later
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <bindery.h>

#include "cli.h"

#define MAX_WORDS 32
#define SIZE 65536

int cli_main(int argc, char **argv);
int __real_bindery_host_new(const char *root, struct bindery_host **host);
int __wrap_bindery_host_new(const char *root, struct bindery_host **host);

static const char *tree;
static int host_error;
static int out_fd = -1, err_fd = -1;
static char out_text[SIZE], err_text[SIZE];
static struct json_object *document;
static bool ignore_hangup, output_is_full;
static char verb[32];

int __wrap_bindery_host_new(const char *root, struct bindery_host **host)
{
	if (host_error)
		return -host_error;
	return __real_bindery_host_new(tree ? tree : root, host);
}

void cli_use_tree(const char *root)
{
	tree = root;
}

void cli_fail_host(int error)
{
	host_error = error;
}

void cli_ignore_hangup(bool ignore)
{
	ignore_hangup = ignore;
}

void cli_fill_output(bool full)
{
	output_is_full = full;
}

/* Blanks part words; a tab in a word stands for a blank. */
static int split(char *line, char **words)
{
	int count = 0;
	char *save;

	words[count++] = (char *)"bindery";
	for (char *word = strtok_r(line, " ", &save); word;
	     word = strtok_r(NULL, " ", &save)) {
		words[count++] = strcmp(word, "''") ? word : word + 2;
		for (; *word; word++)
			if (*word == '\t')
				*word = ' ';
	}
	words[count] = NULL;
	return count;
}

static void renew(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = memfd_create("output", MFD_CLOEXEC);
}

pid_t cli_start(const char *line)
{
	static char buffer[4096];
	char *words[MAX_WORDS];
	pid_t child;
	int count;

	snprintf(verb, sizeof(verb), "%.*s", (int)strcspn(line, " "), line);
	renew(&out_fd);
	renew(&err_fd);
	fflush(stdout);
	child = fork();
	if (child)
		return child;
	alarm(20);
	/* A shell's background job ignores some of them. */
	signal(SIGINT, SIG_DFL);
	signal(SIGHUP, ignore_hangup ? SIG_IGN : SIG_DFL);
	dup2(output_is_full ? open("/dev/full", O_WRONLY) : out_fd,
	     STDOUT_FILENO);
	/* Buffered as the tool's own, not as the harness's. */
	stdout = fdopen(STDOUT_FILENO, "w");
	dup2(err_fd, STDERR_FILENO);
	snprintf(buffer, sizeof(buffer), "%s", line);
	count = split(buffer, words);
	/* Not _exit(): leaks are looked for. */
	exit(cli_main(count, words));
}

static void read_all(int fd, char *text)
{
	ssize_t length = pread(fd, text, SIZE - 1, 0);

	text[length > 0 ? length : 0] = '\0';
}

static void keep_documents(FILE *file, const char *text)
{
	for (; *text; text += strcspn(text, "\n") + 1)
		if (*text == '{' && strchr(text, '\n'))
			fprintf(file, "document %s: %.*s\n", verb,
				(int)strcspn(text, "\n"), text);
}

/* For schema.t, each line that is a document; for table.t, how it ended. */
static void keep(int status)
{
	const char *name = getenv("BINDERY_DOCUMENTS");
	FILE *file = name ? fopen(name, "a") : NULL;

	if (!file)
		return;
	keep_documents(file, out_text);
	keep_documents(file, err_text);
	if (WIFEXITED(status))
		fprintf(file, "status %s: %d\n", verb, WEXITSTATUS(status));
	fclose(file);
}

int cli_wait(pid_t child)
{
	int status;

	waitpid(child, &status, 0);
	read_all(out_fd, out_text);
	read_all(err_fd, err_text);
	keep(status);
	if (WIFSIGNALED(status))
		return -WTERMSIG(status);
	return WEXITSTATUS(status);
}

int cli_run(const char *line)
{
	return cli_wait(cli_start(line));
}

static bool wait_for(const char *part, int hundredths)
{
	for (int i = 0; i < hundredths; i++) {
		read_all(err_fd, err_text);
		if (strstr(err_text, part))
			return true;
		usleep(10000);
	}
	return false;
}

bool cli_wait_for(const char *part)
{
	return wait_for(part, 1000);
}

bool cli_wait_for_briefly(const char *part)
{
	return wait_for(part, 30);
}

const char *cli_out(void)
{
	return out_text;
}

const char *cli_err(void)
{
	return err_text;
}

struct json_object *cli_json(int line)
{
	const char *text = out_text;

	json_object_put(document);
	document = NULL;
	while (line-- && *text) {
		text += strcspn(text, "\n");
		text += *text == '\n';
	}
	if (*text)
		document = json_tokener_parse(text);
	return document;
}

const char *json_at(struct json_object *json, const char *path)
{
	char buffer[128], *save;

	snprintf(buffer, sizeof(buffer), "%s", path);
	for (char *key = strtok_r(buffer, ".", &save); json && key;
	     key = strtok_r(NULL, ".", &save)) {
		if (json_object_is_type(json, json_type_array))
			json = json_object_array_get_idx(json,
							 strtoul(key, NULL, 10));
		else
			json = json_object_object_get(json, key);
	}
	return json ? json_object_get_string(json) : NULL;
}
