// SPDX-License-Identifier: GPL-2.0-only
/*
 * Devices that look as if they were given to a guest, and that nobody owns:
 * left behind by other tools, by who wrote to sysfs, or by a module that is gone.
 */
#include <linux/pci.h>
#include <linux/slab.h>
#include <linux/sort.h>
#include <net/genetlink.h>

#include "compat.h"
#include "event.h"
#include "netlink.h"

/* The addresses of all devices when the dump began, and how far it is. */
struct addresses {
	unsigned long deadline;		/* of all looks, see dump.c */
	unsigned int num;
	unsigned int room;
	unsigned int next;
	struct bindery_ioc_bdf bdf[];
};

struct stray {
	u32 reason;			/* enum bindery_stray_reason, or 0 */
	struct iommu_group *group;	/* or NULL */
	u64 newest;
	char driver[BINDERY_NAME_SIZE];
	char override[BINDERY_NAME_SIZE];
};

static u64 order(const struct bindery_ioc_bdf *bdf)
{
	return (u64)bdf->domain << 16 |
	       PCI_DEVID(bdf->bus, PCI_DEVFN(bdf->slot, bdf->function));
}

static int compare(const void *a, const void *b)
{
	u64 first = order(a), second = order(b);

	return first < second ? -1 : first > second;
}

static unsigned int count_devices(void)
{
	struct pci_dev *pdev = NULL;
	unsigned int num = 0;

	for_each_pci_dev(pdev)
		num++;
	return num;
}

static void collect(struct addresses *all)
{
	struct pci_dev *pdev = NULL;

	for_each_pci_dev(pdev) {
		if (all->num == all->room) {
			pci_dev_put(pdev);
			break;
		}
		all->bdf[all->num++] = bindery_pci_address(pdev);
	}
	sort(all->bdf, all->num, sizeof(all->bdf[0]), compare, NULL);
}

static struct addresses **addresses_of(struct netlink_callback *cb)
{
	return (struct addresses **)cb->ctx;
}

int bindery_stray_start(struct netlink_callback *cb)
{
	int ret = bindery_dump_check(cb);
	struct addresses *all;
	unsigned int room;

	if (ret)
		return ret;
	/* with some room for what comes meanwhile */
	room = count_devices() + 64;
	all = kvzalloc(struct_size(all, bdf, room), GFP_KERNEL_ACCOUNT);
	if (!all)
		return -ENOMEM;
	all->room = room;
	all->deadline = bindery_look_deadline();
	collect(all);
	*addresses_of(cb) = all;
	return 0;
}

int bindery_stray_done(struct netlink_callback *cb)
{
	kvfree(*addresses_of(cb));
	return 0;
}

/* Claimed, or on its way to a claim or back from it. */
static bool is_owned(struct stray *stray, struct netlink_callback *cb)
{
	guard(bindery_state)();
	bindery_dump_look(cb, &stray->newest);
	return stray->group && xa_load(&bindery_groups,
				       iommu_group_id(stray->group));
}

static void read_names(struct stray *stray, struct device *dev)
{
	const char *override;

	if (dev->driver)
		strscpy(stray->driver, dev->driver->name,
			sizeof(stray->driver));
	bindery_override_lock(dev);
	override = *bindery_override_string(dev);
	if (override)
		strscpy(stray->override, override, sizeof(stray->override));
	bindery_override_unlock(dev);
}

static u32 reason_of_override(const char *override, struct pci_dev *pdev)
{
	if (!override[0])
		return 0;
	if (!strcmp(override, BINDERY_PARKED))
		return BINDERY_STRAY_PARKED;
	switch (bindery_target_blocker(override, pdev)) {
	case BINDERY_ERROR_NONE:
	case BINDERY_ERROR_TARGET_MISMATCH:
		return BINDERY_STRAY_OVERRIDE;
	case BINDERY_ERROR_NO_TARGET:
		return BINDERY_STRAY_UNLOADED;
	default:
		return 0;
	}
}

/* One whose lock is held for long is passed over: that is no state to mend. */
static void look(struct stray *stray, struct pci_dev *pdev,
		 unsigned long deadline)
{
	struct device *dev = &pdev->dev;
	bool has_vfio;

	if (bindery_device_look(dev, deadline))
		return;
	read_names(stray, dev);
	has_vfio = bindery_device_has_vfio(dev);
	device_unlock(dev);
	stray->reason = has_vfio ? BINDERY_STRAY_DRIVER :
				   reason_of_override(stray->override, pdev);
}

static void examine(struct stray *stray, struct pci_dev *pdev,
		    struct netlink_callback *cb)
{
	if (!is_owned(stray, cb) && !bindery_device_is_vf_of_vfio(&pdev->dev))
		look(stray, pdev, (*addresses_of(cb))->deadline);
	/* it may have come, or been claimed, while we looked */
	if (stray->reason && !stray->group)
		stray->group = bindery_device_group(&pdev->dev);
	if (stray->reason && is_owned(stray, cb))
		stray->reason = 0;
}

static int put_group(struct sk_buff *skb, const struct stray *stray)
{
	return stray->group ? nla_put_u32(skb, BINDERY_A_GROUP,
					  iommu_group_id(stray->group)) : 0;
}

static int put_stray(struct sk_buff *skb, const struct stray *stray,
		     struct pci_dev *pdev, const struct bindery_ioc_bdf *bdf)
{
	return bindery_put_string(skb, BINDERY_A_NAME, pci_name(pdev)) ?:
	       bindery_put_device(skb, bdf) ?:
	       put_group(skb, stray) ?:
	       nla_put_u32(skb, BINDERY_A_REASON, stray->reason) ?:
	       bindery_put_string(skb, BINDERY_A_DRIVER, stray->driver) ?:
	       bindery_put_string(skb, BINDERY_A_OVERRIDE, stray->override) ?:
	       bindery_put_u64(skb, BINDERY_A_NEWEST, stray->newest);
}

static int tell(struct sk_buff *skb, struct netlink_callback *cb,
		const struct stray *stray, struct pci_dev *pdev,
		const struct bindery_ioc_bdf *bdf)
{
	void *header = bindery_dump_begin(skb, cb);

	if (!header)
		return -EMSGSIZE;
	return bindery_dump_end(skb, cb, header,
				put_stray(skb, stray, pdev, bdf));
}

static int tell_if_stray(struct sk_buff *skb, struct netlink_callback *cb,
			 struct pci_dev *pdev,
			 const struct bindery_ioc_bdf *bdf)
{
	struct stray stray = { .group = bindery_device_group(&pdev->dev) };
	int ret = 1;

	if (!bindery_device_is_gone(&pdev->dev))
		examine(&stray, pdev, cb);
	if (stray.reason)
		ret = tell(skb, cb, &stray, pdev, bdf);
	iommu_group_put(stray.group);
	return ret;
}

/* Each device is found anew by its address. */
static int one_stray(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct addresses *all = *addresses_of(cb);
	const struct bindery_ioc_bdf *bdf;
	struct pci_dev *pdev;
	int ret = 1;

	if (all->next == all->num)
		return 0;
	bdf = &all->bdf[all->next];
	pdev = pci_get_domain_bus_and_slot(bdf->domain, bdf->bus,
					   PCI_DEVFN(bdf->slot, bdf->function));
	if (pdev) {
		ret = tell_if_stray(skb, cb, pdev, bdf);
		pci_dev_put(pdev);
	}
	if (ret > 0)
		all->next++;
	return ret;
}

int bindery_stray_dump(struct sk_buff *skb, struct netlink_callback *cb)
{
	return bindery_dump_all(skb, cb, one_stray);
}
