// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
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
	char name[BINDERY_NAME_SIZE];
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
	EXPECT_INT(bindery_device_read_override(device, host, name,
						sizeof(name)), 0);
	EXPECT_TEXT(name, "vfio-pci");
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
	char name[BINDERY_NAME_SIZE];
	uint32_t group = 77;

	start();
	tree_pci("0000:01:00.0", NULL, NULL);
	EXPECT_INT(bindery_host_get_devices(host, &devices), 0);
	device = bindery_devices_get(devices, 0);
	EXPECT(!bindery_device_get_group(device, &group));
	EXPECT_INT(group, 77);
	EXPECT_TEXT(bindery_device_get_driver(device), "");
	EXPECT_INT(bindery_device_read_override(device, host, name,
						sizeof(name)), 0);
	EXPECT_TEXT(name, "");
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

TEST(U1_a_node_with_another_path_is_known_by_its_number)
{
	struct bindery_users *users;

	start();
	/* /dev/null stands for what a container made of the node's number. */
	tree_file("sys/class/vfio/5/dev", "1:3\n");
	tree_link("proc/12/fd/3", "/dev/null");
	tree_link("proc/13/fd/3", "/dev/zero");
	tree_link("proc/14/fd/3", "/dev/gone");
	tree_link("proc/15/fd/3", "pipe:[1]");
	EXPECT_INT(bindery_users_find_vfio(host, 5, &users), 0);
	EXPECT_INT(bindery_users_get_count(users), 1);
	EXPECT_INT(bindery_user_get_pid(bindery_users_get(users, 0)), 12);
	bindery_users_free(users);
	/* A number that makes no sense means none. */
	tree_file("sys/class/vfio/5/dev", "1 3\n");
	EXPECT_INT(bindery_users_find_vfio(host, 5, &users), 0);
	EXPECT_INT(bindery_users_get_count(users), 0);
	bindery_users_free(users);
	finish();
}

/* As sysfs has it: where the device really is, and links to it. */
static void put_device(const char *parents, const char *bdf)
{
	char dir[256], link[64], target[256];

	snprintf(dir, sizeof(dir), "sys/devices/%s/%s", parents, bdf);
	tree_dir(dir);
	snprintf(link, sizeof(link), "sys/bus/pci/devices/%s", bdf);
	snprintf(target, sizeof(target), "../../../devices/%s/%s", parents, bdf);
	tree_link(link, target);
}

static void put_bus(const char *parents, const char *bus)
{
	char link[64], target[256];

	snprintf(link, sizeof(link), "sys/class/pci_bus/%s", bus);
	snprintf(target, sizeof(target), "../../devices/%s/pci_bus/%s", parents,
		 bus);
	tree_link(link, target);
}

static void put_hierarchy(void)
{
	put_bus("pci0000:00", "0000:00");
	put_bus("pci0000:00/0000:00:1e.0", "0000:05");
	put_device("pci0000:00", "0000:00:1e.0");
	put_device("pci0000:00/0000:00:1e.0", "0000:05:03.1");
	put_device("pci0000:00", "0000:00:0e.0");
	/* A PF on a root bus: the extra bus of its VFs is no root. */
	put_bus("pci0000:00", "0000:01");
	put_device("pci0000:00", "0000:00:02.0");
	put_device("pci0000:00", "0000:00:02.1");
	put_device("pci0000:00", "0000:01:00.2");
	tree_link("sys/devices/pci0000:00/0000:00:02.1/physfn",
		  "../0000:00:02.0");
	tree_link("sys/devices/pci0000:00/0000:01:00.2/physfn",
		  "../0000:00:02.0");
	tree_link("sys/devices/pci0000:00/0000:00:02.0/virtfn0",
		  "../0000:00:02.1");
	tree_link("sys/devices/pci0000:00/0000:00:02.0/virtfn9",
		  "../0000:01:00.2");
}

static const char *path_of(const char *bdf)
{
	static char text[BINDERY_PATH_SIZE];
	struct bindery_devices *devices;
	struct bindery_path path;
	struct bindery_bdf wanted;

	strcpy(text, "no path");
	EXPECT_INT(bindery_bdf_parse(bdf, &wanted), 0);
	EXPECT_INT(bindery_host_get_devices(host, &devices), 0);
	for (size_t i = 0; i < bindery_devices_get_count(devices); i++) {
		const struct bindery_device *device;
		struct bindery_bdf other;

		device = bindery_devices_get(devices, i);
		other = bindery_device_get_bdf(device);
		if (!bindery_bdf_compare(&wanted, &other) &&
		    bindery_device_get_path(device, &path))
			bindery_path_format(&path, text);
	}
	bindery_devices_free(devices);
	return text;
}

TEST(A1_the_path_of_a_device_is_what_sysfs_says)
{
	start();
	put_hierarchy();
	put_device("pci0000:00/0000:00:0e.0/pci10000:e0/10000:e0:1d.4",
		   "10000:e1:00.0");
	tree_pci("0000:ff:00.0", NULL, NULL);
	EXPECT_TEXT(path_of("0000:00:1e.0"), "0000:00/1e");
	EXPECT_TEXT(path_of("0000:05:03.1"), "0000:00/1e/03.1");
	EXPECT_TEXT(path_of("0000:00:02.1"), "0000:00/02.1");
	EXPECT_TEXT(path_of("0000:01:00.2"), "no path");
	EXPECT_TEXT(path_of("10000:e1:00.0"), "10000:e0/1d.4/00");
	EXPECT_TEXT(path_of("0000:ff:00.0"), "no path");
	finish();
}

TEST(A1_a_root_bus_is_completed_if_there_is_one_only)
{
	struct bindery_path path = { 0 };
	char text[BINDERY_PATH_SIZE];

	start();
	EXPECT_INT(bindery_path_parse("1e/03.1", &path), 0);
	EXPECT_INT(bindery_host_complete_path(host, &path), -ENODEV);
	put_hierarchy();
	EXPECT_INT(bindery_host_complete_path(host, &path), 0);
	bindery_path_format(&path, text);
	EXPECT_TEXT(text, "0000:00/1e/03.1");
	put_bus("pci0000:80", "0000:80");
	EXPECT_INT(bindery_host_complete_path(host, &path), 0);
	EXPECT_INT(bindery_path_parse("1e/03.1", &path), 0);
	EXPECT_INT(bindery_host_complete_path(host, &path), -ENOTUNIQ);
	EXPECT(!path.has_root);
	finish();
}

static int find(const struct bindery_reference *device, const char *bdf)
{
	struct bindery_bdf found = { .bus = 0x77 };
	char text[BINDERY_BDF_SIZE];
	int ret = bindery_host_find_device(host, device, &found);

	bindery_bdf_format(&found, text);
	EXPECT_TEXT(text, bdf ? bdf : "0000:77:00.0");
	return ret;
}

TEST(A1_A4_a_reference_is_found_by_BDF_by_path_and_as_VF)
{
	struct bindery_reference device = { .bdf = { 0, 5, 3, 1 } };

	start();
	put_hierarchy();
	EXPECT_INT(find(&device, "0000:05:03.1"), 0);
	device.bdf.function = 2;
	EXPECT_INT(find(&device, NULL), -ENODEV);

	device.address = BINDERY_ADDRESS_PATH;
	EXPECT_INT(bindery_path_parse("1e/03.1", &device.path), 0);
	EXPECT_INT(find(&device, "0000:05:03.1"), 0);
	EXPECT_INT(bindery_path_parse("0000:00/1e/03", &device.path), 0);
	EXPECT_INT(find(&device, NULL), -ENODEV);
	EXPECT_INT(bindery_path_parse("0000:01/1e/03.1", &device.path), 0);
	EXPECT_INT(find(&device, NULL), -ENODEV);

	device.address = BINDERY_ADDRESS_VF;
	device.bdf = (struct bindery_bdf){ 0, 0, 2, 0 };
	EXPECT_INT(find(&device, "0000:00:02.1"), 0);
	device.vf = 9;
	EXPECT_INT(find(&device, "0000:01:00.2"), 0);
	device.vf = 8;
	EXPECT_INT(find(&device, NULL), -ENODEV);
	device.address = 99;
	EXPECT_INT(find(&device, NULL), -EINVAL);
	finish();
}

#define IDENTIFIED "sys/bus/pci/devices/0000:05:03.1/"

static void put_serial(void)
{
	unsigned char config[0x200] = {
		[0x100] = 1, [0x102] = 1, [0x103] = 0x15,
		[0x150] = 3, [0x152] = 1,
		[0x154] = 0x56, 0x34, 0x12, 0xff, 0xfe, 0x17, 0x15, 0x00,
	};
	FILE *file = fopen(tree_path(IDENTIFIED "config"), "w");

	EXPECT(file && fwrite(config, sizeof(config), 1, file) == 1);
	EXPECT(file && !fclose(file));
}

TEST(A7_what_a_reference_expects_is_looked_at)
{
	struct bindery_reference device = { .bdf = { 0, 5, 3, 1 } };
	struct bindery_bdf absent = { 0, 5, 3, 2 };

	start();
	put_hierarchy();
	EXPECT_INT(bindery_host_check_device(host, &device, &device.bdf), 0);
	EXPECT_INT(bindery_host_check_device(host, &device, &absent), -ENODEV);
	device.expect = BINDERY_EXPECT_ID;
	device.vendor = 0x8086;
	device.device_id = 0x10d3;
	EXPECT_INT(bindery_host_check_device(host, &device, &device.bdf),
		   -ENOENT);
	tree_file(IDENTIFIED "vendor", "0x8086\n");
	tree_file(IDENTIFIED "device", "0x10d3\n");
	EXPECT_INT(bindery_host_check_device(host, &device, &device.bdf), 0);
	device.device_id = 0x10d4;
	EXPECT_INT(bindery_host_check_device(host, &device, &device.bdf),
		   -ESTALE);
	device.expect = BINDERY_EXPECT_SUBSYSTEM;
	device.subsystem_vendor = 0x1af4;
	tree_file(IDENTIFIED "subsystem_vendor", "0x1af4\n");
	tree_file(IDENTIFIED "subsystem_device", "0x0001\n");
	EXPECT_INT(bindery_host_check_device(host, &device, &device.bdf),
		   -ESTALE);
	device.subsystem_device = 1;
	EXPECT_INT(bindery_host_check_device(host, &device, &device.bdf), 0);
	device.subsystem_vendor = 0;
	EXPECT_INT(bindery_host_check_device(host, &device, &device.bdf),
		   -ESTALE);
	finish();
}

TEST(A7_a_serial_number_is_read_from_the_configuration_space)
{
	struct bindery_reference device = {
		.bdf = { 0, 5, 3, 1 }, .expect = BINDERY_EXPECT_SERIAL,
	};

	start();
	put_hierarchy();
	EXPECT_INT(bindery_host_check_device(host, &device, &device.bdf),
		   -ENOENT);
	/* As others than root see it. */
	tree_file(IDENTIFIED "config", "cut");
	EXPECT_INT(bindery_host_check_device(host, &device, &device.bdf),
		   -EACCES);
	put_serial();
	/* None is that of no device, also where there is none. */
	EXPECT_INT(bindery_host_check_device(host, &device, &device.bdf),
		   -ESTALE);
	device.serial = 0x001517feff123456;
	EXPECT_INT(bindery_host_check_device(host, &device, &device.bdf), 0);
	device.serial++;
	EXPECT_INT(bindery_host_check_device(host, &device, &device.bdf),
		   -ESTALE);
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
	bindery_claims_free(NULL);
	bindery_groups_free(NULL);
	bindery_journal_free(NULL);
	bindery_monitor_free(NULL);
	bindery_strays_free(NULL);
	bindery_wait_free(NULL);
	bindery_event_record_free(NULL);
}

TEST(U1_the_library_tells_its_version)
{
	EXPECT_TEXT(bindery_get_version(), BINDERY_VERSION);
}
