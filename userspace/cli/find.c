// SPDX-License-Identifier: GPL-2.0-or-later
/* For verbs that look at a device without asking the kernel about it. */
#include <errno.h>

#include "cli.h"

int device_find(const struct options *options, const struct bindery_host *host,
		const char *text, struct bindery_bdf *bdf)
{
	struct argument argument;
	int ret = argument_parse(options, text, &argument);

	if (ret)
		return ret;
	ret = bindery_host_find_device(host, &argument.device, bdf);
	if (!ret)
		ret = bindery_host_check_device(host, &argument.device, bdf);
	switch (ret) {
	case 0:
		return STATUS_DONE;
	case -ENODEV:
		return report_code(options, text, BINDERY_ERROR_NO_DEVICE,
				   BINDERY_STEP_RESOLVE, ENODEV);
	case -ESTALE:
		return report_code(options, text, BINDERY_ERROR_IDENTITY,
				   BINDERY_STEP_RESOLVE, ENODEV);
	default:
		return report_failure(options, -ret, text);
	}
}
