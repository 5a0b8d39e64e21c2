/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * psx [-s] [NAME]: prints pid, state and name of the processes in /proc, or only of those called
 * NAME; -s: only its siblings, which in a shell are the shell's other children.
 */
#include <ctype.h>
#include <dirent.h>
#include <err.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* A process may end while its line is being read: then it is left out. */
static void process_print(const char *pid, const char *wanted, bool siblings)
{
	char path[300], text[512];
	FILE *file;
	size_t length;

	snprintf(path, sizeof(path), "/proc/%s/stat", pid);
	if (!(file = fopen(path, "r")))
		return;
	length = fread(text, 1, sizeof(text) - 1, file);
	fclose(file);
	text[length] = '\0';

	int parent;
	char state;

	/* The name stands in parentheses and may itself contain some: "7 (a) b) S 1 ..." */
	char *name = strchr(text, '('), *end = strrchr(text, ')');

	if (!name || !end || sscanf(end, ") %c %d", &state, &parent) != 2)
		return;
	*end = '\0';
	if ((!wanted || !strcmp(wanted, name + 1)) && (!siblings || parent == getppid()))
		printf("%s %c %s\n", pid, state, name + 1);
}

int main(int argc, char **argv)
{
	DIR *proc = opendir("/proc");
	bool siblings = argc > 1 && !strcmp(argv[1], "-s");

	argc -= siblings, argv += siblings;
	if (argc > 2)
		errx(2, "usage: psx [-s] [NAME]");
	if (!proc)
		err(1, "/proc");
	for (struct dirent *entry; (entry = readdir(proc));)
		if (isdigit((unsigned char)entry->d_name[0]))
			process_print(entry->d_name, argv[1], siblings);
	closedir(proc);
	return fflush(stdout) ? 1 : 0;
}
