/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Out of memory: the process that holds most ends, whoever was unlucky enough to ask; what it held serves the others. Where
 * several hold about as much it is their number that is too much, as in a fork bomb: then the youngest ends. One at
 * a time: while one is ending, who asks waits for it. But not for ever: the end of another may wait for a lock that the
 * waiting one holds. Called by the fault path of app.c.
 */
#include <abi/linux/oom.h>

#include <core/printk.h>
#include <core/time.h>
#include <isolation/proc.h>
#include <mm/page.h>
#include <mm/vmspace.h>

#define PATIENCE 200 /* naps */
#define NAP_NS (5 * NSEC_PER_MSEC)

#define ABOUT_AS_MUCH 64 /* this part of memory more or less makes nobody guilty */

struct search {
	u64 most;             /* pages that one process holds */
	bool ending;          /* somebody will give memory back anyway */
	u64 slack;            /* pages */
	struct proc *guilty;  /* the youngest that holds about as much; it may have borrowed its memory (vfork) */
	u64 pages;            /* which holds that */
};

static int weigh(struct proc *p, void *arg)
{
	struct search *s = arg;
	u64 flags = spin_lock_irqsave(&p->siglock);
	u64 pages = p->vmspace ? READ_ONCE(p->vmspace->rss) : 0;

	if (p->exiting)
		s->ending |= pages > 0;
	else
		s->most = MAX(s->most, pages);
	spin_unlock_irqrestore(&p->siglock, flags);
	return 0;
}

static int choose(struct proc *p, void *arg)
{
	struct search *s = arg;
	u64 flags = spin_lock_irqsave(&p->siglock);
	u64 pages = p->vmspace && !p->exiting ? READ_ONCE(p->vmspace->rss) : 0;

	spin_unlock_irqrestore(&p->siglock, flags);
	if (pages && pages + s->slack >= s->most && (!s->guilty || p->start_ns >= s->guilty->start_ns)) {
		s->guilty = p;
		s->pages = pages;
	}
	return 0;
}

static void end(struct proc *p, u64 pages)
{
	if (proc_doom(p, SIGKILL))
		printk(LOG_ERR, "out of memory: killed process %d (%s), which held %lu KiB", p->pid, p->comm,
		       pages * (PAGE_SIZE / 1024));
}

/* proc_lock held. */
static void search(void)
{
	struct memory_stats memory;
	struct search s = {0};

	page_stats(&memory);
	s.slack = memory.total_pages / ABOUT_AS_MUCH;
	proc_foreach(weigh, &s);
	if (!s.ending)
		proc_foreach(choose, &s);
	if (s.guilty)
		end(s.guilty, s.pages);
}

/*
 * Who asks may hold proc_lock, or a lock that comes after it: then it is for the next attempt. Of a thousand who ask at once one
 * searches in the time of a nap: if all did, the one that shall end would not get to it.
 */
static void end_the_guilty(void)
{
	static u64 searched_ns; /* proc_lock */

	if (!mutex_trylock(&proc_lock))
		return;

	u64 now = clock_ns();

	if (!searched_ns || now - searched_ns >= NAP_NS) {
		searched_ns = now;
		search();
	}
	mutex_unlock(&proc_lock);
}

/* Not cut short by signals. */
static void nap(void)
{
	thread_prepare_block();
	thread_block(clock_ns() + NAP_NS);
}

bool out_of_memory(void)
{
	struct proc *me = proc_current();

	for (unsigned naps = 0; naps < PATIENCE; naps++) {
		if (naps && !page_low())
			return true;
		end_the_guilty();
		if (thread_killed())
			return false;
		nap();
	}
	end(me, READ_ONCE(me->vmspace->rss));
	return false;
}
