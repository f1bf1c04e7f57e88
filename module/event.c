// SPDX-License-Identifier: GPL-2.0-only
/*
 * What happens, as it happens: each event gets the next number, goes into the
 * journal and is told to who listens, all under the state lock, so that the
 * order of numbers, of messages and of the changes themselves is one.
 */
#include <linux/ktime.h>
#include <linux/mm.h>
#include <linux/pid.h>
#include <linux/pid_namespace.h>

#include "event.h"

/* State lock. The journal is a ring; number N is at N modulo its size. */
static struct bindery_event_record *journal;
static u64 newest;
static u64 newest_txn;

#define set(event, attr, field, value) do {				\
	(field) = (value);						\
	(event)->has |= BIT_ULL(BINDERY_A_##attr);			\
} while (0)

u64 bindery_journal_newest(void)
{
	bindery_state_assert();
	return newest;
}

u64 bindery_journal_oldest(void)
{
	bindery_state_assert();
	return newest < BINDERY_JOURNAL_SIZE ? 1 :
		newest - BINDERY_JOURNAL_SIZE + 1;
}

/* Of the number of an event that is still there. */
const struct bindery_event_record *bindery_journal_at(u64 seq)
{
	bindery_state_assert();
	return &journal[seq % BINDERY_JOURNAL_SIZE];
}

static struct bindery_event_record *begin(u32 type)
{
	struct bindery_event_record *event;

	bindery_state_assert();
	newest++;
	event = &journal[newest % BINDERY_JOURNAL_SIZE];
	memset(event, 0, sizeof(*event));
	set(event, SEQ, event->seq, newest);
	set(event, TIME_NS, event->time_ns, ktime_get_boottime_ns());
	set(event, TYPE, event->type, type);
	set(event, GENERATION, event->generation, bindery_newest_generation());
	return event;
}

static void set_string(struct bindery_event_record *event, unsigned int attr,
		       char *to, size_t size, const char *from)
{
	if (!from || !from[0])
		return;
	strscpy(to, from, size);
	event->has |= BIT_ULL(attr);
}

static void set_driver(struct bindery_event_record *event, unsigned int attr,
		       const char *name)
{
	set_string(event, attr, event->driver, sizeof(event->driver), name);
}

static void set_id(struct bindery_event_record *event,
		   const struct bindery_claim *claim)
{
	if (!claim)
		return;
	export_uuid(event->claim_id, &claim->id);
	event->has |= BIT_ULL(BINDERY_A_CLAIM_ID);
}

static void set_size(struct bindery_event_record *event,
		     const struct bindery_plan *plan)
{
	set(event, NUM_GROUPS, event->num_groups, plan->num_groups);
	set(event, NUM_MEMBERS, event->num_members, plan->num_members);
}

static void set_delegation(struct bindery_event_record *event,
			   const struct bindery_delegation *delegation)
{
	if (!delegation)
		return;
	export_uuid(event->delegation_id, &delegation->id);
	event->has |= BIT_ULL(BINDERY_A_DELEGATION_ID);
}

/* Readers are anywhere, so the process's number is the initial namespace's. */
static void set_claim(struct bindery_event_record *event,
		      const struct bindery_claim *claim)
{
	set_id(event, claim);
	set(event, PID, event->pid, pid_nr(claim->holder));
	set_string(event, BINDERY_A_COMM, event->comm, sizeof(event->comm),
		   claim->comm);
	set_string(event, BINDERY_A_LABEL, event->label, sizeof(event->label),
		   claim->label);
	set_delegation(event, claim->delegation);
}

/* The first claim on it, or the one whose release waits for it. */
static struct bindery_claim *claim_of(struct bindery_group *group)
{
	return bindery_group_holder(group) ?: group->ending;
}

static void set_group(struct bindery_event_record *event,
		      struct bindery_group *group)
{
	set(event, GROUP, event->group, group->id);
	set_id(event, claim_of(group));
}

static void set_device(struct bindery_event_record *event,
		       const struct bindery_member *member)
{
	if (member->pdev)
		set(event, DEVICE, event->device, member->bdf);
	set_string(event, BINDERY_A_NAME, event->name, sizeof(event->name),
		   dev_name(member->dev));
}

static void set_member(struct bindery_event_record *event,
		       const struct bindery_member *member)
{
	set_group(event, member->group);
	set_device(event, member);
}

static void set_target(struct bindery_event_record *event,
		       const struct bindery_member *member)
{
	if (bindery_member_validated(member) && member->target)
		set_string(event, BINDERY_A_TARGET, event->target,
			   sizeof(event->target), member->target->name);
}

static void set_assignment(struct bindery_event_record *event,
			   const struct bindery_member *member)
{
	const struct bindery_assigned *assigned = &member->assigned;

	set(event, ASSIGNMENT, event->assignment, assigned->state);
	set(event, USERS, event->users, assigned->users);
	if (uuid_is_null(&assigned->id))
		return;
	export_uuid(event->assignment_id, &assigned->id);
	event->has |= BIT_ULL(BINDERY_A_ASSIGNMENT_ID);
}

static void set_duration(struct bindery_event_record *event, u64 begun_ns)
{
	set(event, DURATION_NS, event->duration_ns, ktime_get_ns() - begun_ns);
}

/* A callback's result: an errno, or what we found ourselves. */
static void set_result(struct bindery_event_record *event, int result)
{
	set(event, ERRNO, event->errno, result < 0 ? -result : 0);
	if (result > 0)
		set(event, CODE, event->code, result);
}

void bindery_event_txn_begin(struct bindery_txn *txn)
{
	struct bindery_event_record *event;

	guard(bindery_state)();
	txn->number = ++newest_txn;
	txn->begun_ns = ktime_get_ns();
	event = begin(BINDERY_EVENT_TYPE_TXN_BEGIN);
	set(event, TXN, event->txn, txn->number);
	set_claim(event, txn->claim);
	set_size(event, txn->plan);
	bindery_netlink_tell(event);
}

/* The plan is the claim's by now. */
void bindery_event_commit(const struct bindery_txn *txn)
{
	struct bindery_event_record *event =
		begin(BINDERY_EVENT_TYPE_COMMIT);

	set(event, TXN, event->txn, txn->number);
	set_id(event, txn->claim);
	set_size(event, txn->claim->plan);
	set_duration(event, txn->begun_ns);
	bindery_netlink_tell(event);
}

void bindery_event_rollback(const struct bindery_txn *txn)
{
	const struct bindery_ioc_error *why = &txn->failure.record;
	struct bindery_event_record *event =
		begin(BINDERY_EVENT_TYPE_ROLLBACK);

	set(event, TXN, event->txn, txn->number);
	set_id(event, txn->claim);
	set(event, CODE, event->code, why->out_code);
	set(event, STEP, event->step, why->out_step);
	set(event, ERRNO, event->errno, why->out_errno);
	set_duration(event, txn->begun_ns);
	if (why->out_flags & BINDERY_ERROR_HAS_DEVICE)
		set(event, DEVICE, event->device, why->out_device);
	if (why->out_flags & BINDERY_ERROR_HAS_GROUP)
		set(event, GROUP, event->group, why->out_group);
	set_driver(event, BINDERY_A_DRIVER, why->out_name);
	bindery_netlink_tell(event);
}

void bindery_event_step(const struct bindery_member *member, u32 step,
			int result, u64 begun_ns)
{
	struct bindery_event_record *event = begin(BINDERY_EVENT_TYPE_STEP);
	struct bindery_group *group = member->group;

	set_member(event, member);
	set(event, STEP, event->step, step);
	set_result(event, result);
	if (group->txn)
		set(event, TXN, event->txn, group->txn->number);
	else if (group->rollback)
		set(event, TXN, event->txn, group->rolled_back);
	set_driver(event, BINDERY_A_NATIVE_DRIVER, member->native.driver);
	set_target(event, member);
	set_duration(event, begun_ns);
	bindery_netlink_tell(event);
}

/* CLAIM, RELEASE, and what else is about a claim as a whole. */
void bindery_event_claim(struct bindery_claim *claim, u32 type)
{
	struct bindery_event_record *event = begin(type);

	set_claim(event, claim);
	set(event, FLAGS, event->flags, bindery_claim_all_flags(claim));
	if (type != BINDERY_EVENT_TYPE_RELEASE)
		set(event, STATE, event->state,
		    bindery_plan_state(claim->plan));
	set_size(event, claim->plan);
	bindery_netlink_tell(event);
}

/* Who called, and what for. */
void bindery_event_delegation(const struct bindery_delegation *delegation,
			      u32 type)
{
	struct bindery_event_record *event = begin(type);

	set(event, PID, event->pid, pid_nr(task_tgid(current)));
	set_string(event, BINDERY_A_COMM, event->comm, sizeof(event->comm),
		   current->comm);
	set_string(event, BINDERY_A_LABEL, event->label, sizeof(event->label),
		   delegation->label);
	set(event, NUM_GROUPS, event->num_groups, delegation->num_groups);
	set(event, GROUP, event->group, delegation->groups[0]->id);
	set_delegation(event, delegation);
	bindery_netlink_tell(event);
}

static bool is_restored(u32 from, u32 to)
{
	return (to == BINDERY_GROUP_FREE || to == BINDERY_GROUP_RESERVED) &&
	       (from == BINDERY_GROUP_BINDING ||
		from == BINDERY_GROUP_RESTORING);
}

static u32 type_of(u32 from, u32 to)
{
	if (is_restored(from, to))
		return BINDERY_EVENT_TYPE_RESTORED;
	switch (to) {
	case BINDERY_GROUP_KEPT:
		return BINDERY_EVENT_TYPE_KEPT;
	case BINDERY_GROUP_DEGRADED:
		return BINDERY_EVENT_TYPE_DEGRADED;
	default:
		return BINDERY_EVENT_TYPE_GROUP;
	}
}

static void set_failed(struct bindery_event_record *event,
		       struct bindery_group *group)
{
	struct bindery_member *member;

	list_for_each_entry(member, &group->members, node) {
		if (!member->did || !member->error)
			continue;
		set_device(event, member);
		set(event, ERRNO, event->errno, -member->error);
		return;
	}
}

/* Its state is another now. */
void bindery_event_group(struct bindery_group *group, u32 from)
{
	u32 type = type_of(from, group->state);
	struct bindery_event_record *event = begin(type);

	set_group(event, group);
	set(event, OLD_STATE, event->old_state, from);
	set(event, STATE, event->state, group->state);
	if (type == BINDERY_EVENT_TYPE_DEGRADED)
		set_failed(event, group);
	bindery_netlink_tell(event);
}

void bindery_event_deferred(struct bindery_group *group, bool user)
{
	struct bindery_event_record *event =
		begin(BINDERY_EVENT_TYPE_DEFERRED);

	set_group(event, group);
	set(event, STATE, event->state, group->state);
	set(event, CODE, event->code, user ? BINDERY_ERROR_IN_USE :
				      BINDERY_ERROR_LOCKED);
	set(event, NUM_MEMBERS, event->num_members,
	    bindery_list_count(&group->members));
	bindery_netlink_tell(event);
}

/* ADDED and REMOVED. */
void bindery_event_hotplug(const struct bindery_member *member, u32 type)
{
	struct bindery_event_record *event = begin(type);

	set_member(event, member);
	set(event, ROLE, event->role, bindery_member_validated(member) ?
				      member->role : BINDERY_ROLE_NONE);
	set_target(event, member);
	bindery_netlink_tell(event);
}

void bindery_event_lost(const struct bindery_member *member)
{
	struct bindery_event_record *event =
		begin(BINDERY_EVENT_TYPE_INVALID);

	set_member(event, member);
	set_assignment(event, member);
	set(event, CODE, event->code, BINDERY_ERROR_REMOVED);
	bindery_netlink_tell(event);
}

/* A change by MARK, or taken back: a negative mark. */
void bindery_event_marked(const struct bindery_member *member, int mark,
			  u32 before)
{
	u32 state = member->assigned.state;
	struct bindery_event_record *event;

	event = begin(state == BINDERY_ASSIGNMENT_INVALID && state != before ?
		      BINDERY_EVENT_TYPE_INVALID : BINDERY_EVENT_TYPE_MARKED);
	set_member(event, member);
	set_assignment(event, member);
	if (mark >= 0)
		set(event, MARK, event->mark, mark);
	bindery_netlink_tell(event);
}

/* What is there now, or NULL: a driver's or an override's name, by what. */
void bindery_event_tamper(const struct bindery_member *member, u32 what,
			  const char *now)
{
	struct bindery_event_record *event = begin(BINDERY_EVENT_TYPE_TAMPER);

	set_member(event, member);
	set(event, FLAGS, event->flags, what);
	set_driver(event, what == BINDERY_MEMBER_TAMPERED_DRIVER ?
		   BINDERY_A_DRIVER : BINDERY_A_OVERRIDE, now);
	set_target(event, member);
	bindery_netlink_tell(event);
}

void bindery_event_stuck(const struct bindery_member *member)
{
	struct bindery_event_record *event = begin(BINDERY_EVENT_TYPE_STUCK);

	set_member(event, member);
	set(event, STEP, event->step, member->step);
	set_target(event, member);
	bindery_netlink_tell(event);
}

void bindery_event_late(const struct bindery_member *member)
{
	struct bindery_event_record *event = begin(BINDERY_EVENT_TYPE_LATE);

	set_member(event, member);
	set(event, STEP, event->step, member->step);
	set_result(event, member->called ? member->result : -ECANCELED);
	if (member->called)
		set_duration(event, member->called_ns);
	set_target(event, member);
	bindery_netlink_tell(event);
}

/* By whoever runs; err: why it was refused. */
void bindery_event_vfio(const struct bindery_member *member, u32 type, int err,
			u32 files)
{
	struct bindery_event_record *event = begin(type);

	set_member(event, member);
	set(event, PID, event->pid, pid_nr(task_tgid(current)));
	set_string(event, BINDERY_A_COMM, event->comm, sizeof(event->comm),
		   current->comm);
	if (err)
		set(event, ERRNO, event->errno, -err);
	else
		set(event, VFIO_FILES, event->files, files);
	set_target(event, member);
	bindery_netlink_tell(event);
}

/* Number 1: who reads on after the module was exchanged can tell. */
int bindery_event_init(void)
{
	struct bindery_event_record *event;

	journal = kvcalloc(BINDERY_JOURNAL_SIZE, sizeof(*journal), GFP_KERNEL);
	if (!journal)
		return -ENOMEM;
	guard(bindery_state)();
	event = begin(BINDERY_EVENT_TYPE_LOADED);
	set(event, ABI, event->abi, BINDERY_ABI_VERSION);
	return 0;
}

void bindery_event_exit(void)
{
	kvfree(journal);
}
