// SPDX-License-Identifier: GPL-2.0-only
/* /dev/bindery: what a file of it may do, and what it tells. */
#include <linux/capability.h>
#include <linux/pid.h>

#include "bindery_private.h"
#include "compat.h"

/*
 * Rights are fixed at open, so that a file handed to somebody with more
 * rights gives that somebody's power to nobody.
 */
int bindery_fops_control_open(struct inode *inode, struct file *file)
{
	file->private_data = (void *)(unsigned long)
		(capable(CAP_SYS_ADMIN) ? BINDERY_RIGHTS_FULL :
					  BINDERY_RIGHTS_READ);
	return nonseekable_open(inode, file);
}

static unsigned long rights_of(const struct bindery_ucmd *ucmd)
{
	if (ucmd->delegation)
		return BINDERY_RIGHTS_DELEGATED;
	return (unsigned long)ucmd->file->private_data;
}

/* What a file alone does not give: also a claim's may have been handed on. */
int bindery_capable_check(struct bindery_ucmd *ucmd)
{
	if (capable(CAP_SYS_ADMIN))
		return 0;
	return bindery_fail(&ucmd->failure, BINDERY_ERROR_NOT_PERMITTED,
			    BINDERY_STEP_REQUEST, 0);
}

void bindery_rights_end(struct bindery_ucmd *ucmd)
{
	if (ucmd->delegation)
		bindery_delegation_end(ucmd->delegation);
}

/*
 * The one place that says who may make which call; operation is what a
 * delegated file needs instead of full rights, 0: it may not. What a call may
 * do depends on what it asks for, too: see delegate.c.
 */
int bindery_rights_begin(struct bindery_ucmd *ucmd, u32 needs, u32 operation)
{
	bool full = needs & BINDERY_NEEDS_FULL;
	int ret = 0;

	ucmd->delegation = bindery_delegation_of(ucmd->file);
	if (ucmd->delegation)
		ret = bindery_delegation_begin(ucmd->delegation, full,
					       operation, &ucmd->failure);
	else if (full && rights_of(ucmd) != BINDERY_RIGHTS_FULL)
		ret = bindery_fail(&ucmd->failure, BINDERY_ERROR_NOT_PERMITTED,
				   BINDERY_STEP_REQUEST, 0);
	if (ret || !(needs & BINDERY_NEEDS_CAPABLE))
		return ret;
	ret = bindery_capable_check(ucmd);
	if (ret)
		bindery_rights_end(ucmd);
	return ret;
}

static void clear_delegation(struct bindery_ioc_info *cmd)
{
	memset(cmd->out_delegation_id, 0, sizeof(cmd->out_delegation_id));
	cmd->out_operations = 0;
	cmd->out_num_groups = 0;
	cmd->out_num_claims = 0;
	cmd->out_num_transactions = 0;
	cmd->out_max_claims = BINDERY_DELEGATE_MAX_CLAIMS;
	cmd->out_max_transactions = BINDERY_DELEGATE_MAX_TRANSACTIONS;
}

int bindery_cmd_info(struct bindery_ucmd *ucmd)
{
	struct bindery_ioc_info *cmd = ucmd->cmd;

	if (cmd->flags)
		return -EOPNOTSUPP;
	cmd->out_abi_version = BINDERY_ABI_VERSION;
	cmd->out_rights = rights_of(ucmd);
	cmd->out_kernel = bindery_kernel_facts();
	cmd->out_max_devices = BINDERY_MAX_DEVICES;
	cmd->out_max_label = BINDERY_LABEL_MAX;
	cmd->out_max_name = BINDERY_NAME_SIZE - 1;
	cmd->out_deadline_default_ms = BINDERY_DEADLINE_DEFAULT_MS;
	cmd->out_deadline_max_ms = BINDERY_DEADLINE_MAX_MS;
	cmd->out_features = BINDERY_FEATURE_DELEGATE | BINDERY_FEATURE_SEALED;
	cmd->out_max_path = BINDERY_PATH_MAX;
	cmd->out_max_stuck = BINDERY_MAX_STUCK;
	clear_delegation(cmd);
	if (ucmd->delegation)
		bindery_delegation_info(ucmd->delegation, cmd);
	strscpy_pad(cmd->out_version, BINDERY_VERSION, sizeof(cmd->out_version));
	return bindery_ucmd_respond(ucmd);
}

static void show_claim(struct bindery_ioc_show *cmd, int id)
{
	struct bindery_group *group;
	struct bindery_claim *claim;

	guard(bindery_state)();
	group = xa_load(&bindery_groups, id);
	if (!group)
		return;
	cmd->out_state = group->state;
	cmd->out_generation = group->generation;
	claim = bindery_group_holder(group);
	if (!claim)
		return;
	cmd->out_num_claims = bindery_list_count(&group->holds);
	export_uuid(cmd->out_claim_id, &claim->id);
	cmd->out_claim_flags = bindery_claim_all_flags(claim);
	cmd->out_holder_pid = pid_vnr(claim->holder);
	memcpy(cmd->out_holder_comm, claim->comm, sizeof(claim->comm));
	memcpy(cmd->out_holder_label, claim->label, sizeof(claim->label));
}

static void clear_results(struct bindery_ioc_show *cmd)
{
	cmd->out_state = BINDERY_GROUP_FREE;
	cmd->out_num_claims = 0;
	cmd->out_holder_pid = 0;
	memset(cmd->out_holder_comm, 0, sizeof(cmd->out_holder_comm));
	memset(cmd->out_holder_label, 0, sizeof(cmd->out_holder_label));
	memset(cmd->out_claim_id, 0, sizeof(cmd->out_claim_id));
	cmd->out_claim_flags = 0;
	cmd->out_generation = 0;
}

int bindery_cmd_show(struct bindery_ucmd *ucmd)
{
	struct bindery_ioc_show *cmd = ucmd->cmd;
	struct bindery_room room = {
		cmd->members, cmd->num_members, cmd->member_size
	};
	struct bindery_ioc_device device;
	struct bindery_plan *plan = NULL;
	int ret;

	cmd->num_members = 0;
	ret = bindery_flags_check(cmd->flags | cmd->__reserved |
				  cmd->__reserved2, 0, &ucmd->failure);
	ret = ret ?: bindery_room_check(&room, &ucmd->failure);
	ret = ret ?: bindery_device_read(&device, cmd->device, cmd->device_size,
					 &ucmd->failure);
	ret = ret ?: bindery_plan_of_device(&plan, &device, &ucmd->failure);
	if (ret)
		return ret;
	ret = bindery_delegation_check_plan(ucmd->delegation, plan,
					    &ucmd->failure);
	if (ret) {
		bindery_plan_put(plan);
		return ret;
	}
	cmd->out_group = plan->groups[0]->id;
	clear_results(cmd);
	ret = bindery_plan_write(plan, &room, &cmd->num_members,
				 &ucmd->failure);
	bindery_plan_put(plan);
	if (ret)
		return ret;
	show_claim(cmd, cmd->out_group);
	return bindery_ucmd_respond(ucmd);
}
