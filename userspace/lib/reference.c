// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <string.h>

#include "internal.h"

/* A path begins at a root bus, which stands where a BDF would. */
static int encode_path(const struct bindery_path *path,
		       struct bindery_ioc_device *raw)
{
	if (!path->has_root)
		return -EINVAL;
	raw->bdf.domain = path->domain;
	raw->bdf.bus = path->bus;
	raw->num_steps = path->num_steps;
	for (size_t i = 0; i < path->num_steps && i < BINDERY_PATH_MAX; i++)
		raw->steps[i] = path->steps[i];
	return 0;
}

static void encode_expected(const struct bindery_reference *reference,
			    struct bindery_ioc_device *raw)
{
	raw->flags = reference->expect;
	if (reference->expect & BINDERY_EXPECT_ID) {
		raw->vendor = reference->vendor;
		raw->device_id = reference->device_id;
	}
	if (reference->expect & BINDERY_EXPECT_SUBSYSTEM) {
		raw->subsystem_vendor = reference->subsystem_vendor;
		raw->subsystem_device = reference->subsystem_device;
	}
	if (reference->expect & BINDERY_EXPECT_SERIAL)
		raw->serial = reference->serial;
}

int bindery_reference_to_uapi(const struct bindery_reference *reference,
			      struct bindery_ioc_device *raw)
{
	int ret = 0;

	memset(raw, 0, sizeof(*raw));
	raw->address = reference->address;
	if (reference->address == BINDERY_ADDRESS_PATH)
		ret = encode_path(&reference->path, raw);
	else
		raw->bdf = bindery_bdf_to_uapi(&reference->bdf);
	if (reference->address == BINDERY_ADDRESS_VF)
		raw->vf = reference->vf;
	encode_expected(reference, raw);
	return ret;
}

static struct bindery_path decode_path(const struct bindery_ioc_device *raw)
{
	struct bindery_path path = {
		.domain = raw->bdf.domain,
		.bus = raw->bdf.bus,
		.has_root = true,
		.num_steps = (uint8_t)raw->num_steps,
	};

	memcpy(path.steps, raw->steps, sizeof(path.steps));
	return path;
}

struct bindery_reference
bindery_reference_from_uapi(const struct bindery_ioc_device *raw)
{
	struct bindery_reference reference = {
		.address = raw->address,
		.vf = raw->vf,
		.expect = raw->flags,
		.vendor = raw->vendor,
		.device_id = raw->device_id,
		.subsystem_vendor = raw->subsystem_vendor,
		.subsystem_device = raw->subsystem_device,
		.serial = raw->serial,
	};

	if (raw->address == BINDERY_ADDRESS_PATH)
		reference.path = decode_path(raw);
	else
		reference.bdf = bindery_bdf_from_uapi(&raw->bdf);
	return reference;
}
