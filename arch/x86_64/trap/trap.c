/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Every exception and interrupt, from both gates' entry code. Faults go to mm/ first; what memory cannot mend becomes a
 * signal when the application did it, -EFAULT when the kernel did it on the application's behalf (exception table), and a
 * panic when the kernel did it to itself. Source: SDM vol. 3 chapter 6.
 */
#include <arch/cpu.h>
#include <arch/layout.h>
#include <arch/machine.h>
#include <arch/offsets.h>
#include <arch/pkey.h>
#include <arch/pks.h>
#include <arch/pmap.h>
#include <arch/trapframe.h>
#include <arch/usercopy.h>
#include <core/irq.h>
#include <core/panic.h>
#include <core/symbols.h>
#include <core/trace.h>
#include <isolation/gate.h>
#include <isolation/rewrite.h>
#include <isolation/rungs.h>

#include "trap.h"

static_assert(offsetof(struct trapframe, rbp) == TF_RBP, "entry code");
static_assert(offsetof(struct trapframe, rax) == TF_RAX, "entry code");
static_assert(offsetof(struct trapframe, rcx) == TF_RCX, "entry code");
static_assert(offsetof(struct trapframe, vector) == TF_VECTOR, "entry code");
static_assert(offsetof(struct trapframe, error) == TF_ERROR, "entry code");
static_assert(offsetof(struct trapframe, rip) == TF_RIP, "entry code");
static_assert(offsetof(struct trapframe, cs) == TF_CS, "entry code");
static_assert(offsetof(struct trapframe, rflags) == TF_RFLAGS, "entry code");
static_assert(offsetof(struct trapframe, rsp) == TF_RSP, "entry code");
static_assert(offsetof(struct trapframe, ss) == TF_SS, "entry code");
static_assert(sizeof(struct trapframe) == TF_SIZE, "entry code");

/* SDM vol. 3, 4.7: the page-fault error code. */
#define FAULT_PRESENT BIT(0)
#define FAULT_WRITE BIT(1)
#define FAULT_USER BIT(2)
#define FAULT_RESERVED BIT(3)
#define FAULT_FETCH BIT(4)
#define FAULT_KEY BIT(5)

#define CR4_SMAP BIT(21)

static const char *const exception_names[32] = {
	"divide error", "debug", "NMI", "breakpoint", "overflow", "bound", "invalid opcode", "no FPU", "double fault",
	"coprocessor overrun", "invalid TSS", "segment not present", "stack fault", "general protection", "page fault",
	"reserved", "x87 error", "alignment check", "machine check", "SIMD error", "virtualization", "control protection",
};

static const char *exception_name(u64 vector)
{
	return vector < 32 && exception_names[vector] ? exception_names[vector] : "reserved exception";
}

static void kernel_exception(struct trapframe *tf)
{
	if (tf->vector == VECTOR_STACK_OVERFLOW)
		panic_trap(tf, "kernel stack overflow, stack pointer %lx", tf->rsp);
	if (RUNG_REWRITE && rewrite_single_step(tf))
		return;
	if (extable_fix(tf))
		return;
	if (RUNG_REWRITE && !pmap_is_canonical(tf->rip) && tf->rsp < USER_MAX) {
		irq_enable();
		if (rewrite_stray(tf))
			return;
	}
	panic_trap(tf, "%s, error %lx", exception_name(tf->vector), tf->error);
}

/* The kernel's own fault, in words. */
static void __noreturn __cold kernel_page_panic(const struct trapframe *tf, u64 va)
{
	const char *did = tf->error & FAULT_FETCH ? "called" : tf->error & FAULT_WRITE ? "written" : "read";
	char symbol[SYMBOL_TEXT];

	if (va < USER_MIN)
		panic_fault(tf, va, "a null pointer was %s, address %lx", did, va);
	if (va < USER_MAX)
		panic_fault(tf, va, "the application's address %lx was %s without copyin/copyout", va, did);
	if (kstack_overflowed(va))
		panic_fault(tf, va, "kernel stack overflow, address %lx", va);
	if (PKS && (tf->error & FAULT_KEY))
		panic_fault(tf, va, "address %lx was %s, which its protection key forbids", va, did);
	if ((tf->error & FAULT_WRITE) && symbol_is_text(va))
		panic_fault(tf, va, "kernel text was written, %s, address %lx", symbol_text(va, symbol, sizeof(symbol)), va);
	if (tf->error & FAULT_PRESENT)
		panic_fault(tf, va, "address %lx was %s, which its page does not allow", va, did);
	panic_fault(tf, va, "address %lx was %s, where nothing is mapped", va, did);
}

/* With SMAP an access outside of usercopy.S fails however often it is tried again. */
static bool user_access_open(const struct trapframe *tf)
{
	return !RUNG_SMAP || (tf->rflags & RFLAGS_AC) || !(cr4_read() & CR4_SMAP);
}

static void page_fault(struct trapframe *tf, u64 va)
{
	bool app = gate_from_app(tf);
	unsigned access = tf->error & FAULT_FETCH ? PROT_EXEC : tf->error & FAULT_WRITE ? PROT_WRITE : PROT_READ;

	if (PKU && (tf->error & FAULT_KEY))
		access |= ACCESS_KEY;
	if (unlikely(tf->error & FAULT_RESERVED))
		panic_fault(tf, va, "corrupt page table: reserved bit set, address %lx", va);
	/*
	 * From ring 3, yet as a supervisor, on a page that is there: SMAP. QEMU 7.2's IRETQ reads ring 3's stack so; tried again it
	 * would fault for ever.
	 */
	if (app && GATE_CROSSES && (tf->error & (FAULT_PRESENT | FAULT_USER)) == FAULT_PRESENT) {
		app_exception(tf);
		return;
	}
	if (app) {
		app_page_fault(tf, va, access);
		return;
	}
	if (va < USER_MAX && extable_covers(tf->rip) && user_access_open(tf)) {
		if (!usercopy_is_nofault(tf->rip) && kernel_page_fault(va, access))
			return;
	}
	if (RUNG_REWRITE && va == tf->rip && tf->rsp < USER_MAX && rewrite_stray(tf))
		return;
	if (kstack_overflowed(va) || !extable_fix(tf))
		kernel_page_panic(tf, va);
}

void trap_handler(struct trapframe *tf)
{
	if (RUNG_LEAF && gate_undo_leaf(tf) && tf->vector < 32)
		return;

	bool app = gate_from_app(tf);

	if (tf->vector >= 32) {
		irq_dispatch((unsigned)tf->vector, app);
	} else if (tf->vector == VECTOR_PAGE_FAULT) {
		u64 va = cr2_read();

		trace(TRACE_FAULT, va, tf->rip);
		if (app || (tf->rflags & RFLAGS_IF)) /* in ring 0 an application may have turned them off: not for us */
			irq_enable();
		page_fault(tf, va);
		trace(TRACE_FAULT_EXIT, va, 0);
	} else if (app) {
		irq_enable();
		app_exception(tf);
	} else {
		kernel_exception(tf);
	}

	irq_disable();
	if (app || (RUNG_REWRITE && gate_from_app(tf))) /* the answer to a call of an address in the kernel's half */
		app_return(tf);
}

void trap_handler_paranoid(struct trapframe *tf)
{
	if (tf->vector == VECTOR_NMI && READ_ONCE(panic_cpu) >= 0)
		panic_stopped(tf);
	if (tf->vector == VECTOR_DOUBLE_FAULT && kstack_overflowed(cr2_read()))
		panic_fault(tf, cr2_read(), "kernel stack overflow, address %lx", cr2_read());
	if (tf->vector == VECTOR_NMI)
		panic_trap(tf, "NMI");
	panic_trap(tf, "%s, error %lx", exception_name(tf->vector), tf->error);
}
