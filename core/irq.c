/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * irq.c - what each interrupt vector means.
 *
 * Called by the trap path with interrupts off. The local APIC is told first: handlers do not nest, and
 * one that comes again meanwhile waits for the return.
 */
#include <core/irq.h>

#include <arch/cpu.h>
#include <arch/machine.h>
#include <core/panic.h>
#include <core/percpu.h>
#include <core/printk.h>
#include <core/spinlock.h>
#include <core/time.h>
#include <core/trace.h>
#include <lib/errno.h>

struct irq_handler {
	const char *name;
	void (*fn)(void *); /* a: NULL: free. Set last. */
	void *arg;
	u64 count;          /* own CPU: devices interrupt the boot CPU */
};

static struct irq_handler handlers[VECTOR_IRQ_COUNT];
static struct spinlock irq_lock = SPINLOCK_INIT("irq");
/* One more at the begin and at the end of each interrupt: odd in one, since handlers do not nest, and twice as many as there were. */
static DEFINE_PERCPU(u64, irq_steps);
static DEFINE_PERCPU(bool, irq_app);

int irq_register(unsigned irq, const char *name, void (*fn)(void *), void *arg)
{
	struct irq_handler *h = &handlers[irq % VECTOR_IRQ_COUNT];
	int error = 0;
	u64 flags;

	if (irq >= VECTOR_IRQ_COUNT)
		return -EINVAL;
	flags = spin_lock_irqsave(&irq_lock);
	if (h->fn) {
		error = -EBUSY;
	} else {
		h->name = name;
		h->arg = arg;
		__atomic_store_n(&h->fn, fn, __ATOMIC_RELEASE);
	}
	spin_unlock_irqrestore(&irq_lock, flags);
	if (error)
		return error;
	error = arch_irq_route(irq, (u8)(VECTOR_IRQ_BASE + irq));
	if (error)
		__atomic_store_n(&h->fn, NULL, __ATOMIC_RELEASE);
	return error;
}

static void device_interrupt(unsigned irq)
{
	struct irq_handler *h = &handlers[irq];
	void (*fn)(void *) = __atomic_load_n(&h->fn, __ATOMIC_ACQUIRE);

	h->count++;
	if (fn)
		fn(h->arg);
	else
		pr_warn("irq %u: no handler", irq);
}

static void ipi_interrupt(enum ipi ipi)
{
	switch (ipi) {
	case IPI_RESCHEDULE:
		sched_interrupt();
		break;
	case IPI_TLB:
		tlb_interrupt();
		break;
	case IPI_PMAP:
		pmap_interrupt();
		break;
	case IPI_HALT:
	case IPI_MAX:
		cpu_stop();
	}
}

void irq_dispatch(unsigned vector, bool from_app)
{
	if (vector == VECTOR_SPURIOUS)
		return; /* SDM vol. 3, 11.9: not to be acknowledged */
	arch_eoi();
	trace(TRACE_IRQ, vector, 0);
	this_cpu(irq_steps)++;
	this_cpu(irq_app) = from_app;
	if (vector == VECTOR_TIMER)
		timer_interrupt();
	else if (vector >= VECTOR_IPI_BASE && vector < VECTOR_IPI_BASE + IPI_MAX)
		ipi_interrupt((enum ipi)(vector - VECTOR_IPI_BASE));
	else if (vector >= VECTOR_IRQ_BASE && vector < VECTOR_IRQ_BASE + VECTOR_IRQ_COUNT)
		device_interrupt(vector - VECTOR_IRQ_BASE);
	else
		pr_warn("interrupt vector %u: nobody's", vector);
	this_cpu(irq_steps)++;
	trace(TRACE_IRQ_EXIT, vector, 0);
}

bool irq_from_app(void)
{
	return this_cpu(irq_app);
}

bool irq_context(void)
{
	return this_cpu(irq_steps) & 1;
}

u64 irq_cpu_count(unsigned cpu)
{
	return DIV_ROUND_UP(READ_ONCE(*cpu_ptr(irq_steps, cpu)), 2);
}

u64 irq_count(unsigned irq)
{
	return irq < VECTOR_IRQ_COUNT ? READ_ONCE(handlers[irq].count) : 0;
}
