// SPDX-License-Identifier: GPL-2.0-or-later
/* A message of the family, from its netlink header on. */
#include <stdlib.h>
#include <string.h>

#include <netlink/attr.h>
#include <netlink/genl/genl.h>

#include "fuzz.h"
#include "netlink.h"

struct parsed {
	struct netlink_message message;
	uint32_t groups[BINDERY_CLAIM_GROUPS];
	int ret;
};

static void parse(struct nlmsghdr *header, struct parsed *parsed, int garbage)
{
	memset(parsed, garbage, sizeof(*parsed));
	parsed->ret = netlink_parse(header, &parsed->message, parsed->groups);
	if (parsed->ret)
		return;
	HOLDS(parsed->message.groups == parsed->groups);
	HOLDS(parsed->message.groups_count <= BINDERY_CLAIM_GROUPS);
	parsed->message.groups = NULL;
}

static void check_texts(const struct netlink_message *message)
{
	HOLDS(memchr(message->name, 0, sizeof(message->name)));
	HOLDS(memchr(message->driver, 0, sizeof(message->driver)));
	HOLDS(memchr(message->override, 0, sizeof(message->override)));
	HOLDS(memchr(message->target, 0, sizeof(message->target)));
	HOLDS(memchr(message->native_driver, 0, sizeof(message->native_driver)));
	HOLDS(memchr(message->native_override, 0,
		     sizeof(message->native_override)));
	HOLDS(memchr(message->comm, 0, sizeof(message->comm)));
	HOLDS(memchr(message->label, 0, sizeof(message->label)));
}

/* What was there before, and where it is, make no difference. */
static void check_same(const struct parsed *a, const struct parsed *b)
{
	HOLDS(a->ret == b->ret);
	if (a->ret)
		return;
	HOLDS(a->message.groups_count == b->message.groups_count);
	HOLDS(!memcmp(a->groups, b->groups,
		      a->message.groups_count * sizeof(*a->groups)));
	HOLDS(fuzz_same(&a->message, &b->message, sizeof(a->message)));
}

/* A younger module may tell more: an attribute that is not known. */
static struct nlmsghdr *add_unknown(const struct nlmsghdr *header)
{
	size_t size = NLMSG_ALIGN(header->nlmsg_len);
	struct nlmsghdr *longer = calloc(1, size + 8);
	const struct nlattr unknown = {
		.nla_len = 8,
		.nla_type = BINDERY_A_MAX + 1,
	};

	HOLDS(longer);
	memcpy(longer, header, header->nlmsg_len);
	memcpy((char *)longer + size, &unknown, sizeof(unknown));
	longer->nlmsg_len = (uint32_t)size + 8;
	return longer;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct nlmsghdr *header, *longer;
	struct parsed first, second;

	if (size < NLMSG_HDRLEN + GENL_HDRLEN || size > 65536)
		return 0;
	header = malloc(size);
	HOLDS(header);
	memcpy(header, data, size);
	header->nlmsg_len = (uint32_t)size;
	parse(header, &first, 0);
	parse(header, &second, 0xa5);
	check_same(&first, &second);
	if (!first.ret) {
		check_texts(&first.message);
		longer = add_unknown(header);
		parse(longer, &second, 0);
		check_same(&first, &second);
		free(longer);
	}
	free(header);
	return 0;
}
