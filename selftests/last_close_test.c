// SPDX-License-Identifier: GPL-2.0-only
/*
 * The claim's last file is closed while a VFIO client still has something of
 * a device: all stays as it is until that is closed too, and then comes back.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>

#include "kselftest_harness.h"
#include "fixture.h"

/* How often a group in use has to be seen left alone. */
#define LOOKS		3

FIXTURE(last_close) {
	COMMON;
};

FIXTURE_SETUP(last_close)
{
	COMMON_SETUP();
	ASSERT_EQ(0, module_load("vfio_iommu_type1"));
}

FIXTURE_TEARDOWN(last_close)
{
	COMMON_TEARDOWN();
}

static const char *const ask[] = {
	"iommu_group_claim_dma_owner", "iommu_group_dma_owner_claimed",
};

/* How often the kernel has asked who owns a group, and been told. */
static int looks(void)
{
	return watch_hits(ask[0]) + watch_hits(ask[1]);
}

static void wait_for_looks(void)
{
	int before = looks();

	wait_until(looks() >= before + LOOKS);
	note("looked at %d times", looks() - before);
}

/* The restore that the last close has begun. */
static int comes_back(FIXTURE_DATA(last_close) *self, const char *after)
{
	long start = clock_ms(), took;

	if (!BECOMES(FREE))
		return 1;
	took = clock_ms() - start;
	note("restored %ld ms after the close of %s", took, after);
	return (took > RESTORED_MS) + snapshot_compare(&self->before);
}

static int outlives(FIXTURE_DATA(last_close) *self, enum vfio_part part,
		    const char *name)
{
	int ret;

	self->claim = acquire(self->control, &self->request);
	if (self->claim < 0)
		return 1;
	ret = vfio_hold(&self->user, self->first, part);
	if (ret) {
		note("cannot hold %s: %d", name, ret);
		return 1;
	}
	snapshot_take(&self->held);
	close_claim(self->claim);
	if (STATE() != BINDERY_GROUP_DRAINING) {
		note("the state is %d", STATE());
		return 1;
	}
	wait_for_looks();
	ret = snapshot_compare_untouched(&self->held) +
	      !IS(DRAINING);
	vfio_close(&self->user);
	return ret + comes_back(self, name);
}

TEST_F(last_close, C1_C9_a_device_file_outlives_the_claim)
{
	EXPECT_EQ(0, outlives(self, VFIO_PART_DEVICE, "a device file"));
}

TEST_F(last_close, C1_C9_a_copy_of_a_device_file_outlives_the_claim)
{
	EXPECT_EQ(0, outlives(self, VFIO_PART_COPY, "a copied file"));
}

TEST_F(last_close, C1_C9_a_mapping_of_a_device_outlives_the_claim)
{
	EXPECT_EQ(0, outlives(self, VFIO_PART_MAPPING, "a mapping"));
}

TEST_F(last_close, C1_C9_a_group_without_a_device_outlives_the_claim)
{
	EXPECT_EQ(0, outlives(self, VFIO_PART_GROUP, "a group file"));
}

/* Several parts of one client: the last of them counts. */
TEST_F(last_close, C1_C9_the_last_of_several_is_waited_for)
{
	struct vfio_user *user = &self->user;

	ACQUIRE();
	ASSERT_EQ(0, vfio_hold(user, self->first, VFIO_PART_COPY));
	ASSERT_EQ(0, snapshot_take(&self->held));
	close_claim(self->claim);
	ASSERT_EQ(BINDERY_GROUP_DRAINING, STATE());
	child_kill(&user->copy);
	user->copy.pid = -1;
	EXPECT_EQ(0, comes_back(self, "the last copy"));

	ACQUIRE();
	ASSERT_EQ(0, vfio_open(user, self->first));
	ASSERT_EQ(0, snapshot_take(&self->held));
	close_claim(self->claim);
	close(user->container);
	user->container = -1;
	wait_for_looks();
	EXPECT_EQ(0, snapshot_compare_untouched(&self->held));
	close(user->device);
	user->device = -1;
	wait_for_looks();
	EXPECT_EQ(0, snapshot_compare_untouched(&self->held));
	vfio_close(user);
	EXPECT_EQ(0, comes_back(self, "the group"));
}

struct monitor {
	int control;
	struct request *request;
	const char *bdf;
	enum vfio_part part;
};

/* As a machine monitor that has everything in one process. */
static int monitor(int socket, void *arg)
{
	struct monitor *monitor = arg;
	struct vfio_user user;
	int ret = acquire(monitor->control, monitor->request);

	if (ret >= 0)
		ret = vfio_hold(&user, monitor->bdf, monitor->part);
	tell(socket, ret);
	return hear(socket, &ret);
}

/* Whatever it has, and in whatever order its files are closed. */
TEST_F(last_close, C1_C9_a_monitor_killed_with_all_it_had_leaves_nothing)
{
	struct monitor arg = { self->control, &self->request, self->last };
	int ret;

	for (arg.part = VFIO_PART_DEVICE; arg.part <= VFIO_PART_GROUP;
	     arg.part++) {
		ASSERT_EQ(0, child_start(&self->child, monitor, &arg));
		ASSERT_EQ(0, hear(self->child.socket, &ret));
		ASSERT_EQ(0, ret);
		EXPECT_EQ(BINDERY_GROUP_HELD, STATE());
		child_kill(&self->child);
		EXPECT_EQ(0, comes_back(self, "a killed process"));
	}
}

/* What somebody told who opens the device whenever that is possible. */
struct opener {
	const struct snapshot *held;
	const struct group *group;
	volatile struct {
		long tries, opened, torn, last_ms;
	} *told;
};

static int on_targets(struct opener *opener)
{
	int differences = 0;

	for (unsigned int i = 0; i < opener->group->num; i++)
		differences += snapshot_untouched(opener->held,
						  opener->group->bdf[i]);
	return differences;
}

static int keep_opening(int socket, void *arg)
{
	struct opener *opener = arg;
	struct vfio_user user;
	long begin;

	dup2(socket, 0);
	close_range(3, ~0U, 0);
	for (unsigned int i = 0;; i++) {
		opener->told->tries++;
		begin = clock_ms();
		if (vfio_open(&user,
			      opener->group->bdf[i % opener->group->num])) {
			usleep(500);
			continue;
		}
		opener->told->last_ms = clock_ms();
		/* All members are there as long as one of them is open. */
		if (on_targets(opener))
			opener->told->torn++;
		usleep(2000);
		if (on_targets(opener))
			opener->told->torn++;
		vfio_close(&user);
		opener->told->opened++;
		/* Shut for most of the time, however slow the machine is. */
		usleep(20000 + 4000 * (clock_ms() - begin));
	}
	return 0;
}

/*
 * Whoever gets a device open does so before the restore begins, which then
 * waits for him, or not at all: there is no moment in between.
 */
TEST_F_TIMEOUT(last_close,
	       C9_nobody_opens_a_device_while_it_is_being_restored, 110)
{
	struct opener opener = { &self->held, &self->group };
	long end, rounds = 5;

	opener.told = mmap(NULL, getpagesize(), PROT_READ | PROT_WRITE,
			   MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, (void *)opener.told);
	for (long i = 0; i < rounds; i++) {
		ACQUIRE();
		ASSERT_EQ(0, snapshot_take(&self->held));
		opener.told->opened = 0;
		ASSERT_EQ(0, child_start(&self->child, keep_opening, &opener));
		ASSERT_TRUE(wait_until(opener.told->opened > 1));
		close_claim(self->claim);
		EXPECT_TRUE(BECOMES(FREE));
		end = clock_ms();
		EXPECT_EQ(0, snapshot_compare(&self->before));
		opener.told->tries = 0;
		EXPECT_TRUE(wait_until(opener.told->tries > 3));
		EXPECT_GE(end, opener.told->last_ms);
		child_kill(&self->child);
	}
	EXPECT_EQ(0, opener.told->torn);
}

/* A monitor gives a device up when it is asked to. */
static bool is_asked(int asked)
{
	struct pollfd fd = { asked, POLLIN };

	return poll(&fd, 1, 0) != 0;
}

/*
 * Somebody has unbound all members, so that there is no owner to look for when
 * the restore begins; and until it has set their overrides one can be bound to
 * its target again, and opened.
 */
TEST_F(last_close, C9_W3_who_opens_what_was_unbound_is_waited_for_not_asked)
{
	int asked = eventfd(0, EFD_CLOEXEC);

	ASSERT_EQ(0, module_load(TEST_HOLD));
	ACQUIRE();
	for (unsigned int i = 0; i < self->group.num; i++)
		ASSERT_EQ(0, pci_unbind(self->group.bdf[i]));
	ASSERT_EQ(0, knob(TEST_HOLD, "hold", "bindery_member_aim"));
	close_claim(self->claim);
	EXPECT_TRUE(knob_holds(TEST_HOLD));
	EXPECT_EQ(0, pci_bind(self->first, VFIO_PCI));
	EXPECT_EQ(0, vfio_open(&self->user, self->first));
	EXPECT_EQ(0, vfio_request_event(&self->user, asked));
	knob(TEST_HOLD, "hold", "");

	EXPECT_TRUE(BECOMES(DRAINING));
	wait_for_looks();
	EXPECT_TRUE(IS(DRAINING));
	EXPECT_FALSE(is_asked(asked));
	vfio_close(&self->user);
	EXPECT_EQ(0, comes_back(self, "what was opened meanwhile"));
	close(asked);
}

int main(int argc, char **argv)
{
	for (int i = 0; i < 2; i++)
		if (watch_function(ask[i]))
			note("cannot watch %s", ask[i]);
	atexit(watch_end);
	return test_harness_run(argc, argv);
}
