// SPDX-License-Identifier: GPL-2.0-only
/*
 * The caller's side of ACQUIRE, ADOPT, BIND and CHECK: read the request, look,
 * wait for the groups, wait for the worker, publish last.
 */
#include "bindery_private.h"

struct acquisition {
	struct bindery_ucmd *ucmd;
	struct bindery_room room;
	struct bindery_request *request;
	struct bindery_claim *claim;
	struct bindery_txn *txn;
	struct bindery_plan *plan;
	unsigned long deadline;
	bool reopened;			/* a claim that was kept */
	struct bindery_failure *failure;
};

/* What a caller is told who waited in vain for a group to become free. */
static int fail_not_free(struct bindery_plan *plan,
			 struct bindery_failure *failure)
{
	u32 code = BINDERY_ERROR_BUSY;
	struct bindery_group *group;
	unsigned int i;

	guard(bindery_state)();
	for (i = 0; i < plan->num_groups; i++) {
		group = xa_load(&bindery_groups, plan->groups[i]->id);
		if (!group || group->state == BINDERY_GROUP_RESERVED)
			continue;
		if (group->state == BINDERY_GROUP_DRAINING)
			code = BINDERY_ERROR_IN_USE;
		bindery_failure_holder(failure, bindery_group_holder(group));
		return bindery_fail_group(failure, code, BINDERY_STEP_RESERVE,
					  group->id);
	}
	return bindery_fail(failure, code, BINDERY_STEP_RESERVE, 0);
}

static int look(struct acquisition *a)
{
	int ret;

	scoped_guard(bindery_state)
		ret = bindery_delegation_admit(a->ucmd->delegation, a->failure);
	return ret ?: bindery_groups_look(a->plan, a->request, a->failure);
}

static bool is_only_reserved(const struct acquisition *a)
{
	return a->request->flags & BINDERY_ACQUIRE_RESERVE_ONLY;
}

static int take(struct acquisition *a)
{
	return bindery_groups_reserve(a->plan, a->claim, is_only_reserved(a),
				      a->failure);
}

static int take_again(struct acquisition *a)
{
	return bindery_groups_reserve_again(a->claim, a->txn, a->failure);
}

/* Wait until no group is on its way, unless the caller does not want to. */
static int wait_free(struct acquisition *a, u32 flags,
		     int (*attempt)(struct acquisition *a))
{
	int ret = 0;
	long left;

	if (flags & BINDERY_ACQUIRE_NOWAIT) {
		ret = attempt(a);
	} else {
		left = bindery_wait_until((ret = attempt(a)) != -EAGAIN,
					  a->deadline);
		if (left < 0)
			return left;
	}
	return ret == -EAGAIN ? fail_not_free(a->plan, a->failure) : ret;
}

/* What is not the caller's is not told of either. */
static int resolve(struct acquisition *a)
{
	struct bindery_delegation *delegation = a->ucmd->delegation;
	int ret;

	ret = bindery_plan_resolve(&a->plan, NULL, a->request, a->failure);
	ret = ret ?: bindery_delegation_check_plan(delegation, a->plan,
						   a->failure);
	if (ret && delegation) {
		bindery_plan_put(a->plan);
		a->plan = NULL;
	}
	return ret;
}

static int validate(struct acquisition *a)
{
	return a->request->adopt ?
		bindery_validate_adopt(a->plan, a->request, a->deadline,
				       a->failure) :
		bindery_validate(a->plan, a->request, a->deadline, a->failure);
}

/* -ESTALE: what could be joined is free now, or the other way round. */
static int try_to_reserve(struct acquisition *a)
{
	u32 flags = a->request->flags;
	int ret;

	bindery_plan_put(a->plan);
	ret = resolve(a);
	if (ret)
		return ret;
	if (!a->ucmd->delegation)
		bindery_groups_repair(a->plan);
	ret = wait_free(a, flags, look);
	if (!ret)
		bindery_groups_note(a->plan, a->claim);
	ret = ret ?: validate(a);
	return ret ?: wait_free(a, flags, take);
}

/* In the caller's context, up to the groups being the claim's. */
static int reserve(struct acquisition *a)
{
	int ret;

	do {
		ret = try_to_reserve(a);
	} while (ret == -ESTALE && bindery_remaining(a->deadline));
	if (ret == -ESTALE)
		ret = fail_not_free(a->plan, a->failure);
	return ret;
}

static bool is_done(struct bindery_txn *txn)
{
	guard(bindery_state)();
	return txn->done;
}

/* The member that is worked on now. */
static struct bindery_member *current_member(struct bindery_txn *txn)
{
	struct bindery_member *member;
	unsigned int i;

	bindery_state_assert();
	for (i = 0; !txn->at && i < txn->plan->num_members; i++) {
		member = txn->plan->members[i];
		if (member->busy && member->called)
			return member;
	}
	return txn->at;
}

/* Too late for that, if it has committed: false. */
static bool abort_txn(struct bindery_txn *txn, struct bindery_failure *failure)
{
	struct bindery_member *member;

	guard(bindery_state)();
	if (txn->done || txn->committed)
		return false;
	txn->abort = true;
	member = current_member(txn);
	/* what is busy while it rolls back is not what was too late */
	if (txn->failed &&
	    (!member ||
	     txn->failure.record.out_code == BINDERY_ERROR_DEADLINE))
		bindery_failure_copy(failure, &txn->failure);
	else if (member)
		bindery_fail_member(failure, BINDERY_ERROR_DEADLINE, txn->step,
				    0, member);
	else
		bindery_fail(failure, BINDERY_ERROR_DEADLINE, txn->step, 0);
	return true;
}

/* Run the worker and wait for it, but not longer than the deadline. */
static int run(struct acquisition *a)
{
	struct bindery_txn *txn = a->txn;

	bindery_txn_start(txn);
	if (bindery_wait_until(is_done(txn), txn->deadline) <= 0 &&
	    abort_txn(txn, a->failure)) {
		if (a->failure->record.out_code != BINDERY_ERROR_DEADLINE)
			a->failure->record.out_flags |=
				BINDERY_ERROR_INCOMPLETE;
		return -a->failure->record.out_errno;
	}
	wait_event(bindery_wait, is_done(txn));
	bindery_failure_move(a->failure, &txn->failure);
	return -a->failure->record.out_errno;
}

/* The members that the claim has now, newcomers included. */
static int write_claim(struct acquisition *a, u32 *num_members)
{
	struct bindery_plan *plan = bindery_claim_plan(a->claim);
	int ret;

	if (!plan)
		return bindery_fail(a->failure, BINDERY_ERROR_NO_MEMORY,
				    BINDERY_STEP_PUBLISH, 0);
	ret = bindery_plan_write(plan, &a->room, num_members, a->failure);
	bindery_plan_put(plan);
	return ret;
}

/* All that can fail after the commit; then the claim ends before we return. */
static int publish(struct acquisition *a, int fd)
{
	struct bindery_ioc_acquire *cmd = a->ucmd->cmd;
	int ret;

	export_uuid(cmd->out_claim_id, &a->claim->id);
	cmd->out_claim_fd = fd;
	ret = write_claim(a, &cmd->num_members);
	ret = ret ?: bindery_ucmd_respond(a->ucmd);
	if (!ret)
		return 0;
	cmd->out_claim_fd = -1;
	memset(cmd->out_claim_id, 0, sizeof(cmd->out_claim_id));
	if (a->reopened)
		return ret;
	bindery_claim_end(a->claim);
	bindery_wait_until(bindery_claim_is_over(a->claim), a->deadline);
	return ret;
}

/* Each with its blocker. */
static int write_plan(struct acquisition *a, struct bindery_plan *plan)
{
	struct bindery_ioc_acquire *cmd = a->ucmd->cmd;

	if (!plan)
		return 0;
	return bindery_plan_write(plan, &a->room, &cmd->num_members,
				  a->failure);
}

static int open_kept(struct acquisition *a, struct file *file)
{
	struct bindery_claim *kept = bindery_adopt_kept(a->plan);

	int ret = 0;

	if (kept)
		ret = bindery_delegation_check_claim(a->ucmd->delegation, kept,
						     a->failure);
	if (ret) {
		bindery_claim_put(kept);
		return ret;
	}
	if (!kept || !bindery_file_reopen(file, kept)) {
		if (kept)
			bindery_claim_put(kept);
		return fail_not_free(a->plan, a->failure);
	}
	bindery_claim_put(a->claim);
	a->claim = kept;
	a->reopened = true;
	return 0;
}

static int transact(struct acquisition *a)
{
	int ret;

	bindery_plan_get(a->plan);
	a->txn->plan = a->plan;
	if (a->request->flags & BINDERY_ACQUIRE_NOWAIT) {
		bindery_txn_start(a->txn);
		return 0;
	}
	ret = run(a);
	/* After the deadline the plan is the worker's alone. */
	if (ret && is_done(a->txn))
		write_plan(a, a->txn->plan);
	return ret;
}

static int acquire(void *data, struct file *file, int fd)
{
	struct acquisition *a = data;
	int ret;

	bindery_file_open(file, a->claim);
	if (!is_only_reserved(a))
		a->claim->txn = a->txn;
	ret = reserve(a);
	if (ret == -EEXIST)
		ret = open_kept(a, file);
	else if (ret)
		write_plan(a, a->plan);
	else if (!is_only_reserved(a))
		ret = transact(a);
	return ret ?: publish(a, fd);
}

/* Nothing new begins while the machine goes down, or too much hangs. */
static int check_host(struct bindery_failure *failure)
{
	if (bindery_is_going_down())
		return bindery_fail(failure, BINDERY_ERROR_SHUTDOWN,
				    BINDERY_STEP_REQUEST, 0);
	if (bindery_stuck_too_many())
		return bindery_fail(failure, BINDERY_ERROR_STUCK,
				    BINDERY_STEP_REQUEST, 0);
	return 0;
}

static int read_request(struct acquisition *a, u32 flags, bool adopt)
{
	struct bindery_ioc_acquire *cmd = a->ucmd->cmd;
	int ret;

	a->failure = &a->ucmd->failure;
	a->room = (struct bindery_room) {
		cmd->members, cmd->num_members, cmd->member_size
	};
	cmd->num_members = 0;
	memset(cmd->out_claim_id, 0, sizeof(cmd->out_claim_id));
	ret = bindery_room_check(&a->room, a->failure);
	ret = ret ?: bindery_deadline(cmd->deadline_ms, &a->deadline,
				      a->failure);
	if (ret)
		return ret;
	a->request = bindery_request_read(cmd, flags, adopt, a->failure);
	if (!IS_ERR(a->request))
		return bindery_delegation_check_request(a->ucmd->delegation,
							a->request, a->failure);
	ret = PTR_ERR(a->request);
	a->request = NULL;
	return ret;
}

static int make_claim(struct acquisition *a)
{
	struct bindery_ioc_acquire *cmd = a->ucmd->cmd;

	a->claim = bindery_claim_new(a->request, cmd->deadline_ms ?:
				     BINDERY_DEADLINE_DEFAULT_MS);
	if (a->claim) {
		bindery_delegation_get(a->ucmd->delegation);
		a->claim->delegation = a->ucmd->delegation;
		a->txn = bindery_txn_new(a->claim, a->deadline);
	}
	if (a->txn)
		return bindery_delegation_begin_txn(a->ucmd->delegation,
						    a->txn, a->failure);
	return bindery_fail(a->failure, BINDERY_ERROR_NO_MEMORY,
			    BINDERY_STEP_REQUEST, 0);
}

static void put_all(struct acquisition *a)
{
	bindery_plan_put(a->plan);
	if (a->txn)
		bindery_txn_put(a->txn);
	if (a->claim)
		bindery_claim_put(a->claim);
	bindery_request_put(a->request);
}

static int acquire_or_adopt(struct bindery_ucmd *ucmd, u32 flags, bool adopt)
{
	struct acquisition a = { .ucmd = ucmd };
	int ret;

	ret = read_request(&a, flags, adopt);
	ret = ret ?: check_host(a.failure);
	ret = ret ?: make_claim(&a);
	ret = ret ?: bindery_file_give(a.failure, &a, acquire);
	put_all(&a);
	return ret;
}

#define CHECK_FLAGS	(BINDERY_ACQUIRE_COMPANIONS | \
			 BINDERY_ACQUIRE_SINGLE_GROUP | \
			 BINDERY_ACQUIRE_SHARED | \
			 BINDERY_ACQUIRE_RESERVE_ONLY | \
			 BINDERY_ACQUIRE_SERIAL | BINDERY_ACQUIRE_NOWAIT | \
			 BINDERY_ACQUIRE_KEEP | BINDERY_ACQUIRE_REPAIR | \
			 BINDERY_ACQUIRE_SEALED | \
			 BINDERY_ACQUIRE_HOLDERS_ONLY)

#define ADOPT_FLAGS	(BINDERY_ACQUIRE_SINGLE_GROUP | \
			 BINDERY_ACQUIRE_SHARED | BINDERY_ACQUIRE_KEEP | \
			 BINDERY_ACQUIRE_REPAIR)

#define BIND_FLAGS	(BINDERY_ACQUIRE_SERIAL | BINDERY_ACQUIRE_NOWAIT)

int bindery_cmd_acquire(struct bindery_ucmd *ucmd)
{
	return acquire_or_adopt(ucmd, CHECK_FLAGS, false);
}

int bindery_cmd_adopt(struct bindery_ucmd *ucmd)
{
	return acquire_or_adopt(ucmd, ADOPT_FLAGS, true);
}

/* What is held already is shown as its claims have it. */
static void show_joined(struct bindery_plan *plan)
{
	struct bindery_group *group;
	unsigned int i;

	guard(bindery_state)();
	for (i = 0; i < plan->num_groups; i++) {
		group = xa_load(&bindery_groups, plan->groups[i]->id);
		if (group && plan->groups[i]->join)
			bindery_plan_join(plan, i, group);
	}
}

static int check(struct acquisition *a)
{
	int ret, err;

	ret = resolve(a);
	if (!ret && look(a) == -EAGAIN)
		fail_not_free(a->plan, a->failure);
	if (!ret) {
		ret = validate(a);
		show_joined(a->plan);
	}
	err = write_plan(a, a->plan);
	return -a->failure->record.out_errno ?: ret ?: err;
}

/* The same request, looked at in the same way, and nothing else. */
int bindery_cmd_check(struct bindery_ucmd *ucmd)
{
	struct acquisition a = { .ucmd = ucmd };
	int ret;

	ret = read_request(&a, CHECK_FLAGS, false);
	ret = ret ?: check(&a);
	ret = ret ?: bindery_ucmd_respond(ucmd);
	put_all(&a);
	return ret;
}

static int bind(struct acquisition *a, u32 flags)
{
	struct bindery_ioc_bind *cmd = a->ucmd->cmd;
	int ret;

	a->plan = bindery_claim_plan(a->claim);
	a->txn = a->plan ? bindery_txn_new(a->claim, a->deadline) : NULL;
	if (!a->txn)
		return bindery_fail(a->failure, BINDERY_ERROR_NO_MEMORY,
				    BINDERY_STEP_REQUEST, 0);
	a->txn->keep_reserved = true;
	a->txn->flags = flags;
	ret = wait_free(a, flags, take_again);
	if (ret == -EALREADY)
		return write_claim(a, &cmd->num_members);
	if (ret)
		return ret;
	if (flags & BINDERY_ACQUIRE_NOWAIT)
		bindery_txn_start(a->txn);
	else
		ret = run(a);
	return ret ?: write_claim(a, &cmd->num_members);
}

int bindery_cmd_bind(struct bindery_ucmd *ucmd)
{
	struct bindery_ioc_bind *cmd = ucmd->cmd;
	struct acquisition a = {
		.ucmd = ucmd,
		.room = { cmd->members, cmd->num_members, cmd->member_size },
		.claim = bindery_file_claim(ucmd->file),
		.failure = &ucmd->failure,
	};
	int ret;

	cmd->num_members = 0;
	ret = bindery_flags_check(cmd->flags, BIND_FLAGS, a.failure);
	ret = ret ?: bindery_flags_check(cmd->__reserved, 0, a.failure);
	ret = ret ?: bindery_room_check(&a.room, a.failure);
	ret = ret ?: bindery_deadline(cmd->deadline_ms, &a.deadline,
				      a.failure);
	ret = ret ?: check_host(a.failure);
	if (ret)
		return ret;
	ret = bind(&a, cmd->flags);
	bindery_plan_put(a.plan);
	if (a.txn)
		bindery_txn_put(a.txn);
	return ret ?: bindery_ucmd_respond(ucmd);
}
