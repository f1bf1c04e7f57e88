// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/kcmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "internal.h"

struct bindery_users {
	size_t count;
	struct bindery_user *list;
};

struct search {
	const struct bindery_host *host;
	struct bindery_users *users;
	int claim_fd;			/* -1: a search for VFIO nodes */
	char claim[BINDERY_ID_TEXT_SIZE];	/* its id */
	pid_t pid;			/* the process looked at */
	struct node *nodes;		/* the wanted ones */
	size_t num_nodes;
	size_t found;			/* the one that was found */
};

static struct node *add_node(struct search *search, const char *dir,
			     const char *name)
{
	struct node *nodes;

	nodes = reallocarray(search->nodes, search->num_nodes + 1,
			     sizeof(*nodes));
	if (!nodes)
		return NULL;
	search->nodes = nodes;
	nodes += search->num_nodes++;
	*nodes = (struct node){ 0 };
	snprintf(nodes->path, sizeof(nodes->path), "%s%s", dir, name);
	return nodes;
}

/* The file behind a link of /proc, without asking any file server. */
static bool has_number(int dir, const char *name, const struct node *node)
{
	struct statx status;

	return node->major &&
	       !statx(dir, name, AT_STATX_DONT_SYNC | AT_NO_AUTOMOUNT,
		      STATX_TYPE, &status) &&
	       (node->is_block ? S_ISBLK(status.stx_mode) :
				 S_ISCHR(status.stx_mode)) &&
	       status.stx_rdev_major == node->major &&
	       status.stx_rdev_minor == node->minor;
}

/* In a container a node may have any path; nothing else has its number. */
static bool is_node(struct search *search, int dir, const char *name,
		    const char *target)
{
	for (size_t i = 0; i < search->num_nodes; i++) {
		const struct node *node = &search->nodes[i];

		search->found = i;
		if (!strcmp(node->path, target) ||
		    (*target == '/' && has_number(dir, name, node)))
			return true;
	}
	return false;
}

/* What fdinfo says: 1 if this is the claim's id, 2 if it is another's. */
static int match_claim(char *line, void *argument)
{
	static const char key[] = "bindery-claim:";
	const char *claim = argument;

	if (strncmp(line, key, strlen(key)))
		return 0;
	line += strlen(key);
	line += strspn(line, " \t");
	return strncmp(line, claim, strlen(claim)) ? 2 : 1;
}

/* The claim may have been opened more than once: each file tells its id. */
static bool is_claim(struct search *search, int dir, const char *name)
{
	unsigned long fd = strtoul(name, NULL, 10);
	char path[NAME_MAX];
	long ret;

	snprintf(path, sizeof(path), "../fdinfo/%lu", fd);
	ret = sysfs_each_line(dir, path, match_claim, search->claim);
	if (ret > 0)
		return ret == 1;
	/* Where kcmp(2) cannot tell either, a file of the same kind counts. */
	ret = syscall(SYS_kcmp, getpid(), search->pid, KCMP_FILE,
		      (unsigned long)search->claim_fd, fd);
	return !ret || (ret < 0 && errno != ESRCH && errno != EBADF);
}

/* Returns 1 when found: one file of a process is enough. */
static int visit_fd(int dir, const char *name, void *argument)
{
	struct search *search = argument;
	char target[PATH_MAX];

	if (sysfs_read_target(dir, name, target, sizeof(target)) ||
	    !is_node(search, dir, name, target))
		return 0;
	return search->claim_fd < 0 || is_claim(search, dir, name);
}

static int add_user(struct search *search, int dir)
{
	struct bindery_users *users = search->users;
	struct bindery_user *list;

	list = reallocarray(users->list, users->count + 1, sizeof(*list));
	if (!list)
		return -ENOMEM;
	users->list = list;
	list += users->count++;
	memset(list, 0, sizeof(*list));
	list->pid = search->pid;
	list->node = search->found;
	sysfs_read(dir, "comm", list->comm, sizeof(list->comm));
	return 0;
}

/* Processes that went meanwhile or are not ours to look into are no error. */
static int visit_process(int dir, const char *name, void *argument)
{
	struct search *search = argument;
	char *end;
	int fd, ret = 0;

	search->pid = (pid_t)strtol(name, &end, 10);
	if (*end || search->pid <= 0)
		return 0;
	if (search->claim_fd >= 0 && search->pid == getpid())
		return 0;
	fd = sysfs_open(dir, name);
	if (fd < 0)
		return 0;
	if (sysfs_each(fd, "fd", visit_fd, search) == 1)
		ret = add_user(search, fd);
	close(fd);
	return ret;
}

static int find(struct search *search, struct bindery_users **users)
{
	int ret;

	search->users = calloc(1, sizeof(*search->users));
	if (!search->users)
		return -ENOMEM;
	ret = sysfs_each(search->host->root, "proc", visit_process, search);
	if (!ret)
		ret = sysfs_shortage();
	if (ret)
		bindery_users_free(search->users);
	else
		*users = search->users;
	return ret;
}

/* The number of the node, of what has a directory in sysfs. */
static void read_number(struct node *node, int dir, const char *path)
{
	char text[32];

	if (sysfs_read(dir, path, text, sizeof(text)) ||
	    sscanf(text, "%u:%u", &node->major, &node->minor) != 2)
		node->major = 0;
}

static int visit_vfio_device(int dir, const char *name, void *argument)
{
	struct node *node = add_node(argument, "/dev/vfio/devices/", name);
	char path[NAME_MAX + 8];

	if (!node)
		return -ENOMEM;
	snprintf(path, sizeof(path), "%s/dev", name);
	read_number(node, dir, path);
	return 0;
}

static int visit_member(int dir, const char *name, void *argument)
{
	char path[PATH_MAX];
	int ret;

	snprintf(path, sizeof(path), "%s/vfio-dev", name);
	ret = sysfs_each(dir, path, visit_vfio_device, argument);
	return ret == -ENOMEM ? ret : 0;
}

static int add_vfio_nodes(struct search *search, uint32_t group)
{
	char number[16], path[NODE_SIZE];
	struct node *node;

	snprintf(number, sizeof(number), "%u", group);
	node = add_node(search, "/dev/vfio/", number);
	if (!node)
		return -ENOMEM;
	snprintf(path, sizeof(path), "sys/class/vfio/%u/dev", group);
	read_number(node, search->host->root, path);
	snprintf(path, sizeof(path), "sys/kernel/iommu_groups/%u/devices",
		 group);
	return sysfs_each(search->host->root, path, visit_member, search) ==
	       -ENOMEM ? -ENOMEM : 0;
}

int bindery_users_find_vfio(const struct bindery_host *host, uint32_t group,
			    struct bindery_users **users)
{
	struct search search = { .host = host, .claim_fd = -1 };
	int ret;

	sysfs_shortage_clear();
	ret = add_vfio_nodes(&search, group);
	if (!ret)
		ret = find(&search, users);
	free(search.nodes);
	return ret;
}

int bindery_users_find_nodes(const struct bindery_host *host,
			     const struct node *nodes, size_t count,
			     struct bindery_users **users)
{
	struct search search = { .host = host, .claim_fd = -1 };
	int ret;

	search.nodes = calloc(count + 1, sizeof(*nodes));
	if (!search.nodes)
		return -ENOMEM;
	memcpy(search.nodes, nodes, count * sizeof(*nodes));
	search.num_nodes = count;
	ret = find(&search, users);
	free(search.nodes);
	return ret;
}

int bindery_users_find_claim(const struct bindery_host *host,
			     const struct bindery_claim *claim,
			     struct bindery_users **users)
{
	struct search search = { .host = host, .claim_fd = claim->fd };
	char path[NODE_SIZE], target[NODE_SIZE];
	int ret;

	sysfs_shortage_clear();
	bindery_id_format(&claim->id, search.claim);
	snprintf(path, sizeof(path), "proc/self/fd/%d", claim->fd);
	ret = sysfs_read_target(host->root, path, target, sizeof(target));
	if (!ret && !add_node(&search, "", target))
		ret = -ENOMEM;
	if (!ret)
		ret = find(&search, users);
	free(search.nodes);
	return ret;
}

void bindery_users_free(struct bindery_users *users)
{
	if (!users)
		return;
	free(users->list);
	free(users);
}

size_t bindery_users_get_count(const struct bindery_users *users)
{
	return users->count;
}

const struct bindery_user *bindery_users_get(const struct bindery_users *users,
					     size_t index)
{
	return index < users->count ? &users->list[index] : NULL;
}

pid_t bindery_user_get_pid(const struct bindery_user *user)
{
	return user->pid;
}

const char *bindery_user_get_comm(const struct bindery_user *user)
{
	return user->comm;
}
