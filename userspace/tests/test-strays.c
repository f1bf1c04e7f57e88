// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>

#include "internal.h"
#include "mock.h"
#include "netmock.h"
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
	netmock_reset();
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

TEST(C10_whose_it_is_has_to_be_known)
{
	start();
	tree_dir(DEVICE "/vfio-dev/vfio0");
	EXPECT_INT(find(), 1);
	mock_fail(MOCK_SHOW, ENOMEM, BINDERY_ERROR_NO_MEMORY,
		  BINDERY_ERROR_CLASS_RETRY, BINDERY_STEP_REQUEST);
	mock.silent = true;
	EXPECT_INT(bindery_stray_fix(host, context,
				     bindery_strays_get(strays, 0), 0),
		   -ENOMEM);
	bindery_strays_free(strays);
	strays = NULL;
	EXPECT_INT(bindery_strays_find(host, context, &strays), -ENOMEM);
	EXPECT(!strays);
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

TEST(C10_virtual_functions_of_what_a_guest_has_are_none)
{
	start();
	tree_dir(DEVICE "/vfio-dev/vfio0");
	tree_link(DEVICE "/physfn", "../0000:02:00.0");
	EXPECT_INT(find(), 1);
	tree_dir("sys/devices/0000:02:00.0/vfio-dev/vfio1");
	EXPECT_INT(find(), 1);
	EXPECT_INT(bindery_stray_get_bdf(bindery_strays_get(strays, 0)).bus, 2);
	finish();
}

/* As the module tells it, of a device that sysfs shows as nothing special. */
static void tell(enum bindery_stray_reason reason, const char *override)
{
	struct nl_msg *message = netmock_add(BINDERY_CMD_STRAY_GET);
	struct nlattr *nest = nla_nest_start(message, BINDERY_A_DEVICE);

	nla_put_u32(message, BINDERY_A_DEVICE_DOMAIN, 0);
	nla_put_u8(message, BINDERY_A_DEVICE_BUS, 1);
	nla_put_u8(message, BINDERY_A_DEVICE_SLOT, 0);
	nla_put_u8(message, BINDERY_A_DEVICE_FUNCTION, 0);
	nla_nest_end(message, nest);
	nla_put_u32(message, BINDERY_A_GROUP, 5);
	nla_put_u32(message, BINDERY_A_REASON, reason);
	if (*override)
		nla_put_string(message, BINDERY_A_OVERRIDE, override);
}

static void start_told(enum bindery_stray_reason reason, const char *override)
{
	start();
	netmock.has_family = true;
	tell(reason, override);
}

TEST(C10_what_the_module_tells_is_not_looked_for_in_sysfs)
{
	start_told(BINDERY_STRAY_DRIVER, "");
	expect_stray(BINDERY_STRAY_DRIVER, "");
	EXPECT_INT(mock.count[MOCK_SHOW], 0);
	finish();
	start_told(BINDERY_STRAY_PARKED, "bindery-parked");
	netmock.interrupted = 2;
	expect_stray(BINDERY_STRAY_PARKED, "bindery-parked");
	EXPECT_INT(netmock.dumps[BINDERY_CMD_STRAY_GET], 3);
	finish();
}

TEST(C10_an_override_of_what_is_not_loaded_is_one_if_that_is_a_vfio_driver)
{
	start_told(BINDERY_STRAY_UNLOADED, "vfio-pci");
	expect_stray(BINDERY_STRAY_OVERRIDE, "vfio-pci");
	finish();
	start_told(BINDERY_STRAY_UNLOADED, "nouveau");
	EXPECT_INT(find(), 0);
	finish();
}

TEST(C10_who_may_not_ask_the_module_finds_them_in_sysfs)
{
	start();
	netmock.has_family = true;
	netmock.dump_error = EPERM;
	tree_file(DEVICE "/driver_override", "vfio-pci\n");
	expect_stray(BINDERY_STRAY_OVERRIDE, "vfio-pci");
	finish();
}

TEST(C10_a_dump_that_fails_otherwise_is_told)
{
	start_told(BINDERY_STRAY_DRIVER, "");
	netmock.dump_error = ENOMEM;
	EXPECT_INT(bindery_strays_find(host, context, &strays), -ENOMEM);
	netmock.dump_error = 0;
	netmock.silent = true;
	EXPECT_INT(bindery_strays_find(host, context, &strays), -ETIMEDOUT);
	netmock.silent = false;
	netmock.interrupted = 1000;
	EXPECT_INT(bindery_strays_find(host, context, &strays), -EAGAIN);
	EXPECT(!strays);
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
	mock.num_claims = 0;
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
