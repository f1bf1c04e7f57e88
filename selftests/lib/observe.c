// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <linux/netlink.h>

#include "lib.h"

#define TRACING	"/sys/kernel/tracing/"
#define EVENTS	"bindery_test"

int uevents_open(void)
{
	struct sockaddr_nl address = {
		.nl_family = AF_NETLINK,
		.nl_groups = 1,
	};
	int fd = socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK,
			NETLINK_KOBJECT_UEVENT);

	if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof(address)))
		return -errno;
	return fd;
}

/* How many came since the last call; each is printed. */
int uevents_print(int fd)
{
	char event[4096];
	int count = 0;
	ssize_t len;

	while ((len = recv(fd, event, sizeof(event) - 1, 0)) > 0) {
		event[len] = 0;
		note("uevent %s", event);
		count++;
	}
	return count;
}

static char watched[16][64];
static unsigned int num_watched;
static pid_t watcher;		/* children leave alone what it watches */

static int watch_enable(const char *name, const char *value)
{
	char path[128];

	snprintf(path, sizeof(path), TRACING "events/" EVENTS "/%s/enable",
		 name);
	return write_file(path, value);
}

/* Count the calls of a kernel function. */
int watch_function(const char *function)
{
	char text[256];
	const char *name = strchr(function, ':');
	int ret;

	if (watcher != getpid())
		num_watched = 0;
	watcher = getpid();
	name = name ? name + 1 : function;
	snprintf(text, sizeof(text), "p:" EVENTS "/%s %s\n", name, function);
	ret = write_file(TRACING "kprobe_events", text);
	if (ret)
		return ret;
	snprintf(watched[num_watched++], sizeof(watched[0]), "%.63s", name);
	return watch_enable(name, "1");
}

int watch_hits(const char *function)
{
	char text[8192], name[128];
	char *rest = text, *line;
	long hits;

	if (read_file(TRACING "kprobe_profile", text, sizeof(text)))
		return -1;
	while ((line = strsep(&rest, "\n")))
		if (sscanf(line, "%127s %ld", name, &hits) == 2 &&
		    !strcmp(name, function))
			return hits;
	return -1;
}

void watch_end(void)
{
	char text[128];

	if (watcher != getpid())
		return;
	while (num_watched) {
		watch_enable(watched[--num_watched], "0");
		snprintf(text, sizeof(text), "-:" EVENTS "/%s\n",
			 watched[num_watched]);
		write_file(TRACING "kprobe_events", text);
	}
}

/* What a change to a device or its driver cannot happen without. */
static const char *const changes[] = {
	"really_probe", "device_release_driver_internal", "device_attach",
	"device_driver_attach", "__request_module", "kobject_uevent_env",
	"pm_runtime_allow", "pm_runtime_forbid",
	"iommu_group_claim_dma_owner", "driver_set_override",
	"__device_set_driver_override",
};
#define NUM_CHANGES	(sizeof(changes) / sizeof(changes[0]))
#define NUM_NEEDED	2

/* All of them, as far as this kernel has them. */
int watch_changes(void)
{
	int ret;

	for (size_t i = 0; i < NUM_CHANGES; i++) {
		ret = watch_function(changes[i]);
		if (ret && i < NUM_NEEDED)
			return ret;
	}
	return 0;
}

/* How often anything was changed since then; each is printed. */
int changes_seen(void)
{
	int hits, seen = 0;

	for (size_t i = 0; i < NUM_CHANGES; i++) {
		hits = watch_hits(changes[i]);
		if (hits > 0) {
			note("%s was called %d times", changes[i], hits);
			seen += hits;
		}
	}
	return seen;
}
