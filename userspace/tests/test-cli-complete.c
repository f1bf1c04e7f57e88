// SPDX-License-Identifier: GPL-2.0-or-later
/* What the tool offers to the shells: a word and what it is, on a line. */
#include "cli.h"

static void start(void)
{
	mock_reset();
	cli_use_tree(tree_new());
	tree_pci("0000:01:00.0", "e1000e", "5");
}

static void finish(void)
{
	cli_use_tree(NULL);
	tree_free();
}

TEST(U2_drivers_are_offered_by_what_they_are)
{
	start();
	tree_pci("0000:02:00.0", "xe-guest", "6");
	tree_pci("0000:03:00.0", "myvfio-host", "7");
	tree_dir("sys/module/vfio_pci_core/holders/xe_guest");
	tree_dir("sys/module/myvfio_host/holders");
	EXPECT_INT(cli_run("complete acquire --target x"), 0);
	EXPECT_TEXT(cli_out(), "xe-guest\ta driver in use\n");
	EXPECT_INT(cli_run("complete acquire --target m"), 0);
	EXPECT_TEXT(cli_out(), "");
	EXPECT_INT(cli_run("complete adopt --native x"), 0);
	EXPECT_TEXT(cli_out(), "");
	EXPECT_INT(cli_run("complete adopt --native m"), 0);
	EXPECT_TEXT(cli_out(), "myvfio-host\ta driver in use\n");
	EXPECT_INT(cli_run("complete adopt --native no"), 0);
	EXPECT_TEXT(cli_out(), "none\tno driver\n");
	finish();
}

TEST(U2_what_is_offered_has_no_control_characters)
{
	start();
	tree_pci("0000:02:00.0", "odd\033\n", "6");
	EXPECT_INT(cli_run("complete adopt --native o"), 0);
	EXPECT_TEXT(cli_out(), "odd\\x1b\\x0a\ta driver in use\n");
	EXPECT_INT(cli_run("complete path 02:"), 0);
	EXPECT_TEXT(cli_out(), "02:00.0\todd\\x1b\\x0a, group 6\n");
	finish();
}

TEST(C5_claims_are_offered_with_their_labels)
{
	start();
	EXPECT_INT(cli_run("complete release 0011"), 0);
	EXPECT_TEXT(cli_out(), "");
	mock.num_claims = 1;
	EXPECT_INT(cli_run("complete release 0011"), 0);
	EXPECT_TEXT(cli_out(), MOCK_ID "\tvm 1\n");
	EXPECT_INT(cli_run("complete mark --claim 0011"), 0);
	EXPECT_TEXT(cli_out(), MOCK_ID "\tvm 1\n");
	finish();
}

TEST(U2_each_driver_is_offered_once)
{
	start();
	tree_pci("0000:02:00.0", "e1000e", "6");
	EXPECT_INT(cli_run("complete adopt --native e"), 0);
	EXPECT_TEXT(cli_out(), "e1000e\ta driver in use\n");
	EXPECT_INT(cli_run("complete list --driver e"), 0);
	EXPECT_TEXT(cli_out(), "e1000e\ta driver in use\n");
	EXPECT_INT(cli_run("complete list --driver n"), 0);
	EXPECT_TEXT(cli_out(), "none\tno driver\n");
	EXPECT_INT(cli_run("complete wait --driver a"), 0);
	EXPECT_TEXT(cli_out(), "any\twhichever\n");
	finish();
}

TEST(U2_values_are_offered_in_each_way_that_they_are_written)
{
	start();
	EXPECT_INT(cli_run("complete acquire --target=vfi"), 0);
	EXPECT_HAS(cli_out(), "--target=vfio-pci\t");
	EXPECT_INT(cli_run("complete acquire --force=netdev,sw"), 0);
	EXPECT_TEXT(cli_out(), "--force=netdev,swap\ta use by the host\n");
	EXPECT_INT(cli_run("complete acquire --force=sig"), 0);
	EXPECT_TEXT(cli_out(), "");
	EXPECT_INT(cli_run("complete delegate --ops show,ope"), 0);
	EXPECT_HAS(cli_out(), "show,open-claim\t");
	EXPECT_INT(cli_run("complete acquire --label=x"), 0);
	EXPECT_TEXT(cli_out(), "");
	EXPECT_INT(cli_run("complete acquire --nothing=x"), 0);
	EXPECT_TEXT(cli_out(), "");
	finish();
}

TEST(U2_where_no_group_is_needed_every_device_is_offered)
{
	start();
	tree_pci("0000:02:00.0", NULL, NULL);
	tree_pci("0000:03:00.0", "pcieport", "6");
	tree_file("sys/devices/0000:03:00.0/class", "0x060400\n");
	EXPECT_INT(cli_run("complete path 0000:0"), 0);
	EXPECT_TEXT(cli_out(), "0000:01:00.0\te1000e, group 5\n"
		    "0000:02:00.0\tno driver\n"
		    "0000:03:00.0\tpcieport, group 6\n");
	EXPECT_INT(cli_run("complete wait 0000:02"), 0);
	EXPECT_TEXT(cli_out(), "0000:02:00.0\tno driver\n");
	EXPECT_INT(cli_run("complete acquire 0000:0"), 0);
	EXPECT_TEXT(cli_out(), "0000:01:00.0\te1000e, group 5\n");
	EXPECT_INT(cli_run("complete delegate 0000:01:00.0 0000:0"), 0);
	EXPECT_TEXT(cli_out(), "0000:01:00.0\te1000e, group 5\n");
	finish();
}

TEST(U2_options_are_offered_with_what_they_do)
{
	start();
	EXPECT_INT(cli_run("complete check --sea"), 0);
	EXPECT_TEXT(cli_out(),
		    "--sealed\ttake bindery-vfio, which nobody can unbind, instead of vfio-pci\n");
	EXPECT_INT(cli_run("complete exec --holders"), 0);
	EXPECT_HAS(cli_out(), "--holders-only\t");
	EXPECT_INT(cli_run("complete adopt --sea"), 0);
	EXPECT_TEXT(cli_out(), "");
	finish();
}
