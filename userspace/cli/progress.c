// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What a call that takes long is doing. A process of its own tells it, from
 * the module's events, while this one waits in the call: so the call is the
 * same with and without it, and nothing of it can go wrong here.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli.h"
#include "color.h"

/* What takes less is not worth a word. */
#define QUIET_MS	1000
/* Where each line stays, it is not told each second that nothing happens. */
#define REPEAT_MS	5000
#define MAX_GROUPS	1024

struct follower {
	struct bindery_monitor *monitor;
	pid_t owner;
	struct bindery_id claim;	/* zeros: not known yet */
	char device[BINDERY_BDF_SIZE];	/* "": it is about a claim */
	uint32_t groups[MAX_GROUPS];
	size_t num_groups;
	int64_t begin, told;
	bool terminal, news;
	char last[256];			/* what was done */
};

static bool has_group(const struct follower *follower, uint32_t group)
{
	for (size_t i = 0; i < follower->num_groups; i++)
		if (follower->groups[i] == group)
			return true;
	return false;
}

static void add_group(struct follower *follower, uint32_t group)
{
	if (follower->num_groups < MAX_GROUPS && !has_group(follower, group))
		follower->groups[follower->num_groups++] = group;
}

static void add_groups(struct follower *follower)
{
	struct bindery_claims *claims;
	const struct bindery_status *claim;
	const uint32_t *groups;
	size_t count;

	if (bindery_claims_dump(&follower->claim, &claims))
		return;
	claim = bindery_claims_get(claims, 0);
	if (claim) {
		groups = bindery_status_get_groups(claim, &count);
		for (size_t i = 0; i < count; i++)
			add_group(follower, groups[i]);
	}
	bindery_claims_free(claims);
}

/* Of a restore, whose claim has ended, only the group is known. */
static bool is_ours(struct follower *follower,
		    const struct bindery_event_record *record)
{
	struct bindery_id id = bindery_event_record_get_claim_id(record);
	uint32_t group;
	bool named;

	if (bindery_event_record_get_type(record) ==
		    BINDERY_EVENT_TYPE_TXN_BEGIN &&
	    bindery_event_record_get_pid(record) == follower->owner &&
	    !bindery_id_is_set(&follower->claim))
		follower->claim = id;
	named = bindery_event_record_get_group(record, &group);
	if (bindery_id_is_set(&id) &&
	    !bindery_id_compare(&id, &follower->claim)) {
		if (named)
			add_group(follower, group);
		return true;
	}
	return named && has_group(follower, group);
}

/* "0000:01:00.0", or "group 5", or nothing. */
static void put_place(FILE *out, const struct bindery_event_record *record)
{
	char text[BINDERY_BDF_SIZE];
	struct bindery_bdf device;
	uint32_t group;

	if (bindery_event_record_get_device(record, &device)) {
		bindery_bdf_format(&device, text);
		fprintf(out, " %s", text);
	} else if (bindery_event_record_get_group(record, &group)) {
		fprintf(out, " group %u", group);
	}
}

static void put_step(FILE *out, const struct bindery_event_record *record)
{
	int error = bindery_event_record_get_errno(record);

	fputs(bindery_step_symbol(bindery_event_record_get_step(record)), out);
	put_place(out, record);
	if (error)
		fprintf(out, " failed: %s", strerror(error));
	else
		fprintf(out, " took %.1f s",
			(double)bindery_event_record_get_duration_ns(record) /
			1e9);
}

static void note(struct follower *follower,
		 const struct bindery_event_record *record)
{
	FILE *out = fmemopen(follower->last, sizeof(follower->last), "w");

	if (!out)
		return;
	switch (bindery_event_record_get_type(record)) {
	case BINDERY_EVENT_TYPE_STEP:
		put_step(out, record);
		break;
	case BINDERY_EVENT_TYPE_ROLLBACK:
		fprintf(out, "rolling back: %s", bindery_error_sentence(
				bindery_event_record_get_code(record)));
		break;
	case BINDERY_EVENT_TYPE_GROUP:
		put_place(out, record);
		fprintf(out, " is %s", bindery_group_state_symbol(
				bindery_event_record_get_state(record)));
		break;
	default:
		fputs(bindery_event_type_symbol(
				bindery_event_record_get_type(record)), out);
		put_place(out, record);
	}
	fclose(out);
	follower->news = true;
}

static void read_events(struct follower *follower)
{
	struct bindery_event_record *record;

	while (!bindery_monitor_next(follower->monitor, &record)) {
		if (is_ours(follower, record))
			note(follower, record);
		bindery_event_record_free(record);
	}
}

/* What has to happen to a member before the call can end; NULL: nothing. */
static const char *awaited(const struct bindery_member *member)
{
	uint32_t flags = bindery_member_get_flags(member);
	const char *driver = bindery_member_get_driver(member);
	bool arrived = !strcmp(driver, bindery_member_get_target(member));
	bool moves = bindery_member_get_action(member) == BINDERY_ACTION_MOVE;

	if (flags & (BINDERY_MEMBER_STUCK | BINDERY_MEMBER_UNKNOWN))
		return "its driver's callback";
	switch (bindery_member_get_group_state(member)) {
	case BINDERY_GROUP_DRAINING:
		return "VFIO users, or its lock";
	case BINDERY_GROUP_BINDING:
		if (!moves || arrived)
			return NULL;
		return *driver ? "its driver to let go" : "its target's probe";
	case BINDERY_GROUP_RESTORING:
		if (!moves)
			return NULL;
		return arrived ? "its target to let go" :
				 "its native driver's probe";
	default:
		return NULL;
	}
}

static void put_wait(FILE *out, const char *name, const char *what)
{
	struct json_object *escaped = escaped_string(name);

	fprintf(out, ": waiting for %s: %s", json_object_get_string(escaped),
		what);
	json_object_put(escaped);
}

/* ": waiting for 0000:01:00.0: its driver to let go, and 2 more" */
static void put_waits(FILE *out, struct follower *follower)
{
	struct bindery_members *members;
	unsigned int count = 0;

	if (bindery_members_dump(NULL, &members))
		return;
	for (size_t i = 0; i < bindery_members_get_count(members); i++) {
		const struct bindery_member *member;
		const char *what;

		member = bindery_members_get(members, i);
		if (!has_group(follower, bindery_member_get_group(member)))
			continue;
		what = awaited(member);
		if (what && !count++)
			put_wait(out, bindery_member_get_name(member), what);
	}
	if (count > 1)
		fprintf(out, ", and %u more", count - 1);
	/* What sysfs is asked for, the module does not wait for. */
	if (!count && *follower->device)
		put_wait(out, follower->device, "a driver");
	bindery_members_free(members);
}

/* A line that is folded cannot be overwritten. */
static void print_over(const char *text)
{
	int width = terminal_width(stderr);

	fprintf(stderr, "\r\033[K%.*s", width > 1 ? width - 1 : INT_MAX, text);
}

static void tell(struct follower *follower, int64_t now)
{
	size_t size;
	char *text;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return;
	if (!follower->num_groups && bindery_id_is_set(&follower->claim))
		add_groups(follower);
	fprintf(out, "bindery: %.1f s",
		(double)(now - follower->begin) / 1000);
	put_waits(out, follower);
	if (*follower->last)
		fprintf(out, "; last: %s", follower->last);
	fclose(out);
	if (follower->terminal)
		print_over(text);
	else
		fprintf(stderr, "%s\n", text);
	free(text);
	follower->news = false;
	follower->told = now;
}

static bool is_time(const struct follower *follower, int64_t now)
{
	if (now - follower->begin < QUIET_MS)
		return false;
	return follower->terminal || follower->news || !follower->told ||
	       now - follower->told >= REPEAT_MS;
}

/* Until the call has returned, or its process is no more. */
static void follow(struct follower *follower, int stop)
{
	struct pollfd files[] = {
		{ .fd = stop },
		{ .fd = bindery_monitor_get_fd(follower->monitor),
		  .events = POLLIN },
	};
	int64_t now = follower->begin;

	for (;;) {
		int64_t quiet = follower->begin + QUIET_MS - now;

		poll(files, ARRAY_SIZE(files),
		     quiet > 0 ? (int)quiet : QUIET_MS);
		if (files[0].revents)
			break;
		read_events(follower);
		now = clock_ms();
		if (is_time(follower, now))
			tell(follower, now);
	}
	if (follower->told && follower->terminal)
		print_over("");
}

/* What ends the call from a terminal ends this when its line is cleared. */
static void leave_signals(void)
{
	signal(SIGINT, SIG_IGN);
	signal(SIGQUIT, SIG_IGN);
	signal(SIGTERM, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
}

static void add_group_of(struct follower *follower,
			 const struct bindery_reference *device)
{
	const struct bindery_device *found = NULL;
	struct bindery_devices *devices;
	struct bindery_host *host;
	struct bindery_bdf bdf;
	uint32_t group;

	if (bindery_host_new(NULL, &host))
		return;
	if (!bindery_host_find_device(host, device, &bdf) &&
	    !bindery_host_get_devices(host, &devices)) {
		bindery_bdf_format(&bdf, follower->device);
		found = devices_find(devices, &bdf);
		if (found && bindery_device_get_group(found, &group))
			add_group(follower, group);
		bindery_devices_free(devices);
	}
	bindery_host_free(host);
}

static void run(struct bindery_monitor *monitor, struct bindery_claim *claim,
		const struct bindery_reference *device, pid_t owner, int stop)
{
	struct follower follower = {
		.monitor = monitor,
		.owner = owner,
		.begin = clock_ms(),
		.terminal = isatty(STDERR_FILENO),
	};

	leave_signals();
	if (claim) {
		follower.claim = bindery_claim_get_id(claim);
		add_groups(&follower);
		/* It is not for us to hold. */
		bindery_claim_free(claim);
	}
	if (device)
		add_group_of(&follower, device);
	follow(&follower, stop);
}

static bool is_wanted(const struct options *options)
{
	return options_given(options, OPTION_PROGRESS) ||
	       (options->verb->options & OPTION_PROGRESS &&
		isatty(STDERR_FILENO));
}

static void begin(struct progress *progress, const struct options *options,
		  struct bindery_claim *claim,
		  const struct bindery_reference *device)
{
	struct bindery_monitor *monitor;
	pid_t owner = getpid();
	int files[2], ret;

	*progress = (struct progress){ .stop = -1 };
	if (!is_wanted(options))
		return;
	ret = bindery_monitor_new(0, &monitor);
	if (ret) {
		if (options_given(options, OPTION_PROGRESS))
			fprintf(stderr, "bindery: no progress can be told: %s\n",
				strerror(-ret));
		return;
	}
	if (!pipe2(files, O_CLOEXEC)) {
		fflush(NULL);
		progress->stop = files[1];
		progress->child = fork();
		if (!progress->child) {
			close(files[1]);
			run(monitor, claim, device, owner, files[0]);
			_exit(STATUS_DONE);
		}
		close(files[0]);
	}
	bindery_monitor_free(monitor);
}

/* Of a claim that ends, or NULL: of one that this process makes. */
void progress_begin(struct progress *progress, const struct options *options,
		    struct bindery_claim *claim)
{
	begin(progress, options, claim, NULL);
}

/* Of what is done to the group of a device, whoever has a claim on it. */
void progress_begin_group(struct progress *progress,
			  const struct options *options,
			  const struct bindery_reference *device)
{
	begin(progress, options, NULL, device);
}

void progress_end(struct progress *progress)
{
	if (progress->stop >= 0)
		close(progress->stop);
	if (progress->child > 0)
		while (waitpid(progress->child, NULL, 0) < 0 && errno == EINTR)
			continue;
}
