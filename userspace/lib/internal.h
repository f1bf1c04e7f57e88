/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef BINDERY_INTERNAL_H
#define BINDERY_INTERNAL_H

#include <stdio.h>

#include "bindery.h"

#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))

struct bindery_error_record {
	struct bindery_ioc_error raw;
};

struct bindery_context {
	int fd;
	struct bindery_error_record error;
};

struct bindery_member {
	struct bindery_ioc_member raw;
};

struct bindery_members {
	size_t count;
	uint32_t room;
	bool complete;
	struct bindery_member entries[];
};

struct bindery_request {
	struct bindery_ioc_acquire raw;
	struct bindery_ioc_device *devices;
	struct bindery_ioc_native *natives;	/* one for each device */
	size_t num_devices;
	size_t room;
};

struct bindery_claim {
	int fd;
	struct bindery_id id;
	struct bindery_error_record error;
};

struct bindery_group {
	struct bindery_ioc_show raw;
	struct bindery_members *members;
	uint32_t num_members;
	struct bindery_id delegation_id;	/* of a dump */
};

struct bindery_status {
	struct bindery_ioc_status raw;
	struct bindery_members *members;
	uint32_t *groups;		/* of a dump, as the next two */
	size_t groups_count;
	struct bindery_id delegation_id;
};

struct bindery_host {
	int root;
	bool live;	/* this machine: the kernel can be asked about it */
};

/* ioctl.c: the only caller of ioctl(2) */
int bindery_ioctl(int fd, unsigned long number, void *argument);

/* error.c */
uint64_t bindery_error_record_prepare(struct bindery_error_record *record);
int bindery_error_record_finish(struct bindery_error_record *record, int ret);
int bindery_error_record_fail(struct bindery_error_record *record, int error);

/* bdf.c */
#define SLOT_MAX	0x1f
#define FUNCTION_MAX	7

int bindery_hex_parse(const char **text, int min, int max, uint32_t *value);
struct bindery_ioc_bdf bindery_bdf_to_uapi(const struct bindery_bdf *bdf);
struct bindery_bdf bindery_bdf_from_uapi(const struct bindery_ioc_bdf *raw);

/* id.c */
struct bindery_id bindery_id_from_uapi(const uint8_t raw[BINDERY_ID_SIZE]);
void bindery_id_to_uapi(const struct bindery_id *id,
			uint8_t raw[BINDERY_ID_SIZE]);

/* reference.c */
int bindery_reference_to_uapi(const struct bindery_reference *reference,
			      struct bindery_ioc_device *raw);
struct bindery_reference
bindery_reference_from_uapi(const struct bindery_ioc_device *raw);

/* members.c */
#define MEMBERS_ROOM	256
/* For calls that cannot be asked twice for the same members. */
#define MEMBERS_ONCE	1024

/* What tells of no members: an entry of a dump. */
extern struct bindery_members bindery_members_none;

struct bindery_members *bindery_members_new(uint32_t room);
void bindery_members_set_count(struct bindery_members *members,
			       uint32_t count, int ret);
bool bindery_members_must_grow(struct bindery_members **members,
			       uint32_t count, unsigned int attempt);
void bindery_members_give(struct bindery_members *members,
			  struct bindery_members **out);

/* device.c */
typedef bool (*device_wanted)(const struct bindery_device *device,
			      void *argument);

void bindery_devices_keep(struct bindery_devices *devices, device_wanted wanted,
			  void *argument);
bool device_read_path(int devices, const char *name,
		      const struct bindery_bdf *bdf, struct bindery_path *path);

/* function-node.c */
bool device_node_find(const struct bindery_host *host, int dir,
		      uint32_t class_code, char *node, size_t size);

/* variant.c */
bool driver_is_same(const char *a, const char *b);

/* path.c */
int bindery_path_from_link(const char *target, struct bindery_path *path);

/* request.c */
void bindery_string_encode(char *field, size_t size, const char *text);
void bindery_request_encode(const struct bindery_request *request,
			    struct bindery_ioc_acquire *ioc);

/* operate.c: by its id, or by a device of it */
int bindery_name_claim(const struct bindery_id *id,
		       const struct bindery_reference *device,
		       struct bindery_ioc_device *raw,
		       uint8_t raw_id[BINDERY_ID_SIZE], __u64 *pointer,
		       __u32 *size);

/* status.c */
int bindery_status_ask(struct bindery_claim *claim,
		       struct bindery_ioc_status *ioc,
		       struct bindery_members **members);

/* sysfs.c: the only reader of sysfs and /proc */
typedef int (*sysfs_visit)(int dir, const char *name, void *argument);
typedef int (*sysfs_line)(char *line, void *argument);

void sysfs_shortage_clear(void);
int sysfs_shortage(void);
int sysfs_open(int dir, const char *path);
int sysfs_read(int dir, const char *path, char *text, size_t size);
int sysfs_read_number(int dir, const char *path, unsigned long *number);
int sysfs_read_target(int dir, const char *path, char *text, size_t size);
int sysfs_read_name(int dir, const char *path, char *text, size_t size);
bool sysfs_has(int dir, const char *path);
ssize_t sysfs_read_bytes(int dir, const char *path, void *bytes, size_t size);
int sysfs_open_below(int dir, const char *name);
int sysfs_node(int root, const char *path, bool *is_block, unsigned int *major,
	       unsigned int *minor);
void sysfs_close(int dir);
int sysfs_each(int dir, const char *path, sysfs_visit visit, void *argument);
bool sysfs_has_entries(int dir, const char *path);
int sysfs_each_line(int dir, const char *path, sysfs_line line, void *argument);
int sysfs_stream(int dir, const char *path, FILE **file);
int sysfs_open_file(int dir, const char *path, int flags);
int sysfs_write(int dir, const char *path, const char *text);

/* users.c: processes that have device nodes open */
#define NODE_SIZE 64

struct node {
	char path[NODE_SIZE];
	bool is_block;
	unsigned int major;	/* 0: not known, the path has to do */
	unsigned int minor;
};

struct bindery_user {
	pid_t pid;
	size_t node;		/* the first found of its nodes */
	char comm[BINDERY_COMM_SIZE];
};

int bindery_users_find_nodes(const struct bindery_host *host,
			     const struct node *nodes, size_t count,
			     struct bindery_users **users);

/* guard.c, and guard-*.c for each kind of device */
struct hunt {
	const struct bindery_host *host;
	struct bindery_guards *guards;
	struct bindery_bdf bdf;
	struct libmnt_table *mounts;
	struct libmnt_table *swaps;
	struct nl_cache *addresses;	/* NULL: of a machine that is not this */
	struct nl_cache *routes;
	const char *block;	/* name of the block device looked at */
	dev_t number;
	int depth;
	struct opening *openings;
	size_t num_openings;
};

/* A node of a device, that nobody should have open. */
struct opening {
	struct bindery_bdf bdf;
	struct node node;
};

int guard_add(struct hunt *hunt, enum bindery_guard_kind kind,
	      const char *format, ...) __attribute__((format(printf, 3, 4)));
bool guard_was_added(const struct hunt *hunt, size_t before);
int guard_block_prepare(struct hunt *hunt);
void guard_block_finish(struct hunt *hunt);
int guard_block_use(struct hunt *hunt, int dir, const char *name);
int guard_net_prepare(struct hunt *hunt);
void guard_net_finish(struct hunt *hunt);
int guard_net_use(struct hunt *hunt, int dir, const char *name);
int guard_display_use(struct hunt *hunt, int dir);
int guard_open_note(struct hunt *hunt, int dir, const char *subsystem);
int guard_open_find(struct hunt *hunt);

#endif
