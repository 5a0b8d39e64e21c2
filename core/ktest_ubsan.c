/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ktest_ubsan.c - undefined behaviour that is planted, each to be reported once, and not where it is defined. Only in kernels
 * with CONFIG_UBSAN. What it is done to is hidden from the compiler, which would otherwise see it.
 */
#include <core/ktest.h>
#include <core/sanitizer.h>

#define hide(x) asm volatile("" : "+r"(x))

static volatile u64 sink;

static void expect(const char *text)
{
	sanitizer_expect(text);
}

/* Once so far. */
static void seen(void)
{
	KT_EQ(sanitizer_expect(NULL), 1);
}

KTEST(ubsan_shift)
{
	int bits = 31, one = 1;
	u64 wide = 1;

	hide(bits);
	hide(one);
	sink = (u64)(1u << bits);
	sink = wide << (bits + 32);
	expect("ubsan: shift of 1, which is 'int', by 32 bits, at core/ktest_ubsan.c:");
	sink = (u64)(one << (bits + 1));
	seen();
	expect("ubsan: shift of 1, which is ");
	sink = wide << (bits - 32);
	seen();
}

KTEST(ubsan_signed_overflow)
{
	int most = 0x7fffffff, least = -0x7fffffff - 1;
	unsigned wraps = 0xffffffff;

	hide(most);
	hide(least);
	hide(wraps);
	sink = wraps + 1;
	expect("ubsan: 2147483647 + 1 does not fit into 'int'");
	sink = (u64)(most + 1);
	seen();
	expect("ubsan: -2147483648 - 1 does not fit into 'int'");
	sink = (u64)(least - 1);
	seen();
	expect("ubsan: 2147483647 * 2 does not fit into 'int'");
	sink = (u64)(most * 2);
	seen();
	expect("ubsan: -(-2147483648) does not fit into 'int'");
	sink = (u64)-least;
	seen();
}

struct sizes {
	u8 byte;
	u64 word;
};

/* Nothing is read: where a member would be is undefined already. */
KTEST(ubsan_null)
{
	struct sizes *none = NULL;

	hide(none);
	expect("ubsan: access to a member of 'struct sizes' by a null pointer");
	sink = (u64)&none->word;
	seen();
}

KTEST(ubsan_alignment)
{
	static u64 words[2];
	u64 *inside = (u64 *)((u64)words + 1);

	hide(inside);
	expect("ubsan: read of");
	sink = *inside;
	seen();
	expect("which is not aligned to 8");
	*inside = 1;
	seen();
}

static struct {
	u32 few[4];
	u32 behind[4]; /* so that no other check minds */
} arrays;

KTEST(ubsan_bounds)
{
	unsigned index = 3;

	hide(index);
	sink = arrays.few[index];
	expect("ubsan: index 4 is outside of ");
	sink = arrays.few[index + 1];
	seen();
}

KTEST(ubsan_pointer)
{
	char *start = (char *)&arrays;
	u64 far = ~0ul - 8;

	hide(start);
	hide(far);
	expect("ubsan: pointer ");
	sink = (u64)(start + far / 2 + 1);
	seen();
}

KTEST(ubsan_bool)
{
	static u8 byte = 2;
	bool *flag = (bool *)&byte;

	hide(flag);
	expect("ubsan: 2 was read, which is no value of ");
	sink = *flag;
	seen();
}
