/* SPDX-License-Identifier: GPL-2.0-only */
/* Everybody else: udev, VFIO users, other root processes, killers, hot-plug. */

/* A driver's callback has the device's lock; nobody else gets in. */
#define IS_LOCKED(d)	hung[d]

/* udev, drivers_probe, a module that loads: as often as it can do anything. */
#define CAN_PROBE(d)	\
	(present[d] && !is_new[d] && !IS_LOCKED(d) && drv[d] == D_NONE && \
	 (ovr[d] == O_TARGET || \
	  ((ovr[d] == O_NULL || ovr[d] == O_NATIVE) && HAS_NATIVE(d) && \
	   MAY_DMA(GROUP(d)))))

proctype Prober(byte d)
{
end:	do
	:: d_step { CAN_PROBE(d) -> offer(d) }
	od
}

/* A write to unbind waits for a VFIO user to close the device. */
#define CAN_UNBIND(d)	\
	(present[d] && !is_new[d] && !IS_LOCKED(d) && drv[d] != D_NONE && \
	 !(drv[d] == D_TARGET && user[GROUP(d)]))

/* Another root process that means harm, a few times. */
proctype Adversary(byte d)
{
end:	do
	:: d_step { writes > 0 && CAN_UNBIND(d) ->
		writes--; meddled[d] = true; drv[d] = D_NONE }
	:: d_step { writes > 0 && !IS_LOCKED(d) && ovr[d] != O_FOREIGN ->
		writes--; meddled[d] = true; ovr[d] = O_FOREIGN }
	:: d_step { writes > 0 && !IS_LOCKED(d) && ovr[d] != O_NULL ->
		writes--; meddled[d] = true; ovr[d] = O_NULL }
	od
}

#define ON_TARGET(d, g)	(GROUP(d) == (g) && present[d] && drv[d] == D_TARGET)

/* Anybody who may open the group's VFIO devices, whenever that works. */
proctype User(byte g)
{
end:	do
	:: d_step { opens[g] > 0 && !user[g] && !fenced[g] &&
		    ANY_DEVICE(ON_TARGET, g) &&
		    !ANY_DEVICE(IS_ORDINARY, g) ->
		opens[g]--; user[g] = true }
	:: d_step { user[g] -> user[g] = false }
	od
}

/* A deadline passes, or the caller is killed and its file closed with it. */
proctype Killer(byte c)
{
end:	do
	:: d_step { working[c] && claim[c] == CLAIM_BINDING && file[c] ->
		abort[c] = true; close_file(c) }
	od
}

/* RECOVER of a group that could not be restored. */
proctype Administrator(byte g)
{
end:	do
	:: d_step { state[g] == DEGRADED -> drain(g) }
	od
}

/* judge() of watch.c: what the newcomer is to the group. */
#define CAPTURES(g)	\
	((state[g] == BINDING && published[g]) || state[g] == HELD || \
	 state[g] == KEPT || (state[g] == DRAINING && intact[g]))
#define REFUSES_NEW(g)	\
	((state[g] == DRAINING && !intact[g]) || state[g] == RESTORING || \
	 state[g] == STUCK)

/* device_comes() */
inline track(d, g)
{
	if
	:: member[d] -> unprobed[d] = true	/* a transaction was first */
	:: !member[d] && state[g] == BINDING && !published[g] ->
		departed[g] = true
#ifndef MUTATE_NO_CAPTURE
	:: !member[d] && CAPTURES(g) ->
		WITNESS(CAPTURE)
		member[d] = true;
		added[d] = true;
		arriving[d] = true;
		goal[d] = D_TARGET
#endif
	:: !member[d] && REFUSES_NEW(g) ->
		member[d] = true;
		added[d] = true;
		did[d] = DID_REFUSE
	:: else
	fi
}

/* bindery_member_capture() */
inline capture(d)
{
	swap_override(d, O_TARGET);
	did[d] = did[d] | (ok_ -> DID_OVERRIDE | DID_BIND : 0);
	arriving[d] = false
}

/* In its IOMMU group; the notifier hears of it; the bus offers it. */
proctype Newcomer(byte d)
{
	d_step { present[d] = true; is_new[d] = true }
	d_step { track(d, GROUP(d)) }
	if
	:: arriving[d] -> d_step { capture(d) }
	:: else
	fi;
	d_step {
		offer(d);
		is_new[d] = false;
		arrived[d] = member[d] }
}

init
{
	byte i;

	d_step {
		for (d_ : 0 .. DEVICES - 1) {
			present[d_] = (d_ < OLD);
			drv[d_] = (d_ < OLD -> ORIGIN(d_) : D_NONE)
		} }
	atomic {
		for (i : 0 .. CLAIMANTS - 1) {
			run Claimant(i);
#if DEADLINES
			run Killer(i)
#endif
		}
		for (i : 0 .. GROUPS - 1) {
			run Drain(i);
#if OPENS
			run User(i);
#endif
#if FAILS
			run Administrator(i)
#endif
		}
		for (i : 0 .. DEVICES - 1) {
			run Callback(i);
			run Prober(i);
#if WRITES
			/* of group 0 alone: the others are like it */
			if
			:: GROUP(i) == 0 -> run Adversary(i)
			:: else
			fi
#endif
		}
#if NEWCOMER
		run Newcomer(OLD);
#endif
#ifndef LIVENESS
		run Monitor()
#endif
	}
}
