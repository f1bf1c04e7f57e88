// SPDX-License-Identifier: GPL-2.0-only
/* One device of an IOMMU group: looked at, moved, put back. */
#include <linux/delay.h>
#include <linux/freezer.h>
#include <linux/module.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/vfio.h>

#include "bindery_private.h"
#include "compat.h"

struct bindery_ioc_bdf bindery_pci_address(const struct pci_dev *pdev)
{
	return (struct bindery_ioc_bdf) {
		.domain = pci_domain_nr(pdev->bus),
		.bus = pdev->bus->number,
		.slot = PCI_SLOT(pdev->devfn),
		.function = PCI_FUNC(pdev->devfn),
	};
}

struct bindery_member *bindery_member_new(struct device *dev, gfp_t gfp)
{
	static atomic64_t newest;
	struct bindery_member *member;

	member = kzalloc(sizeof(*member), gfp);
	if (!member)
		return NULL;
	kref_init(&member->ref);
	INIT_LIST_HEAD(&member->node);
	INIT_WORK(&member->callback, bindery_member_work);
	member->entry = -1;
	member->number = atomic64_inc_return(&newest);
	member->restored = BINDERY_RESTORED_NOT;
	member->dev = get_device(dev);
	if (dev_is_pci(dev)) {
		member->pdev = to_pci_dev(dev);
		member->bdf = bindery_pci_address(member->pdev);
	}
	return member;
}

void bindery_member_get(struct bindery_member *member)
{
	kref_get(&member->ref);
}

static void member_free(struct kref *ref)
{
	struct bindery_member *member =
		container_of(ref, struct bindery_member, ref);

	kfree(member->native.driver);
	kfree(member->native.module);
	kfree(member->native.override);
	kfree(member->adopted_override);
	bindery_target_put(member->target);
	put_device(member->dev);
	kfree(member);
}

void bindery_member_put(struct bindery_member *member)
{
	if (member)
		kref_put(&member->ref, member_free);
}

static u64 order(const struct bindery_member *member)
{
	const struct bindery_ioc_bdf *bdf = &member->bdf;

	if (!member->pdev)
		return U64_MAX;
	return (u64)bdf->domain << 16 |
	       PCI_DEVID(bdf->bus, PCI_DEVFN(bdf->slot, bdf->function));
}

bool bindery_member_before(const struct bindery_member *a,
			   const struct bindery_member *b)
{
	return order(a) < order(b);
}

/* 0x0680, a switch that looks like an endpoint, can be given away. */
bool bindery_member_is_bridge(const struct bindery_member *member)
{
	u32 class = member->pdev->class >> 8;

	return member->pdev->hdr_type != PCI_HEADER_TYPE_NORMAL ||
	       class == PCI_CLASS_BRIDGE_HOST || class == PCI_CLASS_BRIDGE_PCI;
}

bool bindery_member_removed(struct bindery_member *member)
{
	guard(bindery_state)();
	return member->removed;
}

/* Also where the notifier heard of it before the member was tracked. */
static bool is_gone(struct bindery_member *member)
{
	return bindery_member_removed(member) ||
	       !device_is_registered(member->dev);
}

#define REMOVAL_MS	200

/*
 * A device loses its driver, and answers no probe any more, a moment before the
 * notifier hears that it goes: who fails for that waits for it.
 */
bool bindery_member_goes(struct bindery_member *member, int ret)
{
	if (ret == -ENODEV)
		bindery_wait_until(is_gone(member),
				   jiffies + msecs_to_jiffies(REMOVAL_MS));
	return is_gone(member);
}

static int wait_for_lock(struct device *dev, unsigned long deadline,
			 bool freezable)
{
	while (!device_trylock(dev)) {
		if (!bindery_remaining(deadline) ||
		    fatal_signal_pending(current))
			return -ETIMEDOUT;
		usleep_range(500, 2000);
		if (freezable)
			try_to_freeze();
	}
	return 0;
}

/*
 * A foreign driver callback may hold the lock for ever; whoever only wants to
 * look at the device gives up at the deadline.
 */
int bindery_device_lock(struct device *dev, unsigned long deadline)
{
	return wait_for_lock(dev, deadline, true);
}

/* The same for who holds locks of others, and so must not be frozen. */
int bindery_device_look(struct device *dev, unsigned long deadline)
{
	return wait_for_lock(dev, deadline, false);
}

static int is_vfio_device(struct device *child, void *data)
{
	return child->class && child->class->name &&
	       !strcmp(child->class->name, "vfio-dev");
}

bool bindery_device_has_vfio(struct device *dev)
{
	device_lock_assert(dev);
	return device_for_each_child(dev, NULL, is_vfio_device);
}

static int is_open_vfio_device(struct device *child, void *data)
{
	struct vfio_device *vfio = container_of(child, struct vfio_device,
						device);

	return is_vfio_device(child, NULL) && refcount_read(&vfio->refcount) > 1;
}

/*
 * Somebody has it open whom an unbind would wait for. One who opened the
 * device's own node, and has not bound it to an iommufd, owns no DMA. Needs no
 * lock: a child that is looked at cannot be freed.
 */
bool bindery_device_is_open(struct device *dev)
{
	return device_for_each_child(dev, NULL, is_open_vfio_device);
}

static int copy_string(const char **to, const char *from, gfp_t gfp)
{
	*to = from ? kstrdup(from, gfp | __GFP_ACCOUNT) : NULL;
	return from && !*to ? -ENOMEM : 0;
}

static int snapshot_locked(struct bindery_member *member)
{
	struct bindery_native *native = &member->native;
	struct device *dev = member->dev;
	struct device_driver *drv = dev->driver;
	int ret = 0;

	member->vfio = bindery_device_has_vfio(dev);
	if (drv) {
		ret = copy_string(&native->driver, drv->name, GFP_KERNEL);
		if (drv->owner)
			ret = ret ?: copy_string(&native->module,
						 module_name(drv->owner),
						 GFP_KERNEL);
	}
	if (ret || !member->pdev)
		return ret;
	member->managed = drv && to_pci_driver(drv)->driver_managed_dma;
	native->runtime_auto = bindery_runtime_auto(dev);
	bindery_override_lock(dev);
	ret = copy_string(&native->override, *bindery_override_string(dev),
			  GFP_ATOMIC);
	bindery_override_unlock(dev);
	return ret;
}

/* Note what the device is on now. */
int bindery_member_snapshot(struct bindery_member *member,
			    unsigned long deadline)
{
	int ret = bindery_device_lock(member->dev, deadline);

	if (ret)
		return ret;
	ret = snapshot_locked(member);
	device_unlock(member->dev);
	return ret;
}

static bool same_string(const char *a, const char *b)
{
	return a && b ? !strcmp(a, b) : a == b;
}

/* What we left there, or found there and left. */
static const char *expected_override(struct bindery_member *member)
{
	if (member->did & BINDERY_DID_OVERRIDE)
		return member->our_override;
	return member->adopted && !member->did ? member->adopted_override :
						 member->native.override;
}

/* Replace the override, but only if it is what we left there. */
int bindery_member_swap_override(struct bindery_member *member, const char *to,
				 gfp_t gfp)
{
	const char *from = expected_override(member);
	const char *new = NULL;
	const char **string;
	bool ours;

	device_lock_assert(member->dev);
	if (to) {
		new = kstrdup(to, gfp);
		if (!new)
			return -ENOMEM;
	}
	bindery_override_lock(member->dev);
	string = bindery_override_string(member->dev);
	ours = same_string(*string, from);
	if (ours)
		swap(*string, new);
	bindery_override_unlock(member->dev);
	if (!ours) {
		kfree(new);
		return -EBUSY;
	}
	bindery_override_free(new);
	member->our_override = to;
	return 0;
}

/* The device's driver is the one of this name, or it has none for NULL. */
bool bindery_device_is_on(struct device *dev, const char *name)
{
	device_lock_assert(dev);
	return same_string(dev->driver ? dev->driver->name : NULL, name);
}

static int park_locked(struct bindery_member *member)
{
	int ret;

	if (!bindery_device_is_on(member->dev, member->native.driver))
		return -EAGAIN;
	ret = bindery_member_swap_override(member, BINDERY_PARKED,
					   GFP_KERNEL_ACCOUNT);
	if (ret)
		return ret;
	member->did |= BINDERY_DID_OVERRIDE;
	if (!member->dev->driver && bindery_is_arrival(member->dev)) {
		guard(bindery_state)();
		member->unprobed = true;
	}
	return 0;
}

/*
 * Set the override that keeps every driver away, also the target: an automatic
 * binder that probes one member while we bind another makes VFIO of Linux 6.1
 * warn (vfio_create_group() losing its race). -EAGAIN: the device has another
 * driver than when it was looked at; -EBUSY: another override.
 */
int bindery_member_park(struct bindery_member *member,
			    unsigned long deadline)
{
	int ret;

	ret = bindery_device_lock(member->dev, deadline);
	if (ret)
		return ret;
	ret = park_locked(member);
	device_unlock(member->dev);
	return ret;
}

/*
 * Under the device's lock: a driver that is being registered looks for devices
 * without it, and has each of them for the moment of a probe that then finds
 * the override.
 */
bool bindery_member_has_driver(struct bindery_member *member)
{
	bool ret;

	device_lock(member->dev);
	ret = member->dev->driver;
	device_unlock(member->dev);
	return ret;
}

/* They are counted when all of them are there, and all that under the lock. */
static bool has_vfs(struct bindery_member *member)
{
	bool ret;

	device_lock(member->dev);
	ret = bindery_pci_num_vf(member->pdev);
	device_unlock(member->dev);
	return ret;
}

/*
 * VFs that were enabled since the plan was made need the PF's driver. Without
 * one nobody can enable more.
 */
int bindery_member_unbind(struct bindery_member *member)
{
	if (has_vfs(member))
		return BINDERY_ERROR_PF_HAS_VFS;
	if (bindery_member_overdue(member))
		return -ETIMEDOUT;
	member->did |= BINDERY_DID_UNBIND;
	device_release_driver(member->dev);
	if (bindery_member_has_driver(member))
		return -EBUSY;
	return has_vfs(member) ? BINDERY_ERROR_PF_HAS_VFS : 0;
}

/*
 * device_driver_attach() does not ask the bus, and PCI says no to every driver
 * until it has given a newcomer its resources.
 */
static bool bus_allows(struct bindery_member *member)
{
	struct device *dev = member->dev;

	device_lock_assert(dev);
	return dev->bus->match(dev, member->target->drv) > 0;
}

/* From here an automatic binder may bind the target before we do. */
static int admit_target(struct bindery_member *member)
{
	int ret;

	device_lock(member->dev);
	ret = bindery_member_overdue(member) ? -ETIMEDOUT :
	      bindery_member_swap_override(member, member->target->name,
					   GFP_KERNEL_ACCOUNT);
	if (!ret) {
		member->did |= BINDERY_DID_BIND;
		ret = bus_allows(member) ? 0 : -EAGAIN;
	}
	device_unlock(member->dev);
	return ret;
}

static int bind_result(struct bindery_member *member, int ret)
{
	struct device *dev = member->dev;

	/* An automatic binder may have been first: its choice was ours. */
	if (ret && ret != -EBUSY)
		return ret;
	device_lock(dev);
	if (dev->driver != member->target->drv)
		ret = ret ?: -ENODEV;
	else
		ret = bindery_device_has_vfio(dev) ? 0 :
			BINDERY_ERROR_NO_VFIO_DEVICE;
	device_unlock(dev);
	return ret;
}

/* Negative: the errno of the target's probe; positive: an enum bindery_error. */
int bindery_member_bind(struct bindery_member *member)
{
	int ret;

	ret = admit_target(member);
	switch (ret) {
	case 0:
		break;
	case -ETIMEDOUT:
		return ret;
	case -EAGAIN:
		return BINDERY_ERROR_CHANGED;
	case -EBUSY:
		return BINDERY_ERROR_OVERRIDE;
	default:
		return BINDERY_ERROR_NO_MEMORY;
	}
	ret = device_driver_attach(member->target->drv, member->dev);
	return bind_result(member, ret);
}

/* Of a member that is not ours to move it is nobody's business. */
bool bindery_member_override_is_ours(struct bindery_member *member)
{
	bool ours;

	device_lock_assert(member->dev);
	if (!member->pdev || (!(member->did & BINDERY_DID_OVERRIDE) &&
			      member->role != BINDERY_ROLE_PREBOUND))
		return true;
	bindery_override_lock(member->dev);
	ours = same_string(*bindery_override_string(member->dev),
			   expected_override(member));
	bindery_override_unlock(member->dev);
	return ours;
}

static int verify_locked(struct bindery_member *member)
{
	struct device *dev = member->dev;
	struct device_driver *drv = dev->driver;

	if (member->target && drv != member->target->drv)
		return -ENODEV;
	if (member->target && !bindery_device_has_vfio(dev))
		return -ENODEV;
	if (member->action == BINDERY_ACTION_PARK && drv)
		return -EBUSY;
	return bindery_member_override_is_ours(member) ? 0 : -EBUSY;
}

/*
 * It is where it should be. -ENODEV: not on its target; -EBUSY: somebody
 * changed its override, or bound a parked device.
 */
int bindery_member_verify(struct bindery_member *member,
			  unsigned long deadline)
{
	int ret = bindery_device_lock(member->dev, deadline);

	if (ret)
		return ret;
	ret = verify_locked(member);
	device_unlock(member->dev);
	return ret;
}

/*
 * A newcomer, before its first probe: its override is set, and what is to be
 * undone is noted. Nobody can hold its lock while waiting for the notifier that
 * calls this, since nothing can be bound to it yet.
 */
void bindery_member_capture(struct bindery_member *member, const char *to)
{
	device_lock(member->dev);
	if (!bindery_member_swap_override(member, to,
					  GFP_KERNEL | __GFP_NOFAIL)) {
		member->did |= BINDERY_DID_OVERRIDE;
		if (member->target)
			member->did |= BINDERY_DID_BIND;
	}
	device_unlock(member->dev);
}

/* The override as it should be, or none, whatever is there. */
int bindery_member_assert_override(struct bindery_member *member,
				   const char *name, gfp_t gfp)
{
	const char *new = name ? kstrdup(name, gfp) : NULL;
	const char **string;

	device_lock_assert(member->dev);
	if (name && !new)
		return -ENOMEM;
	bindery_override_lock(member->dev);
	string = bindery_override_string(member->dev);
	swap(*string, new);
	bindery_override_unlock(member->dev);
	bindery_override_free(new);
	member->our_override = name;
	return 0;
}

static bool is_off_target(struct bindery_member *member)
{
	return member->target && member->dev->driver != member->target->drv;
}

static bool is_elsewhere(struct bindery_member *member)
{
	struct device_driver *drv = member->dev->driver;

	return drv && (!member->target || drv != member->target->drv);
}

static bool is_on_other_vfio(struct bindery_member *member)
{
	return is_elsewhere(member) &&
	       to_pci_driver(member->dev->driver)->driver_managed_dma;
}

/* Not from who may use it, nor VFs from their PF, nor for a claim that is gone. */
static int prepare_repair(struct bindery_member *member, const char *to)
{
	int ret = 0;

	device_lock(member->dev);
	if (bindery_member_given_up(member))
		ret = -ECANCELED;
	else if (is_on_other_vfio(member) ||
	    (is_elsewhere(member) && bindery_pci_num_vf(member->pdev)))
		ret = -EBUSY;
	else if (!bindery_member_override_is_ours(member))
		ret = bindery_member_assert_override(member, to,
						     GFP_KERNEL_ACCOUNT);
	if (!ret && is_off_target(member) && !bus_allows(member))
		ret = -EAGAIN;
	device_unlock(member->dev);
	return ret;
}

static int rebind(struct bindery_member *member)
{
	struct device_driver *drv = member->target->drv;

	if (READ_ONCE(member->dev->driver) == drv)
		return 0;
	device_release_driver(member->dev);
	return bind_result(member, device_driver_attach(drv, member->dev));
}

/* Of a member that was on its target already: as it was found. */
static const char *override_for_repair(struct bindery_member *member,
				       bool parked)
{
	if (parked)
		return BINDERY_PARKED;
	return member->did & BINDERY_DID_OVERRIDE ? member->target->name :
						    expected_override(member);
}

/* Kept from every driver: a neighbour, or a newcomer without a target. */
bool bindery_member_is_parked(const struct bindery_member *member)
{
	return member->role == BINDERY_ROLE_PARKED ||
	       (member->role == BINDERY_ROLE_ADDED && !member->target);
}

/*
 * Back to its target, or parked, after somebody else moved it. By itself only
 * when that was not its removal, which unbinds it a moment before it tells.
 */
int bindery_member_repair(struct bindery_member *member)
{
	bool parked = bindery_member_is_parked(member);
	int ret;

	if (member->automatic && bindery_member_goes(member, -ENODEV))
		return -ENODEV;
	ret = prepare_repair(member, override_for_repair(member, parked));
	if (!ret && parked)
		device_release_driver(member->dev);
	else if (!ret)
		ret = rebind(member);
	if (ret)
		return ret;
	guard(bindery_state)();
	member->tampered_driver = false;
	member->tampered_override = false;
	bindery_member_changed(member);
	return 0;
}
