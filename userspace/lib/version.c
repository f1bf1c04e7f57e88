// SPDX-License-Identifier: LGPL-2.1-or-later
#include "internal.h"

const char *bindery_get_version(void)
{
	return BINDERY_VERSION;
}
