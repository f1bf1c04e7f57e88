// SPDX-License-Identifier: GPL-2.0-only
/*
 * Holds who next calls a function of bindery's, so that a test has time to act
 * in a moment that is short otherwise. The function takes four words at most.
 */
#include <linux/device.h>
#include <linux/kprobes.h>
#include <linux/module.h>
#include <linux/string.h>
#include <linux/wait.h>

/* A test that died must not leave the machine stuck. */
#define HOLD_LIMIT	(60 * HZ)

static DECLARE_WAIT_QUEUE_HEAD(hold_wait);
static atomic_t waiting = ATOMIC_INIT(0);
static atomic_t next = ATOMIC_INIT(0);	/* so many are to be held: one or none */
static bool holds;
static char name[64];
static char device[32];			/* that it is called for; empty: any */
static struct kprobe probe;
static unsigned long (*function)(unsigned long a, unsigned long b,
				 unsigned long c, unsigned long d);

/* What runs in its place, and then has it run. */
static noinline notrace unsigned long held(unsigned long a, unsigned long b,
					   unsigned long c, unsigned long d)
{
	atomic_inc(&waiting);
	wait_event_timeout(hold_wait, !READ_ONCE(holds), HOLD_LIMIT);
	atomic_dec(&waiting);
	return function(a, b, c, d);
}

static bool is_wanted(struct pt_regs *regs)
{
	struct device *dev = (void *)regs_get_kernel_argument(regs, 0);

	return !device[0] || !strcmp(dev_name(dev), device);
}
NOKPROBE_SYMBOL(is_wanted);

/* The others pass, also those that come in to let this one go on. */
static int called(struct kprobe *probe, struct pt_regs *regs)
{
	if (!is_wanted(regs) || atomic_dec_if_positive(&next) < 0)
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
	atomic_set(&next, 0);
	WRITE_ONCE(holds, false);
	wake_up_all(&hold_wait);
	if (probe.addr)
		unregister_kprobe(&probe);
	probe.addr = NULL;
}

/*
 * The function's name, and that of a device if it is one's struct that it is
 * called with; or an empty line.
 */
static int hold_set(const char *value, const struct kernel_param *kp)
{
	int ret;

	let_go();
	device[0] = 0;
	if (sscanf(value, "%63s %31s", name, device) < 1)
		return 0;
	probe = (struct kprobe) {
		.symbol_name = name,
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
	atomic_set(&next, 1);
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
