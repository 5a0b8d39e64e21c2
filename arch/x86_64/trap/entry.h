/* SPDX-License-Identifier: BSD-2-Clause */
/* Assembly macros that both gates' entry code shares: laying a struct trapframe, taking it off. */
#ifndef ARCH_X86_64_ENTRY_H
#define ARCH_X86_64_ENTRY_H

#include <arch/offsets.h>

/* Pushes the general registers below vector and error code: the rest of a struct trapframe. */
.macro PUSH_REGISTERS
	pushq %rdi
	pushq %rsi
	pushq %rdx
	pushq %rcx
	pushq %rax
	pushq %r8
	pushq %r9
	pushq %r10
	pushq %r11
	pushq %rbx
	pushq %rbp
	pushq %r12
	pushq %r13
	pushq %r14
	pushq %r15
.endm

.macro POP_REGISTERS
	popq %r15
	popq %r14
	popq %r13
	popq %r12
	popq %rbp
	popq %rbx
	popq %r11
	popq %r10
	popq %r9
	popq %r8
	popq %rax
	popq %rcx
	popq %rdx
	popq %rsi
	popq %rdi
.endm

/*
 * 256 entry points of 16 bytes each at \table: push an error code where the CPU does not (SDM vol. 3, table 6-1), push
 * the vector, go on at \common, or at \paranoid for those that have an interrupt stack of their own everywhere.
 */
.macro VECTOR_TABLE table, common, paranoid
	.align 16
	.global \table
\table:
	.set vector, 0
	.rept 256
	.align 16
	.if !(vector == 8 || (vector >= 10 && vector <= 14) || vector == 17 || vector == 21 || vector == 29 || vector == 30)
	pushq $0
	.endif
	pushq $vector
	.if vector == 2 || vector == 8 || vector == 18
	jmp \paranoid
	.else
	jmp \common
	.endif
	.set vector, vector + 1
	.endr
.endm

#endif
