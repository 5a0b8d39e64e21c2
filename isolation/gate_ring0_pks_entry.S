/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * gate_ring0_entry.S with the kernel's data closed while the application runs (arch/pks.h): IA32_PKRS is exchanged on each
 * crossing too. Until it is, data are only on the interrupt stacks and in gate_key_words of this CPU.
 *
 * Whoever enters opens, whether it was closed or not: an interrupt may fall before the system call has opened it, and then it
 * stays open, which the system call is about to do. Who returns to the application closes; who returns to the kernel leaves it
 * open. Closing is the last thing but for the registers that it takes: interrupts on within return_window, where an interrupt
 * never comes back to, or off. NMI and its like put back what they found.
 */
#include <arch/entry.inc>
#include <arch/patch.inc>

/* Below this much of the kernel stack an interrupt cannot be taken: the frame, and a little for the handler. */
#define KSTACK_MARGIN (TF_SIZE + 256)

/* A NOP where the CPU has no keys. Spends RAX, RCX, RDX; leaves RFLAGS alone. */
.macro SET_KEYS value
	movl $MSR_PKRS, %ecx
	movl \value, %eax
	movl $0, %edx
	PATCH_PLACE PATCH_WRMSR
.endm

.macro SAVE_KEY_REGISTERS
	movq %rdx, %gs:gate_key_words
	movq %rax, %gs:gate_key_words+8
	movq %rcx, %gs:gate_key_words+16
.endm

.macro RESTORE_KEY_REGISTERS
	movq %gs:gate_key_words, %rdx
	movq %gs:gate_key_words+8, %rax
	movq %gs:gate_key_words+16, %rcx
.endm

	.text
	VECTOR_TABLE gate_vectors, trap_entry, trap_entry_paranoid

/* On the interrupt stack: vector, error, RIP, CS, RFLAGS, RSP, SS. */
trap_entry:
	cld
	pushq %rax
	pushq %rcx
	pushq %rdx
	SET_KEYS $0
	popq %rdx
	popq %rcx
	popq %rax
	movq %rax, %gs:gate_scratch_rax
	movq %rcx, %gs:gate_scratch_rcx
	movq %rsp, %rax
	movq 16(%rax), %rcx			/* the interrupted RIP */
	subq $return_test, %rcx
	cmpq $(return_window_end - return_test), %rcx
	jb 7f
9:	movq 40(%rax), %rcx			/* the interrupted RSP */
	subq %gs:gate_kstack_bottom, %rcx
	cmpq $KSTACK_MARGIN, %rcx
	jb 5f
	cmpq $(CONFIG_KSTACK_PAGES * 4096), %rcx
	jb 1f
6:	movq %gs:gate_kstack_top, %rsp		/* not on our stack: to its top */
	jmp 2f
5:	movq $VECTOR_STACK_OVERFLOW, (%rax)	/* on it, with no room left: trap_handler() panics, on the top */
	jmp 6b
1:	movq 40(%rax), %rsp			/* on it: continue below */
	andq $~15, %rsp
2:	pushq 48(%rax)				/* SS */
	pushq 40(%rax)				/* RSP */
	pushq 32(%rax)				/* RFLAGS */
	pushq 24(%rax)				/* CS */
	pushq 16(%rax)				/* RIP */
	pushq 8(%rax)				/* error */
	pushq (%rax)				/* vector */
	movq %gs:gate_scratch_rax, %rax
	movq %gs:gate_scratch_rcx, %rcx
	PUSH_REGISTERS
	cmpq $0, TF_RIP(%rsp)
	js 4f
3:	xorl %ebp, %ebp				/* from the application: a backtrace ends here */
4:	movq %rsp, %rdi
	call trap_handler
	jmp trap_return

7:	cmpq $(return_window - return_test), %rcx
	jb 8f
	movq %gs:gate_kstack_top, %rsp		/* returning: the call's frame is whole, and the application's state */
	subq $TF_SIZE, %rsp
	movq (%rax), %rcx
	movq %rcx, TF_VECTOR(%rsp)
	movq 8(%rax), %rcx
	movq %rcx, TF_ERROR(%rsp)
	jmp 3b
8:	movq $return_test, 16(%rax)		/* about to return: what the test saw may not hold any more */
	jmp 9b

	.global gate_return
gate_return:					/* (struct trapframe *): interrupts off, no work left */
	movq %rdi, %rsp
trap_return:
	cmpq $0, TF_RIP(%rsp)
	js 1f
	POP_REGISTERS
	addq $16, %rsp
	SAVE_KEY_REGISTERS
	movq %rsp, %rax
	movq %gs:gate_key_top, %rsp
	pushq 32(%rax)				/* SS, RSP, RFLAGS, CS, RIP: the kernel stack is closed when IRETQ reads them */
	pushq 24(%rax)
	pushq 16(%rax)
	pushq 8(%rax)
	pushq (%rax)
	SET_KEYS $PKRS_APP
	RESTORE_KEY_REGISTERS
	iretq
1:	POP_REGISTERS
	addq $16, %rsp
	iretq

/* NMI, double fault, machine check: handled where they land, on stacks of their own. */
trap_entry_paranoid:
	PUSH_REGISTERS
	cld
	movl $MSR_PKRS, %ecx
	PATCH_PLACE PATCH_RDMSR
	movl %eax, %ebx
	SET_KEYS $0
	movq %rsp, %rdi
	call trap_handler_paranoid
	SET_KEYS %ebx
	POP_REGISTERS
	addq $16, %rsp
	iretq

	.align 64
	.global gate_syscall
gate_syscall:					/* RCX: return address, R11: flags; interrupts as the application had them */
	SAVE_KEY_REGISTERS
	SET_KEYS $0
	RESTORE_KEY_REGISTERS
	movq %rsp, %gs:gate_app_rsp
	movq %gs:gate_kstack_top, %rsp
	PUSH_SYSCALL SEL_KDATA, SEL_KCODE
	testl $0x200, %r11d			/* IF */
	jz 4f
1:	DISPATCH_SYSCALL
return_test:					/* interrupts on, nothing below the frame */
	movq %gs:current_thread, %rax
	cmpl $0, THREAD_WORK(%rax)
	jne 3f
return_window:					/* nothing to do: the frame is the application's */
	testl $~0x2d7, TF_RFLAGS(%rsp)		/* SAHF restores five flags, and IF is on; OF and what is rarer take the long way */
	jnz 2f					/* (and OF is 0 now) */
	movb TF_RFLAGS(%rsp), %ah
	sahf
	POP_SYSCALL
	movq TF_RSP-TF_VECTOR(%rsp), %rsp
	SAVE_KEY_REGISTERS
	SET_KEYS $PKRS_APP
	RESTORE_KEY_REGISTERS
	jmp *%rcx
2:	cli
return_window_end:
	jmp trap_return
3:	cli
	movq %rsp, %rdi
	call app_return
	cmpq $256, TF_VECTOR(%rsp)		/* execve and sigreturn leave another mark (and work): every register counts then */
	jne trap_return
	sti
	jmp return_test
4:	orl $0x200, TF_RFLAGS(%rsp)		/* the application's CLI holds until here */
	sti
	jmp 1b
