// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a sequence reached that none before did. Where the kernel has KCOV, and
 * the module was built for it, that is its code as the calling thread runs it;
 * everywhere it is what calls answered and what workers told by events: each
 * step of a transaction and of a restore is one, with its result.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#include <linux/kcov.h>

#include "fuzz.h"

#define KCOV		"/sys/kernel/debug/kcov"
#define KCOV_WORDS	(64 << 10)
#define MAP_BITS	16

static unsigned long *trace;
static int kcov = -1;
static uint8_t seen_points[1 << MAP_BITS], seen_features[1 << MAP_BITS];
static unsigned int num_points, num_features;
static bool is_new;

/* False: this kernel has none, or the module was not built for it. */
bool cover_open(void)
{
	kcov = open(KCOV, O_RDWR | O_CLOEXEC);
	if (kcov < 0 || ioctl(kcov, KCOV_INIT_TRACE, KCOV_WORDS))
		return false;
	trace = mmap(NULL, KCOV_WORDS * sizeof(*trace), PROT_READ | PROT_WRITE,
		     MAP_SHARED, kcov, 0);
	if (trace == MAP_FAILED || ioctl(kcov, KCOV_ENABLE, KCOV_TRACE_PC)) {
		trace = NULL;
		return false;
	}
	return true;
}

static unsigned int hash(uint64_t value)
{
	return value * 0x9e3779b97f4a7c15 >> (64 - MAP_BITS);
}

static void see(uint8_t *seen, unsigned int *num, uint64_t value)
{
	unsigned int at = hash(value);

	if (seen[at])
		return;
	seen[at] = 1;
	++*num;
	is_new = true;
}

void cover_begin(void)
{
	is_new = false;
	if (trace)
		__atomic_store_n(trace, 0, __ATOMIC_RELAXED);
}

void cover_end(void)
{
	unsigned long num = trace ?
		__atomic_load_n(trace, __ATOMIC_RELAXED) : 0;

	for (unsigned long i = 1; i <= num; i++)
		see(seen_points, &num_points, trace[i]);
}

void cover_feature(uint64_t feature)
{
	see(seen_features, &num_features, feature);
}

bool cover_is_new(void)
{
	return is_new;
}

unsigned int cover_points(void)
{
	return num_points;
}

unsigned int cover_features(void)
{
	return num_features;
}
