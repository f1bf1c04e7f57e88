// SPDX-License-Identifier: GPL-2.0-only
/* What happens to members on the PCI bus without us. */
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

/* What a hot-added device is to the group that it comes to. */
enum newcomer {
	IGNORED,
	EXEMPT,			/* a bridge */
	CAPTURED,		/* goes to the group's target */
	REFUSED,		/* a fence may make its first probe fail */
};

static enum newcomer judge(struct bindery_group *group,
			   struct bindery_member *member)
{
	bindery_state_assert();
	switch (group->state) {
	case BINDERY_GROUP_BINDING:
		if (group->published)
			break;
		group->departed = true;
		return IGNORED;
	case BINDERY_GROUP_HELD:
	case BINDERY_GROUP_KEPT:
		break;
	case BINDERY_GROUP_DRAINING:
	case BINDERY_GROUP_STUCK:
		if (group->intact)
			break;
		fallthrough;
	case BINDERY_GROUP_RESTORING:
		return bindery_member_is_bridge(member) ? EXEMPT : REFUSED;
	default:
		return IGNORED;
	}
	return bindery_member_is_bridge(member) ? EXEMPT : CAPTURED;
}

/*
 * Else it is parked: nobody asked for a driver that is not for it, and where
 * only holders may open, others cannot be kept out.
 */
static bool has_place(const struct bindery_group *group,
		      const struct bindery_member *member)
{
	struct bindery_target *target = group->target;

	if (!target || !target->drv || !member->pdev)
		return false;
	if (bindery_target_blocker(target->name, member->pdev))
		return false;
	if (bindery_target_is_sealed(target) &&
	    bindery_seal_blocker(member->pdev))
		return false;
	return !group->holders_only || bindery_target_is_sealed(target);
}

/* Tracked from now on. True: its override is still to be set. */
static bool track(struct bindery_group *group, struct bindery_member *member)
{
	struct bindery_member *known;

	guard(bindery_state)();
	/* a transaction saw it before we did */
	known = find_member(group, member->dev);
	if (known) {
		known->unprobed = true;
		return false;
	}
	switch (judge(group, member)) {
	case IGNORED:
		return false;
	case EXEMPT:
		member->role = BINDERY_ROLE_EXEMPT;
		break;
	case REFUSED:
		member->role = BINDERY_ROLE_ADDED;
		member->did = BINDERY_DID_REFUSE;
		member->restored = BINDERY_RESTORED_NOT;
		break;
	case CAPTURED:
		member->role = BINDERY_ROLE_ADDED;
		member->action = BINDERY_ACTION_PARK;
		member->arriving = true;
		member->restored = BINDERY_RESTORED_NOT;
		if (!has_place(group, member))
			break;
		member->action = BINDERY_ACTION_MOVE;
		bindery_target_get(group->target);
		member->target = group->target;
		break;
	}
	bindery_group_publish(group, member);
	bindery_event_hotplug(member, BINDERY_EVENT_TYPE_ADDED);
	if (member->target)
		bindery_member_assign(member);
	return member->arriving;
}

static void has_arrived(struct bindery_member *member)
{
	guard(bindery_state)();
	member->arriving = false;
	bindery_member_changed(member);
	wake_up_all(&bindery_wait);
}

/*
 * Before its first probe, and no device_lock is held: the one place where a
 * notifier does more than take the state lock.
 */
static void device_comes(struct bindery_group *group, struct device *dev)
{
	struct bindery_member *member;

	member = bindery_member_new(dev, GFP_KERNEL | __GFP_NOFAIL);
	member->group = group;
	if (!bindery_device_is_vf_of_vfio(dev) && track(group, member)) {
		bindery_member_capture(member, member->target ?
				       member->target->name : BINDERY_PARKED);
		has_arrived(member);
	}
	bindery_member_put(member);
}

/* State lock: nothing is left for its claims to hold. */
static void group_goes(struct bindery_group *group)
{
	switch (group->state) {
	case BINDERY_GROUP_RESERVED:
		bindery_group_set_state(group, BINDERY_GROUP_GONE);
		break;
	case BINDERY_GROUP_HELD:
	case BINDERY_GROUP_KEPT:
		bindery_group_settle(group, NULL);
		break;
	case BINDERY_GROUP_DRAINING:
		bindery_group_drain(group);
		break;
	default:
		break;
	}
}

static void member_goes(struct bindery_member *member)
{
	member->removed = true;
	bindery_event_hotplug(member, BINDERY_EVENT_TYPE_REMOVED);
	if (member->assigned.state != BINDERY_ASSIGNMENT_NONE &&
	    bindery_group_holder(member->group))
		bindery_event_lost(member);
}

/* Once published it is in the group's list too. */
static void reserved_member_goes(struct bindery_member *member)
{
	if (member->group->published)
		member->removed = true;
	else
		member_goes(member);
}

static void reserved_goes(struct bindery_group *group, struct device *dev)
{
	struct bindery_member *member;
	unsigned int at = 0;

	bindery_state_assert();
	while ((member = bindery_group_next_reserved(group, &at)))
		if (member->dev == dev)
			reserved_member_goes(member);
	bindery_group_changed(group);
}

/* An IOMMU group must not be owned when its last device leaves it. */
static void device_goes(struct bindery_group *group, struct device *dev)
{
	struct bindery_member *member;
	bool last = false;

	scoped_guard(bindery_state) {
		group->departed = true;
		/* it may be a reservation, or become one again */
		reserved_goes(group, dev);
		last = group->state == BINDERY_GROUP_RESERVED &&
		       bindery_group_is_deserted(group);
		member = find_member(group, dev);
		if (member) {
			bindery_member_changed(member);
			member_goes(member);
			last = bindery_group_all_removed(group);
		}
		if (group->state == BINDERY_GROUP_DEGRADED)
			bindery_group_drain(group);
		else if (last)
			group_goes(group);
		wake_up_all(&bindery_wait);
	}
	bindery_group_await_touch(group);
	if (last)
		bindery_group_drop_fence(group);
}

/*
 * Devices that are on their way out while the IOMMU still has them in a group,
 * tracked by us or not: the group's number, by the device's address.
 */
static DEFINE_XARRAY(leaving);

bool bindery_has_leaver(int group)
{
	unsigned long dev;
	void *entry;

	bindery_state_assert();
	xa_for_each(&leaving, dev, entry)
		if (xa_to_value(entry) == group)
			return true;
	return false;
}

/*
 * Devices that came since, and that no driver has been tried on: the bus will
 * offer them, or has, and found none. Told by nobody but the bus itself.
 */
static DEFINE_XARRAY(arrivals);

void bindery_note_arrival(struct device *dev)
{
	xa_store(&arrivals, (unsigned long)dev, xa_mk_value(1),
		 GFP_KERNEL | __GFP_NOFAIL);
}

void bindery_forget_arrival(struct device *dev)
{
	xa_erase(&arrivals, (unsigned long)dev);
}

bool bindery_is_arrival(struct device *dev)
{
	return xa_load(&arrivals, (unsigned long)dev);
}

/*
 * Who leaves lets go of its group, perhaps the last to do so, but not before it
 * is in the list and has had the state lock.
 */
static struct iommu_group *group_get(struct device *dev)
{
	bindery_state_assert();
	if (xa_load(&leaving, (unsigned long)dev))
		return NULL;
	/* in this order: it leaves its group, and then this list */
	smp_rmb();
	return iommu_group_get(dev);
}

/* Whoever tracks a group from now on was not told of it. */
bool bindery_device_leaves(struct device *dev)
{
	struct iommu_group *iommu_group = group_get(dev);

	iommu_group_put(iommu_group);
	return !iommu_group;
}

/* Of a device that may leave it just now; with a reference, or NULL. */
struct iommu_group *bindery_device_group(struct device *dev)
{
	guard(bindery_state)();
	return group_get(dev);
}

static int is_device(struct device *dev, void *device)
{
	return dev == device;
}

/* It is in the list, then on the bus no more, and then not in the list. */
bool bindery_device_is_gone(struct device *dev)
{
	return xa_load(&leaving, (unsigned long)dev) ||
	       !bus_for_each_dev(&pci_bus_type, NULL, dev, is_device);
}

static void note_leaver(struct device *dev, int group)
{
	xa_store(&leaving, (unsigned long)dev, xa_mk_value(group),
		 GFP_KERNEL | __GFP_NOFAIL);
}

/* The IOMMU, which is asked before us, has taken it out of its group. */
static void device_left(struct device *dev)
{
	xa_erase(&leaving, (unsigned long)dev);
	guard(bindery_state)();
	wake_up_all(&bindery_wait);
}

/*
 * Somebody bound or unbound a member that is claimed. If that is the device's
 * removal, removed says so a moment later.
 */
static void note_tampering(struct bindery_member *member)
{
	struct device_driver *drv = member->dev->driver;

	bindery_state_assert();
	member->tampered_driver = true;
	bindery_member_changed(member);
	bindery_event_tamper(member, BINDERY_MEMBER_TAMPERED_DRIVER,
			     drv ? drv->name : NULL);
	bindery_group_repair_wanted(member->group);
}

/* Also beside the repair of another member. */
static bool is_tampering(struct bindery_member *member, unsigned long action)
{
	struct device_driver *drv = member->dev->driver;

	if (member->busy || !member->group->intact ||
	    member->role == BINDERY_ROLE_EXEMPT)
		return false;
	return action == BUS_NOTIFY_UNBOUND_DRIVER || !member->target ||
	       drv != member->target->drv;
}

/* Under the device's lock, which is what may be asked for its override. */
static void driver_changes(struct bindery_group *group, struct device *dev,
			   unsigned long action)
{
	struct bindery_member *member;

	guard(bindery_state)();
	member = find_member(group, dev);
	if (!member)
		return;
	if (is_tampering(member, action))
		note_tampering(member);
	else if (!member->busy)
		bindery_member_changed(member);
	if (action == BUS_NOTIFY_DRIVER_NOT_BOUND)
		member->refused = true;
	if (action == BUS_NOTIFY_BOUND_DRIVER) {
		member->bound = true;
		/* the driver that a restore could not bring back, perhaps */
		if (group->state == BINDERY_GROUP_DEGRADED)
			bindery_group_drain(group);
	}
	wake_up_all(&bindery_wait);
}

static void group_event(struct bindery_group *group, struct device *dev,
			unsigned long action)
{
	switch (action) {
	case BUS_NOTIFY_ADD_DEVICE:
		device_comes(group, dev);
		break;
	case BUS_NOTIFY_DEL_DEVICE:
		device_goes(group, dev);
		break;
	case BUS_NOTIFY_BOUND_DRIVER:
	case BUS_NOTIFY_UNBOUND_DRIVER:
	case BUS_NOTIFY_DRIVER_NOT_BOUND:
		driver_changes(group, dev, action);
		break;
	}
}

static int bus_event(struct notifier_block *nb, unsigned long action,
		     void *data)
{
	struct iommu_group *iommu_group = iommu_group_get(data);
	struct bindery_group *group;

	if (action == BUS_NOTIFY_REMOVED_DEVICE)
		device_left(data);
	if (!iommu_group)
		return NOTIFY_DONE;
	/* Before the look for the group, which may be tracked a moment later. */
	if (action == BUS_NOTIFY_ADD_DEVICE)
		bindery_note_arrival(data);
	if (action == BUS_NOTIFY_DEL_DEVICE)
		note_leaver(data, iommu_group_id(iommu_group));
	group = bindery_group_find(iommu_group_id(iommu_group));
	if (group) {
		group_event(group, data, action);
		bindery_group_put(group);
	}
	/* After the look: who notes it again asks whether it is removed. */
	if (action == BUS_NOTIFY_BOUND_DRIVER ||
	    action == BUS_NOTIFY_DRIVER_NOT_BOUND ||
	    action == BUS_NOTIFY_DEL_DEVICE)
		bindery_forget_arrival(data);
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
	xa_destroy(&leaving);
	xa_destroy(&arrivals);
}
