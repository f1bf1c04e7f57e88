// SPDX-License-Identifier: GPL-2.0-only
/* Roles and blockers of a plan's members. CHECK is exactly this. */
#include <linux/slab.h>

#include "bindery_private.h"

/* Others hold it, and it is joined as it is. */
static bool is_settled(const struct bindery_group *group)
{
	return group->join ||
	       (READ_ONCE(group->state) != BINDERY_GROUP_FREE &&
		!READ_ONCE(group->txn));
}

/* A target is shared by all members of a plan that go to it. */
static struct bindery_target *find_target(struct bindery_plan *plan,
					  const char *name)
{
	struct bindery_target *target;
	unsigned int i;

	for (i = 0; i < plan->num_members; i++) {
		target = plan->members[i]->target;
		if (target && !strcmp(target->name, name))
			return target;
	}
	return NULL;
}

static int set_target(struct bindery_plan *plan, struct bindery_member *member,
		      const char *name, const char *module)
{
	struct bindery_target *target = find_target(plan, name);

	if (target)
		bindery_target_get(target);
	else
		target = bindery_target_new(name, module);
	member->target = target;
	return target ? 0 : -ENOMEM;
}

/* What keeps a member from being moved to its target. */
static u32 target_blocker(struct bindery_member *member)
{
	u32 blocker = bindery_target_blocker(member->target->name,
					     member->pdev);

	member->target_absent = blocker == BINDERY_ERROR_NO_TARGET;
	if (blocker && !member->target_absent)
		return blocker;
	if (!member->has_iommu)
		return BINDERY_ERROR_NO_IOMMU;
	if (bindery_member_is_sealed(member))
		return bindery_seal_blocker(member->pdev);
	return BINDERY_ERROR_NONE;
}

static void plan_move(struct bindery_member *member, u32 role)
{
	const char *driver = member->native.driver;

	member->blocker = member->blocker ?: target_blocker(member);
	if (member->blocker)
		return;
	if (driver && !strcmp(driver, member->target->name)) {
		member->role = BINDERY_ROLE_PREBOUND;
		if (!member->vfio)
			member->blocker = BINDERY_ERROR_NO_VFIO_DEVICE;
		return;
	}
	if (bindery_pci_num_vf(member->pdev)) {
		member->blocker = BINDERY_ERROR_PF_HAS_VFS;
		return;
	}
	if (member->vfio && (bindery_device_is_open(member->dev) ||
			     bindery_group_has_user(member->group))) {
		member->blocker = BINDERY_ERROR_IN_USE;
		return;
	}
	member->role = role;
	member->action = BINDERY_ACTION_MOVE;
}

static int validate_named(struct bindery_plan *plan,
			  struct bindery_member *member,
			  const struct bindery_request *request)
{
	const struct bindery_ioc_device *entry =
		&request->devices[member->entry];
	int ret;

	if (bindery_member_is_bridge(member)) {
		member->blocker = BINDERY_ERROR_NOT_ENDPOINT;
		return 0;
	}
	ret = set_target(plan, member, entry->target, entry->module);
	if (!ret)
		plan_move(member, BINDERY_ROLE_REQUESTED);
	return ret;
}

/* Never given away; but on a driver that does DMA it is in the way. */
static void exempt(struct bindery_member *member)
{
	member->role = BINDERY_ROLE_EXEMPT;
	if (member->native.driver && !member->managed)
		member->blocker = member->pdev ? BINDERY_ERROR_BRIDGE_DRIVER :
						 BINDERY_ERROR_NON_PCI;
}

static int validate_neighbour(struct bindery_plan *plan,
			      struct bindery_member *member,
			      const struct bindery_request *request)
{
	const char *driver = member->native.driver;
	int ret;

	if (!member->pdev || bindery_member_is_bridge(member)) {
		exempt(member);
		return 0;
	}
	if (!driver) {
		member->role = BINDERY_ROLE_PARKED;
		member->action = BINDERY_ACTION_PARK;
		return 0;
	}
	if (member->managed) {
		member->role = BINDERY_ROLE_EXEMPT;
		return 0;
	}
	if (!(request->flags & BINDERY_ACQUIRE_COMPANIONS)) {
		member->blocker = BINDERY_ERROR_UNDECLARED;
		return 0;
	}
	ret = set_target(plan, member, request->target, request->module);
	if (!ret)
		plan_move(member, BINDERY_ROLE_COMPANION);
	return ret;
}

static int validate_member(struct bindery_plan *plan,
			   struct bindery_member *member,
			   const struct bindery_request *request,
			   unsigned long deadline)
{
	int ret = bindery_member_snapshot(member, deadline);

	if (ret == -ETIMEDOUT) {
		member->blocker = BINDERY_ERROR_LOCKED;
		return 0;
	}
	if (ret)
		return ret;
	if (member->entry >= 0)
		return validate_named(plan, member, request);
	return validate_neighbour(plan, member, request);
}

/* Firmware wants the device to reach that memory always, guest or not. */
static int has_direct_region(struct bindery_group *group)
{
	struct iommu_resv_region *region, *next;
	LIST_HEAD(regions);
	bool found = false;
	int ret;

	ret = iommu_get_group_resv_regions(group->iommu_group, &regions);
	list_for_each_entry_safe(region, next, &regions, list) {
		found = found || region->type == IOMMU_RESV_DIRECT;
		list_del(&region->list);
		kfree(region);
	}
	return ret ?: found;
}

static int validate_regions(struct bindery_plan *plan)
{
	struct bindery_member *member;
	unsigned int i;
	int ret;

	for (i = 0; i < plan->num_members; i++) {
		member = plan->members[i];
		if (member->action != BINDERY_ACTION_MOVE ||
		    is_settled(member->group))
			continue;
		ret = has_direct_region(member->group);
		if (ret < 0)
			return ret;
		if (ret)
			member->blocker = BINDERY_ERROR_RESERVED_REGION;
	}
	return 0;
}

static const char *blocking_driver(const struct bindery_member *member)
{
	switch (member->blocker) {
	case BINDERY_ERROR_TARGET_NOT_VFIO:
	case BINDERY_ERROR_TARGET_MISMATCH:
	case BINDERY_ERROR_NOT_LOADED:
	case BINDERY_ERROR_DENIED:
	case BINDERY_ERROR_OPREGION:
		return member->target->name;
	case BINDERY_ERROR_NOT_SEALED:
		return member->target ? member->target->name :
					member->native.driver;
	default:
		return member->native.driver;
	}
}

/* What was asked for is at fault before what was not. */
static int first_blocker(struct bindery_plan *plan,
			 struct bindery_failure *failure)
{
	struct bindery_member *first = NULL;
	struct bindery_member *member;
	unsigned int i;
	int ret;

	for (i = 0; i < plan->num_members; i++) {
		member = plan->members[i];
		if (!member->blocker)
			continue;
		if (!first || (first->entry < 0 && member->entry >= 0))
			first = member;
	}
	if (!first)
		return 0;
	ret = bindery_fail_member(failure, first->blocker,
				  BINDERY_STEP_VALIDATE, 0, first);
	bindery_failure_driver(failure, blocking_driver(first));
	return ret;
}

/* What comes to its groups later goes to the request's target. */
static int set_group_target(struct bindery_plan *plan,
			    struct bindery_group *group,
			    const struct bindery_request *request)
{
	struct bindery_target *target = find_target(plan, request->target);

	if (target)
		bindery_target_get(target);
	else
		target = bindery_target_new(request->target, request->module);
	group->target = target;
	return target ? 0 : -ENOMEM;
}

static int set_group_targets(struct bindery_plan *plan,
			     const struct bindery_request *request)
{
	unsigned int i;
	int ret = 0;

	for (i = 0; !ret && i < plan->num_groups; i++)
		if (!plan->groups[i]->target)
			ret = set_group_target(plan, plan->groups[i], request);
	return ret;
}

/* Who may open a device can only be told where bindery-vfio is asked. */
static void block_unsealed(struct bindery_plan *plan)
{
	struct bindery_member *member;
	unsigned int i;

	for (i = 0; i < plan->num_members; i++) {
		member = plan->members[i];
		if (member->blocker || is_settled(member->group))
			continue;
		if (member->target ? !bindery_member_is_sealed(member) :
				     member->vfio)
			member->blocker = BINDERY_ERROR_NOT_SEALED;
		else if (bindery_member_is_open(member))
			member->blocker = BINDERY_ERROR_IN_USE;
	}
}

/* Who was delegated rights does not have the one to load a module. */
static void block_absent(struct bindery_plan *plan)
{
	struct bindery_member *member;
	unsigned int i;

	for (i = 0; i < plan->num_members; i++) {
		member = plan->members[i];
		if (member->target_absent && !member->blocker)
			member->blocker = BINDERY_ERROR_NOT_LOADED;
	}
}

static int no_memory(struct bindery_failure *failure)
{
	return bindery_fail(failure, BINDERY_ERROR_NO_MEMORY,
			    BINDERY_STEP_VALIDATE, 0);
}

/* Of the groups that are not joined as they are. */
int bindery_validate(struct bindery_plan *plan,
		     const struct bindery_request *request,
		     unsigned long deadline, struct bindery_failure *failure)
{
	unsigned int i;
	int ret = 0;

	for (i = 0; !ret && i < plan->num_members; i++)
		if (!is_settled(plan->members[i]->group))
			ret = validate_member(plan, plan->members[i], request,
					      deadline);
	ret = ret ?: validate_regions(plan);
	if (request->flags & BINDERY_ACQUIRE_HOLDERS_ONLY)
		block_unsealed(plan);
	if (request->delegated)
		block_absent(plan);
	ret = ret ?: set_group_targets(plan, request);
	if (ret)
		return no_memory(failure);
	return first_blocker(plan, failure);
}

/* Adopted as it is: on a VFIO driver, or none of VFIO's business. */
static int adopt_member(struct bindery_plan *plan,
			struct bindery_member *member,
			unsigned long deadline)
{
	int ret = bindery_member_snapshot(member, deadline);

	if (ret == -ETIMEDOUT) {
		member->blocker = BINDERY_ERROR_LOCKED;
		return 0;
	}
	if (ret)
		return ret;
	if (!member->pdev || bindery_member_is_bridge(member)) {
		if (member->entry >= 0)
			member->blocker = BINDERY_ERROR_NOT_ENDPOINT;
		else
			exempt(member);
		return 0;
	}
	if (!member->vfio || !member->managed) {
		member->blocker = BINDERY_ERROR_NOT_ON_VFIO;
		return 0;
	}
	if (!member->has_iommu) {
		member->blocker = BINDERY_ERROR_NO_IOMMU;
		return 0;
	}
	member->role = BINDERY_ROLE_PREBOUND;
	return set_target(plan, member, member->native.driver,
			  member->native.module ?: member->native.driver);
}

/* Who has just lost its driver may be going; that is waited for once. */
static void name_leavers(struct bindery_plan *plan)
{
	struct bindery_member *member;
	int lost = -ENODEV;
	unsigned int i;

	for (i = 0; i < plan->num_members; i++) {
		member = plan->members[i];
		if (member->blocker != BINDERY_ERROR_NOT_ON_VFIO)
			continue;
		if (bindery_member_goes(member, member->native.driver ? 0 : lost))
			member->blocker = BINDERY_ERROR_REMOVED;
		else if (!member->native.driver)
			lost = 0;
	}
}

int bindery_validate_adopt(struct bindery_plan *plan,
			   const struct bindery_request *request,
			   unsigned long deadline,
			   struct bindery_failure *failure)
{
	unsigned int i;
	int ret = 0;

	for (i = 0; !ret && i < plan->num_members; i++)
		if (!is_settled(plan->members[i]->group))
			ret = adopt_member(plan, plan->members[i], deadline);
	if (!ret)
		name_leavers(plan);
	ret = ret ?: set_group_targets(plan, request);
	if (ret)
		return no_memory(failure);
	return first_blocker(plan, failure);
}
