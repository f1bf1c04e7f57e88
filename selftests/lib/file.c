// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "lib.h"

/* One write per line, so that those of several processes stay whole. */
void note_line(const char *format, ...)
{
	char line[1024] = "# ";
	va_list args;
	int len;

	va_start(args, format);
	len = vsnprintf(line + 2, sizeof(line) - 3, format, args) + 2;
	va_end(args);
	if (len > (int)sizeof(line) - 2)
		len = sizeof(line) - 2;
	line[len++] = '\n';
	fflush(stdout);
	if (write(STDOUT_FILENO, line, len) < 0)
		perror("note");
}

/* The text without the end of its last line. */
int read_file_at(int dir, const char *path, char *text, size_t size)
{
	int fd = openat(dir, path, O_RDONLY | O_CLOEXEC);
	size_t len = 0;
	ssize_t got;

	text[0] = 0;
	if (fd < 0)
		return -errno;
	while ((got = read(fd, text + len, size - 1 - len)) > 0)
		len += got;
	got = got < 0 ? -errno : 0;
	close(fd);
	text[len] = 0;
	if (len && text[len - 1] == '\n')
		text[len - 1] = 0;
	return got;
}

int read_file(const char *path, char *text, size_t size)
{
	return read_file_at(AT_FDCWD, path, text, size);
}

int write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	int ret = 0;

	if (fd < 0)
		return -errno;
	if (write(fd, text, strlen(text)) < 0)
		ret = -errno;
	close(fd);
	return ret;
}

/* The last component of what a symbolic link leads to; empty if none. */
int link_name_at(int dir, const char *path, char *name, size_t size)
{
	char target[1024];
	ssize_t len = readlinkat(dir, path, target, sizeof(target) - 1);

	name[0] = 0;
	if (len < 0)
		return -errno;
	target[len] = 0;
	snprintf(name, size, "%s", strrchr(target, '/') + 1);
	return 0;
}

int link_name(const char *path, char *name, size_t size)
{
	return link_name_at(AT_FDCWD, path, name, size);
}
