/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The FADT: the registers that power off and reset, the PM timer; the DSDT's \_S5 package, which says what to write there; the
 * HPET's place. ACPI 6.4, 5.2.9, 7.4.2.
 *
 * \_S5 is found without an AML interpreter: firmware writes it as a constant package, so its name is looked for in the
 * byte code and the first elements are decoded in place (20.2.5.4).
 */
#include "acpi.h"

#include <arch/pmap.h>
#include <core/printk.h>
#include <lib/string.h>

struct fadt {
	struct acpi_header header;
	u32 facs;
	u32 dsdt;
	u8 reserved0[4];
	u32 smi_command;
	u8 acpi_enable, acpi_disable, s4bios, pstate;
	u32 pm1a_event, pm1b_event;
	u32 pm1a_control, pm1b_control;
	u32 pm2_control;
	u32 pm_timer;
	u8 reserved1[32];
	u32 flags;           /* offset 112 */
	/* Revision 2 and later: */
	struct acpi_address reset;
	u8 reset_value;
	u8 reserved2[11];
	u64 x_dsdt;          /* offset 140 */
	struct acpi_address x_pm1a_event, x_pm1b_event;
	struct acpi_address x_pm1a_control, x_pm1b_control;
	struct acpi_address x_pm2_control;
	struct acpi_address x_pm_timer;
	struct acpi_address x_gpe0, x_gpe1;
	/* Revision 5 and later: */
	struct acpi_address sleep_control, sleep_status;
} __packed;

static_assert(offsetof(struct fadt, flags) == 112, "FADT layout");
static_assert(offsetof(struct fadt, x_dsdt) == 140, "FADT layout");
static_assert(offsetof(struct fadt, x_pm_timer) == 208, "FADT layout");
static_assert(offsetof(struct fadt, sleep_control) == 244, "FADT layout");

#define FADT_SIZE_REV1 116
#define FADT_RESET_SUPPORTED BIT(10)
#define FADT_HW_REDUCED BIT(20)

struct hpet_table {
	struct acpi_header header;
	u32 id;
	struct acpi_address address;
} __packed;

/* A port from the old 32-bit field, or from its extended twin. */
static u16 port_of(u32 port, struct acpi_address x)
{
	if (!port && x.space == ACPI_SPACE_PORT && x.address <= 0xffff)
		port = (u32)x.address;
	return port <= 0xffff ? (u16)port : 0;
}

static struct acpi_register register_of(struct acpi_address a)
{
	struct acpi_register r = { 0 };

	if (a.space == ACPI_SPACE_PORT && a.address <= 0xffff)
		r.port = (u16)a.address;
	else if (a.space == ACPI_SPACE_MEMORY && a.address && a.address < DIRECT_MAP_SIZE)
		r.memory = pmap_map_device(a.address, 1);
	return r;
}

/* One integer of a package: 0, 1, or a byte. NULL: something else, or the end. */
static const u8 *take_small_integer(const u8 *at, const u8 *end, u8 *value)
{
	enum { ZERO_OP = 0x00, ONE_OP = 0x01, BYTE_PREFIX = 0x0a };

	if (at < end && (*at == ZERO_OP || *at == ONE_OP)) {
		*value = *at;
		return at + 1;
	}
	if (end - at >= 2 && *at == BYTE_PREFIX) {
		*value = at[1];
		return at + 2;
	}
	return NULL;
}

/* NameOp ["\"] "_S5_" PackageOp PkgLength NumElements Integer Integer ... ; `name` is at the four letters. */
static bool take_s5(const u8 *name, const u8 *start, const u8 *end)
{
	enum { NAME_OP = 0x08, PACKAGE_OP = 0x12 };
	const u8 *before = name - 1;
	const u8 *at = name + 4;

	if (before > start && *before == '\\')
		before--;
	if (before < start || *before != NAME_OP)
		return false;
	if (end - at < 3 || *at != PACKAGE_OP)
		return false;
	at++;
	at += 1 + (*at >> 6); /* PkgLength: the top two bits say how many bytes follow */
	if (end - at < 1 || *at < 2)
		return false;
	at = take_small_integer(at + 1, end, &acpi_info.s5_a);
	return at && take_small_integer(at, end, &acpi_info.s5_b);
}

static void find_s5(paddr_t pa)
{
	const struct acpi_header *dsdt = pa ? acpi_table_at(pa) : NULL;

	if (!dsdt)
		return;

	const u8 *start = (const u8 *)(dsdt + 1);
	const u8 *end = (const u8 *)dsdt + dsdt->length;

	for (const u8 *at = start + 1; end - at >= 4; at++)
		if (!memcmp(at, "_S5_", 4) && take_s5(at, start, end)) {
			acpi_info.has_s5 = true;
			return;
		}
}

void acpi_parse_fadt(const struct acpi_header *table)
{
	struct fadt fadt = { 0 };

	if (table->length < FADT_SIZE_REV1) {
		pr_warn("acpi: FADT is too short");
		return;
	}
	memcpy(&fadt, table, MIN(table->length, sizeof(fadt)));
	/* A reduced machine has none of the fixed registers, whatever their fields say (4.1). */
	if (fadt.flags & FADT_HW_REDUCED) {
		acpi_info.sleep_control = register_of(fadt.sleep_control);
	} else {
		acpi_info.pm1a_control = port_of(fadt.pm1a_control, fadt.x_pm1a_control);
		acpi_info.pm1b_control = port_of(fadt.pm1b_control, fadt.x_pm1b_control);
		acpi_info.pm_timer = port_of(fadt.pm_timer, fadt.x_pm_timer);
		if (fadt.smi_command <= 0xffff)
			acpi_info.smi_command = (u16)fadt.smi_command;
		acpi_info.acpi_enable = fadt.acpi_enable;
	}
	if (fadt.flags & FADT_RESET_SUPPORTED) {
		acpi_info.reset = register_of(fadt.reset);
		acpi_info.reset_value = fadt.reset_value;
	}
	find_s5(fadt.x_dsdt ? fadt.x_dsdt : fadt.dsdt);
}

void acpi_parse_hpet(const struct acpi_header *table)
{
	const struct hpet_table *hpet = (const struct hpet_table *)table;

	if (table->length >= sizeof(*hpet) && hpet->address.space == ACPI_SPACE_MEMORY)
		acpi_info.hpet = hpet->address.address;
}
