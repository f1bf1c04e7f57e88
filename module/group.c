// SPDX-License-Identifier: GPL-2.0-only
/* IOMMU groups that are claimed or on their way: the table, states, fence. */
#include <linux/delay.h>
#include <linux/slab.h>

#include "bindery_private.h"
#include "trace.h"

DEFINE_XARRAY(bindery_groups);
DECLARE_WAIT_QUEUE_HEAD(bindery_wait);

/* Takes over the reference to the IOMMU group. */
struct bindery_group *bindery_group_new(struct iommu_group *iommu_group)
{
	struct bindery_group *group;

	group = kzalloc(sizeof(*group), GFP_KERNEL_ACCOUNT);
	if (!group)
		return NULL;
	kref_init(&group->ref);
	group->iommu_group = iommu_group;
	group->id = iommu_group_id(iommu_group);
	INIT_LIST_HEAD(&group->members);
	INIT_DELAYED_WORK(&group->drain, bindery_drain_work);
	return group;
}

static void group_free(struct kref *ref)
{
	struct bindery_group *group =
		container_of(ref, struct bindery_group, ref);

	WARN_ON(!list_empty(&group->members));
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

void bindery_group_set_state(struct bindery_group *group,
			     enum bindery_group_state state)
{
	bindery_state_assert();
	trace_bindery_group(group, group->state, state);
	group->state = state;
	wake_up_all(&bindery_wait);
}

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

static int look_at_group(int id, struct bindery_failure *failure)
{
	struct bindery_group *group = xa_load(&bindery_groups, id);
	u32 code;
	int ret;

	bindery_state_assert();
	if (!group)
		return 0;
	switch (group->state) {
	case BINDERY_GROUP_HELD:
		code = BINDERY_ERROR_BUSY;
		break;
	case BINDERY_GROUP_DEGRADED:
		code = BINDERY_ERROR_DEGRADED;
		break;
	default:
		return -EAGAIN;
	}
	ret = bindery_fail(failure, code, BINDERY_STEP_RESERVE, 0);
	failure->record.out_group = id;
	failure->record.out_flags |= BINDERY_ERROR_HAS_GROUP;
	bindery_failure_holder(failure, group->claim);
	return ret;
}

static int look_locked(const struct bindery_plan *plan,
		       struct bindery_failure *failure)
{
	int again = 0;
	unsigned int i;
	int ret;

	for (i = 0; i < plan->num_groups; i++) {
		ret = look_at_group(plan->groups[i]->id, failure);
		if (ret == -EAGAIN)
			again = ret;
		else if (ret)
			return ret;
	}
	return again;
}

/* 0: all free; -EAGAIN: one is on its way to be; else it is held. */
int bindery_groups_look(const struct bindery_plan *plan,
			struct bindery_failure *failure)
{
	guard(bindery_state)();
	return look_locked(plan, failure);
}

static void untrack(struct bindery_group *group, struct list_head *members)
{
	bindery_state_assert();
	list_splice_init(&group->members, members);
	__xa_erase(&bindery_groups, group->id);
	bindery_group_set_state(group, BINDERY_GROUP_FREE);
}

/* Make all of them BINDING, or none; -EAGAIN as above. */
int bindery_groups_reserve(const struct bindery_plan *plan,
			   struct bindery_failure *failure)
{
	struct bindery_group *group;
	LIST_HEAD(none);
	unsigned int i;
	int ret;

	guard(bindery_state)();
	ret = look_locked(plan, failure);
	if (ret)
		return ret;
	for (i = 0; i < plan->num_groups; i++) {
		group = plan->groups[i];
		/* in a wait's condition, so it must not sleep */
		ret = __xa_insert(&bindery_groups, group->id, group,
				  GFP_ATOMIC);
		if (ret)
			goto undo;
		bindery_group_get(group);
		bindery_group_set_state(group, BINDERY_GROUP_BINDING);
	}
	return 0;
undo:
	while (i--) {
		untrack(plan->groups[i], &none);
		/* the plan has another */
		bindery_group_put(plan->groups[i]);
	}
	return bindery_fail(failure, BINDERY_ERROR_NO_MEMORY,
			    BINDERY_STEP_RESERVE, ret);
}

/*
 * Let the notifier and others see the group's members. False: a device went
 * after they were collected, which the notifier could tell nobody.
 */
bool bindery_group_publish(struct bindery_group *group,
			   struct bindery_plan *plan)
{
	struct bindery_member *member;
	unsigned int i;

	guard(bindery_state)();
	for (i = 0; i < plan->num_members; i++) {
		member = plan->members[i];
		if (member->group != group)
			continue;
		bindery_member_get(member);
		list_add_tail(&member->node, &group->members);
	}
	return !group->departed;
}

/* Out of the table, and its reference to the group with it. */
void bindery_group_free(struct bindery_group *group)
{
	struct bindery_member *member, *next;
	LIST_HEAD(members);

	scoped_guard(bindery_state)
		untrack(group, &members);
	list_for_each_entry_safe(member, next, &members, node) {
		list_del_init(&member->node);
		bindery_member_put(member);
	}
	bindery_group_put(group);
}

static int is_ordinary(struct device *dev, void *data)
{
	return bindery_device_is_ordinary(dev);
}

/* Also of devices that came to the group and that nobody tracks. */
static bool has_ordinary_driver(struct bindery_group *group)
{
	return iommu_group_for_each_dev(group->iommu_group, NULL, is_ordinary);
}

#define ORDINARY_LOOKS	3
#define ORDINARY_PAUSE_MS	10

enum owner {
	NOBODY,
	VFIO_USER,
	ORDINARY_DRIVER,
};

/*
 * Who owns the group's DMA. While an ordinary driver does, no VFIO user can.
 * But a driver is seen for a moment also while the user makes its probe fail,
 * so it has to be seen again.
 */
static enum owner owner_of(struct bindery_group *group)
{
	int looks;

	for (looks = 0; looks < ORDINARY_LOOKS; looks++) {
		if (looks)
			msleep(ORDINARY_PAUSE_MS);
		if (!iommu_group_dma_owner_claimed(group->iommu_group))
			return NOBODY;
		if (!has_ordinary_driver(group))
			return VFIO_USER;
	}
	return ORDINARY_DRIVER;
}

bool bindery_group_has_user(struct bindery_group *group)
{
	return owner_of(group) == VFIO_USER;
}

void bindery_group_unfence(struct bindery_group *group)
{
	if (test_and_clear_bit(0, &group->fenced))
		iommu_group_release_dma_owner(group->iommu_group);
}

/*
 * -ENODEV: this member has no driver, ask the next. One that has one, under
 * its lock, is still in its IOMMU group.
 */
static int fence_by(struct bindery_group *group, struct bindery_member *member,
		    unsigned long deadline)
{
	int ret;

	if (!member->pdev || bindery_member_removed(member))
		return -ENODEV;
	ret = bindery_device_lock(member->dev, deadline);
	if (ret)
		return ret;
	ret = -ENODEV;
	if (member->dev->driver)
		ret = iommu_group_claim_dma_owner(group->iommu_group, group);
	if (!ret) {
		set_bit(0, &group->fenced);
		/* Pairs with device_goes(): one of us sees the other. */
		smp_mb__after_atomic();
		if (bindery_member_removed(member)) {
			bindery_group_unfence(group);
			ret = -ENODEV;
		}
	}
	device_unlock(member->dev);
	return ret;
}

/* Somebody was first: no user can be in, one is, or it was for a moment. */
static int owned_by_other(struct bindery_group *group)
{
	switch (owner_of(group)) {
	case ORDINARY_DRIVER:
		return 1;
	case VFIO_USER:
		return -EPERM;
	default:
		return -EBUSY;
	}
}

static bool has_vfs(struct bindery_group *group)
{
	struct bindery_member *member;

	list_for_each_entry(member, &group->members, node)
		if (member->did & BINDERY_DID_BIND && pci_num_vf(member->pdev))
			return true;
	return false;
}

/*
 * Keep VFIO users out, by owning the group's DMA. Only who has the group busy,
 * or holds it, may.
 *
 * 0: fenced, no user is in and none can come. 1: not fenced, and no user can
 * be in: a device is on an ordinary driver, or none on any, or the IOMMU
 * refuses for good. -EPERM: a user is in, or has VFs enabled. -EBUSY: it cannot
 * be owned just now. -ETIMEDOUT: a device's lock was held.
 *
 * A group that is owned is not touched at all: closing a device resets it only
 * if its lock is free.
 */
int bindery_group_fence(struct bindery_group *group, unsigned long deadline)
{
	struct bindery_member *member;
	int ret = owned_by_other(group);

	if (has_vfs(group))
		return -EPERM;
	if (ret != -EBUSY)
		return ret;
	ret = -ENODEV;
	list_for_each_entry(member, &group->members, node) {
		int err = fence_by(group, member, deadline);

		if (err != -ENODEV)
			ret = err;
		if (err != -ENODEV && err != -ETIMEDOUT)
			break;
	}
	switch (ret) {
	case 0:
	case -ETIMEDOUT:
	case -EBUSY:
		return ret;
	case -ENOMEM:
		return -EBUSY;
	case -EPERM:
		return owned_by_other(group);
	default:
		return 1;
	}
}
