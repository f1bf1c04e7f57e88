// SPDX-License-Identifier: GPL-2.0-only
/*
 * Control files with less than all rights: for some groups and operations, by
 * DELEGATE, until REVOKE.
 */
#include <linux/anon_inodes.h>
#include <linux/bsearch.h>
#include <linux/file.h>
#include <linux/pid.h>
#include <linux/seq_file.h>
#include <linux/slab.h>

#include "bindery_private.h"

/* State lock: all that somebody has a reference to. */
static LIST_HEAD(delegations);

static int refuse(struct bindery_failure *failure, u32 code)
{
	return bindery_fail(failure, code, BINDERY_STEP_REQUEST, 0);
}

/* What this control file was delegated, or NULL. */
struct bindery_delegation *bindery_delegation_of(struct file *file)
{
	if (file->f_op != &bindery_fops_delegated)
		return NULL;
	return file->private_data;
}

void bindery_delegation_get(struct bindery_delegation *delegation)
{
	if (delegation)
		kref_get(&delegation->ref);
}

static void delegation_free(struct kref *ref)
{
	struct bindery_delegation *delegation =
		container_of(ref, struct bindery_delegation, ref);
	unsigned int i;

	scoped_guard(bindery_state)
		list_del(&delegation->node);
	for (i = 0; i < delegation->num_groups; i++)
		bindery_group_put(delegation->groups[i]);
	kvfree(delegation->groups);
	kfree(delegation);
}

/* May sleep: it may be what keeps an IOMMU group. */
void bindery_delegation_put(struct bindery_delegation *delegation)
{
	if (delegation)
		kref_put(&delegation->ref, delegation_free);
}

/* A call begins, unless it may not, and REVOKE waits for its end. */
int bindery_delegation_begin(struct bindery_delegation *delegation,
			     bool needs_full, u32 operation,
			     struct bindery_failure *failure)
{
	guard(bindery_state)();
	if (delegation->revoked)
		return refuse(failure, BINDERY_ERROR_REVOKED);
	if (operation ? !(delegation->operations & operation) : needs_full)
		return refuse(failure, BINDERY_ERROR_OPERATION);
	delegation->calls++;
	return 0;
}

void bindery_delegation_end(struct bindery_delegation *delegation)
{
	guard(bindery_state)();
	if (!--delegation->calls)
		wake_up_all(&bindery_wait);
}

static int compare_id(const void *key, const void *element)
{
	struct bindery_group *const *group = element;
	int id = *(const int *)key;

	return id < (*group)->id ? -1 : id > (*group)->id;
}

/* The number finds it; that it is the same group is what gives the right. */
static bool has_group(const struct bindery_delegation *delegation,
		      const struct bindery_group *group)
{
	struct bindery_group **found;

	found = bsearch(&group->id, delegation->groups, delegation->num_groups,
			sizeof(*delegation->groups), compare_id);
	return found && (*found)->iommu_group == group->iommu_group;
}

int bindery_delegation_check_plan(struct bindery_delegation *delegation,
				  const struct bindery_plan *plan,
				  struct bindery_failure *failure)
{
	unsigned int i;

	for (i = 0; delegation && i < plan->num_groups; i++)
		if (!has_group(delegation, plan->groups[i]))
			return bindery_fail_group(failure,
						  BINDERY_ERROR_FOREIGN_GROUP,
						  BINDERY_STEP_RESOLVE,
						  plan->groups[i]->id);
	return 0;
}

int bindery_delegation_check_claim(struct bindery_delegation *delegation,
				   const struct bindery_claim *claim,
				   struct bindery_failure *failure)
{
	if (!delegation || claim->delegation == delegation)
		return 0;
	return bindery_fail(failure, BINDERY_ERROR_FOREIGN_CLAIM,
			    BINDERY_STEP_RESOLVE, 0);
}

#define FLAGS_OF_ISSUER	(BINDERY_ACQUIRE_KEEP | BINDERY_ACQUIRE_REPAIR)

/* From here on the request loads no module, whoever carries it out. */
int bindery_delegation_check_request(struct bindery_delegation *delegation,
				     struct bindery_request *request,
				     struct bindery_failure *failure)
{
	if (!delegation)
		return 0;
	request->delegated = true;
	if (request->flags & FLAGS_OF_ISSUER || request->natives)
		return refuse(failure, BINDERY_ERROR_FLAG);
	return 0;
}

/* One more claim; what waited for its groups may have waited too long. */
int bindery_delegation_admit(const struct bindery_delegation *delegation,
			     struct bindery_failure *failure)
{
	bindery_state_assert();
	if (!delegation)
		return 0;
	if (delegation->revoked)
		return bindery_fail(failure, BINDERY_ERROR_REVOKED,
				    BINDERY_STEP_RESERVE, 0);
	if (delegation->num_claims < delegation->max_claims)
		return 0;
	return bindery_fail(failure, BINDERY_ERROR_LIMIT, BINDERY_STEP_RESERVE,
			    0);
}

/* The transaction counts until its rollback is done, longer than its call. */
int bindery_delegation_begin_txn(struct bindery_delegation *delegation,
				 struct bindery_txn *txn,
				 struct bindery_failure *failure)
{
	if (!delegation)
		return 0;
	guard(bindery_state)();
	if (delegation->num_txns >= delegation->max_txns)
		return refuse(failure, BINDERY_ERROR_LIMIT);
	delegation->num_txns++;
	txn->counted = true;
	return 0;
}

void bindery_delegation_end_txn(struct bindery_txn *txn)
{
	bindery_state_assert();
	if (txn->counted)
		txn->claim->delegation->num_txns--;
	txn->counted = false;
}

void bindery_delegation_info(struct bindery_delegation *delegation,
			     struct bindery_ioc_info *cmd)
{
	export_uuid(cmd->out_delegation_id, &delegation->id);
	cmd->out_operations = delegation->operations;
	cmd->out_num_groups = delegation->num_groups;
	cmd->out_max_claims = delegation->max_claims;
	cmd->out_max_transactions = delegation->max_txns;
	guard(bindery_state)();
	cmd->out_num_claims = delegation->num_claims;
	cmd->out_num_transactions = delegation->num_txns;
}

static int fops_release(struct inode *inode, struct file *file)
{
	bindery_delegation_put(file->private_data);
	return 0;
}

static void fops_show_fdinfo(struct seq_file *seq, struct file *file)
{
	struct bindery_delegation *delegation = file->private_data;
	unsigned int i;

	seq_printf(seq, "bindery-delegation:\t%pUb\n", &delegation->id);
	seq_printf(seq, "bindery-operations:\t0x%x\n", delegation->operations);
	seq_puts(seq, "bindery-label:\t");
	seq_escape_str(seq, delegation->label, ESCAPE_SPECIAL | ESCAPE_NP,
		       NULL);
	seq_puts(seq, "\nbindery-groups:\t");
	for (i = 0; i < delegation->num_groups; i++)
		seq_printf(seq, "%s%d", i ? " " : "",
			   delegation->groups[i]->id);
	guard(bindery_state)();
	seq_printf(seq, "\nbindery-claims:\t%u of %u\n",
		   delegation->num_claims, delegation->max_claims);
	seq_printf(seq, "bindery-transactions:\t%u of %u\n",
		   delegation->num_txns, delegation->max_txns);
	seq_printf(seq, "bindery-revoked:\t%d\n", delegation->revoked);
}

const struct file_operations bindery_fops_delegated = {
	.owner = THIS_MODULE,
	.release = fops_release,
	.show_fdinfo = fops_show_fdinfo,
	.unlocked_ioctl = bindery_fops_control_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
};

static struct bindery_delegation *
delegation_new(const struct bindery_ioc_delegate *cmd, struct bindery_plan *plan)
{
	struct bindery_delegation *delegation;

	delegation = kzalloc(sizeof(*delegation), GFP_KERNEL_ACCOUNT);
	if (!delegation)
		return NULL;
	delegation->groups = kvcalloc(plan->num_groups,
				      sizeof(*delegation->groups),
				      GFP_KERNEL_ACCOUNT);
	if (!delegation->groups) {
		kfree(delegation);
		return NULL;
	}
	kref_init(&delegation->ref);
	uuid_gen(&delegation->id);
	strscpy(delegation->label, cmd->label, sizeof(delegation->label));
	delegation->operations = cmd->operations;
	delegation->max_claims = cmd->max_claims ?: BINDERY_DELEGATE_MAX_CLAIMS;
	delegation->max_txns = cmd->max_transactions ?:
		BINDERY_DELEGATE_MAX_TRANSACTIONS;
	for (; delegation->num_groups < plan->num_groups;
	     delegation->num_groups++) {
		struct bindery_group *group =
			plan->groups[delegation->num_groups];

		bindery_group_get(group);
		delegation->groups[delegation->num_groups] = group;
	}
	guard(bindery_state)();
	list_add_tail(&delegation->node, &delegations);
	return delegation;
}

/* The devices are read and found as those of any request are. */
static int find_groups(const struct bindery_ioc_delegate *cmd,
		       struct bindery_plan **plan,
		       struct bindery_failure *failure)
{
	struct bindery_ioc_acquire acquire = {
		.devices = cmd->devices,
		.num_devices = cmd->num_devices,
		.device_size = cmd->device_size,
	};
	struct bindery_request *request;
	int ret;

	memcpy(acquire.label, cmd->label, sizeof(acquire.label));
	request = bindery_request_read(&acquire, 0, false, failure);
	if (IS_ERR(request))
		return PTR_ERR(request);
	ret = bindery_plan_resolve(plan, NULL, request, failure);
	bindery_request_put(request);
	return ret;
}

#define ALL_OPERATIONS	(BINDERY_OPERATION_SHOW | BINDERY_OPERATION_CHECK | \
			 BINDERY_OPERATION_ACQUIRE | \
			 BINDERY_OPERATION_ADOPT | \
			 BINDERY_OPERATION_OPEN_CLAIM)

static int check_delegate(const struct bindery_ioc_delegate *cmd,
			  struct bindery_failure *failure)
{
	int ret = bindery_flags_check(cmd->flags | cmd->__reserved, 0, failure);

	ret = ret ?: bindery_flags_check(cmd->operations, ALL_OPERATIONS,
					 failure);
	if (ret)
		return ret;
	if (!cmd->operations)
		return refuse(failure, BINDERY_ERROR_ARGUMENT);
	if (cmd->max_claims > BINDERY_DELEGATE_MAX_CLAIMS ||
	    cmd->max_transactions > BINDERY_DELEGATE_MAX_TRANSACTIONS)
		return refuse(failure, BINDERY_ERROR_TOO_MANY);
	return 0;
}

struct delegating {
	struct bindery_ucmd *ucmd;
	struct bindery_delegation *delegation;
};

static struct file *make(void *data)
{
	struct delegating *delegating = data;
	struct file *file;

	file = anon_inode_getfile("[bindery-delegation]",
				  &bindery_fops_delegated,
				  delegating->delegation, O_RDWR | O_CLOEXEC);
	if (!IS_ERR(file))
		bindery_delegation_get(delegating->delegation);
	return file;
}

static int give(void *data, struct file *file, int fd)
{
	struct delegating *delegating = data;
	struct bindery_delegation *delegation = delegating->delegation;
	struct bindery_ucmd *ucmd = delegating->ucmd;
	struct bindery_ioc_delegate *cmd = ucmd->cmd;
	int ret;

	cmd->out_control_fd = fd;
	cmd->out_num_groups = delegation->num_groups;
	export_uuid(cmd->out_delegation_id, &delegation->id);
	ret = bindery_ucmd_respond(ucmd);
	if (ret)
		return ret;
	/* before anybody can know the file, and revoke it */
	guard(bindery_state)();
	bindery_event_delegation(delegation, BINDERY_EVENT_TYPE_DELEGATED);
	return 0;
}

static int delegate(struct bindery_ucmd *ucmd, struct bindery_plan *plan)
{
	struct bindery_ioc_delegate *cmd = ucmd->cmd;
	struct delegating delegating = {
		.ucmd = ucmd,
		.delegation = delegation_new(cmd, plan),
	};
	int ret;

	if (!delegating.delegation)
		return refuse(&ucmd->failure, BINDERY_ERROR_NO_MEMORY);
	ret = bindery_file_install(&ucmd->failure, &delegating, make, give);
	if (ret)
		cmd->out_control_fd = -1;
	bindery_delegation_put(delegating.delegation);
	return ret;
}

int bindery_cmd_delegate(struct bindery_ucmd *ucmd)
{
	struct bindery_ioc_delegate *cmd = ucmd->cmd;
	struct bindery_plan *plan = NULL;
	int ret;

	memset(cmd->out_delegation_id, 0, sizeof(cmd->out_delegation_id));
	cmd->out_num_groups = 0;
	ret = check_delegate(cmd, &ucmd->failure);
	ret = ret ?: find_groups(cmd, &plan, &ucmd->failure);
	ret = ret ?: delegate(ucmd, plan);
	bindery_plan_put(plan);
	return ret;
}

static struct bindery_delegation *find_by_id(const u8 *id)
{
	struct bindery_delegation *delegation;

	guard(bindery_state)();
	list_for_each_entry(delegation, &delegations, node)
		if (!memcmp(&delegation->id, id, sizeof(delegation->id)) &&
		    kref_get_unless_zero(&delegation->ref))
			return delegation;
	return NULL;
}

static struct bindery_delegation *find_by_fd(int fd)
{
	struct bindery_delegation *delegation;
	struct file *file = fget(fd);

	if (!file)
		return NULL;
	delegation = bindery_delegation_of(file);
	bindery_delegation_get(delegation);
	fput(file);
	return delegation;
}

static bool is_idle(struct bindery_delegation *delegation)
{
	guard(bindery_state)();
	return !delegation->calls;
}

static int revoke(struct bindery_delegation *delegation,
		  struct bindery_ioc_revoke *cmd, unsigned long deadline,
		  struct bindery_failure *failure)
{
	long left;

	scoped_guard(bindery_state) {
		if (!delegation->revoked)
			bindery_event_delegation(delegation,
						 BINDERY_EVENT_TYPE_REVOKED);
		delegation->revoked = true;
		/* those that wait for a group need not any more */
		wake_up_all(&bindery_wait);
	}
	if (cmd->flags & BINDERY_REVOKE_RELEASE)
		bindery_claims_end(delegation);
	left = bindery_wait_until(is_idle(delegation), deadline);
	scoped_guard(bindery_state)
		cmd->out_num_claims = delegation->num_claims;
	if (left > 0)
		return 0;
	return left ?: refuse(failure, BINDERY_ERROR_DEADLINE);
}

int bindery_cmd_revoke(struct bindery_ucmd *ucmd)
{
	struct bindery_ioc_revoke *cmd = ucmd->cmd;
	struct bindery_delegation *delegation;
	unsigned long deadline;
	int ret;

	cmd->out_num_claims = 0;
	ret = bindery_flags_check(cmd->flags, BINDERY_REVOKE_RELEASE,
				  &ucmd->failure);
	ret = ret ?: bindery_flags_check(cmd->__reserved, 0, &ucmd->failure);
	ret = ret ?: bindery_deadline(cmd->deadline_ms, &deadline,
				      &ucmd->failure);
	if (ret)
		return ret;
	delegation = memchr_inv(cmd->id, 0, sizeof(cmd->id)) ?
		find_by_id(cmd->id) : find_by_fd(cmd->control_fd);
	if (!delegation)
		return refuse(&ucmd->failure, BINDERY_ERROR_NO_DELEGATION);
	ret = revoke(delegation, cmd, deadline, &ucmd->failure);
	bindery_delegation_put(delegation);
	return ret ?: bindery_ucmd_respond(ucmd);
}
