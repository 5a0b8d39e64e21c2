/* SPDX-License-Identifier: BSD-2-Clause */
/* test_region.c - the region tree beside an array that says for each page which region it is in. */
#include "test.h"

#include "region.h"

#define PAGES 600
#define STEPS 30000
#define BASE 0x40000000ul

static struct vmspace vs;
static struct region *owner[PAGES];

static uaddr_t at(unsigned page)
{
	return BASE + page * PAGE_SIZE;
}

static unsigned page_at(uaddr_t va)
{
	return (va - BASE) >> PAGE_SHIFT;
}

static void own(unsigned from, unsigned to, struct region *r)
{
	while (from < to)
		owner[from++] = r;
}

static bool all_free(unsigned from, unsigned to)
{
	while (from < to) {
		if (owner[from++])
			return false;
	}
	return true;
}

/* The naive search: every place from the top. */
static uaddr_t naive_gap(unsigned pages, unsigned low, unsigned high)
{
	for (unsigned start = high; start-- > low;) {
		if (start + pages <= high && all_free(start, start + pages))
			return at(start);
	}
	return 0;
}

static u64 check_gaps(const struct rb_node *node)
{
	if (!node)
		return 0;

	const struct region *r = rb_entry(node, struct region, node);
	const struct region *prev = region_prev(r);
	u64 left = check_gaps(node->left), right = check_gaps(node->right);

	assert_int_equal(r->gap, r->start - (prev ? prev->end : vs.start));
	assert_int_equal(r->max_gap, MAX(r->gap, MAX(left, right)));
	return r->max_gap;
}

static void check_all(void)
{
	u64 mapped = 0;

	assert_true(rb_check(&vs.regions));
	check_gaps(vs.regions.node);
	for (unsigned i = 0; i < PAGES; i++) {
		struct region *r = region_containing(&vs, at(i) + random_below(PAGE_SIZE));

		assert_ptr_equal(r, owner[i]);
		mapped += r ? PAGE_SIZE : 0;
		if (r)
			assert_int_equal(r->offset, r->start);
	}
	assert_int_equal(vs.mapped, mapped);
}

static void check_searches(void)
{
	unsigned pages = 1 + random_below(random_below(8) ? 8 : 200);
	unsigned low = random_below(PAGES), high = low + random_below(PAGES - low + 1);

	assert_int_equal(region_find_gap(&vs, pages * PAGE_SIZE, at(low), at(high)), naive_gap(pages, low, high));
	if (low < high) {
		bool covered = true;

		for (unsigned i = low; i < high; i++)
			covered = covered && owner[i];
		assert_int_equal(region_covers(&vs, at(low), at(high)), covered);
		assert_int_equal(region_is_free(&vs, at(low), at(high)), all_free(low, high));
	}
	while (low < PAGES && !owner[low])
		low++;
	assert_ptr_equal(region_lookup(&vs, at(low)), low < PAGES ? owner[low] : NULL);
}

/* An object is only compared here, never followed: it makes offsets count. */
static struct vm_object some_object;

static struct region *new_region(unsigned from, unsigned to)
{
	struct region *r = calloc(1, sizeof(*r));

	r->start = at(from);
	r->end = at(to);
	r->object = &some_object;
	r->offset = r->start;
	return r;
}

static void insert_somewhere(void)
{
	unsigned from = random_below(PAGES), to = from + 1 + random_below(6);

	if (to > PAGES || !all_free(from, to))
		return;

	struct region *r = new_region(from, to);

	region_insert(&vs, r);
	own(from, to, r);
}

static void remove_one(struct region *r)
{
	region_remove(&vs, r);
	own(page_at(r->start), page_at(r->end), NULL);
	free(r);
}

static void move_bounds(struct region *r)
{
	struct region *prev = region_prev(r), *next = region_next(r);
	unsigned low = prev ? page_at(prev->end) : 0, high = next ? page_at(next->start) : PAGES;
	unsigned from = low + random_below(high - low), to = from + 1 + random_below(high - from);

	own(page_at(r->start), page_at(r->end), NULL);
	region_set_bounds(&vs, r, at(from), at(to));
	own(from, to, r);
}

static void split(struct region *r)
{
	unsigned from = page_at(r->start), to = page_at(r->end);

	if (to - from < 2)
		return;

	unsigned middle = from + 1 + random_below(to - from - 1);
	struct region *upper = malloc(sizeof(*upper));

	*upper = *r;
	region_split(&vs, r, at(middle), upper);
	own(middle, to, upper);
	assert_true(region_alike(r, upper));
	upper->prot ^= PROT_WRITE;
	assert_false(region_alike(r, upper));
	upper->prot ^= PROT_WRITE;
}

static void test_random(void **state __maybe_unused)
{
	vs = (struct vmspace){.start = BASE, .end = at(PAGES)};
	for (unsigned step = 0; step < STEPS; step++) {
		struct region *r = owner[random_below(PAGES)];

		if (!r)
			insert_somewhere();
		else if (random_below(3) == 0)
			remove_one(r);
		else if (random_below(2))
			move_bounds(r);
		else
			split(r);
		check_searches();
		if (step % 16 == 0)
			check_all();
	}
	for (unsigned i = 0; i < PAGES; i++) {
		if (owner[i])
			remove_one(owner[i]);
	}
	assert_true(rb_empty(&vs.regions));
	assert_int_equal(vs.mapped, 0);
}

static void test_find_gap_bounds(void **state __maybe_unused)
{
	vs = (struct vmspace){.start = BASE, .end = at(PAGES)};
	assert_int_equal(region_find_gap(&vs, PAGE_SIZE, 0, ~0ul), at(PAGES - 1));
	assert_int_equal(region_find_gap(&vs, PAGES * PAGE_SIZE, 0, ~0ul), BASE);
	assert_int_equal(region_find_gap(&vs, (PAGES + 1) * PAGE_SIZE, 0, ~0ul), 0);
	assert_int_equal(region_find_gap(&vs, PAGE_SIZE, at(5), at(5)), 0);
	assert_false(region_is_free(&vs, BASE - PAGE_SIZE, BASE + PAGE_SIZE));
	assert_false(region_is_free(&vs, at(PAGES - 1), at(PAGES + 1)));
}

static void test_alike(void **state __maybe_unused)
{
	struct region low = {.start = BASE, .end = at(2), .prot = PROT_READ}, high = low;

	high.start = at(2);
	high.end = at(3);
	assert_true(region_alike(&low, &high));
	high.start = at(3);
	assert_false(region_alike(&low, &high));
	high.start = at(2);
	low.object = high.object = &some_object;
	assert_false(region_alike(&low, &high));
	high.offset = 2 * PAGE_SIZE;
	assert_true(region_alike(&low, &high));
	strcpy(high.name, "x");
	assert_false(region_alike(&low, &high));
	strcpy(low.name, "x");
	low.flags = high.flags = REGION_STACK;
	assert_false(region_alike(&low, &high));
}

TEST_MAIN("mm/region", TEST(test_random), TEST(test_find_gap_bounds), TEST(test_alike))
