// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "lib.h"

/* Claims that are open, so that a test that ended early holds none. */
static int claims[1024];
static unsigned int num_claims;
static pthread_mutex_t claims_mutex = PTHREAD_MUTEX_INITIALIZER;

int control_open(void)
{
	int fd = open("/dev/bindery", O_RDWR | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

int call(int fd, unsigned long number, void *argument)
{
	return ioctl(fd, number, argument) < 0 ? -errno : 0;
}

bool has_nodes(int control)
{
	struct bindery_ioc_info info = { .size = sizeof(info) };

	return !call(control, BINDERY_INFO, &info) &&
	       info.out_kernel & BINDERY_KERNEL_VFIO_CDEV;
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

/* What a device to adopt was before: the last one added to the request. */
void request_native(struct request *request, const char *driver,
		    const char *override)
{
	struct bindery_ioc_native *native =
		&request->natives[request->cmd.num_devices - 1];

	request->cmd.natives = address(request->natives);
	request->cmd.native_size = sizeof(*native);
	native->flags = BINDERY_NATIVE_RESTORE;
	snprintf(native->driver, sizeof(native->driver), "%s", driver);
	snprintf(native->override, sizeof(native->override), "%s", override);
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

/* The claim's file that a call that returned this gave, or its errno. */
static int judge_claim(int ret, int claim)
{
	if (ret) {
		if (claim == -1)
			return ret;
		note("the call failed, out_claim_fd is %d", claim);
		return -EPROTO;
	}
	if (!(fcntl(claim, F_GETFD) & FD_CLOEXEC)) {
		note("the claim is not close-on-exec");
		return -EPROTO;
	}
	pthread_mutex_lock(&claims_mutex);
	claims[num_claims++ % 1024] = claim;
	pthread_mutex_unlock(&claims_mutex);
	return claim;
}

/* The claim, or a negative errno. */
int acquire(int control, struct request *request)
{
	int ret = run_request(control, BINDERY_ACQUIRE, request);

	return judge_claim(ret, request->cmd.out_claim_fd);
}

/* As above, for a group that is on VFIO drivers. */
int adopt(int control, struct request *request)
{
	int ret = run_request(control, BINDERY_ADOPT, request);

	return judge_claim(ret, request->cmd.out_claim_fd);
}

int check(int control, struct request *request)
{
	int ret = run_request(control, BINDERY_CHECK, request);

	if (request->cmd.out_claim_fd == -1)
		return ret;
	note("CHECK's out_claim_fd is %d", request->cmd.out_claim_fd);
	return -EPROTO;
}

static void answer_init(struct answer *answer)
{
	memset(answer, 0, sizeof(*answer));
	prepare_error(&answer->error);
}

/* The fields that most calls have, under the same names. */
#define PREPARE(answer, cmd) do {					\
	answer_init(answer);						\
	(answer)->cmd.size = sizeof((answer)->cmd);			\
	(answer)->cmd.members = address((answer)->members);		\
	(answer)->cmd.member_size = sizeof((answer)->members[0]);	\
	(answer)->cmd.num_members = MAX_MEMBERS;			\
	(answer)->cmd.error = address(&(answer)->error);		\
} while (0)

#define RUN(fd, number, answer, cmd)					\
({									\
	int __ret = call(fd, number, &(answer)->cmd);			\
									\
	(answer)->num_members = (answer)->cmd.num_members;		\
	judge(__ret, &(answer)->error);					\
})

int show_device(int control, const struct bindery_ioc_device *device,
		struct answer *answer)
{
	PREPARE(answer, show);
	answer->show.device = address(device);
	answer->show.device_size = sizeof(*device);
	return RUN(control, BINDERY_SHOW, answer, show);
}

int show(int control, const char *bdf, struct answer *answer)
{
	struct bindery_ioc_device device = { .bdf = pci_address(bdf) };

	return show_device(control, &device, answer);
}

int status(int claim, struct answer *answer)
{
	PREPARE(answer, status);
	return RUN(claim, BINDERY_STATUS, answer, status);
}

/* A generation of 0 is any, a deadline of 0 the default. */
int release_with(int claim, struct answer *answer, uint32_t flags,
		 unsigned int ms, uint64_t generation)
{
	PREPARE(answer, release);
	answer->release.flags = flags;
	answer->release.deadline_ms = ms;
	answer->release.generation = generation;
	return RUN(claim, BINDERY_RELEASE, answer, release);
}

int release_within(int claim, struct answer *answer, unsigned int ms)
{
	return release_with(claim, answer, 0, ms, 0);
}

int release(int claim, struct answer *answer)
{
	return release_within(claim, answer, 0);
}

/* The second half of an ACQUIRE with RESERVE_ONLY. */
int bind_claim(int claim, struct answer *answer, uint32_t flags,
	       unsigned int ms)
{
	PREPARE(answer, bind);
	answer->bind.flags = flags;
	answer->bind.deadline_ms = ms;
	return RUN(claim, BINDERY_BIND, answer, bind);
}

/* By id, or with that NULL by one of its devices. */
int open_claim(int control, const uint8_t *id, const char *bdf,
	       struct answer *answer)
{
	struct bindery_ioc_device device = { .bdf = pci_address(bdf ?: "") };
	struct bindery_ioc_open_claim *cmd = &answer->opened;
	uint8_t wanted[BINDERY_ID_SIZE] = { 0 };
	int ret;

	/* which may come from an answer that was in the same place */
	if (id)
		memcpy(wanted, id, sizeof(wanted));
	answer_init(answer);
	memcpy(cmd->id, wanted, sizeof(wanted));
	cmd->size = sizeof(*cmd);
	cmd->out_claim_fd = 12345;
	cmd->error = address(&answer->error);
	if (bdf) {
		cmd->device = address(&device);
		cmd->device_size = sizeof(device);
	}
	ret = call(control, BINDERY_OPEN_CLAIM, cmd);
	return judge_claim(judge(ret, &answer->error), cmd->out_claim_fd);
}

/* The same, for what is to be recovered. */
int recover_with(int control, uint32_t operation, const uint8_t *id,
		 const char *bdf, struct answer *answer, uint32_t flags,
		 unsigned int ms)
{
	struct bindery_ioc_device device = { .bdf = pci_address(bdf ?: "") };
	struct bindery_ioc_recover *cmd = &answer->recover;
	uint8_t wanted[BINDERY_ID_SIZE] = { 0 };

	if (id)
		memcpy(wanted, id, sizeof(wanted));
	PREPARE(answer, recover);
	memcpy(cmd->id, wanted, sizeof(wanted));
	cmd->operation = operation;
	cmd->flags = flags;
	cmd->deadline_ms = ms;
	if (bdf) {
		cmd->device = address(&device);
		cmd->device_size = sizeof(device);
	}
	return RUN(control, BINDERY_RECOVER, answer, recover);
}

int recover(int control, uint32_t operation, const uint8_t *id,
	    const char *bdf, struct answer *answer)
{
	return recover_with(control, operation, id, bdf, answer, 0, 0);
}

int mark(int claim, const char *bdf, uint32_t event, uint64_t generation,
	 struct answer *answer)
{
	struct bindery_ioc_device device = { .bdf = pci_address(bdf) };
	struct bindery_ioc_mark *cmd = &answer->mark;
	int ret;

	answer_init(answer);
	cmd->size = sizeof(*cmd);
	cmd->device = address(&device);
	cmd->device_size = sizeof(device);
	cmd->event = event;
	cmd->generation = generation;
	cmd->error = address(&answer->error);
	ret = call(claim, BINDERY_MARK, cmd);
	return judge(ret, &answer->error);
}

int keep_told(int claim, uint32_t policy, struct answer *answer)
{
	struct bindery_ioc_keep *cmd = &answer->keep;
	int ret;

	answer_init(answer);
	cmd->size = sizeof(*cmd);
	cmd->policy = policy;
	cmd->error = address(&answer->error);
	ret = call(claim, BINDERY_KEEP, cmd);
	return judge(ret, &answer->error);
}

int keep(int claim, uint32_t policy)
{
	struct answer answer;

	return keep_told(claim, policy, &answer);
}

/* The claim's generation, which its RELEASE may give; 0: it has none. */
uint64_t claim_generation(int claim)
{
	struct answer answer;

	return status(claim, &answer) ? 0 : answer.status.out_generation;
}

/* What STATUS tells of a member; NULL: nothing. */
struct bindery_ioc_member *status_member(int claim, const char *bdf,
					 struct answer *answer)
{
	int ret = status(claim, answer);

	if (!ret)
		return member_of(answer->members, answer->num_members, bdf);
	note("STATUS returned %d", ret);
	return NULL;
}

void close_claim(int claim)
{
	pthread_mutex_lock(&claims_mutex);
	for (unsigned int i = 0; i < num_claims && i < 1024; i++)
		if (claims[i] == claim)
			claims[i] = -1;
	pthread_mutex_unlock(&claims_mutex);
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

bool group_is(int control, const char *bdf, int state)
{
	return group_state(control, bdf) == state;
}
