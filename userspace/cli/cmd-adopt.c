// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli.h"

int run_adopt(struct options *options)
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
