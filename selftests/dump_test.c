// SPDX-License-Identifier: GPL-2.0-only
/*
 * Dumps of which a part is read while groups and their members come and go: the
 * reader is told that something changed, what stays is told once, and nothing
 * of what went is touched any more.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kselftest_harness.h"
#include "hotplug.h"
#include "reader.h"

#define MAX_TOLD	160
#define LONG_NAME \
	"a-driver-of-a-name-as-long-as-names-may-be-that-nobody-ever-made"

/* What a dump told, in all its parts. */
struct dump {
	struct reader reader;
	struct told told[MAX_TOLD];
	unsigned int num;
	bool interrupted;
	int ret;
};

static int begin(struct dump *dump, uint8_t cmd)
{
	reader_close(&dump->reader);
	dump->num = 0;
	dump->interrupted = false;
	return reader_open_small(&dump->reader) ?:
	       dump_begin(&dump->reader, cmd, NULL);
}

/* Up to that number of messages: false, there are no more. */
static bool read_up_to(struct dump *dump, unsigned int num)
{
	struct told *told = &dump->told[dump->num];

	for (; dump->num < num && dump->num < MAX_TOLD; told++, dump->num++) {
		dump->ret = dump_next(&dump->reader, told);
		dump->interrupted |= told->interrupted;
		if (dump->ret <= 0)
			return false;
	}
	return true;
}

static int read_rest(struct dump *dump)
{
	return read_up_to(dump, MAX_TOLD) ? -E2BIG : dump->ret;
}

/* A new one, once all groups are free. */
static bool is_of_nothing(struct dump *dump)
{
	return !begin(dump, BINDERY_CMD_MEMBER_GET) && !read_rest(dump) &&
	       !dump->num;
}

static int times_told(const struct dump *dump, const char *bdf)
{
	int times = 0;

	for (unsigned int i = 0; i < dump->num; i++)
		times += !strcmp(dump->told[i].bdf, bdf);
	return times;
}

/* One after the other, and none twice. */
static int out_of_order(const struct dump *dump)
{
	int wrong = 0;

	for (unsigned int i = 1; i < dump->num; i++)
		wrong += NUMBER(&dump->told[i - 1], GROUP) >=
			 NUMBER(&dump->told[i], GROUP);
	return wrong;
}

FIXTURE(plugged) {
	struct hotplug hp;
	struct request rest[MAX_MEMBERS];
	unsigned int num_rest;
	struct dump dump;
};

/* Bridges stay where they are whatever that says; it fills the messages. */
static int override_bridges(FIXTURE_DATA(plugged) *self, const char *name)
{
	struct snapshot *all = &self->hp.before;
	int ret = 0;

	for (unsigned int i = 0; !ret && i < all->num; i++)
		if (pci_is_bridge(all->devices[i].bdf))
			ret = pci_override(all->devices[i].bdf, name);
	return ret;
}

/* Claims on all groups of the machine, so that a dump has several parts. */
static int claim_all(FIXTURE_DATA(plugged) *self)
{
	char all[MAX_DEVICES][BDF_SIZE];
	int num = pci_list(all, MAX_DEVICES);

	self->hp.claim = acquire(self->hp.control, &self->hp.request);
	if (self->hp.claim < 0)
		return self->hp.claim;
	for (int i = 0; i < num; i++) {
		struct request *request = &self->rest[self->num_rest];

		if (!pci_is_on(all[i], TEST_NATIVE))
			continue;
		request_endpoints(request, pci_group(all[i]), VFIO_PCI);
		if (acquire(self->hp.control, request) < 0)
			return -1;
		self->num_rest++;
	}
	return 0;
}

static void release_all(FIXTURE_DATA(plugged) *self)
{
	while (self->num_rest)
		close_claim(self->rest[--self->num_rest].cmd.out_claim_fd);
	if (self->hp.claim >= 0)
		close_claim(self->hp.claim);
	self->hp.claim = -1;
}

FIXTURE_SETUP(plugged)
{
	int ret = hotplug_begin(&self->hp);

	if (ret == -ENODEV)
		SKIP(return, "no group to hot-plug into");
	ASSERT_EQ(0, ret);
	ASSERT_EQ(0, override_bridges(self, LONG_NAME));
	ASSERT_EQ(0, claim_all(self));
}

FIXTURE_TEARDOWN(plugged)
{
	reader_close(&self->dump.reader);
	release_all(self);
	EXPECT_EQ(0, override_bridges(self, ""));
	EXPECT_EQ(0, hotplug_end(&self->hp));
}

/* All that stay are told, each once. */
static int not_all_told(FIXTURE_DATA(plugged) *self)
{
	struct request *request = &self->hp.request;
	int wrong = 0;

	for (unsigned int i = 0; i < request->cmd.num_devices; i++) {
		char bdf[BDF_SIZE];

		pci_text(&request->devices[i].bdf, bdf);
		if (times_told(&self->dump, bdf) == 1 ||
		    !strcmp(bdf, self->hp.last->bdf))
			continue;
		note("%s was told %d times", bdf,
		     times_told(&self->dump, bdf));
		wrong++;
	}
	return wrong;
}

TEST_F(plugged, W4_W2_a_dump_during_a_removal_is_marked)
{
	ASSERT_EQ(0, begin(&self->dump, BINDERY_CMD_MEMBER_GET));
	ASSERT_EQ(0, plug_out(self->hp.qmp, self->hp.last));
	EXPECT_EQ(0, read_rest(&self->dump));
	EXPECT_TRUE(self->dump.interrupted);
	EXPECT_EQ(0, not_all_told(self));
	/* and again, now that nothing changes */
	ASSERT_EQ(0, begin(&self->dump, BINDERY_CMD_MEMBER_GET));
	EXPECT_EQ(0, read_rest(&self->dump));
	EXPECT_FALSE(self->dump.interrupted);
	EXPECT_EQ(0, not_all_told(self));
}

TEST_F(plugged, W4_W1_a_dump_during_an_addition_is_marked)
{
	ASSERT_EQ(0, begin(&self->dump, BINDERY_CMD_MEMBER_GET));
	EXPECT_EQ(0, comes_to(&self->hp, VFIO_PCI));
	EXPECT_EQ(0, read_rest(&self->dump));
	EXPECT_TRUE(self->dump.interrupted);
	EXPECT_EQ(0, not_all_told(self));
}

TEST_F(plugged, W4_a_dump_goes_on_when_all_claims_end_and_devices_go)
{
	ASSERT_EQ(0, begin(&self->dump, BINDERY_CMD_MEMBER_GET));
	release_all(self);
	ASSERT_EQ(0, plug_out(self->hp.qmp, self->hp.last));
	EXPECT_EQ(0, read_rest(&self->dump));
	EXPECT_TRUE(self->dump.interrupted);
	EXPECT_TRUE(wait_until(is_of_nothing(&self->dump)));
}

#define EACH	30		/* groups of a claim */
#define CLAIMS	3

FIXTURE(groups) {
	int control;
	char bdf[MAX_DEVICES][BDF_SIZE];
	struct request requests[CLAIMS];
	int claims[CLAIMS];
	struct snapshot before;
	struct dump dump;
};

/* Devices that are alone in their groups: virtual functions. */
static unsigned int find_groups(FIXTURE_DATA(groups) *self)
{
	int all = pci_list(self->bdf, MAX_DEVICES);
	unsigned int num = 0;
	struct group group;

	for (int i = 0; i < all; i++)
		if (!group_read(&group, pci_group(self->bdf[i])) &&
		    group.num == 1 && !pci_is_bridge(self->bdf[i]) &&
		    pci_is_on(self->bdf[i], ""))
			memmove(self->bdf[num++], self->bdf[i], BDF_SIZE);
	return num;
}

static int reserve(FIXTURE_DATA(groups) *self, unsigned int i)
{
	struct request *request = &self->requests[i];

	request_init(request, TEST_TARGET);
	request->cmd.flags = BINDERY_ACQUIRE_RESERVE_ONLY;
	for (unsigned int j = 0; j < EACH; j++)
		request_add(request, self->bdf[i * EACH + j]);
	self->claims[i] = acquire(self->control, request);
	return self->claims[i] < 0 ? self->claims[i] : 0;
}

static void give_up(FIXTURE_DATA(groups) *self, unsigned int i)
{
	if (self->claims[i] >= 0)
		close_claim(self->claims[i]);
	self->claims[i] = -1;
}

FIXTURE_SETUP(groups)
{
	memset(self->claims, -1, sizeof(self->claims));
	self->control = control_open();
	ASSERT_LE(0, self->control);
	if (find_groups(self) < EACH * CLAIMS)
		SKIP(return, "no 90 devices without driver, alone in groups");
	ASSERT_EQ(0, module_load(TEST_TARGET));
	ASSERT_EQ(0, snapshot_take(&self->before));
	for (unsigned int i = 0; i < CLAIMS; i++)
		ASSERT_EQ(0, reserve(self, i));
}

FIXTURE_TEARDOWN(groups)
{
	reader_close(&self->dump.reader);
	for (unsigned int i = 0; i < CLAIMS; i++)
		give_up(self, i);
	EXPECT_EQ(0, snapshot_compare_untouched(&self->before));
}

static int not_all_of_first(FIXTURE_DATA(groups) *self)
{
	int wrong = 0;

	for (unsigned int i = 0; i < EACH; i++)
		wrong += times_told(&self->dump, self->bdf[i]) != 1;
	return wrong;
}

TEST_F(groups, W4_groups_that_go_during_a_dump_are_told_no_more)
{
	ASSERT_EQ(0, begin(&self->dump, BINDERY_CMD_GROUP_GET));
	give_up(self, 2);
	EXPECT_EQ(0, read_rest(&self->dump));
	EXPECT_TRUE(self->dump.interrupted);
	EXPECT_EQ(0, out_of_order(&self->dump));
	EXPECT_LE(EACH * 2, self->dump.num);
	EXPECT_GT(EACH * CLAIMS, self->dump.num);
	ASSERT_EQ(0, begin(&self->dump, BINDERY_CMD_GROUP_GET));
	EXPECT_EQ(0, read_rest(&self->dump));
	EXPECT_FALSE(self->dump.interrupted);
	EXPECT_EQ(EACH * 2, self->dump.num);
	EXPECT_EQ(0, out_of_order(&self->dump));
}

TEST_F(groups, W4_groups_that_come_and_go_at_each_part_of_a_dump)
{
	static const uint8_t commands[] = {
		BINDERY_CMD_MEMBER_GET, BINDERY_CMD_GROUP_GET,
	};

	for (int i = 0; i < 2; i++) {
		unsigned int step = 8;

		ASSERT_EQ(0, begin(&self->dump, commands[i]));
		while (read_up_to(&self->dump, step)) {
			give_up(self, 1 + step / 8 % 2);
			ASSERT_EQ(0, reserve(self, 1 + step / 8 % 2));
			step += 8;
		}
		EXPECT_EQ(0, self->dump.ret);
		EXPECT_TRUE(self->dump.interrupted);
		EXPECT_EQ(0, i ? out_of_order(&self->dump) :
				 not_all_of_first(self));
	}
}

TEST_HARNESS_MAIN
