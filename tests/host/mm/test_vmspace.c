/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_vmspace.c - two processes that map, touch, protect, move and fork at random, beside a model that is one entry per
 * page; then the corners of each call. Touching goes as on hardware: entry, fault, entry.
 */
#include "test.h"

#include "machine.h"
#include "region.h"

#include <uapi/linux/mman.h>

#define PAGES 1200 /* of a process: more than two leaf tables */
#define OBJECT_PAGES 64
#define BASE 0x40100000ul
#define RW (PROT_READ | PROT_WRITE)

enum kind { NOTHING, ANONYMOUS, PRIVATE_OBJECT, SHARED_OBJECT };

struct model_page {
	enum kind kind;
	unsigned prot;
	bool may_write; /* mprotect may add PROT_WRITE */
	bool own;       /* private object: written here */
	unsigned index; /* into the object */
	u64 value;      /* anonymous, or own */
};

struct process {
	struct vmspace *vs;
	struct model_page page[PAGES];
};

static struct process proc[2];
static struct vm_object *object;
static u64 object_value[OBJECT_PAGES];

static uaddr_t at(unsigned page)
{
	return BASE + page * PAGE_SIZE;
}

static enum fault_result touch(struct vmspace *vs, uaddr_t va, bool write, u64 *value)
{
	for (unsigned i = 0; i < 4; i++) {
		pte_t *pte = pmap_pte(vs->pmap, va, false);

		if (pte && pte_present(*pte) && (!write || pte_writable(*pte))) {
			u64 *word = page_virt(page_of(pte_paddr(*pte)));

			if (write)
				*word = *value;
			else
				*value = *word;
			return FAULT_OK;
		}

		enum fault_result result = vm_fault(vs, va, write ? PROT_WRITE : PROT_READ);

		if (result != FAULT_OK)
			return result;
	}
	fail_msg("the fault does not end");
	return FAULT_SEGV;
}

static u64 *model_value(struct model_page *m)
{
	return m->kind == SHARED_OBJECT || (m->kind == PRIVATE_OBJECT && !m->own) ? &object_value[m->index] : &m->value;
}

static void check_read(struct process *p, unsigned i)
{
	struct model_page *m = &p->page[i];
	u64 value = 0;
	enum fault_result result = touch(p->vs, at(i), false, &value);

	assert_int_equal(result, m->kind == NOTHING ? FAULT_SEGV : !m->prot ? FAULT_ACCESS : FAULT_OK);
	if (result == FAULT_OK)
		assert_int_equal(value, *model_value(m));
}

static void check_write(struct process *p, unsigned i)
{
	struct model_page *m = &p->page[i];
	u64 value = random_next();
	enum fault_result result = touch(p->vs, at(i), true, &value);

	assert_int_equal(result, m->kind == NOTHING ? FAULT_SEGV : !(m->prot & PROT_WRITE) ? FAULT_ACCESS : FAULT_OK);
	if (result != FAULT_OK)
		return;
	if (m->kind == PRIVATE_OBJECT)
		m->own = true;
	*model_value(m) = value;
}

static void check_process(struct process *p, unsigned one_in)
{
	u64 rss = 0, mapped = 0;

	for (unsigned i = 0; i < PAGES; i++) {
		if (random_below(one_in) == 0)
			check_read(p, i);

		pte_t *pte = pmap_pte(p->vs->pmap, at(i), false);

		rss += pte && *pte;
		mapped += p->page[i].kind != NOTHING;
	}
	assert_int_equal(p->vs->rss, rss);
	assert_int_equal(p->vs->mapped, mapped * PAGE_SIZE);
	assert_true(rb_check(&p->vs->regions));
}

static bool model_free(struct process *p, unsigned from, unsigned to)
{
	for (; from < to; from++) {
		if (p->page[from].kind != NOTHING)
			return false;
	}
	return true;
}

static unsigned random_prot(void)
{
	static const unsigned prots[] = {RW, RW, RW, PROT_READ, PROT_READ | PROT_EXEC, 0};

	return prots[random_below(ARRAY_SIZE(prots))];
}

static void do_map(struct process *p, unsigned from, unsigned n)
{
	enum kind kind = ANONYMOUS + random_below(3);
	unsigned first = random_below(OBJECT_PAGES), prot = random_prot();
	bool may_write = (prot & PROT_WRITE) || random_below(2);
	unsigned how = random_below(3) ? random_below(2) * REGION_FIXED : REGION_FIXED | REGION_NOREPLACE;
	unsigned flags = how | (kind == SHARED_OBJECT ? REGION_SHARED : 0) | (may_write ? REGION_MAYWRITE : 0);

	if (kind != ANONYMOUS)
		n = MIN(n, OBJECT_PAGES - first);

	bool was_free = model_free(p, from, from + n);
	uaddr_t hint = random_below(2) || (how & REGION_FIXED) ? at(from) : 0;
	long result = vmspace_map(p->vs, hint, n * PAGE_SIZE - random_below(PAGE_SIZE), prot, flags,
				  kind == ANONYMOUS ? NULL : object, first * PAGE_SIZE, "name");

	if ((how & REGION_NOREPLACE) && !was_free) {
		assert_int_equal(result, -EEXIST);
		return;
	}
	if ((how & REGION_FIXED) || (hint && was_free))
		assert_int_equal(result, at(from));
	if (result == -ENOMEM)
		return;
	from = (result - BASE) >> PAGE_SHIFT;
	assert_true((how & REGION_FIXED) || model_free(p, from, from + n));
	for (unsigned i = 0; i < n; i++)
		p->page[from + i] = (struct model_page){
			.kind = kind, .prot = prot, .may_write = may_write, .index = first + i};
}

static void do_unmap(struct process *p, unsigned from, unsigned n)
{
	assert_int_equal(vmspace_unmap(p->vs, at(from), n * PAGE_SIZE), 0);
	memset(&p->page[from], 0, n * sizeof(p->page[0]));
}

static void do_protect(struct process *p, unsigned from, unsigned n)
{
	unsigned prot = random_prot();
	int expect = 0;

	for (unsigned i = from; i < from + n; i++) {
		if (p->page[i].kind == NOTHING)
			expect = -ENOMEM;
		else if (!expect && (prot & PROT_WRITE) && !p->page[i].may_write)
			expect = -EACCES;
	}
	assert_int_equal(vmspace_protect(p->vs, at(from), n * PAGE_SIZE, prot), expect);
	for (unsigned i = from; i < from + n && !expect; i++)
		p->page[i].prot = prot;
}

static void do_advise(struct process *p, unsigned from, unsigned n)
{
	int expect = model_free(p, from, from + n) ? -ENOMEM : 0;

	for (unsigned i = from; i < from + n; i++)
		expect = p->page[i].kind == NOTHING ? -ENOMEM : expect;
	assert_int_equal(vmspace_advise(p->vs, at(from), n * PAGE_SIZE, MADV_DONTNEED), expect);
	for (unsigned i = from; i < from + n; i++) {
		p->page[i].own = false;
		p->page[i].value = 0;
	}
}

static void do_remap(struct process *p, unsigned from)
{
	struct region *r = region_containing(p->vs, at(from));

	if (!r)
		return;

	unsigned old = 1 + random_below((r->end - at(from)) >> PAGE_SHIFT), new = 1 + random_below(old + 5), to = 0;
	unsigned flags = random_below(4) ? MREMAP_MAYMOVE : 0;

	if (flags && random_below(2) && new < PAGES) {
		flags |= MREMAP_FIXED;
		to = random_below(PAGES - new);
	}
	/* A mapping that grows past its object is not in the model. */
	if (p->page[from].kind != ANONYMOUS && p->page[from].index + new > OBJECT_PAGES)
		return;
	if (random_below(4) == 0)
		machine_tables_left = 0;

	long result = vmspace_remap(p->vs, at(from), old * PAGE_SIZE, new * PAGE_SIZE, flags, at(to));

	machine_tables_left = -1;
	if ((flags & MREMAP_FIXED) && from < to + new && to < from + old) {
		assert_int_equal(result, -EINVAL);
		return;
	}
	if (result < 0) {
		assert_int_equal(result, -ENOMEM);
		if (flags & MREMAP_FIXED) {
			/* What was there is gone, as is a cut-off tail. */
			memset(&p->page[to], 0, new * sizeof(p->page[0]));
			if (new < old)
				memset(&p->page[from + new], 0, (old - new) * sizeof(p->page[0]));
		}
		return;
	}
	to = (result - BASE) >> PAGE_SHIFT;

	struct model_page moved[PAGES];

	for (unsigned i = 0; i < new; i++) {
		moved[i] = p->page[from + MIN(i, old - 1)];
		if (i >= old) {
			moved[i].index += i - (old - 1);
			moved[i].own = false;
			moved[i].value = 0;
		}
	}
	memset(&p->page[from], 0, old * sizeof(p->page[0]));
	assert_true((flags & MREMAP_FIXED) || model_free(p, to, to + new));
	memcpy(&p->page[to], moved, new * sizeof(moved[0]));
}

static void do_fork(void)
{
	vmspace_put(proc[1].vs);
	proc[1].vs = machine_vmspace(0, 0);
	assert_int_equal(vmspace_copy(proc[1].vs, proc[0].vs), 0);
	memcpy(proc[1].page, proc[0].page, sizeof(proc[0].page));
}

static void step(void)
{
	struct process *p = &proc[random_below(2)];
	unsigned from = random_below(PAGES), n = 1 + random_below(random_below(10) ? 12 : PAGES / 4);

	n = MIN(n, PAGES - from);
	switch (random_below(32)) {
	case 0 ... 4:
		return do_map(p, from, n);
	case 5 ... 6:
		return do_unmap(p, from, n);
	case 7 ... 9:
		return do_protect(p, from, random_below(2) ? n : 1);
	case 10:
		return do_advise(p, from, n);
	case 11 ... 12:
		return do_remap(p, from);
	case 13:
		if (random_below(8) == 0)
			do_fork();
		return;
	case 14 ... 22:
		return check_read(p, from);
	default:
		return check_write(p, from);
	}
}

static void test_random(void **state __maybe_unused)
{
	u64 user = machine_user_pages();

	object = object_create_anonymous(OBJECT_PAGES * PAGE_SIZE);
	proc[0].vs = machine_vmspace(BASE, at(PAGES));
	proc[1].vs = machine_vmspace(BASE, at(PAGES));
	for (unsigned i = 0; i < 60000; i++) {
		step();
		if (i % 500 == 0) {
			check_process(&proc[0], 1 + random_below(100));
			check_process(&proc[1], 1 + random_below(100));
		}
	}
	vmspace_put(proc[0].vs);
	check_process(&proc[1], 1);
	vmspace_put(proc[1].vs);
	assert_int_equal(object->refs, 1);
	object_put(object);
	assert_int_equal(machine_user_pages(), user);
}

/* ---- Corners ---- */

static long map_anonymous(struct vmspace *vs, uaddr_t addr, u64 pages, unsigned flags)
{
	return vmspace_map(vs, addr, pages * PAGE_SIZE, RW, flags | REGION_MAYWRITE, NULL, 0, NULL);
}

static unsigned regions;

static void count(const struct region *r __maybe_unused, void *arg __maybe_unused)
{
	regions++;
}

static unsigned count_regions(struct vmspace *vs)
{
	regions = 0;
	vmspace_foreach(vs, count, NULL);
	return regions;
}

static void test_placement(void **state __maybe_unused)
{
	struct vmspace *vs = machine_vmspace(BASE, at(PAGES));

	vs->mmap_top = at(100);
	assert_int_equal(map_anonymous(vs, 0, 2, 0), at(98));
	assert_int_equal(map_anonymous(vs, 0, 3, 0), at(95));
	assert_int_equal(count_regions(vs), 1);
	assert_int_equal(map_anonymous(vs, at(200) + 5, 1, 0), at(200));
	assert_int_equal(map_anonymous(vs, at(PAGES), 1, 0), at(94));
	assert_int_equal(map_anonymous(vs, 0, 95, 0), -ENOMEM);
	assert_int_equal(map_anonymous(vs, at(PAGES), 1, REGION_FIXED), -ENOMEM);
	assert_int_equal(map_anonymous(vs, at(PAGES - 1), 2, REGION_FIXED), -ENOMEM);
	assert_int_equal(map_anonymous(vs, BASE - PAGE_SIZE, 1, REGION_FIXED), -ENOMEM);
	assert_int_equal(map_anonymous(vs, at(3) + 1, 1, REGION_FIXED), -EINVAL);
	assert_int_equal(map_anonymous(vs, 0, 0, 0), -EINVAL);
	assert_int_equal(map_anonymous(vs, 0, ~0ul >> PAGE_SHIFT, 0), -ENOMEM);
	assert_int_equal(vmspace_unmap(vs, ~0ul & PAGE_MASK, PAGE_SIZE), -ENOMEM);
	assert_int_equal(vmspace_unmap(vs, at(0) + 1, PAGE_SIZE), -EINVAL);
	assert_int_equal(vmspace_unmap(vs, at(0), PAGES * PAGE_SIZE), 0);
	assert_int_equal(count_regions(vs), 0);
	vmspace_put(vs);
}

static void test_overcommit(void **state __maybe_unused)
{
	struct vmspace *vs = machine_vmspace(USER_MIN, USER_MAX);
	u64 size = MACHINE_RAM + (1ul << 20);

	assert_int_equal(vmspace_map(vs, 0, size, RW, 0, NULL, 0, NULL), -ENOMEM);
	assert_true(vmspace_map(vs, 0, 1ul << 40, PROT_READ, 0, NULL, 0, NULL) > 0);
	assert_true(vmspace_map(vs, 0, 1ul << 40, 0, 0, NULL, 0, NULL) > 0);
	vmspace_put(vs);
}

static void test_stack(void **state __maybe_unused)
{
	struct vmspace *vs = machine_vmspace(BASE, at(PAGES));
	u64 value = 7;

	vs->stack_limit = 100 * PAGE_SIZE;
	assert_int_equal(map_anonymous(vs, at(1000), 10, REGION_FIXED | REGION_STACK), at(1000));
	assert_int_equal(touch(vs, at(950), true, &value), FAULT_OK);
	assert_int_equal(vs->mapped, 60 * PAGE_SIZE);
	assert_int_equal(touch(vs, at(910), true, &value), FAULT_OK);
	assert_int_equal(touch(vs, at(909), true, &value), FAULT_SEGV);
	vs->stack_limit = PAGES * PAGE_SIZE;
	/* A hint in the guard is not taken; what is there by force stops the stack 256 pages above. */
	assert_int_equal(map_anonymous(vs, at(600), 100, 0), at(600 + PAGES - 600 - 100));
	assert_int_equal(map_anonymous(vs, at(599), 1, REGION_FIXED), at(599));
	assert_int_equal(touch(vs, at(855), true, &value), FAULT_SEGV);
	assert_int_equal(touch(vs, at(856), true, &value), FAULT_OK);
	vmspace_put(vs);
}

static void test_brk(void **state __maybe_unused)
{
	struct vmspace *vs = machine_vmspace(BASE, at(PAGES));
	u64 value = 9;

	assert_int_equal(vmspace_brk(vs, at(3)), 0);
	vs->brk_start = vs->brk = at(2) + 100;
	assert_int_equal(vmspace_brk(vs, 0), at(2) + 100);
	assert_int_equal(vmspace_brk(vs, at(2) + 200), at(2) + 200);
	assert_int_equal(vmspace_brk(vs, at(9) + 1), at(9) + 1);
	assert_int_equal(touch(vs, at(9), true, &value), FAULT_OK);
	assert_int_equal(touch(vs, at(10), true, &value), FAULT_SEGV);
	assert_int_equal(vmspace_brk(vs, at(20)), at(20));
	assert_int_equal(count_regions(vs), 1);
	assert_int_equal(vmspace_brk(vs, at(5)), at(5));
	assert_int_equal(touch(vs, at(9), true, &value), FAULT_SEGV);
	assert_int_equal(map_anonymous(vs, at(30), 1, REGION_FIXED), at(30));
	assert_int_equal(vmspace_brk(vs, at(31)), at(5));
	assert_int_equal(vmspace_brk(vs, at(30)), at(30));
	assert_int_equal(vmspace_brk(vs, at(2)), at(30));
	vmspace_put(vs);
}

static void test_object_faults(void **state __maybe_unused)
{
	struct vmspace *vs = machine_vmspace(BASE, at(PAGES));
	struct vm_object *obj = object_create_anonymous(3 * PAGE_SIZE + 1);
	u64 value = 1, offset;

	assert_int_equal(vmspace_map(vs, at(0), 8 * PAGE_SIZE, RW, REGION_SHARED | REGION_FIXED, obj, PAGE_SIZE, "f"),
			 at(0));
	assert_int_equal(touch(vs, at(2), true, &value), FAULT_OK);
	assert_int_equal(touch(vs, at(3), true, &value), FAULT_BUS);
	assert_ptr_equal(vmspace_object_at(vs, at(2) + 4, &offset), obj);
	assert_int_equal(offset, 3 * PAGE_SIZE + 4);
	object_put(obj);
	assert_int_equal(vmspace_map(vs, at(0), 8 * PAGE_SIZE, RW, REGION_FIXED, obj, 0, "f"), at(0));
	assert_null(vmspace_object_at(vs, at(2), &offset));
	/* A hole: what was only read becomes zero, what was copied stays. A shorter object: both are gone. */
	assert_int_equal(touch(vs, at(3), false, &value), FAULT_OK);
	assert_int_equal(value, 1);
	value = 2;
	assert_int_equal(touch(vs, at(2), true, &value), FAULT_OK);
	object_punch(obj, 2, 4);
	assert_int_equal(touch(vs, at(3), false, &value), FAULT_OK);
	assert_int_equal(value, 0);
	assert_int_equal(touch(vs, at(2), false, &value), FAULT_OK);
	assert_int_equal(value, 2);
	object_truncate(obj, 3 * PAGE_SIZE);
	assert_int_equal(touch(vs, at(3), false, &value), FAULT_BUS);
	assert_int_equal(touch(vs, at(2), false, &value), FAULT_OK);
	object_truncate(obj, 0);
	assert_int_equal(touch(vs, at(2), false, &value), FAULT_BUS);
	assert_int_equal(vs->rss, 0);
	vmspace_put(vs);
	object_put(obj);
}

static void test_advise(void **state __maybe_unused)
{
	struct vmspace *vs = machine_vmspace(BASE, at(PAGES));

	map_anonymous(vs, at(0), 4, REGION_FIXED);
	assert_int_equal(vmspace_advise(vs, at(0), 4 * PAGE_SIZE, MADV_HUGEPAGE), 0);
	assert_int_equal(vmspace_advise(vs, at(0), 4 * PAGE_SIZE, MADV_FREE), 0);
	assert_int_equal(vmspace_advise(vs, at(0), 4 * PAGE_SIZE, 99), -EINVAL);
	assert_int_equal(vmspace_advise(vs, at(0) + 1, 4 * PAGE_SIZE, MADV_NORMAL), -EINVAL);
	assert_int_equal(vmspace_advise(vs, at(2), 4 * PAGE_SIZE, MADV_NORMAL), -ENOMEM);
	assert_true(vmspace_covers(vs, at(0), 4 * PAGE_SIZE));
	assert_false(vmspace_covers(vs, at(1), 4 * PAGE_SIZE));
	vmspace_put(vs);
}

/* A move that runs out of memory for tables halfway leaves everything where it was. */
static void test_remap_fails_whole(void **state __maybe_unused)
{
	struct vmspace *vs = machine_vmspace(USER_MIN, USER_MAX);
	unsigned pages = 1500;
	uaddr_t far = 1ul << 40;
	u64 value;

	map_anonymous(vs, BASE, pages, REGION_FIXED);
	for (value = 0; value < pages; value++)
		touch(vs, at(value), true, &value);
	machine_tables_left = 2;
	assert_int_equal(vmspace_remap(vs, BASE, pages * PAGE_SIZE, pages * PAGE_SIZE, MREMAP_MAYMOVE | MREMAP_FIXED, far),
			 -ENOMEM);
	machine_tables_left = -1;
	for (unsigned i = 0; i < pages; i++) {
		assert_int_equal(touch(vs, at(i), false, &value), FAULT_OK);
		assert_int_equal(value, i);
	}
	assert_int_equal(vs->rss, pages);
	assert_int_equal(count_regions(vs), 1);
	assert_int_equal(vmspace_remap(vs, BASE, PAGE_SIZE, PAGE_SIZE, MREMAP_FIXED, far), -EINVAL);
	assert_int_equal(vmspace_remap(vs, BASE, PAGE_SIZE, PAGE_SIZE, MREMAP_DONTUNMAP, far), -EINVAL);
	assert_int_equal(vmspace_remap(vs, BASE, 0, PAGE_SIZE, MREMAP_MAYMOVE, 0), -EINVAL);
	assert_int_equal(vmspace_remap(vs, far, PAGE_SIZE, PAGE_SIZE, MREMAP_MAYMOVE, 0), -EFAULT);
	vmspace_put(vs);
}

/* The second process to write gets the page itself, without a copy; each copy is flushed. */
static void test_copy_on_write(void **state __maybe_unused)
{
	struct vmspace *parent = machine_vmspace(BASE, at(PAGES)), *child = machine_vmspace(0, 0);
	u64 value = 5, user;

	map_anonymous(parent, at(0), 4, REGION_FIXED);
	touch(parent, at(1), true, &value);
	/* Shared pages are found again through the object, so fork leaves them out. */
	map_anonymous(parent, at(8), 1, REGION_FIXED);
	touch(parent, at(8), true, &value);
	region_containing(parent, at(8))->flags |= REGION_SHARED;
	assert_int_equal(vmspace_copy(child, parent), 0);
	assert_int_equal(child->rss, 1);
	user = machine_user_pages();
	machine_flushes = 0;
	value = 6;
	assert_int_equal(touch(child, at(1), true, &value), FAULT_OK);
	assert_int_equal(machine_flushes, 1);
	assert_int_equal(machine_user_pages(), user + 1);
	assert_int_equal(touch(parent, at(1), false, &value), FAULT_OK);
	assert_int_equal(value, 5);
	assert_int_equal(touch(parent, at(1), true, &value), FAULT_OK);
	assert_int_equal(machine_user_pages(), user + 1);
	assert_int_equal(machine_flushes, 1);
	vmspace_put(parent);
	vmspace_put(child);
}

static void test_out_of_memory(void **state __maybe_unused)
{
	struct vmspace *vs = machine_vmspace(USER_MIN, USER_MAX), *child;
	u64 size = MACHINE_RAM - (1ul << 20), value = 3, user = machine_user_pages();
	long base = vmspace_map(vs, 0, size, RW, REGION_MAYWRITE, NULL, 0, NULL);
	enum fault_result result = FAULT_OK;

	assert_true(base > 0);
	for (u64 done = 0; done < size && result == FAULT_OK; done += PAGE_SIZE)
		result = touch(vs, base + done, true, &value);
	assert_int_equal(result, FAULT_OOM);
	assert_int_equal(map_anonymous(vs, 0, 1, 0), -ENOMEM);
	child = machine_vmspace(0, 0);
	assert_int_equal(vmspace_copy(child, vs), -ENOMEM);
	vmspace_put(child);
	/* Giving back works, even where it needs a second region. */
	assert_int_equal(vmspace_unmap(vs, base + PAGE_SIZE, 100 * PAGE_SIZE), 0);
	assert_int_equal(touch(vs, base, false, &value), FAULT_OK);
	vmspace_put(vs);
	assert_int_equal(machine_user_pages(), user);
}

static int setup(void **state __maybe_unused)
{
	machine_init();
	return 0;
}

TEST_MAIN("mm/vmspace", cmocka_unit_test_setup(test_random, setup), TEST(test_placement), TEST(test_overcommit),
	  TEST(test_stack), TEST(test_brk), TEST(test_object_faults), TEST(test_advise), TEST(test_remap_fails_whole), TEST(test_copy_on_write),
	  TEST(test_out_of_memory))
