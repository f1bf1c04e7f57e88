// SPDX-License-Identifier: GPL-2.0-only
/*
 * Sequence after sequence, for so many SEQUENCES or MINUTES; a SEED gives the
 * same ones, as far as threads and coverage go the same way. What is found is
 * the kernel's to report; the fuzzer fails if something is left behind.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "fuzz.h"

#define CORPUS		"corpus"
#define PROGRESS_S	20

static struct world world;

static unsigned long number(const char *name, unsigned long otherwise)
{
	const char *text = getenv(name);

	return text ? strtoul(text, NULL, 0) : otherwise;
}

static void progress(unsigned long sequences, time_t seconds)
{
	note("%lld s: %lu sequences, executions: control %lu, claim %lu, delegated %lu, netlink %lu; corpus %u, code %u, features %u",
	     (long long)seconds, sequences, world.executions[CONTROL],
	     world.executions[CLAIM], world.executions[DELEGATED],
	     world.executions[NETLINK], corpus_size(), cover_points(),
	     cover_features());
}

/* Those that changed groups since all devices were looked at. */
static struct tape recent[LOOK_EACH];

static void print_recent(void)
{
	note("one of these:");
	for (unsigned int i = 0; i < LOOK_EACH; i++)
		if (recent[i].len)
			tape_print(&recent[i]);
}

/* 0: nothing is left of it. */
static int one_sequence(void)
{
	struct tape tape;
	bool changed;
	int wrong;

	corpus_next(&tape);
	cover_begin();
	fuzz_sequence(&world, &tape);
	changed = world.dirty;
	if (changed)
		recent[world.cleaned % LOOK_EACH] = tape;
	wrong = world_clean(&world);
	cover_end();
	if (cover_is_new())
		corpus_add(&tape);
	if (wrong && changed)
		print_recent();
	else if (wrong)
		tape_print(&tape);
	return wrong;
}

static int run(unsigned long sequences, unsigned long minutes)
{
	time_t start = now_seconds(), told = start;
	unsigned long num = 0;
	int wrong = 0;

	while (!wrong && (sequences ? num < sequences :
			  now_seconds() < start + (time_t)minutes * 60)) {
		wrong = one_sequence();
		num++;
		if (now_seconds() < told + PROGRESS_S)
			continue;
		told = now_seconds();
		progress(num, told - start);
	}
	progress(num, now_seconds() - start);
	return wrong;
}

static void result(int wrong)
{
	static const char *const surfaces[] = {
		"control", "claim", "delegated", "netlink",
	};
	unsigned long num;

	for (int i = 0; i < NUM_SURFACES; i++) {
		num = world.executions[i];
		printf("executions %s %lu, of which succeeded %lu\n",
		       surfaces[i], num, world.succeeded[i]);
		printf("%s %d fuzz.Q2_the_%s_surface\n",
		       wrong || !world.succeeded[i] ? "not ok" : "ok", i + 1,
		       surfaces[i]);
	}
}

int main(void)
{
	struct rlimit limit = { 1024, 1024 };
	unsigned long seed = number("SEED", 1);
	bool guided;
	int ret;

	setrlimit(RLIMIT_NOFILE, &limit);
	setbuf(stdout, NULL);
	printf("TAP version 13\n1..%d\n", NUM_SURFACES);
	random_seed(seed);
	guided = cover_open();
	ret = corpus_load(CORPUS) ?: world_open(&world);
	if (ret) {
		note("the machine is not ready: %d", ret);
		return 1;
	}
	note("seed %lu, %s", seed, guided ? "guided by KCOV" :
	     "no KCOV: guided by results and events");
	ret = run(number("SEQUENCES", 0), number("MINUTES", 1));
	if (guided && !cover_points()) {
		note("KCOV records nothing of the module");
		ret = 1;
	}
	if (getenv("PRINT_CORPUS"))
		corpus_print();
	result(ret);
	return ret != 0;
}
