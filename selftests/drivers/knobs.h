/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a test can make a test driver do, as module parameters that are
 * writable at run time. A knob names the device it is for, "*" for all, or is
 * empty; a hold ends when its knob no longer names the device.
 */
#ifndef KNOBS_H
#define KNOBS_H

#include <linux/device.h>
#include <linux/module.h>
#include <linux/pci.h>
#include <linux/spinlock.h>
#include <linux/string.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

/* A test that died must not leave the machine stuck. */
#define KNOB_LIMIT	(60 * HZ)

struct knob {
	char device[32];
};

static DEFINE_SPINLOCK(knob_lock);
static DECLARE_WAIT_QUEUE_HEAD(knob_wait);
static atomic_t waiting = ATOMIC_INIT(0);
static char knob_log[3072];

static struct knob fail, hold_probe, hold_remove, lock_device;
static int fail_errno = EIO;
static int fail_times = -1;
static int probes, removes;

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
	       !strcmp(knob->device, dev_name(dev));
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
	if (!dev)
		return;
	device_lock(dev);
	knob_hold(&lock_device, dev);
	device_unlock(dev);
	put_device(dev);
}

static DECLARE_WORK(lock_worker, lock_work);

static void start_lock(void)
{
	queue_work(system_unbound_wq, &lock_worker);
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

static int knobs_probe(struct device *dev)
{
	knob_note("probe", dev, &probes);
	knob_hold(&hold_probe, dev);
	return knob_failure(dev);
}

static void knobs_remove(struct device *dev)
{
	knob_note("remove", dev, &removes);
	knob_hold(&hold_remove, dev);
}

static void knobs_exit(void)
{
	knob_set("", &(struct kernel_param) { .arg = &lock_device });
	flush_work(&lock_worker);
}

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

#endif
