// SPDX-License-Identifier: GPL-2.0-or-later
/* Who uses a block device without a link of the kernel that says so. */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "guards.h"
#include "tap.h"

#define DISK	"sys/devices/" BDF "/ata1/host0/block/sda"
#define LOOP	"sys/devices/virtual/block/loop"

#define MOUNT(number, path) \
	"40 1 " number " / " path " rw,relatime shared:1 - ext4 /dev/x rw\n"


static void start(void)
{
	guards_start();
	tree_block(DISK, "sda", "8:0\n");
}

static void put_loop(int number, const char *file)
{
	char path[128], name[16], text[16];

	snprintf(path, sizeof(path), LOOP "%d", number);
	snprintf(name, sizeof(name), "loop%d", number);
	snprintf(text, sizeof(text), "7:%d\n", number);
	tree_block(path, name, text);
	if (!file)
		return;
	snprintf(path, sizeof(path), LOOP "%d/loop/backing_file", number);
	tree_file(path, file);
}

TEST(G2_a_loop_device_over_a_disk_holds_it)
{
	start();
	put_loop(0, NULL);
	put_loop(1, "/dev/sdb\n");
	put_loop(2, "/dev/sda\n");
	expect_guards(1);
	expect_guard(0, BINDERY_GUARD_HOLDER, "sda held by loop2");
	tree_file("proc/self/mountinfo", MOUNT("7:1", "/b") MOUNT("7:2", "/a"));
	expect_guards(2);
	expect_guard(1, BINDERY_GUARD_MOUNT, "loop2 mounted on /a");
	guards_finish();
}

TEST(G2_loop_devices_over_loop_devices_are_looked_through)
{
	start();
	put_loop(0, "/dev/sda\n");
	put_loop(1, "/dev/loop0\n");
	tree_file("proc/self/mountinfo", MOUNT("7:1", "/a"));
	expect_guards(3);
	expect_guard(0, BINDERY_GUARD_HOLDER, "sda held by loop0");
	expect_guard(1, BINDERY_GUARD_HOLDER, "loop0 held by loop1");
	expect_guard(2, BINDERY_GUARD_MOUNT, "loop1 mounted on /a");
	guards_finish();
}

TEST(G2_a_loop_device_over_a_file_with_the_name_of_a_disk_does_not_count)
{
	start();
	put_loop(0, "/srv/sda\n");
	/* Here that is a file, and no device. */
	put_loop(1, "/dev/sda\n");
	tree_file("dev/sda", "");
	expect_guards(0);
	guards_finish();
}

TEST(G2_all_holders_of_a_disk_are_looked_through)
{
	start();
	tree_block("sys/devices/virtual/block/dm-0", "dm-0", "253:0\n");
	put_loop(0, "/dev/sda\n");
	tree_link(DISK "/holders/dm-0", "../../../../../../virtual/block/dm-0");
	tree_file("proc/self/mountinfo",
		  MOUNT("253:0", "/dm") MOUNT("7:0", "/loop"));
	expect_guards(4);
	expect_guard(1, BINDERY_GUARD_MOUNT, "loop0 mounted on /loop");
	expect_guard(3, BINDERY_GUARD_MOUNT, "dm-0 mounted on /dm");
	guards_finish();
}

#define UBERBLOCKS	(128L * 1024)	/* of the first label */
#define UBERBLOCK_MAGIC	UINT64_C(0x00bab10c)
#define NUM_UBERBLOCKS	8

/* A member of a pool of ZFS, as far as anybody looks. */
static void put_pool(const char *path)
{
	static const uint64_t magic = UBERBLOCK_MAGIC;
	int fd;

	tree_file(path, "");
	fd = openat(host->root, path, O_WRONLY);
	EXPECT_INT(ftruncate(fd, 64L << 20), 0);
	for (int i = 0; i < NUM_UBERBLOCKS; i++)
		EXPECT_INT(pwrite(fd, &magic, sizeof(magic),
				  UBERBLOCKS + 1024L * i), sizeof(magic));
	close(fd);
}

TEST(G2_a_disk_of_a_pool_that_nobody_has_imported_only_warns)
{
	start();
	put_pool("dev/sda");
	expect_guards(1);
	expect_guard(0, BINDERY_GUARD_SIGNATURE,
		     "sda has the signature of zfs_member");
	EXPECT(bindery_guard_is_warning(bindery_guards_get(guards, 0)));
	guards_finish();
}
