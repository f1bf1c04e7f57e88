// SPDX-License-Identifier: GPL-2.0-only
/*
 * The caller's side of ACQUIRE, and CHECK: read the request, look, wait for
 * the groups, wait for the worker, publish last.
 */
#include <linux/file.h>

#include "bindery_private.h"

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
	bindery_txn_start(txn);
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
				    struct bindery_room *room,
				    int (*rights)(struct bindery_ucmd *ucmd))
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
	ret = rights(ucmd);
	ret = ret ?: bindery_room_check(room, &ucmd->failure);
	ret = ret ?: bindery_deadline(cmd->deadline_ms, &deadline,
				      &ucmd->failure);
	if (ret)
		return ERR_PTR(ret);
	request = bindery_request_read(cmd, &ucmd->failure);
	if (IS_ERR(request))
		return ERR_CAST(request);
	txn = bindery_txn_new(request, deadline);
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

	txn = txn_read(ucmd, &room, bindery_control_check);
	if (IS_ERR(txn))
		return PTR_ERR(txn);
	ret = acquire(ucmd, txn, &room);
	bindery_txn_put(txn);
	return ret;
}

static int no_rights_needed(struct bindery_ucmd *ucmd)
{
	return 0;
}

/* The same request, looked at in the same way, and nothing else. */
int bindery_cmd_check(struct bindery_ucmd *ucmd)
{
	struct bindery_room room;
	struct bindery_txn *txn;
	int ret, err;

	txn = txn_read(ucmd, &room, no_rights_needed);
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
	bindery_txn_put(txn);
	return ret;
}
