// SPDX-License-Identifier: GPL-2.0-only
/* ADOPT: a claim on what is on VFIO already, and what to make of it later. */
#include <linux/slab.h>

#include "bindery_private.h"

static int copy_name(const char **to, const char *from)
{
	*to = from[0] ? kstrdup(from, GFP_KERNEL_ACCOUNT) : NULL;
	return from[0] && !*to ? -ENOMEM : 0;
}

/* What is there now is what a release has to find, to undo it. */
static int take_native(struct bindery_member *member,
		       const struct bindery_ioc_native *told)
{
	struct bindery_native *native = &member->native;
	int ret;

	member->adopted_override = native->override;
	kfree(native->driver);
	kfree(native->module);
	native->driver = NULL;
	native->module = NULL;
	native->override = NULL;
	ret = copy_name(&native->driver, told->driver);
	ret = ret ?: copy_name(&native->module, told->module);
	ret = ret ?: copy_name(&native->override, told->override);
	member->adopted = !ret;
	return ret;
}

/* Once all is validated: all that needs memory, and changes no device. */
int bindery_adopt_prepare(struct bindery_txn *txn)
{
	const struct bindery_request *request = txn->request;
	struct bindery_plan *plan = txn->plan;
	struct bindery_member *member;
	unsigned int i;
	int ret = 0;

	for (i = 0; request->natives && !ret && i < plan->num_members; i++) {
		member = plan->members[i];
		/* what others hold is theirs to restore */
		if (READ_ONCE(member->group->txn) != txn)
			continue;
		if (member->entry < 0 || member->role != BINDERY_ROLE_PREBOUND ||
		    !(request->natives[member->entry].flags &
		      BINDERY_NATIVE_RESTORE))
			continue;
		ret = take_native(member, &request->natives[member->entry]);
	}
	return ret;
}

/* From the commit on, as if we had moved it there. */
void bindery_adopt_native(struct bindery_member *member)
{
	if (!member->adopted)
		return;
	member->our_override = member->adopted_override;
	member->did = BINDERY_DID_OVERRIDE | BINDERY_DID_BIND;
	if (member->native.driver)
		member->did |= BINDERY_DID_UNBIND;
}

static bool holds_all(struct bindery_claim *claim, struct bindery_plan *plan)
{
	struct bindery_group *group;
	unsigned int i;

	bindery_state_assert();
	for (i = 0; i < plan->num_groups; i++) {
		group = xa_load(&bindery_groups, plan->groups[i]->id);
		if (!group || bindery_group_holder(group) != claim)
			return false;
	}
	return true;
}

/* The kept claim on all groups of the plan, with a reference, or NULL. */
struct bindery_claim *bindery_adopt_kept(struct bindery_plan *plan)
{
	struct bindery_group *group;
	struct bindery_claim *claim;

	guard(bindery_state)();
	group = xa_load(&bindery_groups, plan->groups[0]->id);
	claim = group ? bindery_group_holder(group) : NULL;
	if (!claim || !claim->kept || !holds_all(claim, plan))
		return NULL;
	bindery_claim_get(claim);
	return claim;
}
