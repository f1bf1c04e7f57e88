/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PRINT_H
#define PRINT_H

#include <stdio.h>

#include <json-c/json.h>

/*
 * Verbs describe each result once, as a document: an object of fields and
 * lists. Both ways to print it walk the same document, so that no field can
 * exist in one only. Its key "error" is the failure.
 */
struct print_ops {
	void (*document)(FILE *out, struct json_object *document);
	/* One of many objects, of which nobody knows how many come. */
	void (*line)(FILE *out, struct json_object *object);
};

/* Why it fails is remembered: what is written later hides it. */
void output_flush(FILE *out);
/* The errno of a write. */
void output_failed(int error);

extern const struct print_ops print_text;
extern const struct print_ops print_json;

#endif
