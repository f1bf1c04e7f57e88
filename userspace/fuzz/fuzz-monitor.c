// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What a monitor hears: parts, each of a byte that says where it comes from,
 * one for its size, and as many bytes of attributes.
 */
#include <errno.h>

#include "fuzz.h"
#include "netlink.h"
#include "../tests/netmock.h"

#define PARTS	12

static void add(enum bindery_cmd queue, const uint8_t *attributes, size_t size)
{
	HOLDS(!nlmsg_append(netmock_add(queue), (void *)attributes, size,
			    NLMSG_ALIGNTO));
}

static void feed(const uint8_t *data, size_t size)
{
	for (int i = 0; i < PARTS && size >= 2; i++) {
		size_t length = data[1];

		if (length > size - 2)
			length = size - 2;
		/* Most of what is told is in the journal too. */
		if (data[0] & 3)
			add(BINDERY_CMD_JOURNAL_GET, data + 2, length);
		if (data[0] & 1)
			add(BINDERY_CMD_EVENT, data + 2, length);
		if (data[0] & 4)
			netmock_overflow();
		if (data[0] & 8)
			netmock_unload();
		data += 2 + length;
		size -= 2 + length;
	}
}

/* Numbers go on without a gap, whatever was lost, until there is an end. */
static void hear(struct bindery_monitor *monitor)
{
	uint64_t next = bindery_monitor_get_next(monitor);
	struct bindery_event_record *record;
	int ret;

	while (!(ret = bindery_monitor_next(monitor, &record))) {
		uint64_t lost = bindery_event_record_get_num_lost(record);

		HOLDS(bindery_event_record_get_sequence(record) == next);
		HOLDS(!lost || bindery_event_record_get_type(record) ==
			       BINDERY_EVENT_TYPE_LOST);
		next += lost ? lost : 1;
		bindery_event_record_free(record);
	}
	HOLDS(ret == -EAGAIN || ret == -ENODEV || ret == -EPROTO ||
	      ret == -ENOENT || ret == -EIO);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bindery_monitor *monitor = NULL;
	int ret;

	if (!size)
		return 0;
	netmock_reset();
	netmock.has_family = true;
	ret = bindery_monitor_new(data[0], &monitor);
	/* Nothing has happened yet: there is nothing to begin again with. */
	HOLDS(ret == (data[0] ? -ESTALE : 0));
	HOLDS(!ret == !!monitor);
	if (ret && bindery_monitor_new(0, &monitor))
		return 0;
	feed(data + 1, size - 1);
	hear(monitor);
	bindery_monitor_free(monitor);
	return 0;
}
