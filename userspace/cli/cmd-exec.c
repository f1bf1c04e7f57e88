// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli.h"

static void signals_to_forward(sigset_t *signals)
{
	sigemptyset(signals);
	sigaddset(signals, SIGINT);
	sigaddset(signals, SIGTERM);
	sigaddset(signals, SIGHUP);
	sigaddset(signals, SIGQUIT);
	sigaddset(signals, SIGUSR1);
	sigaddset(signals, SIGUSR2);
	sigaddset(signals, SIGALRM);
	sigaddset(signals, SIGWINCH);
	sigaddset(signals, SIGCHLD);
}

static void run_child(const struct transaction *transaction,
		      const sigset_t *mask)
{
	if (environment_put(transaction)) {
		perror("bindery: environment");
		_exit(STATUS_EXEC_FAILED);
	}
	sigprocmask(SIG_SETMASK, mask, NULL);
	_exit(command_execute(transaction->options->command));
}

/* What the terminal sends, the child has got from it already. */
static bool must_forward(const siginfo_t *info)
{
	return info->si_code != SI_KERNEL;
}

static int wait_for_child(pid_t child, const sigset_t *signals)
{
	siginfo_t info;
	int status;

	for (;;) {
		if (sigwaitinfo(signals, &info) < 0)
			continue;
		if (info.si_signo != SIGCHLD) {
			if (must_forward(&info))
				kill(child, info.si_signo);
			continue;
		}
		if (waitpid(child, &status, WNOHANG) == child)
			break;
	}
	if (WIFSIGNALED(status))
		return STATUS_EXEC_SIGNAL + WTERMSIG(status);
	return WEXITSTATUS(status);
}

static int run_command(const struct transaction *transaction)
{
	sigset_t signals, mask;
	pid_t child;
	int status;

	signals_to_forward(&signals);
	/* An ignored SIGCHLD would leave nobody to wait for. */
	signal(SIGCHLD, SIG_DFL);
	sigprocmask(SIG_BLOCK, &signals, &mask);
	child = fork();
	if (!child)
		run_child(transaction, &mask);
	if (child < 0) {
		fprintf(stderr, "bindery: fork: %s\n", strerror(errno));
		status = STATUS_EXEC_FAILED;
	} else {
		status = wait_for_child(child, &signals);
	}
	sigprocmask(SIG_SETMASK, &mask, NULL);
	return status;
}

/* A release ends the claim for all: not while somebody else counts on it. */
static bool is_held_elsewhere(const struct transaction *transaction)
{
	struct json_object *document;
	struct bindery_users *users;
	bool held;

	if (bindery_users_find_claim(transaction->host, transaction->claim,
				     &users)) {
		fputs("bindery: holders of the claim are not known; the kernel restores later\n",
		      stderr);
		return true;
	}
	held = bindery_users_get_count(users);
	if (held) {
		fputs("bindery: the claim lives on in other processes; the kernel restores later\n",
		      stderr);
		document = json_object_new_object();
		put_bool(document, "restored", false);
		put_users(document, users);
		document_print(transaction->options, document);
	}
	bindery_users_free(users);
	return held;
}

static void document_silent(FILE *out, struct json_object *document)
{
	if (json_object_object_get(document, "error") ||
	    json_object_object_get(document, "users"))
		print_text.document(out, document);
}

static const struct print_ops print_silent = {
	.document = document_silent,
};

static int exec_command(struct transaction *transaction)
{
	int status = run_command(transaction);

	if (is_held_elsewhere(transaction))
		return status;
	if (transaction_release(transaction) && !status)
		return STATUS_EXEC_FAILED;
	return status;
}

int run_exec(struct options *options)
{
	struct transaction transaction;
	int ret;

	if (!options->command || !*options->command)
		return usage_error(options->verb, "there is no -- COMMAND");
	/* Standard output is the command's. */
	options->out = stderr;
	if (!options_given(options, OPTION_JSON))
		options->print = &print_silent;
	ret = transaction_prepare(&transaction, options);
	if (!ret)
		ret = transaction_acquire(&transaction);
	ret = ret ? STATUS_EXEC_FAILED : exec_command(&transaction);
	transaction_free(&transaction);
	return ret;
}
