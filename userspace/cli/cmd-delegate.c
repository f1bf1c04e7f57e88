// SPDX-License-Identifier: GPL-2.0-or-later
/* Rights on some groups, for a command or for whoever listens at a socket. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "cli.h"

#define SOCKET_ROOM	sizeof(((struct sockaddr_un *)NULL)->sun_path)
#define OPERATIONS_ALL	((BINDERY_OPERATION_OPEN_CLAIM << 1) - 1U)

bool operations_parse(const char *text, uint32_t *operations)
{
	char symbol[16];

	*operations = 0;
	do {
		size_t length = strcspn(text, ",");
		uint32_t bit = 1;

		snprintf(symbol, sizeof(symbol), "%.*s", (int)length, text);
		while (bit & OPERATIONS_ALL &&
		       strcmp(bindery_operation_symbol(bit), symbol))
			bit <<= 1;
		if (!(bit & OPERATIONS_ALL) || length >= sizeof(symbol))
			return false;
		*operations |= bit;
		text += length;
	} while (*text++);
	return true;
}

static int make_request(const struct options *options,
			struct bindery_request **request)
{
	struct argument argument;
	int ret = bindery_request_new(request);
	int status = STATUS_DONE;

	if (ret)
		return report_failure(options, -ret, "no request");
	for (int i = 0; !status && i < options->num_arguments; i++) {
		status = argument_parse(options, options->arguments[i],
					&argument);
		if (status)
			break;
		ret = bindery_request_add_device(*request, &argument.device,
						 NULL, NULL);
		if (ret)
			status = report_failure(options, -ret, "no request");
	}
	bindery_request_set_label(*request, options->label);
	if (status)
		bindery_request_free(*request);
	return status;
}

static int delegate(const struct options *options, int *fd,
		    struct bindery_id *id)
{
	struct json_object *document;
	struct bindery_context *context;
	struct bindery_request *request;
	int status = make_request(options, &request), ret;

	if (status)
		return status;
	status = open_context(options, &context);
	if (status) {
		bindery_request_free(request);
		return status;
	}
	ret = bindery_context_delegate(context, request, options->operations,
				       options->max_claims,
				       options->max_transactions, fd, id);
	document = json_object_new_object();
	if (ret) {
		report_request(options, request, document,
			       bindery_context_get_error(context), NULL);
		status = STATUS_FAILED;
	} else {
		put_id(document, "delegation", *id);
	}
	document_print(options, document);
	/* Of a delegation whose id was not told nobody could be rid. */
	if (!status && output_has_failed(options->out)) {
		close(*fd);
		status = STATUS_FAILED;
	}
	bindery_context_free(context);
	bindery_request_free(request);
	return status;
}

static int hand_over(const struct options *options, int fd)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int to, ret = 0;

	snprintf(address.sun_path, sizeof(address.sun_path), "%s",
		 options->socket);
	to = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (to < 0)
		return report_failure(options, errno, "no socket");
	if (connect(to, (struct sockaddr *)&address, sizeof(address)))
		ret = errno;
	else
		ret = -bindery_fd_send(to, fd);
	close(to);
	return ret ? report_failure(options, ret, options->socket) : 0;
}

/* It becomes the command: nobody has to stay for the delegation to last. */
static int become(char **command, int fd, const struct bindery_id *id)
{
	char number[16], text[BINDERY_ID_TEXT_SIZE];

	snprintf(number, sizeof(number), "%d", fd);
	bindery_id_format(id, text);
	if (fcntl(fd, F_SETFD, 0) || setenv("BINDERY_CONTROL_FD", number, 1) ||
	    setenv("BINDERY_DELEGATION_ID", text, 1)) {
		perror("bindery: environment");
		return STATUS_EXEC_FAILED;
	}
	return command_execute(command);
}

int run_delegate(struct options *options)
{
	bool has_command = options->command && *options->command;
	struct bindery_id id;
	int fd, status;

	if (!has_command && !options->socket)
		return usage_error(options->verb, "there is no -- COMMAND and no --socket");
	if (options->socket && strlen(options->socket) >= SOCKET_ROOM)
		return usage_error(options->verb, "the path of a socket has at most %zu bytes",
				   SOCKET_ROOM - 1);
	if (!options->operations)
		options->operations = OPERATIONS_ALL;
	/* Standard output is the command's. */
	if (has_command)
		options->out = stderr;
	status = delegate(options, &fd, &id);
	if (status)
		return STATUS_EXEC_FAILED;
	if (options->socket)
		status = hand_over(options, fd);
	if (status)
		status = STATUS_EXEC_FAILED;
	else if (has_command)
		status = become(options->command, fd, &id);
	close(fd);
	return status;
}

/* It is revoked before calls that run are waited for. */
static bool is_revoked(int ret, const struct bindery_error_record *record)
{
	return !ret || bindery_error_record_get_code(record) ==
		       BINDERY_ERROR_DEADLINE;
}

static int revoke_one(const struct options *options,
		      struct bindery_context *context, const char *text)
{
	const struct bindery_error_record *record;
	struct json_object *document;
	struct bindery_id id;
	uint32_t num_claims;
	int ret;

	bindery_id_parse(text, &id);
	/* The kernel takes all zeros for no id. */
	if (!bindery_id_is_set(&id))
		return report_code(options, text, BINDERY_ERROR_NO_DELEGATION,
				   BINDERY_STEP_REQUEST, ENOENT);
	ret = bindery_context_revoke(context, &id, -1,
				     options_given(options, OPTION_END_CLAIMS) ?
				     BINDERY_REVOKE_RELEASE : 0,
				     options->deadline_ms, &num_claims);
	document = json_object_new_object();
	put_id(document, "delegation", id);
	record = bindery_context_get_error(context);
	put_bool(document, "revoked", is_revoked(ret, record));
	json_object_object_add(document, "claims", NULL);
	if (!ret)
		put_number(document, "claims", num_claims);
	if (ret && is_revoked(ret, record))
		report_own(document, text,
			   bindery_error_symbol(BINDERY_ERROR_DEADLINE),
			   ETIMEDOUT,
			   "it is revoked, but calls of it that run had not ended by the deadline",
			   "revoke it again to wait for them");
	else if (ret)
		report_record(document, record, NULL);
	document_print(options, document);
	return ret ? STATUS_FAILED : STATUS_DONE;
}

/* All of them, before any is taken back. */
static int check_ids(const struct options *options)
{
	struct bindery_id id;

	for (int i = 0; i < options->num_arguments; i++)
		if (bindery_id_parse(options->arguments[i], &id))
			return usage_error(options->verb, "'%s' is no id of a delegation",
					   options->arguments[i]);
	return STATUS_DONE;
}

int run_revoke(struct options *options)
{
	struct bindery_context *context;
	int status = check_ids(options), ret;

	if (!status)
		status = open_context(options, &context);
	if (status)
		return status;
	for (int i = 0; i < options->num_arguments; i++) {
		ret = revoke_one(options, context, options->arguments[i]);
		if (status < ret)
			status = ret;
	}
	bindery_context_free(context);
	return status;
}
