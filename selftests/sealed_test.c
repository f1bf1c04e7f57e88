// SPDX-License-Identifier: GPL-2.0-only
/*
 * Claims whose members are on bindery's own VFIO driver: nobody unbinds them.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "sealed.h"
#include "tool.h"

#define STUB		"pci-stub"
#define DRIVERS		"/sys/bus/pci/drivers/"
#define HOSTILE_ROUNDS	20000

FIXTURE(sealed) {
	COMMON;
	struct run run;
};

FIXTURE_SETUP(sealed)
{
	COMMON_SETUP();
	ASSERT_EQ(0, module_load("pci_stub"));
}

FIXTURE_TEARDOWN(sealed)
{
	COMMON_TEARDOWN();
}

/* All ways to take a device from its driver that root has. */
struct way {
	const char *name;
	const char *path;		/* %s: the device */
	const char *text;		/* %s: the device; NULL: its native */
	bool may_succeed;		/* it changes no driver */
};

static const struct way ways[] = {
	{ "unbind, by vfio-pci", DRIVERS VFIO_PCI "/unbind", "%s" },
	{ "unbind, by pci-stub", DRIVERS STUB "/unbind", "%s" },
	{ "unbind, by its own driver", DRIVERS SEALED "/unbind", "%s" },
	{ "unbind, by its link", "/sys/bus/pci/devices/%s/driver/unbind", "%s" },
	{ "unbind, by its module",
	  "/sys/module/" SEALED_MODULE "/drivers/pci:" SEALED "/unbind", "%s" },
	{ "bind to its own driver", DRIVERS SEALED "/bind", "%s" },
	{ "bind to vfio-pci", DRIVERS VFIO_PCI "/bind", "%s" },
	{ "bind to pci-stub", DRIVERS STUB "/bind", "%s" },
	{ "override: none", "/sys/bus/pci/devices/%s/driver_override", "\n",
	  true },
	{ "override: vfio-pci", "/sys/bus/pci/devices/%s/driver_override",
	  VFIO_PCI, true },
	{ "override: pci-stub", "/sys/bus/pci/devices/%s/driver_override",
	  STUB, true },
	{ "drivers_probe", "/sys/bus/pci/drivers_probe", "%s", true },
	{ "override: its native driver",
	  "/sys/bus/pci/devices/%s/driver_override", NULL, true },
	{ "bind to its native driver", NULL, "%s" },
	{ "unbind, by its native driver", NULL, NULL },
};

#define NUM_WAYS	(sizeof(ways) / sizeof(ways[0]))
#define NEW_ID		NUM_WAYS
#define UNLOAD		(NUM_WAYS + 1)
#define NUM_KINDS	(NUM_WAYS + 2)

static int write_at(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	ssize_t size;

	if (fd < 0)
		return -errno;
	size = write(fd, text, strlen(text));
	close(fd);
	return size < 0 ? -1 : 0;
}

static int try_way(const struct way *way, const char *bdf, const char *native)
{
	char path[256], text[64];

	if (way->path)
		snprintf(path, sizeof(path), way->path, bdf);
	else
		snprintf(path, sizeof(path), DRIVERS "%s/%s", native,
			 way->text ? "bind" : "unbind");
	snprintf(text, sizeof(text), way->text ? way->text : way->path ? native :
		 bdf, bdf);
	return write_at(path, text);
}

/* The kernel then looks for devices that the driver can have. */
static int new_id(const char *bdf, bool gone)
{
	static const char *const drivers[] = { VFIO_PCI, STUB };
	char path[256], text[64];
	text_t vendor, device;
	int ret = 0;

	pci_read(bdf, "vendor", vendor);
	pci_read(bdf, "device", device);
	snprintf(text, sizeof(text), "%s %s", vendor + 2, device + 2);
	for (int i = 0; i < 2; i++) {
		snprintf(path, sizeof(path), DRIVERS "%s/%s", drivers[i],
			 gone ? "remove_id" : "new_id");
		ret |= write_at(path, text);
	}
	return ret;
}

static int unload(void)
{
	static const char *const modules[] = {
		SEALED_MODULE, "vfio_pci_core", "vfio", "bindery",
	};
	int done = 0;

	for (int i = 0; i < 4; i++)
		done += !module_unload(modules[i]);
	return done ? 0 : -EBUSY;
}

struct hostility {
	unsigned int tried[NUM_KINDS], refused[NUM_KINDS];
};

static int act(unsigned int kind, const char *bdf, const char *native)
{
	if (kind == UNLOAD)
		return unload();
	if (kind != NEW_ID)
		return try_way(&ways[kind], bdf, native);
	/* An id may be added for ever; so it goes again. */
	return new_id(bdf, false) | new_id(bdf, true);
}

static void be_hostile(struct common *self, struct hostility *hostility,
		       int rounds)
{
	srandom(1);
	for (int i = 0; i < rounds; i++) {
		const char *bdf = self->group.bdf[random() % self->group.num];
		unsigned int kind = random() % NUM_KINDS;
		text_t native;

		strcpy(native, snapshot_device(&self->before, bdf)->driver);
		hostility->tried[kind]++;
		hostility->refused[kind] += act(kind, bdf, native) < 0;
	}
}

static int wrongly_done(const struct hostility *hostility)
{
	unsigned int all = 0, refused = 0;
	int wrong = 0;

	for (unsigned int i = 0; i < NUM_KINDS; i++) {
		const char *name = i == NEW_ID ? "new_id and remove_id" :
			i == UNLOAD ? "unload of four modules" : ways[i].name;

		note("%s: tried %u times, refused %u times", name,
		     hostility->tried[i], hostility->refused[i]);
		all += hostility->tried[i];
		refused += hostility->refused[i];
		wrong += i != NEW_ID && (i == UNLOAD || !ways[i].may_succeed) &&
			 hostility->refused[i] != hostility->tried[i];
	}
	note("%u attempts, %u refused", all, refused);
	return wrong;
}

static int not_sealed(struct common *self)
{
	int num = 0;

	for (unsigned int i = 0; i < self->group.num; i++)
		num += !is_sealed(member_now(self, self->group.bdf[i]));
	return num;
}

TEST_F_TIMEOUT(sealed, L1_a_hostile_root_changes_nothing, 600)
{
	struct hostility hostility = { 0 };
	struct bindery_ioc_member *member;
	int tampered = 0;

	ASSERT_EQ(0, seal(&self->common, 0));
	EXPECT_EQ(0, not_sealed(&self->common));
	be_hostile(&self->common, &hostility, num_rounds(HOSTILE_ROUNDS));
	EXPECT_EQ(0, wrongly_done(&hostility));
	/* What was bound anew would have another inode. */
	for (unsigned int i = 0; i < self->group.num; i++)
		pci_override(self->group.bdf[i], SEALED);
	EXPECT_EQ(0, snapshot_compare_untouched(&self->held));
	EXPECT_EQ(0, not_sealed(&self->common));
	EXPECT_EQ(BINDERY_GROUP_HELD, group_state(self->control, self->first));
	ASSERT_EQ(0, pci_override(self->first, "nobody"));
	member = status_member(self->claim, self->first, &self->answer);
	ASSERT_NE(NULL, member);
	EXPECT_NE(0, member->out_flags & BINDERY_MEMBER_TAMPERED_OVERRIDE);
	EXPECT_EQ(0, member->out_flags & BINDERY_MEMBER_TAMPERED_DRIVER);
	/* Another one that nobody has looked at since. */
	ASSERT_EQ(0, pci_override(self->last, VFIO_PCI));
	EXPECT_EQ(0, release(self->claim, &self->answer));
	for (unsigned int i = 0; i < self->answer.num_members; i++)
		tampered += self->answer.members[i].out_flags &
			    BINDERY_MEMBER_TAMPERED_OVERRIDE ? 1 : 0;
	EXPECT_EQ(self->group.num > 1 ? 2 : 1, tampered);
	EXPECT_EQ(0, snapshot_compare(&self->before));
}

TEST_F(sealed, L1_the_plan_tells_who_is_not_sealed)
{
	struct bindery_ioc_member *member;

	self->request.cmd.flags = BINDERY_ACQUIRE_SEALED;
	snprintf(self->request.devices[0].target,
		 sizeof(self->request.devices[0].target), "%s", VFIO_PCI);
	EXPECT_EQ(0, check(self->control, &self->request));
	member = member_of(self->request.members, self->request.cmd.num_members,
			   self->first);
	ASSERT_NE(NULL, member);
	EXPECT_EQ(0, member->out_flags & BINDERY_MEMBER_SEALED);
	if (self->group.num > 1) {
		member = member_of(self->request.members,
				   self->request.cmd.num_members, self->last);
		ASSERT_NE(NULL, member);
		EXPECT_NE(0, member->out_flags & BINDERY_MEMBER_SEALED);
	}
	ASSERT_EQ(0, seal(&self->common, 0));
	EXPECT_EQ(1, not_sealed(&self->common));
	EXPECT_EQ(0, release(self->claim, &self->answer));
	self->request.cmd.flags |= BINDERY_ACQUIRE_HOLDERS_ONLY;
	EXPECT_EQ(-EINVAL, check(self->control, &self->request));
	EXPECT_EQ(BINDERY_ERROR_NOT_SEALED, self->request.error.out_code);
	request_group(&self->request, &self->group, "");
	self->request.cmd.flags = BINDERY_ACQUIRE_HOLDERS_ONLY;
	EXPECT_EQ(-EINVAL, check(self->control, &self->request));
	EXPECT_EQ(BINDERY_ERROR_ARGUMENT, self->request.error.out_code);
}

TEST_F(sealed, L1_the_module_is_loaded_and_can_go_again)
{
	ASSERT_EQ(0, module_load(SEALED_MODULE));
	ASSERT_EQ(0, module_unload(SEALED_MODULE));
	ASSERT_EQ(0, seal(&self->common, 0));
	EXPECT_TRUE(module_is_loaded(SEALED_MODULE));
	EXPECT_NE(0, module_unload(SEALED_MODULE));
	EXPECT_EQ(0, release(self->claim, &self->answer));
	close_claim(self->claim);
	EXPECT_TRUE(wait_until(!module_unload(SEALED_MODULE)));
}

TEST_F(sealed, L1_the_tool_seals_and_its_command_is_a_holder)
{
	char script[256];

	snprintf(script, sizeof(script),
		 "ls -l /sys/bus/pci/devices/%s/driver; test -e /proc/self/fd/$BINDERY_CLAIM_FD",
		 self->first);
	EXPECT_EQ(0, RUN("exec", "--sealed", "--holders-only", "--companions",
			 self->first, "--", "sh", "-c", script));
	EXPECT_TRUE(OUT_HAS("/" SEALED "\n"));
	EXPECT_EQ(0, RUN("check", "--sealed", "--companions", "--json",
			 self->first));
	EXPECT_TRUE(OUT_HAS("\"sealed\""));
	EXPECT_NE(0, RUN("check", "--sealed", "--holders-only", "--companions",
			 "--target", VFIO_PCI, self->first));
	EXPECT_TRUE(OUT_HAS("not-sealed") || ERR_HAS("not-sealed"));
}

static bool has_hung_up(int claim)
{
	struct pollfd events = { .fd = claim };

	return poll(&events, 1, 0) == 1 && events.revents & POLLHUP;
}

static bool all_are_native(struct common *self)
{
	for (unsigned int i = 0; i < self->group.num; i++) {
		const char *bdf = self->group.bdf[i];

		if (!pci_is_on(bdf, snapshot_device(&self->before, bdf)->driver))
			return false;
	}
	return true;
}

/* What no driver can prevent. */
TEST_F(sealed, L1_W2_a_removal_ends_it_as_any_claim)
{
	if (!pci_is_on(self->first, TEST_NATIVE))
		SKIP(return, "no devices that may go at any time");
	ASSERT_EQ(0, seal(&self->common, BINDERY_ACQUIRE_HOLDERS_ONLY));
	for (unsigned int i = 0; i < self->group.num; i++)
		EXPECT_EQ(0, pci_write(self->group.bdf[i], "remove", "1"));
	EXPECT_TRUE(wait_until(has_hung_up(self->claim)));
	EXPECT_EQ(0, status(self->claim, &self->answer));
	EXPECT_EQ(BINDERY_GROUP_GONE, self->answer.status.out_state);
	close_claim(self->claim);
	ASSERT_EQ(0, write_file("/sys/bus/pci/rescan", "1"));
	EXPECT_TRUE(wait_until(all_are_native(&self->common)));
	snapshot_renumber(&self->before);
}

TEST_HARNESS_MAIN
