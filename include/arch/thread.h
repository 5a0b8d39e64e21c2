/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a thread keeps in the machine: kernel stack pointer, FS/GS base, vector state. A thread's vector registers stay in
 * the CPU while the kernel (which uses none) or idle runs, and are saved when another thread is about to go to its
 * application here. While they are there the thread may not migrate: see fpu_live().
 */
#ifndef ARCH_THREAD_H
#define ARCH_THREAD_H

#include <arch/trapframe.h>
#include <lib/types.h>

struct arch_thread {
	u64 ksp;           /* saved kernel stack pointer while switched out */
	u64 kstack_bottom; /* I: lowest address of the kernel stack */
	u64 kstack_top;    /* I: one past its highest; the application's trapframe ends here */
	u64 fs_base;       /* application TLS */
	u64 gs_base;       /* ring 3 only */
	void *fpu;         /* XSAVE area of fpu_size bytes, 64-byte aligned; NULL for kernel threads */
	int fpu_cpu;       /* a: CPU whose registers hold the newest state, or -1: it is in *fpu */
	u32 pkru;          /* while switched out, of an application's thread: arch/pkru.h */
};

/* Prepares the stack so that the first switch to it calls entry(arg) with interrupts off. */
void arch_thread_init(struct arch_thread *t, void (*entry)(void *), void *arg);
/* Saves prev's callee-saved registers and stack, takes next's. Interrupts off. */
void arch_switch(struct arch_thread *prev, struct arch_thread *next);
/* Fills in the stack bounds of the flow that runs now, which no arch_thread_init() made: the boot CPU's, or another CPU's
 * first one. It becomes that CPU's idle thread. */
void arch_thread_adopt(struct arch_thread *t);

static inline struct trapframe *arch_trapframe(const struct arch_thread *t)
{
	return (struct trapframe *)t->kstack_top - 1;
}

extern u32 fpu_size; /* bytes of one XSAVE area, a multiple of 64 */
extern u64 fpu_features; /* XCR0 */

void fpu_init_cpu(void);
/* Fills an area with the state of a fresh process (SDM: x87 037f, MXCSR 1f80). */
void fpu_init_state(void *area);
/* Makes the registers this thread's, or the first use of them a trap; interrupts off, on the way to its application. */
void fpu_load(struct arch_thread *t);
/* #NM: the application of the current thread t uses its registers. False: that should not have trapped. */
bool fpu_touch(struct arch_thread *t);
/* Brings *t->fpu up to date; t is the current thread. Registers stay loaded. */
void fpu_save(struct arch_thread *t);
/* *t->fpu is, or will be, overwritten (exec, a handler, sigreturn): the registers, if they held it, are stale. t is
 * current or not running. */
void fpu_discard(struct arch_thread *t);
/* May t run elsewhere? Not while its registers live in a CPU. */
static inline bool fpu_live(const struct arch_thread *t)
{
	return READ_ONCE(t->fpu_cpu) >= 0;
}
/* Can t go to its application here without fpu_load()? Interrupts off. */
bool fpu_is_ready(const struct arch_thread *t);
/* An image a signal frame wants to restore: mends or refuses (-EINVAL) what XRSTOR would fault on. */
int fpu_sanitise(void *area, u32 size);

#endif
