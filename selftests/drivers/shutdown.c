// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tell bindery, and nobody else, that the machine is about to restart: what is
 * then refused can be tested, because it does not restart.
 */
#include <linux/kallsyms.h>
#include <linux/module.h>
#include <linux/notifier.h>
#include <linux/reboot.h>
#include <linux/string.h>

static int ignore(struct notifier_block *nb, unsigned long action, void *data)
{
	return NOTIFY_DONE;
}

/* The first of the chain, so that all others can be found behind it. */
static struct notifier_block first = {
	.notifier_call = ignore,
	.priority = INT_MAX,
};

static bool is_of_bindery(struct notifier_block *nb)
{
	char name[KSYM_SYMBOL_LEN];

	sprint_symbol(name, (unsigned long)nb->notifier_call);
	return strstr(name, "[bindery]");
}

static int shutdown_set(const char *value, const struct kernel_param *kp)
{
	struct notifier_block *nb;
	int ret = register_reboot_notifier(&first);

	if (ret)
		return ret;
	nb = first.next;
	while (nb && !is_of_bindery(nb))
		nb = nb->next;
	if (nb)
		nb->notifier_call(nb, SYS_RESTART, NULL);
	unregister_reboot_notifier(&first);
	return nb ? 0 : -ENOENT;
}

static const struct kernel_param_ops shutdown_ops = {
	.set = shutdown_set,
};

module_param_cb(shutdown, &shutdown_ops, NULL, 0200);
