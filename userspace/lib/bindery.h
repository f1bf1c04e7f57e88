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
 *    ``_show``, ``_find`` or ``_get_...`` with an out-pointer made, and frees it
 *    with the ``_free`` of its type. Each ``_free`` accepts NULL. Getters
 *    without an out-pointer return what belongs to the object they are asked
 *    of; it lives as long.
 *  - Strings are never NULL unless said; what is not there is "".
 *  - Snapshots (info, members, group, status, devices, guards, users) never
 *    change once made.
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

#ifdef __cplusplus
extern "C" {
#endif

#pragma GCC visibility push(default)

struct bindery_claim;
struct bindery_context;
struct bindery_device;
struct bindery_devices;
struct bindery_error_record;
struct bindery_group;
struct bindery_guard;
struct bindery_guards;
struct bindery_host;
struct bindery_info;
struct bindery_member;
struct bindery_members;
struct bindery_request;
struct bindery_status;
struct bindery_user;
struct bindery_users;

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
 * %BINDERY_ERROR_NONE and errno 0 if that succeeded. Overwritten by the next.
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
 * @target: driver name; NULL: vfio-pci
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
 *	%BINDERY_ACQUIRE_REPAIR, what somebody else unbinds is bound again, once
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
 * @fd: its file. Owned by the claim after success: the caller no more closes it
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
 * Of the last function that asked the kernel about @claim, once there was one.
 * Never NULL; overwritten by the next.
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
 * bindery_status_get_members() - its members; they live as long as @status
 * Since: 0.1
 */
const struct bindery_members *
bindery_status_get_members(const struct bindery_status *status);

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
 * reference expects of the device is not looked at.
 *
 * Return: -ENODEV if there is none, or as bindery_host_complete_path().
 * Since: 0.1
 */
int bindery_host_find_device(const struct bindery_host *host,
			     const struct bindery_reference *device,
			     struct bindery_bdf *bdf);

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
 * bindery_device_get_driver() - the driver it is on, "" if none
 * Since: 0.1
 */
const char *bindery_device_get_driver(const struct bindery_device *device);

/**
 * bindery_device_get_override() - its driver_override, "" if none
 * Since: 0.1
 */
const char *bindery_device_get_override(const struct bindery_device *device);

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
 * bindery_users_find_vfio() - who may have an IOMMU group open through VFIO
 * @host: the machine
 * @group: number of the group
 * @users: where to store the new list
 *
 * Looks for /dev/vfio/@group and the device nodes of its members among the
 * files of every process. Processes that the caller may not look into are left
 * out, and so are those that closed the node and kept a device.
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
 * @BINDERY_GUARD_HOLDER: a block device below it belongs to dm or md
 * @BINDERY_GUARD_NETDEV: a network interface below it is up
 * @BINDERY_GUARD_BOOT_VGA: it is the display that firmware used
 */
enum bindery_guard_kind {
	BINDERY_GUARD_MOUNT = 1,
	BINDERY_GUARD_SWAP = 2,
	BINDERY_GUARD_HOLDER = 3,
	BINDERY_GUARD_NETDEV = 4,
	BINDERY_GUARD_BOOT_VGA = 5,
};

/**
 * bindery_guard_kind_symbol() - such as "mount"
 * Since: 0.1
 */
const char *bindery_guard_kind_symbol(enum bindery_guard_kind kind);

/**
 * bindery_guards_find() - what speaks against moving these members
 * @host: the machine
 * @plan: as bindery_request_check() or bindery_claim_acquire() gave it; every
 *	member of action %BINDERY_ACTION_MOVE is looked at
 * @guards: where to store the new list; empty if nothing was found
 *
 * The kernel does not ask: it moves a device that is in use. Only what is in
 * the caller's mount and network namespace is seen.
 *
 * Return: the errno of what could not be read; -ENODATA without /proc.
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

#pragma GCC visibility pop

#ifdef __cplusplus
}
#endif

#endif
