/* SPDX-License-Identifier: GPL-2.0-only */
/* What must hold in every state. Monitor stops the search where it does not. */

/* The target binds nobody whose override does not say so. */
#define ON_TARGET_BY_CHANCE(d, x)	\
	(drv[d] == D_TARGET && ovr[d] == O_NULL && !meddled[d])

/* Until all is as it was a free group's devices are not let go. */
#define IS_LEFT_OVER(d, x)	\
	(state[GROUP(d)] == FREE && \
	 (drv[d] == D_TARGET || did[d] || BUSY(d) || \
	  (ovr[d] != O_NULL && ovr[d] != O_FOREIGN) || \
	  (!meddled[d] && (ovr[d] != O_NULL || \
	   (d < OLD && drv[d] != ORIGIN(d))))))

/* Whoever left its driver has an override that keeps others away. */
#define IS_OPEN_TO_ALL(d, x)	\
	(d < OLD && drv[d] == D_NONE && HAS_NATIVE(d) && \
	 ovr[d] == O_NULL && !meddled[d] && !broken[d])

/* Held as it was committed: only an adversary changes that. */
#define IS_LOST(d, x)	\
	(IS_CLAIMED(GROUP(d)) && !meddled[d] && present[d] && \
	 (drv[d] == D_NATIVE || (member[d] && !added[d] && drv[d] != goal[d])))

/* In each state of a group somebody is responsible for what follows. */
#define HAS_CLAIM(c, g)	\
	((holds[g] & BIT(c)) && (file[c] || kept[c]) && claim[c] == CLAIM_LIVE)
#define HAS_WORKER(c, g)	\
	((holds[g] & BIT(c)) && txn[g] == 1 + (c) && claim[c] == CLAIM_BINDING)
#define IS_JOINING(c, g)	\
	((holds[g] & BIT(c)) && claim[c] == CLAIM_BINDING)
#define IS_STUCK(d, g)	(GROUP(d) == (g) && stuck[d])
#define IS_FOUNDLING(g, x)	\
	(!( \
	 (state[g] == FREE && !holds[g] && !published[g] && !txn[g]) || \
	 (state[g] == BINDING && ANY_CLAIM(HAS_WORKER, g)) || \
	 (state[g] == BINDING && rollback[g] && (queued[g] || running[g])) || \
	 (state[g] == HELD && intact[g] && \
	  (ANY_CLAIM(HAS_CLAIM, g) || ANY_CLAIM(IS_JOINING, g))) || \
	 (state[g] == KEPT && intact[g] && \
	  (ANY_CLAIM(HAS_CLAIM, g) || ANY_CLAIM(IS_JOINING, g))) || \
	 (state[g] == DRAINING && !holds[g] && (queued[g] || running[g])) || \
	 (state[g] == RESTORING && !holds[g] && running[g]) || \
	 (state[g] == STUCK && !holds[g] && ANY_DEVICE(IS_STUCK, g)) || \
	 (state[g] == DEGRADED && !holds[g])))

/* Exclusive means exclusive. */
#define IS_TWICE_TAKEN(g, x)	\
	(num_holds[g] > 1 && (ANY_CLAIM(HOLDS_ALONE, g)))

/* Counts are what they count. */
#define HELD_BY(g, c)		((holds[g] & BIT(c)) -> 1 : 0)
#define AWAITED_BY(g, c)	(ending[g] == 1 + (c) -> 1 : 0)
#define ONE(b)			((b) -> 1 : 0)
#if GROUPS == 1
#define SUM_GROUPS(of, c)	(of(0, c))
#define SUM_IN_GROUPS(b)	(b[0])
#else
#define SUM_GROUPS(of, c)	(of(0, c) + of(1, c))
#define SUM_IN_GROUPS(b)	(b[0] + b[1])
#endif
#if CLAIMANTS == 1
#define SUM_CLAIMS(of, g)	(of(g, 0))
#define SUM_IN_CLAIMS(b)	(b[0])
#else
#define SUM_CLAIMS(of, g)	(of(g, 0) + of(g, 1))
#define SUM_IN_CLAIMS(b)	(b[0] + b[1])
#endif
#if HANGS
#if DEVICES == 2
#define SUM_STUCK	(stuck[0] + stuck[1])
#elif DEVICES == 3
#define SUM_STUCK	(stuck[0] + stuck[1] + stuck[2])
#elif DEVICES == 4
#define SUM_STUCK	(stuck[0] + stuck[1] + stuck[2] + stuck[3])
#elif DEVICES == 5
#define SUM_STUCK	(stuck[0] + stuck[1] + stuck[2] + stuck[3] + stuck[4])
#else
#define SUM_STUCK	\
	(stuck[0] + stuck[1] + stuck[2] + stuck[3] + stuck[4] + stuck[5])
#endif
#else
#define SUM_STUCK		0
#endif
#define MISCOUNTS_HOLDS(g, x)	(num_holds[g] != SUM_CLAIMS(HELD_BY, g))
#define MISCOUNTS_CLAIM(c, x)	\
	(restoring[c] != SUM_GROUPS(AWAITED_BY, c) || \
	 refs[c] != file[c] + working[c] + kept[c] + restoring[c])
#define MISCOUNTS_PINS	\
	(pins != SUM_IN_CLAIMS(file) + SUM_IN_CLAIMS(working) + \
	 SUM_IN_CLAIMS(kept) + SUM_IN_GROUPS(queued) + \
	 SUM_IN_GROUPS(running) + SUM_STUCK)

/* An end at which anybody waits, or anything is not as it was. */
#define IS_NOT_FREE(g, x)	(state[g] != FREE)
#define IS_ALIVE(c, g)		(claim[c] != CLAIM_NONE)
#define ALL_IS_WELL	\
	(!ANY_GROUP(IS_NOT_FREE, 0) && !ANY_CLAIM(IS_ALIVE, 0) && pins == 0)

/* Never true: so that pan names what is wrong. */
hidden byte on_the_target_without_override,
	free_but_not_as_it_was,
	no_driver_and_no_override,
	held_but_not_on_its_target,
	nobody_is_responsible,
	exclusive_but_not_alone,
	a_count_is_lost,
	at_the_end_not_all_is_as_it_was;

proctype Monitor()
{
end:	if
	:: atomic { ANY_DEVICE(ON_TARGET_BY_CHANCE, 0) ->
		assert(on_the_target_without_override) }
	:: atomic { ANY_DEVICE(IS_LEFT_OVER, 0) ->
		assert(free_but_not_as_it_was) }
	:: atomic { ANY_DEVICE(IS_OPEN_TO_ALL, 0) ->
		assert(no_driver_and_no_override) }
	:: atomic { ANY_DEVICE(IS_LOST, 0) ->
		assert(held_but_not_on_its_target) }
	:: atomic { ANY_GROUP(IS_FOUNDLING, 0) ->
		assert(nobody_is_responsible) }
	:: atomic { ANY_GROUP(IS_TWICE_TAKEN, 0) ->
		assert(exclusive_but_not_alone) }
	:: atomic { ANY_GROUP(MISCOUNTS_HOLDS, 0) ||
		    ANY_CLAIM(MISCOUNTS_CLAIM, 0) || MISCOUNTS_PINS ->
		assert(a_count_is_lost) }
#if ROUNDS
	:: atomic { timeout && !ALL_IS_WELL ->
		assert(at_the_end_not_all_is_as_it_was) }
#endif
	fi
}
