/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Between the application and the machine: what its faults become, and what awaits it before it goes on. The upcalls of
 * isolation/gate.h.
 */
#include <abi/linux/signal.h>
#include <abi/linux/oom.h>
#include <arch/cpu.h>
#include <arch/pkru.h>
#include <arch/thread.h>
#include <core/biglock.h>
#include <core/preempt.h>
#include <core/printk.h>
#include <isolation/gate.h>
#include <isolation/proc.h>
#include <isolation/rewrite.h>
#include <lib/string.h>
#include <mm/inject.h>
#include <mm/key.h>
#include <mm/vmspace.h>

void app_return(struct trapframe *tf)
{
	struct thread *me = current();
	u32 work;

	while ((work = READ_ONCE(me->work))) {
		if (work & WORK_KILL) {
			irq_enable();
			task_exit();
		}
		if (work & WORK_RESCHED) {
			sched_preempt();
		} else if (work & (WORK_SIGNAL | WORK_SIGMASK)) {
			irq_enable();
			signal_deliver(tf);
			irq_disable();
		} else if (work & WORK_FPU) { /* last: nothing may switch between here and the application */
			fpu_load(&me->arch);
			thread_work_done(WORK_FPU);
		}
	}
}

/* What is injected is for calls: who only touches memory does not expect an error. */
static enum fault_result page_fault(uaddr_t va, unsigned access)
{
	const u32 left = INJECT ? inject_left(current()) : 0;

	if (INJECT && left)
		inject_arm(current(), 0);

	enum fault_result result = vm_fault(current()->vmspace, va, access);

	if (INJECT && left)
		inject_arm(current(), left);
	return result;
}

/* Does the page's key forbid it? A neighbour's page in a shared space is not even made for who may not touch it. */
static bool is_closed(uaddr_t va, unsigned access)
{
	const struct vmspace *vs = current()->vmspace;

	if (!DOMAINS)
		return PKU && (access & ACCESS_KEY);
	if (access & ACCESS_KEY)
		return true;
	return vs && pkru_works() && va < USER_MAX && (va < vs->start || va >= vs->end) &&
	       pkru_forbids(vmspace_key_at(current()->vmspace, va), access);
}

/* Where rights and key forbid it, the key is what Linux names. Kept apart: a fault that is mended shall not pay for it. */
static __attribute__((noinline)) bool signal_key(uaddr_t va, unsigned access)
{
	struct siginfo info = {.signo = SIGSEGV, .code = SEGV_PKUERR};
	unsigned key = vmspace_key_at(current()->vmspace, va);

	if (!(access & ACCESS_KEY) && !(pkru_works() && pkru_forbids(key, access)))
		return false;
	info.fault.addr = va;
	info.fault.key = key;
	signal_force_current(SIGSEGV, &info);
	return true;
}

static inline __attribute__((always_inline)) void serve_page_fault(struct trapframe *tf, uaddr_t va, unsigned access)
{
	struct siginfo info = {.signo = SIGSEGV, .code = SEGV_MAPERR};

	preempt_point(PREEMPT_SLEEP);
	info.fault.addr = va;
	if (is_closed(va, access) && signal_key(va, access)) /* no page would change that */
		return;
	switch (va < USER_MAX ? page_fault(va, access) : FAULT_SEGV) {
	case FAULT_OK:
		task_current()->minflt++;
		return;
	case FAULT_OOM:
		out_of_memory(); /* and once more, if this process lives */
		return;
	case FAULT_BUS:
		info.signo = SIGBUS;
		info.code = BUS_ADRERR;
		break;
	case FAULT_ACCESS:
		if (PKU && signal_key(va, access))
			return;
		info.code = SEGV_ACCERR;
		break;
	case FAULT_SEGV:
		break;
	}
	if (RUNG_REWRITE && access == PROT_EXEC && va == tf->rip && rewrite_stray(tf))
		return;
	signal_force_current(info.signo, &info);
}

void app_page_fault(struct trapframe *tf, uaddr_t va, unsigned access)
{
	if (BIG_LOCK)
		big_lock();
	serve_page_fault(tf, va, access);
	if (BIG_LOCK)
		big_unlock();
}

bool kernel_page_fault(uaddr_t va, unsigned access)
{
	if (is_closed(va, access))
		return false;
	for (;;) {
		enum fault_result result = page_fault(va, access);

		if (result == FAULT_OK && thread_is_app(current()))
			task_current()->minflt++;
		if (result != FAULT_OOM || !thread_is_app(current()) || !out_of_memory())
			return result == FAULT_OK;
	}
}

#define FXSAVE_FCW 0 /* in the FXSAVE image: x87 control and status words, MXCSR */
#define FXSAVE_FSW 2
#define FXSAVE_MXCSR 24

/* Which exception it was, of those that are pending and not masked (SDM vol. 1, 8.5 and 11.5). */
static int float_code(bool sse)
{
	static const u8 codes[] = {FPE_FLTINV, FPE_FLTINV, FPE_FLTDIV, FPE_FLTOVF, FPE_FLTUND, FPE_FLTRES};
	const u8 *image = current()->arch.fpu;
	u32 mxcsr;
	u16 fcw, fsw;

	fpu_save(&current()->arch);
	memcpy(&fcw, image + FXSAVE_FCW, sizeof(fcw));
	memcpy(&fsw, image + FXSAVE_FSW, sizeof(fsw));
	memcpy(&mxcsr, image + FXSAVE_MXCSR, sizeof(mxcsr));

	u32 raised = (sse ? mxcsr & ~(mxcsr >> 7) : (u32)fsw & ~fcw) & 0x3f;

	return raised ? codes[__builtin_ctz(raised)] : FPE_FLTINV;
}

/* SDM vol. 3, table 6-1, and what Linux sends for each. */
void app_exception(struct trapframe *tf)
{
	struct siginfo info = {.code = SI_KERNEL};
	int sig;

	if (tf->vector == 7 && fpu_touch(&current()->arch))
		return;
	if (RUNG_REWRITE && (tf->vector == 6 || tf->vector == 13) && rewrite_stray(tf))
		return;
	if (RUNG_REWRITE && tf->vector == 6 && tf->rip < USER_MIN) { /* the rest of page zero: as if there were nothing */
		app_page_fault(tf, tf->rip, PROT_EXEC);
		return;
	}
	switch (tf->vector) {
	case 0:
		sig = SIGFPE;
		info.code = FPE_INTDIV;
		info.fault.addr = tf->rip;
		break;
	case 1:
		sig = SIGTRAP;
		info.code = TRAP_TRACE;
		info.fault.addr = tf->rip;
		break;
	case 3:
		sig = SIGTRAP;
		break;
	case 6:
		sig = SIGILL;
		info.code = ILL_ILLOPN;
		info.fault.addr = tf->rip;
		break;
	case 11:
	case 12:
		sig = SIGBUS;
		break;
	case 16:
	case 19:
		sig = SIGFPE;
		info.code = float_code(tf->vector == 19);
		info.fault.addr = tf->rip;
		break;
	case 17:
		sig = SIGBUS;
		info.code = BUS_ADRALN;
		break;
	default:
		sig = SIGSEGV;
		break;
	}
	signal_force_current(sig, &info);
}
