// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>

#include "internal.h"
#include "tap.h"

static const struct {
	const char *text;
	struct bindery_bdf bdf;
} good[] = {
	{ "0000:00:00.0", { 0, 0, 0, 0 } },
	{ "0000:01:00.0", { 0, 1, 0, 0 } },
	{ "0000:ff:1f.7", { 0, 0xff, 0x1f, 7 } },
	{ "ffff:01:02.3", { 0xffff, 1, 2, 3 } },
	{ "10000:e1:00.0", { 0x10000, 0xe1, 0, 0 } },
	{ "ffffffff:e1:00.0", { 0xffffffff, 0xe1, 0, 0 } },
};

static const char *const malformed[] = {
	"", "0", "01:00.0", "000:01:00.0", "100000000:01:00.0", "0000:1:00.0",
	"0000:001:00.0", "0000:01:0.0", "0000:01:000.0", "0000:01:00",
	"0000:01:00.", "0000:01:00.00", "0000:01:00:0", "0000.01.00.0",
	" 0000:01:00.0", "0000:01:00.0 ", "0000:01:00.0\n", "0x00:01:00.0",
	"-001:01:00.0", "+001:01:00.0", "000g:01:00.0", "0000:0g:00.0",
	"0000:01:0g.0", "0000:01:00.g", "0000::00.0", ":01:00.0",
	"0000:01:00.0=vfio-pci", "0000:01:00.0,1", "eth0", "\xff:01:00.0",
};

TEST(T8_addresses_are_read_and_written)
{
	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		struct bindery_bdf bdf = { 1, 2, 3, 4 };
		char text[BINDERY_BDF_SIZE];

		EXPECT_INT(bindery_bdf_parse(good[i].text, &bdf), 0);
		EXPECT_INT(bdf.domain, good[i].bdf.domain);
		EXPECT_INT(bdf.bus, good[i].bdf.bus);
		EXPECT_INT(bdf.slot, good[i].bdf.slot);
		EXPECT_INT(bdf.function, good[i].bdf.function);
		bindery_bdf_format(&bdf, text);
		EXPECT_TEXT(text, good[i].text);
	}
}

TEST(T8_upper_case_and_leading_zeros_are_read)
{
	struct bindery_bdf bdf;

	EXPECT_INT(bindery_bdf_parse("0001E000:FF:1F.7", &bdf), 0);
	EXPECT_INT(bdf.domain, 0x1e000);
	EXPECT_INT(bdf.bus, 0xff);
}

TEST(T8_malformed_addresses_are_refused)
{
	for (size_t i = 0; i < ARRAY_SIZE(malformed); i++) {
		struct bindery_bdf bdf = { .domain = 77 };

		if (bindery_bdf_parse(malformed[i], &bdf) != -EINVAL)
			test_fail(__FILE__, __LINE__, "'%s'", malformed[i]);
		EXPECT_INT(bdf.domain, 77);
	}
}

TEST(T8_a_slot_above_1f_is_refused)
{
	struct bindery_bdf bdf;

	EXPECT_INT(bindery_bdf_parse("0000:01:20.0", &bdf), -EINVAL);
	EXPECT_INT(bindery_bdf_parse("0000:01:ff.0", &bdf), -EINVAL);
}

TEST(T8_a_function_above_7_is_refused)
{
	struct bindery_bdf bdf;

	EXPECT_INT(bindery_bdf_parse("0000:01:00.8", &bdf), -EINVAL);
	EXPECT_INT(bindery_bdf_parse("0000:01:00.f", &bdf), -EINVAL);
}

TEST(T8_domains_wider_than_16_bits_reach_the_kernel)
{
	struct bindery_bdf bdf = { 0xfedcba98, 1, 0x1f, 7 };
	struct bindery_ioc_bdf raw = bindery_bdf_to_uapi(&bdf);

	EXPECT_INT(raw.domain, 0xfedcba98);
	EXPECT_INT(raw.__reserved, 0);
	bdf = bindery_bdf_from_uapi(&raw);
	EXPECT_INT(bdf.domain, 0xfedcba98);
}

TEST(text_of_what_is_no_address_fits_its_room)
{
	struct bindery_bdf bdf = { 0xffffffff, 0xff, 0xff, 0xff };
	char text[BINDERY_BDF_SIZE];

	bindery_bdf_format(&bdf, text);
	EXPECT_TEXT(text, "ffffffff:ff:ff.ff");
}

TEST(addresses_are_ordered_by_domain_bus_slot_function)
{
	static const struct bindery_bdf sorted[] = {
		{ 0, 0, 0, 0 }, { 0, 0, 0, 7 }, { 0, 0, 0x1f, 0 },
		{ 0, 0xff, 0, 0 }, { 1, 0, 0, 0 }, { 0xffffffff, 0, 0, 0 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(sorted); i++)
		for (size_t j = 0; j < ARRAY_SIZE(sorted); j++) {
			int order = bindery_bdf_compare(&sorted[i], &sorted[j]);

			EXPECT_INT(order < 0, i < j);
			EXPECT_INT(order > 0, i > j);
		}
}
