// SPDX-License-Identifier: LGPL-2.1-or-later
/* Device nodes of VFIO, and udev, which has its own idea of their rights. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/netlink.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "internal.h"

#define KERNEL_EVENTS	1
#define UDEV_EVENTS	2
#define EVENT_SIZE	8192
/*
 * Nobody reads while devices are moved, and each may make dozens of events, of
 * the kernel and then of udev, which has as much room for the same reason.
 */
#define ROOM		(128 * 1024 * 1024)

/* What udev passes on begins with this; the offsets are from the beginning. */
struct udev_header {
	char prefix[8];
	uint32_t magic;		/* big endian */
	uint32_t header_size;
	uint32_t properties_offset;
	uint32_t properties_size;
};

#define UDEV_PREFIX	"libudev"
#define UDEV_MAGIC	0xfeedcafe

/* The last events of a device of VFIO. */
struct record {
	char *path;
	unsigned long long kernel;
	unsigned long long udev;
};

struct bindery_nodes {
	const struct bindery_host *host;
	int fd;
	struct record *records;
	size_t num_records;
};

static int prepare(int fd)
{
	struct sockaddr_nl address = {
		.nl_family = AF_NETLINK,
		.nl_groups = KERNEL_EVENTS | UDEV_EVENTS,
	};
	int on = 1, room = ROOM;

	/* Root may have more than the limit; the rest do with less. */
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room)))
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof(room));
	if (setsockopt(fd, SOL_SOCKET, SO_PASSCRED, &on, sizeof(on)) ||
	    bind(fd, (struct sockaddr *)&address, sizeof(address)))
		return -errno;
	return 0;
}

int bindery_nodes_watch(const struct bindery_host *host,
			struct bindery_nodes **nodes)
{
	struct bindery_nodes *new = calloc(1, sizeof(*new));
	int ret;

	if (!new)
		return -ENOMEM;
	new->host = host;
	new->fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK,
			 NETLINK_KOBJECT_UEVENT);
	ret = new->fd < 0 ? -errno : prepare(new->fd);
	if (ret)
		bindery_nodes_free(new);
	else
		*nodes = new;
	return ret;
}

void bindery_nodes_free(struct bindery_nodes *nodes)
{
	if (!nodes)
		return;
	if (nodes->fd >= 0)
		close(nodes->fd);
	for (size_t i = 0; i < nodes->num_records; i++)
		free(nodes->records[i].path);
	free(nodes->records);
	free(nodes);
}

int bindery_nodes_get_fd(const struct bindery_nodes *nodes)
{
	return nodes->fd;
}

static struct record *find_record(const struct bindery_nodes *nodes,
				  const char *path)
{
	for (size_t i = 0; i < nodes->num_records; i++)
		if (!strcmp(nodes->records[i].path, path))
			return &nodes->records[i];
	return NULL;
}

static struct record *get_record(struct bindery_nodes *nodes, const char *path)
{
	struct record *record = find_record(nodes, path), *records;

	if (record)
		return record;
	records = reallocarray(nodes->records, nodes->num_records + 1,
			       sizeof(*records));
	if (!records)
		return NULL;
	nodes->records = records;
	record = &records[nodes->num_records];
	*record = (struct record){ .path = strdup(path) };
	if (!record->path)
		return NULL;
	nodes->num_records++;
	return record;
}

/* The value of KEY= among strings one after another. */
static const char *property(const char *text, size_t size, const char *key)
{
	const char *end = text + size;
	size_t length = strlen(key);

	for (; text < end; text += strnlen(text, (size_t)(end - text)) + 1)
		if ((size_t)(end - text) > length &&
		    !strncmp(text, key, length) && text[length] == '=')
			return text + length + 1;
	return NULL;
}

static int take(struct bindery_nodes *nodes, const char *text, size_t size,
		bool by_udev)
{
	const char *subsystem = property(text, size, "SUBSYSTEM");
	const char *number = property(text, size, "SEQNUM");
	const char *path = property(text, size, "DEVPATH");
	unsigned long long sequence;
	struct record *record;

	if (!subsystem || !number || !path || strncmp(subsystem, "vfio", strlen("vfio")))
		return 0;
	record = get_record(nodes, path);
	if (!record)
		return -ENOMEM;
	sequence = strtoull(number, NULL, 10);
	if (by_udev)
		record->udev = sequence;
	else
		record->kernel = sequence;
	return 0;
}

static int take_udev(struct bindery_nodes *nodes, const char *text, size_t size)
{
	struct udev_header header;

	if (size < sizeof(header))
		return 0;
	memcpy(&header, text, sizeof(header));
	if (ntohl(header.magic) != UDEV_MAGIC ||
	    header.properties_offset > size ||
	    header.properties_size > size - header.properties_offset)
		return 0;
	return take(nodes, text + header.properties_offset,
		    header.properties_size, true);
}

/* Anybody may send to a socket of this kind; only root is believed. */
static bool is_from_root(const struct msghdr *message)
{
	struct cmsghdr *control = CMSG_FIRSTHDR(message);
	struct ucred who;

	if (!control || control->cmsg_level != SOL_SOCKET ||
	    control->cmsg_type != SCM_CREDENTIALS)
		return false;
	memcpy(&who, CMSG_DATA(control), sizeof(who));
	return !who.uid;
}

/* 1: there may be more, 0: that was all. */
static int receive(struct bindery_nodes *nodes)
{
	char text[EVENT_SIZE + 1], control[CMSG_SPACE(sizeof(struct ucred))];
	struct sockaddr_nl from = { 0 };
	struct iovec part = { text, EVENT_SIZE };
	struct msghdr message = {
		.msg_name = &from,
		.msg_namelen = sizeof(from),
		.msg_iov = &part,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control),
	};
	ssize_t size = recvmsg(nodes->fd, &message, 0);
	int ret = 0;

	if (size < 0)
		return errno == EAGAIN ? 0 : -errno;
	text[size] = '\0';
	if (!is_from_root(&message))
		return 1;
	if (!strcmp(text, UDEV_PREFIX))
		ret = take_udev(nodes, text, (size_t)size);
	else if (!from.nl_pid)
		ret = take(nodes, text, (size_t)size, false);
	return ret ? ret : 1;
}

/* What one node is, in sysfs, in /dev and to udev. */
struct vfio_node {
	char path[PATH_MAX];	/* below the root */
	char event[PATH_MAX];	/* its DEVPATH */
	unsigned int major;
	unsigned int minor;
};

static int describe(const struct bindery_host *host, const char *class,
		    const char *name, const char *dir, struct vfio_node *node)
{
	char link[PATH_MAX], text[32];
	int ret;

	snprintf(link, sizeof(link), "sys/class/%s/%s/dev", class, name);
	ret = sysfs_read(host->root, link, text, sizeof(text));
	if (ret)
		return ret;
	if (sscanf(text, "%u:%u", &node->major, &node->minor) != 2)
		return -EINVAL;
	*strrchr(link, '/') = '\0';
	ret = sysfs_read_target(host->root, link, node->event,
				sizeof(node->event));
	if (ret)
		return ret;
	/* "../../devices/..." */
	if (!strncmp(node->event, "../..", 5))
		memmove(node->event, node->event + 5,
			strlen(node->event + 5) + 1);
	snprintf(node->path, sizeof(node->path), "dev/vfio/%s%s", dir, name);
	return 0;
}

/* Calls @act for each node; counts those that were there. */
struct walk {
	struct bindery_nodes *nodes;
	int (*act)(struct walk *walk, const struct vfio_node *node);
	size_t count;
	uid_t owner;
	gid_t group;
	mode_t mode;
};

static int act_on(struct walk *walk, const char *class, const char *name,
		  const char *dir)
{
	struct vfio_node node;
	int ret = describe(walk->nodes->host, class, name, dir, &node);

	/* Kernels may have nodes of one kind only. */
	if (ret)
		return ret == -ENOENT ? 0 : ret;
	walk->count++;
	return walk->act(walk, &node);
}

static int visit_device(int dir, const char *name, void *argument)
{
	(void)dir;
	return act_on(argument, "vfio-dev", name, "devices/");
}

static int walk_member(struct walk *walk, const struct bindery_member *member)
{
	struct bindery_bdf bdf = bindery_member_get_bdf(member);
	char path[PATH_MAX], text[BINDERY_BDF_SIZE];
	int ret;

	if (!(bindery_member_get_flags(member) & BINDERY_MEMBER_PCI))
		return 0;
	bindery_bdf_format(&bdf, text);
	snprintf(path, sizeof(path), "sys/bus/pci/devices/%s/vfio-dev", text);
	ret = sysfs_each(walk->nodes->host->root, path, visit_device, walk);
	return ret == -ENOENT ? 0 : ret;
}

/* Members of one group come one after another. */
static int walk_nodes(struct walk *walk, const struct bindery_members *members)
{
	uint32_t last = 0;
	int ret = 0;

	for (size_t i = 0; !ret && i < bindery_members_get_count(members); i++) {
		const struct bindery_member *member;
		char number[16];

		member = bindery_members_get(members, i);
		if (!i || bindery_member_get_group(member) != last) {
			last = bindery_member_get_group(member);
			snprintf(number, sizeof(number), "%u", last);
			ret = act_on(walk, "vfio", number, "");
		}
		if (!ret)
			ret = walk_member(walk, member);
	}
	if (ret)
		return ret;
	return walk->count ? 0 : -ENOENT;
}

/*
 * An event that the kernel sent is over when udev has passed it on. Of a node
 * that was there before we listened, udev's record tells, or that it is idle.
 */
static bool udev_has_finished(const struct bindery_nodes *nodes,
			      const struct vfio_node *node)
{
	const struct record *record = find_record(nodes, node->event);
	int root = nodes->host->root;
	char path[64];

	if (!sysfs_has(root, "run/udev/control"))
		return true;
	if (record)
		return record->udev >= record->kernel;
	snprintf(path, sizeof(path), "run/udev/data/c%u:%u", node->major,
		 node->minor);
	return sysfs_has(root, path) || !sysfs_has(root, "run/udev/queue");
}

static int settle(struct walk *walk, const struct vfio_node *node)
{
	return sysfs_has(walk->nodes->host->root, node->path) &&
	       udev_has_finished(walk->nodes, node) ? 0 : -EAGAIN;
}

int bindery_nodes_settle(struct bindery_nodes *nodes,
			 const struct bindery_members *members)
{
	struct walk walk = { .nodes = nodes, .act = settle };
	int ret;

	do {
		ret = receive(nodes);
	} while (ret > 0);
	return ret ? ret : walk_nodes(&walk, members);
}

static bool has_rights(const struct walk *walk, const struct stat *status)
{
	return (walk->owner == (uid_t)-1 || status->st_uid == walk->owner) &&
	       (walk->group == (gid_t)-1 || status->st_gid == walk->group) &&
	       (walk->mode == (mode_t)-1 ||
		(status->st_mode & 07777) == walk->mode);
}

/* @fd is a path only: what is set is what was looked at. */
static int set_rights(const struct walk *walk, int fd)
{
	struct stat status;
	char path[32];

	if (fchownat(fd, "", walk->owner, walk->group, AT_EMPTY_PATH))
		return -errno;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (walk->mode != (mode_t)-1 && chmod(path, walk->mode))
		return -errno;
	if (fstat(fd, &status))
		return -errno;
	return has_rights(walk, &status) ? 0 : -ESTALE;
}

static int set_node(struct walk *walk, const struct vfio_node *node)
{
	struct stat status;
	int fd, ret = -ESTALE;

	fd = sysfs_open_file(walk->nodes->host->root, node->path,
			     O_PATH | O_NOFOLLOW);
	if (fd < 0)
		return fd;
	if (!fstat(fd, &status) && S_ISCHR(status.st_mode) &&
	    status.st_rdev == makedev(node->major, node->minor))
		ret = set_rights(walk, fd);
	close(fd);
	return ret;
}

int bindery_nodes_set_rights(struct bindery_nodes *nodes,
			     const struct bindery_members *members,
			     uid_t owner, gid_t group, mode_t mode)
{
	struct walk walk = {
		.nodes = nodes,
		.act = set_node,
		.owner = owner,
		.group = group,
		.mode = mode,
	};

	return walk_nodes(&walk, members);
}
