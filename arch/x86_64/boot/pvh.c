/* SPDX-License-Identifier: BSD-2-Clause */
/* The PVH start information. Source: Xen's public start_info ABI, version 1 (memory map) or 0 (none). */
#include "boot.h"

#include <arch/pmap.h>

#define HVM_START_MAGIC 0x336ec578

/* Packed: QEMU's microvm lays the module at an address that is no multiple of 8. */
struct hvm_start_info {
	u32 magic, version, flags, nr_modules;
	u64 modlist, cmdline, rsdp, memmap;
	u32 memmap_entries, reserved;
} __packed;

struct hvm_module {
	u64 base, size, cmdline, reserved;
} __packed;

struct hvm_memmap_entry {
	u64 base, size;
	u32 type, reserved;
} __packed;

void pvh_parse(paddr_t info)
{
	const struct hvm_start_info *si = phys_to_virt(info);

	if (si->magic != HVM_START_MAGIC)
		return;
	if (si->cmdline)
		bootinfo_set_cmdline(phys_to_virt(si->cmdline));
	bootinfo.rsdp = si->rsdp;
	if (si->nr_modules) {
		const struct hvm_module *m = phys_to_virt(si->modlist);

		bootinfo.initrd = m->base;
		bootinfo.initrd_size = m->size;
	}
	if (si->version >= 1) {
		const struct hvm_memmap_entry *e = phys_to_virt(si->memmap);

		for (u32 i = 0; i < si->memmap_entries; i++)
			bootinfo_add_range(e[i].base, e[i].size, bootinfo_e820_type(e[i].type));
	}
}
