// SPDX-License-Identifier: GPL-2.0-only
/* Who hears of all that happens: no event is missing unless that is told. */
#include <errno.h>
#include <sys/socket.h>

#include "reader.h"
#include "torture.h"

#define ROOM	(4 << 20)

static void lose(const char *what, uint64_t last, uint64_t now)
{
	note("%s: event %llu after %llu", what, (unsigned long long)now,
	     (unsigned long long)last);
	atomic_store(&arena->wrong, true);
}

/* What was lost was told: begin anew. */
static void hear_one(struct reader *reader)
{
	struct told told;
	int ret = reader_hear(reader, &told, 20);
	uint64_t last = atomic_load(&arena->heard);

	if (ret == -ENOBUFS) {
		atomic_fetch_add(&arena->losses, 1);
		atomic_store(&arena->heard, 0);
	} else if (!ret) {
		if (last && NUMBER(&told, SEQ) != last + 1)
			lose("lost, and not told", last, NUMBER(&told, SEQ));
		atomic_store(&arena->heard, NUMBER(&told, SEQ));
		atomic_fetch_add(&arena->events, 1);
	} else if (ret != -EAGAIN) {
		lose("no event can be heard", last, -ret);
	}
}

/* The newest event there is, given one that was; -1: it cannot be told. */
static int64_t newest(uint64_t known)
{
	struct asked asked = { BINDERY_A_SEQ, &known, sizeof(known) };
	struct reader reader;
	struct told told = {};
	int num = -1;

	if (!reader_open(&reader)) {
		reader.quiet = true;
		num = dump(&reader, BINDERY_CMD_JOURNAL_GET, &asked, &told, 1);
		reader_close(&reader);
	}
	return num < 0 ? -1 : (int64_t)NUMBER(&told, NEWEST);
}

int listener(int socket, void *arg)
{
	struct reader reader;
	int room = ROOM;

	(void)socket;
	(void)arg;
	if (reader_open(&reader) ||
	    setsockopt(reader.fd, SOL_SOCKET, SO_RCVBUFFORCE, &room,
		       sizeof(room)) || reader_listen(&reader))
		return 1;
	atomic_store(&arena->first_newest, newest(0));
	while (atomic_load(&arena->ledger.phase) != PHASE_END)
		hear_one(&reader);
	reader_close(&reader);
	return 0;
}

/* The newest event there is, is the last that was heard. */
bool heard_all(void)
{
	uint64_t last = atomic_load(&arena->heard);

	if (!last && atomic_load(&arena->losses))
		return true;
	last = last ?: (uint64_t)atomic_load(&arena->first_newest);
	return newest(last) == (int64_t)last;
}
