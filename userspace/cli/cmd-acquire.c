// SPDX-License-Identifier: GPL-2.0-or-later
#include <signal.h>

#include "cli.h"

/* What is ignored, as by nohup(1), stays so. */
static void add_signal(sigset_t *signals, int number)
{
	struct sigaction action;

	if (sigaction(number, NULL, &action) || action.sa_handler != SIG_IGN)
		sigaddset(signals, number);
}

/* A second signal, during the restore, ends us: the kernel restores alone. */
static void wait_for_signal(void)
{
	sigset_t signals;
	int number;

	sigemptyset(&signals);
	add_signal(&signals, SIGINT);
	add_signal(&signals, SIGTERM);
	add_signal(&signals, SIGHUP);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	fputs("bindery: held; end with Ctrl-C\n", stderr);
	sigwait(&signals, &number);
	sigprocmask(SIG_UNBLOCK, &signals, NULL);
	fputs("bindery: restoring\n", stderr);
}

static int run_acquire(struct options *options)
{
	struct transaction transaction;
	int ret = transaction_prepare(&transaction, options);

	if (!ret)
		ret = transaction_acquire(&transaction);
	if (!ret) {
		wait_for_signal();
		ret = transaction_release(&transaction);
	}
	transaction_free(&transaction);
	return ret;
}

const struct verb verb_acquire = {
	.name = "acquire",
	.arguments = "DEVICE[=DRIVER[:MODULE]]...",
	.summary = "Move devices to VFIO until Ctrl-C, then put them back",
	.options = OPTIONS_ACQUIRE,
	.run = run_acquire,
};
