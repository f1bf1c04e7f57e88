// SPDX-License-Identifier: GPL-2.0-or-later
/* modules.alias, behind the modalias of a device and the name of a driver. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#include "fuzz.h"
#include "internal.h"
#include "../tests/tree.h"

#define BDF	"0000:01:00.0"

static struct bindery_host *host;
static int modalias, aliases;

static void start(void)
{
	struct utsname name;
	char path[256];

	HOLDS(!uname(&name));
	host = fuzz_host();
	tree_pci(BDF, "native", "1");
	tree_dir("sys/bus/pci/drivers/mlx5-vfio-pci");
	modalias = fuzz_file("sys/devices/" BDF "/modalias");
	snprintf(path, sizeof(path), "lib/modules/%s/modules.alias",
		 name.release);
	aliases = fuzz_file(path);
}

static void check_variant(void)
{
	static const struct bindery_variant before = { "before", "before" };
	static const struct bindery_bdf bdf = { .bus = 1 };
	struct bindery_variant variant = before;
	int ret = bindery_host_find_variant(host, &bdf, &variant);

	HOLDS(!ret || ret == -ENOENT);
	if (ret) {
		HOLDS(!strcmp(variant.module, before.module));
		HOLDS(!strcmp(variant.driver, before.driver));
		return;
	}
	HOLDS(*variant.module && !strpbrk(variant.module, "- \n"));
	HOLDS(strlen(variant.module) < sizeof(variant.module));
	/* What was found for a device is a VFIO driver. */
	HOLDS(strlen(variant.module) == sizeof(variant.module) - 1 ||
	      strchr(variant.module, '/') ||
	      bindery_host_is_vfio_driver(host, variant.module));
}

static void check_name(const char *name)
{
	char driver[BINDERY_NAME_SIZE];

	if (!bindery_host_resolve_driver(host, name, driver))
		HOLDS(!strncmp(driver, name, sizeof(driver) - 1));
	HOLDS(memchr(driver, 0, sizeof(driver)));
	bindery_host_is_vfio_driver(host, name);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input input = { data, size }, name;
	char *text;

	if (!host)
		start();
	fuzz_fill(modalias, fuzz_part(&input));
	name = fuzz_part(&input);
	fuzz_fill(aliases, input);
	check_variant();
	text = fuzz_text(name.data, name.size);
	check_name(text);
	free(text);
	return 0;
}
