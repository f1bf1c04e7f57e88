// SPDX-License-Identifier: GPL-2.0-only
/*
 * Devices that come to a group in the middle of a driver's callback, or when
 * one has failed: for test drivers, which can be told so.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "kselftest_harness.h"
#include "delegation.h"
#include "hotplug.h"

#define SHORT_DEADLINE	200
/* An ACQUIRE needs far less, and a repair that is held waits for it. */
#define REPAIR_MS	5000
#define FAR_MS		120000

HOTPLUG_FIXTURE(hotplug_held)

TEST_F(hotplug_held, W1_a_newcomer_while_members_leave_their_drivers)
{
	int ret;

	ASSERT_EQ(0, knob(TEST_NATIVE, "hold_remove", self->hp.first->bdf));
	ASSERT_EQ(0, acquire_in_child(&self->hp.child, self->hp.control,
				      &self->hp.request));
	ASSERT_TRUE(knob_holds(TEST_NATIVE));
	EXPECT_EQ(BINDERY_GROUP_BINDING, STATE());
	EXPECT_EQ(0, comes_to(&self->hp, VFIO_PCI));
	ASSERT_EQ(0, knob(TEST_NATIVE, "hold_remove", ""));
	ASSERT_EQ(0, hear(self->hp.child.socket, &ret));
	EXPECT_LE(0, ret);
	EXPECT_EQ(BINDERY_GROUP_HELD, STATE());
	ASSERT_EQ(0, show(self->hp.control, self->hp.first->bdf,
			  &self->hp.answer));
	EXPECT_EQ(0, not_taken(member_of(self->hp.answer.members,
					 self->hp.answer.num_members,
					 self->hp.newcomer->bdf),
			       self->hp.newcomer, VFIO_PCI));
	child_kill(&self->hp.child);
	EXPECT_TRUE(wait_until(came_back(self->hp.newcomer)));
}

TEST_F(hotplug_held, W1_a_newcomer_to_a_transaction_that_fails)
{
	int ret;

	request_endpoints(&self->hp.request, pci_group(self->hp.first->bdf),
			  TEST_TARGET);
	ASSERT_EQ(0, knob(TEST_TARGET, "fail", self->hp.last->bdf));
	ASSERT_EQ(0, knob(TEST_TARGET, "hold_probe", self->hp.last->bdf));
	ASSERT_EQ(0, acquire_in_child(&self->hp.child, self->hp.control,
				      &self->hp.request));
	ASSERT_TRUE(knob_holds(TEST_TARGET));
	EXPECT_EQ(0, comes_to(&self->hp, TEST_TARGET));
	ASSERT_EQ(0, knob(TEST_TARGET, "hold_probe", ""));
	ASSERT_EQ(0, hear(self->hp.child.socket, &ret));
	EXPECT_EQ(-EIO, ret);
	child_kill(&self->hp.child);
	EXPECT_EQ(BINDERY_GROUP_FREE, STATE());
	EXPECT_TRUE(wait_until(came_back(self->hp.newcomer)));
}

/* Whoever comes that late stays out of it. */
static int comes_late(struct hotplug *hp)
{
	const struct plug *plug = hp->newcomer;

	if (additions_watch() || plug_in(hp->qmp, plug) ||
	    !wait_until(addition_ended()))
		return -1;
	if (!is_overridden(plug->bdf, "") || pci_is_on(plug->bdf, VFIO_PCI))
		return -1;
	knob(TEST_NATIVE, "hold_probe", "");
	if (!wait_until(hotplug_is(hp, BINDERY_GROUP_FREE)))
		return -1;
	return wait_until(came_back(plug)) ? 0 : -1;
}

TEST_F(hotplug_held, W1_a_newcomer_to_a_restore)
{
	ACQUIRE();
	ASSERT_EQ(0, knob(TEST_NATIVE, "hold_probe", self->hp.first->bdf));
	close_claim(self->hp.claim);
	ASSERT_TRUE(knob_holds(TEST_NATIVE));
	EXPECT_EQ(BINDERY_GROUP_RESTORING, STATE());
	EXPECT_EQ(0, comes_late(&self->hp));
}

TEST_F(hotplug_held, W1_a_newcomer_to_a_restore_that_is_stuck)
{
	ACQUIRE();
	ASSERT_EQ(0, knob(TEST_NATIVE, "hold_probe", self->hp.first->bdf));
	EXPECT_EQ(-ETIMEDOUT, release_within(self->hp.claim, &self->hp.answer,
					     SHORT_DEADLINE));
	ASSERT_TRUE(knob_holds(TEST_NATIVE));
	ASSERT_TRUE(wait_until(hotplug_is(&self->hp, BINDERY_GROUP_STUCK)));
	EXPECT_EQ(0, comes_late(&self->hp));
}

/* Nobody gives the group back: it is what it was, and takes who comes. */
TEST_F(hotplug_held, W1_W3_a_newcomer_to_a_repair_that_is_stuck)
{
	const char *first = self->hp.first->bdf;

	request_endpoints(&self->hp.request, pci_group(first), TEST_TARGET);
	self->hp.request.cmd.deadline_ms = REPAIR_MS;
	ACQUIRE();
	ASSERT_EQ(0, pci_unbind(first));
	ASSERT_EQ(0, knob(TEST_TARGET, "hold_probe", first));
	EXPECT_NE(0, recover_with(self->hp.control, BINDERY_RECOVER_REPAIR,
				  NULL, first, &self->hp.answer, 0,
				  SHORT_DEADLINE));
	ASSERT_TRUE(knob_holds(TEST_TARGET));
	ASSERT_TRUE(wait_until(hotplug_is(&self->hp, BINDERY_GROUP_STUCK)));
	EXPECT_EQ(0, comes_to(&self->hp, TEST_TARGET));
	ASSERT_EQ(0, knob(TEST_TARGET, "hold_probe", ""));
	EXPECT_TRUE(wait_until(hotplug_is(&self->hp, BINDERY_GROUP_HELD)));
	EXPECT_EQ(0, not_held(&self->hp, TEST_TARGET));
	EXPECT_EQ(0, release(self->hp.claim, &self->hp.answer));
	EXPECT_TRUE(wait_until(came_back(self->hp.newcomer)));
}

TEST_F(hotplug_held, W1_a_newcomer_to_a_degraded_group)
{
	ACQUIRE();
	ASSERT_EQ(0, knob(TEST_NATIVE, "fail", self->hp.first->bdf));
	EXPECT_EQ(-EIO, release(self->hp.claim, &self->hp.answer));
	EXPECT_EQ(BINDERY_GROUP_DEGRADED, STATE());
	EXPECT_EQ(0, comes_naturally(&self->hp));
	ASSERT_EQ(0, knob(TEST_NATIVE, "fail", ""));
	EXPECT_EQ(0, recover(self->hp.control, BINDERY_RECOVER_REPAIR, NULL,
			     self->hp.first->bdf, &self->hp.answer));
	EXPECT_EQ(BINDERY_GROUP_FREE, STATE());
}

/* Its native driver refuses it: that is nobody else's loss. */
TEST_F(hotplug_held, W1_a_newcomer_whose_native_driver_refuses_it)
{
	ACQUIRE();
	ASSERT_EQ(0, comes_to(&self->hp, VFIO_PCI));
	ASSERT_EQ(0, knob(TEST_NATIVE, "fail", self->hp.newcomer->bdf));
	EXPECT_EQ(0, release(self->hp.claim, &self->hp.answer));
	EXPECT_TRUE(wait_until(knob_count(TEST_NATIVE, "probe",
					  self->hp.newcomer->bdf) > 0));
	EXPECT_TRUE(is_overridden(self->hp.newcomer->bdf, ""));
	EXPECT_EQ(BINDERY_GROUP_FREE, STATE());
}

/* The target's probe fails: it is left without a driver, and told. */
TEST_F(hotplug_held, W1_a_newcomer_whom_the_target_refuses)
{
	struct bindery_ioc_member *member;

	request_endpoints(&self->hp.request, pci_group(self->hp.first->bdf),
			  TEST_TARGET);
	ACQUIRE();
	ASSERT_EQ(0, knob(TEST_TARGET, "fail", self->hp.newcomer->bdf));
	ASSERT_EQ(0, plug_in(self->hp.qmp, self->hp.newcomer));
	ASSERT_TRUE(wait_until(knob_count(TEST_TARGET, "probe",
					  self->hp.newcomer->bdf) == 1));
	EXPECT_TRUE(is_overridden(self->hp.newcomer->bdf, TEST_TARGET));
	member = status_member(self->hp.claim, self->hp.newcomer->bdf,
			       &self->hp.answer);
	EXPECT_EQ(0, member_compare(member, BINDERY_ROLE_ADDED,
				    BINDERY_ACTION_MOVE, "", 0));
	ASSERT_EQ(0, vfio_open(&self->hp.user, self->hp.first->bdf));
	vfio_close(&self->hp.user);
	EXPECT_EQ(0, release(self->hp.claim, &self->hp.answer));
	EXPECT_TRUE(wait_until(came_back(self->hp.newcomer)));
}

/* One target for who comes, another for who is there. */
static void request_targets(struct request *request, const char *bdf,
			    const char *coming, const char *there)
{
	request_endpoints(request, pci_group(bdf), coming);
	for (unsigned int i = 0; i < request->cmd.num_devices; i++)
		strcpy(request->devices[i].target, there);
}

static int comes_to_be_parked(struct hotplug *hp)
{
	struct bindery_ioc_member *member;

	if (plug_in(hp->qmp, hp->newcomer) ||
	    !wait_until(is_overridden(hp->newcomer->bdf, "bindery-parked")))
		return -1;
	member = status_member(hp->claim, hp->newcomer->bdf, &hp->answer);
	return member_compare(member, BINDERY_ROLE_ADDED, BINDERY_ACTION_PARK,
			      "", 0);
}

/* Others cannot be kept from opening it. */
TEST_F(hotplug_held, L2_W1_a_newcomer_whose_target_has_no_gate_is_parked)
{
	request_targets(&self->hp.request, self->hp.first->bdf, VFIO_PCI,
			SEALED);
	self->hp.request.cmd.flags = BINDERY_ACQUIRE_SEALED |
				     BINDERY_ACQUIRE_HOLDERS_ONLY;
	ACQUIRE();
	EXPECT_EQ(0, comes_to_be_parked(&self->hp));
	EXPECT_EQ(0, release(self->hp.claim, &self->hp.answer));
	EXPECT_TRUE(wait_until(came_back(self->hp.newcomer)));
}

/* The target that nobody present goes to is no VFIO driver. */
TEST_F(hotplug_held, T6_W1_a_newcomer_whose_target_is_not_for_it_is_parked)
{
	request_targets(&self->hp.request, self->hp.first->bdf, TEST_NATIVE,
			VFIO_PCI);
	ACQUIRE();
	EXPECT_EQ(0, comes_to_be_parked(&self->hp));
	EXPECT_EQ(0, knob_count(TEST_NATIVE, "probe", self->hp.newcomer->bdf));
	EXPECT_EQ(0, release(self->hp.claim, &self->hp.answer));
	EXPECT_TRUE(wait_until(came_back(self->hp.newcomer)));
}

/* Its struct is freed with its last reference. */
#define FORGET	"pci_release_dev"

/* Another process is at it. */
static bool is_busy(struct hotplug *hp, uint32_t flags, int *ret)
{
	*ret = release_with(hp->claim, &hp->answer, flags, FAR_MS, 0);
	return *ret == -EBUSY &&
	       hp->answer.error.out_code == BINDERY_ERROR_BUSY;
}

/* The parent's look whether it is waiting may have been in its way. */
static int wait_and_release(int socket, void *arg)
{
	struct hotplug *hp = arg;
	int ret;

	/* What the parent has open is not to be in use by a child. */
	vfio_close(&hp->user);
	while (is_busy(hp, BINDERY_RELEASE_WAIT, &ret))
		;
	tell(socket, ret);
	return 0;
}

/*
 * A RELEASE waits for a VFIO user. The device that comes then is not among
 * those that it began with; when it looks at that one, REVOKE ends the claim,
 * the group is given back, and the device goes.
 */
TEST_F(hotplug_held, W1_G4_revoke_beside_a_release_that_looks_at_a_newcomer)
{
	static const char look[] = "bindery_device_is_open";
	const struct plug *plug = self->hp.newcomer;
	struct hotplug *hp = &self->hp;
	struct bindery_ioc_revoke revoke;
	struct delegated delegated;
	char hold[64];
	int file, ret;

	ASSERT_EQ(0, module_load(TEST_HOLD));
	/* Who has been given so little has no module loaded. */
	ASSERT_EQ(0, module_load(SEALED_MODULE));
	ASSERT_EQ(0, watch_function(FORGET));
	delegated_init(&delegated, ALL, hp->first->bdf, NULL);
	file = give(hp->control, &delegated);
	ASSERT_LE(0, file);
	hp->request.cmd.flags = BINDERY_ACQUIRE_SEALED;
	hp->claim = acquire(file, &hp->request);
	ASSERT_LE(0, hp->claim);
	ASSERT_EQ(0, vfio_open(&hp->user, hp->first->bdf));
	ASSERT_EQ(0, child_start(&hp->child, wait_and_release, hp));
	ASSERT_TRUE(wait_until(is_busy(hp, 0, &ret)));
	ASSERT_EQ(0, comes_to(hp, SEALED));
	snprintf(hold, sizeof(hold), "%s %s", look, plug->bdf);
	ASSERT_EQ(0, knob(TEST_HOLD, "hold", hold));
	vfio_close(&hp->user);
	ASSERT_TRUE(knob_holds(TEST_HOLD));

	EXPECT_EQ(0, revoke_with(hp->control, &revoke, &delegated.error, NO_ID,
				 file, BINDERY_REVOKE_RELEASE, 0));
	EXPECT_TRUE(wait_until(hotplug_is(hp, BINDERY_GROUP_FREE)));
	EXPECT_TRUE(wait_until(came_back(plug)));
	ASSERT_EQ(0, plug_out(hp->qmp, plug));
	EXPECT_EQ(0, watch_hits(FORGET));
	knob(TEST_HOLD, "hold", "");
	EXPECT_TRUE(wait_until(watch_hits(FORGET) == 1));
	EXPECT_EQ(0, hear(hp->child.socket, &ret));
	EXPECT_EQ(0, ret);
	EXPECT_EQ(0, child_wait(&hp->child));
	close(file);
}

/* Nobody has moved it, so that its one repair is not for this. */
TEST_F(hotplug_held, W1_W3_a_repair_by_itself_leaves_a_newcomer_to_the_bus)
{
	const char *bdf = self->hp.newcomer->bdf;

	self->hp.request.cmd.flags |= BINDERY_ACQUIRE_REPAIR;
	ACQUIRE();
	ASSERT_EQ(0, knob(TEST_NATIVE, "hold_add", bdf));
	ASSERT_EQ(0, plug_in(self->hp.qmp, self->hp.newcomer));
	ASSERT_TRUE(knob_holds(TEST_NATIVE));
	ASSERT_EQ(0, pci_unbind(self->hp.first->bdf));
	EXPECT_TRUE(wait_until(pci_is_on(self->hp.first->bdf, VFIO_PCI)));
	EXPECT_TRUE(wait_until(STATE() == BINDERY_GROUP_HELD));
	EXPECT_TRUE(pci_is_on(bdf, ""));
	knob(TEST_NATIVE, "hold_add", "");
	ASSERT_TRUE(wait_until(pci_is_on(bdf, VFIO_PCI)));
	ASSERT_EQ(0, pci_unbind(bdf));
	EXPECT_TRUE(wait_until(pci_is_on(bdf, VFIO_PCI)));
	EXPECT_EQ(0, release(self->hp.claim, &self->hp.answer));
	EXPECT_TRUE(wait_until(came_back(self->hp.newcomer)));
}

TEST_F(hotplug_held, W1_W3_a_parked_newcomer_is_parked_again_by_a_repair)
{
	const char *bdf = self->hp.newcomer->bdf;

	request_targets(&self->hp.request, self->hp.first->bdf, TEST_NATIVE,
			VFIO_PCI);
	ACQUIRE();
	ASSERT_EQ(0, comes_to_be_parked(&self->hp));
	/* beside a repair that its arrival has led to, and that parks it */
	ASSERT_TRUE(wait_until(!pci_move(bdf, TEST_NATIVE)));
	EXPECT_EQ(0, recover(self->hp.control, BINDERY_RECOVER_REPAIR, NULL,
			     bdf, &self->hp.answer));
	EXPECT_TRUE(pci_is_on(bdf, ""));
	EXPECT_TRUE(is_overridden(bdf, "bindery-parked"));
	EXPECT_EQ(0, release(self->hp.claim, &self->hp.answer));
	EXPECT_TRUE(wait_until(came_back(self->hp.newcomer)));
}

static int unbind_all(const struct scene *scene)
{
	int ret = 0;

	for (unsigned int i = 0; i < scene->num_members; i++)
		ret = ret ?: pci_unbind(scene->members[i].bdf);
	return ret;
}

/*
 * Here, because these are in slots of their own: two first probes of a group at
 * once are too much for VFIO of Linux 6.1.
 */
TEST_F(hotplug_held, W3_recover_binds_one_member_before_the_others)
{
	int probes;

	request_endpoints(&self->hp.request, pci_group(self->hp.first->bdf),
			  TEST_TARGET);
	ACQUIRE();
	ASSERT_EQ(0, unbind_all(self->hp.scene));
	probes = knob_count(TEST_TARGET, "probe", self->hp.last->bdf);
	ASSERT_EQ(0, knob(TEST_TARGET, "hold_probe", self->hp.first->bdf));
	EXPECT_EQ(-ETIMEDOUT, recover_with(self->hp.control,
					   BINDERY_RECOVER_REPAIR, NULL,
					   self->hp.first->bdf,
					   &self->hp.answer, 0,
					   SHORT_DEADLINE));
	EXPECT_TRUE(knob_holds(TEST_TARGET));
	EXPECT_EQ(probes, knob_count(TEST_TARGET, "probe",
				     self->hp.last->bdf));
	ASSERT_EQ(0, knob(TEST_TARGET, "hold_probe", ""));
	EXPECT_TRUE(wait_until(STATE() == BINDERY_GROUP_HELD));
	EXPECT_TRUE(pci_is_on(self->hp.last->bdf, TEST_TARGET));
	EXPECT_EQ(0, release(self->hp.claim, &self->hp.answer));
}

TEST_HARNESS_MAIN
