// SPDX-License-Identifier: GPL-2.0-only
/* What a claimant does: every call there is, in any order. */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "adversary.h"
#include "delegation.h"
#include "reader.h"
#include "torture.h"

#define MAX_CLAIMS	2
#define MOST_GROUPS	3
#define PAUSE_US	15000

/* Longer than that nothing but a wait for somebody who holds it takes. */
static const unsigned int deadlines[] = { 3, 30, 300, 1500, 4000 };

/* One of the claims that it may have. */
struct own {
	int claim;	/* -1: none */
	char anchor[BDF_SIZE];	/* of its first group */
};

static struct own owned[MAX_CLAIMS];
static int control, delegated;
static struct request request;
static struct answer answer;

static unsigned int any_deadline(void)
{
	return deadlines[chance(sizeof(deadlines) / sizeof(*deadlines))];
}

static struct own *any_own(void)
{
	return &owned[chance(MAX_CLAIMS)];
}

/* An endpoint of the first group of a claim. */
static bool own_endpoint(const struct own *own, char bdf[BDF_SIZE])
{
	unsigned int which = chance(MAX_MEMBERS);
	struct group group;

	if (own->claim < 0 || group_of(own->anchor, &group))
		return false;
	memcpy(bdf, group.bdf[which % group.num], BDF_SIZE);
	return true;
}

/* No call may return this, whatever happens. */
static bool is_forbidden(int ret)
{
	return ret == -EPROTO || ret == -EFAULT || ret == -ENOTTY ||
	       ret == -E2BIG || ret == -EBADF;
}

static int ends(int ret, const struct bindery_ioc_error *error)
{
	record_end(ret, error->out_code);
	if (is_forbidden(ret)) {
		note("process %u: a call returned %d, code %u", me->number, ret,
		     error->out_code);
		atomic_store(&arena->wrong, true);
	}
	return ret;
}

static int answered(int ret)
{
	return ends(ret, &answer.error);
}

static void give_up(struct own *own)
{
	if (own->claim < 0)
		return;
	record_begin(KIND_CLOSE, "%s", own->anchor);
	close_claim(own->claim);
	own->claim = -1;
	record_end(0, 0);
}

static void keep_claim(struct own *own, int claim, const char *anchor)
{
	give_up(own);
	own->claim = claim;
	memcpy(own->anchor, anchor, BDF_SIZE);
}

/* All endpoints, or one of them with its companions. */
static void request_place(const char *anchor, bool all)
{
	struct group group;

	if (group_of(anchor, &group))
		return;
	for (unsigned int i = 0; i < group.num && (all || !i); i++)
		if (request.cmd.num_devices < MAX_MEMBERS)
			request_add(&request, group.bdf[i]);
}

static uint32_t some_of(const uint32_t *flags, unsigned int num,
			unsigned int one_in)
{
	uint32_t some = 0;

	for (unsigned int i = 0; i < num; i++)
		if (!chance(one_in))
			some |= flags[i];
	return some;
}

static uint32_t acquire_flags(void)
{
	static const uint32_t flags[] = {
		BINDERY_ACQUIRE_SHARED, BINDERY_ACQUIRE_RESERVE_ONLY,
		BINDERY_ACQUIRE_SERIAL, BINDERY_ACQUIRE_NOWAIT,
		BINDERY_ACQUIRE_KEEP, BINDERY_ACQUIRE_REPAIR,
		BINDERY_ACQUIRE_COMPANIONS,
	};

	return some_of(flags, sizeof(flags) / sizeof(*flags), 6);
}

/* Some groups in any order; the anchor of the first. */
static const char *any_request(void)
{
	unsigned int num = chance(3) ? 1 : 1 + chance(MOST_GROUPS);
	unsigned int first, group;
	uint32_t flags = acquire_flags();

	request_init(&request, chance(3) ? TEST_TARGET : "");
	if (delegated >= 0)
		flags &= ~(BINDERY_ACQUIRE_KEEP | BINDERY_ACQUIRE_REPAIR);
	request.cmd.flags = flags;
	request.cmd.deadline_ms = any_deadline();
	if (num > arena->num_places)
		num = arena->num_places;
	first = chance(arena->num_places);
	for (unsigned int i = 0; i < num; i++) {
		group = (first + i) % arena->num_places;
		request_place(arena->places[group].anchor,
			      !(flags & BINDERY_ACQUIRE_COMPANIONS));
	}
	return arena->places[first].anchor;
}

static enum kind kind_of_acquire(void)
{
	if (request.cmd.flags & BINDERY_ACQUIRE_RESERVE_ONLY)
		return KIND_RESERVE;
	return request.cmd.flags & BINDERY_ACQUIRE_NOWAIT ? KIND_NOWAIT :
							     KIND_ACQUIRE;
}

static void do_acquire(void)
{
	struct own *own = any_own();
	bool by_delegation = !chance(4) && delegated >= 0;
	const char *anchor = any_request();
	int claim;

	if (!request.cmd.num_devices)
		return;
	record_begin(kind_of_acquire(), "%u of %s to %s, flags 0x%x, %u ms",
		     request.cmd.num_devices, anchor, request.cmd.target,
		     request.cmd.flags, request.cmd.deadline_ms);
	claim = acquire(by_delegation ? delegated : control, &request);
	if (ends(claim, &request.error) >= 0)
		keep_claim(own, claim, anchor);
}

static void do_check(void)
{
	const char *anchor = any_request();

	if (!request.cmd.num_devices)
		return;
	/* What only ACQUIRE knows */
	request.cmd.flags &= BINDERY_ACQUIRE_COMPANIONS |
			     BINDERY_ACQUIRE_SHARED;
	record_begin(KIND_CHECK, "%s", anchor);
	ends(check(control, &request), &request.error);
}

static void do_bind(void)
{
	struct own *own = any_own();
	unsigned int ms = any_deadline();
	uint32_t flags = chance(2) ? 0 : BINDERY_ACQUIRE_NOWAIT;

	if (own->claim < 0)
		return;
	record_begin(KIND_BIND, "%s, flags 0x%x, %u ms", own->anchor, flags, ms);
	answered(bind_claim(own->claim, &answer, flags, ms));
}

/* A VFIO user may lose its driver to a release that forces. */
static void force_all(void)
{
	for (unsigned int i = 0; i < arena->ledger.num; i++)
		atomic_store(&arena->ledger.devices[i].forced, true);
}

static void do_release(void)
{
	static const uint32_t ways[] = {
		0, 0, BINDERY_RELEASE_WAIT, BINDERY_RELEASE_DEFER,
		BINDERY_RELEASE_FORCE,
	};
	struct own *own = any_own();
	uint32_t flags = ways[chance(mood(MOOD_FORCE) ? 5 : 4)];
	unsigned int ms = any_deadline();
	bool stale = !chance(8);
	uint64_t generation;

	if (own->claim < 0)
		return;
	generation = stale ? 1 + chance(100) : claim_generation(own->claim);
	if (flags & BINDERY_RELEASE_FORCE)
		force_all();
	record_begin(flags & BINDERY_RELEASE_FORCE ? KIND_FORCE :
		     flags & BINDERY_RELEASE_DEFER ? KIND_DEFER : KIND_RELEASE,
		     "%s, flags 0x%x, %u ms", own->anchor, flags, ms);
	if (!answered(release_with(own->claim, &answer, flags, ms,
				   generation)))
		give_up(own);
}

static void do_close(void)
{
	give_up(any_own());
}

static void do_status(void)
{
	struct own *own = any_own();
	struct pollfd ready = { .events = POLLIN | POLLPRI };

	if (own->claim < 0)
		return;
	record_begin(KIND_STATUS, "%s", own->anchor);
	ready.fd = own->claim;
	poll(&ready, 1, chance(20));
	answered(status(own->claim, &answer));
}

static void do_show(void)
{
	char bdf[BDF_SIZE];

	if (!any_endpoint(bdf))
		return;
	record_begin(KIND_SHOW, "%s", bdf);
	answered(show(control, bdf, &answer));
}

static void do_mark(void)
{
	struct own *own = any_own();
	uint32_t event = chance(BINDERY_EVENT_DETACH_FAILED + 1);
	struct bindery_ioc_member *member;
	uint64_t generation;
	char bdf[BDF_SIZE];

	if (!own_endpoint(own, bdf) || status(own->claim, &answer))
		return;
	member = member_of(answer.members, answer.num_members, bdf);
	if (!member)
		return;
	generation = member->out_generation;
	record_begin(KIND_MARK, "%s, event %u", bdf, event);
	answered(mark(own->claim, bdf, event, generation, &answer));
}

static void do_keep(void)
{
	struct own *own = any_own();
	uint32_t policy = chance(2) ? BINDERY_KEEP_ON : BINDERY_KEEP_OFF;

	if (own->claim < 0)
		return;
	record_begin(KIND_KEEP, "%s: %u", own->anchor, policy);
	answered(keep_told(own->claim, policy, &answer));
}

static void do_open_claim(void)
{
	struct own *own = any_own();
	const char *anchor = any_anchor();
	int claim;

	record_begin(KIND_OPEN_CLAIM, "%s", anchor);
	claim = open_claim(control, NULL, anchor, &answer);
	if (answered(claim) >= 0)
		keep_claim(own, claim, anchor);
}

static void do_recover(void)
{
	const char *anchor = any_anchor();
	uint32_t operation = chance(3) ? BINDERY_RECOVER_RELEASE :
					 BINDERY_RECOVER_REPAIR;
	unsigned int ms = any_deadline();

	record_begin(operation == BINDERY_RECOVER_REPAIR ? KIND_REPAIR :
		     KIND_RELEASE_KEPT, "%s, %u ms", anchor, ms);
	answered(recover_with(control, operation, NULL, anchor, &answer, 0,
			      ms));
}

/*
 * As other tools do it; whoever is killed meanwhile leaves it so, and who comes
 * then finds no driver in a group that a VFIO user owns.
 */
static int move_by_hand(const struct group *group)
{
	int ret = module_load("vfio_pci");

	for (unsigned int i = 0; i < arena->ledger.num; i++)
		if (arena->ledger.devices[i].comes_and_goes)
			disturb(arena->ledger.devices[i].bdf);
	for (unsigned int i = 0; !ret && i < group->num; i++) {
		disturb(group->bdf[i]);
		ret = pci_is_on(group->bdf[i], VFIO_PCI) ? 0 :
			pci_move(group->bdf[i], VFIO_PCI);
	}
	return ret;
}

static bool moves_by_hand(const struct group *group)
{
	int ret;

	if (chance(2) || !mood(MOOD_HOSTILE) || !vfio_probes_can_meet())
		return false;
	/* An unbind waits for users, for one's own too. */
	user_close();
	record_begin(KIND_BY_HAND, "%s", group->bdf[0]);
	ret = move_by_hand(group);
	return !record_end(ret, 0);
}

/* What a kept claim has, or what was moved by hand. */
static void do_adopt(void)
{
	struct own *own = any_own();
	const char *anchor = any_anchor();
	bool by_hand;
	struct group group;
	int claim;

	if (group_of(anchor, &group))
		return;
	by_hand = moves_by_hand(&group);
	request_init(&request, "");
	request.cmd.deadline_ms = 1500;
	for (unsigned int i = 0; i < group.num; i++) {
		request_add(&request, group.bdf[i]);
		if (by_hand)
			request_native(&request,
				       ledger_device(group.bdf[i])->native, "");
	}
	record_begin(KIND_ADOPT, "%s", anchor);
	claim = adopt(control, &request);
	if (ends(claim, &request.error) >= 0)
		keep_claim(own, claim, anchor);
}

static void do_delegate(void)
{
	static struct delegated d;
	char bdf[BDF_SIZE];

	if (delegated >= 0 || !any_endpoint(bdf))
		return;
	record_begin(KIND_DELEGATE, "%s", bdf);
	delegated_init(&d, ALL, bdf, NULL);
	delegated = ends(give(control, &d), &d.error);
}

static void do_revoke(void)
{
	struct bindery_ioc_revoke cmd;
	struct bindery_ioc_error error;
	uint32_t flags = chance(2) ? BINDERY_REVOKE_RELEASE : 0;
	unsigned int ms = any_deadline();

	if (delegated < 0)
		return;
	record_begin(KIND_REVOKE, "flags 0x%x, %u ms", flags, ms);
	ends(revoke_with(control, &cmd, &error, NO_ID, delegated, flags, ms),
	     &error);
	close(delegated);
	delegated = -1;
}

/*
 * Linux 6.1 crashes when a VFIO user's close meets the removal of a device of
 * the group; module/DESIGN.md tells why.
 */
static bool may_use(const char *bdf)
{
	if (vfio_probes_can_meet() || !mood(MOOD_PLUGS))
		return true;
	return pci_group(bdf) != pci_group(arena->scene_anchor);
}

static void do_vfio(void)
{
	struct own *own = any_own();
	unsigned int part = chance(3);
	char bdf[BDF_SIZE];

	if ((own_endpoint(own, bdf) || any_endpoint(bdf)) && may_use(bdf))
		user_open(bdf, part);
}

static void do_dump(void)
{
	uint8_t cmd = BINDERY_CMD_GROUP_GET + chance(BINDERY_CMD_JOURNAL_GET);
	struct reader reader;
	struct told told;
	int ret;

	record_begin(KIND_DUMP, "%u", cmd);
	ret = reader_open(&reader);
	reader.quiet = true;
	if (!ret) {
		ret = dump(&reader, cmd, NULL, &told, 1);
		reader_close(&reader);
	}
	record_end(ret, 0);
	if (ret < 0) {
		note("process %u: a dump failed: %s", me->number,
		     strerror(-ret));
		atomic_store(&arena->wrong, true);
	}
}

static const struct {
	unsigned int weight;
	void (*run)(void);
} operations[] = {
	{ 26, do_acquire }, { 4, do_check },	  { 6, do_bind },
	{ 20, do_release }, { 10, do_close },	  { 6, do_status },
	{ 4, do_show },	    { 6, do_mark },	  { 3, do_keep },
	{ 3, do_open_claim }, { 8, do_recover }, { 4, do_adopt },
	{ 2, do_delegate }, { 2, do_revoke },	  { 16, do_vfio },
	{ 2, do_dump },
};

#define NUM_OPERATIONS	(sizeof(operations) / sizeof(*operations))

static void operate(void)
{
	unsigned int sum = 0, drawn;

	for (size_t i = 0; i < NUM_OPERATIONS; i++)
		sum += operations[i].weight;
	drawn = chance(sum);
	for (size_t i = 0; i < NUM_OPERATIONS; i++) {
		if (drawn < operations[i].weight) {
			operations[i].run();
			return;
		}
		drawn -= operations[i].weight;
	}
}

int claimant(int socket, void *arg)
{
	(void)socket;
	(void)arg;
	delegated = -1;
	for (int i = 0; i < MAX_CLAIMS; i++)
		owned[i].claim = -1;
	control = control_open();
	if (control < 0)
		return 1;
	for (unsigned int act = 0; !atomic_load(&arena->stop); act++) {
		chance_next(act);
		if (user_is_over())
			user_close();
		operate();
		usleep(chance(PAUSE_US));
	}
	user_close();
	for (int i = 0; i < MAX_CLAIMS; i++)
		give_up(&owned[i]);
	return 0;
}
