// SPDX-License-Identifier: GPL-2.0-or-later
/* Pictures of the PCI tree. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"

#define ROOT	"sys/devices/pci0000:00/"

static void put(const char *dir, const char *name, const char *text)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	tree_file(path, text);
}

static void put_link(const char *dir, const char *name, const char *target)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	tree_link(path, target);
}

/* At @path below sys/devices, which ends with its BDF. */
static void add(const char *path, const char *class_code, const char *driver,
		const char *group)
{
	const char *bdf = strrchr(path, '/') + 1;
	char dir[128], target[160], link[64];

	snprintf(dir, sizeof(dir), "sys/devices/%s", path);
	snprintf(target, sizeof(target), "../../../devices/%s", path);
	snprintf(link, sizeof(link), "sys/bus/pci/devices/%s", bdf);
	tree_dir(dir);
	put(dir, "class", class_code);
	put(dir, "driver_override", "(null)\n");
	if (driver) {
		snprintf(target, sizeof(target), "bus/pci/drivers/%s", driver);
		put_link(dir, "driver", target);
	}
	if (group) {
		snprintf(target, sizeof(target), "iommu_groups/%s", group);
		put_link(dir, "iommu_group", target);
	}
	snprintf(target, sizeof(target), "../../../devices/%s", path);
	tree_link(link, target);
}

/* Function 0 and 2 of group 5 behind one port, an NVMe behind another. */
static void start(void)
{
	mock_reset();
	cli_use_tree(tree_new());
	add("pci0000:00/0000:00:00.0", "0x060000", NULL, NULL);
	add("pci0000:00/0000:00:01.0", "0x060400", "pcieport", NULL);
	add("pci0000:00/0000:00:01.0/0000:01:00.0", "0x020000", "e1000e", "5");
	add("pci0000:00/0000:00:01.0/0000:01:00.2", "0x0c0330", NULL, "5");
	add("pci0000:00/0000:00:02.0", "0x060400", "pcieport", NULL);
	add("pci0000:00/0000:00:02.0/0000:02:00.0", "0x010802", "nvme", NULL);
	setenv("LC_ALL", "C.UTF-8", 1);
	unsetenv("NO_COLOR");
}

static void start_held(void)
{
	start();
	mock_member(0, "vfio-pci", BINDERY_ROLE_REQUESTED, BINDERY_ACTION_MOVE);
	mock_member(2, "", BINDERY_ROLE_PARKED, BINDERY_ACTION_PARK);
	strcpy(mock.members[0].out_native_driver, "e1000e");
	mock.state = BINDERY_GROUP_HELD;
	mock.num_claims = 1;
}

TEST(U4_the_tree_has_devices_below_their_bridges)
{
	start();
	EXPECT_INT(cli_run("show --tree"), 0);
	EXPECT_TEXT(cli_out(),
		"0000:00  root bus\n"
		"├─ 00:00.0     host bridge\n"
		"├─ 00:01.0     PCI bridge   pcieport\n"
		"│  ├─ 01:00.0  Ethernet     e1000e     ┐ group 5\n"
		"│  └─ 01:00.2  USB          no driver  ┘\n"
		"└─ 00:02.0     PCI bridge   pcieport\n"
		"   └─ 02:00.0  NVMe         nvme\n");
	EXPECT_TEXT(cli_err(), "");
	tree_free();
}

TEST(U4_the_tree_tells_claims_roles_and_what_comes_back)
{
	start_held();
	EXPECT_INT(cli_run("show -T"), 0);
	EXPECT_HAS(cli_out(),
		"│  ├─ 01:00.0  Ethernet     e1000e     requested  ┐ group 5: held by vm 1 (qemu\\x1b, pid 4711)\n"
		"│  └─ 01:00.2  USB          no driver  parked     ┘\n");
	tree_free();
}

TEST(U4_of_a_device_only_its_group_and_the_way_to_it_are_drawn)
{
	start();
	EXPECT_INT(cli_run("show --tree 01:00.2"), 0);
	EXPECT_HAS(cli_out(), "01:00.0");
	EXPECT_HAS(cli_out(), "└─ 00:01.0");
	EXPECT(!strstr(cli_out(), "00:00.0"));
	EXPECT(!strstr(cli_out(), "02:00.0"));
	EXPECT_INT(cli_run("show --tree 00:01.0"), 0);
	EXPECT_HAS(cli_out(), "01:00.2");
	EXPECT(!strstr(cli_out(), "nvme"));
	EXPECT_INT(cli_run("show --tree 03:00.0"), 1);
	EXPECT_HAS(cli_err(), "03:00.0: resolve: no-device: there is no such device");
	EXPECT_TEXT(cli_out(), "");
	tree_free();
}

TEST(U4_without_UTF_8_lines_are_ASCII)
{
	start();
	setenv("LC_ALL", "C", 1);
	EXPECT_INT(cli_run("show --tree"), 0);
	EXPECT_HAS(cli_out(),
		"|  |- 01:00.0  Ethernet     e1000e     \\ group 5\n"
		"|  `- 01:00.2  USB          no driver  /\n"
		"`- 00:02.0     PCI bridge   pcieport\n");
	for (const char *c = cli_out(); *c; c++)
		EXPECT((unsigned char)*c < 128);
	tree_free();
}

TEST(U4_a_VF_is_below_its_PF_whatever_bus_it_is_on)
{
	start();
	add("pci0000:00/0000:00:01.0/0000:03:10.1", "0x020000", "igbvf", "7");
	tree_link(ROOT "0000:00:01.0/0000:03:10.1/physfn", "../0000:01:00.0");
	EXPECT_INT(cli_run("show --tree"), 0);
	EXPECT_HAS(cli_out(), "│  │  └─ 03:10.1  Ethernet VF  igbvf      ─ group 7\n");
	tree_free();
}

TEST(U4_a_group_in_two_places_says_so)
{
	start();
	add("pci0000:00/0000:00:03.0", "0x040300", "snd", "5");
	EXPECT_INT(cli_run("show --tree"), 0);
	EXPECT_HAS(cli_out(), "snd        ─ group 5 (see above)\n");
	tree_free();
}

TEST(U4_a_group_on_VFIO_without_a_claim_is_a_stray)
{
	start();
	add("pci0000:00/0000:00:04.0", "0x020000", "vfio-pci", "9");
	tree_dir("sys/module/vfio_pci_core/holders/vfio_pci");
	EXPECT_INT(cli_run("show --tree"), 0);
	EXPECT_HAS(cli_out(), "vfio-pci   ─ group 9: stray, on VFIO without a claim\n");
	tree_free();
}

TEST(G3_a_stray_is_known_by_what_its_driver_is_not_by_its_name)
{
	start();
	add("pci0000:00/0000:00:04.0", "0x020000", "xe-guest", "9");
	add("pci0000:00/0000:00:05.0", "0x020000", "xe-guest", "10");
	add("pci0000:00/0000:00:06.0", "0x020000", "myvfio-host", "11");
	tree_dir("sys/module/vfio_pci_core/holders/xe_guest");
	tree_dir("sys/module/myvfio_host/holders");
	EXPECT_INT(cli_run("show --tree"), 0);
	EXPECT_HAS(cli_out(), "─ group 9: stray, on VFIO without a claim\n");
	EXPECT_HAS(cli_out(), "─ group 10: stray, on VFIO without a claim\n");
	EXPECT(!strstr(cli_out(), "group 11: stray"));
	tree_free();
}

TEST(U4_without_the_module_states_are_unknown_and_the_tree_is_drawn)
{
	start();
	mock.open_errno = ENOENT;
	EXPECT_INT(cli_run("show --tree"), 0);
	EXPECT_HAS(cli_out(), "┐ group 5\n");
	EXPECT_HAS(cli_err(), "states are unknown");
	tree_free();
}

TEST(U4_other_domains_make_all_addresses_long)
{
	start();
	add("pci0001:40/0001:40:00.0", "0x030000", "nouveau", "8");
	EXPECT_INT(cli_run("show --tree"), 0);
	EXPECT_HAS(cli_out(), "0001:40  root bus\n└─ 0001:40:00.0     VGA");
	EXPECT_HAS(cli_out(), "0000:01:00.0");
	tree_free();
}

TEST(U4_dot_has_clusters_and_edges)
{
	start_held();
	EXPECT_INT(cli_run("show --dot"), 0);
	EXPECT_HAS(cli_out(), "digraph pci {");
	EXPECT_HAS(cli_out(), "subgraph cluster_5 {\n\t\tlabel=\"group 5: held by vm 1 (qemu\\\\x1b, pid 4711)\"");
	EXPECT_HAS(cli_out(), "label=\"01:00.0\\nEthernet\\ne1000e\\nrequested\"");
	EXPECT_HAS(cli_out(), "\tn2 -> n3;\n");
	tree_free();
}

TEST(U4_svg_is_one_file_for_light_and_dark)
{
	start_held();
	snprintf((char *)mock.members[0].out_native_driver,
		 sizeof(mock.members[0].out_native_driver), "<&>");
	EXPECT_INT(cli_run("show --svg"), 0);
	EXPECT_HAS(cli_out(), "<svg xmlns=\"http://www.w3.org/2000/svg\"");
	EXPECT_HAS(cli_out(), "prefers-color-scheme:dark");
	EXPECT_HAS(cli_out(), "class=\"t-good\">group 5: held by vm 1");
	EXPECT_HAS(cli_out(), "(was &lt;&amp;&gt;)");
	EXPECT_HAS(cli_out(), "</svg>\n");
	EXPECT(!strstr(cli_out(), "href"));
	tree_free();
}

TEST(U4_only_one_picture_at_a_time)
{
	start();
	EXPECT_INT(cli_run("show --tree --svg"), 2);
	EXPECT_INT(cli_run("show --tree --json"), 2);
	EXPECT_INT(cli_run("show"), 2);
	EXPECT_HAS(cli_err(), "no device was named, and no picture asked for");
	tree_free();
}
