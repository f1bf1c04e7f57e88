// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib.h"

static bool is_live(const char *name)
{
	char path[256], state[16];

	snprintf(path, sizeof(path), "/sys/module/%s/initstate", name);
	return !read_file(path, state, sizeof(state)) &&
	       !strcmp(state, "live");
}

/* modprobe costs more than most tests, only to find that it is loaded. */
int module_load(const char *name)
{
	int status;
	pid_t pid;

	if (is_live(name))
		return 0;
	pid = fork();
	if (pid < 0)
		return -errno;
	if (!pid) {
		execl("/sbin/modprobe", "modprobe", name, NULL);
		_exit(127);
	}
	if (waitpid(pid, &status, 0) != pid)
		return -errno;
	return WIFEXITED(status) && !WEXITSTATUS(status) ? 0 : -ENOENT;
}

/* What rmmod does, without its wait. */
int module_unload(const char *name)
{
	return syscall(SYS_delete_module, name, O_NONBLOCK) ? -errno : 0;
}

bool module_is_loaded(const char *name)
{
	char path[256];

	snprintf(path, sizeof(path), "/sys/module/%s/initstate", name);
	return !access(path, F_OK);
}

int module_references(const char *name)
{
	char path[256], count[16];

	snprintf(path, sizeof(path), "/sys/module/%s/refcnt", name);
	return read_file(path, count, sizeof(count)) ? -1 : atoi(count);
}

int modules_take(struct modules *modules)
{
	char line[1024], name[256];
	FILE *f = fopen("/proc/modules", "re");
	size_t len = 0;
	int refs;

	modules->text[0] = 0;
	if (!f)
		return -errno;
	while (fgets(line, sizeof(line), f))
		if (sscanf(line, "%255s %*u %d", name, &refs) == 2)
			len += snprintf(modules->text + len,
					sizeof(modules->text) - len,
					"%s %d\n", name, refs);
	fclose(f);
	return 0;
}

/* Lines of a that are not in b. */
static int missing_lines(const char *a, const char *b, const char *what)
{
	char lines[sizeof(struct modules)], wanted[300];
	char *rest = lines, *line;
	int missing = 0;

	snprintf(lines, sizeof(lines), "%s", a);
	while ((line = strsep(&rest, "\n"))) {
		snprintf(wanted, sizeof(wanted), "%s\n", line);
		if (!line[0] || strstr(b, wanted))
			continue;
		note("%s: module and references %s", what, line);
		missing++;
	}
	return missing;
}

int modules_compare(const struct modules *before)
{
	struct modules now;

	if (modules_take(&now))
		return 1;
	return missing_lines(before->text, now.text, "gone") +
	       missing_lines(now.text, before->text, "new");
}

static void knob_path(char path[256], const char *module, const char *name)
{
	snprintf(path, 256, "/sys/module/%s/parameters/%s", module, name);
}

int knob(const char *module, const char *name, const char *value)
{
	char path[256];

	knob_path(path, module, name);
	return write_file(path, value[0] ? value : "\n");
}

int knob_read(const char *module, const char *name)
{
	char path[256], text[64];

	knob_path(path, module, name);
	return read_file(path, text, sizeof(text)) ? -1 : atoi(text);
}

/* A callback is inside, until its knob is told to let it go. */
bool knob_holds(const char *module)
{
	return wait_until(knob_read(module, "waiting") == 1);
}

/* How often the driver's log has this of the device. */
int knob_count(const char *module, const char *what, const char *bdf)
{
	char path[256], text[4096], wanted[64];
	const char *at = text;
	int count = 0;

	knob_path(path, module, "log");
	if (read_file(path, text, sizeof(text)))
		return -1;
	snprintf(wanted, sizeof(wanted), "%s %s", what, bdf);
	while ((at = strstr(at, wanted))) {
		at += strlen(wanted);
		count++;
	}
	return count;
}

/* Test drivers behave, and have done nothing yet. */
void knobs_reset(void)
{
	knob(TEST_NATIVE, "reset", "1");
	knob(TEST_TARGET, "reset", "1");
	knob(TEST_HOLD, "hold", "");
}
