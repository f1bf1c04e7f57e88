// SPDX-License-Identifier: LGPL-2.1-or-later
#include "internal.h"

struct error_text {
	const char *symbol;
	const char *sentence;
	const char *remedy;
};

static const struct error_text error_texts[] = {
	[BINDERY_ERROR_NONE] = {
		"none", "nothing went wrong", "nothing has to be done" },
	[BINDERY_ERROR_ARGUMENT] = {
		"argument", "a size, flag or reserved field is wrong",
		"use a libbindery that fits the module; compare the versions" },
	[BINDERY_ERROR_NOT_PERMITTED] = {
		"not-permitted",
		"this needs CAP_SYS_ADMIN in the initial user namespace",
		"run it as root on the host, not in a container" },
	[BINDERY_ERROR_EMPTY_LIST] = {
		"empty-list", "no device was named",
		"name at least one device" },
	[BINDERY_ERROR_TOO_MANY] = {
		"too-many", "more devices were named than one request may have",
		"name at most 4096 devices" },
	[BINDERY_ERROR_ADDRESS] = {
		"address", "this is not the address of a device",
		"write it as 0000:01:00.0: slot up to 1f, function up to 7" },
	[BINDERY_ERROR_NAME] = {
		"name", "a driver or module name is too long, or has a slash or an odd character",
		"name the driver as in /sys/bus/pci/drivers" },
	[BINDERY_ERROR_LABEL] = {
		"label", "the label is too long, or has a character that is not printable",
		"use a label of at most 64 printable bytes" },
	[BINDERY_ERROR_DUPLICATE] = {
		"duplicate", "a device is named twice",
		"name each device once" },
	[BINDERY_ERROR_NO_DEVICE] = {
		"no-device", "there is no such device",
		"look up the address with bindery list" },
	[BINDERY_ERROR_NO_GROUP] = {
		"no-group", "the device is in no IOMMU group",
		"turn on the IOMMU in the firmware and with intel_iommu=on" },
	[BINDERY_ERROR_MIXED_GROUPS] = {
		"mixed-groups", "the devices are in several IOMMU groups, and one was asked for",
		"name devices of one group, or do not ask for a single group" },
	[BINDERY_ERROR_NOT_ENDPOINT] = {
		"not-endpoint", "a bridge cannot be given to a guest",
		"name the devices behind it instead" },
	[BINDERY_ERROR_UNDECLARED] = {
		"undeclared", "a member on a native driver was not named",
		"add it, or use --companions" },
	[BINDERY_ERROR_BRIDGE_DRIVER] = {
		"bridge-driver", "a bridge of the group is on a driver that does DMA of its own",
		"unbind the bridge from that driver" },
	[BINDERY_ERROR_NON_PCI] = {
		"non-pci", "a member that is no PCI device is on a driver",
		"unbind that member from its driver" },
	[BINDERY_ERROR_NO_TARGET] = {
		"no-target", "there is no such target driver, also after loading its module",
		"check the name, or install the module for the running kernel" },
	[BINDERY_ERROR_TARGET_NOT_VFIO] = {
		"target-not-vfio", "the target driver is no VFIO driver",
		"choose a VFIO driver, such as vfio-pci" },
	[BINDERY_ERROR_TARGET_MISMATCH] = {
		"target-mismatch", "the target is a VFIO driver for other devices",
		"choose a VFIO driver for this device, such as vfio-pci" },
	[BINDERY_ERROR_PF_HAS_VFS] = {
		"pf-has-vfs", "the PF has VFs enabled",
		"write 0 to its sriov_numvfs first" },
	[BINDERY_ERROR_NO_IOMMU] = {
		"no-iommu", "the IOMMU cannot give it to a guest",
		"turn on an IOMMU with cache coherency in the firmware and in the kernel" },
	[BINDERY_ERROR_RESERVED_REGION] = {
		"reserved-region", "firmware wants memory mapped for this device always (RMRR)",
		"turn off in the firmware what uses the device, or use another device" },
	[BINDERY_ERROR_BUSY] = {
		"busy", "the group is claimed",
		"wait until its holder is done, or end the holder" },
	[BINDERY_ERROR_IN_USE] = {
		"in-use", "a VFIO user has a device of the group open",
		"end that user first" },
	[BINDERY_ERROR_CHANGED] = {
		"changed", "members came or went meanwhile",
		"try again" },
	[BINDERY_ERROR_REMOVED] = {
		"removed", "the device was removed meanwhile",
		"look whether it comes back, then try again" },
	[BINDERY_ERROR_LOCKED] = {
		"locked", "somebody held the device's lock until the deadline",
		"see the kernel log for a driver that hangs; try a longer deadline" },
	[BINDERY_ERROR_OVERRIDE] = {
		"override", "the override could not be set, or somebody else changed it",
		"stop what else writes driver_override, then try again" },
	[BINDERY_ERROR_UNBIND] = {
		"unbind", "the device did not leave its driver",
		"see the kernel log for that driver" },
	[BINDERY_ERROR_BIND] = {
		"bind", "the target driver refused the device",
		"see the kernel log for that driver" },
	[BINDERY_ERROR_NO_VFIO_DEVICE] = {
		"no-vfio-device", "the target driver took the device and made no VFIO device",
		"choose another target, such as vfio-pci" },
	[BINDERY_ERROR_NOT_OPENABLE] = {
		"not-openable", "all members are on their targets, yet the group cannot be opened",
		"see the kernel log for who owns the group's DMA" },
	[BINDERY_ERROR_DEADLINE] = {
		"deadline", "the deadline passed; what was begun is undone by itself",
		"look with bindery show until the group is free, then try a longer deadline" },
	[BINDERY_ERROR_NO_MEMORY] = {
		"no-memory", "the kernel is out of memory",
		"free memory, then try again" },
	[BINDERY_ERROR_NO_FD] = {
		"no-fd", "no file descriptor is free",
		"close files, or raise the limit (ulimit -n)" },
	[BINDERY_ERROR_FAULT] = {
		"fault", "a result could not be written to memory",
		"correct the program that asked" },
	[BINDERY_ERROR_DEGRADED] = {
		"degraded", "the device has no driver: its native driver could not be put back",
		"see the kernel log; load the native driver and bind the device to it" },
	[BINDERY_ERROR_RELEASED] = {
		"released", "the claim was released before",
		"acquire a new claim" },
};

static const struct error_text *error_text(enum bindery_error code)
{
	static const struct error_text unknown = {
		"unknown", "a code that this libbindery does not know",
		"use a libbindery that fits the module" };

	if ((size_t)code >= ARRAY_SIZE(error_texts))
		return &unknown;
	return &error_texts[code];
}

const char *bindery_error_symbol(enum bindery_error code)
{
	return error_text(code)->symbol;
}

const char *bindery_error_sentence(enum bindery_error code)
{
	return error_text(code)->sentence;
}

const char *bindery_error_remedy(enum bindery_error code)
{
	return error_text(code)->remedy;
}

static const char *lookup(const char *const *symbols, size_t count,
			  size_t value)
{
	if (value >= count || !symbols[value])
		return "unknown";
	return symbols[value];
}

const char *bindery_error_class_symbol(enum bindery_error_class error_class)
{
	static const char *const symbols[] = {
		[BINDERY_ERROR_CLASS_NONE] = "none",
		[BINDERY_ERROR_CLASS_RETRY] = "retry",
		[BINDERY_ERROR_CLASS_ASK] = "ask",
		[BINDERY_ERROR_CLASS_HOST] = "host",
	};

	return lookup(symbols, ARRAY_SIZE(symbols), error_class);
}

const char *bindery_step_symbol(enum bindery_step step)
{
	static const char *const symbols[] = {
		[BINDERY_STEP_NONE] = "none",
		[BINDERY_STEP_REQUEST] = "request",
		[BINDERY_STEP_RESOLVE] = "resolve",
		[BINDERY_STEP_TARGET] = "target",
		[BINDERY_STEP_RESERVE] = "reserve",
		[BINDERY_STEP_VALIDATE] = "validate",
		[BINDERY_STEP_OVERRIDE] = "override",
		[BINDERY_STEP_UNBIND] = "unbind",
		[BINDERY_STEP_BIND] = "bind",
		[BINDERY_STEP_VERIFY] = "verify",
		[BINDERY_STEP_PUBLISH] = "publish",
		[BINDERY_STEP_FENCE] = "fence",
		[BINDERY_STEP_UNBIND_TARGET] = "unbind-target",
		[BINDERY_STEP_RESTORE] = "restore",
	};

	return lookup(symbols, ARRAY_SIZE(symbols), step);
}

const char *bindery_role_symbol(enum bindery_role role)
{
	static const char *const symbols[] = {
		[BINDERY_ROLE_NONE] = "none",
		[BINDERY_ROLE_REQUESTED] = "requested",
		[BINDERY_ROLE_COMPANION] = "companion",
		[BINDERY_ROLE_PREBOUND] = "pre-bound",
		[BINDERY_ROLE_PARKED] = "parked",
		[BINDERY_ROLE_EXEMPT] = "exempt",
	};

	return lookup(symbols, ARRAY_SIZE(symbols), role);
}

const char *bindery_action_symbol(enum bindery_action action)
{
	static const char *const symbols[] = {
		[BINDERY_ACTION_NONE] = "none",
		[BINDERY_ACTION_MOVE] = "move",
		[BINDERY_ACTION_PARK] = "park",
	};

	return lookup(symbols, ARRAY_SIZE(symbols), action);
}

const char *bindery_group_state_symbol(enum bindery_group_state state)
{
	static const char *const symbols[] = {
		[BINDERY_GROUP_FREE] = "free",
		[BINDERY_GROUP_BINDING] = "binding",
		[BINDERY_GROUP_HELD] = "held",
		[BINDERY_GROUP_DRAINING] = "draining",
		[BINDERY_GROUP_RESTORING] = "restoring",
		[BINDERY_GROUP_DEGRADED] = "degraded",
	};

	return lookup(symbols, ARRAY_SIZE(symbols), state);
}

const char *bindery_rights_symbol(enum bindery_rights rights)
{
	static const char *const symbols[] = {
		[BINDERY_RIGHTS_READ] = "read",
		[BINDERY_RIGHTS_FULL] = "full",
	};

	return lookup(symbols, ARRAY_SIZE(symbols), rights);
}

const char *bindery_guard_kind_symbol(enum bindery_guard_kind kind)
{
	static const char *const symbols[] = {
		[BINDERY_GUARD_MOUNT] = "mount",
		[BINDERY_GUARD_SWAP] = "swap",
		[BINDERY_GUARD_HOLDER] = "holder",
		[BINDERY_GUARD_NETDEV] = "netdev",
		[BINDERY_GUARD_BOOT_VGA] = "boot-vga",
	};

	return lookup(symbols, ARRAY_SIZE(symbols), kind);
}

const char *bindery_member_flag_symbol(uint32_t flag)
{
	switch (flag) {
	case BINDERY_MEMBER_PCI:
		return "pci";
	case BINDERY_MEMBER_BRIDGE:
		return "bridge";
	case BINDERY_MEMBER_PF:
		return "pf";
	case BINDERY_MEMBER_VF:
		return "vf";
	case BINDERY_MEMBER_TARGET_ABSENT:
		return "target-absent";
	case BINDERY_MEMBER_TRUNCATED:
		return "truncated";
	case BINDERY_MEMBER_REMOVED:
		return "removed";
	case BINDERY_MEMBER_UNKNOWN:
		return "unknown";
	case BINDERY_MEMBER_VFIO:
		return "vfio";
	default:
		return NULL;
	}
}

const char *bindery_kernel_fact_symbol(uint32_t fact)
{
	switch (fact) {
	case BINDERY_KERNEL_VFIO_GROUP:
		return "vfio-group";
	case BINDERY_KERNEL_VFIO_CDEV:
		return "vfio-cdev";
	default:
		return NULL;
	}
}
