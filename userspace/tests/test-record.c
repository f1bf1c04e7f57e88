// SPDX-License-Identifier: GPL-2.0-or-later
/* Error records of calls that the kernel was never asked for. */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "internal.h"
#include "mock.h"
#include "tap.h"

/* A path of no root bus names nothing to the kernel. */
static const struct bindery_reference nowhere = {
	.address = BINDERY_ADDRESS_PATH,
	.path = { .num_steps = 1 },
};
static const struct bindery_reference device = { .bdf = { .bus = 1 } };

static struct bindery_context *context;

/* After a failure of which the kernel told all. */
static void start(void)
{
	struct bindery_group *group;

	mock_reset();
	EXPECT_INT(bindery_context_new(&context), 0);
	mock_fail(MOCK_SHOW, ENODEV, BINDERY_ERROR_NO_DEVICE,
		  BINDERY_ERROR_CLASS_ASK, BINDERY_STEP_REQUEST);
	EXPECT_INT(bindery_group_show(context, &device, &group), -ENODEV);
	mock.fail[MOCK_SHOW] = 0;
}

static void expect_own(const struct bindery_error_record *record, int error)
{
	EXPECT_INT(bindery_error_record_get_code(record), BINDERY_ERROR_NONE);
	EXPECT_INT(bindery_error_record_get_step(record), 0);
	EXPECT_INT(bindery_error_record_get_errno(record), error);
}

TEST(U1_nothing_of_the_last_failure_is_left_in_the_record_of_a_context)
{
	struct bindery_members *members;
	struct bindery_claim *claim;
	struct bindery_group *group;

	start();
	EXPECT_INT(bindery_group_show(context, &nowhere, &group), -EINVAL);
	expect_own(bindery_context_get_error(context), EINVAL);
	bindery_context_free(context);
	start();
	EXPECT_INT(bindery_claim_open(context, NULL, &nowhere, &claim),
		   -EINVAL);
	expect_own(bindery_context_get_error(context), EINVAL);
	bindery_context_free(context);
	start();
	EXPECT_INT(bindery_group_repair(context, &nowhere, 0, &members),
		   -EINVAL);
	expect_own(bindery_context_get_error(context), EINVAL);
	bindery_context_free(context);
	start();
	EXPECT_INT(bindery_claim_release_kept(context, NULL, &nowhere, 0, 0,
					      &members), -EINVAL);
	expect_own(bindery_context_get_error(context), EINVAL);
	bindery_context_free(context);
}

TEST(U1_nothing_of_the_last_failure_is_left_in_the_record_of_a_claim)
{
	struct bindery_claim *claim;

	start();
	EXPECT_INT(bindery_claim_open(context, NULL, &device, &claim), 0);
	mock_fail(MOCK_KEEP, EPERM, BINDERY_ERROR_NOT_PERMITTED,
		  BINDERY_ERROR_CLASS_ASK, BINDERY_STEP_REQUEST);
	EXPECT_INT(bindery_claim_keep(claim, BINDERY_KEEP_ON), -EPERM);
	EXPECT_INT(bindery_claim_mark(claim, &nowhere,
				      BINDERY_EVENT_ATTACH_OK, 0, NULL),
		   -EINVAL);
	expect_own(bindery_claim_get_error(claim), EINVAL);
	bindery_claim_free(claim);
	bindery_context_free(context);
}

TEST(U1_an_inherited_claim_is_not_left_to_the_next_program)
{
	int fd = open("/dev/null", O_RDWR);
	struct bindery_claim *claim;

	start();
	EXPECT_INT(fcntl(fd, F_GETFD), 0);
	EXPECT_INT(bindery_claim_new_from_fd(fd, &claim), 0);
	EXPECT_INT(fcntl(fd, F_GETFD), FD_CLOEXEC);
	bindery_claim_free(claim);
	bindery_context_free(context);
}
