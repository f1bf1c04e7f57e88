// SPDX-License-Identifier: GPL-2.0-only
/*
 * A VFIO driver for one kind of device, chosen by its alias in modules.alias.
 * Its name is not quite that of its module, as of drivers in the wild.
 */
#include <linux/module.h>
#include <linux/pci.h>

#include "vfio_ops.h"

static int variant_probe(struct pci_dev *pdev, const struct pci_device_id *id)
{
	return vfio_ops_register(pdev);
}

static void variant_remove(struct pci_dev *pdev)
{
	vfio_ops_unregister(pdev);
}

/* An emulated NVMe controller with the ids that it had long ago. */
static const struct pci_device_id variant_ids[] = {
	{ PCI_DRIVER_OVERRIDE_DEVICE_VFIO(0x8086, 0x5845) },
	{}
};
MODULE_DEVICE_TABLE(pci, variant_ids);

static struct pci_driver variant_driver = {
	.name = "bindery-test-variant",
	.id_table = variant_ids,
	.probe = variant_probe,
	.remove = variant_remove,
	.err_handler = &vfio_pci_core_err_handlers,
	.driver_managed_dma = true,
};
module_pci_driver(variant_driver);

MODULE_DESCRIPTION("A variant VFIO driver, for the tests of bindery");
MODULE_AUTHOR("The bindery authors");
MODULE_LICENSE("GPL");
