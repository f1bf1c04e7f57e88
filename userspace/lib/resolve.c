// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "internal.h"

struct roots {
	unsigned int count;
	char name[BINDERY_BDF_SIZE];
};

/* Bus DDDD:BB is a root bus if it hangs off a bridge called pciDDDD:BB. */
static int visit_bus(int dir, const char *name, void *argument)
{
	char target[PATH_MAX], wanted[2 * NAME_MAX];
	struct roots *roots = argument;

	if (sysfs_read_target(dir, name, target, sizeof(target)))
		return 0;
	snprintf(wanted, sizeof(wanted), "/pci%s/pci_bus/%s", name, name);
	if (!strstr(target, wanted))
		return 0;
	roots->count++;
	snprintf(roots->name, sizeof(roots->name), "%s", name);
	return 0;
}

int bindery_host_complete_path(const struct bindery_host *host,
			       struct bindery_path *path)
{
	char text[BINDERY_BDF_SIZE + sizeof("/00")];
	struct roots roots = { 0 };
	struct bindery_path root;
	int ret;

	if (path->has_root)
		return 0;
	ret = sysfs_each(host->root, "sys/class/pci_bus", visit_bus, &roots);
	if (ret == -ENOENT || (!ret && !roots.count))
		return -ENODEV;
	if (!ret && roots.count > 1)
		return -ENOTUNIQ;
	snprintf(text, sizeof(text), "%s/00", roots.name);
	if (!ret)
		ret = bindery_path_parse(text, &root);
	if (ret)
		return ret;
	path->domain = root.domain;
	path->bus = root.bus;
	path->has_root = true;
	return 0;
}

struct path_search {
	struct bindery_path path;
	struct bindery_bdf *bdf;
};

static int visit_device(int dir, const char *name, void *argument)
{
	struct path_search *search = argument;
	struct bindery_path path;
	struct bindery_bdf bdf;

	if (bindery_bdf_parse(name, &bdf) ||
	    !device_read_path(dir, name, &bdf, &path) ||
	    bindery_path_compare(&path, &search->path))
		return 0;
	*search->bdf = bdf;
	return 1;
}

static int find_path(const struct bindery_host *host,
		     const struct bindery_path *path, struct bindery_bdf *bdf)
{
	struct path_search search = { .path = *path, .bdf = bdf };
	int ret = bindery_host_complete_path(host, &search.path);

	if (!ret)
		ret = sysfs_each(host->root, "sys/bus/pci/devices",
				 visit_device, &search);
	if (ret < 0)
		return ret;
	return ret ? 0 : -ENODEV;
}

static int find_vf(const struct bindery_host *host,
		   const struct bindery_bdf *pf, uint32_t vf,
		   struct bindery_bdf *bdf)
{
	char pf_text[BINDERY_BDF_SIZE], path[128], name[BINDERY_NAME_SIZE];

	bindery_bdf_format(pf, pf_text);
	snprintf(path, sizeof(path), "sys/bus/pci/devices/%s/virtfn%u", pf_text,
		 vf);
	if (sysfs_read_name(host->root, path, name, sizeof(name)) ||
	    bindery_bdf_parse(name, bdf))
		return -ENODEV;
	return 0;
}

static int find_bdf(const struct bindery_host *host,
		    const struct bindery_bdf *device, struct bindery_bdf *bdf)
{
	char text[BINDERY_BDF_SIZE], path[128];

	bindery_bdf_format(device, text);
	snprintf(path, sizeof(path), "sys/bus/pci/devices/%s", text);
	if (!sysfs_has(host->root, path))
		return -ENODEV;
	*bdf = *device;
	return 0;
}

int bindery_host_find_device(const struct bindery_host *host,
			     const struct bindery_reference *device,
			     struct bindery_bdf *bdf)
{
	switch (device->address) {
	case BINDERY_ADDRESS_BDF:
		return find_bdf(host, &device->bdf, bdf);
	case BINDERY_ADDRESS_PATH:
		return find_path(host, &device->path, bdf);
	case BINDERY_ADDRESS_VF:
		return find_vf(host, &device->bdf, device->vf, bdf);
	}
	return -EINVAL;
}
