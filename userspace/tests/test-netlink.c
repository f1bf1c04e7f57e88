// SPDX-License-Identifier: GPL-2.0-or-later
/* Answers of the kernel that are cut, malformed or of something else. */
#include <errno.h>
#include <stdlib.h>

#include <netlink/errno.h>
#include <netlink/genl/ctrl.h>

#include "netlink.h"
#include "netmock.h"
#include "tap.h"

#define SIZE_MAX_ATTR	24
#define TEXT_SIZE	20	/* without padding */

static void start(void)
{
	netmock_reset();
	netmock.has_family = true;
}

/* Exactly as long as it says, so that the sanitizer sees what is beyond. */
static int parse(const struct nlmsghdr *header, size_t length)
{
	uint32_t groups[BINDERY_CLAIM_GROUPS];
	struct netlink_message message;
	struct nlmsghdr *copy = malloc(length);
	int ret;

	memcpy(copy, header, length);
	copy->nlmsg_len = (uint32_t)length;
	ret = netlink_parse(copy, &message, groups);
	EXPECT(strnlen(message.name, sizeof(message.name)) <
	       sizeof(message.name));
	EXPECT(strnlen(message.label, sizeof(message.label)) <
	       sizeof(message.label));
	EXPECT(message.groups_count <= BINDERY_CLAIM_GROUPS);
	free(copy);
	return ret;
}

static int parse_whole(struct nl_msg *message)
{
	const struct nlmsghdr *header = nlmsg_hdr(message);

	return parse(header, header->nlmsg_len);
}

static struct nl_msg *new_message(void)
{
	struct nl_msg *message = nlmsg_alloc_size(16384);

	genlmsg_put(message, 0, 0, 0x1c, 0, 0, BINDERY_CMD_EVENT,
		    BINDERY_GENL_VERSION);
	return message;
}

/* The bits of the sizes, from 0, with which an attribute is taken. */
static unsigned int sizes_of(int type)
{
	static const char bytes[SIZE_MAX_ATTR];
	unsigned int sizes = 0;

	for (int size = 0; size < SIZE_MAX_ATTR; size++) {
		struct nl_msg *message = new_message();
		int ret;

		nla_put(message, type, size, bytes);
		ret = parse_whole(message);
		EXPECT(!ret || ret == -EPROTO);
		if (!ret)
			sizes |= 1U << size;
		nlmsg_free(message);
	}
	return sizes;
}

#define ALL_SIZES	((1U << SIZE_MAX_ATTR) - 1)

static bool is_text(int type)
{
	switch (type) {
	case BINDERY_A_NAME:
	case BINDERY_A_DRIVER:
	case BINDERY_A_OVERRIDE:
	case BINDERY_A_TARGET:
	case BINDERY_A_NATIVE_DRIVER:
	case BINDERY_A_NATIVE_OVERRIDE:
	case BINDERY_A_COMM:
	case BINDERY_A_LABEL:
	case BINDERY_A_PAD:
		return true;
	default:
		return false;
	}
}

TEST(W4_an_attribute_has_its_size_or_is_refused)
{
	for (int type = 1; type <= BINDERY_A_MAX; type++) {
		unsigned int sizes = sizes_of(type);

		if (is_text(type))
			EXPECT_INT(sizes, ALL_SIZES);
		else if (type == BINDERY_A_DEVICE)
			EXPECT_INT(sizes, 0);
		else if (sizes != 1U << 4 && sizes != 1U << 8 &&
			 sizes != 1U << 16)
			test_fail(__FILE__, __LINE__, "attribute %d: %#x", type,
				  sizes);
	}
	EXPECT_INT(sizes_of(BINDERY_A_MAX + 1), ALL_SIZES);
	EXPECT_INT(sizes_of(0), ALL_SIZES);
}

/* All attributes, and more groups than a claim has in one message. */
static struct nl_msg *full_message(void)
{
	static const char text[SIZE_MAX_ATTR] = "text that fills it all.";
	struct nl_msg *message = new_message();
	struct nlattr *nest;

	for (int type = 1; type <= BINDERY_A_MAX; type++)
		for (int size = TEXT_SIZE; size; size--)
			if (type != BINDERY_A_DEVICE &&
			    sizes_of(type) & 1U << size) {
				nla_put(message, type, size, text);
				break;
			}
	nest = nla_nest_start(message, BINDERY_A_DEVICE);
	nla_put_u32(message, BINDERY_A_DEVICE_DOMAIN, 0);
	nla_put_u8(message, BINDERY_A_DEVICE_BUS, 1);
	nla_put_u8(message, BINDERY_A_DEVICE_SLOT, 2);
	nla_put_u8(message, BINDERY_A_DEVICE_FUNCTION, 3);
	nla_nest_end(message, nest);
	for (uint32_t i = 0; i < BINDERY_CLAIM_GROUPS + 2; i++)
		nla_put_u32(message, BINDERY_A_GROUP, i);
	return message;
}

TEST(W4_a_message_that_is_cut_anywhere_is_refused)
{
	struct nl_msg *message = full_message();
	const struct nlmsghdr *header = nlmsg_hdr(message);
	size_t length = NLMSG_HDRLEN + GENL_HDRLEN;

	EXPECT_INT(parse_whole(message), 0);
	for (; length < header->nlmsg_len; length++) {
		int ret = parse(header, length);

		/* Between two attributes nothing shows. */
		if (ret != -EPROTO && (ret || length % 4))
			test_fail(__FILE__, __LINE__, "%zu bytes: %d", length,
				  ret);
	}
	nlmsg_free(message);
}

TEST(W4_no_damage_to_a_message_does_any_harm)
{
	struct nl_msg *message = full_message();
	struct nlmsghdr *header = nlmsg_hdr(message);
	unsigned char *bytes = nlmsg_data(header);
	size_t length = (size_t)nlmsg_datalen(header);
	uint32_t random = 1;

	for (int i = 0; i < 2000; i++) {
		unsigned char *byte, before;
		int ret;

		random = random * 1664525 + 1013904223;
		byte = &bytes[(random >> 8) % length];
		before = *byte;
		*byte ^= (unsigned char)(random >> 24 | 1);
		ret = parse_whole(message);
		if (ret && ret != -EPROTO)
			test_fail(__FILE__, __LINE__, "at %d: %d", i, ret);
		*byte = before;
	}
	nlmsg_free(message);
}

TEST(W4_a_device_without_one_of_its_numbers_is_refused)
{
	for (int missing = BINDERY_A_DEVICE_DOMAIN;
	     missing <= BINDERY_A_DEVICE_MAX; missing++) {
		struct nl_msg *message = new_message();
		struct nlattr *nest;

		nest = nla_nest_start(message, BINDERY_A_DEVICE);
		for (int i = BINDERY_A_DEVICE_DOMAIN;
		     i <= BINDERY_A_DEVICE_MAX; i++)
			if (i != missing)
				nla_put_u32(message, i, 1);
		nla_nest_end(message, nest);
		EXPECT_INT(parse_whole(message), -EPROTO);
		nlmsg_free(message);
	}
}

static int dump(void)
{
	struct bindery_groups *groups = NULL;
	int ret = bindery_groups_dump(&groups);

	EXPECT(!ret == !!groups);
	bindery_groups_free(groups);
	return ret;
}

TEST(W4_an_answer_without_an_end_is_not_taken_for_whole)
{
	start();
	nla_put_u32(netmock_add(BINDERY_CMD_GROUP_GET), BINDERY_A_GROUP, 5);
	EXPECT_INT(dump(), 0);
	/* Into the message that ends it, and into the one before. */
	netmock.cut = 8;
	EXPECT_INT(dump(), -ETIMEDOUT);
	netmock.cut = 24;
	EXPECT_INT(dump(), -ETIMEDOUT);
}

TEST(W4_an_answer_to_another_request_is_refused)
{
	start();
	netmock.sequence = 1;
	EXPECT_INT(dump(), -EIO);
}

TEST(W4_what_the_kernel_says_of_the_socket_is_told)
{
	start();
	netmock.odd_type = NLMSG_OVERRUN;
	EXPECT_INT(dump(), -EIO);
	/* Too short to be of any family: not even a command. */
	netmock.odd_type = 0x1c;
	EXPECT_INT(dump(), -EPROTO);
	/* An end that has no number. */
	netmock.odd_type = NLMSG_DONE;
	EXPECT_INT(dump(), 0);
	netmock.odd_type = NLMSG_ERROR;
	EXPECT_INT(dump(), -EIO);
}

TEST(W4_every_failure_of_a_socket_has_its_errno)
{
	static const struct {
		int error;
		int ret;
	} rows[] = {
		{ NLE_NOMEM, -ENOBUFS }, { NLE_OBJ_NOTFOUND, -ENOENT },
		{ NLE_PERM, -EPERM }, { NLE_NOACCESS, -EACCES },
		{ NLE_AF_NOSUPPORT, -EPROTONOSUPPORT },
		{ NLE_PROTO_MISMATCH, -EPROTONOSUPPORT },
		{ NLE_BAD_SOCK, -EIO }, { NLE_FAILURE, -EIO },
	};
	struct bindery_monitor *monitor = NULL;

	start();
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		netmock.connect_error = -rows[i].error;
		EXPECT_INT(dump(), rows[i].ret);
		EXPECT_INT(bindery_monitor_new(0, &monitor), rows[i].ret);
		netmock.connect_error = 0;
		netmock.nonblocking_error = -rows[i].error;
		EXPECT_INT(bindery_monitor_new(0, &monitor), rows[i].ret);
		netmock.nonblocking_error = 0;
	}
	EXPECT(!monitor);
}

static struct nl_msg *put_control(int command)
{
	struct nl_msg *message = netmock_add(BINDERY_CMD_EVENT);

	nlmsg_hdr(message)->nlmsg_type = GENL_ID_CTRL;
	genlmsg_hdr(nlmsg_hdr(message))->cmd = (uint8_t)command;
	return message;
}

TEST(W4_news_of_other_families_end_nothing)
{
	struct bindery_event_record *record;
	struct bindery_monitor *monitor;
	struct nl_msg *message;

	start();
	netmock_happen_unheard(1, BINDERY_EVENT_TYPE_LOADED);
	EXPECT_INT(bindery_monitor_new(0, &monitor), 0);
	nla_put_u16(put_control(CTRL_CMD_DELFAMILY), CTRL_ATTR_FAMILY_ID, 0x1d);
	put_control(CTRL_CMD_DELFAMILY);
	put_control(CTRL_CMD_NEWFAMILY);
	message = netmock_add(BINDERY_CMD_EVENT);
	nla_put_u64(message, BINDERY_A_SEQ, 2);
	nlmsg_hdr(message)->nlmsg_type = 0x1d;
	EXPECT_INT(bindery_monitor_next(monitor, &record), -EAGAIN);
	bindery_monitor_free(monitor);
}
