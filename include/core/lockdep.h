/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Lock-order validation in debug builds: transparent otherwise (the structs are empty, the calls vanish).
 * A class is a name (core/lockclass.h). Spinlocks and mutexes do not share names.
 */
#ifndef CORE_LOCKDEP_H
#define CORE_LOCKDEP_H

#include <core/lockclass.h>
#include <core/printk.h>
#include <lib/types.h>

struct thread;

#ifdef CONFIG_LOCKDEP
/* In each mutex that is held; under lockdep's own lock. */
struct lock_mutex {
	struct lock_mutex *next; /* of those whose threads hash alike, the last taken first */
	const struct thread *thread;
	u64 taken_at;
	unsigned id;
};
/* `trylock`: it cannot deadlock, so no order is learned from it. Panics on recursion and on an order seen reversed. */
void lockdep_acquire(struct lock_class *class, bool trylock);
void lockdep_release(struct lock_class *class);
/*
 * The current thread wants a mutex of class `name`, and will wait for it. Panics where it may not sleep, and on an order seen
 * reversed, before it could come true. Then it has it, by waiting or trying; `from` is the caller's caller.
 */
void lockdep_mutex_want(const char *name);
void lockdep_mutex_taken(struct lock_mutex *m, const char *name, u64 from);
void lockdep_mutex_release(struct lock_mutex *m);
/* The next mutex may be of a class that is held already: the caller has a rule which of the two comes first. */
void lockdep_nest(void);
/* Panics if this CPU holds a spinlock, has interrupts off or handles one: called where a thread may sleep. */
void lockdep_assert_may_sleep(const char *where);
/* Panics if this CPU holds a spinlock: called where a thread leaves it. */
void lockdep_assert_no_spinlock(const char *where);
/* Panics if the current thread holds a mutex: called where it leaves the kernel. */
void lockdep_assert_no_mutex(const char *where);
/* Does this CPU hold a spinlock? */
bool lockdep_holds_spinlock(void);
/* Prints the locks this CPU and its thread hold, for panic(). */
void lockdep_print_held(void);
/* Self-tests: a report that contains `text` does not panic from now on, and is counted; NULL: none. Value: the count so far. */
unsigned lockdep_expect(const char *text);
#else
struct lock_mutex {
};
static inline void lockdep_acquire(struct lock_class *class, bool trylock)
{
	(void)class, (void)trylock;
}
static inline void lockdep_release(struct lock_class *class)
{
	(void)class;
}
static inline void lockdep_mutex_want(const char *name)
{
	(void)name;
}
static inline void lockdep_mutex_taken(struct lock_mutex *m, const char *name, u64 from)
{
	(void)m, (void)name, (void)from;
}
static inline void lockdep_mutex_release(struct lock_mutex *m)
{
	(void)m;
}
static inline void lockdep_nest(void)
{
}
static inline void lockdep_assert_may_sleep(const char *where)
{
	(void)where;
}
static inline void lockdep_assert_no_spinlock(const char *where)
{
	(void)where;
}
static inline void lockdep_assert_no_mutex(const char *where)
{
	(void)where;
}
static inline void lockdep_print_held(void)
{
	console_print("  spinlocks held: only a kernel with CONFIG_LOCKDEP knows\n");
}
#endif

#endif
