// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>

#include "internal.h"
#include "mock.h"
#include "tap.h"

static const char *const malformed[] = {
	"", "0", "00112233-4455-6677-8899-aabbccddeef",
	"00112233-4455-6677-8899-aabbccddeeff0",
	"00112233-4455-6677-8899-aabbccddeeff ",
	" 0112233-4455-6677-8899-aabbccddeeff",
	"00112233445566778899aabbccddeeff",
	"0011223-34455-6677-8899-aabbccddeeff",
	"00112233-4455-6677-8899-aabbccddeefg",
	"00112233-4455-6677-8899+aabbccddeeff",
	"{0112233-4455-6677-8899-aabbccddee}", "0000:01:00.0",
};

TEST(C3_an_id_is_read_and_written_as_a_UUID)
{
	char text[BINDERY_ID_TEXT_SIZE];
	struct bindery_id id;

	EXPECT_INT(bindery_id_parse(MOCK_ID, &id), 0);
	EXPECT_INT(memcmp(id.bytes, mock_id, sizeof(mock_id)), 0);
	bindery_id_format(&id, text);
	EXPECT_TEXT(text, MOCK_ID);
	EXPECT_INT(bindery_id_parse("AABBCCDD-EEFF-0011-2233-445566778899", &id),
		   0);
	bindery_id_format(&id, text);
	EXPECT_TEXT(text, "aabbccdd-eeff-0011-2233-445566778899");
}

TEST(C3_what_is_no_UUID_is_refused)
{
	for (size_t i = 0; i < ARRAY_SIZE(malformed); i++) {
		struct bindery_id id = { { 77 } };

		if (bindery_id_parse(malformed[i], &id) != -EINVAL)
			test_fail(__FILE__, __LINE__, "'%s'", malformed[i]);
		EXPECT_INT(id.bytes[0], 77);
	}
}

TEST(C3_ids_are_compared_and_zeros_are_none)
{
	struct bindery_id a = { { 0 } }, b = { { 0 } };

	EXPECT(!bindery_id_is_set(&a));
	b.bytes[15] = 1;
	EXPECT(bindery_id_is_set(&b));
	EXPECT(bindery_id_compare(&a, &b) < 0);
	EXPECT(bindery_id_compare(&b, &a) > 0);
	a.bytes[15] = 1;
	EXPECT_INT(bindery_id_compare(&a, &b), 0);
}
