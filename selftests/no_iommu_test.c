// SPDX-License-Identifier: GPL-2.0-only
/* A machine whose devices are in no IOMMU group. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "kselftest_harness.h"
#include "lib.h"

TEST(T8_a_device_in_no_iommu_group_is_refused)
{
	char all[MAX_DEVICES][BDF_SIZE];
	int num = pci_list(all, MAX_DEVICES);
	struct snapshot before;
	struct request request;
	struct answer answer;
	int control = control_open();
	int i = 0;

	ASSERT_LE(0, control);
	while (i < num && (pci_group(all[i]) >= 0 || pci_is_bridge(all[i])))
		i++;
	if (i == num)
		SKIP(return, "every device is in a group");
	ASSERT_EQ(0, snapshot_take(&before));
	request_init(&request, "");
	request_add(&request, all[i]);
	EXPECT_EQ(-ENXIO, check(control, &request));
	EXPECT_EQ(-ENXIO, acquire(control, &request));
	EXPECT_EQ(0, error_is(&request.error, BINDERY_ERROR_NO_GROUP,
			      BINDERY_STEP_RESOLVE, ENXIO, all[i]));
	EXPECT_EQ(BINDERY_ERROR_CLASS_HOST, request.error.out_class);
	EXPECT_EQ(-ENXIO, show(control, all[i], &answer));
	EXPECT_EQ(0, error_is(&answer.error, BINDERY_ERROR_NO_GROUP,
			      BINDERY_STEP_RESOLVE, ENXIO, all[i]));
	EXPECT_EQ(0, snapshot_compare_untouched(&before));
}

TEST_HARNESS_MAIN
