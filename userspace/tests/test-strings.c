// SPDX-License-Identifier: GPL-2.0-or-later
#include <ctype.h>

#include "internal.h"
#include "tap.h"

#define LAST_ERROR BINDERY_ERROR_NOT_SEALED

static bool is_symbol(const char *text)
{
	if (!text || !*text)
		return false;
	for (; *text; text++)
		if (!islower((unsigned char)*text) && *text != '-')
			return false;
	return true;
}

static bool is_sentence(const char *text)
{
	return text && strlen(text) > 8 && text[strlen(text) - 1] != '.';
}

/* The compiler tells of a code that is added and not listed here. */
static bool is_listed(enum bindery_error code)
{
	switch (code) {
	case BINDERY_ERROR_NONE ... LAST_ERROR:
		return true;
	}
	return false;
}

TEST(T8_every_code_has_a_symbol_of_its_own)
{
	for (int i = 0; i <= LAST_ERROR; i++) {
		EXPECT(is_listed(i));
		EXPECT(is_symbol(bindery_error_symbol(i)));
		EXPECT(strcmp(bindery_error_symbol(i), "unknown"));
		for (int j = 0; j < i; j++)
			EXPECT(strcmp(bindery_error_symbol(i),
				      bindery_error_symbol(j)));
	}
}

TEST(T8_every_code_has_a_sentence_and_a_remedy)
{
	for (int i = 0; i <= LAST_ERROR; i++) {
		EXPECT(is_sentence(bindery_error_sentence(i)));
		EXPECT(is_sentence(bindery_error_remedy(i)));
		EXPECT(strcmp(bindery_error_sentence(i),
			      bindery_error_remedy(i)));
	}
}

TEST(codes_of_a_newer_kernel_are_unknown)
{
	EXPECT_TEXT(bindery_error_symbol(LAST_ERROR + 1), "unknown");
	EXPECT_TEXT(bindery_error_symbol(-1), "unknown");
	EXPECT(is_sentence(bindery_error_sentence(9999)));
	EXPECT(is_sentence(bindery_error_remedy(9999)));
	EXPECT_TEXT(bindery_step_symbol(BINDERY_STEP_RESTORE + 1), "unknown");
	EXPECT_TEXT(bindery_role_symbol(BINDERY_ROLE_ADDED + 1), "unknown");
	EXPECT_TEXT(bindery_group_state_symbol(BINDERY_GROUP_GONE + 1),
		    "unknown");
	EXPECT_TEXT(bindery_assignment_symbol(99), "unknown");
	EXPECT_TEXT(bindery_event_symbol(99), "unknown");
	EXPECT(!bindery_claim_flag_symbol(1U << 31));
	EXPECT_TEXT(bindery_action_symbol(99), "unknown");
	EXPECT_TEXT(bindery_error_class_symbol(99), "unknown");
	EXPECT_TEXT(bindery_rights_symbol(99), "unknown");
	EXPECT_TEXT(bindery_guard_kind_symbol(99), "unknown");
	EXPECT(!bindery_member_flag_symbol(1U << 31));
	EXPECT(!bindery_member_flag_symbol(0));
	EXPECT(!bindery_kernel_fact_symbol(1U << 31));
}

TEST(every_step_class_role_and_action_has_a_symbol)
{
	for (int i = 0; i <= BINDERY_STEP_RESTORE; i++) {
		EXPECT(is_symbol(bindery_step_symbol(i)));
		EXPECT(strcmp(bindery_step_symbol(i), "unknown"));
	}
	for (int i = 0; i <= BINDERY_ERROR_CLASS_HOST; i++)
		EXPECT(strcmp(bindery_error_class_symbol(i), "unknown"));
	for (int i = 0; i <= BINDERY_ROLE_ADDED; i++)
		EXPECT(strcmp(bindery_role_symbol(i), "unknown"));
	for (int i = 0; i <= BINDERY_ACTION_PARK; i++)
		EXPECT(strcmp(bindery_action_symbol(i), "unknown"));
	EXPECT_TEXT(bindery_role_symbol(BINDERY_ROLE_PREBOUND), "pre-bound");
}

TEST(every_state_flag_right_and_guard_has_a_symbol)
{
	for (int i = 0; i <= BINDERY_GROUP_GONE; i++)
		EXPECT(strcmp(bindery_group_state_symbol(i), "unknown"));
	for (uint32_t flag = 1; flag <= BINDERY_MEMBER_SEALED; flag <<= 1)
		EXPECT(is_symbol(bindery_member_flag_symbol(flag)));
	for (uint32_t flag = 1; flag <= BINDERY_CLAIM_CLOSED; flag <<= 1)
		EXPECT(is_symbol(bindery_claim_flag_symbol(flag)));
	for (uint32_t fact = 1; fact <= BINDERY_KERNEL_VFIO_CDEV; fact <<= 1)
		EXPECT(is_symbol(bindery_kernel_fact_symbol(fact)));
	EXPECT_TEXT(bindery_rights_symbol(BINDERY_RIGHTS_READ), "read");
	EXPECT_TEXT(bindery_rights_symbol(BINDERY_RIGHTS_FULL), "full");
	for (int i = BINDERY_GUARD_MOUNT; i <= BINDERY_GUARD_BOOT_VGA; i++)
		EXPECT(strcmp(bindery_guard_kind_symbol(i), "unknown"));
}

TEST(C7_every_assignment_and_event_has_a_symbol_of_its_own)
{
	for (int i = 0; i <= BINDERY_ASSIGNMENT_REMOVED; i++) {
		EXPECT(is_symbol(bindery_assignment_symbol(i)));
		EXPECT(strcmp(bindery_assignment_symbol(i), "unknown"));
	}
	for (int i = 0; i <= BINDERY_EVENT_DETACH_FAILED; i++) {
		EXPECT(is_symbol(bindery_event_symbol(i)));
		EXPECT(strcmp(bindery_event_symbol(i), "unknown"));
		for (int j = 0; j < i; j++)
			EXPECT(strcmp(bindery_event_symbol(i),
				      bindery_event_symbol(j)));
	}
}
