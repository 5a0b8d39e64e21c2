/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * lockdep.c - watches the order in which spinlocks nest, and mutexes (debug builds).
 *
 * A class is a name. "B taken while A was held" is an edge A -> B of a graph; an edge that closes a
 * circle is a deadlock waiting for its moment, and panics at once with the way back. A class that
 * interrupt handlers take must never be held with interrupts on: that is checked too.
 *
 * A trylock cannot wait, so nothing is learned or refused on its account, but what is taken under it
 * counts. The graph only grows and is read without a lock: a lost race finds its circle next time.
 *
 * A spinlock is held by a CPU, a mutex by a thread, which may sleep and move with it. No mutex is taken under a spinlock, so
 * no circle goes through both: edges join spinlocks with spinlocks and mutexes with mutexes.
 */
#include <core/lockdep.h>

#include <arch/cpu.h>
#include <core/block.h>
#include <core/irq.h>
#include <core/panic.h>
#include <core/readers.h>
#include <core/percpu.h>
#include <core/printk.h>
#include <core/symbols.h>
#include <lib/bitmap.h>
#include <lib/format.h>
#include <lib/hash.h>
#include <lib/string.h>

#define CLASSES LOCK_CLASSES
#define HELD_MAX 32
#define THREAD_HASH 64

struct class_info {
	bool in_irq;        /* a: was taken by an interrupt handler */
	bool irqs_on;       /* a: was taken with interrupts on */
	u64 after[CLASSES / 64]; /* a: classes taken while this one was held */
};

static struct class_info classes[CLASSES];
static bool table_lock;     /* a: lockdep cannot use what it watches */

struct held_lock {
	u8 id;
	const struct lock_class *lock; /* this one of its class */
	u64 taken_at;
};

struct held_locks {
	unsigned depth;
	struct held_lock lock[HELD_MAX];
};

static DEFINE_PERCPU(struct held_locks, held_locks);
static DEFINE_PERCPU(bool, nest);
static struct lock_mutex *held_mutexes[THREAD_HASH]; /* table_lock */
static const char *expected; /* a: by a self-test, once at a time */
static unsigned expected_seen; /* a */

static bool lockdep_off(void)
{
	return READ_ONCE(panic_cpu) >= 0;
}

/* The end, unless a self-test waits for it. */
static void __printf(1, 2) report(const char *format, ...)
{
	const char *text = READ_ONCE(expected);
	char cause[256];
	va_list args;

	va_start(args, format);
	vsnprintf(cause, sizeof(cause), format, args);
	va_end(args);
	if (!text || !strstr(cause, text))
		panic("%s", cause);
	__atomic_fetch_add(&expected_seen, 1, __ATOMIC_RELAXED);
}

unsigned lockdep_expect(const char *text)
{
	WRITE_ONCE(expected, text);
	return __atomic_exchange_n(&expected_seen, 0, __ATOMIC_RELAXED);
}

static void table_acquire(void)
{
	while (__atomic_test_and_set(&table_lock, __ATOMIC_ACQUIRE))
		cpu_pause();
}

static void table_release(void)
{
	__atomic_clear(&table_lock, __ATOMIC_RELEASE);
}

/* Breadth first from `from`; came_from[] is the way back. */
static bool find_path(unsigned from, unsigned to, u8 came_from[CLASSES])
{
	u64 seen[CLASSES / 64] = {0};
	u8 queue[CLASSES];
	unsigned head = 0, tail = 0;
	size_t next;

	bitmap_set(seen, from);
	queue[tail++] = (u8)from;
	while (head < tail) {
		unsigned at = queue[head++];

		if (at == to)
			return true;
		bitmap_for_each(next, classes[at].after, CLASSES) {
			if (bitmap_test(seen, next))
				continue;
			bitmap_set(seen, next);
			came_from[next] = (u8)at;
			queue[tail++] = (u8)next;
		}
	}
	return false;
}

static void report_circle(unsigned held, unsigned taken, const u8 came_from[CLASSES])
{
	u8 path[CLASSES];
	char chain[200];
	size_t n = 0, length;

	for (unsigned at = held; at != taken; at = came_from[at])
		path[n++] = (u8)at;
	length = (size_t)snprintf(chain, sizeof(chain), "%s", lock_class_name(taken));
	while (n && length < sizeof(chain)) {
		const char *name = lock_class_name(path[--n]);

		length += (size_t)snprintf(chain + length, sizeof(chain) - length, " -> %s", name);
	}
	report("lock order: taking %s while holding %s, but %s was seen before", lock_class_name(taken), lock_class_name(held),
	       chain);
}

/* Class `taken` is taken while `held` is. */
static void learn_order(unsigned held, unsigned taken)
{
	u8 came_from[CLASSES];

	if (held == taken)
		report("lock order: taking %s while holding another one of that name", lock_class_name(taken));
	else if (bitmap_test(classes[held].after, taken))
		return;
	else if (find_path(taken, held, came_from))
		report_circle(held, taken, came_from);
	else
		__atomic_fetch_or(&classes[held].after[taken / 64], BIT(taken % 64), __ATOMIC_RELAXED);
}

/* `lock` is taken by the CPU that holds h. */
static void learn_spin(const struct held_lock *h, const struct lock_class *lock, unsigned taken)
{
	char symbol[SYMBOL_TEXT];

	if (h->lock == lock)
		panic("deadlock on lock %s: this CPU holds it already, since %s", lock->name,
		      symbol_caller_text(h->taken_at, symbol, sizeof(symbol)));
	learn_order(h->id, taken);
}

static void learn_context(unsigned id, bool irqs_on, bool trylock)
{
	struct class_info *c = &classes[id];

	if (irqs_on && !READ_ONCE(c->irqs_on))
		WRITE_ONCE(c->irqs_on, true);
	if (irq_context() && !trylock && !READ_ONCE(c->in_irq))
		WRITE_ONCE(c->in_irq, true);
	if (READ_ONCE(c->irqs_on) && READ_ONCE(c->in_irq))
		panic("lock %s: taken by an interrupt handler, and elsewhere with interrupts on", lock_class_name(id));
}

void lockdep_acquire(struct lock_class *class, bool trylock)
{
	bool irqs_on = irq_enabled();
	struct held_locks *held;
	unsigned id;
	u64 flags;

	if (lockdep_off())
		return;
	flags = irq_save();
	held = this_cpu_ptr(held_locks);
	id = lock_class_id(class->name);
	learn_context(id, irqs_on, trylock);
	for (unsigned i = 0; !trylock && i < held->depth; i++)
		learn_spin(&held->lock[i], class, id);
	if (held->depth == HELD_MAX)
		panic("lockdep: more than %d locks held at once", HELD_MAX);
	held->lock[held->depth++] = (struct held_lock){
		.id = (u8)id, .lock = class, .taken_at = (u64)__builtin_return_address(0)};
	irq_restore(flags);
}

void lockdep_release(struct lock_class *class)
{
	struct held_locks *held;
	unsigned id, at;
	u64 flags;

	if (lockdep_off())
		return;
	flags = irq_save();
	held = this_cpu_ptr(held_locks);
	id = lock_class_id(class->name);
	for (at = held->depth; at && held->lock[at - 1].id != id; at--)
		;
	if (!at)
		panic("lock %s: released but not held by this CPU", class->name);
	memmove(&held->lock[at - 1], &held->lock[at], (held->depth - at) * sizeof(held->lock[0]));
	held->depth--;
	irq_restore(flags);
}

static struct lock_mutex **mutexes_of(const struct thread *t)
{
	return &held_mutexes[hash_u64((u64)t) % THREAD_HASH];
}

void lockdep_mutex_want(const char *name)
{
	const struct thread *me = thread_current();
	bool may_nest;
	unsigned id;
	u64 flags;

	lockdep_assert_may_sleep(name);
	if (lockdep_off())
		return;
	flags = irq_save();
	may_nest = this_cpu(nest);
	this_cpu(nest) = false;
	id = lock_class_id(name);
	table_acquire();
	for (const struct lock_mutex *m = *mutexes_of(me); m; m = m->next)
		if (m->thread == me && !(may_nest && m->id == id))
			learn_order(m->id, id);
	table_release();
	irq_restore(flags);
}

void lockdep_mutex_taken(struct lock_mutex *m, const char *name, u64 from)
{
	struct lock_mutex **first = mutexes_of(thread_current());
	unsigned id;
	u64 flags;

	if (lockdep_off())
		return;
	if (irq_context())
		report("mutex %s: taken by an interrupt handler", name);
	flags = irq_save();
	id = lock_class_id(name);
	table_acquire();
	*m = (struct lock_mutex){.next = *first, .thread = thread_current(), .taken_at = from, .id = id};
	*first = m;
	table_release();
	irq_restore(flags);
}

void lockdep_mutex_release(struct lock_mutex *m)
{
	struct lock_mutex **at;
	u64 flags;

	if (lockdep_off())
		return;
	flags = irq_save();
	table_acquire();
	for (at = mutexes_of(m->thread); *at != m; at = &(*at)->next)
		;
	*at = m->next;
	table_release();
	irq_restore(flags);
}

void lockdep_nest(void)
{
	this_cpu(nest) = true;
}

void lockdep_assert_no_mutex(const char *where)
{
	const struct thread *me = thread_current();
	const struct lock_mutex *m;
	u64 flags;

	if (lockdep_off())
		return;
	flags = irq_save();
	table_acquire();
	for (m = *mutexes_of(me); m && m->thread != me; m = m->next)
		;
	table_release();
	irq_restore(flags);
	if (m)
		report("%s: leaves the kernel while holding %s", where, lock_class_name(m->id));
}

void lockdep_assert_no_spinlock(const char *where)
{
	struct held_locks *held;
	u64 flags;

	if (lockdep_off())
		return;
	flags = irq_save();
	held = this_cpu_ptr(held_locks);
	if (held->depth)
		report("%s: may sleep, while holding %s", where, lock_class_name(held->lock[held->depth - 1].id));
	irq_restore(flags);
}

void lockdep_assert_may_sleep(const char *where)
{
	if (lockdep_off())
		return;
	if (irq_context())
		report("%s: may sleep, in an interrupt handler", where);
	else if (!irq_enabled())
		report("%s: may sleep, with interrupts off", where);
	else if (readers_here())
		report("%s: may sleep, between readers_enter() and readers_leave()", where);
	lockdep_assert_no_spinlock(where);
}

bool lockdep_holds_spinlock(void)
{
	return this_cpu(held_locks).depth != 0;
}

static void print_lock(unsigned id, u64 taken_at)
{
	char symbol[SYMBOL_TEXT];

	console_print("    %s, taken in %s\n", lock_class_name(id), symbol_caller_text(taken_at, symbol, sizeof(symbol)));
}

/* Without table_lock: this is for a panic, which may have come while it is held. */
void lockdep_print_held(void)
{
	const struct held_locks *held = this_cpu_ptr(held_locks);
	const struct thread *me = thread_current();
	bool any = false;

	console_print("  spinlocks held by this CPU:%s\n", held->depth ? "" : " none");
	for (unsigned i = 0; i < held->depth; i++)
		print_lock(held->lock[i].id, held->lock[i].taken_at);
	for (const struct lock_mutex *m = *mutexes_of(me); m; m = m->next) {
		if (m->thread != me)
			continue;
		console_print("%s", any ? "" : "  mutexes held by this thread, the last taken first:\n");
		print_lock(m->id, m->taken_at);
		any = true;
	}
	console_print("%s", any ? "" : "  mutexes held by this thread: none\n");
}
