/* SPDX-License-Identifier: BSD-2-Clause */
/* Switching kernel stacks: the callee-saved registers of the System V ABI, and RSP. */
#include <arch/offsets.h>
#include <lib/option.h>

	.text
	.global arch_switch
arch_switch:				/* (struct arch_thread *prev, *next), interrupts off */
	pushq %rbp
	pushq %rbx
	pushq %r12
	pushq %r13
	pushq %r14
	pushq %r15
	movq %rsp, THREAD_KSP(%rdi)
	movq THREAD_KSP(%rsi), %rsp
	popq %r15
	popq %r14
	popq %r13
	popq %r12
	popq %rbx
	popq %rbp
	ret

	.global arch_thread_begin
arch_thread_begin:			/* first run: RBX: entry, R12: its argument */
	xorl %ebp, %ebp
	movq %r12, %rdi
	.if IS_ON(CONFIG_RETPOLINE)
	call __x86_indirect_thunk_rbx
	.else
	call *%rbx
	.endif
	ud2
