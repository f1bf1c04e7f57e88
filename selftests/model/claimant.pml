/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * module/acquire.c, txn.c, release.c: a caller, and the worker of its
 * transaction. They are one process: while the worker runs the caller does
 * nothing but wait, and that it gave up is the flag that it leaves.
 */

#define OURS(g, c)	(txn[g] == 1 + (c))

/* Step by step through the devices of our groups. */
#define MINE(d, c)	(OURS(GROUP(d), c) && member[d])
#define MOVES(d, c)	\
	(MINE(d, c) && !added[d] && goal[d] == D_TARGET && nat[d] != D_TARGET)

/* take_members() of plan.c, under the group's own lock. */
inline collect(c)
{
	for (d_ : 0 .. DEVICES - 1) {
		seen = seen | (OURS(GROUP(d_), c) && present[d_] ->
			       BIT(d_) : 0)
	}
}

/*
 * validate_member(): the first of each group is what the caller named, the
 * others are its companions; of those who is on no driver is parked.
 */
#define IS_NAMED(d)	((d) < OLD && (d) % MEMBERS == 0)
inline snapshot(d)
{
	member[d] = true;
	nat[d] = drv[d];
	nov[d] = ovr[d];
	goal[d] = ((drv[d] == D_NONE && !IS_NAMED(d)) -> D_NONE : D_TARGET)
}

/* publish() and validate() */
inline publish(c)
{
	for (g_ : 0 .. GROUPS - 1) {
		bad = bad || (OURS(g_, c) && departed[g_])
	}
#ifdef MUTATE_NO_DEPARTED
	bad = false;
#endif
	for (d_ : 0 .. DEVICES - 1) {
		if
		:: !bad && (seen & BIT(d_)) ->
			published[GROUP(d_)] = true;
			snapshot(d_)
		:: else
		fi
	}
	seen = 0;
	bad = bad || abort[c]
}

/* park_locked() */
inline park(d)
{
	if
	:: drv[d] == nat[d] ->
		swap_override(d, O_PARKED);
		bad = !ok_;
		did[d] = did[d] | (ok_ -> DID_OVERRIDE : 0);
		unprobed[d] = unprobed[d] ||
			(ok_ && drv[d] == D_NONE && is_new[d])
	:: else -> bad = true
	fi
}

inline park_all(c)
{
	do
	:: d_step { at < DEVICES && !bad && !abort[c] ->
		if
		:: MINE(at, c) && !added[at] && nat[at] != D_TARGET &&
		   !(did[at] & DID_OVERRIDE) -> park(at)
		:: else
		fi;
		at++;
		/* on to the next that is ours */
		do
		:: at < DEVICES && !MINE(at, c) -> at++
		:: else -> break
		od }
	:: d_step { at == DEVICES || bad || abort[c] ->
		bad = bad || abort[c];
		at = 0 }
		break
	od
}

inline run_unbind(c)
{
	for (d_ : 0 .. DEVICES - 1) {
		if
		:: MOVES(d_, c) && nat[d_] != D_NONE ->
			run_add(OF_TXN(c), d_, C_UNBIND)
		:: else
		fi
	}
}

/* is_first(): two first VFIO probes of a group at once make VFIO warn. */
#define MOVES_BEFORE(e, d)	\
	(GROUP(e) == GROUP(d) && (e) < (d) && !added[e] && member[e] && \
	 goal[e] == D_TARGET && nat[e] != D_TARGET)
inline run_bind(c, first)
{
	for (d_ : 0 .. DEVICES - 1) {
		if
		:: MOVES(d_, c) &&
		   first == (!ANY_DEVICE(MOVES_BEFORE, d_)) ->
			run_add(OF_TXN(c), d_, C_BIND)
		:: else
		fi
	}
}

/* The end of a run: late, or a callback failed, or the caller gave up. */
inline end_run(c, late)
{
	bad = late || failed[OF_TXN(c) - 1] || abort[c];
	failed[OF_TXN(c) - 1] = false;
	cut[OF_TXN(c) - 1] = false;
	late = false
}

/* verify_locked() */
#define IS_OFF(d, c)	\
	(MINE(d, c) && (drv[d] != goal[d] || \
	 ((did[d] & DID_OVERRIDE) && ovr[d] != our[d])))
#define IS_COMING(d, c)	\
	(MINE(d, c) && added[d] && \
	 (arriving[d] || !(arrived[d] || goal[d] == D_NONE)))
/* bindery_group_same_members() */
#define IS_UNKNOWN(d, c)	\
	(OURS(GROUP(d), c) && present[d] && !member[d])
#ifdef MUTATE_NO_DEPARTED
#undef IS_UNKNOWN
#define IS_UNKNOWN(d, c)	false
#endif

/* verify_owner() and the last look at who is there, group by group. */
inline verify_owners(c)
{
	do
	:: at < GROUPS && !bad && OURS(at, c) ->
		d_step { !fencing[at] -> fence(at, verdict) }
		d_step {
			if
			:: verdict == FENCE_OWNED -> unfence(at)
			:: else
			fi;
			bad = (verdict == FENCE_NONE ||
			       ANY_DEVICE(IS_UNKNOWN, c));
			verdict = 0;
			at++ }
	:: at < GROUPS && !bad && !OURS(at, c) -> at++
	:: else -> at = 0; break
	od
}

/* check_whole(), check_present(): an unknown device would be a newcomer. */
#define IS_SPOILT(g, c)	\
	(IN(g, c) && !(IS_WHOLE(g) && (intact[g] || OURS(g, c))))

/* commit() */
inline commit(c)
{
	bad = abort[c] || ANY_GROUP(IS_SPOILT, c);
#ifdef MUTATE_COMMIT_BLIND
	bad = abort[c];
#endif
#ifdef MUTATE_COMMIT_DEAD
	bad = ANY_GROUP(IS_SPOILT, c);
#endif
	if
	:: !bad ->
		if
		:: ANY_GROUP(IS_SPOILT, c) -> assert(committed_what_is_spoilt)
		:: !file[c] -> assert(committed_for_the_dead)
		:: else
		fi;
		WITNESS(COMMIT)
		claim[c] = CLAIM_LIVE;
		for (g_ : 0 .. GROUPS - 1) {
			if
			:: OURS(g_, c) ->
				txn[g_] = 0;
				intact[g_] = true;
				state[g_] = HELD;
				settle(g_)
			:: else
			fi
		}
	:: else
	fi
}

/* let_go() and roll_back(): the groups go on by themselves. */
inline begin_roll_back(c)
{
	drop_holds(c, false);
	claim[c] = CLAIM_ENDED;
	for (g_ : 0 .. GROUPS - 1) {
		if
		:: OURS(g_, c) ->
			txn[g_] = 0;
#ifdef MUTATE_ROLL_BACK_FIRST
			if
			:: ok_ -> skip
			:: else ->
#endif
			restoring[c]++;
			refs[c]++;
			ending[g_] = 1 + c;
			rollback[g_] = true;
			queue(g_);
#ifdef MUTATE_ROLL_BACK_FIRST
			ok_ = 1
			fi
#endif
		:: else
		fi
	}
}

inline close_if_open(c)
{
	if
	:: file[c] -> close_file(c)
	:: else
	fi
}

inline begin_txn(c)
{
	working[c] = true;
	refs[c]++;
	pins++
}

inline end_txn(c)
{
	working[c] = false;
	refs[c]--;
	pins--;
	abort[c] = false
}

/* move() and what follows. What was done by then is the groups' to undo. */
inline transact(c)
{
	d_step { begin_txn(c); collect(c) }
	d_step { publish(c) }
#ifdef MUTATE_UNBIND_FIRST
	d_step { run_unbind(c) }
	atomic { run_wait(OF_TXN(c), late); end_run(c, late) }
	d_step {
		for (d_ : 0 .. DEVICES - 1) {
			if
			:: MOVES(d_, c) && drv[d_] == D_NONE -> nat[d_] = 0
			:: else
			fi
		} }
	park_all(c);
	skip;
	d_step {
		for (d_ : 0 .. DEVICES - 1) {
			if
			:: MINE(d_, c) && (did[d_] & DID_UNBIND) -> nat[d_] = 1
			:: else
			fi
		} }
#else
	park_all(c);
	if
	:: !bad ->
		d_step { run_unbind(c) }
		atomic { run_wait(OF_TXN(c), late); end_run(c, late) }
	:: else
	fi;
#endif
	if
	:: !bad ->
		d_step { run_bind(c, true) }
		atomic { run_wait(OF_TXN(c), late); end_run(c, late) }
	:: else
	fi;
	if
	:: !bad ->
		d_step { run_bind(c, false) }
		atomic { run_wait(OF_TXN(c), late); end_run(c, late) }
	:: else
	fi;
#ifndef MUTATE_COMMIT_BLIND
	if
	:: !bad ->
		/* only newcomers are waited for */
		d_step { !ANY_DEVICE(IS_COMING, c) || abort[c] ->
			bad = abort[c] || ANY_DEVICE(IS_OFF, c) }
		verify_owners(c)
	:: else
	fi;
#endif
	if
	:: !bad -> d_step { commit(c) }
	:: else
	fi;
	if
	:: bad ->
		d_step { ok_ = 0; begin_roll_back(c) }
		restoring[c] == 0
	:: else
	fi;
	d_step { end_txn(c) }
}

/* look_for_user(): who shares it, or has bound nothing, need not look. */
#define MAY_HAVE_USER(g, c)	\
	(IN(g, c) && holds[g] == BIT(c) && intact[g] && \
	 ANY_DEVICE(NEEDS_FENCE, g))
inline look_for_users(c)
{
	do
	:: at < GROUPS && !bad && MAY_HAVE_USER(at, c) ->
		if
		:: d_step { !fencing[at] -> fence(at, verdict) }
			d_step {
				if
				:: verdict == FENCE_OWNED -> unfence(at)
				:: else
				fi;
				bad = (verdict == FENCE_USER);
				verdict = 0;
				at++ }
		fi
	:: at < GROUPS && !bad && !MAY_HAVE_USER(at, c) -> at++
	:: else -> at = 0; break
	od
}

/*
 * RELEASE without flags looks first, and is refused while a VFIO user is in.
 * DEFER, and the last close, do not look. With KEEP a close ends nothing:
 * somebody opens the claim again, or ends it by its id.
 */
inline release(c)
{
	do
	:: look_for_users(c);
		if
		:: d_step { !bad -> calling[c] = true; end_claim(c) }
			break
		:: d_step { bad -> bad = false }
		fi
#if DEADLINES || OPENS
	:: d_step { true ->
#ifndef MUTATE_CLOSE_ENDS_NOTHING
		end_claim(c);
#endif
		close_if_open(c) }
		break
#endif
#if KEEP
	:: d_step { file[c] ->
		kept[c] = true;
		refs[c]++;
		pins++;
		close_file(c);
		settle_all(c) }
	:: d_step { kept[c] ->
		file[c] = true;
		refs[c]++;
		pins++;
		stop_keeping(c);
		settle_all(c) }
#endif
	od
}

inline choose(c)
{
#if EACH
	if
	:: want = 1
	:: want = 2
	:: want = 3
	fi;
#else
	want = BIT(GROUPS) - 1;
#endif
#if SHARED
	if
	:: shared[c] = true
	:: shared[c] = false
	fi
#endif
}

/* reserve(): all groups, or a refusal, or it is waited for them. */
inline reserve(c)
{
#ifdef MUTATE_ONE_BY_ONE
	do
	:: d_step { at < GROUPS &&
		    !(REFUSES((c ^ at), c) || IS_ON_ITS_WAY((c ^ at), c)) ->
		take_one((c ^ at), c);
		claim[c] = CLAIM_BINDING;
		at++ }
	:: at == GROUPS -> at = 0; break
	od
#else
	if
	:: d_step { ANY_GROUP(REFUSES, c) -> bad = true }
	:: d_step { !ANY_GROUP(REFUSES, c) && !ANY_GROUP(IS_ON_ITS_WAY, c) ->
		take(c) }
#if DEADLINES
	:: d_step { !ANY_GROUP(REFUSES, c) && ANY_GROUP(IS_ON_ITS_WAY, c) ->
		bad = true }
#endif
	fi
#endif
}

proctype Claimant(byte c)
{
	byte want, seen, at, verdict, rounds = ROUNDS;
	bool bad, late;

end:	do
	:: atomic { ROUNDS == 0 || rounds > 0 ->
		if
		:: rounds > 0 -> rounds--
		:: else
		fi;
		choose(c);
		d_step { make_claim(c); calling[c] = true; repair_degraded(c) }
	   }
	   reserve(c);
	   if
	   :: !bad -> transact(c)
	   :: else
	   fi;
	   d_step { calling[c] = false }
	   if
	   :: d_step { bad -> claim[c] = CLAIM_ENDED; bad = false }
	   :: !bad ->
		release(c);
		if
		:: restoring[c] == 0
#if DEADLINES
		:: restoring[c] > 0
#endif
		fi;
		calling[c] = false
	   fi;
	   d_step { close_if_open(c) }
	   /* the object goes when nobody needs it any more */
	   d_step { refs[c] == 0 ->
		claim[c] = CLAIM_NONE; shared[c] = false; want = 0 }
	:: ROUNDS > 0 && rounds == 0 -> break
	od
}
