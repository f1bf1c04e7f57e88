// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <string.h>

#include "cli.h"

#define ANY_DRIVER	"any"
#define DEFAULT_MS	60000

static const struct {
	const char *message;
	const char *remedy;
	int status;
} failures[] = {
	[BINDERY_WAIT_ABSENT] = {
		"the device is not there", "see that it is plugged in, and where",
		STATUS_ABSENT
	},
	[BINDERY_WAIT_NO_DRIVER] = {
		"the device is there, without a driver", "load its driver",
		STATUS_NO_DRIVER
	},
	[BINDERY_WAIT_OTHER_DRIVER] = {
		"the device is there, on another driver",
		"bind it to that driver, or name the one it is on",
		STATUS_NO_DRIVER
	},
	[BINDERY_WAIT_NO_NODE] = {
		"the device is on its driver, which has made no node",
		"see the kernel's log for what the driver lacks", STATUS_NO_NODE
	},
};

static void put_device(struct json_object *document,
		       const struct bindery_wait *wait,
		       enum bindery_wait_state state)
{
	put_string(document, "device", NULL);
	if (state != BINDERY_WAIT_ABSENT)
		put_bdf(document, "device", bindery_wait_get_bdf(wait));
	put_string(document, "state", bindery_wait_state_symbol(state));
	put_string(document, "driver", bindery_wait_get_driver(wait));
	put_string(document, "node", bindery_wait_get_node(wait));
}

static int report(const struct options *options,
		  const struct bindery_wait *wait, const char *text,
		  enum bindery_wait_state state)
{
	struct json_object *document = json_object_new_object();
	int status = STATUS_DONE;

	put_device(document, wait, state);
	if (state != BINDERY_WAIT_READY) {
		report_own(document, text, bindery_wait_state_symbol(state),
			   ETIMEDOUT, failures[state].message,
			   failures[state].remedy);
		status = failures[state].status;
	}
	document_print(options, document);
	return status;
}

static int set_conditions(const struct options *options,
			  struct bindery_wait *wait)
{
	const char *driver = options->driver;

	if (options_given(options, OPTION_NODE))
		bindery_wait_set_node(wait);
	if (!driver)
		return 0;
	return bindery_wait_set_driver(wait, strcmp(driver, ANY_DRIVER) ?
				       driver : "");
}

static int wait_for(const struct options *options, const char *text,
		    struct bindery_wait *wait)
{
	uint32_t deadline_ms = options->deadline_ms;
	enum bindery_wait_state state = BINDERY_WAIT_ABSENT;
	int ret = set_conditions(options, wait);

	if (!ret)
		ret = bindery_wait_until(wait, deadline_ms ? deadline_ms :
					 DEFAULT_MS, &state);
	if (ret && ret != -ETIMEDOUT)
		return report_failure(options, -ret, text);
	return report(options, wait, text, state);
}

int run_wait(struct options *options)
{
	const char *text = options->arguments[0];
	struct argument argument;
	struct bindery_wait *wait;
	struct bindery_host *host;
	int ret = argument_parse(options, text, &argument);

	if (ret)
		return ret;
	if (argument.device.expect)
		return usage_error(options->verb,
				   "checks are not for waiting: only the place counts");
	ret = bindery_host_new(NULL, &host);
	if (ret)
		return report_failure(options, -ret, "sysfs");
	ret = bindery_wait_new(host, &argument.device, &wait);
	if (ret) {
		ret = report_failure(options, -ret, "the kernel's events");
	} else {
		ret = wait_for(options, text, wait);
		bindery_wait_free(wait);
	}
	bindery_host_free(host);
	return ret;
}
