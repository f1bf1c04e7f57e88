// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>

#include "print.h"

/* One line, so that a reader knows where a document ends. */
static void document_json(FILE *out, struct json_object *document)
{
	const char *text = json_object_to_json_string_ext(document,
					JSON_C_TO_STRING_PLAIN |
					JSON_C_TO_STRING_NOSLASHESCAPE);

	/* What is too long for the buffer is written, and fails, at once. */
	if (fprintf(out, "%s\n", text) < 0)
		output_failed(errno);
	output_flush(out);
}

const struct print_ops print_json = {
	.document = document_json,
	.line = document_json,
};
