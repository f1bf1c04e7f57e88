// SPDX-License-Identifier: GPL-2.0-only
/* QEMU itself, which has devices of sealed claims and of others. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "kselftest_harness.h"
#include "sealed.h"
#include "tool.h"

/* Its loader, libraries and firmware, as the machine's file has them put. */
#define VMM		"/opt/vmm"
/* Documents that a program prints are taken for the tool's. */
#define ANSWERS		"/tmp/vmm"
#define EMULATOR							\
	VMM "/lib/ld-linux-x86-64.so.2 --library-path " VMM "/lib "	\
	VMM "/qemu-system-x86_64 -L " VMM "/share -accel tcg -M q35 -m 64M" \
	" -nodefaults -no-user-config -display none -S -qmp stdio >" ANSWERS
#define SAYS "echo '"							\
	"{\"execute\":\"qmp_capabilities\"}"				\
	"{\"execute\":\"query-pci\"}"					\
	"{\"execute\":\"system_reset\"}"				\
	"{\"execute\":\"human-monitor-command\","			\
	"\"arguments\":{\"command-line\":\"info qtree\"}}"		\
	"{\"execute\":\"quit\"}' | "

FIXTURE(vmm) {
	COMMON;
	struct run run;
	char plain[32768], answers[32768];
};

FIXTURE_SETUP(vmm)
{
	COMMON_SETUP();
	if (access(VMM, F_OK))
		SKIP(return, "there is no QEMU");
}

FIXTURE_TEARDOWN(vmm)
{
	COMMON_TEARDOWN();
}

/* A machine with all devices of the group, which is looked at and reset. */
static void write_script(const struct group *group, char *script, size_t size)
{
	int len = snprintf(script, size, "%s%s", SAYS, EMULATOR);

	for (unsigned int i = 0; i < group->num; i++)
		len += snprintf(script + len, size - len,
				" -device vfio-pci,host=%s,id=d%u",
				group->bdf[i], i);
}

/* Its answers, of which those with a time in them are left out. */
static void only_answers(char *text)
{
	char *to = text, *line, *rest = text;

	while ((line = strsep(&rest, "\n"))) {
		size_t len = strlen(line);

		if (strncmp(line, "{\"return\"", 9))
			continue;
		memmove(to, line, len);
		to += len;
		*to++ = '\n';
	}
	*to = '\0';
}

static int run_vmm(struct run *run, const struct group *group, char *answers,
		   size_t size)
{
	char script[2048];
	char *argv[] = { "sh", "-c", script, NULL };
	int ret;

	write_script(group, script, sizeof(script));
	ret = run_whole(run, NULL, argv);
	if (run->err[0])
		note("%s", run->err);
	ret = ret ?: read_file(ANSWERS, answers, size);
	only_answers(answers);
	return ret;
}

#define RUN_VMM(into)							\
	run_vmm(&self->run, &self->group, into, sizeof(into))

/* Not in programs that this process runs. */
static void keep_to_myself(int claim, bool alone)
{
	fcntl(claim, F_SETFD, alone ? FD_CLOEXEC : 0);
}

TEST_F(vmm, L4_it_sees_what_it_sees_on_vfio_pci)
{
	ACQUIRE();
	ASSERT_EQ(0, RUN_VMM(self->plain));
	EXPECT_TRUE(has(self->plain, self->group.num > 1 ?
			"\"qdev_id\": \"d1\"" : "\"qdev_id\": \"d0\""));
	EXPECT_TRUE(has(self->plain, "dev: vfio-pci, id"));
	note("it told %zu bytes", strlen(self->plain));
	ASSERT_EQ(0, release(self->claim, &self->answer));
	close_claim(self->claim);
	ASSERT_EQ(0, seal(&self->common, 0));
	ASSERT_EQ(0, RUN_VMM(self->answers));
	EXPECT_STREQ(self->plain, self->answers);
	for (unsigned int i = 0; i < self->group.num; i++) {
		EXPECT_EQ(1, member_now(&self->common,
					self->group.bdf[i])->out_vfio_opens);
		EXPECT_EQ(1, member_now(&self->common,
					self->group.bdf[i])->out_vfio_closes);
	}
}

TEST_F(vmm, L2_it_opens_what_it_has_inherited_the_claim_of)
{
	ASSERT_EQ(0, seal(&self->common, BINDERY_ACQUIRE_HOLDERS_ONLY));
	keep_to_myself(self->claim, true);
	EXPECT_NE(0, RUN_VMM(self->answers));
	EXPECT_TRUE(ERR_HAS("Permission denied"));
	keep_to_myself(self->claim, false);
	EXPECT_EQ(0, RUN_VMM(self->answers));
	EXPECT_TRUE(has(self->answers, "\"qdev_id\": \"d0\""));
}

TEST_F(vmm, L2_L3_it_is_given_its_devices_by_the_tool_which_restores_them)
{
	char script[2048];

	write_script(&self->group, script, sizeof(script));
	EXPECT_EQ(0, RUN("exec", "--sealed", "--holders-only", "--companions",
			 self->first, "--", "sh", "-c", script));
	ASSERT_EQ(0, read_file(ANSWERS, self->plain, sizeof(self->plain)));
	EXPECT_TRUE(has(self->plain, "\"qdev_id\": \"d0\""));
	COMES_BACK();
}

TEST_HARNESS_MAIN
