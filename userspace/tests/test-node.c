// SPDX-License-Identifier: GPL-2.0-or-later
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "fault.h"
#include "internal.h"
#include "tap.h"
#include "tree.h"

#define BDF	"0000:01:00.0"
#define DEVPATH	"/devices/virtual/vfio/5"
#define EVENTS	8

/* What the socket has, and who sent it; an errno instead of a text. */
static struct event {
	char text[8192];
	size_t size;
	int error;
	uid_t uid;
	uint32_t port;
	bool anonymous;
} events[EVENTS];
static size_t num_events, next_event;

/* What calls of the kernel end with; 0: as they do. */
static int socket_error, bind_error, force_error, own_error;
/* Regular files look like this device; 0: like themselves. */
static dev_t number;
static mode_t node_type;
static mode_t added_mode;	/* from the second look on */
static unsigned int looks;

int __real_socket(int domain, int type, int protocol);
int __wrap_socket(int domain, int type, int protocol);
int __real_bind(int fd, const struct sockaddr *address, socklen_t size);
int __wrap_bind(int fd, const struct sockaddr *address, socklen_t size);
int __real_setsockopt(int fd, int level, int option, const void *value,
		      socklen_t size);
int __wrap_setsockopt(int fd, int level, int option, const void *value,
		      socklen_t size);
ssize_t __wrap_recvmsg(int fd, struct msghdr *message, int flags);
int __real_fstat(int fd, struct stat *status);
int __wrap_fstat(int fd, struct stat *status);
int __real_fchownat(int dir, const char *path, uid_t owner, gid_t group,
		    int flags);
int __wrap_fchownat(int dir, const char *path, uid_t owner, gid_t group,
		    int flags);

static int fail(int error)
{
	errno = error;
	return -1;
}

int __wrap_socket(int domain, int type, int protocol)
{
	return socket_error ? fail(socket_error) :
			      __real_socket(domain, type, protocol);
}

int __wrap_bind(int fd, const struct sockaddr *address, socklen_t size)
{
	return bind_error ? fail(bind_error) : __real_bind(fd, address, size);
}

int __wrap_setsockopt(int fd, int level, int option, const void *value,
		      socklen_t size)
{
	if (option == SO_RCVBUFFORCE && force_error)
		return fail(force_error);
	return __real_setsockopt(fd, level, option, value, size);
}

static void put_credentials(struct msghdr *message, uid_t uid)
{
	struct cmsghdr *control = CMSG_FIRSTHDR(message);
	struct ucred who = { .pid = 1, .uid = uid };

	control->cmsg_level = SOL_SOCKET;
	control->cmsg_type = SCM_CREDENTIALS;
	control->cmsg_len = CMSG_LEN(sizeof(who));
	memcpy(CMSG_DATA(control), &who, sizeof(who));
	message->msg_controllen = CMSG_SPACE(sizeof(who));
}

ssize_t __wrap_recvmsg(int fd, struct msghdr *message, int flags)
{
	const struct event *event = &events[next_event];
	size_t size = event->size;

	(void)fd;
	(void)flags;
	if (next_event == num_events)
		return fail(EAGAIN);
	next_event++;
	if (event->error)
		return fail(event->error);
	if (size > message->msg_iov->iov_len)
		size = message->msg_iov->iov_len;
	memcpy(message->msg_iov->iov_base, event->text, size);
	((struct sockaddr_nl *)message->msg_name)->nl_pid = event->port;
	if (event->anonymous)
		message->msg_controllen = 0;
	else
		put_credentials(message, event->uid);
	return (ssize_t)size;
}

int __wrap_fstat(int fd, struct stat *status)
{
	int ret = __real_fstat(fd, status);

	if (ret || !number || !S_ISREG(status->st_mode))
		return ret;
	status->st_mode = node_type | (status->st_mode & 07777);
	status->st_rdev = number;
	if (looks++)
		status->st_mode |= added_mode;
	return 0;
}

int __wrap_fchownat(int dir, const char *path, uid_t owner, gid_t group,
		    int flags)
{
	return own_error ? fail(own_error) :
			   __real_fchownat(dir, path, owner, group, flags);
}

/* The header that udev puts before the properties. */
struct udev_header {
	char prefix[8];
	uint32_t magic;
	uint32_t header_size;
	uint32_t offset;
	uint32_t size;
};

static struct event *add_event(void)
{
	struct event *event = &events[num_events++];

	memset(event, 0, sizeof(*event));
	return event;
}

/* Dots stand for the ends of strings. */
static void append(struct event *event, const char *text)
{
	size_t length = strlen(text);

	memcpy(event->text + event->size, text, length);
	for (size_t i = 0; i < length; i++)
		if (text[i] == '.')
			event->text[event->size + i] = '\0';
	event->size += length;
}

static void append_properties(struct event *event, unsigned int sequence)
{
	char text[256];

	snprintf(text, sizeof(text), "ACTION=add.DEVPATH=" DEVPATH
		 ".SUBSYSTEM=vfio.SEQNUM=%u.", sequence);
	append(event, text);
}

static struct event *kernel_event(unsigned int sequence)
{
	struct event *event = add_event();

	append(event, "add@" DEVPATH ".");
	append_properties(event, sequence);
	return event;
}

static struct event *udev_event(unsigned int sequence)
{
	struct event *event = add_event();
	struct udev_header header = {
		.prefix = "libudev",
		.magic = htonl(0xfeedcafe),
		.header_size = sizeof(header),
		.offset = sizeof(header),
	};

	event->size = sizeof(header);
	event->port = 4711;
	append_properties(event, sequence);
	header.size = (uint32_t)(event->size - sizeof(header));
	memcpy(event->text, &header, sizeof(header));
	return event;
}

static struct udev_header *header_of(struct event *event)
{
	return (struct udev_header *)event->text;
}

/* Forgets all about these. */
static void clear_events(void)
{
	num_events = 0;
	next_event = 0;
}

static struct bindery_host *host;
static struct bindery_nodes *nodes;
static struct bindery_members *members;

static void start(void)
{
	clear_events();
	socket_error = 0;
	bind_error = 0;
	force_error = 0;
	own_error = 0;
	number = 0;
	node_type = S_IFCHR;
	added_mode = 0;
	looks = 0;
	EXPECT_INT(bindery_host_new(tree_new(), &host), 0);
	tree_pci(BDF, "vfio-pci", "5");
	tree_file("sys/devices/virtual/vfio/5/dev", "243:7\n");
	tree_link("sys/class/vfio/5", "../../devices/virtual/vfio/5");
	members = bindery_members_new(1);
	members->count = 1;
	members->entries[0].raw.out_device.bus = 1;
	members->entries[0].raw.out_group = 5;
	members->entries[0].raw.out_flags = BINDERY_MEMBER_PCI;
	EXPECT_INT(bindery_nodes_watch(host, &nodes), 0);
}

static void finish(void)
{
	bindery_nodes_free(nodes);
	bindery_members_free(members);
	bindery_host_free(host);
	tree_free();
}

TEST(U10_the_watch_has_a_file_to_wait_for)
{
	start();
	EXPECT(fcntl(bindery_nodes_get_fd(nodes), F_GETFD) & FD_CLOEXEC);
	finish();
}

TEST(U10_without_udev_a_node_that_is_there_is_ready)
{
	start();
	EXPECT_INT(bindery_nodes_settle(nodes, members), -EAGAIN);
	tree_file("dev/vfio/5", "");
	EXPECT_INT(bindery_nodes_settle(nodes, members), 0);
	finish();
}

TEST(U10_a_busy_udev_is_waited_for_until_it_has_a_record)
{
	start();
	tree_file("dev/vfio/5", "");
	tree_file("run/udev/control", "");
	tree_file("run/udev/queue", "");
	EXPECT_INT(bindery_nodes_settle(nodes, members), -EAGAIN);
	tree_file("run/udev/data/c243:7", "I:1\n");
	EXPECT_INT(bindery_nodes_settle(nodes, members), 0);
	finish();
}

TEST(U10_the_devices_own_node_counts_too)
{
	start();
	tree_file("dev/vfio/5", "");
	tree_file("sys/devices/" BDF "/vfio-dev/vfio3/dev", "244:3\n");
	tree_link("sys/class/vfio-dev/vfio3",
		  "../../devices/" BDF "/vfio-dev/vfio3");
	EXPECT_INT(bindery_nodes_settle(nodes, members), -EAGAIN);
	tree_file("dev/vfio/devices/vfio3", "");
	EXPECT_INT(bindery_nodes_settle(nodes, members), 0);
	finish();
}

TEST(U10_members_without_any_node_are_an_error)
{
	start();
	members->entries[0].raw.out_group = 6;
	EXPECT_INT(bindery_nodes_settle(nodes, members), -ENOENT);
	EXPECT_INT(bindery_nodes_set_rights(nodes, members, (uid_t)-1,
					    (gid_t)-1, 0600), -ENOENT);
	finish();
}

TEST(U10_what_is_not_the_devices_node_gets_no_rights)
{
	struct stat status;

	start();
	EXPECT_INT(bindery_nodes_set_rights(nodes, members, (uid_t)-1,
					    (gid_t)-1, 0777), -ENOENT);
	tree_file("dev/vfio/5", "");
	EXPECT_INT(bindery_nodes_set_rights(nodes, members, (uid_t)-1,
					    (gid_t)-1, 0777), -ESTALE);
	EXPECT_INT(fstatat(host->root, "dev/vfio/5", &status, 0), 0);
	EXPECT(!(status.st_mode & 0111));
	finish();
}

/* A node that is there, and udev runs and is busy with something. */
static void start_with_udev(void)
{
	start();
	tree_file("dev/vfio/5", "");
	tree_file("run/udev/control", "");
	tree_file("run/udev/queue", "");
}

static int settle(void)
{
	return bindery_nodes_settle(nodes, members);
}

TEST(U10_an_event_is_waited_for_until_udev_passes_it_on)
{
	start_with_udev();
	kernel_event(10);
	/* Its record is of before. */
	tree_file("run/udev/data/c243:7", "I:1\n");
	EXPECT_INT(settle(), -EAGAIN);
	udev_event(9);
	EXPECT_INT(settle(), -EAGAIN);
	udev_event(10);
	EXPECT_INT(settle(), 0);
	kernel_event(12);
	EXPECT_INT(settle(), -EAGAIN);
	finish();
}

TEST(U10_events_of_other_devices_do_not_count)
{
	struct event *event;

	start_with_udev();
	event = add_event();
	append(event, "add@/x.DEVPATH=" DEVPATH ".SUBSYSTEM=net.SEQNUM=10.");
	append(add_event(), "add@/x.DEVPATH=" DEVPATH ".SEQNUM=10.");
	append(add_event(), "add@/x.DEVPATH=" DEVPATH ".SUBSYSTEM=vfio.");
	append(add_event(), "add@/x.SUBSYSTEM=vfio.SEQNUM=10.");
	append(add_event(), "add@/x.DEVPATH=/x.SUBSYSTEM=vfio.SEQNUM=10.");
	tree_file("run/udev/data/c243:7", "I:1\n");
	EXPECT_INT(settle(), 0);
	EXPECT_INT(next_event, 5);
	finish();
}

TEST(U10_only_root_and_the_kernel_are_believed)
{
	start_with_udev();
	kernel_event(10);
	udev_event(10)->uid = 1000;
	udev_event(10)->anonymous = true;
	EXPECT_INT(settle(), -EAGAIN);
	EXPECT_INT(next_event, 3);
	/* One that says it is the kernel's. */
	clear_events();
	udev_event(10);
	kernel_event(11)->port = 4711;
	EXPECT_INT(settle(), 0);
	finish();
}

TEST(U10_malformed_messages_of_udev_do_no_harm)
{
	struct event *event;

	start_with_udev();
	kernel_event(10);
	header_of(udev_event(10))->magic = 0;
	header_of(udev_event(10))->offset = UINT32_MAX;
	header_of(udev_event(10))->size = UINT32_MAX;
	event = udev_event(10);
	header_of(event)->size = (uint32_t)event->size;
	udev_event(10)->size = sizeof(struct udev_header) - 1;
	/* Cut where its number begins. */
	event = udev_event(10);
	header_of(event)->size -= strlen("SEQNUM=10.");
	event = add_event();
	memset(event->text, 'x', sizeof(event->text));
	event->size = sizeof(event->text);
	EXPECT_INT(settle(), -EAGAIN);
	EXPECT_INT(next_event, num_events);
	finish();
}

TEST(U10_lost_events_are_told)
{
	start_with_udev();
	add_event()->error = ENOBUFS;
	EXPECT_INT(settle(), -ENOBUFS);
	finish();
}

static int settle_all(void)
{
	struct bindery_nodes *watch;
	int ret = bindery_nodes_watch(host, &watch);

	if (ret)
		return ret;
	next_event = 0;
	ret = bindery_nodes_settle(watch, members);
	bindery_nodes_free(watch);
	return ret;
}

static int settle_never(void)
{
	int ret = settle_all();

	if (ret == -EAGAIN)
		return 0;
	return ret ? ret : 1;
}

TEST(U10_without_memory_or_files_no_event_is_overlooked)
{
	start_with_udev();
	kernel_event(10);
	tree_file("run/udev/data/c243:7", "I:1\n");
	fault_each(FAULT_MEMORY, settle_never);
	fault_each(FAULT_FILE, settle_never);
	udev_event(10);
	fault_each(FAULT_MEMORY, settle_all);
	finish();
}

TEST(U10_a_watch_that_cannot_be_had_says_why)
{
	struct bindery_nodes *watch = NULL;

	start();
	socket_error = EMFILE;
	EXPECT_INT(bindery_nodes_watch(host, &watch), -EMFILE);
	socket_error = 0;
	bind_error = EPERM;
	EXPECT_INT(bindery_nodes_watch(host, &watch), -EPERM);
	EXPECT(!watch);
	/* Others than root get less room. */
	bind_error = 0;
	force_error = EPERM;
	EXPECT_INT(bindery_nodes_watch(host, &watch), 0);
	bindery_nodes_free(watch);
	bindery_nodes_free(NULL);
	finish();
}

TEST(U10_what_sysfs_should_not_say_is_an_error)
{
	start();
	tree_file("sys/devices/virtual/vfio/5/dev", "what?\n");
	EXPECT_INT(settle(), -EINVAL);
	tree_file("sys/devices/virtual/vfio/5/dev", "");
	EXPECT_INT(settle(), -EINVAL);
	/* A class whose entry is no link. */
	tree_file("sys/class/vfio/6/dev", "243:8\n");
	members->entries[0].raw.out_group = 6;
	EXPECT_INT(settle(), -EINVAL);
	finish();
}

TEST(U10_members_that_are_no_PCI_functions_have_no_node_of_their_own)
{
	start();
	tree_file("dev/vfio/5", "");
	tree_file("sys/devices/" BDF "/vfio-dev/vfio3/dev", "244:3\n");
	tree_link("sys/class/vfio-dev/vfio3",
		  "../../devices/" BDF "/vfio-dev/vfio3");
	EXPECT_INT(settle(), -EAGAIN);
	members->entries[0].raw.out_flags = 0;
	EXPECT_INT(settle(), 0);
	finish();
}

static int set_mode(mode_t mode)
{
	looks = 0;
	return bindery_nodes_set_rights(nodes, members, (uid_t)-1, (gid_t)-1,
					mode);
}

static mode_t mode_of_node(void)
{
	struct stat status = { 0 };

	EXPECT_INT(fstatat(host->root, "dev/vfio/5", &status, 0), 0);
	return status.st_mode & 07777;
}

TEST(U10_a_node_gets_the_rights_that_it_should_have)
{
	start();
	tree_file("dev/vfio/5", "");
	number = makedev(243, 7);
	EXPECT_INT(set_mode(0640), 0);
	EXPECT_INT(mode_of_node(), 0640);
	EXPECT_INT(set_mode((mode_t)-1), 0);
	EXPECT_INT(mode_of_node(), 0640);
	EXPECT_INT(bindery_nodes_set_rights(nodes, members, geteuid(),
					    getegid(), 0600), 0);
	EXPECT_INT(mode_of_node(), 0600);
	finish();
}

TEST(U10_rights_that_somebody_changes_meanwhile_are_told)
{
	start();
	tree_file("dev/vfio/5", "");
	number = makedev(243, 7);
	added_mode = 0006;
	EXPECT_INT(set_mode(0600), -ESTALE);
	finish();
}

TEST(U10_a_node_with_another_number_or_a_link_is_left_alone)
{
	start();
	tree_file("dev/vfio/5", "");
	number = makedev(243, 8);
	EXPECT_INT(set_mode(0777), -ESTALE);
	number = makedev(243, 7);
	node_type = S_IFBLK;
	EXPECT_INT(set_mode(0777), -ESTALE);
	node_type = S_IFCHR;
	EXPECT(mode_of_node() != 0777);
	EXPECT_INT(renameat(host->root, "dev/vfio/5", host->root, "dev/other"),
		   0);
	tree_link("dev/vfio/5", "../other");
	EXPECT_INT(set_mode(0777), -ESTALE);
	EXPECT(mode_of_node() != 0777);
	finish();
}

TEST(U10_an_owner_that_cannot_be_set_is_told)
{
	start();
	tree_file("dev/vfio/5", "");
	number = makedev(243, 7);
	own_error = EPERM;
	EXPECT_INT(bindery_nodes_set_rights(nodes, members, 1, 1, 0666),
		   -EPERM);
	EXPECT(mode_of_node() != 0666);
	finish();
}
