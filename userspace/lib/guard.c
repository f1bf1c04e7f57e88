// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "internal.h"

#define NAME_SIZE	256

struct bindery_guard {
	struct bindery_bdf bdf;
	enum bindery_guard_kind kind;
	char *what;
};

struct bindery_guards {
	size_t count;
	struct bindery_guard *list;
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

int guard_add(struct hunt *hunt, enum bindery_guard_kind kind,
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

/* Since there were @before, one that is more than a warning. */
bool guard_was_added(const struct hunt *hunt, size_t before)
{
	const struct bindery_guards *guards = hunt->guards;

	for (size_t i = before; i < guards->count; i++)
		if (!bindery_guard_is_warning(&guards->list[i]))
			return true;
	return false;
}

static int class_use(struct hunt *hunt, int dir, const char *name,
		     const char *subsystem)
{
	if (!strcmp(subsystem, "block"))
		return guard_block_use(hunt, dir, name);
	if (!strcmp(subsystem, "net"))
		return guard_net_use(hunt, dir, name);
	if (!strcmp(subsystem, "drm"))
		return guard_display_use(hunt, dir);
	return 0;
}

/*
 * The kernel makes such a directory with the first interface and takes it away
 * with the last one: if it looks empty, they are where we cannot look.
 */
static int elsewhere_use(struct hunt *hunt, int dir, const char *name)
{
	static const char *const classes[] = {
		"net", "ieee80211", "infiniband"
	};

	for (size_t i = 0; i < ARRAY_SIZE(classes); i++)
		if (!strcmp(name, classes[i]) && !sysfs_has_entries(dir, "."))
			return guard_add(hunt, BINDERY_GUARD_NETDEV,
					 "an interface of it is in another network namespace");
	return 0;
}

/* Everything below a device: a virtio or SCSI disk is some levels down. */
static int visit_below(int dir, const char *name, void *argument)
{
	int fd = sysfs_open_below(dir, name), ret = 0;
	char subsystem[NAME_SIZE];

	if (fd < 0)
		return 0;
	if (sysfs_read_name(fd, "subsystem", subsystem, sizeof(subsystem)))
		subsystem[0] = '\0';
	if (*subsystem)
		ret = guard_open_note(argument, fd, subsystem);
	if (!ret)
		ret = *subsystem ? class_use(argument, fd, name, subsystem) :
				   elsewhere_use(argument, fd, name);
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
		ret = guard_add(hunt, BINDERY_GUARD_BOOT_VGA,
				"it is the boot VGA");
	if (!ret)
		ret = sysfs_each(fd, ".", visit_below, hunt);
	close(fd);
	return ret;
}

static int find(struct hunt *hunt, const struct bindery_bdf *bdfs,
		size_t count)
{
	int ret = guard_block_prepare(hunt);

	if (!ret)
		ret = guard_net_prepare(hunt);
	for (size_t i = 0; !ret && i < count; i++) {
		hunt->bdf = bdfs[i];
		ret = device_use(hunt);
	}
	/* Which fails also if there was a shortage until now. */
	return ret ? ret : guard_open_find(hunt);
}

int bindery_guards_find_devices(const struct bindery_host *host,
				const struct bindery_bdf *bdfs, size_t count,
				struct bindery_guards **guards)
{
	struct hunt hunt = { .host = host };
	int ret;

	hunt.guards = calloc(1, sizeof(*hunt.guards));
	if (!hunt.guards)
		return -ENOMEM;
	sysfs_shortage_clear();
	ret = find(&hunt, bdfs, count);
	guard_block_finish(&hunt);
	guard_net_finish(&hunt);
	free(hunt.openings);
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

bool bindery_guard_is_warning(const struct bindery_guard *guard)
{
	return guard->kind == BINDERY_GUARD_SIGNATURE;
}
