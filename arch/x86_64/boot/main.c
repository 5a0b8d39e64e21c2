/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From head.S to kmain(): turns what the loader left in memory into `bootinfo`. Runs on the boot tables, before anything
 * else exists; messages are not possible yet.
 */
#include "boot.h"

#include <arch/kaslr.h>
#include <arch/pmap.h>
#include <lib/string.h>

#define MULTIBOOT2_MAGIC 0x36d76289
#define LOADER_PVH 0

struct bootinfo bootinfo;

void boot_main(u32 loader, paddr_t info, u64 tsc) __noreturn;

void bootinfo_add_range(paddr_t base, u64 size, enum memory_type type)
{
	if (size == 0 || base + size < base || bootinfo.nranges == BOOT_RANGES_MAX)
		return;
	bootinfo.range[bootinfo.nranges++] = (struct memory_range){base, size, type};
}

void bootinfo_set_cmdline(const char *line)
{
	strlcpy(bootinfo.cmdline, line, sizeof(bootinfo.cmdline));
}

enum memory_type bootinfo_e820_type(u32 type)
{
	switch (type) {
	case 1:
		return MEMORY_RAM;
	case 3:
		return MEMORY_ACPI;
	case 4:
		return MEMORY_NVS;
	case 5:
		return MEMORY_BAD;
	default:
		return MEMORY_RESERVED;
	}
}

void boot_main(u32 loader, paddr_t info, u64 tsc)
{
	bootinfo.tsc_entry = tsc;
	if (loader == MULTIBOOT2_MAGIC)
		multiboot2_parse(info);
	else if (loader == LOADER_PVH)
		pvh_parse(info);
	if (KASLR)
		boot_move_image();
	kmain();
}
