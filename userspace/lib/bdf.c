// SPDX-License-Identifier: LGPL-2.1-or-later
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "internal.h"

/* Reads hex digits; @text is left behind the last one. */
int bindery_hex_parse(const char **text, int min, int max, uint32_t *value)
{
	uint32_t number = 0;
	int digits = 0;

	for (; isxdigit((unsigned char)**text); (*text)++) {
		int c = tolower((unsigned char)**text);

		if (++digits > max)
			return -EINVAL;
		number = number << 4 | (c <= '9' ? c - '0' : c - 'a' + 10);
	}
	if (digits < min)
		return -EINVAL;
	*value = number;
	return 0;
}

/* The same, up to and including the character that must end them. */
static int parse_field(const char **text, int min, int max, char end,
		       uint32_t *value)
{
	if (bindery_hex_parse(text, min, max, value) || **text != end)
		return -EINVAL;
	if (end)
		(*text)++;
	return 0;
}

int bindery_bdf_parse(const char *text, struct bindery_bdf *bdf)
{
	uint32_t domain, bus, slot, function;

	if (parse_field(&text, 4, 8, ':', &domain) ||
	    parse_field(&text, 2, 2, ':', &bus) ||
	    parse_field(&text, 2, 2, '.', &slot) ||
	    parse_field(&text, 1, 1, '\0', &function))
		return -EINVAL;
	if (slot > SLOT_MAX || function > FUNCTION_MAX)
		return -EINVAL;
	*bdf = (struct bindery_bdf){
		.domain = domain,
		.bus = (uint8_t)bus,
		.slot = (uint8_t)slot,
		.function = (uint8_t)function,
	};
	return 0;
}

void bindery_bdf_format(const struct bindery_bdf *bdf,
			char text[BINDERY_BDF_SIZE])
{
	snprintf(text, BINDERY_BDF_SIZE, "%04x:%02x:%02x.%x", bdf->domain,
		 bdf->bus, bdf->slot, bdf->function);
}

static uint64_t sort_key(const struct bindery_bdf *bdf)
{
	return (uint64_t)bdf->domain << 24 | (uint64_t)bdf->bus << 16 |
	       (uint64_t)bdf->slot << 8 | bdf->function;
}

int bindery_bdf_compare(const struct bindery_bdf *a,
			const struct bindery_bdf *b)
{
	uint64_t key_a = sort_key(a), key_b = sort_key(b);

	return (key_a > key_b) - (key_a < key_b);
}

struct bindery_ioc_bdf bindery_bdf_to_uapi(const struct bindery_bdf *bdf)
{
	return (struct bindery_ioc_bdf){
		.domain = bdf->domain,
		.bus = bdf->bus,
		.slot = bdf->slot,
		.function = bdf->function,
	};
}

struct bindery_bdf bindery_bdf_from_uapi(const struct bindery_ioc_bdf *raw)
{
	return (struct bindery_bdf){
		.domain = raw->domain,
		.bus = raw->bus,
		.slot = raw->slot,
		.function = raw->function,
	};
}
