// SPDX-License-Identifier: GPL-2.0-or-later
/* Dumps of groups, members, claims and the journal. */
#include <errno.h>

#include "internal.h"
#include "netmock.h"
#include "tap.h"

static const struct bindery_id first_id = { { 1 } }, second_id = { { 2 } };
static const struct bindery_id delegation_id = { { 3 } };

static void start(void)
{
	netmock_reset();
	netmock.has_family = true;
}

static void add_group(uint32_t number, const struct bindery_id *claim)
{
	struct nl_msg *message = netmock_add(BINDERY_CMD_GROUP_GET);

	nla_put_u32(message, BINDERY_A_GROUP, number);
	nla_put_u32(message, BINDERY_A_STATE, BINDERY_GROUP_HELD);
	nla_put_u32(message, BINDERY_A_NUM_MEMBERS, 3);
	nla_put_u32(message, BINDERY_A_NUM_CLAIMS, 1);
	nla_put(message, BINDERY_A_CLAIM_ID, sizeof(*claim), claim);
	nla_put_u64(message, BINDERY_A_GENERATION, 70 + number);
	nla_put_u64(message, BINDERY_A_NEWEST, 900 + number);
}

static void add_claim(const struct bindery_id *id, uint32_t group,
		      uint32_t num_groups)
{
	struct nl_msg *message = netmock_add(BINDERY_CMD_CLAIM_GET);

	nla_put(message, BINDERY_A_CLAIM_ID, sizeof(*id), id);
	nla_put_u32(message, BINDERY_A_STATE, BINDERY_GROUP_KEPT);
	nla_put_u32(message, BINDERY_A_FLAGS, BINDERY_CLAIM_KEEP);
	nla_put_u32(message, BINDERY_A_PID, 4711);
	nla_put_string(message, BINDERY_A_COMM, "qemu");
	nla_put_string(message, BINDERY_A_LABEL, "vm 1");
	if (num_groups == 2)
		nla_put(message, BINDERY_A_DELEGATION_ID,
			sizeof(delegation_id), &delegation_id);
	nla_put_u32(message, BINDERY_A_NUM_GROUPS, num_groups);
	nla_put_u32(message, BINDERY_A_GROUP, group);
	nla_put_u32(message, BINDERY_A_GROUP, group + 1);
	nla_put_u64(message, BINDERY_A_GENERATION, 80);
	nla_put_u64(message, BINDERY_A_NEWEST, 901);
}

static void put_device(struct nl_msg *message, uint8_t function)
{
	struct nlattr *nest = nla_nest_start(message, BINDERY_A_DEVICE);

	nla_put_u32(message, BINDERY_A_DEVICE_DOMAIN, 0);
	nla_put_u8(message, BINDERY_A_DEVICE_BUS, 1);
	nla_put_u8(message, BINDERY_A_DEVICE_SLOT, 0);
	nla_put_u8(message, BINDERY_A_DEVICE_FUNCTION, function);
	nla_nest_end(message, nest);
}

static void add_member(uint8_t function)
{
	struct nl_msg *message = netmock_add(BINDERY_CMD_MEMBER_GET);

	put_device(message, function);
	nla_put_string(message, BINDERY_A_NAME, "0000:01:00.0");
	nla_put_u32(message, BINDERY_A_GROUP, 5);
	nla_put_u32(message, BINDERY_A_STATE, BINDERY_GROUP_HELD);
	nla_put_u32(message, BINDERY_A_ROLE, BINDERY_ROLE_COMPANION);
	nla_put_u32(message, BINDERY_A_ACTION, BINDERY_ACTION_MOVE);
	nla_put_u32(message, BINDERY_A_FLAGS, BINDERY_MEMBER_PCI);
	nla_put_u32(message, BINDERY_A_CODE, BINDERY_ERROR_INVALID);
	nla_put_u32(message, BINDERY_A_ERRNO, 7);
	nla_put_string(message, BINDERY_A_DRIVER, "vfio-pci");
	nla_put_string(message, BINDERY_A_OVERRIDE, "over");
	nla_put_string(message, BINDERY_A_TARGET, "target");
	nla_put_string(message, BINDERY_A_NATIVE_DRIVER, "e1000e");
	nla_put_string(message, BINDERY_A_NATIVE_OVERRIDE, "native");
	nla_put_u32(message, BINDERY_A_ASSIGNMENT, BINDERY_ASSIGNMENT_READY);
	nla_put(message, BINDERY_A_ASSIGNMENT_ID, sizeof(first_id), &first_id);
	nla_put_u32(message, BINDERY_A_USERS, 3);
	nla_put_u64(message, BINDERY_A_GENERATION, 88);
}

TEST(W4_groups_are_dumped_with_their_holders)
{
	struct bindery_groups *groups;
	const struct bindery_group *group;
	struct bindery_id id;

	start();
	add_group(5, &second_id);
	add_group(6, &first_id);
	add_claim(&second_id, 5, 2);
	EXPECT_INT(bindery_groups_dump(&groups), 0);
	EXPECT_INT(bindery_groups_get_count(groups), 2);
	EXPECT_INT(bindery_groups_get_newest(groups), 906);
	group = bindery_groups_get(groups, 0);
	EXPECT_INT(bindery_group_get_number(group), 5);
	EXPECT_INT(bindery_group_get_state(group), BINDERY_GROUP_HELD);
	EXPECT_INT(bindery_group_get_num_claims(group), 1);
	EXPECT_INT(bindery_group_get_num_members(group), 3);
	EXPECT_INT(bindery_group_get_generation(group), 75);
	EXPECT_INT(bindery_group_get_holder_pid(group), 4711);
	EXPECT_TEXT(bindery_group_get_holder_comm(group), "qemu");
	EXPECT_TEXT(bindery_group_get_holder_label(group), "vm 1");
	EXPECT_INT(bindery_group_get_claim_flags(group), BINDERY_CLAIM_KEEP);
	id = bindery_group_get_claim_id(group);
	EXPECT_INT(bindery_id_compare(&id, &second_id), 0);
	id = bindery_group_get_delegation_id(group);
	EXPECT_INT(bindery_id_compare(&id, &delegation_id), 0);
	EXPECT_INT(bindery_members_get_count(bindery_group_get_members(group)),
		   0);
	/* Its claim went meanwhile. */
	group = bindery_groups_get(groups, 1);
	EXPECT_INT(bindery_group_get_holder_pid(group), 0);
	id = bindery_group_get_delegation_id(group);
	EXPECT(!bindery_id_is_set(&id));
	EXPECT(!bindery_groups_get(groups, 2));
	bindery_groups_free(groups);
}

TEST(W4_no_groups_are_no_failure)
{
	struct bindery_groups *groups;

	start();
	EXPECT_INT(bindery_groups_dump(&groups), 0);
	EXPECT_INT(bindery_groups_get_count(groups), 0);
	EXPECT_INT(bindery_groups_get_newest(groups), 0);
	EXPECT_INT(netmock.dumps[BINDERY_CMD_CLAIM_GET], 0);
	bindery_groups_free(groups);
}

TEST(W4_a_claim_of_many_messages_is_one)
{
	struct bindery_claims *claims;
	const struct bindery_status *claim;
	const uint32_t *groups;
	struct bindery_id id;
	size_t count;

	start();
	add_claim(&first_id, 1, 2);
	add_claim(&second_id, 5, 4);
	add_claim(&second_id, 7, 4);
	EXPECT_INT(bindery_claims_dump(NULL, &claims), 0);
	EXPECT_INT(bindery_claims_get_count(claims), 2);
	EXPECT_INT(bindery_claims_get_newest(claims), 901);
	claim = bindery_claims_get(claims, 1);
	id = bindery_status_get_id(claim);
	EXPECT_INT(bindery_id_compare(&id, &second_id), 0);
	EXPECT_INT(bindery_status_get_state(claim), BINDERY_GROUP_KEPT);
	EXPECT_INT(bindery_status_get_flags(claim), BINDERY_CLAIM_KEEP);
	EXPECT_INT(bindery_status_get_generation(claim), 80);
	EXPECT_INT(bindery_status_get_num_groups(claim), 4);
	EXPECT_INT(bindery_status_get_holder_pid(claim), 4711);
	EXPECT_TEXT(bindery_status_get_holder_comm(claim), "qemu");
	EXPECT_TEXT(bindery_status_get_label(claim), "vm 1");
	groups = bindery_status_get_groups(claim, &count);
	EXPECT_INT(count, 4);
	for (size_t i = 0; i < count; i++)
		EXPECT_INT(groups[i], 5 + i);
	EXPECT(!bindery_claims_get(claims, 2));
	bindery_claims_free(claims);
}

TEST(W4_members_are_dumped_field_by_field)
{
	const struct bindery_member *member;
	struct bindery_members *members;
	uint32_t group = 5;

	start();
	for (int i = 0; i < 600; i++)
		add_member((uint8_t)(i % 8));
	EXPECT_INT(bindery_members_dump(&group, &members), 0);
	EXPECT_INT(bindery_members_get_count(members), 600);
	EXPECT(bindery_members_is_complete(members));
	member = bindery_members_get(members, 599);
	EXPECT_INT(bindery_member_get_bdf(member).function, 7);
	EXPECT_TEXT(bindery_member_get_name(member), "0000:01:00.0");
	EXPECT_INT(bindery_member_get_group(member), 5);
	EXPECT_INT(bindery_member_get_group_state(member), BINDERY_GROUP_HELD);
	EXPECT_INT(bindery_member_get_role(member), BINDERY_ROLE_COMPANION);
	EXPECT_INT(bindery_member_get_action(member), BINDERY_ACTION_MOVE);
	EXPECT_INT(bindery_member_get_flags(member), BINDERY_MEMBER_PCI);
	EXPECT_INT(bindery_member_get_blocker(member), BINDERY_ERROR_INVALID);
	EXPECT_INT(bindery_member_get_errno(member), 7);
	EXPECT_TEXT(bindery_member_get_driver(member), "vfio-pci");
	EXPECT_TEXT(bindery_member_get_override(member), "over");
	EXPECT_TEXT(bindery_member_get_target(member), "target");
	EXPECT_TEXT(bindery_member_get_native_driver(member), "e1000e");
	EXPECT_TEXT(bindery_member_get_native_override(member), "native");
	EXPECT_INT(bindery_member_get_assignment(member),
		   BINDERY_ASSIGNMENT_READY);
	EXPECT_INT(bindery_member_get_users(member), 3);
	EXPECT_INT(bindery_member_get_generation(member), 88);
	bindery_members_free(members);
}

TEST(W5_the_journal_tells_what_it_has)
{
	struct bindery_journal *journal;

	start();
	for (uint64_t seq = 1; seq <= 9; seq++)
		netmock_happen_unheard(seq, BINDERY_EVENT_TYPE_GROUP);
	netmock_forget(3);
	EXPECT_INT(bindery_journal_dump(0, &journal), 0);
	EXPECT_INT(netmock.since, 0);
	EXPECT_INT(bindery_journal_get_count(journal), 7);
	EXPECT_INT(bindery_journal_get_oldest(journal), 3);
	EXPECT_INT(bindery_journal_get_newest(journal), 9);
	EXPECT_INT(bindery_event_record_get_sequence(
			bindery_journal_get(journal, 6)), 9);
	EXPECT(!bindery_journal_get(journal, 7));
	bindery_journal_free(journal);
	EXPECT_INT(bindery_journal_dump(8, &journal), 0);
	EXPECT_INT(netmock.since, 8);
	EXPECT_INT(bindery_journal_get_count(journal), 2);
	bindery_journal_free(journal);
}

TEST(W4_a_dump_that_was_interrupted_is_made_again)
{
	struct bindery_groups *groups;

	start();
	add_group(5, &first_id);
	netmock.interrupted = 3;
	EXPECT_INT(bindery_groups_dump(&groups), 0);
	EXPECT_INT(netmock.dumps[BINDERY_CMD_GROUP_GET], 4);
	EXPECT_INT(bindery_groups_get_count(groups), 1);
	bindery_groups_free(groups);
}

TEST(W4_a_dump_that_is_always_interrupted_ends)
{
	struct bindery_claims *claims = (void *)-1;
	struct bindery_members *members = (void *)-1;

	start();
	add_claim(&first_id, 1, 2);
	add_member(0);
	netmock.interrupted = 1000;
	EXPECT_INT(bindery_claims_dump(NULL, &claims), -EAGAIN);
	EXPECT_INT(netmock.dumps[BINDERY_CMD_CLAIM_GET], 16);
	EXPECT_INT(bindery_members_dump(NULL, &members), -EAGAIN);
	EXPECT(claims == (void *)-1);
	EXPECT(members == (void *)-1);
}

TEST(W4_every_failure_of_a_dump_is_told)
{
	struct bindery_groups *groups;
	struct bindery_journal *journal;

	start();
	add_group(5, &first_id);
	netmock.has_family = false;
	EXPECT_INT(bindery_groups_dump(&groups), -ENOENT);
	EXPECT_INT(bindery_journal_dump(0, &journal), -ENOENT);
	netmock.has_family = true;
	netmock.dump_error = EPERM;
	EXPECT_INT(bindery_groups_dump(&groups), -EPERM);
	netmock.dump_error = 0;
	netmock.done_error = ENOMEM;
	EXPECT_INT(bindery_groups_dump(&groups), -ENOMEM);
	netmock.done_error = 0;
	netmock.silent = true;
	EXPECT_INT(bindery_groups_dump(&groups), -ETIMEDOUT);
	netmock.silent = false;
	nla_put(netmock_add(BINDERY_CMD_GROUP_GET), BINDERY_A_STATE, 2, "x");
	EXPECT_INT(bindery_groups_dump(&groups), -EPROTO);
}
