/* SPDX-License-Identifier: GPL-2.0-only */
/* Claims on bindery's own VFIO driver. */
#ifndef BINDERY_TEST_SEALED_H
#define BINDERY_TEST_SEALED_H

#include "fixture.h"

int seal(struct common *common, uint32_t flags);
bool is_sealed(const struct bindery_ioc_member *member);
const struct bindery_ioc_member *member_now(struct common *common,
					    const char *bdf);
/* Another file of a device, by the group's that is open. */
int open_again(struct common *common, const char *bdf);
/* A device by its own node, bound to an iommufd of its own. */
int node_bind(const char *bdf);
/* What a child tells. */
int hears(struct child *child);

#endif
