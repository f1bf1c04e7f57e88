// SPDX-License-Identifier: GPL-2.0-or-later
/* Takes two devices, tells what happens to them for a second, gives them back. */
#include <bindery.h>
#include <errno.h>
#include <error.h>
#include <poll.h>
#include <stdio.h>

/* Ends the program, and with it the claim: what was taken goes back by itself. */
static void check(int ret, const char *what,
		  const struct bindery_error_record *record)
{
	enum bindery_error code =
		record ? bindery_error_record_get_code(record) : 0;

	if (ret)
		error(1, -ret, "%s: %s", what,
		      code ? bindery_error_sentence(code) : "failed");
}

static int hear(struct bindery_monitor *monitor)
{
	struct bindery_event_record *record;
	int ret;

	while (!(ret = bindery_monitor_next(monitor, &record))) {
		puts(bindery_event_type_symbol(
			bindery_event_record_get_type(record)));
		bindery_event_record_free(record);
	}
	return ret == -EAGAIN ? 0 : ret;
}

int main(int argc, char **argv)
{
	struct pollfd file = { .events = POLLIN };
	struct bindery_context *context;
	struct bindery_monitor *monitor;
	struct bindery_request *request;
	struct bindery_claim *claim;

	check(bindery_request_new(&request), "request", NULL);
	for (int i = 1; i < argc; i++) {
		struct bindery_reference device = { 0 };

		check(bindery_bdf_parse(argv[i], &device.bdf), argv[i], NULL);
		check(bindery_request_add_device(request, &device, NULL, NULL),
		      argv[i], NULL);
	}
	bindery_request_set_flags(request, BINDERY_ACQUIRE_COMPANIONS);
	check(bindery_context_new(&context), "/dev/bindery", NULL);
	check(bindery_monitor_new(0, &monitor), "events", NULL);
	check(bindery_claim_acquire(context, request, &claim, NULL), "acquire",
	      bindery_context_get_error(context));
	for (file.fd = bindery_monitor_get_fd(monitor); poll(&file, 1, 1000) > 0;)
		check(hear(monitor), "events", NULL);
	check(bindery_claim_release(claim, 0, 0, 0, NULL), "release",
	      bindery_claim_get_error(claim));
	return puts("released") < 0;
}
