// SPDX-License-Identifier: LGPL-2.1-or-later
/* Until a device is there: subscribe first, then look, then look at each event. */
#include <errno.h>
#include <limits.h>
#include <linux/netlink.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <netlink/errno.h>
#include <netlink/netlink.h>
#include <netlink/socket.h>

#include "netlink.h"

#define KERNEL_EVENTS	1
#define ROOM		(1024 * 1024)
/* Events that are read before the next look; the fd stays readable for more. */
#define EVENTS_MAX	1024

struct bindery_wait {
	const struct bindery_host *host;
	struct nl_sock *socket;
	struct bindery_reference device;
	bool want_driver;
	bool want_node;
	char wanted[BINDERY_NAME_SIZE];	/* "": any driver */
	struct bindery_bdf bdf;
	char driver[BINDERY_NAME_SIZE];
	char node[BINDERY_NODE_SIZE];
};

/* libnl keeps no errno. */
static int to_errno(int error)
{
	switch (-error) {
	case NLE_SUCCESS:
		return 0;
	case NLE_NOMEM:
		return -ENOBUFS;
	case NLE_AGAIN:
		return -EAGAIN;
	case NLE_AF_NOSUPPORT:
		return -EPROTONOSUPPORT;
	default:
		return -EIO;
	}
}

static int subscribe(struct nl_sock *socket)
{
	int ret;

	errno = 0;
	ret = nl_connect(socket, NETLINK_KOBJECT_UEVENT);
	if (ret && netlink_lacks_files())
		return -errno;
	if (!ret)
		ret = nl_socket_add_membership(socket, KERNEL_EVENTS);
	if (!ret)
		ret = nl_socket_set_nonblocking(socket);
	/* Without the room some may be lost, which is told. */
	if (!ret)
		nl_socket_set_buffer_size(socket, ROOM, 0);
	return to_errno(ret);
}

int bindery_wait_new(const struct bindery_host *host,
		     const struct bindery_reference *device,
		     struct bindery_wait **wait)
{
	struct bindery_wait *new;
	int ret;

	if (device->expect)
		return -EINVAL;
	new = calloc(1, sizeof(*new));
	if (!new)
		return -ENOMEM;
	new->host = host;
	new->device = *device;
	new->socket = nl_socket_alloc();
	ret = new->socket ? subscribe(new->socket) : -ENOMEM;
	if (ret)
		bindery_wait_free(new);
	else
		*wait = new;
	return ret;
}

void bindery_wait_free(struct bindery_wait *wait)
{
	if (!wait)
		return;
	nl_socket_free(wait->socket);
	free(wait);
}

int bindery_wait_set_driver(struct bindery_wait *wait, const char *driver)
{
	if (strlen(driver) >= sizeof(wait->wanted))
		return -ENAMETOOLONG;
	wait->want_driver = true;
	snprintf(wait->wanted, sizeof(wait->wanted), "%s", driver);
	return 0;
}

void bindery_wait_set_node(struct bindery_wait *wait)
{
	wait->want_node = true;
}

int bindery_wait_get_fd(const struct bindery_wait *wait)
{
	return nl_socket_get_fd(wait->socket);
}

/* What they say does not matter: that one came means to look again. */
static int drain(struct bindery_wait *wait)
{
	struct sockaddr_nl from;
	unsigned char *event;
	int ret = 0;

	for (int i = 0; ret >= 0 && i < EVENTS_MAX; i++) {
		event = NULL;
		ret = nl_recv(wait->socket, &from, &event, NULL);
		free(event);
	}
	/* What was lost would have said no more. */
	if (ret >= 0 || ret == -NLE_AGAIN || ret == -NLE_NOMEM)
		return 0;
	return to_errno(ret);
}

static int open_device(const struct bindery_wait *wait)
{
	char text[BINDERY_BDF_SIZE], path[128];

	bindery_bdf_format(&wait->bdf, text);
	/* The slash follows the link. */
	snprintf(path, sizeof(path), "sys/bus/pci/devices/%s/", text);
	return sysfs_open(wait->host->root, path);
}

/* The node has to be in /dev, however much the driver promises. */
static bool has_vfio_node(struct bindery_wait *wait)
{
	struct bindery_device_nodes nodes;
	const char *node;

	if (bindery_host_find_nodes(wait->host, &wait->bdf, &nodes))
		return false;
	node = *nodes.group ? nodes.group : nodes.device;
	if (!*node || !sysfs_has(wait->host->root, node + 1))
		return false;
	snprintf(wait->node, sizeof(wait->node), "%s", node);
	return true;
}

static bool find_node(struct bindery_wait *wait, int dir)
{
	unsigned long class_code = 0;

	if (sysfs_has(dir, "vfio-dev"))
		return has_vfio_node(wait);
	sysfs_read_number(dir, "class", &class_code);
	return device_node_find(wait->host, dir, (uint32_t)class_code,
				wait->node, sizeof(wait->node));
}

static enum bindery_wait_state look(struct bindery_wait *wait, int dir)
{
	bool has_driver = !sysfs_read_name(dir, "driver", wait->driver,
					   sizeof(wait->driver));

	if ((wait->want_driver || wait->want_node) && !has_driver)
		return BINDERY_WAIT_NO_DRIVER;
	if (*wait->wanted && !driver_is_same(wait->wanted, wait->driver))
		return BINDERY_WAIT_OTHER_DRIVER;
	if (wait->want_node && !find_node(wait, dir))
		return BINDERY_WAIT_NO_NODE;
	return BINDERY_WAIT_READY;
}

int bindery_wait_look(struct bindery_wait *wait,
		      enum bindery_wait_state *state)
{
	int dir, ret = drain(wait);

	if (ret)
		return ret;
	wait->driver[0] = '\0';
	wait->node[0] = '\0';
	*state = BINDERY_WAIT_ABSENT;
	ret = bindery_host_find_device(wait->host, &wait->device, &wait->bdf);
	if (ret)
		return ret == -ENODEV ? 0 : ret;
	sysfs_shortage_clear();
	dir = open_device(wait);
	if (dir >= 0) {
		*state = look(wait, dir);
		sysfs_close(dir);
	}
	return sysfs_shortage();
}

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int bindery_wait_until(struct bindery_wait *wait, uint32_t deadline_ms,
		       enum bindery_wait_state *state)
{
	struct pollfd fd = { bindery_wait_get_fd(wait), POLLIN, 0 };
	int64_t end = now_ms() + deadline_ms, left;
	int ret;

	while (!(ret = bindery_wait_look(wait, state)) &&
	       *state != BINDERY_WAIT_READY) {
		left = end - now_ms();
		if (left <= 0)
			return -ETIMEDOUT;
		if (poll(&fd, 1, left > INT_MAX ? INT_MAX : (int)left) < 0)
			return -errno;
	}
	return ret;
}

struct bindery_bdf bindery_wait_get_bdf(const struct bindery_wait *wait)
{
	return wait->bdf;
}

const char *bindery_wait_get_driver(const struct bindery_wait *wait)
{
	return wait->driver;
}

const char *bindery_wait_get_node(const struct bindery_wait *wait)
{
	return wait->node;
}
