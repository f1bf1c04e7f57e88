// SPDX-License-Identifier: GPL-2.0-only
/*
 * The form of every ioctl's structure: its size, tail, flags, and where it is.
 * What has the wrong one changes nothing.
 */
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#include "kselftest_harness.h"
#include "uapi.h"

UAPI_FIXTURE(uapi)

TEST_F(uapi, Q1_each_ioctl_takes_its_exact_size)
{
	struct uapi *u = &self->uapi;

	EACH(c, true, 0, BINDERY_ERROR_NONE, (void)c);
	EACH(c, c->shortest, 0, BINDERY_ERROR_NONE,
	     u->command.size = c->shortest);
}

TEST_F(uapi, Q1_a_structure_too_short_is_refused)
{
	struct uapi *u = &self->uapi;

	EACH_OF(c, true, i, 3, -EINVAL, NO_RECORD, ({
		uint32_t least = c->shortest ? c->shortest : c->size;
		uint32_t sizes[] = { least - 1, sizeof(uint32_t), 0 };

		u->command.size = sizes[i];
	}));
}

TEST_F(uapi, Q1_a_longer_structure_with_a_zero_tail_is_taken)
{
	struct uapi *u = &self->uapi;

	EACH(c, true, 0, BINDERY_ERROR_NONE, u->command.size = c->size + 8);
	EACH(c, true, 0, BINDERY_ERROR_NONE,
	     u->command.size = sizeof(u->command));
}

TEST_F(uapi, Q1_a_longer_structure_with_something_in_its_tail_is_refused)
{
	struct uapi *u = &self->uapi;

	EACH(c, true, -E2BIG, NO_RECORD, ({
		u->command.size = c->size + 8;
		u->command.bytes[c->size + 7] = 1;
	}));
}

/* Zeros as far as they say, and nobody looks. */
TEST_F(uapi, Q1_a_structure_longer_than_a_page_is_refused)
{
	struct uapi *u = &self->uapi;
	void *pages = mmap(NULL, 2 * getpagesize(), PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	ASSERT_NE(MAP_FAILED, pages);
	EACH(c, true, -E2BIG, NO_RECORD, ({
		u->command.size = getpagesize() + 1;
		u->at = memcpy(pages, &u->command, sizeof(u->command));
	}));
	munmap(pages, 2 * getpagesize());
}

TEST_F(uapi, Q1_nothing_behind_a_structure_is_written)
{
	struct uapi *u = &self->uapi;

	for_each_case(c) {
		uapi_prepare(u, c);
		memset(u->command.bytes + c->size, 0x5a,
		       sizeof(u->command) - c->size);
		EXPECT_EQ(0, uapi_run(u, c));
		for (size_t j = c->size; j < sizeof(u->command); j++)
			ASSERT_EQ(0x5a, u->command.bytes[j]);
	}
}

TEST_F(uapi, Q1_unknown_flags_are_refused)
{
	struct uapi *u = &self->uapi;

	for_each_case(c) {
		uapi_prepare(u, c);
		uapi_look(u);
		for (int bit = 0; bit < 32; bit++) {
			if (c->known >> bit & 1)
				continue;
			uapi_prepare(u, c);
			*u32_at(&u->command, c->flags) = 1U << bit;
			EXPECT_EQ(-EOPNOTSUPP, uapi_run(u, c)) {
				TH_LOG("%s: bit %d", c->name, bit);
			}
			if (c->error)
				EXPECT_EQ(BINDERY_ERROR_ARGUMENT,
					  u->error.out_code);
		}
		EXPECT_EQ(0, uapi_has_changed(u, false));
	}
}

TEST_F(uapi, Q1_reserved_fields_have_to_be_zero)
{
	struct uapi *u = &self->uapi;

	for_each_case(c) {
		for (int j = 0; j < 2 && c->reserved[j]; j++) {
			uapi_prepare(u, c);
			uapi_look(u);
			*u32_at(&u->command, c->reserved[j]) = 1;
			EXPECT_GT(0, uapi_run(u, c)) {
				TH_LOG("%s", c->name);
			}
			EXPECT_EQ(BINDERY_ERROR_ARGUMENT, u->error.out_code);
			EXPECT_EQ(0, uapi_has_changed(u, false));
		}
	}
}

static bool is_known(unsigned long number, bool of_claim)
{
	for_each_case(c)
		if (c->number == number && c->of_claim == of_claim)
			return true;
	return false;
}

TEST_F(uapi, Q1_other_numbers_are_no_ioctls)
{
	struct uapi *u = &self->uapi;

	ASSERT_EQ(0, uapi_arrange(u, CLAIMED));
	u->command.size = sizeof(u->command);
	for (unsigned int nr = 0; nr < 256; nr++) {
		unsigned long number = _IO(BINDERY_IOC_TYPE, nr);

		if (!is_known(number, false))
			EXPECT_EQ(-ENOTTY, call(u->control, number,
						&u->command));
		if (!is_known(number, true))
			EXPECT_EQ(-ENOTTY, call(u->claim, number,
						&u->command));
	}
	EXPECT_EQ(-ENOTTY, call(u->control, _IO(0xBC, 0), &u->command));
	EXPECT_EQ(-ENOTTY, call(u->control,
				_IOW(BINDERY_IOC_TYPE, 0, uint32_t),
				&u->command));
	EXPECT_EQ(-ENOTTY, call(u->claim,
				_IOWR(BINDERY_IOC_TYPE, 0x40, uint32_t),
				&u->command));
}

TEST_F(uapi, Q1_structures_and_arrays_that_are_nowhere)
{
	struct uapi *u = &self->uapi;

	EACH_OF(c, true, i, 2, -EFAULT, NO_RECORD,
		u->at = i ? (void *)NOWHERE : NULL);
	EACH(c, c->error, -EFAULT, NO_RECORD,
	     *u64_at(&u->command, c->error) = NOWHERE);
	EACH(c, c->device, -EFAULT, BINDERY_ERROR_FAULT,
	     *u64_at(&u->command, c->device) = NOWHERE);
	EACH(c, c->number == BINDERY_ADOPT, -EFAULT, BINDERY_ERROR_FAULT, ({
		u->command.acquire.natives = NOWHERE;
		u->command.acquire.native_size =
			sizeof(struct bindery_ioc_native);
	}));
}

TEST_F(uapi, Q1_what_came_of_it_has_nowhere_to_go)
{
	struct uapi *u = &self->uapi;

	EACH(c, c->members && CAN_UNDO(c), -EFAULT, BINDERY_ERROR_FAULT,
	     *u64_at(&u->command, c->members) = NOWHERE);
}

/* A copy that the kernel can read. */
static void *read_only(const void *from, size_t size)
{
	char *page = mmap(NULL, getpagesize(), PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	memcpy(page, from, size);
	mprotect(page, getpagesize(), PROT_READ);
	return page;
}

TEST_F(uapi, Q1_a_structure_that_cannot_be_written)
{
	struct uapi *u = &self->uapi;

	for_each_case(c) {
		if (!CAN_UNDO(c))
			continue;
		uapi_prepare(u, c);
		uapi_look(u);
		u->at = read_only(&u->command, sizeof(u->command));
		EXPECT_EQ(-EFAULT, uapi_call(u, c));
		EXPECT_EQ(0, uapi_has_changed(u, true)) {
			TH_LOG("%s", c->name);
		}
		munmap(u->at, getpagesize());
	}
}

TEST_F(uapi, Q1_an_error_record_that_cannot_be_written)
{
	struct uapi *u = &self->uapi;
	struct bindery_ioc_error error = { .size = sizeof(error) };
	void *record = read_only(&error, sizeof(error));

	EACH(c, c->error && CAN_UNDO(c), -EFAULT, NO_RECORD,
	     *u64_at(&u->command, c->error) = (uintptr_t)record);
	munmap(record, getpagesize());
}

TEST_F(uapi, Q1_what_STATUS_could_not_tell_is_told_the_next_time)
{
	struct uapi *u = &self->uapi;
	struct pollfd watch = { .events = POLLPRI };
	void *page;

	uapi_arrange(u, CLAIMED);
	watch.fd = u->claim;
	ASSERT_EQ(0, status(u->claim, &u->answer));
	EXPECT_EQ(0, poll(&watch, 1, 0));
	ASSERT_EQ(0, keep(u->claim, BINDERY_KEEP_ON));
	ASSERT_EQ(0, keep(u->claim, BINDERY_KEEP_OFF));
	EXPECT_EQ(1, poll(&watch, 1, 0));
	page = read_only(&u->answer.status, sizeof(u->answer.status));
	EXPECT_EQ(-EFAULT, call(u->claim, BINDERY_STATUS, page));
	EXPECT_EQ(1, poll(&watch, 1, 0));
	munmap(page, getpagesize());
	ASSERT_EQ(0, status(u->claim, &u->answer));
	EXPECT_EQ(0, poll(&watch, 1, 0));
}

TEST_HARNESS_MAIN
