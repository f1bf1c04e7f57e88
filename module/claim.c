// SPDX-License-Identifier: GPL-2.0-only
/* A claim's life. Its last file closed, its groups are restored, or kept. */
#include <linux/module.h>
#include <linux/pid.h>
#include <linux/slab.h>

#include "bindery_private.h"

/* State lock: every claim that holds a group, in the order of their numbers. */
static LIST_HEAD(claims);
static u64 newest_claim;

static u32 claim_flags(const struct bindery_request *request)
{
	u32 flags = 0;

	if (request->flags & BINDERY_ACQUIRE_SHARED)
		flags |= BINDERY_CLAIM_SHARED;
	if (request->flags & BINDERY_ACQUIRE_KEEP)
		flags |= BINDERY_CLAIM_KEEP;
	if (request->flags & BINDERY_ACQUIRE_REPAIR)
		flags |= BINDERY_CLAIM_REPAIR;
	if (request->adopt)
		flags |= BINDERY_CLAIM_ADOPTED;
	if (request->flags & BINDERY_ACQUIRE_SEALED)
		flags |= BINDERY_CLAIM_SEALED;
	if (request->flags & BINDERY_ACQUIRE_HOLDERS_ONLY)
		flags |= BINDERY_CLAIM_HOLDERS_ONLY;
	return flags;
}

struct bindery_claim *bindery_claim_new(struct bindery_request *request,
					unsigned int deadline_ms)
{
	struct bindery_claim *claim;

	claim = kzalloc(sizeof(*claim), GFP_KERNEL_ACCOUNT);
	if (!claim)
		return NULL;
	claim->holds = kvcalloc(request->num_devices, sizeof(*claim->holds),
				GFP_KERNEL_ACCOUNT);
	if (!claim->holds) {
		kfree(claim);
		return NULL;
	}
	kref_init(&claim->ref);
	INIT_LIST_HEAD(&claim->node);
	init_waitqueue_head(&claim->poll);
	uuid_gen(&claim->id);
	claim->holder = get_task_pid(current, PIDTYPE_TGID);
	get_task_comm(claim->comm, current);
	strscpy_pad(claim->label, request->label, sizeof(claim->label));
	bindery_request_get(request);
	claim->request = request;
	claim->deadline_ms = deadline_ms;
	claim->flags = claim_flags(request);
	return claim;
}

static void free_work(struct work_struct *work)
{
	struct bindery_claim *claim =
		container_of(work, struct bindery_claim, free);

	if (claim->plan)
		bindery_plan_put(claim->plan);
	bindery_failure_clear(&claim->failure);
	bindery_delegation_put(claim->delegation);
	bindery_request_put(claim->request);
	put_pid(claim->holder);
	kvfree(claim->holds);
	kfree(claim);
}

/* The last reference may go under the state lock. */
static void claim_free(struct kref *ref)
{
	struct bindery_claim *claim =
		container_of(ref, struct bindery_claim, ref);

	INIT_WORK(&claim->free, free_work);
	queue_work(bindery_txn_wq, &claim->free);
}

void bindery_claim_get(struct bindery_claim *claim)
{
	kref_get(&claim->ref);
}

void bindery_claim_put(struct bindery_claim *claim)
{
	kref_put(&claim->ref, claim_free);
}

/* It holds the groups of this plan from now on, and can be found. */
void bindery_claim_publish(struct bindery_claim *claim,
			   struct bindery_plan *plan)
{
	unsigned int i;

	bindery_state_assert();
	for (i = 0; i < plan->num_groups; i++)
		claim->holds[i].claim = claim;
	bindery_plan_get(plan);
	claim->plan = plan;
	claim->number = ++newest_claim;
	list_add_tail(&claim->node, &claims);
	if (claim->delegation)
		claim->delegation->num_claims++;
	bindery_claim_changed(claim);
}

/* With a reference, or NULL. */
struct bindery_claim *bindery_claim_find(const u8 *id)
{
	struct bindery_claim *claim;

	guard(bindery_state)();
	list_for_each_entry(claim, &claims, node) {
		if (memcmp(&claim->id, id, sizeof(claim->id)))
			continue;
		bindery_claim_get(claim);
		return claim;
	}
	return NULL;
}

/* The first after that number, of that id if it is not NULL; or NULL. */
struct bindery_claim *bindery_claim_after(u64 number, const u8 *id)
{
	struct bindery_claim *claim;

	bindery_state_assert();
	list_for_each_entry(claim, &claims, node)
		if (claim->number > number &&
		    (!id || !memcmp(&claim->id, id, sizeof(claim->id))))
			return claim;
	return NULL;
}

u32 bindery_claim_all_flags(const struct bindery_claim *claim)
{
	bindery_state_assert();
	return claim->flags | (claim->files ? 0 : BINDERY_CLAIM_CLOSED);
}

u64 bindery_claim_generation(const struct bindery_claim *claim)
{
	u64 generation = claim->generation;
	unsigned int i;

	bindery_state_assert();
	for (i = 0; claim->plan && i < claim->plan->num_groups; i++)
		generation = max(generation,
				 claim->plan->groups[i]->generation);
	return generation;
}

/* Its groups as they are now, newcomers included; NULL: no memory. */
struct bindery_plan *bindery_claim_plan(struct bindery_claim *claim)
{
	struct bindery_plan *plan, *current_plan;

	scoped_guard(bindery_state) {
		current_plan = claim->plan;
		bindery_plan_get(current_plan);
	}
	plan = bindery_plan_of_groups(current_plan);
	bindery_plan_put(current_plan);
	return plan;
}

void bindery_members_drop(struct list_head *members)
{
	struct bindery_member *member, *next;

	list_for_each_entry_safe(member, next, members, node) {
		list_del_init(&member->node);
		bindery_member_put(member);
	}
}

/* A group of it is restored, is degraded, or has another claim. */
void bindery_claim_group_done(struct bindery_claim *claim)
{
	bindery_state_assert();
	claim->restoring--;
	wake_up_all(&bindery_wait);
	bindery_claim_put(claim);
}

/* As the claim is to end; with force who has it open is not waited for. */
static void take_over(struct bindery_group *group,
		      const struct bindery_claim *claim)
{
	bindery_state_assert();
	WRITE_ONCE(group->restore_ms, claim->deadline_ms);
	if (!claim->force)
		return;
	WRITE_ONCE(group->force, true);
	if (group->await_close)
		bindery_group_drain(group);
}

/* The claim waits for the restore that begins now, or when a repair is done. */
static void await_restore(struct bindery_claim *claim,
			  struct bindery_group *group)
{
	switch (group->state) {
	case BINDERY_GROUP_HELD:
	case BINDERY_GROUP_KEPT:
	case BINDERY_GROUP_BINDING:
	case BINDERY_GROUP_DRAINING:
	case BINDERY_GROUP_RESTORING:
	case BINDERY_GROUP_STUCK:
		if (group->ending)
			return;
		bindery_claim_get(claim);
		claim->restoring++;
		group->ending = claim;
		WRITE_ONCE(group->force, false);
		take_over(group, claim);
		break;
	default:
		break;
	}
}

/* It waits for all groups that nobody else holds, as they are restored. */
void bindery_claim_await_restore(struct bindery_claim *claim)
{
	struct bindery_plan *plan = claim->plan;
	unsigned int i;

	bindery_state_assert();
	for (i = 0; i < plan->num_groups; i++)
		if (list_empty(&plan->groups[i]->holds))
			await_restore(claim, plan->groups[i]);
}

/* What a group that is free now leaves in the list is the caller's to drop. */
void bindery_claim_drop_holds(struct bindery_claim *claim,
			      struct list_head *members, bool wait)
{
	struct bindery_plan *plan = claim->plan;
	unsigned int i;

	bindery_state_assert();
	list_del_init(&claim->node);
	if (claim->delegation)
		claim->delegation->num_claims--;
	for (i = 0; i < plan->num_groups; i++) {
		list_del(&claim->holds[i].node);
		bindery_group_update_gate(plan->groups[i]);
	}
	if (wait)
		bindery_claim_await_restore(claim);
	for (i = 0; i < plan->num_groups; i++)
		bindery_group_settle(plan->groups[i], members);
	bindery_claim_changed(claim);
}

/* Nothing keeps a claim alive that has no file, unless it is kept. */
void bindery_claim_stop_keeping(struct bindery_claim *claim)
{
	bindery_state_assert();
	if (!claim->kept)
		return;
	claim->kept = false;
	bindery_claim_put(claim);
	module_put(THIS_MODULE);
}

void bindery_claim_end_locked(struct bindery_claim *claim,
			      struct list_head *members)
{
	bindery_state_assert();
	switch (claim->state) {
	case CLAIM_BINDING:
		/* its worker rolls back, at its next safe point */
		claim->txn->abort = true;
		claim->txn->end_claim = true;
		bindery_claim_changed(claim);
		wake_up_all(&bindery_wait);
		break;
	case CLAIM_RESERVED:
	case CLAIM_LIVE:
		claim->state = CLAIM_ENDED;
		bindery_event_claim(claim, BINDERY_EVENT_TYPE_RELEASE);
		bindery_claim_drop_holds(claim, members, true);
		bindery_claim_stop_keeping(claim);
		break;
	case CLAIM_NEW:
		claim->state = CLAIM_ENDED;
		break;
	default:
		break;
	}
}

/*
 * Let all groups go; the restore goes on by itself. May be called by a dying
 * task, and before that task's VFIO files are closed. The caller has a
 * reference to the claim.
 */
void bindery_claim_end(struct bindery_claim *claim)
{
	LIST_HEAD(members);

	scoped_guard(bindery_state)
		bindery_claim_end_locked(claim, &members);
	bindery_members_drop(&members);
}

/* The same for all that were acquired through this. */
void bindery_claims_end(const struct bindery_delegation *delegation)
{
	struct bindery_claim *claim, *next;
	LIST_HEAD(members);

	scoped_guard(bindery_state)
		list_for_each_entry_safe(claim, next, &claims, node)
			if (claim->delegation == delegation)
				bindery_claim_end_locked(claim, &members);
	bindery_members_drop(&members);
}

/* One that others left, or whose devices were bound, since it was looked at. */
static bool has_unseen(struct bindery_claim *claim)
{
	unsigned int i;

	bindery_state_assert();
	for (i = 0; i < claim->plan->num_groups; i++)
		if (!claim->holds[i].looked &&
		    bindery_group_is_alone_with(claim->plan->groups[i], claim))
			return true;
	return false;
}

/* Their restore has begun already: by REVOKE, or in a rollback. */
static void take_over_begun(struct bindery_claim *claim)
{
	unsigned int i;

	bindery_state_assert();
	for (i = 0; i < claim->plan->num_groups; i++)
		if (claim->plan->groups[i]->ending == claim)
			take_over(claim->plan->groups[i], claim);
}

/* A transaction may have found its members since, or one has come. */
static bool has_newer(struct bindery_claim *claim, u64 newest)
{
	struct bindery_member *member;
	unsigned int i;

	bindery_state_assert();
	for (i = 0; i < claim->plan->num_groups; i++)
		list_for_each_entry(member, &claim->plan->groups[i]->members,
				    node)
			if (member->number > newest)
				return true;
	return false;
}

static int check_end(struct bindery_claim *claim,
		     const struct bindery_releasing *how, u64 newest,
		     bool in_use)
{
	bindery_state_assert();
	if (how->only_closed && claim->files)
		return -EBUSY;
	if (has_newer(claim, newest))
		return -EAGAIN;
	if (in_use || how->flags & BINDERY_RELEASE_FORCE)
		return 0;
	return has_unseen(claim) ? -EAGAIN : 0;
}

/*
 * The same by who has looked for users, and leaves it to one who is in use when
 * that goes. -EBUSY: somebody has opened it meanwhile, and it is to end only if
 * nobody has; then how it was to end is forgotten. -EAGAIN: users have to be
 * looked for again, or there is a member newer than the newest he knows of.
 */
int bindery_claim_end_told(struct bindery_claim *claim,
			   const struct bindery_releasing *how, u64 newest,
			   bool in_use)
{
	LIST_HEAD(members);
	int ret;

	scoped_guard(bindery_state) {
		ret = check_end(claim, how, newest, in_use);
		if (!ret) {
			claim->force = how->flags & BINDERY_RELEASE_FORCE;
			claim->deadline_ms = how->deadline_ms ?:
					     claim->deadline_ms;
			take_over_begun(claim);
			bindery_claim_end_locked(claim, &members);
		}
	}
	bindery_members_drop(&members);
	return ret;
}

static void settle_groups(struct bindery_claim *claim)
{
	unsigned int i;

	for (i = 0; i < claim->plan->num_groups; i++)
		bindery_group_settle(claim->plan->groups[i], NULL);
	bindery_claim_changed(claim);
}

static bool can_be_kept(const struct bindery_claim *claim)
{
	return claim->flags & BINDERY_CLAIM_KEEP &&
	       (claim->state == CLAIM_LIVE || claim->state == CLAIM_BINDING);
}

/* The last file is closed. The file still holds the module. */
void bindery_claim_close(struct bindery_claim *claim)
{
	LIST_HEAD(members);

	scoped_guard(bindery_state) {
		if (--claim->files)
			break;
		if (!can_be_kept(claim)) {
			bindery_claim_end_locked(claim, &members);
			break;
		}
		bindery_claim_get(claim);
		__module_get(THIS_MODULE);
		claim->kept = true;
		settle_groups(claim);
	}
	bindery_members_drop(&members);
}

/* False: it has ended. */
bool bindery_claim_open(struct bindery_claim *claim)
{
	guard(bindery_state)();
	if (claim->state == CLAIM_FAILED || claim->state == CLAIM_ENDED)
		return false;
	claim->files++;
	bindery_claim_stop_keeping(claim);
	if (!claim->plan)
		return true;
	settle_groups(claim);
	bindery_event_claim(claim, BINDERY_EVENT_TYPE_CLAIM);
	return true;
}

/* All of it is restored, as far as that can be said, and no worker is at it. */
bool bindery_claim_is_over(struct bindery_claim *claim)
{
	guard(bindery_state)();
	return !claim->restoring && !claim->txn;
}

/* VFIO users have what is not restored yet: it will be when they have closed. */
bool bindery_claim_is_deferred(struct bindery_claim *claim)
{
	struct bindery_group *group;
	unsigned int i;

	guard(bindery_state)();
	if (claim->txn || !claim->restoring)
		return false;
	for (i = 0; i < claim->plan->num_groups; i++) {
		group = claim->plan->groups[i];
		if (group->ending == claim &&
		    (group->state != BINDERY_GROUP_DRAINING || !group->in_use))
			return false;
	}
	return true;
}
