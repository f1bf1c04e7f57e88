// SPDX-License-Identifier: GPL-2.0-only
/* What a caller asks for, copied in and checked as far as it stands alone. */
#include <linux/ctype.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "bindery_private.h"
#include "seal.h"

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
	int ret = bindery_address_check(device, failure);

	if (ret || (name_is_good(device->target) &&
		    name_is_good(device->module)))
		return ret;
	return bindery_fail_device(failure, BINDERY_ERROR_NAME,
				   BINDERY_STEP_REQUEST, &device->bdf);
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

static int check_acquire(const struct bindery_ioc_acquire *cmd, u32 flags,
			 struct bindery_failure *failure)
{
	int ret;

	if (!cmd->num_devices)
		return refuse(failure, BINDERY_ERROR_EMPTY_LIST, 0);
	if (cmd->num_devices > BINDERY_MAX_DEVICES)
		return refuse(failure, BINDERY_ERROR_TOO_MANY, 0);
	if (!name_is_good(cmd->target) || !name_is_good(cmd->module))
		return refuse(failure, BINDERY_ERROR_NAME, 0);
	if (!label_is_good(cmd->label))
		return refuse(failure, BINDERY_ERROR_LABEL, 0);
	ret = bindery_flags_check(cmd->flags, flags, failure);
	if (ret)
		return ret;
	if (cmd->flags & BINDERY_ACQUIRE_HOLDERS_ONLY &&
	    !(cmd->flags & BINDERY_ACQUIRE_SEALED))
		return refuse(failure, BINDERY_ERROR_ARGUMENT, 0);
	return 0;
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

static void request_free(struct kref *ref)
{
	struct bindery_request *request =
		container_of(ref, struct bindery_request, ref);

	kvfree(request->devices);
	kvfree(request->natives);
	kfree(request);
}

void bindery_request_get(struct bindery_request *request)
{
	kref_get(&request->ref);
}

void bindery_request_put(struct bindery_request *request)
{
	if (request)
		kref_put(&request->ref, request_free);
}

static struct bindery_request *request_new(const struct bindery_ioc_acquire *cmd)
{
	struct bindery_request *request;

	request = kzalloc(sizeof(*request), GFP_KERNEL_ACCOUNT);
	if (!request)
		return NULL;
	kref_init(&request->ref);
	request->flags = cmd->flags;
	request->num_devices = cmd->num_devices;
	strscpy(request->label, cmd->label, sizeof(request->label));
	strscpy(request->target, cmd->target, sizeof(request->target));
	strscpy(request->module, cmd->module, sizeof(request->module));
	if (request->flags & BINDERY_ACQUIRE_SEALED)
		fill_in(request->target, request->module, BINDERY_VFIO,
			BINDERY_VFIO_MODULE);
	else
		fill_in(request->target, request->module, VFIO_PCI, VFIO_PCI);
	request->devices = kvcalloc(cmd->num_devices, sizeof(*request->devices),
				    GFP_KERNEL_ACCOUNT);
	if (request->devices)
		return request;
	kfree(request);
	return NULL;
}

static int read_native(struct bindery_ioc_native *native, u64 user, u32 size,
		       struct bindery_failure *failure)
{
	int ret;

	ret = copy_struct_from_user(native, sizeof(*native),
				    u64_to_user_ptr(user), size);
	if (ret)
		return refuse(failure, ret == -EFAULT ? BINDERY_ERROR_FAULT :
			      BINDERY_ERROR_ARGUMENT, ret);
	if (native->flags & ~BINDERY_NATIVE_RESTORE || native->__reserved)
		return refuse(failure, BINDERY_ERROR_ARGUMENT, -EOPNOTSUPP);
	if (!name_is_good(native->driver) || !name_is_good(native->module) ||
	    !name_is_good(native->override))
		return refuse(failure, BINDERY_ERROR_NAME, 0);
	if (!native->module[0])
		strscpy(native->module, native->driver, BINDERY_NAME_SIZE);
	return 0;
}

static int read_natives(struct bindery_request *request,
			const struct bindery_ioc_acquire *cmd,
			struct bindery_failure *failure)
{
	unsigned int i;
	int ret;

	if (cmd->__reserved || (cmd->natives && !request->adopt))
		return refuse(failure, BINDERY_ERROR_ARGUMENT, 0);
	if (!cmd->natives)
		return 0;
	if (cmd->native_size < sizeof(*request->natives) ||
	    cmd->native_size > MAX_ENTRY_SIZE)
		return refuse(failure, BINDERY_ERROR_ARGUMENT, 0);
	request->natives = kvcalloc(cmd->num_devices, sizeof(*request->natives),
				    GFP_KERNEL_ACCOUNT);
	if (!request->natives)
		return refuse(failure, BINDERY_ERROR_NO_MEMORY, 0);
	for (i = 0; i < request->num_devices; i++) {
		ret = read_native(&request->natives[i], cmd->natives +
				  (u64)i * cmd->native_size, cmd->native_size,
				  failure);
		if (ret)
			return ret;
	}
	return 0;
}

/* With these flags allowed. */
struct bindery_request *bindery_request_read(struct bindery_ioc_acquire *cmd,
					     u32 flags, bool adopt,
					     struct bindery_failure *failure)
{
	struct bindery_request *request;
	int ret;

	ret = check_acquire(cmd, flags, failure);
	if (ret)
		return ERR_PTR(ret);
	request = request_new(cmd);
	if (!request)
		return ERR_PTR(refuse(failure, BINDERY_ERROR_NO_MEMORY, 0));
	request->adopt = adopt;
	ret = read_devices(request, cmd, failure);
	ret = ret ?: read_natives(request, cmd, failure);
	if (ret) {
		bindery_request_put(request);
		return ERR_PTR(ret);
	}
	return request;
}
