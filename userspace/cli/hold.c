// SPDX-License-Identifier: GPL-2.0-or-later
/* What acquire and adopt do once they have the claim. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "cli.h"

#define LOOK_AGAIN_MS	1000

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
	int wait_ms = -1;

	for (;;) {
		if (poll(files, ARRAY_SIZE(files), wait_ms) < 0) {
			if (errno == EINTR)
				continue;
			perror("bindery: poll");
			return true;
		}
		if (files[0].revents)
			return true;
		if (!files[1].revents && wait_ms < 0)
			continue;
		if (is_over(claim))
			return false;
		if (wait_ms >= 0)
			continue;
		/* They are gone for good: it is not woken for anything else. */
		fputs("bindery: all devices of a group were removed\n", stderr);
		files[1].fd = -1;
		wait_ms = LOOK_AGAIN_MS;
	}
}

/* So that it is not there still when signals come again. */
static void take_signal(int fd)
{
	struct signalfd_siginfo info;

	if (read(fd, &info, sizeof(info)) < 0 && errno != EAGAIN)
		perror("bindery: signalfd");
}

static int open_signals(sigset_t *signals)
{
	sigemptyset(signals);
	add_signal(signals, SIGINT);
	add_signal(signals, SIGTERM);
	add_signal(signals, SIGHUP);
	return signalfd(-1, signals, SFD_CLOEXEC | SFD_NONBLOCK);
}

/* A second signal, during the restore, ends us: the kernel restores alone. */
static bool hold(struct bindery_claim *claim, int fd, const sigset_t *signals)
{
	bool ours;

	sigprocmask(SIG_BLOCK, signals, NULL);
	fputs("bindery: held; end with Ctrl-C\n", stderr);
	ours = wait_for_end(claim, fd);
	if (ours)
		take_signal(fd);
	sigprocmask(SIG_UNBLOCK, signals, NULL);
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
	int fd, ret = STATUS_DONE;
	sigset_t signals;

	if (options_given(transaction->options, OPTION_KEEP)) {
		tell_kept(transaction->claim);
		return STATUS_DONE;
	}
	fd = open_signals(&signals);
	/* Who could not be told to end does not hold. */
	if (fd < 0) {
		report_failure(transaction->options, errno, "signals");
		ret = transaction_release(transaction);
		return ret ? ret : STATUS_FAILED;
	}
	if (hold(transaction->claim, fd, &signals))
		ret = transaction_release(transaction);
	close(fd);
	return ret;
}
