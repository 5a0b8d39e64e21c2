/* SPDX-License-Identifier: BSD-2-Clause */
/* The MADT: which CPUs there are, where the I/O APICs sit, and how ISA interrupts are wired to them. ACPI 6.4, 5.2.12. */
#include "acpi.h"

#include <core/printk.h>

#include "apic.h"
#include "x2apic_encode.h"

struct madt {
	struct acpi_header header;
	u32 lapic;
	u32 flags;
} __packed;

struct madt_entry {
	u8 type;
	u8 length;          /* this head included */
} __packed;

enum madt_type {
	MADT_LAPIC = 0,
	MADT_IOAPIC = 1,
	MADT_OVERRIDE = 2,
	MADT_LAPIC_NMI = 4,
	MADT_LAPIC_ADDRESS = 5,
	MADT_X2APIC = 9,
};

struct madt_lapic {
	struct madt_entry head;
	u8 uid, apic_id;
	u32 flags;
} __packed;

struct madt_x2apic {
	struct madt_entry head;
	u16 reserved;
	u32 apic_id;
	u32 flags;
	u32 uid;
} __packed;

struct madt_ioapic {
	struct madt_entry head;
	u8 id, reserved;
	u32 address;
	u32 gsi_base;
} __packed;

struct madt_override {
	struct madt_entry head;
	u8 bus, source;
	u32 gsi;
	u16 flags;
} __packed;

struct madt_lapic_nmi {
	struct madt_entry head;
	u8 uid;
	u16 flags;
	u8 lint;
} __packed;

struct madt_lapic_address {
	struct madt_entry head;
	u16 reserved;
	u64 address;
} __packed;

#define LAPIC_ENABLED BIT(0)

/* MPS INTI flags; 0 is "as the bus has it": ISA is active high, edge. */
#define POLARITY_LOW 3
#define TRIGGER_LEVEL 3

static unsigned unreachable; /* CPUs that only x2APIC could name, or beyond this kernel's maximum */

static void add_cpu(u32 apic_id, u32 flags)
{
	if (!(flags & LAPIC_ENABLED))
		return;
	for (unsigned i = 0; i < acpi_info.ncpus; i++)
		if (acpi_info.apic_id[i] == apic_id)
			return;
	if (!apic_id_fits(apic_id, cpu_has_x2apic()) || acpi_info.ncpus >= (unsigned)MIN(CPUS_MAX, CONFIG_NR_CPUS_MAX)) {
		unreachable++;
		return;
	}
	acpi_info.apic_id[acpi_info.ncpus++] = apic_id;
}

static void add_ioapic(const struct madt_ioapic *e)
{
	if (acpi_info.nioapics == IOAPICS_MAX || !e->address)
		return;
	acpi_info.ioapic[acpi_info.nioapics++] =
		(struct ioapic_place){ .address = e->address, .gsi_base = e->gsi_base };
}

static void add_override(const struct madt_override *e)
{
	if (e->bus != 0 || e->source >= ISA_IRQS)
		return;
	acpi_info.isa[e->source] = (struct isa_irq){
		.gsi = e->gsi,
		.active_low = (e->flags & 3) == POLARITY_LOW,
		.level = (e->flags >> 2 & 3) == TRIGGER_LEVEL,
	};
}

/* e->length bytes are there; an entry shorter than its type needs is passed over. */
static void take_entry(const struct madt_entry *e)
{
#define AS(type) ((const struct type *)e)
	switch (e->type) {
	case MADT_LAPIC:
		if (e->length >= sizeof(struct madt_lapic))
			add_cpu(AS(madt_lapic)->apic_id, AS(madt_lapic)->flags);
		break;
	case MADT_X2APIC:
		if (e->length >= sizeof(struct madt_x2apic))
			add_cpu(AS(madt_x2apic)->apic_id, AS(madt_x2apic)->flags);
		break;
	case MADT_IOAPIC:
		if (e->length >= sizeof(struct madt_ioapic))
			add_ioapic(AS(madt_ioapic));
		break;
	case MADT_OVERRIDE:
		if (e->length >= sizeof(struct madt_override))
			add_override(AS(madt_override));
		break;
	case MADT_LAPIC_NMI:
		if (e->length >= sizeof(struct madt_lapic_nmi))
			acpi_info.nmi_lint = AS(madt_lapic_nmi)->lint & 1;
		break;
	case MADT_LAPIC_ADDRESS:
		if (e->length >= sizeof(struct madt_lapic_address) &&
		    AS(madt_lapic_address)->address < 1ul << 36)
			acpi_info.lapic = AS(madt_lapic_address)->address;
		break;
	}
#undef AS
}

void acpi_parse_madt(const struct acpi_header *table)
{
	const struct madt *madt = (const struct madt *)table;
	const u8 *at = (const u8 *)(madt + 1);
	const u8 *end = (const u8 *)table + table->length;

	if (table->length < sizeof(*madt)) {
		pr_warn("acpi: MADT is too short");
		return;
	}
	if (madt->lapic)
		acpi_info.lapic = madt->lapic;
	while (end - at >= (long)sizeof(struct madt_entry)) {
		const struct madt_entry *e = (const struct madt_entry *)at;

		if (e->length < sizeof(*e) || e->length > end - at) {
			pr_warn("acpi: MADT ends within an entry");
			break;
		}
		take_entry(e);
		at += e->length;
	}
	if (unreachable)
		pr_warn("acpi: %u CPUs are beyond this kernel's %u", unreachable,
			MIN(CPUS_MAX, CONFIG_NR_CPUS_MAX));
}
