/* SPDX-License-Identifier: GPL-2.0-only */
/* A `bindery monitor --json` beside a test, and what it printed. */
#ifndef BINDERY_TEST_EVENTS_H
#define BINDERY_TEST_EVENTS_H

#include "tool.h"

struct events {
	struct run run;
	uint64_t first;		/* that it waits for */
};

/* What one has found in its lines. */
struct event_count {
	uint64_t last;		/* number, present or lost */
	unsigned int present;
	unsigned int lost;
	unsigned int gaps;	/* neither present nor told as lost */
};

int events_begin(struct events *events);
/* Until it has told that event; then it is ended. */
int events_end(struct events *events, uint64_t last,
	       struct event_count *count);
/* How many lines have that in them. */
unsigned int events_with(struct events *events, const char *part);
uint64_t events_newest(void);

#endif
