/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Make the n-th of the module's requests for memory fail.
 */
#ifndef BINDERY_TEST_NOMEM_H
#define BINDERY_TEST_NOMEM_H

#include "lib.h"

enum nomem_way {
	/* a call of the module's, in any thread: the test driver does it */
	NOMEM_CALL,
	/* an allocation in this thread, wherever the module's call leads */
	NOMEM_TASK,
	/* the same, by the first call of a module that is loaded */
	NOMEM_INIT,
	/* an allocation close below the module's text, in any thread */
	NOMEM_TEXT,
	/* the first one close below the sealed target's text, in any thread */
	NOMEM_SEALED,
};

/* Enough for the longest of all tests. */
#define NOMEM_MAX	1000

/* NULL: it can; else what this kernel lacks. */
const char *nomem_lacks(enum nomem_way way);
/* From now on; the device is one to count with. */
int nomem_begin(enum nomem_way way, unsigned int nth, int control,
		const char *bdf);
/* 1: it was reached, and failed; 0: it was not. */
int nomem_end(enum nomem_way way);
/* In the end. */
void nomem_leave(void);

#endif
