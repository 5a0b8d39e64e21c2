/* SPDX-License-Identifier: BSD-2-Clause */
/* Between the loader-specific parsers and boot_main(). */
#ifndef ARCH_X86_64_BOOT_H
#define ARCH_X86_64_BOOT_H

#include <arch/boot.h>

/* Fill `bootinfo` from the loader's structure at this physical address (below 4 GiB, mapped by the boot tables). */
void pvh_parse(paddr_t info);
void multiboot2_parse(paddr_t info);

/* Shared by both: append a range; copy a command line. */
void bootinfo_add_range(paddr_t base, u64 size, enum memory_type type);
void bootinfo_set_cmdline(const char *line);
/* E820 type numbers, which both loaders use. */
enum memory_type bootinfo_e820_type(u32 type);

/*
 * With CONFIG_KASLR, when bootinfo is complete: goes on in kmain() with the image moved. Returns when it stays where it is.
 */
void boot_move_image(void);

#endif
