// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a sequence reached that none before did. Where the kernel has KCOV, and
 * the module was built for it, that is its code, as the calling thread runs it
 * or workers for that. Everywhere it is what calls answered and what workers
 * told by events: each step of a transaction and of a restore is one, with its
 * result.
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

/* Code that this thread runs, or that workers run for it: one at a time. */
struct recorder {
	int fd;
	unsigned long *trace;
};

static struct recorder own, workers, *recording;
static uint8_t seen_points[1 << MAP_BITS], seen_features[1 << MAP_BITS];
static unsigned int num_points, num_features;
static bool is_new;

static int recorder_open(struct recorder *recorder)
{
	void *map;

	recorder->fd = open(KCOV, O_RDWR | O_CLOEXEC);
	if (recorder->fd < 0 ||
	    ioctl(recorder->fd, KCOV_INIT_TRACE, KCOV_WORDS))
		return -errno;
	map = mmap(NULL, KCOV_WORDS * sizeof(*recorder->trace),
		   PROT_READ | PROT_WRITE, MAP_SHARED, recorder->fd, 0);
	if (map == MAP_FAILED)
		return -errno;
	recorder->trace = map;
	return 0;
}

/* False: this kernel has no KCOV. */
bool cover_open(void)
{
	return !recorder_open(&own) && !recorder_open(&workers);
}

static int start(struct recorder *recorder)
{
	struct kcov_remote_arg arg = {
		.trace_mode = KCOV_TRACE_PC,
		.area_size = KCOV_WORDS,
		.common_handle = KCOV_SUBSYSTEM_COMMON | 1,
	};

	__atomic_store_n(recorder->trace, 0, __ATOMIC_RELAXED);
	return recorder == &own ?
		ioctl(recorder->fd, KCOV_ENABLE, KCOV_TRACE_PC) :
		ioctl(recorder->fd, KCOV_REMOTE_ENABLE, &arg);
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

/* The workers' turn comes each third time. */
void cover_begin(void)
{
	static unsigned int turn;

	is_new = false;
	recording = NULL;
	if (!workers.trace)
		return;
	recording = turn++ % 3 ? &own : &workers;
	if (start(recording))
		recording = NULL;
}

void cover_end(void)
{
	unsigned long num;

	if (!recording)
		return;
	ioctl(recording->fd, KCOV_DISABLE, 0);
	num = __atomic_load_n(recording->trace, __ATOMIC_RELAXED);
	for (unsigned long i = 1; i <= num && i < KCOV_WORDS; i++)
		see(seen_points, &num_points, recording->trace[i]);
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
