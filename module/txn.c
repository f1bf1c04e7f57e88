// SPDX-License-Identifier: GPL-2.0-only
/*
 * A transaction: validate, reserve the groups, then override, unbind, bind and
 * verify in a worker, and hand the claim to the caller, or undo all of it.
 */
#include <linux/file.h>
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

static void txn_put(struct bindery_txn *txn)
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
	return bindery_fail(&txn->failure, BINDERY_ERROR_DEADLINE, txn->step,
			    0);
}

static void at_member(struct bindery_txn *txn, struct bindery_member *member)
{
	guard(bindery_state)();
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
		at_member(txn, member);
		if (bindery_target_pin(member->target))
			return fail_at(txn, BINDERY_ERROR_NO_TARGET, 0, member,
				       member->target->name);
	}
	return 0;
}

static int set_override(struct bindery_txn *txn, struct bindery_member *member)
{
	int ret;

	if (member->action == BINDERY_ACTION_NONE)
		return 0;
	ret = bindery_member_override(member, txn->deadline);
	trace_bindery_step(member, txn->step, ret);
	switch (ret) {
	case 0:
		return 0;
	case -ETIMEDOUT:
		return fail_at(txn, BINDERY_ERROR_LOCKED, 0, member, NULL);
	case -ENOMEM:
		return fail_at(txn, BINDERY_ERROR_NO_MEMORY, 0, member, NULL);
	default:
		return fail_at(txn, BINDERY_ERROR_OVERRIDE, ret, member, NULL);
	}
}

static int unbind(struct bindery_txn *txn, struct bindery_member *member)
{
	if (member->action != BINDERY_ACTION_MOVE || !member->native.driver)
		return 0;
	bindery_member_call(member, txn->step, bindery_member_unbind);
	return 0;
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
	else if (ret == -ENXIO)
		code = BINDERY_ERROR_NO_VFIO_DEVICE;
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

	txn->step = step;
	for (i = 0; i < plan->num_members; i++) {
		n = backwards ? plan->num_members - 1 - i : i;
		member = plan->members[n];
		ret = check_abort(txn);
		if (ret)
			return ret;
		at_member(txn, member);
		ret = run(txn, member);
		if (ret)
			return ret;
	}
	return 0;
}

/* A VFIO user must be able to own the group, or be in already. */
static int verify_group(struct bindery_txn *txn, struct bindery_group *group)
{
	int ret = bindery_group_fence(group, txn->deadline);
	u32 code = BINDERY_ERROR_NOT_OPENABLE;

	bindery_group_unfence(group);
	if (!ret || ret == -EBUSY)
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

	if (!bindery_plan_same_members(&txn->plan))
		return bindery_fail(&txn->failure, BINDERY_ERROR_CHANGED,
				    txn->step, 0);
	for (i = 0; i < txn->plan.num_groups; i++) {
		ret = verify_group(txn, txn->plan.groups[i]);
		if (ret)
			return ret;
	}
	return 0;
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

	txn->step = BINDERY_STEP_TARGET;
	ret = pin_targets(txn);
	ret = ret ?: check_abort(txn);
	at_member(txn, NULL);
	if (ret)
		return ret;
	plan->members = NULL;
	plan->num_members = 0;
	ret = bindery_plan_resolve(plan, txn->request, &txn->failure);
	for (i = 0; !ret && i < plan->num_groups; i++)
		bindery_group_publish(plan->groups[i], plan);
	ret = ret ?: bindery_validate(plan, txn->request, txn->deadline,
				      &txn->failure);
	ret = ret ?: pin_targets(txn);
	at_member(txn, NULL);
	bindery_plan_free(&first);
	return ret;
}

static int move(struct bindery_txn *txn)
{
	int ret = prepare(txn);

	ret = ret ?: run_step(txn, BINDERY_STEP_OVERRIDE, false, set_override);
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
		bindery_group_undo(txn->plan.groups[i]);
}

static void txn_work(struct work_struct *work)
{
	struct bindery_txn *txn = container_of(work, struct bindery_txn, work);
	int ret;

	trace_bindery_txn(txn, "begin", 0);
	ret = move(txn);
	ret = ret ?: commit(txn);
	at_member(txn, NULL);
	if (ret) {
		trace_bindery_txn(txn, "rollback", ret);
		roll_back(txn);
	}
	scoped_guard(bindery_state) {
		txn->done = true;
		wake_up_all(&bindery_wait);
	}
	trace_bindery_txn(txn, "end", ret);
	txn_put(txn);
	module_put(THIS_MODULE);
}

static struct bindery_txn *txn_new(struct bindery_request *request,
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

/* What a caller is told who waited in vain for a group to become free. */
static int fail_not_free(struct bindery_txn *txn)
{
	struct bindery_failure *failure = &txn->failure;
	u32 code = BINDERY_ERROR_BUSY;
	struct bindery_group *group;
	unsigned int i;
	int ret;

	guard(bindery_state)();
	for (i = 0; i < txn->plan.num_groups; i++) {
		group = xa_load(&bindery_groups, txn->plan.groups[i]->id);
		if (group)
			break;
	}
	if (group && group->state == BINDERY_GROUP_DRAINING)
		code = BINDERY_ERROR_IN_USE;
	ret = bindery_fail(failure, code, BINDERY_STEP_RESERVE, 0);
	if (group) {
		failure->record.out_group = group->id;
		failure->record.out_flags |= BINDERY_ERROR_HAS_GROUP;
	}
	return ret;
}

/* Wait until all groups are free: once to look at them, once to take them. */
static int wait_free(struct bindery_txn *txn,
		     int (*attempt)(const struct bindery_plan *plan,
				    struct bindery_failure *failure))
{
	int ret = 0;
	long left;

	left = bindery_wait_until((ret = attempt(&txn->plan, &txn->failure)) !=
				  -EAGAIN, txn->deadline);
	if (left < 0)
		return left;
	return ret == -EAGAIN ? fail_not_free(txn) : ret;
}

/* In the caller's context, up to the groups being BINDING for it. */
static int reserve(struct bindery_txn *txn)
{
	struct bindery_plan *plan = &txn->plan;
	int ret;

	ret = bindery_plan_resolve(plan, txn->request, &txn->failure);
	if (ret)
		return ret;
	bindery_groups_repair(plan);
	ret = wait_free(txn, bindery_groups_look);
	ret = ret ?: bindery_validate(plan, txn->request, txn->deadline,
				      &txn->failure);
	return ret ?: wait_free(txn, bindery_groups_reserve);
}

static bool is_done(struct bindery_txn *txn)
{
	guard(bindery_state)();
	return txn->done;
}

/* Too late for that, if it has committed: false. */
static bool abort_txn(struct bindery_txn *txn, struct bindery_failure *failure)
{
	guard(bindery_state)();
	if (txn->done || txn->committed)
		return false;
	txn->abort = true;
	if (txn->at)
		bindery_fail_member(failure, BINDERY_ERROR_DEADLINE, txn->step,
				    0, txn->at);
	else
		bindery_fail(failure, BINDERY_ERROR_DEADLINE, txn->step, 0);
	return true;
}

/* Run the worker and wait for it, but not longer than the deadline. */
static int run(struct bindery_txn *txn, struct bindery_failure *failure)
{
	__module_get(THIS_MODULE);
	kref_get(&txn->ref);
	queue_work(bindery_txn_wq, &txn->work);
	if (bindery_wait_until(is_done(txn), txn->deadline) <= 0 &&
	    abort_txn(txn, failure))
		return -ETIMEDOUT;
	wait_event(bindery_wait, is_done(txn));
	bindery_failure_move(failure, &txn->failure);
	return -failure->record.out_errno;
}

static int write_plan(const struct bindery_plan *plan,
		      struct bindery_ioc_acquire *cmd,
		      const struct bindery_room *room,
		      struct bindery_failure *failure)
{
	cmd->num_members = plan->num_members;
	if (!bindery_members_write(plan->members, plan->num_members, room))
		return 0;
	return bindery_fail(failure, BINDERY_ERROR_FAULT, BINDERY_STEP_PUBLISH,
			    0);
}

/* All that can fail after the commit; then the claim ends before we return. */
static int publish(struct bindery_ucmd *ucmd, struct bindery_txn *txn, int fd,
		   const struct bindery_room *room)
{
	struct bindery_ioc_acquire *cmd = ucmd->cmd;
	int ret;

	ret = write_plan(&txn->claim->plan, cmd, room, &ucmd->failure);
	cmd->out_claim_fd = fd;
	ret = ret ?: bindery_ucmd_respond(ucmd);
	if (!ret)
		return 0;
	cmd->out_claim_fd = -1;
	bindery_claim_end(txn->claim);
	bindery_claim_wait(txn->claim, txn->deadline);
	return ret;
}

static int execute(struct bindery_ucmd *ucmd, struct bindery_txn *txn, int fd,
		   const struct bindery_room *room)
{
	int ret = reserve(txn);

	if (ret) {
		bindery_failure_move(&ucmd->failure, &txn->failure);
		write_plan(&txn->plan, ucmd->cmd, room, &ucmd->failure);
		return ret;
	}
	ret = run(txn, &ucmd->failure);
	if (!ret)
		return publish(ucmd, txn, fd, room);
	/* After the deadline the plan is the worker's alone. */
	if (is_done(txn))
		write_plan(&txn->plan, ucmd->cmd, room, &ucmd->failure);
	return ret;
}

/* The fd and its file first, so that nothing can fail once all is done. */
static int acquire(struct bindery_ucmd *ucmd, struct bindery_txn *txn,
		   const struct bindery_room *room)
{
	int fd = get_unused_fd_flags(O_CLOEXEC);
	struct file *file;
	int ret;

	if (fd < 0)
		return bindery_fail(&ucmd->failure, BINDERY_ERROR_NO_FD,
				    BINDERY_STEP_REQUEST, fd);
	file = bindery_claim_file(txn->claim);
	if (IS_ERR(file)) {
		put_unused_fd(fd);
		return bindery_fail(&ucmd->failure, BINDERY_ERROR_NO_FD,
				    BINDERY_STEP_REQUEST, PTR_ERR(file));
	}
	ret = execute(ucmd, txn, fd, room);
	if (ret) {
		put_unused_fd(fd);
		fput(file);
		return ret;
	}
	fd_install(fd, file);
	return 0;
}

static struct bindery_txn *txn_read(struct bindery_ucmd *ucmd,
				    struct bindery_room *room)
{
	struct bindery_ioc_acquire *cmd = ucmd->cmd;
	struct bindery_request *request;
	struct bindery_txn *txn;
	unsigned long deadline;
	int ret;

	*room = (struct bindery_room) {
		cmd->members, cmd->num_members, cmd->member_size
	};
	cmd->num_members = 0;
	cmd->out_claim_fd = -1;
	ret = bindery_room_check(room, &ucmd->failure);
	ret = ret ?: bindery_deadline(cmd->deadline_ms, &deadline,
				      &ucmd->failure);
	if (ret)
		return ERR_PTR(ret);
	request = bindery_request_read(cmd, &ucmd->failure);
	if (IS_ERR(request))
		return ERR_CAST(request);
	txn = txn_new(request, deadline);
	if (txn)
		return txn;
	bindery_request_free(request);
	return ERR_PTR(bindery_fail(&ucmd->failure, BINDERY_ERROR_NO_MEMORY,
				    BINDERY_STEP_REQUEST, 0));
}

int bindery_cmd_acquire(struct bindery_ucmd *ucmd)
{
	struct bindery_room room;
	struct bindery_txn *txn;
	int ret;

	txn = txn_read(ucmd, &room);
	if (IS_ERR(txn))
		return PTR_ERR(txn);
	ret = acquire(ucmd, txn, &room);
	txn_put(txn);
	return ret;
}

/* The same request, looked at in the same way, and nothing else. */
int bindery_cmd_check(struct bindery_ucmd *ucmd)
{
	struct bindery_room room;
	struct bindery_txn *txn;
	int ret, err;

	txn = txn_read(ucmd, &room);
	if (IS_ERR(txn))
		return PTR_ERR(txn);
	ret = bindery_plan_resolve(&txn->plan, txn->request, &txn->failure);
	if (!ret && bindery_groups_look(&txn->plan, &txn->failure) == -EAGAIN)
		fail_not_free(txn);
	if (!ret)
		ret = bindery_validate(&txn->plan, txn->request, txn->deadline,
				       &txn->failure);
	bindery_failure_move(&ucmd->failure, &txn->failure);
	err = write_plan(&txn->plan, ucmd->cmd, &room, &ucmd->failure);
	ret = -ucmd->failure.record.out_errno ?: ret ?: err;
	if (!ret)
		ret = bindery_ucmd_respond(ucmd);
	txn_put(txn);
	return ret;
}
