/* SPDX-License-Identifier: BSD-2-Clause */
/* nl: copies stdin to stdout with each line numbered. */
#include <stdio.h>

int main(void)
{
	char *line = NULL;
	size_t size = 0;

	for (long number = 1; getline(&line, &size, stdin) > 0; number++)
		printf("%6ld\t%s", number, line);
	return ferror(stdin) || fflush(stdout) ? 1 : 0;
}
