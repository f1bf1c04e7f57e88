// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <sys/ioctl.h>

#include "internal.h"

int bindery_ioctl(int fd, unsigned long number, void *argument)
{
	int ret = ioctl(fd, number, argument);

	if (ret < 0)
		return -errno;
	/* No ioctl of bindery returns a number: this is no file of ours. */
	return ret > 0 ? -EBADE : 0;
}
