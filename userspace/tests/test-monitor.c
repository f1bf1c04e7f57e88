// SPDX-License-Identifier: GPL-2.0-or-later
/* Events in order and without gaps, whatever the socket loses. */
#include <errno.h>
#include <poll.h>
#include <stdio.h>

#include <netlink/errno.h>

#include "internal.h"
#include "netmock.h"
#include "tap.h"

static struct bindery_monitor *monitor;
static struct bindery_event_record *record;

static void start(uint64_t newest)
{
	netmock_reset();
	netmock.has_family = true;
	for (uint64_t seq = 1; seq <= newest; seq++)
		netmock_happen_unheard(seq, seq == 1 ?
				       BINDERY_EVENT_TYPE_LOADED :
				       BINDERY_EVENT_TYPE_GROUP);
	monitor = NULL;
	record = NULL;
}

static void finish(void)
{
	bindery_event_record_free(record);
	bindery_monitor_free(monitor);
	record = NULL;
	monitor = NULL;
}

static int next(void)
{
	bindery_event_record_free(record);
	record = NULL;
	return bindery_monitor_next(monitor, &record);
}

/* The next one is an event of this number. */
#define EXPECT_EVENT(seq) do { \
	EXPECT_INT(next(), 0); \
	if (record) { \
		EXPECT_INT(bindery_event_record_get_sequence(record), seq); \
		EXPECT_INT(bindery_event_record_get_num_lost(record), 0); \
	} \
} while (0)

#define EXPECT_LOST(seq, number) do { \
	EXPECT_INT(next(), 0); \
	if (record) { \
		EXPECT_INT(bindery_event_record_get_sequence(record), seq); \
		EXPECT_INT(bindery_event_record_get_num_lost(record), number); \
		EXPECT_INT(bindery_event_record_get_type(record), \
			   BINDERY_EVENT_TYPE_LOST); \
	} \
} while (0)

TEST(W4_events_come_in_order_and_then_none)
{
	struct pollfd file = { .events = POLLIN };

	start(5);
	EXPECT_INT(bindery_monitor_new(0, &monitor), 0);
	EXPECT_INT(bindery_monitor_get_next(monitor), 6);
	file.fd = bindery_monitor_get_fd(monitor);
	EXPECT_INT(poll(&file, 1, 0), 0);
	EXPECT_INT(next(), -EAGAIN);
	netmock_happen(6, BINDERY_EVENT_TYPE_TXN_BEGIN);
	netmock_happen(7, BINDERY_EVENT_TYPE_COMMIT);
	EXPECT_INT(poll(&file, 1, 0), 1);
	EXPECT_EVENT(6);
	EXPECT_INT(bindery_event_record_get_type(record),
		   BINDERY_EVENT_TYPE_TXN_BEGIN);
	EXPECT_INT(bindery_event_record_get_time_ns(record), 6000);
	EXPECT_EVENT(7);
	EXPECT_INT(next(), -EAGAIN);
	EXPECT_INT(bindery_monitor_get_next(monitor), 8);
	EXPECT_INT(poll(&file, 1, 0), 0);
	EXPECT_INT(netmock.dumps[BINDERY_CMD_JOURNAL_GET], 1);
	finish();
}

TEST(W4_what_the_socket_lost_comes_from_the_journal)
{
	start(1);
	EXPECT_INT(bindery_monitor_new(0, &monitor), 0);
	netmock_happen(2, BINDERY_EVENT_TYPE_GROUP);
	netmock_overflow();
	netmock_happen_unheard(3, BINDERY_EVENT_TYPE_GROUP);
	netmock_happen_unheard(4, BINDERY_EVENT_TYPE_GROUP);
	netmock_happen(5, BINDERY_EVENT_TYPE_GROUP);
	netmock_happen(6, BINDERY_EVENT_TYPE_GROUP);
	for (int seq = 2; seq <= 6; seq++)
		EXPECT_EVENT(seq);
	/* It asked for one that it had, to see that it is the same journal. */
	EXPECT_INT(netmock.since, 2);
	EXPECT_INT(next(), -EAGAIN);
	finish();
}

TEST(W4_the_last_events_may_be_the_lost_ones)
{
	start(1);
	EXPECT_INT(bindery_monitor_new(0, &monitor), 0);
	netmock_overflow();
	netmock_happen_unheard(2, BINDERY_EVENT_TYPE_GROUP);
	EXPECT_EVENT(2);
	EXPECT_INT(next(), -EAGAIN);
	finish();
}

TEST(W4_a_gap_in_the_numbers_is_filled_too)
{
	start(1);
	EXPECT_INT(bindery_monitor_new(0, &monitor), 0);
	netmock_happen_unheard(2, BINDERY_EVENT_TYPE_GROUP);
	netmock_happen(3, BINDERY_EVENT_TYPE_GROUP);
	netmock_happen(4, BINDERY_EVENT_TYPE_GROUP);
	for (int seq = 2; seq <= 4; seq++)
		EXPECT_EVENT(seq);
	EXPECT_INT(next(), -EAGAIN);
	EXPECT_INT(netmock.dumps[BINDERY_CMD_JOURNAL_GET], 2);
	finish();
}

TEST(W4_what_the_journal_forgot_is_told_as_lost)
{
	start(3);
	EXPECT_INT(bindery_monitor_new(0, &monitor), 0);
	netmock_overflow();
	for (uint64_t seq = 4; seq <= 12; seq++)
		netmock_happen_unheard(seq, BINDERY_EVENT_TYPE_GROUP);
	netmock_forget(10);
	netmock_happen(13, BINDERY_EVENT_TYPE_GROUP);
	EXPECT_LOST(4, 6);
	EXPECT(!bindery_event_record_has(record, BINDERY_A_SEQ));
	for (int seq = 10; seq <= 13; seq++)
		EXPECT_EVENT(seq);
	EXPECT_INT(next(), -EAGAIN);
	finish();
}

TEST(W4_what_the_socket_still_has_is_not_lost)
{
	start(3);
	EXPECT_INT(bindery_monitor_new(0, &monitor), 0);
	netmock_overflow();
	for (uint64_t seq = 4; seq <= 6; seq++)
		netmock_happen(seq, BINDERY_EVENT_TYPE_GROUP);
	for (uint64_t seq = 7; seq <= 12; seq++)
		netmock_happen_unheard(seq, BINDERY_EVENT_TYPE_GROUP);
	netmock_forget(10);
	for (int seq = 4; seq <= 6; seq++)
		EXPECT_EVENT(seq);
	EXPECT_LOST(7, 3);
	for (int seq = 10; seq <= 12; seq++)
		EXPECT_EVENT(seq);
	EXPECT_INT(next(), -EAGAIN);
	finish();
}

TEST(W4_a_journal_that_cannot_be_read_loses_nothing)
{
	start(1);
	EXPECT_INT(bindery_monitor_new(0, &monitor), 0);
	netmock_happen_unheard(2, BINDERY_EVENT_TYPE_GROUP);
	netmock_happen(3, BINDERY_EVENT_TYPE_GROUP);
	netmock.dump_error = EPERM;
	EXPECT_INT(next(), -EPERM);
	EXPECT_INT(next(), -EPERM);
	netmock.dump_error = 0;
	netmock.silent = true;
	EXPECT_INT(next(), -ETIMEDOUT);
	netmock.silent = false;
	EXPECT_EVENT(2);
	EXPECT_EVENT(3);
	EXPECT_INT(next(), -EAGAIN);
	finish();
}

TEST(W4_a_journal_that_moves_on_while_it_is_read_is_no_loss)
{
	start(1);
	EXPECT_INT(bindery_monitor_new(0, &monitor), 0);
	netmock_overflow();
	netmock_happen_unheard(2, BINDERY_EVENT_TYPE_GROUP);
	netmock.interrupted = 1;
	EXPECT_EVENT(2);
	EXPECT_INT(next(), -EAGAIN);
	finish();
}

TEST(W4_events_since_a_number_come_from_the_journal_first)
{
	start(6);
	EXPECT_INT(bindery_monitor_new(4, &monitor), 0);
	EXPECT_INT(bindery_monitor_get_next(monitor), 4);
	netmock_happen(7, BINDERY_EVENT_TYPE_GROUP);
	for (int seq = 4; seq <= 7; seq++)
		EXPECT_EVENT(seq);
	EXPECT_INT(next(), -EAGAIN);
	finish();
}

TEST(W4_events_since_the_next_number_are_none_yet)
{
	start(6);
	EXPECT_INT(bindery_monitor_new(7, &monitor), 0);
	EXPECT_INT(next(), -EAGAIN);
	netmock_happen(7, BINDERY_EVENT_TYPE_GROUP);
	EXPECT_EVENT(7);
	finish();
}

TEST(W4_a_number_of_another_life_of_the_module_is_refused)
{
	start(6);
	EXPECT_INT(bindery_monitor_new(8, &monitor), -ESTALE);
	EXPECT(!monitor);
	finish();
}

TEST(W4_unloading_the_module_ends_it_after_the_last_event)
{
	start(1);
	EXPECT_INT(bindery_monitor_new(0, &monitor), 0);
	netmock_happen(2, BINDERY_EVENT_TYPE_GROUP);
	netmock_unload();
	EXPECT_EVENT(2);
	EXPECT_INT(next(), -ENODEV);
	finish();
}

TEST(W4_a_module_loaded_anew_is_not_taken_for_the_old_one)
{
	start(6);
	EXPECT_INT(bindery_monitor_new(0, &monitor), 0);
	netmock_reset();
	netmock.has_family = true;
	netmock_overflow();
	netmock_happen_unheard(1, BINDERY_EVENT_TYPE_LOADED);
	EXPECT_INT(next(), -ENODEV);
	finish();
}

TEST(W4_what_does_not_come_from_the_kernel_is_not_believed)
{
	start(1);
	EXPECT_INT(bindery_monitor_new(0, &monitor), 0);
	netmock.sender = 4711;
	netmock_happen(2, BINDERY_EVENT_TYPE_GROUP);
	EXPECT_INT(next(), -EAGAIN);
	finish();
}

TEST(W4_the_monitor_says_why_it_cannot_be_had)
{
	start(1);
	netmock.has_family = false;
	EXPECT_INT(bindery_monitor_new(0, &monitor), -ENOENT);
	netmock.has_family = true;
	netmock.join_error = -NLE_PERM;
	EXPECT_INT(bindery_monitor_new(0, &monitor), -EPERM);
	netmock.join_error = 0;
	netmock.dump_error = EPERM;
	EXPECT_INT(bindery_monitor_new(0, &monitor), -EPERM);
	EXPECT(!monitor);
	finish();
}

static void put_device(struct nl_msg *message)
{
	struct nlattr *nest = nla_nest_start(message, BINDERY_A_DEVICE);

	nla_put_u32(message, BINDERY_A_DEVICE_DOMAIN, 0x10000);
	nla_put_u8(message, BINDERY_A_DEVICE_BUS, 0x3f);
	nla_put_u8(message, BINDERY_A_DEVICE_SLOT, 0x1e);
	nla_put_u8(message, BINDERY_A_DEVICE_FUNCTION, 5);
	nla_nest_end(message, nest);
}

static void put_everything(struct nl_msg *message)
{
	static const struct bindery_id id = { { 1, 2, 3 } }, other = { { 9 } };
	static const int numbers[] = {
		BINDERY_A_TYPE, BINDERY_A_GROUP, BINDERY_A_STEP, BINDERY_A_CODE,
		BINDERY_A_ERRNO, BINDERY_A_STATE, BINDERY_A_OLD_STATE,
		BINDERY_A_FLAGS, BINDERY_A_ROLE, BINDERY_A_ASSIGNMENT,
		BINDERY_A_MARK, BINDERY_A_USERS, BINDERY_A_PID, BINDERY_A_ABI,
		BINDERY_A_NUM_GROUPS, BINDERY_A_NUM_MEMBERS,
	};

	nla_put_u64(message, BINDERY_A_SEQ, 2);
	nla_put_u64(message, BINDERY_A_TIME_NS, 1ULL << 60);
	nla_put_u64(message, BINDERY_A_TXN, 1ULL << 41);
	nla_put_u64(message, BINDERY_A_DURATION_NS, 1ULL << 42);
	nla_put_u64(message, BINDERY_A_GENERATION, 1ULL << 43);
	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++)
		nla_put_u32(message, numbers[i], 100 + (uint32_t)numbers[i]);
	nla_put(message, BINDERY_A_CLAIM_ID, sizeof(id), &id);
	nla_put(message, BINDERY_A_ASSIGNMENT_ID, sizeof(other), &other);
	nla_put_string(message, BINDERY_A_NAME, "name");
	nla_put_string(message, BINDERY_A_DRIVER, "driver");
	nla_put_string(message, BINDERY_A_OVERRIDE, "override");
	nla_put_string(message, BINDERY_A_TARGET, "target");
	nla_put_string(message, BINDERY_A_COMM, "comm");
	/* Longer than its field, and of a younger module. */
	nla_put_string(message, BINDERY_A_LABEL,
		       "01234567890123456789012345678901234567890123456789"
		       "01234567890123456789012345678901234567890123456789");
	nla_put_u32(message, BINDERY_A_MAX + 1, 1);
	nla_put_u32(message, BINDERY_A_PAD, 1);
	put_device(message);
}

TEST(W4_an_event_is_decoded_field_by_field)
{
	struct bindery_bdf bdf = { 0 };
	struct bindery_id id;
	uint32_t group = 0;

	start(1);
	EXPECT_INT(bindery_monitor_new(0, &monitor), 0);
	put_everything(netmock_add(BINDERY_CMD_EVENT));
	EXPECT_EVENT(2);
	EXPECT(bindery_event_record_get_time_ns(record) == 1ULL << 60);
	EXPECT(bindery_event_record_get_transaction(record) == 1ULL << 41);
	EXPECT(bindery_event_record_get_duration_ns(record) == 1ULL << 42);
	EXPECT(bindery_event_record_get_generation(record) == 1ULL << 43);
#define EXPECT_NUMBER(field, attribute) \
	EXPECT_INT(bindery_event_record_get_##field(record), \
		   100 + BINDERY_A_##attribute)
	EXPECT_NUMBER(type, TYPE);
	EXPECT_NUMBER(step, STEP);
	EXPECT_NUMBER(code, CODE);
	EXPECT_NUMBER(errno, ERRNO);
	EXPECT_NUMBER(state, STATE);
	EXPECT_NUMBER(old_state, OLD_STATE);
	EXPECT_NUMBER(flags, FLAGS);
	EXPECT_NUMBER(role, ROLE);
	EXPECT_NUMBER(assignment, ASSIGNMENT);
	EXPECT_NUMBER(mark, MARK);
	EXPECT_NUMBER(users, USERS);
	EXPECT_NUMBER(pid, PID);
	EXPECT_NUMBER(abi_version, ABI);
	EXPECT_NUMBER(num_groups, NUM_GROUPS);
	EXPECT_NUMBER(num_members, NUM_MEMBERS);
	EXPECT(bindery_event_record_get_group(record, &group));
	EXPECT_INT(group, 100 + BINDERY_A_GROUP);
	EXPECT(bindery_event_record_get_device(record, &bdf));
	EXPECT_INT(bdf.domain, 0x10000);
	EXPECT_INT(bdf.bus, 0x3f);
	EXPECT_INT(bdf.slot, 0x1e);
	EXPECT_INT(bdf.function, 5);
	id = bindery_event_record_get_claim_id(record);
	EXPECT_INT(id.bytes[2], 3);
	id = bindery_event_record_get_assignment_id(record);
	EXPECT_INT(id.bytes[0], 9);
	EXPECT_TEXT(bindery_event_record_get_name(record), "name");
	EXPECT_TEXT(bindery_event_record_get_driver(record), "driver");
	EXPECT_TEXT(bindery_event_record_get_override(record), "override");
	EXPECT_TEXT(bindery_event_record_get_target(record), "target");
	EXPECT_TEXT(bindery_event_record_get_comm(record), "comm");
	EXPECT_INT(strlen(bindery_event_record_get_label(record)),
		   BINDERY_LABEL_SIZE - 1);
	EXPECT(bindery_event_record_has(record, BINDERY_A_MARK));
	EXPECT(!bindery_event_record_has(record, BINDERY_A_REASON));
	finish();
}

TEST(W4_what_an_event_does_not_tell_is_nothing)
{
	struct bindery_bdf bdf;
	uint32_t group;

	start(1);
	EXPECT_INT(bindery_monitor_new(0, &monitor), 0);
	netmock_happen(2, BINDERY_EVENT_TYPE_GROUP);
	EXPECT_EVENT(2);
	EXPECT(!bindery_event_record_get_group(record, &group));
	EXPECT(!bindery_event_record_get_device(record, &bdf));
	EXPECT_TEXT(bindery_event_record_get_driver(record), "");
	EXPECT(!bindery_event_record_has(record, BINDERY_A_ERRNO));
	finish();
}

/* One attribute that is as it must not be. */
static void spoil(struct nl_msg *message, unsigned int way)
{
	static const char bytes[64];

	nla_put_u64(message, BINDERY_A_SEQ, 2);
	switch (way) {
	case 0:
		nla_put(message, BINDERY_A_TYPE, 3, bytes);
		break;
	case 1:
		nla_put(message, BINDERY_A_TIME_NS, 4, bytes);
		break;
	case 2:
		nla_put(message, BINDERY_A_CLAIM_ID, 64, bytes);
		break;
	case 3:
		nla_put(message, BINDERY_A_DEVICE, 0, bytes);
		break;
	case 4:
		nla_put(message, BINDERY_A_DEVICE, 3, bytes);
		break;
	default:
		nla_put_u32(message, BINDERY_A_TYPE, 1);
		/* An attribute that is longer than its message. */
		nla_put_u32(message, BINDERY_A_GROUP, 1);
		nlmsg_hdr(message)->nlmsg_len = NLMSG_HDRLEN + 2;
	}
}

TEST(W4_messages_that_are_malformed_are_refused)
{
	for (unsigned int way = 0; way < 6; way++) {
		start(1);
		EXPECT_INT(bindery_monitor_new(0, &monitor), 0);
		spoil(netmock_add(BINDERY_CMD_EVENT), way);
		if (next() != -EPROTO)
			test_fail(__FILE__, __LINE__, "way %u", way);
		finish();
	}
}

TEST(U1_every_type_of_event_has_a_symbol)
{
	for (int type = BINDERY_EVENT_TYPE_LOST;
	     type <= BINDERY_EVENT_TYPE_VFIO_REFUSED; type++)
		EXPECT(strcmp(bindery_event_type_symbol(type), "unknown"));
	EXPECT_TEXT(bindery_event_type_symbol(BINDERY_EVENT_TYPE_LOST), "lost");
	EXPECT_TEXT(bindery_event_type_symbol(BINDERY_EVENT_TYPE_REVOKED + 99),
		    "unknown");
}
