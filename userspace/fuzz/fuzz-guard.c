// SPDX-License-Identifier: GPL-2.0-or-later
/* What guards read: mountinfo and swaps of /proc, and files of a disk. */
#include <errno.h>
#include <string.h>

#include "fuzz.h"
#include "internal.h"
#include "../tests/tree.h"

#define BDF	"0000:01:00.0"
#define DISK	"sys/devices/" BDF "/host/block/sda/"

static struct bindery_host *host;
static int mounts, swaps, number, uevent, holder, backing;

static void start(void)
{
	host = fuzz_host();
	tree_pci(BDF, "native", "1");
	tree_block("sys/devices/" BDF "/host/block/sda", "sda", "8:0\n");
	tree_block("sys/devices/virtual/block/dm-0", "dm-0", "253:0\n");
	tree_block("sys/devices/virtual/block/loop0", "loop0", "7:0\n");
	tree_link(DISK "holders/dm-0", "../../../../../virtual/block/dm-0");
	mounts = fuzz_file("proc/self/mountinfo");
	swaps = fuzz_file("proc/swaps");
	number = fuzz_file(DISK "dev");
	uevent = fuzz_file(DISK "uevent");
	holder = fuzz_file("sys/devices/virtual/block/dm-0/dm/name");
	backing = fuzz_file("sys/devices/virtual/block/loop0/loop/backing_file");
}

static void fill(struct fuzz_input input)
{
	fuzz_fill(mounts, fuzz_part(&input));
	fuzz_fill(swaps, fuzz_part(&input));
	fuzz_fill(number, fuzz_part(&input));
	fuzz_fill(uevent, fuzz_part(&input));
	fuzz_fill(holder, fuzz_part(&input));
	fuzz_fill(backing, input);
}

/* Each of this device, of a kind that has a symbol, and told but once. */
static void check_guard(const struct bindery_guards *guards, size_t index)
{
	const struct bindery_guard *guard = bindery_guards_get(guards, index);
	enum bindery_guard_kind kind = bindery_guard_get_kind(guard), again;

	HOLDS(bindery_guard_get_bdf(guard).bus == 1);
	HOLDS(!bindery_guard_kind_parse(bindery_guard_kind_symbol(kind),
					&again));
	HOLDS(kind == again);
	for (size_t i = 0; i < index; i++)
		HOLDS(strcmp(bindery_guard_get_what(guard),
			     bindery_guard_get_what(bindery_guards_get(guards,
								       i))));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct bindery_bdf bdf = { .bus = 1 };
	struct bindery_guards *guards = NULL;
	int ret;

	if (!host)
		start();
	fill((struct fuzz_input){ data, size });
	ret = bindery_guards_find_devices(host, &bdf, 1, &guards);
	HOLDS(!ret == !!guards);
	/* A device that is held is never without a guard. */
	HOLDS(ret || bindery_guards_get_count(guards));
	for (size_t i = 0; !ret && i < bindery_guards_get_count(guards); i++)
		check_guard(guards, i);
	bindery_guards_free(guards);
	return 0;
}
