// SPDX-License-Identifier: GPL-2.0-only
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nomem.h"

#define TEST_NOMEM	"bindery_test_nomem"
#define FAILSLAB	"/sys/kernel/debug/failslab/"
#define FAIL_PAGE	"/sys/kernel/debug/fail_page_alloc/"
#define FAIL_USERCOPY	"/sys/kernel/debug/fail_usercopy/"
#define FAIL_NTH	"/proc/thread-self/fail-nth"
/* Frames from the allocator to a function of the module that calls it. */
#define DEPTH		"8"

static int set(const char *name, unsigned long value)
{
	char path[128], text[32];

	snprintf(path, sizeof(path), FAILSLAB "%s", name);
	snprintf(text, sizeof(text), "%lu", value);
	return write_file(path, text);
}

static int set_text(const char *name, const char *text)
{
	char path[128];

	snprintf(path, sizeof(path), FAILSLAB "%s", name);
	return write_file(path, text);
}

/* Of a module's sections. */
#define SECTIONS	"/sys/module/%s/sections"

static unsigned long section(const char *module, const char *name)
{
	char path[512], text[64];

	snprintf(path, sizeof(path), SECTIONS "/%s", module, name);
	return read_file(path, text, sizeof(text)) ? 0 :
	       strtoul(text, NULL, 0);
}

/* Where the section that comes after that one begins. */
static unsigned long section_end(const char *module, unsigned long start)
{
	unsigned long end = ~0UL, other;
	struct dirent *entry;
	char path[128];
	DIR *dir;

	snprintf(path, sizeof(path), SECTIONS, module);
	dir = opendir(path);
	while (dir && (entry = readdir(dir))) {
		other = section(module, entry->d_name);
		if (other > start && other < end)
			end = other;
	}
	if (dir)
		closedir(dir);
	return end;
}

/*
 * Linux warns by itself when the IOMMU's driver has no memory to take a device
 * back from its user, since nobody could do anything about it.
 */
#define CANNOT_FAIL	"iommu_group_release_dma_owner"
/* What calls a module's first function, and nothing else while one loads. */
#define CALLS_INIT	"do_one_initcall"

/* From where to where a function of the kernel is. */
static int find_function(const char *wanted, unsigned long *start,
			 unsigned long *end)
{
	unsigned long address;
	char name[256];
	FILE *symbols = fopen("/proc/kallsyms", "re");

	if (!symbols)
		return -errno;
	while (fscanf(symbols, "%lx %*c %255s%*[^\n]", &address, name) == 2)
		if (!strcmp(name, wanted))
			*start = address;
	rewind(symbols);
	*end = ~0UL;
	while (fscanf(symbols, "%lx %*c %255s%*[^\n]", &address, name) == 2)
		if (address > *start && address < *end)
			*end = address;
	fclose(symbols);
	return *start ? 0 : -ENOENT;
}

static int spare_what_cannot_fail(void)
{
	static unsigned long start, end;
	int ret = start ? 0 : find_function(CANNOT_FAIL, &start, &end);

	return ret ?: set("reject-start", start) ?: set("reject-end", end);
}

static int limit_to_text(const char *module)
{
	unsigned long start = section(module, ".text");

	if (!start)
		return -ENOENT;
	return set("require-start", start) ?:
	       set("require-end", section_end(module, start)) ?:
	       set_text("stacktrace-depth", DEPTH);
}

const char *nomem_lacks(enum nomem_way way)
{
	switch (way) {
	case NOMEM_CALL:
		return module_load(TEST_NOMEM) ? "no kprobes" : NULL;
	case NOMEM_TASK:
	case NOMEM_INIT:
		return access(FAIL_NTH, F_OK) ||
		       access(FAILSLAB "require-start", F_OK) ?
			"no fault injection for a task (fail-nth)" : NULL;
	case NOMEM_TEXT:
	case NOMEM_SEALED:
		return access(FAILSLAB "require-start", F_OK) ?
			"no failslab with a filter of the stack" : NULL;
	}
	return NULL;
}

/* Also what may sleep may fail, and nothing is told on the console. */
static int prepare_failslab(void)
{
	return set_text("ignore-gfp-wait", "N") ?: set_text("task-filter", "N") ?:
	       set("verbose", 0) ?: set("probability", 0) ?:
	       spare_what_cannot_fail();
}

/* A task's count is of other things too: let no function lead to those. */
#define SPARE(fault)							\
	(access(fault, F_OK) ? 0 :					\
	 write_file(fault "stacktrace-depth", "1") ?:			\
	 write_file(fault "require-start", "1") ?:			\
	 write_file(fault "require-end", "2"))

/* Slabs by whomever the task calls; as deep as is looked at. */
static int limit_to_slabs(void)
{
	return SPARE(FAIL_USERCOPY) ?: SPARE(FAIL_PAGE) ?:
	       set("require-start", 0) ?: set("require-end", ~0UL) ?:
	       set_text("stacktrace-depth", "32");
}

static int limit_to_init(void)
{
	unsigned long start = 0, end;

	return find_function(CALLS_INIT, &start, &end) ?:
	       set("require-start", start) ?: set("require-end", end);
}

/* It stays open: to open it takes memory too. */
static int fail_nth = -1;

static int begin_task(enum nomem_way way, unsigned int nth)
{
	char text[16];
	int ret = prepare_failslab() ?: limit_to_slabs() ?:
		  (way == NOMEM_INIT ? limit_to_init() : 0);
	int len = snprintf(text, sizeof(text), "%u", nth);

	if (fail_nth < 0)
		fail_nth = open(FAIL_NTH, O_RDWR | O_CLOEXEC);
	if (!ret && pwrite(fail_nth, text, len, 0) != len)
		ret = -errno;
	return ret;
}

static int times_left(void)
{
	char text[32];

	return read_file(FAILSLAB "times", text, sizeof(text)) ? -1 :
	       atoi(text);
}

static int fail_below(const char *module, unsigned int nth)
{
	return prepare_failslab() ?: limit_to_text(module) ?:
	       set("space", 0) ?: set("interval", nth) ?: set("times", 1) ?:
	       set("probability", 100);
}

/*
 * Every nth fails, by a counter that nobody can set: let it be one of SHOW's,
 * then the next is so many after it.
 */
static int begin_text(unsigned int nth, int control, const char *bdf)
{
	struct answer answer;
	int ret = fail_below("bindery", nth);

	while (!ret && nth > 1 && times_left() == 1)
		show(control, bdf, &answer);
	return ret ?: set("times", 1);
}

int nomem_begin(enum nomem_way way, unsigned int nth, int control,
		const char *bdf)
{
	char text[16];

	switch (way) {
	case NOMEM_CALL:
		snprintf(text, sizeof(text), "%u", nth);
		return knob(TEST_NOMEM, "nth", text);
	case NOMEM_TASK:
	case NOMEM_INIT:
		return begin_task(way, nth);
	case NOMEM_TEXT:
		return begin_text(nth, control, bdf);
	case NOMEM_SEALED:
		return fail_below(SEALED_MODULE, 1);
	}
	return -EINVAL;
}

static int end_call(void)
{
	text_t failed;
	int ret = read_file("/sys/module/" TEST_NOMEM "/parameters/failed",
			    failed, sizeof(failed));

	return ret ?: knob(TEST_NOMEM, "nth", "0") ?: failed[0] != 0;
}

/* What is left of the count: 0 when it was reached. */
static int end_task(void)
{
	char left = 0;

	if (pread(fail_nth, &left, 1, 0) != 1 || pwrite(fail_nth, "0", 1, 0) != 1)
		return -errno;
	return left == '0';
}

int nomem_end(enum nomem_way way)
{
	int left;

	switch (way) {
	case NOMEM_CALL:
		return end_call();
	case NOMEM_TASK:
	case NOMEM_INIT:
		return end_task();
	case NOMEM_TEXT:
	case NOMEM_SEALED:
		left = times_left();
		return set("probability", 0) ?: left == 0;
	}
	return -EINVAL;
}

void nomem_leave(void)
{
	if (module_is_loaded(TEST_NOMEM))
		module_unload(TEST_NOMEM);
}
