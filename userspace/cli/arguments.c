// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"

#define REMEDY \
	"write it as 0000:01:00.0, slot up to 1f and function up to 7, or see DEVICES in bindery(1)"

/* As the library, and BB:SS.F for domain 0000. */
static int parse_bdf(const char *text, struct bindery_bdf *bdf)
{
	char full[BINDERY_BDF_SIZE];
	const char *colon = strchr(text, ':');

	if (!colon || strchr(colon + 1, ':'))
		return bindery_bdf_parse(text, bdf);
	if (snprintf(full, sizeof(full), "0000:%s", text) >= (int)sizeof(full))
		return -EINVAL;
	return bindery_bdf_parse(full, bdf);
}

/* PF:INDEX */
static int parse_vf(const char *text, struct bindery_reference *device)
{
	const char *colon = strrchr(text, ':');
	char pf[BINDERY_BDF_SIZE], *end;
	unsigned long vf;

	if (!colon || colon[1] < '0' || colon[1] > '9' ||
	    snprintf(pf, sizeof(pf), "%.*s", (int)(colon - text), text) >=
	    (int)sizeof(pf))
		return -EINVAL;
	vf = strtoul(colon + 1, &end, 10);
	if (*end || vf > UINT16_MAX)
		return -EINVAL;
	device->address = BINDERY_ADDRESS_VF;
	device->vf = (uint32_t)vf;
	return parse_bdf(pf, &device->bdf);
}

static int parse_path(const char *text, struct bindery_reference *device)
{
	struct bindery_host *host;
	int ret = bindery_path_parse(text, &device->path);

	device->address = BINDERY_ADDRESS_PATH;
	if (ret || device->path.has_root)
		return ret;
	ret = bindery_host_new(NULL, &host);
	if (ret)
		return ret;
	ret = bindery_host_complete_path(host, &device->path);
	bindery_host_free(host);
	return ret;
}

static int parse_address(const char *text, struct bindery_reference *device)
{
	if (!strncmp(text, "vf:", 3))
		return parse_vf(text + 3, device);
	if (!strncmp(text, "path:", 5))
		return parse_path(text + 5, device);
	if (strchr(text, '/'))
		return parse_path(text, device);
	return parse_bdf(text, &device->bdf);
}

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

/* ADDRESS[,KEY=VALUE]...[=DRIVER[:MODULE]] */
static int parse_argument(const struct options *options,
			  struct argument *argument)
{
	char *rest = argument->text, *address, *key, *value, end;

	address = cut(&rest, ",=", &end);
	while (end == ',') {
		key = cut(&rest, ",=", &end);
		if (end != '=')
			return -EINVAL;
		value = cut(&rest, ",=", &end);
		if (!parse_expected(key, value, &argument->device))
			return -EINVAL;
	}
	if (end == '=' && options->verb->driver == DRIVER_NONE)
		return -EINVAL;
	if (end == '=')
		split_driver(rest, &argument->driver, &argument->module);
	return parse_address(address, &argument->device);
}

/* Without what could be taken for a driver or a check: the address only. */
static int report_device(const struct options *options, const char *text,
			 int error)
{
	char *address = strndup(text, strcspn(text, "="));
	const char *message, *remedy = "begin it with one, as in 0000:00/01/00";

	if (!address)
		abort();
	if (error == -ENOTUNIQ) {
		message = "the path has no root bus, and this machine has several";
	} else if (error == -ENODEV) {
		message = "the path has no root bus, and none can be found";
	} else {
		message = bindery_error_sentence(BINDERY_ERROR_ADDRESS);
		remedy = REMEDY;
	}
	report_argument(options, strchr(address, ',') ? text : address, message,
			remedy);
	free(address);
	return STATUS_FAILED;
}

int argument_parse(const struct options *options, const char *text,
		   struct argument *argument)
{
	int ret;

	*argument = (struct argument){ 0 };
	ret = snprintf(argument->text, sizeof(argument->text), "%s", text);
	if (ret < (int)sizeof(argument->text))
		ret = parse_argument(options, argument);
	else
		ret = -EINVAL;
	return ret ? report_device(options, text, ret) : STATUS_DONE;
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
	struct argument argument;
	int ret, status = argument_parse(options, text, &argument);

	if (!status) {
		ret = bindery_request_add_device(request, &argument.device,
			is_target ? argument.driver : NULL,
			is_target ? argument.module : NULL);
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
	char *target = strdup(options->target);
	const char *driver, *module;

	if (!target)
		return report_failure(options, ENOMEM, "no request");
	split_driver(target, &driver, &module);
	bindery_request_set_target(request, driver, module);
	free(target);
	return STATUS_DONE;
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
