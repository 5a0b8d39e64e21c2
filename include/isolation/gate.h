/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Contract 1, the gate: at which privilege the application runs, and how control passes between it and the kernel.
 * isolation/gate_ring0.c and isolation/gate_ring3.c implement this header, one of them is linked.
 *
 * Rules both sides keep: an entry from the application lies at the top of the thread's kernel stack as a struct
 * trapframe; nothing is ever pushed on the application's stack (it has a red zone); the kernel runs with its own GS;
 * where RIP is the kernel's and RSP the application's, interrupts are off (ring 3) or need no stack of either (ring 0).
 */
#ifndef ISOLATION_GATE_H
#define ISOLATION_GATE_H

#include <arch/trapframe.h>
#include <lib/types.h>

struct arch_thread;

/* Does entering the kernel cross a privilege boundary? For code that differs a little; never for #if. */
#ifdef CONFIG_GATE_RING3
#define GATE_CROSSES 1
#define GATE_NAME "ring3"
#else
#define GATE_CROSSES 0
#define GATE_NAME "ring0"
#endif

/* Per CPU: the entry MSRs (STAR, LSTAR, SFMASK) and which stack each vector enters on. After arch_cpu_init(). */
void gate_init_cpu(void);
/* The thread that this CPU is about to run: its kernel stack, FS (and GS) base. Interrupts off. */
void gate_switch(const struct arch_thread *next);
/*
 * Was the application interrupted? In ring 3 the saved CS says so, wherever the application jumped. In ring 0 CPL says
 * nothing, so the saved RIP decides: one that runs in the upper half has become the kernel's problem.
 */
static inline bool gate_from_app(const struct trapframe *tf)
{
	return GATE_CROSSES ? tf->cs & 3 : (i64)tf->rip >= 0;
}
/* Segments and flags of a fresh application context; rip, rsp set, all else zero. */
void gate_init_frame(struct trapframe *tf, uaddr_t rip, uaddr_t rsp);
/* Makes a frame that the application could write (sigreturn) safe to return to: segments, IF, reserved flags. The caller
 * has seen to it that rip is below USER_MAX: SYSRET and IRETQ fault in the kernel on one that is not canonical. */
void gate_sanitise_frame(struct trapframe *tf);
/* Leaves for the application by the frame at the top of the current kernel stack. Interrupts may be on. */
void gate_enter(void) __noreturn;
/* arch_prctl(ARCH_SET_GS): 0, or -EPERM where GS belongs to the kernel for good. */
int gate_set_gs(struct arch_thread *t, uaddr_t base);

/*
 * With CONFIG_LEAF_CALLS: was a call interrupted that runs on the application's stack? Then it has not begun: *tf is as at the
 * first instruction of the ordinary entry. A fault there is no more. Interrupts off.
 */
bool gate_undo_leaf(struct trapframe *tf);

/*
 * Copies across the gate. An application's address is a uaddr_t: dereferencing one does not compile. Ranges are checked
 * against the application's half; a page that is absent is faulted in; what cannot be is -EFAULT, in every configuration.
 * May sleep: no spinlock, no vmspace lock held. Partial copies may have happened when -EFAULT is returned.
 */
int copyin(void *dst, uaddr_t src, size_t size);
int copyout(uaddr_t dst, const void *src, size_t size);
int user_zero(uaddr_t dst, size_t size);
/* Length without the NUL; -EFAULT; -ENAMETOOLONG when no NUL within max bytes. */
long copyinstr(char *dst, uaddr_t src, size_t max);
/* Atomic accesses for futexes; 4-byte aligned or -EINVAL. */
int user_load32(uaddr_t src, u32 *value);
/* As user_load32(), but never faults a page in: -EFAULT instead. May be called under a spinlock. */
int user_load32_nofault(uaddr_t src, u32 *value);
int user_cmpxchg32(uaddr_t dst, u32 *expected, u32 desired); /* 0; -EAGAIN with *expected = what was there; -EFAULT */

/*
 * Upcalls from the entry code, implemented above (docs/architecture.md lists all of the kernel's):
 */
/*
 * abi/linux: the system calls by number, of tf->error's low half; the last stands for all numbers beyond. args is what lies in
 * the frame from rdi on; the answer goes into tf->rax. A call after which every register of the frame counts sets tf->vector to
 * something else, and leaves work. Interrupts on.
 */
struct sysargs;
typedef long syscall_call(const struct sysargs *args);
extern syscall_call *syscall_calls[];
/* abi/linux, with CONFIG_LEAF_CALLS: 1 for each number whose call runs on the application's stack. */
extern u8 syscall_leaf[];
/* abi/linux: the answer in tf->rax is one of -ERESTARTSYS to -ERESTART_RESTARTBLOCK. Interrupts on. */
void syscall_restart(struct trapframe *tf);
/* abi/linux: an exception that the application caused: becomes a signal. Interrupts on. */
void app_exception(struct trapframe *tf);
/* abi/linux: the application's page fault: asks vm_fault(), signals what it cannot mend. access: one PROT_* bit, and
 * ACCESS_KEY. Interrupts on. */
void app_page_fault(struct trapframe *tf, uaddr_t va, unsigned access);
/* abi/linux: the same inside copyin/copyout: true when the access can be tried again. Interrupts as they were. */
bool kernel_page_fault(uaddr_t va, unsigned access);
/* abi/linux: on the way back: reschedule, signals, FPU until thread->work is clear. Entered and left with interrupts off. */
void app_return(struct trapframe *tf);

#endif
