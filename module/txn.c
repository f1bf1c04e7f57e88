// SPDX-License-Identifier: GPL-2.0-only
/*
 * The worker's side of a transaction, whose groups are BINDING: validate again,
 * override, unbind, bind, verify, and commit, or undo all of it.
 */
#include <linux/delay.h>
#include <linux/module.h>
#include <linux/slab.h>

#include "bindery_private.h"
#include "trace.h"

static void txn_free(struct kref *ref)
{
	struct bindery_txn *txn = container_of(ref, struct bindery_txn, ref);

	bindery_plan_free(&txn->plan);
	bindery_request_free(txn->request);
	if (txn->claim)
		bindery_claim_put(txn->claim);
	bindery_failure_clear(&txn->failure);
	kfree(txn);
}

void bindery_txn_put(struct bindery_txn *txn)
{
	kref_put(&txn->ref, txn_free);
}

/* A safe point: the caller is gone, or the deadline passed. */
static int check_abort(struct bindery_txn *txn)
{
	bool abort;

	scoped_guard(bindery_state)
		abort = txn->abort;
	if (!abort && bindery_remaining(txn->deadline))
		return 0;
	if (txn->at)
		return bindery_fail_member(&txn->failure,
					   BINDERY_ERROR_DEADLINE, txn->step, 0,
					   txn->at);
	return bindery_fail(&txn->failure, BINDERY_ERROR_DEADLINE, txn->step,
			    0);
}

/* Where it is, for who has to name it when the deadline passes. */
static void at_member(struct bindery_txn *txn, u32 step,
		      struct bindery_member *member)
{
	guard(bindery_state)();
	txn->step = step;
	txn->at = member;
}

static int fail_at(struct bindery_txn *txn, u32 code, int err,
		   struct bindery_member *member, const char *driver)
{
	int ret = bindery_fail_member(&txn->failure, code, txn->step, err,
				      member);

	bindery_failure_driver(&txn->failure, driver);
	return ret;
}

static int pin_targets(struct bindery_txn *txn)
{
	struct bindery_member *member;
	unsigned int i;

	for (i = 0; i < txn->plan.num_members; i++) {
		member = txn->plan.members[i];
		if (!member->target)
			continue;
		at_member(txn, BINDERY_STEP_TARGET, member);
		if (bindery_target_pin(member->target))
			return fail_at(txn, BINDERY_ERROR_NO_TARGET, 0, member,
				       member->target->name);
	}
	return 0;
}

static int park(struct bindery_txn *txn, struct bindery_member *member)
{
	int ret;

	if (member->action == BINDERY_ACTION_NONE)
		return 0;
	ret = bindery_member_park(member, txn->deadline);
	trace_bindery_step(member, txn->step, ret);
	switch (ret) {
	case 0:
		return 0;
	case -ETIMEDOUT:
		return fail_at(txn, BINDERY_ERROR_LOCKED, 0, member, NULL);
	case -ENOMEM:
		return fail_at(txn, BINDERY_ERROR_NO_MEMORY, 0, member, NULL);
	case -EAGAIN:
		return fail_at(txn, BINDERY_ERROR_CHANGED, 0, member, NULL);
	default:
		return fail_at(txn, BINDERY_ERROR_OVERRIDE, ret, member, NULL);
	}
}

/* A driver that a VFIO user may be using is left only behind a fence. */
static int unbind(struct bindery_txn *txn, struct bindery_member *member)
{
	int ret = 0;

	if (member->action != BINDERY_ACTION_MOVE || !member->native.driver)
		return 0;
	if (member->vfio)
		ret = bindery_group_fence(member->group, txn->deadline);
	if (ret < 0)
		return fail_at(txn, ret == -ETIMEDOUT ? BINDERY_ERROR_LOCKED :
			       BINDERY_ERROR_IN_USE, 0, member,
			       member->native.driver);
	ret = bindery_member_call(member, txn->step, bindery_member_unbind);
	bindery_group_unfence(member->group);
	if (!ret)
		return 0;
	return fail_at(txn, BINDERY_ERROR_UNBIND, 0, member,
		       member->native.driver);
}

static int bind(struct bindery_txn *txn, struct bindery_member *member)
{
	u32 code = BINDERY_ERROR_BIND;
	int ret;

	if (member->action != BINDERY_ACTION_MOVE)
		return 0;
	ret = bindery_member_call(member, txn->step, bindery_member_bind);
	if (!ret)
		return 0;
	if (bindery_member_removed(member))
		code = BINDERY_ERROR_REMOVED;
	else if (ret > 0)
		code = ret;
	return fail_at(txn, code, code == BINDERY_ERROR_BIND ? ret : 0, member,
		       member->target->name);
}

static int verify(struct bindery_txn *txn, struct bindery_member *member)
{
	switch (bindery_member_verify(member, txn->deadline)) {
	case 0:
		return 0;
	case -ETIMEDOUT:
		return fail_at(txn, BINDERY_ERROR_LOCKED, 0, member, NULL);
	case -EBUSY:
		return fail_at(txn, BINDERY_ERROR_OVERRIDE, 0, member, NULL);
	default:
		return fail_at(txn, BINDERY_ERROR_BIND, -ENODEV, member,
			       member->target->name);
	}
}

/* One step, over all members; backwards: higher functions first. */
static int run_step(struct bindery_txn *txn, u32 step, bool backwards,
		    int (*run)(struct bindery_txn *txn,
			       struct bindery_member *member))
{
	struct bindery_plan *plan = &txn->plan;
	struct bindery_member *member;
	unsigned int i, n;
	int ret;

	for (i = 0; i < plan->num_members; i++) {
		n = backwards ? plan->num_members - 1 - i : i;
		member = plan->members[n];
		at_member(txn, step, member);
		ret = check_abort(txn);
		ret = ret ?: run(txn, member);
		if (ret)
			return ret;
	}
	return 0;
}

#define OWNER_TRIES	5
#define OWNER_PAUSE_MS	10

/* Own the group's DMA once; a reset keeps it from that for a moment. */
static int try_to_own(struct bindery_txn *txn, struct bindery_group *group)
{
	int tries = OWNER_TRIES;
	int ret;

	for (;;) {
		ret = bindery_group_fence(group, txn->deadline);
		bindery_group_unfence(group);
		if (ret != -EBUSY || !--tries)
			return ret;
		msleep(OWNER_PAUSE_MS);
	}
}

/* A VFIO user must be able to own the group, or be in already. */
static int verify_group(struct bindery_txn *txn, struct bindery_group *group)
{
	int ret = try_to_own(txn, group);
	u32 code = BINDERY_ERROR_NOT_OPENABLE;

	if (!ret || ret == -EPERM)
		return 0;
	if (ret == -ETIMEDOUT)
		code = BINDERY_ERROR_LOCKED;
	ret = bindery_fail(&txn->failure, code, txn->step, 0);
	txn->failure.record.out_group = group->id;
	txn->failure.record.out_flags |= BINDERY_ERROR_HAS_GROUP;
	return ret;
}

static int verify_groups(struct bindery_txn *txn)
{
	unsigned int i;
	int ret;

	for (i = 0; i < txn->plan.num_groups; i++) {
		ret = verify_group(txn, txn->plan.groups[i]);
		if (ret)
			return ret;
	}
	/* Last: a newcomer on a native driver passes for a VFIO user above. */
	if (bindery_plan_same_members(&txn->plan))
		return 0;
	return bindery_fail(&txn->failure, BINDERY_ERROR_CHANGED, txn->step, 0);
}

/*
 * The groups are BINDING, nobody else can begin: take the members anew and
 * validate again. The first plan keeps the targets pinned meanwhile.
 */
static int prepare(struct bindery_txn *txn)
{
	struct bindery_plan *plan = &txn->plan;
	struct bindery_plan first = {
		.members = plan->members,
		.num_members = plan->num_members,
	};
	unsigned int i;
	int ret;

	ret = pin_targets(txn);
	ret = ret ?: check_abort(txn);
	at_member(txn, BINDERY_STEP_VALIDATE, NULL);
	if (ret)
		return ret;
	plan->members = NULL;
	plan->num_members = 0;
	ret = bindery_plan_resolve(plan, txn->request, &txn->failure);
	for (i = 0; !ret && i < plan->num_groups; i++)
		if (!bindery_group_publish(plan->groups[i], plan))
			ret = bindery_fail(&txn->failure, BINDERY_ERROR_CHANGED,
					   txn->step, 0);
	ret = ret ?: bindery_validate(plan, txn->request, txn->deadline,
				      &txn->failure);
	ret = ret ?: pin_targets(txn);
	at_member(txn, BINDERY_STEP_OVERRIDE, NULL);
	bindery_plan_free(&first);
	return ret;
}

static int move(struct bindery_txn *txn)
{
	int ret = prepare(txn);

	ret = ret ?: run_step(txn, BINDERY_STEP_OVERRIDE, false, park);
	ret = ret ?: run_step(txn, BINDERY_STEP_UNBIND, true, unbind);
	ret = ret ?: run_step(txn, BINDERY_STEP_BIND, false, bind);
	ret = ret ?: run_step(txn, BINDERY_STEP_VERIFY, false, verify);
	return ret ?: verify_groups(txn);
}

/* From here the claim holds the groups, and the plan is the claim's. */
static int commit(struct bindery_txn *txn)
{
	struct bindery_claim *claim = txn->claim;
	struct bindery_group *group;
	unsigned int i;

	guard(bindery_state)();
	if (txn->abort)
		return bindery_fail(&txn->failure, BINDERY_ERROR_DEADLINE,
				    txn->step, 0);
	swap(claim->plan, txn->plan);
	for (i = 0; i < claim->plan.num_groups; i++) {
		group = claim->plan.groups[i];
		group->claim = claim;
		bindery_group_set_state(group, BINDERY_GROUP_HELD);
	}
	claim->live = true;
	txn->committed = true;
	return 0;
}

static void roll_back(struct bindery_txn *txn)
{
	unsigned int i = txn->plan.num_groups;

	while (i--)
		if (!bindery_group_undo(txn->plan.groups[i]))
			txn->failure.record.out_flags |=
				BINDERY_ERROR_INCOMPLETE;
}

static void txn_work(struct work_struct *work)
{
	struct bindery_txn *txn = container_of(work, struct bindery_txn, work);
	int ret;

	trace_bindery_txn(txn, "begin", 0);
	ret = move(txn);
	trace_bindery_txn(txn, ret ? "rollback" : "commit", ret);
	ret = ret ?: commit(txn);
	at_member(txn, BINDERY_STEP_NONE, NULL);
	if (ret)
		roll_back(txn);
	trace_bindery_txn(txn, "end", ret);
	scoped_guard(bindery_state) {
		txn->done = true;
		wake_up_all(&bindery_wait);
	}
	bindery_txn_put(txn);
	module_put(THIS_MODULE);
}

/* Takes over the request. */
struct bindery_txn *bindery_txn_new(struct bindery_request *request,
				    unsigned long deadline)
{
	struct bindery_txn *txn = kzalloc(sizeof(*txn), GFP_KERNEL_ACCOUNT);

	if (!txn)
		return NULL;
	kref_init(&txn->ref);
	INIT_WORK(&txn->work, txn_work);
	txn->deadline = deadline;
	txn->claim = bindery_claim_new(request->label);
	if (!txn->claim) {
		kfree(txn);
		return NULL;
	}
	txn->request = request;
	return txn;
}

/* Have a worker run it, which has a reference of its own. */
void bindery_txn_start(struct bindery_txn *txn)
{
	__module_get(THIS_MODULE);
	kref_get(&txn->ref);
	queue_work(bindery_txn_wq, &txn->work);
}
