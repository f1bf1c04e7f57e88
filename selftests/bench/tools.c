// SPDX-License-Identifier: GPL-2.0-only
/* The ways to move devices: bindery, and writes to sysfs one by one. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "bench.h"

static int control = -1;
static int claim = -1;

int tools_init(void)
{
	control = control_open();
	return control < 0 ? control : 0;
}

/* Which device, and at what, a write failed is all there is to know. */
static int told(int ret, const char *bdf, const char *what)
{
	if (ret)
		note("%s: %s: %s", bdf, what, strerror(-ret));
	return ret;
}

/*
 * What scripts do, without the price of a shell: each write opens and closes
 * its file, and each device is done before the next one is begun.
 */
static int sysfs_to_vfio(const char *bdf, bool has_driver)
{
	int ret = told(pci_override(bdf, VFIO_PCI), bdf, "driver_override");

	if (!ret && has_driver)
		ret = told(pci_unbind(bdf), bdf, "unbind");
	return ret ? ret : told(pci_drivers_probe(bdf), bdf, "drivers_probe");
}

static int sysfs_acquire(struct bench_case *bench)
{
	struct device_state *before;
	int ret = 0;

	for (unsigned int i = 0; !ret && i < bench->num; i++) {
		before = snapshot_device(&bench->before, bench->bdf[i]);
		ret = sysfs_to_vfio(bench->bdf[i], before->driver[0]);
	}
	return ret;
}

static int sysfs_from_vfio(const char *bdf)
{
	int ret = told(pci_unbind(bdf), bdf, "unbind");

	ret = ret ? ret : told(pci_override(bdf, ""), bdf, "driver_override");
	return ret ? ret : told(pci_drivers_probe(bdf), bdf, "drivers_probe");
}

static int sysfs_release(struct bench_case *bench)
{
	int ret = 0;

	for (unsigned int i = 0; !ret && i < bench->num; i++)
		ret = sysfs_from_vfio(bench->bdf[i]);
	return ret;
}

static int judge(int ret, const struct bindery_ioc_error *error)
{
	char bdf[BDF_SIZE];

	if (!ret)
		return 0;
	pci_text(&error->out_device, bdf);
	note("%s: code %u, step %u, %s", bdf, error->out_code, error->out_step,
	     strerror(-ret));
	return ret;
}

static int bindery_acquire(struct bench_case *bench)
{
	static struct bindery_ioc_device devices[MAX_DEVICES];
	struct bindery_ioc_error error = { .size = sizeof(error) };
	struct bindery_ioc_acquire cmd = {
		.size = sizeof(cmd),
		.devices = (uintptr_t)devices,
		.num_devices = bench->num,
		.device_size = sizeof(devices[0]),
		.error = (uintptr_t)&error,
	};
	int ret;

	memset(devices, 0, sizeof(devices));
	for (unsigned int i = 0; i < bench->num; i++)
		devices[i].bdf = pci_address(bench->bdf[i]);
	ret = judge(call(control, BINDERY_ACQUIRE, &cmd), &error);
	claim = ret ? -1 : cmd.out_claim_fd;
	return ret;
}

static int bindery_release(struct bench_case *bench)
{
	struct bindery_ioc_error error = { .size = sizeof(error) };
	struct bindery_ioc_release cmd = {
		.size = sizeof(cmd),
		.error = (uintptr_t)&error,
	};
	int ret;

	(void)bench;
	ret = judge(call(claim, BINDERY_RELEASE, &cmd), &error);
	close(claim);
	return ret;
}

const struct tool tools[] = {
	{ "sysfs", sysfs_acquire, sysfs_release },
	{ "bindery", bindery_acquire, bindery_release },
};

const unsigned int num_tools = sizeof(tools) / sizeof(tools[0]);
