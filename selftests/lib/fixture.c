// SPDX-License-Identifier: GPL-2.0-only
#include <stdio.h>

#include "fixture.h"

/* 1: there is no such group. */
int common_begin(struct common *common, const struct needs *needs)
{
	struct bindery_ioc_acquire *cmd = &common->request.cmd;
	int ret;

	common->claim = -1;
	common->second = -1;
	common->user = vfio_none;
	common->control = control_open();
	if (common->control < 0)
		return common->control;
	if (group_choose(&common->group, needs->driver))
		return 1;
	ret = module_load("vfio_pci") ?: module_load(TEST_TARGET);
	if (ret)
		return ret;
	common->first = common->group.bdf[0];
	common->last = common->group.bdf[common->group.num - 1];
	request_group(&common->request, &common->group, needs->target ?: "");
	snprintf(cmd->label, sizeof(cmd->label), "%s", needs->label ?: "");
	cmd->flags = needs->flags;
	knobs_reset();
	return snapshot_take(&common->before);
}

/* Nobody holds, uses or watches anything any more; what is wrong then. */
int common_rest(struct common *common)
{
	int state;

	watch_end();
	knobs_reset();
	vfio_close(&common->user);
	state = close_claims(common->control, common->first);
	if (state != BINDERY_GROUP_FREE)
		note("the group's state is %d", state);
	return state != BINDERY_GROUP_FREE;
}

int common_end(struct common *common)
{
	return common_rest(common) + snapshot_compare(&common->before);
}

/* Another request like the first. */
void common_request(struct common *common, struct request *request)
{
	request_group(request, &common->group, common->request.cmd.target);
	request->cmd.flags = common->request.cmd.flags;
}

/* Claims that a failed test has left without a file. */
void release_kept(int control, const char *bdf)
{
	struct answer answer;

	while (!show(control, bdf, &answer) &&
	       answer.show.out_state == BINDERY_GROUP_KEPT &&
	       !recover(control, BINDERY_RECOVER_RELEASE,
			answer.show.out_claim_id, NULL, &answer))
		note("a kept claim was left");
}

bool group_is_on(const struct group *group, const char *driver)
{
	for (unsigned int i = 0; i < group->num; i++)
		if (!pci_is_on(group->bdf[i], driver))
			return false;
	return true;
}

int group_move(const struct group *group, const char *driver)
{
	int ret = 0;

	for (unsigned int i = 0; !ret && i < group->num; i++)
		ret = pci_move(group->bdf[i], driver);
	return ret;
}

/* How many members were touched since then. */
int group_untouched(const struct group *group, const struct snapshot *held)
{
	int differences = 0;

	for (unsigned int i = 0; i < group->num; i++)
		differences += snapshot_untouched(held, group->bdf[i]);
	return differences;
}
