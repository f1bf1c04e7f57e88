/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libbindery - give PCI devices to virtual machines and take them back
 *
 * A thin layer over /dev/bindery, whose contract is <linux/bindery.h>: its
 * enums are used here as they are.
 *
 * Conventions, for every function:
 *
 *  - Commands return 0 or a negative errno; what they make comes through an
 *    out-pointer, which is left alone on failure unless its function says more.
 *  - -ENOMEM is possible wherever something is made, and not mentioned again.
 *  - The caller owns what a ``_new``, ``_acquire``, ``_adopt``, ``_open``,
 *    ``_show``, ``_find``, ``_dump``, ``_next`` or ``_get_...`` with an out-pointer
 *    made, and frees it with the ``_free`` of its type. Each ``_free`` accepts NULL. Getters
 *    without an out-pointer return what belongs to the object they are asked
 *    of; it lives as long.
 *  - Strings are never NULL unless said; what is not there is "".
 *  - Snapshots (info, members, group, status, devices, guards, users, journal and
 *    what else is dumped) never change once made.
 *  - Nothing is printed, no signal is touched, no thread is made, no state is
 *    global. Use one object in one thread at a time.
 *
 * The interface may change until version 1.0.
 */
#ifndef BINDERY_H
#define BINDERY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <linux/bindery.h>
#include <linux/bindery_netlink.h>

#ifdef __cplusplus
extern "C" {
#endif

#pragma GCC visibility push(default)

struct bindery_claim;
struct bindery_claims;
struct bindery_context;
struct bindery_device;
struct bindery_devices;
struct bindery_error_record;
struct bindery_event_record;
struct bindery_filter;
struct bindery_group;
struct bindery_groups;
struct bindery_guard;
struct bindery_guards;
struct bindery_host;
struct bindery_info;
struct bindery_journal;
struct bindery_member;
struct bindery_members;
struct bindery_monitor;
struct bindery_names;
struct bindery_nodes;
struct bindery_request;
struct bindery_status;
struct bindery_stray;
struct bindery_strays;
struct bindery_topology;
struct bindery_user;
struct bindery_users;
struct bindery_wait;

/**
 * bindery_get_version() - version of this library, as text
 * Since: 0.1
 */
const char *bindery_get_version(void);

/**
 * struct bindery_bdf - a device on the PCI bus
 * @domain: PCI domain (segment), all 32 bits of it
 * @bus: bus number
 * @slot: device number; a real one has at most 0x1f
 * @function: function number; a real one has at most 7
 */
struct bindery_bdf {
	uint32_t domain;
	uint8_t bus;
	uint8_t slot;
	uint8_t function;
};

/** BINDERY_BDF_SIZE - room for the text of any BDF, with its NUL */
#define BINDERY_BDF_SIZE 20

/**
 * bindery_bdf_parse() - read DDDD:BB:SS.F
 * @text: four to eight hex digits of domain, two of bus, two of slot, one of
 *	function; nothing before, between or after. The short form without a
 *	domain is refused.
 * @bdf: where to store it
 *
 * Return: -EINVAL if @text is anything else, or its slot is above 0x1f or its
 * function above 7: what the kernel calls %BINDERY_ERROR_ADDRESS.
 * Since: 0.1
 */
int bindery_bdf_parse(const char *text, struct bindery_bdf *bdf);

/**
 * bindery_bdf_format() - write DDDD:BB:SS.F, as the kernel does
 * Since: 0.1
 */
void bindery_bdf_format(const struct bindery_bdf *bdf,
			char text[BINDERY_BDF_SIZE]);

/**
 * bindery_bdf_compare() - order of two BDFs
 * Return: less than, equal to or more than 0, as memcmp(3).
 * Since: 0.1
 */
int bindery_bdf_compare(const struct bindery_bdf *a,
			const struct bindery_bdf *b);

/**
 * struct bindery_path - a way through the PCI bridges to a device
 * @domain: PCI domain of the root bus
 * @bus: number of the root bus
 * @has_root: are these two given?
 * @num_steps: steps, 1 to %BINDERY_PATH_MAX
 * @steps: each slot << 3 | function, of each bridge and then of the device
 *
 * Unlike a BDF it stays the same when bus numbers change.
 */
struct bindery_path {
	uint32_t domain;
	uint8_t bus;
	bool has_root;
	uint8_t num_steps;
	uint8_t steps[BINDERY_PATH_MAX];
};

/** BINDERY_PATH_SIZE - room for the text of any path, with its NUL */
#define BINDERY_PATH_SIZE 176

/**
 * bindery_path_parse() - read [DDDD:BB/]SS[.F][/SS[.F]]...
 * @text: the root bus, if given, as four to eight hex digits of domain and two
 *	of bus; then for each step one or two hex digits of slot, and one of
 *	function, 0 if it is left out; nothing before, between or after
 * @path: where to store it
 *
 * Return: -EINVAL if @text is anything else, has more than %BINDERY_PATH_MAX
 * steps, or a slot above 0x1f or a function above 7.
 * Since: 0.1
 */
int bindery_path_parse(const char *text, struct bindery_path *path);

/**
 * bindery_path_format() - write it; a function of 0 is left out
 * Since: 0.1
 */
void bindery_path_format(const struct bindery_path *path,
			 char text[BINDERY_PATH_SIZE]);

/**
 * bindery_path_compare() - order of two paths; one without a root bus is first
 * Return: less than, equal to or more than 0, as memcmp(3).
 * Since: 0.1
 */
int bindery_path_compare(const struct bindery_path *a,
			 const struct bindery_path *b);

/**
 * struct bindery_id - id of a claim or of an assignment
 * @bytes: 128 bits; all zero: there is none
 */
struct bindery_id {
	uint8_t bytes[BINDERY_ID_SIZE];
};

/** BINDERY_ID_TEXT_SIZE - room for the text of an id, with its NUL */
#define BINDERY_ID_TEXT_SIZE 37

/**
 * bindery_id_parse() - read the text of a UUID
 * @text: hex digits in groups of 8, 4, 4, 4 and 12, joined by "-"
 * @id: where to store it
 *
 * Return: -EINVAL if @text is anything else.
 * Since: 0.1
 */
int bindery_id_parse(const char *text, struct bindery_id *id);

/**
 * bindery_id_format() - write it as the text of a UUID, in lower case
 * Since: 0.1
 */
void bindery_id_format(const struct bindery_id *id,
		       char text[BINDERY_ID_TEXT_SIZE]);

/**
 * bindery_id_compare() - order of two ids
 * Return: less than, equal to or more than 0, as memcmp(3).
 * Since: 0.1
 */
int bindery_id_compare(const struct bindery_id *a, const struct bindery_id *b);

/**
 * bindery_id_is_set() - is there one, that is: is a bit of it set?
 * Since: 0.1
 */
bool bindery_id_is_set(const struct bindery_id *id);

/**
 * struct bindery_reference - how a device is named to the kernel
 * @address: which of the three next fields is used
 * @bdf: the device; of %BINDERY_ADDRESS_VF its PF
 * @path: of %BINDERY_ADDRESS_PATH: the way to it, with its root bus
 * @vf: of %BINDERY_ADDRESS_VF: index of the VF, from 0
 * @expect: bits of enum bindery_expect: which of the next fields the device has
 *	to have, else %BINDERY_ERROR_IDENTITY
 * @vendor: PCI vendor id
 * @device_id: PCI device id
 * @subsystem_vendor: PCI subsystem vendor id
 * @subsystem_device: PCI subsystem device id
 * @serial: the Device Serial Number, as lspci prints it from left to right
 *
 * The kernel finds the device inside the call: no time passes between the
 * look-up and the use. What is not used is not looked at; a reference of zeros
 * but for @bdf names a device by its BDF alone.
 */
struct bindery_reference {
	enum bindery_address address;
	struct bindery_bdf bdf;
	struct bindery_path path;
	uint32_t vf;
	uint32_t expect;
	uint16_t vendor;
	uint16_t device_id;
	uint16_t subsystem_vendor;
	uint16_t subsystem_device;
	uint64_t serial;
};

/**
 * bindery_context_new() - open /dev/bindery
 * @context: where to store the new context
 *
 * Return: the errno of open(2): -ENOENT, -ENXIO or -ENODEV when the module is
 * not loaded, -EACCES when the node may not be opened.
 * Since: 0.1
 */
int bindery_context_new(struct bindery_context **context);

/**
 * bindery_context_new_from_fd() - use a control file that was inherited or
 *	received, such as a delegated one
 * @fd: the file; it is the context's from here on, and close-on-exec, but the
 *	caller's still if this fails
 * @context: where to store the new context
 *
 * Fails with -ENOTTY for a file that is no control file, with -EPERM for one
 * that was revoked, and with -EBADF for none.
 * Since: 0.1
 */
int bindery_context_new_from_fd(int fd, struct bindery_context **context);

/**
 * bindery_context_free() - close it; claims live on
 * Since: 0.1
 */
void bindery_context_free(struct bindery_context *context);

/**
 * bindery_context_get_fd() - its file on /dev/bindery, close-on-exec
 * Since: 0.1
 */
int bindery_context_get_fd(const struct bindery_context *context);

/**
 * bindery_context_get_error() - the error record of the last call
 *
 * Of the last function that was given @context. Never NULL; of code
 * %BINDERY_ERROR_NONE and errno 0 if that succeeded, and of that code with the errno
 * if the kernel was never asked. Overwritten by the next.
 * Since: 0.1
 */
const struct bindery_error_record *
bindery_context_get_error(const struct bindery_context *context);

/**
 * bindery_context_get_info() - ask the module what it is and allows
 * @info: where to store the new snapshot
 * Since: 0.1
 */
int bindery_context_get_info(struct bindery_context *context,
			     struct bindery_info **info);

/**
 * bindery_context_delegate() - make a control file for some groups
 * @request: its devices name the IOMMU groups, its label says what for; the rest
 *	of it is not used
 * @operations: bits of enum bindery_operations
 * @max_claims: claims that may hold groups at once, 0 for the kernel's maximum
 * @max_transactions: transactions that may run at once, 0 for the kernel's maximum;
 *	one more of either fails with -EDQUOT
 * @fd: where to store the new file, close-on-exec and the caller's
 * @id: where to store the id of the delegation, or NULL
 *
 * Who has the file can do these operations to these groups and nothing else,
 * without any right of its own: see bindery_context_new_from_fd(). The
 * delegation lasts until all copies of the file are closed, or it is revoked,
 * not only as long as @context.
 * Since: 0.1
 */
int bindery_context_delegate(struct bindery_context *context,
			     const struct bindery_request *request,
			     uint32_t operations, uint32_t max_claims,
			     uint32_t max_transactions, int *fd,
			     struct bindery_id *id);

/**
 * bindery_context_revoke() - take it back, and wait for calls that run on it
 * @id: the delegation, or NULL: that of @fd
 * @fd: a delegated control file; not used if there is an @id
 * @flags: bits of enum bindery_revoke_flags
 * @deadline_ms: how long to wait, 0 for the default
 * @num_claims: where to store how many claims made through it hold groups
 *	still, or NULL; 0 on failure unless calls were waited for in vain
 * Since: 0.1
 */
int bindery_context_revoke(struct bindery_context *context,
			   const struct bindery_id *id, int fd, uint32_t flags,
			   uint32_t deadline_ms, uint32_t *num_claims);

/**
 * bindery_fd_send() - pass a file over a Unix socket
 * @socket: a connected stream or sequenced-packet socket
 * @fd: the file: of a context, a claim, or a delegated one
 *
 * With one byte of data. Fails with the errno of sendmsg(2).
 * Since: 0.1
 */
int bindery_fd_send(int socket, int fd);

/**
 * bindery_fd_receive() - receive a file that bindery_fd_send() passed
 * @socket: a connected socket
 * @fd: where to store the file, close-on-exec and the caller's
 *
 * Fails with the errno of recvmsg(2), with -EPIPE when the other end was
 * closed, and with -EBADMSG when something else came, such as several files, of
 * which none stays open then.
 * Since: 0.1
 */
int bindery_fd_receive(int socket, int *fd);

/**
 * bindery_info_get_operations() - bits of enum bindery_operations that a
 *	delegated control file may do; 0 for any other
 * Since: 0.1
 */
uint32_t bindery_info_get_operations(const struct bindery_info *info);

/**
 * bindery_info_get_num_groups() - IOMMU groups of a delegated control file
 * Since: 0.1
 */
uint32_t bindery_info_get_num_groups(const struct bindery_info *info);

/**
 * bindery_info_get_max_claims() - claims that it may hold groups with at once
 *
 * Of a file that is not delegated, the maximum that can be delegated.
 * Since: 0.1
 */
uint32_t bindery_info_get_max_claims(const struct bindery_info *info);

/**
 * bindery_info_get_max_transactions() - the same of running transactions
 * Since: 0.1
 */
uint32_t bindery_info_get_max_transactions(const struct bindery_info *info);

/**
 * bindery_info_get_num_claims() - claims made through it that hold groups now
 * Since: 0.1
 */
uint32_t bindery_info_get_num_claims(const struct bindery_info *info);

/**
 * bindery_info_get_num_transactions() - its running transactions
 * Since: 0.1
 */
uint32_t bindery_info_get_num_transactions(const struct bindery_info *info);

/**
 * bindery_info_get_delegation_id() - id of the delegation; zeros if the control
 *	file has its rights by itself
 * Since: 0.1
 */
struct bindery_id
bindery_info_get_delegation_id(const struct bindery_info *info);

/**
 * bindery_operation_symbol() - one bit of enum bindery_operations as a word
 * Return: such as "open-claim"; "unknown" for any other.
 * Since: 0.1
 */
const char *bindery_operation_symbol(uint32_t operation);

/**
 * bindery_info_free() - free a snapshot
 * Since: 0.1
 */
void bindery_info_free(struct bindery_info *info);

/**
 * bindery_info_get_abi_version() - BINDERY_ABI_VERSION of the module
 * Since: 0.1
 */
uint32_t bindery_info_get_abi_version(const struct bindery_info *info);

/**
 * bindery_info_get_version() - version of the module, as text
 * Since: 0.1
 */
const char *bindery_info_get_version(const struct bindery_info *info);

/**
 * bindery_info_get_rights() - what the context may do
 * Since: 0.1
 */
enum bindery_rights bindery_info_get_rights(const struct bindery_info *info);

/**
 * bindery_info_get_kernel_facts() - bits of enum bindery_kernel_facts
 * Since: 0.1
 */
uint32_t bindery_info_get_kernel_facts(const struct bindery_info *info);

/**
 * bindery_info_get_features() - bits of what was added later
 * Since: 0.1
 */
uint64_t bindery_info_get_features(const struct bindery_info *info);

/**
 * bindery_info_get_max_devices() - devices that a request may name
 * Since: 0.1
 */
uint32_t bindery_info_get_max_devices(const struct bindery_info *info);

/**
 * bindery_info_get_max_label() - bytes that a label may have
 * Since: 0.1
 */
uint32_t bindery_info_get_max_label(const struct bindery_info *info);

/**
 * bindery_info_get_max_name() - bytes that a driver or module name may have
 * Since: 0.1
 */
uint32_t bindery_info_get_max_name(const struct bindery_info *info);

/**
 * bindery_info_get_deadline_default_ms() - the deadline when none is given
 * Since: 0.1
 */
uint32_t bindery_info_get_deadline_default_ms(const struct bindery_info *info);

/**
 * bindery_info_get_deadline_max_ms() - the longest deadline
 * Since: 0.1
 */
uint32_t bindery_info_get_deadline_max_ms(const struct bindery_info *info);

/**
 * bindery_info_get_max_path() - steps that a path may have
 * Since: 0.1
 */
uint32_t bindery_info_get_max_path(const struct bindery_info *info);

/**
 * bindery_info_get_max_stuck() - overdue callbacks above which nothing begins
 * Since: 0.1
 */
uint32_t bindery_info_get_max_stuck(const struct bindery_info *info);

/**
 * bindery_error_record_get_code() - what went wrong
 *
 * %BINDERY_ERROR_NONE beside an errno means that the kernel gave no code, such
 * as ENOTTY for a file that is no claim.
 * Since: 0.1
 */
enum bindery_error
bindery_error_record_get_code(const struct bindery_error_record *record);

/**
 * bindery_error_record_get_class() - what a caller can do about it
 * Since: 0.1
 */
enum bindery_error_class
bindery_error_record_get_class(const struct bindery_error_record *record);

/**
 * bindery_error_record_get_step() - the step that failed
 * Since: 0.1
 */
enum bindery_step
bindery_error_record_get_step(const struct bindery_error_record *record);

/**
 * bindery_error_record_get_errno() - the errno, positive; 0 after success
 *
 * For %BINDERY_ERROR_UNBIND and %BINDERY_ERROR_BIND the driver's own.
 * Since: 0.1
 */
int bindery_error_record_get_errno(const struct bindery_error_record *record);

/**
 * bindery_error_record_get_device() - the device concerned
 * @device: where to store it
 * Return: false if the record names none; @device is then left alone.
 * Since: 0.1
 */
bool bindery_error_record_get_device(const struct bindery_error_record *record,
				     struct bindery_bdf *device);

/**
 * bindery_error_record_get_group() - number of its IOMMU group
 * @group: where to store it
 * Return: false if the record names none; @group is then left alone.
 * Since: 0.1
 */
bool bindery_error_record_get_group(const struct bindery_error_record *record,
				    uint32_t *group);

/**
 * bindery_error_record_has_holder() - are the holder's fields set?
 * Since: 0.1
 */
bool bindery_error_record_has_holder(const struct bindery_error_record *record);

/**
 * bindery_error_record_is_incomplete() - is a rollback not complete yet?
 * Return: true if a VFIO user got in, so that the rest is put back when it is
 *	gone, or if a member could not be brought back.
 * Since: 0.1
 */
bool
bindery_error_record_is_incomplete(const struct bindery_error_record *record);

/**
 * bindery_error_record_get_holder_pid() - who holds the group
 * Return: its pid, 0 if it has none in the caller's pid namespace.
 * Since: 0.1
 */
pid_t
bindery_error_record_get_holder_pid(const struct bindery_error_record *record);

/**
 * bindery_error_record_get_holder_comm() - its name when it acquired the claim
 *
 * Any bytes; escape them before they reach a terminal.
 * Since: 0.1
 */
const char *
bindery_error_record_get_holder_comm(const struct bindery_error_record *record);

/**
 * bindery_error_record_get_holder_label() - its label
 * Since: 0.1
 */
const char *
bindery_error_record_get_holder_label(const struct bindery_error_record *record);

/**
 * bindery_error_record_get_name() - the driver concerned, "" if none
 * Since: 0.1
 */
const char *
bindery_error_record_get_name(const struct bindery_error_record *record);

/*
 * Short symbols are lower-case words joined by "-", stable, made for programs;
 * sentences have no capital and no full stop, made for people. Both are
 * "unknown" or the like for a value that this library does not know, and never
 * NULL, except where said.
 */

/**
 * bindery_error_symbol() - such as "undeclared"
 * Since: 0.1
 */
const char *bindery_error_symbol(enum bindery_error code);

/**
 * bindery_error_sentence() - what it means
 * Since: 0.1
 */
const char *bindery_error_sentence(enum bindery_error code);

/**
 * bindery_error_remedy() - what to do next
 * Since: 0.1
 */
const char *bindery_error_remedy(enum bindery_error code);

/**
 * bindery_error_class_symbol() - such as "retry"
 * Since: 0.1
 */
const char *bindery_error_class_symbol(enum bindery_error_class error_class);

/**
 * bindery_step_symbol() - such as "validate"
 * Since: 0.1
 */
const char *bindery_step_symbol(enum bindery_step step);

/**
 * bindery_role_symbol() - such as "pre-bound"
 * Since: 0.1
 */
const char *bindery_role_symbol(enum bindery_role role);

/**
 * bindery_action_symbol() - such as "move"
 * Since: 0.1
 */
const char *bindery_action_symbol(enum bindery_action action);

/**
 * bindery_group_state_symbol() - such as "held"
 * Since: 0.1
 */
const char *bindery_group_state_symbol(enum bindery_group_state state);

/**
 * bindery_assignment_symbol() - such as "ready"
 * Since: 0.1
 */
const char *bindery_assignment_symbol(enum bindery_assignment assignment);

/**
 * bindery_event_symbol() - such as "attach-ok"
 * Since: 0.1
 */
const char *bindery_event_symbol(enum bindery_event event);

/**
 * bindery_claim_flag_symbol() - such as "shared"
 * @flag: one bit of enum bindery_claim_flags
 * Return: NULL for a bit that this library does not know.
 * Since: 0.1
 */
const char *bindery_claim_flag_symbol(uint32_t flag);

/**
 * bindery_member_flag_symbol() - such as "bridge"
 * @flag: one bit of enum bindery_member_flags
 * Return: NULL for a bit that this library does not know.
 * Since: 0.1
 */
const char *bindery_member_flag_symbol(uint32_t flag);

/**
 * bindery_rights_symbol() - such as "full"
 * Since: 0.1
 */
const char *bindery_rights_symbol(enum bindery_rights rights);

/**
 * bindery_kernel_fact_symbol() - such as "vfio-group"
 * @fact: one bit of enum bindery_kernel_facts
 * Return: NULL for a bit that this library does not know.
 * Since: 0.1
 */
const char *bindery_kernel_fact_symbol(uint32_t fact);

/**
 * bindery_members_free() - free a list of members, with its members
 * Since: 0.1
 */
void bindery_members_free(struct bindery_members *members);

/**
 * bindery_members_get_count() - how many there are in the list
 * Since: 0.1
 */
size_t bindery_members_get_count(const struct bindery_members *members);

/**
 * bindery_members_is_complete() - are all members of the groups in the list?
 *
 * The lists of SHOW, CHECK and STATUS grow until they are. That of a failed
 * ACQUIRE or of a RELEASE cannot be asked for again, and is cut when a group
 * had more than about a thousand members, or grew meanwhile.
 * Since: 0.1
 */
bool bindery_members_is_complete(const struct bindery_members *members);

/**
 * bindery_members_get() - one of them
 * @index: from 0
 * Return: a member that lives as long as the list, NULL beyond its end.
 * Since: 0.1
 */
const struct bindery_member *
bindery_members_get(const struct bindery_members *members, size_t index);

/**
 * bindery_member_get_bdf() - where it is; of meaning for a PCI device only
 * Since: 0.1
 */
struct bindery_bdf bindery_member_get_bdf(const struct bindery_member *member);

/**
 * bindery_member_get_name() - the kernel's name of the device
 * Since: 0.1
 */
const char *bindery_member_get_name(const struct bindery_member *member);

/**
 * bindery_member_get_group() - number of its IOMMU group
 * Since: 0.1
 */
uint32_t bindery_member_get_group(const struct bindery_member *member);

/**
 * bindery_member_get_group_state() - state of that group
 * Since: 0.1
 */
enum bindery_group_state
bindery_member_get_group_state(const struct bindery_member *member);

/**
 * bindery_member_get_role() - what it is to the claim
 * Since: 0.1
 */
enum bindery_role bindery_member_get_role(const struct bindery_member *member);

/**
 * bindery_member_get_action() - what ACQUIRE does, or did, to it
 * Since: 0.1
 */
enum bindery_action
bindery_member_get_action(const struct bindery_member *member);

/**
 * bindery_member_get_flags() - bits of enum bindery_member_flags
 * Since: 0.1
 */
uint32_t bindery_member_get_flags(const struct bindery_member *member);

/**
 * bindery_member_get_blocker() - what keeps it from being claimed
 * Since: 0.1
 */
enum bindery_error
bindery_member_get_blocker(const struct bindery_member *member);

/**
 * bindery_member_get_errno() - after RELEASE: why it was not restored
 * Return: the errno, positive, 0 if it was.
 * Since: 0.1
 */
int bindery_member_get_errno(const struct bindery_member *member);

/**
 * bindery_member_get_class() - PCI class code, 24 bits
 * Since: 0.1
 */
uint32_t bindery_member_get_class(const struct bindery_member *member);

/**
 * bindery_member_get_vendor() - PCI vendor id
 * Since: 0.1
 */
uint16_t bindery_member_get_vendor(const struct bindery_member *member);

/**
 * bindery_member_get_device_id() - PCI device id
 * Since: 0.1
 */
uint16_t bindery_member_get_device_id(const struct bindery_member *member);

/**
 * bindery_member_get_subsystem_vendor() - PCI subsystem vendor id
 * Since: 0.1
 */
uint16_t
bindery_member_get_subsystem_vendor(const struct bindery_member *member);

/**
 * bindery_member_get_subsystem_device() - PCI subsystem device id
 * Since: 0.1
 */
uint16_t
bindery_member_get_subsystem_device(const struct bindery_member *member);

/**
 * bindery_member_get_driver() - the driver it is on now, "" if none
 * Since: 0.1
 */
const char *bindery_member_get_driver(const struct bindery_member *member);

/**
 * bindery_member_get_override() - its driver_override now, "" if none
 * Since: 0.1
 */
const char *bindery_member_get_override(const struct bindery_member *member);

/**
 * bindery_member_get_target() - target driver of its role, "" if none
 * Since: 0.1
 */
const char *bindery_member_get_target(const struct bindery_member *member);

/**
 * bindery_member_get_native_driver() - the driver to be put back, "" if none
 * Since: 0.1
 */
const char *
bindery_member_get_native_driver(const struct bindery_member *member);

/**
 * bindery_member_get_native_override() - the override to be put back
 * Since: 0.1
 */
const char *
bindery_member_get_native_override(const struct bindery_member *member);

/**
 * bindery_member_get_assignment() - its life in a guest
 * Since: 0.1
 */
enum bindery_assignment
bindery_member_get_assignment(const struct bindery_member *member);

/**
 * bindery_member_get_assignment_id() - id of its assignment, zeros if none
 * Since: 0.1
 */
struct bindery_id
bindery_member_get_assignment_id(const struct bindery_member *member);

/**
 * bindery_member_get_users() - users of its assignment in the guest
 * Since: 0.1
 */
uint32_t bindery_member_get_users(const struct bindery_member *member);

/**
 * bindery_member_get_generation() - what bindery_claim_mark() has to be given
 * Return: a number that changes with every change of the member; 0 if its group
 * is not claimed.
 * Since: 0.1
 */
uint64_t bindery_member_get_generation(const struct bindery_member *member);

/**
 * bindery_member_get_vfio_files() - VFIO files of a sealed member, open now
 * Return: their number; 0 for a member without %BINDERY_MEMBER_SEALED.
 * Since: 0.1
 */
uint32_t bindery_member_get_vfio_files(const struct bindery_member *member);

/**
 * bindery_member_get_vfio_opens() - how often a sealed member was opened
 * Return: the number of files that were opened while it was claimed.
 * Since: 0.1
 */
uint32_t bindery_member_get_vfio_opens(const struct bindery_member *member);

/**
 * bindery_member_get_vfio_closes() - how often its last file was closed
 * Since: 0.1
 */
uint32_t bindery_member_get_vfio_closes(const struct bindery_member *member);

/**
 * bindery_member_get_opener_pid() - who opened a sealed member last
 * Return: 0 if no file is open, or if that has no number here.
 * Since: 0.1
 */
pid_t bindery_member_get_opener_pid(const struct bindery_member *member);

/**
 * bindery_member_get_opener_comm() - name of that task when it did
 * Since: 0.1
 */
const char *
bindery_member_get_opener_comm(const struct bindery_member *member);

/**
 * bindery_group_show() - one IOMMU group with its members, by any of them
 * @context: the context, which keeps the error record
 * @device: a device of the group
 * @group: where to store the new snapshot
 *
 * Return: -EINVAL, -ENODEV, -ENXIO: see the record. Needs no right.
 * Since: 0.1
 */
int bindery_group_show(struct bindery_context *context,
		       const struct bindery_reference *device,
		       struct bindery_group **group);

/**
 * bindery_group_repair() - put right what a group has suffered
 * @context: the context, which keeps the error record
 * @device: a device of the group
 * @deadline_ms: how long to wait, in milliseconds; 0: the module's default
 * @members: where to store the new list of members, or NULL; set on failure
 *	too, to NULL if the kernel told of none
 *
 * Of a degraded group the restore is tried again. In a claimed group, members
 * that somebody else unbound or bound go back to their targets, and overrides
 * that somebody else changed are set again. A group that needs none of it is
 * left alone: success. No claim is needed.
 *
 * Needs %BINDERY_RIGHTS_FULL and CAP_SYS_ADMIN now.
 * Since: 0.1
 */
int bindery_group_repair(struct bindery_context *context,
			 const struct bindery_reference *device,
			 uint32_t deadline_ms,
			 struct bindery_members **members);

/**
 * bindery_group_free() - free a snapshot, with its members
 * Since: 0.1
 */
void bindery_group_free(struct bindery_group *group);

/**
 * bindery_group_get_number() - its number
 * Since: 0.1
 */
uint32_t bindery_group_get_number(const struct bindery_group *group);

/**
 * bindery_group_get_state() - its state
 * Since: 0.1
 */
enum bindery_group_state
bindery_group_get_state(const struct bindery_group *group);

/**
 * bindery_group_get_num_claims() - how many claims there are on it
 * Since: 0.1
 */
uint32_t bindery_group_get_num_claims(const struct bindery_group *group);

/**
 * bindery_group_get_num_members() - how many members it has
 * Since: 0.1
 */
uint32_t bindery_group_get_num_members(const struct bindery_group *group);

/**
 * bindery_group_get_holder_pid() - who acquired the first of them
 * Return: its pid, 0 if it has none in the caller's pid namespace.
 * Since: 0.1
 */
pid_t bindery_group_get_holder_pid(const struct bindery_group *group);

/**
 * bindery_group_get_holder_comm() - its name when it did; any bytes
 * Since: 0.1
 */
const char *bindery_group_get_holder_comm(const struct bindery_group *group);

/**
 * bindery_group_get_holder_label() - its label
 * Since: 0.1
 */
const char *bindery_group_get_holder_label(const struct bindery_group *group);

/**
 * bindery_group_get_claim_id() - id of the first of them, zeros if none
 * Since: 0.1
 */
struct bindery_id
bindery_group_get_claim_id(const struct bindery_group *group);

/**
 * bindery_group_get_claim_flags() - bits of enum bindery_claim_flags of it
 * Since: 0.1
 */
uint32_t bindery_group_get_claim_flags(const struct bindery_group *group);

/**
 * bindery_group_get_delegation_id() - the delegation that it was made through
 *
 * Return: zeros if it was made through none, or if the group does not come from
 * bindery_groups_dump().
 * Since: 0.1
 */
struct bindery_id
bindery_group_get_delegation_id(const struct bindery_group *group);

/**
 * bindery_group_get_generation() - changes with every change of the group
 * Return: 0 if it is free.
 * Since: 0.1
 */
uint64_t bindery_group_get_generation(const struct bindery_group *group);

/**
 * bindery_group_get_members() - its members; they live as long as @group
 * Since: 0.1
 */
const struct bindery_members *
bindery_group_get_members(const struct bindery_group *group);

/**
 * bindery_request_new() - an empty request
 * @request: where to store it
 * Since: 0.1
 */
int bindery_request_new(struct bindery_request **request);

/**
 * bindery_request_free() - free a request
 * Since: 0.1
 */
void bindery_request_free(struct bindery_request *request);

/**
 * bindery_request_add_device() - name one more device
 * @device: the device; not looked at: the kernel refuses what is no address,
 *	what does not exist and what was named before
 * @target: its target driver; NULL: the request's
 * @module: the module to load if that driver is not there; NULL: of its name
 *
 * Strings are copied. A name or label too long for its field is cut without a
 * NUL, which the kernel refuses as %BINDERY_ERROR_NAME or %BINDERY_ERROR_LABEL.
 *
 * Return: -EINVAL if @device is a path without a root bus, which no kernel
 * takes: see bindery_host_complete_path().
 * Since: 0.1
 */
int bindery_request_add_device(struct bindery_request *request,
			       const struct bindery_reference *device,
			       const char *target, const char *module);

/**
 * bindery_request_set_native() - what bindery_claim_adopt() is to restore
 * @index: a named device, from 0
 * @driver: the driver to put back at the end; NULL: it had none
 * @module: the module to load if that driver is not there; NULL: of its name
 * @override: the driver_override to put back; NULL: none
 *
 * An adopted device for which this was not called stays on its VFIO driver.
 * Acquiring does not use it: there the kernel sees for itself.
 *
 * Return: -EINVAL beyond the number of devices.
 * Since: 0.1
 */
int bindery_request_set_native(struct bindery_request *request, size_t index,
			       const char *driver, const char *module,
			       const char *override);

/**
 * bindery_request_get_num_devices() - how many were named
 * Since: 0.1
 */
size_t bindery_request_get_num_devices(const struct bindery_request *request);

/**
 * bindery_request_get_device() - a named device
 * @index: from 0; below the number of devices
 * Since: 0.1
 */
struct bindery_reference
bindery_request_get_device(const struct bindery_request *request, size_t index);

/**
 * bindery_request_set_target() - target driver of all that name none
 * @target: driver name, also for what comes to the groups later; NULL: vfio-pci
 * @module: the module to load if that driver is not there; NULL: of its name
 * Since: 0.1
 */
void bindery_request_set_target(struct bindery_request *request,
				const char *target, const char *module);

/**
 * bindery_request_set_label() - who is asking, shown to others; NULL: nobody
 * Since: 0.1
 */
void bindery_request_set_label(struct bindery_request *request,
			       const char *label);

/**
 * bindery_request_set_flags() - how to move
 * @flags: bits of enum bindery_acquire_flags:
 *	%BINDERY_ACQUIRE_COMPANIONS, members that were not named are moved too;
 *	%BINDERY_ACQUIRE_SINGLE_GROUP, devices of several groups are refused;
 *	%BINDERY_ACQUIRE_SHARED, others that have this flag may join;
 *	%BINDERY_ACQUIRE_RESERVE_ONLY, no driver is touched before
 *	bindery_claim_bind();
 *	%BINDERY_ACQUIRE_SERIAL, one driver callback after another;
 *	%BINDERY_ACQUIRE_NOWAIT, the claim comes at once, see
 *	bindery_claim_get_fd();
 *	%BINDERY_ACQUIRE_KEEP, as bindery_claim_keep();
 *	%BINDERY_ACQUIRE_REPAIR, what somebody else unbinds is bound again, once;
 *	%BINDERY_ACQUIRE_SEALED, the default target is bindery-vfio;
 *	%BINDERY_ACQUIRE_HOLDERS_ONLY, only who has the claim opens its devices
 * Since: 0.1
 */
void bindery_request_set_flags(struct bindery_request *request, uint32_t flags);

/**
 * bindery_request_set_deadline_ms() - how long the call may take
 * @deadline_ms: milliseconds; 0: the module's default
 * Since: 0.1
 */
void bindery_request_set_deadline_ms(struct bindery_request *request,
				     uint32_t deadline_ms);

/**
 * bindery_request_check() - the plan of a request; changes nothing
 * @context: the context, which keeps the error record
 * @request: the request
 * @plan: where to store the new list of members, or NULL
 *
 * Fails as bindery_claim_acquire() would. On failure too *@plan is set: to the
 * members with their blockers, or to NULL if the kernel told of none.
 *
 * Needs no right.
 * Since: 0.1
 */
int bindery_request_check(struct bindery_context *context,
			  const struct bindery_request *request,
			  struct bindery_members **plan);

/**
 * bindery_claim_acquire() - move all named devices to their targets, or none
 * @context: the context, which keeps the error record; not needed any more by
 *	the claim once this returned
 * @request: the request
 * @claim: where to store the new claim
 * @members: where to store the new list of members, or NULL; set on failure
 *	too, as by bindery_request_check()
 *
 * Waits, at most until the request's deadline, and is ended early only by a
 * signal that kills; the kernel then undoes everything.
 * Since: 0.1
 */
int bindery_claim_acquire(struct bindery_context *context,
			  const struct bindery_request *request,
			  struct bindery_claim **claim,
			  struct bindery_members **members);

/**
 * bindery_claim_adopt() - make a claim on what is on VFIO drivers already
 * @context: the context, which keeps the error record
 * @request: devices, label, deadline, flags (of them SINGLE_GROUP, SHARED, KEEP
 *	and REPAIR) and what bindery_request_set_native() told
 * @claim: where to store the new claim
 * @members: where to store the new list of members, or NULL; set on failure
 *	too, as by bindery_request_check()
 *
 * Nothing is changed, not even an override. Every endpoint of the groups has to
 * be on a VFIO driver, and no claim may hold them. A kept claim on them is
 * opened again instead, as by bindery_claim_open().
 * Since: 0.1
 */
int bindery_claim_adopt(struct bindery_context *context,
			const struct bindery_request *request,
			struct bindery_claim **claim,
			struct bindery_members **members);

/**
 * bindery_claim_open() - open a claim that lives, or is kept, once more
 * @context: the context, which keeps the error record
 * @id: id of the claim; NULL: the claim on @device
 * @device: a device of it; NULL: by @id
 * @claim: where to store the new claim
 *
 * Return: -ENOENT: there is no such claim. -EINVAL with
 * %BINDERY_ERROR_AMBIGUOUS: several share @device, name one by its id.
 * Since: 0.1
 */
int bindery_claim_open(struct bindery_context *context,
		       const struct bindery_id *id,
		       const struct bindery_reference *device,
		       struct bindery_claim **claim);

/**
 * bindery_claim_new_from_fd() - a claim that was inherited or received
 * @fd: its file. Owned by the claim after success: the caller no more closes it,
 *	and it is close-on-exec from then on
 * @claim: where to store the new claim
 *
 * Return: -ENOTTY if @fd is no claim, -ESTALE if it was released.
 * Since: 0.1
 */
int bindery_claim_new_from_fd(int fd, struct bindery_claim **claim);

/**
 * bindery_claim_free() - close this file of the claim
 *
 * With its last file, here or in another process, the claim ends: the kernel
 * restores by itself as soon as no VFIO user has a device open. This does not
 * wait for it, bindery_claim_release() does. After bindery_claim_keep() the
 * claim is kept instead.
 * Since: 0.1
 */
void bindery_claim_free(struct bindery_claim *claim);

/**
 * bindery_claim_get_fd() - the file of the claim
 *
 * Close-on-exec. A copy of it, by dup(2), fork(2) or SCM_RIGHTS, holds the
 * claim as well.
 *
 * poll(2) tells with POLLPRI that something changed since this file was last
 * asked for its status: a state, a member, an assignment, tampering, or the end
 * of what %BINDERY_ACQUIRE_NOWAIT began; bindery_claim_get_status() tells what,
 * and ends it. POLLHUP tells that all members of a group were removed, or that
 * the claim was released.
 * Since: 0.1
 */
int bindery_claim_get_fd(const struct bindery_claim *claim);

/**
 * bindery_claim_get_id() - id of the claim, also after it was released
 * Since: 0.1
 */
struct bindery_id bindery_claim_get_id(const struct bindery_claim *claim);

/**
 * bindery_claim_get_error() - the error record of the last call
 *
 * Of the last function that asked the kernel about @claim, once there was one, or
 * failed before it could: then of code %BINDERY_ERROR_NONE, with the errno. Never
 * NULL; overwritten by the next.
 * Since: 0.1
 */
const struct bindery_error_record *
bindery_claim_get_error(const struct bindery_claim *claim);

/**
 * bindery_claim_get_status() - what it is and how its members are
 * @status: where to store the new snapshot
 * Return: -ESTALE once it was released. After what %BINDERY_ACQUIRE_NOWAIT began
 * has failed: as that did.
 * Since: 0.1
 */
int bindery_claim_get_status(struct bindery_claim *claim,
			     struct bindery_status **status);

/**
 * bindery_claim_bind() - move what was only reserved
 * @flags: %BINDERY_ACQUIRE_SERIAL, %BINDERY_ACQUIRE_NOWAIT, or 0
 * @deadline_ms: how long the call may take; 0: the module's default
 * @members: where to store the new list of members, or NULL; set on failure
 *	too, to NULL if the kernel told of none
 *
 * The second half of an acquire with %BINDERY_ACQUIRE_RESERVE_ONLY. When it
 * fails all is as before, and it may be tried again. A claim that is bound
 * already is left alone: success.
 *
 * Needs CAP_SYS_ADMIN now.
 * Since: 0.1
 */
int bindery_claim_bind(struct bindery_claim *claim, uint32_t flags,
		       uint32_t deadline_ms, struct bindery_members **members);

/**
 * struct bindery_mark - an assignment, after an event
 * @id: its id, zeros if there is none any more
 * @assignment: its state
 * @users: its users
 * @generation: the member's generation
 */
struct bindery_mark {
	struct bindery_id id;
	enum bindery_assignment assignment;
	uint32_t users;
	uint64_t generation;
};

/**
 * bindery_claim_mark() - tell what happened to a device in a guest
 * @device: a member that the claim holds
 * @event: what happened
 * @generation: of the member, as the status told it
 * @mark: where to store what came of it, or NULL
 *
 * Return: -ESTALE with %BINDERY_ERROR_STALE: the member changed since its
 * generation was read, look again. -EINVAL with %BINDERY_ERROR_TRANSITION: the
 * assignment's state does not allow that event. Nothing was changed then.
 * Since: 0.1
 */
int bindery_claim_mark(struct bindery_claim *claim,
		       const struct bindery_reference *device,
		       enum bindery_event event, uint64_t generation,
		       struct bindery_mark *mark);

/**
 * bindery_claim_keep() - what the last close of its files does
 * @policy: %BINDERY_KEEP_OFF, restore; %BINDERY_KEEP_ON, keep the groups until
 *	the claim is opened again, adopted or released
 *
 * Needs CAP_SYS_ADMIN now.
 * Since: 0.1
 */
int bindery_claim_keep(struct bindery_claim *claim, enum bindery_keep policy);

/**
 * bindery_claim_release() - end it for every file of it, wait for the restore
 * @flags: what to do about VFIO users, at most one bit of enum
 *	bindery_release_flags: %BINDERY_RELEASE_WAIT until the deadline;
 *	%BINDERY_RELEASE_DEFER the restore until they are gone;
 *	%BINDERY_RELEASE_FORCE, ask them to go. 0: refuse
 * @deadline_ms: how long to wait, in milliseconds; 0: the module's default
 * @generation: what bindery_status_get_generation() told, so that a claim that
 *	changed since is not released; 0: any
 * @results: where to store the new list of members, or NULL; each with its
 *	errno. Set on failure too, to NULL if the kernel told of none.
 *
 * Each member is tried, whatever happens to the others; the first failure is
 * returned. -EBUSY with %BINDERY_ERROR_IN_USE: a VFIO user has a device open,
 * nothing was done and the claim lives on. -ETIMEDOUT: the restore goes on by
 * itself. -ESTALE with %BINDERY_ERROR_STALE: the generation is another, and the
 * claim lives on. The claim object remains to be freed in every case.
 * Since: 0.1
 */
int bindery_claim_release(struct bindery_claim *claim, uint32_t flags,
			  uint32_t deadline_ms, uint64_t generation,
			  struct bindery_members **results);

/**
 * bindery_claim_release_kept() - release a claim of which no file is open
 * @context: the context, which keeps the error record
 * @id: id of the claim; NULL: the claim on @device
 * @device: a device of it; NULL: by @id
 * @flags: as of bindery_claim_release()
 * @deadline_ms: how long to wait, in milliseconds; 0: the module's default
 * @results: as of bindery_claim_release()
 *
 * Return: -EBUSY with %BINDERY_ERROR_BUSY: a file of it is open.
 * Since: 0.1
 */
int bindery_claim_release_kept(struct bindery_context *context,
			       const struct bindery_id *id,
			       const struct bindery_reference *device,
			       uint32_t flags, uint32_t deadline_ms,
			       struct bindery_members **results);

/**
 * bindery_status_free() - free a snapshot, with its members
 * Since: 0.1
 */
void bindery_status_free(struct bindery_status *status);

/**
 * bindery_status_get_id() - id of the claim
 * Since: 0.1
 */
struct bindery_id bindery_status_get_id(const struct bindery_status *status);

/**
 * bindery_status_get_state() - state of its groups
 *
 * Where they differ, the first of binding, stuck, gone, held that one of them
 * is in.
 * Since: 0.1
 */
enum bindery_group_state
bindery_status_get_state(const struct bindery_status *status);

/**
 * bindery_status_get_flags() - bits of enum bindery_claim_flags
 * Since: 0.1
 */
uint32_t bindery_status_get_flags(const struct bindery_status *status);

/**
 * bindery_status_get_generation() - changes with every change of the claim
 * Since: 0.1
 */
uint64_t bindery_status_get_generation(const struct bindery_status *status);

/**
 * bindery_status_get_num_groups() - IOMMU groups of the claim
 * Since: 0.1
 */
uint32_t bindery_status_get_num_groups(const struct bindery_status *status);

/**
 * bindery_status_get_holder_pid() - who acquired it
 * Return: its pid, 0 if it has none in the caller's pid namespace.
 * Since: 0.1
 */
pid_t bindery_status_get_holder_pid(const struct bindery_status *status);

/**
 * bindery_status_get_holder_comm() - its name when it did; any bytes
 * Since: 0.1
 */
const char *bindery_status_get_holder_comm(const struct bindery_status *status);

/**
 * bindery_status_get_label() - label of the claim
 * Since: 0.1
 */
const char *bindery_status_get_label(const struct bindery_status *status);

/**
 * bindery_status_get_delegation_id() - the delegation that it was made through
 *
 * Return: zeros if it was made through none, or if the status does not come from
 * bindery_claims_dump().
 * Since: 0.1
 */
struct bindery_id
bindery_status_get_delegation_id(const struct bindery_status *status);

/**
 * bindery_status_get_groups() - their numbers, if it comes from a dump
 * @count: where to store how many there are; else 0
 * Return: an array that lives as long as @status, NULL if there are none.
 * Since: 0.1
 */
const uint32_t *bindery_status_get_groups(const struct bindery_status *status,
					  size_t *count);

/**
 * bindery_status_get_members() - its members; they live as long as @status
 * Since: 0.1
 */
const struct bindery_members *
bindery_status_get_members(const struct bindery_status *status);

/**
 * BINDERY_EVENT_TYPE_LOST - the type of a record that tells of a loss
 *
 * No event of the kernel's. See bindery_event_record_get_num_lost().
 */
#define BINDERY_EVENT_TYPE_LOST ((enum bindery_event_type)0)

/**
 * bindery_event_type_symbol() - such as "commit"; "lost" for a loss
 * Since: 0.1
 */
const char *bindery_event_type_symbol(enum bindery_event_type type);

/**
 * bindery_monitor_new() - hear of everything that happens from now on
 * @since: the first event that is wanted: what is older than now comes from the
 *	journal; 0: the first that happens from now on
 * @monitor: where to store it
 *
 * First subscribes, then looks into the journal: nothing falls in between. To
 * know the state and all its changes, make a monitor, then a dump.
 *
 * Needs CAP_SYS_ADMIN in the initial user namespace, and the initial network
 * namespace.
 *
 * Return: -ENOENT, the module is not loaded; -EPERM; -ESTALE, there is no such
 * event yet: the module was loaded anew since @since was told; or as
 * bindery_journal_dump().
 * Since: 0.1
 */
int bindery_monitor_new(uint64_t since, struct bindery_monitor **monitor);

/**
 * bindery_monitor_free() - hear of nothing any more
 * Since: 0.1
 */
void bindery_monitor_free(struct bindery_monitor *monitor);

/**
 * bindery_monitor_get_fd() - its socket, to be polled for input
 *
 * Belongs to @monitor and is only for poll(2) and the like.
 * Since: 0.1
 */
int bindery_monitor_get_fd(const struct bindery_monitor *monitor);

/**
 * bindery_monitor_get_next() - number of the event that comes next
 * Since: 0.1
 */
uint64_t bindery_monitor_get_next(const struct bindery_monitor *monitor);

/**
 * bindery_monitor_next() - the next event
 * @record: where to store the new record
 *
 * To be called until it returns -EAGAIN, before the first poll(2) and whenever
 * the fd is ready.
 *
 * Events come in the order of their numbers, each once. What did not fit into
 * the socket is read from the journal; of what is not there either comes one
 * record of type %BINDERY_EVENT_TYPE_LOST, in its place.
 *
 * Return: -EAGAIN, there is none now; -ENODEV, the module was unloaded, and
 * nothing will ever come; or as bindery_journal_dump(): nothing is lost by
 * that, and it may be called again.
 * Since: 0.1
 */
int bindery_monitor_next(struct bindery_monitor *monitor,
			 struct bindery_event_record **record);

/**
 * bindery_event_record_free() - free a record from bindery_monitor_next()
 * Since: 0.1
 */
void bindery_event_record_free(struct bindery_event_record *record);

/**
 * bindery_event_record_has() - does it tell this?
 * @attribute: such as %BINDERY_A_ERRNO
 *
 * What a type tells is at &enum bindery_event_type. The getter of what is not
 * told returns 0, "" or zeros.
 * Since: 0.1
 */
bool bindery_event_record_has(const struct bindery_event_record *record,
			      enum bindery_attr attribute);

/**
 * bindery_event_record_get_sequence() - its number, from 1 without gaps
 *
 * Of a loss: the first that was lost.
 * Since: 0.1
 */
uint64_t
bindery_event_record_get_sequence(const struct bindery_event_record *record);

/**
 * bindery_event_record_get_num_lost() - how many events were lost
 * Return: 0 for an event; else this is none, and so many are missing here.
 * Since: 0.1
 */
uint64_t
bindery_event_record_get_num_lost(const struct bindery_event_record *record);

/**
 * bindery_event_record_get_type() - what happened
 * Since: 0.1
 */
enum bindery_event_type
bindery_event_record_get_type(const struct bindery_event_record *record);

/**
 * bindery_event_record_get_time_ns() - when, by CLOCK_BOOTTIME
 * Since: 0.1
 */
uint64_t
bindery_event_record_get_time_ns(const struct bindery_event_record *record);

/**
 * bindery_event_record_get_transaction() - number of the transaction
 * Since: 0.1
 */
uint64_t
bindery_event_record_get_transaction(const struct bindery_event_record *record);

/**
 * bindery_event_record_get_claim_id() - id of the claim
 * Since: 0.1
 */
struct bindery_id
bindery_event_record_get_claim_id(const struct bindery_event_record *record);

/**
 * bindery_event_record_get_delegation_id() - id of the delegation
 *
 * What was delegated or revoked, or what the claim was made through.
 *
 * Since: 0.1
 */
struct bindery_id bindery_event_record_get_delegation_id(
			const struct bindery_event_record *record);

/**
 * bindery_event_record_get_group() - number of the IOMMU group
 * @group: where to store it
 * Return: false if the record names none; @group is then left alone.
 * Since: 0.1
 */
bool bindery_event_record_get_group(const struct bindery_event_record *record,
				    uint32_t *group);

/**
 * bindery_event_record_get_device() - the PCI device
 * @device: where to store it
 * Return: false if the record names none; @device is then left alone.
 * Since: 0.1
 */
bool bindery_event_record_get_device(const struct bindery_event_record *record,
				     struct bindery_bdf *device);

/**
 * bindery_event_record_get_name() - the kernel's name of the device
 * Since: 0.1
 */
const char *
bindery_event_record_get_name(const struct bindery_event_record *record);

/**
 * bindery_event_record_get_step() - the step
 * Since: 0.1
 */
enum bindery_step
bindery_event_record_get_step(const struct bindery_event_record *record);

/**
 * bindery_event_record_get_code() - what went wrong
 * Since: 0.1
 */
enum bindery_error
bindery_event_record_get_code(const struct bindery_event_record *record);

/**
 * bindery_event_record_get_errno() - the errno, positive; 0: success
 * Since: 0.1
 */
int bindery_event_record_get_errno(const struct bindery_event_record *record);

/**
 * bindery_event_record_get_state() - state of the group or claim now
 * Since: 0.1
 */
enum bindery_group_state
bindery_event_record_get_state(const struct bindery_event_record *record);

/**
 * bindery_event_record_get_old_state() - state of the group before
 * Since: 0.1
 */
enum bindery_group_state
bindery_event_record_get_old_state(const struct bindery_event_record *record);

/**
 * bindery_event_record_get_driver() - the driver concerned
 * Since: 0.1
 */
const char *
bindery_event_record_get_driver(const struct bindery_event_record *record);

/**
 * bindery_event_record_get_override() - the driver_override that was found
 * Since: 0.1
 */
const char *
bindery_event_record_get_override(const struct bindery_event_record *record);

/**
 * bindery_event_record_get_target() - the member's target driver
 * Since: 0.1
 */
const char *
bindery_event_record_get_target(const struct bindery_event_record *record);

/**
 * bindery_event_record_get_flags() - flags of what the event tells
 *
 * Bits of enum bindery_claim_flags; of %BINDERY_EVENT_TYPE_TAMPER those of enum
 * bindery_member_flags.
 * Since: 0.1
 */
uint32_t
bindery_event_record_get_flags(const struct bindery_event_record *record);

/**
 * bindery_event_record_get_role() - role of the member
 * Since: 0.1
 */
enum bindery_role
bindery_event_record_get_role(const struct bindery_event_record *record);

/**
 * bindery_event_record_get_assignment() - state of the assignment
 * Since: 0.1
 */
enum bindery_assignment
bindery_event_record_get_assignment(const struct bindery_event_record *record);

/**
 * bindery_event_record_get_assignment_id() - its id
 * Since: 0.1
 */
struct bindery_id bindery_event_record_get_assignment_id(
			const struct bindery_event_record *record);

/**
 * bindery_event_record_get_mark() - what MARK was told
 *
 * 0 is an event too: ask bindery_event_record_has().
 * Since: 0.1
 */
enum bindery_event
bindery_event_record_get_mark(const struct bindery_event_record *record);

/**
 * bindery_event_record_get_users() - users of the assignment
 * Since: 0.1
 */
uint32_t
bindery_event_record_get_users(const struct bindery_event_record *record);

/**
 * bindery_event_record_get_pid() - who acquired the claim, or opened the device
 * Return: its pid in the initial pid namespace.
 * Since: 0.1
 */
pid_t bindery_event_record_get_pid(const struct bindery_event_record *record);

/**
 * bindery_event_record_get_comm() - its name when it did; any bytes
 * Since: 0.1
 */
const char *
bindery_event_record_get_comm(const struct bindery_event_record *record);

/**
 * bindery_event_record_get_label() - label of the claim, or of the delegation
 * Since: 0.1
 */
const char *
bindery_event_record_get_label(const struct bindery_event_record *record);

/**
 * bindery_event_record_get_duration_ns() - how long it took, in nanoseconds
 * Since: 0.1
 */
uint64_t
bindery_event_record_get_duration_ns(const struct bindery_event_record *record);

/**
 * bindery_event_record_get_generation() - newest generation of all
 * Since: 0.1
 */
uint64_t
bindery_event_record_get_generation(const struct bindery_event_record *record);

/**
 * bindery_event_record_get_abi_version() - BINDERY_ABI_VERSION of the module
 * Since: 0.1
 */
uint32_t
bindery_event_record_get_abi_version(const struct bindery_event_record *record);

/**
 * bindery_event_record_get_num_groups() - IOMMU groups of the claim
 * Since: 0.1
 */
uint32_t
bindery_event_record_get_num_groups(const struct bindery_event_record *record);

/**
 * bindery_event_record_get_num_members() - members of the group or claim
 * Since: 0.1
 */
uint32_t
bindery_event_record_get_num_members(const struct bindery_event_record *record);

/**
 * bindery_event_record_get_vfio_files() - VFIO files of the device, open now
 * Since: 0.1
 */
uint32_t
bindery_event_record_get_vfio_files(const struct bindery_event_record *record);

/**
 * bindery_journal_dump() - the last events
 * @since: the first that is wanted; 0: all that the journal has
 * @journal: where to store the new snapshot
 *
 * This and all dumps need what bindery_monitor_new() does, and wait for the
 * kernel's answer, which takes no longer than making it.
 *
 * Return: -ENOENT, the module is not loaded; -EPERM; -EAGAIN, something
 * changed during each of several attempts (not of the journal); -ETIMEDOUT, no
 * answer; -EPROTO, an answer that cannot be understood; or the errno of a
 * socket.
 * Since: 0.1
 */
int bindery_journal_dump(uint64_t since, struct bindery_journal **journal);

/**
 * bindery_journal_free() - free a journal, with its records
 * Since: 0.1
 */
void bindery_journal_free(struct bindery_journal *journal);

/**
 * bindery_journal_get_count() - how many events there are
 * Since: 0.1
 */
size_t bindery_journal_get_count(const struct bindery_journal *journal);

/**
 * bindery_journal_get() - one of them, the oldest first
 * @index: from 0
 * Return: a record that lives as long as the journal, NULL beyond its end.
 * Since: 0.1
 */
const struct bindery_event_record *
bindery_journal_get(const struct bindery_journal *journal, size_t index);

/**
 * bindery_journal_get_oldest() - number of the oldest event there is
 *
 * Those before it are gone. 0, as the newest, if no event was given.
 * Since: 0.1
 */
uint64_t bindery_journal_get_oldest(const struct bindery_journal *journal);

/**
 * bindery_journal_get_newest() - number of the newest event there is
 * Since: 0.1
 */
uint64_t bindery_journal_get_newest(const struct bindery_journal *journal);

/**
 * bindery_groups_dump() - all IOMMU groups that are not free
 * @groups: where to store the new snapshot, in order of their numbers
 *
 * Their lists of members are empty: see bindery_members_dump().
 *
 * Return: as bindery_journal_dump().
 * Since: 0.1
 */
int bindery_groups_dump(struct bindery_groups **groups);

/**
 * bindery_groups_free() - free a list of groups, with its groups
 * Since: 0.1
 */
void bindery_groups_free(struct bindery_groups *groups);

/**
 * bindery_groups_get_count() - how many there are
 * Since: 0.1
 */
size_t bindery_groups_get_count(const struct bindery_groups *groups);

/**
 * bindery_groups_get() - one of them
 * @index: from 0
 * Return: a group that lives as long as the list, NULL beyond its end.
 * Since: 0.1
 */
const struct bindery_group *
bindery_groups_get(const struct bindery_groups *groups, size_t index);

/**
 * bindery_groups_get_newest() - the newest event when it was made
 * Return: its number, 0 if there are no groups.
 * Since: 0.1
 */
uint64_t bindery_groups_get_newest(const struct bindery_groups *groups);

/**
 * bindery_members_dump() - all members of groups that are not free
 * @group: only those of this one; NULL: of all
 * @members: where to store the new list
 *
 * Their PCI ids and class are not told.
 *
 * Return: as bindery_journal_dump().
 * Since: 0.1
 */
int bindery_members_dump(const uint32_t *group,
			 struct bindery_members **members);

/**
 * bindery_claims_dump() - all claims, the oldest first
 * @id: only this one; NULL: all
 * @claims: where to store the new snapshot
 *
 * Their lists of members are empty: see bindery_members_dump().
 *
 * Return: as bindery_journal_dump().
 * Since: 0.1
 */
int bindery_claims_dump(const struct bindery_id *id,
			struct bindery_claims **claims);

/**
 * bindery_claims_free() - free a list of claims, with its claims
 * Since: 0.1
 */
void bindery_claims_free(struct bindery_claims *claims);

/**
 * bindery_claims_get_count() - how many there are
 * Since: 0.1
 */
size_t bindery_claims_get_count(const struct bindery_claims *claims);

/**
 * bindery_claims_get() - one of them
 * @index: from 0
 * Return: a status that lives as long as the list, NULL beyond its end.
 * Since: 0.1
 */
const struct bindery_status *
bindery_claims_get(const struct bindery_claims *claims, size_t index);

/**
 * bindery_claims_get_newest() - the newest event when it was made
 * Return: its number, 0 if there are no claims.
 * Since: 0.1
 */
uint64_t bindery_claims_get_newest(const struct bindery_claims *claims);

/**
 * bindery_host_new() - this machine, as sysfs and /proc show it
 * @root: the directory that holds "sys" and "proc"; NULL: "/"
 * @host: where to store it
 *
 * Needs neither the module nor any right.
 *
 * Return: the errno of open(2) on @root.
 * Since: 0.1
 */
int bindery_host_new(const char *root, struct bindery_host **host);

/**
 * bindery_host_free() - free it
 * Since: 0.1
 */
void bindery_host_free(struct bindery_host *host);

/**
 * bindery_host_get_devices() - all PCI devices
 * @devices: where to store the new snapshot, in order of BDF
 * Return: the errno of reading sysfs.
 * Since: 0.1
 */
int bindery_host_get_devices(const struct bindery_host *host,
			     struct bindery_devices **devices);

/**
 * bindery_host_complete_path() - give a path its root bus, if there is one only
 * @path: the path; one that has a root bus is left alone
 *
 * A root bus is never guessed: on a machine with several it has to be told.
 *
 * Return: -ENOTUNIQ if this machine has several root buses, -ENODEV if it has
 * none, or the errno of reading sysfs.
 * Since: 0.1
 */
int bindery_host_complete_path(const struct bindery_host *host,
			       struct bindery_path *path);

/**
 * bindery_host_find_device() - which device a reference means now
 * @device: the reference; its path may be without a root bus
 * @bdf: where to store the BDF
 *
 * To show, or to look at, what is there. What was found may be gone, or another
 * device, a moment later: give the kernel the reference, not the BDF. What the
 * reference expects of the device only bindery_host_check_device() looks at.
 *
 * Return: -ENODEV if there is none, or as bindery_host_complete_path().
 * Since: 0.1
 */
int bindery_host_find_device(const struct bindery_host *host,
			     const struct bindery_reference *device,
			     struct bindery_bdf *bdf);

/**
 * bindery_host_check_device() - is a device what a reference expects?
 * @device: the reference; where it leads to is not looked at
 * @bdf: the device, as bindery_host_find_device() found it
 *
 * For what the kernel is not asked about: a call of the kernel's looks itself.
 *
 * Return: -ESTALE if it is another device; -ENODEV if there is none; -EACCES if
 * a serial number is expected, which only root may read; the errno of reading
 * sysfs.
 * Since: 0.1
 */
int bindery_host_check_device(const struct bindery_host *host,
			      const struct bindery_reference *device,
			      const struct bindery_bdf *bdf);

/**
 * struct bindery_device_nodes - what a VFIO user opens of a device
 * @group: node of its IOMMU group, "" if there is none now
 * @device: node of the device itself, "" if there is none now
 */
struct bindery_device_nodes {
	char group[64];
	char device[64];
};

/**
 * bindery_host_find_nodes() - nodes of a device that is on a VFIO driver
 * @bdf: the device
 * @nodes: where to store their paths
 *
 * What the kernel made; udev makes the node itself a moment later.
 *
 * Return: -ENODEV if there is no such device, or the errno of reading sysfs.
 * Since: 0.1
 */
int bindery_host_find_nodes(const struct bindery_host *host,
			    const struct bindery_bdf *bdf,
			    struct bindery_device_nodes *nodes);

/**
 * bindery_devices_free() - free a list of devices, with its devices
 * Since: 0.1
 */
void bindery_devices_free(struct bindery_devices *devices);

/**
 * bindery_devices_get_count() - how many there are
 * Since: 0.1
 */
size_t bindery_devices_get_count(const struct bindery_devices *devices);

/**
 * bindery_devices_get() - one of them
 * @index: from 0
 * Return: a device that lives as long as the list, NULL beyond its end.
 * Since: 0.1
 */
const struct bindery_device *
bindery_devices_get(const struct bindery_devices *devices, size_t index);

/**
 * bindery_device_get_bdf() - where it is
 * Since: 0.1
 */
struct bindery_bdf bindery_device_get_bdf(const struct bindery_device *device);

/**
 * bindery_device_get_path() - the way to it, with its root bus
 * @path: where to store it
 * Return: false if no path leads to it, as to VFs on bus numbers of their own;
 * @path is then left alone.
 * Since: 0.1
 */
bool bindery_device_get_path(const struct bindery_device *device,
			     struct bindery_path *path);

/**
 * bindery_device_get_group() - number of its IOMMU group
 * @group: where to store it
 * Return: false if it is in none; @group is then left alone.
 * Since: 0.1
 */
bool bindery_device_get_group(const struct bindery_device *device,
			      uint32_t *group);

/**
 * bindery_device_get_pf() - the PF that it is a VF of
 * @pf: where to store it
 * Return: false if it is no VF; then @pf is left alone.
 * Since: 0.1
 */
bool bindery_device_get_pf(const struct bindery_device *device,
			   struct bindery_bdf *pf);

/**
 * bindery_device_get_driver() - the driver it is on, "" if none
 * Since: 0.1
 */
const char *bindery_device_get_driver(const struct bindery_device *device);

/**
 * bindery_device_read_override() - read its driver_override now, "" if none
 * @device: of bindery_host_get_devices() with that host
 * @host: where it is
 * @name: where to store it; BINDERY_NAME_SIZE suffices
 * @size: room for it in bytes
 *
 * Up to Linux 6.1 this waits, and cannot be killed, while a callback of a
 * driver has the device: not to be asked of a group that is BINDING,
 * RESTORING or STUCK.
 *
 * Returns 0; -ENOENT: the device is gone.
 * Since: 0.1
 */
int bindery_device_read_override(const struct bindery_device *device,
				 const struct bindery_host *host, char *name,
				 size_t size);

/**
 * bindery_device_get_class() - PCI class code, 24 bits
 * Since: 0.1
 */
uint32_t bindery_device_get_class(const struct bindery_device *device);

/**
 * bindery_device_get_vendor() - PCI vendor id
 * Since: 0.1
 */
uint16_t bindery_device_get_vendor(const struct bindery_device *device);

/**
 * bindery_device_get_device_id() - PCI device id
 * Since: 0.1
 */
uint16_t bindery_device_get_device_id(const struct bindery_device *device);

/**
 * bindery_device_get_numa_node() - the NUMA node it is at, -1 if at none
 * Since: 0.1
 */
int bindery_device_get_numa_node(const struct bindery_device *device);

/**
 * bindery_device_is_bridge() - is it a host bridge, or a bridge to another bus?
 *
 * Bridges are left alone. What only has "bridge" in its class, as a switch that
 * is an endpoint, is none.
 * Since: 0.1
 */
bool bindery_device_is_bridge(const struct bindery_device *device);

/**
 * bindery_device_is_eligible() - could it be given to a guest at all?
 *
 * It is an endpoint, in an IOMMU group, and no PF with enabled VFs. Whether it is
 * free, and whether its group can be moved, is for bindery_request_check() to
 * tell.
 * Since: 0.1
 */
bool bindery_device_is_eligible(const struct bindery_device *device);

/**
 * bindery_devices_find() - that of a BDF
 * Return: a device that lives as long as the list, NULL if there is none.
 * Since: 0.1
 */
const struct bindery_device *
bindery_devices_find(const struct bindery_devices *devices,
		     const struct bindery_bdf *bdf);

/**
 * bindery_host_lookup() - the devices that a name of the host's means
 * @host: the machine
 * @name: a network interface, "eth0"; a block device, "nvme0n1" or its node,
 *	"/dev/nvme0n1", links to it included; the node of another device; an
 *	IOMMU group, "group:5", "5" or "/dev/vfio/5"; "/dev/vfio/devices/vfio0"
 * @devices: where to store the new snapshot, of these devices only
 *
 * What is stacked on several devices, as a bond or a RAID, means all of them. A
 * group means its endpoints, or if it has none its bridges. A number that is also
 * the name of an interface means both: it is the caller who has to say that this
 * is ambiguous.
 *
 * Return: -ENODEV if it means none, -EINVAL if it can be no such name, or the
 * errno of reading sysfs.
 * Since: 0.1
 */
int bindery_host_lookup(const struct bindery_host *host, const char *name,
			struct bindery_devices **devices);

/**
 * bindery_topology_new() - what a device shares with others
 * @host: the machine
 * @devices: all of its devices
 * @bdf: the device
 * @topology: where to store it
 * Return: -ENODEV if it is not among @devices.
 * Since: 0.1
 */
int bindery_topology_new(const struct bindery_host *host,
			 const struct bindery_devices *devices,
			 const struct bindery_bdf *bdf,
			 struct bindery_topology **topology);

/**
 * bindery_topology_free() - free it
 * Since: 0.1
 */
void bindery_topology_free(struct bindery_topology *topology);

/**
 * bindery_topology_get_reset_methods() - such as "flr bus", in the order in which
 *	the kernel tries them; "" if it has none
 * Since: 0.1
 */
const char *
bindery_topology_get_reset_methods(const struct bindery_topology *topology);

/**
 * bindery_topology_get_msix() - how many MSI-X vectors it has
 * @vectors: where to store it; 0: it has no MSI-X
 * Return: false if that is not known: only root can read it.
 * Since: 0.1
 */
bool bindery_topology_get_msix(const struct bindery_topology *topology,
			       uint32_t *vectors);

/**
 * bindery_topology_get_slot() - all functions of its slot, itself included
 * @count: where to store how many there are
 *
 * A guest should get them as functions of one slot. A VF is alone: its number
 * says nothing of slots.
 *
 * Return: an array that lives as long as @topology.
 * Since: 0.1
 */
const struct bindery_bdf *
bindery_topology_get_slot(const struct bindery_topology *topology,
			  size_t *count);

/**
 * bindery_topology_get_bus_reset() - devices outside its group that a reset of its
 *	bus would hit
 * @count: where to store how many there are; 0 also if it is on a root bus, or a
 *	VF, which no such reset is for
 * Return: an array that lives as long as @topology, NULL if there are none.
 * Since: 0.1
 */
const struct bindery_bdf *
bindery_topology_get_bus_reset(const struct bindery_topology *topology,
			       size_t *count);

/** BINDERY_PCI_NAME_SIZE - room for a name of pci.ids, cut to fit, with its NUL */
#define BINDERY_PCI_NAME_SIZE 128

/**
 * bindery_names_new() - what pci.ids calls things
 * @names: where to store it; not to be used by two threads at once
 * Since: 0.1
 */
int bindery_names_new(struct bindery_names **names);

/**
 * bindery_names_free() - free it
 * Since: 0.1
 */
void bindery_names_free(struct bindery_names *names);

/**
 * bindery_names_get_vendor() - name of a vendor
 * @text: where to store it; may hold any bytes
 * Return: false if it is not known.
 * Since: 0.1
 */
bool bindery_names_get_vendor(struct bindery_names *names, uint16_t vendor,
			      char text[BINDERY_PCI_NAME_SIZE]);

/**
 * bindery_names_get_device() - name of a device of that vendor
 * @text: where to store it; may hold any bytes
 * Return: false if it is not known.
 * Since: 0.1
 */
bool bindery_names_get_device(struct bindery_names *names, uint16_t vendor,
			      uint16_t device,
			      char text[BINDERY_PCI_NAME_SIZE]);

/**
 * bindery_names_get_class() - name of a class, of whatever interface
 * @class_code: as bindery_device_get_class() tells it
 * @text: where to store it; may hold any bytes
 * Return: false if it is not known.
 * Since: 0.1
 */
bool bindery_names_get_class(struct bindery_names *names, uint32_t class_code,
			     char text[BINDERY_PCI_NAME_SIZE]);

/**
 * bindery_filter_new() - one that every device passes
 * @filter: where to store it
 * Since: 0.1
 */
int bindery_filter_new(struct bindery_filter **filter);

/**
 * bindery_filter_free() - free it
 * Since: 0.1
 */
void bindery_filter_free(struct bindery_filter *filter);

/**
 * bindery_filter_set_vendor() - only of this vendor
 * @text: four hex digits, or a part of its name, in any case
 * Return: -EINVAL if it is empty.
 * Since: 0.1
 */
int bindery_filter_set_vendor(struct bindery_filter *filter, const char *text);

/**
 * bindery_filter_set_device() - only of this kind
 * @text: DDDD or VVVV:DDDD in hex, or a part of its name, in any case
 * Return: -EINVAL if it is empty.
 * Since: 0.1
 */
int bindery_filter_set_device(struct bindery_filter *filter, const char *text);

/**
 * bindery_filter_set_class() - only of this class
 * @text: the first two or four or all six hex digits of its code, or a part of its
 *	name, in any case
 * Return: -EINVAL if it is empty.
 * Since: 0.1
 */
int bindery_filter_set_class(struct bindery_filter *filter, const char *text);

/**
 * bindery_filter_set_driver() - only on this driver, "-" and "_" being the same
 * @text: its name; "none": on none
 * Return: -EINVAL if it is empty.
 * Since: 0.1
 */
int bindery_filter_set_driver(struct bindery_filter *filter, const char *text);

/**
 * bindery_filter_set_numa_node() - only at this NUMA node; -1: at none
 * Since: 0.1
 */
void bindery_filter_set_numa_node(struct bindery_filter *filter, int node);

/**
 * bindery_filter_set_eligible() - only what bindery_device_is_eligible()
 * Since: 0.1
 */
void bindery_filter_set_eligible(struct bindery_filter *filter);

/**
 * bindery_devices_filter() - take all out of a list that do not pass
 * @devices: what it told of before is gone
 *
 * Names are those of pci.ids; without that file only numbers match.
 * Since: 0.1
 */
int bindery_devices_filter(struct bindery_devices *devices,
			   const struct bindery_filter *filter);

/**
 * enum bindery_wait_state - how far a device is that is waited for
 * @BINDERY_WAIT_ABSENT: it is not there
 * @BINDERY_WAIT_NO_DRIVER: it is there, without a driver
 * @BINDERY_WAIT_OTHER_DRIVER: it is on another driver than the wanted one
 * @BINDERY_WAIT_NO_NODE: it is on its driver, which has made no node yet
 * @BINDERY_WAIT_READY: all that was asked for
 */
enum bindery_wait_state {
	BINDERY_WAIT_ABSENT,
	BINDERY_WAIT_NO_DRIVER,
	BINDERY_WAIT_OTHER_DRIVER,
	BINDERY_WAIT_NO_NODE,
	BINDERY_WAIT_READY,
};

/** BINDERY_NODE_SIZE - room for the path of a node, cut to fit, with its NUL */
#define BINDERY_NODE_SIZE 128

/**
 * bindery_wait_state_symbol() - such as "no-driver"
 * Since: 0.1
 */
const char *bindery_wait_state_symbol(enum bindery_wait_state state);

/**
 * bindery_wait_new() - hear of devices from now on
 * @host: the machine; has to live as long as @wait
 * @device: which device; its path may be without a root bus
 * @wait: where to store it
 *
 * For a host, and for a guest: neither the module nor any right is needed. It
 * hears of what the kernel tells the network namespace it is made in. Only this
 * one device counts: another one, whose name or place begins alike, does not.
 *
 * Return: -EINVAL if @device expects anything of it, or the errno of opening a
 * socket of NETLINK_KOBJECT_UEVENT.
 * Since: 0.1
 */
int bindery_wait_new(const struct bindery_host *host,
		     const struct bindery_reference *device,
		     struct bindery_wait **wait);

/**
 * bindery_wait_free() - stop waiting
 * Since: 0.1
 */
void bindery_wait_free(struct bindery_wait *wait);

/**
 * bindery_wait_set_driver() - it has to be on a driver
 * @driver: the driver, "-" and "_" being the same; "": any
 *
 * The kernel shows a driver from the beginning of its probe on: who must not come
 * before its end asks for a node too, with bindery_wait_set_node().
 * Return: -ENAMETOOLONG.
 * Since: 0.1
 */
int bindery_wait_set_driver(struct bindery_wait *wait, const char *driver);

/**
 * bindery_wait_set_node() - its driver has to have made what it is used by
 *
 * On a VFIO driver: the node of its group, or where the kernel has none, its own.
 * Of a network device: an interface. Of a storage device: the node of a block
 * device; a controller without a disk is never ready. Of others: any node in /dev.
 * Nodes have to be in /dev, where the kernel or udev makes them.
 * Since: 0.1
 */
void bindery_wait_set_node(struct bindery_wait *wait);

/**
 * bindery_wait_get_fd() - its socket, to be polled for input
 *
 * Belongs to @wait and is only for poll(2) and the like. Whenever it is ready,
 * and once before: bindery_wait_look().
 * Since: 0.1
 */
int bindery_wait_get_fd(const struct bindery_wait *wait);

/**
 * bindery_wait_look() - how far is it?
 * @state: where to store it
 *
 * Never waits. Reads all events, then looks: nothing falls in between.
 *
 * Return: -ENOTUNIQ if the path has no root bus and there are several; -EMFILE or
 * -ENFILE if there was no file left to look with.
 * Since: 0.1
 */
int bindery_wait_look(struct bindery_wait *wait,
		      enum bindery_wait_state *state);

/**
 * bindery_wait_until() - look, and wait for events, until it is ready
 * @deadline_ms: for how long; 0: only look
 * @state: where to store how far it was at last
 * Return: -ETIMEDOUT if it was not ready by then; -EINTR; or as
 * bindery_wait_look().
 * Since: 0.1
 */
int bindery_wait_until(struct bindery_wait *wait, uint32_t deadline_ms,
		       enum bindery_wait_state *state);

/**
 * bindery_wait_get_bdf() - where it is, unless it was absent at the last look
 * Since: 0.1
 */
struct bindery_bdf bindery_wait_get_bdf(const struct bindery_wait *wait);

/**
 * bindery_wait_get_driver() - its driver at the last look, "" if none
 * Since: 0.1
 */
const char *bindery_wait_get_driver(const struct bindery_wait *wait);

/**
 * bindery_wait_get_node() - what bindery_wait_set_node() found, "" if nothing: a
 *	path in /dev, or the name of an interface
 * Since: 0.1
 */
const char *bindery_wait_get_node(const struct bindery_wait *wait);

/**
 * bindery_users_find_vfio() - who may have an IOMMU group open through VFIO
 * @host: the machine
 * @group: number of the group
 * @users: where to store the new list
 *
 * Looks for /dev/vfio/@group and the device nodes of its members among the
 * files of every process. Processes that the caller may not look into are left
 * out, and so are those that closed the node and kept a device.
 *
 * Return: -EMFILE, -ENFILE or -ENOMEM rather than a list that lacks somebody.
 * Since: 0.1
 */
int bindery_users_find_vfio(const struct bindery_host *host, uint32_t group,
			    struct bindery_users **users);

/**
 * bindery_users_find_claim() - which other processes have a file of this claim
 * @host: the machine
 * @claim: the claim
 * @users: where to store the new list
 *
 * Those that inherited or received the file of @claim, or opened the claim
 * themselves. Where neither fdinfo nor kcmp(2) can tell: those that have a file
 * of any claim. Files in flight are not seen.
 *
 * Return: -EMFILE, -ENFILE or -ENOMEM rather than a list that lacks somebody.
 * Since: 0.1
 */
int bindery_users_find_claim(const struct bindery_host *host,
			     const struct bindery_claim *claim,
			     struct bindery_users **users);

/**
 * bindery_users_free() - free a list of users, with its users
 * Since: 0.1
 */
void bindery_users_free(struct bindery_users *users);

/**
 * bindery_users_get_count() - how many there are
 * Since: 0.1
 */
size_t bindery_users_get_count(const struct bindery_users *users);

/**
 * bindery_users_get() - one of them
 * @index: from 0
 * Return: a user that lives as long as the list, NULL beyond its end.
 * Since: 0.1
 */
const struct bindery_user *bindery_users_get(const struct bindery_users *users,
					     size_t index);

/**
 * bindery_user_get_pid() - its pid
 * Since: 0.1
 */
pid_t bindery_user_get_pid(const struct bindery_user *user);

/**
 * bindery_user_get_comm() - its name; any bytes
 * Since: 0.1
 */
const char *bindery_user_get_comm(const struct bindery_user *user);

/**
 * enum bindery_guard_kind - what speaks against moving a device
 * @BINDERY_GUARD_MOUNT: a block device below it is mounted
 * @BINDERY_GUARD_SWAP: a block device below it is swap
 * @BINDERY_GUARD_HOLDER: a block device below it belongs to dm, LVM, md, ZFS, a
 *	loop device or the like
 * @BINDERY_GUARD_NETDEV: a network interface below it is up, or in another network
 *	namespace
 * @BINDERY_GUARD_BOOT_VGA: it is the display that firmware used
 * @BINDERY_GUARD_ADDRESS: a network interface below it, or one on top of that,
 *	has an address that is more than one of its link
 * @BINDERY_GUARD_ROUTE: a default route goes through it
 * @BINDERY_GUARD_DISPLAY: a display is connected to it
 * @BINDERY_GUARD_OPEN: a process has a device node of it open
 * @BINDERY_GUARD_SIGNATURE: a block device below it has data on it that nobody
 *	is known to use: a warning only
 */
enum bindery_guard_kind {
	BINDERY_GUARD_MOUNT = 1,
	BINDERY_GUARD_SWAP = 2,
	BINDERY_GUARD_HOLDER = 3,
	BINDERY_GUARD_NETDEV = 4,
	BINDERY_GUARD_BOOT_VGA = 5,
	BINDERY_GUARD_ADDRESS = 6,
	BINDERY_GUARD_ROUTE = 7,
	BINDERY_GUARD_DISPLAY = 8,
	BINDERY_GUARD_OPEN = 9,
	BINDERY_GUARD_SIGNATURE = 10,
};

/**
 * bindery_guard_kind_symbol() - such as "mount"
 * Since: 0.1
 */
const char *bindery_guard_kind_symbol(enum bindery_guard_kind kind);

/**
 * bindery_guard_kind_parse() - the kind that has this symbol
 * @symbol: such as "mount"
 * @kind: where to store it
 * Return: -EINVAL if there is none.
 * Since: 0.1
 */
int bindery_guard_kind_parse(const char *symbol,
			     enum bindery_guard_kind *kind);

/**
 * bindery_guards_find() - what speaks against moving these members
 * @host: the machine
 * @plan: as bindery_request_check() or bindery_claim_acquire() gave it; every
 *	member of action %BINDERY_ACTION_MOVE is looked at
 * @guards: where to store the new list; empty if nothing was found
 *
 * The kernel does not ask: it moves a device that is in use. What begins after
 * this looked is not seen. Of other mount namespaces it is seen that a block
 * device with a known signature is held, by those who may open it; of other
 * network namespaces that an interface is there; of open device nodes what
 * processes have open that the caller may look into. Addresses and routes are
 * known of the running machine only, not of another root.
 *
 * Return: the errno of what could not be read; -ENODATA without /proc; -EIO if
 * the kernel does not tell addresses and routes.
 * Since: 0.1
 */
int bindery_guards_find(const struct bindery_host *host,
			const struct bindery_members *plan,
			struct bindery_guards **guards);

/**
 * bindery_guards_find_devices() - the same for devices without a plan
 * @bdfs: the devices; one that is not there has no guards
 * @count: how many
 * Since: 0.1
 */
int bindery_guards_find_devices(const struct bindery_host *host,
				const struct bindery_bdf *bdfs, size_t count,
				struct bindery_guards **guards);

/**
 * bindery_guards_free() - free a list of guards, with its guards
 * Since: 0.1
 */
void bindery_guards_free(struct bindery_guards *guards);

/**
 * bindery_guards_get_count() - how many there are
 * Since: 0.1
 */
size_t bindery_guards_get_count(const struct bindery_guards *guards);

/**
 * bindery_guards_get() - one of them
 * @index: from 0
 * Return: a guard that lives as long as the list, NULL beyond its end.
 * Since: 0.1
 */
const struct bindery_guard *
bindery_guards_get(const struct bindery_guards *guards, size_t index);

/**
 * bindery_guard_get_bdf() - the device
 * Since: 0.1
 */
struct bindery_bdf bindery_guard_get_bdf(const struct bindery_guard *guard);

/**
 * bindery_guard_get_kind() - what kind of use
 * Since: 0.1
 */
enum bindery_guard_kind
bindery_guard_get_kind(const struct bindery_guard *guard);

/**
 * bindery_guard_get_what() - the use in words: "sda1 mounted on /srv"
 *
 * May hold any bytes of a path; escape them before they reach a terminal.
 * Since: 0.1
 */
const char *bindery_guard_get_what(const struct bindery_guard *guard);

/**
 * bindery_guard_is_warning() - does it speak against nothing by itself?
 * Since: 0.1
 */
bool bindery_guard_is_warning(const struct bindery_guard *guard);

/**
 * struct bindery_variant - the VFIO driver made for a device
 * @driver: its name; "" while its module is not loaded, which alone knows it
 * @module: its module
 */
struct bindery_variant {
	char driver[BINDERY_NAME_SIZE];
	char module[BINDERY_NAME_SIZE];
};

/**
 * bindery_host_find_variant() - the VFIO driver that suits a device best
 * @device: the device
 * @variant: where to store it
 *
 * Of the modules that have an alias "vfio_pci:..." for the device, in
 * modules.alias of the running kernel, the one with the fewest wildcards. Often
 * that is vfio_pci itself. Nothing is loaded.
 *
 * Return: -ENOENT if there is none, -ENODEV without such a device.
 * Since: 0.1
 */
int bindery_host_find_variant(const struct bindery_host *host,
			      const struct bindery_bdf *device,
			      struct bindery_variant *variant);

/**
 * bindery_host_load_variant() - load its module, so that its driver is known
 * @variant: what bindery_host_find_variant() found; its driver is filled in
 *
 * Needs CAP_SYS_MODULE, unless the module is loaded already.
 *
 * Return: the errno of loading the module; -ENOENT if it has no PCI driver.
 * Since: 0.1
 */
int bindery_host_load_variant(const struct bindery_host *host,
			      struct bindery_variant *variant);

/**
 * bindery_host_resolve_driver() - the name by which a PCI driver is registered
 * @name: the name that somebody knows: of the driver or of its module, with "-"
 *	for "_" or the other way round
 * @driver: where to store it; @name as it is if there is no such driver now
 * Return: is there one?
 * Since: 0.1
 */
bool bindery_host_resolve_driver(const struct bindery_host *host,
				 const char *name,
				 char driver[BINDERY_NAME_SIZE]);

/**
 * bindery_host_has_driver() - is there such a driver, or could there be?
 * @name: name of the driver
 * @module: the module that has it; NULL or "": one of that name
 *
 * Nothing is loaded. Where it is not known which modules there are, any could be.
 *
 * Return: is it registered, or has the running kernel such a module?
 * Since: 0.1
 */
bool bindery_host_has_driver(const struct bindery_host *host, const char *name,
			     const char *module);

/**
 * bindery_host_is_vfio_driver() - is that a VFIO driver for PCI devices?
 * @name: name of a driver or of its module
 *
 * Known by what it is, not by its name: its module uses that of the VFIO core
 * for PCI, or has an alias "vfio_pci:...".
 * Since: 0.1
 */
bool bindery_host_is_vfio_driver(const struct bindery_host *host,
				 const char *name);

/**
 * bindery_stray_reason_symbol() - such as "driver"
 * Since: 0.1
 */
const char *bindery_stray_reason_symbol(enum bindery_stray_reason reason);

/**
 * bindery_strays_find() - devices on VFIO, or meant for it, that nobody owns
 * @host: the machine
 * @context: the module, which tells what claims own; its error record is
 *	overwritten
 * @strays: where to store the new list, in order of BDF
 *
 * The module tells them by netlink, to who has CAP_SYS_ADMIN in the initial user
 * namespace and is in the initial network namespace; one that a driver's
 * callback has just now is none. For all others sysfs is read instead, and on
 * Linux 6.1 that waits for such a callback.
 *
 * Return: the errno of reading sysfs, SHOW or the dump: -EAGAIN if it changed all
 *	the time, -ETIMEDOUT if there was no answer.
 * Since: 0.1
 */
int bindery_strays_find(const struct bindery_host *host,
			struct bindery_context *context,
			struct bindery_strays **strays);

/**
 * bindery_strays_free() - free a list of strays, with its strays
 * Since: 0.1
 */
void bindery_strays_free(struct bindery_strays *strays);

/**
 * bindery_strays_get_count() - how many there are
 * Since: 0.1
 */
size_t bindery_strays_get_count(const struct bindery_strays *strays);

/**
 * bindery_strays_get() - one of them
 * @index: from 0
 * Return: a stray that lives as long as the list, NULL beyond its end.
 * Since: 0.1
 */
const struct bindery_stray *
bindery_strays_get(const struct bindery_strays *strays, size_t index);

/**
 * bindery_stray_get_bdf() - the device
 * Since: 0.1
 */
struct bindery_bdf bindery_stray_get_bdf(const struct bindery_stray *stray);

/**
 * bindery_stray_get_group() - number of its IOMMU group
 * @group: where to store it
 * Return: false if it is in none; @group is then left alone.
 * Since: 0.1
 */
bool bindery_stray_get_group(const struct bindery_stray *stray,
			     uint32_t *group);

/**
 * bindery_stray_get_reason() - why it is one; the first reason that applies
 * Since: 0.1
 */
enum bindery_stray_reason
bindery_stray_get_reason(const struct bindery_stray *stray);

/**
 * bindery_stray_get_driver() - the driver it is on, "" if none
 * Since: 0.1
 */
const char *bindery_stray_get_driver(const struct bindery_stray *stray);

/**
 * bindery_stray_get_override() - its driver_override, "" if none
 * Since: 0.1
 */
const char *bindery_stray_get_override(const struct bindery_stray *stray);

/**
 * bindery_stray_fix() - give it back to the driver that the kernel finds for it
 * @host: the machine
 * @context: the module; keeps the error record of what it refused
 * @stray: the stray
 * @deadline_ms: how long each call of the kernel may take; 0: its default
 *
 * Its group is adopted, or reserved if members of it are on other drivers, and
 * so kept from everybody else; then the device leaves VFIO, its override is
 * cleared, and drivers are asked to take it. What is in the group beside it
 * stays as it is. A VFIO user that opens it in between keeps it: the kernel takes
 * it from VFIO when that one has closed it, and no driver is asked then.
 *
 * Return: -EBUSY if a VFIO user has it open, or a claim owns it by now;
 * -EALREADY if it is no stray any more; -EIO if it is still one afterwards; or
 * what the kernel answered.
 * Since: 0.1
 */
int bindery_stray_fix(const struct bindery_host *host,
		      struct bindery_context *context,
		      const struct bindery_stray *stray, uint32_t deadline_ms);

/**
 * bindery_nodes_watch() - listen to what udev does, before nodes come to be
 * @host: the machine; has to live as long as @nodes
 * @nodes: where to store the watch
 *
 * Call it before devices are moved: what happens earlier is not heard.
 *
 * Return: the errno of opening a socket of NETLINK_KOBJECT_UEVENT.
 * Since: 0.1
 */
int bindery_nodes_watch(const struct bindery_host *host,
			struct bindery_nodes **nodes);

/**
 * bindery_nodes_free() - end the watch
 * Since: 0.1
 */
void bindery_nodes_free(struct bindery_nodes *nodes);

/**
 * bindery_nodes_get_fd() - readable when there is something new to look at
 *
 * Then ask bindery_nodes_settle() again. Close-on-exec.
 * Since: 0.1
 */
int bindery_nodes_get_fd(const struct bindery_nodes *nodes);

/**
 * bindery_nodes_settle() - has udev finished with the nodes of these members?
 * @members: of a claim; the nodes of their groups and of their VFIO devices
 *
 * Without udev it is so as soon as the nodes are there.
 *
 * Return: 0 if it has; -EAGAIN if not yet: wait for bindery_nodes_get_fd(), and
 * not for longer than some 100 ms, because udev may end; -ENOBUFS if events
 * were lost.
 * Since: 0.1
 */
int bindery_nodes_settle(struct bindery_nodes *nodes,
			 const struct bindery_members *members);

/**
 * bindery_nodes_set_rights() - who may open the nodes of these members
 * @members: as of bindery_nodes_settle(), which has to have returned 0
 * @owner: user id, or -1: as it is
 * @group: group id, or -1: as it is
 * @mode: permissions, or -1: as they are
 *
 * They are looked at again afterwards. They go away with the nodes, which is
 * when the devices leave VFIO: there is nothing to put back.
 *
 * Return: -ENOENT if there is no node to set; -ESTALE if a node is not the
 * device's, or has other rights afterwards; the errno of chown(2), chmod(2).
 * Since: 0.1
 */
int bindery_nodes_set_rights(struct bindery_nodes *nodes,
			     const struct bindery_members *members,
			     uid_t owner, gid_t group, mode_t mode);

#pragma GCC visibility pop

#ifdef __cplusplus
}
#endif

#endif
