/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What processes have used: time on CPUs, faults, switches, memory. For getrusage(2), times(2), wait4(2), /proc. Called by
 * task.c and proc_many.c when threads and processes end, and by abi/linux.
 */
#include <isolation/proc.h>

#include <mm/vmspace.h>

void usage_add(struct usage *to, const struct usage *more)
{
	to->cpu_ns += more->cpu_ns;
	to->user_ns += more->user_ns;
	to->system_ns += more->system_ns;
	to->minflt += more->minflt;
	to->nvcsw += more->nvcsw;
	to->nivcsw += more->nivcsw;
	to->peak_rss = MAX(to->peak_rss, more->peak_rss);
}

static void add_task(struct usage *to, const struct task *t)
{
	const struct thread *thread = &t->thread;
	struct usage u = {
		.cpu_ns = thread_cpu_ns(thread),
		.user_ns = READ_ONCE(thread->user_ns),
		.system_ns = READ_ONCE(thread->system_ns),
		.minflt = READ_ONCE(t->minflt),
		.nvcsw = READ_ONCE(thread->nvcsw),
		.nivcsw = READ_ONCE(thread->nivcsw),
	};

	usage_add(to, &u);
}

static u64 peak_rss(const struct proc *p)
{
	const struct vmspace *vs = p->vmspace;

	return vs ? MAX(READ_ONCE(vs->peak_rss), READ_ONCE(vs->rss)) : 0;
}

void usage_keep_task(struct proc *p, struct task *t)
{
	add_task(&p->dead, t);
}

void usage_keep_memory(struct proc *p)
{
	p->dead.peak_rss = MAX(p->dead.peak_rss, peak_rss(p));
}

/* total * part / whole without overflow: what is lost in the last bits is less than a ms in a century. */
static u64 share(u64 total, u64 part, u64 whole)
{
	while (whole >> 32) {
		part >>= 1;
		whole >>= 1;
	}
	return (total >> 24) * part / whole * (1ul << 24) + ((total >> 24) * part % whole * (1ul << 24) + (total & 0xffffff) * part) / whole;
}

/* Divides the exact time by the samples; without any all of it is the application's. Neither kind ever shrinks. */
static void divide(struct usage *u, struct usage_shown *shown)
{
	u64 samples = u->user_ns + u->system_ns;
	u64 system = samples ? share(u->cpu_ns, u->system_ns, samples) : 0;
	u64 total = MAX(u->cpu_ns, shown->user_ns + shown->system_ns);

	system = MAX(system, shown->system_ns);
	system = MIN(system, total - shown->user_ns);
	u->cpu_ns = total;
	u->user_ns = shown->user_ns = total - system;
	u->system_ns = shown->system_ns = system;
}

struct usage proc_usage(struct proc *p)
{
	struct task *t;
	u64 flags = spin_lock_irqsave(&p->siglock);
	struct usage u = p->dead;

	list_for_each_entry(t, &p->tasks, link)
		add_task(&u, t);
	u.peak_rss = MAX(u.peak_rss, peak_rss(p));
	divide(&u, &p->shown);
	spin_unlock_irqrestore(&p->siglock, flags);
	return u;
}

struct usage task_usage(struct task *t)
{
	struct usage u = {0};
	u64 flags = spin_lock_irqsave(&t->proc->siglock);

	add_task(&u, t);
	u.peak_rss = MAX(t->proc->dead.peak_rss, peak_rss(t->proc));
	divide(&u, &t->shown);
	spin_unlock_irqrestore(&t->proc->siglock, flags);
	return u;
}
