// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>

#include "delegation.h"

static int nobody_elsewhere(void)
{
	return become_nobody() ?: enter_user_namespace();
}

int (*const without_rights[NUM_BECOME])(void) = {
	become_nobody, drop_sys_admin, enter_user_namespace, nobody_elsewhere,
};

int expect(const char *what, int expected, int got)
{
	if (expected == got)
		return 0;
	note("%s: %d, not %d", what, got, expected);
	return 1;
}

static int judge(const char *what, const struct visit *visit,
		 uint32_t operation, int ret, int allowed,
		 const struct bindery_ioc_error *error)
{
	if (operation & visit->operations)
		return expect(what, allowed, ret);
	return expect(what, -EPERM, ret) +
	       expect("its code", visit->code, error->out_code) +
	       expect("its class", BINDERY_ERROR_CLASS_ASK, error->out_class);
}

/* The members of what is not theirs are not shown. */
int request_is(const char *what, const struct visit *visit, uint32_t operation,
	       int (*run)(int control, struct request *request), int allowed)
{
	struct request request = *visit->request;
	struct answer answer;
	int ret, wrong = 0;

	request.cmd.devices = (uintptr_t)request.devices;
	request.cmd.members = (uintptr_t)request.members;
	request.cmd.error = (uintptr_t)&request.error;
	ret = run(visit->file, &request);
	if (ret >= 0 && run != check) {
		wrong = expect("RELEASE of it", 0, release(ret, &answer));
		close_claim(ret);
		ret = 0;
	}
	if (!(operation & visit->operations))
		wrong += expect("members", 0, request.cmd.num_members);
	return wrong + judge(what, visit, operation, ret, allowed,
			     &request.error);
}

static int never(const char *what, const struct visit *visit, int ret,
		 const struct bindery_ioc_error *error)
{
	struct visit none = *visit;

	none.operations = 0;
	if (none.code != BINDERY_ERROR_REVOKED)
		none.code = BINDERY_ERROR_OPERATION;
	return judge(what, &none, 0, ret, 0, error);
}

/* What nobody gets by a delegated file. */
static int may_never(const struct visit *visit)
{
	struct bindery_ioc_revoke cmd;
	struct bindery_ioc_error error;
	struct delegated again;
	struct answer answer;
	int wrong;

	delegated_init(&again, BINDERY_OPERATION_SHOW, visit->bdf, NULL);
	wrong = never("RECOVER, REPAIR", visit,
		      recover(visit->file, BINDERY_RECOVER_REPAIR, NULL,
			      visit->bdf, &answer), &answer.error) +
		never("RECOVER, RELEASE", visit,
		      recover(visit->file, BINDERY_RECOVER_RELEASE, visit->id,
			      visit->bdf, &answer), &answer.error) +
		never("DELEGATE", visit, give(visit->file, &again),
		      &again.error);
	return wrong + never("REVOKE", visit,
			     revoke_with(visit->file, &cmd, &error, NO_ID,
					 visit->file, 0, 0), &error);
}

/* Of all that the calls take, done as it should be. */
int all_calls(const struct visit *visit)
{
	struct answer answer;
	int ret, wrong;

	wrong = judge("SHOW", visit, BINDERY_OPERATION_SHOW,
		      show(visit->file, visit->bdf, &answer), 0, &answer.error);
	wrong += request_is("CHECK", visit, BINDERY_OPERATION_CHECK, check, 0);
	wrong += request_is("ACQUIRE", visit, BINDERY_OPERATION_ACQUIRE,
			    acquire, 0);
	wrong += request_is("ADOPT", visit, BINDERY_OPERATION_ADOPT, adopt,
			    -EBUSY);
	ret = open_claim(visit->file, NULL, visit->bdf, &answer);
	wrong += judge("OPEN_CLAIM", visit, BINDERY_OPERATION_OPEN_CLAIM, ret,
		       -ENOENT, &answer.error);
	return wrong + may_never(visit) + all_numbers(visit);
}

/* What each number of a control file takes; of a claim they are no calls. */
static const struct {
	unsigned long number;
	uint32_t operation;	/* 0: not to be had */
} numbers[] = {
	{ BINDERY_SHOW, BINDERY_OPERATION_SHOW },
	{ BINDERY_CHECK, BINDERY_OPERATION_CHECK },
	{ BINDERY_ACQUIRE, BINDERY_OPERATION_ACQUIRE },
	{ BINDERY_ADOPT, BINDERY_OPERATION_ADOPT },
	{ BINDERY_OPEN_CLAIM, BINDERY_OPERATION_OPEN_CLAIM },
	{ BINDERY_RECOVER, 0 },
	{ BINDERY_DELEGATE, 0 },
	{ BINDERY_REVOKE, 0 },
};
#define NUM_NUMBERS	(sizeof(numbers) / sizeof(numbers[0]))

/* A structure with nothing in it: of what may be called, EINVAL. */
static int empty_call(const struct visit *visit, unsigned long number)
{
	bool revoked = visit->code == BINDERY_ERROR_REVOKED;

	if (number == BINDERY_INFO)
		return revoked ? -EPERM : 0;
	for (unsigned int i = 0; i < NUM_NUMBERS; i++)
		if (numbers[i].number == number)
			return numbers[i].operation & visit->operations ?
			       -EINVAL : -EPERM;
	return -ENOTTY;
}

/* Each number that there is, could be, or is one of a claim's file. */
int all_numbers(const struct visit *visit)
{
	struct visit own = *visit;
	int wrong = 0;

	/* It has the operations, but not for this group. */
	if (own.code == BINDERY_ERROR_FOREIGN_GROUP)
		own.operations = ALL;
	for (unsigned int nr = 0; nr < 0x100; nr++) {
		unsigned long number = _IO(BINDERY_IOC_TYPE, nr);
		uint32_t structure[256] = { sizeof(structure) };
		int expected = empty_call(&own, number);
		int ret = call(own.file, number, structure);

		if (ret == expected)
			continue;
		note("ioctl %#x: %d, not %d", nr, ret, expected);
		wrong++;
	}
	return wrong;
}

int in_child(int socket, void *arg)
{
	struct visit *visit = arg;

	(void)socket;
	if (visit->become())
		return 99;
	return all_calls(visit);
}

int visit_in_child(struct delegation *dg, int (*run)(int socket, void *arg),
		   struct visit *visit)
{
	if (child_start(&dg->child, run, visit))
		return -1;
	return child_wait(&dg->child);
}

int all_revoked(struct delegation *dg, int file)
{
	struct visit visit = { .file = file, .request = &dg->request,
			       .bdf = dg->first,
			       .code = BINDERY_ERROR_REVOKED };

	return all_calls(&visit);
}
