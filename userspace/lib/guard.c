// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "internal.h"

#define NAME_SIZE	256
#define DEPTH_MAX	16	/* of devices on devices: LVM on LUKS on md ... */
#define IFF_UP		0x1

struct bindery_guard {
	struct bindery_bdf bdf;
	enum bindery_guard_kind kind;
	char *what;
};

struct bindery_guards {
	size_t count;
	struct bindery_guard *list;
};

struct hunt {
	const struct bindery_host *host;
	struct bindery_guards *guards;
	struct bindery_bdf bdf;
	const char *block;	/* name of the block device looked at */
	char number[32];	/* its major:minor */
	int depth;
};

static bool is_known(const struct hunt *hunt, const char *what)
{
	const struct bindery_guards *guards = hunt->guards;

	for (size_t i = 0; i < guards->count; i++)
		if (!bindery_bdf_compare(&guards->list[i].bdf, &hunt->bdf) &&
		    !strcmp(guards->list[i].what, what))
			return true;
	return false;
}

__attribute__((format(printf, 3, 4)))
static int add_guard(struct hunt *hunt, enum bindery_guard_kind kind,
		     const char *format, ...)
{
	struct bindery_guards *guards = hunt->guards;
	struct bindery_guard *list;
	va_list arguments;
	char *what;
	int length;

	va_start(arguments, format);
	length = vasprintf(&what, format, arguments);
	va_end(arguments);
	if (length < 0)
		return -ENOMEM;
	if (is_known(hunt, what)) {
		free(what);
		return 0;
	}
	list = reallocarray(guards->list, guards->count + 1, sizeof(*list));
	if (!list) {
		free(what);
		return -ENOMEM;
	}
	guards->list = list;
	list[guards->count++] = (struct bindery_guard){ hunt->bdf, kind, what };
	return 0;
}

/* /proc writes blanks and the like in paths as \040. */
static void unescape(char *text)
{
	char *out = text;

	while (*text) {
		unsigned int c;

		if (text[0] == '\\' && sscanf(text + 1, "%3o", &c) == 1) {
			*out++ = (char)c;
			text += 4;
		} else {
			*out++ = *text++;
		}
	}
	*out = '\0';
}

static int mount_line(char *line, void *argument)
{
	struct hunt *hunt = argument;
	char *number, *path, *save;

	if (!strtok_r(line, " ", &save) || !strtok_r(NULL, " ", &save))
		return 0;
	number = strtok_r(NULL, " ", &save);
	strtok_r(NULL, " ", &save);
	path = strtok_r(NULL, " ", &save);
	if (!path || strcmp(number, hunt->number))
		return 0;
	unescape(path);
	return add_guard(hunt, BINDERY_GUARD_MOUNT, "%s mounted on %s",
			 hunt->block, path);
}

static int swap_line(char *line, void *argument)
{
	struct hunt *hunt = argument;
	const char *name;

	line[strcspn(line, " \t\n")] = '\0';
	unescape(line);
	name = strrchr(line, '/');
	if (!name || strcmp(name + 1, hunt->block))
		return 0;
	return add_guard(hunt, BINDERY_GUARD_SWAP, "%s is swap", hunt->block);
}

/* A mounted btrfs has a device number of its own, but lists its devices. */
static int visit_btrfs(int dir, const char *name, void *argument)
{
	struct hunt *hunt = argument;
	char path[2 * NAME_SIZE];

	snprintf(path, sizeof(path), "%s/devices/%s", name, hunt->block);
	if (!sysfs_has(dir, path))
		return 0;
	return add_guard(hunt, BINDERY_GUARD_MOUNT,
			 "%s part of a mounted btrfs", hunt->block);
}

static int block_use(struct hunt *hunt, int dir, const char *name);

static int visit_partition(int dir, const char *name, void *argument)
{
	int fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW |
			O_CLOEXEC), ret = 0;

	if (fd < 0)
		return 0;
	if (sysfs_has(fd, "partition"))
		ret = block_use(argument, fd, name);
	close(fd);
	return ret;
}

/* A block device that is elsewhere in sysfs, with its partitions. */
static int disk_use(struct hunt *hunt, const char *name)
{
	char path[NAME_SIZE + 32];
	int fd, ret;

	snprintf(path, sizeof(path), "sys/class/block/%s", name);
	fd = sysfs_open(hunt->host->root, path);
	if (fd < 0)
		return 0;
	ret = block_use(hunt, fd, name);
	if (!ret)
		ret = sysfs_each(fd, ".", visit_partition, hunt);
	close(fd);
	return ret;
}

static int visit_holder(int dir, const char *name, void *argument)
{
	struct hunt *hunt = argument;
	char path[NAME_SIZE + 16], alias[NAME_SIZE];
	int ret;

	snprintf(path, sizeof(path), "%s/dm/name", name);
	if (sysfs_read(dir, path, alias, sizeof(alias)))
		ret = add_guard(hunt, BINDERY_GUARD_HOLDER, "%s held by %s",
				hunt->block, name);
	else
		ret = add_guard(hunt, BINDERY_GUARD_HOLDER,
				"%s held by %s (%s)", hunt->block, name, alias);
	return ret ? ret : disk_use(hunt, name);
}

/*
 * The disk of an nvme path is hidden, nvme0c1n2; what can be mounted is the
 * head of all paths of its subsystem, nvme0n2.
 */
static int head_use(struct hunt *hunt, const char *name)
{
	unsigned int subsystem, controller, namespace;
	char head[NAME_SIZE];

	if (sscanf(name, "nvme%uc%un%u", &subsystem, &controller,
		   &namespace) != 3)
		return 0;
	snprintf(head, sizeof(head), "nvme%un%u", subsystem, namespace);
	return disk_use(hunt, head);
}

static int own_use(struct hunt *hunt, int dir)
{
	int ret;

	if (sysfs_read(dir, "dev", hunt->number, sizeof(hunt->number)))
		hunt->number[0] = '\0';
	ret = sysfs_each_line(hunt->host->root, "proc/self/mountinfo",
			      mount_line, hunt);
	if (ret)
		return ret == -ENOENT ? -ENODATA : ret;
	ret = sysfs_each_line(hunt->host->root, "proc/swaps", swap_line, hunt);
	/* Kernels may have no swap, and no btrfs. */
	if (!ret || ret == -ENOENT)
		ret = sysfs_each(hunt->host->root, "sys/fs/btrfs", visit_btrfs,
				 hunt);
	return ret == -ENOENT ? 0 : ret;
}

static int block_use(struct hunt *hunt, int dir, const char *name)
{
	const char *outer = hunt->block;
	int ret;

	if (hunt->depth >= DEPTH_MAX)
		return 0;
	hunt->depth++;
	hunt->block = name;
	ret = own_use(hunt, dir);
	if (!ret)
		ret = sysfs_each(dir, "holders", visit_holder, hunt);
	if (!ret || ret == -ENOENT)
		ret = head_use(hunt, name);
	hunt->block = outer;
	hunt->depth--;
	return ret;
}

static int net_use(struct hunt *hunt, int dir, const char *name)
{
	unsigned long flags;

	if (sysfs_read_number(dir, "flags", &flags) || !(flags & IFF_UP))
		return 0;
	return add_guard(hunt, BINDERY_GUARD_NETDEV, "interface %s is up",
			 name);
}

/* Everything below a device: a virtio or SCSI disk is some levels down. */
static int visit_below(int dir, const char *name, void *argument)
{
	int fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW |
			O_CLOEXEC), ret = 0;
	char subsystem[NAME_SIZE];

	if (fd < 0)
		return errno == EMFILE || errno == ENFILE ? -errno : 0;
	if (sysfs_read_name(fd, "subsystem", subsystem, sizeof(subsystem)))
		subsystem[0] = '\0';
	if (!strcmp(subsystem, "block"))
		ret = block_use(argument, fd, name);
	else if (!strcmp(subsystem, "net"))
		ret = net_use(argument, fd, name);
	if (!ret)
		ret = sysfs_each(fd, ".", visit_below, argument);
	close(fd);
	/* What goes away meanwhile is not in use. */
	return ret == -ENOENT ? 0 : ret;
}

static int device_use(struct hunt *hunt)
{
	char path[BINDERY_BDF_SIZE + 32], text[BINDERY_BDF_SIZE];
	unsigned long boot_vga;
	int fd, ret = 0;

	bindery_bdf_format(&hunt->bdf, text);
	snprintf(path, sizeof(path), "sys/bus/pci/devices/%s", text);
	fd = sysfs_open(hunt->host->root, path);
	if (fd < 0)
		return fd == -ENOENT ? 0 : fd;
	if (!sysfs_read_number(fd, "boot_vga", &boot_vga) && boot_vga)
		ret = add_guard(hunt, BINDERY_GUARD_BOOT_VGA,
				"it is the boot VGA");
	if (!ret)
		ret = sysfs_each(fd, ".", visit_below, hunt);
	close(fd);
	return ret;
}

int bindery_guards_find_devices(const struct bindery_host *host,
				const struct bindery_bdf *bdfs, size_t count,
				struct bindery_guards **guards)
{
	struct hunt hunt = { .host = host };
	int ret = 0;

	hunt.guards = calloc(1, sizeof(*hunt.guards));
	if (!hunt.guards)
		return -ENOMEM;
	for (size_t i = 0; !ret && i < count; i++) {
		hunt.bdf = bdfs[i];
		ret = device_use(&hunt);
	}
	if (ret)
		bindery_guards_free(hunt.guards);
	else
		*guards = hunt.guards;
	return ret;
}

int bindery_guards_find(const struct bindery_host *host,
			const struct bindery_members *plan,
			struct bindery_guards **guards)
{
	struct bindery_bdf *bdfs = calloc(plan->count + 1, sizeof(*bdfs));
	size_t count = 0;
	int ret;

	if (!bdfs)
		return -ENOMEM;
	for (size_t i = 0; i < plan->count; i++) {
		const struct bindery_member *member = &plan->entries[i];

		if (bindery_member_get_action(member) == BINDERY_ACTION_MOVE)
			bdfs[count++] = bindery_member_get_bdf(member);
	}
	ret = bindery_guards_find_devices(host, bdfs, count, guards);
	free(bdfs);
	return ret;
}

void bindery_guards_free(struct bindery_guards *guards)
{
	if (!guards)
		return;
	for (size_t i = 0; i < guards->count; i++)
		free(guards->list[i].what);
	free(guards->list);
	free(guards);
}

size_t bindery_guards_get_count(const struct bindery_guards *guards)
{
	return guards->count;
}

const struct bindery_guard *
bindery_guards_get(const struct bindery_guards *guards, size_t index)
{
	return index < guards->count ? &guards->list[index] : NULL;
}

struct bindery_bdf bindery_guard_get_bdf(const struct bindery_guard *guard)
{
	return guard->bdf;
}

enum bindery_guard_kind
bindery_guard_get_kind(const struct bindery_guard *guard)
{
	return guard->kind;
}

const char *bindery_guard_get_what(const struct bindery_guard *guard)
{
	return guard->what;
}
