/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * trace.c - the rings of include/core/trace.h, and their last events in words.
 *
 * A slot is taken by one instruction on a per-CPU counter, so an interrupt between that and the writing takes the next
 * one: events of a CPU are whole, and in order but for such a pair. What is older than RING events is overwritten.
 */
#include <core/trace.h>

#include <arch/cpu.h>
#include <arch/machine.h>
#include <core/param.h>
#include <core/percpu.h>
#include <core/printk.h>
#include <core/symbols.h>
#include <lib/format.h>
#include <lib/string.h>
#include <mm/page.h>

#define RING_ORDER 1
#define RING ((PAGE_SIZE << RING_ORDER) / sizeof(struct trace_event))
#define LAST 24

u32 trace_mask;

static DEFINE_PERCPU(struct trace_event *, ring); /* I after trace_init() */
static DEFINE_PERCPU(u32, taken);                 /* own CPU, one instruction */

void trace_init(void)
{
	for (unsigned cpu = 0; cpu < cpu_count; cpu++) {
		struct page *pages = page_alloc(RING_ORDER, 0);

		if (!pages)
			memory_give_up("the trace of CPU %u", cpu);
		*cpu_ptr(ring, cpu) = memset(page_virt(pages), 0, PAGE_SIZE << RING_ORDER);
	}
	if (IS_ENABLED(CONFIG_TRACE_BOOT) || param.trace)
		WRITE_ONCE(trace_mask, BIT(TRACE_IDS) - 1);
}

void trace_record(enum trace_id id, u64 a, u64 b)
{
	u32 number = 1;

	asm volatile("xaddl %0, %1" : "+r"(number), "+m"(this_cpu(taken)));
	this_cpu(ring)[number % RING] = (struct trace_event){
		.tsc = cpu_tsc(), .id = (u16)id, .cpu = (u16)this_cpu_id(), .number = number, .a = a, .b = b};
}

/* ---- The last ones, for a panic ---- */

static const char *const ipi_names[IPI_MAX] = {"reschedule", "flush the TLB", "leave a space", "halt"};

static void event_text(const struct trace_event *e, char *text, size_t size)
{
	char symbol[SYMBOL_TEXT];
	u64 name[3] = {e->a, e->b, 0};

	switch ((enum trace_id)e->id) {
	case TRACE_SWITCH:
		snprintf(text, size, "switch to thread %s", (const char *)name);
		break;
	case TRACE_WAKE:
		snprintf(text, size, "wake thread %s", (const char *)name);
		break;
	case TRACE_IPI:
		if (e->a == ~0ul)
			snprintf(text, size, "interrupt to all others: %s", ipi_names[e->b % IPI_MAX]);
		else
			snprintf(text, size, "interrupt to cpu %lu: %s", e->a, ipi_names[e->b % IPI_MAX]);
		break;
	case TRACE_IRQ:
		snprintf(text, size, "interrupt, vector %lu", e->a);
		break;
	case TRACE_SYSCALL_ENTER:
		snprintf(text, size, "system call %lu (%lx, ...)", e->a, e->b);
		break;
	case TRACE_SYSCALL_EXIT:
		snprintf(text, size, "system call %lu answers %ld", e->a, (i64)e->b);
		break;
	case TRACE_FAULT:
		snprintf(text, size, "fault on %lx at %s", e->a, symbol_text(e->b, symbol, sizeof(symbol)));
		break;
	case TRACE_LOCK_WAIT:
		snprintf(text, size, "wait for the lock at %lx in %s", e->a, symbol_caller_text(e->b, symbol, sizeof(symbol)));
		break;
	case TRACE_IDS:
		text[0] = 0;
	}
}

static void print_event(const struct trace_event *e, u64 now)
{
	u64 khz = MAX(arch_tsc_khz(), 1ul), ns = (now - e->tsc) * 1000 / khz * 1000;
	char text[160] = "";

	event_text(e, text, sizeof(text));
	console_print("    -%6lu us  cpu %u  %s\n", ns / 1000, e->cpu, text);
}

/* The newest event that no CPU's cursor has passed, or NULL. */
static const struct trace_event *newest(u32 *left, u32 *seen)
{
	const struct trace_event *found = NULL;
	unsigned from = 0;

	for (unsigned cpu = 0; cpu < cpu_count; cpu++) {
		const struct trace_event *e = *cpu_ptr(ring, cpu) + (left[cpu] - 1) % RING;

		if (left[cpu] && seen[cpu] < RING && (!found || e->tsc > found->tsc)) {
			found = e;
			from = cpu;
		}
	}
	if (found) {
		left[from]--;
		seen[from]++;
	}
	return found;
}

void trace_print_last(void)
{
	static u32 left[CPUS_MAX], seen[CPUS_MAX]; /* only one CPU comes here, on a stack that may be short */
	const struct trace_event *last[LAST];
	u64 now = cpu_tsc();
	unsigned n = 0;

	if (!READ_ONCE(trace_mask)) {
		console_print("  last events: the trace was off (`trace` on the command line turns it on)\n");
		return;
	}
	for (unsigned cpu = 0; cpu < cpu_count; cpu++)
		left[cpu] = *cpu_ptr(taken, cpu);
	while (n < LAST && (last[n] = newest(left, seen)))
		n++;
	console_print("  last events, the newest at the end:\n");
	while (n--)
		print_event(last[n], now);
}
