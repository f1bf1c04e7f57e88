// SPDX-License-Identifier: GPL-2.0-or-later
/* Ids: a text. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "fuzz.h"
#include "internal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct bindery_id before = { { 1, 2, 3 } };
	char *text = fuzz_text(data, size), again[BINDERY_ID_TEXT_SIZE];
	struct bindery_id id = before;
	int ret = bindery_id_parse(text, &id);

	HOLDS(!ret || ret == -EINVAL);
	if (ret)
		HOLDS(!bindery_id_compare(&id, &before));
	if (!ret) {
		/* There is but one way to write it, but for the case. */
		bindery_id_format(&id, again);
		HOLDS(!strcasecmp(text, again));
	}
	free(text);
	return 0;
}
