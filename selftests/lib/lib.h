/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the tests share. A function that can fail returns 0 or more, or a
 * negative errno; one that compares returns the number of differences, each
 * of which it has printed as a TAP comment.
 */
#ifndef BINDERY_TEST_LIB_H
#define BINDERY_TEST_LIB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

#include <linux/bindery.h>

#define BDF_SIZE	16
#define MAX_MEMBERS	32
#define MAX_DEVICES	420

#define TEST_NATIVE	"bindery_test_native"
#define TEST_TARGET	"bindery_test_target"
#define TEST_OTHER	"bindery_test_other"
#define TEST_HOLD	"bindery_test_hold"
#define SEALED		"bindery-vfio"
#define SEALED_MODULE	"bindery_vfio"
#define VFIO_PCI	"vfio-pci"

#define note(...)	note_line(__VA_ARGS__)
void note_line(const char *format, ...)
	__attribute__((format(printf, 1, 2)));

/* process.c: waiting, children, rights */

/* Far beyond what anything takes; only a failure waits that long. */
#define WAIT_SECONDS	(20 * slowness())
time_t now_seconds(void);
/* How much longer this kernel takes for everything: what it was built for. */
int slowness(void);
/* A restore, from the last close on: promised. */
#define RESTORED_MS	(10000 * slowness())

/* What does not come at once may take long: it is asked for less often. */
#define wait_until(condition)	wait_within(WAIT_SECONDS, condition)
#define wait_within(seconds, condition)					\
({									\
	time_t __end = now_seconds() + (seconds);			\
	useconds_t __pause = 1000;					\
	bool __met;							\
									\
	while (!(__met = (condition)) && now_seconds() < __end) {	\
		usleep(__pause);					\
		__pause += __pause < 16000 ? __pause / 4 : 0;		\
	}								\
	if (!__met)							\
		note("waited %d s in vain for: %s", (seconds),		\
		     #condition);					\
	__met;								\
})

/* What $ROUNDS says: more in a soak, less with slow devices and kernels. */
int num_rounds(int fallback);

/* A child and a socket to it; it dies with its parent. */
struct child {
	pid_t pid;
	int socket;
};

int child_start(struct child *child, int (*run)(int socket, void *arg),
		void *arg);
int child_wait(struct child *child);
void child_kill(struct child *child);
int tell(int socket, int value);
int hear(int socket, int *value);
int send_fd(int socket, int fd);
int receive_fd(int socket);
int become_nobody(void);
int drop_sys_admin(void);
int enter_user_namespace(void);

/* file.c: files of sysfs and the like */
int read_file_at(int dir, const char *path, char *text, size_t size);
int link_name_at(int dir, const char *path, char *name, size_t size);
int read_file(const char *path, char *text, size_t size);
int write_file(const char *path, const char *text);
int link_name(const char *path, char *name, size_t size);

/* pci.c: devices and drivers, found through sysfs */
struct group {
	int id;
	unsigned int num;
	char bdf[MAX_MEMBERS][BDF_SIZE];
};

typedef char text_t[128];

int pci_read(const char *bdf, const char *attribute, text_t text);
int pci_write(const char *bdf, const char *attribute, const char *text);
void pci_driver(const char *bdf, text_t name);
bool pci_is_on(const char *bdf, const char *driver);
bool pci_is_bridge(const char *bdf);
bool pci_is(const char *bdf, const char *vendor, const char *device);
bool pci_exists(const char *bdf);
bool pci_same_slot(const char *a, const char *b);
int pci_group(const char *bdf);
int pci_list(char (*bdf)[BDF_SIZE], unsigned int max);
int pci_find(const char *vendor, const char *device, char (*bdf)[BDF_SIZE],
	     unsigned int max);
int pci_find_twin(const char *bdf, char twin[BDF_SIZE]);
int pci_override(const char *bdf, const char *name);
int pci_unbind(const char *bdf);
int pci_bind(const char *bdf, const char *driver);
int pci_drivers_probe(const char *bdf);
int pci_module(const char *bdf, text_t name);
int pci_move(const char *bdf, const char *driver);
struct bindery_ioc_bdf pci_address(const char *bdf);
void pci_text(const struct bindery_ioc_bdf *address, char bdf[BDF_SIZE]);
int group_read(struct group *group, int id);
int group_choose(struct group *group, const char *driver);
int group_choose_other(struct group *other, const struct group *group,
		       const char *driver);
int group_choose_singles(struct group *one, struct group *two,
			 const char *driver);

/* address.c: the ways to name a device, and what it is */
int device_path(const char *bdf, struct bindery_ioc_device *device);
struct bindery_ioc_device device_identity(const char *bdf);
bool pci_vf(const char *pf, unsigned int index, char vf[BDF_SIZE]);
unsigned int pci_number(const char *bdf, const char *attribute);

/* snapshot.c: what must be as it was */
struct device_state {
	char bdf[BDF_SIZE];
	int group;
	text_t driver;
	text_t override;
	text_t power;
	text_t vfio;
	ino_t driver_link;	/* a new one after each bind */
	ino_t vfio_node;
};

struct snapshot {
	unsigned int num;
	struct device_state *devices;
};

int snapshot_take(struct snapshot *snapshot);
struct snapshot snapshot_copy(const struct snapshot *snapshot);
int snapshot_compare(const struct snapshot *before);
int snapshot_compare_untouched(const struct snapshot *before);
int snapshot_untouched(const struct snapshot *before, const char *bdf);
int snapshot_move_back(struct snapshot *snapshot, const struct group *group);
void snapshot_renumber(struct snapshot *snapshot);
struct device_state *snapshot_device(struct snapshot *snapshot,
				     const char *bdf);

/* module.c: modules, and the knobs of the test drivers */
struct modules {
	char text[16384];	/* a name and a count of references per line */
};

int module_load(const char *name);
int module_unload(const char *name);
bool module_is_loaded(const char *name);
int module_references(const char *name);
int modules_take(struct modules *modules);
int modules_compare(const struct modules *before);
int knob(const char *module, const char *name, const char *value);
int knob_read(const char *module, const char *name);
bool knob_holds(const char *module);
int knob_count(const char *module, const char *what, const char *bdf);
void knobs_reset(void);

/* ioctl.c: the interface, with what holds for every call checked */
struct request {
	struct bindery_ioc_acquire cmd;
	struct bindery_ioc_device devices[MAX_MEMBERS];
	struct bindery_ioc_member members[MAX_MEMBERS];
	struct bindery_ioc_error error;
	struct bindery_ioc_native natives[MAX_MEMBERS];
};

/* What any other call answered. */
struct answer {
	union {
		struct bindery_ioc_show show;
		struct bindery_ioc_status status;
		struct bindery_ioc_release release;
		struct bindery_ioc_bind bind;
		struct bindery_ioc_mark mark;
		struct bindery_ioc_keep keep;
		struct bindery_ioc_open_claim opened;
		struct bindery_ioc_recover recover;
	};
	unsigned int num_members;
	struct bindery_ioc_member members[MAX_MEMBERS];
	struct bindery_ioc_error error;
};

int control_open(void);
void request_init(struct request *request, const char *target);
void request_add(struct request *request, const char *bdf);
void request_add_to(struct request *request, const char *bdf,
		    const char *target);
void request_group(struct request *request, const struct group *group,
		   const char *target);
void request_native(struct request *request, const char *driver,
		    const char *override);
int acquire(int control, struct request *request);
int adopt(int control, struct request *request);
int check(int control, struct request *request);
int show_device(int control, const struct bindery_ioc_device *device,
		struct answer *answer);
int show(int control, const char *bdf, struct answer *answer);
int status(int claim, struct answer *answer);
int release(int claim, struct answer *answer);
int release_within(int claim, struct answer *answer, unsigned int ms);
int release_with(int claim, struct answer *answer, uint32_t flags,
		 unsigned int ms, uint64_t generation);
int bind_claim(int claim, struct answer *answer, uint32_t flags,
	       unsigned int ms);
int open_claim(int control, const uint8_t *id, const char *bdf,
	       struct answer *answer);
int recover(int control, uint32_t operation, const uint8_t *id,
	    const char *bdf, struct answer *answer);
int recover_with(int control, uint32_t operation, const uint8_t *id,
		 const char *bdf, struct answer *answer, uint32_t flags,
		 unsigned int ms);
int mark(int claim, const char *bdf, uint32_t event, uint64_t generation,
	 struct answer *answer);
int keep(int claim, uint32_t policy);
int keep_told(int claim, uint32_t policy, struct answer *answer);
uint64_t claim_generation(int claim);
struct bindery_ioc_member *status_member(int claim, const char *bdf,
					 struct answer *answer);
void close_claim(int claim);
int close_claims(int control, const char *bdf);
int group_state(int control, const char *bdf);
bool group_is(int control, const char *bdf, int state);
int call(int fd, unsigned long number, void *argument);
/* Whether VFIO devices have nodes of their own in this kernel. */
bool has_nodes(int control);

/* compare.c: what a call answered, against what it should have */
struct bindery_ioc_member *member_of(struct bindery_ioc_member *members,
				     unsigned int num, const char *bdf);
int member_compare(const struct bindery_ioc_member *member, uint32_t role,
		   uint32_t action, const char *driver, uint32_t blocker);

/* callback.c: calls that wait for a driver's callback */
long clock_ms(void);
int overdue(int control, struct request *request, const char *module,
	    const char *what, const char *bdf);
int overdue_after(int control, struct request *request, const char *module,
		  const char *what, const char *bdf, unsigned int ms);
int acquire_in_child(struct child *child, int control,
		     struct request *request);

/* What an error record has to be; bdf NULL: names no device. */
struct expected {
	uint32_t code;
	uint32_t step;
	int err;
	const char *bdf;
	const char *name;	/* NULL: anything */
};

bool id_is_uuid(const uint8_t *id);
int error_compare(const struct bindery_ioc_error *error,
		  const struct expected *expected);

#define error_is(_error, ...)						\
	error_compare(_error, &(struct expected) { __VA_ARGS__ })

/* vfio.c: a VFIO user, as a machine monitor is one */
struct vfio_user {
	int container;
	int group;
	int device;
	void *map;
	struct child copy;
};

/* What may be left of one; each keeps the device in use. */
enum vfio_part {
	VFIO_PART_DEVICE,	/* the device's file alone */
	VFIO_PART_COPY,		/* a copy of that file in another process */
	VFIO_PART_MAPPING,	/* a mapping of a region, and no file */
	VFIO_PART_GROUP,	/* group and container, without the device */
};

extern const struct vfio_user vfio_none;

int vfio_open(struct vfio_user *user, const char *bdf);
int vfio_hold(struct vfio_user *user, const char *bdf, enum vfio_part part);
int vfio_works(struct vfio_user *user, const char *bdf);
int vfio_node_open(const char *bdf);
int vfio_request_event(struct vfio_user *user, int eventfd);
int vfio_obey(struct vfio_user *user, int socket);
void vfio_close(struct vfio_user *user);

/* qmp.c: the emulator that the guest runs in */
int qmp_open(void);
int qmp_call(int qmp, const char *json, char *answer, size_t size);
int qmp_device_add(int qmp, const char *properties);
int qmp_device_del(int qmp, const char *id);
bool qmp_has_device(int qmp, const char *id);

/* kill.c: an owner that is killed while it takes a group or gives it back */
struct kills {
	int before;		/* it had not begun */
	int acquiring, releasing;	/* inside, which is what counts */
	int after;		/* it had ended both */
	int states[BINDERY_GROUP_GONE + 1];	/* then, of those inside */
};

/* So many are killed, inside or not, until enough were inside. */
#define KILLS_AT_MOST(inside)	(4 * (inside) + 20)

long owner_needs(int control, struct request *request);
int owner_kill(int control, struct request *request, const char *bdf,
	       long *within_us, struct kills *kills);
int kills_inside(const struct kills *kills);
int kills_tried(const struct kills *kills);
void kills_print(const struct kills *kills);

/* observe.c: what the kernel does, seen from outside */
int uevents_open(void);
int uevents_print(int fd);
int watch_function(const char *function);
int watch_hits(const char *function);
int watch_changes(void);
int changes_seen(void);
void watch_end(void);

/* trace.c: steps from one group state to the next, in bindery's own trace */
int states_watch(void);
int states_forget(void);
void states_unwatch(void);
int states_passed(int group, const char *from, const char *to);
void states_print(int group);

#endif
