// SPDX-License-Identifier: GPL-2.0-only
/*
 * A VFIO driver for any device, on vfio_pci_core, whose probe does as a test
 * says. It has no alias, so that nothing ever chooses it by itself.
 */
#include "knobs.h"
#include "target.h"
#include "vfio_ops.h"

/* Take the device and make no VFIO device of it. */
module_param_cb(silent, &knob_ops, &silent, 0644);

static int target_probe(struct pci_dev *pdev, const struct pci_device_id *id)
{
	int ret = knobs_probe(&pdev->dev);

	if (ret || knob_names(&silent, &pdev->dev))
		return ret;
	return vfio_ops_register(pdev);
}

static void target_remove(struct pci_dev *pdev)
{
	knobs_remove(&pdev->dev);
	vfio_ops_unregister(pdev);
}

static const struct pci_device_id target_ids[] = {
	{ PCI_DRIVER_OVERRIDE_DEVICE_VFIO(PCI_ANY_ID, PCI_ANY_ID) },
	{}
};

struct pci_driver target_driver = {
	.name = "bindery_test_target",
	.id_table = target_ids,
	.probe = target_probe,
	.remove = target_remove,
	.err_handler = &vfio_pci_core_err_handlers,
	.driver_managed_dma = true,
};

static int __init target_init(void)
{
	int ret = pci_register_driver(&target_driver);

	if (ret)
		return ret;
	ret = pci_register_driver(&other_driver);
	if (ret)
		pci_unregister_driver(&target_driver);
	return ret;
}

static void __exit target_exit(void)
{
	pci_unregister_driver(&other_driver);
	pci_unregister_driver(&target_driver);
	knobs_exit();
}

module_init(target_init);
module_exit(target_exit);

MODULE_DESCRIPTION("VFIO drivers that can be told to fail, for the tests of bindery");
MODULE_AUTHOR("The bindery authors");
MODULE_LICENSE("GPL");
