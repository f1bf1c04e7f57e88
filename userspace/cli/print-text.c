// SPDX-License-Identifier: GPL-2.0-or-later
#include <ctype.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "color.h"
#include "print.h"

static bool is_empty(struct json_object *value)
{
	return !value || (json_object_is_type(value, json_type_array) &&
			  !json_object_array_length(value));
}

/* A field on one line; the caller frees it. */
static char *field_text(struct json_object *value)
{
	char *text = NULL, *part;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		abort();
	if (!value) {
		fputs("-", out);
	} else if (json_object_is_type(value, json_type_boolean)) {
		fputs(json_object_get_boolean(value) ? "yes" : "no", out);
	} else if (json_object_is_type(value, json_type_array)) {
		for (size_t i = 0; i < json_object_array_length(value); i++) {
			part = field_text(json_object_array_get_idx(value, i));
			fprintf(out, "%s%s", i ? ", " : "", part);
			free(part);
		}
	} else if (json_object_is_type(value, json_type_object)) {
		const char *separator = "";

		json_object_object_foreach(value, key, field) {
			if (is_empty(field))
				continue;
			part = field_text(field);
			fprintf(out, "%s%s %s", separator, key, part);
			free(part);
			separator = " ";
		}
	} else {
		fputs(json_object_get_string(value), out);
	}
	fclose(out);
	return text;
}

/* What is said of a state is said in its colour too; the rest is plain. */
static enum color field_color(const char *key, struct json_object *value)
{
	if (strcmp(key, "state") ||
	    !json_object_is_type(value, json_type_string))
		return COLOR_NONE;
	return color_of_state(json_object_get_string(value));
}

static void print_field(FILE *out, const char *key, const char *separator,
			struct json_object *value)
{
	enum color color = field_color(key, value);
	char *text = field_text(value);

	fprintf(out, "%s%s", key, separator);
	color_begin(out, color);
	fputs(text, out);
	color_end(out, color);
	free(text);
}

/* A list of objects is a table; a list of strings is a field. */
static bool is_table(struct json_object *value)
{
	if (!json_object_is_type(value, json_type_array) ||
	    !json_object_array_length(value))
		return false;
	return json_object_is_type(json_object_array_get_idx(value, 0),
				   json_type_object);
}

static bool has_table(struct json_object *object)
{
	json_object_object_foreach(object, key, value) {
		(void)key;
		if (is_table(value))
			return true;
	}
	return false;
}

static bool is_text(struct json_object *value, const char *text)
{
	return json_object_is_type(value, json_type_string) &&
	       !strcmp(json_object_get_string(value), text);
}

static bool has_row(struct json_object *rows, struct json_object *device)
{
	const char *text = json_object_get_string(device);

	for (size_t i = 0; text && i < json_object_array_length(rows); i++) {
		struct json_object *row = json_object_array_get_idx(rows, i);

		if (is_text(json_object_object_get(row, "device"), text))
			return true;
	}
	return false;
}

/* Devices that all have rows of their own. */
static bool is_shown(struct json_object *rows, struct json_object *value)
{
	if (!json_object_is_type(value, json_type_array))
		return false;
	for (size_t i = 0; i < json_object_array_length(value); i++)
		if (!has_row(rows, json_object_array_get_idx(value, i)))
			return false;
	return true;
}

/*
 * Does a cell say something that cannot be seen elsewhere: in its row, in the
 * rows of others, or of the whole table?
 */
static bool is_needed(struct json_object *rows, struct json_object *whole,
		      const char *key, struct json_object *value)
{
	struct json_object *of_all = json_object_object_get(whole, key);

	return !is_empty(value) && !is_text(value, "none") &&
	       !(of_all && json_object_equal(value, of_all)) &&
	       !is_shown(rows, value);
}

static bool is_column_needed(struct json_object *rows,
			     struct json_object *whole, const char *key)
{
	for (size_t i = 0; i < json_object_array_length(rows); i++) {
		struct json_object *row = json_object_array_get_idx(rows, i);

		if (is_needed(rows, whole, key,
			      json_object_object_get(row, key)))
			return true;
	}
	return false;
}

/* What has parts is too wide for a column: it gets lines, see print_parts(). */
static bool has_parts(struct json_object *value)
{
	return json_object_is_type(value, json_type_object);
}

/* Width of a column; 0 if no row has anything in it. */
static size_t column_width(struct json_object *rows, struct json_object *whole,
			   const char *key)
{
	size_t width = 0;

	if (!is_column_needed(rows, whole, key))
		return 0;
	for (size_t i = 0; i < json_object_array_length(rows); i++) {
		struct json_object *row = json_object_array_get_idx(rows, i);
		struct json_object *value = json_object_object_get(row, key);
		char *text;

		if (is_empty(value) || has_parts(value))
			continue;
		text = field_text(value);
		if (width < strlen(text))
			width = strlen(text);
		free(text);
	}
	return width && width < strlen(key) ? strlen(key) : width;
}

/* Blanks are held back until something follows: none end a line. */
struct line {
	FILE *out;
	int blanks;
};

static void print_cell(struct line *line, struct json_object *row,
		       const char *key, size_t width)
{
	struct json_object *value = json_object_object_get(row, key);
	enum color color = field_color(key, value);
	char *text = field_text(is_empty(value) ? NULL : value);

	fprintf(line->out, "%*s", line->blanks + 2, "");
	color_begin(line->out, color);
	fputs(text, line->out);
	color_end(line->out, color);
	line->blanks = (int)(width - strlen(text));
	free(text);
}

static void print_heading(struct line *line, const char *key, size_t width)
{
	size_t length = strlen(key);

	fprintf(line->out, "%*s", line->blanks + 2, "");
	for (size_t i = 0; i < length; i++)
		fputc(key[i] == '_' ? '-' : toupper((unsigned char)key[i]),
		      line->out);
	line->blanks = (int)(width - length);
}

/* One line of a table; without a row that of its headings. */
static void print_line(FILE *out, struct json_object *first,
		       struct json_object *row, const size_t *widths)
{
	struct line line = { .out = out };

	color_begin(out, row ? COLOR_NONE : COLOR_BOLD);
	json_object_object_foreach(first, key, unused) {
		size_t width = *widths++;

		(void)unused;
		if (width && row)
			print_cell(&line, row, key, width);
		else if (width)
			print_heading(&line, key, width);
	}
	color_end(out, row ? COLOR_NONE : COLOR_BOLD);
	fputc('\n', out);
}

static void print_parts(FILE *out, struct json_object *row)
{
	json_object_object_foreach(row, key, value) {
		if (!has_parts(value))
			continue;
		fputs("    ", out);
		print_field(out, key, ": ", value);
		fputc('\n', out);
	}
}

static void print_table(FILE *out, struct json_object *rows,
			struct json_object *whole)
{
	struct json_object *first = json_object_array_get_idx(rows, 0);
	size_t *widths, column = 0;

	widths = calloc((size_t)json_object_object_length(first) + 1,
			sizeof(*widths));
	if (!widths)
		abort();
	json_object_object_foreach(first, key, unused) {
		(void)unused;
		widths[column++] = column_width(rows, whole, key);
	}
	print_line(out, first, NULL, widths);
	for (size_t i = 0; i < json_object_array_length(rows); i++) {
		struct json_object *row = json_object_array_get_idx(rows, i);

		print_line(out, first, row, widths);
		print_parts(out, row);
	}
	free(widths);
}

static void print_blocks(FILE *out, struct json_object *blocks)
{
	for (size_t i = 0; i < json_object_array_length(blocks); i++) {
		struct json_object *block = json_object_array_get_idx(blocks, i);
		const char *separator = "";

		json_object_object_foreach(block, key, value) {
			if (is_empty(value) || is_table(value))
				continue;
			fputs(separator, out);
			print_field(out, key, " ", value);
			separator = "  ";
		}
		fputc('\n', out);
		json_object_object_foreach(block, name, rows)
			if (is_table(rows)) {
				(void)name;
				print_table(out, rows, block);
			}
	}
}

/* What is longer was not meant as a name. */
#define LONG_NAME 80

static void print_prefix(struct json_object *error, const char *key)
{
	struct json_object *value = json_object_object_get(error, key);

	const char *text = json_object_get_string(value);

	if (text)
		fprintf(stderr, "%.*s%s: ", LONG_NAME, text,
			strlen(text) > LONG_NAME ? "..." : "");
}

/* bindery: 0000:01:00.0: validate: undeclared: member ...; add it, or ... */
static void print_error(struct json_object *error)
{
	struct json_object *messages = json_object_object_get(error, "messages");
	struct json_object *remedy = json_object_object_get(error, "remedy");

	for (size_t i = 0; i < json_object_array_length(messages); i++) {
		struct json_object *text = json_object_array_get_idx(messages, i);

		color_begin(stderr, COLOR_BAD);
		fputs("bindery:", stderr);
		color_end(stderr, COLOR_BAD);
		fputc(' ', stderr);
		print_prefix(error, "device");
		print_prefix(error, "step");
		print_prefix(error, "code");
		fputs(json_object_get_string(text), stderr);
		if (remedy)
			fprintf(stderr, "; %s", json_object_get_string(remedy));
		fputc('\n', stderr);
	}
}

static void document_text(FILE *out, struct json_object *document)
{
	json_object_object_foreach(document, key, value) {
		if (!strcmp(key, "error") || is_empty(value))
			continue;
		if (is_table(value) &&
		    has_table(json_object_array_get_idx(value, 0))) {
			print_blocks(out, value);
		} else if (is_table(value)) {
			fprintf(out, "%s:\n", key);
			print_table(out, value, document);
		} else {
			print_field(out, key, ": ", value);
			fputc('\n', out);
		}
	}
	output_flush(out);
	if (json_object_object_get(document, "error"))
		print_error(json_object_object_get(document, "error"));
}

/* 12  173.204512  step  device 0000:01:00.0  step bind  driver vfio-pci */
static void line_text(FILE *out, struct json_object *object)
{
	const char *separator = "";

	json_object_object_foreach(object, key, value) {
		char *text;

		if (is_empty(value))
			continue;
		text = field_text(value);
		if (!strcmp(key, "seq") || !strcmp(key, "event"))
			fprintf(out, "%s%s", separator, text);
		else if (!strcmp(key, "time_ns"))
			fprintf(out, "%s%.6f", separator,
				(double)json_object_get_uint64(value) / 1e9);
		else
			fprintf(out, "%s%s %s", separator, key, text);
		free(text);
		separator = "  ";
	}
	fputc('\n', out);
	output_flush(out);
}

const struct print_ops print_text = {
	.document = document_text,
	.line = line_text,
};
