/* SPDX-License-Identifier: BSD-2-Clause */
/* Sleeping locks, for what is held while memory is allocated or a fault is served. Not from interrupts. */
#ifndef CORE_MUTEX_H
#define CORE_MUTEX_H

#include <core/wait.h>

struct mutex {
	struct thread *owner;  /* a: NULL when free */
	struct waitq waiters;
	const char *name;      /* I: its class (core/lockdep.h), as of all mutexes of that name */
	struct lock_mutex dep;
	u64 taken_at[LOCK_STATS]; /* by the owner: TSC */
};

#define MUTEX_INIT(mname, m) { .waiters = WAITQ_INIT((m).waiters), .name = (mname) }

void mutex_init(struct mutex *m, const char *name);
void mutex_lock(struct mutex *m);
bool mutex_trylock(struct mutex *m);
void mutex_unlock(struct mutex *m);
bool mutex_held(const struct mutex *m); /* by the current thread */

#endif
