// SPDX-License-Identifier: LGPL-2.1-or-later
/* Displays that somebody may look at. */
#include <string.h>
#include <unistd.h>

#include "internal.h"

#define NAME_SIZE	256

/* card0-HDMI-A-1 of card0 */
static int visit_connector(int dir, const char *name, void *argument)
{
	char path[NAME_SIZE + 16], status[32];

	snprintf(path, sizeof(path), "%s/status", name);
	if (sysfs_read(dir, path, status, sizeof(status)) ||
	    strcmp(status, "connected"))
		return 0;
	return guard_add(argument, BINDERY_GUARD_DISPLAY,
			 "a display is connected to %s", name);
}

/* @dir is of something of class drm: a card has its connectors below. */
int guard_display_use(struct hunt *hunt, int dir)
{
	return sysfs_each(dir, ".", visit_connector, hunt);
}
