// SPDX-License-Identifier: GPL-2.0-only
/*
 * Each error code of a request: what is told, by ACQUIRE and CHECK, and nothing
 * is done. Those of claims are in error_claim_test.c.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "kselftest_harness.h"
#include "fixture.h"

/* Workers hold the module too, for a moment after they have told the end. */
#define HELD_BY_FILES(number) \
	wait_until(module_references("bindery") == (number))

FIXTURE(error) {
	COMMON;
	struct modules modules;
};

FIXTURE_SETUP(error)
{
	COMMON_SETUP();
	ASSERT_TRUE(HELD_BY_FILES(1));
	ASSERT_EQ(0, modules_take(&self->modules));
}

FIXTURE_TEARDOWN(error)
{
	COMMON_TEARDOWN();
}

/* Both refuse it so, and neither touches a device or a module. */
static int refused(FIXTURE_DATA(error) *self, const struct expected *expected)
{
	int differences = 0;
	int ret;

	for (int i = 0; i < 2; i++) {
		ret = i ? acquire(self->control, &self->request) :
			  check(self->control, &self->request);
		if (ret != -expected->err)
			note("%s returned %d, not %d", i ? "ACQUIRE" : "CHECK",
			     ret, -expected->err);
		differences += ret != -expected->err;
		differences += error_compare(&self->request.error, expected);
	}
	return differences + modules_compare(&self->modules) +
	       snapshot_compare_untouched(&self->before);
}

#define REFUSED(...) refused(self, &(struct expected) { __VA_ARGS__ })

TEST_F(error, T8_empty_list)
{
	self->request.cmd.num_devices = 0;
	EXPECT_EQ(0, REFUSED(BINDERY_ERROR_EMPTY_LIST, BINDERY_STEP_REQUEST,
			     EINVAL));
}

TEST_F(error, T8_too_many_devices)
{
	self->request.cmd.num_devices = BINDERY_MAX_DEVICES + 1;
	EXPECT_EQ(0, REFUSED(BINDERY_ERROR_TOO_MANY, BINDERY_STEP_REQUEST,
			     E2BIG));
	self->request.cmd.num_devices = ~0U;
	EXPECT_EQ(0, REFUSED(BINDERY_ERROR_TOO_MANY, BINDERY_STEP_REQUEST,
			     E2BIG));
}

TEST_F(error, T8_a_device_named_twice)
{
	request_add(&self->request, self->last);
	EXPECT_EQ(0, REFUSED(BINDERY_ERROR_DUPLICATE, BINDERY_STEP_RESOLVE,
			     EINVAL, self->last));
}

TEST_F(error, T8_no_such_device)
{
	request_add(&self->request, "0000:7f:1f.7");
	EXPECT_EQ(0, REFUSED(BINDERY_ERROR_NO_DEVICE, BINDERY_STEP_RESOLVE,
			     ENODEV, "0000:7f:1f.7"));
}

TEST_F(error, T8_a_wide_domain_is_an_address)
{
	static const uint32_t domains[] = { 0x10000, 0x7fffffff, 0xffffffff };
	struct bindery_ioc_bdf *bdf = &self->request.devices[0].bdf;

	for (int i = 0; i < 3; i++) {
		bdf->domain = domains[i];
		EXPECT_EQ(-ENODEV, acquire(self->control, &self->request));
		EXPECT_EQ(BINDERY_ERROR_NO_DEVICE,
			  self->request.error.out_code);
		EXPECT_EQ(domains[i], self->request.error.out_device.domain);
	}
}

TEST_F(error, T8_addresses_that_are_none)
{
	struct bindery_ioc_bdf *bdf = &self->request.devices[0].bdf;
	struct bindery_ioc_error *error = &self->request.error;

	bdf->slot = 0x20;
	EXPECT_EQ(-EINVAL, acquire(self->control, &self->request));
	EXPECT_EQ(BINDERY_ERROR_ADDRESS, error->out_code);
	EXPECT_EQ(0x20, error->out_device.slot);
	bdf->slot = 0;
	bdf->function = 8;
	EXPECT_EQ(-EINVAL, check(self->control, &self->request));
	EXPECT_EQ(BINDERY_ERROR_ADDRESS, error->out_code);
	EXPECT_EQ(8, error->out_device.function);
}

TEST_F(error, T8_mixed_groups_where_one_was_asked_for)
{
	char all[MAX_DEVICES][BDF_SIZE];
	int num = pci_list(all, MAX_DEVICES);
	int i = 0;

	while (i < num && (pci_group(all[i]) == self->group.id ||
			   pci_is_bridge(all[i]) || pci_group(all[i]) < 0))
		i++;
	if (i == num)
		SKIP(return, "no other group");
	request_add(&self->request, all[i]);
	self->request.cmd.flags = BINDERY_ACQUIRE_SINGLE_GROUP;
	EXPECT_EQ(0, REFUSED(BINDERY_ERROR_MIXED_GROUPS, BINDERY_STEP_RESOLVE,
			     EXDEV, all[i]));
}

TEST_F(error, T8_names_that_are_none)
{
	char *names[] = {
		self->request.cmd.target, self->request.cmd.module,
		self->request.devices[0].target,
		self->request.devices[0].module,
	};
	const char *bdf;

	for (int i = 0; i < 4; i++) {
		bdf = i < 2 ? NULL : self->first;
		memset(names[i], 'x', BINDERY_NAME_SIZE);
		EXPECT_EQ(0, REFUSED(BINDERY_ERROR_NAME, BINDERY_STEP_REQUEST,
				     EINVAL, bdf));
		memset(names[i], 0, BINDERY_NAME_SIZE);
		strcpy(names[i], "../vfio-pci");
		EXPECT_EQ(0, REFUSED(BINDERY_ERROR_NAME, BINDERY_STEP_REQUEST,
				     EINVAL, bdf));
		strcpy(names[i], "vfio\npci");
		EXPECT_EQ(0, REFUSED(BINDERY_ERROR_NAME, BINDERY_STEP_REQUEST,
				     EINVAL, bdf));
		strcpy(names[i], "vfio\xe4pci");
		EXPECT_EQ(0, REFUSED(BINDERY_ERROR_NAME, BINDERY_STEP_REQUEST,
				     EINVAL, bdf));
		memset(names[i], 0, BINDERY_NAME_SIZE);
	}
}

TEST_F(error, T8_labels_that_are_none)
{
	char *label = self->request.cmd.label;

	memset(label, 'x', BINDERY_LABEL_MAX + 1);
	EXPECT_EQ(0, REFUSED(BINDERY_ERROR_LABEL, BINDERY_STEP_REQUEST,
			     EINVAL));
	label[BINDERY_LABEL_MAX] = 0;
	EXPECT_EQ(0, check(self->control, &self->request));
	label[3] = '\033';
	EXPECT_EQ(0, REFUSED(BINDERY_ERROR_LABEL, BINDERY_STEP_REQUEST,
			     EINVAL));
}

TEST_F(error, T8_a_bridge_is_no_endpoint)
{
	char all[MAX_DEVICES][BDF_SIZE];
	int num = pci_list(all, MAX_DEVICES);
	int i = 0;

	while (i < num && !(pci_is_bridge(all[i]) && pci_is_on(all[i],
							       "pcieport")))
		i++;
	if (i == num)
		SKIP(return, "no PCI bridge");
	request_init(&self->request, "");
	request_add(&self->request, all[i]);
	self->request.cmd.flags = BINDERY_ACQUIRE_COMPANIONS;
	EXPECT_EQ(0, REFUSED(BINDERY_ERROR_NOT_ENDPOINT, BINDERY_STEP_VALIDATE,
			     EINVAL, all[i]));
}

TEST_F(error, T8_no_such_target)
{
	request_group(&self->request, &self->group, "no-such-driver");
	EXPECT_EQ(-ENOENT, acquire(self->control, &self->request));
	EXPECT_EQ(0, error_is(&self->request.error, BINDERY_ERROR_NO_TARGET,
			      BINDERY_STEP_TARGET, ENOENT, self->first,
			      "no-such-driver"));
	EXPECT_EQ(0, snapshot_compare_untouched(&self->before));
}

TEST_F(error, T8_a_module_without_the_target)
{
	ASSERT_EQ(0, module_load("pci_stub"));
	ASSERT_EQ(0, module_unload("pci_stub"));
	request_group(&self->request, &self->group, "no-such-driver");
	strcpy(self->request.cmd.module, "pci_stub");
	EXPECT_EQ(-ENOENT, acquire(self->control, &self->request));
	EXPECT_EQ(BINDERY_ERROR_NO_TARGET, self->request.error.out_code);
	EXPECT_TRUE(module_is_loaded("pci_stub"));
	EXPECT_EQ(0, snapshot_compare_untouched(&self->before));
}

TEST_F(error, T8_T16_a_target_that_is_no_vfio_driver)
{
	char *native = snapshot_device(&self->before, self->last)->driver;

	ASSERT_EQ(0, module_load("pci_stub"));
	ASSERT_EQ(0, modules_take(&self->modules));
	request_group(&self->request, &self->group, "pci-stub");
	EXPECT_EQ(0, REFUSED(BINDERY_ERROR_TARGET_NOT_VFIO,
			     BINDERY_STEP_VALIDATE, EINVAL, self->first,
			     "pci-stub"));
	request_group(&self->request, &self->group, native);
	EXPECT_EQ(0, REFUSED(BINDERY_ERROR_TARGET_NOT_VFIO,
			     BINDERY_STEP_VALIDATE, EINVAL, self->first,
			     native));
}

TEST_F(error, T8_T16_a_target_for_other_devices)
{
	struct bindery_ioc_device *device;

	device = &self->request.devices[self->group.num - 1];
	strcpy(device->target, TEST_OTHER);
	EXPECT_EQ(0, REFUSED(BINDERY_ERROR_TARGET_MISMATCH,
			     BINDERY_STEP_VALIDATE, EINVAL, self->last,
			     TEST_OTHER));
}

/* The root bus has no slot, and a path has some steps, but not too many. */
TEST_F(error, T8_A1_paths_that_are_none)
{
	static const struct {
		unsigned int steps;
		struct bindery_ioc_bdf bdf;
		const char *told;
	} paths[] = {
		{ 0, { 0 }, "0000:00:00.0" },
		{ BINDERY_PATH_MAX + 1, { 0 }, "0000:00:00.0" },
		{ ~0U, { 0 }, "0000:00:00.0" },
		{ 1, { .slot = 1 }, "0000:00:01.0" },
		{ 1, { .function = 1 }, "0000:00:00.1" },
	};
	struct bindery_ioc_device *device = &self->request.devices[0];

	for (unsigned int i = 0; i < ARRAY_SIZE(paths); i++) {
		memset(device, 0, sizeof(*device));
		device->address = BINDERY_ADDRESS_PATH;
		device->bdf = paths[i].bdf;
		device->num_steps = paths[i].steps;
		EXPECT_EQ(0, REFUSED(BINDERY_ERROR_ADDRESS,
				     BINDERY_STEP_REQUEST, EINVAL,
				     paths[i].told));
	}
	EXPECT_EQ(BINDERY_ERROR_CLASS_ASK, self->request.error.out_class);
}

TEST_F(error, T8_A7_a_device_that_is_not_the_expected_one)
{
	struct bindery_ioc_device *device;

	device = &self->request.devices[self->group.num - 1];
	device->flags = BINDERY_EXPECT_ID;
	device->vendor = 0xfffe;
	EXPECT_EQ(0, REFUSED(BINDERY_ERROR_IDENTITY, BINDERY_STEP_RESOLVE,
			     ENODEV, self->last));
	EXPECT_EQ(BINDERY_ERROR_CLASS_ASK, self->request.error.out_class);
}

TEST_F(error, T8_A4_a_device_without_virtual_functions)
{
	struct bindery_ioc_device *device;

	device = &self->request.devices[self->group.num - 1];
	device->address = BINDERY_ADDRESS_VF;
	EXPECT_EQ(0, REFUSED(BINDERY_ERROR_NO_VF, BINDERY_STEP_RESOLVE, ENODEV,
			     self->last));
	EXPECT_EQ(BINDERY_ERROR_CLASS_ASK, self->request.error.out_class);
}

TEST_F(error, T8_C2_a_held_group_names_its_holder)
{
	struct bindery_ioc_error *error = &self->request.error;
	int ret;

	strcpy(self->request.cmd.label, "held for a test");
	ASSERT_EQ(0, acquire_in_child(&self->child, self->control,
				      &self->request));
	ASSERT_EQ(0, hear(self->child.socket, &ret));
	ASSERT_LE(0, ret);
	self->request.cmd.label[0] = 0;
	EXPECT_EQ(-EBUSY, acquire(self->control, &self->request));
	EXPECT_EQ(0, error_is(error, BINDERY_ERROR_BUSY, BINDERY_STEP_RESERVE,
			      EBUSY));
	EXPECT_EQ(BINDERY_ERROR_CLASS_RETRY, error->out_class);
	EXPECT_TRUE(error->out_flags & BINDERY_ERROR_HAS_HOLDER);
	EXPECT_TRUE(error->out_flags & BINDERY_ERROR_HAS_GROUP);
	EXPECT_EQ(self->group.id, error->out_group);
	EXPECT_EQ(self->child.pid, error->out_holder_pid);
	EXPECT_STREQ("error_test", error->out_holder_comm);
	EXPECT_STREQ("held for a test", error->out_holder_label);
	tell(self->child.socket, 0);
	EXPECT_EQ(0, child_wait(&self->child));
}

TEST_F(error, T8_a_member_that_a_vfio_user_has_open_elsewhere)
{
	for (unsigned int i = 0; i < self->group.num - 1; i++)
		ASSERT_EQ(0, pci_unbind(self->group.bdf[i]));
	ASSERT_EQ(0, pci_move(self->last, TEST_TARGET));
	ASSERT_EQ(0, vfio_open(&self->user, self->last));
	ASSERT_EQ(0, snapshot_take(&self->changed));

	EXPECT_EQ(-EBUSY, acquire(self->control, &self->request));
	EXPECT_EQ(0, error_is(&self->request.error, BINDERY_ERROR_IN_USE,
			      BINDERY_STEP_VALIDATE, EBUSY, self->last,
			      TEST_TARGET));
	EXPECT_EQ(0, snapshot_compare_untouched(&self->changed));
	vfio_close(&self->user);
	ASSERT_EQ(0, snapshot_move_back(&self->before, &self->group));
}

TEST_F(error, T8_a_device_whose_lock_is_held)
{
	ASSERT_EQ(0, knob(TEST_TARGET, "lock", self->last));
	ASSERT_TRUE(knob_holds(TEST_TARGET));
	self->request.cmd.deadline_ms = 50;
	self->request.cmd.members = 0;
	EXPECT_EQ(-EBUSY, acquire(self->control, &self->request));
	EXPECT_EQ(0, error_is(&self->request.error, BINDERY_ERROR_LOCKED,
			      BINDERY_STEP_VALIDATE, EBUSY, self->last));
	ASSERT_EQ(0, knob(TEST_TARGET, "lock", ""));
	EXPECT_EQ(0, snapshot_compare_untouched(&self->before));
}

TEST_F(error, T8_T12_a_group_whose_driver_has_not_returned)
{
	struct bindery_ioc_error *error = &self->request.error;

	request_group(&self->request, &self->group, TEST_TARGET);
	ASSERT_EQ(-ETIMEDOUT, overdue(self->control, &self->request,
				      TEST_TARGET, "hold_probe", self->last));
	ASSERT_TRUE(BECOMES(STUCK));
	for (int i = 0; i < 2; i++) {
		EXPECT_EQ(-EBUSY, i ? acquire(self->control, &self->request) :
				      check(self->control, &self->request));
		EXPECT_EQ(0, error_is(error, BINDERY_ERROR_STUCK,
				      BINDERY_STEP_RESERVE, EBUSY));
		EXPECT_EQ(BINDERY_ERROR_CLASS_RETRY, error->out_class);
		EXPECT_TRUE(error->out_flags & BINDERY_ERROR_HAS_GROUP);
		EXPECT_EQ(self->group.id, error->out_group);
	}
	ASSERT_EQ(0, knob(TEST_TARGET, "hold_probe", ""));
}

/* Known only to those who share it. */
TEST_F(error, T8_C7_a_device_that_the_guest_never_saw)
{
	struct bindery_ioc_member *member;

	self->request.cmd.flags = BINDERY_ACQUIRE_SHARED;
	ACQUIRE();
	ASSERT_TRUE(HELD_BY_FILES(2));
	for (int i = 0; i < 2; i++) {
		member = status_member(self->claim, self->last, &self->answer);
		ASSERT_NE(NULL, member);
		ASSERT_EQ(0, mark(self->claim, self->last, i ?
				  BINDERY_EVENT_GUEST_FAILED :
				  BINDERY_EVENT_ATTACH_OK,
				  member->out_generation, &self->answer));
	}
	self->changed = self->before;
	ASSERT_EQ(0, snapshot_take(&self->before));
	ASSERT_EQ(0, modules_take(&self->modules));
	EXPECT_EQ(0, REFUSED(BINDERY_ERROR_INVALID, BINDERY_STEP_RESERVE, EBUSY,
			     self->last));
	EXPECT_EQ(BINDERY_ERROR_CLASS_HOST, self->request.error.out_class);
	self->before = self->changed;
}

TEST_HARNESS_MAIN
