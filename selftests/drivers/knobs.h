/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a test can make a test driver do, as module parameters that are
 * writable at run time. A knob names the devices it is for, "*" for all, or is
 * empty; a hold ends when its knob no longer names the device.
 */
#ifndef KNOBS_H
#define KNOBS_H

#include <linux/delay.h>
#include <linux/device.h>
#include <linux/list.h>
#include <linux/module.h>
#include <linux/pci.h>
#include <linux/spinlock.h>
#include <linux/string.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

/* A test that died must not leave the machine stuck. */
#define KNOB_LIMIT	(60 * HZ)
/* Whoever has not come to a rendezvous by then will not come. */
#define MEET_LIMIT	(20 * HZ)

struct knob {
	char device[256];
};

/* Callbacks that return only when so many of them are inside at once. */
struct rendezvous {
	int wanted;	/* 0: none */
	int here;
	int round;
};

/* A callback that runs. */
struct inside {
	struct list_head node;
	struct pci_dev *pdev;
};

static DEFINE_SPINLOCK(knob_lock);
static DECLARE_WAIT_QUEUE_HEAD(knob_wait);
static atomic_t waiting = ATOMIC_INIT(0);
static char knob_log[3072];

static struct knob fail, hold_probe, hold_remove, lock_device;
static struct knob silent;	/* of a VFIO driver */
static struct knob hold_add, hold_del;	/* of one that is told of devices */
static int fail_errno = EIO;
static int fail_times = -1;
static int probes, removes;

static LIST_HEAD(all_inside);
static struct rendezvous meet_probe, meet_remove;
static int meet_skip;		/* the first callbacks, which need not meet */
static int met, not_met;	/* callbacks that met others, or gave up */
static int most;		/* the most that were inside at once */
static int overlaps;		/* met another function of their slot inside */
static int pause_ms;		/* how long each callback takes at least */

static void start_lock(void);

static int knob_set(const char *value, const struct kernel_param *kp)
{
	struct knob *knob = kp->arg;

	scoped_guard(spinlock, &knob_lock) {
		strscpy(knob->device, value, sizeof(knob->device));
		strreplace(knob->device, '\n', 0);
	}
	wake_up_all(&knob_wait);
	if (knob == &lock_device)
		start_lock();
	return 0;
}

/* Whatever is written: behave, and have done nothing yet. */
static int reset_set(const char *value, const struct kernel_param *kp)
{
	struct knob *const knobs[] = {
		&fail, &hold_probe, &hold_remove, &lock_device, &silent,
		&hold_add, &hold_del,
	};
	int *const counts[] = {
		&probes, &removes, &meet_probe.wanted, &meet_remove.wanted,
		&meet_skip, &met, &not_met, &most, &overlaps, &pause_ms,
	};

	scoped_guard(spinlock, &knob_lock) {
		for (int i = 0; i < ARRAY_SIZE(knobs); i++)
			knobs[i]->device[0] = 0;
		for (int i = 0; i < ARRAY_SIZE(counts); i++)
			*counts[i] = 0;
		knob_log[0] = 0;
		fail_errno = EIO;
		fail_times = -1;
	}
	wake_up_all(&knob_wait);
	return 0;
}

static const struct kernel_param_ops reset_ops = {
	.set = reset_set,
};

static int knob_get(char *buffer, const struct kernel_param *kp)
{
	struct knob *knob = kp->arg;

	guard(spinlock)(&knob_lock);
	return scnprintf(buffer, PAGE_SIZE, "%s\n", knob->device);
}

static const struct kernel_param_ops knob_ops = {
	.set = knob_set,
	.get = knob_get,
};

static bool knob_names(struct knob *knob, struct device *dev)
{
	guard(spinlock)(&knob_lock);
	return !strcmp(knob->device, "*") ||
	       strstr(knob->device, dev_name(dev));
}

static void knob_hold(struct knob *knob, struct device *dev)
{
	if (!knob_names(knob, dev))
		return;
	atomic_inc(&waiting);
	wait_event_timeout(knob_wait, !knob_names(knob, dev), KNOB_LIMIT);
	atomic_dec(&waiting);
}

/* Own a device's lock, as a callback of a foreign driver would. */
static void lock_work(struct work_struct *work)
{
	struct device *dev;
	char name[32];

	scoped_guard(spinlock, &knob_lock)
		strscpy(name, lock_device.device, sizeof(name));
	dev = bus_find_device_by_name(&pci_bus_type, NULL, name);
	if (dev) {
		device_lock(dev);
		knob_hold(&lock_device, dev);
		device_unlock(dev);
		put_device(dev);
	}
	module_put(THIS_MODULE);
}

static DECLARE_WORK(lock_worker, lock_work);

/* Not once the module goes: its knobs are there longer than who waits. */
static void start_lock(void)
{
	if (!try_module_get(THIS_MODULE))
		return;
	if (!queue_work(system_unbound_wq, &lock_worker))
		module_put(THIS_MODULE);
}

static int waiting_get(char *buffer, const struct kernel_param *kp)
{
	return scnprintf(buffer, PAGE_SIZE, "%d\n", atomic_read(&waiting));
}

static const struct kernel_param_ops waiting_ops = {
	.get = waiting_get,
};

/* Whatever is written empties it. */
static int log_set(const char *value, const struct kernel_param *kp)
{
	guard(spinlock)(&knob_lock);
	knob_log[0] = 0;
	return 0;
}

static int log_get(char *buffer, const struct kernel_param *kp)
{
	guard(spinlock)(&knob_lock);
	return scnprintf(buffer, PAGE_SIZE, "%s", knob_log);
}

static const struct kernel_param_ops log_ops = {
	.set = log_set,
	.get = log_get,
};

static void knob_note(const char *what, struct device *dev, int *count)
{
	size_t len;

	guard(spinlock)(&knob_lock);
	++*count;
	len = strlen(knob_log);
	scnprintf(knob_log + len, sizeof(knob_log) - len, "%s %s\n", what,
		  dev_name(dev));
}

/* The errno that a probe has to fail with, as often as it has to. */
static int knob_failure(struct device *dev)
{
	if (!knob_names(&fail, dev))
		return 0;
	guard(spinlock)(&knob_lock);
	if (!fail_times)
		return 0;
	if (fail_times > 0)
		fail_times--;
	return -fail_errno;
}

static void knob_enter(struct inside *me, struct device *dev)
{
	struct inside *other;
	int count = 1;

	me->pdev = to_pci_dev(dev);
	guard(spinlock)(&knob_lock);
	list_for_each_entry(other, &all_inside, node) {
		count++;
		if (other->pdev->bus == me->pdev->bus &&
		    PCI_SLOT(other->pdev->devfn) == PCI_SLOT(me->pdev->devfn))
			overlaps++;
	}
	list_add(&me->node, &all_inside);
	most = max(most, count);
}

static void knob_leave(struct inside *me)
{
	guard(spinlock)(&knob_lock);
	list_del(&me->node);
}

/* The last to come lets all of them go, once; -1: nobody has to meet. */
static int knob_arrive(struct rendezvous *meet)
{
	int round;

	guard(spinlock)(&knob_lock);
	round = meet->round;
	if (!meet->wanted || (meet_skip > 0 && meet_skip--))
		return -1;
	if (++meet->here == meet->wanted) {
		met += meet->here;
		meet->here = 0;
		meet->wanted = 0;
		meet->round++;
	}
	return round;
}

static void knob_meet(struct rendezvous *meet)
{
	int round = knob_arrive(meet);

	if (round < 0)
		return;
	wake_up_all(&knob_wait);
	if (wait_event_timeout(knob_wait, READ_ONCE(meet->round) != round,
			       MEET_LIMIT))
		return;
	guard(spinlock)(&knob_lock);
	if (meet->round != round)
		return;
	meet->here--;
	meet->wanted = 0;
	not_met++;
}

static void knobs_run(struct device *dev, struct knob *hold,
		      struct rendezvous *meet)
{
	struct inside me;

	knob_enter(&me, dev);
	knob_hold(hold, dev);
	knob_meet(meet);
	if (pause_ms)
		msleep(pause_ms);
	knob_leave(&me);
}

static int knobs_probe(struct device *dev)
{
	knob_note("probe", dev, &probes);
	knobs_run(dev, &hold_probe, &meet_probe);
	return knob_failure(dev);
}

static void knobs_remove(struct device *dev)
{
	knob_note("remove", dev, &removes);
	knobs_run(dev, &hold_remove, &meet_remove);
}

static void knobs_exit(void)
{
	knob_set("", &(struct kernel_param) { .arg = &lock_device });
	flush_work(&lock_worker);
}

module_param_cb(reset, &reset_ops, NULL, 0200);
module_param_cb(fail, &knob_ops, &fail, 0644);
module_param(fail_errno, int, 0644);
module_param(fail_times, int, 0644);
module_param_cb(hold_probe, &knob_ops, &hold_probe, 0644);
module_param_cb(hold_remove, &knob_ops, &hold_remove, 0644);
module_param_cb(lock, &knob_ops, &lock_device, 0644);
module_param_cb(waiting, &waiting_ops, NULL, 0444);
module_param_cb(log, &log_ops, NULL, 0644);
module_param(probes, int, 0644);
module_param(removes, int, 0644);
module_param_named(rendezvous_probe, meet_probe.wanted, int, 0644);
module_param_named(rendezvous_remove, meet_remove.wanted, int, 0644);
module_param_named(rendezvous_skip, meet_skip, int, 0644);
module_param(met, int, 0644);
module_param(not_met, int, 0644);
module_param(most, int, 0644);
module_param(overlaps, int, 0644);
module_param(pause_ms, int, 0644);

#endif
