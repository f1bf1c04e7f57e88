// SPDX-License-Identifier: GPL-2.0-only
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "lib.h"

static ino_t inode(int device, const char *name)
{
	struct stat st;

	return fstatat(device, name, &st, AT_SYMLINK_NOFOLLOW) ? 0 : st.st_ino;
}

static void read_vfio(struct device_state *state, int device)
{
	int fd = openat(device, "vfio-dev", O_RDONLY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;

	while (dir && (entry = readdir(dir))) {
		if (entry->d_name[0] == '.')
			continue;
		snprintf(state->vfio, sizeof(state->vfio), "%.100s",
			 entry->d_name);
		state->vfio_node = inode(fd, entry->d_name);
	}
	if (dir)
		closedir(dir);
}

/* Names are short where its directory is open: that halves what it costs. */
static void read_state(struct device_state *state, const char *bdf)
{
	char path[64];
	text_t group;
	int device;

	memset(state, 0, sizeof(*state));
	snprintf(state->bdf, sizeof(state->bdf), "%s", bdf);
	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s", bdf);
	device = open(path, O_PATH | O_CLOEXEC);
	state->group = link_name_at(device, "iommu_group", group,
				    sizeof(group)) ? -1 : atoi(group);
	link_name_at(device, "driver", state->driver, sizeof(state->driver));
	read_file_at(device, "driver_override", state->override,
		     sizeof(state->override));
	read_file_at(device, "power/control", state->power,
		     sizeof(state->power));
	state->driver_link = inode(device, "driver");
	read_vfio(state, device);
	if (device >= 0)
		close(device);
}

/* It is never freed: a test is a process, and ends soon. */
static int make_room(struct snapshot *snapshot, unsigned int num)
{
	snapshot->num = num;
	snapshot->devices = calloc(num, sizeof(*snapshot->devices));
	return num && snapshot->devices ? 0 : -1;
}

int snapshot_take(struct snapshot *snapshot)
{
	char all[MAX_DEVICES][BDF_SIZE];

	if (make_room(snapshot, pci_list(all, MAX_DEVICES)))
		return -1;
	for (unsigned int i = 0; i < snapshot->num; i++)
		read_state(&snapshot->devices[i], all[i]);
	return 0;
}

/* To be changed, without the one that it was copied from. */
struct snapshot snapshot_copy(const struct snapshot *snapshot)
{
	struct snapshot copy = { 0 };

	if (!make_room(&copy, snapshot->num))
		memcpy(copy.devices, snapshot->devices,
		       copy.num * sizeof(*copy.devices));
	return copy;
}

struct device_state *snapshot_device(struct snapshot *snapshot,
				     const char *bdf)
{
	for (unsigned int i = 0; i < snapshot->num; i++)
		if (!strcmp(snapshot->devices[i].bdf, bdf))
			return &snapshot->devices[i];
	return NULL;
}

/* What an administrator does who has moved members by hand. */
static int move_back(const struct device_state *before)
{
	const char *override = strcmp(before->override, "(null)") ?
		before->override : "";
	int ret = pci_override(before->bdf, "");
	text_t driver;

	pci_driver(before->bdf, driver);
	if (!ret && strcmp(driver, before->driver)) {
		if (driver[0])
			ret = pci_unbind(before->bdf);
		if (!ret && before->driver[0])
			ret = pci_bind(before->bdf, before->driver);
	}
	ret = ret ? ret : pci_override(before->bdf, override);
	return ret ? ret : pci_write(before->bdf, "power/control",
				     before->power);
}

int snapshot_move_back(struct snapshot *snapshot, const struct group *group)
{
	int ret = 0;

	for (unsigned int i = 0; !ret && i < group->num; i++)
		ret = move_back(snapshot_device(snapshot, group->bdf[i]));
	return ret;
}

/* A device that went and came again may be in a new group. */
void snapshot_renumber(struct snapshot *snapshot)
{
	for (unsigned int i = 0; i < snapshot->num; i++)
		snapshot->devices[i].group =
			pci_group(snapshot->devices[i].bdf);
}

static int compare_text(const char *bdf, const char *what, const char *before,
			const char *now)
{
	if (!strcmp(before, now))
		return 0;
	note("%s: %s was '%s', is '%s'", bdf, what, before, now);
	return 1;
}

static int compare_inode(const char *bdf, const char *what, ino_t before,
			 ino_t now)
{
	if (before == now)
		return 0;
	note("%s: was %s meanwhile", bdf, what);
	return 1;
}

static int compare_state(const struct device_state *before,
			 const struct device_state *now, bool untouched)
{
	const char *bdf = before->bdf;
	int differences = before->group != now->group;

	if (differences)
		note("%s: group was %d, is %d", bdf, before->group, now->group);
	differences += compare_text(bdf, "driver", before->driver, now->driver);
	differences += compare_text(bdf, "driver_override", before->override,
				    now->override);
	differences += compare_text(bdf, "power/control", before->power,
				    now->power);
	if (!before->vfio[0] != !now->vfio[0] || untouched)
		differences += compare_text(bdf, "vfio-dev", before->vfio,
					    now->vfio);
	if (!untouched)
		return differences;
	differences += compare_inode(bdf, "bound anew", before->driver_link,
				     now->driver_link);
	differences += compare_inode(bdf, "registered with VFIO anew",
				     before->vfio_node, now->vfio_node);
	return differences;
}

static int compare_all(const struct snapshot *before, bool untouched)
{
	struct device_state now;
	char all[MAX_DEVICES][BDF_SIZE];
	unsigned int num = pci_list(all, MAX_DEVICES);
	int differences = num != before->num;

	if (differences)
		note("there were %u devices, are %u", before->num, num);
	for (unsigned int i = 0; i < before->num; i++) {
		read_state(&now, before->devices[i].bdf);
		differences += compare_state(&before->devices[i], &now,
					     untouched);
	}
	return differences;
}

/* All devices are as they were. */
int snapshot_compare(const struct snapshot *before)
{
	return compare_all(before, false);
}

/* And no driver has left or taken any meanwhile. */
int snapshot_compare_untouched(const struct snapshot *before)
{
	return compare_all(before, true);
}

/* As above, for one device. */
int snapshot_untouched(const struct snapshot *before, const char *bdf)
{
	struct device_state now;

	read_state(&now, bdf);
	for (unsigned int i = 0; i < before->num; i++)
		if (!strcmp(before->devices[i].bdf, bdf))
			return compare_state(&before->devices[i], &now, true);
	note("%s was not there", bdf);
	return 1;
}
