/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Entry and exit where applications run in ring 0. Nothing may be pushed on the application's stack, since it keeps live
 * data in its red zone, so:
 *
 *   Every vector enters on an interrupt stack (IST). The common code leaves it at once, before anything can nest: "which
 *   stack next?" is decided by the saved RSP: inside this thread's kernel stack, continue below it; else go to its top.
 *   "From the application?" is decided by the saved RIP (gate_from_app()), never by CPL.
 *
 *   SYSCALL works at CPL 0, SYSRET does not (it returns to CPL 3). We return by restoring the flags, the stack, and
 *   jumping. An interrupt may strike just before the jump: every register is the application's by then, so trap_entry
 *   takes the jump itself, and the interrupt came from the application. (STI's shadow alone, with the jump right behind
 *   it, would do on hardware; QEMU before 9 goes on into the jump's target without looking at what is pending, and a
 *   loop there would never be preempted.)
 *
 * GS is always the kernel's. IF is 0 wherever RIP is the kernel's and RSP the application's, but at that one jump.
 */
#include <arch/entry.inc>

/* Below this much of the kernel stack an interrupt cannot be taken: the frame, and a little for the handler. */
#define KSTACK_MARGIN (TF_SIZE + 256)

	.text
	VECTOR_TABLE gate_vectors, trap_entry, trap_entry_paranoid

/* On the interrupt stack: vector, error, RIP, CS, RFLAGS, RSP, SS. */
trap_entry:
	cld
	movq %rax, %gs:gate_scratch_rax
	movq %rcx, %gs:gate_scratch_rcx
	movq %rsp, %rax
	movq 40(%rax), %rcx			/* the interrupted RSP */
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
	movq TF_RIP(%rsp), %rdx
	testq %rdx, %rdx
	jns 3f
	cmpq $return_jump, %rdx
	jne 4f
	movq TF_RCX(%rsp), %rdx
	movq %rdx, TF_RIP(%rsp)
3:	xorl %ebp, %ebp				/* from the application: a backtrace ends here */
4:	movq %rsp, %rdi
	call trap_handler
	jmp trap_return

	.global gate_return
gate_return:					/* (struct trapframe *): interrupts off, no work left */
	movq %rdi, %rsp
trap_return:
	POP_REGISTERS
	addq $16, %rsp
	iretq

/* NMI, double fault, machine check: handled where they land, on stacks of their own. */
trap_entry_paranoid:
	PUSH_REGISTERS
	cld
	movq %rsp, %rdi
	call trap_handler_paranoid
	POP_REGISTERS
	addq $16, %rsp
	iretq

	.align 64
	.global gate_syscall
gate_syscall:					/* RCX: return address, R11: flags; interrupts off by SFMASK */
	movq %rsp, %gs:gate_app_rsp
	movq %gs:gate_kstack_top, %rsp
	DISPATCH_SYSCALL SEL_KDATA, SEL_KCODE
	movq %gs:current_thread, %rax
	cmpl $0, THREAD_WORK(%rax)
	jne 2f
1:	cmpq $256, TF_VECTOR(%rsp)		/* execve and sigreturn leave another mark: every register counts then */
	jne trap_return
	testl $0x100, TF_RFLAGS(%rsp)		/* single-stepping must not begin in the kernel: IRETQ restores TF in time */
	jnz trap_return
	POP_SYSCALL
	andq $~0x200, %r11
	pushq %r11
	popfq					/* all flags but IF */
	movq TF_RSP-TF_VECTOR(%rsp), %rsp
	sti
	nop					/* STI's shadow ends here */
return_jump:
	jmp *%rcx
2:	movq %rsp, %rdi
	call app_return
	jmp 1b
