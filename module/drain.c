// SPDX-License-Identifier: GPL-2.0-only
/*
 * Undoing what was done to a group: after the last claim went, after a failed
 * transaction, and again for what could not be restored.
 */
#include <linux/module.h>

#include "bindery_private.h"
#include "trace.h"

/*
 * VFIO tells nobody when a device is closed, unless the driver is ours: ask
 * again, ever less often.
 */
#define BACKOFF_MIN_MS	50
#define BACKOFF_MAX_MS	1000

/* How long a look at the group's devices may wait for their locks. */
#define FENCE_MS	1000

/*
 * Nobody can be using a target that we did not bind; and a native driver can
 * only be bound while no VFIO user has the group.
 */
static bool needs_fence(struct bindery_member *member)
{
	if (bindery_member_removed(member) || bindery_member_busy(member))
		return false;
	return member->did & BINDERY_DID_BIND ||
	       (member->did & BINDERY_DID_UNBIND &&
		!READ_ONCE(member->dev->driver));
}

bool bindery_group_needs_fence(struct bindery_group *group)
{
	bindery_group_each(member, group)
		if (needs_fence(member))
			return true;
	return false;
}

/* Whatever is queued holds the group, and keeps the module loaded. */
static void queue_drain(struct bindery_group *group, unsigned int ms)
{
	struct workqueue_struct *wq = group->rollback ? bindery_rollback_wq :
							bindery_drain_wq;

	bindery_state_assert();
	if (!try_module_get(THIS_MODULE))
		return;
	bindery_group_get(group);
	if (!mod_delayed_work(wq, &group->drain, msecs_to_jiffies(ms)))
		return;
	/* It was queued, and has its references; the other is not the last. */
	bindery_group_put(group);
	module_put(THIS_MODULE);
}

/*
 * Have the group restored by a worker. While the module is being unloaded there
 * is no claim any more, and a degraded group stays what it is.
 */
void bindery_group_drain(struct bindery_group *group)
{
	bindery_state_assert();
	group->backoff_ms = BACKOFF_MIN_MS;
	group->in_use = false;
	group->await_close = false;
	bindery_group_set_state(group, BINDERY_GROUP_DRAINING);
	queue_drain(group, 0);
}

/* The same for a transaction that failed, and whose claim waits for it. */
void bindery_group_roll_back(struct bindery_group *group,
			     struct bindery_claim *claim, unsigned int ms)
{
	guard(bindery_state)();
	bindery_claim_get(claim);
	claim->restoring++;
	group->ending = claim;
	group->rolled_back = group->txn->number;
	group->txn = NULL;
	group->rollback = true;
	group->restore_ms = ms;
	group->backoff_ms = BACKOFF_MIN_MS;
	queue_drain(group, 0);
}

/* Who returns in the middle of a pass has missed a step: the next is for it. */
static bool is_in_pass(struct bindery_member *member)
{
	guard(bindery_state)();
	return member->in_pass && !member->busy;
}

#define PATIENCE_MIN_MS	1000

/* A caller that does not want to wait is no reason to hurry drivers. */
unsigned int bindery_group_patience(const struct bindery_group *group)
{
	return max(READ_ONCE(group->restore_ms), PATIENCE_MIN_MS);
}

/* False: some were not begun, because others are overdue. */
static bool run_members(struct bindery_group *group, u32 step,
			unsigned long did, bool backwards,
			int (*call)(struct bindery_member *member))
{
	unsigned int ms = bindery_group_patience(group);
	struct bindery_run run = {
		.batch = group->batch,
		.step = step,
		.call = call,
	};

	bindery_group_walk(member, group, backwards)
		if (is_in_pass(member) && member->did & did)
			bindery_run_add(&run, member);
	bindery_run_wait(&run, jiffies + msecs_to_jiffies(ms));
	return !run.cut;
}

#define DID_ANYTHING	(~0UL)

/* Nobody has taken it back. */
bool bindery_group_is_due(struct bindery_group *group)
{
	bindery_state_assert();
	return group->rollback || group->state == BINDERY_GROUP_DRAINING;
}

static bool is_due(struct bindery_group *group)
{
	guard(bindery_state)();
	return bindery_group_is_due(group);
}

/* Nothing has been done yet, and an ACQUIRE may have taken it back. */
static int begin_pass(struct bindery_group *group, bool forced)
{
	struct bindery_member *member;

	guard(bindery_state)();
	if (!bindery_group_is_due(group))
		return -ECANCELED;
	/* and let it go again, but not by force */
	if (forced && !group->force)
		return -EAGAIN;
	group->intact = false;
	list_for_each_entry(member, &group->members, node) {
		member->bound = false;
		member->in_pass = !member->busy && !member->arriving;
		if (!member->busy)
			member->restored = BINDERY_RESTORED_NOT;
	}
	if (!group->rollback)
		bindery_group_set_state(group, BINDERY_GROUP_RESTORING);
	return 0;
}

/* All overrides, before the first target is left: as in an ACQUIRE. */
static int aim(struct bindery_group *group)
{
	bindery_group_each(member, group)
		bindery_member_leave(member, jiffies +
				     msecs_to_jiffies(FENCE_MS));
	return run_members(group, BINDERY_STEP_OVERRIDE, DID_ANYTHING, false,
			   bindery_member_aim) ? 0 : -EAGAIN;
}

/* Higher functions first: their drivers often lean on the lower ones. */
static int leave_targets(struct bindery_group *group)
{
	return run_members(group, BINDERY_STEP_UNBIND_TARGET, BINDERY_DID_BIND,
			   true, bindery_member_unbind_target) ? 0 : -EAGAIN;
}

static int put_back(struct bindery_group *group)
{
	return run_members(group, BINDERY_STEP_RESTORE, DID_ANYTHING, false,
			   bindery_member_restore) ? 0 : -EAGAIN;
}

static int seal_off(struct bindery_group *group, bool force)
{
	int ret = bindery_group_seal_off(group, force);

	if (ret || force || !bindery_group_has_open_device(group))
		return ret;
	bindery_group_unfence(group);
	return -EPERM;
}

#define FORCED	2

/*
 * 0: they are, until the group is unfenced. 1: there is none. FORCED: who is in
 * will be asked to go. -EPERM: one is in; -EAGAIN: something else is, try again
 * later; -ECANCELED: it was taken back.
 */
static int keep_users_out(struct bindery_group *group, bool sealed,
			  bool draining)
{
	bool force = READ_ONCE(group->force);
	int ret;

	if (sealed)
		ret = seal_off(group, force);
	else
		ret = bindery_group_fence(group, jiffies +
					  msecs_to_jiffies(FENCE_MS), draining);
	if (ret == -EPERM && force)
		return FORCED;
	return ret < 0 && ret != -EPERM && ret != -ECANCELED ? -EAGAIN : ret;
}

static bool has_target(struct bindery_group *group)
{
	bindery_group_each(member, group)
		if (!bindery_member_busy(member) &&
		    member->did & BINDERY_DID_BIND &&
		    READ_ONCE(member->dev->driver) == member->target->drv)
			return true;
	return false;
}

/*
 * No fence is around devices without drivers, and until now their overrides let
 * anybody bind a target again, and open it.
 */
static int aim_and_look_again(struct bindery_group *group, int *unfenced)
{
	int ret = aim(group);

	if (ret || !*unfenced || !has_target(group))
		return ret;
	*unfenced = keep_users_out(group, false, false);
	return min(*unfenced, 0);
}

/* 0: done, as far as it went; else as above. */
static int restore_group(struct bindery_group *group, bool sealed)
{
	int ret, unfenced = 1;

	if (!is_due(group))
		return -ECANCELED;
	if (bindery_group_needs_fence(group))
		unfenced = keep_users_out(group, sealed, true);
	if (unfenced < 0)
		return unfenced;
	ret = begin_pass(group, unfenced == FORCED);
	ret = ret ?: aim_and_look_again(group, &unfenced);
	ret = ret ?: leave_targets(group);
	if (!unfenced)
		bindery_group_unfence(group);
	return ret ?: put_back(group);
}

enum outcome {
	COMPLETE,
	DEGRADED,
	STUCK,
	AGAIN,		/* somebody came meanwhile, or goes on by itself */
};

static enum outcome judge_member(const struct bindery_member *member)
{
	if (member->busy)
		return STUCK;
	if (member->arriving)
		return AGAIN;
	if (!member->did)
		return COMPLETE;
	if (member->bound || member->removed ||
	    member->restored == BINDERY_RESTORED_NOT)
		return AGAIN;
	return DEGRADED;
}

static enum outcome judge(struct bindery_group *group)
{
	enum outcome outcome = COMPLETE;
	struct bindery_member *member;

	bindery_state_assert();
	list_for_each_entry(member, &group->members, node)
		outcome = max(outcome, judge_member(member));
	return outcome;
}

/* Beside a VFIO user no native driver could be bound. */
static bool has_to_wait(struct bindery_group *group)
{
	struct bindery_member *member;

	bindery_state_assert();
	list_for_each_entry(member, &group->members, node)
		if (!member->busy && member->did &&
		    member->restored == BINDERY_RESTORED_USER)
			return true;
	return false;
}

static void again(struct bindery_group *group, bool user, bool sealed)
{
	bindery_state_assert();
	group->in_use = user;
	bindery_group_set_state(group, BINDERY_GROUP_DRAINING);
	if (group->backoff_ms == BACKOFF_MIN_MS)
		bindery_event_deferred(group, user);
	/* Who has it open tells when that ends; with force he is asked to go. */
	group->await_close = user && sealed && !group->force &&
			     bindery_group_is_open(group);
	if (!group->await_close)
		queue_drain(group, group->backoff_ms);
	group->backoff_ms = min(2 * group->backoff_ms, BACKOFF_MAX_MS);
}

/* A device of it that was sealed is not open any more. */
void bindery_group_closed(struct bindery_group *group)
{
	bindery_state_assert();
	if (!group->await_close || bindery_group_is_open(group))
		return;
	group->await_close = false;
	queue_drain(group, 0);
}

/*
 * All is as before: the group is free; or still reserved, unless its last device
 * went meanwhile. True: free.
 */
static bool conclude(struct bindery_group *group, struct list_head *members)
{
	bindery_state_assert();
	WRITE_ONCE(group->force, false);
	if (list_empty(&group->holds)) {
		bindery_group_untrack(group, members);
		return true;
	}
	bindery_group_forget(group, members);
	bindery_group_set_state(group, bindery_group_is_deserted(group) ?
				BINDERY_GROUP_GONE : BINDERY_GROUP_RESERVED);
	return false;
}

/* Who waited for the restore of its claim need not any more. */
static void tell(struct bindery_group *group)
{
	struct bindery_claim *claim = group->ending;

	group->ending = NULL;
	if (claim)
		bindery_claim_group_done(claim);
}

/* By an ACQUIRE, after the fence had been tried in vain, and was let go. */
static bool is_taken_back(struct bindery_group *group)
{
	bindery_state_assert();
	return !bindery_group_is_due(group) &&
	       group->state != BINDERY_GROUP_RESTORING;
}

/* The user for whom it cannot go on: the callback returns when that has gone. */
static bool is_asked(struct bindery_group *group)
{
	struct bindery_member *member;

	bindery_state_assert();
	if (!group->force)
		return false;
	list_for_each_entry(member, &group->members, node)
		if (member->busy && member->step == BINDERY_STEP_UNBIND_TARGET)
			return true;
	return false;
}

/*
 * What a pass led to. True: the group is free. A transaction that rolls back
 * waits for one pass only.
 */
static bool finish(struct bindery_group *group, int ret, bool sealed,
		   struct list_head *members)
{
	bool is_free = false, rollback;
	enum outcome outcome;

	guard(bindery_state)();
	/* also who was overdue, and has returned only now */
	if (!ret && has_to_wait(group))
		ret = -EPERM;
	trace_bindery_pass(group, ret);
	if (ret == -ECANCELED || is_taken_back(group))
		return false;
	outcome = judge(group);
	if (ret && !(ret == -EPERM && is_asked(group)))
		outcome = AGAIN;
	rollback = group->rollback;
	group->rollback = false;
	switch (outcome) {
	case COMPLETE:
		is_free = conclude(group, members);
		break;
	case DEGRADED:
		bindery_group_set_state(group, BINDERY_GROUP_DEGRADED);
		break;
	case AGAIN:
		again(group, ret == -EPERM, sealed);
		break;
	case STUCK:
		bindery_group_set_state(group, BINDERY_GROUP_STUCK);
		break;
	}
	if (outcome <= DEGRADED || rollback)
		tell(group);
	return is_free;
}

void bindery_drain_work(struct work_struct *work)
{
	struct bindery_group *group =
		container_of(to_delayed_work(work), struct bindery_group, drain);
	LIST_HEAD(members);
	bool is_free, sealed;
	int ret;

	kcov_remote_start_common(group->batch->kcov_handle);
	if (!bindery_is_going_down()) {
		sealed = bindery_group_is_sealed(group);
		ret = restore_group(group, sealed);
		is_free = finish(group, ret, sealed, &members);
		bindery_members_drop(&members);
		if (is_free)
			bindery_group_put(group);
	}
	kcov_remote_stop();
	bindery_group_put(group);
	module_put(THIS_MODULE);
}
