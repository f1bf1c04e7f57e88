// SPDX-License-Identifier: GPL-2.0-only
/*
 * A machine that goes down: bindery is told so, although it does not. The last
 * test leaves a kept claim to a machine that really does.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "kselftest_harness.h"
#include "lib.h"

FIXTURE(shutdown) {
	int control;
	int claim;
	struct group group;
	char *first;
	struct snapshot before;
	struct request request;
	struct answer answer;
};

FIXTURE_SETUP(shutdown)
{
	self->control = control_open();
	ASSERT_LE(0, self->control);
	if (group_choose(&self->group, TEST_NATIVE))
		SKIP(return, "no group of devices on " TEST_NATIVE);
	self->first = self->group.bdf[0];
	ASSERT_EQ(0, module_load(TEST_TARGET));
	knobs_reset();
	ASSERT_EQ(0, snapshot_take(&self->before));
	request_group(&self->request, &self->group, TEST_TARGET);
}

FIXTURE_TEARDOWN(shutdown)
{
}

#define GO_DOWN() knob(TEST_TARGET, "shutdown", "1")

/* Only a new one takes it for a machine that goes on. */
static bool load_again(FIXTURE_DATA(shutdown) *self)
{
	close(self->control);
	if (!wait_until(!module_unload("bindery")) || module_load("bindery"))
		return false;
	self->control = control_open();
	return self->control >= 0;
}

TEST_F(shutdown, T8_nothing_new_begins_when_the_machine_goes_down)
{
	static const uint32_t flags[] = {
		0, BINDERY_ACQUIRE_RESERVE_ONLY, BINDERY_ACQUIRE_NOWAIT,
		BINDERY_ACQUIRE_SHARED,
	};
	struct request reserve;

	request_group(&reserve, &self->group, TEST_TARGET);
	reserve.cmd.flags = BINDERY_ACQUIRE_RESERVE_ONLY;
	self->claim = acquire(self->control, &reserve);
	ASSERT_LE(0, self->claim);
	ASSERT_EQ(0, GO_DOWN());
	for (int i = 0; i < 4; i++) {
		self->request.cmd.flags = flags[i];
		EXPECT_EQ(-ESHUTDOWN, acquire(self->control, &self->request));
		EXPECT_EQ(BINDERY_ERROR_SHUTDOWN, self->request.error.out_code);
	}
	EXPECT_EQ(-ESHUTDOWN, bind_claim(self->claim, &self->answer, 0, 0));
	EXPECT_EQ(BINDERY_ERROR_SHUTDOWN, self->answer.error.out_code);
	EXPECT_EQ(BINDERY_GROUP_RESERVED,
		  group_state(self->control, self->first));
	close_claim(self->claim);
	EXPECT_EQ(0, snapshot_compare_untouched(&self->before));
	ASSERT_TRUE(load_again(self));
	EXPECT_EQ(0, snapshot_compare_untouched(&self->before));
	self->request.cmd.flags = 0;
	self->claim = acquire(self->control, &self->request);
	ASSERT_LE(0, self->claim);
	EXPECT_EQ(0, release(self->claim, &self->answer));
	EXPECT_EQ(0, snapshot_compare(&self->before));
}

/* Drivers are not moved under the feet of the shutdown. */
TEST_F(shutdown, C1_nothing_is_restored_when_the_machine_goes_down)
{
	struct snapshot held;

	self->claim = acquire(self->control, &self->request);
	ASSERT_LE(0, self->claim);
	ASSERT_EQ(0, snapshot_take(&held));
	ASSERT_EQ(0, GO_DOWN());
	close_claim(self->claim);
	ASSERT_TRUE(load_again(self));
	EXPECT_EQ(0, snapshot_compare_untouched(&held));
	EXPECT_EQ(BINDERY_GROUP_FREE, group_state(self->control, self->first));
	ASSERT_EQ(0, snapshot_move_back(&self->before, &self->group));
	EXPECT_EQ(0, snapshot_compare(&self->before));
}

/* The machine's own shutdown comes after this. */
TEST_F(shutdown, C5_the_machine_goes_down_with_a_claim)
{
	self->request.cmd.flags = BINDERY_ACQUIRE_KEEP;
	self->claim = acquire(self->control, &self->request);
	ASSERT_LE(0, self->claim);
	close_claim(self->claim);
	EXPECT_TRUE(wait_until(group_state(self->control, self->first) ==
			       BINDERY_GROUP_KEPT));
}

TEST_HARNESS_MAIN
