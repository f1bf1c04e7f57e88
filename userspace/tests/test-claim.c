// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "internal.h"
#include "mock.h"
#include "tap.h"
#include "tree.h"

static const struct bindery_reference device_1 = { .bdf = { .bus = 1 } };

static struct bindery_context *context;
static struct bindery_request *request;
static struct bindery_members *members;
static struct bindery_claim *claim;

static void start(void)
{
	mock_reset();
	mock_member(0, "vfio-pci", BINDERY_ROLE_REQUESTED, BINDERY_ACTION_MOVE);
	EXPECT_INT(bindery_context_new(&context), 0);
	EXPECT_INT(bindery_request_new(&request), 0);
	EXPECT_INT(bindery_request_add_device(request, &device_1, NULL, NULL),
		   0);
	claim = NULL;
	members = NULL;
}

static int acquire(void)
{
	return bindery_claim_acquire(context, request, &claim, &members);
}

static void finish(void)
{
	bindery_members_free(members);
	bindery_claim_free(claim);
	bindery_request_free(request);
	bindery_context_free(context);
}

static int count_files(void)
{
	int count = 0;

	for (int fd = 0; fd < 64; fd++)
		count += fcntl(fd, F_GETFD) >= 0;
	return count;
}

TEST(U1_the_context_says_why_it_cannot_be_opened)
{
	mock_reset();
	mock.open_errno = EACCES;
	context = (void *)-1;
	EXPECT_INT(bindery_context_new(&context), -EACCES);
	EXPECT(context == (void *)-1);
}

TEST(U1_info_is_decoded_field_by_field)
{
	struct bindery_info *info;

	start();
	EXPECT(bindery_context_get_fd(context) >= 0);
	EXPECT_INT(bindery_context_get_info(context, &info), 0);
	EXPECT_INT(bindery_info_get_abi_version(info), BINDERY_ABI_VERSION);
	EXPECT_INT(bindery_info_get_rights(info), BINDERY_RIGHTS_FULL);
	EXPECT_INT(bindery_info_get_kernel_facts(info),
		   BINDERY_KERNEL_VFIO_GROUP);
	EXPECT_INT(bindery_info_get_max_devices(info), 1);
	EXPECT_INT(bindery_info_get_max_label(info), 2);
	EXPECT_INT(bindery_info_get_max_name(info), 3);
	EXPECT_INT(bindery_info_get_deadline_default_ms(info), 4);
	EXPECT_INT(bindery_info_get_deadline_max_ms(info), 5);
	EXPECT_INT(bindery_info_get_max_path(info), 6);
	EXPECT_INT(bindery_info_get_max_stuck(info), 7);
	EXPECT(bindery_info_get_features(info) == 1ULL << 40);
	EXPECT_INT(strlen(bindery_info_get_version(info)), 31);
	bindery_info_free(info);
	finish();
}

TEST(U1_info_that_is_refused_is_told)
{
	struct bindery_info *info = (void *)-1;

	start();
	mock.fail[MOCK_INFO] = EPERM;
	EXPECT_INT(bindery_context_get_info(context, &info), -EPERM);
	EXPECT(info == (void *)-1);
	EXPECT_INT(bindery_error_record_get_errno(
			bindery_context_get_error(context)), EPERM);
	finish();
}

TEST(U1_a_group_is_decoded_field_by_field)
{
	struct bindery_group *group;
	struct bindery_id id;

	start();
	mock.state = BINDERY_GROUP_KEPT;
	mock.num_claims = 1;
	mock.claim_flags = BINDERY_CLAIM_KEEP | BINDERY_CLAIM_CLOSED;
	EXPECT_INT(bindery_group_show(context, &device_1, &group), 0);
	EXPECT_INT(mock.devices[0].bdf.bus, 1);
	EXPECT_INT(bindery_group_get_number(group), 5);
	EXPECT_INT(bindery_group_get_state(group), BINDERY_GROUP_KEPT);
	EXPECT_INT(bindery_group_get_claim_flags(group),
		   BINDERY_CLAIM_KEEP | BINDERY_CLAIM_CLOSED);
	EXPECT_INT(bindery_group_get_generation(group), 77);
	id = bindery_group_get_claim_id(group);
	EXPECT_INT(memcmp(id.bytes, mock_id, sizeof(mock_id)), 0);
	EXPECT_INT(bindery_group_get_num_claims(group), 1);
	EXPECT_INT(bindery_group_get_holder_pid(group), 4711);
	EXPECT_TEXT(bindery_group_get_holder_comm(group), "qemu\033");
	EXPECT_TEXT(bindery_group_get_holder_label(group), "vm 1");
	EXPECT_INT(bindery_members_get_count(bindery_group_get_members(group)),
		   1);
	bindery_group_free(group);
	finish();
}

TEST(U1_a_group_longer_than_the_room_is_asked_for_again)
{
	struct bindery_group *group;

	start();
	for (int i = 1; i < 700; i++)
		mock_member(i, "x", BINDERY_ROLE_NONE, BINDERY_ACTION_NONE);
	EXPECT_INT(bindery_group_show(context, &device_1, &group), 0);
	EXPECT_INT(mock.count[MOCK_SHOW], 2);
	EXPECT_INT(bindery_members_get_count(bindery_group_get_members(group)),
		   700);
	bindery_group_free(group);
	finish();
}

TEST(T8_an_error_record_is_decoded_field_by_field)
{
	const struct bindery_error_record *record;
	struct bindery_group *group = (void *)-1;
	struct bindery_bdf device;
	uint32_t number;

	start();
	mock_fail(MOCK_SHOW, EBUSY, BINDERY_ERROR_BUSY,
		  BINDERY_ERROR_CLASS_RETRY, BINDERY_STEP_RESERVE);
	mock.error.out_flags = BINDERY_ERROR_HAS_DEVICE |
		BINDERY_ERROR_HAS_GROUP | BINDERY_ERROR_HAS_HOLDER;
	mock.error.out_errno = 71;
	mock.error.out_device = (struct bindery_ioc_bdf){ 0x10000, 2, 3, 4, 0 };
	mock.error.out_group = 12;
	mock.error.out_holder_pid = 99;
	strcpy(mock.error.out_holder_comm, "qemu");
	strcpy(mock.error.out_holder_label, "vm 2");
	strcpy(mock.error.out_name, "nvme");
	EXPECT_INT(bindery_group_show(context, &device_1, &group), -EBUSY);
	EXPECT(group == (void *)-1);
	record = bindery_context_get_error(context);
	EXPECT_INT(bindery_error_record_get_code(record), BINDERY_ERROR_BUSY);
	EXPECT_INT(bindery_error_record_get_class(record),
		   BINDERY_ERROR_CLASS_RETRY);
	EXPECT_INT(bindery_error_record_get_step(record), BINDERY_STEP_RESERVE);
	EXPECT_INT(bindery_error_record_get_errno(record), 71);
	EXPECT(bindery_error_record_get_device(record, &device));
	EXPECT_INT(device.domain, 0x10000);
	EXPECT_INT(device.function, 4);
	EXPECT(bindery_error_record_get_group(record, &number));
	EXPECT_INT(number, 12);
	EXPECT(bindery_error_record_has_holder(record));
	EXPECT_INT(bindery_error_record_get_holder_pid(record), 99);
	EXPECT_TEXT(bindery_error_record_get_holder_comm(record), "qemu");
	EXPECT_TEXT(bindery_error_record_get_holder_label(record), "vm 2");
	EXPECT_TEXT(bindery_error_record_get_name(record), "nvme");
	finish();
}

TEST(U1_a_record_without_device_group_or_holder_says_so)
{
	const struct bindery_error_record *record;
	struct bindery_bdf device = { .bus = 77 };
	uint32_t group = 77;

	start();
	mock_fail(MOCK_ACQUIRE, EINVAL, BINDERY_ERROR_EMPTY_LIST,
		  BINDERY_ERROR_CLASS_ASK, BINDERY_STEP_REQUEST);
	EXPECT_INT(acquire(), -EINVAL);
	record = bindery_context_get_error(context);
	EXPECT(!bindery_error_record_get_device(record, &device));
	EXPECT(!bindery_error_record_get_group(record, &group));
	EXPECT(!bindery_error_record_has_holder(record));
	EXPECT_INT(device.bus, 77);
	EXPECT_INT(group, 77);
	finish();
}

TEST(U1_success_clears_the_record_of_a_failure)
{
	start();
	mock_fail(MOCK_ACQUIRE, EBUSY, BINDERY_ERROR_BUSY,
		  BINDERY_ERROR_CLASS_RETRY, BINDERY_STEP_RESERVE);
	EXPECT_INT(acquire(), -EBUSY);
	EXPECT(!claim);
	EXPECT_INT(bindery_members_get_count(members), 1);
	bindery_members_free(members);
	mock.fail[MOCK_ACQUIRE] = 0;
	EXPECT_INT(acquire(), 0);
	EXPECT_INT(bindery_error_record_get_errno(
			bindery_context_get_error(context)), 0);
	finish();
}

TEST(U1_a_claim_is_a_file_that_is_closed_once)
{
	int files = count_files();

	start();
	EXPECT_INT(acquire(), 0);
	EXPECT(fcntl(bindery_claim_get_fd(claim), F_GETFD) & FD_CLOEXEC);
	EXPECT_INT(count_files(), files + 2);
	finish();
	EXPECT_INT(count_files(), files);
}

TEST(U1_a_claim_of_very_many_members_knows_them_all)
{
	start();
	for (int i = 1; i < 1500; i++)
		mock_member(i, "x", BINDERY_ROLE_REQUESTED, BINDERY_ACTION_MOVE);
	EXPECT_INT(acquire(), 0);
	EXPECT_INT(mock.count[MOCK_ACQUIRE], 1);
	EXPECT_INT(bindery_members_get_count(members), 1500);
	EXPECT(bindery_members_is_complete(members));
	finish();
}

TEST(U1_a_claim_lives_on_when_its_members_cannot_be_asked_for)
{
	start();
	for (int i = 1; i < 1500; i++)
		mock_member(i, "x", BINDERY_ROLE_REQUESTED, BINDERY_ACTION_MOVE);
	mock.fail[MOCK_STATUS] = ENOMEM;
	EXPECT_INT(acquire(), 0);
	EXPECT(claim);
	EXPECT(!bindery_members_is_complete(members));
	finish();
}

TEST(U1_status_is_decoded_field_by_field)
{
	struct bindery_status *status;
	char text[BINDERY_ID_TEXT_SIZE];
	struct bindery_id id;

	start();
	EXPECT_INT(acquire(), 0);
	mock.claim_flags = BINDERY_CLAIM_SHARED;
	EXPECT_INT(bindery_claim_get_status(claim, &status), 0);
	id = bindery_status_get_id(status);
	bindery_id_format(&id, text);
	EXPECT_TEXT(text, MOCK_ID);
	EXPECT_INT(bindery_status_get_state(status), BINDERY_GROUP_HELD);
	EXPECT_INT(bindery_status_get_flags(status), BINDERY_CLAIM_SHARED);
	EXPECT_INT(bindery_status_get_generation(status), 78);
	EXPECT_INT(bindery_status_get_num_groups(status), 1);
	EXPECT_INT(bindery_status_get_holder_pid(status), 4711);
	EXPECT_TEXT(bindery_status_get_holder_comm(status), "qemu");
	EXPECT_TEXT(bindery_status_get_label(status), "vm 1");
	EXPECT_INT(bindery_members_get_count(
			bindery_status_get_members(status)), 1);
	bindery_status_free(status);
	finish();
}

TEST(C8_a_release_gives_a_result_for_each_of_many_members)
{
	struct bindery_members *results;

	start();
	EXPECT_INT(acquire(), 0);
	for (int i = 1; i < 900; i++)
		mock_member(i, "x", BINDERY_ROLE_REQUESTED, BINDERY_ACTION_MOVE);
	mock.members[899].out_errno = EIO;
	mock_fail(MOCK_RELEASE, EIO, BINDERY_ERROR_DEGRADED,
		  BINDERY_ERROR_CLASS_HOST, BINDERY_STEP_RESTORE);
	EXPECT_INT(bindery_claim_release(claim, 0, 2500, 0, &results), -EIO);
	EXPECT_INT(mock.count[MOCK_RELEASE], 1);
	EXPECT_INT(mock.release.deadline_ms, 2500);
	EXPECT_INT(bindery_members_get_count(results), 900);
	EXPECT_INT(bindery_member_get_errno(bindery_members_get(results, 899)),
		   EIO);
	EXPECT_INT(bindery_error_record_get_code(bindery_claim_get_error(claim)),
		   BINDERY_ERROR_DEGRADED);
	bindery_members_free(results);
	finish();
}

TEST(U1_a_released_claim_still_has_to_be_freed)
{
	int files = count_files();

	start();
	EXPECT_INT(acquire(), 0);
	EXPECT_INT(bindery_claim_release(claim, 0, 0, 0, NULL), 0);
	EXPECT_INT(count_files(), files + 2);
	finish();
	EXPECT_INT(count_files(), files);
}

TEST(U3_an_inherited_file_becomes_a_claim)
{
	struct bindery_claim *inherited;
	int files = count_files();

	start();
	EXPECT_INT(acquire(), 0);
	EXPECT_INT(bindery_claim_new_from_fd(
			dup(bindery_claim_get_fd(claim)), &inherited), 0);
	bindery_claim_free(inherited);
	finish();
	EXPECT_INT(count_files(), files);
}

TEST(U3_a_file_that_is_no_claim_stays_the_callers)
{
	struct bindery_claim *inherited = (void *)-1;
	int fd = open("/dev/null", O_RDONLY);

	mock_reset();
	mock.fail[MOCK_STATUS] = ENOTTY;
	EXPECT_INT(bindery_claim_new_from_fd(fd, &inherited), -ENOTTY);
	EXPECT(inherited == (void *)-1);
	EXPECT_INT(close(fd), 0);
}

/* Process @pid has file 5 of the claim @id. */
static void put_file(const char *pid, const char *id)
{
	char path[64], text[128];

	snprintf(path, sizeof(path), "proc/%s/fd/5", pid);
	tree_link(path, "anon_inode:[bindery]");
	snprintf(path, sizeof(path), "proc/%s/fdinfo/5", pid);
	snprintf(text, sizeof(text), "pos:\t0\nbindery-claim:\t%s\n"
		 "bindery-holder:\t1\n", id);
	tree_file(path, text);
}

TEST(U3_who_opened_the_claim_by_himself_is_found_and_no_others)
{
	struct bindery_users *users;
	struct bindery_host *host;
	char path[64];

	start();
	EXPECT_INT(acquire(), 0);
	EXPECT_INT(bindery_host_new(tree_new(), &host), 0);
	snprintf(path, sizeof(path), "proc/self/fd/%d",
		 bindery_claim_get_fd(claim));
	tree_link(path, "anon_inode:[bindery]");
	put_file("2000000001", MOCK_ID);
	put_file("2000000002", "00000000-4455-6677-8899-aabbccddeeff");
	EXPECT_INT(bindery_users_find_claim(host, claim, &users), 0);
	EXPECT_INT(bindery_users_get_count(users), 1);
	if (bindery_users_get_count(users) == 1)
		EXPECT_INT(bindery_user_get_pid(bindery_users_get(users, 0)),
			   2000000001);
	bindery_users_free(users);
	bindery_host_free(host);
	tree_free();
	finish();
}

/* A child that has one file and ends when the pipe is closed. */
static pid_t start_child(int keep, int pipe_fds[2])
{
	pid_t child;
	char byte;

	EXPECT_INT(pipe(pipe_fds), 0);
	child = fork();
	if (child) {
		close(pipe_fds[0]);
		return child;
	}
	for (int fd = 3; fd < 64; fd++)
		if (fd != keep && fd != pipe_fds[0])
			close(fd);
	_exit((int)read(pipe_fds[0], &byte, 1));
}

static void end_child(pid_t child, const int pipe_fds[2])
{
	close(pipe_fds[1]);
	EXPECT_INT(waitpid(child, NULL, 0), child);
}

TEST(U3_processes_that_have_the_claim_are_found_and_no_others)
{
	int pipe_a[2], pipe_b[2], other = open("/dev/null", O_RDWR);
	struct bindery_users *users;
	struct bindery_host *host;
	pid_t heir, stranger;

	start();
	EXPECT_INT(acquire(), 0);
	EXPECT_INT(bindery_host_new(NULL, &host), 0);
	EXPECT_INT(bindery_users_find_claim(host, claim, &users), 0);
	EXPECT_INT(bindery_users_get_count(users), 0);
	bindery_users_free(users);
	heir = start_child(bindery_claim_get_fd(claim), pipe_a);
	stranger = start_child(other, pipe_b);
	usleep(200000);
	EXPECT_INT(bindery_users_find_claim(host, claim, &users), 0);
	EXPECT_INT(bindery_users_get_count(users), 1);
	if (bindery_users_get_count(users) == 1) {
		const struct bindery_user *user = bindery_users_get(users, 0);

		EXPECT_INT(bindery_user_get_pid(user), heir);
		EXPECT_TEXT(bindery_user_get_comm(user), "test-claim");
	}
	EXPECT(!bindery_users_get(users, 1));
	bindery_users_free(users);
	end_child(heir, pipe_a);
	end_child(stranger, pipe_b);
	bindery_host_free(host);
	close(other);
	finish();
}
