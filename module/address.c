// SPDX-License-Identifier: GPL-2.0-only
/* From what a caller names to the device itself. */
#include <linux/pci.h>

#include "bindery_private.h"

static int refuse(struct bindery_failure *failure, u32 code,
		  const struct bindery_ioc_device *device)
{
	return bindery_fail_device(failure, code, BINDERY_STEP_RESOLVE,
				   &device->bdf);
}

static bool path_is_good(const struct bindery_ioc_device *device)
{
	return device->num_steps && device->num_steps <= BINDERY_PATH_MAX &&
	       !device->bdf.slot && !device->bdf.function;
}

static bool expects_unasked(const struct bindery_ioc_device *device)
{
	u32 flags = device->flags;

	return (!(flags & BINDERY_EXPECT_ID) &&
		(device->vendor || device->device_id)) ||
	       (!(flags & BINDERY_EXPECT_SUBSYSTEM) &&
		(device->subsystem_vendor || device->subsystem_device)) ||
	       (!(flags & BINDERY_EXPECT_SERIAL) && device->serial);
}

static bool has_unused(const struct bindery_ioc_device *device)
{
	bool path = device->address == BINDERY_ADDRESS_PATH;
	u32 first = path ? min_t(u32, device->num_steps, BINDERY_PATH_MAX) : 0;

	return device->bdf.__reserved || (!path && device->num_steps) ||
	       expects_unasked(device) ||
	       (device->address != BINDERY_ADDRESS_VF && device->vf) ||
	       memchr_inv(device->steps + first, 0, BINDERY_PATH_MAX - first);
}

#define EXPECT_ALL	(BINDERY_EXPECT_ID | BINDERY_EXPECT_SUBSYSTEM | \
			 BINDERY_EXPECT_SERIAL)

/* What is wrong with it before anything is looked for. */
int bindery_address_check(const struct bindery_ioc_device *device,
			  struct bindery_failure *failure)
{
	const struct bindery_ioc_bdf *bdf = &device->bdf;

	if (device->address > BINDERY_ADDRESS_VF || device->flags & ~EXPECT_ALL)
		return bindery_fail(failure, BINDERY_ERROR_ARGUMENT,
				    BINDERY_STEP_REQUEST, -EOPNOTSUPP);
	if (bdf->slot > 0x1f || bdf->function > 7 ||
	    (device->address == BINDERY_ADDRESS_PATH && !path_is_good(device)))
		return bindery_fail_device(failure, BINDERY_ERROR_ADDRESS,
					   BINDERY_STEP_REQUEST, bdf);
	if (has_unused(device))
		return bindery_fail_device(failure, BINDERY_ERROR_ARGUMENT,
					   BINDERY_STEP_REQUEST, bdf);
	return 0;
}

static unsigned long key_of(const struct bindery_ioc_bdf *bdf)
{
	return (unsigned long)bdf->domain << 16 |
	       PCI_DEVID(bdf->bus, PCI_DEVFN(bdf->slot, bdf->function));
}

/*
 * All devices there are, referenced, by their addresses: the kernel walks the
 * whole bus for each that is asked for. No memory is no harm: an index without
 * an entry is no index.
 */
void bindery_address_index(struct xarray *index)
{
	struct bindery_ioc_bdf bdf;
	struct pci_dev *pdev = NULL;

	for_each_pci_dev(pdev) {
		bdf = bindery_pci_address(pdev);
		if (!xa_insert(index, key_of(&bdf), pdev, GFP_KERNEL))
			pci_dev_get(pdev);
	}
}

void bindery_address_index_free(struct xarray *index)
{
	struct pci_dev *pdev;
	unsigned long key;

	xa_for_each(index, key, pdev)
		pci_dev_put(pdev);
	xa_destroy(index);
}

static struct pci_dev *find_bdf(const struct bindery_ioc_bdf *bdf,
				struct xarray *index)
{
	struct pci_dev *pdev;

	if (bdf->domain > INT_MAX)
		return NULL;
	pdev = index ? xa_load(index, key_of(bdf)) : NULL;
	if (pdev)
		return pci_dev_get(pdev);
	return pci_get_domain_bus_and_slot(bdf->domain, bdf->bus,
					   PCI_DEVFN(bdf->slot, bdf->function));
}

struct below {
	struct pci_dev *pf;
	struct pci_dev *bridge;
};

static int is_pf_below(struct device *dev, void *data)
{
	const struct below *below = data;

	return dev == &below->pf->dev && below->pf->bus->self == below->bridge;
}

/*
 * As pci_upstream_bridge(), for a VF that may have been removed: only the
 * iterator knows that its PF is still there.
 */
static bool is_below(struct pci_dev *pdev, struct pci_dev *bridge)
{
	struct below below = { .bridge = bridge };

	if (!bindery_pci_is_vf(pdev))
		return pdev->bus->self == bridge;
	below.pf = pdev->physfn;
	return bus_for_each_dev(&pci_bus_type, NULL, &below, is_pf_below);
}

/* A device whose bus is the root bus, or that of the bridge before it. */
static bool is_step(struct pci_dev *pdev, struct pci_dev *bridge,
		    const struct bindery_ioc_device *device, unsigned int step)
{
	if (pdev->devfn != device->steps[step])
		return false;
	if (bridge)
		return is_below(pdev, bridge);
	return pci_is_root_bus(pdev->bus) && !bindery_pci_is_vf(pdev) &&
	       pdev->bus->number == device->bdf.bus &&
	       pci_domain_nr(pdev->bus) == device->bdf.domain;
}

static struct pci_dev *take_step(struct pci_dev *bridge,
				 const struct bindery_ioc_device *device,
				 unsigned int step)
{
	struct pci_dev *pdev = NULL;

	for_each_pci_dev(pdev)
		if (is_step(pdev, bridge, device, step))
			break;
	return pdev;
}

static struct pci_dev *find_path(const struct bindery_ioc_device *device)
{
	struct pci_dev *at = NULL, *next;
	unsigned int i;

	for (i = 0; i < device->num_steps; i++) {
		next = take_step(at, device, i);
		pci_dev_put(at);
		at = next;
		if (!at)
			break;
	}
	return at;
}

/*
 * The kernel divides by it, and that of a PF with one VF may be 0. A multiple
 * of 256 looks the same here: of such a PF only the first VF is found.
 */
static bool has_stride(struct pci_dev *pf)
{
	return pci_iov_virtfn_devfn(pf, 0) != pci_iov_virtfn_devfn(pf, 1);
}

/* The PF stays where it is while we hold it, its VFs need not. */
static struct pci_dev *find_vf(struct pci_dev *pf, u32 index)
{
	struct pci_dev *pdev = NULL;
	bool strides;

	/* as bindery_pci_is_vf() */
	if (!data_race(!!pf->is_physfn))
		return NULL;
	strides = has_stride(pf);
	for_each_pci_dev(pdev)
		if (bindery_pci_is_vf(pdev) && pdev->physfn == pf &&
		    (strides ? pci_iov_vf_id(pdev) : 0) == index)
			break;
	return pdev;
}

static struct pci_dev *find(const struct bindery_ioc_device *device,
			    struct xarray *index,
			    struct bindery_failure *failure)
{
	struct pci_dev *pdev, *vf;

	pdev = device->address == BINDERY_ADDRESS_PATH ?
		find_path(device) : find_bdf(&device->bdf, index);
	if (!pdev) {
		refuse(failure, BINDERY_ERROR_NO_DEVICE, device);
		return NULL;
	}
	if (device->address != BINDERY_ADDRESS_VF)
		return pdev;
	vf = find_vf(pdev, device->vf);
	pci_dev_put(pdev);
	if (!vf)
		refuse(failure, BINDERY_ERROR_NO_VF, device);
	return vf;
}

static bool is_expected(struct pci_dev *pdev,
			const struct bindery_ioc_device *device)
{
	if (device->flags & BINDERY_EXPECT_ID &&
	    (pdev->vendor != device->vendor ||
	     pdev->device != device->device_id))
		return false;
	if (device->flags & BINDERY_EXPECT_SUBSYSTEM &&
	    (pdev->subsystem_vendor != device->subsystem_vendor ||
	     pdev->subsystem_device != device->subsystem_device))
		return false;
	return !(device->flags & BINDERY_EXPECT_SERIAL) ||
	       (device->serial && pci_get_dsn(pdev) == device->serial);
}

/*
 * With a reference; an error pointer, and the failure, if it is not there. The
 * index may be NULL.
 */
struct pci_dev *bindery_address_find(const struct bindery_ioc_device *device,
				     struct xarray *index,
				     struct bindery_failure *failure)
{
	struct pci_dev *pdev = find(device, index, failure);
	struct bindery_ioc_bdf bdf;

	if (pdev && !is_expected(pdev, device)) {
		bdf = bindery_pci_address(pdev);
		bindery_fail_device(failure, BINDERY_ERROR_IDENTITY,
				    BINDERY_STEP_RESOLVE, &bdf);
		pci_dev_put(pdev);
		pdev = NULL;
	}
	return pdev ?: ERR_PTR(-failure->record.out_errno);
}
