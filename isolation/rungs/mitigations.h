/* SPDX-License-Identifier: BSD-2-Clause */
/* What is known of the CPU, and what follows: between rungs.c, mitigations.c and its test. */
#ifndef ISOLATION_RUNGS_MITIGATIONS_H
#define ISOLATION_RUNGS_MITIGATIONS_H

#include <lib/types.h>

enum cpu_maker { MAKER_INTEL, MAKER_AMD, MAKER_ZHAOXIN, MAKER_OTHER }; /* AMD: Hygon too; Zhaoxin: Centaur too */

struct cpu_facts {
	enum cpu_maker maker;
	bool ibrs;       /* CPUID 7 EDX 26: there is IA32_SPEC_CTRL */
	bool auto_ibrs;  /* CPUID 80000021H EAX 8: EFER has a bit for it */
	bool smap;       /* and on */
	u64 caps;        /* IA32_ARCH_CAPABILITIES, 0 where there is none */
};

struct mitigations {
	bool meltdown, swapgs, spectre_v2; /* affected by it */
	bool fence;      /* LFENCE behind SWAPGS */
	bool ibrs;       /* once for all, in IA32_SPEC_CTRL or in EFER */
	bool retpoline;
};

void mitigations_choose(const struct cpu_facts *cpu, struct mitigations *m);

/* Of this CPU: reads it, patches the fences, says what was chosen. On the boot CPU. */
void mitigations_init(bool smap);
void mitigations_init_cpu(void);

#endif
