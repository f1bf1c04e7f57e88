// SPDX-License-Identifier: GPL-2.0-only
/* What was left on VFIO: found, told, and given back to its driver. */
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kselftest_harness.h"
#include "tool.h"

FIXTURE(strays) {
	int control;
	struct group group;
	char *one, *two;
	struct snapshot before;
	struct run run, other;
	struct vfio_user user;
	struct child child;
};

FIXTURE_SETUP(strays)
{
	self->user = vfio_none;
	self->control = control_open();
	ASSERT_LE(0, self->control);
	if (group_choose(&self->group, NULL) || self->group.num < 2)
		SKIP(return, "no group of several endpoints on native drivers");
	if (RUN("--version"))
		SKIP(return, "no tool in the path");
	self->one = self->group.bdf[0];
	self->two = self->group.bdf[1];
	ASSERT_EQ(0, module_load("vfio_pci"));
	ASSERT_EQ(0, snapshot_take(&self->before));
	ASSERT_EQ(0, RUN("strays"));
	ASSERT_TRUE(OUT_HAS("count: 0"));
}

FIXTURE_TEARDOWN(strays)
{
	knob(TEST_NATIVE, "hold_remove", "");
	vfio_close(&self->user);
	EXPECT_EQ(0, close_claims(self->control, self->one));
	EXPECT_EQ(0, snapshot_compare(&self->before));
}

/* Fixed, and there is none any more. */
static int not_fixed(FIXTURE_DATA(strays) *self)
{
	int wrong = RUN("strays", "--fix", "--json") != 0;

	wrong += documents(self->run.out) < 1;
	wrong += !OUT_HAS("\"fixed\":true");
	wrong += RUN("strays") != 0;
	wrong += !OUT_HAS("count: 0");
	wrong += !group_is(self->control, self->one, BINDERY_GROUP_FREE);
	return wrong + snapshot_compare(&self->before);
}

static int move_all(FIXTURE_DATA(strays) *self)
{
	int ret = 0;

	for (unsigned int i = 0; !ret && i < self->group.num; i++)
		ret = pci_move(self->group.bdf[i], VFIO_PCI);
	return ret;
}

TEST_F(strays, C10_devices_that_sysfs_moved_are_listed_and_fixed)
{
	ASSERT_EQ(0, move_all(self));
	EXPECT_EQ(0, RUN("strays"));
	EXPECT_TRUE(OUT_HAS(self->one));
	EXPECT_TRUE(OUT_HAS(self->two));
	EXPECT_TRUE(OUT_HAS("bindery strays --fix"));
	EXPECT_EQ(0, RUN("strays", "--json", self->two));
	EXPECT_TRUE(OUT_HAS("\"count\":1"));
	EXPECT_TRUE(OUT_HAS("\"reason\":\"driver\""));
	EXPECT_EQ(0, not_fixed(self));
}

TEST_F(strays, C10_only_the_named_one_is_fixed)
{
	ASSERT_EQ(0, move_all(self));
	EXPECT_EQ(0, RUN("strays", "--fix", self->two));
	EXPECT_TRUE(pci_is_on(self->one, VFIO_PCI));
	EXPECT_EQ(0, snapshot_device(&self->before, self->two)->driver[0] == 0);
	EXPECT_TRUE(pci_is_on(self->two, snapshot_device(&self->before,
							 self->two)->driver));
	EXPECT_EQ(0, not_fixed(self));
}

/* Its neighbours are on their drivers, which an adoption would refuse. */
TEST_F(strays, C10_one_among_neighbours_on_native_drivers_is_fixed)
{
	ASSERT_EQ(0, pci_move(self->one, VFIO_PCI));
	EXPECT_EQ(0, RUN("strays", "--json"));
	EXPECT_TRUE(OUT_HAS("\"count\":1"));
	EXPECT_EQ(0, not_fixed(self));
	EXPECT_EQ(0, snapshot_untouched(&self->before, self->two));
}

TEST_F(strays, C10_an_override_alone_is_fixed_and_no_driver_moved)
{
	ASSERT_EQ(0, pci_override(self->one, VFIO_PCI));
	EXPECT_EQ(0, RUN("strays", "--json"));
	EXPECT_TRUE(OUT_HAS("\"reason\":\"override\""));
	EXPECT_EQ(0, not_fixed(self));
	EXPECT_EQ(0, snapshot_compare_untouched(&self->before));
}

TEST_F(strays, C10_what_was_left_parked_gets_its_driver_back)
{
	ASSERT_EQ(0, pci_unbind(self->one));
	ASSERT_EQ(0, pci_override(self->one, "bindery-parked"));
	EXPECT_EQ(0, RUN("strays", "--json"));
	EXPECT_TRUE(OUT_HAS("\"reason\":\"parked\""));
	EXPECT_EQ(0, not_fixed(self));
}

TEST_F(strays, C10_overrides_of_other_drivers_are_nobodys_business)
{
	ASSERT_EQ(0, pci_override(self->one, "foo"));
	EXPECT_EQ(0, RUN("strays", "--fix"));
	EXPECT_EQ(0, RUN("strays"));
	EXPECT_TRUE(OUT_HAS("count: 0"));
	EXPECT_EQ(0, pci_override(self->one, ""));
}

TEST_F(strays, C10_what_a_claim_owns_is_no_stray)
{
	EXPECT_EQ(0, RUN("acquire", "--keep", "-c", self->one));
	EXPECT_EQ(0, RUN("strays"));
	EXPECT_TRUE(OUT_HAS("count: 0"));
	EXPECT_EQ(0, RUN("strays", "--fix", self->one));
	EXPECT_TRUE(pci_is_on(self->one, VFIO_PCI));
	EXPECT_EQ(0, RUN("release", self->one));
}

TEST_F(strays, C10_C9_what_a_vfio_user_has_open_is_left_to_it)
{
	char pid[32];

	ASSERT_EQ(0, move_all(self));
	ASSERT_EQ(0, vfio_open(&self->user, self->one));
	snprintf(pid, sizeof(pid), "\"pid\":%d,", getpid());
	EXPECT_EQ(1, RUN("strays", "--fix", "--json", self->one));
	EXPECT_TRUE(OUT_HAS("\"fixed\":false"));
	EXPECT_TRUE(OUT_HAS(pid));
	EXPECT_TRUE(pci_is_on(self->one, VFIO_PCI));
	EXPECT_EQ(0, vfio_works(&self->user, self->one));
	vfio_close(&self->user);
	EXPECT_EQ(0, not_fixed(self));
}

static int enter_network_namespace(void)
{
	return unshare(CLONE_NEWNET) ? -errno : 0;
}

/* What the module tells root, and what somebody else finds in sysfs. */
static int views_differ(FIXTURE_DATA(strays) *self, int (*become)(void),
			const char *reason)
{
	int wrong = RUN("strays", "--json") != 0;

	wrong += documents(self->run.out) != 1;
	wrong += !OUT_HAS(reason ?: "\"count\":0");
	wrong += run_whole(&self->other, become, ARGS("strays", "--json")) != 0;
	if (!strcmp(self->run.out, self->other.out))
		return wrong;
	note("differ: %s and %s", self->run.out, self->other.out);
	return wrong + 1;
}

TEST_F(strays, C10_the_module_tells_what_sysfs_shows)
{
	EXPECT_EQ(0, views_differ(self, drop_sys_admin, NULL));
	ASSERT_EQ(0, pci_override(self->one, VFIO_PCI));
	EXPECT_EQ(0, views_differ(self, drop_sys_admin, "\"reason\":\"override\""));
	ASSERT_EQ(0, pci_override(self->one, "bindery-parked"));
	EXPECT_EQ(0, views_differ(self, drop_sys_admin, "\"reason\":\"parked\""));
	ASSERT_EQ(0, pci_override(self->one, "nobody"));
	EXPECT_EQ(0, views_differ(self, drop_sys_admin, NULL));
	ASSERT_EQ(0, pci_override(self->one, ""));
	ASSERT_EQ(0, move_all(self));
	EXPECT_EQ(0, views_differ(self, drop_sys_admin, "\"reason\":\"driver\""));
	ASSERT_EQ(0, vfio_open(&self->user, self->one));
	EXPECT_EQ(0, views_differ(self, drop_sys_admin, "\"reason\":\"driver\""));
	vfio_close(&self->user);
	EXPECT_EQ(0, views_differ(self, enter_network_namespace,
				  "\"reason\":\"driver\""));
	EXPECT_EQ(0, not_fixed(self));
	EXPECT_EQ(0, RUN("acquire", "--keep", "-c", self->one));
	EXPECT_EQ(0, views_differ(self, drop_sys_admin, NULL));
	EXPECT_EQ(0, RUN("release", self->one));
}

TEST_F(strays, C10_an_override_of_a_VFIO_driver_that_is_not_loaded_is_one)
{
	ASSERT_EQ(0, module_unload("vfio_pci"));
	ASSERT_EQ(0, pci_override(self->one, VFIO_PCI));
	EXPECT_EQ(0, views_differ(self, drop_sys_admin, "\"reason\":\"override\""));
	EXPECT_EQ(0, not_fixed(self));
	EXPECT_FALSE(module_is_loaded("vfio_pci"));
	ASSERT_EQ(0, module_load("vfio_pci"));
}

static int unbind_in_child(int socket, void *arg)
{
	(void)socket;
	return pci_unbind(arg) != 0;
}

/* Its driver's callback has its lock, for which Linux 6.1's sysfs waits. */
TEST_F(strays, C10_a_driver_that_does_not_return_holds_up_nothing)
{
	if (!pci_is_on(self->one, TEST_NATIVE))
		SKIP(return, "no driver that waits when it is told to");
	ASSERT_EQ(0, pci_override(self->one, VFIO_PCI));
	ASSERT_EQ(0, pci_override(self->two, VFIO_PCI));
	ASSERT_EQ(0, knob(TEST_NATIVE, "hold_remove", self->one));
	ASSERT_EQ(0, child_start(&self->child, unbind_in_child, self->one));
	ASSERT_TRUE(wait_until(knob_read(TEST_NATIVE, "waiting")));
	ASSERT_EQ(0, START("strays", "--json"));
	EXPECT_TRUE(wait_until(strchr(out_now(&self->run), '\n')));
	EXPECT_EQ(1, knob_read(TEST_NATIVE, "waiting"));
	ASSERT_EQ(0, knob(TEST_NATIVE, "hold_remove", ""));
	EXPECT_EQ(0, run_end(&self->run));
	EXPECT_TRUE(OUT_HAS("\"count\":1"));
	EXPECT_TRUE(OUT_HAS(self->two));
	EXPECT_EQ(0, child_wait(&self->child));
	EXPECT_EQ(0, not_fixed(self));
}

TEST_F(strays, C10_a_wrong_name_fixes_nothing)
{
	ASSERT_EQ(0, pci_override(self->one, VFIO_PCI));
	EXPECT_EQ(1, RUN("strays", "--fix", self->one, "0000:20:00"));
	EXPECT_TRUE(ERR_HAS("address"));
	EXPECT_EQ(2, RUN("strays", "--force"));
	EXPECT_EQ(0, RUN("strays"));
	EXPECT_TRUE(OUT_HAS("count: 1"));
	EXPECT_EQ(0, not_fixed(self));
}

TEST_HARNESS_MAIN
