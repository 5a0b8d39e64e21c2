/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The processor as the rest of the kernel sees it: interrupts on and off, pause, idle, the time stamp counter,
 * port I/O. Everything here is inline and uses lib only. Source: Intel SDM vol. 2.
 */
#ifndef ARCH_CPU_H
#define ARCH_CPU_H

#include <lib/types.h>

#define RFLAGS_CF BIT(0)
#define RFLAGS_RESERVED1 BIT(1)
#define RFLAGS_TF BIT(8)
#define RFLAGS_IF BIT(9)
#define RFLAGS_DF BIT(10)
#define RFLAGS_IOPL (3ul << 12)
#define RFLAGS_NT BIT(14)
#define RFLAGS_RF BIT(16)
#define RFLAGS_AC BIT(18)

#define CR0_TS BIT(3) /* vector and x87 instructions trap: #NM */

static inline u64 cpu_flags(void)
{
	u64 flags;

	asm volatile("pushfq; popq %0" : "=r"(flags) : : "memory");
	return flags;
}

static inline bool irq_enabled(void)
{
	return cpu_flags() & RFLAGS_IF;
}

static inline void irq_disable(void)
{
	asm volatile("cli" : : : "memory");
}

/* The NOP: QEMU before 9 misses what is pending when STI is followed by RET or an indirect jump, until something else. */
static inline void irq_enable(void)
{
	asm volatile("sti; nop" : : : "memory");
}

/* Disables interrupts on this CPU; the answer goes back into irq_restore(). */
static inline u64 irq_save(void)
{
	u64 flags = cpu_flags();

	irq_disable();
	return flags;
}

static inline void irq_restore(u64 flags)
{
	if (flags & RFLAGS_IF)
		irq_enable();
}

static inline void cpu_pause(void)
{
	asm volatile("pause" : : : "memory");
}

/* Enables interrupts and sleeps until the next one, with no window between (SDM: STI's one-instruction shadow). */
static inline void cpu_wait_for_interrupt(void)
{
	asm volatile("sti; hlt" : : : "memory");
}

/* Stops this CPU for good. */
static inline void __noreturn cpu_stop(void)
{
	for (;;)
		asm volatile("cli; hlt" : : : "memory");
}

static inline u64 cpu_tsc(void)
{
	u32 lo, hi;

	asm volatile("rdtsc" : "=a"(lo), "=d"(hi) : : "memory");
	return lo | (u64)hi << 32;
}

static inline u64 msr_read(u32 msr)
{
	u32 lo, hi;

	asm volatile("rdmsr" : "=a"(lo), "=d"(hi) : "c"(msr) : "memory");
	return lo | (u64)hi << 32;
}

static inline void msr_write(u32 msr, u64 value)
{
	asm volatile("wrmsr" : : "c"(msr), "a"((u32)value), "d"((u32)(value >> 32)) : "memory");
}

static inline void cpuid(u32 leaf, u32 sub, u32 *a, u32 *b, u32 *c, u32 *d)
{
	asm volatile("cpuid" : "=a"(*a), "=b"(*b), "=c"(*c), "=d"(*d) : "a"(leaf), "c"(sub));
}

#define DEFINE_CONTROL_REGISTER(reg)                                                               \
	static inline u64 reg##_read(void)                                                         \
	{                                                                                          \
		u64 v;                                                                             \
		asm volatile("mov %%" #reg ", %0" : "=r"(v) : : "memory");                         \
		return v;                                                                          \
	}                                                                                          \
	static inline void reg##_write(u64 v)                                                      \
	{                                                                                          \
		asm volatile("mov %0, %%" #reg : : "r"(v) : "memory");                             \
	}

DEFINE_CONTROL_REGISTER(cr0)
DEFINE_CONTROL_REGISTER(cr2)
DEFINE_CONTROL_REGISTER(cr3)
DEFINE_CONTROL_REGISTER(cr4)

/* Drops what the TLB holds for one page under the identifier (PCID) that is loaded. */
static inline void invlpg(u64 va)
{
	asm volatile("invlpg (%0)" : : "r"(va) : "memory");
}

/* Of another identifier: one page, or all; the last: of all, and what is global. Only where CPUID has it. SDM vol. 2, INVPCID. */
enum invpcid { INVPCID_ADDRESS, INVPCID_CONTEXT, INVPCID_EVERYTHING };
static inline void invpcid(enum invpcid type, u64 pcid, u64 va)
{
	const u64 descriptor[2] = {pcid, va};

	asm volatile("invpcid %0, %1" : : "m"(descriptor), "r"((u64)type) : "memory");
}

static inline void outb(u16 port, u8 v)
{
	asm volatile("outb %0, %1" : : "a"(v), "Nd"(port) : "memory");
}

static inline void outw(u16 port, u16 v)
{
	asm volatile("outw %0, %1" : : "a"(v), "Nd"(port) : "memory");
}

static inline void outl(u16 port, u32 v)
{
	asm volatile("outl %0, %1" : : "a"(v), "Nd"(port) : "memory");
}

static inline u8 inb(u16 port)
{
	u8 v;

	asm volatile("inb %1, %0" : "=a"(v) : "Nd"(port) : "memory");
	return v;
}

static inline u16 inw(u16 port)
{
	u16 v;

	asm volatile("inw %1, %0" : "=a"(v) : "Nd"(port) : "memory");
	return v;
}

static inline u32 inl(u16 port)
{
	u32 v;

	asm volatile("inl %1, %0" : "=a"(v) : "Nd"(port) : "memory");
	return v;
}

#endif
