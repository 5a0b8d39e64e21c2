/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * trace.c - the rings of include/core/trace.h, and their last events in words.
 *
 * A slot is taken by one instruction on a counter of the CPU's own, so an interrupt between that and the writing takes the
 * next one: events of a CPU are whole, and in order but for such a pair. When a ring is full its oldest event is overwritten.
 *
 * A ring is made of pages, its blocks, that begin with a struct trace_head in place of their first slots. By these the host finds the rings in the memory of a machine that has ended, in whatever way; it is told nothing and
 * nothing is copied. So numbers that fall on a head are never a slot's.
 */
#include <core/trace.h>

#include <arch/cpu.h>
#include <arch/kaslr.h>
#include <arch/machine.h>
#include <core/block.h>
#include <core/panic.h>
#include <core/param.h>
#include <core/percpu.h>
#include <core/printk.h>
#include <core/symbols.h>
#include <lib/format.h>
#include <lib/string.h>
#include <mm/page.h>
#include <mm/slab.h>

#define MAGIC 0x3143525444524f21ul /* "!ORDTRC1" */
#define RING_DEFAULT (2 * PAGE_SIZE)
#define BLOCK_SLOTS (PAGE_SIZE / sizeof(struct trace_event))
#define HEAD_SLOTS (sizeof(struct trace_head) / sizeof(struct trace_event))
#define LAST 24

/* Of each block; what is in brackets only of a ring's first. tools/orchardlib/trace_rings.py reads it. */
struct trace_head {
	u64 magic;
	u64 self;             /* its physical address: what else looks like a head is none */
	u64 taken;            /* own CPU, one instruction: numbers given out */
	u64 clock_base, clock_mult; /* [arch_clock_scale()] */
	u64 moved;            /* [KASLR: by how much the image was] */
	u64 percpu;           /* [how far this CPU's copies of per-CPU variables are from where they were linked] */
	u64 unused[3];
	u32 tsc_khz;          /* [] */
	u16 block, blocks;    /* which of how many of this ring */
	u16 cpu, cpus;        /* whose of how many rings */
	u32 slots;            /* of a block, its head's too */
};

static_assert(sizeof(struct trace_event) == 32, "docs/trace.md");
static_assert(sizeof(struct trace_head) == 96, "docs/trace.md");

u32 trace_mask;
bool (*trace_identify)(const struct thread *t, u32 *thread, u16 *process);

static u64 ring_blocks;     /* I after trace_init(), a power of two */
static unsigned ring_shift; /* likewise: log2 of a ring's slots */

struct trace_ring {
	struct trace_head *head;      /* I: of the first block */
	struct trace_event **block;   /* I */
	u32 thread;                   /* who runs here: own CPU, as */
	u16 process;
};

static DEFINE_PERCPU(struct trace_ring, ring);

static struct trace_event *block_new(unsigned cpu, u64 block)
{
	struct page *page = page_alloc(0, ALLOC_ZERO);
	struct trace_head *head;

	if (!page)
		memory_give_up("the trace of CPU %u, %lu KiB for each (trace=SIZE)", cpu, ring_blocks << (PAGE_SHIFT - 10));
	head = page_virt(page);
	*head = (struct trace_head){
		.self = page_paddr(page), .moved = KASLR ? image_moved : 0, .tsc_khz = (u32)arch_tsc_khz(), .block = (u16)block,
		.percpu = percpu_offsets[cpu], .blocks = (u16)ring_blocks, .cpu = (u16)cpu, .cpus = (u16)cpu_count, .slots = BLOCK_SLOTS};
	arch_clock_scale(&head->clock_base, &head->clock_mult);
	head->magic = MAGIC;
	return (struct trace_event *)(void *)head;
}

static void ring_new(unsigned cpu)
{
	struct trace_ring *r = cpu_ptr(ring, cpu);

	r->block = kmalloc(ring_blocks * sizeof(*r->block));
	if (!r->block)
		memory_give_up("the trace of CPU %u", cpu);
	for (u64 i = 0; i < ring_blocks; i++)
		r->block[i] = block_new(cpu, i);
	r->head = (struct trace_head *)(void *)r->block[0];
	r->thread = TRACE_KERNEL;
}

void trace_init(void)
{
	u64 size = param.trace_size ? param.trace_size : RING_DEFAULT;

	ring_blocks = size / PAGE_SIZE;
	ring_shift = (unsigned)__builtin_ctzl(size / sizeof(struct trace_event));
	for (unsigned cpu = 0; cpu < cpu_count; cpu++)
		ring_new(cpu);
	if (IS_ENABLED(CONFIG_TRACE_BOOT) || param.trace)
		WRITE_ONCE(trace_mask, BIT(TRACE_IDS) - 1);
}

static struct trace_event *slot_of(const struct trace_ring *r, u64 number)
{
	return &r->block[number / BLOCK_SLOTS & (ring_blocks - 1)][number % BLOCK_SLOTS];
}

static bool is_head(u64 number)
{
	return number % BLOCK_SLOTS < HEAD_SLOTS;
}

static u8 lap_of(u64 number)
{
	return (u8)((number >> ring_shift) + 1);
}

static void record(enum trace_id id, u32 thread, u16 process, u64 a, u64 b)
{
	struct trace_event *e;
	u64 number;

	do {
		number = 1;
		asm volatile("xaddq %0, %1" : "+r"(number), "+m"(this_cpu(ring).head->taken));
	} while (unlikely(is_head(number)));
	e = &this_cpu(ring).block[number / BLOCK_SLOTS & (ring_blocks - 1)][number % BLOCK_SLOTS];
	e->tsc = cpu_tsc();
	e->thread = thread;
	e->process = process;
	e->id = (u8)id;
	e->a = a;
	e->b = b;
	__atomic_store_n(&e->lap, lap_of(number), __ATOMIC_RELEASE); /* it is whole */
}

void trace_record(enum trace_id id, u64 a, u64 b)
{
	record(id, this_cpu(ring).thread, this_cpu(ring).process, a, b);
}

void trace_record_thread(enum trace_id id, const struct thread *t)
{
	const u64 *name = (const void *)thread_name(t); /* struct thread's: 16 bytes, aligned */
	u32 thread;
	u16 process = 0;

	if (!trace_identify || !trace_identify(t, &thread, &process))
		thread = TRACE_KERNEL | ((u32)((u64)t >> 4) & (TRACE_KERNEL - 1));
	if (id != TRACE_WAKE) {
		this_cpu(ring).thread = thread;
		this_cpu(ring).process = process;
	}
	record(id, thread, process, name[0], name[1]);
}

/* ---- The last ones, for a panic ---- */

static const char *const ipi_names[IPI_MAX] = {"reschedule", "flush the TLB", "leave a space", "halt"};

static void thread_text(const struct trace_event *e, const char *what, char *text, size_t size)
{
	u64 name[3] = {e->a, e->b, 0};

	snprintf(text, size, e->process ? "%s %s (%u)" : "%s %s", what, (const char *)name, e->thread);
}

static void event_text(const struct trace_event *e, char *text, size_t size)
{
	char symbol[SYMBOL_TEXT];

	switch ((enum trace_id)e->id) {
	case TRACE_SWITCH:
	case TRACE_PREEMPT:
		thread_text(e, "switch to thread", text, size);
		break;
	case TRACE_WAKE:
		thread_text(e, "wake thread", text, size);
		break;
	case TRACE_NAME:
		thread_text(e, "the thread becomes", text, size);
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
	case TRACE_IRQ_EXIT:
		snprintf(text, size, "end of the interrupt, vector %lu", e->a);
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
	case TRACE_FAULT_EXIT:
		snprintf(text, size, "end of the fault on %lx", e->a);
		break;
	case TRACE_LOCK_WAIT:
		snprintf(text, size, "wait for the lock at %lx in %s", e->a, symbol_caller_text(e->b, symbol, sizeof(symbol)));
		break;
	case TRACE_LOCK_TAKEN:
		snprintf(text, size, "the lock at %lx is taken", e->a);
		break;
	case TRACE_IDS:
		text[0] = 0;
	}
}

static void print_event(const struct trace_event *e, unsigned cpu, u64 now)
{
	u64 khz = MAX(arch_tsc_khz(), 1ul), ns = (now - e->tsc) * 1000 / khz * 1000;
	char text[160] = "";

	event_text(e, text, sizeof(text));
	console_print("    -%6lu us  cpu %u  %s\n", ns / 1000, cpu, text);
}

/* Below which numbers events were looked at already. The newest below that of this CPU, which is `*left` then; NULL: none. */
static const struct trace_event *newest_of(unsigned cpu, u64 *left)
{
	const struct trace_ring *r = cpu_ptr(ring, cpu);

	while (*left && r->head->taken - *left < BIT(ring_shift)) {
		u64 number = *left - 1;
		const struct trace_event *e = slot_of(r, number);

		if (!is_head(number) && e->lap == lap_of(number))
			return e;
		*left = number;
	}
	return NULL;
}

void trace_print_last(void)
{
	static u64 left[CPUS_MAX]; /* only one CPU comes here, on a stack that may be short; so is the next */
	static u16 from[LAST];
	const struct trace_event *last[LAST], *e;
	u64 now = cpu_tsc();
	unsigned n;

	if (!READ_ONCE(trace_mask)) {
		console_print("  last events: the trace was off (`trace` on the command line turns it on)\n");
		return;
	}
	WRITE_ONCE(trace_mask, 0);
	for (unsigned cpu = 0; cpu < cpu_count; cpu++)
		left[cpu] = cpu_ptr(ring, cpu)->head->taken;
	for (n = 0; n < LAST; n++) {
		last[n] = NULL;
		for (unsigned cpu = 0; cpu < cpu_count; cpu++) {
			e = newest_of(cpu, &left[cpu]);
			if (e && (!last[n] || e->tsc > last[n]->tsc)) {
				last[n] = e;
				from[n] = (u16)cpu;
			}
		}
		if (!last[n])
			break;
		left[from[n]]--;
	}
	console_print("  last events, the newest at the end:\n");
	while (n--)
		print_event(last[n], from[n], now);
}
