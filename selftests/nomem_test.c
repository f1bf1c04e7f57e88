// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory that is not there: each call, and each sequence of calls, with the
 * first, second, … request for memory failing, until none is left to fail.
 * What fails tells so, and all is as it was before.
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "kselftest_harness.h"
#include "delegation.h"
#include "nomem.h"
#include "reader.h"
#include "sealed.h"
#include "uapi.h"

#define LACKS(way) do {							\
	const char *__lacks = nomem_lacks(way);				\
									\
	if (__lacks)							\
		SKIP(return, "this kernel has %s", __lacks);		\
} while (0)

/* The ways to fail that are for all threads: one variant each. */
#define VARIANTS(fixture)						\
FIXTURE_VARIANT(fixture) {						\
	enum nomem_way way;						\
};									\
									\
FIXTURE_VARIANT_ADD(fixture, call) {					\
	.way = NOMEM_CALL,						\
};									\
									\
FIXTURE_VARIANT_ADD(fixture, text) {					\
	.way = NOMEM_TEXT,						\
}

/* For some hundred scenarios one after another. */
#define SWEEP_SECONDS	120

/* Each call alone */

FIXTURE(nomem_call) {
	struct uapi uapi;
};

FIXTURE_VARIANT(nomem_call) {
	enum nomem_way way;
};

FIXTURE_VARIANT_ADD(nomem_call, call) {
	.way = NOMEM_CALL,
};

FIXTURE_VARIANT_ADD(nomem_call, task) {
	.way = NOMEM_TASK,
};

FIXTURE_SETUP(nomem_call)
{
	LACKS(variant->way);
	SETUP(&self->uapi.common, TEST_NATIVE);
	ASSERT_EQ(0, uapi_begin(&self->uapi));
}

FIXTURE_TEARDOWN(nomem_call)
{
	EXPECT_EQ(0, uapi_end(&self->uapi));
	nomem_leave();
}

/* No memory, here or in a driver's probe. */
static int is_wrong(const char *what, int ret,
		    const struct bindery_ioc_error *error)
{
	if (ret >= 0)
		return 0;
	if (ret == -ENOMEM && (error->out_code == BINDERY_ERROR_NO_MEMORY ||
			       error->out_code == BINDERY_ERROR_BIND))
		return 0;
	note("%s returned %d, code %u at step %u", what, ret, error->out_code,
	     error->out_step);
	return 1;
}

static int call_wrong(struct uapi *u, const struct ioctl_case *c, int ret)
{
	int wrong = is_wrong(c->name, ret, &u->error);

	if (ret)
		return wrong + uapi_has_changed(u, true);
	uapi_let_go(u, c);
	return wrong;
}

/* 1: the nth was reached. */
static int call_once(struct uapi *u, const struct ioctl_case *c,
		     enum nomem_way way, unsigned int nth, int *wrong)
{
	int ret, failed;

	uapi_prepare(u, c);
	uapi_look(u);
	if (nomem_begin(way, nth, u->control, u->first))
		return -1;
	ret = uapi_call(u, c);
	failed = nomem_end(way);
	*wrong = call_wrong(u, c, ret);
	if (*wrong)
		note("%s, request for memory %u", c->name, nth);
	return failed;
}

TEST_F_TIMEOUT(nomem_call, Q3_each_call_without_memory, SWEEP_SECONDS)
{
	unsigned int nth, all = 0;
	int failed, wrong = 0;

	for_each_case(c) {
		failed = 1;
		for (nth = 1; failed == 1 && nth < NOMEM_MAX; nth++) {
			failed = call_once(&self->uapi, c, variant->way, nth,
					   &wrong);
			ASSERT_EQ(0, wrong);
		}
		EXPECT_EQ(0, failed);
		TH_LOG("%s asks for memory %u times", c->name, nth - 2);
		all += nth - 2;
	}
	EXPECT_LT(0, all);
}

/* Several calls, and what workers do for them */

FIXTURE(nomem) {
	COMMON;
	struct group one, two;		/* of a device each */
	struct delegated delegated;
	struct bindery_ioc_revoke revoke;
	struct bindery_ioc_error error;
	int file;			/* a delegated one */
	struct reader events, dumps;
	unsigned int overruns;		/* told, their gap not yet seen */
	int wrong;
};

VARIANTS(nomem);

typedef FIXTURE_DATA(nomem) nomem_t;

FIXTURE_SETUP(nomem)
{
	LACKS(variant->way);
	self->file = -1;
	COMMON_SETUP(.driver = TEST_NATIVE, .target = TEST_TARGET);
	if (group_choose_singles(&self->one, &self->two, TEST_NATIVE))
		SKIP(return, "not two groups of one device on " TEST_NATIVE);
	ASSERT_EQ(0, reader_open(&self->events));
	ASSERT_EQ(0, reader_open(&self->dumps));
	request_group(&self->request, &self->one, TEST_TARGET);
}

FIXTURE_TEARDOWN(nomem)
{
	COMMON_TEARDOWN();
	nomem_leave();
}

static int judged(nomem_t *self, const char *what, int ret,
		  const struct bindery_ioc_error *error)
{
	self->wrong += is_wrong(what, ret, error);
	return ret;
}

#define ANSWERED(what, ret) judged(self, what, ret, &self->answer.error)

static int acquired(nomem_t *self, int control)
{
	self->claim = judged(self, "ACQUIRE", acquire(control, &self->request),
			     &self->request.error);
	return self->claim;
}

/* What failed has changed nothing, and can be tried again. */
static void give_back(nomem_t *self)
{
	if (!ANSWERED("RELEASE", release(self->claim, &self->answer)))
		return;
	if (release(self->claim, &self->answer)) {
		note("cannot be released at the second try either");
		self->wrong++;
	}
}

static int group_is_wrong(nomem_t *self, const struct group *group)
{
	if (wait_until(group_is(self->control, group->bdf[0],
				BINDERY_GROUP_FREE)))
		return 0;
	note("the group of %s is in state %d", group->bdf[0],
	     group_state(self->control, group->bdf[0]));
	return 1;
}

/* Nobody holds anything any more, and all is as it was. */
static int tidy(nomem_t *self)
{
	vfio_close(&self->user);
	self->user = vfio_none;
	if (self->file >= 0)
		close(self->file);
	self->file = -1;
	close_claims(self->control, self->one.bdf[0]);
	release_kept(self->control, self->one.bdf[0]);
	return group_is_wrong(self, &self->one) +
	       group_is_wrong(self, &self->two) +
	       group_is_wrong(self, &self->group) +
	       snapshot_compare(&self->before);
}

/* 1: the nth was reached. */
static int run_once(nomem_t *self, enum nomem_way way, unsigned int nth,
		    int (*arrange)(nomem_t *self), void (*run)(nomem_t *self))
{
	int failed;

	self->wrong = 0;
	if ((arrange && arrange(self)) ||
	    nomem_begin(way, nth, self->control, self->one.bdf[0]))
		return -1;
	run(self);
	failed = nomem_end(way);
	self->wrong += tidy(self);
	if (self->wrong)
		note("request for memory %u failed", nth);
	return failed;
}

#define SWEEP(arrange, run) do {					\
	unsigned int __nth = 1;						\
	int __failed;							\
									\
	do {								\
		__failed = run_once(self, variant->way, __nth, arrange,	\
				    run);				\
		ASSERT_EQ(0, self->wrong);				\
	} while (__failed == 1 && ++__nth < NOMEM_MAX);			\
	EXPECT_EQ(0, __failed);						\
	EXPECT_LT(1, __nth);						\
	TH_LOG("asks for memory %u times", __nth - 1);			\
} while (0)

static void take_and_give_back(nomem_t *self)
{
	if (acquired(self, self->control) >= 0)
		give_back(self);
}

/* One is named, one has no driver, the others come along. */
static int arrange_whole(nomem_t *self)
{
	request_init(&self->request, TEST_TARGET);
	request_add_to(&self->request, self->first, VFIO_PCI);
	self->request.cmd.flags = BINDERY_ACQUIRE_COMPANIONS;
	return 0;
}

TEST_F_TIMEOUT(nomem, Q3_a_group_of_several, SWEEP_SECONDS)
{
	ASSERT_EQ(0, pci_unbind(self->last));
	ASSERT_EQ(0, pci_override(self->group.bdf[1], "somebody's"));
	ASSERT_EQ(0, snapshot_take(&self->before));
	SWEEP(arrange_whole, take_and_give_back);
	ASSERT_EQ(0, pci_override(self->group.bdf[1], ""));
	ASSERT_EQ(0, pci_bind(self->last, TEST_NATIVE));
	ASSERT_EQ(0, snapshot_take(&self->before));
}

static int arrange_two(nomem_t *self)
{
	request_group(&self->request, &self->one, TEST_TARGET);
	request_add(&self->request, self->two.bdf[0]);
	return 0;
}

TEST_F_TIMEOUT(nomem, Q3_two_groups, SWEEP_SECONDS)
{
	SWEEP(arrange_two, take_and_give_back);
}

static void reserve_and_bind(nomem_t *self)
{
	int ret;

	if (acquired(self, self->control) < 0)
		return;
	ret = ANSWERED("BIND", bind_claim(self->claim, &self->answer, 0, 0));
	if (ret && bind_claim(self->claim, &self->answer, 0, 0)) {
		note("BIND failed at the second try too");
		self->wrong++;
	}
	give_back(self);
}

TEST_F_TIMEOUT(nomem, Q3_reserved_then_bound, SWEEP_SECONDS)
{
	self->request.cmd.flags = BINDERY_ACQUIRE_RESERVE_ONLY;
	SWEEP(NULL, reserve_and_bind);
}

/* Until the transaction has ended, however. */
static int outcome(nomem_t *self)
{
	struct pollfd entry = { .fd = self->claim, .events = POLLPRI };
	struct answer *answer = &self->answer;
	int ret;

	do {
		poll(&entry, 1, 100);
		ret = status(self->claim, answer);
	} while (!ret && answer->status.out_state == BINDERY_GROUP_BINDING);
	return ret;
}

static void take_without_waiting(nomem_t *self)
{
	if (acquired(self, self->control) < 0)
		return;
	if (!ANSWERED("STATUS", outcome(self)))
		give_back(self);
}

TEST_F_TIMEOUT(nomem, Q3_acquired_without_waiting, SWEEP_SECONDS)
{
	self->request.cmd.flags = BINDERY_ACQUIRE_NOWAIT;
	SWEEP(NULL, take_without_waiting);
}

static void adopt_and_give_back(nomem_t *self)
{
	self->claim = judged(self, "ADOPT",
			     adopt(self->control, &self->request),
			     &self->request.error);
	if (self->claim >= 0) {
		give_back(self);
		self->wrong += !pci_is_on(self->one.bdf[0], TEST_NATIVE);
	}
	/* an adoption knows nothing of power/control; or it failed */
	snapshot_move_back(&self->before, &self->one);
}

static int arrange_adopt(nomem_t *self)
{
	request_group(&self->request, &self->one, "");
	request_native(&self->request, TEST_NATIVE, "");
	return pci_move(self->one.bdf[0], VFIO_PCI);
}

TEST_F_TIMEOUT(nomem, Q3_adopted, SWEEP_SECONDS)
{
	SWEEP(arrange_adopt, adopt_and_give_back);
}

/* Its claim, without a file of it. */
static void keep_claim(nomem_t *self, uint8_t id[BINDERY_ID_SIZE])
{
	memcpy(id, self->request.cmd.out_claim_id, BINDERY_ID_SIZE);
	ANSWERED("KEEP", keep_told(self->claim, BINDERY_KEEP_ON,
				   &self->answer));
	close_claim(self->claim);
}

static void keep_and_open(nomem_t *self)
{
	uint8_t id[BINDERY_ID_SIZE];
	int ret;

	if (acquired(self, self->control) < 0)
		return;
	keep_claim(self, id);
	self->claim = ANSWERED("OPEN_CLAIM",
			       open_claim(self->control, NULL,
					  self->one.bdf[0], &self->answer));
	if (self->claim >= 0)
		close_claim(self->claim);
	ret = ANSWERED("RECOVER", recover(self->control,
					  BINDERY_RECOVER_RELEASE, id, NULL,
					  &self->answer));
	if (ret && recover(self->control, BINDERY_RECOVER_RELEASE, id, NULL,
			   &self->answer)) {
		note("a kept claim could not be released");
		self->wrong++;
	}
}

TEST_F_TIMEOUT(nomem, Q3_kept_opened_and_released, SWEEP_SECONDS)
{
	SWEEP(NULL, keep_and_open);
}

/* The restore begins when the user closes. */
static void release_while_used(nomem_t *self)
{
	char *bdf = self->one.bdf[0];

	if (acquired(self, self->control) < 0)
		return;
	if (vfio_open(&self->user, bdf)) {
		note("%s cannot be opened", bdf);
		self->wrong++;
	}
	ANSWERED("RELEASE", release_with(self->claim, &self->answer,
					 BINDERY_RELEASE_DEFER, 0, 0));
	close_claim(self->claim);
	vfio_close(&self->user);
	self->user = vfio_none;
	wait_until(pci_is_on(bdf, TEST_NATIVE));
}

TEST_F_TIMEOUT(nomem, Q3_released_while_it_is_used, SWEEP_SECONDS)
{
	SWEEP(NULL, release_while_used);
}

static void mark_and_ask(nomem_t *self)
{
	static const uint32_t events[] = {
		BINDERY_EVENT_ATTACH_OK, BINDERY_EVENT_GUEST_READY,
		BINDERY_EVENT_DETACH_OK,
	};
	struct bindery_ioc_member *member;
	char *bdf = self->one.bdf[0];
	unsigned int i;

	if (acquired(self, self->control) < 0)
		return;
	for (i = 0; i < ARRAY_SIZE(events); i++) {
		if (ANSWERED("STATUS", status(self->claim, &self->answer)))
			break;
		member = member_of(self->answer.members,
				   self->answer.num_members, bdf);
		if (!member)
			break;
		ANSWERED("MARK", mark(self->claim, bdf, events[i],
				      member->out_generation, &self->answer));
	}
	give_back(self);
}

TEST_F_TIMEOUT(nomem, Q3_marked_and_asked, SWEEP_SECONDS)
{
	SWEEP(NULL, mark_and_ask);
}

static int was_delegated(nomem_t *self)
{
	delegated_init(&self->delegated, ALL, self->one.bdf[0], NULL);
	self->file = judged(self, "DELEGATE",
			    give(self->control, &self->delegated),
			    &self->delegated.error);
	return self->file;
}

static void delegate_use_revoke(nomem_t *self)
{
	int ret;

	if (was_delegated(self) < 0)
		return;
	ANSWERED("SHOW", show(self->file, self->one.bdf[0], &self->answer));
	acquired(self, self->file);
	ret = revoke_with(self->control, &self->revoke, &self->error, NO_ID,
			  self->file, BINDERY_REVOKE_RELEASE, 0);
	judged(self, "REVOKE", ret, &self->error);
	wait_until(pci_is_on(self->one.bdf[0], TEST_NATIVE));
}

TEST_F_TIMEOUT(nomem, Q3_delegated_used_and_revoked, SWEEP_SECONDS)
{
	SWEEP(NULL, delegate_use_revoke);
}

/* Somebody unbinds it behind our back. */
static void repair(nomem_t *self)
{
	char *bdf = self->one.bdf[0];
	int ret;

	if (acquired(self, self->control) < 0)
		return;
	if (pci_unbind(bdf)) {
		note("%s cannot be unbound", bdf);
		self->wrong++;
	}
	ret = ANSWERED("RECOVER", recover(self->control,
					  BINDERY_RECOVER_REPAIR, NULL, bdf,
					  &self->answer));
	if (ret && recover(self->control, BINDERY_RECOVER_REPAIR, NULL, bdf,
			   &self->answer)) {
		note("%s was not repaired at the second try either", bdf);
		self->wrong++;
	}
	give_back(self);
}

TEST_F_TIMEOUT(nomem, Q3_repaired, SWEEP_SECONDS)
{
	SWEEP(NULL, repair);
}

/* Each kind of object, to its end or a failure, of which a socket is told. */
static void dump_all(nomem_t *self)
{
	static const uint8_t commands[] = {
		BINDERY_CMD_GROUP_GET, BINDERY_CMD_MEMBER_GET,
		BINDERY_CMD_CLAIM_GET, BINDERY_CMD_STRAY_GET,
	};
	struct told told;
	int ret;

	for (unsigned int i = 0; i < ARRAY_SIZE(commands); i++) {
		ret = dump_begin(&self->dumps, commands[i], NULL);
		while (!ret && (ret = dump_next(&self->dumps, &told)) > 0)
			ret = 0;
		if (ret && ret != -ENOMEM && ret != -ENOBUFS && ret != -EIO) {
			note("a dump ended with %d", ret);
			self->wrong++;
		}
	}
}

TEST_F_TIMEOUT(nomem, Q3_dumps, SWEEP_SECONDS)
{
	ACQUIRE();
	for (int nth = 1, failed = 1; failed; nth++) {
		self->wrong = 0;
		ASSERT_EQ(0, nomem_begin(variant->way, nth, self->control,
					 self->one.bdf[0]));
		dump_all(self);
		failed = nomem_end(variant->way);
		ASSERT_EQ(0, self->wrong);
		ASSERT_GT(NOMEM_MAX, nth);
	}
	give_back(self);
	ASSERT_EQ(0, self->wrong);
}

/* Each number that is missing was told as an overrun, perhaps long before. */
static bool is_gap(uint64_t last, uint64_t seq)
{
	return last && seq != last + 1;
}

static void listen_to_all(nomem_t *self, uint64_t *last)
{
	struct told told;
	int ret;

	while ((ret = reader_hear(&self->events, &told, 0)) != -EAGAIN) {
		if (ret == -ENOBUFS) {
			self->overruns++;
			continue;
		}
		if (ret || (is_gap(*last, NUMBER(&told, SEQ)) &&
			    !self->overruns)) {
			note("error %d, event %llu came after %llu", ret,
			     (unsigned long long)NUMBER(&told, SEQ),
			     (unsigned long long)*last);
			self->wrong++;
			return;
		}
		if (is_gap(*last, NUMBER(&told, SEQ)))
			self->overruns--;
		*last = NUMBER(&told, SEQ);
	}
}

TEST_F_TIMEOUT(nomem, Q3_events, SWEEP_SECONDS)
{
	uint64_t last = 0;
	int failed, nth = 1;

	ASSERT_EQ(0, reader_listen(&self->events));
	do {
		failed = run_once(self, variant->way, nth, NULL,
				  take_and_give_back);
		listen_to_all(self, &last);
		ASSERT_EQ(0, self->wrong);
	} while (failed == 1 && ++nth < NOMEM_MAX);
	EXPECT_EQ(0, failed);
	EXPECT_LT(1, nth);
	EXPECT_NE(0, last);
}

/* The target's own memory, in a worker that binds to it. */
COMMON_FIXTURE(nomem_sealed, .driver = TEST_NATIVE, .target = SEALED);

TEST_F(nomem_sealed, Q3_a_sealed_target_without_memory)
{
	const struct bindery_ioc_error *error = &self->request.error;

	LACKS(NOMEM_SEALED);
	ASSERT_EQ(0, module_load(SEALED_MODULE));
	ASSERT_EQ(0, nomem_begin(NOMEM_SEALED, 1, -1, NULL));
	EXPECT_EQ(-ENOMEM, seal(&self->common, 0));
	EXPECT_EQ(1, nomem_end(NOMEM_SEALED));
	EXPECT_EQ(BINDERY_ERROR_BIND, error->out_code);
	EXPECT_EQ(0, snapshot_compare(&self->before));
	EXPECT_EQ(0, seal(&self->common, 0));
}

TEST_HARNESS_MAIN
