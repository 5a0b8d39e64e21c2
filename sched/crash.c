/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * crash.c - one function for each way in which a kernel breaks: crash=NAME on the command line runs it, in a thread of its
 * own on the CPU that is named. tests/boot/panic.t reads what the panic says; docs/panic.md shows it.
 *
 * What is read and called is hidden from the compiler, which would otherwise see that it cannot be meant.
 */
#include <sched/crash.h>

#include <arch/cpu.h>
#include <arch/pks.h>
#include <arch/pmap.h>
#include <core/mutex.h>
#include <core/panic.h>
#include <core/param.h>
#include <core/printk.h>
#include <core/sanitizer.h>
#include <core/seeds.h>
#include <lib/string.h>
#include <mm/page.h>
#include <mm/slab.h>
#include <sched/thread.h>

#include "crash.h"

#define hide(p) asm volatile("" : "+r"(p))
#define __noinline __attribute__((noinline))

struct node {
	u64 value;
	struct node *next;
};

static const u64 constant = 1;
static u64 variable;
static struct spinlock lock = SPINLOCK_INIT("planted");
static struct mutex first = MUTEX_INIT("first", first), second = MUTEX_INIT("second", second);
static bool spinning;

static __noinline void crash_null(void)
{
	struct node *node = NULL;

	hide(node);
	variable = READ_ONCE(node->next->value);
}

static __noinline void crash_errno(void)
{
	struct node *node = (void *)-12l;

	hide(node);
	variable = READ_ONCE(node->value);
}

static __noinline void crash_user(void)
{
	u64 *p = (void *)0x400000;

	hide(p);
	variable = READ_ONCE(*p);
}

/* A page as applications have them, with a RET in it. */
static u8 *app_page(void)
{
	struct page *page = page_alloc(0, ALLOC_ZERO);
	pte_t *pte = page ? pmap_pte(&kernel_pmap, 0x400000, true) : NULL;
	u8 *va = (u8 *)0x400000;

	if (!pte)
		return NULL;
	*(u8 *)page_virt(page) = 0xc3;
	*pte = pte_make(page_paddr(page), PROT_READ | PROT_EXEC);
	hide(va);
	return va;
}

static __noinline void crash_smap(void)
{
	variable = READ_ONCE(*app_page());
}

static __noinline void crash_smep(void)
{
	void (*fn)(void) = (void (*)(void))(void *)app_page();

	fn();
	variable = 1;
}

static __noinline void crash_smash(void)
{
	u8 room[16], *at = room;

	hide(at);
	for (unsigned i = 0; i < 64; i++)
		WRITE_ONCE(at[i], 0x41);
}

static __noinline void crash_rodata(void)
{
	u64 *p = (u64 *)&constant;

	hide(p);
	WRITE_ONCE(*p, 2);
}

static __noinline void crash_text(void)
{
	u64 *p = (u64 *)crash_null;

	hide(p);
	WRITE_ONCE(*p, 2);
}

static __noinline void crash_call(void)
{
	void (*fn)(void) = (void (*)(void))&variable;

	hide(fn);
	fn();
	variable = 1;
}

static __noinline u64 crash_recurse(u64 depth)
{
	volatile u64 room[32];

	room[depth % 32] = depth;
	return depth ? crash_recurse(depth - 1) + room[(depth + 7) % 32] : 0;
}

static __noinline void crash_stack(void)
{
	variable = crash_recurse(1000000);
}

static __noinline void crash_deadlock(void)
{
	spin_lock(&lock);
	spin_lock(&lock);
}

/* With the spinlock: who runs next on this CPU may wait for it for ever. */
static __noinline void crash_sleep(void)
{
	spin_lock(&lock);
	thread_yield();
}

static __noinline void crash_order(void)
{
	mutex_lock(&first);
	mutex_lock(&second);
	mutex_unlock(&second);
	mutex_unlock(&first);
	mutex_lock(&second);
	mutex_lock(&first);
}

static __noinline void crash_keep(void)
{
	mutex_lock(&first);
	thread_exit();
}

static __noinline void crash_freed(void)
{
	struct node *node = kzalloc(sizeof(*node) * 2);

	if (!node)
		return;
	node->next = node;
	kfree(node);
	hide(node);
	variable = READ_ONCE(node->next->value);
}

static __noinline void crash_assert(void)
{
	u64 two = 2;

	hide(two);
	BUG_ON(two + two != 5);
}

/* The report itself cannot be made. */
static __noinline void crash_nested(void)
{
	const char *text = (const char *)8;

	hide(text);
	panic("planted: %s", text);
}

static void start_on(unsigned cpu, void (*fn)(void *), void *arg)
{
	u64 cpus[CPUSET_WORDS] = {0};
	struct thread *t = kthread_create("crash", fn, arg);

	cpus[cpu / 64] = BIT(cpu % 64);
	if (!t || thread_set_affinity(t, cpus)) {
		pr_err("crash: cannot have a thread on CPU %u", cpu);
		return;
	}
	thread_start(t);
}

static void spin_for_ever(void *unused)
{
	(void)unused;
	irq_disable();
	WRITE_ONCE(spinning, true);
	for (;;)
		cpu_pause();
}

/* While another CPU has its interrupts off and never comes back. */
static __noinline void crash_spin(void)
{
	start_on((this_cpu_id() + 1) % cpu_online, spin_for_ever, NULL);
	while (!READ_ONCE(spinning))
		cpu_pause();
	crash_null();
}

static const struct {
	const char *name;
	void (*fn)(void);
} crashes[] = {
	{"null", crash_null},   {"errno", crash_errno}, {"user", crash_user},         {"rodata", crash_rodata},
	{"text", crash_text},   {"call", crash_call},   {"stack", crash_stack},       {"deadlock", crash_deadlock},
	{"freed", crash_freed}, {"spin", crash_spin},   {"assert", crash_assert},     {"nested", crash_nested},
	{"sleep", crash_sleep}, {"order", crash_order}, {"keep", crash_keep},         {"smap", crash_smap},
	{"smep", crash_smep},   {"smash", crash_smash},
};

static void crash_thread(void *arg)
{
	for (size_t i = 0; i < ARRAY_SIZE(crashes); i++)
		if (!strcmp(arg, crashes[i].name))
			crashes[i].fn();
	if (KASAN || UBSAN)
		crash_sanitized(arg);
	if (SEEDS)
		crash_races(arg);
	if (PKS && !strcmp(arg, "key"))
		pks_crash();
	pr_err("crash=%s: the kernel has survived it, or knows no such thing", param.crash);
}

/* Not the end of anything, but the leak accounting of a debug build shall say it (abi/linux/account.c). */
static void lose_object(void)
{
	void *lost = kmalloc(100);

	hide(lost);
}

void crash_main(void)
{
	if (!param.crash[0])
		return;
	if (!strcmp(param.crash, "leak")) {
		lose_object();
		return;
	}
	start_on(param.crash_cpu, crash_thread, param.crash);
	for (;;)
		thread_sleep_until(NO_DEADLINE - 1);
}
