/* SPDX-License-Identifier: GPL-2.0-only */
/* A reader of the generic netlink family, and what it was told. */
#ifndef BINDERY_TEST_READER_H
#define BINDERY_TEST_READER_H

#include <stdbool.h>
#include <stdint.h>

#include <linux/bindery_netlink.h>
#include <netlink/netlink.h>

#include "lib.h"

#define MAX_TOLD_GROUPS	8

/* One message; what has does not name is 0, or empty. */
struct told {
	uint64_t has;		/* a bit for each BINDERY_A_* */
	uint64_t number[BINDERY_A_MAX + 1];
	char text[BINDERY_A_MAX + 1][80];
	char bdf[BDF_SIZE];
	uint8_t id[BINDERY_ID_SIZE];
	uint8_t assignment_id[BINDERY_ID_SIZE];
	uint8_t delegation_id[BINDERY_ID_SIZE];
	uint32_t groups[MAX_TOLD_GROUPS];
	unsigned int num_groups;
	uint8_t cmd;
	bool interrupted;
};

#define TELLS(told, attr)	((told)->has >> BINDERY_A_##attr & 1)
#define NUMBER(told, attr)	((told)->number[BINDERY_A_##attr])
#define TEXT(told, attr)	((told)->text[BINDERY_A_##attr])

struct reader {
	struct nl_sock *sock;
	int fd;
	int family;
	int mcgrp;
	uint64_t last;		/* event heard */
	bool quiet;		/* print no shapes of messages */
	char extack[128];
	/* of a message that has more than one part */
	char buffer[32768];
	unsigned int room;	/* of it that is used; 0: all */
	struct nlmsghdr *next;
	int left;
};

int reader_open(struct reader *reader);
int reader_open_small(struct reader *reader);
int reader_listen(struct reader *reader);
void reader_close(struct reader *reader);

/* The next event that is there, within that time; -EAGAIN: none. */
int reader_hear(struct reader *reader, struct told *told, int ms);
/* The next of that type, and no number left out. */
int reader_hear_type(struct reader *reader, uint32_t type,
		     struct told *told);

/* An attribute of a request, of any length; attr 0: none. */
struct asked {
	unsigned int attr;
	const void *value;
	unsigned int size;
	bool no_dump;
};

int dump_begin(struct reader *reader, uint8_t cmd, const struct asked *asked);
/* 1: told; 0: that was all; negative: errno, with its text in extack. */
int dump_next(struct reader *reader, struct told *told);
/* All of it: how many, of which max are told. */
int dump(struct reader *reader, uint8_t cmd, const struct asked *asked,
	 struct told *told, unsigned int max);

#endif
