// SPDX-License-Identifier: GPL-2.0-only
/* The error record: each code's errno and class, and who is concerned. */
#include <linux/pid.h>
#include <linux/uaccess.h>

#include "bindery_private.h"

static const struct {
	int err;
	u32 class;
} codes[] = {
#define CODE(name, err, class)						\
	[BINDERY_ERROR_##name] = { err, BINDERY_ERROR_CLASS_##class }
	CODE(NONE, 0, NONE),
	CODE(ARGUMENT, -EINVAL, ASK),
	CODE(NOT_PERMITTED, -EPERM, ASK),
	CODE(EMPTY_LIST, -EINVAL, ASK),
	CODE(TOO_MANY, -E2BIG, ASK),
	CODE(ADDRESS, -EINVAL, ASK),
	CODE(NAME, -EINVAL, ASK),
	CODE(LABEL, -EINVAL, ASK),
	CODE(DUPLICATE, -EINVAL, ASK),
	CODE(NO_DEVICE, -ENODEV, ASK),
	CODE(NO_GROUP, -ENXIO, HOST),
	CODE(MIXED_GROUPS, -EXDEV, ASK),
	CODE(NOT_ENDPOINT, -EINVAL, ASK),
	CODE(UNDECLARED, -EBUSY, ASK),
	CODE(BRIDGE_DRIVER, -EBUSY, HOST),
	CODE(NON_PCI, -EBUSY, HOST),
	CODE(NO_TARGET, -ENOENT, ASK),
	CODE(TARGET_NOT_VFIO, -EINVAL, ASK),
	CODE(TARGET_MISMATCH, -EINVAL, ASK),
	CODE(PF_HAS_VFS, -EBUSY, HOST),
	CODE(NO_IOMMU, -EOPNOTSUPP, HOST),
	CODE(RESERVED_REGION, -EOPNOTSUPP, HOST),
	CODE(BUSY, -EBUSY, RETRY),
	CODE(IN_USE, -EBUSY, RETRY),
	CODE(CHANGED, -EAGAIN, RETRY),
	CODE(REMOVED, -ENODEV, ASK),
	CODE(LOCKED, -EBUSY, RETRY),
	CODE(OVERRIDE, -EBUSY, RETRY),
	CODE(UNBIND, -EBUSY, HOST),
	CODE(BIND, -EIO, HOST),
	CODE(NO_VFIO_DEVICE, -ENODEV, HOST),
	CODE(NOT_OPENABLE, -EBUSY, HOST),
	CODE(DEADLINE, -ETIMEDOUT, RETRY),
	CODE(NO_MEMORY, -ENOMEM, RETRY),
	CODE(NO_FD, -EMFILE, RETRY),
	CODE(FAULT, -EFAULT, ASK),
	CODE(DEGRADED, -EIO, HOST),
	CODE(RELEASED, -ESTALE, ASK),
	CODE(STUCK, -EBUSY, RETRY),
	CODE(STALE, -ESTALE, RETRY),
	CODE(NO_CLAIM, -ENOENT, ASK),
	CODE(AMBIGUOUS, -EINVAL, ASK),
	CODE(INVALID, -EBUSY, HOST),
	CODE(NOT_ON_VFIO, -EBUSY, ASK),
	CODE(TRANSITION, -EINVAL, ASK),
	CODE(IDENTITY, -ENODEV, ASK),
	CODE(NO_VF, -ENODEV, ASK),
	CODE(STATE, -EBUSY, RETRY),
	CODE(SHUTDOWN, -ESHUTDOWN, HOST),
	CODE(OPERATION, -EPERM, ASK),
	CODE(FLAG, -EPERM, ASK),
	CODE(FOREIGN_GROUP, -EPERM, ASK),
	CODE(FOREIGN_CLAIM, -EPERM, ASK),
	CODE(NOT_LOADED, -EPERM, ASK),
	CODE(REVOKED, -EPERM, ASK),
	CODE(LIMIT, -EDQUOT, RETRY),
	CODE(NO_DELEGATION, -ENOENT, ASK),
	CODE(DENIED, -EPERM, ASK),
	CODE(OPREGION, -EOPNOTSUPP, ASK),
	CODE(NOT_SEALED, -EINVAL, ASK),
#undef CODE
};

/* Record a failure, the first one wins; err 0 means the code's own errno. */
int bindery_fail(struct bindery_failure *failure, u32 code, u32 step, int err)
{
	struct bindery_ioc_error *record = &failure->record;

	if (!err)
		err = codes[code].err;
	if (record->out_code)
		return -record->out_errno;
	record->out_code = code;
	record->out_class = codes[code].class;
	record->out_step = step;
	record->out_errno = -err;
	return err;
}

int bindery_fail_member(struct bindery_failure *failure, u32 code, u32 step,
			int err, const struct bindery_member *member)
{
	struct bindery_ioc_error *record = &failure->record;

	if (record->out_code)
		return -record->out_errno;
	err = bindery_fail(failure, code, step, err);
	if (member->pdev) {
		record->out_device = member->bdf;
		record->out_flags |= BINDERY_ERROR_HAS_DEVICE;
	}
	record->out_group = member->group->id;
	record->out_flags |= BINDERY_ERROR_HAS_GROUP;
	return err;
}

int bindery_fail_device(struct bindery_failure *failure, u32 code, u32 step,
			const struct bindery_ioc_bdf *bdf)
{
	struct bindery_ioc_error *record = &failure->record;

	if (record->out_code)
		return -record->out_errno;
	record->out_device = *bdf;
	record->out_flags |= BINDERY_ERROR_HAS_DEVICE;
	return bindery_fail(failure, code, step, 0);
}

int bindery_fail_group(struct bindery_failure *failure, u32 code, u32 step,
		       int id)
{
	struct bindery_ioc_error *record = &failure->record;

	if (record->out_code)
		return -record->out_errno;
	record->out_group = id;
	record->out_flags |= BINDERY_ERROR_HAS_GROUP;
	return bindery_fail(failure, code, step, 0);
}

void bindery_failure_driver(struct bindery_failure *failure, const char *name)
{
	struct bindery_ioc_error *record = &failure->record;

	if (name && !record->out_name[0])
		strscpy(record->out_name, name, sizeof(record->out_name));
}

void bindery_failure_holder(struct bindery_failure *failure,
			    const struct bindery_claim *claim)
{
	struct bindery_ioc_error *record = &failure->record;

	if (failure->holder || !claim)
		return;
	failure->holder = get_pid(claim->holder);
	memcpy(record->out_holder_comm, claim->comm, sizeof(claim->comm));
	memcpy(record->out_holder_label, claim->label, sizeof(claim->label));
	record->out_flags |= BINDERY_ERROR_HAS_HOLDER;
}

void bindery_failure_move(struct bindery_failure *to,
			  struct bindery_failure *from)
{
	if (to->record.out_code)
		return;
	*to = *from;
	from->holder = NULL;
}

void bindery_failure_copy(struct bindery_failure *to,
			  const struct bindery_failure *from)
{
	if (to->record.out_code)
		return;
	*to = *from;
	get_pid(to->holder);
}

void bindery_failure_clear(struct bindery_failure *failure)
{
	put_pid(failure->holder);
	memset(failure, 0, sizeof(*failure));
}

static int read_size(u64 user, u32 *size)
{
	if (get_user(*size, (u32 __user *)u64_to_user_ptr(user)))
		return -EFAULT;
	if (*size < sizeof(struct bindery_ioc_error) || *size > PAGE_SIZE)
		return -EINVAL;
	return 0;
}

/* A record that could not be written is refused before anything is done. */
int bindery_failure_check(u64 user)
{
	u32 size;

	return user ? read_size(user, &size) : 0;
}

/* In the caller's context: the holder's pid is translated for it. */
int bindery_failure_write(struct bindery_failure *failure, u64 user)
{
	struct bindery_ioc_error *record = &failure->record;
	void __user *to = u64_to_user_ptr(user);
	u32 size;
	int ret;

	if (!user)
		return 0;
	ret = read_size(user, &size);
	if (ret)
		return ret;
	record->size = size;
	record->out_holder_pid = pid_vnr(failure->holder);
	if (copy_to_user(to, record, sizeof(*record)))
		return -EFAULT;
	if (clear_user(to + sizeof(*record), size - sizeof(*record)))
		return -EFAULT;
	return 0;
}
