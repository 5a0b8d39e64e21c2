/* SPDX-License-Identifier: BSD-2-Clause */
/* I/O APICs: device interrupt pins to vectors on the boot CPU. Source: Intel 82093AA data sheet. */
#include <arch/machine.h>
#include <arch/pmap.h>
#include <core/printk.h>
#include <core/spinlock.h>
#include <lib/errno.h>

#include "acpi.h"
#include "apic.h"
#include "x2apic_encode.h"

struct ioapic {
	volatile u32 *window;  /* I: [0] selects a register, [4] is its data */
	u32 gsi_base, npins;   /* I */
};

enum { IOAPIC_VERSION = 0x01, IOAPIC_REDIRECTION = 0x10 };

#define PIN_ACTIVE_LOW BIT(13)
#define PIN_LEVEL BIT(15)
#define PIN_MASKED BIT(16)

static struct ioapic ioapics[IOAPICS_MAX];
static unsigned nioapics;
static struct spinlock ioapic_lock = SPINLOCK_INIT("ioapic"); /* the select/data pairs */

static u32 ioapic_read(const struct ioapic *io, u32 reg)
{
	io->window[0] = reg;
	return io->window[4];
}

static void ioapic_write(const struct ioapic *io, u32 reg, u32 value)
{
	io->window[0] = reg;
	io->window[4] = value;
}

/* The high half first: the low half carries the mask. */
static void pin_set(const struct ioapic *io, u32 pin, u8 apic_id, u32 low)
{
	ioapic_write(io, IOAPIC_REDIRECTION + 2 * pin + 1, (u32)apic_id << 24);
	ioapic_write(io, IOAPIC_REDIRECTION + 2 * pin, low);
}

static void ioapic_add(const struct ioapic_place *place)
{
	struct ioapic *io = &ioapics[nioapics];
	u32 version;

	io->window = pmap_map_device(place->address, 0x20);
	if (!io->window)
		return;
	version = ioapic_read(io, IOAPIC_VERSION);
	if (version == ~0u) {
		pr_warn("ioapic: none at %#lx", place->address);
		return;
	}
	io->gsi_base = place->gsi_base;
	io->npins = (version >> 16 & 0xff) + 1;
	for (u32 pin = 0; pin < io->npins; pin++)
		pin_set(io, pin, 0, PIN_MASKED);
	nioapics++;
}

void ioapic_init(void)
{
	for (unsigned i = 0; i < acpi_info.nioapics; i++)
		ioapic_add(&acpi_info.ioapic[i]);
}

int arch_irq_number(paddr_t controller, unsigned pin)
{
	for (unsigned i = 0; i < acpi_info.nioapics; i++)
		if (acpi_info.ioapic[i].address == controller)
			return (int)(acpi_info.ioapic[i].gsi_base + pin);
	return -ENOENT;
}

int arch_irq_route(unsigned irq, u8 vector)
{
	struct isa_irq pin = { .gsi = irq };

	if (vector < VECTOR_IRQ_BASE || vector >= VECTOR_IRQ_BASE + VECTOR_IRQ_COUNT)
		return -ENOSPC;
	if (!apic_id_fits(acpi_info.apic_id[0], false))
		return -ENOSPC; /* a pin's destination has 8 bits */
	if (irq < ISA_IRQS)
		pin = acpi_info.isa[irq];
	for (unsigned i = 0; i < nioapics; i++) {
		const struct ioapic *io = &ioapics[i];
		u32 low = vector;
		u64 flags;

		if (pin.gsi < io->gsi_base || pin.gsi - io->gsi_base >= io->npins)
			continue;
		if (pin.active_low)
			low |= PIN_ACTIVE_LOW;
		if (pin.level)
			low |= PIN_LEVEL;
		flags = spin_lock_irqsave(&ioapic_lock);
		pin_set(io, pin.gsi - io->gsi_base, (u8)acpi_info.apic_id[0], low);
		spin_unlock_irqrestore(&ioapic_lock, flags);
		return 0;
	}
	return -ENOENT;
}
