/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What everybody notes for the observer: what accounts for a device that is
 * not where it would be otherwise. Each note is made before the act.
 */
#ifndef BINDERY_TORTURE_LEDGER_H
#define BINDERY_TORTURE_LEDGER_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#define LEDGER_DEVICES	32
#define LEDGER_ACTORS	16

enum phase {
	PHASE_RUN,
	/*
	 * All is quiet, nothing accounts for anything: but for devices that
	 * have come or gone, and then for all.
	 */
	PHASE_STAY,
	PHASE_REST,
	PHASE_END,
};

/* A device that anybody may do something to. */
struct ledger_device {
	char bdf[16];
	char native[64];
	bool guest;		/* it was not there at first */
	bool comes_and_goes;
	bool bystander;		/* nobody claims or disturbs it */
	/* A removal is under way. */
	atomic_bool leaving;
	/*
	 * In this episode: by a root process, a module that goes, or a native
	 * driver that fails.
	 */
	atomic_bool disturbed;
	/* In this episode: an unbind was begun while it may have been open. */
	atomic_bool forced;
};

struct ledger {
	unsigned int num;
	struct ledger_device devices[LEDGER_DEVICES];
	/*
	 * By process: which device it has open through VFIO, and a number of its
	 * own for each time (above LEDGER_OPEN_SHIFT); 0: none.
	 */
	_Atomic uint64_t open[LEDGER_ACTORS];
	/* It is killed, and what it has open is closed at any moment. */
	atomic_bool dying[LEDGER_ACTORS];
	/* Callbacks that were told to wait. */
	atomic_int holds;
	atomic_int phase;
	atomic_int settled;	/* the phase in which all is as at first */
	atomic_long sweeps;
	atomic_int longest_ms;	/* that a device was not at rest */
	atomic_bool broken;
	char how[512];		/* it was broken, or what is not settled */
};

#define LEDGER_OPEN_SHIFT	16

/* The device is index - 1. */
static inline unsigned int ledger_open_index(uint64_t open)
{
	return open & ((1U << LEDGER_OPEN_SHIFT) - 1);
}

/* observer.c: until PHASE_END */
void observe(struct ledger *ledger);

#endif
