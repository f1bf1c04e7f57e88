// SPDX-License-Identifier: GPL-2.0-or-later
#include "guards.h"
#include "tap.h"

struct bindery_host *host;
struct bindery_guards *guards;

void guards_start(void)
{
	EXPECT_INT(bindery_host_new(tree_new(), &host), 0);
	tree_pci(BDF, "native", "1");
	guards = NULL;
}

void guards_finish(void)
{
	bindery_guards_free(guards);
	bindery_host_free(host);
	tree_free();
}

int guards_find(void)
{
	static const struct bindery_bdf bdf = { .bus = 1 };

	bindery_guards_free(guards);
	guards = NULL;
	return bindery_guards_find_devices(host, &bdf, 1, &guards);
}

void expect_count(size_t count)
{
	EXPECT_INT(guards ? bindery_guards_get_count(guards) : 0, count);
}

void expect_guards(size_t count)
{
	EXPECT_INT(guards_find(), 0);
	expect_count(count);
}

void expect_guard(size_t index, enum bindery_guard_kind kind, const char *what)
{
	const struct bindery_guard *guard = bindery_guards_get(guards, index);

	EXPECT(guard);
	if (!guard)
		return;
	EXPECT_INT(bindery_guard_get_kind(guard), kind);
	EXPECT_TEXT(bindery_guard_get_what(guard), what);
	EXPECT_INT(bindery_guard_get_bdf(guard).bus, 1);
}
