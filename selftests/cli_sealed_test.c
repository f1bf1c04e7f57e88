// SPDX-License-Identifier: GPL-2.0-only
/* What users of the tool see of sealed claims, word for word. */
#include "kselftest_harness.h"
#include "rows.h"

static const struct row asked_rows[] = {
	{ "check --sealed 02:00.0", 0,
	  "possible: yes\n"
	  "members:\n"
	  "  DEVICE        GROUP  STATE  ROLE       ACTION  DRIVER               TARGET        NATIVE-DRIVER        FLAGS        MSIX  RESETS\n"
	  "  0000:02:00.0  6      free   requested  move    bindery_test_native  bindery-vfio  bindery_test_native  pci, sealed  0     bus\n" },
	{ "check --sealed 02:00.0=vfio-pci", 0,
	  "possible: yes\n"
	  "members:\n"
	  "  DEVICE        GROUP  STATE  ROLE       ACTION  DRIVER               TARGET    NATIVE-DRIVER        FLAGS  MSIX  RESETS\n"
	  "  0000:02:00.0  6      free   requested  move    bindery_test_native  vfio-pci  bindery_test_native  pci    0     bus\n",
	  "bindery: 0000:02:00.0: warning: not sealed: its driver is vfio-pci\n" },
	{ "check --sealed --holders-only -t vfio-pci 02:00.0", 1,
	  "possible: no\n"
	  "members:\n"
	  "  DEVICE        GROUP  STATE  ROLE       ACTION  DRIVER               TARGET    NATIVE-DRIVER        FLAGS  BLOCKER     MSIX  RESETS\n"
	  "  0000:02:00.0  6      free   requested  move    bindery_test_native  vfio-pci  bindery_test_native  pci    not-sealed  0     bus\n",
	  "bindery: 0000:02:00.0: validate: not-sealed: not all devices of the group would be on bindery-vfio: driver vfio-pci; name bindery-vfio for it, or leave out --holders-only\n" },
	{ "check --holders-only 02:00.0", 2, NULL,
	  "bindery check: --holders-only needs --sealed\n"
	  "Try 'bindery help check'.\n" },
	{ "acquire -k --holders-only 02:00.0", 2, NULL,
	  "bindery acquire: --holders-only needs --sealed\n"
	  "Try 'bindery help acquire'.\n" },
	{ "exec --holders-only 02:00.0 -- true", 125, NULL,
	  "bindery exec: --holders-only needs --sealed\n"
	  "Try 'bindery help exec'.\n" },
	{ "check --sealed=yes 02:00.0", 2, NULL,
	  "bindery check: option '--sealed' doesn't allow an argument\n"
	  "Try 'bindery help check'.\n" },
	{ "adopt --sealed 02:00.0", 2, NULL,
	  "bindery adopt: unrecognized option '--sealed'\n"
	  "Try 'bindery help adopt'.\n" },
	{ "exec --sealed --holders-only 02:00.0 -- bindery show 02:00.0", 0,
	  "group: 6\n"
	  "state: held\n"
	  "claims: 1\n"
	  "holder: pid N comm bindery\n"
	  "claim: id ID flags sealed, holders-only\n"
	  "generation: N\n"
	  "members:\n"
	  "  DEVICE        ROLE       ACTION  DRIVER        TARGET        OVERRIDE      NATIVE-DRIVER        CLASS   ID         GENERATION  FLAGS              MSIX  RESETS\n"
	  "  0000:02:00.0  requested  move    bindery-vfio  bindery-vfio  bindery-vfio  bindery_test_native  00ff00  1234:11e8  N  pci, vfio, sealed  0     bus\n"
	  "    assignment: state reserved users 0 id ID\n"
	  "    vfio: files 0 opens 0 closes 0\n" },
};

static const struct row moved_rows[] = {
	{ "check --sealed 02:00.0", 0,
	  "possible: yes\n"
	  "members:\n"
	  "  DEVICE        GROUP  STATE  ROLE       ACTION  DRIVER    TARGET        OVERRIDE  NATIVE-DRIVER  NATIVE-OVERRIDE  FLAGS              MSIX  RESETS\n"
	  "  0000:02:00.0  6      free   requested  move    vfio-pci  bindery-vfio  vfio-pci  vfio-pci       vfio-pci         pci, vfio, sealed  0     bus\n" },
	{ "acquire -k --sealed --holders-only 02:00.0", 0,
	  "claim: id ID groups 1 state held flags keep, sealed, holders-only generation N\n"
	  "members:\n"
	  "  DEVICE        GROUP  STATE  ROLE       ACTION  DRIVER        TARGET        OVERRIDE      NATIVE-DRIVER  NATIVE-OVERRIDE  FLAGS\n"
	  "  0000:02:00.0  6      held   requested  move    bindery-vfio  bindery-vfio  bindery-vfio  vfio-pci       vfio-pci         pci, vfio, sealed\n",
	  "bindery: kept; end with bindery release ID\n" },
	{ "release 02:00.0", 0,
	  "claim: id ID groups 1 state held flags keep, sealed, holders-only generation N\n"
	  "released: yes\n"
	  "restored: yes\n"
	  "members:\n"
	  "  DEVICE        GROUP  STATE  ROLE       ACTION  DRIVER    TARGET        OVERRIDE  NATIVE-DRIVER  NATIVE-OVERRIDE  FLAGS\n"
	  "  0000:02:00.0  6      free   requested  move    vfio-pci  bindery-vfio  vfio-pci  vfio-pci       vfio-pci         pci, vfio, sealed\n" },
	{ "check --sealed 02:00.0=vfio-pci", 0,
	  "possible: yes\n"
	  "members:\n"
	  "  DEVICE        GROUP  STATE  ROLE       DRIVER    TARGET    OVERRIDE  FLAGS      MSIX  RESETS\n"
	  "  0000:02:00.0  6      free   pre-bound  vfio-pci  vfio-pci  vfio-pci  pci, vfio  0     bus\n",
	  "bindery: 0000:02:00.0: warning: not sealed: its driver is vfio-pci\n" },
};

static const struct row refusing_rows[] = {
	{ "acquire -kl vm1 --sealed --holders-only 02:00.0", 0,
	  "claim: id ID label vm1 groups 1 state held flags keep, sealed, holders-only generation N\n"
	  "members:\n"
	  "  DEVICE        GROUP  STATE  ROLE       ACTION  DRIVER        TARGET        OVERRIDE      NATIVE-DRIVER        FLAGS\n"
	  "  0000:02:00.0  6      held   requested  move    bindery-vfio  bindery-vfio  bindery-vfio  bindery_test_native  pci, vfio, sealed\n",
	  "bindery: kept; end with bindery release ID\n" },
	{ "list --driver bindery-vfio", 0,
	  "module: yes\n"
	  "group 6  state kept  claims 1  holder pid N comm bindery label vm1  claim id ID flags keep, closed, sealed, holders-only  generation N\n"
	  "  DEVICE        DRIVER        OVERRIDE      CLASS   ID         PATH\n"
	  "  0000:02:00.0  bindery-vfio  bindery-vfio  00ff00  1234:11e8  0000:00/02/00\n" },
};

static const struct row refused_rows[] = {
	{ "log --count 1", 0,
	  "N  T  vfio-refused  device 0000:02:00.0  group 6  claim ID  errno 13  target bindery-vfio  opener pid N comm cli_sealed_test\n" },
	{ "release 02:00.0", 0,
	  "claim: id ID label vm1 groups 1 state held flags keep, sealed, holders-only generation N\n"
	  "released: yes\n"
	  "restored: yes\n"
	  "members:\n"
	  "  DEVICE        GROUP  STATE  ROLE       ACTION  DRIVER               TARGET        NATIVE-DRIVER        FLAGS\n"
	  "  0000:02:00.0  6      free   requested  move    bindery_test_native  bindery-vfio  bindery_test_native  pci, sealed\n" },
};

static const struct row sealing_rows[] = {
	{ "acquire -k --sealed 02:00.0", 0,
	  "claim: id ID groups 1 state held flags keep, sealed generation N\n"
	  "members:\n"
	  "  DEVICE        GROUP  STATE  ROLE       ACTION  DRIVER        TARGET        OVERRIDE      NATIVE-DRIVER        FLAGS\n"
	  "  0000:02:00.0  6      held   requested  move    bindery-vfio  bindery-vfio  bindery-vfio  bindery_test_native  pci, vfio, sealed\n",
	  "bindery: kept; end with bindery release ID\n" },
};

static const struct row opened_rows[] = {
	{ "show 02:00.0", 0,
	  "group: 6\n"
	  "state: kept\n"
	  "claims: 1\n"
	  "holder: pid N comm bindery\n"
	  "claim: id ID flags keep, closed, sealed\n"
	  "generation: N\n"
	  "members:\n"
	  "  DEVICE        ROLE       ACTION  DRIVER        TARGET        OVERRIDE      NATIVE-DRIVER        CLASS   ID         FLAGS              MSIX  RESETS\n"
	  "  0000:02:00.0  requested  move    bindery-vfio  bindery-vfio  bindery-vfio  bindery_test_native  00ff00  1234:11e8  pci, vfio, sealed  0     bus\n"
	  "    assignment: state reserved users 0 id ID\n"
	  "    vfio: files 1 opens 1 closes 0 opener pid N comm cli_sealed_test\n" },
	{ "log --count 1", 0,
	  "N  T  vfio-opened  device 0000:02:00.0  group 6  claim ID  target bindery-vfio  opener pid N comm cli_sealed_test  vfio_files 1\n" },
	{ "release 02:00.0", 1,
	  "claim: id ID groups 1 state held flags keep, sealed generation N\n"
	  "released: no\n"
	  "restored: no\n"
	  "members:\n"
	  "  DEVICE        GROUP  STATE  ROLE       ACTION  DRIVER        TARGET        OVERRIDE      NATIVE-DRIVER        FLAGS\n"
	  "  0000:02:00.0  6      held   requested  move    bindery-vfio  bindery-vfio  bindery-vfio  bindery_test_native  pci, vfio, sealed\n"
	  "users:\n"
	  "  N  cli_sealed_test\n",
	  "bindery: fence: in-use: a VFIO user has a device of the group open; end that user, or use --wait, --defer or --force\n" },
};

static const struct row closed_rows[] = {
	{ "log --count 1", 0,
	  "N  T  vfio-closed  device 0000:02:00.0  group 6  claim ID  target bindery-vfio  opener pid N comm cli_sealed_test  vfio_files 0\n" },
	{ "show 02:00.0", 0,
	  "group: 6\n"
	  "state: kept\n"
	  "claims: 1\n"
	  "holder: pid N comm bindery\n"
	  "claim: id ID flags keep, closed, sealed\n"
	  "generation: N\n"
	  "members:\n"
	  "  DEVICE        ROLE       ACTION  DRIVER        TARGET        OVERRIDE      NATIVE-DRIVER        CLASS   ID         FLAGS              MSIX  RESETS\n"
	  "  0000:02:00.0  requested  move    bindery-vfio  bindery-vfio  bindery-vfio  bindery_test_native  00ff00  1234:11e8  pci, vfio, sealed  0     bus\n"
	  "    assignment: state reserved users 0 id ID\n"
	  "    vfio: files 0 opens 1 closes 1\n" },
	{ "release 02:00.0", 0,
	  "claim: id ID groups 1 state held flags keep, sealed generation N\n"
	  "released: yes\n"
	  "restored: yes\n"
	  "members:\n"
	  "  DEVICE        GROUP  STATE  ROLE       ACTION  DRIVER               TARGET        NATIVE-DRIVER        FLAGS\n"
	  "  0000:02:00.0  6      free   requested  move    bindery_test_native  bindery-vfio  bindery_test_native  pci, sealed\n" },
};

WORDS_FIXTURE(sealed)

TEST_F(sealed, U2_L1_sealed_claims_are_asked_for_in_these_words)
{
	/* The plan tells where it is not loaded yet. */
	ASSERT_EQ(0, module_load("bindery_vfio"));
	EXPECT_EQ(0, ANSWERS(asked));
}

TEST_F(sealed, U2_L1_what_is_on_vfio_pci_is_sealed_too)
{
	ASSERT_EQ(0, module_load("bindery_vfio"));
	ASSERT_EQ(0, pci_move(ALONE, VFIO_PCI));
	EXPECT_EQ(0, ANSWERS(moved));
	EXPECT_EQ(0, pci_move(ALONE, TEST_NATIVE));
	EXPECT_EQ(0, pci_override(ALONE, ""));
}

TEST_F(sealed, U2_L3_who_opens_sealed_devices_is_told_in_these_words)
{
	struct vfio_user user = vfio_none;

	EXPECT_EQ(0, ANSWERS(refusing));
	EXPECT_NE(0, vfio_open(&user, ALONE));
	vfio_close(&user);
	EXPECT_EQ(0, ANSWERS(refused));
	EXPECT_EQ(0, ANSWERS(sealing));
	user = vfio_none;
	EXPECT_EQ(0, vfio_open(&user, ALONE));
	EXPECT_EQ(0, ANSWERS(opened));
	vfio_close(&user);
	EXPECT_EQ(0, ANSWERS(closed));
}

/* For their schemas. */
TEST_F(sealed, U2_L1_sealed_claims_are_told_as_JSON)
{
	struct vfio_user user = vfio_none;

	EXPECT_EQ(0, RUN("exec", "--json", "--sealed", "--holders-only", ALONE,
			 "--", "true"));
	EXPECT_EQ(1, RUN("check", "--json", "--sealed", "--holders-only",
			 "--target", "vfio-pci", ALONE));
	EXPECT_TRUE(OUT_HAS("\"code\":\"not-sealed\""));
	EXPECT_EQ(0, RUN("acquire", "--json", "--keep", "--sealed", ALONE));
	EXPECT_TRUE(OUT_HAS("\"flags\":[\"keep\",\"sealed\"]"));
	EXPECT_EQ(0, vfio_open(&user, ALONE));
	EXPECT_EQ(0, RUN("show", "--json", ALONE));
	EXPECT_TRUE(OUT_HAS("\"vfio\":{\"files\":1,\"opens\":1,\"closes\":0,\"opener\":{\"pid\":"));
	EXPECT_EQ(1, RUN("release", "--json", ALONE));
	vfio_close(&user);
	EXPECT_EQ(0, RUN("list", "--json"));
	EXPECT_EQ(0, RUN("log", "--json", "--count", "5"));
	EXPECT_TRUE(OUT_HAS("\"event\":\"vfio-opened\""));
	EXPECT_TRUE(OUT_HAS("\"event\":\"vfio-closed\""));
	EXPECT_EQ(0, RUN("release", "--json", ALONE));
}

TEST_HARNESS_MAIN
