/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * crash: loads an empty interrupt table and traps. In ring 3 the first is not allowed: SIGSEGV ends
 * this program. In ring 0 nothing stops it, and the machine ends: what a host must report as a
 * panic.
 */
#include <stdint.h>

int main(void)
{
	struct {
		uint16_t limit;
		uint64_t base;
	} __attribute__((packed)) empty = {0, 0};

	asm volatile("lidt %0\n ud2" : : "m"(empty));
	return 0;
}
