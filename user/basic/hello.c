/* SPDX-License-Identifier: BSD-2-Clause */
/* The smallest program with a libc: says who greets, on stdout. Boot tests look for this line. */
#include <stdio.h>

int main(void)
{
	puts("hello, orchard");
	return 0;
}
