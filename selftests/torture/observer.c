// SPDX-License-Identifier: GPL-2.0-only
/*
 * A process that looks at each device all the time, in sysfs and nowhere else,
 * and with nothing of what it is to judge: neither the interface of bindery nor
 * the library of the tests. It says what must hold whoever does whatever:
 *
 * 1. No device has a driver but its native one and the VFIO drivers that are
 *    asked for.
 * 2. No override is there but those of these drivers, the parked one, and the
 *    ones that the hostile process writes.
 * 3. A device is at rest: on its native driver without override, or on a VFIO
 *    driver with the override of that. Any other driver and override it has no
 *    longer than TRANSIT_MS.
 * 4. A device that somebody has open through VFIO is on a VFIO driver.
 * 5. Devices that nobody touches stay as they are.
 * 6. A device vanishes only if it is removed, and none comes that is not added.
 * 7. At the end all is as at the beginning.
 */
#include <dirent.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "ledger.h"
#include "lib.h"

#define DEVICES		"/sys/bus/pci/devices"
#define MAX_SEEN	128

/*
 * As it was observed: a pause between two looks counts for no more than
 * GAP_NS, so that a guest that has to wait for its turn does not pass for a
 * device that does. While a driver waits, as it was told to, no time counts.
 */
#define TRANSIT_MS	(8000 * (slowness() < 2 ? 1 : slowness() / 2))
#define GAP_NS		50000000LL
#define PAUSE_US	1500
#define QUIET_LOOKS	3
/* Those that nobody touches are looked at in one of so many sweeps. */
#define SELDOM		8
#define PRIORITY	-10

struct look {
	bool there;
	ino_t inode;		/* another one when it has come again */
	char driver[64];
	char override[128];
	char power[16];
};

struct seen {
	char bdf[16];
	struct ledger_device *note;	/* NULL: nobody touches it */
	struct look first, last;
	int64_t transit_ns;
};

struct observer {
	struct ledger *ledger;
	unsigned int num;
	struct seen seen[MAX_SEEN];
	int64_t last, step;	/* when the last sweep was, and what counts */
	unsigned int quiet;	/* sweeps at rest in a row */
};

static int64_t now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000LL + ts.tv_nsec;
}

static void __attribute__((format(printf, 2, 3)))
breaks(struct observer *o, const char *format, ...)
{
	va_list args;

	if (atomic_load(&o->ledger->broken))
		return;
	va_start(args, format);
	vsnprintf(o->ledger->how, sizeof(o->ledger->how), format, args);
	va_end(args);
	atomic_store(&o->ledger->broken, true);
}

static void read_text(int dir, const char *name, char *text, size_t size)
{
	int fd = openat(dir, name, O_RDONLY | O_CLOEXEC);
	ssize_t len = fd < 0 ? 0 : read(fd, text, size - 1);

	text[len < 0 ? 0 : len] = 0;
	text[strcspn(text, "\n")] = 0;
	if (!strcmp(text, "(null)"))
		text[0] = 0;
	if (fd >= 0)
		close(fd);
}

static void read_link(int dir, const char *name, char *text, size_t size)
{
	char target[512];
	ssize_t len = readlinkat(dir, name, target, sizeof(target) - 1);

	target[len < 0 ? 0 : len] = 0;
	snprintf(text, size, "%s",
		 strrchr(target, '/') ? strrchr(target, '/') + 1 : target);
}

/* Whatever goes while it is read is not there. */
static void look_at(const char *bdf, struct look *look, bool all)
{
	char path[64];
	struct stat st;
	int dir;

	memset(look, 0, sizeof(*look));
	snprintf(path, sizeof(path), DEVICES "/%s", bdf);
	dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0 || fstat(dir, &st))
		return;
	read_link(dir, "driver", look->driver, sizeof(look->driver));
	read_text(dir, "driver_override", look->override,
		  sizeof(look->override));
	if (all)
		read_text(dir, "power/control", look->power,
			  sizeof(look->power));
	look->inode = st.st_ino;
	look->there = !faccessat(dir, "vendor", F_OK, 0);
	close(dir);
}

static bool is_vfio(const char *driver)
{
	return !strcmp(driver, "vfio-pci") ||
	       !strcmp(driver, "bindery_test_target");
}

static bool is_hostile(const char *name)
{
	return !strcmp(name, "nobody") || !strcmp(name, "pci-stub");
}

static void check_names(struct observer *o, const struct seen *seen,
			const struct look *look)
{
	const struct ledger_device *note = seen->note;
	bool disturbed = atomic_load(&note->disturbed);

	if (look->driver[0] && strcmp(look->driver, note->native) &&
	    !is_vfio(look->driver) &&
	    !(disturbed && is_hostile(look->driver)))
		breaks(o, "%s is on the foreign driver %s", seen->bdf,
		       look->driver);
	if (look->override[0] && strcmp(look->override, note->native) &&
	    strcmp(look->override, "bindery-parked") &&
	    !is_vfio(look->override) &&
	    !(disturbed && is_hostile(look->override)))
		breaks(o, "%s has the unknown override %s", seen->bdf,
		       look->override);
}

static bool is_at_rest(const struct seen *seen, const struct look *look)
{
	if (is_vfio(look->driver))
		return !strcmp(look->driver, look->override);
	return !strcmp(look->driver, seen->note->native) && !look->override[0];
}

static bool has_moved(const struct look *look, const struct look *last)
{
	return look->inode != last->inode ||
	       strcmp(look->driver, last->driver) ||
	       strcmp(look->override, last->override);
}

static void check_transit(struct observer *o, struct seen *seen,
			  const struct look *look)
{
	const struct ledger_device *note = seen->note;

	if (has_moved(look, &seen->last) || is_at_rest(seen, look) ||
	    atomic_load(&note->leaving) || atomic_load(&note->disturbed))
		seen->transit_ns = 0;
	else if (!atomic_load(&o->ledger->holds))
		seen->transit_ns += o->step;
	seen->last = *look;
	if (seen->transit_ns / 1000000 > atomic_load(&o->ledger->longest_ms))
		atomic_store(&o->ledger->longest_ms,
			     seen->transit_ns / 1000000);
	if (seen->transit_ns > TRANSIT_MS * 1000000LL)
		breaks(o, "%s is on driver '%s' with override '%s' for %d ms",
		       seen->bdf, look->driver, look->override, TRANSIT_MS);
}

static void check_untouched(struct observer *o, const struct seen *seen,
			    const struct look *look)
{
	if (seen->note && atomic_load(&seen->note->disturbed))
		return;
	if (look->there != seen->first.there ||
	    strcmp(look->driver, seen->first.driver) ||
	    strcmp(look->override, seen->first.override))
		breaks(o, "%s, which nobody touches, was on '%s', override "
		       "'%s', is on '%s', override '%s'%s", seen->bdf,
		       seen->first.driver, seen->first.override, look->driver,
		       look->override, look->there ? "" : " and not there");
}

static bool may_be_absent(const struct ledger_device *note)
{
	return note->guest || note->comes_and_goes;
}

/* Whoever had it open before it was looked at, and still has it open. */
static int who_has_it(struct ledger *ledger, const struct ledger_device *note,
		      const uint64_t *before)
{
	for (int i = 0; i < LEDGER_ACTORS; i++) {
		unsigned int index = ledger_open_index(before[i]);

		if (index && &ledger->devices[index - 1] == note &&
		    atomic_load(&ledger->open[i]) == before[i] &&
		    !atomic_load(&ledger->dying[i]))
			return i;
	}
	return -1;
}

static void check_open(struct observer *o, const struct seen *seen,
		       const struct look *look, const uint64_t *before)
{
	const struct ledger_device *note = seen->note;
	int who;

	if (is_vfio(look->driver) || atomic_load(&note->forced) ||
	    atomic_load(&note->disturbed) || atomic_load(&note->leaving))
		return;
	who = who_has_it(o->ledger, note, before);
	if (who >= 0)
		breaks(o, "%s has lost its VFIO driver, is on '%s', while "
		       "process %d has it open", seen->bdf, look->driver, who);
}

static void look_over(struct observer *o, struct seen *seen)
{
	uint64_t before[LEDGER_ACTORS];
	struct look look;

	for (int i = 0; i < LEDGER_ACTORS; i++)
		before[i] = atomic_load(&o->ledger->open[i]);
	look_at(seen->bdf, &look, false);
	if (!seen->note || seen->note->bystander) {
		check_untouched(o, seen, &look);
		return;
	}
	if (!look.there) {
		if (!may_be_absent(seen->note))
			breaks(o, "%s has vanished", seen->bdf);
		seen->transit_ns = 0;
		seen->last = look;
		return;
	}
	check_names(o, seen, &look);
	check_transit(o, seen, &look);
	check_open(o, seen, &look, before);
}

static bool is_as_at_first(struct observer *o, const struct seen *seen)
{
	const struct look *first = &seen->first;
	struct look now;

	look_at(seen->bdf, &now, true);
	if (now.there == first->there && !strcmp(now.driver, first->driver) &&
	    !strcmp(now.override, first->override) &&
	    !strcmp(now.power, first->power))
		return true;
	if (!atomic_load(&o->ledger->broken))
		snprintf(o->ledger->how, sizeof(o->ledger->how),
			 "%s was on '%s', override '%s', power '%s'; is on "
			 "'%s', override '%s', power '%s'%s", seen->bdf,
			 first->driver, first->override, first->power,
			 now.driver, now.override, now.power,
			 now.there ? "" : " and not there");
	return false;
}

static bool all_as_at_first(struct observer *o, enum phase phase)
{
	for (unsigned int i = 0; i < o->num; i++) {
		const struct ledger_device *note = o->seen[i].note;

		if (phase == PHASE_STAY && note && may_be_absent(note))
			continue;
		if (!is_as_at_first(o, &o->seen[i]))
			return false;
	}
	return true;
}

static void compare(struct observer *o, enum phase phase)
{
	o->quiet = all_as_at_first(o, phase) ? o->quiet + 1 : 0;
	if (o->quiet < QUIET_LOOKS)
		return;
	o->quiet = 0;
	atomic_store(&o->ledger->settled, phase);
}

static bool is_seen(const struct observer *o, const char *bdf)
{
	for (unsigned int i = 0; i < o->num; i++)
		if (!strcmp(o->seen[i].bdf, bdf))
			return true;
	return false;
}

/* Names of devices there are now. */
static void each_device(struct observer *o,
			void (*visit)(struct observer *o, const char *bdf))
{
	DIR *dir = opendir(DEVICES);
	struct dirent *entry;

	while (dir && (entry = readdir(dir)))
		if (entry->d_name[0] != '.')
			visit(o, entry->d_name);
	if (dir)
		closedir(dir);
}

static void must_be_known(struct observer *o, const char *bdf)
{
	if (!is_seen(o, bdf))
		breaks(o, "%s has come, and nobody has added it", bdf);
}

static void add(struct observer *o, const char *bdf)
{
	struct seen *seen = &o->seen[o->num];

	if (o->num == MAX_SEEN || is_seen(o, bdf))
		return;
	snprintf(seen->bdf, sizeof(seen->bdf), "%s", bdf);
	for (unsigned int i = 0; i < o->ledger->num; i++)
		if (!strcmp(o->ledger->devices[i].bdf, bdf))
			seen->note = &o->ledger->devices[i];
	look_at(bdf, &seen->first, true);
	o->num++;
}

static void begin(struct observer *o)
{
	each_device(o, add);
	for (unsigned int i = 0; i < o->ledger->num; i++)
		add(o, o->ledger->devices[i].bdf);
	o->last = now();
}

static void check_all(struct observer *o, bool seldom)
{
	for (unsigned int i = 0; i < o->num; i++)
		if (o->seen[i].note || seldom)
			look_over(o, &o->seen[i]);
	if (seldom)
		each_device(o, must_be_known);
}

static void sweep(struct observer *o)
{
	int64_t time = now();
	long sweeps = atomic_fetch_add(&o->ledger->sweeps, 1);
	enum phase phase = atomic_load(&o->ledger->phase);

	o->step = time - o->last < GAP_NS ? time - o->last : GAP_NS;
	o->last = time;
	if (phase == PHASE_RUN)
		check_all(o, !(sweeps % SELDOM));
	else if (phase != PHASE_END)
		compare(o, phase);
}

void observe(struct ledger *ledger)
{
	struct observer *o = calloc(1, sizeof(*o));

	if (!o)
		return;
	o->ledger = ledger;
	begin(o);
	setpriority(PRIO_PROCESS, 0, PRIORITY);
	while (atomic_load(&ledger->phase) != PHASE_END) {
		sweep(o);
		usleep(PAUSE_US);
	}
	free(o);
}
