// SPDX-License-Identifier: GPL-2.0-or-later
/* What is done with a claim, and with one that nobody has open. */
#include <errno.h>
#include <fcntl.h>

#include "internal.h"
#include "mock.h"
#include "tap.h"

static const struct bindery_reference device_1 = { .bdf = { .bus = 1 } };

static struct bindery_context *context;
static struct bindery_claim *claim;
static struct bindery_members *members;

static void start(void)
{
	mock_reset();
	mock_member(0, "vfio-pci", BINDERY_ROLE_REQUESTED, BINDERY_ACTION_MOVE);
	EXPECT_INT(bindery_context_new(&context), 0);
	EXPECT_INT(bindery_claim_open(context, NULL, &device_1, &claim), 0);
	members = NULL;
}

static void finish(void)
{
	bindery_members_free(members);
	bindery_claim_free(claim);
	bindery_context_free(context);
}

static bool is_mock_id(const struct bindery_id *id)
{
	return !memcmp(id->bytes, mock_id, sizeof(mock_id));
}

static enum bindery_error context_code(void)
{
	return bindery_error_record_get_code(bindery_context_get_error(context));
}

static enum bindery_error claim_code(void)
{
	return bindery_error_record_get_code(bindery_claim_get_error(claim));
}

TEST(C5_a_claim_is_opened_by_a_device)
{
	struct bindery_id id;

	start();
	EXPECT_INT(mock.devices[0].bdf.bus, 1);
	EXPECT(!mock.opened.id[15]);
	EXPECT(fcntl(bindery_claim_get_fd(claim), F_GETFD) & FD_CLOEXEC);
	id = bindery_claim_get_id(claim);
	EXPECT(is_mock_id(&id));
	finish();
}

TEST(C5_a_claim_is_opened_by_its_id)
{
	struct bindery_claim *other;
	struct bindery_id id;

	start();
	id = bindery_claim_get_id(claim);
	EXPECT_INT(bindery_claim_open(context, &id, NULL, &other), 0);
	EXPECT_INT(memcmp(mock.opened.id, mock_id, sizeof(mock_id)), 0);
	EXPECT(!mock.opened.device);
	bindery_claim_free(other);
	finish();
}

TEST(C5_a_claim_that_is_not_there_is_told_with_its_code)
{
	struct bindery_claim *other = (void *)-1;

	start();
	mock_fail(MOCK_OPEN_CLAIM, ENOENT, BINDERY_ERROR_NO_CLAIM,
		  BINDERY_ERROR_CLASS_ASK, BINDERY_STEP_RESOLVE);
	EXPECT_INT(bindery_claim_open(context, NULL, &device_1, &other),
		   -ENOENT);
	EXPECT(other == (void *)-1);
	EXPECT_INT(context_code(), BINDERY_ERROR_NO_CLAIM);
	finish();
}

TEST(C6_an_adoption_tells_what_to_restore_device_by_device)
{
	struct bindery_request *request;
	struct bindery_claim *other;
	struct bindery_id id;

	start();
	EXPECT_INT(bindery_request_new(&request), 0);
	for (int i = 0; i < 3; i++)
		EXPECT_INT(bindery_request_add_device(request, &device_1, NULL,
						      NULL), 0);
	EXPECT_INT(bindery_request_set_native(request, 0, "e1000e", "e1000e_m",
					      "over"), 0);
	EXPECT_INT(bindery_request_set_native(request, 2, NULL, NULL, NULL), 0);
	EXPECT_INT(bindery_request_set_native(request, 3, NULL, NULL, NULL),
		   -EINVAL);
	bindery_request_set_flags(request, BINDERY_ACQUIRE_KEEP);
	EXPECT_INT(bindery_claim_adopt(context, request, &other, &members), 0);
	EXPECT_INT(mock.count[MOCK_ADOPT], 1);
	EXPECT_INT(mock.acquire.num_devices, 3);
	EXPECT_INT(mock.acquire.flags, BINDERY_ACQUIRE_KEEP);
	EXPECT_INT(mock.natives[0].flags, BINDERY_NATIVE_RESTORE);
	EXPECT_TEXT(mock.natives[0].driver, "e1000e");
	EXPECT_TEXT(mock.natives[0].module, "e1000e_m");
	EXPECT_TEXT(mock.natives[0].override, "over");
	EXPECT_INT(mock.natives[1].flags, 0);
	EXPECT_INT(mock.natives[2].flags, BINDERY_NATIVE_RESTORE);
	EXPECT_TEXT(mock.natives[2].driver, "");
	EXPECT_INT(bindery_members_get_count(members), 1);
	id = bindery_claim_get_id(other);
	EXPECT(is_mock_id(&id));
	bindery_claim_free(other);
	bindery_request_free(request);
	finish();
}

TEST(C6_a_refused_adoption_tells_of_members)
{
	struct bindery_claim *other = (void *)-1;
	struct bindery_request *request;

	start();
	EXPECT_INT(bindery_request_new(&request), 0);
	mock_fail(MOCK_ADOPT, EBUSY, BINDERY_ERROR_NOT_ON_VFIO,
		  BINDERY_ERROR_CLASS_ASK, BINDERY_STEP_VALIDATE);
	EXPECT_INT(bindery_claim_adopt(context, request, &other, &members),
		   -EBUSY);
	EXPECT(other == (void *)-1);
	EXPECT_INT(context_code(), BINDERY_ERROR_NOT_ON_VFIO);
	EXPECT_INT(bindery_members_get_count(members), 1);
	bindery_request_free(request);
	finish();
}

TEST(T15_the_second_half_has_flags_a_deadline_and_members)
{
	start();
	EXPECT_INT(bindery_claim_bind(claim, BINDERY_ACQUIRE_SERIAL, 1500,
				      &members), 0);
	EXPECT_INT(mock.bind.flags, BINDERY_ACQUIRE_SERIAL);
	EXPECT_INT(mock.bind.deadline_ms, 1500);
	EXPECT_INT(bindery_members_get_count(members), 1);
	bindery_members_free(members);
	mock_fail(MOCK_BIND, EBUSY, BINDERY_ERROR_BIND,
		  BINDERY_ERROR_CLASS_HOST, BINDERY_STEP_BIND);
	EXPECT_INT(bindery_claim_bind(claim, 0, 0, &members), -EBUSY);
	EXPECT_INT(claim_code(), BINDERY_ERROR_BIND);
	EXPECT_INT(bindery_members_get_count(members), 1);
	finish();
}

TEST(C7_a_mark_carries_its_event_and_generation)
{
	struct bindery_mark mark;

	start();
	EXPECT_INT(bindery_claim_mark(claim, &device_1,
				      BINDERY_EVENT_GUEST_READY, 1ULL << 40,
				      &mark), 0);
	EXPECT_INT(mock.devices[0].bdf.bus, 1);
	EXPECT_INT(mock.mark.event, BINDERY_EVENT_GUEST_READY);
	EXPECT_INT(mock.mark.generation, 1LL << 40);
	EXPECT(is_mock_id(&mark.id));
	EXPECT_INT(mark.assignment, BINDERY_ASSIGNMENT_READY);
	EXPECT_INT(mark.users, 2);
	EXPECT_INT(mark.generation, (1LL << 40) + 1);
	EXPECT_INT(bindery_claim_mark(claim, &device_1, BINDERY_EVENT_ADD_USER,
				      1, NULL), 0);
	finish();
}

TEST(C4_a_stale_mark_leaves_its_result_alone)
{
	struct bindery_mark mark = { .users = 77 };

	start();
	mock_fail(MOCK_MARK, ESTALE, BINDERY_ERROR_STALE,
		  BINDERY_ERROR_CLASS_RETRY, BINDERY_STEP_REQUEST);
	EXPECT_INT(bindery_claim_mark(claim, &device_1,
				      BINDERY_EVENT_DETACH_OK, 1, &mark),
		   -ESTALE);
	EXPECT_INT(claim_code(), BINDERY_ERROR_STALE);
	EXPECT_INT(mark.users, 77);
	finish();
}

TEST(C5_keeping_is_switched_on_and_off)
{
	start();
	EXPECT_INT(bindery_claim_keep(claim, BINDERY_KEEP_ON), 0);
	EXPECT_INT(mock.keep.policy, BINDERY_KEEP_ON);
	EXPECT_INT(bindery_claim_keep(claim, BINDERY_KEEP_OFF), 0);
	EXPECT_INT(mock.keep.policy, BINDERY_KEEP_OFF);
	mock_fail(MOCK_KEEP, EPERM, BINDERY_ERROR_NOT_PERMITTED,
		  BINDERY_ERROR_CLASS_HOST, BINDERY_STEP_REQUEST);
	EXPECT_INT(bindery_claim_keep(claim, BINDERY_KEEP_ON), -EPERM);
	EXPECT_INT(claim_code(), BINDERY_ERROR_NOT_PERMITTED);
	finish();
}

TEST(C9_a_release_says_what_to_do_about_users_and_how_old_its_news_is)
{
	start();
	EXPECT_INT(bindery_claim_release(claim, BINDERY_RELEASE_DEFER, 2500,
					 1ULL << 40, &members), 0);
	EXPECT_INT(mock.release.flags, BINDERY_RELEASE_DEFER);
	EXPECT_INT(mock.release.deadline_ms, 2500);
	EXPECT_INT(mock.release.generation, 1LL << 40);
	EXPECT_INT(bindery_members_get_count(members), 1);
	finish();
}

TEST(C5_a_kept_claim_is_released_by_its_id_or_by_a_device)
{
	struct bindery_id id;

	start();
	id = bindery_claim_get_id(claim);
	EXPECT_INT(bindery_claim_release_kept(context, &id, NULL,
					      BINDERY_RELEASE_WAIT, 1500,
					      &members), 0);
	EXPECT_INT(mock.recover.operation, BINDERY_RECOVER_RELEASE);
	EXPECT_INT(mock.recover.flags, BINDERY_RELEASE_WAIT);
	EXPECT_INT(mock.recover.deadline_ms, 1500);
	EXPECT_INT(memcmp(mock.recover.id, mock_id, sizeof(mock_id)), 0);
	EXPECT(!mock.recover.device);
	EXPECT_INT(bindery_members_get_count(members), 1);
	EXPECT_INT(bindery_claim_release_kept(context, NULL, &device_1, 0, 0,
					      NULL), 0);
	EXPECT(!mock.recover.id[15]);
	EXPECT_INT(mock.devices[0].bdf.bus, 1);
	mock_fail(MOCK_RECOVER, EBUSY, BINDERY_ERROR_BUSY,
		  BINDERY_ERROR_CLASS_RETRY, BINDERY_STEP_RESERVE);
	EXPECT_INT(bindery_claim_release_kept(context, &id, NULL, 0, 0, NULL),
		   -EBUSY);
	EXPECT_INT(context_code(), BINDERY_ERROR_BUSY);
	finish();
}

TEST(W3_a_group_is_repaired_by_a_device)
{
	start();
	EXPECT_INT(bindery_group_repair(context, &device_1, 1500, &members), 0);
	EXPECT_INT(mock.recover.operation, BINDERY_RECOVER_REPAIR);
	EXPECT_INT(mock.recover.deadline_ms, 1500);
	EXPECT_INT(mock.devices[0].bdf.bus, 1);
	EXPECT_INT(bindery_members_get_count(members), 1);
	bindery_members_free(members);
	mock.members[0].out_errno = ENODEV;
	mock_fail(MOCK_RECOVER, EIO, BINDERY_ERROR_DEGRADED,
		  BINDERY_ERROR_CLASS_HOST, BINDERY_STEP_RESTORE);
	EXPECT_INT(bindery_group_repair(context, &device_1, 0, &members), -EIO);
	EXPECT_INT(context_code(), BINDERY_ERROR_DEGRADED);
	EXPECT_INT(bindery_member_get_errno(bindery_members_get(members, 0)),
		   ENODEV);
	finish();
}

TEST(A1_a_path_without_a_root_bus_names_no_claim)
{
	struct bindery_reference device = { .address = BINDERY_ADDRESS_PATH };
	struct bindery_claim *other;

	start();
	EXPECT_INT(bindery_claim_open(context, NULL, &device, &other), -EINVAL);
	EXPECT_INT(bindery_claim_mark(claim, &device, 0, 0, NULL), -EINVAL);
	EXPECT_INT(bindery_group_repair(context, &device, 0, NULL), -EINVAL);
	EXPECT_INT(bindery_claim_release_kept(context, NULL, &device, 0, 0,
					      NULL), -EINVAL);
	EXPECT_INT(mock.count[MOCK_OPEN_CLAIM], 1);
	EXPECT_INT(mock.count[MOCK_RECOVER] + mock.count[MOCK_MARK], 0);
	finish();
}
