/* SPDX-License-Identifier: GPL-2.0-only */
/* Lines as users type them, and all that they get for an answer. */
#ifndef BINDERY_TEST_ROWS_H
#define BINDERY_TEST_ROWS_H

#include "tool.h"

/*
 * What differs from run to run is written as ID (of a UUID), N (of a number)
 * and T (of a time).
 */
struct row {
	/* Words parted by blanks; '' is an empty one. */
	const char *line;
	int status;
	const char *out, *err;
	/* How standard output or the user are other than usual. */
	int (*become)(void);
};

/* How many of them were answered otherwise, all of which was noted. */
int rows_run(struct run *run, const struct row *rows, size_t num);

int output_is_full(void);
int output_is_closed(void);
int output_is_unread(void);

#endif
