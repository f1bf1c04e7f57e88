// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A broker: runs as root, listens at SOCKET, and gives each client of UID a
 * control file for the groups of these devices. Takes it back when the client
 * has gone, with all that was done by it: one client after the other. The VFIO
 * drivers have to be loaded, since a client can load none.
 *
 * When the broker ends, its client keeps what it has, until that closes it:
 * what was acquired is a file of the client's own.
 *
 *	example-broker SOCKET UID DEVICE...
 */
#define _GNU_SOURCE 1	/* who is at the other end of a socket */
#include <bindery.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define OPERATIONS	(BINDERY_OPERATION_SHOW | BINDERY_OPERATION_CHECK | \
			 BINDERY_OPERATION_ACQUIRE)

static int listen_at(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	struct stat old;
	int fd;

	if (strlen(path) >= sizeof(address.sun_path))
		return -ENAMETOOLONG;
	strcpy(address.sun_path, path);
	/* One that an earlier broker left; anything else is not ours. */
	if (!lstat(path, &old) && S_ISSOCK(old.st_mode))
		unlink(path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof(address)) ||
	    chmod(path, 0666) || listen(fd, 5))
		return -errno;
	return fd;
}

/* Digits and nothing else: what is no number must not become root's. */
static int parse_uid(const char *text, uid_t *uid)
{
	unsigned long number = strtoul(text, NULL, 10);

	if (!*text || text[strspn(text, "0123456789")] || number > UINT32_MAX)
		return -EINVAL;
	*uid = (uid_t)number;
	return 0;
}

/* The kernel says who it is, not the client. */
static bool is_welcome(int client, uid_t uid)
{
	struct ucred who;
	socklen_t size = sizeof(who);

	return !getsockopt(client, SOL_SOCKET, SO_PEERCRED, &who, &size) &&
	       who.uid == uid;
}

/* What it sends means nothing; that it closes its end does. */
static void wait_for_end(int client)
{
	char bytes[64];
	ssize_t got;

	do {
		got = read(client, bytes, sizeof(bytes));
	} while (got > 0 || (got < 0 && errno == EINTR));
}

static int serve(struct bindery_context *context,
		 const struct bindery_request *request, int client)
{
	struct bindery_id id;
	int fd, ret, revoked;

	ret = bindery_context_delegate(context, request, OPERATIONS, 1, 1, &fd,
				       &id);
	if (ret)
		return ret;
	ret = bindery_fd_send(client, fd);
	close(fd);
	if (!ret)
		wait_for_end(client);
	revoked = bindery_context_revoke(context, &id, -1,
					 BINDERY_REVOKE_RELEASE, 0, NULL);
	/* -ENOENT: the client closed it, and has no claim any more. */
	return revoked && revoked != -ENOENT ? revoked : ret;
}

static void report(int error, const struct bindery_context *context)
{
	const struct bindery_error_record *record;
	enum bindery_error code = BINDERY_ERROR_NONE;

	record = context ? bindery_context_get_error(context) : NULL;
	if (record)
		code = bindery_error_record_get_code(record);
	fprintf(stderr, "broker: %s\n", code ? bindery_error_sentence(code) :
		strerror(-error));
}

/* A client that fails is no reason to leave the others alone. */
static int serve_all(struct bindery_context *context,
		     const struct bindery_request *request, int listener,
		     uid_t uid)
{
	for (;;) {
		int client = accept(listener, NULL, NULL), ret = 0;

		if (client < 0 && errno != EINTR && errno != ECONNABORTED)
			return -errno;
		if (client < 0)
			continue;
		if (is_welcome(client, uid))
			ret = serve(context, request, client);
		if (ret)
			report(ret, context);
		close(client);
	}
}

static int make_request(char **devices, struct bindery_request **request)
{
	int ret = bindery_request_new(request);

	for (; !ret && *devices; devices++) {
		struct bindery_reference device = { 0 };

		ret = bindery_bdf_parse(*devices, &device.bdf);
		if (!ret)
			ret = bindery_request_add_device(*request, &device,
							 NULL, NULL);
	}
	if (!ret)
		bindery_request_set_label(*request, "broker");
	return ret;
}

int main(int argc, char **argv)
{
	struct bindery_context *context = NULL;
	struct bindery_request *request = NULL;
	int listener, ret;
	uid_t uid = 0;

	if (argc < 4) {
		fputs("Usage: example-broker SOCKET UID DEVICE...\n", stderr);
		return 2;
	}
	ret = parse_uid(argv[2], &uid);
	if (!ret)
		ret = make_request(argv + 3, &request);
	if (!ret)
		ret = bindery_context_new(&context);
	if (!ret) {
		listener = listen_at(argv[1]);
		ret = listener < 0 ? listener : serve_all(context, request,
							  listener, uid);
	}
	report(ret, context);
	bindery_request_free(request);
	bindery_context_free(context);
	return 1;
}
