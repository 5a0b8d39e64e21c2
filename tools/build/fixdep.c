/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fixdep FILE.d OUT: rewrites the dependencies that the compiler recorded, so that an object is
 * rebuilt when a configuration symbol that it mentions changes, and not when another one does.
 *
 * Every object includes OUT/include/generated/autoconf.h. Here that header is dropped, and for each
 * word CONFIG_X_Y in the other files a dependency on OUT/include/config/x/y.h is added, the empty
 * file that kconfig-conf touches when X_Y changes. A host program, run once for each object; it
 * exits soon, so it frees nothing.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_SYMBOLS 1024

static char *symbols[MAX_SYMBOLS];
static int nr_symbols;

static char *read_file(const char *path)
{
	FILE *file = fopen(path, "r");
	long size;
	char *text;

	if (!file || fseek(file, 0, SEEK_END) || (size = ftell(file)) < 0) {
		perror(path);
		exit(1);
	}
	rewind(file);
	text = calloc(1, size + 1);
	if (!text || fread(text, 1, size, file) != (size_t)size) {
		perror(path);
		exit(1);
	}
	fclose(file);
	return text;
}

static void add_symbol(const char *name, size_t length)
{
	for (int i = 0; i < nr_symbols; i++)
		if (strlen(symbols[i]) == length && !memcmp(symbols[i], name, length))
			return;
	if (nr_symbols == MAX_SYMBOLS) {
		fprintf(stderr, "fixdep: more than %d symbols in one source\n", MAX_SYMBOLS);
		exit(1);
	}
	symbols[nr_symbols++] = strndup(name, length);
}

static void scan(const char *path)
{
	for (char *at = read_file(path); (at = strstr(at, "CONFIG_"));) {
		size_t length = 0;

		at += strlen("CONFIG_");
		while (isalnum((unsigned char)at[length]) || at[length] == '_')
			length++;
		if (length)
			add_symbol(at, length);
	}
}

/* CONFIG_X_Y that never was on has no file yet: $(wildcard) keeps make from insisting on it. */
static void write_symbols(FILE *deps, const char *target, const char *out)
{
	for (int i = 0; i < nr_symbols; i++) {
		fprintf(deps, "%s: $(wildcard %s/include/config/", target, out);
		for (const char *c = symbols[i]; *c; c++)
			fputc(*c == '_' ? '/' : tolower((unsigned char)*c), deps);
		fputs(".h)\n", deps);
	}
}

int main(int argc, char **argv)
{
	const char *autoconf = "include/generated/autoconf.h";
	char *text, *target, *word;
	FILE *deps;

	if (argc != 3) {
		fprintf(stderr, "usage: fixdep FILE.d OUT\n");
		return 1;
	}
	text = read_file(argv[1]);
	deps = fopen(argv[1], "w");
	if (!deps) {
		perror(argv[1]);
		return 1;
	}
	/* The first rule is the object's; -MP's empty rules for the headers, after it, are redone. */
	target = strtok(text, " \\\n");
	target[strcspn(target, ":")] = '\0';
	while ((word = strtok(NULL, " \\\n")) && word[strlen(word) - 1] != ':') {
		if (strlen(word) >= strlen(autoconf) &&
		    !strcmp(word + strlen(word) - strlen(autoconf), autoconf))
			continue;
		scan(word);
		fprintf(deps, "%s: %s\n%s:\n", target, word, word);
	}
	write_symbols(deps, target, argv[2]);
	return fclose(deps) ? 1 : 0;
}
