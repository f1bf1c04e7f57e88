// SPDX-License-Identifier: GPL-2.0-only
/* What happens to members on the PCI bus without us. Nothing here blocks. */
#include <linux/notifier.h>

#include "bindery_private.h"

/* After the IOMMU's own, so that a new device already has its group. */
#define AFTER_IOMMU	(-10)

static struct bindery_member *find_member(struct bindery_group *group,
					  struct device *dev)
{
	struct bindery_member *member;

	bindery_state_assert();
	list_for_each_entry(member, &group->members, node)
		if (member->dev == dev)
			return member;
	return NULL;
}

static bool all_removed(struct bindery_group *group)
{
	struct bindery_member *member;

	bindery_state_assert();
	list_for_each_entry(member, &group->members, node)
		if (!member->removed)
			return false;
	return true;
}

/* An IOMMU group must not be owned when its last device leaves it. */
static void device_goes(struct bindery_group *group, struct device *dev)
{
	struct bindery_member *member;
	bool last = false;

	scoped_guard(bindery_state) {
		group->departed = true;
		member = find_member(group, dev);
		if (member) {
			member->removed = true;
			last = all_removed(group);
		}
		if (group->state == BINDERY_GROUP_DEGRADED)
			bindery_group_drain(group);
	}
	if (last)
		bindery_group_unfence(group);
}

/* The driver that a restore could not bring back may be here now. */
static void device_bound(struct bindery_group *group, struct device *dev)
{
	struct bindery_member *member;

	guard(bindery_state)();
	member = find_member(group, dev);
	if (!member)
		return;
	member->bound = true;
	if (group->state == BINDERY_GROUP_DEGRADED)
		bindery_group_drain(group);
}

static int bus_event(struct notifier_block *nb, unsigned long action,
		     void *data)
{
	struct iommu_group *iommu_group;
	struct bindery_group *group;
	struct device *dev = data;

	if (action != BUS_NOTIFY_DEL_DEVICE &&
	    action != BUS_NOTIFY_BOUND_DRIVER)
		return NOTIFY_DONE;
	iommu_group = iommu_group_get(dev);
	if (!iommu_group)
		return NOTIFY_DONE;
	group = bindery_group_find(iommu_group_id(iommu_group));
	if (group) {
		if (action == BUS_NOTIFY_DEL_DEVICE)
			device_goes(group, dev);
		else
			device_bound(group, dev);
		bindery_group_put(group);
	}
	iommu_group_put(iommu_group);
	return NOTIFY_DONE;
}

static struct notifier_block bus_notifier = {
	.notifier_call = bus_event,
	.priority = AFTER_IOMMU,
};

int bindery_watch_init(void)
{
	return bus_register_notifier(&pci_bus_type, &bus_notifier);
}

void bindery_watch_exit(void)
{
	bus_unregister_notifier(&pci_bus_type, &bus_notifier);
}
