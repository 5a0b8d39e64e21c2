/* SPDX-License-Identifier: BSD-2-Clause */
/* test_memory.c - boot map, buddy allocator, slabs, kmalloc and objects on the software machine. */
#include "test.h"

#include "machine.h"

#include <mm/slab.h>

static u64 free_pages(void)
{
	struct memory_stats stats;

	page_stats(&stats);
	return stats.free_pages;
}

static bool reserved(paddr_t pa)
{
	return page_of(pa)->flags & PAGE_RESERVED;
}

static void test_boot_map(void **state __maybe_unused)
{
	assert_int_equal(page_array_size, MACHINE_RAM >> PAGE_SHIFT);
	assert_true(reserved(0));
	assert_true(reserved(0xff000));
	assert_true(reserved(0x1000000));
	assert_true(reserved(0x1100000));
	assert_false(reserved(0x1101000));
	assert_false(reserved(0x2000000)); /* RAM said twice */
	assert_true(reserved(MACHINE_INITRD));
	assert_true(reserved(MACHINE_RAM - 0x20000));
	assert_true(reserved(virt_to_phys(page_array)));

	u64 before = free_pages();

	page_free_range(MACHINE_INITRD, MACHINE_INITRD_SIZE);
	assert_int_equal(free_pages() - before, MACHINE_INITRD_SIZE >> PAGE_SHIFT);
}

#define BLOCKS 200

static void test_buddy_random(void **state __maybe_unused)
{
	struct page *block[BLOCKS] = {NULL};
	unsigned order[BLOCKS];
	u64 before = free_pages();

	for (unsigned step = 0; step < 50000; step++) {
		unsigned i = random_below(BLOCKS);

		if (block[i]) {
			u64 *bytes = page_virt(block[i]);

			assert_int_equal(bytes[0], i);
			assert_int_equal(bytes[(PAGE_SIZE << order[i]) / 8 - 1], i);
			page_free(block[i], order[i]);
			block[i] = NULL;
			continue;
		}
		order[i] = random_below(4) ? 0 : random_below(8);
		block[i] = page_alloc(order[i], random_below(2) ? ALLOC_ZERO : 0);
		if (!block[i])
			continue;
		assert_true(IS_ALIGNED(page_paddr(block[i]), PAGE_SIZE << order[i]));

		u64 *bytes = page_virt(block[i]);

		bytes[0] = bytes[(PAGE_SIZE << order[i]) / 8 - 1] = i;
	}
	for (unsigned i = 0; i < BLOCKS; i++) {
		if (block[i])
			page_free(block[i], order[i]);
	}
	assert_int_equal(free_pages(), before);
}

static void test_buddy_merges(void **state __maybe_unused)
{
	static struct page *page[MACHINE_RAM >> PAGE_SHIFT];
	unsigned n = 0, large = 0;
	struct page *block;

	while ((block = page_alloc(PAGE_ORDER_MAX, 0)))
		page[large++] = block;
	for (unsigned i = 0; i < large; i++)
		page_free(page[i], PAGE_ORDER_MAX);
	while ((block = page_alloc(0, ALLOC_ZERO)))
		page[n++] = block;
	assert_int_equal(free_pages(), 0);
	for (unsigned i = 0; i < n; i++)
		page_free(page[i], 0);
	/* All merged again, except what the CPU's stock keeps. */
	for (n = 0; (block = page_alloc(PAGE_ORDER_MAX, 0)); n++)
		page[n] = block;
	assert_in_range(n, large - 2, large);
	while (n > 0)
		page_free(page[--n], PAGE_ORDER_MAX);
}

static void test_reserve(void **state __maybe_unused)
{
	static struct page *page[MACHINE_RAM >> PAGE_SHIFT];
	unsigned n = 0;
	u64 before = machine_user_pages();

	while ((page[n] = page_alloc(0, ALLOC_USER)))
		n++;
	assert_true(page_low());
	assert_int_equal(machine_user_pages(), before + n);
	assert_in_range(free_pages(), (MACHINE_RAM >> PAGE_SHIFT) / 128 - 1, (MACHINE_RAM >> PAGE_SHIFT) / 128 + 32);

	struct page *kernel = page_alloc(0, 0);

	assert_non_null(kernel);
	page_put(kernel);
	while (n > 0)
		page_put(page[--n]);
	assert_false(page_low());
	assert_int_equal(machine_user_pages(), before);
}

/* Takes and gives back as many pages as a small process has, and says how many of them come back first when it takes them again. */
static unsigned come_back(void)
{
	struct page *page[100], *again[100];
	unsigned same = 0;

	for (unsigned i = 0; i < 100; i++)
		assert_non_null(page[i] = page_alloc(0, 0));
	for (unsigned i = 0; i < 100; i++)
		page_free(page[i], 0);
	for (unsigned i = 0; i < 100; i++) {
		assert_non_null(again[i] = page_alloc(0, 0));
		same += again[i] == page[99 - i];
	}
	for (unsigned i = 0; i < 100; i++)
		page_free(again[i], 0);
	return same;
}

/* A CPU keeps what is given back to it, where there is enough for all CPUs to do so. */
static void test_stock(void **state __maybe_unused)
{
	u64 before = free_pages();

	page_share(1);
	assert_int_equal(come_back(), 100);
	page_share(64);
	come_back();
	assert_in_range(come_back(), 1, 32); /* the rest lay with the buddies meanwhile */
	assert_int_equal(free_pages(), before);
}

static u64 slab_objects;

static void count(const char *name __maybe_unused, size_t size __maybe_unused, u64 in_use, u64 pages __maybe_unused,
		  void *arg __maybe_unused)
{
	slab_objects += strcmp(name, "slab") && strcmp(name, "magazine") ? in_use : 0;
}

static u64 objects(void)
{
	slab_objects = 0;
	slab_foreach(count, NULL);
	return slab_objects;
}

#define PIECES 1000

static void test_kmalloc_random(void **state __maybe_unused)
{
	static u8 *piece[PIECES];
	static size_t size[PIECES];
	u64 before = objects();

	for (unsigned step = 0; step < 60000; step++) {
		unsigned i = random_below(PIECES);

		if (piece[i]) {
			for (size_t b = 0; b < size[i]; b += 1 + size[i] / 16)
				assert_int_equal(piece[i][b], (u8)i);
			kfree(piece[i]);
			piece[i] = NULL;
			continue;
		}
		size[i] = 1 + random_below(random_below(20) ? 700 : 20000);
		piece[i] = kmalloc(size[i]);
		assert_non_null(piece[i]);
		assert_true(IS_ALIGNED((u64)piece[i], 16ul));
		memset(piece[i], (int)i, size[i]);
	}
	for (unsigned i = 0; i < PIECES; i++)
		kfree(piece[i]);
	assert_int_equal(objects(), before);
}

static void test_kmalloc_sizes(void **state __maybe_unused)
{
	for (size_t size = 1; size < 70000; size += 1 + size / 50) {
		u8 *p = kzalloc(size);

		assert_int_equal(p[0] | p[size - 1], 0);
		if ((size & (size - 1)) == 0)
			assert_true(IS_ALIGNED((u64)p, MIN(MAX(size, 16ul), PAGE_SIZE)));
		p[0] = p[size - 1] = 0xff;
		kfree(p);
	}
	kfree(NULL);
	assert_null(kmalloc(64ul << 20));
}

static void test_cache_returns_memory(void **state __maybe_unused)
{
	static void *object[3000];
	struct kmem_cache *cache = kmem_cache_create("test", 700, 64);
	u64 before = free_pages();

	for (unsigned i = 0; i < ARRAY_SIZE(object); i++) {
		object[i] = kmem_cache_alloc(cache);
		assert_true(IS_ALIGNED((u64)object[i], 64ul));
		memset(object[i], 1, 700);
	}
	for (unsigned i = 0; i < ARRAY_SIZE(object); i++)
		kmem_cache_free(cache, object[i]);
	/* What may remain: magazines, the slabs of the objects in them, one empty slab. */
	assert_in_range(before - free_pages(), 0, 170 * 4);
}

static void test_double_free_is_found(void **state __maybe_unused)
{
	void *p = kmalloc(100);

	kfree(p);
	expect_assert_failure(kfree(p));
	p = kmalloc(3000);
	kfree(p);
	((u8 *)p)[2000] = 1;
	expect_assert_failure(kmalloc(3000));
}

static unsigned filled;

static int fill(struct vm_object *obj __maybe_unused, u64 index, struct page *page)
{
	if (index == 13)
		return -EIO;
	*(u64 *)page_virt(page) = index;
	filled++;
	return 0;
}

static unsigned released;

static void release(struct vm_object *obj)
{
	object_drop_pages(obj);
	released++;
}

static void test_object(void **state __maybe_unused)
{
	static const struct pager_ops ops = {.fill = fill, .release = release};
	struct vm_object obj;
	u64 cached = object_cached_pages(), user = machine_user_pages();
	int error = 1;

	object_init(&obj, &ops, 1ul << 30);
	assert_null(object_page(&obj, 5, false, &error));
	assert_int_equal(error, 0);

	struct page *page = object_page(&obj, 5, true, &error);

	assert_int_equal(*(u64 *)page_virt(page), 5);
	assert_int_equal(page->refs, 2);
	page_put(page);
	assert_ptr_equal(object_page(&obj, 5, true, &error), page);
	page_put(page);
	assert_int_equal(filled, 1);
	assert_null(object_page(&obj, 13, true, &error));
	assert_int_equal(error, -EIO);
	page_put(object_page(&obj, 200000, true, &error));
	page_put(object_page(&obj, 6, true, &error));
	assert_int_equal(obj.npages, 3);
	assert_int_equal(object_cached_pages(), cached + 3);
	object_truncate(&obj, 5 * PAGE_SIZE + 4);
	assert_int_equal(obj.npages, 1);
	assert_int_equal(obj.size, 5 * PAGE_SIZE + 4);
	object_truncate(&obj, 6 * PAGE_SIZE);
	((u64 *)page_virt(page))[0] = ((u64 *)page_virt(page))[1] = ~0ul;
	object_truncate(&obj, 5 * PAGE_SIZE + 12);
	assert_int_equal(((u64 *)page_virt(page))[0], ~0ul);
	assert_int_equal(((u64 *)page_virt(page))[1], 0xffffffff);
	object_get(&obj);
	object_put(&obj);
	assert_int_equal(released, 0);
	object_put(&obj);
	assert_int_equal(released, 1);
	assert_int_equal(object_cached_pages(), cached);
	assert_int_equal(machine_user_pages(), user);
}

static int setup(void **state __maybe_unused)
{
	machine_init();
	return 0;
}

TEST_MAIN("mm/memory", cmocka_unit_test_setup(test_boot_map, setup), TEST(test_buddy_random), TEST(test_buddy_merges),
	  TEST(test_reserve), TEST(test_stock), TEST(test_kmalloc_random), TEST(test_kmalloc_sizes), TEST(test_cache_returns_memory),
	  TEST(test_object), TEST(test_double_free_is_found))
