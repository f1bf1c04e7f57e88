// SPDX-License-Identifier: GPL-2.0-or-later
/* The table of verbs, for people and, as JSON, for programs. */
#include <stdlib.h>
#include <string.h>

#include "cli.h"

void help_print_all(FILE *out)
{
	fputs("Usage: bindery VERB [OPTION]... [ARGUMENT]...\n"
	      "Move PCI devices to VFIO and back, each set as one transaction.\n\n",
	      out);
	for (size_t i = 0; i < num_verbs; i++)
		if (verbs[i].summary)
			fprintf(out, "  %-9s %s\n", verbs[i].name,
				verbs[i].summary);
	fputs("\n'bindery help VERB' tells more of a verb, 'bindery --version' the version.\n"
	      "The manual is bindery(8).\n", out);
}

#define LINE_MAX_COLUMNS	79

/* What is right of a column, on as many lines as it takes. */
static void print_wrapped(const char *text, int column)
{
	int at = column;

	while (*text) {
		int length = (int)strcspn(text, " ");

		if (at > column && at + 1 + length > LINE_MAX_COLUMNS) {
			printf("\n%*s", column, "");
			at = column;
		}
		at += printf("%s%.*s", at > column ? " " : "", length, text);
		text += length + strspn(text + length, " ");
	}
	putchar('\n');
}

static void print_options(const struct verb *verb)
{
	const struct option_row *row = NULL;

	puts("Options:");
	while ((row = options_next(verb, row))) {
		char letter[] = { '-', row->letter, ',', '\0' };
		char left[48];

		snprintf(left, sizeof(left), "%3s --%s%s%s",
			 row->letter ? letter : "", row->name,
			 row->value && *row->value != '[' ? " " : "",
			 row->value ? row->value : "");
		print_wrapped(row->help, printf("  %-30s  ", left));
	}
}

void help_print(const struct verb *verb)
{
	char usage[128];

	snprintf(usage, sizeof(usage), "[OPTION]... %s", verb->arguments);
	print_wrapped(usage, printf("Usage: bindery %s ", verb->name));
	if (verb->summary)
		printf("%s.\n\n", verb->summary);
	print_options(verb);
	if (strstr(verb->arguments, "DEVICE"))
		printf("\nA DEVICE is 0000:01:00.0, a path as 0000:00/01/00, or VF 2 of a PF as\n"
		       "vf:0000:01:00.0:2%s.\n", verb->run == run_wait ? "" :
		       "; ',id=8086:10d3' behind it checks what it is");
	puts("\nExit status:");
	for (size_t i = 0; i < num_exit_rows; i++)
		if (verb->exits & exit_rows[i].bit)
			print_wrapped(exit_rows[i].text,
				      printf("  %-3s  ", exit_rows[i].status));
}

/* How many letters have to be changed, added or dropped. */
static size_t distance(const char *a, const char *b)
{
	size_t drop, add, change;

	if (!*a || !*b)
		return strlen(a) + strlen(b);
	if (*a == *b)
		return distance(a + 1, b + 1);
	drop = distance(a + 1, b);
	add = distance(a, b + 1);
	change = distance(a + 1, b + 1);
	if (drop > add)
		drop = add;
	return 1 + (drop < change ? drop : change);
}

#define LONGEST 12	/* the distance of longer words takes long to find */

/* The nearest, if it is near; whoever misspells has the first letter right. */
static const struct verb *find_similar(const char *name)
{
	const struct verb *nearest = NULL;
	size_t least = 3;

	for (size_t i = 0; i < num_verbs && strlen(name) < LONGEST; i++) {
		size_t length;

		if (!verbs[i].summary || *verbs[i].name != *name)
			continue;
		length = distance(verbs[i].name, name);
		if (length >= least)
			continue;
		nearest = &verbs[i];
		least = length;
	}
	return nearest;
}

int help_no_verb(const char *name)
{
	const struct verb *similar = find_similar(name);
	struct json_object *text = escaped_string(name);

	fprintf(stderr, "bindery: '%s' is no verb", json_object_get_string(text));
	json_object_put(text);
	if (similar)
		fprintf(stderr, "; did you mean '%s'?\n", similar->name);
	else if (*name == '-')
		fputs("; options follow one, see 'bindery help'\n", stderr);
	else
		fputs("; try 'bindery help'\n", stderr);
	return STATUS_USAGE;
}

static struct json_object *options_list(const struct verb *verb)
{
	struct json_object *list = json_object_new_array();
	const struct option_row *row = NULL;

	while ((row = options_next(verb, row))) {
		struct json_object *object = json_object_new_object();
		char letter[] = { row->letter, '\0' };

		put_string(object, "name", row->name);
		put_string(object, "letter", letter);
		put_string(object, "value", row->value);
		put_string(object, "help", row->help);
		json_object_array_add(list, object);
	}
	return list;
}

static struct json_object *exits_list(const struct verb *verb)
{
	struct json_object *list = json_object_new_array();

	for (size_t i = 0; i < num_exit_rows; i++) {
		struct json_object *object;

		if (!(verb->exits & exit_rows[i].bit))
			continue;
		object = json_object_new_object();
		put_string(object, "status", exit_rows[i].status);
		put_string(object, "text", exit_rows[i].text);
		json_object_array_add(list, object);
	}
	return list;
}

static struct json_object *verb_object(const struct verb *verb)
{
	struct json_object *object = json_object_new_object();

	put_string(object, "name", verb->name);
	put_string(object, "arguments", verb->arguments);
	put_string(object, "summary", verb->summary);
	json_object_object_add(object, "options", options_list(verb));
	json_object_object_add(object, "exits", exits_list(verb));
	return object;
}

static void print_json_of(const struct options *options,
			  const struct verb *only)
{
	struct json_object *document = json_object_new_object();
	struct json_object *list = json_object_new_array();

	put_string(document, "version", bindery_get_version());
	for (size_t i = 0; i < num_verbs; i++)
		if (verbs[i].summary && (!only || only == &verbs[i]))
			json_object_array_add(list, verb_object(&verbs[i]));
	json_object_object_add(document, "verbs", list);
	document_print(options, document);
}

int run_help(struct options *options)
{
	const struct verb *verb = NULL;

	if (options->num_arguments) {
		verb = verb_find(options->arguments[0]);
		if (!verb)
			return help_no_verb(options->arguments[0]);
	}
	if (options_given(options, OPTION_JSON))
		print_json_of(options, verb);
	else if (verb)
		help_print(verb);
	else
		help_print_all(stdout);
	return STATUS_DONE;
}
