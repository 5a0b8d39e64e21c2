/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Between the application and the machine: what its faults become, and what awaits it before it goes on. The upcalls of
 * isolation/gate.h.
 */
#include <abi/linux/signal.h>
#include <abi/linux/oom.h>
#include <arch/cpu.h>
#include <arch/thread.h>
#include <core/printk.h>
#include <isolation/gate.h>
#include <isolation/proc.h>
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

void app_page_fault(struct trapframe *tf, uaddr_t va, unsigned access)
{
	struct siginfo info = {.signo = SIGSEGV, .code = SEGV_MAPERR};

	(void)tf;
	info.fault.addr = va;
	__atomic_fetch_add(&proc_current()->minflt, 1, __ATOMIC_RELAXED);
	switch (va < USER_MAX ? vm_fault(current()->vmspace, va, access) : FAULT_SEGV) {
	case FAULT_OK:
		return;
	case FAULT_OOM:
		out_of_memory(); /* and once more, if this process lives */
		return;
	case FAULT_BUS:
		info.signo = SIGBUS;
		info.code = BUS_ADRERR;
		break;
	case FAULT_ACCESS:
		info.code = SEGV_ACCERR;
		break;
	case FAULT_SEGV:
		break;
	}
	signal_force_current(info.signo, &info);
}

bool kernel_page_fault(uaddr_t va, unsigned access)
{
	for (;;) {
		enum fault_result result = vm_fault(current()->vmspace, va, access);

		if (result != FAULT_OOM || !thread_is_app(current()) || !out_of_memory())
			return result == FAULT_OK;
	}
}

/* SDM vol. 3, table 6-1, and what Linux sends for each. */
void app_exception(struct trapframe *tf)
{
	struct siginfo info = {.code = SI_KERNEL};
	int sig;

	if (tf->vector == 7 && fpu_touch(&current()->arch))
		return;
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
	case 16:
	case 19:
		sig = SIGFPE;
		info.code = FPE_FLTINV;
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
