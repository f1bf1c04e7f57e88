/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The smallest harness: TEST(name) { EXPECT(...); } registers itself, main()
 * of tap.c runs all and prints TAP.
 */
#ifndef TAP_H
#define TAP_H

#include <stdbool.h>
#include <string.h>

struct test {
	const char *name;
	void (*run)(void);
	struct test *next;
};

void test_register(struct test *test);
void test_fail(const char *file, int line, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

#define TEST(test_name) \
	static void test_name(void); \
	static struct test test_##test_name = { #test_name, test_name, NULL }; \
	__attribute__((constructor)) static void register_##test_name(void) \
	{ \
		test_register(&test_##test_name); \
	} \
	static void test_name(void)

#define EXPECT(condition) do { \
	if (!(condition)) \
		test_fail(__FILE__, __LINE__, "%s", #condition); \
} while (0)

#define EXPECT_INT(value, wanted) do { \
	long long value_ = (value), wanted_ = (wanted); \
	if (value_ != wanted_) \
		test_fail(__FILE__, __LINE__, "%s is %lld, not %lld", #value, \
			  value_, wanted_); \
} while (0)

#define EXPECT_TEXT(value, wanted) do { \
	const char *value_ = (value), *wanted_ = (wanted); \
	if (!value_ || strcmp(value_, wanted_)) \
		test_fail(__FILE__, __LINE__, "%s is '%s', not '%s'", #value, \
			  value_ ? value_ : "(null)", wanted_); \
} while (0)

#define EXPECT_HAS(value, part) do { \
	const char *value_ = (value), *part_ = (part); \
	if (!value_ || !strstr(value_, part_)) \
		test_fail(__FILE__, __LINE__, "no '%s' in '%s'", part_, \
			  value_ ? value_ : "(null)"); \
} while (0)

#endif
