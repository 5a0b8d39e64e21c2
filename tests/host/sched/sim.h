/* SPDX-License-Identifier: BSD-2-Clause */
/* Between sim_host.c or sim_steps.c, which see the host's headers, and sim_arch.c, which sees the kernel's. */
#ifndef SIM_H
#define SIM_H

#include <stdint.h>

/* sim_host.c */
uint64_t host_clock_ns(void);
void host_set_gs(uintptr_t base);
void host_start_cpu(void (*fn)(unsigned cpu), unsigned cpu);
void host_relax(void);
void host_putc(char c);
void *host_alloc(uintptr_t size);
void host_free(void *p);
void host_exit(int status) __attribute__((noreturn));

/* sim_arch.c */
void sim_main(unsigned cpus, const char *policy_name, int one_runqueue, unsigned balance_ms);

/* sim_smp.c, of sim_steps.c: all CPUs have had a turn */
void sim_round(void);

#endif
