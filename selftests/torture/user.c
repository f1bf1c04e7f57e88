// SPDX-License-Identifier: GPL-2.0-only
/* A VFIO user, who tells the observer before it begins and before it ends. */
#include "adversary.h"
#include "torture.h"

#define LONGEST_MS	900

static struct vfio_user user;
static bool is_open;
static int64_t until;

void user_close(void)
{
	if (!is_open)
		return;
	record_begin(KIND_VFIO_CLOSE, "%s", "");
	atomic_store(&arena->ledger.open[me->number], 0);
	vfio_close(&user);
	is_open = false;
	record_end(0, 0);
}

bool user_is_over(void)
{
	return is_open && now_ns() > until;
}

static void tell_observer(const char *bdf)
{
	struct ledger_device *device = ledger_device(bdf);
	uint64_t number = atomic_fetch_add(&arena->opens, 1) + 1;

	if (device)
		atomic_store(&arena->ledger.open[me->number],
			     number << LEDGER_OPEN_SHIFT |
			     (device - arena->ledger.devices + 1));
}

/* Of what a user may keep, the parts that hold the device itself. */
void user_open(const char *bdf, unsigned int part)
{
	unsigned int ms = chance(LONGEST_MS);
	int ret;

	user_close();
	record_begin(KIND_VFIO_OPEN, "%s for %u ms", bdf, ms);
	if (part == VFIO_PART_DEVICE || part == VFIO_PART_MAPPING)
		ret = vfio_hold(&user, bdf, part);
	else
		ret = vfio_open(&user, bdf);
	if (!ret) {
		is_open = true;
		until = now_ns() + ms * 1000000LL;
		tell_observer(bdf);
	}
	record_end(ret, 0);
}
