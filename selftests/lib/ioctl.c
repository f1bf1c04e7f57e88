// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "lib.h"

/* Claims that are open, so that a test that ended early holds none. */
static int claims[1024];
static unsigned int num_claims;

int control_open(void)
{
	int fd = open("/dev/bindery", O_RDWR | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

int call(int fd, unsigned long number, void *argument)
{
	return ioctl(fd, number, argument) < 0 ? -errno : 0;
}

/* Whatever a call returns, its error record has to say the same. */
static int judge(int ret, const struct bindery_ioc_error *error)
{
	static const struct bindery_ioc_error none = {
		.size = sizeof(none),
	};

	if (ret == -EINTR || ret == -ERANGE)
		return ret;
	if (!ret && memcmp(error, &none, sizeof(none))) {
		note("success with an error record: code %u", error->out_code);
		return -EPROTO;
	}
	if (ret && (!error->out_code || -error->out_errno != ret ||
		    !error->out_class)) {
		note("returned %d, record has code %u, class %u, errno %d", ret,
		     error->out_code, error->out_class, error->out_errno);
		return -EPROTO;
	}
	return ret;
}

static void prepare_error(struct bindery_ioc_error *error)
{
	memset(error, 0xff, sizeof(*error));
	error->size = sizeof(*error);
}

static uint64_t address(const void *pointer)
{
	return (uintptr_t)pointer;
}

/* Empty target: the default. */
void request_init(struct request *request, const char *target)
{
	struct bindery_ioc_acquire *cmd = &request->cmd;

	memset(request, 0, sizeof(*request));
	cmd->size = sizeof(*cmd);
	cmd->devices = address(request->devices);
	cmd->device_size = sizeof(request->devices[0]);
	cmd->members = address(request->members);
	cmd->num_members = MAX_MEMBERS;
	cmd->member_size = sizeof(request->members[0]);
	cmd->error = address(&request->error);
	snprintf(cmd->target, sizeof(cmd->target), "%s", target);
}

void request_add(struct request *request, const char *bdf)
{
	request->devices[request->cmd.num_devices++].bdf = pci_address(bdf);
}

void request_add_to(struct request *request, const char *bdf,
		    const char *target)
{
	struct bindery_ioc_device *device =
		&request->devices[request->cmd.num_devices];

	request_add(request, bdf);
	snprintf(device->target, sizeof(device->target), "%s", target);
}

void request_group(struct request *request, const struct group *group,
		   const char *target)
{
	request_init(request, target);
	for (unsigned int i = 0; i < group->num; i++)
		request_add(request, group->bdf[i]);
}

static int run_request(int control, unsigned long number,
		       struct request *request)
{
	request->cmd.num_members = request->cmd.members ? MAX_MEMBERS : 0;
	if (request->cmd.error)
		prepare_error(&request->error);
	request->cmd.out_claim_fd = 12345;
	if (!request->cmd.error)
		return call(control, number, &request->cmd);
	return judge(call(control, number, &request->cmd), &request->error);
}

/* The claim, or a negative errno. */
int acquire(int control, struct request *request)
{
	int ret = run_request(control, BINDERY_ACQUIRE, request);
	int claim = request->cmd.out_claim_fd;

	if (ret) {
		if (claim != -1) {
			note("ACQUIRE failed, out_claim_fd is %d", claim);
			return -EPROTO;
		}
		return ret;
	}
	if (!(fcntl(claim, F_GETFD) & FD_CLOEXEC)) {
		note("the claim is not close-on-exec");
		return -EPROTO;
	}
	claims[num_claims++ % 1024] = claim;
	return claim;
}

int check(int control, struct request *request)
{
	int ret = run_request(control, BINDERY_CHECK, request);

	if (request->cmd.out_claim_fd == -1)
		return ret;
	note("CHECK's out_claim_fd is %d", request->cmd.out_claim_fd);
	return -EPROTO;
}

int show(int control, const char *bdf, struct answer *answer)
{
	struct bindery_ioc_device device = { .bdf = pci_address(bdf) };
	int ret;

	memset(answer, 0, sizeof(*answer));
	prepare_error(&answer->error);
	answer->show.size = sizeof(answer->show);
	answer->show.device = address(&device);
	answer->show.device_size = sizeof(device);
	answer->show.members = address(answer->members);
	answer->show.member_size = sizeof(answer->members[0]);
	answer->show.num_members = MAX_MEMBERS;
	answer->show.error = address(&answer->error);
	ret = call(control, BINDERY_SHOW, &answer->show);
	answer->num_members = answer->show.num_members;
	return judge(ret, &answer->error);
}

int status(int claim, struct answer *answer)
{
	int ret;

	memset(answer, 0, sizeof(*answer));
	prepare_error(&answer->error);
	answer->status.size = sizeof(answer->status);
	answer->status.members = address(answer->members);
	answer->status.member_size = sizeof(answer->members[0]);
	answer->status.num_members = MAX_MEMBERS;
	answer->status.error = address(&answer->error);
	ret = call(claim, BINDERY_STATUS, &answer->status);
	answer->num_members = answer->status.num_members;
	return judge(ret, &answer->error);
}

int release_within(int claim, struct answer *answer, unsigned int ms)
{
	int ret;

	memset(answer, 0, sizeof(*answer));
	prepare_error(&answer->error);
	answer->release.size = sizeof(answer->release);
	answer->release.members = address(answer->members);
	answer->release.member_size = sizeof(answer->members[0]);
	answer->release.num_members = MAX_MEMBERS;
	answer->release.error = address(&answer->error);
	answer->release.deadline_ms = ms;
	ret = call(claim, BINDERY_RELEASE, &answer->release);
	answer->num_members = answer->release.num_members;
	return judge(ret, &answer->error);
}

int release(int claim, struct answer *answer)
{
	return release_within(claim, answer, 0);
}

void close_claim(int claim)
{
	for (unsigned int i = 0; i < num_claims && i < 1024; i++)
		if (claims[i] == claim)
			claims[i] = -1;
	close(claim);
}

/* All that are open; then wait until the device's group is at rest. */
int close_claims(int control, const char *bdf)
{
	int state;

	for (unsigned int i = 0; i < num_claims && i < 1024; i++)
		if (claims[i] >= 0)
			close(claims[i]);
	num_claims = 0;
	wait_until((state = group_state(control, bdf)) == BINDERY_GROUP_FREE ||
		   state == BINDERY_GROUP_DEGRADED || state < 0);
	return state;
}

int group_state(int control, const char *bdf)
{
	struct answer answer;
	int ret = show(control, bdf, &answer);

	return ret ? ret : (int)answer.show.out_state;
}

struct bindery_ioc_member *member_of(struct bindery_ioc_member *members,
				     unsigned int num, const char *bdf)
{
	char text[BDF_SIZE];

	for (unsigned int i = 0; i < num; i++) {
		pci_text(&members[i].out_device, text);
		if (members[i].out_flags & BINDERY_MEMBER_PCI &&
		    !strcmp(text, bdf))
			return &members[i];
	}
	note("%s is not among the members", bdf);
	return NULL;
}

static int differs(const char *where, const char *what, long expected,
		   long got)
{
	if (expected == got)
		return 0;
	note("%s: %s should be %ld, is %ld", where, what, expected, got);
	return 1;
}

static int text_differs(const char *where, const char *what,
			const char *expected, const char *got)
{
	if (!strcmp(expected, got))
		return 0;
	note("%s: %s should be '%s', is '%s'", where, what, expected, got);
	return 1;
}

/* One line of a plan; NULL: the member was not found. */
int member_compare(const struct bindery_ioc_member *member, uint32_t role,
		   uint32_t action, const char *driver, uint32_t blocker)
{
	const char *name;

	if (!member)
		return 1;
	name = member->out_name;
	return differs(name, "role", role, member->out_role) +
	       differs(name, "action", action, member->out_action) +
	       differs(name, "blocker", blocker, member->out_blocker) +
	       text_differs(name, "driver", driver, member->out_driver);
}

int error_compare(const struct bindery_ioc_error *error,
		  const struct expected *expected)
{
	bool has = error->out_flags & BINDERY_ERROR_HAS_DEVICE;
	const char *where = "error record";
	char bdf[BDF_SIZE] = "";
	int differences;

	if (has)
		pci_text(&error->out_device, bdf);
	differences = differs(where, "code", expected->code, error->out_code) +
		differs(where, "step", expected->step, error->out_step) +
		differs(where, "errno", expected->err, error->out_errno) +
		text_differs(where, "device", expected->bdf ?: "", bdf);
	if (expected->name)
		differences += text_differs(where, "name", expected->name,
					    error->out_name);
	return differences;
}
