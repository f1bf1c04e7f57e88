// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <libkmod.h>
#include <stdio.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "internal.h"
#include "tap.h"
#include "tree.h"

#define BDF	"0000:01:00.0"
#define ALIAS	"pci:v000015B3d0000101Esv000015B3sd00000001bc02sc00i00"

static const struct bindery_bdf device = { .bus = 1 };
static struct bindery_host *host;
static struct bindery_variant variant;

/* A module's file, and what happens when it is loaded. */
static struct info {
	const char *key;
	const char *value;
} infos[4];
static bool no_memory, quiet, reads_config;
static int find_error, insert_result;
static const char *loaded_driver;	/* it appears then */
static unsigned int loads, references;

struct kmod_ctx *__wrap_kmod_new(const char *dir, const char *const *config);
typedef void (*log_function)(void *data, int priority, const char *file,
			     int line, const char *function,
			     const char *format, va_list args);
void __wrap_kmod_set_log_fn(struct kmod_ctx *loader, log_function log,
			    const void *data);
struct kmod_ctx *__wrap_kmod_unref(struct kmod_ctx *loader);
int __wrap_kmod_module_new_from_name(struct kmod_ctx *loader, const char *name,
				     struct kmod_module **module);
struct kmod_module *__wrap_kmod_module_unref(struct kmod_module *module);
int __wrap_kmod_module_probe_insert_module(struct kmod_module *module,
		unsigned int flags, const char *options,
		int (*run)(struct kmod_module *, const char *, void *),
		const void *data,
		void (*print)(struct kmod_module *, bool, const char *));
int __wrap_kmod_module_get_info(const struct kmod_module *module,
				struct kmod_list **list);
struct kmod_list *__wrap_kmod_list_next(const struct kmod_list *list,
					const struct kmod_list *entry);
const char *__wrap_kmod_module_info_get_key(const struct kmod_list *entry);
const char *__wrap_kmod_module_info_get_value(const struct kmod_list *entry);
void __wrap_kmod_module_info_free_list(struct kmod_list *list);

struct kmod_ctx *__wrap_kmod_new(const char *dir, const char *const *config)
{
	(void)dir;
	reads_config = !config;
	references += !no_memory;
	quiet = false;
	return no_memory ? NULL : (struct kmod_ctx *)&references;
}

/* Its own prints to standard error. */
void __wrap_kmod_set_log_fn(struct kmod_ctx *loader, log_function log,
			    const void *data)
{
	(void)loader;
	(void)data;
	quiet = log;
}

struct kmod_ctx *__wrap_kmod_unref(struct kmod_ctx *loader)
{
	(void)loader;
	references--;
	return NULL;
}

int __wrap_kmod_module_new_from_name(struct kmod_ctx *loader, const char *name,
				     struct kmod_module **module)
{
	EXPECT(quiet);
	(void)loader;
	if (find_error)
		return find_error;
	EXPECT_TEXT(name, "some_vfio");
	references++;
	*module = (struct kmod_module *)infos;
	return 0;
}

struct kmod_module *__wrap_kmod_module_unref(struct kmod_module *module)
{
	(void)module;
	references--;
	return NULL;
}

int __wrap_kmod_module_probe_insert_module(struct kmod_module *module,
		unsigned int flags, const char *options,
		int (*run)(struct kmod_module *, const char *, void *),
		const void *data,
		void (*print)(struct kmod_module *, bool, const char *))
{
	char path[256];

	(void)module;
	EXPECT(reads_config);
	EXPECT_INT(flags, KMOD_PROBE_APPLY_BLACKLIST);
	EXPECT(!options && !run && !data && !print);
	loads++;
	if (!insert_result && loaded_driver) {
		snprintf(path, sizeof(path), "sys/module/some_vfio/drivers/%s",
			 loaded_driver);
		tree_link(path, "x");
	}
	return insert_result;
}

int __wrap_kmod_module_get_info(const struct kmod_module *module,
				struct kmod_list **list)
{
	int count = 0;

	(void)module;
	EXPECT(!reads_config);
	while (infos[count].key)
		count++;
	if (count) {
		*list = (struct kmod_list *)infos;
		references++;
	}
	return count ? count : -ENOENT;
}

struct kmod_list *__wrap_kmod_list_next(const struct kmod_list *list,
					const struct kmod_list *entry)
{
	const struct info *next = (const struct info *)entry + 1;

	(void)list;
	return next->key ? (struct kmod_list *)next : NULL;
}

const char *__wrap_kmod_module_info_get_key(const struct kmod_list *entry)
{
	return ((const struct info *)entry)->key;
}

const char *__wrap_kmod_module_info_get_value(const struct kmod_list *entry)
{
	return ((const struct info *)entry)->value;
}

void __wrap_kmod_module_info_free_list(struct kmod_list *list)
{
	references -= !!list;
}

static void write_modules(const char *list, const char *text)
{
	char path[256];
	struct utsname name;

	uname(&name);
	snprintf(path, sizeof(path), "lib/modules/%s/modules.%s", name.release,
		 list);
	tree_file(path, text);
}

static void start(void)
{
	memset(infos, 0, sizeof(infos));
	no_memory = false;
	find_error = 0;
	insert_result = 0;
	loaded_driver = NULL;
	loads = 0;
	EXPECT_INT(bindery_host_new(tree_new(), &host), 0);
	tree_pci(BDF, "native", "1");
	tree_file("sys/devices/" BDF "/modalias", ALIAS "\n");
	tree_dir("sys/bus/pci/drivers");
	variant = (struct bindery_variant){ "before", "before" };
}

static void finish(void)
{
	EXPECT_INT(references, 0);
	bindery_host_free(host);
	tree_free();
}

TEST(G3_the_alias_with_the_fewest_wildcards_wins)
{
	start();
	write_modules("alias", "# Aliases extracted from modules themselves.\n"
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
	write_modules("alias", "alias vfio_pci:v000015B3d*sv*sd*bc*sc*i* nvgrace-gpu_vfio_pci\n");
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
	write_modules("alias", "alias vfio_pci:v00008086d*sv*sd*bc*sc*i* other\n");
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
	write_modules("alias", "alias vfio_pci:v000015B3d*sv*sd*bc*sc*i* not_loaded\n");
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
	write_modules("alias", "alias vfio_pci:v000015B3d*sv*sd*bc*sc*i* mlx5_vfio_pci\n");
	EXPECT(bindery_host_is_vfio_driver(host, "mlx5_vfio_pci"));
	EXPECT(!bindery_host_is_vfio_driver(host, "e1000e"));
	finish();
}

/* The machine that runs: modules can be loaded. */
static void start_live(void)
{
	start();
	host->live = true;
	variant = (struct bindery_variant){ .module = "some_vfio" };
}

TEST(G3_a_variant_is_loaded_and_its_driver_told)
{
	start_live();
	loaded_driver = "pci:some-vfio-pci";
	EXPECT_INT(bindery_host_load_variant(host, &variant), 0);
	EXPECT_TEXT(variant.driver, "some-vfio-pci");
	EXPECT_INT(bindery_host_load_variant(host, &variant), 0);
	EXPECT_INT(loads, 1);
	finish();
}

TEST(G3_a_module_without_a_PCI_driver_is_no_variant)
{
	start_live();
	loaded_driver = "platform:some-vfio";
	EXPECT_INT(bindery_host_load_variant(host, &variant), -ENOENT);
	EXPECT_TEXT(variant.driver, "");
	finish();
}

TEST(G3_a_module_that_the_administrator_forbids_is_told)
{
	start_live();
	insert_result = KMOD_PROBE_APPLY_BLACKLIST;
	EXPECT_INT(bindery_host_load_variant(host, &variant), -EPERM);
	insert_result = -ENOEXEC;
	EXPECT_INT(bindery_host_load_variant(host, &variant), -ENOEXEC);
	find_error = -EINVAL;
	EXPECT_INT(bindery_host_load_variant(host, &variant), -EINVAL);
	no_memory = true;
	EXPECT_INT(bindery_host_load_variant(host, &variant), -ENOMEM);
	EXPECT_INT(loads, 2);
	finish();
}

static bool is_vfio_file(const char *key, const char *value)
{
	infos[0] = (struct info){ "license", "GPL v2" };
	infos[1] = (struct info){ key, value };
	return bindery_host_is_vfio_driver(host, "some-vfio");
}

#define LONG_LIST \
	"a_module_with_a_very_long_name,another_module_with_a_very_long_name,"

TEST(G3_what_is_not_loaded_is_known_by_its_file)
{
	start_live();
	EXPECT(is_vfio_file("depends", "vfio-pci-core"));
	EXPECT(is_vfio_file("depends", "mlx5_core,vfio_pci_core"));
	EXPECT(is_vfio_file("depends", LONG_LIST "vfio-pci-core"));
	EXPECT(!is_vfio_file("depends", "vfio-pci-cores,vfio"));
	EXPECT(!is_vfio_file("depends", ""));
	EXPECT(is_vfio_file("alias", "vfio_pci:v*d*sv*sd*bc*sc*i*"));
	EXPECT(!is_vfio_file("alias", "pci:v*d*sv*sd*bc*sc*i*"));
	infos[0].key = NULL;
	EXPECT(!bindery_host_is_vfio_driver(host, "some-vfio"));
	infos[0].key = "depends";
	infos[0].value = "vfio_pci_core";
	EXPECT(bindery_host_is_vfio_driver(host, "some-vfio"));
	find_error = -ENOENT;
	EXPECT(!bindery_host_is_vfio_driver(host, "some-vfio"));
	no_memory = true;
	EXPECT(!bindery_host_is_vfio_driver(host, "some-vfio"));
	EXPECT_INT(loads, 0);
	finish();
}

TEST(G3_malformed_lines_of_aliases_are_passed_over)
{
	start();
	write_modules("alias", "\n   \nalias\nalias vfio_pci:v000015B3d*\n"
		      "alias vfio_pci:[ bracket\n"
		      "alias vfio_pci:v000015B3d*sv*sd*bc*sc*i* good and_more\n"
		      "alias vfio_pci:v000015B3d*sv*sd*bc*sc*i* no_end");
	EXPECT_INT(bindery_host_find_variant(host, &device, &variant), 0);
	EXPECT_TEXT(variant.module, "good");
	finish();
}

TEST(G3_a_device_that_cannot_be_read_is_told)
{
	start();
	EXPECT_INT(unlinkat(host->root, "sys/devices/" BDF "/modalias", 0), 0);
	tree_dir("sys/devices/" BDF "/modalias");
	EXPECT_INT(bindery_host_find_variant(host, &device, &variant), -EISDIR);
	finish();
}

TEST(G3_a_driver_is_there_or_its_module_is)
{
	start();
	tree_dir("sys/bus/pci/drivers/registered");
	/* Nobody knows which modules there are. */
	EXPECT(bindery_host_has_driver(host, "any", NULL));
	write_modules("dep", "kernel/a/some-vfio.ko.xz: kernel/b/core.ko\n"
			     "updates/plain.ko:\n");
	EXPECT(!bindery_host_has_driver(host, "any", NULL));
	EXPECT(!bindery_host_has_driver(host, "core", NULL));
	EXPECT(bindery_host_has_driver(host, "registered", NULL));
	EXPECT(bindery_host_has_driver(host, "some_vfio", ""));
	EXPECT(bindery_host_has_driver(host, "plain", NULL));
	EXPECT(bindery_host_has_driver(host, "any", "plain"));
	EXPECT(!bindery_host_has_driver(host, "plain", "any"));
	write_modules("builtin", "kernel/c/inside.ko\n");
	write_modules("alias", "alias vfio_pci:v* some_vfio\nalias nick plain\n");
	EXPECT(bindery_host_has_driver(host, "inside", NULL));
	EXPECT(bindery_host_has_driver(host, "nick", NULL));
	EXPECT(!bindery_host_has_driver(host, "any", NULL));
	finish();
}
