/* SPDX-License-Identifier: GPL-2.0-only */
/* A group to claim, one reader that hears events and one that asks for dumps. */
#ifndef BINDERY_TEST_NETLINK_FIXTURE_H
#define BINDERY_TEST_NETLINK_FIXTURE_H

#include <errno.h>
#include <string.h>

#include "kselftest_harness.h"
#include "fixture.h"
#include "hear.h"

#define OWNER		"the machine"
#define MAX_TOLD	64
#define SHORT_MS	200

FIXTURE(netlink) {
	COMMON;
	struct reader events, reader;
	struct told told;
	struct told all[MAX_TOLD];
};

FIXTURE_SETUP(netlink)
{
	COMMON_SETUP(.driver = TEST_NATIVE, .target = TEST_TARGET,
		     .label = OWNER);
	ASSERT_EQ(0, reader_open(&self->reader));
	ASSERT_EQ(0, reader_open(&self->events));
	ASSERT_EQ(0, reader_listen(&self->events));
}

FIXTURE_TEARDOWN(netlink)
{
	reader_close(&self->events);
	reader_close(&self->reader);
	release_kept(self->control, self->first);
	COMMON_TEARDOWN();
}

#define EXPECT_TEXT(value, attr)					\
	EXPECT_STREQ(value, TEXT(&self->told, attr))

#define EXPECT_ID(of)							\
	EXPECT_EQ(0, memcmp((of)->id, self->request.cmd.out_claim_id,	\
			    BINDERY_ID_SIZE))

#define EXPECT_MEMBER(device) do {					\
	EXPECT_STREQ(device, self->told.bdf);				\
	EXPECT_TEXT(device, NAME);					\
	EXPECT_NUMBER(self->group.id, GROUP);				\
} while (0)

/* On a slow machine others may be late as well. */
#define HEAR_OF(type, device) do {					\
	HEAR(type);							\
} while (strcmp(device, self->told.bdf))

#define EXPECT_STATES(from, to) do {					\
	EXPECT_NUMBER(self->group.id, GROUP);				\
	EXPECT_NUMBER(BINDERY_GROUP_##from, OLD_STATE);			\
	EXPECT_NUMBER(BINDERY_GROUP_##to, STATE);			\
} while (0)

#define DUMP(cmd, ...)							\
	dump(&self->reader, BINDERY_CMD_##cmd,				\
	     &(struct asked) { __VA_ARGS__ }, self->all, MAX_TOLD)

static inline int mark_member(FIXTURE_DATA(netlink) *self, const char *bdf,
			      uint32_t event)
{
	struct bindery_ioc_member *member;

	member = status_member(self->claim, bdf, &self->answer);
	return member ? mark(self->claim, bdf, event, member->out_generation,
			     &self->answer) : -EPROTO;
}

/* One that a guest has; every mark of it is one event. */
static inline int make_ready(FIXTURE_DATA(netlink) *self)
{
	return mark_member(self, self->first, BINDERY_EVENT_ATTACH_OK) ?:
	       mark_member(self, self->first, BINDERY_EVENT_GUEST_READY);
}

static inline int mark_often(FIXTURE_DATA(netlink) *self, unsigned int times)
{
	int ret = 0;

	while (!ret && times--)
		ret = mark_member(self, self->first,
				  BINDERY_EVENT_GUEST_READY);
	return ret;
}

#endif
