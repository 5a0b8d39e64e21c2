/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * lockclass.c - the numbers of lock classes, for lockdep and lockstat. The tables only grow and are read without a lock. Who adds
 * a name takes one that is neither watched nor counted.
 */
#include <core/lockclass.h>

#include <arch/cpu.h>
#include <core/panic.h>
#include <lib/hash.h>
#include <lib/string.h>

#define SLOTS 512 /* name pointers; one name may have several */

static const char *names[LOCK_CLASSES]; /* I once counted in count */
static unsigned count;      /* a */
static struct {
	const char *name;   /* a: NULL: free */
	unsigned id;        /* I once name is set */
} slots[SLOTS];
static bool table_lock;     /* a */

/* Under table_lock. */
static unsigned id_of_text(const char *name)
{
	unsigned id;

	for (id = 0; id < count; id++) {
		if (!strcmp(names[id], name))
			return id;
	}
	if (id == LOCK_CLASSES)
		panic("lock %s: more than %d lock classes", name, LOCK_CLASSES);
	names[id] = name;
	__atomic_store_n(&count, id + 1, __ATOMIC_RELEASE);
	return id;
}

static unsigned add_slot(const char *name)
{
	size_t slot = hash_u64((u64)name) % SLOTS;
	u64 flags = irq_save();
	unsigned id;

	while (__atomic_test_and_set(&table_lock, __ATOMIC_ACQUIRE))
		cpu_pause();
	id = id_of_text(name);
	for (size_t tried = 0; tried < SLOTS; tried++, slot = (slot + 1) % SLOTS) {
		if (slots[slot].name == name)
			break;
		if (slots[slot].name)
			continue;
		slots[slot].id = id;
		__atomic_store_n(&slots[slot].name, name, __ATOMIC_RELEASE);
		break;
	}
	__atomic_clear(&table_lock, __ATOMIC_RELEASE);
	irq_restore(flags);
	return id;
}

unsigned lock_class_id(const char *name)
{
	size_t slot = hash_u64((u64)name) % SLOTS;

	if (!name)
		panic("a lock that was never initialised");
	for (size_t tried = 0; tried < SLOTS; tried++, slot = (slot + 1) % SLOTS) {
		const char *there = __atomic_load_n(&slots[slot].name, __ATOMIC_ACQUIRE);

		if (there == name)
			return slots[slot].id;
		if (!there)
			break;
	}
	return add_slot(name);
}

const char *lock_class_name(unsigned id)
{
	return names[id];
}

unsigned lock_class_count(void)
{
	return __atomic_load_n(&count, __ATOMIC_ACQUIRE);
}
