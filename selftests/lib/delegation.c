// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "delegation.h"

int delegation_begin(struct delegation *dg)
{
	dg->file = -1;
	dg->control = control_open();
	if (dg->control < 0)
		return dg->control;
	if (group_choose(&dg->group, TEST_NATIVE) ||
	    group_choose_other(&dg->other, &dg->group, TEST_NATIVE))
		return -ENODEV;
	dg->first = dg->group.bdf[0];
	dg->foreign = dg->other.bdf[0];
	knobs_reset();
	request_group(&dg->request, &dg->group, TEST_TARGET);
	request_group(&dg->rest, &dg->other, TEST_TARGET);
	return module_load(TEST_TARGET) ?: snapshot_take(&dg->before);
}

int delegation_end(struct delegation *dg)
{
	int wrong;

	knobs_reset();
	wrong = close_claims(dg->control, dg->first) != BINDERY_GROUP_FREE;
	wrong += !wait_until(group_is(dg->control, dg->foreign,
				      BINDERY_GROUP_FREE));
	if (dg->file >= 0)
		close(dg->file);
	return wrong + snapshot_compare(&dg->before);
}

void delegated_init(struct delegated *d, uint32_t operations,
		    const char *first, const char *second)
{
	memset(d, 0, sizeof(*d));
	d->cmd.size = sizeof(d->cmd);
	d->cmd.devices = (uintptr_t)d->devices;
	d->cmd.device_size = sizeof(d->devices[0]);
	d->cmd.operations = operations;
	d->cmd.error = (uintptr_t)&d->error;
	d->error.size = sizeof(d->error);
	snprintf(d->cmd.label, sizeof(d->cmd.label), "a broker");
	if (first)
		d->devices[d->cmd.num_devices++].bdf = pci_address(first);
	if (second)
		d->devices[d->cmd.num_devices++].bdf = pci_address(second);
}

int give(int control, struct delegated *d)
{
	int ret = call(control, BINDERY_DELEGATE, &d->cmd);

	if (!ret && !(fcntl(d->cmd.out_control_fd, F_GETFD) & FD_CLOEXEC))
		return -EPROTO;
	if (ret && d->cmd.out_control_fd != -1)
		return -EPROTO;
	return ret ?: d->cmd.out_control_fd;
}

/* One for the group of this device. */
int delegate_to(struct delegation *dg, uint32_t operations, const char *bdf)
{
	delegated_init(&dg->delegated, operations, bdf, NULL);
	return give(dg->control, &dg->delegated);
}

int revoke_with(int control, struct bindery_ioc_revoke *cmd,
		struct bindery_ioc_error *error, const uint8_t *id, int file,
		uint32_t flags, unsigned int ms)
{
	memset(error, 0, sizeof(*error));
	error->size = sizeof(*error);
	*cmd = (struct bindery_ioc_revoke) {
		.size = sizeof(*cmd),
		.flags = flags,
		.control_fd = file,
		.deadline_ms = ms,
		.error = (uintptr_t)error,
	};
	memcpy(cmd->id, id, sizeof(cmd->id));
	return call(control, BINDERY_REVOKE, cmd);
}

int take_back(struct delegation *dg, int file, uint32_t flags,
	      unsigned int ms)
{
	return revoke_with(dg->control, &dg->revoke, &dg->error, NO_ID, file,
			   flags, ms);
}

/* Until its native driver is told to go on; the child tells how it ended. */
int hang(struct delegation *dg)
{
	knob(TEST_NATIVE, "hold_remove", dg->first);
	if (acquire_in_child(&dg->child, dg->file, &dg->request))
		return -1;
	return wait_until(knob_read(TEST_NATIVE, "waiting")) ? 0 : -1;
}
