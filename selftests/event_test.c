// SPDX-License-Identifier: GPL-2.0-only
/*
 * Events of what seldom happens, and of delegations: netlink_test has the
 * others.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "kselftest_harness.h"
#include "delegation.h"
#include "hear.h"
#include "tool.h"

#define A_WHILE_MS	50

FIXTURE(event) {
	struct delegation dg;
	struct reader events;
	struct told told;
	struct vfio_user user;
	struct run run;
};

FIXTURE_SETUP(event)
{
	int ret = delegation_begin(&self->dg);

	self->user = vfio_none;
	if (ret == -ENODEV)
		SKIP(return, "not two groups of devices on " TEST_NATIVE);
	ASSERT_EQ(0, ret);
	ASSERT_EQ(0, reader_open(&self->events));
	ASSERT_EQ(0, reader_listen(&self->events));
}

FIXTURE_TEARDOWN(event)
{
	vfio_close(&self->user);
	reader_close(&self->events);
	EXPECT_EQ(0, delegation_end(&self->dg));
}

#define EXPECT_DELEGATION(is_told) do {					\
	EXPECT_EQ(is_told, TELLS(&self->told, DELEGATION_ID));		\
	if (is_told)							\
		EXPECT_EQ(0, memcmp(self->told.delegation_id,		\
				    dg->delegated.cmd.out_delegation_id, \
				    BINDERY_ID_SIZE));			\
} while (0)

/* Who called, and for what: the same of both. */
#define EXPECT_CALLER(groups) do {					\
	EXPECT_DELEGATION(1);						\
	EXPECT_NUMBER(getpid(), PID);					\
	EXPECT_STREQ("event_test", TEXT(&self->told, COMM));		\
	EXPECT_STREQ("a broker", TEXT(&self->told, LABEL));		\
	EXPECT_NUMBER(groups, NUM_GROUPS);				\
	EXPECT_NUMBER(dg->group.id, GROUP);				\
	EXPECT_FALSE(TELLS(&self->told, CLAIM_ID));			\
} while (0)

TEST_F(event, W4_G4_a_delegation_is_told_and_what_is_done_by_it)
{
	struct delegation *dg = &self->dg;

	dg->file = delegate_to(dg, ALL, dg->first);
	ASSERT_LE(0, dg->file);
	HEAR(DELEGATED);
	EXPECT_CALLER(1);
	dg->claim = acquire(dg->file, &dg->request);
	ASSERT_LE(0, dg->claim);
	HEAR(TXN_BEGIN);
	EXPECT_DELEGATION(1);
	HEAR(CLAIM);
	EXPECT_DELEGATION(1);
	EXPECT_NUMBER(getpid(), PID);
	ASSERT_EQ(0, take_back(dg, dg->file, BINDERY_REVOKE_RELEASE, 0));
	HEAR(REVOKED);
	EXPECT_CALLER(1);
	HEAR(RELEASE);
	EXPECT_DELEGATION(1);
	EXPECT_EQ(0, memcmp(self->told.id, dg->request.cmd.out_claim_id,
			    BINDERY_ID_SIZE));
	HEAR(RESTORED);
	/* what is revoked already is told no more */
	ASSERT_EQ(0, take_back(dg, dg->file, BINDERY_REVOKE_RELEASE, 0));
	EXPECT_EQ(-EAGAIN, reader_hear(&self->events, &self->told,
				       A_WHILE_MS));
}

TEST_F(event, W4_G4_of_many_groups_the_first_is_told)
{
	struct delegation *dg = &self->dg;
	struct group *lowest = &dg->group;

	delegated_init(&dg->delegated, ALL, dg->foreign, dg->first);
	dg->file = give(dg->control, &dg->delegated);
	ASSERT_LE(0, dg->file);
	HEAR(DELEGATED);
	if (dg->other.id < lowest->id)
		lowest = &dg->other;
	EXPECT_NUMBER(2, NUM_GROUPS);
	EXPECT_NUMBER(lowest->id, GROUP);
	EXPECT_EQ(lowest->id, self->told.groups[0]);
	EXPECT_EQ(1, self->told.num_groups);
	/* closing it is no event */
	close(dg->file);
	dg->file = -1;
	EXPECT_EQ(-EAGAIN, reader_hear(&self->events, &self->told,
				       A_WHILE_MS));
}

TEST_F(event, W4_G4_a_claim_of_somebody_with_all_rights_names_no_delegation)
{
	struct delegation *dg = &self->dg;

	dg->file = delegate_to(dg, ALL, dg->first);
	ASSERT_LE(0, dg->file);
	dg->claim = acquire(dg->control, &dg->request);
	ASSERT_LE(0, dg->claim);
	HEAR(CLAIM);
	EXPECT_DELEGATION(0);
	EXPECT_EQ(0, release(dg->claim, &dg->answer));
	HEAR(RELEASE);
	EXPECT_DELEGATION(0);
}

static void format_id(const uint8_t *id, char text[40])
{
	for (int i = 0; i < BINDERY_ID_SIZE; i++)
		text += sprintf(text, "%s%02x", i >= 4 && i <= 10 && !(i & 1) ?
				"-" : "", id[i]);
}

TEST_F(event, W5_G4_log_prints_delegations)
{
	struct delegation *dg = &self->dg;
	char id[40], wanted[80];

	if (RUN("--version"))
		SKIP(return, "no tool in the path");
	dg->file = delegate_to(dg, ALL, dg->first);
	ASSERT_LE(0, dg->file);
	format_id(dg->delegated.cmd.out_delegation_id, id);
	snprintf(wanted, sizeof(wanted), "\"group\":%d,\"delegation\":\"%s\"",
		 dg->group.id, id);
	EXPECT_EQ(0, RUN("log", "--json", "-n", "1"));
	EXPECT_EQ(1, documents(self->run.out));
	EXPECT_TRUE(OUT_HAS("\"event\":\"delegated\""));
	EXPECT_TRUE(OUT_HAS(wanted));
	EXPECT_TRUE(OUT_HAS("\"comm\":\"event_test\",\"label\":\"a broker\""));
	EXPECT_EQ(0, RUN("revoke", id));
	EXPECT_EQ(0, RUN("log", "--json", "-n", "1"));
	EXPECT_TRUE(OUT_HAS("\"event\":\"revoked\""));
	EXPECT_TRUE(OUT_HAS(wanted));
	EXPECT_TRUE(OUT_HAS("\"comm\":\"bindery\",\"label\":\"a broker\""));
	EXPECT_EQ(0, RUN("log", "-n", "1"));
	EXPECT_TRUE(OUT_HAS("  revoked  "));
	EXPECT_TRUE(OUT_HAS(id));
}

/* Whom it was handed to is asked of the dump of claims, by list and show. */
TEST_F(event, W5_G4_a_claim_tells_through_which_delegation_it_was_made)
{
	struct delegation *dg = &self->dg;
	char id[40], wanted[80];

	if (RUN("--version"))
		SKIP(return, "no tool in the path");
	dg->file = delegate_to(dg, ALL, dg->first);
	ASSERT_LE(0, dg->file);
	dg->claim = acquire(dg->file, &dg->request);
	ASSERT_LE(0, dg->claim);
	format_id(dg->delegated.cmd.out_delegation_id, id);
	snprintf(wanted, sizeof(wanted), "\"flags\":[],\"delegation\":\"%s\"", id);
	EXPECT_EQ(0, RUN("list", "--json"));
	EXPECT_TRUE(OUT_HAS(wanted));
	EXPECT_EQ(0, RUN("show", "--json", dg->first));
	EXPECT_TRUE(OUT_HAS(wanted));
	EXPECT_EQ(0, release(dg->claim, &dg->answer));
	dg->claim = acquire(dg->control, &dg->request);
	ASSERT_LE(0, dg->claim);
	EXPECT_EQ(0, RUN("show", "--json", dg->first));
	EXPECT_TRUE(OUT_HAS("\"delegation\":null"));
	EXPECT_EQ(0, release(dg->claim, &dg->answer));
}

/* A copy that can only be read, so that results cannot be written. */
static void *read_only(const void *structure, size_t size)
{
	char *page = mmap(NULL, getpagesize(), PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (page == MAP_FAILED)
		return NULL;
	memcpy(page, structure, size);
	return mprotect(page, getpagesize(), PROT_READ) ? NULL : page;
}

TEST_F(event, W4_G4_what_could_not_be_handed_over_was_not_delegated)
{
	struct delegation *dg = &self->dg;
	void *cmd;

	delegated_init(&dg->delegated, ALL, dg->first, NULL);
	cmd = read_only(&dg->delegated.cmd, sizeof(dg->delegated.cmd));
	ASSERT_NE(NULL, cmd);
	EXPECT_EQ(-EFAULT, call(dg->control, BINDERY_DELEGATE, cmd));
	dg->delegated.cmd.operations = 0;
	EXPECT_EQ(-EINVAL, give(dg->control, &dg->delegated));
	EXPECT_EQ(-EAGAIN, reader_hear(&self->events, &self->told,
				       A_WHILE_MS));
}

TEST_F(event, W4_a_mark_that_could_not_be_told_is_told_as_taken_back)
{
	struct delegation *dg = &self->dg;
	struct bindery_ioc_device device = {};
	struct bindery_ioc_member *member;
	struct bindery_ioc_mark mark = {
		.size = sizeof(mark),
		.device = (uintptr_t)&device,
		.device_size = sizeof(device),
		.event = BINDERY_EVENT_ATTACH_OK,
	};
	void *cmd;

	dg->claim = acquire(dg->control, &dg->request);
	ASSERT_LE(0, dg->claim);
	member = status_member(dg->claim, dg->first, &dg->answer);
	ASSERT_NE(NULL, member);
	mark.generation = member->out_generation;
	device.bdf = pci_address(dg->first);
	cmd = read_only(&mark, sizeof(mark));
	ASSERT_NE(NULL, cmd);
	EXPECT_EQ(-EFAULT, call(dg->claim, BINDERY_MARK, cmd));
	HEAR(MARKED);
	EXPECT_NUMBER(BINDERY_EVENT_ATTACH_OK, MARK);
	EXPECT_NUMBER(BINDERY_ASSIGNMENT_PENDING, ASSIGNMENT);
	HEAR(MARKED);
	EXPECT_FALSE(TELLS(&self->told, MARK));
	EXPECT_STREQ(dg->first, self->told.bdf);
	EXPECT_NUMBER(member->out_assignment, ASSIGNMENT);
	EXPECT_EQ(0, memcmp(self->told.assignment_id,
			    member->out_assignment_id, BINDERY_ID_SIZE));
	member = status_member(dg->claim, dg->first, &dg->answer);
	ASSERT_NE(NULL, member);
	EXPECT_EQ(NUMBER(&self->told, ASSIGNMENT), member->out_assignment);
}

TEST_F(event, W4_a_release_that_a_held_lock_delays_is_told)
{
	struct delegation *dg = &self->dg;

	/* any other member's lock would do */
	if (dg->other.num != 1)
		SKIP(return, "no group of one device");
	ASSERT_EQ(0, module_load("vfio_pci"));
	request_group(&dg->rest, &dg->other, VFIO_PCI);
	dg->claim = acquire(dg->control, &dg->rest);
	ASSERT_LE(0, dg->claim);
	ASSERT_EQ(0, knob(TEST_TARGET, "lock", dg->foreign));
	ASSERT_TRUE(wait_until(knob_read(TEST_TARGET, "waiting") == 1));
	close_claim(dg->claim);
	HEAR(DEFERRED);
	EXPECT_NUMBER(dg->other.id, GROUP);
	EXPECT_NUMBER(BINDERY_ERROR_LOCKED, CODE);
	EXPECT_NUMBER(BINDERY_GROUP_DRAINING, STATE);
	EXPECT_NUMBER(1, NUM_MEMBERS);
	ASSERT_EQ(0, knob(TEST_TARGET, "lock", ""));
	HEAR(RESTORED);
	EXPECT_NUMBER(BINDERY_GROUP_FREE, STATE);
}

TEST_F(event, W4_what_the_module_found_itself_is_told_by_its_code)
{
	struct delegation *dg = &self->dg;

	dg->request.cmd.flags = BINDERY_ACQUIRE_RESERVE_ONLY;
	dg->claim = acquire(dg->control, &dg->request);
	ASSERT_LE(0, dg->claim);
	ASSERT_EQ(0, knob(TEST_TARGET, "silent", dg->first));
	EXPECT_EQ(-ENODEV, bind_claim(dg->claim, &dg->answer, 0, 0));
	do {
		HEAR(STEP);
	} while (!TELLS(&self->told, CODE));
	EXPECT_STREQ(dg->first, self->told.bdf);
	EXPECT_NUMBER(BINDERY_ERROR_NO_VFIO_DEVICE, CODE);
	HEAR(ROLLBACK);
	EXPECT_NUMBER(BINDERY_ERROR_NO_VFIO_DEVICE, CODE);
	/* and it is what it was before the bind */
	HEAR(RESTORED);
	EXPECT_NUMBER(BINDERY_GROUP_BINDING, OLD_STATE);
	EXPECT_NUMBER(BINDERY_GROUP_RESERVED, STATE);
	EXPECT_EQ(0, release(dg->claim, &dg->answer));
}

TEST_HARNESS_MAIN
