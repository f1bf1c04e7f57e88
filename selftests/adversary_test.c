// SPDX-License-Identifier: GPL-2.0-only
/*
 * Transactions while everybody else, each in a process of its own, does what
 * makes a kernel bind drivers: all at once, and again and again.
 *
 * How it is known that they acted inside: bindery's tracepoints tell when a
 * transaction set its first override and when it committed, by the clock that
 * the adversaries note the beginning and the end of each act with. An act
 * counts for a transaction if it was under way at some moment between those
 * two; for one that sleeps on the way (the kernel pauses for a second when VFs
 * are removed) it has to begin or end there. Only transactions that gave a
 * claim are counted.
 *
 * How it is known that no race was lost: while the native drivers' modules stay
 * (nobody has begun to unload one since before the call) nobody has a right to
 * the members, so ACQUIRE and RELEASE must succeed and all must be as before.
 * When a module went meanwhile, ACQUIRE may also fail so that it can be tried
 * again, and its members may come back to whoever may have them then: to none,
 * or to pci-stub, which was told to take such devices. Before the next
 * transaction they are put back on their drivers.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "adversary.h"
#include "events.h"
#include "kselftest_harness.h"

#define STUB		"pci-stub"
#define MAX_CODES	64
#define IN_TEN		10
#define WANTED		8	/* one act in so many transactions is aimed at */
#define MOST		4	/* times the rounds that were asked for */
#define MONITORED	5000	/* transactions whose events fit into memory */

/* The machine's own limit for a program is what ends a run that hangs. */
#define HOURS		(24 * 3600)

FIXTURE(adversaries) {
	int control, windows;
	struct group group;
	struct snapshot before;
	struct request request;
	struct answer answer;
	struct stage *stage;
	unsigned int codes[MAX_CODES];		/* of ACQUIREs that failed */
	unsigned int release_codes[MAX_CODES];
	int claims, steady, windows_seen;
	unsigned int inside[NUM_KINDS];		/* transactions with an act */
	unsigned int edges[NUM_KINDS];		/* that began or ended inside */
	struct events events;
	struct event_count event_count;
};

FIXTURE_SETUP(adversaries)
{
	self->windows = -1;
	self->control = control_open();
	ASSERT_LE(0, self->control);
	if (group_choose(&self->group, NULL))
		SKIP(return, "no group of endpoints on native drivers");
	ASSERT_EQ(0, module_load("vfio_pci"));
	knobs_reset();
	ASSERT_EQ(0, snapshot_take(&self->before));
	request_group(&self->request, &self->group, "");
	self->stage = stage_open(&self->group);
	ASSERT_NE(NULL, self->stage);
	self->windows = windows_open();
	ASSERT_LE(0, self->windows);
	for (unsigned int i = 0; i < NUM_KINDS; i++)
		if (!stage_add(self->stage, &kinds[i]))
			note("cannot act here: %s", kinds[i].name);
}

/* A member that was caught without its driver goes back by hand. */
static void put_back(FIXTURE_DATA(adversaries) *self, const char *bdf)
{
	const char *driver = snapshot_device(&self->before, bdf)->driver;

	if (pci_is_on(bdf, driver))
		return;
	if (pci_is_on(bdf, STUB))
		pci_unbind(bdf);
	pci_bind(bdf, driver);
}

/* 0: on its driver and not overridden. */
static int member_differs(FIXTURE_DATA(adversaries) *self, const char *bdf)
{
	const struct device_state *was = snapshot_device(&self->before, bdf);
	text_t driver, override;

	pci_driver(bdf, driver);
	pci_read(bdf, "driver_override", override);
	return strcmp(driver, was->driver) || strcmp(override, was->override);
}

static int members_differ(FIXTURE_DATA(adversaries) *self)
{
	int differ = 0;

	for (unsigned int i = 0; i < self->group.num; i++)
		differ += member_differs(self, self->group.bdf[i]) != 0;
	return differ;
}

/* A degraded group is restored when a native driver binds. */
static bool is_whole(FIXTURE_DATA(adversaries) *self)
{
	for (unsigned int i = 0; i < self->group.num; i++)
		put_back(self, self->group.bdf[i]);
	return group_state(self->control, self->group.bdf[0]) ==
		       BINDERY_GROUP_FREE && !members_differ(self);
}

FIXTURE_TEARDOWN(adversaries)
{
	if (self->events.run.pid > 0) {
		kill(self->events.run.pid, SIGKILL);
		run_end(&self->events.run);
	}
	EXPECT_EQ(0, stage_end(self->stage));
	windows_close(self->windows);
	close_claims(self->control, self->group.bdf[0]);
	EXPECT_TRUE(wait_until(is_whole(self)));
	EXPECT_EQ(0, snapshot_compare(&self->before));
}

/* While it is claimed; to be told of each member that is elsewhere. */
static int not_on_target(const struct group *group)
{
	text_t driver, override;
	int wrong = 0;

	for (unsigned int i = 0; i < group->num; i++) {
		pci_driver(group->bdf[i], driver);
		pci_read(group->bdf[i], "driver_override", override);
		if (!strcmp(driver, VFIO_PCI) && !strcmp(override, VFIO_PCI))
			continue;
		note("%s is claimed, on '%s', override '%s'", group->bdf[i],
		     driver, override);
		wrong++;
	}
	return wrong;
}

/* Nothing of ours is left: no target, no override. */
static int left_over(const struct group *group)
{
	text_t driver, override;
	int wrong = 0;

	for (unsigned int i = 0; i < group->num; i++) {
		pci_driver(group->bdf[i], driver);
		pci_read(group->bdf[i], "driver_override", override);
		if (strcmp(driver, VFIO_PCI) && !strcmp(override, "(null)"))
			continue;
		note("%s is left on '%s', override '%s'", group->bdf[i],
		     driver, override);
		wrong++;
	}
	return wrong;
}

static long reloads(FIXTURE_DATA(adversaries) *self)
{
	return atomic_load(&self->stage->reloads);
}

static void count_acts(FIXTURE_DATA(adversaries) *self)
{
	struct window window;

	if (window_read(self->windows, &window))
		return;
	self->windows_seen++;
	for (unsigned int i = 0; i < NUM_KINDS; i++) {
		struct tally tally = stage_tally(self->stage, &kinds[i],
						 &window);

		self->inside[i] += tally.inside > 0;
		self->edges[i] += tally.edges > 0;
		stage_press(self->stage, &kinds[i], self->inside[i] * WANTED <=
			    (unsigned int)self->claims);
	}
}

static void count_failure(unsigned int *codes,
			  const struct bindery_ioc_error *error)
{
	codes[error->out_code < MAX_CODES ? error->out_code : 0]++;
}

/* Or the driver is still gone that the last release wanted. */
static bool may_fail_so(const struct bindery_ioc_error *error)
{
	return error->out_class == BINDERY_ERROR_CLASS_RETRY ||
	       error->out_code == BINDERY_ERROR_DEGRADED;
}

static int begin_transaction(FIXTURE_DATA(adversaries) *self)
{
	int64_t begin = now_ns();
	int claim;

	stage_transaction(self->stage);
	claim = acquire(self->control, &self->request);
	atomic_store(&self->stage->acquire_us, (now_ns() - begin) / 1000);
	return claim;
}

/* What a transaction may do while a native driver goes: 0 or fail as it may. */
static int acquire_and_release(FIXTURE_DATA(adversaries) *self, bool *flawless)
{
	struct bindery_ioc_error *error = &self->request.error;
	int claim = begin_transaction(self);
	int ret;

	*flawless = claim >= 0;
	if (claim < 0) {
		count_failure(self->codes, error);
		return !may_fail_so(error);
	}
	self->claims++;
	ret = not_on_target(&self->group);
	if (release(claim, &self->answer)) {
		count_failure(self->release_codes, &self->answer.error);
		*flawless = false;
	}
	close_claim(claim);
	count_acts(self);
	return ret;
}

/* What could not be restored at once may be restored by itself. */
static bool is_at_rest(FIXTURE_DATA(adversaries) *self)
{
	int state = group_state(self->control, self->group.bdf[0]);

	return state == BINDERY_GROUP_FREE || state == BINDERY_GROUP_DEGRADED;
}

/* 0, or this transaction was not as it has to be. */
static int transact(FIXTURE_DATA(adversaries) *self)
{
	const struct bindery_ioc_error *error = &self->request.error;
	long reloads_before = reloads(self);
	bool whole = is_whole(self);
	bool flawless;

	if (acquire_and_release(self, &flawless)) {
		note("ACQUIRE code %u, step %u", error->out_code,
		     error->out_step);
		return 1;
	}
	flawless &= !members_differ(self);
	/* Last, so that what was seen before was before the next reload. */
	if (whole && !(reloads_before & 1) && reloads_before == reloads(self)) {
		self->steady++;
		if (flawless)
			return 0;
		note("nobody had a right to that: ACQUIRE code %u, step %u, "
		     "RELEASE code %u, step %u", error->out_code,
		     error->out_step, self->answer.error.out_code,
		     self->answer.error.out_step);
		return 1;
	}
	if (!wait_until(is_at_rest(self)))
		return 1;
	return left_over(&self->group);
}

static void print_codes(const char *what, const unsigned int *codes)
{
	for (int i = 0; i < MAX_CODES; i++)
		if (codes[i])
			note("%s failed with code %d: %u times", what, i,
			     codes[i]);
}

static void print_totals(FIXTURE_DATA(adversaries) *self, int rounds)
{
	note("%d transactions, %d gave a claim, %d while no module moved",
	     rounds, self->claims, self->steady);
	print_codes("ACQUIRE", self->codes);
	print_codes("RELEASE", self->release_codes);
	for (unsigned int i = 0; i < NUM_KINDS; i++)
		note("%s: %ld acts, inside %u transactions (%u with an edge)",
		     kinds[i].name, stage_all_acts(self->stage, &kinds[i]),
		     self->inside[i], self->edges[i]);
}

/* A machine that is made for them says how many have to be there. */
static int kinds_missing(FIXTURE_DATA(adversaries) *self)
{
	const char *wanted = getenv("KINDS");
	int missing = wanted ? atoi(wanted) : 0;

	for (unsigned int i = 0; i < NUM_KINDS; i++)
		missing -= stage_has(self->stage, &kinds[i]);
	return missing > 0 ? missing : 0;
}

/* Those of a monitor beside all that: each is there, or told as lost. */
static int missed_events(FIXTURE_DATA(adversaries) *self)
{
	int ret = events_end(&self->events, events_newest(),
			     &self->event_count);

	note("%u events, %u lost", self->event_count.present,
	     self->event_count.lost);
	return ret ? ret : self->event_count.gaps;
}

/* Of those that can act here, each in one of ten transactions. */
static unsigned int too_seldom(FIXTURE_DATA(adversaries) *self)
{
	unsigned int num = 0;

	for (unsigned int i = 0; i < NUM_KINDS; i++)
		num += stage_has(self->stage, &kinds[i]) &&
		       self->inside[i] * IN_TEN < (unsigned int)self->claims;
	return num;
}

TEST_F_TIMEOUT(adversaries, T11_no_driver_slips_in_between, HOURS)
{
	int rounds = num_rounds(2000), i;

	ASSERT_EQ(0, kinds_missing(self));
	if (rounds <= MONITORED)
		ASSERT_EQ(0, events_begin(&self->events));
	ASSERT_EQ(0, stage_begin(self->stage));
	for (i = 0; i < NUM_KINDS; i++)
		stage_press(self->stage, &kinds[i], true);
	/* Chance decides over a few rounds, so that there may have to be more. */
	for (i = 0; i < rounds || (i < MOST * rounds && too_seldom(self)); i++) {
		ASSERT_EQ(0, transact(self)) {
			TH_LOG("in transaction %d", i);
		}
	}
	print_totals(self, i);
	if (rounds <= MONITORED)
		EXPECT_EQ(0, missed_events(self));
	EXPECT_EQ(self->claims, self->windows_seen);
	EXPECT_LE(rounds * 8 / IN_TEN, self->claims);
	EXPECT_LE(rounds / IN_TEN, self->steady);
	EXPECT_EQ(0, too_seldom(self));
}

TEST_HARNESS_MAIN
