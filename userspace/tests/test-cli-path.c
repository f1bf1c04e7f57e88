// SPDX-License-Identifier: GPL-2.0-or-later
/* The verbs that need no module, and the names of the host's. */
#include <errno.h>
#include <stdio.h>

#include "cli.h"

static void put(const char *place, const char *bdf, const char *group)
{
	char path[256], target[256];

	snprintf(path, sizeof(path), "sys/devices/pci0000:00/%s%s/class", place,
		 bdf);
	tree_file(path, "0x020000\n");
	snprintf(path, sizeof(path), "sys/devices/pci0000:00/%s%s/iommu_group",
		 place, bdf);
	tree_link(path, group);
	snprintf(path, sizeof(path), "sys/bus/pci/devices/%s", bdf);
	snprintf(target, sizeof(target), "../../../devices/pci0000:00/%s%s",
		 place, bdf);
	tree_link(path, target);
}

static void start(void)
{
	mock_reset();
	mock_member(0, "e1000e", BINDERY_ROLE_REQUESTED, BINDERY_ACTION_MOVE);
	cli_use_tree(tree_new());
	tree_link("sys/class/pci_bus/0000:00",
		  "../../devices/pci0000:00/pci_bus/0000:00");
	put("", "0000:00:02.0", "1");
	put("0000:00:02.0/", "0000:01:00.0", "5");
	put("0000:00:02.0/", "0000:01:00.1", "5");
	tree_file("sys/bus/pci/devices/0000:00:02.0/class", "0x060400\n");
	tree_link("sys/class/net/eth0",
		  "../../devices/pci0000:00/0000:00:02.0/0000:01:00.0/net/eth0");
	tree_link("sys/class/net/eth1",
		  "../../devices/pci0000:00/0000:00:02.0/0000:01:00.1/net/eth1");
	tree_link("sys/class/net/bond0", "../../devices/virtual/net/bond0");
	tree_link("sys/devices/virtual/net/bond0/lower_eth0", "../eth0");
	tree_link("sys/devices/virtual/net/bond0/lower_eth1", "../eth1");
}

static void finish(void)
{
	cli_use_tree(NULL);
	tree_free();
}

TEST(A1_path_tells_both_directions_without_the_module)
{
	start();
	mock.open_errno = ENOENT;
	EXPECT_INT(cli_run("path -j 01:00.1 02/00 eth0 0000:00/02"), 0);
	EXPECT_TEXT(json_at(cli_json(0), "paths.0.path"), "0000:00/02/00.1");
	EXPECT_TEXT(json_at(cli_json(0), "paths.1.device"), "0000:01:00.0");
	EXPECT_TEXT(json_at(cli_json(0), "paths.2.path"), "0000:00/02/00");
	EXPECT_TEXT(json_at(cli_json(0), "paths.3.device"), "0000:00:02.0");
	EXPECT_INT(cli_run("path 0000:01:00.1"), 0);
	EXPECT_HAS(cli_out(), "0000:01:00.1  0000:00/02/00.1\n");
	EXPECT_TEXT(cli_err(), "");
	finish();
}

TEST(A1_path_tells_nothing_if_one_cannot_be_told)
{
	start();
	EXPECT_INT(cli_run("path 01:00.1 01:00.2"), 1);
	EXPECT_HAS(cli_err(), "01:00.2: resolve: no-device: there is no such device");
	EXPECT_TEXT(cli_out(), "");
	EXPECT_INT(cli_run("path 02/01"), 1);
	put("", "0000:07:00.2", "8");
	tree_link("sys/bus/pci/devices/0000:07:00.2/physfn", "../0000:01:00.1");
	EXPECT_INT(cli_run("path 07:00.2"), 1);
	EXPECT_HAS(cli_err(), "no path leads to this device");
	tree_link("sys/class/pci_bus/0000:40",
		  "../../devices/pci0000:40/pci_bus/0000:40");
	EXPECT_INT(cli_run("path 02/00"), 1);
	EXPECT_HAS(cli_err(), "this machine has several");
	EXPECT_INT(cli_run("path"), 2);
	finish();
}

TEST(A7_path_and_pictures_look_at_what_is_expected)
{
	static const char *const lines[] = {
		"path -j 01:00.1,id=8086:10d4", "show --tree 01:00.1,id=8086:10d4",
		"show --dot 01:00.1,id=8086:10d4", "show --svg eth1,id=8086:10d4",
	};

	start();
	tree_file("sys/bus/pci/devices/0000:01:00.1/vendor", "0x8086\n");
	tree_file("sys/bus/pci/devices/0000:01:00.1/device", "0x10d3\n");
	EXPECT_INT(cli_run("path eth1,id=8086:10d3"), 0);
	for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++) {
		EXPECT_INT(cli_run(lines[i]), 1);
		if (i)
			EXPECT_HAS(cli_err(), ": resolve: identity: ");
		else
			EXPECT_TEXT(json_at(cli_json(0), "error.code"),
				    "identity");
	}
	EXPECT_INT(cli_run("show --tree 01:00.7"), 1);
	EXPECT_HAS(cli_err(), "01:00.7: resolve: no-device: ");
	finish();
}

TEST(U2_a_device_that_is_not_there_is_told_by_the_path_it_was_named_by)
{
	static const char *const lines[] = {
		"acquire 0000:00/1f/00", "exec 0000:00/1f/00 -- true",
		"release 0000:00/1f/00", "delegate 0000:00/1f/00 -- true",
		"mark 0000:00/1f/00 reserve",
	};

	start();
	for (int call = 0; call < MOCK_CALLS; call++)
		if (call != MOCK_INFO)
			mock_fail(call, ENODEV, BINDERY_ERROR_NO_DEVICE,
				  BINDERY_ERROR_CLASS_ASK,
				  BINDERY_STEP_RESOLVE);
	mock.error.out_flags = BINDERY_ERROR_HAS_DEVICE;
	for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++) {
		cli_run(lines[i]);
		EXPECT_HAS(cli_err(), "bindery: 0000:00/1f/00: resolve: no-device: ");
	}
	finish();
}

TEST(A6_names_of_the_host_are_taken_by_every_verb)
{
	static const char *const lines[] = {
		"check eth1", "acquire --keep eth1", "show eth1",
		"exec eth1 -- true", "adopt --keep eth1",
	};

	start();
	for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++) {
		cli_run(lines[i]);
		EXPECT_INT(mock.devices[0].address, BINDERY_ADDRESS_BDF);
		EXPECT_INT(mock.devices[0].bdf.bus, 1);
		EXPECT_INT(mock.devices[0].bdf.function, 1);
		memset(&mock.devices[0], 0, sizeof(mock.devices[0]));
	}
	EXPECT_INT(cli_run("check vf:eth1:3"), 0);
	EXPECT_INT(mock.devices[0].address, BINDERY_ADDRESS_VF);
	EXPECT_INT(mock.devices[0].bdf.function, 1);
	EXPECT_INT(mock.devices[0].vf, 3);
	finish();
}

TEST(A6_what_is_ambiguous_is_refused_and_the_candidates_listed)
{
	static const char *const names[] = {
		"bond0", "group:5", "5", "/dev/vfio/5", "vf:bond0:1",
	};
	char line[64];

	start();
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		snprintf(line, sizeof(line), "check %s", names[i]);
		EXPECT_INT(cli_run(line), 1);
		EXPECT_HAS(cli_err(), "address: it means several devices: 0000:01:00.0, 0000:01:00.1; name the one");
	}
	EXPECT_INT(mock.count[MOCK_CHECK], 0);
	EXPECT_INT(cli_run("check group:9"), 1);
	EXPECT_HAS(cli_err(), "no PCI device has this name");
	EXPECT_INT(cli_run("check group:x"), 1);
	EXPECT_HAS(cli_err(), "see DEVICES in bindery(8)");
	finish();
}

TEST(A6_where_the_group_is_meant_any_device_of_it_will_do)
{
	start();
	EXPECT_INT(cli_run("show group:5"), 0);
	EXPECT_INT(mock.devices[0].bdf.bus, 1);
	EXPECT_INT(cli_run("show 5"), 0);
	EXPECT_INT(cli_run("show bond0"), 0);
	EXPECT_INT(cli_run("show 1"), 0);
	EXPECT_INT(mock.devices[0].bdf.slot, 2);
	/* Devices of two groups are not one. */
	tree_link("sys/class/net/5",
		  "../../devices/pci0000:00/0000:00:02.0/net/5");
	EXPECT_INT(cli_run("show 5"), 1);
	EXPECT_HAS(cli_err(), "0000:00:02.0, 0000:01:00.0, 0000:01:00.1");
	EXPECT_INT(cli_run("show group:5"), 0);
	finish();
}

TEST(A3_wait_has_an_exit_status_for_each_thing_that_lacks)
{
	start();
	mock.open_errno = ENOENT;
	EXPECT_INT(cli_run("wait -d 0.01 02/01"), 5);
	EXPECT_HAS(cli_err(), "bindery: 02/01: absent: the device is not there");
	EXPECT_INT(cli_run("wait -d 0.01 02/00"), 0);
	EXPECT_HAS(cli_out(), "state: ready");
	EXPECT_INT(cli_run("wait -d 0.01 --driver any 02/00"), 6);
	EXPECT_HAS(cli_err(), "no-driver: the device is there, without a driver");
	EXPECT_INT(cli_run("wait -d 0.01 --node 02/00"), 6);
	tree_link("sys/bus/pci/devices/0000:01:00.0/driver",
		  "../drivers/e1000e");
	EXPECT_INT(cli_run("wait -d 0.01 --driver any 02/00"), 0);
	EXPECT_INT(cli_run("wait -d 0.01 --driver nvme 02/00"), 6);
	EXPECT_HAS(cli_err(), "other-driver");
	EXPECT_INT(cli_run("wait -d 0.01 --driver e1000e --node -j 02/00"), 7);
	EXPECT_TEXT(json_at(cli_json(0), "state"), "no-node");
	EXPECT_TEXT(json_at(cli_json(0), "error.code"), "no-node");
	tree_class("sys/bus/pci/devices/0000:01:00.0/net/eth0", "net", "ethx");
	EXPECT_INT(cli_run("wait -d 0.01 --driver e1000e --node -j 02/00"), 0);
	EXPECT_TEXT(json_at(cli_json(0), "node"), "eth0");
	EXPECT_TEXT(json_at(cli_json(0), "device"), "0000:01:00.0");
	EXPECT_INT(cli_run("wait nosuch"), 1);
	EXPECT_HAS(cli_err(), "nosuch: request: address: ");
	EXPECT_INT(cli_run("wait 02/00 02/01"), 2);
	EXPECT_INT(cli_run("wait 02/00,id=8086:10d3"), 2);
	EXPECT_INT(cli_run("help wait"), 0);
	EXPECT_HAS(cli_out(), "vf:0000:01:00.0:2.\n");
	EXPECT_INT(cli_run("help path"), 0);
	EXPECT_HAS(cli_out(), ",id=8086:10d3");
	EXPECT_INT(cli_run("wait --deadline x 02/00"), 2);
	finish();
}

TEST(A5_list_filters_and_A8_groups_functions_of_a_slot)
{
	start();
	EXPECT_INT(cli_run("list -j --eligible"), 0);
	EXPECT_TEXT(json_at(cli_json(0), "groups.0.group"), "5");
	EXPECT_TEXT(json_at(cli_json(0),
			    "groups.0.devices.1.slot_functions.0"),
		    "0000:01:00.0");
	EXPECT_TEXT(json_at(cli_json(0),
			    "groups.0.devices.1.slot_functions.1"),
		    "0000:01:00.1");
	EXPECT(!json_at(cli_json(0), "groups.1"));
	EXPECT_INT(cli_run("list -j --class 0604"), 0);
	EXPECT_TEXT(json_at(cli_json(0), "groups.0.group"), "1");
	EXPECT_INT(cli_run("list -j --driver nvme"), 0);
	EXPECT(!json_at(cli_json(0), "groups.0"));
	tree_link("sys/bus/pci/devices/0000:01:00.1/driver",
		  "../../drivers/virtio-pci");
	EXPECT_INT(cli_run("list -j --driver virtio_pci"), 0);
	EXPECT_TEXT(json_at(cli_json(0), "groups.0.devices.0.device"),
		    "0000:01:00.1");
	EXPECT_INT(cli_run("list --numa x"), 2);
	EXPECT_INT(cli_run("list --vendor="), 2);
	finish();
}

TEST(A9_show_and_check_tell_what_sysfs_knows_of_members)
{
	static const char *const lines[] = {
		"show -j 01:00.0", "check -j 01:00.0",
	};

	start();
	put("0000:00:02.0/", "0000:01:01.0", "6");
	tree_file("sys/bus/pci/devices/0000:01:00.0/reset_method", "flr bus\n");
	tree_file("sys/bus/pci/devices/0000:01:00.0/numa_node", "1\n");
	for (size_t i = 0; i < 2; i++) {
		EXPECT_INT(cli_run(lines[i]), 0);
		EXPECT_TEXT(json_at(cli_json(0), "members.0.numa"), "1");
		EXPECT_TEXT(json_at(cli_json(0), "members.0.resets.0"), "flr");
		EXPECT_TEXT(json_at(cli_json(0), "members.0.resets.1"), "bus");
		EXPECT_TEXT(json_at(cli_json(0), "members.0.bus_reset_hits.0"),
			    "0000:01:01.0");
		EXPECT(!json_at(cli_json(0), "members.0.bus_reset_hits.1"));
		EXPECT_TEXT(json_at(cli_json(0), "members.0.slot_functions.1"),
			    "0000:01:00.1");
		EXPECT(!json_at(cli_json(0), "members.0.msix"));
	}
	EXPECT_INT(cli_run("show 01:00.0"), 0);
	EXPECT_HAS(cli_out(), "BUS-RESET-HITS");
	finish();
}
