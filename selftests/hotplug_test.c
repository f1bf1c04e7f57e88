// SPDX-License-Identifier: GPL-2.0-only
/*
 * Devices that come to a group: while it is claimed they go to the target
 * before any other driver is offered them, else to their native driver.
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kselftest_harness.h"
#include "delegation.h"
#include "hotplug.h"

HOTPLUG_FIXTURE(hotplug)

TEST_F_TIMEOUT(hotplug, W1_a_newcomer_joins_vfio_by_its_first_probe, 36000)
{
	const struct plug *plug = self->hp.newcomer;
	int rounds = num_rounds(25);

	for (int i = 0; i < rounds; i++) {
		if (!plug->probe)
			ASSERT_EQ(0, probes_watch(plug));
		ACQUIRE();
		ASSERT_EQ(0, comes_to(&self->hp, VFIO_PCI)) {
			TH_LOG("in round %d", i);
		}
		ASSERT_EQ(0, release(self->hp.claim, &self->hp.answer));
		close_claim(self->hp.claim);
		ASSERT_TRUE(wait_until(came_back(plug)));
		/* Without this nothing above would have been seen. */
		ASSERT_LT(0, probes_of(plug));
		ASSERT_EQ(0, plug_out(self->hp.qmp, plug));
		ASSERT_EQ(0, snapshot_compare(&self->hp.before));
	}
}

TEST_F_TIMEOUT(hotplug, W1_newcomers_come_and_go_under_one_claim, 36000)
{
	const struct plug *plug = self->hp.newcomer;
	struct bindery_ioc_member *member;
	int rounds = num_rounds(100);

	ACQUIRE();
	for (int i = 0; i < rounds; i++) {
		ASSERT_EQ(0, comes_to(&self->hp, VFIO_PCI)) {
			TH_LOG("in round %d", i);
		}
		member = status_member(self->hp.claim, plug->bdf,
				       &self->hp.answer);
		ASSERT_NE(NULL, member);
		EXPECT_EQ(0, member->out_flags & BINDERY_MEMBER_REMOVED);
		ASSERT_EQ(0, plug_out(self->hp.qmp, plug));
		EXPECT_EQ(BINDERY_GROUP_HELD, STATE());
	}
	EXPECT_EQ(0, release(self->hp.claim, &self->hp.answer));
}

TEST_F(hotplug, W1_a_newcomer_can_be_used_through_vfio)
{
	ACQUIRE();
	ASSERT_EQ(0, comes_to(&self->hp, VFIO_PCI));
	ASSERT_EQ(0, vfio_open(&self->hp.user, self->hp.newcomer->bdf));
	EXPECT_EQ(-EBUSY, release(self->hp.claim, &self->hp.answer));
	EXPECT_EQ(BINDERY_ERROR_IN_USE, self->hp.answer.error.out_code);
	vfio_close(&self->hp.user);
	EXPECT_EQ(0, release(self->hp.claim, &self->hp.answer));
	EXPECT_TRUE(wait_until(came_back(self->hp.newcomer)));
}

/* The request's target, whatever the devices of the request went to. */
TEST_F(hotplug, W1_a_newcomer_goes_to_the_target_of_the_request)
{
	int id = pci_group(self->hp.first->bdf);

	request_endpoints(&self->hp.request, id, TEST_TARGET);
	ACQUIRE();
	EXPECT_EQ(0, comes_to(&self->hp, TEST_TARGET));
	EXPECT_EQ(0, release(self->hp.claim, &self->hp.answer));
	EXPECT_TRUE(wait_until(came_back(self->hp.newcomer)));
	ASSERT_EQ(0, plug_out(self->hp.qmp, self->hp.newcomer));

	request_endpoints(&self->hp.request, id, "");
	strcpy(self->hp.request.devices[0].target, TEST_TARGET);
	ACQUIRE();
	EXPECT_EQ(0, comes_to(&self->hp, VFIO_PCI));
}

TEST_F(hotplug, W1_W6_a_newcomer_is_told_through_poll)
{
	struct pollfd ready = { .events = POLLPRI };
	uint64_t generation;

	ACQUIRE();
	generation = claim_generation(self->hp.claim);
	ready.fd = self->hp.claim;
	EXPECT_EQ(0, poll(&ready, 1, 0));
	ASSERT_EQ(0, comes_to(&self->hp, VFIO_PCI));
	EXPECT_EQ(1, poll(&ready, 1, WAIT_SECONDS * 1000));
	EXPECT_EQ(POLLPRI, ready.revents);
	EXPECT_NE(generation, claim_generation(self->hp.claim));
	ASSERT_EQ(0, plug_out(self->hp.qmp, self->hp.newcomer));
	EXPECT_EQ(1, poll(&ready, 1, WAIT_SECONDS * 1000));
	EXPECT_EQ(POLLPRI, ready.revents);
}

TEST_F(hotplug, W1_a_bridge_that_comes_is_left_alone)
{
	const struct plug *bridge = &self->hp.scene->bridge;
	struct bindery_ioc_member *member;

	if (!bridge->id)
		SKIP(return, "no bridge that can be hot-plugged");
	ASSERT_EQ(0, additions_watch());
	ACQUIRE();
	ASSERT_EQ(0, plug_in(self->hp.qmp, bridge));
	ASSERT_TRUE(wait_until(addition_ended() && came_back(bridge)));
	member = status_member(self->hp.claim, bridge->bdf, &self->hp.answer);
	EXPECT_EQ(0, member_compare(member, BINDERY_ROLE_EXEMPT,
				    BINDERY_ACTION_NONE, bridge->native, 0));
	ASSERT_EQ(0, vfio_open(&self->hp.user, self->hp.first->bdf));
	vfio_close(&self->hp.user);
	ASSERT_EQ(0, comes_to(&self->hp, VFIO_PCI));
	ASSERT_EQ(0, plug_out(self->hp.qmp, bridge));
	EXPECT_EQ(0, release(self->hp.claim, &self->hp.answer));
	EXPECT_TRUE(wait_until(came_back(self->hp.newcomer)));
}

/*
 * A device has come, and the bus has not offered it to any driver yet, when a
 * claim takes it for one without a driver. It must not stay without one.
 */
TEST_F(hotplug, W1_one_that_is_claimed_before_its_first_probe_gets_it_after)
{
	const struct plug *plug = self->hp.newcomer;
	static const uint32_t flags[] = { 0, BINDERY_ACQUIRE_COMPANIONS };

	if (strcmp(plug->native, TEST_NATIVE))
		SKIP(return, "only the test driver can be made to wait");
	for (unsigned int i = 0; i < ARRAY_SIZE(flags); i++) {
		self->hp.request.cmd.flags = flags[i];
		knob(TEST_NATIVE, "hold_add", plug->bdf);
		ASSERT_EQ(0, plug_in(self->hp.qmp, plug));
		ASSERT_TRUE(knob_holds(TEST_NATIVE));
		/* The release offers it too soon; so it counts for the next. */
		self->hp.claim = acquire(self->hp.control, &self->hp.request);
		ASSERT_LE(0, self->hp.claim);
		ASSERT_EQ(0, release(self->hp.claim, &self->hp.answer));
		close_claim(self->hp.claim);
		EXPECT_NE(0, is_natural(plug));
		self->hp.claim = acquire(self->hp.control, &self->hp.request);
		knob(TEST_NATIVE, "hold_add", "");
		ASSERT_LE(0, self->hp.claim);
		ASSERT_TRUE(wait_until(!knob_read(TEST_NATIVE, "waiting")));
		ASSERT_EQ(0, release(self->hp.claim, &self->hp.answer));
		close_claim(self->hp.claim);
		EXPECT_TRUE(wait_until(came_back(plug)));
		ASSERT_EQ(0, plug_out(self->hp.qmp, plug));
	}
	self->hp.request.cmd.flags = 0;
}

/* Until then the PCI core is still giving it its resources. */
TEST_F(hotplug, W1_one_that_no_driver_may_have_yet_is_not_bound)
{
	const struct plug *plug = self->hp.newcomer;

	if (strcmp(plug->native, TEST_NATIVE))
		SKIP(return, "only the test driver can be made to wait");
	request_add(&self->hp.request, plug->bdf);
	knob(TEST_NATIVE, "hold_add", plug->bdf);
	ASSERT_EQ(0, plug_in(self->hp.qmp, plug));
	ASSERT_TRUE(knob_holds(TEST_NATIVE));
	EXPECT_EQ(-EAGAIN, acquire(self->hp.control, &self->hp.request));
	EXPECT_EQ(0, error_is(&self->hp.request.error, BINDERY_ERROR_CHANGED,
			      BINDERY_STEP_BIND, EAGAIN, plug->bdf, VFIO_PCI));
	EXPECT_EQ(BINDERY_GROUP_FREE, STATE());
	knob(TEST_NATIVE, "hold_add", "");
	EXPECT_TRUE(wait_until(came_back(plug)));
	ACQUIRE();
	EXPECT_TRUE(pci_is_on(plug->bdf, VFIO_PCI));
	EXPECT_EQ(0, release(self->hp.claim, &self->hp.answer));
	EXPECT_TRUE(wait_until(came_back(plug)));
}

/* The bus gives it a driver while the release notes that it has none yet. */
TEST_F(hotplug, W1_one_that_had_a_driver_meanwhile_counts_as_probed)
{
	const struct plug *plug = self->hp.newcomer;
	char hold[64];

	if (strcmp(plug->native, TEST_NATIVE))
		SKIP(return, "only the test driver can be made to wait");
	ASSERT_EQ(0, module_load(TEST_HOLD));
	knob(TEST_NATIVE, "hold_add", plug->bdf);
	ASSERT_EQ(0, plug_in(self->hp.qmp, plug));
	ASSERT_TRUE(knob_holds(TEST_NATIVE));
	ACQUIRE();
	snprintf(hold, sizeof(hold), "bindery_note_arrival %s", plug->bdf);
	ASSERT_EQ(0, knob(TEST_HOLD, "hold", hold));
	close_claim(self->hp.claim);
	ASSERT_TRUE(knob_holds(TEST_HOLD));
	knob(TEST_NATIVE, "hold_add", "");
	EXPECT_TRUE(wait_until(!is_natural(plug)));
	knob(TEST_HOLD, "hold", "");
	ASSERT_TRUE(wait_until(STATE() == BINDERY_GROUP_FREE));

	ASSERT_EQ(0, pci_unbind(plug->bdf));
	ACQUIRE();
	EXPECT_EQ(0, release(self->hp.claim, &self->hp.answer));
	EXPECT_TRUE(pci_is_on(plug->bdf, ""));
	ASSERT_EQ(0, pci_bind(plug->bdf, TEST_NATIVE));
}

TEST_F(hotplug, W1_a_newcomer_to_a_free_or_reserved_group_is_left_alone)
{
	EXPECT_EQ(0, comes_naturally(&self->hp));
	ASSERT_EQ(0, plug_out(self->hp.qmp, self->hp.newcomer));
	self->hp.request.cmd.flags = BINDERY_ACQUIRE_RESERVE_ONLY;
	ACQUIRE();
	EXPECT_EQ(0, comes_naturally(&self->hp));
	EXPECT_EQ(BINDERY_GROUP_RESERVED, STATE());
}

/* It came to the reservation: the request decides as if it had been there. */
TEST_F(hotplug, W1_T15_the_second_half_meets_who_came_after_the_first)
{
	struct bindery_ioc_member *member;

	self->hp.request.cmd.flags = BINDERY_ACQUIRE_RESERVE_ONLY;
	ACQUIRE();
	ASSERT_EQ(0, comes_naturally(&self->hp));
	EXPECT_EQ(-EBUSY, bind_claim(self->hp.claim, &self->hp.answer, 0, 0));
	EXPECT_EQ(0, error_is(&self->hp.answer.error, BINDERY_ERROR_UNDECLARED,
			      BINDERY_STEP_VALIDATE, EBUSY,
			      self->hp.newcomer->bdf));
	EXPECT_EQ(BINDERY_GROUP_RESERVED, STATE());
	close_claim(self->hp.claim);
	ASSERT_TRUE(wait_until(hotplug_is(&self->hp, BINDERY_GROUP_FREE)));
	ASSERT_EQ(0, plug_out(self->hp.qmp, self->hp.newcomer));

	self->hp.request.cmd.flags |= BINDERY_ACQUIRE_COMPANIONS;
	ACQUIRE();
	ASSERT_EQ(0, comes_naturally(&self->hp));
	EXPECT_EQ(0, bind_claim(self->hp.claim, &self->hp.answer, 0, 0));
	member = status_member(self->hp.claim, self->hp.newcomer->bdf,
			       &self->hp.answer);
	EXPECT_EQ(0, member_compare(member, BINDERY_ROLE_COMPANION,
				    BINDERY_ACTION_MOVE, VFIO_PCI, 0));
	EXPECT_EQ(0, release(self->hp.claim, &self->hp.answer));
	EXPECT_EQ(0, is_natural(self->hp.newcomer));
}

TEST_F(hotplug, W1_a_newcomer_to_a_kept_group)
{
	self->hp.request.cmd.flags = BINDERY_ACQUIRE_KEEP;
	ACQUIRE();
	close_claim(self->hp.claim);
	ASSERT_TRUE(wait_until(hotplug_is(&self->hp, BINDERY_GROUP_KEPT)));
	EXPECT_EQ(0, comes_to(&self->hp, VFIO_PCI));
	EXPECT_EQ(BINDERY_GROUP_KEPT, STATE());
	EXPECT_EQ(0, recover(self->hp.control, BINDERY_RECOVER_RELEASE, NULL,
			     self->hp.newcomer->bdf, &self->hp.answer));
	EXPECT_TRUE(wait_until(came_back(self->hp.newcomer)));
}

TEST_F(hotplug, W1_C2_a_newcomer_stays_until_the_last_of_the_claims_goes)
{
	int second;

	self->hp.request.cmd.flags = BINDERY_ACQUIRE_SHARED;
	ACQUIRE();
	second = acquire(self->hp.control, &self->hp.request);
	ASSERT_LE(0, second);
	EXPECT_EQ(0, comes_to(&self->hp, VFIO_PCI));
	EXPECT_EQ(0, release(self->hp.claim, &self->hp.answer));
	EXPECT_TRUE(pci_is_on(self->hp.newcomer->bdf, VFIO_PCI));
	EXPECT_EQ(BINDERY_GROUP_HELD, STATE());
	EXPECT_EQ(0, release(second, &self->hp.answer));
	EXPECT_TRUE(wait_until(came_back(self->hp.newcomer)));
}

TEST_F(hotplug, W1_C6_a_newcomer_to_an_adopted_group)
{
	const struct scene *scene = self->hp.scene;

	for (unsigned int i = 0; i < scene->num_members; i++)
		ASSERT_EQ(0, pci_move(scene->members[i].bdf, VFIO_PCI));
	self->hp.claim = adopt(self->hp.control, &self->hp.request);
	ASSERT_LE(0, self->hp.claim);
	EXPECT_EQ(0, comes_to(&self->hp, VFIO_PCI));
	EXPECT_EQ(0, release(self->hp.claim, &self->hp.answer));
	EXPECT_TRUE(wait_until(came_back(self->hp.newcomer)));
	for (unsigned int i = 0; i < scene->num_members; i++) {
		EXPECT_TRUE(pci_is_on(scene->members[i].bdf, VFIO_PCI));
		EXPECT_EQ(0, pci_move(scene->members[i].bdf,
				      scene->members[i].native));
		EXPECT_EQ(0, pci_override(scene->members[i].bdf, ""));
	}
}

/* Released, but somebody still has this of a device. */
static int drains_with(FIXTURE_DATA(hotplug) *self, enum vfio_part part)
{
	long closed, took;
	int wrong;

	self->hp.claim = acquire(self->hp.control, &self->hp.request);
	if (self->hp.claim < 0 ||
	    vfio_hold(&self->hp.user, self->hp.first->bdf, part))
		return -1;
	close_claim(self->hp.claim);
	if (!wait_until(hotplug_is(&self->hp, BINDERY_GROUP_DRAINING)))
		return -1;
	wrong = comes_to(&self->hp, VFIO_PCI) +
		not_held(&self->hp, VFIO_PCI) +
		!hotplug_is(&self->hp, BINDERY_GROUP_DRAINING);
	vfio_close(&self->hp.user);
	closed = clock_ms();
	if (!wait_until(hotplug_is(&self->hp, BINDERY_GROUP_FREE)) ||
	    !wait_until(came_back(self->hp.newcomer)))
		return -1;
	took = clock_ms() - closed;
	note("restored %ld ms after the last close", took);
	return wrong + (took > RESTORED_MS);
}

TEST_F(hotplug, W1_a_newcomer_to_a_draining_group)
{
	EXPECT_EQ(0, drains_with(self, VFIO_PART_DEVICE));
}

TEST_F(hotplug, W1_a_newcomer_to_a_group_that_drains_for_a_copied_file)
{
	EXPECT_EQ(0, drains_with(self, VFIO_PART_COPY));
}

TEST_F(hotplug, W1_a_newcomer_to_a_group_that_drains_for_a_mapping)
{
	EXPECT_EQ(0, drains_with(self, VFIO_PART_MAPPING));
}

TEST_F(hotplug, W1_a_newcomer_to_a_group_that_drains_without_a_device)
{
	EXPECT_EQ(0, drains_with(self, VFIO_PART_GROUP));
}

static bool is_busy(struct hotplug *hp, int ret)
{
	return ret == -EBUSY &&
	       hp->answer.error.out_code == BINDERY_ERROR_BUSY;
}

/*
 * Told: what it returns, and whether it tells of the newcomer. The parent's
 * look whether it waits may be in its way.
 */
static int wait_and_release(int socket, void *arg)
{
	struct hotplug *hp = arg;
	struct answer *answer = &hp->answer;
	int ret;

	/* What the parent has open is not to be in use by a child. */
	vfio_close(&hp->user);
	do
		ret = release_with(hp->claim, answer, BINDERY_RELEASE_WAIT, 0,
				   0);
	while (is_busy(hp, ret));
	tell(socket, ret);
	return !member_of(answer->members, answer->num_members,
			  hp->newcomer->bdf);
}

/* Only one RELEASE at a time. */
static bool is_releasing(struct hotplug *hp)
{
	return is_busy(hp, release(hp->claim, &hp->answer));
}

/* Somebody has the first member, and a RELEASE waits for him. */
static int release_waits(struct hotplug *hp)
{
	return vfio_open(&hp->user, hp->first->bdf) ||
	       child_start(&hp->child, wait_and_release, hp) ||
	       !wait_until(is_releasing(hp)) ? -1 : 0;
}

TEST_F(hotplug, W1_C9_a_release_that_waited_tells_of_who_came_meanwhile)
{
	int ret = -1;

	ACQUIRE();
	ASSERT_EQ(0, release_waits(&self->hp));
	EXPECT_EQ(0, comes_to(&self->hp, VFIO_PCI));
	vfio_close(&self->hp.user);
	EXPECT_EQ(0, hear(self->hp.child.socket, &ret));
	EXPECT_EQ(0, ret);
	EXPECT_EQ(0, child_wait(&self->hp.child));
	EXPECT_TRUE(wait_until(came_back(self->hp.newcomer)));
}

/* It comes once the members to be told of are chosen, before the end. */
TEST_F(hotplug, W1_C9_a_release_tells_of_who_comes_in_the_last_moment)
{
	int ret = -1;

	ASSERT_EQ(0, module_load(TEST_HOLD));
	ACQUIRE();
	ASSERT_EQ(0, knob(TEST_HOLD, "hold", "bindery_claim_end_told"));
	ASSERT_EQ(0, child_start(&self->hp.child, wait_and_release,
				 &self->hp));
	EXPECT_TRUE(knob_holds(TEST_HOLD));
	EXPECT_EQ(0, comes_to(&self->hp, VFIO_PCI));
	knob(TEST_HOLD, "hold", "");
	EXPECT_EQ(0, hear(self->hp.child.socket, &ret));
	EXPECT_EQ(0, ret);
	EXPECT_EQ(0, child_wait(&self->hp.child));
	EXPECT_TRUE(wait_until(came_back(self->hp.newcomer)));
}

/* The group is restored already, and knows nobody any more. */
TEST_F(hotplug, W1_C9_a_release_that_is_late_tells_of_who_came_before)
{
	const char *bdf = self->hp.newcomer->bdf;
	struct bindery_ioc_revoke revoke;
	struct bindery_ioc_error error;
	struct delegated delegated;
	int file, ret = 0;

	ASSERT_EQ(0, module_load(TEST_HOLD));
	delegated_init(&delegated, ALL, self->hp.first->bdf, NULL);
	file = give(self->hp.control, &delegated);
	ASSERT_LE(0, file);
	self->hp.claim = acquire(file, &self->hp.request);
	ASSERT_LE(0, self->hp.claim);
	ASSERT_EQ(0, comes_to(&self->hp, VFIO_PCI));
	ASSERT_EQ(0, pci_override(bdf, "somebody"));
	ASSERT_EQ(0, release_waits(&self->hp));
	ASSERT_EQ(0, knob(TEST_HOLD, "hold", "bindery_claim_plan"));
	EXPECT_EQ(0, revoke_with(self->hp.control, &revoke, &error, NO_ID, file,
				 BINDERY_REVOKE_RELEASE, 0));
	vfio_close(&self->hp.user);
	EXPECT_TRUE(knob_holds(TEST_HOLD));
	EXPECT_TRUE(wait_until(hotplug_is(&self->hp, BINDERY_GROUP_FREE)));
	knob(TEST_HOLD, "hold", "");
	EXPECT_EQ(0, hear(self->hp.child.socket, &ret));
	EXPECT_EQ(-EBUSY, ret);
	EXPECT_EQ(0, child_wait(&self->hp.child));
	close(file);
	EXPECT_EQ(0, pci_override(bdf, ""));
}

/* Its DMA, above all: the group was not the kernel's own when it came. */
TEST_F_TIMEOUT(hotplug, W1_a_newcomer_beside_a_vfio_user_works_with_its_driver,
	       200)
{
	const struct plug *plug = self->hp.first;

	ACQUIRE();
	ASSERT_EQ(0, vfio_open(&self->hp.user, self->hp.last->bdf));
	ASSERT_EQ(0, plug_out(self->hp.qmp, plug));
	ASSERT_EQ(0, plug_in(self->hp.qmp, plug));
	ASSERT_TRUE(wait_until(pci_is_on(plug->bdf, VFIO_PCI)));
	vfio_close(&self->hp.user);
	EXPECT_EQ(0, release(self->hp.claim, &self->hp.answer));
	EXPECT_TRUE(wait_until(came_back(plug)));
}

/* From the root bus through each bridge, as sysfs nests them. */
static int path_to(const char *bdf, struct bindery_ioc_device *path)
{
	char link[300], target[512];
	struct bindery_ioc_bdf step;
	char *rest = target, *name;
	ssize_t len;

	snprintf(link, sizeof(link), "/sys/bus/pci/devices/%s", bdf);
	len = readlink(link, target, sizeof(target) - 1);
	if (len < 0)
		return -errno;
	target[len] = 0;
	memset(path, 0, sizeof(*path));
	path->address = BINDERY_ADDRESS_PATH;
	while ((name = strsep(&rest, "/"))) {
		if (strlen(name) != strlen("0000:00:00.0"))
			continue;
		step = pci_address(name);
		path->steps[path->num_steps++] = step.slot << 3 | step.function;
	}
	return 0;
}

/* A path names a place: whoever is there when it is asked. */
TEST_F(hotplug, A1_a_path_leads_to_whoever_is_there_now)
{
	struct bindery_ioc_device path;
	char found[BDF_SIZE];

	ASSERT_EQ(0, comes_naturally(&self->hp));
	ASSERT_EQ(0, path_to(self->hp.newcomer->bdf, &path));
	EXPECT_EQ(0, show_device(self->hp.control, &path, &self->hp.answer));
	EXPECT_EQ(pci_group(self->hp.newcomer->bdf),
		  self->hp.answer.show.out_group);
	ASSERT_EQ(0, plug_out(self->hp.qmp, self->hp.newcomer));
	EXPECT_EQ(-ENODEV, show_device(self->hp.control, &path,
				       &self->hp.answer));
	EXPECT_EQ(BINDERY_ERROR_NO_DEVICE, self->hp.answer.error.out_code);

	request_init(&self->hp.request, "");
	self->hp.request.cmd.flags = BINDERY_ACQUIRE_COMPANIONS;
	self->hp.request.cmd.num_devices = 1;
	self->hp.request.devices[0] = path;
	EXPECT_EQ(-ENODEV, acquire(self->hp.control, &self->hp.request));
	EXPECT_EQ(BINDERY_ERROR_NO_DEVICE, self->hp.request.error.out_code);
	ASSERT_EQ(0, comes_naturally(&self->hp));
	ACQUIRE();
	for (unsigned int i = 0; i < self->hp.request.cmd.num_members; i++) {
		pci_text(&self->hp.request.members[i].out_device, found);
		EXPECT_EQ(!strcmp(found, self->hp.newcomer->bdf),
			  self->hp.request.members[i].out_role ==
			  BINDERY_ROLE_REQUESTED);
	}
	EXPECT_EQ(0, release(self->hp.claim, &self->hp.answer));
}

static unsigned int id_of(const char *bdf, const char *which)
{
	text_t text;

	return pci_read(bdf, which, text) ? 0 : strtoul(text, NULL, 16);
}

/* Another device has come to the address of the one that is wanted. */
TEST_F(hotplug, A7_another_device_at_the_same_address_is_refused)
{
	struct bindery_ioc_device *wanted = &self->hp.request.devices[0];

	ASSERT_EQ(0, comes_naturally(&self->hp));
	request_init(&self->hp.request, "");
	request_add(&self->hp.request, self->hp.newcomer->bdf);
	self->hp.request.cmd.flags = BINDERY_ACQUIRE_COMPANIONS;
	wanted->flags = BINDERY_EXPECT_ID;
	wanted->vendor = id_of(self->hp.newcomer->bdf, "vendor");
	wanted->device_id = id_of(self->hp.newcomer->bdf, "device");
	EXPECT_EQ(0, check(self->hp.control, &self->hp.request));
	ASSERT_EQ(0, plug_out(self->hp.qmp, self->hp.newcomer));
	ASSERT_EQ(0, qmp_device_add(self->hp.qmp,
				    self->hp.scene->newcomer_otherwise));
	ASSERT_TRUE(wait_until(pci_exists(self->hp.newcomer->bdf)));
	ASSERT_TRUE(wait_until(!pci_is_on(self->hp.newcomer->bdf, "")));
	EXPECT_EQ(-ENODEV, acquire(self->hp.control, &self->hp.request));
	EXPECT_EQ(0, error_is(&self->hp.request.error, BINDERY_ERROR_IDENTITY,
			      BINDERY_STEP_RESOLVE, ENODEV,
			      self->hp.newcomer->bdf));
	EXPECT_TRUE(is_overridden(self->hp.newcomer->bdf, ""));
	EXPECT_FALSE(pci_is_on(self->hp.newcomer->bdf, VFIO_PCI));
}

TEST_HARNESS_MAIN
