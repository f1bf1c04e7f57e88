// SPDX-License-Identifier: GPL-2.0-only
/*
 * The steps of a transaction up to its commit: validate again, override,
 * unbind, bind, verify. One that fails leaves it to txn.c to undo them.
 */
#include "bindery_private.h"
#include "trace.h"

/* A safe point: the caller is gone, or the deadline passed. */
static int check_abort(struct bindery_txn *txn)
{
	bool abort;

	scoped_guard(bindery_state)
		abort = txn->abort;
	if (!abort && bindery_remaining(txn->deadline))
		return 0;
	return bindery_txn_fail_late(txn, txn->at);
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
	u32 code = member->result > 0 ? member->result : BINDERY_ERROR_UNBIND;

	return fail_at(txn, code, 0, member, member->native.driver);
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
		if (!bindery_txn_owns(txn, plan->members[i]))
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
		return bindery_txn_fail_late(txn, first_stuck(txn->plan));
	scoped_guard(bindery_state)
		failed = run->chains ? txn->batch->failed : NULL;
	return failed ? fail(txn, failed) : check_abort(txn);
}

static bool has_to_move(struct bindery_txn *txn, struct bindery_member *member)
{
	return bindery_txn_owns(txn, member) &&
	       member->action == BINDERY_ACTION_MOVE;
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
	int ret;

	bindery_group_each(member, group) {
		if (member->role != BINDERY_ROLE_ADDED)
			continue;
		at_member(txn, BINDERY_STEP_VERIFY, member);
		if (bindery_wait_until(has_arrived(member), txn->deadline) <= 0)
			return bindery_txn_fail_late(txn, member);
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
		if (!bindery_txn_owns(txn, member))
			continue;
		if (member->group->departed ||
		    bindery_device_leaves(member->dev))
			return bindery_fail_group(&txn->failure,
						  BINDERY_ERROR_CHANGED,
						  txn->step, member->group->id);
		member->group->published = true;
		WRITE_ONCE(member->validating, true);
		bindery_group_publish(member->group, member);
	}
	return 0;
}

static void validated(struct bindery_plan *plan)
{
	unsigned int i;

	for (i = 0; i < plan->num_members; i++)
		/* pairs with bindery_member_validated() */
		smp_store_release(&plan->members[i]->validating, false);
	wake_up_all(&bindery_wait);
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
	validated(plan);
	at_member(txn, BINDERY_STEP_OVERRIDE, NULL);
	bindery_plan_put(first);
	return ret;
}

int bindery_txn_move(struct bindery_txn *txn)
{
	int ret = prepare(txn);

	ret = ret ?: look_at_all(txn, BINDERY_STEP_OVERRIDE, park);
	ret = ret ?: unbind_all(txn);
	ret = ret ?: bind_all(txn);
	return ret ?: verify_all(txn);
}
