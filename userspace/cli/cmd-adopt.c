// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli.h"

static int run_adopt(struct options *options)
{
	struct transaction transaction;
	int ret = transaction_prepare(&transaction, options);

	if (!ret)
		ret = transaction_adopt(&transaction);
	if (!ret)
		ret = transaction_hold(&transaction);
	transaction_free(&transaction);
	return ret;
}

const struct verb verb_adopt = {
	.name = "adopt",
	.arguments = "DEVICE[=DRIVER[:MODULE]]...",
	.summary = "Claim devices that are on VFIO drivers already",
	.options = OPTIONS_HOLD | OPTION_KEEP | OPTION_NATIVE |
		   OPTION_NATIVE_OVERRIDE,
	.driver = DRIVER_NATIVE,
	.run = run_adopt,
};
