// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli.h"

static int run_acquire(struct options *options)
{
	struct transaction transaction;
	int ret = transaction_prepare(&transaction, options);

	if (!ret)
		ret = transaction_acquire(&transaction);
	if (!ret)
		ret = transaction_hold(&transaction);
	transaction_free(&transaction);
	return ret;
}

const struct verb verb_acquire = {
	.name = "acquire",
	.arguments = "DEVICE[=DRIVER[:MODULE]]...",
	.summary = "Move devices to VFIO until Ctrl-C, then put them back",
	.options = OPTIONS_ACQUIRE | OPTION_KEEP,
	.driver = DRIVER_TARGET,
	.run = run_acquire,
};
