// SPDX-License-Identifier: GPL-2.0-or-later
/* What acquire and adopt do once they have the claim. */
#include <errno.h>
#include <signal.h>
#include <sys/epoll.h>
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

static int open_events(int signal_fd, int claim_fd)
{
	/* Once a group is gone it hangs up for good: only what is new counts. */
	struct epoll_event of_claim = { EPOLLET, { .fd = claim_fd } };
	struct epoll_event of_signal = { EPOLLIN, { .fd = signal_fd } };
	int fd = epoll_create1(EPOLL_CLOEXEC);

	if (fd >= 0 &&
	    !epoll_ctl(fd, EPOLL_CTL_ADD, signal_fd, &of_signal) &&
	    !epoll_ctl(fd, EPOLL_CTL_ADD, claim_fd, &of_claim))
		return fd;
	if (fd >= 0)
		close(fd);
	return -1;
}

/* Until a signal comes: true; or the claim ends: false. */
static bool wait_for_end(struct bindery_claim *claim, int signal_fd, int events)
{
	struct epoll_event event;
	bool told = false;

	for (;;) {
		if (epoll_wait(events, &event, 1, -1) < 0) {
			if (errno == EINTR)
				continue;
			perror("bindery: epoll_wait");
			return true;
		}
		if (event.data.fd == signal_fd)
			return true;
		if (is_over(claim))
			return false;
		if (!told)
			fputs("bindery: all devices of a group were removed\n",
			      stderr);
		told = true;
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
static bool hold(struct bindery_claim *claim, int fd, int events,
		 const sigset_t *signals)
{
	bool ours;

	sigprocmask(SIG_BLOCK, signals, NULL);
	fputs("bindery: held; end with Ctrl-C\n", stderr);
	ours = wait_for_end(claim, fd, events);
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

static int hold_until_told(struct transaction *transaction)
{
	int fd, events, ret = STATUS_DONE;
	sigset_t signals;

	fd = open_signals(&signals);
	events = fd < 0 ? -1 :
		 open_events(fd, bindery_claim_get_fd(transaction->claim));
	/* Who could not be told to end does not hold. */
	if (events < 0) {
		report_failure(transaction->options, errno, "signals");
		ret = transaction_release(transaction);
		ret = ret ? ret : STATUS_FAILED;
	} else if (hold(transaction->claim, fd, events, &signals)) {
		ret = transaction_release(transaction);
	}
	if (events >= 0)
		close(events);
	if (fd >= 0)
		close(fd);
	return ret;
}

int transaction_hold(struct transaction *transaction)
{
	if (!options_given(transaction->options, OPTION_KEEP))
		return hold_until_told(transaction);
	tell_kept(transaction->claim);
	return STATUS_DONE;
}
