/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BINDERY_PRIVATE_H
#define BINDERY_PRIVATE_H

#include <linux/bits.h>
#include <linux/cleanup.h>
#include <linux/completion.h>
#include <linux/device.h>
#include <linux/fs.h>
#include <linux/iommu.h>
#include <linux/kref.h>
#include <linux/list.h>
#include <linux/pci.h>
#include <linux/spinlock.h>
#include <linux/uuid.h>
#include <linux/wait.h>
#include <linux/workqueue.h>
#include <linux/xarray.h>

#include <linux/bindery.h>

/*
 * Lock order, outer to inner: a group's busy states (BINDING, RESTORING; a
 * flag and a wait queue, no lock) -> device_lock of one device -> the IOMMU
 * group's own mutex. The state lock is a leaf, taken under any of them and
 * under the bus notifier's rwsem. No two device_locks are ever held at once;
 * nothing is held over request_module(), bind and unbind. The whole story,
 * with the races and what stops each, is in DESIGN.md.
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

/* How a member's restore ended. */
enum bindery_restored {
	BINDERY_RESTORED,
	BINDERY_RESTORED_FOREIGN,	/* somebody's driver or override: left */
	BINDERY_RESTORED_USER,		/* a VFIO user has the group: again */
	BINDERY_RESTORED_DEFERRED,	/* its probe is deferred */
	BINDERY_RESTORED_NO_DRIVER,	/* its driver's module is gone */
	BINDERY_RESTORED_FAILED,
};

struct bindery_member {
	struct kref ref;
	struct device *dev;
	struct pci_dev *pdev;		/* NULL: no PCI device */
	struct bindery_ioc_bdf bdf;	/* as it was: its bus may be gone */
	struct bindery_group *group;	/* not counted: it outlives us there */
	struct list_head node;		/* in a group's or a plan's list */

	/* set once by validation, which may run while others look */
	u32 role;
	u32 action;
	u32 blocker;
	bool target_absent;
	int entry;			/* its place in the request, or -1 */
	bool vfio;			/* was on a VFIO driver before */
	bool managed;			/* was on a driver_managed_dma driver */
	struct bindery_target *target;
	struct bindery_native native;

	/* by whoever has the group busy */
	unsigned long did;
	const char *our_override;	/* what DID_OVERRIDE left there */
	enum bindery_restored restored;
	int error;			/* of its restore */

	/* state lock */
	bool removed;
	bool bound;			/* to any driver, since last cleared */

	struct work_struct callback;
	struct completion called;
	int result;
	int (*call)(struct bindery_member *member);
};

struct bindery_group {
	struct kref ref;
	struct iommu_group *iommu_group;
	int id;

	/* state lock */
	enum bindery_group_state state;
	struct bindery_claim *claim;	/* owns it while HELD */
	struct bindery_claim *ending;	/* waits for its restore */
	struct list_head members;	/* changed only by who has it busy */
	bool departed;			/* a device went since BINDING */

	unsigned long fenced;		/* bit 0: we own its DMA */
	unsigned int backoff_ms;
	struct delayed_work drain;
};

/* Members of some groups, all referenced, in the order of their addresses. */
struct bindery_plan {
	unsigned int num_groups;
	unsigned int num_members;
	struct bindery_group **groups;
	struct bindery_member **members;
};

struct bindery_request {
	u32 flags;
	unsigned int num_devices;
	struct bindery_ioc_device *devices;
	char target[BINDERY_NAME_SIZE];
	char module[BINDERY_NAME_SIZE];
	char label[BINDERY_LABEL_SIZE];
};

struct bindery_claim {
	struct kref ref;
	uuid_t id;
	struct pid *holder;
	char comm[BINDERY_COMM_SIZE];
	char label[BINDERY_LABEL_SIZE];
	struct bindery_plan plan;	/* fixed once it is live */

	/* state lock */
	bool live;
	bool releasing;			/* a RELEASE is looking for users */
	unsigned int restoring;		/* groups not restored yet */
};

struct bindery_txn {
	struct kref ref;
	struct work_struct work;
	struct bindery_request *request;
	struct bindery_plan plan;
	struct bindery_claim *claim;
	struct bindery_failure failure;
	unsigned long deadline;		/* jiffies */

	/* state lock */
	bool abort;
	bool done;
	bool committed;
	struct bindery_member *at;	/* works on it, in a step */
	u32 step;
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
	struct bindery_failure failure;
};

#define BINDERY_PARKED	"bindery-parked"

/* main.c */
extern struct workqueue_struct *bindery_txn_wq;
extern struct workqueue_struct *bindery_callback_wq;

/* ioctl.c */
extern const struct file_operations bindery_fops_control;
extern const struct file_operations bindery_fops_claim;
int bindery_ucmd_respond(struct bindery_ucmd *ucmd);

/* control.c: INFO, SHOW and the rights of a control file */
int bindery_fops_control_open(struct inode *inode, struct file *file);
int bindery_control_check(struct bindery_ucmd *ucmd);
int bindery_cmd_info(struct bindery_ucmd *ucmd);
int bindery_cmd_show(struct bindery_ucmd *ucmd);

/* request.c */
int bindery_device_read(struct bindery_ioc_device *device, u64 user, u32 size,
			struct bindery_failure *failure);
struct bindery_request *bindery_request_read(struct bindery_ioc_acquire *cmd,
					     struct bindery_failure *failure);
void bindery_request_free(struct bindery_request *request);
int bindery_deadline(u32 deadline_ms, unsigned long *deadline,
		     struct bindery_failure *failure);
int bindery_flags_check(u32 flags, u32 known, struct bindery_failure *failure);

/* error.c */
int bindery_fail(struct bindery_failure *failure, u32 code, u32 step, int err);
int bindery_fail_member(struct bindery_failure *failure, u32 code, u32 step,
			int err, const struct bindery_member *member);
void bindery_failure_driver(struct bindery_failure *failure, const char *name);
void bindery_failure_holder(struct bindery_failure *failure,
			    const struct bindery_claim *claim);
void bindery_failure_move(struct bindery_failure *to,
			  struct bindery_failure *from);
int bindery_failure_check(u64 user);
int bindery_failure_write(struct bindery_failure *failure, u64 user);
void bindery_failure_clear(struct bindery_failure *failure);

/* report.c: members as the caller sees them */
int bindery_room_check(struct bindery_room *room,
		       struct bindery_failure *failure);
int bindery_members_write(struct bindery_member **members, unsigned int num,
			  const struct bindery_room *room);

/* claim.c */
struct bindery_claim *bindery_claim_new(const char *label);
void bindery_claim_get(struct bindery_claim *claim);
void bindery_claim_put(struct bindery_claim *claim);
struct file *bindery_claim_file(struct bindery_claim *claim);
void bindery_claim_end(struct bindery_claim *claim);
void bindery_claim_group_done(struct bindery_claim *claim);
long bindery_claim_wait(struct bindery_claim *claim, unsigned long deadline);
int bindery_fops_claim_release(struct inode *inode, struct file *file);
int bindery_cmd_status(struct bindery_ucmd *ucmd);
int bindery_cmd_release(struct bindery_ucmd *ucmd);

/* group.c */
extern struct xarray bindery_groups;
extern wait_queue_head_t bindery_wait;
struct bindery_group *bindery_group_new(struct iommu_group *iommu_group);
void bindery_group_get(struct bindery_group *group);
void bindery_group_put(struct bindery_group *group);
struct bindery_group *bindery_group_find(int id);
void bindery_group_set_state(struct bindery_group *group,
			     enum bindery_group_state state);
void bindery_groups_repair(const struct bindery_plan *plan);
int bindery_groups_look(const struct bindery_plan *plan,
			struct bindery_failure *failure);
int bindery_groups_reserve(const struct bindery_plan *plan,
			   struct bindery_failure *failure);
bool bindery_group_publish(struct bindery_group *group,
			   struct bindery_plan *plan);
void bindery_group_free(struct bindery_group *group);
bool bindery_group_has_user(struct bindery_group *group);
int bindery_group_fence(struct bindery_group *group, unsigned long deadline);
void bindery_group_unfence(struct bindery_group *group);

/* member.c */
struct bindery_member *bindery_member_new(struct device *dev);
void bindery_member_get(struct bindery_member *member);
void bindery_member_put(struct bindery_member *member);
bool bindery_member_before(const struct bindery_member *a,
			   const struct bindery_member *b);
bool bindery_member_is_bridge(const struct bindery_member *member);
bool bindery_member_removed(struct bindery_member *member);
int bindery_device_lock(struct device *dev, unsigned long deadline);
bool bindery_device_has_vfio(struct device *dev);
int bindery_member_snapshot(struct bindery_member *member,
			    unsigned long deadline);
int bindery_member_park(struct bindery_member *member, unsigned long deadline);
int bindery_member_unbind(struct bindery_member *member);
int bindery_member_bind(struct bindery_member *member);
int bindery_member_verify(struct bindery_member *member,
			  unsigned long deadline);
int bindery_member_swap_override(struct bindery_member *member, const char *to,
				 gfp_t gfp);
bool bindery_device_is_on(struct device *dev, const char *name);
bool bindery_member_has_driver(struct bindery_member *member);
int bindery_member_call(struct bindery_member *member, u32 step,
			int (*call)(struct bindery_member *member));

/* restore.c */
int bindery_member_aim(struct bindery_member *member);
int bindery_member_unbind_target(struct bindery_member *member);
int bindery_member_restore(struct bindery_member *member);

/* target.c */
struct bindery_target *bindery_target_new(const char *name, const char *module);
void bindery_target_put(struct bindery_target *target);
u32 bindery_target_blocker(const char *name, struct pci_dev *pdev);
bool bindery_device_is_ordinary(struct device *dev);
struct device_driver *bindery_driver_get(const char *name);
void bindery_driver_put(struct device_driver *drv);
int bindery_target_pin(struct bindery_target *target);

/* plan.c */
int bindery_plan_resolve(struct bindery_plan *plan,
			 const struct bindery_request *request,
			 struct bindery_failure *failure);
int bindery_plan_of_device(struct bindery_plan *plan,
			   const struct bindery_ioc_device *device,
			   struct bindery_failure *failure);
bool bindery_plan_same_members(struct bindery_plan *plan);
void bindery_plan_free(struct bindery_plan *plan);

/* validate.c */
int bindery_validate(struct bindery_plan *plan,
		     const struct bindery_request *request,
		     unsigned long deadline, struct bindery_failure *failure);

/* txn.c */
struct bindery_txn *bindery_txn_new(struct bindery_request *request,
				    unsigned long deadline);
void bindery_txn_put(struct bindery_txn *txn);
void bindery_txn_start(struct bindery_txn *txn);

/* acquire.c */
int bindery_cmd_acquire(struct bindery_ucmd *ucmd);
int bindery_cmd_check(struct bindery_ucmd *ucmd);

/* drain.c */
bool bindery_group_undo(struct bindery_group *group);
void bindery_group_drain(struct bindery_group *group);
bool bindery_group_needs_fence(struct bindery_group *group);
void bindery_drain_work(struct work_struct *work);

/* watch.c */
int bindery_watch_init(void);
void bindery_watch_exit(void);

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

/* Jiffies until the deadline, at least 0. */
static inline long bindery_remaining(unsigned long deadline)
{
	return max_t(long, (long)(deadline - jiffies), 0);
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
