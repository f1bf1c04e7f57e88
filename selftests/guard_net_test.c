// SPDX-License-Identifier: GPL-2.0-only
/* A network device is in use also by what is on top of it, and elsewhere. */
#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <linux/if_vlan.h>
#include <linux/rtnetlink.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "kselftest_harness.h"
#include "tool.h"

/* Of the machine; alone in its group. */
#define NIC	"0000:06:00.0"
#define NET	"/sys/bus/pci/devices/" NIC "/net"
#define VLAN	5
#define TABLE	100

FIXTURE(guard_net) {
	struct snapshot before;
	struct run run;
	char name[IFNAMSIZ];
	int inet;
	struct child child;
};

/* Once all that was made is away, and what went elsewhere is back. */
static bool has_interface(char name[IFNAMSIZ])
{
	struct dirent *entry;
	DIR *list = opendir(NET);

	name[0] = 0;
	while (list && (entry = readdir(list)))
		if (entry->d_name[0] != '.')
			snprintf(name, IFNAMSIZ, "%s", entry->d_name);
	if (list)
		closedir(list);
	return name[0];
}

static int set_up(const char *name, int socket, bool is_up)
{
	struct ifreq request = { 0 };

	snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", name);
	request.ifr_flags = is_up ? IFF_UP : 0;
	return ioctl(socket, SIOCSIFFLAGS, &request) ? -errno : 0;
}

FIXTURE_SETUP(guard_net)
{
	const char *machine = getenv("BINDERY_MACHINE");

	if (!machine || strcmp(machine, "guards"))
		SKIP(return, "this is for a machine with devices to use");
	ASSERT_EQ(0, snapshot_take(&self->before));
	ASSERT_TRUE(wait_until(has_interface(self->name)));
	self->inet = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	ASSERT_LE(0, self->inet);
	EXPECT_EQ(0, RUN("check", NIC));
}

FIXTURE_TEARDOWN(guard_net)
{
	if (self->child.pid > 0)
		child_kill(&self->child);
	EXPECT_TRUE(wait_until(has_interface(self->name)));
	EXPECT_EQ(0, set_up(self->name, self->inet, false));
	close(self->inet);
	EXPECT_EQ(0, RUN("check", NIC));
	EXPECT_EQ(0, snapshot_compare(&self->before));
}

static int add_address(const char *name, int socket)
{
	struct sockaddr_in address = { .sin_family = AF_INET };
	struct ifreq request = { 0 };

	snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", name);
	inet_pton(AF_INET, "10.0.2.15", &address.sin_addr);
	memcpy(&request.ifr_addr, &address, sizeof(address));
	return ioctl(socket, SIOCSIFADDR, &request) ? -errno : 0;
}

/* A request of rtnetlink with one attribute or two, and its answer. */
struct message {
	struct nlmsghdr head;
	union {
		struct ifinfomsg link;
		struct rtmsg route;
		struct nlmsgerr answer;
		char bytes[256];
	};
};

static void begin(struct message *request, int type, size_t size)
{
	*request = (struct message) {
		.head = {
			.nlmsg_len = NLMSG_LENGTH(size),
			.nlmsg_type = type,
			.nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE,
		},
	};
}

static void put(struct message *request, int type, uint32_t value)
{
	struct rtattr *attribute = (void *)((char *)request +
					    NLMSG_ALIGN(request->head.nlmsg_len));

	attribute->rta_type = type;
	attribute->rta_len = RTA_LENGTH(sizeof(value));
	memcpy(RTA_DATA(attribute), &value, sizeof(value));
	request->head.nlmsg_len = NLMSG_ALIGN(request->head.nlmsg_len) +
				  RTA_ALIGN(attribute->rta_len);
}

static int ask(struct message *request)
{
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	int ret = -EIO;

	if (fd >= 0 && send(fd, request, request->head.nlmsg_len, 0) > 0 &&
	    recv(fd, request, sizeof(*request), 0) > 0 &&
	    request->head.nlmsg_type == NLMSG_ERROR)
		ret = request->answer.error;
	if (fd >= 0)
		close(fd);
	return ret;
}

/* The default route of a table that is not the usual one. */
static int add_route(const char *name)
{
	struct message request;

	begin(&request, RTM_NEWROUTE, sizeof(request.route));
	request.route = (struct rtmsg) {
		.rtm_family = AF_INET,
		.rtm_table = TABLE,
		.rtm_protocol = RTPROT_STATIC,
		.rtm_scope = RT_SCOPE_LINK,
		.rtm_type = RTN_UNICAST,
	};
	put(&request, RTA_OIF, if_nametoindex(name));
	return ask(&request);
}

static int move(const char *name, pid_t pid)
{
	struct message request;

	begin(&request, RTM_NEWLINK, sizeof(request.link));
	request.link.ifi_index = if_nametoindex(name);
	put(&request, IFLA_NET_NS_PID, pid);
	return ask(&request);
}

/* The one on top is what is used, whatever is said of the one below. */
static int not_reported(FIXTURE_DATA(guard_net) *self, const char *top)
{
	char address[128], route[128];

	snprintf(address, sizeof(address),
		 "interface %s, above %s has the address 10.0.2.15/8", top,
		 self->name);
	snprintf(route, sizeof(route),
		 "the default route goes through %s, above %s", top,
		 self->name);
	if (set_up(top, self->inet, true) || add_address(top, self->inet) ||
	    add_route(top))
		return -1;
	return (RUN("check", "--force=netdev", NIC) != 1) +
	       !ERR_HAS(address) + !ERR_HAS(route) +
	       (RUN("check", "--force=netdev,address", NIC) != 1) +
	       !ERR_HAS(route) +
	       (RUN("check", "--force=netdev,address,default-route", NIC) != 0);
}

static int bridge_port(FIXTURE_DATA(guard_net) *self, unsigned long call_number)
{
	struct ifreq request = { 0 };

	snprintf(request.ifr_name, sizeof(request.ifr_name), "bindery-br");
	request.ifr_ifindex = if_nametoindex(self->name);
	return ioctl(self->inet, call_number, &request) ? -errno : 0;
}

TEST_F(guard_net, G2_an_interface_below_a_bridge_is_in_use)
{
	ASSERT_EQ(0, module_load("bridge"));
	ASSERT_EQ(0, ioctl(self->inet, SIOCBRADDBR, "bindery-br"));
	ASSERT_EQ(0, bridge_port(self, SIOCBRADDIF));
	EXPECT_EQ(0, not_reported(self, "bindery-br"));
	EXPECT_EQ(0, bridge_port(self, SIOCBRDELIF));
	EXPECT_EQ(0, set_up("bindery-br", self->inet, false));
	EXPECT_EQ(0, ioctl(self->inet, SIOCBRDELBR, "bindery-br"));
}

static int bond_slave(FIXTURE_DATA(guard_net) *self, const char *sign)
{
	char text[IFNAMSIZ + 1];

	snprintf(text, sizeof(text), "%s%s", sign, self->name);
	return write_file("/sys/class/net/bindery-bond/bonding/slaves", text);
}

TEST_F(guard_net, G2_an_interface_below_a_bond_is_in_use)
{
	ASSERT_EQ(0, module_load("bonding"));
	ASSERT_EQ(0, write_file("/sys/class/net/bonding_masters",
				"+bindery-bond"));
	ASSERT_EQ(0, bond_slave(self, "+"));
	EXPECT_EQ(0, not_reported(self, "bindery-bond"));
	EXPECT_EQ(0, bond_slave(self, "-"));
	EXPECT_EQ(0, write_file("/sys/class/net/bonding_masters",
				"-bindery-bond"));
}

static int vlan(FIXTURE_DATA(guard_net) *self, int command)
{
	struct vlan_ioctl_args arguments = { .cmd = command };

	snprintf(arguments.device1, sizeof(arguments.device1),
		 command == DEL_VLAN_CMD ? "%s.5" : "%s", self->name);
	arguments.u.VID = VLAN;
	return ioctl(self->inet, SIOCSIFVLAN, &arguments) ? -errno : 0;
}

TEST_F(guard_net, G2_an_interface_below_a_VLAN_is_in_use)
{
	char top[IFNAMSIZ];

	snprintf(top, sizeof(top), "%.12s.%d", self->name, VLAN);
	ASSERT_EQ(0, module_load("8021q"));
	ASSERT_EQ(0, vlan(self, ADD_VLAN_CMD));
	ASSERT_EQ(0, set_up(self->name, self->inet, true));
	EXPECT_EQ(0, not_reported(self, top));
	EXPECT_EQ(0, vlan(self, DEL_VLAN_CMD));
}

/* Its network namespace is there as long as it is. */
static int live_elsewhere(int socket, void *arg)
{
	int over;

	(void)arg;
	if (unshare(CLONE_NEWNET) || tell(socket, 0))
		return 1;
	return hear(socket, &over);
}

static int start_elsewhere(FIXTURE_DATA(guard_net) *self)
{
	int ready = -1;

	if (child_start(&self->child, live_elsewhere, NULL) ||
	    hear(self->child.socket, &ready))
		return -1;
	return ready;
}

TEST_F(guard_net, G2_an_interface_in_another_network_namespace_is_in_use)
{
	ASSERT_EQ(0, start_elsewhere(self));
	ASSERT_EQ(0, move(self->name, self->child.pid));
	EXPECT_EQ(1, RUN("check", NIC));
	EXPECT_TRUE(ERR_HAS("an interface of it is in another network namespace"));
	EXPECT_TRUE(ERR_HAS("--force=netdev"));
	EXPECT_EQ(1, RUN("acquire", NIC));
	EXPECT_EQ(0, RUN("check", "--force=netdev", NIC));
}

TEST_HARNESS_MAIN
