// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <pci/pci.h>
#include <stdarg.h>
#include <stdio.h>

#include "internal.h"
#include "tap.h"
#include "tree.h"

static struct bindery_host *host;
static struct bindery_filter *filter;

char *__real_pci_lookup_name(struct pci_access *access, char *text, int size,
			     int flags, ...);

static void start(void)
{
	EXPECT_INT(bindery_host_new(tree_new(), &host), 0);
	tree_pci("0000:01:00.0", "e1000e", "5");
	tree_pci("0000:02:00.0", NULL, "6");
	tree_file("sys/devices/0000:02:00.0/vendor", "0x1b36\n");
	tree_file("sys/devices/0000:02:00.0/device", "0x0010\n");
	tree_file("sys/devices/0000:02:00.0/class", "0x010802\n");
	tree_file("sys/devices/0000:02:00.0/numa_node", "1\n");
	tree_pci("0000:03:00.0", "pcieport", "7");
	tree_file("sys/devices/0000:03:00.0/class", "0x060400\n");
}

static void finish(void)
{
	bindery_host_free(host);
	tree_free();
}

/* Bits of the devices that pass the filter, which is freed. */
static int pass(void)
{
	struct bindery_devices *devices;
	int bits = 0;

	EXPECT_INT(bindery_host_get_devices(host, &devices), 0);
	EXPECT_INT(bindery_devices_filter(devices, filter), 0);
	for (size_t i = 0; i < bindery_devices_get_count(devices); i++)
		bits |= 1 << bindery_device_get_bdf(
				bindery_devices_get(devices, i)).bus;
	bindery_devices_free(devices);
	bindery_filter_free(filter);
	return bits;
}

#define E1000E	(1 << 1)
#define NVME	(1 << 2)
#define PORT	(1 << 3)
#define ALL	(E1000E | NVME | PORT)

static int pass_by(int (*set)(struct bindery_filter *, const char *),
		   const char *text)
{
	EXPECT_INT(bindery_filter_new(&filter), 0);
	EXPECT_INT(set(filter, text), 0);
	return pass();
}

TEST(A5_no_filter_lets_all_pass)
{
	start();
	EXPECT_INT(bindery_filter_new(&filter), 0);
	EXPECT_INT(pass(), ALL);
	finish();
}

TEST(A5_devices_are_filtered_by_numbers)
{
	start();
	EXPECT_INT(pass_by(bindery_filter_set_vendor, "8086"), E1000E | PORT);
	EXPECT_INT(pass_by(bindery_filter_set_vendor, "0x1B36"), NVME);
	EXPECT_INT(pass_by(bindery_filter_set_vendor, "ffff"), 0);
	EXPECT_INT(pass_by(bindery_filter_set_device, "10d3"), E1000E | PORT);
	EXPECT_INT(pass_by(bindery_filter_set_device, "1b36:0010"), NVME);
	EXPECT_INT(pass_by(bindery_filter_set_device, "8086:0010"), 0);
	EXPECT_INT(pass_by(bindery_filter_set_class, "02"), E1000E);
	EXPECT_INT(pass_by(bindery_filter_set_class, "0108"), NVME);
	EXPECT_INT(pass_by(bindery_filter_set_class, "010802"), NVME);
	EXPECT_INT(pass_by(bindery_filter_set_class, "010803"), 0);
	EXPECT_INT(pass_by(bindery_filter_set_class, "0x06"), PORT);
	finish();
}

TEST(A5_devices_are_filtered_by_names)
{
	char name[BINDERY_PCI_NAME_SIZE];
	struct bindery_names *names;
	bool known;

	EXPECT_INT(bindery_names_new(&names), 0);
	known = bindery_names_get_vendor(names, 0x8086, name);
	if (known) {
		EXPECT_HAS(name, "Intel");
		EXPECT(bindery_names_get_device(names, 0x8086, 0x10d3, name));
		EXPECT_HAS(name, "82574L");
		EXPECT(bindery_names_get_class(names, 0x020000, name));
		EXPECT_HAS(name, "Ethernet");
	}
	EXPECT(!bindery_names_get_vendor(names, 0xfff9, name));
	EXPECT(!bindery_names_get_device(names, 0x8086, 0xfffe, name));
	bindery_names_free(names);
	/* Without pci.ids no name is known, and none matches. */
	start();
	EXPECT_INT(pass_by(bindery_filter_set_vendor, "intel"),
		   known ? E1000E | PORT : 0);
	EXPECT_INT(pass_by(bindery_filter_set_device, "82574l"),
		   known ? E1000E | PORT : 0);
	EXPECT_INT(pass_by(bindery_filter_set_class, "ethernet"),
		   known ? E1000E : 0);
	EXPECT_INT(pass_by(bindery_filter_set_vendor, "no such vendor"), 0);
	finish();
}

static struct pci_access *failing;

char *__wrap_pci_lookup_name(struct pci_access *access, char *text, int size,
			     int flags, ...);

/* As libpci does it when it gets no memory. */
char *__wrap_pci_lookup_name(struct pci_access *access, char *text, int size,
			     int flags, ...)
{
	va_list arguments;
	int first, second;

	if (failing) {
		failing = access;
		access->warning((char *)"%s", "a warning");
		access->error((char *)"no memory for %s", "it");
	}
	va_start(arguments, flags);
	first = va_arg(arguments, int);
	second = va_arg(arguments, int);
	va_end(arguments);
	return __real_pci_lookup_name(access, text, size, flags, first, second);
}

TEST(A5_a_failure_of_libpci_is_a_name_that_is_not_known)
{
	char name[BINDERY_PCI_NAME_SIZE];
	struct bindery_names *names;

	EXPECT_INT(bindery_names_new(&names), 0);
	failing = (void *)-1;
	EXPECT(!bindery_names_get_vendor(names, 0x8086, name));
	EXPECT(!bindery_names_get_class(names, 0x020000, name));
	EXPECT(failing != (void *)-1);
	failing = NULL;
	bindery_names_free(names);
}

TEST(A5_devices_are_filtered_by_driver_node_and_eligibility)
{
	start();
	EXPECT_INT(pass_by(bindery_filter_set_driver, "e1000e"), E1000E);
	EXPECT_INT(pass_by(bindery_filter_set_driver, "e1000"), 0);
	EXPECT_INT(pass_by(bindery_filter_set_driver, "none"), NVME);
	EXPECT_INT(bindery_filter_new(&filter), 0);
	bindery_filter_set_numa_node(filter, 1);
	EXPECT_INT(pass(), NVME);
	EXPECT_INT(bindery_filter_new(&filter), 0);
	bindery_filter_set_numa_node(filter, -1);
	EXPECT_INT(pass(), E1000E | PORT);
	EXPECT_INT(bindery_filter_new(&filter), 0);
	bindery_filter_set_eligible(filter);
	EXPECT_INT(pass(), E1000E | NVME);
	finish();
}

TEST(A5_all_of_several_filters_have_to_let_it_pass)
{
	start();
	EXPECT_INT(bindery_filter_new(&filter), 0);
	EXPECT_INT(bindery_filter_set_vendor(filter, "ffff"), 0);
	EXPECT_INT(bindery_filter_set_vendor(filter, "8086"), 0);
	bindery_filter_set_eligible(filter);
	EXPECT_INT(pass(), E1000E);
	EXPECT_INT(bindery_filter_new(&filter), 0);
	EXPECT_INT(bindery_filter_set_vendor(filter, ""), -EINVAL);
	EXPECT_INT(bindery_filter_set_device(filter, ""), -EINVAL);
	EXPECT_INT(bindery_filter_set_class(filter, ""), -EINVAL);
	EXPECT_INT(bindery_filter_set_driver(filter, ""), -EINVAL);
	EXPECT_INT(pass(), ALL);
	bindery_filter_free(NULL);
	bindery_names_free(NULL);
	bindery_topology_free(NULL);
	finish();
}

/* Reading its registers would wake it. */
TEST(A5_a_device_that_sleeps_is_judged_by_its_class)
{
	start();
	tree_file("sys/devices/0000:01:00.0/config", "iiddccssrccchl\002");
	tree_file("sys/devices/0000:02:00.0/class", "0x060700\n");
	tree_file("sys/devices/0000:02:00.0/power/runtime_status", "suspended\n");
	EXPECT_INT(bindery_filter_new(&filter), 0);
	bindery_filter_set_eligible(filter);
	EXPECT_INT(pass(), 0);
	tree_file("sys/devices/0000:01:00.0/power/runtime_status", "suspended\n");
	EXPECT_INT(bindery_filter_new(&filter), 0);
	bindery_filter_set_eligible(filter);
	EXPECT_INT(pass(), E1000E);
	finish();
}
