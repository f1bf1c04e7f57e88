/* SPDX-License-Identifier: GPL-2.0-only */
/* Lines as users type them, and all that they get for an answer. */
#ifndef BINDERY_TEST_ROWS_H
#define BINDERY_TEST_ROWS_H

#include "tool.h"

/* On the machine of this name: a group of four, and one of this device. */
#define MACHINE	"words"
#define ALONE	"0000:02:00.0"

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

#define ANSWERS(name)							\
	rows_run(&self->run, name ## _rows,				\
		 sizeof(name ## _rows) / sizeof(*name ## _rows))

/* How the machine was, and whether it is so again. */
struct words {
	int control;
	struct snapshot before;
};

int words_begin(struct words *words);	/* 1: this is another machine */
int words_end(struct words *words);

#define WORDS_FIXTURE(name)						\
FIXTURE(name) {								\
	struct words words;						\
	struct run run;							\
};									\
									\
FIXTURE_SETUP(name)							\
{									\
	int ret = words_begin(&self->words);				\
									\
	if (ret > 0)							\
		SKIP(return, "this is for the machine " MACHINE);	\
	ASSERT_EQ(0, ret);						\
}									\
									\
FIXTURE_TEARDOWN(name)							\
{									\
	EXPECT_EQ(0, words_end(&self->words));				\
}

int output_is_full(void);
int output_is_closed(void);
int output_is_unread(void);

#endif
