/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Out of memory: the process that holds most ends, whoever was unlucky enough to ask; what it held serves the others. One at
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

struct search {
	struct proc *most; /* holds `pages`; at equality the one that asks: it may have borrowed its memory (vfork) */
	u64 pages;
	bool ending;       /* somebody will give memory back anyway */
};

static int weigh(struct proc *p, void *arg)
{
	struct search *s = arg;
	u64 flags = spin_lock_irqsave(&p->siglock);
	u64 pages = p->vmspace ? READ_ONCE(p->vmspace->rss) : 0;

	if (p->exiting)
		s->ending |= pages > 0;
	else if (pages > s->pages || (pages == s->pages && p == proc_current()))
		*s = (struct search){.most = p, .pages = pages, .ending = s->ending};
	spin_unlock_irqrestore(&p->siglock, flags);
	return 0;
}

static void end(struct proc *p, u64 pages)
{
	if (proc_doom(p, SIGKILL))
		printk(LOG_ERR, "out of memory: killed process %d (%s), which held %lu KiB", p->pid, p->comm,
		       pages * (PAGE_SIZE / 1024));
}

/* Who asks may hold proc_lock, or a lock that comes after it: then it is for the next attempt. */
static void end_the_largest(void)
{
	struct search s = {0};

	if (!mutex_trylock(&proc_lock))
		return;
	proc_foreach(weigh, &s);
	if (s.most && !s.ending)
		end(s.most, s.pages);
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
		end_the_largest();
		if (thread_killed())
			return false;
		nap();
	}
	end(me, READ_ONCE(me->vmspace->rss));
	return false;
}
