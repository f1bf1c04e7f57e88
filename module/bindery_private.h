/* SPDX-License-Identifier: GPL-2.0-only */
/* What the files of the module call of each other, by file. */
#ifndef BINDERY_PRIVATE_H
#define BINDERY_PRIVATE_H

#include <linux/poll.h>
#include <linux/seq_file.h>

#include "lock.h"
#include "objects.h"

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
bool bindery_member_validated(const struct bindery_member *member);
void bindery_member_await(struct bindery_member *member, unsigned long deadline);
void bindery_member_report(struct bindery_ioc_member *out,
			   struct bindery_member *member,
			   unsigned long deadline);

/* How a claim is to be released. */
struct bindery_releasing {
	u32 flags;
	u32 deadline_ms;
	u64 generation;
	bool only_closed;		/* not if a file of it is open */
};

/* claim.c: a claim's life */
struct bindery_claim *bindery_claim_new(struct bindery_request *request,
					unsigned int deadline_ms);
void bindery_claim_get(struct bindery_claim *claim);
void bindery_claim_put(struct bindery_claim *claim);
void bindery_claim_publish(struct bindery_claim *claim,
			   struct bindery_plan *plan);
struct bindery_plan *bindery_claim_plan(struct bindery_claim *claim);
void bindery_claim_end(struct bindery_claim *claim);
int bindery_claim_end_told(struct bindery_claim *claim,
			   const struct bindery_releasing *how, u64 newest,
			   bool in_use);
void bindery_claims_end(const struct bindery_delegation *delegation);
void bindery_claim_end_locked(struct bindery_claim *claim,
			      struct list_head *members);
void bindery_claim_stop_keeping(struct bindery_claim *claim);
void bindery_claim_await_restore(struct bindery_claim *claim);
void bindery_claim_drop_holds(struct bindery_claim *claim,
			      struct list_head *members, bool wait);
void bindery_claim_group_done(struct bindery_claim *claim);
bool bindery_claim_open(struct bindery_claim *claim);
void bindery_claim_close(struct bindery_claim *claim);
bool bindery_claim_is_over(struct bindery_claim *claim);
bool bindery_claim_is_deferred(struct bindery_claim *claim);
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
void bindery_group_repair_wanted(struct bindery_group *group);
void bindery_repair_work(struct work_struct *work);
void bindery_member_not_repaired(struct bindery_member *member);

/* assignment.c: the table */
int bindery_assignment_next(struct bindery_assigned *assigned, u32 event);
bool bindery_assignment_begin(struct bindery_assigned *assigned);

/* group.c: the table of groups, their states */
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
bool bindery_group_is_busy(struct bindery_group *group);
struct bindery_member *bindery_group_next_reserved(struct bindery_group *group,
						   unsigned int *at);
bool bindery_group_is_deserted(struct bindery_group *group);
bool bindery_group_is_alone_with(struct bindery_group *group,
				 const struct bindery_claim *claim);
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
int bindery_group_seal_off(struct bindery_group *group, bool force);
bool bindery_group_has_open_device(struct bindery_group *group);
void bindery_group_unfence(struct bindery_group *group);
int bindery_group_try(struct bindery_group *group, unsigned long deadline);
void bindery_group_drop_fence(struct bindery_group *group);
void bindery_group_await_touch(struct bindery_group *group);

/* member.c */
struct bindery_ioc_bdf bindery_pci_address(const struct pci_dev *pdev);

static inline bool bindery_pci_is_vf(const struct pci_dev *pdev)
{
	/* set before others see the device; bits beside it change at any time */
	return data_race(!!pdev->is_virtfn);
}

static inline int bindery_pci_num_vf(struct pci_dev *pdev)
{
	/* as above, of is_physfn; the number only changes under the lock */
	return data_race(pci_num_vf(pdev));
}

struct bindery_member *bindery_member_new(struct device *dev, gfp_t gfp);
void bindery_member_get(struct bindery_member *member);
void bindery_member_put(struct bindery_member *member);

DEFINE_FREE(bindery_member, struct bindery_member *, bindery_member_put(_T))

/* Each with a reference for its turn. */
#define bindery_group_walk(member, group, backwards)			\
	for (__auto_type member __free(bindery_member) =		\
		     bindery_group_next(group, NULL, backwards);	\
	     member; member = bindery_group_next(group, member, backwards))

/* Newcomers may join meanwhile, and all may go: then that was the last. */
#define bindery_group_each(member, group)				\
	bindery_group_walk(member, group, false)

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
bool bindery_member_is_parked(const struct bindery_member *member);
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
bool bindery_member_overdue(struct bindery_member *member);
bool bindery_member_given_up(struct bindery_member *member);
void bindery_member_work(struct work_struct *work);

/* restore.c */
int bindery_member_aim(struct bindery_member *member);
void bindery_member_leave(struct bindery_member *member, unsigned long deadline);
int bindery_member_unbind_target(struct bindery_member *member);
int bindery_member_restore(struct bindery_member *member);

/* target.c */
struct bindery_target *bindery_target_new(const char *name, const char *module);
void bindery_target_get(struct bindery_target *target);
void bindery_target_put(struct bindery_target *target);
u32 bindery_target_blocker(const char *name, struct pci_dev *pdev);
bool bindery_device_is_ordinary(struct device *dev);
bool bindery_device_is_vf_of_vfio(struct device *dev);
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
bool bindery_target_is_sealed(const struct bindery_target *target);
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
bool bindery_device_leaves(struct device *dev);
struct iommu_group *bindery_device_group(struct device *dev);
bool bindery_device_is_gone(struct device *dev);
void bindery_note_arrival(struct device *dev);
void bindery_forget_arrival(struct device *dev);
bool bindery_is_arrival(struct device *dev);

static inline u32 bindery_list_count(const struct list_head *list)
{
	const struct list_head *at;
	u32 count = 0;

	list_for_each(at, list)
		count++;
	return count;
}

#endif
