// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "internal.h"
#include "tap.h"
#include "tree.h"

static struct bindery_host *host;

static void start(void)
{
	EXPECT_INT(bindery_host_new(tree_new(), &host), 0);
}

static void finish(void)
{
	bindery_host_free(host);
	tree_free();
}

TEST(U11_a_root_that_is_not_there_is_an_error)
{
	EXPECT_INT(bindery_host_new("/nonexistent", &host), -ENOENT);
}

TEST(U11_a_root_without_sysfs_is_an_error)
{
	struct bindery_devices *devices = (void *)-1;

	start();
	EXPECT_INT(unlinkat(host->root, "sys/bus/pci/devices", AT_REMOVEDIR), 0);
	EXPECT_INT(bindery_host_get_devices(host, &devices), -ENOENT);
	EXPECT(devices == (void *)-1);
	finish();
}

TEST(U11_a_device_has_named_getters)
{
	const struct bindery_device *device;
	struct bindery_devices *devices;
	uint32_t group = 77;

	start();
	tree_pci("0000:01:00.0", "e1000e", "5");
	tree_file("sys/devices/0000:01:00.0/driver_override", "vfio-pci\n");
	EXPECT_INT(bindery_host_get_devices(host, &devices), 0);
	EXPECT_INT(bindery_devices_get_count(devices), 1);
	device = bindery_devices_get(devices, 0);
	EXPECT_INT(bindery_device_get_bdf(device).bus, 1);
	EXPECT(bindery_device_get_group(device, &group));
	EXPECT_INT(group, 5);
	EXPECT_TEXT(bindery_device_get_driver(device), "e1000e");
	EXPECT_TEXT(bindery_device_get_override(device), "vfio-pci");
	EXPECT_INT(bindery_device_get_class(device), 0x020000);
	EXPECT_INT(bindery_device_get_vendor(device), 0x8086);
	EXPECT_INT(bindery_device_get_device_id(device), 0x10d3);
	EXPECT(!bindery_devices_get(devices, 1));
	bindery_devices_free(devices);
	finish();
}

TEST(U11_no_driver_no_override_and_no_group_are_empty)
{
	const struct bindery_device *device;
	struct bindery_devices *devices;
	uint32_t group = 77;

	start();
	tree_pci("0000:01:00.0", NULL, NULL);
	EXPECT_INT(bindery_host_get_devices(host, &devices), 0);
	device = bindery_devices_get(devices, 0);
	EXPECT(!bindery_device_get_group(device, &group));
	EXPECT_INT(group, 77);
	EXPECT_TEXT(bindery_device_get_driver(device), "");
	EXPECT_TEXT(bindery_device_get_override(device), "");
	bindery_devices_free(devices);
	finish();
}

TEST(U11_devices_come_in_order_of_address)
{
	static const char *const names[] = {
		"0000:02:00.0", "10000:01:00.0", "0000:01:00.1", "0000:01:00.0",
		"a000:01:00.0",
	};
	static const char *const sorted[] = {
		"0000:01:00.0", "0000:01:00.1", "0000:02:00.0", "a000:01:00.0",
		"10000:01:00.0",
	};
	struct bindery_devices *devices;

	start();
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		tree_pci(names[i], NULL, NULL);
	EXPECT_INT(bindery_host_get_devices(host, &devices), 0);
	EXPECT_INT(bindery_devices_get_count(devices), 5);
	for (size_t i = 0; i < bindery_devices_get_count(devices); i++) {
		struct bindery_bdf bdf = bindery_device_get_bdf(
			bindery_devices_get(devices, i));
		char text[BINDERY_BDF_SIZE];

		bindery_bdf_format(&bdf, text);
		EXPECT_TEXT(text, sorted[i]);
	}
	bindery_devices_free(devices);
	finish();
}

TEST(U11_users_of_a_group_node_and_of_device_nodes_are_found)
{
	struct bindery_users *users;

	start();
	tree_link("proc/12/fd/0", "/dev/null");
	tree_link("proc/12/fd/3", "/dev/vfio/5");
	tree_file("proc/12/comm", "qemu-system-x86\n");
	tree_link("proc/100/fd/7", "/dev/vfio/devices/vfio3");
	tree_file("proc/100/comm", "dpdk\n");
	tree_link("proc/13/fd/3", "/dev/vfio/55");
	tree_link("proc/14/fd/3", "/dev/vfio/devices/vfio4");
	tree_dir("sys/devices/0000:01:00.0/vfio-dev/vfio3");
	tree_link("sys/kernel/iommu_groups/5/devices/0000:01:00.0",
		  "../../../../devices/0000:01:00.0");
	EXPECT_INT(bindery_users_find_vfio(host, 5, &users), 0);
	EXPECT_INT(bindery_users_get_count(users), 2);
	if (bindery_users_get_count(users) == 2) {
		EXPECT_INT(bindery_user_get_pid(bindery_users_get(users, 0)), 12);
		EXPECT_TEXT(bindery_user_get_comm(bindery_users_get(users, 0)),
			    "qemu-system-x86");
		EXPECT_INT(bindery_user_get_pid(bindery_users_get(users, 1)),
			   100);
	}
	bindery_users_free(users);
	finish();
}

TEST(U1_freeing_nothing_is_allowed)
{
	bindery_host_free(NULL);
	bindery_devices_free(NULL);
	bindery_users_free(NULL);
	bindery_guards_free(NULL);
	bindery_members_free(NULL);
	bindery_group_free(NULL);
	bindery_status_free(NULL);
	bindery_claim_free(NULL);
	bindery_request_free(NULL);
	bindery_info_free(NULL);
	bindery_context_free(NULL);
}

TEST(U1_the_library_tells_its_version)
{
	EXPECT_TEXT(bindery_get_version(), BINDERY_VERSION);
}
