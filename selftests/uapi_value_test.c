// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a structure holds or points to: arrays and their entries, the error
 * record, values, and what INFO tells of their limits.
 */
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "kselftest_harness.h"
#include "uapi.h"

UAPI_FIXTURE(value, struct bindery_ioc_native natives[MAX_MEMBERS];)

static const struct ioctl_case *find(unsigned long number)
{
	for_each_case(c)
		if (c->number == number)
			return c;
	return NULL;
}

TEST_F(value, Q1_an_error_record_is_not_needed)
{
	struct uapi *u = &self->uapi;

	EACH(c, c->error, 0, NO_RECORD, *u64_at(&u->command, c->error) = 0);
	EACH(c, c->error, -EOPNOTSUPP, NO_RECORD, ({
		*u64_at(&u->command, c->error) = 0;
		*u32_at(&u->command, c->flags) = 1U << 31;
	}));
}

struct long_error {
	struct bindery_ioc_error error;
	char more[16];
};

TEST_F(value, Q1_an_error_record_can_be_longer_but_not_shorter)
{
	struct uapi *u = &self->uapi;
	struct long_error error, zero = { 0 };
	static const uint32_t sizes[] = {
		0, sizeof(struct bindery_ioc_error) - 4, 1 << 20, ~0U,
	};

	EACH(c, c->error, -EOPNOTSUPP, NO_RECORD, ({
		memset(&error, 0xff, sizeof(error));
		error.error.size = sizeof(error);
		*u64_at(&u->command, c->error) = (uintptr_t)&error;
		*u32_at(&u->command, c->flags) = 1U << 31;
	}));
	EXPECT_EQ(BINDERY_ERROR_ARGUMENT, error.error.out_code);
	EXPECT_EQ(sizeof(error), error.error.size);
	EXPECT_EQ(0, memcmp(error.more, zero.more, sizeof(zero.more)));

	EACH_OF(c, c->error, i, ARRAY_SIZE(sizes), -EINVAL, NO_RECORD,
		u->error.size = sizes[i]);
}

#define HAS_ROOM(c)	((c)->members != 0)

TEST_F(value, Q1_null_members_are_not_wanted)
{
	struct uapi *u = &self->uapi;

	for_each_case(c) {
		if (!HAS_ROOM(c))
			continue;
		uapi_prepare(u, c);
		*u64_at(&u->command, c->members) = 0;
		*u32_at(&u->command, c->member_size) = 0;
		EXPECT_EQ(0, uapi_run(u, c)) {
			TH_LOG("%s", c->name);
		}
		EXPECT_EQ(u->group.num, *u32_at(&u->command, c->num_members));
	}
}

TEST_F(value, Q1_room_for_fewer_members_is_filled_as_far_as_it_goes)
{
	struct uapi *u = &self->uapi;

	for_each_case(c) {
		if (!HAS_ROOM(c))
			continue;
		uapi_prepare(u, c);
		*u32_at(&u->command, c->num_members) = 1;
		EXPECT_EQ(0, uapi_run(u, c)) {
			TH_LOG("%s", c->name);
		}
		EXPECT_EQ(u->group.num, *u32_at(&u->command, c->num_members));
		EXPECT_STREQ(u->group.bdf[0], u->members[0].out_name);
		EXPECT_EQ(0xff, (uint8_t)u->members[1].out_name[0]);
	}
}

/* As a caller has it whose structures are longer than the kernel's. */
struct long_member {
	struct bindery_ioc_member member;
	char more[24];
};

TEST_F(value, Q1_members_of_a_longer_stride_have_zero_tails)
{
	struct uapi *u = &self->uapi;
	struct long_member members[MAX_MEMBERS], zero = { 0 };

	for_each_case(c) {
		if (!HAS_ROOM(c))
			continue;
		uapi_prepare(u, c);
		memset(members, 0xff, sizeof(members));
		*u64_at(&u->command, c->members) = (uintptr_t)members;
		*u32_at(&u->command, c->member_size) = sizeof(members[0]);
		ASSERT_EQ(0, uapi_run(u, c));
		for (unsigned int i = 0; i < u->group.num; i++) {
			EXPECT_STREQ(u->group.bdf[i],
				     members[i].member.out_name);
			EXPECT_EQ(0, memcmp(members[i].more, zero.more,
					    sizeof(zero.more)));
		}
	}
}

TEST_F(value, Q1_member_sizes_that_are_too_short_or_absurd)
{
	struct uapi *u = &self->uapi;
	static const uint32_t sizes[] = {
		0, sizeof(struct bindery_ioc_member) - 1, 1 << 20, ~0U,
	};

	EACH_OF(c, HAS_ROOM(c), i, ARRAY_SIZE(sizes), -EINVAL,
		BINDERY_ERROR_ARGUMENT,
		*u32_at(&u->command, c->member_size) = sizes[i]);
}

TEST_F(value, Q1_device_sizes_that_are_too_short_or_absurd)
{
	struct uapi *u = &self->uapi;
	static const uint32_t sizes[] = {
		0, sizeof(struct bindery_ioc_device) - 1, 1 << 20, ~0U,
	};

	EACH_OF(c, c->device, i, ARRAY_SIZE(sizes), -EINVAL,
		BINDERY_ERROR_ARGUMENT,
		*u32_at(&u->command, c->device_size) = sizes[i]);
}

struct long_device {
	struct bindery_ioc_device device;
	uint64_t more;
};

TEST_F(value, Q1_devices_of_a_longer_stride)
{
	struct uapi *u = &self->uapi;
	struct long_device devices[MAX_MEMBERS] = { 0 };

	for (unsigned int i = 0; i < u->group.num; i++)
		devices[i].device = u->request.devices[i];
#define LONGER(c) ({							\
	*u64_at(&u->command, c->device) = (uintptr_t)devices;		\
	*u32_at(&u->command, c->device_size) = sizeof(devices[0]);	\
})
	EACH(c, c->device, 0, BINDERY_ERROR_NONE, LONGER(c));
	devices[0].more = 1;
	EACH(c, c->device, -E2BIG, BINDERY_ERROR_ARGUMENT, LONGER(c));
}

TEST_F(value, Q1_a_device_that_is_nowhere_is_none)
{
	struct uapi *u = &self->uapi;

	for_each_case(c) {
		if (!c->device)
			continue;
		uapi_prepare(u, c);
		uapi_look(u);
		*u64_at(&u->command, c->device) = 0;
		EXPECT_GT(0, uapi_run(u, c)) {
			TH_LOG("%s", c->name);
		}
		EXPECT_EQ(0, uapi_has_changed(u, false));
	}
}

TEST_F(value, Q1_unknown_ways_of_naming_a_device_are_refused)
{
	struct uapi *u = &self->uapi;

	EACH_OF(c, c->device, i, 2, -EOPNOTSUPP, BINDERY_ERROR_ARGUMENT,
		u->devices[0].address = i ? ~0U : BINDERY_ADDRESS_VF + 1);
	EACH_OF(c, c->device, i, 5, -EOPNOTSUPP, BINDERY_ERROR_ARGUMENT,
		u->devices[0].flags = 8U << (7 * i));
}

/* So that each can get a meaning later. */
TEST_F(value, Q1_what_a_device_does_not_use_has_to_be_zero)
{
	struct uapi *u = &self->uapi;

#define AT(field)	offsetof(struct bindery_ioc_device, field)
	static const size_t unused[] = {
		AT(bdf.__reserved), AT(vf), AT(num_steps), AT(steps),
		AT(steps) + BINDERY_PATH_MAX - 1, AT(vendor), AT(device_id),
		AT(subsystem_vendor), AT(subsystem_device), AT(serial),
	};

	EACH_OF(c, c->device, i, ARRAY_SIZE(unused), -EINVAL,
		BINDERY_ERROR_ARGUMENT,
		*((char *)&u->devices[0] + unused[i]) = 1);
}

static void add_natives(FIXTURE_DATA(value) *self)
{
	struct bindery_ioc_acquire *cmd = &self->uapi.command.acquire;

	memset(self->natives, 0, sizeof(self->natives));
	cmd->natives = (uintptr_t)self->natives;
	cmd->native_size = sizeof(self->natives[0]);
}

/* ADOPT with natives of which one is spoilt. */
#define NATIVE(expected, code, spoil)					\
	EACH(c, c->number == BINDERY_ADOPT, expected, code, ({		\
		add_natives(self);					\
		spoil;							\
	}))

TEST_F(value, Q1_C6_natives_with_unknown_flags_are_refused)
{
	struct uapi *u = &self->uapi;

	NATIVE(0, BINDERY_ERROR_NONE, (void)c);
	for (int bit = 1; bit < 32; bit += 6)
		NATIVE(-EOPNOTSUPP, BINDERY_ERROR_ARGUMENT,
		       self->natives[0].flags = 1U << bit);
}

TEST_F(value, Q1_C6_natives_have_sizes_too)
{
	struct uapi *u = &self->uapi;
	uint32_t *size = &u->command.acquire.native_size;

	NATIVE(-EINVAL, BINDERY_ERROR_ARGUMENT, *size = 0);
	NATIVE(-EINVAL, BINDERY_ERROR_ARGUMENT, *size -= 1);
	NATIVE(-EINVAL, BINDERY_ERROR_ARGUMENT, *size = ~0U);
	NATIVE(0, BINDERY_ERROR_NONE, *size += 8);
	/* the tail of the first is the second's flags */
	NATIVE(-E2BIG, BINDERY_ERROR_ARGUMENT, ({
		*size += 8;
		self->natives[1].flags = BINDERY_NATIVE_RESTORE;
	}));
}

TEST_F(value, Q1_C6_reserved_fields_of_natives_have_to_be_zero)
{
	struct uapi *u = &self->uapi;
	const struct ioctl_case *c = find(BINDERY_ADOPT);

	uapi_prepare(u, c);
	uapi_look(u);
	add_natives(self);
	self->natives[u->group.num - 1].__reserved = 1;
	EXPECT_GT(0, uapi_run(u, c));
	EXPECT_EQ(BINDERY_ERROR_ARGUMENT, u->error.out_code);
	EXPECT_EQ(0, uapi_has_changed(u, false));
}

TEST_F(value, Q1_C6_natives_are_for_ADOPT_alone)
{
	struct uapi *u = &self->uapi;

	EACH(c, c->number == BINDERY_CHECK || c->number == BINDERY_ACQUIRE,
	     -EINVAL, BINDERY_ERROR_ARGUMENT, add_natives(self));
}

TEST_F(value, Q1_C6_names_in_natives_that_are_none)
{
	static const char *const bad[] = {
		"../e1000e", "e1000e\n", "e\xe4", "with blank",
	};
	struct uapi *u = &self->uapi;
	struct bindery_ioc_native *last = &self->natives[u->group.num - 1];
	char *fields[] = { last->driver, last->module, last->override };

	for (int i = 0; i < 3; i++) {
		NATIVE(-EINVAL, BINDERY_ERROR_NAME,
		       memset(fields[i], 'x', BINDERY_NAME_SIZE));
		for (size_t j = 0; j < ARRAY_SIZE(bad); j++)
			NATIVE(-EINVAL, BINDERY_ERROR_NAME,
			       strcpy(fields[i], bad[j]));
	}
}

TEST_F(value, Q1_C7_events_that_there_are_not)
{
	struct uapi *u = &self->uapi;

	EACH_OF(c, c->number == BINDERY_MARK, i, 2, -EOPNOTSUPP,
		BINDERY_ERROR_ARGUMENT,
		u->command.mark.event = i ? ~0U :
					BINDERY_EVENT_DETACH_FAILED + 1);
}

TEST_F(value, Q1_C5_policies_that_there_are_not)
{
	struct uapi *u = &self->uapi;

	EACH_OF(c, c->number == BINDERY_KEEP, i, 2, -EOPNOTSUPP,
		BINDERY_ERROR_ARGUMENT,
		u->command.keep.policy = i ? ~0U : BINDERY_KEEP_ON + 1);
}

TEST_F(value, Q1_operations_of_RECOVER_that_there_are_not)
{
	struct uapi *u = &self->uapi;

	EACH_OF(c, c->number == BINDERY_RECOVER, i, 2, -EOPNOTSUPP,
		BINDERY_ERROR_ARGUMENT,
		u->command.recover.operation = i ? ~0U :
					BINDERY_RECOVER_RELEASE + 1);
}

/* A kept claim, so that nothing but its flags is wrong with the call. */
TEST_F(value, Q1_C9_more_than_one_policy_towards_vfio_users)
{
	struct uapi *u = &self->uapi;
	struct bindery_ioc_recover *cmd = &u->command.recover;
	const struct ioctl_case *c = find(BINDERY_RECOVER);

	for (uint32_t flags = 3; flags < 8; flags++)
		EACH(c, (flags & (flags - 1)) && c->number == BINDERY_RELEASE,
		     -EINVAL, BINDERY_ERROR_ARGUMENT,
		     u->command.release.flags = flags);
	ASSERT_EQ(0, uapi_arrange(u, CLAIMED));
	ASSERT_EQ(0, keep(u->claim, BINDERY_KEEP_ON));
	close_claim(u->claim);
	ASSERT_TRUE(wait_until(group_is(u->control, u->group.bdf[0],
					BINDERY_GROUP_KEPT)));
	uapi_prepare(u, c);
	cmd->operation = BINDERY_RECOVER_RELEASE;
	cmd->flags = BINDERY_RELEASE_WAIT | BINDERY_RELEASE_DEFER;
	EXPECT_EQ(-EINVAL, uapi_run(u, c));
	EXPECT_EQ(BINDERY_ERROR_ARGUMENT, u->error.out_code);
	cmd->flags = BINDERY_RELEASE_FORCE << 1;
	EXPECT_EQ(-EOPNOTSUPP, uapi_run(u, c));
	EXPECT_TRUE(group_is(u->control, u->group.bdf[0], BINDERY_GROUP_KEPT));
	cmd->flags = BINDERY_RELEASE_WAIT;
	EXPECT_EQ(0, uapi_run(u, c));
	u->claim = -1;
	u->stage = FREE;
}

TEST_F(value, Q1_a_deadline_has_a_maximum)
{
	struct uapi *u = &self->uapi;

	EACH_OF(c, c->deadline, i, 2, -EINVAL, BINDERY_ERROR_ARGUMENT,
		*u32_at(&u->command, c->deadline) =
			i ? ~0U : BINDERY_DEADLINE_MAX_MS + 1);
	EACH(c, c->deadline, 0, BINDERY_ERROR_NONE,
	     *u32_at(&u->command, c->deadline) = BINDERY_DEADLINE_MAX_MS);
}

TEST_F(value, Q1_INFO_tells_version_and_limits)
{
	struct bindery_ioc_info *info = &self->uapi.command.info;

	memset(info, 0xff, sizeof(*info));
	info->size = sizeof(*info);
	info->flags = 0;
	ASSERT_EQ(0, call(self->uapi.control, BINDERY_INFO, info));
	EXPECT_EQ(3, BINDERY_ABI_VERSION);
	EXPECT_EQ(BINDERY_ABI_VERSION, info->out_abi_version);
	EXPECT_EQ(BINDERY_RIGHTS_FULL, info->out_rights);
	EXPECT_EQ(BINDERY_MAX_DEVICES, info->out_max_devices);
	EXPECT_EQ(BINDERY_LABEL_MAX, info->out_max_label);
	EXPECT_EQ(BINDERY_NAME_SIZE - 1, info->out_max_name);
	EXPECT_EQ(BINDERY_PATH_MAX, info->out_max_path);
	EXPECT_LT(0, info->out_max_stuck);
	EXPECT_GE(BINDERY_MAX_DEVICES, info->out_max_stuck);
	EXPECT_EQ(BINDERY_DEADLINE_DEFAULT_MS, info->out_deadline_default_ms);
	EXPECT_EQ(BINDERY_DEADLINE_MAX_MS, info->out_deadline_max_ms);
	EXPECT_EQ(!access("/dev/vfio/vfio", F_OK),
		  !!(info->out_kernel & BINDERY_KERNEL_VFIO_GROUP));
	EXPECT_EQ(BINDERY_FEATURE_DELEGATE | BINDERY_FEATURE_SEALED,
		  info->out_features);
	EXPECT_LT(0, strnlen(info->out_version, sizeof(info->out_version)));
	EXPECT_GT(sizeof(info->out_version),
		  strnlen(info->out_version, sizeof(info->out_version)));
}

TEST_HARNESS_MAIN
