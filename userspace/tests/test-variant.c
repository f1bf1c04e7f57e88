// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdio.h>
#include <sys/utsname.h>

#include "internal.h"
#include "tap.h"
#include "tree.h"

#define BDF	"0000:01:00.0"
#define ALIAS	"pci:v000015B3d0000101Esv000015B3sd00000001bc02sc00i00"

static const struct bindery_bdf device = { .bus = 1 };
static struct bindery_host *host;
static struct bindery_variant variant;

static void write_aliases(const char *text)
{
	char path[256];
	struct utsname name;

	uname(&name);
	snprintf(path, sizeof(path), "lib/modules/%s/modules.alias",
		 name.release);
	tree_file(path, text);
}

static void start(void)
{
	EXPECT_INT(bindery_host_new(tree_new(), &host), 0);
	tree_pci(BDF, "native", "1");
	tree_file("sys/devices/" BDF "/modalias", ALIAS "\n");
	tree_dir("sys/bus/pci/drivers");
	variant = (struct bindery_variant){ "before", "before" };
}

static void finish(void)
{
	bindery_host_free(host);
	tree_free();
}

TEST(G3_the_alias_with_the_fewest_wildcards_wins)
{
	start();
	write_aliases("# Aliases extracted from modules themselves.\n"
		      "alias pci:v000015B3d0000101Esv*sd*bc*sc*i* mlx5_core\n"
		      "alias vfio_pci:v*d*sv*sd*bc*sc*i* vfio_pci\n"
		      "alias vfio_pci:v000015B3d0000101Esv*sd*bc*sc*i* mlx5_vfio_pci\n"
		      "alias vfio_pci:v000015B3d*sv*sd*bc*sc*i* other-vfio-pci\n"
		      "alias vfio_pci:v00008086d0000101Esv00sd00bc*sc*i* not_this\n");
	EXPECT_INT(bindery_host_find_variant(host, &device, &variant), 0);
	EXPECT_TEXT(variant.module, "mlx5_vfio_pci");
	EXPECT_TEXT(variant.driver, "");
	finish();
}

TEST(G3_the_driver_of_a_loaded_module_is_told_by_its_own_name)
{
	start();
	write_aliases("alias vfio_pci:v000015B3d*sv*sd*bc*sc*i* nvgrace-gpu_vfio_pci\n");
	tree_link("sys/module/nvgrace_gpu_vfio_pci/drivers/pci:nvgrace-gpu-vfio-pci", "x");
	EXPECT_INT(bindery_host_find_variant(host, &device, &variant), 0);
	EXPECT_TEXT(variant.module, "nvgrace_gpu_vfio_pci");
	EXPECT_TEXT(variant.driver, "nvgrace-gpu-vfio-pci");
	EXPECT_INT(bindery_host_load_variant(host, &variant), 0);
	finish();
}

TEST(G3_without_an_alias_there_is_no_variant)
{
	start();
	EXPECT_INT(bindery_host_find_variant(host, &device, &variant), -ENOENT);
	write_aliases("alias vfio_pci:v00008086d*sv*sd*bc*sc*i* other\n");
	EXPECT_INT(bindery_host_find_variant(host, &device, &variant), -ENOENT);
	EXPECT_INT(bindery_host_find_variant(host,
		&(struct bindery_bdf){ .bus = 9 }, &variant), -ENODEV);
	EXPECT_TEXT(variant.module, "before");
	finish();
}

TEST(G3_another_machine_loads_nothing)
{
	start();
	variant.driver[0] = '\0';
	EXPECT_INT(bindery_host_load_variant(host, &variant), -ENOENT);
	finish();
}

static void expect_driver(const char *name, const char *driver, bool there)
{
	char found[BINDERY_NAME_SIZE];

	EXPECT_INT(bindery_host_resolve_driver(host, name, found), there);
	EXPECT_TEXT(found, driver);
}

TEST(G3_dashes_and_underscores_are_the_same_in_names)
{
	start();
	tree_dir("sys/bus/pci/drivers/nvgrace-gpu-vfio-pci");
	tree_dir("sys/bus/pci/drivers/mlx5_vfio_pci");
	tree_link("sys/module/odd_module/drivers/pci:odd-driver", "x");
	expect_driver("nvgrace-gpu-vfio-pci", "nvgrace-gpu-vfio-pci", true);
	expect_driver("nvgrace_gpu_vfio_pci", "nvgrace-gpu-vfio-pci", true);
	expect_driver("mlx5-vfio-pci", "mlx5_vfio_pci", true);
	expect_driver("odd-module", "odd-driver", true);
	expect_driver("mlx5-vfio-pc", "mlx5-vfio-pc", false);
	expect_driver("mlx5-vfio-pcie", "mlx5-vfio-pcie", false);
	expect_driver("../drivers", "../drivers", false);
	finish();
}

static void add_driver(const char *driver, const char *module)
{
	char path[256], target[256];

	snprintf(path, sizeof(path), "sys/bus/pci/drivers/%s/module", driver);
	snprintf(target, sizeof(target), "../../../../module/%s", module);
	tree_link(path, target);
	snprintf(path, sizeof(path), "sys/module/%s/holders", module);
	tree_dir(path);
}

TEST(G3_a_vfio_driver_is_known_by_what_it_is)
{
	start();
	tree_dir("sys/module/vfio_pci_core/holders/strange");
	add_driver("strange-name", "strange");
	add_driver("vfio-looking-pci", "vfio_looking_pci");
	write_aliases("alias vfio_pci:v000015B3d*sv*sd*bc*sc*i* not_loaded\n");
	EXPECT(bindery_host_is_vfio_driver(host, "strange-name"));
	EXPECT(bindery_host_is_vfio_driver(host, "strange_name"));
	EXPECT(bindery_host_is_vfio_driver(host, "not-loaded"));
	EXPECT(!bindery_host_is_vfio_driver(host, "vfio-looking-pci"));
	EXPECT(!bindery_host_is_vfio_driver(host, "nothing"));
	EXPECT(!bindery_host_is_vfio_driver(host, ""));
	finish();
}

TEST(G3_a_core_that_is_built_in_holds_nobody)
{
	start();
	add_driver("mlx5_vfio_pci", "mlx5_vfio_pci");
	add_driver("e1000e", "e1000e");
	write_aliases("alias vfio_pci:v000015B3d*sv*sd*bc*sc*i* mlx5_vfio_pci\n");
	EXPECT(bindery_host_is_vfio_driver(host, "mlx5_vfio_pci"));
	EXPECT(!bindery_host_is_vfio_driver(host, "e1000e"));
	finish();
}
