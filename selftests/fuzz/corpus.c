// SPDX-License-Identifier: GPL-2.0-only
/* Sequences that showed something new, for others to be made of. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "fuzz.h"

#define MAX_TAPES	4096

static struct tape *tapes[MAX_TAPES];
static unsigned int num_tapes, num_loaded;

/* A line each, in hexadecimal. */
int corpus_load(const char *path)
{
	char line[2 * TAPE_SIZE + 2];
	FILE *file = fopen(path, "re");
	struct tape tape;

	if (!file)
		return -errno;
	while (fgets(line, sizeof(line), file))
		if (!tape_parse(&tape, line))
			corpus_add(&tape);
	fclose(file);
	num_loaded = num_tapes;
	return num_tapes ? 0 : -ENODATA;
}

void corpus_add(const struct tape *tape)
{
	unsigned int at = num_tapes;

	if (num_tapes == MAX_TAPES)
		at = random_next() % MAX_TAPES;
	else
		num_tapes++;
	if (!tapes[at])
		tapes[at] = malloc(sizeof(*tapes[at]));
	if (tapes[at])
		*tapes[at] = *tape;
}

/* First each as it is; then mostly something that comes of one or two. */
void corpus_next(struct tape *tape)
{
	static unsigned int turn;
	const struct tape *one, *other;

	if (turn < num_loaded) {
		*tape = *tapes[turn++];
		tape->at = 0;
		return;
	}
	if (!num_tapes || random_next() % 16 == 0) {
		tape_invent(tape);
		return;
	}
	one = tapes[random_next() % num_tapes];
	other = tapes[random_next() % num_tapes];
	*tape = *one;
	tape_mutate(tape, other);
}

unsigned int corpus_size(void)
{
	return num_tapes;
}

/* What was found in this run. */
void corpus_print(void)
{
	for (unsigned int i = num_loaded; i < num_tapes; i++)
		tape_print(tapes[i]);
}
