// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Events in order and without gaps: those that the socket lost are had from
 * the journal, and those that it does not have any more are told as lost.
 */
#include <errno.h>
#include <stdlib.h>

#include <netlink/socket.h>

#include "netlink.h"

struct bindery_monitor {
	struct nl_sock *socket;
	int family;
	uint64_t next;			/* the event that has to come */
	bool behind;			/* the journal has to be asked */
	bool overflowed;		/* that, once the socket is empty */
	struct bindery_event_record *first;
	struct bindery_event_record **last;	/* where the next one goes */
};

static int append(struct bindery_monitor *monitor,
		  const struct netlink_message *message, uint64_t num_lost)
{
	struct bindery_event_record *record = calloc(1, sizeof(*record));

	if (!record)
		return -ENOMEM;
	if (!message) {
		record->message.seq = monitor->next;
		record->num_lost = num_lost;
	} else {
		record->message = *message;
	}
	record->message.groups = NULL;
	*monitor->last = record;
	monitor->last = &record->next;
	monitor->next += num_lost ? num_lost : 1;
	return 0;
}

static bool take(struct bindery_monitor *monitor,
		 struct bindery_event_record **record)
{
	struct bindery_event_record *first = monitor->first;

	if (!first)
		return false;
	monitor->first = first->next;
	if (!monitor->first)
		monitor->last = &monitor->first;
	first->next = NULL;
	*record = first;
	return true;
}

/* The journal is complete: what is not in it is gone for good. */
static int on_journal(const struct netlink_message *message, void *argument)
{
	struct bindery_monitor *monitor = argument;
	int ret = 0;

	if (message->seq > monitor->next)
		ret = append(monitor, NULL, message->seq - monitor->next);
	if (!ret && message->seq == monitor->next)
		ret = append(monitor, message, 0);
	/* So that an answer was seen, also if it told nothing new. */
	monitor->behind = false;
	return ret;
}

/*
 * Asks for one event that is known too: if not even that one is there, the
 * numbers have begun anew.
 */
static int catch_up(struct bindery_monitor *monitor)
{
	uint64_t since = monitor->next > 1 ? monitor->next - 1 : 1;
	struct netlink_filter filter = {
		.attribute = BINDERY_A_SEQ,
		.size = sizeof(since),
		.data = &since,
	};
	int ret;

	ret = netlink_dump(BINDERY_CMD_JOURNAL_GET, &filter, on_journal,
			   monitor);
	if (ret == -ENOENT || (!ret && monitor->behind))
		return -ENODEV;
	/* It moved on meanwhile, which the numbers tell too. */
	if (ret == -EAGAIN)
		ret = 0;
	monitor->behind = ret;
	if (!ret)
		monitor->overflowed = false;
	return ret;
}

static int on_event(const struct netlink_message *message, void *argument)
{
	struct bindery_monitor *monitor = argument;

	if (message->seq < monitor->next)
		return 0;
	/* A message that finds no memory is in the journal too. */
	if (message->seq > monitor->next || append(monitor, message, 0))
		monitor->behind = true;
	return 0;
}

/*
 * A socket that overflowed still has what came before that, which the journal
 * may have no more.
 */
static int receive(struct bindery_monitor *monitor)
{
	int ret = netlink_receive(monitor->socket, monitor->family, on_event,
				  monitor);

	if (ret == -ENOBUFS) {
		monitor->overflowed = true;
		return 0;
	}
	if (ret == -EAGAIN && monitor->overflowed) {
		monitor->behind = true;
		return 0;
	}
	return ret;
}

int bindery_monitor_next(struct bindery_monitor *monitor,
			 struct bindery_event_record **record)
{
	int ret;

	while (!take(monitor, record)) {
		ret = monitor->behind ? catch_up(monitor) : receive(monitor);
		if (ret)
			return ret;
	}
	return 0;
}

static int on_newest(const struct netlink_message *message, void *argument)
{
	struct bindery_monitor *monitor = argument;

	monitor->next = message->newest + 1;
	return 0;
}

/* Whatever comes from now on is in the socket: where does that begin? */
static int find_next(struct bindery_monitor *monitor)
{
	const struct netlink_filter all = { 0 };
	int ret;

	/* Numbers begin with 1, and nothing is lost of an empty journal. */
	monitor->next = 1;
	ret = netlink_dump(BINDERY_CMD_JOURNAL_GET, &all, on_newest, monitor);
	return ret == -EAGAIN ? 0 : ret;
}

static int begin(struct bindery_monitor *monitor, uint64_t since)
{
	int ret;

	if (!since)
		return find_next(monitor);
	monitor->next = since;
	monitor->behind = true;
	ret = catch_up(monitor);
	return ret == -ENODEV ? -ESTALE : ret;
}

int bindery_monitor_new(uint64_t since, struct bindery_monitor **monitor)
{
	struct bindery_monitor *new = calloc(1, sizeof(*new));
	int ret;

	if (!new)
		return -ENOMEM;
	new->last = &new->first;
	ret = netlink_subscribe(&new->socket, &new->family);
	if (!ret)
		ret = begin(new, since);
	if (ret)
		bindery_monitor_free(new);
	else
		*monitor = new;
	return ret;
}

void bindery_monitor_free(struct bindery_monitor *monitor)
{
	struct bindery_event_record *record;

	if (!monitor)
		return;
	while (take(monitor, &record))
		bindery_event_record_free(record);
	nl_socket_free(monitor->socket);
	free(monitor);
}

int bindery_monitor_get_fd(const struct bindery_monitor *monitor)
{
	return nl_socket_get_fd(monitor->socket);
}

uint64_t bindery_monitor_get_next(const struct bindery_monitor *monitor)
{
	return monitor->first ? monitor->first->message.seq : monitor->next;
}
