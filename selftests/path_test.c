// SPDX-License-Identifier: GPL-2.0-only
/*
 * PCI paths and the other names of devices, as the tool tells them: on a host or
 * in a guest, with the module or without.
 */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "tool.h"

#define ABSENT	"0000:fe:1f.7"
#define PATH_SIZE 256
/* Of more devices than this only some are looked for, all over the machine. */
#define MANY	150

FIXTURE(path) {
	struct run run;
	int num;
	char bdf[MAX_DEVICES][BDF_SIZE];
	char path[MAX_DEVICES][PATH_SIZE];
	char *argv[MAX_DEVICES + 3];
};

/* A VF on a bus that no bridge leads to has no path. */
static bool is_off_the_path(const char *bdf)
{
	char link[128];
	text_t pf;

	snprintf(link, sizeof(link), "/sys/bus/pci/devices/%s/physfn", bdf);
	return !link_name(link, pf, sizeof(pf)) &&
	       pci_address(pf).bus != pci_address(bdf).bus;
}

FIXTURE_SETUP(path)
{
	char all[MAX_DEVICES][BDF_SIZE];
	int listed = pci_list(all, MAX_DEVICES);

	if (RUN("--version"))
		SKIP(return, "no tool in the path");
	for (int i = 0; i < listed; i++)
		if (!is_off_the_path(all[i]))
			memcpy(self->bdf[self->num++], all[i], BDF_SIZE);
	ASSERT_LT(0, self->num);
}

FIXTURE_TEARDOWN(path)
{
}

/* Its table of devices and paths, in the order of what was asked for. */
static int read_table(FIXTURE_DATA(path) *self,
		      char (*path)[PATH_SIZE], char (*bdf)[BDF_SIZE])
{
	char *save, *line = strtok_r(self->run.out, "\n", &save);
	int count = 0;

	for (; line; line = strtok_r(NULL, "\n", &save))
		if (strchr(line, '/') && count < MAX_DEVICES &&
		    sscanf(line, " %15s %255s", bdf[count], path[count]) == 2)
			count++;
	return count;
}

/* The way from a path back looks at each device of the machine. */
static void thin_out(FIXTURE_DATA(path) *self)
{
	int step = 1 + self->num / MANY, left = 0;

	for (int i = 0; i < self->num; i += step, left++) {
		memmove(self->bdf[left], self->bdf[i], BDF_SIZE);
		memmove(self->path[left], self->path[i], PATH_SIZE);
	}
	self->num = left;
}

static int run_all(FIXTURE_DATA(path) *self, int (*become)(void),
		   char *first, size_t size)
{
	self->argv[0] = TOOL;
	self->argv[1] = "path";
	for (int i = 0; i < self->num; i++)
		self->argv[i + 2] = first + i * size;
	self->argv[self->num + 2] = NULL;
	return run_whole(&self->run, become, self->argv);
}

/* How many lines of the table do not lead back to the device. */
static int differ(FIXTURE_DATA(path) *self)
{
	char bdf[MAX_DEVICES][BDF_SIZE];
	int wrong = read_table(self, self->path, bdf) != self->num;

	for (int i = 0; i < self->num; i++) {
		if (!strcmp(bdf[i], self->bdf[i]))
			continue;
		note("%s: %s, by %s", self->bdf[i], bdf[i], self->path[i]);
		wrong++;
	}
	return wrong;
}

static int count_steps(const char *path)
{
	int steps = 0;

	for (; *path; path++)
		steps += *path == '/';
	return steps;
}

TEST_F(path, A1_the_way_from_a_BDF_to_its_path_leads_back)
{
	int deepest = 0;

	ASSERT_EQ(0, run_all(self, NULL, self->bdf[0], BDF_SIZE));
	ASSERT_EQ(0, differ(self));
	thin_out(self);
	ASSERT_EQ(0, run_all(self, NULL, self->path[0], PATH_SIZE));
	EXPECT_EQ(0, differ(self));
	for (int i = 0; i < self->num; i++)
		if (count_steps(self->path[i]) > deepest)
			deepest = count_steps(self->path[i]);
	note("%d devices, up to %d steps", self->num, deepest);
}

/* No two devices have the same path. */
TEST_F(path, A1_no_path_belongs_to_two_devices)
{
	ASSERT_EQ(0, run_all(self, NULL, self->bdf[0], BDF_SIZE));
	ASSERT_EQ(0, differ(self));
	for (int i = 0; i < self->num; i++)
		for (int j = 0; j < i; j++)
			EXPECT_STRNE(self->path[i], self->path[j]);
}

/* Who may not open /dev/bindery, as where there is none. */
TEST_F(path, A2_paths_need_no_right_and_no_module)
{
	ASSERT_EQ(0, run_all(self, become_nobody, self->bdf[0], BDF_SIZE));
	ASSERT_EQ(0, differ(self));
	thin_out(self);
	ASSERT_EQ(0, run_all(self, become_nobody, self->path[0], PATH_SIZE));
	EXPECT_EQ(0, differ(self));
}

/* DDDD:BB of root buses, as links of /sys/class/pci_bus tell them. */
static int count_roots(void)
{
	struct dirent *entry;
	DIR *dir = opendir("/sys/class/pci_bus");
	int roots = 0;

	while (dir && (entry = readdir(dir))) {
		char link[512], target[512], wanted[512];
		ssize_t len;

		snprintf(link, sizeof(link), "/sys/class/pci_bus/%s",
			 entry->d_name);
		len = readlink(link, target, sizeof(target) - 1);
		target[len < 0 ? 0 : len] = 0;
		snprintf(wanted, sizeof(wanted), "/pci%s/pci_bus/",
			 entry->d_name);
		roots += strstr(target, wanted) != NULL;
	}
	if (dir)
		closedir(dir);
	return roots;
}

TEST_F(path, A1_a_root_bus_is_left_out_where_there_is_one_only)
{
	char bdf[MAX_DEVICES][BDF_SIZE], path[MAX_DEVICES][PATH_SIZE];
	char *last = self->bdf[self->num - 1], shortened[PATH_SIZE + 8];
	int roots = count_roots();

	ASSERT_LT(0, roots);
	ASSERT_EQ(0, RUN("path", last));
	ASSERT_EQ(1, read_table(self, path, bdf));
	snprintf(shortened, sizeof(shortened), "path:%s",
		 strchr(path[0], '/') + 1);
	if (roots > 1) {
		EXPECT_EQ(1, RUN("path", shortened));
		EXPECT_TRUE(ERR_HAS("this machine has several"));
		EXPECT_STREQ("", self->run.out);
		return;
	}
	ASSERT_EQ(0, RUN("path", shortened));
	ASSERT_EQ(1, read_table(self, path, bdf));
	EXPECT_STREQ(last, bdf[0]);
}

TEST_F(path, A1_what_is_not_there_is_told_and_nothing_else)
{
	EXPECT_EQ(1, RUN("path", self->bdf[0], ABSENT));
	EXPECT_TRUE(ERR_HAS(ABSENT));
	EXPECT_TRUE(ERR_HAS("there is no such device"));
	EXPECT_STREQ("", self->run.out);
	EXPECT_EQ(1, RUN("path", "-j", "0000:00/1f.7/1f.7/1f.7"));
	EXPECT_EQ(1, documents(self->run.out));
}

/* Names of a class of devices that lead to a function lead to the same one. */
static int names_differ(FIXTURE_DATA(path) *self, const char *class, int *seen)
{
	char bdf[MAX_DEVICES][BDF_SIZE], path[MAX_DEVICES][PATH_SIZE];
	char dir[64], link[512], target[512], *at;
	struct dirent *entry;
	int wrong = 0;
	DIR *names;

	snprintf(dir, sizeof(dir), "/sys/class/%s", class);
	names = opendir(dir);
	while (names && (entry = readdir(names))) {
		ssize_t len;

		snprintf(link, sizeof(link), "%s/%s", dir, entry->d_name);
		len = readlink(link, target, sizeof(target) - 1);
		target[len < 0 ? 0 : len] = 0;
		if (!strstr(target, "/pci0000:"))
			continue;
		(*seen)++;
		if (RUN("path", entry->d_name) ||
		    read_table(self, path, bdf) != 1) {
			note("%s: %s", entry->d_name, self->run.err);
			wrong++;
			continue;
		}
		/* The last function on its way. */
		at = strstr(target, bdf[0]);
		if (at && !strstr(at + 1, "/0000:"))
			continue;
		note("%s is not %s", entry->d_name, bdf[0]);
		wrong++;
	}
	if (names)
		closedir(names);
	return wrong;
}

TEST_F(path, A6_interfaces_and_block_devices_name_their_function)
{
	int seen = 0;

	EXPECT_EQ(0, names_differ(self, "net", &seen));
	EXPECT_EQ(0, names_differ(self, "block", &seen));
	if (!seen)
		SKIP(return, "there is no interface and no disk");
	note("%d names", seen);
}

/* Endpoints of the group, or where there are none all of it. */
static int members(const struct group *group)
{
	int endpoints = 0;

	for (unsigned int i = 0; i < group->num; i++)
		endpoints += !pci_is_bridge(group->bdf[i]);
	return endpoints ? endpoints : (int)group->num;
}

TEST_F(path, A6_a_group_names_its_endpoint_or_lists_several)
{
	char name[32];

	for (int i = 0; i < self->num; i++) {
		int id = pci_group(self->bdf[i]);
		struct group group;

		if (group_read(&group, id) || strcmp(group.bdf[0], self->bdf[i]))
			continue;
		snprintf(name, sizeof(name), "group:%d", id);
		EXPECT_EQ(members(&group) > 1, RUN("path", name)) {
			TH_LOG("%s: %s", name, self->run.err);
		}
		for (unsigned int j = 0; j < group.num && members(&group) > 1;
		     j++)
			if (!pci_is_bridge(group.bdf[j]))
				EXPECT_TRUE(ERR_HAS(group.bdf[j]));
		/* Of the group there is no doubt. */
		EXPECT_EQ(0, RUN("show", name));
		EXPECT_TRUE(OUT_HAS(group.bdf[0]));
	}
}

/* A function of each kind of filter, and no other. */
TEST_F(path, A5_list_shows_what_was_asked_for)
{
	char ids[32], vendor[32], class[32];
	text_t text, driver;
	const char *bdf = self->bdf[self->num - 1];

	ASSERT_EQ(0, pci_read(bdf, "vendor", text));
	snprintf(vendor, sizeof(vendor), "%s", text + 2);
	ASSERT_EQ(0, pci_read(bdf, "device", text));
	snprintf(ids, sizeof(ids), "%s:%s", vendor, text + 2);
	ASSERT_EQ(0, pci_read(bdf, "class", text));
	snprintf(class, sizeof(class), "%s", text + 2);
	pci_driver(bdf, driver);
	if (pci_group(bdf) < 0)
		SKIP(return, "the last device is in no group");
	EXPECT_EQ(0, RUN("list", "--vendor", vendor, "--device", ids, "--class",
			 class, "--driver", driver[0] ? driver : "none"));
	EXPECT_TRUE(OUT_HAS(bdf));
	EXPECT_EQ(0, RUN("list", "--vendor", "fff9"));
	EXPECT_EQ(NULL, strstr(self->run.out, bdf));
	EXPECT_EQ(0, RUN("list", "--eligible", "-j"));
	EXPECT_EQ(1, documents(self->run.out));
	for (int i = 0; i < self->num; i++)
		if (pci_is_bridge(self->bdf[i]))
			EXPECT_EQ(NULL, strstr(self->run.out, self->bdf[i]));
}

/* What the kernel says of resets and vectors is what show says. */
TEST_F(path, A9_show_tells_resets_and_vectors)
{
	char pair[64];
	text_t text;
	int shown = 0;

	for (int i = 0; i < self->num && shown < 4; i++) {
		if (pci_group(self->bdf[i]) < 0 || pci_is_bridge(self->bdf[i]))
			continue;
		shown++;
		ASSERT_EQ(0, RUN("show", "-j", self->bdf[i]));
		EXPECT_EQ(1, documents(self->run.out));
		EXPECT_TRUE(OUT_HAS("\"msix\":"));
		EXPECT_EQ(NULL, strstr(self->run.out, "\"msix\":null"));
		if (!pci_read(self->bdf[i], "reset_method", text) && text[0]) {
			text[strcspn(text, " ")] = 0;
			snprintf(pair, sizeof(pair), "\"resets\":[\"%.32s\"",
				 text);
			EXPECT_TRUE(OUT_HAS(pair));
		}
	}
	if (!shown)
		SKIP(return, "no endpoint is in a group");
}

TEST_HARNESS_MAIN
