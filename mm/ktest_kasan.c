/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ktest_kasan.c - wrong accesses that are planted, each to be reported once, and the last right one not. Only in kernels with
 * CONFIG_KASAN. What is read is hidden from the compiler.
 */
#include <core/ktest.h>
#include <lib/string.h>
#include <mm/kasan.h>
#include <mm/page.h>
#include <mm/slab.h>

#define hide(p) asm volatile("" : "+r"(p))

static volatile u8 sink;
static u8 variable[13], neighbour[13];

static void expect(const char *text)
{
	sanitizer_expect(text);
}

/* Once so far. */
static void seen(void)
{
	KT_EQ(sanitizer_expect(NULL), 1);
}

static u8 *hidden(void *p)
{
	hide(p);
	return p;
}

/* All but the classes' own sizes end inside of eight bytes somewhere. */
KTEST(kasan_out_of_bounds_by_one)
{
	for (size_t size = 1; size < 20000; size += 1 + size / 3) {
		u8 *p = hidden(kmalloc(size));

		if (!KT_OK(p))
			return;
		p[0] = p[size - 1] = 1;
		/* Of a block of pages what was asked for may be all. */
		if (size <= 8192 || size % PAGE_SIZE) {
			expect("kasan: out of bounds: 1 bytes written");
			p[size] = 1;
			seen();
		}
		/* Before the first of a block of large objects there is another page. */
		if (size <= 256) {
			expect("kasan: out of bounds: 1 bytes read");
			sink = p[-1];
			seen();
		}
		kfree(p);
	}
}

KTEST(kasan_out_of_bounds_across_the_end)
{
	u8 *p = hidden(kmalloc(20));
	u64 *last = (u64 *)(p + 8), *across = (u64 *)(p + 16);

	hide(last);
	hide(across);
	sink = (u8)*last;
	sink = (u8)*(u32 *)across;
	expect("kasan: out of bounds: 8 bytes read");
	sink = (u8)*across;
	seen();
	memset(p, 0, 20);
	expect("kasan: out of bounds: 21 bytes written");
	memset(p, 0, 21);
	seen();
	kfree(p);
}

KTEST(kasan_names_the_object)
{
	u8 *p = hidden(kmalloc(40));

	expect("ktest_kasan_names_the_object+");
	sink = p[40];
	seen();
	expect(", 3 bytes behind the 40 bytes of a kmalloc-64 object");
	sink = p[43];
	seen();
	kfree(p);
	expect(", 5 bytes into the 64 bytes of a kmalloc-64 object");
	sink = p[5];
	seen();
}

KTEST(kasan_use_after_free)
{
	u8 *p = hidden(kmalloc(100)), *q;

	kfree(p);
	q = kmalloc(100);
	expect("kasan: use after free: 1 bytes read");
	sink = p[0];
	seen();
	expect("kasan: use after free: 1 bytes written");
	p[99] = 1;
	seen();
	expect("kasan: use after free: 64 bytes read");
	memcpy(q, p, 64);
	seen();
	kfree(q);
}

KTEST(kasan_freed_twice)
{
	u8 *p = hidden(kmalloc(100));

	kfree(p);
	expect("kasan: freed twice: ");
	kfree(p);
	seen();
	p = hidden(kmalloc(100));
	expect("kasan: freed, but no object begins there: ");
	kfree(p + 8);
	seen();
	kfree(p);
}

/* All that wait are given back before who comes last. */
KTEST(kasan_gives_back_in_the_end)
{
	static u8 *first;
	bool again = false;

	first = kmalloc(100);
	kfree(first);
	for (unsigned i = 0; i < 3000 && !again; i++) {
		u8 *p = kmalloc(100);

		if (!KT_OK(p))
			return;
		again = p == first;
		kfree(p);
	}
	KT_OK(again);
}

KTEST(kasan_pages)
{
	struct page *page = page_alloc(1, 0);
	u8 *p = hidden(page_virt(page)), copy[64];

	p[0] = p[2 * PAGE_SIZE - 1] = 1;
	page_free(page, 1);
	expect("kasan: use of a free page: 1 bytes read");
	sink = p[0];
	seen();
	expect("kasan: use of a free page: 64 bytes read");
	memcpy(copy, p + PAGE_SIZE, sizeof(copy));
	seen();
}

KTEST(kasan_variables)
{
	u8 *p = hidden(variable);

	sink = p[12] + neighbour[12];
	expect("0 bytes behind the 13 bytes of ");
	sink = p[13];
	seen();
	expect(" in mm/ktest_kasan.c");
	p[31] = 1;
	seen();
}

/* Long ranges are looked at in steps of 64 bytes, wherever they begin. */
KTEST(kasan_late_in_a_long_range)
{
	u8 *p = hidden(kmalloc(1000));

	if (!KT_OK(p))
		return;
	for (size_t start = 0; start < 80; start++) {
		memset(p + start, 0, 1000 - start);
		expect("kasan: out of bounds: ");
		memset(p + start, 0, 1001 - start);
		seen();
	}
	kfree(p);
}

/* A page as applications have them, touched without copyin(). */
KTEST(kasan_application)
{
	const uaddr_t va = 0x400000;
	struct page *page = page_alloc(0, ALLOC_ZERO);
	pte_t *pte = page ? pmap_pte(&kernel_pmap, va, true) : NULL;
	u8 *p = hidden((void *)va);

	if (!KT_OK(pte))
		return;
	*pte = pte_make(page_paddr(page), PROT_READ | PROT_WRITE);
	expect("kasan: the application's memory, without copyin or copyout: 1 bytes read at 0000000000400000 by ktest_kasan_appl");
	sink = *p;
	seen();
	*pte = 0;
	tlb_flush_page_local(va);
	page_free(page, 0);
}
