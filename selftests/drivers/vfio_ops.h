/* SPDX-License-Identifier: GPL-2.0-only */
/* What a VFIO driver on vfio_pci_core has to have, and no more. */
#ifndef VFIO_OPS_H
#define VFIO_OPS_H

#include <linux/vfio_pci_core.h>

#include "../../module/compat.h"

static int vfio_ops_open_device(struct vfio_device *core)
{
	struct vfio_pci_core_device *vdev =
		container_of(core, struct vfio_pci_core_device, vdev);
	int ret;

	ret = vfio_pci_core_enable(vdev);
	if (!ret)
		vfio_pci_core_finish_enable(vdev);
	return ret;
}

static const struct vfio_device_ops vfio_ops = {
	.name = KBUILD_MODNAME,
	.open_device = vfio_ops_open_device,
	.close_device = vfio_pci_core_close_device,
	.match = vfio_pci_core_match,
	VFIO_OPS_OF_CORE
};

static inline int vfio_ops_register(struct pci_dev *pdev)
{
	struct vfio_pci_core_device *vdev;
	int ret;

	vdev = vfio_alloc_device(vfio_pci_core_device, vdev, &pdev->dev,
				 &vfio_ops);
	if (IS_ERR(vdev))
		return PTR_ERR(vdev);
	VFIO_PREPARE(vdev);
	dev_set_drvdata(&pdev->dev, vdev);
	ret = vfio_pci_core_register_device(vdev);
	if (ret)
		vfio_put_device(&vdev->vdev);
	return ret;
}

static inline void vfio_ops_unregister(struct pci_dev *pdev)
{
	struct vfio_pci_core_device *vdev = dev_get_drvdata(&pdev->dev);

	if (!vdev)
		return;
	vfio_pci_core_unregister_device(vdev);
	vfio_put_device(&vdev->vdev);
}

#endif
