// SPDX-License-Identifier: GPL-2.0-or-later
/* Addresses and routes, which only the machine that runs has. */
#include <errno.h>
#include <linux/rtnetlink.h>
#include <netlink/netlink.h>
#include <netlink/route/addr.h>
#include <netlink/route/nexthop.h>
#include <netlink/route/route.h>

#include "fault.h"
#include "guards.h"
#include "tap.h"

#define NET	"sys/devices/" BDF "/net"


/* What the kernel is said to have, and what asking for it ends with. */
static struct nl_cache *addresses, *routes;
static int connect_error, address_error, route_error;

/* Visible, because other libraries call the same. */
__attribute__((visibility("default")))
int __wrap_nl_connect(struct nl_sock *socket, int protocol);
int __wrap_rtnl_addr_alloc_cache(struct nl_sock *socket,
				 struct nl_cache **cache);
int __wrap_rtnl_route_alloc_cache(struct nl_sock *socket, int family,
				  int flags, struct nl_cache **cache);

int __wrap_nl_connect(struct nl_sock *socket, int protocol)
{
	(void)socket;
	EXPECT_INT(protocol, NETLINK_ROUTE);
	return connect_error;
}

int __wrap_rtnl_addr_alloc_cache(struct nl_sock *socket,
				 struct nl_cache **cache)
{
	(void)socket;
	if (address_error)
		return address_error;
	nl_cache_get(addresses);
	*cache = addresses;
	return 0;
}

int __wrap_rtnl_route_alloc_cache(struct nl_sock *socket, int family,
				  int flags, struct nl_cache **cache)
{
	(void)socket;
	EXPECT_INT(family, AF_UNSPEC);
	EXPECT_INT(flags, 0);
	if (route_error)
		return route_error;
	nl_cache_get(routes);
	*cache = routes;
	return 0;
}

static void put_interface(const char *path, const char *name,
			  const char *number)
{
	char file[256];

	tree_class(path, "net", name);
	snprintf(file, sizeof(file), "%s/ifindex", path);
	tree_file(file, number);
}

/* An interface that is down, so that nothing else is found of it. */
static void start(void)
{
	connect_error = 0;
	address_error = 0;
	route_error = 0;
	guards_start();
	host->live = true;
	EXPECT_INT(nl_cache_alloc_name("route/addr", &addresses), 0);
	EXPECT_INT(nl_cache_alloc_name("route/route", &routes), 0);
	put_interface(NET "/eth0", "eth0", "2\n");
	tree_file(NET "/eth0/flags", "0x1002\n");
}

static void finish(void)
{
	nl_cache_free(addresses);
	nl_cache_free(routes);
	guards_finish();
}

static struct nl_addr *parse(const char *text)
{
	struct nl_addr *parsed = NULL;

	EXPECT_INT(nl_addr_parse(text, AF_UNSPEC, &parsed), 0);
	return parsed;
}

static void add_address(int number, const char *text, int scope)
{
	struct rtnl_addr *address = rtnl_addr_alloc();
	struct nl_addr *local = parse(text);

	rtnl_addr_set_local(address, local);
	rtnl_addr_set_ifindex(address, number);
	rtnl_addr_set_scope(address, scope);
	EXPECT_INT(nl_cache_add(addresses, (struct nl_object *)address), 0);
	rtnl_addr_put(address);
	nl_addr_put(local);
}

/* By one interface after another, until 0. */
static void add_route(const char *to, uint8_t type, const int *numbers)
{
	struct rtnl_route *route = rtnl_route_alloc();
	struct nl_addr *address = parse(to);

	rtnl_route_set_family(route, (uint8_t)nl_addr_get_family(address));
	rtnl_route_set_dst(route, address);
	rtnl_route_set_type(route, type);
	for (; *numbers; numbers++) {
		struct rtnl_nexthop *hop = rtnl_route_nh_alloc();

		rtnl_route_nh_set_ifindex(hop, *numbers);
		rtnl_route_add_nexthop(route, hop);
	}
	EXPECT_INT(nl_cache_add(routes, (struct nl_object *)route), 0);
	rtnl_route_put(route);
	nl_addr_put(address);
}

#define BY(...)	((const int[]){ __VA_ARGS__, 0 })

TEST(G2_an_address_on_an_interface_is_found)
{
	start();
	add_address(2, "192.0.2.1/24", RT_SCOPE_UNIVERSE);
	add_address(2, "2001:db8::1/64", RT_SCOPE_UNIVERSE);
	add_address(3, "192.0.2.9/24", RT_SCOPE_UNIVERSE);
	expect_guards(2);
	expect_guard(0, BINDERY_GUARD_ADDRESS,
		     "interface eth0 has the address 192.0.2.1/24");
	expect_guard(1, BINDERY_GUARD_ADDRESS,
		     "interface eth0 has the address 2001:db8::1/64");
	finish();
}

TEST(G2_an_address_that_the_kernel_made_up_does_not_count)
{
	start();
	add_address(2, "fe80::1/64", RT_SCOPE_LINK);
	expect_guards(0);
	/* This one somebody gave it. */
	add_address(2, "169.254.1.1/16", RT_SCOPE_LINK);
	expect_guards(1);
	finish();
}

TEST(G2_a_default_route_through_an_interface_is_found)
{
	start();
	add_route("0.0.0.0/0", RTN_UNICAST, BY(3, 2));
	expect_guards(1);
	expect_guard(0, BINDERY_GUARD_ROUTE,
		     "the default route goes through eth0");
	finish();
}

TEST(G2_routes_elsewhere_and_by_others_do_not_count)
{
	start();
	add_route("192.0.2.0/24", RTN_UNICAST, BY(2));
	add_route("0.0.0.0/0", RTN_BLACKHOLE, BY(2));
	add_route("::/0", RTN_UNICAST, BY(3));
	expect_guards(0);
	finish();
}

TEST(G2_what_is_on_top_of_an_interface_is_looked_at)
{
	start();
	tree_link(NET "/eth0/upper_bond0", "../../../virtual/net/bond0");
	put_interface("sys/devices/virtual/net/bond0", "bond0", "7\n");
	tree_link("sys/devices/virtual/net/bond0/upper_br0", "../br0");
	put_interface("sys/devices/virtual/net/br0", "br0", "8\n");
	tree_link("sys/devices/virtual/net/br0/upper_gone", "../gone");
	add_address(8, "192.0.2.1/24", RT_SCOPE_UNIVERSE);
	add_route("::/0", RTN_UNICAST, BY(7));
	expect_guards(2);
	expect_guard(0, BINDERY_GUARD_ROUTE,
		     "the default route goes through bond0, above eth0");
	expect_guard(1, BINDERY_GUARD_ADDRESS,
		     "interface br0, above eth0 has the address 192.0.2.1/24");
	finish();
}

TEST(G2_interfaces_in_a_circle_end)
{
	start();
	tree_link(NET "/eth0/upper_eth0", "../eth0");
	expect_guards(0);
	finish();
}

TEST(G2_an_interface_without_a_number_has_no_address)
{
	start();
	tree_file(NET "/eth0/ifindex", "\n");
	add_address(2, "192.0.2.1/24", RT_SCOPE_UNIVERSE);
	expect_guards(0);
	finish();
}

TEST(G2_when_the_kernel_does_not_answer_nothing_is_taken_for_granted)
{
	start();
	connect_error = -NLE_NOMEM;
	EXPECT_INT(guards_find(), -EIO);
	connect_error = 0;
	address_error = -NLE_AGAIN;
	EXPECT_INT(guards_find(), -EIO);
	address_error = 0;
	route_error = -NLE_AGAIN;
	EXPECT_INT(guards_find(), -EIO);
	EXPECT(!guards);
	finish();
}

static int find_both(void)
{
	int ret = guards_find();

	return ret ? ret : bindery_guards_get_count(guards) != 2;
}

TEST(G2_without_memory_or_files_no_address_is_overlooked)
{
	start();
	put_interface("sys/devices/virtual/net/br0", "br0", "8\n");
	tree_link(NET "/eth0/upper_br0", "../../../virtual/net/br0");
	add_address(8, "192.0.2.1/24", RT_SCOPE_UNIVERSE);
	add_route("0.0.0.0/0", RTN_UNICAST, BY(2));
	fault_each(FAULT_MEMORY, find_both);
	fault_each(FAULT_FILE, find_both);
	finish();
}
