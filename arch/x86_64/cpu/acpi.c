/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Finds the ACPI tables: RSDP, then RSDT or XSDT, then the three tables we read. Tables may lie: every address is checked
 * against the width of the physical address space, every length is bounded, every sum is checked; a bad table is one
 * warning and then as good as absent. Runs once on the boot CPU.
 */
#include "acpi.h"
#include "apic.h"

#include <arch/boot.h>
#include <arch/cpu.h>
#include <arch/machine.h>
#include <arch/pmap.h>
#include <core/printk.h>
#include <lib/string.h>

#define TABLE_MAX (4u << 20) /* bytes; real DSDTs reach some hundred KiB */
#define LAPIC_DEFAULT 0xfee00000
#define IOAPIC_DEFAULT 0xfec00000

struct rsdp {
	char signature[8];
	u8 checksum;          /* of the first 20 bytes */
	char oem[6];
	u8 revision;          /* 0: ends after rsdt; 2: the rest counts */
	u32 rsdt;
	u32 length;
	u64 xsdt;
	u8 checksum_all;
	u8 reserved[3];
} __packed;

#define RSDP_SIZE_REV0 20

struct acpi_info acpi_info;

static paddr_t physical_limit(void)
{
	u32 a, b, c, d;

	cpuid(0x80000000, 0, &a, &b, &c, &d);
	if (a < 0x80000008)
		return 1ul << 36;
	cpuid(0x80000008, 0, &a, &b, &c, &d);
	return 1ul << MIN(a & 0xff, 52u);
}

/* Is it covered by the direct map, which holds what firmware called memory of some kind? */
static bool in_direct_map(paddr_t pa, u64 size)
{
	for (unsigned i = 0; i < bootinfo.nranges; i++) {
		const struct memory_range *r = &bootinfo.range[i];

		if (r->type != MEMORY_RAM && r->type != MEMORY_ACPI && r->type != MEMORY_NVS)
			continue;
		if (pa >= r->base && pa - r->base < r->size && size <= r->size - (pa - r->base))
			return true;
	}
	return false;
}

static const void *firmware_map(paddr_t pa, u64 size)
{
	paddr_t limit = physical_limit();

	if (!pa || pa >= limit || size > limit - pa)
		return NULL;
	return in_direct_map(pa, size) ? phys_to_virt(pa) : pmap_map_device(pa, size);
}

static bool sums_to_zero(const void *p, size_t n)
{
	const u8 *byte = p;
	u8 sum = 0;

	while (n--)
		sum += *byte++;
	return !sum;
}

const struct acpi_header *acpi_table_at(paddr_t pa)
{
	const struct acpi_header *table = firmware_map(pa, sizeof(*table));
	u32 length;

	if (!table) {
		pr_warn("acpi: table address %#lx is outside of memory", pa);
		return NULL;
	}
	length = table->length;
	if (length < sizeof(*table) || length > TABLE_MAX) {
		pr_warn("acpi: table at %#lx has impossible length %u", pa, length);
		return NULL;
	}
	table = firmware_map(pa, length);
	if (!table || !sums_to_zero(table, length)) {
		pr_warn("acpi: table at %#lx is damaged (checksum)", pa);
		return NULL;
	}
	return table;
}

static bool rsdp_is_sound(const struct rsdp *r)
{
	return !memcmp(r->signature, "RSD PTR ", 8) && sums_to_zero(r, RSDP_SIZE_REV0);
}

static const struct rsdp *rsdp_scan(paddr_t start, size_t size)
{
	const u8 *area = firmware_map(start, size);

	if (!area)
		return NULL;
	for (size_t at = 0; at + sizeof(struct rsdp) <= size; at += 16) {
		const struct rsdp *r = (const struct rsdp *)(area + at);

		if (rsdp_is_sound(r))
			return r;
	}
	return NULL;
}

/* Where the boot loader said; else where a BIOS leaves it: the first KiB of the EBDA, and below 1 MiB. */
static const struct rsdp *rsdp_find(void)
{
	const struct rsdp *r = NULL;
	const u16 *bda;

	if (bootinfo.rsdp) {
		r = firmware_map(bootinfo.rsdp, sizeof(*r));
		if (r && rsdp_is_sound(r))
			return r;
		pr_warn("acpi: the boot loader's root pointer %#lx is damaged", bootinfo.rsdp);
		r = NULL;
	}
	bda = firmware_map(0x400, 0x100);
	if (bda && bda[7] >= 0x8000 && bda[7] < 0xa000)
		r = rsdp_scan((paddr_t)bda[7] << 4, 1024);
	return r ? r : rsdp_scan(0xe0000, 0x20000);
}

static void table_take(paddr_t pa)
{
	static const struct {
		char signature[5];
		void (*parse)(const struct acpi_header *);
	} known[] = {
		{ "APIC", acpi_parse_madt },
		{ "FACP", acpi_parse_fadt },
		{ "HPET", acpi_parse_hpet },
	};
	const struct acpi_header *table = firmware_map(pa, sizeof(*table));

	for (unsigned i = 0; table && i < ARRAY_SIZE(known); i++)
		if (!memcmp(table->signature, known[i].signature, 4)) {
			table = acpi_table_at(pa);
			if (table)
				known[i].parse(table);
			return;
		}
}

/* Walks the root table; XSDT has 8-byte entries, RSDT 4-byte ones. */
static bool tables_walk(const struct rsdp *r)
{
	bool wide = r->revision >= 2 && r->xsdt;
	size_t entry = wide ? 8 : 4;
	const struct acpi_header *root = acpi_table_at(wide ? r->xsdt : r->rsdt);

	if (!root && wide && r->rsdt) {
		entry = 4;
		root = acpi_table_at(r->rsdt);
	}
	if (!root)
		return false;

	const u8 *entries = (const u8 *)(root + 1);
	size_t n = (root->length - sizeof(*root)) / entry;

	for (size_t i = 0; i < n; i++) {
		paddr_t pa = 0;

		memcpy(&pa, entries + i * entry, entry);
		table_take(pa);
	}
	return true;
}

static u32 boot_apic_id(void)
{
	u32 a, b, c, d;

	if (cpu_has_x2apic()) {
		cpuid(0xb, 0, &a, &b, &c, &d);
		return d;
	}
	cpuid(1, 0, &a, &b, &c, &d);
	return b >> 24;
}

/* A PC without tables: one CPU, one I/O APIC at the usual place, ISA irqs on the pins of the same number. */
static void set_defaults(void)
{
	acpi_info.ncpus = 1;
	acpi_info.apic_id[0] = boot_apic_id();
	acpi_info.lapic = LAPIC_DEFAULT;
	acpi_info.nmi_lint = 1;
	for (unsigned i = 0; i < ISA_IRQS; i++)
		acpi_info.isa[i] = (struct isa_irq){ .gsi = i };
}

void arch_acpi_init(void)
{
	const struct rsdp *r;

	set_defaults();
	r = rsdp_find();
	acpi_info.found = r && tables_walk(r);
	if (!acpi_info.found)
		pr_warn("acpi: no tables: one CPU, legacy interrupts, no power-off");
	if (!acpi_info.nioapics) {
		acpi_info.ioapic[0] = (struct ioapic_place){ .address = IOAPIC_DEFAULT };
		acpi_info.nioapics = 1;
	}
	cpu_count = acpi_info.ncpus;
}
