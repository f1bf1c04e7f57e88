/* SPDX-License-Identifier: GPL-2.0-only */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM bindery

#if !defined(BINDERY_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define BINDERY_TRACE_H

#include <linux/tracepoint.h>

#include "bindery_private.h"

#define show_state(state)						\
	__print_symbolic(state,						\
			 { BINDERY_GROUP_FREE, "free" },		\
			 { BINDERY_GROUP_RESERVED, "reserved" },	\
			 { BINDERY_GROUP_BINDING, "binding" },		\
			 { BINDERY_GROUP_HELD, "held" },		\
			 { BINDERY_GROUP_KEPT, "kept" },		\
			 { BINDERY_GROUP_DRAINING, "draining" },	\
			 { BINDERY_GROUP_RESTORING, "restoring" },	\
			 { BINDERY_GROUP_STUCK, "stuck" },		\
			 { BINDERY_GROUP_DEGRADED, "degraded" },	\
			 { BINDERY_GROUP_GONE, "gone" })

#define show_step(step)							\
	__print_symbolic(step,						\
			 { BINDERY_STEP_NONE, "none" },			\
			 { BINDERY_STEP_REQUEST, "request" },		\
			 { BINDERY_STEP_RESOLVE, "resolve" },		\
			 { BINDERY_STEP_TARGET, "target" },		\
			 { BINDERY_STEP_RESERVE, "reserve" },		\
			 { BINDERY_STEP_VALIDATE, "validate" },		\
			 { BINDERY_STEP_OVERRIDE, "override" },		\
			 { BINDERY_STEP_UNBIND, "unbind" },		\
			 { BINDERY_STEP_BIND, "bind" },			\
			 { BINDERY_STEP_VERIFY, "verify" },		\
			 { BINDERY_STEP_PUBLISH, "publish" },		\
			 { BINDERY_STEP_FENCE, "fence" },		\
			 { BINDERY_STEP_UNBIND_TARGET, "unbind-target" },\
			 { BINDERY_STEP_RESTORE, "restore" })

TRACE_EVENT(bindery_group,
	TP_PROTO(const struct bindery_group *group, u32 from, u32 to),
	TP_ARGS(group, from, to),
	TP_STRUCT__entry(
		__field(int, group)
		__field(u32, from)
		__field(u32, to)
	),
	TP_fast_assign(
		__entry->group = group->id;
		__entry->from = from;
		__entry->to = to;
	),
	TP_printk("group=%d %s -> %s", __entry->group,
		  show_state(__entry->from), show_state(__entry->to))
);

TRACE_EVENT(bindery_step,
	TP_PROTO(const struct bindery_member *member, u32 step, int result),
	TP_ARGS(member, step, result),
	TP_STRUCT__entry(
		__array(char, device, 32)
		__field(int, group)
		__field(u32, step)
		__field(int, result)
	),
	TP_fast_assign(
		strscpy(__entry->device, dev_name(member->dev), 32);
		__entry->group = member->group->id;
		__entry->step = step;
		__entry->result = result;
	),
	TP_printk("device=%s group=%d step=%s result=%d", __entry->device,
		  __entry->group, show_step(__entry->step), __entry->result)
);

TRACE_EVENT(bindery_txn,
	TP_PROTO(const struct bindery_txn *txn, const char *what, int result),
	TP_ARGS(txn, what, result),
	TP_STRUCT__entry(
		__array(char, what, 16)
		__field(unsigned int, groups)
		__field(unsigned int, members)
		__field(int, result)
	),
	TP_fast_assign(
		strscpy(__entry->what, what, 16);
		__entry->groups = txn->plan->num_groups;
		__entry->members = txn->plan->num_members;
		__entry->result = result;
	),
	TP_printk("%s groups=%u members=%u result=%d", __entry->what,
		  __entry->groups, __entry->members, __entry->result)
);

/* A restore of a group was tried. */
TRACE_EVENT(bindery_pass,
	TP_PROTO(const struct bindery_group *group, int result),
	TP_ARGS(group, result),
	TP_STRUCT__entry(
		__field(int, group)
		__field(int, result)
	),
	TP_fast_assign(
		__entry->group = group->id;
		__entry->result = result;
	),
	TP_printk("group=%d result=%d", __entry->group, __entry->result)
);

/* Opened: how many files there are; refused: why. */
TRACE_EVENT(bindery_vfio,
	TP_PROTO(const struct pci_dev *pdev, const char *what, int group,
		 int result),
	TP_ARGS(pdev, what, group, result),
	TP_STRUCT__entry(
		__array(char, device, 32)
		__array(char, what, 16)
		__field(int, group)
		__field(int, result)
	),
	TP_fast_assign(
		strscpy(__entry->device, pci_name(pdev), 32);
		strscpy(__entry->what, what, 16);
		__entry->group = group;
		__entry->result = result;
	),
	TP_printk("%s device=%s group=%d result=%d", __entry->what,
		  __entry->device, __entry->group, __entry->result)
);

#endif

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>
