// SPDX-License-Identifier: GPL-2.0-only
/*
 * How long it takes to move devices to vfio-pci and back, by bindery and by
 * writes to sysfs. In each round both tools take their turn, in an order that
 * alternates. Prints a line for each round and tool:
 *
 *	sample CASE TOOL DEVICES ACQUIRE-SECONDS RELEASE-SECONDS
 *
 * It judges no time. It fails if a device is not where it should be.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#include "bench.h"

#define IGB_PF		"0000:01:00.0"
#define IGB_VFS		7
#define NVME_PF		"0000:02:00.0"
#define NVME_VFS	127
#define LONE_DEVICE	"0000:03:00.0"

static struct bench_case bench;

static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec + time.tv_nsec / 1e9;
}

static unsigned int not_on(const char *driver)
{
	unsigned int num = 0;

	for (unsigned int i = 0; i < bench.num; i++) {
		if (pci_is_on(bench.bdf[i], driver))
			continue;
		note("%s is not on %s", bench.bdf[i], driver);
		num++;
	}
	return num;
}

/* Drivers that go on setting their device up after the probe may do so. */
static int settle(void)
{
	text_t driver;

	for (unsigned int i = 0; i < bench.num; i++) {
		pci_driver(bench.bdf[i], driver);
		if (strcmp(driver, "nvme"))
			continue;
		if (!wait_until(nvme_is_live(bench.bdf[i])))
			return -ETIMEDOUT;
	}
	return 0;
}

/*
 * Drivers sleep from one tick of the kernel to another. What begins at always
 * the same moment between two ticks gains or loses a whole one by chance, and
 * does so in each round: begin at any moment.
 */
static void leave_tick(void)
{
	usleep(rand() % 20000);
}

static int run_tool(const struct tool *tool, bool counts)
{
	double begin, acquired, released;
	int ret;

	leave_tick();
	begin = now();
	ret = tool->acquire(&bench);
	acquired = now() - begin;
	if (ret || not_on(VFIO_PCI))
		return ret ? ret : -EIO;
	leave_tick();
	begin = now();
	ret = tool->release(&bench);
	released = now() - begin;
	if (ret || snapshot_compare(&bench.before))
		return ret ? ret : -EIO;
	if (counts)
		printf("sample %s %s %u %.6f %.6f\n", bench.name, tool->name,
		       bench.num, acquired, released);
	fflush(stdout);
	return settle();
}

/* The first round only warms up. */
static int run_case(unsigned int rounds)
{
	const struct tool *tool;
	int ret = snapshot_take(&bench.before);

	for (unsigned int i = 0; !ret && i <= rounds; i++) {
		for (unsigned int t = 0; !ret && t < num_tools; t++) {
			tool = &tools[(i + t) % num_tools];
			ret = run_tool(tool, i);
			if (ret)
				note("%s: %s, round %u: %s", bench.name,
				     tool->name, i, strerror(-ret));
		}
	}
	return ret;
}

static void add_vfs(const char *pf, unsigned int vfs)
{
	char path[128];

	for (unsigned int i = 0; i < vfs; i++) {
		snprintf(path, sizeof(path),
			 "/sys/bus/pci/devices/%s/virtfn%u", pf, i);
		if (link_name(path, bench.bdf[bench.num++], BDF_SIZE))
			note("%s has no VF %u", pf, i);
	}
}

static int run_many(const char *name, unsigned int rounds)
{
	bench.name = name;
	bench.num = 0;
	add_vfs(IGB_PF, IGB_VFS);
	add_vfs(NVME_PF, NVME_VFS);
	return run_case(rounds);
}

static int run_one(const char *name, const char *bdf, unsigned int rounds)
{
	bench.name = name;
	bench.num = 0;
	if (bdf)
		snprintf(bench.bdf[bench.num++], BDF_SIZE, "%s", bdf);
	return run_case(rounds);
}

static int run(unsigned int many, unsigned int one)
{
	char vf[BDF_SIZE];
	int ret = nvme_make_vfs(NVME_PF, NVME_VFS);

	ret = ret ? ret : run_many("vfs", many);
	ret = ret ? ret : nvme_start_vfs(NVME_PF, NVME_VFS);
	ret = ret ? ret : run_many("vfs-native", many);
	if (ret)
		return ret;
	link_name("/sys/bus/pci/devices/" NVME_PF "/virtfn0", vf, sizeof(vf));
	ret = run_one("one-nvme-vf", vf, one);
	link_name("/sys/bus/pci/devices/" IGB_PF "/virtfn0", vf, sizeof(vf));
	ret = ret ? ret : run_one("one-igbvf", vf, one);
	return ret ? ret : run_one("one-e1000e", LONE_DEVICE, one);
}

int main(int argc, char **argv)
{
	unsigned int many = argc > 1 ? atoi(argv[1]) : 5;
	unsigned int one = argc > 2 ? atoi(argv[2]) : 101;
	struct utsname host;
	int ret;

	if (!uname(&host))
		printf("kernel %s\n", host.release);
	ret = module_load("vfio_pci");
	ret = ret ? ret : tools_init();
	ret = ret ? ret : run(many, one);
	if (ret)
		note("the benchmark is incomplete: %s", strerror(-ret));
	return ret ? 1 : 0;
}
