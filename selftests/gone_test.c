// SPDX-License-Identifier: GPL-2.0-only
/* Groups all of whose members go, and what is left of a claim then. */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>

#include "kselftest_harness.h"
#include "hotplug.h"

/* A slot of two functions: the first one that goes takes the other along. */
static const struct plug slot[] = {
	{ "s0", "driver=edu,id=s0,bus=rp1,addr=0.0,multifunction=on",
	  "0000:01:00.0", TEST_NATIVE },
	{ "s1", "driver=edu,id=s1,bus=rp1,addr=0.1,multifunction=on",
	  "0000:01:00.1", TEST_NATIVE },
};
#define FIRST	(slot[0].bdf)
/* So long the module waits for the rest of a removal. */
#define REMOVAL_MS	200
/* Alone in another group. */
#define OTHER	"0000:0e:00.0"

FIXTURE(gone) {
	int control;
	int claim;
	int qmp;
	int group;
	struct snapshot before;
	struct request request;
	struct answer answer;
	struct vfio_user user;
	struct child child;
	bool adopts;		/* what is on its target already */
};

static int slot_out(int qmp)
{
	int ret = plug_out(qmp, &slot[0]);

	if (ret)
		return ret;
	return wait_until(!pci_exists(slot[1].bdf)) ? 0 : -ETIMEDOUT;
}

static bool is_complete(void)
{
	return pci_exists(slot[0].bdf) && pci_exists(slot[1].bdf) &&
	       !is_natural(&slot[0]) && !is_natural(&slot[1]);
}

/* The functions of a new slot show when there is a first one. */
static int add_slot(int qmp)
{
	/* What lets go of the old ones must not meet new ones. */
	if (!wait_until(!qmp_has_device(qmp, slot[0].id) &&
			!qmp_has_device(qmp, slot[1].id)))
		return -EBUSY;
	return qmp_device_add(qmp, slot[1].properties) ?:
	       qmp_device_add(qmp, slot[0].properties);
}

/* What is left of it would keep the rest from coming, or from being seen. */
static int add_again(int qmp)
{
	for (size_t i = 0; i < ARRAY_SIZE(slot); i++)
		if (qmp_has_device(qmp, slot[i].id))
			qmp_device_del(qmp, slot[i].id);
	return add_slot(qmp);
}

static bool is_plugged_in(int qmp)
{
	return qmp_has_device(qmp, slot[0].id) &&
	       qmp_has_device(qmp, slot[1].id);
}

#define ROUNDS	6

/*
 * A slow kernel may be asked twice to let go of a device that a user holds, and
 * with the second answer goes what came meanwhile: all of it, or one. And its
 * hot-plug driver has been seen to miss one, or both.
 */
static int slot_in(int qmp)
{
	int ret = add_slot(qmp);

	for (int round = 0; !ret && round < ROUNDS; round++) {
		if (wait_within(WAIT_SECONDS / 4, is_complete()))
			return 0;
		if (round % 2 == 0 && is_plugged_in(qmp))
			write_file("/sys/bus/pci/rescan", "1");
		else
			ret = add_again(qmp);
	}
	return ret ?: -ETIMEDOUT;
}

/* The kernel forgets a group when the last one who knows it does. */
static bool group_exists(int group)
{
	char path[64];

	snprintf(path, sizeof(path), "/sys/kernel/iommu_groups/%d", group);
	return !access(path, F_OK);
}

FIXTURE_SETUP(gone)
{
	self->qmp = qmp_open();
	if (self->qmp < 0 || !pci_exists(FIRST) || !pci_exists(OTHER))
		SKIP(return, "no such slot to hot-plug");
	self->control = control_open();
	ASSERT_LE(0, self->control);
	ASSERT_EQ(0, module_load("vfio_pci"));
	ASSERT_EQ(0, module_load(TEST_TARGET));
	knobs_reset();
	ASSERT_EQ(0, snapshot_take(&self->before));
	self->group = pci_group(FIRST);
	request_endpoints(&self->request, self->group, "");
}

FIXTURE_TEARDOWN(gone)
{
	if (self->qmp < 0)
		return;
	knobs_reset();
	close_claims(self->control, FIRST);
	EXPECT_TRUE(wait_until(pci_exists(FIRST) ||
			       !group_exists(self->group)));
	if (!pci_exists(FIRST))
		EXPECT_EQ(0, slot_in(self->qmp));
	EXPECT_EQ(BINDERY_GROUP_FREE, group_state(self->control, FIRST));
	snapshot_renumber(&self->before);
	EXPECT_EQ(0, snapshot_compare(&self->before));
}

static int events_of(int claim, int timeout)
{
	struct pollfd claimed = { .fd = claim, .events = POLLPRI };

	return poll(&claimed, 1, timeout) < 0 ? -errno : claimed.revents;
}

static bool hangs_up(int claim)
{
	return events_of(claim, WAIT_SECONDS * 1000) & POLLHUP;
}

/* How many of the members that STATUS lists have not been removed. */
static int still_there(const struct answer *answer)
{
	int there = 0;

	for (unsigned int i = 0; i < answer->num_members; i++)
		if (!(answer->members[i].out_flags & BINDERY_MEMBER_REMOVED))
			there++;
	return there;
}

TEST_F(gone, W2_W6_a_claim_hangs_up_when_its_group_is_gone)
{
	self->claim = acquire(self->control, &self->request);
	ASSERT_LE(0, self->claim);
	ASSERT_EQ(0, status(self->claim, &self->answer));
	EXPECT_EQ(0, events_of(self->claim, 0));
	ASSERT_EQ(0, slot_out(self->qmp));
	ASSERT_TRUE(wait_until(hangs_up(self->claim)));
	ASSERT_EQ(0, status(self->claim, &self->answer));
	EXPECT_EQ(BINDERY_GROUP_GONE, self->answer.status.out_state);
	EXPECT_EQ(2, self->answer.num_members);
	EXPECT_EQ(0, still_there(&self->answer));
	/* It was seen, but it does not end. */
	EXPECT_TRUE(events_of(self->claim, 0) & POLLHUP);
	EXPECT_TRUE(group_exists(self->group));
	close_claim(self->claim);
	EXPECT_TRUE(wait_until(!group_exists(self->group)));
}

TEST_F(gone, W2_a_gone_group_can_be_released)
{
	self->claim = acquire(self->control, &self->request);
	ASSERT_LE(0, self->claim);
	ASSERT_EQ(0, slot_out(self->qmp));
	ASSERT_TRUE(wait_until(hangs_up(self->claim)));
	EXPECT_EQ(0, release(self->claim, &self->answer));
	EXPECT_EQ(-ESTALE, status(self->claim, &self->answer));
	close_claim(self->claim);
	EXPECT_TRUE(wait_until(!group_exists(self->group)));
}

/* What comes to the same slot has a group of its own, that nobody claims. */
TEST_F(gone, W2_a_group_that_comes_again_is_another_one)
{
	int second;

	self->claim = acquire(self->control, &self->request);
	ASSERT_LE(0, self->claim);
	ASSERT_EQ(0, slot_out(self->qmp));
	ASSERT_TRUE(wait_until(hangs_up(self->claim)));
	ASSERT_EQ(0, slot_in(self->qmp));
	EXPECT_NE(self->group, pci_group(FIRST));
	EXPECT_EQ(BINDERY_GROUP_FREE, group_state(self->control, FIRST));
	second = acquire(self->control, &self->request);
	ASSERT_LE(0, second);
	ASSERT_EQ(0, status(self->claim, &self->answer));
	EXPECT_EQ(BINDERY_GROUP_GONE, self->answer.status.out_state);
	close_claim(self->claim);
	EXPECT_TRUE(wait_until(!group_exists(self->group)));
	EXPECT_TRUE(pci_is_on(FIRST, VFIO_PCI));
	EXPECT_EQ(0, release(second, &self->answer));
}

TEST_F(gone, W2_the_other_groups_of_the_claim_live_on)
{
	request_add(&self->request, OTHER);
	self->claim = acquire(self->control, &self->request);
	ASSERT_LE(0, self->claim);
	ASSERT_EQ(0, slot_out(self->qmp));
	ASSERT_TRUE(wait_until(hangs_up(self->claim)));
	ASSERT_EQ(0, status(self->claim, &self->answer));
	EXPECT_EQ(1, still_there(&self->answer));
	EXPECT_EQ(BINDERY_GROUP_HELD, group_state(self->control, OTHER));
	ASSERT_EQ(0, vfio_open(&self->user, OTHER));
	vfio_close(&self->user);
	EXPECT_EQ(0, release(self->claim, &self->answer));
	EXPECT_TRUE(pci_is_on(OTHER, TEST_NATIVE));
	close_claim(self->claim);
	EXPECT_TRUE(wait_until(!group_exists(self->group)));
}

/* It hangs up for good; who waits for what is new hears of the end too. */
TEST_F(gone, W2_W6_the_end_of_a_claim_is_told_after_a_group_is_gone)
{
	struct epoll_event event = { .events = EPOLLET };
	int events = epoll_create1(EPOLL_CLOEXEC);

	request_add(&self->request, OTHER);
	self->claim = acquire(self->control, &self->request);
	ASSERT_LE(0, self->claim);
	ASSERT_EQ(0, epoll_ctl(events, EPOLL_CTL_ADD, self->claim, &event));
	ASSERT_EQ(0, slot_out(self->qmp));
	EXPECT_EQ(1, epoll_wait(events, &event, 1, WAIT_SECONDS * 1000));
	EXPECT_TRUE(wait_until(!epoll_wait(events, &event, 1, 0)));
	EXPECT_EQ(0, release(self->claim, &self->answer));
	EXPECT_EQ(1, epoll_wait(events, &event, 1, WAIT_SECONDS * 1000));
	EXPECT_EQ(EPOLLHUP, event.events);
	close(events);
	close_claim(self->claim);
	EXPECT_TRUE(wait_until(!group_exists(self->group)));
}

/* It has the device open; the slot goes when it has closed it. */
TEST_F(gone, W2_a_group_goes_that_a_vfio_user_has_open)
{
	int wanted = eventfd(0, EFD_CLOEXEC);
	struct pollfd asked = { .fd = wanted, .events = POLLIN };

	self->claim = acquire(self->control, &self->request);
	ASSERT_LE(0, self->claim);
	ASSERT_EQ(0, vfio_open(&self->user, FIRST));
	ASSERT_EQ(0, vfio_request_event(&self->user, wanted));
	ASSERT_EQ(0, qmp_device_del(self->qmp, slot[0].id));
	ASSERT_EQ(1, poll(&asked, 1, WAIT_SECONDS * 1000));
	close(wanted);
	EXPECT_EQ(0, events_of(self->claim, 0) & POLLHUP);
	close_claim(self->claim);
	vfio_close(&self->user);
	EXPECT_TRUE(wait_until(!pci_exists(FIRST) &&
			       !pci_exists(slot[1].bdf)));
	EXPECT_TRUE(wait_until(!group_exists(self->group)));
}

TEST_F(gone, W2_C5_a_kept_group_goes)
{
	uint8_t id[BINDERY_ID_SIZE];

	self->request.cmd.flags = BINDERY_ACQUIRE_KEEP;
	self->claim = acquire(self->control, &self->request);
	ASSERT_LE(0, self->claim);
	memcpy(id, self->request.cmd.out_claim_id, sizeof(id));
	close_claim(self->claim);
	ASSERT_TRUE(wait_until(group_is(self->control, FIRST,
					BINDERY_GROUP_KEPT)));
	ASSERT_EQ(0, slot_out(self->qmp));
	self->claim = open_claim(self->control, id, NULL, &self->answer);
	ASSERT_LE(0, self->claim);
	ASSERT_TRUE(wait_until(hangs_up(self->claim)));
	close_claim(self->claim);
	EXPECT_EQ(0, recover(self->control, BINDERY_RECOVER_RELEASE, id, NULL,
			     &self->answer));
	EXPECT_TRUE(wait_until(!group_exists(self->group)));
}

TEST_F(gone, W2_a_reserved_group_goes)
{
	self->request.cmd.flags = BINDERY_ACQUIRE_RESERVE_ONLY;
	self->claim = acquire(self->control, &self->request);
	ASSERT_LE(0, self->claim);
	ASSERT_EQ(0, slot_out(self->qmp));
	EXPECT_NE(0, bind_claim(self->claim, &self->answer, 0, 0));
	EXPECT_TRUE(wait_until(hangs_up(self->claim)));
	close_claim(self->claim);
	EXPECT_TRUE(wait_until(!group_exists(self->group)));
}

/* The second half of an ACQUIRE meets it, and gives it back to nobody. */
TEST_F(gone, W2_T15_a_reserved_group_goes_while_it_is_bound)
{
	request_endpoints(&self->request, self->group, TEST_TARGET);
	self->request.cmd.flags = BINDERY_ACQUIRE_RESERVE_ONLY;
	self->claim = acquire(self->control, &self->request);
	ASSERT_LE(0, self->claim);
	ASSERT_EQ(0, removals_watch());
	ASSERT_EQ(0, knob(TEST_TARGET, "hold_probe", FIRST));
	ASSERT_EQ(0, bind_claim(self->claim, &self->answer,
				BINDERY_ACQUIRE_NOWAIT, 0));
	EXPECT_TRUE(knob_holds(TEST_TARGET));
	EXPECT_EQ(0, qmp_device_del(self->qmp, slot[0].id));
	EXPECT_TRUE(wait_until(removal_began()));
	knob(TEST_TARGET, "hold_probe", "");
	EXPECT_TRUE(wait_until(hangs_up(self->claim)));
	watch_end();
	EXPECT_TRUE(wait_until(!pci_exists(slot[1].bdf)));
	close_claim(self->claim);
	EXPECT_TRUE(wait_until(!group_exists(self->group)));
}

/* Nothing is left to be done. */
TEST_F(gone, W2_T15_a_reserved_group_goes_before_its_bind_is_rolled_back)
{
	request_endpoints(&self->request, self->group, TEST_TARGET);
	self->request.cmd.flags = BINDERY_ACQUIRE_RESERVE_ONLY;
	self->claim = acquire(self->control, &self->request);
	ASSERT_LE(0, self->claim);
	ASSERT_EQ(0, module_load(TEST_HOLD));
	ASSERT_EQ(0, knob(TEST_HOLD, "hold", "bindery_group_roll_back"));
	ASSERT_EQ(0, knob(TEST_TARGET, "fail_errno", "5"));
	ASSERT_EQ(0, knob(TEST_TARGET, "fail", FIRST));
	ASSERT_EQ(0, bind_claim(self->claim, &self->answer,
				BINDERY_ACQUIRE_NOWAIT, 0));
	EXPECT_TRUE(knob_holds(TEST_HOLD));
	EXPECT_EQ(0, slot_out(self->qmp));
	knob(TEST_HOLD, "hold", "");
	EXPECT_TRUE(wait_until(hangs_up(self->claim)));
	/* The first attempt is over when another fails. */
	EXPECT_EQ(-ENODEV, bind_claim(self->claim, &self->answer, 0, 0));
	EXPECT_EQ(-EIO, status(self->claim, &self->answer));
	EXPECT_EQ(BINDERY_ERROR_BIND, self->answer.error.out_code);
	EXPECT_EQ(0, self->answer.error.out_flags & BINDERY_ERROR_INCOMPLETE);
	close_claim(self->claim);
	EXPECT_TRUE(wait_until(!group_exists(self->group)));
}

static int take(int socket, void *arg)
{
	FIXTURE_DATA(gone) *self = arg;

	tell(socket, self->adopts ? adopt(self->control, &self->request) :
				    acquire(self->control, &self->request));
	return self->request.error.out_code;
}

/* All of it goes when the module, which has found it, comes here. */
static int goes_before(FIXTURE_DATA(gone) *self, const char *function,
		       int *code)
{
	int ret = -1;

	*code = -1;
	if (module_load(TEST_HOLD) ||
	    knob(TEST_HOLD, "hold", function) ||
	    child_start(&self->child, take, self))
		return -1;
	if (knob_holds(TEST_HOLD))
		ret = slot_out(self->qmp);
	knob(TEST_HOLD, "hold", "");
	if (!ret)
		hear(self->child.socket, &ret);
	*code = child_wait(&self->child);
	return ret;
}

#define LOOKED_AT	"bindery_groups_note"

TEST_F(gone, W2_a_device_goes_before_its_group_is_known)
{
	int code;

	EXPECT_EQ(-ENODEV, goes_before(self, "bindery_device_group", &code));
	EXPECT_EQ(BINDERY_ERROR_REMOVED, code);
	EXPECT_TRUE(wait_until(!group_exists(self->group)));
}

TEST_F(gone, W2_a_group_goes_before_it_is_acquired)
{
	int code;

	EXPECT_EQ(-ENODEV, goes_before(self, LOOKED_AT, &code));
	EXPECT_EQ(BINDERY_ERROR_REMOVED, code);
	EXPECT_TRUE(wait_until(!group_exists(self->group)));
}

/* Nobody would tell of it later. */
TEST_F(gone, W2_T15_a_group_goes_before_it_is_reserved)
{
	int code;

	self->request.cmd.flags = BINDERY_ACQUIRE_RESERVE_ONLY;
	EXPECT_EQ(-ENODEV, goes_before(self, LOOKED_AT, &code));
	EXPECT_EQ(BINDERY_ERROR_REMOVED, code);
	EXPECT_TRUE(wait_until(!group_exists(self->group)));
}

static int remove_first(int socket, void *arg)
{
	const char *bdf = arg;

	if (knob_holds(TEST_HOLD))
		pci_write(bdf, "remove", "1");
	knob(TEST_HOLD, "hold", "");
	return tell(socket, pci_exists(bdf));
}

/* The group is reserved without it, and goes with the last that is left. */
TEST_F(gone, W2_T15_a_neighbour_goes_before_its_group_is_reserved)
{
	int exists = -1;

	request_init(&self->request, TEST_TARGET);
	request_add(&self->request, slot[1].bdf);
	self->request.cmd.flags = BINDERY_ACQUIRE_RESERVE_ONLY |
				  BINDERY_ACQUIRE_COMPANIONS;
	ASSERT_EQ(0, module_load(TEST_HOLD));
	ASSERT_EQ(0, knob(TEST_HOLD, "hold", "bindery_groups_note"));
	ASSERT_EQ(0, child_start(&self->child, remove_first, (void *)FIRST));
	self->claim = acquire(self->control, &self->request);
	EXPECT_LE(0, self->claim);
	EXPECT_EQ(0, hear(self->child.socket, &exists));
	EXPECT_FALSE(exists);
	child_wait(&self->child);
	EXPECT_EQ(0, slot_out(self->qmp));
	EXPECT_TRUE(wait_until(hangs_up(self->claim)));
	close_claim(self->claim);
	EXPECT_TRUE(wait_until(!group_exists(self->group)));
}

TEST_F(gone, W2_C6_a_group_goes_before_it_is_adopted)
{
	int code;

	for (size_t i = 0; i < ARRAY_SIZE(slot); i++)
		ASSERT_EQ(0, pci_move(slot[i].bdf, VFIO_PCI));
	self->adopts = true;
	EXPECT_EQ(-ENODEV, goes_before(self, LOOKED_AT, &code));
	EXPECT_EQ(BINDERY_ERROR_REMOVED, code);
	EXPECT_TRUE(wait_until(!group_exists(self->group)));
}

static int remove_one(int socket, void *arg)
{
	return tell(socket, pci_write(arg, "remove", "1"));
}

/* Its removal is in this function of the kernel's, until the hold ends. */
static int remove_and_hold(struct child *child, const char *bdf,
			   const char *function)
{
	char where[64];

	snprintf(where, sizeof(where), "%s %s", function, bdf);
	if (module_load(TEST_HOLD) || knob(TEST_HOLD, "hold", where) ||
	    child_start(child, remove_one, (void *)bdf) ||
	    !knob_holds(TEST_HOLD))
		return -1;
	return 0;
}

/* It has told what came of it, or sleeps in this function of the module. */
static bool waits_or_ended(struct child *child, const char *function)
{
	struct pollfd told = { .fd = child->socket, .events = POLLIN };
	char path[32], text[64];

	snprintf(path, sizeof(path), "/proc/%d/wchan", child->pid);
	return poll(&told, 1, 0) || (read_file(path, text, sizeof(text)) >= 0 &&
				     !strcmp(text, function));
}

/*
 * It has lost its driver, and nobody was told yet that it goes. The rest of its
 * removal may take this host longer than it is waited for.
 */
TEST_F(gone, W2_C6_a_group_is_adopted_while_a_device_goes)
{
	struct child remover;
	int ret = 0, code;
	long began;

	for (size_t i = 0; i < ARRAY_SIZE(slot); i++)
		ASSERT_EQ(0, pci_move(slot[i].bdf, VFIO_PCI));
	self->adopts = true;
	ASSERT_EQ(0, remove_and_hold(&remover, FIRST, "device_del"));
	began = clock_ms();
	ASSERT_EQ(0, child_start(&self->child, take, self));
	EXPECT_TRUE(wait_until(waits_or_ended(&self->child,
					      "bindery_member_goes")));
	knob(TEST_HOLD, "hold", "");
	EXPECT_EQ(0, hear(self->child.socket, &ret));
	code = child_wait(&self->child);
	if (code == BINDERY_ERROR_NOT_ON_VFIO) {
		EXPECT_EQ(-EBUSY, ret);
		EXPECT_LE(REMOVAL_MS, clock_ms() - began);
	} else {
		EXPECT_EQ(-ENODEV, ret);
		EXPECT_EQ(BINDERY_ERROR_REMOVED, code);
	}
	EXPECT_EQ(0, hear(remover.socket, &ret));
	EXPECT_EQ(0, ret);
	EXPECT_EQ(0, child_wait(&remover));
	EXPECT_EQ(0, slot_out(self->qmp));
	EXPECT_TRUE(wait_until(!group_exists(self->group)));
}

/* Nobody would be told any more that it has gone. */
TEST_F(gone, W2_a_group_is_acquired_while_a_neighbour_goes)
{
	struct child remover;
	int ret;

	for (size_t i = 0; i < ARRAY_SIZE(slot); i++)
		ASSERT_EQ(0, pci_move(slot[i].bdf, VFIO_PCI));
	ASSERT_EQ(0, vfio_open(&self->user, FIRST));
	request_init(&self->request, VFIO_PCI);
	request_add(&self->request, FIRST);
	self->request.cmd.flags = BINDERY_ACQUIRE_COMPANIONS;
	ASSERT_EQ(0, remove_and_hold(&remover, slot[1].bdf,
				     "bus_remove_device"));
	EXPECT_EQ(-EAGAIN, acquire(self->control, &self->request));
	EXPECT_EQ(BINDERY_ERROR_CHANGED, self->request.error.out_code);
	knob(TEST_HOLD, "hold", "");
	EXPECT_EQ(0, hear(remover.socket, &ret));
	EXPECT_EQ(0, ret);
	EXPECT_EQ(0, child_wait(&remover));
	self->claim = acquire(self->control, &self->request);
	EXPECT_LE(0, self->claim);
	vfio_close(&self->user);
	EXPECT_EQ(0, slot_out(self->qmp));
	EXPECT_TRUE(wait_until(hangs_up(self->claim)));
	close_claim(self->claim);
	EXPECT_TRUE(wait_until(!group_exists(self->group)));
}

/* All of it goes while this callback of its first function is held. */
static int goes_during(FIXTURE_DATA(gone) *self, const char *module,
		       const char *what)
{
	int ret;

	request_endpoints(&self->request, self->group, TEST_TARGET);
	knob(module, what, FIRST);
	if (removals_watch() ||
	    acquire_in_child(&self->child, self->control, &self->request) ||
	    !knob_holds(module) ||
	    qmp_device_del(self->qmp, slot[0].id) ||
	    !wait_until(removal_began()))
		return -1;
	knob(module, what, "");
	if (hear(self->child.socket, &ret))
		return -1;
	watch_end();
	if (!wait_until(!pci_exists(FIRST) && !pci_exists(slot[1].bdf)))
		return -1;
	child_kill(&self->child);
	if (ret < 0 && ret != -ENODEV && ret != -EAGAIN) {
		note("ACQUIRE returned %d", ret);
		return -1;
	}
	return wait_until(!group_exists(self->group)) ? 0 : -1;
}

TEST_F(gone, W2_a_group_goes_during_an_unbind)
{
	EXPECT_EQ(0, goes_during(self, TEST_NATIVE, "hold_remove"));
}

TEST_F(gone, W2_a_group_goes_during_a_bind)
{
	EXPECT_EQ(0, goes_during(self, TEST_TARGET, "hold_probe"));
}

/* Nothing refers to it any more, so the module may go. */
TEST_F(gone, W2_C12_the_module_can_go_after_it)
{
	self->claim = acquire(self->control, &self->request);
	ASSERT_LE(0, self->claim);
	ASSERT_EQ(0, slot_out(self->qmp));
	ASSERT_TRUE(wait_until(hangs_up(self->claim)));
	close(self->control);
	EXPECT_EQ(-EWOULDBLOCK, module_unload("bindery"));
	close_claim(self->claim);
	EXPECT_TRUE(wait_until(!module_unload("bindery")));
	EXPECT_TRUE(wait_until(!group_exists(self->group)));
	ASSERT_EQ(0, module_load("bindery"));
	ASSERT_TRUE(wait_until((self->control = control_open()) >= 0));
}

TEST_HARNESS_MAIN
