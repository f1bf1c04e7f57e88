/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef MOCK_H
#define MOCK_H

#include <stdbool.h>
#include <linux/bindery.h>

#define MOCK_MEMBERS	2000
#define MOCK_DEVICES	16

enum mock_call {
	MOCK_INFO,
	MOCK_SHOW,
	MOCK_CHECK,
	MOCK_ACQUIRE,
	MOCK_STATUS,
	MOCK_RELEASE,
	MOCK_ADOPT,
	MOCK_OPEN_CLAIM,
	MOCK_RECOVER,
	MOCK_BIND,
	MOCK_MARK,
	MOCK_KEEP,
	MOCK_DELEGATE,
	MOCK_REVOKE,
	MOCK_CALLS,
};

/*
 * A kernel that answers what it is told to: ioctl(2), and open(2) of
 * /dev/bindery, end here by the linker's --wrap. Where it answers nothing
 * else it checks what the uAPI demands of a caller, with EINVAL.
 */
struct mock {
	int open_errno;
	unsigned int abi_version;
	int count[MOCK_CALLS];
	int fail[MOCK_CALLS];			/* errno, 0: succeed */
	int times;				/* it fails, 0: always */
	struct bindery_ioc_error error;		/* for what fails */
	bool silent;				/* fails without a record */
	struct bindery_ioc_member members[MOCK_MEMBERS];
	unsigned int num_members;
	unsigned int grow;			/* new members at each call */
	unsigned int delay_ms;			/* that a release takes */
	bool delay_until_told;			/* or less, if something is told */
	unsigned int state;
	unsigned int num_claims;
	unsigned int claim_flags;
	/* What the last call brought. */
	struct bindery_ioc_acquire acquire;
	struct bindery_ioc_device devices[MOCK_DEVICES];
	struct bindery_ioc_release release;
	struct bindery_ioc_show show;
	struct bindery_ioc_open_claim opened;
	struct bindery_ioc_recover recover;
	struct bindery_ioc_bind bind;
	struct bindery_ioc_mark mark;
	struct bindery_ioc_keep keep;
	struct bindery_ioc_delegate delegate;
	struct bindery_ioc_revoke revoke;
	struct bindery_ioc_native natives[MOCK_DEVICES];
};

/* What a claim opened on the device 0000:01:00.0 has for an id. */
extern const unsigned char mock_id[BINDERY_ID_SIZE];
#define MOCK_ID "00112233-4455-6677-8899-aabbccddeeff"

/* Shared with children, so that a run of the tool tells what it asked. */
extern struct mock *mock_shared;
#define mock (*mock_shared)

void mock_reset(void);
/* Adds a member 0000:01:00.@function of group 5. */
struct bindery_ioc_member *mock_member(int function, const char *driver,
				       enum bindery_role role,
				       enum bindery_action action);
void mock_fail(enum mock_call call, int error, enum bindery_error code,
	       enum bindery_error_class error_class, enum bindery_step step);

#endif
