// SPDX-License-Identifier: GPL-2.0-or-later
/* What /proc says of a file of another process, and of that process. */
#include <string.h>
#include <unistd.h>

#include "fuzz.h"
#include "internal.h"
#include "../tests/tree.h"

#define NOBODY	"4194304"	/* above what a kernel gives out */
#define ID	"00112233-4455-6677-8899-aabbccddeeff"
#define CLAIM	"anon_inode:[bindery-claim]"

static struct bindery_host *host;
static struct bindery_claim claim = { .fd = 3 };
static int fdinfo, comm;

static void start(void)
{
	HOLDS(!bindery_id_parse(ID, &claim.id));
	host = fuzz_host();
	tree_link("proc/self/fd/3", CLAIM);
	tree_link("proc/" NOBODY "/fd/5", CLAIM);
	fdinfo = fuzz_file("proc/" NOBODY "/fdinfo/5");
	comm = fuzz_file("proc/" NOBODY "/comm");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input input = { data, size };
	const struct bindery_user *user;
	struct bindery_users *users;

	if (!host)
		start();
	fuzz_fill(comm, fuzz_part(&input));
	fuzz_fill(fdinfo, input);
	HOLDS(!bindery_users_find_claim(host, &claim, &users));
	user = bindery_users_get(users, 0);
	if (user) {
		/* It is found by the id only: the process does not exist. */
		HOLDS(memmem(input.data, input.size, ID, strlen(ID)));
		HOLDS(bindery_user_get_pid(user) == 4194304);
		HOLDS(strlen(bindery_user_get_comm(user)) < BINDERY_COMM_SIZE);
	}
	bindery_users_free(users);
	return 0;
}
