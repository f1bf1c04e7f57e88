// SPDX-License-Identifier: GPL-2.0-or-later
/* A module that has nothing to tell yet. */
#include "internal.h"
#include "netmock.h"
#include "tap.h"

TEST(W4_after_an_empty_journal_the_first_event_is_not_a_loss)
{
	struct bindery_event_record *record = NULL;
	struct bindery_monitor *monitor;

	netmock_reset();
	netmock.has_family = true;
	EXPECT_INT(bindery_monitor_new(0, &monitor), 0);
	EXPECT_INT(bindery_monitor_get_next(monitor), 1);
	netmock_happen(1, BINDERY_EVENT_TYPE_CLAIM);
	EXPECT_INT(bindery_monitor_next(monitor, &record), 0);
	if (record) {
		EXPECT_INT(bindery_event_record_get_sequence(record), 1);
		EXPECT_INT(bindery_event_record_get_num_lost(record), 0);
	}
	bindery_event_record_free(record);
	bindery_monitor_free(monitor);
}
