// SPDX-License-Identifier: GPL-2.0-only
/*
 * The broker and its client that are examples of the library, run as they are
 * meant to be, and somebody else in the client's place.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "kselftest_harness.h"
#include "delegation.h"
#include "tool.h"

#define BROKER	"./example-broker"
#define CLIENT	"./example-broker-client"
#define SOCKET	"/tmp/bindery-broker"
#define NOBODY	"65534"

#define OPERATIONS	(BINDERY_OPERATION_SHOW | BINDERY_OPERATION_CHECK | \
			 BINDERY_OPERATION_ACQUIRE)

FIXTURE(broker) {
	struct delegation dg;
	struct run broker, run;
	struct child owner;
};

FIXTURE_SETUP(broker)
{
	int ret;

	if (access(BROKER, X_OK) || access(CLIENT, X_OK) || RUN("--version"))
		SKIP(return, "no example here, or no tool in the path");
	ret = delegation_begin(&self->dg);
	if (ret == -ENODEV)
		SKIP(return, "not two groups of devices on " TEST_NATIVE);
	ASSERT_EQ(0, ret);
	ASSERT_EQ(0, module_load("vfio_pci"));
}

/* Minus the signal that ended it. */
static int broker_end(struct run *broker)
{
	if (!broker->pid)
		return -SIGKILL;
	kill(broker->pid, SIGKILL);
	return run_end(broker);
}

FIXTURE_TEARDOWN(broker)
{
	EXPECT_EQ(-SIGKILL, broker_end(&self->broker));
	EXPECT_EQ(0, delegation_end(&self->dg));
	unlink(SOCKET);
}

static int try_broker(struct run *run, char *path, char *uid, char *device)
{
	return run_whole(run, NULL, (char *[]) { BROKER, path, uid, device,
						 NULL });
}

/* Until there is one that listens. */
static int knock(void)
{
	struct sockaddr_un address = { AF_UNIX, SOCKET };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (!wait_until(!connect(fd, (struct sockaddr *)&address,
				 sizeof(address))))
		return -ECONNREFUSED;
	return fd;
}

static int broker_begin(struct run *broker, char *device)
{
	char *arguments[] = { BROKER, SOCKET, NOBODY, device, NULL };
	int ret = run_start(broker, NULL, arguments);
	int fd = ret ?: knock();

	if (fd < 0)
		return fd;
	close(fd);
	return 0;
}

static int client(struct run *run, int (*become)(void), char *device)
{
	return run_whole(run, become, (char *[]) { CLIENT, SOCKET, device,
						   NULL });
}

TEST_F(broker, G4_a_client_without_rights_acquires_and_releases)
{
	struct delegation *dg = &self->dg;

	ASSERT_EQ(0, broker_begin(&self->broker, dg->first));
	for (int i = 0; i < 2; i++) {
		EXPECT_EQ(0, client(&self->run, become_nobody, dg->first));
		EXPECT_TRUE(OUT_HAS("acquired and released"));
	}
	EXPECT_EQ(1, client(&self->run, become_nobody, dg->foreign));
	EXPECT_TRUE(OUT_HAS("was not delegated to this control file"));
	EXPECT_STREQ("", err_now(&self->broker));
}

TEST_F(broker, G4_a_client_has_no_module_loaded)
{
	struct delegation *dg = &self->dg;

	ASSERT_EQ(0, module_unload("vfio_pci"));
	ASSERT_EQ(0, broker_begin(&self->broker, dg->first));
	EXPECT_EQ(1, client(&self->run, become_nobody, dg->first));
	EXPECT_TRUE(OUT_HAS("the target driver is not loaded"));
	EXPECT_FALSE(module_is_loaded("vfio_pci"));
}

TEST_F(broker, G4_only_its_own_user_is_served)
{
	struct delegation *dg = &self->dg;

	ASSERT_EQ(0, broker_begin(&self->broker, dg->first));
	EXPECT_EQ(1, client(&self->run, NULL, dg->first));
	EXPECT_TRUE(OUT_HAS(strerror(EPIPE)));
	EXPECT_EQ(0, client(&self->run, become_nobody, dg->first));
}

/* What an owner has: it tells when it has it, and does not end by itself. */
struct owning {
	struct visit visit;
	int claim;
};

static int own(int socket, void *arg)
{
	struct owning *owning = arg;
	int broker;

	if (become_nobody())
		return 99;
	broker = knock();
	owning->visit.file = receive_fd(broker);
	if (owning->visit.file < 0)
		return 98;
	owning->claim = acquire(owning->visit.file, owning->visit.request);
	if (owning->claim < 0 || send_fd(socket, owning->visit.file) ||
	    send_fd(socket, owning->claim))
		return 97;
	pause();
	return 96;
}

static int own_in_child(FIXTURE_DATA(broker) *self)
{
	struct owning owning = { .visit = { .request = &self->dg.request } };

	if (child_start(&self->owner, own, &owning))
		return -1;
	self->dg.file = receive_fd(self->owner.socket);
	self->dg.claim = receive_fd(self->owner.socket);
	return self->dg.claim < 0 ? self->dg.claim : 0;
}

static int use_received(int socket, void *arg)
{
	struct visit *visit = arg;
	int broker;

	(void)socket;
	if (visit->become())
		return 99;
	broker = knock();
	visit->file = receive_fd(broker);
	return visit->file < 0 ? 98 : all_calls(visit);
}

TEST_F(broker, G4_what_it_hands_over_does_what_is_on_its_list_and_no_more)
{
	struct delegation *dg = &self->dg;
	struct visit visit = { .become = become_nobody, .bdf = dg->first,
			       .request = &dg->request,
			       .operations = OPERATIONS,
			       .code = BINDERY_ERROR_OPERATION };

	ASSERT_EQ(0, broker_begin(&self->broker, dg->first));
	EXPECT_EQ(0, visit_in_child(dg, use_received, &visit));
}

TEST_F(broker, G4_the_death_of_a_client_takes_all_back)
{
	struct delegation *dg = &self->dg;

	ASSERT_EQ(0, broker_begin(&self->broker, dg->first));
	ASSERT_EQ(0, own_in_child(self));
	EXPECT_TRUE(group_is(dg->control, dg->first, BINDERY_GROUP_HELD));
	child_kill(&self->owner);
	/* also from whoever has copies of its files */
	EXPECT_TRUE(wait_until(group_is(dg->control, dg->first,
					BINDERY_GROUP_FREE)));
	EXPECT_EQ(-ESTALE, status(dg->claim, &dg->answer));
	EXPECT_EQ(0, all_revoked(dg, dg->file));
	EXPECT_EQ(0, snapshot_compare(&dg->before));
	/* and the next one is served */
	EXPECT_EQ(0, client(&self->run, become_nobody, dg->first));
}

TEST_F(broker, G4_the_death_of_the_broker_leaves_a_client_what_it_has)
{
	struct delegation *dg = &self->dg;

	ASSERT_EQ(0, broker_begin(&self->broker, dg->first));
	ASSERT_EQ(0, own_in_child(self));
	EXPECT_EQ(-SIGKILL, broker_end(&self->broker));
	EXPECT_EQ(0, status(dg->claim, &dg->answer));
	EXPECT_EQ(BINDERY_GROUP_HELD, dg->answer.status.out_state);
	EXPECT_EQ(0, show(dg->file, dg->first, &dg->answer));
	close_claim(dg->claim);
	child_kill(&self->owner);
	EXPECT_TRUE(wait_until(group_is(dg->control, dg->first,
					BINDERY_GROUP_FREE)));
	/* what is left of its socket is no hindrance to the next one */
	EXPECT_EQ(1, client(&self->run, become_nobody, dg->first));
	EXPECT_TRUE(OUT_HAS(strerror(ECONNREFUSED)));
	ASSERT_EQ(0, broker_begin(&self->broker, dg->first));
	EXPECT_EQ(0, client(&self->run, become_nobody, dg->first));
}

TEST_F(broker, G4_a_client_that_says_anything_gets_no_more)
{
	struct delegation *dg = &self->dg;
	char garbage[4096] = { 0x42 };
	int fd;

	ASSERT_EQ(0, broker_begin(&self->broker, dg->first));
	/* root here, who is refused; what it sends is not even read */
	fd = knock();
	ASSERT_LE(0, fd);
	send(fd, garbage, sizeof(garbage), MSG_NOSIGNAL);
	EXPECT_GT(0, receive_fd(fd));
	close(fd);
	EXPECT_EQ(0, client(&self->run, become_nobody, dg->first));
	EXPECT_EQ(1, client(&self->run, become_nobody, "01:00.0"));
	EXPECT_EQ(1, client(&self->run, become_nobody, "0000:ff:1f.7"));
	EXPECT_TRUE(OUT_HAS("no such device"));
	EXPECT_EQ(0, client(&self->run, become_nobody, dg->first));
}

TEST_F(broker, G4_a_broker_given_wrong_input_does_not_begin)
{
	char *first = self->dg.first, path[200];
	static char *const uids[] = { "", "nobody", "-0", "0x0", "5 ",
				      "4294967296", "99999999999999999999" };

	memset(path, 'x', sizeof(path) - 1);
	path[sizeof(path) - 1] = 0;
	for (int i = 0; i < 7; i++)
		EXPECT_EQ(1, try_broker(&self->run, SOCKET, uids[i], first));
	EXPECT_EQ(2, try_broker(&self->run, SOCKET, NOBODY, NULL));
	EXPECT_TRUE(ERR_HAS("Usage: example-broker SOCKET UID DEVICE...\n"));
	EXPECT_EQ(1, try_broker(&self->run, SOCKET, NOBODY, "01:00.0"));
	EXPECT_TRUE(ERR_HAS(strerror(EINVAL)));
	EXPECT_NE(0, access(SOCKET, F_OK));
	EXPECT_EQ(1, try_broker(&self->run, path, NOBODY, first));
	EXPECT_TRUE(ERR_HAS(strerror(ENAMETOOLONG)));
	EXPECT_EQ(1, try_broker(&self->run, "/tmp", NOBODY, first));
	EXPECT_TRUE(ERR_HAS(strerror(EADDRINUSE)));
	EXPECT_EQ(1, run_whole(&self->run, become_nobody,
			       (char *[]) { BROKER, SOCKET, NOBODY, first,
					    NULL }));
	EXPECT_TRUE(ERR_HAS(strerror(EACCES)));
}

/* It is asked for with each client: the device may come yet. */
TEST_F(broker, G4_a_broker_of_no_device_tells_so_to_each_client)
{
	ASSERT_EQ(0, broker_begin(&self->broker, "0000:ff:1f.7"));
	for (int i = 0; i < 2; i++) {
		EXPECT_EQ(1, client(&self->run, become_nobody,
				    self->dg.first));
		EXPECT_TRUE(OUT_HAS(strerror(EPIPE)));
	}
	EXPECT_TRUE(has(err_now(&self->broker), "no such device"));
}

/* The tool is a broker too. */
TEST_F(broker, G4_the_tool_delegates_to_a_command)
{
	char *first = self->dg.first, *foreign = self->dg.foreign;

	EXPECT_EQ(0, RUN("delegate", "--ops", "show", first, "--", TOOL,
			 "show", first));
	EXPECT_TRUE(OUT_HAS(first));
	EXPECT_NE(0, RUN("delegate", "--ops", "show", first, "--", TOOL,
			 "show", foreign));
	EXPECT_TRUE(ERR_HAS("foreign-group"));
	EXPECT_EQ(1, RUN("delegate", "--ops", "show", first, "--", TOOL,
			 "repair", first));
	EXPECT_TRUE(ERR_HAS("operation"));
}

/* Of the tool, to whoever listens there. */
static int take_over(struct run *run, char *device)
{
	struct sockaddr_un address = { AF_UNIX, SOCKET };
	int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int from, fd;

	if (bind(listener, (struct sockaddr *)&address, sizeof(address)) ||
	    listen(listener, 1) ||
	    run_start(run, NULL, ARGS("delegate", "--json", "--socket", SOCKET,
				      device)))
		return -1;
	from = accept(listener, NULL, NULL);
	fd = receive_fd(from);
	close(from);
	close(listener);
	return run_end(run) ? -1 : fd;
}

TEST_F(broker, G4_the_tool_hands_it_over_and_revokes_it)
{
	struct delegation *dg = &self->dg;
	struct visit visit = { .become = become_nobody, .bdf = dg->first,
			       .request = &dg->request, .operations = ALL };
	char id[37] = "";

	dg->file = visit.file = take_over(&self->run, dg->first);
	ASSERT_LE(0, dg->file);
	EXPECT_EQ(0, visit_in_child(dg, in_child, &visit));
	EXPECT_EQ(1, sscanf(self->run.out, "{\"delegation\":\"%36[^\"]", id));
	EXPECT_EQ(0, RUN("revoke", "--json", id));
	EXPECT_TRUE(OUT_HAS("\"revoked\":true,\"claims\":0"));
	EXPECT_EQ(0, all_revoked(dg, dg->file));
}

TEST_HARNESS_MAIN
