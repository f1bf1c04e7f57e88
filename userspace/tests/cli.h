/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TEST_CLI_H
#define TEST_CLI_H

#include <json-c/json.h>
#include <sys/types.h>

#include "mock.h"
#include "tap.h"
#include "tree.h"

/*
 * Runs the tool in a child, with the mock as it is now. Words, blank-joined: a
 * tab is a blank in a word, '' an empty one.
 */
int cli_run(const char *line);
pid_t cli_start(const char *line);
int cli_wait(pid_t child);
/* Waits until @part was written to standard error. */
bool cli_wait_for(const char *part);
bool cli_wait_for_briefly(const char *part);

/* What it wrote; belongs to the harness. */
const char *cli_out(void);
const char *cli_err(void);
/* The document on a line of its output, from 0; freed by the next call. */
struct json_object *cli_json(int line);
/* A field as text, by keys and indices: "members.0.driver". */
const char *json_at(struct json_object *json, const char *path);

/* What it writes does not fit any more. */
void cli_fill_output(bool full);

/* As by nohup(1). */
void cli_ignore_hangup(bool ignore);

/* The tool sees this tree instead of the machine; NULL: the machine. */
void cli_use_tree(const char *root);

/* No host can be looked at, for this errno; 0: it can. */
void cli_fail_host(int error);

#endif
