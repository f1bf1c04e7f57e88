// SPDX-License-Identifier: GPL-2.0-only
/* Waiting for a device: there before, arriving meanwhile, never arriving. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "hotplug.h"
#include "kselftest_harness.h"
#include "tool.h"

/* What the last look, at the deadline, finds took longer than this. */
#define LONG		"100"
#define LONG_MS		(100000 * slowness())
#define SHORT		"0.5"
#define PATH_SIZE	256

enum status { READY = 0, ABSENT = 5, NO_DRIVER = 6, NO_NODE = 7 };

FIXTURE(wait) {
	struct hotplug hp;
	struct run run;
	char path[PATH_SIZE];
	long began;
};

/* Where the newcomer will be: known once it was there. */
static int learn_path(FIXTURE_DATA(wait) *self)
{
	const struct plug *plug = self->hp.newcomer;
	const char *at;
	int ret = plug_in(self->hp.qmp, plug);

	if (ret || RUN("path", (char *)plug->bdf))
		return -ENOENT;
	at = strstr(self->run.out, plug->bdf);
	if (!at || sscanf(at, "%*s %255s", self->path) != 1)
		return -EINVAL;
	return wait_until(!is_natural(plug)) ? plug_out(self->hp.qmp, plug) :
					      -ETIMEDOUT;
}

FIXTURE_SETUP(wait)
{
	int ret;

	if (RUN("--version"))
		SKIP(return, "no tool in the path");
	ret = hotplug_begin(&self->hp);
	if (ret == -ENODEV)
		SKIP(return, "no hot-plug on this machine");
	ASSERT_EQ(0, ret);
	ASSERT_EQ(0, learn_path(self));
}

FIXTURE_TEARDOWN(wait)
{
	if (self->run.pid > 0) {
		kill(self->run.pid, SIGKILL);
		run_end(&self->run);
	}
	EXPECT_EQ(0, hotplug_end(&self->hp));
}

/* It ended well, and not because the deadline had come. */
static int arrives(FIXTURE_DATA(wait) *self)
{
	int status = run_end(&self->run);

	if (status != READY || clock_ms() - self->began >= LONG_MS ||
	    !OUT_HAS(self->hp.newcomer->bdf)) {
		note("exit %d: %s%s", status, self->run.out, self->run.err);
		return -1;
	}
	return 0;
}

#define START_WAIT(...)							\
	(self->began = clock_ms(), START("wait", "-d", LONG, __VA_ARGS__))

/* It found nothing, and only an event will wake it. */
static bool has_looked(FIXTURE_DATA(wait) *self)
{
	char path[64];
	text_t text;

	snprintf(path, sizeof(path), "/proc/%d/syscall", self->run.pid);
	return !read_file(path, text, sizeof(text)) && atoi(text) == SYS_poll;
}

static int native_is(const struct plug *plug, bool bound)
{
	if (bound)
		return pci_drivers_probe(plug->bdf);
	return pci_unbind(plug->bdf);
}

TEST_F(wait, A3_one_that_is_there_is_told_without_waiting)
{
	const struct plug *plug = self->hp.first;

	self->began = clock_ms();
	ASSERT_EQ(READY, RUN("wait", "-d", LONG, (char *)plug->bdf));
	EXPECT_TRUE(OUT_HAS(plug->bdf));
	ASSERT_EQ(READY, RUN("wait", "-d", LONG, "--driver",
			     (char *)plug->native, (char *)plug->bdf));
	ASSERT_EQ(READY, RUN_AS(become_nobody, "wait", "-d", LONG, "--driver",
				"any", (char *)plug->bdf));
	EXPECT_GT(LONG_MS, clock_ms() - self->began);
}

TEST_F(wait, A3_one_that_never_comes_is_absent)
{
	char *path = self->path;

	EXPECT_EQ(ABSENT, RUN("wait", "-d", SHORT, path));
	EXPECT_TRUE(ERR_HAS("the device is not there"));
	EXPECT_EQ(ABSENT, RUN("wait", "-d", SHORT, "--driver", "any",
			      "--node", "-j", path));
	EXPECT_EQ(1, documents(self->run.out));
	EXPECT_TRUE(OUT_HAS("\"state\":\"absent\""));
}

TEST_F(wait, A3_one_without_a_driver_is_not_taken_for_an_absent_one)
{
	const struct plug *plug = self->hp.first;
	char *bdf = (char *)plug->bdf;

	ASSERT_EQ(0, native_is(plug, false));
	EXPECT_EQ(NO_DRIVER, RUN("wait", "-d", SHORT, "--driver", "any", bdf));
	EXPECT_EQ(NO_DRIVER, RUN("wait", "-d", SHORT, "--node", bdf));
	EXPECT_TRUE(ERR_HAS("without a driver"));
	EXPECT_EQ(READY, RUN("wait", "-d", SHORT, bdf));
	ASSERT_EQ(0, START_WAIT("--driver", (char *)plug->native, bdf));
	ASSERT_TRUE(wait_until(has_looked(self)));
	ASSERT_EQ(0, native_is(plug, true));
	EXPECT_EQ(READY, run_end(&self->run));
	EXPECT_GT(LONG_MS, clock_ms() - self->began);
	EXPECT_EQ(NO_DRIVER, RUN("wait", "-d", SHORT, "--driver", "nobody",
				 bdf));
	EXPECT_TRUE(ERR_HAS("on another driver"));
}

/* By its place, not by a name that begins alike. */
TEST_F(wait, A3_another_one_that_comes_does_not_count)
{
	const struct plug *plug = self->hp.newcomer;
	char other[PATH_SIZE + 8];

	snprintf(other, sizeof(other), "%s/00", self->path);
	ASSERT_EQ(0, START("wait", "-d", "2", other));
	ASSERT_EQ(0, plug_in(self->hp.qmp, plug));
	EXPECT_EQ(ABSENT, run_end(&self->run));
	ASSERT_TRUE(wait_until(!is_natural(plug)));
	ASSERT_EQ(0, plug_out(self->hp.qmp, plug));
}

/* VFIO's node is there as soon as its driver is. */
TEST_F(wait, A3_on_VFIO_the_node_is_that_of_the_group)
{
	const struct plug *plug = self->hp.first;
	char node[32], *bdf = (char *)plug->bdf;

	snprintf(node, sizeof(node), "/dev/vfio/%d", pci_group(bdf));
	ASSERT_EQ(0, START_WAIT("--driver", "vfio-pci", "--node", bdf));
	ASSERT_TRUE(wait_until(has_looked(self)));
	ASSERT_EQ(0, pci_move(bdf, VFIO_PCI));
	EXPECT_EQ(READY, run_end(&self->run));
	EXPECT_GT(LONG_MS, clock_ms() - self->began);
	EXPECT_TRUE(OUT_HAS(node));
	EXPECT_TRUE(OUT_HAS("vfio-pci"));
	ASSERT_EQ(0, pci_override(bdf, ""));
	ASSERT_EQ(0, pci_unbind(bdf));
	ASSERT_EQ(0, pci_drivers_probe(bdf));
}

/* Before the waiter has begun, while it looks, and while it waits. */
static int round_of(FIXTURE_DATA(wait) *self, int round)
{
	const struct plug *plug = self->hp.newcomer;
	char *where = round % 2 ? self->path : (char *)plug->bdf;
	int ret;

	if (round % 4 < 2)
		ret = START_WAIT(where);
	else
		ret = START_WAIT("--driver", (char *)plug->native, where);
	if (ret)
		return ret;
	usleep(random() % 60000);
	ret = plug_in(self->hp.qmp, plug) ?: arrives(self);
	if (ret || !wait_until(!is_natural(plug)))
		return -1;
	return plug_out(self->hp.qmp, plug);
}

TEST_F_TIMEOUT(wait, A3_none_that_comes_at_any_moment_is_missed, 24 * 3600)
{
	int rounds = num_rounds(20);

	srandom(getpid());
	for (int i = 0; i < rounds; i++) {
		ASSERT_EQ(0, round_of(self, i)) {
			TH_LOG("in round %d", i);
		}
	}
	TH_LOG("%d came", rounds);
}

TEST_HARNESS_MAIN
