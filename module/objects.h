/* SPDX-License-Identifier: GPL-2.0-only */
/* What there is, and what protects each field of it; see DESIGN.md. */
#ifndef BINDERY_OBJECTS_H
#define BINDERY_OBJECTS_H

#include <linux/bits.h>
#include <linux/device.h>
#include <linux/fs.h>
#include <linux/iommu.h>
#include <linux/kcov.h>
#include <linux/kref.h>
#include <linux/list.h>
#include <linux/pci.h>
#include <linux/uuid.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

#include <linux/bindery.h>
#include <linux/bindery_netlink.h>

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
	bool has_iommu;			/* of a plan: when it was made */

	bool validating;		/* others wait for what follows */
	/* set once by validation */
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
	bool listed;			/* in its group's list */
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
	bool repaired;			/* by itself: once is enough */
	bool automatic;			/* its last repair, done or not */
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
	struct bindery_target *target;	/* of newcomers that it is for */

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
	bool looked;			/* a RELEASE saw no user; state lock */
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

#endif
