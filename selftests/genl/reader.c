// SPDX-License-Identifier: GPL-2.0-only
/*
 * Messages are read from the socket as they are, because libnl's own loop hides
 * what is tested here: where parts end, overruns, the text of errors.
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <netlink/attr.h>
#include <netlink/genl/ctrl.h>
#include <netlink/genl/genl.h>
#include <netlink/msg.h>

#include "reader.h"

#define SMALL_PART	4096

static int to_errno(int error)
{
	switch (-error) {
	case NLE_PERM:
		return -EPERM;
	case NLE_OBJ_NOTFOUND:
		return -ENOENT;
	default:
		return -EIO;
	}
}

int reader_open(struct reader *reader)
{
	int ret;

	memset(reader, 0, sizeof(*reader));
	reader->sock = nl_socket_alloc();
	if (!reader->sock)
		return -ENOMEM;
	ret = genl_connect(reader->sock);
	if (ret)
		return to_errno(ret);
	reader->fd = nl_socket_get_fd(reader->sock);
	setsockopt(reader->fd, SOL_NETLINK, NETLINK_EXT_ACK, &(int) { 1 },
		   sizeof(int));
	reader->family = genl_ctrl_resolve(reader->sock, BINDERY_GENL_NAME);
	if (reader->family < 0)
		return to_errno(reader->family);
	/* now, while libnl still knows which answer it waits for */
	reader->mcgrp = genl_ctrl_resolve_grp(reader->sock, BINDERY_GENL_NAME,
					      BINDERY_MCGRP_EVENTS);
	return reader->mcgrp < 0 ? to_errno(reader->mcgrp) : 0;
}

/* On a socket on which little was read, the kernel makes small parts. */
int reader_open_small(struct reader *reader)
{
	int ret = reader_open(reader);

	if (ret)
		return ret;
	nl_socket_free(reader->sock);
	reader->sock = nl_socket_alloc();
	if (!reader->sock)
		return -ENOMEM;
	reader->room = SMALL_PART;
	ret = genl_connect(reader->sock);
	reader->fd = nl_socket_get_fd(reader->sock);
	return ret ? to_errno(ret) : 0;
}

/* Everything before is not asked for. */
int reader_listen(struct reader *reader)
{
	if (setsockopt(reader->fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP,
		       &reader->mcgrp, sizeof(reader->mcgrp)))
		return -errno;
	return 0;
}

void reader_close(struct reader *reader)
{
	nl_socket_free(reader->sock);
	reader->sock = NULL;
}

/* A hex line of each shape of message, for the harness to check by the spec. */
static void print_shape(const struct nlmsghdr *header, const struct told *told)
{
	static struct {
		uint64_t has;
		uint64_t type;
		uint8_t cmd;
	} seen[256];
	static unsigned int num;
	const unsigned char *byte = (const unsigned char *)header;
	unsigned int i;

	for (i = 0; i < num; i++)
		if (seen[i].has == told->has && seen[i].cmd == told->cmd &&
		    seen[i].type == NUMBER(told, TYPE))
			return;
	if (num == sizeof(seen) / sizeof(*seen))
		return;
	seen[num].has = told->has;
	seen[num].cmd = told->cmd;
	seen[num++].type = NUMBER(told, TYPE);
	printf("# netlink: ");
	for (i = 0; i < header->nlmsg_len; i++)
		printf("%02x", byte[i]);
	printf("\n");
	fflush(stdout);
}

static void read_device(struct told *told, struct nlattr *nest)
{
	struct nlattr *part[BINDERY_A_DEVICE_MAX + 1];
	struct bindery_ioc_bdf bdf;

	if (nla_parse_nested(part, BINDERY_A_DEVICE_MAX, nest, NULL) ||
	    !part[BINDERY_A_DEVICE_DOMAIN] || !part[BINDERY_A_DEVICE_BUS] ||
	    !part[BINDERY_A_DEVICE_SLOT] || !part[BINDERY_A_DEVICE_FUNCTION])
		return;
	bdf = (struct bindery_ioc_bdf) {
		.domain = nla_get_u32(part[BINDERY_A_DEVICE_DOMAIN]),
		.bus = nla_get_u8(part[BINDERY_A_DEVICE_BUS]),
		.slot = nla_get_u8(part[BINDERY_A_DEVICE_SLOT]),
		.function = nla_get_u8(part[BINDERY_A_DEVICE_FUNCTION]),
	};
	pci_text(&bdf, told->bdf);
}

static void read_attribute(struct told *told, struct nlattr *attr)
{
	unsigned int type = nla_type(attr);

	if (type > BINDERY_A_MAX)
		return;
	told->has |= 1ULL << type;
	switch (type) {
	case BINDERY_A_DEVICE:
		read_device(told, attr);
		break;
	case BINDERY_A_CLAIM_ID:
		memcpy(told->id, nla_data(attr), sizeof(told->id));
		break;
	case BINDERY_A_ASSIGNMENT_ID:
		memcpy(told->assignment_id, nla_data(attr),
		       sizeof(told->assignment_id));
		break;
	case BINDERY_A_DELEGATION_ID:
		memcpy(told->delegation_id, nla_data(attr),
		       sizeof(told->delegation_id));
		break;
	case BINDERY_A_NAME:
	case BINDERY_A_DRIVER:
	case BINDERY_A_OVERRIDE:
	case BINDERY_A_TARGET:
	case BINDERY_A_NATIVE_DRIVER:
	case BINDERY_A_NATIVE_OVERRIDE:
	case BINDERY_A_COMM:
	case BINDERY_A_LABEL:
		nla_strlcpy(told->text[type], attr, sizeof(told->text[type]));
		break;
	default:
		told->number[type] = nla_len(attr) == 8 ? nla_get_u64(attr) :
							  nla_get_u32(attr);
	}
	if (type == BINDERY_A_GROUP && told->num_groups < MAX_TOLD_GROUPS)
		told->groups[told->num_groups++] = nla_get_u32(attr);
}

static void read_message(const struct reader *reader, struct nlmsghdr *header,
			 struct told *told)
{
	struct nlattr *attr;
	int left;

	memset(told, 0, sizeof(*told));
	told->cmd = genlmsg_hdr(header)->cmd;
	told->interrupted = header->nlmsg_flags & NLM_F_DUMP_INTR;
	nlmsg_for_each_attr(attr, header, GENL_HDRLEN, left)
		read_attribute(told, attr);
	if (!reader->quiet)
		print_shape(header, told);
}

static void read_extack(struct reader *reader, struct nlmsghdr *header)
{
	struct nlattr *attr[NLMSGERR_ATTR_MAX + 1];
	struct nlmsgerr *error = nlmsg_data(header);
	int offset = sizeof(*error);

	reader->extack[0] = 0;
	if (!(header->nlmsg_flags & NLM_F_ACK_TLVS))
		return;
	if (header->nlmsg_type == NLMSG_DONE)
		offset = sizeof(int);
	else if (!(header->nlmsg_flags & NLM_F_CAPPED))
		offset += error->msg.nlmsg_len - NLMSG_HDRLEN;
	if (nlmsg_parse(header, offset, attr, NLMSGERR_ATTR_MAX, NULL) ||
	    !attr[NLMSGERR_ATTR_MSG])
		return;
	nla_strlcpy(reader->extack, attr[NLMSGERR_ATTR_MSG],
		    sizeof(reader->extack));
}

/* The next message, of this part or the next one. */
static int next_message(struct reader *reader, int flags)
{
	if (reader->left > 0 && nlmsg_ok(reader->next, reader->left))
		return 0;
	reader->left = recv(reader->fd, reader->buffer,
			    reader->room ?: sizeof(reader->buffer), flags);
	if (reader->left <= 0)
		return reader->left ? -errno : -EIO;
	reader->next = (struct nlmsghdr *)reader->buffer;
	return nlmsg_ok(reader->next, reader->left) ? 0 : -EPROTO;
}

int reader_hear(struct reader *reader, struct told *told, int ms)
{
	struct pollfd entry = { reader->fd, POLLIN, 0 };
	int ret;

	if (!(reader->left > 0) && poll(&entry, 1, ms) <= 0)
		return -EAGAIN;
	ret = next_message(reader, MSG_DONTWAIT);
	if (ret)
		return ret;
	read_message(reader, reader->next, told);
	reader->next = nlmsg_next(reader->next, &reader->left);
	return told->cmd == BINDERY_CMD_EVENT ? 0 : -EPROTO;
}

int reader_hear_type(struct reader *reader, uint32_t type, struct told *told)
{
	int ret;

	for (;;) {
		ret = reader_hear(reader, told, WAIT_SECONDS * 1000);
		if (ret) {
			note("event of type %u: %s", type, strerror(-ret));
			return ret;
		}
		if (reader->last && NUMBER(told, SEQ) != reader->last + 1) {
			note("event %llu came after %llu",
			     (unsigned long long)NUMBER(told, SEQ),
			     (unsigned long long)reader->last);
			return -ESPIPE;
		}
		reader->last = NUMBER(told, SEQ);
		if (NUMBER(told, TYPE) == type)
			return 0;
	}
}

int dump_begin(struct reader *reader, uint8_t cmd, const struct asked *asked)
{
	struct nl_msg *message = nlmsg_alloc();
	int flags = NLM_F_REQUEST;
	int ret = -ENOMEM;

	if (!asked || !asked->no_dump)
		flags |= NLM_F_DUMP;
	if (!message)
		return ret;
	if (genlmsg_put(message, NL_AUTO_PORT, NL_AUTO_SEQ, reader->family, 0,
			flags, cmd, BINDERY_GENL_VERSION) &&
	    (!asked || !asked->attr ||
	     !nla_put(message, asked->attr, asked->size, asked->value)))
		ret = nl_send_auto(reader->sock, message) < 0 ? -EIO : 0;
	nlmsg_free(message);
	reader->left = 0;
	return ret;
}

int dump_next(struct reader *reader, struct told *told)
{
	struct nlmsghdr *header;
	int ret = next_message(reader, 0);

	if (ret)
		return ret;
	header = reader->next;
	if (header->nlmsg_type == NLMSG_ERROR ||
	    header->nlmsg_type == NLMSG_DONE) {
		read_extack(reader, header);
		reader->left = 0;
		memset(told, 0, sizeof(*told));
		told->interrupted = header->nlmsg_flags & NLM_F_DUMP_INTR;
		return *(int *)nlmsg_data(header);
	}
	read_message(reader, header, told);
	reader->next = nlmsg_next(header, &reader->left);
	return 1;
}

int dump(struct reader *reader, uint8_t cmd, const struct asked *asked,
	 struct told *told, unsigned int max)
{
	unsigned int num = 0;
	struct told one;
	int ret;

	ret = dump_begin(reader, cmd, asked);
	while (!ret && (ret = dump_next(reader, &one)) > 0) {
		if (one.cmd != cmd)
			return -EPROTO;
		if (num < max)
			told[num] = one;
		num++;
		ret = 0;
	}
	return ret ?: num;
}
