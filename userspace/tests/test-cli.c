// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdio.h>
#include <sys/utsname.h>

#include "cli.h"

static void start(void)
{
	mock_reset();
	cli_use_tree(NULL);
}

static void start_claimable(void)
{
	start();
	mock_member(0, "e1000e", BINDERY_ROLE_REQUESTED, BINDERY_ACTION_MOVE);
}

static void start_in_use(void)
{
	start_claimable();
	cli_use_tree(tree_new());
	tree_pci("0000:01:00.0", "e1000e", "5");
	tree_class("sys/devices/0000:01:00.0/net/eth0", "net", "eth0");
	tree_file("sys/devices/0000:01:00.0/net/eth0/flags", "0x1003\n");
}

static void fail_undeclared(void)
{
	start_claimable();
	mock_member(1, "xhci_hcd", BINDERY_ROLE_NONE, BINDERY_ACTION_NONE)
		->out_blocker = BINDERY_ERROR_UNDECLARED;
	mock_member(2, "nvme", BINDERY_ROLE_NONE, BINDERY_ACTION_NONE)
		->out_blocker = BINDERY_ERROR_UNDECLARED;
	mock_fail(MOCK_CHECK, EBUSY, BINDERY_ERROR_UNDECLARED,
		  BINDERY_ERROR_CLASS_ASK, BINDERY_STEP_VALIDATE);
	mock.error.out_flags = BINDERY_ERROR_HAS_DEVICE | BINDERY_ERROR_HAS_GROUP;
	mock.error.out_device = mock.members[1].out_device;
	mock.error.out_group = 5;
	strcpy(mock.error.out_name, "xhci_hcd");
}

TEST(U2_usage_errors_end_with_2)
{
	start();
	EXPECT_INT(cli_run(""), 2);
	EXPECT_INT(cli_run("frobnicate"), 2);
	EXPECT_INT(cli_run("check"), 2);
	EXPECT_INT(cli_run("check --frobnicate 0000:01:00.0"), 2);
	EXPECT_INT(cli_run("check --serial 0000:01:00.0"), 2);
	EXPECT_INT(cli_run("list 0000:01:00.0"), 2);
	EXPECT_INT(cli_run("show 0000:01:00.0 0000:01:00.1"), 2);
	EXPECT_INT(cli_run("acquire --deadline never 0000:01:00.0"), 2);
	EXPECT_INT(cli_run("acquire --deadline 0 0000:01:00.0"), 2);
	EXPECT_INT(cli_run("acquire --deadline 3601 0000:01:00.0"), 2);
	EXPECT_INT(cli_run("acquire --deadline nan 0000:01:00.0"), 2);
	EXPECT_INT(cli_run("exec 0000:01:00.0"), 125);
	EXPECT_INT(cli_run("exec 0000:01:00.0 --"), 125);
	EXPECT_INT(cli_run("exec -- true"), 125);
	EXPECT_INT(cli_run("help frobnicate"), 2);
	EXPECT_INT(mock.count[MOCK_CHECK], 0);
}

TEST(U2_help_and_version_end_with_0)
{
	start();
	EXPECT_INT(cli_run("help"), 0);
	EXPECT_HAS(cli_out(), "acquire   Move devices");
	EXPECT_INT(cli_run("help check"), 0);
	EXPECT_HAS(cli_out(), "--companions");
	EXPECT(!strstr(cli_out(), "--serial"));
	EXPECT_INT(cli_run("exec --help"), 0);
	EXPECT_HAS(cli_out(), "-- COMMAND");
	EXPECT_INT(cli_run("--version"), 0);
	EXPECT_HAS(cli_out(), "bindery " BINDERY_VERSION "\n");
}

TEST(U2_what_cannot_be_written_ends_with_1)
{
	static const char *const lines[] = {
		"help", "help list", "help --json", "list --help", "--version",
		"list", "check 0000:01:00.0",
	};

	start_claimable();
	cli_use_tree(tree_new());
	tree_pci("0000:01:00.0", "e1000e", "5");
	cli_fill_output(true);
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		if (cli_run(lines[i]) != 1)
			test_fail(__FILE__, __LINE__, "'%s'", lines[i]);
		EXPECT_TEXT(cli_err(),
			    "bindery: standard output: No space left on device\n");
	}
	EXPECT_INT(cli_run("exec --help"), 125);
	EXPECT_INT(cli_run("delegate --help"), 125);
	cli_fill_output(false);
	tree_free();
}

TEST(U2_help_tells_the_table_as_JSON_too)
{
	start();
	EXPECT_INT(cli_run("help --json"), 0);
	EXPECT_TEXT(json_at(cli_json(0), "verbs.0.name"), "list");
	EXPECT_TEXT(json_at(cli_json(0), "verbs.0.exits.0.status"), "0");
	EXPECT_INT(cli_run("help --json exec"), 0);
	EXPECT_TEXT(json_at(cli_json(0), "verbs.0.name"), "exec");
	EXPECT(!json_at(cli_json(0), "verbs.1"));
	EXPECT_TEXT(json_at(cli_json(0), "verbs.0.options.0.letter"), "c");
}

TEST(U2_a_verb_that_is_misspelt_is_guessed)
{
	start();
	EXPECT_INT(cli_run("lits"), 2);
	EXPECT_TEXT(cli_err(), "bindery: 'lits' is no verb; did you mean 'list'?\n");
	EXPECT_INT(cli_run("frob\033nicate"), 2);
	EXPECT_TEXT(cli_err(), "bindery: 'frob\\x1bnicate' is no verb; try 'bindery help'\n");
	EXPECT_INT(cli_run("--json list"), 2);
	EXPECT_TEXT(cli_err(), "bindery: '--json' is no verb; options follow one, see 'bindery help'\n");
	EXPECT_INT(cli_run("list --frob"), 2);
	EXPECT_TEXT(cli_err(), "bindery list: unrecognized option '--frob'\nTry 'bindery help list'.\n");
	EXPECT_INT(cli_run("mark 0000:01:00.0"), 2);
	EXPECT_HAS(cli_err(), "it needs DEVICE EVENT");
	EXPECT_INT(cli_run("mark 0000:01:00.0 attach-ok again"), 2);
	EXPECT_HAS(cli_err(), "it takes no more than 2 arguments");
}

TEST(U2_without_the_module_the_end_is_4_and_says_how_to_load_it)
{
	static const int errors[] = { ENOENT, ENXIO, ENODEV };
	static const char *const lines[] = {
		"show 0000:01:00.0", "check 0000:01:00.0",
		"acquire 0000:01:00.0", "adopt 0000:01:00.0",
		"release 0000:01:00.0", "mark 0000:01:00.0 reserve",
		"repair 0000:01:00.0", "strays", "monitor", "log",
		"revoke 00112233-4455-6677-8899-aabbccddeeff",
	};

	start();
	for (size_t i = 0; i < 3; i++) {
		mock.open_errno = errors[i];
		EXPECT_INT(cli_run(lines[i]), 4);
		EXPECT_INT(cli_run("exec 0000:01:00.0 -- true"), 125);
	}
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		EXPECT_INT(cli_run(lines[i]), 4);
		EXPECT_TEXT(cli_err(),
			    "bindery: no-module: there is no /dev/bindery: the module is not loaded; run modprobe bindery\n");
	}
	EXPECT_INT(cli_run("check --json 0000:01:00.0"), 4);
	EXPECT_TEXT(json_at(cli_json(0), "error.code"), "no-module");
}

TEST(U2_a_node_that_may_not_be_opened_ends_with_1_and_names_the_right)
{
	start();
	mock.open_errno = EACCES;
	EXPECT_INT(cli_run("check 0000:01:00.0"), 1);
	EXPECT_HAS(cli_err(), "not-permitted");
	EXPECT_HAS(cli_err(), "CAP_SYS_ADMIN");
}

TEST(U2_a_module_of_another_abi_is_refused)
{
	start_claimable();
	mock.abi_version = 99;
	EXPECT_INT(cli_run("check 0000:01:00.0"), 1);
	EXPECT_HAS(cli_err(), "abi-mismatch: the module speaks ABI 99");
}

TEST(T8_malformed_addresses_are_typed_by_the_tool)
{
	start_claimable();
	EXPECT_INT(cli_run("check 0000:01:20.0"), 1);
	EXPECT_HAS(cli_err(), "bindery: 0000:01:20.0: request: address: ");
	EXPECT_INT(cli_run("check 01:00.8"), 1);
	EXPECT_INT(cli_run("check nosuchname"), 1);
	EXPECT_INT(cli_run("check 1:00.0"), 1);
	EXPECT_INT(cli_run("show --json eth\033"), 1);
	EXPECT_TEXT(json_at(cli_json(0), "error.code"), "address");
	EXPECT_TEXT(json_at(cli_json(0), "error.device"), "eth\\x1b");
}

TEST(U2_the_short_address_means_domain_0)
{
	start_claimable();
	cli_use_tree(tree_new());
	EXPECT_INT(cli_run("check 01:00.0"), 0);
	EXPECT_INT(cli_run("check ffffffff:01:00.0=a:b"), 0);
	tree_free();
}

TEST(U2_check_prints_the_plan)
{
	start_claimable();
	EXPECT_INT(cli_run("check 0000:01:00.0"), 0);
	EXPECT_HAS(cli_out(), "possible: yes\n");
	EXPECT_HAS(cli_out(), "0000:01:00.0");
	EXPECT_HAS(cli_out(), "requested");
	EXPECT_HAS(cli_out(), "e1000e");
	EXPECT_TEXT(cli_err(), "");
	EXPECT_INT(cli_run("check -j 0000:01:00.0"), 0);
	EXPECT_TEXT(json_at(cli_json(0), "possible"), "true");
	EXPECT_TEXT(json_at(cli_json(0), "members.0.role"),
		    "requested");
	EXPECT_TEXT(json_at(cli_json(0), "members.0.action"),
		    "move");
	EXPECT_TEXT(json_at(cli_json(0), "members.0.target"),
		    "vfio-pci");
	EXPECT(!json_at(cli_json(0), "members.0.override"));
	EXPECT(!cli_json(1));
}

TEST(T9_a_member_on_its_target_is_shown_as_pre_bound)
{
	start();
	mock_member(0, "vfio-pci", BINDERY_ROLE_PREBOUND, BINDERY_ACTION_NONE);
	EXPECT_INT(cli_run("check 0000:01:00.0"), 0);
	EXPECT_HAS(cli_out(), "pre-bound");
}

TEST(U2_text_and_json_have_the_same_fields)
{
	start_claimable();
	strcpy(mock.members[0].out_override, "over");
	strcpy(mock.members[0].out_native_driver, "native");
	strcpy(mock.members[0].out_native_override, "nover");
	mock.members[0].out_blocker = BINDERY_ERROR_CHANGED;
	EXPECT_INT(cli_run("show --json 0000:01:00.0"), 0);
	EXPECT_INT(cli_run("show 0000:01:00.0"), 0);
	EXPECT_HAS(cli_out(), "DEVICE");
	EXPECT_HAS(cli_out(), "NATIVE-DRIVER");
	EXPECT_HAS(cli_out(), "NATIVE-OVERRIDE");
	EXPECT_HAS(cli_out(), "over");
	EXPECT_HAS(cli_out(), " nover ");
	EXPECT_HAS(cli_out(), "8086:10d3");
	EXPECT_HAS(cli_out(), "020000");
	EXPECT_HAS(cli_out(), "BLOCKER");
	EXPECT_HAS(cli_out(), "changed");
}

TEST(U2_show_names_the_holder_escaped)
{
	start_claimable();
	mock.state = BINDERY_GROUP_HELD;
	mock.num_claims = 1;
	EXPECT_INT(cli_run("show 0000:01:00.0"), 0);
	EXPECT_HAS(cli_out(), "state: held\n");
	EXPECT_HAS(cli_out(), "holder: pid 4711 comm qemu\\x1b label vm 1\n");
	EXPECT_INT(cli_run("show --json 0000:01:00.0"), 0);
	EXPECT_TEXT(json_at(cli_json(0), "holder.pid"), "4711");
	EXPECT_TEXT(json_at(cli_json(0), "holder.comm"), "qemu\\x1b");
}

TEST(U2_show_fails_with_1)
{
	start();
	mock_fail(MOCK_SHOW, ENXIO, BINDERY_ERROR_NO_GROUP,
		  BINDERY_ERROR_CLASS_HOST, BINDERY_STEP_RESOLVE);
	EXPECT_INT(cli_run("show 0000:01:00.0"), 1);
	EXPECT_HAS(cli_err(), "bindery: resolve: no-group: ");
	EXPECT_TEXT(cli_out(), "");
}

TEST(U2_every_undeclared_member_is_named_with_its_driver)
{
	fail_undeclared();
	EXPECT_INT(cli_run("check 0000:01:00.0"), 1);
	EXPECT_TEXT(cli_err(),
		    "bindery: 0000:01:00.0: validate: undeclared: member 0000:01:00.1 is on xhci_hcd and was not named; add it, or use --companions\n"
		    "bindery: 0000:01:00.0: validate: undeclared: member 0000:01:00.2 is on nvme and was not named; add it, or use --companions\n");
	EXPECT_INT(cli_run("acquire 0000:01:00.0"), 1);
	EXPECT_HAS(cli_err(), "0000:01:00.2 is on nvme");
	EXPECT_INT(cli_run("exec 0000:01:00.0 -- true"), 125);
	EXPECT_INT(cli_run("check --json 0000:01:00.0"), 1);
	EXPECT_TEXT(json_at(cli_json(0), "possible"), "false");
	EXPECT_TEXT(json_at(cli_json(0), "error.code"), "undeclared");
	EXPECT_TEXT(json_at(cli_json(0), "error.step"), "validate");
	EXPECT_TEXT(json_at(cli_json(0), "error.class"), "ask");
	EXPECT_TEXT(json_at(cli_json(0), "error.errno"), "16");
	EXPECT_TEXT(json_at(cli_json(0), "members.1.blocker"),
		    "undeclared");
	EXPECT_TEXT(cli_err(), "");
}

TEST(U2_busy_names_the_holder_escaped)
{
	start_claimable();
	mock_fail(MOCK_ACQUIRE, EBUSY, BINDERY_ERROR_BUSY,
		  BINDERY_ERROR_CLASS_RETRY, BINDERY_STEP_RESERVE);
	mock.error.out_flags = BINDERY_ERROR_HAS_GROUP |
			       BINDERY_ERROR_HAS_HOLDER;
	mock.error.out_group = 5;
	mock.error.out_holder_pid = 42;
	strcpy(mock.error.out_holder_comm, "a\nb");
	strcpy(mock.error.out_holder_label, "vm");
	EXPECT_INT(cli_run("acquire 0000:01:00.0"), 1);
	EXPECT_HAS(cli_err(), "reserve: busy: the group is claimed: group 5 is held by pid 42, comm a\\x0ab, label vm; ");
}

TEST(U2_a_refusing_driver_is_named_with_its_errno)
{
	start_claimable();
	mock_fail(MOCK_ACQUIRE, ENODEV, BINDERY_ERROR_BIND,
		  BINDERY_ERROR_CLASS_HOST, BINDERY_STEP_BIND);
	mock.error.out_errno = ENOSYS;
	strcpy(mock.error.out_name, "vfio-pci");
	EXPECT_INT(cli_run("acquire 0000:01:00.0"), 1);
	EXPECT_HAS(cli_err(), "bind: bind: the target driver refused the device: driver vfio-pci: Function not implemented; ");
}

TEST(U2_a_failure_without_a_code_still_says_something)
{
	start();
	mock.fail[MOCK_CHECK] = ENOTTY;
	mock.silent = true;
	EXPECT_INT(cli_run("check 0000:01:00.0"), 1);
	EXPECT_TEXT(cli_err(),
		    "bindery: system: Inappropriate ioctl for device; compare the versions of bindery and of the module\n");
	mock.fail[MOCK_CHECK] = ENOMEM;
	EXPECT_INT(cli_run("check 0000:01:00.0"), 1);
	EXPECT_TEXT(cli_err(), "bindery: system: Cannot allocate memory\n");
}

TEST(U2_an_incomplete_rollback_ends_with_3)
{
	start_claimable();
	mock_fail(MOCK_ACQUIRE, ETIMEDOUT, BINDERY_ERROR_DEADLINE,
		  BINDERY_ERROR_CLASS_RETRY, BINDERY_STEP_UNBIND);
	EXPECT_INT(cli_run("acquire 0000:01:00.0"), 3);
	EXPECT_INT(cli_run("exec 0000:01:00.0 -- true"), 125);
	mock.error.out_step = BINDERY_STEP_RESERVE;
	EXPECT_INT(cli_run("acquire 0000:01:00.0"), 1);
	mock.error.out_code = BINDERY_ERROR_BIND;
	mock.error.out_step = BINDERY_STEP_BIND;
	EXPECT_INT(cli_run("acquire 0000:01:00.0"), 1);
	mock.error.out_flags |= BINDERY_ERROR_INCOMPLETE;
	EXPECT_INT(cli_run("acquire 0000:01:00.0"), 3);
}

TEST(G2_acquire_and_exec_refuse_what_the_host_uses)
{
	start_in_use();
	EXPECT_INT(cli_run("acquire 0000:01:00.0"), 1);
	EXPECT_HAS(cli_err(), "bindery: validate: host-use: the host uses 0000:01:00.0: interface eth0 is up (--force=netdev); ");
	EXPECT_HAS(cli_err(), "--force");
	EXPECT_INT(cli_run("exec 0000:01:00.0 -- true"), 125);
	tree_free();
}

TEST(G2_check_shows_what_the_host_uses)
{
	start_in_use();
	EXPECT_INT(cli_run("check 0000:01:00.0"), 1);
	EXPECT_HAS(cli_out(), "possible: no");
	EXPECT_HAS(cli_out(), "IN-USE");
	EXPECT_INT(cli_run("check --json 0000:01:00.0"), 1);
	EXPECT_TEXT(json_at(cli_json(0), "error.code"), "host-use");
	EXPECT_TEXT(json_at(cli_json(0), "members.0.in_use.0"),
		    "interface eth0 is up");
	tree_free();
}

TEST(G2_force_takes_what_the_host_uses)
{
	start_in_use();
	EXPECT_INT(cli_run("exec --force 0000:01:00.0 -- true"), 0);
	tree_free();
}

TEST(G2_a_busy_group_may_become_free_but_not_unguarded)
{
	start_in_use();
	mock_fail(MOCK_CHECK, EBUSY, BINDERY_ERROR_BUSY,
		  BINDERY_ERROR_CLASS_RETRY, BINDERY_STEP_RESERVE);
	EXPECT_INT(cli_run("exec 0000:01:00.0 -- true"), 125);
	EXPECT_HAS(cli_err(), "eth0 is up");
	EXPECT_INT(cli_run("exec 0000:02:00.0 -- true"), 0);
	EXPECT_INT(cli_run("exec --companions 0000:02:00.0 -- true"), 125);
	EXPECT_HAS(cli_err(), "eth0 is up");
	tree_free();
}

TEST(U2_numbers_are_decimal_and_fit)
{
	start_claimable();
	EXPECT_INT(cli_run("log --since 18446744073709551616"), 2);
	EXPECT_INT(cli_run("log --since 0x10"), 2);
	EXPECT_INT(cli_run("log --count 0"), 2);
	EXPECT_INT(cli_run("list --numa 4294967296"), 2);
	EXPECT_INT(cli_run("acquire --deadline 0x10 0000:01:00.0"), 2);
	EXPECT_INT(cli_run("acquire --deadline 1e1 0000:01:00.0"), 2);
	EXPECT_INT(cli_run("acquire --deadline \t5 0000:01:00.0"), 2);
	EXPECT_INT(cli_run("acquire --deadline 1.5.5 0000:01:00.0"), 2);
	EXPECT_INT(cli_run("exec --deadline 1.25 0000:01:00.0 -- true"), 0);
	EXPECT_INT(mock.acquire.deadline_ms, 1250);
}

TEST(U2_what_was_typed_is_told_without_control_characters)
{
	static const char *const lines[] = {
		"acquire --deadline \033[2J 0000:01:00.0",
		"mark 0000:01:00.0 \033[2J",
		"revoke \033[2J",
		"list --\033[2J",
		"delegate --socket \033[2J 0000:01:00.0",
		"check 0000:01:00.0=\033[2J",
	};
	struct utsname name;
	char path[256];

	start();
	cli_use_tree(tree_new());
	uname(&name);
	snprintf(path, sizeof(path), "lib/modules/%s/modules.dep", name.release);
	tree_file(path, "");
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		EXPECT(cli_run(lines[i]));
		EXPECT_HAS(cli_err(), "\\x1b[2J");
		EXPECT(!strchr(cli_err(), '\033'));
	}
	tree_free();
}

TEST(G3_check_refuses_what_is_nowhere_unasked_too)
{
	struct utsname name;
	char path[256];

	start_claimable();
	cli_use_tree(tree_new());
	uname(&name);
	snprintf(path, sizeof(path), "lib/modules/%s/modules.dep", name.release);
	tree_file(path, "");
	EXPECT_INT(cli_run("check 0000:01:00.0"), 0);
	mock.members[0].out_flags |= BINDERY_MEMBER_TARGET_ABSENT;
	EXPECT_INT(cli_run("check 0000:01:00.0"), 1);
	EXPECT_HAS(cli_out(), "possible: no\n");
	EXPECT_HAS(cli_err(), "no-target: driver vfio-pci is not loaded, and there is no module for it; ");
	strcpy(mock.members[0].out_target, "bindery-vfio");
	EXPECT_INT(cli_run("check --json --sealed 0000:01:00.0"), 1);
	EXPECT_TEXT(json_at(cli_json(0), "error.driver"), "bindery-vfio");
	tree_file(path, "updates/dkms/bindery_vfio.ko:\n");
	EXPECT_INT(cli_run("check --sealed 0000:01:00.0"), 0);
	tree_free();
}

TEST(G3_check_refuses_a_driver_that_is_nowhere)
{
	struct utsname name;
	char path[256];

	start_claimable();
	cli_use_tree(tree_new());
	uname(&name);
	snprintf(path, sizeof(path), "lib/modules/%s/modules.dep", name.release);
	tree_file(path, "kernel/drivers/vfio/pci/vfio-pci.ko:\n");
	EXPECT_INT(cli_run("check --json 0000:01:00.0=no_such_driver"), 1);
	EXPECT_TEXT(json_at(cli_json(0), "error.code"), "no-target");
	EXPECT_TEXT(json_at(cli_json(0), "error.driver"), "no_such_driver");
	EXPECT_INT(cli_run("check --target no_such_driver 0000:01:00.0"), 1);
	EXPECT_HAS(cli_err(), "driver no_such_driver is not loaded, and there is no module for it; check the name");
	EXPECT_INT(mock.count[MOCK_CHECK], 0);
	EXPECT_INT(cli_run("check 0000:01:00.0=vfio_pci"), 0);
	EXPECT_INT(cli_run("check 0000:01:00.0=other:vfio_pci"), 0);
	tree_free();
}
