/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Devices that come and go: which, and where, on the machines that can do
 * that. Their names are those of the machine files.
 */
#ifndef BINDERY_TEST_HOTPLUG_H
#define BINDERY_TEST_HOTPLUG_H

#include "lib.h"

#define MAX_PLUGS	3

/* A fixture on such a machine. */
#define HOTPLUG_FIXTURE(name)						\
FIXTURE(name) {								\
	struct hotplug hp;						\
};									\
									\
FIXTURE_SETUP(name)							\
{									\
	int ret = hotplug_begin(&self->hp);				\
									\
	if (ret == -ENODEV)						\
		SKIP(return, "no group to hot-plug into");		\
	ASSERT_EQ(0, ret);						\
}									\
									\
FIXTURE_TEARDOWN(name)							\
{									\
	EXPECT_EQ(0, hotplug_end(&self->hp));				\
}

#define STATE() hotplug_state(&self->hp)
#define ACQUIRE() do {							\
	self->hp.claim = acquire(self->hp.control, &self->hp.request);	\
	ASSERT_LE(0, self->hp.claim);					\
} while (0)

struct plug {
	const char *id;
	const char *properties;
	char bdf[BDF_SIZE];
	const char *native;
	const char *probe;	/* of its native driver, as a kprobe */
};

/* A group that others may join. */
struct scene {
	const char *machine;
	char anchor[BDF_SIZE];	/* a bridge of the group, which stays */
	struct plug newcomer;	/* to an empty place of the group */
	const char *newcomer_otherwise;	/* a device of another kind there */
	struct plug bridge;	/* to that place or another one; may be none */
	/* Those of the group; the last one comes and goes */
	struct plug members[MAX_PLUGS];
	unsigned int num_members;
	/* Where the last one may come to instead */
	struct plug moved;
};

/* A test with one of them. */
struct hotplug {
	int control;
	int claim;
	int qmp;
	const struct scene *scene;
	const struct plug *newcomer;
	const struct plug *first, *last;	/* of the members */
	struct snapshot before;
	struct request request;
	struct answer answer;
	struct vfio_user user;
	struct child child;
};

const struct scene *scene_choose(void);
int hotplug_begin(struct hotplug *hp);
int hotplug_end(struct hotplug *hp);
int hotplug_tidy(struct hotplug *hp);
int hotplug_state(struct hotplug *hp);
bool hotplug_is(struct hotplug *hp, int state);
void request_endpoints(struct request *request, int group, const char *target);

int not_taken(const struct bindery_ioc_member *member,
	      const struct plug *plug, const char *target);
int comes_to(struct hotplug *hp, const char *target);
int comes_naturally(struct hotplug *hp);
int others_differ(struct hotplug *hp);
int not_held(struct hotplug *hp, const char *target);

int plug_in(int qmp, const struct plug *plug);
int plug_out(int qmp, const struct plug *plug);
int probes_watch(const struct plug *plug);
int probes_of(const struct plug *plug);
int removals_watch(void);
bool removal_began(void);
int additions_watch(void);
bool addition_ended(void);

bool is_overridden(const char *bdf, const char *name);
int is_natural(const struct plug *plug);
bool came_back(const struct plug *plug);

#endif
