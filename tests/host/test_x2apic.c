/* SPDX-License-Identifier: BSD-2-Clause */
/* test_x2apic.c - MSRs and commands as the manual's tables have them: no emulator here has the mode. */
#include "test.h"

#include "../../arch/x86_64/cpu/x2apic_encode.h"

/* SDM vol. 3, table 11-6. */
static void test_msr(void **state __maybe_unused)
{
	assert_int_equal(x2apic_msr(0x080), 0x808); /* TPR */
	assert_int_equal(x2apic_msr(0x0b0), 0x80b); /* EOI */
	assert_int_equal(x2apic_msr(0x0f0), 0x80f); /* spurious vector */
	assert_int_equal(x2apic_msr(0x280), 0x828); /* ESR */
	assert_int_equal(x2apic_msr(0x300), 0x830); /* ICR */
	assert_int_equal(x2apic_msr(0x320), 0x832); /* timer */
	assert_int_equal(x2apic_msr(0x370), 0x837); /* error */
	assert_int_equal(x2apic_msr(0x380), 0x838); /* initial count */
	assert_int_equal(x2apic_msr(0x390), 0x839); /* current count */
	assert_int_equal(x2apic_msr(0x3e0), 0x83e); /* divide */
}

/* SDM vol. 3, figure 11-28: destination in bits 63-32, all else where xAPIC's low half has it. */
static void test_command(void **state __maybe_unused)
{
	assert_true(x2apic_command(0, 0x40f0) == 0x40f0);
	assert_true(x2apic_command(5, 0x4500) == 0x0000000500004500);
	assert_true(x2apic_command(0x12345678, 0xc40f1) == 0x12345678000c40f1);
	assert_true(x2apic_command(0xffffffff, 0x4608) == 0xffffffff00004608);
}

static void test_identifiers(void **state __maybe_unused)
{
	assert_true(apic_id_fits(254, false));
	assert_false(apic_id_fits(255, false));
	assert_false(apic_id_fits(256, false));
	assert_true(apic_id_fits(255, true));
	assert_true(apic_id_fits(0xfffffffe, true));
	assert_false(apic_id_fits(0xffffffff, true));
}

TEST_MAIN("x2apic", TEST(test_msr), TEST(test_command), TEST(test_identifiers))
