/* SPDX-License-Identifier: BSD-2-Clause */
/* What both gates' C files know of their assembly and of the entry MSRs (SDM vol. 3, 5.8.8; vol. 4). */
#ifndef ISOLATION_GATE_ENTRY_H
#define ISOLATION_GATE_ENTRY_H

#include <arch/cpu.h>
#include <arch/offsets.h>
#include <lib/types.h>

#define MSR_STAR 0xc0000081
#define MSR_LSTAR 0xc0000082
#define MSR_SFMASK 0xc0000084
#define MSR_FS_BASE 0xc0000100
#define MSR_KERNEL_GS_BASE 0xc0000102

/* Cleared on SYSCALL. */
#define SYSCALL_FLAG_MASK (RFLAGS_IF | RFLAGS_TF | RFLAGS_DF | RFLAGS_NT | RFLAGS_AC | RFLAGS_IOPL)
/* What sigreturn may choose: arithmetic flags, TF, DF, RF, AC, ID. */
#define RFLAGS_APP_MAY_SET (0xcd5ul | RFLAGS_TF | RFLAGS_RF | RFLAGS_AC | BIT(21))

extern const char gate_vectors[]; /* 256 entry points of 16 bytes */
void gate_syscall(void);
void gate_syscall_leaf(void); /* CONFIG_LEAF_CALLS: calls that need no stack of the kernel's; others go on at gate_syscall */

/* Vectors that may strike anywhere, on the stack of their own; 0: an ordinary vector. */
static inline unsigned gate_own_stack(unsigned vector)
{
	switch (vector) {
	case 2:
		return IST_NMI;
	case 8:
		return IST_DOUBLE_FAULT;
	case 18:
		return IST_MACHINE_CHECK;
	default:
		return 0;
	}
}

#endif
