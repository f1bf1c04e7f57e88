// SPDX-License-Identifier: GPL-2.0-only
/* What a caller asks for, copied in and checked as far as it stands alone. */
#include <linux/ctype.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "bindery_private.h"

#define VFIO_PCI	"vfio-pci"
#define MAX_ENTRY_SIZE	PAGE_SIZE

static int refuse(struct bindery_failure *failure, u32 code, int err)
{
	return bindery_fail(failure, code, BINDERY_STEP_REQUEST, err);
}

int bindery_flags_check(u32 flags, u32 known, struct bindery_failure *failure)
{
	if (flags & ~known)
		return refuse(failure, BINDERY_ERROR_ARGUMENT, -EOPNOTSUPP);
	return 0;
}

int bindery_deadline(u32 deadline_ms, unsigned long *deadline,
		     struct bindery_failure *failure)
{
	if (deadline_ms > BINDERY_DEADLINE_MAX_MS)
		return refuse(failure, BINDERY_ERROR_ARGUMENT, 0);
	*deadline = jiffies +
		msecs_to_jiffies(deadline_ms ?: BINDERY_DEADLINE_DEFAULT_MS);
	return 0;
}

static bool name_is_good(const char *name)
{
	size_t len = strnlen(name, BINDERY_NAME_SIZE);
	size_t i;

	if (len == BINDERY_NAME_SIZE)
		return false;
	for (i = 0; i < len; i++)
		if (!isascii(name[i]) || !isgraph(name[i]) || name[i] == '/')
			return false;
	return true;
}

static bool label_is_good(const char *label)
{
	size_t len = strnlen(label, BINDERY_LABEL_SIZE);
	size_t i;

	if (len > BINDERY_LABEL_MAX)
		return false;
	for (i = 0; i < len; i++)
		if (!isascii(label[i]) || !isprint(label[i]))
			return false;
	return true;
}

static int check_device(const struct bindery_ioc_device *device,
			struct bindery_failure *failure)
{
	struct bindery_ioc_error *record = &failure->record;
	const struct bindery_ioc_bdf *bdf = &device->bdf;
	u32 code = BINDERY_ERROR_NONE;
	int ret;

	if (device->address != BINDERY_ADDRESS_BDF || device->flags)
		return refuse(failure, BINDERY_ERROR_ARGUMENT, -EOPNOTSUPP);
	if (bdf->__reserved)
		code = BINDERY_ERROR_ARGUMENT;
	else if (bdf->slot > 0x1f || bdf->function > 7)
		code = BINDERY_ERROR_ADDRESS;
	else if (!name_is_good(device->target) || !name_is_good(device->module))
		code = BINDERY_ERROR_NAME;
	if (!code)
		return 0;
	ret = refuse(failure, code, 0);
	record->out_device = *bdf;
	record->out_flags |= BINDERY_ERROR_HAS_DEVICE;
	return ret;
}

/* Read one entry of a device list, whose entries are size bytes long. */
int bindery_device_read(struct bindery_ioc_device *device, u64 user, u32 size,
			struct bindery_failure *failure)
{
	int ret;

	if (size < sizeof(*device) || size > MAX_ENTRY_SIZE)
		return refuse(failure, BINDERY_ERROR_ARGUMENT, 0);
	ret = copy_struct_from_user(device, sizeof(*device),
				    u64_to_user_ptr(user), size);
	if (ret)
		return refuse(failure, ret == -EFAULT ? BINDERY_ERROR_FAULT :
			      BINDERY_ERROR_ARGUMENT, ret);
	return check_device(device, failure);
}

static int check_acquire(const struct bindery_ioc_acquire *cmd,
			 struct bindery_failure *failure)
{
	if (!cmd->num_devices)
		return refuse(failure, BINDERY_ERROR_EMPTY_LIST, 0);
	if (cmd->num_devices > BINDERY_MAX_DEVICES)
		return refuse(failure, BINDERY_ERROR_TOO_MANY, 0);
	if (!name_is_good(cmd->target) || !name_is_good(cmd->module))
		return refuse(failure, BINDERY_ERROR_NAME, 0);
	if (!label_is_good(cmd->label))
		return refuse(failure, BINDERY_ERROR_LABEL, 0);
	return bindery_flags_check(cmd->flags, BINDERY_ACQUIRE_COMPANIONS |
				   BINDERY_ACQUIRE_SINGLE_GROUP, failure);
}

/* An empty name means the default, an empty module one of the same name. */
static void fill_in(char *target, char *module, const char *default_target,
		    const char *default_module)
{
	if (!target[0]) {
		strscpy(target, default_target, BINDERY_NAME_SIZE);
		if (!module[0])
			strscpy(module, default_module, BINDERY_NAME_SIZE);
	}
	if (!module[0])
		strscpy(module, target, BINDERY_NAME_SIZE);
}

static int read_devices(struct bindery_request *request,
			const struct bindery_ioc_acquire *cmd,
			struct bindery_failure *failure)
{
	unsigned int i;
	int ret;

	for (i = 0; i < request->num_devices; i++) {
		struct bindery_ioc_device *device = &request->devices[i];

		ret = bindery_device_read(device, cmd->devices +
					  (u64)i * cmd->device_size,
					  cmd->device_size, failure);
		if (ret)
			return ret;
		fill_in(device->target, device->module, request->target,
			request->module);
	}
	return 0;
}

void bindery_request_free(struct bindery_request *request)
{
	if (!request)
		return;
	kvfree(request->devices);
	kfree(request);
}

static struct bindery_request *request_new(const struct bindery_ioc_acquire *cmd)
{
	struct bindery_request *request;

	request = kzalloc(sizeof(*request), GFP_KERNEL_ACCOUNT);
	if (!request)
		return NULL;
	request->flags = cmd->flags;
	request->num_devices = cmd->num_devices;
	strscpy(request->label, cmd->label, sizeof(request->label));
	strscpy(request->target, cmd->target, sizeof(request->target));
	strscpy(request->module, cmd->module, sizeof(request->module));
	fill_in(request->target, request->module, VFIO_PCI, VFIO_PCI);
	request->devices = kvcalloc(cmd->num_devices, sizeof(*request->devices),
				    GFP_KERNEL_ACCOUNT);
	if (request->devices)
		return request;
	kfree(request);
	return NULL;
}

struct bindery_request *bindery_request_read(struct bindery_ioc_acquire *cmd,
					     struct bindery_failure *failure)
{
	struct bindery_request *request;
	int ret;

	ret = check_acquire(cmd, failure);
	if (ret)
		return ERR_PTR(ret);
	request = request_new(cmd);
	if (!request)
		return ERR_PTR(refuse(failure, BINDERY_ERROR_NO_MEMORY, 0));
	ret = read_devices(request, cmd, failure);
	if (ret) {
		bindery_request_free(request);
		return ERR_PTR(ret);
	}
	return request;
}
