/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_pcid.c - the kernel's pmap.c, pcid.c and mm/tlb.c on processors of software whose TLBs have identifiers (machine.c), since no
 * emulator that the tests use has any. First one step after the other, then four processors that do anything at any moment:
 * nothing may be found that was taken away and flushed, and what nobody touched shall stay. Built as the machine is (Makefile).
 */
#include "machine.h"

#include "test.h"

#include <arch/cpu.h>
#include <arch/pti.h>
#include <mm/page.h>
#include <mm/tlb.h>
#include <mm/vmspace.h>

#define SPACES 10
#define PAGES 12 /* in each, below two tables */

static const pte_t rights = PTE_PRESENT | PTE_USER | PTE_WRITE;

static struct space {
	struct vmspace vs;
	unsigned users;      /* processors that run it, or change it */
	bool doomed;         /* dies with its last user */
	bool busy[PAGES];    /* somebody changes this page */
	paddr_t frame[PAGES]; /* 0: not mapped */
} spaces[SPACES];

static u64 va_of(unsigned page)
{
	return 0x400000 + page / 6 * (1ul << 30) + page % 6 * PAGE_SIZE;
}

static u64 id_of(const struct space *s)
{
	return WITH_PCID ? s->vs.own_pmap.pcid->id : (u64)(s - spaces) + 1;
}

static pte_t *entry_of(struct space *s, unsigned page)
{
	return pmap_pte(&s->vs.own_pmap, va_of(page), true);
}

static void space_create(struct space *s)
{
	assert_int_equal(pmap_create(&s->vs.own_pmap), 0);
	s->vs.pmap = &s->vs.own_pmap;
	s->doomed = false;
	machine_root(s->vs.own_pmap.root, id_of(s));
}

static void map(struct space *s, unsigned page, bool write)
{
	s->frame[page] = machine_frame(id_of(s), va_of(page), write);
	__atomic_store_n(entry_of(s, page), s->frame[page] | (write ? rights : rights & ~PTE_WRITE), __ATOMIC_RELEASE);
}

/* Those of [from, to) that are mapped. The frames are others' as soon as the flush returns. */
static void unmap(struct space *s, unsigned from, unsigned to, bool whole)
{
	paddr_t gone[PAGES] = {0};

	for (unsigned page = from; page < to; page++) {
		gone[page] = s->frame[page];
		s->frame[page] = 0;
		if (gone[page])
			__atomic_store_n(entry_of(s, page), 0, __ATOMIC_RELEASE);
	}
	tlb_flush(&s->vs, va_of(from), whole ? va_of(PAGES) : va_of(to - 1) + PAGE_SIZE);
	for (unsigned page = from; page < to; page++)
		if (gone[page])
			machine_release(gone[page]);
}

static void space_destroy(struct space *s)
{
	unmap(s, 0, PAGES, true);
	pmap_destroy(&s->vs.own_pmap);
}

static void activate(struct space *s)
{
	u64 flags = irq_save();

	pmap_activate(&s->vs.own_pmap);
	irq_restore(flags);
}

/* ---- One step after the other ---- */

/* Loads the space; true: with all that the TLB knew of it. */
static bool keeps(struct space *s)
{
	u64 before = machine_counts.kept;

	activate(s);
	return machine_counts.kept > before;
}

/* Accesses the page; true: without a walk. */
static bool hits(struct space *s, unsigned page)
{
	u64 before = machine_counts.walks;

	assert_true(machine_access(id_of(s), va_of(page), false));
	return machine_counts.walks == before;
}

/* The same by the application, on its own root, where there is one. */
static bool app_hits(struct space *s, unsigned page)
{
	machine_to_app();

	bool hit = hits(s, page);

	machine_to_kernel();
	return hit;
}

static void test_coming_back_costs_nothing(void **state __maybe_unused)
{
	for (unsigned i = 0; i < 6; i++) {
		map(&spaces[i], 0, true);
		assert_false(keeps(&spaces[i]));
		assert_false(hits(&spaces[i], 0));
		app_hits(&spaces[i], 0);
	}
	for (unsigned i = 0; i < 12; i++) {
		assert_int_equal(keeps(&spaces[i % 6]), WITH_PCID);
		assert_int_equal(hits(&spaces[i % 6], 0), WITH_PCID);
		assert_int_equal(app_hits(&spaces[i % 6], 0), WITH_PCID || !PTI);
	}
}

static void test_the_seventh_takes_the_oldest_place(void **state __maybe_unused)
{
	map(&spaces[6], 0, true);
	for (unsigned i = 0; i < 14; i++) {
		assert_false(keeps(&spaces[(i + 6) % 7]));
		assert_false(hits(&spaces[(i + 6) % 7], 0));
		if (PTI)
			assert_false(app_hits(&spaces[(i + 6) % 7], 0));
	}
}

static void test_a_flush_elsewhere_is_found(void **state __maybe_unused)
{
	map(&spaces[0], 1, true);
	activate(&spaces[0]);
	hits(&spaces[0], 1);
	app_hits(&spaces[0], 1);
	activate(&spaces[1]);
	machine_cpu = 1;
	unmap(&spaces[0], 1, 2, false);
	machine_cpu = 0;
	assert_false(keeps(&spaces[0]));
	assert_false(machine_access(id_of(&spaces[0]), va_of(1), false));
	machine_to_app();
	assert_false(machine_access(id_of(&spaces[0]), va_of(1), false));
	machine_to_kernel();
	assert_int_equal(keeps(&spaces[1]), WITH_PCID);
	assert_int_equal(keeps(&spaces[0]), WITH_PCID);
}

static void test_a_flush_here_goes_into_the_record(void **state __maybe_unused)
{
	for (unsigned whole = 0; whole < 2; whole++) {
		activate(&spaces[0]);
		map(&spaces[0], 1, true);
		hits(&spaces[0], 1);
		app_hits(&spaces[0], 1);
		hits(&spaces[0], 0);
		unmap(&spaces[0], 1, 2, whole);
		assert_false(machine_access(id_of(&spaces[0]), va_of(1), false));
		machine_to_app();
		assert_false(machine_access(id_of(&spaces[0]), va_of(1), false));
		machine_to_kernel();
		assert_int_equal(hits(&spaces[0], 0), !whole && (WITH_PCID || !PTI));
		activate(&spaces[1]);
		assert_int_equal(keeps(&spaces[0]), WITH_PCID);
		assert_int_equal(hits(&spaces[0], 0), WITH_PCID);
	}
}

static void test_a_flush_out_of_turn_does_not(void **state __maybe_unused)
{
	struct pcid_space *of = spaces[0].vs.own_pmap.pcid;

	activate(&spaces[0]);

	struct pcid_flush first = pcid_flush_begin(of), second = pcid_flush_begin(of);

	pcid_flush_end(&second);
	activate(&spaces[1]);
	assert_false(keeps(&spaces[0]));
	first = pcid_flush_begin(of);
	second = pcid_flush_begin(of);
	pcid_flush_end(&first);
	pcid_flush_end(&second);
	activate(&spaces[1]);
	assert_int_equal(keeps(&spaces[0]), WITH_PCID);
}

static void test_a_flush_of_another_space_does_not(void **state __maybe_unused)
{
	activate(&spaces[0]);
	map(&spaces[0], 1, true);
	hits(&spaces[0], 1);

	struct pcid_flush other = {id_of(&spaces[1]), spaces[0].vs.own_pmap.pcid->flushes + 1};

	pcid_flush_end(&other);
	activate(&spaces[1]);
	machine_cpu = 1;
	unmap(&spaces[0], 1, 2, false);
	machine_cpu = 0;
	assert_false(keeps(&spaces[0]));
}

static void test_a_flush_owed_goes_into_the_record(void **state __maybe_unused)
{
	activate(&spaces[0]);
	map(&spaces[0], 1, true);
	hits(&spaces[0], 1);
	tlb_idle_enter();
	machine_cpu = 1;
	unmap(&spaces[0], 1, 2, false); /* waits for nobody */
	machine_cpu = 0;
	tlb_idle_leave();
	assert_false(machine_access(id_of(&spaces[0]), va_of(1), false));
	activate(&spaces[1]);
	assert_int_equal(keeps(&spaces[0]), WITH_PCID);
}

static void test_a_new_space_finds_nothing_of_the_old(void **state __maybe_unused)
{
	activate(&spaces[0]);
	hits(&spaces[0], 0);
	app_hits(&spaces[0], 0);
	activate(&spaces[1]);

	paddr_t root = spaces[0].vs.own_pmap.root;

	space_destroy(&spaces[0]);
	space_create(&spaces[0]);
	assert_int_equal(spaces[0].vs.own_pmap.root, root);
	assert_false(keeps(&spaces[0]));
	assert_false(machine_access(id_of(&spaces[0]), va_of(0), false));
	machine_to_app();
	assert_false(machine_access(id_of(&spaces[0]), va_of(0), false));
	machine_to_kernel();
}

/* ---- At any moment ---- */

static struct {
	paddr_t frame;
	bool busy;
} kernel_page[KERNEL_PAGES];

static struct space *runs[MACHINE_CPUS]; /* NULL: a thread of the kernel, with whatever is loaded */
static unsigned operations;

/* It has a user more, which keeps it alive; NULL: it is about to die. */
static struct space *space_get(unsigned i)
{
	if (spaces[i].doomed)
		return NULL;
	spaces[i].users++;
	return &spaces[i];
}

static void space_put(struct space *s)
{
	if (!s || --s->users || !s->doomed)
		return;
	space_destroy(s);
	space_create(s);
}

static void run(unsigned cpu, struct space *s)
{
	struct space *old = runs[cpu];

	if (s)
		activate(s);
	runs[cpu] = s;
	space_put(old);
}

/* Another thread works on the space too, or this one on a space that it does not run. */
static void change(struct space *s)
{
	unsigned page = (unsigned)random_below(PAGES), to = page + 1 + (unsigned)random_below(3);
	bool whole = !random_below(8);

	to = MIN(to, page / 6 * 6 + 6);
	for (unsigned i = page; i < to; i++)
		if (s->busy[i])
			return;
	for (unsigned i = page; i < to; i++)
		s->busy[i] = true;
	if (!s->frame[page]) {
		map(s, page, random_below(2));
	} else if (random_below(3)) {
		unmap(s, page, to, whole);
	} else if (pte_writable(*entry_of(s, page))) {
		__atomic_fetch_and(entry_of(s, page), ~PTE_WRITE, __ATOMIC_ACQ_REL);
		tlb_flush(&s->vs, va_of(page), va_of(page) + PAGE_SIZE);
		machine_write_protect(s->frame[page]);
	}
	for (unsigned i = page; i < to; i++)
		s->busy[i] = false;
}

static void change_kernel(void)
{
	unsigned i = (unsigned)random_below(KERNEL_PAGES);
	pte_t *entry = pmap_pte(&kernel_pmap, KERNEL_VA(i), false);

	if (kernel_page[i].busy)
		return;
	kernel_page[i].busy = true;
	if (!kernel_page[i].frame) {
		kernel_page[i].frame = machine_frame(KERNEL, KERNEL_VA(i), true);
		__atomic_store_n(entry, kernel_page[i].frame | PTE_PRESENT | PTE_WRITE | KERNEL_GLOBAL, __ATOMIC_RELEASE);
	} else {
		__atomic_store_n(entry, 0, __ATOMIC_RELEASE);
		tlb_flush_kernel((void *)KERNEL_VA(i), PAGE_SIZE);
		machine_release(kernel_page[i].frame);
		kernel_page[i].frame = 0;
	}
	kernel_page[i].busy = false;
}

static void use(struct space *s)
{
	if (random_below(4))
		machine_to_app();
	for (unsigned i = 0; i < 6; i++) {
		machine_access(id_of(s), va_of((unsigned)random_below(PAGES)), random_below(2));
		machine_step();
	}
	if (PTI) /* the kernel's pages are not there for the application */
		machine_to_kernel();
	machine_access(KERNEL, KERNEL_VA(random_below(KERNEL_PAGES)), true);
	machine_to_kernel();
}

/* As sched/idle.c: on to a thread without an interrupt between. */
static void idle(unsigned cpu)
{
	run(cpu, NULL);
	irq_save();
	tlb_idle_enter();
	machine_sleep();
	tlb_idle_leave();

	struct space *s = space_get((unsigned)random_below(SPACES));

	if (s)
		run(cpu, s);
	irq_restore(1);
}

static void live(unsigned cpu)
{
	for (unsigned i = 0; i < operations; i++) {
		unsigned what = (unsigned)random_below(100);
		struct space *s = runs[cpu];

		if (what < 2 && s) {
			s->doomed = true;
		} else if (what < 8) {
			idle(cpu);
		} else if (what < 11) {
			change_kernel();
		} else if (what < 30) {
			if ((s = space_get((unsigned)random_below(SPACES))))
				run(cpu, s);
		} else if (what < 38) {
			if ((s = space_get((unsigned)random_below(SPACES)))) {
				change(s);
				space_put(s);
			}
		} else if (s && what < 50) {
			change(s);
		} else if (s) {
			use(s);
		}
	}
	run(cpu, NULL);
}

static void test_nothing_old_is_found(void **state __maybe_unused)
{
	for (unsigned seed = 1; seed <= 4; seed++) {
		memset(&machine_counts, 0, sizeof(machine_counts));
		random_state = seed;
		operations = 5000;
		machine_run(live);
		printf("# seed %u: %lu loads, %lu kept; %lu accesses found it in the TLB, %lu walked; %lu interrupts\n", seed,
		       machine_counts.loads, machine_counts.kept, machine_counts.hits, machine_counts.walks, machine_counts.interrupts);
		assert_true(machine_counts.interrupts > 1000);
		if (WITH_PCID)
			assert_true(machine_counts.kept > machine_counts.loads / 6);
		else
			assert_int_equal(machine_counts.kept, 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_coming_back_costs_nothing),
		TEST(test_the_seventh_takes_the_oldest_place),
		TEST(test_a_flush_elsewhere_is_found),
		TEST(test_a_flush_here_goes_into_the_record),
		TEST(test_a_flush_out_of_turn_does_not),
		TEST(test_a_flush_of_another_space_does_not),
		TEST(test_a_flush_owed_goes_into_the_record),
		TEST(test_a_new_space_finds_nothing_of_the_old),
		TEST(test_nothing_old_is_found),
	};

	setenv("CMOCKA_MESSAGE_OUTPUT", "TAP", 1);
	machine_init(WITH_PCID);
	for (unsigned i = 0; i < SPACES; i++)
		space_create(&spaces[i]);
	return cmocka_run_group_tests_name("pcid", tests, NULL, NULL) != 0;
}
