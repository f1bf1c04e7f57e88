// SPDX-License-Identifier: GPL-2.0-only
/* Who gets which groups: all of a request, or none. */
#include <linux/slab.h>

#include "bindery_private.h"

/* Have the restore of degraded groups tried once more. */
void bindery_groups_repair(const struct bindery_plan *plan)
{
	struct bindery_group *group;
	unsigned int i;

	guard(bindery_state)();
	for (i = 0; i < plan->num_groups; i++) {
		group = xa_load(&bindery_groups, plan->groups[i]->id);
		if (group && group->state == BINDERY_GROUP_DEGRADED)
			bindery_group_drain(group);
	}
}

static int refuse(struct bindery_group *group, u32 code,
		  struct bindery_failure *failure)
{
	int ret = bindery_fail_group(failure, code, BINDERY_STEP_RESERVE,
				     group->id);

	bindery_state_assert();
	bindery_failure_holder(failure, bindery_group_holder(group));
	return ret;
}

static struct bindery_member *member_of(struct bindery_group *group,
					struct device *dev)
{
	struct bindery_member *member;

	bindery_state_assert();
	list_for_each_entry(member, &group->members, node)
		if (member->dev == dev && !member->removed)
			return member;
	return NULL;
}

static bool is_on_target(struct bindery_member *member, const char *name,
			 bool any)
{
	if (!member || !member->target || member->arriving)
		return false;
	return any || !strcmp(member->target->name, name);
}

/* Every device named in this group is on the target that is asked for. */
static bool all_on_targets(struct bindery_plan *plan, unsigned int index,
			   struct bindery_group *group,
			   const struct bindery_request *request)
{
	struct bindery_member *fresh;
	unsigned int i;

	if (!bindery_group_is_whole(group))
		return false;
	for (i = 0; i < plan->num_members; i++) {
		fresh = plan->members[i];
		if (fresh->group != plan->groups[index] || fresh->entry < 0)
			continue;
		if (!is_on_target(member_of(group, fresh->dev),
				  request->devices[fresh->entry].target,
				  request->adopt))
			return false;
	}
	return true;
}

static int refuse_invalid(struct bindery_plan *plan,
			  struct bindery_group *group,
			  struct bindery_failure *failure)
{
	struct bindery_member *member, *fresh;

	list_for_each_entry(member, &group->members, node) {
		if (member->assigned.state != BINDERY_ASSIGNMENT_INVALID)
			continue;
		fresh = bindery_plan_member(plan, member->dev);
		if (fresh)
			fresh->blocker = BINDERY_ERROR_INVALID;
		return bindery_fail_member(failure, BINDERY_ERROR_INVALID,
					   BINDERY_STEP_RESERVE, 0, member);
	}
	return 0;
}

/*
 * To be joined by who lets only holders open it: whoever opens another driver's
 * device is not asked, nor who has one open that is nobody's any more.
 */
static int refuse_open(struct bindery_group *group,
		       struct bindery_failure *failure)
{
	struct bindery_member *member;

	if (list_empty(&group->holds) && bindery_group_is_open(group))
		return refuse(group, BINDERY_ERROR_IN_USE, failure);

	list_for_each_entry(member, &group->members, node)
		if (member->target ? !bindery_member_is_sealed(member) :
				     member->vfio)
			return bindery_fail_member(failure,
						   BINDERY_ERROR_NOT_SEALED,
						   BINDERY_STEP_RESERVE, 0,
						   member);
	return 0;
}

static bool all_share(struct bindery_group *group)
{
	struct bindery_hold *hold;

	list_for_each_entry(hold, &group->holds, node)
		if (!(hold->claim->flags & BINDERY_CLAIM_SHARED))
			return false;
	return true;
}

static int look_at_held(struct bindery_plan *plan, unsigned int index,
			struct bindery_group *group,
			const struct bindery_request *request,
			struct bindery_failure *failure)
{
	int ret;

	/* A kept claim is opened again instead. */
	if (request->adopt && group->state == BINDERY_GROUP_KEPT &&
	    list_is_singular(&group->holds))
		return -EEXIST;
	if (!(request->flags & BINDERY_ACQUIRE_SHARED) || !all_share(group) ||
	    !all_on_targets(plan, index, group, request))
		return refuse(group, BINDERY_ERROR_BUSY, failure);
	ret = refuse_invalid(plan, group, failure);
	if (!ret)
		plan->groups[index]->join = true;
	return ret;
}

/* Nobody holds it: it can be taken back, unless its restore has begun. */
static int look_at_draining(struct bindery_plan *plan, unsigned int index,
			    struct bindery_group *group,
			    const struct bindery_request *request,
			    struct bindery_failure *failure)
{
	int ret;

	if (!group->intact || !all_on_targets(plan, index, group, request)) {
		if (!group->in_use)
			return -EAGAIN;
		return refuse(group, BINDERY_ERROR_IN_USE, failure);
	}
	ret = refuse_invalid(plan, group, failure);
	if (ret)
		return ret;
	if (group->fencing)
		return -EAGAIN;
	plan->groups[index]->join = true;
	return 0;
}

static int look_at_group(struct bindery_plan *plan, unsigned int index,
			 const struct bindery_request *request,
			 struct bindery_failure *failure)
{
	struct bindery_group *group =
		xa_load(&bindery_groups, plan->groups[index]->id);

	bindery_state_assert();
	plan->groups[index]->join = false;
	if (!group)
		return 0;
	switch (group->state) {
	case BINDERY_GROUP_HELD:
	case BINDERY_GROUP_KEPT:
		return look_at_held(plan, index, group, request, failure);
	case BINDERY_GROUP_DRAINING:
		return look_at_draining(plan, index, group, request, failure);
	case BINDERY_GROUP_STUCK:
		return refuse(group, BINDERY_ERROR_STUCK, failure);
	case BINDERY_GROUP_DEGRADED:
		return refuse(group, BINDERY_ERROR_DEGRADED, failure);
	case BINDERY_GROUP_BINDING:
	case BINDERY_GROUP_RESTORING:
		return -EAGAIN;
	default:
		return refuse(group, BINDERY_ERROR_BUSY, failure);
	}
}

static int look_locked(struct bindery_plan *plan,
		       const struct bindery_request *request,
		       struct bindery_failure *failure)
{
	int again = 0;
	unsigned int i;
	int ret;

	for (i = 0; i < plan->num_groups; i++) {
		ret = look_at_group(plan, i, request, failure);
		if (!ret && plan->groups[i]->join &&
		    request->flags & BINDERY_ACQUIRE_HOLDERS_ONLY)
			ret = refuse_open(xa_load(&bindery_groups,
						  plan->groups[i]->id),
					  failure);
		if (ret == -EAGAIN)
			again = ret;
		else if (ret)
			return ret;
	}
	return again;
}

/*
 * 0: each is free, or can be joined as it is; -EAGAIN: one is on its way to be;
 * -EEXIST: to adopt, and kept; else one is held.
 */
int bindery_groups_look(struct bindery_plan *plan,
			struct bindery_request *request,
			struct bindery_failure *failure)
{
	guard(bindery_state)();
	return look_locked(plan, request, failure);
}

/* What was validated, and what is to be joined as it is. */
void bindery_groups_note(const struct bindery_plan *plan,
			 struct bindery_claim *claim)
{
	unsigned int i;

	for (i = 0; i < plan->num_groups; i++)
		claim->holds[i].joined = plan->groups[i]->join;
}

/* Nobody looked at a group's members that can now be joined, or not any more. */
static int look_again(struct bindery_plan *plan, struct bindery_claim *claim,
		      struct bindery_failure *failure)
{
	unsigned int i;
	int ret;

	ret = look_locked(plan, claim->request, failure);
	for (i = 0; !ret && i < plan->num_groups; i++)
		if (claim->holds[i].joined != plan->groups[i]->join)
			ret = -ESTALE;
	return ret;
}

static void begin_assignments(struct bindery_plan *plan,
			      struct bindery_group *group)
{
	struct bindery_member *member;
	unsigned int i;

	for (i = 0; i < plan->num_members; i++) {
		member = plan->members[i];
		if (member->group == group && member->target)
			bindery_member_assign(member);
	}
}

/* Another claim on it; whoever waited for its restore need not any more. */
static void join(struct bindery_plan *plan, unsigned int index)
{
	struct bindery_group *group =
		xa_load(&bindery_groups, plan->groups[index]->id);
	struct bindery_claim *ended = group->ending;

	bindery_state_assert();
	bindery_plan_join(plan, index, group);
	begin_assignments(plan, group);
	if (group->state != BINDERY_GROUP_DRAINING)
		return;
	group->ending = NULL;
	WRITE_ONCE(group->force, false);
	group->await_close = false;
	if (ended)
		bindery_claim_group_done(ended);
	bindery_group_set_state(group, BINDERY_GROUP_HELD);
}

static int track(struct bindery_group *group, enum bindery_group_state state)
{
	/* in a wait's condition, so it must not sleep */
	int ret = __xa_insert(&bindery_groups, group->id, group, GFP_ATOMIC);

	if (ret)
		return ret;
	bindery_group_get(group);
	bindery_group_set_state(group, state);
	return 0;
}

/* The plan has another reference to each. */
static void untrack(struct bindery_plan *plan, unsigned int num)
{
	LIST_HEAD(none);

	while (num--) {
		if (plan->groups[num]->join)
			continue;
		bindery_group_untrack(plan->groups[num], &none);
		bindery_group_put(plan->groups[num]);
	}
}

static int track_all(struct bindery_plan *plan, enum bindery_group_state state)
{
	unsigned int i;
	int ret;

	for (i = 0; i < plan->num_groups; i++) {
		if (plan->groups[i]->join)
			continue;
		ret = track(plan->groups[i], state);
		if (!ret)
			continue;
		untrack(plan, i);
		return ret;
	}
	return 0;
}

static void hold_all(struct bindery_plan *plan, struct bindery_claim *claim,
		     bool only)
{
	struct bindery_hold *hold;
	unsigned int i;

	for (i = 0; i < plan->num_groups; i++) {
		hold = &claim->holds[i];
		if (hold->joined)
			join(plan, i);
		else if (!only)
			plan->groups[i]->txn = claim->txn;
		list_add_tail(&hold->node, &plan->groups[i]->holds);
		bindery_group_update_gate(plan->groups[i]);
		bindery_group_settle(plan->groups[i], NULL);
	}
}

/*
 * A reservation has no worker that finds out who went between the plan and
 * here.
 */
static int refuse_leaver(struct bindery_plan *plan,
			 struct bindery_failure *failure)
{
	struct bindery_member *member;
	unsigned int i;

	for (i = 0; i < plan->num_members; i++) {
		member = plan->members[i];
		if (!bindery_device_leaves(member->dev))
			continue;
		if (member->entry >= 0)
			return bindery_fail_member(failure,
						   BINDERY_ERROR_REMOVED,
						   BINDERY_STEP_RESERVE, 0,
						   member);
		member->removed = true;
	}
	return 0;
}

/*
 * Make all of them BINDING, or RESERVED, or join them, or none. -EAGAIN as
 * above; -ESTALE: the plan does not fit any more, look and validate again.
 */
int bindery_groups_reserve(struct bindery_plan *plan,
			   struct bindery_claim *claim, bool only,
			   struct bindery_failure *failure)
{
	int ret;

	guard(bindery_state)();
	ret = bindery_delegation_admit(claim->delegation, failure);
	ret = ret ?: look_again(plan, claim, failure);
	if (!ret && only)
		ret = refuse_leaver(plan, failure);
	if (ret)
		return ret;
	ret = track_all(plan, only ? BINDERY_GROUP_RESERVED :
				     BINDERY_GROUP_BINDING);
	if (ret)
		return bindery_fail(failure, BINDERY_ERROR_NO_MEMORY,
				    BINDERY_STEP_RESERVE, ret);
	bindery_claim_publish(claim, plan);
	claim->state = only ? CLAIM_RESERVED : CLAIM_BINDING;
	hold_all(plan, claim, only);
	if (only)
		bindery_event_claim(claim, BINDERY_EVENT_TYPE_CLAIM);
	return 0;
}

static int look_at_reserved(struct bindery_group *group,
			    struct bindery_failure *failure)
{
	switch (group->state) {
	case BINDERY_GROUP_RESERVED:
		return 0;
	case BINDERY_GROUP_STUCK:
		return refuse(group, BINDERY_ERROR_STUCK, failure);
	case BINDERY_GROUP_DEGRADED:
		return refuse(group, BINDERY_ERROR_DEGRADED, failure);
	case BINDERY_GROUP_DRAINING:
		if (group->in_use)
			return refuse(group, BINDERY_ERROR_IN_USE, failure);
		return -EAGAIN;
	case BINDERY_GROUP_GONE:
		return refuse(group, BINDERY_ERROR_REMOVED, failure);
	default:
		return -EAGAIN;
	}
}

/*
 * The same for the groups that a claim has reserved. -EALREADY: they are bound.
 * -EAGAIN: one is on its way back from an earlier attempt.
 */
int bindery_groups_reserve_again(struct bindery_claim *claim,
				 struct bindery_txn *txn,
				 struct bindery_failure *failure)
{
	struct bindery_plan *plan = claim->plan;
	int again = 0, ret;
	unsigned int i;

	guard(bindery_state)();
	if (claim->state == CLAIM_LIVE)
		return -EALREADY;
	/* an earlier attempt is about to be over */
	if (claim->state == CLAIM_BINDING && claim->txn->failed)
		return -EAGAIN;
	if (claim->state != CLAIM_RESERVED)
		return bindery_fail(failure, claim->state == CLAIM_BINDING ?
				    BINDERY_ERROR_STATE :
				    BINDERY_ERROR_RELEASED,
				    BINDERY_STEP_REQUEST, 0);
	for (i = 0; i < plan->num_groups; i++) {
		if (claim->holds[i].joined)
			continue;
		ret = look_at_reserved(plan->groups[i], failure);
		if (ret && ret != -EAGAIN)
			return ret;
		again = ret ?: again;
	}
	if (again)
		return again;
	for (i = 0; i < plan->num_groups; i++) {
		if (claim->holds[i].joined)
			continue;
		plan->groups[i]->txn = txn;
		/* who went before is missed when the members are checked */
		plan->groups[i]->departed = false;
		bindery_group_set_state(plan->groups[i],
					BINDERY_GROUP_BINDING);
	}
	bindery_failure_clear(&claim->failure);
	claim->state = CLAIM_BINDING;
	claim->txn = txn;
	bindery_plan_get(plan);
	txn->plan = plan;
	bindery_claim_changed(claim);
	return 0;
}
