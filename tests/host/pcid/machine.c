/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The processors are coroutines. Each has a TLB whose entries carry the identifier of CR3 and are used under no other, and a cache
 * of the last level of tables, which does too (SDM vol. 3, 4.10). What an instruction need not drop, it does not: INVLPG leaves
 * global entries while there are identifiers, as on some processors. Memory is taken again as soon as it is free. Stores reach the
 * others at once: what a store buffer may reorder is not seen here.
 */
#include "machine.h"

#include "test.h"

#include <ucontext.h>
#include <unistd.h>

#include <arch/cpu.h>
#include <arch/machine.h>
#include <arch/pti.h>
#include <mm/page.h>
#include <mm/tlb.h>
#include <mm/vmspace.h>

#include "../../../arch/x86_64/pmap/tables.h"

#define TLB_SIZE 128
#define TABLES_SIZE 32
#define APP_ROOT 0x1800

struct translation {
	bool valid, global, write;
	u64 tag, va;   /* va: of the page, or of what a table of the last level maps */
	paddr_t to;
};

struct cpu {
	u64 cr3;
	bool irq_off, in_app, done;
	u64 pending;  /* enum ipi, bit by bit */
	struct translation tlb[TLB_SIZE], tables[TABLES_SIZE];
	ucontext_t context;
};

struct machine_counts machine_counts;
unsigned machine_cpu;
unsigned cpu_count = MACHINE_CPUS;
u64 cpu_online_mask[CPUSET_WORDS] = {BIT(MACHINE_CPUS) - 1};
struct param param = {.tlb_batch = TLB_BATCH};
struct pmap kernel_pmap;
const pte_t pmap_app_bits = PTE_USER;

static struct cpu cpus[MACHINE_CPUS];
static ucontext_t scheduler;
static bool running, identifiers;
static void (*work)(unsigned cpu);

void machine_broken(const char *format, ...)
{
	char text[200];
	va_list args;

	va_start(args, format);
	host_vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	printf("not ok - CPU %u: %s\n", machine_cpu, text);
	fflush(stdout);
	_exit(1);
}

void panic(const char *format, ...)
{
	machine_broken("panic: %s", format);
}

static struct cpu *this(void)
{
	return &cpus[machine_cpu];
}

/* ---- TLB ---- */

static u64 tag_of(u64 cr3)
{
	return identifiers ? cr3 % PAGE_SIZE : 0;
}

static struct translation *look_up(struct translation *in, unsigned n, u64 tag, u64 va)
{
	for (unsigned i = 0; i < n; i++)
		if (in[i].valid && (in[i].tag == tag || in[i].global) && in[i].va == va)
			return &in[i];
	return NULL;
}

static struct translation *put(struct translation *in, unsigned n, const struct translation *what)
{
	struct translation *at = look_up(in, n, what->tag, what->va);

	if (!at)
		at = &in[random_below(n)];
	*at = *what;
	return at;
}

enum { OF_TAG, ALL_BUT_GLOBAL, ALL };

static void drop(struct translation *in, unsigned n, int which, u64 tag)
{
	for (unsigned i = 0; i < n; i++)
		if (which == ALL || (!in[i].global && (which == ALL_BUT_GLOBAL || in[i].tag == tag)))
			in[i].valid = false;
}

static void drop_tag(u64 tag)
{
	drop(this()->tlb, TLB_SIZE, OF_TAG, tag);
	drop(this()->tables, TABLES_SIZE, OF_TAG, tag);
}

static void drop_page(u64 tag, u64 va)
{
	struct translation *t = look_up(this()->tlb, TLB_SIZE, tag, va & PAGE_MASK);

	if (t && !t->global)
		t->valid = false;
}

static pte_t entry_at(paddr_t table, u64 va, unsigned level)
{
	if (!memory_is_table(table))
		machine_broken("the walk for %lx reads %lx, which is no table", va, table);
	return ((pte_t *)phys_to_virt(table))[table_index(va, level)];
}

/* The table of the last level for va, from the cache or from the root; 0: none. */
static paddr_t table_for(u64 va)
{
	u64 tag = tag_of(this()->cr3), part = ALIGN_DOWN(va, table_span(1));
	struct translation *cached = look_up(this()->tables, TABLES_SIZE, tag, part);
	paddr_t table = pte_paddr(this()->cr3);

	if (cached && random_below(2))
		return cached->to;
	for (unsigned level = 3; level > 0; level--) {
		pte_t entry = entry_at(table, va, level);

		if (!pte_present(entry))
			return 0;
		table = pte_paddr(entry);
	}
	put(this()->tables, TABLES_SIZE, &(struct translation){.valid = true, .tag = tag, .va = part, .to = table});
	return table;
}

static struct translation *walk(u64 va)
{
	paddr_t table = table_for(va);
	pte_t entry = table ? entry_at(table, va, 0) : 0;

	if (!pte_present(entry))
		return NULL;
	return put(this()->tlb, TLB_SIZE, &(struct translation){
		.valid = true, .global = entry & PTE_GLOBAL, .write = pte_writable(entry), .tag = tag_of(this()->cr3),
		.va = va & PAGE_MASK, .to = pte_paddr(entry)});
}

static bool is_right(const struct translation *t, u64 space)
{
	return memory_is_page(t->to, t->va >= USER_MAX ? KERNEL : space, t->va, t->write);
}

bool machine_access(u64 space, u64 va, bool write)
{
	struct translation *t = look_up(this()->tlb, TLB_SIZE, tag_of(this()->cr3), va);

	machine_counts.hits += t != NULL;
	machine_counts.walks += t == NULL;
	if (!t)
		t = walk(va);
	if (!t)
		return false;
	if (write && !t->write) {
		t->valid = false; /* SDM vol. 3, 4.10.4.1: a fault drops it */
		return false;
	}
	if (!is_right(t, space))
		machine_broken("%lx of space %lu is found in frame %lx, as on an earlier day", va, space, t->to >> PAGE_SHIFT);
	return true;
}

/* What stays has to be right, whether or not it will be asked for. */
static void check_kept(u64 tag, u64 root)
{
	u64 space = memory_root_of(root);

	for (unsigned i = 0; i < TLB_SIZE; i++) {
		struct translation *t = &this()->tlb[i];

		if (t->valid && (t->global || t->tag == tag) && !is_right(t, space))
			machine_broken("bit 63 for space %lu keeps %lx in frame %lx", space, t->va, t->to >> PAGE_SHIFT);
	}
}

/* ---- Instructions ---- */

static void set_cr3(u64 value)
{
	bool keep = value & CR3_KEEP;

	value &= ~CR3_KEEP;
	if (!identifiers && (keep || value % PAGE_SIZE & ~PCID_APP))
		machine_broken("CR3 %lx on a CPU without identifiers", value);
	if ((value % PAGE_SIZE & ~PCID_APP) >= PCIDS)
		machine_broken("identifier %lx", value % PAGE_SIZE);
	if (keep)
		check_kept(tag_of(value), pte_paddr(value) & ~(PMAP_ROOT_SIZE - 1));
	else
		drop_tag(tag_of(value));
	this()->cr3 = value;
}

void cr3_write(u64 value)
{
	machine_step();
	if (pte_paddr(value) != pte_paddr(this()->cr3)) {
		machine_counts.loads++;
		machine_counts.kept += value >> 63;
	}
	set_cr3(value);
	machine_step();
}

u64 cr3_read(void)
{
	machine_step();
	return this()->cr3;
}

void invlpg(u64 va)
{
	machine_step();
	drop_page(tag_of(this()->cr3), va);

	struct translation *global = look_up(this()->tlb, TLB_SIZE, ~0ul, va & PAGE_MASK);

	if (global && !identifiers)
		global->valid = false;
	drop(this()->tables, TABLES_SIZE, OF_TAG, tag_of(this()->cr3));
}

void invpcid(enum invpcid type, u64 pcid, u64 va)
{
	machine_step();
	if (!identifiers)
		machine_broken("INVPCID on a CPU without");
	if (pcid >> 12)
		machine_broken("INVPCID for identifier %lx", pcid);
	if (type == INVPCID_ADDRESS) {
		struct translation *t = look_up(this()->tables, TABLES_SIZE, pcid, ALIGN_DOWN(va, table_span(1)));

		drop_page(pcid, va);
		if (t)
			t->valid = false;
	} else if (type == INVPCID_CONTEXT) {
		drop_tag(pcid);
	} else {
		drop(this()->tlb, TLB_SIZE, ALL, 0);
		drop(this()->tables, TABLES_SIZE, ALL, 0);
	}
}

/* As gate_ring3_pti_entry.S has it. */
static void change_root(u64 value)
{
	if (PTI)
		set_cr3(value | (identifiers ? CR3_KEEP : 0));
}

void machine_to_app(void)
{
	this()->in_app = true;
	change_root(this()->cr3 | APP_ROOT);
}

void machine_to_kernel(void)
{
	this()->in_app = false;
	change_root(this()->cr3 & ~(u64)APP_ROOT);
}

/* ---- Interrupts and turns ---- */

u64 irq_save(void)
{
	u64 flags = !this()->irq_off;

	machine_step();
	this()->irq_off = true;
	return flags;
}

void irq_restore(u64 flags)
{
	this()->irq_off = !flags;
	machine_step();
}

bool irq_enabled(void)
{
	return !this()->irq_off;
}

unsigned this_cpu_id(void)
{
	machine_step();
	return machine_cpu;
}

void arch_ipi(unsigned cpu, enum ipi ipi)
{
	cpus[cpu].pending |= BIT(ipi);
	machine_step();
}

static void interrupt(void)
{
	u64 pending = this()->pending;
	bool in_app = this()->in_app;

	if (this()->irq_off || !pending)
		return;
	this()->pending = 0;
	this()->irq_off = true;
	machine_counts.interrupts++;
	if (in_app)
		machine_to_kernel();
	if (pending & BIT(IPI_TLB))
		tlb_interrupt();
	if (pending & BIT(IPI_PMAP))
		pmap_interrupt();
	if (in_app)
		machine_to_app();
	this()->irq_off = false;
}

static void another(void)
{
	struct cpu *self = this();

	if (swapcontext(&self->context, &scheduler))
		machine_broken("swapcontext");
}

void machine_step(void)
{
	if (!running)
		return;
	if (!random_below(4))
		walk(random_below(8) ? 0x400000 + random_below(2) * (1ul << 30) + random_below(6) * PAGE_SIZE : KERNEL_VA(random_below(4)));
	if (!random_below(3))
		another();
	interrupt();
}

void cpu_pause(void)
{
	if (!running)
		machine_broken("waits for CPUs that do not run");
	another();
	interrupt();
}

void machine_sleep(void)
{
	this()->irq_off = false;
	do
		machine_step();
	while (random_below(8));
	this()->irq_off = true;
}

static void run_one(void)
{
	work(machine_cpu);
	this()->done = true;
	for (;;)
		cpu_pause(); /* it is there for others still */
}

static void prepare(struct cpu *cpu, char *stack, size_t size)
{
	cpu->done = false;
	getcontext(&cpu->context);
	cpu->context.uc_stack.ss_sp = stack;
	cpu->context.uc_stack.ss_size = size;
	makecontext(&cpu->context, run_one, 0);
}

void machine_run(void (*fn)(unsigned cpu))
{
	static char stacks[MACHINE_CPUS][256 << 10] __aligned(16);
	unsigned done = 0;

	work = fn;
	for (unsigned cpu = 0; cpu < MACHINE_CPUS; cpu++)
		prepare(&cpus[cpu], stacks[cpu], sizeof(stacks[cpu]));
	running = true;
	while (done != BIT(MACHINE_CPUS) - 1) {
		machine_cpu = (unsigned)random_below(MACHINE_CPUS);
		if (swapcontext(&scheduler, &this()->context))
			machine_broken("swapcontext");
		done |= cpus[machine_cpu].done ? 1u << machine_cpu : 0;
	}
	running = false;
	machine_cpu = 0;
}

/* ---- What the three files ask of the rest of the kernel ---- */

void aspace_cpus(const struct vmspace *vs, u64 set[CPUSET_WORDS])
{
	memcpy(set, vs->pmap->cpus, sizeof(vs->pmap->cpus));
}

void pti_root_init(pte_t *root)
{
	memset(root + PAGE_SIZE / sizeof(pte_t), 0, PAGE_SIZE);
}

static paddr_t fresh_table(void)
{
	return page_paddr(page_alloc(0, ALLOC_ZERO));
}

void machine_init(bool with_identifiers)
{
	memory_init();
	identifiers = with_identifiers;
	kernel_pmap.root = page_paddr(page_alloc(PMAP_ROOT_ORDER, ALLOC_ZERO));
	pmap_table(kernel_pmap.root, KERNEL_VA(0), 0, PTE_PRESENT | PTE_WRITE, fresh_table);
	for (unsigned cpu = 0; cpu < MACHINE_CPUS; cpu++)
		cpus[cpu].cr3 = kernel_pmap.root;
	if (with_identifiers)
		pcid_start();
}
