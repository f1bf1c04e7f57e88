// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <string.h>

#include "internal.h"

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

const char *bindery_wait_state_symbol(enum bindery_wait_state state)
{
	static const char *const symbols[] = {
		[BINDERY_WAIT_ABSENT] = "absent",
		[BINDERY_WAIT_NO_DRIVER] = "no-driver",
		[BINDERY_WAIT_OTHER_DRIVER] = "other-driver",
		[BINDERY_WAIT_NO_NODE] = "no-node",
		[BINDERY_WAIT_READY] = "ready",
	};

	return lookup(symbols, ARRAY_SIZE(symbols), state);
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
		[BINDERY_ROLE_ADDED] = "added",
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
		[BINDERY_GROUP_RESERVED] = "reserved",
		[BINDERY_GROUP_BINDING] = "binding",
		[BINDERY_GROUP_HELD] = "held",
		[BINDERY_GROUP_KEPT] = "kept",
		[BINDERY_GROUP_DRAINING] = "draining",
		[BINDERY_GROUP_RESTORING] = "restoring",
		[BINDERY_GROUP_STUCK] = "stuck",
		[BINDERY_GROUP_DEGRADED] = "degraded",
		[BINDERY_GROUP_GONE] = "gone",
	};

	return lookup(symbols, ARRAY_SIZE(symbols), state);
}

const char *bindery_assignment_symbol(enum bindery_assignment assignment)
{
	static const char *const symbols[] = {
		[BINDERY_ASSIGNMENT_NONE] = "none",
		[BINDERY_ASSIGNMENT_RESERVED] = "reserved",
		[BINDERY_ASSIGNMENT_PENDING] = "pending",
		[BINDERY_ASSIGNMENT_READY] = "ready",
		[BINDERY_ASSIGNMENT_INVALID] = "invalid",
		[BINDERY_ASSIGNMENT_REMOVED] = "removed",
	};

	return lookup(symbols, ARRAY_SIZE(symbols), assignment);
}

const char *bindery_event_symbol(enum bindery_event event)
{
	static const char *const symbols[] = {
		[BINDERY_EVENT_RESERVE] = "reserve",
		[BINDERY_EVENT_ATTACH_OK] = "attach-ok",
		[BINDERY_EVENT_ATTACH_FAILED] = "attach-failed",
		[BINDERY_EVENT_GUEST_READY] = "guest-ready",
		[BINDERY_EVENT_GUEST_FAILED] = "guest-failed",
		[BINDERY_EVENT_ADD_USER] = "add-user",
		[BINDERY_EVENT_DROP_USER] = "drop-user",
		[BINDERY_EVENT_DETACH_OK] = "detach-ok",
		[BINDERY_EVENT_DETACH_FAILED] = "detach-failed",
	};

	return lookup(symbols, ARRAY_SIZE(symbols), event);
}

const char *bindery_rights_symbol(enum bindery_rights rights)
{
	static const char *const symbols[] = {
		[BINDERY_RIGHTS_READ] = "read",
		[BINDERY_RIGHTS_FULL] = "full",
	};

	return lookup(symbols, ARRAY_SIZE(symbols), rights);
}

static const char *const guard_symbols[] = {
	[BINDERY_GUARD_MOUNT] = "mount",
	[BINDERY_GUARD_SWAP] = "swap",
	[BINDERY_GUARD_HOLDER] = "holder",
	[BINDERY_GUARD_NETDEV] = "netdev",
	[BINDERY_GUARD_BOOT_VGA] = "boot-vga",
	[BINDERY_GUARD_ADDRESS] = "address",
	[BINDERY_GUARD_ROUTE] = "default-route",
	[BINDERY_GUARD_DISPLAY] = "display",
	[BINDERY_GUARD_OPEN] = "open",
	[BINDERY_GUARD_SIGNATURE] = "signature",
};

const char *bindery_guard_kind_symbol(enum bindery_guard_kind kind)
{
	return lookup(guard_symbols, ARRAY_SIZE(guard_symbols), kind);
}

int bindery_guard_kind_parse(const char *symbol, enum bindery_guard_kind *kind)
{
	for (size_t i = 1; i < ARRAY_SIZE(guard_symbols); i++) {
		if (strcmp(guard_symbols[i], symbol))
			continue;
		*kind = (enum bindery_guard_kind)i;
		return 0;
	}
	return -EINVAL;
}

const char *bindery_event_type_symbol(enum bindery_event_type type)
{
	static const char *const symbols[] = {
		[BINDERY_EVENT_TYPE_LOST] = "lost",
		[BINDERY_EVENT_TYPE_LOADED] = "loaded",
		[BINDERY_EVENT_TYPE_TXN_BEGIN] = "begin",
		[BINDERY_EVENT_TYPE_STEP] = "step",
		[BINDERY_EVENT_TYPE_COMMIT] = "commit",
		[BINDERY_EVENT_TYPE_ROLLBACK] = "rollback",
		[BINDERY_EVENT_TYPE_CLAIM] = "claim",
		[BINDERY_EVENT_TYPE_RELEASE] = "release",
		[BINDERY_EVENT_TYPE_DEFERRED] = "deferred",
		[BINDERY_EVENT_TYPE_RESTORED] = "restored",
		[BINDERY_EVENT_TYPE_INVALID] = "invalid",
		[BINDERY_EVENT_TYPE_TAMPER] = "tamper",
		[BINDERY_EVENT_TYPE_ADDED] = "added",
		[BINDERY_EVENT_TYPE_REMOVED] = "removed",
		[BINDERY_EVENT_TYPE_STUCK] = "stuck",
		[BINDERY_EVENT_TYPE_LATE] = "late",
		[BINDERY_EVENT_TYPE_KEPT] = "kept",
		[BINDERY_EVENT_TYPE_MARKED] = "marked",
		[BINDERY_EVENT_TYPE_DEGRADED] = "degraded",
		[BINDERY_EVENT_TYPE_GROUP] = "group",
		[BINDERY_EVENT_TYPE_DELEGATED] = "delegated",
		[BINDERY_EVENT_TYPE_REVOKED] = "revoked",
		[BINDERY_EVENT_TYPE_VFIO_OPENED] = "vfio-opened",
		[BINDERY_EVENT_TYPE_VFIO_CLOSED] = "vfio-closed",
		[BINDERY_EVENT_TYPE_VFIO_REFUSED] = "vfio-refused",
	};

	return lookup(symbols, ARRAY_SIZE(symbols), type);
}

const char *bindery_stray_reason_symbol(enum bindery_stray_reason reason)
{
	static const char *const symbols[] = {
		[BINDERY_STRAY_DRIVER] = "driver",
		[BINDERY_STRAY_OVERRIDE] = "override",
		[BINDERY_STRAY_PARKED] = "parked",
		[BINDERY_STRAY_UNLOADED] = "unloaded",
	};

	return lookup(symbols, ARRAY_SIZE(symbols), reason);
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
	case BINDERY_MEMBER_STUCK:
		return "stuck";
	case BINDERY_MEMBER_TAMPERED_DRIVER:
		return "tampered-driver";
	case BINDERY_MEMBER_TAMPERED_OVERRIDE:
		return "tampered-override";
	case BINDERY_MEMBER_USERS_LOST:
		return "users-lost";
	case BINDERY_MEMBER_SEALED:
		return "sealed";
	default:
		return NULL;
	}
}

const char *bindery_claim_flag_symbol(uint32_t flag)
{
	switch (flag) {
	case BINDERY_CLAIM_SHARED:
		return "shared";
	case BINDERY_CLAIM_KEEP:
		return "keep";
	case BINDERY_CLAIM_ADOPTED:
		return "adopted";
	case BINDERY_CLAIM_REPAIR:
		return "repair";
	case BINDERY_CLAIM_CLOSED:
		return "closed";
	case BINDERY_CLAIM_SEALED:
		return "sealed";
	case BINDERY_CLAIM_HOLDERS_ONLY:
		return "holders-only";
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

const char *bindery_operation_symbol(uint32_t operation)
{
	switch (operation) {
	case BINDERY_OPERATION_SHOW:
		return "show";
	case BINDERY_OPERATION_CHECK:
		return "check";
	case BINDERY_OPERATION_ACQUIRE:
		return "acquire";
	case BINDERY_OPERATION_ADOPT:
		return "adopt";
	case BINDERY_OPERATION_OPEN_CLAIM:
		return "open-claim";
	default:
		return "unknown";
	}
}
