/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The gate within ring 0: the application runs at the kernel's own privilege. Buys: no ring crossing, no SWAPGS, no TSS
 * upkeep. Costs: nothing stops the application from executing any instruction or from storing into the kernel; and every
 * interrupt has to find its stack by itself (gate_ring0_entry.S), since the CPU changes stacks only with the ring.
 */
#include <isolation/gate.h>

#include <arch/cpu.h>
#include <arch/machine.h>
#include <arch/offsets.h>
#include <arch/pmap.h>
#include <arch/tables.h>
#include <arch/thread.h>
#include <core/panic.h>
#include <core/percpu.h>
#include <core/printk.h>
#include <isolation/rungs.h>
#include <lib/errno.h>

#include "gate_entry.h"

/* What makes a page the application's: nothing but its address. All pages are supervisor pages. */
const pte_t pmap_app_bits = 0;

DEFINE_PERCPU(u64, gate_kstack_top);
DEFINE_PERCPU(u64, gate_kstack_bottom);
DEFINE_PERCPU(u64, gate_app_rsp);     /* SYSCALL's RSP, on its way into the frame */
DEFINE_PERCPU(u64, gate_scratch_rax); /* trap_entry's two registers while it finds its stack */
DEFINE_PERCPU(u64, gate_scratch_rcx);
static DEFINE_PERCPU(u64, loaded_fs);

/* CPUID 80000001H: the first 64-bit processors of both makers lacked SAHF in 64-bit mode. */
static bool have_sahf(void)
{
	u32 a, b, c, d;

	cpuid(0x80000001, 0, &a, &b, &c, &d);
	return c & BIT(0);
}

void gate_init_cpu(void)
{
	if (!have_sahf())
		panic("this processor lacks SAHF in 64-bit mode (lahf_lm), which the ring-0 gate returns by");
	msr_write(MSR_STAR, (u64)SEL_UCODE32 << 48 | (u64)SEL_KCODE << 32);
	msr_write(MSR_LSTAR, (u64)(RUNG_LEAF ? gate_syscall_leaf : gate_syscall));
	msr_write(MSR_SFMASK, SYSCALL_FLAG_MASK & ~RFLAGS_IF); /* gate_ring0_entry.S: interrupts stay on */
	if (this_cpu_id()) /* the table is everybody's, and others take interrupts by it already */
		return;
	for (unsigned v = 0; v < 256; v++) {
		unsigned ist = gate_own_stack(v);

		if (ist == 0)
			ist = v == 1 ? IST_DEBUG : IST_ORDINARY;
		idt_set(v, gate_vectors + 16 * v, ist, 0);
	}
}

void gate_switch(const struct arch_thread *next)
{
	this_cpu(gate_kstack_bottom) = next->kstack_bottom;
	this_cpu(gate_kstack_top) = next->kstack_top;
	if (this_cpu(loaded_fs) != next->fs_base) {
		this_cpu(loaded_fs) = next->fs_base;
		msr_write(MSR_FS_BASE, next->fs_base);
	}
}

void gate_init_frame(struct trapframe *tf, uaddr_t rip, uaddr_t rsp)
{
	*tf = (struct trapframe){
		.rip = rip, .cs = SEL_KCODE, .rflags = RFLAGS_IF | RFLAGS_RESERVED1, .rsp = rsp, .ss = SEL_KDATA};
}

void gate_sanitise_frame(struct trapframe *tf)
{
	tf->cs = SEL_KCODE;
	tf->ss = SEL_KDATA;
	tf->rflags = (tf->rflags & RFLAGS_APP_MAY_SET) | RFLAGS_IF | RFLAGS_RESERVED1;
}

int gate_set_gs(struct arch_thread *t, uaddr_t base)
{
	(void)t;
	(void)base;
	refuse("arch_prctl(ARCH_SET_GS)", EPERM, "in ring 0, GS is the kernel's per-CPU base");
	return -EPERM;
}
