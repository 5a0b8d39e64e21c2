/* SPDX-License-Identifier: BSD-2-Clause */
/* sleep SECONDS: waits that long; fractions are allowed. */
#include <err.h>
#include <stdlib.h>
#include <time.h>

int main(int argc, char **argv)
{
	char *end;
	double seconds;

	if (argc != 2)
		errx(2, "usage: sleep SECONDS");
	seconds = strtod(argv[1], &end);
	if (end == argv[1] || *end || !(seconds >= 0 && seconds < 1e9))
		errx(2, "%s: not a number of seconds", argv[1]);

	struct timespec left = {.tv_sec = seconds, .tv_nsec = (seconds - (long)seconds) * 1e9};

	while (nanosleep(&left, &left) < 0)
		;
	return 0;
}
