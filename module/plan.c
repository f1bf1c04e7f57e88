// SPDX-License-Identifier: GPL-2.0-only
/* From devices to the IOMMU groups they are in and all members of those. */
#include <linux/slab.h>
#include <linux/sort.h>

#include "bindery_private.h"

static void drop_members(struct bindery_plan *plan)
{
	while (plan->num_members)
		bindery_member_put(plan->members[--plan->num_members]);
}

void bindery_plan_free(struct bindery_plan *plan)
{
	unsigned int i;

	drop_members(plan);
	for (i = 0; i < plan->num_groups; i++)
		bindery_group_put(plan->groups[i]);
	kvfree(plan->members);
	kvfree(plan->groups);
	memset(plan, 0, sizeof(*plan));
}

static int refuse(struct bindery_failure *failure, u32 code,
		  const struct bindery_ioc_bdf *bdf)
{
	int ret = bindery_fail(failure, code, BINDERY_STEP_RESOLVE, 0);

	if (bdf) {
		failure->record.out_device = *bdf;
		failure->record.out_flags |= BINDERY_ERROR_HAS_DEVICE;
	}
	return ret;
}

static struct pci_dev *find_device(const struct bindery_ioc_bdf *bdf)
{
	if (bdf->domain > INT_MAX)
		return NULL;
	return pci_get_domain_bus_and_slot(bdf->domain, bdf->bus,
					   PCI_DEVFN(bdf->slot, bdf->function));
}

/* Add the device's group to the plan, unless it is there. */
static int add_group(struct bindery_plan *plan, struct pci_dev *pdev,
		     const struct bindery_ioc_bdf *bdf,
		     struct bindery_failure *failure)
{
	struct iommu_group *iommu_group = iommu_group_get(&pdev->dev);
	struct bindery_group *group;
	unsigned int i;

	if (!iommu_group)
		return refuse(failure, BINDERY_ERROR_NO_GROUP, bdf);
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

/* Under the IOMMU group's mutex: take references, nothing else. */
static int collect_member(struct device *dev, void *data)
{
	struct collect *collect = data;
	struct bindery_member *member = bindery_member_new(dev);

	if (!member)
		return -ENOMEM;
	member->group = collect->group;
	list_add_tail(&member->node, &collect->members);
	collect->num++;
	return 0;
}

static int collect_members(struct collect *collect)
{
	return iommu_group_for_each_dev(collect->group->iommu_group, collect,
					collect_member);
}

static void drop_collected(struct collect *collect)
{
	struct bindery_member *member, *next;

	list_for_each_entry_safe(member, next, &collect->members, node) {
		list_del_init(&member->node);
		bindery_member_put(member);
	}
}

static int compare_members(const void *a, const void *b)
{
	const struct bindery_member *const *first = a;
	const struct bindery_member *const *second = b;

	if ((*first)->group->id != (*second)->group->id)
		return (*first)->group->id < (*second)->group->id ? -1 : 1;
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
		drop_collected(&collect);
	}
	if (!ret)
		sort(plan->members, plan->num_members, sizeof(*plan->members),
		     compare_members, NULL);
	return ret;
}

static struct bindery_member *find_member(struct bindery_plan *plan,
					  struct device *dev)
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
		const struct bindery_ioc_bdf *bdf = &request->devices[i].bdf;

		member = find_member(plan, &pdevs[i]->dev);
		if (!member)
			return refuse(failure, BINDERY_ERROR_CHANGED, bdf);
		if (member->entry >= 0)
			return refuse(failure, BINDERY_ERROR_DUPLICATE, bdf);
		member->entry = i;
	}
	return 0;
}

static int find_devices(struct pci_dev **pdevs,
			const struct bindery_request *request,
			struct bindery_failure *failure)
{
	unsigned int i;

	for (i = 0; i < request->num_devices; i++) {
		pdevs[i] = find_device(&request->devices[i].bdf);
		if (!pdevs[i])
			return refuse(failure, BINDERY_ERROR_NO_DEVICE,
				      &request->devices[i].bdf);
	}
	return 0;
}

static int add_groups(struct bindery_plan *plan, struct pci_dev **pdevs,
		      const struct bindery_request *request,
		      struct bindery_failure *failure)
{
	const struct bindery_ioc_bdf *bdf;
	unsigned int i;
	int ret;

	for (i = 0; i < request->num_devices; i++) {
		bdf = &request->devices[i].bdf;
		ret = add_group(plan, pdevs[i], bdf, failure);
		if (ret)
			return ret;
		if (plan->num_groups > 1 &&
		    request->flags & BINDERY_ACQUIRE_SINGLE_GROUP)
			return refuse(failure, BINDERY_ERROR_MIXED_GROUPS, bdf);
	}
	return 0;
}

static int resolve(struct bindery_plan *plan, struct pci_dev **pdevs,
		   const struct bindery_request *request,
		   struct bindery_failure *failure)
{
	int ret;

	ret = find_devices(pdevs, request, failure);
	if (!ret && !plan->num_groups)
		ret = add_groups(plan, pdevs, request, failure);
	if (ret)
		return ret;
	if (take_members(plan))
		return refuse(failure, BINDERY_ERROR_NO_MEMORY, NULL);
	return note_entries(plan, pdevs, request, failure);
}

static struct bindery_group **new_groups(unsigned int num)
{
	return kvcalloc(num, sizeof(struct bindery_group *),
			GFP_KERNEL_ACCOUNT);
}

/*
 * Fill a plan; again: the groups stay and their members are taken anew. On
 * failure too the plan is to be freed.
 */
int bindery_plan_resolve(struct bindery_plan *plan,
			 const struct bindery_request *request,
			 struct bindery_failure *failure)
{
	unsigned int num = request->num_devices;
	struct pci_dev **pdevs;
	unsigned int i;
	int ret;

	drop_members(plan);
	pdevs = kvcalloc(num, sizeof(*pdevs), GFP_KERNEL_ACCOUNT);
	if (!plan->groups)
		plan->groups = new_groups(num);
	if (pdevs && plan->groups)
		ret = resolve(plan, pdevs, request, failure);
	else
		ret = refuse(failure, BINDERY_ERROR_NO_MEMORY, NULL);
	for (i = 0; pdevs && i < num; i++)
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

/* Where the group is tracked, its members know their roles. */
static void use_published(struct bindery_plan *plan)
{
	struct bindery_group *fresh = plan->groups[0];
	struct bindery_group *group;
	unsigned int i;

	guard(bindery_state)();
	group = xa_load(&bindery_groups, fresh->id);
	if (!group)
		return;
	bindery_group_get(group);
	plan->groups[0] = group;
	for (i = 0; i < plan->num_members; i++)
		plan->members[i] = published(group, plan->members[i]);
	bindery_group_put(fresh);
}

/* The plan of one device's group, for looking at it. */
int bindery_plan_of_device(struct bindery_plan *plan,
			   const struct bindery_ioc_device *device,
			   struct bindery_failure *failure)
{
	struct pci_dev *pdev __free(pci_dev_put) = find_device(&device->bdf);
	int ret;

	if (!pdev)
		return refuse(failure, BINDERY_ERROR_NO_DEVICE, &device->bdf);
	plan->groups = new_groups(1);
	if (!plan->groups)
		return refuse(failure, BINDERY_ERROR_NO_MEMORY, NULL);
	ret = add_group(plan, pdev, &device->bdf, failure);
	if (ret)
		return ret;
	if (take_members(plan))
		return refuse(failure, BINDERY_ERROR_NO_MEMORY, NULL);
	use_published(plan);
	return 0;
}

static bool same_members(struct bindery_plan *plan, struct bindery_group *group)
{
	struct collect collect = {
		.group = group,
		.members = LIST_HEAD_INIT(collect.members),
	};
	struct bindery_member *member;
	unsigned int num = 0;
	unsigned int i;
	bool same = !collect_members(&collect);

	list_for_each_entry(member, &collect.members, node)
		same = same && find_member(plan, member->dev);
	for (i = 0; i < plan->num_members; i++)
		num += plan->members[i]->group == group;
	same = same && num == collect.num;
	drop_collected(&collect);
	return same;
}

/* Nobody came and nobody went since the plan was made. */
bool bindery_plan_same_members(struct bindery_plan *plan)
{
	unsigned int i;

	for (i = 0; i < plan->num_groups; i++)
		if (!same_members(plan, plan->groups[i]))
			return false;
	return true;
}
