// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Without memory or files every call fails and says so: nothing is left out in
 * silence, and nothing leaks, for which the sanitizer looks.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "fault.h"
#include "internal.h"
#include "mock.h"
#include "netmock.h"
#include "tap.h"
#include "tree.h"

#define BDF	"0000:01:00.0"
#define DEVICE	"sys/devices/" BDF

static const struct bindery_bdf bdf = { .bus = 1 };
static const struct bindery_reference reference = { .bdf = { .bus = 1 } };
static struct bindery_host *host;

static void start(void)
{
	mock_reset();
	netmock_reset();
	netmock.has_family = true;
	EXPECT_INT(bindery_host_new(tree_new(), &host), 0);
	tree_pci(BDF, "vfio-pci", "5");
}

static void finish(void)
{
	bindery_host_free(host);
	tree_free();
}

static int use_context(int (*use)(struct bindery_context *context))
{
	struct bindery_context *context;
	int ret = bindery_context_new(&context);

	if (ret)
		return ret;
	ret = use(context);
	bindery_context_free(context);
	return ret;
}

static int show_group(struct bindery_context *context)
{
	const struct bindery_members *members;
	struct bindery_group *group;
	int ret = bindery_group_show(context, &reference, &group);

	if (ret)
		return ret;
	members = bindery_group_get_members(group);
	ret = bindery_members_is_complete(members) &&
	      bindery_members_get_count(members) != mock.num_members;
	bindery_group_free(group);
	return ret;
}

static int get_info(struct bindery_context *context)
{
	struct bindery_info *info;
	int ret = bindery_context_get_info(context, &info);

	if (ret)
		return ret;
	bindery_info_free(info);
	return show_group(context);
}

static int open_host(void)
{
	struct bindery_host *other;
	int ret = bindery_host_new("/", &other);

	if (!ret)
		bindery_host_free(other);
	return ret;
}

static int ask_context(void)
{
	return use_context(get_info);
}

static void put_members(unsigned int count)
{
	while (mock.num_members < count)
		mock_member(0, "vfio-pci", BINDERY_ROLE_REQUESTED,
			    BINDERY_ACTION_MOVE);
}

TEST(U1_without_memory_the_kernel_is_not_asked_for_half_a_group)
{
	start();
	put_members(MEMBERS_ROOM + 1);
	fault_each(FAULT_MEMORY, ask_context);
	fault_each(FAULT_MEMORY, open_host);
	finish();
}

static int use_claim(struct bindery_claim *claim)
{
	struct bindery_members *results = NULL;
	struct bindery_status *status;
	int ret = bindery_claim_get_status(claim, &status);

	if (ret)
		return ret;
	bindery_status_free(status);
	ret = bindery_claim_bind(claim, 0, 0, NULL);
	if (!ret)
		ret = bindery_claim_release(claim, 0, 0, 0, &results);
	if (!ret)
		ret = bindery_members_is_complete(results) &&
		      bindery_members_get_count(results) != mock.num_members;
	bindery_members_free(results);
	return ret;
}

static int make_request(struct bindery_request **request)
{
	int ret = bindery_request_new(request);

	if (ret)
		return ret;
	for (int i = 0; !ret && i < 17; i++)
		ret = bindery_request_add_device(*request, &reference, NULL,
						 NULL);
	if (ret)
		bindery_request_free(*request);
	return ret;
}

static int check_and_acquire(struct bindery_context *context,
			     const struct bindery_request *request)
{
	struct bindery_members *members;
	struct bindery_claim *claim;
	int ret = bindery_request_check(context, request, &members);

	if (ret)
		return ret;
	bindery_members_free(members);
	ret = bindery_claim_acquire(context, request, &claim, &members);
	bindery_members_free(members);
	if (ret)
		return ret;
	ret = use_claim(claim);
	bindery_claim_free(claim);
	return ret;
}

static int request_claim(struct bindery_context *context)
{
	struct bindery_request *request;
	int ret = make_request(&request);

	if (ret)
		return ret;
	ret = check_and_acquire(context, request);
	bindery_request_free(request);
	return ret;
}

static int live_with_claim(void)
{
	return use_context(request_claim);
}

TEST(U1_without_memory_no_claim_stays_open)
{
	start();
	put_members(MEMBERS_ONCE + 1);
	fault_each(FAULT_MEMORY, live_with_claim);
	finish();
}

static int open_again(struct bindery_context *context)
{
	struct bindery_claim *claim, *copy;
	int fd, ret = bindery_claim_open(context, NULL, &reference, &claim);

	if (ret)
		return ret;
	fd = dup(bindery_claim_get_fd(claim));
	ret = bindery_claim_new_from_fd(fd, &copy);
	if (ret)
		close(fd);
	else
		bindery_claim_free(copy);
	bindery_claim_free(claim);
	return ret;
}

static int repair_and_open(struct bindery_context *context)
{
	int ret = bindery_group_repair(context, &reference, 0, NULL);

	return ret ? ret : open_again(context);
}

static int recover(void)
{
	return use_context(repair_and_open);
}

static int copy_context(void)
{
	int fd = open("/dev/null", O_RDWR | O_CLOEXEC), ret;
	struct bindery_context *context;

	ret = bindery_context_new_from_fd(fd, &context);
	if (ret)
		close(fd);
	else
		bindery_context_free(context);
	return ret;
}

TEST(U1_without_memory_a_file_stays_the_callers)
{
	start();
	fault_each(FAULT_MEMORY, recover);
	fault_each(FAULT_MEMORY, copy_context);
	finish();
}

/* As many as make a list grow. */
static void put_dumps(void)
{
	for (uint32_t i = 0; i < 17; i++) {
		struct bindery_id id = { { (uint8_t)(i + 1) } };
		struct nl_msg *message = netmock_add(BINDERY_CMD_GROUP_GET);

		nla_put_u32(message, BINDERY_A_GROUP, i);
		nla_put(message, BINDERY_A_CLAIM_ID, sizeof(id), &id);
		message = netmock_add(BINDERY_CMD_CLAIM_GET);
		nla_put(message, BINDERY_A_CLAIM_ID, sizeof(id), &id);
		nla_put_u32(message, BINDERY_A_GROUP, i);
		nla_put_u32(message, BINDERY_A_PID, 100 + i);
	}
	for (uint32_t i = 0; i <= MEMBERS_ROOM; i++)
		nla_put_u32(netmock_add(BINDERY_CMD_MEMBER_GET),
			    BINDERY_A_GROUP, i);
}

static int dump_groups(void)
{
	struct bindery_groups *groups;
	int ret = bindery_groups_dump(&groups);

	if (ret)
		return ret;
	ret = bindery_groups_get_count(groups) != 17 ||
	      bindery_group_get_holder_pid(bindery_groups_get(groups, 16)) !=
	      116;
	bindery_groups_free(groups);
	return ret;
}

static int dump_claims(void)
{
	struct bindery_claims *claims;
	int ret = bindery_claims_dump(NULL, &claims);
	size_t count = 0;

	if (ret)
		return ret;
	ret = bindery_claims_get_count(claims) != 17;
	for (size_t i = 0; !ret && i < 17; i++) {
		bindery_status_get_groups(bindery_claims_get(claims, i),
					  &count);
		ret = count != 1;
	}
	bindery_claims_free(claims);
	return ret;
}

static int dump_members(void)
{
	struct bindery_members *members;
	int ret = bindery_members_dump(NULL, &members);

	if (ret)
		return ret;
	ret = bindery_members_get_count(members) != MEMBERS_ROOM + 1;
	bindery_members_free(members);
	return ret;
}

static int dump_journal(void)
{
	struct bindery_journal *journal;
	int ret = bindery_journal_dump(0, &journal);

	if (ret)
		return ret;
	ret = bindery_journal_get_count(journal) != 17;
	bindery_journal_free(journal);
	return ret;
}

TEST(W4_without_memory_no_dump_is_half_a_dump)
{
	start();
	put_dumps();
	for (uint64_t seq = 1; seq <= 17; seq++)
		netmock_happen_unheard(seq, BINDERY_EVENT_TYPE_GROUP);
	fault_each(FAULT_MEMORY, dump_groups);
	fault_each(FAULT_MEMORY, dump_claims);
	fault_each(FAULT_MEMORY, dump_members);
	fault_each(FAULT_MEMORY, dump_journal);
	finish();
}

static int next_until(struct bindery_monitor *monitor, uint64_t last)
{
	struct bindery_event_record *record;

	for (uint64_t seq = 2; seq <= last; seq++) {
		int ret = bindery_monitor_next(monitor, &record);

		/* What is told is not lost: it can be asked for again. */
		if (ret == -ENOMEM || ret == -ENOBUFS)
			ret = bindery_monitor_next(monitor, &record);
		if (ret)
			return ret;
		ret = bindery_event_record_get_sequence(record) != seq ||
		      bindery_event_record_get_num_lost(record);
		bindery_event_record_free(record);
		if (ret)
			return 1;
	}
	return 0;
}

static int monitor_events(void)
{
	struct bindery_monitor *monitor;
	int ret;

	netmock_reset();
	netmock.has_family = true;
	netmock_happen_unheard(1, BINDERY_EVENT_TYPE_LOADED);
	ret = bindery_monitor_new(0, &monitor);
	if (ret)
		return ret;
	netmock_happen(2, BINDERY_EVENT_TYPE_GROUP);
	netmock_overflow();
	netmock_happen_unheard(3, BINDERY_EVENT_TYPE_GROUP);
	netmock_happen(4, BINDERY_EVENT_TYPE_GROUP);
	ret = next_until(monitor, 4);
	bindery_monitor_free(monitor);
	return ret;
}

TEST(W4_without_memory_no_event_is_lost)
{
	start();
	fault_each(FAULT_MEMORY, monitor_events);
	finish();
}

/* Something of each kind that keeps a device from being taken. */
static void put_guards(void)
{
	tree_file(DEVICE "/boot_vga", "1\n");
	tree_block(DEVICE "/block/sda", "sda", "8:0\n");
	tree_file(DEVICE "/block/sda/uevent", "MAJOR=8\nDEVNAME=sda\n");
	tree_block(DEVICE "/block/sda/sda1", "sda1", "8:1\n");
	tree_file(DEVICE "/block/sda/sda1/partition", "1\n");
	tree_link(DEVICE "/block/sda/sda1/holders/dm-0", "../../dm-0");
	tree_block("sys/devices/virtual/block/dm-0", "dm-0", "253:0\n");
	tree_file("sys/devices/virtual/block/dm-0/dm/name", "root\n");
	tree_link("sys/fs/btrfs/1/devices/dm-0", "../../../../block/dm-0");
	tree_block(DEVICE "/block/sdb", "sdb", "8:16\n");
	tree_swap("dev/sdb");
	tree_class(DEVICE "/net/eth0", "net", "eth0");
	tree_file(DEVICE "/net/eth0/flags", "0x1003\n");
	tree_class(DEVICE "/drm/card1", "drm", "card1");
	tree_file(DEVICE "/drm/card1/card1-DP-1/status", "connected\n");
	tree_file("proc/self/mountinfo",
		  "40 1 253:0 / /srv rw shared:1 - ext4 /dev/x rw\n"
		  "41 1 8:0 / /mnt rw shared:1 - ext4 /dev/x rw\n");
	tree_file("proc/swaps", "Filename Type Size Used Priority\n"
		  "/dev/sda1 partition 1 0 -2\n");
	tree_link("proc/77/fd/4", "/dev/sda");
	tree_file("proc/77/comm", "qemu\n");
}

static int find_guards(void)
{
	static const enum bindery_guard_kind wanted[] = {
		BINDERY_GUARD_BOOT_VGA, BINDERY_GUARD_MOUNT,
		BINDERY_GUARD_SWAP, BINDERY_GUARD_HOLDER,
		BINDERY_GUARD_MOUNT, BINDERY_GUARD_MOUNT,
		BINDERY_GUARD_SIGNATURE, BINDERY_GUARD_DISPLAY, BINDERY_GUARD_NETDEV,
		BINDERY_GUARD_OPEN,
	};
	struct bindery_member member = {
		.raw = { .out_device = { .bus = 1 },
			 .out_action = BINDERY_ACTION_MOVE },
	};
	struct bindery_members *plan = bindery_members_new(1);
	struct bindery_guards *guards;
	int ret;

	if (!plan)
		return -ENOMEM;
	plan->count = 1;
	plan->entries[0] = member;
	ret = bindery_guards_find(host, plan, &guards);
	bindery_members_free(plan);
	if (ret)
		return ret;
	ret = bindery_guards_get_count(guards) != ARRAY_SIZE(wanted);
	bindery_guards_free(guards);
	return ret;
}

TEST(G2_without_memory_or_files_no_guard_is_overlooked)
{
	start();
	put_guards();
	fault_each(FAULT_MEMORY, find_guards);
	fault_each(FAULT_FILE, find_guards);
	finish();
}

static int find_users(void)
{
	struct bindery_users *users;
	int ret = bindery_users_find_vfio(host, 5, &users);

	if (ret)
		return ret;
	ret = bindery_users_get_count(users) != 2;
	bindery_users_free(users);
	return ret;
}

TEST(U1_without_memory_or_files_no_user_is_overlooked)
{
	start();
	tree_dir(DEVICE "/vfio-dev/vfio3");
	tree_link("sys/kernel/iommu_groups/5/devices/" BDF,
		  "../../../../devices/" BDF);
	tree_link("proc/12/fd/3", "/dev/vfio/5");
	tree_file("proc/12/comm", "qemu\n");
	tree_link("proc/13/fd/3", "/dev/vfio/devices/vfio3");
	tree_file("proc/13/comm", "dpdk\n");
	fault_each(FAULT_MEMORY, find_users);
	fault_each(FAULT_FILE, find_users);
	finish();
}

static int claim_users(struct bindery_context *context)
{
	struct bindery_claim *claim;
	struct bindery_users *users;
	int ret = bindery_claim_open(context, NULL, &reference, &claim);

	if (ret)
		return ret;
	ret = bindery_users_find_claim(host, claim, &users);
	bindery_claim_free(claim);
	if (!ret)
		bindery_users_free(users);
	return ret;
}

static int find_claim_users(void)
{
	return use_context(claim_users);
}

TEST(U3_without_memory_users_of_a_claim_are_not_guessed)
{
	start();
	/* Whatever number its file has. */
	for (int fd = 3; fd < 20; fd++) {
		char path[32];

		snprintf(path, sizeof(path), "proc/self/fd/%d", fd);
		tree_link(path, "anon_inode:[bindery-claim]");
	}
	fault_each(FAULT_MEMORY, find_claim_users);
	finish();
}

static int look_up(void)
{
	struct bindery_devices *devices;
	int ret = bindery_host_lookup(host, "bond0", &devices);

	if (ret)
		return ret;
	ret = bindery_devices_get_count(devices) != 1;
	bindery_devices_free(devices);
	return ret;
}

static int filter_devices(struct bindery_devices *devices)
{
	struct bindery_filter *filter;
	int ret = bindery_filter_new(&filter);

	if (ret)
		return ret;
	ret = bindery_filter_set_vendor(filter, "8086");
	if (!ret)
		ret = bindery_devices_filter(devices, filter);
	bindery_filter_free(filter);
	if (!ret)
		ret = bindery_devices_get_count(devices) != 1;
	return ret;
}

static int read_topology(void)
{
	struct bindery_topology *topology;
	struct bindery_devices *devices;
	int ret = bindery_host_get_devices(host, &devices);

	if (ret)
		return ret;
	ret = bindery_topology_new(host, devices, &bdf, &topology);
	if (!ret) {
		bindery_topology_free(topology);
		ret = filter_devices(devices);
	}
	bindery_devices_free(devices);
	return ret;
}

static int find_by_path(void)
{
	struct bindery_reference device = { .address = BINDERY_ADDRESS_PATH };
	struct bindery_bdf found;
	int ret = bindery_path_parse("0000:00/02", &device.path);

	if (!ret)
		ret = bindery_host_find_device(host, &device, &found);
	return ret;
}

TEST(U11_without_memory_no_device_is_overlooked)
{
	start();
	tree_link("sys/class/net/bond0", "../../devices/virtual/net/bond0");
	tree_link("sys/devices/virtual/net/bond0/lower_eth0", "../eth0");
	tree_link("sys/class/net/eth0", "../../devices/" BDF "/net/eth0");
	tree_dir("sys/devices/pci0000:00/0000:00:02.0/");
	tree_link("sys/bus/pci/devices/0000:00:02.0",
		  "../../../devices/pci0000:00/0000:00:02.0");
	fault_each(FAULT_MEMORY, look_up);
	fault_each(FAULT_MEMORY, read_topology);
	fault_each(FAULT_MEMORY, find_by_path);
	finish();
}

static int wait_for_device(void)
{
	enum bindery_wait_state state;
	struct bindery_wait *wait;
	int ret = bindery_wait_new(host, &reference, &wait);

	if (ret)
		return ret;
	ret = bindery_wait_look(wait, &state);
	if (!ret)
		ret = state != BINDERY_WAIT_READY;
	bindery_wait_free(wait);
	return ret;
}

TEST(A3_without_memory_nothing_is_waited_for)
{
	start();
	fault_each(FAULT_MEMORY, wait_for_device);
	finish();
}

static void put_variant(void)
{
	struct utsname name;
	char path[256];

	uname(&name);
	snprintf(path, sizeof(path), "lib/modules/%s/modules.alias",
		 name.release);
	tree_file(path, "alias vfio_pci:v000015B3d*sv*sd*bc*sc*i* mlx5_vfio_pci\n");
	tree_file(DEVICE "/modalias",
		  "pci:v000015B3d0000101Esv000015B3sd00000001bc02sc00i00\n");
}

static int find_variant(void)
{
	struct bindery_variant variant;
	int ret = bindery_host_find_variant(host, &bdf, &variant);

	return ret ? ret : strcmp(variant.module, "mlx5_vfio_pci");
}

TEST(G3_without_memory_a_variant_is_not_taken_for_missing)
{
	start();
	put_variant();
	fault_each(FAULT_MEMORY, find_variant);
	fault_each(FAULT_FILE, find_variant);
	finish();
}

static int find_strays(struct bindery_context *context)
{
	struct bindery_strays *strays;
	int ret = bindery_strays_find(host, context, &strays);

	if (ret)
		return ret;
	ret = bindery_strays_get_count(strays) != 1;
	bindery_strays_free(strays);
	return ret;
}

static int find_all_strays(void)
{
	return use_context(find_strays);
}

TEST(C10_without_memory_no_stray_is_overlooked)
{
	start();
	netmock.has_family = false;
	tree_dir(DEVICE "/vfio-dev/vfio0");
	mock.state = BINDERY_GROUP_FREE;
	fault_each(FAULT_MEMORY, find_all_strays);
	finish();
}
