// SPDX-License-Identifier: LGPL-2.1-or-later
/* Giving a stray back to the driver that the kernel finds for it. */
#include <errno.h>

#include "strays.h"

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

	stray_path(&stray->bdf, "power/control", path);
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
	int ret = stray_examine(host, stray);

	if (ret <= 0)
		return ret ? ret : -EALREADY;
	ret = 0;
	bindery_bdf_format(&stray->bdf, text);
	/* First the override: nothing binds it again by that. */
	if (stray->override[0]) {
		stray_path(&stray->bdf, "driver_override", path);
		ret = sysfs_write(host->root, path, "\n");
	}
	if (!ret && stray->reason == BINDERY_STRAY_DRIVER) {
		stray_path(&stray->bdf, "driver/unbind", path);
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
		return stray_is_unknown(context) ? undo(host, stray) : ret;
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
	int ret = stray_is_owned(context, &now.bdf);

	if (ret)
		return ret > 0 ? -EBUSY : ret;
	ret = stray_find_again(host, context, &now);
	if (ret <= 0)
		return ret ? ret : -EALREADY;
	ret = fix(host, context, &now, deadline_ms);
	if (ret)
		return ret;
	ret = stray_find_again(host, context, &now);
	return ret > 0 ? -EIO : ret;
}
