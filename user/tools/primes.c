/* SPDX-License-Identifier: BSD-2-Clause */
/* primes N: prints how many primes are below N, by trial division: work for a CPU, no memory. */
#include <err.h>
#include <stdio.h>
#include <stdlib.h>

static int is_prime(long n)
{
	for (long d = 2; d * d <= n; d++)
		if (n % d == 0)
			return 0;
	return n > 1;
}

int main(int argc, char **argv)
{
	char *end;
	long limit, count = 0;

	if (argc != 2)
		errx(2, "usage: primes N");
	limit = strtol(argv[1], &end, 10);
	if (end == argv[1] || *end || limit < 0)
		errx(2, "%s: not a number", argv[1]);
	for (long n = 2; n < limit; n++)
		count += is_prime(n);
	printf("%ld\n", count);
	return 0;
}
