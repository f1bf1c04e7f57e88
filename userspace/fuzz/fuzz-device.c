// SPDX-License-Identifier: GPL-2.0-or-later
/* What sysfs says of a device: its small files, its links, its registers. */
#include <string.h>

#include "fuzz.h"
#include "internal.h"
#include "../tests/tree.h"

#define BDF	"0000:01:00.0"
#define DIR	"sys/devices/" BDF "/"

static const char *const names[] = {
	"vendor", "device", "class", "sriov_numvfs", "numa_node",
	"reset_method", "driver_override",
};

static const char *const links[] = { "driver", "iommu_group", "physfn" };

static struct bindery_host *host;
static int files[ARRAY_SIZE(names)], config;

static void start(void)
{
	char path[128];

	host = fuzz_host();
	tree_pci(BDF, NULL, NULL);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		snprintf(path, sizeof(path), DIR "%s", names[i]);
		files[i] = fuzz_file(path);
	}
	config = fuzz_file(DIR "config");
}

static void fill(struct fuzz_input input)
{
	char path[128];

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		fuzz_fill(files[i], fuzz_part(&input));
	for (size_t i = 0; i < ARRAY_SIZE(links); i++) {
		snprintf(path, sizeof(path), DIR "%s", links[i]);
		fuzz_link(path, fuzz_part(&input));
	}
	fuzz_link("sys/bus/pci/devices/" BDF, fuzz_part(&input));
	fuzz_fill(config, input);
}

static void check_topology(const struct bindery_devices *devices)
{
	static const struct bindery_bdf bdf = { .bus = 1 };
	struct bindery_topology *topology;
	uint32_t vectors = 77;
	size_t count;

	HOLDS(!bindery_topology_new(host, devices, &bdf, &topology));
	if (bindery_topology_get_msix(topology, &vectors))
		HOLDS(vectors <= 2048);
	else
		HOLDS(vectors == 77);
	HOLDS(strlen(bindery_topology_get_reset_methods(topology)) <
	      BINDERY_NAME_SIZE);
	bindery_topology_get_slot(topology, &count);
	HOLDS(count == 1);
	bindery_topology_get_bus_reset(topology, &count);
	HOLDS(!count);
	bindery_topology_free(topology);
}

static void check_device(const struct bindery_device *device)
{
	char text[BINDERY_NAME_SIZE];
	struct bindery_path path;
	struct bindery_bdf bdf;
	uint32_t group;

	HOLDS(strlen(bindery_device_get_driver(device)) < BINDERY_NAME_SIZE);
	if (bindery_device_get_path(device, &path))
		HOLDS(path.num_steps <= BINDERY_PATH_MAX);
	if (bindery_device_get_pf(device, &bdf))
		HOLDS(bdf.slot <= SLOT_MAX && bdf.function <= FUNCTION_MAX);
	HOLDS(!bindery_device_is_eligible(device) ||
	      (bindery_device_get_group(device, &group) &&
	       !bindery_device_is_bridge(device)));
	/* The link may lead to what has no override. */
	HOLDS(!bindery_device_read_override(device, host, text, sizeof(text)) ||
	      !*text);
	HOLDS(strcmp(text, "(null)"));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bindery_devices *devices;

	if (!host)
		start();
	fill((struct fuzz_input){ data, size });
	HOLDS(!bindery_host_get_devices(host, &devices));
	HOLDS(bindery_devices_get_count(devices) <= 1);
	/* The link of the bus may lead elsewhere. */
	if (bindery_devices_get_count(devices)) {
		check_device(bindery_devices_get(devices, 0));
		check_topology(devices);
	}
	bindery_devices_free(devices);
	return 0;
}
