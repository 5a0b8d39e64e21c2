/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The machine around the processors: local APICs, I/O APIC, ACPI tables, timers, other CPUs, the way out.
 */
#ifndef ARCH_MACHINE_H
#define ARCH_MACHINE_H

#include <lib/types.h>

struct trapframe;

/* GDT, TSS with interrupt stacks, IDT for this CPU, CR0/CR4 features (each gated on CPUID), NX, FPU. */
void arch_cpu_init(unsigned cpu);
/* Reads ACPI (RSDP, MADT, FADT, HPET): CPUs, I/O APICs, overrides, power-off registers. Sets cpu_count. */
void arch_acpi_init(void);
/* Enables this CPU's local APIC; the boot CPU's call also masks the 8259s and sets up the I/O APICs. */
void arch_apic_init(void);
/* Calibrates TSC and local APIC timer against what counts at a known rate. */
void arch_clock_init(void);
/* Starts the application processors up to `limit` CPUs in all; each ends in cpu_main(). Warns of those that do not answer. */
void arch_start_cpus(unsigned limit);

/* TSC to nanoseconds of CLOCK_MONOTONIC; 0 at kernel entry. */
u64 arch_clock_ns(void);
u64 arch_tsc_khz(void);
/* How arch_clock_ns() reckons, for code that does the same in applications: (TSC - base) * mult / 2^32. mult 0: otherwise. */
void arch_clock_scale(u64 *base, u64 *mult);
/* Seconds since 1970 from the real-time clock; slow, for boot only. */
u64 arch_rtc_seconds(void);
/* Arms this CPU's one-shot timer to interrupt at `deadline` ns (clamped to what it can count); ~0: disarm. */
void arch_timer_arm(u64 deadline);
/* Full-entropy bits if the CPU has RDRAND (mixed with the TSC), else the TSC. */
u64 arch_entropy(void);

/* Inter-processor interrupts. */
enum ipi { IPI_RESCHEDULE, IPI_TLB, IPI_PMAP, IPI_HALT, IPI_MAX };
void arch_ipi(unsigned cpu, enum ipi ipi);
void arch_ipi_all_but_self(enum ipi ipi);
void arch_eoi(void);

/*
 * Routes a legacy ISA irq (through MADT overrides), or from 16 on a GSI, which is active high and edge-triggered, to a
 * vector on the boot CPU, and unmasks it. -ENOENT, -ENOSPC.
 */
int arch_irq_route(unsigned irq, u8 vector);
/* The irq of a pin of the interrupt controller at this address; -ENOENT. */
int arch_irq_number(paddr_t controller, unsigned pin);

/* How it ends. `code`: see docs/protocol.md. Never return. */
enum machine_end { END_ORDERLY = 0x10, END_PANIC = 0x11, END_TESTS_FAILED = 0x12 };
void arch_end(enum machine_end code) __noreturn;
/* `exit=isa-debug` was given: arch_end() goes through port 0xf4. */
void arch_end_by_debug_port(void);

/* A console byte, polled, usable from the first instruction on, under any lock. */
void arch_early_putc(char c);

/* Text goes on the boot loader's screen from here on, if it left one. Once, when pages can be had. */
void arch_screen_init(void);
/* Bytes of text there, if it is there. Any context. */
void arch_screen_write(const char *bytes, size_t n);

/* Brand string for /proc/cpuinfo; flags as Linux names them, for the ones we know. */
void arch_cpu_describe(char *vendor, size_t vsize, char *brand, size_t bsize, char *flags, size_t fsize);

/* Return addresses of the frames above `frame` (0: the caller's), newest first; how many were found. */
unsigned arch_backtrace(u64 frame, u64 *pc, unsigned max);

/* For panics: what may be behind a trap of the kernel, and behind its fault on va if has_va. False: nothing can be said. */
bool arch_explain(const struct trapframe *tf, bool has_va, u64 va, char *text, size_t size);

#endif
