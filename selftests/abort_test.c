// SPDX-License-Identifier: GPL-2.0-only
/*
 * A RELEASE while the claim's transaction runs: it is rolled back, and whatever
 * one pass of that has to leave is the RELEASE's, as after a commit.
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>

#include "kselftest_harness.h"
#include "sealed.h"

#define SHORT_MS	200
#define DEADLINE_MS	5000
#define FAR_MS		60000

COMMON_FIXTURE(aborted, .driver = TEST_NATIVE, .target = TEST_TARGET,
	       .flags = BINDERY_ACQUIRE_NOWAIT);

static int run_release(int socket, void *arg)
{
	FIXTURE_DATA(aborted) *self = arg;

	tell(socket, release_within(self->claim, &self->answer,
				    FAR_MS * slowness()));
	return 0;
}

/* The probe is overdue before the RELEASE is, and the rollback has ended. */
TEST_F(aborted, C1_RELEASE_waits_for_a_callback_that_the_rollback_left)
{
	struct pollfd told = { .events = POLLIN };
	int ret;

	self->request.cmd.deadline_ms = DEADLINE_MS * slowness();
	knob(TEST_TARGET, "hold_probe", self->last);
	ACQUIRE();
	ASSERT_TRUE(knob_holds(TEST_TARGET));
	ASSERT_EQ(0, child_start(&self->child, run_release, self));
	told.fd = self->child.socket;
	EXPECT_TRUE(BECOMES(STUCK));
	EXPECT_EQ(0, poll(&told, 1, SHORT_MS));
	knob(TEST_TARGET, "hold_probe", "");
	ASSERT_EQ(0, hear(self->child.socket, &ret));
	EXPECT_EQ(0, ret);
	EXPECT_EQ(BINDERY_GROUP_FREE, STATE());
	EXPECT_EQ(0, snapshot_compare(&self->before));
}

/* Somebody has opened a device that was bound, before the commit. */
FIXTURE(opened_early) {
	COMMON;
};

FIXTURE_VARIANT(opened_early) {
	const char *target;
	uint32_t flags;
};

FIXTURE_VARIANT_ADD(opened_early, ordinary) {
	.target = VFIO_PCI,
};

FIXTURE_VARIANT_ADD(opened_early, sealed) {
	.target = SEALED,
	.flags = BINDERY_ACQUIRE_SEALED,
};

FIXTURE_SETUP(opened_early)
{
	COMMON_SETUP(.driver = TEST_NATIVE, .target = variant->target,
		     .flags = variant->flags | BINDERY_ACQUIRE_NOWAIT);
	ASSERT_EQ(0, module_load(TEST_HOLD));
	ASSERT_EQ(0, knob(TEST_HOLD, "hold", "bindery_member_verify"));
	ACQUIRE();
	ASSERT_TRUE(knob_holds(TEST_HOLD));
	ASSERT_EQ(0, vfio_hold(&self->user, self->last, VFIO_PART_DEVICE));
}

FIXTURE_TEARDOWN(opened_early)
{
	knob(TEST_HOLD, "hold", "");
	COMMON_TEARDOWN();
}

static int obey(int socket, void *arg)
{
	FIXTURE_DATA(opened_early) *self = arg;

	close(self->claim);
	return vfio_obey(&self->user, socket);
}

TEST_F(opened_early, C1_C9_force_asks_who_kept_the_rollback_from_its_end)
{
	int ret;

	ASSERT_EQ(0, child_start(&self->child, obey, self));
	ASSERT_EQ(0, hear(self->child.socket, &ret));
	vfio_close(&self->user);
	EXPECT_EQ(-ETIMEDOUT, release_with(self->claim, &self->answer,
					   BINDERY_RELEASE_FORCE, SHORT_MS, 0));
	knob(TEST_HOLD, "hold", "");
	EXPECT_EQ(0, child_wait(&self->child));
	COMES_BACK();
}

static int run_deferred(int socket, void *arg)
{
	FIXTURE_DATA(opened_early) *self = arg;

	vfio_close(&self->user);
	tell(socket, release_with(self->claim, &self->answer,
				  BINDERY_RELEASE_DEFER,
				  FAR_MS * slowness(), 0));
	return 0;
}

TEST_F(opened_early, C1_C9_a_deferred_release_leaves_the_rollback_to_him)
{
	struct pollfd told = { .events = POLLIN };
	int ret;

	ASSERT_EQ(0, child_start(&self->child, run_deferred, self));
	told.fd = self->child.socket;
	EXPECT_EQ(0, poll(&told, 1, SHORT_MS));
	knob(TEST_HOLD, "hold", "");
	ASSERT_EQ(0, hear(self->child.socket, &ret));
	EXPECT_EQ(0, ret);
	EXPECT_TRUE(IS(DRAINING));
	EXPECT_TRUE(pci_is_on(self->last, variant->target));
	EXPECT_EQ(0, vfio_works(&self->user, self->last));
	vfio_close(&self->user);
	COMES_BACK();
}

TEST_HARNESS_MAIN
