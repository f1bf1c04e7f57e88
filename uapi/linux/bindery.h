/* SPDX-License-Identifier: GPL-2.0-only WITH Linux-syscall-note */
/*
 * bindery - give PCI devices to virtual machines and take them back
 */
#ifndef _UAPI_LINUX_BINDERY_H
#define _UAPI_LINUX_BINDERY_H

#include <linux/ioctl.h>
#include <linux/types.h>

/**
 * DOC: General ioctl format
 *
 * /dev/bindery moves every endpoint of a set of IOMMU groups from its native
 * driver to a VFIO driver and back, as one transaction. ACQUIRE returns a
 * claim: a file descriptor. While it is open the members stay on their
 * targets. When its last copy is closed, whoever dies and however, the kernel
 * puts back each driver, each driver_override and each absence of a driver.
 *
 * Each ioctl takes a pointer to a structure that begins with its own size in
 * bytes, so that structures can grow. Fields named out_* are written by the
 * kernel, all others are read by it; those named __reserved and every unknown
 * bit of a flags field must be zero. A structure shorter than the kernel's is
 * read as if followed by zeros; a longer one is accepted when its tail is
 * zero. The same holds for the entries of arrays, whose size the caller gives
 * beside the pointer. Pointers are user addresses in a __u64; 0 means that the
 * array or record is not wanted.
 *
 * Common errnos, for every ioctl:
 *
 *  - ENOTTY: the number is not an ioctl of this file.
 *  - E2BIG: the structure is longer than the kernel's and its tail is not zero,
 *    or longer than a page, or a count is above its maximum.
 *  - EINVAL: the structure is too short, or a value is wrong.
 *  - EOPNOTSUPP: a flag or a type that this kernel does not know.
 *  - EFAULT: a pointer cannot be read or written.
 *  - EPERM: the file was opened without the right to do this, or was not
 *    delegated it. Of the results such a call writes only the file descriptor,
 *    as -1, the number of members, as 0, and the error record.
 *  - ENOMEM: out of memory.
 *
 * Beyond that, each failure fills &struct bindery_ioc_error, if given, with a
 * typed code: see &enum bindery_error. A failing call has changed nothing, or
 * has undone what it changed, unless the code says otherwise.
 *
 * Until version 1.0 this interface may change; %BINDERY_ABI_VERSION then does.
 */
#define BINDERY_ABI_VERSION	3

#define BINDERY_IOC_TYPE	0xBD

/* Maxima of what a caller supplies; INFO tells those of the running module. */
#define BINDERY_MAX_DEVICES	4096	/* entries in a device list */
#define BINDERY_NAME_SIZE	64	/* driver or module name with its NUL */
#define BINDERY_LABEL_SIZE	72	/* room for a label */
#define BINDERY_LABEL_MAX	64	/* its bytes, without the NUL */
#define BINDERY_COMM_SIZE	16	/* name of a task, as in /proc/PID/comm */
#define BINDERY_ID_SIZE		16	/* an id, 128 bits */
#define BINDERY_PATH_MAX	32	/* steps of a PCI path */
#define BINDERY_USERS_MAX	65535	/* users of an assignment */
#define BINDERY_DEADLINE_DEFAULT_MS	60000
#define BINDERY_DEADLINE_MAX_MS		3600000
#define BINDERY_DELEGATE_MAX_CLAIMS		256	/* of one delegation */
#define BINDERY_DELEGATE_MAX_TRANSACTIONS	16	/* that run at once */

/**
 * struct bindery_ioc_bdf - a device on the PCI bus
 * @domain: PCI domain (segment), all 32 bits of it
 * @bus: bus number
 * @slot: device number, 0 to 0x1f
 * @function: function number, 0 to 7
 * @__reserved: must be 0
 */
struct bindery_ioc_bdf {
	__u32 domain;
	__u8 bus;
	__u8 slot;
	__u8 function;
	__u8 __reserved;
};

/**
 * enum bindery_error - what went wrong
 * @BINDERY_ERROR_NONE: nothing
 * @BINDERY_ERROR_ARGUMENT: EINVAL, a size, flag or reserved field is wrong
 * @BINDERY_ERROR_NOT_PERMITTED: EPERM, the file was opened without
 *	CAP_SYS_ADMIN in the initial user namespace
 * @BINDERY_ERROR_EMPTY_LIST: EINVAL, the device list is empty
 * @BINDERY_ERROR_TOO_MANY: E2BIG, more than %BINDERY_MAX_DEVICES devices
 * @BINDERY_ERROR_ADDRESS: EINVAL, not an address: slot above 0x1f or function
 *	above 7
 * @BINDERY_ERROR_NAME: EINVAL, a driver or module name is not terminated, has
 *	a character that is not printable, or a slash
 * @BINDERY_ERROR_LABEL: EINVAL, a label is longer than %BINDERY_LABEL_MAX or
 *	has a character that is not printable
 * @BINDERY_ERROR_DUPLICATE: EINVAL, a device is named twice
 * @BINDERY_ERROR_NO_DEVICE: ENODEV, no such device
 * @BINDERY_ERROR_NO_GROUP: ENXIO, the device is in no IOMMU group
 * @BINDERY_ERROR_MIXED_GROUPS: EXDEV, %BINDERY_ACQUIRE_SINGLE_GROUP was given
 *	and the devices are in more than one IOMMU group
 * @BINDERY_ERROR_NOT_ENDPOINT: EINVAL, a bridge cannot be given to a guest
 * @BINDERY_ERROR_UNDECLARED: EBUSY, a member on a native driver was not named;
 *	name it, or give %BINDERY_ACQUIRE_COMPANIONS
 * @BINDERY_ERROR_BRIDGE_DRIVER: EBUSY, a bridge of the group is on a driver
 *	that does DMA of its own
 * @BINDERY_ERROR_NON_PCI: EBUSY, a member that is no PCI device is on a driver
 * @BINDERY_ERROR_NO_TARGET: ENOENT, no such driver, also after loading the
 *	module
 * @BINDERY_ERROR_TARGET_NOT_VFIO: EINVAL, the target is no VFIO driver
 * @BINDERY_ERROR_TARGET_MISMATCH: EINVAL, the target is a VFIO driver for other
 *	devices
 * @BINDERY_ERROR_PF_HAS_VFS: EBUSY, the PF has VFs enabled
 * @BINDERY_ERROR_NO_IOMMU: EOPNOTSUPP, the IOMMU cannot give the device to a
 *	guest (no cache coherency, or no IOMMU at all)
 * @BINDERY_ERROR_RESERVED_REGION: EOPNOTSUPP, firmware wants memory mapped for
 *	this device always (RMRR)
 * @BINDERY_ERROR_BUSY: EBUSY, the group is claimed; see the holder
 * @BINDERY_ERROR_IN_USE: EBUSY, a VFIO user has a device of the group open
 * @BINDERY_ERROR_CHANGED: EAGAIN, members came or went meanwhile, or changed
 *	their driver; at BIND: the PCI core is not done yet with a device that
 *	has just come, and lets no driver have it
 * @BINDERY_ERROR_REMOVED: ENODEV, the device was removed meanwhile
 * @BINDERY_ERROR_LOCKED: EBUSY, the device's lock was held until the deadline
 * @BINDERY_ERROR_OVERRIDE: the override could not be set, or somebody else
 *	changed it
 * @BINDERY_ERROR_UNBIND: EBUSY, the device did not leave its driver, or somebody
 *	bound another
 * @BINDERY_ERROR_BIND: the target's probe failed, with its errno
 * @BINDERY_ERROR_NO_VFIO_DEVICE: ENODEV, the target's probe succeeded, now or
 *	before the request, and registered no VFIO device
 * @BINDERY_ERROR_NOT_OPENABLE: EBUSY, all members are on their targets, yet the
 *	group cannot be opened
 * @BINDERY_ERROR_DEADLINE: ETIMEDOUT, the deadline passed; the device is the
 *	one that was worked on; the rollback goes on by itself
 * @BINDERY_ERROR_NO_MEMORY: ENOMEM
 * @BINDERY_ERROR_NO_FD: no file descriptor is free: EMFILE or ENFILE
 * @BINDERY_ERROR_FAULT: EFAULT, a result could not be written
 * @BINDERY_ERROR_DEGRADED: EIO, a restore could not bring the device back to
 *	its native driver. It has no driver now; its override is as it was, or
 *	still that driver's name where the probe may be deferred (EAGAIN)
 * @BINDERY_ERROR_RELEASED: ESTALE, the claim was released before
 * @BINDERY_ERROR_STUCK: EBUSY, a driver's callback of the group has not
 *	returned since an earlier deadline; or as many are overdue in all as are
 *	allowed. The group repairs itself when the callback returns
 * @BINDERY_ERROR_STALE: ESTALE, the generation given is not the present one:
 *	something changed since it was read
 * @BINDERY_ERROR_NO_CLAIM: ENOENT, no claim of that id, or none on that device
 * @BINDERY_ERROR_AMBIGUOUS: EINVAL, several claims share the device: name one
 *	by its id
 * @BINDERY_ERROR_INVALID: EBUSY, a device's assignment is INVALID: the guest
 *	never saw it, and it has to be released first
 * @BINDERY_ERROR_NOT_ON_VFIO: EBUSY, a member of a group to be adopted is not
 *	on a VFIO driver
 * @BINDERY_ERROR_TRANSITION: EINVAL, the assignment's state does not allow that
 *	event
 * @BINDERY_ERROR_IDENTITY: ENODEV, the device at this address is not the
 *	expected one
 * @BINDERY_ERROR_NO_VF: ENODEV, the PF has no VF of that index
 * @BINDERY_ERROR_STATE: EBUSY, the claim is not in a state that allows this
 * @BINDERY_ERROR_SHUTDOWN: ESHUTDOWN, the machine is going down
 * @BINDERY_ERROR_OPERATION: EPERM, this call was not delegated to this file, or
 *	never is
 * @BINDERY_ERROR_FLAG: EPERM, a flag, or snapshots (natives), that a delegated
 *	file cannot use
 * @BINDERY_ERROR_FOREIGN_GROUP: EPERM, the IOMMU group was not delegated to this
 *	file
 * @BINDERY_ERROR_FOREIGN_CLAIM: EPERM, the claim was not made through this
 *	delegated file
 * @BINDERY_ERROR_NOT_LOADED: EPERM, the target driver is not there, and a
 *	delegated file loads no module
 * @BINDERY_ERROR_REVOKED: EPERM, the rights of this file were revoked
 * @BINDERY_ERROR_LIMIT: EDQUOT, as many claims, or transactions, as this file may
 *	have at once
 * @BINDERY_ERROR_NO_DELEGATION: ENOENT, no delegation of that id, or not a
 *	delegated file
 * @BINDERY_ERROR_DENIED: EPERM, bindery-vfio refuses the device, as vfio-pci does
 *	unless it is told not to: its errata let a guest do harm
 * @BINDERY_ERROR_OPREGION: EOPNOTSUPP, an Intel graphics device with an OpRegion
 *	needs vfio-pci itself
 * @BINDERY_ERROR_NOT_SEALED: EINVAL, %BINDERY_ACQUIRE_HOLDERS_ONLY was given, and
 *	a device of the group is, or would be, on another VFIO driver than
 *	bindery-vfio
 */
enum bindery_error {
	BINDERY_ERROR_NONE = 0,
	BINDERY_ERROR_ARGUMENT = 1,
	BINDERY_ERROR_NOT_PERMITTED = 2,
	BINDERY_ERROR_EMPTY_LIST = 3,
	BINDERY_ERROR_TOO_MANY = 4,
	BINDERY_ERROR_ADDRESS = 5,
	BINDERY_ERROR_NAME = 6,
	BINDERY_ERROR_LABEL = 7,
	BINDERY_ERROR_DUPLICATE = 8,
	BINDERY_ERROR_NO_DEVICE = 9,
	BINDERY_ERROR_NO_GROUP = 10,
	BINDERY_ERROR_MIXED_GROUPS = 11,
	BINDERY_ERROR_NOT_ENDPOINT = 12,
	BINDERY_ERROR_UNDECLARED = 13,
	BINDERY_ERROR_BRIDGE_DRIVER = 14,
	BINDERY_ERROR_NON_PCI = 15,
	BINDERY_ERROR_NO_TARGET = 16,
	BINDERY_ERROR_TARGET_NOT_VFIO = 17,
	BINDERY_ERROR_TARGET_MISMATCH = 18,
	BINDERY_ERROR_PF_HAS_VFS = 19,
	BINDERY_ERROR_NO_IOMMU = 20,
	BINDERY_ERROR_RESERVED_REGION = 21,
	BINDERY_ERROR_BUSY = 22,
	BINDERY_ERROR_IN_USE = 23,
	BINDERY_ERROR_CHANGED = 24,
	BINDERY_ERROR_REMOVED = 25,
	BINDERY_ERROR_LOCKED = 26,
	BINDERY_ERROR_OVERRIDE = 27,
	BINDERY_ERROR_UNBIND = 28,
	BINDERY_ERROR_BIND = 29,
	BINDERY_ERROR_NO_VFIO_DEVICE = 30,
	BINDERY_ERROR_NOT_OPENABLE = 31,
	BINDERY_ERROR_DEADLINE = 32,
	BINDERY_ERROR_NO_MEMORY = 33,
	BINDERY_ERROR_NO_FD = 34,
	BINDERY_ERROR_FAULT = 35,
	BINDERY_ERROR_DEGRADED = 36,
	BINDERY_ERROR_RELEASED = 37,
	BINDERY_ERROR_STUCK = 38,
	BINDERY_ERROR_STALE = 39,
	BINDERY_ERROR_NO_CLAIM = 40,
	BINDERY_ERROR_AMBIGUOUS = 41,
	BINDERY_ERROR_INVALID = 42,
	BINDERY_ERROR_NOT_ON_VFIO = 43,
	BINDERY_ERROR_TRANSITION = 44,
	BINDERY_ERROR_IDENTITY = 45,
	BINDERY_ERROR_NO_VF = 46,
	BINDERY_ERROR_STATE = 47,
	BINDERY_ERROR_SHUTDOWN = 48,
	BINDERY_ERROR_OPERATION = 49,
	BINDERY_ERROR_FLAG = 50,
	BINDERY_ERROR_FOREIGN_GROUP = 51,
	BINDERY_ERROR_FOREIGN_CLAIM = 52,
	BINDERY_ERROR_NOT_LOADED = 53,
	BINDERY_ERROR_REVOKED = 54,
	BINDERY_ERROR_LIMIT = 55,
	BINDERY_ERROR_NO_DELEGATION = 56,
	BINDERY_ERROR_DENIED = 57,
	BINDERY_ERROR_OPREGION = 58,
	BINDERY_ERROR_NOT_SEALED = 59,
};

/**
 * enum bindery_error_class - what a caller can do about it
 * @BINDERY_ERROR_CLASS_NONE: no error
 * @BINDERY_ERROR_CLASS_RETRY: the same request may succeed later
 * @BINDERY_ERROR_CLASS_ASK: ask for something else
 * @BINDERY_ERROR_CLASS_HOST: something on the host has to be put right first
 */
enum bindery_error_class {
	BINDERY_ERROR_CLASS_NONE = 0,
	BINDERY_ERROR_CLASS_RETRY = 1,
	BINDERY_ERROR_CLASS_ASK = 2,
	BINDERY_ERROR_CLASS_HOST = 3,
};

/**
 * enum bindery_step - the step of a transaction
 * @BINDERY_STEP_NONE: before or after it
 * @BINDERY_STEP_REQUEST: the request is read
 * @BINDERY_STEP_RESOLVE: devices and groups are looked up
 * @BINDERY_STEP_TARGET: target drivers are looked up and pinned
 * @BINDERY_STEP_RESERVE: the groups are arbitrated
 * @BINDERY_STEP_VALIDATE: roles and blockers are found
 * @BINDERY_STEP_OVERRIDE: overrides are set, before the first unbind
 * @BINDERY_STEP_UNBIND: members leave their native drivers
 * @BINDERY_STEP_BIND: members are bound to their targets
 * @BINDERY_STEP_VERIFY: every member is looked at once more
 * @BINDERY_STEP_PUBLISH: results and the claim are handed to the caller
 * @BINDERY_STEP_FENCE: a release keeps VFIO users out
 * @BINDERY_STEP_UNBIND_TARGET: members leave their targets
 * @BINDERY_STEP_RESTORE: native drivers and overrides are put back
 */
enum bindery_step {
	BINDERY_STEP_NONE = 0,
	BINDERY_STEP_REQUEST = 1,
	BINDERY_STEP_RESOLVE = 2,
	BINDERY_STEP_TARGET = 3,
	BINDERY_STEP_RESERVE = 4,
	BINDERY_STEP_VALIDATE = 5,
	BINDERY_STEP_OVERRIDE = 6,
	BINDERY_STEP_UNBIND = 7,
	BINDERY_STEP_BIND = 8,
	BINDERY_STEP_VERIFY = 9,
	BINDERY_STEP_PUBLISH = 10,
	BINDERY_STEP_FENCE = 11,
	BINDERY_STEP_UNBIND_TARGET = 12,
	BINDERY_STEP_RESTORE = 13,
};

/**
 * enum bindery_error_flags - what else an error record tells
 * @BINDERY_ERROR_HAS_DEVICE: @out_device is set
 * @BINDERY_ERROR_HAS_GROUP: @out_group is set
 * @BINDERY_ERROR_HAS_HOLDER: @out_holder_pid, @out_holder_comm and
 *	@out_holder_label are set
 * @BINDERY_ERROR_INCOMPLETE: the rollback is not complete yet, because a VFIO
 *	user got in (the group is draining), or could not bring a member back
 *	(it is degraded); SHOW tells
 */
enum bindery_error_flags {
	BINDERY_ERROR_HAS_DEVICE = 1 << 0,
	BINDERY_ERROR_HAS_GROUP = 1 << 1,
	BINDERY_ERROR_HAS_HOLDER = 1 << 2,
	BINDERY_ERROR_INCOMPLETE = 1 << 3,
};

/**
 * struct bindery_ioc_error - the error record
 * @size: sizeof(struct bindery_ioc_error)
 * @out_code: &enum bindery_error
 * @out_class: &enum bindery_error_class
 * @out_step: &enum bindery_step
 * @out_errno: the errno, positive; the driver's own for BIND
 * @out_flags: &enum bindery_error_flags
 * @out_device: the device concerned, the first if there are several
 * @out_group: number of its IOMMU group
 * @out_holder_pid: who holds the group, in the caller's pid namespace, 0 if it
 *	has no number there
 * @out_holder_comm: name of that task when it acquired the claim
 * @out_holder_label: its label
 * @out_name: the driver concerned (a target, or the driver a member is on)
 *
 * Written on every return; all zero but @size when the call succeeded.
 */
struct bindery_ioc_error {
	__u32 size;
	__u32 out_code;
	__u32 out_class;
	__u32 out_step;
	__s32 out_errno;
	__u32 out_flags;
	struct bindery_ioc_bdf out_device;
	__u32 out_group;
	__s32 out_holder_pid;
	char out_holder_comm[BINDERY_COMM_SIZE];
	char out_holder_label[BINDERY_LABEL_SIZE];
	char out_name[BINDERY_NAME_SIZE];
};

/**
 * enum bindery_address - how a device is named
 * @BINDERY_ADDRESS_BDF: by &bindery_ioc_device.bdf
 * @BINDERY_ADDRESS_PATH: by a PCI path: from the root bus that domain and bus
 *	of &bindery_ioc_device.bdf name (its slot and function are 0) through
 *	each bridge to the device
 * @BINDERY_ADDRESS_VF: as VF number &bindery_ioc_device.vf of the PF that
 *	&bindery_ioc_device.bdf names
 */
enum bindery_address {
	BINDERY_ADDRESS_BDF = 0,
	BINDERY_ADDRESS_PATH = 1,
	BINDERY_ADDRESS_VF = 2,
};

/**
 * enum bindery_expect - what the device has to be, else IDENTITY
 * @BINDERY_EXPECT_ID: vendor and device_id are given
 * @BINDERY_EXPECT_SUBSYSTEM: subsystem_vendor and subsystem_device are given
 * @BINDERY_EXPECT_SERIAL: serial is given; a device without one is not it
 */
enum bindery_expect {
	BINDERY_EXPECT_ID = 1 << 0,
	BINDERY_EXPECT_SUBSYSTEM = 1 << 1,
	BINDERY_EXPECT_SERIAL = 1 << 2,
};

/**
 * struct bindery_ioc_device - one device of a request
 * @address: &enum bindery_address
 * @flags: &enum bindery_expect
 * @bdf: the device, or where its address begins
 * @target: its target driver; empty: the request's
 * @module: the module to load if that driver is not there; empty: of the
 *	driver's name
 * @vendor: expected PCI vendor id
 * @device_id: expected PCI device id
 * @subsystem_vendor: expected PCI subsystem vendor id
 * @subsystem_device: expected PCI subsystem device id
 * @serial: expected serial number: the Device Serial Number capability, its
 *	upper doubleword in the upper 32 bits
 * @vf: index of the VF, from 0
 * @num_steps: steps of the path, 1 to %BINDERY_PATH_MAX
 * @steps: each slot << 3 | function
 *
 * The kernel finds the device inside the call: no time passes between the
 * look-up and the use. What is not used must be 0.
 */
struct bindery_ioc_device {
	__u32 address;
	__u32 flags;
	struct bindery_ioc_bdf bdf;
	char target[BINDERY_NAME_SIZE];
	char module[BINDERY_NAME_SIZE];
	__u16 vendor;
	__u16 device_id;
	__u16 subsystem_vendor;
	__u16 subsystem_device;
	__aligned_u64 serial;
	__u32 vf;
	__u32 num_steps;
	__u8 steps[BINDERY_PATH_MAX];
};

/**
 * enum bindery_role - what a member is to a claim
 * @BINDERY_ROLE_NONE: nothing: the group is free, or the member blocks it
 * @BINDERY_ROLE_REQUESTED: named in the request
 * @BINDERY_ROLE_COMPANION: added because its neighbour was asked for
 * @BINDERY_ROLE_PREBOUND: was on its target before; never touched
 * @BINDERY_ROLE_PARKED: has no driver, and its override is a name that no
 *	driver has, so that nothing binds it
 * @BINDERY_ROLE_EXEMPT: a bridge, or on a driver that leaves DMA alone
 *	(driver_managed_dma); never touched
 * @BINDERY_ROLE_ADDED: came to the group by hot-plug while that was claimed;
 *	went to the request's target by its first probe; or is parked, if that is
 *	not for it, or not bindery-vfio where the claim is HOLDERS_ONLY
 */
enum bindery_role {
	BINDERY_ROLE_NONE = 0,
	BINDERY_ROLE_REQUESTED = 1,
	BINDERY_ROLE_COMPANION = 2,
	BINDERY_ROLE_PREBOUND = 3,
	BINDERY_ROLE_PARKED = 4,
	BINDERY_ROLE_EXEMPT = 5,
	BINDERY_ROLE_ADDED = 6,
};

/**
 * enum bindery_action - what ACQUIRE does, or did, to a member
 * @BINDERY_ACTION_NONE: nothing
 * @BINDERY_ACTION_MOVE: override, unbind if it has a driver, bind to the target
 * @BINDERY_ACTION_PARK: override only
 */
enum bindery_action {
	BINDERY_ACTION_NONE = 0,
	BINDERY_ACTION_MOVE = 1,
	BINDERY_ACTION_PARK = 2,
};

/**
 * enum bindery_group_state - state of an IOMMU group
 * @BINDERY_GROUP_FREE: not claimed
 * @BINDERY_GROUP_RESERVED: claimed; no driver was touched yet
 * @BINDERY_GROUP_BINDING: a transaction, its rollback or a repair works on it
 * @BINDERY_GROUP_HELD: claimed; the members are on their targets
 * @BINDERY_GROUP_KEPT: as HELD, by claims of which no file is open
 * @BINDERY_GROUP_DRAINING: released; waits for VFIO users to close, for their
 *	VFs to go, or for a device's lock
 * @BINDERY_GROUP_RESTORING: native drivers are being put back
 * @BINDERY_GROUP_STUCK: a driver's callback has not returned by the deadline;
 *	when it does, the restore completes by itself
 * @BINDERY_GROUP_DEGRADED: a restore could not bring a member back; RECOVER,
 *	the next ACQUIRE, and a native driver that binds try again
 * @BINDERY_GROUP_GONE: claimed, and all its members were removed
 */
enum bindery_group_state {
	BINDERY_GROUP_FREE = 0,
	BINDERY_GROUP_RESERVED = 1,
	BINDERY_GROUP_BINDING = 2,
	BINDERY_GROUP_HELD = 3,
	BINDERY_GROUP_KEPT = 4,
	BINDERY_GROUP_DRAINING = 5,
	BINDERY_GROUP_RESTORING = 6,
	BINDERY_GROUP_STUCK = 7,
	BINDERY_GROUP_DEGRADED = 8,
	BINDERY_GROUP_GONE = 9,
};

/**
 * enum bindery_assignment - a device's life in a guest
 * @BINDERY_ASSIGNMENT_NONE: not assigned
 * @BINDERY_ASSIGNMENT_RESERVED: claimed for a guest
 * @BINDERY_ASSIGNMENT_PENDING: attached; the guest has not seen it yet
 * @BINDERY_ASSIGNMENT_READY: the guest uses it; its users are counted
 * @BINDERY_ASSIGNMENT_INVALID: attached, and the guest never saw it or lost
 *	it. It can be acquired by nobody, and always be released
 * @BINDERY_ASSIGNMENT_REMOVED: it could not be attached; to be released
 *
 * It belongs to the device and is shared by all claims on it. It begins with
 * the device's first claim, or by %BINDERY_EVENT_RESERVE, and changes by MARK
 * only. It ends when the device is restored.
 */
enum bindery_assignment {
	BINDERY_ASSIGNMENT_NONE = 0,
	BINDERY_ASSIGNMENT_RESERVED = 1,
	BINDERY_ASSIGNMENT_PENDING = 2,
	BINDERY_ASSIGNMENT_READY = 3,
	BINDERY_ASSIGNMENT_INVALID = 4,
	BINDERY_ASSIGNMENT_REMOVED = 5,
};

/**
 * enum bindery_event - what happened to an assignment
 * @BINDERY_EVENT_RESERVE: the device is wanted for a guest again
 * @BINDERY_EVENT_ATTACH_OK: it was attached to the guest
 * @BINDERY_EVENT_ATTACH_FAILED: it could not be
 * @BINDERY_EVENT_GUEST_READY: the guest has it
 * @BINDERY_EVENT_GUEST_FAILED: the guest does not see it
 * @BINDERY_EVENT_ADD_USER: one more uses it in the guest
 * @BINDERY_EVENT_DROP_USER: one less
 * @BINDERY_EVENT_DETACH_OK: it was detached from the guest
 * @BINDERY_EVENT_DETACH_FAILED: it could not be
 */
enum bindery_event {
	BINDERY_EVENT_RESERVE = 0,
	BINDERY_EVENT_ATTACH_OK = 1,
	BINDERY_EVENT_ATTACH_FAILED = 2,
	BINDERY_EVENT_GUEST_READY = 3,
	BINDERY_EVENT_GUEST_FAILED = 4,
	BINDERY_EVENT_ADD_USER = 5,
	BINDERY_EVENT_DROP_USER = 6,
	BINDERY_EVENT_DETACH_OK = 7,
	BINDERY_EVENT_DETACH_FAILED = 8,
};

/**
 * enum bindery_member_flags - facts about a member
 * @BINDERY_MEMBER_PCI: a PCI device; without it only @out_name, @out_driver and
 *	the group's fields are set
 * @BINDERY_MEMBER_BRIDGE: a PCI bridge
 * @BINDERY_MEMBER_PF: an SR-IOV PF with VFs enabled
 * @BINDERY_MEMBER_VF: an SR-IOV VF
 * @BINDERY_MEMBER_TARGET_ABSENT: the target driver is not there now; ACQUIRE
 *	will load its module
 * @BINDERY_MEMBER_TRUNCATED: an override is longer than its field here; the
 *	kernel keeps all of it
 * @BINDERY_MEMBER_REMOVED: the device was removed from the bus
 * @BINDERY_MEMBER_UNKNOWN: the device's lock was held by somebody for too long:
 *	driver and overrides are not known; with role NONE in a group that is
 *	BINDING, not even what is to become of it
 * @BINDERY_MEMBER_VFIO: a VFIO device is registered for it
 * @BINDERY_MEMBER_STUCK: a driver's callback of it is overdue
 * @BINDERY_MEMBER_TAMPERED_DRIVER: somebody else bound or unbound it while it
 *	was claimed
 * @BINDERY_MEMBER_TAMPERED_OVERRIDE: somebody else changed its override while
 *	it was claimed, and that was still there when it was looked at
 * @BINDERY_MEMBER_USERS_LOST: its last assignment ended with users counted
 * @BINDERY_MEMBER_SEALED: its target is bindery-vfio: nobody can unbind it through
 *	sysfs, and who opens it is known
 */
enum bindery_member_flags {
	BINDERY_MEMBER_PCI = 1 << 0,
	BINDERY_MEMBER_BRIDGE = 1 << 1,
	BINDERY_MEMBER_PF = 1 << 2,
	BINDERY_MEMBER_VF = 1 << 3,
	BINDERY_MEMBER_TARGET_ABSENT = 1 << 4,
	BINDERY_MEMBER_TRUNCATED = 1 << 5,
	BINDERY_MEMBER_REMOVED = 1 << 6,
	BINDERY_MEMBER_UNKNOWN = 1 << 7,
	BINDERY_MEMBER_VFIO = 1 << 8,
	BINDERY_MEMBER_STUCK = 1 << 9,
	BINDERY_MEMBER_TAMPERED_DRIVER = 1 << 10,
	BINDERY_MEMBER_TAMPERED_OVERRIDE = 1 << 11,
	BINDERY_MEMBER_USERS_LOST = 1 << 12,
	BINDERY_MEMBER_SEALED = 1 << 13,
};

/**
 * struct bindery_ioc_member - one device of an IOMMU group
 * @out_device: where it is
 * @out_group: number of its IOMMU group
 * @out_group_state: &enum bindery_group_state
 * @out_role: &enum bindery_role
 * @out_action: &enum bindery_action
 * @out_flags: &enum bindery_member_flags
 * @out_blocker: &enum bindery_error that keeps this member from being claimed
 * @out_errno: after RELEASE: why it could not be restored, positive, or 0
 * @out_class: PCI class code, 24 bits
 * @out_vendor: PCI vendor id
 * @out_device_id: PCI device id
 * @out_subsystem_vendor: PCI subsystem vendor id
 * @out_subsystem_device: PCI subsystem device id
 * @out_name: the kernel's name of the device
 * @out_driver: the driver it is on now, empty if none
 * @out_override: its driver_override now, empty if none
 * @out_target: the target driver of its role, empty if none
 * @out_native_driver: the driver to be put back, empty if none
 * @out_native_override: the override to be put back, empty if none
 * @out_assignment_id: id of its assignment, zeros if there is none
 * @out_assignment: &enum bindery_assignment
 * @out_users: users of the assignment, at most %BINDERY_USERS_MAX
 * @out_generation: what MARK has to give; changes with every change of the
 *	member. 0: the group is not claimed
 * @out_vfio_files: of a sealed member: VFIO files of it that are open now
 * @out_vfio_opens: of a sealed member: how often it was opened while claimed
 * @out_vfio_closes: of a sealed member: how often its last file was closed
 * @out_opener_pid: who opened it last, in the caller's pid namespace, 0 if it has
 *	no number there, or no file is open
 * @out_opener_comm: name of that task when it did
 */
struct bindery_ioc_member {
	struct bindery_ioc_bdf out_device;
	__u32 out_group;
	__u32 out_group_state;
	__u32 out_role;
	__u32 out_action;
	__u32 out_flags;
	__u32 out_blocker;
	__s32 out_errno;
	__u32 out_class;
	__u16 out_vendor;
	__u16 out_device_id;
	__u16 out_subsystem_vendor;
	__u16 out_subsystem_device;
	char out_name[BINDERY_NAME_SIZE];
	char out_driver[BINDERY_NAME_SIZE];
	char out_override[BINDERY_NAME_SIZE];
	char out_target[BINDERY_NAME_SIZE];
	char out_native_driver[BINDERY_NAME_SIZE];
	char out_native_override[BINDERY_NAME_SIZE];
	__u8 out_assignment_id[BINDERY_ID_SIZE];
	__u32 out_assignment;
	__u32 out_users;
	__aligned_u64 out_generation;
	__u32 out_vfio_files;
	__u32 out_vfio_opens;
	__u32 out_vfio_closes;
	__s32 out_opener_pid;
	char out_opener_comm[BINDERY_COMM_SIZE];
};

/**
 * enum bindery_rights - what a control file may do
 * @BINDERY_RIGHTS_READ: INFO, SHOW and CHECK
 * @BINDERY_RIGHTS_FULL: everything; opened with CAP_SYS_ADMIN in the initial
 *	user namespace
 * @BINDERY_RIGHTS_DELEGATED: INFO, and what DELEGATE gave it
 */
enum bindery_rights {
	BINDERY_RIGHTS_READ = 0,
	BINDERY_RIGHTS_FULL = 1,
	BINDERY_RIGHTS_DELEGATED = 2,
};

/**
 * enum bindery_operations - what can be delegated
 * @BINDERY_OPERATION_SHOW: SHOW
 * @BINDERY_OPERATION_CHECK: CHECK
 * @BINDERY_OPERATION_ACQUIRE: ACQUIRE, without KEEP and REPAIR, and of a DEGRADED
 *	group not at all
 * @BINDERY_OPERATION_ADOPT: ADOPT, without KEEP, REPAIR and snapshots
 * @BINDERY_OPERATION_OPEN_CLAIM: OPEN_CLAIM of claims made through the same
 *	delegation
 */
enum bindery_operations {
	BINDERY_OPERATION_SHOW = 1 << 0,
	BINDERY_OPERATION_CHECK = 1 << 1,
	BINDERY_OPERATION_ACQUIRE = 1 << 2,
	BINDERY_OPERATION_ADOPT = 1 << 3,
	BINDERY_OPERATION_OPEN_CLAIM = 1 << 4,
};

/**
 * enum bindery_features - what was added to the interface
 * @BINDERY_FEATURE_DELEGATE: DELEGATE and REVOKE
 * @BINDERY_FEATURE_SEALED: %BINDERY_ACQUIRE_SEALED and what belongs to it
 */
enum bindery_features {
	BINDERY_FEATURE_DELEGATE = 1 << 0,
	BINDERY_FEATURE_SEALED = 1 << 1,
};

/**
 * enum bindery_kernel_facts - what the running kernel offers
 * @BINDERY_KERNEL_VFIO_GROUP: VFIO has group nodes, /dev/vfio/N
 * @BINDERY_KERNEL_VFIO_CDEV: VFIO has device nodes, /dev/vfio/devices/vfioN
 */
enum bindery_kernel_facts {
	BINDERY_KERNEL_VFIO_GROUP = 1 << 0,
	BINDERY_KERNEL_VFIO_CDEV = 1 << 1,
};

/**
 * struct bindery_ioc_info - ioctl(BINDERY_INFO)
 * @size: sizeof(struct bindery_ioc_info)
 * @flags: must be 0
 * @out_abi_version: %BINDERY_ABI_VERSION of the module
 * @out_rights: &enum bindery_rights of this file
 * @out_kernel: &enum bindery_kernel_facts
 * @out_max_devices: entries a device list may have
 * @out_max_label: bytes a label may have
 * @out_max_name: bytes a driver or module name may have
 * @out_deadline_default_ms: deadline when none is given
 * @out_deadline_max_ms: the longest deadline
 * @out_features: &enum bindery_features
 * @out_version: version of the module, as text
 * @out_max_path: steps a PCI path may have
 * @out_max_stuck: overdue callbacks above which nothing new begins
 * @out_operations: &enum bindery_operations of a delegated file, else 0
 * @out_num_groups: IOMMU groups of a delegated file, else 0
 * @out_max_claims: claims that a delegated file may hold groups with at once; of
 *	any other the maximum that DELEGATE takes
 * @out_max_transactions: the same of running transactions
 * @out_num_claims: claims made through this delegated file that hold groups now
 * @out_num_transactions: its running transactions, rollbacks included
 * @out_delegation_id: id of the delegation, zeros if the file has all its rights
 *	by itself
 *
 * Needs no right, but fails with EPERM when the file was revoked. Only the
 * common errnos.
 */
struct bindery_ioc_info {
	__u32 size;
	__u32 flags;
	__u32 out_abi_version;
	__u32 out_rights;
	__u32 out_kernel;
	__u32 out_max_devices;
	__u32 out_max_label;
	__u32 out_max_name;
	__u32 out_deadline_default_ms;
	__u32 out_deadline_max_ms;
	__aligned_u64 out_features;
	char out_version[32];
	__u32 out_max_path;
	__u32 out_max_stuck;
	__u32 out_operations;
	__u32 out_num_groups;
	__u32 out_max_claims;
	__u32 out_max_transactions;
	__u32 out_num_claims;
	__u32 out_num_transactions;
	__u8 out_delegation_id[BINDERY_ID_SIZE];
};
#define BINDERY_INFO _IO(BINDERY_IOC_TYPE, 0x00)

/**
 * enum bindery_claim_flags - what a claim is
 * @BINDERY_CLAIM_SHARED: it shares its groups with others that do
 * @BINDERY_CLAIM_KEEP: its groups are kept when its last file is closed
 * @BINDERY_CLAIM_ADOPTED: made by ADOPT
 * @BINDERY_CLAIM_REPAIR: what somebody else unbinds is bound again, once
 * @BINDERY_CLAIM_CLOSED: no file of it is open
 * @BINDERY_CLAIM_SEALED: made with %BINDERY_ACQUIRE_SEALED
 * @BINDERY_CLAIM_HOLDERS_ONLY: only who has a file of it may open its devices
 */
enum bindery_claim_flags {
	BINDERY_CLAIM_SHARED = 1 << 0,
	BINDERY_CLAIM_KEEP = 1 << 1,
	BINDERY_CLAIM_ADOPTED = 1 << 2,
	BINDERY_CLAIM_REPAIR = 1 << 3,
	BINDERY_CLAIM_CLOSED = 1 << 4,
	BINDERY_CLAIM_SEALED = 1 << 5,
	BINDERY_CLAIM_HOLDERS_ONLY = 1 << 6,
};

/**
 * struct bindery_ioc_show - ioctl(BINDERY_SHOW)
 * @size: sizeof(struct bindery_ioc_show)
 * @flags: must be 0
 * @device: pointer to one &struct bindery_ioc_device, any of the group; its
 *	target and module are not used
 * @device_size: sizeof(struct bindery_ioc_device)
 * @member_size: sizeof(struct bindery_ioc_member)
 * @members: pointer to room for members
 * @num_members: in: entries of room; out: members of the group, which may be
 *	more; the room is filled as far as it goes
 * @out_group: number of the IOMMU group
 * @error: pointer to &struct bindery_ioc_error
 * @out_state: &enum bindery_group_state
 * @out_num_claims: claims on it
 * @out_holder_pid: who acquired the first of them, in the caller's pid
 *	namespace, 0 if it has no number there
 * @__reserved: must be 0
 * @out_holder_comm: name of that task when it did
 * @out_holder_label: its label
 * @out_claim_id: id of that claim, zeros if there is none
 * @out_claim_flags: &enum bindery_claim_flags of it
 * @__reserved2: must be 0
 * @out_generation: changes with every change of the group; 0: it is free
 *
 * One IOMMU group with its members. Needs no right.
 *
 * Codes: ARGUMENT, ADDRESS, NO_DEVICE, IDENTITY, NO_VF, NO_GROUP, REMOVED,
 * NO_MEMORY, FAULT.
 */
struct bindery_ioc_show {
	__u32 size;
	__u32 flags;
	__aligned_u64 device;
	__u32 device_size;
	__u32 member_size;
	__aligned_u64 members;
	__u32 num_members;
	__u32 out_group;
	__aligned_u64 error;
	__u32 out_state;
	__u32 out_num_claims;
	__s32 out_holder_pid;
	__u32 __reserved;
	char out_holder_comm[BINDERY_COMM_SIZE];
	char out_holder_label[BINDERY_LABEL_SIZE];
	__u8 out_claim_id[BINDERY_ID_SIZE];
	__u32 out_claim_flags;
	__u32 __reserved2;
	__aligned_u64 out_generation;
};
#define BINDERY_SHOW _IO(BINDERY_IOC_TYPE, 0x01)

/**
 * enum bindery_acquire_flags - how to acquire
 * @BINDERY_ACQUIRE_COMPANIONS: members on native drivers that were not named
 *	are moved to the request's target too
 * @BINDERY_ACQUIRE_SINGLE_GROUP: refuse devices of more than one IOMMU group
 * @BINDERY_ACQUIRE_SHARED: share the groups with other claims that have this
 *	flag too. A group that is held already is joined without a rebind if all
 *	named devices are on their targets
 * @BINDERY_ACQUIRE_RESERVE_ONLY: take the groups and touch no driver; BIND on
 *	the claim does the rest
 * @BINDERY_ACQUIRE_SERIAL: one driver callback after another
 * @BINDERY_ACQUIRE_NOWAIT: return the claim at once, while the transaction
 *	runs; a group that is not free now is refused. poll() on the claim and
 *	STATUS tell how it ended
 * @BINDERY_ACQUIRE_KEEP: as KEEP on the claim
 * @BINDERY_ACQUIRE_REPAIR: once for each member: when somebody else unbinds it
 *	while it is claimed, bind it to its target again
 * @BINDERY_ACQUIRE_SEALED: the target of devices for which none is named is
 *	bindery-vfio, a VFIO driver of the module bindery_vfio.ko, which sysfs
 *	cannot unbind. Which members are sealed, %BINDERY_MEMBER_SEALED tells
 * @BINDERY_ACQUIRE_HOLDERS_ONLY: with SEALED only: from the first bind until the
 *	restore a member is opened through VFIO only by a process that has a file
 *	of a claim on its group; others get EACCES. A group with a member that is
 *	on another VFIO driver is refused (NOT_SEALED), one with a member that is
 *	open already too (IN_USE)
 */
enum bindery_acquire_flags {
	BINDERY_ACQUIRE_COMPANIONS = 1 << 0,
	BINDERY_ACQUIRE_SINGLE_GROUP = 1 << 1,
	BINDERY_ACQUIRE_SHARED = 1 << 2,
	BINDERY_ACQUIRE_RESERVE_ONLY = 1 << 3,
	BINDERY_ACQUIRE_SERIAL = 1 << 4,
	BINDERY_ACQUIRE_NOWAIT = 1 << 5,
	BINDERY_ACQUIRE_KEEP = 1 << 6,
	BINDERY_ACQUIRE_REPAIR = 1 << 7,
	BINDERY_ACQUIRE_SEALED = 1 << 8,
	BINDERY_ACQUIRE_HOLDERS_ONLY = 1 << 9,
};

/**
 * enum bindery_native_flags - what is known of a device to adopt
 * @BINDERY_NATIVE_RESTORE: the release puts back what this entry says; without
 *	it the device is left on its VFIO driver
 */
enum bindery_native_flags {
	BINDERY_NATIVE_RESTORE = 1 << 0,
};

/**
 * struct bindery_ioc_native - what a device was before it went to VFIO
 * @flags: &enum bindery_native_flags
 * @__reserved: must be 0
 * @driver: its native driver, empty: it had none
 * @module: the module to load if that driver is not there; empty: of the
 *	driver's name
 * @override: its driver_override, empty: none
 */
struct bindery_ioc_native {
	__u32 flags;
	__u32 __reserved;
	char driver[BINDERY_NAME_SIZE];
	char module[BINDERY_NAME_SIZE];
	char override[BINDERY_NAME_SIZE];
};

/**
 * struct bindery_ioc_acquire - ioctl(BINDERY_ACQUIRE), ioctl(BINDERY_CHECK),
 *	ioctl(BINDERY_ADOPT)
 * @size: sizeof(struct bindery_ioc_acquire)
 * @flags: &enum bindery_acquire_flags
 * @devices: pointer to an array of &struct bindery_ioc_device
 * @num_devices: its entries, 1 to %BINDERY_MAX_DEVICES
 * @device_size: sizeof(struct bindery_ioc_device)
 * @members: pointer to room for an array of &struct bindery_ioc_member
 * @num_members: in: entries of room; out: members of all the groups, which may
 *	be more; the room is filled as far as it goes. 0 if the call failed before
 *	they were known, or at its deadline
 * @member_size: sizeof(struct bindery_ioc_member)
 * @error: pointer to &struct bindery_ioc_error
 * @deadline_ms: how long the call may take, 0 for the default, at most
 *	%BINDERY_DEADLINE_MAX_MS. It includes waiting for a group that another
 *	transaction works on, and for modules to load
 * @out_claim_fd: the claim, close-on-exec; -1 from CHECK
 * @target: target driver of devices that name none, of companions, and of
 *	what comes to the groups later; empty: vfio-pci, with SEALED bindery-vfio
 * @module: the module to load if it is not there; empty: of the driver's name
 * @label: who is asking, shown to others: at most %BINDERY_LABEL_MAX printable
 *	bytes
 * @out_claim_id: id of the claim, 128 random bits (an RFC 4122 version 4 UUID)
 * @natives: ADOPT only: pointer to an array of &struct bindery_ioc_native, one
 *	for each device, in the same order; 0: none
 * @native_size: sizeof(struct bindery_ioc_native)
 * @__reserved: must be 0
 *
 * ACQUIRE moves all named devices to their targets, or none. When it returns a
 * claim, each member was seen on its target and the groups could be opened
 * through VFIO. Members already on their targets stay untouched, also when the
 * claim goes. Members without a driver that were not named are parked.
 *
 * A group that is DRAINING is taken back without a rebind, if its members are
 * on the targets asked for; else it is IN_USE. ACQUIRE waits up to its deadline
 * for a group on which another transaction or a restore works.
 *
 * A driver's callback that has not returned by the deadline makes the call fail
 * with DEADLINE at once, naming the member. All else is rolled back meanwhile;
 * the member's group is STUCK until the callback returns, and is then rolled
 * back too.
 *
 * CHECK runs the same validation, changes nothing, loads no module, and fails
 * as ACQUIRE would, but it neither waits for a group nor repairs one. The
 * members tell the plan; a target that is not loaded is no failure
 * (%BINDERY_MEMBER_TARGET_ABSENT).
 *
 * Members are filled in on failure too: each with its blocker.
 *
 * ADOPT makes a claim on groups whose endpoints are all on VFIO drivers and that
 * no claim holds, and changes nothing, not even an override. Its members are
 * pre-bound, and the release leaves them where they are, but for those of which
 * @natives tells what to restore. Flags: SINGLE_GROUP, SHARED, KEEP, REPAIR. The
 * claim of a KEPT group is opened again as OPEN_CLAIM does.
 *
 * ACQUIRE and ADOPT need %BINDERY_RIGHTS_FULL, CHECK no right.
 */
struct bindery_ioc_acquire {
	__u32 size;
	__u32 flags;
	__aligned_u64 devices;
	__u32 num_devices;
	__u32 device_size;
	__aligned_u64 members;
	__u32 num_members;
	__u32 member_size;
	__aligned_u64 error;
	__u32 deadline_ms;
	__s32 out_claim_fd;
	char target[BINDERY_NAME_SIZE];
	char module[BINDERY_NAME_SIZE];
	char label[BINDERY_LABEL_SIZE];
	__u8 out_claim_id[BINDERY_ID_SIZE];
	__aligned_u64 natives;
	__u32 native_size;
	__u32 __reserved;
};
#define BINDERY_CHECK _IO(BINDERY_IOC_TYPE, 0x02)
#define BINDERY_ACQUIRE _IO(BINDERY_IOC_TYPE, 0x03)
#define BINDERY_ADOPT _IO(BINDERY_IOC_TYPE, 0x04)

/**
 * struct bindery_ioc_open_claim - ioctl(BINDERY_OPEN_CLAIM)
 * @size: sizeof(struct bindery_ioc_open_claim)
 * @flags: must be 0
 * @id: id of the claim; zeros: the claim on @device
 * @device: pointer to one &struct bindery_ioc_device, or 0
 * @device_size: sizeof(struct bindery_ioc_device)
 * @out_claim_fd: another file of the claim, close-on-exec
 * @error: pointer to &struct bindery_ioc_error
 * @out_claim_id: id of the claim
 *
 * A claim that is kept is opened again, its groups are HELD from then on.
 *
 * Needs %BINDERY_RIGHTS_FULL. Codes: ARGUMENT, NOT_PERMITTED, ADDRESS,
 * NO_DEVICE, IDENTITY, NO_VF, NO_GROUP, REMOVED, NO_CLAIM, AMBIGUOUS, NO_FD,
 * NO_MEMORY, FAULT.
 */
struct bindery_ioc_open_claim {
	__u32 size;
	__u32 flags;
	__u8 id[BINDERY_ID_SIZE];
	__aligned_u64 device;
	__u32 device_size;
	__s32 out_claim_fd;
	__aligned_u64 error;
	__u8 out_claim_id[BINDERY_ID_SIZE];
};
#define BINDERY_OPEN_CLAIM _IO(BINDERY_IOC_TYPE, 0x05)

/**
 * enum bindery_recover - what to recover
 * @BINDERY_RECOVER_REPAIR: a DEGRADED group: try the restore again. A claimed
 *	group: put members back on their targets that somebody else unbound or
 *	bound, and their overrides
 * @BINDERY_RECOVER_RELEASE: release a kept claim, named by its id or by a device
 */
enum bindery_recover {
	BINDERY_RECOVER_REPAIR = 0,
	BINDERY_RECOVER_RELEASE = 1,
};

/**
 * struct bindery_ioc_recover - ioctl(BINDERY_RECOVER)
 * @size: sizeof(struct bindery_ioc_recover)
 * @flags: of RELEASE: &enum bindery_release_flags; else 0
 * @operation: &enum bindery_recover
 * @device_size: sizeof(struct bindery_ioc_device)
 * @device: pointer to one &struct bindery_ioc_device, or 0
 * @id: of RELEASE: id of the claim; zeros: the claim on @device
 * @members: pointer to room for an array of &struct bindery_ioc_member
 * @num_members: in: entries of room; out: members
 * @member_size: sizeof(struct bindery_ioc_member)
 * @error: pointer to &struct bindery_ioc_error
 * @deadline_ms: how long to wait, 0 for the default
 * @__reserved: must be 0
 *
 * REPAIR of a group that needs none succeeds, and changes nothing. It never
 * takes a device from a VFIO driver that is not its target.
 *
 * Needs %BINDERY_RIGHTS_FULL and CAP_SYS_ADMIN at the call. Codes of REPAIR:
 * ARGUMENT, NOT_PERMITTED, ADDRESS, NO_DEVICE, IDENTITY, NO_VF, NO_GROUP,
 * REMOVED, BUSY (a transaction runs), STUCK, DEGRADED (still), BIND, DEADLINE,
 * FAULT (the repair was done; only the results could not be written). Of
 * RELEASE: those of ioctl(BINDERY_RELEASE), NO_CLAIM, AMBIGUOUS, BUSY (a file
 * of it is open).
 */
struct bindery_ioc_recover {
	__u32 size;
	__u32 flags;
	__u32 operation;
	__u32 device_size;
	__aligned_u64 device;
	__u8 id[BINDERY_ID_SIZE];
	__aligned_u64 members;
	__u32 num_members;
	__u32 member_size;
	__aligned_u64 error;
	__u32 deadline_ms;
	__u32 __reserved;
};
#define BINDERY_RECOVER _IO(BINDERY_IOC_TYPE, 0x06)

/**
 * struct bindery_ioc_delegate - ioctl(BINDERY_DELEGATE)
 * @size: sizeof(struct bindery_ioc_delegate)
 * @flags: must be 0
 * @devices: pointer to an array of &struct bindery_ioc_device, whose IOMMU groups
 *	are delegated; their targets and modules are not used
 * @num_devices: its entries, 1 to %BINDERY_MAX_DEVICES
 * @device_size: sizeof(struct bindery_ioc_device)
 * @operations: &enum bindery_operations, at least one
 * @max_claims: claims that may hold groups at once, at most
 *	%BINDERY_DELEGATE_MAX_CLAIMS; 0: as many
 * @max_transactions: transactions that may run at once, rollbacks included, at
 *	most %BINDERY_DELEGATE_MAX_TRANSACTIONS; 0: as many
 * @out_control_fd: the new control file, close-on-exec
 * @error: pointer to &struct bindery_ioc_error
 * @label: what it is for, shown in fdinfo: at most %BINDERY_LABEL_MAX printable
 *	bytes
 * @out_delegation_id: id of the delegation, for REVOKE
 * @out_num_groups: IOMMU groups that were delegated
 * @__reserved: must be 0
 *
 * A control file that may do these operations to these groups and nothing else,
 * whoever has it: it is meant to be handed to a process without rights, by
 * inheritance or over a socket. The groups are held themselves, not their
 * numbers: a group whose devices were all removed is gone for this file, and
 * devices that come back are in another, also under the same number.
 *
 * Such a file never loads a module, keeps a claim, repairs, restores from
 * snapshots, opens claims that others made, or delegates again. All that fails
 * with EPERM, and the error's code tells what was not allowed. On claims made
 * through it BIND and KEEP need CAP_SYS_ADMIN at the call, as always.
 *
 * A claim counts until it ends, a transaction until its rollback is done, also
 * when the call has returned before. One more fails with LIMIT.
 *
 * The delegation does not depend on its issuer: it lasts, also when the file
 * that made it is closed, until all its files are closed or it is revoked.
 *
 * /proc/PID/fdinfo/FD tells, a line each: "bindery-delegation:" with the id as a
 * UUID, "bindery-operations:" in hexadecimal, "bindery-label:" escaped,
 * "bindery-groups:" with the numbers of the groups, "bindery-claims:" and
 * "bindery-transactions:" as "N of MAX", "bindery-revoked:" as 0 or 1.
 *
 * Needs %BINDERY_RIGHTS_FULL. Codes: ARGUMENT, NOT_PERMITTED, OPERATION,
 * REVOKED, EMPTY_LIST, TOO_MANY, ADDRESS, NAME, LABEL, DUPLICATE, NO_DEVICE,
 * IDENTITY, NO_VF, NO_GROUP, REMOVED, NO_FD, NO_MEMORY, FAULT.
 */
struct bindery_ioc_delegate {
	__u32 size;
	__u32 flags;
	__aligned_u64 devices;
	__u32 num_devices;
	__u32 device_size;
	__u32 operations;
	__u32 max_claims;
	__u32 max_transactions;
	__s32 out_control_fd;
	__aligned_u64 error;
	char label[BINDERY_LABEL_SIZE];
	__u8 out_delegation_id[BINDERY_ID_SIZE];
	__u32 out_num_groups;
	__u32 __reserved;
};
#define BINDERY_DELEGATE _IO(BINDERY_IOC_TYPE, 0x07)

/**
 * enum bindery_revoke_flags - what becomes of a delegation's claims
 * @BINDERY_REVOKE_RELEASE: end them, as if their last files were closed; their
 *	transactions are rolled back. Without it they live on
 */
enum bindery_revoke_flags {
	BINDERY_REVOKE_RELEASE = 1 << 0,
};

/**
 * struct bindery_ioc_revoke - ioctl(BINDERY_REVOKE)
 * @size: sizeof(struct bindery_ioc_revoke)
 * @flags: &enum bindery_revoke_flags
 * @id: id of the delegation; zeros: that of @control_fd
 * @control_fd: a delegated file
 * @deadline_ms: how long to wait, 0 for the default
 * @error: pointer to &struct bindery_ioc_error
 * @out_num_claims: claims made through it that hold groups still
 * @__reserved: must be 0
 *
 * From here on every ioctl of every file of the delegation fails with REVOKED.
 * Waits until the calls that run on them have returned; one that waits for a
 * group is told at once. DEADLINE: some run still, and nothing new can begin.
 * What is revoked already can be revoked again, to wait or to release. A restore
 * that this begins is not waited for.
 *
 * Claims can be released by REVOKE also when the delegated file is closed.
 *
 * Needs %BINDERY_RIGHTS_FULL; whoever has that may revoke any delegation. Codes:
 * ARGUMENT, NOT_PERMITTED, OPERATION, REVOKED, NO_DELEGATION, DEADLINE.
 */
struct bindery_ioc_revoke {
	__u32 size;
	__u32 flags;
	__u8 id[BINDERY_ID_SIZE];
	__s32 control_fd;
	__u32 deadline_ms;
	__aligned_u64 error;
	__u32 out_num_claims;
	__u32 __reserved;
};
#define BINDERY_REVOKE _IO(BINDERY_IOC_TYPE, 0x08)

/**
 * struct bindery_ioc_status - ioctl(BINDERY_STATUS), on a claim
 * @size: sizeof(struct bindery_ioc_status)
 * @flags: must be 0
 * @members: pointer to room for an array of &struct bindery_ioc_member
 * @num_members: in: entries of room; out: members of all the claim's groups
 * @member_size: sizeof(struct bindery_ioc_member)
 * @error: pointer to &struct bindery_ioc_error
 * @out_num_groups: IOMMU groups of the claim
 * @out_holder_pid: who acquired it, in the caller's pid namespace, or 0
 * @out_id: id of the claim, 128 random bits (an RFC 4122 version 4 UUID)
 * @out_holder_comm: name of that task when it did
 * @out_label: label of the claim
 * @out_state: &enum bindery_group_state of its groups; where they differ, the
 *	first of binding, stuck, gone, held that one of them is in
 * @out_flags: &enum bindery_claim_flags
 * @out_generation: changes with every change of the claim, its groups and their
 *	members; reading it here ends an EPOLLPRI of this file
 *
 * poll() on the claim: EPOLLPRI, something changed since STATUS was last asked
 * through this file (a state, a member, an assignment, tampering, the end of
 * what NOWAIT began); EPOLLHUP, one of the groups is GONE, or the claim ended.
 *
 * /proc/PID/fdinfo/FD of the claim tells, a line each: "bindery-claim:" with its
 * id as a UUID, "bindery-holder:" with the acquirer's pid, "bindery-label:"
 * escaped, "bindery-groups:" with the numbers of its IOMMU groups.
 *
 * After a transaction begun with NOWAIT has failed, STATUS fails as that did.
 *
 * Needs no right. Codes: ARGUMENT, RELEASED, FAULT, and those of ACQUIRE.
 */
struct bindery_ioc_status {
	__u32 size;
	__u32 flags;
	__aligned_u64 members;
	__u32 num_members;
	__u32 member_size;
	__aligned_u64 error;
	__u32 out_num_groups;
	__s32 out_holder_pid;
	__u8 out_id[16];
	char out_holder_comm[BINDERY_COMM_SIZE];
	char out_label[BINDERY_LABEL_SIZE];
	__u32 out_state;
	__u32 out_flags;
	__aligned_u64 out_generation;
};
#define BINDERY_STATUS _IO(BINDERY_IOC_TYPE, 0x40)

/**
 * enum bindery_release_flags - what to do about VFIO users
 * @BINDERY_RELEASE_WAIT: wait for them to close, up to the deadline; then
 *	IN_USE, and the claim lives on
 * @BINDERY_RELEASE_DEFER: the claim ends now, and is restored when the last of
 *	them has closed; the call does not wait for that
 * @BINDERY_RELEASE_FORCE: ask them, by beginning the unbind; who ignores that
 *	leaves the group STUCK until it closes. Needs CAP_SYS_ADMIN at the call
 *
 * At most one of them; without any a VFIO user makes the call fail with IN_USE,
 * and the claim lives on.
 */
enum bindery_release_flags {
	BINDERY_RELEASE_WAIT = 1 << 0,
	BINDERY_RELEASE_DEFER = 1 << 1,
	BINDERY_RELEASE_FORCE = 1 << 2,
};

/**
 * struct bindery_ioc_release - ioctl(BINDERY_RELEASE), on a claim
 * @size: sizeof(struct bindery_ioc_release)
 * @flags: &enum bindery_release_flags
 * @members: pointer to room for an array of &struct bindery_ioc_member
 * @num_members: in: entries of room; out: members of all the claim's groups
 * @member_size: sizeof(struct bindery_ioc_member)
 * @error: pointer to &struct bindery_ioc_error
 * @deadline_ms: how long to wait, 0 for the default
 * @__reserved: must be 0
 * @generation: the generation that STATUS told, else STALE; 0: any
 *
 * Ends the claim for every file of it, and waits until all is restored. Each
 * member is tried, whatever happens to the others; its @out_errno tells what
 * came of it, and the first failure is returned. A group that other claims
 * share stays as it is.
 *
 * Needs no right. Codes: ARGUMENT, RELEASED, STALE, BUSY (another RELEASE of
 * this claim runs), IN_USE and LOCKED (the claim lives on), DEADLINE (the
 * restore goes on by itself; the device, if given, is the one whose driver has
 * not returned), DEGRADED, OVERRIDE (somebody had changed driver or override,
 * and that was left alone), FAULT (the claim has ended; only the results could
 * not be written).
 */
struct bindery_ioc_release {
	__u32 size;
	__u32 flags;
	__aligned_u64 members;
	__u32 num_members;
	__u32 member_size;
	__aligned_u64 error;
	__u32 deadline_ms;
	__u32 __reserved;
	__aligned_u64 generation;
};
#define BINDERY_RELEASE _IO(BINDERY_IOC_TYPE, 0x41)

/**
 * struct bindery_ioc_bind - ioctl(BINDERY_BIND), on a claim
 * @size: sizeof(struct bindery_ioc_bind)
 * @flags: %BINDERY_ACQUIRE_SERIAL and %BINDERY_ACQUIRE_NOWAIT, or 0
 * @members: pointer to room for an array of &struct bindery_ioc_member
 * @num_members: in: entries of room; out: members of all the claim's groups
 * @member_size: sizeof(struct bindery_ioc_member)
 * @error: pointer to &struct bindery_ioc_error
 * @deadline_ms: how long the call may take, 0 for the default
 * @__reserved: must be 0
 *
 * The second half of an ACQUIRE with RESERVE_ONLY. When it fails the claim is
 * RESERVED again, and it may be tried again. A claim that is bound already is
 * left alone: success.
 *
 * Needs CAP_SYS_ADMIN at the call. Codes: those of ACQUIRE, RELEASED, STATE (a
 * transaction of this claim runs), FAULT (the claim is bound; only the results
 * could not be written).
 */
struct bindery_ioc_bind {
	__u32 size;
	__u32 flags;
	__aligned_u64 members;
	__u32 num_members;
	__u32 member_size;
	__aligned_u64 error;
	__u32 deadline_ms;
	__u32 __reserved;
};
#define BINDERY_BIND _IO(BINDERY_IOC_TYPE, 0x42)

/**
 * struct bindery_ioc_mark - ioctl(BINDERY_MARK), on a claim
 * @size: sizeof(struct bindery_ioc_mark)
 * @flags: must be 0
 * @device: pointer to one &struct bindery_ioc_device, a member of the claim's
 *	groups that it holds
 * @device_size: sizeof(struct bindery_ioc_device)
 * @event: &enum bindery_event
 * @generation: the member's generation that STATUS told, else STALE
 * @error: pointer to &struct bindery_ioc_error
 * @out_assignment_id: id of the assignment, zeros if there is none any more
 * @out_assignment: &enum bindery_assignment, the state now
 * @out_users: users now
 * @out_generation: the member's generation now
 *
 * state    | ATTACH_OK | ATTACH_FAILED | GUEST_READY | GUEST_FAILED | ADD_USER
 * RESERVED | PENDING   | REMOVED       | -           | -            | -
 * PENDING  | -         | -             | READY, 1    | INVALID, 0   | -
 * READY    | -         | -             | the same    | INVALID, 0   | users + 1
 * INVALID  | -         | -             | -           | the same     | -
 * REMOVED  | -         | -             | -           | -            | -
 *
 * state    | DROP_USER                | DETACH_OK | DETACH_FAILED
 * RESERVED | NONE                     | -         | -
 * PENDING  | -                        | NONE      | INVALID, 0
 * READY    | users - 1, not the last  | NONE      | INVALID, 0 by the last user
 * INVALID  | -                        | NONE      | the same
 * REMOVED  | NONE                     | NONE      | -
 *
 * RESERVE makes NONE RESERVED, with a new id. What is not in the table fails
 * with TRANSITION and changes nothing. DETACH_OK with more than one user sets
 * %BINDERY_MEMBER_USERS_LOST.
 *
 * Needs no right. Codes: ARGUMENT, ADDRESS, NO_DEVICE, RELEASED, STALE, STATE,
 * TRANSITION, TOO_MANY (users), FAULT.
 */
struct bindery_ioc_mark {
	__u32 size;
	__u32 flags;
	__aligned_u64 device;
	__u32 device_size;
	__u32 event;
	__aligned_u64 generation;
	__aligned_u64 error;
	__u8 out_assignment_id[BINDERY_ID_SIZE];
	__u32 out_assignment;
	__u32 out_users;
	__aligned_u64 out_generation;
};
#define BINDERY_MARK _IO(BINDERY_IOC_TYPE, 0x43)

/**
 * enum bindery_keep - what the last close of a claim's files does
 * @BINDERY_KEEP_OFF: it restores
 * @BINDERY_KEEP_ON: it keeps the groups, as KEPT, until the claim is opened
 *	again, adopted or released
 */
enum bindery_keep {
	BINDERY_KEEP_OFF = 0,
	BINDERY_KEEP_ON = 1,
};

/**
 * struct bindery_ioc_keep - ioctl(BINDERY_KEEP), on a claim
 * @size: sizeof(struct bindery_ioc_keep)
 * @flags: must be 0
 * @policy: &enum bindery_keep
 * @__reserved: must be 0
 * @error: pointer to &struct bindery_ioc_error
 *
 * A claim that is only RESERVED is not kept.
 *
 * Needs CAP_SYS_ADMIN at the call. Codes: ARGUMENT, NOT_PERMITTED, RELEASED.
 */
struct bindery_ioc_keep {
	__u32 size;
	__u32 flags;
	__u32 policy;
	__u32 __reserved;
	__aligned_u64 error;
};
#define BINDERY_KEEP _IO(BINDERY_IOC_TYPE, 0x44)

#endif
