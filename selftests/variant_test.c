// SPDX-License-Identifier: GPL-2.0-only
/* The VFIO driver that is made for a device, and how else it is named. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kselftest_harness.h"
#include "tool.h"

#define DEVICE	"0000:08:00.0"
#define OTHER	"0000:02:00.0"

#define VARIANT		"bindery-test-variant"
#define VARIANT_MODULE	"bindery_test_variant"

FIXTURE(variant) {
	struct snapshot before;
	struct run run;
};

FIXTURE_SETUP(variant)
{
	const char *machine = getenv("BINDERY_MACHINE");

	if (!machine || strcmp(machine, "guards"))
		SKIP(return, "this is for a machine with a device of a variant driver");
	ASSERT_EQ(0, snapshot_take(&self->before));
	if (module_is_loaded(VARIANT_MODULE))
		ASSERT_EQ(0, module_unload(VARIANT_MODULE));
}

FIXTURE_TEARDOWN(variant)
{
	EXPECT_EQ(0, snapshot_compare(&self->before));
}

/* What a command sees that runs while the device is acquired. */
#define ON(bdf)	"--", "ls", "-l", "/sys/bus/pci/devices/" bdf "/driver"

TEST_F(variant, G3_a_device_goes_to_the_driver_made_for_it)
{
	EXPECT_EQ(0, RUN("exec", DEVICE, ON(DEVICE)));
	EXPECT_TRUE(OUT_HAS("/" VARIANT "\n"));
	EXPECT_EQ(0, RUN("exec", OTHER, ON(OTHER)));
	EXPECT_TRUE(OUT_HAS("/vfio-pci\n"));
}

TEST_F(variant, G3_another_driver_can_be_asked_for)
{
	EXPECT_EQ(0, RUN("exec", "-t", "vfio-pci", DEVICE, ON(DEVICE)));
	EXPECT_TRUE(OUT_HAS("/vfio-pci\n"));
	EXPECT_EQ(0, RUN("exec", "--driver", "vfio-pci", DEVICE, ON(DEVICE)));
	EXPECT_TRUE(OUT_HAS("/vfio-pci\n"));
	EXPECT_EQ(0, RUN("exec", DEVICE "=vfio-pci", ON(DEVICE)));
	EXPECT_TRUE(OUT_HAS("/vfio-pci\n"));
	EXPECT_FALSE(module_is_loaded(VARIANT_MODULE));
}

TEST_F(variant, G3_dashes_and_underscores_name_one_driver)
{
	EXPECT_EQ(0, RUN("exec", "-t", VARIANT_MODULE, DEVICE, ON(DEVICE)));
	EXPECT_TRUE(OUT_HAS("/" VARIANT "\n"));
	EXPECT_EQ(0, RUN("exec", "-t", "vfio_pci", DEVICE, ON(DEVICE)));
	EXPECT_TRUE(OUT_HAS("/vfio-pci\n"));
	EXPECT_EQ(0, RUN("exec", DEVICE "=bindery-test_variant", ON(DEVICE)));
	EXPECT_TRUE(OUT_HAS("/" VARIANT "\n"));
}

TEST_F(variant, G3_show_and_check_tell_it_and_load_nothing)
{
	EXPECT_EQ(0, RUN("show", "--json", DEVICE));
	EXPECT_TRUE(OUT_HAS("\"module\":\"" VARIANT_MODULE "\""));
	EXPECT_EQ(0, RUN("check", "--json", DEVICE));
	EXPECT_TRUE(OUT_HAS("\"target\":\"" VARIANT_MODULE "\""));
	EXPECT_TRUE(OUT_HAS("target-absent"));
	EXPECT_FALSE(module_is_loaded(VARIANT_MODULE));
	EXPECT_EQ(0, RUN("show", "--json", OTHER));
	EXPECT_TRUE(OUT_HAS("\"variants\":[]"));
	ASSERT_EQ(0, module_load(VARIANT_MODULE));
	EXPECT_EQ(0, RUN("check", "--json", DEVICE));
	EXPECT_TRUE(OUT_HAS("\"target\":\"" VARIANT "\""));
}

/* On any VFIO driver it is on its target: nothing is moved. */
TEST_F(variant, G3_a_device_on_another_vfio_driver_stays_there)
{
	ASSERT_EQ(0, module_load("vfio_pci"));
	ASSERT_EQ(0, pci_move(DEVICE, VFIO_PCI));
	EXPECT_EQ(0, RUN("exec", DEVICE, ON(DEVICE)));
	EXPECT_TRUE(OUT_HAS("/vfio-pci\n"));
	EXPECT_EQ(0, RUN("strays", "--fix", DEVICE));
}

TEST_F(variant, G3_C10_a_stray_on_a_variant_driver_is_known_as_one)
{
	ASSERT_EQ(0, module_load(VARIANT_MODULE));
	ASSERT_EQ(0, pci_move(DEVICE, VARIANT));
	EXPECT_EQ(0, RUN("strays", "--json"));
	EXPECT_TRUE(OUT_HAS("\"reason\":\"driver\",\"driver\":\"" VARIANT "\""));
	EXPECT_EQ(0, RUN("strays", "--fix"));
	EXPECT_EQ(0, RUN("strays"));
	EXPECT_TRUE(OUT_HAS("count: 0"));
}

TEST_HARNESS_MAIN
