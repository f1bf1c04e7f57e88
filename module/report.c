// SPDX-License-Identifier: GPL-2.0-only
/* Members as a caller sees them. */
#include <linux/freezer.h>
#include <linux/uaccess.h>

#include "bindery_private.h"
#include "compat.h"

int bindery_room_check(struct bindery_room *room,
		       struct bindery_failure *failure)
{
	if (!room->members)
		room->num_members = 0;
	if (!room->num_members)
		return 0;
	if (room->member_size >= sizeof(struct bindery_ioc_member) &&
	    room->member_size <= PAGE_SIZE)
		return 0;
	return bindery_fail(failure, BINDERY_ERROR_ARGUMENT,
			    BINDERY_STEP_REQUEST, 0);
}

static void report_string(struct bindery_ioc_member *out, char *to,
			  const char *from)
{
	if (from && strscpy(to, from, BINDERY_NAME_SIZE) < 0)
		out->out_flags |= BINDERY_MEMBER_TRUNCATED;
}

/* While it is claimed and at rest, the override should be what we left. */
static void look_at_override(struct bindery_member *member, const char *now)
{
	struct bindery_group *group = member->group;
	bool ours;

	scoped_guard(bindery_state)
		ours = member->busy || !group->intact ||
		       (group->state != BINDERY_GROUP_HELD &&
			group->state != BINDERY_GROUP_KEPT);
	if (ours || bindery_member_override_is_ours(member))
		return;
	guard(bindery_state)();
	if (member->tampered_override)
		return;
	member->tampered_override = true;
	bindery_member_changed(member);
	bindery_event_tamper(member, BINDERY_MEMBER_TAMPERED_OVERRIDE, now);
}

static void report_live(struct bindery_ioc_member *out,
			struct bindery_member *member, unsigned long deadline)
{
	struct device *dev = member->dev;

	if (bindery_device_look(dev, deadline)) {
		out->out_flags |= BINDERY_MEMBER_UNKNOWN;
		return;
	}
	if (dev->driver)
		report_string(out, out->out_driver, dev->driver->name);
	if (bindery_device_has_vfio(dev))
		out->out_flags |= BINDERY_MEMBER_VFIO;
	if (member->pdev) {
		bindery_override_lock(dev);
		report_string(out, out->out_override,
			      *bindery_override_string(dev));
		bindery_override_unlock(dev);
		look_at_override(member, out->out_override);
	}
	device_unlock(dev);
}

static void report_pci(struct bindery_ioc_member *out,
		       struct bindery_member *member)
{
	struct pci_dev *pdev = member->pdev;

	out->out_device = member->bdf;
	out->out_class = pdev->class;
	out->out_vendor = pdev->vendor;
	out->out_device_id = pdev->device;
	out->out_subsystem_vendor = pdev->subsystem_vendor;
	out->out_subsystem_device = pdev->subsystem_device;
	out->out_flags |= BINDERY_MEMBER_PCI;
	if (bindery_member_is_bridge(member))
		out->out_flags |= BINDERY_MEMBER_BRIDGE;
	if (bindery_pci_num_vf(pdev))
		out->out_flags |= BINDERY_MEMBER_PF;
	if (bindery_pci_is_vf(pdev))
		out->out_flags |= BINDERY_MEMBER_VF;
}

/* False: a transaction that begins is about to find out what it is. */
bool bindery_member_validated(const struct bindery_member *member)
{
	/* pairs with validated() */
	return !smp_load_acquire(&member->validating);
}

/* Not freezable: netlink holds a lock of its own. */
void bindery_member_await(struct bindery_member *member, unsigned long deadline)
{
	wait_event_killable_timeout(bindery_wait,
				    bindery_member_validated(member),
				    bindery_remaining(deadline));
}

static void report_role(struct bindery_ioc_member *out,
			struct bindery_member *member)
{
	struct bindery_native *native = &member->native;

	if (!bindery_member_validated(member)) {
		out->out_flags |= BINDERY_MEMBER_UNKNOWN;
		return;
	}
	out->out_role = member->role;
	out->out_action = member->action;
	out->out_blocker = member->blocker;
	out->out_errno = -READ_ONCE(member->error);
	if (member->target)
		report_string(out, out->out_target, member->target->name);
	if (member->target_absent)
		out->out_flags |= BINDERY_MEMBER_TARGET_ABSENT;
	if (bindery_member_is_sealed(member))
		out->out_flags |= BINDERY_MEMBER_SEALED;
	if (member->action == BINDERY_ACTION_NONE && !member->adopted)
		return;
	report_string(out, out->out_native_driver, native->driver);
	report_string(out, out->out_native_override, native->override);
}

static void report_flags(struct bindery_ioc_member *out,
			 const struct bindery_member *member)
{
	bindery_state_assert();
	if (member->removed)
		out->out_flags |= BINDERY_MEMBER_REMOVED;
	if (member->stuck)
		out->out_flags |= BINDERY_MEMBER_STUCK;
	if (member->tampered_driver && !member->removed)
		out->out_flags |= BINDERY_MEMBER_TAMPERED_DRIVER;
	if (member->tampered_override)
		out->out_flags |= BINDERY_MEMBER_TAMPERED_OVERRIDE;
	if (member->assigned.users_lost)
		out->out_flags |= BINDERY_MEMBER_USERS_LOST;
}

/* A plan that was only looked at has group objects of its own. */
static void report_state(struct bindery_ioc_member *out,
			 struct bindery_member *member)
{
	struct bindery_group *group;

	out->out_group = member->group->id;
	guard(bindery_state)();
	group = xa_load(&bindery_groups, member->group->id);
	out->out_group_state = group ? group->state : BINDERY_GROUP_FREE;
	if (group)
		out->out_generation = member->generation;
	report_flags(out, member);
	if (bindery_member_validated(member))
		bindery_seal_report(out, member);
	export_uuid(out->out_assignment_id, &member->assigned.id);
	out->out_assignment = member->assigned.state;
	out->out_users = member->assigned.users;
}

/* What cannot be seen by the deadline is UNKNOWN. */
void bindery_member_report(struct bindery_ioc_member *out,
			   struct bindery_member *member,
			   unsigned long deadline)
{
	memset(out, 0, sizeof(*out));
	report_string(out, out->out_name, dev_name(member->dev));
	if (member->pdev)
		report_pci(out, member);
	report_role(out, member);
	report_live(out, member, deadline);
	report_state(out, member);
}

static int members_write(struct bindery_member **members, unsigned int num,
			 const struct bindery_room *room)
{
	unsigned long validated = bindery_look_deadline();
	struct bindery_ioc_member out;
	void __user *to;
	unsigned int i;

	for (i = 0; i < min(num, room->num_members); i++) {
		try_to_freeze();
		bindery_member_await(members[i], validated);
		bindery_member_report(&out, members[i], bindery_look_deadline());
		to = u64_to_user_ptr(room->members + (u64)i * room->member_size);
		if (copy_to_user(to, &out, sizeof(out)) ||
		    clear_user(to + sizeof(out),
			       room->member_size - sizeof(out)))
			return -EFAULT;
	}
	return 0;
}

/* All of a plan's, and how many there are. */
int bindery_plan_write(const struct bindery_plan *plan,
		       const struct bindery_room *room, u32 *num_members,
		       struct bindery_failure *failure)
{
	*num_members = plan->num_members;
	if (!members_write(plan->members, plan->num_members, room))
		return 0;
	return bindery_fail(failure, BINDERY_ERROR_FAULT, BINDERY_STEP_PUBLISH,
			    0);
}
