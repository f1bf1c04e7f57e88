/* SPDX-License-Identifier: GPL-2.0-only */
/* The tool, run as administrators and scripts do. */
#ifndef BINDERY_TEST_TOOL_H
#define BINDERY_TEST_TOOL_H

#include "lib.h"

#define TOOL	"bindery"

/* A run of the tool, and what it printed. */
struct run {
	pid_t pid;
	int files[2];
	char verb[16];
	char out[32768];
	char err[8192];
};

int run_start(struct run *run, int (*become)(void), char **argv);
/* Its exit status, or minus the signal that killed it. */
int run_end(struct run *run);
int run_whole(struct run *run, int (*become)(void), char **argv);
const char *out_now(struct run *run);
const char *err_now(struct run *run);
bool has(const char *text, const char *wanted);
/* Lines, each of which is one document; -1: there is something else. */
int documents(const char *text);

/* In a fixture that has a struct run of this name. */
#define ARGS(...)	((char *[]) { TOOL, __VA_ARGS__, NULL })
#define START(...)	run_start(&self->run, NULL, ARGS(__VA_ARGS__))
#define RUN(...)	run_whole(&self->run, NULL, ARGS(__VA_ARGS__))
#define RUN_AS(become, ...) run_whole(&self->run, become, ARGS(__VA_ARGS__))

#define OUT_HAS(wanted)	has(self->run.out, wanted)
#define ERR_HAS(wanted)	has(self->run.err, wanted)

#endif
