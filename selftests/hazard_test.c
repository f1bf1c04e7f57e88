// SPDX-License-Identifier: GPL-2.0-only
/*
 * What may happen to the machine in the middle of things: processes that die
 * with all they have, modules that go, a system that goes to sleep, readers of
 * an override that is just being replaced.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "kselftest_harness.h"
#include "adversary.h"
#include "fixture.h"

#define POWER		"/sys/power/"
#define PM_DELAY	"/sys/module/suspend/parameters/pm_test_delay"
#define MAX_HELPERS	4

FIXTURE(hazard) {
	COMMON;
	struct child helpers[MAX_HELPERS];
	unsigned int num_helpers;
	volatile long *acts;		/* shared with the helpers */
};

FIXTURE_SETUP(hazard)
{
	COMMON_SETUP(.driver = TEST_NATIVE, .target = TEST_TARGET);
	self->acts = mmap(NULL, getpagesize(), PROT_READ | PROT_WRITE,
			  MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, self->acts);
}

FIXTURE_TEARDOWN(hazard)
{
	while (self->num_helpers)
		child_kill(&self->helpers[--self->num_helpers]);
	if (!module_is_loaded("bindery"))
		module_load("bindery");
	if (self->control < 0)
		self->control = control_open();
	COMMON_TEARDOWN();
}

/* --- a process with a claim and the device -------------------------------- */

struct owner {
	FIXTURE_DATA(hazard) *self;
	bool claim_last;	/* its descriptor is the last to be closed */
};

static int own_and_use(int socket, void *arg)
{
	struct owner *owner = arg;
	FIXTURE_DATA(hazard) *self = owner->self;
	int claim = acquire(self->control, &self->request), ret;
	struct vfio_user user;

	if (claim >= 0 && owner->claim_last) {
		dup2(claim, 200);
		close(claim);
	}
	ret = claim < 0 ? claim : vfio_open(&user, self->last);
	tell(socket, ret);
	return hear(socket, &ret);
}

TEST_F_TIMEOUT(hazard, C1_claim_and_device_die_with_one_process, 110)
{
	struct owner owner = { self };
	int ret, rounds = num_rounds(30);

	for (int i = 0; i < rounds; i++) {
		owner.claim_last = i % 2;
		ASSERT_EQ(0, child_start(&self->child, own_and_use, &owner));
		ASSERT_EQ(0, hear(self->child.socket, &ret));
		ASSERT_EQ(0, ret);
		EXPECT_EQ(BINDERY_GROUP_HELD, STATE());
		child_kill(&self->child);
		ASSERT_TRUE(BECOMES(FREE));
		ASSERT_EQ(0, snapshot_compare(&self->before)) {
			TH_LOG("in round %d", i);
		}
	}
}

/* --- modules that go ------------------------------------------------------ */

TEST_F(hazard, C12_no_module_goes_under_a_claim)
{
	uint8_t id[BINDERY_ID_SIZE];

	self->request.cmd.flags = BINDERY_ACQUIRE_KEEP;
	ACQUIRE();
	memcpy(id, self->request.cmd.out_claim_id, sizeof(id));
	close(self->control);
	for (int kept = 0; kept < 2; kept++) {
		for (int twice = 0; twice < 2; twice++) {
			EXPECT_EQ(-EWOULDBLOCK, module_unload("bindery"));
			EXPECT_EQ(-EWOULDBLOCK, module_unload(TEST_TARGET));
		}
		if (!kept)
			close_claim(self->claim);
	}
	self->control = control_open();
	ASSERT_LE(0, self->control);
	EXPECT_EQ(BINDERY_GROUP_KEPT, STATE());
	EXPECT_EQ(0, recover(self->control, BINDERY_RECOVER_RELEASE, id, NULL,
			     &self->answer));
}

/* When the module goes there is nothing left for it to do. */
TEST_F_TIMEOUT(hazard, C12_the_module_goes_after_the_last_restore, 110)
{
	int ret, rounds = num_rounds(10);

	knob(TEST_NATIVE, "pause_ms", "20");
	for (int i = 0; i < rounds; i++) {
		ASSERT_EQ(0, acquire_in_child(&self->child, self->control,
					      &self->request));
		ASSERT_EQ(0, hear(self->child.socket, &ret));
		ASSERT_LE(0, ret);
		close(self->control);
		self->control = -1;
		child_kill(&self->child);
		ASSERT_TRUE(wait_until(!module_unload("bindery")));
		ASSERT_EQ(0, snapshot_compare(&self->before)) {
			TH_LOG("in round %d", i);
		}
		ASSERT_EQ(0, module_load("bindery"));
		self->control = control_open();
		ASSERT_LE(0, self->control);
	}
}

/* A target can go as soon as nothing is on it any more. */
TEST_F(hazard, C12_the_target_goes_after_the_claim)
{
	for (int i = 0; i < 5; i++) {
		ACQUIRE();
		EXPECT_EQ(-EWOULDBLOCK, module_unload(TEST_TARGET));
		close_claim(self->claim);
		ASSERT_TRUE(wait_until(!module_unload(TEST_TARGET)));
		EXPECT_EQ(0, snapshot_compare(&self->before));
	}
	ASSERT_EQ(0, module_load(TEST_TARGET));
}

/* --- an override while others read it ------------------------------------- */

struct helper {
	void (*act)(const struct group *group);
	const struct group *group;
	volatile long *count;
};

static int act_for_ever(int socket, void *arg)
{
	struct helper *helper = arg;

	(void)socket;
	for (;;) {
		helper->act(helper->group);
		++*helper->count;
		usleep(100);
	}
	return 0;
}

static int start_helper(FIXTURE_DATA(hazard) *self,
			void (*act)(const struct group *group))
{
	volatile long *count = &self->acts[self->num_helpers];
	struct helper arg = { act, &self->group, count };

	if (child_start(&self->helpers[self->num_helpers++], act_for_ever,
			&arg))
		return -1;
	return wait_until(*count > 0) ? 0 : -1;
}

static void read_overrides(const struct group *group)
{
	text_t text;

	for (unsigned int i = 0; i < group->num; i++)
		pci_read(group->bdf[i], "driver_override", text);
}

/* Matches each device against the driver, and so with its override. */
static void match_devices(const struct group *group)
{
	for (unsigned int i = 0; i < group->num; i++)
		pci_bind(group->bdf[i], TEST_OTHER);
}

static void probe_devices(const struct group *group)
{
	unsigned int num = vfio_probes_can_meet() ? group->num : 1;

	for (unsigned int i = 0; i < num; i++)
		pci_drivers_probe(group->bdf[i]);
}

TEST_F_TIMEOUT(hazard, T11_overrides_are_read_while_they_change, 110)
{
	int claim, rounds = num_rounds(20);

	ASSERT_EQ(0, start_helper(self, read_overrides));
	ASSERT_EQ(0, start_helper(self, match_devices));
	ASSERT_EQ(0, start_helper(self, probe_devices));
	for (int i = 0; i < rounds; i++) {
		claim = acquire(self->control, &self->request);
		ASSERT_LE(0, claim);
		ASSERT_TRUE(group_is_on(&self->group, TEST_TARGET));
		ASSERT_EQ(0, release(claim, &self->answer));
		close_claim(claim);
		ASSERT_EQ(0, snapshot_compare(&self->before));
	}
	for (unsigned int i = 0; i < self->num_helpers; i++)
		note("helper %u acted %ld times", i, self->acts[i]);
}

/* --- a system that goes to sleep ------------------------------------------ */

static const char *why_no_sleep(void)
{
	char text[256];

	if (read_file(POWER "state", text, sizeof(text)) ||
	    !strstr(text, "freeze"))
		return "the kernel cannot suspend to idle";
	if (read_file(POWER "pm_test", text, sizeof(text)) ||
	    !strstr(text, "freezer"))
		return "the kernel has no CONFIG_PM_DEBUG";
	return NULL;
}

/* All that can be frozen is, for a while; no device is suspended. */
static int sleep_a_while(void)
{
	int ret = write_file(POWER "pm_test", "freezer");

	write_file(PM_DELAY, "0");
	ret = ret ? ret : write_file(POWER "state", "freeze");
	write_file(POWER "pm_test", "none");
	return ret;
}

/* How many tasks the kernel's log has refuse to freeze, from there on. */
static int refusing_tasks(int kmsg)
{
	char record[2048], *at;
	int tasks = 0;
	ssize_t len;

	while ((len = read(kmsg, record, sizeof(record) - 1)) > 0) {
		record[len] = 0;
		at = strstr(record, " tasks refusing to freeze");
		while (at && at > record && at[-1] != '(')
			at--;
		tasks += at ? atoi(at) : 0;
	}
	return tasks;
}

/*
 * The same, with a callback that is held. The kernel may give up, as it does
 * when a write to sysfs waits for that callback: but not because of a caller.
 */
static int try_to_sleep(void)
{
	int kmsg = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	char timeout[64];
	int ret;

	lseek(kmsg, 0, SEEK_END);
	read_file(POWER "pm_freeze_timeout", timeout, sizeof(timeout));
	write_file(POWER "pm_freeze_timeout", "2000");
	ret = sleep_a_while();
	write_file(POWER "pm_freeze_timeout", timeout);
	if (ret == -EBUSY && !refusing_tasks(kmsg))
		ret = 0;
	close(kmsg);
	return ret;
}

TEST_F_TIMEOUT(hazard, T12_the_system_sleeps_while_a_claim_is_held, 100)
{
	struct snapshot held;

	if (why_no_sleep())
		SKIP(return, "%s", why_no_sleep());
	ACQUIRE();
	ASSERT_EQ(0, snapshot_take(&held));
	EXPECT_EQ(0, sleep_a_while());
	EXPECT_EQ(0, snapshot_compare_untouched(&held));
	EXPECT_EQ(0, release(self->claim, &self->answer));
}

/* Caller and coordinator are frozen, and go on afterwards. */
TEST_F_TIMEOUT(hazard, T12_the_system_sleeps_during_an_acquire, 100)
{
	int ret;

	if (why_no_sleep())
		SKIP(return, "%s", why_no_sleep());
	knob(TEST_NATIVE, "hold_remove", self->last);
	ASSERT_EQ(0, acquire_in_child(&self->child, self->control,
				      &self->request));
	ASSERT_TRUE(knob_holds(TEST_NATIVE));
	EXPECT_EQ(0, try_to_sleep());
	EXPECT_EQ(BINDERY_GROUP_BINDING, STATE());
	knob(TEST_NATIVE, "hold_remove", "");
	ASSERT_EQ(0, hear(self->child.socket, &ret));
	EXPECT_LE(0, ret);
	EXPECT_EQ(BINDERY_GROUP_HELD, STATE());
	child_kill(&self->child);
	EXPECT_TRUE(BECOMES(FREE));
}

TEST_F_TIMEOUT(hazard, T12_the_system_sleeps_during_a_restore, 100)
{
	if (why_no_sleep())
		SKIP(return, "%s", why_no_sleep());
	ACQUIRE();
	knob(TEST_NATIVE, "hold_probe", self->first);
	close_claim(self->claim);
	ASSERT_TRUE(knob_holds(TEST_NATIVE));
	EXPECT_EQ(0, try_to_sleep());
	knob(TEST_NATIVE, "hold_probe", "");
	COMES_BACK();
}

TEST_F_TIMEOUT(hazard, T12_the_system_sleeps_while_a_group_is_stuck, 100)
{
	if (why_no_sleep())
		SKIP(return, "%s", why_no_sleep());
	EXPECT_EQ(-ETIMEDOUT, overdue(self->control, &self->request,
				      TEST_TARGET, "hold_probe", self->last));
	EXPECT_TRUE(BECOMES(STUCK));
	EXPECT_EQ(0, try_to_sleep());
	EXPECT_EQ(BINDERY_GROUP_STUCK, STATE());
	knob(TEST_TARGET, "hold_probe", "");
	COMES_BACK();
}

/* Claims are given and taken while it goes to sleep again and again. */
static int acquire_for_ever(int socket, void *arg)
{
	FIXTURE_DATA(hazard) *self = arg;
	int claim, ret = 0;

	(void)socket;
	while (!ret) {
		claim = acquire(self->control, &self->request);
		if (claim < 0)
			return 1;
		ret = release(claim, &self->answer);
		close_claim(claim);
		++self->acts[0];
	}
	return 2;
}

TEST_F_TIMEOUT(hazard, T12_the_system_sleeps_at_any_moment, 110)
{
	long acts;

	if (why_no_sleep())
		SKIP(return, "%s", why_no_sleep());
	ASSERT_EQ(0, child_start(&self->child, acquire_for_ever, self));
	for (int i = 0; i < 5; i++) {
		acts = self->acts[0];
		ASSERT_TRUE(wait_until(self->acts[0] > acts));
		ASSERT_EQ(0, sleep_a_while());
	}
	acts = self->acts[0];
	EXPECT_TRUE(wait_until(self->acts[0] > acts));
	child_kill(&self->child);
	COMES_BACK();
}

TEST_HARNESS_MAIN
