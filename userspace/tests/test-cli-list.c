// SPDX-License-Identifier: GPL-2.0-or-later
/* bindery list. */
#include <errno.h>

#include "cli.h"

static void start(void)
{
	mock_reset();
	cli_use_tree(NULL);
}

TEST(U2_list_groups_devices_without_the_module)
{
	start();
	mock.open_errno = ENOENT;
	cli_use_tree(tree_new());
	tree_pci("0000:01:00.0", "e1000e", "12");
	tree_pci("0000:02:00.0", NULL, "7");
	tree_pci("0000:03:00.0", "nvme", "12");
	tree_pci("0000:04:00.0", "ahci", NULL);
	EXPECT_INT(cli_run("list"), 0);
	EXPECT_HAS(cli_err(), "modprobe bindery");
	EXPECT_HAS(cli_out(), "group 12\n");
	EXPECT_HAS(cli_out(), "ungrouped:\n");
	EXPECT_HAS(strstr(cli_out(), "ungrouped:"), "0000:04:00.0  ahci");
	EXPECT(!strstr(cli_err(), "IOMMU"));
	EXPECT_INT(cli_run("list --json"), 0);
	EXPECT_TEXT(json_at(cli_json(0), "module"), "false");
	EXPECT_TEXT(json_at(cli_json(0), "groups.0.group"), "7");
	EXPECT_TEXT(json_at(cli_json(0), "groups.1.group"), "12");
	EXPECT_TEXT(json_at(cli_json(0), "groups.1.devices.1.driver"), "nvme");
	EXPECT(!json_at(cli_json(0), "groups.1.state"));
	EXPECT(!json_at(cli_json(0), "groups.2.group"));
	EXPECT_TEXT(json_at(cli_json(0), "ungrouped.0.device"), "0000:04:00.0");
	EXPECT(!json_at(cli_json(0), "ungrouped.1"));
	tree_free();
}

TEST(U2_list_tells_what_is_missing_without_an_IOMMU)
{
	start();
	cli_use_tree(tree_new());
	tree_pci("0000:04:00.0", "ahci", NULL);
	EXPECT_INT(cli_run("list"), 0);
	EXPECT_HAS(cli_out(), "0000:04:00.0  ahci");
	EXPECT_HAS(cli_err(), "switch the IOMMU on");
	EXPECT_INT(cli_run("list --driver none"), 0);
	EXPECT(!strstr(cli_out(), "ahci"));
	EXPECT_HAS(cli_err(), "switch the IOMMU on");
	tree_free();
}

TEST(U2_list_tells_where_there_is_nothing_at_all)
{
	start();
	cli_use_tree(tree_new());
	tree_dir("sys/bus/pci/devices");
	EXPECT_INT(cli_run("list"), 0);
	EXPECT_TEXT(cli_out(), "module: yes\n");
	EXPECT_TEXT(cli_err(), "bindery: there are no PCI devices\n");
	EXPECT_INT(cli_run("list --json"), 0);
	EXPECT_TEXT(cli_out(),
		    "{\"module\":true,\"groups\":[],\"ungrouped\":[]}\n");
	tree_free();
}

TEST(U2_list_tells_states_and_holders_with_the_module)
{
	start();
	mock.state = BINDERY_GROUP_HELD;
	mock.num_claims = 1;
	cli_use_tree(tree_new());
	tree_pci("0000:01:00.0", "vfio-pci", "5");
	EXPECT_INT(cli_run("list"), 0);
	EXPECT_TEXT(cli_err(), "");
	EXPECT_HAS(cli_out(), "group 5  state held  claims 1  holder pid 4711");
	EXPECT_INT(cli_run("list --json"), 0);
	EXPECT_TEXT(json_at(cli_json(0), "groups.0.holder.label"),
		    "vm 1");
	tree_free();
}
