// SPDX-License-Identifier: GPL-2.0-only
/* What makes a kernel bind drivers, one small act at a time. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "adversary.h"

#define STUB		"pci-stub"
#define STUB_ID		"/sys/bus/pci/drivers/" STUB "/"
#define FOREIGN		"nobody"
#define PLUGGED		"driver=edu,id=adversary,bus=spare"

static const char *any_name(const char *const *names)
{
	unsigned int num = vfio_probes_can_meet() ? 5 : 4;

	return names[random() % num];
}

/* What somebody with all rights may write. */
int act_override(const char *bdf, const char *native)
{
	const char *const names[] = { "", native, FOREIGN, STUB, VFIO_PCI };

	return pci_override(bdf, any_name(names));
}

int act_rebind(const char *bdf, const char *native)
{
	const char *const names[] = { "", native, "", STUB, VFIO_PCI };
	const char *name = any_name(names);

	return name[0] ? pci_bind(bdf, name) : pci_unbind(bdf);
}

static const char *any_member(struct stage *stage)
{
	return stage->group.bdf[random() % stage->group.num];
}

static int ask_for_probe(struct stage *stage, unsigned int number)
{
	(void)number;
	return pci_drivers_probe(vfio_probes_can_meet() ? any_member(stage) :
						       stage->group.bdf[0]);
}

static bool has_modules(struct stage *stage, unsigned int number)
{
	(void)number;
	return stage->num_modules;
}

static int reload_native(struct stage *stage, unsigned int number)
{
	const char *module = stage->modules[random() % stage->num_modules];
	int ret;

	(void)number;
	atomic_fetch_add(&stage->reloads, 1);
	ret = module_unload(module);
	if (!ret) {
		usleep(random() % 3000);
		ret = module_load_alone(module);
	}
	atomic_fetch_add(&stage->reloads, 1);
	return ret;
}

static void write_identity(const char *bdf, const char *file)
{
	text_t vendor, device;
	char id[300];

	pci_read(bdf, "vendor", vendor);
	pci_read(bdf, "device", device);
	snprintf(id, sizeof(id), "%s %s", vendor + 2, device + 2);
	write_file(file, id);
}

static bool has_stub(struct stage *stage, unsigned int number)
{
	(void)stage;
	(void)number;
	return !module_load("pci_stub");
}

/* A driver that would take such a device as soon as nobody has it. */
static int offer_to_stub(struct stage *stage, unsigned int number)
{
	const char *bdf = any_member(stage);

	(void)number;
	write_identity(bdf, STUB_ID "new_id");
	write_identity(bdf, STUB_ID "remove_id");
	return 0;
}

static int rescan(struct stage *stage, unsigned int number)
{
	(void)stage;
	(void)number;
	return write_file("/sys/bus/pci/rescan", "1");
}

/* Some device of another group that is there all the time; all but VFs. */
static int other_device(struct stage *stage, char bdf[BDF_SIZE])
{
	static char all[MAX_DEVICES][BDF_SIZE];
	static int num;

	num = num ?: pci_list(all, MAX_DEVICES);
	memcpy(bdf, all[random() % num], BDF_SIZE);
	if (pci_group(bdf) == stage->group.id || !strcmp(bdf, stage->plugged))
		return -EAGAIN;
	return 0;
}

static int override_others(struct stage *stage, unsigned int number)
{
	char bdf[BDF_SIZE];
	int ret;

	(void)number;
	while (other_device(stage, bdf))
		;
	ret = pci_override(bdf, "nobody");
	return pci_override(bdf, "") ?: ret;
}

static bool is_listed(const struct snapshot *snapshot, const char *bdf)
{
	return snapshot_device((struct snapshot *)snapshot, bdf);
}

/* Where the device that is plugged in appears. */
static bool find_plugged(struct stage *stage, const struct snapshot *before)
{
	char all[MAX_DEVICES][BDF_SIZE];
	int num = pci_list(all, MAX_DEVICES);

	for (int i = 0; i < num; i++)
		if (!is_listed(before, all[i]))
			memcpy(stage->plugged, all[i], BDF_SIZE);
	return stage->plugged[0];
}

static bool can_plug(struct stage *stage, unsigned int number)
{
	struct snapshot *before = malloc(sizeof(*before));
	int qmp = qmp_open();
	bool can = false;

	(void)number;
	if (qmp >= 0 && before && !snapshot_take(before) &&
	    !qmp_device_add(qmp, PLUGGED)) {
		can = wait_until(find_plugged(stage, before)) &&
		      !qmp_device_del(qmp, "adversary") &&
		      wait_until(!pci_exists(stage->plugged));
	}
	free(before);
	if (qmp >= 0)
		close(qmp);
	return can;
}

static int plug_or_unplug(struct stage *stage, unsigned int number)
{
	static int qmp = -1;
	bool there = pci_exists(stage->plugged);
	int ret;

	(void)number;
	if (qmp < 0)
		qmp = qmp_open();
	if (qmp < 0)
		return qmp;
	ret = there ? qmp_device_del(qmp, "adversary") :
		      qmp_device_add(qmp, PLUGGED);
	if (!ret && !wait_until(pci_exists(stage->plugged) != there))
		ret = -ETIMEDOUT;
	return ret;
}

static void unplug(struct stage *stage, unsigned int number)
{
	if (pci_exists(stage->plugged))
		plug_or_unplug(stage, number);
}

/* The PF of that number, outside the group. */
static bool find_pf(struct stage *stage, unsigned int number,
		    char bdf[BDF_SIZE])
{
	char all[MAX_DEVICES][BDF_SIZE];
	int num = pci_list(all, MAX_DEVICES);
	text_t total;

	for (int i = 0; i < num; i++) {
		if (pci_group(all[i]) == stage->group.id ||
		    pci_read(all[i], "sriov_totalvfs", total) ||
		    pci_is_on(all[i], "") || number--)
			continue;
		memcpy(bdf, all[i], BDF_SIZE);
		return true;
	}
	return false;
}

/*
 * The kernel pauses for a second when it removes VFs, in which nobody can
 * rescan or hot-plug: not beside transactions that are much shorter.
 */
static bool has_pf(struct stage *stage, unsigned int number)
{
	char bdf[BDF_SIZE];

	return getenv("VFS") && find_pf(stage, number, bdf) &&
	       !pci_write(bdf, "sriov_drivers_autoprobe", "0");
}

static int change_vfs(struct stage *stage, unsigned int number)
{
	static char pf[BDF_SIZE];
	text_t there;

	if (!pf[0] && !find_pf(stage, number, pf))
		return -ENODEV;
	pci_read(pf, "sriov_numvfs", there);
	return pci_write(pf, "sriov_numvfs", strcmp(there, "0") ? "0" : "1");
}

static void remove_vfs(struct stage *stage, unsigned int number)
{
	char pf[BDF_SIZE];

	if (!find_pf(stage, number, pf))
		return;
	pci_write(pf, "sriov_numvfs", "0");
	pci_write(pf, "sriov_drivers_autoprobe", "1");
}

const struct adversary kinds[NUM_KINDS] = {
	{ "drivers_probe of members", NULL, ask_for_probe },
	{ "the native driver's module", has_modules, reload_native },
	{ "new_id of pci-stub", has_stub, offer_to_stub },
	{ "rescan of the bus", NULL, rescan },
	{ "overrides of others", NULL, override_others },
	{ "hot-plug beside it", can_plug, plug_or_unplug, unplug },
	{ "VFs of a PF beside it", has_pf, change_vfs, remove_vfs,
	  .sleeps = true },
};
