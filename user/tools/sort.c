/* SPDX-License-Identifier: BSD-2-Clause */
/* sort [-n] [-r]: sorts the lines of stdin by bytes, or by number; -r the other way round. */
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int numeric, reverse;

static int line_compare(const void *a, const void *b)
{
	const char *left = *(char *const *)a, *right = *(char *const *)b;
	int order = 0;

	if (numeric) {
		long x = strtol(left, NULL, 10), y = strtol(right, NULL, 10);

		order = (x > y) - (x < y);
	}
	if (!order)
		order = strcmp(left, right);
	return reverse ? -order : order;
}

int main(int argc, char **argv)
{
	char **lines = NULL, *line = NULL;
	size_t count = 0, room = 0, size = 0;
	ssize_t length;

	for (int option; (option = getopt(argc, argv, "nr")) != -1;) {
		if (option == '?')
			return 2;
		*(option == 'n' ? &numeric : &reverse) = 1;
	}
	while ((length = getline(&line, &size, stdin)) > 0) {
		if (line[length - 1] == '\n')
			line[length - 1] = '\0';
		if (count == room) {
			room = room ? 2 * room : 1024;
			if (!(lines = realloc(lines, room * sizeof(*lines))))
				err(1, "memory");
		}
		if (!(lines[count++] = strdup(line)))
			err(1, "memory");
	}
	if (count)
		qsort(lines, count, sizeof(*lines), line_compare);
	for (size_t i = 0; i < count; i++)
		puts(lines[i]);
	return fflush(stdout) ? 1 : 0;
}
