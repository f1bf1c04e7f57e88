/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef BINDERY_INTERNAL_H
#define BINDERY_INTERNAL_H

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

struct bindery_host {
	int root;
};

/* ioctl.c: the only caller of ioctl(2) */
int bindery_ioctl(int fd, unsigned long number, void *argument);

/* error.c */
uint64_t bindery_error_record_prepare(struct bindery_error_record *record);
int bindery_error_record_finish(struct bindery_error_record *record, int ret);

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

struct bindery_members *bindery_members_new(uint32_t room);
void bindery_members_set_count(struct bindery_members *members,
			       uint32_t count, int ret);
bool bindery_members_must_grow(struct bindery_members **members,
			       uint32_t count, unsigned int attempt);
void bindery_members_give(struct bindery_members *members,
			  struct bindery_members **out);

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

int sysfs_open(int dir, const char *path);
int sysfs_read(int dir, const char *path, char *text, size_t size);
int sysfs_read_number(int dir, const char *path, unsigned long *number);
int sysfs_read_target(int dir, const char *path, char *text, size_t size);
int sysfs_read_name(int dir, const char *path, char *text, size_t size);
bool sysfs_has(int dir, const char *path);
int sysfs_each(int dir, const char *path, sysfs_visit visit, void *argument);
int sysfs_each_line(int dir, const char *path, sysfs_line line, void *argument);

#endif
