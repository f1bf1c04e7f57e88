// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A client of the broker, without any right: acquires a device through the
 * control file that it gets, and gives it back.
 *
 *	example-broker-client SOCKET DEVICE
 */
#include <bindery.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* The socket stays open: when it is closed, the broker takes all back. */
static int ask(const char *path, struct bindery_context **context)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int to, fd, ret;

	if (strlen(path) >= sizeof(address.sun_path))
		return -ENAMETOOLONG;
	strcpy(address.sun_path, path);
	to = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (to < 0 ||
	    connect(to, (struct sockaddr *)&address, sizeof(address)))
		return -errno;
	ret = bindery_fd_receive(to, &fd);
	return ret ? ret : bindery_context_new_from_fd(fd, context);
}

static int use(struct bindery_context *context, const char *device)
{
	struct bindery_request *request = NULL;
	struct bindery_reference reference = { 0 };
	struct bindery_claim *claim = NULL;
	int ret = bindery_bdf_parse(device, &reference.bdf);

	if (!ret)
		ret = bindery_request_new(&request);
	if (!ret)
		ret = bindery_request_add_device(request, &reference, NULL,
						 NULL);
	if (!ret)
		bindery_request_set_flags(request, BINDERY_ACQUIRE_COMPANIONS);
	if (!ret)
		ret = bindery_claim_acquire(context, request, &claim, NULL);
	if (!ret)
		ret = bindery_claim_release(claim, 0, 0, 0, NULL);
	bindery_claim_free(claim);
	bindery_request_free(request);
	return ret;
}

int main(int argc, char **argv)
{
	const struct bindery_error_record *record;
	struct bindery_context *context = NULL;
	int ret;

	if (argc != 3) {
		fputs("Usage: example-broker-client SOCKET DEVICE\n", stderr);
		return 2;
	}
	ret = ask(argv[1], &context);
	if (!ret)
		ret = use(context, argv[2]);
	record = context ? bindery_context_get_error(context) : NULL;
	if (record && bindery_error_record_get_code(record))
		puts(bindery_error_sentence(
			bindery_error_record_get_code(record)));
	else
		puts(ret ? strerror(-ret) : "acquired and released");
	bindery_context_free(context);
	return ret ? 1 : 0;
}
