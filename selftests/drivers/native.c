// SPDX-License-Identifier: GPL-2.0-only
/*
 * An ordinary PCI driver for the two devices of QEMU's that no other driver
 * takes: edu and pci-testdev. It does nothing with them.
 */
#include "knobs.h"

/*
 * "BDF VENDOR DEVICE CLASS": what the kernel is to take a device for from now
 * on, whose vendor the machine cannot emulate.
 */
static int pretend(const char *value, const struct kernel_param *param)
{
	unsigned int domain, bus, slot, function, vendor, device, class;
	struct pci_dev *pdev;

	if (sscanf(value, "%x:%x:%x.%x %x %x %x", &domain, &bus, &slot,
		   &function, &vendor, &device, &class) != 7)
		return -EINVAL;
	pdev = pci_get_domain_bus_and_slot(domain, bus,
					   PCI_DEVFN(slot, function));
	if (!pdev)
		return -ENODEV;
	pdev->vendor = vendor;
	pdev->device = device;
	pdev->class = class;
	pci_dev_put(pdev);
	return 0;
}

static const struct kernel_param_ops pretend_ops = {
	.set = pretend,
};
module_param_cb(pretend, &pretend_ops, NULL, 0200);

static int native_probe(struct pci_dev *pdev, const struct pci_device_id *id)
{
	return knobs_probe(&pdev->dev);
}

static void native_remove(struct pci_dev *pdev)
{
	knobs_remove(&pdev->dev);
}

static const struct pci_device_id native_ids[] = {
	{ PCI_DEVICE(0x1234, 0x11e8) },
	{ PCI_DEVICE(0x1b36, 0x0005) },
	{}
};

/*
 * After bindery's look at a device that comes, before the bus offers it; or at
 * one that goes, before the IOMMU lets go of it.
 */
static int device_moves(struct notifier_block *nb, unsigned long action,
			void *dev)
{
	if (action == BUS_NOTIFY_ADD_DEVICE)
		knob_hold(&hold_add, dev);
	if (action == BUS_NOTIFY_DEL_DEVICE)
		knob_hold(&hold_del, dev);
	return NOTIFY_DONE;
}

static struct notifier_block bus_notifier = {
	.notifier_call = device_moves,
	.priority = -20,
};

static struct pci_driver native_driver = {
	.name = "bindery_test_native",
	.id_table = native_ids,
	.probe = native_probe,
	.remove = native_remove,
};

static int __init native_init(void)
{
	int ret = bus_register_notifier(&pci_bus_type, &bus_notifier);

	if (ret)
		return ret;
	ret = pci_register_driver(&native_driver);
	if (ret)
		bus_unregister_notifier(&pci_bus_type, &bus_notifier);
	return ret;
}

static void __exit native_exit(void)
{
	pci_unregister_driver(&native_driver);
	bus_unregister_notifier(&pci_bus_type, &bus_notifier);
	knobs_exit();
}

module_param_cb(hold_add, &knob_ops, &hold_add, 0644);
module_param_cb(hold_del, &knob_ops, &hold_del, 0644);
module_init(native_init);
module_exit(native_exit);

MODULE_DESCRIPTION("An ordinary PCI driver, for the tests of bindery");
MODULE_AUTHOR("The bindery authors");
MODULE_LICENSE("GPL");
