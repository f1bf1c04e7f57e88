// SPDX-License-Identifier: GPL-2.0-only
/*
 * The generic netlink family: its operations, which dump.c and stray.c answer,
 * and its events, to who listens. Nothing here is waited for by anything else.
 */
#include <linux/module.h>
#include <net/genetlink.h>

#include "compat.h"
#include "event.h"
#include "netlink.h"

/* Nothing can be asked; one with no attribute at all would let all through. */
static const struct nla_policy no_policy[BINDERY_A_PAD + 1] = {
	[BINDERY_A_PAD] = { .type = NLA_REJECT },
};

static const struct nla_policy group_policy[BINDERY_A_GROUP + 1] = {
	[BINDERY_A_GROUP] = { .type = NLA_U32 },
};

static const struct nla_policy claim_policy[BINDERY_A_CLAIM_ID + 1] = {
	[BINDERY_A_CLAIM_ID] = NLA_POLICY_EXACT_LEN(BINDERY_ID_SIZE),
};

static const struct nla_policy journal_policy[BINDERY_A_SEQ + 1] = {
	[BINDERY_A_SEQ] = { .type = NLA_U64 },
};

static const struct genl_multicast_group mcgrps[] = {
	{
		.name = BINDERY_MCGRP_EVENTS,
		.flags = GENL_MCAST_CAP_SYS_ADMIN,
	},
};

#define DUMP(_cmd, _policy, _start, _dump, _done) {			\
	.cmd = BINDERY_CMD_##_cmd,					\
	.policy = _policy,						\
	.maxattr = ARRAY_SIZE(_policy) - 1,				\
	.start = _start,						\
	.dumpit = _dump,						\
	.done = _done,							\
}

static const struct genl_ops ops[] = {
	DUMP(GROUP_GET, group_policy, bindery_dump_start, bindery_dump_groups,
	     NULL),
	DUMP(MEMBER_GET, group_policy, bindery_dump_start, bindery_dump_members,
	     NULL),
	DUMP(CLAIM_GET, claim_policy, bindery_dump_start, bindery_dump_claims,
	     NULL),
	DUMP(STRAY_GET, no_policy, bindery_stray_start, bindery_stray_dump,
	     bindery_stray_done),
	DUMP(JOURNAL_GET, journal_policy, bindery_dump_start,
	     bindery_dump_journal, NULL),
};

static struct genl_family family __ro_after_init = {
	.name = BINDERY_GENL_NAME,
	.version = BINDERY_GENL_VERSION,
	.module = THIS_MODULE,
	.parallel_ops = true,
	.ops = ops,
	.n_ops = ARRAY_SIZE(ops),
	.mcgrps = mcgrps,
	.n_mcgrps = ARRAY_SIZE(mcgrps),
};

void *bindery_put_header(struct sk_buff *skb, u32 portid, u32 seq, int flags,
			 u8 cmd)
{
	return genlmsg_put(skb, portid, seq, &family, flags, cmd);
}

int bindery_put_u64(struct sk_buff *skb, unsigned int attr, u64 value)
{
	return nla_put_u64_64bit(skb, attr, value, BINDERY_A_PAD);
}

/* What is empty is not there. */
int bindery_put_string(struct sk_buff *skb, unsigned int attr,
		       const char *value)
{
	return value[0] ? nla_put_string(skb, attr, value) : 0;
}

int bindery_put_id(struct sk_buff *skb, unsigned int attr, const void *id)
{
	return memchr_inv(id, 0, BINDERY_ID_SIZE) ?
		nla_put(skb, attr, BINDERY_ID_SIZE, id) : 0;
}

int bindery_put_device(struct sk_buff *skb, const struct bindery_ioc_bdf *bdf)
{
	struct nlattr *nest = nla_nest_start(skb, BINDERY_A_DEVICE);

	if (!nest ||
	    nla_put_u32(skb, BINDERY_A_DEVICE_DOMAIN, bdf->domain) ||
	    nla_put_u8(skb, BINDERY_A_DEVICE_BUS, bdf->bus) ||
	    nla_put_u8(skb, BINDERY_A_DEVICE_SLOT, bdf->slot) ||
	    nla_put_u8(skb, BINDERY_A_DEVICE_FUNCTION, bdf->function))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

/* How a field of an event is told. */
enum kind {
	KIND_U32,
	KIND_U64,
	KIND_STRING,
	KIND_ID,
	KIND_DEVICE,
};

#define FIELD(_attr, _kind, _field) {					\
	BINDERY_A_##_attr, KIND_##_kind,				\
	offsetof(struct bindery_event_record, _field)			\
}

static const struct {
	u16 attr;
	u16 kind;
	u16 offset;
} fields[] = {
	FIELD(SEQ, U64, seq),
	FIELD(TIME_NS, U64, time_ns),
	FIELD(TYPE, U32, type),
	FIELD(GENERATION, U64, generation),
	FIELD(TXN, U64, txn),
	FIELD(CLAIM_ID, ID, claim_id),
	FIELD(GROUP, U32, group),
	FIELD(DEVICE, DEVICE, device),
	FIELD(NAME, STRING, name),
	FIELD(STEP, U32, step),
	FIELD(CODE, U32, code),
	FIELD(ERRNO, U32, errno),
	FIELD(OLD_STATE, U32, old_state),
	FIELD(STATE, U32, state),
	FIELD(DRIVER, STRING, driver),
	FIELD(NATIVE_DRIVER, STRING, driver),
	FIELD(OVERRIDE, STRING, driver),
	FIELD(TARGET, STRING, target),
	FIELD(FLAGS, U32, flags),
	FIELD(ROLE, U32, role),
	FIELD(ASSIGNMENT, U32, assignment),
	FIELD(ASSIGNMENT_ID, ID, assignment_id),
	FIELD(MARK, U32, mark),
	FIELD(USERS, U32, users),
	FIELD(PID, U32, pid),
	FIELD(COMM, STRING, comm),
	FIELD(LABEL, STRING, label),
	FIELD(NUM_GROUPS, U32, num_groups),
	FIELD(NUM_MEMBERS, U32, num_members),
	FIELD(DURATION_NS, U64, duration_ns),
	FIELD(ABI, U32, abi),
	FIELD(DELEGATION_ID, ID, delegation_id),
	FIELD(VFIO_FILES, U32, files),
};

static int put_field(struct sk_buff *skb, unsigned int attr, enum kind kind,
		     const void *value)
{
	switch (kind) {
	case KIND_U32:
		return nla_put_u32(skb, attr, *(const u32 *)value);
	case KIND_U64:
		return bindery_put_u64(skb, attr, *(const u64 *)value);
	case KIND_STRING:
		return nla_put_string(skb, attr, value);
	case KIND_ID:
		return nla_put(skb, attr, BINDERY_ID_SIZE, value);
	case KIND_DEVICE:
		return bindery_put_device(skb, value);
	}
	return -EINVAL;
}

int bindery_put_event(struct sk_buff *skb,
		      const struct bindery_event_record *event)
{
	unsigned int i;
	int ret = 0;

	for (i = 0; i < ARRAY_SIZE(fields) && !ret; i++)
		if (bindery_event_has(event, fields[i].attr))
			ret = put_field(skb, fields[i].attr, fields[i].kind,
					(const void *)event + fields[i].offset);
	return ret;
}

static size_t field_size(enum kind kind, const void *value)
{
	switch (kind) {
	case KIND_U32:
		return nla_total_size(sizeof(u32));
	case KIND_U64:
		return nla_total_size_64bit(sizeof(u64));
	case KIND_STRING:
		return nla_total_size(strlen(value) + 1);
	case KIND_ID:
		return nla_total_size(BINDERY_ID_SIZE);
	case KIND_DEVICE:
		return nla_total_size(nla_total_size(sizeof(u32)) +
				      3 * nla_total_size(sizeof(u8)));
	}
	return 0;
}

/* What a reader's socket is charged with, so no more than it takes. */
static size_t event_size(const struct bindery_event_record *event)
{
	size_t size = 0;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(fields); i++)
		if (bindery_event_has(event, fields[i].attr))
			size += field_size(fields[i].kind, (const void *)event +
					   fields[i].offset);
	return size;
}

static int send(const struct bindery_event_record *event)
{
	struct sk_buff *skb = genlmsg_new(event_size(event),
					  GFP_ATOMIC | __GFP_NOWARN);
	void *header;

	if (!skb)
		return -ENOMEM;
	header = bindery_put_header(skb, 0, 0, 0, BINDERY_CMD_EVENT);
	if (!header || bindery_put_event(skb, event)) {
		nlmsg_free(skb);
		return -EMSGSIZE;
	}
	genlmsg_end(skb, header);
	genlmsg_multicast_netns(&family, &init_net, skb, 0, 0, GFP_ATOMIC);
	return 0;
}

/*
 * To those who listen. What cannot be told them is in the journal all the same;
 * they learn as of a full socket that they missed something.
 */
void bindery_netlink_tell(const struct bindery_event_record *event)
{
	bindery_state_assert();
	if (!genl_has_listeners(&family, &init_net, 0))
		return;
	if (send(event))
		genl_set_err(&family, &init_net, 0, 0, -ENOBUFS);
}

int bindery_netlink_init(void)
{
	return genl_register_family(&family);
}

void bindery_netlink_exit(void)
{
	genl_unregister_family(&family);
}
