/* SPDX-License-Identifier: BSD-2-Clause */
/* The end of a kernel that found itself wrong: one clear cause, registers, backtrace; then the machine ends. */
#ifndef CORE_PANIC_H
#define CORE_PANIC_H

#include <lib/types.h>

struct thread;
struct trapframe;

void panic(const char *format, ...) __printf(1, 2) __noreturn __cold;
/* As panic(), with the interrupted registers. */
void panic_trap(const struct trapframe *tf, const char *format, ...) __printf(2, 3) __noreturn __cold;

/* As panic_trap(), for a fault on the address va: with its page walk. */
void panic_fault(const struct trapframe *tf, u64 va, const char *format, ...) __printf(3, 4) __noreturn __cold;
/*
 * The end of a kernel that is right, but was given what it cannot boot with: memory, files, a command line. One line,
 * `cannot go on: ...`, and the machine ends as after a panic. Any context.
 */
void give_up(const char *format, ...) __printf(1, 2) __noreturn __cold;
/* Where another CPU was when it was stopped for a panic. */
void panic_stopped(const struct trapframe *tf) __noreturn __cold;

/* Says on whose behalf a thread works (process, system call); set by abi/linux. */
extern void (*panic_describe_thread)(const struct thread *t, char *text, size_t size);

/* mm/, upcalls for a panic's text: does va lie in the guard page of a kernel stack? What lies there at all? Is `value` poison
 * (0: no), and where did it stand? */
bool kstack_overflowed(u64 va);
bool memory_describe(u64 va, char *text, size_t size);
u64 memory_poisoned_at(u64 value);
/* With KASAN: who allocated and freed the object that the report is about, if it is about one. */
void memory_print_history(void);

/* The CPU that panics, or -1: its console output takes no lock, that of all others is dropped. */
extern int panic_cpu; /* a */

#define BUG_ON(cond)                                                                               \
	do {                                                                                       \
		if (unlikely(cond))                                                                \
			panic("BUG: %s at %s:%d", #cond, __FILE__, __LINE__);                      \
	} while (0)

#ifdef CONFIG_DEBUG_ASSERT
#define assert(cond)                                                                               \
	do {                                                                                       \
		if (unlikely(!(cond)))                                                             \
			panic("assertion failed: %s at %s:%d", #cond, __FILE__, __LINE__);         \
	} while (0)
#else
#define assert(cond) ((void)sizeof(cond))
#endif

#endif
