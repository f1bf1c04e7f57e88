/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What there is: devices, groups, claims. A configuration sets the macros of
 * the first part, MUTATE_ macros break the protocol on purpose.
 */

#ifndef GROUPS
#define GROUPS		2
#endif
#ifndef MEMBERS
#define MEMBERS		2	/* of each group, from the beginning */
#endif
#ifndef CLAIMANTS
#define CLAIMANTS	2
#endif
#ifndef ROUNDS
#define ROUNDS		1	/* claims of each claimant, 0: without end */
#endif
#ifndef SHARED
#define SHARED		0	/* claims may be shared */
#endif
#ifndef EACH
#define EACH		0	/* ask for one group too, not always for all */
#endif
#ifndef KEEP
#define KEEP		0	/* claims may outlive their files */
#endif
#ifndef DEADLINES
#define DEADLINES	0	/* callers give up, or are killed, at any time */
#endif
#ifndef OPENS
#define OPENS		0	/* how often a VFIO user opens each group */
#endif
#ifndef WRITES
#define WRITES		0	/* the adversary's unbinds and overrides */
#endif
#ifndef HANGS
#define HANGS		0	/* callbacks that do not return in time */
#endif
#ifndef FAILS
#define FAILS		0	/* probes that fail */
#endif
#ifndef CHAIN
#define CHAIN		0	/* members of a group share a slot */
#endif
#ifndef NEWCOMER
#define NEWCOMER	0	/* a device comes to group 0 */
#endif
#ifndef BARE
#define BARE		0	/* this many devices have no native driver */
#endif

/* Shows that the search gets to a place: then it must fail there. */
#ifndef SHOW
#define SHOW		0
#endif
#define COMMIT_		1
#define TAKE_BACK_	2
#define LATE_RETURN_	3
#define DEGRADED_	4
#define DEFERRAL_	5
#define CAPTURE_	6
#define WITNESS(place)	\
	if :: SHOW == place##_ -> assert(it_gets_there) :: else fi;

#define OLD		(GROUPS * MEMBERS)
#define DEVICES		(OLD + NEWCOMER)
#define GROUP(d)	(((d) / MEMBERS) % GROUPS)	/* the newcomer: 0 */
#define HAS_NATIVE(d)	((d) >= BARE)
#define ORIGIN(d)	(HAS_NATIVE(d) -> D_NATIVE : D_NONE)

/* Runs of callbacks: a claim's transaction, a group's restore; 0 is no run. */
#define OF_TXN(c)	(1 + (c))
#define OF_GROUP(g)	(1 + CLAIMANTS + (g))
#define IS_TXN(r)	((r) <= CLAIMANTS)
#define RUNS		(1 + CLAIMANTS + GROUPS)

/* Drivers. */
#define D_NONE		0
#define D_NATIVE	1
#define D_TARGET	2

/* Overrides: none, bindery-parked, the target's, the native's, somebody's. */
#define O_NULL		0
#define O_PARKED	1
#define O_TARGET	2
#define O_NATIVE	3
#define O_FOREIGN	4

/* member->did */
#define DID_OVERRIDE	1
#define DID_UNBIND	2
#define DID_BIND	4
#define SAW_FOREIGN	8
#define DID_REFUSE	16

/* member->restored */
#define R_NOT		0
#define R_RESTORED	1
#define R_FOREIGN	2
#define R_USER		3
#define R_FAILED	4

/* member->call */
#define C_NONE		0
#define C_UNBIND	1
#define C_BIND		2
#define C_AIM		3
#define C_LEAVE		4
#define C_RESTORE	5

/* States of groups. */
#define FREE		0
#define BINDING		1
#define HELD		2
#define KEPT		3
#define DRAINING	4
#define RESTORING	5
#define STUCK		6
#define DEGRADED	7

/* States of claims. */
#define CLAIM_NONE	0
#define CLAIM_NEW	1
#define CLAIM_BINDING	2
#define CLAIM_LIVE	3
#define CLAIM_ENDED	4	/* or FAILED */

/* The kernel's. */
byte drv[DEVICES];
byte ovr[DEVICES];
bool present[DEVICES];		/* in its IOMMU group */
bool user[GROUPS];		/* a VFIO user has it open */
bool fenced[GROUPS];		/* we own its DMA */

/* Members; nothing of it is set while the group is FREE. */
bool member[DEVICES];		/* in the group's list */
byte did[DEVICES];
byte our[DEVICES];		/* override that we left there */
byte nat[DEVICES];		/* driver before */
byte nov[DEVICES];		/* override before */
byte goal[DEVICES];		/* driver that it is to have */
byte restored[DEVICES];
bool in_pass[DEVICES];
bool bound[DEVICES];
bool stuck[DEVICES];
bool added[DEVICES];
bool arriving[DEVICES];
bool arrived[DEVICES];		/* its first probe is over */
bool unprobed[DEVICES];
bool is_new[DEVICES];		/* the bus has not offered it yet */

/* Callbacks. */
byte call[DEVICES];		/* not C_NONE: the member is busy */
byte run_of[DEVICES];		/* 0: it is late, nobody waits for it */
bool called[DEVICES];
bool half[DEVICES];		/* its first step is done */
bool hung[DEVICES];		/* in the driver, which does not return */
byte pending[RUNS];
bool failed[RUNS];
bool cut[RUNS];			/* some were not begun */

/* Groups. */
byte state[GROUPS];
byte txn[GROUPS];		/* 1 + claimant */
byte ending[GROUPS];		/* 1 + claimant that waits for the restore */
byte holds[GROUPS];		/* mask of claimants */
byte num_holds[GROUPS];
bool rollback[GROUPS];
bool published[GROUPS];
bool departed[GROUPS];
bool intact[GROUPS];
bool in_use[GROUPS];
bool fencing[GROUPS];
bool queued[GROUPS];		/* the restore's work */
bool running[GROUPS];

/* Claims. */
byte claim[CLAIMANTS];
bool shared[CLAIMANTS];
bool abort[CLAIMANTS];
bool file[CLAIMANTS];
bool kept[CLAIMANTS];
bool working[CLAIMANTS];	/* a transaction runs */
bool calling[CLAIMANTS];	/* in ACQUIRE or RELEASE */
byte restoring[CLAIMANTS];
byte refs[CLAIMANTS];		/* of the claim */
byte pins;			/* of the module */

/* What is left for the environment to do. */
byte hangs = HANGS;
byte fails = FAILS;
byte writes = WRITES;
byte opens[GROUPS] = OPENS;

/* What only the properties look at. */
bool meddled[DEVICES];		/* the adversary had its hands on it */
bool broken[DEVICES];		/* its native driver refused it */

/* Never true, so that pan names what is wrong. */
hidden byte committed_what_is_spoilt, committed_for_the_dead,
	overwrote_what_is_not_ours, unbound_under_a_vfio_user,
	two_callbacks_of_a_member, it_gets_there;

/* Scratch, never used from one step to the next. */
hidden byte d_, g_, worst_, flop_, ok_;

#define BUSY(d)		(call[d] != C_NONE)
#define BIT(c)		(1 << (c))
#define DUE(g)		(rollback[g] || state[g] == DRAINING)

/* Of a group's devices: do something for each of them. */
#define FOR_EACH(d, g)	\
	for (d : 0 .. DEVICES - 1) { if :: GROUP(d) == (g) ->
#define END_EACH	:: else fi }

/* Whether something holds for any device, with one more argument. */
#if DEVICES == 1
#define ANY_DEVICE(is, g)	(is(0, g))
#elif DEVICES == 2
#define ANY_DEVICE(is, g)	(is(0, g) || is(1, g))
#elif DEVICES == 3
#define ANY_DEVICE(is, g)	(is(0, g) || is(1, g) || is(2, g))
#elif DEVICES == 4
#define ANY_DEVICE(is, g)	(is(0, g) || is(1, g) || is(2, g) || is(3, g))
#elif DEVICES == 5
#define ANY_DEVICE(is, g)	\
	(is(0, g) || is(1, g) || is(2, g) || is(3, g) || is(4, g))
#elif DEVICES == 6
#define ANY_DEVICE(is, g)	\
	(is(0, g) || is(1, g) || is(2, g) || is(3, g) || is(4, g) || is(5, g))
#elif DEVICES == 7
#define ANY_DEVICE(is, g)	\
	(is(0, g) || is(1, g) || is(2, g) || is(3, g) || is(4, g) || \
	 is(5, g) || is(6, g))
#endif

#if GROUPS == 1
#define ANY_GROUP(is, c)	(is(0, c))
#else
#define ANY_GROUP(is, c)	(is(0, c) || is(1, c))
#endif

#if CLAIMANTS == 1
#define ANY_CLAIM(is, g)	(is(0, g))
#else
#define ANY_CLAIM(is, g)	(is(0, g) || is(1, g))
#endif
