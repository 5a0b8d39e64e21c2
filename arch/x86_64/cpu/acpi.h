/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the ACPI tables said, boiled down to what this kernel uses; with legacy defaults where they said nothing. Filled
 * by arch_acpi_init() on the boot CPU, immutable after. Source: ACPI specification 6.4, chapter 5.
 */
#ifndef CPU_ACPI_H
#define CPU_ACPI_H

#include <core/percpu.h>
#include <lib/types.h>

#define ISA_IRQS 16
#define IOAPICS_MAX 8

struct ioapic_place {
	paddr_t address;
	u32 gsi_base;  /* global system interrupt of its first pin */
};

struct isa_irq {
	u32 gsi;
	bool active_low;
	bool level;
};

/* Of hardware-reduced ACPI, in memory or in ports. Neither: not there. */
struct acpi_register {
	volatile u8 *memory;
	u16 port;
};

struct acpi_info {
	bool found;
	unsigned ncpus;             /* enabled ones; the boot CPU is number 0 */
	u32 apic_id[CPUS_MAX];      /* by CPU number */
	paddr_t lapic;
	u8 nmi_lint;                /* which LINT pin carries NMIs */
	unsigned nioapics;
	struct ioapic_place ioapic[IOAPICS_MAX];
	struct isa_irq isa[ISA_IRQS];

	u16 pm1a_control, pm1b_control; /* ports; 0: none */
	u16 pm_timer;                   /* port; 0: none */
	u16 smi_command;                /* port; 0: ACPI mode is on for good */
	u8 acpi_enable;                 /* what switches it on there */
	bool has_s5;
	u8 s5_a, s5_b;                  /* SLP_TYP of soft-off for PM1a, PM1b */
	struct acpi_register sleep_control; /* in place of PM1 on hardware-reduced machines */
	struct acpi_register reset;
	u8 reset_value;
	paddr_t hpet;                   /* 0: none */
};

extern struct acpi_info acpi_info;

/* The head of every table. */
struct acpi_header {
	char signature[4];
	u32 length;         /* bytes, this header included */
	u8 revision;
	u8 checksum;        /* all bytes sum to 0 */
	char oem[6];
	char oem_table[8];
	u32 oem_revision;
	u32 creator;
	u32 creator_revision;
} __packed;

/* Generic address structure. */
struct acpi_address {
	u8 space;           /* 0 memory, 1 ports */
	u8 bits, offset, access;
	u64 address;
} __packed;

enum { ACPI_SPACE_MEMORY, ACPI_SPACE_PORT };

/* A table with sound length and checksum, or NULL after one warning. */
const struct acpi_header *acpi_table_at(paddr_t pa);

/* Each takes a sound table and fills its part of acpi_info. */
void acpi_parse_madt(const struct acpi_header *table);
void acpi_parse_fadt(const struct acpi_header *table);
void acpi_parse_hpet(const struct acpi_header *table);

#endif
