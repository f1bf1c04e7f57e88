// SPDX-License-Identifier: GPL-2.0-only
/* What there is for sequences to use, and to be as it was after each. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include <linux/genetlink.h>
#include <linux/netlink.h>

#include "fuzz.h"

static int open_netlink(struct world *world)
{
	struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };

	world->netlink = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC |
				SOCK_NONBLOCK, NETLINK_GENERIC);
	if (world->netlink < 0 ||
	    connect(world->netlink, (struct sockaddr *)&kernel, sizeof(kernel)))
		return -errno;
	return 0;
}

/* Not where a spoilt call wrote something else over the number. */
void world_keep(struct world *world, int fd, enum surface surface)
{
	if (fd < world->first_fd)
		return;
	if (world->num_files == NUM_FILES)
		close(world->files[--world->num_files].fd);
	world->files[world->num_files++] = (struct file) { fd, surface };
}

/* Always there: files of every kind. */
static int open_files(struct world *world)
{
	struct bindery_ioc_delegate cmd = {
		.size = sizeof(cmd),
		.num_devices = 2,
		.device_size = sizeof(struct bindery_ioc_device),
		.operations = 0x1f,
	};
	struct bindery_ioc_device devices[] = {
		{ .bdf = pci_address(world->group.bdf[0]) },
		{ .bdf = pci_address(world->vfio.bdf[0]) },
	};
	int ret;

	cmd.devices = (uintptr_t)devices;
	ret = call(world->control, BINDERY_DELEGATE, &cmd);
	if (ret)
		return ret;
	memcpy(world->delegation, cmd.out_delegation_id, BINDERY_ID_SIZE);
	world_keep(world, cmd.out_control_fd, DELEGATED);
	world_keep(world, open("/dev/null", O_RDWR | O_CLOEXEC), NUM_SURFACES);
	return 0;
}

/* Shared, so that others can join; its device is there already. */
static int drop_anchor(struct world *world)
{
	struct request request;

	request_group(&request, &world->held, VFIO_PCI);
	request.cmd.flags = BINDERY_ACQUIRE_SHARED;
	world->anchor = acquire(world->control, &request);
	memcpy(world->id, request.cmd.out_claim_id, BINDERY_ID_SIZE);
	return world->anchor < 0 ? world->anchor : 0;
}

int world_open(struct world *world)
{
	int ret = module_load("vfio_pci") ?: module_load(TEST_TARGET);

	if (ret)
		return ret;
	knobs_reset();
	world->control = control_open();
	if (world->control < 0)
		return world->control;
	ret = group_choose(&world->group, TEST_NATIVE) ?: group_choose_singles(&world->held, &world->vfio, TEST_NATIVE);
	ret = ret ?: pci_move(world->vfio.bdf[0], VFIO_PCI);
	ret = ret ?: pci_move(world->held.bdf[0], VFIO_PCI);
	ret = ret ?: snapshot_take(&world->before);
	ret = ret ?: reader_open(&world->events) ?:
	      reader_listen(&world->events);
	if (ret)
		return ret;
	world->family = world->events.family;
	world->first_fd = fcntl(world->control, F_DUPFD_CLOEXEC, 0);
	close(world->first_fd);
	ret = open_netlink(world);
	return ret ?: open_files(world) ?: drop_anchor(world);
}

/* Mostly the newest of the kind that the call is for. */
struct file world_file(struct world *world, struct tape *tape, bool of_claim)
{
	struct file usual = of_claim ? (struct file) { world->anchor, CLAIM } :
				       (struct file) { world->control, CONTROL };
	enum surface wanted = of_claim ? CLAIM : DELEGATED;
	uint8_t how = take(tape);

	if (how >= 240)
		return world->files[take(tape) % world->num_files];
	if (how < 120)
		return usual;
	for (unsigned int i = world->num_files; i--;)
		if (world->files[i].surface == wanted)
			return world->files[i];
	return usual;
}

static void hear_all(struct world *world)
{
	struct told told;
	int ret;

	while ((ret = reader_hear(&world->events, &told, 0)) != -EAGAIN) {
		if (ret)
			continue;
		cover_feature(1ULL << 62 | NUMBER(&told, TYPE) << 40 |
			      NUMBER(&told, STATE) << 32 |
			      NUMBER(&told, OLD_STATE) << 24 |
			      NUMBER(&told, STEP) << 16 |
			      NUMBER(&told, CODE) << 8 | NUMBER(&told, ERRNO));
	}
}

static bool has_claim(struct world *world, struct answer *answer,
		      const char *bdf)
{
	return !show(world->control, bdf, answer) &&
	       answer->show.out_num_claims;
}

static bool is_at_rest(struct world *world, const char *bdf)
{
	int state = group_state(world->control, bdf);

	return state == BINDERY_GROUP_FREE || state == BINDERY_GROUP_KEPT ||
	       state == BINDERY_GROUP_DEGRADED;
}

/* Of this group; kept ones have no file that could be closed. */
static void release_all_kept(struct world *world, const char *bdf)
{
	struct answer answer, released;

	while (has_claim(world, &answer, bdf) &&
	       answer.show.out_state == BINDERY_GROUP_KEPT &&
	       !recover(world->control, BINDERY_RECOVER_RELEASE,
			answer.show.out_claim_id, NULL, &released))
		;
}

static int end_claims(struct world *world, const struct group *group)
{
	const char *bdf = group->bdf[0];

	wait_until(is_at_rest(world, bdf));
	release_all_kept(world, bdf);
	wait_until(is_at_rest(world, bdf));
	/* somebody adopted it, and had it restored to what cannot have it */
	if (group_is(world->control, bdf, BINDERY_GROUP_DEGRADED))
		pci_move(bdf, TEST_NATIVE);
	if (wait_until(group_is(world->control, bdf, BINDERY_GROUP_FREE)))
		return 0;
	note("the group of %s is in state %d", bdf,
	     group_state(world->control, bdf));
	return 1;
}

/* Also those that no step was told of. */
static void close_files(struct world *world)
{
	close_range(world->first_fd, ~0U, 0);
	world->num_files = 0;
	world->netlink = -1;
	world->anchor = -1;
}

/* What somebody who adopts it may have it restored to. */
static int mend_vfio(struct world *world)
{
	const char *bdf = world->vfio.bdf[0];
	struct device_state *was = snapshot_device(&world->before, bdf);

	if (pci_is_on(bdf, VFIO_PCI) && !pci_override(bdf, was->override))
		return 0;
	return pci_move(bdf, VFIO_PCI);
}

static int open_all(struct world *world)
{
	world->revoked = false;
	return open_netlink(world) ?: open_files(world) ?: drop_anchor(world);
}

/* 0: all is as it was before the sequence. */
int world_clean(struct world *world)
{
	int wrong;

	if (!world->dirty && !world->revoked && world->num_files == 2) {
		close(world->netlink);
		return open_netlink(world);
	}
	close_files(world);
	wrong = end_claims(world, &world->held);
	if (world->dirty)
		wrong += end_claims(world, &world->group) +
			 end_claims(world, &world->vfio) +
			 (mend_vfio(world) != 0);
	hear_all(world);
	if (world->dirty && (wrong || ++world->cleaned % LOOK_EACH == 0))
		wrong += snapshot_compare(&world->before);
	world->dirty = false;
	return wrong ?: open_all(world);
}
