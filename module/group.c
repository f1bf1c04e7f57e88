// SPDX-License-Identifier: GPL-2.0-only
/* IOMMU groups that are claimed or on their way: the table, and their states. */
#include <linux/slab.h>

#include "bindery_private.h"
#include "trace.h"

DEFINE_XARRAY(bindery_groups);
DECLARE_WAIT_QUEUE_HEAD(bindery_wait);

/* State lock: of everything that has a generation. */
static u64 newest_generation;

/* Takes over the reference to the IOMMU group. */
struct bindery_group *bindery_group_new(struct iommu_group *iommu_group)
{
	struct bindery_group *group;

	group = kzalloc(sizeof(*group), GFP_KERNEL_ACCOUNT);
	if (!group)
		return NULL;
	group->batch = bindery_batch_new();
	if (!group->batch) {
		kfree(group);
		return NULL;
	}
	kref_init(&group->ref);
	group->iommu_group = iommu_group;
	group->id = iommu_group_id(iommu_group);
	group->restore_ms = BINDERY_DEADLINE_DEFAULT_MS;
	INIT_LIST_HEAD(&group->holds);
	INIT_LIST_HEAD(&group->members);
	INIT_DELAYED_WORK(&group->drain, bindery_drain_work);
	INIT_WORK(&group->repair, bindery_repair_work);
	return group;
}

static void group_free(struct kref *ref)
{
	struct bindery_group *group =
		container_of(ref, struct bindery_group, ref);

	WARN_ON(!list_empty(&group->members));
	bindery_batch_put(group->batch);
	bindery_target_put(group->target);
	iommu_group_put(group->iommu_group);
	kfree(group);
}

void bindery_group_get(struct bindery_group *group)
{
	kref_get(&group->ref);
}

void bindery_group_put(struct bindery_group *group)
{
	kref_put(&group->ref, group_free);
}

/* The tracked group of this id with a reference, or NULL. */
struct bindery_group *bindery_group_find(int id)
{
	struct bindery_group *group;

	guard(bindery_state)();
	group = xa_load(&bindery_groups, id);
	if (group)
		bindery_group_get(group);
	return group;
}

u64 bindery_newest_generation(void)
{
	bindery_state_assert();
	return newest_generation;
}

/* Who watches its claims is told that there is something new to see. */
void bindery_group_changed(struct bindery_group *group)
{
	struct bindery_hold *hold;

	bindery_state_assert();
	group->generation = ++newest_generation;
	list_for_each_entry(hold, &group->holds, node)
		wake_up_poll(&hold->claim->poll, EPOLLPRI | EPOLLHUP);
}

void bindery_member_changed(struct bindery_member *member)
{
	bindery_group_changed(member->group);
	member->generation = newest_generation;
}

/* It is claimed for a guest, if it was for none. */
void bindery_member_assign(struct bindery_member *member)
{
	bindery_state_assert();
	if (bindery_assignment_begin(&member->assigned))
		bindery_member_changed(member);
}

void bindery_claim_changed(struct bindery_claim *claim)
{
	bindery_state_assert();
	claim->generation = ++newest_generation;
	wake_up_poll(&claim->poll, EPOLLPRI | EPOLLHUP);
}

void bindery_group_set_state(struct bindery_group *group,
			     enum bindery_group_state state)
{
	enum bindery_group_state from = group->state;

	bindery_state_assert();
	if (from != state)
		trace_bindery_group(group, from, state);
	group->state = state;
	bindery_group_changed(group);
	if (from != state)
		bindery_event_group(group, from);
	wake_up_all(&bindery_wait);
}

/* The first of the claims on it, or NULL. */
struct bindery_claim *bindery_group_holder(struct bindery_group *group)
{
	struct bindery_hold *hold;

	bindery_state_assert();
	hold = list_first_entry_or_null(&group->holds, struct bindery_hold,
					node);
	return hold ? hold->claim : NULL;
}

static bool has_open_claim(struct bindery_group *group)
{
	struct bindery_hold *hold;

	list_for_each_entry(hold, &group->holds, node)
		if (hold->claim->files)
			return true;
	return false;
}

/* Of those that it had. */
bool bindery_group_all_removed(struct bindery_group *group)
{
	struct bindery_member *member;

	bindery_state_assert();
	list_for_each_entry(member, &group->members, node)
		if (!member->removed)
			return false;
	return !list_empty(&group->members);
}

/* A callback of one of its members runs, or is to run. */
bool bindery_group_is_busy(struct bindery_group *group)
{
	struct bindery_member *member;

	bindery_state_assert();
	list_for_each_entry(member, &group->members, node)
		if (member->busy)
			return true;
	return false;
}

/*
 * A reservation has its members in the plan of its claim alone. The one after
 * *at, which begins at 0; NULL: there are no more.
 */
struct bindery_member *bindery_group_next_reserved(struct bindery_group *group,
						   unsigned int *at)
{
	struct bindery_claim *claim = bindery_group_holder(group);
	struct bindery_member *member;

	bindery_state_assert();
	while (claim && *at < claim->plan->num_members) {
		member = claim->plan->members[(*at)++];
		if (member->group == group)
			return member;
	}
	return NULL;
}

/* The same as all_removed of one that is reserved. */
bool bindery_group_is_deserted(struct bindery_group *group)
{
	struct bindery_member *member;
	unsigned int at = 0;

	while ((member = bindery_group_next_reserved(group, &at)))
		if (!member->removed)
			return false;
	return bindery_group_holder(group);
}

/* What a user has of it ends with this claim, which alone holds it. */
bool bindery_group_is_alone_with(struct bindery_group *group,
				 const struct bindery_claim *claim)
{
	bindery_state_assert();
	return list_is_singular(&group->holds) && group->intact &&
	       bindery_group_holder(group) == claim;
}

/* Nobody has moved a member: what a claim proves holds. */
bool bindery_group_is_whole(struct bindery_group *group)
{
	struct device_driver *drv;
	struct bindery_member *member;

	bindery_state_assert();
	list_for_each_entry(member, &group->members, node) {
		if (member->removed || member->role == BINDERY_ROLE_EXEMPT)
			continue;
		/* it has its driver before the probe has returned, which may fail */
		if (member->busy)
			return false;
		drv = READ_ONCE(member->dev->driver);
		if (drv != (member->target ? member->target->drv : NULL))
			return false;
	}
	return true;
}

static void settle_claimed(struct bindery_group *group)
{
	enum bindery_group_state state = BINDERY_GROUP_KEPT;

	if (has_open_claim(group))
		state = BINDERY_GROUP_HELD;
	if (bindery_group_all_removed(group)) {
		state = BINDERY_GROUP_GONE;
		group->intact = false;
	}
	bindery_group_set_state(group, state);
}

/*
 * Where the group goes when a claim of it was opened, kept or ended, when work
 * on it is done, and when its last member went. What
 * becomes FREE leaves its members in the list, to be dropped without the lock;
 * the caller has another reference to the group.
 */
void bindery_group_settle(struct bindery_group *group,
			  struct list_head *members)
{
	bool claimed = !list_empty(&group->holds);

	bindery_state_assert();
	switch (group->state) {
	case BINDERY_GROUP_HELD:
	case BINDERY_GROUP_KEPT:
		if (claimed)
			settle_claimed(group);
		else
			bindery_group_drain(group);
		break;
	case BINDERY_GROUP_RESERVED:
	case BINDERY_GROUP_GONE:
		if (claimed)
			break;
		bindery_group_untrack(group, members);
		bindery_group_put(group);
		break;
	case BINDERY_GROUP_STUCK:
		/* a repair that hangs; nobody may join, but the others go back */
		if (claimed || !group->intact)
			break;
		group->intact = false;
		bindery_group_drain(group);
		break;
	default:
		break;
	}
}

/* In the order of their addresses. */
void bindery_group_publish(struct bindery_group *group,
			   struct bindery_member *member)
{
	struct list_head *before = &group->members;
	struct bindery_member *other;

	bindery_state_assert();
	list_for_each_entry_reverse(other, &group->members, node) {
		if (bindery_member_before(other, member))
			break;
		before = &other->node;
	}
	bindery_member_get(member);
	member->listed = true;
	list_add_tail(&member->node, before);
	bindery_member_changed(member);
}

/* A reservation has no members yet. */
void bindery_group_forget(struct bindery_group *group,
			  struct list_head *members)
{
	struct bindery_member *member;

	bindery_state_assert();
	group->published = false;
	group->departed = false;
	group->intact = false;
	group->in_use = false;
	list_for_each_entry(member, &group->members, node)
		member->listed = false;
	list_splice_tail_init(&group->members, members);
}

/* Out of the table, whose reference is the caller's to put. */
void bindery_group_untrack(struct bindery_group *group,
			   struct list_head *members)
{
	bindery_group_forget(group, members);
	__xa_erase(&bindery_groups, group->id);
	bindery_group_set_state(group, BINDERY_GROUP_FREE);
}

struct bindery_member *bindery_group_next(struct bindery_group *group,
					  struct bindery_member *member,
					  bool backwards)
{
	struct list_head *at = member ? &member->node : &group->members;
	struct bindery_member *next = NULL;

	scoped_guard(bindery_state) {
		if (!group->published || (member && !member->listed))
			break;
		at = backwards ? at->prev : at->next;
		if (at == &group->members)
			break;
		next = list_entry(at, struct bindery_member, node);
		bindery_member_get(next);
	}
	bindery_member_put(member);
	return next;
}
