/* SPDX-License-Identifier: GPL-2.0-only WITH Linux-syscall-note */
/*
 * bindery - what happens, and what is there, by generic netlink
 */
#ifndef _UAPI_LINUX_BINDERY_NETLINK_H
#define _UAPI_LINUX_BINDERY_NETLINK_H

#include <linux/bindery.h>

/**
 * DOC: The generic netlink family
 *
 * The family "bindery" only tells; whatever changes something is an ioctl. It
 * has dumps of what the module knows, and a multicast group with an event for
 * each change. It exists in the initial network namespace, and needs
 * CAP_SYS_ADMIN in the initial user namespace: -EPERM otherwise.
 *
 * Every event has a sequence number. They begin with 1 when the module is loaded
 * and have no gaps, so that a gap is a loss: of messages that did not fit into
 * the reader's socket (its next read fails with ENOBUFS), or for which there was
 * no memory (the same). The journal has the last %BINDERY_JOURNAL_SIZE events,
 * and is what a reader asks for what it missed; what is older than
 * %BINDERY_A_OLDEST is lost for good.
 *
 * Each message of a dump carries %BINDERY_A_NEWEST, the newest event when its
 * object was looked at: later ones may tell of changes that the message does not
 * show. If something changed between two messages of a dump, the kernel marks
 * it with %NLM_F_DUMP_INTR, and the reader dumps again.
 *
 * Attributes that do not apply are left out: a string, where there is none.
 * Numbers are in host byte order. Those that ioctls have too, have the same
 * values: see linux/bindery.h.
 */
#define BINDERY_GENL_NAME	"bindery"
#define BINDERY_GENL_VERSION	1
#define BINDERY_MCGRP_EVENTS	"events"

#define BINDERY_JOURNAL_SIZE	1024	/* events that the journal remembers */
#define BINDERY_CLAIM_GROUPS	256	/* groups in one message of a claim */

/**
 * enum bindery_cmd - the commands
 * @BINDERY_CMD_UNSPEC: none
 * @BINDERY_CMD_GROUP_GET: dump of all IOMMU groups that are not FREE, in the
 *	order of their numbers. Request: GROUP, to see this one only. Reply:
 *	GROUP, STATE, NUM_MEMBERS, NUM_CLAIMS, CLAIM_ID (of the first claim),
 *	GENERATION, NEWEST
 * @BINDERY_CMD_MEMBER_GET: dump of all members of these groups. Request: GROUP,
 *	for this one's only. Reply: NAME, DEVICE (PCI), GROUP, STATE, ROLE,
 *	ACTION, FLAGS (&enum bindery_member_flags), CODE (what blocks it), ERRNO,
 *	DRIVER, OVERRIDE, TARGET, NATIVE_DRIVER, NATIVE_OVERRIDE, ASSIGNMENT,
 *	ASSIGNMENT_ID, USERS, CLAIM_ID (of the first claim), GENERATION (what
 *	MARK has to give), NEWEST; of a sealed one also VFIO_FILES, VFIO_OPENS,
 *	VFIO_CLOSES, and while it is open PID and COMM of who opened it last
 * @BINDERY_CMD_CLAIM_GET: dump of all claims that hold a group, oldest first.
 *	Request: CLAIM_ID, to see this one only. Reply: CLAIM_ID, STATE (as
 *	STATUS tells it), FLAGS (&enum bindery_claim_flags), PID, COMM, LABEL,
 *	NUM_GROUPS, GROUP (several), GENERATION, NEWEST; DELEGATION_ID of a claim
 *	that was made by a delegated file. A claim with more than
 *	%BINDERY_CLAIM_GROUPS groups has more than one message
 * @BINDERY_CMD_STRAY_GET: dump of PCI devices that look as if they were given to
 *	a guest, and that no claim or restore owns. Not of those that a driver's
 *	callback has just now: their state is none that lasts. Reply: NAME,
 *	DEVICE, GROUP (if it is in one), REASON, DRIVER, OVERRIDE, NEWEST
 * @BINDERY_CMD_JOURNAL_GET: dump of the last events, oldest first. Request: SEQ,
 *	the first that is wanted. Reply: as EVENT, with OLDEST and NEWEST
 * @BINDERY_CMD_EVENT: what the multicast group gets: SEQ, TIME_NS, TYPE, and what
 *	&enum bindery_event_type tells
 *
 * A dump's replies have the number of its request.
 */
enum bindery_cmd {
	BINDERY_CMD_UNSPEC = 0,
	BINDERY_CMD_GROUP_GET = 1,
	BINDERY_CMD_MEMBER_GET = 2,
	BINDERY_CMD_CLAIM_GET = 3,
	BINDERY_CMD_STRAY_GET = 4,
	BINDERY_CMD_JOURNAL_GET = 5,
	BINDERY_CMD_EVENT = 6,
	__BINDERY_CMD_MAX,
};
#define BINDERY_CMD_MAX (__BINDERY_CMD_MAX - 1)

/**
 * enum bindery_event_type - what happened
 * @BINDERY_EVENT_TYPE_LOADED: the module was loaded; always number 1. ABI
 * @BINDERY_EVENT_TYPE_TXN_BEGIN: a transaction begins. TXN, CLAIM_ID, PID, COMM,
 *	LABEL, NUM_GROUPS, NUM_MEMBERS; DELEGATION_ID of a claim that is made by
 *	a delegated file
 * @BINDERY_EVENT_TYPE_STEP: a step was done with a member, by a transaction, its
 *	rollback, a restore or a repair. STEP, DEVICE, NAME, GROUP, ERRNO (0:
 *	success), CODE (where the module found the fault itself), NATIVE_DRIVER,
 *	TARGET, DURATION_NS; TXN, CLAIM_ID where there is one
 * @BINDERY_EVENT_TYPE_COMMIT: a transaction succeeded. TXN, CLAIM_ID,
 *	NUM_GROUPS, NUM_MEMBERS, DURATION_NS since its beginning
 * @BINDERY_EVENT_TYPE_ROLLBACK: a transaction failed, and its rollback begins.
 *	TXN, CLAIM_ID, CODE, STEP, ERRNO, DURATION_NS since its beginning; DEVICE,
 *	GROUP and DRIVER of who is concerned, if known
 * @BINDERY_EVENT_TYPE_CLAIM: a claim holds its groups, or reserves them (STATE),
 *	or one more file of it was opened. CLAIM_ID, STATE, FLAGS (&enum
 *	bindery_claim_flags), PID, COMM, LABEL, NUM_GROUPS, NUM_MEMBERS;
 *	DELEGATION_ID as above
 * @BINDERY_EVENT_TYPE_RELEASE: a claim ended, by RELEASE, its last close or
 *	REVOKE. CLAIM_ID, FLAGS, PID, COMM, LABEL, NUM_GROUPS, NUM_MEMBERS;
 *	DELEGATION_ID as above
 * @BINDERY_EVENT_TYPE_DEFERRED: a released group has to wait. GROUP, STATE, CODE
 *	(IN_USE: a VFIO user has it, else LOCKED), CLAIM_ID if the claim's
 *	release waits for it, NUM_MEMBERS
 * @BINDERY_EVENT_TYPE_RESTORED: all of a group is as it was before: it is FREE, or
 *	RESERVED again. GROUP, STATE, OLD_STATE, CLAIM_ID
 * @BINDERY_EVENT_TYPE_INVALID: an assignment cannot be used any more: it became
 *	INVALID by MARK (MARK), or its device was removed (CODE is REMOVED).
 *	DEVICE, NAME, GROUP, CLAIM_ID, ASSIGNMENT, ASSIGNMENT_ID, USERS
 * @BINDERY_EVENT_TYPE_TAMPER: somebody else changed a claimed member. DEVICE, NAME,
 *	GROUP, CLAIM_ID, FLAGS (what: TAMPERED_DRIVER or TAMPERED_OVERRIDE of
 *	&enum bindery_member_flags), DRIVER (now) or OVERRIDE (now, if it was
 *	read), TARGET. A removal begins with the loss of the driver: REMOVED
 *	follows then
 * @BINDERY_EVENT_TYPE_ADDED: a device came to a group by hot-plug. DEVICE, NAME,
 *	GROUP, ROLE, TARGET, CLAIM_ID
 * @BINDERY_EVENT_TYPE_REMOVED: a member was removed. DEVICE, NAME, GROUP, ROLE,
 *	CLAIM_ID
 * @BINDERY_EVENT_TYPE_STUCK: a driver's callback is overdue. DEVICE, NAME, GROUP,
 *	STEP, CLAIM_ID
 * @BINDERY_EVENT_TYPE_LATE: such a callback has returned. DEVICE, NAME, GROUP,
 *	STEP, ERRNO, CODE, DURATION_NS, CLAIM_ID
 * @BINDERY_EVENT_TYPE_KEPT: the last file of a claim was closed, and a group of it
 *	is kept. GROUP, STATE, OLD_STATE, CLAIM_ID
 * @BINDERY_EVENT_TYPE_MARKED: MARK changed an assignment, but not to INVALID.
 *	DEVICE, NAME, GROUP, CLAIM_ID, MARK (left out where the change was taken
 *	back, because the caller could not be told), ASSIGNMENT, ASSIGNMENT_ID,
 *	USERS
 * @BINDERY_EVENT_TYPE_DEGRADED: a member could not be brought back. GROUP, STATE,
 *	OLD_STATE; DEVICE, NAME, ERRNO of the first
 * @BINDERY_EVENT_TYPE_GROUP: any other change of a group's state. GROUP, STATE,
 *	OLD_STATE, CLAIM_ID
 * @BINDERY_EVENT_TYPE_DELEGATED: DELEGATE handed rights on. DELEGATION_ID, PID and
 *	COMM of who called, LABEL of the delegation, NUM_GROUPS, GROUP (the one
 *	of lowest number)
 * @BINDERY_EVENT_TYPE_REVOKED: REVOKE took them back. The same
 * @BINDERY_EVENT_TYPE_VFIO_OPENED: a sealed member was opened through VFIO. DEVICE,
 *	NAME, GROUP, CLAIM_ID, TARGET, PID and COMM of who did it, VFIO_FILES: how
 *	many files of it are open now
 * @BINDERY_EVENT_TYPE_VFIO_CLOSED: the last file of a sealed member was closed. The
 *	same; PID and COMM of who closed it, or of a thread of the kernel that did
 *	it for somebody
 * @BINDERY_EVENT_TYPE_VFIO_REFUSED: somebody was not let open a sealed member. The
 *	same, with ERRNO instead of VFIO_FILES: EACCES, it has no file of the
 *	claim; EBUSY, the member is about to be restored
 *
 * All have SEQ, TIME_NS, TYPE and GENERATION. Every change of a group's state is
 * one event, with STATE and OLD_STATE. CLAIM_ID of a group or a member is that
 * of the first claim on it.
 */
enum bindery_event_type {
	BINDERY_EVENT_TYPE_LOADED = 1,
	BINDERY_EVENT_TYPE_TXN_BEGIN = 2,
	BINDERY_EVENT_TYPE_STEP = 3,
	BINDERY_EVENT_TYPE_COMMIT = 4,
	BINDERY_EVENT_TYPE_ROLLBACK = 5,
	BINDERY_EVENT_TYPE_CLAIM = 6,
	BINDERY_EVENT_TYPE_RELEASE = 7,
	BINDERY_EVENT_TYPE_DEFERRED = 8,
	BINDERY_EVENT_TYPE_RESTORED = 9,
	BINDERY_EVENT_TYPE_INVALID = 10,
	BINDERY_EVENT_TYPE_TAMPER = 11,
	BINDERY_EVENT_TYPE_ADDED = 12,
	BINDERY_EVENT_TYPE_REMOVED = 13,
	BINDERY_EVENT_TYPE_STUCK = 14,
	BINDERY_EVENT_TYPE_LATE = 15,
	BINDERY_EVENT_TYPE_KEPT = 16,
	BINDERY_EVENT_TYPE_MARKED = 17,
	BINDERY_EVENT_TYPE_DEGRADED = 18,
	BINDERY_EVENT_TYPE_GROUP = 19,
	BINDERY_EVENT_TYPE_DELEGATED = 20,
	BINDERY_EVENT_TYPE_REVOKED = 21,
	BINDERY_EVENT_TYPE_VFIO_OPENED = 22,
	BINDERY_EVENT_TYPE_VFIO_CLOSED = 23,
	BINDERY_EVENT_TYPE_VFIO_REFUSED = 24,
};

/**
 * enum bindery_stray_reason - why a device is a stray
 * @BINDERY_STRAY_DRIVER: it is bound to a VFIO driver
 * @BINDERY_STRAY_OVERRIDE: its driver_override names a VFIO driver that is loaded
 * @BINDERY_STRAY_PARKED: its driver_override is the name with which the module
 *	keeps drivers away, and was left behind
 * @BINDERY_STRAY_UNLOADED: its driver_override names a driver that is not loaded:
 *	the reader may know whether that is a VFIO driver, the module does not
 *
 * The first that applies.
 */
enum bindery_stray_reason {
	BINDERY_STRAY_DRIVER = 1,
	BINDERY_STRAY_OVERRIDE = 2,
	BINDERY_STRAY_PARKED = 3,
	BINDERY_STRAY_UNLOADED = 4,
};

/**
 * enum bindery_attr - the attributes of all messages
 * @BINDERY_A_UNSPEC: none
 * @BINDERY_A_PAD: fills up before a u64, so that it is aligned; to be skipped
 * @BINDERY_A_SEQ: u64, number of the event, from 1 without gaps
 * @BINDERY_A_OLDEST: u64, number of the oldest event in the journal
 * @BINDERY_A_NEWEST: u64, number of the newest event
 * @BINDERY_A_TIME_NS: u64, when it happened: nanoseconds of CLOCK_BOOTTIME
 * @BINDERY_A_TYPE: u32, &enum bindery_event_type
 * @BINDERY_A_TXN: u64, number of the transaction, from 1 when the module is loaded
 * @BINDERY_A_CLAIM_ID: binary of %BINDERY_ID_SIZE bytes, id of a claim
 * @BINDERY_A_GROUP: u32, number of the IOMMU group; several in a claim's message
 * @BINDERY_A_DEVICE: nested, a PCI device: all of &enum bindery_attr_device
 * @BINDERY_A_NAME: string, the kernel's name of the device
 * @BINDERY_A_STEP: u32, &enum bindery_step
 * @BINDERY_A_CODE: u32, &enum bindery_error
 * @BINDERY_A_ERRNO: s32, errno, positive, or 0
 * @BINDERY_A_STATE: u32, &enum bindery_group_state
 * @BINDERY_A_OLD_STATE: u32, &enum bindery_group_state before
 * @BINDERY_A_DRIVER: string, a driver's name
 * @BINDERY_A_OVERRIDE: string, the device's driver_override, at most
 *	%BINDERY_NAME_SIZE - 1 bytes of it
 * @BINDERY_A_TARGET: string, name of the target driver
 * @BINDERY_A_NATIVE_DRIVER: string, name of the driver to be put back
 * @BINDERY_A_NATIVE_OVERRIDE: string, the override to be put back, cut as OVERRIDE
 * @BINDERY_A_FLAGS: u32, flags; of what the message tells
 * @BINDERY_A_ROLE: u32, &enum bindery_role
 * @BINDERY_A_ACTION: u32, &enum bindery_action
 * @BINDERY_A_ASSIGNMENT: u32, &enum bindery_assignment
 * @BINDERY_A_ASSIGNMENT_ID: binary of %BINDERY_ID_SIZE bytes, its id
 * @BINDERY_A_MARK: u32, &enum bindery_event
 * @BINDERY_A_USERS: u32, users of the assignment
 * @BINDERY_A_PID: u32, process that acquired the claim, or that called DELEGATE or
 *	REVOKE. In dumps of claims in the reader's pid namespace (0: it has no
 *	number there), in events and in the journal in the initial one
 * @BINDERY_A_COMM: string, name of that task when it did
 * @BINDERY_A_LABEL: string, label of the claim, or of the delegation
 * @BINDERY_A_DURATION_NS: u64, how long it took, in nanoseconds
 * @BINDERY_A_GENERATION: u64, generation of the object; in an event: the newest
 *	of all
 * @BINDERY_A_ABI: u32, %BINDERY_ABI_VERSION of the module
 * @BINDERY_A_REASON: u32, &enum bindery_stray_reason
 * @BINDERY_A_NUM_GROUPS: u32, IOMMU groups of the claim, or of the delegation
 * @BINDERY_A_NUM_MEMBERS: u32, members of the group, or of the claim's groups
 * @BINDERY_A_NUM_CLAIMS: u32, claims on the group
 * @BINDERY_A_DELEGATION_ID: binary of %BINDERY_ID_SIZE bytes, id of a delegation
 * @BINDERY_A_VFIO_FILES: u32, VFIO files of the device that are open
 * @BINDERY_A_VFIO_OPENS: u32, how often it was opened while claimed
 * @BINDERY_A_VFIO_CLOSES: u32, how often its last file was closed
 */
enum bindery_attr {
	BINDERY_A_UNSPEC = 0,
	BINDERY_A_PAD = 1,
	BINDERY_A_SEQ = 2,
	BINDERY_A_OLDEST = 3,
	BINDERY_A_NEWEST = 4,
	BINDERY_A_TIME_NS = 5,
	BINDERY_A_TYPE = 6,
	BINDERY_A_TXN = 7,
	BINDERY_A_CLAIM_ID = 8,
	BINDERY_A_GROUP = 9,
	BINDERY_A_DEVICE = 10,
	BINDERY_A_NAME = 11,
	BINDERY_A_STEP = 12,
	BINDERY_A_CODE = 13,
	BINDERY_A_ERRNO = 14,
	BINDERY_A_STATE = 15,
	BINDERY_A_OLD_STATE = 16,
	BINDERY_A_DRIVER = 17,
	BINDERY_A_OVERRIDE = 18,
	BINDERY_A_TARGET = 19,
	BINDERY_A_NATIVE_DRIVER = 20,
	BINDERY_A_NATIVE_OVERRIDE = 21,
	BINDERY_A_FLAGS = 22,
	BINDERY_A_ROLE = 23,
	BINDERY_A_ACTION = 24,
	BINDERY_A_ASSIGNMENT = 25,
	BINDERY_A_ASSIGNMENT_ID = 26,
	BINDERY_A_MARK = 27,
	BINDERY_A_USERS = 28,
	BINDERY_A_PID = 29,
	BINDERY_A_COMM = 30,
	BINDERY_A_LABEL = 31,
	BINDERY_A_DURATION_NS = 32,
	BINDERY_A_GENERATION = 33,
	BINDERY_A_ABI = 34,
	BINDERY_A_REASON = 35,
	BINDERY_A_NUM_GROUPS = 36,
	BINDERY_A_NUM_MEMBERS = 37,
	BINDERY_A_NUM_CLAIMS = 38,
	BINDERY_A_DELEGATION_ID = 39,
	BINDERY_A_VFIO_FILES = 40,
	BINDERY_A_VFIO_OPENS = 41,
	BINDERY_A_VFIO_CLOSES = 42,
	__BINDERY_A_MAX,
};
#define BINDERY_A_MAX (__BINDERY_A_MAX - 1)

/**
 * enum bindery_attr_device - the attributes within %BINDERY_A_DEVICE
 * @BINDERY_A_DEVICE_UNSPEC: none
 * @BINDERY_A_DEVICE_DOMAIN: u32, PCI domain (segment)
 * @BINDERY_A_DEVICE_BUS: u8, bus number
 * @BINDERY_A_DEVICE_SLOT: u8, device number, 0 to 0x1f
 * @BINDERY_A_DEVICE_FUNCTION: u8, function number, 0 to 7
 */
enum bindery_attr_device {
	BINDERY_A_DEVICE_UNSPEC = 0,
	BINDERY_A_DEVICE_DOMAIN = 1,
	BINDERY_A_DEVICE_BUS = 2,
	BINDERY_A_DEVICE_SLOT = 3,
	BINDERY_A_DEVICE_FUNCTION = 4,
	__BINDERY_A_DEVICE_MAX,
};
#define BINDERY_A_DEVICE_MAX (__BINDERY_A_DEVICE_MAX - 1)

#endif
