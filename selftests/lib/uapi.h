/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A good call of each ioctl, to be spoilt in one way, and what can be said of
 * all of them. Tests of the form of the interface use it.
 */
#ifndef BINDERY_TEST_UAPI_H
#define BINDERY_TEST_UAPI_H

#include <errno.h>

#include "fixture.h"

#define NOWHERE	(-4096UL)

union command {
	uint32_t size;
	struct bindery_ioc_info info;
	struct bindery_ioc_show show;
	struct bindery_ioc_acquire acquire;
	struct bindery_ioc_open_claim open_claim;
	struct bindery_ioc_recover recover;
	struct bindery_ioc_status status;
	struct bindery_ioc_release release;
	struct bindery_ioc_bind bind;
	struct bindery_ioc_mark mark;
	struct bindery_ioc_keep keep;
	struct bindery_ioc_delegate delegate;
	struct bindery_ioc_revoke revoke;
	char bytes[1024];
};

/* What the group has to be for such a call to succeed. */
enum stage { FREE, ON_VFIO, CLAIMED };

/* Where a field is; 0: there is none. */
struct ioctl_case {
	const char *name;
	unsigned long number;
	uint32_t size;
	uint32_t shortest;	/* that of a caller of before; 0: no other */
	enum stage stage;
	bool of_claim;
	uint32_t known;		/* flags */
	size_t flags;
	size_t error;
	size_t members;
	size_t num_members;
	size_t member_size;
	size_t device;
	size_t device_size;
	size_t deadline;
	size_t reserved[2];
};

#define NUM_CASES	14
extern const struct ioctl_case uapi_cases[NUM_CASES];

struct uapi {
	COMMON;
	int delegated;		/* a control file to revoke */
	enum stage stage;
	bool looked;		/* and nothing has changed since */
	struct snapshot now;
	struct answer was;	/* what STATUS told, or SHOW */
	struct bindery_ioc_device devices[MAX_MEMBERS];
	struct bindery_ioc_member members[MAX_MEMBERS];
	struct bindery_ioc_error error;
	union command command;
	void *at;		/* where that is, if elsewhere */
};

static inline uint32_t *u32_at(union command *command, size_t where)
{
	return (uint32_t *)(command->bytes + where);
}

static inline uint64_t *u64_at(union command *command, size_t where)
{
	return (uint64_t *)(command->bytes + where);
}

int uapi_begin(struct uapi *u);
int uapi_end(struct uapi *u);
int uapi_arrange(struct uapi *u, enum stage stage);
void uapi_prepare(struct uapi *u, const struct ioctl_case *c);
int uapi_call(struct uapi *u, const struct ioctl_case *c);
void uapi_let_go(struct uapi *u, const struct ioctl_case *c);
int uapi_run(struct uapi *u, const struct ioctl_case *c);
void uapi_look(struct uapi *u);
int uapi_has_changed(struct uapi *u, bool undone);
int uapi_fails(struct uapi *u, const struct ioctl_case *c, int expected,
	       uint32_t code);

/* A fixture that has that, and more. */
#define UAPI_FIXTURE(name, ...)						\
FIXTURE(name) {								\
	struct uapi uapi;						\
	__VA_ARGS__							\
};									\
									\
FIXTURE_SETUP(name)							\
{									\
	SETUP(&self->uapi.common);					\
	ASSERT_EQ(0, uapi_begin(&self->uapi));				\
}									\
									\
FIXTURE_TEARDOWN(name)							\
{									\
	EXPECT_EQ(0, uapi_end(&self->uapi));				\
}

#define for_each_case(c)						\
	for (const struct ioctl_case *c = uapi_cases;			\
	     c < uapi_cases + NUM_CASES; c++)

#define NO_RECORD	(~0U)

/*
 * The calls for which that holds, spoilt by a statement in so many ways, have
 * to return that. What a call needs stays for all its ways.
 */
#define EACH_OF(c, condition, i, num, expected, code, spoil) do {	\
	for_each_case(c) {						\
		for (size_t i = 0; (condition) && i < (num); i++) {	\
			uapi_prepare(u, c);				\
			spoil;						\
			EXPECT_EQ(0, uapi_fails(u, c, expected, code)) {\
				TH_LOG("%s, %zu", c->name, i);		\
			}						\
		}							\
	}								\
} while (0)

#define EACH(c, condition, ...)	EACH_OF(c, condition, __i, 1, __VA_ARGS__)

/* RELEASE has released by the time that it cannot write its results. */
#define CAN_UNDO(c)	((c)->number != BINDERY_RELEASE)

#endif
