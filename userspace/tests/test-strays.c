// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>

#include "internal.h"
#include "mock.h"
#include "tap.h"
#include "tree.h"

#define BDF	"0000:01:00.0"
#define DEVICE	"sys/devices/" BDF

static struct bindery_host *host;
static struct bindery_context *context;
static struct bindery_strays *strays;

static void start(void)
{
	mock_reset();
	EXPECT_INT(bindery_host_new(tree_new(), &host), 0);
	EXPECT_INT(bindery_context_new(&context), 0);
	tree_pci(BDF, NULL, "5");
	tree_pci("0000:02:00.0", "native", "6");
	tree_dir("sys/bus/pci/drivers/native");
	tree_dir("sys/module/vfio_pci_core/holders/vfio_pci");
	tree_file("sys/bus/pci/drivers_probe", "");
	mock.state = BINDERY_GROUP_FREE;
	mock.num_claims = 0;
	strays = NULL;
}

static void finish(void)
{
	bindery_strays_free(strays);
	bindery_context_free(context);
	bindery_host_free(host);
	tree_free();
}

static size_t find(void)
{
	bindery_strays_free(strays);
	strays = NULL;
	EXPECT_INT(bindery_strays_find(host, context, &strays), 0);
	return strays ? bindery_strays_get_count(strays) : 0;
}

static void expect_stray(enum bindery_stray_reason reason,
			 const char *override)
{
	const struct bindery_stray *stray;
	uint32_t group = 0;

	EXPECT_INT(find(), 1);
	stray = bindery_strays_get(strays, 0);
	EXPECT(stray);
	if (!stray)
		return;
	EXPECT_INT(bindery_stray_get_bdf(stray).bus, 1);
	EXPECT_INT(bindery_stray_get_reason(stray), reason);
	EXPECT_TEXT(bindery_stray_get_override(stray), override);
	EXPECT_TEXT(bindery_stray_get_driver(stray), "");
	EXPECT(bindery_stray_get_group(stray, &group));
	EXPECT_INT(group, 5);
	EXPECT(!bindery_strays_get(strays, 1));
}

TEST(C10_without_strays_the_list_is_empty)
{
	start();
	EXPECT_INT(find(), 0);
	EXPECT_INT(mock.count[MOCK_SHOW], 0);
	finish();
}

TEST(C10_a_device_with_a_vfio_device_is_a_stray)
{
	start();
	tree_dir(DEVICE "/vfio-dev/vfio0");
	expect_stray(BINDERY_STRAY_DRIVER, "");
	finish();
}

TEST(C10_an_override_of_a_vfio_driver_makes_a_stray)
{
	start();
	tree_file(DEVICE "/driver_override", "vfio-pci\n");
	expect_stray(BINDERY_STRAY_OVERRIDE, "vfio-pci");
	tree_file(DEVICE "/driver_override", "bindery-parked\n");
	expect_stray(BINDERY_STRAY_PARKED, "bindery-parked");
	tree_file(DEVICE "/driver_override", "vfio-foo\n");
	EXPECT_INT(find(), 0);
	finish();
}

TEST(C10_what_a_claim_owns_or_will_be_put_back_is_none)
{
	start();
	tree_dir(DEVICE "/vfio-dev/vfio0");
	mock.num_claims = 1;
	mock.state = BINDERY_GROUP_HELD;
	EXPECT_INT(find(), 0);
	mock.num_claims = 0;
	mock.state = BINDERY_GROUP_DRAINING;
	EXPECT_INT(find(), 0);
	mock_fail(MOCK_SHOW, ENODEV, BINDERY_ERROR_NO_DEVICE,
		  BINDERY_ERROR_CLASS_ASK, BINDERY_STEP_RESOLVE);
	EXPECT_INT(find(), 0);
	finish();
}

TEST(C10_a_device_in_no_group_can_be_a_stray)
{
	start();
	tree_file(DEVICE "/driver_override", "vfio-pci\n");
	mock_fail(MOCK_SHOW, ENODEV, BINDERY_ERROR_NO_GROUP,
		  BINDERY_ERROR_CLASS_ASK, BINDERY_STEP_RESOLVE);
	EXPECT_INT(find(), 1);
	finish();
}

static int fix(void)
{
	return bindery_stray_fix(host, context, bindery_strays_get(strays, 0),
				 1000);
}

TEST(C10_an_override_is_cleared_while_the_group_is_reserved)
{
	char text[32];

	start();
	tree_file(DEVICE "/driver_override", "vfio-pci\n");
	EXPECT_INT(find(), 1);
	EXPECT_INT(fix(), 0);
	EXPECT_INT(mock.count[MOCK_ACQUIRE], 1);
	EXPECT_INT(mock.acquire.flags, BINDERY_ACQUIRE_RESERVE_ONLY |
		   BINDERY_ACQUIRE_COMPANIONS);
	EXPECT_INT(sysfs_read(host->root, "sys/bus/pci/drivers_probe", text,
			      sizeof(text)), 0);
	EXPECT_TEXT(text, BDF);
	EXPECT_INT(find(), 0);
	finish();
}

TEST(C10_a_bound_device_is_adopted_and_released_without_a_driver)
{
	start();
	tree_dir(DEVICE "/vfio-dev/vfio0");
	tree_file(DEVICE "/power/control", "auto\n");
	EXPECT_INT(find(), 1);
	/* This machine does not change by itself. */
	EXPECT_INT(fix(), -EIO);
	EXPECT_INT(mock.count[MOCK_ADOPT], 1);
	EXPECT_INT(mock.natives[0].flags, BINDERY_NATIVE_RESTORE);
	EXPECT_TEXT(mock.natives[0].driver, "");
	EXPECT_INT(mock.count[MOCK_RELEASE], 1);
	EXPECT_INT(mock.release.flags, 0);
	finish();
}

TEST(C10_what_is_claimed_or_no_stray_any_more_is_left_alone)
{
	start();
	tree_file(DEVICE "/driver_override", "vfio-pci\n");
	EXPECT_INT(find(), 1);
	mock.num_claims = 1;
	EXPECT_INT(fix(), -EBUSY);
	tree_file(DEVICE "/driver_override", "(null)\n");
	EXPECT_INT(fix(), -EALREADY);
	EXPECT_INT(mock.count[MOCK_ACQUIRE], 0);
	finish();
}

TEST(C10_a_device_that_a_process_has_open_is_left_to_it)
{
	start();
	tree_dir(DEVICE "/vfio-dev/vfio0");
	tree_file("proc/77/comm", "qemu\n");
	tree_link("proc/77/fd/5", "/dev/vfio/5");
	EXPECT_INT(find(), 1);
	EXPECT_INT(fix(), -EBUSY);
	EXPECT_INT(mock.count[MOCK_ADOPT], 0);
	finish();
}

TEST(C10_what_the_kernel_refuses_is_told)
{
	start();
	tree_file(DEVICE "/driver_override", "vfio-pci\n");
	EXPECT_INT(find(), 1);
	mock_fail(MOCK_ACQUIRE, EPERM, BINDERY_ERROR_NOT_PERMITTED,
		  BINDERY_ERROR_CLASS_ASK, BINDERY_STEP_REQUEST);
	EXPECT_INT(fix(), -EPERM);
	EXPECT_INT(bindery_error_record_get_code(
			bindery_context_get_error(context)),
		   BINDERY_ERROR_NOT_PERMITTED);
	finish();
}
