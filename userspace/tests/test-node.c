// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "internal.h"
#include "tap.h"
#include "tree.h"

#define BDF	"0000:01:00.0"

static struct bindery_host *host;
static struct bindery_nodes *nodes;
static struct bindery_members *members;

static void start(void)
{
	EXPECT_INT(bindery_host_new(tree_new(), &host), 0);
	tree_pci(BDF, "vfio-pci", "5");
	tree_file("sys/devices/virtual/vfio/5/dev", "243:7\n");
	tree_link("sys/class/vfio/5", "../../devices/virtual/vfio/5");
	members = bindery_members_new(1);
	members->count = 1;
	members->entries[0].raw.out_device.bus = 1;
	members->entries[0].raw.out_group = 5;
	members->entries[0].raw.out_flags = BINDERY_MEMBER_PCI;
	EXPECT_INT(bindery_nodes_watch(host, &nodes), 0);
}

static void finish(void)
{
	bindery_nodes_free(nodes);
	bindery_members_free(members);
	bindery_host_free(host);
	tree_free();
}

TEST(U10_the_watch_has_a_file_to_wait_for)
{
	start();
	EXPECT(fcntl(bindery_nodes_get_fd(nodes), F_GETFD) & FD_CLOEXEC);
	finish();
}

TEST(U10_without_udev_a_node_that_is_there_is_ready)
{
	start();
	EXPECT_INT(bindery_nodes_settle(nodes, members), -EAGAIN);
	tree_file("dev/vfio/5", "");
	EXPECT_INT(bindery_nodes_settle(nodes, members), 0);
	finish();
}

TEST(U10_a_busy_udev_is_waited_for_until_it_has_a_record)
{
	start();
	tree_file("dev/vfio/5", "");
	tree_file("run/udev/control", "");
	tree_file("run/udev/queue", "");
	EXPECT_INT(bindery_nodes_settle(nodes, members), -EAGAIN);
	tree_file("run/udev/data/c243:7", "I:1\n");
	EXPECT_INT(bindery_nodes_settle(nodes, members), 0);
	finish();
}

TEST(U10_the_devices_own_node_counts_too)
{
	start();
	tree_file("dev/vfio/5", "");
	tree_file("sys/devices/" BDF "/vfio-dev/vfio3/dev", "244:3\n");
	tree_link("sys/class/vfio-dev/vfio3",
		  "../../devices/" BDF "/vfio-dev/vfio3");
	EXPECT_INT(bindery_nodes_settle(nodes, members), -EAGAIN);
	tree_file("dev/vfio/devices/vfio3", "");
	EXPECT_INT(bindery_nodes_settle(nodes, members), 0);
	finish();
}

TEST(U10_members_without_any_node_are_an_error)
{
	start();
	members->entries[0].raw.out_group = 6;
	EXPECT_INT(bindery_nodes_settle(nodes, members), -ENOENT);
	EXPECT_INT(bindery_nodes_set_rights(nodes, members, (uid_t)-1,
					    (gid_t)-1, 0600), -ENOENT);
	finish();
}

TEST(U10_what_is_not_the_devices_node_gets_no_rights)
{
	struct stat status;

	start();
	EXPECT_INT(bindery_nodes_set_rights(nodes, members, (uid_t)-1,
					    (gid_t)-1, 0777), -ENOENT);
	tree_file("dev/vfio/5", "");
	EXPECT_INT(bindery_nodes_set_rights(nodes, members, (uid_t)-1,
					    (gid_t)-1, 0777), -ESTALE);
	EXPECT_INT(fstatat(host->root, "dev/vfio/5", &status, 0), 0);
	EXPECT(!(status.st_mode & 0111));
	finish();
}
