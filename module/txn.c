// SPDX-License-Identifier: GPL-2.0-only
/*
 * The worker's side of a transaction, whose groups are BINDING: validate again,
 * override, unbind, bind, verify, and commit, or undo all of it.
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
static bool is_ours(struct bindery_txn *txn, const struct bindery_member *member)
{
	return READ_ONCE(member->group->txn) == txn;
}

static int fail_late(struct bindery_txn *txn, struct bindery_member *member)
{
	if (!member)
		return bindery_fail(&txn->failure, BINDERY_ERROR_DEADLINE,
				    txn->step, 0);
	return bindery_fail_member(&txn->failure, BINDERY_ERROR_DEADLINE,
				   txn->step, 0, member);
}

/* A safe point: the caller is gone, or the deadline passed. */
static int check_abort(struct bindery_txn *txn)
{
	bool abort;

	scoped_guard(bindery_state)
		abort = txn->abort;
	if (!abort && bindery_remaining(txn->deadline))
		return 0;
	return fail_late(txn, txn->at);
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
	bool delegated = txn->request->delegated;
	bool load = !txn->request->adopt && !delegated;
	struct bindery_member *member;
	unsigned int i;

	for (i = 0; i < txn->plan->num_members; i++) {
		member = txn->plan->members[i];
		if (!member->target)
			continue;
		at_member(txn, BINDERY_STEP_TARGET, member);
		if (bindery_target_pin(member->target, load))
			return fail_at(txn, delegated ?
				       BINDERY_ERROR_NOT_LOADED :
				       BINDERY_ERROR_NO_TARGET, 0, member,
				       member->target->name);
	}
	/* Newcomers are parked where there is no such driver. */
	for (i = 0; i < txn->plan->num_groups; i++)
		if (txn->plan->groups[i]->txn == txn)
			bindery_target_pin(txn->plan->groups[i]->target, load);
	return 0;
}

static int park(struct bindery_txn *txn, struct bindery_member *member)
{
	u64 begun_ns = ktime_get_ns();
	int ret;

	if (member->action == BINDERY_ACTION_NONE)
		return 0;
	ret = bindery_member_park(member, txn->deadline);
	trace_bindery_step(member, txn->step, ret);
	scoped_guard(bindery_state)
		bindery_event_step(member, txn->step, ret, begun_ns);
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

static int fail_unbind(struct bindery_txn *txn, struct bindery_member *member)
{
	return fail_at(txn, BINDERY_ERROR_UNBIND, 0, member,
		       member->native.driver);
}

static int fail_bind(struct bindery_txn *txn, struct bindery_member *member)
{
	u32 code = BINDERY_ERROR_BIND;
	int ret = member->result;

	if (bindery_member_goes(member, ret))
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
		if (bindery_member_goes(member, -ENODEV))
			return fail_at(txn, BINDERY_ERROR_REMOVED, 0, member,
				       member->target->name);
		return fail_at(txn, BINDERY_ERROR_BIND, -ENODEV, member,
			       member->target->name);
	}
}

/* One look at each member after another; nothing in it blocks. */
static int look_at_all(struct bindery_txn *txn, u32 step,
		       int (*look)(struct bindery_txn *txn,
				   struct bindery_member *member))
{
	struct bindery_plan *plan = txn->plan;
	unsigned int i;
	int ret;

	for (i = 0; i < plan->num_members; i++) {
		if (!is_ours(txn, plan->members[i]))
			continue;
		at_member(txn, step, plan->members[i]);
		ret = check_abort(txn);
		ret = ret ?: look(txn, plan->members[i]);
		if (ret)
			return ret;
	}
	at_member(txn, step, NULL);
	return 0;
}

static void run_init(struct bindery_run *run, struct bindery_txn *txn, u32 step,
		     int (*call)(struct bindery_member *member))
{
	*run = (struct bindery_run) {
		.batch = txn->batch,
		.step = step,
		.call = call,
		.serial = txn->flags & BINDERY_ACQUIRE_SERIAL,
		.stop_at_failure = true,
	};
	at_member(txn, step, NULL);
}

static struct bindery_member *first_stuck(struct bindery_plan *plan)
{
	unsigned int i;

	guard(bindery_state)();
	for (i = 0; i < plan->num_members; i++)
		if (plan->members[i]->stuck)
			return plan->members[i];
	return NULL;
}

static int run(struct bindery_txn *txn, struct bindery_run *run,
	       int (*fail)(struct bindery_txn *txn,
			   struct bindery_member *member))
{
	struct bindery_member *failed;

	if (!bindery_run_wait(run, txn->deadline))
		return fail_late(txn, first_stuck(txn->plan));
	scoped_guard(bindery_state)
		failed = run->chains ? txn->batch->failed : NULL;
	return failed ? fail(txn, failed) : check_abort(txn);
}

static bool has_to_move(struct bindery_txn *txn, struct bindery_member *member)
{
	return is_ours(txn, member) && member->action == BINDERY_ACTION_MOVE;
}

/* A driver that a VFIO user may be using is left only behind a fence. */
static int fence(struct bindery_txn *txn, struct bindery_member *member)
{
	struct bindery_group *group = member->group;
	int ret;

	if (!has_to_move(txn, member) || !member->vfio || group->fencing)
		return 0;
	ret = bindery_group_fence(group, txn->deadline, false);
	if (ret >= 0)
		return 0;
	return fail_at(txn, ret == -ETIMEDOUT ? BINDERY_ERROR_LOCKED :
		       BINDERY_ERROR_IN_USE, 0, member, member->native.driver);
}

/* While a group is BINDING for us nobody else tries for its fence. */
static void unfence_all(struct bindery_txn *txn)
{
	struct bindery_group *group;
	unsigned int i;

	for (i = 0; i < txn->plan->num_groups; i++) {
		group = txn->plan->groups[i];
		if (group->txn == txn && group->fencing)
			bindery_group_unfence(group);
	}
}

/* Higher functions first: their drivers often lean on the lower ones. */
static int unbind_all(struct bindery_txn *txn)
{
	struct bindery_plan *plan = txn->plan;
	struct bindery_member *member;
	struct bindery_run unbind;
	unsigned int i;
	int ret;

	ret = look_at_all(txn, BINDERY_STEP_UNBIND, fence);
	if (!ret) {
		run_init(&unbind, txn, BINDERY_STEP_UNBIND,
			 bindery_member_unbind);
		for (i = plan->num_members; i--;) {
			member = plan->members[i];
			if (has_to_move(txn, member) && member->native.driver)
				bindery_run_add(&unbind, member);
		}
		ret = run(txn, &unbind, fail_unbind);
	}
	unfence_all(txn);
	return ret;
}

/* The lowest of its group that has to move. */
static bool is_first(struct bindery_txn *txn, unsigned int index)
{
	struct bindery_member *member = txn->plan->members[index];

	while (index--)
		if (txn->plan->members[index]->group == member->group &&
		    has_to_move(txn, txn->plan->members[index]))
			return false;
	return true;
}

/*
 * The first of each group alone: when two devices of a group get their first
 * VFIO probe at once, vfio_create_group() of Linux 6.1 loses a race with itself
 * and warns.
 */
static int bind_some(struct bindery_txn *txn, bool first)
{
	struct bindery_plan *plan = txn->plan;
	struct bindery_run bind;
	bool serial = txn->flags & BINDERY_ACQUIRE_SERIAL;
	unsigned int i;

	run_init(&bind, txn, BINDERY_STEP_BIND, bindery_member_bind);
	for (i = 0; i < plan->num_members; i++)
		if (has_to_move(txn, plan->members[i]) &&
		    (serial || is_first(txn, i) == first))
			bindery_run_add(&bind, plan->members[i]);
	return run(txn, &bind, fail_bind);
}

static int bind_all(struct bindery_txn *txn)
{
	int ret = bind_some(txn, true);

	if (ret || txn->flags & BINDERY_ACQUIRE_SERIAL)
		return ret;
	return bind_some(txn, false);
}

/* A VFIO user must be able to own the group, or be in already. */
static int verify_owner(struct bindery_txn *txn, struct bindery_group *group)
{
	int ret;

	/* An adoption changes nothing, not even for a moment. */
	if (txn->request->adopt)
		return 0;
	ret = bindery_group_try(group, txn->deadline);
	if (!ret || ret == -EPERM)
		return 0;
	return bindery_fail_group(&txn->failure, ret == -ETIMEDOUT ?
				  BINDERY_ERROR_LOCKED :
				  BINDERY_ERROR_NOT_OPENABLE, txn->step,
				  group->id);
}

static bool has_arrived(struct bindery_member *member)
{
	guard(bindery_state)();
	return !member->arriving && (member->bound || member->refused ||
				     member->removed || !member->target);
}

/* A newcomer's first probe is the bus's, and may still be to come. */
static int verify_newcomers(struct bindery_txn *txn,
			    struct bindery_group *group)
{
	struct bindery_member *member;
	int ret;

	bindery_group_each(member, group) {
		if (member->role != BINDERY_ROLE_ADDED)
			continue;
		at_member(txn, BINDERY_STEP_VERIFY, member);
		if (bindery_wait_until(has_arrived(member), txn->deadline) <= 0)
			return fail_late(txn, member);
		if (bindery_member_removed(member))
			continue;
		ret = verify(txn, member);
		if (ret)
			return ret;
	}
	return 0;
}

static int verify_group(struct bindery_txn *txn, struct bindery_group *group)
{
	int ret = verify_newcomers(txn, group);

	ret = ret ?: verify_owner(txn, group);
	if (ret)
		return ret;
	/* Last: a newcomer on a native driver passes for a VFIO user above. */
	ret = bindery_group_check_members(group);
	if (!ret)
		return 0;
	return bindery_fail_group(&txn->failure, ret == -ENOMEM ?
				  BINDERY_ERROR_NO_MEMORY :
				  BINDERY_ERROR_CHANGED, txn->step, group->id);
}

static int verify_all(struct bindery_txn *txn)
{
	unsigned int i;
	int ret;

	ret = look_at_all(txn, BINDERY_STEP_VERIFY, verify);
	for (i = 0; !ret && i < txn->plan->num_groups; i++)
		if (txn->plan->groups[i]->txn == txn)
			ret = verify_group(txn, txn->plan->groups[i]);
	return ret;
}

static int validate(struct bindery_txn *txn)
{
	return txn->request->adopt ?
		bindery_validate_adopt(txn->plan, txn->request, txn->deadline,
				       &txn->failure) :
		bindery_validate(txn->plan, txn->request, txn->deadline,
				 &txn->failure);
}

/* Others see the new plan; a device that went meanwhile is found out now. */
static int publish(struct bindery_txn *txn, struct bindery_plan *plan)
{
	struct bindery_claim *claim = txn->claim;
	struct bindery_member *member;
	unsigned int i;

	guard(bindery_state)();
	txn->plan = plan;
	for (i = 0; i < plan->num_groups; i++)
		if (claim->holds[i].joined)
			bindery_plan_join(plan, i, plan->groups[i]);
	for (i = 0; i < plan->num_members; i++) {
		member = plan->members[i];
		if (!is_ours(txn, member))
			continue;
		if (member->group->departed)
			return bindery_fail_group(&txn->failure,
						  BINDERY_ERROR_CHANGED,
						  txn->step, member->group->id);
		member->group->published = true;
		bindery_group_publish(member->group, member);
	}
	return 0;
}

/*
 * The groups are BINDING, nobody else can begin: take the members anew and
 * validate again. The first plan keeps the targets pinned meanwhile.
 */
static int prepare(struct bindery_txn *txn)
{
	struct bindery_plan *first = txn->plan;
	struct bindery_plan *plan;
	int ret;

	ret = pin_targets(txn);
	ret = ret ?: check_abort(txn);
	at_member(txn, BINDERY_STEP_VALIDATE, NULL);
	if (ret)
		return ret;
	ret = bindery_plan_resolve(&plan, first, txn->request, &txn->failure);
	if (ret) {
		bindery_plan_put(plan);
		return ret;
	}
	ret = publish(txn, plan);
	ret = ret ?: validate(txn);
	ret = ret ?: pin_targets(txn);
	if (!ret && bindery_adopt_prepare(txn))
		ret = bindery_fail(&txn->failure, BINDERY_ERROR_NO_MEMORY,
				   txn->step, 0);
	at_member(txn, BINDERY_STEP_OVERRIDE, NULL);
	bindery_plan_put(first);
	return ret;
}

static int move(struct bindery_txn *txn)
{
	int ret = prepare(txn);

	ret = ret ?: look_at_all(txn, BINDERY_STEP_OVERRIDE, park);
	ret = ret ?: unbind_all(txn);
	ret = ret ?: bind_all(txn);
	return ret ?: verify_all(txn);
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
		if (is_ours(txn, member) && member->removed)
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
		if (!is_ours(txn, member) || !member->target)
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
		return fail_late(txn, NULL);
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
		if (!is_ours(txn, member) || !member->target ||
		    READ_ONCE(member->dev->driver) == member->target->drv ||
		    txn->step < BINDERY_STEP_VERIFY ||
		    !bindery_member_goes(member, -ENODEV))
			continue;
		bindery_failure_clear(&txn->failure);
		fail_at(txn, BINDERY_ERROR_REMOVED, 0, member, NULL);
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
	       group->state == BINDERY_GROUP_RESERVED;
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
	ret = move(txn);
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
