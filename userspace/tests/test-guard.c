// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "guards.h"
#include "tap.h"


#define MOUNT(number, path) \
	"40 1 " number " / " path " rw,relatime shared:1 - ext4 /dev/x rw\n"


TEST(G2_an_idle_device_has_no_guard)
{
	guards_start();
	tree_block(DEVICE "/ata1/host0/block/sda", "sda", "8:0\n");
	tree_file(DEVICE "/boot_vga", "0\n");
	expect_guards(0);
	EXPECT(!bindery_guards_get(guards, 0));
	guards_finish();
}

TEST(G2_a_device_that_is_not_there_has_no_guard)
{
	guards_start();
	tree_file("proc/self/mountinfo", MOUNT("8:0", "/srv"));
	EXPECT_INT(bindery_guards_find_devices(host,
		&(struct bindery_bdf){ .bus = 9 }, 1, &guards), 0);
	expect_count(0);
	guards_finish();
}

TEST(G2_a_mounted_disk_is_found)
{
	guards_start();
	tree_block(DEVICE "/ata1/host0/block/sda", "sda", "8:0\n");
	tree_file("proc/self/mountinfo",
		  MOUNT("8:16", "/other") MOUNT("8:0", "/srv"));
	expect_guards(1);
	expect_guard(0, BINDERY_GUARD_MOUNT, "sda mounted on /srv");
	guards_finish();
}

TEST(G2_a_mounted_partition_is_found_with_each_place)
{
	guards_start();
	tree_block(DEVICE "/ata1/host0/block/sda", "sda", "8:0\n");
	tree_block(DEVICE "/ata1/host0/block/sda/sda1", "sda1", "8:1\n");
	tree_file(DEVICE "/ata1/host0/block/sda/sda1/partition", "1\n");
	tree_file("proc/self/mountinfo",
		  MOUNT("8:1", "/a\\040b") MOUNT("8:1", "/c"));
	expect_guards(2);
	expect_guard(0, BINDERY_GUARD_MOUNT, "sda1 mounted on /a b");
	expect_guard(1, BINDERY_GUARD_MOUNT, "sda1 mounted on /c");
	guards_finish();
}

TEST(G2_a_mounted_virtio_disk_is_found_one_level_down)
{
	guards_start();
	tree_block(DEVICE "/virtio0/block/vda", "vda", "254:0\n");
	tree_file("proc/self/mountinfo", MOUNT("254:0", "/"));
	expect_guards(1);
	expect_guard(0, BINDERY_GUARD_MOUNT, "vda mounted on /");
	guards_finish();
}

static void make_nvme(void)
{
	/* Number 3 of the subsystem: not that of the controller. */
	tree_class(DEVICE "/nvme/nvme0", "nvme", "nvme0");
	tree_block(DEVICE "/nvme/nvme0/nvme3c0n1", "nvme3c0n1", "0:0\n");
	tree_file(DEVICE "/nvme/nvme0/nvme3c0n1/hidden", "1\n");
	tree_dir("sys/devices/virtual/nvme-subsystem/nvme-subsys3");
	tree_block("sys/devices/virtual/nvme-subsystem/nvme-subsys3/nvme3n1",
		   "nvme3n1", "259:0\n");
	tree_block("sys/devices/virtual/nvme-subsystem/nvme-subsys3/nvme3n1/nvme3n1p2",
		   "nvme3n1p2", "259:2\n");
	tree_file("sys/devices/virtual/nvme-subsystem/nvme-subsys3/nvme3n1/nvme3n1p2/partition",
		  "2\n");
}

TEST(G2_a_mounted_nvme_is_found_through_its_subsystem)
{
	guards_start();
	make_nvme();
	tree_file("proc/self/mountinfo", MOUNT("259:0", "/srv"));
	expect_guards(1);
	expect_guard(0, BINDERY_GUARD_MOUNT, "nvme3n1 mounted on /srv");
	guards_finish();
}

TEST(G2_a_mounted_nvme_partition_is_found_through_its_subsystem)
{
	guards_start();
	make_nvme();
	tree_file("proc/self/mountinfo", MOUNT("259:2", "/srv"));
	expect_guards(1);
	expect_guard(0, BINDERY_GUARD_MOUNT, "nvme3n1p2 mounted on /srv");
	guards_finish();
}

TEST(G2_a_namespace_without_a_path_here_does_not_count)
{
	guards_start();
	make_nvme();
	tree_block("sys/devices/virtual/nvme-subsystem/nvme-subsys3/nvme3n2",
		   "nvme3n2", "259:8\n");
	tree_file("proc/self/mountinfo", MOUNT("259:8", "/srv"));
	expect_guards(0);
	guards_finish();
}

TEST(G2_swap_is_found)
{
	guards_start();
	tree_block(DEVICE "/ata1/host0/block/sda", "sda", "8:0\n");
	tree_file("proc/swaps", "Filename Type Size Used Priority\n"
		  "/dev/sda\tpartition\t1\t0\t-2\n");
	expect_guards(1);
	expect_guard(0, BINDERY_GUARD_SWAP, "sda is swap");
	guards_finish();
}

TEST(G2_swap_on_a_device_of_a_similar_name_does_not_count)
{
	guards_start();
	tree_block(DEVICE "/ata1/host0/block/sda", "sda", "8:0\n");
	tree_file("proc/swaps", "/dev/sdab partition 1 0 -2\n"
		  "/dev/xsda partition 1 0 -2\n/sda/swapfile file 1 0 -2\n");
	expect_guards(0);
	guards_finish();
}

TEST(G2_holders_are_found_and_followed)
{
	guards_start();
	tree_block(DEVICE "/ata1/host0/block/sda", "sda", "8:0\n");
	tree_link(DEVICE "/ata1/host0/block/sda/holders/md0",
		  "../../../../../../virtual/block/md0");
	tree_block("sys/devices/virtual/block/md0", "md0", "9:0\n");
	tree_link("sys/devices/virtual/block/md0/holders/dm-1", "../../dm-1");
	tree_block("sys/devices/virtual/block/dm-1", "dm-1", "253:1\n");
	tree_file("sys/devices/virtual/block/dm-1/dm/name", "vg-root\n");
	tree_file("proc/self/mountinfo", MOUNT("253:1", "/"));
	expect_guards(3);
	expect_guard(0, BINDERY_GUARD_HOLDER, "sda held by md0");
	expect_guard(1, BINDERY_GUARD_HOLDER, "md0 held by dm-1 (vg-root)");
	expect_guard(2, BINDERY_GUARD_MOUNT, "dm-1 mounted on /");
	guards_finish();
}

TEST(G2_a_partition_of_a_holder_is_found)
{
	guards_start();
	tree_block(DEVICE "/ata1/host0/block/sda", "sda", "8:0\n");
	tree_link(DEVICE "/ata1/host0/block/sda/holders/md0",
		  "../../../../../../virtual/block/md0");
	tree_block("sys/devices/virtual/block/md0", "md0", "9:0\n");
	tree_block("sys/devices/virtual/block/md0/md0p1", "md0p1", "259:5\n");
	tree_file("sys/devices/virtual/block/md0/md0p1/partition", "1\n");
	tree_file("proc/self/mountinfo", MOUNT("259:5", "/srv"));
	expect_guards(2);
	expect_guard(1, BINDERY_GUARD_MOUNT, "md0p1 mounted on /srv");
	guards_finish();
}

TEST(G2_holders_in_a_circle_end)
{
	guards_start();
	tree_block(DEVICE "/block/sda", "sda", "8:0\n");
	tree_link(DEVICE "/block/sda/holders/sda", "..");
	expect_guards(1);
	guards_finish();
}

TEST(G2_a_mounted_btrfs_is_found_by_its_devices)
{
	guards_start();
	tree_block(DEVICE "/block/sda", "sda", "8:0\n");
	tree_file("proc/self/mountinfo", MOUNT("0:55", "/srv"));
	tree_link("sys/fs/btrfs/1234-5678/devices/sda", "../../../../block/sda");
	tree_dir("sys/fs/btrfs/features");
	expect_guards(1);
	expect_guard(0, BINDERY_GUARD_MOUNT, "sda part of a mounted btrfs");
	guards_finish();
}

TEST(G2_an_interface_that_is_up_is_found)
{
	guards_start();
	tree_class(DEVICE "/virtio1/net/eth0", "net", "eth0");
	tree_file(DEVICE "/virtio1/net/eth0/flags", "0x1003\n");
	expect_guards(1);
	expect_guard(0, BINDERY_GUARD_NETDEV, "interface eth0 is up");
	guards_finish();
}

TEST(G2_an_interface_that_is_down_does_not_count)
{
	guards_start();
	tree_class(DEVICE "/net/eth0", "net", "eth0");
	tree_file(DEVICE "/net/eth0/flags", "0x1002\n");
	/* Addresses are those of the machine that runs, not of a tree. */
	tree_file(DEVICE "/net/eth0/ifindex", "1\n");
	expect_guards(0);
	guards_finish();
}

TEST(G2_the_boot_vga_is_found)
{
	guards_start();
	tree_file(DEVICE "/boot_vga", "1\n");
	expect_guards(1);
	expect_guard(0, BINDERY_GUARD_BOOT_VGA, "it is the boot VGA");
	guards_finish();
}

TEST(G2_links_to_other_devices_are_not_followed)
{
	guards_start();
	tree_pci("0000:02:00.0", "native", "2");
	tree_block("sys/devices/0000:02:00.0/block/sdb", "sdb", "8:16\n");
	tree_link(DEVICE "/physfn", "../0000:02:00.0");
	tree_file("proc/self/mountinfo", MOUNT("8:16", "/srv"));
	expect_guards(0);
	guards_finish();
}

TEST(U11_without_proc_nothing_is_taken_for_granted)
{
	guards_start();
	tree_block(DEVICE "/block/sda", "sda", "8:0\n");
	EXPECT_INT(unlinkat(host->root, "proc/self/mountinfo", 0), 0);
	EXPECT_INT(guards_find(), -ENODATA);
	guards_finish();
}

TEST(G2_all_members_to_be_moved_are_looked_at_and_no_others)
{
	struct bindery_members *plan = bindery_members_new(3);

	guards_start();
	tree_pci("0000:02:00.0", "native", "1");
	tree_file("sys/devices/0000:02:00.0/boot_vga", "1\n");
	tree_file(DEVICE "/boot_vga", "1\n");
	plan->count = 3;
	plan->entries[0].raw.out_device.bus = 2;
	plan->entries[0].raw.out_action = BINDERY_ACTION_NONE;
	plan->entries[1].raw.out_device.bus = 3;
	plan->entries[1].raw.out_action = BINDERY_ACTION_PARK;
	plan->entries[2].raw.out_device.bus = 1;
	plan->entries[2].raw.out_role = BINDERY_ROLE_COMPANION;
	plan->entries[2].raw.out_action = BINDERY_ACTION_MOVE;
	EXPECT_INT(bindery_guards_find(host, plan, &guards), 0);
	expect_count(1);
	expect_guard(0, BINDERY_GUARD_BOOT_VGA, "it is the boot VGA");
	bindery_members_free(plan);
	guards_finish();
}

TEST(G2_a_connected_display_is_found)
{
	guards_start();
	tree_class(DEVICE "/drm/card1", "drm", "card1");
	tree_file(DEVICE "/drm/card1/card1-DP-1/status", "disconnected\n");
	tree_file(DEVICE "/drm/card1/card1-HDMI-A-1/status", "connected\n");
	expect_guards(1);
	expect_guard(0, BINDERY_GUARD_DISPLAY,
		     "a display is connected to card1-HDMI-A-1");
	guards_finish();
}

static void open_by_process(const char *pid, const char *comm,
			    const char *file)
{
	char path[64];

	snprintf(path, sizeof(path), "proc/%s/comm", pid);
	tree_file(path, comm);
	snprintf(path, sizeof(path), "proc/%s/fd/3", pid);
	tree_link(path, file);
}

TEST(G2_an_open_device_node_is_found_with_its_process)
{
	guards_start();
	tree_class(DEVICE "/drm/card1", "drm", "card1");
	tree_file(DEVICE "/drm/card1/dev", "226:1\n");
	tree_file(DEVICE "/drm/card1/uevent", "MAJOR=226\nDEVNAME=dri/card1\n");
	open_by_process("4711", "Xorg\n", "/dev/dri/card1");
	open_by_process("4712", "other\n", "/dev/dri/card11");
	expect_guards(1);
	expect_guard(0, BINDERY_GUARD_OPEN,
		     "/dev/dri/card1 is open in process 4711 (Xorg)");
	guards_finish();
}

TEST(G2_what_this_process_has_open_does_not_count)
{
	char pid[16];

	guards_start();
	tree_block(DEVICE "/block/sda", "sda", "8:0\n");
	tree_file(DEVICE "/block/sda/uevent", "DEVTYPE=disk\nDEVNAME=sda\n");
	snprintf(pid, sizeof(pid), "%d", (int)getpid());
	open_by_process(pid, "self\n", "/dev/sda");
	expect_guards(0);
	guards_finish();
}

TEST(G2_an_open_disk_is_found)
{
	guards_start();
	tree_block(DEVICE "/block/sda", "sda", "8:0\n");
	tree_file(DEVICE "/block/sda/uevent", "DEVNAME=sda\n");
	open_by_process("99", "qemu\n", "/dev/sda");
	expect_guards(1);
	expect_guard(0, BINDERY_GUARD_OPEN,
		     "/dev/sda is open in process 99 (qemu)");
	guards_finish();
}

TEST(G2_a_bare_signature_is_a_warning_only)
{
	guards_start();
	tree_block(DEVICE "/block/sda", "sda", "8:0\n");
	tree_swap("dev/sda");
	expect_guards(1);
	expect_guard(0, BINDERY_GUARD_SIGNATURE, "sda has the signature of swap");
	EXPECT(bindery_guard_is_warning(bindery_guards_get(guards, 0)));
	guards_finish();
}

TEST(G2_data_that_is_in_use_needs_no_warning)
{
	guards_start();
	tree_block(DEVICE "/block/sda", "sda", "8:0\n");
	tree_swap("dev/sda");
	tree_file("proc/swaps", "Filename Type Size Used Priority\n"
		  "/dev/sda partition 1 0 -2\n");
	expect_guards(1);
	expect_guard(0, BINDERY_GUARD_SWAP, "sda is swap");
	EXPECT(!bindery_guard_is_warning(bindery_guards_get(guards, 0)));
	guards_finish();
}

TEST(G2_every_kind_has_a_symbol_that_leads_back_to_it)
{
	enum bindery_guard_kind kind;

	for (unsigned int i = 1; i <= BINDERY_GUARD_SIGNATURE; i++) {
		kind = 0;
		EXPECT_INT(bindery_guard_kind_parse(
				bindery_guard_kind_symbol(i), &kind), 0);
		EXPECT_INT(kind, i);
	}
	EXPECT_INT(bindery_guard_kind_parse("unknown", &kind), -EINVAL);
	EXPECT_INT(bindery_guard_kind_parse("", &kind), -EINVAL);
}
