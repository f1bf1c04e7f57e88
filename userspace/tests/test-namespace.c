// SPDX-License-Identifier: GPL-2.0-or-later
/* Interfaces that somebody has in another network namespace. */
#include <errno.h>

#include "internal.h"
#include "tap.h"
#include "tree.h"

#define BDF	"0000:01:00.0"
#define DEVICE	"sys/devices/" BDF
#define ELSEWHERE "an interface of it is in another network namespace"

static struct bindery_host *host;
static struct bindery_guards *guards;

static void start(void)
{
	EXPECT_INT(bindery_host_new(tree_new(), &host), 0);
	tree_pci(BDF, "native", "1");
	guards = NULL;
}

static size_t find(void)
{
	static const struct bindery_bdf bdf = { .bus = 1 };

	bindery_guards_free(guards);
	guards = NULL;
	EXPECT_INT(bindery_guards_find_devices(host, &bdf, 1, &guards), 0);
	return guards ? bindery_guards_get_count(guards) : 0;
}

static void finish(void)
{
	bindery_guards_free(guards);
	bindery_host_free(host);
	tree_free();
}

static void expect_netdev(const char *what)
{
	const struct bindery_guard *guard = bindery_guards_get(guards, 0);

	EXPECT(guard);
	if (!guard)
		return;
	EXPECT_INT(bindery_guard_get_kind(guard), BINDERY_GUARD_NETDEV);
	EXPECT_TEXT(bindery_guard_get_what(guard), what);
}

TEST(G2_an_interface_in_another_namespace_is_in_use)
{
	start();
	tree_dir(DEVICE "/net");
	EXPECT_INT(find(), 1);
	expect_netdev(ELSEWHERE);
	finish();
}

TEST(G2_a_virtio_interface_in_another_namespace_is_in_use)
{
	start();
	tree_dir(DEVICE "/virtio0/net");
	EXPECT_INT(find(), 1);
	expect_netdev(ELSEWHERE);
	finish();
}

TEST(G2_other_classes_that_namespaces_have_count_too)
{
	start();
	tree_dir(DEVICE "/ieee80211");
	EXPECT_INT(find(), 1);
	expect_netdev(ELSEWHERE);
	finish();
	start();
	tree_dir(DEVICE "/infiniband");
	EXPECT_INT(find(), 1);
	expect_netdev(ELSEWHERE);
	finish();
}

TEST(G2_an_interface_that_is_here_and_down_is_not_in_use)
{
	start();
	tree_class(DEVICE "/net/eth0", "net", "eth0");
	tree_file(DEVICE "/net/eth0/flags", "0x1002\n");
	/* Other directories may be empty. */
	tree_dir(DEVICE "/power");
	EXPECT_INT(find(), 0);
	finish();
}
