/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Ids: which are taken, and which task each names. Threads and processes share one space of them, as on Linux; a process's
 * id outlives its tasks until it was waited for. Given out in turn, so that one that was just freed is not soon another's.
 */
#include <isolation/proc.h>

#include <core/panic.h>
#include <lib/errno.h>
#include <lib/xarray.h>
#include <mm/slab.h>

static struct spinlock id_lock = SPINLOCK_INIT("id");
static struct xarray ids;       /* id_lock: tid to task; an id in use without a task maps to &reserved */
static int last_id = PID_INIT;  /* id_lock */
static char reserved;

static void *id_node_alloc(void)
{
	return kmalloc(sizeof(struct xa_node));
}

static const struct xa_ops id_ops = {.alloc = id_node_alloc, .free = kfree};

void pid_init(void)
{
	xa_init(&ids, &id_ops);
}

int pid_alloc(void)
{
	int id = -EAGAIN;
	u64 flags = spin_lock_irqsave(&id_lock);

	for (int tries = 0; tries < PID_MAX; tries++) {
		last_id = last_id + 1 < PID_MAX ? last_id + 1 : PID_FIRST;
		if (xa_load(&ids, (u64)last_id))
			continue;
		id = xa_store(&ids, (u64)last_id, &reserved) == 0 ? last_id : -EAGAIN;
		break;
	}
	spin_unlock_irqrestore(&id_lock, flags);
	return id;
}

void pid_free(int pid)
{
	u64 flags = spin_lock_irqsave(&id_lock);

	xa_erase(&ids, (u64)pid);
	spin_unlock_irqrestore(&id_lock, flags);
}

/* The id exists already, so this cannot run out of memory. */
void pid_set(int id, struct task *task)
{
	u64 flags = spin_lock_irqsave(&id_lock);

	BUG_ON(xa_store(&ids, (u64)id, task ? (void *)task : &reserved));
	spin_unlock_irqrestore(&id_lock, flags);
}

struct task *task_find(int tid)
{
	u64 flags = spin_lock_irqsave(&id_lock);
	void *found = tid > 0 ? xa_load(&ids, (u64)tid) : NULL;

	spin_unlock_irqrestore(&id_lock, flags);
	return found == &reserved ? NULL : found;
}
