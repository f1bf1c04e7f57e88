// SPDX-License-Identifier: GPL-2.0-or-later
/* The command that exec and delegate run. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"

/* Returns what to exit with, and only if it could not be run. */
int command_execute(char **command)
{
	struct json_object *name;
	int error;

	output_yield();
	execvp(command[0], command);
	error = errno;
	name = escaped_string(command[0]);
	fprintf(stderr, "bindery: %s: %s\n", json_object_get_string(name),
		strerror(error));
	json_object_put(name);
	return error == ENOENT ? STATUS_EXEC_NOT_FOUND : STATUS_EXEC_DENIED;
}
