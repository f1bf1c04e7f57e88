// SPDX-License-Identifier: LGPL-2.1-or-later
/* Devices that were left on VFIO, or meant for it. */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"

/* The override of parked members; no driver has that name. */
#define PARKED	"bindery-parked"

struct bindery_stray {
	struct bindery_bdf bdf;
	bool has_group;
	uint32_t group;
	enum bindery_stray_reason reason;
	char driver[BINDERY_NAME_SIZE];
	char override[BINDERY_NAME_SIZE];
};

struct bindery_strays {
	size_t count;
	struct bindery_stray *list;
};

static void device_path(const struct bindery_bdf *bdf, const char *name,
			char path[PATH_MAX])
{
	char text[BINDERY_BDF_SIZE];

	bindery_bdf_format(bdf, text);
	snprintf(path, PATH_MAX, "sys/bus/pci/devices/%s/%s", text, name);
}

static bool is_on_vfio(const struct bindery_host *host,
		       const struct bindery_bdf *bdf, const char *driver)
{
	char path[PATH_MAX];

	device_path(bdf, "vfio-dev", path);
	return sysfs_has(host->root, path) ||
	       bindery_host_is_vfio_driver(host, driver);
}

/* As sysfs shows it, whoever owns it; false: it is on nothing of VFIO. */
static bool examine(const struct bindery_host *host,
		    const struct bindery_device *device,
		    struct bindery_stray *stray)
{
	const char *driver = bindery_device_get_driver(device);
	char *override = stray->override;

	*stray = (struct bindery_stray){
		.bdf = bindery_device_get_bdf(device),
	};
	stray->has_group = bindery_device_get_group(device, &stray->group);
	snprintf(stray->driver, sizeof(stray->driver), "%s", driver);
	bindery_device_read_override(device, host, override,
				     sizeof(stray->override));
	if (is_on_vfio(host, &stray->bdf, driver))
		stray->reason = BINDERY_STRAY_DRIVER;
	else if (!strcmp(override, PARKED))
		stray->reason = BINDERY_STRAY_PARKED;
	else if (bindery_host_is_vfio_driver(host, override))
		stray->reason = BINDERY_STRAY_OVERRIDE;
	return stray->reason;
}

/* What the kernel knows nothing of, such as a device without a group. */
static bool is_unknown(struct bindery_context *context)
{
	const struct bindery_error_record *record;

	record = bindery_context_get_error(context);
	switch (bindery_error_record_get_code(record)) {
	case BINDERY_ERROR_NO_GROUP:
	case BINDERY_ERROR_NO_IOMMU:
	case BINDERY_ERROR_NOT_ENDPOINT:
		return true;
	default:
		return false;
	}
}

/* A group that is anything but free belongs to somebody, or will be put back. */
static bool is_owned(struct bindery_context *context,
		     const struct bindery_bdf *bdf)
{
	struct bindery_reference device = { .bdf = *bdf };
	struct bindery_group *group;
	bool owned;

	if (bindery_group_show(context, &device, &group))
		return !is_unknown(context);
	owned = bindery_group_get_state(group) != BINDERY_GROUP_FREE ||
		bindery_group_get_num_claims(group);
	bindery_group_free(group);
	return owned;
}

static int add_stray(struct bindery_strays *strays,
		     const struct bindery_stray *stray)
{
	struct bindery_stray *list;

	list = reallocarray(strays->list, strays->count + 1, sizeof(*list));
	if (!list)
		return -ENOMEM;
	strays->list = list;
	list[strays->count++] = *stray;
	return 0;
}

/* First what it is, then whose: what is claimed in between is no stray. */
static int look(const struct bindery_host *host,
		struct bindery_context *context,
		const struct bindery_devices *devices,
		struct bindery_strays *strays)
{
	int ret = 0;

	for (size_t i = 0; !ret && i < bindery_devices_get_count(devices); i++) {
		struct bindery_stray stray;

		if (examine(host, bindery_devices_get(devices, i), &stray) &&
		    !is_owned(context, &stray.bdf))
			ret = add_stray(strays, &stray);
	}
	return ret;
}

int bindery_strays_find(const struct bindery_host *host,
			struct bindery_context *context,
			struct bindery_strays **strays)
{
	struct bindery_devices *devices;
	struct bindery_strays *new;
	int ret = bindery_host_get_devices(host, &devices);

	if (ret)
		return ret;
	new = calloc(1, sizeof(*new));
	ret = new ? look(host, context, devices, new) : -ENOMEM;
	bindery_devices_free(devices);
	if (ret)
		bindery_strays_free(new);
	else
		*strays = new;
	return ret;
}

/* As it is now: 1 if it is still on something of VFIO, 0 if not. */
static int examine_again(const struct bindery_host *host,
			 struct bindery_stray *stray)
{
	struct bindery_bdf bdf = stray->bdf;
	struct bindery_devices *devices;
	int ret = bindery_host_get_devices(host, &devices);
	size_t count;

	if (ret)
		return ret;
	count = bindery_devices_get_count(devices);
	for (size_t i = 0; !ret && i < count; i++) {
		const struct bindery_device *device;
		struct bindery_bdf other;

		device = bindery_devices_get(devices, i);
		other = bindery_device_get_bdf(device);
		if (!bindery_bdf_compare(&bdf, &other))
			ret = examine(host, device, stray);
	}
	bindery_devices_free(devices);
	return ret;
}

/* As its ending leaves it: without driver and override. */
static int adopt(struct bindery_context *context,
		 struct bindery_request *request, struct bindery_claim **claim)
{
	int ret = bindery_request_set_native(request, 0, NULL, NULL, NULL);

	return ret ? ret : bindery_claim_adopt(context, request, claim, NULL);
}

static int reserve(struct bindery_context *context,
		   struct bindery_request *request, struct bindery_claim **claim)
{
	bindery_request_set_flags(request, BINDERY_ACQUIRE_RESERVE_ONLY |
				  BINDERY_ACQUIRE_COMPANIONS);
	return bindery_claim_acquire(context, request, claim, NULL);
}

static int request_for(const struct bindery_stray *stray, uint32_t deadline_ms,
		       struct bindery_request **request)
{
	struct bindery_reference device = { .bdf = stray->bdf };
	int ret = bindery_request_new(request);

	if (ret)
		return ret;
	ret = bindery_request_add_device(*request, &device, NULL, NULL);
	if (ret) {
		bindery_request_free(*request);
		return ret;
	}
	bindery_request_set_label(*request, "strays");
	bindery_request_set_deadline_ms(*request, deadline_ms);
	return 0;
}

/* As a device begins that no driver has had, so that one has it as it likes. */
static int probe(const struct bindery_host *host,
		 const struct bindery_stray *stray)
{
	char path[PATH_MAX], text[BINDERY_BDF_SIZE];

	device_path(&stray->bdf, "power/control", path);
	if (stray->reason == BINDERY_STRAY_DRIVER)
		sysfs_write(host->root, path, "on");
	bindery_bdf_format(&stray->bdf, text);
	return sysfs_write(host->root, "sys/bus/pci/drivers_probe", text);
}

static bool is_in_use(const struct bindery_host *host,
		      const struct bindery_stray *stray)
{
	struct bindery_users *users;
	bool used;

	if (stray->reason != BINDERY_STRAY_DRIVER || !stray->has_group)
		return false;
	if (bindery_users_find_vfio(host, stray->group, &users))
		return true;
	used = bindery_users_get_count(users);
	bindery_users_free(users);
	return used;
}

/* What the kernel does not undo by itself, while nobody else can begin. */
static int undo(const struct bindery_host *host, struct bindery_stray *stray)
{
	char path[PATH_MAX], text[BINDERY_BDF_SIZE];
	int ret = examine_again(host, stray);

	if (ret <= 0)
		return ret ? ret : -EALREADY;
	ret = 0;
	bindery_bdf_format(&stray->bdf, text);
	/* First the override: nothing binds it again by that. */
	if (stray->override[0]) {
		device_path(&stray->bdf, "driver_override", path);
		ret = sysfs_write(host->root, path, "\n");
	}
	if (!ret && stray->reason == BINDERY_STRAY_DRIVER) {
		device_path(&stray->bdf, "driver/unbind", path);
		ret = sysfs_write(host->root, path, text);
	}
	return ret ? ret : probe(host, stray);
}

static int undo_reserved(const struct bindery_host *host,
			 struct bindery_context *context,
			 struct bindery_stray *stray, uint32_t deadline_ms)
{
	struct bindery_request *request;
	struct bindery_claim *claim;
	int ret = request_for(stray, deadline_ms, &request);

	if (ret)
		return ret;
	ret = reserve(context, request, &claim);
	bindery_request_free(request);
	/* What cannot be claimed, nobody else can claim meanwhile. */
	if (ret)
		return is_unknown(context) ? undo(host, stray) : ret;
	ret = undo(host, stray);
	bindery_claim_free(claim);
	return ret;
}

/* -EOPNOTSUPP: the group cannot be adopted as it is. */
static int undo_adopted(struct bindery_context *context,
			const struct bindery_stray *stray, uint32_t deadline_ms)
{
	const struct bindery_error_record *record;
	struct bindery_request *request;
	struct bindery_claim *claim;
	int ret = request_for(stray, deadline_ms, &request);

	if (ret)
		return ret;
	ret = adopt(context, request, &claim);
	bindery_request_free(request);
	record = bindery_context_get_error(context);
	if (ret && bindery_error_record_get_class(record) !=
	    BINDERY_ERROR_CLASS_RETRY)
		return -EOPNOTSUPP;
	if (ret)
		return ret;
	ret = bindery_claim_release(claim, 0, deadline_ms, 0, NULL);
	context->error = claim->error;
	bindery_claim_free(claim);
	return ret;
}

static int fix(const struct bindery_host *host, struct bindery_context *context,
	       struct bindery_stray *stray, uint32_t deadline_ms)
{
	int ret = -EOPNOTSUPP;

	/* To end a claim while it is in use would be to end it later. */
	if (is_in_use(host, stray))
		return -EBUSY;
	if (stray->reason == BINDERY_STRAY_DRIVER) {
		ret = undo_adopted(context, stray, deadline_ms);
		if (!ret)
			return probe(host, stray);
	}
	if (ret == -EOPNOTSUPP)
		ret = undo_reserved(host, context, stray, deadline_ms);
	return ret;
}

int bindery_stray_fix(const struct bindery_host *host,
		      struct bindery_context *context,
		      const struct bindery_stray *stray, uint32_t deadline_ms)
{
	struct bindery_stray now = *stray;
	int ret = examine_again(host, &now);

	if (ret <= 0)
		return ret ? ret : -EALREADY;
	if (is_owned(context, &now.bdf))
		return -EBUSY;
	ret = fix(host, context, &now, deadline_ms);
	if (ret)
		return ret;
	ret = examine_again(host, &now);
	/* Somebody may have begun with it since: that is no stray. */
	return ret > 0 && !is_owned(context, &now.bdf) ? -EIO :
	       ret < 0 ? ret : 0;
}

void bindery_strays_free(struct bindery_strays *strays)
{
	if (!strays)
		return;
	free(strays->list);
	free(strays);
}

size_t bindery_strays_get_count(const struct bindery_strays *strays)
{
	return strays->count;
}

const struct bindery_stray *
bindery_strays_get(const struct bindery_strays *strays, size_t index)
{
	return index < strays->count ? &strays->list[index] : NULL;
}

struct bindery_bdf bindery_stray_get_bdf(const struct bindery_stray *stray)
{
	return stray->bdf;
}

bool bindery_stray_get_group(const struct bindery_stray *stray, uint32_t *group)
{
	if (stray->has_group)
		*group = stray->group;
	return stray->has_group;
}

enum bindery_stray_reason
bindery_stray_get_reason(const struct bindery_stray *stray)
{
	return stray->reason;
}

const char *bindery_stray_get_driver(const struct bindery_stray *stray)
{
	return stray->driver;
}

const char *bindery_stray_get_override(const struct bindery_stray *stray)
{
	return stray->override;
}
