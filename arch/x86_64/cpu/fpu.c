/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The application's vector state. The kernel is compiled without any of it, so a thread's registers stay loaded while the
 * kernel or idle runs, and are saved when another application's thread goes on there. A thread whose registers are in a
 * CPU may not migrate (fpu_live).
 *
 * Saving and loading is dear, and many threads never touch them. So a CPU is in one of two modes: loading, in which a
 * thread gets its registers on its way to the application, and trapping, in which it goes without, with CR0.TS set, and
 * its first vector instruction (#NM) ends the mode. Loading ends by itself after a number of loads, to find out whether
 * anybody still needs them; the number doubles whenever somebody does soon. The mode belongs to the CPU and not to the
 * thread, so that two threads that take turns do not change TS at each switch: under QEMU that is a change of every
 * translated block's identity. Source: SDM vol. 1 chapter 13; vol. 3, 2.5 (CR0.TS).
 */
#include <arch/thread.h>

#include <arch/cpu.h>
#include <arch/pkru.h>
#include <core/panic.h>
#include <core/percpu.h>
#include <lib/errno.h>
#include <lib/string.h>
#include <uapi/linux/signal.h>

#define CR4_OSXSAVE BIT(18)
#define FEATURES_WE_KNOW 0xe7ul /* x87, SSE, AVX, AVX-512's three */
#define FXSAVE_SIZE 512
#define XSAVE_HEADER 64
#define MXCSR_OFFSET 24
#define MXCSR_MASK_OFFSET 28

u32 fpu_size = FXSAVE_SIZE;
u64 fpu_features = 3;

static bool have_xsave, have_xsaveopt;
static u32 mxcsr_mask = 0xffbf;
static DEFINE_PERCPU(struct arch_thread *, fpu_owner); /* whose state the registers hold, or NULL */
static DEFINE_PERCPU(bool, fpu_traps);                 /* CR0.TS is set */
static DEFINE_PERCPU(u32, loads_left);                 /* until the trap is tried again */
static DEFINE_PERCPU(u32, loads_budget);
static DEFINE_PERCPU(u64, trapping_since);             /* TSC */

#define LOADS_MIN 16u
#define LOADS_MAX 4096u
#define SOON_CYCLES 1000000ul

/* Interrupts off. */
static void trap_off(void)
{
	if (this_cpu(fpu_traps)) {
		this_cpu(fpu_traps) = false;
		asm volatile("clts" : : : "memory");
	}
}

static void trap_on(void)
{
	if (!this_cpu(fpu_traps)) {
		this_cpu(fpu_traps) = true;
		cr0_write(cr0_read() | CR0_TS);
	}
}

/* Of what is there; but not PKRU, which is not kept here (arch/pkru.h). */
static u64 kept(void)
{
	return PKU ? fpu_features : ~0ul;
}

/* The trap is off: XSAVE and XRSTOR would spring it. */
static void save(void *area)
{
	if (have_xsaveopt)
		asm volatile("xsaveopt64 (%0)" : : "r"(area), "a"((u32)kept()), "d"((u32)(kept() >> 32)) : "memory");
	else if (have_xsave)
		asm volatile("xsave64 (%0)" : : "r"(area), "a"((u32)kept()), "d"((u32)(kept() >> 32)) : "memory");
	else
		asm volatile("fxsave64 (%0)" : : "r"(area) : "memory");
}

static void restore(void *area)
{
	if (have_xsave)
		asm volatile("xrstor64 (%0)" : : "r"(area), "a"((u32)kept()), "d"((u32)(kept() >> 32)) : "memory");
	else
		asm volatile("fxrstor64 (%0)" : : "r"(area) : "memory");
}

void fpu_init_cpu(void)
{
	u32 a, b, c, d;

	cpuid(1, 0, &a, &b, &c, &d);
	if (c & BIT(26)) {
		have_xsave = true;
		cr4_write(cr4_read() | CR4_OSXSAVE);
		cpuid(0xd, 0, &a, &b, &c, &d);
		fpu_features = (a | (u64)d << 32) & FEATURES_WE_KNOW;
		if ((fpu_features & 0xe0) != 0xe0)
			fpu_features &= ~0xe0ul; /* AVX-512 comes whole or not at all */
		asm volatile("xsetbv" : : "c"(0), "a"((u32)fpu_features), "d"((u32)(fpu_features >> 32)));
		cpuid(0xd, 0, &a, &b, &c, &d);
		fpu_size = ALIGN_UP(b, 64);
		cpuid(0xd, 1, &a, &b, &c, &d);
		have_xsaveopt = a & 1;
		if (PKU)
			pkru_init_cpu();
	}

	static u8 probe[FXSAVE_SIZE] __aligned(64);
	u32 mask;

	asm volatile("fninit; fxsave64 (%0)" : : "r"(probe) : "memory");
	memcpy(&mask, probe + MXCSR_MASK_OFFSET, sizeof(mask));
	if (mask)
		mxcsr_mask = mask;
}

void fpu_init_state(void *area)
{
	u16 control = 0x37f;
	u32 mxcsr = 0x1f80;

	memset(area, 0, fpu_size);
	memcpy(area, &control, sizeof(control));
	memcpy((u8 *)area + MXCSR_OFFSET, &mxcsr, sizeof(mxcsr));
}

static bool holds(const struct arch_thread *t)
{
	return this_cpu(fpu_owner) == t && t->fpu_cpu == (int)this_cpu_id();
}

bool fpu_is_ready(const struct arch_thread *t)
{
	return holds(t) || (this_cpu(fpu_traps) && !this_cpu(fpu_owner));
}

/* t's registers into memory, in either mode. */
static void save_now(struct arch_thread *t)
{
	bool traps = this_cpu(fpu_traps);

	trap_off();
	save(t->fpu);
	if (traps)
		trap_on();
}

static void take_over(struct arch_thread *t)
{
	BUG_ON(t->fpu_cpu >= 0);
	restore(t->fpu);
	this_cpu(fpu_owner) = t;
	__atomic_store_n(&t->fpu_cpu, (int)this_cpu_id(), __ATOMIC_RELEASE);
}

void fpu_load(struct arch_thread *t)
{
	struct arch_thread *owner = this_cpu(fpu_owner);

	if (fpu_is_ready(t))
		return;
	if (owner) {
		save_now(owner);
		this_cpu(fpu_owner) = NULL;
		__atomic_store_n(&owner->fpu_cpu, -1, __ATOMIC_RELEASE);
	}
	if (this_cpu(fpu_traps))
		return;
	if (this_cpu(loads_left)) {
		this_cpu(loads_left)--;
		take_over(t);
		return;
	}
	this_cpu(trapping_since) = cpu_tsc();
	trap_on();
}

bool fpu_touch(struct arch_thread *t)
{
	u64 flags = irq_save();
	bool trapped = this_cpu(fpu_traps);

	if (trapped) {
		bool soon = cpu_tsc() - this_cpu(trapping_since) < SOON_CYCLES;
		u32 budget = soon ? MIN(2 * this_cpu(loads_budget), LOADS_MAX) : 0;

		this_cpu(loads_left) = this_cpu(loads_budget) = MAX(budget, LOADS_MIN);
		trap_off();
		if (!holds(t))
			take_over(t);
	}
	irq_restore(flags);
	return trapped;
}

void fpu_save(struct arch_thread *t)
{
	u64 flags = irq_save();

	if (holds(t))
		save_now(t);
	irq_restore(flags);
}

void fpu_discard(struct arch_thread *t)
{
	u64 flags = irq_save();

	if (holds(t))
		this_cpu(fpu_owner) = NULL;
	__atomic_store_n(&t->fpu_cpu, -1, __ATOMIC_RELEASE);
	irq_restore(flags);
}

/*
 * XRSTOR faults on a reserved bit of MXCSR, on header bits it does not know, and on a compacted image (SDM vol. 1, 13.8).
 */
int fpu_sanitise(void *area, u32 size)
{
	u8 *bytes = area;
	u32 mxcsr;

	if (size < FXSAVE_SIZE)
		return -EINVAL;
	memcpy(&mxcsr, bytes + MXCSR_OFFSET, sizeof(mxcsr));
	mxcsr &= mxcsr_mask;
	memcpy(bytes + MXCSR_OFFSET, &mxcsr, sizeof(mxcsr));
	if (!have_xsave)
		return 0;
	if (size < fpu_size)
		return -EINVAL;

	u64 features;

	memcpy(&features, bytes + FXSAVE_SIZE, sizeof(features));
	features &= fpu_features;
	memset(bytes + FXSAVE_SIZE, 0, XSAVE_HEADER);
	memcpy(bytes + FXSAVE_SIZE, &features, sizeof(features));
	return 0;
}
