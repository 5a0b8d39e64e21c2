/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * TLB shootdown (Black et al., ASPLOS 1989). Who needs a flush elsewhere writes the range into its own CPU's request,
 * marks itself in each target's set of requesters, interrupts them, and waits until all have answered. It waits with
 * interrupts on, so two CPUs that shoot at each other serve each other. Requests of different CPUs do not wait for one
 * another: there is no lock.
 *
 * A CPU asleep in idle is left asleep: whoever finds it IDLE makes it OWED, and it flushes everything when it leaves. It
 * uses no application address before that.
 */
#include <mm/tlb.h>

#include "internal.h"

#include <arch/machine.h>
#include <core/lockdep.h>
#include <core/panic.h>
#include <isolation/aspace.h>
#include <lib/bitmap.h>
#include <lib/string.h>

/* From here on dropping everything is cheaper than page after page. */
#define FLUSH_PAGES_MAX 32

enum tlb_state { TLB_BUSY, TLB_IDLE, TLB_OWED };

struct tlb_cpu {
	u32 state;                       /* a: enum tlb_state */
	u32 unanswered;                  /* a: targets of our request that have not flushed yet */
	uaddr_t start, end;              /* our request: ours to write while unanswered is 0 */
	struct pcid_flush flush[PCID];   /* so is this, where there are identifiers: which flush it is */
	u64 requesters[CPUSET_WORDS];    /* a: CPUs whose request we have to serve */
};

static DEFINE_PERCPU(struct tlb_cpu, tlb_cpu);
static DEFINE_PERCPU(struct tlb_stats, tlb_stats); /* own CPU: this_cpu_add() */

static void flush_local(uaddr_t start, uaddr_t end)
{
	if (end - start > FLUSH_PAGES_MAX * PAGE_SIZE) {
		this_cpu_add(tlb_stats, local_all, 1);
		tlb_flush_all_local();
		return;
	}
	this_cpu_add(tlb_stats, local_one, (end - start) / PAGE_SIZE);
	for (uaddr_t va = start; va < end; va += PAGE_SIZE)
		tlb_flush_page_local(va);
}

void tlb_interrupt(void)
{
	struct tlb_cpu *self = this_cpu_ptr(tlb_cpu);

	for (unsigned word = 0; word < CPUSET_WORDS; word++) {
		if (!READ_ONCE(self->requesters[word]))
			continue;

		u64 set = __atomic_exchange_n(&self->requesters[word], 0, __ATOMIC_ACQUIRE);

		for (; set; set &= set - 1) {
			struct tlb_cpu *from = cpu_ptr(tlb_cpu, word * 64 + __builtin_ctzl(set));

			this_cpu_add(tlb_stats, remote_received, 1);
			flush_local(from->start, from->end);
			if (PCID)
				pcid_flush_end(from->flush);
			__atomic_fetch_sub(&from->unanswered, 1, __ATOMIC_RELEASE);
		}
	}
}

/* Can this CPU be left alone, because it flushes when it wakes? */
static bool owes_flush(struct tlb_cpu *target)
{
	u32 state = TLB_IDLE;

	return __atomic_compare_exchange_n(&target->state, &state, TLB_OWED, false, __ATOMIC_SEQ_CST,
					   __ATOMIC_SEQ_CST) ||
	       state == TLB_OWED;
}

static void request(struct tlb_cpu *self, unsigned me, unsigned cpu)
{
	struct tlb_cpu *target = cpu_ptr(tlb_cpu, cpu);

	__atomic_fetch_add(&self->unanswered, 1, __ATOMIC_RELAXED);
	/* Requesters that are still marked in this word have interrupted it already, and not been seen. */
	if (!__atomic_fetch_or(&target->requesters[me / 64], BIT(me % 64), __ATOMIC_SEQ_CST)) {
		this_cpu_add(tlb_stats, ipis, 1);
		arch_ipi(cpu, IPI_TLB);
	}
}

/* On each of `cpus`; with `lazy`, on those asleep in idle when they wake. */
static void flush_on(const u64 cpus[CPUSET_WORDS], u64 start, u64 end, bool lazy)
{
	unsigned me = this_cpu_id(), asked = 0;
	struct tlb_cpu *self = this_cpu_ptr(tlb_cpu);

	/* Who waits with a lock held may wait for a CPU that waits for that lock with interrupts off. */
	lockdep_assert_may_sleep("tlb_flush");
	assert(irq_enabled());
	self->start = start;
	self->end = end;
	for (unsigned word = 0; word < CPUSET_WORDS; word++) {
		for (u64 set = cpus[word]; set; set &= set - 1) {
			unsigned cpu = word * 64 + __builtin_ctzl(set);

			if (cpu == me)
				continue;
			if (lazy && owes_flush(cpu_ptr(tlb_cpu, cpu))) {
				this_cpu_add(tlb_stats, owed, 1);
				continue;
			}
			request(self, me, cpu);
			asked++;
		}
	}
	if (asked)
		this_cpu_add(tlb_stats, remote, 1);
	if (cpus[me / 64] & BIT(me % 64))
		flush_local(start, end);
	if (PCID && cpus[me / 64] & BIT(me % 64))
		pcid_flush_end(self->flush);
	while (__atomic_load_n(&self->unanswered, __ATOMIC_ACQUIRE))
		cpu_pause();
}

void tlb_flush(struct vmspace *vs, uaddr_t start, uaddr_t end)
{
	u64 cpus[CPUSET_WORDS];

	if (PCID)
		*this_cpu_ptr(tlb_cpu)->flush = pcid_flush_begin(vs->pmap->pcid);
	/* The entries are changed before the set is read: who is not in it yet will load them changed. */
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	if (unlikely(param.shootdown == SHOOTDOWN_ALL))
		memcpy(cpus, cpu_online_mask, sizeof(cpus));
	else
		aspace_cpus(vs, cpus);
	flush_on(cpus, start, end, param.shootdown == SHOOTDOWN_LAZY);
}

/*
 * A sleeping CPU uses the kernel's half before it flushes: an interrupt finds it there. And flushing everything spares global
 * entries, so the range has to be small enough to go page by page.
 */
void tlb_flush_kernel(const void *start, u64 size)
{
	assert(size <= FLUSH_PAGES_MAX * PAGE_SIZE);
	if (PCID)
		*this_cpu_ptr(tlb_cpu)->flush = (struct pcid_flush){0};
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	flush_on(cpu_online_mask, (u64)start, (u64)start + size, false);
}

void tlb_idle_enter(void)
{
	__atomic_store_n(&this_cpu_ptr(tlb_cpu)->state, TLB_IDLE, __ATOMIC_SEQ_CST);
}

void tlb_idle_leave(void)
{
	if (__atomic_exchange_n(&this_cpu_ptr(tlb_cpu)->state, TLB_BUSY, __ATOMIC_SEQ_CST) == TLB_OWED) {
		this_cpu_add(tlb_stats, local_all, 1);
		tlb_flush_all_local();
	}
}

void tlb_sum_stats(struct tlb_stats *sum)
{
	size_t cpu;

	*sum = (struct tlb_stats){0};
	bitmap_for_each(cpu, cpu_online_mask, CPUS_MAX) {
		const struct tlb_stats *one = cpu_ptr(tlb_stats, cpu);

		sum->remote += READ_ONCE(one->remote);
		sum->remote_received += READ_ONCE(one->remote_received);
		sum->local_all += READ_ONCE(one->local_all);
		sum->local_one += READ_ONCE(one->local_one);
		sum->ipis += READ_ONCE(one->ipis);
		sum->owed += READ_ONCE(one->owed);
	}
}

void tlb_batch_begin(struct tlb_batch *b, struct vmspace *vs)
{
	b->vs = vs;
	b->start = ~0ul;
	b->end = 0;
	b->npages = 0;
}

void tlb_batch_add(struct tlb_batch *b, uaddr_t va, struct page *page)
{
	if (b->npages == param.tlb_batch)
		tlb_batch_end(b);
	b->start = MIN(b->start, va);
	b->end = MAX(b->end, va + PAGE_SIZE);
	if (page)
		b->page[b->npages++] = page;
}

void tlb_batch_end(struct tlb_batch *b)
{
	if (b->start < b->end)
		tlb_flush(b->vs, b->start, b->end);
	for (unsigned i = 0; i < b->npages; i++)
		page_put(b->page[i]);
	tlb_batch_begin(b, b->vs);
}
