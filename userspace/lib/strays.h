/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A device that was left on VFIO, between finding and fixing it. */
#ifndef BINDERY_LIB_STRAYS_H
#define BINDERY_LIB_STRAYS_H

#include <limits.h>

#include "internal.h"

struct bindery_stray {
	struct bindery_bdf bdf;
	bool has_group;
	uint32_t group;
	enum bindery_stray_reason reason;
	char driver[BINDERY_NAME_SIZE];
	char override[BINDERY_NAME_SIZE];
};

/* strays.c */
void stray_path(const struct bindery_bdf *bdf, const char *name,
		char path[PATH_MAX]);
bool stray_is_unknown(const struct bindery_context *context);
int stray_is_owned(struct bindery_context *context,
		   const struct bindery_bdf *bdf);
int stray_find_again(const struct bindery_host *host,
		     struct bindery_context *context,
		     struct bindery_stray *stray);
int stray_examine(const struct bindery_host *host, struct bindery_stray *stray);

#endif
