// SPDX-License-Identifier: GPL-2.0-only
/*
 * A delegated control file itself: what it takes to make one, what it tells,
 * how it is passed on, and its limits.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "kselftest_harness.h"
#include "delegation.h"

DELEGATION_FIXTURE(file)

static int info_is(int file, uint32_t claims, uint32_t txns)
{
	struct bindery_ioc_info info = { .size = sizeof(info) };

	return expect("INFO", 0, call(file, BINDERY_INFO, &info)) +
	       expect("claims", claims, info.out_num_claims) +
	       expect("transactions", txns, info.out_num_transactions);
}

static int limit_hit(int ret, struct request *request)
{
	return expect("one too many", -EDQUOT, ret) +
	       expect("its code", BINDERY_ERROR_LIMIT,
		      request->error.out_code) +
	       expect("its class", BINDERY_ERROR_CLASS_RETRY,
		      request->error.out_class);
}

TEST_F(file, G4_claims_are_limited)
{
	struct delegation *dg = &self->dg;

	delegated_init(&dg->delegated, ALL, dg->first, dg->foreign);
	dg->delegated.cmd.max_claims = 1;
	dg->file = give(dg->control, &dg->delegated);
	ASSERT_LE(0, dg->file);
	EXPECT_EQ(2, dg->delegated.cmd.out_num_groups);
	for (int i = 0; i < 3; i++) {
		dg->claim = acquire(dg->file, &dg->request);
		ASSERT_LE(0, dg->claim);
		EXPECT_EQ(0, info_is(dg->file, 1, 0));
		EXPECT_EQ(0, limit_hit(acquire(dg->file, &dg->rest),
				       &dg->rest));
		EXPECT_EQ(0, release(dg->claim, &dg->answer));
		EXPECT_EQ(0, info_is(dg->file, 0, 0));
	}
	/* one that fails leaves nothing behind */
	knob(TEST_TARGET, "fail", dg->first);
	EXPECT_GT(0, acquire(dg->file, &dg->request));
	EXPECT_EQ(0, info_is(dg->file, 0, 0));
}

TEST_F_TIMEOUT(file, G4_running_transactions_are_limited, 60)
{
	struct delegation *dg = &self->dg;
	int result;

	delegated_init(&dg->delegated, ALL, dg->first, dg->foreign);
	dg->delegated.cmd.max_transactions = 1;
	dg->file = give(dg->control, &dg->delegated);
	ASSERT_LE(0, dg->file);
	ASSERT_EQ(0, hang(dg));
	EXPECT_EQ(0, info_is(dg->file, 1, 1));
	EXPECT_EQ(0, limit_hit(acquire(dg->file, &dg->rest), &dg->rest));
	knob(TEST_NATIVE, "hold_remove", "");
	EXPECT_EQ(0, hear(dg->child.socket, &result));
	EXPECT_EQ(0, info_is(dg->file, 1, 0));
	dg->claim = acquire(dg->file, &dg->rest);
	EXPECT_LE(0, dg->claim);
	EXPECT_EQ(0, release(dg->claim, &dg->answer));
	child_kill(&dg->child);
}

static int use_received(int socket, void *arg)
{
	struct visit *visit = arg;

	close(visit->file);
	if (visit->become())
		return 99;
	visit->file = receive_fd(socket);
	return visit->file < 0 ? 98 : all_calls(visit);
}

TEST_F(file, G4_it_is_passed_over_a_socket)
{
	struct delegation *dg = &self->dg;
	struct visit visit = { .operations = ALL, .request = &dg->request,
			       .bdf = dg->first };

	for (int i = 0; i < NUM_BECOME; i++) {
		visit.become = without_rights[i];
		visit.file = delegate_to(dg, ALL, dg->first);
		ASSERT_LE(0, visit.file);
		ASSERT_EQ(0, child_start(&dg->child, use_received, &visit));
		ASSERT_EQ(0, send_fd(dg->child.socket, visit.file));
		close(visit.file);
		EXPECT_EQ(0, child_wait(&dg->child));
	}
}

static int issue(int socket, void *arg)
{
	struct delegated *d = arg;
	int control = control_open();

	return give(control, d) < 0 || send_fd(socket, d->cmd.out_control_fd);
}

TEST_F(file, G4_it_outlives_its_issuer)
{
	struct delegation *dg = &self->dg;

	delegated_init(&dg->delegated, ALL, dg->first, NULL);
	ASSERT_EQ(0, child_start(&dg->child, issue, &dg->delegated));
	dg->file = receive_fd(dg->child.socket);
	ASSERT_LE(0, dg->file);
	ASSERT_EQ(0, child_wait(&dg->child));
	dg->claim = acquire(dg->file, &dg->request);
	EXPECT_LE(0, dg->claim);
	/* whoever has all rights can revoke it */
	EXPECT_EQ(0, take_back(dg, dg->file, BINDERY_REVOKE_RELEASE, 0));
	EXPECT_EQ(0, all_revoked(dg, dg->file));
}

TEST_F(file, G4_it_tells_its_rights_and_limits)
{
	struct delegation *dg = &self->dg;
	const uint32_t operations = BINDERY_OPERATION_SHOW |
				    BINDERY_OPERATION_ACQUIRE;
	struct bindery_ioc_info info = { .size = sizeof(info) };
	struct bindery_ioc_info full = { .size = sizeof(full) };

	delegated_init(&dg->delegated, operations, dg->first, NULL);
	dg->delegated.cmd.max_claims = 3;
	dg->delegated.cmd.max_transactions = 2;
	dg->file = give(dg->control, &dg->delegated);
	ASSERT_LE(0, dg->file);
	ASSERT_EQ(0, call(dg->file, BINDERY_INFO, &info));
	EXPECT_EQ(BINDERY_RIGHTS_DELEGATED, info.out_rights);
	EXPECT_EQ(operations, info.out_operations);
	EXPECT_EQ(1, info.out_num_groups);
	EXPECT_EQ(3, info.out_max_claims);
	EXPECT_EQ(2, info.out_max_transactions);
	EXPECT_EQ(0, memcmp(info.out_delegation_id,
			    dg->delegated.cmd.out_delegation_id,
			    BINDERY_ID_SIZE));
	EXPECT_TRUE(id_is_uuid(info.out_delegation_id));
	ASSERT_EQ(0, call(dg->control, BINDERY_INFO, &full));
	EXPECT_EQ(0, full.out_operations);
	EXPECT_EQ(BINDERY_DELEGATE_MAX_CLAIMS, full.out_max_claims);
	EXPECT_EQ(BINDERY_DELEGATE_MAX_TRANSACTIONS,
		  full.out_max_transactions);
	EXPECT_EQ(0, memcmp(full.out_delegation_id, NO_ID, BINDERY_ID_SIZE));
	EXPECT_NE(0, full.out_features & BINDERY_FEATURE_DELEGATE);
}

static bool fdinfo_has(int file, const char *line)
{
	char path[64], text[1024];

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", file);
	if (read_file(path, text, sizeof(text)) < 0)
		return false;
	if (strstr(text, line))
		return true;
	note("no line \"%s\" in: %s", line, text);
	return false;
}

TEST_F(file, G4_fdinfo_tells_what_it_is)
{
	struct delegation *dg = &self->dg;
	char groups[64];

	dg->file = delegate_to(dg, ALL, dg->first);
	ASSERT_LE(0, dg->file);
	snprintf(groups, sizeof(groups), "bindery-groups:\t%d\n",
		 dg->group.id);
	EXPECT_TRUE(fdinfo_has(dg->file, groups));
	EXPECT_TRUE(fdinfo_has(dg->file, "bindery-delegation:\t"));
	EXPECT_TRUE(fdinfo_has(dg->file, "bindery-operations:\t0x1f\n"));
	EXPECT_TRUE(fdinfo_has(dg->file, "bindery-label:\ta broker\n"));
	EXPECT_TRUE(fdinfo_has(dg->file, "bindery-claims:\t0 of 256\n"));
	EXPECT_TRUE(fdinfo_has(dg->file, "bindery-transactions:\t0 of 16\n"));
	EXPECT_TRUE(fdinfo_has(dg->file, "bindery-revoked:\t0"));
	EXPECT_EQ(0, take_back(dg, dg->file, 0, 0));
	EXPECT_TRUE(fdinfo_has(dg->file, "bindery-revoked:\t1"));
}

#define REFUSED(_err, _code, ...) do {					\
	delegated_init(d, ALL, dg->first, NULL);			\
	__VA_ARGS__;							\
	EXPECT_EQ(-(_err), give(dg->control, d));			\
	EXPECT_EQ(BINDERY_ERROR_##_code, d->error.out_code);		\
} while (0)

TEST_F(file, G4_what_is_delegated_has_to_make_sense)
{
	struct delegation *dg = &self->dg;
	struct delegated *d = &dg->delegated;

	REFUSED(EINVAL, ARGUMENT, d->cmd.operations = 0);
	REFUSED(EOPNOTSUPP, ARGUMENT, d->cmd.operations = ALL + 1);
	REFUSED(EOPNOTSUPP, ARGUMENT, d->cmd.flags = 1);
	REFUSED(EOPNOTSUPP, ARGUMENT, d->cmd.__reserved = 1);
	REFUSED(EINVAL, EMPTY_LIST, d->cmd.num_devices = 0);
	REFUSED(EINVAL, ARGUMENT, d->cmd.device_size = 1);
	REFUSED(EFAULT, FAULT, d->cmd.devices = 16);
	REFUSED(E2BIG, TOO_MANY, d->cmd.num_devices = BINDERY_MAX_DEVICES + 1);
	REFUSED(E2BIG, TOO_MANY,
		d->cmd.max_claims = BINDERY_DELEGATE_MAX_CLAIMS + 1);
	REFUSED(E2BIG, TOO_MANY, d->cmd.max_transactions =
		BINDERY_DELEGATE_MAX_TRANSACTIONS + 1);
	REFUSED(ENODEV, NO_DEVICE, d->devices[0].bdf.domain = 0xfffff);
	REFUSED(EINVAL, ADDRESS, d->devices[0].bdf.slot = 99);
	REFUSED(EINVAL, LABEL, d->cmd.label[0] = 1);
	REFUSED(EINVAL, DUPLICATE, d->devices[1] = d->devices[0];
		d->cmd.num_devices = 2);
	REFUSED(EINVAL, NAME, d->devices[0].target[0] = '/');
}

TEST_HARNESS_MAIN
