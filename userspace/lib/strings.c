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
		"see the kernel log; load the native driver, then use bindery repair" },
	[BINDERY_ERROR_RELEASED] = {
		"released", "the claim was released before",
		"acquire a new claim" },
	[BINDERY_ERROR_STUCK] = {
		"stuck", "a driver's callback has not returned since an earlier deadline",
		"see the kernel log for that driver; the group repairs itself when it returns" },
	[BINDERY_ERROR_STALE] = {
		"stale", "something changed since the generation that was given was read",
		"look again, then decide again" },
	[BINDERY_ERROR_NO_CLAIM] = {
		"no-claim", "there is no claim of that id, or none on that device",
		"look up its id with bindery list" },
	[BINDERY_ERROR_AMBIGUOUS] = {
		"ambiguous", "several claims share the device",
		"name one of them by its id" },
	[BINDERY_ERROR_INVALID] = {
		"invalid", "the device was attached to a guest that does not see it",
		"release its claim first" },
	[BINDERY_ERROR_NOT_ON_VFIO] = {
		"not-on-vfio", "a member of the group is not on a VFIO driver",
		"acquire the group instead of adopting it" },
	[BINDERY_ERROR_TRANSITION] = {
		"transition", "the assignment's state does not allow that event",
		"look at the assignment with bindery show" },
	[BINDERY_ERROR_IDENTITY] = {
		"identity", "the device at this address is not the expected one",
		"look up where that device is now with bindery list" },
	[BINDERY_ERROR_NO_VF] = {
		"no-vf", "the PF has no VF of that index",
		"enable VFs by its sriov_numvfs, or name another" },
	[BINDERY_ERROR_STATE] = {
		"state", "the claim is not in a state that allows this",
		"wait until its transaction is done, then try again" },
	[BINDERY_ERROR_SHUTDOWN] = {
		"shutdown", "the machine is going down",
		"wait until it is up again" },
	[BINDERY_ERROR_OPERATION] = {
		"operation", "this call was not delegated to this control file",
		"ask who delegated for it, or do without" },
	[BINDERY_ERROR_FLAG] = {
		"flag",
		"a flag, or a snapshot, that a delegated control file cannot use",
		"leave it out" },
	[BINDERY_ERROR_FOREIGN_GROUP] = {
		"foreign-group", "the IOMMU group was not delegated to this control file",
		"ask who delegated for it; devices that came back are in a new group" },
	[BINDERY_ERROR_FOREIGN_CLAIM] = {
		"foreign-claim", "the claim was not made through this control file",
		"have the claim passed by who has it" },
	[BINDERY_ERROR_NOT_LOADED] = {
		"not-loaded",
		"the target driver is not loaded, and a delegated control file loads none",
		"have its module loaded first" },
	[BINDERY_ERROR_REVOKED] = {
		"revoked", "the rights of this control file were revoked",
		"ask who delegated for another" },
	[BINDERY_ERROR_LIMIT] = {
		"limit", "this control file has as many claims or transactions as it may",
		"release a claim, or wait for a transaction to end" },
	[BINDERY_ERROR_NO_DELEGATION] = {
		"no-delegation", "there is no such delegation",
		"name it by its id, or by a delegated control file" },
	[BINDERY_ERROR_DENIED] = {
		"denied", "a guest can harm the host by this device; vfio-pci refuses it too",
		"do without it; vfio-pci takes it with disable_denylist=1" },
	[BINDERY_ERROR_OPREGION] = {
		"opregion", "Intel graphics with an OpRegion needs vfio-pci itself",
		"name vfio-pci with --target, or as DEVICE=vfio-pci" },
	[BINDERY_ERROR_NOT_SEALED] = {
		"not-sealed", "not all devices of the group would be on bindery-vfio",
		"name bindery-vfio for it, or leave out --holders-only" },
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
