// SPDX-License-Identifier: GPL-2.0-or-later
/* Interfaces that somebody has in another network namespace. */
#include <errno.h>

#include "guards.h"
#include "tap.h"

#define ELSEWHERE "an interface of it is in another network namespace"


TEST(G2_an_interface_in_another_namespace_is_in_use)
{
	guards_start();
	tree_dir(DEVICE "/net");
	expect_guards(1);
	expect_guard(0, BINDERY_GUARD_NETDEV, ELSEWHERE);
	guards_finish();
}

TEST(G2_a_virtio_interface_in_another_namespace_is_in_use)
{
	guards_start();
	tree_dir(DEVICE "/virtio0/net");
	expect_guards(1);
	expect_guard(0, BINDERY_GUARD_NETDEV, ELSEWHERE);
	guards_finish();
}

TEST(G2_other_classes_that_namespaces_have_count_too)
{
	guards_start();
	tree_dir(DEVICE "/ieee80211");
	expect_guards(1);
	expect_guard(0, BINDERY_GUARD_NETDEV, ELSEWHERE);
	guards_finish();
	guards_start();
	tree_dir(DEVICE "/infiniband");
	expect_guards(1);
	expect_guard(0, BINDERY_GUARD_NETDEV, ELSEWHERE);
	guards_finish();
}

TEST(G2_an_interface_that_is_here_and_down_is_not_in_use)
{
	guards_start();
	tree_class(DEVICE "/net/eth0", "net", "eth0");
	tree_file(DEVICE "/net/eth0/flags", "0x1002\n");
	/* Other directories may be empty. */
	tree_dir(DEVICE "/power");
	expect_guards(0);
	guards_finish();
}
