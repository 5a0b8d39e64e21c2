/* SPDX-License-Identifier: BSD-2-Clause */
/* The processor's tables that the gates write to: interrupt descriptors and the task state segment (SDM vol. 3, 6.10, 8.7). */
#ifndef ARCH_TABLES_H
#define ARCH_TABLES_H

#include <lib/types.h>

/* `ist`: interrupt stack slot, 0: none. `dpl`: from which ring INT n may name it. */
void idt_set(unsigned vector, const void *entry, unsigned ist, unsigned dpl);
void tss_set_rsp0(u64 rsp);
/* The page that the IDT is. */
const char *idt_page(void);

#endif
