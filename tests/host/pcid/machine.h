/* SPDX-License-Identifier: BSD-2-Clause */
/* Four processors with TLBs of software, below the kernel's own pmap.c, pcid.c and mm/tlb.c; and what they are expected to find. */
#ifndef MACHINE_H
#define MACHINE_H

#include <arch/pmap.h>
#include <core/percpu.h>
#include <lib/types.h>

#define KERNEL (~0ul)  /* in the stead of a space's id */
#define KERNEL_PAGES 4
#define KERNEL_VA(i) (0xffffc00000000000 + (i) * PAGE_SIZE)

/* What was seen. */
extern struct machine_counts {
	u64 loads, kept;    /* CR3 writes with another root: how many, and with how many of them the TLB stayed */
	u64 hits, walks;    /* of accesses */
	u64 interrupts;
} machine_counts;

/* With identifiers, or as a processor without. Once. */
void machine_init(bool identifiers);

/* Any of the processors goes on here, at random; interrupts come; and the TLB is filled with what nobody asked for. */
void machine_step(void);
/* Runs work(cpu) on each processor, by turns, until all have returned. */
void machine_run(void (*work)(unsigned cpu));

/* From the gate's point of view: until the next call of the kernel the application runs. */
void machine_to_app(void);
void machine_to_kernel(void);
/* HLT with interrupts on: until one comes, or for some other reason. */
void machine_sleep(void);

/* The root belongs to the space with this id. */
void machine_root(paddr_t root, u64 space);
/* A frame for the page at va of the space, or of KERNEL. Until machine_release() it may be found there, and written if `write`. */
paddr_t machine_frame(u64 space, u64 va, bool write);
void machine_write_protect(paddr_t frame);
void machine_release(paddr_t frame);
/* Loads or stores at va in the space that the kernel means to have loaded. A wrong translation ends the test. False: a fault. */
bool machine_access(u64 space, u64 va, bool write);

/* memory.c, for machine.c: is a table there, or this page with this right? Whose root is it? */
void memory_init(void);
bool memory_is_table(paddr_t table);
bool memory_is_page(paddr_t frame, u64 space, u64 va, bool write);
u64 memory_root_of(paddr_t root);

void machine_broken(const char *format, ...) __printf(1, 2) __noreturn;

#endif
