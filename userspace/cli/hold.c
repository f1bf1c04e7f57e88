// SPDX-License-Identifier: GPL-2.0-or-later
/* What acquire and adopt do once they have the claim. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "cli.h"

/* What is ignored, as by nohup(1), stays so. */
static void add_signal(sigset_t *signals, int number)
{
	struct sigaction action;

	if (sigaction(number, NULL, &action) || action.sa_handler != SIG_IGN)
		sigaddset(signals, number);
}

/* Did somebody else end it, who was told what came of it? */
static bool is_over(struct bindery_claim *claim)
{
	struct bindery_status *status;
	int ret = bindery_claim_get_status(claim, &status);

	if (!ret)
		bindery_status_free(status);
	return ret == -ESTALE;
}

/* Until a signal comes: true; or the claim ends: false. */
static bool wait_for_end(struct bindery_claim *claim, int signal_fd)
{
	struct pollfd files[] = {
		{ .fd = signal_fd, .events = POLLIN },
		{ .fd = bindery_claim_get_fd(claim) },
	};

	for (;;) {
		if (poll(files, ARRAY_SIZE(files), -1) < 0 && errno != EINTR)
			return true;
		if (files[0].revents)
			return true;
		if (!files[1].revents)
			continue;
		if (is_over(claim))
			return false;
		/* Members are gone for good; there is no news in that twice. */
		fputs("bindery: all devices of a group were removed\n", stderr);
		files[1].fd = -1;
	}
}

/* A second signal, during the restore, ends us: the kernel restores alone. */
static bool hold(struct bindery_claim *claim)
{
	sigset_t signals;
	bool ours;
	int fd;

	sigemptyset(&signals);
	add_signal(&signals, SIGINT);
	add_signal(&signals, SIGTERM);
	add_signal(&signals, SIGHUP);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	fd = signalfd(-1, &signals, SFD_CLOEXEC);
	fputs("bindery: held; end with Ctrl-C\n", stderr);
	ours = wait_for_end(claim, fd);
	if (fd >= 0) {
		struct signalfd_siginfo info;

		/* So that it is not there still when signals come again. */
		if (ours && read(fd, &info, sizeof(info)) < 0)
			perror("bindery: signalfd");
		close(fd);
	}
	sigprocmask(SIG_UNBLOCK, &signals, NULL);
	fputs(ours ? "bindery: restoring\n" :
		     "bindery: the claim was released by somebody else\n",
	      stderr);
	return ours;
}

static void tell_kept(const struct bindery_claim *claim)
{
	struct bindery_id id = bindery_claim_get_id(claim);
	char text[BINDERY_ID_TEXT_SIZE];

	bindery_id_format(&id, text);
	fprintf(stderr, "bindery: kept; end with bindery release %s\n", text);
}

int transaction_hold(struct transaction *transaction)
{
	if (options_given(transaction->options, OPTION_KEEP)) {
		tell_kept(transaction->claim);
		return STATUS_DONE;
	}
	return hold(transaction->claim) ? transaction_release(transaction) :
					  STATUS_DONE;
}
