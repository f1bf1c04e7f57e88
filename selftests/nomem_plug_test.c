// SPDX-License-Identifier: GPL-2.0-only
/*
 * A device that comes to a claimed group while there is no memory: it is taken
 * all the same, since its first probe would not wait.
 */
#include <errno.h>

#include "kselftest_harness.h"
#include "hotplug.h"
#include "nomem.h"

FIXTURE(nomem_plug) {
	struct hotplug hp;
	int wrong;
};

FIXTURE_VARIANT(nomem_plug) {
	enum nomem_way way;
};

FIXTURE_VARIANT_ADD(nomem_plug, call) {
	.way = NOMEM_CALL,
};

FIXTURE_VARIANT_ADD(nomem_plug, text) {
	.way = NOMEM_TEXT,
};

FIXTURE_SETUP(nomem_plug)
{
	const char *lacks = nomem_lacks(variant->way);
	int ret;

	if (lacks)
		SKIP(return, "this kernel has %s", lacks);
	ret = hotplug_begin(&self->hp);
	if (ret == -ENODEV)
		SKIP(return, "no group to hot-plug into");
	ASSERT_EQ(0, ret);
}

FIXTURE_TEARDOWN(nomem_plug)
{
	EXPECT_EQ(0, hotplug_end(&self->hp));
	nomem_leave();
}

/* What is released without memory is released at the second try. */
static int give_back(struct hotplug *hp)
{
	int ret = release(hp->claim, &hp->answer);

	if (ret == -ENOMEM &&
	    hp->answer.error.out_code == BINDERY_ERROR_NO_MEMORY)
		ret = release(hp->claim, &hp->answer);
	if (ret)
		note("RELEASE returned %d", ret);
	close_claim(hp->claim);
	return ret != 0;
}

static int come_and_go(struct hotplug *hp)
{
	const struct plug *plug = hp->newcomer;
	int wrong = plug_in(hp->qmp, plug) != 0;

	wrong += !wait_until(pci_is_on(plug->bdf, VFIO_PCI));
	return wrong + give_back(hp);
}

/* 1: the nth was reached. */
static int run_once(struct hotplug *hp, enum nomem_way way, unsigned int nth,
		    int *wrong)
{
	int failed;

	hp->claim = acquire(hp->control, &hp->request);
	if (hp->claim < 0 ||
	    nomem_begin(way, nth, hp->control, hp->first->bdf))
		return -1;
	*wrong = come_and_go(hp);
	failed = nomem_end(way);
	*wrong += !wait_until(came_back(hp->newcomer));
	*wrong += plug_out(hp->qmp, hp->newcomer) != 0;
	*wrong += !wait_until(hotplug_is(hp, BINDERY_GROUP_FREE));
	*wrong += snapshot_compare(&hp->before);
	if (*wrong)
		note("request for memory %u failed", nth);
	return failed;
}

TEST_F(nomem_plug, Q3_a_newcomer_to_a_claimed_group)
{
	unsigned int nth = 0;
	int failed, wrong = 0;

	do {
		failed = run_once(&self->hp, variant->way, ++nth, &wrong);
		ASSERT_EQ(0, wrong);
	} while (failed == 1 && nth < NOMEM_MAX);
	EXPECT_EQ(0, failed);
	EXPECT_LT(1, nth);
	TH_LOG("asks for memory %u times", nth - 1);
}

TEST_HARNESS_MAIN
