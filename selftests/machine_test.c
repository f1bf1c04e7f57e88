// SPDX-License-Identifier: GPL-2.0-only
/* What holds for each IOMMU group of a machine, and for all of them at once. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kselftest_harness.h"
#include "lib.h"

#define MAX_GROUPS	16

FIXTURE(machine) {
	int control;
	unsigned int num;
	struct group groups[MAX_GROUPS];
	struct group movable[MAX_GROUPS]; /* their endpoints on drivers */
	struct snapshot before, changed;
	struct request request;
	struct answer answer;
	struct vfio_user user;
	struct child child;
};

static bool add_group(FIXTURE_DATA(machine) *self, int id)
{
	struct group *group = &self->groups[self->num];
	struct group *movable = &self->movable[self->num];

	for (unsigned int i = 0; i < self->num; i++)
		if (self->groups[i].id == id)
			return true;
	if (self->num == MAX_GROUPS)
		return false;
	if (group_read(group, id))
		return true;
	*movable = (struct group) { .id = id };
	for (unsigned int i = 0; i < group->num; i++)
		if (!pci_is_bridge(group->bdf[i]) &&
		    !pci_is_on(group->bdf[i], ""))
			memcpy(movable->bdf[movable->num++], group->bdf[i],
			       BDF_SIZE);
	self->num += movable->num > 0;
	return true;
}

FIXTURE_SETUP(machine)
{
	const char *wanted = getenv("BINDERY_TEST_DEVICE");
	char all[MAX_DEVICES][BDF_SIZE];
	int listed = pci_list(all, MAX_DEVICES);

	/* Not with all that is in somebody's computer. */
	if (!wanted && !getenv("BINDERY_MACHINE"))
		SKIP(return, "this is for machines made for tests");
	self->control = control_open();
	ASSERT_LE(0, self->control);
	for (int i = 0; i < listed; i++)
		if (!wanted || !strcmp(wanted, all[i]))
			ASSERT_TRUE(add_group(self, pci_group(all[i])));
	if (!self->num)
		SKIP(return, "no group with an endpoint on a driver");
	ASSERT_EQ(0, module_load("vfio_pci"));
	ASSERT_EQ(0, module_load(TEST_TARGET));
	knobs_reset();
	ASSERT_EQ(0, snapshot_take(&self->before));
}

FIXTURE_TEARDOWN(machine)
{
	knobs_reset();
	for (unsigned int i = 0; i < self->num; i++)
		EXPECT_EQ(BINDERY_GROUP_FREE,
			  close_claims(self->control,
				       self->groups[i].bdf[0]));
	EXPECT_EQ(0, snapshot_compare(&self->before));
}

/* One of its endpoints, and whatever has to go with it. */
static void request_companions(struct request *request,
			       const struct group *movable)
{
	request_init(request, "");
	request_add(request, movable->bdf[0]);
	request->cmd.flags = BINDERY_ACQUIRE_COMPANIONS;
}

static void request_all(FIXTURE_DATA(machine) *self, const char *target)
{
	request_init(&self->request, target);
	for (unsigned int g = 0; g < self->num; g++)
		for (unsigned int i = 0; i < self->movable[g].num; i++)
			request_add(&self->request, self->movable[g].bdf[i]);
}

static bool all_free(FIXTURE_DATA(machine) *self)
{
	for (unsigned int g = 0; g < self->num; g++)
		if (group_state(self->control, self->groups[g].bdf[0]) !=
		    BINDERY_GROUP_FREE)
			return false;
	return true;
}

/* What SHOW tells of a free group is what sysfs tells. */
static int show_differs(FIXTURE_DATA(machine) *self, unsigned int g)
{
	const struct group *group = &self->groups[g];
	int differences = show(self->control, group->bdf[0], &self->answer);

	differences += self->answer.show.out_group != (uint32_t)group->id;
	differences += self->answer.num_members != group->num;
	for (unsigned int i = 0; i < group->num; i++)
		differences += member_compare(
			member_of(self->answer.members, group->num,
				  group->bdf[i]),
			BINDERY_ROLE_NONE, BINDERY_ACTION_NONE,
			snapshot_device(&self->before, group->bdf[i])->driver,
			0);
	return differences;
}

/* The members of a request for companions, before or after the move. */
static int members_differ(FIXTURE_DATA(machine) *self, unsigned int g,
			  bool moved)
{
	const struct group *group = &self->groups[g];
	int differences = self->request.cmd.num_members != group->num;

	for (unsigned int i = 0; i < group->num; i++) {
		const char *bdf = group->bdf[i];
		const char *driver = snapshot_device(&self->before,
						     bdf)->driver;
		uint32_t role = BINDERY_ROLE_COMPANION;
		uint32_t action = BINDERY_ACTION_MOVE;

		if (!strcmp(bdf, self->movable[g].bdf[0])) {
			role = BINDERY_ROLE_REQUESTED;
		} else if (pci_is_bridge(bdf)) {
			role = BINDERY_ROLE_EXEMPT;
			action = BINDERY_ACTION_NONE;
		} else if (!driver[0]) {
			role = BINDERY_ROLE_PARKED;
			action = BINDERY_ACTION_PARK;
		}
		if (moved && action == BINDERY_ACTION_MOVE)
			driver = VFIO_PCI;
		differences += member_compare(
			member_of(self->request.members, group->num, bdf),
			role, action, driver, 0);
	}
	return differences;
}

/* Bridges of the group, and all devices of other groups. */
static int others_differ(FIXTURE_DATA(machine) *self, int id)
{
	int differences = 0;

	for (unsigned int i = 0; i < self->changed.num; i++) {
		const struct device_state *state = &self->changed.devices[i];

		if (state->group != id || pci_is_bridge(state->bdf))
			differences += snapshot_untouched(&self->changed,
							  state->bdf);
	}
	return differences;
}

static int clients_fail(FIXTURE_DATA(machine) *self, const struct group *group)
{
	int ret, failures = 0;

	for (unsigned int i = 0; i < group->num; i++) {
		ret = vfio_open(&self->user, group->bdf[i]);
		vfio_close(&self->user);
		if (!ret)
			continue;
		note("%s: a VFIO user gets %d", group->bdf[i], ret);
		failures++;
	}
	return failures;
}

TEST_F_TIMEOUT(machine, T1_every_group_moves_to_vfio_pci_and_back, 60)
{
	int claim;

	for (unsigned int g = 0; g < self->num; g++) {
		const struct group *movable = &self->movable[g];

		ASSERT_EQ(0, snapshot_take(&self->changed));
		EXPECT_EQ(0, show_differs(self, g));
		EXPECT_EQ(BINDERY_GROUP_FREE, self->answer.show.out_state);
		request_companions(&self->request, movable);
		ASSERT_EQ(0, check(self->control, &self->request));
		EXPECT_EQ(0, members_differ(self, g, false));
		EXPECT_EQ(0, snapshot_compare_untouched(&self->changed));

		claim = acquire(self->control, &self->request);
		ASSERT_LE(0, claim);
		EXPECT_EQ(0, members_differ(self, g, true));
		EXPECT_EQ(BINDERY_GROUP_HELD,
			  group_state(self->control, movable->bdf[0]));
		EXPECT_EQ(0, clients_fail(self, movable));
		EXPECT_EQ(0, others_differ(self, movable->id));
		ASSERT_EQ(0, release(claim, &self->answer));
		EXPECT_EQ(0, others_differ(self, movable->id));
		EXPECT_EQ(0, snapshot_compare(&self->before));
	}
}

enum past { PREBOUND, DRIVERLESS, FOO, NUM_PASTS };

static int give_past(const char *bdf, enum past past)
{
	if (past == PREBOUND)
		return pci_move(bdf, VFIO_PCI);
	return past == DRIVERLESS ? pci_unbind(bdf) : pci_override(bdf, "foo");
}

/* Where a request for the first member and its companions takes this one. */
static const char *present(unsigned int i, enum past past)
{
	return i && past == DRIVERLESS ? "" : VFIO_PCI;
}

/* Groups and what their first member was, in turn. */
static unsigned int rounds_of(FIXTURE_DATA(machine) *self, unsigned int least)
{
	return self->num > least ? self->num : least;
}

/* Each of its members has another past. */
TEST_F_TIMEOUT(machine, T5_members_of_different_pasts_come_back, 60)
{
	bool any = false;
	int claim;

	for (unsigned int round = 0; round < rounds_of(self, 2); round++) {
		const struct group *movable = &self->movable[round % self->num];

		if (movable->num < 2)
			continue;
		any = true;
		for (unsigned int i = 0; i < movable->num; i++)
			ASSERT_EQ(0, give_past(movable->bdf[i],
					       (round + i) % NUM_PASTS));
		ASSERT_EQ(0, snapshot_take(&self->changed));
		request_companions(&self->request, movable);
		claim = acquire(self->control, &self->request);
		ASSERT_LE(0, claim);
		for (unsigned int i = 0; i < movable->num; i++)
			EXPECT_TRUE(pci_is_on(movable->bdf[i],
				present(i, (round + i) % NUM_PASTS)));
		ASSERT_EQ(0, vfio_open(&self->user, movable->bdf[0]));
		vfio_close(&self->user);
		ASSERT_EQ(0, release(claim, &self->answer));
		EXPECT_EQ(0, snapshot_compare(&self->changed));
		for (unsigned int i = 0; i < movable->num; i++)
			if ((round + i) % NUM_PASTS == PREBOUND)
				EXPECT_EQ(0, snapshot_untouched(&self->changed,
							movable->bdf[i]));
		ASSERT_EQ(0, snapshot_move_back(&self->before, movable));
	}
	if (!any)
		SKIP(return, "each endpoint is alone");
}

TEST_F(machine, T6_one_of_several_endpoints_is_refused_and_the_next_named)
{
	bool any = false;

	for (unsigned int g = 0; g < self->num; g++) {
		const struct group *movable = &self->movable[g];

		if (movable->num < 2)
			continue;
		any = true;
		request_companions(&self->request, movable);
		self->request.cmd.flags = 0;
		EXPECT_EQ(-EBUSY, acquire(self->control, &self->request));
		EXPECT_EQ(0, error_is(&self->request.error,
			BINDERY_ERROR_UNDECLARED, BINDERY_STEP_VALIDATE, EBUSY,
			movable->bdf[1],
			snapshot_device(&self->before,
					movable->bdf[1])->driver));
	}
	EXPECT_EQ(0, snapshot_compare_untouched(&self->before));
	if (!any)
		SKIP(return, "each endpoint is alone");
}

TEST_F_TIMEOUT(machine, T16_functions_of_a_group_have_different_targets, 60)
{
	static const char *const targets[] = { VFIO_PCI, TEST_TARGET };
	bool any = false;
	int claim;

	for (unsigned int round = 0; round < rounds_of(self, 1); round++) {
		const struct group *movable = &self->movable[round % self->num];

		if (movable->num < 2)
			continue;
		any = true;
		request_init(&self->request, "");
		for (unsigned int i = 0; i < movable->num; i++)
			request_add_to(&self->request, movable->bdf[i],
				       targets[(round + i) % 2]);
		claim = acquire(self->control, &self->request);
		ASSERT_LE(0, claim);
		for (unsigned int i = 0; i < movable->num; i++)
			EXPECT_TRUE(pci_is_on(movable->bdf[i],
					      targets[(round + i) % 2]));
		EXPECT_EQ(0, clients_fail(self, movable));
		ASSERT_EQ(0, release(claim, &self->answer));
		EXPECT_EQ(0, snapshot_compare(&self->before));
	}
	if (!any)
		SKIP(return, "each endpoint is alone");
}

TEST_F_TIMEOUT(machine, T2_all_groups_move_in_one_transaction, 60)
{
	int claim;

	if (self->num < 2)
		SKIP(return, "there is one group");
	request_all(self, "");
	claim = acquire(self->control, &self->request);
	ASSERT_LE(0, claim);
	ASSERT_EQ(0, status(claim, &self->answer));
	EXPECT_EQ(self->num, self->answer.status.out_num_groups);
	for (unsigned int g = 0; g < self->num; g++) {
		EXPECT_EQ(BINDERY_GROUP_HELD,
			  group_state(self->control, self->groups[g].bdf[0]));
		EXPECT_EQ(0, clients_fail(self, &self->movable[g]));
	}

	/* A user of one group keeps all of them. */
	ASSERT_EQ(0, vfio_open(&self->user, self->movable[0].bdf[0]));
	ASSERT_EQ(0, snapshot_take(&self->changed));
	EXPECT_EQ(-EBUSY, release(claim, &self->answer));
	EXPECT_EQ(0, snapshot_compare_untouched(&self->changed));
	vfio_close(&self->user);
	ASSERT_EQ(0, release(claim, &self->answer));
	EXPECT_TRUE(all_free(self));
}

/* How many probes were asked for when that of this device failed. */
static int probes_up_to(FIXTURE_DATA(machine) *self, const char *bdf)
{
	knobs_reset();
	if (knob(TEST_TARGET, "fail", bdf) ||
	    acquire(self->control, &self->request) != -EIO ||
	    error_is(&self->request.error, BINDERY_ERROR_BIND,
		     BINDERY_STEP_BIND, EIO, bdf, TEST_TARGET) ||
	    !all_free(self) || snapshot_compare(&self->before))
		return -1;
	return knob_read(TEST_TARGET, "probes");
}

TEST_F_TIMEOUT(machine, T2_a_failing_probe_in_one_group_undoes_all_groups, 60)
{
	struct group *group;
	int most = 0, probes;

	if (self->num < 2)
		SKIP(return, "there is one group");
	request_all(self, TEST_TARGET);
	self->request.cmd.flags = BINDERY_ACQUIRE_SERIAL;
	for (unsigned int g = 0; g < self->num; g++) {
		group = &self->movable[g];
		probes = probes_up_to(self, group->bdf[group->num - 1]);
		ASSERT_LT(0, probes) {
			TH_LOG("%s", group->bdf[group->num - 1]);
		}
		if (most < probes)
			most = probes;
	}
	/* All others had been moved before the last one failed. */
	EXPECT_EQ(self->request.cmd.num_devices, most);
}

TEST_F(machine, T2_a_refusal_in_one_group_touches_no_group)
{
	struct group *last = &self->movable[self->num - 1];
	int claim;

	if (self->num < 2)
		SKIP(return, "there is one group");
	request_companions(&self->request, last);
	claim = acquire(self->control, &self->request);
	ASSERT_LE(0, claim);
	ASSERT_EQ(0, snapshot_take(&self->changed));
	request_all(self, "");
	self->request.cmd.deadline_ms = 50;
	EXPECT_EQ(-EBUSY, acquire(self->control, &self->request));
	EXPECT_EQ(0, error_is(&self->request.error, BINDERY_ERROR_BUSY,
			      BINDERY_STEP_RESERVE, EBUSY));
	EXPECT_EQ(0, snapshot_compare_untouched(&self->changed));
	ASSERT_EQ(0, release(claim, &self->answer));
	EXPECT_TRUE(all_free(self));
}

TEST_F(machine, T8_several_groups_are_refused_where_one_was_meant)
{
	if (self->num < 2)
		SKIP(return, "there is one group");
	request_all(self, "");
	EXPECT_EQ(0, check(self->control, &self->request));
	self->request.cmd.flags = BINDERY_ACQUIRE_SINGLE_GROUP;
	EXPECT_EQ(-EXDEV, check(self->control, &self->request));
	EXPECT_EQ(-EXDEV, acquire(self->control, &self->request));
	EXPECT_EQ(0, error_is(&self->request.error, BINDERY_ERROR_MIXED_GROUPS,
			      BINDERY_STEP_RESOLVE, EXDEV,
			      self->movable[1].bdf[0]));
	EXPECT_EQ(0, snapshot_compare_untouched(&self->before));
}

/* The machine's own limit for a program is what ends a run that hangs. */
#define HOURS		(24 * 3600)

/* At any moment inside of ACQUIRE and RELEASE, the groups in turn. */
TEST_F_TIMEOUT(machine, C1_an_owner_killed_at_any_moment_leaves_each_group,
	       HOURS)
{
	int wanted = num_rounds(10);
	struct kills kills = { 0 };
	long within[MAX_GROUPS];

	srandom(getpid());
	for (unsigned int g = 0; g < self->num; g++) {
		request_companions(&self->request, &self->movable[g]);
		within[g] = owner_needs(self->control, &self->request);
		ASSERT_LT(0, within[g]);
	}
	while (kills_inside(&kills) < wanted &&
	       kills_tried(&kills) < KILLS_AT_MOST(wanted)) {
		unsigned int g = kills_tried(&kills) % self->num;
		char *first = self->movable[g].bdf[0];

		request_companions(&self->request, &self->movable[g]);
		ASSERT_EQ(0, owner_kill(self->control, &self->request, first,
					&within[g], &kills));
		ASSERT_TRUE(wait_until(group_state(self->control, first) ==
				       BINDERY_GROUP_FREE));
		ASSERT_EQ(0, snapshot_compare(&self->before)) {
			TH_LOG("after a kill of the owner of %s", first);
		}
	}
	kills_print(&kills);
	EXPECT_EQ(wanted, kills_inside(&kills));
	if (wanted < 100)
		return;
	EXPECT_LT(0, kills.acquiring);
	EXPECT_LT(0, kills.releasing);
}

TEST_HARNESS_MAIN
