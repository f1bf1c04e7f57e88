/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What nearly every test begins and ends with: a group of devices, a request
 * for all of them, and everything as it was. Fixtures that need more have it
 * beside this.
 */
#ifndef BINDERY_TEST_FIXTURE_H
#define BINDERY_TEST_FIXTURE_H

#include "lib.h"

#define COMMON_MEMBERS							\
	int control;							\
	int claim, second;						\
	struct group group;						\
	char *first, *last;	/* of its members */			\
	struct snapshot before, held, changed;				\
	struct request request;	/* for all of the group */		\
	struct answer answer;						\
	struct vfio_user user;						\
	struct child child

struct common {
	COMMON_MEMBERS;
};

/* All of it by name, or as one. */
#define COMMON								\
	union {								\
		struct { COMMON_MEMBERS; };				\
		struct common common;					\
	}

/* What a test needs, and how its request begins. */
struct needs {
	const char *driver;	/* all members are on it; NULL: on any */
	const char *target;	/* NULL: the default */
	const char *label;
	uint32_t flags;
};

int common_begin(struct common *common, const struct needs *needs);
int common_rest(struct common *common);
int common_end(struct common *common);
void common_request(struct common *common, struct request *request);
void release_kept(int control, const char *bdf);
bool group_is_on(const struct group *group, const char *driver);
int group_move(const struct group *group, const char *driver);
int group_untouched(const struct group *group, const struct snapshot *held);

/* In a FIXTURE_SETUP and a FIXTURE_TEARDOWN. */
#define SETUP(_common, ...) do {					\
	struct needs __needs = { __VA_ARGS__ };				\
	int __ret = common_begin(_common, &__needs);			\
									\
	if (__ret == 1)							\
		SKIP(return, "no group of endpoints on %s",		\
		     __needs.driver ?: "native drivers");		\
	ASSERT_EQ(0, __ret);						\
} while (0)

#define COMMON_SETUP(...) SETUP(&self->common, __VA_ARGS__)
#define COMMON_TEARDOWN() EXPECT_EQ(0, common_end(&self->common))

/* For tests that need no more than that. */
#define COMMON_FIXTURE(name, ...)					\
FIXTURE(name) {								\
	COMMON;								\
};									\
									\
FIXTURE_SETUP(name)							\
{									\
	COMMON_SETUP(__VA_ARGS__);					\
}									\
									\
FIXTURE_TEARDOWN(name)							\
{									\
	COMMON_TEARDOWN();						\
}

#define STATE()		group_state(self->control, self->first)
#define IS(state)	group_is(self->control, self->first,		\
				 BINDERY_GROUP_##state)
#define BECOMES(state)	wait_until(IS(state))

/* By itself, and wholly. */
#define COMES_BACK() do {						\
	EXPECT_TRUE(BECOMES(FREE));					\
	EXPECT_EQ(0, snapshot_compare(&self->before));			\
} while (0)

/* The whole group, or as much as the request says. */
#define ACQUIRE() do {							\
	self->claim = acquire(self->control, &self->request);		\
	ASSERT_LE(0, self->claim);					\
} while (0)

#endif
