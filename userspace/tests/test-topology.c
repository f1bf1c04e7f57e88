// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "internal.h"
#include "tap.h"
#include "tree.h"

static struct bindery_host *host;
static struct bindery_devices *devices;

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

static void put_file(const char *bdf, const char *name, const char *text)
{
	char path[256];

	snprintf(path, sizeof(path), "sys/bus/pci/devices/%s/%s", bdf, name);
	tree_file(path, text);
}

static void put_config(const char *bdf, const unsigned char *config,
		       size_t size)
{
	char path[256];
	int fd;

	put_file(bdf, "config", "");
	snprintf(path, sizeof(path), "sys/bus/pci/devices/%s/config", bdf);
	fd = openat(host->root, path, O_WRONLY);
	EXPECT_INT(write(fd, config, size), size);
	close(fd);
}

/* A port, behind it a switch: two functions in one slot, and a VF's PF. */
static void start(void)
{
	EXPECT_INT(bindery_host_new(tree_new(), &host), 0);
	put("", "0000:00:01.0", "1");
	put("0000:00:01.0/", "0000:01:00.0", "2");
	put("0000:00:01.0/", "0000:01:00.1", "3");
	put("0000:00:01.0/0000:01:00.0/", "0000:02:03.0", "4");
	put("0000:00:01.0/", "0000:07:00.5", "5");
	tree_link("sys/bus/pci/devices/0000:07:00.5/physfn", "../0000:01:00.1");
	put("", "0000:00:02.0", "6");
	put("", "0000:00:02.1", "6");
}

static struct bindery_topology *topology_of(const char *text)
{
	struct bindery_topology *topology = NULL;
	struct bindery_bdf bdf;

	EXPECT_INT(bindery_host_get_devices(host, &devices), 0);
	EXPECT_INT(bindery_bdf_parse(text, &bdf), 0);
	EXPECT_INT(bindery_topology_new(host, devices, &bdf, &topology), 0);
	return topology;
}

static void end(struct bindery_topology *topology)
{
	bindery_topology_free(topology);
	bindery_devices_free(devices);
}

static void finish(void)
{
	bindery_host_free(host);
	tree_free();
}

static const char *join(const struct bindery_bdf *bdfs, size_t count)
{
	static char text[256];

	text[0] = '\0';
	for (size_t i = 0; i < count; i++) {
		char one[BINDERY_BDF_SIZE];

		bindery_bdf_format(&bdfs[i], one);
		snprintf(text + strlen(text), sizeof(text) - strlen(text),
			 "%s%s", i ? " " : "", one);
	}
	return text;
}

static const char *slot_of(const char *bdf)
{
	struct bindery_topology *topology = topology_of(bdf);
	const struct bindery_bdf *bdfs;
	const char *text;
	size_t count;

	bdfs = bindery_topology_get_slot(topology, &count);
	text = join(bdfs, count);
	end(topology);
	return text;
}

static const char *reset_of(const char *bdf)
{
	struct bindery_topology *topology = topology_of(bdf);
	const struct bindery_bdf *bdfs;
	const char *text;
	size_t count;

	bdfs = bindery_topology_get_bus_reset(topology, &count);
	text = join(bdfs, count);
	end(topology);
	return text;
}

TEST(A8_functions_of_a_slot_come_together)
{
	start();
	EXPECT_TEXT(slot_of("0000:01:00.0"), "0000:01:00.0 0000:01:00.1");
	EXPECT_TEXT(slot_of("0000:02:03.0"), "0000:02:03.0");
	EXPECT_TEXT(slot_of("0000:00:02.1"), "0000:00:02.0 0000:00:02.1");
	EXPECT_TEXT(slot_of("0000:07:00.5"), "0000:07:00.5");
	finish();
}

TEST(A8_a_VF_is_in_no_slot_of_its_PF)
{
	start();
	put("0000:00:01.0/", "0000:01:00.2", "8");
	tree_link("sys/bus/pci/devices/0000:01:00.2/physfn", "../0000:01:00.1");
	EXPECT_TEXT(slot_of("0000:01:00.2"), "0000:01:00.2");
	EXPECT_TEXT(slot_of("0000:01:00.1"), "0000:01:00.0 0000:01:00.1");
	finish();
}

TEST(A9_a_bus_reset_hits_all_behind_the_bridge_but_the_own_group)
{
	start();
	EXPECT_TEXT(reset_of("0000:01:00.0"),
		    "0000:01:00.1 0000:02:03.0 0000:07:00.5");
	EXPECT_TEXT(reset_of("0000:01:00.1"),
		    "0000:01:00.0 0000:02:03.0 0000:07:00.5");
	EXPECT_TEXT(reset_of("0000:02:03.0"), "");
	EXPECT_TEXT(reset_of("0000:07:00.5"), "");
	EXPECT_TEXT(reset_of("0000:00:02.0"), "");
	EXPECT_TEXT(reset_of("0000:00:01.0"), "");
	finish();
}

TEST(A9_reset_methods_and_NUMA_node_are_as_sysfs_says)
{
	struct bindery_topology *topology;
	struct bindery_bdf bdf = { 0, 1, 0, 0 };

	start();
	put_file("0000:01:00.0", "reset_method", "flr bus\n");
	put_file("0000:01:00.0", "numa_node", "1\n");
	put_file("0000:01:00.1", "numa_node", "-1\n");
	topology = topology_of("0000:01:00.0");
	EXPECT_TEXT(bindery_topology_get_reset_methods(topology), "flr bus");
	EXPECT_INT(bindery_device_get_numa_node(
			bindery_devices_find(devices, &bdf)), 1);
	bdf.function = 1;
	EXPECT_INT(bindery_device_get_numa_node(
			bindery_devices_find(devices, &bdf)), -1);
	bdf.function = 2;
	EXPECT(!bindery_devices_find(devices, &bdf));
	end(topology);
	topology = topology_of("0000:02:03.0");
	EXPECT_TEXT(bindery_topology_get_reset_methods(topology), "");
	end(topology);
	finish();
}

static long msix_of(const unsigned char *config, size_t size)
{
	struct bindery_topology *topology;
	uint32_t vectors = 77;
	bool known;

	put_config("0000:01:00.0", config, size);
	topology = topology_of("0000:01:00.0");
	known = bindery_topology_get_msix(topology, &vectors);
	end(topology);
	EXPECT(known || vectors == 77);
	return known ? (long)vectors : -1;
}

TEST(A9_MSIX_vectors_are_counted)
{
	unsigned char config[256] = { 0 };

	start();
	EXPECT_INT(msix_of(config, 256), 0);
	config[0x06] = 0x10;
	config[0x34] = 0x40;
	config[0x40] = 0x01;
	config[0x41] = 0x72;	/* the low bits mean nothing */
	config[0x70] = 0x11;
	config[0x72] = 0x04;
	config[0x73] = 0x80;	/* enabled: no part of the size */
	EXPECT_INT(msix_of(config, 256), 5);
	config[0x73] = 0x07;
	EXPECT_INT(msix_of(config, 256), 0x704 + 1);
	/* What only root may read. */
	EXPECT_INT(msix_of(config, 64), -1);
	/* A list in a circle, and one that leads into the header. */
	config[0x70] = 0x05;
	config[0x71] = 0x40;
	EXPECT_INT(msix_of(config, 256), 0);
	config[0x71] = 0x10;
	EXPECT_INT(msix_of(config, 256), 0);
	finish();
}

TEST(A9_a_device_that_is_not_there_has_none_of_it)
{
	struct bindery_topology *topology;
	struct bindery_bdf bdf = { 0, 9, 0, 0 };

	start();
	EXPECT_INT(bindery_host_get_devices(host, &devices), 0);
	EXPECT_INT(bindery_topology_new(host, devices, &bdf, &topology), -ENODEV);
	end(NULL);
	finish();
}

TEST(A5_eligible_is_an_endpoint_in_a_group_without_VFs)
{
	static const struct bindery_bdf bdf = { 0, 1, 0, 0 };
	unsigned char config[64] = { 0 };
	static const struct {
		const char *class;
		unsigned char header;
		const char *vfs;
		bool eligible;
	} rows[] = {
		{ "0x020000\n", 0x00, "0\n", true },
		{ "0x020000\n", 0x80, "0\n", true },	/* multi-function */
		{ "0x068000\n", 0x00, "0\n", true },
		{ "0x060000\n", 0x00, "0\n", false },
		{ "0x060400\n", 0x01, "0\n", false },
		{ "0x060700\n", 0x02, "0\n", false },
		{ "0x020000\n", 0x00, "7\n", false },
	};

	start();
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		put_file("0000:01:00.0", "class", rows[i].class);
		put_file("0000:01:00.0", "sriov_numvfs", rows[i].vfs);
		config[0x0e] = rows[i].header;
		put_config("0000:01:00.0", config, sizeof(config));
		EXPECT_INT(bindery_host_get_devices(host, &devices), 0);
		if (bindery_device_is_eligible(bindery_devices_find(devices,
				&bdf)) != rows[i].eligible)
			test_fail(__FILE__, __LINE__, "row %zu", i);
		bindery_devices_free(devices);
	}
	finish();
}
