// SPDX-License-Identifier: GPL-2.0-or-later
#include <blkid.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <libmount.h>
#include <netlink/msg.h>
#include <netlink/socket.h>
#include <pci/pci.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fault.h"
#include "tap.h"

static enum fault armed;
static unsigned int left;	/* requests until the one that fails */
static char failed[64];		/* what that was */

static bool fails(enum fault kind, int error, const char *what)
{
	if (armed != kind || --left)
		return false;
	armed = FAULT_NONE;
	snprintf(failed, sizeof(failed), "%s", what);
	errno = error;
	return true;
}

/* clang-format off */
/* The linker wants them visible where other libraries call the same. */
#define WRAP(type, name, parameters, arguments, failure)		\
	type __real_##name parameters;					\
	__attribute__((visibility("default")))				\
	type __wrap_##name parameters;					\
	type __wrap_##name parameters					\
	{								\
		if (fails(FAULT_MEMORY, ENOMEM, #name))			\
			return failure;					\
		return __real_##name arguments;				\
	}

WRAP(void *, malloc, (size_t size), (size), NULL)
WRAP(void *, calloc, (size_t count, size_t size), (count, size), NULL)
WRAP(void *, reallocarray, (void *old, size_t count, size_t size),
     (old, count, size), NULL)
WRAP(char *, strdup, (const char *text), (text), NULL)
WRAP(int, vasprintf, (char **text, const char *format, va_list arguments),
     (text, format, arguments), -1)
WRAP(ssize_t, getline, (char **line, size_t *size, FILE *file),
     (line, size, file), -1)
/* The same, where it is inlined. */
WRAP(ssize_t, __getdelim, (char **line, size_t *size, int end, FILE *file),
     (line, size, end, file), -1)
WRAP(FILE *, fdopen, (int fd, const char *mode), (fd, mode), NULL)
WRAP(int, scandirat, (int dir, const char *path, struct dirent ***entries,
		      int (*filter)(const struct dirent *),
		      int (*compare)(const struct dirent **,
				     const struct dirent **)),
     (dir, path, entries, filter, compare), -1)
WRAP(struct nl_sock *, nl_socket_alloc, (void), (), NULL)
WRAP(struct nl_msg *, nlmsg_alloc, (void), (), NULL)
WRAP(struct libmnt_table *, mnt_new_table, (void), (), NULL)
WRAP(struct libmnt_iter *, mnt_new_iter, (int direction), (direction), NULL)
WRAP(blkid_probe, blkid_new_probe, (void), (), NULL)
WRAP(struct pci_access *, pci_alloc, (void), (), NULL)
/* clang-format on */

int __real_openat(int dir, const char *path, int flags, ...);
int __wrap_openat(int dir, const char *path, int flags, ...);

/* The library creates no file: there is no mode. */
int __wrap_openat(int dir, const char *path, int flags, ...)
{
	if (fails(FAULT_FILE, EMFILE, path))
		return -1;
	return __real_openat(dir, path, flags);
}

static bool is_told(enum fault kind, int ret)
{
	if (kind == FAULT_FILE)
		return !ret || ret == -EMFILE;
	/* To libnl they are the same. */
	return !ret || ret == -ENOMEM || ret == -ENOBUFS;
}

void fault_each(enum fault kind, int (*scenario)(void))
{
	unsigned int number = 0;
	int ret;

	do {
		left = ++number;
		armed = kind;
		ret = scenario();
		if (armed == FAULT_NONE && !is_told(kind, ret))
			test_fail(__FILE__, __LINE__, "request %u, %s: %d",
				  number, failed, ret);
	} while (armed == FAULT_NONE);
	armed = FAULT_NONE;
	EXPECT_INT(ret, 0);
	EXPECT(number > 1);
}
