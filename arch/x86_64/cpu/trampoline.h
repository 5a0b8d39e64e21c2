/* SPDX-License-Identifier: BSD-2-Clause */
/* What smp.c writes into the copy of the trampoline for each CPU; trampoline.S lays it out the same. */
#ifndef CPU_TRAMPOLINE_H
#define CPU_TRAMPOLINE_H

#define TRAMPOLINE_CODE64 0x08 /* selector */

#ifndef __ASSEMBLY__
#include <lib/types.h>

struct trampoline_data {
	u64 gdt[2];
	u16 gdt_limit;
	u32 gdt_base;          /* physical */
	u16 reserved0;
	u32 far_offset;        /* physical: where 64-bit code begins */
	u16 far_selector;
	u16 reserved1;
	u32 cr0, cr3, efer;
	u32 cpu;
	u32 reserved2;
	u64 stack;             /* initial RSP */
	u64 gs_base;
	u64 entry;             /* trampoline_arrived */
} __packed;

/* The code to copy, and offsets in it. */
extern const u8 trampoline_start[], trampoline_long[], trampoline_data[], trampoline_end[];

/* Where a CPU arrives in the kernel half; it reports below and goes to cpu_main(). */
void trampoline_arrived(void);
extern u64 trampoline_tsc; /* the arriving CPU's TSC; 0: not yet */
#endif

#endif
