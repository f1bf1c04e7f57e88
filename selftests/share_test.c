// SPDX-License-Identifier: GPL-2.0-only
/* Several claims on one group, or one alone. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>

#include "kselftest_harness.h"
#include "fixture.h"

FIXTURE(share) {
	COMMON;
	struct request other;
	uint32_t how;		/* to release */
};

FIXTURE_SETUP(share)
{
	COMMON_SETUP(.label = "the first", .flags = BINDERY_ACQUIRE_SHARED);
	common_request(&self->common, &self->other);
	strcpy(self->other.cmd.label, "the second");
}

FIXTURE_TEARDOWN(share)
{
	COMMON_TEARDOWN();
}

static int claims_of(int control, const char *bdf)
{
	struct answer answer;
	int ret = show(control, bdf, &answer);

	return ret ? ret : (int)answer.show.out_num_claims;
}

#define CLAIMS() claims_of(self->control, self->first)

struct owner {
	int control;
	struct request *request;
};

/* Another process with a name of its own; it tells what came of it. */
static int own(int socket, void *arg)
{
	struct owner *owner = arg;
	int ret;

	prctl(PR_SET_NAME, "the owner");
	ret = acquire(owner->control, owner->request);
	tell(socket, ret);
	return hear(socket, &ret);
}

static int start_owner(struct child *child, int control,
		       struct request *request)
{
	struct owner owner = { control, request };

	return child_start(child, own, &owner);
}

/* Refused as busy, with all that is to be told of who holds it. */
static int holder_compare(const struct bindery_ioc_error *error, pid_t pid,
			  const char *comm, const char *label)
{
	int differences = error_is(error, BINDERY_ERROR_BUSY,
				   BINDERY_STEP_RESERVE, EBUSY);

	if (!(error->out_flags & BINDERY_ERROR_HAS_HOLDER) ||
	    error->out_holder_pid != pid ||
	    strcmp(error->out_holder_comm, comm) ||
	    strcmp(error->out_holder_label, label)) {
		note("holder: %d '%s' '%s', not %d '%s' '%s'",
		     error->out_holder_pid, error->out_holder_comm,
		     error->out_holder_label, pid, comm, label);
		differences++;
	}
	return differences;
}

/* Either form of claim, while another process has the first. */
#define ALL_REFUSED(owner) do {						\
	for (int i = 0; i < 2; i++) {					\
		self->other.cmd.flags = i ? BINDERY_ACQUIRE_SHARED : 0;	\
		EXPECT_EQ(-EBUSY, acquire(self->control, &self->other));\
		EXPECT_EQ(0, holder_compare(&self->other.error, owner,	\
					    "the owner", "the first"));	\
		EXPECT_EQ(-EBUSY, check(self->control, &self->other));	\
		EXPECT_EQ(0, holder_compare(&self->other.error, owner,	\
					    "the owner", "the first"));	\
	}								\
} while (0)

/* Neither form of claim is given beside one that is not shared. */
TEST_F(share, C2_an_exclusive_claim_refuses_all_others_and_names_its_holder)
{
	int ret;

	self->request.cmd.flags = 0;
	ASSERT_EQ(0, start_owner(&self->child, self->control, &self->request));
	ASSERT_EQ(0, hear(self->child.socket, &ret));
	ASSERT_LE(0, ret);
	ASSERT_EQ(0, snapshot_take(&self->held));
	ALL_REFUSED(self->child.pid);
	EXPECT_EQ(1, CLAIMS());
	EXPECT_EQ(0, snapshot_compare_untouched(&self->held));
	child_kill(&self->child);
	EXPECT_TRUE(BECOMES(FREE));
}

TEST_F(share, C2_an_exclusive_claim_stays_so_whatever_else_it_asks_for)
{
	self->request.cmd.flags = BINDERY_ACQUIRE_REPAIR;
	ACQUIRE();
	EXPECT_EQ(-EBUSY, acquire(self->control, &self->other));
	EXPECT_EQ(1, CLAIMS());
	EXPECT_EQ(0, release(self->claim, &self->answer));
}

TEST_F(share, C2_a_shared_claim_refuses_an_exclusive_one_and_names_its_holder)
{
	ACQUIRE();
	ASSERT_EQ(0, snapshot_take(&self->held));
	self->other.cmd.flags = 0;
	EXPECT_EQ(-EBUSY, acquire(self->control, &self->other));
	EXPECT_EQ(0, holder_compare(&self->other.error, getpid(), "share_test",
				    "the first"));
	EXPECT_EQ(1, CLAIMS());
	EXPECT_EQ(0, snapshot_compare_untouched(&self->held));
	ASSERT_EQ(0, status(self->claim, &self->answer));
	EXPECT_EQ(BINDERY_CLAIM_SHARED, self->answer.status.out_flags);
	EXPECT_EQ(0, release(self->claim, &self->answer));
}

TEST_F(share, C2_shared_claims_join_without_a_rebind_and_the_last_restores)
{
	ACQUIRE();
	EXPECT_EQ(1, CLAIMS());
	ASSERT_EQ(0, snapshot_take(&self->held));
	self->second = acquire(self->control, &self->other);
	ASSERT_LE(0, self->second);
	EXPECT_EQ(2, CLAIMS());
	EXPECT_EQ(0, snapshot_compare_untouched(&self->held));
	EXPECT_EQ(self->group.num, self->other.cmd.num_members);

	ASSERT_EQ(0, release(self->claim, &self->answer));
	EXPECT_EQ(-ESTALE, status(self->claim, &self->answer));
	EXPECT_EQ(1, CLAIMS());
	EXPECT_EQ(0, snapshot_compare_untouched(&self->held));
	EXPECT_EQ(BINDERY_GROUP_HELD, STATE());
	ASSERT_EQ(0, status(self->second, &self->answer));
	EXPECT_STREQ("the second", self->answer.status.out_label);
	ASSERT_EQ(0, show(self->control, self->first, &self->answer));
	EXPECT_STREQ("the second", self->answer.show.out_holder_label);

	ASSERT_EQ(0, release(self->second, &self->answer));
	EXPECT_EQ(BINDERY_GROUP_FREE, STATE());
	EXPECT_EQ(0, snapshot_compare(&self->before));
}

static int let_go(int socket, void *arg)
{
	FIXTURE_DATA(share) *self = arg;

	tell(socket, release_with(self->claim, &self->answer, self->how, 0, 0));
	return self->answer.error.out_code;
}

/* A RELEASE has looked for users, and another claim that stays; that goes. */
static int becomes_last(FIXTURE_DATA(share) *self, uint32_t how, int *code)
{
	int ret = -1;

	*code = -1;
	self->how = how;
	if (module_load(TEST_HOLD) ||
	    knob(TEST_HOLD, "hold", "bindery_claim_end_told") ||
	    child_start(&self->child, let_go, self))
		return -1;
	if (knob_holds(TEST_HOLD))
		ret = release(self->second, &self->answer);
	knob(TEST_HOLD, "hold", "");
	if (!ret)
		hear(self->child.socket, &ret);
	*code = child_wait(&self->child);
	return ret;
}

/* Each has seen the other claim, which would stay; one of them is the last. */
TEST_F(share, C2_C9_of_two_releases_at_once_the_last_sees_the_user)
{
	int code;

	ACQUIRE();
	self->second = acquire(self->control, &self->other);
	ASSERT_LE(0, self->second);
	ASSERT_EQ(0, vfio_open(&self->user, self->first));
	EXPECT_EQ(-EBUSY, becomes_last(self, 0, &code));
	EXPECT_EQ(BINDERY_ERROR_IN_USE, code);
	EXPECT_EQ(BINDERY_GROUP_HELD, STATE());
	vfio_close(&self->user);
	EXPECT_EQ(0, release(self->claim, &self->answer));
	EXPECT_EQ(BINDERY_GROUP_FREE, STATE());
}

/* It need not wait for that user, so it does not. */
TEST_F(share, C2_C9_of_two_releases_at_once_the_last_leaves_it_to_the_user)
{
	int code;

	ACQUIRE();
	self->second = acquire(self->control, &self->other);
	ASSERT_LE(0, self->second);
	ASSERT_EQ(0, vfio_open(&self->user, self->first));
	EXPECT_EQ(0, becomes_last(self, BINDERY_RELEASE_DEFER, &code));
	EXPECT_EQ(BINDERY_ERROR_NONE, code);
	EXPECT_EQ(BINDERY_GROUP_DRAINING, STATE());
	EXPECT_TRUE(group_is_on(&self->group, VFIO_PCI));
	vfio_close(&self->user);
	EXPECT_TRUE(BECOMES(FREE));
	EXPECT_EQ(0, snapshot_compare(&self->before));
}

/* Whichever of three goes first, second or last, and by its close. */
TEST_F(share, C2_the_order_in_which_shared_claims_end_is_free)
{
	static const int orders[][3] = {
		{ 0, 1, 2 }, { 2, 1, 0 }, { 1, 0, 2 }, { 1, 2, 0 },
	};
	int claims[3];

	for (size_t i = 0; i < ARRAY_SIZE(orders); i++) {
		for (int j = 0; j < 3; j++) {
			claims[j] = acquire(self->control, &self->request);
			ASSERT_LE(0, claims[j]);
		}
		ASSERT_EQ(0, snapshot_take(&self->held));
		for (int j = 0; j < 2; j++) {
			EXPECT_EQ(3 - j, CLAIMS());
			close_claim(claims[orders[i][j]]);
			EXPECT_TRUE(wait_until(CLAIMS() == 2 - j));
			EXPECT_EQ(0, snapshot_compare_untouched(&self->held));
		}
		EXPECT_EQ(0, status(claims[orders[i][2]], &self->answer));
		close_claim(claims[orders[i][2]]);
		COMES_BACK();
	}
}

TEST_F(share, C2_a_claim_may_join_by_naming_one_member)
{
	ACQUIRE();
	ASSERT_EQ(0, snapshot_take(&self->held));
	request_init(&self->other, "");
	request_add(&self->other, self->last);
	self->other.cmd.flags = BINDERY_ACQUIRE_SHARED;
	self->second = acquire(self->control, &self->other);
	ASSERT_LE(0, self->second);
	close_claim(self->claim);
	EXPECT_TRUE(wait_until(CLAIMS() == 1));
	EXPECT_EQ(0, snapshot_compare_untouched(&self->held));
	ASSERT_EQ(0, release(self->second, &self->answer));
	EXPECT_EQ(0, snapshot_compare(&self->before));
}

TEST_F(share, C2_a_claim_with_another_target_cannot_join)
{
	ACQUIRE();
	ASSERT_EQ(0, snapshot_take(&self->held));
	request_group(&self->other, &self->group, TEST_TARGET);
	self->other.cmd.flags = BINDERY_ACQUIRE_SHARED;
	EXPECT_EQ(-EBUSY, acquire(self->control, &self->other));
	EXPECT_EQ(BINDERY_ERROR_BUSY, self->other.error.out_code);

	/* Nor does one device that is wanted elsewhere. */
	request_init(&self->other, "");
	request_add(&self->other, self->first);
	if (self->group.num > 1)
		request_add_to(&self->other, self->last, TEST_TARGET);
	else
		strcpy(self->other.devices[0].target, TEST_TARGET);
	self->other.cmd.flags = BINDERY_ACQUIRE_SHARED;
	EXPECT_EQ(-EBUSY, acquire(self->control, &self->other));
	EXPECT_EQ(BINDERY_ERROR_BUSY, self->other.error.out_code);
	EXPECT_EQ(1, CLAIMS());
	EXPECT_EQ(0, snapshot_compare_untouched(&self->held));
}

/* A member that is parked for one claim is on no target for the other. */
TEST_F(share, C2_a_claim_cannot_join_for_a_member_that_is_parked)
{
	if (self->group.num < 2)
		SKIP(return, "the group has one member");
	ASSERT_EQ(0, pci_unbind(self->last));
	self->request.cmd.num_devices--;
	ACQUIRE();
	ASSERT_EQ(0, snapshot_take(&self->held));
	EXPECT_EQ(-EBUSY, acquire(self->control, &self->other));
	EXPECT_EQ(BINDERY_ERROR_BUSY, self->other.error.out_code);
	EXPECT_EQ(0, snapshot_compare_untouched(&self->held));
	ASSERT_EQ(0, release(self->claim, &self->answer));
	EXPECT_EQ(0, snapshot_move_back(&self->before, &self->group));
}

/* What a claim proves has to be true when it is given. */
TEST_F(share, C2_T10_a_claim_cannot_join_where_a_member_was_taken_away)
{
	ACQUIRE();
	ASSERT_EQ(0, pci_unbind(self->last));
	EXPECT_EQ(-EBUSY, acquire(self->control, &self->other));
	EXPECT_EQ(1, CLAIMS());
	EXPECT_TRUE(pci_is_on(self->last, ""));
	ASSERT_EQ(0, pci_bind(self->last, VFIO_PCI));
	self->second = acquire(self->control, &self->other);
	EXPECT_LE(0, self->second);
	EXPECT_EQ(2, CLAIMS());
}

/* With drivers that can be held and can be made to fail. */
FIXTURE(knobs) {
	COMMON;
	struct group free;
	struct request other, both;
	struct child rival;
};

FIXTURE_SETUP(knobs)
{
	COMMON_SETUP(.driver = TEST_NATIVE, .target = TEST_TARGET,
		     .label = "the first", .flags = BINDERY_ACQUIRE_SHARED);
	if (group_choose_other(&self->free, &self->group, TEST_NATIVE))
		SKIP(return, "no two groups of devices on " TEST_NATIVE);
	common_request(&self->common, &self->other);
	common_request(&self->common, &self->both);
	for (unsigned int i = 0; i < self->free.num; i++)
		request_add(&self->both, self->free.bdf[i]);
}

FIXTURE_TEARDOWN(knobs)
{
	EXPECT_EQ(0, common_rest(&self->common));
	EXPECT_TRUE(wait_until(group_is(self->control, self->free.bdf[0],
					BINDERY_GROUP_FREE)));
	COMMON_TEARDOWN();
}

TEST_F(knobs, C2_the_holder_is_told_while_its_drivers_are_being_bound)
{
	int ret;

	self->request.cmd.flags = 0;
	ASSERT_EQ(0, knob(TEST_TARGET, "hold_probe", self->last));
	ASSERT_EQ(0, start_owner(&self->child, self->control, &self->request));
	ASSERT_TRUE(knob_holds(TEST_TARGET));
	EXPECT_EQ(BINDERY_GROUP_BINDING, STATE());
	/* a member's description would wait for its lock */
	self->other.cmd.members = 0;
	self->other.cmd.deadline_ms = 100;
	ALL_REFUSED(self->child.pid);
	ASSERT_EQ(0, knob(TEST_TARGET, "hold_probe", ""));
	ASSERT_EQ(0, hear(self->child.socket, &ret));
	EXPECT_LE(0, ret);
	child_kill(&self->child);
}

/* The second waits for the first, and then has nothing left to bind. */
TEST_F(knobs, C2_a_shared_claim_joins_one_whose_drivers_are_being_bound)
{
	int ret;

	ASSERT_EQ(0, knob(TEST_TARGET, "hold_probe", self->last));
	ASSERT_EQ(0, start_owner(&self->child, self->control, &self->request));
	ASSERT_TRUE(knob_holds(TEST_TARGET));
	ASSERT_EQ(0, start_owner(&self->rival, self->control, &self->other));
	ASSERT_EQ(0, knob(TEST_TARGET, "hold_probe", ""));
	ASSERT_EQ(0, hear(self->child.socket, &ret));
	EXPECT_LE(0, ret);
	ASSERT_EQ(0, hear(self->rival.socket, &ret));
	EXPECT_LE(0, ret);
	EXPECT_EQ(2, CLAIMS());
	EXPECT_EQ(self->group.num, knob_read(TEST_TARGET, "probes"));
	child_kill(&self->child);
	EXPECT_TRUE(wait_until(CLAIMS() == 1));
	EXPECT_EQ(0, knob_read(TEST_TARGET, "removes"));
	child_kill(&self->rival);
	EXPECT_TRUE(BECOMES(FREE));
	EXPECT_EQ(self->group.num, knob_read(TEST_TARGET, "removes"));
}

TEST_F(knobs, C2_T2_a_claim_joins_one_group_and_moves_another)
{
	ACQUIRE();
	ASSERT_EQ(0, snapshot_take(&self->held));
	self->second = acquire(self->control, &self->both);
	ASSERT_LE(0, self->second);
	EXPECT_EQ(0, group_untouched(&self->group, &self->held));
	EXPECT_TRUE(pci_is_on(self->free.bdf[0], TEST_TARGET));
	EXPECT_EQ(2, CLAIMS());
	EXPECT_EQ(1, claims_of(self->control, self->free.bdf[0]));
	ASSERT_EQ(0, status(self->second, &self->answer));
	EXPECT_EQ(2, self->answer.status.out_num_groups);
	EXPECT_EQ(self->group.num + self->free.num, self->answer.num_members);

	ASSERT_EQ(0, release(self->second, &self->answer));
	EXPECT_EQ(1, CLAIMS());
	EXPECT_EQ(0, group_untouched(&self->group, &self->held));
	EXPECT_TRUE(pci_is_on(self->free.bdf[0], TEST_NATIVE));
	EXPECT_EQ(BINDERY_GROUP_FREE,
		  group_state(self->control, self->free.bdf[0]));
}

/* Its driver is there before the probe has returned, which may fail. */
TEST_F(knobs, C2_T10_a_claim_cannot_join_where_a_repair_is_out)
{
	const char *free = self->free.bdf[0];
	char both[2 * BDF_SIZE];
	int ret = 0;

	self->request.cmd.flags |= BINDERY_ACQUIRE_REPAIR;
	ACQUIRE();
	ASSERT_EQ(0, knob(TEST_TARGET, "hold_probe", free));
	ASSERT_EQ(0, start_owner(&self->rival, self->control, &self->both));
	EXPECT_TRUE(knob_holds(TEST_TARGET));
	snprintf(both, sizeof(both), "%s %s", free, self->last);
	ASSERT_EQ(0, knob(TEST_TARGET, "hold_probe", both));
	ASSERT_EQ(0, pci_unbind(self->last));
	EXPECT_TRUE(wait_until(knob_read(TEST_TARGET, "waiting") == 2));
	ASSERT_EQ(0, knob(TEST_TARGET, "hold_probe", self->last));
	EXPECT_EQ(0, hear(self->rival.socket, &ret));
	EXPECT_EQ(-EAGAIN, ret);
	EXPECT_TRUE(pci_is_on(free, TEST_NATIVE));
	knob(TEST_TARGET, "hold_probe", "");
	child_kill(&self->rival);
	EXPECT_TRUE(BECOMES(HELD));
	EXPECT_EQ(1, CLAIMS());
	EXPECT_TRUE(pci_is_on(self->last, TEST_TARGET));
	EXPECT_EQ(0, release(self->claim, &self->answer));
}

/* It holds the one that it joined, and has nothing to do there. */
TEST_F(knobs, C2_T15_BIND_after_the_end_of_the_claim_that_was_joined)
{
	ACQUIRE();
	ASSERT_EQ(0, snapshot_take(&self->held));
	self->both.cmd.flags |= BINDERY_ACQUIRE_RESERVE_ONLY;
	self->second = acquire(self->control, &self->both);
	ASSERT_LE(0, self->second);
	EXPECT_EQ(2, CLAIMS());
	ASSERT_EQ(0, release(self->claim, &self->answer));
	EXPECT_EQ(1, CLAIMS());
	EXPECT_EQ(BINDERY_GROUP_HELD, STATE());
	EXPECT_EQ(BINDERY_GROUP_RESERVED,
		  group_state(self->control, self->free.bdf[0]));
	EXPECT_EQ(0, snapshot_compare_untouched(&self->held));

	ASSERT_EQ(0, bind_claim(self->second, &self->answer, 0, 0));
	EXPECT_EQ(0, group_untouched(&self->group, &self->held));
	EXPECT_TRUE(group_is_on(&self->free, TEST_TARGET));
	ASSERT_EQ(0, release(self->second, &self->answer));
	EXPECT_EQ(0, snapshot_compare(&self->before));
}

TEST_F(knobs, C2_T2_a_failure_in_the_free_group_leaves_the_shared_one_alone)
{
	ACQUIRE();
	ASSERT_EQ(0, snapshot_take(&self->held));
	ASSERT_EQ(0, knob(TEST_TARGET, "fail", self->free.bdf[0]));
	EXPECT_EQ(-EIO, acquire(self->control, &self->both));
	EXPECT_EQ(0, error_is(&self->both.error, BINDERY_ERROR_BIND,
			      BINDERY_STEP_BIND, EIO, self->free.bdf[0],
			      TEST_TARGET));
	EXPECT_EQ(1, CLAIMS());
	EXPECT_EQ(BINDERY_GROUP_HELD, STATE());
	EXPECT_EQ(0, group_untouched(&self->group, &self->held));
	EXPECT_EQ(BINDERY_GROUP_FREE,
		  group_state(self->control, self->free.bdf[0]));
	EXPECT_EQ(0, snapshot_compare(&self->held));
	EXPECT_EQ(0, status(self->claim, &self->answer));
}

/* Whichever of two groups it is that is not shared. */
TEST_F(knobs, C2_T2_one_group_that_is_not_shared_refuses_the_claim_on_both)
{
	struct request alone;

	for (int i = 0; i < 2; i++) {
		request_group(&alone, i ? &self->free : &self->group,
			      TEST_TARGET);
		request_group(&self->request, i ? &self->group : &self->free,
			      TEST_TARGET);
		self->request.cmd.flags = BINDERY_ACQUIRE_SHARED;
		ASSERT_LE(0, acquire(self->control, &alone));
		if (i)
			ASSERT_LE(0, acquire(self->control, &self->request));
		ASSERT_EQ(0, snapshot_take(&self->held));
		EXPECT_EQ(-EBUSY, acquire(self->control, &self->both));
		EXPECT_EQ(BINDERY_ERROR_BUSY, self->both.error.out_code);
		EXPECT_EQ(0, snapshot_compare_untouched(&self->held));
		EXPECT_EQ(1, CLAIMS());
		EXPECT_EQ(i, claims_of(self->control, self->free.bdf[0]));
		close_claims(self->control, self->first);
		EXPECT_TRUE(wait_until(!claims_of(self->control,
						  self->free.bdf[0])));
	}
}

TEST_HARNESS_MAIN
