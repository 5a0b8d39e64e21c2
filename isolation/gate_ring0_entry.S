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
 *   jumping.
 *
 * Interrupts stay on through a system call, its first and last instructions included: on an IST, with GS the kernel's
 * always, there is no moment when one would be unsafe. On the way in it is an interrupt of the kernel. On the way out it
 * must be one of the application, or what it asks for (a signal, a switch) would wait until the next entry: so an
 * interrupt within return_window takes the frame of the call for the application's state, which it is in every register.
 * While the call is still asked whether work is pending it is not that: the answer may be one that restarts the call, which
 * takes the frame's vector and number. So an interrupt within return_test is the kernel's, and the test begins again.
 *
 * Two rungs stand in between as macros that are empty without them: KEYS_ of isolation/pks.inc, REWRITE_ of isolation/rewrite.inc.
 */
#include <arch/entry.inc>
#include <isolation/pks.inc>
#include <isolation/rewrite.inc>

/* Below this much of the kernel stack an interrupt cannot be taken: the frame, and a little for the handler. */
#define KSTACK_MARGIN (TF_SIZE + 256)

	.text
	VECTOR_TABLE gate_vectors, trap_entry, trap_entry_paranoid

/* On the interrupt stack: vector, error, RIP, CS, RFLAGS, RSP, SS. */
trap_entry:
	cld
	KEYS_OPEN_INTERRUPT
	movq %rax, %gs:gate_scratch_rax
	movq %rcx, %gs:gate_scratch_rcx
	movq %rsp, %rax
	REWRITE_INTERRUPTED
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
	KEYS_CLOSE_AND_RETURN
	POP_REGISTERS
	addq $16, %rsp
	iretq

/* NMI, double fault, machine check: handled where they land, on stacks of their own. */
trap_entry_paranoid:
	PUSH_REGISTERS
	cld
	KEYS_OPEN_PARANOID
	movq %rsp, %rdi
	call trap_handler_paranoid
	KEYS_PUT_BACK_PARANOID
	POP_REGISTERS
	addq $16, %rsp
	iretq

	.align 64
	.global gate_syscall
gate_syscall:					/* RCX: return address, R11: flags; interrupts as the application had them */
	KEYS_OPEN
	movq %rsp, %gs:gate_app_rsp
	movq %gs:gate_kstack_top, %rsp
.Lgate_syscall_frame:
	PUSH_SYSCALL SEL_KDATA, SEL_KCODE
.Lgate_syscall_dispatch:
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
	KEYS_CLOSE
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

	REWRITE_GATE
