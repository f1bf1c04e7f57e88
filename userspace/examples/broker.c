// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A broker: runs as root, listens at SOCKET, and gives each client of UID a
 * control file for the groups of these devices. Takes it back when the client
 * has gone.
 *
 *	example-broker SOCKET UID DEVICE...
 */
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
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	unlink(path);
	if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof(address)) ||
	    chmod(path, 0666) || listen(fd, 5))
		return -errno;
	return fd;
}

/* The kernel says who it is, not the client. */
static int is_welcome(int client, uid_t uid)
{
	struct ucred who;
	socklen_t size = sizeof(who);

	return !getsockopt(client, SOL_SOCKET, SO_PEERCRED, &who, &size) &&
	       who.uid == uid;
}

/* Until it closes its end. */
static int serve(struct bindery_context *context,
		 const struct bindery_request *request, int client)
{
	struct bindery_id id;
	char byte;
	int fd, ret;

	ret = bindery_context_delegate(context, request, OPERATIONS, 1, 1, &fd,
				       &id);
	if (ret)
		return ret;
	ret = bindery_fd_send(client, fd);
	close(fd);
	while (!ret && read(client, &byte, 1) > 0)
		;
	return bindery_context_revoke(context, &id, -1, BINDERY_REVOKE_RELEASE,
				      0, NULL) ?: ret;
}

static int serve_all(struct bindery_context *context,
		     const struct bindery_request *request, int listener,
		     uid_t uid)
{
	int ret = 0;

	while (ret != -EBADF) {
		int client = accept(listener, NULL, NULL);

		if (client < 0)
			return -errno;
		ret = is_welcome(client, uid) ?
			serve(context, request, client) : 0;
		if (ret)
			fprintf(stderr, "broker: %s\n", strerror(-ret));
		close(client);
	}
	return ret;
}

int main(int argc, char **argv)
{
	struct bindery_context *context = NULL;
	struct bindery_request *request = NULL;
	int listener = -EINVAL, ret;

	ret = argc > 3 ? bindery_context_new(&context) : -EINVAL;
	if (!ret)
		ret = bindery_request_new(&request);
	for (int i = 3; !ret && i < argc; i++) {
		struct bindery_reference device = { 0 };

		ret = bindery_bdf_parse(argv[i], &device.bdf);
		if (!ret)
			ret = bindery_request_add_device(request, &device, NULL,
							 NULL);
	}
	if (!ret) {
		bindery_request_set_label(request, "broker");
		listener = listen_at(argv[1]);
		ret = listener < 0 ? listener : 0;
	}
	if (!ret)
		ret = serve_all(context, request, listener,
				(uid_t)strtoul(argv[2], NULL, 10));
	fprintf(stderr, "broker: %s\n", strerror(-ret));
	bindery_request_free(request);
	bindery_context_free(context);
	return 1;
}
