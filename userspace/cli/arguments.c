// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"

/* Just so many hex digits. */
static bool parse_hex(const char *text, size_t digits, char end,
		      uint64_t *value)
{
	if (strspn(text, "0123456789abcdefABCDEF") != digits ||
	    text[digits] != end)
		return false;
	*value = strtoull(text, NULL, 16);
	return true;
}

/* VVVV:DDDD */
static bool parse_ids(const char *text, uint16_t *vendor, uint16_t *device)
{
	uint64_t first, second;

	if (!parse_hex(text, 4, ':', &first) ||
	    !parse_hex(text + 5, 4, '\0', &second))
		return false;
	*vendor = (uint16_t)first;
	*device = (uint16_t)second;
	return true;
}

/* As lspci prints it, 00-15-17-ff-ff-12-34-56, or without the dashes. */
static bool parse_serial(const char *text, uint64_t *serial)
{
	char digits[17] = "";
	size_t count = 0;

	for (; *text; text++) {
		if (*text == '-' && count && !(count % 2) && count < 16)
			continue;
		if (count == 16)
			return false;
		digits[count++] = *text;
	}
	digits[count] = '\0';
	return parse_hex(digits, 16, '\0', serial);
}

/* What the device has to be, KEY=VALUE. */
static bool parse_expected(const char *key, const char *value,
			   struct bindery_reference *device)
{
	if (!strcmp(key, "id")) {
		device->expect |= BINDERY_EXPECT_ID;
		return parse_ids(value, &device->vendor, &device->device_id);
	}
	if (!strcmp(key, "subsystem")) {
		device->expect |= BINDERY_EXPECT_SUBSYSTEM;
		return parse_ids(value, &device->subsystem_vendor,
				 &device->subsystem_device);
	}
	device->expect |= BINDERY_EXPECT_SERIAL;
	return !strcmp(key, "serial") && parse_serial(value, &device->serial);
}

static int refuse(struct address *how, const char *wrong, const char *remedy)
{
	how->wrong = wrong;
	how->remedy = remedy;
	return -EINVAL;
}

/* Cuts a word off @text; what ended it is stored in @end. */
static char *cut(char **text, const char *ends, char *end)
{
	char *word = *text;
	size_t length = strcspn(word, ends);

	*end = word[length];
	word[length] = '\0';
	*text += length + !!*end;
	return word;
}

/* DRIVER[:MODULE] */
static void split_driver(char *text, const char **driver, const char **module)
{
	char *colon = strchr(text, ':');

	if (colon)
		*colon++ = '\0';
	*driver = text;
	*module = colon;
}

/* DRIVER[:MODULE], neither of which is empty. */
bool names_driver(const char *text)
{
	size_t length = strlen(text);

	return length && *text != ':' && text[length - 1] != ':';
}

/* ADDRESS[,KEY=VALUE]...[=DRIVER[:MODULE]] */
static int parse_argument(const struct options *options,
			  struct argument *argument, struct address *how)
{
	char *rest = argument->text, *address, *key, end;
	const char *value;

	address = cut(&rest, ",=", &end);
	while (end == ',') {
		key = cut(&rest, ",=", &end);
		value = end == '=' ? cut(&rest, ",=", &end) : "";
		if (!parse_expected(key, value, &argument->device))
			return refuse(how, "what follows a comma is no check",
				      "write it as id=8086:10d3, subsystem=8086:10d3 or serial=00-15-17-ff-fe-12-34-56");
	}
	if (end == '=' && options->verb->driver == DRIVER_NONE)
		return refuse(how, "this verb takes no driver",
			      "leave out what begins with '='");
	if (end == '=' && !names_driver(rest))
		return -EDESTADDRREQ;
	if (end == '=')
		split_driver(rest, &argument->driver, &argument->module);
	return address_parse(how, address, &argument->device);
}

/* Without what could be taken for a driver or a check: the address only. */
static int report_device(const struct options *options, const char *text,
			 const struct address *how, int error)
{
	char *address = strndup(text, strcspn(text, "="));
	int status;

	if (!address)
		abort();
	status = address_report(options, how,
				strchr(address, ',') ? text : address, error);
	free(address);
	return status;
}

int argument_parse(const struct options *options, const char *text,
		   struct argument *argument)
{
	struct address how = { .by_group = options->verb->by_group };
	int ret;

	*argument = (struct argument){ 0 };
	ret = snprintf(argument->text, sizeof(argument->text), "%s", text);
	if (ret < (int)sizeof(argument->text))
		ret = parse_argument(options, argument, &how);
	else
		ret = refuse(&how, "it is longer than 511 bytes",
			     "name the device by its BDF");
	if (ret == -EDESTADDRREQ)
		return usage_error(options->verb, NO_DRIVER_NAMED, text);
	return ret ? report_device(options, text, &how, ret) : STATUS_DONE;
}

/* What a driver is called that is none. */
static const char *native_driver(const char *name)
{
	return name && strcmp(name, "none") ? name : NULL;
}

static int set_native(const struct options *options,
		      struct bindery_request *request,
		      const struct argument *argument)
{
	size_t index = bindery_request_get_num_devices(request) - 1;
	const char *driver = argument->driver, *module = argument->module;
	char *copy = NULL;
	int ret;

	if (!driver && !options->native)
		return 0;
	if (!driver) {
		copy = strdup(options->native);
		if (!copy)
			return -ENOMEM;
		split_driver(copy, &driver, &module);
	}
	ret = bindery_request_set_native(request, index, native_driver(driver),
					 module, options->native_override);
	free(copy);
	return ret;
}

static int add_argument(const struct options *options,
			struct bindery_request *request, const char *text,
			bool *has_driver)
{
	bool is_target = options->verb->driver == DRIVER_TARGET;
	struct target target = { 0 };
	struct argument argument;
	int ret, status = argument_parse(options, text, &argument);

	if (!status && is_target && argument.driver)
		status = target_resolve(options, argument.driver,
					argument.module, &target);
	else if (!status && is_target && !options->target)
		status = target_choose(options, &argument.device, &target);
	if (!status) {
		ret = bindery_request_add_device(request, &argument.device,
						 target.driver, target.module);
		if (!ret && !is_target)
			ret = set_native(options, request, &argument);
		if (ret)
			status = report_failure(options, -ret, "no request");
		*has_driver |= !!argument.driver;
	}
	return status;
}

static int set_target(const struct options *options,
		      struct bindery_request *request)
{
	char *text = strdup(options->target);
	const char *driver, *module;
	struct target target = { 0 };
	int ret;

	if (!text)
		return report_failure(options, ENOMEM, "no request");
	split_driver(text, &driver, &module);
	ret = target_resolve(options, driver, module, &target);
	if (!ret)
		bindery_request_set_target(request, target.driver,
					   target.module);
	free(text);
	return ret;
}

static uint32_t request_flags(const struct options *options)
{
	static const struct {
		enum option_bit option;
		uint32_t flag;
	} flags[] = {
		{ OPTION_COMPANIONS, BINDERY_ACQUIRE_COMPANIONS },
		{ OPTION_SINGLE_GROUP, BINDERY_ACQUIRE_SINGLE_GROUP },
		{ OPTION_SHARED, BINDERY_ACQUIRE_SHARED },
		{ OPTION_SERIAL, BINDERY_ACQUIRE_SERIAL },
		{ OPTION_REPAIR, BINDERY_ACQUIRE_REPAIR },
		{ OPTION_SEALED, BINDERY_ACQUIRE_SEALED },
		{ OPTION_HOLDERS_ONLY, BINDERY_ACQUIRE_HOLDERS_ONLY },
	};
	uint32_t all = 0;

	for (size_t i = 0; i < ARRAY_SIZE(flags); i++)
		if (options_given(options, flags[i].option))
			all |= flags[i].flag;
	return all;
}

int arguments_to_request(const struct options *options,
			 struct bindery_request **request)
{
	bool has_driver = options->native;
	struct bindery_request *new;
	int ret = bindery_request_new(&new);

	if (ret)
		return report_failure(options, -ret, "no request");
	for (int i = 0; !ret && i < options->num_arguments; i++)
		ret = add_argument(options, new, options->arguments[i],
				   &has_driver);
	if (!ret && options->target)
		ret = set_target(options, new);
	/* An override alone would say that no device had a driver. */
	if (!ret && options->native_override && !has_driver)
		ret = usage_error(options->verb, "--native-override needs --native or =DRIVER");
	if (!ret && options_given(options, OPTION_HOLDERS_ONLY) &&
	    !options_given(options, OPTION_SEALED))
		ret = usage_error(options->verb, "--holders-only needs --sealed");
	if (ret) {
		bindery_request_free(new);
		return ret;
	}
	bindery_request_set_flags(new, request_flags(options));
	bindery_request_set_label(new, options->label);
	bindery_request_set_deadline_ms(new, options->deadline_ms);
	*request = new;
	return STATUS_DONE;
}
