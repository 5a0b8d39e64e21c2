/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a boot loader told us, in one form for PVH and multiboot2. Filled by arch/x86_64/boot before kmain(); copied, so
 * that nothing points into memory that the allocator may hand out, except the initramfs, which is reserved; nor into the image,
 * which may still move (kaslr.c).
 */
#ifndef ARCH_BOOT_H
#define ARCH_BOOT_H

#include <lib/types.h>

enum memory_type { MEMORY_RAM = 1, MEMORY_RESERVED, MEMORY_ACPI, MEMORY_NVS, MEMORY_BAD };

struct memory_range {
	paddr_t base;
	u64 size;
	enum memory_type type;
};

/* What one sees. Text: sizes are in characters; pixels: a linear framebuffer. */
enum screen_kind { SCREEN_NONE, SCREEN_TEXT, SCREEN_PIXELS };

struct boot_screen {
	enum screen_kind kind;
	paddr_t address;
	u32 pitch;                                   /* bytes from one row to the next */
	u32 width, height;
	u32 bits;                                    /* of a pixel */
};

#define BOOT_RANGES_MAX 128
#define BOOT_CMDLINE_MAX 4096

struct bootinfo {
	char cmdline[BOOT_CMDLINE_MAX];              /* NUL-terminated; cut with a warning if longer */
	unsigned nranges;                            /* the firmware's memory map, as given */
	struct memory_range range[BOOT_RANGES_MAX];
	paddr_t initrd;                              /* 0: none */
	u64 initrd_size;                             /* bytes */
	struct boot_screen screen;
	paddr_t rsdp;                                /* ACPI root pointer; 0: unknown */
	u64 tsc_entry;                               /* the TSC at the kernel's first instruction */
};

extern struct bootinfo bootinfo;

/* The one C entry point, called on the boot CPU with interrupts off. */
void kmain(void) __noreturn;

#endif
