/* SPDX-License-Identifier: GPL-2.0-only */
/* What the parts of the benchmark share. */
#ifndef BINDERY_BENCH_H
#define BINDERY_BENCH_H

#include "lib.h"

/* Devices that are moved together, and what they were before. */
struct bench_case {
	const char *name;
	unsigned int rounds;
	unsigned int num;
	char bdf[MAX_DEVICES][BDF_SIZE];
	struct snapshot before;
};

/* A way to move them to vfio-pci and back; 0 or a negative errno. */
struct tool {
	const char *name;
	int (*acquire)(struct bench_case *bench);
	int (*release)(struct bench_case *bench);
};

/* tools.c */
extern const struct tool tools[];
extern const unsigned int num_tools;

int tools_init(void);

/* nvme.c */
int nvme_make_vfs(const char *pf, unsigned int vfs);
int nvme_start_vfs(const char *pf, unsigned int vfs);
bool nvme_is_live(const char *bdf);

#endif
