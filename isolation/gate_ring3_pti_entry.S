/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * gate_ring3_entry.S with page-table isolation (arch/pti.h): CR3 is exchanged on each crossing too. Until it is, there are
 * only this code, the IDT, and the CPU's entry pages: for the interrupt's frame a stack of its own, from which it is copied.
 * Bit 12 of CR3 is set while the application runs, and bit 11, which tells the application's translations from the kernel's where
 * the CPU has identifiers for them (arch/pcid.h). Interrupts are off between both exchanges and the crossing, and NMI and its like,
 * which are not held off, keep whichever root they find; they are rare enough to drop translations.
 */
#include <arch/entry.inc>
#include <arch/patch.inc>

#define APP_ROOT (0x1000 | IS_ON(CONFIG_PCID) << 11)

.macro TO_KERNEL_ROOT scratch, keep
	movq %cr3, \scratch
	andq $~APP_ROOT, \scratch
	.ifnb \keep
	KEEP_TRANSLATIONS \keep
	.endif
	movq \scratch, %cr3
.endm

.macro TO_APP_ROOT scratch, keep
	movq %cr3, \scratch
	orq $APP_ROOT, \scratch
	KEEP_TRANSLATIONS \keep
	movq \scratch, %cr3
.endm

	.section .entry.text, "ax"
	VECTOR_TABLE gate_vectors, trap_entry, trap_entry_paranoid

/* Vector, error, RIP, CS, RFLAGS, RSP, SS: on the kernel's stack already, or on the entry's. */
trap_entry:
	cld
	USER_ACCESS_END
	testb $3, 24(%rsp)
	jz 1f
	swapgs
	movq %rax, %gs:gate_scratch
	TO_KERNEL_ROOT %rax, PATCH_KEEP_RAX
	movq %rsp, %rax
	movq %gs:gate_kstack_top, %rsp
	pushq 48(%rax)
	pushq 40(%rax)
	pushq 32(%rax)
	pushq 24(%rax)
	pushq 16(%rax)
	pushq 8(%rax)
	pushq (%rax)
	movq %gs:gate_scratch, %rax
	PUSH_REGISTERS
	xorl %ebp, %ebp			/* a backtrace ends here */
	jmp 2f
1:	PUSH_REGISTERS
2:	SWAPGS_FENCE
	movq %rsp, %rdi
	call trap_handler
	jmp trap_return

	.global gate_return
gate_return:				/* (struct trapframe *): interrupts off, no work left */
	movq %rdi, %rsp
trap_return:
	testb $3, TF_CS(%rsp)
	jz 1f
	POP_REGISTERS
	addq $16, %rsp
	movq %rax, %gs:gate_scratch
	movq %rsp, %rax
	movq %gs:gate_entry_top, %rsp
	pushq 32(%rax)			/* SS, RSP, RFLAGS, CS, RIP */
	pushq 24(%rax)
	pushq 16(%rax)
	pushq 8(%rax)
	pushq (%rax)
	TO_APP_ROOT %rax, PATCH_KEEP_RAX
	movq %gs:gate_scratch, %rax
	swapgs
	iretq
1:	POP_REGISTERS
	addq $16, %rsp
	iretq

/*
 * NMI, double fault, machine check: on their own stacks, which both roots map, from any instruction, even between SYSCALL
 * and SWAPGS. Whose GS is loaded cannot be told from CS: the kernel's base is in the upper half, an application's never is
 * (FSGSBASE stays off, so that only arch_prctl sets it).
 */
trap_entry_paranoid:
	PUSH_REGISTERS
	cld
	USER_ACCESS_END
	movq %cr3, %r14
	TO_KERNEL_ROOT %rax
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
2:	movq %r14, %cr3
	POP_REGISTERS
	addq $16, %rsp
	iretq

	.align 64
	.global gate_syscall
gate_syscall:				/* RCX: return address, R11: flags; interrupts off by SFMASK */
	swapgs
	movq %rsp, %gs:gate_app_rsp
	TO_KERNEL_ROOT %rsp, PATCH_KEEP_RSP
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
	movq %rsp, %gs:gate_app_rsp
	TO_APP_ROOT %rsp, PATCH_KEEP_RSP
	movq %gs:gate_app_rsp, %rsp
	swapgs
	sysretq
2:	movq %rsp, %rdi
	call app_return
	cmpq $256, TF_VECTOR(%rsp)	/* execve and sigreturn leave another mark (and work): every register counts then */
	je 1b
	jmp trap_return
