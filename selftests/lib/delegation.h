/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Control files for some groups and operations, and everything that somebody
 * may try with one.
 */
#ifndef BINDERY_TEST_DELEGATION_H
#define BINDERY_TEST_DELEGATION_H

#include "lib.h"

#define ALL	(BINDERY_OPERATION_SHOW | BINDERY_OPERATION_CHECK | \
		 BINDERY_OPERATION_ACQUIRE | BINDERY_OPERATION_ADOPT | \
		 BINDERY_OPERATION_OPEN_CLAIM)
#define NO_ID	((const uint8_t[BINDERY_ID_SIZE]) { 0 })

struct delegated {
	struct bindery_ioc_delegate cmd;
	struct bindery_ioc_device devices[2];
	struct bindery_ioc_error error;
};

/* An issuer, a group to delegate and another one. */
struct delegation {
	int control;
	int file;		/* a delegated one */
	int claim;
	struct group group, other;
	char *first, *foreign;
	struct snapshot before;
	struct delegated delegated;
	struct bindery_ioc_revoke revoke;
	struct bindery_ioc_error error;
	struct request request;		/* of the group that is delegated */
	struct request rest;		/* of the other one */
	struct answer answer;
	struct child child;
};

/* A fixture with one, and nothing else. */
#define DELEGATION_FIXTURE(name)					\
FIXTURE(name) {								\
	struct delegation dg;						\
};									\
									\
FIXTURE_SETUP(name)							\
{									\
	int ret = delegation_begin(&self->dg);				\
									\
	if (ret == -ENODEV)						\
		SKIP(return, "not two groups of devices on " TEST_NATIVE); \
	ASSERT_EQ(0, ret);						\
}									\
									\
FIXTURE_TEARDOWN(name)							\
{									\
	EXPECT_EQ(0, delegation_end(&self->dg));			\
}

/* delegation.c; -ENODEV: there are no two groups */
int delegation_begin(struct delegation *dg);
int delegation_end(struct delegation *dg);
void delegated_init(struct delegated *d, uint32_t operations,
		    const char *first, const char *second);
int give(int control, struct delegated *d);
int delegate_to(struct delegation *dg, uint32_t operations, const char *bdf);
int revoke_with(int control, struct bindery_ioc_revoke *cmd,
		struct bindery_ioc_error *error, const uint8_t *id, int file,
		uint32_t flags, unsigned int ms);
int take_back(struct delegation *dg, int file, uint32_t flags,
	      unsigned int ms);
int hang(struct delegation *dg);

/* visit.c: every call of a control file, as somebody may find it */
struct visit {
	int (*become)(void);
	int file;
	uint32_t operations;	/* that it may do; others fail so: */
	uint32_t code;
	struct request *request;
	const char *bdf;
	const uint8_t *id;	/* of a claim that is there, or NULL */
};

#define NUM_BECOME	4
extern int (*const without_rights[NUM_BECOME])(void);

int expect(const char *what, int expected, int got);
int request_is(const char *what, const struct visit *visit, uint32_t operation,
	       int (*run)(int control, struct request *request), int allowed);
int all_calls(const struct visit *visit);
int all_numbers(const struct visit *visit);
int all_revoked(struct delegation *dg, int file);
int visit_in_child(struct delegation *dg, int (*run)(int socket, void *arg),
		   struct visit *visit);
/* What a child does with a file that it has. */
int in_child(int socket, void *arg);

#endif
