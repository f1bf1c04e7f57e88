// SPDX-License-Identifier: GPL-2.0-only
/* A sequence: calls, requests, and what happens to files meanwhile. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "fuzz.h"

#define MAX_STEPS	48

static struct file any_file(struct world *world, struct tape *tape)
{
	return world->files[take(tape) % world->num_files];
}

/* Never the last ones, which every sequence may count on. */
static void close_one(struct world *world, struct tape *tape)
{
	unsigned int which;

	if (world->num_files <= 2)
		return;
	which = 2 + take(tape) % (world->num_files - 2);
	if (world->files[which].surface == CLAIM)
		world->dirty = true;
	close(world->files[which].fd);
	world->files[which] = world->files[--world->num_files];
}

static void copy_one(struct world *world, struct tape *tape)
{
	struct file file = any_file(world, tape);

	world_keep(world, fcntl(file.fd, F_DUPFD_CLOEXEC, 0), file.surface);
}

static void look_at_one(struct world *world, struct tape *tape)
{
	struct pollfd entry = { .fd = any_file(world, tape).fd,
				.events = take(tape) };
	char path[64], text[1024];

	poll(&entry, 1, 0);
	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", entry.fd);
	read_file(path, text, sizeof(text));
}

/* Something else at the same time. */
struct beside {
	int fd;
	uint8_t what;
};

static void *do_beside(void *arg)
{
	struct beside *beside = arg;
	struct answer answer;

	switch (beside->what % 4) {
	case 0:
		status(beside->fd, &answer);
		break;
	case 1:
		release_within(beside->fd, &answer, 20);
		break;
	case 2:
		bind_claim(beside->fd, &answer, 0, 20);
		break;
	}
	close(beside->fd);
	return NULL;
}

static void two_at_once(struct world *world, struct tape *tape)
{
	struct beside beside = { .what = take(tape) };
	struct file file = world_file(world, tape, true);
	pthread_t thread;

	if (file.surface != CLAIM)
		return;
	world->dirty = true;
	beside.fd = fcntl(file.fd, F_DUPFD_CLOEXEC, 0);
	if (beside.fd < 0 ||
	    pthread_create(&thread, NULL, do_beside, &beside)) {
		close(beside.fd);
		return;
	}
	fuzz_call(world, tape);
	pthread_join(thread, NULL);
}

static void step(struct world *world, struct tape *tape)
{
	uint8_t what = take(tape);

	if (what < 140)
		fuzz_call(world, tape);
	else if (what < 205)
		fuzz_ask(world, tape);
	else if (what < 230)
		fuzz_read(world, tape);
	else if (what < 236)
		close_one(world, tape);
	else if (what < 244)
		copy_one(world, tape);
	else if (what < 252)
		look_at_one(world, tape);
	else
		two_at_once(world, tape);
}

void fuzz_sequence(struct world *world, struct tape *tape)
{
	for (int i = 0; i < MAX_STEPS && tape->at < tape->len; i++)
		step(world, tape);
}
