/* SPDX-License-Identifier: BSD-2-Clause */
/* upper: copies stdin to stdout with the letters a-z made capitals. */
#include <ctype.h>
#include <stdio.h>

int main(void)
{
	int c;

	while ((c = getchar()) != EOF)
		putchar(toupper(c));
	return ferror(stdin) || fflush(stdout) ? 1 : 0;
}
