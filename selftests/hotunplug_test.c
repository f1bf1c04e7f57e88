// SPDX-License-Identifier: GPL-2.0-only
/*
 * Members that go while their group is claimed, or is on its way: the others
 * are held, or come back, as if it had never been there.
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>

#include "kselftest_harness.h"
#include "hotplug.h"

#define SHORT_DEADLINE	200
/* A slow guest may need many times the rounds to see both ends of one. */
#define MOST		50

HOTPLUG_FIXTURE(unplug)

static bool told_removed(int claim, const char *bdf, struct answer *answer)
{
	struct bindery_ioc_member *member = status_member(claim, bdf, answer);

	return member && member->out_flags & BINDERY_MEMBER_REMOVED;
}

TEST_F(unplug, W2_a_member_goes_while_the_group_is_held)
{
	struct bindery_ioc_member *member;

	ACQUIRE();
	ASSERT_EQ(0, plug_out(self->hp.qmp, self->hp.last));
	member = status_member(self->hp.claim, self->hp.last->bdf,
			       &self->hp.answer);
	ASSERT_NE(NULL, member);
	EXPECT_TRUE(member->out_flags & BINDERY_MEMBER_REMOVED);
	/* Nobody has tampered with it. */
	EXPECT_EQ(0, member->out_flags & BINDERY_MEMBER_TAMPERED_DRIVER);
	EXPECT_EQ(BINDERY_GROUP_HELD, STATE());
	EXPECT_EQ(0, not_held(&self->hp, VFIO_PCI));
	ASSERT_EQ(0, vfio_open(&self->hp.user, self->hp.first->bdf));
	vfio_close(&self->hp.user);
	EXPECT_EQ(0, release(self->hp.claim, &self->hp.answer));
	EXPECT_EQ(0, others_differ(&self->hp));
}

TEST_F(unplug, W2_W6_a_removal_is_told_through_poll)
{
	struct pollfd ready = { .events = POLLPRI };
	uint64_t generation;

	ACQUIRE();
	generation = claim_generation(self->hp.claim);
	ready.fd = self->hp.claim;
	ASSERT_EQ(0, plug_out(self->hp.qmp, self->hp.last));
	EXPECT_EQ(1, poll(&ready, 1, WAIT_SECONDS * 1000));
	EXPECT_EQ(POLLPRI, ready.revents);
	EXPECT_NE(generation, claim_generation(self->hp.claim));
	EXPECT_EQ(0, release(self->hp.claim, &self->hp.answer));
	EXPECT_EQ(0, others_differ(&self->hp));
}

/* At the same address, but it is another one: its past is its own. */
TEST_F(unplug, W2_W1_a_member_that_comes_again_is_a_newcomer)
{
	struct bindery_ioc_member *member = NULL;

	ASSERT_EQ(0, pci_override(self->hp.last->bdf, self->hp.last->native));
	ACQUIRE();
	for (int i = 0; i < 3; i++) {
		ASSERT_EQ(0, plug_out(self->hp.qmp, self->hp.last));
		ASSERT_EQ(0, plug_in(self->hp.qmp, self->hp.last));
		ASSERT_TRUE(wait_until(pci_is_on(self->hp.last->bdf,
						 VFIO_PCI)));
	}
	ASSERT_EQ(0, show(self->hp.control, self->hp.last->bdf,
			  &self->hp.answer));
	for (unsigned int i = 0; i < self->hp.answer.num_members; i++)
		if (!strcmp(self->hp.answer.members[i].out_name,
			    self->hp.last->bdf) &&
		    !(self->hp.answer.members[i].out_flags &
		      BINDERY_MEMBER_REMOVED))
			member = &self->hp.answer.members[i];
	EXPECT_EQ(0, member_compare(member, BINDERY_ROLE_ADDED,
				    BINDERY_ACTION_MOVE, VFIO_PCI, 0));
	EXPECT_EQ(0, release(self->hp.claim, &self->hp.answer));
	EXPECT_TRUE(wait_until(!is_natural(self->hp.last)));
	EXPECT_EQ(0, snapshot_compare(&self->hp.before));
}

TEST_F(unplug, W2_W1_a_member_comes_again_elsewhere)
{
	const struct plug *moved = &self->hp.scene->moved;

	ACQUIRE();
	ASSERT_EQ(0, plug_out(self->hp.qmp, self->hp.last));
	ASSERT_EQ(0, plug_in(self->hp.qmp, moved));
	ASSERT_TRUE(wait_until(pci_is_on(moved->bdf, VFIO_PCI)));
	EXPECT_TRUE(told_removed(self->hp.claim, self->hp.last->bdf,
				 &self->hp.answer));
	EXPECT_EQ(0, member_compare(member_of(self->hp.answer.members,
					      self->hp.answer.num_members,
					      moved->bdf),
				    BINDERY_ROLE_ADDED, BINDERY_ACTION_MOVE,
				    VFIO_PCI, 0));
	EXPECT_EQ(0, release(self->hp.claim, &self->hp.answer));
	EXPECT_TRUE(wait_until(!is_natural(moved)));
	ASSERT_EQ(0, plug_out(self->hp.qmp, moved));
	EXPECT_EQ(0, others_differ(&self->hp));
}

/* A removal that waits for a VFIO user, who knows that it does. */
static int remove_from_user(struct hotplug *hp, const struct plug *plug)
{
	int wanted = eventfd(0, EFD_CLOEXEC);
	struct pollfd asked = { .fd = wanted, .events = POLLIN };
	int ret = vfio_request_event(&hp->user, wanted);

	ret = ret ?: qmp_device_del(hp->qmp, plug->id);
	if (!ret && poll(&asked, 1, WAIT_SECONDS * 1000) != 1)
		ret = -ETIMEDOUT;
	close(wanted);
	return ret;
}

TEST_F(unplug, W2_a_member_goes_that_a_vfio_user_has_open)
{
	ACQUIRE();
	ASSERT_EQ(0, vfio_open(&self->hp.user, self->hp.last->bdf));
	ASSERT_EQ(0, remove_from_user(&self->hp, self->hp.last));
	EXPECT_TRUE(pci_exists(self->hp.last->bdf));
	EXPECT_EQ(BINDERY_GROUP_HELD, STATE());
	EXPECT_EQ(0, status(self->hp.claim, &self->hp.answer));
	EXPECT_NE(0, release_within(self->hp.claim, &self->hp.answer,
				    SHORT_DEADLINE));
	EXPECT_EQ(BINDERY_GROUP_HELD, STATE());
	vfio_close(&self->hp.user);
	ASSERT_TRUE(wait_until(!pci_exists(self->hp.last->bdf)));
	EXPECT_TRUE(wait_until(told_removed(self->hp.claim, self->hp.last->bdf,
					    &self->hp.answer)));
	EXPECT_EQ(0, not_held(&self->hp, VFIO_PCI));
	EXPECT_EQ(0, release(self->hp.claim, &self->hp.answer));
	EXPECT_EQ(0, others_differ(&self->hp));
}

/* What no driver can prevent ends a sealed claim as any other. */
TEST_F(unplug, W2_L1_a_sealed_member_goes_that_a_vfio_user_has_open)
{
	self->hp.request.cmd.flags = BINDERY_ACQUIRE_SEALED |
				     BINDERY_ACQUIRE_HOLDERS_ONLY;
	ACQUIRE();
	ASSERT_EQ(0, vfio_open(&self->hp.user, self->hp.last->bdf));
	ASSERT_EQ(0, remove_from_user(&self->hp, self->hp.last));
	EXPECT_TRUE(pci_exists(self->hp.last->bdf));
	EXPECT_EQ(BINDERY_GROUP_HELD, STATE());
	vfio_close(&self->hp.user);
	ASSERT_TRUE(wait_until(!pci_exists(self->hp.last->bdf)));
	EXPECT_TRUE(wait_until(told_removed(self->hp.claim, self->hp.last->bdf,
					    &self->hp.answer)));
	EXPECT_EQ(0, not_held(&self->hp, "bindery-vfio"));
	/* Another one comes there: it is sealed too. */
	ASSERT_EQ(0, plug_in(self->hp.qmp, self->hp.last));
	EXPECT_TRUE(wait_until(pci_is_on(self->hp.last->bdf, "bindery-vfio")));
	ASSERT_EQ(0, plug_out(self->hp.qmp, self->hp.last));
	EXPECT_EQ(0, release(self->hp.claim, &self->hp.answer));
	EXPECT_EQ(0, others_differ(&self->hp));
}

/* Released, and waiting for the user of another member. */
TEST_F(unplug, W2_a_member_goes_while_the_group_is_draining)
{
	ACQUIRE();
	ASSERT_EQ(0, vfio_open(&self->hp.user, self->hp.first->bdf));
	close_claim(self->hp.claim);
	ASSERT_TRUE(wait_until(hotplug_is(&self->hp, BINDERY_GROUP_DRAINING)));
	ASSERT_EQ(0, plug_out(self->hp.qmp, self->hp.last));
	EXPECT_EQ(BINDERY_GROUP_DRAINING, STATE());
	EXPECT_EQ(0, not_held(&self->hp, VFIO_PCI));
	vfio_close(&self->hp.user);
	EXPECT_TRUE(wait_until(hotplug_is(&self->hp, BINDERY_GROUP_FREE)));
	EXPECT_EQ(0, others_differ(&self->hp));
}

TEST_F(unplug, W2_the_member_goes_for_whose_user_the_group_drains)
{
	ACQUIRE();
	ASSERT_EQ(0, vfio_open(&self->hp.user, self->hp.last->bdf));
	close_claim(self->hp.claim);
	ASSERT_TRUE(wait_until(hotplug_is(&self->hp, BINDERY_GROUP_DRAINING)));
	ASSERT_EQ(0, remove_from_user(&self->hp, self->hp.last));
	EXPECT_EQ(BINDERY_GROUP_DRAINING, STATE());
	vfio_close(&self->hp.user);
	ASSERT_TRUE(wait_until(!pci_exists(self->hp.last->bdf)));
	EXPECT_TRUE(wait_until(hotplug_is(&self->hp, BINDERY_GROUP_FREE)));
	EXPECT_EQ(0, others_differ(&self->hp));
}

TEST_F(unplug, W2_a_member_goes_from_a_reserved_and_from_a_kept_group)
{
	self->hp.request.cmd.flags = BINDERY_ACQUIRE_RESERVE_ONLY;
	ACQUIRE();
	ASSERT_EQ(0, plug_out(self->hp.qmp, self->hp.last));
	EXPECT_EQ(BINDERY_GROUP_RESERVED, STATE());
	EXPECT_NE(0, bind_claim(self->hp.claim, &self->hp.answer, 0, 0));
	EXPECT_EQ(BINDERY_GROUP_RESERVED, STATE());
	EXPECT_EQ(0, others_differ(&self->hp));
	close_claim(self->hp.claim);
	ASSERT_TRUE(wait_until(hotplug_is(&self->hp, BINDERY_GROUP_FREE)));
	ASSERT_EQ(0, hotplug_tidy(&self->hp));

	self->hp.request.cmd.flags = BINDERY_ACQUIRE_KEEP;
	ACQUIRE();
	close_claim(self->hp.claim);
	ASSERT_TRUE(wait_until(hotplug_is(&self->hp, BINDERY_GROUP_KEPT)));
	ASSERT_EQ(0, plug_out(self->hp.qmp, self->hp.last));
	EXPECT_EQ(BINDERY_GROUP_KEPT, STATE());
	EXPECT_EQ(0, recover(self->hp.control, BINDERY_RECOVER_RELEASE, NULL,
			     self->hp.scene->anchor, &self->hp.answer));
	EXPECT_EQ(0, others_differ(&self->hp));
}

/* Not one that was asked for: the request can be met without it. */
TEST_F(unplug, W2_T15_the_second_half_does_without_who_went_after_the_first)
{
	request_init(&self->hp.request, "");
	request_add(&self->hp.request, self->hp.first->bdf);
	self->hp.request.cmd.flags = BINDERY_ACQUIRE_RESERVE_ONLY |
				     BINDERY_ACQUIRE_COMPANIONS;
	ACQUIRE();
	ASSERT_EQ(0, plug_out(self->hp.qmp, self->hp.last));
	EXPECT_EQ(BINDERY_GROUP_RESERVED, STATE());
	EXPECT_EQ(0, bind_claim(self->hp.claim, &self->hp.answer, 0, 0));
	EXPECT_EQ(BINDERY_GROUP_HELD, STATE());
	EXPECT_EQ(0, not_held(&self->hp, VFIO_PCI));
	EXPECT_EQ(0, release(self->hp.claim, &self->hp.answer));
	EXPECT_EQ(0, others_differ(&self->hp));
}

/* Most are shorter than a transaction, some are longer. */
static int pause_ms(void)
{
	return random() % (20 << random() % 7);
}

/* It comes and goes at any moment, until it is told to end. */
static int come_and_go(int socket, void *arg)
{
	const struct plug *plug = arg;
	struct pollfd told = { .fd = socket, .events = POLLIN };
	int qmp = qmp_open();
	int count = 0;

	srandom(getpid());
	while (!poll(&told, 1, pause_ms())) {
		if (plug_out(qmp, plug))
			return 1;
		usleep(random() % 20000);
		if (plug_in(qmp, plug))
			return 1;
		tell(socket, ++count);
	}
	return 0;
}

/* A claim, or a reason that a member which comes and goes gives. */
static bool is_plausible(int ret, const struct request *request)
{
	switch (request->error.out_code) {
	case BINDERY_ERROR_CHANGED:
	case BINDERY_ERROR_REMOVED:
	case BINDERY_ERROR_UNDECLARED:
		return true;
	}
	if (ret < 0)
		note("ACQUIRE returned %d, code %u, step %u, device %02x:%02x",
		     ret, request->error.out_code, request->error.out_step,
		     request->error.out_device.bus,
		     request->error.out_device.slot);
	return ret >= 0;
}

static int release_held(struct hotplug *hp, int claim)
{
	int ret;

	if (!pci_is_on(hp->first->bdf, VFIO_PCI)) {
		note("%s is claimed, and not on its target", hp->first->bdf);
		return -1;
	}
	ret = release(claim, &hp->answer);
	if (ret)
		note("RELEASE returned %d, code %u, step %u, device %02x:%02x",
		     ret, hp->answer.error.out_code,
		     hp->answer.error.out_step,
		     hp->answer.error.out_device.bus,
		     hp->answer.error.out_device.slot);
	close_claim(claim);
	return ret;
}

/* One transaction: 1 if it gave a claim, 0 if it could not, or -1. */
static int transact(struct hotplug *hp)
{
	int claim = acquire(hp->control, &hp->request);

	if (!is_plausible(claim, &hp->request))
		return -1;
	if (claim >= 0 && release_held(hp, claim))
		return -1;
	if (!wait_until(hotplug_is(hp, BINDERY_GROUP_FREE)) ||
	    is_natural(hp->first))
		return -1;
	return claim >= 0;
}

/* What the child told last, if it told anything by now. */
static void hear_last(int socket, int *value)
{
	struct pollfd heard = { .fd = socket, .events = POLLIN };

	while (poll(&heard, 1, 0) == 1 && !hear(socket, value))
		;
}

TEST_F_TIMEOUT(unplug, W2_a_member_comes_and_goes_at_any_moment, 36000)
{
	int rounds = num_rounds(60), claims = 0, count = 0, i, ret;

	request_init(&self->hp.request, "");
	self->hp.request.cmd.flags = BINDERY_ACQUIRE_COMPANIONS;
	request_add(&self->hp.request, self->hp.first->bdf);
	ASSERT_EQ(0, child_start(&self->hp.child, come_and_go,
				 (void *)self->hp.last));
	for (i = 0; i < rounds || (i < MOST * rounds && !(claims && count));
	     i++) {
		ret = transact(&self->hp);
		ASSERT_LE(0, ret) {
			TH_LOG("in round %d", i);
		}
		claims += ret;
		hear_last(self->hp.child.socket, &count);
	}
	ASSERT_EQ(0, tell(self->hp.child.socket, 0));
	while (!hear(self->hp.child.socket, &ret))
		count = ret;
	EXPECT_EQ(0, child_wait(&self->hp.child));
	TH_LOG("%d of %d transactions gave a claim, %d removals", claims,
	       i, count);
	EXPECT_LT(0, claims);
	EXPECT_LT(0, count);
	EXPECT_TRUE(wait_until(!is_natural(self->hp.last)));
}

TEST_HARNESS_MAIN
