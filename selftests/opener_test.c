// SPDX-License-Identifier: GPL-2.0-only
/*
 * Who opens a sealed device is known and can be refused, and the last close
 * begins the restore.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <linux/vfio.h>

#include "kselftest_harness.h"
#include "hear.h"
#include "sealed.h"
#include "tool.h"

#define TRACE		"/sys/kernel/tracing/trace"
#define NOT_POLLED_MS	400

FIXTURE(opener) {
	COMMON;
	struct run run;
	struct reader events, dumps;
	struct told told;
};

FIXTURE_SETUP(opener)
{
	COMMON_SETUP();
	ASSERT_EQ(0, states_watch());
	ASSERT_EQ(0, reader_open(&self->events));
	ASSERT_EQ(0, reader_listen(&self->events));
	ASSERT_EQ(0, reader_open(&self->dumps));
}

FIXTURE_TEARDOWN(opener)
{
	reader_close(&self->events);
	reader_close(&self->dumps);
	states_unwatch();
	COMMON_TEARDOWN();
}

TEST_F(opener, L3_opens_and_closes_are_counted)
{
	const struct bindery_ioc_member *member;
	int again;

	ASSERT_EQ(0, seal(&self->common, 0));
	member = member_now(&self->common, self->first);
	ASSERT_NE(NULL, member);
	EXPECT_EQ(0, member->out_vfio_files);
	ASSERT_EQ(0, vfio_open(&self->user, self->first));
	member = member_now(&self->common, self->first);
	EXPECT_EQ(1, member->out_vfio_files);
	EXPECT_EQ(1, member->out_vfio_opens);
	EXPECT_EQ(0, member->out_vfio_closes);
	EXPECT_EQ(getpid(), member->out_opener_pid);
	EXPECT_STREQ("opener_test", member->out_opener_comm);
	again = open_again(&self->common, self->first);
	ASSERT_LE(0, again);
	member = member_now(&self->common, self->first);
	EXPECT_EQ(2, member->out_vfio_files);
	EXPECT_EQ(2, member->out_vfio_opens);
	EXPECT_EQ(0, RUN("show", "--json", self->first));
	EXPECT_TRUE(OUT_HAS("\"vfio\":{\"files\":2,\"opens\":2,\"closes\":0"));
	close(again);
	member = member_now(&self->common, self->first);
	EXPECT_EQ(1, member->out_vfio_files);
	EXPECT_EQ(0, member->out_vfio_closes);
	vfio_close(&self->user);
	member = member_now(&self->common, self->first);
	EXPECT_EQ(0, member->out_vfio_files);
	EXPECT_EQ(2, member->out_vfio_opens);
	EXPECT_EQ(1, member->out_vfio_closes);
	EXPECT_EQ(0, member->out_opener_pid);
	EXPECT_EQ(0, RUN("log", "--json", "--count", "3"));
	EXPECT_TRUE(OUT_HAS("\"event\":\"vfio-opened\""));
	EXPECT_TRUE(OUT_HAS("\"event\":\"vfio-closed\""));
	EXPECT_TRUE(OUT_HAS("\"comm\":\"opener_test\""));
}

/*
 * The order of what happened to a group: p, a pass that found a user, c, the
 * last close, r, its restore.
 */
static void read_order(int group, char *order, size_t size)
{
	FILE *f = fopen(TRACE, "re");
	char line[512], mark[32];
	size_t len = 0;

	snprintf(mark, sizeof(mark), " group=%d ", group);
	while (f && fgets(line, sizeof(line), f)) {
		char what = 0;

		if (!strstr(line, mark))
			continue;
		if (strstr(line, "bindery_pass:") && strstr(line, "result=-1\n"))
			what = 'p';
		else if (strstr(line, "bindery_vfio: close"))
			what = 'c';
		else if (strstr(line, "draining -> restoring"))
			what = 'r';
		if (what && len + 1 < size)
			order[len++] = what;
	}
	order[len] = '\0';
	if (f)
		fclose(f);
}

static bool order_is(struct common *self, const char *wanted)
{
	char order[32];

	read_order(self->group.id, order, sizeof(order));
	if (!strcmp(order, wanted))
		return true;
	note("the order is '%s', and not '%s'", order, wanted);
	states_print(self->group.id);
	return false;
}

static bool has_looked(struct common *self)
{
	char order[32];

	read_order(self->group.id, order, sizeof(order));
	return order[0] == 'p';
}

static int ends_with_close(struct common *self, enum vfio_part part)
{
	int ret;

	states_unwatch();
	states_watch();
	if (seal(self, 0) || vfio_hold(&self->user, self->first, part))
		return 1;
	close_claim(self->claim);
	if (!wait_until(has_looked(self)))
		return 1;
	usleep(NOT_POLLED_MS * 1000);
	ret = !order_is(self, "p") + snapshot_compare_untouched(&self->held);
	vfio_close(&self->user);
	ret += !wait_until(group_is(self->control, self->first,
				    BINDERY_GROUP_FREE));
	return ret + !order_is(self, "pcr") + snapshot_compare(&self->before);
}

TEST_F(opener, L3_the_last_close_begins_the_restore)
{
	EXPECT_EQ(0, ends_with_close(&self->common, VFIO_PART_DEVICE));
	EXPECT_EQ(0, ends_with_close(&self->common, VFIO_PART_COPY));
	EXPECT_EQ(0, ends_with_close(&self->common, VFIO_PART_MAPPING));
}

/* What is not sealed tells nobody of its close. */
TEST_F(opener, L3_a_group_with_another_driver_is_asked_again_and_again)
{
	char order[32];

	if (self->group.num < 2)
		SKIP(return, "the group has one device");
	snprintf(self->request.devices[0].target,
		 sizeof(self->request.devices[0].target), "%s", VFIO_PCI);
	ASSERT_EQ(0, seal(&self->common, 0));
	ASSERT_EQ(0, vfio_hold(&self->user, self->last, VFIO_PART_DEVICE));
	close_claim(self->claim);
	ASSERT_TRUE(wait_until((read_order(self->group.id, order,
					   sizeof(order)),
				!strncmp(order, "ppp", 3))));
	EXPECT_EQ(0, snapshot_compare_untouched(&self->held));
	vfio_close(&self->user);
	EXPECT_TRUE(wait_until(group_is(self->control, self->first,
					BINDERY_GROUP_FREE)));
}

/* It owns the group's DMA, until VFIO has no device of the group any more. */
TEST_F(opener, L3_a_group_file_without_a_device_keeps_nothing)
{
	ASSERT_EQ(0, seal(&self->common, 0));
	ASSERT_EQ(0, vfio_hold(&self->user, self->first, VFIO_PART_GROUP));
	EXPECT_EQ(0, release(self->claim, &self->answer));
	EXPECT_EQ(0, snapshot_compare(&self->before));
	EXPECT_EQ(-1, ioctl(self->user.group, VFIO_GROUP_GET_DEVICE_FD,
			    self->first));
}

static int open_and_close(int socket, void *arg)
{
	struct vfio_user user;
	int value, ret = vfio_open(&user, arg);

	tell(socket, ret);
	hear(socket, &value);
	usleep(50000);
	if (!ret)
		vfio_close(&user);
	tell(socket, 0);
	return hear(socket, &value);
}

TEST_F(opener, L3_a_release_that_waits_is_woken_by_the_close)
{
	int ret;

	ASSERT_EQ(0, seal(&self->common, 0));
	ASSERT_EQ(0, child_start(&self->child, open_and_close, self->last));
	ASSERT_EQ(0, hear(self->child.socket, &ret));
	ASSERT_EQ(0, ret);
	EXPECT_EQ(-EBUSY, release(self->claim, &self->answer));
	EXPECT_EQ(BINDERY_ERROR_IN_USE, self->answer.error.out_code);
	tell(self->child.socket, 0);
	EXPECT_EQ(0, release_with(self->claim, &self->answer,
				  BINDERY_RELEASE_WAIT, 0, 0));
	EXPECT_EQ(0, snapshot_compare(&self->before));
	child_kill(&self->child);
}

/* A process that has nothing of what this one has open. */
struct stranger {
	const char *bdf;
	bool gets_claim, gets_group, by_node;
};

static int by_node(const char *bdf)
{
	int device = node_bind(bdf);

	close(device);
	return device < 0 ? device : 0;
}

static int be_stranger(int socket, void *arg)
{
	struct stranger *stranger = arg;
	struct vfio_user user = vfio_none;
	int claim, group, value;

	dup2(socket, 0);
	close_range(3, ~0U, 0);
	if (stranger->gets_group) {
		group = receive_fd(0);
		user.device = ioctl(group, VFIO_GROUP_GET_DEVICE_FD,
				    stranger->bdf);
		tell(0, user.device < 0 ? -errno : 0);
		return hear(0, &value);
	}
	if (stranger->by_node) {
		tell(0, by_node(stranger->bdf));
		claim = receive_fd(0);
		tell(0, claim < 0 ? claim : by_node(stranger->bdf));
		return hear(0, &value);
	}
	tell(0, vfio_open(&user, stranger->bdf));
	vfio_close(&user);
	if (!stranger->gets_claim)
		return hear(0, &value);
	claim = receive_fd(0);
	tell(0, claim < 0 ? claim : vfio_open(&user, stranger->bdf));
	vfio_close(&user);
	close(claim);
	tell(0, vfio_open(&user, stranger->bdf));
	return hear(0, &value);
}

static int heir(int socket, void *arg)
{
	struct vfio_user user;
	int value, ret = vfio_open(&user, arg);

	if (!ret)
		vfio_close(&user);
	tell(socket, ret);
	return hear(socket, &value);
}

TEST_F(opener, L2_only_who_has_the_claim_opens_its_devices)
{
	struct stranger stranger = { .bdf = self->first, .gets_claim = true };

	ASSERT_EQ(0, seal(&self->common, BINDERY_ACQUIRE_HOLDERS_ONLY));
	EXPECT_EQ(0, vfio_open(&self->user, self->first));
	vfio_close(&self->user);
	ASSERT_EQ(0, child_start(&self->child, heir, self->first));
	EXPECT_EQ(0, hears(&self->child));
	child_kill(&self->child);
	ASSERT_EQ(0, child_start(&self->child, be_stranger, &stranger));
	EXPECT_EQ(-EACCES, hears(&self->child));
	EXPECT_EQ(0, RUN("log", "--json", "--count", "1"));
	EXPECT_TRUE(OUT_HAS("\"event\":\"vfio-refused\""));
	EXPECT_TRUE(OUT_HAS("\"comm\":\"opener_test\""));
	ASSERT_EQ(0, send_fd(self->child.socket, self->claim));
	EXPECT_EQ(0, hears(&self->child));
	/* It has closed what it was sent. */
	EXPECT_EQ(-EACCES, hears(&self->child));
	child_kill(&self->child);
}

TEST_F(opener, L2_a_device_that_is_open_is_not_given_to_strangers)
{
	struct stranger stranger = { .bdf = self->first, .gets_group = true };
	const struct bindery_ioc_member *member;

	ASSERT_EQ(0, seal(&self->common, BINDERY_ACQUIRE_HOLDERS_ONLY));
	ASSERT_EQ(0, vfio_open(&self->user, self->first));
	ASSERT_EQ(0, child_start(&self->child, be_stranger, &stranger));
	ASSERT_EQ(0, send_fd(self->child.socket, self->user.group));
	EXPECT_EQ(-EACCES, hears(&self->child));
	member = member_now(&self->common, self->first);
	ASSERT_NE(NULL, member);
	EXPECT_EQ(1, member->out_vfio_files);
	EXPECT_EQ(1, member->out_vfio_opens);
	child_kill(&self->child);
	/* The holder closes the claim, and the stranger tries once more. */
	ASSERT_EQ(0, child_start(&self->child, be_stranger, &stranger));
	close_claim(self->claim);
	ASSERT_EQ(0, send_fd(self->child.socket, self->user.group));
	EXPECT_EQ(-EACCES, hears(&self->child));
	child_kill(&self->child);
	vfio_close(&self->user);
	EXPECT_TRUE(wait_until(group_is(self->control, self->first,
					BINDERY_GROUP_FREE)));
}

/* Who it was, and which device of which claim. */
#define EXPECT_OPENER(pid) do {						\
	EXPECT_STREQ(self->first, self->told.bdf);			\
	EXPECT_STREQ(self->first, TEXT(&self->told, NAME));		\
	EXPECT_STREQ(SEALED, TEXT(&self->told, TARGET));		\
	EXPECT_STREQ("opener_test", TEXT(&self->told, COMM));		\
	EXPECT_NUMBER(pid, PID);					\
	EXPECT_NUMBER(self->group.id, GROUP);				\
	EXPECT_EQ(0, memcmp(self->told.id, self->request.cmd.out_claim_id, \
			    BINDERY_ID_SIZE));				\
} while (0)

TEST_F(opener, L3_W4_who_opens_and_closes_is_told)
{
	struct stranger stranger = { .bdf = self->first };

	ASSERT_EQ(0, seal(&self->common, BINDERY_ACQUIRE_HOLDERS_ONLY));
	ASSERT_EQ(0, vfio_open(&self->user, self->first));
	HEAR(VFIO_OPENED);
	EXPECT_OPENER(getpid());
	EXPECT_NUMBER(1, VFIO_FILES);
	vfio_close(&self->user);
	HEAR(VFIO_CLOSED);
	EXPECT_OPENER(getpid());
	EXPECT_NUMBER(0, VFIO_FILES);
	ASSERT_EQ(0, child_start(&self->child, be_stranger, &stranger));
	EXPECT_EQ(-EACCES, hears(&self->child));
	HEAR(VFIO_REFUSED);
	EXPECT_OPENER(self->child.pid);
	EXPECT_NUMBER(EACCES, ERRNO);
	EXPECT_FALSE(TELLS(&self->told, VFIO_FILES));
	child_kill(&self->child);
}

/* What a dump of the group says of the first member. */
static int dump_first(FIXTURE_DATA(opener) *self)
{
	struct asked asked = {
		BINDERY_A_GROUP, &self->group.id, sizeof(uint32_t)
	};
	struct told told;
	int ret = dump_begin(&self->dumps, BINDERY_CMD_MEMBER_GET, &asked);

	self->told.has = 0;
	while (!ret && (ret = dump_next(&self->dumps, &told)) > 0) {
		if (!strcmp(told.bdf, self->first))
			self->told = told;
		ret = 0;
	}
	return ret;
}

TEST_F(opener, L3_W4_a_dump_tells_who_has_it_open)
{
	ASSERT_EQ(0, seal(&self->common, 0));
	ASSERT_EQ(0, dump_first(self));
	EXPECT_NUMBER(0, VFIO_OPENS);
	EXPECT_FALSE(TELLS(&self->told, PID));
	ASSERT_EQ(0, vfio_open(&self->user, self->first));
	ASSERT_EQ(0, dump_first(self));
	EXPECT_NUMBER(1, VFIO_FILES);
	EXPECT_NUMBER(1, VFIO_OPENS);
	EXPECT_NUMBER(0, VFIO_CLOSES);
	EXPECT_NUMBER(getpid(), PID);
	EXPECT_STREQ("opener_test", TEXT(&self->told, COMM));
	vfio_close(&self->user);
	ASSERT_EQ(0, dump_first(self));
	EXPECT_NUMBER(0, VFIO_FILES);
	EXPECT_NUMBER(1, VFIO_CLOSES);
	EXPECT_FALSE(TELLS(&self->told, PID));
}

/* Without a claim of its own; what this process has open it has not. */
static int as_stranger(struct common *self)
{
	struct stranger stranger = { .bdf = self->first };
	int ret = child_start(&self->child, be_stranger, &stranger);

	if (!ret)
		ret = hears(&self->child);
	child_kill(&self->child);
	return ret;
}

static int join(struct common *self, uint32_t flags)
{
	static struct request request;

	common_request(self, &request);
	request.cmd.flags = BINDERY_ACQUIRE_SEALED | BINDERY_ACQUIRE_SHARED |
			    flags;
	self->second = acquire(self->control, &request);
	return self->second < 0 ? (int)request.error.out_code : 0;
}

TEST_F(opener, L2_C2_who_joins_can_close_the_gate_and_open_it_again)
{
	ASSERT_EQ(0, seal(&self->common, BINDERY_ACQUIRE_SHARED));
	EXPECT_EQ(0, as_stranger(&self->common));
	ASSERT_EQ(0, join(&self->common, BINDERY_ACQUIRE_HOLDERS_ONLY));
	EXPECT_EQ(-EACCES, as_stranger(&self->common));
	/* A file of either claim is one of the group. */
	close_claim(self->second);
	EXPECT_EQ(0, as_stranger(&self->common));
	ASSERT_EQ(0, join(&self->common, BINDERY_ACQUIRE_HOLDERS_ONLY));
	close_claim(self->claim);
	EXPECT_EQ(-EACCES, as_stranger(&self->common));
	ASSERT_EQ(0, child_start(&self->child, heir, self->first));
	EXPECT_EQ(0, hears(&self->child));
	child_kill(&self->child);
	close_claim(self->second);
	COMES_BACK();
}

TEST_F(opener, L2_C2_who_joins_for_holders_only_must_be_able_to_rely_on_it)
{
	if (self->group.num < 2)
		SKIP(return, "the group has one device");
	snprintf(self->request.devices[0].target,
		 sizeof(self->request.devices[0].target), "%s", VFIO_PCI);
	ASSERT_EQ(0, seal(&self->common, BINDERY_ACQUIRE_SHARED));
	request_init(&self->request, "");
	request_add(&self->request, self->last);
	self->request.cmd.flags = BINDERY_ACQUIRE_SEALED |
		BINDERY_ACQUIRE_SHARED | BINDERY_ACQUIRE_HOLDERS_ONLY;
	EXPECT_EQ(-EINVAL, acquire(self->control, &self->request));
	EXPECT_EQ(BINDERY_ERROR_NOT_SEALED, self->request.error.out_code);
	close_claim(self->claim);
	COMES_BACK();
}

/* The user is nobody's any more: it cannot be known what it is. */
TEST_F(opener, L2_C2_what_a_user_was_left_in_is_not_joined_for_holders_only)
{
	ASSERT_EQ(0, seal(&self->common, BINDERY_ACQUIRE_SHARED));
	ASSERT_EQ(0, vfio_open(&self->user, self->first));
	close_claim(self->claim);
	ASSERT_TRUE(BECOMES(DRAINING));
	EXPECT_EQ(BINDERY_ERROR_IN_USE,
		  join(&self->common, BINDERY_ACQUIRE_HOLDERS_ONLY));
	ASSERT_EQ(0, join(&self->common, 0));
	EXPECT_EQ(BINDERY_GROUP_HELD, STATE());
	close_claim(self->second);
	vfio_close(&self->user);
	COMES_BACK();
}

TEST_F(opener, L2_node_only_who_has_the_claim_opens_a_device_by_its_node)
{
	struct stranger stranger = { .bdf = self->first, .by_node = true };
	int device;

	if (!has_nodes(self->control))
		SKIP(return, "no device nodes in this kernel");
	ASSERT_EQ(0, seal(&self->common, BINDERY_ACQUIRE_HOLDERS_ONLY));
	device = node_bind(self->first);
	ASSERT_LE(0, device);
	EXPECT_EQ(1, member_now(&self->common, self->first)->out_vfio_files);
	close(device);
	ASSERT_EQ(0, child_start(&self->child, be_stranger, &stranger));
	EXPECT_EQ(-EACCES, hears(&self->child));
	ASSERT_EQ(0, send_fd(self->child.socket, self->claim));
	EXPECT_EQ(0, hears(&self->child));
	child_kill(&self->child);
	EXPECT_TRUE(wait_until(member_now(&self->common, self->first)->
			       out_vfio_files == 0));
	device = node_bind(self->first);
	ASSERT_LE(0, device);
	close_claim(self->claim);
	ASSERT_TRUE(BECOMES(DRAINING));
	close(device);
	COMES_BACK();
}

TEST_HARNESS_MAIN
