/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How far the TSC goes while a known number of instructions runs, on standard output: with --icount as far as there are
 * instructions (tests/user/bench.t).
 */
#include <stdio.h>

#define ROUNDS 1000000u /* of two instructions */

static unsigned long tsc(void)
{
	unsigned low, high;

	asm volatile("rdtsc" : "=a"(low), "=d"(high));
	return (unsigned long)high << 32 | low;
}

int main(void)
{
	unsigned left = ROUNDS;
	unsigned long start = tsc();

	asm volatile("1: decl %0; jnz 1b" : "+r"(left));
	printf("%u %lu\n", 2 * ROUNDS, tsc() - start);
	return 0;
}
