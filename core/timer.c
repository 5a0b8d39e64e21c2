/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * timer.c - one-shot timers: for each CPU a tree by deadline, and one hardware timer.
 *
 * The hardware is armed for the earliest event; it is touched only when something earlier comes (on a
 * serial-speed device register that counts). What was cancelled or put off meanwhile costs one
 * interrupt that finds nothing to do and arms anew. The scheduler's slice end shares the hardware.
 */
#include <core/time.h>

#include <arch/machine.h>
#include <core/irq.h>

#define NEVER (~0ul)

struct timer_base {
	struct spinlock lock;   /* (i) */
	struct rb_root tree;    /* lock */
	struct timer *running;  /* lock: its fn is being called */
	/* Own CPU, interrupts off. */
	u64 slice;
	u64 armed;
};

static DEFINE_PERCPU(struct timer_base, timer_base) = {
	.lock = SPINLOCK_INIT("timer"), .slice = NEVER, .armed = NEVER};

void timer_init(struct timer *t, void (*fn)(struct timer *))
{
	*t = (struct timer){.fn = fn, .cpu = -1};
}

static struct timer *timer_of(struct rb_node *node)
{
	return node ? rb_entry(node, struct timer, node) : NULL;
}

static void arm(struct timer_base *base, u64 deadline)
{
	if (deadline < base->armed) {
		base->armed = deadline;
		arch_timer_arm(deadline);
	}
}

/* Equal deadlines fire in the order of their start. */
static void tree_insert(struct timer_base *base, struct timer *t)
{
	struct rb_node **link = &base->tree.node, *parent = NULL;

	while (*link) {
		parent = *link;
		link = t->deadline < timer_of(parent)->deadline ? &parent->left : &parent->right;
	}
	rb_insert(&base->tree, &t->node, parent, link);
}

/* Takes it out of whichever tree it is in: that CPU, or -1 when it is in none. */
static int timer_unqueue(struct timer *t)
{
	int cpu;

	while ((cpu = __atomic_load_n(&t->cpu, __ATOMIC_ACQUIRE)) >= 0) {
		struct timer_base *base = cpu_ptr(timer_base, cpu);
		bool found;

		spin_lock(&base->lock);
		found = t->cpu == cpu;
		if (found) {
			rb_erase(&base->tree, &t->node);
			__atomic_store_n(&t->cpu, -1, __ATOMIC_RELEASE);
		}
		spin_unlock(&base->lock);
		if (found)
			return cpu;
	}
	return -1;
}

void timer_start(struct timer *t, u64 deadline)
{
	u64 flags = irq_save();
	struct timer_base *base = this_cpu_ptr(timer_base);

	timer_unqueue(t);
	spin_lock(&base->lock);
	t->deadline = deadline;
	tree_insert(base, t);
	__atomic_store_n(&t->cpu, (int)this_cpu_id(), __ATOMIC_RELEASE);
	spin_unlock(&base->lock);
	arm(base, deadline);
	irq_restore(flags);
}

bool timer_cancel(struct timer *t)
{
	u64 flags = irq_save();
	int pending_on = timer_unqueue(t);
	/* Its fn may be running still where it fired last, also when that fn has started it again there. Who else starts it, from
	 * elsewhere, does so when fn is through with what it guards: then there is nothing to wait for. */
	int ran_on = pending_on >= 0 ? pending_on : -2 - __atomic_load_n(&t->cpu, __ATOMIC_ACQUIRE);

	irq_restore(flags);
	if (ran_on >= 0) {
		struct timer_base *base = cpu_ptr(timer_base, ran_on);

		while (__atomic_load_n(&base->running, __ATOMIC_ACQUIRE) == t)
			cpu_pause();
	}
	return pending_on >= 0;
}

/* The first timer that is due, marked as running; NULL: none. */
static struct timer *take_due(struct timer_base *base, u64 now)
{
	struct timer *t;

	spin_lock(&base->lock);
	t = timer_of(rb_first(&base->tree));
	if (t && t->deadline > now)
		t = NULL;
	__atomic_store_n(&base->running, t, __ATOMIC_RELEASE);
	if (t) {
		rb_erase(&base->tree, &t->node);
		/* After `running`: timer_cancel() reads them in the other order. */
		__atomic_store_n(&t->cpu, -2 - (int)this_cpu_id(), __ATOMIC_RELEASE);
	}
	spin_unlock(&base->lock);
	return t;
}

static u64 earliest(struct timer_base *base)
{
	struct timer *first;
	u64 deadline;

	spin_lock(&base->lock);
	first = timer_of(rb_first(&base->tree));
	deadline = first ? first->deadline : NEVER;
	spin_unlock(&base->lock);
	return MIN(deadline, base->slice);
}

void timer_interrupt(void)
{
	struct timer_base *base = this_cpu_ptr(timer_base);
	struct timer *t;

	base->armed = NEVER;
	while ((t = take_due(base, clock_ns())))
		t->fn(t); /* t may be gone afterwards */
	if (base->slice <= clock_ns()) {
		base->slice = NEVER;
		sched_slice_end();
	}
	arm(base, earliest(base));
}

void timer_set_slice(u64 deadline)
{
	struct timer_base *base = this_cpu_ptr(timer_base);

	base->slice = deadline;
	arm(base, deadline);
}
