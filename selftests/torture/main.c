// SPDX-License-Identifier: GPL-2.0-only
/*
 * torture SEED SECONDS [TOTAL]: an episode of that seed and so many seconds,
 * and further ones, each with a seed that comes from the one before, until
 * TOTAL seconds are over or something is wrong.
 */
#include <stdio.h>
#include <stdlib.h>

#include "torture.h"

#define CASE	"torture.C1_whoever_does_what_nothing_is_lost"

static int run_episodes(uint64_t seed, unsigned int seconds, unsigned int total)
{
	time_t begin = now_seconds();
	unsigned int episodes = 0;
	int ret;

	do {
		ret = episode_run(seed, seconds);
		episodes++;
		if (ret)
			break;
		seed = chance_mix(seed) & UINT32_MAX;
	} while (now_seconds() - begin + seconds < total);
	print_totals();
	note("%u episodes, %ld s", episodes, now_seconds() - begin);
	if (ret)
		note("to repeat: python3 selftests/vm/run.py torture --kernel "
		     "%s --machine %s --seed %llu --seconds %u --minutes 0",
		     getenv("KERNEL") ?: "6.12",
		     getenv("BINDERY_MACHINE") ?: "",
		     (unsigned long long)seed, seconds);
	return ret;
}

int main(int argc, char **argv)
{
	int ret;

	if (argc < 3) {
		fprintf(stderr, "usage: torture SEED SECONDS [TOTAL]\n");
		return 2;
	}
	printf("TAP version 13\n1..1\n");
	fflush(stdout);
	ret = torture_begin();
	if (ret)
		note("cannot begin on this machine");
	ret = ret ?: run_episodes(strtoull(argv[1], NULL, 0), atoi(argv[2]),
				  argc > 3 ? atoi(argv[3]) : 0);
	ret = ret ?: torture_end();
	printf("%s 1 " CASE "\n", ret ? "not ok" : "ok");
	return ret != 0;
}
