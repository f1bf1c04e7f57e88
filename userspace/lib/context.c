// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "internal.h"

int bindery_context_new(struct bindery_context **context)
{
	struct bindery_context *new = calloc(1, sizeof(*new));
	int ret;

	if (!new)
		return -ENOMEM;
	new->fd = open("/dev/bindery", O_RDWR | O_CLOEXEC);
	if (new->fd < 0) {
		ret = -errno;
		free(new);
		return ret;
	}
	bindery_error_record_prepare(&new->error);
	*context = new;
	return 0;
}

int bindery_context_new_from_fd(int fd, struct bindery_context **context)
{
	struct bindery_ioc_info info = { .size = sizeof(info) };
	struct bindery_context *new;
	int ret = bindery_ioctl(fd, BINDERY_INFO, &info);

	if (ret)
		return ret;
	if (fcntl(fd, F_SETFD, FD_CLOEXEC))
		return -errno;
	new = calloc(1, sizeof(*new));
	if (!new)
		return -ENOMEM;
	new->fd = fd;
	bindery_error_record_prepare(&new->error);
	*context = new;
	return 0;
}

void bindery_context_free(struct bindery_context *context)
{
	if (!context)
		return;
	close(context->fd);
	free(context);
}

int bindery_context_get_fd(const struct bindery_context *context)
{
	return context->fd;
}

const struct bindery_error_record *
bindery_context_get_error(const struct bindery_context *context)
{
	return &context->error;
}
