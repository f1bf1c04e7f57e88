// SPDX-License-Identifier: GPL-2.0-only
/*
 * Does one thing that is wrong when it is loaded, so that a test can see that
 * the kernel notices. Never load it into a kernel that is to be kept.
 */
#include <linux/completion.h>
#include <linux/delay.h>
#include <linux/kthread.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/workqueue.h>

static char *kind = "";
module_param(kind, charp, 0444);

static int use_what_is_freed(void)
{
	char *buffer = kzalloc(16, GFP_KERNEL), *stale = buffer;

	if (!buffer)
		return -ENOMEM;
	OPTIMIZER_HIDE_VAR(stale);
	kfree(buffer);
	WRITE_ONCE(*stale, 1);
	return 0;
}

#define LEAKS	8	/* of one a pointer may be left somewhere by chance */

static int forget_memory(void)
{
	int i;

	for (i = 0; i < LEAKS; i++) {
		void *lost = kzalloc(48, GFP_KERNEL);

		OPTIMIZER_HIDE_VAR(lost);
	}
	return 0;
}

static DEFINE_MUTEX(one);
static DEFINE_MUTEX(other);

static int lock_in_both_orders(void)
{
	mutex_lock(&one);
	mutex_lock(&other);
	mutex_unlock(&other);
	mutex_unlock(&one);
	mutex_lock(&other);
	mutex_lock(&one);
	mutex_unlock(&one);
	mutex_unlock(&other);
	return 0;
}

static DEFINE_SPINLOCK(short_lock);

static int sleep_under_a_spinlock(void)
{
	spin_lock(&short_lock);
	msleep(20);
	spin_unlock(&short_lock);
	return 0;
}

static void nothing(struct work_struct *work)
{
}

static int free_what_is_queued(void)
{
	struct delayed_work *work = kzalloc(sizeof(*work), GFP_KERNEL);

	if (!work)
		return -ENOMEM;
	INIT_DELAYED_WORK(work, nothing);
	schedule_delayed_work(work, 3600 * HZ);
	kfree(work);
	return 0;
}

#define RACE_MS	5000

static unsigned long raced;
static DECLARE_COMPLETION(ended);

static int count(void *unused)
{
	unsigned long end = jiffies + msecs_to_jiffies(RACE_MS);

	while (time_before(jiffies, end)) {
		raced++;
		barrier();
		cond_resched();
	}
	complete(&ended);
	return 0;
}

static int count_without_a_lock(void)
{
	int i;

	for (i = 0; i < 2; i++)
		if (IS_ERR(kthread_run(count, NULL, "bindery-race/%d", i)))
			complete(&ended);
	for (i = 0; i < 2; i++)
		wait_for_completion(&ended);
	return 0;
}

static const struct {
	const char *kind;
	int (*run)(void);
} alarms[] = {
	{ "freed", use_what_is_freed },
	{ "leak", forget_memory },
	{ "order", lock_in_both_orders },
	{ "queued", free_what_is_queued },
	{ "race", count_without_a_lock },
	{ "sleep", sleep_under_a_spinlock },
};

static int __init mistake_init(void)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(alarms); i++)
		if (!strcmp(kind, alarms[i].kind))
			return alarms[i].run();
	return -EINVAL;
}

static void __exit mistake_exit(void)
{
}

module_init(mistake_init);
module_exit(mistake_exit);

MODULE_DESCRIPTION("Mistakes for the tests of bindery's debug kernels");
MODULE_LICENSE("GPL");
