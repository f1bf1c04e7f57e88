// SPDX-License-Identifier: GPL-2.0-only
/* The ways to name a device in a call, and to say what it has to be. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "kselftest_harness.h"
#include "lib.h"

FIXTURE(address) {
	int control;
	int num;
	char all[MAX_DEVICES][BDF_SIZE];
	struct group group;
	struct snapshot before;
	struct request request;
	struct answer answer;
};

FIXTURE_SETUP(address)
{
	self->control = control_open();
	ASSERT_LE(0, self->control);
	self->num = pci_list(self->all, MAX_DEVICES);
	ASSERT_LT(0, self->num);
	ASSERT_EQ(0, module_load("vfio_pci"));
	ASSERT_EQ(0, snapshot_take(&self->before));
	request_init(&self->request, "");
}

FIXTURE_TEARDOWN(address)
{
	EXPECT_EQ(BINDERY_GROUP_FREE,
		  close_claims(self->control, self->all[0]));
	EXPECT_EQ(0, snapshot_compare(&self->before));
}

static void add_device(struct request *request,
		       const struct bindery_ioc_device *device)
{
	request->devices[request->cmd.num_devices++] = *device;
}

/*
 * Named twice, a device is a duplicate: so the kernel tells which one it has
 * found by the second name.
 */
static int same_as(FIXTURE_DATA(address) *self, const char *bdf,
		   const struct bindery_ioc_device *device)
{
	int ret;

	request_init(&self->request, "");
	request_add(&self->request, bdf);
	add_device(&self->request, device);
	ret = check(self->control, &self->request);
	if (ret != -EINVAL)
		note("%s: returned %d", bdf, ret);
	return (ret != -EINVAL) +
	       error_is(&self->request.error, BINDERY_ERROR_DUPLICATE,
			BINDERY_STEP_RESOLVE, EINVAL, bdf);
}

/* All calls refuse it with that code, and change nothing. */
static int refused(FIXTURE_DATA(address) *self,
		   const struct bindery_ioc_device *device, uint32_t code,
		   int err)
{
	struct bindery_ioc_error *error = &self->request.error;
	int ret, wrong = 0;

	for (int i = 0; i < 2; i++) {
		request_init(&self->request, "");
		self->request.cmd.flags = BINDERY_ACQUIRE_COMPANIONS;
		add_device(&self->request, device);
		ret = i ? acquire(self->control, &self->request) :
			  check(self->control, &self->request);
		if (ret == -err && error->out_code == code)
			continue;
		note("%s returned %d, code %u", i ? "ACQUIRE" : "CHECK", ret,
		     error->out_code);
		wrong++;
	}
	ret = show_device(self->control, device, &self->answer);
	if (ret != -err || self->answer.error.out_code != code) {
		note("SHOW returned %d, code %u", ret,
		     self->answer.error.out_code);
		wrong++;
	}
	return wrong + snapshot_compare_untouched(&self->before);
}

#define REFUSED(code, err) refused(self, &device, BINDERY_ERROR_##code, err)

/* Bridges too, which cannot be claimed but have a place. */
TEST_F(address, A1_each_device_is_found_by_its_path)
{
	struct bindery_ioc_device device;
	unsigned int deepest = 0;

	for (int i = 0; i < self->num; i++) {
		ASSERT_EQ(0, device_path(self->all[i], &device));
		EXPECT_EQ(0, same_as(self, self->all[i], &device));
		if (device.num_steps > deepest)
			deepest = device.num_steps;
		ASSERT_EQ(0, show_device(self->control, &device,
					 &self->answer));
		EXPECT_EQ(pci_group(self->all[i]),
			  (int)self->answer.show.out_group);
		EXPECT_NE(NULL, member_of(self->answer.members,
					  self->answer.num_members,
					  self->all[i]));
	}
	note("%d devices, up to %u steps", self->num, deepest);
	EXPECT_LT(1, deepest);
	EXPECT_EQ(0, snapshot_compare_untouched(&self->before));
}

/* And by no other's: no two paths lead to one device. */
TEST_F(address, A1_a_path_leads_to_one_device_only)
{
	struct bindery_ioc_device device;
	int ret;

	for (int i = 0; i < self->num; i++) {
		ASSERT_EQ(0, device_path(self->all[i], &device));
		request_init(&self->request, "");
		for (int j = 0; j < self->num && j < MAX_MEMBERS - 1; j++)
			if (i != j)
				request_add(&self->request, self->all[j]);
		add_device(&self->request, &device);
		ret = check(self->control, &self->request);
		EXPECT_NE(BINDERY_ERROR_DUPLICATE,
			  self->request.error.out_code);
		EXPECT_GT(0, ret);
	}
}

/* The endpoints of a group, one of them at least on a driver. */
static bool take_endpoints(struct group *endpoints, int id)
{
	char vf[BDF_SIZE];
	bool native = false;
	struct group group;
	text_t driver;

	endpoints->num = 0;
	if (group_read(&group, id))
		return false;
	for (unsigned int i = 0; i < group.num; i++) {
		if (pci_vf(group.bdf[i], 0, vf))
			return false;
		if (pci_is_bridge(group.bdf[i]))
			continue;
		memcpy(endpoints->bdf[endpoints->num++], group.bdf[i],
		       BDF_SIZE);
		pci_driver(group.bdf[i], driver);
		native |= driver[0] != 0;
	}
	return native;
}

/* The most there are in one group that can be claimed; it may have bridges. */
static int choose(FIXTURE_DATA(address) *self)
{
	struct group candidate;

	self->group.num = 0;
	for (int i = 0; i < self->num; i++)
		if (take_endpoints(&candidate, pci_group(self->all[i])) &&
		    candidate.num > self->group.num)
			self->group = candidate;
	return self->group.num ? 0 : -ENOENT;
}

TEST_F(address, A1_devices_are_acquired_by_their_paths)
{
	struct bindery_ioc_device device;
	int claim;

	if (choose(self))
		SKIP(return, "no endpoints on native drivers");
	for (unsigned int i = 0; i < self->group.num; i++) {
		ASSERT_EQ(0, device_path(self->group.bdf[i], &device));
		add_device(&self->request, &device);
	}
	claim = acquire(self->control, &self->request);
	ASSERT_LE(0, claim);
	for (unsigned int i = 0; i < self->group.num; i++)
		EXPECT_EQ(0, member_compare(
			member_of(self->request.members,
				  self->request.cmd.num_members,
				  self->group.bdf[i]),
			BINDERY_ROLE_REQUESTED, BINDERY_ACTION_MOVE, VFIO_PCI,
			0));
	ASSERT_EQ(0, release(claim, &self->answer));
}

/* The deepest device, so that there is something to go wrong on the way. */
static const char *deepest(FIXTURE_DATA(address) *self,
			   struct bindery_ioc_device *device)
{
	struct bindery_ioc_device candidate;
	const char *bdf = NULL;

	device->num_steps = 0;
	for (int i = 0; i < self->num; i++) {
		if (device_path(self->all[i], &candidate) ||
		    pci_is_bridge(self->all[i]) ||
		    candidate.num_steps <= device->num_steps)
			continue;
		*device = candidate;
		bdf = self->all[i];
	}
	return bdf;
}

TEST_F(address, A1_a_path_to_nowhere_finds_nothing)
{
	struct bindery_ioc_device device, good;

	ASSERT_NE(NULL, deepest(self, &good));
	for (unsigned int i = 0; i < good.num_steps; i++) {
		device = good;
		device.steps[i] = 0x1e << 3 | 7;
		EXPECT_EQ(0, REFUSED(NO_DEVICE, ENODEV));
	}
	/* Nor is there anything beyond an endpoint. */
	device = good;
	device.steps[device.num_steps++] = 0;
	EXPECT_EQ(0, REFUSED(NO_DEVICE, ENODEV));
	device.steps[device.num_steps++] = 0;
	EXPECT_EQ(0, REFUSED(NO_DEVICE, ENODEV));
}

TEST_F(address, A1_a_path_begins_at_a_root_bus)
{
	struct bindery_ioc_device device, good;
	struct bindery_ioc_bdf at;
	const char *bdf;

	bdf = deepest(self, &good);
	ASSERT_NE(NULL, bdf);
	at = pci_address(bdf);
	/* The bus of the device is there, but it is no root. */
	device = good;
	device.bdf.bus = at.bus;
	device.steps[0] = device.steps[device.num_steps - 1];
	memset(device.steps + 1, 0, sizeof(device.steps) - 1);
	device.num_steps = 1;
	EXPECT_EQ(0, REFUSED(NO_DEVICE, ENODEV));
	device = good;
	device.bdf.bus = 0xfe;
	EXPECT_EQ(0, REFUSED(NO_DEVICE, ENODEV));
	device = good;
	device.bdf.domain = 0x10000;
	EXPECT_EQ(0, REFUSED(NO_DEVICE, ENODEV));
	device = good;
	EXPECT_EQ(0, same_as(self, bdf, &device));
}

/* Each call says that it is no address at all, whatever its code. */
static int malformed(FIXTURE_DATA(address) *self,
		     const struct bindery_ioc_device *device)
{
	int ret;

	request_init(&self->request, "");
	add_device(&self->request, device);
	ret = acquire(self->control, &self->request);
	if (ret != -EINVAL && ret != -E2BIG)
		note("returned %d", ret);
	return (ret != -EINVAL && ret != -E2BIG) +
	       snapshot_compare_untouched(&self->before);
}

TEST_F(address, A1_a_path_of_no_step_or_of_too_many_is_none)
{
	struct bindery_ioc_device device;

	ASSERT_NE(NULL, deepest(self, &device));
	device.num_steps = BINDERY_PATH_MAX + 1;
	EXPECT_EQ(0, malformed(self, &device));
	device.num_steps = ~0U;
	EXPECT_EQ(0, malformed(self, &device));
	memset(device.steps, 0, sizeof(device.steps));
	device.num_steps = BINDERY_PATH_MAX;
	EXPECT_EQ(0, REFUSED(NO_DEVICE, ENODEV));
	device.num_steps = 0;
	EXPECT_EQ(0, malformed(self, &device));
}

/* What is not used has to be 0, so that it can be used later. */
TEST_F(address, A1_what_an_address_does_not_use_is_refused)
{
	struct bindery_ioc_device device, good;
	const char *bdf = deepest(self, &good);

	ASSERT_NE(NULL, bdf);
	device = good;
	device.bdf.slot = 1;
	EXPECT_EQ(0, malformed(self, &device));
	device = good;
	device.bdf.function = 1;
	EXPECT_EQ(0, malformed(self, &device));
	device = good;
	device.steps[device.num_steps] = 8;
	EXPECT_EQ(0, malformed(self, &device));
	device = good;
	device.vf = 1;
	EXPECT_EQ(0, malformed(self, &device));
	device = good;
	device.vendor = 0x1234;
	EXPECT_EQ(0, malformed(self, &device));
	device = good;
	device.serial = 1;
	EXPECT_EQ(0, malformed(self, &device));
	device = (struct bindery_ioc_device) { .bdf = pci_address(bdf) };
	device.num_steps = 1;
	EXPECT_EQ(0, malformed(self, &device));
	device.num_steps = 0;
	device.vf = 1;
	EXPECT_EQ(0, malformed(self, &device));
}

TEST_F(address, A1_A4_an_unknown_way_to_name_a_device_is_refused)
{
	struct bindery_ioc_device device = {
		.bdf = pci_address(self->all[0]),
	};

	device.address = BINDERY_ADDRESS_VF + 1;
	EXPECT_EQ(0, REFUSED(ARGUMENT, EOPNOTSUPP));
	device.address = BINDERY_ADDRESS_BDF;
	device.flags = BINDERY_EXPECT_SERIAL << 1;
	EXPECT_EQ(0, REFUSED(ARGUMENT, EOPNOTSUPP));
}

TEST_F(address, A7_a_device_that_is_the_expected_one_is_found)
{
	struct bindery_ioc_device device, path;
	int serials = 0;

	for (int i = 0; i < self->num; i++) {
		device = device_identity(self->all[i]);
		serials += device.serial != 0;
		EXPECT_EQ(0, same_as(self, self->all[i], &device));
		/* By its path just as well. */
		ASSERT_EQ(0, device_path(self->all[i], &path));
		device.address = path.address;
		device.bdf = path.bdf;
		device.num_steps = path.num_steps;
		memcpy(device.steps, path.steps, sizeof(path.steps));
		EXPECT_EQ(0, same_as(self, self->all[i], &device));
	}
	note("%d devices have serial numbers", serials);
}

TEST_F(address, A7_a_device_that_is_not_the_expected_one_is_refused)
{
	struct bindery_ioc_device device, good;

	for (int i = 0; i < self->num && i < 16; i++) {
		good = device_identity(self->all[i]);
		device = good;
		device.vendor++;
		EXPECT_EQ(0, REFUSED(IDENTITY, ENODEV));
		device = good;
		device.device_id ^= 0x8000;
		EXPECT_EQ(0, REFUSED(IDENTITY, ENODEV));
		device = good;
		device.subsystem_vendor++;
		EXPECT_EQ(0, REFUSED(IDENTITY, ENODEV));
		device = good;
		device.subsystem_device++;
		EXPECT_EQ(0, REFUSED(IDENTITY, ENODEV));
		device = good;
		device.flags |= BINDERY_EXPECT_SERIAL;
		device.serial ^= 1ULL << 32;
		EXPECT_EQ(0, REFUSED(IDENTITY, ENODEV));
	}
}

/* A device without a serial number is not one whose number is 0. */
TEST_F(address, A7_a_device_without_a_serial_number_has_none)
{
	struct bindery_ioc_device device;

	for (int i = 0; i < self->num; i++) {
		device = device_identity(self->all[i]);
		if (device.serial)
			continue;
		device.flags = BINDERY_EXPECT_SERIAL;
		memset(&device.vendor, 0, 4 * sizeof(device.vendor));
		EXPECT_EQ(0, REFUSED(IDENTITY, ENODEV));
		return;
	}
	SKIP(return, "all devices have serial numbers");
}

/* One device that is not as expected stops all. */
TEST_F(address, A7_T1_one_wrong_device_among_several_changes_none)
{
	struct bindery_ioc_device device;
	const char *wrong = self->all[0];

	if (choose(self))
		SKIP(return, "no endpoints on native drivers");
	for (unsigned int i = 0; i < self->group.num; i++) {
		device = device_identity(self->group.bdf[i]);
		add_device(&self->request, &device);
	}
	device = device_identity(wrong);
	device.device_id ^= 1;
	add_device(&self->request, &device);
	EXPECT_EQ(-ENODEV, acquire(self->control, &self->request));
	EXPECT_EQ(0, error_is(&self->request.error, BINDERY_ERROR_IDENTITY,
			      BINDERY_STEP_RESOLVE, ENODEV, wrong));
	EXPECT_EQ(0, snapshot_compare_untouched(&self->before));
}

TEST_F(address, A4_a_device_without_virtual_functions_has_none)
{
	struct bindery_ioc_device device = { .address = BINDERY_ADDRESS_VF };
	char vf[BDF_SIZE];

	for (int i = 0; i < self->num && i < 16; i++) {
		if (pci_vf(self->all[i], 0, vf))
			continue;
		device.bdf = pci_address(self->all[i]);
		EXPECT_EQ(0, REFUSED(NO_VF, ENODEV));
	}
	device.bdf = pci_address("0000:7f:1f.7");
	EXPECT_EQ(0, REFUSED(NO_DEVICE, ENODEV));
}

TEST_F(address, A4_each_virtual_function_is_found_by_its_index)
{
	struct bindery_ioc_device device = { 0 };
	unsigned int found = 0;
	char vf[BDF_SIZE];

	for (int i = 0; i < self->num; i++) {
		device.address = BINDERY_ADDRESS_VF;
		device.bdf = pci_address(self->all[i]);
		for (device.vf = 0;
		     pci_vf(self->all[i], device.vf, vf);
		     device.vf++, found++)
			EXPECT_EQ(0, same_as(self, vf, &device));
	}
	if (!found)
		SKIP(return, "no device with virtual functions");
	note("%u virtual functions", found);
}

TEST_F(address, A4_an_index_without_a_virtual_function_finds_nothing)
{
	struct bindery_ioc_device device = { .address = BINDERY_ADDRESS_VF };
	char vf[BDF_SIZE];
	int i = 0;

	while (i < self->num && !pci_vf(self->all[i], 0, vf))
		i++;
	if (i == self->num)
		SKIP(return, "no device with virtual functions");
	device.bdf = pci_address(self->all[i]);
	while (pci_vf(self->all[i], device.vf, vf))
		device.vf++;
	EXPECT_EQ(0, REFUSED(NO_VF, ENODEV));
	device.vf = 0x7fffffff;
	EXPECT_EQ(0, REFUSED(NO_VF, ENODEV));
	device.vf = ~0U;
	EXPECT_EQ(0, REFUSED(NO_VF, ENODEV));
	/* A virtual function has none of its own. */
	ASSERT_TRUE(pci_vf(self->all[i], 0, vf));
	device.bdf = pci_address(vf);
	device.vf = 0;
	EXPECT_EQ(0, REFUSED(NO_VF, ENODEV));
}

TEST_F(address, A4_a_virtual_function_is_acquired_by_its_index)
{
	struct bindery_ioc_device device = { .address = BINDERY_ADDRESS_VF };
	char vf[BDF_SIZE];
	int claim, i = 0;

	while (i < self->num && !pci_vf(self->all[i], 0, vf))
		i++;
	if (i == self->num)
		SKIP(return, "no device with virtual functions");
	device.bdf = pci_address(self->all[i]);
	device.flags = BINDERY_EXPECT_ID;
	device.vendor = pci_number(vf, "vendor");
	device.device_id = pci_number(vf, "device");
	add_device(&self->request, &device);
	claim = acquire(self->control, &self->request);
	ASSERT_LE(0, claim);
	EXPECT_TRUE(pci_is_on(vf, VFIO_PCI));
	ASSERT_EQ(0, release(claim, &self->answer));
	EXPECT_EQ(0, snapshot_compare(&self->before));
}

TEST_HARNESS_MAIN
