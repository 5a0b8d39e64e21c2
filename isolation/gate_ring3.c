/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The gate between ring 3 and ring 0. Buys: the application can neither execute privileged instructions nor touch a
 * supervisor page. Costs: a ring crossing for each entry, SWAPGS, and TSS and GS upkeep on each switch.
 */
#include <isolation/gate.h>

#include <arch/cpu.h>
#include <arch/machine.h>
#include <arch/offsets.h>
#include <arch/pmap.h>
#include <arch/pti.h>
#include <arch/tables.h>
#include <arch/thread.h>
#include <core/panic.h>
#include <core/percpu.h>
#include <lib/errno.h>

#include "gate_entry.h"

/* What makes a page the application's: the U/S bit. */
const pte_t pmap_app_bits = PTE_USER;

DEFINE_PERCPU(u64, gate_kstack_top);
DEFINE_PERCPU_ENTRY(u64, gate_app_rsp); /* SYSCALL's RSP, on its way into the frame */
static DEFINE_PERCPU(u64, loaded_fs);
static DEFINE_PERCPU(u64, loaded_gs);

void gate_init_cpu(void)
{
	/* SYSRET takes CS from STAR[63:48]+16 and SS from +8 (SDM vol. 2, SYSRET). */
	msr_write(MSR_STAR, (u64)SEL_UCODE32 << 48 | (u64)SEL_KCODE << 32);
	msr_write(MSR_LSTAR, (u64)gate_syscall);
	msr_write(MSR_SFMASK, SYSCALL_FLAG_MASK);
	msr_write(MSR_KERNEL_GS_BASE, 0);
	if (PTI)
		pti_init_cpu();
	if (this_cpu_id()) /* the table is everybody's, and others take interrupts by it already */
		return;
	for (unsigned v = 0; v < 256; v++)
		idt_set(v, gate_vectors + 16 * v, gate_own_stack(v), v == 3 || v == 4 ? 3 : 0);
}

void gate_switch(const struct arch_thread *next)
{
	this_cpu(gate_kstack_top) = next->kstack_top;
	if (!PTI) /* else on the entry's stack, always */
		tss_set_rsp0(next->kstack_top);
	if (this_cpu(loaded_fs) != next->fs_base) {
		this_cpu(loaded_fs) = next->fs_base;
		msr_write(MSR_FS_BASE, next->fs_base);
	}
	if (this_cpu(loaded_gs) != next->gs_base) {
		this_cpu(loaded_gs) = next->gs_base;
		msr_write(MSR_KERNEL_GS_BASE, next->gs_base);
	}
}

void gate_init_frame(struct trapframe *tf, uaddr_t rip, uaddr_t rsp)
{
	*tf = (struct trapframe){
		.rip = rip, .cs = SEL_UCODE, .rflags = RFLAGS_IF | RFLAGS_RESERVED1, .rsp = rsp, .ss = SEL_UDATA};
}

void gate_sanitise_frame(struct trapframe *tf)
{
	tf->cs = SEL_UCODE;
	tf->ss = SEL_UDATA;
	tf->rflags = (tf->rflags & RFLAGS_APP_MAY_SET) | RFLAGS_IF | RFLAGS_RESERVED1;
}

int gate_set_gs(struct arch_thread *t, uaddr_t base)
{
	if (base >= USER_MAX)
		return -EPERM;

	u64 flags = irq_save();

	t->gs_base = base;
	gate_switch(t);
	irq_restore(flags);
	return 0;
}
