/* SPDX-License-Identifier: GPL-2.0-only */
/* The family's messages: what events and dumps share. */
#ifndef BINDERY_NETLINK_PRIVATE_H
#define BINDERY_NETLINK_PRIVATE_H

#include <linux/bindery.h>

struct bindery_event_record;
struct netlink_callback;
struct sk_buff;

/* netlink.c */
void *bindery_put_header(struct sk_buff *skb, u32 portid, u32 seq, int flags,
			 u8 cmd);
int bindery_put_u64(struct sk_buff *skb, unsigned int attr, u64 value);
int bindery_put_string(struct sk_buff *skb, unsigned int attr,
		       const char *value);
int bindery_put_id(struct sk_buff *skb, unsigned int attr, const void *id);
int bindery_put_device(struct sk_buff *skb, const struct bindery_ioc_bdf *bdf);
int bindery_put_event(struct sk_buff *skb,
		      const struct bindery_event_record *event);

/* dump.c */
int bindery_dump_check(struct netlink_callback *cb);
int bindery_dump_start(struct netlink_callback *cb);
void bindery_dump_look(struct netlink_callback *cb, u64 *newest);
void *bindery_dump_begin(struct sk_buff *skb, struct netlink_callback *cb);
int bindery_dump_end(struct sk_buff *skb, struct netlink_callback *cb,
		     void *header, int ret);
int bindery_dump_all(struct sk_buff *skb, struct netlink_callback *cb,
		     int (*one)(struct sk_buff *skb,
				struct netlink_callback *cb));
int bindery_dump_groups(struct sk_buff *skb, struct netlink_callback *cb);
int bindery_dump_members(struct sk_buff *skb, struct netlink_callback *cb);
int bindery_dump_claims(struct sk_buff *skb, struct netlink_callback *cb);
int bindery_dump_journal(struct sk_buff *skb, struct netlink_callback *cb);

/* stray.c */
int bindery_stray_start(struct netlink_callback *cb);
int bindery_stray_dump(struct sk_buff *skb, struct netlink_callback *cb);
int bindery_stray_done(struct netlink_callback *cb);

#endif
