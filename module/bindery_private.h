/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BINDERY_PRIVATE_H
#define BINDERY_PRIVATE_H

#include <linux/bits.h>
#include <linux/cleanup.h>
#include <linux/device.h>
#include <linux/fs.h>
#include <linux/iommu.h>
#include <linux/kcov.h>
#include <linux/kref.h>
#include <linux/list.h>
#include <linux/pci.h>
#include <linux/poll.h>
#include <linux/seq_file.h>
#include <linux/spinlock.h>
#include <linux/uuid.h>
#include <linux/wait.h>
#include <linux/workqueue.h>
#include <linux/xarray.h>

#include <linux/bindery.h>
#include <linux/bindery_netlink.h>

/*
 * Lock order, outer to inner: a group's busy states (BINDING, RESTORING; a
 * flag and a wait queue, no lock) -> a group's fence (a flag) -> device_lock of
 * one device -> the IOMMU group's own mutex. The state lock is a leaf, taken
 * under any of them and under the bus notifier's rwsem. No two device_locks are
 * ever held at once; nothing is held over request_module(), bind and unbind.
 * The whole story, with the races and what stops each, is in DESIGN.md.
 */

/* Where a failure happened and why; its record is what the caller gets. */
struct bindery_failure {
	struct bindery_ioc_error record;
	struct pid *holder;
};

/* A target driver; its module is pinned while drv is set. */
struct bindery_target {
	struct kref ref;
	struct device_driver *drv;
	char name[BINDERY_NAME_SIZE];
	char module[BINDERY_NAME_SIZE];
};

/* What a member was before we touched it. */
struct bindery_native {
	const char *driver;
	const char *module;
	const char *override;
	bool runtime_auto;
};

/* What we changed on a member, and so have to undo. */
#define BINDERY_DID_OVERRIDE	BIT(0)
#define BINDERY_DID_UNBIND	BIT(1)
#define BINDERY_DID_BIND	BIT(2)
#define BINDERY_SAW_FOREIGN	BIT(3)	/* the override is not ours any more */
#define BINDERY_DID_REFUSE	BIT(4)	/* a newcomer, whose probe a fence failed */

/* How a member's restore ended. */
enum bindery_restored {
	BINDERY_RESTORED,
	BINDERY_RESTORED_FOREIGN,	/* somebody's driver or override: left */
	BINDERY_RESTORED_USER,		/* a VFIO user has the group: again */
	BINDERY_RESTORED_DEFERRED,	/* its probe is deferred */
	BINDERY_RESTORED_NO_DRIVER,	/* its driver's module is gone */
	BINDERY_RESTORED_FAILED,
	BINDERY_RESTORED_NOT,		/* nobody tried yet */
};

/* A device's life in a guest. */
struct bindery_assigned {
	enum bindery_assignment state;
	unsigned int users;
	uuid_t id;
	bool users_lost;
};

/* Callbacks that run together, and who waits for them. */
struct bindery_batch {
	struct kref ref;
	wait_queue_head_t wait;
	/* of the task that it is for; its type depends on the kernel */
	typeof(kcov_common_handle()) kcov_handle;

	/* state lock */
	unsigned int run;		/* those of earlier ones are late */
	unsigned int pending;		/* chains */
	bool stop;			/* begin no more callbacks */
	struct bindery_member *failed;	/* the first */
};

struct bindery_member {
	struct kref ref;
	struct device *dev;
	struct pci_dev *pdev;		/* NULL: no PCI device */
	struct bindery_ioc_bdf bdf;	/* as it was: its bus may be gone */
	struct bindery_group *group;	/* not counted: it outlives us there */
	struct list_head node;		/* in a group's or a plan's list */
	u64 number;			/* of all members, never used again */

	/* set once by validation, which may run while others look */
	u32 role;
	u32 action;
	u32 blocker;
	bool target_absent;
	int entry;			/* its place in the request, or -1 */
	bool vfio;			/* was on a VFIO driver before */
	bool managed;			/* was on a driver_managed_dma driver */
	bool adopted;			/* native is what the caller told */
	const char *adopted_override;	/* what was there then */
	struct bindery_target *target;
	struct bindery_native native;

	/* by whoever has the group busy; while busy, by its callback alone */
	unsigned long did;
	const char *our_override;	/* what DID_OVERRIDE left there */
	enum bindery_restored restored;
	int error;			/* of its restore */

	/* state lock */
	bool removed;
	bool arriving;			/* its override is being set */
	bool unprobed;			/* taken before the bus had offered it */
	bool bound;			/* to any driver, since last cleared */
	bool refused;			/* a probe failed, since last cleared */
	bool busy;			/* a callback runs, or is to run */
	bool stuck;			/* that is overdue */
	bool in_pass;			/* of a restore, from its beginning */
	bool tampered_driver;
	bool tampered_override;
	bool repaired;			/* once is enough */
	u32 opens;			/* of a sealed one, and last closes */
	u32 closes;
	u64 generation;
	struct bindery_assigned assigned;

	/* state lock: its place in a chain of callbacks */
	struct work_struct callback;
	struct bindery_batch *batch;
	struct bindery_member *next;	/* of this chain */
	struct bindery_member *chain;	/* the next chain's first */
	unsigned int run;
	u32 step;
	int (*call)(struct bindery_member *member);
	bool stop_at_failure;
	bool called;
	u64 called_ns;			/* when */
	int result;
};

struct bindery_group {
	struct kref ref;
	struct iommu_group *iommu_group;
	int id;
	struct bindery_batch *batch;	/* of its restores and repairs */
	struct bindery_target *target;	/* of newcomers, NULL: they are parked */

	/* of a plan only: every named member is on its target already */
	bool join;

	/* state lock */
	enum bindery_group_state state;
	struct list_head holds;
	struct bindery_txn *txn;	/* whose BINDING it is */
	bool rollback;			/* its first restore is one */
	u64 rolled_back;		/* the transaction's number, then */
	struct bindery_claim *ending;	/* waits for its restore */
	struct list_head members;	/* grows by hot-add, shrinks at the end */
	bool published;			/* the members are in the list */
	bool departed;			/* before that, one came or went */
	bool intact;			/* committed, and no restore has begun */
	bool in_use;			/* the last look found a VFIO user */
	bool fencing;			/* somebody has, or tries for, its fence */
	bool sealed_off;		/* no member on bindery-vfio is opened */
	bool await_close;		/* drained by the last close */
	bool holders_only;		/* of claims on it, or of the last */
	unsigned int touching;		/* who changes the group's DMA owner */
	u64 generation;
	unsigned int restore_ms;	/* when a callback of it is overdue */
	bool force;			/* ask VFIO users to go */
	bool repair_asked;		/* by an administrator */
	u64 repairs;

	unsigned long fenced;		/* bit 0: we own its DMA */
	unsigned int backoff_ms;
	struct delayed_work drain;
	struct work_struct repair;
};

/* That a claim holds a group. */
struct bindery_hold {
	struct bindery_claim *claim;
	struct list_head node;		/* in the group's list; state lock */
	bool joined;			/* others held it before */
};

/* Members of some groups, all referenced, in the order of their addresses. */
struct bindery_plan {
	struct kref ref;
	unsigned int num_groups;
	unsigned int num_members;
	struct bindery_group **groups;
	struct bindery_member **members;
};

struct bindery_request {
	struct kref ref;
	u32 flags;
	bool adopt;
	bool delegated;			/* loads no module */
	unsigned int num_devices;
	struct bindery_ioc_device *devices;
	struct bindery_ioc_native *natives;	/* NULL: none */
	char target[BINDERY_NAME_SIZE];
	char module[BINDERY_NAME_SIZE];
	char label[BINDERY_LABEL_SIZE];
};

enum bindery_claim_state {
	CLAIM_NEW,
	CLAIM_RESERVED,
	CLAIM_BINDING,
	CLAIM_LIVE,
	CLAIM_FAILED,
	CLAIM_ENDED,
};

struct bindery_claim {
	struct kref ref;
	uuid_t id;
	struct pid *holder;
	char comm[BINDERY_COMM_SIZE];
	char label[BINDERY_LABEL_SIZE];
	struct bindery_request *request;
	struct bindery_hold *holds;	/* one for each group of the plan */
	u64 number;			/* in the order of publication */
	wait_queue_head_t poll;
	unsigned int deadline_ms;
	struct bindery_delegation *delegation;	/* that made it, or NULL */
	struct work_struct free;

	/* state lock */
	struct list_head node;		/* in the list of all claims */
	enum bindery_claim_state state;
	struct bindery_plan *plan;	/* its own reference */
	struct bindery_txn *txn;	/* while one runs, not counted */
	struct bindery_failure failure;	/* why it FAILED */
	u32 flags;			/* enum bindery_claim_flags */
	unsigned int files;
	bool kept;			/* holds itself and the module */
	bool releasing;			/* a RELEASE is looking for users */
	bool force;			/* and then asks them to go */
	unsigned int restoring;		/* groups not restored yet */
	u64 generation;
};

/* One open file of a claim. */
struct bindery_claim_file {
	struct bindery_claim *claim;	/* NULL: not opened after all */
	u64 seen;			/* state lock: STATUS told of it */
};

struct bindery_txn {
	struct kref ref;
	struct work_struct work;
	struct bindery_request *request;
	struct bindery_claim *claim;
	struct bindery_batch *batch;
	struct bindery_failure failure;
	unsigned long deadline;		/* jiffies */
	bool keep_reserved;		/* a failure leaves the claim RESERVED */
	u64 number;			/* of all transactions */
	u64 begun_ns;
	u32 flags;

	/* state lock */
	struct bindery_plan *plan;
	bool abort;
	bool end_claim;			/* the claim was ended meanwhile */
	bool failed;			/* and rolls back */
	bool done;
	bool committed;
	bool counted;			/* by the claim's delegation */
	struct bindery_member *at;	/* works on it, in a step */
	u32 step;
};

/* The rights of a control file that DELEGATE made. */
struct bindery_delegation {
	struct kref ref;
	uuid_t id;
	char label[BINDERY_LABEL_SIZE];
	u32 operations;			/* enum bindery_operations */
	unsigned int max_claims;
	unsigned int max_txns;
	unsigned int num_groups;
	struct bindery_group **groups;	/* by id */

	/* state lock */
	struct list_head node;
	bool revoked;
	unsigned int calls;		/* in flight */
	unsigned int num_claims;	/* that hold groups */
	unsigned int num_txns;
};

/* Room of the caller's for members. */
struct bindery_room {
	u64 members;
	u32 num_members;
	u32 member_size;
};

/* One call of an ioctl; cmd is the caller's struct, copied in. */
struct bindery_ucmd {
	struct file *file;
	void __user *user;
	u32 user_size;
	void *cmd;
	u32 cmd_size;
	u64 error;			/* where the caller wants the record */
	struct bindery_delegation *delegation;	/* of the file, or NULL */
	struct bindery_failure failure;
};

#define BINDERY_PARKED	"bindery-parked"

/* Overdue callbacks, in all, above which nothing new begins. */
#define BINDERY_MAX_STUCK	128

/* main.c */
extern struct workqueue_struct *bindery_txn_wq;
extern struct workqueue_struct *bindery_drain_wq;
extern struct workqueue_struct *bindery_rollback_wq;
extern struct workqueue_struct *bindery_callback_wq;
bool bindery_is_going_down(void);

/* ioctl.c */
extern const struct file_operations bindery_fops_control;
extern const struct file_operations bindery_fops_claim;
long bindery_fops_control_ioctl(struct file *file, unsigned int number,
				unsigned long arg);
int bindery_ucmd_respond(struct bindery_ucmd *ucmd);

/* control.c: INFO, SHOW and the rights of a control file */
#define BINDERY_NEEDS_FULL	BIT(0)	/* unless delegated */
#define BINDERY_NEEDS_CAPABLE	BIT(1)	/* whoever calls */
int bindery_fops_control_open(struct inode *inode, struct file *file);
int bindery_rights_begin(struct bindery_ucmd *ucmd, u32 needs, u32 operation);
void bindery_rights_end(struct bindery_ucmd *ucmd);
int bindery_capable_check(struct bindery_ucmd *ucmd);
int bindery_cmd_info(struct bindery_ucmd *ucmd);
int bindery_cmd_show(struct bindery_ucmd *ucmd);

/* delegate.c: control files with less than all rights */
extern const struct file_operations bindery_fops_delegated;
struct bindery_delegation *bindery_delegation_of(struct file *file);
void bindery_delegation_get(struct bindery_delegation *delegation);
void bindery_delegation_put(struct bindery_delegation *delegation);
int bindery_delegation_begin(struct bindery_delegation *delegation,
			     bool needs_full, u32 operation,
			     struct bindery_failure *failure);
void bindery_delegation_end(struct bindery_delegation *delegation);
int bindery_delegation_check_plan(struct bindery_delegation *delegation,
				  const struct bindery_plan *plan,
				  struct bindery_failure *failure);
int bindery_delegation_check_claim(struct bindery_delegation *delegation,
				   const struct bindery_claim *claim,
				   struct bindery_failure *failure);
int bindery_delegation_check_request(struct bindery_delegation *delegation,
				     struct bindery_request *request,
				     struct bindery_failure *failure);
int bindery_delegation_admit(const struct bindery_delegation *delegation,
			     struct bindery_failure *failure);
int bindery_delegation_begin_txn(struct bindery_delegation *delegation,
				 struct bindery_txn *txn,
				 struct bindery_failure *failure);
void bindery_delegation_end_txn(struct bindery_txn *txn);
void bindery_delegation_info(struct bindery_delegation *delegation,
			     struct bindery_ioc_info *cmd);
int bindery_cmd_delegate(struct bindery_ucmd *ucmd);
int bindery_cmd_revoke(struct bindery_ucmd *ucmd);

/* address.c: from what a caller names to the device itself */
int bindery_address_check(const struct bindery_ioc_device *device,
			  struct bindery_failure *failure);
void bindery_address_index(struct xarray *index);
void bindery_address_index_free(struct xarray *index);
struct pci_dev *bindery_address_find(const struct bindery_ioc_device *device,
				     struct xarray *index,
				     struct bindery_failure *failure);

/* request.c */
int bindery_device_read(struct bindery_ioc_device *device, u64 user, u32 size,
			struct bindery_failure *failure);
struct bindery_request *bindery_request_read(struct bindery_ioc_acquire *cmd,
					     u32 flags, bool adopt,
					     struct bindery_failure *failure);
void bindery_request_get(struct bindery_request *request);
void bindery_request_put(struct bindery_request *request);
int bindery_deadline(u32 deadline_ms, unsigned long *deadline,
		     struct bindery_failure *failure);
int bindery_flags_check(u32 flags, u32 known, struct bindery_failure *failure);

/* error.c */
int bindery_fail(struct bindery_failure *failure, u32 code, u32 step, int err);
int bindery_fail_member(struct bindery_failure *failure, u32 code, u32 step,
			int err, const struct bindery_member *member);
int bindery_fail_device(struct bindery_failure *failure, u32 code, u32 step,
			const struct bindery_ioc_bdf *bdf);
int bindery_fail_group(struct bindery_failure *failure, u32 code, u32 step,
		       int id);
void bindery_failure_driver(struct bindery_failure *failure, const char *name);
void bindery_failure_holder(struct bindery_failure *failure,
			    const struct bindery_claim *claim);
void bindery_failure_move(struct bindery_failure *to,
			  struct bindery_failure *from);
void bindery_failure_copy(struct bindery_failure *to,
			  const struct bindery_failure *from);
int bindery_failure_check(u64 user);
int bindery_failure_write(struct bindery_failure *failure, u64 user);
void bindery_failure_clear(struct bindery_failure *failure);

/* report.c: members as the caller sees them */
int bindery_room_check(struct bindery_room *room,
		       struct bindery_failure *failure);
int bindery_plan_write(const struct bindery_plan *plan,
		       const struct bindery_room *room, u32 *num_members,
		       struct bindery_failure *failure);
void bindery_member_report(struct bindery_ioc_member *out,
			   struct bindery_member *member,
			   unsigned long deadline);

/* claim.c: a claim's life */
struct bindery_claim *bindery_claim_new(struct bindery_request *request,
					unsigned int deadline_ms);
void bindery_claim_get(struct bindery_claim *claim);
void bindery_claim_put(struct bindery_claim *claim);
void bindery_claim_publish(struct bindery_claim *claim,
			   struct bindery_plan *plan);
struct bindery_plan *bindery_claim_plan(struct bindery_claim *claim);
void bindery_claim_end(struct bindery_claim *claim);
bool bindery_claim_end_closed(struct bindery_claim *claim);
void bindery_claims_end(const struct bindery_delegation *delegation);
void bindery_claim_end_locked(struct bindery_claim *claim,
			      struct list_head *members);
void bindery_claim_stop_keeping(struct bindery_claim *claim);
void bindery_claim_drop_holds(struct bindery_claim *claim,
			      struct list_head *members, bool wait);
void bindery_claim_group_done(struct bindery_claim *claim);
bool bindery_claim_open(struct bindery_claim *claim);
void bindery_claim_close(struct bindery_claim *claim);
bool bindery_claim_is_over(struct bindery_claim *claim);
void bindery_claim_changed(struct bindery_claim *claim);
u64 bindery_claim_generation(const struct bindery_claim *claim);
u32 bindery_claim_all_flags(const struct bindery_claim *claim);
struct bindery_claim *bindery_claim_find(const u8 *id);
struct bindery_claim *bindery_claim_after(u64 number, const u8 *id);
void bindery_members_drop(struct list_head *members);

/* file.c: files of claims */
struct bindery_claim *bindery_file_claim(struct file *file);
bool bindery_file_open(struct file *file, struct bindery_claim *claim);
void bindery_file_see(struct file *file, u64 generation);
bool bindery_file_reopen(struct file *file, struct bindery_claim *claim);
int bindery_file_install(struct bindery_failure *failure, void *data,
			 struct file *(*make)(void *data),
			 int (*give)(void *data, struct file *file, int fd));
int bindery_file_give(struct bindery_failure *failure, void *data,
		      int (*give)(void *data, struct file *file, int fd));
int bindery_fops_claim_release(struct inode *inode, struct file *file);
__poll_t bindery_fops_claim_poll(struct file *file, poll_table *wait);
void bindery_fops_claim_show_fdinfo(struct seq_file *seq, struct file *file);
int bindery_cmd_open_claim(struct bindery_ucmd *ucmd);

/* status.c */
int bindery_claim_check(struct bindery_claim *claim,
			struct bindery_failure *failure);
u32 bindery_plan_state(const struct bindery_plan *plan);
int bindery_cmd_status(struct bindery_ucmd *ucmd);
int bindery_cmd_keep(struct bindery_ucmd *ucmd);

/* mark.c */
int bindery_cmd_mark(struct bindery_ucmd *ucmd);

/* release.c: RELEASE, on a claim and by RECOVER */
struct bindery_releasing {
	u32 flags;
	u32 deadline_ms;
	u64 generation;
	bool only_closed;		/* not if a file of it is open */
};

int bindery_claim_release(struct bindery_ucmd *ucmd,
			  struct bindery_claim *claim,
			  const struct bindery_releasing *how,
			  struct bindery_plan **plan);
int bindery_cmd_release(struct bindery_ucmd *ucmd);

/* recover.c: RECOVER, and a claim's own repair */
int bindery_claim_choose(struct bindery_ucmd *ucmd, const u8 *id, u64 device,
			 u32 device_size, struct bindery_claim **claim);
int bindery_cmd_recover(struct bindery_ucmd *ucmd);
void bindery_group_repair(struct bindery_group *group, bool asked);
void bindery_repair_work(struct work_struct *work);

/* assignment.c: the table */
int bindery_assignment_next(struct bindery_assigned *assigned, u32 event);
bool bindery_assignment_begin(struct bindery_assigned *assigned);

/* group.c: the table of groups, their states */
extern struct xarray bindery_groups;
extern wait_queue_head_t bindery_wait;
struct bindery_group *bindery_group_new(struct iommu_group *iommu_group);
void bindery_group_get(struct bindery_group *group);
void bindery_group_put(struct bindery_group *group);
struct bindery_group *bindery_group_find(int id);
void bindery_group_set_state(struct bindery_group *group,
			     enum bindery_group_state state);
u64 bindery_newest_generation(void);
void bindery_group_changed(struct bindery_group *group);
void bindery_member_changed(struct bindery_member *member);
void bindery_member_assign(struct bindery_member *member);
bool bindery_group_all_removed(struct bindery_group *group);
bool bindery_group_is_whole(struct bindery_group *group);
struct bindery_claim *bindery_group_holder(struct bindery_group *group);
void bindery_group_settle(struct bindery_group *group,
			  struct list_head *members);
void bindery_group_publish(struct bindery_group *group,
			   struct bindery_member *member);
void bindery_group_untrack(struct bindery_group *group,
			   struct list_head *members);
void bindery_group_forget(struct bindery_group *group,
			  struct list_head *members);
struct bindery_member *bindery_group_next(struct bindery_group *group,
					  struct bindery_member *member,
					  bool backwards);

#define bindery_group_walk(member, group, backwards)			\
	for (member = bindery_group_next(group, NULL, backwards); member; \
	     member = bindery_group_next(group, member, backwards))

/* By who keeps the group from being freed; newcomers may join meanwhile. */
#define bindery_group_each(member, group)				\
	bindery_group_walk(member, group, false)

/* reserve.c: who gets which groups */
void bindery_groups_repair(const struct bindery_plan *plan);
int bindery_groups_look(struct bindery_plan *plan,
			struct bindery_request *request,
			struct bindery_failure *failure);
void bindery_groups_note(const struct bindery_plan *plan,
			 struct bindery_claim *claim);
int bindery_groups_reserve(struct bindery_plan *plan,
			   struct bindery_claim *claim, bool only,
			   struct bindery_failure *failure);
int bindery_groups_reserve_again(struct bindery_claim *claim,
				 struct bindery_txn *txn,
				 struct bindery_failure *failure);

/* fence.c: who owns a group's DMA */
bool bindery_group_has_user(struct bindery_group *group);
int bindery_group_fence(struct bindery_group *group, unsigned long deadline,
			bool draining);
bool bindery_group_is_due(struct bindery_group *group);
int bindery_group_seal_off(struct bindery_group *group);
void bindery_group_unfence(struct bindery_group *group);
int bindery_group_try(struct bindery_group *group, unsigned long deadline);
void bindery_group_drop_fence(struct bindery_group *group);
void bindery_group_await_touch(struct bindery_group *group);

/* member.c */
struct bindery_ioc_bdf bindery_pci_address(const struct pci_dev *pdev);
struct bindery_member *bindery_member_new(struct device *dev, gfp_t gfp);
void bindery_member_get(struct bindery_member *member);
void bindery_member_put(struct bindery_member *member);
bool bindery_member_before(const struct bindery_member *a,
			   const struct bindery_member *b);
bool bindery_member_is_bridge(const struct bindery_member *member);
bool bindery_member_removed(struct bindery_member *member);
bool bindery_member_goes(struct bindery_member *member, int ret);
int bindery_device_lock(struct device *dev, unsigned long deadline);
int bindery_device_look(struct device *dev, unsigned long deadline);
bool bindery_device_has_vfio(struct device *dev);
bool bindery_device_is_open(struct device *dev);
int bindery_member_snapshot(struct bindery_member *member,
			    unsigned long deadline);
int bindery_member_park(struct bindery_member *member, unsigned long deadline);
int bindery_member_unbind(struct bindery_member *member);
int bindery_member_bind(struct bindery_member *member);
int bindery_member_verify(struct bindery_member *member,
			  unsigned long deadline);
int bindery_member_swap_override(struct bindery_member *member, const char *to,
				 gfp_t gfp);
int bindery_member_assert_override(struct bindery_member *member,
				   const char *name, gfp_t gfp);
void bindery_member_capture(struct bindery_member *member, const char *to);
bool bindery_member_override_is_ours(struct bindery_member *member);
int bindery_member_repair(struct bindery_member *member);
bool bindery_device_is_on(struct device *dev, const char *name);
bool bindery_member_has_driver(struct bindery_member *member);

/* batch.c: callbacks of drivers, side by side */
struct bindery_run {
	struct bindery_batch *batch;
	u32 step;
	int (*call)(struct bindery_member *member);
	bool serial;
	bool stop_at_failure;
	unsigned int chains;
	unsigned int cut;
	struct bindery_member *first;		/* of the first chain */
	struct bindery_member *newest;		/* first of the last chain */
	struct bindery_member *last;		/* of that */
};

struct bindery_batch *bindery_batch_new(void);
void bindery_batch_put(struct bindery_batch *batch);
bool bindery_run_add(struct bindery_run *run, struct bindery_member *member);
bool bindery_run_wait(struct bindery_run *run, unsigned long deadline);
bool bindery_stuck_too_many(void);
bool bindery_member_busy(struct bindery_member *member);
void bindery_member_work(struct work_struct *work);

/* restore.c */
int bindery_member_aim(struct bindery_member *member);
int bindery_member_unbind_target(struct bindery_member *member);
int bindery_member_restore(struct bindery_member *member);

/* target.c */
struct bindery_target *bindery_target_new(const char *name, const char *module);
void bindery_target_get(struct bindery_target *target);
void bindery_target_put(struct bindery_target *target);
u32 bindery_target_blocker(const char *name, struct pci_dev *pdev);
bool bindery_device_is_ordinary(struct device *dev);
struct device_driver *bindery_driver_get(const char *name);
void bindery_driver_put(struct device_driver *drv);
int bindery_target_pin(struct bindery_target *target, bool load);

/* plan.c */
int bindery_plan_resolve(struct bindery_plan **plan,
			 struct bindery_plan *groups_of,
			 const struct bindery_request *request,
			 struct bindery_failure *failure);
int bindery_plan_of_device(struct bindery_plan **plan,
			   const struct bindery_ioc_device *device,
			   struct bindery_failure *failure);
struct bindery_plan *bindery_plan_of_groups(struct bindery_plan *from);
void bindery_plan_join(struct bindery_plan *plan, unsigned int index,
		       struct bindery_group *group);
struct bindery_member *bindery_plan_member(struct bindery_plan *plan,
					   const struct device *dev);
int bindery_group_check_members(struct bindery_group *group);
u32 bindery_plan_count(const struct bindery_plan *plan,
		       const struct bindery_group *group);
void bindery_plan_get(struct bindery_plan *plan);
void bindery_plan_put(struct bindery_plan *plan);

/* validate.c */
int bindery_validate(struct bindery_plan *plan,
		     const struct bindery_request *request,
		     unsigned long deadline, struct bindery_failure *failure);
int bindery_validate_adopt(struct bindery_plan *plan,
			   const struct bindery_request *request,
			   unsigned long deadline,
			   struct bindery_failure *failure);

/* txn.c */
struct bindery_txn *bindery_txn_new(struct bindery_claim *claim,
				    unsigned long deadline);
void bindery_txn_get(struct bindery_txn *txn);
void bindery_txn_put(struct bindery_txn *txn);
void bindery_txn_start(struct bindery_txn *txn);
bool bindery_txn_owns(const struct bindery_txn *txn,
		      const struct bindery_member *member);
int bindery_txn_fail_late(struct bindery_txn *txn,
			  struct bindery_member *member);

/* move.c */
int bindery_txn_move(struct bindery_txn *txn);

/* acquire.c */
int bindery_cmd_acquire(struct bindery_ucmd *ucmd);
int bindery_cmd_check(struct bindery_ucmd *ucmd);
int bindery_cmd_adopt(struct bindery_ucmd *ucmd);
int bindery_cmd_bind(struct bindery_ucmd *ucmd);

/* adopt.c */
int bindery_adopt_prepare(struct bindery_txn *txn);
void bindery_adopt_native(struct bindery_member *member);
struct bindery_claim *bindery_adopt_kept(struct bindery_plan *plan);

/* drain.c */
void bindery_group_roll_back(struct bindery_group *group,
			     struct bindery_claim *claim, unsigned int ms);
void bindery_group_drain(struct bindery_group *group);
bool bindery_group_needs_fence(struct bindery_group *group);
unsigned int bindery_group_patience(const struct bindery_group *group);
void bindery_drain_work(struct work_struct *work);
void bindery_group_closed(struct bindery_group *group);

/* seal.c: members on bindery_vfio.ko */
bool bindery_member_is_sealed(const struct bindery_member *member);
bool bindery_member_is_open(struct bindery_member *member);
bool bindery_group_is_sealed(struct bindery_group *group);
bool bindery_group_is_open(const struct bindery_group *group);
void bindery_group_update_gate(struct bindery_group *group);
u64 bindery_seal_closes(void);
u32 bindery_seal_blocker(struct pci_dev *pdev);
void bindery_seal_report(struct bindery_ioc_member *out,
			 const struct bindery_member *member);

/* event.c: what happens, under the state lock unless it says otherwise */
int bindery_event_init(void);
void bindery_event_exit(void);
void bindery_event_txn_begin(struct bindery_txn *txn);	/* takes it */
void bindery_event_step(const struct bindery_member *member, u32 step,
			int result, u64 begun_ns);
void bindery_event_commit(const struct bindery_txn *txn);
void bindery_event_rollback(const struct bindery_txn *txn);
void bindery_event_claim(struct bindery_claim *claim, u32 type);
void bindery_event_delegation(const struct bindery_delegation *delegation,
			      u32 type);
void bindery_event_group(struct bindery_group *group, u32 from);
void bindery_event_deferred(struct bindery_group *group, bool user);
void bindery_event_hotplug(const struct bindery_member *member, u32 type);
void bindery_event_lost(const struct bindery_member *member);
void bindery_event_marked(const struct bindery_member *member, int mark,
			  u32 before);
void bindery_event_tamper(const struct bindery_member *member, u32 what,
			  const char *now);
void bindery_event_stuck(const struct bindery_member *member);
void bindery_event_late(const struct bindery_member *member);
void bindery_event_vfio(const struct bindery_member *member, u32 type, int err,
			u32 files);

/* netlink.c */
int bindery_netlink_init(void);
void bindery_netlink_exit(void);

/* watch.c */
int bindery_watch_init(void);
void bindery_watch_exit(void);
bool bindery_has_leaver(int group);
void bindery_note_arrival(struct device *dev);
void bindery_forget_arrival(struct device *dev);
bool bindery_is_arrival(struct device *dev);

/*
 * The state lock: the lock of the table of groups, for all that is marked so
 * above.
 */
static inline void bindery_state_lock(void)
{
	xa_lock(&bindery_groups);
	__release(&bindery_groups.xa_lock);	/* sparse knows no guards */
}

static inline void bindery_state_unlock(void)
{
	__acquire(&bindery_groups.xa_lock);
	xa_unlock(&bindery_groups);
}

#define bindery_state_assert()	lockdep_assert_held(&bindery_groups.xa_lock)

DEFINE_LOCK_GUARD_0(bindery_state, bindery_state_lock(), bindery_state_unlock())

static inline u32 bindery_list_count(const struct list_head *list)
{
	const struct list_head *at;
	u32 count = 0;

	list_for_each(at, list)
		count++;
	return count;
}

/* Jiffies until the deadline, at least 0. */
static inline long bindery_remaining(unsigned long deadline)
{
	return max_t(long, (long)(deadline - jiffies), 0);
}

#define BINDERY_LOOK_MS	250

/* How long a look at a device waits for its lock. */
static inline unsigned long bindery_look_deadline(void)
{
	return jiffies + msecs_to_jiffies(BINDERY_LOOK_MS);
}

/*
 * Wait, killable and freezable, until the condition holds: above 0; 0 when the
 * deadline passed; negative when killed.
 */
#define bindery_wait_until(condition, deadline)				\
	___wait_event(bindery_wait, ___wait_cond_timeout(condition),	\
		      (TASK_KILLABLE | TASK_FREEZABLE), 0,		\
		      bindery_remaining(deadline),			\
		      __ret = schedule_timeout(__ret))

#endif
