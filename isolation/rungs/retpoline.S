/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where every indirect call and jump of C goes instead (-mindirect-branch=thunk-extern): the CPU is made to predict the RET into
 * a loop that does nothing, while the real target is put where the RET will find it. Source: Turner, "Retpoline: a software
 * construct for preventing branch-target-injection" (2018).
 */
	.macro THUNK reg
	.section .text.__x86_indirect_thunk_\reg, "ax"
	.global __x86_indirect_thunk_\reg
	.type __x86_indirect_thunk_\reg, @function
__x86_indirect_thunk_\reg:
	call 2f
1:	pause
	lfence
	jmp 1b
2:	movq %\reg, (%rsp)
	ret
	.size __x86_indirect_thunk_\reg, . - __x86_indirect_thunk_\reg
	.endm

	.irp reg, rax, rbx, rcx, rdx, rsi, rdi, rbp, r8, r9, r10, r11, r12, r13, r14, r15
	THUNK \reg
	.endr
