// SPDX-License-Identifier: GPL-2.0-only
/*
 * A VFIO device that somebody has opened and does not use: the device's own
 * node, bound to no iommufd. That owns no DMA, but to unbind the device would
 * wait until it is closed, which may be never.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "sealed.h"

FIXTURE(opened) {
	COMMON;
	int node;
};

FIXTURE_VARIANT(opened) {
	bool real;
};

FIXTURE_VARIANT_ADD(opened, node) {
	.real = true,
};

/* The same to the kernel, where there are no nodes. */
FIXTURE_VARIANT_ADD(opened, reference) {
};

FIXTURE_SETUP(opened)
{
	self->node = -1;
	COMMON_SETUP(.driver = TEST_NATIVE, .target = TEST_TARGET);
	if (variant->real && !has_nodes(self->control))
		SKIP(return, "no device nodes in this kernel");
}

static void close_it(FIXTURE_DATA(opened) *self)
{
	knob(TEST_TARGET, "opened", "\n");
	if (self->node >= 0)
		close(self->node);
	self->node = -1;
}

FIXTURE_TEARDOWN(opened)
{
	close_it(self);
	COMMON_TEARDOWN();
}

static int open_it(FIXTURE_DATA(opened) *self, bool real)
{
	if (!real)
		return knob(TEST_TARGET, "opened", self->last);
	self->node = vfio_node_open(self->last);
	return self->node < 0 ? self->node : 0;
}

#define OPEN() do {							\
	ASSERT_EQ(0, open_it(self, variant->real));			\
	ASSERT_EQ(0, snapshot_take(&self->held));			\
} while (0)

TEST_F(opened, C9_who_uses_nothing_refuses_the_release)
{
	ACQUIRE();
	OPEN();
	EXPECT_EQ(-EBUSY, release(self->claim, &self->answer));
	EXPECT_EQ(0, error_is(&self->answer.error, BINDERY_ERROR_IN_USE,
			      BINDERY_STEP_FENCE, EBUSY));
	EXPECT_EQ(0, status(self->claim, &self->answer));
	EXPECT_EQ(BINDERY_GROUP_HELD, STATE());
	EXPECT_EQ(0, snapshot_compare_untouched(&self->held));
	close_it(self);
	EXPECT_EQ(0, release(self->claim, &self->answer));
	EXPECT_EQ(0, snapshot_compare(&self->before));
}

#define A_WHILE_US	500000

TEST_F(opened, C9_who_uses_nothing_defers_the_restore)
{
	ACQUIRE();
	OPEN();
	close_claim(self->claim);
	usleep(A_WHILE_US);
	EXPECT_EQ(BINDERY_GROUP_DRAINING, STATE());
	EXPECT_EQ(0, snapshot_compare_untouched(&self->held));
	close_it(self);
	COMES_BACK();
}

TEST_F(opened, T8_who_uses_nothing_refuses_another_target)
{
	for (unsigned int i = 0; i < self->group.num - 1; i++)
		ASSERT_EQ(0, pci_unbind(self->group.bdf[i]));
	ASSERT_EQ(0, pci_move(self->last, TEST_TARGET));
	OPEN();
	for (unsigned int i = 0; i < self->group.num; i++)
		strcpy(self->request.devices[i].target, VFIO_PCI);
	EXPECT_EQ(-EBUSY, acquire(self->control, &self->request));
	EXPECT_EQ(0, error_is(&self->request.error, BINDERY_ERROR_IN_USE,
			      BINDERY_STEP_VALIDATE, EBUSY, self->last,
			      TEST_TARGET));
	EXPECT_EQ(0, snapshot_compare_untouched(&self->held));
	close_it(self);
	ASSERT_EQ(0, snapshot_move_back(&self->before, &self->group));
}

COMMON_FIXTURE(sealed_node, .driver = TEST_NATIVE, .target = SEALED,
	       .flags = BINDERY_ACQUIRE_SEALED);

/* Its driver is not told of the node. */
TEST_F(sealed_node, C9_L3_who_uses_nothing_is_waited_for)
{
	int node;

	if (!has_nodes(self->control))
		SKIP(return, "no device nodes in this kernel");
	ACQUIRE();
	node = vfio_node_open(self->last);
	ASSERT_LE(0, node);
	ASSERT_EQ(0, snapshot_take(&self->held));
	EXPECT_EQ(-EBUSY, release(self->claim, &self->answer));
	EXPECT_EQ(0, error_is(&self->answer.error, BINDERY_ERROR_IN_USE,
			      BINDERY_STEP_FENCE, EBUSY));
	EXPECT_EQ(BINDERY_GROUP_HELD, STATE());
	close_claim(self->claim);
	usleep(A_WHILE_US);
	EXPECT_EQ(BINDERY_GROUP_DRAINING, STATE());
	EXPECT_EQ(0, snapshot_compare_untouched(&self->held));
	close(node);
	COMES_BACK();
}

TEST_HARNESS_MAIN
