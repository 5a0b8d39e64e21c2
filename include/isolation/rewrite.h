/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The rewritten gate (docs/rewritten-gate.md): in ring 0 a program's `syscall` becomes `call *%rax`, and page zero leads the call
 * into the kernel. Here is what entry code, memory and scheduler know of it; all of it vanishes without CONFIG_REWRITE.
 */
#ifndef ISOLATION_REWRITE_H
#define ISOLATION_REWRITE_H

#include <arch/offsets.h>
#include <arch/pmap.h>
#include <arch/trapframe.h>
#include <core/percpu.h>
#include <isolation/rungs.h>
#include <lib/sled.h>

/* The first pages of a shared space hold page zero's tables: they are nobody's slot's. */
#define REWRITE_LOW (RUNG_REWRITE ? 2ul << 20 : 0ul)

#define REWRITE_CACHE 256 /* entries; gate_rewritten takes one by bits 3 to 10 of an address */

/*
 * A vmspace's rewritten instructions. A call from anywhere else is the application's null call. The entry code looks an
 * address up in the cache only; what it does not find there is searched for, and put there. An empty entry holds what never
 * belongs in it.
 */
struct rewrite_sites {
	u32 refs;                   /* a */
	u32 count;                  /* I, as all below */
	u64 cache[REWRITE_CACHE];   /* a: one word each, read by the entry code */
	uaddr_t after[];            /* where each call returns to, ascending */
};

DECLARE_PERCPU(u64 *, gate_sites); /* the cache of the space that is loaded */
extern u64 rewrite_none[REWRITE_CACHE];

/* This CPU runs a thread of a space with these sites; NULL: with none. */
static inline void rewrite_activate(struct rewrite_sites *sites)
{
	this_cpu(gate_sites) = sites ? sites->cache : rewrite_none;
}

void rewrite_cache_clear(u64 cache[REWRITE_CACHE]);
/* May page zero be made execute-only? If not: gives up, unless the command line says unsafe_null=1. Once, at boot. */
void rewrite_check(void);
/* This CPU's protection key registers. */
void rewrite_init_cpu(void);
/* Builds page zero; after the page allocator. Gives up without memory. */
void rewrite_init(void);
/* Maps page zero into a fresh root. -ENOMEM. */
int rewrite_map(struct pmap *pmap);
/* Is page zero closed to loads? */
bool rewrite_is_closed(void);

/* isolation/gate_ring0_entry.S */
void gate_rewritten(void);
void rewrite_traced(void);

/*
 * A #DB at the kernel's first instruction: the application single-steps, and a call, unlike SYSCALL, clears no flag. The frame
 * goes on at the long way in, which gives the flag back at the end.
 */
static inline bool rewrite_single_step(struct trapframe *tf)
{
	if (tf->vector != 1 || tf->rip != (u64)gate_rewritten)
		return false;
	tf->rip = (u64)rewrite_traced;
	tf->rflags &= ~(u64)0x100;
	return true;
}

/* By number: how page zero's exit goes on, without spending a register but RAX. Filled by abi/linux/rewrite.c. */
typedef long __attribute__((no_caller_saved_registers)) rewrite_call(void);
extern rewrite_call *rewrite_calls[SLED_NUMBERS];
/* The common way: lays a frame, and goes on as the ring-0 gate's. */
extern rewrite_call rewrite_full;

/* Upcalls, implemented by abi/linux/rewrite.c: */
/* The entry code did not find the return address in the cache. True: a system call to be made; false: it became a signal. */
bool rewrite_enter(struct trapframe *tf);
/* The application, or a call of it, trapped where no code is. True: a rewritten call with a strange number, which is answered. */
bool rewrite_stray(struct trapframe *tf);

#endif
