/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef FAULT_H
#define FAULT_H

/* What the library asks for and may not get, by the linker's --wrap. */
enum fault {
	FAULT_NONE,
	FAULT_MEMORY,		/* -ENOMEM */
	FAULT_FILE,		/* -EMFILE, of openat(2) */
};

/*
 * Runs @scenario with the first, the second, ... request of that kind failing,
 * until there is none left to fail. It has to return 0, and only if it found
 * all, or the errno, or 1 if something is missing without having been told.
 */
void fault_each(enum fault kind, int (*scenario)(void));

#endif
