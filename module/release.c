// SPDX-License-Identifier: GPL-2.0-only
/* RELEASE: look for VFIO users, end the claim, wait, tell what came of it. */
#include <linux/sched.h>
#include <linux/sched/signal.h>

#include "bindery_private.h"

#define BACKOFF_MIN_MS	10
#define BACKOFF_MAX_MS	500

/*
 * Unless others stay on the group, or nothing was bound: then it has no user of
 * us. Who ends the claim asks whether that has changed.
 */
static bool has_to_look(struct bindery_hold *hold, struct bindery_group *group)
{
	guard(bindery_state)();
	hold->looked = bindery_group_is_alone_with(group, hold->claim);
	return hold->looked;
}

static int look_at_seals(struct bindery_group *group)
{
	scoped_guard(bindery_state)
		if (bindery_group_is_open(group))
			return -EPERM;
	return bindery_group_has_open_device(group) ? -EPERM : 0;
}

static int look_for_user(struct bindery_hold *hold, struct bindery_group *group,
			 unsigned long deadline,
			 struct bindery_failure *failure)
{
	int ret;

	if (!has_to_look(hold, group) || !bindery_group_needs_fence(group))
		return 0;
	ret = bindery_group_is_sealed(group) ? look_at_seals(group) :
					       bindery_group_try(group, deadline);
	if (ret >= 0)
		return 0;
	return bindery_fail_group(failure, ret == -ETIMEDOUT ?
				  BINDERY_ERROR_LOCKED : BINDERY_ERROR_IN_USE,
				  BINDERY_STEP_FENCE, group->id);
}

/* One of the groups has a VFIO user whose device we would unbind. */
static int look_for_users(struct bindery_claim *claim,
			  struct bindery_plan *plan, unsigned long deadline,
			  struct bindery_failure *failure)
{
	unsigned int i;
	int ret;

	for (i = 0; i < plan->num_groups; i++) {
		ret = look_for_user(&claim->holds[i], plan->groups[i],
				    deadline, failure);
		if (ret)
			return ret;
	}
	return 0;
}

/* VFIO tells nobody when a device is closed, unless it is sealed. */
static int wait_for_users(struct bindery_claim *claim,
			  struct bindery_plan *plan, unsigned long deadline,
			  struct bindery_failure *failure)
{
	struct bindery_failure seen = {};
	long pause = msecs_to_jiffies(BACKOFF_MIN_MS);
	u64 closes = bindery_seal_closes();

	while (look_for_users(claim, plan, deadline, &seen)) {
		if (!bindery_remaining(deadline) ||
		    fatal_signal_pending(current)) {
			bindery_failure_move(failure, &seen);
			return -failure->record.out_errno;
		}
		bindery_failure_clear(&seen);
		bindery_wait_until(bindery_seal_closes() != closes, jiffies +
				   min(pause, bindery_remaining(deadline)));
		closes = bindery_seal_closes();
		pause = min_t(long, 2 * pause, msecs_to_jiffies(BACKOFF_MAX_MS));
	}
	return 0;
}

/* One RELEASE at a time, and none after the end. */
static int begin(struct bindery_claim *claim, u64 generation,
		 struct bindery_failure *failure)
{
	u32 code = BINDERY_ERROR_NONE;

	guard(bindery_state)();
	if (claim->state == CLAIM_ENDED || claim->state == CLAIM_FAILED)
		code = BINDERY_ERROR_RELEASED;
	else if (claim->releasing)
		code = BINDERY_ERROR_BUSY;
	else if (generation && generation != bindery_claim_generation(claim))
		code = BINDERY_ERROR_STALE;
	if (code)
		return bindery_fail(failure, code, BINDERY_STEP_REQUEST, 0);
	claim->releasing = true;
	return 0;
}

static void end(struct bindery_claim *claim)
{
	guard(bindery_state)();
	claim->releasing = false;
}

/* And nobody goes on with it: who defers does not wait for what is in use. */
static bool is_given_up(struct bindery_claim *claim,
			struct bindery_member *member)
{
	guard(bindery_state)();
	return !member->busy && member->error &&
	       member->group->ending != claim;
}

/* What became of the first member that could not be restored. */
static int first_result(struct bindery_claim *claim, struct bindery_plan *plan,
			struct bindery_failure *failure)
{
	struct bindery_member *member;
	unsigned int i;
	int ret;

	for (i = 0; i < plan->num_members; i++) {
		member = plan->members[i];
		if (!is_given_up(claim, member))
			continue;
		ret = bindery_fail_member(failure, member->did ?
					  BINDERY_ERROR_DEGRADED :
					  BINDERY_ERROR_OVERRIDE,
					  BINDERY_STEP_RESTORE, 0, member);
		bindery_failure_driver(failure, member->native.driver);
		return ret;
	}
	return 0;
}

static bool is_running(struct bindery_member *member)
{
	guard(bindery_state)();
	return member->busy && member->called;
}

static int fail_late(struct bindery_plan *plan, struct bindery_failure *failure)
{
	unsigned int i;

	for (i = 0; i < plan->num_members; i++)
		if (is_running(plan->members[i]))
			return bindery_fail_member(failure,
						   BINDERY_ERROR_DEADLINE,
						   BINDERY_STEP_RESTORE, 0,
						   plan->members[i]);
	return bindery_fail(failure, BINDERY_ERROR_DEADLINE,
			    BINDERY_STEP_RESTORE, 0);
}

static bool is_done(struct bindery_claim *claim, u32 flags)
{
	if (flags & BINDERY_RELEASE_DEFER && bindery_claim_is_deferred(claim))
		return true;
	return bindery_claim_is_over(claim);
}

static int wait_restored(struct bindery_claim *claim, struct bindery_plan *plan,
			 u32 flags, unsigned long deadline,
			 struct bindery_failure *failure)
{
	long left = bindery_wait_until(is_done(claim, flags), deadline);

	if (left > 0)
		return first_result(claim, plan, failure);
	if (left < 0)
		return left;
	return fail_late(plan, failure);
}

static u64 newest_of(const struct bindery_plan *plan)
{
	u64 newest = 0;
	unsigned int i;

	for (i = 0; plan && i < plan->num_members; i++)
		newest = max(newest, plan->members[i]->number);
	return newest;
}

/*
 * Once a group is restored its members are forgotten, and what came of them. A
 * plan that has them has the newest.
 */
static int take_plan(struct bindery_claim *claim, struct bindery_plan **plan,
		     struct bindery_failure *failure)
{
	struct bindery_plan *now = bindery_claim_plan(claim);

	if (!now) {
		bindery_failure_clear(failure);
		return bindery_fail(failure, BINDERY_ERROR_NO_MEMORY,
				    BINDERY_STEP_REQUEST, 0);
	}
	if (newest_of(now) < newest_of(*plan))
		swap(now, *plan);
	bindery_plan_put(*plan);
	*plan = now;
	return 0;
}

/*
 * Positive: it has ended, and waits for a user to go. The plan is of the groups
 * at the end: members may have come while users were waited for.
 */
static int end_told(struct bindery_claim *claim, struct bindery_plan **plan,
		    const struct bindery_releasing *how, unsigned long deadline,
		    struct bindery_failure *failure)
{
	u32 flags = how->flags;
	int ret, err;

	do {
		ret = 0;
		if (flags & BINDERY_RELEASE_WAIT)
			ret = wait_for_users(claim, *plan, deadline, failure);
		else if (!(flags & BINDERY_RELEASE_FORCE))
			ret = look_for_users(claim, *plan, deadline, failure);
		if (ret && !(flags & BINDERY_RELEASE_DEFER))
			return ret;
		err = take_plan(claim, plan, failure);
		if (err)
			return err;
		err = bindery_claim_end_told(claim, how, newest_of(*plan), ret);
	} while (err == -EAGAIN);
	if (err) {
		bindery_failure_clear(failure);
		ret = bindery_fail(failure, BINDERY_ERROR_BUSY,
				   BINDERY_STEP_RESERVE, 0);
		bindery_failure_holder(failure, claim);
		return ret;
	}
	if (!ret)
		return 0;
	bindery_failure_clear(failure);
	return 1;
}

static int release(struct bindery_claim *claim, struct bindery_plan **plan,
		   const struct bindery_releasing *how, unsigned long deadline,
		   struct bindery_failure *failure)
{
	int ret = take_plan(claim, plan, failure);

	ret = ret ?: end_told(claim, plan, how, deadline, failure);
	if (ret)
		return min(ret, 0);
	return wait_restored(claim, *plan, how->flags, deadline, failure);
}

static int check_flags(struct bindery_ucmd *ucmd, u32 flags)
{
	int ret = bindery_flags_check(flags, BINDERY_RELEASE_WAIT |
				      BINDERY_RELEASE_DEFER |
				      BINDERY_RELEASE_FORCE, &ucmd->failure);

	if (!ret && flags & (flags - 1))
		ret = bindery_fail(&ucmd->failure, BINDERY_ERROR_ARGUMENT,
				   BINDERY_STEP_REQUEST, 0);
	if (!ret && flags & BINDERY_RELEASE_FORCE)
		ret = bindery_capable_check(ucmd);
	return ret;
}

/* For RECOVER too. The plan has the members that the caller is told of. */
int bindery_claim_release(struct bindery_ucmd *ucmd,
			  struct bindery_claim *claim,
			  const struct bindery_releasing *how,
			  struct bindery_plan **plan)
{
	int ret = check_flags(ucmd, how->flags);
	unsigned long deadline;

	ret = ret ?: bindery_deadline(how->deadline_ms, &deadline,
				      &ucmd->failure);
	ret = ret ?: begin(claim, how->generation, &ucmd->failure);
	if (ret)
		return ret;
	ret = release(claim, plan, how, deadline, &ucmd->failure);
	end(claim);
	return ret;
}

int bindery_cmd_release(struct bindery_ucmd *ucmd)
{
	struct bindery_claim *claim = bindery_file_claim(ucmd->file);
	struct bindery_ioc_release *cmd = ucmd->cmd;
	struct bindery_room room = {
		cmd->members, cmd->num_members, cmd->member_size
	};
	struct bindery_releasing how = {
		cmd->flags, cmd->deadline_ms, cmd->generation
	};
	struct bindery_plan *plan = NULL;
	int ret, err = 0;

	cmd->num_members = 0;
	ret = bindery_flags_check(cmd->__reserved, 0, &ucmd->failure);
	ret = ret ?: bindery_room_check(&room, &ucmd->failure);
	ret = ret ?: bindery_claim_release(ucmd, claim, &how, &plan);
	if (plan) {
		err = bindery_plan_write(plan, &room, &cmd->num_members,
					 &ucmd->failure);
		bindery_plan_put(plan);
	}
	if (ret || err)
		return ret ?: err;
	return bindery_ucmd_respond(ucmd);
}
