// SPDX-License-Identifier: GPL-2.0-or-later
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bindery.h"
#include "fuzz.h"
#include "../tests/tree.h"

void fuzz_broken(const char *file, int line, const char *condition)
{
	fprintf(stderr, "%s:%d: does not hold: %s\n", file, line, condition);
	abort();
}

char *fuzz_text(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);

	HOLDS(text);
	if (size)
		memcpy(text, data, size);
	text[size] = '\0';
	return text;
}

bool fuzz_same(const void *a, const void *b, size_t size)
{
	return !memcmp(a, b, size);
}

struct fuzz_input fuzz_part(struct fuzz_input *input)
{
	struct fuzz_input part = *input;
	const uint8_t *end;

	end = part.size ? memchr(part.data, '\0', part.size) : NULL;
	if (end) {
		part.size = (size_t)(end - part.data);
		input->data += part.size + 1;
		input->size -= part.size + 1;
	} else {
		input->data += part.size;
		input->size = 0;
	}
	return part;
}

struct bindery_host *fuzz_host(void)
{
	struct bindery_host *host;

	HOLDS(!bindery_host_new(tree_new(), &host));
	HOLDS(!atexit(tree_free));
	return host;
}

int fuzz_file(const char *path)
{
	int file;

	tree_file(path, "");
	file = open(tree_path(path), O_WRONLY | O_CLOEXEC);
	HOLDS(file >= 0);
	return file;
}

void fuzz_fill(int file, struct fuzz_input part)
{
	HOLDS(!ftruncate(file, (off_t)part.size));
	HOLDS(!part.size ||
	      pwrite(file, part.data, part.size, 0) == (ssize_t)part.size);
}

void fuzz_link(const char *path, struct fuzz_input part)
{
	char *target = fuzz_text(part.data, part.size);
	const char *full = tree_path(path);

	unlink(full);
	/* What is empty, or too long, is no link: then there is none. */
	if (symlink(target, full))
		unlink(full);
	free(target);
}
