/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Many processes that do at random what anybody may do to bindery and to its
 * devices, in episodes; an observer that watches; and an end of each episode
 * when all has to be as it was.
 */
#ifndef BINDERY_TORTURE_H
#define BINDERY_TORTURE_H

#include "ledger.h"
#include "lib.h"

struct scene;

#define MAX_GROUPS	8
#define MAX_CLAIMANTS	4
#define RING_SIZE	24

/* What an episode has; each of them is in some episodes only. */
enum mood {
	MOOD_KILLS	= 1 << 0,	/* of owners */
	MOOD_FAULTS	= 1 << 1,	/* drivers fail */
	MOOD_HOLDS	= 1 << 2,	/* drivers are slow, or wait */
	MOOD_PLUGS	= 1 << 3,	/* devices come and go */
	MOOD_OUTSIDERS	= 1 << 4,	/* who makes a kernel bind drivers */
	MOOD_RELOADS	= 1 << 5,	/* of native drivers' modules */
	MOOD_HOSTILE	= 1 << 6,	/* a root process that changes drivers */
	MOOD_FORCE	= 1 << 7,	/* VFIO users are asked to go */
	NUM_MOODS	= 8,
};

/* All that is counted; the names are in record.c. */
enum kind {
	KIND_ACQUIRE, KIND_NOWAIT, KIND_RESERVE, KIND_BIND, KIND_RELEASE,
	KIND_DEFER, KIND_FORCE, KIND_CLOSE, KIND_STATUS, KIND_SHOW, KIND_CHECK,
	KIND_MARK, KIND_KEEP, KIND_OPEN_CLAIM, KIND_REPAIR, KIND_RELEASE_KEPT,
	KIND_ADOPT, KIND_DELEGATE, KIND_REVOKE, KIND_VFIO_OPEN,
	KIND_VFIO_CLOSE, KIND_DUMP,
	KIND_FAIL, KIND_SILENT, KIND_HOLD, KIND_SLOW,
	KIND_PLUG_OUT, KIND_PLUG_IN,
	KIND_OUTSIDER, KIND_RELOAD, KIND_RELOAD_TARGET, KIND_OVERRIDE,
	KIND_REBIND, KIND_BY_HAND,
	KIND_KILL,
	NUM_KINDS_COUNTED,
};

/* What a process did last. */
struct entry {
	enum kind kind;
	char text[56];
	int64_t begin, end;	/* in ns; end 0: it has not returned */
	int ret;
	unsigned int code;	/* enum bindery_error, of a call that failed */
};

/* A process; its number decides what it does, together with the seed. */
struct actor {
	pid_t pid;
	unsigned int number, life;
	const char *role;
	atomic_uint count;	/* entries so far */
	struct entry ring[RING_SIZE];
};

struct place {
	char anchor[BDF_SIZE];	/* of the group, which stays */
};

/* All share it. */
struct arena {
	struct ledger ledger;
	uint64_t seed;		/* of this episode */
	unsigned int moods;
	unsigned int num_places;
	struct place places[MAX_GROUPS];
	const struct scene *scene;	/* NULL: nothing comes and goes */
	char scene_anchor[BDF_SIZE];
	unsigned int num_modules;
	text_t modules[4];	/* of native drivers */
	atomic_bool stop;
	atomic_bool wrong;	/* an answer that no call may give */
	atomic_uint opens;
	struct actor actors[LEDGER_ACTORS];
	atomic_long done[NUM_KINDS_COUNTED], refused[NUM_KINDS_COUNTED];
	atomic_long events, losses;
	_Atomic uint64_t heard;	/* number of the last event; 0: none yet */
	_Atomic int64_t first_newest;	/* what was before all that is heard */
};

extern struct arena *arena;
extern struct actor *me;

/* record.c */
void chance_begin(uint64_t seed, unsigned int number, unsigned int life);
void chance_next(unsigned int act);
uint64_t chance_mix(uint64_t value);
unsigned int chance(unsigned int limit);
bool mood(enum mood mood);
void record_begin(enum kind kind, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
int record_end(int ret, unsigned int code);
void print_actors(void);
void print_totals(void);

/* stage.c: what there is to act on */
int stage_prepare(void);
struct ledger_device *ledger_device(const char *bdf);
void disturb(const char *bdf);
void disturb_all(void);
const char *any_anchor(void);
bool any_endpoint(char bdf[BDF_SIZE]);
int group_of(const char *anchor, struct group *group);

/* Processes: until arena->stop. */
int claimant(int socket, void *arg);	/* operations.c */
int faults(int socket, void *arg);	/* faults.c */
int plugger(int socket, void *arg);	/* others.c */
int plugs_put_back(void);
int outsider(int socket, void *arg);
int hostile(int socket, void *arg);
int listener(int socket, void *arg);	/* listener.c */
bool heard_all(void);

/* user.c: a VFIO user in a claimant */
void user_open(const char *bdf, unsigned int part);
void user_close(void);
bool user_is_over(void);

/* episode.c: 0: nothing was wrong */
int episode_run(uint64_t seed, unsigned int seconds);
int torture_begin(void);
int torture_end(void);

#endif
