// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <poll.h>
#include <time.h>

#include "cli.h"

struct monitoring {
	const struct options *options;
	struct bindery_monitor *monitor;
	uint64_t lines;
	bool lost;
};

int64_t clock_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * INT64_C(1000) + now.tv_nsec / 1000000;
}

static bool is_enough(const struct monitoring *monitoring)
{
	return monitoring->options->count &&
	       monitoring->lines >= monitoring->options->count;
}

static void print(struct monitoring *monitoring,
		  const struct bindery_event_record *record)
{
	uint64_t lost = bindery_event_record_get_num_lost(record);

	if (lost)
		event_print_lost(monitoring->options,
				 bindery_event_record_get_sequence(record),
				 lost);
	else
		event_print(monitoring->options, record);
	monitoring->lost |= lost;
	monitoring->lines++;
}

/* All that are there now. */
static int print_all(struct monitoring *monitoring)
{
	struct bindery_event_record *record;
	int ret = 0;

	while (!is_enough(monitoring) &&
	       !ferror(monitoring->options->out)) {
		ret = bindery_monitor_next(monitoring->monitor, &record);
		if (ret)
			break;
		print(monitoring, record);
		bindery_event_record_free(record);
	}
	return ret == -EAGAIN ? 0 : ret;
}

/* How long poll(2) may wait: -1, for ever; 0, the time is over. */
static int remaining(const struct options *options, int64_t end)
{
	int64_t left = end - clock_ms();

	if (!options_given(options, OPTION_TIMEOUT))
		return -1;
	return left > 0 ? (int)left : 0;
}

static int tell_too_few(const struct monitoring *monitoring)
{
	struct json_object *document = json_object_new_object();
	char text[128];

	snprintf(text, sizeof(text), "only %ju of %ju events came in time",
		 (uintmax_t)monitoring->lines,
		 (uintmax_t)monitoring->options->count);
	report_own(document, NULL, bindery_error_symbol(BINDERY_ERROR_DEADLINE),
		   ETIMEDOUT, text, "try a longer --timeout");
	document_print(monitoring->options, document);
	return STATUS_FAILED;
}

static int follow(struct monitoring *monitoring)
{
	const struct options *options = monitoring->options;
	int64_t end = clock_ms() + options->timeout_ms;
	struct pollfd file = {
		.fd = bindery_monitor_get_fd(monitoring->monitor),
		.events = POLLIN,
	};
	int ret, left;

	for (;;) {
		ret = print_all(monitoring);
		/* There is nobody to listen for. */
		if (output_has_failed(options->out))
			return STATUS_FAILED;
		if (ret)
			return event_report(options, -ret);
		if (is_enough(monitoring))
			return STATUS_DONE;
		left = remaining(options, end);
		if (!left)
			return options->count ? tell_too_few(monitoring) :
						STATUS_DONE;
		if (poll(&file, 1, left) < 0 && errno != EINTR)
			return report_failure(options, errno, "poll");
	}
}

int run_monitor(struct options *options)
{
	struct monitoring monitoring = { .options = options };
	struct bindery_context *context;
	int ret;

	ret = open_context(options, &context);
	if (ret)
		return ret;
	bindery_context_free(context);
	ret = bindery_monitor_new(options->since, &monitoring.monitor);
	if (ret)
		return event_report(options, -ret);
	/* Whoever starts it in the background can wait for that. */
	fprintf(stderr, "bindery: listening from event %ju on\n",
		(uintmax_t)bindery_monitor_get_next(monitoring.monitor));
	ret = follow(&monitoring);
	bindery_monitor_free(monitoring.monitor);
	return ret == STATUS_DONE && monitoring.lost ? STATUS_FAILED : ret;
}
