// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "mock.h"

__typeof__(mock_shared) mock_shared;

int __real_open(const char *path, int flags, ...);
int __wrap_open(const char *path, int flags, ...);
int __wrap_ioctl(int fd, unsigned long number, ...);

void mock_reset(void)
{
	if (!mock_shared)
		mock_shared = mmap(NULL, sizeof(mock), PROT_READ | PROT_WRITE,
				   MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (mock_shared == MAP_FAILED)
		abort();
	memset(&mock, 0, sizeof(mock));
	mock.abi_version = BINDERY_ABI_VERSION;
}

struct bindery_ioc_member *mock_member(int function, const char *driver,
				       enum bindery_role role,
				       enum bindery_action action)
{
	struct bindery_ioc_member *member = &mock.members[mock.num_members++];

	*member = (struct bindery_ioc_member){
		.out_device = { .bus = 1, .function = (__u8)function },
		.out_group = 5,
		.out_role = role,
		.out_action = action,
		.out_flags = BINDERY_MEMBER_PCI,
		.out_class = 0x020000,
		.out_vendor = 0x8086,
		.out_device_id = 0x10d3,
	};
	snprintf(member->out_name, sizeof(member->out_name), "0000:01:00.%d",
		 function);
	snprintf(member->out_driver, sizeof(member->out_driver), "%s", driver);
	if (action == BINDERY_ACTION_MOVE)
		strcpy(member->out_target, "vfio-pci");
	return member;
}

void mock_fail(enum mock_call call, int error, enum bindery_error code,
	       enum bindery_error_class error_class, enum bindery_step step)
{
	mock.fail[call] = error;
	mock.error.out_code = code;
	mock.error.out_class = error_class;
	mock.error.out_step = step;
	mock.error.out_errno = error;
}

int __wrap_open(const char *path, int flags, ...)
{
	if (strcmp(path, "/dev/bindery"))
		return __real_open(path, flags);
	if (mock.open_errno) {
		errno = mock.open_errno;
		return -1;
	}
	return __real_open("/dev/null", flags);
}

static void *pointer(__u64 address)
{
	return (void *)(uintptr_t)address;
}

const unsigned char mock_id[BINDERY_ID_SIZE] = {
	0x00, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77,
	0x88, 0x99, 0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff,
};

static int fail(enum mock_call call, __u64 error)
{
	mock.count[call]++;
	if (!mock.fail[call] || (mock.times && mock.count[call] > mock.times))
		return 0;
	if (!mock.silent) {
		mock.error.size = sizeof(mock.error);
		memcpy(pointer(error), &mock.error, sizeof(mock.error));
	}
	errno = mock.fail[call];
	return -1;
}

static void give_members(__u64 members, __u32 *num_members)
{
	__u32 room = *num_members;

	if (mock.silent)
		return;
	if (room > mock.num_members)
		room = mock.num_members;
	memcpy(pointer(members), mock.members, room * sizeof(*mock.members));
	*num_members = mock.num_members;
	mock.num_members += mock.grow;
}

static int invalid(void)
{
	errno = EINVAL;
	return -1;
}

static int mock_info(struct bindery_ioc_info *ioc)
{
	if (ioc->size != sizeof(*ioc) || ioc->flags)
		return invalid();
	mock.count[MOCK_INFO]++;
	ioc->out_abi_version = mock.abi_version;
	ioc->out_rights = BINDERY_RIGHTS_FULL;
	ioc->out_kernel = BINDERY_KERNEL_VFIO_GROUP;
	ioc->out_max_devices = 1;
	ioc->out_max_label = 2;
	ioc->out_max_name = 3;
	ioc->out_deadline_default_ms = 4;
	ioc->out_deadline_max_ms = 5;
	ioc->out_features = 1ULL << 40;
	ioc->out_max_path = 6;
	ioc->out_max_stuck = 7;
	ioc->out_operations = BINDERY_OPERATION_SHOW;
	ioc->out_num_groups = 8;
	ioc->out_max_claims = 9;
	ioc->out_max_transactions = 10;
	ioc->out_num_claims = 11;
	ioc->out_num_transactions = 12;
	memcpy(ioc->out_delegation_id, mock_id, sizeof(mock_id));
	memset(ioc->out_version, 'v', sizeof(ioc->out_version));
	errno = mock.fail[MOCK_INFO];
	return errno ? -1 : 0;
}

static int mock_show(struct bindery_ioc_show *ioc)
{
	if (ioc->size != sizeof(*ioc) || ioc->flags || ioc->__reserved ||
	    ioc->device_size != sizeof(struct bindery_ioc_device) ||
	    ioc->member_size != sizeof(struct bindery_ioc_member))
		return invalid();
	mock.show = *ioc;
	memcpy(mock.devices, pointer(ioc->device), sizeof(*mock.devices));
	if (fail(MOCK_SHOW, ioc->error))
		return -1;
	give_members(ioc->members, &ioc->num_members);
	ioc->out_group = 5;
	ioc->out_state = mock.state;
	ioc->out_num_claims = mock.num_claims;
	ioc->out_holder_pid = 4711;
	strcpy(ioc->out_holder_comm, "qemu\033");
	strcpy(ioc->out_holder_label, "vm 1");
	if (!mock.num_claims)
		return 0;
	memcpy(ioc->out_claim_id, mock_id, sizeof(mock_id));
	ioc->out_claim_flags = mock.claim_flags;
	ioc->out_generation = 77;
	return 0;
}

/* ADOPT alone tells what was there before. */
static bool is_bad_native(enum mock_call call,
			  const struct bindery_ioc_acquire *ioc)
{
	if (call == MOCK_ADOPT)
		return ioc->native_size != (ioc->natives ?
					    sizeof(struct bindery_ioc_native) :
					    0);
	return ioc->natives || ioc->native_size;
}

static int mock_acquire(enum mock_call call, struct bindery_ioc_acquire *ioc)
{
	__u32 copied = ioc->num_devices;

	if (ioc->size != sizeof(*ioc) ||
	    ioc->device_size != sizeof(struct bindery_ioc_device) ||
	    ioc->member_size != sizeof(struct bindery_ioc_member) ||
	    is_bad_native(call, ioc) || ioc->__reserved)
		return invalid();
	mock.acquire = *ioc;
	if (copied > MOCK_DEVICES)
		copied = MOCK_DEVICES;
	if (copied)
		memcpy(mock.devices, pointer(ioc->devices),
		       copied * sizeof(*mock.devices));
	if (copied && ioc->natives)
		memcpy(mock.natives, pointer(ioc->natives),
		       copied * sizeof(*mock.natives));
	give_members(ioc->members, &ioc->num_members);
	if (fail(call, ioc->error))
		return -1;
	ioc->out_claim_fd = -1;
	if (call == MOCK_CHECK)
		return 0;
	ioc->out_claim_fd = eventfd(0, EFD_CLOEXEC);
	memcpy(ioc->out_claim_id, mock_id, sizeof(mock_id));
	return 0;
}

static int mock_status(struct bindery_ioc_status *ioc)
{
	if (ioc->size != sizeof(*ioc) || ioc->flags ||
	    ioc->member_size != sizeof(struct bindery_ioc_member))
		return invalid();
	if (fail(MOCK_STATUS, ioc->error))
		return -1;
	give_members(ioc->members, &ioc->num_members);
	ioc->out_num_groups = 1;
	ioc->out_holder_pid = 4711;
	memcpy(ioc->out_id, mock_id, sizeof(mock_id));
	ioc->out_state = BINDERY_GROUP_HELD;
	ioc->out_flags = mock.claim_flags;
	ioc->out_generation = 78;
	strcpy(ioc->out_holder_comm, "qemu");
	strcpy(ioc->out_label, "vm 1");
	return 0;
}

/* Standard error is a file in all tests. */
static off_t told(void)
{
	struct stat status;

	return fstat(STDERR_FILENO, &status) ? 0 : status.st_size;
}

static void delay(void)
{
	off_t before = told();

	for (unsigned int ms = 0; ms < mock.delay_ms; ms += 10) {
		if (mock.delay_until_told && told() != before)
			return;
		usleep(10000);
	}
}

static int mock_release(struct bindery_ioc_release *ioc)
{
	if (ioc->size != sizeof(*ioc) || ioc->__reserved ||
	    ioc->member_size != sizeof(struct bindery_ioc_member))
		return invalid();
	mock.release = *ioc;
	delay();
	give_members(ioc->members, &ioc->num_members);
	return fail(MOCK_RELEASE, ioc->error);
}

/* One device, unless there is none. */
static bool take_device(__u64 device, __u32 size)
{
	memset(mock.devices, 0, sizeof(*mock.devices));
	if (!device)
		return !size;
	memcpy(mock.devices, pointer(device), sizeof(*mock.devices));
	return size == sizeof(*mock.devices);
}

static int mock_open_claim(struct bindery_ioc_open_claim *ioc)
{
	if (ioc->size != sizeof(*ioc) || ioc->flags ||
	    !take_device(ioc->device, ioc->device_size))
		return invalid();
	mock.opened = *ioc;
	if (fail(MOCK_OPEN_CLAIM, ioc->error))
		return -1;
	ioc->out_claim_fd = eventfd(0, EFD_CLOEXEC);
	memcpy(ioc->out_claim_id, mock_id, sizeof(mock_id));
	/* Each device but this group's has a claim of its own. */
	ioc->out_claim_id[0] = mock.devices[0].bdf.bus > 1 ?
			       mock.devices[0].bdf.bus : 0;
	return 0;
}

static int mock_recover(struct bindery_ioc_recover *ioc)
{
	if (ioc->size != sizeof(*ioc) || ioc->__reserved ||
	    ioc->member_size != sizeof(struct bindery_ioc_member) ||
	    !take_device(ioc->device, ioc->device_size) ||
	    (ioc->operation == BINDERY_RECOVER_REPAIR && ioc->flags))
		return invalid();
	mock.recover = *ioc;
	delay();
	give_members(ioc->members, &ioc->num_members);
	return fail(MOCK_RECOVER, ioc->error);
}

static int mock_bind(struct bindery_ioc_bind *ioc)
{
	if (ioc->size != sizeof(*ioc) || ioc->__reserved ||
	    ioc->member_size != sizeof(struct bindery_ioc_member))
		return invalid();
	mock.bind = *ioc;
	give_members(ioc->members, &ioc->num_members);
	return fail(MOCK_BIND, ioc->error);
}

static int mock_mark(struct bindery_ioc_mark *ioc)
{
	if (ioc->size != sizeof(*ioc) || ioc->flags ||
	    !take_device(ioc->device, ioc->device_size))
		return invalid();
	mock.mark = *ioc;
	if (fail(MOCK_MARK, ioc->error))
		return -1;
	memcpy(ioc->out_assignment_id, mock_id, sizeof(mock_id));
	ioc->out_assignment = BINDERY_ASSIGNMENT_READY;
	ioc->out_users = 2;
	ioc->out_generation = ioc->generation + 1;
	return 0;
}

static int mock_keep(struct bindery_ioc_keep *ioc)
{
	if (ioc->size != sizeof(*ioc) || ioc->flags || ioc->__reserved)
		return invalid();
	mock.keep = *ioc;
	if (fail(MOCK_KEEP, ioc->error))
		return -1;
	mock.claim_flags &= ~(unsigned int)BINDERY_CLAIM_KEEP;
	if (ioc->policy == BINDERY_KEEP_ON)
		mock.claim_flags |= BINDERY_CLAIM_KEEP;
	return 0;
}

static int mock_delegate(struct bindery_ioc_delegate *ioc)
{
	if (ioc->size != sizeof(*ioc) || ioc->flags || ioc->__reserved ||
	    ioc->device_size != sizeof(struct bindery_ioc_device) ||
	    !ioc->num_devices)
		return invalid();
	mock.delegate = *ioc;
	memcpy(mock.devices, pointer(ioc->devices), sizeof(*mock.devices));
	if (fail(MOCK_DELEGATE, ioc->error))
		return -1;
	ioc->out_control_fd = __real_open("/dev/null", O_RDWR | O_CLOEXEC);
	memcpy(ioc->out_delegation_id, mock_id, sizeof(mock_id));
	ioc->out_num_groups = 1;
	return 0;
}

static int mock_revoke(struct bindery_ioc_revoke *ioc)
{
	if (ioc->size != sizeof(*ioc) || ioc->__reserved)
		return invalid();
	mock.revoke = *ioc;
	if (fail(MOCK_REVOKE, ioc->error))
		return -1;
	ioc->out_num_claims = 2;
	return 0;
}

int __wrap_ioctl(int fd, unsigned long number, ...)
{
	va_list arguments;
	void *argument;

	(void)fd;
	va_start(arguments, number);
	argument = va_arg(arguments, void *);
	va_end(arguments);
	switch (number) {
	case BINDERY_INFO:
		return mock_info(argument);
	case BINDERY_SHOW:
		return mock_show(argument);
	case BINDERY_CHECK:
		return mock_acquire(MOCK_CHECK, argument);
	case BINDERY_ACQUIRE:
		return mock_acquire(MOCK_ACQUIRE, argument);
	case BINDERY_STATUS:
		return mock_status(argument);
	case BINDERY_RELEASE:
		return mock_release(argument);
	case BINDERY_ADOPT:
		return mock_acquire(MOCK_ADOPT, argument);
	case BINDERY_OPEN_CLAIM:
		return mock_open_claim(argument);
	case BINDERY_RECOVER:
		return mock_recover(argument);
	case BINDERY_BIND:
		return mock_bind(argument);
	case BINDERY_MARK:
		return mock_mark(argument);
	case BINDERY_KEEP:
		return mock_keep(argument);
	case BINDERY_DELEGATE:
		return mock_delegate(argument);
	case BINDERY_REVOKE:
		return mock_revoke(argument);
	default:
		errno = ENOTTY;
		return -1;
	}
}
