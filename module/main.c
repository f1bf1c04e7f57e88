// SPDX-License-Identifier: GPL-2.0-only
/* Loading and unloading. */
#include <linux/miscdevice.h>
#include <linux/module.h>

#include "bindery_private.h"
#include "compat.h"

#define CREATE_TRACE_POINTS
#include "trace.h"

/*
 * Coordinators wait for callbacks, so the two never share a queue. Those are
 * frozen before devices are suspended, when nothing may be bound any more;
 * callbacks are not, or the freezer would wait in vain for who waits for them.
 */
struct workqueue_struct *bindery_txn_wq;
struct workqueue_struct *bindery_callback_wq;

static struct miscdevice control = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "bindery",
	.fops = &bindery_fops_control,
	.mode = 0600,
};

static int __init bindery_init(void)
{
	int ret = -ENOMEM;

	bindery_callback_wq = alloc_workqueue("bindery_callback", WQ_UNBOUND,
					      0);
	if (!bindery_callback_wq)
		return ret;
	bindery_txn_wq = alloc_workqueue("bindery_txn",
					 WQ_UNBOUND | WQ_FREEZABLE, 0);
	if (!bindery_txn_wq)
		goto no_txn_wq;
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
	destroy_workqueue(bindery_txn_wq);
no_txn_wq:
	destroy_workqueue(bindery_callback_wq);
	return ret;
}

/* Claims, transactions and restores keep the module; degraded groups do not. */
static void __exit bindery_exit(void)
{
	struct bindery_group *group;
	unsigned long id;

	misc_deregister(&control);
	bindery_watch_exit();
	destroy_workqueue(bindery_txn_wq);
	xa_for_each(&bindery_groups, id, group)
		bindery_group_free(group);
	bindery_override_exit();
	destroy_workqueue(bindery_callback_wq);
	xa_destroy(&bindery_groups);
}

module_init(bindery_init);
module_exit(bindery_exit);

MODULE_DESCRIPTION("Gives PCI devices to virtual machines and takes them back");
MODULE_AUTHOR("The bindery authors");
MODULE_LICENSE("GPL");
MODULE_VERSION(BINDERY_VERSION);
