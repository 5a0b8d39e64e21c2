/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Protection keys of the application's pages (PKU): bits 62:59 of a page's entry name one of 16 keys, and PKRU says of each key
 * whether data may be read and written by it. The application writes PKRU itself. It holds for the kernel's accesses to pages
 * of ring 3 as well, so the register is the running application's all the time, and a copy that its keys forbid is EFAULT. Kept
 * apart from the vector state, which may be another thread's while the kernel runs. Without CONFIG_PKU all of this is nothing.
 * Source: SDM vol. 3, 4.6.2; vol. 1, 13.5.7; pkeys(7).
 */
#ifndef ARCH_PKRU_H
#define ARCH_PKRU_H

#include <arch/pkey.h>
#include <arch/pmap.h>
#include <arch/thread.h>

#define XFEATURE_PKRU BIT(9)   /* in XCR0 and in the header of an XSAVE image */

/* The following exist with PKU only. */
extern u32 pkru_offset;     /* I: of PKRU in a signal frame's XSAVE image; 0: this CPU has no keys */
extern u32 pkru_frame_size; /* I: of that image, a multiple of 64; what is kept of a thread ends before PKRU (fpu_size) */

/* This CPU's XCR0, once the rest of it is set. */
void pkru_init_cpu(void);

static inline bool pkru_works(void)
{
	return PKU && pkru_offset;
}

/* Bytes of the image in a signal frame. */
static inline u32 fpu_frame_size(void)
{
	return pkru_works() ? pkru_frame_size : fpu_size;
}

/* Of the current thread. Both are invalid opcodes where the CPU has no keys. */
static inline u32 pkru_read(void)
{
	u32 pkru, zero;

	asm volatile("rdpkru" : "=a"(pkru), "=d"(zero) : "c"(0));
	return pkru;
}

static inline void pkru_write(u32 pkru)
{
	asm volatile("wrpkru" : : "a"(pkru), "c"(0), "d"(0) : "memory");
}

/* The same, where there are any. */
static inline void pkru_set(u32 pkru)
{
	if (pkru_works())
		pkru_write(pkru);
}

/* Of the current thread: does the register forbid this access, one PROT_* bit, to what carries the key? Not to execute it. */
static inline bool pkru_forbids(unsigned key, unsigned access)
{
	u32 bits = pkru_read() >> (2 * key);

	return !(access & PROT_EXEC) && (bits & (access & PROT_WRITE ? 3 : 1));
}

/* From one thread to the next; kernel threads leave it as it is. Interrupts off. A write costs QEMU its TLB: only if it must. */
static inline void pkru_switch(struct arch_thread *prev, const struct arch_thread *next)
{
	if (!pkru_works())
		return;

	u32 now = pkru_read();

	if (prev->fpu)
		prev->pkru = now;
	if (next->fpu && next->pkru != now)
		pkru_write(next->pkru);
}

#endif
