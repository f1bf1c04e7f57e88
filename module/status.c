// SPDX-License-Identifier: GPL-2.0-only
/* What a claim tells of itself, and what its holder tells it: STATUS, KEEP. */
#include <linux/capability.h>
#include <linux/pid.h>

#include "bindery_private.h"

/* Of what began with NOWAIT: while it rolls back, and afterwards; or NULL. */
static const struct bindery_failure *failure_of(struct bindery_claim *claim)
{
	struct bindery_txn *txn = claim->txn;

	bindery_state_assert();
	if (claim->state == CLAIM_ENDED)
		return NULL;
	if (claim->failure.record.out_code)
		return &claim->failure;
	if (txn && txn->failed && txn->flags & BINDERY_ACQUIRE_NOWAIT)
		return &txn->failure;
	return NULL;
}

static int check_locked(struct bindery_claim *claim,
			struct bindery_failure *failure)
{
	const struct bindery_failure *why = failure_of(claim);

	if (why) {
		bindery_failure_copy(failure, why);
		return -failure->record.out_errno;
	}
	if (claim->state == CLAIM_ENDED || claim->state == CLAIM_FAILED)
		return bindery_fail(failure, BINDERY_ERROR_RELEASED,
				    BINDERY_STEP_REQUEST, 0);
	return 0;
}

/* It has not ended; if what began with NOWAIT failed, what of. */
int bindery_claim_check(struct bindery_claim *claim,
			struct bindery_failure *failure)
{
	guard(bindery_state)();
	return check_locked(claim, failure);
}

static bool is_first(u32 state, u32 than)
{
	static const u32 order[] = {
		BINDERY_GROUP_BINDING, BINDERY_GROUP_STUCK, BINDERY_GROUP_GONE,
		BINDERY_GROUP_HELD,
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(order); i++) {
		if (than == order[i])
			return false;
		if (state == order[i])
			return true;
	}
	return false;
}

u32 bindery_plan_state(const struct bindery_plan *plan)
{
	u32 state = plan->groups[0]->state;
	unsigned int i;

	bindery_state_assert();
	for (i = 1; i < plan->num_groups; i++)
		if (is_first(plan->groups[i]->state, state))
			state = plan->groups[i]->state;
	return state;
}

static void describe(struct bindery_ioc_status *cmd,
		     struct bindery_claim *claim)
{
	cmd->out_holder_pid = pid_vnr(claim->holder);
	memcpy(cmd->out_id, &claim->id, sizeof(cmd->out_id));
	memcpy(cmd->out_holder_comm, claim->comm, sizeof(claim->comm));
	memcpy(cmd->out_label, claim->label, sizeof(claim->label));
	guard(bindery_state)();
	cmd->out_num_groups = claim->plan->num_groups;
	cmd->out_state = bindery_plan_state(claim->plan);
	cmd->out_flags = claim->flags;
	cmd->out_generation = bindery_claim_generation(claim);
}

/* The members first: looking at them may find what nobody was told of. */
static int status(struct bindery_ucmd *ucmd, struct bindery_claim *claim,
		  const struct bindery_room *room)
{
	struct bindery_ioc_status *cmd = ucmd->cmd;
	struct bindery_plan *plan;
	int ret;

	plan = bindery_claim_plan(claim);
	if (!plan)
		return bindery_fail(&ucmd->failure, BINDERY_ERROR_NO_MEMORY,
				    BINDERY_STEP_REQUEST, 0);
	ret = bindery_plan_write(plan, room, &cmd->num_members,
				 &ucmd->failure);
	bindery_plan_put(plan);
	ret = ret ?: bindery_claim_check(claim, &ucmd->failure);
	if (ret)
		return ret;
	describe(cmd, claim);
	ret = bindery_ucmd_respond(ucmd);
	if (!ret)
		bindery_file_see(ucmd->file, cmd->out_generation);
	return ret;
}

int bindery_cmd_status(struct bindery_ucmd *ucmd)
{
	struct bindery_claim *claim = bindery_file_claim(ucmd->file);
	struct bindery_ioc_status *cmd = ucmd->cmd;
	struct bindery_room room = {
		cmd->members, cmd->num_members, cmd->member_size
	};
	int ret;

	cmd->num_members = 0;
	ret = bindery_flags_check(cmd->flags, 0, &ucmd->failure);
	ret = ret ?: bindery_room_check(&room, &ucmd->failure);
	ret = ret ?: bindery_claim_check(claim, &ucmd->failure);
	return ret ?: status(ucmd, claim, &room);
}

static void set_keep(struct bindery_claim *claim, bool keep)
{
	bindery_state_assert();
	claim->flags &= ~BINDERY_CLAIM_KEEP;
	if (keep)
		claim->flags |= BINDERY_CLAIM_KEEP;
	bindery_claim_changed(claim);
}

int bindery_cmd_keep(struct bindery_ucmd *ucmd)
{
	struct bindery_claim *claim = bindery_file_claim(ucmd->file);
	struct bindery_ioc_keep *cmd = ucmd->cmd;
	u32 before;
	int ret;

	ret = bindery_flags_check(cmd->flags | cmd->__reserved, 0,
				  &ucmd->failure);
	if (!ret && cmd->policy > BINDERY_KEEP_ON)
		ret = bindery_fail(&ucmd->failure, BINDERY_ERROR_ARGUMENT,
				   BINDERY_STEP_REQUEST, -EOPNOTSUPP);
	if (ret)
		return ret;
	scoped_guard(bindery_state) {
		ret = check_locked(claim, &ucmd->failure);
		before = claim->flags & BINDERY_CLAIM_KEEP;
		if (!ret)
			set_keep(claim, cmd->policy == BINDERY_KEEP_ON);
	}
	if (ret)
		return ret;
	ret = bindery_ucmd_respond(ucmd);
	guard(bindery_state)();
	if (ret)
		set_keep(claim, before);
	return ret;
}
