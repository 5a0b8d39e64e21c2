/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Entry and exit where applications run in ring 3: the CPU itself changes to the kernel stack (TSS.RSP0) for interrupts;
 * SYSCALL does not, so we do. GS is exchanged on each crossing.
 */
#include <arch/entry.inc>
#include <arch/patch.inc>

	.section .entry.text, "ax"
	VECTOR_TABLE gate_vectors, trap_entry, trap_entry_paranoid

trap_entry:
	PUSH_REGISTERS
	cld
	USER_ACCESS_END
	testb $3, TF_CS(%rsp)
	jz 1f
	swapgs
	xorl %ebp, %ebp			/* a backtrace ends here */
1:	SWAPGS_FENCE
	movq %rsp, %rdi
	call trap_handler
	jmp trap_return

	.global gate_return
gate_return:				/* (struct trapframe *): interrupts off, no work left */
	movq %rdi, %rsp
trap_return:
	testb $3, TF_CS(%rsp)
	jz 1f
	swapgs
1:	POP_REGISTERS
	addq $16, %rsp
	iretq

/*
 * NMI, double fault, machine check: on their own stacks, from any instruction, even between SYSCALL and SWAPGS. Whose GS
 * is loaded cannot be told from CS: the kernel's base is in the upper half, an application's never is (FSGSBASE stays off,
 * so that only arch_prctl sets it).
 */
trap_entry_paranoid:
	PUSH_REGISTERS
	cld
	USER_ACCESS_END
	xorl %ebx, %ebx
	movl $0xc0000101, %ecx
	rdmsr
	testl %edx, %edx
	js 1f
	swapgs
	incl %ebx
1:	SWAPGS_FENCE
	movq %rsp, %rdi
	call trap_handler_paranoid
	testl %ebx, %ebx
	jz 2f
	swapgs
2:	POP_REGISTERS
	addq $16, %rsp
	iretq

	.align 64
	.global gate_syscall
gate_syscall:				/* RCX: return address, R11: flags; interrupts off by SFMASK */
	swapgs
	movq %rsp, %gs:gate_app_rsp
	movq %gs:gate_kstack_top, %rsp
	PUSH_SYSCALL SEL_UDATA, SEL_UCODE
	sti
	DISPATCH_SYSCALL
	cli
	movq %gs:current_thread, %rax
	cmpl $0, THREAD_WORK(%rax)
	jne 2f
1:	testl $0x100, TF_RFLAGS(%rsp)	/* SYSRET with TF traps before the application's next instruction, IRETQ after */
	jnz trap_return
	POP_SYSCALL
	movq TF_RSP-TF_VECTOR(%rsp), %rsp
	swapgs
	sysretq
2:	movq %rsp, %rdi
	call app_return
	cmpq $256, TF_VECTOR(%rsp)	/* execve and sigreturn leave another mark (and work): every register counts then */
	je 1b
	jmp trap_return
