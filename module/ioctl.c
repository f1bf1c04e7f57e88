// SPDX-License-Identifier: GPL-2.0-only
/* From ioctl numbers to functions: copy in, look up, call, copy out. */
#include <linux/module.h>
#include <linux/uaccess.h>

#include "bindery_private.h"

union ucmd_buffer {
	struct bindery_ioc_info info;
	struct bindery_ioc_show show;
	struct bindery_ioc_acquire acquire;
	struct bindery_ioc_status status;
	struct bindery_ioc_release release;
	struct bindery_ioc_open_claim open_claim;
	struct bindery_ioc_recover recover;
	struct bindery_ioc_bind bind;
	struct bindery_ioc_mark mark;
	struct bindery_ioc_keep keep;
	struct bindery_ioc_delegate delegate;
	struct bindery_ioc_revoke revoke;
};

struct ioctl_op {
	u32 size;
	u32 min_size;
	unsigned int number;
	u32 error_offset;		/* 0: has no error record */
	u32 fd_offset;			/* 0: gives no file */
	u32 count_offset;		/* 0: tells no members */
	u32 needs;
	u32 operation;			/* what it takes to be delegated */
	int (*execute)(struct bindery_ucmd *ucmd);
};

#define IOCTL_OP(_number, _struct, _last, _error, _execute, ...)	\
	[_IOC_NR(_number) & 0x3f] = {					\
		.size = sizeof(_struct) +				\
			BUILD_BUG_ON_ZERO(sizeof(union ucmd_buffer) <	\
					  sizeof(_struct)),		\
		.min_size = offsetofend(_struct, _last),		\
		.number = _number,					\
		.error_offset = _error,					\
		.execute = _execute,					\
		__VA_ARGS__						\
	}

#define FULL	.needs = BINDERY_NEEDS_FULL
#define CAPABLE	.needs = BINDERY_NEEDS_CAPABLE
#define DELEGATED_BY(_name)	.operation = BINDERY_OPERATION_##_name
#define GIVES(_struct, _fd)	.fd_offset = offsetof(_struct, _fd)
#define TELLS(_struct)		.count_offset = offsetof(_struct, num_members)

static const struct ioctl_op control_ops[] = {
	IOCTL_OP(BINDERY_INFO, struct bindery_ioc_info, out_max_stuck, 0,
		 bindery_cmd_info),
	IOCTL_OP(BINDERY_SHOW, struct bindery_ioc_show, out_generation,
		 offsetof(struct bindery_ioc_show, error),
		 bindery_cmd_show, TELLS(struct bindery_ioc_show),
		 DELEGATED_BY(SHOW)),
	IOCTL_OP(BINDERY_CHECK, struct bindery_ioc_acquire, __reserved,
		 offsetof(struct bindery_ioc_acquire, error),
		 bindery_cmd_check, TELLS(struct bindery_ioc_acquire),
		 GIVES(struct bindery_ioc_acquire, out_claim_fd),
		 DELEGATED_BY(CHECK)),
	IOCTL_OP(BINDERY_ACQUIRE, struct bindery_ioc_acquire, __reserved,
		 offsetof(struct bindery_ioc_acquire, error),
		 bindery_cmd_acquire, TELLS(struct bindery_ioc_acquire),
		 GIVES(struct bindery_ioc_acquire, out_claim_fd),
		 FULL, DELEGATED_BY(ACQUIRE)),
	IOCTL_OP(BINDERY_ADOPT, struct bindery_ioc_acquire, __reserved,
		 offsetof(struct bindery_ioc_acquire, error),
		 bindery_cmd_adopt, TELLS(struct bindery_ioc_acquire),
		 GIVES(struct bindery_ioc_acquire, out_claim_fd),
		 FULL, DELEGATED_BY(ADOPT)),
	IOCTL_OP(BINDERY_OPEN_CLAIM, struct bindery_ioc_open_claim,
		 out_claim_id, offsetof(struct bindery_ioc_open_claim, error),
		 bindery_cmd_open_claim,
		 GIVES(struct bindery_ioc_open_claim, out_claim_fd),
		 FULL, DELEGATED_BY(OPEN_CLAIM)),
	IOCTL_OP(BINDERY_RECOVER, struct bindery_ioc_recover, __reserved,
		 offsetof(struct bindery_ioc_recover, error),
		 bindery_cmd_recover, TELLS(struct bindery_ioc_recover),
		 .needs = BINDERY_NEEDS_FULL | BINDERY_NEEDS_CAPABLE),
	IOCTL_OP(BINDERY_DELEGATE, struct bindery_ioc_delegate, __reserved,
		 offsetof(struct bindery_ioc_delegate, error),
		 bindery_cmd_delegate,
		 GIVES(struct bindery_ioc_delegate, out_control_fd), FULL),
	IOCTL_OP(BINDERY_REVOKE, struct bindery_ioc_revoke, __reserved,
		 offsetof(struct bindery_ioc_revoke, error),
		 bindery_cmd_revoke, FULL),
};

static const struct ioctl_op claim_ops[] = {
	IOCTL_OP(BINDERY_STATUS, struct bindery_ioc_status, out_generation,
		 offsetof(struct bindery_ioc_status, error),
		 bindery_cmd_status),
	IOCTL_OP(BINDERY_RELEASE, struct bindery_ioc_release, generation,
		 offsetof(struct bindery_ioc_release, error),
		 bindery_cmd_release),
	IOCTL_OP(BINDERY_BIND, struct bindery_ioc_bind, __reserved,
		 offsetof(struct bindery_ioc_bind, error), bindery_cmd_bind,
		 TELLS(struct bindery_ioc_bind), CAPABLE),
	IOCTL_OP(BINDERY_MARK, struct bindery_ioc_mark, out_generation,
		 offsetof(struct bindery_ioc_mark, error), bindery_cmd_mark),
	IOCTL_OP(BINDERY_KEEP, struct bindery_ioc_keep, error,
		 offsetof(struct bindery_ioc_keep, error), bindery_cmd_keep,
		 CAPABLE),
};

/* Copy the struct and the error record to the caller. */
int bindery_ucmd_respond(struct bindery_ucmd *ucmd)
{
	int ret = bindery_failure_write(&ucmd->failure, ucmd->error);

	if (copy_to_user(ucmd->user, ucmd->cmd,
			 min(ucmd->user_size, ucmd->cmd_size)))
		ret = -EFAULT;
	return ret;
}

/* What is the same in all results; a call that is refused leaves the rest. */
static void clear_results(struct bindery_ucmd *ucmd, const struct ioctl_op *op)
{
	if (op->fd_offset)
		*(s32 *)(ucmd->cmd + op->fd_offset) = -1;
}

static int execute(struct bindery_ucmd *ucmd, const struct ioctl_op *op)
{
	int ret = bindery_rights_begin(ucmd, op->needs, op->operation);

	clear_results(ucmd, op);
	if (ret) {
		if (op->count_offset)
			*(u32 *)(ucmd->cmd + op->count_offset) = 0;
		return ret;
	}
	ret = op->execute(ucmd);
	bindery_rights_end(ucmd);
	return ret;
}

static int call(struct bindery_ucmd *ucmd, const struct ioctl_op *op)
{
	int ret;

	ret = copy_struct_from_user(ucmd->cmd, op->size, ucmd->user,
				    ucmd->user_size);
	if (ret)
		return ret;
	if (op->error_offset)
		ucmd->error = *(u64 *)(ucmd->cmd + op->error_offset);
	ret = bindery_failure_check(ucmd->error);
	if (ret)
		return ret;
	ret = execute(ucmd, op);
	if (ret)
		bindery_ucmd_respond(ucmd);
	bindery_failure_clear(&ucmd->failure);
	return ret;
}

static long dispatch(struct file *file, unsigned int number, unsigned long arg,
		     const struct ioctl_op *ops, size_t num_ops)
{
	union ucmd_buffer buffer;
	struct bindery_ucmd ucmd = {
		.file = file,
		.user = (void __user *)arg,
		.cmd = &buffer,
	};
	const struct ioctl_op *op;
	unsigned int nr = _IOC_NR(number) & 0x3f;

	if (nr >= num_ops || ops[nr].number != number)
		return -ENOTTY;
	op = &ops[nr];
	if (get_user(ucmd.user_size, (u32 __user *)ucmd.user))
		return -EFAULT;
	if (ucmd.user_size < op->min_size)
		return -EINVAL;
	if (ucmd.user_size > PAGE_SIZE)
		return -E2BIG;
	ucmd.cmd_size = op->size;
	return call(&ucmd, op);
}

long bindery_fops_control_ioctl(struct file *file, unsigned int number,
				unsigned long arg)
{
	return dispatch(file, number, arg, control_ops,
			ARRAY_SIZE(control_ops));
}

static long fops_claim_ioctl(struct file *file, unsigned int number,
			     unsigned long arg)
{
	return dispatch(file, number, arg, claim_ops, ARRAY_SIZE(claim_ops));
}

const struct file_operations bindery_fops_control = {
	.owner = THIS_MODULE,
	.open = bindery_fops_control_open,
	.unlocked_ioctl = bindery_fops_control_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
};

const struct file_operations bindery_fops_claim = {
	.owner = THIS_MODULE,
	.release = bindery_fops_claim_release,
	.poll = bindery_fops_claim_poll,
	.show_fdinfo = bindery_fops_claim_show_fdinfo,
	.unlocked_ioctl = fops_claim_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
};
