/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TARGET_H
#define TARGET_H

#include <linux/pci.h>

/* A VFIO driver for a device that no machine has. */
extern struct pci_driver other_driver;

extern struct pci_driver target_driver;

#endif
