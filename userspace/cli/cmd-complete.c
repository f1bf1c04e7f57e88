// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What can stand where the cursor is: the completions of all shells ask here.
 * Arguments are the words behind "bindery", the last up to the cursor. Prints
 * lines of a word, a tab and what it is.
 */
#include <string.h>

#include "cli.h"

struct cursor {
	const struct verb *verb;
	char **words;		/* behind the verb */
	int num;		/* the last is the one to complete */
	const struct option_row *option;	/* of --OPTION=VALUE, or NULL */
};

static const char *last_word(const struct cursor *cursor)
{
	const char *word = cursor->words[cursor->num - 1];

	return cursor->option ? strchr(word, '=') + 1 : word;
}

static void offer(const struct cursor *cursor, const char *word,
		  const char *what)
{
	const char *start = last_word(cursor);
	struct json_object *text, *about;

	if (strncmp(word, start, strlen(start)))
		return;
	text = escaped_string(word);
	about = escaped_string(what ? what : "");
	if (cursor->option)
		printf("--%s=", cursor->option->name);
	printf("%s\t%s\n", json_object_get_string(text),
	       json_object_get_string(about));
	json_object_put(text);
	json_object_put(about);
}

static void offer_verbs(const struct cursor *cursor)
{
	for (size_t i = 0; i < num_verbs; i++)
		if (verbs[i].summary)
			offer(cursor, verbs[i].name, verbs[i].summary);
}

static void offer_options(const struct cursor *cursor)
{
	const struct option_row *row = NULL;
	char word[48];

	while ((row = options_next(cursor->verb, row))) {
		snprintf(word, sizeof(word), "--%s", row->name);
		offer(cursor, word, row->help);
	}
}

static void offer_events(const struct cursor *cursor)
{
	for (int i = 0; i <= BINDERY_EVENT_DETACH_FAILED; i++)
		offer(cursor, bindery_event_symbol(i),
		      "event in the life of a device in a guest");
}

/* These work without the module, and without an IOMMU. */
static bool takes_any_device(const struct verb *verb)
{
	return verb->run == run_path || verb->run == run_wait;
}

/* They are left alone, and nothing else is asked of them. */
static bool is_any_bridge(const struct bindery_device *device)
{
	return bindery_device_get_class(device) >> 16 == 0x06;
}

static void offer_device(const struct cursor *cursor,
			 const struct bindery_device *device)
{
	struct bindery_bdf bdf = bindery_device_get_bdf(device);
	const char *driver = bindery_device_get_driver(device);
	char text[BINDERY_BDF_SIZE], what[128], start[BINDERY_BDF_SIZE + 1];
	int length;
	uint32_t group;
	bool has_group = bindery_device_get_group(device, &group);

	if (!takes_any_device(cursor->verb) &&
	    (!has_group || is_any_bridge(device)))
		return;
	bindery_bdf_format(&bdf, text);
	length = snprintf(what, sizeof(what), "%s",
			  *driver ? driver : "no driver");
	if (has_group)
		snprintf(what + length, sizeof(what) - (size_t)length,
			 ", group %u", group);
	snprintf(start, sizeof(start), "%s", last_word(cursor));
	/* 01:00.0 is short for 0000:01:00.0 */
	if (*start && strchr(start, ':') == start + 2 &&
	    !strncmp(text, "0000:", 5))
		offer(cursor, text + 5, what);
	else
		offer(cursor, text, what);
}

/* @host may be NULL. */
static struct bindery_devices *get_devices(const struct bindery_host *host)
{
	struct bindery_devices *devices;

	if (!host || bindery_host_get_devices(host, &devices))
		return NULL;
	return devices;
}

static struct bindery_host *open_host(void)
{
	struct bindery_host *host;

	return bindery_host_new(NULL, &host) ? NULL : host;
}

static struct bindery_devices *find_devices(void)
{
	struct bindery_host *host = open_host();
	struct bindery_devices *devices = get_devices(host);

	bindery_host_free(host);
	return devices;
}

static void offer_devices(const struct cursor *cursor)
{
	struct bindery_devices *devices = find_devices();

	for (size_t i = 0; devices && i < bindery_devices_get_count(devices); i++)
		offer_device(cursor, bindery_devices_get(devices, i));
	bindery_devices_free(devices);
}

static void offer_claim(const struct cursor *cursor,
			const struct bindery_group *group)
{
	struct bindery_id id = bindery_group_get_claim_id(group);
	char text[BINDERY_ID_TEXT_SIZE];

	if (!bindery_id_is_set(&id))
		return;
	bindery_id_format(&id, text);
	offer(cursor, text, bindery_group_get_holder_label(group));
}

static void offer_claims(const struct cursor *cursor)
{
	struct bindery_devices *devices = find_devices();
	struct bindery_context *context = NULL;

	if (!devices || open_states(&context))
		goto out;
	for (size_t i = 0; i < bindery_devices_get_count(devices); i++) {
		struct bindery_reference reference = {
			.bdf = bindery_device_get_bdf(
				bindery_devices_get(devices, i)),
		};
		struct bindery_group *group;

		if (bindery_group_show(context, &reference, &group))
			continue;
		offer_claim(cursor, group);
		bindery_group_free(group);
	}
out:
	bindery_context_free(context);
	bindery_devices_free(devices);
}

static const char *driver_at(const struct bindery_devices *devices, size_t index)
{
	return bindery_device_get_driver(bindery_devices_get(devices, index));
}

static bool is_first(const struct bindery_devices *devices, size_t index)
{
	for (size_t i = 0; i < index; i++)
		if (!strcmp(driver_at(devices, i), driver_at(devices, index)))
			return false;
	return true;
}

/* Targets are VFIO drivers, natives all others. */
static bool is_wanted_driver(const struct bindery_host *host, const char *driver,
			     enum option_bit bit)
{
	if (bit == OPTION_DRIVER || bit == OPTION_ON_DRIVER)
		return true;
	return strcmp(driver, "vfio-pci") &&
	       bindery_host_is_vfio_driver(host, driver) ==
	       (bit == OPTION_TARGET);
}

static void offer_drivers(const struct cursor *cursor, enum option_bit bit)
{
	struct bindery_host *host = open_host();
	struct bindery_devices *devices = get_devices(host);

	if (bit == OPTION_TARGET)
		offer(cursor, "vfio-pci", "the generic one");
	else if (bit == OPTION_ON_DRIVER)
		offer(cursor, "any", "whichever");
	else
		offer(cursor, "none", "no driver");
	for (size_t i = 0; devices && i < bindery_devices_get_count(devices); i++) {
		const char *driver = driver_at(devices, i);

		if (*driver && is_first(devices, i) &&
		    is_wanted_driver(host, driver, bit))
			offer(cursor, driver, "a driver in use");
	}
	bindery_devices_free(devices);
	bindery_host_free(host);
}

/* The next word of a list that is begun: all of it is what is completed. */
static void offer_next(const struct cursor *cursor, const char *word,
		       const char *what)
{
	const char *start = last_word(cursor), *comma = strrchr(start, ',');
	char list[256];

	snprintf(list, sizeof(list), "%.*s%s",
		 comma ? (int)(comma - start + 1) : 0, start, word);
	offer(cursor, list, what);
}

static void offer_operations(const struct cursor *cursor)
{
	for (uint32_t bit = 1; bit <= BINDERY_OPERATION_OPEN_CLAIM; bit <<= 1)
		offer_next(cursor, bindery_operation_symbol(bit),
			   "may be done with the control file");
}

static void offer_guards(const struct cursor *cursor)
{
	for (int i = BINDERY_GUARD_MOUNT; i <= BINDERY_GUARD_OPEN; i++)
		offer_next(cursor, bindery_guard_kind_symbol(i),
			   "a use by the host");
}

static void offer_value(const struct cursor *cursor, enum option_bit bit)
{
	if (bit == OPTION_CLAIM)
		offer_claims(cursor);
	else if (bit == OPTION_OPERATIONS)
		offer_operations(cursor);
	else if (bit == OPTION_FORCE)
		offer_guards(cursor);
	else if (bit == OPTION_TARGET || bit == OPTION_NATIVE ||
		 bit == OPTION_DRIVER || bit == OPTION_ON_DRIVER)
		offer_drivers(cursor, bit);
}

/* By the synopsis: of its word for that argument, or of its last. */
static void offer_argument(const struct cursor *cursor, int number)
{
	const char *word = cursor->verb->arguments;
	size_t length = strcspn(word, " ");
	char name[64];

	for (; number && word[length] && !verb_has_dashes(word + length + 1);
	     number--) {
		word += length + 1;
		length = strcspn(word, " ");
	}
	snprintf(name, sizeof(name), "%.*s", (int)length, word);
	if (number && !strstr(name, "..."))
		return;
	if (strstr(name, "DEVICE"))
		offer_devices(cursor);
	if (strstr(name, "ID"))
		offer_claims(cursor);
	if (strstr(name, "EVENT"))
		offer_events(cursor);
	if (strstr(name, "VERB"))
		offer_verbs(cursor);
}

/* The option that @word is, if it has a value and that is still to come. */
static const struct option_row *waits_for_value(const struct verb *verb,
						const char *word)
{
	const struct option_row *row = NULL;

	while ((row = options_next(verb, row))) {
		if (!row->value || *row->value == '[' || word[0] != '-')
			continue;
		if (word[1] == '-' ? !strcmp(word + 2, row->name) :
		    row->letter && word[1] == row->letter && !word[2])
			return row;
	}
	return NULL;
}

/* The option of --OPTION=VALUE, if it has one. */
static const struct option_row *find_option(const struct verb *verb,
					    const char *word)
{
	const struct option_row *row = NULL;
	size_t length = strcspn(word, "=");

	if (strncmp(word, "--", 2) || !word[length])
		return NULL;
	while ((row = options_next(verb, row)))
		if (row->value && strlen(row->name) == length - 2 &&
		    !strncmp(row->name, word + 2, length - 2))
			return row;
	return NULL;
}

static void complete(struct cursor *cursor)
{
	const struct option_row *row = NULL;
	int number = 0;

	for (int i = 0; i < cursor->num - 1; i++) {
		const char *word = cursor->words[i];

		/* What follows is a command, which shells complete. */
		if (!strcmp(word, "--") && cursor->verb->has_command)
			return;
		if (row)
			row = NULL;
		else if (*word == '-')
			row = waits_for_value(cursor->verb, word);
		else
			number++;
	}
	if (!row)
		cursor->option = find_option(cursor->verb, last_word(cursor));
	if (row || cursor->option)
		offer_value(cursor, row ? row->bit : cursor->option->bit);
	else if (*last_word(cursor) == '-')
		offer_options(cursor);
	else
		offer_argument(cursor, number);
}

int run_complete(struct options *options)
{
	struct cursor cursor = {
		.words = options->arguments + 1,
		.num = options->num_arguments - 1,
	};

	if (options->num_arguments == 1) {
		cursor.words = options->arguments;
		cursor.num = 1;
		offer_verbs(&cursor);
		offer(&cursor, "--help", "print help");
		offer(&cursor, "--version", "print the version");
		return STATUS_DONE;
	}
	if (options->num_arguments > 1)
		cursor.verb = verb_find(options->arguments[0]);
	if (cursor.verb && cursor.verb->summary)
		complete(&cursor);
	return STATUS_DONE;
}
