// SPDX-License-Identifier: GPL-2.0-only
/* A claim: a file. Its last copy closed, its groups are restored. */
#include <linux/anon_inodes.h>
#include <linux/module.h>
#include <linux/pid.h>
#include <linux/slab.h>

#include "bindery_private.h"

struct bindery_claim *bindery_claim_new(const char *label)
{
	struct bindery_claim *claim;

	claim = kzalloc(sizeof(*claim), GFP_KERNEL_ACCOUNT);
	if (!claim)
		return NULL;
	kref_init(&claim->ref);
	uuid_gen(&claim->id);
	claim->holder = get_task_pid(current, PIDTYPE_TGID);
	get_task_comm(claim->comm, current);
	strscpy_pad(claim->label, label, sizeof(claim->label));
	return claim;
}

static void claim_free(struct kref *ref)
{
	struct bindery_claim *claim =
		container_of(ref, struct bindery_claim, ref);

	bindery_plan_free(&claim->plan);
	put_pid(claim->holder);
	kfree(claim);
}

void bindery_claim_get(struct bindery_claim *claim)
{
	kref_get(&claim->ref);
}

void bindery_claim_put(struct bindery_claim *claim)
{
	kref_put(&claim->ref, claim_free);
}

struct file *bindery_claim_file(struct bindery_claim *claim)
{
	struct file *file;

	file = anon_inode_getfile("[bindery]", &bindery_fops_claim, claim,
				  O_RDWR | O_CLOEXEC);
	if (!IS_ERR(file))
		bindery_claim_get(claim);
	return file;
}

/* A group that the claim held is restored, or is degraded. */
void bindery_claim_group_done(struct bindery_claim *claim)
{
	scoped_guard(bindery_state) {
		claim->restoring--;
		wake_up_all(&bindery_wait);
	}
	bindery_claim_put(claim);
}

/*
 * Let all groups go; the restore goes on by itself. May be called by a dying
 * task, and before that task's VFIO files are closed.
 */
void bindery_claim_end(struct bindery_claim *claim)
{
	struct bindery_plan *plan = &claim->plan;
	struct bindery_group *group;
	unsigned int i;

	guard(bindery_state)();
	if (!claim->live)
		return;
	claim->live = false;
	for (i = 0; i < plan->num_groups; i++) {
		group = plan->groups[i];
		group->claim = NULL;
		group->ending = claim;
		bindery_claim_get(claim);
		claim->restoring++;
		bindery_group_drain(group);
	}
}

int bindery_fops_claim_release(struct inode *inode, struct file *file)
{
	struct bindery_claim *claim = file->private_data;

	bindery_claim_end(claim);
	bindery_claim_put(claim);
	return 0;
}

/* Write all members, if the caller gave room; count them in any case. */
static int write_members(struct bindery_ucmd *ucmd, struct bindery_claim *claim,
			 const struct bindery_room *room, u32 *num_members)
{
	struct bindery_plan *plan = &claim->plan;

	*num_members = plan->num_members;
	if (!bindery_members_write(plan->members, plan->num_members, room))
		return 0;
	return bindery_fail(&ucmd->failure, BINDERY_ERROR_FAULT,
			    BINDERY_STEP_PUBLISH, 0);
}

int bindery_cmd_status(struct bindery_ucmd *ucmd)
{
	struct bindery_claim *claim = ucmd->file->private_data;
	struct bindery_ioc_status *cmd = ucmd->cmd;
	struct bindery_room room = {
		cmd->members, cmd->num_members, cmd->member_size
	};
	bool live;
	int ret;

	cmd->num_members = 0;
	ret = bindery_flags_check(cmd->flags, 0, &ucmd->failure);
	ret = ret ?: bindery_room_check(&room, &ucmd->failure);
	if (ret)
		return ret;
	scoped_guard(bindery_state)
		live = claim->live;
	if (!live)
		return bindery_fail(&ucmd->failure, BINDERY_ERROR_RELEASED,
				    BINDERY_STEP_REQUEST, 0);

	cmd->out_num_groups = claim->plan.num_groups;
	cmd->out_holder_pid = pid_vnr(claim->holder);
	memcpy(cmd->out_id, &claim->id, sizeof(cmd->out_id));
	memcpy(cmd->out_holder_comm, claim->comm, sizeof(claim->comm));
	memcpy(cmd->out_label, claim->label, sizeof(claim->label));
	ret = write_members(ucmd, claim, &room, &cmd->num_members);
	return ret ?: bindery_ucmd_respond(ucmd);
}

/* One of the groups has a VFIO user whose device we would unbind. */
static int look_for_users(struct bindery_claim *claim, unsigned long deadline,
			  struct bindery_failure *failure)
{
	struct bindery_plan *plan = &claim->plan;
	struct bindery_group *group;
	unsigned int i;
	u32 code;
	int ret;

	for (i = 0; i < plan->num_groups; i++) {
		group = plan->groups[i];
		if (!bindery_group_needs_fence(group))
			continue;
		ret = bindery_group_fence(group, deadline);
		bindery_group_unfence(group);
		if (ret >= 0)
			continue;
		code = ret == -ETIMEDOUT ? BINDERY_ERROR_LOCKED :
					   BINDERY_ERROR_IN_USE;
		ret = bindery_fail(failure, code, BINDERY_STEP_FENCE, 0);
		failure->record.out_group = group->id;
		failure->record.out_flags |= BINDERY_ERROR_HAS_GROUP;
		return ret;
	}
	return 0;
}

/* One RELEASE at a time, and none after the end. */
static int begin_release(struct bindery_claim *claim,
			 struct bindery_failure *failure)
{
	guard(bindery_state)();
	if (!claim->live || claim->releasing)
		return bindery_fail(failure, claim->live ? BINDERY_ERROR_BUSY :
				    BINDERY_ERROR_RELEASED,
				    BINDERY_STEP_REQUEST, 0);
	claim->releasing = true;
	return 0;
}

static void end_release(struct bindery_claim *claim)
{
	guard(bindery_state)();
	claim->releasing = false;
}

static bool is_restored(struct bindery_claim *claim)
{
	guard(bindery_state)();
	return !claim->restoring;
}

/* What became of the first member that could not be restored. */
static int first_result(struct bindery_claim *claim,
			struct bindery_failure *failure)
{
	struct bindery_plan *plan = &claim->plan;
	struct bindery_member *member;
	unsigned int i;
	u32 code;
	int ret;

	for (i = 0; i < plan->num_members; i++) {
		member = plan->members[i];
		if (!member->error)
			continue;
		code = member->did ? BINDERY_ERROR_DEGRADED :
				     BINDERY_ERROR_OVERRIDE;
		ret = bindery_fail_member(failure, code, BINDERY_STEP_RESTORE,
					  0, member);
		bindery_failure_driver(failure, member->native.driver);
		return ret;
	}
	return 0;
}

/* As bindery_wait_until(), for all groups of an ended claim. */
long bindery_claim_wait(struct bindery_claim *claim, unsigned long deadline)
{
	return bindery_wait_until(is_restored(claim), deadline);
}

static int wait_restored(struct bindery_claim *claim, unsigned long deadline,
			 struct bindery_failure *failure)
{
	long left = bindery_claim_wait(claim, deadline);

	if (left > 0)
		return first_result(claim, failure);
	if (left < 0)
		return left;
	return bindery_fail(failure, BINDERY_ERROR_DEADLINE,
			    BINDERY_STEP_RESTORE, 0);
}

static int release(struct bindery_claim *claim, unsigned long deadline,
		   struct bindery_failure *failure)
{
	int ret = look_for_users(claim, deadline, failure);

	if (ret)
		return ret;
	bindery_claim_end(claim);
	return wait_restored(claim, deadline, failure);
}

int bindery_cmd_release(struct bindery_ucmd *ucmd)
{
	struct bindery_claim *claim = ucmd->file->private_data;
	struct bindery_ioc_release *cmd = ucmd->cmd;
	struct bindery_room room = {
		cmd->members, cmd->num_members, cmd->member_size
	};
	unsigned long deadline;
	int ret, err;

	cmd->num_members = 0;
	ret = bindery_flags_check(cmd->flags | cmd->__reserved, 0,
				  &ucmd->failure);
	ret = ret ?: bindery_room_check(&room, &ucmd->failure);
	ret = ret ?: bindery_deadline(cmd->deadline_ms, &deadline,
				      &ucmd->failure);
	ret = ret ?: begin_release(claim, &ucmd->failure);
	if (ret)
		return ret;
	ret = release(claim, deadline, &ucmd->failure);
	end_release(claim);
	err = write_members(ucmd, claim, &room, &cmd->num_members);
	if (ret || err)
		return ret ?: err;
	return bindery_ucmd_respond(ucmd);
}
