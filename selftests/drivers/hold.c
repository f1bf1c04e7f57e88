// SPDX-License-Identifier: GPL-2.0-only
/*
 * Holds whoever calls a function of bindery's, so that a test has time to act
 * in a moment that is short otherwise. The function takes one pointer.
 */
#include <linux/kprobes.h>
#include <linux/module.h>
#include <linux/string.h>
#include <linux/wait.h>

/* A test that died must not leave the machine stuck. */
#define HOLD_LIMIT	(60 * HZ)

static DECLARE_WAIT_QUEUE_HEAD(hold_wait);
static atomic_t waiting = ATOMIC_INIT(0);
static bool holds;
static char name[KSYM_NAME_LEN];
static struct kprobe probe;
static int (*function)(void *argument);

/* What runs in its place, and then has it run. */
static noinline notrace int held(void *argument)
{
	atomic_inc(&waiting);
	wait_event_timeout(hold_wait, !READ_ONCE(holds), HOLD_LIMIT);
	atomic_dec(&waiting);
	WRITE_ONCE(holds, false);
	return function(argument);
}

static int called(struct kprobe *probe, struct pt_regs *regs)
{
	if (!READ_ONCE(holds))
		return 0;
	instruction_pointer_set(regs, (unsigned long)held);
	return 1;
}
NOKPROBE_SYMBOL(called);

/* With one the first may change where the processor goes on. */
static void after(struct kprobe *probe, struct pt_regs *regs,
		  unsigned long flags)
{
}

static void let_go(void)
{
	WRITE_ONCE(holds, false);
	wake_up_all(&hold_wait);
	if (probe.addr)
		unregister_kprobe(&probe);
	probe.addr = NULL;
}

/* The function's name, or an empty line. */
static int hold_set(const char *value, const struct kernel_param *kp)
{
	int ret;

	let_go();
	strscpy(name, value, sizeof(name));
	if (!*strim(name))
		return 0;
	probe = (struct kprobe) {
		.symbol_name = strim(name),
		.pre_handler = called,
		.post_handler = after,
	};
	ret = register_kprobe(&probe);
	if (ret) {
		probe.addr = NULL;
		return ret;
	}
	function = (void *)probe.addr;
	WRITE_ONCE(holds, true);
	return 0;
}

static const struct kernel_param_ops hold_ops = {
	.set = hold_set,
};

static int waiting_get(char *buffer, const struct kernel_param *kp)
{
	return scnprintf(buffer, PAGE_SIZE, "%d\n", atomic_read(&waiting));
}

static const struct kernel_param_ops waiting_ops = {
	.get = waiting_get,
};

module_param_cb(hold, &hold_ops, NULL, 0200);
module_param_cb(waiting, &waiting_ops, NULL, 0444);

/* Who is held may be on its way back here: this module is not unloaded. */
static int __init hold_init(void)
{
	return 0;
}
module_init(hold_init);

MODULE_DESCRIPTION("Holds callers of bindery's functions, for its tests");
MODULE_AUTHOR("The bindery authors");
MODULE_LICENSE("GPL");
