/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The registers of an interrupted context, as every entry path (interrupt, exception, system call, in both gates) lays
 * them on a kernel stack: one shape, so that fork, signals, ptrace-like tools and the panic printer have one thing to
 * know. A thread's entry from the application always lies at the very top of its kernel stack.
 */
#ifndef ARCH_TRAPFRAME_H
#define ARCH_TRAPFRAME_H

#include <lib/types.h>

struct trapframe {
	u64 r15, r14, r13, r12, rbp, rbx, r11, rcx, rax;
	u64 rdi, rsi, rdx, r10, r8, r9; /* together and in this order: a system call's arguments */
	u64 vector; /* SDM vol. 3 table 6-1; VECTOR_SYSCALL for a system call */
	u64 error;  /* the CPU's error code or 0; for a system call its number (Linux: orig_rax) */
	u64 rip, cs, rflags, rsp, ss;
};

#define VECTOR_SYSCALL 256

#endif
