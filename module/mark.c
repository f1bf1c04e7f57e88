// SPDX-License-Identifier: GPL-2.0-only
/* MARK: what became of a device in a guest. */
#include "bindery_private.h"

static int refuse(struct bindery_failure *failure, u32 code,
		  const struct bindery_member *member)
{
	return bindery_fail_member(failure, code, BINDERY_STEP_REQUEST, 0,
				   member);
}

/* The claim's member for this device, or NULL. */
static struct bindery_member *find(struct bindery_claim *claim,
				   struct device *dev)
{
	struct bindery_member *member;
	unsigned int i;

	bindery_state_assert();
	for (i = 0; i < claim->plan->num_groups; i++)
		list_for_each_entry(member, &claim->plan->groups[i]->members,
				    node)
			if (member->dev == dev && member->target)
				return member;
	return NULL;
}

static void fill(struct bindery_ioc_mark *cmd,
		 const struct bindery_member *member)
{
	const struct bindery_assigned *assigned = &member->assigned;

	export_uuid(cmd->out_assignment_id, &assigned->id);
	cmd->out_assignment = assigned->state;
	cmd->out_users = assigned->users;
	cmd->out_generation = member->generation;
}

/* What a mark changed, to take it back. */
struct marked {
	struct bindery_member *member;
	struct bindery_assigned before;
	u64 generation;
};

static int apply(struct bindery_ioc_mark *cmd, struct bindery_member *member,
		 struct bindery_failure *failure)
{
	u32 before = member->assigned.state;
	int ret;

	bindery_state_assert();
	if (cmd->generation != member->generation)
		return refuse(failure, BINDERY_ERROR_STALE, member);
	ret = bindery_assignment_next(&member->assigned, cmd->event);
	if (ret)
		return refuse(failure, ret == -E2BIG ? BINDERY_ERROR_TOO_MANY :
			      BINDERY_ERROR_TRANSITION, member);
	bindery_member_changed(member);
	bindery_event_marked(member, cmd->event, before);
	return 0;
}

static int mark(struct bindery_ioc_mark *cmd, struct bindery_claim *claim,
		struct pci_dev *pdev, struct marked *marked,
		struct bindery_failure *failure)
{
	struct bindery_ioc_bdf bdf = bindery_pci_address(pdev);
	struct bindery_member *member;
	int ret;

	guard(bindery_state)();
	if (claim->state != CLAIM_LIVE)
		return bindery_fail(failure, claim->state < CLAIM_LIVE ?
				    BINDERY_ERROR_STATE :
				    BINDERY_ERROR_RELEASED,
				    BINDERY_STEP_REQUEST, 0);
	member = find(claim, &pdev->dev);
	if (!member)
		return bindery_fail_device(failure, BINDERY_ERROR_NO_DEVICE,
					   BINDERY_STEP_RESOLVE, &bdf);
	marked->before = member->assigned;
	ret = apply(cmd, member, failure);
	fill(cmd, member);
	if (ret)
		return ret;
	bindery_member_get(member);
	marked->member = member;
	marked->generation = member->generation;
	return 0;
}

/* The caller could not be told, and nobody has changed it since. */
static void take_back(struct marked *marked)
{
	struct bindery_member *member = marked->member;
	u32 before;

	guard(bindery_state)();
	if (member->generation != marked->generation)
		return;
	before = member->assigned.state;
	member->assigned = marked->before;
	bindery_member_changed(member);
	bindery_event_marked(member, -1, before);
}

static int mark_and_tell(struct bindery_ucmd *ucmd, struct pci_dev *pdev)
{
	struct bindery_claim *claim = bindery_file_claim(ucmd->file);
	struct marked marked;
	int ret;

	ret = mark(ucmd->cmd, claim, pdev, &marked, &ucmd->failure);
	if (ret)
		return ret;
	ret = bindery_ucmd_respond(ucmd);
	if (ret)
		take_back(&marked);
	bindery_member_put(marked.member);
	return ret;
}

int bindery_cmd_mark(struct bindery_ucmd *ucmd)
{
	struct bindery_ioc_mark *cmd = ucmd->cmd;
	struct bindery_ioc_device device;
	struct pci_dev *pdev;
	int ret;

	memset(cmd->out_assignment_id, 0, sizeof(cmd->out_assignment_id));
	cmd->out_assignment = BINDERY_ASSIGNMENT_NONE;
	cmd->out_users = 0;
	cmd->out_generation = 0;
	ret = bindery_flags_check(cmd->flags, 0, &ucmd->failure);
	if (!ret && cmd->event > BINDERY_EVENT_DETACH_FAILED)
		ret = bindery_fail(&ucmd->failure, BINDERY_ERROR_ARGUMENT,
				   BINDERY_STEP_REQUEST, -EOPNOTSUPP);
	ret = ret ?: bindery_device_read(&device, cmd->device, cmd->device_size,
					 &ucmd->failure);
	if (ret)
		return ret;
	pdev = bindery_address_find(&device, NULL, &ucmd->failure);
	if (IS_ERR(pdev))
		return PTR_ERR(pdev);
	ret = mark_and_tell(ucmd, pdev);
	pci_dev_put(pdev);
	return ret;
}
