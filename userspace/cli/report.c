// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"

/* A message is made of escaped strings only: no second escaping. */
static void add_message(struct json_object *error, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static void add_message(struct json_object *error, const char *format, ...)
{
	struct json_object *messages = json_object_object_get(error, "messages");
	va_list arguments;
	char *text;

	va_start(arguments, format);
	if (vasprintf(&text, format, arguments) < 0)
		abort();
	va_end(arguments);
	json_object_array_add(messages, json_object_new_string(text));
	free(text);
}

static struct json_object *new_error(struct json_object *document,
				     const char *code, const char *step,
				     int error)
{
	struct json_object *object = json_object_new_object();

	put_string(object, "device", NULL);
	put_string(object, "step", step);
	put_string(object, "code", code);
	put_string(object, "class", NULL);
	put_number(object, "errno", error);
	json_object_object_add(object, "group", NULL);
	put_string(object, "driver", NULL);
	json_object_object_add(object, "holder", NULL);
	json_object_object_add(object, "messages", json_object_new_array());
	put_string(object, "remedy", NULL);
	json_object_object_add(document, "error", object);
	return object;
}

static void put_record(struct json_object *error,
		       const struct bindery_error_record *record)
{
	enum bindery_error code = bindery_error_record_get_code(record);
	struct bindery_bdf device;
	uint32_t group;

	if (bindery_error_record_get_device(record, &device))
		put_bdf(error, "device", device);
	if (bindery_error_record_get_group(record, &group))
		put_number(error, "group", group);
	if (bindery_error_record_has_holder(record))
		put_holder(error, bindery_error_record_get_holder_pid(record),
			   bindery_error_record_get_holder_comm(record),
			   bindery_error_record_get_holder_label(record));
	put_string(error, "class", bindery_error_class_symbol(
			bindery_error_record_get_class(record)));
	put_string(error, "driver", bindery_error_record_get_name(record));
	put_string(error, "remedy", bindery_error_remedy(code));
}

static const char *field(struct json_object *object, const char *key)
{
	const char *text;

	text = json_object_get_string(json_object_object_get(object, key));
	return text ? text : "none";
}

/* One message for each member that should have been named. */
static void undeclared_messages(struct json_object *error,
				const struct bindery_members *members)
{
	for (size_t i = 0; i < bindery_members_get_count(members); i++) {
		const struct bindery_member *member;
		struct json_object *driver, *name;

		member = bindery_members_get(members, i);
		if (bindery_member_get_blocker(member) !=
		    BINDERY_ERROR_UNDECLARED)
			continue;
		name = escaped_string(bindery_member_get_name(member));
		driver = escaped_string(bindery_member_get_driver(member));
		add_message(error, "member %s is on %s and was not named",
			    json_object_get_string(name),
			    json_object_get_string(driver));
		json_object_put(name);
		json_object_put(driver);
	}
}

/* A named device of that group tells more than the one that was not named. */
static void undeclared_device(struct json_object *error,
			      const struct bindery_members *members,
			      uint32_t group)
{
	for (size_t i = 0; i < bindery_members_get_count(members); i++) {
		const struct bindery_member *member;

		member = bindery_members_get(members, i);
		if (bindery_member_get_role(member) == BINDERY_ROLE_REQUESTED &&
		    bindery_member_get_group(member) == group) {
			put_bdf(error, "device", bindery_member_get_bdf(member));
			return;
		}
	}
}

static void holder_message(struct json_object *error, const char *sentence)
{
	struct json_object *holder = json_object_object_get(error, "holder");

	add_message(error, "%s: group %s is held by pid %s, comm %s, label %s",
		    sentence, field(error, "group"), field(holder, "pid"),
		    field(holder, "comm"), field(holder, "label"));
}

static bool has_driver_errno(enum bindery_error code)
{
	return code == BINDERY_ERROR_UNBIND || code == BINDERY_ERROR_BIND ||
	       code == BINDERY_ERROR_OVERRIDE;
}

static void put_messages(struct json_object *error,
			 const struct bindery_error_record *record)
{
	enum bindery_error code = bindery_error_record_get_code(record);
	const char *sentence = bindery_error_sentence(code);

	if (bindery_error_record_has_holder(record))
		holder_message(error, sentence);
	else if (has_driver_errno(code))
		add_message(error, "%s: driver %s: %s", sentence,
			    field(error, "driver"),
			    strerror(bindery_error_record_get_errno(record)));
	else if (json_object_object_get(error, "driver"))
		add_message(error, "%s: driver %s", sentence,
			    field(error, "driver"));
	else
		add_message(error, "%s", sentence);
}

/* Of a call that the kernel did not even begin. */
static const char *remedy_without_record(int error)
{
	if (error == ENOTTY || error == EBADE || error == EOVERFLOW)
		return "compare the versions of bindery and of the module";
	return NULL;
}

void report_record(struct json_object *document,
		   const struct bindery_error_record *record,
		   const struct bindery_members *members)
{
	enum bindery_error code = bindery_error_record_get_code(record);
	enum bindery_step step = bindery_error_record_get_step(record);
	int number = bindery_error_record_get_errno(record);
	struct json_object *error;
	uint32_t group;

	if (code == BINDERY_ERROR_NONE) {
		report_own(document, NULL, "system", number, strerror(number),
			   remedy_without_record(number));
		return;
	}
	error = new_error(document, bindery_error_symbol(code),
			  step ? bindery_step_symbol(step) : NULL, number);
	put_record(error, record);
	if (code == BINDERY_ERROR_UNDECLARED && members) {
		undeclared_messages(error, members);
		if (bindery_error_record_get_group(record, &group))
			undeclared_device(error, members, group);
	}
	if (!json_object_array_length(json_object_object_get(error, "messages")))
		put_messages(error, record);
	if (bindery_error_record_is_incomplete(record))
		add_message(error, "not all is put back: see bindery show, and bindery repair");
}

/*
 * Where the kernel finds nothing it tells the root bus of the path, or the PF,
 * by which the device was named: users know it by what they wrote.
 */
void report_missing(struct json_object *document,
		    const struct bindery_error_record *record,
		    const struct bindery_reference *device, const char *text)
{
	struct bindery_bdf root = { .domain = device->path.domain,
				    .bus = device->path.bus };
	struct bindery_bdf told;

	if (bindery_error_record_get_code(record) != BINDERY_ERROR_NO_DEVICE ||
	    !bindery_error_record_get_device(record, &told))
		return;
	if (device->address == BINDERY_ADDRESS_PATH &&
	    !bindery_bdf_compare(&told, &root))
		put_string(json_object_object_get(document, "error"), "device",
			   text);
}

void report_request(const struct options *options,
		    const struct bindery_request *request,
		    struct json_object *document,
		    const struct bindery_error_record *record,
		    const struct bindery_members *members)
{
	report_record(document, record, members);
	for (size_t i = 0; i < bindery_request_get_num_devices(request); i++) {
		struct bindery_reference device;

		device = bindery_request_get_device(request, i);
		report_missing(document, record, &device,
			       options->arguments[i]);
	}
}

/* Failures that are not the kernel's. */
void report_own(struct json_object *document, const char *device,
		const char *code, int error, const char *message,
		const char *remedy)
{
	struct json_object *object = new_error(document, code, NULL, error);

	put_string(object, "device", device);
	put_string(object, "remedy", remedy);
	add_message(object, "%s", message);
}

void report_guards(const struct options *options,
		   struct json_object *document,
		   const struct bindery_guards *guards)
{
	struct json_object *error = new_error(document, "host-use", "validate",
					      EBUSY);

	put_string(error, "class", "host");
	put_string(error, "remedy",
		   "end that use first, or take it away with that option, or all with --force");
	for (size_t i = 0; i < bindery_guards_get_count(guards); i++) {
		const struct bindery_guard *guard = bindery_guards_get(guards, i);
		struct bindery_bdf bdf = bindery_guard_get_bdf(guard);
		struct json_object *what;
		char text[BINDERY_BDF_SIZE];

		if (!guard_refuses(options, guard))
			continue;
		bindery_bdf_format(&bdf, text);
		what = escaped_string(bindery_guard_get_what(guard));
		add_message(error, "the host uses %s: %s (--force=%s)", text,
			    json_object_get_string(what),
			    bindery_guard_kind_symbol(
				    bindery_guard_get_kind(guard)));
		json_object_put(what);
	}
}

static void put_code(struct json_object *document, const char *device,
		     enum bindery_error code, enum bindery_step step, int error)
{
	struct json_object *object;

	object = new_error(document, bindery_error_symbol(code),
			   bindery_step_symbol(step), error);
	put_string(object, "device", device);
	put_string(object, "class",
		   bindery_error_class_symbol(BINDERY_ERROR_CLASS_ASK));
	put_string(object, "remedy", bindery_error_remedy(code));
	add_message(object, "%s", bindery_error_sentence(code));
}

/* What the kernel would have said, of what it was not asked. */
int report_code(const struct options *options, const char *device,
		enum bindery_error code, enum bindery_step step, int error)
{
	struct json_object *document = json_object_new_object();

	put_code(document, device, code, step, error);
	document_print(options, document);
	return STATUS_FAILED;
}

/* What was named is no device. */
int report_argument(const struct options *options, const char *text,
		    const char *message, const char *remedy)
{
	struct json_object *document = json_object_new_object();
	struct json_object *error;

	error = new_error(document, bindery_error_symbol(BINDERY_ERROR_ADDRESS),
			  bindery_step_symbol(BINDERY_STEP_REQUEST), EINVAL);
	put_string(error, "device", *text ? text : "''");
	put_string(error, "class",
		   bindery_error_class_symbol(BINDERY_ERROR_CLASS_ASK));
	put_string(error, "remedy", remedy);
	add_message(error, "%s", message);
	document_print(options, document);
	return STATUS_FAILED;
}

/*
 * A failure of which there is nothing else to tell but what was named; NULL for
 * @device: by the id of a claim.
 */
int report_named(const struct options *options,
		 const struct bindery_reference *device, const char *name,
		 const struct bindery_error_record *record)
{
	struct json_object *document = json_object_new_object();
	struct json_object *error;

	report_record(document, record, NULL);
	if (device)
		report_missing(document, record, device, name);
	error = json_object_object_get(document, "error");
	if (!json_object_object_get(error, "device"))
		put_string(error, "device", name);
	document_print(options, document);
	return STATUS_FAILED;
}

int report_failure(const struct options *options, int error,
		   const char *message)
{
	struct json_object *document = json_object_new_object();
	struct json_object *escaped = escaped_string(message);
	char *text;

	if (asprintf(&text, "%s: %s", json_object_get_string(escaped),
		     strerror(error)) < 0)
		abort();
	report_own(document, NULL, "system", error, text, NULL);
	free(text);
	json_object_put(escaped);
	document_print(options, document);
	return STATUS_FAILED;
}

#define MAY_NOT_OPEN	"/dev/bindery may not be opened"
#define RUN_AS_ROOT	"run it as root, or get the right to open that node"
#define CHANGES_NEED \
	"what changes anything also needs CAP_SYS_ADMIN in the initial user namespace"
#define NO_MODULE	"there is no /dev/bindery: the module is not loaded"
#define LOAD_MODULE	"run modprobe bindery"

static bool is_denied(int error)
{
	return error == EACCES || error == EPERM;
}

static bool is_absent(int error)
{
	return error == ENOENT || error == ENXIO || error == ENODEV;
}

/* What can be told without the module is told. */
void warn_no_states(int error)
{
	fputs("bindery: states are unknown: ", stderr);
	if (is_denied(error))
		fputs(MAY_NOT_OPEN "; " RUN_AS_ROOT "\n", stderr);
	else if (is_absent(error))
		fputs(NO_MODULE "; " LOAD_MODULE "\n", stderr);
	else
		fprintf(stderr, "/dev/bindery: %s\n", strerror(error));
}

/* What refuses nothing is said all the same. */
void warn_device(const char *device, const char *what)
{
	struct json_object *name = escaped_string(device);
	struct json_object *text = escaped_string(what);

	fprintf(stderr, "bindery: %s: warning: %s\n",
		json_object_get_string(name), json_object_get_string(text));
	json_object_put(name);
	json_object_put(text);
}

#define INHERITED	"BINDERY_CONTROL_FD"

/* /dev/bindery could not be opened, or what was inherited is not it. */
static int report_open(const struct options *options, int error)
{
	struct json_object *document;

	if (getenv(INHERITED))
		return report_failure(options, error,
				      INHERITED " names no control file of bindery");
	if (!is_denied(error) && !is_absent(error))
		return report_failure(options, error, "/dev/bindery");
	document = json_object_new_object();
	if (is_denied(error))
		report_own(document, NULL, "not-permitted", error,
			   MAY_NOT_OPEN,
			   RUN_AS_ROOT "; " CHANGES_NEED);
	else
		report_own(document, NULL, "no-module", error,
			   NO_MODULE, LOAD_MODULE);
	document_print(options, document);
	return is_denied(error) ? STATUS_FAILED : STATUS_NO_MODULE;
}

static int report_abi(const struct options *options,
		      const struct bindery_info *info)
{
	struct json_object *document = json_object_new_object();
	char *text;

	if (asprintf(&text, "the module speaks ABI %u, this bindery speaks %u",
		     bindery_info_get_abi_version(info),
		     BINDERY_ABI_VERSION) < 0)
		abort();
	report_own(document, NULL, "abi-mismatch", EPROTO, text,
		   "install bindery and its module from one version");
	free(text);
	document_print(options, document);
	return STATUS_FAILED;
}

static int check_abi(const struct options *options,
		     struct bindery_context *context)
{
	struct json_object *document;
	struct bindery_info *info;
	int ret = STATUS_DONE;

	if (bindery_context_get_info(context, &info)) {
		document = json_object_new_object();
		report_record(document, bindery_context_get_error(context), NULL);
		document_print(options, document);
		return STATUS_FAILED;
	}
	if (bindery_info_get_abi_version(info) != BINDERY_ABI_VERSION)
		ret = report_abi(options, info);
	bindery_info_free(info);
	return ret;
}

/* A control file that 'delegate' has left us, or what all may open. */
static int use_inherited(struct bindery_context **context)
{
	const char *text = getenv(INHERITED);
	unsigned long fd;
	char *end;

	if (!text)
		return bindery_context_new(context);
	fd = strtoul(text, &end, 10);
	if (*text < '0' || *text > '9' || *end || fd > INT_MAX)
		return -EBADF;
	return bindery_context_new_from_fd((int)fd, context);
}

/*
 * For who only looks: what all may open tells of more groups than what was
 * left us. The error is that of the former.
 */
int open_states(struct bindery_context **context)
{
	int ret = bindery_context_new(context);

	if (ret && getenv(INHERITED) && !use_inherited(context))
		return 0;
	return ret;
}

int open_context(const struct options *options,
		 struct bindery_context **context)
{
	struct bindery_context *new;
	int ret = use_inherited(&new);

	if (ret)
		return report_open(options, -ret);
	ret = check_abi(options, new);
	if (ret)
		bindery_context_free(new);
	else
		*context = new;
	return ret;
}
