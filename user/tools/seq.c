/* SPDX-License-Identifier: BSD-2-Clause */
/* seq [FIRST] LAST: prints the whole numbers from FIRST (1) to LAST, one a line. */
#include <err.h>
#include <stdio.h>
#include <stdlib.h>

static long number(const char *text)
{
	char *end;
	long value = strtol(text, &end, 10);

	if (end == text || *end)
		errx(2, "%s: not a number", text);
	return value;
}

int main(int argc, char **argv)
{
	if (argc != 2 && argc != 3)
		errx(2, "usage: seq [FIRST] LAST");

	long first = argc == 3 ? number(argv[1]) : 1;
	long last = number(argv[argc - 1]);

	for (long i = first; i <= last; i++)
		if (printf("%ld\n", i) < 0)
			err(1, "write");
	if (fflush(stdout))
		err(1, "write");
	return 0;
}
