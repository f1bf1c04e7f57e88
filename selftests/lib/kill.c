// SPDX-License-Identifier: GPL-2.0-only
/* Owners that are killed at any moment from ACQUIRE to the end of RELEASE. */
#include <errno.h>
#include <limits.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "lib.h"

/* Where an owner is; the calls are the last things that it begins. */
enum owner_phase { OWNER_BEGINS, OWNER_ACQUIRES, OWNER_RELEASES, OWNER_ENDED };

struct owner {
	int control;
	struct request *request;
	volatile enum owner_phase *phase; /* of shared memory */
};

/* Say so, take it, give it back, say so, and wait to be killed. */
static int own(int socket, void *arg)
{
	struct owner *owner = arg;
	struct answer answer;
	int claim, ret;

	tell(socket, 0);
	*owner->phase = OWNER_ACQUIRES;
	claim = acquire(owner->control, owner->request);
	*owner->phase = OWNER_RELEASES;
	ret = claim < 0 ? claim : release(claim, &answer);
	*owner->phase = OWNER_ENDED;
	tell(socket, ret);
	return hear(socket, &ret);
}

static int own_in_child(struct child *child, struct owner *owner)
{
	static void *shared = MAP_FAILED;
	int ret;

	if (shared == MAP_FAILED)
		shared = mmap(NULL, sizeof(*owner->phase),
			      PROT_READ | PROT_WRITE,
			      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (shared == MAP_FAILED)
		return -errno;
	owner->phase = shared;
	*owner->phase = OWNER_BEGINS;
	ret = child_start(child, own, owner);
	if (!ret)
		hear(child->socket, &ret);
	return ret;
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
	int ret = own_in_child(&child, &owner);
	long begin;

	if (ret)
		return ret;
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

/*
 * A killed owner runs none of its own code any more; so where it is found is
 * where it was. What is not reserved yet, it has not begun.
 */
static int *count_of(struct kills *kills, enum owner_phase phase, int state)
{
	switch (phase) {
	case OWNER_ACQUIRES:
		return state == BINDERY_GROUP_FREE ? &kills->before :
						     &kills->acquiring;
	case OWNER_RELEASES:
		return &kills->releasing;
	case OWNER_ENDED:
		return &kills->after;
	default:
		return &kills->before;
	}
}

static bool is_inside(const struct kills *kills, const int *count)
{
	return count == &kills->acquiring || count == &kills->releasing;
}

/*
 * Kill one, at a moment of as many microseconds; the next time they are fewer
 * if it had ended, so that one of about sixteen has, however fast it is.
 */
int owner_kill(int control, struct request *request, const char *bdf,
	       long *within_us, struct kills *kills)
{
	struct owner owner = { control, request };
	struct child child;
	int ret = own_in_child(&child, &owner), state, *count;

	if (ret)
		return ret;
	while (*owner.phase == OWNER_BEGINS)
		sched_yield();
	usleep(random() % *within_us);
	state = state_now(control, bdf);
	child_kill(&child);
	if (state < 0)
		return state;
	count = count_of(kills, *owner.phase, state);
	++*count;
	if (is_inside(kills, count))
		kills->states[state]++;
	if (count == &kills->after)
		*within_us -= *within_us / 16;
	else
		*within_us += *within_us / 256;
	return 0;
}

int kills_inside(const struct kills *kills)
{
	return kills->acquiring + kills->releasing;
}

/* Those that do not count too. */
int kills_tried(const struct kills *kills)
{
	return kills_inside(kills) + kills->before + kills->after;
}

void kills_print(const struct kills *kills)
{
	note("%d killed: before %d, inside ACQUIRE %d, inside RELEASE %d, "
	     "after %d", kills_tried(kills), kills->before, kills->acquiring,
	     kills->releasing, kills->after);
	note("inside, the group was: free %d, binding %d, held %d, "
	     "draining %d, restoring %d",
	     kills->states[BINDERY_GROUP_FREE],
	     kills->states[BINDERY_GROUP_BINDING],
	     kills->states[BINDERY_GROUP_HELD],
	     kills->states[BINDERY_GROUP_DRAINING],
	     kills->states[BINDERY_GROUP_RESTORING]);
}
