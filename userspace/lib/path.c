// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "internal.h"

/* DDDD:BB */
static int parse_root(const char **text, struct bindery_path *path)
{
	uint32_t domain, bus;

	if (bindery_hex_parse(text, 4, 8, &domain) || *(*text)++ != ':' ||
	    bindery_hex_parse(text, 2, 2, &bus))
		return -EINVAL;
	path->domain = domain;
	path->bus = (uint8_t)bus;
	path->has_root = true;
	return 0;
}

/* SS[.F] */
static int parse_step(const char **text, struct bindery_path *path)
{
	uint32_t slot, function = 0;

	if (path->num_steps == BINDERY_PATH_MAX ||
	    bindery_hex_parse(text, 1, 2, &slot) || slot > SLOT_MAX)
		return -EINVAL;
	if (**text == '.') {
		(*text)++;
		if (bindery_hex_parse(text, 1, 1, &function) ||
		    function > FUNCTION_MAX)
			return -EINVAL;
	}
	path->steps[path->num_steps++] = (uint8_t)(slot << 3 | function);
	return 0;
}

int bindery_path_parse(const char *text, struct bindery_path *path)
{
	struct bindery_path new = { 0 };

	if (memchr(text, ':', strcspn(text, "/")) &&
	    (parse_root(&text, &new) || *text++ != '/'))
		return -EINVAL;
	while (!parse_step(&text, &new)) {
		if (!*text) {
			*path = new;
			return 0;
		}
		if (*text++ != '/')
			break;
	}
	return -EINVAL;
}

void bindery_path_format(const struct bindery_path *path,
			 char text[BINDERY_PATH_SIZE])
{
	size_t steps = path->num_steps, length = 0;

	text[0] = '\0';
	if (path->has_root)
		length = (size_t)snprintf(text, BINDERY_PATH_SIZE, "%04x:%02x",
					  path->domain, path->bus);
	for (size_t i = 0; i < steps && i < BINDERY_PATH_MAX; i++) {
		unsigned int slot = path->steps[i] >> 3;
		unsigned int function = path->steps[i] & FUNCTION_MAX;

		length += (size_t)snprintf(text + length,
					   BINDERY_PATH_SIZE - length, "%s%02x",
					   length ? "/" : "", slot);
		if (function)
			length += (size_t)snprintf(text + length,
						   BINDERY_PATH_SIZE - length,
						   ".%x", function);
	}
}

static int compare_roots(const struct bindery_path *a,
			 const struct bindery_path *b)
{
	uint64_t key_a, key_b;

	key_a = a->has_root ? (uint64_t)a->domain << 8 | a->bus | 1ULL << 40 : 0;
	key_b = b->has_root ? (uint64_t)b->domain << 8 | b->bus | 1ULL << 40 : 0;
	return (key_a > key_b) - (key_a < key_b);
}

int bindery_path_compare(const struct bindery_path *a,
			 const struct bindery_path *b)
{
	int order = compare_roots(a, b);

	for (size_t i = 0; !order && i < a->num_steps && i < b->num_steps &&
	     i < BINDERY_PATH_MAX; i++)
		order = a->steps[i] - b->steps[i];
	return order ? order : a->num_steps - b->num_steps;
}

static int add_step(struct bindery_path *path, const char *name)
{
	struct bindery_bdf bdf;

	if (path->num_steps == BINDERY_PATH_MAX || bindery_bdf_parse(name, &bdf))
		return -EINVAL;
	path->steps[path->num_steps++] = (uint8_t)(bdf.slot << 3 | bdf.function);
	return 0;
}

static bool is_root(const char *name, struct bindery_path *root)
{
	*root = (struct bindery_path){ 0 };
	if (strncmp(name, "pci", 3))
		return false;
	name += 3;
	return !parse_root(&name, root) && !*name;
}

/* From .../pciDDDD:BB/BDF/BDF: what follows the last root bus. */
int bindery_path_from_link(const char *target, struct bindery_path *path)
{
	struct bindery_path new = { 0 }, root;
	char name[BINDERY_BDF_SIZE];

	for (; *target; target += *target == '/') {
		size_t length = strcspn(target, "/");

		snprintf(name, sizeof(name), "%.*s", (int)length, target);
		target += length;
		if (is_root(name, &root))
			new = root;
		else if (new.has_root && add_step(&new, name))
			return -EINVAL;
	}
	if (!new.has_root || !new.num_steps)
		return -EINVAL;
	*path = new;
	return 0;
}
