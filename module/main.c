// SPDX-License-Identifier: GPL-2.0-only
/* Loading and unloading. */
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/reboot.h>

#include "bindery_private.h"
#include "compat.h"

#define CREATE_TRACE_POINTS
#include "trace.h"

/*
 * Transactions wait for rollbacks, and all wait for callbacks, so no two of
 * them share a queue. Transactions and restores are frozen before devices are
 * suspended, when nothing may be bound any more; what they wait for is not, or
 * the freezer would wait in vain for them.
 */
struct workqueue_struct *bindery_txn_wq;
struct workqueue_struct *bindery_drain_wq;
struct workqueue_struct *bindery_rollback_wq;
struct workqueue_struct *bindery_callback_wq;

static bool going_down;

bool bindery_is_going_down(void)
{
	return READ_ONCE(going_down);
}

/* No new transactions; queued restores are dropped. */
static int shut_down(struct notifier_block *nb, unsigned long action,
		     void *data)
{
	WRITE_ONCE(going_down, true);
	return NOTIFY_DONE;
}

static struct notifier_block reboot_notifier = {
	.notifier_call = shut_down,
};

static struct miscdevice control = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "bindery",
	.fops = &bindery_fops_control,
	.mode = 0600,
};

/* As many at once as any kernel allows: they mostly sleep. */
#define MAX_ACTIVE	512

static void destroy_queues(void)
{
	if (bindery_drain_wq)
		destroy_workqueue(bindery_drain_wq);
	if (bindery_rollback_wq)
		destroy_workqueue(bindery_rollback_wq);
	if (bindery_txn_wq)
		destroy_workqueue(bindery_txn_wq);
	if (bindery_callback_wq)
		destroy_workqueue(bindery_callback_wq);
}

static int create_queues(void)
{
	bindery_callback_wq = alloc_workqueue("bindery_callback", WQ_UNBOUND,
					      MAX_ACTIVE);
	bindery_drain_wq = alloc_workqueue("bindery_drain",
					   WQ_UNBOUND | WQ_FREEZABLE,
					   MAX_ACTIVE);
	bindery_rollback_wq = alloc_workqueue("bindery_rollback", WQ_UNBOUND,
					      MAX_ACTIVE);
	bindery_txn_wq = alloc_workqueue("bindery_txn",
					 WQ_UNBOUND | WQ_FREEZABLE, MAX_ACTIVE);
	if (bindery_callback_wq && bindery_drain_wq && bindery_rollback_wq &&
	    bindery_txn_wq)
		return 0;
	destroy_queues();
	return -ENOMEM;
}

static int __init bindery_init(void)
{
	int ret = create_queues();

	if (ret)
		return ret;
	ret = register_reboot_notifier(&reboot_notifier);
	if (ret)
		goto no_reboot;
	ret = bindery_event_init();
	if (ret)
		goto no_event;
	ret = bindery_netlink_init();
	if (ret)
		goto no_netlink;
	ret = bindery_watch_init();
	if (ret)
		goto no_watch;
	ret = misc_register(&control);
	if (ret)
		goto no_control;
	return 0;

no_control:
	bindery_watch_exit();
no_watch:
	bindery_netlink_exit();
no_netlink:
	bindery_event_exit();
no_event:
	unregister_reboot_notifier(&reboot_notifier);
no_reboot:
	destroy_queues();
	return ret;
}

/* What is degraded stays as it is, and is forgotten. */
static void forget_groups(void)
{
	struct bindery_group *group;
	LIST_HEAD(members);
	unsigned long id;

	xa_for_each(&bindery_groups, id, group) {
		scoped_guard(bindery_state)
			bindery_group_untrack(group, &members);
		bindery_members_drop(&members);
		bindery_group_put(group);
	}
}

/* Claims, transactions and restores keep the module; degraded groups do not. */
static void __exit bindery_exit(void)
{
	misc_deregister(&control);
	bindery_watch_exit();
	unregister_reboot_notifier(&reboot_notifier);
	forget_groups();
	bindery_netlink_exit();
	bindery_event_exit();
	bindery_override_exit();
	destroy_queues();
	xa_destroy(&bindery_groups);
}

module_init(bindery_init);
module_exit(bindery_exit);

MODULE_DESCRIPTION("Gives PCI devices to virtual machines and takes them back");
MODULE_AUTHOR("The bindery authors");
MODULE_LICENSE("GPL");
MODULE_VERSION(BINDERY_VERSION);
