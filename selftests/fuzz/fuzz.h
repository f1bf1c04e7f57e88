/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A fuzzer of both ioctl surfaces, of delegated files and of the netlink
 * family. A sequence of calls is decoded from bytes, its tape: whatever they
 * are, they mean something, and zeros mean calls as they should be.
 */
#ifndef BINDERY_FUZZ_H
#define BINDERY_FUZZ_H

#include <pthread.h>

#include "reader.h"
#include "uapi.h"

#define TAPE_SIZE	512
#define NUM_FILES	16

#define ARRAY_SIZE(array)	(sizeof(array) / sizeof((array)[0]))

/* tape.c */
struct tape {
	uint8_t bytes[TAPE_SIZE];
	unsigned int len, at;
};

uint64_t random_next(void);
void random_seed(uint64_t seed);
uint8_t take(struct tape *tape);
uint32_t take_u32(struct tape *tape);
bool one_in(struct tape *tape, unsigned int n);
void tape_invent(struct tape *tape);
void tape_mutate(struct tape *tape, const struct tape *other);
int tape_parse(struct tape *tape, const char *hex);
void tape_print(const struct tape *tape);

/* corpus.c */
int corpus_load(const char *path);
void corpus_add(const struct tape *tape);
void corpus_next(struct tape *tape);
unsigned int corpus_size(void);
void corpus_print(void);

/* cover.c: what was seen before, from results, events and KCOV */
bool cover_open(void);
void cover_begin(void);
void cover_end(void);
void cover_feature(uint64_t feature);
bool cover_is_new(void);
unsigned int cover_points(void);
unsigned int cover_features(void);

enum surface { CONTROL, CLAIM, DELEGATED, NETLINK, NUM_SURFACES };

struct file {
	int fd;
	enum surface surface;	/* NUM_SURFACES: of something else */
};

/* All that a sequence may use, and leave behind. */
struct world {
	/* on a native driver; on vfio-pci, held by the anchor; there, and free */
	struct group group, held, vfio;
	struct snapshot before;
	struct file files[NUM_FILES];
	unsigned int num_files;
	int control, anchor;		/* a claim that is there for long */
	struct reader events;
	int family;
	int netlink;
	uint8_t id[BINDERY_ID_SIZE];	/* of the newest claim */
	uint8_t delegation[BINDERY_ID_SIZE];
	uint64_t generation;
	int first_fd;			/* of those that sequences may leave */
	unsigned int cleaned;
	bool dirty;			/* groups were changed */
	bool revoked;			/* delegated files were */
	unsigned long executions[NUM_SURFACES];
	unsigned long succeeded[NUM_SURFACES];
};

/* world.c */

/*
 * To look at all devices takes longer than most sequences: after one of so
 * many that changed groups.
 */
#define LOOK_EACH	8

int world_open(struct world *world);
int world_clean(struct world *world);
void world_keep(struct world *world, int fd, enum surface surface);
struct file world_file(struct world *world, struct tape *tape, bool of_claim);

/* call.c, ask.c, step.c */
void fuzz_call(struct world *world, struct tape *tape);
void fuzz_ask(struct world *world, struct tape *tape);
void fuzz_read(struct world *world, struct tape *tape);
void fuzz_sequence(struct world *world, struct tape *tape);

#endif
