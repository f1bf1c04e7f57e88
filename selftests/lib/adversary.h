/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Others that act while a test runs transactions: each is a process of its
 * own, and notes when it acted.
 */
#ifndef BINDERY_TEST_ADVERSARY_H
#define BINDERY_TEST_ADVERSARY_H

#include <stdatomic.h>

#include "lib.h"

#define NUM_KINDS	7
#define MAX_PERFORMERS	12
#define MAX_ACTS	1024
#define MAX_MODULES	4

/* When: in nanoseconds of CLOCK_MONOTONIC. */
struct act {
	int64_t begin;
	int64_t end;
};

/* The last acts of one process. */
struct acts {
	atomic_long count;
	struct act last[MAX_ACTS];
};

struct adversary;

/* One process; its acts are in memory that all share. */
struct performer {
	const struct adversary *kind;
	unsigned int number;	/* of this kind */
	struct child child;
	atomic_bool behind;	/* it acted in too few transactions so far */
	struct acts acts;
};

/* What they share. */
struct stage {
	struct group group;	/* whose members they are after */
	unsigned int num_modules;
	text_t modules[MAX_MODULES];	/* of the members' native drivers */
	char plugged[BDF_SIZE];
	atomic_uint transactions;	/* that have begun; a futex */
	atomic_uint acquire_us;		/* how long the last of them took */
	/* Odd: a native driver's module is gone, or on its way. */
	atomic_long reloads;
	atomic_bool stop;
	unsigned int num_performers;
	struct performer performers[MAX_PERFORMERS];
};

struct adversary {
	const char *name;
	/* Whether it can act here, as the number of this kind. */
	bool (*prepare)(struct stage *stage, unsigned int number);
	/* 0: it acted */
	int (*act)(struct stage *stage, unsigned int number);
	void (*finish)(struct stage *stage, unsigned int number);
	unsigned int most;	/* processes of this kind, 0: one */
	bool sleeps;		/* in the middle of an act */
};

extern const struct adversary kinds[NUM_KINDS];	/* acts.c */

/* What one can do to a device by hand, chosen by random(). */
int act_override(const char *bdf, const char *native);
int act_rebind(const char *bdf, const char *native);

/* From the first override of a transaction to its commit, else zeros. */
struct window {
	int64_t override;
	int64_t commit;
};

int64_t now_ns(void);
bool vfio_probes_can_meet(void);
int module_load_alone(const char *name);
void acts_note(struct acts *acts, int64_t begin, int64_t end);

struct stage *stage_open(const struct group *group);
unsigned int stage_add(struct stage *stage, const struct adversary *kind);
int stage_begin(struct stage *stage);
bool stage_has(const struct stage *stage, const struct adversary *kind);
void stage_press(struct stage *stage, const struct adversary *kind,
		 bool behind);
void stage_transaction(struct stage *stage);
int stage_end(struct stage *stage);
struct tally {
	unsigned int inside;	/* acts that count */
	unsigned int edges;	/* of these, those that began or ended inside */
};

struct tally stage_tally(const struct stage *stage,
			 const struct adversary *kind,
			 const struct window *window);
long stage_all_acts(const struct stage *stage, const struct adversary *kind);

/* window.c: what bindery's tracepoints tell of each transaction */
int windows_open(void);
int window_read(int windows, struct window *window);
void windows_close(int windows);

#endif
