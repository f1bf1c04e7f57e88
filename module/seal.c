// SPDX-License-Identifier: GPL-2.0-only
/*
 * Members on bindery_vfio.ko: who may open them, who has them open, and that
 * the last has closed.
 */
#include <linux/export.h>
#include <linux/fdtable.h>
#include <linux/pid.h>
#include <linux/sched.h>

#include "bindery_private.h"
#include "seal.h"
#include "trace.h"

/* State lock: all that are open, also of groups that nobody claims. */
static LIST_HEAD(opened);
static u64 num_closes;

/* Without an IOMMU there may be no group. */
static int group_of(const struct bindery_seal *seal)
{
	struct iommu_group *group = seal->pdev->dev.iommu_group;

	return group ? iommu_group_id(group) : -1;
}

static struct bindery_member *member_of(const struct bindery_seal *seal)
{
	struct bindery_group *group = xa_load(&bindery_groups, seal->group);
	struct bindery_member *member;

	bindery_state_assert();
	if (!group)
		return NULL;
	list_for_each_entry(member, &group->members, node)
		if (member->pdev == seal->pdev)
			return member;
	return NULL;
}

static struct bindery_seal *seal_of(const struct bindery_member *member)
{
	struct bindery_seal *seal;

	bindery_state_assert();
	list_for_each_entry(seal, &opened, node)
		if (seal->pdev == member->pdev)
			return seal;
	return NULL;
}

bool bindery_target_is_sealed(const struct bindery_target *target)
{
	return !strcmp(target->name, BINDERY_VFIO);
}

bool bindery_member_is_sealed(const struct bindery_member *member)
{
	return member->target && bindery_target_is_sealed(member->target);
}

/* Of a member on bindery-vfio, claimed or not yet. */
bool bindery_member_is_open(struct bindery_member *member)
{
	guard(bindery_state)();
	return seal_of(member);
}

bool bindery_group_is_open(const struct bindery_group *group)
{
	struct bindery_seal *seal;

	bindery_state_assert();
	list_for_each_entry(seal, &opened, node)
		if (seal->group == group->id)
			return true;
	return false;
}

/* Changes when a last file was closed. */
u64 bindery_seal_closes(void)
{
	guard(bindery_state)();
	return num_closes;
}

void bindery_seal_report(struct bindery_ioc_member *out,
			 const struct bindery_member *member)
{
	const struct bindery_seal *seal = seal_of(member);

	bindery_state_assert();
	if (!bindery_member_is_sealed(member))
		return;
	out->out_vfio_opens = member->opens;
	out->out_vfio_closes = member->closes;
	if (!seal || !seal->opened)
		return;
	out->out_vfio_files = READ_ONCE(*seal->files);
	out->out_opener_pid = pid_vnr(seal->opener);
	strscpy(out->out_opener_comm, seal->comm, sizeof(out->out_opener_comm));
}

/* What bindery_vfio.ko could not do for this device as vfio-pci does. */
#define OPREGION	0xfc

static bool has_opregion(struct pci_dev *pdev)
{
	u32 address = 0;

	if (pdev->vendor != PCI_VENDOR_ID_INTEL ||
	    pdev->class >> 16 != PCI_BASE_CLASS_DISPLAY ||
	    pci_read_config_dword(pdev, OPREGION, &address))
		return false;
	return address && ~address;
}

u32 bindery_seal_blocker(struct pci_dev *pdev)
{
	if (bindery_seal_is_denied(pdev))
		return BINDERY_ERROR_DENIED;
	return has_opregion(pdev) ? BINDERY_ERROR_OPREGION :
				    BINDERY_ERROR_NONE;
}

/* Nobody holds the group: what it was for last, goes on. */
void bindery_group_update_gate(struct bindery_group *group)
{
	struct bindery_hold *hold;

	bindery_state_assert();
	if (list_empty(&group->holds))
		return;
	group->holders_only = false;
	list_for_each_entry(hold, &group->holds, node)
		if (hold->claim->flags & BINDERY_CLAIM_HOLDERS_ONLY)
			group->holders_only = true;
}

/* All that VFIO could give away of the group is ours to unbind, and sealed. */
static bool is_sealed(struct bindery_member *member)
{
	if (bindery_member_removed(member) || !member->pdev ||
	    bindery_member_is_bridge(member))
		return true;
	if (bindery_member_busy(member))
		return false;
	if (member->did & BINDERY_DID_BIND)
		return bindery_member_is_sealed(member) &&
		       !bindery_pci_num_vf(member->pdev);
	return !READ_ONCE(member->dev->driver) ||
	       bindery_device_is_ordinary(member->dev);
}

/*
 * Then the gate is enough to keep users out: what a group's file can own
 * without a device ends when VFIO has no device of the group any more.
 */
bool bindery_group_is_sealed(struct bindery_group *group)
{
	bindery_group_each(member, group)
		if (!is_sealed(member))
			return false;
	return true;
}

static bool holds_group(const struct bindery_claim *claim, int id)
{
	unsigned int i;

	bindery_state_assert();
	if (claim->state != CLAIM_BINDING && claim->state != CLAIM_LIVE)
		return false;
	for (i = 0; i < claim->plan->num_groups; i++)
		if (claim->plan->groups[i]->id == id)
			return true;
	return false;
}

/* Under the lock of the process's table of files. */
static int is_claim_on(const void *group, struct file *file, unsigned int fd)
{
	struct bindery_claim *claim;

	if (file->f_op != &bindery_fops_claim)
		return 0;
	guard(bindery_state)();
	claim = bindery_file_claim(file);
	return claim && holds_group(claim, *(const int *)group);
}

/* Whoever runs has a file of a claim on the group. */
static bool is_holder(int group)
{
	return iterate_fd(current->files, 0, is_claim_on, &group);
}

static int refuse(struct bindery_seal *seal, int ret)
{
	struct bindery_member *member = member_of(seal);

	bindery_state_assert();
	trace_bindery_vfio(seal->pdev, "refuse", seal->group, ret);
	if (member)
		bindery_event_vfio(member, BINDERY_EVENT_TYPE_VFIO_REFUSED, ret,
				   0);
	return ret;
}

static int pass(struct bindery_seal *seal, bool holder)
{
	struct bindery_group *group;

	bindery_state_assert();
	seal->group = group_of(seal);
	group = xa_load(&bindery_groups, seal->group);
	if (!group)
		return 0;
	if (group->sealed_off)
		return refuse(seal, -EBUSY);
	if (group->holders_only && !holder)
		return refuse(seal, -EACCES);
	return 0;
}

static void note_opener(struct bindery_seal *seal)
{
	struct bindery_member *member = member_of(seal);

	bindery_state_assert();
	put_pid(seal->opener);
	seal->opener = get_task_pid(current, PIDTYPE_TGID);
	/* get_task_comm()'s lock is outside of that of the table of files. */
	strscpy_pad(seal->comm, current->comm, sizeof(seal->comm));
	if (!member)
		return;
	member->opens++;
	bindery_member_changed(member);
}

static void tell_opened(struct bindery_seal *seal, unsigned int files)
{
	struct bindery_member *member = member_of(seal);

	note_opener(seal);
	trace_bindery_vfio(seal->pdev, "open", seal->group, files);
	if (member)
		bindery_event_vfio(member, BINDERY_EVENT_TYPE_VFIO_OPENED, 0,
				   files);
}

/* Under VFIO's lock of the group's devices; the device may be open or not. */
static int ask(struct bindery_seal *seal)
{
	bool holder = is_holder(group_of(seal));
	int ret;

	guard(bindery_state)();
	ret = pass(seal, holder);
	if (!ret && seal->opened)
		tell_opened(seal, READ_ONCE(*seal->files) + 1);
	return ret;
}

static int open(struct bindery_seal *seal)
{
	bool holder = is_holder(group_of(seal));
	int ret;

	guard(bindery_state)();
	ret = pass(seal, holder);
	if (!ret)
		list_add(&seal->node, &opened);
	return ret;
}

static void has_opened(struct bindery_seal *seal)
{
	guard(bindery_state)();
	seal->opened = true;
	tell_opened(seal, 1);
}

static void tell_closed(struct bindery_seal *seal)
{
	struct bindery_member *member = member_of(seal);

	bindery_state_assert();
	trace_bindery_vfio(seal->pdev, "close", seal->group, 0);
	if (!member)
		return;
	member->closes++;
	bindery_member_changed(member);
	bindery_event_vfio(member, BINDERY_EVENT_TYPE_VFIO_CLOSED, 0, 0);
}

static void close(struct bindery_seal *seal)
{
	struct bindery_group *group;

	guard(bindery_state)();
	list_del_init(&seal->node);
	if (seal->opened)
		tell_closed(seal);
	seal->opened = false;
	put_pid(seal->opener);
	seal->opener = NULL;
	num_closes++;
	group = xa_load(&bindery_groups, seal->group);
	if (group)
		bindery_group_closed(group);
	wake_up_all(&bindery_wait);
}

const struct bindery_seal_ops bindery_seal_ops = {
	.ask = ask,
	.open = open,
	.opened = has_opened,
	.close = close,
};
EXPORT_SYMBOL_GPL(bindery_seal_ops);
