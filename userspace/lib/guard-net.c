// SPDX-License-Identifier: LGPL-2.1-or-later
/* What a host does with network interfaces. */
#include <errno.h>
#include <linux/rtnetlink.h>
#include <netlink/netlink.h>
#include <netlink/route/addr.h>
#include <netlink/route/nexthop.h>
#include <netlink/route/route.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "internal.h"

#define NAME_SIZE	256
#define ADDRESS_SIZE	64
#define DEPTH_MAX	8	/* of interfaces on interfaces: VLAN, bond, bridge */
#define UP		0x1

static int fill(struct hunt *hunt, struct nl_sock *socket)
{
	int ret = nl_connect(socket, NETLINK_ROUTE);

	if (!ret)
		ret = rtnl_addr_alloc_cache(socket, &hunt->addresses);
	if (!ret)
		ret = rtnl_route_alloc_cache(socket, AF_UNSPEC, 0,
					     &hunt->routes);
	return ret ? -EIO : 0;
}

/* Only the kernel that runs can be asked, not that of a tree of files. */
int guard_net_prepare(struct hunt *hunt)
{
	struct nl_sock *socket;
	int ret;

	if (!hunt->host->live)
		return 0;
	socket = nl_socket_alloc();
	if (!socket)
		return -ENOMEM;
	ret = fill(hunt, socket);
	nl_socket_free(socket);
	return ret;
}

void guard_net_finish(struct hunt *hunt)
{
	nl_cache_free(hunt->addresses);
	nl_cache_free(hunt->routes);
}

/* An interface of the device, or one on top of it. */
struct interface {
	struct hunt *hunt;
	const char *name;
	const char *top;	/* what is looked at */
	int depth;
};

/* "br0, above eth0" */
static void interface_name(const struct interface *interface, char *text,
			   size_t size)
{
	if (strcmp(interface->name, interface->top))
		snprintf(text, size, "%s, above %s", interface->top,
			 interface->name);
	else
		snprintf(text, size, "%s", interface->name);
}

/* One that the kernel made up by itself for the link is nobody's. */
static bool is_address_of(struct rtnl_addr *address, int number)
{
	return rtnl_addr_get_ifindex(address) == number &&
	       !(rtnl_addr_get_family(address) == AF_INET6 &&
		 rtnl_addr_get_scope(address) == RT_SCOPE_LINK);
}

static int address_use(const struct interface *interface, int number)
{
	struct hunt *hunt = interface->hunt;
	char name[2 * NAME_SIZE], text[ADDRESS_SIZE];
	struct nl_object *object;
	int ret = 0;

	if (!hunt->addresses)
		return 0;
	interface_name(interface, name, sizeof(name));
	for (object = nl_cache_get_first(hunt->addresses); object && !ret;
	     object = nl_cache_get_next(object)) {
		struct rtnl_addr *address = (struct rtnl_addr *)object;

		if (!is_address_of(address, number))
			continue;
		nl_addr2str(rtnl_addr_get_local(address), text, sizeof(text));
		ret = guard_add(hunt, BINDERY_GUARD_ADDRESS,
				"interface %s has the address %s", name, text);
	}
	return ret;
}

static bool is_default_by(struct rtnl_route *route, int number)
{
	struct nl_addr *to = rtnl_route_get_dst(route);

	if (rtnl_route_get_type(route) != RTN_UNICAST ||
	    (to && nl_addr_get_prefixlen(to)))
		return false;
	for (int i = 0; i < rtnl_route_get_nnexthops(route); i++)
		if (rtnl_route_nh_get_ifindex(rtnl_route_nexthop_n(route, i)) ==
		    number)
			return true;
	return false;
}

static int route_use(const struct interface *interface, int number)
{
	struct hunt *hunt = interface->hunt;
	char name[2 * NAME_SIZE];
	struct nl_object *object;
	int ret = 0;

	if (!hunt->routes)
		return 0;
	interface_name(interface, name, sizeof(name));
	for (object = nl_cache_get_first(hunt->routes); object && !ret;
	     object = nl_cache_get_next(object))
		if (is_default_by((struct rtnl_route *)object, number))
			ret = guard_add(hunt, BINDERY_GUARD_ROUTE,
					"the default route goes through %s",
					name);
	return ret;
}

static int interface_use(struct interface *interface, int dir);

/*
 * A bridge, bond or VLAN on top is what has the address. Of one in another
 * network namespace there is no link, but nothing gets to it while what is below
 * is down.
 */
static int visit_upper(int dir, const char *name, void *argument)
{
	static const char prefix[] = "upper_";
	struct interface upper = *(struct interface *)argument;
	int fd, ret;

	if (strncmp(name, prefix, strlen(prefix)) || upper.depth >= DEPTH_MAX)
		return 0;
	fd = sysfs_open(dir, name);
	if (fd < 0)
		return 0;
	upper.top = name + strlen(prefix);
	upper.depth++;
	ret = interface_use(&upper, fd);
	close(fd);
	return ret;
}

static int interface_use(struct interface *interface, int dir)
{
	unsigned long number;
	int ret = 0;

	if (!sysfs_read_number(dir, "ifindex", &number)) {
		ret = address_use(interface, (int)number);
		if (!ret)
			ret = route_use(interface, (int)number);
	}
	return ret ? ret : sysfs_each(dir, ".", visit_upper, interface);
}

int guard_net_use(struct hunt *hunt, int dir, const char *name)
{
	struct interface interface = { hunt, name, name, 0 };
	unsigned long flags;
	int ret = 0;

	if (!sysfs_read_number(dir, "flags", &flags) && flags & UP)
		ret = guard_add(hunt, BINDERY_GUARD_NETDEV,
				"interface %s is up", name);
	return ret ? ret : interface_use(&interface, dir);
}
