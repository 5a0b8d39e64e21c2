/* SPDX-License-Identifier: BSD-2-Clause */
/* What is chosen on which CPU, by the table that Linux follows; and the fences of this one are there, or are not. */
#include <core/ktest.h>

#include <isolation/rungs.h>
#include <lib/string.h>

#include "mitigations.h"
#include "patch.h"

#define RDCL_NO 1
#define IBRS_ALL 2

/* meltdown, swapgs, spectre_v2; fence, ibrs, retpoline */
static const struct {
	const char *name;
	struct cpu_facts cpu;
	struct mitigations want;
} cases[] = {
	{"Skylake", {MAKER_INTEL, true, false, false, 0}, {1, 1, 1, 1, 0, 1}},
	{"Skylake with SMAP, which Meltdown ignores", {MAKER_INTEL, true, false, true, 0}, {1, 1, 1, 1, 0, 1}},
	{"Ice Lake", {MAKER_INTEL, true, false, false, RDCL_NO | IBRS_ALL}, {0, 1, 1, 1, 1, 0}},
	{"Ice Lake with SMAP", {MAKER_INTEL, true, false, true, RDCL_NO | IBRS_ALL}, {0, 1, 1, 0, 1, 0}},
	{"Zen 2", {MAKER_AMD, true, false, true, 0}, {0, 0, 1, 0, 0, 1}},
	{"Zen 4", {MAKER_AMD, true, true, true, 0}, {0, 0, 1, 0, 1, 0}},
	{"Zhaoxin", {MAKER_ZHAOXIN, false, false, false, 0}, {0, 0, 0, 0, 0, 0}},
	{"one that nobody knows", {MAKER_OTHER, false, false, false, 0}, {1, 1, 1, 1, 0, 1}},
};

KTEST(mitigations_are_chosen_as_linux_does)
{
	for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
		struct mitigations got;

		mitigations_choose(&cases[i].cpu, &got);
		ktest_check(!memcmp(&got, &cases[i].want, sizeof(got)), cases[i].name, __FILE__, __LINE__);
	}
}

KTEST(mitigations_fences_are_all_or_none)
{
	char text[160];

	mitigations_describe(text, sizeof(text));

	bool fence = !strstr(text, "no fence");

	KT_OK(patch_count(PATCH_LFENCE, fence) > 0);
	KT_EQ(patch_count(PATCH_LFENCE, !fence), 0);
}
