// SPDX-License-Identifier: GPL-2.0-only
/* From devices to the IOMMU groups they are in and all members of those. */
#include <linux/slab.h>
#include <linux/sort.h>

#include "bindery_private.h"

static struct bindery_plan *plan_new(unsigned int num_groups)
{
	struct bindery_plan *plan;

	plan = kzalloc(sizeof(*plan), GFP_KERNEL_ACCOUNT);
	if (!plan)
		return NULL;
	kref_init(&plan->ref);
	plan->groups = kvcalloc(num_groups, sizeof(*plan->groups),
				GFP_KERNEL_ACCOUNT);
	if (plan->groups)
		return plan;
	kfree(plan);
	return NULL;
}

static void plan_free(struct kref *ref)
{
	struct bindery_plan *plan = container_of(ref, struct bindery_plan, ref);
	unsigned int i;

	for (i = 0; i < plan->num_members; i++)
		bindery_member_put(plan->members[i]);
	for (i = 0; i < plan->num_groups; i++)
		bindery_group_put(plan->groups[i]);
	kvfree(plan->members);
	kvfree(plan->groups);
	kfree(plan);
}

void bindery_plan_get(struct bindery_plan *plan)
{
	kref_get(&plan->ref);
}

void bindery_plan_put(struct bindery_plan *plan)
{
	if (plan)
		kref_put(&plan->ref, plan_free);
}

static int refuse(struct bindery_failure *failure, u32 code,
		  const struct pci_dev *pdev)
{
	struct bindery_ioc_bdf bdf;

	if (!pdev)
		return bindery_fail(failure, code, BINDERY_STEP_RESOLVE, 0);
	bdf = bindery_pci_address(pdev);
	return bindery_fail_device(failure, code, BINDERY_STEP_RESOLVE, &bdf);
}

/* Of one that is not where it was, if it is still there. */
static int refuse_absent(struct bindery_failure *failure, u32 code,
			 struct pci_dev *pdev)
{
	return refuse(failure, bindery_device_is_gone(&pdev->dev) ?
		      BINDERY_ERROR_REMOVED : code, pdev);
}

/* Add the device's group to the plan, unless it is there. */
static int add_group(struct bindery_plan *plan, struct pci_dev *pdev,
		     struct bindery_failure *failure)
{
	struct iommu_group *iommu_group = bindery_device_group(&pdev->dev);
	struct bindery_group *group;
	unsigned int i;

	if (!iommu_group)
		return refuse_absent(failure, BINDERY_ERROR_NO_GROUP, pdev);
	for (i = plan->num_groups; i--;) {
		if (plan->groups[i]->iommu_group == iommu_group) {
			iommu_group_put(iommu_group);
			return 0;
		}
	}
	group = bindery_group_new(iommu_group);
	if (!group) {
		iommu_group_put(iommu_group);
		return refuse(failure, BINDERY_ERROR_NO_MEMORY, NULL);
	}
	plan->groups[plan->num_groups++] = group;
	return 0;
}

struct collect {
	struct bindery_group *group;
	struct list_head members;
	unsigned int num;
};

/*
 * VFIO without one has groups of its own making, which nobody can own. What an
 * IOMMU has of a device goes when that leaves its group; Linux 6.1 frees it a
 * moment before, but what drives x86's IOMMUs looks at none of it for this.
 */
static bool has_iommu(struct device *dev)
{
	return device_iommu_capable(dev, IOMMU_CAP_CACHE_COHERENCY);
}

/* Under the IOMMU group's mutex: take references, nothing else. */
static int collect_member(struct device *dev, void *data)
{
	struct collect *collect = data;
	struct bindery_member *member;

	member = bindery_member_new(dev, GFP_KERNEL_ACCOUNT);
	if (!member)
		return -ENOMEM;
	member->group = collect->group;
	member->has_iommu = has_iommu(dev);
	list_add_tail(&member->node, &collect->members);
	collect->num++;
	return 0;
}

static int collect_members(struct collect *collect)
{
	return iommu_group_for_each_dev(collect->group->iommu_group, collect,
					collect_member);
}

static int compare_members(const void *a, const void *b)
{
	const struct bindery_member *const *first = a;
	const struct bindery_member *const *second = b;

	if (bindery_member_before(*first, *second))
		return -1;
	return bindery_member_before(*second, *first);
}

static int compare_groups(const void *a, const void *b)
{
	const struct bindery_group *const *first = a;
	const struct bindery_group *const *second = b;

	return (*first)->id < (*second)->id ? -1 : (*first)->id > (*second)->id;
}

static int add_members(struct bindery_plan *plan, struct collect *collect)
{
	struct bindery_member *member, *next;
	struct bindery_member **members;
	unsigned int num = plan->num_members + collect->num;

	members = kvcalloc(num, sizeof(*members), GFP_KERNEL_ACCOUNT);
	if (!members)
		return -ENOMEM;
	memcpy(members, plan->members, plan->num_members * sizeof(*members));
	kvfree(plan->members);
	plan->members = members;
	list_for_each_entry_safe(member, next, &collect->members, node) {
		list_del_init(&member->node);
		plan->members[plan->num_members++] = member;
	}
	return 0;
}

/* All groups are known: take all their members, in order. */
static int take_members(struct bindery_plan *plan)
{
	unsigned int i;
	int ret = 0;

	sort(plan->groups, plan->num_groups, sizeof(*plan->groups),
	     compare_groups, NULL);
	for (i = 0; !ret && i < plan->num_groups; i++) {
		struct collect collect = {
			.group = plan->groups[i],
			.members = LIST_HEAD_INIT(collect.members),
		};

		ret = collect_members(&collect);
		ret = ret ?: add_members(plan, &collect);
		bindery_members_drop(&collect.members);
	}
	if (!ret)
		sort(plan->members, plan->num_members, sizeof(*plan->members),
		     compare_members, NULL);
	return ret;
}

struct bindery_member *bindery_plan_member(struct bindery_plan *plan,
					   const struct device *dev)
{
	unsigned int i;

	for (i = 0; i < plan->num_members; i++)
		if (plan->members[i]->dev == dev)
			return plan->members[i];
	return NULL;
}

static int note_entries(struct bindery_plan *plan, struct pci_dev **pdevs,
			const struct bindery_request *request,
			struct bindery_failure *failure)
{
	struct bindery_member *member;
	unsigned int i;

	for (i = 0; i < request->num_devices; i++) {
		member = bindery_plan_member(plan, &pdevs[i]->dev);
		if (!member)
			return refuse_absent(failure, BINDERY_ERROR_CHANGED,
					     pdevs[i]);
		if (member->entry >= 0)
			return refuse(failure, BINDERY_ERROR_DUPLICATE,
				      pdevs[i]);
		member->entry = i;
	}
	return 0;
}

/* As many as are looked for one by one. */
#define FEW_DEVICES	8

static int find_devices(struct pci_dev **pdevs,
			const struct bindery_request *request,
			struct bindery_failure *failure)
{
	struct xarray index;
	unsigned int i;
	int ret = 0;

	xa_init(&index);
	if (request->num_devices > FEW_DEVICES)
		bindery_address_index(&index);
	for (i = 0; !ret && i < request->num_devices; i++) {
		pdevs[i] = bindery_address_find(&request->devices[i], &index,
						failure);
		ret = PTR_ERR_OR_ZERO(pdevs[i]);
	}
	bindery_address_index_free(&index);
	return ret;
}

static int add_groups(struct bindery_plan *plan, struct pci_dev **pdevs,
		      const struct bindery_request *request,
		      struct bindery_failure *failure)
{
	unsigned int i;
	int ret;

	for (i = 0; i < request->num_devices; i++) {
		ret = add_group(plan, pdevs[i], failure);
		if (ret)
			return ret;
		if (plan->num_groups > 1 &&
		    request->flags & BINDERY_ACQUIRE_SINGLE_GROUP)
			return refuse(failure, BINDERY_ERROR_MIXED_GROUPS,
				      pdevs[i]);
	}
	return 0;
}

/*
 * The same devices again; whether they are still there is seen later. False:
 * a group was joined, whose members tell nothing of this request.
 */
static bool take_devices(struct pci_dev **pdevs, struct bindery_plan *from)
{
	struct bindery_member *member;
	unsigned int i;

	for (i = 0; i < from->num_groups; i++)
		if (from->groups[i]->published)
			return false;
	for (i = 0; i < from->num_members; i++) {
		member = from->members[i];
		if (member->entry >= 0)
			pdevs[member->entry] = pci_dev_get(member->pdev);
	}
	return true;
}

static int resolve(struct bindery_plan *plan, struct bindery_plan *from,
		   struct pci_dev **pdevs,
		   const struct bindery_request *request,
		   struct bindery_failure *failure)
{
	int ret = 0;

	if (!from || !take_devices(pdevs, from))
		ret = find_devices(pdevs, request, failure);
	if (!ret && !from)
		ret = add_groups(plan, pdevs, request, failure);
	if (ret)
		return ret;
	if (take_members(plan))
		return refuse(failure, BINDERY_ERROR_NO_MEMORY, NULL);
	return note_entries(plan, pdevs, request, failure);
}

static void share_groups(struct bindery_plan *plan, struct bindery_plan *from)
{
	for (; plan->num_groups < from->num_groups; plan->num_groups++) {
		plan->groups[plan->num_groups] = from->groups[plan->num_groups];
		bindery_group_get(plan->groups[plan->num_groups]);
	}
}

/*
 * A plan for this request: of the devices and groups of another plan of it, or
 * of what its addresses lead to, with new group objects. On failure too there
 * may be a plan.
 */
int bindery_plan_resolve(struct bindery_plan **plan,
			 struct bindery_plan *groups_of,
			 const struct bindery_request *request,
			 struct bindery_failure *failure)
{
	unsigned int num = request->num_devices;
	struct pci_dev **pdevs;
	unsigned int i;
	int ret;

	pdevs = kvcalloc(num, sizeof(*pdevs), GFP_KERNEL_ACCOUNT);
	*plan = plan_new(groups_of ? groups_of->num_groups : num);
	if (*plan && groups_of)
		share_groups(*plan, groups_of);
	if (pdevs && *plan)
		ret = resolve(*plan, groups_of, pdevs, request, failure);
	else
		ret = refuse(failure, BINDERY_ERROR_NO_MEMORY, NULL);
	for (i = 0; pdevs && i < num && !IS_ERR(pdevs[i]); i++)
		pci_dev_put(pdevs[i]);
	kvfree(pdevs);
	return ret;
}

/* The group's own member for this device, if it has one. */
static struct bindery_member *published(struct bindery_group *group,
					struct bindery_member *fresh)
{
	struct bindery_member *member;

	bindery_state_assert();
	list_for_each_entry(member, &group->members, node) {
		if (member->dev != fresh->dev)
			continue;
		bindery_member_get(member);
		bindery_member_put(fresh);
		return member;
	}
	fresh->group = group;
	return fresh;
}

/* The tracked group instead of the plan's own object, and its members. */
void bindery_plan_join(struct bindery_plan *plan, unsigned int index,
		       struct bindery_group *group)
{
	struct bindery_group *fresh = plan->groups[index];
	unsigned int i;

	bindery_state_assert();
	bindery_group_get(group);
	plan->groups[index] = group;
	for (i = 0; i < plan->num_members; i++)
		if (plan->members[i]->group == fresh)
			plan->members[i] = published(group, plan->members[i]);
	bindery_group_put(fresh);
}

static int resolve_device(struct bindery_plan *plan,
			  const struct bindery_ioc_device *device,
			  struct bindery_failure *failure)
{
	struct pci_dev *pdev = bindery_address_find(device, NULL, failure);
	int ret;

	if (IS_ERR(pdev))
		return PTR_ERR(pdev);
	ret = add_group(plan, pdev, failure);
	pci_dev_put(pdev);
	if (!ret && take_members(plan))
		ret = refuse(failure, BINDERY_ERROR_NO_MEMORY, NULL);
	return ret;
}

/*
 * The plan of one device's group, for looking at it: where the group is
 * tracked, its members know their roles.
 */
int bindery_plan_of_device(struct bindery_plan **plan,
			   const struct bindery_ioc_device *device,
			   struct bindery_failure *failure)
{
	struct bindery_group *group;
	int ret;

	*plan = plan_new(1);
	if (!*plan)
		return refuse(failure, BINDERY_ERROR_NO_MEMORY, NULL);
	ret = resolve_device(*plan, device, failure);
	if (ret) {
		bindery_plan_put(*plan);
		*plan = NULL;
		return ret;
	}
	guard(bindery_state)();
	group = xa_load(&bindery_groups, (*plan)->groups[0]->id);
	if (group)
		bindery_plan_join(*plan, 0, group);
	return 0;
}

static unsigned int count_members(struct bindery_plan *plan)
{
	struct bindery_member *member;
	unsigned int num = 0, i;

	bindery_state_assert();
	for (i = 0; i < plan->num_groups; i++)
		list_for_each_entry(member, &plan->groups[i]->members, node)
			num++;
	return num;
}

u32 bindery_plan_count(const struct bindery_plan *plan,
		       const struct bindery_group *group)
{
	unsigned int i;
	u32 num = 0;

	for (i = 0; i < plan->num_members; i++)
		num += plan->members[i]->group == group;
	return num;
}

static void add_member(struct bindery_plan *plan, struct bindery_member *member)
{
	bindery_member_get(member);
	plan->members[plan->num_members++] = member;
}

/* A group that is not tracked, or only reserved, has those of the old plan. */
static void add_current(struct bindery_plan *plan, struct bindery_plan *from,
			struct bindery_group *group)
{
	struct bindery_member *member;
	unsigned int i;

	bindery_state_assert();
	list_for_each_entry(member, &group->members, node)
		add_member(plan, member);
	for (i = 0; list_empty(&group->members) && i < from->num_members; i++)
		if (from->members[i]->group == group)
			add_member(plan, from->members[i]);
}

/* False: there is not room enough, by so many. */
static bool fill(struct bindery_plan *plan, struct bindery_plan *from,
		 unsigned int room, unsigned int *needed)
{
	unsigned int i;

	guard(bindery_state)();
	*needed = count_members(from) + from->num_members;
	if (*needed > room)
		return false;
	for (i = 0; i < from->num_groups; i++)
		add_current(plan, from, from->groups[i]);
	return true;
}

/* The same groups with the members that they have now. */
struct bindery_plan *bindery_plan_of_groups(struct bindery_plan *from)
{
	struct bindery_plan *plan = plan_new(from->num_groups);
	unsigned int room = 0, needed;

	if (!plan)
		return NULL;
	share_groups(plan, from);
	while (!fill(plan, from, room, &needed)) {
		kvfree(plan->members);
		room = needed;
		plan->members = kvcalloc(room, sizeof(*plan->members),
					 GFP_KERNEL_ACCOUNT);
		if (plan->members)
			continue;
		bindery_plan_put(plan);
		return NULL;
	}
	return plan;
}

static bool is_tracked(struct bindery_group *group, struct device *dev)
{
	struct bindery_member *member;

	guard(bindery_state)();
	list_for_each_entry(member, &group->members, node)
		if (member->dev == dev)
			return true;
	return false;
}

static unsigned int count_present(struct bindery_group *group)
{
	struct bindery_member *member;
	unsigned int num = 0;

	guard(bindery_state)();
	list_for_each_entry(member, &group->members, node)
		num += !member->removed;
	return num;
}

/*
 * All devices of the group are tracked, and all that are tracked are there.
 * -EAGAIN: they are not.
 */
int bindery_group_check_members(struct bindery_group *group)
{
	struct collect collect = {
		.group = group,
		.members = LIST_HEAD_INIT(collect.members),
	};
	struct bindery_member *member;
	unsigned int num = 0;
	int ret = collect_members(&collect);

	list_for_each_entry(member, &collect.members, node) {
		if (is_tracked(group, member->dev))
			num++;
		else if (!bindery_device_is_vf_of_vfio(member->dev))
			ret = ret ?: -EAGAIN;
	}
	if (!ret && num != count_present(group))
		ret = -EAGAIN;
	bindery_members_drop(&collect.members);
	return ret;
}
