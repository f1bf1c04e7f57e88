// SPDX-License-Identifier: GPL-2.0-only
/* Claims that outlive the tool, and what it does to those of others. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>

#include <linux/capability.h>

#include "kselftest_harness.h"
#include "tool.h"

#define ID_TEXT	37

FIXTURE(claim) {
	int control;
	struct group group;
	char *first, *last;
	struct snapshot before;
	struct run run, other;
	struct vfio_user user;
	char id[ID_TEXT];
};

FIXTURE_SETUP(claim)
{
	self->user = vfio_none;
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

#define STATE()		group_state(self->control, self->first)
#define IS(state)	wait_until(STATE() == BINDERY_GROUP_ ## state)

static void run_kill(struct run *run)
{
	if (run->pid <= 0)
		return;
	kill(run->pid, SIGKILL);
	run_end(run);
}

FIXTURE_TEARDOWN(claim)
{
	struct answer answer;

	vfio_close(&self->user);
	run_kill(&self->run);
	run_kill(&self->other);
	wait_until(STATE() == BINDERY_GROUP_FREE ||
		   STATE() == BINDERY_GROUP_KEPT);
	if (STATE() == BINDERY_GROUP_KEPT)
		recover(self->control, BINDERY_RECOVER_RELEASE, NULL,
			self->first, &answer);
	EXPECT_TRUE(IS(FREE));
	EXPECT_EQ(0, snapshot_compare(&self->before));
}

static bool all_on(const struct group *group, const char *driver)
{
	for (unsigned int i = 0; i < group->num; i++)
		if (!pci_is_on(group->bdf[i], driver))
			return false;
	return true;
}

/* What stands in quotes behind this, in one line of JSON. */
static int quoted(const char *json, const char *behind, char *text,
		  size_t size)
{
	const char *at = strstr(json, behind);
	size_t length;

	text[0] = 0;
	if (!at)
		return -ENOENT;
	at += strlen(behind);
	length = strcspn(at, "\"");
	if (length >= size)
		return -E2BIG;
	memcpy(text, at, length);
	text[length] = 0;
	return 0;
}

static int claim_id(const struct run *run, char id[ID_TEXT])
{
	return quoted(run->out, "\"claim\":{\"id\":\"", id, ID_TEXT);
}

/* Of a device, as list tells it. */
static int path_of(struct run *run, const char *bdf, char path[128])
{
	char device[64];

	if (run_whole(run, NULL, ARGS("list", "--json")))
		return -EIO;
	snprintf(device, sizeof(device), "\"device\":\"%s\"", bdf);
	return strstr(run->out, device) ?
	       quoted(strstr(run->out, device), "\"path\":\"", path, 128) :
	       -ENOENT;
}

static int keep_group(FIXTURE_DATA(claim) *self)
{
	int ret = RUN("acquire", "--keep", "--json", "-c", "-l", "keeper",
		      self->first);

	return ret ? ret : claim_id(&self->run, self->id);
}

TEST_F(claim, C5_what_is_kept_is_shown_and_released_by_its_id)
{
	EXPECT_EQ(0, keep_group(self));
	EXPECT_EQ(1, documents(self->run.out));
	EXPECT_TRUE(OUT_HAS("\"flags\":[\"keep\"]"));
	EXPECT_EQ(BINDERY_GROUP_KEPT, STATE());
	EXPECT_TRUE(all_on(&self->group, VFIO_PCI));

	EXPECT_EQ(0, RUN("show", self->last));
	EXPECT_TRUE(OUT_HAS("state: kept"));
	EXPECT_TRUE(OUT_HAS("label keeper"));
	EXPECT_TRUE(OUT_HAS("flags keep, closed"));
	EXPECT_TRUE(OUT_HAS(self->id));
	EXPECT_TRUE(OUT_HAS("state reserved"));
	EXPECT_EQ(0, RUN("list", "--json"));
	EXPECT_TRUE(OUT_HAS(self->id));

	EXPECT_EQ(0, RUN("release", "--json", self->id));
	EXPECT_EQ(1, documents(self->run.out));
	EXPECT_TRUE(OUT_HAS("\"released\":true,\"restored\":true"));
	EXPECT_EQ(BINDERY_GROUP_FREE, STATE());
	EXPECT_EQ(0, snapshot_compare(&self->before));
}

TEST_F(claim, C5_C8_what_is_kept_is_released_by_any_of_its_devices)
{
	ASSERT_EQ(0, keep_group(self));
	EXPECT_EQ(0, RUN("release", "--json", self->last, self->first));
	EXPECT_EQ(1, documents(self->run.out));
	EXPECT_TRUE(OUT_HAS(self->first));
	EXPECT_STREQ("", self->run.err);
	EXPECT_EQ(BINDERY_GROUP_FREE, STATE());
	EXPECT_EQ(1, RUN("release", self->first));
	EXPECT_TRUE(ERR_HAS("no-claim"));
	EXPECT_EQ(1, RUN("release", self->id));
	EXPECT_TRUE(ERR_HAS("no-claim"));
}

TEST_F(claim, C5_a_wrong_name_of_a_claim_releases_nothing)
{
	ASSERT_EQ(0, keep_group(self));
	self->id[0] = self->id[0] == '0' ? '1' : '0';
	EXPECT_EQ(1, RUN("release", self->id));
	EXPECT_TRUE(ERR_HAS("no-claim"));
	EXPECT_EQ(1, RUN("release", "00000000-0000-0000-0000-000000000000"));
	self->id[ID_TEXT - 2] = 0;
	EXPECT_EQ(1, RUN("release", self->id));
	EXPECT_TRUE(ERR_HAS("address"));
	EXPECT_EQ(1, RUN("release", "fffe:00:00.0"));
	EXPECT_TRUE(ERR_HAS("no-device"));
	EXPECT_EQ(2, RUN("release"));
	EXPECT_EQ(2, RUN("release", "--wait", "--force", self->first));
	EXPECT_EQ(BINDERY_GROUP_KEPT, STATE());
	EXPECT_EQ(1, RUN("release", "fffe:00:00.0", self->first));
	EXPECT_EQ(BINDERY_GROUP_FREE, STATE());
}

TEST_F(claim, C5_acquire_ends_when_its_claim_is_released_by_another)
{
	ASSERT_EQ(0, START("acquire", "-c", self->first));
	ASSERT_TRUE(wait_until(strstr(err_now(&self->run), "held")));
	EXPECT_EQ(0, run_whole(&self->other, NULL,
			       ARGS("release", self->last)));
	EXPECT_EQ(BINDERY_GROUP_FREE, STATE());
	EXPECT_EQ(0, run_end(&self->run));
	EXPECT_TRUE(ERR_HAS("released by somebody else"));
}

TEST_F(claim, C5_exec_ends_as_its_command_also_without_its_claim)
{
	ASSERT_EQ(0, START("exec", "-c", self->first, "--", "sh", "-c",
			   "trap 'exit 7' TERM; echo ready; "
			   "while :; do sleep 0.01; done"));
	ASSERT_TRUE(wait_until(strstr(out_now(&self->run), "ready")));
	EXPECT_EQ(0, run_whole(&self->other, NULL,
			       ARGS("release", self->first)));
	EXPECT_EQ(BINDERY_GROUP_FREE, STATE());
	ASSERT_EQ(0, kill(self->run.pid, SIGTERM));
	EXPECT_EQ(7, run_end(&self->run));
}

TEST_F(claim, U3_exec_leaves_a_claim_that_somebody_else_opened)
{
	struct answer answer;
	int claim;

	ASSERT_EQ(0, START("exec", "-c", self->first, "--", "sh", "-c",
			   "trap 'exit 7' TERM; echo ready; "
			   "while :; do sleep 0.01; done"));
	ASSERT_TRUE(wait_until(strstr(out_now(&self->run), "ready")));
	claim = open_claim(self->control, NULL, self->first, &answer);
	ASSERT_LE(0, claim);
	ASSERT_EQ(0, kill(self->run.pid, SIGTERM));
	EXPECT_EQ(7, run_end(&self->run));
	EXPECT_TRUE(ERR_HAS("lives on in other processes"));
	EXPECT_EQ(BINDERY_GROUP_HELD, STATE());
	close_claim(claim);
	EXPECT_TRUE(IS(FREE));
}

/* BDF=DRIVER of each member, as it was before. */
struct natives {
	char text[MAX_MEMBERS][BDF_SIZE + 64];
	char *argv[MAX_MEMBERS + 16];
};

static char **with_natives(FIXTURE_DATA(claim) *self, struct natives *natives,
			   char **options)
{
	int count = 0;

	while (*options)
		natives->argv[count++] = *options++;
	for (unsigned int i = 0; i < self->group.num; i++) {
		const char *bdf = self->group.bdf[i];

		snprintf(natives->text[i], sizeof(natives->text[i]), "%s=%s",
			 bdf, snapshot_device(&self->before, bdf)->driver);
		natives->argv[count++] = natives->text[i];
	}
	natives->argv[count] = NULL;
	return natives->argv;
}

static int move_all(FIXTURE_DATA(claim) *self)
{
	int ret = module_load("vfio_pci");

	for (unsigned int i = 0; !ret && i < self->group.num; i++)
		ret = pci_move(self->group.bdf[i], VFIO_PCI);
	return ret;
}

/* Its power is not in what adopt is told. */
static bool is_native(FIXTURE_DATA(claim) *self, const char *bdf,
		      const char *override)
{
	text_t now;

	pci_read(bdf, "driver_override", now);
	if (strcmp(now, override))
		note("%s: override '%s', not '%s'", bdf, now, override);
	return !strcmp(now, override) &&
	       pci_is_on(bdf, snapshot_device(&self->before, bdf)->driver);
}

TEST_F(claim, C6_what_sysfs_moved_is_adopted_and_goes_back)
{
	struct natives natives;
	struct snapshot moved;

	ASSERT_EQ(0, move_all(self));
	ASSERT_EQ(0, snapshot_take(&moved));
	ASSERT_EQ(0, run_start(&self->run, NULL,
			       with_natives(self, &natives,
					    ARGS("adopt", "-l", "adopter"))));
	ASSERT_TRUE(wait_until(strstr(err_now(&self->run), "held")));
	EXPECT_EQ(BINDERY_GROUP_HELD, STATE());
	EXPECT_EQ(0, snapshot_compare_untouched(&moved));
	EXPECT_EQ(0, run_whole(&self->other, NULL, ARGS("show", self->first)));
	EXPECT_TRUE(has(self->other.out, "flags adopted"));
	EXPECT_TRUE(has(self->other.out, "label adopter"));
	EXPECT_TRUE(has(self->other.out, "pre-bound"));
	ASSERT_EQ(0, kill(self->run.pid, SIGINT));
	EXPECT_EQ(0, run_end(&self->run));
	EXPECT_TRUE(OUT_HAS("restored: yes"));
	EXPECT_EQ(BINDERY_GROUP_FREE, STATE());
	for (unsigned int i = 0; i < self->group.num; i++)
		EXPECT_TRUE(is_native(self, self->group.bdf[i], "(null)"));
	EXPECT_EQ(0, snapshot_move_back(&self->before, &self->group));
}

TEST_F(claim, C6_an_override_that_was_told_is_put_back_too)
{
	struct natives natives;

	ASSERT_EQ(0, move_all(self));
	EXPECT_EQ(0, run_whole(&self->run, NULL,
			       with_natives(self, &natives,
					    ARGS("adopt", "--keep",
						 "--native-override", "odd"))));
	EXPECT_EQ(BINDERY_GROUP_KEPT, STATE());
	EXPECT_EQ(0, RUN("release", self->first));
	for (unsigned int i = 0; i < self->group.num; i++) {
		EXPECT_TRUE(is_native(self, self->group.bdf[i], "odd"));
		EXPECT_EQ(0, pci_override(self->group.bdf[i], ""));
	}
	EXPECT_EQ(0, snapshot_move_back(&self->before, &self->group));
}

TEST_F(claim, C6_what_nothing_was_told_of_stays_on_VFIO)
{
	struct snapshot moved;

	ASSERT_EQ(0, move_all(self));
	ASSERT_EQ(0, snapshot_take(&moved));
	EXPECT_EQ(0, RUN("adopt", "--keep", self->first));
	EXPECT_EQ(0, RUN("release", self->last));
	EXPECT_TRUE(OUT_HAS("restored: yes"));
	EXPECT_EQ(0, snapshot_compare_untouched(&moved));
	EXPECT_EQ(0, snapshot_move_back(&self->before, &self->group));
}

TEST_F(claim, C6_what_is_not_on_VFIO_or_claimed_is_not_adopted)
{
	EXPECT_EQ(1, RUN("adopt", self->first));
	EXPECT_TRUE(ERR_HAS("not-on-vfio"));
	EXPECT_EQ(2, RUN("adopt", "--native-override", "x", self->first));
	EXPECT_EQ(0, snapshot_compare_untouched(&self->before));
	ASSERT_EQ(0, run_start(&self->other, NULL,
			       ARGS("acquire", "-c", "-l", "first",
				    self->first)));
	ASSERT_TRUE(wait_until(strstr(err_now(&self->other), "held")));
	EXPECT_EQ(1, RUN("adopt", "-d", "0.1", self->first));
	EXPECT_TRUE(ERR_HAS("busy"));
	EXPECT_TRUE(ERR_HAS("label first"));
}

TEST_F(claim, C6_a_kept_claim_is_taken_over_and_ends_with_the_tool)
{
	ASSERT_EQ(0, keep_group(self));
	ASSERT_EQ(0, run_start(&self->other, NULL,
			       ARGS("adopt", "--json", self->last)));
	ASSERT_TRUE(wait_until(strstr(err_now(&self->other), "held")));
	EXPECT_EQ(BINDERY_GROUP_HELD, STATE());
	EXPECT_TRUE(has(out_now(&self->other), self->id));
	ASSERT_EQ(0, kill(self->other.pid, SIGKILL));
	EXPECT_EQ(-SIGKILL, run_end(&self->other));
	EXPECT_TRUE(IS(FREE));
	EXPECT_EQ(0, snapshot_compare(&self->before));
}

/* The exit status of mark; what it printed is in the run. */
#define MARK(event)	RUN("mark", "--json", self->first, event)
#define IS_MARKED(state, users)						\
	OUT_HAS("\"state\":\"" state "\",\"users\":" users)

TEST_F(claim, C7_the_life_of_a_device_in_a_guest_is_marked)
{
	char id[ID_TEXT], again[ID_TEXT];

	ASSERT_EQ(0, keep_group(self));
	EXPECT_EQ(0, MARK("attach-ok"));
	EXPECT_EQ(1, documents(self->run.out));
	EXPECT_TRUE(IS_MARKED("pending", "0"));
	EXPECT_EQ(0, quoted(self->run.out, "\"id\":\"", id, sizeof(id)));
	EXPECT_EQ(0, MARK("guest-ready"));
	EXPECT_TRUE(IS_MARKED("ready", "1"));
	EXPECT_TRUE(OUT_HAS(id));
	EXPECT_EQ(0, MARK("add-user"));
	EXPECT_TRUE(IS_MARKED("ready", "2"));
	EXPECT_EQ(BINDERY_GROUP_KEPT, STATE());

	EXPECT_EQ(1, MARK("attach-ok"));
	EXPECT_TRUE(OUT_HAS("\"code\":\"transition\""));
	EXPECT_EQ(0, MARK("drop-user"));
	EXPECT_EQ(1, MARK("drop-user"));
	EXPECT_TRUE(OUT_HAS("\"code\":\"transition\""));
	EXPECT_EQ(0, RUN("show", self->first));
	EXPECT_TRUE(OUT_HAS("state ready users 1"));

	EXPECT_EQ(0, MARK("detach-ok"));
	EXPECT_TRUE(OUT_HAS("\"assignment\":null"));
	EXPECT_EQ(0, MARK("reserve"));
	EXPECT_TRUE(IS_MARKED("reserved", "0"));
	EXPECT_EQ(0, quoted(self->run.out, "\"id\":\"", again, sizeof(again)));
	EXPECT_STRNE(id, again);
	EXPECT_EQ(BINDERY_GROUP_KEPT, STATE());
}

TEST_F(claim, C7_what_the_guest_never_saw_can_still_be_released)
{
	ASSERT_EQ(0, keep_group(self));
	EXPECT_EQ(0, MARK("attach-ok"));
	EXPECT_EQ(0, MARK("guest-failed"));
	EXPECT_TRUE(IS_MARKED("invalid", "0"));
	EXPECT_EQ(1, RUN("acquire", "-c", "-d", "0.1", self->first));
	EXPECT_EQ(0, RUN("release", self->first));
	EXPECT_EQ(0, snapshot_compare(&self->before));
}

TEST_F(claim, C4_C7_a_mark_of_what_changed_or_is_nobodys_is_refused)
{
	EXPECT_EQ(1, RUN("mark", self->first, "attach-ok"));
	EXPECT_TRUE(ERR_HAS("no-claim"));
	ASSERT_EQ(0, keep_group(self));
	EXPECT_EQ(1, RUN("mark", "-g", "1", self->first, "attach-ok"));
	EXPECT_TRUE(ERR_HAS("stale"));
	EXPECT_EQ(2, RUN("mark", self->first, "frobnicate"));
	EXPECT_EQ(2, RUN("mark", self->first));
	EXPECT_EQ(1, RUN("mark", "fffe:00:00.0", "attach-ok"));
	EXPECT_EQ(0, RUN("show", self->first));
	EXPECT_FALSE(OUT_HAS("pending"));
}

TEST_F(claim, C9_a_vfio_user_is_named_and_waited_for_as_one_asks)
{
	char pid[16];

	ASSERT_EQ(0, keep_group(self));
	ASSERT_EQ(0, vfio_open(&self->user, self->first));
	snprintf(pid, sizeof(pid), "\n  %d", getpid());
	EXPECT_EQ(1, RUN("release", self->first));
	EXPECT_TRUE(ERR_HAS("in-use"));
	EXPECT_TRUE(ERR_HAS("--defer"));
	EXPECT_TRUE(OUT_HAS("released: no"));
	EXPECT_TRUE(OUT_HAS("users:"));
	EXPECT_TRUE(OUT_HAS(pid));
	EXPECT_EQ(BINDERY_GROUP_KEPT, STATE());
	EXPECT_EQ(1, RUN("release", "--wait", "-d", "0.2", self->id));
	EXPECT_TRUE(ERR_HAS("in-use"));
	EXPECT_EQ(BINDERY_GROUP_KEPT, STATE());

	EXPECT_EQ(0, RUN("release", "--defer", self->first));
	EXPECT_TRUE(OUT_HAS("released: yes"));
	EXPECT_TRUE(OUT_HAS("restored: no"));
	EXPECT_TRUE(OUT_HAS(pid));
	EXPECT_TRUE(IS(DRAINING));
	EXPECT_TRUE(all_on(&self->group, VFIO_PCI));
	vfio_close(&self->user);
	EXPECT_TRUE(IS(FREE));
}

TEST_F(claim, C9_a_release_that_waits_ends_with_the_user)
{
	ASSERT_EQ(0, keep_group(self));
	ASSERT_EQ(0, vfio_open(&self->user, self->first));
	ASSERT_EQ(0, START("release", "--wait", self->first));
	EXPECT_TRUE(IS(HELD));
	vfio_close(&self->user);
	EXPECT_EQ(0, run_end(&self->run));
	EXPECT_TRUE(OUT_HAS("restored: yes"));
	EXPECT_EQ(BINDERY_GROUP_FREE, STATE());
}

TEST_F(claim, C9_a_forced_release_is_stuck_until_the_user_closes)
{
	ASSERT_EQ(0, keep_group(self));
	ASSERT_EQ(0, vfio_open(&self->user, self->first));
	EXPECT_EQ(3, RUN("release", "--force", "-d", "0.3", self->first));
	EXPECT_TRUE(OUT_HAS("released: yes"));
	EXPECT_TRUE(OUT_HAS("restored: no"));
	EXPECT_TRUE(OUT_HAS("users:"));
	EXPECT_TRUE(ERR_HAS("deadline"));
	EXPECT_TRUE(IS(STUCK));
	EXPECT_EQ(0, RUN("show", self->first));
	EXPECT_TRUE(OUT_HAS("stuck"));
	vfio_close(&self->user);
	EXPECT_TRUE(IS(FREE));
}

TEST_F(claim, C2_shared_claims_are_told_apart_by_their_ids)
{
	ASSERT_EQ(0, run_start(&self->other, NULL,
			       ARGS("acquire", "-S", "-c", self->first)));
	ASSERT_TRUE(wait_until(strstr(err_now(&self->other), "held")));
	EXPECT_EQ(0, RUN("acquire", "-Skjc", self->first));
	ASSERT_EQ(0, claim_id(&self->run, self->id));
	EXPECT_EQ(1, RUN("mark", self->first, "attach-ok"));
	EXPECT_TRUE(ERR_HAS("ambiguous"));
	EXPECT_EQ(0, RUN("mark", "--claim", self->id, self->first,
			 "attach-ok"));
	EXPECT_EQ(1, RUN("release", self->first));
	EXPECT_TRUE(ERR_HAS("ambiguous"));
	EXPECT_EQ(0, RUN("release", self->id));
	EXPECT_TRUE(OUT_HAS("released: yes"));
	EXPECT_TRUE(OUT_HAS("restored: no"));
	EXPECT_EQ(BINDERY_GROUP_HELD, STATE());
	EXPECT_TRUE(all_on(&self->group, VFIO_PCI));
	ASSERT_EQ(0, kill(self->other.pid, SIGINT));
	EXPECT_EQ(0, run_end(&self->other));
	EXPECT_EQ(BINDERY_GROUP_FREE, STATE());
}

TEST_F(claim, W3_what_was_tampered_with_is_shown_and_repaired)
{
	ASSERT_EQ(0, keep_group(self));
	ASSERT_EQ(0, pci_unbind(self->first));
	ASSERT_EQ(0, pci_override(self->last, "odd"));
	EXPECT_EQ(0, RUN("show", self->first));
	EXPECT_TRUE(OUT_HAS("tampered-driver"));
	EXPECT_TRUE(OUT_HAS("tampered-override"));
	EXPECT_EQ(0, RUN("repair", "--json", self->last));
	EXPECT_EQ(1, documents(self->run.out));
	EXPECT_TRUE(OUT_HAS("\"repaired\":true"));
	EXPECT_TRUE(all_on(&self->group, VFIO_PCI));
	EXPECT_EQ(BINDERY_GROUP_KEPT, STATE());
	EXPECT_EQ(0, RUN("release", self->first));
	EXPECT_EQ(0, RUN("repair", self->first));
	EXPECT_EQ(1, RUN("repair", "fffe:00:00.0"));
	EXPECT_EQ(0, snapshot_compare(&self->before));
}

TEST_F(claim, W3_repair_binds_again_by_itself)
{
	ASSERT_EQ(0, START("acquire", "--repair", "-c", self->first));
	ASSERT_TRUE(wait_until(strstr(err_now(&self->run), "held")));
	ASSERT_EQ(0, pci_unbind(self->first));
	EXPECT_TRUE(wait_until(pci_is_on(self->first, VFIO_PCI)));
	EXPECT_TRUE(IS(HELD));
	ASSERT_EQ(0, kill(self->run.pid, SIGINT));
	EXPECT_EQ(0, run_end(&self->run));
}

TEST_F(claim, A1_A7_devices_are_named_by_path_and_checked_everywhere)
{
	char path[128], id[160], good[160];
	text_t vendor, device;

	ASSERT_EQ(0, path_of(&self->run, self->first, path));
	pci_read(self->first, "vendor", vendor);
	pci_read(self->first, "device", device);
	snprintf(good, sizeof(good), "%s,id=%s:%s", path, vendor + 2,
		 device + 2);
	snprintf(id, sizeof(id), "%s,id=ffff:%s", path, device + 2);
	EXPECT_EQ(0, RUN("show", path));
	EXPECT_TRUE(OUT_HAS(self->first));
	EXPECT_EQ(1, RUN("show", id));
	EXPECT_TRUE(ERR_HAS("identity"));
	EXPECT_EQ(1, RUN("check", "-c", id));
	EXPECT_EQ(1, RUN("acquire", "-kc", id));
	EXPECT_TRUE(ERR_HAS("identity"));
	EXPECT_EQ(0, RUN("check", "-c", good));
	EXPECT_EQ(0, snapshot_compare_untouched(&self->before));

	EXPECT_EQ(0, RUN("acquire", "-kc", good));
	/* The machine has one root bus. */
	EXPECT_EQ(0, RUN("mark", strchr(path, '/') + 1, "attach-ok"));
	EXPECT_EQ(1, RUN("release", id));
	EXPECT_TRUE(ERR_HAS("identity"));
	EXPECT_EQ(BINDERY_GROUP_KEPT, STATE());
	EXPECT_EQ(0, RUN("release", path));
	EXPECT_EQ(1, RUN("show", "0000:00/1f.7/1f.7"));
	EXPECT_TRUE(ERR_HAS("no-device"));
	EXPECT_EQ(1, RUN("show", "0000:00/20"));
	EXPECT_TRUE(ERR_HAS("address"));
}

/* root gets back at exec what it may have at all. */
static int bound_sys_admin(void)
{
	return prctl(PR_CAPBSET_DROP, CAP_SYS_ADMIN) ? -errno : 0;
}

TEST_F(claim, G5_U2_what_may_not_be_done_is_told)
{
	ASSERT_EQ(0, keep_group(self));
	EXPECT_EQ(1, RUN_AS(become_nobody, "release", self->first));
	EXPECT_TRUE(ERR_HAS("/dev/bindery may not be opened"));
	EXPECT_EQ(1, RUN_AS(bound_sys_admin, "release", self->id));
	EXPECT_TRUE(ERR_HAS("not-permitted"));
	EXPECT_EQ(1, RUN_AS(bound_sys_admin, "mark", self->first, "attach-ok"));
	EXPECT_EQ(1, RUN_AS(bound_sys_admin, "repair", self->first));
	EXPECT_EQ(1, RUN_AS(bound_sys_admin, "adopt", self->first));
	EXPECT_TRUE(ERR_HAS("not-permitted"));
	EXPECT_EQ(BINDERY_GROUP_KEPT, STATE());
	EXPECT_EQ(0, RUN("release", self->first));
}

/* A PF whose VFs are on native drivers. */
FIXTURE(vf) {
	int control;
	char pf[BDF_SIZE], vf[BDF_SIZE];
	char name[64];
	struct snapshot before;
	struct run run;
};

/* The VF of that index; false: there is none. */
static bool find_vf(const char *pf, unsigned int index, char vf[BDF_SIZE])
{
	char path[128];

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/virtfn%u", pf,
		 index);
	return !link_name(path, vf, BDF_SIZE);
}

FIXTURE_SETUP(vf)
{
	const char *machine = getenv("BINDERY_MACHINE");

	if (!machine || strcmp(machine, "sriov"))
		SKIP(return, "this is for a machine with virtual functions");
	self->control = control_open();
	ASSERT_LE(0, self->control);
	ASSERT_EQ(0, snapshot_take(&self->before));
	for (unsigned int i = 0; i < self->before.num && !self->vf[0]; i++)
		if (!strcmp(self->before.devices[i].driver, "igb"))
			memcpy(self->pf, self->before.devices[i].bdf, BDF_SIZE);
	ASSERT_NE(0, self->pf[0]);
	ASSERT_TRUE(find_vf(self->pf, 3, self->vf));
	snprintf(self->name, sizeof(self->name), "vf:%s:3", self->pf);
}

FIXTURE_TEARDOWN(vf)
{
	EXPECT_EQ(0, snapshot_compare(&self->before));
}

TEST_F(vf, A4_a_VF_is_named_by_its_PF_and_index)
{
	char none[64];

	EXPECT_EQ(0, RUN("show", self->name));
	EXPECT_TRUE(OUT_HAS(self->vf));
	EXPECT_EQ(0, RUN("acquire", "--keep", self->name));
	EXPECT_TRUE(pci_is_on(self->vf, VFIO_PCI));
	EXPECT_EQ(BINDERY_GROUP_KEPT, group_state(self->control, self->vf));
	EXPECT_EQ(0, RUN("mark", self->name, "attach-ok"));
	EXPECT_TRUE(OUT_HAS("pending"));
	EXPECT_EQ(0, RUN("release", self->name));
	EXPECT_EQ(BINDERY_GROUP_FREE, group_state(self->control, self->vf));

	snprintf(none, sizeof(none), "vf:%s:9999", self->pf);
	EXPECT_EQ(1, RUN("acquire", "--keep", none));
	EXPECT_TRUE(ERR_HAS("no-vf"));
}

TEST_F(vf, A1_the_path_that_list_tells_of_a_VF_leads_to_it)
{
	char path[128];

	ASSERT_EQ(0, path_of(&self->run, self->vf, path));
	EXPECT_EQ(0, RUN("check", path));
	EXPECT_TRUE(OUT_HAS(self->vf));
}

TEST_HARNESS_MAIN
