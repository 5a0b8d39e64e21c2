/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Against speculation past the kernel's entry: what Linux 6.1 would choose on this CPU by vendor, CPUID and
 * IA32_ARCH_CAPABILITIES, of the mechanisms that are built. Source: Linux Documentation/admin-guide/hw-vuln/spectre.rst; Intel,
 * "CPUID Enumeration and Architectural MSRs"; AMD, "Software Techniques for Managing Speculation" (2023).
 */
#include "mitigations.h"

#include <arch/cpu.h>
#include <core/printk.h>
#include <isolation/rungs.h>
#include <lib/format.h>
#include <lib/string.h>

#include "patch.h"

#define MSR_SPEC_CTRL 0x48
#define MSR_ARCH_CAPABILITIES 0x10a
#define MSR_EFER 0xc0000080

#define SPEC_CTRL_IBRS BIT(0)
#define CAPS_RDCL_NO BIT(0)  /* Meltdown is not this CPU's */
#define CAPS_IBRS_ALL BIT(1) /* IBRS may stay on, and costs little */
#define EFER_AUTO_IBRS BIT(21)

static struct cpu_facts facts;        /* I after mitigations_init(), both */
static struct mitigations chosen;

void mitigations_choose(const struct cpu_facts *cpu, struct mitigations *m)
{
	bool careful = cpu->maker == MAKER_AMD || cpu->maker == MAKER_ZHAOXIN; /* neither reads past a fault nor guesses GS */

	*m = (struct mitigations){
		.meltdown = !careful && !(cpu->caps & CAPS_RDCL_NO),
		.swapgs = !careful,
		.spectre_v2 = cpu->maker != MAKER_ZHAOXIN,
	};
	/* A kernel that guessed wrongly reads through the application's GS: SMAP stops that, but where Meltdown ignores it. */
	m->fence = m->swapgs && !(cpu->smap && !m->meltdown);
	m->ibrs = m->spectre_v2 && (cpu->auto_ibrs || (cpu->ibrs && (cpu->caps & CAPS_IBRS_ALL)));
	m->retpoline = m->spectre_v2 && !m->ibrs;
}

static enum cpu_maker maker(const char *vendor)
{
	static const struct {
		char name[13];
		u8 maker;
	} known[] = {
		{"GenuineIntel", MAKER_INTEL},  {"AuthenticAMD", MAKER_AMD},    {"HygonGenuine", MAKER_AMD},
		{"CentaurHauls", MAKER_ZHAOXIN}, {"  Shanghai  ", MAKER_ZHAOXIN},
	};

	for (unsigned i = 0; i < ARRAY_SIZE(known); i++)
		if (!memcmp(known[i].name, vendor, 12))
			return known[i].maker;
	return MAKER_OTHER;
}

static void look(bool smap)
{
	u32 a, b, c, d, max, vendor[3];

	cpuid(0, 0, &max, &vendor[0], &vendor[2], &vendor[1]);
	facts = (struct cpu_facts){.maker = maker((const char *)vendor), .smap = smap};
	if (max >= 7) {
		cpuid(7, 0, &a, &b, &c, &d);
		facts.ibrs = d & BIT(26);
		if (d & BIT(29))
			facts.caps = msr_read(MSR_ARCH_CAPABILITIES);
	}
	cpuid(0x80000000, 0, &max, &b, &c, &d);
	if (max >= 0x80000021) {
		cpuid(0x80000021, 0, &a, &b, &c, &d);
		facts.auto_ibrs = a & BIT(8);
	}
}

static const char *affected(bool is)
{
	return is ? "affected" : "not affected";
}

void mitigations_describe(char *text, size_t size)
{
	snprintf(text, size, "swapgs %s, %s; spectre_v2 %s, %s; meltdown %s%s", affected(chosen.swapgs),
		 chosen.fence ? "lfence" : "no fence", affected(chosen.spectre_v2),
		 chosen.ibrs	    ? "IBRS"
		 : !chosen.retpoline ? "nothing"
		 : RUNG_RETPOLINE    ? "retpolines"
				     : "retpolines are not built in",
		 affected(chosen.meltdown), !chosen.meltdown ? "" : RUNG_PTI ? ", page tables isolated" : ", PTI is not built in");
}

void mitigations_init(bool smap)
{
	char text[160];

	look(smap);
	mitigations_choose(&facts, &chosen);
	if (chosen.fence)
		patch_apply(PATCH_LFENCE);
	mitigations_describe(text, sizeof(text));
	printk(LOG_NOTICE, "mitigations: %s", text);
}

void mitigations_init_cpu(void)
{
	if (chosen.ibrs && facts.auto_ibrs)
		msr_write(MSR_EFER, msr_read(MSR_EFER) | EFER_AUTO_IBRS);
	else if (chosen.ibrs)
		msr_write(MSR_SPEC_CTRL, SPEC_CTRL_IBRS);
}
