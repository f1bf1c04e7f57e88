// SPDX-License-Identifier: GPL-2.0-only
/*
 * The worker's side of a transaction, whose groups are BINDING: have everything
 * moved, and commit that, or undo all of it.
 */
#include <linux/module.h>
#include <linux/slab.h>

#include "bindery_private.h"
#include "trace.h"

static void txn_free(struct kref *ref)
{
	struct bindery_txn *txn = container_of(ref, struct bindery_txn, ref);

	scoped_guard(bindery_state)
		bindery_delegation_end_txn(txn);
	bindery_plan_put(txn->plan);
	bindery_batch_put(txn->batch);
	bindery_claim_put(txn->claim);
	bindery_failure_clear(&txn->failure);
	kfree(txn);
}

void bindery_txn_get(struct bindery_txn *txn)
{
	kref_get(&txn->ref);
}

void bindery_txn_put(struct bindery_txn *txn)
{
	kref_put(&txn->ref, txn_free);
}

/* Not a group that others hold too, which is joined as it is. */
bool bindery_txn_owns(const struct bindery_txn *txn,
		      const struct bindery_member *member)
{
	return READ_ONCE(member->group->txn) == txn;
}

int bindery_txn_fail_late(struct bindery_txn *txn,
			  struct bindery_member *member)
{
	if (!member)
		return bindery_fail(&txn->failure, BINDERY_ERROR_DEADLINE,
				    txn->step, 0);
	return bindery_fail_member(&txn->failure, BINDERY_ERROR_DEADLINE,
				   txn->step, 0, member);
}

/*
 * The last look, which nobody can come behind: a driver is gone from the device
 * before the notifier hears of it, and then finds the group held.
 */
static int check_whole(struct bindery_txn *txn)
{
	struct bindery_group *group;
	unsigned int i;

	bindery_state_assert();
	for (i = 0; i < txn->plan->num_groups; i++) {
		group = txn->plan->groups[i];
		if (bindery_group_is_whole(group) &&
		    (group->intact || group->txn == txn))
			continue;
		return bindery_fail_group(&txn->failure, BINDERY_ERROR_CHANGED,
					  txn->step, group->id);
	}
	return 0;
}

/* Nobody has gone since the last look. */
static int check_present(struct bindery_txn *txn)
{
	struct bindery_member *member;
	unsigned int i;

	bindery_state_assert();
	for (i = 0; i < txn->plan->num_members; i++) {
		member = txn->plan->members[i];
		if (bindery_txn_owns(txn, member) && member->removed)
			return bindery_fail_member(&txn->failure,
						   BINDERY_ERROR_REMOVED,
						   txn->step, 0, member);
	}
	return 0;
}

static void begin_assignments(struct bindery_txn *txn)
{
	struct bindery_member *member;
	unsigned int i;

	bindery_state_assert();
	for (i = 0; i < txn->plan->num_members; i++) {
		member = txn->plan->members[i];
		if (!bindery_txn_owns(txn, member) || !member->target)
			continue;
		bindery_member_assign(member);
		bindery_adopt_native(member);
	}
}

static void hold(struct bindery_txn *txn, struct bindery_group *group)
{
	if (group->txn != txn)
		return;
	group->txn = NULL;
	group->intact = true;
	group->restore_ms = txn->claim->deadline_ms;
	bindery_group_set_state(group, BINDERY_GROUP_HELD);
	bindery_group_settle(group, NULL);
}

/* From here the claim holds the groups, and the plan is the claim's. */
static int commit(struct bindery_txn *txn)
{
	struct bindery_claim *claim = txn->claim;
	unsigned int i;
	int ret;

	guard(bindery_state)();
	if (txn->abort)
		return bindery_txn_fail_late(txn, NULL);
	ret = check_present(txn);
	ret = ret ?: check_whole(txn);
	if (ret)
		return ret;
	begin_assignments(txn);
	swap(claim->plan, txn->plan);
	claim->state = CLAIM_LIVE;
	for (i = 0; i < claim->plan->num_groups; i++)
		hold(txn, claim->plan->groups[i]);
	txn->committed = true;
	bindery_event_commit(txn);
	bindery_event_claim(claim, BINDERY_EVENT_TYPE_CLAIM);
	return 0;
}

/* What changed in the last moment may be a device that goes. */
static void name_removed(struct bindery_txn *txn)
{
	struct bindery_member *member;
	unsigned int i;

	if (txn->failure.record.out_code != BINDERY_ERROR_CHANGED)
		return;
	for (i = 0; i < txn->plan->num_members; i++) {
		member = txn->plan->members[i];
		if (!bindery_txn_owns(txn, member) || !member->target ||
		    READ_ONCE(member->dev->driver) == member->target->drv ||
		    txn->step < BINDERY_STEP_VERIFY ||
		    !bindery_member_goes(member, -ENODEV))
			continue;
		bindery_failure_clear(&txn->failure);
		bindery_fail_member(&txn->failure, BINDERY_ERROR_REMOVED,
				    txn->step, 0, member);
		return;
	}
}

/* From here on the failure is what a caller is told who waits no longer. */
static void give_up(struct bindery_txn *txn)
{
	name_removed(txn);
	guard(bindery_state)();
	txn->at = NULL;
	txn->failed = true;
	bindery_event_rollback(txn);
}

/* Unless it goes back to being a reservation the claim lets go at once. */
static void let_go(struct bindery_txn *txn, struct list_head *members)
{
	struct bindery_claim *claim = txn->claim;

	guard(bindery_state)();
	if (txn->keep_reserved && !txn->end_claim)
		return;
	if (txn->flags & BINDERY_ACQUIRE_NOWAIT)
		bindery_failure_copy(&claim->failure, &txn->failure);
	bindery_claim_drop_holds(claim, members, false);
	claim->state = txn->abort ? CLAIM_ENDED : CLAIM_FAILED;
	bindery_claim_stop_keeping(claim);
}

static bool is_rolled_back(struct bindery_claim *claim)
{
	guard(bindery_state)();
	return !claim->restoring;
}

static bool is_at_rest(struct bindery_group *group)
{
	guard(bindery_state)();
	return group->state == BINDERY_GROUP_FREE ||
	       group->state == BINDERY_GROUP_RESERVED ||
	       group->state == BINDERY_GROUP_GONE;
}

/* All groups side by side; one that has to wait goes on by itself. */
static void roll_back(struct bindery_txn *txn)
{
	struct bindery_plan *plan = txn->plan;
	struct bindery_claim *claim = txn->claim;
	unsigned int i;

	for (i = 0; i < plan->num_groups; i++)
		if (plan->groups[i]->txn == txn)
			bindery_group_roll_back(plan->groups[i], claim,
						claim->deadline_ms);
	wait_event_idle(bindery_wait, is_rolled_back(claim));
	for (i = 0; i < plan->num_groups; i++)
		if (!claim->holds[i].joined && !is_at_rest(plan->groups[i]))
			txn->failure.record.out_flags |=
				BINDERY_ERROR_INCOMPLETE;
}

static void end(struct bindery_txn *txn, struct list_head *members)
{
	struct bindery_claim *claim = txn->claim;

	guard(bindery_state)();
	claim->txn = NULL;
	if (claim->state == CLAIM_BINDING) {
		claim->state = CLAIM_RESERVED;
		if (txn->flags & BINDERY_ACQUIRE_NOWAIT)
			bindery_failure_copy(&claim->failure, &txn->failure);
		/* a reservation is not kept */
		if (txn->end_claim || !claim->files)
			bindery_claim_end_locked(claim, members);
	} else if (claim->releasing || txn->end_claim) {
		/* a RELEASE waits for more than the one pass of a rollback */
		bindery_claim_await_restore(claim);
	}
	if (claim->failure.record.out_code)
		claim->failure.record.out_flags |=
			txn->failure.record.out_flags;
	bindery_delegation_end_txn(txn);
	txn->done = true;
	bindery_claim_changed(claim);
	wake_up_all(&bindery_wait);
}

static void txn_work(struct work_struct *work)
{
	struct bindery_txn *txn = container_of(work, struct bindery_txn, work);
	LIST_HEAD(members);
	int ret;

	kcov_remote_start_common(txn->batch->kcov_handle);
	trace_bindery_txn(txn, "begin", 0);
	bindery_event_txn_begin(txn);
	ret = bindery_txn_move(txn);
	trace_bindery_txn(txn, ret ? "rollback" : "commit", ret);
	ret = ret ?: commit(txn);
	if (ret) {
		give_up(txn);
		let_go(txn, &members);
		roll_back(txn);
	}
	trace_bindery_txn(txn, "end", ret);
	end(txn, &members);
	bindery_members_drop(&members);
	kcov_remote_stop();
	bindery_txn_put(txn);
	module_put(THIS_MODULE);
}

struct bindery_txn *bindery_txn_new(struct bindery_claim *claim,
				    unsigned long deadline)
{
	struct bindery_txn *txn = kzalloc(sizeof(*txn), GFP_KERNEL_ACCOUNT);

	if (!txn)
		return NULL;
	txn->batch = bindery_batch_new();
	if (!txn->batch) {
		kfree(txn);
		return NULL;
	}
	kref_init(&txn->ref);
	INIT_WORK(&txn->work, txn_work);
	txn->deadline = deadline;
	bindery_claim_get(claim);
	txn->claim = claim;
	txn->request = claim->request;
	txn->flags = claim->request->flags;
	return txn;
}

/* Have a worker run it, which has a reference of its own. */
void bindery_txn_start(struct bindery_txn *txn)
{
	__module_get(THIS_MODULE);
	bindery_txn_get(txn);
	queue_work(bindery_txn_wq, &txn->work);
}
