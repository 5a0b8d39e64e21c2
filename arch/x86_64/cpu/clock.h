/* SPDX-License-Identifier: BSD-2-Clause */
/* Short busy waits for start-up code of this folder; after arch_clock_init(). */
#ifndef CPU_CLOCK_H
#define CPU_CLOCK_H

#include <lib/types.h>

void clock_delay_us(u64 us);

/* How far this CPU's APIC timer has come since arch_clock_init() started it; wraps. */
u32 clock_timer_elapsed(void);

/* What one CPU measures its clocks against: a counter of known, constant rate. */
struct clock_reference {
	const char *name;
	bool (*start)(void);     /* false: not there */
	u32 (*read)(void);       /* counts up */
	u32 mask;                /* its width */
	u64 window_ns;           /* how long to measure for 100 ppm or better */
	u64 fs_per_tick;         /* 1e-15 s */
};

/* Best first; a NULL start ends the list. */
extern struct clock_reference clock_references[];

#endif
