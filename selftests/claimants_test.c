// SPDX-License-Identifier: GPL-2.0-only
/*
 * Many claimants at once, over groups that overlap: none waits for ever, no
 * claim is lost or counted twice, and exclusive means exclusive.
 */
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kselftest_harness.h"
#include "lib.h"

#define NUM_THREADS	8
#define MAX_GROUPS	8
#define MAX_CODES	64
#define MAX_HELD	3	/* groups in one request */

/* The machine's own limit for a program is what ends a run that hangs. */
#define HOURS		(24 * 3600)

/*
 * Who has a group now: counted up after ACQUIRE has returned, and down before
 * the claim is given back, so that two who meet here did hold it at once.
 */
struct seat {
	atomic_int exclusive;
	atomic_int shared;
};

/* What all threads share. */
static struct arena {
	int control;
	unsigned int num;
	struct group groups[MAX_GROUPS];
	struct seat seats[MAX_GROUPS];
	atomic_int left;	/* rounds */
	atomic_int running;	/* threads */
	atomic_int wrong;
	atomic_int claims, shared, joined, opened;
	atomic_int refused[MAX_CODES];
} arena;

/* One attempt of one thread. */
struct attempt {
	unsigned int seed;
	bool shared;
	unsigned int num;
	unsigned int groups[MAX_HELD];
	struct request request;
	struct answer answer;
};

static unsigned int choose(struct attempt *attempt, unsigned int limit)
{
	return rand_r(&attempt->seed) / 16 % limit;
}

static void wrong(const char *what, const char *bdf)
{
	note("%s: %s", bdf, what);
	atomic_fetch_add(&arena.wrong, 1);
}

static bool is_chosen(const struct attempt *attempt, unsigned int group)
{
	for (unsigned int i = 0; i < attempt->num; i++)
		if (attempt->groups[i] == group)
			return true;
	return false;
}

/* Some groups in any order, short deadlines and long ones. */
static void prepare(struct attempt *attempt)
{
	static const unsigned int deadlines[] = { 5, 100, 20000 };
	unsigned int wanted = 1 + choose(attempt, MAX_HELD), group;

	attempt->num = 0;
	request_init(&attempt->request, "");
	while (attempt->num < wanted) {
		group = choose(attempt, arena.num);
		if (is_chosen(attempt, group))
			continue;
		attempt->groups[attempt->num++] = group;
		for (unsigned int i = 0; i < arena.groups[group].num; i++)
			request_add(&attempt->request,
				    arena.groups[group].bdf[i]);
	}
	/* Seldom: whoever comes first is joined, and keeps the others out. */
	attempt->shared = !choose(attempt, 4);
	if (attempt->shared)
		attempt->request.cmd.flags = BINDERY_ACQUIRE_SHARED;
	attempt->request.cmd.deadline_ms = deadlines[choose(attempt, 3)];
}

static void sit_down(const struct attempt *attempt)
{
	for (unsigned int i = 0; i < attempt->num; i++) {
		struct seat *seat = &arena.seats[attempt->groups[i]];
		const char *bdf = arena.groups[attempt->groups[i]].bdf[0];

		if (attempt->shared) {
			if (atomic_fetch_add(&seat->shared, 1))
				atomic_fetch_add(&arena.joined, 1);
			if (atomic_load(&seat->exclusive))
				wrong("shared beside an exclusive claim", bdf);
			continue;
		}
		if (atomic_fetch_add(&seat->exclusive, 1))
			wrong("two exclusive claims", bdf);
		if (atomic_load(&seat->shared))
			wrong("exclusive beside a shared claim", bdf);
	}
}

static void stand_up(const struct attempt *attempt)
{
	for (unsigned int i = 0; i < attempt->num; i++) {
		struct seat *seat = &arena.seats[attempt->groups[i]];

		if (attempt->shared)
			atomic_fetch_sub(&seat->shared, 1);
		else
			atomic_fetch_sub(&seat->exclusive, 1);
	}
}

/* On its target, and known to come from its native driver. */
static void look_at_member(const struct attempt *attempt, const char *bdf)
{
	const struct bindery_ioc_acquire *cmd = &attempt->request.cmd;
	const struct bindery_ioc_member *member;

	if (!pci_is_on(bdf, VFIO_PCI))
		wrong("claimed and not on its target", bdf);
	member = member_of((struct bindery_ioc_member *)
			   attempt->request.members, cmd->num_members, bdf);
	if (!member || strcmp(member->out_native_driver, TEST_NATIVE))
		wrong("its native driver is forgotten", bdf);
}

static void look_at_members(const struct attempt *attempt)
{
	for (unsigned int i = 0; i < attempt->num; i++) {
		const struct group *group = &arena.groups[attempt->groups[i]];

		for (unsigned int j = 0; j < group->num; j++)
			look_at_member(attempt, group->bdf[j]);
	}
}

/* By RELEASE, which every other claim on it survives, or by closing. */
static void give_back(struct attempt *attempt, int claim)
{
	const char *bdf = arena.groups[attempt->groups[0]].bdf[0];
	int ret;

	stand_up(attempt);
	if (choose(attempt, 2)) {
		ret = release(claim, &attempt->answer);
		if (ret) {
			note("RELEASE: %d, code %u, step %u", ret,
			     attempt->answer.error.out_code,
			     attempt->answer.error.out_step);
			wrong("could not be released", bdf);
		}
	}
	close_claim(claim);
}

static void count_refusal(const struct bindery_ioc_error *error,
			  const char *what)
{
	if (error->out_code < MAX_CODES)
		atomic_fetch_add(&arena.refused[error->out_code], 1);
	if (error->out_class != BINDERY_ERROR_CLASS_RETRY)
		wrong(what, "a refusal that says: do not try again");
}

static void hold(struct attempt *attempt)
{
	int claim;

	prepare(attempt);
	claim = acquire(arena.control, &attempt->request);
	if (claim < 0) {
		count_refusal(&attempt->request.error, "ACQUIRE");
		usleep(choose(attempt, 4000));
		return;
	}
	sit_down(attempt);
	atomic_fetch_add(&arena.claims, 1);
	atomic_fetch_add(&arena.shared, attempt->shared);
	look_at_members(attempt);
	if (status(claim, &attempt->answer) ||
	    attempt->answer.status.out_num_groups != attempt->num)
		wrong("STATUS tells of other groups",
		      arena.groups[attempt->groups[0]].bdf[0]);
	usleep(choose(attempt, 3000));
	give_back(attempt, claim);
}

/* One more file of somebody's claim, which may end meanwhile. */
static void visit(struct attempt *attempt)
{
	const char *bdf = arena.groups[choose(attempt, arena.num)].bdf[0];
	struct bindery_ioc_error *error = &attempt->answer.error;
	int ret, claim;

	claim = open_claim(arena.control, NULL, bdf, &attempt->answer);
	if (claim < 0) {
		if (error->out_code != BINDERY_ERROR_NO_CLAIM &&
		    error->out_code != BINDERY_ERROR_AMBIGUOUS)
			count_refusal(error, "OPEN_CLAIM");
		return;
	}
	atomic_fetch_add(&arena.opened, 1);
	ret = status(claim, &attempt->answer);
	/* It may have ended, or its ACQUIRE have failed. */
	if (ret && error->out_code != BINDERY_ERROR_RELEASED &&
	    error->out_class != BINDERY_ERROR_CLASS_RETRY) {
		note("STATUS: %d, code %u, step %u", ret, error->out_code,
		     error->out_step);
		wrong("STATUS of an open claim", bdf);
	}
	usleep(choose(attempt, 1000));
	close_claim(claim);
}

static void *compete(void *arg)
{
	struct attempt *attempt = arg;

	while (atomic_fetch_sub(&arena.left, 1) > 0 &&
	       !atomic_load(&arena.wrong)) {
		if (choose(attempt, 5))
			hold(attempt);
		else
			visit(attempt);
	}
	atomic_fetch_sub(&arena.running, 1);
	return NULL;
}

FIXTURE(claimants) {
	struct snapshot before;
	struct answer answer;
	struct attempt attempts[NUM_THREADS];
};

static void add_group(int id)
{
	struct group *group = &arena.groups[arena.num];

	for (unsigned int i = 0; i < arena.num; i++)
		if (arena.groups[i].id == id)
			return;
	if (arena.num == MAX_GROUPS || group_read(group, id))
		return;
	for (unsigned int i = 0; i < group->num; i++)
		if (!pci_is_on(group->bdf[i], TEST_NATIVE))
			return;
	arena.num++;
}

FIXTURE_SETUP(claimants)
{
	char all[MAX_DEVICES][BDF_SIZE];
	int listed = pci_list(all, MAX_DEVICES);

	memset(&arena, 0, sizeof(arena));
	arena.control = control_open();
	ASSERT_LE(0, arena.control);
	for (int i = 0; i < listed; i++)
		add_group(pci_group(all[i]));
	if (arena.num < MAX_HELD)
		SKIP(return, "too few groups of devices on " TEST_NATIVE);
	ASSERT_EQ(0, module_load("vfio_pci"));
	knobs_reset();
	ASSERT_EQ(0, snapshot_take(&self->before));
}

/* As if nobody had ever come; the last restores may still run. */
static bool is_forgotten(FIXTURE_DATA(claimants) *self, const char *bdf)
{
	return !show(arena.control, bdf, &self->answer) &&
	       self->answer.show.out_state == BINDERY_GROUP_FREE &&
	       !self->answer.show.out_num_claims;
}

FIXTURE_TEARDOWN(claimants)
{
	for (unsigned int i = 0; i < arena.num; i++)
		EXPECT_TRUE(wait_until(is_forgotten(self,
						    arena.groups[i].bdf[0])));
	EXPECT_EQ(0, snapshot_compare(&self->before));
}

/* Whether there is progress, as long as somebody is running. */
static bool all_come_to_an_end(void)
{
	int left;

	while (atomic_load(&arena.running)) {
		left = atomic_load(&arena.left);
		if (!wait_until(atomic_load(&arena.left) != left ||
				!atomic_load(&arena.running)))
			return false;
	}
	return true;
}

static void print_totals(int rounds)
{
	note("%d rounds: %d claims, %d of them shared, %d joined others; "
	     "%d more files", rounds, arena.claims, arena.shared, arena.joined,
	     arena.opened);
	for (int i = 0; i < MAX_CODES; i++)
		if (arena.refused[i])
			note("refused with code %d: %d times", i,
			     arena.refused[i]);
}

TEST_F_TIMEOUT(claimants, C2_T2_many_at_once_over_the_same_groups, HOURS)
{
	int rounds = num_rounds(5000);
	pthread_t threads[NUM_THREADS];

	atomic_store(&arena.left, rounds);
	atomic_store(&arena.running, NUM_THREADS);
	for (unsigned int i = 0; i < NUM_THREADS; i++) {
		self->attempts[i].seed = getpid() * NUM_THREADS + i;
		ASSERT_EQ(0, pthread_create(&threads[i], NULL, compete,
					    &self->attempts[i]));
	}
	ASSERT_TRUE(all_come_to_an_end());
	for (unsigned int i = 0; i < NUM_THREADS; i++)
		pthread_join(threads[i], NULL);
	print_totals(rounds);
	EXPECT_EQ(0, arena.wrong);
	EXPECT_LT(0, arena.joined);
	EXPECT_LT(0, arena.opened);
	EXPECT_LT(rounds / 20, arena.claims);
	EXPECT_LT(0, arena.refused[BINDERY_ERROR_BUSY]);
}

TEST_HARNESS_MAIN
