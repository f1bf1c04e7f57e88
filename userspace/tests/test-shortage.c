// SPDX-License-Identifier: GPL-2.0-or-later
/* What could not be looked at is not taken for what is not there. */
#include <errno.h>

#include "fault.h"
#include "internal.h"
#include "tap.h"
#include "tree.h"

static struct bindery_host *host;

static void start(void)
{
	EXPECT_INT(bindery_host_new(tree_new(), &host), 0);
	tree_pci("0000:01:00.0", "native", "1");
	tree_pci("0000:02:00.0", "native", "2");
}

static void finish(void)
{
	bindery_host_free(host);
	tree_free();
}

static int list_devices(void)
{
	const struct bindery_device *device;
	struct bindery_devices *devices;
	int ret = bindery_host_get_devices(host, &devices);

	if (ret)
		return ret;
	device = bindery_devices_get(devices, 1);
	ret = bindery_devices_get_count(devices) != 2 ||
	      bindery_device_get_vendor(device) != 0x8086 ||
	      bindery_device_get_class(device) != 0x020000;
	bindery_devices_free(devices);
	return ret;
}

TEST(U11_without_files_left_no_device_is_left_out)
{
	start();
	fault_each(FAULT_FILE, list_devices);
	finish();
}

static int wait_for_interface(void)
{
	static const struct bindery_reference device = { .bdf = { .bus = 1 } };
	enum bindery_wait_state state;
	struct bindery_wait *wait;
	int ret = bindery_wait_new(host, &device, &wait);

	if (ret)
		return ret;
	bindery_wait_set_node(wait);
	ret = bindery_wait_look(wait, &state);
	if (!ret)
		ret = state != BINDERY_WAIT_READY;
	bindery_wait_free(wait);
	return ret;
}

TEST(A3_without_files_left_a_device_is_not_taken_for_absent)
{
	start();
	tree_class("sys/devices/0000:01:00.0/net/eth0", "net", "eth0");
	fault_each(FAULT_FILE, wait_for_interface);
	finish();
}
