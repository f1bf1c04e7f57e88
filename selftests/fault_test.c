// SPDX-License-Identifier: GPL-2.0-only
/*
 * A failure at each step, for each member: everything is as it was, and the
 * record tells where it was and what.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "kselftest_harness.h"
#include "fixture.h"

#define MODPROBE	"/proc/sys/kernel/modprobe"

FIXTURE(fault) {
	COMMON;
	char twin[BDF_SIZE];
	const char *window;	/* comes after the members under test */
};

/* A device of another group, so that all of this one come before it. */
static void choose_window(FIXTURE_DATA(fault) *self)
{
	self->request.cmd.flags |= BINDERY_ACQUIRE_SERIAL;
	self->window = self->last;
	if (pci_find_twin(self->first, self->twin) ||
	    pci_group(self->twin) < self->group.id)
		return;
	self->window = self->twin;
	request_add(&self->request, self->twin);
}

FIXTURE_SETUP(fault)
{
	COMMON_SETUP(.target = TEST_TARGET);
	ASSERT_EQ(0, module_load(TEST_NATIVE));
	choose_window(self);
}

FIXTURE_TEARDOWN(fault)
{
	write_file(MODPROBE, "/sbin/modprobe");
	COMMON_TEARDOWN();
}

/* An ACQUIRE in a child, which tells how it ended. */
struct call {
	int control;
	struct request *request;
};

static int run_acquire(int socket, void *arg)
{
	struct call *call = arg;

	tell(socket, acquire(call->control, call->request));
	send(socket, &call->request->error, sizeof(call->request->error), 0);
	return 0;
}

/* What the child's ACQUIRE came to. */
static int finish(struct child *child, struct bindery_ioc_error *error)
{
	int ret = -ECHILD;

	hear(child->socket, &ret);
	if (recv(child->socket, error, sizeof(*error), MSG_WAITALL) !=
	    sizeof(*error))
		note("the child reported no error record");
	child_wait(child);
	return ret;
}

TEST_F(fault, T1_a_target_that_refuses_each_member)
{
	for (unsigned int i = 0; i < self->group.num; i++) {
		ASSERT_EQ(0, knob(TEST_TARGET, "fail", self->group.bdf[i]));
		ASSERT_EQ(0, knob(TEST_TARGET, "fail_errno", "28"));
		EXPECT_EQ(-ENOSPC, acquire(self->control, &self->request));
		EXPECT_EQ(0, error_is(&self->request.error, BINDERY_ERROR_BIND,
				      BINDERY_STEP_BIND, ENOSPC,
				      self->group.bdf[i], TEST_TARGET));
		EXPECT_EQ(0, snapshot_compare(&self->before));
	}
}

TEST_F(fault, T10_a_probe_without_a_vfio_device_is_refused)
{
	for (unsigned int i = 0; i < self->group.num; i++) {
		ASSERT_EQ(0, knob(TEST_TARGET, "silent", self->group.bdf[i]));
		EXPECT_EQ(-ENODEV, acquire(self->control, &self->request));
		EXPECT_EQ(0, error_is(&self->request.error,
				      BINDERY_ERROR_NO_VFIO_DEVICE,
				      BINDERY_STEP_BIND, ENODEV,
				      self->group.bdf[i], TEST_TARGET));
		EXPECT_EQ(0, snapshot_compare(&self->before));
	}
}

TEST_F(fault, T10_a_target_that_has_made_no_vfio_device_before_is_refused)
{
	struct snapshot moved;
	char *bdf;

	for (unsigned int i = 0; i < self->group.num; i++) {
		bdf = self->group.bdf[i];
		ASSERT_EQ(0, knob(TEST_TARGET, "silent", bdf));
		ASSERT_EQ(0, pci_move(bdf, TEST_TARGET));
		ASSERT_EQ(0, snapshot_take(&moved));
		EXPECT_EQ(-ENODEV, acquire(self->control, &self->request));
		EXPECT_EQ(0, error_is(&self->request.error,
				      BINDERY_ERROR_NO_VFIO_DEVICE,
				      BINDERY_STEP_VALIDATE, ENODEV, bdf));
		EXPECT_EQ(0, snapshot_compare_untouched(&moved));
		ASSERT_EQ(0, snapshot_move_back(&self->before, &self->group));
	}
}

TEST_F(fault, T1_T10_a_member_that_somebody_unbinds_before_the_commit)
{
	struct call call = { self->control, &self->request };
	struct bindery_ioc_error error;
	struct child child;

	for (unsigned int i = 0; i < self->group.num; i++) {
		if (self->group.bdf[i] == self->window)
			continue;
		ASSERT_EQ(0, knob(TEST_TARGET, "hold_probe", self->window));
		ASSERT_EQ(0, child_start(&child, run_acquire, &call));
		ASSERT_TRUE(knob_holds(TEST_TARGET));
		ASSERT_EQ(0, pci_unbind(self->group.bdf[i]));
		ASSERT_EQ(0, knob(TEST_TARGET, "hold_probe", ""));
		EXPECT_EQ(-ENODEV, finish(&child, &error));
		EXPECT_EQ(0, error_is(&error, BINDERY_ERROR_BIND,
				      BINDERY_STEP_VERIFY, ENODEV,
				      self->group.bdf[i], TEST_TARGET));
		EXPECT_EQ(0, snapshot_compare(&self->before));
	}
}

/* What is somebody else's by then stays as that somebody left it. */
TEST_F(fault, T1_T10_an_override_that_somebody_changes_before_the_commit)
{
	struct call call = { self->control, &self->request };
	struct bindery_ioc_error error;
	struct device_state *state;
	struct child child;

	for (unsigned int i = 0; i < self->group.num; i++) {
		if (self->group.bdf[i] == self->window)
			continue;
		ASSERT_EQ(0, knob(TEST_TARGET, "hold_probe", self->window));
		ASSERT_EQ(0, child_start(&child, run_acquire, &call));
		ASSERT_TRUE(knob_holds(TEST_TARGET));
		ASSERT_EQ(0, pci_override(self->group.bdf[i], "foo"));
		ASSERT_EQ(0, knob(TEST_TARGET, "hold_probe", ""));
		EXPECT_EQ(-EBUSY, finish(&child, &error));
		EXPECT_EQ(0, error_is(&error, BINDERY_ERROR_OVERRIDE,
				      BINDERY_STEP_VERIFY, EBUSY,
				      self->group.bdf[i]));
		self->changed = snapshot_copy(&self->before);
		state = snapshot_device(&self->changed, self->group.bdf[i]);
		strcpy(state->override, "foo");
		pci_driver(state->bdf, state->driver);
		EXPECT_STRNE(TEST_TARGET, state->driver);
		EXPECT_EQ(0, snapshot_compare(&self->changed));
		ASSERT_EQ(0, snapshot_move_back(&self->before, &self->group));
	}
}

/* All members are where they should be, but nobody could open the group. */
TEST_F(fault, T10_a_neighbour_that_takes_an_ordinary_driver_before_the_commit)
{
	struct device_state *state = snapshot_device(&self->before,
						     self->first);
	struct call call = { self->control, &self->request };
	struct bindery_ioc_error error;
	struct child child;

	if (self->group.num < 2)
		SKIP(return, "the group has one member");
	ASSERT_EQ(0, module_load("pci_stub"));
	ASSERT_EQ(0, pci_move(self->first, "pci-stub"));
	request_init(&self->request, TEST_TARGET);
	for (unsigned int i = 1; i < self->group.num; i++)
		request_add(&self->request, self->group.bdf[i]);
	ASSERT_EQ(0, knob(TEST_TARGET, "hold_probe", self->last));
	ASSERT_EQ(0, child_start(&child, run_acquire, &call));
	ASSERT_TRUE(knob_holds(TEST_TARGET));
	ASSERT_EQ(0, pci_move(self->first, state->driver));
	ASSERT_EQ(0, knob(TEST_TARGET, "hold_probe", ""));
	EXPECT_EQ(-EBUSY, finish(&child, &error));
	EXPECT_EQ(0, error_is(&error, BINDERY_ERROR_NOT_OPENABLE,
			      BINDERY_STEP_VERIFY, EBUSY));
	EXPECT_EQ(self->group.id, error.out_group);
	ASSERT_EQ(0, pci_override(self->first, ""));
	ASSERT_EQ(0, pci_write(self->first, "power/control", state->power));
}

TEST_F(fault, T1_no_file_descriptor_is_free)
{
	struct rlimit limit, none;
	int spare = dup(self->control);

	ASSERT_LE(0, spare);
	close(spare);
	ASSERT_EQ(0, getrlimit(RLIMIT_NOFILE, &limit));
	none = limit;
	none.rlim_cur = spare;
	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &none));
	EXPECT_EQ(-EMFILE, acquire(self->control, &self->request));
	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &limit));
	EXPECT_EQ(0, error_is(&self->request.error, BINDERY_ERROR_NO_FD,
			      BINDERY_STEP_REQUEST, EMFILE));
	EXPECT_EQ(0, snapshot_compare_untouched(&self->before));
}

/* Two pages, of which the second cannot be written. */
static char *half_writable(void)
{
	size_t page = getpagesize();
	char *memory = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (memory == MAP_FAILED || mprotect(memory + page, page, PROT_READ))
		return NULL;
	return memory + page;
}

TEST_F(fault, T1_results_that_cannot_be_written_for_each_member)
{
	char *edge = half_writable();
	size_t size = sizeof(struct bindery_ioc_member);

	ASSERT_NE(NULL, edge);
	for (unsigned int i = 0; i < self->group.num; i++) {
		self->request.cmd.members = (uintptr_t)(edge - i * size);
		EXPECT_EQ(-EFAULT, acquire(self->control, &self->request));
		EXPECT_EQ(0, error_is(&self->request.error,
				      BINDERY_ERROR_FAULT,
				      BINDERY_STEP_PUBLISH, EFAULT));
		EXPECT_EQ(0, snapshot_compare(&self->before));
	}
}

TEST_F(fault, T1_an_error_record_that_cannot_be_written)
{
	struct bindery_ioc_acquire *cmd = &self->request.cmd;
	char *edge = half_writable();

	ASSERT_NE(NULL, edge);
	/* its size can be read */
	cmd->error = (uintptr_t)(edge - sizeof(uint32_t));
	*(uint32_t *)(edge - sizeof(uint32_t)) =
		sizeof(struct bindery_ioc_error);
	EXPECT_EQ(-EFAULT, call(self->control, BINDERY_ACQUIRE, cmd));
	EXPECT_EQ(0, snapshot_compare(&self->before));
	EXPECT_EQ(BINDERY_GROUP_FREE, STATE());
}

TEST_F(fault, T1_a_structure_that_cannot_be_written)
{
	size_t size = sizeof(struct bindery_ioc_acquire);
	char *page = mmap(NULL, getpagesize(), PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	ASSERT_NE(MAP_FAILED, page);
	self->request.error.size = sizeof(self->request.error);
	memcpy(page, &self->request.cmd, size);
	ASSERT_EQ(0, mprotect(page, getpagesize(), PROT_READ));
	EXPECT_EQ(-EFAULT, call(self->control, BINDERY_ACQUIRE, page));
	EXPECT_EQ(0, snapshot_compare(&self->before));
	EXPECT_EQ(BINDERY_GROUP_FREE, STATE());
}

/* The kernel's modprobe from now on: holds a device's lock, then loads. */
static int write_loader(char *path, const char *bdf)
{
	char script[512];
	int fd = mkstemp(path);

	snprintf(script, sizeof(script),
		 "#!/bin/sh\ncd /sys/module/" TEST_NATIVE "/parameters\n"
		 "echo %s > lock\n"
		 "while read n < waiting && [ $n != 1 ]; do :; done\n"
		 "exec /sbin/modprobe \"$@\"\n", bdf);
	if (fd < 0 || write(fd, script, strlen(script)) < 0 ||
	    fchmod(fd, 0700) || close(fd))
		return -errno;
	return write_file(MODPROBE, path);
}

TEST_F(fault, C8_a_release_whose_results_cannot_be_written_has_released)
{
	struct bindery_ioc_release *cmd = &self->answer.release;
	int claim = acquire(self->control, &self->request);
	char *edge = half_writable();

	ASSERT_LE(0, claim);
	ASSERT_NE(NULL, edge);
	self->answer.error.size = sizeof(self->answer.error);
	*cmd = (struct bindery_ioc_release) {
		.size = sizeof(*cmd),
		.members = (uintptr_t)edge,
		.num_members = MAX_MEMBERS,
		.member_size = sizeof(struct bindery_ioc_member),
		.error = (uintptr_t)&self->answer.error,
	};
	EXPECT_EQ(-EFAULT, call(claim, BINDERY_RELEASE, cmd));
	EXPECT_EQ(0, error_is(&self->answer.error, BINDERY_ERROR_FAULT,
			      BINDERY_STEP_PUBLISH, EFAULT));
	EXPECT_EQ(0, snapshot_compare(&self->before));
	EXPECT_EQ(-ESTALE, status(claim, &self->answer));
}

TEST_F(fault, T15_a_BIND_whose_results_cannot_be_written_has_bound)
{
	struct bindery_ioc_bind *cmd = &self->answer.bind;
	char *edge = half_writable();

	ASSERT_NE(NULL, edge);
	self->request.cmd.flags |= BINDERY_ACQUIRE_RESERVE_ONLY;
	ACQUIRE();
	self->answer.error.size = sizeof(self->answer.error);
	*cmd = (struct bindery_ioc_bind) {
		.size = sizeof(*cmd),
		.members = (uintptr_t)edge,
		.num_members = MAX_MEMBERS,
		.member_size = sizeof(struct bindery_ioc_member),
		.error = (uintptr_t)&self->answer.error,
	};
	EXPECT_EQ(-EFAULT, call(self->claim, BINDERY_BIND, cmd));
	EXPECT_EQ(0, error_is(&self->answer.error, BINDERY_ERROR_FAULT,
			      BINDERY_STEP_PUBLISH, EFAULT));
	EXPECT_EQ(0, status(self->claim, &self->answer));
	EXPECT_EQ(BINDERY_GROUP_HELD, self->answer.status.out_state);
	EXPECT_TRUE(group_is_on(&self->group, TEST_TARGET));
	EXPECT_EQ(0, release(self->claim, &self->answer));
}

/*
 * Between the look at a member and its override is a moment only. It gets
 * long when the look at a later one has to wait for that one's lock, which is
 * taken when the target's module is loaded.
 */
static int stop_before_overrides(FIXTURE_DATA(fault) *self,
				 struct child *child, struct call *call)
{
	char path[] = "/tmp/loader-XXXXXX";
	int looks = 2 * self->request.cmd.num_devices;
	bool stopped;

	if (!wait_until(!module_unload(TEST_TARGET)) ||
	    write_loader(path, self->window))
		return -EIO;
	if (watch_function("bindery:bindery_member_snapshot"))
		return -ENOENT;
	child_start(child, run_acquire, call);
	stopped = wait_until(watch_hits("bindery_member_snapshot") == looks);
	watch_end();
	unlink(path);
	write_file(MODPROBE, "/sbin/modprobe");
	return stopped ? 0 : -ETIMEDOUT;
}

TEST_F(fault, T1_an_override_that_somebody_sets_just_before)
{
	struct call call = { self->control, &self->request };
	struct bindery_ioc_error error;
	struct child child;
	const char *bdf;

	for (unsigned int i = 0; i < self->group.num; i++) {
		bdf = self->group.bdf[i];
		if (bdf == self->window)
			continue;
		ASSERT_EQ(0, stop_before_overrides(self, &child, &call));
		ASSERT_EQ(0, pci_override(bdf, "foo"));
		ASSERT_EQ(0, knob(TEST_NATIVE, "lock", ""));
		EXPECT_EQ(-EBUSY, finish(&child, &error));
		EXPECT_EQ(0, error_is(&error, BINDERY_ERROR_OVERRIDE,
				      BINDERY_STEP_OVERRIDE, EBUSY, bdf));
		self->changed = snapshot_copy(&self->before);
		strcpy(snapshot_device(&self->changed, bdf)->override, "foo");
		EXPECT_EQ(0, snapshot_compare_untouched(&self->changed));
		ASSERT_EQ(0, pci_override(bdf, ""));
	}
}

TEST_F(fault, T1_T12_a_lock_that_somebody_holds_until_the_deadline)
{
	struct call call = { self->control, &self->request };
	struct bindery_ioc_error error;
	struct child child;
	int ret;

	if (self->window == self->first)
		SKIP(return, "one device only");
	self->request.cmd.deadline_ms = 4000 * slowness();
	self->request.cmd.members = 0;
	ASSERT_EQ(0, stop_before_overrides(self, &child, &call));
	ASSERT_EQ(0, knob(TEST_TARGET, "lock", self->first));
	ASSERT_TRUE(knob_holds(TEST_TARGET));
	ASSERT_EQ(0, knob(TEST_NATIVE, "lock", ""));
	ret = finish(&child, &error);
	EXPECT_EQ(0, error_is(&error, ret == -EBUSY ? BINDERY_ERROR_LOCKED :
						      BINDERY_ERROR_DEADLINE,
			      BINDERY_STEP_OVERRIDE,
			      ret == -EBUSY ? EBUSY : ETIMEDOUT, self->first));
	ASSERT_EQ(0, knob(TEST_TARGET, "lock", ""));
	EXPECT_EQ(BINDERY_GROUP_FREE, close_claims(self->control, self->first));
	EXPECT_EQ(0, snapshot_compare_untouched(&self->before));
}

TEST_HARNESS_MAIN
