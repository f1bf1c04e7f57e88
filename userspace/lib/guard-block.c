// SPDX-License-Identifier: LGPL-2.1-or-later
/* What a host does with block devices. */
#include <blkid.h>
#include <errno.h>
#include <fcntl.h>
#include <libmount.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "internal.h"

#define NAME_SIZE	256
#define DEPTH_MAX	16	/* of devices on devices: LVM on LUKS on md ... */

static int read_mounts(struct hunt *hunt)
{
	FILE *file;
	int ret;

	ret = sysfs_stream(hunt->host->root, "proc/self/mountinfo", &file);
	if (ret)
		return ret == -ENOENT ? -ENODATA : ret;
	ret = mnt_table_parse_stream(hunt->mounts, file, "mountinfo");
	fclose(file);
	return ret > 0 ? -EIO : ret;
}

/* The library takes a path here, so it gets one that leads to our file. */
static int read_swaps(struct hunt *hunt)
{
	char path[32];
	int fd, ret;

	fd = sysfs_open_file(hunt->host->root, "proc/swaps", O_RDONLY);
	/* Kernels may have no swap. */
	if (fd < 0)
		return fd == -ENOENT ? 0 : fd;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	ret = mnt_table_parse_swaps(hunt->swaps, path);
	close(fd);
	return ret > 0 ? -EIO : ret;
}

int guard_block_prepare(struct hunt *hunt)
{
	int ret;

	hunt->mounts = mnt_new_table();
	hunt->swaps = mnt_new_table();
	if (!hunt->mounts || !hunt->swaps)
		return -ENOMEM;
	ret = read_mounts(hunt);
	return ret ? ret : read_swaps(hunt);
}

void guard_block_finish(struct hunt *hunt)
{
	mnt_unref_table(hunt->mounts);
	mnt_unref_table(hunt->swaps);
}

static struct libmnt_fs *next_entry(struct libmnt_table *table,
				    struct libmnt_iter *place)
{
	struct libmnt_fs *entry;

	return mnt_table_next_fs(table, place, &entry) ? NULL : entry;
}

static int mount_use(struct hunt *hunt)
{
	struct libmnt_iter *place = mnt_new_iter(MNT_ITER_FORWARD);
	struct libmnt_fs *entry;
	int ret = 0;

	if (!place)
		return -ENOMEM;
	while (!ret && (entry = next_entry(hunt->mounts, place)))
		if (hunt->number && mnt_fs_get_devno(entry) == hunt->number)
			ret = guard_add(hunt, BINDERY_GUARD_MOUNT,
					"%s mounted on %s", hunt->block,
					mnt_fs_get_target(entry));
	mnt_free_iter(place);
	return ret;
}

static bool is_block_path(const char *source, const char *name)
{
	const char *slash = source ? strrchr(source, '/') : NULL;

	return slash && !strcmp(slash + 1, name);
}

static int swap_use(struct hunt *hunt)
{
	struct libmnt_iter *place = mnt_new_iter(MNT_ITER_FORWARD);
	struct libmnt_fs *entry;
	int ret = 0;

	if (!place)
		return -ENOMEM;
	while (!ret && (entry = next_entry(hunt->swaps, place)))
		if (is_block_path(mnt_fs_get_source(entry), hunt->block))
			ret = guard_add(hunt, BINDERY_GUARD_SWAP, "%s is swap",
					hunt->block);
	mnt_free_iter(place);
	return ret;
}

/* A mounted btrfs has a device number of its own, but lists its devices. */
static int visit_btrfs(int dir, const char *name, void *argument)
{
	struct hunt *hunt = argument;
	char path[2 * NAME_SIZE];

	snprintf(path, sizeof(path), "%s/devices/%s", name, hunt->block);
	if (!sysfs_has(dir, path))
		return 0;
	return guard_add(hunt, BINDERY_GUARD_MOUNT,
			 "%s part of a mounted btrfs", hunt->block);
}

static int visit_partition(int dir, const char *name, void *argument)
{
	char path[NAME_SIZE + 16];
	int fd, ret;

	snprintf(path, sizeof(path), "%s/partition", name);
	if (!sysfs_has(dir, path))
		return 0;
	fd = sysfs_open(dir, name);
	if (fd < 0)
		return 0;
	ret = guard_block_use(argument, fd, name);
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
	ret = guard_open_note(hunt, fd, "block");
	if (!ret)
		ret = guard_block_use(hunt, fd, name);
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
		ret = guard_add(hunt, BINDERY_GUARD_HOLDER, "%s held by %s",
				hunt->block, name);
	else
		ret = guard_add(hunt, BINDERY_GUARD_HOLDER,
				"%s held by %s (%s)", hunt->block, name, alias);
	return ret ? ret : disk_use(hunt, name);
}

/* Does the loop device have this block device, instead of a file? */
static bool is_backed_by(const struct hunt *hunt, const char *file)
{
	unsigned int major, minor;
	bool is_block;
	int ret;

	if (strncmp(file, "/dev/", strlen("/dev/")))
		return false;
	ret = sysfs_node(hunt->host->root, file, &is_block, &major, &minor);
	if (!ret)
		return is_block && makedev(major, minor) == hunt->number;
	/* A name from another mount namespace. */
	return ret == -ENOENT && is_block_path(file, hunt->block);
}

/* Nothing below holders tells of it, and nobody else is kept out. */
static int visit_loop(int dir, const char *name, void *argument)
{
	struct hunt *hunt = argument;
	char path[NAME_SIZE + 32], file[PATH_MAX];
	int ret;

	if (strncmp(name, "loop", strlen("loop")) ||
	    !strcmp(name, hunt->block))
		return 0;
	snprintf(path, sizeof(path), "%s/loop/backing_file", name);
	if (sysfs_read(dir, path, file, sizeof(file)) ||
	    !is_backed_by(hunt, file))
		return 0;
	ret = guard_add(hunt, BINDERY_GUARD_HOLDER, "%s held by %s",
			hunt->block, name);
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

/* The node of the block device, if it is the one that sysfs told of. */
static int open_node(const struct hunt *hunt, int flags)
{
	char path[NAME_SIZE + 8];
	struct stat status;
	int fd;

	snprintf(path, sizeof(path), "dev/%s", hunt->block);
	for (char *bang = path; (bang = strchr(bang, '!'));)
		*bang = '/';
	fd = sysfs_open_file(hunt->host->root, path,
			     O_RDONLY | O_NONBLOCK | flags);
	if (fd < 0 || fstat(fd, &status))
		return fd < 0 ? fd : -EBADF;
	if (S_ISBLK(status.st_mode) ? status.st_rdev == hunt->number :
				      !hunt->host->live)
		return fd;
	close(fd);
	return -ENOENT;
}

static int read_signature(int fd, char *text, size_t size)
{
	blkid_probe probe = blkid_new_probe();
	const char *type = NULL;

	text[0] = '\0';
	if (!probe)
		return -ENOMEM;
	blkid_probe_enable_superblocks(probe, 1);
	blkid_probe_enable_partitions(probe, 1);
	if (!blkid_probe_set_device(probe, fd, 0, 0) &&
	    !blkid_do_safeprobe(probe) &&
	    (!blkid_probe_lookup_value(probe, "TYPE", &type, NULL) ||
	     !blkid_probe_lookup_value(probe, "PTTYPE", &type, NULL)))
		snprintf(text, size, "%s", type);
	blkid_free_probe(probe);
	return 0;
}

/*
 * What has no link below holders, as a pool of ZFS, still keeps others from
 * opening the device for themselves. Asked only of a device that has something
 * on it, because for that moment it is us who hold it.
 */
static bool is_held(const struct hunt *hunt)
{
	int fd = open_node(hunt, O_EXCL);

	if (fd >= 0)
		close(fd);
	return fd == -EBUSY;
}

/* Data on a device that nobody is known to use. */
static int content_use(struct hunt *hunt)
{
	char type[NAME_SIZE];
	int fd = open_node(hunt, 0), ret;

	if (fd < 0)
		return 0;
	ret = read_signature(fd, type, sizeof(type));
	close(fd);
	if (ret || !*type)
		return ret;
	if (is_held(hunt))
		return guard_add(hunt, BINDERY_GUARD_HOLDER,
				 "%s held by the user of its %s", hunt->block,
				 type);
	return guard_add(hunt, BINDERY_GUARD_SIGNATURE,
			 "%s has the signature of %s", hunt->block, type);
}

static int visit_own_partition(int dir, const char *name, void *argument)
{
	char path[NAME_SIZE + 16];

	(void)argument;
	snprintf(path, sizeof(path), "%s/partition", name);
	return sysfs_has(dir, path);
}

static void read_number(struct hunt *hunt, int dir)
{
	unsigned int major, minor;
	char text[32];

	hunt->number = 0;
	if (!sysfs_read(dir, "dev", text, sizeof(text)) &&
	    sscanf(text, "%u:%u", &major, &minor) == 2)
		hunt->number = makedev(major, minor);
}

static int own_use(struct hunt *hunt, int dir)
{
	int ret;

	read_number(hunt, dir);
	ret = mount_use(hunt);
	if (!ret)
		ret = swap_use(hunt);
	if (!ret)
		ret = sysfs_each(hunt->host->root, "sys/class/block",
				 visit_loop, hunt);
	/* Kernels may have no block devices but these. */
	if (!ret || ret == -ENOENT)
		ret = sysfs_each(hunt->host->root, "sys/fs/btrfs", visit_btrfs,
				 hunt);
	/* Kernels may have no btrfs. */
	if (ret && ret != -ENOENT)
		return ret;
	return 0;
}

static bool has_partitions(int dir)
{
	return sysfs_each(dir, ".", visit_own_partition, NULL) > 0;
}

int guard_block_use(struct hunt *hunt, int dir, const char *name)
{
	size_t before = bindery_guards_get_count(hunt->guards);
	const char *outer = hunt->block;
	dev_t outer_number = hunt->number;
	int ret;

	if (hunt->depth >= DEPTH_MAX)
		return 0;
	hunt->depth++;
	hunt->block = name;
	ret = own_use(hunt, dir);
	/* Partitions speak for themselves, and whoever holds one the whole. */
	if (!ret && !guard_was_added(hunt, before) &&
	    !sysfs_has_entries(dir, "holders") && !has_partitions(dir))
		ret = content_use(hunt);
	if (!ret)
		ret = sysfs_each(dir, "holders", visit_holder, hunt);
	if (!ret || ret == -ENOENT)
		ret = head_use(hunt, name);
	hunt->block = outer;
	hunt->number = outer_number;
	hunt->depth--;
	return ret;
}
