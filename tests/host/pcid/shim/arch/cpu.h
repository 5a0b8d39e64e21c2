/* SPDX-License-Identifier: BSD-2-Clause */
/* cpu.h for host tests: processors of software (machine.c), of which one runs at a time. */
#ifndef ARCH_CPU_H
#define ARCH_CPU_H

#include <lib/types.h>

u64 irq_save(void);
void irq_restore(u64 flags);
bool irq_enabled(void);
void cpu_pause(void);

u64 cr3_read(void);
void cr3_write(u64 value);
void invlpg(u64 va);
enum invpcid { INVPCID_ADDRESS, INVPCID_CONTEXT, INVPCID_EVERYTHING };
void invpcid(enum invpcid type, u64 pcid, u64 va);

#endif
