// SPDX-License-Identifier: GPL-2.0-only
/* What a call answered, against what it should have. */
#include <stdio.h>
#include <string.h>

#include "lib.h"

struct bindery_ioc_member *member_of(struct bindery_ioc_member *members,
				     unsigned int num, const char *bdf)
{
	char text[BDF_SIZE];

	for (unsigned int i = 0; i < num; i++) {
		pci_text(&members[i].out_device, text);
		if (members[i].out_flags & BINDERY_MEMBER_PCI &&
		    !strcmp(text, bdf))
			return &members[i];
	}
	note("%s is not among the members", bdf);
	return NULL;
}

static int differs(const char *where, const char *what, long expected,
		   long got)
{
	if (expected == got)
		return 0;
	note("%s: %s should be %ld, is %ld", where, what, expected, got);
	return 1;
}

static int text_differs(const char *where, const char *what,
			const char *expected, const char *got)
{
	if (!strcmp(expected, got))
		return 0;
	note("%s: %s should be '%s', is '%s'", where, what, expected, got);
	return 1;
}

/* One line of a plan; NULL: the member was not found. */
int member_compare(const struct bindery_ioc_member *member, uint32_t role,
		   uint32_t action, const char *driver, uint32_t blocker)
{
	const char *name;

	if (!member)
		return 1;
	name = member->out_name;
	return differs(name, "role", role, member->out_role) +
	       differs(name, "action", action, member->out_action) +
	       differs(name, "blocker", blocker, member->out_blocker) +
	       text_differs(name, "driver", driver, member->out_driver);
}

int error_compare(const struct bindery_ioc_error *error,
		  const struct expected *expected)
{
	bool has = error->out_flags & BINDERY_ERROR_HAS_DEVICE;
	const char *where = "error record";
	char bdf[BDF_SIZE] = "";
	int differences;

	if (has)
		pci_text(&error->out_device, bdf);
	differences = differs(where, "code", expected->code, error->out_code) +
		differs(where, "step", expected->step, error->out_step) +
		differs(where, "errno", expected->err, error->out_errno) +
		text_differs(where, "device", expected->bdf ?: "", bdf);
	if (expected->name)
		differences += text_differs(where, "name", expected->name,
					    error->out_name);
	return differences;
}

/* RFC 4122, version 4: random. */
bool id_is_uuid(const uint8_t *id)
{
	return id[6] >> 4 == 4 && id[8] >> 6 == 2;
}
