// SPDX-License-Identifier: GPL-2.0-only
/* The tool, as administrators and scripts call it, on the real module. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include <linux/capability.h>

#include "kselftest_harness.h"
#include "tool.h"

static char program[256];	/* this one, see inside() */

FIXTURE(cli) {
	int control;
	struct group group;
	char *first, *last;
	struct snapshot before;
	struct run run;
};

FIXTURE_SETUP(cli)
{
	self->control = control_open();
	ASSERT_LE(0, self->control);
	if (group_choose(&self->group, NULL) || self->group.num < 2)
		SKIP(return, "no group of several endpoints on native drivers");
	if (RUN("--version"))
		SKIP(return, "no tool in the path");
	self->first = self->group.bdf[0];
	self->last = self->group.bdf[self->group.num - 1];
	ASSERT_EQ(0, snapshot_take(&self->before));
}

FIXTURE_TEARDOWN(cli)
{
	if (self->run.pid > 0) {
		kill(self->run.pid, SIGKILL);
		run_end(&self->run);
	}
	EXPECT_TRUE(wait_until(group_state(self->control, self->first) ==
			       BINDERY_GROUP_FREE));
	EXPECT_EQ(0, snapshot_compare(&self->before));
}

#define STATE()		group_state(self->control, self->first)

static bool all_on(const struct group *group, const char *driver)
{
	for (unsigned int i = 0; i < group->num; i++)
		if (!pci_is_on(group->bdf[i], driver))
			return false;
	return true;
}

TEST_F(cli, U2_list_tells_groups_devices_and_drivers)
{
	char line[64];

	EXPECT_EQ(0, RUN("list"));
	EXPECT_STREQ("", self->run.err);
	for (unsigned int i = 0; i < self->before.num; i++)
		EXPECT_TRUE(OUT_HAS(self->before.devices[i].bdf));
	snprintf(line, sizeof(line), "group %d  state free",
		 self->group.id);
	EXPECT_TRUE(OUT_HAS(line));
	EXPECT_EQ(0, RUN("list", "--json"));
	EXPECT_EQ(1, documents(self->run.out));
	EXPECT_TRUE(OUT_HAS(self->first));
	EXPECT_TRUE(OUT_HAS(self->before.devices[0].bdf));
}

TEST_F(cli, U2_show_and_check_print_one_line_of_JSON)
{
	EXPECT_EQ(0, RUN("show", "--json", self->last));
	EXPECT_EQ(1, documents(self->run.out));
	for (unsigned int i = 0; i < self->group.num; i++)
		EXPECT_TRUE(OUT_HAS(self->group.bdf[i]));
	EXPECT_EQ(0, RUN("check", "--json", "-c", self->first));
	EXPECT_EQ(1, documents(self->run.out));
	EXPECT_TRUE(OUT_HAS("companion"));
	EXPECT_EQ(1, RUN("check", "--json", self->first));
	EXPECT_EQ(1, documents(self->run.out));
	EXPECT_TRUE(OUT_HAS("undeclared"));
	EXPECT_STREQ("", self->run.err);
}

TEST_F(cli, U2_check_exits_with_0_or_1_and_changes_nothing)
{
	EXPECT_EQ(0, RUN("check", "-c", self->first));
	EXPECT_STREQ("", self->run.err);
	EXPECT_EQ(1, RUN("check", self->first));
	EXPECT_TRUE(ERR_HAS("undeclared"));
	EXPECT_TRUE(ERR_HAS(self->group.bdf[1]));
	EXPECT_TRUE(ERR_HAS(snapshot_device(&self->before,
					    self->group.bdf[1])->driver));
	EXPECT_EQ(1, RUN("check", "fffe:00:00.0"));
	EXPECT_TRUE(ERR_HAS("no-device"));
	EXPECT_EQ(0, snapshot_compare_untouched(&self->before));
}

TEST_F_TIMEOUT(cli, U3_exec_exits_as_its_command_does, 60)
{
	static const struct {
		int status;
		char *command, *option, *argument;
	} ends[] = {
		{ 0, "true" }, { 7, "sh", "-c", "exit 7" },
		{ 128 + SIGKILL, "sh", "-c", "kill -9 $$" },
		{ 126, "/" }, { 127, "no-such-command" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(ends); i++) {
		EXPECT_EQ(ends[i].status,
			  RUN("exec", "-c", self->first, "--", ends[i].command,
			      ends[i].option, ends[i].argument)) {
			TH_LOG("of %s", ends[i].command);
		}
		EXPECT_STREQ("", self->run.out);
		EXPECT_EQ(0, snapshot_compare(&self->before));
	}
}

TEST_F(cli, U3_exec_exits_with_125_when_it_cannot_move_the_devices)
{
	EXPECT_EQ(125, RUN("exec", self->first, "--", "echo", "ran"));
	EXPECT_STREQ("", self->run.out);
	EXPECT_TRUE(ERR_HAS("undeclared"));
	EXPECT_EQ(125, RUN("exec", "fffe:00:00.0", "--", "echo", "ran"));
	EXPECT_STREQ("", self->run.out);
	EXPECT_EQ(125, RUN("exec", "-c", "-t", "no-such-driver", self->first,
			   "--", "echo", "ran"));
	EXPECT_STREQ("", self->run.out);
	EXPECT_TRUE(ERR_HAS("no-target"));
	EXPECT_EQ(0, snapshot_compare_untouched(&self->before));
}

/* inside STATUS DEVICE...: what a command of exec finds */
static int inside(char **argv)
{
	struct vfio_user user;
	text_t driver;
	int ret;

	for (int i = 3; argv[i]; i++) {
		pci_driver(argv[i], driver);
		ret = vfio_open(&user, argv[i]);
		vfio_close(&user);
		printf("%s is on %s: %d\n", argv[i], driver, ret);
		if (ret || strcmp(driver, VFIO_PCI))
			return 99;
	}
	return getenv("BINDERY_CLAIM_FD") ? atoi(argv[2]) : 99;
}

TEST_F(cli, U3_the_command_of_exec_can_use_the_devices)
{
	EXPECT_EQ(7, RUN("exec", "-c", self->first, "--", program, "inside",
			 "7", self->first, self->last));
	EXPECT_TRUE(OUT_HAS(self->first));
	EXPECT_TRUE(OUT_HAS(self->last));
	EXPECT_STREQ("", self->run.err);
	EXPECT_EQ(0, snapshot_compare(&self->before));
}

/* Its command has printed its number and sleeps on. */
static pid_t start_sleeper(struct run *run, char *bdf)
{
	int ret = run_start(run, NULL,
			    ARGS("exec", "-c", "-l", "sleeper", bdf, "--",
				 "sh", "-c", "echo $$; exec sleep 1000"));

	if (ret || !wait_until(strchr(out_now(run), '\n')))
		return -1;
	return atoi(run->out);
}

TEST_F(cli, U3_exec_forwards_a_signal_and_restores)
{
	pid_t pid = start_sleeper(&self->run, self->first);

	ASSERT_LT(0, pid);
	EXPECT_EQ(BINDERY_GROUP_HELD, STATE());
	EXPECT_TRUE(all_on(&self->group, VFIO_PCI));
	ASSERT_EQ(0, kill(self->run.pid, SIGTERM));
	EXPECT_EQ(128 + SIGTERM, run_end(&self->run));
	EXPECT_EQ(-1, kill(pid, 0));
	EXPECT_EQ(BINDERY_GROUP_FREE, STATE());
	EXPECT_EQ(0, snapshot_compare(&self->before));
}

TEST_F(cli, C1_C11_the_command_keeps_the_claim_when_the_tool_is_killed)
{
	pid_t pid = start_sleeper(&self->run, self->first);
	struct snapshot held;

	ASSERT_LT(0, pid);
	ASSERT_EQ(0, snapshot_take(&held));
	ASSERT_EQ(0, kill(self->run.pid, SIGKILL));
	EXPECT_EQ(-SIGKILL, run_end(&self->run));
	EXPECT_EQ(BINDERY_GROUP_HELD, STATE());
	EXPECT_EQ(0, snapshot_compare_untouched(&held));
	EXPECT_EQ(0, RUN("show", "--json", self->last));
	EXPECT_TRUE(OUT_HAS("sleeper"));

	ASSERT_EQ(0, kill(pid, SIGKILL));
	EXPECT_TRUE(wait_until(STATE() == BINDERY_GROUP_FREE));
	EXPECT_EQ(0, snapshot_compare(&self->before));
}

TEST_F(cli, U2_acquire_restores_at_SIGINT_and_exits_with_0)
{
	ASSERT_EQ(0, START("acquire", "--json", "-c", self->first));
	ASSERT_TRUE(wait_until(strstr(err_now(&self->run), "held")));
	EXPECT_EQ(BINDERY_GROUP_HELD, STATE());
	EXPECT_TRUE(all_on(&self->group, VFIO_PCI));
	EXPECT_EQ(1, documents(out_now(&self->run)));
	ASSERT_EQ(0, kill(self->run.pid, SIGINT));
	EXPECT_EQ(0, run_end(&self->run));
	EXPECT_EQ(BINDERY_GROUP_FREE, STATE());
	EXPECT_EQ(0, snapshot_compare(&self->before));
	EXPECT_EQ(2, documents(self->run.out));
	EXPECT_TRUE(OUT_HAS("restored"));
}

TEST_F(cli, U2_acquire_of_a_held_group_names_the_holder)
{
	struct run other = { 0 };
	pid_t pid = start_sleeper(&self->run, self->first);

	ASSERT_LT(0, pid);
	EXPECT_EQ(1, run_whole(&other, NULL,
			       ARGS("acquire", "-c", "-d", "0.1", self->first)));
	EXPECT_TRUE(has(other.err, "busy"));
	EXPECT_TRUE(has(other.err, "sleeper"));
	EXPECT_EQ(BINDERY_GROUP_HELD, STATE());
	ASSERT_EQ(0, kill(pid, SIGKILL));
	EXPECT_EQ(128 + SIGKILL, run_end(&self->run));
}

TEST_F(cli, U2_without_the_module_it_exits_with_4)
{
	close(self->control);
	ASSERT_TRUE(wait_until(!module_unload("bindery")));
	EXPECT_EQ(0, RUN("list", "--json"));
	EXPECT_EQ(1, documents(self->run.out));
	EXPECT_EQ(4, RUN("show", self->first));
	EXPECT_EQ(4, RUN("check", "-c", self->first));
	EXPECT_EQ(4, RUN("acquire", "-c", self->first));
	EXPECT_TRUE(ERR_HAS("modprobe bindery"));
	EXPECT_EQ(125, RUN("exec", "-c", self->first, "--", "echo", "ran"));
	EXPECT_STREQ("", self->run.out);
	EXPECT_FALSE(module_is_loaded("bindery"));
	ASSERT_EQ(0, module_load("bindery"));
	ASSERT_TRUE(wait_until((self->control = control_open()) >= 0));
	EXPECT_EQ(0, RUN("check", "-c", self->first));
	EXPECT_EQ(0, snapshot_compare_untouched(&self->before));
}

/* root gets back at exec what it may have at all. */
static int bound_sys_admin(void)
{
	return prctl(PR_CAPBSET_DROP, CAP_SYS_ADMIN) ? -errno : 0;
}

TEST_F(cli, U2_an_ordinary_user_is_told_what_is_missing)
{
	EXPECT_EQ(0, RUN_AS(become_nobody, "list"));
	EXPECT_TRUE(OUT_HAS(self->first));
	EXPECT_EQ(1, RUN_AS(become_nobody, "check", "-c", self->first));
	EXPECT_TRUE(ERR_HAS("/dev/bindery may not be opened"));
	EXPECT_EQ(125, RUN_AS(become_nobody, "exec", "-c", self->first, "--",
			      "echo", "ran"));
	EXPECT_STREQ("", self->run.out);
	EXPECT_TRUE(ERR_HAS("run it as root"));

	EXPECT_EQ(0, RUN_AS(bound_sys_admin, "check", "-c", self->first));
	EXPECT_EQ(1, RUN_AS(bound_sys_admin, "acquire", "-c", self->first));
	EXPECT_TRUE(ERR_HAS("not-permitted"));
	EXPECT_EQ(0, snapshot_compare_untouched(&self->before));
}

/* A machine whose devices are mounted and up. */
FIXTURE(busy) {
	int control;
	char nvme[BDF_SIZE], disk[BDF_SIZE], nic[BDF_SIZE];
	struct snapshot before;
	struct run run;
};

static void find_on(const struct snapshot *snapshot, const char *driver,
		    char bdf[BDF_SIZE])
{
	for (unsigned int i = 0; i < snapshot->num; i++)
		if (!strcmp(snapshot->devices[i].driver, driver))
			memcpy(bdf, snapshot->devices[i].bdf, BDF_SIZE);
}

FIXTURE_SETUP(busy)
{
	const char *machine = getenv("BINDERY_MACHINE");

	if (!machine || strcmp(machine, "busy"))
		SKIP(return, "this is for a machine with devices in use");
	self->control = control_open();
	ASSERT_LE(0, self->control);
	ASSERT_EQ(0, snapshot_take(&self->before));
	find_on(&self->before, "nvme", self->nvme);
	find_on(&self->before, "virtio-pci", self->disk);
	find_on(&self->before, "e1000e", self->nic);
}

FIXTURE_TEARDOWN(busy)
{
	EXPECT_EQ(0, snapshot_compare(&self->before));
}

/* By every verb, with this reason, and nothing has changed. */
static int not_refused(FIXTURE_DATA(busy) *self, char *bdf, const char *reason)
{
	int wrong = 0;

	wrong += RUN("check", bdf) != 1;
	wrong += !ERR_HAS(bdf) + !ERR_HAS(reason) + !ERR_HAS("host-use");
	/* It would hold the device for ever. */
	if (wrong)
		return wrong;
	wrong += RUN("acquire", bdf) != 1;
	wrong += !ERR_HAS(bdf) + !ERR_HAS(reason) + !ERR_HAS("--force");
	wrong += RUN("exec", bdf, "--", "echo", "ran") != 125;
	wrong += !ERR_HAS(bdf) + !ERR_HAS(reason);
	wrong += self->run.out[0] != 0;
	return wrong + snapshot_compare_untouched(&self->before);
}

TEST_F(busy, G2_a_mounted_nvme_is_refused)
{
	EXPECT_EQ(0, not_refused(self, self->nvme, "mounted on /mnt/nvme"));
}

TEST_F(busy, G2_a_mounted_virtio_disk_is_refused)
{
	EXPECT_EQ(0, not_refused(self, self->disk, "mounted on /mnt/virtio"));
}

TEST_F(busy, G2_an_interface_that_is_up_is_refused)
{
	EXPECT_EQ(0, not_refused(self, self->nic, "is up"));
}

TEST_F(busy, G2_all_uses_of_all_devices_are_told)
{
	EXPECT_EQ(1, RUN("check", "--json", self->nvme, self->disk,
			 self->nic));
	EXPECT_EQ(1, documents(self->run.out));
	EXPECT_TRUE(OUT_HAS("mounted on /mnt/nvme"));
	EXPECT_TRUE(OUT_HAS("mounted on /mnt/virtio"));
	EXPECT_TRUE(OUT_HAS("is up"));
	EXPECT_TRUE(OUT_HAS("host-use"));
	EXPECT_EQ(1, RUN("acquire", "--json", self->nvme, self->disk,
			 self->nic));
	EXPECT_EQ(1, documents(self->run.out));
	EXPECT_EQ(0, snapshot_compare_untouched(&self->before));
}

TEST_F(busy, G2_keeping_makes_no_guard_weaker)
{
	EXPECT_EQ(1, RUN("acquire", "--keep", self->nvme));
	EXPECT_TRUE(ERR_HAS("mounted on /mnt/nvme"));
	/* The first device behind the first port of the only root bus. */
	EXPECT_EQ(1, RUN("acquire", "--keep", "0000:00/01/00"));
	EXPECT_TRUE(ERR_HAS("mounted on /mnt/nvme"));
	EXPECT_EQ(1, RUN("release", self->nvme));
	EXPECT_TRUE(ERR_HAS("no-claim"));
	EXPECT_EQ(1, RUN("adopt", self->nvme));
	EXPECT_TRUE(ERR_HAS("not-on-vfio"));
	EXPECT_EQ(0, snapshot_compare_untouched(&self->before));
}

/* From here on: it comes back as a new interface, which is down. */
TEST_F(busy, G2_force_takes_the_interface_and_gives_it_back)
{
	EXPECT_EQ(0, RUN("exec", "--force", self->nic, "--", program, "inside",
			 "0", self->nic));
	EXPECT_TRUE(OUT_HAS("is on vfio-pci: 0"));
	EXPECT_EQ(0, snapshot_compare(&self->before));
	EXPECT_EQ(0, snapshot_untouched(&self->before, self->nvme));
	EXPECT_EQ(0, snapshot_untouched(&self->before, self->disk));
	EXPECT_EQ(0, RUN("check", self->nic));
}

TEST_F(busy, C5_what_is_kept_among_devices_in_use_comes_back)
{
	EXPECT_EQ(0, RUN("acquire", "--keep", "--force", self->nic));
	EXPECT_TRUE(pci_is_on(self->nic, VFIO_PCI));
	EXPECT_EQ(0, RUN("show", self->nic));
	EXPECT_TRUE(OUT_HAS("state: kept"));
	EXPECT_EQ(0, RUN("release", self->nic));
	EXPECT_EQ(0, snapshot_compare(&self->before));
	EXPECT_EQ(0, snapshot_untouched(&self->before, self->nvme));
}

int main(int argc, char **argv)
{
	if (argc > 2 && !strcmp(argv[1], "inside"))
		return inside(argv);
	if (readlink("/proc/self/exe", program, sizeof(program) - 1) < 0)
		return KSFT_FAIL;
	return test_harness_run(argc, argv);
}
