// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <ftw.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tree.h"

static char root[64];

__attribute__((noreturn)) static void die(const char *what)
{
	perror(what);
	exit(99);
}

static void must(int ok, const char *what)
{
	if (!ok)
		die(what);
}

static void make_parents(char *path)
{
	for (char *slash = strchr(path + 1, '/'); slash;
	     slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		must(!mkdir(path, 0755) || errno == EEXIST, path);
		*slash = '/';
	}
}

static char *full_path(const char *path)
{
	char *full;

	must(asprintf(&full, "%s/%s", root, path) > 0, "asprintf");
	make_parents(full);
	return full;
}

const char *tree_path(const char *path)
{
	static char full[PATH_MAX];

	snprintf(full, sizeof(full), "%s/%s", root, path);
	return full;
}

const char *tree_new(void)
{
	strcpy(root, "/tmp/bindery-tree-XXXXXX");
	must(!!mkdtemp(root), root);
	tree_file("proc/self/mountinfo", "22 1 0:20 / /proc rw - proc proc rw\n");
	tree_file("proc/swaps", "Filename Type Size Used Priority\n");
	tree_dir("sys/bus/pci/devices");
	return root;
}

static int remove_entry(const char *path, const struct stat *status, int type,
			struct FTW *walk)
{
	(void)status;
	(void)type;
	(void)walk;
	return remove(path);
}

void tree_free(void)
{
	must(!nftw(root, remove_entry, 16, FTW_DEPTH | FTW_PHYS), root);
}

void tree_dir(const char *path)
{
	char *full = full_path(path);

	must(!mkdir(full, 0755) || errno == EEXIST, full);
	free(full);
}

void tree_file(const char *path, const char *text)
{
	char *full = full_path(path);
	FILE *file = fopen(full, "w");
	int written;

	if (!file)
		die(full);
	written = fputs(text, file);
	if (fclose(file) || written < 0)
		die(full);
	free(full);
}

void tree_swap(const char *path)
{
	static const char image[1 << 16] = {
		[1024] = 1, [1028] = 15,
		[4086] = 'S', 'W', 'A', 'P', 'S', 'P', 'A', 'C', 'E', '2',
	};
	char *full = full_path(path);
	FILE *file = fopen(full, "w");
	size_t written;

	if (!file)
		die(full);
	written = fwrite(image, sizeof(image), 1, file);
	if (fclose(file) || !written)
		die(full);
	free(full);
}

void tree_link(const char *path, const char *target)
{
	char *full = full_path(path);

	must(!symlink(target, full), full);
	free(full);
}

static void put(const char *dir, const char *name, const char *text)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	tree_file(path, text);
}

static void put_link(const char *dir, const char *name, const char *target_dir,
		     const char *target)
{
	char path[PATH_MAX], text[PATH_MAX];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	snprintf(text, sizeof(text), "%s/%s", target_dir, target);
	tree_link(path, text);
}

void tree_pci(const char *bdf, const char *driver, const char *group)
{
	char dir[PATH_MAX];

	snprintf(dir, sizeof(dir), "sys/devices/%s", bdf);
	tree_dir(dir);
	put(dir, "vendor", "0x8086\n");
	put(dir, "device", "0x10d3\n");
	put(dir, "class", "0x020000\n");
	put(dir, "driver_override", "(null)\n");
	put_link(dir, "subsystem", "../../bus", "pci");
	if (driver)
		put_link(dir, "driver", "../../bus/pci/drivers", driver);
	if (group)
		put_link(dir, "iommu_group", "../../kernel/iommu_groups", group);
	put_link("sys/bus/pci/devices", bdf, "../../../devices", bdf);
}

void tree_class(const char *path, const char *subsystem, const char *name)
{
	char dir[PATH_MAX];

	tree_dir(path);
	put_link(path, "subsystem", "../../../class", subsystem);
	snprintf(dir, sizeof(dir), "sys/class/%s", subsystem);
	put_link(dir, name, "../..", path + strlen("sys/"));
}

void tree_block(const char *path, const char *name, const char *number)
{
	tree_class(path, "block", name);
	put(path, "dev", number);
}
