/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One device of a tree, at BDF, and the guards that are found for it. */
#ifndef GUARDS_H
#define GUARDS_H

#include "internal.h"
#include "tree.h"

#define BDF	"0000:01:00.0"
#define DEVICE	"sys/devices/" BDF

extern struct bindery_host *host;
extern struct bindery_guards *guards;

void guards_start(void);
void guards_finish(void);

/* Anew; 0 or a negative errno. */
int guards_find(void);
/* Find them; there have to be so many. */
void expect_guards(size_t count);
/* Of those that were found. */
void expect_count(size_t count);
void expect_guard(size_t index, enum bindery_guard_kind kind, const char *what);

#endif
