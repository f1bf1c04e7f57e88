/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the fuzzers share. Each is one file, fuzz-NAME.c, with a function that
 * is called with one input after another, and ends the process if a property
 * does not hold. libFuzzer makes inputs; replay.c reads them from a corpus.
 */
#ifndef FUZZ_H
#define FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define HOLDS(condition) do { \
	if (!(condition)) \
		fuzz_broken(__FILE__, __LINE__, #condition); \
} while (0)

__attribute__((noreturn)) void fuzz_broken(const char *file, int line,
					   const char *condition);

/* A text of exactly this size, to be freed: one byte more is noticed. */
char *fuzz_text(const uint8_t *data, size_t size);

/* Padding counts too. */
bool fuzz_same(const void *a, const void *b, size_t size);

/* An input is read part by part. */
struct fuzz_input {
	const uint8_t *data;
	size_t size;
};

/* What comes before the next NUL, or all there is. */
struct fuzz_input fuzz_part(struct fuzz_input *input);

/* A tree of tree.h, until the end. */
struct bindery_host *fuzz_host(void);

/* A file of it; what it says from now on. */
int fuzz_file(const char *path);
void fuzz_fill(int file, struct fuzz_input part);
/* The same for a link, which leads nowhere if the part is not one. */
void fuzz_link(const char *path, struct fuzz_input part);

#endif
