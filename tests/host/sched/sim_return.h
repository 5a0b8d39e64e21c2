/* SPDX-License-Identifier: BSD-2-Clause */
/* What app_return() does, for the KTESTs that play applications; then the application uses its vector registers. */
#ifndef SIM_RETURN_H
#define SIM_RETURN_H

#include <core/ktest.h>
#include <sched/thread.h>

/* Interrupts off, as they stay. */
static inline void sim_app_return(void)
{
	u32 work;

	while ((work = __atomic_load_n(&current()->work, __ATOMIC_ACQUIRE))) {
		if (work & WORK_RESCHED)
			sched_preempt();
		if (work & WORK_FPU) {
			if (!fpu_is_ready(&current()->arch))
				fpu_load(&current()->arch);
			thread_work_done(WORK_FPU);
		}
	}
	KT_OK(fpu_is_ready(&current()->arch));
}

#endif
