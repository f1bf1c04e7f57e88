// SPDX-License-Identifier: GPL-2.0-or-later
/* A process that has no file descriptor left. */
#include <errno.h>
#include <netlink/errno.h>
#include <sys/resource.h>
#include <unistd.h>

#include "internal.h"
#include "netmock.h"
#include "tap.h"
#include "tree.h"

static struct rlimit before;

static void use_up(void)
{
	struct rlimit none = { 0 };
	int next = dup(STDIN_FILENO);

	close(next);
	EXPECT_INT(getrlimit(RLIMIT_NOFILE, &before), 0);
	none.rlim_cur = (rlim_t)next;
	none.rlim_max = before.rlim_max;
	EXPECT_INT(setrlimit(RLIMIT_NOFILE, &none), 0);
}

static void give_back(void)
{
	EXPECT_INT(setrlimit(RLIMIT_NOFILE, &before), 0);
}

TEST(U1_to_wait_without_a_file_left_says_so)
{
	static const struct bindery_reference device = { .bdf = { .bus = 1 } };
	struct bindery_wait *wait = NULL;
	struct bindery_host *host;

	EXPECT_INT(bindery_host_new(tree_new(), &host), 0);
	use_up();
	EXPECT_INT(bindery_wait_new(host, &device, &wait), -EMFILE);
	give_back();
	EXPECT(!wait);
	bindery_host_free(host);
	tree_free();
}

TEST(U1_to_dump_without_a_file_left_says_so)
{
	struct bindery_groups *groups = NULL;

	netmock_reset();
	netmock.has_family = true;
	netmock.connect_error = -NLE_FAILURE;
	netmock.connect_errno = EMFILE;
	EXPECT_INT(bindery_groups_dump(&groups), -EMFILE);
	netmock.connect_errno = 0;
	EXPECT_INT(bindery_groups_dump(&groups), -EIO);
	EXPECT(!groups);
}
