// SPDX-License-Identifier: GPL-2.0-only
/* What a host uses is refused by default, for each reason by itself. */
#include <errno.h>
#include <fcntl.h>
#include <linux/dm-ioctl.h>
#include <linux/fs.h>
#include <linux/loop.h>
#include <linux/major.h>
#include <linux/raid/md_p.h>
#include <linux/raid/md_u.h>
#include <net/if.h>
#include <net/route.h>
#include <sched.h>
#include <netinet/in.h>
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/swap.h>
#include <sys/sysmacros.h>
#include <dirent.h>

#include "kselftest_harness.h"
#include "tool.h"

/* Of the machine; each alone in its group. */
#define BOOT_VGA	"0000:00:08.0"
#define MOUNTED		"0000:01:00.0"
#define FOR_MD		"0000:02:00.0"
#define FOR_DM		"0000:03:00.0"
#define FOR_SWAP	"0000:04:00.0"
#define SIGNED		"0000:05:00.0"
#define NIC		"0000:06:00.0"
#define DISPLAY		"0000:07:00.0"
#define IDLE		"0000:08:00.0"

FIXTURE(guard) {
	struct snapshot before;
	struct run run;
	char name[32], node[64];	/* of the block device or interface */
	struct child child;
};

FIXTURE_SETUP(guard)
{
	const char *machine = getenv("BINDERY_MACHINE");

	if (!machine || strcmp(machine, "guards"))
		SKIP(return, "this is for a machine with devices to use");
	ASSERT_EQ(0, snapshot_take(&self->before));
}

FIXTURE_TEARDOWN(guard)
{
	EXPECT_EQ(0, snapshot_compare(&self->before));
}

/* The first entry with this prefix and without a "c" of hidden paths. */
static int find_entry(const char *bdf, const char *dir, const char *prefix,
		      char name[32])
{
	char path[256];
	struct dirent *entry;
	DIR *list;

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/%s", bdf, dir);
	list = opendir(path);
	if (!list)
		return -errno;
	name[0] = 0;
	while ((entry = readdir(list)))
		if (!strncmp(entry->d_name, prefix, strlen(prefix)))
			snprintf(name, 32, "%s", entry->d_name);
	closedir(list);
	return name[0] ? 0 : -ENOENT;
}

/* The controller of a PCI device, then the head of its only namespace. */
static int look_for_disk(FIXTURE_DATA(guard) *self, const char *bdf)
{
	char controller[32], path[64], entry[32];
	unsigned int subsystem;
	int ret = find_entry(bdf, "nvme", "nvme", controller);

	if (ret)
		return ret;
	snprintf(path, sizeof(path), "nvme/%s", controller);
	/* nvme3n1, or hidden nvme3c0n1 */
	ret = find_entry(bdf, path, "nvme", entry);
	if (ret || sscanf(entry, "nvme%u", &subsystem) != 1)
		return ret ? ret : -EINVAL;
	snprintf(self->name, sizeof(self->name), "nvme%un1", subsystem);
	snprintf(self->node, sizeof(self->node), "/dev/%s", self->name);
	return access(self->node, F_OK) ? -errno : 0;
}

/* nvme goes on with its probe when its driver has been bound. */
static int find_disk(FIXTURE_DATA(guard) *self, const char *bdf)
{
	return wait_until(!look_for_disk(self, bdf)) ? 0 : -ENOENT;
}

/* By each verb, with this reason and how to go on; nothing else can mask it. */
static int not_refused(FIXTURE_DATA(guard) *self, char *bdf,
		       const char *reason, const char *use)
{
	char option[64];
	int wrong = 0;

	snprintf(option, sizeof(option), "--force=%s", use);
	wrong += RUN("check", bdf) != 1;
	wrong += !ERR_HAS(bdf) + !ERR_HAS(reason) + !ERR_HAS(option);
	wrong += RUN("check", "--json", bdf) != 1;
	wrong += documents(self->run.out) != 1;
	wrong += !OUT_HAS(reason) + !OUT_HAS("\"possible\":false");
	if (wrong)
		return wrong;
	wrong += RUN("acquire", bdf) != 1;
	wrong += !ERR_HAS(reason);
	wrong += RUN("check", strcmp(use, "boot-vga") ? "--force=boot-vga" :
		     "--force=mount", bdf) != 1;
	wrong += !ERR_HAS(reason);
	return wrong + snapshot_compare_untouched(&self->before);
}

static int not_masked(FIXTURE_DATA(guard) *self, char *bdf, const char *uses)
{
	char option[96];

	snprintf(option, sizeof(option), "--force=%s", uses);
	return RUN("check", option, bdf) + !OUT_HAS("possible: yes") +
	       (RUN("check", "--force", bdf) != 0);
}

TEST_F(guard, G2_a_mounted_disk_is_refused_and_can_be_forced)
{
	char reason[64];

	ASSERT_EQ(0, find_disk(self, MOUNTED));
	mkdir("/mnt/guard", 0755);
	EXPECT_EQ(0, RUN("check", MOUNTED));
	ASSERT_EQ(0, mount(self->node, "/mnt/guard", "ext4", MS_RDONLY, NULL));
	snprintf(reason, sizeof(reason), "%s mounted on /mnt/guard",
		 self->name);
	EXPECT_EQ(0, not_refused(self, MOUNTED, reason, "mount"));
	EXPECT_EQ(0, not_masked(self, MOUNTED, "mount"));
	EXPECT_EQ(0, umount("/mnt/guard"));
	EXPECT_EQ(0, RUN("check", MOUNTED));
}

static int md_start(const char *node, int *md)
{
	mdu_array_info_t array = {
		.minor_version = 90, .level = 1, .nr_disks = 1,
		.raid_disks = 1, .not_persistent = 1, .size = 1024,
		.state = 1 << MD_SB_CLEAN, .active_disks = 1,
		.working_disks = 1,
	};
	mdu_disk_info_t disk = { .state = 1 << MD_DISK_SYNC |
					  1 << MD_DISK_ACTIVE };
	struct stat status;

	if (module_load("md_mod") || module_load("raid1") ||
	    stat(node, &status))
		return -ENOENT;
	write_file("/sys/module/md_mod/parameters/new_array", "md127");
	if (mknod("/dev/md127", S_IFBLK | 0600, makedev(MD_MAJOR, 127)) &&
	    errno != EEXIST)
		return -errno;
	*md = open("/dev/md127", O_RDWR | O_CLOEXEC);
	disk.major = major(status.st_rdev);
	disk.minor = minor(status.st_rdev);
	if (*md < 0 || ioctl(*md, SET_ARRAY_INFO, &array) ||
	    ioctl(*md, ADD_NEW_DISK, &disk) || ioctl(*md, RUN_ARRAY, NULL))
		return -errno;
	return 0;
}

TEST_F(guard, G2_a_disk_of_an_md_array_is_refused_and_can_be_forced)
{
	char reason[64];
	int md = -1;

	ASSERT_EQ(0, find_disk(self, FOR_MD));
	ASSERT_EQ(0, md_start(self->node, &md));
	/* An open node would be a reason of its own. */
	close(md);
	snprintf(reason, sizeof(reason), "%s held by md127", self->name);
	EXPECT_EQ(0, not_refused(self, FOR_MD, reason, "holder"));
	EXPECT_EQ(0, not_masked(self, FOR_MD, "holder"));
	md = open("/dev/md127", O_RDWR | O_CLOEXEC);
	EXPECT_EQ(0, ioctl(md, STOP_ARRAY, NULL));
	close(md);
	EXPECT_EQ(0, RUN("check", FOR_MD));
}

struct dm {
	struct dm_ioctl head;
	struct dm_target_spec target;
	char parameters[64];
};

static struct dm dm_call_of(size_t size)
{
	struct dm call = {
		.head = {
			.version = { DM_VERSION_MAJOR, 0, 0 },
			.data_size = sizeof(call),
			.data_start = sizeof(call.head),
			.name = "bindery-guard",
		},
	};

	call.target.length = size;
	call.target.next = sizeof(call.target) + sizeof(call.parameters);
	strcpy(call.target.target_type, "linear");
	return call;
}

static int dm_start(const char *node, int *control)
{
	struct dm call = dm_call_of(2048);

	if (module_load("dm_mod"))
		return -ENOENT;
	*control = open("/dev/mapper/control", O_RDWR | O_CLOEXEC);
	if (*control < 0 || ioctl(*control, DM_DEV_CREATE, &call))
		return -errno;
	call = dm_call_of(2048);
	call.head.target_count = 1;
	snprintf(call.parameters, sizeof(call.parameters), "%s 0", node);
	if (ioctl(*control, DM_TABLE_LOAD, &call))
		return -errno;
	call = dm_call_of(2048);
	return ioctl(*control, DM_DEV_SUSPEND, &call) ? -errno : 0;
}

TEST_F(guard, G2_a_disk_below_device_mapper_is_refused_and_can_be_forced)
{
	struct dm call = dm_call_of(2048);
	int control;

	ASSERT_EQ(0, find_disk(self, FOR_DM));
	ASSERT_EQ(0, dm_start(self->node, &control));
	EXPECT_EQ(0, not_refused(self, FOR_DM, "(bindery-guard)", "holder"));
	EXPECT_EQ(0, not_masked(self, FOR_DM, "holder"));
	EXPECT_EQ(0, ioctl(control, DM_DEV_REMOVE, &call));
	close(control);
	EXPECT_EQ(0, RUN("check", FOR_DM));
}

#define FIRST_SECTOR	2048
#define NUM_SECTORS	65536
#define PAGE		4096

/* A table with one partition, and a header of swap in that. */
static int make_swap(const char *node)
{
	static unsigned char sector[512], header[PAGE];
	uint32_t first = FIRST_SECTOR, num = NUM_SECTORS;
	uint32_t info[2] = { 1, NUM_SECTORS / 8 - 1 };
	int disk = open(node, O_RDWR | O_CLOEXEC), ret = 0;

	sector[446 + 4] = 0x82;
	memcpy(&sector[446 + 8], &first, 4);
	memcpy(&sector[446 + 12], &num, 4);
	sector[510] = 0x55;
	sector[511] = 0xaa;
	memcpy(&header[1024], info, sizeof(info));
	memcpy(&header[PAGE - 10], "SWAPSPACE2", 10);
	if (disk < 0)
		return -errno;
	/* What an ext4 image had there is data of the partition now. */
	if (pwrite(disk, sector, 512, 0) != 512 ||
	    pwrite(disk, header, PAGE, FIRST_SECTOR * 512) != PAGE ||
	    pwrite(disk, header + 512, 1024 - 512, 1024) < 0 || fsync(disk) ||
	    ioctl(disk, BLKRRPART))
		ret = -errno;
	close(disk);
	return ret;
}

TEST_F(guard, G2_a_swap_partition_is_refused_and_can_be_forced)
{
	char reason[64];

	ASSERT_EQ(0, find_disk(self, FOR_SWAP));
	ASSERT_EQ(0, make_swap(self->node));
	strcat(self->node, "p1");
	ASSERT_EQ(0, swapon(self->node, 0));
	snprintf(reason, sizeof(reason), "%sp1 is swap", self->name);
	EXPECT_EQ(0, not_refused(self, FOR_SWAP, reason, "swap"));
	EXPECT_EQ(0, not_masked(self, FOR_SWAP, "swap"));
	EXPECT_EQ(0, swapoff(self->node));
	EXPECT_EQ(0, RUN("check", FOR_SWAP));
}

TEST_F(guard, G2_a_signature_only_warns)
{
	ASSERT_EQ(0, find_disk(self, SIGNED));
	EXPECT_EQ(0, RUN("check", "--json", SIGNED));
	EXPECT_TRUE(OUT_HAS("has the signature of ext4"));
	EXPECT_EQ(0, RUN("exec", SIGNED, "--", "true"));
	EXPECT_TRUE(ERR_HAS("warning"));
	EXPECT_TRUE(ERR_HAS("has the signature of ext4"));
}

/* As a pool of ZFS does, without a link below holders. */
TEST_F(guard, G2_a_disk_that_somebody_holds_for_itself_is_refused)
{
	int disk;

	ASSERT_EQ(0, find_disk(self, SIGNED));
	disk = open(self->node, O_RDONLY | O_EXCL | O_CLOEXEC);
	ASSERT_LE(0, disk);
	EXPECT_EQ(0, not_refused(self, SIGNED, "held by the user of its ext4",
				 "holder"));
	/* The file itself is a reason too. */
	EXPECT_EQ(1, RUN("check", "--force=holder", SIGNED));
	EXPECT_EQ(0, not_masked(self, SIGNED, "holder,open"));
	close(disk);
	EXPECT_EQ(0, RUN("check", SIGNED));
}

/* A free loop device that has this device instead of a file. */
static int loop_start(const char *node, char name[16], char path[32])
{
	int control, number, loop, disk, ret = 0;

	if (module_load("loop"))
		return -ENOENT;
	control = open("/dev/loop-control", O_RDWR | O_CLOEXEC);
	if (control < 0)
		return -errno;
	number = ioctl(control, LOOP_CTL_GET_FREE);
	close(control);
	snprintf(name, 16, "loop%d", number);
	snprintf(path, 32, "/dev/%s", name);
	loop = open(path, O_RDWR | O_CLOEXEC);
	disk = open(node, O_RDWR | O_CLOEXEC);
	if (loop < 0 || disk < 0 || ioctl(loop, LOOP_SET_FD, disk))
		ret = -errno;
	close(disk);
	close(loop);
	return ret;
}

TEST_F(guard, G2_a_disk_below_a_loop_device_is_refused_and_can_be_forced)
{
	char reason[64], name[16], path[32];
	int loop;

	ASSERT_EQ(0, find_disk(self, IDLE));
	ASSERT_EQ(0, loop_start(self->node, name, path));
	snprintf(reason, sizeof(reason), "%s held by %s", self->name, name);
	EXPECT_EQ(0, not_refused(self, IDLE, reason, "holder"));
	EXPECT_EQ(0, not_masked(self, IDLE, "holder"));
	loop = open(path, O_RDWR | O_CLOEXEC);
	EXPECT_EQ(0, ioctl(loop, LOOP_CLR_FD, 0));
	close(loop);
	EXPECT_TRUE(wait_until(!RUN("check", IDLE)));
}

static int mount_elsewhere(int socket, void *node)
{
	int over;

	if (unshare(CLONE_NEWNS) ||
	    mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
	    mount(node, "/mnt/guard", "ext4", MS_RDONLY, NULL) ||
	    tell(socket, 0))
		return 1;
	return hear(socket, &over);
}

TEST_F(guard, G2_a_disk_mounted_in_another_namespace_is_refused)
{
	int ready = -1;

	ASSERT_EQ(0, find_disk(self, MOUNTED));
	mkdir("/mnt/guard", 0755);
	ASSERT_EQ(0, child_start(&self->child, mount_elsewhere, self->node));
	ASSERT_EQ(0, hear(self->child.socket, &ready));
	EXPECT_EQ(0, not_refused(self, MOUNTED, "held by the user of its ext4",
				 "holder"));
	EXPECT_EQ(0, not_masked(self, MOUNTED, "holder"));
	child_kill(&self->child);
	EXPECT_TRUE(wait_until(!RUN("check", MOUNTED)));
}

static int up(const char *name, int socket, bool is_up)
{
	struct ifreq request = { 0 };

	snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", name);
	request.ifr_flags = is_up ? IFF_UP : 0;
	return ioctl(socket, SIOCSIFFLAGS, &request) ? -errno : 0;
}

static void set_address(struct sockaddr *to, const char *text)
{
	struct sockaddr_in address = { .sin_family = AF_INET };

	inet_pton(AF_INET, text, &address.sin_addr);
	memcpy(to, &address, sizeof(address));
}

static int add_address(const char *name, int socket)
{
	struct ifreq request = { 0 };

	snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", name);
	set_address(&request.ifr_addr, "10.0.2.15");
	return ioctl(socket, SIOCSIFADDR, &request) ? -errno : 0;
}

static int add_route(int socket)
{
	struct rtentry route = { .rt_flags = RTF_UP | RTF_GATEWAY };

	set_address(&route.rt_dst, "0.0.0.0");
	set_address(&route.rt_genmask, "0.0.0.0");
	set_address(&route.rt_gateway, "10.0.2.2");
	return ioctl(socket, SIOCADDRT, &route) ? -errno : 0;
}

TEST_F(guard, G2_an_interface_in_use_is_refused_for_each_reason)
{
	int inet = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	ASSERT_LE(0, inet);
	ASSERT_EQ(0, find_entry(NIC, "net", "", self->name));
	EXPECT_EQ(0, RUN("check", NIC));
	ASSERT_EQ(0, up(self->name, inet, true));
	EXPECT_EQ(0, not_refused(self, NIC, "is up", "netdev"));
	EXPECT_EQ(0, not_masked(self, NIC, "netdev"));
	ASSERT_EQ(0, add_address(self->name, inet));
	EXPECT_EQ(1, RUN("check", "--force=netdev", NIC));
	EXPECT_TRUE(ERR_HAS("has the address 10.0.2.15/8"));
	EXPECT_EQ(0, not_masked(self, NIC, "netdev,address"));
	ASSERT_EQ(0, add_route(inet));
	EXPECT_EQ(1, RUN("check", "--force=netdev,address", NIC));
	EXPECT_TRUE(ERR_HAS("the default route goes through"));
	EXPECT_TRUE(ERR_HAS("--force=default-route"));
	EXPECT_EQ(1, RUN("check", "--force=default-route", NIC));
	EXPECT_EQ(0, RUN("exec", "--force=netdev,address,default-route", NIC,
			 "--", "true"));
	close(inet);
	EXPECT_EQ(0, RUN("check", NIC));
}

TEST_F(guard, G2_a_connected_display_is_refused_and_can_be_forced)
{
	EXPECT_EQ(0, not_refused(self, DISPLAY, "a display is connected to card",
				 "display"));
	EXPECT_EQ(0, not_masked(self, DISPLAY, "display"));
}

TEST_F(guard, G2_the_boot_display_is_refused_and_can_be_forced)
{
	EXPECT_EQ(1, RUN("check", "--force=display", BOOT_VGA));
	EXPECT_TRUE(ERR_HAS("it is the boot VGA"));
	EXPECT_TRUE(ERR_HAS("--force=boot-vga"));
	EXPECT_EQ(1, RUN("check", "--force=boot-vga", BOOT_VGA));
	EXPECT_TRUE(ERR_HAS("a display is connected"));
	EXPECT_EQ(0, not_masked(self, BOOT_VGA, "boot-vga,display"));
}

TEST_F(guard, G2_an_open_device_node_is_refused_with_who_has_it)
{
	char path[64], who[64];
	int node;

	ASSERT_EQ(0, find_entry(IDLE, "nvme", "nvme", self->name));
	EXPECT_EQ(0, RUN("check", IDLE));
	snprintf(path, sizeof(path), "/dev/%s", self->name);
	node = open(path, O_RDONLY | O_CLOEXEC);
	ASSERT_LE(0, node);
	snprintf(who, sizeof(who), "%s is open in process %d (guard_test)",
		 path, getpid());
	EXPECT_EQ(0, not_refused(self, IDLE, who, "open"));
	EXPECT_EQ(0, not_masked(self, IDLE, "open"));
	/* By its number: a copy of the node has any name. */
	close(node);
	node = -1;
	if (!rename(path, "/dev/another"))
		node = open("/dev/another", O_RDONLY | O_CLOEXEC);
	EXPECT_LE(0, node);
	EXPECT_EQ(0, not_refused(self, IDLE, "is open in process", "open"));
	close(node);
	EXPECT_EQ(0, rename("/dev/another", path));
	EXPECT_EQ(0, RUN("check", IDLE));
}

TEST_F(guard, G2_what_is_no_use_cannot_be_forced)
{
	EXPECT_EQ(2, RUN("check", "--force=everything", IDLE));
	EXPECT_EQ(2, RUN("check", "--force=", IDLE));
	EXPECT_EQ(2, RUN("acquire", "--force=mount,lunch", IDLE));
	EXPECT_TRUE(ERR_HAS("is not a list of uses: mount"));
}

/* A node that has another name by now has the same number. */
TEST_F(guard, C9_a_refused_release_lists_who_has_the_group_open)
{
	struct vfio_user user = vfio_none;
	char node[64], pid[32], id[64];
	int group = pci_group(IDLE);

	ASSERT_EQ(0, RUN("acquire", "--keep", "-t", VFIO_PCI, IDLE));
	ASSERT_EQ(0, vfio_open(&user, IDLE));
	snprintf(node, sizeof(node), "/dev/vfio/%d", group);
	EXPECT_EQ(0, rename(node, "/dev/vfio/renamed"));
	snprintf(pid, sizeof(pid), "\"pid\":%d", getpid());
	EXPECT_EQ(1, RUN("release", "--json", IDLE));
	EXPECT_TRUE(OUT_HAS(pid));
	snprintf(id, sizeof(id), "\"comm\":\"guard_test\"");
	EXPECT_TRUE(OUT_HAS(id));
	EXPECT_EQ(0, rename("/dev/vfio/renamed", node));
	vfio_close(&user);
	EXPECT_EQ(0, RUN("release", IDLE));
}

TEST_HARNESS_MAIN
