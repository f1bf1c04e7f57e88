// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include "uapi.h"

const struct ioctl_case uapi_cases[NUM_CASES] = {
#define WHERE(type, field) offsetof(struct bindery_ioc_##type, field)
#define ERROR(type)	.error = WHERE(type, error)
#define MEMBERS(type)							\
	.members = WHERE(type, members),				\
	.num_members = WHERE(type, num_members),			\
	.member_size = WHERE(type, member_size)
#define DEVICE(type, field)						\
	.device = WHERE(type, field),					\
	.device_size = WHERE(type, device_size)
#define DEADLINE(type)	.deadline = WHERE(type, deadline_ms)
#define RESERVED(type)	.reserved = { WHERE(type, __reserved) }
#define CASE(_name, _type, _stage, _of_claim, ...)			\
	{								\
		.name = #_name, .number = BINDERY_##_name,		\
		.size = sizeof(struct bindery_ioc_##_type),		\
		.stage = _stage, .of_claim = _of_claim,			\
		.flags = WHERE(_type, flags), __VA_ARGS__		\
	}
#define ACQUIRE_CASE(name, stage, _known)				\
	CASE(name, acquire, stage, false, ERROR(acquire),		\
	     MEMBERS(acquire), DEVICE(acquire, devices),		\
	     DEADLINE(acquire), RESERVED(acquire), .known = _known)
	CASE(INFO, info, FREE, false, .shortest = WHERE(info, out_operations)),
	CASE(SHOW, show, FREE, false, ERROR(show), MEMBERS(show),
	     DEVICE(show, device),
	     .reserved = { WHERE(show, __reserved), WHERE(show, __reserved2) }),
	ACQUIRE_CASE(CHECK, FREE, 0x3ff),
	ACQUIRE_CASE(ACQUIRE, FREE, 0x3ff),
	ACQUIRE_CASE(ADOPT, ON_VFIO, BINDERY_ACQUIRE_SINGLE_GROUP |
		     BINDERY_ACQUIRE_SHARED | BINDERY_ACQUIRE_KEEP |
		     BINDERY_ACQUIRE_REPAIR),
	CASE(OPEN_CLAIM, open_claim, CLAIMED, false, ERROR(open_claim),
	     DEVICE(open_claim, device)),
	CASE(RECOVER, recover, CLAIMED, false, ERROR(recover),
	     MEMBERS(recover), DEVICE(recover, device), DEADLINE(recover),
	     RESERVED(recover)),
	CASE(DELEGATE, delegate, FREE, false, ERROR(delegate),
	     DEVICE(delegate, devices), RESERVED(delegate)),
	CASE(REVOKE, revoke, FREE, false, ERROR(revoke), DEADLINE(revoke),
	     RESERVED(revoke), .known = BINDERY_REVOKE_RELEASE),
	CASE(STATUS, status, CLAIMED, true, ERROR(status), MEMBERS(status)),
	CASE(BIND, bind, CLAIMED, true, ERROR(bind), MEMBERS(bind),
	     DEADLINE(bind), RESERVED(bind),
	     .known = BINDERY_ACQUIRE_SERIAL | BINDERY_ACQUIRE_NOWAIT),
	CASE(MARK, mark, CLAIMED, true, ERROR(mark), DEVICE(mark, device)),
	CASE(KEEP, keep, CLAIMED, true, ERROR(keep), RESERVED(keep)),
	CASE(RELEASE, release, CLAIMED, true, ERROR(release), MEMBERS(release),
	     DEADLINE(release), RESERVED(release),
	     .known = BINDERY_RELEASE_WAIT | BINDERY_RELEASE_DEFER |
		      BINDERY_RELEASE_FORCE),
};

static void prepare_delegate(struct uapi *u, struct bindery_ioc_delegate *cmd)
{
	cmd->size = sizeof(*cmd);
	cmd->devices = (uintptr_t)u->request.devices;
	cmd->num_devices = u->group.num;
	cmd->device_size = sizeof(u->request.devices[0]);
	cmd->operations = BINDERY_OPERATION_SHOW;
}

static int make_delegated(struct uapi *u)
{
	struct bindery_ioc_delegate cmd = { 0 };

	prepare_delegate(u, &cmd);
	return call(u->control, BINDERY_DELEGATE, &cmd) ?: cmd.out_control_fd;
}

int uapi_begin(struct uapi *u)
{
	u->delegated = make_delegated(u);
	return u->delegated < 0 ? u->delegated : 0;
}

int uapi_end(struct uapi *u)
{
	close(u->delegated);
	return !!uapi_arrange(u, FREE) + common_end(&u->common);
}

static void end_claim(struct uapi *u)
{
	close_claims(u->control, u->group.bdf[0]);
	u->claim = -1;
	u->stage = FREE;
}

/* Go there from what the last call needed. */
int uapi_arrange(struct uapi *u, enum stage stage)
{
	int ret = 0;

	if (u->stage == stage)
		return 0;
	u->looked = false;
	if (u->stage == CLAIMED) {
		keep(u->claim, BINDERY_KEEP_OFF);
		end_claim(u);
	}
	if (u->stage == ON_VFIO)
		ret = snapshot_move_back(&u->before, &u->group);
	if (stage == ON_VFIO)
		ret = ret ?: group_move(&u->group, VFIO_PCI);
	if (stage == CLAIMED)
		u->claim = acquire(u->control, &u->request);
	u->stage = stage;
	if (ret || (stage == CLAIMED && u->claim < 0))
		note("the group cannot be made ready: %d, %d", ret, u->claim);
	return ret;
}

/* The other policy. */
static void prepare_keep(struct uapi *u, struct bindery_ioc_keep *cmd)
{
	cmd->policy = BINDERY_KEEP_ON;
	if (!status(u->claim, &u->answer) &&
	    u->answer.status.out_flags & BINDERY_CLAIM_KEEP)
		cmd->policy = BINDERY_KEEP_OFF;
}

/* An event that the device's assignment allows now. */
static void prepare_mark(struct uapi *u, struct bindery_ioc_mark *cmd)
{
	struct bindery_ioc_member *member =
		status_member(u->claim, u->group.bdf[0], &u->answer);

	cmd->event = BINDERY_EVENT_RESERVE;
	if (!member)
		return;
	cmd->generation = member->out_generation;
	if (member->out_assignment == BINDERY_ASSIGNMENT_RESERVED)
		cmd->event = BINDERY_EVENT_ATTACH_OK;
	if (member->out_assignment == BINDERY_ASSIGNMENT_PENDING)
		cmd->event = BINDERY_EVENT_DETACH_OK;
}

static void prepare_pointers(struct uapi *u, const struct ioctl_case *c)
{
	union command *command = &u->command;

	if (c->device) {
		*u64_at(command, c->device) = (uintptr_t)u->devices;
		*u32_at(command, c->device_size) = sizeof(u->devices[0]);
	}
	if (c->members) {
		*u64_at(command, c->members) = (uintptr_t)u->members;
		*u32_at(command, c->num_members) = MAX_MEMBERS;
		*u32_at(command, c->member_size) = sizeof(u->members[0]);
	}
	if (c->error)
		*u64_at(command, c->error) = (uintptr_t)&u->error;
}

/* A call that would succeed. */
void uapi_prepare(struct uapi *u, const struct ioctl_case *c)
{
	union command *command = &u->command;

	uapi_arrange(u, c->stage);
	u->at = command;
	memset(command, 0, sizeof(*command));
	memset(&u->error, 0xff, sizeof(u->error));
	memset(u->members, 0xff, sizeof(u->members));
	memcpy(u->devices, u->request.devices, sizeof(u->devices));
	u->error.size = sizeof(u->error);
	if (c->number == BINDERY_CHECK || c->number == BINDERY_ACQUIRE ||
	    c->number == BINDERY_ADOPT)
		command->acquire = u->request.cmd;
	if (c->number == BINDERY_DELEGATE)
		prepare_delegate(u, &command->delegate);
	if (c->number == BINDERY_REVOKE)
		command->revoke.control_fd = u->delegated;
	if (c->number == BINDERY_MARK)
		prepare_mark(u, &command->mark);
	if (c->number == BINDERY_KEEP)
		prepare_keep(u, &command->keep);
	command->size = c->size;
	prepare_pointers(u, c);
}

int uapi_call(struct uapi *u, const struct ioctl_case *c)
{
	int ret = call(c->of_claim ? u->claim : u->control, c->number, u->at);

	/* What was undone may have changed drivers for a while, too. */
	if (!ret || ret == -EFAULT)
		u->looked = false;
	return ret;
}

/* Let go of what came of a call that succeeded. */
void uapi_let_go(struct uapi *u, const struct ioctl_case *c)
{
	if (c->number == BINDERY_ACQUIRE || c->number == BINDERY_ADOPT) {
		close(u->command.acquire.out_claim_fd);
		close_claims(u->control, u->group.bdf[0]);
	}
	if (c->number == BINDERY_OPEN_CLAIM)
		close(u->command.open_claim.out_claim_fd);
	if (c->number == BINDERY_DELEGATE)
		close(u->command.delegate.out_control_fd);
	if (c->number == BINDERY_RELEASE)
		end_claim(u);
}

/* Make that call, and let go of a claim that came of it. */
int uapi_run(struct uapi *u, const struct ioctl_case *c)
{
	int ret = uapi_call(u, c);

	if (!ret)
		uapi_let_go(u, c);
	return ret;
}

/* STATUS of the claim, or what SHOW tells if there is none. */
static void ask(struct uapi *u, struct answer *answer)
{
	int ret = u->stage == CLAIMED ? status(u->claim, answer) :
		show(u->control, u->group.bdf[0], answer);

	if (ret)
		note("%s returned %d", u->stage == CLAIMED ? "STATUS" : "SHOW",
		     ret);
}

void uapi_look(struct uapi *u)
{
	if (u->looked)
		return;
	snapshot_take(&u->now);
	ask(u, &u->was);
}

static int differs(const char *what, uint64_t was, uint64_t is)
{
	if (was != is)
		note("%s was %llu, is %llu", what, (unsigned long long)was,
		     (unsigned long long)is);
	return was != is;
}

/* What is undone leaves nothing but new generations. */
static int compare_answers(const struct uapi *u, const struct answer *is,
			   bool undone)
{
	const struct answer *was = &u->was;
	int changes = 0;

	if (u->stage == CLAIMED) {
		changes += differs("the claim's flags", was->status.out_flags,
				   is->status.out_flags);
		changes += undone ? 0 :
			differs("the claim's generation",
				was->status.out_generation,
				is->status.out_generation);
	}
	for (unsigned int i = 0; i < u->group.num; i++) {
		changes += differs("a group's state",
				   was->members[i].out_group_state,
				   is->members[i].out_group_state);
		changes += differs("an assignment",
				   was->members[i].out_assignment,
				   is->members[i].out_assignment);
	}
	return changes;
}

/* Since then. If it is undone, drivers may have come and gone. */
int uapi_has_changed(struct uapi *u, bool undone)
{
	int changes;

	ask(u, &u->answer);
	changes = compare_answers(u, &u->answer, undone) +
		  (undone ? snapshot_compare(&u->now) :
			    snapshot_compare_untouched(&u->now));
	u->looked = !changes && !undone;
	return changes;
}

/* With code ~0, no error record has to be written. */
int uapi_fails(struct uapi *u, const struct ioctl_case *c, int expected,
	       uint32_t code)
{
	int ret, wrong = 0;

	if (expected)
		uapi_look(u);
	ret = uapi_run(u, c);
	if (ret != expected)
		note("%s returned %d, not %d", c->name, ret, expected);
	if (c->error && u->error.out_code != code) {
		note("%s: code %u, not %u", c->name, u->error.out_code, code);
		wrong++;
	}
	if (expected)
		wrong += uapi_has_changed(u, expected == -EFAULT);
	return wrong + (ret != expected);
}
