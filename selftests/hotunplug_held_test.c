// SPDX-License-Identifier: GPL-2.0-only
/*
 * Members that go in the middle of a driver's callback, their own or that of
 * another one.
 */
#include <errno.h>
#include <signal.h>
#include <string.h>

#include "kselftest_harness.h"
#include "hotplug.h"
#include "reader.h"

#define SHORT_DEADLINE	200
/* What has not happened by then does not happen by itself. */
#define A_WHILE_MS	100
#define DISOWN		"iommu_group_release_dma_owner"
/* How long a repair waits for who has lost its driver to be gone. */
#define REMOVAL_NS	200000000
/* It may not meet the removal at once. */
#define MOST		50

HOTPLUG_FIXTURE(unplug_held)

/* The removal of a member, while a callback of one is held. */
struct moment {
	const char *module;
	const char *what;	/* of the first member */
	bool itself;		/* that one goes, or the last one */
	bool fails;		/* the transaction, later on */
};

static const struct plug *goes_in(struct hotplug *hp,
				  const struct moment *moment)
{
	return moment->itself ? hp->first : hp->last;
}

/* The callback ends only after the removal has begun. */
static int remove_meanwhile(struct hotplug *hp, const struct moment *moment)
{
	const struct plug *plug = goes_in(hp, moment);

	if (removals_watch() ||
	    !knob_holds(moment->module) ||
	    qmp_device_del(hp->qmp, plug->id) ||
	    !wait_until(removal_began()))
		return -1;
	/* Another one's removal need not wait for it. */
	if (!moment->itself && !wait_until(!pci_exists(plug->bdf)))
		return -1;
	knob(moment->module, moment->what, "");
	return wait_until(!pci_exists(plug->bdf)) ? 0 : -1;
}

/* What an ACQUIRE may come to that lost a member on its way. */
static int judge_acquire(struct hotplug *hp, const struct moment *moment,
			 int ret)
{
	const char *gone = goes_in(hp, moment)->bdf;

	if (ret == -ENODEV || ret == -EAGAIN || (moment->fails && ret == -EIO))
		return 0;
	if (ret < 0) {
		note("ACQUIRE returned %d", ret);
		return -1;
	}
	/* It went only after it had been moved. */
	if (!hotplug_is(hp, BINDERY_GROUP_HELD))
		return -1;
	return pci_exists(gone) || not_held(hp, TEST_TARGET);
}

static int acquire_meanwhile(struct hotplug *hp, const struct moment *moment)
{
	int ret, wrong;

	request_endpoints(&hp->request, pci_group(hp->first->bdf),
			  TEST_TARGET);
	knob(TEST_TARGET, "fail", moment->fails ? hp->last->bdf : "");
	knob(moment->module, moment->what, hp->first->bdf);
	if (acquire_in_child(&hp->child, hp->control, &hp->request))
		return -1;
	wrong = remove_meanwhile(hp, moment);
	if (hear(hp->child.socket, &ret))
		return -1;
	wrong += judge_acquire(hp, moment, ret);
	child_kill(&hp->child);
	if (!wait_until(hotplug_is(hp, BINDERY_GROUP_FREE)))
		wrong++;
	return wrong + others_differ(hp);
}

TEST_F(unplug_held, W2_another_member_goes_during_an_unbind)
{
	EXPECT_EQ(0, acquire_meanwhile(&self->hp, &(struct moment) {
		TEST_NATIVE, "hold_remove" }));
}

TEST_F(unplug_held, W2_a_member_goes_during_its_unbind)
{
	EXPECT_EQ(0, acquire_meanwhile(&self->hp, &(struct moment) {
		TEST_NATIVE, "hold_remove", .itself = true }));
}

TEST_F(unplug_held, W2_another_member_goes_during_a_bind)
{
	EXPECT_EQ(0, acquire_meanwhile(&self->hp, &(struct moment) {
		TEST_TARGET, "hold_probe" }));
}

TEST_F(unplug_held, W2_a_member_goes_during_its_bind)
{
	EXPECT_EQ(0, acquire_meanwhile(&self->hp, &(struct moment) {
		TEST_TARGET, "hold_probe", .itself = true }));
}

TEST_F(unplug_held, W2_another_member_goes_during_a_rollback)
{
	EXPECT_EQ(0, acquire_meanwhile(&self->hp, &(struct moment) {
		TEST_NATIVE, "hold_probe", .fails = true }));
}

TEST_F(unplug_held, W2_a_member_goes_during_its_rollback)
{
	EXPECT_EQ(0, acquire_meanwhile(&self->hp, &(struct moment) {
		TEST_NATIVE, "hold_probe", .itself = true, .fails = true }));
}

static int release_meanwhile(struct hotplug *hp, const struct moment *moment)
{
	request_endpoints(&hp->request, pci_group(hp->first->bdf),
			  TEST_TARGET);
	hp->claim = acquire(hp->control, &hp->request);
	if (hp->claim < 0)
		return -1;
	knob(moment->module, moment->what, hp->first->bdf);
	close_claim(hp->claim);
	if (remove_meanwhile(hp, moment))
		return -1;
	if (!wait_until(hotplug_is(hp, BINDERY_GROUP_FREE)))
		return -1;
	return others_differ(hp);
}

TEST_F(unplug_held, W2_another_member_goes_while_a_target_is_left)
{
	EXPECT_EQ(0, release_meanwhile(&self->hp, &(struct moment) {
		TEST_TARGET, "hold_remove" }));
}

TEST_F(unplug_held, W2_a_member_goes_while_it_leaves_its_target)
{
	EXPECT_EQ(0, release_meanwhile(&self->hp, &(struct moment) {
		TEST_TARGET, "hold_remove", .itself = true }));
}

TEST_F(unplug_held, W2_another_member_goes_during_a_restore)
{
	EXPECT_EQ(0, release_meanwhile(&self->hp, &(struct moment) {
		TEST_NATIVE, "hold_probe" }));
}

TEST_F(unplug_held, W2_a_member_goes_during_its_restore)
{
	EXPECT_EQ(0, release_meanwhile(&self->hp, &(struct moment) {
		TEST_NATIVE, "hold_probe", .itself = true }));
}

TEST_F(unplug_held, W2_a_stuck_member_goes)
{
	ACQUIRE();
	ASSERT_EQ(0, knob(TEST_NATIVE, "hold_probe", self->hp.first->bdf));
	EXPECT_EQ(-ETIMEDOUT, release_within(self->hp.claim, &self->hp.answer,
					     SHORT_DEADLINE));
	ASSERT_TRUE(wait_until(hotplug_is(&self->hp, BINDERY_GROUP_STUCK)));
	EXPECT_EQ(0, remove_meanwhile(&self->hp, &(struct moment) {
		TEST_NATIVE, "hold_probe", .itself = true }));
	EXPECT_TRUE(wait_until(hotplug_is(&self->hp, BINDERY_GROUP_FREE)));
	EXPECT_EQ(0, others_differ(&self->hp));
}

TEST_F(unplug_held, W2_the_member_goes_that_made_the_group_degraded)
{
	ACQUIRE();
	ASSERT_EQ(0, knob(TEST_NATIVE, "fail", self->hp.last->bdf));
	EXPECT_EQ(-EIO, release(self->hp.claim, &self->hp.answer));
	EXPECT_EQ(BINDERY_GROUP_DEGRADED, STATE());
	ASSERT_EQ(0, plug_out(self->hp.qmp, self->hp.last));
	ASSERT_EQ(0, knob(TEST_NATIVE, "fail", ""));
	/* Nothing is left to bring back. */
	EXPECT_EQ(0, recover(self->hp.control, BINDERY_RECOVER_REPAIR, NULL,
			     self->hp.first->bdf, &self->hp.answer));
	EXPECT_EQ(BINDERY_GROUP_FREE, STATE());
	EXPECT_EQ(0, others_differ(&self->hp));
}

static int run_release(int socket, void *arg)
{
	struct hotplug *hp = arg;

	(void)socket;
	return release(hp->claim, &hp->answer);
}

/* It owns the group's DMA, and the IOMMU is not done with the leaver. */
TEST_F(unplug_held, W2_C1_a_release_that_is_killed_waits_for_who_leaves)
{
	struct hotplug *hp = &self->hp;

	ASSERT_EQ(0, module_load(TEST_HOLD));
	ACQUIRE();
	ASSERT_EQ(0, knob(TEST_HOLD, "hold", "bindery_group_unfence"));
	ASSERT_EQ(0, child_start(&hp->child, run_release, hp));
	EXPECT_TRUE(knob_holds(TEST_HOLD));
	ASSERT_EQ(0, watch_function(DISOWN));
	ASSERT_EQ(0, knob(TEST_NATIVE, "hold_del", hp->last->bdf));
	ASSERT_EQ(0, qmp_device_del(hp->qmp, hp->last->id));
	EXPECT_TRUE(knob_holds(TEST_NATIVE));
	ASSERT_EQ(0, kill(hp->child.pid, SIGKILL));
	knob(TEST_HOLD, "hold", "");
	EXPECT_TRUE(wait_until(!knob_read(TEST_HOLD, "waiting")));
	usleep(A_WHILE_MS * 1000);
	EXPECT_EQ(0, watch_hits(DISOWN));

	knob(TEST_NATIVE, "hold_del", "");
	EXPECT_EQ(128 + SIGKILL, child_wait(&hp->child));
	EXPECT_LT(0, watch_hits(DISOWN));
	close_claim(hp->claim);
	EXPECT_TRUE(wait_until(hotplug_is(hp, BINDERY_GROUP_FREE)));
	EXPECT_TRUE(wait_until(!pci_exists(hp->last->bdf)));
	EXPECT_EQ(0, others_differ(hp));
}

/* A removal that a repair came to, as events tell of both. */
struct meeting {
	uint64_t unbound, removed;	/* when */
	int repairs;
	int end;			/* the last one's */
};

static void note_event(struct meeting *meeting, const struct told *told)
{
	switch (NUMBER(told, TYPE)) {
	case BINDERY_EVENT_TYPE_TAMPER:
		meeting->unbound = meeting->unbound ?: NUMBER(told, TIME_NS);
		break;
	case BINDERY_EVENT_TYPE_REMOVED:
		meeting->removed = NUMBER(told, TIME_NS);
		break;
	case BINDERY_EVENT_TYPE_STEP:
		meeting->repairs++;
		meeting->end = NUMBER(told, ERRNO);
		break;
	}
}

/* It goes, and what has been repaired by itself then is over. */
static int meet(struct hotplug *hp, struct reader *events,
		struct meeting *meeting)
{
	struct told told;

	*meeting = (struct meeting) { 0 };
	while (!reader_hear(events, &told, 0))
		;
	if (plug_out(hp->qmp, hp->last) ||
	    !wait_until(!recover(hp->control, BINDERY_RECOVER_REPAIR, NULL,
				 hp->first->bdf, &hp->answer)))
		return -1;
	while (!reader_hear(events, &told, 0))
		if (!strcmp(TEXT(&told, NAME), hp->last->bdf))
			note_event(meeting, &told);
	return meeting->unbound && meeting->removed ? 0 : -1;
}

#define PROBES()	knob_count(TEST_TARGET, "probe", self->hp.last->bdf)

/*
 * The removal unbinds it, which looks like somebody else's doing for a moment:
 * it must not be bound once more on its way out.
 */
TEST_F(unplug_held, W2_W3_a_repair_that_meets_a_removal)
{
	struct hotplug *hp = &self->hp;
	struct meeting meeting;
	struct reader events;
	bool quick;
	int i;

	ASSERT_EQ(0, reader_open(&events));
	ASSERT_EQ(0, reader_listen(&events));
	request_endpoints(&hp->request, pci_group(hp->first->bdf), TEST_TARGET);
	hp->request.cmd.flags = BINDERY_ACQUIRE_REPAIR;
	ACQUIRE();
	for (i = 0; i < MOST; i++) {
		ASSERT_TRUE(wait_until(PROBES() == 1));
		ASSERT_EQ(0, meet(hp, &events, &meeting));
		/* Else it may have been taken for one that stays. */
		quick = meeting.removed - meeting.unbound < REMOVAL_NS;
		if (quick)
			EXPECT_EQ(1, PROBES());
		if (quick && meeting.repairs)
			break;
		ASSERT_EQ(0, knob(TEST_TARGET, "log", ""));
		ASSERT_EQ(0, plug_in(hp->qmp, hp->last));
	}
	ASSERT_GT(MOST, i);
	EXPECT_EQ(1, meeting.repairs);
	EXPECT_EQ(ENODEV, meeting.end);
	EXPECT_EQ(BINDERY_GROUP_HELD, STATE());
	EXPECT_EQ(0, not_held(hp, TEST_TARGET));
	reader_close(&events);
	EXPECT_EQ(0, release(hp->claim, &hp->answer));
	EXPECT_EQ(0, others_differ(hp));
}

TEST_HARNESS_MAIN
