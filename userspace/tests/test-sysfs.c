// SPDX-License-Identifier: GPL-2.0-or-later
/* Files of sysfs and /proc that are missing, odd, huge or cannot be read. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "internal.h"
#include "tap.h"
#include "tree.h"

#define BDF	"0000:01:00.0"
#define DEVICE	"sys/devices/" BDF
#define HUGE	1000000

static struct bindery_host *host;
static char huge[HUGE + 1];

static void start(void)
{
	EXPECT_INT(bindery_host_new(tree_new(), &host), 0);
	memset(huge, '1', HUGE);
}

static void finish(void)
{
	bindery_host_free(host);
	tree_free();
}

/* There, and reading it fails. */
static void put_unreadable(const char *path)
{
	tree_link(path, "/proc/self/mem");
}

static int read_number(const char *text, unsigned long *number)
{
	tree_file("number", text);
	return sysfs_read_number(host->root, "number", number);
}

TEST(U11_a_number_is_all_of_its_line_or_none)
{
	static const char *const malformed[] = {
		"", "\n", "x\n", "1x\n", "1 2\n", "0x\n", "99999999999999999999\n",
	};
	unsigned long number;

	start();
	EXPECT_INT(read_number("0x10\n", &number), 0);
	EXPECT_INT(number, 16);
	EXPECT_INT(read_number("7\nand more\n", &number), 0);
	EXPECT_INT(number, 7);
	EXPECT_INT(read_number("8", &number), 0);
	EXPECT_INT(number, 8);
	for (size_t i = 0; i < ARRAY_SIZE(malformed); i++)
		EXPECT_INT(read_number(malformed[i], &number), -EINVAL);
	EXPECT_INT(read_number(huge, &number), -EINVAL);
	EXPECT_INT(sysfs_read_number(host->root, "none", &number), -ENOENT);
	finish();
}

TEST(U11_a_huge_file_is_cut_to_what_fits)
{
	char *text = malloc(8);

	start();
	tree_file("file", huge);
	EXPECT_INT(sysfs_read(host->root, "file", text, 8), 0);
	EXPECT_TEXT(text, "1111111");
	EXPECT_INT(sysfs_read_bytes(host->root, "file", text, 8), 8);
	tree_link("link", "../a/very/long/name/1111111111");
	EXPECT_INT(sysfs_read_name(host->root, "link", text, 8), 0);
	EXPECT_TEXT(text, "1111111");
	EXPECT_INT(sysfs_read_target(host->root, "link", text, 8), 0);
	EXPECT_TEXT(text, "../a/ve");
	free(text);
	finish();
}

TEST(U11_what_cannot_be_read_says_so_and_leaves_no_text)
{
	char text[8] = "before";

	start();
	tree_dir("dir");
	EXPECT_INT(sysfs_read(host->root, "dir", text, sizeof(text)), -EISDIR);
	EXPECT_TEXT(text, "");
	put_unreadable("file");
	EXPECT_INT(sysfs_read(host->root, "file", text, sizeof(text)), -EIO);
	EXPECT_INT(sysfs_read_bytes(host->root, "file", text, sizeof(text)),
		   -EIO);
	EXPECT_INT(sysfs_read_bytes(host->root, "none", text, sizeof(text)),
		   -ENOENT);
	EXPECT_INT(sysfs_read_name(host->root, "dir", text, sizeof(text)),
		   -EINVAL);
	EXPECT_INT(sysfs_open_below(host->root, "file"), -ENOTDIR);
	finish();
}

TEST(U11_a_write_that_fails_is_told)
{
	start();
	tree_link("full", "/dev/full");
	EXPECT_INT(sysfs_write(host->root, "full", "1"), -ENOSPC);
	EXPECT_INT(sysfs_write(host->root, "none", "1"), -ENOENT);
	EXPECT_INT(sysfs_write(host->root, "sys", "1"), -EISDIR);
	finish();
}

static int count_line(char *line, void *argument)
{
	size_t *length = argument;

	*length += strlen(line);
	return 0;
}

TEST(U11_lines_may_be_of_any_length_but_not_unreadable)
{
	size_t length = 0;

	start();
	tree_file("file", huge);
	EXPECT_INT(sysfs_each_line(host->root, "file", count_line, &length), 0);
	EXPECT_INT(length, HUGE);
	put_unreadable("unreadable");
	EXPECT_INT(sysfs_each_line(host->root, "unreadable", count_line,
				   &length), -EIO);
	EXPECT_INT(sysfs_each_line(host->root, "none", count_line, &length),
		   -ENOENT);
	finish();
}

#define NAMES_SIZE 64

static int note_name(int dir, const char *name, void *argument)
{
	char *text = argument;
	size_t length = strlen(text);

	(void)dir;
	snprintf(text + length, NAMES_SIZE - length, "%s", name);
	return !strcmp(name, "10");
}

TEST(U11_entries_come_in_order_until_one_ends_it)
{
	char text[NAMES_SIZE] = "";

	start();
	tree_dir("dir/9");
	tree_dir("dir/10");
	tree_dir("dir/11");
	EXPECT_INT(sysfs_each(host->root, "dir", note_name, text), 1);
	EXPECT_TEXT(text, "910");
	tree_file("file", "");
	EXPECT_INT(sysfs_each(host->root, "file", note_name, text), -ENOTDIR);
	finish();
}

TEST(U11_a_node_is_a_device_and_nothing_else)
{
	unsigned int major, minor;
	bool is_block = true;

	start();
	tree_link("dev/some", "/dev/null");
	tree_file("dev/file", "");
	EXPECT_INT(sysfs_node(host->root, "/dev/some", &is_block, &major,
			      &minor), 0);
	EXPECT(!is_block);
	EXPECT_INT(major, 1);
	EXPECT_INT(minor, 3);
	EXPECT_INT(sysfs_node(host->root, "/dev/file", &is_block, &major,
			      &minor), -ENODEV);
	EXPECT_INT(sysfs_node(host->root, "/dev/none", &is_block, &major,
			      &minor), -ENOENT);
	finish();
}

/* The only device of the tree, whatever its files are. */
static struct bindery_devices *read_device(void)
{
	struct bindery_devices *devices = NULL;

	EXPECT_INT(bindery_host_get_devices(host, &devices), 0);
	EXPECT_INT(bindery_devices_get_count(devices), 1);
	return devices;
}

static void expect_empty(void)
{
	struct bindery_devices *devices = read_device();
	const struct bindery_device *device = bindery_devices_get(devices, 0);
	char name[BINDERY_NAME_SIZE];
	struct bindery_path path;
	struct bindery_bdf bdf;
	uint32_t group;

	EXPECT_INT(bindery_device_get_vendor(device), 0);
	EXPECT_INT(bindery_device_get_device_id(device), 0);
	EXPECT_INT(bindery_device_get_class(device), 0);
	EXPECT(!bindery_device_get_group(device, &group));
	EXPECT(!bindery_device_get_pf(device, &bdf));
	EXPECT(!bindery_device_get_path(device, &path));
	EXPECT_TEXT(bindery_device_get_driver(device), "");
	EXPECT(bindery_device_read_override(device, host, name, sizeof(name)));
	EXPECT_TEXT(name, "");
	EXPECT(!bindery_device_is_eligible(device));
	bindery_devices_free(devices);
}

static const char *const attributes[] = {
	DEVICE "/vendor", DEVICE "/device", DEVICE "/class",
	DEVICE "/sriov_numvfs", DEVICE "/numa_node", DEVICE "/config",
	DEVICE "/driver_override",
};

static void start_device(void)
{
	start();
	tree_dir(DEVICE);
	tree_link("sys/bus/pci/devices/" BDF, "../../../devices/" BDF);
}

TEST(U11_a_device_whose_files_are_missing_or_unreadable_is_empty)
{
	start_device();
	expect_empty();
	for (size_t i = 0; i < ARRAY_SIZE(attributes); i++)
		put_unreadable(attributes[i]);
	tree_file(DEVICE "/driver", "no link\n");
	tree_link(DEVICE "/iommu_group", "../../groups/5x");
	tree_link(DEVICE "/physfn", "../no-bdf");
	expect_empty();
	finish();
}

TEST(U11_a_device_whose_files_are_huge_does_no_harm)
{
	struct bindery_devices *devices;
	char name[BINDERY_NAME_SIZE];

	start_device();
	for (size_t i = 0; i < ARRAY_SIZE(attributes); i++)
		tree_file(attributes[i], huge);
	devices = read_device();
	EXPECT_INT(bindery_device_get_vendor(bindery_devices_get(devices, 0)),
		   0);
	EXPECT_INT(bindery_device_read_override(bindery_devices_get(devices, 0),
						host, name, sizeof(name)), 0);
	EXPECT_INT(strlen(name), sizeof(name) - 1);
	bindery_devices_free(devices);
	finish();
}

TEST(U11_what_is_no_device_is_passed_over)
{
	start_device();
	tree_file("sys/bus/pci/devices/garbage", "");
	tree_file("sys/bus/pci/devices/0000:02:00.0", "no directory");
	tree_link("sys/bus/pci/devices/0000:03:00.0", "../../gone");
	bindery_devices_free(read_device());
	finish();
}
