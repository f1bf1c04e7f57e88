// SPDX-License-Identifier: GPL-2.0-only
/* A machine whose devices are in no IOMMU group. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "kselftest_harness.h"
#include "tool.h"

/* A device in no group; NULL: there is none. */
static const char *find_device(void)
{
	static char all[MAX_DEVICES][BDF_SIZE];
	int num = pci_list(all, MAX_DEVICES);

	for (int i = 0; i < num; i++)
		if (pci_group(all[i]) < 0 && !pci_is_bridge(all[i]))
			return all[i];
	return NULL;
}

TEST(T8_a_device_in_no_iommu_group_is_refused)
{
	const char *device = find_device();
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
	const char *device = find_device();

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
