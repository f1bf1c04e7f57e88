// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdlib.h>

#include "cli.h"

#define BDF	"0000:01:00.0"
#define DEVICE	"sys/devices/" BDF

static void start_without_probe(void)
{
	mock_reset();
	cli_use_tree(tree_new());
	tree_pci(BDF, NULL, "5");
	tree_pci("0000:02:00.0", NULL, NULL);
	tree_dir("sys/bus/pci/drivers");
	tree_dir("sys/module/vfio_pci_core/holders/vfio_pci");
	tree_file(DEVICE "/driver_override", "vfio-pci\n");
	mock.state = BINDERY_GROUP_FREE;
}

static void start(void)
{
	start_without_probe();
	tree_file("sys/bus/pci/drivers_probe", "");
}

static void finish(void)
{
	cli_use_tree(NULL);
	tree_free();
}

TEST(C10_strays_are_listed_with_the_command_that_fixes_them)
{
	start();
	EXPECT_INT(cli_run("strays"), 0);
	EXPECT_HAS(cli_out(), "count: 1");
	EXPECT_HAS(cli_out(), "bindery strays --fix " BDF);
	EXPECT_INT(cli_run("strays --json"), 0);
	EXPECT_TEXT(json_at(cli_json(0), "count"), "1");
	EXPECT_TEXT(json_at(cli_json(0), "strays.0.device"), BDF);
	EXPECT_TEXT(json_at(cli_json(0), "strays.0.reason"), "override");
	EXPECT_INT(cli_run("strays --json 0000:02:00.0"), 0);
	EXPECT_TEXT(json_at(cli_json(0), "count"), "0");
	EXPECT_INT(mock.count[MOCK_ACQUIRE], 0);
	finish();
}

TEST(C10_strays_are_fixed_when_asked)
{
	start();
	EXPECT_INT(cli_run("strays --fix --json"), 0);
	EXPECT_TEXT(json_at(cli_json(0), "device"), BDF);
	EXPECT_TEXT(json_at(cli_json(0), "fixed"), "true");
	EXPECT_INT(mock.count[MOCK_ACQUIRE], 1);
	EXPECT_INT(cli_run("strays"), 0);
	EXPECT_HAS(cli_out(), "count: 0");
	finish();
}

TEST(C10_where_there_is_nothing_to_fix_that_is_said)
{
	start();
	EXPECT_INT(cli_run("strays --fix 0000:02:00.0"), 0);
	EXPECT_TEXT(cli_out(), "count: 0\n");
	EXPECT_INT(cli_run("strays --fix --json 0000:02:00.0"), 0);
	EXPECT_TEXT(json_at(cli_json(0), "count"), "0");
	finish();
}

/* The kernel's word on the group is an older one then. */
TEST(C10_a_fix_that_fails_in_sysfs_tells_of_that)
{
	start_without_probe();
	mock_fail(MOCK_ACQUIRE, ENODEV, BINDERY_ERROR_NO_GROUP,
		  BINDERY_ERROR_CLASS_HOST, BINDERY_STEP_VALIDATE);
	EXPECT_INT(cli_run("strays --fix --json"), 1);
	EXPECT_TEXT(json_at(cli_json(0), "error.code"), "system");
	EXPECT_INT(atoi(json_at(cli_json(0), "error.errno")), ENOENT);
	finish();
}

TEST(A7_what_is_not_the_expected_device_is_not_fixed)
{
	start();
	EXPECT_INT(cli_run("strays --fix --json " BDF ",id=ffff:ffff"), 1);
	EXPECT_TEXT(json_at(cli_json(0), "error.code"), "identity");
	EXPECT_TEXT(json_at(cli_json(0), "error.device"), BDF ",id=ffff:ffff");
	EXPECT_INT(mock.count[MOCK_ACQUIRE], 0);
	EXPECT_INT(cli_run("strays --json 0000:07:00.0"), 1);
	EXPECT_TEXT(json_at(cli_json(0), "error.code"), "no-device");
	EXPECT_INT(cli_run("strays --fix " BDF ",serial=0123456789abcdef"), 1);
	EXPECT_HAS(cli_err(), "No such file");
	EXPECT_INT(cli_run("strays --fix --json " BDF ",id=8086:10d3"), 0);
	EXPECT_TEXT(json_at(cli_json(0), "fixed"), "true");
	finish();
}

TEST(C10_what_cannot_be_fixed_is_a_failure)
{
	start();
	mock_fail(MOCK_ACQUIRE, EPERM, BINDERY_ERROR_NOT_PERMITTED,
		  BINDERY_ERROR_CLASS_ASK, BINDERY_STEP_REQUEST);
	EXPECT_INT(cli_run("strays --fix --json"), 1);
	EXPECT_TEXT(json_at(cli_json(0), "fixed"), "false");
	EXPECT_TEXT(json_at(cli_json(0), "error.code"), "not-permitted");
	EXPECT_INT(cli_run("strays --fix nonsense"), 1);
	EXPECT_INT(cli_run("strays --keep"), 2);
	mock.open_errno = ENOENT;
	EXPECT_INT(cli_run("strays"), 4);
	finish();
}

TEST(C10_C9_who_has_a_stray_open_is_told)
{
	start();
	tree_dir(DEVICE "/vfio-dev/vfio0");
	tree_file("proc/77/comm", "qemu\n");
	tree_link("proc/77/fd/5", "/dev/vfio/5");
	EXPECT_INT(cli_run("strays --fix --json"), 1);
	EXPECT_TEXT(json_at(cli_json(0), "error.code"), "in-use");
	EXPECT_TEXT(json_at(cli_json(0), "users.0.pid"), "77");
	EXPECT_TEXT(json_at(cli_json(0), "users.0.comm"), "qemu");
	finish();
}

TEST(G2_each_guard_can_be_masked_by_itself)
{
	start();
	tree_file(DEVICE "/boot_vga", "1\n");
	tree_class(DEVICE "/net/eth0", "net", "eth0");
	tree_file(DEVICE "/net/eth0/flags", "0x1003\n");
	mock_member(0, "native", BINDERY_ROLE_REQUESTED, BINDERY_ACTION_MOVE);
	EXPECT_INT(cli_run("check " BDF), 1);
	EXPECT_HAS(cli_err(), "interface eth0 is up (--force=netdev)");
	EXPECT_HAS(cli_err(), "it is the boot VGA (--force=boot-vga)");
	EXPECT_INT(cli_run("check --force=netdev " BDF), 1);
	EXPECT(!strstr(cli_err(), "eth0"));
	EXPECT_HAS(cli_err(), "boot VGA");
	EXPECT_INT(cli_run("check --force=netdev,boot-vga " BDF), 0);
	EXPECT_INT(cli_run("check -fnetdev -f boot-vga " BDF), 1);
	EXPECT_INT(cli_run("check --force " BDF), 0);
	EXPECT_INT(cli_run("check --force=netdev,lunch " BDF), 2);
	EXPECT_TEXT(cli_err(),
		    "bindery check: 'netdev,lunch' is not a list of uses: mount, swap, holder, netdev, boot-vga, address, default-route, display, open\n"
		    "Try 'bindery help check'.\n");
	EXPECT_INT(cli_run("check --force= " BDF), 2);
	EXPECT_INT(cli_run("check --force=netdev --force= " BDF), 2);
	EXPECT_INT(cli_run("check --force=signature " BDF), 2);
	EXPECT_INT(cli_run("check --force=netdev --force=boot-vga " BDF), 0);
	EXPECT_INT(cli_run("strays --deadline 1"), 2);
	EXPECT_HAS(cli_err(), "--deadline needs --fix");
	EXPECT_INT(cli_run("strays --deadline 1 --fix 0000:02:00.0"), 0);
	EXPECT_INT(cli_run("acquire --force=netdev " BDF), 1);
	EXPECT_INT(mock.count[MOCK_ACQUIRE], 0);
	finish();
}

TEST(U10_owner_and_mode_have_to_make_sense)
{
	start();
	EXPECT_INT(cli_run("acquire --owner nobody-of-that-name " BDF), 2);
	EXPECT_INT(cli_run("acquire --owner 1:x1 " BDF), 2);
	EXPECT_INT(cli_run("acquire --mode 8 " BDF), 2);
	EXPECT_INT(cli_run("acquire --mode 1777 " BDF), 2);
	EXPECT_INT(mock.count[MOCK_ACQUIRE], 0);
	finish();
}

TEST(G3_a_target_is_sent_by_the_name_that_the_kernel_has)
{
	start();
	tree_file(DEVICE "/driver_override", "(null)\n");
	tree_dir("sys/bus/pci/drivers/some-vfio-pci");
	mock_member(0, "native", BINDERY_ROLE_REQUESTED, BINDERY_ACTION_MOVE);
	EXPECT_INT(cli_run("check " BDF "=some_vfio_pci"), 0);
	EXPECT_TEXT(mock.devices[0].target, "some-vfio-pci");
	EXPECT_INT(cli_run("check --driver some_vfio_pci " BDF), 0);
	EXPECT_TEXT(mock.acquire.target, "some-vfio-pci");
	EXPECT_INT(cli_run("check " BDF), 0);
	EXPECT_TEXT(mock.devices[0].target, "");
	finish();
}
