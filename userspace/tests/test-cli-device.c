// SPDX-License-Identifier: GPL-2.0-or-later
/* How devices are written on a command line, and what becomes of it. */
#include <errno.h>
#include <stdio.h>

#include "cli.h"

static void start(void)
{
	mock_reset();
	mock_member(0, "e1000e", BINDERY_ROLE_REQUESTED, BINDERY_ACTION_MOVE);
	cli_use_tree(NULL);
}

static void put_root(const char *bus)
{
	char link[64], target[64];

	snprintf(link, sizeof(link), "sys/class/pci_bus/%s", bus);
	snprintf(target, sizeof(target), "../../devices/pci%s/pci_bus/%s", bus,
		 bus);
	tree_link(link, target);
}

TEST(A1_a_path_with_its_root_bus_is_taken_as_it_is)
{
	start();
	EXPECT_INT(cli_run("check 0001:80/02.1/00"), 0);
	EXPECT_INT(mock.devices[0].address, BINDERY_ADDRESS_PATH);
	EXPECT_INT(mock.devices[0].bdf.domain, 1);
	EXPECT_INT(mock.devices[0].bdf.bus, 0x80);
	EXPECT_INT(mock.devices[0].num_steps, 2);
	EXPECT_INT(mock.devices[0].steps[0], 0x11);
	EXPECT_INT(cli_run("show path:0000:00/02"), 0);
	EXPECT_INT(mock.devices[0].address, BINDERY_ADDRESS_PATH);
	EXPECT_INT(mock.devices[0].num_steps, 1);
}

TEST(A1_a_path_without_a_root_bus_gets_the_only_one)
{
	start();
	cli_use_tree(tree_new());
	EXPECT_INT(cli_run("show 02.1/00"), 1);
	EXPECT_HAS(cli_err(), "bindery: 02.1/00: request: address: the path has no root bus, and none can be found");
	put_root("0000:40");
	EXPECT_INT(cli_run("show 02.1/00"), 0);
	EXPECT_INT(mock.devices[0].bdf.bus, 0x40);
	EXPECT_INT(cli_run("show path:1f"), 0);
	EXPECT_INT(mock.devices[0].steps[0], 0xf8);
	put_root("0001:00");
	EXPECT_INT(cli_run("show 02.1/00"), 1);
	EXPECT_HAS(cli_err(), "this machine has several");
	EXPECT_HAS(cli_err(), "begin it with one, as in 0000:00/01/00");
	EXPECT_INT(cli_run("show 0001:00/02.1/00"), 0);
	tree_free();
}

TEST(A4_a_VF_is_named_by_its_PF_and_index)
{
	start();
	cli_use_tree(tree_new());
	EXPECT_INT(cli_run("check vf:0001:02:03.4:5"), 0);
	EXPECT_INT(mock.devices[0].address, BINDERY_ADDRESS_VF);
	EXPECT_INT(mock.devices[0].bdf.domain, 1);
	EXPECT_INT(mock.devices[0].bdf.function, 4);
	EXPECT_INT(mock.devices[0].vf, 5);
	EXPECT_INT(cli_run("check vf:02:03.4:127=igbvf_vfio:m"), 0);
	EXPECT_INT(mock.devices[0].bdf.domain, 0);
	EXPECT_INT(mock.devices[0].vf, 127);
	EXPECT_TEXT(mock.devices[0].target, "igbvf_vfio");
	EXPECT_TEXT(mock.devices[0].module, "m");
	tree_free();
}

TEST(A7_what_a_device_has_to_be_is_checked_by_the_kernel)
{
	start();
	cli_use_tree(tree_new());
	EXPECT_INT(cli_run("check 01:00.0,id=8086:10D3,subsystem=1af4:1100,serial=00-15-17-ff-fe-12-34-56=vfio-pci"), 0);
	EXPECT_INT(mock.devices[0].address, BINDERY_ADDRESS_BDF);
	EXPECT_INT(mock.devices[0].flags, BINDERY_EXPECT_ID |
		   BINDERY_EXPECT_SUBSYSTEM | BINDERY_EXPECT_SERIAL);
	EXPECT_INT(mock.devices[0].vendor, 0x8086);
	EXPECT_INT(mock.devices[0].device_id, 0x10d3);
	EXPECT_INT(mock.devices[0].subsystem_vendor, 0x1af4);
	EXPECT_INT(mock.devices[0].subsystem_device, 0x1100);
	EXPECT_INT(mock.devices[0].serial, 0x001517fffe123456);
	EXPECT_TEXT(mock.devices[0].target, "vfio-pci");
	EXPECT_INT(cli_run("show 01:00.0,serial=ffffffffffffffff"), 0);
	EXPECT_INT(mock.devices[0].flags, BINDERY_EXPECT_SERIAL);
	EXPECT(mock.devices[0].serial == UINT64_MAX);
	EXPECT_INT(cli_run("show 01:00.0,id=8086:10d3"), 0);
	EXPECT_INT(mock.devices[0].flags, BINDERY_EXPECT_ID);
	tree_free();
}

TEST(A7_another_device_is_told_as_such)
{
	start();
	mock_fail(MOCK_CHECK, ENODEV, BINDERY_ERROR_IDENTITY,
		  BINDERY_ERROR_CLASS_ASK, BINDERY_STEP_RESOLVE);
	EXPECT_INT(cli_run("check 01:00.0,id=8086:10d3"), 1);
	EXPECT_HAS(cli_err(), "resolve: identity: the device at this address is not the expected one");
}

TEST(A6_it_is_told_what_is_wrong_with_a_device)
{
	char line[640];

	start();
	EXPECT_INT(cli_run("show 01:00.0,foo=1"), 1);
	EXPECT_HAS(cli_err(), "01:00.0,foo=1: request: address: what follows a comma is no check; write it as id=");
	EXPECT_INT(cli_run("show 01:00.0=vfio-pci"), 1);
	EXPECT_HAS(cli_err(), "address: this verb takes no driver; leave out what begins with '='\n");
	snprintf(line, sizeof(line), "show %0600d", 0);
	EXPECT_INT(cli_run(line), 1);
	EXPECT_HAS(cli_err(), "address: it is longer than 511 bytes; ");
	/* What cannot be looked up is not malformed. */
	cli_fail_host(EMFILE);
	EXPECT_INT(cli_run("show eth0"), 1);
	EXPECT_TEXT(cli_err(), "bindery: system: eth0: Too many open files\n");
	cli_fail_host(0);
}

TEST(A6_malformed_devices_are_refused_and_named)
{
	static const char *const malformed[] = {
		"vf:", "vf:01:00.0", "vf:01:00.0:", "vf:01:00.0:x",
		"vf:01:00.0:-1", "vf:01:00.0:70000", "vf:0000:00/01:1",
		"path:", "path:0000:00", "0000:00/", "0000:00/20", "00/00.8",
		"01:00.0,", "01:00.0,id", "01:00.0,id=", "01:00.0,id=8086",
		"01:00.0,id=8086:", "01:00.0,id=8086:10d", "01:00.0,id=8086:10d33",
		"01:00.0,id=08086:10d3", "01:00.0,class=020000",
		"01:00.0,serial=1", "01:00.0,serial=00-15-17-ff-fe-12-34",
		"01:00.0,serial=00151-7fffe123456", "01:00.0,=8086:10d3",
		"01:00.0,serial=001517fffe1234567", "01:00.0=vfio-pci",
	};
	char line[128];

	start();
	for (size_t i = 0; i < sizeof(malformed) / sizeof(*malformed); i++) {
		snprintf(line, sizeof(line), "show %s", malformed[i]);
		if (cli_run(line) != 1)
			test_fail(__FILE__, __LINE__, "'%s'", malformed[i]);
		EXPECT_HAS(cli_err(), "request: address: ");
	}
	EXPECT_INT(mock.count[MOCK_SHOW], 0);
	EXPECT_HAS(cli_err(), "bindery: 01:00.0: request");
	EXPECT_HAS(cli_err(), "leave out what begins");
}

TEST(G2_what_the_host_uses_is_found_behind_a_path_too)
{
	start();
	mock_fail(MOCK_CHECK, EBUSY, BINDERY_ERROR_BUSY,
		  BINDERY_ERROR_CLASS_RETRY, BINDERY_STEP_RESERVE);
	cli_use_tree(tree_new());
	tree_dir("sys/devices/pci0000:00/0000:01:00.0");
	tree_link("sys/bus/pci/devices/0000:01:00.0",
		  "../../../devices/pci0000:00/0000:01:00.0");
	tree_class("sys/devices/pci0000:00/0000:01:00.0/net/eth0", "net",
		   "eth0");
	tree_file("sys/devices/pci0000:00/0000:01:00.0/net/eth0/flags",
		  "0x1003\n");
	EXPECT_INT(cli_run("exec 0000:00/00 -- true"), 125);
	EXPECT_HAS(cli_err(), "eth0 is up");
	EXPECT_INT(cli_run("exec 0000:00/01 -- true"), 0);
	tree_free();
}

TEST(A1_list_tells_paths)
{
	start();
	cli_use_tree(tree_new());
	tree_dir("sys/devices/pci0000:00/0000:00:02.0/0000:01:00.0");
	tree_link("sys/bus/pci/devices/0000:01:00.0",
		  "../../../devices/pci0000:00/0000:00:02.0/0000:01:00.0");
	tree_link("sys/devices/pci0000:00/0000:00:02.0/0000:01:00.0/iommu_group",
		  "../../kernel/iommu_groups/5");
	EXPECT_INT(cli_run("list"), 0);
	EXPECT_HAS(cli_out(), "PATH");
	EXPECT_HAS(cli_out(), "0000:00/02/00");
	EXPECT_INT(cli_run("list --json"), 0);
	EXPECT_TEXT(json_at(cli_json(0), "groups.0.devices.0.path"),
		    "0000:00/02/00");
	tree_free();
}
