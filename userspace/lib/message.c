// SPDX-License-Identifier: LGPL-2.1-or-later
/* A message of the family, taken apart: one row for each attribute. */
#include <errno.h>
#include <stddef.h>
#include <string.h>

#include <netlink/attr.h>
#include <netlink/genl/genl.h>

#include "netlink.h"

enum kind {
	KIND_NONE,
	KIND_NUMBER,
	KIND_TEXT,
};

struct field {
	enum kind kind;
	size_t offset;
	size_t size;
};

#define FIELD(_kind, _field) {						\
	.kind = _kind,							\
	.offset = offsetof(struct netlink_message, _field),		\
	.size = sizeof(((struct netlink_message *)NULL)->_field),	\
}
#define NUMBER(_field)	FIELD(KIND_NUMBER, _field)
#define TEXT(_field)	FIELD(KIND_TEXT, _field)

static const struct field fields[BINDERY_A_MAX + 1] = {
	[BINDERY_A_SEQ] = NUMBER(seq),
	[BINDERY_A_OLDEST] = NUMBER(oldest),
	[BINDERY_A_NEWEST] = NUMBER(newest),
	[BINDERY_A_TIME_NS] = NUMBER(time_ns),
	[BINDERY_A_TYPE] = NUMBER(type),
	[BINDERY_A_TXN] = NUMBER(txn),
	[BINDERY_A_CLAIM_ID] = NUMBER(claim_id),
	[BINDERY_A_GROUP] = NUMBER(group),
	[BINDERY_A_NAME] = TEXT(name),
	[BINDERY_A_STEP] = NUMBER(step),
	[BINDERY_A_CODE] = NUMBER(code),
	[BINDERY_A_ERRNO] = NUMBER(error),
	[BINDERY_A_STATE] = NUMBER(state),
	[BINDERY_A_OLD_STATE] = NUMBER(old_state),
	[BINDERY_A_DRIVER] = TEXT(driver),
	[BINDERY_A_OVERRIDE] = TEXT(override),
	[BINDERY_A_TARGET] = TEXT(target),
	[BINDERY_A_NATIVE_DRIVER] = TEXT(native_driver),
	[BINDERY_A_NATIVE_OVERRIDE] = TEXT(native_override),
	[BINDERY_A_FLAGS] = NUMBER(flags),
	[BINDERY_A_ROLE] = NUMBER(role),
	[BINDERY_A_ACTION] = NUMBER(action),
	[BINDERY_A_ASSIGNMENT] = NUMBER(assignment),
	[BINDERY_A_ASSIGNMENT_ID] = NUMBER(assignment_id),
	[BINDERY_A_MARK] = NUMBER(mark),
	[BINDERY_A_USERS] = NUMBER(users),
	[BINDERY_A_PID] = NUMBER(pid),
	[BINDERY_A_COMM] = TEXT(comm),
	[BINDERY_A_LABEL] = TEXT(label),
	[BINDERY_A_DURATION_NS] = NUMBER(duration_ns),
	[BINDERY_A_GENERATION] = NUMBER(generation),
	[BINDERY_A_ABI] = NUMBER(abi),
	[BINDERY_A_REASON] = NUMBER(reason),
	[BINDERY_A_NUM_GROUPS] = NUMBER(num_groups),
	[BINDERY_A_NUM_MEMBERS] = NUMBER(num_members),
	[BINDERY_A_NUM_CLAIMS] = NUMBER(num_claims),
	[BINDERY_A_DELEGATION_ID] = NUMBER(delegation_id),
	[BINDERY_A_VFIO_FILES] = NUMBER(vfio_files),
	[BINDERY_A_VFIO_OPENS] = NUMBER(vfio_opens),
	[BINDERY_A_VFIO_CLOSES] = NUMBER(vfio_closes),
};

static int take(const struct field *field, struct nlattr *attribute,
		struct netlink_message *message)
{
	char *to = (char *)message + field->offset;
	size_t size = (size_t)nla_len(attribute);

	if (field->kind == KIND_TEXT) {
		if (size >= field->size)
			size = field->size - 1;
		/* Zeros follow: the message was cleared. */
		strncpy(to, nla_data(attribute), size);
		return 0;
	}
	if (size != field->size)
		return -EPROTO;
	memcpy(to, nla_data(attribute), size);
	return 0;
}

static int take_device(struct nlattr *nested, struct bindery_bdf *bdf)
{
	static const struct nla_policy policy[BINDERY_A_DEVICE_MAX + 1] = {
		[BINDERY_A_DEVICE_DOMAIN] = { .type = NLA_U32 },
		[BINDERY_A_DEVICE_BUS] = { .type = NLA_U8 },
		[BINDERY_A_DEVICE_SLOT] = { .type = NLA_U8 },
		[BINDERY_A_DEVICE_FUNCTION] = { .type = NLA_U8 },
	};
	struct nlattr *part[BINDERY_A_DEVICE_MAX + 1];

	if (nla_parse_nested(part, BINDERY_A_DEVICE_MAX, nested, policy))
		return -EPROTO;
	for (int i = BINDERY_A_DEVICE_DOMAIN; i <= BINDERY_A_DEVICE_MAX; i++)
		if (!part[i])
			return -EPROTO;
	*bdf = (struct bindery_bdf){
		.domain = nla_get_u32(part[BINDERY_A_DEVICE_DOMAIN]),
		.bus = nla_get_u8(part[BINDERY_A_DEVICE_BUS]),
		.slot = nla_get_u8(part[BINDERY_A_DEVICE_SLOT]),
		.function = nla_get_u8(part[BINDERY_A_DEVICE_FUNCTION]),
	};
	return 0;
}

/* Attributes that are not known are of a younger module. */
int netlink_parse(struct nlmsghdr *header, struct netlink_message *message,
		  uint32_t groups[BINDERY_CLAIM_GROUPS])
{
	struct genlmsghdr *genl = genlmsg_hdr(header);
	struct nlattr *attribute;
	int rest, ret = 0;

	memset(message, 0, sizeof(*message));
	message->groups = groups;
	nla_for_each_attr(attribute, genlmsg_attrdata(genl, 0),
			  genlmsg_attrlen(genl, 0), rest) {
		int type = nla_type(attribute);

		if (type > BINDERY_A_MAX)
			continue;
		if (type == BINDERY_A_DEVICE)
			ret = take_device(attribute, &message->device);
		else if (fields[type].kind != KIND_NONE)
			ret = take(&fields[type], attribute, message);
		if (ret)
			return ret;
		if (type == BINDERY_A_GROUP &&
		    message->groups_count < BINDERY_CLAIM_GROUPS)
			groups[message->groups_count++] = message->group;
		message->present |= 1ULL << type;
	}
	/* What is left is no whole attribute. */
	return rest > 0 ? -EPROTO : 0;
}
