// SPDX-License-Identifier: GPL-2.0-only
/*
 * VFs of nvme are secondary controllers without queues or interrupts, which
 * no driver can use. Give each its share of what the PF has, and switch it on.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/nvme_ioctl.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "bench.h"

#define VIRT_MGMT	0x1c

enum action {
	PRIMARY_ALLOC = 1,
	SECONDARY_ASSIGN = 8,
	SECONDARY_ONLINE = 9,
};

enum resource {
	QUEUES = 0,
	INTERRUPTS = 1,
};

/* What the least nvme controller needs: an admin and an I/O queue pair. */
#define VF_QUEUES	2
#define VF_INTERRUPTS	1

/* The controller's name, as in nvme0. */
static int controller_name(const char *bdf, text_t name)
{
	char path[64];
	unsigned int i;

	for (i = 0; i < 2 * MAX_DEVICES; i++) {
		snprintf(name, sizeof(text_t), "nvme%u", i);
		snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/nvme/%s",
			 bdf, name);
		if (!access(path, F_OK))
			return 0;
	}
	return -ENOENT;
}

/* Its driver may go on setting it up after the probe. */
bool nvme_is_live(const char *bdf)
{
	text_t name, attribute, state;

	if (controller_name(bdf, name))
		return false;
	snprintf(attribute, sizeof(attribute), "nvme/%.20s/state", name);
	return !pci_read(bdf, attribute, state) && !strcmp(state, "live");
}

static int virt_mgmt(int fd, enum action action, enum resource resource,
		     unsigned int controller, unsigned int count)
{
	struct nvme_admin_cmd cmd = {
		.opcode = VIRT_MGMT,
		.cdw10 = action | resource << 8 | controller << 16,
		.cdw11 = count,
	};
	int ret = ioctl(fd, NVME_IOCTL_ADMIN_CMD, &cmd);

	if (ret)
		note("nvme action %d, resource %d of controller %u: %s %#x",
		     action, resource, controller,
		     ret < 0 ? strerror(errno) : "status", ret);
	return ret < 0 ? -errno : ret ? -EIO : 0;
}

/* The PF gives away all that it can, and has to be reset for that. */
static int give_away(int fd, const char *pf, const char *name)
{
	text_t attribute;
	int ret = virt_mgmt(fd, PRIMARY_ALLOC, QUEUES, 0, 0);

	ret = ret ? ret : virt_mgmt(fd, PRIMARY_ALLOC, INTERRUPTS, 0, 0);
	if (ret)
		return ret;
	snprintf(attribute, sizeof(attribute), "nvme/%.20s/reset_controller",
		 name);
	ret = pci_write(pf, attribute, "1");
	return ret ? ret : wait_until(nvme_is_live(pf)) ? 0 : -ETIMEDOUT;
}

static int equip(int fd, unsigned int controller)
{
	int ret = virt_mgmt(fd, SECONDARY_ASSIGN, QUEUES, controller,
			    VF_QUEUES);

	if (!ret)
		ret = virt_mgmt(fd, SECONDARY_ASSIGN, INTERRUPTS, controller,
				VF_INTERRUPTS);
	return ret ? ret : virt_mgmt(fd, SECONDARY_ONLINE, 0, controller, 0);
}

/* VFs that no driver is offered to, as hosts make them for guests. */
static int make_vfs(const char *pf, unsigned int vfs)
{
	text_t text;
	int ret = pci_write(pf, "sriov_drivers_autoprobe", "0");

	snprintf(text, sizeof(text), "%u", vfs);
	return ret ? ret : pci_write(pf, "sriov_numvfs", text);
}

static int probe_vfs(const char *pf, unsigned int vfs)
{
	char path[128], bdf[BDF_SIZE];
	int ret = pci_write(pf, "sriov_drivers_autoprobe", "1");

	for (unsigned int i = 0; !ret && i < vfs; i++) {
		snprintf(path, sizeof(path),
			 "/sys/bus/pci/devices/%s/virtfn%u", pf, i);
		ret = link_name(path, bdf, sizeof(bdf));
		ret = ret ? ret : pci_drivers_probe(bdf);
		if (!ret && !wait_until(nvme_is_live(bdf)))
			ret = -ETIMEDOUT;
	}
	return ret;
}

static int open_controller(const char *pf, text_t name)
{
	char path[64];
	int fd;

	if (!wait_until(nvme_is_live(pf)) || controller_name(pf, name))
		return -ENODEV;
	snprintf(path, sizeof(path), "/dev/%.20s", name);
	fd = open(path, O_RDWR | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

int nvme_make_vfs(const char *pf, unsigned int vfs)
{
	text_t name;
	int fd = open_controller(pf, name);
	int ret = fd < 0 ? fd : give_away(fd, pf, name);

	if (fd >= 0)
		close(fd);
	return ret ? ret : make_vfs(pf, vfs);
}

/* Make them work, and put them on the native driver. */
int nvme_start_vfs(const char *pf, unsigned int vfs)
{
	text_t name;
	int fd = open_controller(pf, name);
	int ret = fd < 0 ? fd : 0;

	for (unsigned int i = 1; !ret && i <= vfs; i++)
		ret = equip(fd, i);
	if (fd >= 0)
		close(fd);
	return ret ? ret : probe_vfs(pf, vfs);
}
