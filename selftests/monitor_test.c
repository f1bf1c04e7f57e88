// SPDX-License-Identifier: GPL-2.0-only
/* Events, the journal and progress, as the tool and a program tell them. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <linux/capability.h>

#include "events.h"
#include "kselftest_harness.h"

#define JOURNAL		1024	/* events that it remembers */
#define EXAMPLE		"./example-two-groups"

FIXTURE(monitor) {
	int control;
	struct group group;
	char *first;
	struct snapshot before;
	struct request request;
	struct answer answer;
	struct events events;
	struct event_count count;
	struct run run;
};

FIXTURE_SETUP(monitor)
{
	self->control = control_open();
	ASSERT_LE(0, self->control);
	if (group_choose(&self->group, NULL))
		SKIP(return, "no group of endpoints on native drivers");
	if (RUN("--version"))
		SKIP(return, "no tool in the path");
	self->first = self->group.bdf[0];
	ASSERT_EQ(0, module_load("vfio_pci"));
	knobs_reset();
	ASSERT_EQ(0, snapshot_take(&self->before));
	request_group(&self->request, &self->group, "");
}

static void end(struct run *run)
{
	if (run->pid <= 0)
		return;
	kill(run->pid, SIGCONT);
	kill(run->pid, SIGKILL);
	run_end(run);
}

FIXTURE_TEARDOWN(monitor)
{
	knobs_reset();
	end(&self->events.run);
	end(&self->run);
	if (self->control < 0)
		return;
	EXPECT_TRUE(wait_until(group_state(self->control, self->first) ==
			       BINDERY_GROUP_FREE));
	EXPECT_EQ(0, snapshot_compare(&self->before));
}

static int transact(FIXTURE_DATA(monitor) *self)
{
	int claim = acquire(self->control, &self->request), ret;

	if (claim < 0)
		return claim;
	ret = release(claim, &self->answer);
	close_claim(claim);
	return ret;
}

static int transact_often(FIXTURE_DATA(monitor) *self, int rounds)
{
	int ret = 0;

	for (int i = 0; !ret && i < rounds; i++)
		ret = transact(self);
	return ret;
}

/* More than the journal remembers. */
static int overfill(FIXTURE_DATA(monitor) *self, unsigned int events)
{
	uint64_t begin = events_newest();
	int ret = 0;

	while (!ret && events_newest() < begin + events)
		ret = transact_often(self, 20);
	return ret;
}

TEST_F(monitor, W4_a_monitor_beside_transactions_misses_nothing)
{
	const unsigned int rounds = num_rounds(20);

	ASSERT_EQ(0, events_begin(&self->events));
	ASSERT_EQ(0, transact_often(self, rounds));
	EXPECT_EQ(0, events_end(&self->events, events_newest(), &self->count));
	EXPECT_EQ(0, self->count.gaps);
	EXPECT_EQ(0, self->count.lost);
	EXPECT_EQ(rounds, events_with(&self->events, "\"event\":\"begin\""));
	EXPECT_EQ(rounds, events_with(&self->events, "\"event\":\"commit\""));
	EXPECT_EQ(rounds, events_with(&self->events, "\"event\":\"claim\""));
	EXPECT_EQ(rounds, events_with(&self->events, "\"event\":\"release\""));
	EXPECT_EQ(rounds, events_with(&self->events, "\"event\":\"restored\""));
	EXPECT_LE(rounds * self->group.num,
		  events_with(&self->events, "\"step\":\"bind\""));
}

TEST_F(monitor, W4_a_transaction_that_fails_is_told_with_its_reason)
{
	if (!pci_is_on(self->first, TEST_NATIVE))
		SKIP(return, "no driver that fails when it is told to");
	ASSERT_EQ(0, module_load(TEST_TARGET));
	ASSERT_EQ(0, knob(TEST_TARGET, "fail", self->first));
	request_group(&self->request, &self->group, TEST_TARGET);
	ASSERT_EQ(0, events_begin(&self->events));
	EXPECT_GT(0, acquire(self->control, &self->request));
	EXPECT_EQ(0, events_end(&self->events, events_newest(), &self->count));
	EXPECT_EQ(0, self->count.gaps);
	EXPECT_EQ(1, events_with(&self->events, "\"event\":\"rollback\""));
	EXPECT_EQ(0, events_with(&self->events, "\"event\":\"commit\""));
}

/* It cannot read; the socket overflows; the journal has only the last ones. */
TEST_F_TIMEOUT(monitor, W4_what_a_stopped_monitor_missed_is_told_as_lost, 600)
{
	ASSERT_EQ(0, events_begin(&self->events));
	ASSERT_EQ(0, kill(self->events.run.pid, SIGSTOP));
	ASSERT_EQ(0, overfill(self, 6 * JOURNAL));
	ASSERT_EQ(0, kill(self->events.run.pid, SIGCONT));
	EXPECT_EQ(0, events_end(&self->events, events_newest(), &self->count));
	note("%u told, %u lost", self->count.present, self->count.lost);
	EXPECT_EQ(0, self->count.gaps);
	EXPECT_LT(0, self->count.lost);
	EXPECT_LE(JOURNAL, self->count.present);
	EXPECT_TRUE(has(err_now(&self->events.run), "bindery: lost: "));
}

TEST_F_TIMEOUT(monitor, W5_the_journal_tells_the_last_events_and_what_it_lost,
	       300)
{
	ASSERT_EQ(0, overfill(self, JOURNAL + 100));
	EXPECT_EQ(0, RUN("log", "--json", "-n", "7"));
	EXPECT_EQ(7, documents(self->run.out));
	EXPECT_EQ(1, RUN("log", "--json", "--since", "1", "--count", "3"));
	EXPECT_EQ(4, documents(self->run.out));
	EXPECT_TRUE(OUT_HAS("{\"seq\":1,\"event\":\"lost\",\"lost\":"));
	EXPECT_EQ(1, RUN("monitor", "--json", "--since", "1", "--count", "3"));
	EXPECT_EQ(3, documents(self->run.out));
	EXPECT_TRUE(OUT_HAS("{\"seq\":1,\"event\":\"lost\",\"lost\":"));
	EXPECT_TRUE(ERR_HAS("bindery: lost: "));
}

TEST_F(monitor, W5_text_tells_what_json_tells)
{
	ASSERT_EQ(0, transact(self));
	EXPECT_EQ(0, RUN("log"));
	EXPECT_TRUE(OUT_HAS("  commit  transaction "));
	EXPECT_TRUE(OUT_HAS("step bind"));
	EXPECT_TRUE(OUT_HAS(self->first));
}

TEST_F(monitor, U2_a_monitor_ends_by_count_and_by_time)
{
	uint64_t newest = events_newest();
	char since[32], next[32], beyond[32];

	snprintf(since, sizeof(since), "%lu", newest);
	snprintf(next, sizeof(next), "%lu", newest + 1);
	snprintf(beyond, sizeof(beyond), "%lu", newest + 2);
	EXPECT_EQ(0, RUN("monitor", "--json", "--since", since, "-n", "1"));
	EXPECT_EQ(1, documents(self->run.out));
	EXPECT_EQ(0, RUN("monitor", "--since", next, "--timeout", "0.1"));
	EXPECT_EQ(1, RUN("monitor", "-s", next, "-t", "0.1", "-n", "1"));
	EXPECT_EQ(1, RUN("monitor", "--since", beyond));
	EXPECT_TRUE(ERR_HAS("there is no event of that number yet"));
}

/* What root executes gets all that it may have. */
static int without_sys_admin(void)
{
	return prctl(PR_CAPBSET_DROP, CAP_SYS_ADMIN) ? -errno : 0;
}

TEST_F(monitor, G5_events_need_the_right_to_administrate)
{
	EXPECT_EQ(1, RUN_AS(without_sys_admin, "monitor", "-t", "1"));
	EXPECT_TRUE(ERR_HAS("not-permitted"));
	EXPECT_EQ(1, RUN_AS(without_sys_admin, "log"));
	EXPECT_TRUE(ERR_HAS("not-permitted"));
}

/* No file of the module is open then, and nobody's groups are taken. */
TEST_F(monitor, W4_unloading_the_module_ends_a_monitor)
{
	ASSERT_EQ(0, events_begin(&self->events));
	close(self->control);
	self->control = -1;
	ASSERT_EQ(0, module_unload("bindery"));
	EXPECT_EQ(4, run_end(&self->events.run));
	EXPECT_TRUE(has(self->events.run.out, "the module was unloaded"));
	ASSERT_EQ(0, module_load("bindery"));
	EXPECT_EQ(1, events_newest());
	self->control = control_open();
	ASSERT_LE(0, self->control);
}

TEST_F(monitor, U9_what_takes_long_tells_what_it_waits_for)
{
	if (!pci_is_on(self->first, TEST_NATIVE))
		SKIP(return, "no driver that waits when it is told to");
	ASSERT_EQ(0, knob(TEST_NATIVE, "hold_remove", self->first));
	ASSERT_EQ(0, START("acquire", "--progress", "--keep", "-c",
			   self->first));
	EXPECT_TRUE(wait_until(strstr(err_now(&self->run), "waiting for")));
	ASSERT_EQ(0, knob(TEST_NATIVE, "hold_remove", ""));
	EXPECT_EQ(0, run_end(&self->run));
	EXPECT_TRUE(ERR_HAS("waiting for 0000:01:00."));
	ASSERT_EQ(0, knob(TEST_NATIVE, "hold_probe", self->first));
	ASSERT_EQ(0, START("release", "--progress", self->first));
	EXPECT_TRUE(wait_until(strstr(err_now(&self->run), "waiting for")));
	ASSERT_EQ(0, knob(TEST_NATIVE, "hold_probe", ""));
	EXPECT_EQ(0, run_end(&self->run));
	EXPECT_TRUE(ERR_HAS(self->first));
}

/* Until it tells that it waits for the probe of @first, which then goes on. */
static int not_told(FIXTURE_DATA(monitor) *self, char **argv)
{
	int wrong = knob(TEST_NATIVE, "hold_probe", self->first) != 0;

	wrong += run_start(&self->run, NULL, argv) != 0;
	wrong += !wait_until(strstr(err_now(&self->run), self->first));
	wrong += knob(TEST_NATIVE, "hold_probe", "") != 0;
	wrong += run_end(&self->run) != 0;
	return wrong + !ERR_HAS("waiting for");
}

TEST_F(monitor, U9_a_long_repair_and_a_long_fix_tell_it_too)
{
	if (!pci_is_on(self->first, TEST_NATIVE))
		SKIP(return, "no driver that waits when it is told to");
	ASSERT_EQ(0, RUN("acquire", "--keep", "-c", self->first));
	ASSERT_EQ(0, knob(TEST_NATIVE, "fail", self->first));
	EXPECT_EQ(3, RUN("release", self->first));
	ASSERT_EQ(0, knob(TEST_NATIVE, "fail", ""));
	EXPECT_EQ(0, not_told(self, ARGS("repair", "--progress", self->first)));
	ASSERT_EQ(0, pci_move(self->first, VFIO_PCI));
	EXPECT_EQ(0, not_told(self, ARGS("strays", "--fix", "--progress",
					 self->first)));
}

TEST_F(monitor, U9_what_is_quick_or_not_asked_for_tells_nothing)
{
	EXPECT_EQ(0, RUN("acquire", "--keep", "-c", self->first));
	EXPECT_EQ(NULL, strstr(self->run.err, "waiting"));
	EXPECT_EQ(0, RUN("release", self->first));
	EXPECT_STREQ("", self->run.err);
}

TEST_F(monitor, U1_a_short_program_takes_two_groups_and_hears_of_it)
{
	struct group other;
	char command[128], out[8192] = "";
	FILE *pipe;

	if (access(EXAMPLE, X_OK))
		SKIP(return, "no example here");
	if (group_choose_other(&other, &self->group, NULL))
		SKIP(return, "no second group");
	snprintf(command, sizeof(command), EXAMPLE " %s %s", self->first,
		 other.bdf[0]);
	pipe = popen(command, "r");
	ASSERT_NE(NULL, pipe);
	ASSERT_LT(0, fread(out, 1, sizeof(out) - 1, pipe));
	EXPECT_EQ(0, pclose(pipe));
	EXPECT_TRUE(has(out, "commit"));
	EXPECT_TRUE(has(out, "released"));
}

TEST_HARNESS_MAIN
