/* SPDX-License-Identifier: GPL-2.0-only */
/* The order of locks, the state lock, and waits with a deadline. */
#ifndef BINDERY_LOCK_H
#define BINDERY_LOCK_H

#include <linux/cleanup.h>
#include <linux/jiffies.h>
#include <linux/spinlock.h>
#include <linux/wait.h>
#include <linux/xarray.h>

/*
 * Lock order, outer to inner: a group's busy states (BINDING, RESTORING; a
 * flag and a wait queue, no lock) -> a group's fence (a flag) -> device_lock of
 * one device -> the IOMMU group's own mutex. The state lock is the last of
 * ours, taken under any of them, under the bus notifier's rwsem and under a
 * process's table of files, which comes after the task's own lock (alloc_lock).
 * No two device_locks are ever held at once; nothing is held over
 * request_module(), bind and unbind. The whole story, with the races and what
 * stops each, is in DESIGN.md.
 */

/* group.c */
extern struct xarray bindery_groups;
extern wait_queue_head_t bindery_wait;

/*
 * The state lock: the lock of the table of groups, for all that objects.h marks
 * so.
 */
static inline void bindery_state_lock(void)
{
	xa_lock(&bindery_groups);
	__release(&bindery_groups.xa_lock);	/* sparse knows no guards */
}

static inline void bindery_state_unlock(void)
{
	__acquire(&bindery_groups.xa_lock);
	xa_unlock(&bindery_groups);
}

#define bindery_state_assert()	lockdep_assert_held(&bindery_groups.xa_lock)

DEFINE_LOCK_GUARD_0(bindery_state, bindery_state_lock(), bindery_state_unlock())

/* Jiffies until the deadline, at least 0. */
static inline long bindery_remaining(unsigned long deadline)
{
	return max_t(long, (long)(deadline - jiffies), 0);
}

#define BINDERY_LOOK_MS	250

/* How long a look at a device waits for its lock. */
static inline unsigned long bindery_look_deadline(void)
{
	return jiffies + msecs_to_jiffies(BINDERY_LOOK_MS);
}

/*
 * Wait, killable and freezable, until the condition holds: above 0; 0 when the
 * deadline passed; negative when killed.
 */
#define bindery_wait_until(condition, deadline)				\
	___wait_event(bindery_wait, ___wait_cond_timeout(condition),	\
		      (TASK_KILLABLE | TASK_FREEZABLE), 0,		\
		      bindery_remaining(deadline),			\
		      __ret = schedule_timeout(__ret))

#endif
