// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <poll.h>
#include <netlink/errno.h>
#include <netlink/netlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "internal.h"
#include "tap.h"
#include "tree.h"

static struct bindery_host *host;
static struct bindery_wait *waiting;

/* What calls end with; 0: as they do. */
static int connect_error, receive_result, poll_error;
static unsigned int receives;

/* Visible, because other libraries call the same. */
#define VISIBLE __attribute__((visibility("default")))

int __real_nl_connect(struct nl_sock *socket, int protocol);
VISIBLE int __wrap_nl_connect(struct nl_sock *socket, int protocol);
int __real_nl_recv(struct nl_sock *socket, struct sockaddr_nl *from,
		   unsigned char **event, struct ucred **who);
VISIBLE int __wrap_nl_recv(struct nl_sock *socket, struct sockaddr_nl *from,
			   unsigned char **event, struct ucred **who);
int __real_poll(struct pollfd *files, nfds_t count, int timeout);
VISIBLE int __wrap_poll(struct pollfd *files, nfds_t count, int timeout);

int __wrap_nl_connect(struct nl_sock *socket, int protocol)
{
	return connect_error ? connect_error :
			       __real_nl_connect(socket, protocol);
}

int __wrap_nl_recv(struct nl_sock *socket, struct sockaddr_nl *from,
		   unsigned char **event, struct ucred **who)
{
	receives++;
	if (!receive_result)
		return __real_nl_recv(socket, from, event, who);
	if (receive_result > 0)
		*event = calloc(1, (size_t)receive_result);
	return receive_result;
}

int __wrap_poll(struct pollfd *files, nfds_t count, int timeout)
{
	if (!poll_error)
		return __real_poll(files, count, timeout);
	errno = poll_error;
	return -1;
}

static void start(void)
{
	struct bindery_reference device = { .bdf = { 0, 1, 0, 0 } };

	connect_error = 0;
	receive_result = 0;
	poll_error = 0;
	EXPECT_INT(bindery_host_new(tree_new(), &host), 0);
	EXPECT_INT(bindery_wait_new(host, &device, &waiting), 0);
}

static void finish(void)
{
	bindery_wait_free(waiting);
	bindery_host_free(host);
	tree_free();
}

static const char *look(void)
{
	enum bindery_wait_state state;
	int ret = bindery_wait_look(waiting, &state);

	EXPECT_INT(ret, 0);
	return ret ? "failed" : bindery_wait_state_symbol(state);
}

TEST(A3_absent_and_there_without_a_driver_are_told_apart)
{
	struct bindery_bdf bdf;

	start();
	EXPECT_TEXT(look(), "absent");
	tree_pci("0000:01:00.1", "e1000e", "5");
	tree_pci("0000:01:01.0", "e1000e", "5");
	EXPECT_TEXT(look(), "absent");
	tree_pci("0000:01:00.0", NULL, "5");
	EXPECT_TEXT(look(), "ready");
	bdf = bindery_wait_get_bdf(waiting);
	EXPECT_INT(bdf.bus, 1);
	EXPECT_INT(bindery_wait_set_driver(waiting, ""), 0);
	EXPECT_TEXT(look(), "no-driver");
	tree_link("sys/devices/0000:01:00.0/driver", "../drivers/pci-stub");
	EXPECT_TEXT(look(), "ready");
	EXPECT_TEXT(bindery_wait_get_driver(waiting), "pci-stub");
	EXPECT_INT(bindery_wait_set_driver(waiting, "vfio-pci"), 0);
	EXPECT_TEXT(look(), "other-driver");
	EXPECT_INT(bindery_wait_set_driver(waiting, "pci_stub"), 0);
	EXPECT_TEXT(look(), "ready");
	finish();
}

TEST(A3_a_driver_is_matched_whole)
{
	static const char *const others[] = {
		"e1000", "e1000ee", "E1000E", "vfio-pci",
	};

	start();
	tree_pci("0000:01:00.0", "e1000e", "5");
	for (size_t i = 0; i < ARRAY_SIZE(others); i++) {
		EXPECT_INT(bindery_wait_set_driver(waiting, others[i]), 0);
		EXPECT_TEXT(look(), "other-driver");
	}
	finish();
}

TEST(A3_a_node_alone_needs_a_driver_too)
{
	start();
	bindery_wait_set_node(waiting);
	tree_pci("0000:01:00.0", NULL, "5");
	EXPECT_TEXT(look(), "no-driver");
	EXPECT_TEXT(bindery_wait_get_node(waiting), "");
	finish();
}

TEST(A3_a_network_device_is_used_by_an_interface)
{
	start();
	bindery_wait_set_node(waiting);
	tree_pci("0000:01:00.0", "virtio-pci", "5");
	EXPECT_TEXT(look(), "no-node");
	tree_dir("sys/devices/0000:01:00.0/virtio0/net");
	EXPECT_TEXT(look(), "no-node");
	tree_class("sys/devices/0000:01:00.0/virtio0/net/eth7", "net", "eth7");
	EXPECT_TEXT(look(), "ready");
	EXPECT_TEXT(bindery_wait_get_node(waiting), "eth7");
	finish();
}

TEST(A3_a_storage_device_is_used_by_a_block_device_in_dev)
{
	start();
	bindery_wait_set_node(waiting);
	tree_pci("0000:01:00.0", "nvme", "5");
	tree_file("sys/devices/0000:01:00.0/class", "0x010802\n");
	/* The controller has a node first. */
	tree_class("sys/devices/0000:01:00.0/nvme/nvme0", "nvme", "nvme0");
	tree_file("sys/devices/0000:01:00.0/nvme/nvme0/uevent",
		  "MAJOR=240\nDEVNAME=nvme0\n");
	tree_file("dev/nvme0", "");
	EXPECT_TEXT(look(), "no-node");
	tree_class("sys/devices/0000:01:00.0/nvme/nvme0/nvme0n1", "block",
		   "nvme0n1");
	tree_file("sys/devices/0000:01:00.0/nvme/nvme0/nvme0n1/uevent",
		  "MAJOR=259\nDEVNAME=nvme0n1\nDEVTYPE=disk\n");
	EXPECT_TEXT(look(), "no-node");
	tree_file("dev/nvme0n1", "");
	EXPECT_TEXT(look(), "ready");
	EXPECT_TEXT(bindery_wait_get_node(waiting), "/dev/nvme0n1");
	finish();
}

TEST(A3_others_are_used_by_any_node_but_none_of_a_function_below)
{
	start();
	bindery_wait_set_node(waiting);
	tree_pci("0000:01:00.0", "i915", "5");
	tree_file("sys/devices/0000:01:00.0/class", "0x030000\n");
	tree_class("sys/devices/0000:01:00.0/0000:02:00.0/drm/card1", "drm",
		   "card1");
	tree_file("sys/devices/0000:01:00.0/0000:02:00.0/drm/card1/uevent",
		  "DEVNAME=dri/card1\n");
	tree_file("dev/dri/card1", "");
	EXPECT_TEXT(look(), "no-node");
	tree_class("sys/devices/0000:01:00.0/drm/card0", "drm", "card0");
	tree_file("sys/devices/0000:01:00.0/drm/card0/uevent",
		  "DEVNAME=dri/card0\n");
	tree_file("dev/dri/card0", "");
	EXPECT_TEXT(look(), "ready");
	EXPECT_TEXT(bindery_wait_get_node(waiting), "/dev/dri/card0");
	finish();
}

TEST(A3_on_VFIO_it_is_the_node_of_the_group_or_its_own)
{
	start();
	bindery_wait_set_node(waiting);
	tree_pci("0000:01:00.0", "vfio-pci", "5");
	tree_file("sys/devices/0000:01:00.0/vfio-dev/vfio0/dev", "511:0\n");
	EXPECT_TEXT(look(), "no-node");
	tree_file("dev/vfio/devices/vfio0", "");
	EXPECT_TEXT(look(), "ready");
	EXPECT_TEXT(bindery_wait_get_node(waiting), "/dev/vfio/devices/vfio0");
	tree_dir("sys/class/vfio/5");
	EXPECT_TEXT(look(), "no-node");
	tree_file("dev/vfio/5", "");
	EXPECT_TEXT(look(), "ready");
	EXPECT_TEXT(bindery_wait_get_node(waiting), "/dev/vfio/5");
	finish();
}

/* It came after the look for one of VFIO's. */
TEST(A3_the_node_of_VFIO_is_not_taken_for_another_drivers)
{
	char node[64];
	int dir;

	start();
	tree_pci("0000:01:00.0", "vfio-pci", "5");
	tree_class("sys/devices/0000:01:00.0/vfio-dev/vfio0", "vfio-dev",
		   "vfio0");
	tree_file("sys/devices/0000:01:00.0/vfio-dev/vfio0/uevent",
		  "DEVNAME=vfio/devices/vfio0\n");
	tree_file("dev/vfio/devices/vfio0", "");
	dir = sysfs_open(host->root, "sys/devices/0000:01:00.0");
	EXPECT(dir >= 0);
	EXPECT(!device_node_find(host, dir, 0, node, sizeof(node)));
	sysfs_close(dir);
	finish();
}

TEST(A3_the_deadline_ends_it_and_tells_how_far_it_was)
{
	enum bindery_wait_state state = BINDERY_WAIT_READY;

	start();
	EXPECT_INT(bindery_wait_until(waiting, 0, &state), -ETIMEDOUT);
	EXPECT_INT(state, BINDERY_WAIT_ABSENT);
	tree_pci("0000:01:00.0", NULL, "5");
	EXPECT_INT(bindery_wait_set_driver(waiting, ""), 0);
	EXPECT_INT(bindery_wait_until(waiting, 50, &state), -ETIMEDOUT);
	EXPECT_INT(state, BINDERY_WAIT_NO_DRIVER);
	tree_link("sys/devices/0000:01:00.0/driver", "../drivers/nvme");
	EXPECT_INT(bindery_wait_until(waiting, 0, &state), 0);
	EXPECT_INT(state, BINDERY_WAIT_READY);
	finish();
}

TEST(A3_a_path_is_waited_for_as_well)
{
	struct bindery_reference device = {
		.address = BINDERY_ADDRESS_PATH,
	};
	enum bindery_wait_state state;

	start();
	bindery_wait_free(waiting);
	EXPECT_INT(bindery_path_parse("02/03", &device.path), 0);
	EXPECT_INT(bindery_wait_new(host, &device, &waiting), 0);
	EXPECT_TEXT(look(), "absent");
	tree_link("sys/class/pci_bus/0000:00",
		  "../../devices/pci0000:00/pci_bus/0000:00");
	EXPECT_TEXT(look(), "absent");
	tree_dir("sys/devices/pci0000:00/0000:00:02.0/0000:01:03.0");
	tree_link("sys/bus/pci/devices/0000:01:03.0",
		  "../../../devices/pci0000:00/0000:00:02.0/0000:01:03.0");
	EXPECT_TEXT(look(), "ready");
	EXPECT_INT(bindery_wait_get_bdf(waiting).slot, 3);
	tree_link("sys/class/pci_bus/0001:00",
		  "../../devices/pci0001:00/pci_bus/0001:00");
	EXPECT_INT(bindery_wait_look(waiting, &state), -ENOTUNIQ);
	finish();
}

TEST(A3_what_cannot_be_waited_for_is_refused)
{
	struct bindery_reference device = { .expect = BINDERY_EXPECT_ID };
	struct bindery_wait *other = NULL;
	char name[BINDERY_NAME_SIZE + 1];

	start();
	EXPECT_INT(bindery_wait_new(host, &device, &other), -EINVAL);
	EXPECT(!other);
	memset(name, 'x', sizeof(name));
	name[sizeof(name) - 1] = '\0';
	EXPECT_INT(bindery_wait_set_driver(waiting, name), -ENAMETOOLONG);
	EXPECT_TEXT(bindery_wait_state_symbol(99), "unknown");
	bindery_wait_free(NULL);
	finish();
}

TEST(A3_its_fd_is_a_socket_that_can_be_polled)
{
	struct pollfd fd = { .events = POLLIN };
	socklen_t size = sizeof(int);
	int type = 0;

	start();
	fd.fd = bindery_wait_get_fd(waiting);
	EXPECT_INT(getsockopt(fd.fd, SOL_SOCKET, SO_DOMAIN, &type, &size), 0);
	EXPECT_INT(type, AF_NETLINK);
	EXPECT(poll(&fd, 1, 0) >= 0);
	finish();
}

TEST(A3_what_keeps_from_listening_is_told)
{
	static const struct {
		int error;
		int ret;
	} rows[] = {
		{ NLE_NOMEM, -ENOBUFS }, { NLE_AGAIN, -EAGAIN },
		{ NLE_AF_NOSUPPORT, -EPROTONOSUPPORT }, { NLE_PERM, -EIO },
	};
	struct bindery_reference device = { .bdf = { 0, 1, 0, 0 } };
	struct bindery_wait *other = NULL;

	start();
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		connect_error = -rows[i].error;
		EXPECT_INT(bindery_wait_new(host, &device, &other),
			   rows[i].ret);
	}
	EXPECT(!other);
	finish();
}

TEST(A3_lost_events_are_no_failure_but_a_broken_socket_is)
{
	enum bindery_wait_state state;

	start();
	receive_result = -NLE_NOMEM;
	EXPECT_TEXT(look(), "absent");
	receive_result = -NLE_BAD_SOCK;
	EXPECT_INT(bindery_wait_look(waiting, &state), -EIO);
	finish();
}

TEST(A3_events_without_end_do_not_keep_from_looking)
{
	start();
	receive_result = 16;
	receives = 0;
	EXPECT_TEXT(look(), "absent");
	EXPECT(receives > 1);
	finish();
}

TEST(A3_a_signal_ends_the_waiting)
{
	enum bindery_wait_state state = BINDERY_WAIT_READY;

	start();
	poll_error = EINTR;
	EXPECT_INT(bindery_wait_until(waiting, 60000, &state), -EINTR);
	EXPECT_INT(state, BINDERY_WAIT_ABSENT);
	finish();
}
