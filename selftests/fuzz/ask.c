// SPDX-License-Identifier: GPL-2.0-only
/* Requests to the netlink family, and reads of what it answers. */
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include <linux/genetlink.h>
#include <linux/netlink.h>

#include "fuzz.h"

struct message {
	struct nlmsghdr header;
	struct genlmsghdr genl;
	char attributes[512];
};

/* What each dump takes, first. */
static const struct {
	uint16_t type;
	uint16_t size;
} known[] = {
	{ BINDERY_A_GROUP, 4 }, { BINDERY_A_CLAIM_ID, BINDERY_ID_SIZE },
	{ BINDERY_A_SEQ, 8 }, { BINDERY_A_PAD, 0 }, { BINDERY_A_DEVICE, 20 },
};

static void fill(struct world *world, char *to, uint16_t size, uint16_t type,
		 struct tape *tape)
{
	uint32_t group = world->group.id;

	if (type == BINDERY_A_CLAIM_ID && size >= BINDERY_ID_SIZE &&
	    !one_in(tape, 4))
		memcpy(to, world->id, BINDERY_ID_SIZE);
	else if (type == BINDERY_A_GROUP && size >= 4 && !one_in(tape, 4))
		memcpy(to, &group, 4);
	else
		for (uint16_t i = 0; i < size && i < 16; i++)
			to[i] = take(tape);
}

static size_t put_attribute(struct world *world, char *at, struct tape *tape)
{
	unsigned int which = take(tape) % 8;
	struct nlattr attribute;
	uint16_t size;

	if (which < ARRAY_SIZE(known)) {
		attribute.nla_type = known[which].type;
		size = known[which].size;
	} else {
		attribute.nla_type = take(tape) | take(tape) << 8;
		size = take(tape) % 64;
	}
	if (one_in(tape, 8))
		size = take(tape) % 64;
	if (one_in(tape, 16))
		attribute.nla_type |= NLA_F_NESTED;
	attribute.nla_len = NLA_HDRLEN + size;
	fill(world, at + NLA_HDRLEN, size, attribute.nla_type, tape);
	if (one_in(tape, 16))
		attribute.nla_len = take(tape) | take(tape) << 8;
	memcpy(at, &attribute, sizeof(attribute));
	return NLA_ALIGN(NLA_HDRLEN + size);
}

static size_t put_message(struct world *world, struct message *message,
			  struct tape *tape)
{
	unsigned int times = take(tape) % 4;
	size_t len = 0;

	memset(message, 0, sizeof(*message));
	message->genl.cmd = 1 + take(tape) % 5;
	message->genl.version = BINDERY_GENL_VERSION;
	while (times--)
		len += put_attribute(world, message->attributes + len, tape);
	message->header.nlmsg_len = NLMSG_HDRLEN + GENL_HDRLEN + len;
	message->header.nlmsg_type = world->family;
	message->header.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	if (one_in(tape, 8))
		message->header.nlmsg_flags = take(tape) | take(tape) << 8;
	if (one_in(tape, 8))
		message->genl.cmd = take(tape);
	if (one_in(tape, 16))
		message->genl.version = take(tape);
	if (one_in(tape, 16))
		message->header.nlmsg_len = take(tape);
	return NLMSG_HDRLEN + GENL_HDRLEN + len;
}

void fuzz_ask(struct world *world, struct tape *tape)
{
	struct message message;
	size_t len = put_message(world, &message, tape);
	ssize_t sent = send(world->netlink, &message, len, MSG_DONTWAIT);

	world->executions[NETLINK]++;
	cover_feature(2ULL << 60 | message.genl.cmd << 8 | (sent < 0));
}

/* A dump that ended well has succeeded. */
static void note_answer(struct world *world, const struct nlmsghdr *header)
{
	bool done = header->nlmsg_type == NLMSG_DONE;
	int error = 0;

	if ((header->nlmsg_type == NLMSG_ERROR || done) &&
	    header->nlmsg_len >= NLMSG_LENGTH(sizeof(error)))
		memcpy(&error, NLMSG_DATA(header), sizeof(error));
	world->succeeded[NETLINK] += done && !error;
	cover_feature(3ULL << 60 | (uint64_t)(uint16_t)-error << 32 |
		      header->nlmsg_type << 8 | (header->nlmsg_flags & 0xff));
}

/* Some of it, into more or less room. */
void fuzz_read(struct world *world, struct tape *tape)
{
	unsigned int times = 1 + take(tape) % 8;
	size_t room = one_in(tape, 4) ? take(tape) * 8 : 16384;
	static char buffer[16384];
	struct nlmsghdr *header;
	ssize_t got;

	while (times--) {
		got = recv(world->netlink, buffer, room, MSG_DONTWAIT);
		if (got < 0)
			return;
		for (header = (struct nlmsghdr *)buffer; NLMSG_OK(header, got);
		     header = NLMSG_NEXT(header, got))
			note_answer(world, header);
	}
}
