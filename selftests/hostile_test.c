// SPDX-License-Identifier: GPL-2.0-only
/*
 * Somebody with all rights who writes to the members themselves. That cannot be
 * prevented; but no claim is given whose members are not on their targets,
 * nothing is lost without a word, and what is changed is seen.
 */
#include <errno.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "adversary.h"
#include "kselftest_harness.h"
#include "sealed.h"

#define PARKED		"bindery-parked"
#define MAX_CODES	64
/* That often it acts while a sealed claim is held. */
#define ACTS_HELD	6

/* The machine's own limit for a program is what ends a run that hangs. */
#define HOURS		(24 * 3600)

/* Shared with the process that is hostile. */
struct hostility {
	struct group group;
	text_t native;
	atomic_bool pause, paused;
	atomic_uint pause_us;
	atomic_long acts;
	/* When it last changed a driver, and when an override: the end. */
	_Atomic int64_t driver[MAX_MEMBERS];
	_Atomic int64_t override[MAX_MEMBERS];
};

FIXTURE(hostile) {
	int control, windows, claim;
	struct group group;
	char *first;
	struct snapshot before;
	struct request request;
	struct answer answer;
	struct hostility *hostility;
	struct child child;
	unsigned int codes[MAX_CODES], release_codes[MAX_CODES];
	const char *target;
	int claims, tampered, reported;
};

static void be_paused(struct hostility *hostility)
{
	while (atomic_load(&hostility->pause)) {
		atomic_store(&hostility->paused, true);
		usleep(200);
	}
	atomic_store(&hostility->paused, false);
}

static void overwrite(struct hostility *hostility, unsigned int i)
{
	if (!act_override(hostility->group.bdf[i], hostility->native))
		atomic_store(&hostility->override[i], now_ns());
}

static void rebind(struct hostility *hostility, unsigned int i)
{
	if (!act_rebind(hostility->group.bdf[i], hostility->native))
		atomic_store(&hostility->driver[i], now_ns());
}

static int be_hostile(int socket, void *arg)
{
	struct hostility *hostility = arg;
	unsigned int i;

	(void)socket;
	srandom(getpid());
	for (;;) {
		be_paused(hostility);
		i = random() % hostility->group.num;
		if (random() % 2)
			overwrite(hostility, i);
		else
			rebind(hostility, i);
		atomic_fetch_add(&hostility->acts, 1);
		usleep(random() % atomic_load(&hostility->pause_us));
	}
	return 0;
}

/* What the members are claimed for. */
FIXTURE_VARIANT(hostile) {
	uint32_t flags;
	const char *target;
	int share;	/* of the rounds: one of so many */
};

FIXTURE_VARIANT_ADD(hostile, ordinary) {
	.target = VFIO_PCI,
	.share = 1,
};

/* While it is held nobody moves a member at all. */
FIXTURE_VARIANT_ADD(hostile, sealed) {
	.flags = BINDERY_ACQUIRE_SEALED,
	.target = SEALED,
	.share = 10,
};

FIXTURE_SETUP(hostile)
{
	self->windows = -1;
	self->claim = -1;
	self->control = control_open();
	ASSERT_LE(0, self->control);
	if (group_choose(&self->group, TEST_NATIVE))
		SKIP(return, "no group of devices on " TEST_NATIVE);
	self->first = self->group.bdf[0];
	ASSERT_EQ(0, module_load("vfio_pci"));
	ASSERT_EQ(0, module_load("pci_stub"));
	knobs_reset();
	ASSERT_EQ(0, snapshot_take(&self->before));
	request_group(&self->request, &self->group, "");
	self->request.cmd.flags = variant->flags;
	self->target = variant->target;
	self->hostility = mmap(NULL, sizeof(*self->hostility),
			       PROT_READ | PROT_WRITE,
			       MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, self->hostility);
	self->hostility->group = self->group;
	strcpy(self->hostility->native, TEST_NATIVE);
}

/* By hand, and with the help of bindery where its restore has failed. */
static bool is_put_right(FIXTURE_DATA(hostile) *self)
{
	int state;

	snapshot_move_back(&self->before, &self->group);
	state = group_state(self->control, self->first);
	if (state == BINDERY_GROUP_DEGRADED)
		recover(self->control, BINDERY_RECOVER_REPAIR, NULL,
			self->first, &self->answer);
	return state == BINDERY_GROUP_FREE;
}

FIXTURE_TEARDOWN(hostile)
{
	if (self->child.pid > 0)
		child_kill(&self->child);
	windows_close(self->windows);
	close_claims(self->control, self->first);
	EXPECT_TRUE(wait_until(is_put_right(self)));
	EXPECT_EQ(0, snapshot_compare(&self->before));
}

static bool pauses(FIXTURE_DATA(hostile) *self)
{
	atomic_store(&self->hostility->pause, true);
	return wait_until(atomic_load(&self->hostility->paused));
}

static bool goes_on(FIXTURE_DATA(hostile) *self)
{
	atomic_store(&self->hostility->pause, false);
	return wait_until(!atomic_load(&self->hostility->paused));
}

static bool is_sealed_claim(FIXTURE_DATA(hostile) *self)
{
	return self->request.cmd.flags & BINDERY_ACQUIRE_SEALED;
}

static const struct bindery_ioc_member *told_of(struct answer *answer,
						const char *bdf)
{
	return member_of(answer->members, answer->num_members, bdf);
}

/*
 * The hostile one pauses. What is not as the claim says was changed after the
 * commit, and STATUS tells of it.
 */
static int false_success(FIXTURE_DATA(hostile) *self, unsigned int i,
			 const struct window *window)
{
	const char *bdf = self->group.bdf[i];
	const struct bindery_ioc_member *member = told_of(&self->answer, bdf);
	int64_t when = atomic_load(&self->hostility->driver[i]);
	text_t driver, override;
	int wrong = 0;

	pci_driver(bdf, driver);
	pci_read(bdf, "driver_override", override);
	if (strcmp(driver, self->target)) {
		self->tampered++;
		wrong |= is_sealed_claim(self) || !member ||
			 when < window->commit ||
			 !(member->out_flags & BINDERY_MEMBER_TAMPERED_DRIVER);
	}
	if (strcmp(override, self->target)) {
		self->tampered++;
		wrong |= !member || !(member->out_flags &
				      BINDERY_MEMBER_TAMPERED_OVERRIDE);
	}
	if (wrong)
		note("%s is claimed, on '%s', override '%s', flags 0x%x; "
		     "hostile at %lld, commit at %lld", bdf, driver, override,
		     member ? member->out_flags : 0, (long long)when,
		     (long long)window->commit);
	return wrong;
}

static int false_successes(FIXTURE_DATA(hostile) *self)
{
	struct window window;
	int wrong = 0;

	if (window_read(self->windows, &window)) {
		note("no trace of a commit");
		return 1;
	}
	if (status(self->claim, &self->answer)) {
		note("STATUS fails with code %u", self->answer.error.out_code);
		return 1;
	}
	for (unsigned int i = 0; i < self->group.num; i++)
		wrong += false_success(self, i, &window);
	return wrong;
}

/* What a member has to come back to, as STATUS has told. */
struct origin {
	text_t driver;
	text_t override;
};

static void note_origins(FIXTURE_DATA(hostile) *self, struct origin *origins)
{
	for (unsigned int i = 0; i < self->group.num; i++) {
		const struct bindery_ioc_member *member =
			told_of(&self->answer, self->group.bdf[i]);

		strcpy(origins[i].driver, member->out_native_driver);
		strcpy(origins[i].override, member->out_native_override[0] ?
		       member->out_native_override : "(null)");
	}
}

/* Not back, not reported, and nobody touched it since RELEASE began. */
static int silent_loss(FIXTURE_DATA(hostile) *self, unsigned int i,
		       const struct origin *origin, int64_t begin)
{
	const char *bdf = self->group.bdf[i];
	const struct bindery_ioc_member *member = told_of(&self->answer, bdf);
	text_t driver, override;

	pci_driver(bdf, driver);
	pci_read(bdf, "driver_override", override);
	if (!strcmp(driver, origin->driver) &&
	    !strcmp(override, origin->override))
		return 0;
	if (member && member->out_errno) {
		self->reported++;
		return 0;
	}
	if (atomic_load(&self->hostility->driver[i]) >= begin ||
	    atomic_load(&self->hostility->override[i]) >= begin)
		return 0;
	note("%s is left on '%s', override '%s'; was '%s', '%s'", bdf, driver,
	     override, origin->driver, origin->override);
	return 1;
}

static int silent_losses(FIXTURE_DATA(hostile) *self, int ret,
			 const struct origin *origins, int64_t begin)
{
	unsigned int told = 0;
	int losses = 0;

	for (unsigned int i = 0; i < self->group.num; i++) {
		losses += silent_loss(self, i, &origins[i], begin);
		told += self->answer.members[i].out_errno != 0;
	}
	if (!ret == !told)
		return losses;
	note("RELEASE returned %d, code %u, and told of %u members", ret,
	     self->answer.error.out_code, told);
	return losses + 1;
}

/* After a failed ACQUIRE: nothing of ours may be there. */
static int parked_members(FIXTURE_DATA(hostile) *self)
{
	int parked = 0;
	text_t override;

	for (unsigned int i = 0; i < self->group.num; i++) {
		pci_read(self->group.bdf[i], "driver_override", override);
		parked += !strcmp(override, PARKED);
	}
	return parked;
}

static bool is_at_rest(FIXTURE_DATA(hostile) *self)
{
	int state = group_state(self->control, self->first);

	return state == BINDERY_GROUP_FREE || state == BINDERY_GROUP_DEGRADED;
}

/* While the hostile one is there, or while it pauses. */
static int give_back(FIXTURE_DATA(hostile) *self, bool disturbed)
{
	struct origin origins[MAX_MEMBERS];
	int64_t begin;
	int ret;

	note_origins(self, origins);
	begin = now_ns();
	if (disturbed && !goes_on(self))
		return 1;
	ret = release(self->claim, &self->answer);
	if (!pauses(self))
		return 1;
	if (ret)
		self->release_codes[self->answer.error.out_code % MAX_CODES]++;
	ret = silent_losses(self, ret, origins, begin);
	close_claim(self->claim);
	return ret;
}

/* The links to the members' drivers; a member bound anew has another one. */
static int links_of(FIXTURE_DATA(hostile) *self, ino_t *links)
{
	char path[96];
	struct stat stat;

	for (unsigned int i = 0; i < self->group.num; i++) {
		snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/driver",
			 self->group.bdf[i]);
		if (lstat(path, &stat))
			return -errno;
		links[i] = stat.st_ino;
	}
	return 0;
}

/* The hostile one goes on for a while; 0: no member has left its driver. */
static int stays_sealed(FIXTURE_DATA(hostile) *self)
{
	long acts = atomic_load(&self->hostility->acts) + ACTS_HELD;
	ino_t before[MAX_MEMBERS], after[MAX_MEMBERS];

	if (links_of(self, before) ||
	    !wait_until(atomic_load(&self->hostility->acts) >= acts) ||
	    links_of(self, after))
		return 1;
	return memcmp(before, after, self->group.num * sizeof(*before)) != 0;
}

/* 0: this transaction did as it may. */
static int transact(FIXTURE_DATA(hostile) *self, bool disturbed)
{
	const struct bindery_ioc_error *error = &self->request.error;
	int ret;

	if (!goes_on(self))
		return 1;
	self->claim = acquire(self->control, &self->request);
	if (self->claim >= 0 && is_sealed_claim(self) && stays_sealed(self)) {
		note("a member of a sealed claim has left its driver");
		return 1;
	}
	if (!pauses(self))
		return 1;
	if (self->claim < 0) {
		self->codes[error->out_code % MAX_CODES]++;
		ret = !wait_until(is_at_rest(self)) || parked_members(self);
	} else {
		self->claims++;
		ret = false_successes(self) ?: give_back(self, disturbed);
	}
	return ret || !wait_until(is_put_right(self));
}

static void print_codes(const char *what, const unsigned int *codes)
{
	for (int i = 0; i < MAX_CODES; i++)
		if (codes[i])
			note("%s failed with code %d: %u times", what, i,
			     codes[i]);
}

static const unsigned int pauses_us[] = { 2000, 40000, 8000, 20000 };

TEST_F_TIMEOUT(hostile, T10_never_a_false_success_nor_a_silent_loss, HOURS)
{
	int rounds = num_rounds(400) / variant->share;

	self->windows = windows_open();
	ASSERT_LE(0, self->windows);
	atomic_store(&self->hostility->pause, true);
	atomic_store(&self->hostility->pause_us, 1000);
	ASSERT_EQ(0, child_start(&self->child, be_hostile, self->hostility));
	ASSERT_TRUE(pauses(self));
	srandom(getpid());
	for (int i = 0; i < rounds; i++) {
		/* Often, or so seldom that many a transaction succeeds. */
		atomic_store(&self->hostility->pause_us,
			     pauses_us[i % 4] * slowness());
		ASSERT_EQ(0, transact(self, i % 2)) {
			TH_LOG("in transaction %d", i);
		}
	}
	note("%d transactions, %d gave a claim; %ld acts, %d seen as tampering,"
	     " %d members not restored and reported", rounds, self->claims,
	     atomic_load(&self->hostility->acts), self->tampered,
	     self->reported);
	print_codes("ACQUIRE", self->codes);
	print_codes("RELEASE", self->release_codes);
	if (rounds < 20)
		return;
	/* on a slow kernel the others are more often first */
	EXPECT_LE(rounds / (20 * slowness()) ?: 1, self->claims);
	EXPECT_GT(rounds, self->claims);
	/* and so few rounds may see none */
	if (slowness() == 1)
		EXPECT_LT(0, self->tampered);
}

TEST_HARNESS_MAIN
