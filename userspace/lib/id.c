// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "internal.h"

/* Is there a dash before this byte? */
static bool has_dash(size_t byte)
{
	return byte == 4 || byte == 6 || byte == 8 || byte == 10;
}

static int parse_byte(const char **text, uint8_t *byte)
{
	char digits[3] = "";
	const char *at = digits;
	uint32_t value;

	strncpy(digits, *text, 2);
	if (bindery_hex_parse(&at, 2, 2, &value))
		return -EINVAL;
	*byte = (uint8_t)value;
	*text += 2;
	return 0;
}

int bindery_id_parse(const char *text, struct bindery_id *id)
{
	struct bindery_id new;

	for (size_t i = 0; i < sizeof(new.bytes); i++) {
		if (has_dash(i) && *text++ != '-')
			return -EINVAL;
		if (parse_byte(&text, &new.bytes[i]))
			return -EINVAL;
	}
	if (*text)
		return -EINVAL;
	*id = new;
	return 0;
}

void bindery_id_format(const struct bindery_id *id,
		       char text[BINDERY_ID_TEXT_SIZE])
{
	char *at = text;

	for (size_t i = 0; i < sizeof(id->bytes); i++)
		at += snprintf(at, (size_t)(text + BINDERY_ID_TEXT_SIZE - at),
			       has_dash(i) ? "-%02x" : "%02x", id->bytes[i]);
}

int bindery_id_compare(const struct bindery_id *a, const struct bindery_id *b)
{
	return memcmp(a->bytes, b->bytes, sizeof(a->bytes));
}

bool bindery_id_is_set(const struct bindery_id *id)
{
	static const struct bindery_id none;

	return bindery_id_compare(id, &none);
}

struct bindery_id bindery_id_from_uapi(const uint8_t raw[BINDERY_ID_SIZE])
{
	struct bindery_id id;

	memcpy(id.bytes, raw, sizeof(id.bytes));
	return id;
}

void bindery_id_to_uapi(const struct bindery_id *id,
			uint8_t raw[BINDERY_ID_SIZE])
{
	memcpy(raw, id->bytes, sizeof(id->bytes));
}
