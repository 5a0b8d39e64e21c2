/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * include/arch/usercopy.h. Word loops rather than REP: under emulation REP costs an instruction for each element, and on
 * hardware the short copies that system calls make are no slower this way.
 */
#include <arch/patch.inc>

	.macro EX label, fixup
	.pushsection .extable, "a"
	.balign 8
	.quad \label, \fixup
	.popsection
	.endm

/* One access with its table entry. */
	.macro ACCESS insn:vararg
990:	\insn
	EX 990b, user_fault
	.endm

	.text
user_fault:
	USER_ACCESS_END
	movq $-14, %rax			/* -EFAULT */
	ret

	.global usercopy
usercopy:				/* (rdi dst, rsi src, rdx size) */
	USER_ACCESS_BEGIN
	cmpq $64, %rdx
	jb 2f
1:
	ACCESS movq (%rsi), %rax
	ACCESS movq 8(%rsi), %rcx
	ACCESS movq 16(%rsi), %r8
	ACCESS movq 24(%rsi), %r9
	ACCESS movq %rax, (%rdi)
	ACCESS movq %rcx, 8(%rdi)
	ACCESS movq %r8, 16(%rdi)
	ACCESS movq %r9, 24(%rdi)
	ACCESS movq 32(%rsi), %rax
	ACCESS movq 40(%rsi), %rcx
	ACCESS movq 48(%rsi), %r8
	ACCESS movq 56(%rsi), %r9
	ACCESS movq %rax, 32(%rdi)
	ACCESS movq %rcx, 40(%rdi)
	ACCESS movq %r8, 48(%rdi)
	ACCESS movq %r9, 56(%rdi)
	addq $64, %rsi
	addq $64, %rdi
	subq $64, %rdx
	cmpq $64, %rdx
	jae 1b
2:	cmpq $8, %rdx
	jb 4f
3:
	ACCESS movq (%rsi), %rax
	ACCESS movq %rax, (%rdi)
	addq $8, %rsi
	addq $8, %rdi
	subq $8, %rdx
	cmpq $8, %rdx
	jae 3b
4:	testq %rdx, %rdx
	jz 6f
5:
	ACCESS movb (%rsi), %al
	ACCESS movb %al, (%rdi)
	incq %rsi
	incq %rdi
	decq %rdx
	jnz 5b
6:	USER_ACCESS_END
	xorl %eax, %eax
	ret

	.global userzero
userzero:				/* (rdi dst, rsi size) */
	USER_ACCESS_BEGIN
	cmpq $8, %rsi
	jb 2f
1:
	ACCESS movq $0, (%rdi)
	addq $8, %rdi
	subq $8, %rsi
	cmpq $8, %rsi
	jae 1b
2:	testq %rsi, %rsi
	jz 4f
3:
	ACCESS movb $0, (%rdi)
	incq %rdi
	decq %rsi
	jnz 3b
4:	USER_ACCESS_END
	xorl %eax, %eax
	ret

	.global userstr
userstr:				/* (rdi dst, rsi src, rdx max) */
	USER_ACCESS_BEGIN
	xorl %eax, %eax
1:	cmpq %rdx, %rax
	jae 2f
	movq %rax, %r8
	xorl %ecx, %ecx
	ACCESS movb (%rsi,%r8), %cl
	movb %cl, (%rdi,%r8)
	testb %cl, %cl
	jz 3f
	leaq 1(%r8), %rax
	jmp 1b
2:	movq $-36, %rax			/* -ENAMETOOLONG */
3:	USER_ACCESS_END
	ret

	.global userload32
userload32:				/* (rdi src, rsi value) */
	USER_ACCESS_BEGIN
	ACCESS movl (%rdi), %eax
	USER_ACCESS_END
	movl %eax, (%rsi)
	xorl %eax, %eax
	ret

	.global userload32_nofault, userload32_nofault_insn
userload32_nofault:
	USER_ACCESS_BEGIN
userload32_nofault_insn:
	ACCESS movl (%rdi), %eax
	USER_ACCESS_END
	movl %eax, (%rsi)
	xorl %eax, %eax
	ret

	.global usercmpxchg32
usercmpxchg32:				/* (rdi dst, rsi expected, edx desired) */
	movl (%rsi), %eax
	USER_ACCESS_BEGIN
	ACCESS lock cmpxchgl %edx, (%rdi)
	USER_ACCESS_END			/* leaves ZF alone */
	jne 1f
	xorl %eax, %eax
	ret
1:	movl %eax, (%rsi)
	movl $-11, %eax			/* -EAGAIN */
	ret
