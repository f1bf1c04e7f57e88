// SPDX-License-Identifier: GPL-2.0-only
/*
 * Makes the n-th call fail, as if there was no memory, of all those by which
 * bindery asks for some, from whichever thread. Only calls from its own text
 * count, so that what fails is the module's to handle.
 */
#include <linux/err.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/gfp.h>
#include <linux/kprobes.h>
#include <linux/module.h>
#include <linux/string.h>

#define NO_FLAGS	-1

struct call {
	struct kprobe probe;
	const char *name;
	int flags;		/* which argument they are */
	void *instead;
	bool there;
};

/* What runs in its place. */
static noinline notrace void *no_object(void)
{
	return NULL;
}

static noinline notrace void *no_pointer(void)
{
	return ERR_PTR(-ENOMEM);
}

static noinline notrace int no_memory(void)
{
	return -ENOMEM;
}

#define CALL(_name, _flags, _instead) {					\
	.name = #_name, .flags = _flags, .instead = _instead,		\
}

/* Not all are there on each kernel. */
static struct call calls[] = {
	CALL(__kmalloc_cache_noprof, 1, no_object),
	CALL(__kmalloc_noprof, 1, no_object),
	CALL(kmalloc_trace, 1, no_object),
	CALL(__kmalloc, 1, no_object),
	CALL(__kvmalloc_node_noprof, NO_FLAGS, no_object),
	CALL(kvmalloc_node, NO_FLAGS, no_object),
	CALL(kstrdup_noprof, 1, no_object),
	CALL(kstrdup, 1, no_object),
	CALL(__alloc_skb, NO_FLAGS, no_object),
	CALL(__xa_insert, 3, no_memory),
	CALL(anon_inode_getfile, NO_FLAGS, no_pointer),
	CALL(get_unused_fd_flags, NO_FLAGS, no_memory),
	CALL(iommu_get_group_resv_regions, NO_FLAGS, no_memory),
	CALL(iommu_group_claim_dma_owner, NO_FLAGS, no_memory),
	CALL(device_driver_attach, NO_FLAGS, no_memory),
};

/* Its module is bindery's, while a call is to fail. */
static struct file *control;
static struct module *subject;
static atomic_t left = ATOMIC_INIT(0);
static const char *failed;

static bool may_fail(const struct call *call, struct pt_regs *regs)
{
	if (!within_module(regs_get_kernel_stack_nth(regs, 0), subject))
		return false;
	return call->flags == NO_FLAGS ||
	       !(regs_get_kernel_argument(regs, call->flags) & __GFP_NOFAIL);
}

static int called(struct kprobe *probe, struct pt_regs *regs)
{
	struct call *call = container_of(probe, struct call, probe);

	if (atomic_read(&left) <= 0 || !may_fail(call, regs) ||
	    atomic_dec_return(&left))
		return 0;
	WRITE_ONCE(failed, call->name);
	instruction_pointer_set(regs, (unsigned long)call->instead);
	return 1;
}
NOKPROBE_SYMBOL(called);

/* With one the first may change where the processor goes on. */
static void after(struct kprobe *probe, struct pt_regs *regs,
		  unsigned long flags)
{
}

static void disarm(void)
{
	atomic_set(&left, 0);
	synchronize_rcu();
	if (control)
		fput(control);
	control = NULL;
}

static int arm(int nth)
{
	struct file *file = filp_open("/dev/bindery", O_RDWR, 0);

	if (IS_ERR(file))
		return PTR_ERR(file);
	control = file;
	subject = file->f_op->owner;
	WRITE_ONCE(failed, NULL);
	atomic_set(&left, nth);
	return 0;
}

static int nth_set(const char *value, const struct kernel_param *kp)
{
	int nth, ret = kstrtoint(value, 0, &nth);

	if (ret)
		return ret;
	disarm();
	return nth > 0 ? arm(nth) : 0;
}

static const struct kernel_param_ops nth_ops = {
	.set = nth_set,
};

/* Which call has failed, or nothing. */
static int failed_get(char *buffer, const struct kernel_param *kp)
{
	const char *name = READ_ONCE(failed);

	return scnprintf(buffer, PAGE_SIZE, "%s\n", name ?: "");
}

static const struct kernel_param_ops failed_ops = {
	.get = failed_get,
};

static void leave(void)
{
	for (int i = 0; i < ARRAY_SIZE(calls); i++)
		if (calls[i].there)
			unregister_kprobe(&calls[i].probe);
}

static int __init nomem_init(void)
{
	struct call *call;
	int ret;

	for (int i = 0; i < ARRAY_SIZE(calls); i++) {
		call = &calls[i];
		call->probe.symbol_name = call->name;
		call->probe.pre_handler = called;
		call->probe.post_handler = after;
		ret = register_kprobe(&call->probe);
		call->there = !ret;
		if (!ret || ret == -ENOENT)
			continue;
		pr_err("%s cannot be probed: %d\n", call->name, ret);
		leave();
		return ret;
	}
	return 0;
}

static void __exit nomem_exit(void)
{
	leave();
	disarm();
}

module_param_cb(nth, &nth_ops, NULL, 0200);
module_param_cb(failed, &failed_ops, NULL, 0444);
module_init(nomem_init);
module_exit(nomem_exit);

MODULE_DESCRIPTION("Leaves bindery without memory, for its tests");
MODULE_AUTHOR("The bindery authors");
MODULE_LICENSE("GPL");
