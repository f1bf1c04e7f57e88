// SPDX-License-Identifier: GPL-2.0-only
/* One ioctl: as it should be, but for what the tape changes about it. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "fuzz.h"

/* A call, and all that it points to. */
struct memory {
	union command command;
	struct bindery_ioc_error error;
	struct bindery_ioc_device devices[MAX_MEMBERS];
	struct bindery_ioc_native natives[MAX_MEMBERS];
	struct bindery_ioc_member members[MAX_MEMBERS];
};

/*
 * Far from everything else, and with room on both sides: where pointers and
 * sizes are spoilt the kernel writes its results beside what is there.
 */
#define PLACE	((void *)0x100000000000)
#define ROOM	(1 << 20)

static struct memory *memory;
static char *hole;		/* the end of that room */

static const uint32_t values[] = {
	0, 1, 2, 3, 4, 7, 8, 0x1f, 0x20, 64, 72, 255, 256, 4095, 4096, 4097,
	0xffff, 0x10000, 0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff,
};

static uint32_t value(struct tape *tape)
{
	uint8_t which = take(tape);

	return which < 192 ? values[which % ARRAY_SIZE(values)] :
			     take_u32(tape);
}

static const char *const names[] = {
	TEST_TARGET, VFIO_PCI, "", TEST_OTHER, "vfio_pci", TEST_NATIVE,
	"pcieport", "bindery-parked", "a/b", "\x01", "\xff\xff",
	"0123456789012345678901234567890123456789012345678901234567890123456789",
};

/* Only now and then one that modprobe is asked for. */
static void put_name(char *to, size_t size, struct tape *tape)
{
	uint8_t which = take(tape);
	const char *name = names[which % ARRAY_SIZE(names)];

	if (which == 255)
		name = "no_such_driver";
	memcpy(to, name, strnlen(name, size));
}

static const char *some_device(struct world *world, struct tape *tape)
{
	uint8_t which = take(tape);

	if (which < 128)
		return world->group.bdf[which % world->group.num];
	if (which < 192)
		return world->vfio.bdf[0];
	if (which < 250)
		return world->held.bdf[0];
	return "0000:00:01.0";
}

static void put_address(struct world *world, struct bindery_ioc_device *device,
			struct tape *tape)
{
	uint8_t how = take(tape);

	device->bdf = pci_address(some_device(world, tape));
	if (how < 200)
		return;
	device->address = take(tape) % 4;
	device->num_steps = take(tape) % 40;
	device->vf = take(tape);
	device->flags = take(tape);
	for (unsigned int i = 0; i < 4; i++)
		device->steps[i] = take(tape);
	if (one_in(tape, 2))
		return;
	device->bdf.domain = value(tape);
	device->bdf.bus = take(tape);
	device->bdf.slot = take(tape);
	device->bdf.function = take(tape);
}

static void put_device(struct world *world, struct bindery_ioc_device *device,
		       struct tape *tape)
{
	memset(device, 0, sizeof(*device));
	put_address(world, device, tape);
	if (one_in(tape, 8))
		put_name(device->target, sizeof(device->target), tape);
	if (one_in(tape, 32))
		put_name(device->module, sizeof(device->module), tape);
	if (one_in(tape, 32))
		device->vendor = value(tape);
}

/* All of a group, or whatever comes. */
static unsigned int put_devices(struct world *world, struct tape *tape)
{
	unsigned int num = 1 + take(tape) % 5;

	if (one_in(tape, 4)) {
		for (unsigned int i = 0; i < num; i++)
			put_device(world, &memory->devices[i], tape);
		return num;
	}
	for (unsigned int i = 0; i < world->group.num; i++)
		memory->devices[i] = (struct bindery_ioc_device) {
			.bdf = pci_address(world->group.bdf[i]),
		};
	return world->group.num;
}

static void prepare_request(struct world *world, struct tape *tape,
			    struct bindery_ioc_acquire *cmd, bool adopt)
{
	cmd->num_devices = put_devices(world, tape);
	/* the cheap way most of the time */
	cmd->flags = take(tape) < 160 ? BINDERY_ACQUIRE_RESERVE_ONLY :
					take(tape);
	if (!adopt) {
		put_name(cmd->target, sizeof(cmd->target), tape);
		return;
	}
	cmd->num_devices = 1;
	cmd->flags = take(tape) & 0xff;
	memset(&memory->devices[0], 0, sizeof(memory->devices[0]));
	memory->devices[0].bdf = pci_address(world->vfio.bdf[0]);
	if (!one_in(tape, 4))
		return;
	cmd->natives = (uintptr_t)memory->natives;
	cmd->native_size = sizeof(memory->natives[0]);
	memory->natives[0].flags = take(tape) & 1;
	put_name(memory->natives[0].driver, BINDERY_NAME_SIZE, tape);
}

static void prepare_revoke(struct world *world, struct tape *tape,
			   struct bindery_ioc_revoke *cmd)
{
	if (one_in(tape, 2))
		memcpy(cmd->id, world->delegation, BINDERY_ID_SIZE);
	cmd->control_fd = world->files[take(tape) % world->num_files].fd;
	cmd->flags = take(tape) & 1;
}

static void prepare_kind(struct world *world, const struct ioctl_case *c,
			 struct tape *tape)
{
	union command *command = &memory->command;

	switch (c->number) {
	case BINDERY_CHECK:
	case BINDERY_ACQUIRE:
	case BINDERY_ADOPT:
		prepare_request(world, tape, &command->acquire,
				c->number == BINDERY_ADOPT);
		break;
	case BINDERY_DELEGATE:
		command->delegate.num_devices = put_devices(world, tape);
		command->delegate.operations = take(tape) ?: 0x1f;
		break;
	case BINDERY_REVOKE:
		prepare_revoke(world, tape, &command->revoke);
		break;
	case BINDERY_OPEN_CLAIM:
		memcpy(command->open_claim.id, world->id, BINDERY_ID_SIZE);
		break;
	case BINDERY_RECOVER:
		command->recover.operation = take(tape) & 1;
		memcpy(command->recover.id, world->id, BINDERY_ID_SIZE);
		break;
	case BINDERY_MARK:
		command->mark.event = take(tape) % 10;
		command->mark.generation = world->generation;
		break;
	case BINDERY_KEEP:
		command->keep.policy = take(tape) & 1;
		break;
	}
}

static void prepare_rest(struct world *world, const struct ioctl_case *c,
			 struct tape *tape)
{
	union command *command = &memory->command;

	if (c->device) {
		*u64_at(command, c->device) = (uintptr_t)memory->devices;
		*u32_at(command, c->device_size) = sizeof(memory->devices[0]);
		if (c->number != BINDERY_DELEGATE && c->stage != ON_VFIO &&
		    !command->acquire.num_devices)
			put_device(world, &memory->devices[0], tape);
	}
	if (c->members) {
		*u64_at(command, c->members) = (uintptr_t)memory->members;
		*u32_at(command, c->num_members) = take(tape) % MAX_MEMBERS;
		*u32_at(command, c->member_size) = sizeof(memory->members[0]);
	}
	if (c->deadline)
		*u32_at(command, c->deadline) = 1 + take(tape) * 4;
	if (c->error)
		*u64_at(command, c->error) = (uintptr_t)&memory->error;
	memory->error.size = sizeof(memory->error);
}

static void *somewhere(struct tape *tape)
{
	void *const places[] = {
		NULL, (void *)NOWHERE, hole, hole - 8, hole - 300, memory,
		(char *)memory + 1, (void *)~0UL, (void *)(1UL << 47),
	};

	return places[take(tape) % ARRAY_SIZE(places)];
}

/* A word, a pointer, a text, or the size of the whole. */
static void spoil(const struct ioctl_case *c, struct tape *tape)
{
	union command *command = &memory->command;
	unsigned int at = take(tape) * 4 % c->size;

	switch (take(tape) % 8) {
	case 0:
	case 1:
		*u32_at(command, at) = value(tape);
		break;
	case 2:
		*u64_at(command, at & ~7) = (uintptr_t)somewhere(tape);
		break;
	case 3:
		command->bytes[take(tape) % c->size] ^= 1 << take(tape) % 8;
		break;
	case 4:
		command->size = value(tape);
		break;
	case 5:
		command->size = c->size + take(tape);
		command->bytes[c->size + take(tape) % 16] = take(tape);
		break;
	case 6:
		memory->error.size = value(tape);
		break;
	case 7:
		*u32_at(command, c->flags) = value(tape);
		break;
	}
	/* what waits for ever is no test */
	if (c->deadline && (!*u32_at(command, c->deadline) ||
			    *u32_at(command, c->deadline) > 2000) &&
	    *u32_at(command, c->deadline) <= BINDERY_DEADLINE_MAX_MS)
		*u32_at(command, c->deadline) = 50;
}

static void keep_result(struct world *world, const struct ioctl_case *c)
{
	union command *command = &memory->command;

	switch (c->number) {
	case BINDERY_ACQUIRE:
	case BINDERY_ADOPT:
		world_keep(world, command->acquire.out_claim_fd, CLAIM);
		memcpy(world->id, command->acquire.out_claim_id,
		       BINDERY_ID_SIZE);
		break;
	case BINDERY_OPEN_CLAIM:
		world_keep(world, command->open_claim.out_claim_fd, CLAIM);
		break;
	case BINDERY_DELEGATE:
		world_keep(world, command->delegate.out_control_fd, DELEGATED);
		memcpy(world->delegation, command->delegate.out_delegation_id,
		       BINDERY_ID_SIZE);
		break;
	case BINDERY_STATUS:
		world->generation = memory->members[0].out_generation;
		break;
	case BINDERY_MARK:
		world->generation = command->mark.out_generation;
		break;
	}
}

/* What does not tell, or has not told, that nothing was changed. */
static bool may_change(const struct ioctl_case *c, int ret)
{
	if (ret && ret != -EFAULT && ret != -ETIMEDOUT)
		return false;
	switch (c->number) {
	case BINDERY_INFO:
	case BINDERY_SHOW:
	case BINDERY_CHECK:
	case BINDERY_STATUS:
	case BINDERY_MARK:
	case BINDERY_DELEGATE:
		return false;
	default:
		return true;
	}
}

/* As often as they show something, for what they cost. */
static const struct ioctl_case *choose(struct tape *tape)
{
	static const uint8_t weights[NUM_CASES] = {
		/* INFO, SHOW, CHECK, ACQUIRE, ADOPT, OPEN_CLAIM, RECOVER */
		2, 5, 5, 3, 2, 3, 3,
		/* DELEGATE, REVOKE, STATUS, BIND, MARK, KEEP, RELEASE */
		3, 2, 12, 2, 14, 1, 1,
	};
	unsigned int at = 0, sum = 0;
	uint8_t which = take(tape);

	for (unsigned int i = 0; i < NUM_CASES; i++)
		sum += weights[i];
	for (which %= sum; which >= weights[at]; at++)
		which -= weights[at];
	return &uapi_cases[at];
}

static void prepare(struct world *world, const struct ioctl_case *c,
		    struct tape *tape)
{
	uint8_t times;

	memset(memory, 0, offsetof(struct memory, devices));
	memset(memory->natives, 0, sizeof(memory->natives[0]));
	prepare_kind(world, c, tape);
	prepare_rest(world, c, tape);
	memory->command.size = c->size;
	for (times = take(tape); times >= 128 && times; times <<= 1)
		spoil(c, tape);
}

static void make_room(void)
{
	char *room = mmap(PLACE, ROOM, PROT_READ | PROT_WRITE, MAP_PRIVATE |
			  MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);

	if (room != PLACE)
		abort();
	memory = (void *)(room + ROOM / 2);
	hole = room + ROOM;
}

/* Now and then at the very end of what can be read. */
static void *place(const struct ioctl_case *c, struct tape *tape)
{
	char *at = hole - c->size;

	if (!one_in(tape, 32))
		return &memory->command;
	memcpy(at, &memory->command, c->size);
	return at;
}

static void count(struct world *world, struct file file,
		  const struct ioctl_case *c, int ret)
{
	if (file.surface == NUM_SURFACES)
		return;
	world->executions[file.surface]++;
	world->succeeded[file.surface] += !ret;
	cover_feature((uint64_t)c->number << 32 | (uint64_t)file.surface << 24 |
		      (uint64_t)(-ret & 0xff) << 16 |
		      (memory->error.out_code & 0xff) << 8 |
		      (memory->error.out_step & 0xff));
}

void fuzz_call(struct world *world, struct tape *tape)
{
	const struct ioctl_case *c = choose(tape);
	struct file file = world_file(world, tape, c->of_claim);
	unsigned long number = c->number;
	void *at;
	int ret;

	if (!memory)
		make_room();
	prepare(world, c, tape);
	at = place(c, tape);
	if (one_in(tape, 64))
		number ^= 1 << take(tape) % 32;
	ret = call(file.fd, number, at);
	count(world, file, c, ret);
	if (may_change(c, ret) || (!ret && number != c->number))
		world->dirty = true;
	if (c->number == BINDERY_REVOKE)
		world->revoked = true;
	if (!ret && at == &memory->command)
		keep_result(world, c);
}
