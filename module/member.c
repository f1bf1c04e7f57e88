// SPDX-License-Identifier: GPL-2.0-only
/* One device of an IOMMU group: looked at, moved, put back. */
#include <linux/delay.h>
#include <linux/kmod.h>
#include <linux/module.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>

#include "bindery_private.h"
#include "compat.h"
#include "trace.h"

struct bindery_member *bindery_member_new(struct device *dev)
{
	struct bindery_member *member;

	member = kzalloc(sizeof(*member), GFP_KERNEL_ACCOUNT);
	if (!member)
		return NULL;
	kref_init(&member->ref);
	INIT_LIST_HEAD(&member->node);
	init_completion(&member->called);
	member->entry = -1;
	member->dev = get_device(dev);
	if (dev_is_pci(dev))
		member->pdev = to_pci_dev(dev);
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
	bindery_target_put(member->target);
	put_device(member->dev);
	kfree(member);
}

void bindery_member_put(struct bindery_member *member)
{
	kref_put(&member->ref, member_free);
}

static u64 address(const struct bindery_member *member)
{
	struct pci_dev *pdev = member->pdev;

	if (!pdev)
		return U64_MAX;
	return (u64)pci_domain_nr(pdev->bus) << 16 |
	       PCI_DEVID(pdev->bus->number, pdev->devfn);
}

bool bindery_member_before(const struct bindery_member *a,
			   const struct bindery_member *b)
{
	return address(a) < address(b);
}

struct bindery_ioc_bdf bindery_member_bdf(const struct bindery_member *member)
{
	struct pci_dev *pdev = member->pdev;
	struct bindery_ioc_bdf bdf = {};

	if (!pdev)
		return bdf;
	bdf.domain = pci_domain_nr(pdev->bus);
	bdf.bus = pdev->bus->number;
	bdf.slot = PCI_SLOT(pdev->devfn);
	bdf.function = PCI_FUNC(pdev->devfn);
	return bdf;
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

/*
 * A foreign driver callback may hold the lock for ever; whoever only wants to
 * look at the device gives up at the deadline.
 */
int bindery_device_lock(struct device *dev, unsigned long deadline)
{
	while (!device_trylock(dev)) {
		if (!bindery_remaining(deadline) ||
		    fatal_signal_pending(current))
			return -ETIMEDOUT;
		usleep_range(500, 2000);
	}
	return 0;
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

/* Replace the override, but only if it is what we left there. */
static int swap_override_locked(struct bindery_member *member, const char *to,
				gfp_t gfp)
{
	const char *from = member->did & BINDERY_DID_OVERRIDE ?
		member->our_override : member->native.override;
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

/* Set the override that keeps every driver but the target away. */
int bindery_member_override(struct bindery_member *member,
			    unsigned long deadline)
{
	const char *to = member->action == BINDERY_ACTION_PARK ?
		BINDERY_PARKED : member->target->name;
	int ret;

	ret = bindery_device_lock(member->dev, deadline);
	if (ret)
		return ret;
	ret = swap_override_locked(member, to, GFP_KERNEL_ACCOUNT);
	if (!ret)
		member->did |= BINDERY_DID_OVERRIDE;
	device_unlock(member->dev);
	return ret;
}

/* The device's driver is the one of this name. */
static bool is_on(struct device *dev, const char *name)
{
	device_lock_assert(dev);
	return dev->driver && name && !strcmp(dev->driver->name, name);
}

int bindery_member_unbind(struct bindery_member *member)
{
	member->did |= BINDERY_DID_UNBIND;
	device_release_driver(member->dev);
	return 0;
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
		ret = bindery_device_has_vfio(dev) ? 0 : -ENXIO;
	device_unlock(dev);
	return ret;
}

/* -ENXIO: the target took the device and made no VFIO device of it. */
int bindery_member_bind(struct bindery_member *member)
{
	int ret;

	member->did |= BINDERY_DID_BIND;
	ret = device_driver_attach(member->target->drv, member->dev);
	return bind_result(member, ret);
}

static int verify_locked(struct bindery_member *member)
{
	struct device *dev = member->dev;
	struct device_driver *drv = dev->driver;
	bool ours;

	if (member->target && drv != member->target->drv)
		return -ENODEV;
	if (member->action == BINDERY_ACTION_NONE)
		return 0;
	if (member->action == BINDERY_ACTION_MOVE &&
	    !bindery_device_has_vfio(dev))
		return -ENODEV;
	if (member->action == BINDERY_ACTION_PARK && drv)
		return -EBUSY;
	bindery_override_lock(dev);
	ours = same_string(*bindery_override_string(dev),
			   member->our_override);
	bindery_override_unlock(dev);
	return ours ? 0 : -EBUSY;
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

/* Whoever calls this has seen that no VFIO user can be there. */
int bindery_member_unbind_target(struct bindery_member *member)
{
	struct device *dev = member->dev;
	bool on_target;

	device_lock(dev);
	on_target = dev->driver == member->target->drv;
	device_unlock(dev);
	if (on_target)
		device_release_driver(dev);
	member->did &= ~BINDERY_DID_BIND;
	return 0;
}

/* Let only the native driver win the next probe; 1: there is no need. */
static int admit_native(struct bindery_member *member)
{
	struct device *dev = member->dev;
	int ret;

	device_lock(dev);
	if (is_on(dev, member->native.driver))
		ret = 1;
	else if (dev->driver)
		ret = -EBUSY;
	else
		ret = swap_override_locked(member, member->native.driver,
					   GFP_KERNEL | __GFP_NOFAIL);
	if (!ret)
		member->did |= BINDERY_DID_OVERRIDE;
	device_unlock(dev);
	return ret;
}

static struct device_driver *get_native(struct bindery_member *member)
{
	struct device_driver *drv = bindery_driver_get(member->native.driver);

	if (!drv && member->native.module) {
		request_module("%s", member->native.module);
		drv = bindery_driver_get(member->native.driver);
	}
	return drv;
}

static bool is_on_native(struct bindery_member *member)
{
	bool ret;

	device_lock(member->dev);
	ret = is_on(member->dev, member->native.driver);
	device_unlock(member->dev);
	return ret;
}

/* Let the bus choose, now or when a deferred probe is tried again. */
static void offer(struct device *dev)
{
	if (device_attach(dev) < 0)
		dev_dbg(dev, "no driver took it\n");
}

static int attach_native(struct bindery_member *member)
{
	struct device_driver *drv = get_native(member);
	int ret;

	if (!drv)
		return -ENOENT;
	ret = device_driver_attach(drv, member->dev);
	bindery_driver_put(drv);
	/* device_driver_attach() puts nothing on the list of deferred probes */
	if (ret == -EAGAIN)
		offer(member->dev);
	return is_on_native(member) ? 0 : ret ?: -ENODEV;
}

static void restore_power(struct bindery_member *member)
{
	struct device *dev = member->dev;

	if (bindery_runtime_auto(dev) == member->native.runtime_auto)
		return;
	if (member->native.runtime_auto)
		pm_runtime_allow(dev);
	else
		pm_runtime_forbid(dev);
}

static int restore_override(struct bindery_member *member)
{
	int ret;

	device_lock(member->dev);
	ret = swap_override_locked(member, member->native.override,
				   GFP_KERNEL | __GFP_NOFAIL);
	member->did &= ~BINDERY_DID_OVERRIDE;
	device_unlock(member->dev);
	return ret;
}

static int restore_driver(struct bindery_member *member)
{
	int ret = admit_native(member);

	if (ret < 0) {
		/* Somebody's driver or override: theirs now, and said so. */
		member->did &= ~BINDERY_DID_UNBIND;
		return ret;
	}
	if (!ret)
		ret = attach_native(member);
	if (ret >= 0) {
		member->did &= ~BINDERY_DID_UNBIND;
		restore_power(member);
		ret = 0;
	}
	return ret;
}

/*
 * Put back what we changed; may be called again. Afterwards did says what is
 * still missing.
 */
int bindery_member_restore(struct bindery_member *member)
{
	int ret = 0;
	int err;

	if (bindery_member_removed(member)) {
		member->did = 0;
		return 0;
	}
	if (member->did & BINDERY_DID_UNBIND)
		ret = restore_driver(member);
	/* A deferred probe still needs the native driver's name there. */
	if (member->did & BINDERY_DID_OVERRIDE && ret != -EAGAIN) {
		err = restore_override(member);
		ret = ret ?: err;
	}
	/* Its driver is gone: let whatever is there now have it. */
	if (ret == -ENOENT)
		offer(member->dev);
	return ret;
}

static void run_callback(struct work_struct *work)
{
	struct bindery_member *member =
		container_of(work, struct bindery_member, callback);

	member->result = member->call(member);
	complete(&member->called);
}

/* Run what may block for as long as a driver likes, in a worker of its own. */
int bindery_member_call(struct bindery_member *member, u32 step,
			int (*call)(struct bindery_member *member))
{
	member->call = call;
	reinit_completion(&member->called);
	INIT_WORK(&member->callback, run_callback);
	queue_work(bindery_callback_wq, &member->callback);
	wait_for_completion(&member->called);
	trace_bindery_step(member, step, member->result);
	return member->result;
}
