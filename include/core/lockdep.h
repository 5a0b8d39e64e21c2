/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Lock-order validation in debug builds: transparent otherwise (the struct is empty, the calls vanish).
 * A class is a name: all locks with one name are one class.
 */
#ifndef CORE_LOCKDEP_H
#define CORE_LOCKDEP_H

#include <core/printk.h>
#include <lib/types.h>

#ifdef CONFIG_LOCKDEP
struct lock_class {
	const char *name;
};
#define LOCK_CLASS_INIT(lockname) { .name = (lockname) }
/* `trylock`: it cannot deadlock, so no order is learned from it. Panics on recursion and on an order seen reversed. */
void lockdep_acquire(struct lock_class *class, bool trylock);
void lockdep_release(struct lock_class *class);
/* Panics if this CPU holds a spinlock: called where a thread may sleep. */
void lockdep_assert_may_sleep(const char *where);
/* Prints the locks this CPU holds, for panic(). */
void lockdep_print_held(void);
#else
struct lock_class {
};
#define LOCK_CLASS_INIT(lockname) { }
static inline void lockdep_acquire(struct lock_class *class, bool trylock)
{
	(void)class, (void)trylock;
}
static inline void lockdep_release(struct lock_class *class)
{
	(void)class;
}
static inline void lockdep_assert_may_sleep(const char *where)
{
	(void)where;
}
static inline void lockdep_print_held(void)
{
	console_print("  spinlocks held: only a kernel with CONFIG_LOCKDEP knows\n");
}
#endif

#endif
