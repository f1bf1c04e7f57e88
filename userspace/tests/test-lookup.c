// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "internal.h"
#include "tap.h"
#include "tree.h"

static struct bindery_host *host;

/* Two network functions of group 5, a disk of group 6, and a bridge of 7. */
static void start(void)
{
	EXPECT_INT(bindery_host_new(tree_new(), &host), 0);
	tree_pci("0000:01:00.0", "e1000e", "5");
	tree_pci("0000:01:00.1", "e1000e", "5");
	tree_pci("0000:02:00.0", "nvme", "6");
	tree_pci("0000:03:00.0", "pcieport", "7");
	tree_file("sys/devices/0000:03:00.0/class", "0x060400\n");
	tree_link("sys/class/net/eth0", "../../devices/0000:01:00.0/net/eth0");
	tree_link("sys/class/net/eth1", "../../devices/0000:01:00.1/net/eth1");
	tree_link("sys/class/net/6", "../../devices/0000:01:00.1/net/6");
	tree_link("sys/class/block/nvme0n1",
		  "../../devices/0000:02:00.0/nvme/nvme0/nvme0n1");
	tree_link("sys/class/block/nvme0n1p1",
		  "../../devices/0000:02:00.0/nvme/nvme0/nvme0n1/nvme0n1p1");
	tree_link("sys/class/vfio-dev/vfio3",
		  "../../devices/0000:01:00.1/vfio-dev/vfio3");
}

static void finish(void)
{
	bindery_host_free(host);
	tree_free();
}

/* What @name means, blank-joined, or the errno. */
static const char *lookup(const char *name)
{
	static char text[256];
	struct bindery_devices *devices = NULL;
	int ret = bindery_host_lookup(host, name, &devices);

	snprintf(text, sizeof(text), "%d", ret);
	if (ret)
		return text;
	text[0] = '\0';
	for (size_t i = 0; i < bindery_devices_get_count(devices); i++) {
		struct bindery_bdf bdf;
		char one[BINDERY_BDF_SIZE];

		bdf = bindery_device_get_bdf(bindery_devices_get(devices, i));
		bindery_bdf_format(&bdf, one);
		snprintf(text + strlen(text), sizeof(text) - strlen(text),
			 "%s%s", i ? " " : "", one);
	}
	bindery_devices_free(devices);
	return text;
}

static const char *error(int number)
{
	static char text[16];

	snprintf(text, sizeof(text), "%d", -number);
	return text;
}

TEST(A6_interfaces_and_block_devices_name_their_function)
{
	start();
	EXPECT_TEXT(lookup("eth0"), "0000:01:00.0");
	EXPECT_TEXT(lookup("nvme0n1"), "0000:02:00.0");
	EXPECT_TEXT(lookup("nvme0n1p1"), "0000:02:00.0");
	EXPECT_TEXT(lookup("/dev/nvme0n1p1"), "0000:02:00.0");
	EXPECT_TEXT(lookup("eth2"), error(ENODEV));
	EXPECT_TEXT(lookup("/dev/sda"), error(ENODEV));
	finish();
}

TEST(A6_VFIO_nodes_and_groups_name_what_they_hold)
{
	start();
	EXPECT_TEXT(lookup("/dev/vfio/devices/vfio3"), "0000:01:00.1");
	EXPECT_TEXT(lookup("/dev/vfio/devices/vfio4"), error(ENODEV));
	EXPECT_TEXT(lookup("/dev/vfio/5"), "0000:01:00.0 0000:01:00.1");
	EXPECT_TEXT(lookup("/dev/vfio/vfio"), error(ENODEV));
	EXPECT_TEXT(lookup("group:5"), "0000:01:00.0 0000:01:00.1");
	EXPECT_TEXT(lookup("5"), "0000:01:00.0 0000:01:00.1");
	EXPECT_TEXT(lookup("group:7"), "0000:03:00.0");
	EXPECT_TEXT(lookup("99"), error(ENODEV));
	finish();
}

TEST(A6_a_number_that_is_an_interface_too_means_both)
{
	start();
	EXPECT_TEXT(lookup("6"), "0000:01:00.1 0000:02:00.0");
	EXPECT_TEXT(lookup("group:6"), "0000:02:00.0");
	finish();
}

TEST(A6_what_is_stacked_means_all_that_is_below)
{
	start();
	tree_link("sys/class/net/bond0", "../../devices/virtual/net/bond0");
	tree_link("sys/devices/virtual/net/bond0/lower_eth0", "../eth0");
	tree_link("sys/devices/virtual/net/bond0/lower_eth1", "../eth1");
	tree_link("sys/class/block/dm-0", "../../devices/virtual/block/dm-0");
	tree_link("sys/devices/virtual/block/dm-0/slaves/nvme0n1p1", "x");
	tree_link("sys/class/block/nvme1n1",
		  "../../devices/virtual/nvme-subsystem/s0/nvme1n1");
	tree_link("sys/devices/virtual/nvme-subsystem/s0/nvme1n1/device", "..");
	tree_link("sys/devices/virtual/nvme-subsystem/s0/nvme0",
		  "../../../0000:02:00.0/nvme/nvme0");
	EXPECT_TEXT(lookup("bond0"), "0000:01:00.0 0000:01:00.1");
	EXPECT_TEXT(lookup("dm-0"), "0000:02:00.0");
	EXPECT_TEXT(lookup("nvme1n1"), "0000:02:00.0");
	finish();
}

/* The machine's own nodes: one of each kind has a number that is known. */
TEST(A6_links_in_dev_mean_what_they_lead_to)
{
	start();
	tree_link("dev/by-purpose/first", "/dev/null");
	EXPECT_TEXT(lookup("/dev/by-purpose/first"), error(ENODEV));
	tree_link("sys/dev/char/1:3",
		  "../../devices/0000:01:00.1/misc/something");
	EXPECT_TEXT(lookup("/dev/by-purpose/first"), "0000:01:00.1");
	finish();
}

/* A block device of the machine, or none. */
static bool is_disk;

int __real_fstatat(int dir, const char *path, struct stat *status, int flags);
int __wrap_fstatat(int dir, const char *path, struct stat *status, int flags);

int __wrap_fstatat(int dir, const char *path, struct stat *status, int flags)
{
	int ret = __real_fstatat(dir, path, status, flags);

	if (!ret && is_disk && S_ISREG(status->st_mode)) {
		status->st_mode = S_IFBLK | 0600;
		status->st_rdev = makedev(259, 4);
	}
	return ret;
}

TEST(A6_links_to_disks_mean_what_is_below_them)
{
	start();
	tree_file("dev/disk/by-id/data", "");
	EXPECT_TEXT(lookup("/dev/disk/by-id/data"), error(ENODEV));
	is_disk = true;
	EXPECT_TEXT(lookup("/dev/disk/by-id/data"), error(ENODEV));
	tree_link("sys/dev/block/259:4",
		  "../../devices/0000:02:00.0/nvme/nvme0/nvme0n1/nvme0n1p1");
	EXPECT_TEXT(lookup("/dev/disk/by-id/data"), "0000:02:00.0");
	/* As LVM makes it: what is below it is found by its name. */
	EXPECT_INT(unlinkat(host->root, "sys/dev/block/259:4", 0), 0);
	tree_link("sys/dev/block/259:4", "../../devices/virtual/block/dm-0");
	tree_link("sys/class/block/dm-0", "../../devices/virtual/block/dm-0");
	tree_link("sys/devices/virtual/block/dm-0/slaves/nvme0n1p1", "x");
	EXPECT_TEXT(lookup("/dev/disk/by-id/data"), "0000:02:00.0");
	is_disk = false;
	finish();
}

TEST(A6_a_stack_without_end_is_left)
{
	start();
	tree_link("sys/class/net/a", "../../devices/virtual/net/a");
	tree_link("sys/devices/virtual/net/a/lower_a", "../a");
	EXPECT_TEXT(lookup("a"), error(ENODEV));
	finish();
}

TEST(A6_what_can_be_no_name_is_told)
{
	static const char *const malformed[] = {
		"", "a/b", "../net", "group:", "group:x", "group:-1",
		"group:5 ", "group:99999999999",
	};

	start();
	for (size_t i = 0; i < ARRAY_SIZE(malformed); i++)
		EXPECT_TEXT(lookup(malformed[i]), error(EINVAL));
	EXPECT_TEXT(lookup(".."), error(ENODEV));
	EXPECT_TEXT(lookup("/dev/"), error(ENODEV));
	finish();
}
