// SPDX-License-Identifier: GPL-2.0-only
/* Test drivers that fail, say nothing, take their time, or do not return. */
#include <stdio.h>

#include "torture.h"

#define LONGEST_HOLD_MS	700
#define SLOWEST_MS	25

static const char *any_driver(void)
{
	return chance(2) ? TEST_NATIVE : TEST_TARGET;
}

static void for_a_while(const char *module, const char *name,
			const char *value, unsigned int ms)
{
	int ret = knob(module, name, value);

	usleep(ms * 1000);
	if (!ret)
		knob(module, name, "");
	record_end(ret, 0);
}

/*
 * A native driver's failure leaves its device without a driver until somebody
 * tries again, or nobody does.
 */
static void probe_fails(const char *bdf)
{
	const char *driver = any_driver();
	unsigned int ms = chance(LONGEST_HOLD_MS);

	if (driver == (const char *)TEST_NATIVE)
		disturb(bdf);
	record_begin(KIND_FAIL, "%s of %s", bdf, driver);
	for_a_while(driver, "fail", bdf, ms);
}

static void probe_is_silent(const char *bdf)
{
	record_begin(KIND_SILENT, "%s", bdf);
	for_a_while(TEST_TARGET, "silent", bdf, chance(LONGEST_HOLD_MS));
}

static void callback_waits(const char *bdf)
{
	static const char *const names[] = {
		"hold_probe", "hold_remove", "lock", "hold_add",
	};
	const char *name = names[chance(4)], *driver = any_driver();
	unsigned int ms = chance(LONGEST_HOLD_MS);

	if (name == names[3])
		driver = TEST_NATIVE;
	atomic_fetch_add(&arena->ledger.holds, 1);
	record_begin(KIND_HOLD, "%s of %s, %u ms", name, bdf, ms);
	for_a_while(driver, name, bdf, ms);
	atomic_fetch_sub(&arena->ledger.holds, 1);
}

static void callbacks_are_slow(void)
{
	const char *driver = any_driver();
	char ms[16];

	snprintf(ms, sizeof(ms), "%u", 1 + chance(SLOWEST_MS));
	record_begin(KIND_SLOW, "%s of %s", ms, driver);
	record_end(knob(driver, "pause_ms", ms), 0);
	usleep(chance(LONGEST_HOLD_MS) * 1000);
	knob(driver, "pause_ms", "0");
}

static void be_faulty(const char *bdf)
{
	unsigned int which = chance(4);

	if (mood(MOOD_FAULTS) && which < 2) {
		if (which)
			probe_fails(bdf);
		else
			probe_is_silent(bdf);
	} else if (mood(MOOD_HOLDS)) {
		if (which % 2)
			callback_waits(bdf);
		else
			callbacks_are_slow();
	}
}

int faults(int socket, void *arg)
{
	char bdf[BDF_SIZE];

	(void)socket;
	(void)arg;
	for (unsigned int act = 0; !atomic_load(&arena->stop); act++) {
		chance_next(act);
		if (any_endpoint(bdf))
			be_faulty(bdf);
		usleep(chance(400) * 1000);
	}
	return 0;
}
