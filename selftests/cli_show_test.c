// SPDX-License-Identifier: GPL-2.0-only
/* Every verb as a user runs it: the words it prints, and how it ends. */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "tool.h"

/* On the machine of this name, whose devices are known. */
#define MACHINE	"slot"
#define FIRST	"0000:01:00.0"
#define USB	"0000:01:00.1"
#define NVME	"0000:01:00.2"

FIXTURE(user) {
	int control;
	struct snapshot before;
	struct run run;
};

FIXTURE_SETUP(user)
{
	const char *machine = getenv("BINDERY_MACHINE");

	if (!machine || strcmp(machine, MACHINE))
		SKIP(return, "this is for the machine " MACHINE);
	setenv("LC_ALL", "C", 1);
	self->control = control_open();
	ASSERT_LE(0, self->control);
	ASSERT_EQ(0, snapshot_take(&self->before));
}

FIXTURE_TEARDOWN(user)
{
	if (self->run.pid > 0) {
		kill(self->run.pid, SIGKILL);
		run_end(&self->run);
	}
	EXPECT_TRUE(wait_until(group_state(self->control, FIRST) ==
			       BINDERY_GROUP_FREE));
	EXPECT_EQ(0, snapshot_compare(&self->before));
	close(self->control);
}

#define IS_FREE()	(group_state(self->control, FIRST) == BINDERY_GROUP_FREE)

/* What stands behind the first line that begins with @start. */
static const char *behind(const char *text, const char *start)
{
	for (; text && *text; text = strchr(text, '\n'), text += !!text)
		if (!strncmp(text, start, strlen(start)))
			return text + strlen(start);
	return "";
}

static bool says(const char *text, const char *start, const char *rest)
{
	const char *found = behind(text, start);

	if (!strncmp(found, rest, strlen(rest)) && found[strlen(rest)] == '\n')
		return true;
	note("'%s' is not followed by '%s' in: %.1000s", start, rest, text);
	return false;
}

TEST_F(user, U4_the_tree_is_that_of_the_machine)
{
	EXPECT_EQ(0, RUN("show", "--tree"));
	EXPECT_STREQ("", self->run.err);
	EXPECT_STREQ(
		"0000:00  root bus\n"
		"|- 00:00.0     host bridge             - group 0\n"
		"|- 00:01.0     PCI bridge   pcieport   - group 1\n"
		"|  |- 01:00.0  Ethernet     e1000e     \\ group 3\n"
		"|  |- 01:00.1  USB          xhci_hcd   |\n"
		"|  `- 01:00.2  NVMe         nvme       /\n"
		"|- 00:1f.0     ISA bridge              \\ group 2\n"
		"|- 00:1f.2     SATA         no driver  |\n"
		"`- 00:1f.3     SMBus        no driver  /\n",
		self->run.out);
	EXPECT_EQ(0, RUN("show", "--tree", NVME));
	EXPECT_STREQ(
		"0000:00  root bus\n"
		"`- 00:01.0     PCI bridge  pcieport  - group 1\n"
		"   |- 01:00.0  Ethernet    e1000e    \\ group 3\n"
		"   |- 01:00.1  USB         xhci_hcd  |\n"
		"   `- 01:00.2  NVMe        nvme      /\n",
		self->run.out);
}

TEST_F(user, U4_a_UTF_8_locale_gets_lines_for_boxes)
{
	setenv("LC_ALL", "C.UTF-8", 1);
	EXPECT_EQ(0, RUN("show", "--tree", USB));
	setenv("LC_ALL", "C", 1);
	EXPECT_TRUE(OUT_HAS("   └─ 01:00.2  NVMe        nvme      ┘\n"));
}

TEST_F(user, U4_pictures_show_who_holds_what)
{
	EXPECT_EQ(0, RUN("acquire", "--keep", "-c", "-l", "vm<1>", FIRST));
	EXPECT_EQ(0, RUN("show", "--tree"));
	EXPECT_TRUE(OUT_HAS(
		"|  |- 01:00.0  Ethernet     vfio-pci (was e1000e)    requested  \\ group 3: kept by vm<1> (bindery, pid "));
	EXPECT_TRUE(OUT_HAS(
		"|  |- 01:00.1  USB          vfio-pci (was xhci_hcd)  companion  |\n"));
	EXPECT_EQ(0, RUN("show", "--svg"));
	EXPECT_TRUE(OUT_HAS("class=\"t-good\">group 3: kept by vm&lt;1&gt; ("));
	EXPECT_TRUE(OUT_HAS("</svg>\n"));
	EXPECT_EQ(0, RUN("show", "--dot"));
	EXPECT_TRUE(OUT_HAS("label=\"group 3: kept by vm<1> ("));
	EXPECT_EQ(0, RUN("release", FIRST));
}

TEST_F(user, U4_what_cannot_be_drawn_is_refused)
{
	EXPECT_EQ(2, RUN("show"));
	EXPECT_TRUE(ERR_HAS("no picture asked for"));
	EXPECT_EQ(2, RUN("show", "--tree", "--svg"));
	EXPECT_EQ(2, RUN("show", FIRST, USB));
	EXPECT_EQ(1, RUN("show", "--tree", "fffe:00:00.0"));
	EXPECT_TRUE(ERR_HAS("there is no such device"));
	EXPECT_STREQ("", self->run.out);
}

TEST_F(user, U2_list_and_show_print_what_there_is)
{
	EXPECT_EQ(0, RUN("list"));
	EXPECT_TRUE(says(self->run.out, "module: ", "yes"));
	EXPECT_TRUE(says(self->run.out, "group 3  ", "state free  claims 0"));
	EXPECT_EQ(0, RUN("list", "--json"));
	EXPECT_EQ(0, RUN("show", FIRST));
	EXPECT_TRUE(says(self->run.out, "group: ", "3"));
	EXPECT_TRUE(says(self->run.out, "state: ", "free"));
	EXPECT_TRUE(says(self->run.out, "claims: ", "0"));
	EXPECT_STREQ("", self->run.err);
	EXPECT_EQ(0, RUN("show", "--json", FIRST));
	EXPECT_EQ(1, RUN("show", "--json", "fffe:00:00.0"));
	EXPECT_STREQ("", self->run.err);
}

TEST_F(user, U2_check_prints_the_plan_or_what_is_missing)
{
	EXPECT_EQ(0, RUN("check", FIRST, USB, NVME));
	EXPECT_TRUE(says(self->run.out, "possible: ", "yes"));
	EXPECT_STREQ("", self->run.err);
	EXPECT_EQ(1, RUN("check", FIRST, USB));
	EXPECT_TRUE(says(self->run.out, "possible: ", "no"));
	EXPECT_STREQ("bindery: " FIRST ": validate: undeclared: member " NVME
		     " is on nvme and was not named; add it, or use --companions\n",
		     self->run.err);
	EXPECT_EQ(0, RUN("check", "--json", "-c", FIRST));
	EXPECT_EQ(1, RUN("check", "--json", FIRST));
}

TEST_F(user, U2_acquire_mark_repair_and_release_tell_what_they_did)
{
	EXPECT_EQ(0, RUN("acquire", "--keep", "-c", FIRST));
	EXPECT_TRUE(ERR_HAS("bindery: kept; end with bindery release "));
	EXPECT_EQ(0, RUN("mark", FIRST, "attach-ok"));
	EXPECT_TRUE(says(self->run.out, "device: ", FIRST));
	EXPECT_TRUE(says(self->run.out, "event: ", "attach-ok"));
	EXPECT_FALSE(strncmp("state pending users 0 id ",
			     behind(self->run.out, "assignment: "), 25));
	EXPECT_EQ(0, RUN("mark", "--json", FIRST, "guest-ready"));
	EXPECT_EQ(1, RUN("mark", FIRST, "attach-ok"));
	EXPECT_STREQ("bindery: " FIRST ": request: transition: the assignment's state does not allow that event; look at the assignment with bindery show\n",
		     self->run.err);
	EXPECT_EQ(1, RUN("mark", "--json", FIRST, "attach-ok"));
	EXPECT_EQ(2, RUN("mark", FIRST, "eaten"));
	EXPECT_EQ(0, RUN("show", "--json", FIRST));
	EXPECT_EQ(0, RUN("repair", FIRST));
	EXPECT_TRUE(says(self->run.out, "repaired: ", "yes"));
	EXPECT_EQ(0, RUN("repair", "--json", FIRST));
	EXPECT_EQ(1, RUN("acquire", "--json", "-d", "0.1", "-c", FIRST));
	EXPECT_EQ(0, RUN("release", FIRST, USB));
	EXPECT_TRUE(says(self->run.out, "released: ", "yes"));
	EXPECT_TRUE(says(self->run.out, "restored: ", "yes"));
	EXPECT_STREQ("", self->run.err);
	EXPECT_EQ(1, RUN("release", FIRST));
	EXPECT_STREQ("bindery: " FIRST ": resolve: no-claim: there is no claim of that id, or none on that device; look up its id with bindery list\n",
		     self->run.err);
	EXPECT_EQ(1, RUN("release", "--json", FIRST));
	EXPECT_EQ(1, RUN("repair", "--json", "fffe:00:00.0"));
}

TEST_F(user, U2_adopt_tells_what_keeps_it_from_adopting)
{
	EXPECT_EQ(1, RUN("adopt", FIRST));
	EXPECT_STREQ("bindery: " FIRST ": validate: not-on-vfio: a member of the group is not on a VFIO driver: driver e1000e; acquire the group instead of adopting it\n",
		     self->run.err);
	EXPECT_EQ(1, RUN("adopt", "--json", FIRST));
	EXPECT_EQ(0, RUN("acquire", "--keep", "--json", "-c", FIRST));
	EXPECT_EQ(0, RUN("adopt", "--keep", "--json", FIRST));
	EXPECT_EQ(0, RUN("release", "--json", FIRST));
}

TEST_F(user, U2_help_is_of_one_table)
{
	EXPECT_EQ(0, RUN("help", "release"));
	EXPECT_TRUE(OUT_HAS("Usage: bindery release [OPTION]... DEVICE|ID...\n"));
	EXPECT_TRUE(OUT_HAS("  3    failed, and a restore is incomplete\n"));
	EXPECT_EQ(0, RUN("help", "--json"));
	EXPECT_EQ(2, RUN("relase", FIRST));
	EXPECT_STREQ("bindery: 'relase' is no verb; did you mean 'release'?\n",
		     self->run.err);
	EXPECT_EQ(0, RUN("complete", "release", "0000:01:00.2"));
	EXPECT_STREQ(NVME "\tnvme, group 3\n", self->run.out);
}

static char print_environment[] =
	"echo fd $BINDERY_CLAIM_FD; echo devices $BINDERY_DEVICES;"
	"echo groups $BINDERY_GROUP_NODES; echo qemu $BINDERY_QEMU_ARGS;"
	"echo id $BINDERY_CLAIM_ID; readlink /proc/self/fd/$BINDERY_CLAIM_FD;"
	"for node in $BINDERY_GROUP_NODES $BINDERY_DEVICE_NODES; do"
	" test -c $node || echo no node $node; done";

TEST_F(user, U3_the_command_finds_its_devices_in_the_environment)
{
	EXPECT_EQ(0, RUN("exec", "-c", NVME, FIRST, "--", "sh", "-c",
			 print_environment));
	EXPECT_TRUE(says(self->run.out, "fd ", "3"));
	EXPECT_TRUE(says(self->run.out, "devices ", NVME " " FIRST));
	EXPECT_TRUE(says(self->run.out, "groups ", "/dev/vfio/3"));
	EXPECT_TRUE(says(self->run.out, "qemu ", "-device vfio-pci,host=" NVME
			 " -device vfio-pci,host=" FIRST));
	EXPECT_EQ(36, strcspn(behind(self->run.out, "id "), "\n"));
	EXPECT_TRUE(says(self->run.out, "anon_inode:", "[bindery]"));
	EXPECT_TRUE(!strstr(self->run.out, "no node"));
	EXPECT_STREQ("", self->run.err);
}

static int pass_3_on(void)
{
	return dup2(open("/dev/null", O_RDONLY), 3) != 3;
}

TEST_F(user, U3_what_the_caller_passes_on_keeps_its_number)
{
	EXPECT_EQ(0, RUN_AS(pass_3_on, "exec", "-c", FIRST, "--", "sh", "-c",
			    "readlink /proc/self/fd/3; echo fd $BINDERY_CLAIM_FD"));
	EXPECT_TRUE(OUT_HAS("/dev/null\n"));
	EXPECT_TRUE(strtoul(behind(self->run.out, "fd "), NULL, 10) > 3);
}

TEST_F(user, U3_every_signal_that_asks_for_something_is_forwarded)
{
	static const struct {
		int number;
		char *script;
	} signals[] = {
		{ SIGHUP, "trap 'exit 41' HUP; echo; while :; do sleep 0.1; done" },
		{ SIGQUIT, "trap 'exit 41' QUIT; echo; while :; do sleep 0.1; done" },
		{ SIGUSR1, "trap 'exit 41' USR1; echo; while :; do sleep 0.1; done" },
		{ SIGUSR2, "trap 'exit 41' USR2; echo; while :; do sleep 0.1; done" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(signals); i++) {
		ASSERT_EQ(0, START("exec", "-c", FIRST, "--", "sh", "-c",
				   signals[i].script));
		ASSERT_TRUE(wait_until(strlen(out_now(&self->run)) > 0));
		ASSERT_EQ(0, kill(self->run.pid, signals[i].number));
		EXPECT_EQ(41, run_end(&self->run));
		EXPECT_TRUE(IS_FREE());
	}
}

TEST_F(user, U3_exec_prints_JSON_to_standard_error)
{
	EXPECT_EQ(0, RUN("exec", "--json", "-c", FIRST, "--", "echo", "ran"));
	EXPECT_STREQ("ran\n", self->run.out);
	EXPECT_EQ(2, documents(self->run.err));
	EXPECT_EQ(125, RUN("exec", "--json", FIRST, "--", "echo", "ran"));
	EXPECT_EQ(1, documents(self->run.err));
	EXPECT_STREQ("", self->run.out);
}

TEST_HARNESS_MAIN
