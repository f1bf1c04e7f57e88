// SPDX-License-Identifier: GPL-2.0-only
/* Calls that have to wait for a driver's callback. */
#include <errno.h>
#include <string.h>

#include "lib.h"

/* Long before a callback that is held gives up by itself. */
#define LAST_DEADLINE_MS	20000

long clock_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/*
 * ACQUIRE, while this callback of this device is held, with this deadline, or
 * a longer one if that was too short to get there. What it returned; -ENOTSUP:
 * never got there.
 */
int overdue_after(int control, struct request *request, const char *module,
		  const char *what, const char *bdf, unsigned int ms)
{
	char first[BDF_SIZE];
	int ret;

	pci_text(&request->devices[0].bdf, first);
	for (; ms < LAST_DEADLINE_MS; ms *= 2) {
		knob(module, what, bdf);
		request->cmd.deadline_ms = ms;
		ret = acquire(control, request);
		if (knob_read(module, "waiting"))
			return ret;
		knob(module, what, "");
		close_claims(control, first);
	}
	return -ENOTSUP;
}

int overdue(int control, struct request *request, const char *module,
	    const char *what, const char *bdf)
{
	return overdue_after(control, request, module, what, bdf, 200);
}

struct call {
	int control;
	struct request *request;
};

/* Tells what came, then the holder's pid; then keeps what it got. */
static int run_acquire(int socket, void *arg)
{
	struct call *call = arg;
	int ret = acquire(call->control, call->request);

	tell(socket, ret);
	tell(socket, call->request->error.out_holder_pid);
	return hear(socket, &ret);
}

int acquire_in_child(struct child *child, int control, struct request *request)
{
	struct call call = { control, request };

	return child_start(child, run_acquire, &call);
}
