// SPDX-License-Identifier: GPL-2.0-only
/*
 * Undoing what was done to a group: after the last claim went, after a failed
 * transaction, and again for what could not be restored.
 */
#include <linux/module.h>

#include "bindery_private.h"
#include "trace.h"

/* VFIO tells nobody when a device is closed: ask again, ever less often. */
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
	if (bindery_member_removed(member))
		return false;
	return member->did & BINDERY_DID_BIND ||
	       (member->did & BINDERY_DID_UNBIND &&
		!READ_ONCE(member->dev->driver));
}

bool bindery_group_needs_fence(struct bindery_group *group)
{
	struct bindery_member *member;

	list_for_each_entry(member, &group->members, node)
		if (needs_fence(member))
			return true;
	return false;
}

/*
 * Have the group restored by a worker, which keeps the module loaded. While
 * that is being unloaded there is no claim any more, and a degraded group
 * stays what it is.
 */
void bindery_group_drain(struct bindery_group *group)
{
	bindery_state_assert();
	if (!try_module_get(THIS_MODULE))
		return;
	group->backoff_ms = BACKOFF_MIN_MS;
	bindery_group_set_state(group, BINDERY_GROUP_DRAINING);
	queue_delayed_work(bindery_txn_wq, &group->drain, 0);
}

static void set_state(struct bindery_group *group,
		      enum bindery_group_state state)
{
	guard(bindery_state)();
	bindery_group_set_state(group, state);
}

/* All of them, before the first target is left: as in an ACQUIRE. */
static void aim_at_natives(struct bindery_group *group)
{
	struct bindery_member *member;

	list_for_each_entry(member, &group->members, node)
		if (member->did)
			bindery_member_call(member, BINDERY_STEP_OVERRIDE,
					    bindery_member_aim);
}

/* Higher functions first: their drivers often lean on the lower ones. */
static void unbind_targets(struct bindery_group *group)
{
	struct bindery_member *member;

	list_for_each_entry_reverse(member, &group->members, node)
		if (member->did & BINDERY_DID_BIND)
			bindery_member_call(member, BINDERY_STEP_UNBIND_TARGET,
					    bindery_member_unbind_target);
}

static void clear_bound(struct bindery_member *member)
{
	guard(bindery_state)();
	member->bound = false;
}

/* -EUSERS: a VFIO user has a device of the group, and another waits for it. */
static int restore_members(struct bindery_group *group)
{
	struct bindery_member *member;
	int ret = 0;

	list_for_each_entry(member, &group->members, node) {
		if (!member->did)
			continue;
		clear_bound(member);
		bindery_member_call(member, BINDERY_STEP_RESTORE,
				    bindery_member_restore);
		if (member->restored == BINDERY_RESTORED_USER)
			ret = -EUSERS;
	}
	return ret;
}

/* Not 0: a VFIO user is in, try again later. */
static int restore_group(struct bindery_group *group,
			 enum bindery_group_state state)
{
	bool fence = bindery_group_needs_fence(group);
	int ret;

	if (fence) {
		ret = bindery_group_fence(group, jiffies +
					  msecs_to_jiffies(FENCE_MS));
		if (ret < 0)
			return ret;
	}
	set_state(group, state);
	aim_at_natives(group);
	unbind_targets(group);
	bindery_group_unfence(group);
	return restore_members(group);
}

enum outcome {
	COMPLETE,
	AGAIN,		/* what could not be brought back has come by itself */
	DEGRADED,
};

static enum outcome judge(struct bindery_group *group)
{
	enum outcome outcome = COMPLETE;
	struct bindery_member *member;

	bindery_state_assert();
	list_for_each_entry(member, &group->members, node) {
		if (!member->did)
			continue;
		if (member->bound || member->removed)
			return AGAIN;
		outcome = DEGRADED;
	}
	if (outcome == DEGRADED)
		bindery_group_set_state(group, BINDERY_GROUP_DEGRADED);
	return outcome;
}

/*
 * The group goes back to FREE, or stays as DEGRADED; its claim hears of it.
 * AGAIN: not yet, restore it once more.
 */
static enum outcome finish(struct bindery_group *group)
{
	struct bindery_claim *claim = NULL;
	enum outcome outcome;

	scoped_guard(bindery_state) {
		outcome = judge(group);
		if (outcome != AGAIN)
			swap(claim, group->ending);
	}
	if (outcome == COMPLETE)
		bindery_group_free(group);
	if (claim)
		bindery_claim_group_done(claim);
	return outcome;
}

void bindery_drain_work(struct work_struct *work)
{
	struct bindery_group *group =
		container_of(to_delayed_work(work), struct bindery_group, drain);

	if (restore_group(group, BINDERY_GROUP_RESTORING) ||
	    finish(group) == AGAIN) {
		set_state(group, BINDERY_GROUP_DRAINING);
		queue_delayed_work(bindery_txn_wq, &group->drain,
				   msecs_to_jiffies(group->backoff_ms));
		group->backoff_ms = min(2 * group->backoff_ms, BACKOFF_MAX_MS);
		return;
	}
	module_put(THIS_MODULE);
}

/*
 * Roll back. False: not complete. If a VFIO user got in meanwhile, it goes on
 * by itself; else the group is DEGRADED.
 */
bool bindery_group_undo(struct bindery_group *group)
{
	enum outcome outcome = AGAIN;

	if (!restore_group(group, BINDERY_GROUP_BINDING))
		outcome = finish(group);
	if (outcome != AGAIN)
		return outcome == COMPLETE;
	guard(bindery_state)();
	bindery_group_drain(group);
	return false;
}
