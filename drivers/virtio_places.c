/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where virtio transports are: no bus lists them. The kernel command line says so (QEMU's microvm without ACPI writes the
 * words itself), else the device tree in QEMU's fw_cfg, which that machine always has (docs/decisions/0014).
 */
#include "virtio_internal.h"

#include <arch/machine.h>
#include <core/param.h>
#include <drivers/fw_cfg.h>
#include <lib/fdt.h>

/* A controller's place: its node's first `reg`, of two cells. */
static bool controller_address(const struct fdt *fdt, u32 phandle, paddr_t *address)
{
	struct fdt_node node = { 0 };
	u32 value, high, low;

	while (fdt_next(fdt, &node)) {
		if (!fdt_cell(fdt, &node, "phandle", 0, &value) || value != phandle)
			continue;
		if (!fdt_cell(fdt, &node, "reg", 0, &high) || !fdt_cell(fdt, &node, "reg", 1, &low))
			return false;
		*address = (u64)high << 32 | low;
		return true;
	}
	return false;
}

/* Addresses are of two cells, interrupts of two as well: a pin, and how it is triggered. */
static bool place_of(const struct fdt *fdt, const struct fdt_node *node, struct virtio_place *place)
{
	u32 high, low, parent, pin;
	paddr_t controller;
	int gsi;

	if (!fdt_has_string(fdt, node, "compatible", "virtio,mmio") || !fdt_cell(fdt, node, "reg", 0, &high) ||
	    !fdt_cell(fdt, node, "reg", 1, &low) || !fdt_cell(fdt, node, "interrupt-parent", 0, &parent) ||
	    !fdt_cell(fdt, node, "interrupts", 0, &pin) || !controller_address(fdt, parent, &controller))
		return false;
	gsi = arch_irq_number(controller, pin);
	if (gsi < 0)
		return false;
	*place = (struct virtio_place){.address = (u64)high << 32 | low, .irq = (unsigned)gsi};
	return true;
}

static unsigned places_of_tree(struct virtio_place *places, unsigned max)
{
	struct fdt_node node = { 0 };
	struct fdt fdt;
	size_t size = 0;
	void *blob = fw_cfg_read("etc/fdt", &size);
	unsigned n = 0;

	if (blob && !fdt_init(&fdt, blob, size))
		while (n < max && fdt_next(&fdt, &node))
			if (place_of(&fdt, &node, &places[n]))
				n++;
	kfree(blob);
	return n;
}

unsigned virtio_places(struct virtio_place *places, unsigned max)
{
	unsigned n = MIN(param.nvirtio, max);

	if (!n)
		return places_of_tree(places, max);
	for (unsigned i = 0; i < n; i++)
		places[i] = (struct virtio_place){.address = param.virtio[i].base, .irq = (unsigned)param.virtio[i].irq};
	return n;
}
