/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CLI_H
#define CLI_H

#include <bindery.h>

#include "print.h"

#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))

/* Exit statuses, as in bindery(1). */
enum exit_status {
	STATUS_DONE = 0,
	STATUS_FAILED = 1,
	STATUS_USAGE = 2,
	STATUS_INCOMPLETE = 3,
	STATUS_NO_MODULE = 4,
	STATUS_EXEC_FAILED = 125,
	STATUS_EXEC_DENIED = 126,
	STATUS_EXEC_NOT_FOUND = 127,
	STATUS_EXEC_SIGNAL = 128,
};

enum option_bit {
	OPTION_COMPANIONS = 1 << 0,
	OPTION_SINGLE_GROUP = 1 << 1,
	OPTION_TARGET = 1 << 2,
	OPTION_LABEL = 1 << 3,
	OPTION_DEADLINE = 1 << 4,
	OPTION_FORCE = 1 << 5,
	OPTION_JSON = 1 << 6,
	OPTION_HELP = 1 << 7,
	OPTION_SHARED = 1 << 8,
	OPTION_SERIAL = 1 << 9,
	OPTION_REPAIR = 1 << 10,
	OPTION_KEEP = 1 << 11,
	OPTION_NATIVE = 1 << 12,
	OPTION_NATIVE_OVERRIDE = 1 << 13,
	OPTION_WAIT = 1 << 14,
	OPTION_DEFER = 1 << 15,
	OPTION_ASK = 1 << 16,	/* --force of release */
	OPTION_GENERATION = 1 << 17,
	OPTION_CLAIM = 1 << 18,
};

#define OPTIONS_ALL	(OPTION_JSON | OPTION_HELP)
#define OPTIONS_HOLD	(OPTIONS_ALL | OPTION_SINGLE_GROUP | OPTION_SHARED | \
			 OPTION_LABEL | OPTION_DEADLINE | OPTION_REPAIR)
#define OPTIONS_REQUEST	(OPTIONS_ALL | OPTION_COMPANIONS | OPTION_SHARED | \
			 OPTION_SINGLE_GROUP | OPTION_TARGET)
#define OPTIONS_ACQUIRE	(OPTIONS_HOLD | OPTIONS_REQUEST | OPTION_FORCE | \
			 OPTION_SERIAL)

struct options {
	const struct verb *verb;
	const struct print_ops *print;
	FILE *out;		/* where results go */
	uint32_t given;		/* bits of enum option_bit */
	const char *target;
	const char *label;
	const char *native;
	const char *native_override;
	uint32_t deadline_ms;
	uint64_t generation;
	struct bindery_id claim;
	char **arguments;	/* the devices */
	int num_arguments;
	char **command;		/* what follows "--", NULL without it */
};

/* What DEVICE=DRIVER[:MODULE] means. */
enum driver_kind {
	DRIVER_NONE,		/* nothing: a device has no driver here */
	DRIVER_TARGET,
	DRIVER_NATIVE,
};

struct verb {
	const char *name;
	const char *arguments;
	const char *summary;
	uint32_t options;
	enum driver_kind driver;
	bool has_command;
	int (*run)(struct options *options);
};

extern const struct verb verb_list;
extern const struct verb verb_show;
extern const struct verb verb_check;
extern const struct verb verb_acquire;
extern const struct verb verb_exec;
extern const struct verb verb_adopt;
extern const struct verb verb_release;
extern const struct verb verb_mark;
extern const struct verb verb_repair;

/* options.c */
bool options_parse(const struct verb *verb, int argc, char **argv,
		   struct options *options);
void options_help(const struct verb *verb);
bool options_given(const struct options *options, enum option_bit bit);
int usage_error(const struct verb *verb, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* arguments.c */
struct argument {
	struct bindery_reference device;
	char text[512];		/* the address and, behind a NUL, the rest */
	const char *driver;	/* NULL: none was given */
	const char *module;
};

int argument_parse(const struct options *options, const char *text,
		   struct argument *argument);
int arguments_to_request(const struct options *options,
			 struct bindery_request **request);

/* document.c */
enum member_fields {
	MEMBER_FACTS = 1 << 0,
	MEMBER_RESULT = 1 << 1,
	MEMBER_LIFE = 1 << 2,
};

void put_string(struct json_object *object, const char *key, const char *text);
void put_number(struct json_object *object, const char *key, int64_t number);
void put_bool(struct json_object *object, const char *key, bool value);
void put_bdf(struct json_object *object, const char *key,
	     struct bindery_bdf bdf);
void put_ids(struct json_object *object, uint32_t class_code, uint16_t vendor,
	     uint16_t device);
void put_id(struct json_object *object, const char *key, struct bindery_id id);
void put_assignment(struct json_object *object,
		    enum bindery_assignment assignment, uint32_t users,
		    struct bindery_id id);
void put_flags(struct json_object *object, uint32_t flags,
	       const char *(*symbol)(uint32_t flag));
void put_claim(struct json_object *document, struct bindery_claim *claim);
void put_group_claims(struct json_object *object,
		      const struct bindery_group *group);
void put_holder(struct json_object *object, pid_t pid, const char *comm,
		const char *label);
void put_members(struct json_object *document,
		 const struct bindery_members *members, unsigned int fields,
		 const struct bindery_guards *guards);
void put_users(struct json_object *document, const struct bindery_users *users);
struct json_object *escaped_string(const char *text);
void document_print(const struct options *options,
		    struct json_object *document);

/* report.c */
void report_record(struct json_object *document,
		   const struct bindery_error_record *record,
		   const struct bindery_members *members);
void report_guards(struct json_object *document,
		   const struct bindery_guards *guards);
void report_own(struct json_object *document, const char *device,
		const char *code, int error, const char *message,
		const char *remedy);
int report_argument(const struct options *options, const char *text,
		    const char *message, const char *remedy);
int report_named(const struct options *options, const char *name,
		 const struct bindery_error_record *record);
int report_failure(const struct options *options, int error,
		   const char *message);
int open_context(const struct options *options,
		 struct bindery_context **context);

/* transact.c */
struct transaction {
	struct options *options;
	struct bindery_context *context;
	struct bindery_host *host;
	struct bindery_request *request;
	struct bindery_claim *claim;
};

int transaction_prepare(struct transaction *transaction,
			struct options *options);
int transaction_acquire(struct transaction *transaction);
int transaction_adopt(struct transaction *transaction);
void transaction_free(struct transaction *transaction);

/* guard.c */
int guards_check(const struct transaction *transaction);

/* restore.c */
void put_vfio_users(const struct bindery_host *host,
		    struct json_object *document,
		    const struct bindery_error_record *record,
		    const struct bindery_members *members);
int transaction_release(struct transaction *transaction);
int claim_release(const struct options *options,
		  const struct bindery_host *host,
		  struct bindery_claim *claim, uint32_t flags);

/* hold.c */
int transaction_hold(struct transaction *transaction);

#endif
