// SPDX-License-Identifier: GPL-2.0-only
/*
 * The module is loaded with the first, second, … request for memory of what it
 * does then failing: either all of it is there or nothing.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "nomem.h"

#define BINDERY		"bindery"
/* What a child ends with: the nth was not reached, or it was and … */
#define NOT_REACHED	0
#define LOADED		1
#define NO_MEMORY	2
#define WRONG		3

static int module_file(void)
{
	struct utsname host;
	char path[512];

	uname(&host);
	snprintf(path, sizeof(path), "/lib/modules/%s/updates/" BINDERY ".ko",
		 host.release);
	return open(path, O_RDONLY | O_CLOEXEC);
}

static int load(unsigned int nth)
{
	int file = module_file(), ret, failed;

	if (file < 0 || nomem_begin(NOMEM_INIT, nth, -1, NULL))
		return WRONG;
	ret = syscall(SYS_finit_module, file, "", 0) ? errno : 0;
	failed = nomem_end(NOMEM_INIT);
	if (failed < 0 || (ret && (!failed || ret != ENOMEM))) {
		note("finit_module: %d, request for memory %u", ret, nth);
		return WRONG;
	}
	if (ret)
		return NO_MEMORY;
	return failed ? LOADED : NOT_REACHED;
}

/* In a process of its own, whose count it is. */
static int load_in_child(unsigned int nth)
{
	pid_t pid = fork();
	int status;

	if (!pid)
		_exit(load(nth));
	if (pid < 0 || waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
		return WRONG;
	return WEXITSTATUS(status);
}

/* Whatever came of it, it works or it is not there. */
static int is_wrong(int result)
{
	int control;

	if (result == WRONG)
		return 1;
	if (module_is_loaded(BINDERY) != (result != NO_MEMORY))
		return 1;
	control = control_open();
	if ((control < 0) != (result == NO_MEMORY))
		return 1;
	close(control);
	return 0;
}

FIXTURE(nomem_load) {
};

FIXTURE_SETUP(nomem_load)
{
	const char *lacks = nomem_lacks(NOMEM_INIT);

	if (lacks)
		SKIP(return, "this kernel has %s", lacks);
}

FIXTURE_TEARDOWN(nomem_load)
{
	EXPECT_EQ(0, module_load(BINDERY));
	nomem_leave();
}

TEST_F_TIMEOUT(nomem_load, Q3_the_module_is_there_or_it_is_not, 600)
{
	unsigned int nth;
	int result = LOADED;

	for (nth = 1; result != NOT_REACHED; nth++) {
		ASSERT_GT(NOMEM_MAX, nth);
		ASSERT_TRUE(wait_until(!module_is_loaded(BINDERY) ||
				       !module_unload(BINDERY)));
		result = load_in_child(nth);
		ASSERT_EQ(0, is_wrong(result)) {
			TH_LOG("request for memory %u: %d", nth, result);
		}
	}
	EXPECT_LT(2, nth);
}

TEST_HARNESS_MAIN
