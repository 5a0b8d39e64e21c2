/* SPDX-License-Identifier: BSD-2-Clause */
/* The CPU in words, for /proc/cpuinfo: CPUID strings, and flags by the names that Linux gives them. SDM vol. 2, CPUID. */
#include <arch/cpu.h>
#include <arch/machine.h>
#include <lib/string.h>

enum cpuid_word { L1_EDX, L1_ECX, L7_EBX, L7_ECX, LX_EDX, LX_ECX, LD1_EAX, WORDS };

static const struct {
	u8 word, bit;
	const char *name;
} known_flags[] = {
	{ L1_EDX, 0, "fpu" },      { L1_EDX, 1, "vme" },       { L1_EDX, 2, "de" },
	{ L1_EDX, 3, "pse" },      { L1_EDX, 4, "tsc" },       { L1_EDX, 5, "msr" },
	{ L1_EDX, 6, "pae" },      { L1_EDX, 7, "mce" },       { L1_EDX, 8, "cx8" },
	{ L1_EDX, 9, "apic" },     { L1_EDX, 11, "sep" },      { L1_EDX, 12, "mtrr" },
	{ L1_EDX, 13, "pge" },     { L1_EDX, 14, "mca" },      { L1_EDX, 15, "cmov" },
	{ L1_EDX, 16, "pat" },     { L1_EDX, 17, "pse36" },    { L1_EDX, 19, "clflush" },
	{ L1_EDX, 23, "mmx" },     { L1_EDX, 24, "fxsr" },     { L1_EDX, 25, "sse" },
	{ L1_EDX, 26, "sse2" },    { L1_EDX, 28, "ht" },       { LX_EDX, 11, "syscall" },
	{ LX_EDX, 20, "nx" },      { LX_EDX, 26, "pdpe1gb" },  { LX_EDX, 27, "rdtscp" },
	{ LX_EDX, 29, "lm" },      { L1_ECX, 0, "pni" },       { L1_ECX, 1, "pclmulqdq" },
	{ L1_ECX, 3, "monitor" },  { L1_ECX, 9, "ssse3" },     { L1_ECX, 12, "fma" },
	{ L1_ECX, 13, "cx16" },    { L1_ECX, 17, "pcid" },     { L1_ECX, 19, "sse4_1" },
	{ L1_ECX, 20, "sse4_2" },  { L1_ECX, 21, "x2apic" },   { L1_ECX, 22, "movbe" },
	{ L1_ECX, 23, "popcnt" },  { L1_ECX, 24, "tsc_deadline_timer" }, { L1_ECX, 25, "aes" },
	{ L1_ECX, 26, "xsave" },   { L1_ECX, 28, "avx" },      { L1_ECX, 29, "f16c" },
	{ L1_ECX, 30, "rdrand" },  { L1_ECX, 31, "hypervisor" }, { LX_ECX, 0, "lahf_lm" },
	{ LX_ECX, 2, "svm" },      { LX_ECX, 5, "abm" },       { LX_ECX, 6, "sse4a" },
	{ LD1_EAX, 0, "xsaveopt" }, { LD1_EAX, 1, "xsavec" },  { LD1_EAX, 3, "xsaves" },
	{ L7_EBX, 0, "fsgsbase" }, { L7_EBX, 3, "bmi1" },      { L7_EBX, 5, "avx2" },
	{ L7_EBX, 7, "smep" },     { L7_EBX, 8, "bmi2" },      { L7_EBX, 9, "erms" },
	{ L7_EBX, 10, "invpcid" }, { L7_EBX, 16, "avx512f" },  { L7_EBX, 18, "rdseed" },
	{ L7_EBX, 19, "adx" },     { L7_EBX, 20, "smap" },     { L7_EBX, 23, "clflushopt" },
	{ L7_EBX, 24, "clwb" },    { L7_EBX, 29, "sha_ni" },   { L7_ECX, 2, "umip" },
	{ L7_ECX, 3, "pku" },      { L7_ECX, 9, "vaes" },      { L7_ECX, 16, "la57" },
	{ L7_ECX, 22, "rdpid" },
};

static void words_read(u32 word[WORDS])
{
	u32 a, b, c, d, max, max_extended;

	memset(word, 0, WORDS * sizeof(*word));
	cpuid(0, 0, &max, &b, &c, &d);
	cpuid(0x80000000, 0, &max_extended, &b, &c, &d);
	cpuid(1, 0, &a, &b, &word[L1_ECX], &word[L1_EDX]);
	if (max >= 7)
		cpuid(7, 0, &a, &word[L7_EBX], &word[L7_ECX], &d);
	if (max >= 0xd)
		cpuid(0xd, 1, &word[LD1_EAX], &b, &c, &d);
	if (max_extended >= 0x80000001)
		cpuid(0x80000001, 0, &a, &b, &word[LX_ECX], &word[LX_EDX]);
}

static void describe_flags(char *flags, size_t size)
{
	u32 word[WORDS];
	size_t used = 0;

	words_read(word);
	if (size)
		flags[0] = 0;
	for (unsigned i = 0; i < ARRAY_SIZE(known_flags); i++) {
		size_t length = strlen(known_flags[i].name);

		if (!(word[known_flags[i].word] & BIT(known_flags[i].bit)))
			continue;
		if (used + length + 2 > size)
			return;
		if (used)
			flags[used++] = ' ';
		strlcpy(flags + used, known_flags[i].name, size - used);
		used += length;
	}
}

static void describe_brand(char *brand, size_t size)
{
	u32 text[13] = { 0 };
	const char *start = (const char *)text;
	u32 b, c, d;

	cpuid(0x80000000, 0, &text[0], &b, &c, &d);
	if (text[0] < 0x80000004) {
		strlcpy(brand, "unknown", size);
		return;
	}
	for (u32 i = 0; i < 3; i++)
		cpuid(0x80000002 + i, 0, &text[4 * i], &text[4 * i + 1], &text[4 * i + 2], &text[4 * i + 3]);
	while (*start == ' ')
		start++;
	strlcpy(brand, start, size);
}

void arch_cpu_describe(char *vendor, size_t vsize, char *brand, size_t bsize, char *flags, size_t fsize)
{
	u32 text[4] = { 0 }, max;

	cpuid(0, 0, &max, &text[0], &text[2], &text[1]);
	strlcpy(vendor, (const char *)text, vsize);
	describe_brand(brand, bsize);
	describe_flags(flags, fsize);
}
