// SPDX-License-Identifier: GPL-2.0-only
/*
 * A story for newcomers, told by the real commands on real devices: a group of
 * three functions goes to VFIO, is used, loses its owner and comes back.
 * Fails if any of it is not so.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/lib.h"

#define FIRST_DEVICE	"0000:01:00.0"

static void say(const char *format, ...)
	__attribute__((format(printf, 1, 2)));

static void say(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	putchar('\n');
	fflush(stdout);
}

static void fail(const char *what)
{
	say("demo: %s", what);
	exit(1);
}

static double now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1e3 + now.tv_nsec / 1e6;
}

static void took(double since)
{
	say("                                        (%.0f ms)",
	    now_ms() - since);
}

/* Start the tool as a user types it; what it says goes to out. */
static pid_t start(char *const argv[], int out)
{
	pid_t pid;
	int i;

	printf("\n$");
	for (i = 0; argv[i]; i++)
		printf(" %s", argv[i]);
	putchar('\n');
	fflush(stdout);
	pid = fork();
	if (pid)
		return pid;
	dup2(out, 1);
	dup2(out, 2);
	execvp(argv[0], argv);
	_exit(127);
}

static void run(int expected, char *const argv[])
{
	double begin = now_ms();
	int status;

	waitpid(start(argv, 1), &status, 0);
	took(begin);
	if (!WIFEXITED(status) || WEXITSTATUS(status) != expected)
		fail("that command should have ended otherwise");
}

#define TOOL(expected, ...)						\
	run(expected, (char *const []) { "bindery", __VA_ARGS__, NULL })

static bool all_on_vfio(const struct group *group)
{
	unsigned int i;

	for (i = 0; i < group->num; i++)
		if (!pci_is_bridge(group->bdf[i]) &&
		    !pci_is_on(group->bdf[i], VFIO_PCI))
			return false;
	return true;
}

static bool is_free(int control)
{
	return group_state(control, FIRST_DEVICE) == BINDERY_GROUP_FREE;
}

/* Show what the tool says until it holds the claim. */
static void follow_until_held(int out)
{
	char line[512] = "";
	FILE *file = fdopen(out, "r");

	while (file && !strstr(line, "held;") &&
	       fgets(line, sizeof(line), file))
		printf("%s", line);
	if (!strstr(line, "held;"))
		fail("the group was not acquired");
}

static pid_t acquire_group(const struct group *group)
{
	double begin = now_ms();
	int out[2];
	pid_t pid;

	if (pipe2(out, O_CLOEXEC))
		fail("no pipe");
	pid = start((char *const []) {
		"bindery", "acquire", "--companions", "--label", "demo",
		FIRST_DEVICE, NULL }, out[1]);
	close(out[1]);
	follow_until_held(out[0]);
	took(begin);
	if (!all_on_vfio(group))
		fail("a member is not on vfio-pci");
	return pid;
}

static void use_device(struct vfio_user *user)
{
	double begin = now_ms();
	int ret = vfio_open(user, FIRST_DEVICE);

	if (ret) {
		say("%s", strerror(-ret));
		fail("the VFIO user could not open the device");
	}
	say("A VFIO user opened the group and its container, mapped memory for");
	say("DMA, opened %s and read its configuration space.",
	    FIRST_DEVICE);
	took(begin);
}

static void lose_owner(pid_t owner)
{
	say("\n$ kill -9 %d        # the owner of the claim", owner);
	kill(owner, SIGKILL);
	waitpid(owner, NULL, 0);
}

int main(void)
{
	static struct snapshot before;
	struct vfio_user user;
	struct group group;
	double begin;
	int control;
	pid_t owner;

	control = control_open();
	if (control < 0 || snapshot_take(&before) ||
	    group_read(&group, pci_group(FIRST_DEVICE)))
		fail("this is not the machine for it");

	say("Three functions of one slot, one IOMMU group, three drivers:");
	TOOL(0, "list");
	say("\nA guest cannot have the network card alone, its neighbours would");
	say("share its DMA. Asking is free and changes nothing:");
	TOOL(1, "check", FIRST_DEVICE);
	say("\nSo take the companions too. All of them move, or none:");
	owner = acquire_group(&group);
	say("\nNow it can be used, as QEMU would:");
	use_device(&user);
	say("\nThe owner dies without a word, while the device is still in use:");
	lose_owner(owner);
	TOOL(0, "show", FIRST_DEVICE);
	say("\nNothing is pulled from under the user. When it closes the device,");
	say("every driver and every override is put back:");
	begin = now_ms();
	vfio_close(&user);
	if (!wait_until(is_free(control)))
		fail("the group did not come back");
	took(begin);
	TOOL(0, "list");
	if (snapshot_compare(&before))
		fail("something is not as it was");
	say("\nEverything is as it was.");
	return 0;
}
