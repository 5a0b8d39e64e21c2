/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * futex.c - sleeping on a word of the application's memory.
 *
 * No wake is lost: a waiter compares the word and enters the queue under one bucket lock, and a waker,
 * who changed the word first, looks into the queue under the same lock. The comparison must not sleep,
 * so a page that is absent is brought in without the lock, and the comparison begun anew.
 *
 * Source: futex(2); Franke, Russell, Kirkwood, "Fuss, Futexes and Furwocks" (OLS 2002).
 */
#include <sched/futex.h>

#include <core/block.h>
#include <core/panic.h>
#include <core/percpu.h>
#include <core/spinlock.h>
#include <isolation/gate.h>
#include <lib/errno.h>
#include <lib/hash.h>
#include <lib/list.h>
#include <mm/slab.h>
#include <mm/vmspace.h>
#include <sched/thread.h>

#define BUCKETS_MIN 256
#define BUCKETS_OF_A_CPU 64 /* so that words in use on different CPUs seldom meet; Linux has 256 */

/* In a line of its own: who takes its neighbour's lock does not take it away. */
struct bucket {
	struct spinlock lock;
	struct list waiters;        /* lock: FIFO */
} __attribute__((aligned(64)));

/* Where a word is: in a vmspace at an address, or in an object (referenced) at an offset. */
struct futex_key {
	struct vmspace *vmspace;    /* private */
	struct vm_object *object;   /* shared */
	u64 where;
};

struct futex_waiter {
	struct list link;           /* bucket's lock */
	struct bucket *bucket;      /* its lock; changes when requeued: see lock_bucket_of() */
	struct futex_key key;       /* bucket's lock */
	struct thread *thread;
	u32 bitset;
	bool queued;                /* bucket's lock; read without it */
};

static struct bucket *buckets; /* I */
static u64 nbuckets = BUCKETS_MIN; /* I: a power of two */

void futex_init(void)
{
	while (nbuckets < BUCKETS_OF_A_CPU * cpu_count)
		nbuckets *= 2;
	buckets = kmalloc(nbuckets * sizeof(*buckets)); /* whole pages: aligned */
	if (!buckets)
		panic("no memory for %lu buckets of futexes", nbuckets);
	for (u64 i = 0; i < nbuckets; i++) {
		spin_init(&buckets[i].lock, "futex");
		list_init(&buckets[i].waiters);
	}
}

static int key_get(struct futex_key *key, uaddr_t addr, bool private_key)
{
	struct vmspace *vs = current()->vmspace;

	*key = (struct futex_key){.where = addr};
	if (addr % sizeof(u32))
		return -EINVAL;
	if (!private_key)
		key->object = vmspace_object_at(vs, addr, &key->where);
	if (!key->object) {
		key->vmspace = vs;
		key->where = addr;
	}
	return 0;
}

static void key_put(struct futex_key *key, unsigned times)
{
	for (; key->object && times; times--)
		object_put(key->object);
}

static bool key_equal(const struct futex_key *a, const struct futex_key *b)
{
	return a->vmspace == b->vmspace && a->object == b->object && a->where == b->where;
}

static struct bucket *bucket_of(const struct futex_key *key)
{
	u64 hash = hash_u64((u64)key->vmspace ^ (u64)key->object ^ hash_u64(key->where));

	return &buckets[hash & (nbuckets - 1)];
}

static struct bucket *lock_bucket_of(struct futex_waiter *w)
{
	for (;;) {
		struct bucket *b = __atomic_load_n(&w->bucket, __ATOMIC_ACQUIRE);

		spin_lock(&b->lock);
		if (b == w->bucket)
			return b;
		spin_unlock(&b->lock);
	}
}

/* Two buckets in the order of their addresses. The second by trying, since they are of one lock class. */
static void lock_two(struct bucket *a, struct bucket *b)
{
	struct bucket *first = MIN(a, b), *second = MAX(a, b);

	for (;;) {
		spin_lock(&first->lock);
		if (first == second || spin_trylock(&second->lock))
			return;
		spin_unlock(&first->lock);
		cpu_pause();
	}
}

static void unlock_two(struct bucket *a, struct bucket *b)
{
	if (a != b)
		spin_unlock(&b->lock);
	spin_unlock(&a->lock);
}

/* Bucket locked: the waiter lives until the lock is released, since it takes it before it leaves. */
static void wake_waiter(struct futex_waiter *w)
{
	list_remove(&w->link);
	__atomic_store_n(&w->queued, false, __ATOMIC_RELEASE);
	thread_wake(w->thread);
}

/* Leaves the queue, whoever took us out. False: somebody had woken us. */
static bool unqueue(struct futex_waiter *w)
{
	struct bucket *b = lock_bucket_of(w);
	bool was_queued = w->queued;

	if (was_queued) {
		list_remove(&w->link);
		w->queued = false;
	}
	spin_unlock(&b->lock);
	return was_queued;
}

/* Enters the queue if *addr == expected: 0, else -EAGAIN, -EFAULT. */
static int queue_if_equal(struct futex_waiter *w, uaddr_t addr, u32 expected)
{
	struct bucket *b = bucket_of(&w->key);
	u32 value;
	int error;

	w->bucket = b;
	for (;;) {
		spin_lock(&b->lock);
		error = user_load32_nofault(addr, &value);
		if (!error)
			break;
		spin_unlock(&b->lock);
		error = user_load32(addr, &value);
		if (error)
			return error;
	}
	if (value == expected) {
		list_add_tail(&w->link, &b->waiters);
		w->queued = true;
	}
	spin_unlock(&b->lock);
	return value == expected ? 0 : -EAGAIN;
}

static int sleep_queued(struct futex_waiter *w, u64 deadline)
{
	int error = 0;

	while (!error) {
		thread_prepare_block();
		if (!__atomic_load_n(&w->queued, __ATOMIC_ACQUIRE))
			break;
		if (thread_interrupted())
			error = -EINTR;
		else if (!thread_block(deadline))
			error = -ETIMEDOUT;
	}
	thread_cancel_block();
	return unqueue(w) ? error : 0;
}

int futex_wait(uaddr_t addr, u32 expected, u32 bitset, u64 deadline, bool private_key)
{
	struct futex_waiter w = {.thread = current(), .bitset = bitset};
	int error = bitset ? key_get(&w.key, addr, private_key) : -EINVAL;

	if (error)
		return error;
	error = queue_if_equal(&w, addr, expected);
	if (!error)
		error = sleep_queued(&w, deadline);
	key_put(&w.key, 1);
	return error;
}

/* Bucket locked. */
static unsigned wake_matching(struct bucket *b, const struct futex_key *key, unsigned max, u32 bitset)
{
	struct futex_waiter *w, *ahead;
	unsigned woken = 0;

	list_for_each_entry_safe(w, ahead, &b->waiters, link) {
		if (woken == max)
			break;
		if (!key_equal(&w->key, key) || !(w->bitset & bitset))
			continue;
		wake_waiter(w);
		woken++;
	}
	return woken;
}

long futex_wake(uaddr_t addr, unsigned max, u32 bitset, bool private_key)
{
	struct futex_key key;
	struct bucket *b;
	unsigned woken;
	int error = bitset ? key_get(&key, addr, private_key) : -EINVAL;

	if (error)
		return error;
	b = bucket_of(&key);
	spin_lock(&b->lock);
	woken = wake_matching(b, &key, max, bitset);
	spin_unlock(&b->lock);
	key_put(&key, 1);
	return woken;
}

/* Both buckets locked. Each waiter moved takes a reference of its new key for that of its old one. */
static unsigned move_matching(struct bucket *from, const struct futex_key *key, unsigned max,
			      struct bucket *to, const struct futex_key *new_key)
{
	struct list moved_waiters = LIST_INIT(moved_waiters);
	struct futex_waiter *w, *ahead;
	unsigned moved = 0;

	list_for_each_entry_safe(w, ahead, &from->waiters, link) {
		if (moved == max)
			break;
		if (!key_equal(&w->key, key))
			continue;
		list_remove(&w->link);
		list_add_tail(&w->link, &moved_waiters);
		w->key = *new_key;
		if (new_key->object)
			object_get(new_key->object);
		__atomic_store_n(&w->bucket, to, __ATOMIC_RELEASE);
		moved++;
	}
	list_splice_tail(&moved_waiters, &to->waiters);
	return moved;
}

/* Locks both buckets once *addr == *expected: 0, else -EAGAIN, -EFAULT. */
static int lock_two_if_equal(struct bucket *a, struct bucket *b, uaddr_t addr, const u32 *expected)
{
	u32 value;
	int error;

	for (;;) {
		lock_two(a, b);
		if (!expected)
			return 0;
		error = user_load32_nofault(addr, &value);
		if (!error && value == *expected)
			return 0;
		unlock_two(a, b);
		if (!error)
			return -EAGAIN;
		error = user_load32(addr, &value);
		if (error)
			return error;
	}
}

long futex_requeue(uaddr_t addr, unsigned wake, unsigned move, uaddr_t addr2, const u32 *expected,
		   bool private_key)
{
	struct futex_key key, key2;
	struct bucket *b, *b2;
	unsigned woken = 0, moved = 0;
	int error = key_get(&key, addr, private_key);

	if (error)
		return error;
	error = key_get(&key2, addr2, private_key);
	if (error)
		goto out;
	b = bucket_of(&key);
	b2 = bucket_of(&key2);
	error = lock_two_if_equal(b, b2, addr, expected);
	if (!error) {
		woken = wake_matching(b, &key, wake, ~0u);
		moved = move_matching(b, &key, move, b2, &key2);
		unlock_two(b, b2);
	}
	key_put(&key2, 1);
out:
	key_put(&key, 1 + moved);
	return error ? error : (long)woken + moved;
}

/* The operation of FUTEX_WAKE_OP, as futex(2) encodes it. */
static int wake_op_value(u32 op, u32 old, u32 *new)
{
	u32 arg = (u32)((i32)(op << 8) >> 20); /* 12 bits, signed */

	if (op >> 31) /* FUTEX_OP_ARG_SHIFT */
		arg = 1u << (arg % 32);
	switch (op >> 28 & 7) {
	case 0:
		*new = arg;
		return 0;
	case 1:
		*new = old + arg;
		return 0;
	case 2:
		*new = old | arg;
		return 0;
	case 3:
		*new = old & ~arg;
		return 0;
	case 4:
		*new = old ^ arg;
		return 0;
	}
	return -ENOSYS;
}

/* Its comparison: 1, 0, or -ENOSYS. */
static int wake_op_compare(u32 op, u32 old)
{
	i32 arg = (i32)(op << 20) >> 20, value = (i32)old;

	switch (op >> 24 & 15) {
	case 0:
		return value == arg;
	case 1:
		return value != arg;
	case 2:
		return value < arg;
	case 3:
		return value <= arg;
	case 4:
		return value > arg;
	case 5:
		return value >= arg;
	}
	return -ENOSYS;
}

long futex_wake_op(uaddr_t addr, unsigned wake, uaddr_t addr2, unsigned wake2, u32 op, bool private_key)
{
	u32 old, new;
	long woken, more = 0;
	int error, met;

	if (addr % sizeof(u32) || addr2 % sizeof(u32))
		return -EINVAL;
	error = user_load32(addr2, &old);
	if (error)
		return error;
	met = wake_op_compare(op, old);
	if (met < 0)
		return met;
	do {
		error = wake_op_value(op, old, &new);
		if (!error)
			error = user_cmpxchg32(addr2, &old, new);
	} while (error == -EAGAIN);
	if (error)
		return error;
	woken = futex_wake(addr, wake, ~0u, private_key);
	if (woken >= 0 && wake_op_compare(op, old))
		more = futex_wake(addr2, wake2, ~0u, private_key);
	return woken < 0 ? woken : more < 0 ? more : woken + more;
}
