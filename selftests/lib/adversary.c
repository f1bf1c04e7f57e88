// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "adversary.h"

int64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000LL + ts.tv_nsec;
}

/*
 * Before 6.2 VFIO warns when two members are the first of their group at once.
 * bindery binds the first member before the others, so only that one may be
 * offered to VFIO by somebody else meanwhile.
 */
bool vfio_probes_can_meet(void)
{
	struct utsname name;
	int major, minor;

	uname(&name);
	return sscanf(name.release, "%d.%d", &major, &minor) == 2 &&
	       (major > 6 || (major == 6 && minor >= 2));
}

/* Names of modules and of their files have '-' and '_' alike. */
static bool is_module_file(const char *file, const char *name)
{
	const char *base = strrchr(file, '/');

	base = base ? base + 1 : file;
	for (; *name; name++, base++)
		if (*name != *base && !(*name == '_' && *base == '-'))
			return false;
	return !strcmp(base, ".ko");
}

/* Where modprobe would find it, below the directory; empty: nowhere. */
static void find_module(const char *directory, const char *name,
			char file[256])
{
	char path[256], line[8192];
	FILE *f;

	snprintf(path, sizeof(path), "%s/modules.dep", directory);
	f = fopen(path, "re");
	file[0] = 0;
	while (f && !file[0] && fgets(line, sizeof(line), f)) {
		line[strcspn(line, ":")] = 0;
		if (is_module_file(line, name))
			snprintf(file, 256, "%s", line);
	}
	if (f)
		fclose(f);
}

/*
 * A module whose dependencies are loaded, without starting modprobe, which
 * takes an emulated processor longer than several transactions.
 */
int module_load_alone(const char *name)
{
	char directory[128], file[256], path[512];
	struct utsname kernel;
	int fd, ret = 0;

	uname(&kernel);
	snprintf(directory, sizeof(directory), "/lib/modules/%s",
		 kernel.release);
	find_module(directory, name, file);
	snprintf(path, sizeof(path), "%s/%s", directory, file);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (!file[0] || fd < 0)
		return module_load(name);
	/* bindery may have loaded it first. */
	if (syscall(SYS_finit_module, fd, "", 0) && errno != EEXIST)
		ret = -errno;
	close(fd);
	return ret;
}

void acts_note(struct acts *acts, int64_t begin, int64_t end)
{
	long count = atomic_load(&acts->count);

	acts->last[count % MAX_ACTS] = (struct act) { begin, end };
	atomic_store(&acts->count, count + 1);
}

static bool is_used_elsewhere(const struct stage *stage, const char *module)
{
	char all[MAX_DEVICES][BDF_SIZE];
	int num = pci_list(all, MAX_DEVICES);
	text_t name;

	for (int i = 0; i < num; i++)
		if (pci_group(all[i]) != stage->group.id &&
		    !pci_module(all[i], name) && !strcmp(name, module))
			return true;
	return false;
}

/* Those of the members' drivers, if no other device needs them. */
static void find_modules(struct stage *stage)
{
	text_t name;

	for (unsigned int i = 0; i < stage->group.num; i++) {
		bool known = pci_module(stage->group.bdf[i], name);

		for (unsigned int j = 0; j < stage->num_modules; j++)
			known |= !strcmp(stage->modules[j], name);
		if (!known && stage->num_modules < MAX_MODULES &&
		    !is_used_elsewhere(stage, name))
			memcpy(stage->modules[stage->num_modules++], name,
			       sizeof(name));
	}
}

struct stage *stage_open(const struct group *group)
{
	struct stage *stage = mmap(NULL, sizeof(*stage), PROT_READ | PROT_WRITE,
				   MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (stage == MAP_FAILED)
		return NULL;
	stage->group = *group;
	find_modules(stage);
	return stage;
}

/* As many of them as can act here. */
unsigned int stage_add(struct stage *stage, const struct adversary *kind)
{
	unsigned int most = kind->most ? kind->most : 1, number;

	for (number = 0; number < most; number++) {
		if (stage->num_performers == MAX_PERFORMERS ||
		    (kind->prepare && !kind->prepare(stage, number)))
			break;
		stage->performers[stage->num_performers++] =
			(struct performer) { .kind = kind, .number = number };
	}
	return number;
}

struct part {
	struct stage *stage;
	struct performer *performer;
};

static void futex(atomic_uint *word, int operation, unsigned int value)
{
	const struct timespec limit = { .tv_nsec = 200000000 };

	syscall(SYS_futex, word, operation, value, &limit, NULL, 0);
}

void stage_transaction(struct stage *stage)
{
	atomic_fetch_add(&stage->transactions, 1);
	futex(&stage->transactions, FUTEX_WAKE, MAX_PERFORMERS);
}

/*
 * Until a transaction that wants an act of this kind is somewhere in its
 * course. An act that hits none is only a cost, so that nobody acts at random.
 */
static void take_aim(struct stage *stage, const struct performer *me)
{
	unsigned int seen = atomic_load(&stage->transactions), now = seen;

	while (!atomic_load(&stage->stop) &&
	       (now == seen || !atomic_load(&me->behind))) {
		futex(&stage->transactions, FUTEX_WAIT, now);
		now = atomic_load(&stage->transactions);
	}
	usleep(random() % (atomic_load(&stage->acquire_us) + 1));
}

static int perform(int socket, void *arg)
{
	struct part *part = arg;
	struct stage *stage = part->stage;
	struct performer *me = part->performer;
	const struct adversary *kind = me->kind;
	int64_t begin;

	(void)socket;
	srandom(getpid());
	while (!atomic_load(&stage->stop)) {
		begin = now_ns();
		if (!kind->act(stage, me->number))
			acts_note(&me->acts, begin, now_ns());
		take_aim(stage, me);
	}
	if (kind->finish)
		kind->finish(stage, me->number);
	return 0;
}

bool stage_has(const struct stage *stage, const struct adversary *kind)
{
	for (unsigned int i = 0; i < stage->num_performers; i++)
		if (stage->performers[i].kind == kind)
			return true;
	return false;
}

/* Whether those of this kind are wanted in the next transactions. */
void stage_press(struct stage *stage, const struct adversary *kind, bool behind)
{
	for (unsigned int i = 0; i < stage->num_performers; i++)
		if (stage->performers[i].kind == kind)
			atomic_store(&stage->performers[i].behind, behind);
}

/* All of them have acted when this returns 0. */
int stage_begin(struct stage *stage)
{
	for (unsigned int i = 0; i < stage->num_performers; i++) {
		struct performer *performer = &stage->performers[i];
		struct part part = { stage, performer };
		struct child child;

		/* Not there at once: the child would write to it, too. */
		if (child_start(&child, perform, &part))
			return -1;
		performer->child = child;
		if (wait_until(atomic_load(&performer->acts.count) > 0))
			continue;
		note("%s %u does not act", performer->kind->name,
		     performer->number);
		return -1;
	}
	return 0;
}

/* They leave the machine as it was; the number of those that did not. */
int stage_end(struct stage *stage)
{
	int failures = 0;

	atomic_store(&stage->stop, true);
	for (unsigned int i = 0; i < stage->num_performers; i++) {
		struct child *child = &stage->performers[i].child;

		if (child->pid > 0)
			failures += child_wait(child) != 0;
		child->pid = 0;
	}
	stage->num_performers = 0;
	return failures;
}

static bool is_inside(int64_t when, const struct window *window)
{
	return when >= window->override && when <= window->commit;
}

static void tally_acts(struct tally *tally, const struct performer *performer,
		       const struct window *window)
{
	const struct acts *acts = &performer->acts;
	long count = atomic_load(&acts->count);
	bool edge, inside;

	for (long i = count; i > 0 && i > count - MAX_ACTS + 1; i--) {
		const struct act *act = &acts->last[(i - 1) % MAX_ACTS];

		if (act->end < window->override)
			break;
		edge = is_inside(act->begin, window) ||
		       is_inside(act->end, window);
		inside = act->begin <= window->commit;
		tally->edges += edge;
		tally->inside += performer->kind->sleeps ? edge : inside;
	}
}

/* An act counts when it was under way at some moment of the transaction. */
struct tally stage_tally(const struct stage *stage,
			 const struct adversary *kind,
			 const struct window *window)
{
	struct tally tally = { 0 };

	for (unsigned int i = 0; i < stage->num_performers; i++)
		if (stage->performers[i].kind == kind)
			tally_acts(&tally, &stage->performers[i], window);
	return tally;
}

long stage_all_acts(const struct stage *stage, const struct adversary *kind)
{
	long acts = 0;

	for (unsigned int i = 0; i < stage->num_performers; i++)
		if (stage->performers[i].kind == kind)
			acts += atomic_load(&stage->performers[i].acts.count);
	return acts;
}
