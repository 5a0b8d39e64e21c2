/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which identifier an address space has on which CPU, and whether what the TLB holds under it may still be used. Each CPU has a
 * record for each identifier: whose it is, and the number of the last flush up to which it holds nothing that was taken away.
 * A CPU that has the space loaded is interrupted for a flush, and its record goes along; one that has not is left alone, and
 * finds the numbers apart when it loads the space again. An id is never used twice, so of a space that is gone nothing is found.
 *
 * The scheme is that of Linux's arch/x86/mm/tlb.c since 4.14 (Lutomirski, 2017). tests/host/pcid runs this file, pmap.c and
 * mm/tlb.c on TLBs of software: QEMU's TCG has no identifiers.
 */
#include <arch/pcid.h>

#include <arch/cpu.h>
#include <arch/pmap.h>
#include <arch/pti.h>
#include <core/percpu.h>

struct pcid_record {
	u64 space;    /* its id; 0: nobody's yet */
	u64 flushes;  /* what the TLB holds was there after the flush of this number, or was not taken away by it */
};

struct pcid_cpu {
	const struct pcid_space *space; /* the one that is loaded; NULL: kernel_pmap, since boot */
	unsigned pcid;                  /* and its identifier */
	unsigned victim;                /* the identifier that was given away last */
	struct pcid_record record[PCIDS];
};

static DEFINE_PERCPU(struct pcid_cpu, pcid_cpu);

static bool on;     /* I after pcid_start() */
static u64 last_id; /* a */

void pcid_start(void)
{
	on = true;
}

bool pcid_is_on(void)
{
	return on;
}

void pcid_space_init(struct pcid_space *space)
{
	space->id = __atomic_add_fetch(&last_id, 1, __ATOMIC_RELAXED);
}

/* The identifier of the space with this id, or one that it takes from another, in turns. */
static unsigned find(struct pcid_cpu *cpu, u64 id)
{
	for (unsigned pcid = 1; pcid < PCIDS; pcid++)
		if (cpu->record[pcid].space == id)
			return pcid;
	cpu->victim = cpu->victim % (PCIDS - 1) + 1;
	return cpu->victim;
}

/* kernel_pmap has nothing below the kernel's half that would be worth keeping: it is loaded when a space dies, and dropped. */
u64 pcid_load(const struct pcid_space *space, paddr_t root)
{
	struct pcid_cpu *cpu = this_cpu_ptr(pcid_cpu);
	u64 flushes = __atomic_load_n(&space->flushes, __ATOMIC_SEQ_CST);

	if (!on)
		return root;
	cpu->space = space;
	cpu->pcid = space->id ? find(cpu, space->id) : 0;

	struct pcid_record *r = &cpu->record[cpu->pcid];
	bool keep = space->id && r->space == space->id && r->flushes == flushes;

	r->space = space->id;
	r->flushes = flushes;
	if (PTI && !keep)
		invpcid(INVPCID_CONTEXT, cpu->pcid | PCID_APP, 0);
	return root | cpu->pcid | (keep ? CR3_KEEP : 0);
}

struct pcid_flush pcid_flush_begin(struct pcid_space *space)
{
	return (struct pcid_flush){space->id, __atomic_add_fetch(&space->flushes, 1, __ATOMIC_SEQ_CST)};
}

/*
 * Only the flush that follows the last one counts: after an earlier one that is still to come, the record would claim that too.
 * Then it stays behind, and the space is flushed as a whole when it is loaded again.
 */
void pcid_flush_end(const struct pcid_flush *flush)
{
	u64 flags = irq_save();
	struct pcid_cpu *cpu = this_cpu_ptr(pcid_cpu);
	struct pcid_record *r = &cpu->record[cpu->pcid];

	if (r->space == flush->space && r->flushes + 1 == flush->number)
		r->flushes = flush->number;
	irq_restore(flags);
}

/*
 * Of the kernel's half each identifier has its own translations where they are not global (page-table isolation), and where they
 * are, INVLPG leaves them on some CPUs while identifiers are on (Intel's Alder Lake; Linux has none there). It is rare: a kernel
 * stack is given back. All is dropped.
 */
void pcid_flush_page(u64 va)
{
	if (on && va >= USER_MAX) {
		invpcid(INVPCID_EVERYTHING, 0, 0);
		return;
	}
	invlpg(va);
	if (PTI && on)
		invpcid(INVPCID_ADDRESS, this_cpu_ptr(pcid_cpu)->pcid | PCID_APP, va);
}

/* The number is read before: what was taken away up to it is gone after. */
void pcid_flush_all(void)
{
	u64 flags = irq_save();
	struct pcid_cpu *cpu = this_cpu_ptr(pcid_cpu);

	if (on && cpu->space)
		cpu->record[cpu->pcid].flushes = __atomic_load_n(&cpu->space->flushes, __ATOMIC_SEQ_CST);
	cr3_write(cr3_read());
	if (PTI && on)
		invpcid(INVPCID_CONTEXT, cpu->pcid | PCID_APP, 0);
	irq_restore(flags);
}
