// SPDX-License-Identifier: GPL-2.0-only
/* The bytes that a sequence is decoded from, and chance, by a seed. */
#include <stdio.h>
#include <string.h>

#include "fuzz.h"

static uint64_t state;

void random_seed(uint64_t seed)
{
	state = seed * 0x9e3779b97f4a7c15 | 1;
}

/* xorshift64* */
uint64_t random_next(void)
{
	state ^= state >> 12;
	state ^= state << 25;
	state ^= state >> 27;
	return state * 0x2545f4914f6cdd1d;
}

static unsigned int below(unsigned int limit)
{
	return (random_next() >> 32) % limit;
}

/* At its end: zeros, which mean what a well-behaved caller does. */
uint8_t take(struct tape *tape)
{
	return tape->at < tape->len ? tape->bytes[tape->at++] : 0;
}

uint32_t take_u32(struct tape *tape)
{
	uint32_t value = take(tape);

	value |= take(tape) << 8;
	value |= take(tape) << 16;
	return value | (uint32_t)take(tape) << 24;
}

bool one_in(struct tape *tape, unsigned int n)
{
	return take(tape) % n == n - 1;
}

void tape_invent(struct tape *tape)
{
	tape->at = 0;
	tape->len = 8 + below(TAPE_SIZE - 8);
	for (unsigned int i = 0; i < tape->len; i++)
		tape->bytes[i] = below(3) ? random_next() >> 56 : 0;
}

static void insert(struct tape *tape, unsigned int at, unsigned int num)
{
	if (num > TAPE_SIZE - tape->len)
		num = TAPE_SIZE - tape->len;
	memmove(tape->bytes + at + num, tape->bytes + at, tape->len - at);
	for (unsigned int i = 0; i < num; i++)
		tape->bytes[at + i] = random_next() >> 56;
	tape->len += num;
}

static void cut(struct tape *tape, unsigned int at, unsigned int num)
{
	if (num > tape->len - at)
		num = tape->len - at;
	memmove(tape->bytes + at, tape->bytes + at + num,
		tape->len - at - num);
	tape->len -= num;
}

/* The beginning of one, the end of another. */
static void splice(struct tape *tape, unsigned int at,
		   const struct tape *other)
{
	unsigned int from = other->len ? below(other->len) : 0;
	unsigned int num = other->len - from;

	if (num > TAPE_SIZE - at)
		num = TAPE_SIZE - at;
	memcpy(tape->bytes + at, other->bytes + from, num);
	tape->len = at + num;
}

void tape_mutate(struct tape *tape, const struct tape *other)
{
	unsigned int times = 1 + below(4);
	unsigned int at;

	tape->at = 0;
	while (times--) {
		if (!tape->len)
			tape_invent(tape);
		at = below(tape->len);
		switch (below(6)) {
		case 0:
			tape->bytes[at] ^= 1 << below(8);
			break;
		case 1:
			tape->bytes[at] = random_next() >> 56;
			break;
		case 2:
			tape->bytes[at] = 0;
			break;
		case 3:
			insert(tape, at, 1 + below(8));
			break;
		case 4:
			cut(tape, at, 1 + below(8));
			break;
		case 5:
			splice(tape, at, other);
			break;
		}
	}
}

/* One line of a corpus. */
int tape_parse(struct tape *tape, const char *hex)
{
	unsigned int byte;

	memset(tape, 0, sizeof(*tape));
	while (tape->len < TAPE_SIZE && sscanf(hex, "%2x", &byte) == 1) {
		tape->bytes[tape->len++] = byte;
		hex += 2;
	}
	return tape->len ? 0 : -1;
}

void tape_print(const struct tape *tape)
{
	char hex[2 * TAPE_SIZE + 1] = "";

	for (unsigned int i = 0; i < tape->len; i++)
		snprintf(hex + 2 * i, 3, "%02x", tape->bytes[i]);
	note("tape: %s", hex);
}
