// SPDX-License-Identifier: LGPL-2.1-or-later
/* Device nodes that processes have open. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "internal.h"

#define NAME_SIZE	256

static int add_opening(struct hunt *hunt, const struct node *node)
{
	struct opening *list;

	list = reallocarray(hunt->openings, hunt->num_openings + 1,
			    sizeof(*list));
	if (!list)
		return -ENOMEM;
	hunt->openings = list;
	list[hunt->num_openings++] = (struct opening){ hunt->bdf, *node };
	return 0;
}

static int read_name(char *line, void *argument)
{
	static const char key[] = "DEVNAME=";
	struct node *node = argument;

	if (strncmp(line, key, strlen(key)))
		return 0;
	line[strcspn(line, "\n")] = '\0';
	snprintf(node->path, sizeof(node->path), "/dev/%s", line + strlen(key));
	return 1;
}

/* Keep in mind the node of something below the device, if it has one. */
int guard_open_note(struct hunt *hunt, int dir, const char *subsystem)
{
	struct node node = { .is_block = !strcmp(subsystem, "block") };
	char text[32];

	if (sysfs_read(dir, "dev", text, sizeof(text)) ||
	    sscanf(text, "%u:%u", &node.major, &node.minor) != 2 ||
	    sysfs_each_line(dir, "uevent", read_name, &node) != 1)
		return 0;
	return add_opening(hunt, &node);
}

static int add_users(struct hunt *hunt, const struct bindery_users *users)
{
	int ret = 0;

	for (size_t i = 0; !ret && i < bindery_users_get_count(users); i++) {
		const struct bindery_user *user = bindery_users_get(users, i);
		const struct opening *opening = &hunt->openings[user->node];

		if (user->pid == getpid())
			continue;
		hunt->bdf = opening->bdf;
		ret = guard_add(hunt, BINDERY_GUARD_OPEN,
				"%s is open in process %d (%s)",
				opening->node.path, (int)user->pid, user->comm);
	}
	return ret;
}

/* All processes, once for all nodes of all devices. */
int guard_open_find(struct hunt *hunt)
{
	struct node *nodes = calloc(hunt->num_openings + 1, sizeof(*nodes));
	struct bindery_users *users;
	int ret;

	if (!nodes)
		return -ENOMEM;
	for (size_t i = 0; i < hunt->num_openings; i++)
		nodes[i] = hunt->openings[i].node;
	ret = bindery_users_find_nodes(hunt->host, nodes, hunt->num_openings,
				       &users);
	free(nodes);
	if (ret)
		return ret;
	ret = add_users(hunt, users);
	bindery_users_free(users);
	return ret;
}
