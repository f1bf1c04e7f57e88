// SPDX-License-Identifier: GPL-2.0-only
/*
 * pid 1 of a test guest. Follows /plan line by line and reports through the
 * debug console port, which nothing else in the guest writes to, so that a
 * report can never be confused with kernel or program output.
 *
 * Plan: fields separated by tabs, the first one names a row of steps[].
 * Report: "KIND INDEX LENGTH\n", LENGTH bytes, "\n".
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <net/if.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/io.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define REPORT_PORT 0x504
#define EXIT_PORT 0x501
#define EXIT_DONE 0x10
#define MAX_FIELDS 64
/* Of the module's objects and of the tool's, by where they were built. */
#define MODULE_COUNTS "/sys/kernel/debug/gcov/build/module"
#define TOOL_COUNTS "/counts"
/* Often enough that the kernel's buffer never overruns. */
#define LOG_MS 1000

/* Since boot; a machine that is not ready by then never will be. */
static long settled_ms = 40000;
static int kmsg_fd;
static int program_index;
static char *program_env[MAX_FIELDS] = {
	"PATH=/tests:/usr/bin:/usr/sbin:/bin:/sbin", "HOME=/root",
	"TMPDIR=/tmp", "TERM=linux", "LC_ALL=C.UTF-8",
};
static int program_env_count = 5;

static long now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static void report_bytes(const char *data, size_t len)
{
	asm volatile("rep outsb" : "+S"(data), "+c"(len)
		     : "d"(REPORT_PORT) : "memory");
}

static void report(const char *kind, const char *data, size_t len)
{
	char head[64];

	report_bytes(head, snprintf(head, sizeof(head), "%s %d %zu\n", kind,
				    program_index, len));
	report_bytes(data, len);
	report_bytes("\n", 1);
}

static void __attribute__((format(printf, 2, 3)))
reportf(const char *kind, const char *format, ...)
{
	char text[1024];
	va_list args;
	int len;

	va_start(args, format);
	len = vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (len >= (int)sizeof(text))
		len = sizeof(text) - 1;
	report(kind, text, len);
}

/* A machine that has nothing more to show need not be shut down. */
static bool shut_down;

static void power_off(void)
{
	sync();
	if (!shut_down)
		outb(EXIT_DONE, EXIT_PORT);
	reboot(RB_POWER_OFF);
	_exit(0);
}

static unsigned long taint(void)
{
	unsigned long value = 0;
	FILE *f = fopen("/proc/sys/kernel/tainted", "re");

	if (f) {
		if (fscanf(f, "%lu", &value) != 1)
			value = 0;
		fclose(f);
	}
	return value;
}

static void write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		reportf("error", "write %s to %s: %m", text, path);
	if (fd >= 0)
		close(fd);
}

/* All that the kernel logged since the last call. */
static void report_kernel_log(void)
{
	char record[8192];
	ssize_t len;

	for (;;) {
		len = read(kmsg_fd, record, sizeof(record));
		if (len < 0 && errno == EPIPE)
			reportf("error", "kernel log overran its buffer");
		else if (len < 0)
			return;
		else
			report("klog", record, len);
	}
}

/* Give the dead a moment to be collected; a task that stays is stuck. */
static bool reap_all(long timeout_ms)
{
	long deadline = now_ms() + timeout_ms;

	for (;;) {
		pid_t pid = waitpid(-1, NULL, WNOHANG);

		if (pid < 0)
			return true;
		if (pid == 0) {
			if (now_ms() > deadline)
				return false;
			usleep(5000);
		}
	}
}

static pid_t spawn(char **argv, int out)
{
	pid_t pid = fork();

	if (pid)
		return pid;
	setsid();
	ioperm(REPORT_PORT, 1, 0);
	ioperm(EXIT_PORT, 1, 0);
	if (out >= 0) {
		int null = open("/dev/null", O_RDONLY);

		dup2(null, 0);
		dup2(out, 1);
		dup2(out, 2);
	} else {
		ioctl(0, TIOCSCTTY, 0);
	}
	execvpe(argv[0], argv, program_env);
	dprintf(2, "%s: %m\n", argv[0]);
	_exit(127);
}

static void copy(int fd, FILE *to)
{
	char buffer[4096];
	ssize_t len;

	while ((len = read(fd, buffer, sizeof(buffer))) > 0)
		fwrite(buffer, 1, len, to);
}

static bool forward(int fd, const char *kind)
{
	char buffer[4096];
	bool any = false;
	ssize_t len;

	while ((len = read(fd, buffer, sizeof(buffer))) > 0) {
		report(kind, buffer, len);
		any = true;
	}
	return any;
}

/* Returns the wait status, or -1 after the time limit. */
static int follow(pid_t pid, int out, long timeout_ms, const char *kind)
{
	long deadline = now_ms() + timeout_ms;
	long next_log = now_ms() + LOG_MS;
	struct pollfd fds[] = {
		{ .fd = syscall(SYS_pidfd_open, pid, 0), .events = POLLIN },
		{ .fd = out, .events = POLLIN },
	};
	int status, ret = -1;

	while (ret < 0 && now_ms() <= deadline) {
		poll(fds, 2, next_log > now_ms() ? next_log - now_ms() : 0);
		/* Nobody has it open any more: only the end is to come. */
		if (!forward(out, kind) && fds[1].revents & POLLHUP)
			fds[1].fd = -1;
		if (waitpid(pid, &status, WNOHANG) == pid)
			ret = status;
		if (now_ms() >= next_log) {
			report_kernel_log();
			next_log = now_ms() + LOG_MS;
		}
	}
	close(fds[0].fd);
	return ret;
}

static int run_captured(char **argv, long timeout_ms, const char *kind)
{
	int fds[2], status;
	pid_t pid;

	if (pipe2(fds, O_CLOEXEC | O_NONBLOCK))
		return -1;
	/* The program gets an ordinary, blocking pipe. */
	fcntl(fds[1], F_SETFL, 0);
	pid = spawn(argv, fds[1]);
	close(fds[1]);
	status = follow(pid, fds[0], timeout_ms, kind);
	if (status == -1)
		write_file("/proc/sysrq-trigger", "w");
	kill(-1, SIGKILL);
	if (!reap_all(5000))
		reportf("error", "a process of %s cannot be killed", argv[0]);
	forward(fds[0], kind);
	close(fds[0]);
	return status;
}

/* run INDEX SECONDS PROGRAM ARGUMENTS... */
static void step_run(char **argv)
{
	unsigned long before = taint();
	long start;
	int status;

	report_kernel_log();
	program_index = atoi(argv[1]);
	reportf("start", "%s", argv[3]);
	start = now_ms();
	status = run_captured(argv + 3, atol(argv[2]) * 1000, "out");
	start = now_ms() - start;
	report_kernel_log();
	reportf("exit", "status=%d taint_before=%lu taint_after=%lu ms=%ld",
		status, before, taint(), start);
	program_index = -1;
}

/* env NAME=VALUE, for the programs after it */
static void step_env(char **argv)
{
	if (program_env_count < MAX_FIELDS - 1)
		program_env[program_env_count++] = strdup(argv[1]);
}

/* exec COMMAND ARGUMENTS...: a preparation that has to succeed */
static void step_exec(char **argv)
{
	int status = run_captured(argv + 1, settled_ms, "setup");

	if (status)
		reportf("error", "%s: wait status %d", argv[1], status);
}

/* vfs BDF COUNT AUTOPROBE */
static void step_vfs(char **argv)
{
	char path[128];

	snprintf(path, sizeof(path),
		 "/sys/bus/pci/devices/%s/sriov_drivers_autoprobe", argv[1]);
	write_file(path, argv[3]);
	snprintf(path, sizeof(path),
		 "/sys/bus/pci/devices/%s/sriov_numvfs", argv[1]);
	write_file(path, argv[2]);
}

/* The last component of a symbolic link of a PCI device, "-" if none. */
static const char *link_name(const char *bdf, const char *link)
{
	static char target[2][PATH_MAX];
	static int turn;
	char path[PATH_MAX];
	ssize_t len;

	turn = !turn;
	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/%s", bdf, link);
	len = readlink(path, target[turn], PATH_MAX - 1);
	if (len < 0)
		return "-";
	target[turn][len] = 0;
	return strrchr(target[turn], '/') + 1;
}

/* driver BDF NAME: probing may go on after modprobe has returned */
static void step_driver(char **argv)
{
	while (strcmp(link_name(argv[1], "driver"), argv[2])) {
		if (now_ms() > settled_ms) {
			reportf("error", "%s is on driver %s, not %s", argv[1],
				link_name(argv[1], "driver"), argv[2]);
			return;
		}
		usleep(10000);
	}
}

/* slow FACTOR: for a kernel that takes longer for everything */
static void step_slow(char **argv)
{
	settled_ms *= atol(argv[1]);
}

/* Report a file of debugfs or procfs as it is, if this kernel has it. */
static void report_file(const char *kind, const char *path)
{
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);

	if (fd >= 0) {
		forward(fd, kind);
		close(fd);
	}
}

/*
 * leaks: what nobody has a pointer to any more. An object counts from its
 * sixth second, once two scans saw it unchanged.
 */
static void step_leaks(char **argv)
{
	static const char path[] = "/sys/kernel/debug/kmemleak";

	(void)argv;
	if (!access(path, F_OK)) {
		write_file(path, "scan");
		usleep(6000000);
		write_file(path, "scan");
		report_file("leaks", path);
	}
}

static void step_lockdep(char **argv)
{
	(void)argv;
	report_file("lockdep", "/proc/lockdep_stats");
}

/* A file as it is, below its name. */
static int report_counts(const char *path, const struct stat *status, int type,
			 struct FTW *where)
{
	const char *suffix = strrchr(path, '.');
	size_t size = 0;
	char *text;
	FILE *memory;
	int fd;

	(void)status;
	(void)where;
	if (type != FTW_F || !suffix || strcmp(suffix, ".gcda"))
		return 0;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	memory = open_memstream(&text, &size);
	if (fd < 0 || !memory) {
		reportf("error", "%s: %m", path);
		return 1;
	}
	fprintf(memory, "%s\n", path);
	copy(fd, memory);
	close(fd);
	fclose(memory);
	report("gcda", text, size);
	free(text);
	return 0;
}

/* coverage: how often each line ran, if this kernel counts */
static void step_coverage(char **argv)
{
	(void)argv;
	nftw(MODULE_COUNTS, report_counts, 8, FTW_PHYS);
	nftw(TOOL_COUNTS, report_counts, 8, FTW_PHYS);
}

/* shutdown: at the end, by the kernel */
static void step_shutdown(char **argv)
{
	(void)argv;
	shut_down = true;
}

/* mount DEVICE DIRECTORY TYPE */
static void step_mount(char **argv)
{
	mkdir(argv[2], 0755);
	while (mount(argv[1], argv[2], argv[3], 0, NULL)) {
		if (now_ms() > settled_ms) {
			reportf("error", "mount %s: %m", argv[1]);
			return;
		}
		usleep(10000);
	}
}

static void interface_up(const char *name)
{
	struct ifreq ifr = { .ifr_flags = IFF_UP };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "%s", name);
	if (fd < 0 || ioctl(fd, SIOCSIFFLAGS, &ifr))
		reportf("error", "interface %s up: %m", name);
	if (fd >= 0)
		close(fd);
}

/* up BDF: the network interface of a device */
static void step_up(char **argv)
{
	struct dirent *entry;
	char path[128];
	DIR *dir;

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/net", argv[1]);
	while (!(dir = opendir(path))) {
		if (now_ms() > settled_ms) {
			reportf("error", "%s has no interface", argv[1]);
			return;
		}
		usleep(10000);
	}
	while ((entry = readdir(dir)))
		if (entry->d_name[0] != '.')
			interface_up(entry->d_name);
	closedir(dir);
}

static void read_id(const char *bdf, const char *name, char *id, size_t size)
{
	char path[128];
	FILE *f;

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/%s", bdf, name);
	f = fopen(path, "re");
	if (!f || !fgets(id, size, f))
		snprintf(id, size, "-");
	if (f)
		fclose(f);
	id[strcspn(id, "\n")] = 0;
}

/* list: every PCI device with group, driver, class and identity */
static void step_list(char **argv)
{
	struct dirent **entries;
	int count = scandir("/sys/bus/pci/devices", &entries, NULL, alphasort);

	(void)argv;
	for (int i = 0; i < count; i++) {
		const char *bdf = entries[i]->d_name;
		char class[16], vendor[16], device[16];

		if (bdf[0] == '.')
			continue;
		read_id(bdf, "class", class, sizeof(class));
		read_id(bdf, "vendor", vendor, sizeof(vendor));
		read_id(bdf, "device", device, sizeof(device));
		reportf("device", "%s %s %s %s %s:%s", bdf,
			link_name(bdf, "iommu_group"),
			link_name(bdf, "driver"), class, vendor, device);
	}
}

/* shell: an interactive one on the console */
static void step_shell(char **argv)
{
	char *shell[] = { "/bin/sh", "-l", NULL };

	(void)argv;
	waitpid(spawn(shell, -1), NULL, 0);
}

static const struct {
	const char *name;
	int fields;
	void (*run)(char **argv);
} steps[] = {
	{ "coverage", 1, step_coverage },
	{ "driver", 3, step_driver }, { "env", 2, step_env },
	{ "exec", 2, step_exec },     { "leaks", 1, step_leaks },
	{ "list", 1, step_list },     { "lockdep", 1, step_lockdep },
	{ "mount", 4, step_mount },   { "run", 4, step_run },
	{ "shell", 1, step_shell },   { "shutdown", 1, step_shutdown },
	{ "slow", 2, step_slow },     { "up", 2, step_up },
	{ "vfs", 4, step_vfs },
};

static void take_step(char *line)
{
	char *argv[MAX_FIELDS + 1] = { 0 };
	int argc = 0;

	line[strcspn(line, "\n")] = 0;
	while (argc < MAX_FIELDS && (argv[argc] = strsep(&line, "\t")))
		argc++;
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		if (strcmp(steps[i].name, argv[0]) || argc < steps[i].fields)
			continue;
		steps[i].run(argv);
		return;
	}
	reportf("error", "bad plan line: %s", argv[0]);
}

static void mount_everything(void)
{
	static const char *const mounts[][2] = {
		{ "proc", "/proc" },
		{ "sysfs", "/sys" },
		{ "devtmpfs", "/dev" },
		{ "devpts", "/dev/pts" },
		{ "tmpfs", "/dev/shm" },
		{ "tmpfs", "/tmp" },
		{ "tmpfs", "/run" },
		{ "debugfs", "/sys/kernel/debug" },
		{ "tracefs", "/sys/kernel/tracing" },
		{ "cgroup2", "/sys/fs/cgroup" },
	};

	for (size_t i = 0; i < sizeof(mounts) / sizeof(mounts[0]); i++) {
		mkdir(mounts[i][1], 0755);
		if (mount(mounts[i][0], mounts[i][1], mounts[i][0], 0, NULL))
			reportf("error", "mount %s: %m", mounts[i][1]);
	}
	symlink("/proc/self/fd", "/dev/fd");
}

int main(void)
{
	char line[4096];
	FILE *plan;

	program_index = -1;
	if (ioperm(REPORT_PORT, 1, 1) || ioperm(EXIT_PORT, 1, 1))
		return 1;
	putenv(program_env[0]);
	mount_everything();
	interface_up("lo");
	kmsg_fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (chdir("/tests"))
		reportf("error", "/tests: %m");
	plan = fopen("/plan", "re");
	while (plan && fgets(line, sizeof(line), plan))
		take_step(line);
	report_kernel_log();
	reportf("done", "taint=%lu", taint());
	power_off();
}
