// SPDX-License-Identifier: GPL-2.0-only
/*
 * What needs no claim fd: finding a claim, RECOVER, and the repair of members
 * that somebody else bound or unbound.
 */
#include <linux/module.h>

#include "bindery_private.h"
#include "trace.h"

static int refuse(struct bindery_failure *failure, u32 code)
{
	return bindery_fail(failure, code, BINDERY_STEP_RESOLVE, 0);
}

/* The only claim on a group, with a reference. */
static int claim_of(struct bindery_group *group, struct bindery_claim **claim,
		    struct bindery_failure *failure)
{
	guard(bindery_state)();
	if (list_empty(&group->holds))
		return bindery_fail_group(failure, BINDERY_ERROR_NO_CLAIM,
					  BINDERY_STEP_RESOLVE, group->id);
	if (!list_is_singular(&group->holds))
		return bindery_fail_group(failure, BINDERY_ERROR_AMBIGUOUS,
					  BINDERY_STEP_RESOLVE, group->id);
	*claim = bindery_group_holder(group);
	bindery_claim_get(*claim);
	return 0;
}

/* The group of a device that the caller names; if it is free, a new object. */
static int group_of(struct bindery_ucmd *ucmd, u64 user, u32 size,
		    struct bindery_plan **plan)
{
	struct bindery_failure *failure = &ucmd->failure;
	struct bindery_ioc_device device;
	int ret;

	if (!user)
		return bindery_fail(failure, BINDERY_ERROR_ARGUMENT,
				    BINDERY_STEP_REQUEST, 0);
	ret = bindery_device_read(&device, user, size, failure);
	ret = ret ?: bindery_plan_of_device(plan, &device, failure);
	if (ret)
		return ret;
	ret = bindery_delegation_check_plan(ucmd->delegation, *plan, failure);
	if (ret) {
		bindery_plan_put(*plan);
		*plan = NULL;
	}
	return ret;
}

/* By its id, or by a device if that is all zeros; with a reference. */
static int choose(struct bindery_ucmd *ucmd, const u8 *id, u64 device,
		  u32 device_size, struct bindery_claim **claim)
{
	struct bindery_plan *plan;
	int ret;

	if (memchr_inv(id, 0, BINDERY_ID_SIZE)) {
		*claim = bindery_claim_find(id);
		return *claim ? 0 :
			refuse(&ucmd->failure, BINDERY_ERROR_NO_CLAIM);
	}
	ret = group_of(ucmd, device, device_size, &plan);
	if (ret)
		return ret;
	ret = claim_of(plan->groups[0], claim, &ucmd->failure);
	bindery_plan_put(plan);
	return ret;
}

/* One that the caller's file may open. */
int bindery_claim_choose(struct bindery_ucmd *ucmd, const u8 *id, u64 device,
			 u32 device_size, struct bindery_claim **claim)
{
	int ret = choose(ucmd, id, device, device_size, claim);

	if (ret)
		return ret;
	ret = bindery_delegation_check_claim(ucmd->delegation, *claim,
					     &ucmd->failure);
	if (ret)
		bindery_claim_put(*claim);
	return ret;
}

/* Was it taken from its target, or from being parked? */
static bool needs_repair(struct bindery_member *member)
{
	struct device_driver *drv = READ_ONCE(member->dev->driver);

	if (member->removed || member->busy || member->arriving)
		return false;
	if (bindery_member_is_parked(member))
		return drv || member->tampered_override;
	return member->target &&
	       (drv != member->target->drv || member->tampered_override);
}

/* By itself once, and only what somebody moved: the bus may not be done yet. */
static bool is_wanted(struct bindery_group *group,
		      struct bindery_member *member, bool automatic)
{
	guard(bindery_state)();
	if (!needs_repair(member))
		return false;
	if (automatic && (member->repaired || (!member->tampered_driver &&
					       !member->tampered_override)))
		return false;
	member->automatic = automatic;
	member->repaired |= automatic;
	return true;
}

/* It was chosen by itself, and never called. */
void bindery_member_not_repaired(struct bindery_member *member)
{
	bindery_state_assert();
	if (member->automatic && !member->called)
		member->repaired = false;
}

static bool has_bound(struct bindery_group *group)
{
	bindery_group_each(member, group)
		if (member->target && !bindery_member_removed(member) &&
		    READ_ONCE(member->dev->driver) == member->target->drv)
			return true;
	return false;
}

static void run_init(struct bindery_run *run, struct bindery_group *group)
{
	*run = (struct bindery_run) {
		.batch = group->batch,
		.step = BINDERY_STEP_BIND,
		.call = bindery_member_repair,
	};
}

static bool run_wait(struct bindery_run *run, struct bindery_group *group)
{
	return bindery_run_wait(run, jiffies +
				msecs_to_jiffies(bindery_group_patience(group)));
}

/*
 * As in an ACQUIRE: one alone while VFIO has no device of the group. False: not
 * all of it was begun in time.
 */
static bool repair_run(struct bindery_group *group, bool automatic)
{
	struct bindery_run run;

	run_init(&run, group);
	bindery_group_each(member, group) {
		if (!is_wanted(group, member, automatic))
			continue;
		bindery_run_add(&run, member);
		if (has_bound(group))
			continue;
		/* the others would wait as long again, one after the other */
		if (!run_wait(&run, group))
			return false;
		run_init(&run, group);
	}
	return run_wait(&run, group);
}

static bool begin_repair(struct bindery_group *group, bool *automatic)
{
	guard(bindery_state)();
	*automatic = !group->repair_asked;
	group->repair_asked = false;
	if (!group->intact || (group->state != BINDERY_GROUP_HELD &&
			       group->state != BINDERY_GROUP_KEPT))
		return false;
	bindery_group_set_state(group, BINDERY_GROUP_BINDING);
	return true;
}

static void end_repair(struct bindery_group *group, bool in_time)
{
	struct bindery_member *member;
	bool busy;

	guard(bindery_state)();
	list_for_each_entry(member, &group->members, node)
		if (!member->busy)
			bindery_member_not_repaired(member);
	busy = bindery_group_is_busy(group);
	bindery_group_set_state(group, busy ? BINDERY_GROUP_STUCK :
				BINDERY_GROUP_HELD);
	/* what was overdue has returned already, and saw no need to go on */
	if (!in_time && !busy)
		bindery_group_repair_wanted(group);
	bindery_group_settle(group, NULL);
}

void bindery_repair_work(struct work_struct *work)
{
	struct bindery_group *group =
		container_of(work, struct bindery_group, repair);
	bool automatic;

	if (begin_repair(group, &automatic))
		end_repair(group, repair_run(group, automatic));
	scoped_guard(bindery_state) {
		group->repairs++;
		wake_up_all(&bindery_wait);
	}
	bindery_group_put(group);
	module_put(THIS_MODULE);
}

/* The worker holds the group, and keeps the module loaded. */
void bindery_group_repair(struct bindery_group *group, bool asked)
{
	bindery_state_assert();
	group->repair_asked |= asked;
	if (!try_module_get(THIS_MODULE))
		return;
	bindery_group_get(group);
	if (queue_work(bindery_drain_wq, &group->repair))
		return;
	/* not the last: it is queued, and has its own */
	bindery_group_put(group);
	module_put(THIS_MODULE);
}

static bool wants_repair(struct bindery_group *group)
{
	struct bindery_hold *hold;

	list_for_each_entry(hold, &group->holds, node)
		if (hold->claim->flags & BINDERY_CLAIM_REPAIR)
			return true;
	return false;
}

/*
 * By itself, once for each member that was tampered with: now, or as soon as a
 * callback that is overdue returns.
 */
void bindery_group_repair_wanted(struct bindery_group *group)
{
	struct bindery_member *member;

	bindery_state_assert();
	if (!wants_repair(group))
		return;
	list_for_each_entry(member, &group->members, node) {
		if (!member->tampered_driver || member->repaired)
			continue;
		bindery_group_repair(group, false);
		return;
	}
}

static int begin_recover(struct bindery_group *group, u64 *repairs,
			 struct bindery_failure *failure)
{
	u32 code = BINDERY_ERROR_NONE;

	guard(bindery_state)();
	*repairs = group->repairs;
	switch (group->state) {
	case BINDERY_GROUP_DEGRADED:
		bindery_group_drain(group);
		break;
	case BINDERY_GROUP_HELD:
	case BINDERY_GROUP_KEPT:
		bindery_group_repair(group, true);
		break;
	case BINDERY_GROUP_STUCK:
		code = BINDERY_ERROR_STUCK;
		break;
	case BINDERY_GROUP_BINDING:
	case BINDERY_GROUP_DRAINING:
	case BINDERY_GROUP_RESTORING:
		code = BINDERY_ERROR_BUSY;
		break;
	default:
		break;
	}
	if (!code)
		return 0;
	bindery_failure_holder(failure, bindery_group_holder(group));
	return bindery_fail_group(failure, code, BINDERY_STEP_RESERVE,
				  group->id);
}

static bool is_recovered(struct bindery_group *group, u64 repairs)
{
	guard(bindery_state)();
	switch (group->state) {
	case BINDERY_GROUP_DRAINING:
	case BINDERY_GROUP_RESTORING:
	case BINDERY_GROUP_BINDING:
		return false;
	case BINDERY_GROUP_HELD:
	case BINDERY_GROUP_KEPT:
		return group->repairs != repairs && !group->repair_asked;
	default:
		return true;
	}
}

static u32 recover_code(struct bindery_group *group)
{
	guard(bindery_state)();
	switch (group->state) {
	case BINDERY_GROUP_DEGRADED:
		return BINDERY_ERROR_DEGRADED;
	case BINDERY_GROUP_STUCK:
		return BINDERY_ERROR_STUCK;
	default:
		return BINDERY_ERROR_NONE;
	}
}

static bool is_to_do(struct bindery_member *member)
{
	guard(bindery_state)();
	return needs_repair(member);
}

static bool is_claimed(struct bindery_group *group)
{
	guard(bindery_state)();
	return group->state == BINDERY_GROUP_HELD ||
	       group->state == BINDERY_GROUP_KEPT;
}

/* What is still not as it should be. */
static int recover_result(struct bindery_group *group, struct bindery_plan *plan,
			  struct bindery_failure *failure)
{
	u32 code = recover_code(group);
	struct bindery_member *member;
	unsigned int i;

	for (i = 0; i < plan->num_members; i++) {
		member = plan->members[i];
		if (bindery_member_busy(member) ||
		    (code == BINDERY_ERROR_DEGRADED && member->error))
			return bindery_fail_member(failure, code ?:
						   BINDERY_ERROR_BUSY,
						   BINDERY_STEP_RESTORE, 0,
						   member);
		if (is_claimed(group) && is_to_do(member))
			return bindery_fail_member(failure, BINDERY_ERROR_BIND,
						   BINDERY_STEP_BIND,
						   member->result < 0 ?
						   member->result : 0, member);
	}
	if (code)
		return bindery_fail_group(failure, code, BINDERY_STEP_RESTORE,
					  group->id);
	return 0;
}

static int repair(struct bindery_ucmd *ucmd, struct bindery_plan **plan)
{
	struct bindery_failure *failure = &ucmd->failure;
	struct bindery_ioc_recover *cmd = ucmd->cmd;
	struct bindery_group *group;
	unsigned long deadline;
	u64 repairs;
	long left;
	int ret;

	ret = bindery_flags_check(cmd->flags, 0, failure);
	ret = ret ?: bindery_deadline(cmd->deadline_ms, &deadline, failure);
	ret = ret ?: group_of(ucmd, cmd->device, cmd->device_size, plan);
	if (ret)
		return ret;
	group = (*plan)->groups[0];
	ret = begin_recover(group, &repairs, failure);
	if (ret)
		return ret;
	if (group->state == BINDERY_GROUP_FREE)
		return 0;
	left = bindery_wait_until(is_recovered(group, repairs), deadline);
	if (left > 0)
		return recover_result(group, *plan, failure);
	if (left < 0)
		return left;
	return bindery_fail_group(failure, BINDERY_ERROR_DEADLINE,
				  BINDERY_STEP_RESTORE, group->id);
}

static bool is_open(struct bindery_claim *claim)
{
	guard(bindery_state)();
	return claim->files;
}

static int release(struct bindery_ucmd *ucmd, struct bindery_plan **plan)
{
	struct bindery_ioc_recover *cmd = ucmd->cmd;
	struct bindery_releasing how = {
		.flags = cmd->flags,
		.deadline_ms = cmd->deadline_ms,
		.only_closed = true,
	};
	struct bindery_claim *claim;
	int ret;

	ret = bindery_claim_choose(ucmd, cmd->id, cmd->device, cmd->device_size,
				   &claim);
	if (ret)
		return ret;
	if (is_open(claim)) {
		ret = bindery_fail(&ucmd->failure, BINDERY_ERROR_BUSY,
				   BINDERY_STEP_RESERVE, 0);
		bindery_failure_holder(&ucmd->failure, claim);
	} else {
		ret = bindery_claim_release(ucmd, claim, &how, plan);
	}
	bindery_claim_put(claim);
	return ret;
}

int bindery_cmd_recover(struct bindery_ucmd *ucmd)
{
	struct bindery_ioc_recover *cmd = ucmd->cmd;
	struct bindery_room room = {
		cmd->members, cmd->num_members, cmd->member_size
	};
	struct bindery_plan *plan = NULL;
	int ret, err = 0;

	cmd->num_members = 0;
	ret = bindery_flags_check(cmd->__reserved, 0, &ucmd->failure);
	if (!ret && cmd->operation > BINDERY_RECOVER_RELEASE)
		ret = bindery_fail(&ucmd->failure, BINDERY_ERROR_ARGUMENT,
				   BINDERY_STEP_REQUEST, -EOPNOTSUPP);
	ret = ret ?: bindery_room_check(&room, &ucmd->failure);
	if (ret)
		return ret;
	ret = cmd->operation == BINDERY_RECOVER_REPAIR ?
		repair(ucmd, &plan) : release(ucmd, &plan);
	if (plan) {
		err = bindery_plan_write(plan, &room, &cmd->num_members,
					 &ucmd->failure);
		bindery_plan_put(plan);
	}
	if (ret || err)
		return ret ?: err;
	return bindery_ucmd_respond(ucmd);
}
