// SPDX-License-Identifier: GPL-2.0-only
/* The journal, dumps, losses, and who may read. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/utsname.h>

#include <linux/netlink.h>

#include "netlink_fixture.h"

TEST_F(netlink, W4_who_fell_behind_is_told_and_catches_up_from_the_journal)
{
	unsigned int size = 1;
	uint64_t first;
	int num;

	ACQUIRE();
	HEAR(CLAIM);
	ASSERT_EQ(0, setsockopt(self->events.fd, SOL_SOCKET, SO_RCVBUF, &size,
				sizeof(size)));
	first = self->events.last;
	ASSERT_EQ(0, make_ready(self));
	ASSERT_EQ(0, mark_often(self, 40));

	/* That something was lost comes first, then what was in time. */
	EXPECT_EQ(-ENOBUFS, reader_hear(&self->events, &self->told, 0));
	while ((num = reader_hear(&self->events, &self->told, 0)) == 0) {
		EXPECT_EQ(self->events.last + 1, NUMBER(&self->told, SEQ));
		self->events.last++;
	}
	EXPECT_EQ(-EAGAIN, num);
	EXPECT_LE(first, self->events.last);

	first = self->events.last + 1;
	num = DUMP(JOURNAL_GET, BINDERY_A_SEQ, &first, sizeof(first));
	ASSERT_LE(20, num);
	ASSERT_GT(MAX_TOLD, num);
	for (int i = 0; i < num; i++)
		EXPECT_EQ(first + i, NUMBER(&self->all[i], SEQ));
	EXPECT_EQ(NUMBER(&self->all[num - 1], SEQ),
		  NUMBER(&self->all[num - 1], NEWEST));
	EXPECT_EQ(BINDERY_EVENT_GUEST_READY,
		  NUMBER(&self->all[num - 1], MARK));

	/* And the next event comes after those. */
	self->events.last = NUMBER(&self->all[num - 1], SEQ);
	ASSERT_EQ(0, release(self->claim, &self->answer));
	while ((num = reader_hear(&self->events, &self->told, SHORT_MS)) &&
	       num == -ENOBUFS)
		;
	EXPECT_EQ(0, num);
	EXPECT_LT(self->events.last, NUMBER(&self->told, SEQ));
}

TEST_F(netlink, W5_the_journal_has_what_was_heard)
{
	uint64_t first;
	int num;

	ACQUIRE();
	HEAR(GROUP);
	first = self->events.last;
	ASSERT_EQ(0, release(self->claim, &self->answer));
	HEAR(RESTORED);
	num = DUMP(JOURNAL_GET, BINDERY_A_SEQ, &first, sizeof(first));
	ASSERT_EQ(self->events.last - first + 1, num);
	ASSERT_GT(MAX_TOLD, num);
	EXPECT_EQ(BINDERY_EVENT_TYPE_GROUP, NUMBER(&self->all[0], TYPE));
	for (int i = 1; i < num; i++) {
		EXPECT_EQ(first + i, NUMBER(&self->all[i], SEQ));
		EXPECT_LE(NUMBER(&self->all[i - 1], TIME_NS),
			  NUMBER(&self->all[i], TIME_NS));
		EXPECT_EQ(self->events.last, NUMBER(&self->all[i], NEWEST));
	}
	/* The last heard and the last read are one. */
	EXPECT_EQ(NUMBER(&self->told, TIME_NS),
		  NUMBER(&self->all[num - 1], TIME_NS));
	EXPECT_EQ(NUMBER(&self->told, GENERATION),
		  NUMBER(&self->all[num - 1], GENERATION));
	/* What is still to come is not there. */
	first = self->events.last + 1;
	EXPECT_EQ(0, DUMP(JOURNAL_GET, BINDERY_A_SEQ, &first, sizeof(first)));
}

TEST_F(netlink, W5_what_the_journal_has_forgotten_is_told)
{
	uint64_t first = 1, oldest;
	int num;

	ACQUIRE();
	ASSERT_EQ(0, make_ready(self));
	ASSERT_EQ(0, mark_often(self, BINDERY_JOURNAL_SIZE));
	num = DUMP(JOURNAL_GET, BINDERY_A_SEQ, &first, sizeof(first));
	EXPECT_EQ(BINDERY_JOURNAL_SIZE, num);
	oldest = NUMBER(&self->all[0], OLDEST);
	EXPECT_LT(first, oldest);
	for (int i = 0; i < MAX_TOLD; i++)
		EXPECT_EQ(oldest + i, NUMBER(&self->all[i], SEQ));
	EXPECT_EQ(oldest + BINDERY_JOURNAL_SIZE - 1,
		  NUMBER(&self->all[0], NEWEST));
	/* Without a number it is all that there is. */
	EXPECT_EQ(BINDERY_JOURNAL_SIZE, DUMP(JOURNAL_GET));
}

static int dump_groups(FIXTURE_DATA(netlink) *self, uint32_t id)
{
	return DUMP(GROUP_GET, BINDERY_A_GROUP, &id, sizeof(id));
}

TEST_F(netlink, W4_a_dump_of_groups_is_what_SHOW_tells)
{
	struct told *told = self->all;
	uint32_t none = 0x7fffffff;

	EXPECT_EQ(0, dump_groups(self, self->group.id));
	ACQUIRE();
	ASSERT_EQ(1, dump_groups(self, self->group.id));
	ASSERT_EQ(0, show(self->control, self->first, &self->answer));
	EXPECT_EQ(self->group.id, NUMBER(told, GROUP));
	EXPECT_EQ(BINDERY_GROUP_HELD, NUMBER(told, STATE));
	EXPECT_EQ(self->group.num, NUMBER(told, NUM_MEMBERS));
	EXPECT_EQ(1, NUMBER(told, NUM_CLAIMS));
	EXPECT_EQ(self->answer.show.out_generation, NUMBER(told, GENERATION));
	EXPECT_ID(told);
	HEAR(CLAIM);
	EXPECT_EQ(self->events.last, NUMBER(told, NEWEST));
	EXPECT_EQ(1, DUMP(GROUP_GET));
	EXPECT_EQ(0, dump_groups(self, none));
}

/* The members of a dump, against those that an ioctl tells of. */
static int compare_members(FIXTURE_DATA(netlink) *self, int num)
{
	struct bindery_ioc_member *member;
	int differences = num != self->answer.num_members;
	struct told *told;

	for (told = self->all; told < self->all + num; told++) {
		member = member_of(self->answer.members,
				   self->answer.num_members, told->bdf);
		if (member && member->out_group == NUMBER(told, GROUP) &&
		    member->out_group_state == NUMBER(told, STATE) &&
		    member->out_role == NUMBER(told, ROLE) &&
		    member->out_action == NUMBER(told, ACTION) &&
		    member->out_flags == NUMBER(told, FLAGS) &&
		    member->out_assignment == NUMBER(told, ASSIGNMENT) &&
		    member->out_users == NUMBER(told, USERS) &&
		    member->out_generation == NUMBER(told, GENERATION) &&
		    !memcmp(member->out_assignment_id, told->assignment_id,
			    BINDERY_ID_SIZE) &&
		    !strcmp(member->out_name, TEXT(told, NAME)) &&
		    !strcmp(member->out_driver, TEXT(told, DRIVER)) &&
		    !strcmp(member->out_override, TEXT(told, OVERRIDE)) &&
		    !strcmp(member->out_target, TEXT(told, TARGET)) &&
		    !strcmp(member->out_native_driver,
			    TEXT(told, NATIVE_DRIVER)) &&
		    !strcmp(member->out_native_override,
			    TEXT(told, NATIVE_OVERRIDE)))
			continue;
		note("%s is not what STATUS tells", told->bdf);
		differences++;
	}
	return differences;
}

TEST_F(netlink, W4_a_dump_of_members_is_what_STATUS_tells)
{
	uint32_t id = self->group.id;
	int num;

	ACQUIRE();
	ASSERT_EQ(0, make_ready(self));
	ASSERT_EQ(0, status(self->claim, &self->answer));
	num = DUMP(MEMBER_GET, BINDERY_A_GROUP, &id, sizeof(id));
	ASSERT_EQ(self->group.num, num);
	EXPECT_EQ(0, compare_members(self, num));
	EXPECT_ID(&self->all[0]);
	EXPECT_EQ(num, DUMP(MEMBER_GET));
}

TEST_F(netlink, W4_a_reservation_has_its_members_too)
{
	self->request.cmd.flags = BINDERY_ACQUIRE_RESERVE_ONLY;
	ACQUIRE();
	ASSERT_EQ(0, status(self->claim, &self->answer));
	ASSERT_EQ(self->group.num, DUMP(MEMBER_GET));
	EXPECT_EQ(0, compare_members(self, self->group.num));
	ASSERT_EQ(1, dump_groups(self, self->group.id));
	EXPECT_EQ(self->group.num, NUMBER(&self->all[0], NUM_MEMBERS));
}

TEST_F(netlink, W4_a_dump_of_claims_is_what_STATUS_tells)
{
	uint8_t other[BINDERY_ID_SIZE] = { 1 };
	struct told *told = self->all;
	uint8_t *id = self->request.cmd.out_claim_id;

	ACQUIRE();
	ASSERT_EQ(1, DUMP(CLAIM_GET));
	ASSERT_EQ(0, status(self->claim, &self->answer));
	EXPECT_ID(told);
	EXPECT_EQ(self->answer.status.out_state, NUMBER(told, STATE));
	EXPECT_EQ(self->answer.status.out_flags, NUMBER(told, FLAGS));
	EXPECT_EQ(self->answer.status.out_generation,
		  NUMBER(told, GENERATION));
	EXPECT_EQ(getpid(), NUMBER(told, PID));
	EXPECT_STREQ(OWNER, TEXT(told, LABEL));
	EXPECT_STREQ(self->answer.status.out_holder_comm, TEXT(told, COMM));
	EXPECT_EQ(1, NUMBER(told, NUM_GROUPS));
	ASSERT_EQ(1, told->num_groups);
	EXPECT_EQ(self->group.id, told->groups[0]);
	EXPECT_EQ(1, DUMP(CLAIM_GET, BINDERY_A_CLAIM_ID, id, BINDERY_ID_SIZE));
	EXPECT_EQ(0, DUMP(CLAIM_GET, BINDERY_A_CLAIM_ID, other,
			  sizeof(other)));
}

#define MANY	160

/* So many claims that a dump of them has several parts. */
static int share(FIXTURE_DATA(netlink) *self, int claims[MANY],
		 uint8_t ids[MANY][BINDERY_ID_SIZE])
{
	self->request.cmd.flags = BINDERY_ACQUIRE_SHARED;
	for (int i = 0; i < MANY; i++) {
		claims[i] = acquire(self->control, &self->request);
		if (claims[i] < 0)
			return claims[i];
		memcpy(ids[i], self->request.cmd.out_claim_id,
		       BINDERY_ID_SIZE);
	}
	return 0;
}

static int times_told(const struct told *told, int num, const uint8_t *id)
{
	int times = 0;

	while (num--)
		times += !memcmp(told[num].id, id, BINDERY_ID_SIZE);
	return times;
}

TEST_F(netlink, W4_a_change_during_a_dump_is_told_and_loses_nothing_else)
{
	static struct told all[MANY];
	uint8_t ids[MANY][BINDERY_ID_SIZE];
	bool interrupted = false;
	int claims[MANY], num = 0;

	ASSERT_EQ(0, share(self, claims, ids));
	/* The first part is made at once, the others when it is read. */
	ASSERT_EQ(0, dump_begin(&self->reader, BINDERY_CMD_CLAIM_GET, NULL));
	for (int i = 0; i < MANY; i += 2)
		close_claim(claims[i]);
	while (num < MANY && dump_next(&self->reader, &all[num]) > 0)
		interrupted |= all[num++].interrupted;
	EXPECT_TRUE(interrupted);
	EXPECT_GT(MANY, num);
	EXPECT_LT(MANY / 2, num);
	for (int i = 1; i < MANY; i += 2)
		EXPECT_EQ(1, times_told(all, num, ids[i]));
	EXPECT_EQ(0, times_told(all, num, ids[MANY - 2]));

	/* And again, now that nothing changes. */
	interrupted = false;
	ASSERT_EQ(0, dump_begin(&self->reader, BINDERY_CMD_CLAIM_GET, NULL));
	for (num = 0; dump_next(&self->reader, &self->told) > 0; num++)
		interrupted |= self->told.interrupted;
	EXPECT_FALSE(interrupted | self->told.interrupted);
	EXPECT_EQ(MANY / 2, num);
	for (int i = 1; i < MANY; i += 2)
		close_claim(claims[i]);
}

static const struct told *stray(FIXTURE_DATA(netlink) *self, const char *bdf)
{
	int num = DUMP(STRAY_GET);

	for (int i = 0; i < num && i < MAX_TOLD; i++)
		if (!strcmp(self->all[i].bdf, bdf))
			return &self->all[i];
	return NULL;
}

TEST_F(netlink, C10_strays_are_found_until_somebody_owns_them)
{
	const struct told *told;
	struct request request;

	EXPECT_EQ(NULL, stray(self, self->first));
	ASSERT_EQ(0, pci_override(self->first, VFIO_PCI));
	told = stray(self, self->first);
	ASSERT_NE(NULL, told);
	EXPECT_EQ(BINDERY_STRAY_OVERRIDE, NUMBER(told, REASON));
	EXPECT_EQ(self->group.id, NUMBER(told, GROUP));
	EXPECT_STREQ(VFIO_PCI, TEXT(told, OVERRIDE));
	EXPECT_STREQ(TEST_NATIVE, TEXT(told, DRIVER));

	ASSERT_EQ(0, pci_override(self->first, "bindery-parked"));
	told = stray(self, self->first);
	ASSERT_NE(NULL, told);
	EXPECT_EQ(BINDERY_STRAY_PARKED, NUMBER(told, REASON));

	/* only the reader can know what is not loaded */
	ASSERT_EQ(0, pci_override(self->first, "nobody"));
	told = stray(self, self->first);
	ASSERT_NE(NULL, told);
	EXPECT_EQ(BINDERY_STRAY_UNLOADED, NUMBER(told, REASON));
	EXPECT_STREQ("nobody", TEXT(told, OVERRIDE));

	/* any other driver is somebody's own business */
	ASSERT_EQ(0, pci_override(self->first, TEST_NATIVE));
	EXPECT_EQ(NULL, stray(self, self->first));

	for (unsigned int i = 0; i < self->group.num; i++)
		ASSERT_EQ(0, pci_move(self->group.bdf[i], VFIO_PCI));
	told = stray(self, self->last);
	ASSERT_NE(NULL, told);
	EXPECT_EQ(BINDERY_STRAY_DRIVER, NUMBER(told, REASON));
	EXPECT_STREQ(VFIO_PCI, TEXT(told, DRIVER));

	request_group(&request, &self->group, "");
	self->claim = adopt(self->control, &request);
	ASSERT_LE(0, self->claim);
	EXPECT_EQ(0, DUMP(STRAY_GET));
	ASSERT_EQ(0, release(self->claim, &self->answer));
	EXPECT_NE(NULL, stray(self, self->first));
	ASSERT_EQ(0, snapshot_move_back(&self->before, &self->group));
	EXPECT_EQ(0, DUMP(STRAY_GET));
}

/* Linux 6.1 has no text for what a dump's beginning refuses. */
static bool has_reasons(void)
{
	struct utsname name;

	return uname(&name) || strncmp(name.release, "6.1.", 4);
}

/* 0: refused everything, each time with EPERM and a reason. */
static int is_refused(int socket, void *arg)
{
	int (*become)(void) = arg;
	struct reader reader;
	struct told told;

	close(socket);
	if (become() || reader_open(&reader))
		return 99;
	for (int cmd = BINDERY_CMD_GROUP_GET; cmd < BINDERY_CMD_EVENT; cmd++) {
		if (dump(&reader, cmd, NULL, &told, 1) != -EPERM)
			return cmd;
		if (has_reasons() && !strstr(reader.extack, "CAP_SYS_ADMIN"))
			return 50 + cmd;
	}
	return reader_listen(&reader) == -EPERM ? 0 : 98;
}

static int run_as(int (*become)(void))
{
	struct child child;

	return child_start(&child, is_refused, become) ?: child_wait(&child);
}

TEST_F(netlink, W4_only_an_administrator_may_read)
{
	EXPECT_EQ(0, run_as(become_nobody));
	EXPECT_EQ(0, run_as(drop_sys_admin));
	EXPECT_EQ(0, run_as(enter_user_namespace));
}

TEST_F(netlink, W4_bad_requests_are_refused_with_a_reason)
{
	uint8_t bytes[BINDERY_ID_SIZE + 4] = {};

#define EXPECT_REFUSED(err, ...) do {					\
	self->reader.extack[0] = 0;					\
	EXPECT_EQ(err, DUMP(__VA_ARGS__));				\
	EXPECT_NE(0, self->reader.extack[0]);				\
} while (0)

	EXPECT_REFUSED(-EINVAL, GROUP_GET, BINDERY_A_GROUP, bytes, 8);
	EXPECT_REFUSED(-EINVAL, MEMBER_GET, BINDERY_A_GROUP, bytes, 2);
	EXPECT_REFUSED(-EINVAL, GROUP_GET, BINDERY_A_STATE, bytes, 4);
	EXPECT_REFUSED(-EINVAL, GROUP_GET, BINDERY_A_MAX + 1, bytes, 4);
	EXPECT_REFUSED(-EINVAL, STRAY_GET, BINDERY_A_GROUP, bytes, 4);
	EXPECT_REFUSED(-EINVAL, JOURNAL_GET, BINDERY_A_SEQ, bytes, 4);
	EXPECT_REFUSED(-ERANGE, CLAIM_GET, BINDERY_A_CLAIM_ID, bytes, 20);
	EXPECT_REFUSED(-ERANGE, CLAIM_GET, BINDERY_A_CLAIM_ID, bytes, 15);
	EXPECT_EQ(-EOPNOTSUPP, DUMP(GROUP_GET, .no_dump = true));
	EXPECT_EQ(-EOPNOTSUPP, DUMP(EVENT));
	/* and one that is right still works */
	EXPECT_EQ(0, DUMP(GROUP_GET));
}

TEST_F(netlink, C12_an_unfinished_dump_keeps_the_module)
{
	ACQUIRE();
	ASSERT_EQ(0, make_ready(self));
	ASSERT_EQ(0, mark_often(self, 200));
	ASSERT_EQ(0, release(self->claim, &self->answer));
	close_claim(self->claim);
	ASSERT_EQ(0, dump_begin(&self->reader, BINDERY_CMD_JOURNAL_GET, NULL));
	close(self->control);
	EXPECT_EQ(-EWOULDBLOCK, module_unload("bindery"));
	/* Who only listens keeps nothing. */
	reader_close(&self->reader);
	EXPECT_TRUE(wait_until(!module_unload("bindery")));
	ASSERT_EQ(0, module_load("bindery"));
	ASSERT_TRUE(wait_until((self->control = control_open()) >= 0));

	/* A journal begins with 1, and says what it is about. */
	ASSERT_EQ(0, reader_open(&self->reader));
	ASSERT_LE(1, DUMP(JOURNAL_GET));
	EXPECT_EQ(1, NUMBER(&self->all[0], SEQ));
	EXPECT_EQ(1, NUMBER(&self->all[0], OLDEST));
	EXPECT_EQ(BINDERY_EVENT_TYPE_LOADED, NUMBER(&self->all[0], TYPE));
	EXPECT_EQ(BINDERY_ABI_VERSION, NUMBER(&self->all[0], ABI));
}

TEST_HARNESS_MAIN
