// SPDX-License-Identifier: GPL-2.0-only
#include "target.h"

static int other_probe(struct pci_dev *pdev, const struct pci_device_id *id)
{
	return -ENODEV;
}

static const struct pci_device_id other_ids[] = {
	{ PCI_DRIVER_OVERRIDE_DEVICE_VFIO(0x1234, 0xfffe) },
	{}
};

struct pci_driver other_driver = {
	.name = "bindery_test_other",
	.id_table = other_ids,
	.probe = other_probe,
	.driver_managed_dma = true,
};
