// SPDX-License-Identifier: GPL-2.0-or-later
/* What the command of exec finds in its environment. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"

struct list {
	const char *name;
	FILE *out;
	char *text;
	size_t size;
};

enum list_number {
	LIST_DEVICES,
	LIST_GROUPS,
	LIST_CDEVS,
	LIST_QEMU,
	NUM_LISTS,
};

static void add(struct list *list, const char *prefix, const char *text)
{
	fprintf(list->out, "%s%s%s", ftell(list->out) ? " " : "", prefix, text);
}

static bool has_word(struct list *list, const char *word)
{
	size_t length = strlen(word);
	const char *at;

	fflush(list->out);
	for (at = list->text; at && (at = strstr(at, word)); at += length)
		if ((at == list->text || at[-1] == ' ') &&
		    (!at[length] || at[length] == ' '))
			return true;
	return false;
}

/* A node that this kernel does not make is not in the list. */
static void add_device(const struct bindery_host *host,
		       const struct bindery_bdf *bdf, struct list *lists)
{
	struct bindery_device_nodes nodes;
	char text[BINDERY_BDF_SIZE];

	bindery_bdf_format(bdf, text);
	add(&lists[LIST_DEVICES], "", text);
	add(&lists[LIST_QEMU], "-device vfio-pci,host=", text);
	if (bindery_host_find_nodes(host, bdf, &nodes))
		return;
	if (*nodes.group && !has_word(&lists[LIST_GROUPS], nodes.group))
		add(&lists[LIST_GROUPS], "", nodes.group);
	if (*nodes.device)
		add(&lists[LIST_CDEVS], "", nodes.device);
}

static int put_lists(struct list *lists)
{
	int ret = 0;

	for (int i = 0; i < NUM_LISTS; i++) {
		if (fclose(lists[i].out) ||
		    setenv(lists[i].name, lists[i].text, 1))
			ret = -1;
		free(lists[i].text);
	}
	return ret;
}

/* Of the devices that were named, in their order. */
static int put_devices(const struct transaction *transaction)
{
	struct list lists[NUM_LISTS] = {
		[LIST_DEVICES] = { .name = "BINDERY_DEVICES" },
		[LIST_GROUPS] = { .name = "BINDERY_GROUP_NODES" },
		[LIST_CDEVS] = { .name = "BINDERY_DEVICE_NODES" },
		[LIST_QEMU] = { .name = "BINDERY_QEMU_ARGS" },
	};
	const struct bindery_request *request = transaction->request;

	for (int i = 0; i < NUM_LISTS; i++) {
		lists[i].out = open_memstream(&lists[i].text, &lists[i].size);
		if (!lists[i].out)
			abort();
	}
	for (size_t i = 0; i < bindery_request_get_num_devices(request); i++) {
		struct bindery_reference device;
		struct bindery_bdf bdf;

		device = bindery_request_get_device(request, i);
		if (!bindery_host_find_device(transaction->host, &device, &bdf))
			add_device(transaction->host, &bdf, lists);
	}
	return put_lists(lists);
}

/*
 * The lowest number from 3 on that the command has not: what is closed at its
 * exec is as good as free. It has no other copy of the claim.
 */
static int place_claim(int claim_fd)
{
	int flags, fd = 3;

	while (fd != claim_fd && (flags = fcntl(fd, F_GETFD)) >= 0 &&
	       !(flags & FD_CLOEXEC))
		fd++;
	if (fd == claim_fd)
		return fcntl(fd, F_SETFD, 0) ? -1 : fd;
	return dup2(claim_fd, fd);
}

/* Ours is closed at its exec: the number would be nothing, or the claim. */
static int hide_control_file(void)
{
	return unsetenv("BINDERY_CONTROL_FD") ||
	       unsetenv("BINDERY_DELEGATION_ID") ? -1 : 0;
}

/* In the child: the claim outlives exec here only. */
int environment_put(const struct transaction *transaction)
{
	struct bindery_id id = bindery_claim_get_id(transaction->claim);
	char text[BINDERY_ID_TEXT_SIZE], number[16];
	int ret = put_devices(transaction);
	int fd = place_claim(bindery_claim_get_fd(transaction->claim));

	if (ret || fd < 0 || hide_control_file())
		return -1;
	bindery_id_format(&id, text);
	snprintf(number, sizeof(number), "%d", fd);
	return setenv("BINDERY_CLAIM_FD", number, 1) ||
	       setenv("BINDERY_CLAIM_ID", text, 1) ? -1 : 0;
}
