// SPDX-License-Identifier: GPL-2.0-only
/* Who owns a group's DMA: a VFIO user, an ordinary driver, nobody, or we. */
#include <linux/delay.h>

#include "bindery_private.h"

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

/* One at a time: two who try for the fence would take each other for a user. */
static int begin(struct bindery_group *group, bool draining)
{
	guard(bindery_state)();
	if (draining && !bindery_group_is_due(group))
		return -ECANCELED;
	if (group->fencing)
		return -EAGAIN;
	group->fencing = true;
	return 0;
}

/*
 * The same where all that VFIO has of the group is sealed: no device is open,
 * and none is opened. To be unfenced. -EPERM: one is open.
 */
int bindery_group_seal_off(struct bindery_group *group, bool force)
{
	guard(bindery_state)();
	if (!bindery_group_is_due(group))
		return -ECANCELED;
	if (group->fencing)
		return -EAGAIN;
	if (!(force && group->force) && bindery_group_is_open(group))
		return -EPERM;
	group->fencing = true;
	group->sealed_off = true;
	return 0;
}

static void end(struct bindery_group *group)
{
	guard(bindery_state)();
	group->fencing = false;
	group->sealed_off = false;
	wake_up_all(&bindery_wait);
}

/*
 * To change the owner moves every device of the group to another domain, and
 * Linux 6.1 frees what that needs of a device before it takes the device out
 * of the group. So nobody leaves while we do it, and we do not while somebody
 * leaves.
 */
static bool begin_touch(struct bindery_group *group)
{
	guard(bindery_state)();
	if (bindery_has_leaver(group->id))
		return false;
	group->touching++;
	return true;
}

static void end_touch(struct bindery_group *group)
{
	guard(bindery_state)();
	group->touching--;
	wake_up_all(&bindery_wait);
}

static bool is_touched(struct bindery_group *group)
{
	guard(bindery_state)();
	return group->touching;
}

/* For who is about to take a device out of the group, for some microseconds. */
void bindery_group_await_touch(struct bindery_group *group)
{
	wait_event(bindery_wait, !is_touched(group));
}

/* Exactly once, also when the last device takes the group with it. */
void bindery_group_drop_fence(struct bindery_group *group)
{
	if (test_and_clear_bit(0, &group->fenced))
		iommu_group_release_dma_owner(group->iommu_group);
}

/* How long the rest of a removal may take. */
#define LEAVE_MS	10000

/* By whom bindery_group_fence() gave the fence. */
void bindery_group_unfence(struct bindery_group *group)
{
	/* who is killed meanwhile has to wait all the same */
	bool touch = wait_event_timeout(bindery_wait, begin_touch(group),
					msecs_to_jiffies(LEAVE_MS));

	bindery_group_drop_fence(group);
	if (touch)
		end_touch(group);
	end(group);
}

static int own(struct bindery_group *group)
{
	int ret;

	if (!begin_touch(group))
		return -EBUSY;
	ret = iommu_group_claim_dma_owner(group->iommu_group, group);
	if (!ret)
		set_bit(0, &group->fenced);
	end_touch(group);
	return ret;
}

/*
 * -ENODEV: this member has no driver, ask the next. One that has one, under
 * its lock, is still in its IOMMU group.
 */
static int fence_by(struct bindery_group *group, struct bindery_member *member,
		    unsigned long deadline)
{
	int ret;

	if (!member->pdev || bindery_member_removed(member) ||
	    bindery_member_busy(member))
		return -ENODEV;
	ret = bindery_device_lock(member->dev, deadline);
	if (ret)
		return ret;
	ret = -ENODEV;
	if (member->dev->driver)
		ret = own(group);
	if (!ret) {
		/* Pairs with device_goes(): one of us sees the other. */
		smp_mb__after_atomic();
		if (bindery_member_removed(member)) {
			bindery_group_drop_fence(group);
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
	bindery_group_each(member, group)
		if (!bindery_member_busy(member) &&
		    member->did & BINDERY_DID_BIND &&
		    bindery_pci_num_vf(member->pdev))
			return true;
	return false;
}

/* One who owns nothing, but whom the unbind of the device would wait for. */
static bool has_open_device(struct bindery_group *group)
{
	bindery_group_each(member, group)
		if (member->pdev && !bindery_member_removed(member) &&
		    bindery_device_is_open(member->dev))
			return true;
	return false;
}

#define CLOSING_MS	2
#define CLOSING_TRIES	25

/*
 * Who closes a device lets go of it a moment after its driver was told; who has
 * opened the device's own node, and bound it to nothing, may take his time.
 */
bool bindery_group_has_open_device(struct bindery_group *group)
{
	int tries = CLOSING_TRIES;

	while (has_open_device(group)) {
		if (!tries--)
			return true;
		msleep(CLOSING_MS);
	}
	return false;
}

static int fence(struct bindery_group *group, unsigned long deadline)
{
	int ret = owned_by_other(group);

	if (has_vfs(group) || has_open_device(group))
		return -EPERM;
	if (ret != -EBUSY)
		return ret;
	ret = -ENODEV;
	bindery_group_each(member, group) {
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

/*
 * Keep VFIO users out, by owning the group's DMA.
 *
 * 0: fenced, no user is in and none can come; to be unfenced. 1: not fenced,
 * and no user can be in: a device is on an ordinary driver, or none on any, or
 * the IOMMU refuses for good. -EPERM: a user is in, or has VFs enabled. -EBUSY:
 * it cannot be owned just now. -ETIMEDOUT: a device's lock was held. -ECANCELED:
 * it was to be drained, and was taken back.
 *
 * A group that is owned is not touched at all: closing a device resets it only
 * if its lock is free.
 */
int bindery_group_fence(struct bindery_group *group, unsigned long deadline,
			bool draining)
{
	int ret = 0;
	long left;

	left = bindery_wait_until((ret = begin(group, draining)) != -EAGAIN,
				  deadline);
	if (left <= 0)
		return -ETIMEDOUT;
	if (ret)
		return ret;
	ret = fence(group, deadline);
	if (ret)
		end(group);
	return ret;
}

#define OWNER_TRIES	5
#define OWNER_PAUSE_MS	10

/* The same, given back at once; a reset keeps us from it for a moment. */
int bindery_group_try(struct bindery_group *group, unsigned long deadline)
{
	int tries = OWNER_TRIES;
	int ret;

	for (;;) {
		ret = bindery_group_fence(group, deadline, false);
		if (!ret)
			bindery_group_unfence(group);
		if (ret != -EBUSY || !--tries)
			return ret;
		msleep(OWNER_PAUSE_MS);
	}
}
