// SPDX-License-Identifier: GPL-2.0-only
/*
 * Callbacks of drivers, which may take as long as they like: a worker for each
 * slot and each VF, side by side. Functions of one slot go one after another,
 * because their drivers often lean on each other.
 */
#include <linux/module.h>
#include <linux/slab.h>

#include "bindery_private.h"
#include "trace.h"

/* State lock: callbacks that are overdue. */
static unsigned int num_stuck;

struct bindery_batch *bindery_batch_new(void)
{
	struct bindery_batch *batch;

	batch = kzalloc(sizeof(*batch), GFP_KERNEL_ACCOUNT);
	if (!batch)
		return NULL;
	kref_init(&batch->ref);
	init_waitqueue_head(&batch->wait);
	batch->kcov_handle = kcov_common_handle();
	return batch;
}

static void batch_free(struct kref *ref)
{
	kfree(container_of(ref, struct bindery_batch, ref));
}

void bindery_batch_put(struct bindery_batch *batch)
{
	if (batch)
		kref_put(&batch->ref, batch_free);
}

bool bindery_stuck_too_many(void)
{
	guard(bindery_state)();
	return num_stuck >= BINDERY_MAX_STUCK;
}

bool bindery_member_busy(struct bindery_member *member)
{
	guard(bindery_state)();
	return member->busy;
}

/*
 * For who unbinds or binds, and may have waited long for the device's lock:
 * nobody keeps VFIO users out any more, and whoever asked has been told that
 * it failed. It is left to the next pass.
 */
bool bindery_member_overdue(struct bindery_member *member)
{
	guard(bindery_state)();
	return member->stuck;
}

/* For a repair that waited so: no claim is left that it would be for. */
bool bindery_member_given_up(struct bindery_member *member)
{
	guard(bindery_state)();
	return member->stuck && !member->group->intact;
}

static bool same_slot(const struct bindery_member *a,
		      const struct bindery_member *b)
{
	if (!a->pdev || !b->pdev || bindery_pci_is_vf(a->pdev) ||
	    bindery_pci_is_vf(b->pdev))
		return false;
	return a->bdf.domain == b->bdf.domain && a->bdf.bus == b->bdf.bus &&
	       a->bdf.slot == b->bdf.slot;
}

/* May the callback begin? Not once its run was stopped, or is over. */
static bool begin(struct bindery_member *member)
{
	struct bindery_batch *batch = member->batch;

	guard(bindery_state)();
	if (batch->run != member->run || batch->stop)
		return false;
	member->called = true;
	member->called_ns = ktime_get_ns();
	return true;
}

/* Who is overdue keeps its group, and the module loaded. */
static void keep(struct bindery_group *group)
{
	bindery_group_get(group);
	__module_get(THIS_MODULE);
}

/* Unloading waits for the queue that the caller runs in. */
static void let_go(struct bindery_group *group)
{
	bindery_group_put(group);
	module_put(THIS_MODULE);
}

/* What was overdue has returned: its group can go on. */
static void resume(struct bindery_member *member)
{
	struct bindery_group *group = member->group;

	bindery_state_assert();
	member->stuck = false;
	num_stuck--;
	bindery_member_changed(member);
	bindery_event_late(member);
	bindery_member_not_repaired(member);
	if (group->state != BINDERY_GROUP_STUCK)
		return;
	if (!group->intact) {
		bindery_group_drain(group);
	} else if (!bindery_group_is_busy(group)) {
		bindery_group_set_state(group, BINDERY_GROUP_HELD);
		bindery_group_repair_wanted(group);
		bindery_group_settle(group, NULL);
	}
}

/* The next of the chain; those that were cut off are not ours any more. */
static struct bindery_member *end(struct bindery_member *member, bool *late)
{
	struct bindery_batch *batch = member->batch;

	guard(bindery_state)();
	if (member->called)
		bindery_event_step(member, member->step, member->result,
				   member->called_ns);
	member->busy = false;
	/* its run was over: no later step of a restore is for who missed one */
	if (!member->called)
		member->in_pass = false;
	if (member->called && member->result && batch->run == member->run) {
		batch->failed = batch->failed ?: member;
		batch->stop |= member->stop_at_failure;
	}
	*late = member->stuck;
	if (*late)
		resume(member);
	return member->next;
}

/* The batch's reference is the chain's. */
static void end_chain(struct bindery_batch *batch, unsigned int run)
{
	scoped_guard(bindery_state)
		if (batch->run == run && !--batch->pending)
			wake_up(&batch->wait);
	bindery_batch_put(batch);
}

/*
 * A work for each member, not for the chain: the workqueue has a work that it
 * finds running wait for itself, and a member may be restored while one that
 * came after it in its chain is overdue.
 */
void bindery_member_work(struct work_struct *work)
{
	struct bindery_member *member =
		container_of(work, struct bindery_member, callback);
	struct bindery_group *group = member->group;
	struct bindery_batch *batch = member->batch;
	struct bindery_member *next;
	unsigned int run = member->run;
	bool late;

	kcov_remote_start_common(batch->kcov_handle);
	if (begin(member)) {
		member->result = member->call(member);
		trace_bindery_step(member, member->step, member->result);
	}
	next = end(member, &late);
	if (next)
		queue_work(bindery_callback_wq, &next->callback);
	else
		end_chain(batch, run);
	bindery_member_put(member);
	if (late)
		let_go(group);
	kcov_remote_stop();
}

/*
 * Members come in the order in which those of one slot are to be called.
 * False: an earlier callback of it is still out.
 */
bool bindery_run_add(struct bindery_run *run, struct bindery_member *member)
{
	guard(bindery_state)();
	if (member->busy)
		return false;
	member->busy = true;
	member->called = false;
	member->next = NULL;
	member->chain = NULL;
	member->batch = run->batch;
	member->step = run->step;
	member->call = run->call;
	member->stop_at_failure = run->stop_at_failure;
	bindery_member_get(member);
	if (run->last && (run->serial || same_slot(run->last, member))) {
		run->last->next = member;
	} else {
		if (run->newest)
			run->newest->chain = member;
		else
			run->first = member;
		run->newest = member;
		run->chains++;
	}
	run->last = member;
	return true;
}

static void start(struct bindery_run *run)
{
	struct bindery_batch *batch = run->batch;
	struct bindery_member *head, *member, *next;

	scoped_guard(bindery_state) {
		batch->run++;
		batch->pending = run->chains;
		batch->stop = false;
		batch->failed = NULL;
		for (head = run->first; head; head = head->chain)
			for (member = head; member; member = member->next)
				member->run = batch->run;
	}
	/* Once it is queued a chain may end, and begin again elsewhere. */
	for (head = run->first; head; head = next) {
		next = head->chain;
		kref_get(&batch->ref);
		queue_work(bindery_callback_wq, &head->callback);
	}
}

static bool is_done(struct bindery_batch *batch)
{
	guard(bindery_state)();
	return !batch->pending;
}

/* The first of a chain that has not returned, or NULL. */
static struct bindery_member *first_busy(struct bindery_member *head)
{
	struct bindery_member *member = head;

	bindery_state_assert();
	while (member && !member->busy)
		member = member->next;
	return member;
}

/* Free for a restore what has not begun; its references are ours now. */
static void cut_off(struct bindery_run *run, struct bindery_member *member)
{
	struct bindery_member *next;

	for (; member; member = next) {
		scoped_guard(bindery_state) {
			next = member->next;
			member->busy = false;
		}
		bindery_member_put(member);
		run->cut++;
	}
}

/*
 * It is overdue: its worker is in it, or will see that the run is over. What
 * comes after it nobody will begin. False: it has returned after all.
 */
static bool give_up(struct bindery_member *head, struct bindery_member *member,
		    struct bindery_member **rest)
{
	guard(bindery_state)();
	if (first_busy(head) != member)
		return false;
	member->stuck = true;
	member->in_pass = false;
	num_stuck++;
	keep(member->group);
	bindery_member_changed(member);
	bindery_event_stuck(member);
	*rest = member->next;
	member->next = NULL;
	return true;
}

static void abandon_chain(struct bindery_run *run, struct bindery_member *head)
{
	struct bindery_member *member, *rest;

	for (;;) {
		scoped_guard(bindery_state)
			member = first_busy(head);
		if (!member)
			return;
		/* no worker was free for it: it is cut off too */
		if (cancel_work(&member->callback)) {
			cut_off(run, member);
			bindery_batch_put(run->batch);
			return;
		}
		if (give_up(head, member, &rest)) {
			cut_off(run, rest);
			return;
		}
	}
}

static void abandon(struct bindery_run *run)
{
	struct bindery_member *head, *next;

	for (head = run->first; head; head = next) {
		next = head->chain;
		abandon_chain(run, head);
	}
}

/*
 * Run them all and wait. False: not all have returned by the deadline; those
 * are marked as stuck, and end by themselves. What was to come after them in
 * their slots was not begun, and run->cut counts it.
 */
bool bindery_run_wait(struct bindery_run *run, unsigned long deadline)
{
	struct bindery_batch *batch = run->batch;
	bool in_time;

	if (!run->chains)
		return true;
	start(run);
	wait_event_idle_timeout(batch->wait, is_done(batch),
				bindery_remaining(deadline) ?: 1);
	scoped_guard(bindery_state) {
		in_time = !batch->pending;
		if (!in_time) {
			batch->stop = true;
			batch->run++;
		}
	}
	if (!in_time)
		abandon(run);
	return in_time;
}
