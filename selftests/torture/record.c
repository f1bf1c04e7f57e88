// SPDX-License-Identifier: GPL-2.0-only
/* Chance, which a seed decides, and what was done. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "adversary.h"
#include "torture.h"

struct arena *arena;
struct actor *me;

static uint64_t origin, state;

static const char *const names[NUM_KINDS_COUNTED] = {
	[KIND_ACQUIRE] = "acquire", [KIND_NOWAIT] = "acquire-nowait",
	[KIND_RESERVE] = "reserve", [KIND_BIND] = "bind",
	[KIND_RELEASE] = "release", [KIND_DEFER] = "release-defer",
	[KIND_FORCE] = "release-force", [KIND_CLOSE] = "close",
	[KIND_STATUS] = "status", [KIND_SHOW] = "show",
	[KIND_CHECK] = "check", [KIND_MARK] = "mark", [KIND_KEEP] = "keep",
	[KIND_OPEN_CLAIM] = "open-claim", [KIND_REPAIR] = "repair",
	[KIND_RELEASE_KEPT] = "release-kept", [KIND_ADOPT] = "adopt",
	[KIND_DELEGATE] = "delegate", [KIND_REVOKE] = "revoke",
	[KIND_VFIO_OPEN] = "vfio-open", [KIND_VFIO_CLOSE] = "vfio-close",
	[KIND_DUMP] = "dump", [KIND_FAIL] = "probe-fails",
	[KIND_SILENT] = "silent-probe", [KIND_HOLD] = "callback-waits",
	[KIND_SLOW] = "slow-callbacks", [KIND_PLUG_OUT] = "plug-out",
	[KIND_PLUG_IN] = "plug-in", [KIND_OUTSIDER] = "outsider",
	[KIND_RELOAD] = "reload-native", [KIND_RELOAD_TARGET] = "reload-target",
	[KIND_OVERRIDE] = "hostile-override", [KIND_REBIND] = "hostile-rebind",
	[KIND_BY_HAND] = "by-hand", [KIND_KILL] = "kill",
};

/* splitmix64 */
uint64_t chance_mix(uint64_t value)
{
	value += 0x9e3779b97f4a7c15ULL;
	value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9ULL;
	value = (value ^ (value >> 27)) * 0x94d049bb133111ebULL;
	return value ^ (value >> 31);
}

void chance_begin(uint64_t seed, unsigned int number, unsigned int life)
{
	origin = chance_mix(seed ^ chance_mix((uint64_t)number << 32 | life));
	state = origin;
}

/* What a process does next does not depend on how its last act ended. */
void chance_next(unsigned int act)
{
	state = chance_mix(origin + act);
}

unsigned int chance(unsigned int limit)
{
	state += 0x9e3779b97f4a7c15ULL;
	return (chance_mix(state) >> 33) % limit;
}

bool mood(enum mood mood)
{
	return arena->moods & mood;
}

void record_begin(enum kind kind, const char *format, ...)
{
	struct entry *entry = &me->ring[atomic_load(&me->count) % RING_SIZE];
	va_list args;

	va_start(args, format);
	vsnprintf(entry->text, sizeof(entry->text), format, args);
	va_end(args);
	entry->kind = kind;
	entry->begin = now_ns();
	entry->end = 0;
	atomic_fetch_add(&me->count, 1);
}

/* What it returned, for the caller to return. */
int record_end(int ret, unsigned int code)
{
	unsigned int last = atomic_load(&me->count) - 1;
	struct entry *entry = &me->ring[last % RING_SIZE];

	entry->ret = ret;
	entry->code = ret < 0 ? code : 0;
	entry->end = now_ns();
	atomic_fetch_add(ret < 0 ? &arena->refused[entry->kind] :
				   &arena->done[entry->kind], 1);
	return ret;
}

static void print_entry(const struct entry *entry, int64_t now)
{
	if (entry->end)
		note("  %6.3f s ago, %.3f s: %s %s: %d, code %u",
		     (now - entry->begin) / 1e9,
		     (entry->end - entry->begin) / 1e9, names[entry->kind],
		     entry->text, entry->ret, entry->code);
	else
		note("  %6.3f s ago, not back: %s %s",
		     (now - entry->begin) / 1e9, names[entry->kind],
		     entry->text);
}

void print_actors(void)
{
	int64_t now = now_ns();

	for (int i = 0; i < LEDGER_ACTORS; i++) {
		const struct actor *actor = &arena->actors[i];
		unsigned int count = atomic_load(&actor->count);

		if (!actor->role)
			continue;
		note("process %d, %s, life %u, its last of %u operations:", i,
		     actor->role, actor->life, count);
		for (unsigned int j = count > RING_SIZE ? count - RING_SIZE : 0;
		     j < count; j++)
			print_entry(&actor->ring[j % RING_SIZE], now);
	}
}

void print_totals(void)
{
	char line[900] = "";
	size_t len = 0;

	for (int i = 0; i < NUM_KINDS_COUNTED; i++) {
		long done = atomic_load(&arena->done[i]);
		long refused = atomic_load(&arena->refused[i]);

		if (done + refused)
			len += snprintf(line + len, sizeof(line) - len,
					" %s %ld+%ld", names[i], done, refused);
	}
	note("operations, done + refused:%s", line);
	note("%ld looks of the observer, %ld events heard, %ld losses told",
	     atomic_load(&arena->ledger.sweeps), atomic_load(&arena->events),
	     atomic_load(&arena->losses));
	note("a device was for %d ms at most on its way, without a move",
	     atomic_load(&arena->ledger.longest_ms));
}
