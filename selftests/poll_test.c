// SPDX-License-Identifier: GPL-2.0-only
/* A claim's file tells when something has changed. */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>

#include "kselftest_harness.h"
#include "fixture.h"

/* What does not come at once does not come. */
#define A_WHILE_MS	50
#define LONG_MS		(WAIT_SECONDS * 1000)

COMMON_FIXTURE(watch, .driver = TEST_NATIVE, .target = TEST_TARGET)

/* What poll() says of a claim, within that time. */
static int events(int claim, int ms)
{
	struct pollfd entry = { claim, POLLPRI, 0 };
	int ret = poll(&entry, 1, ms);

	return ret < 0 ? -errno : entry.revents;
}

#define EXPECT_CHANGE(claim)	EXPECT_EQ(POLLPRI, events(claim, LONG_MS))
#define EXPECT_NOTHING(claim)	EXPECT_EQ(0, events(claim, A_WHILE_MS))

/* What others do may be several changes, of which any number was seen. */
static bool is_seen(int claim, struct answer *answer)
{
	return !status(claim, answer) && !events(claim, A_WHILE_MS);
}

#define EXPECT_SEEN(claim) \
	EXPECT_TRUE(wait_until(is_seen(claim, &self->answer)))

/* A claim with two files, both of which have seen all there is. */
#define ACQUIRE_TWO_FILES() do {					\
	self->claim = acquire(self->control, &self->request);		\
	ASSERT_LE(0, self->claim);					\
	self->second = open_claim(self->control, NULL, self->first,	\
				  &self->answer);			\
	ASSERT_LE(0, self->second);					\
	ASSERT_EQ(0, status(self->claim, &self->answer));		\
	ASSERT_EQ(0, status(self->second, &self->answer));		\
	EXPECT_NOTHING(self->claim);					\
	EXPECT_NOTHING(self->second);					\
} while (0)

static int mark_first(int claim, const char *bdf, uint32_t event)
{
	struct bindery_ioc_member *member;
	struct answer answer;

	member = status_member(claim, bdf, &answer);
	return member ? mark(claim, bdf, event, member->out_generation,
			     &answer) : -EPROTO;
}

TEST_F(watch, W6_a_mark_by_another_file_is_told_until_status_was_asked)
{
	ACQUIRE_TWO_FILES();
	ASSERT_EQ(0, mark_first(self->second, self->last,
				BINDERY_EVENT_ATTACH_OK));
	EXPECT_CHANGE(self->claim);
	/* Looking at it with poll() does not end it. */
	EXPECT_CHANGE(self->claim);
	EXPECT_CHANGE(self->second);

	/* Each file has its own view. */
	ASSERT_EQ(0, status(self->claim, &self->answer));
	EXPECT_NOTHING(self->claim);
	EXPECT_CHANGE(self->second);
	ASSERT_EQ(0, status(self->second, &self->answer));
	EXPECT_NOTHING(self->second);
}

TEST_F(watch, W6_a_mark_that_is_refused_is_no_change)
{
	ACQUIRE_TWO_FILES();
	EXPECT_EQ(-EINVAL, mark_first(self->second, self->last,
				      BINDERY_EVENT_GUEST_READY));
	EXPECT_NOTHING(self->claim);
	EXPECT_EQ(-ESTALE, mark(self->second, self->last,
				BINDERY_EVENT_ATTACH_OK, 0, &self->answer));
	EXPECT_NOTHING(self->claim);
}

/* Who waits already is woken. */
static int mark_later(int socket, void *arg)
{
	FIXTURE_DATA(watch) *self = arg;
	int value;

	hear(socket, &value);
	usleep(A_WHILE_MS * 1000);
	return mark_first(self->second, self->last, BINDERY_EVENT_ATTACH_OK);
}

TEST_F(watch, W6_who_waits_is_woken)
{
	struct epoll_event event = { .events = EPOLLPRI };
	int epoll = epoll_create1(EPOLL_CLOEXEC);
	struct child child;

	ASSERT_LE(0, epoll);
	ACQUIRE_TWO_FILES();
	ASSERT_EQ(0, epoll_ctl(epoll, EPOLL_CTL_ADD, self->claim, &event));
	EXPECT_EQ(0, epoll_wait(epoll, &event, 1, A_WHILE_MS));
	ASSERT_EQ(0, child_start(&child, mark_later, self));
	tell(child.socket, 0);
	EXPECT_EQ(1, epoll_wait(epoll, &event, 1, LONG_MS));
	EXPECT_EQ(EPOLLPRI, event.events);
	EXPECT_EQ(0, child_wait(&child));
	close(epoll);
}

TEST_F(watch, W3_W6_a_foreign_unbind_and_bind_are_told)
{
	struct bindery_ioc_member *member;

	ACQUIRE_TWO_FILES();
	ASSERT_EQ(0, pci_unbind(self->last));
	EXPECT_CHANGE(self->claim);
	member = status_member(self->claim, self->last, &self->answer);
	ASSERT_NE(NULL, member);
	EXPECT_TRUE(member->out_flags & BINDERY_MEMBER_TAMPERED_DRIVER);
	EXPECT_SEEN(self->claim);
	EXPECT_CHANGE(self->second);

	ASSERT_EQ(0, pci_bind(self->last, TEST_TARGET));
	EXPECT_CHANGE(self->claim);
	EXPECT_SEEN(self->claim);
}

/* Its end is the change of state from BINDING to HELD. */
TEST_F(watch, W6_the_end_of_a_transaction_that_nobody_waits_for_is_told)
{
	ASSERT_EQ(0, knob(TEST_TARGET, "hold_probe", self->last));
	self->request.cmd.flags = BINDERY_ACQUIRE_NOWAIT;
	ACQUIRE();
	ASSERT_TRUE(knob_holds(TEST_TARGET));
	ASSERT_EQ(0, status(self->claim, &self->answer));
	EXPECT_EQ(BINDERY_GROUP_BINDING, self->answer.status.out_state);
	EXPECT_SEEN(self->claim);

	ASSERT_EQ(0, knob(TEST_TARGET, "hold_probe", ""));
	EXPECT_CHANGE(self->claim);
	ASSERT_EQ(0, status(self->claim, &self->answer));
	EXPECT_EQ(BINDERY_GROUP_HELD, self->answer.status.out_state);
	EXPECT_SEEN(self->claim);
	EXPECT_EQ(0, release(self->claim, &self->answer));
	EXPECT_EQ(0, snapshot_compare(&self->before));
}

TEST_F(watch, W6_the_failure_of_a_transaction_that_nobody_waits_for_is_told)
{
	ASSERT_EQ(0, knob(TEST_TARGET, "fail", self->last));
	ASSERT_EQ(0, knob(TEST_TARGET, "hold_probe", self->last));
	self->request.cmd.flags = BINDERY_ACQUIRE_NOWAIT;
	ACQUIRE();
	ASSERT_TRUE(knob_holds(TEST_TARGET));
	EXPECT_SEEN(self->claim);

	ASSERT_EQ(0, knob(TEST_TARGET, "hold_probe", ""));
	EXPECT_NE(0, events(self->claim, LONG_MS) & POLLPRI);
	EXPECT_TRUE(wait_until(status(self->claim, &self->answer) == -EIO));
	EXPECT_EQ(0, error_is(&self->answer.error, BINDERY_ERROR_BIND,
			      BINDERY_STEP_BIND, EIO, self->last, TEST_TARGET));
	/* It can be asked again, and says the same. */
	EXPECT_EQ(-EIO, status(self->claim, &self->answer));
	COMES_BACK();
}

TEST_F(watch, W6_a_release_by_another_file_hangs_up)
{
	ACQUIRE_TWO_FILES();
	ASSERT_EQ(0, release(self->second, &self->answer));
	EXPECT_NE(0, events(self->claim, LONG_MS) & POLLHUP);
	EXPECT_EQ(-ESTALE, status(self->claim, &self->answer));
	EXPECT_NE(0, events(self->claim, LONG_MS) & POLLHUP);
}

TEST_F(watch, W6_a_deferred_release_by_another_file_hangs_up_at_once)
{
	struct vfio_user user;

	request_group(&self->request, &self->group, "");
	ACQUIRE_TWO_FILES();
	ASSERT_EQ(0, vfio_open(&user, self->last));
	ASSERT_EQ(0, release_with(self->second, &self->answer,
				  BINDERY_RELEASE_DEFER, 0, 0));
	EXPECT_NE(0, events(self->claim, LONG_MS) & POLLHUP);
	EXPECT_EQ(BINDERY_GROUP_DRAINING, STATE());
	vfio_close(&user);
}

TEST_F(watch, W6_the_end_of_another_claim_does_not_hang_up)
{
	struct request other;
	int stranger;

	self->request.cmd.flags = BINDERY_ACQUIRE_SHARED;
	ACQUIRE_TWO_FILES();
	request_group(&other, &self->group, TEST_TARGET);
	other.cmd.flags = BINDERY_ACQUIRE_SHARED;
	stranger = acquire(self->control, &other);
	ASSERT_LE(0, stranger);
	ASSERT_EQ(0, release(stranger, &self->answer));
	EXPECT_EQ(0, events(self->claim, 0) & (POLLHUP | POLLERR));
	EXPECT_SEEN(self->claim);
}

TEST_HARNESS_MAIN
