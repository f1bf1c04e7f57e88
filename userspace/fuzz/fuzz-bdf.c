// SPDX-License-Identifier: GPL-2.0-or-later
/* Addresses: a text. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "internal.h"

static void check_good(const struct bindery_bdf *bdf)
{
	struct bindery_ioc_bdf raw = bindery_bdf_to_uapi(bdf);
	struct bindery_bdf again = bindery_bdf_from_uapi(&raw);
	char text[BINDERY_BDF_SIZE];

	HOLDS(bdf->slot <= SLOT_MAX && bdf->function <= FUNCTION_MAX);
	HOLDS(!bindery_bdf_compare(bdf, &again));
	bindery_bdf_format(bdf, text);
	HOLDS(!bindery_bdf_parse(text, &again));
	HOLDS(!bindery_bdf_compare(bdf, &again));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct bindery_bdf before = { 77, 7, 7, 7 };
	struct bindery_bdf bdf = before;
	char *text = fuzz_text(data, size);
	int ret = bindery_bdf_parse(text, &bdf);

	HOLDS(!ret || ret == -EINVAL);
	if (ret)
		HOLDS(!bindery_bdf_compare(&bdf, &before));
	else
		check_good(&bdf);
	free(text);
	return 0;
}
