// SPDX-License-Identifier: GPL-2.0-only
/* One episode: everybody begins, acts, ends, and all is as it was. */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "adversary.h"
#include "torture.h"

#define END_SECONDS	120

/* Who is who in arena->actors; claimants come first. */
enum {
	FAULTS = MAX_CLAIMANTS, PLUGGER, OUTSIDER, HOSTILE, NUM_ACTING,
	LISTENER = NUM_ACTING, OBSERVER, MAIN,
};

typedef int (*body_t)(int socket, void *arg);

static struct child children[LEDGER_ACTORS];
static struct snapshot before;
static int control;
static const char *const pinned[] = { "bindery", "vfio_pci", TEST_TARGET };
static text_t references[3];
static char wrong[160];

static int fails(const char *what, const char *of)
{
	if (!wrong[0])
		snprintf(wrong, sizeof(wrong), "%s: %s", what, of);
	return 1;
}

struct part {
	struct actor *actor;
	body_t run;
};

static int act(int socket, void *arg)
{
	struct part *part = arg;

	me = part->actor;
	chance_begin(arena->seed, me->number, me->life);
	return part->run(socket, NULL);
}

static int start(unsigned int number, const char *role, body_t run)
{
	struct actor *actor = &arena->actors[number];
	struct part part = { actor, run };

	actor->number = number;
	actor->role = role;
	return child_start(&children[number], act, &part);
}

static int observer(int socket, void *arg)
{
	(void)socket;
	(void)arg;
	observe(&arena->ledger);
	return 0;
}

static void read_references(unsigned int i, text_t text)
{
	char path[64];

	snprintf(path, sizeof(path), "/sys/module/%s/refcnt", pinned[i]);
	read_file(path, text, sizeof(text_t));
}

static bool pins_nothing(unsigned int i)
{
	text_t now;

	read_references(i, now);
	return !strcmp(now, references[i]);
}

int torture_begin(void)
{
	arena = mmap(NULL, sizeof(*arena), PROT_READ | PROT_WRITE,
		     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (arena == MAP_FAILED)
		return -1;
	me = &arena->actors[MAIN];
	me->number = MAIN;
	me->role = "who kills";
	control = control_open();
	if (control < 0 || module_load("vfio_pci") || module_load(TEST_TARGET) ||
	    module_load(TEST_NATIVE) || stage_prepare())
		return -1;
	knobs_reset();
	for (int i = 0; i < 3; i++)
		read_references(i, references[i]);
	if (snapshot_take(&before) || start(LISTENER, "listener", listener) ||
	    start(OBSERVER, "observer", observer))
		return -1;
	return wait_until(atomic_load(&arena->ledger.sweeps) > 0) ? 0 : -1;
}

/* How many of those that only watch did not end well. */
int torture_end(void)
{
	atomic_store(&arena->ledger.phase, PHASE_END);
	return !!child_wait(&children[LISTENER]) +
	       !!child_wait(&children[OBSERVER]);
}

static const struct {
	enum mood mood;
	const char *name;
	unsigned int percent;
} moods[NUM_MOODS] = {
	{ MOOD_KILLS, "kills", 75 },	   { MOOD_FAULTS, "faults", 50 },
	{ MOOD_HOLDS, "holds", 50 },	   { MOOD_PLUGS, "hot-plug", 65 },
	{ MOOD_OUTSIDERS, "outsiders", 50 }, { MOOD_RELOADS, "reloads", 20 },
	{ MOOD_HOSTILE, "hostile", 20 },   { MOOD_FORCE, "force", 25 },
};

static void choose_moods(void)
{
	arena->moods = 0;
	for (int i = 0; i < NUM_MOODS; i++)
		if (chance(100) < moods[i].percent)
			arena->moods |= moods[i].mood;
	if (!arena->scene)
		arena->moods &= ~MOOD_PLUGS;
}

static void print_moods(unsigned int seconds)
{
	char line[160] = "";
	size_t len = 0;

	for (int i = 0; i < NUM_MOODS; i++)
		if (mood(moods[i].mood))
			len += snprintf(line + len, sizeof(line) - len, " %s",
					moods[i].name);
	note("seed %llu, %u s:%s", (unsigned long long)arena->seed, seconds,
	     line);
}

static void forget_notes(void)
{
	struct ledger *ledger = &arena->ledger;

	for (unsigned int i = 0; i < ledger->num; i++) {
		atomic_store(&ledger->devices[i].leaving, false);
		atomic_store(&ledger->devices[i].disturbed, false);
		atomic_store(&ledger->devices[i].forced, false);
	}
	for (int i = 0; i < LEDGER_ACTORS; i++) {
		arena->actors[i].life = 0;
		atomic_store(&arena->actors[i].count, 0);
	}
}

static int start_all(void)
{
	int ret = 0;

	for (int i = 0; i < MAX_CLAIMANTS && !ret; i++)
		ret = start(i, "claimant", claimant);
	if (!ret && (mood(MOOD_FAULTS) || mood(MOOD_HOLDS)))
		ret = start(FAULTS, "faults", faults);
	if (!ret && mood(MOOD_PLUGS))
		ret = start(PLUGGER, "hot-plug", plugger);
	if (!ret && (mood(MOOD_OUTSIDERS) || mood(MOOD_RELOADS)))
		ret = start(OUTSIDER, "outsider", outsider);
	if (!ret && mood(MOOD_HOSTILE))
		ret = start(HOSTILE, "hostile", hostile);
	return ret;
}

/* Somebody ended who was not told to, or not well. */
static int look_after(unsigned int number)
{
	struct child *child = &children[number];
	int status;

	if (child->pid <= 0 || waitpid(child->pid, &status, WNOHANG) <= 0)
		return 0;
	close(child->socket);
	child->pid = 0;
	if (atomic_load(&arena->stop) && !status)
		return 0;
	note("process %u ended with status 0x%x", number, status);
	return fails("a process ended", arena->actors[number].role);
}

static int kill_one(void)
{
	unsigned int number = chance(MAX_CLAIMANTS);
	struct actor *actor = &arena->actors[number];

	record_begin(KIND_KILL, "process %u, life %u", number, actor->life);
	atomic_store(&arena->ledger.dying[number], true);
	child_kill(&children[number]);
	record_end(0, 0);
	atomic_store(&arena->ledger.open[number], 0);
	atomic_store(&arena->ledger.dying[number], false);
	actor->life++;
	return start(number, "claimant", claimant);
}

static int anything_wrong(void)
{
	if (atomic_load(&arena->ledger.broken))
		return fails("the observer", arena->ledger.how);
	if (atomic_load(&arena->wrong))
		return fails("an answer", "see above");
	for (int i = 0; i < OBSERVER + 1; i++)
		if (look_after(i))
			return 1;
	return 0;
}

static int run_for(unsigned int seconds)
{
	time_t end = now_seconds() + seconds;
	unsigned int ms;

	for (unsigned int i = 0; now_seconds() < end; i++) {
		chance_next(i);
		for (ms = 50 + chance(250); ms > 10; ms -= 10) {
			usleep(10000);
			if (anything_wrong())
				return 1;
		}
		if (mood(MOOD_KILLS) && kill_one())
			return fails("fork", "");
	}
	return 0;
}

static bool all_ended(void)
{
	bool all = true;

	for (int i = 0; i < NUM_ACTING; i++) {
		look_after(i);
		all &= children[i].pid <= 0;
	}
	return all;
}

static int stop_all(void)
{
	time_t end = now_seconds() + END_SECONDS;

	atomic_store(&arena->stop, true);
	while (!all_ended() && now_seconds() < end)
		usleep(5000);
	for (int i = 0; i < NUM_ACTING; i++)
		if (children[i].pid > 0)
			fails("does not end", arena->actors[i].role);
	return wrong[0] != 0;
}

static bool is_disturbed(const char *bdf)
{
	struct ledger_device *device = ledger_device(bdf);

	return device && atomic_load(&device->disturbed);
}

static bool has_disturbed(const struct group *group)
{
	for (unsigned int i = 0; i < group->num; i++)
		if (is_disturbed(group->bdf[i]))
			return true;
	return false;
}

/* Only what others than bindery have done is put right by hand. */
static void put_right(const struct group *group)
{
	for (unsigned int i = 0; i < group->num; i++) {
		struct group one = { .num = 1 };

		memcpy(one.bdf[0], group->bdf[i], BDF_SIZE);
		if (is_disturbed(one.bdf[0]) &&
		    snapshot_device(&before, one.bdf[0]))
			snapshot_move_back(&before, &one);
	}
}

/* The first of its claims that have no file any more. */
static void release_kept_of(const char *anchor)
{
	static struct answer answer;

	if (!show(control, anchor, &answer))
		recover(control, BINDERY_RECOVER_RELEASE,
			answer.show.out_claim_id, NULL, &answer);
}

/* Free, with no help but where there was a disturbance. */
static bool is_free(const char *anchor)
{
	static struct answer answer;
	struct group group;
	int state;

	state = group_state(control, anchor);
	if (state == BINDERY_GROUP_KEPT)
		release_kept_of(anchor);
	if (state == BINDERY_GROUP_FREE)
		return true;
	if (state != BINDERY_GROUP_DEGRADED || group_of(anchor, &group))
		return false;
	if (!has_disturbed(&group))
		fails("degraded, and nobody disturbed it", anchor);
	recover(control, BINDERY_RECOVER_REPAIR, NULL, anchor, &answer);
	return false;
}

static int free_all(void)
{
	struct group group;

	for (unsigned int i = 0; i < arena->num_places; i++) {
		const char *anchor = arena->places[i].anchor;

		if (!wait_until(is_free(anchor) || wrong[0]))
			return fails("no group is free", anchor);
		if (!group_of(anchor, &group))
			put_right(&group);
	}
	return wrong[0] != 0;
}

/* What the observer has to find. */
static int settles(enum phase phase)
{
	atomic_store(&arena->ledger.phase, phase);
	if (!wait_until(atomic_load(&arena->ledger.settled) == (int)phase))
		return fails("not as at the beginning", arena->ledger.how);
	return 0;
}

static int leave_as_it_was(void)
{
	knobs_reset();
	atomic_store(&arena->ledger.holds, 0);
	if (free_all() || settles(PHASE_STAY))
		return 1;
	if (mood(MOOD_PLUGS) && plugs_put_back())
		return fails("hot-plug", "does not put back");
	if (free_all() || settles(PHASE_REST))
		return 1;
	for (int i = 0; i < 3; i++)
		if (!wait_until(pins_nothing(i)))
			return fails("references are left", pinned[i]);
	return wait_until(heard_all()) ? 0 : fails("events", "are missing");
}

int episode_run(uint64_t seed, unsigned int seconds)
{
	arena->seed = seed;
	wrong[0] = 0;
	forget_notes();
	atomic_store(&arena->stop, false);
	atomic_store(&arena->ledger.settled, PHASE_RUN);
	atomic_store(&arena->ledger.phase, PHASE_RUN);
	chance_begin(seed, MAIN, 0);
	choose_moods();
	print_moods(seconds);
	if (start_all() || run_for(seconds) || stop_all() ||
	    leave_as_it_was() || anything_wrong())
		fails("something", "could not begin");
	if (!wrong[0])
		return 0;
	note("BROKEN: %s", wrong);
	snapshot_compare(&before);
	print_actors();
	return 1;
}
