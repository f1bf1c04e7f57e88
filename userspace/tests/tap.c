// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdarg.h>
#include <stdio.h>

#include "tap.h"

static struct test *tests, **tail = &tests;
static int failures;

void test_register(struct test *test)
{
	*tail = test;
	tail = &test->next;
}

void test_fail(const char *file, int line, const char *format, ...)
{
	va_list arguments;

	failures++;
	printf("# %s:%d: ", file, line);
	va_start(arguments, format);
	vprintf(format, arguments);
	va_end(arguments);
	printf("\n");
}

int main(void)
{
	int count = 0, failed = 0;

	setvbuf(stdout, NULL, _IOLBF, 0);
	for (struct test *test = tests; test; test = test->next)
		count++;
	printf("TAP version 13\n1..%d\n", count);
	count = 0;
	for (struct test *test = tests; test; test = test->next) {
		failures = 0;
		test->run();
		printf("%sok %d %s\n", failures ? "not " : "", ++count,
		       test->name);
		failed += !!failures;
	}
	return failed ? 1 : 0;
}
