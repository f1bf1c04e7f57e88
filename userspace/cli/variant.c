// SPDX-License-Identifier: GPL-2.0-or-later
/* Which VFIO driver a device gets when nobody says, and what was meant. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"

/* check changes nothing, and so loads nothing. */
static bool may_load(const struct options *options)
{
	return options->verb->run != run_check;
}

static int report_load(const struct options *options,
		       const struct bindery_variant *variant, int error)
{
	struct json_object *document = json_object_new_object();
	struct json_object *module = escaped_string(variant->module);
	char *text;

	if (asprintf(&text, "module %s, with the VFIO driver for it, cannot be loaded: %s",
		     json_object_get_string(module), strerror(error)) < 0)
		abort();
	report_own(document, NULL, "no-target", error, text,
		   "load it, or name another driver with --target, such as vfio-pci");
	free(text);
	json_object_put(module);
	document_print(options, document);
	return STATUS_FAILED;
}

static bool is_on_vfio(const struct bindery_host *host,
		       const struct bindery_bdf *bdf,
		       char driver[BINDERY_NAME_SIZE])
{
	const struct bindery_device *device;
	struct bindery_devices *devices;
	bool found = false;

	if (bindery_host_get_devices(host, &devices))
		return false;
	device = devices_find(devices, bdf);
	if (device) {
		snprintf(driver, BINDERY_NAME_SIZE, "%s",
			 bindery_device_get_driver(device));
		found = bindery_host_is_vfio_driver(host, driver);
	}
	bindery_devices_free(devices);
	return found;
}

bool variant_find(const struct bindery_host *host,
		  const struct bindery_bdf *bdf,
		  struct bindery_variant *variant)
{
	*variant = (struct bindery_variant){ 0 };
	return !bindery_host_find_variant(host, bdf, variant) &&
	       strcmp(variant->module, "vfio_pci");
}

static int choose(const struct options *options,
		  const struct bindery_host *host,
		  const struct bindery_bdf *bdf, struct target *target)
{
	struct bindery_variant variant;
	int ret = 0;

	/* It stays there; only vfio-pci is no choice of a sealed claim's. */
	if (is_on_vfio(host, bdf, target->driver)) {
		if (options_given(options, OPTION_SEALED) &&
		    !strcmp(target->driver, "vfio-pci"))
			target->driver[0] = '\0';
		return STATUS_DONE;
	}
	target->driver[0] = '\0';
	/* vfio-pci is what the kernel takes by itself. */
	if (!variant_find(host, bdf, &variant))
		return STATUS_DONE;
	if (may_load(options))
		ret = bindery_host_load_variant(host, &variant);
	if (ret)
		return report_load(options, &variant, -ret);
	/* Most are called like their module; check has nothing better. */
	snprintf(target->driver, sizeof(target->driver), "%s",
		 *variant.driver ? variant.driver : variant.module);
	snprintf(target->module, sizeof(target->module), "%s", variant.module);
	return STATUS_DONE;
}

int target_choose(const struct options *options,
		  const struct bindery_reference *device, struct target *target)
{
	struct bindery_host *host;
	struct bindery_bdf bdf;
	int ret = STATUS_DONE;

	*target = (struct target){ 0 };
	/* What is not there, the kernel says better. */
	if (bindery_host_new(NULL, &host))
		return ret;
	if (!bindery_host_find_device(host, device, &bdf))
		ret = choose(options, host, &bdf, target);
	bindery_host_free(host);
	return ret;
}

/* Where a member is to be, or is left; NULL: where VFIO has nothing of it. */
static const char *vfio_driver(const struct bindery_member *member)
{
	const char *target = bindery_member_get_target(member);

	if (*target)
		return target;
	if (bindery_member_get_flags(member) & BINDERY_MEMBER_VFIO)
		return bindery_member_get_driver(member);
	return NULL;
}

void warn_unsealed(const struct options *options,
		   const struct bindery_members *members)
{
	if (!members || !options_given(options, OPTION_SEALED))
		return;
	for (size_t i = 0; i < bindery_members_get_count(members); i++) {
		const struct bindery_member *member;
		const char *driver;
		char *text;

		member = bindery_members_get(members, i);
		driver = vfio_driver(member);
		if (!driver || bindery_member_get_flags(member) &
			       BINDERY_MEMBER_SEALED)
			continue;
		if (asprintf(&text, "not sealed: its driver is %s", driver) < 0)
			abort();
		warn_device(bindery_member_get_name(member), text);
		free(text);
	}
}

/* Of members that have a VFIO driver made for them. */
void put_variants(struct json_object *document,
		  const struct bindery_members *members)
{
	struct json_object *list = json_object_new_array();
	struct bindery_variant variant;
	struct bindery_host *host;

	json_object_object_add(document, "variants", list);
	if (bindery_host_new(NULL, &host))
		return;
	for (size_t i = 0; i < bindery_members_get_count(members); i++) {
		const struct bindery_member *member;
		struct json_object *object;
		struct bindery_bdf bdf;

		member = bindery_members_get(members, i);
		bdf = bindery_member_get_bdf(member);
		if (!(bindery_member_get_flags(member) & BINDERY_MEMBER_PCI) ||
		    !variant_find(host, &bdf, &variant))
			continue;
		object = json_object_new_object();
		put_bdf(object, "device", bdf);
		put_string(object, "driver", variant.driver);
		put_string(object, "module", variant.module);
		json_object_array_add(list, object);
	}
	bindery_host_free(host);
}

void put_no_target(struct json_object *document, const char *name)
{
	struct json_object *escaped = escaped_string(name);
	char *text;

	if (asprintf(&text, "driver %s is not loaded, and there is no module for it",
		     json_object_get_string(escaped)) < 0)
		abort();
	report_own(document, NULL, bindery_error_symbol(BINDERY_ERROR_NO_TARGET),
		   ENOENT, text, bindery_error_remedy(BINDERY_ERROR_NO_TARGET));
	put_string(json_object_object_get(document, "error"), "driver", name);
	free(text);
	json_object_put(escaped);
}

static int report_no_target(const struct options *options, const char *name)
{
	struct json_object *document = json_object_new_object();

	put_no_target(document, name);
	document_print(options, document);
	return STATUS_FAILED;
}

/* Of those that need no name; what was named has been looked for before. */
static bool is_usual(const char *target)
{
	return !strcmp(target, "vfio-pci") || !strcmp(target, "bindery-vfio");
}

/* @plan may be NULL. */
const char *target_missing(const struct bindery_host *host,
			   const struct bindery_members *plan)
{
	const struct bindery_member *member;
	const char *target;

	for (size_t i = 0; plan && i < bindery_members_get_count(plan); i++) {
		member = bindery_members_get(plan, i);
		target = bindery_member_get_target(member);
		if (bindery_member_get_flags(member) &
		    BINDERY_MEMBER_TARGET_ABSENT && is_usual(target) &&
		    !bindery_host_has_driver(host, target, NULL))
			return target;
	}
	return NULL;
}

/*
 * The kernel takes the very name of a driver; people know that of its module.
 * Where nothing is loaded it cannot tell what does not exist.
 */
int target_resolve(const struct options *options, const char *name,
		   const char *module, struct target *target)
{
	struct bindery_variant variant = { 0 };
	struct bindery_host *host;
	int ret = STATUS_DONE;

	snprintf(target->driver, sizeof(target->driver), "%s", name);
	snprintf(target->module, sizeof(target->module), "%s",
		 module ? module : "");
	if (strlen(name) >= BINDERY_NAME_SIZE ||
	    bindery_host_new(NULL, &host))
		return ret;
	snprintf(variant.module, sizeof(variant.module), "%s", name);
	if (!bindery_host_resolve_driver(host, name, target->driver) &&
	    !module && may_load(options) &&
	    bindery_host_is_vfio_driver(host, name) &&
	    !bindery_host_load_variant(host, &variant))
		memcpy(target->driver, variant.driver, sizeof(variant.driver));
	if (!may_load(options) && !bindery_host_has_driver(host, name, module))
		ret = report_no_target(options, name);
	bindery_host_free(host);
	return ret;
}
