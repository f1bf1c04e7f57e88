// SPDX-License-Identifier: LGPL-2.1-or-later
/* VFIO drivers, known by what they are for. */
#include <errno.h>
#include <fnmatch.h>
#include <libkmod.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#include "internal.h"

#define CORE	"vfio_pci_core"
#define ALIAS	"vfio_pci:"
#define DRIVERS	"sys/bus/pci/drivers"

/* "-" and "_" are one character to those who load modules. */
bool driver_is_same(const char *a, const char *b)
{
	for (; *a && *b; a++, b++)
		if (*a != *b && !(strchr("-_", *a) && strchr("-_", *b)))
			return false;
	return *a == *b;
}

static void module_name(const char *name, char module[BINDERY_NAME_SIZE])
{
	snprintf(module, BINDERY_NAME_SIZE, "%s", name);
	for (; *module; module++)
		if (*module == '-')
			*module = '_';
}

struct alias_search {
	const char *device;	/* what has to match, or */
	const char *module;	/* whose any alias is wanted */
	int wildcards;		/* of the best so far, -1: none yet */
	char best[BINDERY_NAME_SIZE];
};

static int count_wildcards(const char *pattern)
{
	int count = 0;

	for (; *pattern; pattern++)
		count += *pattern == '*';
	return count;
}

/* alias vfio_pci:v000015B3d0000101Esv*sd*bc*sc*i* mlx5_vfio_pci */
static int alias_line(char *line, void *argument)
{
	struct alias_search *search = argument;
	char *save, *pattern, *module;
	int wildcards;

	if (!strtok_r(line, "\n ", &save))
		return 0;
	pattern = strtok_r(NULL, "\n ", &save);
	module = strtok_r(NULL, "\n ", &save);
	if (!module || strncmp(pattern, ALIAS, strlen(ALIAS)))
		return 0;
	if (search->module)
		return driver_is_same(search->module, module);
	wildcards = count_wildcards(pattern);
	if (fnmatch(pattern, search->device, 0) ||
	    (search->wildcards >= 0 && search->wildcards <= wildcards))
		return 0;
	search->wildcards = wildcards;
	module_name(module, search->best);
	return 0;
}

/* Returns 1 when the search ended early. */
static int search_aliases(const struct bindery_host *host,
			  struct alias_search *search)
{
	char path[PATH_MAX];
	struct utsname name;

	if (uname(&name))
		return -errno;
	snprintf(path, sizeof(path), "lib/modules/%s/modules.alias",
		 name.release);
	return sysfs_each_line(host->root, path, alias_line, search);
}

struct driver_search {
	const char *name;
	char *driver;
};

static int visit_driver(int dir, const char *name, void *argument)
{
	struct driver_search *search = argument;

	(void)dir;
	if (!driver_is_same(name, search->name))
		return 0;
	snprintf(search->driver, BINDERY_NAME_SIZE, "%s", name);
	return 1;
}

/* pci:NAME; of several the one that is called like its module. */
static int visit_module_driver(int dir, const char *name, void *argument)
{
	static const char prefix[] = "pci:";
	struct driver_search *search = argument;

	(void)dir;
	if (strncmp(name, prefix, strlen(prefix)))
		return 0;
	name += strlen(prefix);
	if (!*search->driver || driver_is_same(name, search->name))
		snprintf(search->driver, BINDERY_NAME_SIZE, "%s", name);
	return 0;
}

/* The PCI driver of a module that is there, or "". */
static void driver_of_module(const struct bindery_host *host,
			     const char *module,
			     char driver[BINDERY_NAME_SIZE])
{
	struct driver_search search = { module, driver };
	char path[PATH_MAX];

	driver[0] = '\0';
	snprintf(path, sizeof(path), "sys/module/%s/drivers", module);
	sysfs_each(host->root, path, visit_module_driver, &search);
}

bool bindery_host_resolve_driver(const struct bindery_host *host,
				 const char *name,
				 char driver[BINDERY_NAME_SIZE])
{
	struct driver_search search = { name, driver };
	char path[PATH_MAX], module[BINDERY_NAME_SIZE];

	snprintf(path, sizeof(path), DRIVERS "/%s", name);
	snprintf(driver, BINDERY_NAME_SIZE, "%s", name);
	if (strchr(name, '/'))
		return false;
	if (sysfs_has(host->root, path) ||
	    sysfs_each(host->root, DRIVERS, visit_driver, &search) == 1)
		return true;
	module_name(name, module);
	driver_of_module(host, module, driver);
	if (driver[0])
		return true;
	snprintf(driver, BINDERY_NAME_SIZE, "%s", name);
	return false;
}

/* kernel/drivers/vfio/pci/vfio-pci.ko.xz: kernel/... */
static int module_line(char *line, void *argument)
{
	const char *module = argument, *name;
	char *end = strstr(line, ".ko");

	if (!end)
		return 0;
	*end = '\0';
	name = strrchr(line, '/');
	return driver_is_same(name ? name + 1 : line, module);
}

/* alias NAME MODULE */
static int alias_name_line(char *line, void *argument)
{
	const char *wanted = argument, *name;
	char *save;

	strtok_r(line, "\n ", &save);
	name = strtok_r(NULL, "\n ", &save);
	return name && driver_is_same(name, wanted);
}

/* 1: there is a module of that name, 0: there is none, else nobody knows. */
static int find_module(const struct bindery_host *host, const char *wanted)
{
	static const struct {
		const char *file;
		sysfs_line line;
	} lists[] = {
		{ "dep", module_line },
		{ "builtin", module_line },
		{ "alias", alias_name_line },
		{ NULL, NULL },
	};
	char path[PATH_MAX], module[BINDERY_NAME_SIZE];
	struct utsname name;
	int ret = 0;

	if (uname(&name))
		return -errno;
	snprintf(module, sizeof(module), "%s", wanted);
	for (size_t i = 0; !ret && lists[i].file; i++) {
		snprintf(path, sizeof(path), "lib/modules/%s/modules.%s",
			 name.release, lists[i].file);
		ret = sysfs_each_line(host->root, path, lists[i].line, module);
		/* Only the first is made wherever there are modules. */
		if (i && ret == -ENOENT)
			ret = 0;
	}
	return ret;
}

bool bindery_host_has_driver(const struct bindery_host *host, const char *name,
			     const char *module)
{
	char driver[BINDERY_NAME_SIZE];

	if (bindery_host_resolve_driver(host, name, driver))
		return true;
	return find_module(host, module && *module ? module : name);
}

int bindery_host_find_variant(const struct bindery_host *host,
			      const struct bindery_bdf *device,
			      struct bindery_variant *variant)
{
	char text[BINDERY_BDF_SIZE], path[PATH_MAX];
	char modalias[128], wanted[sizeof(modalias) + sizeof(ALIAS)];
	struct alias_search search = { .device = wanted, .wildcards = -1 };
	int ret;

	bindery_bdf_format(device, text);
	snprintf(path, sizeof(path), "sys/bus/pci/devices/%s/modalias", text);
	ret = sysfs_read(host->root, path, modalias, sizeof(modalias));
	if (ret)
		return ret == -ENOENT ? -ENODEV : ret;
	snprintf(wanted, sizeof(wanted), "vfio_%s", modalias);
	ret = search_aliases(host, &search);
	if (ret < 0)
		return ret;
	if (search.wildcards < 0)
		return -ENOENT;
	memcpy(variant->module, search.best, sizeof(variant->module));
	driver_of_module(host, variant->module, variant->driver);
	return 0;
}

static void say_nothing(void *data, int priority, const char *file, int line,
			const char *function, const char *format, va_list args)
{
	(void)data;
	(void)priority;
	(void)file;
	(void)line;
	(void)function;
	(void)format;
	(void)args;
}

/*
 * What it has to say goes to standard error otherwise, as does what it finds
 * wrong in @config, which it reads before it can be told not to. NULL: all that
 * modprobe(8) reads.
 */
static struct kmod_ctx *loader_new(const char *const *config)
{
	struct kmod_ctx *loader = kmod_new(NULL, config);

	if (loader)
		kmod_set_log_fn(loader, say_nothing, NULL);
	return loader;
}

static int insert(struct kmod_ctx *loader, const char *name)
{
	struct kmod_module *module;
	int ret = kmod_module_new_from_name(loader, name, &module);

	if (ret)
		return ret;
	ret = kmod_module_probe_insert_module(module,
					      KMOD_PROBE_APPLY_BLACKLIST,
					      NULL, NULL, NULL, NULL);
	kmod_module_unref(module);
	/* More than 0: the administrator does not want it. */
	return ret > 0 ? -EPERM : ret;
}

int bindery_host_load_variant(const struct bindery_host *host,
			      struct bindery_variant *variant)
{
	struct kmod_ctx *loader;
	int ret;

	if (variant->driver[0])
		return 0;
	if (!host->live)
		return -ENOENT;
	loader = loader_new(NULL);
	if (!loader)
		return -ENOMEM;
	ret = insert(loader, variant->module);
	kmod_unref(loader);
	if (ret)
		return ret;
	driver_of_module(host, variant->module, variant->driver);
	return variant->driver[0] ? 0 : -ENOENT;
}

/* "depends=vfio-pci-core,..." or "alias=vfio_pci:..." */
static bool is_vfio_info(const struct kmod_list *entry)
{
	const char *key = kmod_module_info_get_key(entry);
	char value[PATH_MAX];
	char *word, *save;

	if (!strcmp(key, "alias"))
		return !strncmp(kmod_module_info_get_value(entry), ALIAS,
				strlen(ALIAS));
	if (strcmp(key, "depends"))
		return false;
	snprintf(value, sizeof(value), "%s", kmod_module_info_get_value(entry));
	for (word = strtok_r(value, ",", &save); word;
	     word = strtok_r(NULL, ",", &save))
		if (driver_is_same(word, CORE))
			return true;
	return false;
}

static bool has_vfio_info(struct kmod_ctx *loader, const char *name)
{
	struct kmod_list *list = NULL, *entry;
	struct kmod_module *module;
	bool found = false;

	if (kmod_module_new_from_name(loader, name, &module))
		return false;
	if (kmod_module_get_info(module, &list) > 0)
		kmod_list_foreach(entry, list)
			found |= is_vfio_info(entry);
	kmod_module_info_free_list(list);
	kmod_module_unref(module);
	return found;
}

/* What the module's file tells, and what is built in. */
static bool is_vfio_file(const struct bindery_host *host, const char *module)
{
	static const char *const no_config[] = { NULL };
	struct kmod_ctx *loader;
	bool found;

	if (!host->live)
		return false;
	loader = loader_new(no_config);
	if (!loader)
		return false;
	found = has_vfio_info(loader, module);
	kmod_unref(loader);
	return found;
}

/* The module of a registered driver, or else of that name. */
static void module_of_driver(const struct bindery_host *host, const char *name,
			     char module[BINDERY_NAME_SIZE])
{
	char driver[BINDERY_NAME_SIZE], path[PATH_MAX];

	bindery_host_resolve_driver(host, name, driver);
	snprintf(path, sizeof(path), DRIVERS "/%s/module", driver);
	if (sysfs_read_name(host->root, path, module, BINDERY_NAME_SIZE))
		module_name(name, module);
}

/* 1: it uses the VFIO core for PCI, 0: it does not, -1: it is not loaded. */
static int uses_core(const struct bindery_host *host, const char *module)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "sys/module/" CORE "/holders/%s", module);
	if (sysfs_has(host->root, path))
		return 1;
	snprintf(path, sizeof(path), "sys/module/%s/holders", module);
	return sysfs_has(host->root, path) ? 0 : -1;
}

bool bindery_host_is_vfio_driver(const struct bindery_host *host,
				 const char *name)
{
	char module[BINDERY_NAME_SIZE];
	struct alias_search search = { .module = module };
	int uses;

	if (!*name)
		return false;
	module_of_driver(host, name, module);
	uses = uses_core(host, module);
	/* A module is no holder of what is built in. */
	if (!uses && sysfs_has(host->root, "sys/module/" CORE "/holders"))
		return false;
	if (uses > 0 || search_aliases(host, &search) == 1)
		return true;
	return uses && is_vfio_file(host, module);
}
