// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>

#include "cli.h"

/*
 * There was never such an event, and the next one is another. Where nothing is
 * as new as that, only a look at all tells what is the newest.
 */
static int check_since(const struct options *options,
		       const struct bindery_journal *journal)
{
	struct bindery_journal *all;
	uint64_t newest;
	int ret;

	if (!options->since || bindery_journal_get_count(journal))
		return 0;
	ret = bindery_journal_dump(0, &all);
	if (ret)
		return ret;
	newest = bindery_journal_get_newest(all);
	bindery_journal_free(all);
	return options->since > newest + 1 ? -ESTALE : 0;
}

/* What was asked for and is not there any more; told first. */
static int print_missing(const struct options *options,
			 const struct bindery_journal *journal)
{
	uint64_t oldest = bindery_journal_get_oldest(journal);

	if (!options->since || options->since >= oldest)
		return STATUS_DONE;
	event_print_lost(options, options->since, oldest - options->since);
	return STATUS_FAILED;
}

int run_log(struct options *options)
{
	struct bindery_journal *journal;
	struct bindery_context *context;
	size_t count, first = 0;
	int ret;

	ret = open_context(options, &context);
	if (ret)
		return ret;
	bindery_context_free(context);
	ret = bindery_journal_dump(options->since, &journal);
	if (ret)
		return event_report(options, -ret);
	ret = check_since(options, journal);
	if (ret) {
		bindery_journal_free(journal);
		return event_report(options, -ret);
	}
	ret = print_missing(options, journal);
	count = bindery_journal_get_count(journal);
	if (options->count && count > options->count)
		first = count - options->count;
	for (size_t i = first; i < count; i++)
		event_print(options, bindery_journal_get(journal, i));
	bindery_journal_free(journal);
	return ret;
}
