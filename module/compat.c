// SPDX-License-Identifier: GPL-2.0-only
#include <linux/slab.h>
#include <linux/wait_bit.h>
#include <linux/workqueue.h>

#include "bindery_private.h"
#include "compat.h"

#ifdef BINDERY_HAVE_PCI_OVERRIDE

/*
 * With the old interface matching reads the string without a lock, from
 * __driver_attach() and bind_store(), while a setter frees it. What we take
 * out is therefore freed only after any such reader has long finished.
 */
#define OVERRIDE_GRACE	(2 * HZ)

struct stale_override {
	struct delayed_work work;
	const char *string;
};

static atomic_t stale_overrides = ATOMIC_INIT(0);

static void free_stale_override(struct work_struct *work)
{
	struct stale_override *stale =
		container_of(to_delayed_work(work), struct stale_override, work);

	kfree(stale->string);
	kfree(stale);
	if (atomic_dec_and_test(&stale_overrides))
		wake_up_var(&stale_overrides);
}

void bindery_override_free(const char *old)
{
	struct stale_override *stale;

	if (!old)
		return;
	/* In a worker, and small: waiting for memory beats a use after free. */
	stale = kmalloc(sizeof(*stale), GFP_KERNEL | __GFP_NOFAIL);
	stale->string = old;
	atomic_inc(&stale_overrides);
	INIT_DELAYED_WORK(&stale->work, free_stale_override);
	queue_delayed_work(bindery_callback_wq, &stale->work, OVERRIDE_GRACE);
}

void bindery_override_exit(void)
{
	wait_var_event(&stale_overrides, !atomic_read(&stale_overrides));
}

#else

void bindery_override_free(const char *old)
{
	kfree(old);
}

void bindery_override_exit(void)
{
}

#endif
