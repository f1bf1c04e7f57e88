/* SPDX-License-Identifier: GPL-2.0-only */
/* What bindery.ko and bindery_vfio.ko know of each other. */
#ifndef BINDERY_SEAL_H
#define BINDERY_SEAL_H

#include <linux/list.h>
#include <linux/pci.h>

#include <linux/bindery.h>

#define BINDERY_VFIO		"bindery-vfio"
#define BINDERY_VFIO_MODULE	"bindery_vfio"

/*
 * One device of bindery_vfio.ko, part of its own structure. It is bindery.ko's
 * from open() to close(), and during ask().
 */
struct bindery_seal {
	struct pci_dev *pdev;
	const unsigned int *files;	/* open now; VFIO counts them */

	/* bindery.ko's, state lock */
	struct list_head node;
	int group;			/* its number */
	bool opened;
	struct pid *opener;		/* the last */
	char comm[BINDERY_COMM_SIZE];
};

/*
 * In the context of who opens or closes a device, under locks of VFIO. The
 * calls may take the state lock, and sleep for nothing.
 */
struct bindery_seal_ops {
	/* May who is running open it, and once more if it is open? */
	int (*ask)(struct bindery_seal *seal);
	/* The first file: from here on the device counts as open. */
	int (*open)(struct bindery_seal *seal);
	/* The device could be enabled. */
	void (*opened)(struct bindery_seal *seal);
	/* The last file is closed, or it could not be enabled. */
	void (*close)(struct bindery_seal *seal);
};

/*
 * bindery_vfio.ko looks this up by its name when it needs it: neither module
 * needs the other to be loaded.
 */
extern const struct bindery_seal_ops bindery_seal_ops;

/* What vfio-pci refuses unless it is told not to. */
static inline bool bindery_seal_is_denied(const struct pci_dev *pdev)
{
	if (pdev->vendor != PCI_VENDOR_ID_INTEL)
		return false;
	switch (pdev->device) {
	case 0x0435:	/* QAT DH895XCC, and its VFs */
	case 0x0443:
	case 0x0b25:	/* DSA and IAX of Sapphire Rapids */
	case 0x0cfe:
	case 0x19e2:	/* QAT C3XXX, and its VFs */
	case 0x19e3:
	case 0x37c8:	/* QAT C62X, and its VFs */
	case 0x37c9:
		return true;
	default:
		return false;
	}
}

#endif
