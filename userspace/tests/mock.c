// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>

#include "mock.h"

struct mock mock;

int __real_open(const char *path, int flags, ...);
int __wrap_open(const char *path, int flags, ...);
int __wrap_ioctl(int fd, unsigned long number, ...);

void mock_reset(void)
{
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

static int fail(enum mock_call call, __u64 error)
{
	mock.count[call]++;
	if (!mock.fail[call])
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
	return 0;
}

static int mock_acquire(enum mock_call call, struct bindery_ioc_acquire *ioc)
{
	__u32 copied = ioc->num_devices;

	if (ioc->size != sizeof(*ioc) ||
	    ioc->device_size != sizeof(struct bindery_ioc_device) ||
	    ioc->member_size != sizeof(struct bindery_ioc_member))
		return invalid();
	mock.acquire = *ioc;
	if (copied > MOCK_DEVICES)
		copied = MOCK_DEVICES;
	if (copied)
		memcpy(mock.devices, pointer(ioc->devices),
		       copied * sizeof(*mock.devices));
	give_members(ioc->members, &ioc->num_members);
	if (fail(call, ioc->error))
		return -1;
	ioc->out_claim_fd = -1;
	if (call == MOCK_ACQUIRE)
		ioc->out_claim_fd = __real_open("/dev/null",
						O_RDWR | O_CLOEXEC);
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
	for (int i = 0; i < 16; i++)
		ioc->out_id[i] = (__u8)(i * 17);
	strcpy(ioc->out_holder_comm, "qemu");
	strcpy(ioc->out_label, "vm 1");
	return 0;
}

static int mock_release(struct bindery_ioc_release *ioc)
{
	if (ioc->size != sizeof(*ioc) || ioc->flags || ioc->__reserved ||
	    ioc->member_size != sizeof(struct bindery_ioc_member))
		return invalid();
	mock.release = *ioc;
	give_members(ioc->members, &ioc->num_members);
	return fail(MOCK_RELEASE, ioc->error);
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
	default:
		errno = ENOTTY;
		return -1;
	}
}
