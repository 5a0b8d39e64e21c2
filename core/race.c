/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * race.c - the race detector: the compiler (-fsanitize=thread) calls it before each access to memory, as KCSAN in Linux has it
 * (Elver et al., "Concurrency bugs should fear the big bad data-race detector", LWN 2020), after DataCollider (Erickson et al.,
 * "Effective Data-Race Detection for the Kernel", OSDI 2010).
 *
 * Of a CPU's plain accesses some, by a seed, are watched: the CPU notes the range in a slot, waits a while, and goes on. Who
 * makes an access looks whether some other CPU watches what overlaps; two that meet are a race, if one of them writes. What changes
 * meanwhile without anybody seen (assembler, a device) is one too. There is no knowledge of locks, and no false alarm of it: both
 * accesses were really about to be made at once.
 *
 * The watching CPU has interrupts off, so that its own handlers, which may touch what it touches by the rule of that variable, do
 * not meet it. The kernel's other files are compiled with the calls, but for those that kernel.mk lists (docs/races.md: why).
 */
#include "race.h"

#include <arch/cpu.h>
#include <core/block.h>
#include <core/panic.h>
#include <core/percpu.h>
#include <core/sanitizer.h>
#include <core/seeds.h>
#include <lib/rand.h>
#include <lib/string.h>

/* By the page of the address: a range in one page has one slot, and that is busy or not. */
#define SLOTS 64
#define PAUSES_MAX 256
#define TICKS_MAX 100000 /* of the TSC: where other CPUs run long between two pauses of this one (-icount) */

/* A slot's word: FREE, MET (somebody ran into it and has the slot), or a range: 48 bits of address, 13 of size, 1: a write. */
#define FREE 0ul
#define MET 1ul
#define VA_BITS 48
#define WATCH_WRITE BIT(63)

struct slot {
	u64 word;                 /* a */
	bool told;                /* a: `other` is whole */
	struct race_access other; /* whose CAS made the word MET, until `told`; then the watcher's */
};

struct sampler {
	int skip;    /* own CPU, read and written in one context or another: a lost update is a sample more or less */
	bool busy;   /* own CPU: it watches, or reports */
	bool seeded;
	u64 state;
};

extern char __percpu_start[], __percpu_end[]; /* linker script */

static struct slot slots[SLOTS];
static DEFINE_PERCPU(struct sampler, sampler);

/* A variable of this CPU is reached by GS, and the compiler knows only where it is linked. */
static inline u64 true_address(u64 va)
{
	return va - (u64)__percpu_start < (u64)(__percpu_end - __percpu_start) ? va + this_cpu(percpu_offset) : va;
}

static inline struct slot *slot_of(u64 va)
{
	return &slots[va >> PAGE_SHIFT & (SLOTS - 1)];
}

static u64 encode(u64 va, size_t size, unsigned kind)
{
	return (va & (BIT(VA_BITS) - 1)) | size << VA_BITS | (kind & RACE_WRITE ? WATCH_WRITE : 0);
}

/*
 * A plain write of an aligned word that another CPU reads by READ_ONCE is let pass, as KCSAN does by default: no compiler tears
 * it, and a counter that is written under a lock and read without needs no more.
 */
static bool races(u64 word, u64 va, size_t size, unsigned kind)
{
	u64 at = word & (BIT(VA_BITS) - 1), length = word >> VA_BITS & 0x1fff;

	va &= BIT(VA_BITS) - 1;
	if (va >= at + length || at >= va + size || !((word & WATCH_WRITE) || (kind & RACE_WRITE)))
		return false;
	return kind != RACE_MARKED || length > 8 || (length & (length - 1)) || !IS_ALIGNED(at, length);
}

static struct race_access describe(u64 va, size_t size, unsigned kind, u64 pc)
{
	struct race_access a = {.va = va, .pc = pc, .size = size, .kind = kind, .cpu = this_cpu_id()};
	const struct thread *t = thread_current();

	strlcpy(a.thread, t ? thread_name(t) : "(boot)", sizeof(a.thread));
	return a;
}

/* With interrupts off: the watcher waits until it is told, maybe with a lock that a handler here would wait for. */
static __attribute__((noinline)) void meet(struct slot *s, u64 word, u64 va, size_t size, unsigned kind, u64 pc)
{
	u64 flags;

	if (this_cpu(sampler).busy || !races(word, va, size, kind))
		return;
	flags = irq_save();
	if (__atomic_compare_exchange_n(&s->word, &word, MET, false, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED)) {
		s->other = describe(va, size, kind, pc);
		__atomic_store_n(&s->told, true, __ATOMIC_RELEASE);
	}
	irq_restore(flags);
}

static u64 value_at(u64 va, size_t size)
{
	switch (size) {
	case 1:
		return *(const volatile u8 *)va;
	case 2:
		return *(const volatile u16 *)va;
	case 4:
		return *(const volatile u32 *)va;
	case 8:
		return *(const volatile u64 *)va;
	default:
		return 0; /* not looked at */
	}
}

static void delay(const struct slot *s, u64 word, u64 number)
{
	u64 start = cpu_tsc();

	for (unsigned pauses = (unsigned)(number % PAUSES_MAX) + 1; pauses; pauses--) {
		if (__atomic_load_n(&s->word, __ATOMIC_RELAXED) != word || cpu_tsc() - start > TICKS_MAX)
			return;
		cpu_pause();
	}
}

static void watch(u64 va, size_t size, unsigned kind, u64 pc, u64 number)
{
	struct slot *s = slot_of(va);
	u64 word = encode(va, size, kind), free = FREE, before, after;

	if (!__atomic_compare_exchange_n(&s->word, &free, word, false, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED))
		return;
	before = value_at(va, size);
	delay(s, word, number);
	after = value_at(va, size);
	if (__atomic_exchange_n(&s->word, MET, __ATOMIC_ACQ_REL) == MET) {
		struct race_access me = describe(va, size, kind, pc), other;

		while (!__atomic_load_n(&s->told, __ATOMIC_ACQUIRE))
			cpu_pause();
		other = s->other;
		s->told = false;
		__atomic_store_n(&s->word, FREE, __ATOMIC_RELEASE);
		race_report(&me, &other, before, value_at(va, size));
		return;
	}
	__atomic_store_n(&s->word, FREE, __ATOMIC_RELEASE);
	if (before != after) {
		struct race_access me = describe(va, size, kind, pc);

		race_report(&me, NULL, before, after);
	}
}

static __attribute__((noinline)) void sample(u64 va, size_t size, unsigned kind, u64 pc)
{
	u64 flags, number;
	struct sampler *me;

	/* Alone nobody races; and what is drawn before there is a command line, and copies of variables, would be all CPUs' draw. */
	if (READ_ONCE(cpu_online) < 2) {
		this_cpu(sampler).skip = 0;
		return;
	}
	flags = irq_save();
	me = this_cpu_ptr(sampler);
	if (!me->seeded) {
		me->state = seeds_state(race_seed.seed, this_cpu_id());
		me->seeded = true;
	}
	number = splitmix64(&me->state);
	me->skip = (int)(number % (2 * race_seed.density - 1)) + 1;
	if (!me->busy && READ_ONCE(panic_cpu) < 0) {
		me->busy = true;
		watch(va, MIN(size, PAGE_SIZE - (va & ~PAGE_MASK)), kind, pc, number >> 32);
		me->busy = false;
	}
	irq_restore(flags);
}

/* Where it spans pages, each has a slot; what is watched is the part in the first. */
void race_access(u64 va, size_t size, unsigned kind, u64 pc)
{
	va = true_address(va);
	for (u64 page = va & PAGE_MASK; page < va + size; page += PAGE_SIZE) {
		struct slot *s = slot_of(page);
		u64 word = __atomic_load_n(&s->word, __ATOMIC_RELAXED);

		if (unlikely(word > MET))
			meet(s, word, va, size, kind, pc);
	}
	if (!(kind & RACE_MARKED) && size && --this_cpu(sampler).skip < 0)
		sample(va, size, kind, pc);
}

void sanitizer_reads(const void *p, size_t n, u64 from)
{
	race_access((u64)p, n, 0, from);
}

void sanitizer_writes(void *p, size_t n, u64 from)
{
	race_access((u64)p, n, RACE_WRITE, from);
}

/* ---- What the compiler calls ---- */

#define FROM ((u64)__builtin_return_address(0))

#define DEFINE_ACCESS(name, size, kind)                                                                                        \
	void __tsan_##name(u64 va);                                                                                            \
	void __tsan_##name(u64 va)                                                                                             \
	{                                                                                                                      \
		race_access(va, size, kind, FROM);                                                                             \
	}

/* gcc calls those of unaligned accesses and of 16 bytes too; clang's names are the same. */
#define DEFINE_ACCESSES(size)                                                                                                  \
	DEFINE_ACCESS(read##size, size, 0)                                                                                     \
	DEFINE_ACCESS(write##size, size, RACE_WRITE)                                                                           \
	DEFINE_ACCESS(unaligned_read##size, size, 0)                                                                           \
	DEFINE_ACCESS(unaligned_write##size, size, RACE_WRITE)                                                                 \
	DEFINE_ACCESS(volatile_read##size, size, RACE_MARKED)                                                                  \
	DEFINE_ACCESS(volatile_write##size, size, RACE_MARKED | RACE_WRITE)                                                    \
	DEFINE_ACCESS(unaligned_volatile_read##size, size, RACE_MARKED)                                                        \
	DEFINE_ACCESS(unaligned_volatile_write##size, size, RACE_MARKED | RACE_WRITE)

DEFINE_ACCESSES(1)
DEFINE_ACCESSES(2)
DEFINE_ACCESSES(4)
DEFINE_ACCESSES(8)
DEFINE_ACCESSES(16)

void __tsan_read_range(u64 va, size_t size);
void __tsan_write_range(u64 va, size_t size);
void __tsan_init(void);

void __tsan_read_range(u64 va, size_t size)
{
	race_access(va, size, 0, FROM);
}

void __tsan_write_range(u64 va, size_t size)
{
	race_access(va, size, RACE_WRITE, FROM);
}

/* Of each file's constructor, which nobody runs. */
void __tsan_init(void)
{
}
