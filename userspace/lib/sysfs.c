// SPDX-License-Identifier: LGPL-2.1-or-later
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "internal.h"

int bindery_host_new(const char *root, struct bindery_host **host)
{
	struct bindery_host *new = calloc(1, sizeof(*new));
	int ret;

	if (!new)
		return -ENOMEM;
	new->root = open(root ? root : "/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (new->root < 0) {
		ret = -errno;
		free(new);
		return ret;
	}
	new->live = !root;
	*host = new;
	return 0;
}

void bindery_host_free(struct bindery_host *host)
{
	if (!host)
		return;
	close(host->root);
	free(host);
}

/*
 * That something is not there is an answer; that there was no file or memory
 * left to look is none. Most callers take both for a no: who must not overlook
 * anything asks in the end for the last of the latter.
 */
static __thread int shortage;

void sysfs_shortage_clear(void)
{
	shortage = 0;
}

int sysfs_shortage(void)
{
	return shortage;
}

static int note(int error)
{
	if (error == -EMFILE || error == -ENFILE || error == -ENOMEM)
		shortage = error;
	return error;
}

int sysfs_open(int dir, const char *path)
{
	return sysfs_open_file(dir, path, O_RDONLY | O_DIRECTORY);
}

/* The first line of a file, cut to fit. */
int sysfs_read(int dir, const char *path, char *text, size_t size)
{
	int fd = sysfs_open_file(dir, path, O_RDONLY);
	ssize_t length;
	int ret = 0;

	if (fd < 0)
		return fd;
	length = read(fd, text, size - 1);
	if (length < 0)
		ret = -errno;
	close(fd);
	text[length > 0 ? length : 0] = '\0';
	text[strcspn(text, "\n")] = '\0';
	return ret;
}

int sysfs_read_number(int dir, const char *path, unsigned long *number)
{
	char text[32], *end;
	int ret = sysfs_read(dir, path, text, sizeof(text));

	if (ret)
		return ret;
	errno = 0;
	*number = strtoul(text, &end, 0);
	return errno || end == text || *end ? -EINVAL : 0;
}

int sysfs_read_target(int dir, const char *path, char *text, size_t size)
{
	ssize_t length = readlinkat(dir, path, text, size - 1);

	if (length < 0)
		return -errno;
	text[length] = '\0';
	return 0;
}

/* The last part of what a link points to. */
int sysfs_read_name(int dir, const char *path, char *text, size_t size)
{
	char target[PATH_MAX];
	const char *name;
	int ret = sysfs_read_target(dir, path, target, sizeof(target));

	if (ret)
		return ret;
	name = strrchr(target, '/');
	snprintf(text, size, "%s", name ? name + 1 : target);
	return 0;
}

/* All that fits, whatever it is; how many bytes these are. */
ssize_t sysfs_read_bytes(int dir, const char *path, void *bytes, size_t size)
{
	int fd = sysfs_open_file(dir, path, O_RDONLY);
	ssize_t length;

	if (fd < 0)
		return fd;
	length = read(fd, bytes, size);
	if (length < 0)
		length = -errno;
	close(fd);
	return length;
}

/* A directory, and no link to one. */
int sysfs_open_below(int dir, const char *name)
{
	return sysfs_open_file(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
}

/* The number of a device node, by its path, which begins with a slash. */
int sysfs_node(int root, const char *path, bool *is_block, unsigned int *major,
	       unsigned int *minor)
{
	struct stat status;

	if (fstatat(root, path + 1, &status, 0))
		return -errno;
	*is_block = S_ISBLK(status.st_mode);
	*major = major(status.st_rdev);
	*minor = minor(status.st_rdev);
	return *is_block || S_ISCHR(status.st_mode) ? 0 : -ENODEV;
}

void sysfs_close(int dir)
{
	close(dir);
}

bool sysfs_has(int dir, const char *path)
{
	struct stat status;

	return !fstatat(dir, path, &status, AT_SYMLINK_NOFOLLOW);
}

static int is_entry(const struct dirent *entry)
{
	return strcmp(entry->d_name, ".") && strcmp(entry->d_name, "..");
}

/* Calls @visit for each entry, numbers in order, until it returns not 0. */
int sysfs_each(int dir, const char *path, sysfs_visit visit, void *argument)
{
	struct dirent **entries;
	int fd, count, ret = 0;

	fd = sysfs_open(dir, path);
	if (fd < 0)
		return fd;
	count = scandirat(fd, ".", &entries, is_entry, versionsort);
	if (count < 0) {
		ret = note(-errno);
		close(fd);
		return ret;
	}
	for (int i = 0; i < count; i++) {
		if (!ret)
			ret = visit(fd, entries[i]->d_name, argument);
		free(entries[i]);
	}
	free(entries);
	close(fd);
	return ret;
}

static int visit_any(int dir, const char *name, void *argument)
{
	(void)dir;
	(void)name;
	(void)argument;
	return 1;
}

bool sysfs_has_entries(int dir, const char *path)
{
	return sysfs_each(dir, path, visit_any, NULL) == 1;
}

int sysfs_open_file(int dir, const char *path, int flags)
{
	int fd = openat(dir, path, flags | O_CLOEXEC | O_NOCTTY);

	return fd < 0 ? note(-errno) : fd;
}

int sysfs_stream(int dir, const char *path, FILE **file)
{
	int fd = sysfs_open_file(dir, path, O_RDONLY), ret;

	if (fd < 0)
		return fd;
	*file = fdopen(fd, "r");
	if (*file)
		return 0;
	ret = note(-errno);
	close(fd);
	return ret;
}

int sysfs_write(int dir, const char *path, const char *text)
{
	int fd = sysfs_open_file(dir, path, O_WRONLY), ret = 0;

	if (fd < 0)
		return fd;
	if (write(fd, text, strlen(text)) < 0)
		ret = -errno;
	close(fd);
	return ret;
}

int sysfs_each_line(int dir, const char *path, sysfs_line line, void *argument)
{
	char *text = NULL;
	size_t size = 0;
	FILE *file;
	int ret = sysfs_stream(dir, path, &file);

	if (ret)
		return ret;
	while (!ret && getline(&text, &size, file) >= 0)
		ret = line(text, argument);
	if (!ret && !feof(file))
		ret = note(errno == ENOMEM ? -ENOMEM : -EIO);
	free(text);
	fclose(file);
	return ret;
}
