// SPDX-License-Identifier: GPL-2.0-or-later
/* Events, the journal and progress, as the tool prints them. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include <netlink/errno.h>

#include "cli.h"
#include "netmock.h"

static void start(uint64_t newest)
{
	mock_reset();
	cli_use_tree(NULL);
	netmock_reset();
	netmock.has_family = true;
	for (uint64_t seq = 1; seq <= newest; seq++)
		netmock_happen_unheard(seq, BINDERY_EVENT_TYPE_GROUP);
}

static void put_device(struct nl_msg *message)
{
	struct nlattr *nest = nla_nest_start(message, BINDERY_A_DEVICE);

	nla_put_u32(message, BINDERY_A_DEVICE_DOMAIN, 0);
	nla_put_u8(message, BINDERY_A_DEVICE_BUS, 1);
	nla_put_u8(message, BINDERY_A_DEVICE_SLOT, 0);
	nla_put_u8(message, BINDERY_A_DEVICE_FUNCTION, 0);
	nla_nest_end(message, nest);
}

/* A member's step, with all that a step may tell, and more. */
static void put_step(struct nl_msg *message, uint64_t seq, uint32_t error)
{
	nla_put_u64(message, BINDERY_A_SEQ, seq);
	nla_put_u64(message, BINDERY_A_TIME_NS, 1500000000);
	nla_put_u32(message, BINDERY_A_TYPE, BINDERY_EVENT_TYPE_STEP);
	nla_put_u64(message, BINDERY_A_TXN, 7);
	nla_put(message, BINDERY_A_CLAIM_ID, BINDERY_ID_SIZE, mock_id);
	nla_put_u32(message, BINDERY_A_GROUP, 5);
	put_device(message);
	nla_put_u32(message, BINDERY_A_STEP, BINDERY_STEP_BIND);
	nla_put_u32(message, BINDERY_A_ERRNO, error);
	nla_put_u64(message, BINDERY_A_DURATION_NS, 2500000000);
	nla_put_string(message, BINDERY_A_DRIVER, "vfio\033-pci");
	nla_put_string(message, BINDERY_A_TARGET, "vfio-pci");
}

static void put_rest(struct nl_msg *message, uint64_t seq, uint32_t type)
{
	nla_put_u64(message, BINDERY_A_SEQ, seq);
	nla_put_u64(message, BINDERY_A_TIME_NS, 1600000000);
	nla_put_u32(message, BINDERY_A_TYPE, type);
	nla_put_u32(message, BINDERY_A_CODE, BINDERY_ERROR_BIND);
	nla_put_u32(message, BINDERY_A_OLD_STATE, BINDERY_GROUP_BINDING);
	nla_put_u32(message, BINDERY_A_STATE, BINDERY_GROUP_HELD);
	nla_put_u32(message, BINDERY_A_ROLE, BINDERY_ROLE_ADDED);
	nla_put_string(message, BINDERY_A_NAME, "0000:01:00.1");
	nla_put_string(message, BINDERY_A_OVERRIDE, "over");
	nla_put_u32(message, BINDERY_A_FLAGS, 1 << 10);
	nla_put_u32(message, BINDERY_A_MARK, BINDERY_EVENT_RESERVE);
	nla_put_u32(message, BINDERY_A_ASSIGNMENT, BINDERY_ASSIGNMENT_READY);
	nla_put_u32(message, BINDERY_A_USERS, 2);
	nla_put(message, BINDERY_A_ASSIGNMENT_ID, BINDERY_ID_SIZE, mock_id);
	nla_put_u32(message, BINDERY_A_PID, 4711);
	nla_put_string(message, BINDERY_A_COMM, "qemu");
	nla_put_string(message, BINDERY_A_LABEL, "vm 1");
	nla_put_u32(message, BINDERY_A_NUM_GROUPS, 3);
	nla_put_u32(message, BINDERY_A_NUM_MEMBERS, 4);
	nla_put_u32(message, BINDERY_A_ABI, 2);
	nla_put_u32(message, BINDERY_A_VFIO_FILES, 9);
}

TEST(U2_usage_errors_of_monitor_and_log_end_with_2)
{
	static const char *const lines[] = {
		"monitor x", "monitor --since x", "monitor --since 0",
		"monitor --count 0", "monitor --count -1", "monitor --timeout x",
		"monitor --timeout 2000001", "wait --deadline 3601 01:00.0",
		"log x", "log --timeout 1", "log --since -1", "log -n x",
		"list --progress", "monitor --progress",
	};

	start(1);
	for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++)
		if (cli_run(lines[i]) != 2)
			test_fail(__FILE__, __LINE__, "'%s'", lines[i]);
}

TEST(W4_an_event_is_a_document_on_a_line)
{
	start(1);
	put_step(netmock_add(BINDERY_CMD_EVENT), 2, EIO);
	put_rest(netmock_add(BINDERY_CMD_EVENT), 3, BINDERY_EVENT_TYPE_TAMPER);
	EXPECT_INT(cli_run("monitor --json --count 2"), 0);
	EXPECT_HAS(cli_err(), "listening from event 2 on");
	EXPECT_TEXT(json_at(cli_json(0), "seq"), "2");
	EXPECT_TEXT(json_at(cli_json(0), "time_ns"), "1500000000");
	EXPECT_TEXT(json_at(cli_json(0), "event"), "step");
	EXPECT_TEXT(json_at(cli_json(0), "transaction"), "7");
	EXPECT_TEXT(json_at(cli_json(0), "claim"), MOCK_ID);
	EXPECT_TEXT(json_at(cli_json(0), "group"), "5");
	EXPECT_TEXT(json_at(cli_json(0), "device"), "0000:01:00.0");
	EXPECT_TEXT(json_at(cli_json(0), "step"), "bind");
	EXPECT_TEXT(json_at(cli_json(0), "errno"), "5");
	EXPECT_TEXT(json_at(cli_json(0), "duration_ns"), "2500000000");
	EXPECT_TEXT(json_at(cli_json(0), "driver"), "vfio\\x1b-pci");
	EXPECT_TEXT(json_at(cli_json(0), "target"), "vfio-pci");
	EXPECT(!json_at(cli_json(0), "state"));
	EXPECT_TEXT(json_at(cli_json(1), "event"), "tamper");
	EXPECT_TEXT(json_at(cli_json(1), "device"), "0000:01:00.1");
	EXPECT_TEXT(json_at(cli_json(1), "code"), "bind");
	EXPECT_TEXT(json_at(cli_json(1), "old_state"), "binding");
	EXPECT_TEXT(json_at(cli_json(1), "state"), "held");
	EXPECT_TEXT(json_at(cli_json(1), "role"), "added");
	EXPECT_TEXT(json_at(cli_json(1), "override"), "over");
	EXPECT_TEXT(json_at(cli_json(1), "flags.0"), "tampered-driver");
	EXPECT_TEXT(json_at(cli_json(1), "mark"), "reserve");
	EXPECT_TEXT(json_at(cli_json(1), "assignment.state"), "ready");
	EXPECT_TEXT(json_at(cli_json(1), "assignment.users"), "2");
	EXPECT_TEXT(json_at(cli_json(1), "holder.pid"), "4711");
	EXPECT_TEXT(json_at(cli_json(1), "holder.comm"), "qemu");
	EXPECT_TEXT(json_at(cli_json(1), "holder.label"), "vm 1");
	EXPECT_TEXT(json_at(cli_json(1), "groups"), "3");
	EXPECT_TEXT(json_at(cli_json(1), "members"), "4");
	EXPECT_TEXT(json_at(cli_json(1), "abi"), "2");
	EXPECT_TEXT(json_at(cli_json(1), "vfio_files"), "9");
}

/* Who uses a device does not hold the claim, as a rule. */
TEST(L3_who_opens_a_sealed_device_is_no_holder)
{
	static const uint32_t types[] = {
		BINDERY_EVENT_TYPE_VFIO_OPENED, BINDERY_EVENT_TYPE_VFIO_CLOSED,
		BINDERY_EVENT_TYPE_VFIO_REFUSED,
	};

	start(1);
	for (int i = 0; i < 3; i++)
		put_rest(netmock_add(BINDERY_CMD_EVENT), (uint64_t)i + 2,
			 types[i]);
	EXPECT_INT(cli_run("monitor --json --count 3"), 0);
	for (int i = 0; i < 3; i++) {
		EXPECT_TEXT(json_at(cli_json(i), "opener.pid"), "4711");
		EXPECT_TEXT(json_at(cli_json(i), "opener.comm"), "qemu");
		EXPECT(!json_at(cli_json(i), "holder"));
	}
}

TEST(W4_an_event_is_a_line_of_text)
{
	start(1);
	put_step(netmock_add(BINDERY_CMD_EVENT), 2, 0);
	EXPECT_INT(cli_run("monitor --count 1"), 0);
	EXPECT_TEXT(cli_out(),
		    "2  1.500000  step  transaction 7  device 0000:01:00.0  "
		    "group 5  claim " MOCK_ID "  step bind  errno 0  "
		    "duration_ns 2500000000  driver vfio\\x1b-pci  "
		    "target vfio-pci\n");
}

TEST(W4_a_loss_is_a_line_and_a_status_of_its_own)
{
	start(1);
	for (uint64_t seq = 2; seq <= 9; seq++)
		netmock_happen_unheard(seq, BINDERY_EVENT_TYPE_GROUP);
	netmock_forget(8);
	EXPECT_INT(cli_run("monitor --json --since 2 --count 2"), 1);
	EXPECT_HAS(cli_out(),
		   "{\"seq\":2,\"event\":\"lost\",\"lost\":6,\"last\":7}\n");
	EXPECT_TEXT(json_at(cli_json(1), "seq"), "8");
	EXPECT_HAS(cli_err(), "bindery: lost: 6 events, from 2 to 7\n");
	EXPECT_INT(cli_run("monitor --since 1 --count 1"), 1);
	EXPECT_TEXT(cli_out(), "1  lost  lost 7  last 7\n");
}

TEST(U2_a_monitor_that_hears_nothing_ends_by_time)
{
	start(1);
	EXPECT_INT(cli_run("monitor --timeout 2000000 --help"), 0);
	EXPECT_INT(cli_run("monitor --timeout 0.05"), 0);
	EXPECT_TEXT(cli_out(), "");
	EXPECT_INT(cli_run("monitor --timeout 0.05 --count 1"), 1);
	EXPECT_HAS(cli_err(), "deadline: only 0 of 1 events came in time; try a longer --timeout\n");
	EXPECT_INT(cli_run("monitor --json --timeout 0.05 --count 1"), 1);
	EXPECT_TEXT(json_at(cli_json(0), "error.code"), "deadline");
	EXPECT(!strstr(cli_err(), "only"));
}

TEST(W4_a_monitor_says_why_it_ends)
{
	start(1);
	netmock_happen(2, BINDERY_EVENT_TYPE_GROUP);
	netmock_unload();
	netmock.has_family = true;
	EXPECT_INT(cli_run("monitor --since 2"), 4);
	EXPECT_HAS(cli_out(), "2  ");
	EXPECT_HAS(cli_err(), "no-module: the module was unloaded");
	start(1);
	EXPECT_INT(cli_run("monitor --since 3 --json"), 1);
	EXPECT_TEXT(json_at(cli_json(0), "error.code"), "stale");
	netmock.join_error = -NLE_PERM;
	EXPECT_INT(cli_run("monitor --json"), 1);
	EXPECT_TEXT(json_at(cli_json(0), "error.code"), "not-permitted");
	netmock.has_family = false;
	EXPECT_INT(cli_run("monitor --json"), 1);
	EXPECT_TEXT(json_at(cli_json(0), "error.code"), "network-namespace");
	EXPECT_INT(cli_run("log"), 1);
	EXPECT_HAS(cli_err(), "network-namespace: events are told in the initial network namespace only; run it there\n");
	mock.open_errno = ENOENT;
	EXPECT_INT(cli_run("monitor"), 4);
	EXPECT_INT(cli_run("log"), 4);
}

TEST(W5_log_prints_the_last_events)
{
	start(9);
	netmock_forget(3);
	EXPECT_INT(cli_run("log --json"), 0);
	EXPECT_TEXT(json_at(cli_json(0), "seq"), "3");
	EXPECT_TEXT(json_at(cli_json(6), "seq"), "9");
	EXPECT(!cli_json(7));
	EXPECT_INT(cli_run("log --json -n 2"), 0);
	EXPECT_TEXT(json_at(cli_json(0), "seq"), "8");
	EXPECT(!cli_json(2));
	EXPECT_INT(cli_run("log --json --since 8"), 0);
	EXPECT_TEXT(json_at(cli_json(0), "seq"), "8");
	EXPECT_INT(cli_run("log --json --since 10"), 0);
	EXPECT_TEXT(cli_out(), "");
	EXPECT_INT(cli_run("log --json --since 11"), 1);
	EXPECT_TEXT(json_at(cli_json(0), "error.code"), "stale");
	EXPECT_INT(cli_run("log --json --since 1 -n 1"), 1);
	EXPECT_TEXT(json_at(cli_json(0), "lost"), "2");
	EXPECT_TEXT(json_at(cli_json(1), "seq"), "9");
	netmock.dump_error = EPERM;
	EXPECT_INT(cli_run("log --json"), 1);
	EXPECT_TEXT(json_at(cli_json(0), "error.code"), "not-permitted");
}

static void add_member(const char *name)
{
	struct nl_msg *message = netmock_add(BINDERY_CMD_MEMBER_GET);

	put_device(message);
	nla_put_string(message, BINDERY_A_NAME, name);
	nla_put_u32(message, BINDERY_A_GROUP, 5);
	nla_put_u32(message, BINDERY_A_STATE, BINDERY_GROUP_RESTORING);
	nla_put_u32(message, BINDERY_A_ACTION, BINDERY_ACTION_MOVE);
	nla_put_string(message, BINDERY_A_TARGET, "vfio-pci");
}

static void start_release(void)
{
	start(1);
	mock_member(0, "vfio-pci", BINDERY_ROLE_REQUESTED, BINDERY_ACTION_MOVE);
	put_step(netmock_add(BINDERY_CMD_EVENT), 2, 0);
	add_member("0000:01:00\033.0");
	add_member("0000:01:00.1");
	mock.delay_ms = 15000;
	mock.delay_until_told = true;
}

static const char waiting[] =
	" s: waiting for 0000:01:00\\x1b.0: its native driver's probe, and 1 more; last: bind 0000:01:00.0 took 2.5 s\n";

TEST(U9_a_long_release_tells_what_it_waits_for)
{
	start_release();
	EXPECT_INT(cli_run("release --progress 01:00.0"), 0);
	EXPECT_HAS(cli_err(), "bindery: ");
	EXPECT_HAS(cli_err(), waiting);
}

TEST(U9_the_end_of_what_was_adopted_tells_it)
{
	pid_t child;

	start_release();
	child = cli_start("adopt --progress 01:00.0");
	EXPECT(cli_wait_for("held"));
	kill(child, SIGINT);
	EXPECT_INT(cli_wait(child), 0);
	EXPECT_HAS(cli_err(), waiting);
}

/* Whose claim the group has, if any, the tool does not know. */
TEST(U9_a_repair_is_told_by_the_group_of_its_device)
{
	start_release();
	cli_use_tree(tree_new());
	tree_pci("0000:01:00.0", "vfio-pci", "5");
	EXPECT_INT(cli_run("repair --progress 01:00.0"), 0);
	EXPECT_HAS(cli_err(), waiting);
	start(1);
	mock.delay_ms = 15000;
	mock.delay_until_told = true;
	cli_use_tree(tree_path("."));
	EXPECT_INT(cli_run("repair --progress 01:00.0"), 0);
	EXPECT_HAS(cli_err(), " s: waiting for 0000:01:00.0: a driver\n");
	tree_free();
}

TEST(U9_the_fix_of_a_stray_tells_it)
{
	struct nl_msg *message;

	start_release();
	mock.state = BINDERY_GROUP_FREE;
	cli_use_tree(tree_new());
	tree_pci("0000:01:00.0", "vfio-pci", "5");
	message = netmock_add(BINDERY_CMD_STRAY_GET);
	put_device(message);
	nla_put_string(message, BINDERY_A_NAME, "0000:01:00.0");
	nla_put_u32(message, BINDERY_A_GROUP, 5);
	nla_put_u32(message, BINDERY_A_REASON, BINDERY_STRAY_DRIVER);
	nla_put_string(message, BINDERY_A_DRIVER, "vfio-pci");
	EXPECT_INT(cli_run("strays --fix --progress 01:00.0"), 1);
	EXPECT_INT(mock.count[MOCK_RELEASE], 1);
	EXPECT_HAS(cli_err(), waiting);
	tree_free();
}

TEST(U9_it_tells_nothing_off_a_terminal_or_of_what_is_quick)
{
	start_release();
	mock.delay_ms = 1500;
	EXPECT_INT(cli_run("release 01:00.0"), 0);
	EXPECT_TEXT(cli_err(), "");
	start_release();
	mock.delay_ms = 0;
	EXPECT_INT(cli_run("release --progress 01:00.0"), 0);
	EXPECT_TEXT(cli_err(), "");
}

TEST(U9_without_events_the_call_is_made_all_the_same)
{
	start_release();
	mock.delay_ms = 0;
	netmock.join_error = -NLE_PERM;
	EXPECT_INT(cli_run("release --progress 01:00.0"), 0);
	EXPECT_HAS(cli_err(), "no progress can be told");
	EXPECT_INT(mock.count[MOCK_RELEASE], 1);
}

TEST(U2_list_asks_for_all_groups_at_once)
{
	struct nl_msg *message;

	start(1);
	cli_use_tree(tree_new());
	tree_pci("0000:01:00.0", "vfio-pci", "5");
	tree_pci("0000:02:00.0", "e1000e", "6");
	message = netmock_add(BINDERY_CMD_GROUP_GET);
	nla_put_u32(message, BINDERY_A_GROUP, 5);
	nla_put_u32(message, BINDERY_A_STATE, BINDERY_GROUP_KEPT);
	nla_put_u32(message, BINDERY_A_NUM_CLAIMS, 1);
	nla_put(message, BINDERY_A_CLAIM_ID, BINDERY_ID_SIZE, mock_id);
	message = netmock_add(BINDERY_CMD_CLAIM_GET);
	nla_put(message, BINDERY_A_CLAIM_ID, BINDERY_ID_SIZE, mock_id);
	nla_put_string(message, BINDERY_A_LABEL, "vm 7");
	EXPECT_INT(cli_run("list --json"), 0);
	EXPECT_INT(mock.count[MOCK_SHOW], 0);
	EXPECT_TEXT(json_at(cli_json(0), "groups.0.state"), "kept");
	EXPECT_TEXT(json_at(cli_json(0), "groups.0.claim.id"), MOCK_ID);
	EXPECT_TEXT(json_at(cli_json(0), "groups.0.holder.label"), "vm 7");
	EXPECT_TEXT(json_at(cli_json(0), "groups.1.state"), "free");
	EXPECT_TEXT(json_at(cli_json(0), "groups.1.claims"), "0");
	netmock.dump_error = EPERM;
	EXPECT_INT(cli_run("list --json"), 0);
	EXPECT_INT(mock.count[MOCK_SHOW], 2);
}
