/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * module/batch.c, and what it calls of member.c and restore.c: callbacks of
 * drivers, a worker for each member.
 */

/* bindery_group_drain(): have the group restored by a worker. */
inline drain(g)
{
	state[g] = DRAINING;
	in_use[g] = false;
	queue(g)
}

/* queue_drain(): what is queued already stays queued once. */
inline queue(g)
{
	if
	:: !queued[g] -> queued[g] = true; pins++
	:: else
	fi
}

/* bindery_member_swap_override(): only if it is what we left there. ok_. */
inline swap_override(d, to)
{
	ok_ = (ovr[d] == ((did[d] & DID_OVERRIDE) -> our[d] : nov[d]));
#ifdef MUTATE_OVERWRITE_FOREIGN
	ok_ = 1;
#endif
	if
	:: ok_ ->
		if
		:: ovr[d] != ((did[d] & DID_OVERRIDE) -> our[d] : nov[d]) ->
			assert(overwrote_what_is_not_ours)
		:: else
		fi;
		ovr[d] = to;
		our[d] = to
	:: else
	fi
}

/* What the notifier hears of a driver that was bound. */
inline is_bound(d)
{
	arrived[d] = member[d];
	if
	:: !member[d] -> skip
	:: member[d] && running[GROUP(d)] -> bound[d] = true
	:: member[d] && state[GROUP(d)] == DEGRADED -> drain(GROUP(d))
	:: else
	fi
}

/* May an ordinary driver do DMA? Its probe fails with EBUSY otherwise. */
#define MAY_DMA(g)	(!user[g] && !fenced[g])

/* device_attach(): the bus tries what the override allows. */
inline offer(d)
{
	if
	:: drv[d] == D_NONE && ovr[d] == O_TARGET ->
		drv[d] = D_TARGET;
		is_bound(d)
	:: drv[d] == D_NONE && (ovr[d] == O_NULL || ovr[d] == O_NATIVE) &&
	   HAS_NATIVE(d) && MAY_DMA(GROUP(d)) ->
		/* nothing slips in before the restore */
		assert(meddled[d] || !(did[d] & DID_UNBIND) ||
		       state[GROUP(d)] != BINDING || running[GROUP(d)]);
		drv[d] = D_NATIVE;
		is_bound(d)
	:: else
	fi
}

/* resume(): what was overdue has returned, its group can go on. */
inline resume(g)
{
	if
	:: state[g] == STUCK ->
		WITNESS(LATE_RETURN)
		assert(!intact[g]);
#ifndef MUTATE_STUCK_SLEEPS
		drain(g)
#endif
	:: else
	fi
}

/* end(), end_chain() */
inline end_call(d, is_failed)
{
	call[d] = C_NONE;
	called[d] = false;
	half[d] = false;
	if
	:: run_of[d] != 0 ->
		assert(pending[run_of[d] - 1] > 0);
		pending[run_of[d] - 1]--;
		failed[run_of[d] - 1] = failed[run_of[d] - 1] || is_failed
	:: else
	fi;
	if
	:: stuck[d] ->
		stuck[d] = false;
		pins--;
		resume(GROUP(d))
	:: else
	fi;
	run_of[d] = 0
}

/* bindery_member_overdue(): the fence is gone, the next pass has another. */
#ifdef MUTATE_LATE_UNBINDS
#define IS_OVERDUE(d)	false
#else
#define IS_OVERDUE(d)	stuck[d]
#endif

inline call_unbind(d)
{
	if
	:: !IS_OVERDUE(d) ->
		did[d] = did[d] | DID_UNBIND;
		drv[d] = D_NONE
	:: else
	fi;
	end_call(d, false)
}

/* admit_target(), then device_driver_attach() and bind_result(). */
inline call_bind(d)
{
	if
	:: !half[d] ->
		swap_override(d, O_TARGET);
		if
		:: ok_ -> did[d] = did[d] | DID_BIND; half[d] = true
		:: else -> end_call(d, true)
		fi
	:: else ->
		if
		:: drv[d] == D_NONE && !flop_ ->
			drv[d] = D_TARGET;
			is_bound(d)
		:: else
		fi;
		end_call(d, drv[d] != D_TARGET)
	fi
}

inline call_aim(d)
{
	if
	:: did[d] & ~DID_REFUSE ->
#ifndef MUTATE_NO_AIM
		swap_override(d, (nat[d] == D_NONE -> O_PARKED : O_NATIVE));
		did[d] = did[d] & ~DID_OVERRIDE;
		did[d] = did[d] | (ok_ -> DID_OVERRIDE : SAW_FOREIGN)
#endif
	:: else
	fi;
	end_call(d, false)
}

/* bindery_member_unbind_target(). No VFIO user may be in. */
inline call_leave(d)
{
	if
	:: drv[d] == D_TARGET && user[GROUP(d)] && !IS_OVERDUE(d) ->
		assert(unbound_under_a_vfio_user)
	:: else
	fi;
	if
	:: drv[d] == D_TARGET && IS_OVERDUE(d)
	:: else ->
		drv[d] = (drv[d] == D_TARGET -> D_NONE : drv[d]);
		did[d] = did[d] & ~DID_BIND
	fi;
	end_call(d, false)
}

/* bind_native() */
inline bind_native(d)
{
	if
	:: drv[d] == D_NATIVE -> restored[d] = R_RESTORED
	:: drv[d] == D_TARGET -> restored[d] = R_FOREIGN
	:: drv[d] == D_NONE && user[GROUP(d)] -> restored[d] = R_USER
	:: drv[d] == D_NONE && !user[GROUP(d)] &&
	   (flop_ || fenced[GROUP(d)]) ->
		restored[d] = R_FAILED
	:: else ->
		drv[d] = D_NATIVE;
		is_bound(d);
		restored[d] = R_RESTORED
	fi;
	broken[d] = (restored[d] == R_FAILED)
}

/* restore_driver() */
inline restore_driver(d)
{
	if
	:: did[d] & SAW_FOREIGN -> offer(d); restored[d] = R_FOREIGN
	:: !(did[d] & SAW_FOREIGN) && (did[d] & DID_UNBIND) -> bind_native(d)
	:: else ->
		restored[d] = (nat[d] == D_NONE && drv[d] != D_NONE ->
			       R_FOREIGN : R_RESTORED)
	fi
}

/* restore_override() */
inline restore_override(d)
{
#ifdef MUTATE_ROLLBACK_KEEPS_OVERRIDE
	ok_ = 1;
	if
	:: rollback[GROUP(d)]
	:: else -> swap_override(d, nov[d])
	fi;
#else
	swap_override(d, nov[d]);
#endif
	did[d] = did[d] & ~DID_OVERRIDE;
	if
	:: !ok_ -> restored[d] = R_FOREIGN
	:: else
	fi
}

/* let_go(): a newcomer goes wherever the bus sends it. */
inline restore_newcomer(d)
{
	restored[d] = R_RESTORED;
	if
	:: did[d] & DID_OVERRIDE -> restore_override(d)
	:: else
	fi;
	did[d] = 0;
	offer(d)
}

inline restore_rest(d)
{
	if
	:: did[d] & DID_OVERRIDE -> restore_override(d)
	:: else
	fi;
	did[d] = did[d] & ~SAW_FOREIGN;
	if
	:: restored[d] == R_RESTORED && unprobed[d] -> offer(d)
	:: else
	fi;
	if
	:: restored[d] == R_RESTORED || restored[d] == R_FOREIGN ->
		did[d] = did[d] & ~DID_UNBIND
	:: else
	fi
}

/* bindery_member_restore(): its driver, then its override. */
inline call_restore(d)
{
	if
	:: half[d] -> restore_rest(d); end_call(d, false)
	:: !half[d] && (did[d] & DID_BIND) ->
		restored[d] = R_NOT;
		end_call(d, false)
	:: !half[d] && !(did[d] & DID_BIND) && added[d] ->
		restore_newcomer(d);
		end_call(d, false)
	:: else ->
		restore_driver(d);
		if
		:: restored[d] == R_USER -> end_call(d, false)
		:: else -> half[d] = true
		fi
	fi
}

#define STOPPED(d)	\
	(run_of[d] != 0 && IS_TXN(run_of[d]) && failed[run_of[d] - 1])

/* One step, up to where somebody else may come between. */
inline work(d)
{
	if
	:: !called[d] && STOPPED(d) -> end_call(d, false)
	:: else ->
		called[d] = true;
		if
		:: call[d] == C_UNBIND -> call_unbind(d)
		:: call[d] == C_BIND -> call_bind(d)
		:: call[d] == C_AIM -> call_aim(d)
		:: call[d] == C_LEAVE -> call_leave(d)
		:: call[d] == C_RESTORE -> call_restore(d)
		fi
	fi;
	flop_ = 0
}

/* Functions of one slot go one after another; highest first to be unbound. */
#define BACKWARDS(d)	(call[d] == C_UNBIND || call[d] == C_LEAVE)
#define IS_BEFORE(e, d)	\
	(GROUP(e) == GROUP(d) && BUSY(e) && run_of[e] == run_of[d] && \
	 (BACKWARDS(d) -> (e) > (d) : (e) < (d)))
#define READY(d)	\
	(BUSY(d) && !hung[d] && \
	 (!CHAIN || called[d] || !ANY_DEVICE(IS_BEFORE, d)))
#define CALLS_PROBE(d)	\
	(drv[d] == D_NONE && \
	 ((call[d] == C_BIND && half[d]) || \
	  (call[d] == C_RESTORE && !half[d] && (did[d] & DID_UNBIND) && \
	   !(did[d] & (DID_BIND | SAW_FOREIGN)) && !added[d])))

proctype Callback(byte d)
{
end:	do
	:: d_step { READY(d) -> work(d) }
#if FAILS
	:: d_step { READY(d) && fails > 0 && CALLS_PROBE(d) ->
		fails--; flop_ = 1; work(d) }
#endif
#if HANGS
	:: d_step { READY(d) && hangs > 0 && (called[d] || !STOPPED(d)) ->
		hangs--; called[d] = true; hung[d] = true }
	:: d_step { hung[d] -> hung[d] = false; work(d) }
#endif
	od
}

/* bindery_run_add() */
inline run_add(r, d, what)
{
	if
	:: BUSY(d) -> assert(two_callbacks_of_a_member)
	:: else
	fi;
	call[d] = what;
	run_of[d] = r;
	pending[r - 1]++
}

/* What does not return is stuck, what has not begun is cut off. */
inline abandon(r)
{
	for (d_ : 0 .. DEVICES - 1) {
		if
		:: run_of[d_] == r && called[d_] ->
			stuck[d_] = true;
			in_pass[d_] = false;
			pins++;
#ifndef MUTATE_LATE_COUNTS
			run_of[d_] = 0
#endif
		:: run_of[d_] == r && !called[d_] ->
			run_of[d_] = 0;
			call[d_] = C_NONE;
			cut[r - 1] = true
		:: else
		fi
	}
	pending[r - 1] = 0
}

#define HANGS_IN(d, r)	(run_of[d] == (r) && hung[d])

/* bindery_run_wait(): for all of them, or until one is overdue. */
inline run_wait(r, late)
{
	if
	:: pending[r - 1] == 0
#if HANGS
	:: d_step { ANY_DEVICE(HANGS_IN, r) -> abandon(r); late = true }
#endif
	fi
}
