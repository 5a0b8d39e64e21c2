/* SPDX-License-Identifier: BSD-2-Clause */
/* exitwith N: ends with exit status N (0..255), to test that a status arrives whole. */
#include <err.h>
#include <stdlib.h>

int main(int argc, char **argv)
{
	char *end;
	long status;

	if (argc != 2)
		errx(2, "usage: exitwith N");
	status = strtol(argv[1], &end, 10);
	if (end == argv[1] || *end || status < 0 || status > 255)
		errx(2, "%s: not a status from 0 to 255", argv[1]);
	exit(status);
}
