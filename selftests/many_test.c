// SPDX-License-Identifier: GPL-2.0-only
/* Very many groups at once: virtual functions, each alone in its group. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "kselftest_harness.h"
#include "lib.h"

#define FEW	400

FIXTURE(many) {
	int control;
	unsigned int num;
	char bdf[MAX_DEVICES][BDF_SIZE];	/* first those without driver */
	struct snapshot before;
	struct child child;
};

static bool is_virtual(const char *bdf)
{
	char path[256];

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/physfn", bdf);
	return !access(path, F_OK);
}

static void find_functions(FIXTURE_DATA(many) *self)
{
	char all[MAX_DEVICES][BDF_SIZE];
	int num = pci_list(all, MAX_DEVICES);

	for (int native = 0; native < 2; native++)
		for (int i = 0; i < num; i++)
			if (is_virtual(all[i]) &&
			    !pci_is_on(all[i], "") == native)
				memcpy(self->bdf[self->num++], all[i],
				       BDF_SIZE);
}

FIXTURE_SETUP(many)
{
	self->control = control_open();
	ASSERT_LE(0, self->control);
	find_functions(self);
	if (self->num < FEW || !pci_is_on(self->bdf[FEW - 1], ""))
		SKIP(return, "not 400 virtual functions without driver");
	ASSERT_EQ(0, module_load(TEST_NATIVE));
	ASSERT_EQ(0, module_load(TEST_TARGET));
	knobs_reset();
	ASSERT_EQ(0, snapshot_take(&self->before));
}

static bool are_free(FIXTURE_DATA(many) *self, unsigned int from)
{
	for (unsigned int i = from; i < self->num; i++)
		if (group_state(self->control, self->bdf[i]) !=
		    BINDERY_GROUP_FREE)
			return false;
	return true;
}

FIXTURE_TEARDOWN(many)
{
	knobs_reset();
	if (self->child.pid)
		child_kill(&self->child);
	EXPECT_TRUE(wait_until(are_free(self, 0)));
	for (unsigned int i = 0; i < self->num; i++) {
		if (!pci_is_on(self->bdf[i], TEST_NATIVE))
			continue;
		pci_override(self->bdf[i], "");
		pci_unbind(self->bdf[i]);
	}
	EXPECT_EQ(0, snapshot_compare(&self->before));
}

/* Like a request, but of more devices. */
static int acquire_many(FIXTURE_DATA(many) *self, unsigned int from,
			unsigned int num, unsigned int deadline_ms,
			struct bindery_ioc_error *error)
{
	static struct bindery_ioc_device devices[MAX_DEVICES];
	struct bindery_ioc_acquire cmd = {
		.size = sizeof(cmd),
		.devices = (uintptr_t)devices,
		.num_devices = num,
		.device_size = sizeof(devices[0]),
		.error = (uintptr_t)error,
		.deadline_ms = deadline_ms,
		.target = TEST_TARGET,
	};
	int ret;

	*error = (struct bindery_ioc_error) { .size = sizeof(*error) };
	for (unsigned int i = 0; i < num; i++)
		devices[i].bdf = pci_address(self->bdf[from + i]);
	ret = call(self->control, BINDERY_ACQUIRE, &cmd);
	return ret ? ret : cmd.out_claim_fd;
}

/* Claims of so many devices each, until none is left; then wait for death. */
struct owner {
	FIXTURE_DATA(many) *self;
	unsigned int each;
};

static int own(int socket, void *arg)
{
	struct owner *owner = arg;
	struct bindery_ioc_error error;
	unsigned int num;
	int ret = 0;

	for (unsigned int i = 0; ret >= 0 && i < owner->self->num; i += num) {
		num = owner->self->num - i;
		if (num > owner->each)
			num = owner->each;
		ret = acquire_many(owner->self, i, num, 0, &error);
	}
	tell(socket, ret);
	return hear(socket, &ret);
}

static bool is_owned(FIXTURE_DATA(many) *self, unsigned int each)
{
	struct owner owner = { self, each };
	int ret = -1;

	if (child_start(&self->child, own, &owner) ||
	    hear(self->child.socket, &ret) || ret < 0) {
		note("the owner got %d", ret);
		return false;
	}
	for (unsigned int i = 0; i < self->num; i++)
		if (!pci_is_on(self->bdf[i], TEST_TARGET))
			return false;
	return true;
}

static void kill_owner(FIXTURE_DATA(many) *self)
{
	child_kill(&self->child);
	self->child.pid = 0;
}

TEST_F_TIMEOUT(many, C1_one_kill_ends_a_claim_of_many_groups, 100)
{
	ASSERT_TRUE(is_owned(self, self->num));
	kill_owner(self);
	EXPECT_TRUE(wait_until(are_free(self, 0)));
	EXPECT_EQ(0, snapshot_compare(&self->before));
}

TEST_F_TIMEOUT(many, C1_one_kill_ends_many_claims, 100)
{
	ASSERT_TRUE(is_owned(self, 1));
	kill_owner(self);
	EXPECT_TRUE(wait_until(are_free(self, 0)));
	EXPECT_EQ(0, snapshot_compare(&self->before));
}

#define HELD_UP	4

/* These are put on the driver that can be told to wait. */
static int prepare_natives(FIXTURE_DATA(many) *self, char *held, size_t size)
{
	size_t len = 0;
	int ret = 0;

	for (unsigned int i = 0; !ret && i < HELD_UP; i++) {
		ret = pci_override(self->bdf[i], TEST_NATIVE);
		ret = ret ? ret : pci_bind(self->bdf[i], TEST_NATIVE);
		len += snprintf(held + len, size - len, "%s ", self->bdf[i]);
	}
	return ret;
}

static unsigned int num_native(FIXTURE_DATA(many) *self)
{
	unsigned int num = 0;

	for (unsigned int i = 0; i < HELD_UP; i++)
		num += pci_is_on(self->bdf[i], TEST_NATIVE);
	return num;
}

/* Restores that wait for a driver keep no other one from its turn. */
static void check_held_up(struct __test_metadata *_metadata,
			  FIXTURE_DATA(many) *self, unsigned int each)
{
	char held[128];

	ASSERT_EQ(0, prepare_natives(self, held, sizeof(held)));
	ASSERT_TRUE(is_owned(self, each));
	knob(TEST_NATIVE, "hold_probe", held);
	kill_owner(self);
	EXPECT_TRUE(wait_until(are_free(self, HELD_UP)));
	EXPECT_TRUE(wait_until(knob_read(TEST_NATIVE, "waiting") == HELD_UP));
	for (unsigned int i = 0; i < HELD_UP; i++)
		EXPECT_NE(BINDERY_GROUP_FREE,
			  group_state(self->control, self->bdf[i]));
	knob(TEST_NATIVE, "hold_probe", "");
	EXPECT_TRUE(wait_until(are_free(self, 0)));
	EXPECT_EQ(HELD_UP, num_native(self));
}

TEST_F_TIMEOUT(many, T14_a_claim_is_restored_but_for_what_is_held_up, 100)
{
	check_held_up(_metadata, self, self->num);
}

TEST_F_TIMEOUT(many, T14_claims_are_restored_but_for_what_is_held_up, 100)
{
	check_held_up(_metadata, self, 1);
}

/* As many devices are stuck, with a deadline long enough for all of them. */
static bool are_stuck(FIXTURE_DATA(many) *self, unsigned int num)
{
	struct bindery_ioc_error error;
	unsigned int ms = 2000;
	int ret;

	for (; ms < 20000; ms *= 2) {
		knob(TEST_TARGET, "hold_probe", "*");
		ret = acquire_many(self, 0, num, ms, &error);
		if (knob_read(TEST_TARGET, "waiting") == (int)num)
			return ret == -ETIMEDOUT;
		knob(TEST_TARGET, "hold_probe", "");
		if (!wait_until(are_free(self, 0)))
			return false;
	}
	return false;
}

/* INFO tells how many callbacks may be overdue. */
TEST_F_TIMEOUT(many, T12_when_too_many_are_stuck_nothing_new_begins, 100)
{
	struct bindery_ioc_info info = { .size = sizeof(info) };
	struct bindery_ioc_error error;
	int claim;

	ASSERT_EQ(0, call(self->control, BINDERY_INFO, &info));
	note("%u callbacks may be overdue", info.out_max_stuck);
	ASSERT_LT(0, info.out_max_stuck);
	if (info.out_max_stuck >= self->num)
		SKIP(return, "not as many devices");
	ASSERT_TRUE(are_stuck(self, info.out_max_stuck));
	EXPECT_TRUE(wait_until(acquire_many(self, self->num - 1, 1, 200,
					    &error) == -EBUSY));
	EXPECT_EQ(BINDERY_ERROR_STUCK, error.out_code);
	knob(TEST_TARGET, "hold_probe", "");
	EXPECT_TRUE(wait_until(are_free(self, 0)));
	EXPECT_EQ(0, snapshot_compare(&self->before));
	claim = acquire_many(self, self->num - 1, 1, 0, &error);
	EXPECT_LE(0, claim);
	close(claim);
}

TEST_HARNESS_MAIN
