// SPDX-License-Identifier: GPL-2.0-or-later
/* Takes two devices, tells what happens to them for a second, gives them back. */
#include <bindery.h>
#include <errno.h>
#include <error.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

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
	const struct bindery_error_record *record;
	struct bindery_context *context;
	struct bindery_request *request;
	struct bindery_monitor *monitor = NULL;
	struct bindery_claim *claim = NULL;
	enum bindery_error code;
	int ret = bindery_request_new(&request);

	for (int i = 1; !ret && i < argc; i++) {
		struct bindery_reference device = { 0 };

		ret = bindery_bdf_parse(argv[i], &device.bdf);
		if (!ret)
			ret = bindery_request_add_device(request, &device, NULL, NULL);
	}
	if (ret)
		error(1, -ret, "devices");
	bindery_request_set_flags(request, BINDERY_ACQUIRE_COMPANIONS);
	ret = bindery_context_new(&context);
	if (ret)
		error(1, -ret, "/dev/bindery");
	record = bindery_context_get_error(context);
	ret = bindery_monitor_new(0, &monitor);
	if (!ret)
		ret = bindery_claim_acquire(context, request, &claim, NULL);
	for (int ready = 1; !ret && ready > 0;) {
		struct pollfd file = { bindery_monitor_get_fd(monitor), POLLIN, 0 };

		ready = poll(&file, 1, 1000);
		ret = hear(monitor);
	}
	if (!ret) {
		ret = bindery_claim_release(claim, 0, 0, 0, NULL);
		record = bindery_claim_get_error(claim);
	}
	/* What the module refused has a code. */
	code = bindery_error_record_get_code(record);
	printf("%s\n", !ret ? "released" : code ? bindery_error_sentence(code) :
						  strerror(-ret));
	bindery_claim_free(claim);
	bindery_monitor_free(monitor);
	bindery_request_free(request);
	bindery_context_free(context);
	return ret ? 1 : 0;
}
