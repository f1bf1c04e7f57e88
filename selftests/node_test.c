// SPDX-License-Identifier: GPL-2.0-only
/* Rights of device nodes: they stay as asked for, whatever udev does. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "kselftest_harness.h"
#include "tool.h"

#define DEVICE	"0000:02:00.0"
#define NOBODY	65534
#define UDEV_MS	400	/* what the udev of this test takes for an event */
#define UDEVD	"/usr/lib/systemd/systemd-udevd"
#define RULES	"/etc/udev/rules.d"

FIXTURE(node) {
	int control;
	char path[64];
	struct snapshot before;
	struct run run;
	struct child udev;
};

FIXTURE_SETUP(node)
{
	const char *machine = getenv("BINDERY_MACHINE");

	if (!machine || strcmp(machine, "guards"))
		SKIP(return, "this is for machines made for tests");
	self->control = control_open();
	ASSERT_LE(0, self->control);
	snprintf(self->path, sizeof(self->path), "/dev/vfio/%d",
		 pci_group(DEVICE));
	ASSERT_EQ(0, snapshot_take(&self->before));
}

FIXTURE_TEARDOWN(node)
{
	struct answer answer;

	if (self->udev.pid > 0)
		child_kill(&self->udev);
	unlink("/run/udev/control");
	unlink("/run/udev/queue");
	unlink(RULES "/bindery.rules");
	if (group_state(self->control, DEVICE) == BINDERY_GROUP_KEPT)
		recover(self->control, BINDERY_RECOVER_RELEASE, NULL, DEVICE,
			&answer);
	EXPECT_TRUE(wait_until(group_state(self->control, DEVICE) ==
			       BINDERY_GROUP_FREE));
	EXPECT_EQ(0, snapshot_compare(&self->before));
}

static bool has_rights(const char *path, uid_t owner, gid_t group, mode_t mode)
{
	struct stat status;

	if (stat(path, &status)) {
		note("%s: %s", path, strerror(errno));
		return false;
	}
	if (status.st_uid == owner && status.st_gid == group &&
	    (status.st_mode & 07777) == mode)
		return true;
	note("%s is %u:%u %o", path, status.st_uid, status.st_gid,
	     status.st_mode & 07777);
	return false;
}

/* As a virtual machine monitor without any capability. */
static int use_as_nobody(int socket, void *arg)
{
	struct vfio_user user;
	int ret = become_nobody();

	(void)socket;
	(void)arg;
	if (!ret)
		ret = vfio_open(&user, DEVICE);
	if (!ret)
		vfio_close(&user);
	else if (has_rights("/dev/vfio/vfio", 0, 0, 0666))
		note("VFIO says: %s", strerror(-ret));
	return ret ? 1 : 0;
}

static int use_fails(void)
{
	struct child child;

	if (child_start(&child, use_as_nobody, NULL))
		return -1;
	return child_wait(&child);
}

TEST_F(node, U10_the_owner_can_use_the_device_without_any_right)
{
	EXPECT_EQ(0, RUN("acquire", "--keep", DEVICE));
	EXPECT_EQ(1, use_fails());
	EXPECT_EQ(0, RUN("release", DEVICE));

	EXPECT_EQ(0, RUN("acquire", "--keep", "--owner", "nobody", "--mode",
			 "0600", DEVICE));
	EXPECT_TRUE(has_rights(self->path, NOBODY, 0, 0600));
	EXPECT_EQ(0, use_fails());
	EXPECT_EQ(0, RUN("release", DEVICE));
	EXPECT_NE(0, access(self->path, F_OK));
}

TEST_F(node, U10_owner_group_and_mode_are_set_each_by_itself)
{
	EXPECT_EQ(0, RUN("acquire", "--keep", "--owner", ":nogroup", DEVICE));
	EXPECT_TRUE(has_rights(self->path, 0, NOBODY, 0600));
	EXPECT_EQ(0, RUN("release", DEVICE));
	EXPECT_EQ(0, RUN("acquire", "--keep", "--mode", "660", DEVICE));
	EXPECT_TRUE(has_rights(self->path, 0, 0, 0660));
	EXPECT_EQ(0, RUN("release", DEVICE));
	EXPECT_EQ(0, RUN("exec", "--owner", "12:34", DEVICE, "--", "ls", "-ln",
			 self->path));
	EXPECT_TRUE(OUT_HAS("12"));
	EXPECT_TRUE(OUT_HAS("34"));
}

TEST_F(node, U10_who_or_what_is_not_known_is_refused)
{
	EXPECT_EQ(2, RUN("acquire", "--owner", "who", DEVICE));
	EXPECT_EQ(2, RUN("acquire", "--owner", "nobody:which", DEVICE));
	EXPECT_EQ(2, RUN("acquire", "--owner", "", DEVICE));
	EXPECT_EQ(2, RUN("acquire", "--mode", "0888", DEVICE));
	EXPECT_EQ(2, RUN("acquire", "--mode", "4777", DEVICE));
	EXPECT_EQ(2, RUN("acquire", "--mode", "", DEVICE));
	EXPECT_EQ(0, snapshot_compare_untouched(&self->before));
}

/* A device node of its own, where the kernel has those. */
TEST_F(node, U10_the_devices_own_node_gets_them_too)
{
	char path[64], text[512];

	if (!has_nodes(self->control))
		SKIP(return, "no device nodes in this kernel");
	EXPECT_EQ(0, RUN("acquire", "--keep", "--owner", "nobody", DEVICE));
	snprintf(path, sizeof(path), "/sys/bus/pci/devices/" DEVICE "/vfio-dev");
	for (int i = 0; i < 64; i++) {
		snprintf(text, sizeof(text), "%s/vfio%d", path, i);
		if (access(text, F_OK))
			continue;
		snprintf(text, sizeof(text), "/dev/vfio/devices/vfio%d", i);
		EXPECT_TRUE(has_rights(text, NOBODY, 0, 0600));
	}
	EXPECT_EQ(0, RUN("release", DEVICE));
}

/* What systemd's udev sends to those who listen to it. */
struct message {
	char prefix[8];
	uint32_t magic, header, offset, length, hashes[4];
	char properties[2048];
};

static const char *value(const char *event, size_t size, const char *key)
{
	for (const char *at = event; at < event + size; at += strlen(at) + 1)
		if (!strncmp(at, key, strlen(key)) && at[strlen(key)] == '=')
			return at + strlen(key) + 1;
	return "";
}

static int pass_on(int fd, const char *event, size_t size)
{
	struct sockaddr_nl udev = { .nl_family = AF_NETLINK, .nl_groups = 2 };
	size_t skip = strlen(event) + 1;	/* add@/devices/... */
	struct message message = {
		.prefix = "libudev",
		.magic = htonl(0xfeedcafe),
		.header = offsetof(struct message, properties),
		.offset = offsetof(struct message, properties),
		.length = size - skip,
	};

	memcpy(message.properties, event + skip, size - skip);
	return sendto(fd, &message, message.offset + message.length, 0,
		      (struct sockaddr *)&udev, sizeof(udev)) < 0 ? -errno : 0;
}

/* Rules of its own: the node is root's. Tells its parent each time. */
static int serve(int fd, int parent)
{
	char event[2048], path[128];
	ssize_t size = recv(fd, event, sizeof(event) - 1, 0);

	if (size < 0)
		return -errno;
	event[size] = 0;
	/* A group's is of vfio, a device's own of vfio-dev. */
	if (strncmp(value(event, size, "SUBSYSTEM"), "vfio", 4) ||
	    strcmp(value(event, size, "ACTION"), "add"))
		return 0;
	/* Where a device has no node of its own, there is nothing to do. */
	if (!*value(event, size, "DEVNAME"))
		return pass_on(fd, event, size);
	usleep(UDEV_MS * 1000);
	snprintf(path, sizeof(path), "/dev/%s", value(event, size, "DEVNAME"));
	if (chown(path, 0, 0) || chmod(path, 0640))
		return -errno;
	if (pass_on(fd, event, size))
		return -EIO;
	return tell(parent, 1);
}

static int run_udev(int parent, void *arg)
{
	struct sockaddr_nl kernel = { .nl_family = AF_NETLINK, .nl_groups = 1 };
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC,
			NETLINK_KOBJECT_UEVENT), ret = 0;

	(void)arg;
	if (fd < 0 || bind(fd, (struct sockaddr *)&kernel, sizeof(kernel)) ||
	    tell(parent, 0))
		return 1;
	while (!ret)
		ret = serve(fd, parent);
	return 1;
}

static int start_udev(FIXTURE_DATA(node) *self)
{
	int ready, fd;

	mkdir("/run/udev", 0755);
	fd = open("/run/udev/control", O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	close(fd);
	if (child_start(&self->udev, run_udev, NULL))
		return -EIO;
	return hear(self->udev.socket, &ready);
}

TEST_F(node, U10_success_means_that_udev_has_finished)
{
	int done;

	ASSERT_EQ(0, start_udev(self));
	EXPECT_EQ(0, RUN("acquire", "--keep", "--owner", "nobody", "--mode",
			 "0600", DEVICE));
	/* Before it changes the node, or after us: then it is not nobody's. */
	EXPECT_EQ(0, hear(self->udev.socket, &done));
	EXPECT_TRUE(has_rights(self->path, NOBODY, 0, 0600));
	EXPECT_EQ(0, use_fails());
	EXPECT_EQ(0, RUN("release", DEVICE));
}

static int run_udevd(int parent, void *arg)
{
	(void)parent;
	(void)arg;
	execl(UDEVD, UDEVD, NULL);
	return 1;
}

/* With a rule that takes its time, and then gives the node away. */
static int start_udevd(FIXTURE_DATA(node) *self)
{
	static const char rule[] =
		"SUBSYSTEM==\"vfio\", PROGRAM=\"/bin/sleep 1\", MODE=\"0666\"\n";
	FILE *file;

	mkdir("/etc/udev", 0755);
	mkdir(RULES, 0755);
	file = fopen(RULES "/bindery.rules", "we");
	if (!file || fputs(rule, file) < 0 || fclose(file))
		return -errno;
	return child_start(&self->udev, run_udevd, NULL);
}

static bool udevd_is_idle(void)
{
	return !access("/run/udev/control", F_OK) &&
	       access("/run/udev/queue", F_OK);
}

TEST_F(node, U10_success_means_that_systemds_udev_has_finished)
{
	if (access(UDEVD, X_OK))
		SKIP(return, "no " UDEVD);
	ASSERT_EQ(0, start_udevd(self));
	ASSERT_TRUE(wait_until(udevd_is_idle()));
	EXPECT_EQ(0, RUN("acquire", "--keep", "--owner", "nobody", "--mode",
			 "0600", DEVICE));
	EXPECT_TRUE(has_rights(self->path, NOBODY, 0, 0600));
	EXPECT_TRUE(wait_until(udevd_is_idle()));
	EXPECT_TRUE(has_rights(self->path, NOBODY, 0, 0600));
	EXPECT_EQ(0, use_fails());
	EXPECT_EQ(0, RUN("release", DEVICE));
	EXPECT_TRUE(wait_until(udevd_is_idle()));
}

/* It is there and says nothing: not a success, and all is put back. */
TEST_F(node, U10_a_udev_that_does_not_finish_is_a_failure)
{
	ASSERT_EQ(0, start_udev(self));
	child_kill(&self->udev);
	self->udev.pid = 0;
	EXPECT_EQ(1, RUN("acquire", "--keep", "--owner", "nobody",
			 "--deadline", "2", DEVICE));
	EXPECT_TRUE(ERR_HAS("udev has not finished"));
	EXPECT_EQ(BINDERY_GROUP_FREE, group_state(self->control, DEVICE));
	EXPECT_EQ(0, snapshot_compare(&self->before));
}

TEST_HARNESS_MAIN
