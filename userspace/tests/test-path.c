// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdio.h>

#include "internal.h"
#include "tap.h"

static const struct {
	const char *text;
	const char *canonical;
} good[] = {
	{ "00", "00" }, { "2", "02" }, { "02", "02" }, { "02.0", "02" },
	{ "1f.7", "1f.7" }, { "1F.7", "1f.7" }, { "02/03.1", "02/03.1" },
	{ "02.1/03.0/1F", "02.1/03/1f" },
	{ "0000:00/01", "0000:00/01" }, { "0000:00/1.2", "0000:00/01.2" },
	{ "10000:e1/1d.4/00", "10000:e1/1d.4/00" },
	{ "0001e000:80/00", "1e000:80/00" },
	{ "FFFFFFFF:ff/00/00.7", "ffffffff:ff/00/00.7" },
};

static const char *const malformed[] = {
	"", "/", "00/", "/00", "00//01", "20", "ff", "000", "xy", "0x", "-1",
	"+1", " 00", "00 ", "00\n", "00.", "00.8", "00.f", "00.-1", "00.10",
	"00.0.0", ".0", "00:00", "00,01", "0000:00", "0000:00/", "0000:00//00",
	"000:00/00", "100000000:00/00", "0000:0/00", "0000:000/00",
	"0000:00:00.0", "0000:00:00.0/00", "00/0000:00", ":00/00", "0000:/00",
	"0000:01:00.0/vf3",
};

TEST(A1_paths_are_read_and_written)
{
	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		char text[BINDERY_PATH_SIZE];
		struct bindery_path path;

		EXPECT_INT(bindery_path_parse(good[i].text, &path), 0);
		bindery_path_format(&path, text);
		EXPECT_TEXT(text, good[i].canonical);
	}
}

TEST(A1_a_path_has_slot_and_function_of_each_step)
{
	struct bindery_path path;

	EXPECT_INT(bindery_path_parse("12345678:9a/02.3/1f.7", &path), 0);
	EXPECT(path.has_root);
	EXPECT_INT(path.domain, 0x12345678);
	EXPECT_INT(path.bus, 0x9a);
	EXPECT_INT(path.num_steps, 2);
	EXPECT_INT(path.steps[0], 0x13);
	EXPECT_INT(path.steps[1], 0xff);
	EXPECT_INT(bindery_path_parse("02", &path), 0);
	EXPECT(!path.has_root);
	EXPECT_INT(path.domain, 0);
	EXPECT_INT(path.steps[1], 0);
}

TEST(A1_malformed_paths_are_refused)
{
	for (size_t i = 0; i < ARRAY_SIZE(malformed); i++) {
		struct bindery_path path = { .domain = 77 };

		if (bindery_path_parse(malformed[i], &path) != -EINVAL)
			test_fail(__FILE__, __LINE__, "'%s'", malformed[i]);
		EXPECT_INT(path.domain, 77);
	}
}

/* @count steps of 1f.7, behind the widest root bus. */
static const char *long_path(int count)
{
	static char text[400];
	char *at = text + sprintf(text, "ffffffff:ff");

	while (count--)
		at += sprintf(at, "/1f.7");
	return text;
}

TEST(A1_the_longest_path_fits_and_a_longer_one_is_refused)
{
	char text[BINDERY_PATH_SIZE];
	struct bindery_path path;

	EXPECT_INT(bindery_path_parse(long_path(BINDERY_PATH_MAX), &path), 0);
	EXPECT_INT(path.num_steps, BINDERY_PATH_MAX);
	bindery_path_format(&path, text);
	EXPECT_TEXT(text, long_path(BINDERY_PATH_MAX));
	EXPECT_INT(bindery_path_parse(long_path(BINDERY_PATH_MAX + 1), &path),
		   -EINVAL);
	path.num_steps = 255;
	bindery_path_format(&path, text);
	EXPECT_TEXT(text, long_path(BINDERY_PATH_MAX));
}

TEST(A1_every_step_survives_text)
{
	for (unsigned int step = 0; step < 256; step++) {
		struct bindery_path path = {
			.num_steps = 2, .steps = { (uint8_t)(255 - step),
						   (uint8_t)step },
		};
		char text[BINDERY_PATH_SIZE];
		struct bindery_path other;

		bindery_path_format(&path, text);
		EXPECT_INT(bindery_path_parse(text, &other), 0);
		EXPECT_INT(bindery_path_compare(&path, &other), 0);
	}
}

TEST(A1_paths_are_ordered_by_root_bus_and_step)
{
	static const char *const sorted[] = {
		"00", "00/00", "00/1f.7", "00.1", "1f.7", "0000:00/00",
		"0000:00/01", "0000:80/00", "0001:00/00", "ffffffff:00/00",
	};

	for (size_t i = 0; i < ARRAY_SIZE(sorted); i++)
		for (size_t j = 0; j < ARRAY_SIZE(sorted); j++) {
			struct bindery_path a, b;
			int order;

			EXPECT_INT(bindery_path_parse(sorted[i], &a), 0);
			EXPECT_INT(bindery_path_parse(sorted[j], &b), 0);
			order = bindery_path_compare(&a, &b);
			EXPECT_INT(order < 0, i < j);
			EXPECT_INT(order > 0, i > j);
		}
}

TEST(A1_a_link_of_sysfs_tells_a_path)
{
	static const struct {
		const char *link;
		const char *path;
	} links[] = {
		{ "../../../devices/pci0000:00/0000:00:02.0", "0000:00/02" },
		{ "../devices/platform/4010000000.pcie/pci0001:00/0001:00:01.3/"
		  "0001:01:00.0/0001:02:0a.7", "0001:00/01.3/00/0a.7" },
		{ "pci0000:00/0000:00:0e.0/pci10000:e0/10000:e0:01.0",
		  "10000:e0/01" },
		{ "../../../devices/0000:01:00.0", NULL },
		{ "../../../devices/pci0000:00", NULL },
		{ "pci0000:00/nvme0", NULL }, { "", NULL },
	};

	for (size_t i = 0; i < ARRAY_SIZE(links); i++) {
		struct bindery_path path;
		char text[BINDERY_PATH_SIZE];
		int ret = bindery_path_from_link(links[i].link, &path);

		EXPECT_INT(ret, links[i].path ? 0 : -EINVAL);
		if (ret || !links[i].path)
			continue;
		bindery_path_format(&path, text);
		EXPECT_TEXT(text, links[i].path);
	}
}
