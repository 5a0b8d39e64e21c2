/* SPDX-License-Identifier: BSD-2-Clause */
/* Self-tests of slabs, kmalloc and kernel stacks. */
#include <core/ktest.h>
#include <lib/string.h>
#include <mm/kasan.h>
#include <mm/kstack.h>
#include <mm/slab.h>

KTEST(kmalloc_every_class)
{
	void *p[200];

	for (size_t size = 1; size < 40000; size += 1 + size / 2) {
		for (unsigned i = 0; i < ARRAY_SIZE(p); i++) {
			p[i] = kmalloc(size);
			if (!KT_OK(p[i]))
				return;
			memset(p[i], (int)i, size);
		}
		for (unsigned i = 0; i < ARRAY_SIZE(p); i++) {
			KT_EQ(((u8 *)p[i])[size - 1], (u8)i);
			kfree(p[i]);
		}
	}
}

KTEST(kmalloc_reuses)
{
	void *first = kmalloc(200), *second;

	kfree(first);
	second = kmalloc(200);
	KT_OK((first == second) == !KASAN); /* there it waits, to see who still uses it */
	kfree(second);
}

static void find(const char *name, size_t size __maybe_unused, u64 in_use, u64 pages __maybe_unused, void *arg)
{
	if (strcmp(name, "kmalloc-512") == 0)
		*(u64 *)arg = in_use;
}

KTEST(slab_counts_objects)
{
	u64 before = 0, during = 0, after = 0;
	void *p;

	slab_foreach(find, &before);
	p = kmalloc(512);
	slab_foreach(find, &during);
	kfree(p);
	slab_foreach(find, &after);
	KT_EQ(during, before + 1);
	KT_EQ(after, before);
}

KTEST(kstack_guard)
{
	u8 *a = kstack_alloc(), *b = kstack_alloc();

	if (!KT_OK(a && b))
		return;
	KT_OK(kstack_overflowed((u64)a - 1));
	KT_OK(!kstack_overflowed((u64)a));
	KT_OK(!kstack_overflowed((u64)a + KSTACK_SIZE - 1));
	KT_OK(kstack_overflowed((u64)a + KSTACK_SIZE));
	a[0] = a[KSTACK_SIZE - 1] = 1;
	kstack_free(b);
	KT_OK(kstack_alloc() == b);
	kstack_free(b);
	kstack_free(a);
}
