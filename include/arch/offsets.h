/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Offsets that assembly knows. Each is asserted where its struct is defined or used: arch/x86_64/trap/trap.c for the trap
 * frame, arch/x86_64/cpu/thread.c for the thread, sched/thread.h for the work word. Plain numbers.
 */
#ifndef ARCH_OFFSETS_H
#define ARCH_OFFSETS_H

#define TF_RBP 32
#define TF_RCX 56
#define TF_RAX 64
#define TF_RDI 72
#define TF_VECTOR 120
#define TF_ERROR 128
#define TF_RIP 136
#define TF_CS 144
#define TF_RFLAGS 152
#define TF_RSP 160
#define TF_SS 168
#define TF_SIZE 176

/* Which answers of a system call ask for a restart, negated (abi/linux/restart.h). */
#define RESTART_LEAST 512
#define RESTART_MOST 516

/* As a vector: no exception number of the CPU's (SDM vol. 3, table 6-1: 22 to 27 are reserved). */
#define VECTOR_STACK_OVERFLOW 22

/* Which bits of a return address choose an entry of a struct rewrite_sites' cache, times 8 (isolation/rewrite.h). */
#define REWRITE_CACHE_MASK 0x7f8

#define THREAD_KSP 0
#define THREAD_WORK 56

#define SEL_KCODE 0x08
#define SEL_KDATA 0x10
#define SEL_UCODE32 0x18
#define SEL_UDATA 0x23
#define SEL_UCODE 0x2b
#define SEL_TSS 0x30

/* What the protection keys of supervisor pages allow, two bits a key (SDM vol. 4; arch/pks.h): 1 is closed, 2 may be read. */
#define MSR_PKRS 0x6e1
#define PKRS_APP 0x24

/* Interrupt stack table slots (SDM vol. 3, 6.14.5). */
#define IST_NMI 1
#define IST_DOUBLE_FAULT 2
#define IST_MACHINE_CHECK 3
#define IST_DEBUG 4
#define IST_ORDINARY 5 /* every other vector, in ring 0 kernels only */

#endif
