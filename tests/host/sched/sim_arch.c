/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sim_arch.c - the machine under the scheduler, on the host: each CPU is a thread with its own GS, so
 * that the kernel's own sched/ and core/ run unchanged, truly in parallel, and their KTESTs with them.
 *
 * Vector registers are modelled by their ownership rules only, and every switch checks them.
 */
#include "sim.h"

#include <arch/boot.h>
#include <arch/machine.h>
#include <arch/thread.h>
#include <core/irq.h>
#include <core/ktest.h>
#include <core/panic.h>
#include <core/param.h>
#include <core/percpu.h>
#include <core/printk.h>
#include <core/random.h>
#include <isolation/aspace.h>
#include <isolation/gate.h>
#include <lib/errno.h>
#include <lib/rand.h>
#include <lib/string.h>
#include <mm/kstack.h>
#include <mm/page.h>
#include <mm/slab.h>
#include <mm/tlb.h>
#include <mm/vmspace.h>
#include <sched/futex.h>
#include <sched/thread.h>

#define PENDING_TIMER BIT(IPI_MAX)

struct sim_cpu {
	bool irqs_on;
	u64 pending;      /* a: BIT(ipi) or PENDING_TIMER */
	u64 timer;        /* own: deadline */
	u64 jitter;       /* own: a random sequence */
	struct arch_thread *fpu_owner;
} __aligned(64);

static struct sim_cpu cpus[CPUS_MAX];

/* ---- per-CPU data ---- */
extern char __percpu_start[], __percpu_end[];
DEFINE_PERCPU(uintptr_t, percpu_offset);
DEFINE_PERCPU(unsigned, cpu_id);
uintptr_t percpu_offsets[CPUS_MAX];
unsigned cpu_count = 1, cpu_online = 1;
u64 cpu_online_mask[CPUSET_WORDS] = {1};
struct bootinfo bootinfo;
u32 fpu_size = 64;
u64 fpu_features;

static void make_percpu(unsigned cpu)
{
	size_t size = (size_t)(__percpu_end - __percpu_start);
	char *copy = host_alloc(size);

	memcpy(copy, __percpu_start, size);
	percpu_offsets[cpu] = (uintptr_t)copy - (uintptr_t)__percpu_start;
	*cpu_ptr(percpu_offset, cpu) = percpu_offsets[cpu];
	*cpu_ptr(cpu_id, cpu) = cpu;
}

static struct sim_cpu *me(void)
{
	return &cpus[this_cpu_id()];
}

/* ---- interrupts ---- */
static void deliver(void)
{
	struct sim_cpu *cpu = me();

	while (cpu->irqs_on) {
		u64 pending = __atomic_exchange_n(&cpu->pending, 0, __ATOMIC_ACQ_REL);

		if (host_clock_ns() >= cpu->timer) {
			cpu->timer = ~0ul;
			pending |= PENDING_TIMER;
		}
		if (!pending)
			return;
		cpu->irqs_on = false;
		for (unsigned ipi = 0; ipi < IPI_MAX; ipi++) {
			if (pending & BIT(ipi))
				irq_dispatch(VECTOR_IPI_BASE + ipi, false);
		}
		if (pending & PENDING_TIMER)
			irq_dispatch(VECTOR_TIMER, false);
		cpu->irqs_on = true;
	}
}

bool sim_irq_get(void)
{
	return me()->irqs_on;
}

/* Before interrupts go off a CPU sometimes falls behind the others: that is where the windows of races are. */
void sim_irq_set(bool on)
{
	if (!on && me()->irqs_on && splitmix64(&me()->jitter) % 16 == 0)
		host_relax();
	me()->irqs_on = on;
	if (on)
		deliver();
}

void sim_relax(void)
{
	deliver();
	host_relax();
}

void sim_wait(void)
{
	struct sim_cpu *cpu = me();

	while (!__atomic_load_n(&cpu->pending, __ATOMIC_ACQUIRE) && host_clock_ns() < cpu->timer)
		host_relax();
	sim_irq_set(true);
}

void arch_ipi(unsigned cpu, enum ipi ipi)
{
	__atomic_fetch_or(&cpus[cpu].pending, BIT(ipi), __ATOMIC_ACQ_REL);
}

void arch_ipi_all_but_self(enum ipi ipi)
{
	for (unsigned cpu = 0; cpu < cpu_count; cpu++) {
		if (cpu != this_cpu_id())
			arch_ipi(cpu, ipi);
	}
}

void arch_eoi(void)
{
}

int arch_irq_route(unsigned irq, u8 vector)
{
	(void)irq, (void)vector;
	return 0;
}

u64 arch_clock_ns(void)
{
	if (me()->irqs_on)
		deliver();
	return host_clock_ns();
}

void arch_timer_arm(u64 deadline)
{
	me()->timer = deadline;
}

u64 arch_rtc_seconds(void)
{
	return 0;
}

u64 arch_entropy(void)
{
	return host_clock_ns() * 0x9e3779b97f4a7c15;
}

void arch_screen_write(const char *bytes, size_t n)
{
	(void)bytes, (void)n;
}

void arch_early_putc(char c)
{
	host_putc(c);
}

unsigned arch_backtrace(u64 frame, u64 *pc, unsigned max)
{
	(void)frame, (void)pc, (void)max;
	return 0;
}

bool arch_explain(const struct trapframe *tf, bool has_va, u64 va, char *text, size_t size)
{
	(void)tf, (void)has_va, (void)va, (void)text, (void)size;
	return false;
}

void pmap_print_walk(u64 va)
{
	(void)va;
}

bool pmap_is_mapped(u64 va)
{
	(void)va;
	return false;
}

void arch_end_by_debug_port(void)
{
}

void arch_end(enum machine_end code)
{
	host_exit(code == END_ORDERLY ? 0 : 1);
}

/* ---- threads ---- */
asm(".globl arch_switch\n"
    "arch_switch:\n"
    "	push %rbx\n	push %rbp\n	push %r12\n	push %r13\n	push %r14\n	push %r15\n"
    "	mov %rsp, (%rdi)\n"
    "	mov (%rsi), %rsp\n"
    "	pop %r15\n	pop %r14\n	pop %r13\n	pop %r12\n	pop %rbp\n	pop %rbx\n"
    "	ret\n"
    ".globl sim_first\n"
    "sim_first:\n"
    "	mov %rbx, %rdi\n"
    "	call *%rbp\n"
    "	ud2\n");
void sim_first(void);

void arch_thread_init(struct arch_thread *t, void (*entry)(void *), void *arg)
{
	u64 *sp = (u64 *)t->kstack_top - 2;

	*--sp = (u64)sim_first;
	*--sp = (u64)arg;   /* rbx */
	*--sp = (u64)entry; /* rbp */
	sp -= 4;
	t->ksp = (u64)sp;
}

void arch_thread_adopt(struct arch_thread *t)
{
	(void)t;
}

void gate_switch(const struct arch_thread *next)
{
	BUG_ON(me()->irqs_on);
	BUG_ON(next->fpu_cpu >= 0 && next->fpu_cpu != (int)this_cpu_id());
}

void aspace_activate(struct vmspace *vs)
{
	(void)vs;
}

void fpu_init_state(void *area)
{
	(void)area;
}

bool fpu_is_ready(const struct arch_thread *t)
{
	return me()->fpu_owner == t && t->fpu_cpu == (int)this_cpu_id();
}

void fpu_load(struct arch_thread *t)
{
	struct sim_cpu *cpu = me();

	BUG_ON(cpu->irqs_on || t->fpu_cpu >= 0);
	if (cpu->fpu_owner)
		__atomic_store_n(&cpu->fpu_owner->fpu_cpu, -1, __ATOMIC_RELEASE);
	cpu->fpu_owner = t;
	__atomic_store_n(&t->fpu_cpu, (int)this_cpu_id(), __ATOMIC_RELEASE);
}

void fpu_save(struct arch_thread *t)
{
	BUG_ON(!fpu_is_ready(t));
}

void fpu_discard(struct arch_thread *t)
{
	if (t->fpu_cpu < 0)
		return;
	BUG_ON(!fpu_is_ready(t));
	me()->fpu_owner = NULL;
	__atomic_store_n(&t->fpu_cpu, -1, __ATOMIC_RELEASE);
}

/* ---- memory ---- */
size_t strlcpy(char *restrict dst, const char *restrict src, size_t size)
{
	size_t length = strlen(src), n = MIN(length, size - 1);

	memcpy(dst, src, n);
	dst[n] = '\0';
	return length;
}

void memory_give_up(const char *format, ...)
{
	give_up("%s", format);
}

void *kmalloc(size_t size)
{
	return host_alloc(size);
}

void kfree(void *p)
{
	host_free(p);
}

void *kstack_alloc(void)
{
	return host_alloc(KSTACK_SIZE);
}

void kstack_free(void *bottom)
{
	host_free(bottom);
}

struct kmem_cache *kmem_cache_create(const char *name, size_t size, size_t align)
{
	static size_t object_size;

	(void)name, (void)align;
	object_size = size;
	return (struct kmem_cache *)&object_size;
}

void *kmem_cache_alloc(struct kmem_cache *cache)
{
	return host_alloc(*(size_t *)cache);
}

void kmem_cache_free(struct kmem_cache *cache, void *object)
{
	(void)cache;
	host_free(object);
}

void tlb_idle_enter(void)
{
}

void tlb_idle_leave(void)
{
}

void tlb_interrupt(void)
{
}

void pmap_interrupt(void)
{
}

/* ---- the application's memory is the host's; one access in four finds its page absent ---- */
int user_load32(uaddr_t src, u32 *value)
{
	BUG_ON(!me()->irqs_on);
	*value = __atomic_load_n((u32 *)src, __ATOMIC_SEQ_CST);
	return 0;
}

int user_load32_nofault(uaddr_t src, u32 *value)
{
	if (random_u64() % 4 == 0)
		return -EFAULT;
	return user_load32(src, value);
}

int user_cmpxchg32(uaddr_t dst, u32 *expected, u32 desired)
{
	return __atomic_compare_exchange_n((u32 *)dst, expected, desired, false, __ATOMIC_SEQ_CST,
					   __ATOMIC_SEQ_CST)
		       ? 0
		       : -EAGAIN;
}

struct vm_object *vmspace_object_at(struct vmspace *vs, uaddr_t va, u64 *offset)
{
	(void)vs, (void)va, (void)offset;
	return NULL;
}

void object_get(struct vm_object *obj)
{
	(void)obj;
}

void object_put(struct vm_object *obj)
{
	(void)obj;
}

/* ---- boot ---- */
static void run_tests(void *unused)
{
	(void)unused;
	param.ktest = true;
	ktest_main();
}

static void other_cpu(unsigned cpu)
{
	host_set_gs(percpu_offsets[cpu]);
	cpus[cpu].timer = ~0ul;
	sched_init_cpu();
	sched_idle();
}

void sim_main(unsigned count, const char *policy_name, int one_runqueue, unsigned balance_ms)
{
	param.balance_ns = balance_ms * NSEC_PER_MSEC;
	param.one_runqueue = one_runqueue;
	cpu_count = count;
	for (unsigned cpu = 0; cpu < count; cpu++)
		make_percpu(cpu);
	host_set_gs(percpu_offsets[0]);
	cpus[0].timer = ~0ul;
	strlcpy(param.sched, policy_name, sizeof(param.sched));
	random_init();
	futex_init();
	sched_init();
	for (unsigned cpu = 1; cpu < count; cpu++)
		host_start_cpu(other_cpu, cpu);
	while (__atomic_load_n(&cpu_online, __ATOMIC_ACQUIRE) < count)
		host_relax();
	thread_start(kthread_create("ktest", run_tests, NULL));
	sched_idle();
}
