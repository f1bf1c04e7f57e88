/* SPDX-License-Identifier: GPL-2.0-only */
/* The transaction protocol of module/, see README.md. */
#include "state.pml"
#include "callback.pml"
#include "restore.pml"
#include "claim.pml"
#include "claimant.pml"
#include "properties.pml"
#include "environment.pml"
#ifdef LIVENESS
#include "properties.ltl"
#endif
