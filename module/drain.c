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

/* Nobody can be using a target that we did not bind. */
bool bindery_group_needs_fence(struct bindery_group *group)
{
	struct bindery_member *member;

	list_for_each_entry(member, &group->members, node)
		if (member->did & BINDERY_DID_BIND)
			return true;
	return false;
}

/* Have the group restored by a worker, which keeps the module loaded. */
void bindery_group_drain(struct bindery_group *group)
{
	bindery_state_assert();
	__module_get(THIS_MODULE);
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

/* Higher functions first: their drivers often lean on the lower ones. */
static void unbind_targets(struct bindery_group *group)
{
	struct bindery_member *member;

	list_for_each_entry_reverse(member, &group->members, node)
		if (member->did & BINDERY_DID_BIND)
			bindery_member_call(member, BINDERY_STEP_UNBIND_TARGET,
					    bindery_member_unbind_target);
}

static bool restore_members(struct bindery_group *group)
{
	struct bindery_member *member;
	bool complete = true;

	list_for_each_entry(member, &group->members, node) {
		if (!member->did)
			continue;
		bindery_member_call(member, BINDERY_STEP_RESTORE,
				    bindery_member_restore);
		if (member->did)
			complete = false;
	}
	return complete;
}

/* -EBUSY: a VFIO user is in, and nothing was done. */
static int restore_group(struct bindery_group *group,
			 enum bindery_group_state state, bool *complete)
{
	bool fence = bindery_group_needs_fence(group);

	if (fence && bindery_group_fence(group, jiffies +
					 msecs_to_jiffies(FENCE_MS)) < 0)
		return -EBUSY;
	set_state(group, state);
	if (fence) {
		unbind_targets(group);
		bindery_group_unfence(group);
	}
	*complete = restore_members(group);
	return 0;
}

/* The group goes back to FREE, or stays as DEGRADED; its claim hears of it. */
static void finish(struct bindery_group *group, bool complete)
{
	struct bindery_claim *claim;

	scoped_guard(bindery_state) {
		claim = group->ending;
		group->ending = NULL;
		if (!complete)
			bindery_group_set_state(group, BINDERY_GROUP_DEGRADED);
	}
	if (complete)
		bindery_group_free(group);
	if (claim)
		bindery_claim_group_done(claim);
}

void bindery_drain_work(struct work_struct *work)
{
	struct bindery_group *group =
		container_of(to_delayed_work(work), struct bindery_group, drain);
	bool complete;

	if (restore_group(group, BINDERY_GROUP_RESTORING, &complete)) {
		queue_delayed_work(bindery_txn_wq, &group->drain,
				   msecs_to_jiffies(group->backoff_ms));
		group->backoff_ms = min(2 * group->backoff_ms, BACKOFF_MAX_MS);
		return;
	}
	finish(group, complete);
	module_put(THIS_MODULE);
}

/* Roll back; if a VFIO user got in meanwhile, that goes on by itself. */
void bindery_group_undo(struct bindery_group *group)
{
	bool complete;

	if (!restore_group(group, BINDERY_GROUP_BINDING, &complete)) {
		finish(group, complete);
		return;
	}
	guard(bindery_state)();
	bindery_group_drain(group);
}
