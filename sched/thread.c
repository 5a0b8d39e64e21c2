/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * thread.c - threads begin, end, and are told how and where to run.
 */
#include "runqueue.h"

#include <core/panic.h>
#include <core/param.h>
#include <core/printk.h>
#include <core/trace.h>
#include <lib/errno.h>
#include <lib/string.h>
#include <mm/kstack.h>
#include <mm/page.h>
#include <mm/slab.h>
#include <uapi/linux/sched.h>

const struct sched_policy *policy;

static struct kmem_cache *fpu_cache;

static const struct sched_policy *choose_policy(void)
{
	const struct sched_policy *chosen = policy_find(param.sched);
	char names[80];

	if (chosen || !param.sched[0])
		return chosen ? chosen : POLICY_DEFAULT;
	policy_names(names, sizeof(names));
	pr_warn("sched=%s: no such policy; there are %s; using %s", param.sched, names, POLICY_DEFAULT->name);
	return POLICY_DEFAULT;
}

void sched_init(void)
{
	policy = choose_policy();
	fpu_cache = kmem_cache_create("fpu", fpu_size, 64);
	idle_adopt(0);
	reaper_init();
	if (PREEMPT_POINTS)
		preempt_init();
}

void sched_init_cpu(void)
{
	unsigned cpu = this_cpu_id();
	u64 bit = BIT(cpu % 64);

	idle_adopt(cpu);
	/* From here on others may give it threads. */
	if (!(__atomic_fetch_or(&cpu_online_mask[cpu / 64], bit, __ATOMIC_ACQ_REL) & bit))
		__atomic_fetch_add(&cpu_online, 1, __ATOMIC_ACQ_REL);
}

static void sleep_over(struct timer *timer)
{
	struct thread *t = container_of(timer, struct thread, sleep_timer);

	WRITE_ONCE(t->timed_out, true);
	thread_wake(t);
}

/* A new thread's first step, with interrupts off and its run queue locked. */
static void thread_begin(void *arg)
{
	struct thread *t = arg;

	schedule_arrive();
	irq_enable();
	t->entry(t->entry_arg);
	thread_exit();
}

int thread_init(struct thread *t, const char *name, bool app, void (*entry)(void *), void *arg)
{
	void *stack = kstack_alloc();

	memset(t, 0, sizeof(*t));
	if (!stack)
		return -ENOMEM;
	if (app) {
		t->arch.fpu = kmem_cache_alloc(fpu_cache);
		if (!t->arch.fpu) {
			kstack_free(stack);
			return -ENOMEM;
		}
		fpu_init_state(t->arch.fpu);
	}
	t->arch.fpu_cpu = -1;
	t->arch.kstack_bottom = (u64)stack;
	t->arch.kstack_top = (u64)stack + KSTACK_SIZE;
	t->state = THREAD_NEW;
	t->weight = nice_weight(0);
	t->entry = entry;
	t->entry_arg = arg;
	memset(t->affinity, 0xff, sizeof(t->affinity));
	timer_init(&t->sleep_timer, sleep_over);
	strlcpy(t->name, name, sizeof(t->name));
	arch_thread_init(&t->arch, thread_begin, t);
	return 0;
}

void thread_fini(struct thread *t)
{
	if (t->arch.fpu)
		kmem_cache_free(fpu_cache, t->arch.fpu);
	kstack_free((void *)t->arch.kstack_bottom);
}

void thread_start(struct thread *t)
{
	u64 flags = irq_save();

	assert(t->state == THREAD_NEW);
	t->cpu = place_new(t);
	WRITE_ONCE(t->state, THREAD_RUNNABLE);
	trace_thread(TRACE_WAKE, t);
	runqueue_insert(t, false);
	irq_restore(flags);
}

static void kthread_destroy(struct thread *t)
{
	thread_fini(t);
	kfree(t);
}

struct thread *kthread_create(const char *name, void (*entry)(void *), void *arg)
{
	struct thread *t = kmalloc(sizeof(*t));

	if (!t)
		return NULL;
	if (thread_init(t, name, false, entry, arg)) {
		kfree(t);
		return NULL;
	}
	t->destroy = kthread_destroy;
	return t;
}

void kthread_run(const char *name, void (*entry)(void *), void *arg)
{
	struct thread *t = kthread_create(name, entry, arg);

	if (!t)
		memory_give_up("the thread %s", name);
	thread_start(t);
}

void thread_exit(void)
{
	struct thread *t = current();

	lockdep_assert_may_sleep("thread_exit");
	lockdep_assert_no_mutex("thread_exit");
	if (unlikely(t->special))
		thread_set_class(t, &(struct thread_class){.class = SCHED_OTHER});
	irq_disable();
	if (t->arch.fpu)
		fpu_discard(&t->arch);
	schedule(LEAVE_EXIT);
	panic("thread %s: ran after its end", t->name);
}

static bool any_online(const u64 cpus[CPUSET_WORDS])
{
	for (unsigned word = 0; word < CPUSET_WORDS; word++) {
		if (cpus[word] & READ_ONCE(cpu_online_mask[word]))
			return true;
	}
	return false;
}

int thread_set_affinity(struct thread *t, const u64 cpus[CPUSET_WORDS])
{
	struct runqueue *rq;
	bool moves = false;
	u64 flags;

	if (!any_online(cpus))
		return -EINVAL;
	rq = runqueue_lock(t, &flags);
	for (unsigned word = 0; word < CPUSET_WORDS; word++)
		WRITE_ONCE(t->affinity[word], cpus[word]);
	if ((!thread_may_use(t, t->cpu) || (t->queued && is_shared(rq))) && !t->exempt) {
		if (t->queued && !fpu_live(&t->arch)) {
			runqueue_dequeue(rq, t);
			t->cpu = place_new(t);
			moves = true;
		} else {
			/* It puts itself off this CPU when it next would go on. */
			__atomic_fetch_or(&t->work, WORK_RESCHED, __ATOMIC_RELAXED);
			if (t->on_cpu)
				runqueue_kick(sched_cpu_of(t->cpu));
		}
	}
	spin_unlock(&rq->lock);
	if (moves)
		runqueue_insert(t, false);
	irq_restore(flags);
	if (t == current())
		thread_yield();
	return 0;
}

u64 thread_slice_ns(struct thread *t)
{
	u64 flags;
	struct runqueue *rq = runqueue_lock(t, &flags);
	u64 slice = policy->slice(rq, t);

	runqueue_unlock(rq, flags);
	return slice;
}

u64 thread_cpu_ns(const struct thread *t)
{
	u64 total = READ_ONCE(t->cpu_ns), start = READ_ONCE(t->exec_start), now;

	if (!__atomic_load_n(&t->on_cpu, __ATOMIC_ACQUIRE))
		return total;
	now = clock_ns();
	return now > start ? total + now - start : total;
}
