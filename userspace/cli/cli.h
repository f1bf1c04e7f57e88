/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CLI_H
#define CLI_H

#include <limits.h>

#include <bindery.h>

#include "print.h"

#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))

/* Exit statuses, as in bindery(8). */
enum exit_status {
	STATUS_DONE = 0,
	STATUS_FAILED = 1,
	STATUS_USAGE = 2,
	STATUS_INCOMPLETE = 3,
	STATUS_NO_MODULE = 4,
	STATUS_ABSENT = 5,	/* of wait, as the next two */
	STATUS_NO_DRIVER = 6,
	STATUS_NO_NODE = 7,
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
	OPTION_TREE = 1 << 19,
	OPTION_DOT = 1 << 20,
	OPTION_SVG = 1 << 21,
	OPTION_OWNER = 1 << 22,
	OPTION_MODE = 1 << 23,
	OPTION_FIX = 1 << 24,
	OPTION_SINCE = 1 << 25,
	OPTION_COUNT = 1 << 26,
	OPTION_TIMEOUT = 1 << 27,
	OPTION_PROGRESS = 1 << 28,
	OPTION_SEALED = 1 << 29,
	OPTION_HOLDERS_ONLY = 1 << 30,
	/* Of list, and of wait. */
	OPTION_VENDOR = 1ULL << 40,
	OPTION_DEVICE = 1ULL << 41,
	OPTION_CLASS = 1ULL << 42,
	OPTION_DRIVER = 1ULL << 43,
	OPTION_NUMA = 1ULL << 44,
	OPTION_ELIGIBLE = 1ULL << 45,
	OPTION_ON_DRIVER = 1ULL << 46,
	OPTION_NODE = 1ULL << 47,
	OPTION_UNTIL = 1ULL << 48,	/* --deadline of wait */
	/* Of delegate, and of revoke. */
	OPTION_OPERATIONS = 1ULL << 52,
	OPTION_MAX_CLAIMS = 1ULL << 53,
	OPTION_MAX_TRANSACTIONS = 1ULL << 54,
	OPTION_SOCKET = 1ULL << 55,
	OPTION_END_CLAIMS = 1ULL << 56,	/* --release of revoke */
};

#define OPTIONS_ALL	(OPTION_JSON | OPTION_HELP)
#define OPTIONS_FILTER	(OPTION_VENDOR | OPTION_DEVICE | OPTION_CLASS | \
			 OPTION_DRIVER | OPTION_NUMA | OPTION_ELIGIBLE)
#define OPTIONS_PICTURE	(OPTION_TREE | OPTION_DOT | OPTION_SVG)
#define OPTIONS_HOLD	(OPTIONS_ALL | OPTION_SINGLE_GROUP | OPTION_SHARED | \
			 OPTION_LABEL | OPTION_DEADLINE | OPTION_REPAIR)
#define OPTIONS_REQUEST	(OPTIONS_ALL | OPTION_COMPANIONS | OPTION_SHARED | \
			 OPTION_SINGLE_GROUP | OPTION_TARGET | OPTION_FORCE | \
			 OPTION_SEALED | OPTION_HOLDERS_ONLY)
#define OPTIONS_ACQUIRE	(OPTIONS_HOLD | OPTIONS_REQUEST | OPTION_SERIAL | \
			 OPTION_PROGRESS | \
			 OPTION_OWNER | OPTION_MODE)

struct options {
	const struct verb *verb;
	const struct print_ops *print;
	FILE *out;		/* where results go */
	uint64_t given;		/* bits of enum option_bit */
	const char *target;
	const char *label;
	const char *native;
	const char *native_override;
	const char *vendor;
	const char *device;
	const char *class_code;
	const char *driver;
	int numa;
	uint32_t deadline_ms;
	uint64_t generation;
	uint64_t since;		/* number of an event, 0: none was given */
	uint64_t count;		/* of events, 0: any */
	uint32_t timeout_ms;
	struct bindery_id claim;
	uint32_t operations;	/* 0: all */
	uint32_t max_claims;	/* 0: the kernel's maximum, as the next */
	uint32_t max_transactions;
	const char *socket;
	uint32_t forced;	/* 1 << enum bindery_guard_kind */
	uid_t owner;		/* -1: as it is */
	gid_t group;
	mode_t mode;
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

/* What a verb may exit with, see exit_rows. */
enum exit_bit {
	EXIT_DONE = 1 << 0,
	EXIT_FAILED = 1 << 1,
	EXIT_USAGE = 1 << 2,
	EXIT_INCOMPLETE = 1 << 3,
	EXIT_NO_MODULE = 1 << 4,
	EXIT_EXEC_FAILED = 1 << 5,
	EXIT_EXEC_DENIED = 1 << 6,
	EXIT_EXEC_NOT_FOUND = 1 << 7,
	EXIT_EXEC_ENDED = 1 << 8,
	EXIT_ABSENT = 1 << 16,
	EXIT_NO_DRIVER = 1 << 17,
	EXIT_NO_NODE = 1 << 18,
	EXIT_FAILED_SOME = 1 << 19,
	EXIT_EXEC_BECOMES = 1 << 20,
};

struct exit_row {
	enum exit_bit bit;
	const char *status;
	const char *text;
};

/* A row of verbs.c. */
struct verb {
	const char *name;
	const char *arguments;
	const char *summary;	/* NULL: it is not shown */
	uint64_t options;
	unsigned int exits;
	enum driver_kind driver;
	bool has_command;
	bool by_group;		/* any device of a group will do */
	bool is_raw;		/* options are arguments too */
	int (*run)(struct options *options);
};

/* verbs.c */
extern const struct verb verbs[];
extern const size_t num_verbs;
extern const struct exit_row exit_rows[];
extern const size_t num_exit_rows;

const struct verb *verb_find(const char *name);
bool verb_has_dashes(const char *word);
void verb_count_arguments(const struct verb *verb, int *min, int *max);

/* cmd-VERB.c */
int run_acquire(struct options *options);
int run_adopt(struct options *options);
int run_check(struct options *options);
int run_complete(struct options *options);
int run_delegate(struct options *options);
int run_exec(struct options *options);
int run_help(struct options *options);
int run_list(struct options *options);
int run_log(struct options *options);
int run_mark(struct options *options);
int run_monitor(struct options *options);
int run_path(struct options *options);
int run_release(struct options *options);
int run_repair(struct options *options);
int run_revoke(struct options *options);
int run_show(struct options *options);
int run_wait(struct options *options);
int run_strays(struct options *options);

/* options.c */
struct option_row {
	enum option_bit bit;
	char letter;		/* 0: it has none */
	const char *name;
	const char *value;	/* "[=...]": may be left out */
	const char *help;
};

bool options_parse(const struct verb *verb, int argc, char **argv,
		   struct options *options);
bool options_given(const struct options *options, enum option_bit bit);
/* Rows that a verb has, in order; NULL behind the last. */
const struct option_row *options_next(const struct verb *verb,
				      const struct option_row *row);
int usage_status(const struct verb *verb);
int usage_error(const struct verb *verb, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* cmd-help.c */
void help_print(const struct verb *verb);
void help_print_all(FILE *out);
int help_no_verb(const char *name);

/* cmd-delegate.c */
bool operations_parse(const char *text, uint32_t *operations);

/* picture.c */
int picture_show(const struct options *options);

/* address.c */
struct address {
	bool by_group;		/* any device of a group will do */
	char candidates[1024];	/* if it means several */
	const char *wrong;	/* what else is, and what to do; NULL: nothing */
	const char *remedy;
};

int address_parse(struct address *address, const char *text,
		  struct bindery_reference *device);
int address_report(const struct options *options, const struct address *address,
		   const char *text, int error);

/* arguments.c */
#define NO_DRIVER_NAMED "'%s' names no driver"

struct argument {
	struct bindery_reference device;
	char text[512];		/* the address and, behind a NUL, the rest */
	const char *driver;	/* NULL: none was given */
	const char *module;
};

bool names_driver(const char *text);
int argument_parse(const struct options *options, const char *text,
		   struct argument *argument);
int arguments_to_request(const struct options *options,
			 struct bindery_request **request);

/* command.c */
int command_execute(char **command);

/* find.c */
int device_find(const struct options *options, const struct bindery_host *host,
		const char *text, struct bindery_bdf *bdf);

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
void put_opener(struct json_object *object, pid_t pid, const char *comm);
void put_members(struct json_object *document,
		 const struct bindery_members *members, unsigned int fields,
		 const struct bindery_guards *guards);
void put_users(struct json_object *document, const struct bindery_users *users);
struct json_object *escaped_string(const char *text);
void document_print(const struct options *options,
		    struct json_object *document);

/* output.c */
void output_begin(void);
void output_yield(void);
bool output_has_failed(FILE *out);
int output_finish(const struct verb *verb, int status);

/* report.c */
void report_record(struct json_object *document,
		   const struct bindery_error_record *record,
		   const struct bindery_members *members);
void report_guards(const struct options *options,
		   struct json_object *document,
		   const struct bindery_guards *guards);
void report_missing(struct json_object *document,
		    const struct bindery_error_record *record,
		    const struct bindery_reference *device, const char *text);
void report_request(const struct options *options,
		    const struct bindery_request *request,
		    struct json_object *document,
		    const struct bindery_error_record *record,
		    const struct bindery_members *members);
void report_own(struct json_object *document, const char *device,
		const char *code, int error, const char *message,
		const char *remedy);
int report_code(const struct options *options, const char *device,
		enum bindery_error code, enum bindery_step step, int error);
int report_argument(const struct options *options, const char *text,
		    const char *message, const char *remedy);
int report_named(const struct options *options,
		 const struct bindery_reference *device, const char *name,
		 const struct bindery_error_record *record);
int report_failure(const struct options *options, int error,
		   const char *message);
void warn_no_states(int error);
void warn_device(const char *device, const char *what);
int open_states(struct bindery_context **context);
int open_context(const struct options *options,
		 struct bindery_context **context);

/* event.c */
void event_print(const struct options *options,
		 const struct bindery_event_record *record);
void event_print_lost(const struct options *options, uint64_t first,
		      uint64_t count);
int event_report(const struct options *options, int error);

/* cmd-monitor.c */
int64_t clock_ms(void);

/* progress.c */
struct progress {
	pid_t child;
	int stop;
};

void progress_begin(struct progress *progress, const struct options *options,
		    struct bindery_claim *claim);
void progress_begin_group(struct progress *progress,
			  const struct options *options,
			  const struct bindery_reference *device);
void progress_end(struct progress *progress);

/* transact.c */
struct transaction {
	struct options *options;
	struct bindery_context *context;
	struct bindery_host *host;
	struct bindery_request *request;
	struct bindery_claim *claim;
	struct bindery_nodes *nodes;	/* NULL: their rights are left alone */
};

void transaction_report(const struct transaction *transaction,
			struct json_object *document,
			const struct bindery_members *members);
int transaction_prepare(struct transaction *transaction,
			struct options *options);
int transaction_acquire(struct transaction *transaction);
int transaction_adopt(struct transaction *transaction);
void transaction_free(struct transaction *transaction);

/* environment.c */
int environment_put(const struct transaction *transaction);

/* topology.c */
const struct bindery_device *devices_find(const struct bindery_devices *devices,
					  const struct bindery_bdf *bdf);
void put_slot(struct json_object *object,
	      const struct bindery_topology *topology);
void put_topology(const struct bindery_host *host,
		  struct json_object *document);

/* guard.c */
bool guards_parse(const char *text, uint32_t *kinds);
/* That it is none, and which there are. */
int guards_error(const struct verb *verb, const char *text);
bool guard_refuses(const struct options *options,
		   const struct bindery_guard *guard);
bool guards_refuse(const struct options *options,
		   const struct bindery_guards *guards);
int guards_check(const struct transaction *transaction);

/* variant.c */
struct target {
	/* "": the kernel's default. What is too long is left to the kernel. */
	char driver[BINDERY_NAME_SIZE + 1];
	char module[BINDERY_NAME_SIZE + 1];
};

int target_choose(const struct options *options,
		  const struct bindery_reference *device,
		  struct target *target);
int target_resolve(const struct options *options, const char *name,
		   const char *module, struct target *target);
/* The driver that is nowhere, of a plan that takes one unasked; or NULL. */
const char *target_missing(const struct bindery_host *host,
			   const struct bindery_members *plan);
void put_no_target(struct json_object *document, const char *name);
bool variant_find(const struct bindery_host *host,
		  const struct bindery_bdf *bdf,
		  struct bindery_variant *variant);
/* Of members that a claim which is to be sealed does not seal. */
void warn_unsealed(const struct options *options,
		   const struct bindery_members *members);
void put_variants(struct json_object *document,
		  const struct bindery_members *members);

/* node.c */
bool node_parse_owner(const char *text, uid_t *owner, gid_t *group);
bool node_parse_mode(const char *text, mode_t *mode);
int nodes_watch(struct transaction *transaction);
int nodes_finish(const struct transaction *transaction,
		 const struct bindery_members *members);

/* restore.c */
void put_vfio_users(const struct bindery_host *host,
		    struct json_object *document,
		    const struct bindery_error_record *record,
		    const struct bindery_members *members);
void put_group_users(const struct bindery_host *host,
		     struct json_object *document, uint32_t group);
int transaction_release(struct transaction *transaction);
int claim_release(const struct options *options,
		  const struct bindery_host *host,
		  struct bindery_claim *claim, uint32_t flags);

/* hold.c */
int transaction_hold(struct transaction *transaction);

#endif
