// SPDX-License-Identifier: GPL-2.0-only
/* One member on its way back, in a callback's worker. */
#include <linux/delay.h>
#include <linux/kmod.h>
#include <linux/pm_runtime.h>
#include <linux/slab.h>

#include "bindery_private.h"
#include "compat.h"

static void note_tampering(struct bindery_member *member)
{
	guard(bindery_state)();
	member->tampered_override = true;
	bindery_member_changed(member);
	bindery_event_tamper(member, BINDERY_MEMBER_TAMPERED_OVERRIDE, NULL);
}

/*
 * An override that somebody else wrote stays, and decides; but who seals a
 * device wants it back as it was.
 */
static int put_override(struct bindery_member *member, const char *to)
{
	const gfp_t gfp = GFP_KERNEL | __GFP_NOFAIL;
	int ret = bindery_member_swap_override(member, to, gfp);

	if (!ret)
		return 0;
	note_tampering(member);
	if (!bindery_member_is_sealed(member))
		return ret;
	return bindery_member_assert_override(member, to, gfp);
}

/* Untouched by us, and not told of before. */
static bool is_untouched(struct bindery_member *member)
{
	guard(bindery_state)();
	return member->role == BINDERY_ROLE_PREBOUND && !member->adopted &&
	       !member->busy && !member->removed && !member->tampered_override;
}

/* What was on its target before stays as it is, whoever made it so. */
void bindery_member_leave(struct bindery_member *member, unsigned long deadline)
{
	bool ours;

	if (!is_untouched(member) ||
	    bindery_device_lock(member->dev, deadline))
		return;
	ours = bindery_member_override_is_ours(member);
	device_unlock(member->dev);
	if (!ours)
		note_tampering(member);
}

/*
 * Before the first target is left: from now on every automatic binder can only
 * choose the native driver, or none where there was none.
 */
int bindery_member_aim(struct bindery_member *member)
{
	const char *to = member->native.driver ?: BINDERY_PARKED;
	int ret;

	if (bindery_member_removed(member) ||
	    !(member->did & ~BINDERY_DID_REFUSE))
		return 0;
	device_lock(member->dev);
	ret = put_override(member, to);
	member->did &= ~BINDERY_DID_OVERRIDE;
	member->did |= ret ? BINDERY_SAW_FOREIGN : BINDERY_DID_OVERRIDE;
	device_unlock(member->dev);
	return ret;
}

/*
 * VFs of a PF are counted when all of them are, and all that under its lock.
 * Whoever had that may have had it for long.
 */
static int release_target(struct bindery_member *member)
{
	struct device *dev = member->dev;
	bool on_target, has_vfs;

	device_lock(dev);
	on_target = dev->driver == member->target->drv;
	has_vfs = bindery_pci_num_vf(member->pdev);
	device_unlock(dev);
	if (on_target && has_vfs && !READ_ONCE(member->group->force))
		return BINDERY_ERROR_PF_HAS_VFS;
	if (on_target && bindery_member_overdue(member))
		return -ETIMEDOUT;
	if (on_target)
		device_release_driver(dev);
	member->did &= ~BINDERY_DID_BIND;
	return 0;
}

/*
 * Whoever calls this has seen that no VFIO user can be there, or forces it.
 * vfio-pci lets an idle device sleep. Awake from before the unbind until it is
 * done it changes its power state once, and not three times, each of which
 * takes 10 ms.
 */
int bindery_member_unbind_target(struct bindery_member *member)
{
	int ret;

	pm_runtime_get_sync(member->dev);
	ret = release_target(member);
	pm_runtime_put(member->dev);
	return ret;
}

static bool is_on_native(struct bindery_member *member)
{
	bool ret;

	device_lock(member->dev);
	ret = bindery_device_is_on(member->dev, member->native.driver);
	device_unlock(member->dev);
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

/* Let the bus choose, now or when a deferred probe is tried again. */
static void offer(struct bindery_member *member)
{
	if (device_attach(member->dev) < 0)
		dev_dbg(member->dev, "nothing could be bound\n");
}

#define MEMORY_TRIES	8
#define MEMORY_PAUSE_MS	1

/* The kernel's memory comes back by itself; a driver's greed does not. */
static int attach(struct bindery_member *member, struct device_driver *drv)
{
	int tries = MEMORY_TRIES, pause_ms = MEMORY_PAUSE_MS;
	int ret;

	while ((ret = device_driver_attach(drv, member->dev)) == -ENOMEM &&
	       --tries) {
		msleep(pause_ms);
		pause_ms *= 2;
	}
	return ret;
}

/* One that nobody else is to have had between two looks. */
static int attach_native(struct bindery_member *member,
			 struct device_driver *drv)
{
	int ret = attach(member, drv);

	/* A VFIO user of a neighbour may have closed it since. */
	if (ret == -EBUSY && !bindery_member_has_driver(member) &&
	    !bindery_group_has_user(member->group))
		ret = attach(member, drv);
	return ret;
}

static enum bindery_restored bind_native(struct bindery_member *member)
{
	struct device_driver *drv = get_native(member);
	int ret;

	member->error = -ENOENT;
	if (!drv)
		return BINDERY_RESTORED_NO_DRIVER;
	ret = attach_native(member, drv);
	bindery_driver_put(drv);
	/* device_driver_attach() puts nothing on the list of deferred probes */
	if (ret == -EAGAIN) {
		offer(member);
		if (!bindery_member_has_driver(member)) {
			member->error = ret;
			return BINDERY_RESTORED_DEFERRED;
		}
	}
	if (is_on_native(member))
		return BINDERY_RESTORED;
	if (bindery_member_has_driver(member))
		return BINDERY_RESTORED_FOREIGN;
	member->error = ret ?: -ENODEV;
	if (ret == -EBUSY && bindery_group_has_user(member->group))
		return BINDERY_RESTORED_USER;
	return BINDERY_RESTORED_FAILED;
}

static enum bindery_restored restore_driver(struct bindery_member *member)
{
	/* Its override is somebody's: let that decide. */
	if (member->did & BINDERY_SAW_FOREIGN) {
		offer(member);
		return BINDERY_RESTORED_FOREIGN;
	}
	if (member->did & BINDERY_DID_UNBIND)
		return bind_native(member);
	return !member->native.driver && bindery_member_has_driver(member) ?
		BINDERY_RESTORED_FOREIGN : BINDERY_RESTORED;
}

static int restore_override(struct bindery_member *member)
{
	int ret;

	device_lock(member->dev);
	ret = put_override(member, member->native.override);
	member->did &= ~BINDERY_DID_OVERRIDE;
	device_unlock(member->dev);
	return ret;
}

/* Whoever gave it a driver may have set its power, too. */
static bool is_on_other(struct bindery_member *member)
{
	const char *native = member->native.driver;
	struct device_driver *drv;
	bool ret;

	device_lock(member->dev);
	drv = member->dev->driver;
	ret = drv && (!native || strcmp(drv->name, native));
	device_unlock(member->dev);
	return ret;
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

/*
 * The bus offered it while it was ours, or is yet to do so: without us it would
 * have a driver, if there is one.
 */
static void offer_unprobed(struct bindery_member *member)
{
	offer(member);
	if (bindery_member_has_driver(member))
		return;
	/* For who takes it next, perhaps before the bus has offered it. */
	bindery_note_arrival(member->dev);
	if (bindery_member_removed(member) || bindery_member_has_driver(member))
		bindery_forget_arrival(member->dev);
}

static bool was_unprobed(struct bindery_member *member)
{
	guard(bindery_state)();
	return member->unprobed;
}

/* The native driver's module is gone: let whatever is there have it. */
static enum bindery_restored offer_instead(struct bindery_member *member)
{
	offer(member);
	return is_on_native(member) ? BINDERY_RESTORED :
				      BINDERY_RESTORED_NO_DRIVER;
}

/* Whether the newcomer's DMA works is seen by who was there before it. */
static void mend_dma(struct bindery_member *newcomer)
{
	bindery_group_each(member, newcomer->group) {
		if (!member->pdev || member->role == BINDERY_ROLE_ADDED ||
		    bindery_member_removed(member))
			continue;
		device_lock(newcomer->dev);
		if (!newcomer->dev->driver)
			bindery_dma_as(newcomer->dev, member->dev);
		device_unlock(newcomer->dev);
		return;
	}
}

/* A newcomer goes wherever the bus sends it. */
static enum bindery_restored let_go(struct bindery_member *member)
{
	bool foreign = member->did & BINDERY_SAW_FOREIGN;

	if (member->did & BINDERY_DID_OVERRIDE)
		foreign = restore_override(member);
	member->did = 0;
	mend_dma(member);
	offer(member);
	return foreign ? BINDERY_RESTORED_FOREIGN : BINDERY_RESTORED;
}

static enum bindery_restored restore(struct bindery_member *member)
{
	enum bindery_restored restored;

	if (bindery_member_removed(member)) {
		member->did = 0;
		return BINDERY_RESTORED;
	}
	/* The step before did not get to it. */
	if (member->did & BINDERY_DID_BIND)
		return BINDERY_RESTORED_NOT;
	if (member->role == BINDERY_ROLE_ADDED)
		return let_go(member);
	restored = restore_driver(member);

	/* A deferred probe, or the next try, still needs our override. */
	if (restored == BINDERY_RESTORED_USER ||
	    restored == BINDERY_RESTORED_DEFERRED)
		return restored;
	if (member->did & BINDERY_DID_OVERRIDE && restore_override(member))
		restored = BINDERY_RESTORED_FOREIGN;
	member->did &= ~BINDERY_SAW_FOREIGN;
	if (restored == BINDERY_RESTORED_NO_DRIVER)
		restored = offer_instead(member);
	if (restored == BINDERY_RESTORED && was_unprobed(member))
		offer_unprobed(member);
	if (restored == BINDERY_RESTORED ||
	    (restored == BINDERY_RESTORED_FOREIGN && !is_on_other(member)))
		restore_power(member);
	if (restored == BINDERY_RESTORED ||
	    restored == BINDERY_RESTORED_FOREIGN)
		member->did &= ~BINDERY_DID_UNBIND;
	return restored;
}

/*
 * Put back what we changed; may be called again. Afterwards did says what is
 * still missing, and error why. A driver or an override that somebody else
 * gave the device is not missing, but -EBUSY tells of it.
 */
int bindery_member_restore(struct bindery_member *member)
{
	enum bindery_restored restored = restore(member);

	if (bindery_member_goes(member, restored == BINDERY_RESTORED_FAILED ?
				member->error : 0)) {
		member->did = 0;
		restored = BINDERY_RESTORED;
	}
	if (restored == BINDERY_RESTORED)
		member->error = 0;
	if (restored == BINDERY_RESTORED_FOREIGN)
		member->error = -EBUSY;
	member->restored = restored;
	return member->error;
}
