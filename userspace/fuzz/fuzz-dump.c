// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What a dump answers: a number that says what was asked for, then messages,
 * headers and all.
 */
#include <string.h>

#include "fuzz.h"
#include "netlink.h"
#include "../tests/netmock.h"

/* Anything, that has to be as it was after a failure. */
#define UNTOUCHED ((void *)&netmock)

static void check_claims(void)
{
	struct bindery_claims *claims = UNTOUCHED;
	size_t count, groups;

	if (bindery_claims_dump(NULL, &claims)) {
		HOLDS(claims == UNTOUCHED);
		return;
	}
	count = bindery_claims_get_count(claims);
	for (size_t i = 0; i < count; i++) {
		const struct bindery_status *claim;
		const uint32_t *list;

		claim = bindery_claims_get(claims, i);
		HOLDS(strlen(bindery_status_get_label(claim)) <
		      BINDERY_LABEL_SIZE);
		HOLDS(strlen(bindery_status_get_holder_comm(claim)) <
		      BINDERY_COMM_SIZE);
		list = bindery_status_get_groups(claim, &groups);
		HOLDS(!groups || list);
		HOLDS(!bindery_members_get_count(
				bindery_status_get_members(claim)));
	}
	HOLDS(!bindery_claims_get(claims, count));
	bindery_claims_free(claims);
}

static void check_groups(void)
{
	struct bindery_groups *groups = UNTOUCHED;
	size_t count;

	if (bindery_groups_dump(&groups)) {
		HOLDS(groups == UNTOUCHED);
		return;
	}
	count = bindery_groups_get_count(groups);
	for (size_t i = 0; i < count; i++) {
		const struct bindery_group *group = bindery_groups_get(groups, i);

		HOLDS(strlen(bindery_group_get_holder_label(group)) <
		      BINDERY_LABEL_SIZE);
		HOLDS(strlen(bindery_group_get_holder_comm(group)) <
		      BINDERY_COMM_SIZE);
	}
	HOLDS(!bindery_groups_get(groups, count));
	bindery_groups_free(groups);
}

static void check_member(const struct bindery_member *member)
{
	HOLDS(strlen(bindery_member_get_name(member)) < BINDERY_NAME_SIZE);
	HOLDS(strlen(bindery_member_get_driver(member)) < BINDERY_NAME_SIZE);
	HOLDS(strlen(bindery_member_get_override(member)) < BINDERY_NAME_SIZE);
	HOLDS(strlen(bindery_member_get_target(member)) < BINDERY_NAME_SIZE);
	HOLDS(strlen(bindery_member_get_native_driver(member)) <
	      BINDERY_NAME_SIZE);
	HOLDS(strlen(bindery_member_get_native_override(member)) <
	      BINDERY_NAME_SIZE);
}

static void check_members(void)
{
	struct bindery_members *members = UNTOUCHED;

	if (bindery_members_dump(NULL, &members)) {
		HOLDS(members == UNTOUCHED);
		return;
	}
	for (size_t i = 0; i < bindery_members_get_count(members); i++)
		check_member(bindery_members_get(members, i));
	bindery_members_free(members);
}

static void check_journal(void)
{
	struct bindery_journal *journal = UNTOUCHED;
	size_t count;

	if (bindery_journal_dump(0, &journal)) {
		HOLDS(journal == UNTOUCHED);
		return;
	}
	count = bindery_journal_get_count(journal);
	for (size_t i = 0; i < count; i++)
		HOLDS(bindery_journal_get(journal, i));
	HOLDS(!bindery_journal_get(journal, count));
	bindery_journal_free(journal);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static void (*const checks[])(void) = {
		check_claims, check_groups, check_members, check_journal,
	};

	if (!size || size > 65536)
		return 0;
	netmock_reset();
	netmock.has_family = true;
	netmock.raw = data + 1;
	netmock.raw_size = size - 1;
	checks[data[0] % ARRAY_SIZE(checks)]();
	return 0;
}
