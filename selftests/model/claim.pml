/* SPDX-License-Identifier: GPL-2.0-only */
/* module/claim.c, group.c, reserve.c: who holds what. */

#define IN(g, c)	(want & BIT(g))

/* bindery_group_is_whole(): nobody has moved a member. */
#define IS_ASTRAY(d, g)	\
	(GROUP(d) == (g) && member[d] && drv[d] != goal[d])
#define IS_WHOLE(g)	(!ANY_DEVICE(IS_ASTRAY, g))

#define HOLDS_ALONE(c, g)	((holds[g] & BIT(c)) && !shared[c])
#define MAY_SHARE(g, c)	(shared[c] && !ANY_CLAIM(HOLDS_ALONE, g))

#define IS_CLAIMED(g)	(state[g] == HELD || state[g] == KEPT)
#ifdef MUTATE_SHARE_ALL
#define CAN_JOIN(g, c)	(IS_CLAIMED(g) && IS_WHOLE(g))
#else
#define CAN_JOIN(g, c)	(IS_CLAIMED(g) && MAY_SHARE(g, c) && IS_WHOLE(g))
#endif
#ifdef MUTATE_NO_LAST_LOOK
#define IS_FENCED(g)	false
#else
#define IS_FENCED(g)	fencing[g]
#endif
#define CAN_TAKE_BACK(g)	\
	(state[g] == DRAINING && intact[g] && !IS_FENCED(g) && IS_WHOLE(g))

/* look_at_group(): refused, or on its way, or else free or to be joined. */
#define REFUSES(g, c)	\
	(IN(g, c) && ((IS_CLAIMED(g) && !CAN_JOIN(g, c)) || \
	 (state[g] == DRAINING && !(intact[g] && IS_WHOLE(g)) && in_use[g]) || \
	 state[g] == STUCK || state[g] == DEGRADED))
#define IS_ON_ITS_WAY(g, c)	\
	(IN(g, c) && (state[g] == BINDING || state[g] == RESTORING || \
	 (state[g] == DRAINING && !CAN_TAKE_BACK(g))))

#define HAS_FILE(c, g)	((holds[g] & BIT(c)) && file[c])

/* bindery_group_settle() */
inline settle(g)
{
	if
	:: IS_CLAIMED(g) && holds[g] ->
		state[g] = (ANY_CLAIM(HAS_FILE, g) -> HELD : KEPT)
#ifdef MUTATE_FIRST_ENDS_ALL
		; drain(g)
#endif
	:: IS_CLAIMED(g) && !holds[g] -> drain(g)
	:: else
	fi
}

inline settle_all(c)
{
	for (g_ : 0 .. GROUPS - 1) {
		if
		:: holds[g_] & BIT(c) -> settle(g_)
		:: else
		fi
	};
	g_ = 0		/* a loop must not end a d_step */
}

/* bindery_groups_repair() */
inline repair_degraded(c)
{
	for (g_ : 0 .. GROUPS - 1) {
		if
		:: IN(g_, c) && state[g_] == DEGRADED -> drain(g_)
		:: else
		fi
	}
}

/* join(), hold_all(): one group that nobody refuses. */
inline take_one(g, c)
{
	if
	:: state[g] == FREE -> state[g] = BINDING; txn[g] = 1 + c
	:: state[g] == DRAINING ->
		WITNESS(TAKE_BACK)
#ifndef MUTATE_NOBODY_TOLD
		tell(g);
#endif
		ending[g] = 0;
		state[g] = HELD
	:: else
	fi;
	holds[g] = holds[g] | BIT(c);
	num_holds[g]++;
	settle(g)
}

/* bindery_groups_reserve(): all under one hold of the state lock. */
inline take(c)
{
	for (g_ : 0 .. GROUPS - 1) {
		if
		:: IN(g_, c) -> take_one(g_, c)
		:: else
		fi
	}
	claim[c] = CLAIM_BINDING
}

/* await_restore(): for the restore that begins now. */
inline await_restore(g, c)
{
	if
	:: !ending[g] && state[g] != FREE ->
		ending[g] = 1 + c;
		restoring[c]++;
		refs[c]++
	:: else
	fi
}

/* bindery_claim_drop_holds() */
inline drop_holds(c, wait)
{
	for (g_ : 0 .. GROUPS - 1) {
		if
		:: holds[g_] & BIT(c) ->
			holds[g_] = holds[g_] & ~BIT(c);
			num_holds[g_]--;
			if
			:: wait && !holds[g_] -> await_restore(g_, c)
			:: else
			fi;
			settle(g_)
		:: else
		fi
	}
}

inline stop_keeping(c)
{
	if
	:: kept[c] -> kept[c] = false; refs[c]--; pins--
	:: else
	fi
}

/* bindery_claim_end_locked() of a claim that is LIVE. */
inline end_claim(c)
{
	if
	:: claim[c] == CLAIM_LIVE ->
		claim[c] = CLAIM_ENDED;
		drop_holds(c, true);
		stop_keeping(c)
	:: else
	fi
}

/* bindery_claim_new(), and a file of it. */
inline make_claim(c)
{
	claim[c] = CLAIM_NEW;
	file[c] = true;
	refs[c]++;
	pins++
}

/* leave() of file.c; what the claim comes to is said before. */
inline close_file(c)
{
	file[c] = false;
	refs[c]--;
	pins--
}
