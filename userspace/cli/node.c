// SPDX-License-Identifier: GPL-2.0-or-later
/* --owner and --mode: who may open the nodes of what was acquired. */
#include <errno.h>
#include <grp.h>
#include <poll.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"

#define LOOK_AGAIN_MS	100

static bool parse_id(const char *text, unsigned int *id)
{
	unsigned long value;
	char *end;

	if (*text < '0' || *text > '9')
		return false;
	value = strtoul(text, &end, 10);
	*id = (unsigned int)value;
	return !*end && value < UINT32_MAX;
}

static bool parse_user(const char *text, uid_t *owner)
{
	const struct passwd *user = getpwnam(text);

	if (!user)
		return parse_id(text, owner);
	*owner = user->pw_uid;
	return true;
}

static bool parse_group(const char *text, gid_t *owner)
{
	const struct group *group = getgrnam(text);

	if (!group)
		return parse_id(text, owner);
	*owner = group->gr_gid;
	return true;
}

/* USER, USER:GROUP or :GROUP */
bool node_parse_owner(const char *text, uid_t *owner, gid_t *group)
{
	char *user = strdup(text), *colon;
	bool valid = *text;

	if (!user)
		abort();
	colon = strchr(user, ':');
	if (colon)
		*colon++ = '\0';
	if (*user)
		valid &= parse_user(user, owner);
	if (colon)
		valid &= parse_group(colon, group);
	free(user);
	return valid;
}

/* As chmod(1) takes it in digits; what is no permission makes no sense here. */
bool node_parse_mode(const char *text, mode_t *mode)
{
	unsigned long value;
	char *end;

	value = strtoul(text, &end, 8);
	*mode = (mode_t)value;
	return *text >= '0' && *text <= '7' && !*end && value <= 0777;
}

static bool is_wanted(const struct options *options)
{
	return options_given(options, OPTION_OWNER) ||
	       options_given(options, OPTION_MODE);
}

int nodes_watch(struct transaction *transaction)
{
	int ret;

	if (!is_wanted(transaction->options))
		return STATUS_DONE;
	ret = bindery_nodes_watch(transaction->host, &transaction->nodes);
	return ret ? report_failure(transaction->options, -ret,
				    "events of device nodes") : STATUS_DONE;
}

static int settle(const struct transaction *transaction,
		  const struct bindery_members *members)
{
	uint32_t deadline_ms = transaction->options->deadline_ms;
	int64_t end = clock_ms() + (deadline_ms ? deadline_ms :
				    BINDERY_DEADLINE_DEFAULT_MS);
	struct pollfd file = {
		.fd = bindery_nodes_get_fd(transaction->nodes),
		.events = POLLIN,
	};
	int ret;

	do {
		ret = bindery_nodes_settle(transaction->nodes, members);
		if (ret != -EAGAIN)
			return ret;
		poll(&file, 1, LOOK_AGAIN_MS);
	} while (clock_ms() < end);
	return -ETIMEDOUT;
}

static int set_rights(const struct transaction *transaction,
		      const struct bindery_members *members)
{
	const struct options *options = transaction->options;
	int ret = settle(transaction, members);

	if (ret)
		return report_failure(options, -ret,
				      "udev has not finished with the device nodes");
	ret = bindery_nodes_set_rights(transaction->nodes, members,
				       options->owner, options->group,
				       options->mode);
	return ret ? report_failure(options, -ret, "rights of device nodes") :
		     STATUS_DONE;
}

/* Success means that whoever was meant can open them. */
int nodes_finish(const struct transaction *transaction,
		 const struct bindery_members *members)
{
	return transaction->nodes ? set_rights(transaction, members) :
				    STATUS_DONE;
}
