// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Devices that were left on VFIO, or meant for it: as the module tells, or, to
 * who may not ask it for a dump, as sysfs shows.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "netlink.h"
#include "strays.h"

/* The override of parked members; no driver has that name. */
#define PARKED	"bindery-parked"

struct bindery_strays {
	const struct bindery_host *host;	/* while it is looked at */
	size_t count;
	struct bindery_stray *list;
};

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

/* What a driver is that is not loaded, only its module's file can tell. */
static bool is_for_vfio(const struct bindery_host *host,
			const struct netlink_message *message)
{
	return message->reason != BINDERY_STRAY_UNLOADED ||
	       bindery_host_is_vfio_driver(host, message->override);
}

static int visit_stray(const struct netlink_message *message, void *argument)
{
	struct bindery_strays *strays = argument;
	struct bindery_stray stray = {
		.bdf = message->device,
		.has_group = netlink_has(message, BINDERY_A_GROUP),
		.group = message->group,
		.reason = message->reason,
	};

	if (!is_for_vfio(strays->host, message))
		return 0;
	if (stray.reason == BINDERY_STRAY_UNLOADED)
		stray.reason = BINDERY_STRAY_OVERRIDE;
	memcpy(stray.driver, message->driver, sizeof(stray.driver));
	memcpy(stray.override, message->override, sizeof(stray.override));
	return add_stray(strays, &stray);
}

static void clear(void *argument)
{
	struct bindery_strays *strays = argument;

	strays->count = 0;
}

static int ask(struct bindery_strays *strays)
{
	return netlink_dump_whole(BINDERY_CMD_STRAY_GET,
				  &(struct netlink_filter){ 0 }, visit_stray,
				  clear, strays);
}

void stray_path(const struct bindery_bdf *bdf, const char *name,
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

	stray_path(bdf, "vfio-dev", path);
	return sysfs_has(host->root, path) ||
	       bindery_host_is_vfio_driver(host, driver);
}

/* VFs of a PF that a guest has are the PF's VFIO user's. */
static bool is_of_guest(const struct bindery_host *host,
			const struct bindery_device *device)
{
	char path[PATH_MAX], driver[BINDERY_NAME_SIZE];
	struct bindery_bdf pf;

	if (!bindery_device_get_pf(device, &pf))
		return false;
	stray_path(&pf, "driver", path);
	return !sysfs_read_name(host->root, path, driver, sizeof(driver)) &&
	       is_on_vfio(host, &pf, driver);
}

/* As sysfs shows it, whoever owns it; false: it is on nothing of VFIO. */
static bool examine(const struct bindery_host *host,
		    const struct bindery_device *device,
		    struct bindery_stray *stray)
{
	const char *driver = bindery_device_get_driver(device);

	*stray = (struct bindery_stray){
		.bdf = bindery_device_get_bdf(device),
	};
	if (is_of_guest(host, device))
		return false;
	stray->has_group = bindery_device_get_group(device, &stray->group);
	snprintf(stray->driver, sizeof(stray->driver), "%s", driver);
	bindery_device_read_override(device, host, stray->override,
				     sizeof(stray->override));
	if (is_on_vfio(host, &stray->bdf, driver))
		stray->reason = BINDERY_STRAY_DRIVER;
	else if (!strcmp(stray->override, PARKED))
		stray->reason = BINDERY_STRAY_PARKED;
	else if (bindery_host_is_vfio_driver(host, stray->override))
		stray->reason = BINDERY_STRAY_OVERRIDE;
	return stray->reason;
}

static enum bindery_error code_of(const struct bindery_context *context)
{
	return bindery_error_record_get_code(
			bindery_context_get_error(context));
}

/* What the kernel knows nothing of, such as a device without a group. */
bool stray_is_unknown(const struct bindery_context *context)
{
	switch (code_of(context)) {
	case BINDERY_ERROR_NO_GROUP:
	case BINDERY_ERROR_NO_IOMMU:
	case BINDERY_ERROR_NOT_ENDPOINT:
		return true;
	default:
		return false;
	}
}

/*
 * 1: its group is anything but free, so it belongs to somebody or will be put
 * back; or the kernel does not tell, and it is left alone. 0: it is nobody's.
 */
int stray_is_owned(struct bindery_context *context,
		   const struct bindery_bdf *bdf)
{
	struct bindery_reference device = { .bdf = *bdf };
	struct bindery_group *group;
	int ret = bindery_group_show(context, &device, &group);

	/* The kernel was not even asked. */
	if (ret && code_of(context) == BINDERY_ERROR_NONE)
		return ret;
	if (ret)
		return !stray_is_unknown(context);
	ret = bindery_group_get_state(group) != BINDERY_GROUP_FREE ||
	      bindery_group_get_num_claims(group);
	bindery_group_free(group);
	return ret;
}

/* First what it is, then whose: what is claimed in between is no stray. */
static int look(struct bindery_context *context, struct bindery_strays *strays)
{
	struct bindery_devices *devices;
	int ret = bindery_host_get_devices(strays->host, &devices);

	if (ret)
		return ret;
	for (size_t i = 0; !ret && i < bindery_devices_get_count(devices); i++) {
		struct bindery_stray stray;

		if (!examine(strays->host, bindery_devices_get(devices, i),
			     &stray))
			continue;
		ret = stray_is_owned(context, &stray.bdf);
		if (!ret)
			ret = add_stray(strays, &stray);
		else if (ret > 0)
			ret = 0;
	}
	bindery_devices_free(devices);
	return ret;
}

int bindery_strays_find(const struct bindery_host *host,
			struct bindery_context *context,
			struct bindery_strays **strays)
{
	struct bindery_strays *new = calloc(1, sizeof(*new));
	int ret;

	if (!new)
		return -ENOMEM;
	new->host = host;
	ret = ask(new);
	/* Another network namespace, or no right to read dumps. */
	if (ret == -ENOENT || ret == -EPERM)
		ret = look(context, new);
	if (ret)
		bindery_strays_free(new);
	else
		*strays = new;
	return ret;
}

/* 1 if it is still a stray, as it is now; 0 if not. */
int stray_find_again(const struct bindery_host *host,
		     struct bindery_context *context,
		     struct bindery_stray *stray)
{
	struct bindery_bdf bdf = stray->bdf;
	struct bindery_strays *strays;
	int ret = bindery_strays_find(host, context, &strays);

	if (ret)
		return ret;
	for (size_t i = 0; !ret && i < strays->count; i++) {
		if (bindery_bdf_compare(&strays->list[i].bdf, &bdf))
			continue;
		*stray = strays->list[i];
		ret = 1;
	}
	bindery_strays_free(strays);
	return ret;
}

/* The same for one that is owned, by us: is it on something of VFIO? */
int stray_examine(const struct bindery_host *host, struct bindery_stray *stray)
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
