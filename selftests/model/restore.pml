/* SPDX-License-Identifier: GPL-2.0-only */
/* module/drain.c and fence.c: a group's way back, in its own work. */

#define NEEDS_FENCE(d, g)	\
	(GROUP(d) == (g) && member[d] && !BUSY(d) && \
	 ((did[d] & DID_BIND) || \
	  ((did[d] & DID_UNBIND) && drv[d] == D_NONE)))
#define IS_ORDINARY(d, g)	\
	(GROUP(d) == (g) && present[d] && drv[d] == D_NATIVE)
#define CAN_OWN_BY(d, g)	\
	(GROUP(d) == (g) && member[d] && !BUSY(d) && drv[d] != D_NONE)

/* bindery_group_fence(), once fencing is ours. */
#define FENCE_USER	1
#define FENCE_OWNED	2
#define FENCE_NONE	3	/* no user can be in, not fenced */
inline fence(g, verdict)
{
	if
	:: user[g] -> verdict = FENCE_USER
	:: !user[g] && !ANY_DEVICE(IS_ORDINARY, g) &&
	   ANY_DEVICE(CAN_OWN_BY, g) ->
		fenced[g] = true;
		verdict = FENCE_OWNED
	:: else -> verdict = FENCE_NONE
	fi;
	fencing[g] = (verdict == FENCE_OWNED)
}

inline unfence(g)
{
#ifndef MUTATE_FENCE_STAYS
	fenced[g] = false;
#endif
	fencing[g] = false
}

/* has_target(): while nobody was bound there was nothing to fence by. */
#define HAS_TARGET(d, g)	\
	(GROUP(d) == (g) && member[d] && !BUSY(d) && \
	 (did[d] & DID_BIND) && drv[d] == D_TARGET)

/* begin_pass(); ok_ is false if an ACQUIRE has taken it back. */
inline begin_pass(g)
{
	ok_ = DUE(g);
#ifdef MUTATE_NO_LAST_LOOK
	ok_ = 1;
#endif
	if
	:: ok_ ->
		intact[g] = false;
		FOR_EACH(d_, g)
			bound[d_] = false;
#ifdef MUTATE_TOUCH_BUSY
			in_pass[d_] = member[d_];
#else
			in_pass[d_] = member[d_] && !BUSY(d_) && !arriving[d_];
#endif
			restored[d_] = R_NOT
		END_EACH
		if
		:: !rollback[g] -> state[g] = RESTORING
		:: else
		fi
	:: else
	fi
}

/* run_members() */
inline run_members(g, mask, what)
{
	cut[OF_GROUP(g) - 1] = false;
	FOR_EACH(d_, g)
		if
#ifdef MUTATE_TOUCH_BUSY
		:: in_pass[d_] && (did[d_] & mask) ->
#else
		:: in_pass[d_] && !BUSY(d_) && (did[d_] & mask) ->
#endif
			run_add(OF_GROUP(g), d_, what)
		:: else
		fi
	END_EACH
}

#define HAS_TO_WAIT(d, g)	\
	(GROUP(d) == (g) && member[d] && !BUSY(d) && did[d] && \
	 restored[d] == R_USER)

/* judge_member(): the order tells which is worse. */
#define COMPLETE	0
#define NOT_WHOLE	1
#define AGAIN		2
#define OVERDUE		3
#define JUDGE(d)	\
	(BUSY(d) -> OVERDUE : (arriving[d] -> AGAIN : \
	 (!did[d] -> COMPLETE : \
	  ((bound[d] || restored[d] == R_NOT) -> AGAIN : NOT_WHOLE))))

inline judge(g)
{
	worst_ = COMPLETE;
	FOR_EACH(d_, g)
		if
		:: member[d_] && JUDGE(d_) > worst_ -> worst_ = JUDGE(d_)
		:: else
		fi
	END_EACH
}

/* The object of a free group is gone, and its members with it. */
inline forget(g)
{
	published[g] = false;
	departed[g] = false;
	intact[g] = false;
	in_use[g] = false;
	FOR_EACH(d_, g)
		assert(!did[d_] && !stuck[d_]);
		member[d_] = false;
		our[d_] = 0;
		nat[d_] = 0;
		nov[d_] = 0;
		goal[d_] = 0;
		added[d_] = false;
		arrived[d_] = false;
		unprobed[d_] = false
	END_EACH
}

/* bindery_claim_group_done() */
inline group_done(c)
{
#ifndef MUTATE_LOSE_COUNT
	restoring[c]--;
#endif
	refs[c]--
}

inline tell(g)
{
	if
	:: ending[g] -> group_done(ending[g] - 1); ending[g] = 0
	:: else
	fi
}

#define PASSED		0
#define USER_IN		1	/* -EPERM */
#define ONCE_MORE	2	/* -EAGAIN */
#define TAKEN_BACK	3	/* -ECANCELED */

/* again() */
inline again(g, by_user)
{
	in_use[g] = by_user;
	state[g] = DRAINING;
#ifndef MUTATE_NO_WAKE
	queue(g)
#endif
}

/* What is set while a pass runs only. */
inline end_pass(g)
{
	FOR_EACH(d_, g)
		in_pass[d_] = false;
		bound[d_] = false;
		restored[d_] = R_NOT
	END_EACH
}

/* is_taken_back(): by an ACQUIRE, since the fence was tried in vain. */
#ifdef MUTATE_STALE_VERDICT
#define IS_TAKEN_BACK(g)	false
#else
#define IS_TAKEN_BACK(g)	(!DUE(g) && state[g] != RESTORING)
#endif

/* finish() */
inline finish(g, how, was_rollback)
{
	judge(g);
	if
	:: how == ONCE_MORE || (how != PASSED && worst_ != OVERDUE) ->
		worst_ = AGAIN
	:: else
	fi;
	was_rollback = rollback[g];
	rollback[g] = false;
	if
	:: worst_ == COMPLETE ->
		assert(holds[g] == 0);
		state[g] = FREE;
		forget(g)
	:: worst_ == NOT_WHOLE ->
		WITNESS(DEGRADED)
		state[g] = DEGRADED
	:: worst_ == AGAIN ->
		if
		:: how == USER_IN -> WITNESS(DEFERRAL) skip
		:: else
		fi;
		again(g, how == USER_IN)
	:: worst_ == OVERDUE -> state[g] = STUCK
	fi;
	if
	:: worst_ <= NOT_WHOLE || was_rollback -> tell(g)
	:: else
	fi;
	end_pass(g)
}

/* bindery_drain_work() */
proctype Drain(byte g)
{
	byte how, verdict;
	bool was, late, left;

end:	do
	:: d_step { queued[g] && !running[g] ->
		queued[g] = false;	/* its references are ours now */
		running[g] = true;
		verdict = FENCE_NONE;
		left = false;
		how = (DUE(g) -> PASSED : TAKEN_BACK) }
	   if
#ifndef MUTATE_NO_FENCE
	   :: how == PASSED && ANY_DEVICE(NEEDS_FENCE, g) ->
		if
		:: d_step { DUE(g) && !fencing[g] -> fencing[g] = true }
		   d_step { fence(g, verdict);
			how = (verdict == FENCE_USER -> USER_IN : PASSED) }
		:: d_step { !DUE(g) -> how = TAKEN_BACK }
		fi
#endif
	   :: else
	   fi;
	   if
	   :: how == PASSED ->
		d_step {
			begin_pass(g);
			left = ok_;
			how = (left -> ONCE_MORE : TAKEN_BACK);
			if
			:: left -> run_members(g, 255, C_AIM)
			:: else
			fi }
		if
		:: left ->
			atomic {
			run_wait(OF_GROUP(g), late);
			left = !cut[OF_GROUP(g) - 1];
			if
#if !defined(MUTATE_NO_SECOND_LOOK) && !defined(MUTATE_NO_FENCE)
			:: left && verdict == FENCE_NONE &&
			   ANY_DEVICE(HAS_TARGET, g) ->
				!fencing[g];
				d_step { fence(g, verdict);
					if
					:: verdict == FENCE_USER ->
						how = USER_IN;
						left = false
					:: else
					fi }
#endif
			:: else
			fi;
			d_step {
				if
				:: left -> run_members(g, DID_BIND, C_LEAVE)
				:: else
				fi } }
			atomic {
			run_wait(OF_GROUP(g), late);
			left = left && !cut[OF_GROUP(g) - 1] }
		:: else
		fi;
		d_step {
			if
			:: verdict == FENCE_OWNED -> unfence(g)
			:: else
			fi;
			if
			:: left -> run_members(g, 255, C_RESTORE)
			:: else
			fi }
		if
		:: left ->
			atomic {
			run_wait(OF_GROUP(g), late);
			d_step {
				if
				:: cut[OF_GROUP(g) - 1]
				:: else ->
					how = (ANY_DEVICE(HAS_TO_WAIT, g) ->
					       USER_IN : PASSED)
				fi } }
		:: else
		fi
	   :: else
	   fi;
	   d_step {
		if
		:: how != TAKEN_BACK && !IS_TAKEN_BACK(g) ->
			finish(g, how, was)
		:: else
		fi;
		running[g] = false;
		pins--;
		cut[OF_GROUP(g) - 1] = false;
		was = false; late = false; left = false;
		how = 0; verdict = 0 }
	od
}
