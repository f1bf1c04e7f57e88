// SPDX-License-Identifier: GPL-2.0-only
/* Owners that are killed at any moment from ACQUIRE to the end of RELEASE. */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>

#include "lib.h"

struct owner {
	int control;
	struct request *request;
};

/* Say so, take it, give it back, say so, and wait to be killed. */
static int own(int socket, void *arg)
{
	struct owner *owner = arg;
	struct answer answer;
	int claim, ret;

	tell(socket, 0);
	claim = acquire(owner->control, owner->request);
	ret = claim < 0 ? claim : release(claim, &answer);
	tell(socket, ret);
	return hear(socket, &ret);
}

static long now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static long need(int control, struct request *request)
{
	struct owner owner = { control, request };
	struct child child;
	int ret = child_start(&child, own, &owner);
	long begin;

	if (ret)
		return ret;
	hear(child.socket, &ret);
	begin = now_us();
	if (hear(child.socket, &ret))
		ret = -EIO;
	begin = now_us() - begin;
	child_kill(&child);
	return ret ? ret : begin;
}

/* How long an owner needs at least that is not killed; negative: it fails. */
long owner_needs(int control, struct request *request)
{
	long least = LONG_MAX;

	for (int i = 0; i < 3 && least > 0; i++) {
		long now = need(control, request);

		least = now < least ? now : least;
	}
	return least;
}

/* Without its members, whose locks a driver's callback may hold. */
static int state_now(int control, const char *bdf)
{
	struct bindery_ioc_device device = { .bdf = pci_address(bdf) };
	struct bindery_ioc_show cmd = {
		.size = sizeof(cmd),
		.device = (uintptr_t)&device,
		.device_size = sizeof(device),
		.member_size = sizeof(struct bindery_ioc_member),
	};
	int ret = call(control, BINDERY_SHOW, &cmd);

	return ret ? ret : (int)cmd.out_state;
}

/* The state that the group was in when the owner was killed. */
int owner_kill(int control, struct request *request, const char *bdf,
	       long within_us)
{
	struct owner owner = { control, request };
	struct child child;
	int ret = child_start(&child, own, &owner);

	if (ret)
		return ret;
	hear(child.socket, &ret);
	usleep(random() % within_us);
	ret = state_now(control, bdf);
	child_kill(&child);
	return ret;
}
