// SPDX-License-Identifier: GPL-2.0-only
/* The form of every ioctl: sizes, tails, flags, pointers. */
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#include "kselftest_harness.h"
#include "lib.h"

/* A good call of each ioctl, to be spoilt in one way. */
union command {
	uint32_t size;
	struct bindery_ioc_info info;
	struct bindery_ioc_show show;
	struct bindery_ioc_acquire acquire;
	struct bindery_ioc_status status;
	struct bindery_ioc_release release;
	char bytes[1024];
};

static const struct ioctl_case {
	const char *name;
	unsigned long number;
	uint32_t size;
	bool of_claim;
	size_t flags;		/* where the flags are */
	size_t error;		/* where the record's address is, or 0 */
	size_t members;		/* where theirs is, or 0 */
	size_t num_members;
	size_t member_size;
} cases[] = {
#define WHERE(type, field) offsetof(struct bindery_ioc_##type, field)
#define MEMBERS(type)							\
	.error = WHERE(type, error),					\
	.members = WHERE(type, members),				\
	.num_members = WHERE(type, num_members),			\
	.member_size = WHERE(type, member_size)
#define CASE(_name, _number, _type, _of_claim, ...)			\
	{								\
		.name = _name, .number = _number,			\
		.size = sizeof(struct bindery_ioc_##_type),		\
		.of_claim = _of_claim,					\
		.flags = WHERE(_type, flags), __VA_ARGS__		\
	}
	CASE("INFO", BINDERY_INFO, info, false),
	CASE("SHOW", BINDERY_SHOW, show, false, MEMBERS(show)),
	CASE("CHECK", BINDERY_CHECK, acquire, false, MEMBERS(acquire)),
	CASE("ACQUIRE", BINDERY_ACQUIRE, acquire, false, MEMBERS(acquire)),
	CASE("STATUS", BINDERY_STATUS, status, true, MEMBERS(status)),
	CASE("RELEASE", BINDERY_RELEASE, release, true, MEMBERS(release)),
};
#define NUM_CASES ARRAY_SIZE(cases)

FIXTURE(uapi) {
	int control;
	int claim;
	struct group group;
	struct snapshot before;
	struct request request;
	struct answer answer;
	struct bindery_ioc_device device;
	struct bindery_ioc_member members[MAX_MEMBERS];
	struct bindery_ioc_error error;
	union command command;
};

FIXTURE_SETUP(uapi)
{
	self->control = control_open();
	ASSERT_LE(0, self->control);
	if (group_choose(&self->group, NULL))
		SKIP(return, "no group of endpoints on native drivers");
	ASSERT_EQ(0, module_load("vfio_pci"));
	ASSERT_EQ(0, snapshot_take(&self->before));
	request_group(&self->request, &self->group, "");
	self->device.bdf = pci_address(self->group.bdf[0]);
	self->claim = -1;
}

FIXTURE_TEARDOWN(uapi)
{
	EXPECT_EQ(BINDERY_GROUP_FREE,
		  close_claims(self->control, self->group.bdf[0]));
	EXPECT_EQ(0, snapshot_compare(&self->before));
}

static uint32_t *u32_at(union command *command, size_t where)
{
	return (uint32_t *)(command->bytes + where);
}

static uint64_t *u64_at(union command *command, size_t where)
{
	return (uint64_t *)(command->bytes + where);
}

/* A call that would succeed. */
static void prepare(FIXTURE_DATA(uapi) *self, const struct ioctl_case *c)
{
	union command *command = &self->command;

	memset(command, 0, sizeof(*command));
	memset(&self->error, 0xff, sizeof(self->error));
	memset(self->members, 0xff, sizeof(self->members));
	self->error.size = sizeof(self->error);
	if (c->number == BINDERY_CHECK || c->number == BINDERY_ACQUIRE)
		command->acquire = self->request.cmd;
	if (c->number == BINDERY_SHOW) {
		command->show.device = (uintptr_t)&self->device;
		command->show.device_size = sizeof(self->device);
	}
	command->size = c->size;
	if (!c->error)
		return;
	*u64_at(command, c->error) = (uintptr_t)&self->error;
	*u64_at(command, c->members) = (uintptr_t)self->members;
	*u32_at(command, c->num_members) = MAX_MEMBERS;
	*u32_at(command, c->member_size) = sizeof(self->members[0]);
}

/* Make that call; a claim that comes of it is kept for those of a claim. */
static int run(FIXTURE_DATA(uapi) *self, const struct ioctl_case *c)
{
	int ret;

	if (c->of_claim && self->claim < 0)
		self->claim = acquire(self->control, &self->request);
	ret = call(c->of_claim ? self->claim : self->control, c->number,
		   &self->command);
	if (!ret && c->number == BINDERY_ACQUIRE) {
		close(self->command.acquire.out_claim_fd);
		close_claims(self->control, self->group.bdf[0]);
	}
	if (!ret && c->number == BINDERY_RELEASE)
		self->claim = -1;
	return ret;
}

/* The call, spoilt by a statement, has to return that. */
#define EACH(c, expected, spoil) do {					\
	for (size_t __i = 0; __i < NUM_CASES; __i++) {			\
		const struct ioctl_case *c = &cases[__i];		\
									\
		prepare(self, c);					\
		spoil;							\
		EXPECT_EQ(expected, run(self, c)) {			\
			TH_LOG("%s", c->name);				\
		}							\
	}								\
} while (0)

TEST_F(uapi, Q1_each_ioctl_takes_its_exact_size)
{
	EACH(c, 0, (void)c);
}

TEST_F(uapi, Q1_a_structure_too_short_is_refused)
{
	EACH(c, -EINVAL, self->command.size = c->size - 1);
	EACH(c, -EINVAL, self->command.size = sizeof(uint32_t));
	EACH(c, -EINVAL, self->command.size = 0);
}

TEST_F(uapi, Q1_a_longer_structure_with_a_zero_tail_is_taken)
{
	EACH(c, 0, self->command.size = c->size + 8);
	EACH(c, 0, self->command.size = sizeof(self->command));
}

TEST_F(uapi, Q1_a_longer_structure_with_something_in_its_tail_is_refused)
{
	EACH(c, -E2BIG, ({
		self->command.size = c->size + 8;
		self->command.bytes[c->size + 7] = 1;
	}));
}

TEST_F(uapi, Q1_nothing_behind_a_structure_is_written)
{
	EACH(c, 0, memset(self->command.bytes + c->size, 0x5a,
			  sizeof(self->command) - c->size));
	for (size_t i = sizeof(struct bindery_ioc_acquire);
	     i < sizeof(self->command); i++)
		ASSERT_EQ(0x5a, self->command.bytes[i]);
}

TEST_F(uapi, Q1_unknown_flags_are_refused)
{
	for (int bit = 2; bit < 32; bit++)
		EACH(c, -EOPNOTSUPP, *u32_at(&self->command, c->flags) =
		     1U << bit);
}

TEST_F(uapi, Q1_reserved_fields_have_to_be_zero)
{
	prepare(self, &cases[1]);
	self->command.show.__reserved = 1;
	EXPECT_NE(0, run(self, &cases[1]));
	EXPECT_EQ(BINDERY_ERROR_ARGUMENT, self->error.out_code);
	prepare(self, &cases[5]);
	self->command.release.__reserved = 1;
	EXPECT_NE(0, run(self, &cases[5]));
	EXPECT_EQ(BINDERY_ERROR_ARGUMENT, self->error.out_code);
	self->device.bdf.__reserved = 1;
	EXPECT_EQ(-EINVAL, (prepare(self, &cases[1]), run(self, &cases[1])));
	EXPECT_EQ(BINDERY_ERROR_ARGUMENT, self->error.out_code);
}

TEST_F(uapi, Q1_unknown_ways_of_naming_a_device_are_refused)
{
	self->device.address = 1;
	EXPECT_EQ(-EOPNOTSUPP, (prepare(self, &cases[1]),
				run(self, &cases[1])));
	self->device.address = 0;
	self->device.flags = 1;
	EXPECT_EQ(-EOPNOTSUPP, (prepare(self, &cases[1]),
				run(self, &cases[1])));
}

TEST_F(uapi, Q1_other_numbers_are_no_ioctls)
{
	static const unsigned int known[] = { 0, 1, 2, 3 };

	self->claim = acquire(self->control, &self->request);
	ASSERT_LE(0, self->claim);
	for (unsigned int nr = 0; nr < 256; nr++) {
		prepare(self, &cases[0]);
		if (nr >= ARRAY_SIZE(known))
			EXPECT_EQ(-ENOTTY,
				  call(self->control,
				       _IO(BINDERY_IOC_TYPE, nr),
				       &self->command));
		if (nr != 0x40 && nr != 0x41)
			EXPECT_EQ(-ENOTTY,
				  call(self->claim, _IO(BINDERY_IOC_TYPE, nr),
				       &self->command));
	}
	EXPECT_EQ(-ENOTTY, call(self->control, _IO(0xBC, 0), &self->command));
	EXPECT_EQ(-ENOTTY, call(self->control,
				_IOW(BINDERY_IOC_TYPE, 0, uint32_t),
				&self->command));
}

TEST_F(uapi, Q1_pointers_that_lead_nowhere)
{
	for (size_t i = 0; i < NUM_CASES; i++) {
		if (cases[i].of_claim && self->claim < 0)
			self->claim = acquire(self->control, &self->request);
		EXPECT_EQ(-EFAULT, call(cases[i].of_claim ? self->claim :
					self->control, cases[i].number, NULL));
		EXPECT_EQ(-EFAULT, call(cases[i].of_claim ? self->claim :
					self->control, cases[i].number,
					(void *)-4096UL));
	}
	close_claims(self->control, self->group.bdf[0]);
	prepare(self, &cases[2]);
	self->command.acquire.devices = -4096UL;
	EXPECT_EQ(-EFAULT, run(self, &cases[2]));
	EXPECT_EQ(BINDERY_ERROR_FAULT, self->error.out_code);
	prepare(self, &cases[1]);
	self->command.show.device = 0;
	EXPECT_EQ(-EFAULT, run(self, &cases[1]));
}

TEST_F(uapi, Q1_an_error_record_is_not_needed)
{
	EACH(c, 0, ({
		if (c->error)
			*u64_at(&self->command, c->error) = 0;
	}));
	EACH(c, -EOPNOTSUPP, ({
		*u32_at(&self->command, c->flags) = 1U << 31;
		if (c->error)
			*u64_at(&self->command, c->error) = 0;
	}));
}

TEST_F(uapi, Q1_null_members_are_not_wanted)
{
	for (size_t i = 1; i < NUM_CASES; i++) {
		prepare(self, &cases[i]);
		*u64_at(&self->command, cases[i].members) = 0;
		EXPECT_EQ(0, run(self, &cases[i])) {
			TH_LOG("%s", cases[i].name);
		}
		EXPECT_EQ(self->group.num, *u32_at(&self->command,
						   cases[i].num_members));
	}
}

TEST_F(uapi, Q1_room_for_fewer_members_is_filled_as_far_as_it_goes)
{
	for (size_t i = 1; i < NUM_CASES; i++) {
		prepare(self, &cases[i]);
		*u32_at(&self->command, cases[i].num_members) = 1;
		EXPECT_EQ(0, run(self, &cases[i])) {
			TH_LOG("%s", cases[i].name);
		}
		EXPECT_EQ(self->group.num, *u32_at(&self->command,
						   cases[i].num_members));
		EXPECT_STREQ(self->group.bdf[0], self->members[0].out_name);
		EXPECT_EQ(0xff, (uint8_t)self->members[1].out_name[0]);
	}
}

/* As a caller has it whose structures are longer than the kernel's. */
struct long_member {
	struct bindery_ioc_member member;
	char more[24];
};

TEST_F(uapi, Q1_members_of_a_longer_stride_have_zero_tails)
{
	struct long_member members[MAX_MEMBERS], zero = { 0 };

	for (size_t i = 1; i < NUM_CASES; i++) {
		prepare(self, &cases[i]);
		memset(members, 0xff, sizeof(members));
		*u64_at(&self->command, cases[i].members) = (uintptr_t)members;
		*u32_at(&self->command, cases[i].member_size) =
			sizeof(members[0]);
		ASSERT_EQ(0, run(self, &cases[i]));
		for (unsigned int j = 0; j < self->group.num; j++) {
			EXPECT_STREQ(self->group.bdf[j],
				     members[j].member.out_name);
			EXPECT_EQ(0, memcmp(members[j].more, zero.more,
					    sizeof(zero.more)));
		}
	}
}

TEST_F(uapi, Q1_member_sizes_that_are_too_short_or_absurd)
{
	static const uint32_t sizes[] = {
		0, sizeof(struct bindery_ioc_member) - 1, 1 << 20, ~0U,
	};

	for (size_t i = 1; i < NUM_CASES; i++) {
		for (size_t j = 0; j < ARRAY_SIZE(sizes); j++) {
			prepare(self, &cases[i]);
			*u32_at(&self->command, cases[i].member_size) =
				sizes[j];
			EXPECT_EQ(-EINVAL, run(self, &cases[i]));
			EXPECT_EQ(BINDERY_ERROR_ARGUMENT,
				  self->error.out_code);
		}
	}
}

struct long_device {
	struct bindery_ioc_device device;
	uint64_t more;
};

TEST_F(uapi, Q1_devices_of_a_longer_stride)
{
	struct long_device devices[MAX_MEMBERS] = { 0 };

	for (unsigned int i = 0; i < self->group.num; i++)
		devices[i].device = self->request.devices[i];
	prepare(self, &cases[2]);
	self->command.acquire.devices = (uintptr_t)devices;
	self->command.acquire.device_size = sizeof(devices[0]);
	EXPECT_EQ(0, run(self, &cases[2]));
	devices[self->group.num - 1].more = 1;
	EXPECT_EQ(-E2BIG, run(self, &cases[2]));
	devices[self->group.num - 1].more = 0;
	self->command.acquire.device_size = sizeof(devices[0].device) - 1;
	EXPECT_EQ(-EINVAL, run(self, &cases[2]));
}

struct long_error {
	struct bindery_ioc_error error;
	char more[16];
};

TEST_F(uapi, Q1_an_error_record_can_be_longer_but_not_shorter)
{
	struct long_error error;
	char zero[16] = { 0 };

	prepare(self, &cases[2]);
	self->command.acquire.num_devices = 0;
	self->command.acquire.error = (uintptr_t)&error;
	memset(&error, 0xff, sizeof(error));
	error.error.size = sizeof(error);
	EXPECT_EQ(-EINVAL, run(self, &cases[2]));
	EXPECT_EQ(BINDERY_ERROR_EMPTY_LIST, error.error.out_code);
	EXPECT_EQ(sizeof(error), error.error.size);
	EXPECT_EQ(0, memcmp(error.more, zero, sizeof(zero)));

	memset(&error, 0xff, sizeof(error));
	error.error.size = sizeof(error.error) - 4;
	EXPECT_EQ(-EINVAL, run(self, &cases[2]));
	EXPECT_EQ(~0U, error.error.out_code);
}

TEST_F(uapi, Q1_a_deadline_has_a_maximum)
{
	prepare(self, &cases[3]);
	self->command.acquire.deadline_ms = BINDERY_DEADLINE_MAX_MS + 1;
	EXPECT_EQ(-EINVAL, run(self, &cases[3]));
	EXPECT_EQ(BINDERY_ERROR_ARGUMENT, self->error.out_code);
	prepare(self, &cases[3]);
	self->command.acquire.deadline_ms = BINDERY_DEADLINE_MAX_MS;
	EXPECT_EQ(0, run(self, &cases[3]));
	prepare(self, &cases[5]);
	self->command.release.deadline_ms = BINDERY_DEADLINE_MAX_MS + 1;
	EXPECT_EQ(-EINVAL, run(self, &cases[5]));
}

TEST_F(uapi, Q1_info_tells_version_and_limits)
{
	struct bindery_ioc_info *info = &self->command.info;

	prepare(self, &cases[0]);
	ASSERT_EQ(0, run(self, &cases[0]));
	EXPECT_EQ(BINDERY_ABI_VERSION, info->out_abi_version);
	EXPECT_EQ(BINDERY_MAX_DEVICES, info->out_max_devices);
	EXPECT_EQ(BINDERY_LABEL_MAX, info->out_max_label);
	EXPECT_EQ(BINDERY_NAME_SIZE - 1, info->out_max_name);
	EXPECT_EQ(BINDERY_DEADLINE_DEFAULT_MS, info->out_deadline_default_ms);
	EXPECT_EQ(BINDERY_DEADLINE_MAX_MS, info->out_deadline_max_ms);
	EXPECT_EQ(!access("/dev/vfio/vfio", F_OK),
		  !!(info->out_kernel & BINDERY_KERNEL_VFIO_GROUP));
	EXPECT_EQ(0, info->out_features);
	EXPECT_LT(0, strnlen(info->out_version, sizeof(info->out_version)));
	EXPECT_GT(sizeof(info->out_version),
		  strnlen(info->out_version, sizeof(info->out_version)));
}

TEST_HARNESS_MAIN
