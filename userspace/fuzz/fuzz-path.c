// SPDX-License-Identifier: GPL-2.0-or-later
/* Paths: a text, as a user writes it or as a link of sysfs has it. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "internal.h"

/* Of a good one comes a text that means the same. */
static void check(int ret, const struct bindery_path *path,
		  const struct bindery_path *before)
{
	char text[BINDERY_PATH_SIZE], twice[BINDERY_PATH_SIZE];
	struct bindery_path again;

	HOLDS(!ret || ret == -EINVAL);
	if (ret) {
		HOLDS(fuzz_same(path, before, sizeof(*path)));
		return;
	}
	HOLDS(path->num_steps && path->num_steps <= BINDERY_PATH_MAX);
	bindery_path_format(path, text);
	HOLDS(!bindery_path_parse(text, &again));
	HOLDS(!bindery_path_compare(path, &again));
	bindery_path_format(&again, twice);
	HOLDS(!strcmp(text, twice));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = fuzz_text(data, size);
	struct bindery_path before, path;

	memset(&before, 0x5a, sizeof(before));
	path = before;
	check(bindery_path_parse(text, &path), &path, &before);
	path = before;
	check(bindery_path_from_link(text, &path), &path, &before);
	free(text);
	return 0;
}
