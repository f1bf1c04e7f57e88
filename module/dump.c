// SPDX-License-Identifier: GPL-2.0-only
/*
 * Dumps of what there is. None takes the RTNL. A dump looks each object up
 * anew, by a cursor that outlives the object, and holds no reference from one
 * part to the next; netlink itself keeps the module loaded while a dump is
 * unfinished.
 */
#include <linux/pid.h>
#include <net/genetlink.h>

#include "compat.h"
#include "event.h"
#include "netlink.h"

/* How far a dump is; the numbers of objects only grow, and are never reused. */
struct cursor {
	u64 number;			/* of the last that was told */
	u32 group;			/* the group to go on with */
	u32 index;			/* of the claim's next group */
	bool one;			/* only that group, or that claim */
	u8 id[BINDERY_ID_SIZE];
	union {
		unsigned long deadline;	/* of all looks at members */
		u64 claim;		/* whose index it is */
	};
};

static struct cursor *cursor_of(struct netlink_callback *cb)
{
	static_assert(sizeof(struct cursor) <=
		      sizeof_field(struct netlink_callback, ctx));
	return (struct cursor *)cb->ctx;
}

/* Who may know of all claims of all owners, may listen too. */
int bindery_dump_check(struct netlink_callback *cb)
{
	if (netlink_capable(cb->skb, CAP_SYS_ADMIN))
		return 0;
	NL_SET_ERR_MSG(cb->extack,
		       "needs CAP_SYS_ADMIN in the initial user namespace");
	return -EPERM;
}

/* The attributes that the policy of this dump lets through. */
static void read_filter(struct cursor *cursor, struct nlattr **attrs,
			unsigned int cmd)
{
	struct nlattr *attr;

	switch (cmd) {
	case BINDERY_CMD_MEMBER_GET:
		cursor->deadline = bindery_look_deadline();
		fallthrough;
	case BINDERY_CMD_GROUP_GET:
		attr = attrs[BINDERY_A_GROUP];
		cursor->one = attr;
		if (attr)
			cursor->group = nla_get_u32(attr);
		break;
	case BINDERY_CMD_CLAIM_GET:
		attr = attrs[BINDERY_A_CLAIM_ID];
		cursor->one = attr;
		if (attr)
			memcpy(cursor->id, nla_data(attr), BINDERY_ID_SIZE);
		break;
	case BINDERY_CMD_JOURNAL_GET:
		attr = attrs[BINDERY_A_SEQ];
		if (attr && nla_get_u64(attr))
			cursor->number = nla_get_u64(attr) - 1;
		break;
	}
}

int bindery_dump_start(struct netlink_callback *cb)
{
	const struct genlmsghdr *header = nlmsg_data(cb->nlh);
	struct cursor *cursor = cursor_of(cb);

	memset(cursor, 0, sizeof(*cursor));
	read_filter(cursor, bindery_dump_attrs(cb), header->cmd);
	return bindery_dump_check(cb);
}

/* Readers are told when this is another than in the message before. */
void bindery_dump_look(struct netlink_callback *cb, u64 *newest)
{
	bindery_state_assert();
	*newest = bindery_journal_newest();
	/* 0 would be none */
	cb->seq = (u32)bindery_newest_generation() | 1U << 31;
}

void *bindery_dump_begin(struct sk_buff *skb, struct netlink_callback *cb)
{
	const struct genlmsghdr *request = nlmsg_data(cb->nlh);

	return bindery_put_header(skb, NETLINK_CB(cb->skb).portid,
				  cb->nlh->nlmsg_seq, NLM_F_MULTI,
				  request->cmd);
}

/* Only what stays may tell of a change, or nobody would. */
int bindery_dump_end(struct sk_buff *skb, struct netlink_callback *cb,
		     void *header, int ret)
{
	if (ret) {
		genlmsg_cancel(skb, header);
		return -EMSGSIZE;
	}
	genl_dump_check_consistent(cb, header);
	genlmsg_end(skb, header);
	return 1;
}

/*
 * As many as there is room for. one() puts the next: 1; 0: there is none;
 * -EMSGSIZE: there is no room, go on from the same one.
 */
int bindery_dump_all(struct sk_buff *skb, struct netlink_callback *cb,
		     int (*one)(struct sk_buff *skb,
				struct netlink_callback *cb))
{
	int ret;

	do {
		ret = one(skb, cb);
	} while (ret > 0);
	return ret == -EMSGSIZE && skb->len ? skb->len : ret;
}

/* From the cursor on; or NULL. */
static struct bindery_group *next_group(struct cursor *cursor)
{
	struct bindery_group *group;
	unsigned long id = cursor->group;

	bindery_state_assert();
	if (cursor->one)
		return xa_load(&bindery_groups, id);
	group = xa_find(&bindery_groups, &id, U32_MAX, XA_PRESENT);
	if (id != cursor->group)
		cursor->number = 0;
	cursor->group = id;
	return group;
}

/* False: there is none after it. */
static bool step_group(struct cursor *cursor)
{
	cursor->number = 0;
	if (cursor->one || cursor->group == U32_MAX)
		return false;
	cursor->group++;
	return true;
}

/* A number that no dump of groups finds: the last group was told. */
#define ALL_TOLD	U32_MAX

static void leave_group(struct cursor *cursor)
{
	if (step_group(cursor))
		return;
	cursor->one = true;
	cursor->group = ALL_TOLD;
}

static int put_group(struct sk_buff *skb, struct bindery_group *group,
		     u64 newest)
{
	struct bindery_claim *claim = bindery_group_holder(group);
	u32 members = bindery_list_count(&group->members);
	u32 claims = bindery_list_count(&group->holds);

	if (!group->published && claim)
		members = bindery_plan_count(claim->plan, group);
	return nla_put_u32(skb, BINDERY_A_GROUP, group->id) ?:
	       nla_put_u32(skb, BINDERY_A_STATE, group->state) ?:
	       nla_put_u32(skb, BINDERY_A_NUM_MEMBERS, members) ?:
	       nla_put_u32(skb, BINDERY_A_NUM_CLAIMS, claims) ?:
	       (claim ? bindery_put_id(skb, BINDERY_A_CLAIM_ID,
				       &claim->id) : 0) ?:
	       bindery_put_u64(skb, BINDERY_A_GENERATION, group->generation) ?:
	       bindery_put_u64(skb, BINDERY_A_NEWEST, newest);
}

static int one_group(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct cursor *cursor = cursor_of(cb);
	struct bindery_group *group;
	void *header;
	u64 newest;
	int ret;

	guard(bindery_state)();
	bindery_dump_look(cb, &newest);
	group = next_group(cursor);
	if (!group)
		return 0;
	header = bindery_dump_begin(skb, cb);
	if (!header)
		return -EMSGSIZE;
	ret = bindery_dump_end(skb, cb, header, put_group(skb, group, newest));
	if (ret > 0)
		leave_group(cursor);
	return ret;
}

int bindery_dump_groups(struct sk_buff *skb, struct netlink_callback *cb)
{
	return bindery_dump_all(skb, cb, one_group);
}

/* A reservation has its members in its claim's plan alone. */
static struct bindery_member *next_of_group(struct bindery_group *group,
					    u64 number)
{
	struct bindery_claim *claim = bindery_group_holder(group);
	struct bindery_member *member, *next = NULL;
	unsigned int i;

#define TAKE(candidate) do {						\
	if ((candidate)->number > number &&				\
	    (!next || (candidate)->number < next->number))		\
		next = candidate;					\
} while (0)

	bindery_state_assert();
	list_for_each_entry(member, &group->members, node)
		TAKE(member);
	for (i = 0; !group->published && claim &&
	     i < claim->plan->num_members; i++)
		if (claim->plan->members[i]->group == group)
			TAKE(claim->plan->members[i]);
#undef TAKE
	return next;
}

/* What is asked of a member under the state lock. */
struct looked_at {
	struct bindery_member *member;	/* a reference */
	struct bindery_group *group;	/* another: a member has none */
	u8 claim_id[BINDERY_ID_SIZE];
	u64 newest;
};

/* False: there is none any more. */
static bool look_at_next(struct netlink_callback *cb,
			 struct looked_at *looked_at)
{
	struct cursor *cursor = cursor_of(cb);
	struct bindery_member *member;
	struct bindery_claim *claim;
	struct bindery_group *group;

	guard(bindery_state)();
	bindery_dump_look(cb, &looked_at->newest);
	while ((group = next_group(cursor))) {
		member = next_of_group(group, cursor->number);
		if (!member) {
			leave_group(cursor);
			continue;
		}
		bindery_member_get(member);
		bindery_group_get(group);
		looked_at->member = member;
		looked_at->group = group;
		claim = bindery_group_holder(group);
		export_uuid(looked_at->claim_id, claim ? &claim->id :
							 &uuid_null);
		return true;
	}
	return false;
}

static int put_member_state(struct sk_buff *skb,
			    const struct bindery_ioc_member *out)
{
	return nla_put_u32(skb, BINDERY_A_GROUP, out->out_group) ?:
	       nla_put_u32(skb, BINDERY_A_STATE, out->out_group_state) ?:
	       nla_put_u32(skb, BINDERY_A_ROLE, out->out_role) ?:
	       nla_put_u32(skb, BINDERY_A_ACTION, out->out_action) ?:
	       nla_put_u32(skb, BINDERY_A_FLAGS, out->out_flags) ?:
	       nla_put_u32(skb, BINDERY_A_CODE, out->out_blocker) ?:
	       nla_put_s32(skb, BINDERY_A_ERRNO, out->out_errno) ?:
	       nla_put_u32(skb, BINDERY_A_ASSIGNMENT, out->out_assignment) ?:
	       bindery_put_id(skb, BINDERY_A_ASSIGNMENT_ID,
			      out->out_assignment_id) ?:
	       nla_put_u32(skb, BINDERY_A_USERS, out->out_users) ?:
	       bindery_put_u64(skb, BINDERY_A_GENERATION, out->out_generation);
}

static int put_member_opens(struct sk_buff *skb,
			    const struct bindery_ioc_member *out)
{
	int ret;

	if (!(out->out_flags & BINDERY_MEMBER_SEALED))
		return 0;
	ret = nla_put_u32(skb, BINDERY_A_VFIO_FILES, out->out_vfio_files) ?:
	      nla_put_u32(skb, BINDERY_A_VFIO_OPENS, out->out_vfio_opens) ?:
	      nla_put_u32(skb, BINDERY_A_VFIO_CLOSES, out->out_vfio_closes);
	if (ret || !out->out_vfio_files)
		return ret;
	return nla_put_u32(skb, BINDERY_A_PID, out->out_opener_pid) ?:
	       bindery_put_string(skb, BINDERY_A_COMM, out->out_opener_comm);
}

static int put_member_names(struct sk_buff *skb,
			    const struct bindery_ioc_member *out)
{
	return bindery_put_string(skb, BINDERY_A_DRIVER, out->out_driver) ?:
	       bindery_put_string(skb, BINDERY_A_OVERRIDE, out->out_override) ?:
	       bindery_put_string(skb, BINDERY_A_TARGET, out->out_target) ?:
	       bindery_put_string(skb, BINDERY_A_NATIVE_DRIVER,
				  out->out_native_driver) ?:
	       bindery_put_string(skb, BINDERY_A_NATIVE_OVERRIDE,
				  out->out_native_override);
}

static int put_member(struct sk_buff *skb, const struct looked_at *looked_at,
		      unsigned long deadline)
{
	struct bindery_ioc_member out;
	int ret;

	bindery_member_await(looked_at->member, deadline);
	bindery_member_report(&out, looked_at->member, deadline);
	ret = bindery_put_string(skb, BINDERY_A_NAME, out.out_name);
	if (!ret && out.out_flags & BINDERY_MEMBER_PCI)
		ret = bindery_put_device(skb, &out.out_device);
	return ret ?: put_member_state(skb, &out) ?:
	       put_member_opens(skb, &out) ?: put_member_names(skb, &out) ?:
	       bindery_put_id(skb, BINDERY_A_CLAIM_ID, looked_at->claim_id) ?:
	       bindery_put_u64(skb, BINDERY_A_NEWEST, looked_at->newest);
}

/*
 * Looking at a device may wait for its lock, so not under the state lock; nor
 * for long in all, since netlink holds locks of its own meanwhile.
 */
static int one_member(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct cursor *cursor = cursor_of(cb);
	struct looked_at looked_at;
	void *header;
	int ret;

	if (!look_at_next(cb, &looked_at))
		return 0;
	header = bindery_dump_begin(skb, cb);
	ret = header ? bindery_dump_end(skb, cb, header,
					put_member(skb, &looked_at,
						   cursor->deadline)) :
		       -EMSGSIZE;
	if (ret > 0)
		cursor->number = looked_at.member->number;
	bindery_member_put(looked_at.member);
	bindery_group_put(looked_at.group);
	return ret;
}

int bindery_dump_members(struct sk_buff *skb, struct netlink_callback *cb)
{
	return bindery_dump_all(skb, cb, one_member);
}

static int put_delegation(struct sk_buff *skb,
			  const struct bindery_delegation *delegation)
{
	return delegation ? bindery_put_id(skb, BINDERY_A_DELEGATION_ID,
					   &delegation->id) : 0;
}

static int put_claim(struct sk_buff *skb, struct bindery_claim *claim)
{
	return bindery_put_id(skb, BINDERY_A_CLAIM_ID, &claim->id) ?:
	       nla_put_u32(skb, BINDERY_A_STATE,
			   bindery_plan_state(claim->plan)) ?:
	       nla_put_u32(skb, BINDERY_A_FLAGS,
			   bindery_claim_all_flags(claim)) ?:
	       nla_put_u32(skb, BINDERY_A_PID, pid_vnr(claim->holder)) ?:
	       bindery_put_string(skb, BINDERY_A_COMM, claim->comm) ?:
	       bindery_put_string(skb, BINDERY_A_LABEL, claim->label) ?:
	       put_delegation(skb, claim->delegation) ?:
	       bindery_put_u64(skb, BINDERY_A_GENERATION,
			       bindery_claim_generation(claim)) ?:
	       nla_put_u32(skb, BINDERY_A_NUM_GROUPS, claim->plan->num_groups);
}

static int put_groups(struct sk_buff *skb, const struct bindery_plan *plan,
		      unsigned int from, unsigned int to)
{
	int ret = 0;

	while (!ret && from < to)
		ret = nla_put_u32(skb, BINDERY_A_GROUP,
				  plan->groups[from++]->id);
	return ret;
}

/* The claim that comes next, or whose groups did not fit into one message. */
static struct bindery_claim *next_claim(struct cursor *cursor)
{
	if (!cursor->one)
		return bindery_claim_after(cursor->number, NULL);
	return bindery_claim_after(cursor->number, cursor->id);
}

static int one_claim(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct cursor *cursor = cursor_of(cb);
	struct bindery_claim *claim;
	unsigned int to;
	void *header;
	u64 newest;
	int ret;

	guard(bindery_state)();
	bindery_dump_look(cb, &newest);
	claim = next_claim(cursor);
	if (!claim)
		return 0;
	if (cursor->claim != claim->number)
		cursor->index = 0;
	cursor->claim = claim->number;
	to = min(cursor->index + BINDERY_CLAIM_GROUPS, claim->plan->num_groups);
	header = bindery_dump_begin(skb, cb);
	if (!header)
		return -EMSGSIZE;
	ret = put_claim(skb, claim) ?:
	      put_groups(skb, claim->plan, cursor->index, to) ?:
	      bindery_put_u64(skb, BINDERY_A_NEWEST, newest);
	ret = bindery_dump_end(skb, cb, header, ret);
	if (ret < 0)
		return ret;
	cursor->index = to < claim->plan->num_groups ? to : 0;
	if (!cursor->index)
		cursor->number = claim->number;
	return ret;
}

int bindery_dump_claims(struct sk_buff *skb, struct netlink_callback *cb)
{
	return bindery_dump_all(skb, cb, one_claim);
}

/* What was overwritten since the part before is skipped: OLDEST tells. */
static int one_event(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct cursor *cursor = cursor_of(cb);
	u64 oldest, newest, seq;
	void *header;
	int ret;

	guard(bindery_state)();
	newest = bindery_journal_newest();
	oldest = bindery_journal_oldest();
	if (cursor->number >= newest)
		return 0;
	seq = max(cursor->number + 1, oldest);
	header = bindery_dump_begin(skb, cb);
	if (!header)
		return -EMSGSIZE;
	ret = bindery_put_event(skb, bindery_journal_at(seq)) ?:
	      bindery_put_u64(skb, BINDERY_A_OLDEST, oldest) ?:
	      bindery_put_u64(skb, BINDERY_A_NEWEST, newest);
	ret = bindery_dump_end(skb, cb, header, ret);
	if (ret > 0)
		cursor->number = seq;
	return ret;
}

int bindery_dump_journal(struct sk_buff *skb, struct netlink_callback *cb)
{
	return bindery_dump_all(skb, cb, one_event);
}
