// SPDX-License-Identifier: GPL-2.0-only
/* A machine whose devices are in no IOMMU group. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "tool.h"

/* A device in no group, on this driver if one is given; NULL: there is none. */
static const char *find_device(const char *driver)
{
	static char all[MAX_DEVICES][BDF_SIZE];
	int num = pci_list(all, MAX_DEVICES);

	for (int i = 0; i < num; i++)
		if (pci_group(all[i]) < 0 && !pci_is_bridge(all[i]) &&
		    (!driver || pci_is_on(all[i], driver)))
			return all[i];
	return NULL;
}

TEST(T8_a_device_in_no_iommu_group_is_refused)
{
	const char *device = find_device(NULL);
	struct snapshot before;
	struct request request;
	struct answer answer;
	int control = control_open();

	ASSERT_LE(0, control);
	if (!device)
		SKIP(return, "every device is in a group");
	ASSERT_EQ(0, snapshot_take(&before));
	request_init(&request, "");
	request_add(&request, device);
	EXPECT_EQ(-ENXIO, check(control, &request));
	EXPECT_EQ(-ENXIO, acquire(control, &request));
	EXPECT_EQ(0, error_is(&request.error, BINDERY_ERROR_NO_GROUP,
			      BINDERY_STEP_RESOLVE, ENXIO, device));
	EXPECT_EQ(BINDERY_ERROR_CLASS_HOST, request.error.out_class);
	EXPECT_EQ(-ENXIO, show(control, device, &answer));
	EXPECT_EQ(0, error_is(&answer.error, BINDERY_ERROR_NO_GROUP,
			      BINDERY_STEP_RESOLVE, ENXIO, device));
	EXPECT_EQ(0, snapshot_compare_untouched(&before));
}

#define NOIOMMU	"/sys/module/vfio/parameters/enable_unsafe_noiommu_mode"

/* VFIO makes a group for it then, in which nobody can own anything. */
TEST(T8_a_device_that_vfio_has_without_an_iommu_is_not_adopted)
{
	const char *device = find_device(TEST_NATIVE);
	struct snapshot before;
	struct request request;
	int control = control_open();

	ASSERT_LE(0, control);
	if (!device)
		SKIP(return, "every device on " TEST_NATIVE " is in a group");
	ASSERT_EQ(0, module_load("vfio_pci"));
	if (access(NOIOMMU, F_OK))
		SKIP(return, "this kernel has no VFIO without an IOMMU");
	ASSERT_EQ(0, snapshot_take(&before));
	ASSERT_EQ(0, write_file(NOIOMMU, "1"));
	ASSERT_EQ(0, pci_move(device, VFIO_PCI));
	ASSERT_LE(0, pci_group(device));
	request_init(&request, "");
	request_add(&request, device);
	request_native(&request, TEST_NATIVE, "");
	EXPECT_EQ(-EOPNOTSUPP, adopt(control, &request));
	EXPECT_EQ(0, error_is(&request.error, BINDERY_ERROR_NO_IOMMU,
			      BINDERY_STEP_VALIDATE, EOPNOTSUPP,
			      device));
	EXPECT_EQ(0, pci_move(device, TEST_NATIVE));
	EXPECT_EQ(0, pci_override(device, ""));
	EXPECT_EQ(0, write_file(NOIOMMU, "0"));
	EXPECT_EQ(0, snapshot_compare(&before));
}

FIXTURE(strays) {
	struct run run, other;
	struct snapshot before;
};

FIXTURE_SETUP(strays)
{
	if (RUN("--version"))
		SKIP(return, "no tool in the path");
	ASSERT_EQ(0, snapshot_take(&self->before));
}

FIXTURE_TEARDOWN(strays)
{
	EXPECT_EQ(0, snapshot_compare(&self->before));
}

TEST_F(strays, C10_a_device_in_no_iommu_group_can_be_one)
{
	const char *device = find_device(NULL);

	if (!device)
		SKIP(return, "every device is in a group");
	ASSERT_EQ(0, pci_override(device, VFIO_PCI));
	EXPECT_EQ(0, RUN("strays", "--json"));
	EXPECT_TRUE(OUT_HAS("\"count\":1"));
	EXPECT_TRUE(OUT_HAS(device));
	EXPECT_TRUE(OUT_HAS("\"group\":null,\"reason\":\"override\""));
	EXPECT_EQ(0, run_whole(&self->other, drop_sys_admin,
			       ARGS("strays", "--json")));
	EXPECT_STREQ(self->run.out, self->other.out);
	EXPECT_EQ(0, RUN("strays", "--fix", "--json"));
	EXPECT_TRUE(OUT_HAS("\"fixed\":true"));
	EXPECT_EQ(0, RUN("strays"));
	EXPECT_TRUE(OUT_HAS("count: 0"));
}

TEST_HARNESS_MAIN
